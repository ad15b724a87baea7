/* cmd_tokenize.c - tokclass tokenize: text to tokens, ids to text. */
#include "common.h"
#include "input.h"
#include "output.h"

#include <stdlib.h>
#include <string.h>

typedef struct tokenize_job {
    common c;
    tool_list texts;
    int input, pair, no_special, truncation, decode, skip_special;
    int64_t max_length, stride;
    tc_encode_options options;
    tc_model *model;
    tc_encoding *encoding;
    input_reader reader;
    input_group group;
    out o;
    tool_progress bar;
    uint64_t inputs;
    int32_t *ids; /* of a line to decode */
    size_t id_count, id_room;
} tokenize_job;

static const tool_command tokenize_command = {
    "tokenize",
    "MODEL [FILE...]",
    "Writes one JSON object a line: ids, tokens, offsets, word_ids, type_ids and\n"
    "special_tokens_mask. With --decode the lines are ids and the output is text.\n"
    "Without FILE or --text it reads standard input.\n",
    1,
    -1,
    "the model"};

static int tokenize_parse(tokenize_job *j, int argc, char **argv, int *count) {
    const tool_option options[] = {
        {"text", TOOL_LIST, &j->texts, "TEXT", 0, 0, "the input itself; may be repeated"},
        {"input", TOOL_CHOICE, &j->input, "lines|document|jsonl|words", 0, 0,
         "what the files hold; default lines"},
        {"pair", TOOL_FLAG, &j->pair, NULL, 0, 0, "a line is two texts with a tab between"},
        {"no-special", TOOL_FLAG, &j->no_special, NULL, 0, 0, "without special tokens"},
        {"max-length", TOOL_COUNT, &j->max_length, "N", 1, 4294967295.0,
         "cut into windows of N tokens"},
        {"stride", TOOL_COUNT, &j->stride, "N", 0, 4294967295.0,
         "tokens shared by neighbouring windows"},
        {"truncation", TOOL_CHOICE, &j->truncation, "longest_first|only_first|only_second", 0,
         0, "which text of a pair is cut; default longest_first"},
        COMMON_OFFSETS_OPTION(j->c),
        {"decode", TOOL_FLAG, &j->decode, NULL, 0, 0,
         "lines of ids to text: spaces between, or a JSON array"},
        {"skip-special", TOOL_FLAG, &j->skip_special, NULL, 0, 0,
         "with --decode: leave special tokens out"},
        COMMON_UTF8_OPTION(j->c),
        COMMON_OPTIONS(j->c),
        {NULL, TOOL_FLAG, NULL, NULL, 0, 0, NULL}};
    return tool_parse(&tokenize_command, options, argc, argv, count);
}

static int tokenize_check(tokenize_job *j) {
    if (j->input == 3) j->input = INPUT_WORDS; /* the place in the list of choices */
    if (j->stride >= 0 && j->max_length < 0) {
        return tool_usage("tokenize", "--stride needs --max-length");
    }
    if (j->truncation >= 0 && j->max_length < 0) {
        return tool_usage("tokenize", "--truncation needs --max-length");
    }
    if (j->stride >= 0 && j->stride >= j->max_length) {
        return tool_usage("tokenize", "--stride must be smaller than --max-length");
    }
    if (j->pair && j->input == INPUT_WORDS) {
        return tool_usage("tokenize", "--pair cannot be used with --input words");
    }
    if (j->decode && (j->pair || j->input != INPUT_LINES || j->max_length >= 0)) {
        return tool_usage("tokenize", "--decode reads lines of ids; --pair, --input and "
                                      "--max-length cannot be used with it");
    }
    if (j->skip_special && !j->decode) {
        return tool_usage("tokenize", "--skip-special needs --decode; see --no-special");
    }
    j->options.no_special_tokens = j->no_special;
    j->options.max_length = j->max_length > 0 ? (uint32_t)j->max_length : 0;
    j->options.stride = j->stride > 0 ? (uint32_t)j->stride : 0;
    if (j->truncation > 0) j->options.truncation = (tc_truncation)j->truncation;
    j->options.strict_utf8 = j->c.strict_utf8;
    return -1;
}

/* ------------------------------------------------------------------------------- tokens */

enum { COLUMN_IDS = 0, COLUMN_TOKENS, COLUMN_OFFSETS, COLUMN_WORDS, COLUMN_TYPES, COLUMN_MASK };

