/* t_support.h - models for the tests: folders converted in memory, a small one made up. */
#ifndef T_SUPPORT_H
#define T_SUPPORT_H

#include "../tools/hf.h"
#include "../tools/json.h"

static const char *test_shared = "../shared"; /* further cases; may be absent */

static void test_folders(void) {
    const char *variable = getenv("TOKCLASS_SHARED");
    if (variable) test_shared = variable;
}

static const char *shared_path(const char *name) {
    static char path[4][1024];
    static int next;
    char *out = path[next++ % 4];
    snprintf(out, sizeof path[0], "%s/%s", test_shared, name);
    return out;
}

/* Whether the shared folder is there; counts a skipped case if not. */
static int shared_here(const char *name) {
    FILE *f = fopen(shared_path(name), "rb");
    if (f)
        fclose(f);
    else
        SKIP("the shared folder is not here");
    return f != NULL;
}

/* A model opened from the bytes that a writer made. */
typedef struct made {
    tc_writer *writer;
    tc_model *model;
} made;

static void made_free(made *m) {
    tc_model_free(m->model);
    tc_writer_free(m->writer);
}

static int made_open(made *m) {
    const void *data = NULL;
    size_t size = 0;
    if (tc_writer_finish(m->writer, &data, &size)) return 0;
    return !tc_model_open(data, size, NULL, &m->model);
}

/* Converts a HuggingFace folder as `tokclass convert` does; dtype -1: the checkpoint's own. */
static int made_convert(made *m, const char *folder, int dtype) {
    hf_options options = {HF_TASK_AUTO, 0, -1};
    hf_folder hf;
    hf_error error;
    size_t i;
    int good;
    memset(m, 0, sizeof *m);
    options.dtype = dtype;
    if (hf_open(&hf, folder, &options, &error)) {
        printf("    %s: %s\n", folder, error.message);
        return 0;
    }
    good = !tc_writer_create(NULL, &m->writer) && !tc_writer_describe(m->writer, &hf.desc) &&
           !tc_writer_tokenizer(m->writer, &hf.tokenizer.desc);
    for (i = 0; i < hf.item_count && good; i++) {
        const hf_item *item = &hf.items[i];
        float *data = (float *)malloc((size_t)item->rows * item->columns * sizeof *data);
        hf_item_read(item, data);
        good = !tc_writer_tensor(m->writer, item->name, item->rows, item->columns, data);
        free(data);
    }
    hf_close(&hf);
    return good && made_open(m);
}

/* A tokenizer alone, from the text of a tokenizer.json or of a vocab.txt. */
static int made_tokenizer(made *m, const char *name, const char *text, size_t size) {
    hf_tokenizer_files files;
    hf_tokenizer tokenizer;
    hf_error error;
    json_arena arena = {NULL};
    tc_model_desc desc;
    int good;
    memset(m, 0, sizeof *m);
    memset(&files, 0, sizeof files);
    memset(&desc, 0, sizeof desc);
    hf_tokenizer_names(&files);
    if (strstr(name, ".json"))
        files.tokenizer.text = text, files.tokenizer.size = size;
    else
        files.vocab.text = text, files.vocab.size = size;
    desc.task = "tokenizer";
    good = !hf_tokenizer_read(&arena, &files, &tokenizer, &error);
    if (!good) printf("    %s: %s\n", name, error.message);
    good = good && !tc_writer_create(NULL, &m->writer) &&
           !tc_writer_describe(m->writer, &desc) &&
           !tc_writer_tokenizer(m->writer, &tokenizer.desc) && made_open(m);
    json_arena_free(&arena);
    return good;
}

static int made_tokenizer_file(made *m, const char *path) {
    size_t size;
    char *text = test_read_file(path, &size);
    int good;
    memset(m, 0, sizeof *m);
    good = text && made_tokenizer(m, path, text, size);
    free(text);
    return good;
}

/* ---- a model made up: every number from a generator of its own ---- */

typedef struct plan {
    uint32_t layers, hidden, heads, wide, embedding, types, labels, positions;
    const char *act;
    tc_dtype dtype; /* TC_DTYPE_COUNT: each linear layer has another one */
} plan;

