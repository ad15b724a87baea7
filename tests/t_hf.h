/* t_hf.h - the reader of HuggingFace folders: config.json, tokenizer files, tensors. */
#ifndef T_HF_H
#define T_HF_H

#include "test.h"

#include "../tools/hf.h"

/* -------------------------------------------------------------------------- config */

/* Reads a config.json; 0 on success. */
static int t_hf_config(json_arena *arena, const char *text, hf_config *out, hf_error *error) {
    hf_text file = {"config.json", NULL, 0};
    file.text = text;
    file.size = strlen(text);
    memset(error, 0, sizeof(*error));
    return hf_config_read(arena, &file, out, error);
}

static void t_hf_config_good(void) {
    json_arena arena = {NULL};
    hf_config c;
    hf_error e;
    CHECK(!t_hf_config(&arena, "{\"model_type\":\"bert\"}", &c, &e));
    CHECK(c.numbers[HF_LAYERS] == 12 && c.numbers[HF_HIDDEN] == 768 &&
          c.numbers[HF_TYPES] == 2);
    CHECK(c.numbers[HF_VOCAB] == 30522 && c.numbers[HF_EMBEDDING] == 768 && c.eps == 1e-12f);
    CHECK(c.numbers[HF_LABELS] == 2 && !strcmp(c.labels[1], "LABEL_1"));
    CHECK(!strcmp(c.hidden_act, "gelu") && !c.architecture[0]);
    CHECK_EQ(c.pad_token_id, 0);
    CHECK(
        !t_hf_config(&arena,
                     "{\"model_type\":\"electra\",\"hidden_act\":\"swish\",\"num_labels\":3,"
                     "\"architectures\":[\"X\"],\"layer_norm_eps\":1e-5,\"type_vocab_size\":0}",
                     &c, &e));
    CHECK(c.numbers[HF_HIDDEN] == 256 && c.numbers[HF_EMBEDDING] == 128 && c.eps == 1e-5f);
    CHECK(!strcmp(c.hidden_act, "silu") && !strcmp(c.architecture, "X"));
    CHECK(c.numbers[HF_LABELS] == 3 && c.numbers[HF_TYPES] == 0);
    CHECK(!t_hf_config(
        &arena,
        "{\"model_type\":\"distilbert\",\"dim\":64,\"hidden_size\":48,\"n_heads\":4,"
        "\"n_layers\":3,\"hidden_dim\":10,\"layer_norm_eps\":1,"
        "\"activation\":\"gelu_pytorch_tanh\","
        "\"id2label\":{\"2\":\"c\",\"0\":\"a\",\"1\":\"b\"}}",
        &c, &e));
    CHECK(c.numbers[HF_HIDDEN] == 48 && c.numbers[HF_HEADS] == 4 && c.numbers[HF_LAYERS] == 3);
    CHECK(c.numbers[HF_INTERMEDIATE] == 10 && c.numbers[HF_TYPES] == 0 && c.eps == 1e-12f);
    CHECK(!strcmp(c.hidden_act, "gelu_new"));
    CHECK(c.numbers[HF_LABELS] == 3 && !strcmp(c.labels[0], "a") && !strcmp(c.labels[2], "c"));
    json_arena_free(&arena);
}

static void t_hf_config_bad(void) {
    static const char *const cases[][2] = {
        {"{}", "model_type is missing"},
        {"[]", "not an object"},
        {"{\"model_type\":\"gpt2\"}", "\"gpt2\" are not supported; supported are bert, "},
        {"{\"model_type\":\"bert\",\"hidden_act\":\"mish\"}", "\"mish\""},
        {"{\"model_type\":\"bert\",\"position_embedding_type\":\"relative_key\"}",
         "\"relative_key\""},
        {"{\"model_type\":\"bert\",\"hidden_size\":770}", "no multiple"},
        {"{\"model_type\":\"bert\",\"hidden_size\":-1}", "hidden_size"},
        {"{\"model_type\":\"bert\",\"hidden_size\":7.5}", "hidden_size"},
        {"{\"model_type\":\"bert\",\"num_hidden_layers\":99999999}", "num_hidden_layers"},
        {"{\"model_type\":\"bert\",\"type_vocab_size\":256}", "type_vocab_size"},
        {"{\"model_type\":\"bert\",\"is_decoder\":true}", "is_decoder"},
        {"{\"model_type\":\"bert\",\"id2label\":{\"0\":\"a\",\"2\":\"b\"}}", "there is \"2\""},
        {"{\"model_type\":\"bert\",\"id2label\":{\"0\":\"a\",\"0\":\"b\"}}", "\"0\" twice"},
        {"{\"model_type\":\"bert\",\"id2label\":{\"0\":1}}", "a number"},
        {"{\"model_type\":\"bert\",\"id2label\":{\"0\":\"a\\u0000b\"}}", "zero byte"},
    };
    json_arena arena = {NULL};
    hf_config c;
    hf_error e;
    size_t i;
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        CHECK_CASE(t_hf_config(&arena, cases[i][0], &c, &e) && strstr(e.message, cases[i][1]),
                   e.message);
    json_arena_free(&arena);
}

