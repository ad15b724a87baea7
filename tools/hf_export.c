/* hf_export.c - a model to a folder that transformers loads; see hf.h. */
#include "hf.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { HF_STEPS = 64 };

/* The files, in the order in which they get their names. */
enum {
    HF_SAVE_VOCAB,
    HF_SAVE_TOKENIZER,
    HF_SAVE_SPECIAL,
    HF_SAVE_SETTINGS,
    HF_SAVE_WEIGHTS,
    HF_SAVE_CONFIG,
    HF_SAVES
};
static const char *const hf__save_names[HF_SAVES] = {
    "vocab.txt",         "tokenizer.json", "special_tokens_map.json", "tokenizer_config.json",
    "model.safetensors", "config.json"};

/* Who is what among the special tokens, in the order of the keys. */
enum { HF_CLS, HF_MASK, HF_PAD, HF_SEP, HF_UNK, HF_ROLES };
static const char *const hf__role_keys[HF_ROLES] = {"cls_token", "mask_token", "pad_token",
                                                    "sep_token", "unk_token"};

/* One tensor of model.safetensors: part `part` of those that are stacked in the model's. */
typedef struct hf_piece {
    const char *name;
    uint32_t tensor; /* of the model, or HF_ZEROS */
    uint32_t part, rows, columns;
    int vector;
    tc_dtype dtype; /* TC_F32, TC_F16, TC_BF16 */
} hf_piece;

enum { HF_ZEROS = -1 };

typedef struct hf_place { /* a tensor of the model by its name */
    const char *name;
    uint32_t index;
} hf_place;

typedef struct hf_exporter {
    const tc_model *model;
    const tc_model_info *info;
    const hf_family *family; /* null: a tokenizer alone */
    int head;
    uint32_t numbers[HF_NUMBERS];
    hf_place *places; /* [info->tensor_count] by name */
    hf_piece *pieces; /* [count] in the order of the file */
    size_t count;
    float *buffer;
    size_t room;                  /* numbers of the largest tensor */
    tc_tokenizer_desc *tokenizer; /* null: none */
    uint32_t empty;               /* the id of a token "", vocab_count if there is none */
    const tc_added_token *roles[HF_ROLES];
    int lines; /* vocab.txt can be written */
    int bert;  /* a tokenizer class of the BERT family fits */
    const char *folder;
    json_arena arena;
    tool_saver files[HF_SAVES];
    hf_error *error;
} hf_exporter;

static int hf__memory(hf_exporter *x) { return hf_fail(x->error, NULL, "out of memory"); }

/* ----------------------------------------------------------------------- JSON output */

/* JSON with one member a line, as Python and serde indent it. */
typedef struct hf_out {
    tool_saver *file;
    int depth, any; /* any: the open object or array has a member */
} hf_out;

static void hf__put(hf_out *o, const char *text) {
    tool_saver_write(o->file, text, strlen(text));
}

static void hf__line(hf_out *o) {
    int i;
    hf__put(o, "\n");
    for (i = 0; i < o->depth; i++) hf__put(o, "  ");
}

/* UTF-8 text in quotes. */
static void hf__quote(hf_out *o, const char *s, size_t length) {
    char code[8];
    size_t i, from = 0;
    hf__put(o, "\"");
    for (i = 0; i < length; i++) {
        unsigned char c = (unsigned char)s[i];
        if (c >= 32 && c != '"' && c != '\\') continue;
        if (i > from) tool_saver_write(o->file, s + from, i - from);
        from = i + 1;
        if (c < 32)
            snprintf(code, sizeof(code), "\\u%04x", c);
        else
            snprintf(code, sizeof(code), "\\%c", c);
        hf__put(o, code);
    }
    if (length > from) tool_saver_write(o->file, s + from, length - from);
    hf__put(o, "\"");
}

/* Begins a member: of an array with a null key. */
static void hf__member(hf_out *o, const char *key, size_t length) {
    if (o->any) hf__put(o, ",");
    if (o->depth) hf__line(o);
    o->any = 1;
    if (!key) return;
    hf__quote(o, key, length);
    hf__put(o, ": ");
}

static void hf__raw(hf_out *o, const char *key, const char *value) {
    hf__member(o, key, key ? strlen(key) : 0);
    hf__put(o, value);
}

static void hf__open(hf_out *o, const char *key, const char *bracket) {
    hf__raw(o, key, bracket);
    o->depth++;
    o->any = 0;
}

static void hf__close(hf_out *o, const char *bracket) {
    o->depth--;
    if (o->any) hf__line(o);
    hf__put(o, bracket);
    o->any = 1;
    if (!o->depth) hf__put(o, "\n");
}

static void hf__text(hf_out *o, const char *key, const char *value, size_t length) {
    hf__raw(o, key, "");
    hf__quote(o, value, length);
}

static void hf__words(hf_out *o, const char *key, const char *value) {
    hf__text(o, key, value, strlen(value));
}

static void hf__flag(hf_out *o, const char *key, int value) {
    hf__raw(o, key, value ? "true" : "false");
}

static void hf__count(hf_out *o, const char *key, uint32_t value) {
    char text[16];
    snprintf(text, sizeof(text), "%u", (unsigned)value);
    hf__raw(o, key, text);
}

