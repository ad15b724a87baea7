/* hf_config.c - config.json, and the families of models that the converter knows; see hf.h. */
#include "hf.h"

#include <stdarg.h>
#include <string.h>

/* ------------------------------------------------------------------------- families */

static const hf_tensor hf__bert_tensors[] = {
    {"embeddings.word",
     {"embeddings.word_embeddings.weight"},
     HF_VOCAB,
     HF_EMBEDDING,
     HF_ALWAYS},
    {"embeddings.position",
     {"embeddings.position_embeddings.weight"},
     HF_POSITIONS,
     HF_EMBEDDING,
     HF_ALWAYS},
    {"embeddings.type",
     {"embeddings.token_type_embeddings.weight"},
     HF_TYPES,
     HF_EMBEDDING,
     HF_IF_TYPES},
    {"embeddings.norm.weight",
     {"embeddings.LayerNorm.weight"},
     HF_ONE,
     HF_EMBEDDING,
     HF_ALWAYS},
    {"embeddings.norm.bias", {"embeddings.LayerNorm.bias"}, HF_ONE, HF_EMBEDDING, HF_ALWAYS},
    {"embeddings.projection.weight",
     {"embeddings_project.weight"},
     HF_HIDDEN,
     HF_EMBEDDING,
     HF_IF_PROJECTION},
    {"embeddings.projection.bias",
     {"embeddings_project.bias"},
     HF_ONE,
     HF_HIDDEN,
     HF_IF_PROJECTION},
    {"layer.#.attention.qkv.weight",
     {"encoder.layer.#.attention.self.query.weight",
      "encoder.layer.#.attention.self.key.weight",
      "encoder.layer.#.attention.self.value.weight"},
     HF_HIDDEN,
     HF_HIDDEN,
     HF_ALWAYS},
    {"layer.#.attention.qkv.bias",
     {"encoder.layer.#.attention.self.query.bias", "encoder.layer.#.attention.self.key.bias",
      "encoder.layer.#.attention.self.value.bias"},
     HF_ONE,
     HF_HIDDEN,
     HF_ALWAYS},
    {"layer.#.attention.output.weight",
     {"encoder.layer.#.attention.output.dense.weight"},
     HF_HIDDEN,
     HF_HIDDEN,
     HF_ALWAYS},
    {"layer.#.attention.output.bias",
     {"encoder.layer.#.attention.output.dense.bias"},
     HF_ONE,
     HF_HIDDEN,
     HF_ALWAYS},
    {"layer.#.attention.norm.weight",
     {"encoder.layer.#.attention.output.LayerNorm.weight"},
     HF_ONE,
     HF_HIDDEN,
     HF_ALWAYS},
    {"layer.#.attention.norm.bias",
     {"encoder.layer.#.attention.output.LayerNorm.bias"},
     HF_ONE,
     HF_HIDDEN,
     HF_ALWAYS},
    {"layer.#.ffn.up.weight",
     {"encoder.layer.#.intermediate.dense.weight"},
     HF_INTERMEDIATE,
     HF_HIDDEN,
     HF_ALWAYS},
    {"layer.#.ffn.up.bias",
     {"encoder.layer.#.intermediate.dense.bias"},
     HF_ONE,
     HF_INTERMEDIATE,
     HF_ALWAYS},
    {"layer.#.ffn.down.weight",
     {"encoder.layer.#.output.dense.weight"},
     HF_HIDDEN,
     HF_INTERMEDIATE,
     HF_ALWAYS},
    {"layer.#.ffn.down.bias",
     {"encoder.layer.#.output.dense.bias"},
     HF_ONE,
     HF_HIDDEN,
     HF_ALWAYS},
    {"layer.#.ffn.norm.weight",
     {"encoder.layer.#.output.LayerNorm.weight"},
     HF_ONE,
     HF_HIDDEN,
     HF_ALWAYS},
    {"layer.#.ffn.norm.bias",
     {"encoder.layer.#.output.LayerNorm.bias"},
     HF_ONE,
     HF_HIDDEN,
     HF_ALWAYS},
    {"head.weight", {"classifier.weight"}, HF_LABELS, HF_HIDDEN, HF_IF_HEAD},
    {"head.bias", {"classifier.bias"}, HF_ONE, HF_LABELS, HF_IF_HEAD},
    {NULL, {NULL}, HF_ONE, HF_ONE, HF_ALWAYS},
};