/* ----------------------------------------------------------------------- tokenizer */

#define T_HF_MODEL                                                                             \
    "\"pre_tokenizer\":{\"type\":\"BertPreTokenizer\"},\"model\":{\"unk_token\":\"[UNK]\","    \
    "\"continuing_subword_prefix\":\"##\",\"max_input_chars_per_word\":100,"                   \
    "\"vocab\":{\"[PAD]\":0,\"[UNK]\":1,\"[CLS]\":2,\"[SEP]\":3,\"a\":4,\"##b\":6}}"

typedef struct t_hf_files {
    const char *tokenizer, *vocab, *config, *special, *added;
} t_hf_files;

static void t_hf_text(hf_text *file, const char *text) {
    file->text = text;
    file->size = text ? strlen(text) : 0;
}

static int t_hf_tokenizer(json_arena *arena, const t_hf_files *in, hf_tokenizer *out,
                          hf_error *error) {
    hf_tokenizer_files files;
    hf_tokenizer_names(&files);
    t_hf_text(&files.tokenizer, in->tokenizer);
    t_hf_text(&files.vocab, in->vocab);
    t_hf_text(&files.config, in->config);
    t_hf_text(&files.special, in->special);
    t_hf_text(&files.added, in->added);
    memset(error, 0, sizeof(*error));
    return hf_tokenizer_read(arena, &files, out, error);
}

/* "[CLS]=2/10 ..." : content, id, special, normalized of every added token. */
static const char *t_hf_added(const hf_tokenizer *tokenizer, char *out, size_t size) {
    size_t at = 0;
    uint32_t i;
    out[0] = 0;
    for (i = 0; i < tokenizer->desc.added_count && at + 60 < size; i++) {
        const tc_added_token *t = &tokenizer->desc.added[i];
        at += (size_t)snprintf(out + at, size - at, "%s%.*s=%d/%d%d", i ? " " : "",
                               (int)t->content.length, t->content.data, (int)t->id, t->special,
                               t->normalized);
    }
    return out;
}

static void t_hf_vocab_text(void) {
    static const t_hf_files plain = {
        NULL, "[PAD]\n[UNK] \r\n[CLS]\n[SEP]\n\na\nb\na \t\n[MASK]", NULL, NULL, NULL};
    static const t_hf_files cased = {
        NULL, "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\n",
        "{\"do_lower_case\":false,\"model_max_length\":1e30,\"clean_up_tokenization_spaces\":"
        "false,"
        "\"truncation_side\":\"left\",\"additional_special_tokens\":[\"<x>\"]}",
        NULL, "{\"<y>\":7}"};
    json_arena arena = {NULL};
    hf_tokenizer t;
    hf_error e;
    char text[400];
    CHECK_CASE(!t_hf_tokenizer(&arena, &plain, &t, &e), e.message);
    CHECK_EQ(t.desc.vocab_count, 9);
    if (t.desc.vocab_count != 9) return;
    CHECK(t.desc.vocab[1].length == 5 && t.desc.vocab[4].data && !t.desc.vocab[4].length);
    CHECK(!t.desc.vocab[5].data && t.desc.vocab[7].data && t.desc.vocab[7].length == 1);
    CHECK(t.desc.unk_id == 1 && t.desc.max_word_chars == 100 && t.desc.lowercase);
    CHECK(t.desc.strip_accents && t.desc.clean_text && t.desc.handle_chinese_chars);
    CHECK(t.desc.clean_up_spaces && t.desc.decoder_wordpiece && t.desc.decoder_cleanup);
    CHECK(t.desc.single_count == 3 && t.desc.pair_count == 5 && t.desc.pair[3].sequence == 1);
    CHECK(t.desc.pair[4].id == 3 && t.desc.pair[4].type == 1 && t.desc.single[1].id == -1);
    CHECK_CASE(!strcmp(t_hf_added(&t, text, sizeof(text)),
                       "[UNK]=1/10 [SEP]=3/10 [PAD]=0/10 [CLS]=2/10 [MASK]=8/10"),
               text);
    CHECK_CASE(!t_hf_tokenizer(&arena, &cased, &t, &e), e.message);
    CHECK(!t.desc.lowercase && !t.desc.strip_accents && t.desc.handle_chinese_chars);
    CHECK(!t.desc.clean_up_spaces && t.desc.truncate_left && t.max_length == 0);
    CHECK_CASE(
        !strcmp(t_hf_added(&t, text, sizeof(text)),
                "<y>=6/01 [UNK]=1/10 [SEP]=3/10 [PAD]=0/10 [CLS]=2/10 [MASK]=4/10 <x>=7/10"),
        text);
    json_arena_free(&arena);
}

