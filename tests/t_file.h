/* t_file.h - the .tcm container: what is written is read, and damage ends in a sentence. */
#ifndef T_FILE_H
#define T_FILE_H

#include <float.h>

static const plan file_plan = {2, 24, 2, 40, 12, 2, 7, 24, "gelu", TC_S8};

/* A copy on which fields can be changed; checksums are put right on request. */
static unsigned char *file_copy(const void *data, size_t size) {
    unsigned char *copy = (unsigned char *)malloc(size + 64);
    memcpy(copy, data, size);
    return copy;
}

static void file_mend(unsigned char *data, size_t size) {
    uint64_t directory = tc__bytes_u64(data + 24), sum;
    uint32_t count = tc__bytes_u32(data + 12), i;
    if (directory < size && count <= (size - directory) / TC__SECTION_BYTES) {
        for (i = 0; i < count; i++) {
            unsigned char *p = data + directory + (size_t)i * TC__SECTION_BYTES;
            uint64_t at = tc__bytes_u64(p + 8), n = tc__bytes_u64(p + 16);
            if (at > size || n > size - at) continue;
            sum = tc__bytes_checksum(data + at, (size_t)n);
            memcpy(p + 24, &sum, 8);
        }
        sum = tc__bytes_checksum(data + directory, count * (size_t)TC__SECTION_BYTES);
        memcpy(data + 32, &sum, 8);
    }
    sum = tc__bytes_checksum(data, 40);
    memcpy(data + 40, &sum, 8);
}

/* Opens bytes and, if that goes well, uses all there is. */
static tc_status file_use(const unsigned char *data, size_t size, tc_diag *diag) {
    tc_env env;
    tc_model *model;
    tc_tagger *tagger;
    tc_result *result;
    tc_status status;
    memset(&env, 0, sizeof env);
    env.diag = diag;
    status = tc_model_open(data, size, &env, &model);
    if (status) return status;
    if (!tc_tagger_create(model, &env, &tagger)) {
        if (!tc_tag(tagger,
                    "My name is Anna Smith [SEP] in New York, \xE4\xBD\xA0\xE5\xA5\xBD.",
                    &result))
            tc_result_free(result);
        tc_tagger_free(tagger);
    }
    tc_model_free(model);
    return TC_OK;
}

static void test_file_damage(const unsigned char *data, size_t size) {
    unsigned char *copy = file_copy(data, size);
    size_t cut, i, kept = 0, silent = 0;
    tc_diag diag;
    for (cut = 0; cut < size; cut += cut < 200 ? 1 : 97) { /* a file that ends too early */
        memset(&diag, 0, sizeof diag);
        kept += !file_use(data, cut, &diag);
        silent += !diag.message[0];
    }
    CHECK_EQ(kept, 0);
    CHECK_EQ(silent, 0);
    for (i = 0; i < size; i += i < 64 ? 1 : 13) { /* a byte that changed */
        tc_model *model;
        if (tc__bytes_u64(data + 24) + 5 * TC__SECTION_BYTES <= i) break;
        copy[i] ^= 0x55;
        if (!tc_model_open(copy, size, NULL, &model)) {
            kept += !tc_model_verify(model, &diag) && i >= 48; /* padding may change */
            tc_model_free(model);
        }
        copy[i] ^= 0x55;
    }
    CHECK(kept < size / 13 / 10);
    free(copy);
}

/* Changes with checksums put right: whatever comes of it, nothing may be read out of bounds,
 * which the sanitizer builds would tell. */