/* The fewest digits that name the float32, with a mark that it is no integer. */
static void hf__real(hf_out *o, const char *key, float value) {
    char text[40];
    tool_shortest(text, (double)value, 1);
    if (!strpbrk(text, ".e")) strcat(text, ".0");
    hf__raw(o, key, text);
}

/* ---------------------------------------------------------------------- config.json */

/* The numbers of the model by hf_number, and whether the family can say them. */
static int hf__numbers(hf_exporter *x) {
    const tc_model_info *m = x->info;
    const hf_family *f = x->family;
    const uint32_t numbers[HF_NUMBERS] = {
        m->num_hidden_layers,       m->hidden_size,     m->num_attention_heads,
        m->intermediate_size,       m->vocab_size,      m->embedding_size,
        m->max_position_embeddings, m->type_vocab_size, m->num_labels};
    int i;
    memcpy(x->numbers, numbers, sizeof(numbers));
    for (i = 0; i < HF_LABELS; i++) {
        uint32_t fixed = f->numbers[i].value;
        if (f->numbers[i].name) continue;
        if (i == HF_EMBEDDING && !fixed) fixed = numbers[HF_HIDDEN];
        if (numbers[i] != fixed)
            return hf_fail(x->error, NULL,
                           "the %s of a %s of transformers is %u, this model's is %u",
                           i == HF_EMBEDDING ? "embedding size" : "number of token types",
                           f->model_type, (unsigned)fixed, (unsigned)numbers[i]);
    }
    /* BERT of transformers cannot do without token types: zeros change nothing. */
    if (!numbers[HF_TYPES]) x->numbers[HF_TYPES] = f->numbers[HF_TYPES].value;
    if (!f->eps_key && m->layer_norm_eps != (float)f->eps)
        return hf_fail(x->error, NULL,
                       "the layer_norm_eps of a %s of transformers is %g, this model's is %g",
                       f->model_type, f->eps, (double)m->layer_norm_eps);
    return 0;
}

static int hf__describe(hf_exporter *x) {
    const tc_model_info *m = x->info;
    if (!m->model_type[0]) return 0;
    x->family = hf_family_find(m->model_type);
    if (!x->family)
        return hf_fail(x->error, NULL, "models of the type \"%s\" cannot be exported",
                       m->model_type);
    x->head = !strcmp(m->task, "token-classification");
    if (!x->head && strcmp(m->task, "feature-extraction"))
        return hf_fail(x->error, NULL, "models for the task \"%s\" cannot be exported",
                       m->task);
    return hf__numbers(x);
}

static void hf__labels(const hf_exporter *x, hf_out *o) {
    const tc_model_info *m = x->info;
    char number[16];
    uint32_t i;
    hf__open(o, "id2label", "{");
    for (i = 0; i < m->num_labels; i++) {
        snprintf(number, sizeof(number), "%u", (unsigned)i);
        hf__words(o, number, m->labels[i]);
    }
    hf__close(o, "}");
    hf__open(o, "label2id", "{");
    for (i = 0; i < m->num_labels; i++) hf__count(o, m->labels[i], i);
    hf__close(o, "}");
}

/* What transformers computes in when it is asked for "auto", as a pipeline asks by default:
 * float16 or bfloat16 only where all tensors have that type, so that no number changes. A
 * mixed file is computed in float32. */
static const char *hf__computed(const hf_exporter *x) {
    tc_dtype type = x->info->dtype;
    size_t i;
    for (i = 0; i < x->count; i++)
        if (x->pieces[i].dtype != type) type = TC_F32;
    return type == TC_F16 ? "float16" : type == TC_BF16 ? "bfloat16" : "float32";
}

static void hf__write_config(const hf_exporter *x, hf_out *o) {
    const tc_model_info *m = x->info;
    const hf_family *f = x->family;
    char name[80];
    int i;
    snprintf(name, sizeof(name), "%s%s", f->name, x->head ? "ForTokenClassification" : "Model");
    hf__open(o, NULL, "{");
    hf__open(o, "architectures", "[");
    hf__words(o, NULL, name);
    hf__close(o, "]");
    hf__words(o, "model_type", f->model_type);
    for (i = 0; i < HF_LABELS; i++)
        if (f->numbers[i].name) hf__count(o, f->numbers[i].name, x->numbers[i]);
    hf__words(o, f->act_key, m->hidden_act);
    if (f->eps_key) hf__real(o, f->eps_key, m->layer_norm_eps);
    hf__real(o, f->dropout_key, m->hidden_dropout);
    hf__real(o, f->attention_dropout_key, m->attention_dropout);
    if (f->classifier_dropout_key && m->classifier_dropout == m->hidden_dropout)
        hf__raw(o, f->classifier_dropout_key, "null");
    else if (f->classifier_dropout_key)
        hf__real(o, f->classifier_dropout_key, m->classifier_dropout);
    hf__real(o, "initializer_range", m->initializer_range);
    if (m->pad_token_id < 0)
        hf__raw(o, "pad_token_id", "null");
    else
        hf__count(o, "pad_token_id", (uint32_t)m->pad_token_id);
    if (f->fixed_positions_key) hf__flag(o, f->fixed_positions_key, m->fixed_positions);
    hf__words(o, "torch_dtype", hf__computed(x));
    if (x->head) hf__labels(x, o);
    hf__close(o, "}");
}

