/* hf_tokenizer.c - tokenizer.json, or vocab.txt, with the files beside them; see hf.h.
 *
 * What the files mean together is what transformers 4 makes of them: the added tokens of
 * tokenizer.json in their order, then those of tokenizer_config.json, then the special tokens;
 * and for the classes of the BERT family the switches of tokenizer_config.json, given or not,
 * in place of those of tokenizer.json. A tokenizer.json alone is taken as it stands. */
#include "hf.h"

#include <stdlib.h>
#include <string.h>

/* Values of `normalized` that are not known yet. */
enum {
    HF_NOT_SPECIAL = -1, /* the opposite of what `special` will be in the end */
    HF_NOT_GIVEN = -2    /* 0 if a file names the token as a special one, else 1 */
};

/* An added token on its way. Flags are 0 or 1. */
typedef struct hf_added {
    const char *content; /* [length] */
    size_t length;
    int special, normalized, single_word, lstrip, rstrip;
    int stage;     /* 1 tokenizer.json, 2 added_tokens_decoder, 3 special tokens */
    int weak;      /* added only if no other token has its content */
    int given;     /* stage 3: by a file, not the class's default */
    int more;      /* stage 3, without tokenizer.json: of no role, 2: special_tokens_map's */
    int64_t order; /* the id that its file gives it */
    int leader;    /* first of its content */
    int32_t id;
} hf_added;

/* One entry of the vocabulary. */
typedef struct hf_entry {
    const char *text; /* [length] */
    size_t length;
    int32_t id;
    uint32_t order;
} hf_entry;

/* The special tokens by their role, in the order in which transformers adds them. */
enum { HF_BOS, HF_EOS, HF_UNK, HF_SEP, HF_PAD, HF_CLS, HF_MASK, HF_ROLES };

typedef struct hf_role {
    hf_added token; /* length 0: none */
    int object;     /* 1 an AddedToken with flags, 2 that of a known token, 0 a plain string */
} hf_role;

typedef struct hf_build {
    json_arena *arena;
    const hf_tokenizer_files *files;
    hf_tokenizer *out;
    hf_error *error;
    json_doc tokenizer, config, special, added; /* nodes null if there is no such file */
    hf_entry *entries; /* [entry_count] sorted by text, each text once */
    size_t entry_count;
    hf_added *tokens; /* [token_count] candidates in the order of adding */
    size_t token_count, token_room;
    hf_role roles[HF_ROLES];
    const struct hf_class *class; /* or null: tokenizer.json as it stands */
    int has_decoder;              /* tokenizer_config.json has added_tokens_decoder */
    int untyped;                  /* its model_input_names have no token_type_ids */
} hf_build;

static const char *const hf__role_keys[HF_ROLES] = {
    "bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token"};

/* A class of tokenizers: its special tokens, and what it does with tokenizer.json, whose
 * switches give way to those of tokenizer_config.json. */
typedef struct hf_class {
    const char *name;         /* without Tokenizer or TokenizerFast behind it */
    const char *const *roles; /* [HF_ROLES] by default */
    int slow;                 /* has a slow form, BERT's, that is made from vocab.txt */
    int chinese;              /* tokenize_chinese_chars is one of the switches */
    int objects;              /* roles are AddedTokens; [MASK] takes the space before it */
} hf_class;

static const char *const hf__bert_roles[HF_ROLES] = {NULL,    NULL,    "[UNK]", "[SEP]",
                                                     "[PAD]", "[CLS]", "[MASK]"};
static const char *const hf__mpnet_roles[HF_ROLES] = {"<s>",   "</s>", "[UNK]", "</s>",
                                                      "<pad>", "<s>",  "<mask>"};
static const char *const hf__funnel_roles[HF_ROLES] = {"<s>",   "</s>",  "<unk>", "<sep>",
                                                       "<pad>", "<cls>", "<mask>"};
static const hf_class hf__classes[] = {{"Bert", hf__bert_roles, 1, 1, 0},
                                       {"DistilBert", hf__bert_roles, 1, 1, 0},
                                       {"Electra", hf__bert_roles, 1, 1, 0},
                                       {"MobileBert", hf__bert_roles, 1, 1, 0},
                                       {"SqueezeBert", hf__bert_roles, 1, 1, 0},
                                       {"ConvBert", hf__bert_roles, 1, 1, 0},
                                       {"LayoutLM", hf__bert_roles, 1, 1, 0},
                                       {"LayoutLMv2", hf__bert_roles, 1, 0, 0},
                                       {"Lxmert", hf__bert_roles, 1, 1, 0},
                                       {"DPRContextEncoder", hf__bert_roles, 1, 1, 0},
                                       {"DPRQuestionEncoder", hf__bert_roles, 1, 1, 0},
                                       {"DPRReader", hf__bert_roles, 1, 1, 0},
                                       {"RetriBert", hf__bert_roles, 1, 1, 0},
                                       {"Realm", hf__bert_roles, 1, 1, 0},
                                       {"MPNet", hf__mpnet_roles, 0, 0, 1},
                                       {"Funnel", hf__funnel_roles, 0, 1, 0}};

static int hf__memory(hf_error *error) { return hf_fail(error, NULL, "out of memory"); }

/* ----------------------------------------------------------------------- vocabulary */

static int hf__entry_order(const void *a, const void *b) {
    const hf_entry *x = (const hf_entry *)a, *y = (const hf_entry *)b;
    int order = tool_order(x->text, x->length, y->text, y->length);
    return order ? order : x->order < y->order ? -1 : 1;
}

static int32_t hf__lookup(const hf_build *b, const char *text, size_t length) {
    size_t low = 0, high = b->entry_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const hf_entry *entry = &b->entries[middle];
        int order = tool_order(entry->text, entry->length, text, length);
        if (!order) return entry->id;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return -1;
}

