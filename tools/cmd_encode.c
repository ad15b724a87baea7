/* cmd_encode.c - tokclass encode: logits, hidden states and vectors of text. */
#if !defined(_POSIX_C_SOURCE) && !defined(__APPLE__)
#define _POSIX_C_SOURCE 200809L
#endif
#include "common.h"
#include "input.h"
#include "output.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The order of the option's choices. */
enum { ENCODE_LOGITS = 0, ENCODE_HIDDEN, ENCODE_MEAN, ENCODE_CLS, ENCODE_PROBABILITIES };
enum { ENCODE_BATCH = 512, ENCODE_NPY_HEADER = 128 };

static const char encode_outputs[] = "logits|hidden|mean|cls|probabilities";

typedef struct encode_job {
    common c;
    tool_list texts;
    const char *path; /* of the model */
    int input, pair, output, format, normalize;
    int64_t layer;
    tc_model *model;
    const tc_model_info *info;
    tc_encoding *encoding;
    tc_session *session;
    input_reader reader;
    input_group group;
    tool_progress bar;
    uint64_t inputs;
    size_t columns; /* of the numbers for a token */
    uint32_t limit; /* tokens */
    /* the batch under way */
    int32_t *ids; /* [token_room] */
    uint8_t *types;
    float *numbers; /* [token_room, columns] */
    uint32_t lengths[64];
    size_t head_ends[64]; /* in heads: each input's JSON before the numbers */
    size_t tokens, token_room, sequences;
    out o, heads;
    FILE *spool; /* npy: the rows, until their number is known */
} encode_job;

static const tool_command encode_command = {
    "encode",
    "MODEL [FILE...] --output KIND",
    "Writes the numbers of the encoder: for each token with logits, hidden and\n"
    "probabilities, one vector for each input with mean and cls.\n"
    "Without FILE or --text it reads standard input.\n",
    1,
    -1,
    "the model"};

static int encode_parse(encode_job *j, int argc, char **argv, int *count) {
    const tool_option options[] = {
        {"output", TOOL_CHOICE, &j->output, encode_outputs, 0, 0, "what to write; required"},
        {"layer", TOOL_COUNT, &j->layer, "N", 0, 1e6,
         "hidden_states[N]: 0 the embeddings; default the last"},
        {"normalize", TOOL_FLAG, &j->normalize, NULL, 0, 0,
         "scale vectors of mean and cls to length 1"},
        {"format", TOOL_CHOICE, &j->format, "jsonl|npy", 0, 0,
         "npy: one float32 array, for mean and cls; default jsonl"},
        {"text", TOOL_LIST, &j->texts, "TEXT", 0, 0, "the input itself; may be repeated"},
        {"input", TOOL_CHOICE, &j->input, "lines|document|jsonl|words", 0, 0,
         "what the files hold; default lines"},
        {"pair", TOOL_FLAG, &j->pair, NULL, 0, 0, "a line is two texts with a tab between"},
        COMMON_UTF8_OPTION(j->c),
        COMMON_OPTIONS(j->c),
        {NULL, TOOL_FLAG, NULL, NULL, 0, 0, NULL}};
    return tool_parse(&encode_command, options, argc, argv, count);
}

static int encode_is_vector(const encode_job *j) {
    return j->output == ENCODE_MEAN || j->output == ENCODE_CLS;
}

static int encode_is_head(const encode_job *j) {
    return j->output == ENCODE_LOGITS || j->output == ENCODE_PROBABILITIES;
}

static int encode_check(encode_job *j) {
    if (j->input == 3) j->input = INPUT_WORDS; /* the place in the list of choices */
    if (j->output < 0) return tool_usage("encode", "--output is missing: %s", encode_outputs);
    if (j->format == 1 && !encode_is_vector(j)) {
        return tool_usage("encode", "--format npy needs --output mean or cls");
    }
    if (j->normalize && !encode_is_vector(j)) {
        return tool_usage("encode", "--normalize needs --output mean or cls");
    }
    if (j->layer >= 0 && encode_is_head(j)) {
        return tool_usage("encode", "--layer needs --output hidden, mean or cls");
    }
    if (j->pair && j->input == INPUT_WORDS) {
        return tool_usage("encode", "--pair cannot be used with --input words");
    }
    return -1;
}