/* ---------------------------------------------------------------- model.safetensors */

static int hf__by_place(const void *a, const void *b) {
    return strcmp(((const hf_place *)a)->name, ((const hf_place *)b)->name);
}

/* As safetensors writes them: wide types first, then by name. */
static int hf__by_name(const void *a, const void *b) {
    const hf_piece *p = (const hf_piece *)a, *q = (const hf_piece *)b;
    int wide = (q->dtype == TC_F32) - (p->dtype == TC_F32);
    return wide ? wide : strcmp(p->name, q->name);
}

static size_t hf__size(const hf_piece *p) { return (size_t)p->rows * p->columns; }
static unsigned hf__bytes(const hf_piece *p) { return p->dtype == TC_F32 ? 4 : 2; }

/* The pieces of one tensor of the model. */
static int hf__split(hf_exporter *x, const hf_tensor *row, uint32_t layer) {
    /* A model with a head has its encoder under the prefix, a base model has no prefix. */
    const char *prefix = x->head && row->when != HF_IF_HEAD ? x->family->prefix : "";
    uint32_t parts = 0, i, rows = row->rows == HF_ONE ? 1 : x->numbers[row->rows];
    int zeros = row->when == HF_IF_TYPES && !x->info->type_vocab_size;
    hf_place wanted, *place = NULL;
    tc_tensor_info t;
    char name[HF_NAME];
    memset(&t, 0, sizeof(t));
    while (parts < 3 && row->source[parts]) parts++;
    hf_layer_name(name, "", row->name, layer);
    wanted.name = name;
    if (!zeros)
        place = (hf_place *)bsearch(&wanted, x->places, x->info->tensor_count, sizeof(wanted),
                                    hf__by_place);
    if (!zeros &&
        (!place || tc_model_tensor(x->model, place->index, &t) ||
         (uint64_t)t.rows * t.columns != (uint64_t)rows * x->numbers[row->columns] * parts))
        return hf_fail(x->error, NULL, "tensor %s is missing or of another size", name);
    for (i = 0; i < parts; i++) {
        hf_piece *p = &x->pieces[x->count++];
        hf_layer_name(name, prefix, row->source[i], layer);
        p->name = json_copy(&x->arena, name, strlen(name));
        if (!p->name) return hf__memory(x);
        p->tensor = place ? place->index : (uint32_t)HF_ZEROS;
        p->part = i;
        p->rows = rows;
        p->columns = x->numbers[row->columns];
        p->vector = row->rows == HF_ONE;
        p->dtype = t.dtype == TC_F16 || t.dtype == TC_BF16 ? t.dtype : TC_F32;
        if (hf__size(p) * parts > x->room) x->room = hf__size(p) * parts;
    }
    return 0;
}

static int hf__places(hf_exporter *x) {
    uint32_t count = x->info->tensor_count, i;
    x->places = (hf_place *)json_alloc(&x->arena, (size_t)count * sizeof(*x->places));
    if (!x->places) return hf__memory(x);
    for (i = 0; i < count; i++) {
        tc_tensor_info t;
        if (tc_model_tensor(x->model, i, &t))
            return hf_fail(x->error, NULL, "tensor %u cannot be read", (unsigned)i);
        x->places[i].name = t.name;
        x->places[i].index = i;
    }
    if (count) qsort(x->places, count, sizeof(*x->places), hf__by_place);
    return 0;
}

/* The bits of a float32 as float16 or bfloat16; whether that is the same number. */
static int hf__narrow(uint32_t bits, tc_dtype type, uint16_t *out) {
    uint32_t exponent = bits >> 23 & 255, mantissa = bits & 0x7FFFFF, shift = 13;
    if (type == TC_BF16) {
        *out = (uint16_t)(bits >> 16);
        return !(bits & 0xFFFF);
    }
    *out = (uint16_t)(bits >> 16 & 0x8000);
    if (exponent == 255) { /* infinity and NaN */
        *out = (uint16_t)(*out | 0x7C00 | mantissa >> 13);
        return !(mantissa & 0x1FFF);
    }
    if (!exponent) return !mantissa;
    if (exponent > 127 + 15 || exponent < 127 - 24) return 0;
    if (exponent >= 127 - 14) {
        mantissa |= (exponent - 112) << 23;
    } else { /* subnormal */
        mantissa |= 0x800000;
        shift += 113 - exponent;
    }
    *out = (uint16_t)(*out | mantissa >> shift);
    return !(mantissa & ((1u << shift) - 1));
}

/* The numbers of a piece; they are x->buffer's until the next call. Null on failure. */
static float *hf__load(hf_exporter *x, const hf_piece *p) {
    float *data = x->buffer + p->part * hf__size(p);
    if (p->tensor == (uint32_t)HF_ZEROS)
        memset(data, 0, hf__size(p) * sizeof(*data));
    else if (tc_model_read(x->model, p->tensor, x->buffer))
        return NULL;
    return data;
}

/* Whether the tensors that a model of f16 or bf16 keeps in f32 would be the same in its type:
 * so they are if it was made from a checkpoint of that type. */