static const hf_tensor hf__distilbert_tensors[] = {
    {"embeddings.word", {"embeddings.word_embeddings.weight"}, HF_VOCAB, HF_HIDDEN, HF_ALWAYS},
    {"embeddings.position",
     {"embeddings.position_embeddings.weight"},
     HF_POSITIONS,
     HF_HIDDEN,
     HF_ALWAYS},
    {"embeddings.norm.weight", {"embeddings.LayerNorm.weight"}, HF_ONE, HF_HIDDEN, HF_ALWAYS},
    {"embeddings.norm.bias", {"embeddings.LayerNorm.bias"}, HF_ONE, HF_HIDDEN, HF_ALWAYS},
    {"layer.#.attention.qkv.weight",
     {"transformer.layer.#.attention.q_lin.weight",
      "transformer.layer.#.attention.k_lin.weight",
      "transformer.layer.#.attention.v_lin.weight"},
     HF_HIDDEN,
     HF_HIDDEN,
     HF_ALWAYS},
    {"layer.#.attention.qkv.bias",
     {"transformer.layer.#.attention.q_lin.bias", "transformer.layer.#.attention.k_lin.bias",
      "transformer.layer.#.attention.v_lin.bias"},
     HF_ONE,
     HF_HIDDEN,
     HF_ALWAYS},
    {"layer.#.attention.output.weight",
     {"transformer.layer.#.attention.out_lin.weight"},
     HF_HIDDEN,
     HF_HIDDEN,
     HF_ALWAYS},
    {"layer.#.attention.output.bias",
     {"transformer.layer.#.attention.out_lin.bias"},
     HF_ONE,
     HF_HIDDEN,
     HF_ALWAYS},
    {"layer.#.attention.norm.weight",
     {"transformer.layer.#.sa_layer_norm.weight"},
     HF_ONE,
     HF_HIDDEN,
     HF_ALWAYS},
    {"layer.#.attention.norm.bias",
     {"transformer.layer.#.sa_layer_norm.bias"},
     HF_ONE,
     HF_HIDDEN,
     HF_ALWAYS},
    {"layer.#.ffn.up.weight",
     {"transformer.layer.#.ffn.lin1.weight"},
     HF_INTERMEDIATE,
     HF_HIDDEN,
     HF_ALWAYS},
    {"layer.#.ffn.up.bias",
     {"transformer.layer.#.ffn.lin1.bias"},
     HF_ONE,
     HF_INTERMEDIATE,
     HF_ALWAYS},
    {"layer.#.ffn.down.weight",
     {"transformer.layer.#.ffn.lin2.weight"},
     HF_HIDDEN,
     HF_INTERMEDIATE,
     HF_ALWAYS},
    {"layer.#.ffn.down.bias",
     {"transformer.layer.#.ffn.lin2.bias"},
     HF_ONE,
     HF_HIDDEN,
     HF_ALWAYS},
    {"layer.#.ffn.norm.weight",
     {"transformer.layer.#.output_layer_norm.weight"},
     HF_ONE,
     HF_HIDDEN,
     HF_ALWAYS},
    {"layer.#.ffn.norm.bias",
     {"transformer.layer.#.output_layer_norm.bias"},
     HF_ONE,
     HF_HIDDEN,
     HF_ALWAYS},
    {"head.weight", {"classifier.weight"}, HF_LABELS, HF_HIDDEN, HF_IF_HEAD},
    {"head.bias", {"classifier.bias"}, HF_ONE, HF_LABELS, HF_IF_HEAD},
    {NULL, {NULL}, HF_ONE, HF_ONE, HF_ALWAYS},
};

