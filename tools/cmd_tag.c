/* cmd_tag.c - tokclass tag: finds entities in text. */
#if !defined(_POSIX_C_SOURCE) && !defined(__APPLE__)
#define _POSIX_C_SOURCE 200809L /* isatty */
#endif
#include "common.h"
#include "input.h"
#include "output.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct tag_job {
    common c;
    tool_list texts;
    int input, aggregation, long_text, format, constrain;
    const char *ignore;
    int64_t stride, batch_tokens;
    double min_score;
    tc_tag_options options;
    char *ignore_copy;
    const char **ignore_names;
    tc_model *model;
    tc_tagger *tagger;
    input_reader reader;
    input_group group;
    writer w;
    tool_progress bar;
} tag_job;

static const tool_command tag_command = {
    "tag",
    "MODEL [FILE...]",
    "Finds entities in UTF-8 text and writes them to standard output.\n"
    "Without FILE or --text it reads standard input.\n",
    1,
    -1,
    "the model"};

static int tag_parse(tag_job *j, int argc, char **argv, int *count) {
    const tool_option options[] = {
        {"text", TOOL_LIST, &j->texts, "TEXT", 0, 0, "the input itself; may be repeated"},
        {"input", TOOL_CHOICE, &j->input, "lines|document|jsonl|conll", 0, 0,
         "what the files hold; default lines"},
        {"aggregation", TOOL_CHOICE, &j->aggregation, "simple|none|first|average|max", 0, 0,
         "how tokens become entities; default simple"},
        {"ignore-labels", TOOL_TEXT, &j->ignore, "A,B", 0, 0,
         "labels not to show; default O, empty: show all"},
        {"stride", TOOL_COUNT, &j->stride, "N", 0, 1e9,
         "tokens shared by the windows of a long text; near the limit it takes as many times "
         "the time and memory"},
        {"long", TOOL_CHOICE, &j->long_text, "window|truncate|error", 0, 0,
         "a text over the model's limit; default window"},
        {"format", TOOL_CHOICE, &j->format, "jsonl|json|tsv|conll|ansi|html", 0, 0,
         "default ansi on a terminal, else jsonl; ansi with NO_COLOR in the environment: "
         "[brackets], no colours; conll has _ for a word that is blank"},
        COMMON_OFFSETS_OPTION(j->c),
        {"min-score", TOOL_NUMBER, &j->min_score, "X", 0, 1, "drop weaker entities"},
        {"batch-tokens", TOOL_COUNT, &j->batch_tokens, "N", 1, 1e6,
         "tokens computed at once; speed and memory only"},
        {"constrain", TOOL_CHOICE, &j->constrain, "none|bio", 0, 0,
         "bio: only label sequences that the scheme allows"},
        COMMON_UTF8_OPTION(j->c),
        COMMON_OPTIONS(j->c),
        {NULL, TOOL_FLAG, NULL, NULL, 0, 0, NULL}};
    return tool_parse(&tag_command, options, argc, argv, count);
}

/* Cuts "A,B" into names; an empty list keeps every label. */
static int tag_ignore(tag_job *j) {
    size_t n, i, count = 1;
    if (!j->ignore) return -1;
    n = strlen(j->ignore);
    for (i = 0; i < n; i++) count += j->ignore[i] == ',';
    j->ignore_copy = (char *)malloc(n + 1);
    j->ignore_names = (const char **)malloc(count * sizeof *j->ignore_names);
    if (!j->ignore_copy || !j->ignore_names) return tool_fail(NULL, "out of memory");
    memcpy(j->ignore_copy, j->ignore, n + 1);
    count = 0;
    for (i = 0; i <= n; i++) {
        size_t length = strcspn(j->ignore_copy + i, ",");
        if (length) j->ignore_names[count++] = j->ignore_copy + i;
        i += length;
        j->ignore_copy[i] = 0;
    }
    j->options.ignore_labels = j->ignore_names;
    j->options.ignore_count = count;
    j->options.keep_all = count == 0;
    return -1;
}