static int hf__narrow_all(hf_exporter *x) {
    size_t i, k;
    for (i = 0; i < x->count; i++) {
        const hf_piece *p = &x->pieces[i];
        const float *data;
        if (p->dtype != TC_F32) continue;
        data = hf__load(x, p);
        for (k = 0; data && k < hf__size(p); k++) {
            uint32_t bits;
            uint16_t half;
            memcpy(&bits, &data[k], sizeof(bits));
            if (!hf__narrow(bits, x->info->dtype, &half)) return 0;
        }
    }
    return 1;
}

static int hf__pieces(hf_exporter *x) {
    const hf_tensor *row;
    size_t rows = 0, i;
    if (hf__places(x)) return -1;
    for (row = x->family->tensors; row->name; row++) rows++;
    x->pieces = (hf_piece *)json_alloc(
        &x->arena, rows * 3 * (x->numbers[HF_LAYERS] + (size_t)1) * sizeof(*x->pieces));
    if (!x->pieces) return hf__memory(x);
    for (row = x->family->tensors; row->name; row++) {
        uint32_t layers = strchr(row->name, '#') ? x->numbers[HF_LAYERS] : 1, layer;
        for (layer = 0; layer < layers && hf_wanted(row, x->numbers, x->head); layer++)
            if (hf__split(x, row, layer)) return -1;
    }
    if (x->room > SIZE_MAX / sizeof(*x->buffer)) return hf__memory(x);
    x->buffer = (float *)malloc(x->room * sizeof(*x->buffer));
    if (!x->buffer) return hf__memory(x);
    if ((x->info->dtype == TC_F16 || x->info->dtype == TC_BF16) && hf__narrow_all(x))
        for (i = 0; i < x->count; i++) x->pieces[i].dtype = x->info->dtype;
    qsort(x->pieces, x->count, sizeof(*x->pieces), hf__by_name);
    return 0;
}

/* An entry of the header for a tensor whose data begins at `begin`. */
static int hf__entry(const hf_piece *p, uint64_t begin, char *out, size_t size) {
    char rows[16] = "";
    if (!p->vector) snprintf(rows, sizeof(rows), "%u,", (unsigned)p->rows);
    return snprintf(out, size,
                    ",\"%s\":{\"dtype\":\"%s\",\"shape\":[%s%u],\"data_offsets\":[%llu,%llu]}",
                    p->name,
                    p->dtype == TC_F16    ? "F16"
                    : p->dtype == TC_BF16 ? "BF16"
                                          : "F32",
                    rows, (unsigned)p->columns, (unsigned long long)begin,
                    (unsigned long long)(begin + (uint64_t)hf__size(p) * hf__bytes(p)));
}

/* The header: with a null `file` only its length is counted. */
static size_t hf__header(const hf_exporter *x, tool_saver *file) {
    static const char start[] = "{\"__metadata__\":{\"format\":\"pt\"}";
    size_t length = sizeof(start) - 1, i;
    uint64_t begin = 0;
    char entry[HF_NAME + 160];
    if (file) tool_saver_write(file, start, length);
    for (i = 0; i < x->count; i++) {
        size_t n = (size_t)hf__entry(&x->pieces[i], begin, entry, sizeof(entry));
        if (file) tool_saver_write(file, entry, n);
        length += n;
        begin += (uint64_t)hf__size(&x->pieces[i]) * hf__bytes(&x->pieces[i]);
    }
    if (file) tool_saver_write(file, "}", 1);
    return length + 1;
}

static int hf__write_weights(hf_exporter *x, tool_saver *file) {
    size_t length = hf__header(x, NULL), i, k;
    uint64_t padded = (length + 7) & ~(uint64_t)7;
    tool_saver_write(file, &padded, sizeof(padded));
    hf__header(x, file);
    tool_saver_write(file, "        ", (size_t)padded - length);
    for (i = 0; i < x->count; i++) {
        const hf_piece *p = &x->pieces[i];
        float *data = hf__load(x, p);
        if (!data) return hf_fail(x->error, NULL, "tensor %s cannot be read", p->name);
        for (k = 0; p->dtype != TC_F32 && k < hf__size(p); k++) { /* in place */
            uint32_t bits;
            uint16_t half;
            memcpy(&bits, &data[k], sizeof(bits));
            (void)hf__narrow(bits, p->dtype, &half);
            memcpy((char *)data + 2 * k, &half, sizeof(half));
        }
        tool_saver_write(file, data, hf__size(p) * hf__bytes(p));
    }
    return 0;
}

/* ------------------------------------------------------------------------ tokenizer */

static int hf__same(tc_string a, tc_string b) {
    return a.length == b.length && (!a.length || !memcmp(a.data, b.data, a.length));
}

static int hf__is(tc_string a, const char *b) {
    return a.length == strlen(b) && !memcmp(a.data, b, a.length);
}

/* The ids that the library tokenizers would give to the added tokens: a token of the
 * vocabulary keeps its own, others are numbered on from the number of entries. */
static int hf__numbered(const hf_exporter *x, uint32_t entries) {
    const tc_tokenizer_desc *t = x->tokenizer;
    uint32_t i;
    for (i = 0; i < t->added_count; i++) {
        const tc_added_token *a = &t->added[i];
        if ((uint32_t)a->id < t->vocab_count && hf__same(t->vocab[a->id], a->content)) continue;
        if ((uint32_t)a->id != entries++) return 0;
    }
    return 1;
}