static void test_file_hostile(const unsigned char *data, size_t size, size_t rounds) {
    unsigned char *copy = file_copy(data, size);
    size_t round, opened = 0;
    uint64_t small = tc__bytes_u64(data + 24);
    tc_diag diag;
    for (round = 0; round < rounds; round++) {
        size_t changes = 1 + random_u32() % 3, first = size > 40000 ? size - 40000 : 0;
        memcpy(copy, data, size);
        while (changes--) {
            size_t at =
                random_u32() % 4 ? first + random_u32() % (size - first) : random_u32() % size;
            if (random_u32() % 8 == 0) at = 8 + random_u32() % 24;
            if (random_u32() % 8 == 0)
                at = (size_t)small + random_u32() % (size - (size_t)small);
            switch (random_u32() % 4) {
            case 0: copy[at] = (unsigned char)random_u32(); break;
            case 1: copy[at] ^= (unsigned char)(1u << random_u32() % 8); break;
            case 2: copy[at] = 0xFF; break;
            default:
                memset(copy + at, random_u32() % 2 ? 0xFF : 0, size - at < 4 ? size - at : 4);
                break;
            }
        }
        file_mend(copy, size);
        opened += !file_use(copy, size, &diag);
    }
    CHECK(opened > 0 && opened <= rounds);
    free(copy);
}

static void test_file_version(const unsigned char *data, size_t size) {
    unsigned char *copy = file_copy(data, size);
    uint32_t version = TC_FILE_VERSION + 1;
    tc_diag diag;
    memcpy(copy + 8, &version, 4);
    CHECK_EQ(file_use(copy, size, &diag), TC_ERROR_VERSION);
    CHECK(strstr(diag.message, "newer than version 1") != NULL);
    memcpy(copy, "GGUF", 4);
    CHECK_EQ(file_use(copy, size, &diag), TC_ERROR_FORMAT);
    CHECK(strstr(diag.message, "not a .tcm file") != NULL);
    CHECK_EQ(file_use(copy, 0, &diag), TC_ERROR_FORMAT);
    free(copy);
}

/* ---- one evil value at a time, checksums right: each must be named and refused ---- */

static unsigned char *evil_section(unsigned char *file, const char *kind) {
    unsigned char *p = file + tc__bytes_u64(file + 24);
    uint32_t count = tc__bytes_u32(file + 12);
    for (; count--; p += TC__SECTION_BYTES)
        if (!memcmp(p, kind, 4)) return file + tc__bytes_u64(p + 8);
    return NULL;
}

static void evil_check(const void *data, size_t size, unsigned char *copy, const char *what,
                       tc_status want) {
    tc_diag diag;
    tc_status status;
    char shown[400];
    memset(&diag, 0, sizeof diag);
    file_mend(copy, size);
    status = file_use(copy, size, &diag);
    snprintf(shown, sizeof shown, "%s: status %d, %s", what, (int)status, diag.message);
    CHECK_CASE(status == want && diag.message[0], shown);
    memcpy(copy, data, size);
}

