/* cmd_quantize.c - tokclass quantize: a model in another type of numbers, and its price. */
#include "common.h"
#include "label_map.h"
#include "labelled.h"
#include "output.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    QUANTIZE_ROUNDS = 5, /* timed runs of each model, in turn */
    QUANTIZE_SECONDS = 2 /* about as long as one of them is */
};

/* The model as it was, or as it becomes. */
typedef struct quantize_side {
    tc_model *model;
    const tc_model_info *info;
    double f1;
    double speeds[QUANTIZE_ROUNDS]; /* sentences in a second; sorted, so [ROUNDS / 2] counts */
} quantize_side;

typedef struct quantize_job {
    common c;
    /* the command line */
    const char *path, *out, *eval, *map;
    int dtype, format;
    int64_t column;
    double max_loss; /* percentage points, below 0: not given */
    /* the work */
    quantize_side before, after;
    char *block; /* holds the new file */
    const void *data;
    size_t size;
    labelled sentences;
    label_map pairs;
    uint32_t *labels; /* [words] that the model gave, as ids */
    size_t words, room, at;
    uint64_t counted, equal; /* words with a label; those where both models give the same */
    size_t done, stop,
        slice;    /* sentences of a pass; where it ends, 0 = at the end; of a round */
    size_t base;  /* sentences of the passes before */
    double start; /* of the pass */
    tool_progress progress;
    out o;
} quantize_job;

enum { QUANTIZE_TEXT = 0, QUANTIZE_JSON };

static const tc_dtype quantize_dtypes[] = {TC_S8, TC_S16, TC_BF16, TC_F16};

static const tool_command quantize_command = {
    "quantize",
    "MODEL OUT.tcm --dtype s8|s16|bf16|f16",
    "Writes a model with its large matrices in another type of numbers. With --eval it is\n"
    "compared with the old one on labelled sentences, columns or JSON lines; if it has lost\n"
    "more than --max-loss, nothing is written.\n",
    2,
    2,
    "the model or the output"};

static int quantize_parse(quantize_job *j, int argc, char **argv, int *count) {
    const tool_option options[] = {
        {"dtype", TOOL_CHOICE, &j->dtype, "s8|s16|bf16|f16", 0, 0, "the type; needed"},
        {"eval", TOOL_TEXT, &j->eval, "DATA", 0, 0,
         "labelled sentences: print F1, speed and size of both models"},
        {"max-loss", TOOL_NUMBER, &j->max_loss, "POINTS", 0, 100,
         "percentage points of F1 that may be lost; default 0.5"},
        {"column", TOOL_COLUMN, &j->column, "N", -255, 255,
         "column of the labels from 1, below 0 from the right; default: the last"},
        {"map", TOOL_TEXT, &j->map, "FROM=TO,...", 0, 0, "read labels as others; FROM= as O"},
        {"format", TOOL_CHOICE, &j->format, "text|json", 0, 0, "of what --eval prints"},
        COMMON_UTF8_OPTION(j->c),
        COMMON_OPTIONS(j->c),
        {NULL, TOOL_FLAG, NULL, NULL, 0, 0, NULL},
    };
    return tool_parse(&quantize_command, options, argc, argv, count);
}

static int quantize_check(quantize_job *j) {
    const char *needs = j->max_loss >= 0 ? "max-loss"
                        : j->column      ? "column"
                        : j->map         ? "map"
                        : j->format >= 0 ? "format"
                                         : NULL;
    int status;
    if (j->dtype < 0) return tool_usage("quantize", "--dtype is missing");
    if (!j->eval && needs) return tool_usage("quantize", "--%s needs --eval", needs);
    if (!j->eval) return -1;
    if (tool_is_stdout(j->out))
        return tool_usage("quantize", "with --eval the model cannot go to standard output");
    if (strcmp(j->path, "-") == 0 && strcmp(j->eval, "-") == 0)
        return tool_usage("quantize", "only one of model and data can be standard input");
    if (j->max_loss < 0) j->max_loss = 0.5;
    status = label_map_parse(&j->pairs, "quantize", j->map);
    return status ? status : -1;
}