static uint32_t plan_state;
static unsigned plan_mix; /* the next linear layer's dtype, from 1 on, or 0 */

static float plan_number(float range) {
    plan_state = plan_state * 1664525u + 1013904223u;
    return ((float)(plan_state >> 8) / 8388608.0f - 1.0f) * range;
}

static const char *const plan_vocab[] = {
    "[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "my",           "name",        "is", "an",
    "##n",   "##a",   "anna",  "smith", "in",     "new",          "york",        ",",  ".",
    "s",     "##mi",  "##th",  "a",     "n",      "\xE4\xBD\xA0", "\xE5\xA5\xBD"};
static const char *const plan_labels[] = {"O",     "B-PER", "I-PER", "B-LOC",
                                          "I-LOC", "B-ORG", "I-ORG"};
enum { PLAN_VOCAB = sizeof plan_vocab / sizeof *plan_vocab };

static void plan_tensor(tc_writer *w, const char *name, uint32_t rows, uint32_t columns,
                        float range, float offset) {
    size_t n = (size_t)rows * columns, i;
    float *data = (float *)malloc(n * sizeof *data);
    for (i = 0; i < n; i++) {
        volatile float x = plan_number(range); /* a compiler may fuse product and sum */
        data[i] = offset + x;
    }
    (void)tc_writer_tensor(w, name, rows, columns, data);
    free(data);
}

static void plan_linear(tc_writer *w, const char *stem, uint32_t rows, uint32_t columns) {
    char name[96];
    if (plan_mix) w->dtype = (tc_dtype)(plan_mix++ % TC_DTYPE_COUNT);
    snprintf(name, sizeof name, "%s.weight", stem);
    plan_tensor(w, name, rows, columns, 2.4f / sqrtf((float)columns), 0);
    snprintf(name, sizeof name, "%s.bias", stem);
    plan_tensor(w, name, 1, rows, 0.3f, 0);
}

static void plan_norm(tc_writer *w, const char *stem, uint32_t n) {
    char name[96];
    snprintf(name, sizeof name, "%s.weight", stem);
    plan_tensor(w, name, 1, n, 0.3f, 1);
    snprintf(name, sizeof name, "%s.bias", stem);
    plan_tensor(w, name, 1, n, 0.3f, 0);
}

static void plan_layer(tc_writer *w, const plan *p, uint32_t i) {
    static const char *const parts[] = {"attention.qkv", "attention.output", "attention.norm",
                                        "ffn.up",        "ffn.down",         "ffn.norm"};
    char stem[6][64];
    int k;
    for (k = 0; k < 6; k++) snprintf(stem[k], sizeof stem[k], "layer.%u.%s", i, parts[k]);
    plan_linear(w, stem[0], 3 * p->hidden, p->hidden);
    plan_linear(w, stem[1], p->hidden, p->hidden);
    plan_norm(w, stem[2], p->hidden);
    plan_linear(w, stem[3], p->wide, p->hidden);
    plan_linear(w, stem[4], p->hidden, p->wide);
    plan_norm(w, stem[5], p->hidden);
}

typedef struct plan_words { /* a tokenizer's description and what it points to */
    tc_string vocab[PLAN_VOCAB];
    tc_added_token added[6]; /* five of them used */
    tc_tokenizer_desc desc;
} plan_words;

static void plan_words_init(plan_words *p) {
    static const tc_template_step steps[] = {{2, 0, 0},  {-1, 0, 0}, {3, 0, 0},  {2, 0, 0},
                                             {-1, 0, 0}, {3, 0, 0},  {-1, 1, 1}, {3, 0, 1}};
    tc_tokenizer_desc *d = &p->desc;
    size_t i;
    memset(p, 0, sizeof *p);
    for (i = 0; i < PLAN_VOCAB; i++) {
        p->vocab[i].data = plan_vocab[i];
        p->vocab[i].length = strlen(plan_vocab[i]);
        if (i >= 5) continue;
        p->added[i].content = p->vocab[i];
        p->added[i].id = (int32_t)i;
        p->added[i].special = 1;
    }
    d->vocab = p->vocab;
    d->vocab_count = PLAN_VOCAB;
    d->added = p->added;
    d->added_count = 5;
    d->single = steps;
    d->single_count = 3;
    d->pair = steps + 3;
    d->pair_count = 5;
    d->unk_id = 1;
    d->max_word_chars = 100;
    d->clean_text = d->handle_chinese_chars = d->strip_accents = d->lowercase = 1;
    d->decoder_wordpiece = d->decoder_cleanup = 1;
    d->continuing_prefix.data = d->decoder_prefix.data = "##";
    d->continuing_prefix.length = d->decoder_prefix.length = 2;
}