static const hf_family hf__families[] = {
    {"bert",
     "Bert",
     "bert.",
     {{"num_hidden_layers", NULL, 12},
      {"hidden_size", NULL, 768},
      {"num_attention_heads", NULL, 12},
      {"intermediate_size", NULL, 3072},
      {"vocab_size", NULL, 30522},
      {NULL, NULL, 0},
      {"max_position_embeddings", NULL, 512},
      {"type_vocab_size", NULL, 2}},
     "hidden_act",
     "layer_norm_eps",
     1e-12,
     "hidden_dropout_prob",
     "attention_probs_dropout_prob",
     "classifier_dropout",
     NULL,
     hf__bert_tensors},
    {"distilbert",
     "DistilBert",
     "distilbert.",
     {{"n_layers", "num_hidden_layers", 6},
      {"dim", "hidden_size", 768},
      {"n_heads", "num_attention_heads", 12},
      {"hidden_dim", NULL, 3072},
      {"vocab_size", NULL, 30522},
      {NULL, NULL, 0},
      {"max_position_embeddings", NULL, 512},
      {NULL, NULL, 0}},
     "activation",
     NULL,
     1e-12,
     "dropout",
     "attention_dropout",
     NULL,
     "sinusoidal_pos_embds",
     hf__distilbert_tensors},
    {"electra",
     "Electra",
     "electra.",
     {{"num_hidden_layers", NULL, 12},
      {"hidden_size", NULL, 256},
      {"num_attention_heads", NULL, 4},
      {"intermediate_size", NULL, 1024},
      {"vocab_size", NULL, 30522},
      {"embedding_size", NULL, 128},
      {"max_position_embeddings", NULL, 512},
      {"type_vocab_size", NULL, 2}},
     "hidden_act",
     "layer_norm_eps",
     1e-12,
     "hidden_dropout_prob",
     "attention_probs_dropout_prob",
     "classifier_dropout",
     NULL,
     hf__bert_tensors},
};

enum { HF_FAMILIES = sizeof(hf__families) / sizeof(hf__families[0]) };

const hf_family *hf_family_find(const char *model_type) {
    size_t i;
    for (i = 0; i < HF_FAMILIES; i++)
        if (!strcmp(hf__families[i].model_type, model_type)) return &hf__families[i];
    return NULL;
}

void hf_layer_name(char *out, const char *prefix, const char *name, uint32_t layer) {
    const char *mark = strchr(name, '#');
    int before = mark ? (int)(mark - name) : (int)strlen(name);
    if (mark)
        snprintf(out, HF_NAME, "%s%.*s%u%s", prefix, before, name, (unsigned)layer, mark + 1);
    else
        snprintf(out, HF_NAME, "%s%s", prefix, name);
}

int hf_wanted(const hf_tensor *tensor, const uint32_t *numbers, int head) {
    switch (tensor->when) {
    case HF_IF_TYPES: return numbers[HF_TYPES] > 0;
    case HF_IF_PROJECTION: return numbers[HF_EMBEDDING] != numbers[HF_HIDDEN];
    case HF_IF_HEAD: return head;
    case HF_ALWAYS: break;
    }
    return 1;
}

/* The least and the most that each number may be; the least of heads and labels is checked
 * where they are used. */
static const uint32_t hf__least[HF_LABELS] = {1, 1, 1, 1, 1, 0, 1, 0};
static const uint32_t hf__most[HF_LABELS] = {4096,    1 << 20, 1 << 16, 1 << 24,
                                             1 << 24, 1 << 20, 1 << 24, 255};

/* --------------------------------------------------------------------------- shared */

static void hf__where(hf_error *error, const char *file) {
    snprintf(error->name, sizeof(error->name), "%s", file ? file : "");
    error->file = file ? error->name : NULL;
    error->line = 0;
}

int hf_fail(hf_error *error, const char *file, const char *format, ...) {
    va_list list;
    hf__where(error, file);
    va_start(list, format);
    vsnprintf(error->message, sizeof(error->message), format, list);
    va_end(list);
    return -1;
}

int hf_fail_at(hf_error *error, const hf_text *file, const json_node *node, const char *format,
               ...) {
    size_t column;
    va_list list;
    hf__where(error, file->name);
    if (node) json_locate(file->text, file->size, node->offset, &error->line, &column);
    va_start(list, format);
    vsnprintf(error->message, sizeof(error->message), format, list);
    va_end(list);
    return -1;
}