/* Whether a variable of the environment has that value; NULL: any but "". */
static int tag_variable(const char *name, const char *value) {
    const char *have = getenv(name);
    return have && (value ? strcmp(have, value) == 0 : have[0] != 0);
}

/* What does not depend on the model. Returns -1 to go on. */
static int tag_check(tag_job *j) {
    tc_tag_options *o = &j->options;
    if (j->stride >= 0 && j->aggregation == TC_AGGREGATION_NONE) {
        return tool_usage("tag", "--stride cannot be used with --aggregation none");
    }
    if (j->stride >= 0 && j->long_text != TC_LONG_WINDOW) {
        return tool_usage("tag", "--stride needs --long window");
    }
    j->w.plain = tag_variable("NO_COLOR", NULL);
    if (j->format < 0) {
        j->format = isatty(1) ? FORMAT_ANSI : FORMAT_JSONL;
        j->w.plain |= tag_variable("TERM", "dumb");
    }
    if (j->format == FORMAT_CONLL && (j->input == INPUT_LINES || j->input == INPUT_DOCUMENT)) {
        return tool_usage("tag", "--format conll needs words: --input conll or jsonl");
    }
    if (j->input == INPUT_CONLL && j->texts.count) {
        return tool_usage("tag", "--text cannot be used with --input conll");
    }
    o->aggregation = (tc_aggregation)j->aggregation;
    o->long_text = (tc_long_text)j->long_text;
    o->constrain = (tc_constraint)j->constrain;
    o->has_stride = j->stride >= 0;
    o->stride = j->stride >= 0 ? (uint32_t)j->stride : 0;
    o->min_score = (float)j->min_score;
    o->batch_tokens = (uint32_t)j->batch_tokens;
    o->strict_utf8 = j->c.strict_utf8;
    return tag_ignore(j);
}

/* The special tokens around a single text. */
static int tag_specials(tag_job *j, const char *model_path, size_t *count) {
    tc_env env = common_env(&j->c);
    tc_encoding *encoding = NULL;
    tc_input empty;
    tc_status status;
    memset(&empty, 0, sizeof empty);
    empty.text = "";
    *count = 0;
    status = tc_encoding_create(tc_model_tokenizer(j->model), &env, &encoding);
    if (status == TC_OK) status = tc_encoding_run(encoding, &empty, NULL);
    if (status == TC_OK) tc_encoding_tokens(encoding, 0, count);
    tc_encoding_free(encoding);
    return status == TC_OK ? -1 : common_fail(&j->c, tool_input(model_path), status);
}

static int tag_open(tag_job *j, const char *path) {
    tc_env env;
    tc_status status;
    size_t specials;
    if (common_load(&j->c, path, &j->model)) return TOOL_FAILED;
    env = common_env(&j->c);
    status = tc_tagger_create(j->model, &env, &j->tagger);
    if (status != TC_OK) return common_fail(&j->c, tool_input(path), status);
    j->w.info = tc_model_get_info(j->model);
    if (j->options.has_stride && j->w.info->max_length) {
        uint32_t limit = j->w.info->max_length;
        int failed = tag_specials(j, path, &specials);
        if (failed >= 0) return failed;
        if (j->options.stride + specials >= limit) {
            return tool_usage("tag",
                              "--stride %lu is too large: a window has room for %lu tokens",
                              (unsigned long)j->options.stride,
                              (unsigned long)(limit > specials ? limit - specials : 0));
        }
    }
    return -1;
}

/* The tagger's message without the place in the group, which the user does not know. */
static int tag_fail(tag_job *j, const input_item *item, tc_status status) {
    char where[TOOL_PLACE];
    char *m = j->c.diag.message;
    if (strncmp(m, "input 0: ", 9) == 0) memmove(m, m + 9, strlen(m + 9) + 1);
    return common_fail(&j->c, input_where(item, where), status);
}

