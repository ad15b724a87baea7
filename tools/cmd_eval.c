/* cmd_eval.c - tokclass eval: tags labelled data and scores it. */
#include "label_map.h"
#include "labelled.h"
#include "report.h"
#include "scheme.h"
#include "scores.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { EVAL_TEXT = 0, EVAL_JSON, EVAL_HTML };

typedef struct eval_job {
    common c;
    const char *path, *map, *predictions, *page;
    int mode, scheme, suffix, format, confusion;
    int64_t digits, column, batch_size, max_length;
    label_map maps;
    tc_model *model;
    labelled data;
    tc_scores *scores;
    const tc_score_table *table;
    tc_evaluation evaluation;
    double seconds;
    tool_progress bar;
    report *report; /* of --report or --format html */
    out o, labels;  /* results; the lines of --predictions */
} eval_job;

static const tool_command eval_command = {
    "eval",
    "MODEL DATA",
    "Tags labelled sentences with MODEL and scores it: seqeval's classification report, the\n"
    "accuracy of the labels, the loss, the time. DATA is a file of columns (a word and its\n"
    "label a line, blank lines between sentences) or of JSON lines. Long sentences are\n"
    "tagged in windows.\n",
    2,
    2,
    "the model or the data"};

static int eval_parse(eval_job *j, int argc, char **argv, int *count) {
    const tool_option options[] = {
        {"column", TOOL_COLUMN, &j->column, "N", -255, 255,
         "of the labels, from 1, or below 0 from the right; default the last"},
        {"map", TOOL_TEXT, &j->map, "FROM=TO,...", 0, 0,
         "read labels of the data as others; FROM= as O"},
        {"mode", TOOL_CHOICE, &j->mode, "default|strict", 0, 0,
         "default: conlleval's rules; strict: an entity must be marked as the scheme says"},
        {"scheme", TOOL_CHOICE, &j->scheme, "IOB1|IOB2|IOE1|IOE2|IOBES|BILOU", 0, 0,
         "of strict mode; default: detected from the gold labels"},
        {"suffix", TOOL_FLAG, &j->suffix, NULL, 0, 0, "labels are PER-B in place of B-PER"},
        {"digits", TOOL_COUNT, &j->digits, "N", 0, 50, "decimals; default 4"},
        {"confusion", TOOL_FLAG, &j->confusion, NULL, 0, 0,
         "also what went wrong, and which types were taken for which"},
        {"batch-size", TOOL_COUNT, &j->batch_size, "N", 1, 1 << 20,
         "sentences whose mean is one term of eval_loss; default 32"},
        {"max-length", TOOL_COUNT, &j->max_length, "N", 4, 1 << 24,
         "tokens; longer sentences become windows; default: the model's"},
        {"format", TOOL_CHOICE, &j->format, "text|json|html", 0, 0,
         "json: the keys of HuggingFace's evaluate; html: the page of --report"},
        {"report", TOOL_TEXT, &j->page, "FILE", 0, 0,
         "a page of scores, confusions and the sentences with errors"},
        {"predictions", TOOL_TEXT, &j->predictions, "FILE", 0, 0,
         "the predicted labels, a sentence a line"},
        COMMON_UTF8_OPTION(j->c),
        COMMON_OPTIONS(j->c),
        {NULL, TOOL_FLAG, NULL, NULL, 0, 0, NULL}};
    return tool_parse(&eval_command, options, argc, argv, count);
}

static int eval_check(eval_job *j, char **argv) {
    int status = common_check(&j->c, "eval");
    if (status >= 0) return status;
    if (strcmp(argv[1], "-") == 0 && strcmp(argv[2], "-") == 0) {
        return tool_usage("eval", "only one of the files can be standard input");
    }
    if (j->scheme >= 0 && j->mode != 1) {
        tool_note("eval", "--scheme has no effect without --mode strict, as in seqeval");
    }
    status = label_map_parse(&j->maps, "eval", j->map);
    return status ? status : -1;
}

/* --------------------------------------------------------------------------------- work */

