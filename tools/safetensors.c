/* safetensors.c - reader of safetensors files; see safetensors.h. */
#include "safetensors.h"
#include "tool.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ST_MAX_HEADER 100000000u

typedef struct st_type {
    const char *name;
    unsigned bits;
} st_type;

static const st_type st__types[] = {
    {"BOOL", 8}, {"F4", 4},      {"F6_E2M3", 6},     {"F6_E3M2", 6}, {"U8", 8},
    {"I8", 8},   {"F8_E5M2", 8}, {"F8_E4M3", 8},     {"F8_E8M0", 8}, {"F8_E4M3FNUZ", 8},
    {"I16", 16}, {"U16", 16},    {"F8_E5M2FNUZ", 8}, {"F16", 16},    {"BF16", 16},
    {"I32", 32}, {"U32", 32},    {"F32", 32},        {"C64", 64},    {"F64", 64},
    {"I64", 64}, {"U64", 64},
};

/* Where a message goes while a file is read. */
typedef struct st_errors {
    char *message;
    size_t size;
} st_errors;

#if defined(__GNUC__)
__attribute__((format(printf, 2, 3)))
#endif
static int
st__fail(const st_errors *errors, const char *format, ...) {
    va_list list;
    va_start(list, format);
    if (errors->size) vsnprintf(errors->message, errors->size, format, list);
    va_end(list);
    return -1;
}

static const char *st__name(const st_tensor *tensor, char *out, size_t size) {
    return json_show(tensor->name, tensor->name_length, out, size);
}

/* --------------------------------------------------------------------------- header */

/* A field of a tensor's entry; a field that stands twice is an error, as in the reference. */
static int st__field(const st_file *file, const json_node *entry, const char *field,
                     const st_tensor *tensor, const json_node **out, const st_errors *errors) {
    const json_node *key;
    char name[100];
    *out = NULL;
    for (key = json_first(&file->header, entry); key; key = json_next(&file->header, key)) {
        if (!json_is(key, field)) continue;
        if (*out)
            return st__fail(errors,
                            "InvalidHeaderDeserialization: tensor \"%s\" has \"%s\" twice",
                            st__name(tensor, name, sizeof(name)), field);
        *out = json_value(key);
    }
    if (!*out)
        return st__fail(errors, "InvalidHeaderDeserialization: tensor \"%s\" has no \"%s\"",
                        st__name(tensor, name, sizeof(name)), field);
    return 0;
}

static int st__dtype(st_tensor *tensor, const json_node *node, const st_errors *errors) {
    char name[100], text[40];
    size_t i;
    for (i = 0; i < sizeof(st__types) / sizeof(st__types[0]); i++) {
        if (json_is(node, st__types[i].name)) {
            tensor->dtype = st__types[i].name;
            tensor->bits = st__types[i].bits;
            return 0;
        }
    }
    if (node->type != JSON_STRING)
        return st__fail(errors, "InvalidHeaderDeserialization: dtype of tensor \"%s\" is %s",
                        st__name(tensor, name, sizeof(name)), json_kind(node));
    return st__fail(errors,
                    "InvalidHeaderDeserialization: tensor \"%s\" has the unknown dtype "
                    "\"%s\"",
                    st__name(tensor, name, sizeof(name)),
                    json_show(node->text, node->length, text, sizeof(text)));
}

/* An array of non-negative integers into *out [*count]. */
static int st__integers(st_file *file, const st_tensor *tensor, const json_node *node,
                        const char *what, const uint64_t **out, size_t *count,
                        const st_errors *errors) {
    const json_node *item;
    uint64_t *values;
    char name[100];
    size_t n = 0;
    if (node->type != JSON_ARRAY)
        return st__fail(errors,
                        "InvalidHeaderDeserialization: %s of tensor \"%s\" is %s, not an "
                        "array",
                        what, st__name(tensor, name, sizeof(name)), json_kind(node));
    values = (uint64_t *)json_alloc(&file->arena, node->count * sizeof(*values));
    if (!values) return st__fail(errors, "out of memory");
    for (item = json_first(&file->header, node); item; item = json_next(&file->header, item))
        if (!json_unsigned(item, &values[n++]))
            return st__fail(errors,
                            "InvalidHeaderDeserialization: %s of tensor \"%s\" holds "
                            "something else than integers from 0 to 2^64 - 1",
                            what, st__name(tensor, name, sizeof(name)));
    *out = values;
    *count = n;
    return 0;
}