static int tag_write(tag_job *j, size_t first, const tc_result *result) {
    size_t i;
    for (i = 0; i < result->count; i++) {
        const input_item *item = &j->group.items[first + i];
        const tc_input *in = &j->group.inputs[first + i];
        char where[TOOL_PLACE];
        if (j->format == FORMAT_CONLL && !in->words)
            return tool_fail(input_where(item, where),
                             "--format conll needs words, and this is a text");
        if (result->inputs[i].truncated)
            tool_note(input_where(item, where),
                      "text longer than the model's limit of %lu tokens was cut",
                      (unsigned long)j->w.info->max_length);
        writer_input(&j->w, item, in, &result->inputs[i]);
    }
    return 0;
}

/* Tags inputs [first, first + count) of the group. */
static int tag_some(tag_job *j, size_t first, size_t count, tc_status *status) {
    tc_result *result = NULL;
    int failed;
    *status = tc_tagger_tag(j->tagger, j->group.inputs + first, count, &j->options, &result);
    if (*status != TC_OK) return TOOL_FAILED;
    if (result->not_finite) {
        *status = j->c.diag.status = TC_ERROR_NUMBER;
        snprintf(j->c.diag.message, sizeof j->c.diag.message,
                 "the model is damaged: its scores are no numbers");
    }
    failed = *status ? TOOL_FAILED : tag_write(j, first, result);
    tc_result_free(result);
    return failed;
}

static int tag_group(tag_job *j) {
    tc_status status;
    size_t i;
    int failed = tag_some(j, 0, j->group.count, &status);
    if (status == TC_OK) return failed;
    if (j->group.count == 1) return tag_fail(j, &j->group.items[0], status);
    for (i = 0; i < j->group.count; i++) { /* one after the other finds the one that fails */
        failed = tag_some(j, i, 1, &status);
        if (status != TC_OK) return tag_fail(j, &j->group.items[i], status);
        if (failed) return failed;
    }
    return 0;
}

static int tag_all(tag_job *j, char **files, int file_count) {
    int got, failed = 0;
    input_open(&j->reader, (input_kind)j->input, &j->texts, files, file_count);
    j->reader.strict_utf8 = j->c.strict_utf8;
    j->reader.most *= common_env(&j->c).threads;
    tool_progress_start(&j->bar, "tag", j->reader.total, j->c.progress);
    writer_begin(&j->w);
    while ((got = input_next(&j->reader, &j->group)) > 0) {
        failed = tag_group(j);
        if (out_flush(&j->w.o)) failed = TOOL_FAILED;
        if (failed) break;
        tool_progress_step(&j->bar, input_done(&j->reader), j->w.inputs);
    }
    tool_progress_end(&j->bar);
    if (got < 0) failed = TOOL_FAILED;
    if (!failed) {
        writer_end(&j->w);
        failed = out_flush(&j->w.o);
    }
    input_close(&j->reader, &j->group);
    return failed;
}

static const char *tag_title(int file_count, char **files) {
    if (file_count > 1) return "several files";
    return file_count && strcmp(files[0], "-") != 0 ? files[0] : "text";
}

int cmd_tag(int argc, char **argv) {
    tag_job j;
    int count = 0, status;
    memset(&j, 0, sizeof j);
    common_init(&j.c);
    j.format = -1;
    j.stride = -1;
    status = tag_parse(&j, argc, argv, &count);
    if (status < 0) status = common_check(&j.c, "tag");
    if (status < 0) status = tag_check(&j);
    if (status < 0) status = input_check("tag", &j.texts, argv, count);
    if (status < 0) status = tag_open(&j, argv[1]);
    if (status < 0) {
        j.w.format = j.format;
        j.w.tokens = j.aggregation == TC_AGGREGATION_NONE;
        j.w.options = &j.c;
        j.w.title = tag_title(count - 1, argv + 2);
        status = tag_all(&j, argv + 2, count - 1);
    }
    out_free(&j.w.o);
    tc_tagger_free(j.tagger);
    common_unload(&j.c, j.model);
    free(j.ignore_copy);
    free((void *)j.ignore_names);
    tool_list_free(&j.texts);
    return status;
}