/* Numbers of the tokenizer's front, and numbers in its tables. */
static void test_file_evil_tokenizer(const void *data, size_t size, unsigned char *copy) {
    static const struct {
        int number;
        uint32_t value;
    } front[] = {{TC__TOK_KIND, 2},
                 {TC__TOK_VOCAB, 0x7FFFFFFF},
                 {TC__TOK_UNK, PLAN_VOCAB},
                 {TC__TOK_UNK, 0xFFFFFFFE},
                 {TC__TOK_UNITS, 0},
                 {TC__TOK_UNITS, 255},
                 {TC__TOK_UNITS, 0xFFFFFF00},
                 {TC__TOK_ADDED, 0x10000000},
                 {TC__TOK_SINGLE, 0x7FFFFFF0},
                 {TC__TOK_SINGLE, 1},
                 {TC__TOK_BLOCKS, 1},
                 {TC__TOK_BLOCKS, 0x1000000},
                 {TC__TOK_POOL, 1},
                 {TC__TOK_RAW_UNITS, 100},
                 {TC__TOK_NORMALIZED_UNITS, 0xFFFFFF00},
                 {TC__TOK_STRING_BYTES, 3},
                 {TC__TOK_STRINGS_AT, 0xFFFFFFF0},
                 {TC__TOK_TOKENS_AT, 0xFFFFFFF0},
                 {TC__TOK_TRIE_AT, 2},
                 {TC__TOK_INDEX_AT, 0xFFFFFFF0},
                 {TC__TOK_BLOCKS_AT, 0xFFFFFFF0},
                 {TC__TOK_ADDED_AT, 1},
                 {TC__TOK_STEPS_AT, 0xFFFFFFF0},
                 {TC__TOK_PREFIX_AT, 0xFFFFFFF0},
                 {TC__TOK_PREFIX_BYTES, 0x10000},
                 {TC__TOK_DECODER_BYTES, 0x10000}};
    uint32_t offset = (uint32_t)(evil_section(copy, "tokn") - copy), evil, at;
    char what[64];
    size_t i;
    for (i = 0; i < sizeof front / sizeof *front; i++) {
        memcpy(copy + offset + 4 * front[i].number, &front[i].value, 4);
        snprintf(what, sizeof what, "tokenizer's number %d = %u", front[i].number,
                 (unsigned)front[i].value);
        evil_check(data, size, copy, what, TC_ERROR_FORMAT);
    }
#define EVIL(number, place, value, name)                                                       \
    at = tc__bytes_u32(copy + offset + 4 * number);                                            \
    evil = value;                                                                              \
    memcpy(copy + offset + at + (place), &evil, 4);                                            \
    evil_check(data, size, copy, name, TC_ERROR_FORMAT);
    EVIL(TC__TOK_TRIE_AT, 4, PLAN_VOCAB, "an id of the trie")
    EVIL(TC__TOK_TRIE_AT, 0, TC__TRIE_PARENT | 0x3FFFFF00, "a base of the trie")
    EVIL(TC__TOK_RAW_AT, 4, 5, "an index in the trie of added tokens")
    EVIL(TC__TOK_INDEX_AT, 0, 0xFFFF, "a block of characters")
    EVIL(TC__TOK_BLOCKS_AT, 0, 0x1FFFFF, "a character")
    EVIL(TC__TOK_BLOCKS_AT, 0, TC__CHAR_SEQUENCE | 0x1FFFF, "a place in the pool")
    EVIL(TC__TOK_ADDED_AT, 0, 0x7FFFFFFF, "the content of an added token")
    EVIL(TC__TOK_ADDED_AT, 8, 1, "two added tokens with one id")
    EVIL(TC__TOK_STEPS_AT, 0, 0xFFFFFFFE, "a step's token")
    EVIL(TC__TOK_STEPS_AT, 0, 0xFFFFFFFF, "a sequence twice in a template")
    EVIL(TC__TOK_STEPS_AT, 12, 1, "the second of one sequences")
    EVIL(TC__TOK_TOKENS_AT, 4, 0x7FFFFFFF, "the end of a token")
    EVIL(TC__TOK_STRINGS_AT, 0, 0xFFFFFFFF, "strings that are no UTF-8")
#undef EVIL
}

/* Entry `i` of the tensor directory: place in the entry, value. */
static void test_file_evil_tensors(const void *data, size_t size, unsigned char *copy) {
    static const struct {
        size_t place;
        uint32_t value;
    } all[] = {{0, 0x7FFFFFFF}, {4, 2},  {4, 3},  {8, 9},  {12, 0}, {12, 0xFFFFFFF1}, {12, 7},
               {16, 0},         {16, 5}, {24, 1}, {24, 0}, {28, 1}, {32, 1},          {36, 1}};
    size_t offset = (size_t)(evil_section(copy, "tens") - copy), i;
    uint32_t count = 0x7FFFFFFF;
    char what[64];
    for (i = 0; i < sizeof all / sizeof *all; i++) {
        memcpy(copy + offset + 8 + 3 * TC__TENSOR_BYTES + all[i].place, &all[i].value, 4);
        snprintf(what, sizeof what, "tensor entry, byte %d = %u", (int)all[i].place,
                 (unsigned)all[i].value);
        evil_check(data, size, copy, what, TC_ERROR_FORMAT);
    }
    memcpy(copy + offset, &count, 4);
    evil_check(data, size, copy, "the number of tensors", TC_ERROR_FORMAT);
    for (i = 1; i < 33; i++) /* all entries point at the bytes of the first */
        memcpy(copy + offset + 8 + i * TC__TENSOR_BYTES + 4, copy + offset + 12,
               TC__TENSOR_BYTES - 4);
    evil_check(data, size, copy, "tensors that share bytes", TC_ERROR_FORMAT);
}