/* An id without a token is left out of tokenizer.json. Where that would move the ids of added
 * tokens, or shorten the vocabulary, one of them gets the empty string, which no text gives. */
static int hf__gaps(hf_exporter *x) {
    const tc_tokenizer_desc *t = x->tokenizer;
    uint32_t entries = 0, hole = t->vocab_count, i;
    for (i = 0; i < t->vocab_count; i++) {
        if (t->vocab[i].length)
            entries++;
        else
            hole = i;
    }
    x->empty = hole + 1 == t->vocab_count ? hole : t->vocab_count;
    if (x->empty == hole && hole < t->vocab_count) entries++;
    if (hf__numbered(x, entries)) return 0;
    if (x->empty != hole) {
        x->empty = hole;
        if (hf__numbered(x, entries + 1)) return 0;
    }
    return hf_fail(x->error, NULL,
                   "an added token has an id that tokenizer.json cannot give it");
}

/* A special added token by its id (id -1: none) or, if that gives none, its content. */
static const tc_added_token *hf__special(const hf_exporter *x, int32_t id, const char *name) {
    const tc_tokenizer_desc *t = x->tokenizer;
    const tc_added_token *found = NULL;
    uint32_t i;
    for (i = 0; i < t->added_count; i++) {
        const tc_added_token *a = &t->added[i];
        if (a->special && a->id == id) return a;
        if (a->special && name && hf__is(a->content, name)) found = a;
    }
    return found;
}

static int hf__role_of(const hf_exporter *x, const tc_added_token *token) {
    int i;
    for (i = 0; i < HF_ROLES; i++)
        if (x->roles[i] == token) return i;
    return HF_ROLES;
}

/* Roles are those of added special tokens only: transformers would add any other. */
static void hf__roles(hf_exporter *x) {
    const tc_tokenizer_desc *t = x->tokenizer;
    const tc_added_token *pad = NULL;
    int32_t before = -1, behind = -1, unknown = t->word_unk ? t->word_unk_id : t->unk_id;
    uint32_t i, at = 0;
    while (at < t->single_count && t->single[at].id >= 0) at++;
    if (at < t->single_count && at > 0) before = t->single[0].id;
    if (at + 1 < t->single_count) behind = t->single[at + 1].id;
    if (before >= 0) x->roles[HF_CLS] = hf__special(x, before, NULL);
    if (behind >= 0) x->roles[HF_SEP] = hf__special(x, behind, NULL);
    if (unknown >= 0) x->roles[HF_UNK] = hf__special(x, unknown, NULL);
    x->roles[HF_MASK] = hf__special(x, -1, "[MASK]");
    if (!x->roles[HF_MASK]) x->roles[HF_MASK] = hf__special(x, -1, "<mask>");
    pad = hf__special(x, -1, "[PAD]");
    if (!pad) pad = hf__special(x, -1, "<pad>");
    if (!pad && x->family && x->info->pad_token_id >= 0)
        pad = hf__special(x, x->info->pad_token_id, NULL);
    if (pad && hf__role_of(x, pad) == HF_ROLES) x->roles[HF_PAD] = pad;
    x->lines = 1;
    for (i = 0; i < t->vocab_count; i++) {
        tc_string s = t->vocab[i];
        if (s.length && (memchr(s.data, '\n', s.length) || memchr(s.data, '\r', s.length)))
            x->lines = 0;
    }
}

/* Whether the templates are those of BERT, [CLS] A [SEP] and [CLS] A [SEP] B [SEP]: then its
 * classes fit, which know a slow form too. Else it is a PreTrainedTokenizerFast. */
static int hf__bert(const hf_exporter *x) {
    const tc_tokenizer_desc *t = x->tokenizer;
    int32_t ids[5] = {0, -1, 0, -1, 0};
    uint32_t i;
    if (!x->lines || !x->roles[HF_CLS] || !x->roles[HF_SEP] || !x->roles[HF_UNK] ||
        t->single_count != 3 || t->pair_count != 5)
        return 0;
    ids[0] = x->roles[HF_CLS]->id;
    ids[2] = ids[4] = x->roles[HF_SEP]->id;
    for (i = 0; i < 5; i++) {
        const tc_template_step *s = &t->pair[i];
        if (s->id != ids[i] || s->type != (i > 2) || (s->id < 0 && s->sequence != (i > 2)))
            return 0;
        if (i < 3 && (t->single[i].id != ids[i] || t->single[i].type)) return 0;
    }
    return 1;
}

static int hf__utf8(hf_exporter *x, tc_string s, const char *what, uint32_t id) {
    size_t bad;
    if (!s.length || json_utf8(s.data, s.length, &bad)) return 0;
    return hf_fail(x->error, NULL, "%s %u of the tokenizer is not UTF-8", what, (unsigned)id);
}

