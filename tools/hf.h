/* hf.h - reads a HuggingFace checkpoint folder into the descriptions of tokclass.h, and writes
 * one.
 *
 * hf_config.c     config.json and the table of model families
 * hf_tokenizer.c  tokenizer.json, or vocab.txt, and the files beside them
 * hf_weights.c    tensors: names, shapes, the order in which they are written
 * hf_export.c     the way back: a model to such a folder
 * hf.c            the folder: which files there are, limits, what to make of them */
#ifndef HF_H
#define HF_H

#include "safetensors.h"
#include "tokclass.h"
#include "tool.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Why something failed: a file of the folder (null: the folder), a line of it (0: none). */
typedef struct hf_error {
    const char *file; /* `name`, or null */
    size_t line;
    char message[400];
    char name[1100];
} hf_error;

/* A file of the folder; text null if it is not there. */
typedef struct hf_text {
    const char *name;
    const char *text; /* [size] */
    size_t size;
} hf_text;

/* Fills the error and returns -1; hf_fail_at adds the line of a node. */
int hf_fail(hf_error *error, const char *file, const char *format, ...) TOOL_PRINTF(3, 4);
int hf_fail_at(hf_error *error, const hf_text *file, const json_node *node, const char *format,
               ...) TOOL_PRINTF(4, 5);
/* Reports an error of a folder's, `whole` where it speaks of no file; returns 1. */
int hf_report(const hf_error *error, const char *folder, const char *whole);
/* Parses a file whose value must be an object. 0 on success. */
int hf_json(json_doc *doc, const hf_text *file, hf_error *error);
/* A boolean member; `fallback` if it is missing or null. 0 on success. */
int hf_bool(const json_doc *doc, const json_node *object, const hf_text *file, const char *name,
            int fallback, int *out, hf_error *error);

/* -------------------------------------------------------------------- hf_config.c */

/* Numbers of a model by which tensors are shaped. */
typedef enum hf_number {
    HF_LAYERS = 0,
    HF_HIDDEN,
    HF_HEADS,
    HF_INTERMEDIATE,
    HF_VOCAB,
    HF_EMBEDDING,
    HF_POSITIONS,
    HF_TYPES,
    HF_LABELS,
    HF_NUMBERS,
    HF_ONE = HF_NUMBERS /* a vector's rows */
} hf_number;

typedef enum hf_when { HF_ALWAYS = 0, HF_IF_TYPES, HF_IF_PROJECTION, HF_IF_HEAD } hf_when;

/* A tensor of the .tcm file and the tensor, or those stacked by rows, that it is made of. '#'
 * stands for the number of the layer. */
typedef struct hf_tensor {
    const char *name;
    const char *source[3];
    hf_number rows, columns; /* of one source */
    hf_when when;
} hf_tensor;

/* A key of config.json: its name, an older one that wins over it (or null), its default. With a
 * null name the value is fixed. */
typedef struct hf_key {
    const char *name, *alias;
    uint32_t value;
} hf_key;

/* A family of models as data: a new one of the same structure is a new row. */
typedef struct hf_family {
    const char *model_type;
    const char *name;              /* with which the names of its classes begin: "Bert" */
    const char *prefix;            /* of the base model's tensors: "bert." */
    hf_key numbers[HF_LABELS];     /* by hf_number; an embedding size of 0 = the hidden size */
    const char *act_key, *eps_key; /* eps_key null: fixed */
    double eps;
    const char *dropout_key, *attention_dropout_key;
    const char *classifier_dropout_key; /* null: as dropout */
    const char *fixed_positions_key;    /* null: positions are always trained */
    const hf_tensor *tensors;           /* ends with a null name */
} hf_family;

typedef struct hf_config {
    const hf_family *family;
    uint32_t numbers[HF_NUMBERS];
    const char *hidden_act;
    float eps, dropout, attention_dropout, classifier_dropout, initializer_range;
    int32_t pad_token_id;        /* -1: none */
    int fixed_positions;         /* sinusoidal_pos_embds */
    const char *const *labels;   /* [numbers[HF_LABELS]] */
    const char *architecture;    /* the first of "architectures", "" if there is none */
    const char *tokenizer_class; /* or null */
} hf_config;

/* The family of a model_type, or null. */
const hf_family *hf_family_find(const char *model_type);
enum { HF_NAME = 160 }; /* room for the name of a tensor */

/* `prefix` and a name of the table into `out` [HF_NAME], with '#' replaced by the layer. */
void hf_layer_name(char *out, const char *prefix, const char *name, uint32_t layer);
/* Whether a model of these numbers [HF_NUMBERS], with a head or not, has the tensor. */
int hf_wanted(const hf_tensor *tensor, const uint32_t *numbers, int head);
/* Reads config.json. 0 on success; strings are in `arena`. */
int hf_config_read(json_arena *arena, const hf_text *file, hf_config *out, hf_error *error);