/* ---- the new model ---- */

static tc_status quantize_describe(const quantize_job *j, tc_writer *w) {
    tc_model_desc d = tc_model_describe(j->before.model);
    d.producer = "tokclass quantize " TC_VERSION;
    d.dtype = quantize_dtypes[j->dtype];
    return tc_writer_describe(w, &d);
}

static tc_status quantize_tokenizer(const quantize_job *j, tc_writer *w, const tc_env *env) {
    const tc_tokenizer *tokenizer = tc_model_tokenizer(j->before.model);
    tc_tokenizer_desc *desc = NULL;
    tc_status status;
    if (!tokenizer) return TC_OK;
    status = tc_tokenizer_describe(tokenizer, env, &desc);
    if (!status) status = tc_writer_tokenizer(w, desc);
    tc_tokenizer_desc_free(desc);
    return status;
}

/* Room for the numbers of any tensor of a model, or null. */
static float *quantize_buffer(const quantize_side *s) {
    uint64_t most = 1, count;
    tc_tensor_info t;
    uint32_t i;
    for (i = 0; i < s->info->tensor_count; i++) {
        if (tc_model_tensor(s->model, i, &t)) return NULL;
        count = (uint64_t)t.rows * t.columns;
        if (count > most) most = count;
    }
    return most > SIZE_MAX / sizeof(float) ? NULL
                                           : (float *)malloc((size_t)most * sizeof(float));
}

static tc_status quantize_tensors(const quantize_job *j, tc_writer *w) {
    float *numbers = quantize_buffer(&j->before);
    tc_tensor_info t;
    tc_status status = numbers ? TC_OK : TC_ERROR_MEMORY;
    uint32_t i;
    for (i = 0; i < j->before.info->tensor_count && !status; i++) {
        status = tc_model_tensor(j->before.model, i, &t);
        if (!status) status = tc_model_read(j->before.model, i, numbers);
        if (!status) status = tc_writer_tensor(w, t.name, t.rows, t.columns, numbers);
    }
    free(numbers);
    return status;
}

/* A copy of the file on a 64-byte line, where it is computed with as fast as from a mapping. */
static tc_status quantize_keep(quantize_job *j, const void *data, size_t size) {
    char *at;
    if (size > SIZE_MAX - 64) return TC_ERROR_MEMORY;
    j->block = (char *)malloc(size + 64);
    if (!j->block) return TC_ERROR_MEMORY;
    at = j->block + (64 - (uintptr_t)j->block % 64) % 64;
    memcpy(at, data, size);
    j->data = at;
    j->size = size;
    return TC_OK;
}

/* Floating point keeps numbers that are not finite: a model with them is refused. */
static int quantize_finite(quantize_job *j) {
    const quantize_side *s = &j->after;
    float *numbers = quantize_buffer(s);
    tc_tensor_info t;
    tc_status status = numbers ? TC_OK : TC_ERROR_MEMORY;
    uint32_t i;
    size_t k = 0, n = 0;
    for (i = 0; i < s->info->tensor_count && !status && k == n; i++) {
        status = tc_model_tensor(s->model, i, &t);
        if (!status) status = tc_model_read(s->model, i, numbers);
        if (status) break;
        n = (size_t)t.rows * t.columns;
        for (k = 0; k < n && isfinite(numbers[k]);) k++;
    }
    free(numbers);
    if (status) return common_fail(&j->c, tool_input(j->path), status);
    if (k == n) return 0;
    return tool_fail(tool_input(j->path), "tensor %s has a number that is not finite", t.name);
}