static int hf__tokenizer(hf_exporter *x) {
    const tc_tokenizer *tokenizer = tc_model_tokenizer(x->model);
    tc_tokenizer_desc *t;
    tc_status status;
    uint32_t i;
    if (!tokenizer) return 0;
    status = tc_tokenizer_describe(tokenizer, NULL, &x->tokenizer);
    if (status) return hf_fail(x->error, NULL, "%s", tc_status_text(status));
    t = x->tokenizer;
    if (t->single_count > HF_STEPS || t->pair_count > HF_STEPS)
        return hf_fail(x->error, NULL, "a template of the tokenizer has more than %d steps",
                       HF_STEPS);
    for (i = 0; i < t->vocab_count; i++)
        if (hf__utf8(x, t->vocab[i], "token", i)) return -1;
    for (i = 0; i < t->added_count; i++)
        if (hf__utf8(x, t->added[i].content, "added token", i)) return -1;
    if (hf__utf8(x, t->continuing_prefix, "prefix", 1) ||
        hf__utf8(x, t->decoder_prefix, "prefix", 2) || hf__gaps(x))
        return -1;
    hf__roles(x);
    x->bert = hf__bert(x);
    return 0;
}

/* The members of an added token, in the order of tokenizer.json (with its id) or of Python. */
static void hf__write_added(hf_out *o, const char *key, const tc_added_token *t, int with_id,
                            int with_special) {
    hf__open(o, key, "{");
    if (with_id) hf__count(o, "id", (uint32_t)t->id);
    hf__text(o, "content", t->content.data, t->content.length);
    if (with_id) hf__flag(o, "single_word", t->single_word);
    hf__flag(o, "lstrip", t->lstrip);
    if (with_id) hf__flag(o, "rstrip", t->rstrip);
    hf__flag(o, "normalized", t->normalized);
    if (!with_id) hf__flag(o, "rstrip", t->rstrip);
    if (!with_id) hf__flag(o, "single_word", t->single_word);
    if (with_special) hf__flag(o, "special", t->special);
    hf__close(o, "}");
}

/* strip_accents where it is not what null means: the same as lowercase. */
static void hf__write_strip(const hf_exporter *x, hf_out *o) {
    if (x->tokenizer->strip_accents == x->tokenizer->lowercase)
        hf__raw(o, "strip_accents", "null");
    else
        hf__flag(o, "strip_accents", x->tokenizer->strip_accents);
}

/* A name for the id of a template: its token, or a made up one. */
static tc_string hf__step_name(const hf_exporter *x, int32_t id, char *room, size_t size) {
    tc_string name = tc_tokenizer_token(tc_model_tokenizer(x->model), id);
    size_t bad;
    if (name.length && json_utf8(name.data, name.length, &bad)) return name;
    name.data = room;
    name.length = (size_t)snprintf(room, size, "[id %d]", (int)id);
    return name;
}

static void hf__write_steps(const hf_exporter *x, hf_out *o, const char *key,
                            const tc_template_step *steps, uint32_t count) {
    char room[32];
    uint32_t i;
    hf__open(o, key, "[");
    for (i = 0; i < count; i++) {
        hf__open(o, NULL, "{");
        hf__open(o, steps[i].id < 0 ? "Sequence" : "SpecialToken", "{");
        if (steps[i].id < 0) {
            hf__words(o, "id", steps[i].sequence ? "B" : "A");
        } else {
            tc_string name = hf__step_name(x, steps[i].id, room, sizeof(room));
            hf__text(o, "id", name.data, name.length);
        }
        hf__count(o, "type_id", steps[i].type);
        hf__close(o, "}");
        hf__close(o, "}");
    }
    hf__close(o, "]");
}

/* The special tokens of both templates, each once. */
static void hf__write_step_tokens(const hf_exporter *x, hf_out *o,
                                  const tc_template_step *const *steps,
                                  const uint32_t *counts) {
    char room[32];
    int32_t seen[2 * HF_STEPS];
    uint32_t count = 0, k, i, j;
    hf__open(o, "special_tokens", "{");
    for (k = 0; k < 2; k++) {
        for (i = 0; i < counts[k]; i++) {
            int32_t id = steps[k][i].id;
            tc_string name;
            for (j = 0; j < count && seen[j] != id;) j++;
            if (id < 0 || j < count) continue;
            seen[count++] = id;
            name = hf__step_name(x, id, room, sizeof(room));
            hf__member(o, name.data, name.length);
            hf__put(o, "{");
            o->depth++;
            o->any = 0;
            hf__text(o, "id", name.data, name.length);
            hf__open(o, "ids", "[");
            hf__count(o, NULL, (uint32_t)id);
            hf__close(o, "]");
            hf__open(o, "tokens", "[");
            hf__text(o, NULL, name.data, name.length);
            hf__close(o, "]");
            hf__close(o, "}");
        }
    }
    hf__close(o, "}");
}

static void hf__write_template(const hf_exporter *x, hf_out *o) {
    static const tc_template_step alone[] = {{-1, 0, 0}, {-1, 1, 1}};
    const tc_tokenizer_desc *t = x->tokenizer;
    const tc_template_step *steps[2];
    uint32_t counts[2];
    if (!t->single_count && !t->pair_count) {
        hf__raw(o, "post_processor", "null");
        return;
    }
    steps[0] = t->single_count ? t->single : alone;
    counts[0] = t->single_count ? t->single_count : 1;
    steps[1] = t->pair_count ? t->pair : alone;
    counts[1] = t->pair_count ? t->pair_count : 2;
    hf__open(o, "post_processor", "{");
    hf__words(o, "type", "TemplateProcessing");
    hf__write_steps(x, o, "single", steps[0], counts[0]);
    hf__write_steps(x, o, "pair", steps[1], counts[1]);
    hf__write_step_tokens(x, o, steps, counts);
    hf__close(o, "}");
}

