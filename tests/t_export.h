/* t_export.h - models to HuggingFace folders and back. Every folder is made in a temporary one
 * and removed again. */
#ifndef T_EXPORT_H
#define T_EXPORT_H

#include "t_support.h"
#include "test.h"

#include "../tools/hf.h"
#include "../tools/safetensors.h"

#include <sys/stat.h>

static const char *const t_export_names[] = {
    "config.json",           "model.safetensors",       "tokenizer.json",
    "tokenizer_config.json", "special_tokens_map.json", "vocab.txt"};
enum { T_EXPORT_FILES = sizeof t_export_names / sizeof *t_export_names };

/* A name below the temporary folder; the last four results are valid. */
static const char *t_export_path(const char *name) {
    static char folder[600], path[4][800];
    static int next;
    char *out = path[next++ % 4];
    if (!folder[0]) {
        const char *base = getenv("TMPDIR");
        snprintf(folder, sizeof folder, "%.500s/tokclass-export.XXXXXX", base ? base : "/tmp");
        if (!mkdtemp(folder)) abort();
    }
    snprintf(out, sizeof path[0], "%s%s%s", folder, *name ? "/" : "", name);
    return out;
}

static const char *t_export_file(const char *folder, const char *name) {
    char both[200];
    snprintf(both, sizeof both, "%s/%s", folder, name);
    return t_export_path(both);
}

/* Removes the files of an exported folder and the folder; 0 if something else is left. */
static int t_export_remove(const char *folder) {
    int i;
    for (i = 0; i < T_EXPORT_FILES; i++) (void)remove(t_export_file(folder, t_export_names[i]));
    return remove(t_export_path(folder)) == 0;
}

/* ---- models ---- */

/* Numbers that float16 has: zeros, normal, the largest, subnormal, infinity. */
static void t_export_halves(float *data, size_t n) {
    static const float unit = 1.0f / 16777216;
    const float halves[] = {0.0f, -0.0f,      1.0f,        -0.5f,        65504.0f, 2047.0f,
                            unit, unit * 503, unit * 1023, unit * -1024, INFINITY};
    size_t i;
    for (i = 0; i < n; i++) data[i] = halves[i % (sizeof halves / sizeof *halves)];
}

/* A model of another description with the tensors that it has of `in`; with `halves` those that
 * stay f32 hold numbers of float16. */
static int t_export_copy(made *out, const tc_model *in, const tc_model_desc *d, int halves) {
    tc_tokenizer_desc *tokenizer = NULL;
    tc_tensor_info t;
    uint32_t i;
    int good;
    memset(out, 0, sizeof *out);
    good = !tc_writer_create(NULL, &out->writer) && !tc_writer_describe(out->writer, d) &&
           !tc_tokenizer_describe(tc_model_tokenizer(in), NULL, &tokenizer) &&
           !tc_writer_tokenizer(out->writer, tokenizer);
    for (i = 0; good && !tc_model_tensor(in, i, &t); i++) {
        float *data = (float *)malloc((size_t)t.rows * t.columns * sizeof *data);
        int kept = t.rows == 1 || !strncmp(t.name, "head", 4) || strstr(t.name, ".type");
        good = !tc_model_read(in, i, data);
        if (halves && kept) t_export_halves(data, (size_t)t.rows * t.columns);
        if (halves > 1 && kept) data[0] = halves == 2 ? 65536.0f : 1.0f / (1 << 25);
        if (good && (d->num_labels || strncmp(t.name, "head", 4) != 0) &&
            (d->type_vocab_size || !strstr(t.name, ".type")))
            good = !tc_writer_tensor(out->writer, t.name, t.rows, t.columns, data);
        free(data);
    }
    tc_tokenizer_desc_free(tokenizer);
    return good && made_open(out);
}

/* ---- what is the same ---- */

static int t_export_same_string(tc_string a, tc_string b) {
    return a.length == b.length && (!a.length || !memcmp(a.data, b.data, a.length));
}