/* Sorts the entries, keeps the last of each text, and lays them out by id. */
static int hf__vocabulary(hf_build *b, const char *file) {
    tc_tokenizer_desc *desc = &b->out->desc;
    tc_string *vocab;
    size_t i, kept = 0, size = 0;
    char one[50], two[50];
    qsort(b->entries, b->entry_count, sizeof(*b->entries), hf__entry_order);
    for (i = 0; i < b->entry_count; i++) {
        hf_entry *e = &b->entries[i];
        if (i + 1 < b->entry_count && !tool_order(e->text, e->length, e[1].text, e[1].length))
            continue;
        if ((size_t)e->id >= size) size = (size_t)e->id + 1;
        b->entries[kept++] = *e;
    }
    b->entry_count = kept;
    /* An id far beyond the number of tokens would ask for a table of any size. */
    if (size > 65536 + 8 * kept)
        return hf_fail(b->error, file, "the vocabulary has %zu tokens but ids up to %zu", kept,
                       size - 1);
    vocab = (tc_string *)json_alloc(b->arena, size * sizeof(*vocab));
    if (!vocab) return hf__memory(b->error);
    if (size) memset(vocab, 0, size * sizeof(*vocab));
    for (i = 0; i < kept; i++) {
        const hf_entry *e = &b->entries[i];
        if (vocab[e->id].data)
            return hf_fail(b->error, file, "the tokens \"%s\" and \"%s\" have the same id %d",
                           json_show(vocab[e->id].data, vocab[e->id].length, one, sizeof(one)),
                           json_show(e->text, e->length, two, sizeof(two)), (int)e->id);
        vocab[e->id].data = e->text;
        vocab[e->id].length = e->length;
    }
    desc->vocab = vocab;
    desc->vocab_count = (uint32_t)size;
    return 0;
}

/* Spaces at the end of a line taken off, ASCII only: the vocabulary of bert-base-chinese has
 * U+2028 for a token. */
static size_t hf__trim(const char *text, size_t length) {
    while (length &&
           (text[length - 1] == ' ' || (text[length - 1] >= 9 && text[length - 1] <= 13)))
        length--;
    return length;
}

/* The end of the line at `at`; *next is where the next one begins. Python takes a carriage
 * return for an end too. */
static size_t hf__line_end(const hf_text *file, size_t at, size_t *next) {
    while (at < file->size && file->text[at] != '\n' && file->text[at] != '\r') at++;
    *next = at + 1;
    if (at + 1 < file->size && file->text[at] == '\r' && file->text[at + 1] == '\n') ++*next;
    return at;
}

static int hf__vocab_text(hf_build *b) {
    const hf_text *file = &b->files->vocab;
    size_t lines = 0, at, next, bad, line, column;
    if (!json_utf8(file->text, file->size, &bad)) {
        json_locate(file->text, file->size, bad, &line, &column);
        hf_fail(b->error, file->name, "bytes that are not UTF-8");
        b->error->line = line;
        return -1;
    }
    for (at = 0; at < file->size; at = next, lines++) hf__line_end(file, at, &next);
    if (!lines) return hf_fail(b->error, file->name, "the vocabulary is empty");
    if (lines >= INT32_MAX) return hf_fail(b->error, file->name, "more than 2^31 lines");
    b->entries = (hf_entry *)json_alloc(b->arena, lines * sizeof(*b->entries));
    if (!b->entries) return hf__memory(b->error);
    for (at = 0; at < file->size; at = next) {
        hf_entry *entry = &b->entries[b->entry_count];
        entry->text = file->text + at;
        entry->length = hf__trim(entry->text, hf__line_end(file, at, &next) - at);
        entry->id = (int32_t)b->entry_count;
        entry->order = (uint32_t)b->entry_count++;
    }
    return hf__vocabulary(b, file->name);
}

static int hf__vocab_json(hf_build *b, const json_node *map) {
    const hf_text *file = &b->files->tokenizer;
    const json_node *key;
    if (!map || map->type != JSON_OBJECT)
        return hf_fail_at(b->error, file, map, "the vocab of the model is %s, not an object",
                          json_kind(map));
    b->entries = (hf_entry *)json_alloc(b->arena, map->count * sizeof(*b->entries));
    if (!b->entries) return hf__memory(b->error);
    for (key = json_first(&b->tokenizer, map); key; key = json_next(&b->tokenizer, key)) {
        hf_entry *entry = &b->entries[b->entry_count];
        uint64_t id;
        char shown[60];
        if (!json_unsigned(json_value(key), &id) || id >= INT32_MAX)
            return hf_fail_at(b->error, file, key,
                              "the id of \"%s\" is no integer below 2^31 - 1",
                              json_show(key->text, key->length, shown, sizeof(shown)));
        entry->text = key->text;
        entry->length = key->length;
        entry->id = (int32_t)id;
        entry->order = (uint32_t)b->entry_count++;
    }
    return hf__vocabulary(b, file->name);
}

/* -------------------------------------------------------- components of tokenizer.json */

/* A component's type for a message. */
static const char *hf__type(const json_doc *doc, const json_node *node, char *out,
                            size_t size) {
    const json_node *type = json_get(doc, node, "type");
    if (!type || type->type != JSON_STRING) return json_show("(none)", 6, out, size);
    return json_show(type->text, type->length, out, size);
}

/* A component of tokenizer.json: *out null if it is null; an error if its type is another. */
static int hf__component(hf_build *b, const char *part, const char *wanted, const char *other,
                         const json_node **out) {
    const json_node *node = json_get(&b->tokenizer, json_root(&b->tokenizer), part);
    const json_node *type = json_get(&b->tokenizer, node, "type");
    char shown[60];
    *out = NULL;
    if (!json_given(node)) return 0;
    if (node->type != JSON_OBJECT)
        return hf_fail_at(b->error, &b->files->tokenizer, node, "the %s is %s, not an object",
                          part, json_kind(node));
    if (!json_is(type, wanted) && !(other && json_is(type, other)))
        return hf_fail_at(b->error, &b->files->tokenizer, node,
                          "a %s of the type \"%s\" is not supported, only %s%s%s", part,
                          hf__type(&b->tokenizer, node, shown, sizeof(shown)), wanted,
                          other ? " and " : "", other ? other : "");
    *out = node;
    return 0;
}