static int st__entry(st_file *file, const json_node *key, st_tensor *tensor,
                     const st_errors *errors) {
    const json_node *entry = json_value(key), *dtype, *shape, *offsets;
    const uint64_t *range;
    char name[100];
    size_t count;
    tensor->name = key->text;
    tensor->name_length = key->length;
    if (entry->type != JSON_OBJECT)
        return st__fail(errors,
                        "InvalidHeaderDeserialization: entry of tensor \"%s\" is %s, not "
                        "an object",
                        st__name(tensor, name, sizeof(name)), json_kind(entry));
    if (st__field(file, entry, "dtype", tensor, &dtype, errors) ||
        st__field(file, entry, "shape", tensor, &shape, errors) ||
        st__field(file, entry, "data_offsets", tensor, &offsets, errors) ||
        st__dtype(tensor, dtype, errors) ||
        st__integers(file, tensor, shape, "shape", &tensor->shape, &tensor->rank, errors) ||
        st__integers(file, tensor, offsets, "data_offsets", &range, &count, errors))
        return -1;
    if (count != 2)
        return st__fail(errors,
                        "InvalidHeaderDeserialization: data_offsets of tensor \"%s\" are "
                        "%zu numbers, not 2",
                        st__name(tensor, name, sizeof(name)), count);
    tensor->begin = range[0];
    tensor->end = range[1];
    return 0;
}

static int st__metadata(const st_file *file, const json_node *node, const st_errors *errors) {
    const json_node *key;
    if (node->type == JSON_NULL) return 0;
    if (node->type != JSON_OBJECT)
        return st__fail(errors,
                        "InvalidHeaderDeserialization: __metadata__ is %s, not an object",
                        json_kind(node));
    for (key = json_first(&file->header, node); key; key = json_next(&file->header, key))
        if (json_value(key)->type != JSON_STRING)
            return st__fail(errors,
                            "InvalidHeaderDeserialization: __metadata__ holds %s, only "
                            "strings are allowed",
                            json_kind(json_value(key)));
    return 0;
}

static int st__by_name(const void *a, const void *b) {
    const st_tensor *x = (const st_tensor *)a, *y = (const st_tensor *)b;
    return tool_order(x->name, x->name_length, y->name, y->name_length);
}

static int st__by_offset(const void *a, const void *b) {
    const st_tensor *x = (const st_tensor *)a, *y = (const st_tensor *)b;
    if (x->begin != y->begin) return x->begin < y->begin ? -1 : 1;
    if (x->end != y->end) return x->end < y->end ? -1 : 1;
    return st__by_name(a, b);
}

/* The header's entries into file->tensors, sorted by name. */
static int st__entries(st_file *file, const st_errors *errors) {
    const json_node *root = json_root(&file->header), *key;
    int metadata = 0;
    char name[100];
    size_t i;
    if (root->type != JSON_OBJECT)
        return st__fail(errors, "InvalidHeaderDeserialization: the header is %s, not an object",
                        json_kind(root));
    file->tensors = (st_tensor *)calloc((size_t)root->count + 1, sizeof(*file->tensors));
    if (!file->tensors) return st__fail(errors, "out of memory");
    for (key = json_first(&file->header, root); key; key = json_next(&file->header, key)) {
        if (!json_is(key, "__metadata__")) {
            if (st__entry(file, key, &file->tensors[file->count++], errors)) return -1;
        } else if (metadata++) {
            return st__fail(errors, "InvalidHeaderDeserialization: __metadata__ stands twice");
        } else if (st__metadata(file, json_value(key), errors)) {
            return -1;
        }
    }
    qsort(file->tensors, file->count, sizeof(*file->tensors), st__by_name);
    for (i = 1; i < file->count; i++)
        if (!st__by_name(&file->tensors[i - 1], &file->tensors[i]))
            return st__fail(errors, "InvalidHeaderDeserialization: tensor \"%s\" stands twice",
                            st__name(&file->tensors[i], name, sizeof(name)));
    return 0;
}

/* Checks 6 to 9 of one tensor, which must begin at `place`. */
static int st__check(st_tensor *tensor, uint64_t place, const st_errors *errors) {
    char name[100];
    uint64_t bits;
    size_t i;
    st__name(tensor, name, sizeof(name));
    if (tensor->begin != place || tensor->end < tensor->begin)
        return st__fail(errors,
                        "InvalidOffset: tensor \"%s\" lies at [%llu, %llu), expected "
                        "begin %llu and no smaller end",
                        name, (unsigned long long)tensor->begin,
                        (unsigned long long)tensor->end, (unsigned long long)place);
    tensor->elements = 1;
    for (i = 0; i < tensor->rank; i++) {
        if (tensor->shape[i] && tensor->elements > UINT64_MAX / tensor->shape[i])
            return st__fail(errors,
                            "ValidationOverflow: the shape of tensor \"%s\" is larger "
                            "than any file",
                            name);
        tensor->elements *= tensor->shape[i];
    }
    if (tensor->elements > UINT64_MAX / tensor->bits)
        return st__fail(errors, "ValidationOverflow: tensor \"%s\" is larger than any file",
                        name);
    bits = tensor->elements * tensor->bits;
    if (bits % 8)
        return st__fail(errors, "MisalignedSlice: tensor \"%s\" does not end with a whole byte",
                        name);
    if (tensor->end - tensor->begin != bits / 8)
        return st__fail(errors,
                        "TensorInvalidInfo: tensor \"%s\" has %llu bytes of data, its "
                        "shape and dtype need %llu",
                        name, (unsigned long long)(tensor->end - tensor->begin),
                        (unsigned long long)(bits / 8));
    return 0;
}