static int t_export_same_steps(const tc_template_step *a, const tc_template_step *b,
                               uint32_t n) {
    uint32_t i;
    for (i = 0; i < n; i++)
        if (a[i].id != b[i].id || a[i].sequence != b[i].sequence || a[i].type != b[i].type)
            return 0;
    return 1;
}

static int t_export_same_added(const tc_added_token *a, const tc_added_token *b) {
    return t_export_same_string(a->content, b->content) && a->id == b->id &&
           a->special == b->special && a->normalized == b->normalized &&
           a->single_word == b->single_word && a->lstrip == b->lstrip && a->rstrip == b->rstrip;
}

static int t_export_same_flags(const tc_tokenizer_desc *a, const tc_tokenizer_desc *b) {
    return a->unk_id == b->unk_id && a->max_word_chars == b->max_word_chars &&
           a->clean_text == b->clean_text && a->lowercase == b->lowercase &&
           a->handle_chinese_chars == b->handle_chinese_chars &&
           a->strip_accents == b->strip_accents && a->truncate_left == b->truncate_left &&
           a->decoder_wordpiece == b->decoder_wordpiece &&
           a->decoder_cleanup == b->decoder_cleanup && a->clean_up_spaces == b->clean_up_spaces;
}

static int t_export_same_desc(const tc_tokenizer_desc *a, const tc_tokenizer_desc *b) {
    uint32_t i;
    if (a->vocab_count != b->vocab_count || a->added_count != b->added_count ||
        a->single_count != b->single_count || a->pair_count != b->pair_count ||
        !t_export_same_flags(a, b) ||
        !t_export_same_string(a->continuing_prefix, b->continuing_prefix) ||
        !t_export_same_string(a->decoder_prefix, b->decoder_prefix))
        return 0;
    for (i = 0; i < a->vocab_count; i++)
        if (!t_export_same_string(a->vocab[i], b->vocab[i])) return 0;
    for (i = 0; i < a->added_count; i++)
        if (!t_export_same_added(&a->added[i], &b->added[i])) return 0;
    return t_export_same_steps(a->single, b->single, a->single_count) &&
           t_export_same_steps(a->pair, b->pair, a->pair_count);
}

static int t_export_same_tokenizer(const tc_model *x, const tc_model *y) {
    tc_tokenizer_desc *a = NULL, *b = NULL;
    int same = !tc_tokenizer_describe(tc_model_tokenizer(x), NULL, &a) &&
               !tc_tokenizer_describe(tc_model_tokenizer(y), NULL, &b) &&
               t_export_same_desc(a, b);
    tc_tokenizer_desc_free(a);
    tc_tokenizer_desc_free(b);
    return same;
}

/* Every tensor has the same bits. */
static int t_export_same_tensors(const tc_model *a, const tc_model *b) {
    tc_tensor_info s, t;
    uint32_t i;
    int same = tc_model_get_info(a)->tensor_count == tc_model_get_info(b)->tensor_count;
    for (i = 0; same && !tc_model_tensor(a, i, &s); i++) {
        size_t size = (size_t)s.rows * s.columns * sizeof(float);
        float *p = (float *)malloc(size), *q = (float *)malloc(size);
        same = !tc_model_tensor(b, i, &t) && !strcmp(s.name, t.name) && s.rows == t.rows &&
               s.columns == t.columns && !tc_model_read(a, i, p) && !tc_model_read(b, i, q) &&
               !memcmp(p, q, size);
        free(p);
        free(q);
    }
    return same;
}

