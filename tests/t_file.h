/* t_file.h - the .tcm container: what is written is read, and damage ends in a sentence. */
#ifndef T_FILE_H
#define T_FILE_H

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

static void test_file(void) {
    made m;
    const void *data;
    size_t size;
    if (!made_plan(&m, &file_plan, NULL) || tc_writer_finish(m.writer, &data, &size)) {
        CHECK(0);
        return;
    }
    test_file_info(m.model);
    test_file_version((const unsigned char *)data, size);
    test_file_damage((const unsigned char *)data, size);
    test_file_hostile((const unsigned char *)data, size, 1500);
    tc_model_free(m.model);
    CHECK_EQ(tc_model_open((const char *)data + 4, size - 4, NULL, &m.model),
             TC_ERROR_ARGUMENT);
    made_free(&m);
}

#endif