/* Checks 6 to 10. */
static int st__layout(st_file *file, const unsigned char *data, uint64_t size,
                      const st_errors *errors) {
    uint64_t place = 0;
    size_t i;
    qsort(file->tensors, file->count, sizeof(*file->tensors), st__by_offset);
    for (i = 0; i < file->count; i++) {
        if (st__check(&file->tensors[i], place, errors)) return -1;
        place = file->tensors[i].end;
    }
    if (place != size)
        return st__fail(errors,
                        "MetadataIncompleteBuffer: the tensors need %llu bytes of data, "
                        "the file has %llu",
                        (unsigned long long)place, (unsigned long long)size);
    for (i = 0; i < file->count; i++) file->tensors[i].data = data + file->tensors[i].begin;
    qsort(file->tensors, file->count, sizeof(*file->tensors), st__by_name);
    return 0;
}

/* Checks 1 to 5 up to the JSON text. */
static int st__header(st_file *file, const unsigned char *bytes, size_t size, size_t *length,
                      const st_errors *errors) {
    char why[200];
    uint64_t n = 0;
    size_t bad;
    int i;
    if (size < 8)
        return st__fail(errors, "HeaderTooSmall: %zu bytes, a safetensors file has at least 8",
                        size);
    for (i = 7; i >= 0; i--) n = n << 8 | bytes[i];
    if (n > ST_MAX_HEADER)
        return st__fail(errors, "HeaderTooLarge: header of %llu bytes, the limit is %u",
                        (unsigned long long)n, ST_MAX_HEADER);
    if (n > size - 8)
        return st__fail(errors, "InvalidHeaderLength: header of %llu bytes in a file of %zu",
                        (unsigned long long)n, size);
    *length = (size_t)n;
    if (!json_utf8((const char *)bytes + 8, *length, &bad))
        return st__fail(errors, "InvalidHeader: byte %zu is not UTF-8", bad + 8);
    if (json_parse(&file->header, bytes + 8, *length, why, sizeof(why)))
        return st__fail(errors, "InvalidHeaderDeserialization: header, %s", why);
    return 0;
}

int st_open(st_file *out, const void *data, size_t size, char *message, size_t message_size) {
    const unsigned char *bytes = (const unsigned char *)data;
    st_errors errors;
    size_t length = 0;
    errors.message = message;
    errors.size = message_size;
    memset(out, 0, sizeof(*out));
    if (st__header(out, bytes, size, &length, &errors) || st__entries(out, &errors) ||
        st__layout(out, bytes + 8 + length, size - 8 - length, &errors)) {
        st_close(out);
        return -1;
    }
    return 0;
}

void st_close(st_file *file) {
    json_free(&file->header);
    json_arena_free(&file->arena);
    free(file->tensors);
    memset(file, 0, sizeof(*file));
}

/* -------------------------------------------------------------------------- tensors */