static int t_export_same_info(const tc_model_info *a, const tc_model_info *b) {
    uint32_t i;
    for (i = 0; i < a->num_labels && a->num_labels == b->num_labels; i++)
        if (strcmp(a->labels[i], b->labels[i])) return 0;
    return !strcmp(a->model_type, b->model_type) && !strcmp(a->task, b->task) &&
           !strcmp(a->hidden_act, b->hidden_act) && a->num_labels == b->num_labels &&
           a->num_hidden_layers == b->num_hidden_layers && a->hidden_size == b->hidden_size &&
           a->intermediate_size == b->intermediate_size &&
           a->num_attention_heads == b->num_attention_heads && a->vocab_size == b->vocab_size &&
           a->embedding_size == b->embedding_size && a->max_length == b->max_length &&
           a->max_position_embeddings == b->max_position_embeddings &&
           a->layer_norm_eps == b->layer_norm_eps && a->hidden_dropout == b->hidden_dropout &&
           a->attention_dropout == b->attention_dropout &&
           a->classifier_dropout == b->classifier_dropout &&
           a->initializer_range == b->initializer_range && a->pad_token_id == b->pad_token_id &&
           a->fixed_positions == b->fixed_positions;
}

/* Exports, converts back, compares; what is exported stays if `keep`. */
static void t_export_round(const tc_model *model, const char *name, int keep) {
    hf_error error;
    made back;
    const tc_model_info *info = tc_model_get_info(model), *again;
    if (hf_export(model, t_export_path(name), &error)) {
        CHECK_CASE(0, error.message);
        return;
    }
    if (!made_convert(&back, t_export_path(name), -1)) {
        CHECK_CASE(0, name);
        made_free(&back);
        return;
    }
    again = tc_model_get_info(back.model);
    CHECK_CASE(t_export_same_info(info, again), name);
    CHECK_CASE(t_export_same_tokenizer(model, back.model), name);
    if (info->type_vocab_size == again->type_vocab_size)
        CHECK_CASE(t_export_same_tensors(model, back.model), name);
    made_free(&back);
    if (!keep) CHECK_CASE(t_export_remove(name), name);
}

/* ---- cases ---- */

/* The type of every tensor of an exported file: F32, F16 or BF16, "mixed" if they differ. */
static const char *t_export_type(const char *folder, char *out) {
    size_t size, i;
    char *data = test_read_file(t_export_file(folder, "model.safetensors"), &size), why[200];
    st_file file;
    strcpy(out, "none");
    if (data && !st_open(&file, data, size, why, sizeof why)) {
        for (i = 0; i < file.count; i++) {
            if (i && strcmp(out, file.tensors[i].dtype) != 0) {
                strcpy(out, "mixed");
                break;
            }
            snprintf(out, 8, "%s", file.tensors[i].dtype);
        }
        CHECK(data[0] % 8 == 0); /* the tensors begin at a multiple of 8 */
        st_close(&file);
    }
    free(data);
    return out;
}

/* Checks a member of config.json, as it is written. */
static void t_export_key(const char *folder, const char *key, const char *value) {
    size_t size;
    char *text = test_read_file(t_export_file(folder, "config.json"), &size), why[200];
    json_doc doc;
    const json_node *node;
    if (!text || json_parse(&doc, text, size, why, sizeof why)) {
        CHECK_CASE(0, key);
        free(text);
        return;
    }
    node = json_get(&doc, json_root(&doc), key);
    if (!value)
        CHECK_CASE(!node, key);
    else if (!strcmp(value, "null"))
        CHECK_CASE(node && node->type == JSON_NULL, key);
    else if (!strcmp(value, "true"))
        CHECK_CASE(node && node->type == JSON_TRUE, key);
    else
        CHECK_CASE(node && node->length == strlen(value) &&
                       !memcmp(node->text, value, node->length),
                   key);
    json_free(&doc);
    free(text);
}