static tc_status plan_tokenizer(tc_writer *w) {
    plan_words words;
    plan_words_init(&words);
    return tc_writer_tokenizer(w, &words.desc);
}

static int made_plan(made *m, const plan *p, const tc_env *env) {
    tc_model_desc d;
    uint32_t i;
    memset(m, 0, sizeof *m);
    memset(&d, 0, sizeof d);
    plan_state = 1;
    plan_mix = p->dtype == TC_DTYPE_COUNT;
    d.model_type = "bert";
    d.task = "token-classification";
    d.hidden_act = p->act;
    d.dtype = plan_mix ? TC_F32 : p->dtype;
    d.num_hidden_layers = p->layers;
    d.hidden_size = p->hidden;
    d.intermediate_size = p->wide;
    d.num_attention_heads = p->heads;
    d.vocab_size = PLAN_VOCAB;
    d.embedding_size = p->embedding;
    d.max_position_embeddings = d.max_length = p->positions;
    d.type_vocab_size = p->types;
    d.layer_norm_eps = 1e-12f;
    d.labels = plan_labels;
    d.num_labels = p->labels;
    if (tc_writer_create(env, &m->writer) || tc_writer_describe(m->writer, &d) ||
        plan_tokenizer(m->writer))
        return 0;
    plan_tensor(m->writer, "embeddings.word", PLAN_VOCAB, p->embedding, 1, 0);
    plan_tensor(m->writer, "embeddings.position", p->positions, p->embedding, 1, 0);
    if (p->types) plan_tensor(m->writer, "embeddings.type", p->types, p->embedding, 1, 0);
    plan_norm(m->writer, "embeddings.norm", p->embedding);
    if (p->embedding != p->hidden)
        plan_linear(m->writer, "embeddings.projection", p->hidden, p->embedding);
    for (i = 0; i < p->layers; i++) plan_layer(m->writer, p, i);
    plan_linear(m->writer, "head", p->labels, p->hidden);
    return made_open(m);
}

/* ---- JSON lines ---- */

/* Calls visit(user, document, root, line number) for every line of a file; 0: no such file. */
static int each_line(const char *path,
                     void (*visit)(void *, const json_doc *, const json_node *, size_t),
                     void *user) {
    size_t size, at = 0, line = 0;
    char *text = test_read_file(path, &size), message[256];
    if (!text) return 0;
    while (at < size) {
        char *end = (char *)memchr(text + at, '\n', size - at);
        size_t length = end ? (size_t)(end - text) - at : size - at;
        json_doc doc;
        line++;
        if (length && !json_parse(&doc, text + at, length, message, sizeof message)) {
            visit(user, &doc, json_root(&doc), line);
            json_free(&doc);
        } else if (length) {
            printf("    %s:%u: %s\n", path, (unsigned)line, message);
            CHECK(0);
        }
        at += length + 1;
    }
    free(text);
    return 1;
}

static tc_string json_text(const json_node *node) {
    tc_string s = {"", 0};
    if (node && node->type == JSON_STRING) s.data = node->text, s.length = node->length;
    return s;
}

static int64_t json_int(const json_node *node, int64_t missing) {
    int64_t v = missing;
    return node && json_integer(node, &v) ? v : missing;
}

static double json_double(const json_node *node) {
    double v = 0;
    if (node) (void)json_number(node, &v);
    return v;
}

static int string_is(tc_string a, const json_node *b) {
    return b && b->type == JSON_STRING && a.length == b->length &&
           (!a.length || !memcmp(a.data, b->text, a.length));
}

#endif