int hf_json(json_doc *doc, const hf_text *file, hf_error *error) {
    char why[200];
    if (json_parse(doc, file->text, file->size, why, sizeof(why)))
        return hf_fail(error, file->name, "%s", why);
    if (json_root(doc)->type != JSON_OBJECT) {
        json_type type = (json_type)json_root(doc)->type;
        json_free(doc);
        return hf_fail(error, file->name, "the file is %s, not an object",
                       type == JSON_ARRAY ? "an array" : "a single value");
    }
    return 0;
}

int hf_bool(const json_doc *doc, const json_node *object, const hf_text *file, const char *name,
            int fallback, int *out, hf_error *error) {
    const json_node *node = json_get(doc, object, name);
    *out = fallback;
    if (!json_given(node)) return 0;
    if (node->type != JSON_TRUE && node->type != JSON_FALSE)
        return hf_fail_at(error, file, node, "%s is %s, not true or false", name,
                          json_kind(node));
    *out = node->type == JSON_TRUE;
    return 0;
}

/* --------------------------------------------------------------------------- config */

typedef struct hf_reader {
    json_arena *arena;
    const hf_text *file;
    json_doc doc;
    hf_config *out;
    hf_error *error;
} hf_reader;

static const json_node *hf__get(const hf_reader *r, const char *name) {
    const json_node *node = json_get(&r->doc, json_root(&r->doc), name);
    return json_given(node) ? node : NULL;
}

/* A copy of a string without zero bytes; null after a message. */
static const char *hf__string(const hf_reader *r, const json_node *node, const char *what) {
    const char *copy;
    if (node->type != JSON_STRING || memchr(node->text, 0, node->length)) {
        hf_fail_at(r->error, r->file, node, "%s is %s, not a string", what,
                   node->type == JSON_STRING ? "a string with a zero byte" : json_kind(node));
        return NULL;
    }
    copy = json_copy(r->arena, node->text, node->length);
    if (!copy) hf_fail(r->error, r->file->name, "out of memory");
    return copy;
}

static int hf__family(hf_reader *r) {
    const json_node *node = hf__get(r, "model_type");
    char list[200], shown[60];
    size_t i, at = 0;
    if (!node) return hf_fail(r->error, r->file->name, "model_type is missing");
    for (i = 0; i < HF_FAMILIES; i++) {
        if (json_is(node, hf__families[i].model_type)) {
            r->out->family = &hf__families[i];
            return 0;
        }
        at += (size_t)snprintf(list + at, sizeof(list) - at, "%s%s", i ? ", " : "",
                               hf__families[i].model_type);
    }
    if (node->type != JSON_STRING)
        return hf_fail_at(r->error, r->file, node, "model_type is %s, not a string",
                          json_kind(node));
    return hf_fail_at(r->error, r->file, node,
                      "models of the type \"%s\" are not supported; supported are %s",
                      json_show(node->text, node->length, shown, sizeof(shown)), list);
}

static int hf__count(hf_reader *r, const char *name, uint32_t least, uint32_t most,
                     uint32_t *out) {
    const json_node *node = hf__get(r, name);
    uint64_t value;
    if (!node) return 0;
    if (!json_unsigned(node, &value) || value < least || value > most)
        return hf_fail_at(r->error, r->file, node, "%s must be an integer from %u to %u", name,
                          (unsigned)least, (unsigned)most);
    *out = (uint32_t)value;
    return 0;
}

static int hf__numbers(hf_reader *r) {
    hf_config *c = r->out;
    int i;
    for (i = 0; i < HF_LABELS; i++) {
        const hf_key *key = &c->family->numbers[i];
        c->numbers[i] = key->value;
        if ((key->name && hf__count(r, key->name, hf__least[i], hf__most[i], &c->numbers[i])) ||
            (key->alias && hf__count(r, key->alias, hf__least[i], hf__most[i], &c->numbers[i])))
            return -1;
    }
    if (!c->numbers[HF_EMBEDDING]) c->numbers[HF_EMBEDDING] = c->numbers[HF_HIDDEN];
    if (c->numbers[HF_HIDDEN] % c->numbers[HF_HEADS])
        return hf_fail(r->error, r->file->name,
                       "the hidden size %u is no multiple of the %u attention heads",
                       (unsigned)c->numbers[HF_HIDDEN], (unsigned)c->numbers[HF_HEADS]);
    return 0;
}

