/* t_safetensors.h - the safetensors reader: the format's own vectors, types, shards. */
#ifndef T_SAFETENSORS_H
#define T_SAFETENSORS_H

#include "test.h"

#include "../tools/safetensors.h"

/* A file in memory: header length, header, data; the caller frees it. */
static unsigned char *t_st_make(const char *header, const void *data, size_t data_size,
                                size_t *size) {
    size_t length = strlen(header), i;
    unsigned char *out = (unsigned char *)malloc(8 + length + data_size + 1);
    if (!out) abort();
    for (i = 0; i < 8; i++) out[i] = (unsigned char)((uint64_t)length >> (8 * i));
    memcpy(out + 8, header, length);
    if (data_size) memcpy(out + 8 + length, data, data_size);
    *size = 8 + length + data_size;
    return out;
}

/* "accept", or the kind of the error. */
static const char *t_st_verdict(const void *data, size_t size, char *message, size_t room) {
    st_file file;
    if (st_open(&file, data, size, message, room)) {
        char *colon = strchr(message, ':');
        if (colon) *colon = 0;
        return message;
    }
    st_close(&file);
    return "accept";
}

static void t_st_vectors(void) {
    size_t size, file_size;
    char *list = test_read_file("tests/data/safetensors/expected.tsv", &size), *line, *next;
    char path[200], message[300];
    int cases = 0;
    CHECK(list != NULL);
    for (line = list; line && *line; line = next) {
        char *tab = strchr(line, '\t'), *verdict, *data;
        next = strchr(line, '\n');
        if (!tab || !next) break;
        *next++ = *tab = 0;
        verdict = strchr(tab + 1, ':') ? strchr(tab + 1, ':') + 1 : tab + 1;
        snprintf(path, sizeof(path), "tests/data/safetensors/%s", line);
        data = test_read_file(path, &file_size);
        CHECK_CASE(
            data && !strcmp(t_st_verdict(data, file_size, message, sizeof(message)), verdict),
            line);
        free(data);
        cases++;
    }
    CHECK_EQ(cases, 18);
    free(list);
}

static void t_st_headers(void) {
    static const char *const cases[][2] = {
        {"{}", "accept"},
        {" {\"__metadata__\":{\"format\":\"pt\"}}\n", "accept"},
        {"{\"__metadata__\":null}", "accept"},
        {"{\"__metadata__\":{\"a\":1}}", "InvalidHeaderDeserialization"},
        {"{\"__metadata__\":{},\"__metadata__\":{}}", "InvalidHeaderDeserialization"},
        {"[]", "InvalidHeaderDeserialization"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[0,5],\"data_offsets\":[0,0],\"x\":[{}]}}",
         "accept"},
        {"{\"a\":{\"dtype\":\"f32\",\"shape\":[0],\"data_offsets\":[0,0]}}",
         "InvalidHeaderDeserialization"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[0,0],\"dtype\":\"F32\"}}",
         "InvalidHeaderDeserialization"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[-1],\"data_offsets\":[0,0]}}",
         "InvalidHeaderDeserialization"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1.0],\"data_offsets\":[0,0]}}",
         "InvalidHeaderDeserialization"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[0]}}",
         "InvalidHeaderDeserialization"},
        {"{\"a\":{\"shape\":[0],\"data_offsets\":[0,0]}}", "InvalidHeaderDeserialization"},
        {"{\"a\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]},"
         "\"\\u0061\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}}",
         "InvalidHeaderDeserialization"},
        {"{\"a\":{\"dtype\":\"F4\",\"shape\":[3],\"data_offsets\":[0,1]}}", "MisalignedSlice"},
        {"{\"a\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[4,4]}}", "InvalidOffset"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[0,4]}}",
         "MetadataIncompleteBuffer"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[4294967296,4294967296],\"data_offsets\":[0,4]}}",
         "ValidationOverflow"},
    };
    char message[300];
    size_t i, size;
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        unsigned char *data = t_st_make(cases[i][0], NULL, 0, &size);
        CHECK_CASE(!strcmp(t_st_verdict(data, size, message, sizeof(message)), cases[i][1]),
                   cases[i][0]);
        free(data);
    }
}

