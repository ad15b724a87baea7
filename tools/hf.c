/* hf.c - a HuggingFace checkpoint folder: which files there are and what they mean together;
 * see hf.h. */
#if !defined(_POSIX_C_SOURCE) && !defined(__APPLE__)
#define _POSIX_C_SOURCE 200809L /* lstat */
#endif
#include "hf.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* An open file of the folder. */
typedef struct hf_map {
    struct hf_map *next;
    const char *path;
    tool_file file;
} hf_map;

typedef struct hf_opener {
    hf_folder *out;
    const char *path; /* of the folder; null: names are paths */
    const hf_options *options;
    hf_error *error;
    int head; /* the model gets its classifier */
} hf_opener;

static const char *hf__path(hf_opener *o, const char *name) {
    size_t path = o->path ? strlen(o->path) : 0, length = path + strlen(name) + 2;
    char *full = (char *)json_alloc(&o->out->arena, length);
    if (full && !path)
        snprintf(full, length, "%s", name);
    else if (full)
        snprintf(full, length, "%s%s%s", o->path, o->path[path - 1] == '/' ? "" : "/", name);
    else
        hf_fail(o->error, NULL, "out of memory");
    return full;
}

int hf_report(const hf_error *error, const char *folder, const char *whole) {
    size_t length = strlen(folder);
    char path[4400], where[TOOL_PLACE];
    if (!error->file) return tool_fail(whole, "%s", error->message);
    snprintf(path, sizeof(path), "%s%s%s", folder,
             !error->file[0] || (length && folder[length - 1] == '/') ? "" : "/", error->file);
    return tool_fail(tool_place(where, path, error->line), "%s", error->message);
}

/* 1 if the folder has the file, also one that cannot be opened (a link to nowhere, no
 * permission), 0 if not, -1 without memory. */
static int hf__exists(hf_opener *o, const char *name) {
    struct stat info;
    const char *full = hf__path(o, name);
    return full ? lstat(full, &info) == 0 || errno != ENOENT : -1;
}

/* Opens a file, which stays open as long as the folder. */
static int hf__map(hf_opener *o, const char *name, hf_text *out) {
    const char *full = hf__path(o, name);
    hf_map *map = full ? (hf_map *)calloc(1, sizeof(*map)) : NULL;
    char why[200];
    if (!map) return hf_fail(o->error, NULL, "out of memory");
    if (tool_file_open(full, &map->file, why, sizeof(why))) {
        free(map);
        return hf_fail(o->error, name, "%s", why);
    }
    map->path = full;
    map->next = o->out->maps;
    o->out->maps = map;
    out->name = name;
    out->text = map->file.data ? (const char *)map->file.data : "";
    out->size = map->file.size;
    return 0;
}

static int hf__map_if(hf_opener *o, hf_text *file) {
    int there = hf__exists(o, file->name);
    if (there <= 0) return there;
    return hf__map(o, file->name, file);
}

static int hf__read_tokenizer(hf_opener *o) {
    hf_tokenizer_files files;
    hf_tokenizer_names(&files);
    files.tokenizer_class = o->out->config.tokenizer_class;
    if (hf__map_if(o, &files.tokenizer) || hf__map_if(o, &files.config) ||
        hf__map_if(o, &files.special) || hf__map_if(o, &files.added))
        return -1;
    if (!files.tokenizer.text && hf__map_if(o, &files.vocab)) return -1;
    return hf_tokenizer_read(&o->out->arena, &files, &o->out->tokenizer, o->error);
}

/* Opens the files called `names`. */
static int hf__open_shards(hf_opener *o, const char *const *names, size_t count) {
    hf_folder *out = o->out;
    char why[300];
    size_t i;
    out->shards = (st_file *)calloc(count, sizeof(*out->shards));
    if (!out->shards) return hf_fail(o->error, NULL, "out of memory");
    out->weights.files = out->shards;
    out->weights.names = names;
    for (i = 0; i < count; i++) {
        hf_text file;
        if (hf__map(o, names[i], &file)) return -1;
        if (st_open(&out->shards[i], file.text, file.size, why, sizeof(why)))
            return hf_fail(o->error, names[i], "%s", why);
        out->weights.count++;
    }
    return 0;
}

/* Weights in a form that is not read. */
static int hf__other_weights(hf_opener *o) {
    static const char *const names[] = {"pytorch_model.bin",  "pytorch_model.bin.index.json",
                                        "pytorch_model.pt",   "tf_model.h5",
                                        "flax_model.msgpack", "model.ckpt.index"};
    size_t i;
    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        int there = hf__exists(o, names[i]);
        if (there < 0) return -1;
        if (there)
            return hf_fail(
                o->error, names[i],
                "%s not read; load the model with transformers and "
                "save_pretrained(FOLDER, safe_serialization=True) to get "
                "model.safetensors (or --task tokenizer to convert the tokenizer alone)",
                i < 3 ? "pickles can run code and are" : "this format is");
    }
    return 0;
}