static void hf__write_wordpiece(const hf_exporter *x, hf_out *o) {
    const tc_tokenizer_desc *t = x->tokenizer;
    const char *unknown = "[UNK]";
    char number[16];
    uint32_t i;
    hf__open(o, "model", "{");
    hf__words(o, "type", "WordPiece");
    for (i = 0; t->unk_id < 0 && i < t->vocab_count; i++)
        if (t->vocab[i].length && hf__is(t->vocab[i], unknown)) unknown = " [UNK]";
    if (t->unk_id < 0) /* a token that is not in the vocabulary */
        hf__words(o, "unk_token", unknown);
    else
        hf__text(o, "unk_token", t->vocab[t->unk_id].data, t->vocab[t->unk_id].length);
    hf__text(o, "continuing_subword_prefix", t->continuing_prefix.data,
             t->continuing_prefix.length);
    hf__count(o, "max_input_chars_per_word", t->max_word_chars);
    hf__open(o, "vocab", "{");
    for (i = 0; i < t->vocab_count; i++) {
        if (!t->vocab[i].length && i != x->empty) continue;
        hf__member(o, t->vocab[i].length ? t->vocab[i].data : "", t->vocab[i].length);
        snprintf(number, sizeof(number), "%u", (unsigned)i);
        hf__put(o, number);
    }
    hf__close(o, "}");
    hf__close(o, "}");
}

static void hf__write_tokenizer(const hf_exporter *x, hf_out *o) {
    const tc_tokenizer_desc *t = x->tokenizer;
    uint32_t i;
    hf__open(o, NULL, "{");
    hf__words(o, "version", "1.0");
    hf__raw(o, "truncation", "null");
    hf__raw(o, "padding", "null");
    hf__open(o, "added_tokens", "[");
    for (i = 0; i < t->added_count; i++) hf__write_added(o, NULL, &t->added[i], 1, 1);
    hf__close(o, "]");
    hf__open(o, "normalizer", "{");
    hf__words(o, "type", "BertNormalizer");
    hf__flag(o, "clean_text", t->clean_text);
    hf__flag(o, "handle_chinese_chars", t->handle_chinese_chars);
    hf__write_strip(x, o);
    hf__flag(o, "lowercase", t->lowercase);
    hf__close(o, "}");
    hf__open(o, "pre_tokenizer", "{");
    hf__words(o, "type", "BertPreTokenizer");
    hf__close(o, "}");
    hf__write_template(x, o);
    if (t->decoder_wordpiece) {
        hf__open(o, "decoder", "{");
        hf__words(o, "type", "WordPiece");
        hf__text(o, "prefix", t->decoder_prefix.data, t->decoder_prefix.length);
        hf__flag(o, "cleanup", t->decoder_cleanup);
        hf__close(o, "}");
    } else {
        hf__raw(o, "decoder", "null");
    }
    hf__write_wordpiece(x, o);
    hf__close(o, "}");
}

/* One line for each id, an empty one where there is no token. */
static void hf__write_vocab(const hf_exporter *x, tool_saver *file) {
    const tc_tokenizer_desc *t = x->tokenizer;
    uint32_t i;
    for (i = 0; i < t->vocab_count; i++) {
        if (t->vocab[i].length) tool_saver_write(file, t->vocab[i].data, t->vocab[i].length);
        tool_saver_write(file, "\n", 1);
    }
}

static void hf__write_special(const hf_exporter *x, hf_out *o) {
    const tc_tokenizer_desc *t = x->tokenizer;
    uint32_t i;
    int role, any = 0;
    hf__open(o, NULL, "{");
    for (i = 0; i < t->added_count; i++) {
        if (!t->added[i].special || hf__role_of(x, &t->added[i]) < HF_ROLES) continue;
        if (!any++) hf__open(o, "additional_special_tokens", "[");
        hf__write_added(o, NULL, &t->added[i], 0, 0);
    }
    if (any) hf__close(o, "]");
    for (role = 0; role < HF_ROLES; role++)
        if (x->roles[role]) hf__write_added(o, hf__role_keys[role], x->roles[role], 0, 0);
    hf__close(o, "}");
}

static void hf__write_role(const hf_exporter *x, hf_out *o, int role) {
    const tc_added_token *t = x->roles[role];
    if (t)
        hf__text(o, hf__role_keys[role], t->content.data, t->content.length);
    else
        hf__raw(o, hf__role_keys[role], "null");
}

static void hf__write_decoder(const hf_exporter *x, hf_out *o) {
    const tc_tokenizer_desc *t = x->tokenizer;
    char number[16];
    uint32_t i, any = 0;
    hf__open(o, "added_tokens_decoder", "{");
    for (i = 0; i < t->added_count; i++) {
        snprintf(number, sizeof(number), "%u", (unsigned)t->added[i].id);
        hf__write_added(o, number, &t->added[i], 0, 1);
    }
    hf__close(o, "}");
    for (i = 0; i < t->added_count; i++) {
        if (!t->added[i].special || hf__role_of(x, &t->added[i]) < HF_ROLES) continue;
        if (!any++) hf__open(o, "additional_special_tokens", "[");
        hf__text(o, NULL, t->added[i].content.data, t->added[i].content.length);
    }
    if (any) hf__close(o, "]");
}