static int encode_open(encode_job *j, const char *path) {
    const tc_model_info *m;
    tc_status status;
    tc_env env;
    if (common_load(&j->c, path, &j->model)) return TOOL_FAILED;
    m = j->info = tc_model_get_info(j->model);
    if (!tc_model_tokenizer(j->model))
        return tool_fail(tool_input(path), "the model has no tokenizer");
    if (encode_is_head(j) && !m->num_labels) {
        return tool_fail(tool_input(path), "the model has no token-classification head");
    }
    env = common_env(&j->c);
    status = tc_session_create(j->model, &env, &j->session);
    if (status == TC_OK) {
        status = tc_encoding_create(tc_model_tokenizer(j->model), &env, &j->encoding);
    }
    if (status != TC_OK) return common_fail(&j->c, tool_input(path), status);
    if (j->layer > (int64_t)m->num_hidden_layers) {
        return tool_usage("encode", "--layer %ld: the model has %lu layers", (long)j->layer,
                          (unsigned long)m->num_hidden_layers);
    }
    j->columns = encode_is_head(j) ? m->num_labels : m->hidden_size;
    j->limit = m->max_position_embeddings;
    if (m->max_length && (!j->limit || m->max_length < j->limit)) j->limit = m->max_length;
    return -1;
}

/* ------------------------------------------------------------------------------ numbers */

/* As transformers does it: float32, the row's maximum taken off first. */
static void encode_softmax(float *row, size_t n) {
    float most = row[0], sum = 0;
    size_t i;
    for (i = 1; i < n; i++) most = row[i] > most ? row[i] : most;
    for (i = 0; i < n; i++) {
        row[i] = (float)exp((double)(row[i] - most));
        sum += row[i];
    }
    for (i = 0; i < n; i++) row[i] /= sum;
}

/* One vector [columns] of an input's tokens [length, columns], in place of its first row. */
static void encode_pool(const encode_job *j, float *rows, size_t length) {
    size_t n = j->columns, i, t;
    double squares = 0, norm;
    if (j->output == ENCODE_MEAN) {
        for (i = 0; i < n; i++) {
            double sum = 0;
            for (t = 0; t < length; t++) sum += (double)rows[t * n + i];
            rows[i] = (float)(sum / (double)length);
        }
    }
    if (!j->normalize) return;
    for (i = 0; i < n; i++) squares += (double)rows[i] * (double)rows[i];
    norm = sqrt(squares);
    if (norm < 1e-12) norm = 1e-12;
    for (i = 0; i < n; i++) rows[i] = (float)((double)rows[i] / norm);
}

static void encode_row(out *o, const float *row, size_t n) {
    size_t i;
    out_char(o, '[');
    for (i = 0; i < n; i++) {
        if (i) out_text(o, ", ");
        out_float(o, (double)row[i]);
    }
    out_char(o, ']');
}

/* Little-endian whatever the machine. */
static int encode_spool(encode_job *j, const float *row) {
    size_t i;
    for (i = 0; i < j->columns; i++) {
        uint32_t bits;
        unsigned char bytes[4];
        memcpy(&bits, &row[i], 4);
        bytes[0] = (unsigned char)bits;
        bytes[1] = (unsigned char)(bits >> 8);
        bytes[2] = (unsigned char)(bits >> 16);
        bytes[3] = (unsigned char)(bits >> 24);
        if (fwrite(bytes, 1, 4, j->spool) != 4) {
            return tool_fail("temporary file", "cannot be written: %s", strerror(errno));
        }
    }
    return 0;
}

static int encode_emit(encode_job *j, size_t sequence, float *rows) {
    out *o = &j->o;
    size_t length = j->lengths[sequence], t;
    size_t from = sequence ? j->head_ends[sequence - 1] : 0;
    for (t = 0; t < length && j->output == ENCODE_PROBABILITIES; t++)
        encode_softmax(rows + t * j->columns, j->columns);
    for (t = 0; t < length * j->columns; t++)
        if (!isfinite(rows[t]))
            return tool_fail(tool_input(j->path),
                             "the model is damaged: some of its numbers are not finite");
    if (encode_is_vector(j)) {
        encode_pool(j, rows, length);
        if (j->format == 1) return encode_spool(j, rows);
        out_text(o, "{\"vector\": ");
        encode_row(o, rows, j->columns);
        out_text(o, "}\n");
        return 0;
    }
    out_bytes(o, j->heads.data + from, j->head_ends[sequence] - from);
    for (t = 0; t < length; t++) {
        if (t) out_text(o, ", ");
        encode_row(o, rows + t * j->columns, j->columns);
    }
    out_text(o, "]}\n");
    return 0;
}