static int hf__normalizer(hf_build *b) {
    const hf_text *file = &b->files->tokenizer;
    tc_tokenizer_desc *desc = &b->out->desc;
    const json_node *node;
    int clean, chinese, lower, strip;
    if (hf__component(b, "normalizer", "BertNormalizer", NULL, &node)) return -1;
    if (!node) return 0;
    if (hf_bool(&b->tokenizer, node, file, "clean_text", 1, &clean, b->error) ||
        hf_bool(&b->tokenizer, node, file, "handle_chinese_chars", 1, &chinese, b->error) ||
        hf_bool(&b->tokenizer, node, file, "lowercase", 1, &lower, b->error) ||
        hf_bool(&b->tokenizer, node, file, "strip_accents", lower, &strip, b->error))
        return -1;
    desc->clean_text = (uint8_t)clean;
    desc->handle_chinese_chars = (uint8_t)chinese;
    desc->lowercase = (uint8_t)lower;
    desc->strip_accents = (uint8_t)strip;
    if (!b->class) return 0;
    if (!b->config.nodes) {
        b->out->keeps = !lower                          ? "case"
                        : !strip                        ? "accents"
                        : !chinese && b->class->chinese ? "Chinese words"
                                                        : NULL;
        return 0;
    }
    file = &b->files->config; /* its switches, or the class's defaults, win */
    node = json_root(&b->config);
    if (hf_bool(&b->config, node, file, "do_lower_case", 1, &lower, b->error) ||
        hf_bool(&b->config, node, file, "tokenize_chinese_chars", 1, &chinese, b->error) ||
        hf_bool(&b->config, node, file, "strip_accents", lower, &strip, b->error))
        return -1;
    if (b->class->chinese) desc->handle_chinese_chars = (uint8_t)chinese;
    desc->lowercase = (uint8_t)lower;
    desc->strip_accents = (uint8_t)strip;
    return 0;
}

static int hf__model(hf_build *b) {
    const hf_text *file = &b->files->tokenizer;
    const json_doc *doc = &b->tokenizer;
    tc_tokenizer_desc *desc = &b->out->desc;
    const json_node *model = json_get(doc, json_root(doc), "model"), *node;
    uint64_t limit;
    char shown[60];
    if (!model || model->type != JSON_OBJECT)
        return hf_fail_at(b->error, file, model, "the model is %s, not an object",
                          json_kind(model));
    node = json_get(doc, model, "type");
    if (node ? !json_is(node, "WordPiece")
             : json_get(doc, model, "merges") != NULL ||
                   !json_get(doc, model, "continuing_subword_prefix"))
        return hf_fail_at(b->error, file, model,
                          "a model of the type \"%s\" is not supported, only WordPiece",
                          hf__type(doc, model, shown, sizeof(shown)));
    node = json_get(doc, model, "continuing_subword_prefix");
    if (!node || node->type != JSON_STRING)
        return hf_fail_at(b->error, file, model,
                          "continuing_subword_prefix of the model is %s, not a string",
                          json_kind(node));
    desc->continuing_prefix.data = node->text;
    desc->continuing_prefix.length = node->length;
    node = json_get(doc, model, "max_input_chars_per_word");
    if (!json_unsigned(node, &limit))
        return hf_fail_at(b->error, file, model,
                          "max_input_chars_per_word of the model is %s, not a positive integer",
                          json_kind(node));
    desc->max_word_chars = limit > INT32_MAX ? INT32_MAX : (uint32_t)limit;
    if (hf__vocab_json(b, json_get(doc, model, "vocab"))) return -1;
    node = json_get(doc, model, "unk_token");
    if (!node || node->type != JSON_STRING)
        return hf_fail_at(b->error, file, model, "unk_token of the model is %s, not a string",
                          json_kind(node));
    desc->unk_id = hf__lookup(b, node->text, node->length);
    return 0;
}

static int hf__decoder(hf_build *b) {
    tc_tokenizer_desc *desc = &b->out->desc;
    const hf_text *file = &b->files->tokenizer;
    const json_node *node, *prefix;
    int cleanup;
    if (hf__component(b, "decoder", "WordPiece", NULL, &node)) return -1;
    if (!node) return 0;
    prefix = json_get(&b->tokenizer, node, "prefix");
    if (!prefix || prefix->type != JSON_STRING)
        return hf_fail_at(b->error, file, node, "the prefix of the decoder is %s, not a string",
                          json_kind(prefix));
    if (hf_bool(&b->tokenizer, node, file, "cleanup", 1, &cleanup, b->error)) return -1;
    desc->decoder_wordpiece = 1;
    desc->decoder_cleanup = (uint8_t)cleanup;
    desc->decoder_prefix.data = prefix->text;
    desc->decoder_prefix.length = prefix->length;
    return 0;
}

/* ------------------------------------------------------------------------- template */

typedef struct hf_steps {
    tc_template_step *steps;
    uint32_t count;
} hf_steps;

static int hf__byte(hf_build *b, const json_node *piece, const json_node *node, uint8_t *out) {
    uint64_t value;
    if (!json_unsigned(node, &value) || value > 255)
        return hf_fail_at(b->error, &b->files->tokenizer, piece,
                          "a type_id of the post_processor is no integer from 0 to 255");
    *out = (uint8_t)value;
    return 0;
}

/* The ids of a special token of a template. */
static const json_node *hf__special_ids(hf_build *b, const json_node *post,
                                        const json_node *body) {
    const json_doc *doc = &b->tokenizer;
    const json_node *name = json_get(doc, body, "id"), *key, *ids = NULL;
    const json_node *specials = json_get(doc, post, "special_tokens");
    char shown[60];
    if (!name || name->type != JSON_STRING) {
        hf_fail_at(b->error, &b->files->tokenizer, body, "a special token without id");
        return NULL;
    }
    if (specials && specials->type == JSON_OBJECT)
        for (key = json_first(doc, specials); key; key = json_next(doc, key))
            if (key->length == name->length && !memcmp(key->text, name->text, key->length))
                ids = json_get(doc, json_value(key), "ids");
    if (!ids || ids->type != JSON_ARRAY || !ids->count || ids->count > 16) {
        hf_fail_at(b->error, &b->files->tokenizer, body,
                   "the post_processor has no ids for its special token \"%s\"",
                   json_show(name->text, name->length, shown, sizeof(shown)));
        return NULL;
    }
    return ids;
}

static int hf__special_step(hf_build *b, const json_node *post, const json_node *body,
                            uint8_t type, hf_steps *out) {
    const json_node *ids = hf__special_ids(b, post, body), *item;
    uint64_t id;
    if (!ids) return -1;
    for (item = json_first(&b->tokenizer, ids); item; item = json_next(&b->tokenizer, item)) {
        tc_template_step *step = &out->steps[out->count];
        if (!json_unsigned(item, &id) || id >= INT32_MAX)
            return hf_fail_at(b->error, &b->files->tokenizer, item,
                              "an id of the post_processor is no integer below 2^31 - 1");
        if (out->count == 64)
            return hf_fail_at(b->error, &b->files->tokenizer, body,
                              "a template of the post_processor has more than 64 steps");
        out->count++;
        memset(step, 0, sizeof(*step));
        step->id = (int32_t)id;
        step->type = b->untyped ? 0 : type;
    }
    return 0;
}

