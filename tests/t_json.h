/* t_json.h - the JSON parser: JSONTestSuite, strings, numbers, limits, order. */
#ifndef T_JSON_H
#define T_JSON_H

#include "test.h"

#include "../tools/json.h"

static int t_json_accepts(const char *text, size_t size) {
    json_doc doc;
    char message[200];
    if (json_parse(&doc, text, size, message, sizeof(message))) return 0;
    json_free(&doc);
    return 1;
}

/* Each case in a block of its own size, so that a sanitizer sees a read beyond its end. */
static void t_json_case(const char *name, const char *text, size_t size) {
    char *copy = (char *)malloc(size ? size : 1);
    int accepted;
    if (!copy) return;
    memcpy(copy, text, size);
    accepted = t_json_accepts(copy, size);
    free(copy);
    if (name[0] != 'i') CHECK_CASE(accepted == (name[0] == 'y'), name);
}

static void t_json_suite(void) {
    size_t size, at = 0;
    int cases = 0;
    char *data = test_read_file("tests/data/json/cases.bin", &size);
    CHECK(data != NULL);
    while (data && at < size) {
        char *space = strchr(data + at, ' '), *end = strchr(data + at, '\n');
        size_t length;
        if (!space || !end) break;
        *space = 0;
        length = (size_t)strtoul(space + 1, NULL, 10);
        t_json_case(data + at, end + 1, length);
        at = (size_t)(end - data) + length + 2;
        cases++;
    }
    CHECK_EQ(cases, 316);
    free(data);
}

static void t_json_depth(void) {
    char text[1000];
    char *deep = (char *)malloc(250000);
    size_t i;
    memset(text, '[', 500);
    memset(text + JSON_DEPTH, ']', JSON_DEPTH);
    CHECK(t_json_accepts(text, 2 * JSON_DEPTH));
    memset(text, '[', JSON_DEPTH + 1);
    memset(text + JSON_DEPTH + 1, ']', JSON_DEPTH + 1);
    CHECK(!t_json_accepts(text, 2 * JSON_DEPTH + 2));
    if (!deep) return;
    memset(deep, '[', 250000);
    CHECK(!t_json_accepts(deep, 100000));
    for (i = 0; i + 5 <= 250000; i += 5) memcpy(deep + i, "[{\"\":", 5);
    CHECK(!t_json_accepts(deep, 250000));
    free(deep);
}

static void t_json_strings(void) {
    static const char text[] =
        "{\"a\\u0000b\": \"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\uD83d\\uDE00\", "
        "\"k\": 1, \"k\": [], \"x\\n\": {\"k\": null}}";
    json_doc doc;
    char message[200], shown[8];
    const json_node *key, *value;
    if (json_parse(&doc, text, sizeof(text) - 1, message, sizeof(message))) {
        CHECK_CASE(0, message);
        return;
    }
    CHECK_EQ(json_root(&doc)->count, 4);
    key = json_first(&doc, json_root(&doc));
    CHECK(key->length == 3 && !memcmp(key->text, "a\0b", 3));
    CHECK(json_is(json_value(key), "\"\\/\b\f\n\r\t\xC3\xA9\xF0\x9F\x98\x80"));
    key = json_next(&doc, key);
    CHECK(json_is(key, "k"));
    CHECK(json_value(key)->type == JSON_NUMBER);
    value = json_get(&doc, json_root(&doc), "k");
    CHECK(value && value->type == JSON_ARRAY && !json_first(&doc, value));
    CHECK(!json_get(&doc, json_root(&doc), "a"));
    value = json_get(&doc, json_get(&doc, json_root(&doc), "x\n"), "k");
    CHECK(value && !json_given(value));
    CHECK(!strcmp(json_show("a\n\xC3\xA9\xC3\xA9\xC3\xA9", 8, shown, sizeof(shown)),
                  "a?\xC3\xA9\xC3\xA9"));
    json_free(&doc);
}

static double t_json_double(const char *text) {
    json_doc doc;
    char message[200];
    double value = -12345;
    if (json_parse(&doc, text, strlen(text), message, sizeof(message))) return value;
    json_number(json_root(&doc), &value);
    json_free(&doc);
    return value;
}

static int t_json_int(const char *text, int64_t *out) {
    json_doc doc;
    char message[200];
    int ok;
    if (json_parse(&doc, text, strlen(text), message, sizeof(message))) return 0;
    ok = json_integer(json_root(&doc), out);
    json_free(&doc);
    return ok;
}