/* A special token that two files describe, without tokenizer.json: the last one's spaces, the
 * configuration's way of matching. */
static void t_hf_described_twice(void) {
    static const char token[] =
        "{\"additional_special_tokens\":[{\"content\":\"<E>\",\"lstrip\":%s,"
        "\"rstrip\":false,\"single_word\":false,\"normalized\":%s%s}]}";
    char config[200], special[200], shown[200];
    t_hf_files files = {NULL, "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\n", NULL, NULL, NULL};
    json_arena arena = {NULL};
    hf_tokenizer t;
    hf_error e;
    snprintf(special, sizeof(special), token, "true", "true", "");
    files.special = special;
    files.added = "{\"<E>\":6}";
    files.config = "{}";
    CHECK_CASE(!t_hf_tokenizer(&arena, &files, &t, &e), e.message);
    CHECK_CASE(strstr(t_hf_added(&t, shown, sizeof(shown)), "<E>=6/10") != NULL, shown);
    files.added = NULL;
    snprintf(config, sizeof(config), token, "false", "false", ",\"__type\":\"AddedToken\"");
    files.config = config;
    CHECK_CASE(!t_hf_tokenizer(&arena, &files, &t, &e), e.message);
    CHECK_CASE(strstr(t_hf_added(&t, shown, sizeof(shown)), "<E>=6/10") != NULL, shown);
    CHECK(t.desc.added[t.desc.added_count - 1].lstrip);
    json_arena_free(&arena);
}

static void t_hf_tokenizer_json(void) {
    static const char text[] =
        "{\"version\":\"1.0\",\"added_tokens\":[{\"id\":2,\"content\":\"[CLS]\",\"special\":"
        "true,"
        "\"normalized\":false,\"lstrip\":false,\"rstrip\":false,\"single_word\":false},{\"id\":"
        "6,"
        "\"content\":\"new\",\"special\":false,\"normalized\":true,\"lstrip\":true,\"rstrip\":"
        "false,"
        "\"single_word\":false}],\"normalizer\":{\"type\":\"BertNormalizer\",\"clean_text\":"
        "false,"
        "\"handle_chinese_chars\":true,\"strip_accents\":null,\"lowercase\":false},"
        "\"post_processor\":{\"type\":\"BertProcessing\",\"sep\":[\"[SEP]\",3],\"cls\":[\"[CLS]"
        "\",2]},"
        "\"decoder\":null,\"truncation\":{\"direction\":\"Left\"}," T_HF_MODEL "}";
    t_hf_files files = {text, NULL, NULL, NULL, NULL};
    json_arena arena = {NULL};
    hf_tokenizer t;
    hf_error e;
    char shown[400];
    CHECK_CASE(!t_hf_tokenizer(&arena, &files, &t, &e), e.message);
    CHECK(t.desc.vocab_count == 7 && !t.desc.vocab[5].data && t.desc.vocab[6].length == 3);
    CHECK(!t.desc.clean_text && !t.desc.lowercase && !t.desc.strip_accents);
    CHECK(!t.desc.decoder_wordpiece && !t.desc.clean_up_spaces && t.desc.truncate_left);
    CHECK(t.desc.single_count == 3 && t.desc.single[0].id == 2 && t.desc.single[2].id == 3);
    CHECK_CASE(!strcmp(t_hf_added(&t, shown, sizeof(shown)), "[CLS]=2/10 new=6/01"), shown);
    CHECK(t.desc.added[1].lstrip && !t.desc.added[1].rstrip);
    /* The class's defaults override a BertNormalizer as soon as there is a configuration. */
    files.config = "{\"tokenizer_class\":\"BertTokenizer\",\"max_len\":77}";
    CHECK_CASE(!t_hf_tokenizer(&arena, &files, &t, &e), e.message);
    CHECK(t.desc.lowercase && t.desc.strip_accents && !t.desc.clean_text && t.max_length == 77);
    CHECK_CASE(!strcmp(t_hf_added(&t, shown, sizeof(shown)),
                       "[CLS]=2/10 new=6/01 [UNK]=1/10 [SEP]=3/10 [PAD]=0/10 [MASK]=7/10"),
               shown);
    CHECK(!t.strange);
    /* Other classes have other tokens, switches, and flags of the mask. */
    files.config = "{\"tokenizer_class\":\"MPNetTokenizer\",\"tokenize_chinese_chars\":false}";
    CHECK_CASE(!t_hf_tokenizer(&arena, &files, &t, &e), e.message);
    CHECK(t.desc.lowercase && t.desc.strip_accents && t.desc.handle_chinese_chars);
    CHECK(t.desc.added_count == 7 && t.desc.added[6].lstrip && !t.desc.added[5].lstrip);
    CHECK_CASE(
        !strcmp(t_hf_added(&t, shown, sizeof(shown)),
                "[CLS]=2/10 new=6/01 <s>=7/10 </s>=8/10 [UNK]=1/10 <pad>=9/10 <mask>=10/10"),
        shown);
    files.config =
        "{\"tokenizer_class\":\"FunnelTokenizerFast\",\"tokenize_chinese_chars\":false}";
    CHECK_CASE(!t_hf_tokenizer(&arena, &files, &t, &e), e.message);
    CHECK(t.desc.lowercase && !t.desc.handle_chinese_chars && !t.strange);
    files.config = "{\"tokenizer_class\":\"SplinterTokenizer\",\"do_lower_case\":true}";
    CHECK_CASE(!t_hf_tokenizer(&arena, &files, &t, &e), e.message);
    CHECK(!t.desc.lowercase && t.strange && !strcmp(t.strange, "SplinterTokenizer"));
    files.config = "{\"tokenizer_class\":\"PreTrainedTokenizerFast\",\"do_lower_case\":true}";
    CHECK_CASE(!t_hf_tokenizer(&arena, &files, &t, &e), e.message);
    CHECK(!t.desc.lowercase && !t.desc.strip_accents && t.desc.added_count == 2 && !t.strange);
    files.tokenizer =
        "{\"version\":\"1.0\",\"padding\":{\"pad_token\":\"<p>\"}," T_HF_MODEL "}";
    CHECK_CASE(!t_hf_tokenizer(&arena, &files, &t, &e), e.message);
    CHECK_CASE(!strcmp(t_hf_added(&t, shown, sizeof(shown)), "<p>=6/10"), shown);
    files.config = "{\"tokenizer_class\":\"PreTrainedTokenizerFast\",\"pad_token\":null}";
    CHECK_CASE(!t_hf_tokenizer(&arena, &files, &t, &e), e.message);
    CHECK_EQ(t.desc.added_count, 0);
    json_arena_free(&arena);
}