/* One template: each of its `sequences` sequences must stand in it once. */
static int hf__template(hf_build *b, const json_node *post, const char *name,
                        unsigned sequences, hf_steps *out) {
    const json_doc *doc = &b->tokenizer;
    const hf_text *file = &b->files->tokenizer;
    const json_node *list = json_get(doc, post, name), *piece, *body;
    unsigned seen = 0, bit;
    uint8_t type = 0;
    out->count = 0;
    if (!list || list->type != JSON_ARRAY)
        return hf_fail_at(b->error, file, post, "%s of the post_processor is %s, not an array",
                          name, json_kind(list));
    out->steps = (tc_template_step *)json_alloc(b->arena, 65 * sizeof(*out->steps));
    if (!out->steps) return hf__memory(b->error);
    for (piece = json_first(doc, list); piece; piece = json_next(doc, piece)) {
        body = json_get(doc, piece, "SpecialToken");
        if (!body) body = json_get(doc, piece, "Sequence");
        if (!body || piece->count != 1)
            return hf_fail_at(
                b->error, file, piece,
                "a step of the post_processor is neither Sequence nor SpecialToken");
        if (hf__byte(b, piece, json_get(doc, body, "type_id"), &type)) return -1;
        if (json_get(doc, piece, "SpecialToken")) {
            if (hf__special_step(b, post, body, type, out)) return -1;
            continue;
        }
        bit = json_is(json_get(doc, body, "id"), "A") ? 1 : 2;
        if ((bit == 2 && !json_is(json_get(doc, body, "id"), "B")) || (seen & bit) ||
            out->count == 64)
            break;
        seen |= bit;
        memset(&out->steps[out->count], 0, sizeof(*out->steps));
        out->steps[out->count].id = -1;
        out->steps[out->count].sequence = (uint8_t)(bit - 1);
        out->steps[out->count++].type = b->untyped ? 0 : type;
    }
    if (piece || seen != sequences)
        return hf_fail_at(b->error, file, list,
                          "%s of the post_processor does not hold each sequence once", name);
    return 0;
}

/* [CLS] A [SEP] and [CLS] A [SEP] B [SEP]. */
static int hf__bert_template(hf_build *b, int32_t cls, int32_t sep) {
    tc_tokenizer_desc *desc = &b->out->desc;
    tc_template_step *steps = (tc_template_step *)json_alloc(b->arena, 8 * sizeof(*steps));
    if (!steps) return hf__memory(b->error);
    memset(steps, 0, 8 * sizeof(*steps));
    steps[0].id = cls;
    steps[1].id = -1;
    steps[2].id = sep;
    memcpy(steps + 3, steps, 3 * sizeof(*steps));
    steps[6].id = -1;
    steps[6].sequence = 1;
    steps[7].id = sep;
    steps[6].type = steps[7].type = (uint8_t)!b->untyped;
    desc->single = steps;
    desc->single_count = 3;
    desc->pair = steps + 3;
    desc->pair_count = 5;
    return 0;
}

/* The id in ["[SEP]", 102]. */
static int hf__pair_id(hf_build *b, const json_node *post, const char *name, int32_t *out) {
    const json_node *node = json_get(&b->tokenizer, post, name);
    uint64_t id = 0;
    if (!node || node->type != JSON_ARRAY || node->count != 2 ||
        !json_unsigned(json_next(&b->tokenizer, json_first(&b->tokenizer, node)), &id) ||
        id >= INT32_MAX)
        return hf_fail_at(b->error, &b->files->tokenizer, post,
                          "%s of the post_processor is no pair of token and id", name);
    *out = (int32_t)id;
    return 0;
}

static int hf__post_processor(hf_build *b) {
    tc_tokenizer_desc *desc = &b->out->desc;
    const json_node *post;
    hf_steps single, pair;
    int32_t cls, sep;
    if (hf__component(b, "post_processor", "TemplateProcessing", "BertProcessing", &post))
        return -1;
    if (!post) return 0;
    if (json_is(json_get(&b->tokenizer, post, "type"), "BertProcessing")) {
        if (hf__pair_id(b, post, "cls", &cls) || hf__pair_id(b, post, "sep", &sep)) return -1;
        return hf__bert_template(b, cls, sep);
    }
    if (hf__template(b, post, "single", 1, &single) || hf__template(b, post, "pair", 3, &pair))
        return -1;
    desc->single = single.steps;
    desc->single_count = single.count;
    desc->pair = pair.steps;
    desc->pair_count = pair.count;
    return 0;
}

/* --------------------------------------------------------------------- added tokens */

static int hf__push(hf_build *b, const hf_added *token, int stage, int weak) {
    hf_added *place;
    if (!token->length) /* empty ones are never added */
        return 0;
    if (b->token_count == b->token_room) {
        size_t room = b->token_room ? 2 * b->token_room : 64;
        hf_added *fresh = (hf_added *)json_alloc(b->arena, room * sizeof(*fresh));
        if (!fresh) return hf__memory(b->error);
        if (b->token_count) memcpy(fresh, b->tokens, b->token_count * sizeof(*fresh));
        b->tokens = fresh;
        b->token_room = room;
    }
    place = &b->tokens[b->token_count++];
    *place = *token;
    place->stage = stage;
    place->weak = weak;
    place->leader = 0;
    place->id = -1;
    return 0;
}

/* A copy of a string that outlives the document it stands in: only those of tokenizer.json do
 * without. */
static const char *hf__keep(hf_build *b, const json_node *node) {
    const char *copy = json_copy(b->arena, node->text, node->length);
    if (!copy) hf__memory(b->error);
    return copy;
}

/* An AddedToken as an object, or its content alone as a string (*object is then 0). With
 * `special` it is a special token whatever the object says. */
static int hf__token(hf_build *b, const json_doc *doc, const hf_text *file,
                     const json_node *node, int special, hf_added *out, int *object) {
    const json_node *content = node;
    memset(out, 0, sizeof(*out));
    out->special = special;
    out->normalized = HF_NOT_SPECIAL;
    *object = node->type == JSON_OBJECT;
    if (*object) {
        content = json_get(doc, node, "content");
        if ((!special && hf_bool(doc, node, file, "special", 0, &out->special, b->error)) ||
            hf_bool(doc, node, file, "normalized", HF_NOT_SPECIAL, &out->normalized,
                    b->error) ||
            hf_bool(doc, node, file, "single_word", 0, &out->single_word, b->error) ||
            hf_bool(doc, node, file, "lstrip", 0, &out->lstrip, b->error) ||
            hf_bool(doc, node, file, "rstrip", 0, &out->rstrip, b->error))
            return -1;
    }
    if (!content || content->type != JSON_STRING)
        return hf_fail_at(b->error, file, node, "an added token is %s, not a string",
                          json_kind(content));
    out->content = hf__keep(b, content);
    out->length = content->length;
    return out->content ? 0 : -1;
}

