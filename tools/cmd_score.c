/* cmd_score.c - tokclass score: predicted labels against gold ones, as seqeval counts. */
#include "labelled.h"
#include "scheme.h"
#include "scores.h"

#include <stdlib.h>
#include <string.h>

enum { SCORE_TEXT = 0, SCORE_JSON };

typedef struct score_job {
    common c;
    int mode, scheme, suffix, format, confusion;
    int64_t digits, column;
    labelled gold, predicted;
    int compare; /* both files have words, which were the same so far */
    tc_scores *scores;
    const tc_score_table *table;
    out o;
} score_job;

static const tool_command score_command = {
    "score",
    "GOLD [PRED]",
    "Scores predicted labels against gold ones: seqeval's classification report, then the\n"
    "accuracy of the labels. Files of columns or JSON; with one file the last two columns\n"
    "are gold and prediction, with two the sentences must be the same. A file of one\n"
    "column holds labels alone. Labels that mark no spans (no B-, I- ...) are scored one\n"
    "by one in the same table, unless --mode, --scheme or --suffix is given.\n",
    1,
    2,
    "the file"};

static int score_parse(score_job *j, int argc, char **argv, int *count) {
    const tool_option options[] = {
        {"mode", TOOL_CHOICE, &j->mode, "default|strict", 0, 0,
         "default: conlleval's rules; strict: an entity must be marked as the scheme says"},
        {"scheme", TOOL_CHOICE, &j->scheme, "IOB1|IOB2|IOE1|IOE2|IOBES|BILOU", 0, 0,
         "of strict mode; default: detected from the gold labels"},
        {"suffix", TOOL_FLAG, &j->suffix, NULL, 0, 0, "labels are PER-B in place of B-PER"},
        {"digits", TOOL_COUNT, &j->digits, "N", 0, 50,
         "decimals of the report and of the accuracy; default 4"},
        {"column", TOOL_COLUMN, &j->column, "N", -255, 255,
         "of the labels in two files, from 1, or below 0 from the right; default the last"},
        {"confusion", TOOL_FLAG, &j->confusion, NULL, 0, 0,
         "also what went wrong, and which types were taken for which"},
        {"format", TOOL_CHOICE, &j->format, "text|json", 0, 0,
         "json: the keys of HuggingFace's evaluate, then support and confusion"},
        COMMON_UTF8_OPTION(j->c),
        COMMON_OPTIONS(j->c),
        {NULL, TOOL_FLAG, NULL, NULL, 0, 0, NULL}};
    return tool_parse(&score_command, options, argc, argv, count);
}

static int score_check(score_job *j, int count, char **argv) {
    int status = common_check(&j->c, "score");
    if (status >= 0) return status;
    if (count == 1 && j->column) {
        return tool_usage("score", "--column is for two files; of one the last two columns "
                                   "are taken");
    }
    if (count == 2 && strcmp(argv[1], "-") == 0 && strcmp(argv[2], "-") == 0) {
        return tool_usage("score", "only one of the files can be standard input");
    }
    if (j->scheme >= 0 && j->mode != 1) {
        tool_note("score", "--scheme has no effect without --mode strict, as in seqeval");
    }
    return -1;
}

/* ------------------------------------------------------------------------------ scoring */

/* One file, whose last two columns are gold and predicted labels. */
static int score_open_one(score_job *j, const char *path) {
    if (labelled_open(&j->predicted, &j->c, path, -1)) return 1;
    if (j->predicted.info->format == TC_DATA_JSON)
        return tool_fail(j->predicted.path,
                         "JSON has one list of labels: the predictions are to "
                         "be in a file of their own");
    if (j->predicted.info->columns == 1)
        return tool_fail(j->predicted.path, "the lines have one column: gold and predicted "
                                            "labels are to be the last two, or in two files");
    if (j->predicted.info->columns == 2)
        tool_note(j->predicted.path, "of two columns the first is taken for the gold labels");
    return labelled_again(&j->gold, &j->predicted, -2);
}

