/* hf_weights.c - finds and checks the tensors of a checkpoint; see hf.h. */
#include "hf.h"

#include <stdlib.h>
#include <string.h>

static const st_tensor *hf__find(const hf_weights *weights, const char *name, size_t *file) {
    const st_tensor *tensor = NULL;
    for (*file = weights->count; *file && !tensor;)
        tensor = st_find(&weights->files[--*file], name);
    return tensor; /* of two the later one, as in transformers */
}

int hf_weights_have(const hf_weights *weights, const char *name) {
    size_t file;
    return hf__find(weights, name, &file) != NULL;
}

/* The tensor under its name, or its name of old times: LayerNorm.gamma and LayerNorm.beta. */
static const st_tensor *hf__find_renamed(const hf_weights *weights, char *name, size_t *file) {
    static const char *const names[][2] = {{"LayerNorm.weight", "LayerNorm.gamma"},
                                           {"LayerNorm.bias", "LayerNorm.beta"}};
    const st_tensor *tensor = hf__find(weights, name, file);
    size_t i, length = strlen(name);
    for (i = 0; !tensor && i < 2; i++) {
        size_t tail = strlen(names[i][0]);
        char old[HF_NAME];
        if (length < tail || strcmp(name + length - tail, names[i][0])) continue;
        snprintf(old, sizeof(old), "%.*s%s", (int)(length - tail), name, names[i][1]);
        tensor = hf__find(weights, old, file);
    }
    return tensor;
}

static int hf__check_shape(const hf_weights *weights, const st_tensor *tensor, size_t file,
                           uint32_t rows, uint32_t columns, int vector, hf_error *error) {
    char name[100], shape[100], wanted[40];
    json_show(tensor->name, tensor->name_length, name, sizeof(name));
    if (!st_readable(tensor))
        return hf_fail(error, weights->names[file],
                       "tensor \"%s\" is of the type %s; F32, F16, BF16 and F64 are read", name,
                       tensor->dtype);
    if (vector ? tensor->rank == 1 && tensor->shape[0] == columns
               : tensor->rank == 2 && tensor->shape[0] == rows && tensor->shape[1] == columns)
        return 0;
    if (vector)
        snprintf(wanted, sizeof(wanted), "[%u]", (unsigned)columns);
    else
        snprintf(wanted, sizeof(wanted), "[%u, %u]", (unsigned)rows, (unsigned)columns);
    return hf_fail(error, weights->names[file],
                   "tensor \"%s\" has the shape %s, config.json asks for %s", name,
                   st_shape_text(tensor, shape, sizeof(shape)), wanted);
}

/* One source of an item: with the base model's prefix, or without (a head never has it). */
static const st_tensor *hf__source(const hf_config *config, const hf_weights *weights,
                                   const hf_tensor *row, int index, uint32_t layer,
                                   hf_error *error) {
    uint32_t rows = row->rows == HF_ONE ? 1 : config->numbers[row->rows];
    char name[HF_NAME], bare[HF_NAME];
    const st_tensor *tensor;
    size_t file;
    hf_layer_name(bare, "", row->source[index], layer);
    hf_layer_name(name, row->when == HF_IF_HEAD ? "" : config->family->prefix,
                  row->source[index], layer);
    tensor = hf__find_renamed(weights, name, &file);
    if (!tensor) tensor = hf__find_renamed(weights, bare, &file);
    if (!tensor) {
        hf_fail(error, weights->count == 1 ? weights->names[0] : NULL,
                "tensor \"%s\" is missing%s%s", name, row->when == HF_IF_HEAD ? " in " : "",
                row->when != HF_IF_HEAD   ? ""
                : config->architecture[0] ? config->architecture
                                          : "a model for token classification");
        return NULL;
    }
    if (hf__check_shape(weights, tensor, file, rows, config->numbers[row->columns],
                        row->rows == HF_ONE, error))
        return NULL;
    return tensor;
}

static int hf__item(json_arena *arena, const hf_config *config, const hf_weights *weights,
                    const hf_tensor *row, uint32_t layer, hf_item *item, hf_error *error) {
    uint32_t rows = row->rows == HF_ONE ? 1 : config->numbers[row->rows];
    char name[HF_NAME];
    memset(item, 0, sizeof(*item));
    for (; item->sources < 3 && row->source[item->sources]; item->sources++) {
        item->source[item->sources] =
            hf__source(config, weights, row, (int)item->sources, layer, error);
        if (!item->source[item->sources]) return -1;
    }
    /* Vectors laid one behind the other are one longer vector, matrices get more rows. */
    item->rows = row->rows == HF_ONE ? 1 : rows * item->sources;
    item->columns = config->numbers[row->columns] * (row->rows == HF_ONE ? item->sources : 1);
    hf_layer_name(name, "", row->name, layer);
    item->name = json_copy(arena, name, strlen(name));
    return item->name ? 0 : hf_fail(error, NULL, "out of memory");
}