/* Stage 1: tokenizer.json. */
static int hf__file_tokens(hf_build *b) {
    const json_doc *doc = &b->tokenizer;
    const hf_text *file = &b->files->tokenizer;
    const json_node *list = json_get(doc, json_root(doc), "added_tokens"), *node;
    hf_added token;
    int object;
    if (!json_given(list)) return 0;
    if (list->type != JSON_ARRAY)
        return hf_fail_at(b->error, file, list, "added_tokens is %s, not an array",
                          json_kind(list));
    for (node = json_first(doc, list); node; node = json_next(doc, node)) {
        const json_node *id = json_get(doc, node, "id");
        if (hf__token(b, doc, file, node, 0, &token, &object)) return -1;
        if (!json_integer(id, &token.order) || token.order < 0)
            return hf_fail_at(b->error, file, node,
                              "the id of an added token is %s, not 0 or more", json_kind(id));
        if (hf__push(b, &token, 1, 0)) return -1;
    }
    return 0;
}

static int hf__by_order(const void *a, const void *b) {
    const hf_added *x = (const hf_added *)a, *y = (const hf_added *)b;
    if (x->order != y->order) return x->order < y->order ? -1 : 1;
    return x->id < y->id ? -1 : x->id > y->id;
}

/* Sorts the tokens from `first` on by the ids of their files; of one id the last stays. */
static void hf__sort_tokens(hf_build *b, size_t first) {
    size_t i, kept = first;
    for (i = first; i < b->token_count; i++)
        b->tokens[i].id = (int32_t)(i - first); /* keeps the order of equal ones */
    if (b->token_count > first)
        qsort(b->tokens + first, b->token_count - first, sizeof(*b->tokens), hf__by_order);
    for (i = first; i < b->token_count; i++)
        if (i + 1 == b->token_count || b->tokens[i].order != b->tokens[i + 1].order)
            b->tokens[kept++] = b->tokens[i];
    b->token_count = kept;
}

/* Stage 2: added_tokens_decoder of tokenizer_config.json, by id. */
static int hf__config_tokens(hf_build *b) {
    const json_doc *doc = &b->config;
    const hf_text *file = &b->files->config;
    const json_node *map = NULL, *key;
    size_t first = b->token_count;
    if (b->config.nodes) map = json_get(doc, json_root(doc), "added_tokens_decoder");
    b->has_decoder = json_given(map);
    if (!b->has_decoder) return 0;
    if (map->type != JSON_OBJECT)
        return hf_fail_at(b->error, file, map, "added_tokens_decoder is %s, not an object",
                          json_kind(map));
    for (key = json_first(doc, map); key; key = json_next(doc, key)) {
        json_node number = *key;
        hf_added token;
        int object;
        number.type = JSON_NUMBER;
        if (hf__token(b, doc, file, json_value(key), 0, &token, &object)) return -1;
        if (!key->length || !json_integer(&number, &token.order) || token.order >= INT32_MAX ||
            token.order < 0)
            return hf_fail_at(b->error, file, key,
                              "a key of added_tokens_decoder is no integer below 2^31 - 1");
        if (hf__push(b, &token, 2, 0)) return -1;
    }
    hf__sort_tokens(b, first);
    return 0;
}

/* Stage 2 of folders without added_tokens_decoder: added_tokens.json, and tokenizer.json again,
 * which wins where ids are the same. */
static int hf__legacy_tokens(hf_build *b) {
    const json_doc *doc = &b->added;
    const json_node *key;
    size_t first = b->token_count, i;
    if (b->has_decoder) return 0;
    for (key = doc->nodes ? json_first(doc, json_root(doc)) : NULL; key;
         key = json_next(doc, key)) {
        hf_added token;
        memset(&token, 0, sizeof(token));
        token.content = hf__keep(b, key);
        token.length = key->length;
        if (!token.content) return -1;
        if (!json_integer(json_value(key), &token.order) || token.order < 0)
            return hf_fail_at(b->error, &b->files->added, key,
                              "an id is no integer of 0 or more");
        token.normalized = HF_NOT_GIVEN;
        if (hf__push(b, &token, 2, 0)) return -1;
    }
    for (i = 0; i < first; i++) {
        hf_added token = b->tokens[i];
        if (hf__push(b, &token, 2, 0)) return -1;
    }
    hf__sort_tokens(b, first);
    return 0;
}

/* The roles that one file gives. In special_tokens_map.json an object is special. */
static int hf__file_roles(hf_build *b, const json_doc *doc, const hf_text *file, int map) {
    int i;
    for (i = 0; i < HF_ROLES; i++) {
        const json_node *node = json_get(doc, json_root(doc), hf__role_keys[i]);
        hf_role *role = &b->roles[i];
        if (!node) continue;
        if (node->type == JSON_NULL) {
            memset(role, 0, sizeof(*role));
            continue;
        }
        if (hf__token(b, doc, file, node, map, &role->token, &role->object)) return -1;
        role->token.given = 1;
    }
    return 0;
}

/* The token that padding in tokenizer.json names, for a class without one of its own. */
static const json_node *hf__padding_token(const hf_build *b) {
    const json_node *padding;
    if (b->class || !b->tokenizer.nodes) return NULL;
    padding = json_get(&b->tokenizer, json_root(&b->tokenizer), "padding");
    padding = json_get(&b->tokenizer, padding, "pad_token");
    return padding && padding->type == JSON_STRING ? padding : NULL;
}