static void hf__write_settings(const hf_exporter *x, hf_out *o) {
    const tc_tokenizer_desc *t = x->tokenizer;
    char name[80];
    snprintf(name, sizeof(name), "%sTokenizer", x->family ? x->family->name : "Bert");
    hf__open(o, NULL, "{");
    hf__write_decoder(x, o);
    hf__flag(o, "clean_up_tokenization_spaces", t->clean_up_spaces);
    hf__write_role(x, o, HF_CLS);
    hf__flag(o, "do_lower_case", t->lowercase);
    hf__write_role(x, o, HF_MASK);
    if (!x->bert && x->family && !x->family->numbers[HF_TYPES].name) {
        hf__open(o, "model_input_names", "["); /* the model takes no token types */
        hf__words(o, NULL, "input_ids");
        hf__words(o, NULL, "attention_mask");
        hf__close(o, "]");
    }
    if (x->info->max_length)
        hf__count(o, "model_max_length", x->info->max_length);
    else
        hf__raw(o, "model_max_length", "1000000000000000019884624838656");
    hf__write_role(x, o, HF_PAD);
    hf__write_role(x, o, HF_SEP);
    hf__write_strip(x, o);
    hf__flag(o, "tokenize_chinese_chars", t->handle_chinese_chars);
    hf__words(o, "tokenizer_class", x->bert ? name : "PreTrainedTokenizerFast");
    hf__words(o, "truncation_side", t->truncate_left ? "left" : "right");
    hf__write_role(x, o, HF_UNK);
    hf__close(o, "}");
}

/* ---------------------------------------------------------------------------- whole */

static int hf__has(const hf_exporter *x, int file) {
    if (file == HF_SAVE_WEIGHTS || file == HF_SAVE_CONFIG) return x->family != NULL;
    return x->tokenizer && (file != HF_SAVE_VOCAB || x->lines);
}

static int hf__write(hf_exporter *x, int file) {
    hf_out o = {NULL, 0, 0};
    o.file = &x->files[file];
    switch (file) {
    case HF_SAVE_VOCAB: hf__write_vocab(x, o.file); break;
    case HF_SAVE_TOKENIZER: hf__write_tokenizer(x, &o); break;
    case HF_SAVE_SPECIAL: hf__write_special(x, &o); break;
    case HF_SAVE_SETTINGS: hf__write_settings(x, &o); break;
    case HF_SAVE_CONFIG: hf__write_config(x, &o); break;
    default: return hf__write_weights(x, o.file);
    }
    return 0;
}

/* Writes every file beside its name, then gives the names. */
static int hf__save(hf_exporter *x) {
    const char *slash = x->folder[strlen(x->folder) - 1] == '/' ? "" : "/";
    char why[300];
    int i;
    for (i = 0; i < HF_SAVES; i++) {
        size_t room = strlen(x->folder) + strlen(hf__save_names[i]) + 2;
        char *path = hf__has(x, i) ? (char *)json_alloc(&x->arena, room) : NULL;
        if (!hf__has(x, i)) continue;
        if (!path) return hf__memory(x);
        snprintf(path, room, "%s%s%s", x->folder, slash, hf__save_names[i]);
        if (tool_saver_begin(&x->files[i], path, why, sizeof(why)))
            return hf_fail(x->error, hf__save_names[i], "%s", why);
        if (hf__write(x, i)) return -1;
        if (tool_saver_sync(&x->files[i], why, sizeof(why)))
            return hf_fail(x->error, hf__save_names[i], "%s", why);
    }
    for (i = 0; i < HF_SAVES; i++)
        if (hf__has(x, i) && tool_saver_end(&x->files[i], why, sizeof(why)))
            return hf_fail(x->error, hf__save_names[i], "%s", why);
    return 0;
}

static int hf__save_folder(hf_exporter *x) {
    struct stat info;
    int made = 0, i, failed;
    if (stat(x->folder, &info)) {
        if (mkdir(x->folder, 0777))
            return hf_fail(x->error, "", "cannot be created: %s", strerror(errno));
        made = 1;
    } else if (!S_ISDIR(info.st_mode)) {
        return hf_fail(x->error, "", "is no folder");
    }
    failed = hf__save(x);
    for (i = 0; i < HF_SAVES; i++) tool_saver_drop(&x->files[i]);
    if (failed && made) (void)remove(x->folder);
    return failed;
}

int hf_export(const tc_model *model, const char *folder, hf_error *error) {
    hf_exporter x;
    int failed;
    memset(&x, 0, sizeof(x));
    memset(error, 0, sizeof(*error));
    x.model = model;
    x.info = tc_model_get_info(model);
    x.folder = folder;
    x.error = error;
    failed = !folder[0] ? hf_fail(error, "", "the folder has no name") : 0;
    if (!failed) failed = hf__describe(&x) || hf__tokenizer(&x) || (x.family && hf__pieces(&x));
    if (!failed && !x.family && !x.tokenizer)
        failed = hf_fail(error, NULL, "there is nothing to export");
    if (!failed) failed = hf__save_folder(&x);
    tc_tokenizer_desc_free(x.tokenizer);
    free(x.buffer);
    json_arena_free(&x.arena);
    return failed ? -1 : 0;
}