/* Only panels of s8 of a multiple of 128 columns can be rotated. */
static void test_file_rotated(void) {
    static const struct {
        plan p;
        uint32_t layout;
        tc_status want;
    } all[] = {{{1, 128, 2, 20, 128, 2, 5, 12, "gelu", TC_S8}, TC__LAYOUT_ROTATED, TC_OK},
               {{1, 128, 2, 20, 128, 2, 5, 12, "gelu", TC_S8}, TC__LAYOUT_PANELS, TC_OK},
               {{1, 128, 2, 20, 128, 2, 5, 12, "gelu", TC_S8}, 3, TC_ERROR_FORMAT},
               {{1, 192, 2, 20, 192, 2, 5, 12, "gelu", TC_S8}, 2, TC_ERROR_FORMAT},
               {{1, 128, 2, 20, 128, 2, 5, 12, "gelu", TC_S16}, 2, TC_ERROR_FORMAT},
               {{1, 128, 2, 20, 128, 2, 5, 12, "gelu", TC_F32}, 2, TC_ERROR_FORMAT}};
    size_t i;
    for (i = 0; i < sizeof all / sizeof *all; i++) {
        tc_tensor_info t;
        const void *data = NULL;
        unsigned char *copy;
        uint32_t at = 0;
        size_t size = 0;
        tc_diag diag;
        made m;
        if (!made_plan(&m, &all[i].p, NULL) || tc_writer_finish(m.writer, &data, &size)) {
            CHECK(0);
            return;
        }
        while (!tc_model_tensor(m.model, at, &t) && strcmp(t.name, "layer.0.ffn.up.weight"))
            at++;
        copy = file_copy(data, size);
        memcpy(evil_section(copy, "tens") + 8 + at * TC__TENSOR_BYTES + 4, &all[i].layout, 4);
        file_mend(copy, size);
        memset(&diag, 0, sizeof diag);
        CHECK_EQ(file_use(copy, size, &diag), all[i].want);
        free(copy);
        made_free(&m);
    }
}

/* The bytes behind a key of the description, its kind first. */
static unsigned char *evil_value(unsigned char *file, const char *key) {
    unsigned char *p = evil_section(file, "desc");
    size_t n = strlen(key) + 1;
    while (memcmp(p, key, n)) p++;
    return p + n;
}