/* Who is [CLS] and so on: class, tokenizer_config.json, special_tokens_map.json. */
static int hf__roles(hf_build *b) {
    const json_node *pad = hf__padding_token(b);
    int i;
    memset(b->roles, 0, sizeof(b->roles));
    for (i = 0; i < HF_ROLES && b->class; i++) {
        const char *name = b->class->roles[i];
        b->roles[i].token.content = name;
        b->roles[i].token.length = name ? strlen(name) : 0;
    }
    if (pad) {
        b->roles[HF_PAD].token.content = hf__keep(b, pad);
        b->roles[HF_PAD].token.length = pad->length;
        if (!b->roles[HF_PAD].token.content) return -1;
    }
    if (b->config.nodes && hf__file_roles(b, &b->config, &b->files->config, 0)) return -1;
    if (!b->has_decoder && b->special.nodes)
        return hf__file_roles(b, &b->special, &b->files->special, 1);
    return 0;
}

static int hf__push_special(hf_build *b, const hf_added *special, int object) {
    hf_added token = *special;
    /* Through the slow tokenizer that vocab.txt needs the flag is settled too early. */
    if (object == 1 && !b->tokenizer.nodes && token.normalized == HF_NOT_SPECIAL)
        token.normalized = !token.special;
    else if (!object)
        token.normalized = 0;
    token.special = 1;
    return hf__push(b, &token, 3, !object);
}

/* additional_special_tokens, an array, or extra_special_tokens, an object or array. */
static int hf__more_specials(hf_build *b, const json_doc *doc, const hf_text *file,
                             const char *name, int map, int given) {
    const json_node *list, *node;
    hf_added token;
    int object;
    if (!doc->nodes) return 0;
    list = json_get(doc, json_root(doc), name);
    if (!json_given(list)) return 0;
    if (list->type != JSON_ARRAY && list->type != JSON_OBJECT)
        return hf_fail_at(b->error, file, list, "%s is %s, not an array", name,
                          json_kind(list));
    for (node = json_first(doc, list); node; node = json_next(doc, node)) {
        const json_node *value = list->type == JSON_OBJECT ? json_value(node) : node;
        if (hf__token(b, doc, file, value, map, &token, &object)) return -1;
        token.given = given;
        token.more = b->tokenizer.nodes ? 0 : 1 + map;
        if (hf__push_special(b, &token, object)) return -1;
    }
    return 0;
}

/* Stage 3: the special tokens. */
static int hf__special_tokens(hf_build *b) {
    int i;
    for (i = 0; i < HF_ROLES; i++)
        if (hf__push_special(b, &b->roles[i].token, b->roles[i].object)) return -1;
    if (hf__more_specials(b, &b->config, &b->files->config, "additional_special_tokens", 0, 1))
        return -1;
    if (!b->has_decoder && hf__more_specials(b, &b->special, &b->files->special,
                                             "additional_special_tokens", 1, 1))
        return -1;
    return hf__more_specials(b, &b->config, &b->files->config, "extra_special_tokens", 0, 0);
}

static int hf__by_content(const void *a, const void *b) {
    const hf_added *const *x = (const hf_added *const *)a, *const *y =
                                                               (const hf_added *const *)b;
    int order = tool_order((*x)->content, (*x)->length, (*y)->content, (*y)->length);
    return order ? order : *x < *y ? -1 : *x > *y;
}

/* Candidates of one content, in the order of adding: the first is added, a later one that is
 * not weak changes its flags (special_tokens_map.json not where it is matched). Of special ones
 * a role's counts alone. A token of stage 2 that is also a special one becomes special. */
static void hf__merge(hf_added *const *group, size_t count) {
    hf_added *leader = group[0];
    int is_special = group[count - 1]->stage == 3, given = 0, first = 0;
    size_t i;
    for (i = 0; i < count; i++) given |= group[i]->stage == 3 && group[i]->given;
    for (i = 0; i < count; i++) {
        hf_added *token = group[i];
        if (token->stage == 3 && first) continue;
        first |= token->stage == 3 && !token->more;
        if (token->weak && i > 0) continue;
        leader->special = token->special || (token->stage == 2 && is_special);
        if (i == 0 || token->more != 2)
            leader->normalized = token->normalized == HF_NOT_SPECIAL ? !leader->special
                                 : token->normalized == HF_NOT_GIVEN ? !given
                                                                     : token->normalized;
        leader->single_word = token->single_word;
        leader->lstrip = token->lstrip;
        leader->rstrip = token->rstrip;
    }
    leader->leader = 1;
}

/* The first id for new tokens as the library tokenizers counts it: once for those of
 * tokenizer.json and once for the others, from `most`, the largest id of an added token. */
static int64_t hf__next_id(const hf_build *b, int64_t most) {
    int64_t size = (int64_t)b->entry_count;
    return most >= size || (size == 0 && most >= 0) ? most + 1 : size;
}

/* Ids in the order of adding: the vocabulary's, or the next free one. */
static int hf__number_tokens(hf_build *b) {
    int64_t most = -1, next = hf__next_id(b, -1);
    int stage = 1;
    size_t i;
    for (i = 0; i < b->token_count; i++) {
        hf_added *t = &b->tokens[i];
        if (!t->leader) continue;
        if (t->stage > 1 && stage == 1) next = hf__next_id(b, most);
        stage = t->stage;
        t->id = hf__lookup(b, t->content, t->length);
        if (t->id < 0) {
            if (next >= INT32_MAX)
                return hf_fail(b->error, NULL, "the added tokens have ids beyond 2^31");
            t->id = (int32_t)next++;
        }
        most = t->id > most ? t->id : most;
    }
    return 0;
}

static int hf__describe_tokens(hf_build *b) {
    tc_added_token *out = (tc_added_token *)json_alloc(b->arena, b->token_count * sizeof(*out));
    uint32_t count = 0;
    size_t i;
    if (!out) return hf__memory(b->error);
    for (i = 0; i < b->token_count; i++) {
        const hf_added *t = &b->tokens[i];
        if (!t->leader) continue;
        memset(&out[count], 0, sizeof(out[count]));
        out[count].content.data = t->content;
        out[count].content.length = t->length;
        out[count].id = t->id;
        out[count].special = (uint8_t)t->special;
        out[count].normalized = (uint8_t)t->normalized;
        out[count].single_word = (uint8_t)t->single_word;
        out[count].lstrip = (uint8_t)t->lstrip;
        out[count++].rstrip = (uint8_t)t->rstrip;
    }
    b->out->desc.added = out;
    b->out->desc.added_count = count;
    return 0;
}