const st_tensor *st_find(const st_file *file, const char *name) {
    size_t low = 0, high = file->count, length = strlen(name);
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const st_tensor *tensor = &file->tensors[middle];
        int order = tool_order(tensor->name, tensor->name_length, name, length);
        if (!order) return tensor;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

int st_readable(const st_tensor *tensor) {
    return !strcmp(tensor->dtype, "F32") || !strcmp(tensor->dtype, "F16") ||
           !strcmp(tensor->dtype, "BF16") || !strcmp(tensor->dtype, "F64");
}

static float st__float(uint32_t bits) {
    float value;
    memcpy(&value, &bits, sizeof(value));
    return value;
}

static uint32_t st__u32(const unsigned char *s) {
    return s[0] | (uint32_t)s[1] << 8 | (uint32_t)s[2] << 16 | (uint32_t)s[3] << 24;
}

static float st__f16(const unsigned char *s) {
    uint32_t half = s[0] | (uint32_t)s[1] << 8;
    uint32_t sign = (half & 0x8000) << 16, exponent = half >> 10 & 31, fraction = half & 0x3FF;
    if (exponent == 31) /* infinity, NaN */
        return st__float(sign | 0x7F800000 | fraction << 13);
    if (exponent == 0) { /* zero, subnormal: fraction * 2^-24, exact */
        float value = (float)fraction * st__float((127 - 24) << 23);
        return sign ? -value : value;
    }
    return st__float(sign | (exponent + 112) << 23 | fraction << 13);
}

static float st__f64(const unsigned char *s) {
    uint64_t bits = st__u32(s) | (uint64_t)st__u32(s + 4) << 32;
    double value, size;
    memcpy(&value, &bits, sizeof(value));
    size = value < 0 ? -value : value;
    /* Beyond f32 the conversion is undefined in C: infinity, as everywhere. The bound is the
     * largest f32 and half a unit of its last place. */
    if (size >= 3.4028235677973366e38) return st__float(value < 0 ? 0xFF800000 : 0x7F800000);
    return (float)value;
}

int st_read(const st_tensor *tensor, float *out) {
    const unsigned char *data = tensor->data;
    size_t i, n = (size_t)tensor->elements;
    if (!strcmp(tensor->dtype, "F32"))
        for (i = 0; i < n; i++) out[i] = st__float(st__u32(data + 4 * i));
    else if (!strcmp(tensor->dtype, "BF16"))
        for (i = 0; i < n; i++)
            out[i] = st__float((uint32_t)data[2 * i] << 16 | (uint32_t)data[2 * i + 1] << 24);
    else if (!strcmp(tensor->dtype, "F16"))
        for (i = 0; i < n; i++) out[i] = st__f16(data + 2 * i);
    else if (!strcmp(tensor->dtype, "F64"))
        for (i = 0; i < n; i++) out[i] = st__f64(data + 8 * i);
    else
        return -1;
    return 0;
}

const char *st_shape_text(const st_tensor *tensor, char *out, size_t out_size) {
    size_t i, at = 1;
    snprintf(out, out_size, "[");
    for (i = 0; i < tensor->rank && at + 30 < out_size; i++)
        at += (size_t)snprintf(out + at, out_size - at, "%s%llu", i ? ", " : "",
                               (unsigned long long)tensor->shape[i]);
    if (i < tensor->rank) at += (size_t)snprintf(out + at, out_size - at, ", ...");
    snprintf(out + at, out_size - at, "]");
    return out;
}

/* --------------------------------------------------------------------------- shards */

static int st__text_order(const void *a, const void *b) {
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* A file name of the index, copied; null after a message. */
static const char *st__shard(const json_node *node, json_arena *arena,
                             const st_errors *errors) {
    char shown[100];
    const char *name;
    uint32_t i;
    if (node->type != JSON_STRING) {
        st__fail(errors, "weight_map holds %s where a file name is expected", json_kind(node));
        return NULL;
    }
    json_show(node->text, node->length, shown, sizeof(shown));
    for (i = 0; i < node->length; i++)
        if (node->text[i] == '/' || node->text[i] == '\\' || node->text[i] == ':' ||
            (unsigned char)node->text[i] < 0x20)
            break;
    if (i < node->length || !node->length || json_is(node, ".") || json_is(node, "..")) {
        st__fail(errors,
                 "weight_map names the file \"%s\"; only files of the same folder are read",
                 shown);
        return NULL;
    }
    name = json_copy(arena, node->text, node->length);
    if (!name) st__fail(errors, "out of memory");
    return name;
}

static int st__index(const json_doc *doc, json_arena *arena, const char *const **names,
                     size_t *count, const st_errors *errors) {
    const json_node *map = json_get(doc, json_root(doc), "weight_map"), *key;
    const char **list;
    size_t n = 0, i, kept = 0;
    if (!map || map->type != JSON_OBJECT)
        return st__fail(errors, "weight_map is %s, not an object", json_kind(map));
    if (!map->count) return st__fail(errors, "weight_map is empty");
    list = (const char **)json_alloc(arena, map->count * sizeof(*list));
    if (!list) return st__fail(errors, "out of memory");
    for (key = json_first(doc, map); key; key = json_next(doc, key)) {
        list[n] = st__shard(json_value(key), arena, errors);
        if (!list[n++]) return -1;
    }
    qsort(list, n, sizeof(*list), st__text_order);
    for (i = 0; i < n; i++)
        if (!kept || strcmp(list[kept - 1], list[i])) list[kept++] = list[i];
    *names = list;
    *count = kept;
    return 0;
}

int st_index(const void *text, size_t size, json_arena *arena, const char *const **names,
             size_t *count, char *message, size_t message_size) {
    st_errors errors;
    json_doc doc;
    int status;
    errors.message = message;
    errors.size = message_size;
    *names = NULL;
    *count = 0;
    if (json_parse(&doc, text, size, message, message_size)) return -1;
    status = st__index(&doc, arena, names, count, &errors);
    json_free(&doc);
    return status;
}