int hf_weights_find(json_arena *arena, const hf_config *config, const hf_weights *weights,
                    int head, hf_item **items, size_t *count, hf_error *error) {
    const hf_tensor *first = config->family->tensors, *row;
    uint32_t layers = config->numbers[HF_LAYERS], layer;
    size_t rows = 0, room;
    *count = 0;
    for (row = first; row->name; row++) rows++;
    room = rows * layers * sizeof(**items); /* at most 4096 layers */
    *items = (hf_item *)json_alloc(arena, room);
    if (!*items) return hf_fail(error, NULL, "out of memory");
    for (row = first; row->name; row++) {
        const hf_tensor *end = row, *r;
        if (!strchr(row->name, '#')) {
            if (hf_wanted(row, config->numbers, head) &&
                hf__item(arena, config, weights, row, 0, &(*items)[(*count)++], error))
                return -1;
            continue;
        }
        while (end[1].name && strchr(end[1].name, '#')) end++;
        for (layer = 0; layer < layers; layer++)
            for (r = row; r <= end; r++)
                if (hf__item(arena, config, weights, r, layer, &(*items)[(*count)++], error))
                    return -1;
        row = end;
    }
    return 0;
}

/* Whether a model stores the tensor in its dtype; the others are f32 in every model. */
static int hf__has_dtype(const hf_item *item) {
    return item->rows > 1 && strncmp(item->name, "head.", 5) &&
           strcmp(item->name, "embeddings.type");
}

tc_dtype hf_weights_dtype(const hf_item *items, size_t count) {
    const char *dtype = NULL;
    size_t i;
    uint32_t j;
    for (i = 0; i < count; i++)
        for (j = 0; j < items[i].sources && hf__has_dtype(&items[i]); j++) {
            if (dtype && strcmp(items[i].source[j]->dtype, dtype)) return TC_F32;
            dtype = items[i].source[j]->dtype;
        }
    if (dtype && !strcmp(dtype, "F16")) return TC_F16;
    return dtype && !strcmp(dtype, "BF16") ? TC_BF16 : TC_F32;
}

/* Buffers that old versions of transformers stored with the weights. */
static int hf__is_buffer(const st_tensor *tensor) {
    static const char *const names[] = {"position_ids", "token_type_ids"};
    size_t i;
    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        size_t length = strlen(names[i]);
        if (tensor->name_length >= length &&
            !memcmp(tensor->name + tensor->name_length - length, names[i], length))
            return 1;
    }
    return 0;
}

static int hf__by_address(const void *a, const void *b) {
    const st_tensor *const *x = (const st_tensor *const *)a, *const *y =
                                                                 (const st_tensor *const *)b;
    return (uintptr_t)*x < (uintptr_t)*y ? -1 : (uintptr_t)*x > (uintptr_t)*y;
}

int hf_weights_unused(const hf_weights *weights, const hf_item *items, size_t count,
                      void (*unused)(void *user, const st_tensor *tensor), void *user) {
    const st_tensor **used;
    size_t i, j, n = 0;
    used = (const st_tensor **)malloc((3 * count + 1) * sizeof(*used));
    if (!used) return -1;
    for (i = 0; i < count; i++)
        for (j = 0; j < items[i].sources; j++) used[n++] = items[i].source[j];
    qsort((void *)used, n, sizeof(*used), hf__by_address);
    for (i = 0; i < weights->count; i++) {
        for (j = 0; j < weights->files[i].count; j++) {
            const st_tensor *tensor = &weights->files[i].tensors[j];
            if (!hf__is_buffer(tensor) && !bsearch((const void *)&tensor, (const void *)used, n,
                                                   sizeof(*used), hf__by_address))
                unused(user, tensor);
        }
    }
    free((void *)used);
    return 0;
}

void hf_item_read(const hf_item *item, float *out) {
    uint32_t i;
    for (i = 0; i < item->sources; i++) {
        st_read(item->source[i], out); /* the type was checked by hf_weights_find */
        out += item->source[i]->elements;
    }
}