static void test_file_evil_description(const void *data, size_t size, unsigned char *copy) {
    static const struct {
        const char *key;
        uint32_t value;
    } all[] = {{"num_attention_heads", 5},
               {"num_attention_heads", 0},
               {"hidden_size", 0},
               {"hidden_size", 23},
               {"num_hidden_layers", 3},
               {"num_hidden_layers", 0x7FFFFFFF},
               {"vocab_size", 26},
               {"max_position_embeddings", 25},
               {"type_vocab_size", 256},
               {"type_vocab_size", 3},
               {"intermediate_size", 41},
               {"embedding_size", 13},
               {"dtype", 5},
               {"layer_norm_eps", 0xBF800000},
               {"layer_norm_eps", 0x7FC00000}};
    static const char *const names[] = {"hidden_act", "norm_placement", "position_kind"};
    unsigned char *label;
    size_t i;
    for (i = 0; i < sizeof all / sizeof *all; i++) {
        memcpy(evil_value(copy, all[i].key) + 4, &all[i].value, 4);
        evil_check(data, size, copy, all[i].key, TC_ERROR_FORMAT);
    }
    for (i = 0; i < 3; i++) {
        evil_value(copy, names[i])[8] = 'x';
        evil_check(data, size, copy, names[i], TC_ERROR_UNSUPPORTED);
    }
    label = evil_section(copy, "labl");
    label[8] = 0xFF;
    evil_check(data, size, copy, "a label that is no UTF-8", TC_ERROR_FORMAT);
    label[4] = 0xFF;
    evil_check(data, size, copy, "a label's length", TC_ERROR_FORMAT);
    label[0] = 0xFF;
    evil_check(data, size, copy, "the number of labels", TC_ERROR_FORMAT);
    label[0] = 6;
    evil_check(data, size, copy, "fewer labels than the head", TC_ERROR_FORMAT);
    memcpy(copy + tc__bytes_u64(copy + 24) + 3 * TC__SECTION_BYTES, "desc", 4);
    evil_check(data, size, copy, "a section twice", TC_ERROR_FORMAT);
    memcpy(copy + tc__bytes_u64(copy + 24) + 2 * TC__SECTION_BYTES, "none", 4);
    evil_check(data, size, copy, "no description", TC_ERROR_FORMAT);
    copy[tc__bytes_u64(copy + 24) + TC__SECTION_BYTES + 23] = 0x7F;
    evil_check(data, size, copy, "a section beyond the file", TC_ERROR_FORMAT);
}

static void test_file_evil(const void *data, size_t size) {
    unsigned char *copy = file_copy(data, size);
    test_file_evil_tokenizer(data, size, copy);
    test_file_evil_tensors(data, size, copy);
    test_file_evil_description(data, size, copy);
    free(copy);
}

static void test_file_info(const tc_model *model) {
    const tc_model_info *n = tc_model_get_info(model);
    tc_tensor_info t;
    uint64_t parameters = 0;
    uint32_t i;
    CHECK(!strcmp(n->model_type, "bert") && !strcmp(n->task, "token-classification") &&
          !strcmp(n->hidden_act, "gelu"));
    CHECK(n->num_hidden_layers == 2 && n->hidden_size == 24 && n->embedding_size == 12 &&
          n->num_attention_heads == 2);
    CHECK(n->num_labels == 7 && !strcmp(n->labels[0], "O") && !strcmp(n->labels[6], "I-ORG") &&
          n->dtype == TC_S8);
    CHECK(n->max_length == 24 && n->layer_norm_eps == 1e-12f &&
          n->file_version == TC_FILE_VERSION);
    for (i = 0; !tc_model_tensor(model, i, &t); i++) {
        parameters += (uint64_t)t.rows * t.columns;
        CHECK_CASE(t.offset % 64 == 0, t.name);
    }
    CHECK(parameters == n->parameters && i == n->tensor_count && i == 33);
    CHECK_EQ(tc_model_tensor(model, i, &t), TC_ERROR_ARGUMENT);
    CHECK(!tc_model_verify(model, NULL));
}

/* Whether a word embedding with one such number can be written in a dtype. */
static tc_status file_number(tc_dtype dtype, float value, tc_diag *diag) {
    static float data[64][4];
    tc_env env;
    tc_model_desc d;
    tc_writer *w = NULL;
    tc_status status;
    memset(&env, 0, sizeof env);
    memset(&d, 0, sizeof d);
    env.diag = diag;
    d.model_type = "bert";
    d.hidden_act = "gelu";
    d.dtype = dtype;
    d.num_hidden_layers = d.num_attention_heads = 1;
    d.hidden_size = d.intermediate_size = 4;
    d.vocab_size = 64;
    d.max_position_embeddings = d.max_length = 8;
    d.layer_norm_eps = 1e-12f;
    data[63][3] = value;
    status = tc_writer_create(&env, &w);
    if (!status) status = tc_writer_describe(w, &d);
    CHECK(!status);
    if (!status) status = tc_writer_tensor(w, "embeddings.word", 64, 4, data[0]);
    tc_writer_free(w);
    return status;
}