/* The unknown token of transformers' pipeline, and token types that the model does not get. */
static void t_hf_unknown(void) {
    static const char text[] = "{\"version\":\"1.0\",\"post_processor\":{\"type\":"
                               "\"BertProcessing\",\"sep\":[\"[SEP]\","
                               "3],\"cls\":[\"[CLS]\",2]},\"decoder\":null," T_HF_MODEL "}";
    t_hf_files files = {text, NULL, NULL, NULL, NULL};
    json_arena arena = {NULL};
    hf_tokenizer t;
    hf_error e;
    CHECK_CASE(!t_hf_tokenizer(&arena, &files, &t, &e), e.message);
    CHECK(t.desc.unk_id == 1 && !t.desc.word_unk && t.desc.pair[4].type == 1);
    files.config =
        "{\"tokenizer_class\":\"BertTokenizer\",\"model_input_names\":[\"input_ids\"]}";
    CHECK_CASE(!t_hf_tokenizer(&arena, &files, &t, &e), e.message);
    CHECK(!t.desc.word_unk && t.desc.pair_count == 5 && t.desc.pair[4].type == 0);
    files.config = "{\"tokenizer_class\":\"PreTrainedTokenizerFast\"}";
    CHECK_CASE(!t_hf_tokenizer(&arena, &files, &t, &e), e.message);
    CHECK(t.desc.unk_id == 1 && t.desc.word_unk && t.desc.word_unk_id == -1);
    files.config = "{\"tokenizer_class\":\"BertTokenizer\",\"unk_token\":\"a\"}";
    CHECK_CASE(!t_hf_tokenizer(&arena, &files, &t, &e), e.message);
    CHECK(t.desc.unk_id == 1 && t.desc.word_unk && t.desc.word_unk_id == 4);
    json_arena_free(&arena);
}