static void tokenize_cell(tokenize_job *j, const tc_token *t, int column) {
    out *o = &j->o;
    tc_string s;
    switch (column) {
    case COLUMN_IDS: out_uint(o, (uint64_t)t->id); break;
    case COLUMN_TOKENS:
        s = tc_encoding_text(j->encoding, t);
        out_json(o, s.data, s.length);
        break;
    case COLUMN_OFFSETS:
        out_char(o, '[');
        out_uint(o, common_offset(&j->c, t->start));
        out_text(o, ", ");
        out_uint(o, common_offset(&j->c, t->end));
        out_char(o, ']');
        break;
    case COLUMN_WORDS:
        if (t->word < 0) {
            out_text(o, "null");
        } else {
            out_uint(o, (uint64_t)t->word);
        }
        break;
    case COLUMN_TYPES: out_uint(o, t->type); break;
    default: out_uint(o, t->special);
    }
}

/* One window as an object, still open at its end. */
static void tokenize_window(tokenize_job *j, size_t window) {
    static const char *const names[] = {"{\"ids\": [",        "], \"tokens\": [",
                                        "], \"offsets\": [",  "], \"word_ids\": [",
                                        "], \"type_ids\": [", "], \"special_tokens_mask\": ["};
    size_t count, i;
    const tc_token *tokens = tc_encoding_tokens(j->encoding, window, &count);
    int column;
    for (column = COLUMN_IDS; column <= COLUMN_MASK; column++) {
        out_text(&j->o, names[column]);
        for (i = 0; i < count; i++) {
            if (i) out_text(&j->o, ", ");
            tokenize_cell(j, &tokens[i], column);
        }
    }
    out_char(&j->o, ']');
}

static int tokenize_input(tokenize_job *j, const tc_input *in, const char *where) {
    size_t i, count;
    tc_status status = tc_encoding_run(j->encoding, in, &j->options);
    if (status != TC_OK) return common_fail(&j->c, where, status);
    count = tc_encoding_window_count(j->encoding);
    tokenize_window(j, 0);
    if (j->options.max_length) {
        out_text(&j->o, ", \"overflowing\": [");
        for (i = 1; i < count; i++) {
            if (i > 1) out_text(&j->o, ", ");
            tokenize_window(j, i);
            out_char(&j->o, '}');
        }
        out_char(&j->o, ']');
    }
    out_text(&j->o, "}\n");
    return 0;
}

/* ------------------------------------------------------------------------------- decode */

static int tokenize_add_id(tokenize_job *j, int32_t id) {
    if (j->id_count == j->id_room) {
        size_t room = j->id_room ? j->id_room * 2 : 256;
        int32_t *p = NULL;
        if (room <= (size_t)-1 / 2 / sizeof *p) {
            p = (int32_t *)realloc(j->ids, room * sizeof *p);
        }
        if (!p) return tool_fail(NULL, "out of memory");
        j->ids = p;
        j->id_room = room;
    }
    j->ids[j->id_count++] = id;
    return 0;
}

static size_t tokenize_skip(const char *s, size_t n, size_t i) {
    while (i < n && (s[i] == ' ' || s[i] == '\t' || s[i] == '\r' || s[i] == '\n')) i++;
    return i;
}

/* Reads an id at s[*at]; 0 on success. */
static int tokenize_id(const char *s, size_t n, size_t *at, int64_t *id) {
    size_t i = *at, digits = 0;
    int minus = i < n && s[i] == '-';
    int64_t v = 0;
    for (i += (size_t)minus; i < n && s[i] >= '0' && s[i] <= '9'; i++, digits++) {
        v = v * 10 + (s[i] - '0');
        if (v > INT32_MAX) return 1;
    }
    *at = i;
    *id = minus ? -v : v;
    return digits == 0;
}