static int quantize_make(quantize_job *j) {
    tc_env env = common_env(&j->c);
    tc_writer *w = NULL;
    const void *data;
    size_t size;
    tc_status status = tc_writer_create(&env, &w);
    if (!status) status = quantize_describe(j, w);
    if (!status) status = quantize_tokenizer(j, w, &env);
    if (!status) status = quantize_tensors(j, w);
    if (!status) status = tc_writer_finish(w, &data, &size);
    if (!status) status = quantize_keep(j, data, size);
    tc_writer_free(w);
    if (!status) status = tc_model_open(j->data, j->size, &env, &j->after.model);
    if (status) return common_fail(&j->c, tool_input(j->path), status);
    j->after.info = tc_model_get_info(j->after.model);
    return quantize_finite(j);
}

/* ---- both models on labelled sentences ---- */

static uint32_t quantize_label(const tc_model_info *n, tc_string label) {
    uint32_t i;
    for (i = 0; i < n->num_labels; i++)
        if (!strncmp(n->labels[i], label.data, label.length) && !n->labels[i][label.length])
            break;
    return label.length ? i : UINT32_MAX; /* a word without tokens has none */
}

/* Keeps the labels of the old model. */
static tc_status quantize_note(void *user, size_t index, const tc_sentence *s,
                               const tc_string *predicted) {
    quantize_job *j = (quantize_job *)user;
    size_t i;
    (void)index;
    if (s->count > j->room - j->words) {
        size_t room = (j->words + s->count) * 2;
        uint32_t *p = room > SIZE_MAX / sizeof *p
                          ? NULL
                          : (uint32_t *)realloc(j->labels, room * sizeof *p);
        if (!p) return TC_ERROR_MEMORY;
        j->labels = p;
        j->room = room;
    }
    for (i = 0; i < s->count; i++)
        j->labels[j->words++] = quantize_label(j->before.info, predicted[i]);
    return TC_OK;
}

/* Compares them with those of the new one. */
static tc_status quantize_compare(void *user, size_t index, const tc_sentence *s,
                                  const tc_string *predicted) {
    quantize_job *j = (quantize_job *)user;
    size_t i;
    (void)index;
    for (i = 0; i < s->count; i++) {
        uint32_t label = quantize_label(j->after.info, predicted[i]);
        if (label == UINT32_MAX) continue;
        j->counted++;
        j->equal += j->labels[j->at + i] == label;
    }
    j->at += s->count;
    return TC_OK;
}

/* Ends a pass at `stop`; the first pass finds out where the time of a round is over. */
static int quantize_step(void *user, size_t done, size_t total) {
    quantize_job *j = (quantize_job *)user;
    (void)total;
    tool_progress_step(&j->progress, j->base + done, j->base + done);
    if (!j->slice && tool_seconds() - j->start >= QUANTIZE_SECONDS) j->slice = done;
    j->done = done;
    return j->stop && done >= j->stop;
}

/* One pass of a model over the data, or over its first `stop` sentences; *speed may be null. */
static int quantize_pass(quantize_job *j, const quantize_side *s, size_t stop,
                         tc_scores *scores, double *speed) {
    tc_env env = common_env(&j->c);
    tc_evaluate_options o;
    tc_status status;
    memset(&o, 0, sizeof o);
    o.batch_size = 32;
    o.map = j->pairs.pairs;
    o.map_count = j->pairs.count;
    o.progress = quantize_step;
    o.user = j;
    if (scores) o.sentence = s == &j->before ? quantize_note : quantize_compare;
    j->stop = stop;
    j->start = tool_seconds();
    status = tc_evaluate(s->model, j->sentences.set, &o, &env, scores, NULL);
    if (speed) *speed = (double)j->done / (tool_seconds() - j->start);
    j->base += j->done;
    return status ? common_fail(&j->c, tool_input(j->eval), status) : 0;
}