/* A role in plain text is the token of added_tokens_decoder, where there is one. */
static void t_hf_decoder_role(void) {
    static const char text[] = "{\"version\":\"1.0\",\"added_tokens\":[{\"id\":2,\"content\":"
                               "\"[CLS]\",\"special\":true}]," T_HF_MODEL "}";
    static const char config[] =
        "{\"tokenizer_class\":\"BertTokenizer\",\"added_tokens_decoder\":{\"2\":{\"content\":"
        "\"[CLS]\",\"lstrip\":true,\"special\":true}},\"cls_token\":\"[CLS]\"}";
    t_hf_files files = {text, NULL, config, NULL, NULL};
    json_arena arena = {NULL};
    hf_tokenizer t;
    hf_error e;
    uint32_t i, found = 0;
    CHECK_CASE(!t_hf_tokenizer(&arena, &files, &t, &e), e.message);
    for (i = 0; i < t.desc.added_count; i++)
        found += t.desc.added[i].id == 2 && t.desc.added[i].lstrip && t.desc.added[i].special;
    CHECK_EQ(found, 1);
    /* a role beside an additional special token of the same content: the role's flags count */
    files.config =
        "{\"tokenizer_class\":\"BertTokenizer\",\"cls_token\":{\"content\":\"[CLS]\"},"
        "\"additional_special_tokens\":[{\"content\":\"[CLS]\",\"lstrip\":true}]}";
    CHECK_CASE(!t_hf_tokenizer(&arena, &files, &t, &e), e.message);
    for (found = i = 0; i < t.desc.added_count; i++)
        found += t.desc.added[i].id == 2 && !t.desc.added[i].lstrip;
    CHECK_EQ(found, 1);
    json_arena_free(&arena);
}

static void t_hf_template(void) {
    static const char text[] =
        "{\"version\":\"1.0\",\"post_processor\":{\"type\":\"TemplateProcessing\",\"single\":["
        "{\"SpecialToken\":{\"id\":\"c\",\"type_id\":0}},{\"Sequence\":{\"id\":\"A\",\"type_"
        "id\":0}}],"
        "\"pair\":[{\"Sequence\":{\"id\":\"A\",\"type_id\":0}},{\"SpecialToken\":{\"id\":\"c\","
        "\"type_id\":1}},{\"Sequence\":{\"id\":\"B\",\"type_id\":2}}],\"special_tokens\":{"
        "\"c\":"
        "{\"id\":\"c\",\"ids\":[5,6],\"tokens\":[\"x\",\"y\"]}}},"
        "\"decoder\":{\"type\":\"WordPiece\",\"prefix\":\"\\u0040\",\"cleanup\":false}"
        "," T_HF_MODEL "}";
    t_hf_files files = {text, NULL, NULL, NULL, NULL};
    json_arena arena = {NULL};
    hf_tokenizer t;
    hf_error e;
    CHECK_CASE(!t_hf_tokenizer(&arena, &files, &t, &e), e.message);
    CHECK(t.desc.single_count == 3 && t.desc.pair_count == 4);
    CHECK(t.desc.single[0].id == 5 && t.desc.single[1].id == 6 && t.desc.single[2].id == -1);
    CHECK(t.desc.pair[2].type == 1 && t.desc.pair[3].sequence == 1 && t.desc.pair[3].type == 2);
    CHECK(t.desc.decoder_wordpiece && !t.desc.decoder_cleanup);
    CHECK(t.desc.decoder_prefix.length == 1 && t.desc.decoder_prefix.data[0] == '@');
    CHECK(!t.desc.lowercase && !t.desc.clean_text && !t.desc.added_count);
    json_arena_free(&arena);
}

/* Templates that lack a sequence or have it twice. */
static void t_hf_template_bad(void) {
#define T_HF_A "{\"Sequence\":{\"id\":\"A\",\"type_id\":0}}"
    static const char *const bad[][2] = {
        {"", ""}, {T_HF_A "," T_HF_A, ""}, {T_HF_A, T_HF_A}}; /* single, pair */
    char text[1000];
    t_hf_files files = {text, NULL, NULL, NULL, NULL};
    json_arena arena = {NULL};
    hf_tokenizer t;
    hf_error e;
    size_t i;
    for (i = 0; i < sizeof bad / sizeof *bad; i++) {
        snprintf(text, sizeof text,
                 "{\"version\":\"1.0\",\"post_processor\":{\"type\":\"TemplateProcessing\","
                 "\"single\":[%s],\"pair\":[%s],\"special_tokens\":{}}," T_HF_MODEL "}",
                 bad[i][0], bad[i][1]);
        CHECK_CASE(t_hf_tokenizer(&arena, &files, &t, &e) &&
                       strstr(e.message, "does not hold each sequence once"),
                   text);
    }
    json_arena_free(&arena);
#undef T_HF_A
}