static void t_export_types(const tc_model *model) {
    static const struct {
        tc_dtype dtype;
        int halves;
        const char *type, *computed;
    } cases[] = {{TC_F32, 0, "F32", "float32"},    {TC_F16, 0, "mixed", "float32"},
                 {TC_BF16, 0, "mixed", "float32"}, {TC_F16, 1, "F16", "float16"},
                 {TC_F16, 2, "mixed", "float32"},  {TC_F16, 3, "mixed", "float32"},
                 {TC_BF16, 1, "mixed", "float32"}, {TC_S16, 0, "F32", "float32"},
                 {TC_S8, 0, "F32", "float32"}};
    tc_model_desc d;
    size_t i;
    char type[8];
    d = tc_model_describe(model);
    for (i = 0; i < sizeof cases / sizeof *cases; i++) {
        made m;
        d.dtype = cases[i].dtype;
        CHECK(t_export_copy(&m, model, &d, cases[i].halves));
        if (m.model) {
            t_export_round(m.model, "types", 1);
            CHECK_CASE(!strcmp(t_export_type("types", type), cases[i].type), type);
            t_export_key("types", "torch_dtype", cases[i].computed);
        }
        made_free(&m);
    }
    CHECK(t_export_remove("types"));
}

static void t_export_bert(const tc_model *model) {
    tc_model_desc d;
    made m;
    d = tc_model_describe(model);
    d.hidden_dropout = d.classifier_dropout = 0.1f;
    d.attention_dropout = 1.0f / 3;
    d.initializer_range = 0.02f;
    d.pad_token_id = -1;
    CHECK(t_export_copy(&m, model, &d, 0));
    if (m.model) {
        t_export_round(m.model, "bert", 1);
        t_export_key("bert", "hidden_dropout_prob", "0.1");
        t_export_key("bert", "attention_probs_dropout_prob", "0.33333334");
        t_export_key("bert", "initializer_range", "0.02");
        t_export_key("bert", "layer_norm_eps", "1e-12");
        t_export_key("bert", "classifier_dropout", "null");
        t_export_key("bert", "pad_token_id", "null");
        t_export_key("bert", "type_vocab_size", "2");
        t_export_key("bert", "embedding_size", NULL);
        t_export_key("bert", "sinusoidal_pos_embds", NULL);
        CHECK(t_export_remove("bert"));
    }
    made_free(&m);
    d.num_labels = 0; /* a base model; and no token types, of which transformers needs some */
    d.task = "feature-extraction";
    d.type_vocab_size = 0;
    CHECK(t_export_copy(&m, model, &d, 0));
    if (m.model) {
        t_export_round(m.model, "base", 1);
        t_export_key("base", "type_vocab_size", "2");
        t_export_key("base", "id2label", NULL);
        CHECK(t_export_remove("base"));
    }
    made_free(&m);
}

static void t_export_families(void) {
    static const plan other = {2, 16, 2, 24, 16, 0, 3, 8, "relu", TC_F32};
    static const plan small = {1, 16, 2, 24, 8, 2, 3, 8, "gelu_new", TC_F32};
    tc_model_desc d;
    made in, m;
    CHECK(made_plan(&in, &other, NULL));
    d = tc_model_describe(in.model);
    d.model_type = "distilbert";
    d.fixed_positions = 1;
    CHECK(t_export_copy(&m, in.model, &d, 0));
    t_export_round(m.model, "distilbert", 1);
    t_export_key("distilbert", "n_layers", "2");
    t_export_key("distilbert", "dim", "16");
    t_export_key("distilbert", "activation", "relu");
    t_export_key("distilbert", "dropout", "0.0");
    t_export_key("distilbert", "sinusoidal_pos_embds", "true");
    t_export_key("distilbert", "type_vocab_size", NULL);
    CHECK(t_export_remove("distilbert"));
    made_free(&m);
    made_free(&in);
    CHECK(made_plan(&in, &small, NULL));
    d = tc_model_describe(in.model);
    d.model_type = "electra";
    CHECK(t_export_copy(&m, in.model, &d, 0));
    t_export_round(m.model, "electra", 1);
    t_export_key("electra", "embedding_size", "8");
    CHECK(t_export_remove("electra"));
    made_free(&m);
    made_free(&in);
}