static int hf__activation(hf_reader *r) {
    static const char *const names[][2] = {
        {"gelu", "gelu"},         {"gelu_python", "gelu"},
        {"gelu_new", "gelu_new"}, {"gelu_pytorch_tanh", "gelu_new"},
        {"relu", "relu"},         {"silu", "silu"},
        {"swish", "silu"},
    };
    const char *key = r->out->family->act_key;
    const json_node *node = hf__get(r, key);
    char shown[60];
    size_t i;
    r->out->hidden_act = "gelu";
    if (!node) return 0;
    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (json_is(node, names[i][0])) {
            r->out->hidden_act = names[i][1];
            return 0;
        }
    }
    if (node->type != JSON_STRING)
        return hf_fail_at(r->error, r->file, node, "%s is %s, not a string", key,
                          json_kind(node));
    return hf_fail_at(r->error, r->file, node,
                      "the activation \"%s\" is not supported; supported are gelu, gelu_new, "
                      "gelu_pytorch_tanh, relu, silu, swish",
                      json_show(node->text, node->length, shown, sizeof(shown)));
}

/* A number from 0 to below `limit`; `missing` if the key is null or not there. */
static int hf__below(hf_reader *r, double limit, const char *key, double missing, float *out) {
    const json_node *node = key ? hf__get(r, key) : NULL;
    double value = missing;
    if (node && (!json_number(node, &value) ||
                 !(value >= 0 && value < 1e9 && (float)value < (float)limit)))
        return hf_fail_at(r->error, r->file, node, "%s must be a number from 0 to below %g",
                          key, limit);
    *out = (float)value;
    return 0;
}

/* What only training asks for. */
static int hf__training(hf_reader *r) {
    const hf_family *f = r->out->family;
    const json_node *pad = json_get(&r->doc, json_root(&r->doc), "pad_token_id");
    int64_t id = 0;
    if (hf__below(r, 1, f->dropout_key, 0.1, &r->out->dropout) ||
        hf__below(r, 1, f->attention_dropout_key, 0.1, &r->out->attention_dropout) ||
        hf__below(r, 1, f->classifier_dropout_key, (double)r->out->dropout,
                  &r->out->classifier_dropout) ||
        hf__below(r, 1000, "initializer_range", 0.02, &r->out->initializer_range) ||
        (f->fixed_positions_key &&
         hf_bool(&r->doc, json_root(&r->doc), r->file, f->fixed_positions_key, 0,
                 &r->out->fixed_positions, r->error)))
        return -1;
    if (pad && pad->type == JSON_NULL)
        id = -1; /* none; a missing key means 0 */
    else if (pad && !json_integer(pad, &id))
        return hf_fail_at(r->error, r->file, pad, "pad_token_id is no integer");
    r->out->pad_token_id =
        id >= 0 && id < (int64_t)r->out->numbers[HF_VOCAB] ? (int32_t)id : -1;
    return 0;
}

/* What changes the computation in a way that the encoder does not know. */
static int hf__refused(hf_reader *r) {
    static const char *const flags[] = {"is_decoder", "add_cross_attention",
                                        "is_encoder_decoder"};
    const json_node *node = hf__get(r, "position_embedding_type");
    char shown[60];
    size_t i;
    int value;
    if (node && !json_is(node, "absolute"))
        return hf_fail_at(r->error, r->file, node,
                          "position_embedding_type \"%s\" is not supported, only \"absolute\"",
                          node->type == JSON_STRING
                              ? json_show(node->text, node->length, shown, sizeof(shown))
                              : json_kind(node));
    for (i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
        if (hf_bool(&r->doc, json_root(&r->doc), r->file, flags[i], 0, &value, r->error))
            return -1;
        if (value)
            return hf_fail_at(r->error, r->file, hf__get(r, flags[i]),
                              "%s: decoders are not supported", flags[i]);
    }
    node = hf__get(r, "pruned_heads");
    if (node && node->count)
        return hf_fail_at(r->error, r->file, node, "pruned_heads are not supported");
    return 0;
}