static int quantize_score(quantize_job *j, quantize_side *s) {
    const tc_score_table *table;
    tc_env env = common_env(&j->c);
    tc_scores *scores = NULL;
    tc_status status = tc_scores_create(NULL, &env, &scores);
    int failed = status ? common_fail(&j->c, tool_input(j->eval), status)
                        : quantize_pass(j, s, 0, scores, NULL);
    if (!failed) {
        status = tc_scores_table(scores, &table);
        if (status)
            failed = common_fail(&j->c, tool_input(j->eval), status);
        else if (!table->micro.support)
            failed =
                tool_fail(tool_input(j->eval), "no entity is labelled, so F1 says nothing");
        else
            s->f1 = table->micro.f1;
    }
    tc_scores_free(scores);
    return failed;
}

/* Speeds of both, in turn on the same sentences, so that what else the machine does meets both;
 * the medians count. */
static int quantize_time(quantize_job *j) {
    quantize_side *sides[2];
    int i, k, at;
    sides[0] = &j->before;
    sides[1] = &j->after;
    for (i = 0; i < QUANTIZE_ROUNDS; i++)
        for (k = 0; k < 2; k++) {
            double speed, *all = sides[k]->speeds;
            if (quantize_pass(j, sides[k], j->slice, NULL, &speed)) return 1;
            for (at = i; at > 0 && all[at - 1] > speed; at--) all[at] = all[at - 1];
            all[at] = speed;
        }
    return 0;
}

static int quantize_open_data(quantize_job *j) {
    if (tool_same(j->out, j->eval)) return tool_fail(j->out, "is an input too");
    return labelled_open(&j->sentences, &j->c, j->eval, (int)j->column) ||
           labelled_none(&j->sentences);
}

static int quantize_evaluate(quantize_job *j) {
    size_t n = j->sentences.info->sentences;
    int failed;
    tool_progress_start(&j->progress, "score", 2 * n, j->c.progress);
    failed = quantize_score(j, &j->before) || quantize_score(j, &j->after);
    tool_progress_end(&j->progress);
    if (failed) return 1;
    if (!j->slice) j->slice = n;
    j->base = 0;
    tool_progress_start(&j->progress, "time", 2 * QUANTIZE_ROUNDS * j->slice, j->c.progress);
    failed = quantize_time(j);
    tool_progress_end(&j->progress);
    return failed;
}

/* ---- the report ---- */

static double quantize_loss(const quantize_job *j) {
    return (j->before.f1 - j->after.f1) * 100;
}

static double quantize_share(uint64_t part, uint64_t whole) {
    return whole ? (double)part / (double)whole : 1;
}

static void quantize_row(out *o, const char *name, const char *before, const char *after,
                         const char *change) {
    char text[200];
    snprintf(text, sizeof text, "%-12s %14s %14s  %s", name, before, after, change);
    out_text(o, text);
    while (o->size && o->data[o->size - 1] == ' ') o->size--;
    out_char(o, '\n');
}

static void quantize_number(out *o, const char *name, double before, double after,
                            int decimals) {
    char a[40], b[40], change[40];
    snprintf(a, sizeof a, "%.*f", decimals, before);
    snprintf(b, sizeof b, "%.*f", decimals, after);
    snprintf(change, sizeof change, "x %.2f", before > 0 ? after / before : 1);
    quantize_row(o, name, a, b, change);
}

static void quantize_text(quantize_job *j) {
    const quantize_side *x = &j->before, *y = &j->after;
    char a[40], b[40], change[40];
    quantize_row(&j->o, "", "before", "after", "");
    quantize_row(&j->o, "dtype", tc_dtype_name(x->info->dtype), tc_dtype_name(y->info->dtype),
                 "");
    snprintf(a, sizeof a, "%.6f", x->f1);
    snprintf(b, sizeof b, "%.6f", y->f1);
    snprintf(change, sizeof change, "%+.2f points", 0 - quantize_loss(j));
    quantize_row(&j->o, "F1", a, b, change);
    snprintf(b, sizeof b, "%.2f %%", 100 * quantize_share(j->equal, j->counted));
    snprintf(change, sizeof change, "of %llu words", (unsigned long long)j->counted);
    quantize_row(&j->o, "equal labels", "", b, change);
    quantize_number(&j->o, "sentences/s", x->speeds[QUANTIZE_ROUNDS / 2],
                    y->speeds[QUANTIZE_ROUNDS / 2], 1);
    quantize_number(&j->o, "bytes", (double)x->info->file_size, (double)y->info->file_size, 0);
}