static int score_open(score_job *j, int count, char **argv) {
    tc_env env = common_env(&j->c);
    tc_score_options options;
    tc_status status;
    memset(&options, 0, sizeof options);
    options.strict = j->mode == 1;
    if (options.strict && j->scheme >= 0) options.scheme = (tc_scheme)(j->scheme + 1);
    options.suffix = j->suffix;
    if (j->mode >= 0 || j->scheme >= 0 || j->suffix) options.what = TC_SCORE_SPANS;
    if (count == 1 ? score_open_one(j, argv[1])
                   : labelled_open(&j->gold, &j->c, argv[1], (int)j->column) ||
                         labelled_open(&j->predicted, &j->c, argv[2], (int)j->column))
        return 1;
    j->compare = count == 2 && j->gold.info->columns != 1 && j->predicted.info->columns != 1;
    if (!options.strict &&
        (scheme_is_bilou(j->gold.info) || scheme_is_bilou(j->predicted.info)))
        tool_note(j->gold.path, "%s", SCHEME_BILOU_NOTE);
    status = tc_scores_create(&options, &env, &j->scores);
    return status ? common_fail(&j->c, "score", status) : 0;
}

/* The labels of a sentence: of a file with one column that column. */
static const tc_string *score_tags(const labelled *l, const tc_sentence *s) {
    return l->info->columns == 1 ? s->words : s->labels;
}

/* Says once where the words of the two files differ. */
static void score_words(score_job *j, const tc_sentence *g, const tc_sentence *p) {
    char where[TOOL_PLACE];
    size_t i;
    for (i = 0; i < g->count && j->compare; i++) {
        const tc_string *a = &g->words[i], *b = &p->words[i];
        if (a->length == b->length && memcmp(a->data, b->data, a->length) == 0) continue;
        tool_note(tool_place(where, j->predicted.path, p->lines[i]),
                  "the word %.*s is %.*s in %s:%llu; sentences are compared by their order",
                  (int)(b->length < 60 ? b->length : 60), b->data,
                  (int)(a->length < 60 ? a->length : 60), a->data, j->gold.path,
                  (unsigned long long)g->lines[i]);
        j->compare = 0;
    }
}

/* One file ends before the other, or both are empty: names the first sentence without a
 * partner. */
static int score_ends(score_job *j) {
    size_t n = j->gold.info->sentences, m = j->predicted.info->sentences;
    labelled *longer = n > m ? &j->gold : &j->predicted,
             *shorter = n > m ? &j->predicted : &j->gold;
    size_t least = n > m ? m : n;
    uint64_t last;
    tc_sentence s;
    if (!least) return tool_fail(shorter->path, "there is no labelled sentence");
    if (labelled_sentence(shorter, least - 1, &s)) return 1;
    last = s.lines[s.count - 1];
    if (labelled_sentence(longer, least, &s)) return 1;
    return labelled_fail(
        longer, s.lines[0],
        "sentence %llu has no partner: %s:%llu ends its sentence %llu, the last",
        (unsigned long long)least + 1, shorter->path, (unsigned long long)last,
        (unsigned long long)least);
}

static int score_add(score_job *j) {
    size_t n = j->gold.info->sentences, m = j->predicted.info->sentences, i;
    tool_progress progress;
    tc_sentence g, p;
    tc_status status;
    tool_progress_start(&progress, "score", n, j->c.progress);
    for (i = 0; i < n && i < m; i++) {
        if (labelled_sentence(&j->gold, i, &g) || labelled_sentence(&j->predicted, i, &p)) {
            break;
        }
        if (g.count != p.count) {
            tool_progress_end(&progress);
            return labelled_fail(
                &j->predicted, p.lines[0],
                "the sentence has %llu words, the gold one that begins in %s:%llu has %llu",
                (unsigned long long)p.count, j->gold.path, (unsigned long long)g.lines[0],
                (unsigned long long)g.count);
        }
        if (j->compare) score_words(j, &g, &p);
        status = tc_scores_add(j->scores, score_tags(&j->gold, &g),
                               score_tags(&j->predicted, &p), g.count);
        if (status) {
            tool_progress_end(&progress);
            return common_fail(&j->c, j->gold.path, status);
        }
        tool_progress_step(&progress, i + 1, i + 1);
    }
    tool_progress_end(&progress);
    if (i < n && i < m) return 1;
    return n != m || !n ? score_ends(j) : 0;
}