/* ----------------------------------------------------------------- hf_tokenizer.c */

typedef struct hf_tokenizer_files {
    hf_text tokenizer;           /* tokenizer.json, or */
    hf_text vocab;               /* vocab.txt */
    hf_text config;              /* tokenizer_config.json */
    hf_text special;             /* special_tokens_map.json */
    hf_text added;               /* added_tokens.json */
    const char *tokenizer_class; /* of config.json, or null */
} hf_tokenizer_files;

typedef struct hf_tokenizer {
    tc_tokenizer_desc desc;
    uint32_t max_length; /* model_max_length, 0 if there is none */
    const char *keeps; /* what it keeps by tokenizer.json alone and the class by default not */
    const char *strange; /* its class if that is not known here, or null */
    int pads_left; /* padding_side: short windows of a stride would have other positions */
} hf_tokenizer;

/* Reads a tokenizer as transformers 4 does. 0 on success; everything is in `arena` or in the
 * files. */
int hf_tokenizer_read(json_arena *arena, const hf_tokenizer_files *files, hf_tokenizer *out,
                      hf_error *error);
/* The names of the five files into `files`, without text. */
void hf_tokenizer_names(hf_tokenizer_files *files);

/* ------------------------------------------------------------------- hf_weights.c */

/* The tensors of a folder: one or more open safetensors files. */
typedef struct hf_weights {
    const st_file *files;     /* [count] */
    const char *const *names; /* [count] */
    size_t count;
} hf_weights;

/* A tensor of the .tcm file with its sources. */
typedef struct hf_item {
    const char *name;
    const st_tensor *source[3];
    uint32_t sources, rows, columns; /* rows of all sources together */
} hf_item;

/* Finds every tensor of the model and checks its shape; `head` asks for the classifier. 0 on
 * success with *items [*count] in `arena`, in the order of the family's table. */
int hf_weights_find(json_arena *arena, const hf_config *config, const hf_weights *weights,
                    int head, hf_item **items, size_t *count, hf_error *error);
/* Whether a file has a tensor called `name`. */
int hf_weights_have(const hf_weights *weights, const char *name);
/* The type of the large matrices, f32 where they differ or for F32 and F64. */
tc_dtype hf_weights_dtype(const hf_item *items, size_t count);
/* Calls `unused` for every tensor that no item uses, buffers like position_ids left out. 0 on
 * success, -1 without memory. */
int hf_weights_unused(const hf_weights *weights, const hf_item *items, size_t count,
                      void (*unused)(void *user, const st_tensor *tensor), void *user);
/* The numbers of an item, [rows, columns] row-major, into `out`. */
void hf_item_read(const hf_item *item, float *out);

/* -------------------------------------------------------------------- hf_export.c */

/* Writes a model as a checkpoint that transformers loads into `folder`, which is created if it
 * is not there. All files get their names when every one of them is complete. 0 on success; on
 * failure the error's file is null for the model, "" for the folder. */
int hf_export(const tc_model *model, const char *folder, hf_error *error);

/* --------------------------------------------------------------------------- hf.c */

typedef enum hf_task {
    HF_TASK_AUTO = 0,
    HF_TASK_TOKEN_CLASSIFICATION,
    HF_TASK_FEATURE_EXTRACTION,
    HF_TASK_TOKENIZER
} hf_task;

typedef struct hf_options {
    hf_task task;
    uint32_t max_length; /* 0: the checkpoint's */
    int dtype;           /* a tc_dtype, or -1: the checkpoint's */
} hf_options;

typedef struct hf_folder {
    tc_model_desc desc;
    hf_tokenizer tokenizer;
    hf_config config; /* family null if there are no weights */
    hf_item *items;   /* [item_count] what to write */
    size_t item_count;
    hf_weights weights;
    json_arena arena;
    struct hf_map *maps; /* open files */
    st_file *shards;
} hf_folder;

/* Opens the folder `path` and checks everything but the tensors' numbers. 0 on success; on
 * failure nothing is left to close. */
int hf_open(hf_folder *out, const char *path, const hf_options *options, hf_error *error);
/* Reads a config.json and a vocabulary (vocab.txt, or a tokenizer.json by that ending) for a
 * model without weights: desc and tokenizer. `cased`: vocab.txt keeps case and accents. */
int hf_open_config(hf_folder *out, const char *config, const char *vocab, int cased,
                   hf_error *error);
/* Whether the file at `path` is one that was read for the folder. */
int hf_has_read(const hf_folder *folder, const char *path);
void hf_close(hf_folder *folder);

#ifdef __cplusplus
}
#endif

#endif