/* Whether what is asked for can be written, each to a file of its own. */
static int eval_outputs(const eval_job *j, char **argv) {
    const char *outputs[2];
    int i;
    outputs[0] = j->page, outputs[1] = j->predictions;
    for (i = 0; i < 2; i++) {
        if (outputs[i] && tool_writable(outputs[i])) return 1;
        if (tool_same(outputs[i], argv[1]) || tool_same(outputs[i], argv[2]))
            return tool_fail(outputs[i], "is an input too");
    }
    return tool_same(j->page, j->predictions) ? tool_fail(j->page, "is given for two outputs")
                                              : 0;
}

static int eval_open(eval_job *j, char **argv) {
    tc_env env = common_env(&j->c);
    tc_score_options options;
    tc_status status;
    memset(&options, 0, sizeof options);
    options.strict = j->mode == 1;
    if (options.strict && j->scheme >= 0) options.scheme = (tc_scheme)(j->scheme + 1);
    options.suffix = j->suffix;
    if (j->mode >= 0 || j->scheme >= 0 || j->suffix) options.what = TC_SCORE_SPANS;
    j->path = argv[1];
    if (eval_outputs(j, argv)) return 1;
    if (common_load(&j->c, argv[1], &j->model)) return 1;
    if (labelled_open(&j->data, &j->c, argv[2], (int)j->column)) return 1;
    if (labelled_none(&j->data)) return 1;
    if (!options.strict && scheme_is_bilou(j->data.info))
        tool_note(j->data.path, "%s", SCHEME_BILOU_NOTE);
    status = tc_scores_create(&options, &env, &j->scores);
    if (status) return common_fail(&j->c, "eval", status);
    if (!j->page && j->format != EVAL_HTML) return 0;
    j->report = report_create("Evaluation");
    if (!j->report ||
        report_begin(j->report, tc_model_get_info(j->model)->labels,
                     tc_model_get_info(j->model)->num_labels, &j->maps, j->suffix)) {
        return tool_fail(NULL, "out of memory");
    }
    return 0;
}

static tc_status eval_sentence(void *user, size_t index, const tc_sentence *s,
                               const tc_string *predicted) {
    eval_job *j = (eval_job *)user;
    const char *outside = conll_outside(tc_model_get_info(j->model));
    size_t i;
    (void)index;
    if (j->report && report_sentence(j->report, s, predicted)) return TC_ERROR_MEMORY;
    if (!j->predictions) return TC_OK;
    for (i = 0; i < s->count; i++) {
        if (i) out_char(&j->labels, ' ');
        if (predicted[i].length)
            out_plain(&j->labels, predicted[i].data, predicted[i].length);
        else
            out_plain(&j->labels, outside, strlen(outside));
    }
    out_char(&j->labels, '\n');
    return j->labels.failed ? TC_ERROR_MEMORY : TC_OK;
}

static int eval_progress(void *user, size_t done, size_t total) {
    (void)total;
    tool_progress_step(&((eval_job *)user)->bar, done, done);
    return 0;
}

/* Strict mode met a label that the scheme does not have in sentence `index`. */
static int eval_invalid(eval_job *j, size_t index) {
    char why[sizeof j->c.diag.message];
    tc_sentence s;
    memcpy(why, j->c.diag.message, sizeof why);
    if (index >= j->data.info->sentences || labelled_sentence(&j->data, index, &s)) return 1;
    return labelled_fail(&j->data, s.lines[0], "%s", why);
}