static void t_hf_tokenizer_bad(void) {
    static const struct {
        t_hf_files files;
        const char *file, *message;
    } cases[] = {
        {{NULL, NULL, NULL, NULL, NULL}, NULL, "neither tokenizer.json nor vocab.txt"},
        {{"{" T_HF_MODEL "}", NULL, NULL, NULL, NULL}, "tokenizer.json", "version"},
        {{"{\"version\":\"1.0\"," T_HF_MODEL ",}", NULL, NULL, NULL, NULL},
         "tokenizer.json",
         "line 1"},
        {{"{\"version\":\"1.0\",\"normalizer\":{\"type\":\"NFC\"}," T_HF_MODEL "}", NULL, NULL,
          NULL, NULL},
         "tokenizer.json",
         "normalizer of the type \"NFC\""},
        {{"{\"version\":\"1.0\",\"decoder\":{\"type\":\"BPEDecoder\"}," T_HF_MODEL "}", NULL,
          NULL, NULL, NULL},
         "tokenizer.json",
         "decoder of the type \"BPEDecoder\""},
        {{"{\"version\":\"1.0\",\"post_processor\":{\"type\":\"RobertaProcessing\"}," T_HF_MODEL
          "}",
          NULL, NULL, NULL, NULL},
         "tokenizer.json",
         "\"RobertaProcessing\""},
        {{"{\"version\":\"1.0\",\"model\":{\"type\":\"BPE\"}}", NULL, NULL, NULL, NULL},
         "tokenizer.json",
         "\"BPE\""},
        {{"{\"version\":\"1.0\",\"model\":{\"continuing_subword_prefix\":\"\",\"unk_token\":"
          "\"u\","
          "\"max_input_chars_per_word\":9,\"vocab\":{\"a\":1,\"b\":1}}}",
          NULL, NULL, NULL, NULL},
         "tokenizer.json",
         "same id 1"},
        {{"{\"version\":\"1.0\",\"model\":{\"continuing_subword_prefix\":\"\",\"unk_token\":"
          "\"u\","
          "\"max_input_chars_per_word\":9,\"vocab\":{\"a\":2000000000}}}",
          NULL, NULL, NULL, NULL},
         "tokenizer.json",
         "ids up to 2000000000"},
        {{NULL, "a\n\xFF\n", NULL, NULL, NULL}, "vocab.txt", "UTF-8"},
        {{NULL, "", NULL, NULL, NULL}, "vocab.txt", "empty"},
        {{NULL, "a", "{\"tokenizer_class\":\"BertJapaneseTokenizer\"}", NULL, NULL},
         "vocab.txt",
         "BertJapaneseTokenizer"},
        {{NULL, "a", "{\"split_special_tokens\":true}", NULL, NULL},
         "tokenizer_config.json",
         "split_special_tokens"},
    };
    size_t i;
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        json_arena arena = {NULL};
        hf_tokenizer t;
        hf_error e;
        CHECK_CASE(t_hf_tokenizer(&arena, &cases[i].files, &t, &e) &&
                       strstr(e.message, cases[i].message),
                   e.message);
        CHECK_CASE(cases[i].file ? e.file && !strcmp(e.file, cases[i].file) : !e.file,
                   e.message);
        json_arena_free(&arena);
    }
}

/* ------------------------------------------------------------------------- weights */

typedef struct t_hf_maker {
    char header[8000];
    float data[2000];
    size_t at, count;
} t_hf_maker;

/* Adds a tensor; its elements are numbered on from those before. */
static void t_hf_put(t_hf_maker *m, const char *name, unsigned rows, unsigned columns) {
    size_t n = (rows ? rows : 1) * columns, i;
    m->at +=
        (size_t)snprintf(m->header + m->at, sizeof(m->header) - m->at,
                         "%s\"%s\":{\"dtype\":\"F32\",\"shape\":[", m->at > 1 ? "," : "", name);
    if (rows)
        m->at += (size_t)snprintf(m->header + m->at, sizeof(m->header) - m->at, "%u,", rows);
    m->at += (size_t)snprintf(m->header + m->at, sizeof(m->header) - m->at,
                              "%u],\"data_offsets\":[%u,%u]}", columns, (unsigned)m->count * 4,
                              (unsigned)(m->count + n) * 4);
    for (i = 0; i < n; i++, m->count++) m->data[m->count] = (float)m->count;
}