static void test_file_range(void) {
    static const struct {
        tc_dtype dtype;
        float value;
        int good;
    } cases[] = {{TC_F32, FLT_MAX, 1},         {TC_F32, INFINITY, 1},  {TC_F16, 65519, 1},
                 {TC_F16, -65519, 1},          {TC_F16, 65520, 0},     {TC_F16, -1e30f, 0},
                 {TC_F16, INFINITY, 1},        {TC_F16, -INFINITY, 1}, {TC_F16, NAN, 1},
                 {TC_BF16, 3.38953139e38f, 1}, {TC_BF16, FLT_MAX, 0},  {TC_BF16, -FLT_MAX, 0},
                 {TC_BF16, INFINITY, 1},       {TC_S16, 3.4e38f, 1},   {TC_S16, INFINITY, 0},
                 {TC_S16, FLT_MAX, 0},         {TC_S8, -FLT_MAX, 0},   {TC_S8, -1.9e37f, 1},
                 {TC_S8, 2.1e37f, 0},          {TC_S8, NAN, 0}};
    tc_diag diag;
    size_t i;
    for (i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *dtype = tc_dtype_name(cases[i].dtype);
        tc_status status = file_number(cases[i].dtype, cases[i].value, &diag);
        CHECK_CASE(status == (cases[i].good ? TC_OK : TC_ERROR_ARGUMENT), dtype);
        CHECK_CASE(!status ||
                       (strstr(diag.message, "embeddings.word") && strstr(diag.message, dtype)),
                   dtype);
    }
}

/* A file is finished only with what its description asks for. */
static void test_file_empty(void) {
    static const char *const labels[] = {"O"};
    const void *data = "";
    size_t size = 1;
    tc_model_desc d;
    tc_writer *w;
    CHECK(tc_writer_finish(NULL, &data, &size) == TC_ERROR_ARGUMENT && !data && !size);
    memset(&d, 0, sizeof d);
    d.model_type = "bert";
    d.task = "token-classification";
    d.hidden_act = "gelu";
    d.num_hidden_layers = d.num_attention_heads = d.num_labels = 1;
    d.hidden_size = d.intermediate_size = d.vocab_size = d.max_position_embeddings = 8;
    d.labels = labels;
    CHECK(!tc_writer_create(NULL, &w));
    d.pad_token_id = 8;
    CHECK_EQ(tc_writer_describe(w, &d), TC_ERROR_ARGUMENT);
    d.pad_token_id = -1;
    CHECK_EQ(tc_writer_describe(w, &d), TC_OK);
    CHECK_EQ(tc_writer_finish(w, &data, &size), TC_ERROR_FORMAT);
    tc_writer_free(w);
}

/* A section of a kind that nobody knows may end where the file ends, and not behind it. */
static void test_file_last_section(void) {
    static const plan small = {1, 16, 2, 20, 16, 2, 7, 16, "gelu", TC_F32};
    const void *data;
    size_t size;
    tc_model *model = NULL;
    unsigned char *copy, *p;
    uint64_t n, at;
    uint32_t count;
    int behind;
    made m;
    if (!made_plan(&m, &small, NULL) || tc_writer_finish(m.writer, &data, &size)) {
        CHECK(0);
        return;
    }
    at = tc__bytes_u64((const unsigned char *)data + 24);
    count = tc__bytes_u32((const unsigned char *)data + 12);
    CHECK(at % 64 == 0 && at + count * (size_t)TC__SECTION_BYTES == size);
    copy = (unsigned char *)malloc(size + 128); /* the directory stands last: one entry more */
    memcpy(copy, data, size);
    p = copy + size;
    memset(p, 0, TC__SECTION_BYTES);
    memcpy(p, "none", 4);
    memcpy(p + 8, &at, 8);
    size += TC__SECTION_BYTES;
    n = size;
    memcpy(copy + 16, &n, 8);
    count++;
    memcpy(copy + 12, &count, 4);
    for (behind = 0; behind < 2; behind++) {
        n = size - at + (uint64_t)behind;
        memcpy(p + 16, &n, 8);
        n = tc__bytes_checksum(copy + at, count * (size_t)TC__SECTION_BYTES);
        memcpy(copy + 32, &n, 8);
        n = tc__bytes_checksum(copy, 40);
        memcpy(copy + 40, &n, 8);
        CHECK_EQ(tc_model_open(copy, size, NULL, &model), behind ? TC_ERROR_FORMAT : TC_OK);
        tc_model_free(model);
        model = NULL;
    }
    made_free(&m);
    free(copy);
}