/* Opens model.safetensors, or the files of its index; none of both is no error. */
static int hf__find_weights(hf_opener *o) {
    static const char *const single[] = {"model.safetensors"};
    static const char index[] = "model.safetensors.index.json";
    const char *const *names;
    char why[300];
    size_t count;
    hf_text file;
    int there = hf__exists(o, single[0]);
    if (there < 0) return -1;
    if (there) return hf__open_shards(o, single, 1);
    there = hf__exists(o, index);
    if (there < 0) return -1;
    if (!there) return hf__other_weights(o);
    if (hf__map(o, index, &file)) return -1;
    if (st_index(file.text, file.size, &o->out->arena, &names, &count, why, sizeof(why)))
        return hf_fail(o->error, index, "%s", why);
    return hf__open_shards(o, names, count);
}

/* Whether the model gets a head for token classification. */
static void hf__choose_head(hf_opener *o) {
    static const char tail[] = "ForTokenClassification";
    const char *name = o->out->config.architecture;
    size_t length = strlen(name);
    if (o->options->task != HF_TASK_AUTO)
        o->head = o->options->task == HF_TASK_TOKEN_CLASSIFICATION;
    else if (length)
        o->head =
            length >= sizeof(tail) - 1 && !strcmp(name + length - (sizeof(tail) - 1), tail);
    else
        o->head = hf_weights_have(&o->out->weights, "classifier.weight");
}

static int hf__limit(hf_opener *o) {
    hf_folder *f = o->out;
    uint32_t positions = f->config.family ? f->config.numbers[HF_POSITIONS] : 0;
    uint32_t limit = f->tokenizer.max_length, special = 0, i;
    const tc_tokenizer_desc *t = &f->tokenizer.desc;
    if (o->options->max_length) {
        limit = o->options->max_length;
        if (positions && limit > positions)
            return hf_fail(o->error, NULL,
                           "--max-length %u is more than the model's %u positions",
                           (unsigned)limit, (unsigned)positions);
    }
    if (positions && (!limit || limit > positions)) limit = positions;
    for (i = 0; i < t->single_count; i++) special += t->single[i].id >= 0;
    if (limit && limit <= special)
        return hf_fail(o->error, NULL,
                       "a limit of %u tokens has no room beside the %u special ones",
                       (unsigned)limit, (unsigned)special);
    f->desc.max_length = limit;
    return 0;
}

static int hf__describe(hf_opener *o) {
    hf_folder *f = o->out;
    const uint32_t *n = f->config.numbers;
    tc_model_desc *desc = &f->desc;
    desc->model_type = f->config.family->model_type;
    desc->task = o->head ? "token-classification" : "feature-extraction";
    desc->hidden_act = f->config.hidden_act;
    desc->num_hidden_layers = n[HF_LAYERS];
    desc->hidden_size = n[HF_HIDDEN];
    desc->intermediate_size = n[HF_INTERMEDIATE];
    desc->num_attention_heads = n[HF_HEADS];
    desc->vocab_size = n[HF_VOCAB];
    desc->embedding_size = n[HF_EMBEDDING];
    desc->max_position_embeddings = n[HF_POSITIONS];
    desc->type_vocab_size = n[HF_TYPES];
    desc->layer_norm_eps = f->config.eps;
    desc->hidden_dropout = f->config.dropout;
    desc->attention_dropout = f->config.attention_dropout;
    desc->classifier_dropout = f->config.classifier_dropout;
    desc->initializer_range = f->config.initializer_range;
    desc->pad_token_id = f->config.pad_token_id;
    desc->fixed_positions = f->config.fixed_positions;
    if (!o->head) return 0;
    if (!n[HF_LABELS])
        return hf_fail(o->error, "config.json",
                       "token classification with no labels in id2label");
    desc->labels = f->config.labels;
    desc->num_labels = n[HF_LABELS];
    return 0;
}

static int hf__read_model(hf_opener *o) {
    hf_folder *f = o->out;
    hf_text file = {"config.json", NULL, 0};
    if (o->options->task == HF_TASK_TOKENIZER) return 0;
    if (hf__find_weights(o)) return -1;
    if (!f->weights.count) {
        if (o->options->task != HF_TASK_AUTO)
            return hf_fail(o->error, NULL, "there is no model.safetensors");
        return 0;
    }
    if (hf__map(o, file.name, &file) || hf_config_read(&f->arena, &file, &f->config, o->error))
        return -1;
    hf__choose_head(o);
    if (hf__describe(o) || hf_weights_find(&f->arena, &f->config, &f->weights, o->head,
                                           &f->items, &f->item_count, o->error))
        return -1;
    f->desc.dtype = hf_weights_dtype(f->items, f->item_count);
    return 0;
}