static int hf__resolve_tokens(hf_build *b) {
    hf_added **sorted;
    size_t i, from = 0;
    if (!b->token_count) return 0;
    sorted = (hf_added **)json_alloc(b->arena, b->token_count * sizeof(*sorted));
    if (!sorted) return hf__memory(b->error);
    for (i = 0; i < b->token_count; i++) sorted[i] = &b->tokens[i];
    qsort(sorted, b->token_count, sizeof(*sorted), hf__by_content);
    for (i = 1; i <= b->token_count; i++) {
        if (i < b->token_count && !tool_order(sorted[i]->content, sorted[i]->length,
                                              sorted[from]->content, sorted[from]->length))
            continue;
        hf__merge(sorted + from, i - from);
        from = i;
    }
    return hf__number_tokens(b) || hf__describe_tokens(b) ? -1 : 0;
}

/* A role that the files give as plain text is, where a token of that content is known, that
 * token with its flags. */
static void hf__resolve_roles(hf_build *b) {
    int i;
    for (i = 0; i < HF_ROLES; i++) {
        hf_role *role = &b->roles[i];
        const hf_added *found = NULL;
        size_t j;
        if (!role->token.given) /* the class's own default stays plain */
            continue;
        for (j = 0; j < b->token_count; j++) {
            const hf_added *t = &b->tokens[j];
            if ((b->has_decoder ? t->stage == 2 : t->stage == 1) &&
                !tool_order(t->content, t->length, role->token.content, role->token.length))
                found = t;
        }
        if (found) {
            role->token = *found;
            role->token.given = 1;
            role->object = 2;
        }
    }
}

/* Plain roles as a class makes objects of them. */
static void hf__object_roles(hf_build *b) {
    int i;
    for (i = 0; i < HF_ROLES; i++) {
        hf_role *role = &b->roles[i];
        if (role->object) continue;
        role->object = 1;
        role->token.normalized = HF_NOT_SPECIAL;
        role->token.lstrip = i == HF_MASK;
    }
}

static int hf__added_tokens(hf_build *b) {
    int files = b->config.nodes || !b->tokenizer.nodes;
    if (b->tokenizer.nodes && hf__file_tokens(b)) return -1;
    if (files && (hf__config_tokens(b) || hf__roles(b))) return -1;
    if (files) {
        hf__resolve_roles(b);
        if (b->class && b->class->objects) hf__object_roles(b);
        if (hf__legacy_tokens(b) || hf__special_tokens(b)) return -1;
    }
    return hf__resolve_tokens(b);
}

/* ---------------------------------------------------------------------------- whole */

/* A class by its name, behind which Tokenizer or TokenizerFast stands; null: none of ours. */
static const hf_class *hf__class_of(const char *name) {
    size_t i;
    for (i = 0; i < sizeof(hf__classes) / sizeof(hf__classes[0]); i++) {
        const char *tail = name + strlen(hf__classes[i].name);
        if (!strncmp(name, hf__classes[i].name, strlen(hf__classes[i].name)) &&
            (!strcmp(tail, "Tokenizer") || !strcmp(tail, "TokenizerFast")))
            return &hf__classes[i];
    }
    return NULL;
}

static int hf__class(hf_build *b) {
    const json_node *node = NULL;
    const char *name = b->files->tokenizer_class;
    char text[80];
    if (b->config.nodes) node = json_get(&b->config, json_root(&b->config), "tokenizer_class");
    if (json_given(node)) {
        if (node->type != JSON_STRING)
            return hf_fail_at(b->error, &b->files->config, node,
                              "tokenizer_class is %s, not a string", json_kind(node));
        name = json_show(node->text, node->length, text, sizeof(text));
    }
    b->class = name ? hf__class_of(name) : hf__classes;
    if (!b->tokenizer.nodes && !(b->class && b->class->slow))
        return hf_fail(b->error, b->files->vocab.name,
                       "the tokenizer_class %s cannot be made from vocab.txt", name);
    if (b->class || !strcmp(name, "PreTrainedTokenizerFast")) return 0;
    b->out->strange = json_copy(b->arena, name, strlen(name));
    return b->out->strange ? 0 : hf__memory(b->error);
}

/* Whether model_input_names are given without token_type_ids: transformers makes none then. */
static int hf__untyped(const hf_build *b) {
    const json_node *names = json_get(&b->config, json_root(&b->config), "model_input_names"),
                    *name;
    if (!names || names->type != JSON_ARRAY) return 0;
    for (name = json_first(&b->config, names); name; name = json_next(&b->config, name))
        if (json_is(name, "token_type_ids")) return 0;
    return 1;
}

/* Limit, clean-up, side: what tokenizer_config.json says beside the tokens. */
static int hf__settings(hf_build *b) {
    const hf_text *file = &b->files->config;
    const json_node *root, *node;
    tc_tokenizer_desc *desc = &b->out->desc;
    double limit;
    int value;
    desc->clean_up_spaces = (uint8_t)!b->tokenizer.nodes;
    if (b->tokenizer.nodes) {
        node = json_get(&b->tokenizer, json_root(&b->tokenizer), "truncation");
        desc->truncate_left =
            (uint8_t)json_is(json_get(&b->tokenizer, node, "direction"), "Left");
    }
    if (!b->config.nodes) return 0;
    b->untyped = hf__untyped(b);
    root = json_root(&b->config);
    node = json_get(&b->config, root, "truncation_side");
    if (json_given(node)) {
        if (!json_is(node, "left") && !json_is(node, "right"))
            return hf_fail_at(b->error, file, node,
                              "truncation_side is neither left nor right");
        desc->truncate_left = (uint8_t)json_is(node, "left");
    }
    b->out->pads_left = json_is(json_get(&b->config, root, "padding_side"), "left");
    if (hf_bool(&b->config, root, file, "clean_up_tokenization_spaces", desc->clean_up_spaces,
                &value, b->error))
        return -1;
    desc->clean_up_spaces = (uint8_t)value;
    if (hf_bool(&b->config, root, file, "split_special_tokens", 0, &value, b->error)) return -1;
    if (value)
        return hf_fail_at(b->error, file, json_get(&b->config, root, "split_special_tokens"),
                          "split_special_tokens is not supported");
    node = json_get(&b->config, root, "model_max_length");
    if (!node) node = json_get(&b->config, root, "max_len");
    if (!json_given(node)) return 0;
    if (!json_number(node, &limit) || limit < 1)
        return hf_fail_at(b->error, file, node,
                          "model_max_length is not a number of 1 or more");
    b->out->max_length = limit > 1e9 ? 0 : (uint32_t)limit;
    return 0;
}