/* A BERT of one layer, hidden size 2, without the base prefix, with names of old times. */
static unsigned char *t_hf_model(t_hf_maker *m, unsigned labels, size_t *size) {
    static const char *const layer[][2] = {{"attention.self.query.weight", "22"},
                                           {"attention.self.query.bias", "02"},
                                           {"attention.self.key.weight", "22"},
                                           {"attention.self.key.bias", "02"},
                                           {"attention.self.value.weight", "22"},
                                           {"attention.self.value.bias", "02"},
                                           {"attention.output.dense.weight", "22"},
                                           {"attention.output.dense.bias", "02"},
                                           {"attention.output.LayerNorm.gamma", "02"},
                                           {"attention.output.LayerNorm.beta", "02"},
                                           {"intermediate.dense.weight", "32"},
                                           {"intermediate.dense.bias", "03"},
                                           {"output.dense.weight", "23"},
                                           {"output.dense.bias", "02"},
                                           {"output.LayerNorm.weight", "02"},
                                           {"output.LayerNorm.bias", "02"}};
    unsigned char *bytes;
    char name[100];
    size_t i;
    memset(m, 0, sizeof(*m));
    m->header[m->at++] = '{';
    t_hf_put(m, "bert.embeddings.word_embeddings.weight", 5, 2);
    t_hf_put(m, "embeddings.position_embeddings.weight", 4, 2);
    t_hf_put(m, "embeddings.LayerNorm.gamma", 0, 2);
    t_hf_put(m, "embeddings.LayerNorm.beta", 0, 2);
    t_hf_put(m, "embeddings.position_ids", 1, 4);
    t_hf_put(m, "pooler.dense.bias", 0, 2);
    for (i = 0; i < sizeof(layer) / sizeof(layer[0]); i++) {
        snprintf(name, sizeof(name), "encoder.layer.0.%s", layer[i][0]);
        t_hf_put(m, name, (unsigned)(layer[i][1][0] - '0'), (unsigned)(layer[i][1][1] - '0'));
    }
    if (labels) {
        t_hf_put(m, "classifier.weight", labels, 2);
        t_hf_put(m, "classifier.bias", 0, labels);
    }
    m->header[m->at++] = '}';
    *size = 8 + m->at + m->count * 4;
    bytes = (unsigned char *)calloc(1, *size);
    if (!bytes) abort();
    bytes[0] = (unsigned char)(m->at & 255);
    bytes[1] = (unsigned char)(m->at >> 8);
    memcpy(bytes + 8, m->header, m->at);
    for (i = 0; i < m->count; i++) { /* little-endian on any machine */
        uint32_t bits;
        unsigned char *out = bytes + 8 + m->at + 4 * i;
        memcpy(&bits, &m->data[i], 4);
        out[0] = (unsigned char)bits;
        out[1] = (unsigned char)(bits >> 8);
        out[2] = (unsigned char)(bits >> 16);
        out[3] = (unsigned char)(bits >> 24);
    }
    return bytes;
}

static void t_hf_count(void *user, const st_tensor *tensor) {
    *(int *)user +=
        tensor->name_length == 17 && !memcmp(tensor->name, "pooler.dense.bias", 17) ? 1 : 100;
}

/* A model is of 16 bits if all matrices are that have its type: not head, types and vectors. */
static void t_hf_dtypes(const hf_item *items, size_t count) {
    hf_item copy[18];
    st_tensor half[18];
    size_t i, k;
    for (k = 0; k < 4; k++) {
        for (i = 0; i < count; i++) {
            int vector = items[i].rows == 1,
                other = !strcmp(items[i].name, "embeddings.type") ||
                        !strncmp(items[i].name, "head.", 5);
            copy[i] = items[i];
            copy[i].sources = 1;
            half[i] = *items[i].source[0];
            half[i].dtype = vector || other ? "F32" : k == 1 && !i ? "BF16" : "F16";
            if (k == 2 && !strcmp(items[i].name, "layer.0.ffn.up.weight"))
                half[i].dtype = "F32";
            if (k == 3 && !vector) half[i].dtype = "BF16";
            copy[i].source[0] = &half[i];
        }
        CHECK_EQ(hf_weights_dtype(copy, count), k == 0 ? TC_F16 : k == 3 ? TC_BF16 : TC_F32);
    }
}

static void t_hf_check_items(const hf_weights *weights, const hf_item *items, size_t count) {
    float out[12];
    int unused = 0;
    CHECK_EQ(count, 18);
    if (count != 18) return;
    CHECK(!strcmp(items[0].name, "embeddings.word") && items[0].rows == 5 &&
          items[0].columns == 2);
    CHECK(!strcmp(items[4].name, "layer.0.attention.qkv.weight") && items[4].rows == 6);
    hf_item_read(&items[4], out);
    CHECK(out[0] == 28 && out[3] == 31 && out[4] == 34 && out[8] == 40 && out[11] == 43);
    CHECK(!strcmp(items[5].name, "layer.0.attention.qkv.bias"));
    CHECK(items[5].rows == 1 && items[5].columns == 6);
    hf_item_read(&items[5], out);
    CHECK(out[0] == 32 && out[2] == 38 && out[5] == 45);
    CHECK(!strcmp(items[17].name, "head.bias") && items[17].columns == 3);
    CHECK(hf_weights_dtype(items, count) == TC_F32);
    t_hf_dtypes(items, count);
    CHECK(!hf_weights_unused(weights, items, count, t_hf_count, &unused));
    CHECK_EQ(unused, 1);
}