static void quantize_json_side(out *o, const char *key, const quantize_side *s) {
    out_key(o, key);
    out_char(o, '{');
    out_key_text(o, "dtype", tc_dtype_name(s->info->dtype));
    out_key_uint(o, "bytes", s->info->file_size);
    out_key_float(o, "overall_f1", s->f1);
    out_key_float(o, "eval_samples_per_second", s->speeds[QUANTIZE_ROUNDS / 2]);
    out_char(o, '}');
}

static void quantize_json(quantize_job *j, int refused) {
    out *o = &j->o;
    out_char(o, '{');
    quantize_json_side(o, "before", &j->before);
    quantize_json_side(o, "after", &j->after);
    out_key_float(o, "f1_loss", quantize_loss(j));
    out_key_float(o, "max_loss", j->max_loss);
    out_key_float(o, "label_agreement", quantize_share(j->equal, j->counted));
    out_key_uint(o, "words", j->counted);
    out_text(o, refused ? ", \"refused\": true}\n" : ", \"refused\": false}\n");
}

/* ---- the command ---- */

static int quantize_open(quantize_job *j) {
    tc_status status;
    if (j->eval && (tool_writable(j->out) || quantize_open_data(j))) return 1;
    if (common_load(&j->c, j->path, &j->before.model)) return 1;
    j->before.info = tc_model_get_info(j->before.model);
    if (!j->before.info->num_hidden_layers)
        return tool_fail(tool_input(j->path), "the file holds a tokenizer and no model");
    if (j->eval && !j->before.info->num_labels)
        return tool_fail(tool_input(j->path),
                         "the model has no token-classification head to evaluate");
    status = tc_model_verify(j->before.model, &j->c.diag);
    return status ? common_fail(&j->c, tool_input(j->path), status) : 0;
}

static int quantize_run(quantize_job *j) {
    char why[200];
    int refused;
    tool_pipe_matters = 1;
    if (quantize_open(j) || quantize_make(j)) return 1;
    if (j->eval && quantize_evaluate(j)) return 1;
    refused = j->eval && quantize_loss(j) > j->max_loss + 1e-9; /* rounding is no loss */
    if (j->eval && j->format == QUANTIZE_JSON) quantize_json(j, refused);
    if (j->eval && j->format != QUANTIZE_JSON) quantize_text(j);
    if (out_flush(&j->o)) return 1; /* what does not succeed leaves OUT as it was */
    if (!refused && tool_save(j->out, j->data, j->size, why, sizeof why))
        return tool_fail(tool_output(j->out), "%s", why);
    if (refused)
        return tool_fail(j->out, "not written: %.2f points of F1 are lost, more than %.4g",
                         quantize_loss(j), j->max_loss);
    return 0;
}

static void quantize_close(quantize_job *j) {
    tc_model_free(j->after.model);
    common_unload(&j->c, j->before.model);
    labelled_close(&j->sentences);
    label_map_free(&j->pairs);
    free(j->block);
    free(j->labels);
    out_free(&j->o);
}

int cmd_quantize(int argc, char **argv) {
    quantize_job j;
    int count = 0, status;
    memset(&j, 0, sizeof j);
    common_init(&j.c);
    j.dtype = j.format = -1;
    j.max_loss = -1;
    status = quantize_parse(&j, argc, argv, &count);
    if (status < 0) {
        j.path = argv[1];
        j.out = argv[2];
        status = common_check(&j.c, "quantize");
    }
    if (status < 0) status = quantize_check(&j);
    if (status < 0) status = quantize_run(&j);
    quantize_close(&j);
    return status;
}