static int hf__from_json(hf_build *b) {
    const json_node *pre;
    const json_node *version = json_get(&b->tokenizer, json_root(&b->tokenizer), "version");
    if (!json_is(version, "1.0"))
        return hf_fail_at(b->error, &b->files->tokenizer, version,
                          "the version of the file is %s, only \"1.0\" is supported",
                          version && version->type == JSON_STRING ? "another"
                                                                  : json_kind(version));
    if (hf__model(b) || hf__normalizer(b) ||
        hf__component(b, "pre_tokenizer", "BertPreTokenizer", NULL, &pre))
        return -1;
    if (!pre)
        return hf_fail(
            b->error, b->files->tokenizer.name,
            "a tokenizer without pre_tokenizer is not supported, only BertPreTokenizer");
    return hf__decoder(b) || hf__post_processor(b) || hf__added_tokens(b) ? -1 : 0;
}

/* The id of a role for the template: added_tokens_decoder's, as the slow tokenizer that
 * transformers converts takes it, else the token's own. */
static int32_t hf__role_id(const hf_build *b, int role) {
    const hf_added *token = &b->roles[role].token;
    uint32_t j;
    size_t i;
    for (i = b->token_count; i-- > 0;)
        if (b->tokens[i].stage == 2 && !tool_order(b->tokens[i].content, b->tokens[i].length,
                                                   token->content, token->length))
            return (int32_t)b->tokens[i].order;
    for (j = 0; j < b->out->desc.added_count; j++) {
        const tc_added_token *added = &b->out->desc.added[j];
        if (!tool_order(added->content.data, added->content.length, token->content,
                        token->length))
            return added->id;
    }
    return -1;
}

static int hf__from_vocab(hf_build *b) {
    tc_tokenizer_desc *desc = &b->out->desc;
    const hf_text *file = &b->files->config;
    const json_node *root = b->config.nodes ? json_root(&b->config) : NULL;
    int lower, chinese, strip;
    int32_t cls, sep;
    if (hf__vocab_text(b) || hf__added_tokens(b) ||
        hf_bool(&b->config, root, file, "do_lower_case", 1, &lower, b->error) ||
        hf_bool(&b->config, root, file, "tokenize_chinese_chars", 1, &chinese, b->error) ||
        hf_bool(&b->config, root, file, "strip_accents", lower, &strip, b->error))
        return -1;
    desc->clean_text = 1;
    desc->lowercase = (uint8_t)lower;
    desc->handle_chinese_chars = (uint8_t)chinese;
    desc->strip_accents = (uint8_t)strip;
    desc->max_word_chars = 100;
    desc->continuing_prefix.data = desc->decoder_prefix.data = "##";
    desc->continuing_prefix.length = desc->decoder_prefix.length = 2;
    desc->decoder_wordpiece = desc->decoder_cleanup = 1;
    desc->unk_id = hf__lookup(b, b->roles[HF_UNK].token.content, b->roles[HF_UNK].token.length);
    cls = hf__role_id(b, HF_CLS);
    sep = hf__role_id(b, HF_SEP);
    if (cls < 0 || sep < 0)
        return hf_fail(b->error, b->files->config.name,
                       "there is no cls_token or no sep_token");
    return hf__bert_template(b, cls, sep);
}

static int hf__parse(json_doc *doc, const hf_text *file, hf_error *error) {
    return file->text ? hf_json(doc, file, error) : 0;
}

/* Strings of tokenizer.json with escapes live in the document: into the arena with them. */
static int hf__adopt(hf_build *b) {
    tc_tokenizer_desc *desc = &b->out->desc;
    tc_string *vocab = (tc_string *)json_alloc(b->arena, desc->vocab_count * sizeof(*vocab));
    tc_string *prefixes[2];
    uint32_t i;
    if (!vocab) return hf__memory(b->error);
    for (i = 0; i < desc->vocab_count; i++) {
        vocab[i] = desc->vocab[i];
        if (vocab[i].data) vocab[i].data = json_copy(b->arena, vocab[i].data, vocab[i].length);
        if (desc->vocab[i].data && !vocab[i].data) return hf__memory(b->error);
    }
    desc->vocab = vocab;
    prefixes[0] = &desc->continuing_prefix;
    prefixes[1] = &desc->decoder_prefix;
    for (i = 0; i < 2; i++) {
        if (!prefixes[i]->data) continue;
        prefixes[i]->data = json_copy(b->arena, prefixes[i]->data, prefixes[i]->length);
        if (!prefixes[i]->data) return hf__memory(b->error);
    }
    return 0;
}

/* The unknown token of transformers' pipeline is that of the configuration, not the model's. */
static void hf__word_unknown(hf_build *b) {
    tc_tokenizer_desc *desc = &b->out->desc;
    if (!b->config.nodes && b->tokenizer.nodes) return; /* the file is all there is */
    desc->word_unk_id = b->roles[HF_UNK].token.content ? hf__role_id(b, HF_UNK) : -1;
    desc->word_unk = desc->word_unk_id != desc->unk_id;
}

int hf_tokenizer_read(json_arena *arena, const hf_tokenizer_files *files, hf_tokenizer *out,
                      hf_error *error) {
    hf_build b;
    int status;
    memset(&b, 0, sizeof(b));
    memset(out, 0, sizeof(*out));
    b.arena = arena;
    b.files = files;
    b.out = out;
    b.error = error;
    out->desc.unk_id = -1;
    status = hf__parse(&b.tokenizer, &files->tokenizer, error) ||
             hf__parse(&b.config, &files->config, error) ||
             hf__parse(&b.special, &files->special, error) ||
             hf__parse(&b.added, &files->added, error) || hf__class(&b) || hf__settings(&b);
    if (!status && !files->tokenizer.text && !files->vocab.text)
        status = hf_fail(error, NULL, "there is neither tokenizer.json nor vocab.txt");
    if (!status) status = files->tokenizer.text ? hf__from_json(&b) : hf__from_vocab(&b);
    if (!status) hf__word_unknown(&b);
    if (!status) status = hf__adopt(&b);
    json_free(&b.tokenizer);
    json_free(&b.config);
    json_free(&b.special);
    json_free(&b.added);
    return status ? -1 : 0;
}

void hf_tokenizer_names(hf_tokenizer_files *files) {
    memset(files, 0, sizeof(*files));
    files->tokenizer.name = "tokenizer.json";
    files->vocab.name = "vocab.txt";
    files->config.name = "tokenizer_config.json";
    files->special.name = "special_tokens_map.json";
    files->added.name = "added_tokens.json";
}