/* The number that a key of id2label is, below `count`; -1 if it is something else. */
static int64_t hf__label_id(const json_node *key, uint32_t count) {
    uint64_t id = 0;
    uint32_t i;
    if (!key->length || key->length > 9 || (key->text[0] == '0' && key->length > 1)) return -1;
    for (i = 0; i < key->length; i++) {
        if (key->text[i] < '0' || key->text[i] > '9') return -1;
        id = id * 10 + (uint64_t)(key->text[i] - '0');
    }
    return id < count ? (int64_t)id : -1;
}

static int hf__default_labels(hf_reader *r) {
    uint32_t count = 2, i;
    const char **labels;
    if (hf__count(r, "num_labels", 0, 1 << 16, &count)) return -1;
    labels = (const char **)json_alloc(r->arena, (size_t)count * sizeof(*labels));
    for (i = 0; labels && i < count; i++) {
        char name[24];
        int length = snprintf(name, sizeof(name), "LABEL_%u", (unsigned)i);
        labels[i] = json_copy(r->arena, name, (size_t)length);
        if (!labels[i]) break;
    }
    if (!labels || i < count) return hf_fail(r->error, r->file->name, "out of memory");
    r->out->labels = labels;
    r->out->numbers[HF_LABELS] = count;
    return 0;
}

static int hf__labels(hf_reader *r) {
    const json_node *map = hf__get(r, "id2label"), *key;
    const char **labels;
    char shown[60];
    if (!map) return hf__default_labels(r);
    if (map->type != JSON_OBJECT)
        return hf_fail_at(r->error, r->file, map, "id2label is %s, not an object",
                          json_kind(map));
    labels = (const char **)json_alloc(r->arena, (size_t)map->count * sizeof(*labels));
    if (!labels) return hf_fail(r->error, r->file->name, "out of memory");
    memset((void *)labels, 0, (size_t)map->count * sizeof(*labels));
    for (key = json_first(&r->doc, map); key; key = json_next(&r->doc, key)) {
        int64_t id = hf__label_id(key, map->count);
        if (id < 0 || labels[id])
            return hf_fail_at(r->error, r->file, key,
                              "the keys of id2label are not 0 to %u: there is \"%s\"%s",
                              (unsigned)map->count - 1,
                              json_show(key->text, key->length, shown, sizeof(shown)),
                              id < 0 ? "" : " twice");
        labels[id] = hf__string(r, json_value(key), "a label of id2label");
        if (!labels[id]) return -1;
    }
    r->out->labels = labels;
    r->out->numbers[HF_LABELS] = map->count;
    return 0;
}

static int hf__names(hf_reader *r) {
    const json_node *list = hf__get(r, "architectures"), *name = hf__get(r, "tokenizer_class");
    r->out->architecture = "";
    if (list && list->type != JSON_ARRAY)
        return hf_fail_at(r->error, r->file, list, "architectures is %s, not an array",
                          json_kind(list));
    if (list && list->count) {
        r->out->architecture = hf__string(r, json_first(&r->doc, list), "the architecture");
        if (!r->out->architecture) return -1;
    }
    if (name) {
        r->out->tokenizer_class = hf__string(r, name, "tokenizer_class");
        if (!r->out->tokenizer_class) return -1;
    }
    return 0;
}

int hf_config_read(json_arena *arena, const hf_text *file, hf_config *out, hf_error *error) {
    hf_reader r;
    int status;
    memset(out, 0, sizeof(*out));
    memset(&r, 0, sizeof(r));
    r.arena = arena;
    r.file = file;
    r.out = out;
    r.error = error;
    if (hf_json(&r.doc, file, error)) return -1;
    status = hf__family(&r) || hf__numbers(&r) || hf__activation(&r) ||
             hf__below(&r, 1, out->family->eps_key, out->family->eps, &out->eps) ||
             hf__training(&r) || hf__refused(&r) || hf__labels(&r) || hf__names(&r);
    json_free(&r.doc);
    return status ? -1 : 0;
}