/* A description stands before the tensors. */
static void test_file_describe(void) {
    static const plan small = {1, 16, 2, 20, 16, 2, 7, 16, "gelu", TC_F32};
    const float x[16] = {0};
    tc_model_desc d;
    tc_writer *w;
    made m;
    if (!made_plan(&m, &small, NULL)) {
        CHECK(0);
        return;
    }
    d = tc_model_describe(m.model);
    CHECK(!tc_writer_create(NULL, &w) && !tc_writer_describe(w, &d));
    CHECK(!tc_writer_tensor(w, "head.bias", 1, 7, x));
    CHECK_EQ(tc_writer_describe(w, &d), TC_ERROR_ARGUMENT);
    tc_writer_free(w);
    made_free(&m);
}

/* A file may lack the section of labels: it is an encoder then. */
static void test_file_no_labels(void) {
    static const plan small = {1, 16, 2, 20, 16, 2, 7, 16, "gelu", TC_F32};
    const void *data;
    size_t size, i;
    tc_model *model = NULL;
    unsigned char *copy;
    made m;
    if (!made_plan(&m, &small, NULL) || tc_writer_finish(m.writer, &data, &size)) {
        CHECK(0);
        return;
    }
    copy = file_copy(data, size);
    for (i = 0; i < tc__bytes_u32(copy + 12); i++) {
        unsigned char *p = copy + tc__bytes_u64(copy + 24) + i * TC__SECTION_BYTES;
        if (!memcmp(p, "labl", 4)) memcpy(p, "none", 4);
    }
    file_mend(copy, size);
    CHECK_EQ(tc_model_open(copy, size, NULL, &model), TC_OK);
    CHECK(model && tc_model_get_info(model)->num_labels == 0);
    tc_model_free(model);
    made_free(&m);
    free(copy);
}

/* Sums of s8 are exact up to 65536 columns: wider ones are refused, other types are not. */
static void test_file_wide_s8(void) {
    plan p = {1, 16, 2, 65540, 16, 2, 5, 12, "gelu", TC_F32};
    made m;
    CHECK(made_plan(&m, &p, NULL));
    made_free(&m);
    p.dtype = TC_S8;
    CHECK(!made_plan(&m, &p, NULL));
    made_free(&m);
}

static void test_file(void) {
    made m;
    const void *data;
    size_t size;
    if (!made_plan(&m, &file_plan, NULL) || tc_writer_finish(m.writer, &data, &size)) {
        CHECK(0);
        return;
    }
    test_file_info(m.model);
    test_file_range();
    test_file_empty();
    test_file_version((const unsigned char *)data, size);
    test_file_damage((const unsigned char *)data, size);
    test_file_evil(data, size);
    test_file_hostile((const unsigned char *)data, size, 1500);
    tc_model_free(m.model);
    CHECK_EQ(tc_model_open((const char *)data + 4, size - 4, NULL, &m.model),
             TC_ERROR_ARGUMENT);
    made_free(&m);
    test_file_last_section();
    test_file_describe();
    test_file_no_labels();
    test_file_wide_s8();
    test_file_rotated();
}

#endif