/* -------------------------------------------------------------------------------- batch */

static int encode_run(encode_job *j) {
    tc_batch batch;
    tc_outputs outputs;
    size_t i, at = 0;
    tc_status status;
    if (!j->sequences) return 0;
    memset(&batch, 0, sizeof batch);
    memset(&outputs, 0, sizeof outputs);
    batch.ids = j->ids;
    batch.types = j->types;
    batch.lengths = j->lengths;
    batch.sequences = j->sequences;
    if (encode_is_head(j)) {
        outputs.logits = j->numbers;
    } else {
        outputs.hidden = j->numbers;
        outputs.layer = j->layer == 0 ? -1 : (j->layer < 0 ? 0 : (int)j->layer);
    }
    status = tc_session_run(j->session, &batch, &outputs);
    if (status != TC_OK) return common_fail(&j->c, "encode", status);
    for (i = 0; i < j->sequences; i++) {
        if (j->heads.failed) return tool_fail(NULL, "out of memory");
        if (encode_emit(j, i, j->numbers + at * j->columns)) return TOOL_FAILED;
        at += j->lengths[i];
    }
    j->inputs += j->sequences;
    j->sequences = j->tokens = j->heads.size = 0;
    return out_flush(&j->o);
}

static int encode_reserve(encode_job *j, size_t tokens) {
    size_t room = j->token_room ? j->token_room : 2 * ENCODE_BATCH;
    int32_t *ids;
    uint8_t *types;
    float *numbers;
    while (room < tokens && room <= (size_t)-1 / 2) room *= 2;
    if (room < tokens || room > (size_t)-1 / sizeof(float) / (j->columns ? j->columns : 1)) {
        return tool_fail(NULL, "out of memory");
    }
    if (room == j->token_room) return 0;
    ids = (int32_t *)realloc(j->ids, room * sizeof *ids);
    if (ids) j->ids = ids;
    types = (uint8_t *)realloc(j->types, room);
    if (types) j->types = types;
    numbers = (float *)realloc(j->numbers, room * j->columns * sizeof *numbers);
    if (numbers) j->numbers = numbers;
    if (!ids || !types || !numbers) return tool_fail(NULL, "out of memory");
    j->token_room = room;
    return 0;
}

/* {"tokens": [...], "logits": [ of the input just tokenized. */
static void encode_head(encode_job *j, const tc_token *tokens, size_t count) {
    static const char *const names[] = {"logits", "hidden", "mean", "cls", "probabilities"};
    size_t i;
    out_text(&j->heads, "{\"tokens\": [");
    for (i = 0; i < count; i++) {
        tc_string s = tc_encoding_text(j->encoding, &tokens[i]);
        if (i) out_text(&j->heads, ", ");
        out_json(&j->heads, s.data, s.length);
    }
    out_text(&j->heads, "], \"");
    out_text(&j->heads, names[j->output]);
    out_text(&j->heads, "\": [");
}

/* Whether the model can read the tokens; a failure names the input, not the batch. */
static int encode_check_tokens(const encode_job *j, const char *where, const tc_token *tokens,
                               size_t count) {
    size_t i;
    if (j->limit && count > j->limit)
        return tool_fail(where, "%lu tokens, but the model's limit is %lu",
                         (unsigned long)count, (unsigned long)j->limit);
    if (!count) return tool_fail(where, "a text without tokens has no numbers");
    for (i = 0; i < count; i++) {
        if ((uint32_t)tokens[i].id >= j->info->vocab_size)
            return tool_fail(where, "token %lu has the id %ld, the model only %lu embeddings",
                             (unsigned long)i, (long)tokens[i].id,
                             (unsigned long)j->info->vocab_size);
        if (j->info->type_vocab_size && tokens[i].type >= j->info->type_vocab_size)
            return tool_fail(where, "token %lu has the type %u, the model only types up to %lu",
                             (unsigned long)i, (unsigned)tokens[i].type,
                             (unsigned long)j->info->type_vocab_size - 1);
    }
    return 0;
}