/* Of a folder without weights config.json is used if it is there and can be read: it may name
 * the class of the tokenizer. */
static void hf__tokenizer_class(hf_opener *o) {
    hf_text file = {"config.json", NULL, 0};
    hf_error ignored;
    json_doc doc;
    const json_node *node;
    if (hf__map_if(o, &file) || !file.text || hf_json(&doc, &file, &ignored)) return;
    node = json_get(&doc, json_root(&doc), "tokenizer_class");
    if (node && node->type == JSON_STRING)
        o->out->config.tokenizer_class = json_copy(&o->out->arena, node->text, node->length);
    json_free(&doc);
}

int hf_open(hf_folder *out, const char *path, const hf_options *options, hf_error *error) {
    hf_opener o;
    struct stat info;
    memset(out, 0, sizeof(*out));
    memset(error, 0, sizeof(*error));
    memset(&o, 0, sizeof(o));
    o.out = out;
    o.path = path;
    o.options = options;
    o.error = error;
    out->desc.model_type = out->desc.hidden_act = "";
    out->desc.task = "tokenizer";
    if (stat(path, &info))
        return hf_fail(error, NULL, "%s",
                       errno == ENOENT ? "there is no such folder" : strerror(errno));
    if (!S_ISDIR(info.st_mode)) return hf_fail(error, NULL, "%s", "is no folder");
    if (!hf__read_model(&o)) {
        if (!out->config.family) hf__tokenizer_class(&o);
        if (!hf__read_tokenizer(&o) && !hf__limit(&o)) {
            if (options->dtype >= 0) out->desc.dtype = (tc_dtype)options->dtype;
            return 0;
        }
    }
    hf_close(out);
    return -1;
}

/* The tokenizer of a new model; its ids must fit the configuration. */
static int hf__new_tokenizer(hf_opener *o, const char *vocab, int cased) {
    static const char keep[] = "{\"do_lower_case\": false}";
    hf_tokenizer_files files;
    hf_text file;
    size_t n = strlen(vocab);
    uint32_t i, size;
    const tc_tokenizer_desc *d = &o->out->tokenizer.desc;
    hf_tokenizer_names(&files);
    if (hf__map(o, vocab, &file)) return -1;
    if (n >= 5 && !strcmp(vocab + n - 5, ".json")) {
        files.tokenizer = file;
    } else {
        files.vocab = file;
        if (cased) files.config.text = keep, files.config.size = sizeof(keep) - 1;
    }
    if (hf_tokenizer_read(&o->out->arena, &files, &o->out->tokenizer, o->error)) return -1;
    size = d->vocab_count;
    for (i = 0; i < d->added_count; i++)
        if ((uint32_t)d->added[i].id >= size) size = (uint32_t)d->added[i].id + 1;
    if (size > o->out->desc.vocab_size)
        return hf_fail(o->error, vocab,
                       "has ids up to %u, vocab_size in the configuration is %u",
                       (unsigned)size - 1, (unsigned)o->out->desc.vocab_size);
    return 0;
}

int hf_open_config(hf_folder *out, const char *config, const char *vocab, int cased,
                   hf_error *error) {
    static const hf_options options = {HF_TASK_AUTO, 0, -1};
    hf_opener o;
    hf_text file;
    memset(out, 0, sizeof(*out));
    memset(error, 0, sizeof(*error));
    memset(&o, 0, sizeof(o));
    o.out = out;
    o.path = NULL;
    o.options = &options;
    o.error = error;
    if (!hf__map(&o, config, &file) &&
        !hf_config_read(&out->arena, &file, &out->config, error) && !hf__describe(&o) &&
        !hf__new_tokenizer(&o, vocab, cased) && !hf__limit(&o))
        return 0;
    hf_close(out);
    return -1;
}

int hf_has_read(const hf_folder *folder, const char *path) {
    const hf_map *map = folder->maps;
    while (map && !tool_same(map->path, path)) map = map->next;
    return map != NULL;
}

void hf_close(hf_folder *folder) {
    hf_map *map = folder->maps;
    size_t i;
    for (i = 0; i < folder->weights.count; i++) st_close(&folder->shards[i]);
    free(folder->shards);
    while (map) {
        hf_map *next = map->next;
        tool_file_close(&map->file);
        free(map);
        map = next;
    }
    json_arena_free(&folder->arena);
    memset(folder, 0, sizeof(*folder));
}