/* Bytes that are not UTF-8: only in strings, and only where they are asked for. */
static void t_json_any(void) {
    static const char text[] = "[\"a\xFF\\u00e9\xE4\xB8\"]", wrong[] = "[\xFF]";
    json_doc doc;
    char message[100];
    CHECK(json_parse(&doc, text, sizeof(text) - 1, message, sizeof(message)));
    {
        static const char *const leads[] = {
            "\x80\x80",     "\xC0\x80",     "\xC1\xBF",         "\xF5\x80\x80\x80",
            "\xE0\x9F\xBF", "\xED\xA0\x80", "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80"};
        size_t bad, i;
        for (i = 0; i < sizeof(leads) / sizeof(leads[0]); i++)
            CHECK_CASE(!json_utf8(leads[i], strlen(leads[i]), &bad) && bad == 0, leads[i]);
    }
    CHECK(json_parse_any(&doc, wrong, sizeof(wrong) - 1, message, sizeof(message)));
    if (json_parse_any(&doc, text, sizeof(text) - 1, message, sizeof(message))) {
        CHECK_CASE(0, message);
        return;
    }
    CHECK(json_is(json_first(&doc, json_root(&doc)), "a\xFF\xC3\xA9\xE4\xB8"));
    json_free(&doc);
}

static void t_json_numbers(void) {
    int64_t value = 0;
    CHECK(t_json_double("1e-12") == 1e-12);
    CHECK(t_json_double("-0.5") == -0.5);
    CHECK(t_json_double("12345.678e2") == 1234567.8);
    CHECK(t_json_double("1e30") > 0.999999e30 && t_json_double("1e30") < 1.000001e30);
    CHECK(t_json_double("1000000000000000019884624838656") == 1e30);
    CHECK(t_json_double("1e99999999999") > 1e308);
    CHECK(t_json_double("1e-99999999999") == 0);
    CHECK(t_json_double("0e99999999999") == 0);
    CHECK(t_json_double("0.00000000000000000000000000000000000000001e41") == 1);
    CHECK(t_json_int("9223372036854775807", &value) && value == INT64_MAX);
    CHECK(t_json_int("-42", &value) && value == -42);
    CHECK(!t_json_int("9223372036854775808", &value));
    CHECK(!t_json_int("18446744073709551616", &value));
    CHECK(!t_json_int("1.0", &value));
    CHECK(!t_json_int("1e2", &value));
}

static void t_json_messages(void) {
    json_doc doc;
    char message[200];
    CHECK(
        json_parse(&doc, "{\n \"a\": 1,\n \"\xC3\xA9\": tru }", 24, message, sizeof(message)));
    CHECK(!strcmp(message, "line 3, column 7 (byte 18): expected a value"));
    CHECK(json_parse(&doc, "", 0, message, sizeof(message)));
    CHECK(json_parse(&doc, "\xEF\xBB\xBF{}", 5, message, sizeof(message)));
    CHECK(json_parse(&doc, "\"\\ud800\"", 8, message, sizeof(message)));
    CHECK(strstr(message, "surrogate") != NULL);
    CHECK(json_parse(&doc, "\"ab\"", 3, message, sizeof(message)));
    CHECK(!strcmp(message, "line 1, column 4 (byte 3): the text ends inside a string"));
    CHECK(json_parse(&doc, "{a\": 1}", 7, message, sizeof(message)));
    CHECK(!strcmp(message, "line 1, column 2 (byte 1): expected a key in double quotes"));
}

/* A vocabulary of 100,000 keys: parsed and walked in linear time, in order. */
static void t_json_large(void) {
    enum { KEYS = 100000 };
    char *text = (char *)malloc(KEYS * 24), message[200];
    size_t size = 0;
    json_doc doc;
    const json_node *key;
    int64_t i, value;
    if (!text) return;
    text[size++] = '{';
    for (i = 0; i < KEYS; i++)
        size += (size_t)snprintf(text + size, 24, "%s\"k%d\":%d", i ? "," : "", (int)i, (int)i);
    text[size++] = '}';
    if (json_parse(&doc, text, size, message, sizeof(message))) {
        CHECK_CASE(0, message);
    } else {
        for (i = 0, key = json_first(&doc, json_root(&doc)); key;
             key = json_next(&doc, key), i++)
            if (!json_integer(json_value(key), &value) || value != i) break;
        CHECK_EQ(i, KEYS);
        json_free(&doc);
    }
    free(text);
}

static void test_json(void) {
    t_json_suite();
    t_json_depth();
    t_json_strings();
    t_json_any();
    t_json_numbers();
    t_json_messages();
    t_json_large();
}

#endif