/* The scheme of strict mode, found again from the gold labels alone where it was detected. */
static tc_scheme score_scheme(score_job *j) {
    tc_score_options options;
    const tc_score_table *table;
    tc_env env = common_env(&j->c);
    tc_scores *scores = NULL;
    tc_sentence s;
    tc_scheme scheme = TC_SCHEME_NONE;
    size_t i;
    if (j->scheme >= 0) return (tc_scheme)(j->scheme + 1);
    memset(&options, 0, sizeof options);
    options.strict = 1;
    options.suffix = j->suffix;
    options.what = TC_SCORE_SPANS;
    if (tc_scores_create(&options, &env, &scores)) return scheme;
    for (i = 0; i < j->gold.info->sentences; i++) {
        if (tc_dataset_sentence(j->gold.set, i, &s)) break;
        if (tc_scores_add(scores, score_tags(&j->gold, &s), score_tags(&j->gold, &s), s.count))
            break;
    }
    if (!tc_scores_table(scores, &table)) scheme = table->scheme;
    tc_scores_free(scores);
    return scheme;
}

/* Finds the label that the scheme does not have in sentence `index`. */
static int score_invalid(score_job *j, size_t index) {
    static const char *const letters[] = {"", "IOB", "IOB", "IOE", "IOE", "IOBES", "BILOU"};
    tc_scheme scheme = score_scheme(j);
    labelled *side[2];
    tc_sentence s;
    size_t i, k;
    side[0] = &j->gold;
    side[1] = &j->predicted;
    for (k = 0; k < 2; k++) {
        if (labelled_sentence(side[k], index, &s)) return 1;
        for (i = 0; i < s.count; i++) {
            tc_string tag = score_tags(side[k], &s)[i];
            char letter = j->suffix ? tag.data[tag.length - 1] : tag.data[0];
            if (letter && strchr(letters[scheme], letter)) continue;
            return labelled_fail(side[k], s.lines[i],
                                 "the label %.*s does not belong to the scheme %s (%s)",
                                 (int)(tag.length < 200 ? tag.length : 200), tag.data,
                                 tc_scheme_name(scheme), letters[scheme]);
        }
    }
    return tool_fail(side[1]->path, "a label is invalid");
}

static int score_table(score_job *j) {
    tc_status status = tc_scores_table(j->scores, &j->table);
    if (!status) return 0;
    if (status == TC_ERROR_ARGUMENT && j->c.diag.offset) {
        return score_invalid(j, (size_t)j->c.diag.offset - 1);
    }
    return common_fail(&j->c, j->gold.path, status);
}

/* ------------------------------------------------------------------------------ results */

static int score_print(score_job *j) {
    if (j->format == SCORE_JSON) {
        scores_json(&j->o, j->table);
        scores_json_end(&j->o);
        return out_flush(&j->o);
    }
    if (scores_text(&j->o, &j->c, j->gold.path, j->scores, j->table, (int)j->digits)) return 1;
    if (j->confusion) scores_confusion(&j->o, "score", j->table);
    return out_flush(&j->o);
}

int cmd_score(int argc, char **argv) {
    score_job j;
    int count = 0, status;
    memset(&j, 0, sizeof j);
    common_init(&j.c);
    j.mode = j.scheme = -1;
    j.digits = 4;
    status = score_parse(&j, argc, argv, &count);
    if (status < 0) status = score_check(&j, count, argv);
    if (status < 0) {
        status = score_open(&j, count, argv) || score_add(&j) || score_table(&j);
        if (!status) status = score_print(&j);
    }
    out_free(&j.o);
    tc_scores_free(j.scores);
    labelled_close(&j.predicted);
    labelled_close(&j.gold);
    return status;
}