/* "1 2 3" or "[1, 2, 3]"; a failure is told with its place in the line. */
static int tokenize_ids(tokenize_job *j, const char *s, size_t n, const char *where) {
    size_t i = tokenize_skip(s, n, 0), start;
    int array = i < n && s[i] == '[', comma = 0;
    int64_t id;
    j->id_count = 0;
    if (array) i = tokenize_skip(s, n, i + 1);
    while (i < n && !(array && s[i] == ']' && !comma)) {
        start = i;
        if (tokenize_id(s, n, &i, &id)) {
            return tool_fail(where, "byte %lu: no token id", (unsigned long)start);
        }
        if (tokenize_add_id(j, (int32_t)id)) return TOOL_FAILED;
        start = i;
        i = tokenize_skip(s, n, i);
        comma = array && i < n && s[i] == ',';
        if (array ? i < n && !comma && s[i] != ']' : i < n && i == start) {
            return tool_fail(where, "byte %lu: no token id", (unsigned long)i);
        }
        if (comma) i = tokenize_skip(s, n, i + 1);
    }
    if (array && (i >= n || tokenize_skip(s, n, i + 1) < n)) {
        return tool_fail(where, "byte %lu: the array does not end here", (unsigned long)i);
    }
    return 0;
}

static int tokenize_decode(tokenize_job *j, const input_item *item, const char *where) {
    tc_string s;
    tc_status status;
    size_t i, start;
    if (tokenize_ids(j, item->text, item->length, where)) return TOOL_FAILED;
    status = tc_encoding_decode(j->encoding, j->ids, j->id_count, j->skip_special, &s);
    if (status != TC_OK) return common_fail(&j->c, where, status);
    for (i = start = 0; i < s.length; i++) { /* a line stays one line */
        if (s.data[i] != '\n' && s.data[i] != '\r') continue;
        out_bytes(&j->o, s.data + start, i - start);
        out_char(&j->o, ' ');
        start = i + 1;
    }
    out_bytes(&j->o, s.data + start, s.length - start);
    out_char(&j->o, '\n');
    return 0;
}

/* ------------------------------------------------------------------------------ the loop */

static int tokenize_group(tokenize_job *j) {
    char where[TOOL_PLACE];
    size_t i;
    for (i = 0; i < j->group.count; i++) {
        const input_item *item = &j->group.items[i];
        int failed;
        input_where(item, where);
        failed = j->decode ? tokenize_decode(j, item, where)
                           : tokenize_input(j, &j->group.inputs[i], where);
        if (failed) return failed;
        if (j->o.size > 65536 && out_flush(&j->o)) return TOOL_FAILED;
        j->inputs++;
    }
    return 0;
}

static int tokenize_all(tokenize_job *j, char **files, int file_count) {
    int got, failed = 0;
    input_open(&j->reader, (input_kind)j->input, &j->texts, files, file_count);
    j->reader.pair = j->pair;
    j->reader.strict_utf8 = j->c.strict_utf8;
    tool_progress_start(&j->bar, "tokenize", j->reader.total, j->c.progress);
    while ((got = input_next(&j->reader, &j->group)) > 0) {
        failed = tokenize_group(j);
        if (out_flush(&j->o)) failed = TOOL_FAILED;
        if (failed) break;
        tool_progress_step(&j->bar, input_done(&j->reader), j->inputs);
    }
    tool_progress_end(&j->bar);
    input_close(&j->reader, &j->group);
    return got < 0 ? TOOL_FAILED : failed;
}

static int tokenize_open(tokenize_job *j, const char *path) {
    tc_env env;
    const tc_tokenizer *tokenizer;
    tc_status status;
    if (common_load(&j->c, path, &j->model)) return TOOL_FAILED;
    tokenizer = tc_model_tokenizer(j->model);
    if (!tokenizer) return tool_fail(tool_input(path), "the model has no tokenizer");
    env = common_env(&j->c);
    status = tc_encoding_create(tokenizer, &env, &j->encoding);
    return status == TC_OK ? -1 : common_fail(&j->c, tool_input(path), status);
}

int cmd_tokenize(int argc, char **argv) {
    tokenize_job j;
    int count = 0, status;
    memset(&j, 0, sizeof j);
    common_init(&j.c);
    j.max_length = j.stride = j.truncation = -1;
    status = tokenize_parse(&j, argc, argv, &count);
    if (status < 0) status = common_check(&j.c, "tokenize");
    if (status < 0) status = tokenize_check(&j);
    if (status < 0) status = input_check("tokenize", &j.texts, argv, count);
    if (status < 0) status = tokenize_open(&j, argv[1]);
    if (status < 0) status = tokenize_all(&j, argv + 2, count - 1);
    out_free(&j.o);
    tc_encoding_free(j.encoding);
    common_unload(&j.c, j.model);
    tool_list_free(&j.texts);
    free(j.ids);
    return status;
}