/* Tokenizers alone: odd templates, ids without a token, added tokens, signs to be escaped. */
static void t_export_tokenizers(void) {
    static const char head[] =
        "{\"version\":\"1.0\",\"pre_tokenizer\":{\"type\":\"BertPreTokenizer\"},";
    static const char *const cases[] = {
        /* an id that is missing, and an added token that gets the id of another for it */
        "\"added_tokens\":[{\"id\":6,\"content\":\"new\",\"normalized\":true}],\"model\":{"
        "\"unk_token\":\"u\",\"continuing_subword_prefix\":\"\",\"max_input_chars_per_word\":7,"
        "\"vocab\":{\"a\":0,\"u\":1,\"b\":2,\"c\":3,\"d\":4,\"e\":6}}}",
        /* an empty token at the end; no unknown token */
        "\"added_tokens\":[{\"id\":3,\"content\":\"x y\",\"special\":true,\"lstrip\":true,"
        "\"rstrip\":true,\"single_word\":true}],\"model\":{\"unk_token\":\"none\","
        "\"continuing_subword_prefix\":\"@\",\"max_input_chars_per_word\":7,"
        "\"vocab\":{\"[UNK]\":0,\"b\":1,\"\":2}},\"decoder\":{\"type\":\"WordPiece\","
        "\"prefix\":\"@\",\"cleanup\":false}}",
        /* an empty token at the end and no added one: the vocabulary keeps its length */
        "\"model\":{\"unk_token\":\"a\",\"continuing_subword_prefix\":\"##\","
        "\"max_input_chars_per_word\":7,\"vocab\":{\"a\":0,\"b\":1,\"\":2}}}",
        /* one inside, which alone makes the added token's id */
        "\"added_tokens\":[{\"id\":3,\"content\":\"z\"}],\"model\":{\"unk_token\":\"a\","
        "\"continuing_subword_prefix\":\"##\",\"max_input_chars_per_word\":7,"
        "\"vocab\":{\"a\":0,\"\":1,\"b\":2}}}",
        /* signs; a template of its own */
        "\"post_processor\":{\"type\":\"TemplateProcessing\",\"single\":[{\"Sequence\":{\"id\":"
        "\"A\",\"type_id\":1}},{\"SpecialToken\":{\"id\":\"s\",\"type_id\":2}}],\"pair\":[{"
        "\"Sequence\":{\"id\":\"B\",\"type_id\":0}},{\"Sequence\":{\"id\":\"A\",\"type_id\":3}}"
        "]"
        ",\"special_tokens\":{\"s\":{\"id\":\"s\",\"ids\":[1,77],\"tokens\":[\"p\",\"q\"]}}},"
        "\"normalizer\":{\"type\":\"BertNormalizer\",\"clean_text\":false,\"lowercase\":false,"
        "\"handle_chinese_chars\":true,\"strip_accents\":true},"
        "\"model\":{\"unk_token\":\"\\\"\\\\\",\"continuing_subword_prefix\":\"\\u0001\","
        "\"max_input_chars_per_word\":2147483647,"
        "\"vocab\":{\"\\\"\\\\\":0,\"\\n\\t\\r\":1,\"\\u007f\\ud83d\\ude00\\u2028\":2}}}"};
    char text[2000];
    size_t i;
    for (i = 0; i < sizeof cases / sizeof *cases; i++) {
        made m;
        int n = snprintf(text, sizeof text, "%s%s", head, cases[i]);
        if (made_tokenizer(&m, "tokenizer.json", text, (size_t)n)) {
            t_export_round(m.model, "tokenizer", 1);
            if (strstr(cases[i], "x y")) {
                size_t size;
                char *map = test_read_file(
                    t_export_file("tokenizer", "special_tokens_map.json"), &size);
                CHECK(map && strstr(map, "\"additional_special_tokens\"") &&
                      strstr(map, "\"x y\""));
                free(map);
            }
            CHECK(t_export_remove("tokenizer"));
        } else
            CHECK_CASE(0, cases[i]);
        made_free(&m);
    }
}