/* Looks for the tensors of the little model with `labels` in the file and `config`. */
static void t_hf_find(unsigned labels, const char *config, const char *message) {
    static const char *const name = "model.safetensors";
    static t_hf_maker maker;
    json_arena arena = {NULL};
    hf_weights weights;
    hf_config c;
    hf_error e;
    hf_item *items;
    st_file file;
    char why[300];
    size_t size, count;
    unsigned char *bytes = t_hf_model(&maker, labels, &size);
    if (st_open(&file, bytes, size, why, sizeof(why)) || t_hf_config(&arena, config, &c, &e)) {
        CHECK_CASE(0, why);
        return;
    }
    weights.files = &file;
    weights.names = &name;
    weights.count = 1;
    if (hf_weights_find(&arena, &c, &weights, 1, &items, &count, &e))
        CHECK_CASE(message && strstr(e.message, message), e.message);
    else if (message)
        CHECK_CASE(0, message);
    else
        t_hf_check_items(&weights, items, count);
    st_close(&file);
    json_arena_free(&arena);
    free(bytes);
}

#define T_HF_TINY                                                                              \
    "{\"model_type\":\"bert\",\"num_hidden_layers\":1,\"hidden_size\":2,\"vocab_size\":5,"     \
    "\"num_attention_heads\":1,\"intermediate_size\":3,\"max_position_embeddings\":4,"         \
    "\"architectures\":[\"BertForTokenClassification\"],\"num_labels\":3,"

static void t_hf_weights(void) {
    t_hf_find(3, T_HF_TINY "\"type_vocab_size\":0}", NULL);
    t_hf_find(0, T_HF_TINY "\"type_vocab_size\":0}",
              "\"classifier.weight\" is missing in BertForTokenClassification");
    t_hf_find(3, T_HF_TINY "\"type_vocab_size\":2}",
              "\"bert.embeddings.token_type_embeddings.weight\" is missing");
    t_hf_find(4, T_HF_TINY "\"type_vocab_size\":0}",
              "\"classifier.weight\" has the shape [4, 2], config.json asks for [3, 2]");
}

/* ------------------------------------------------------------------- whole folders */

static int t_hf_folder(const char *shared, const char *name, hf_folder *folder,
                       hf_error *error) {
    static const hf_options options = {HF_TASK_AUTO, 0, -1};
    char path[500];
    snprintf(path, sizeof(path), "%s/%s", shared, name);
    return hf_open(folder, path, &options, error);
}

static void t_hf_folders(void) {
    static const struct {
        const char *name;
        unsigned items, labels, limit;
        const char *error;
    } cases[] = {
        {"oracles/reference/models/bert-gelu", 43, 9, 96, NULL},
        {"oracles/reference/models/bert-odd", 31, 2, 96, NULL},
        {"oracles/reference/models/bert-mlm", 29, 0, 96, NULL},
        {"oracles/reference/models/distilbert-cased", 30, 5, 96, NULL},
        {"oracles/reference/models/electra", 33, 9, 96, NULL},
        {"checkpoints/demo-ner", 79, 7, 512, NULL},
        {"tokenizers/bert-base-cased", 0, 0, 0, NULL},
        {"oracles/reference/models/roberta", 0, 0, 0, "\"roberta\""},
        {"checkpoints/bert-xsmall-dummy-allennlp", 0, 0, 0, "pickles"},
        {"checkpoints/no-such-folder", 0, 0, 0, "no such folder"},
    };
    const char *shared = getenv("TOKCLASS_SHARED");
    size_t i;
    FILE *probe;
    char path[500];
    if (!shared) shared = "../shared";
    snprintf(path, sizeof(path), "%s/checkpoints/demo-ner/config.json", shared);
    probe = fopen(path, "rb");
    if (!probe) {
        SKIP("checkpoint folders: set TOKCLASS_SHARED");
        return;
    }
    fclose(probe);
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        hf_folder folder;
        hf_error e;
        if (t_hf_folder(shared, cases[i].name, &folder, &e)) {
            CHECK_CASE(cases[i].error && strstr(e.message, cases[i].error), e.message);
            continue;
        }
        CHECK_CASE(!cases[i].error && folder.item_count == cases[i].items &&
                       folder.desc.num_labels == cases[i].labels &&
                       folder.desc.max_length == cases[i].limit,
                   cases[i].name);
        hf_close(&folder);
    }
}

static void test_hf(void) {
    t_hf_config_good();
    t_hf_config_bad();
    t_hf_vocab_text();
    t_hf_described_twice();
    t_hf_tokenizer_json();
    t_hf_unknown();
    t_hf_template();
    t_hf_template_bad();
    t_hf_decoder_role();
    t_hf_tokenizer_bad();
    t_hf_weights();
    t_hf_folders();
}

#endif