static int eval_run(eval_job *j) {
    tc_env env = common_env(&j->c);
    tc_evaluate_options o;
    tc_status status;
    memset(&o, 0, sizeof o);
    o.batch_size = (uint32_t)j->batch_size;
    o.max_length = (uint32_t)j->max_length;
    o.map = j->maps.pairs;
    o.map_count = j->maps.count;
    o.sentence = eval_sentence;
    o.progress = eval_progress;
    o.user = j;
    tool_progress_start(&j->bar, "eval", j->data.info->sentences, j->c.progress);
    j->seconds = tool_seconds();
    status = tc_evaluate(j->model, j->data.set, &o, &env, j->scores, &j->evaluation);
    j->seconds = tool_seconds() - j->seconds;
    tool_progress_end(&j->bar);
    if (status == TC_ERROR_UNSUPPORTED) return common_fail(&j->c, tool_input(j->path), status);
    if (status) return common_fail(&j->c, j->data.path, status);
    if (!isfinite(j->evaluation.loss))
        return tool_fail(tool_input(j->path), "the model is damaged: its loss is not finite");
    if (j->evaluation.lost) {
        tool_note(j->data.path, "%llu words have no token in the model and were not scored",
                  (unsigned long long)j->evaluation.lost);
    }
    status = tc_scores_table(j->scores, &j->table);
    if (!status) return 0;
    if (status == TC_ERROR_ARGUMENT && j->c.diag.offset) {
        return eval_invalid(j, (size_t)j->c.diag.offset - 1);
    }
    return common_fail(&j->c, j->data.path, status);
}

/* ------------------------------------------------------------------------------ results */

static double eval_speed(const eval_job *j) {
    return j->seconds > 0 ? (double)j->evaluation.sentences / j->seconds : 0;
}

/* The page goes to --report, and to standard output with --format html. */
static int eval_page(eval_job *j) {
    static const char *const modes[] = {"default", "strict"};
    report *r = j->report;
    if (!r) return 0;
    report_names(r, tool_input(j->path), j->data.path);
    report_option(r, "mode", "%s%s%s", modes[j->mode == 1], j->table->scheme ? ", " : "",
                  tc_scheme_name(j->table->scheme));
    if (j->column) report_option(r, "column", "%d", (int)j->column);
    if (j->map) report_option(r, "map", "%s", j->map);
    if (j->max_length) report_option(r, "max length", "%lu", (unsigned long)j->max_length);
    report_option(r, "batch size", "%lu", (unsigned long)j->batch_size);
    report_option(r, "runtime", "%.1f s, %.0f sentences/s", j->seconds, eval_speed(j));
    report_page(r, &j->o, j->table, &j->evaluation);
    if (j->page && report_save(&j->o, j->page)) return 1;
    if (j->format != EVAL_HTML) j->o.size = 0;
    return 0;
}

static int eval_text(eval_job *j) {
    char text[300];
    int digits = (int)j->digits;
    if (scores_text(&j->o, &j->c, j->data.path, j->scores, j->table, digits)) return 1;
    snprintf(text, sizeof text,
             "eval_loss %.*f\neval_runtime %.*f\neval_samples_per_second %.*f\n", digits,
             fabs(j->evaluation.loss), digits, j->seconds, digits, eval_speed(j));
    out_text(&j->o, text);
    if (j->confusion) scores_confusion(&j->o, "eval", j->table);
    return 0;
}

static void eval_json(eval_job *j) {
    scores_json(&j->o, j->table);
    scores_number(&j->o, "eval_loss", j->evaluation.loss);
    scores_number(&j->o, "eval_runtime", j->seconds);
    scores_number(&j->o, "eval_samples_per_second", eval_speed(j));
    scores_json_end(&j->o);
}

static int eval_print(eval_job *j) {
    char why[200];
    if (eval_page(j)) return 1;
    if (j->format == EVAL_TEXT && eval_text(j)) return 1;
    if (j->format == EVAL_JSON) eval_json(j);
    if (j->predictions &&
        tool_save(j->predictions, j->labels.data, j->labels.size, why, sizeof why)) {
        return tool_fail(j->predictions, "%s", why);
    }
    return out_flush(&j->o);
}

int cmd_eval(int argc, char **argv) {
    eval_job j;
    int count = 0, status;
    memset(&j, 0, sizeof j);
    common_init(&j.c);
    j.mode = j.scheme = -1;
    j.digits = 4;
    j.batch_size = 32;
    status = eval_parse(&j, argc, argv, &count);
    if (status < 0) status = eval_check(&j, argv);
    if (status < 0) status = eval_open(&j, argv) || eval_run(&j) || eval_print(&j);
    report_free(j.report);
    out_free(&j.o);
    out_free(&j.labels);
    tc_scores_free(j.scores);
    labelled_close(&j.data);
    common_unload(&j.c, j.model);
    label_map_free(&j.maps);
    return status;
}