static void t_export_vocab(void) {
    static const char text[] = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n\na\nb\na\n[MASK]\n";
    static const char lines[] = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n\n\nb\na\n[MASK]\n";
    made m;
    size_t size;
    char *out;
    CHECK(made_tokenizer(&m, "vocab.txt", text, sizeof text - 1));
    if (!m.model) return;
    t_export_round(m.model, "vocab", 1);
    out = test_read_file(t_export_file("vocab", "vocab.txt"), &size);
    CHECK(out && size == sizeof lines - 1 && !memcmp(out, lines, size));
    free(out);
    out = test_read_file(t_export_file("vocab", "tokenizer_config.json"), &size);
    CHECK(out && strstr(out, "\"tokenizer_class\": \"BertTokenizer\"") &&
          strstr(out, "\"mask_token\": \"[MASK]\"") && strstr(out, "\"strip_accents\": null"));
    free(out);
    CHECK(t_export_remove("vocab"));
    made_free(&m);
}

static void t_export_fails(const tc_model *model, const char *folder, const char *file,
                           const char *message) {
    hf_error e;
    CHECK_CASE(hf_export(model, folder, &e) && strstr(e.message, message) &&
                   (file ? e.file && !strcmp(e.file, file) : !e.file),
               e.message);
}

static void t_export_bad(const tc_model *model) {
    static const plan small = {1, 16, 2, 24, 8, 2, 3, 8, "gelu", TC_F32};
    static const char *const blocked = "blocked/model.safetensors";
    made m;
    FILE *f;
    t_export_fails(model, "", "", "no name");
    t_export_fails(model, t_export_path("no/such"), "", "cannot be created");
    f = fopen(t_export_path("file"), "w");
    if (f) fclose(f);
    t_export_fails(model, t_export_path("file"), "", "is no folder");
    CHECK(remove(t_export_path("file")) == 0);
    CHECK(!mkdir(t_export_path("blocked"), 0777) && !mkdir(t_export_path(blocked), 0777));
    t_export_fails(model, t_export_path("blocked"), "model.safetensors", "is a folder");
    CHECK(remove(t_export_path(blocked)) == 0 && remove(t_export_path("blocked")) == 0);
    CHECK(made_plan(&m, &small, NULL));
    t_export_fails(m.model, t_export_path("small"), NULL, "embedding size");
    CHECK(remove(t_export_path("small")) != 0); /* it was not made */
    made_free(&m);
}

static void t_export_saver(void) {
    static char data[150000];
    const char *path = t_export_path("saved");
    tool_saver s;
    char why[200], *back;
    size_t size, i;
    for (i = 0; i < sizeof data; i++) data[i] = (char)(i * 7 + i / 251);
    CHECK(!tool_saver_begin(&s, path, why, sizeof why));
    tool_saver_write(&s, data, 10);
    tool_saver_drop(&s);
    tool_saver_drop(&s);
    CHECK(remove(path) != 0);
    CHECK(!tool_saver_begin(&s, path, why, sizeof why));
    for (i = 0; i < 60000; i += 1000) tool_saver_write(&s, data + i, 1000);
    tool_saver_write(&s, data + i, sizeof data - i);
    CHECK(!tool_saver_sync(&s, why, sizeof why) && remove(path) != 0);
    CHECK(!tool_saver_end(&s, why, sizeof why));
    back = test_read_file(path, &size);
    CHECK(back && size == sizeof data && !memcmp(back, data, size));
    free(back);
    CHECK(remove(path) == 0);
}

static void test_export(void) {
    static const plan p = {2, 16, 2, 24, 16, 2, 7, 8, "gelu", TC_F32};
    made m;
    CHECK(made_plan(&m, &p, NULL));
    if (m.model) {
        t_export_types(m.model);
        t_export_bert(m.model);
        t_export_bad(m.model);
    }
    made_free(&m);
    t_export_families();
    t_export_tokenizers();
    t_export_vocab();
    t_export_saver();
    CHECK(remove(t_export_path("")) == 0);
}

#endif