static void t_st_types(void) {
    static const char header[] =
        "{\"d\":{\"dtype\":\"F64\",\"shape\":[2],\"data_offsets\":[0,16]},"
        "\"f\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[16,20]},"
        "\"h\":{\"dtype\":\"F16\",\"shape\":[2,4],\"data_offsets\":[20,36]},"
        "\"b\":{\"dtype\":\"BF16\",\"shape\":[2],\"data_offsets\":[36,40]},"
        "\"i\":{\"dtype\":\"I64\",\"shape\":[1],\"data_offsets\":[40,48]}}";
    static const unsigned char data[48] = {
        0, 0,    0,    0,    0,    0,    0xF8, 0x3F, 0, 0, 0,    0, 0,    0,    0xF0, 0x7F,
        0, 0,    0x20, 0xC0, 0,    0x3C, 0,    0xC0, 1, 0, 0xFF, 3, 0xFF, 0x7B, 0,    0xFC,
        0, 0x80, 0x55, 0x35, 0x80, 0x3F, 0x49, 0xC0, 1, 0, 0,    0, 0,    0,    0,    0};
    size_t size;
    unsigned char *bytes = t_st_make(header, data, sizeof(data), &size);
    char message[300], shape[40];
    float out[8];
    st_file file;
    if (st_open(&file, bytes, size, message, sizeof(message))) {
        CHECK_CASE(0, message);
        free(bytes);
        return;
    }
    CHECK_EQ(file.count, 5);
    CHECK(!st_find(&file, "c") && !st_find(&file, ""));
    CHECK(!st_read(st_find(&file, "d"), out) && out[0] == 1.5f && out[1] > 3.4e38f);
    CHECK(!st_read(st_find(&file, "f"), out) && out[0] == -2.5f);
    CHECK(!st_read(st_find(&file, "h"), out));
    CHECK(out[0] == 1 && out[1] == -2 && out[2] == 5.9604644775390625e-8f);
    CHECK(out[3] == 6.097555160522461e-05f && out[4] == 65504 && out[5] < -3.4e38f);
    CHECK(out[6] == 0 && out[7] == 0.333251953125f);
    CHECK(!st_read(st_find(&file, "b"), out) && out[0] == 1 && out[1] == -3.140625f);
    CHECK(!st_readable(st_find(&file, "i")) && st_read(st_find(&file, "i"), out));
    CHECK(!strcmp(st_shape_text(st_find(&file, "h"), shape, sizeof(shape)), "[2, 4]"));
    CHECK(!strcmp(st_shape_text(st_find(&file, "h"), shape, 32), "[2, ...]"));
    st_close(&file);
    free(bytes);
}

static void t_st_shards(void) {
    static const char good[] = "{\"metadata\":{},\"weight_map\":{\"b\":\"m-2.safetensors\","
                               "\"a\":\"m-1.safetensors\",\"c\":\"m-2.safetensors\"}}";
    static const char *const bad[] = {
        "{}",
        "{\"weight_map\":[]}",
        "{\"weight_map\":{}}",
        "{\"weight_map\":{\"a\":1}}",
        "{\"weight_map\":{\"a\":\"\"}}",
        "{\"weight_map\":{\"a\":\"..\"}}",
        "{\"weight_map\":{\"a\":\"../x.safetensors\"}}",
        "{\"weight_map\":{\"a\":\"/etc/passwd\"}}",
        "{\"weight_map\":{\"a\":\"b\\\\x\"}}",
        "{\"weight_map\":{\"a\":\"x\\u0000y\"}}",
    };
    json_arena arena = {NULL};
    const char *const *names;
    char message[300];
    size_t count, i;
    CHECK(!st_index(good, sizeof(good) - 1, &arena, &names, &count, message, sizeof(message)));
    CHECK_EQ(count, 2);
    if (count == 2)
        CHECK(!strcmp(names[0], "m-1.safetensors") && !strcmp(names[1], "m-2.safetensors"));
    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        CHECK_CASE(st_index(bad[i], strlen(bad[i]), &arena, &names, &count, message,
                            sizeof(message)) &&
                       message[0],
                   bad[i]);
    json_arena_free(&arena);
}

static void test_safetensors(void) {
    t_st_vectors();
    t_st_headers();
    t_st_types();
    t_st_shards();
}

#endif