static int encode_input(encode_job *j, const tc_input *in, const input_item *item) {
    char where[TOOL_PLACE];
    tc_encode_options options;
    const tc_token *tokens;
    size_t count, i;
    tc_status status;
    memset(&options, 0, sizeof options);
    options.strict_utf8 = j->c.strict_utf8;
    input_where(item, where);
    status = tc_encoding_run(j->encoding, in, &options);
    if (status != TC_OK) return common_fail(&j->c, where, status);
    tokens = tc_encoding_tokens(j->encoding, 0, &count);
    if (encode_check_tokens(j, where, tokens, count)) return TOOL_FAILED;
    if (j->sequences == 64 || (j->sequences && j->tokens + count > ENCODE_BATCH)) {
        if (encode_run(j)) return TOOL_FAILED;
    }
    if (encode_reserve(j, j->tokens + count)) return TOOL_FAILED;
    for (i = 0; i < count; i++) {
        j->ids[j->tokens + i] = tokens[i].id;
        j->types[j->tokens + i] = tokens[i].type;
    }
    if (!encode_is_vector(j)) encode_head(j, tokens, count);
    j->tokens += count;
    j->lengths[j->sequences] = (uint32_t)count;
    j->head_ends[j->sequences++] = j->heads.size;
    return 0;
}

/* ------------------------------------------------------------------------------ the loop */

/* Header of NumPy's format 1.0, then the rows from the spool. */
static int encode_npy(encode_job *j) {
    char header[ENCODE_NPY_HEADER + 1], block[16384];
    size_t n;
    int k = snprintf(header, sizeof header,
                     "\x93NUMPY\x01%c%c%c{'descr': '<f4', 'fortran_order': False, "
                     "'shape': (%llu, %lu), }",
                     0, ENCODE_NPY_HEADER - 10, 0, (unsigned long long)j->inputs,
                     (unsigned long)j->columns);
    if (k < 0 || k >= ENCODE_NPY_HEADER) return tool_fail("encode", "too many inputs for npy");
    memset(header + k, ' ', sizeof header - (size_t)k);
    header[ENCODE_NPY_HEADER - 1] = '\n';
    if (fflush(j->spool) || fseek(j->spool, 0, SEEK_SET)) {
        return tool_fail("temporary file", "cannot be written: %s", strerror(errno));
    }
    if (tool_write(header, ENCODE_NPY_HEADER)) return TOOL_FAILED;
    while ((n = fread(block, 1, sizeof block, j->spool)) > 0) {
        if (tool_write(block, n)) return TOOL_FAILED;
    }
    if (ferror(j->spool)) {
        return tool_fail("temporary file", "cannot be read: %s", strerror(errno));
    }
    return 0;
}

static int encode_group(encode_job *j) {
    size_t i;
    for (i = 0; i < j->group.count; i++) {
        if (encode_input(j, &j->group.inputs[i], &j->group.items[i])) {
            encode_run(j); /* what stands before the failure is written */
            return TOOL_FAILED;
        }
    }
    return encode_run(j);
}

static int encode_all(encode_job *j, char **files, int file_count) {
    int got, failed = 0;
    if (j->format == 1) {
        j->spool = tmpfile();
        if (!j->spool) {
            return tool_fail("temporary file", "cannot be created: %s", strerror(errno));
        }
    }
    input_open(&j->reader, (input_kind)j->input, &j->texts, files, file_count);
    j->reader.pair = j->pair;
    j->reader.strict_utf8 = j->c.strict_utf8;
    tool_progress_start(&j->bar, "encode", j->reader.total, j->c.progress);
    while ((got = input_next(&j->reader, &j->group)) > 0) {
        failed = encode_group(j);
        if (failed) break;
        tool_progress_step(&j->bar, input_done(&j->reader), j->inputs);
    }
    tool_progress_end(&j->bar);
    input_close(&j->reader, &j->group);
    if (got < 0) failed = TOOL_FAILED;
    if (!failed && j->spool) failed = encode_npy(j);
    if (j->spool) fclose(j->spool);
    return failed;
}

int cmd_encode(int argc, char **argv) {
    encode_job j;
    int count = 0, status;
    memset(&j, 0, sizeof j);
    common_init(&j.c);
    j.output = -1;
    j.layer = -1;
    status = encode_parse(&j, argc, argv, &count);
    if (status < 0) status = common_check(&j.c, "encode");
    if (status < 0) status = encode_check(&j);
    if (status < 0) status = input_check("encode", &j.texts, argv, count);
    j.path = argv[1];
    if (status < 0) status = encode_open(&j, j.path);
    if (status < 0) status = encode_all(&j, argv + 2, count - 1);
    out_free(&j.o);
    out_free(&j.heads);
    tc_session_free(j.session);
    tc_encoding_free(j.encoding);
    common_unload(&j.c, j.model);
    free(j.ids);
    free(j.types);
    free(j.numbers);
    tool_list_free(&j.texts);
    return status;
}
