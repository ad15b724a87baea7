/* t_tokenizer.h - WordPiece against what HuggingFace's tokenizers gave: ids, tokens, offsets,
 * word ids, type ids, special tokens masks, overflowing windows, decoded text. */
#ifndef T_TOKENIZER_H
#define T_TOKENIZER_H

typedef struct token_case {
    const char *name;
    const tc_tokenizer *tokenizer;
    tc_encoding *encoding;
    uint32_t limit; /* for a case that says it is truncated */
    size_t cases;
} token_case;

/* One window against arrays of the expected object; those that are missing are not compared. */
static int window_is(const tc_encoding *e, size_t window, const json_doc *d,
                     const json_node *want) {
    size_t n, i;
    const tc_token *t = tc_encoding_tokens(e, window, &n);
    const json_node *ids = json_get(d, want, "ids"), *tokens = json_get(d, want, "tokens");
    const json_node *offsets = json_get(d, want, "offsets"),
                    *words = json_get(d, want, "word_ids");
    const json_node *types = json_get(d, want, "type_ids"),
                    *special = json_get(d, want, "special_tokens_mask");
    if (!ids || ids->count != n) return 0;
    ids = json_first(d, ids);
    tokens = tokens ? json_first(d, tokens) : NULL;
    offsets = offsets ? json_first(d, offsets) : NULL;
    words = words ? json_first(d, words) : NULL;
    types = types ? json_first(d, types) : NULL;
    special = special ? json_first(d, special) : NULL;
    for (i = 0; i < n; i++) {
        if (t[i].id != json_int(ids, -1)) return 0;
        if (tokens && !string_is(tc_encoding_text(e, t + i), tokens)) return 0;
        if (words && t[i].word != json_int(words, -1)) return 0;
        if (types && t[i].type != json_int(types, -1)) return 0;
        if (special && t[i].special != json_int(special, -1)) return 0;
        if (offsets) {
            const json_node *start = json_first(d, offsets);
            if (t[i].start.codepoint != json_int(start, -1) ||
                t[i].end.codepoint != json_int(json_next(d, start), -1))
                return 0;
        }
        ids = json_next(d, ids);
        tokens = tokens ? json_next(d, tokens) : NULL;
        words = words ? json_next(d, words) : NULL;
        types = types ? json_next(d, types) : NULL;
        special = special ? json_next(d, special) : NULL;
        offsets = offsets ? json_next(d, offsets) : NULL;
    }
    return 1;
}

static int decoded_is(tc_encoding *e, const json_doc *d, const json_node *ids,
                      const json_node *want, int skip) {
    int32_t *list;
    size_t n = 0;
    tc_string out;
    int good;
    if (!want || !ids) return 1;
    list = (int32_t *)malloc((ids->count + 1) * sizeof *list);
    for (ids = json_first(d, ids); ids; ids = json_next(d, ids))
        list[n++] = (int32_t)json_int(ids, 0);
    good = !tc_encoding_decode(e, list, n, skip, &out) && string_is(out, want);
    free(list);
    return good;
}

/* Byte and UTF-16 offsets count the same places as code points do. */
static int units_agree(const tc_encoding *e, tc_string text) {
    size_t n, i, w;
    for (w = 0; w < tc_encoding_window_count(e); w++) {
        const tc_token *t = tc_encoding_tokens(e, w, &n);
        for (i = 0; i < n; i++) {
            const unsigned char *p = (const unsigned char *)text.data, *end = p + text.length,
                                *stop = p + t[i].end.byte;
            uint32_t code, points = 0, units = 0;
            if (t[i].special) continue;
            if (t[i].end.byte > text.length || t[i].start.byte > t[i].end.byte) return 0;
            for (; p < stop; points++) {
                p += tc__utf8_next(p, end, &code);
                units += code >= 0x10000 && code != TC__ILL_FORMED ? 2 : 1;
            }
            if (p != stop || points != t[i].end.codepoint || units != t[i].end.utf16) return 0;
        }
    }
    return 1;
}

static void visit_case(void *user, const json_doc *d, const json_node *c, size_t line) {
    token_case *k = (token_case *)user;
    const json_node *words = json_get(d, c, "words"), *pair = json_get(d, c, "pair"),
                    *over = json_get(d, c, "overflowing");
    const json_node *how = json_get(d, c, "truncation"), *window;
    tc_string text = json_text(json_get(d, c, "text")), second = json_text(pair), *list = NULL;
    tc_encode_options o;
    tc_input input;
    size_t n = 0;
    int good;
    char where[128];
    memset(&o, 0, sizeof o);
    memset(&input, 0, sizeof input);
    if (!pair) second = json_text(pair = json_get(d, c, "text_pair"));
    input.text = text.data;
    input.length = text.length;
    if (pair) input.pair = second.data, input.pair_length = second.length;
    if (words) {
        list = (tc_string *)malloc((words->count + 1) * sizeof *list);
        for (words = json_first(d, words); words; words = json_next(d, words))
            list[n++] = json_text(words);
        input.words = list;
        input.word_count = n;
    }
    o.no_special_tokens =
        (words = json_get(d, c, "no_special")) != NULL && words->type == JSON_TRUE;
    o.max_length = (uint32_t)json_int(json_get(d, c, "max_length"), k->limit);
    o.stride = (uint32_t)json_int(json_get(d, c, "stride"), 0);
    if (how && json_is(how, "only_first")) o.truncation = TC_TRUNCATE_ONLY_FIRST;
    if (how && json_is(how, "only_second")) o.truncation = TC_TRUNCATE_ONLY_SECOND;
    good = !tc_encoding_run(k->encoding, &input, &o) && window_is(k->encoding, 0, d, c);
    if (good && !list && !pair) good = units_agree(k->encoding, text);
    if (good && o.max_length && !k->limit)
        good = tc_encoding_window_count(k->encoding) == 1 + (over ? over->count : 0);
    for (n = 1, window = over ? json_first(d, over) : NULL; good && window;
         window = json_next(d, window))
        good = window_is(k->encoding, n++, d, window);
    good =
        good && decoded_is(k->encoding, d, json_get(d, c, "ids"), json_get(d, c, "decoded"), 0);
    good = good &&
           decoded_is(k->encoding, d, json_get(d, c, "ids"), json_get(d, c, "decoded_skip"), 1);
    snprintf(where, sizeof where, "%s, line %u", k->name, (unsigned)line);
    CHECK_CASE(good, where);
    k->cases++;
    free(list);
}

static void token_file(const char *tokenizer, const char *cases) {
    token_case k;
    made m;
    memset(&k, 0, sizeof k);
    k.name = cases;
    if (!made_tokenizer_file(&m, tokenizer) ||
        tc_encoding_create(tc_model_tokenizer(m.model), NULL, &k.encoding)) {
        CHECK_CASE(0, tokenizer);
    } else {
        CHECK_CASE(each_line(cases, visit_case, &k) && k.cases > 0, cases);
        tc_encoding_free(k.encoding);
    }
    made_free(&m);
}

static void test_tokenizer_committed(void) {
    static const char *const names[] = {
        "uncased", "cased", "uncased-accents", "cased-strip", "nochinese",
        "noclean", "added", "added-cased",     "at5",         "empty-prefix"};
    char tokenizer[128], cases[128];
    size_t i;
    for (i = 0; i < sizeof names / sizeof *names; i++) {
        snprintf(tokenizer, sizeof tokenizer, "tests/data/wordpiece/tokenizer-%s.json",
                 names[i]);
        snprintf(cases, sizeof cases, "tests/data/wordpiece/cases-%s.jsonl", names[i]);
        token_file(tokenizer, cases);
    }
}

static void test_tokenizer_reference(void) {
    static const char *const models[] = {"bert-gelu",        "bert-gelu_new-cased", "bert-odd",
                                         "distilbert-cased", "distilbert-uncased",  "electra"};
    char tokenizer[128];
    size_t i;
    for (i = 0; i < sizeof models / sizeof *models; i++) {
        token_case k;
        made m;
        snprintf(tokenizer, sizeof tokenizer, "oracles/reference/models/%s/expected.jsonl",
                 models[i]);
        if (!shared_here(tokenizer)) continue;
        memset(&k, 0, sizeof k);
        k.name = models[i];
        snprintf(tokenizer, sizeof tokenizer, "oracles/reference/models/%s", models[i]);
        if (made_convert(&m, shared_path(tokenizer), -1) &&
            !tc_encoding_create(tc_model_tokenizer(m.model), NULL, &k.encoding)) {
            k.limit = tc_model_get_info(m.model)->max_length;
            snprintf(tokenizer, sizeof tokenizer, "oracles/reference/models/%s/expected.jsonl",
                     models[i]);
            (void)each_line(shared_path(tokenizer), visit_case, &k);
        }
        CHECK(k.cases == 15);
        tc_encoding_free(k.encoding);
        made_free(&m);
    }
}

static int string_has(tc_string s, const char *part) {
    size_t n = strlen(part), i;
    for (i = 0; i + n <= s.length; i++)
        if (!memcmp(s.data + i, part, n)) return 1;
    return 0;
}

/* The cases published with transformers.js: ids with special tokens, tokens without. */
static void published_model(const json_doc *d, const json_node *model) {
    tc_string vocab = json_text(json_get(d, model, "local_vocab"));
    const json_node *c;
    char path[256];
    made m;
    tc_encoding *e;
    int good;
    snprintf(path, sizeof path, "%.*s", (int)vocab.length, vocab.data);
    if (strlen(path) < 9 || strcmp(path + strlen(path) - 9, "vocab.txt")) return;
    /* this one shares bert-base-chinese's pieces, but lower-cases its text */
    if (!string_has(json_text(json_get(d, model, "model")), "bge-base-zh"))
        strcpy(path + strlen(path) - 9, "tokenizer.json");
    if (!made_tokenizer_file(&m, shared_path(path)) ||
        tc_encoding_create(tc_model_tokenizer(m.model), NULL, &e)) {
        CHECK_CASE(0, path);
        made_free(&m);
        return;
    }
    for (c = json_first(d, json_get(d, model, "cases")); c; c = json_next(d, c)) {
        tc_string text = json_text(json_get(d, c, "text")),
                  pair = json_text(json_get(d, c, "text_pair"));
        const json_node *id;
        const tc_token *t;
        tc_input input;
        size_t n, i = 0;
        memset(&input, 0, sizeof input);
        input.text = text.data;
        input.length = text.length;
        if (json_get(d, c, "text_pair"))
            input.pair = pair.data, input.pair_length = pair.length;
        good = !tc_encoding_run(e, &input, NULL);
        t = tc_encoding_tokens(e, 0, &n);
        for (id = json_first(d, json_get(d, c, "ids")); id && good; id = json_next(d, id))
            good = i < n && t[i++].id == json_int(id, -1);
        text = json_text(json_get(d, c, "name"));
        snprintf(path, sizeof path, "%.*s of %.*s", (int)text.length, text.data,
                 (int)vocab.length, vocab.data);
        CHECK_CASE(good && i == n, path);
    }
    tc_encoding_free(e);
    made_free(&m);
}

static void test_tokenizer_published(void) {
    size_t size;
    char *text, message[256];
    json_doc doc;
    const json_node *model;
    if (!shared_here("oracles/derived/tokenizer_cases.json")) return;
    text = test_read_file(shared_path("oracles/derived/tokenizer_cases.json"), &size);
    if (!text || json_parse(&doc, text, size, message, sizeof message)) {
        CHECK(0);
        free(text);
        return;
    }
    for (model = json_first(&doc, json_root(&doc)); model; model = json_next(&doc, model))
        if (json_get(&doc, model, "local_vocab")->type == JSON_STRING)
            published_model(&doc, model);
    json_free(&doc);
    free(text);
}

/* 10,570 questions and the pieces that BERT makes of them. */
static void test_tokenizer_questions(void) {
    size_t size, bad = 0, asked = 0;
    char *text, message[256];
    json_doc doc;
    const json_node *q, *piece;
    made m;
    tc_encoding *e = NULL;
    if (!shared_here("oracles/squad-bert-tokenization/question_tokens.json")) return;
    text = test_read_file(shared_path("oracles/squad-bert-tokenization/question_tokens.json"),
                          &size);
    if (!made_tokenizer_file(&m, shared_path("tokenizers/bert-base-uncased/tokenizer.json")) ||
        tc_encoding_create(tc_model_tokenizer(m.model), NULL, &e) || !text ||
        json_parse(&doc, text, size, message, sizeof message)) {
        CHECK(0);
        return;
    }
    for (q = json_first(&doc, json_root(&doc)); q; q = json_next(&doc, q), asked++) {
        tc_string s = json_text(json_get(&doc, q, "original"));
        tc_encode_options o;
        tc_input input;
        const tc_token *t;
        size_t n, i = 0;
        int good;
        memset(&o, 0, sizeof o);
        memset(&input, 0, sizeof input);
        o.no_special_tokens = 1;
        input.text = s.data;
        input.length = s.length;
        good = !tc_encoding_run(e, &input, &o);
        t = tc_encoding_tokens(e, 0, &n);
        for (piece = json_first(&doc, json_get(&doc, q, "wordpiece")); piece && good;
             piece = json_next(&doc, piece), i++)
            good = i < n && string_is(tc_encoding_text(e, t + i), piece);
        bad += !good || i != n;
    }
    CHECK_EQ(asked, 10570);
    CHECK_EQ(bad, 0);
    json_free(&doc);
    free(text);
    tc_encoding_free(e);
    made_free(&m);
}

/* Ill-formed bytes, NUL, long words, and time that grows with the text only. */
static void test_tokenizer_bytes(void) {
    static const plan p = {1, 16, 2, 16, 16, 2, 7, 16, "gelu", TC_F32};
    enum { LONG = 1 << 20 };
    made m;
    tc_encoding *e;
    tc_input input;
    tc_encode_options o;
    tc_diag diag;
    tc_env env;
    char *text = (char *)malloc(LONG);
    const tc_token *t;
    size_t n, i;
    memset(&env, 0, sizeof env);
    memset(&input, 0, sizeof input);
    memset(&o, 0, sizeof o);
    env.diag = &diag;
    if (!made_plan(&m, &p, NULL) || tc_encoding_create(tc_model_tokenizer(m.model), &env, &e)) {
        CHECK(0);
        return;
    }
    input.text = "my\xFF name\xE4\xBD is\0 anna";
    input.length = 19;
    CHECK(!tc_encoding_run(e, &input, NULL));
    t = tc_encoding_tokens(e, 0, &n);
    CHECK_EQ(n, 6);
    CHECK(n == 6 && t[2].id == 6 && t[2].start.byte == 4 && t[2].start.codepoint == 4 &&
          t[4].start.byte == 15 && t[4].start.codepoint == 14);
    o.strict_utf8 = 1;
    CHECK_EQ(tc_encoding_run(e, &input, &o), TC_ERROR_UTF8);
    CHECK(diag.offset == 2 && strstr(diag.message, "byte 2"));
    o.strict_utf8 = 0;
    o.max_length = 1;
    CHECK_EQ(tc_encoding_run(e, &input, &o), TC_ERROR_ARGUMENT);
    o.max_length = 4;
    o.stride = 3;
    CHECK_EQ(tc_encoding_run(e, &input, &o), TC_ERROR_ARGUMENT);
    input.text = text;
    input.length = LONG;
    for (i = 0; i < 6; i++) {
        static const char *const fill[] = {"a", "\xCC\x81",     "\xE1\x9C\xB4",
                                           " ", "\xE4\xBD\xA0", "\xEA\xB0\x80"};
        size_t unit = strlen(fill[i]), at;
        for (at = 0; at + unit <= LONG; at += unit) memcpy(text + at, fill[i], unit);
        input.length = at;
        CHECK(!tc_encoding_run(e, &input, NULL));
    }
    tc_encoding_free(e);
    made_free(&m);
    free(text);
}

/* What a chunk became: the normalized text, and for each byte of it the character. */
static int chunk_same(const tc_encoding *a, const tc_encoding *b) {
    return a->normal.used == b->normal.used && a->chars == b->chars && !a->linear &&
           !b->linear && !memcmp(a->normal.data, b->normal.data, a->normal.used) &&
           !memcmp(a->kinds.data, b->kinds.data, a->normal.used) &&
           !memcmp(a->source.data, b->source.data, a->normal.used * 4) &&
           !memcmp(a->places.data, b->places.data, (size_t)a->chars * 8);
}

/* Every two characters of a list, normalized with the tables of the short way and without. */
static void test_tokenizer_ways(void) {
    static const uint32_t ranges[][2] = {
        {1, 0x7F},          {0x80, 0x180},     {0x300, 0x318},   {0x345, 0x360},
        {0x37E, 0x3D8},     {0x483, 0x492},    {0x5B0, 0x5C8},   {0x622, 0x656},
        {0x7F0, 0x802},     {0x93C, 0x960},    {0xE38, 0xE4C},   {0xF71, 0xF76},
        {0x1AB0, 0x1AC0},   {0x1E00, 0x1E20},  {0x1F80, 0x1FB8}, {0x2000, 0x2010},
        {0x302A, 0x3031},   {0x3040, 0x3048},  {0x3099, 0x309B}, {0x4E00, 0x4E02},
        {0xAC00, 0xAC03},   {0xD7A2, 0xD7A4},  {0xFB1D, 0xFB21}, {0xFF21, 0xFF23},
        {0x1D165, 0x1D169}, {0x1F600, 0x1F602}};
    static const char *const files[] = {"tests/data/wordpiece/tokenizer-uncased.json",
                                        "tests/data/wordpiece/tokenizer-cased-strip.json"};
    uint32_t codes[2048], count = 0, i, j, k;
    for (i = 0; i < sizeof ranges / sizeof *ranges; i++)
        for (j = ranges[i][0]; j < ranges[i][1]; j++) codes[count++] = j;
    for (k = 0; k < 2; k++) {
        made m;
        tc_tokenizer slow;
        tc_encoding *a = NULL, *b = NULL;
        int bad = 0;
        if (!made_tokenizer_file(&m, files[k])) {
            CHECK(0);
            continue;
        }
        slow = *tc_model_tokenizer(m.model);
        memset(slow.ascii, 0, sizeof slow.ascii);
        memset(slow.plain, 0, sizeof slow.plain);
        CHECK(!tc_encoding_create(tc_model_tokenizer(m.model), NULL, &a) &&
              !tc_encoding_create(&slow, NULL, &b));
        for (i = 0; i < count && b; i++) {
            char text[TC__CHUNK];
            tc_input input;
            memset(&input, 0, sizeof input);
            input.text = text;
            for (j = 0; j < count; j++) {
                input.length += tc__utf8_put(text + input.length, codes[i]);
                input.length += tc__utf8_put(text + input.length, codes[j]);
                if (j % 3) text[input.length++] = ' ';
                if (input.length < TC__CHUNK - 16 && j + 1 < count) continue;
                bad += tc_encoding_run(a, &input, NULL) || tc_encoding_run(b, &input, NULL) ||
                       !chunk_same(a, b);
                input.length = 0;
            }
        }
        CHECK_EQ(bad, 0);
        tc_encoding_free(a);
        tc_encoding_free(b);
        made_free(&m);
    }
}

/* Words that slots remember, which grow and forget, give the tokens of words that are new. */
static void test_tokenizer_slots(void) {
    enum { RUNS = 600, WORDS = 100 };
    made m;
    tc_encoding *old;
    char text[WORDS * 17];
    uint32_t bits, grown = 0, forgotten = 0;
    int run, again, i, j, good = 1;
    if (!made_tokenizer_file(&m, "tests/data/wordpiece/tokenizer-uncased.json") ||
        tc_encoding_create(tc_model_tokenizer(m.model), NULL, &old)) {
        CHECK(0);
        return;
    }
    bits = old->slot_bits;
    for (run = 0; run < RUNS; run++) {
        tc_encoding *fresh;
        tc_input input;
        const tc_token *a, *b;
        size_t n, count;
        memset(&input, 0, sizeof input);
        input.text = text;
        input.length = sizeof text;
        for (i = 0; i < WORDS * 17; i += 17) { /* a number of 8 letters twice, and a space */
            uint32_t word = (uint32_t)(run * WORDS + i / 17);
            for (j = 0; j < 8; j++, word /= 6)
                text[i + j] = text[i + 8 + j] = "jkvwxz"[word % 6];
            text[i + 16] = ' ';
        }
        if (tc_encoding_create(tc_model_tokenizer(m.model), NULL, &fresh)) break;
        for (again = 0; again < 2; again++) {
            size_t pooled = old->pool.used;
            good &=
                !tc_encoding_run(old, &input, NULL) && !tc_encoding_run(fresh, &input, NULL);
            a = tc_encoding_tokens(old, 0, &n);
            b = tc_encoding_tokens(fresh, 0, &count);
            good &= n == count && n > 3 * WORDS && !memcmp(a, b, n * sizeof *a);
            forgotten += old->slot_bits == bits && old->pool.used < pooled;
            grown += old->slot_bits != bits;
            bits = old->slot_bits;
        }
        tc_encoding_free(fresh);
    }
    CHECK(good);
    CHECK_EQ(run, RUNS);
    CHECK_EQ(grown, (TC__SLOT_MOST_BITS - TC__SLOT_BITS) / 2);
    CHECK(forgotten > 0);
    tc_encoding_free(old);
    made_free(&m);
}

/* Tokens that are too long are refused; a token of white space that strips what follows costs
 * no more for long runs of it, and is spelled with the rest of its run. */
static void test_tokenizer_hostile(void) {
    enum { SPACES = 3000 };
    char longest[1025], text[SPACES + 2];
    plan_words words;
    tc_tokenizer tokenizer;
    tc_writer *w = NULL;
    tc_encoding *e = NULL;
    tc_input input;
    const tc_token *tokens;
    size_t n = 0, i, good = 0;
    memset(longest, 'a', sizeof longest);
    memset(text, ' ', SPACES);
    memcpy(text + SPACES, "my", 2);
    memset(&input, 0, sizeof input);
    input.text = text;
    input.length = sizeof text;
    CHECK_EQ(tc_writer_create(NULL, &w), TC_OK);
    plan_words_init(&words);
    words.vocab[9] = tc__tok_string(longest, 1025);
    CHECK_EQ(tc_writer_tokenizer(w, &words.desc), TC_ERROR_UNSUPPORTED);
    words.vocab[9].length = 1024;
    words.added[5].content = tc__tok_string(longest, 1025);
    words.added[5].id = PLAN_VOCAB;
    words.desc.added_count = 6;
    CHECK_EQ(tc_writer_tokenizer(w, &words.desc), TC_ERROR_UNSUPPORTED);
    words.added[5].content = tc__tok_string(" ", 1);
    words.added[5].rstrip = 1;
    CHECK_EQ(tc_writer_tokenizer(w, &words.desc), TC_OK);
    CHECK(tc__tok_open(&tokenizer, w->tokenizer.data, w->tokenizer.used));
    CHECK_EQ(tc_encoding_create(&tokenizer, NULL, &e), TC_OK);
    CHECK_EQ(tc_encoding_run(e, &input, NULL), TC_OK);
    tokens = tc_encoding_tokens(e, 0, &n);
    CHECK_EQ(n, SPACES + 3);
    for (i = 1; i + 2 < n; i++)
        good += tokens[i].id == PLAN_VOCAB && tokens[i].start.byte == i - 1 &&
                tokens[i].end.byte == SPACES &&
                tc_encoding_text(e, tokens + i).length == SPACES - (i - 1);
    CHECK_EQ(good, SPACES);
    CHECK(e->added_text.used <= SPACES);
    tc_encoding_free(e);
    tc_writer_free(w);
}

/* A vocabulary that is too large for the file is told so. */
static void test_tokenizer_limit(void) {
    enum { WORDS = 4300, BYTES = 1000 };
    tc_string *vocab = (tc_string *)calloc(WORDS, sizeof *vocab);
    char *bytes = (char *)malloc((size_t)WORDS * BYTES);
    plan_words words;
    tc_diag diag;
    tc_env env;
    tc_writer *w = NULL;
    size_t i;
    memset(&env, 0, sizeof env);
    env.diag = &diag;
    if (!vocab || !bytes || tc_writer_create(&env, &w)) {
        CHECK(0);
        return;
    }
    memset(bytes, 'a', (size_t)WORDS * BYTES);
    for (i = 0; i < WORDS; i++) { /* they differ from the third byte on */
        bytes[i * BYTES] = (char)('a' + i % 26);
        bytes[i * BYTES + 1] = (char)('a' + i / 26 % 26);
        bytes[i * BYTES + 2] = (char)('a' + i / 676);
        vocab[i] = tc__tok_string(bytes + i * BYTES, BYTES);
    }
    plan_words_init(&words);
    words.desc.vocab = vocab;
    words.desc.vocab_count = WORDS;
    CHECK_EQ(tc_writer_tokenizer(w, &words.desc), TC_ERROR_LENGTH);
    CHECK_CASE(strstr(diag.message, "the vocabulary is too large") != NULL, diag.message);
    tc_writer_free(w);
    free(bytes);
    free(vocab);
}

/* An added token whose id a word of the vocabulary has too: each keeps its own string. */
static void test_tokenizer_shared_id(void) {
    plan_words words;
    tc_tokenizer tokenizer;
    tc_writer *w = NULL;
    tc_encoding *e = NULL;
    tc_input input;
    const tc_token *t;
    size_t n = 0;
    memset(&input, 0, sizeof input);
    CHECK_EQ(tc_writer_create(NULL, &w), TC_OK);
    plan_words_init(&words);
    words.added[5].content = tc__tok_string("<e>", 3);
    words.added[5].id = 5;
    words.desc.added_count = 6;
    CHECK_EQ(tc_writer_tokenizer(w, &words.desc), TC_OK);
    CHECK(tc__tok_open(&tokenizer, w->tokenizer.data, w->tokenizer.used));
    CHECK_EQ(tc_encoding_create(&tokenizer, NULL, &e), TC_OK);
    input.text = "<e> ";
    input.length = 4;
    CHECK_EQ(tc_encoding_run(e, &input, NULL), TC_OK);
    t = tc_encoding_tokens(e, 0, &n);
    CHECK(n == 3 && t[1].id == 5 && tc_encoding_text(e, t + 1).length == 3);
    input.text = words.vocab[5].data;
    input.length = words.vocab[5].length;
    CHECK_EQ(tc_encoding_run(e, &input, NULL), TC_OK);
    t = tc_encoding_tokens(e, 0, &n);
    CHECK(n == 3 && t[1].id == 5 &&
          !tc__tok_compare(tc_encoding_text(e, t + 1), words.vocab[5]) &&
          !tc__tok_compare(tc_encoding_text(e, t), tc_tokenizer_token(&tokenizer, t[0].id)));
    tc_encoding_free(e);
    tc_writer_free(w);
}

/* Added tokens that strip a text to nothing give no empty tokens between them. */
static void test_tokenizer_added_empty(void) {
    plan_words words;
    tc_tokenizer tokenizer;
    tc_writer *w;
    tc_encoding *e;
    tc_input input;
    const tc_token *t;
    size_t n = 0;
    int k;
    for (k = 0; k < 2; k++) {
        memset(&input, 0, sizeof input);
        CHECK_EQ(tc_writer_create(NULL, &w), TC_OK);
        plan_words_init(&words);
        words.added[4].content = tc__tok_string("qq", 2);
        words.added[4].id = PLAN_VOCAB;
        words.added[4].special = 0;
        words.added[4].rstrip = 1;
        words.added[4].normalized = (uint8_t)k;
        words.added[5].content = tc__tok_string(" ", 1);
        words.added[5].id = PLAN_VOCAB + 1;
        words.added[5].lstrip = 1;
        words.added[5].normalized = (uint8_t)k;
        words.desc.added_count = 6;
        CHECK_EQ(tc_writer_tokenizer(w, &words.desc), TC_OK);
        CHECK(tc__tok_open(&tokenizer, w->tokenizer.data, w->tokenizer.used));
        CHECK_EQ(tc_encoding_create(&tokenizer, NULL, &e), TC_OK);
        input.text = "qq  name";
        input.length = 8;
        CHECK_EQ(tc_encoding_run(e, &input, NULL), TC_OK);
        t = tc_encoding_tokens(e, 0, &n);
        CHECK(n == 4 && t[1].id == PLAN_VOCAB && t[1].end.byte == 4 && t[2].id == 6);
        tc_encoding_free(e);
        tc_writer_free(w);
    }
}

/* A run of marks that is longer than what is ordered at once. */
static void test_tokenizer_marks(void) {
    static const plan small = {1, 16, 2, 20, 16, 2, 7, 16, "gelu", TC_F32};
    enum { MARKS = 40000 };
    char *text = (char *)malloc(1 + 3 * MARKS);
    tc_encoding *e;
    tc_input input;
    const tc_token *t;
    size_t n, i;
    made m;
    memset(&input, 0, sizeof input);
    text[0] = 'a';
    for (i = 0; i < MARKS; i++) memcpy(text + 1 + 3 * i, "\xE3\x80\xAE", 3);
    input.text = text;
    input.length = 1 + 3 * MARKS;
    if (!made_plan(&m, &small, NULL) ||
        tc_encoding_create(tc_model_tokenizer(m.model), NULL, &e)) {
        CHECK(0);
        return;
    }
    CHECK_EQ(tc_encoding_run(e, &input, NULL), TC_OK);
    t = tc_encoding_tokens(e, 0, &n);
    CHECK(n == 3 && t[1].id == 1 && t[1].end.byte == 1 + 3 * MARKS &&
          t[1].end.codepoint == 1 + MARKS);
    tc_encoding_free(e);
    made_free(&m);
    free(text);
}

/* Tokens know which of two texts they come from, special ones that they come from none. */
static void test_tokenizer_pair(void) {
    static const plan small = {1, 16, 2, 20, 16, 2, 7, 16, "gelu", TC_F32};
    static const unsigned char want[7] = {255, 0, 0, 255, 1, 1, 255};
    tc_encoding *e;
    tc_input input;
    const tc_token *t;
    size_t n, i;
    made m;
    memset(&input, 0, sizeof input);
    input.text = "my name";
    input.length = 7;
    input.pair = "new york";
    input.pair_length = 8;
    if (!made_plan(&m, &small, NULL) ||
        tc_encoding_create(tc_model_tokenizer(m.model), NULL, &e)) {
        CHECK(0);
        return;
    }
    CHECK_EQ(tc_encoding_run(e, &input, NULL), TC_OK);
    t = tc_encoding_tokens(e, 0, &n);
    CHECK_EQ(n, 7);
    for (i = 0; i < n && i < 7; i++) CHECK_EQ(t[i].sequence, want[i]);
    tc_encoding_free(e);
    made_free(&m);
}

/* The message of ill-formed bytes names the word. */
static void test_tokenizer_ill_word(void) {
    static const plan small = {1, 16, 2, 20, 16, 2, 7, 16, "gelu", TC_F32};
    static const tc_string words[3] = {{"my", 2}, {"na\xFFme", 5}, {"is", 2}};
    tc_encode_options o;
    tc_encoding *e;
    tc_input input;
    tc_diag diag;
    tc_env env;
    made m;
    memset(&env, 0, sizeof env);
    memset(&o, 0, sizeof o);
    memset(&input, 0, sizeof input);
    env.diag = &diag;
    o.strict_utf8 = 1;
    input.words = words;
    input.word_count = 3;
    if (!made_plan(&m, &small, NULL) ||
        tc_encoding_create(tc_model_tokenizer(m.model), &env, &e)) {
        CHECK(0);
        return;
    }
    CHECK_EQ(tc_encoding_run(e, &input, &o), TC_ERROR_UTF8);
    CHECK_CASE(!strcmp(diag.message, "word 2: ill-formed UTF-8 at byte 2"), diag.message);
    tc_encoding_free(e);
    made_free(&m);
}

static void test_tokenizer(void) {
    test_tokenizer_limit();
    test_tokenizer_shared_id();
    test_tokenizer_hostile();
    test_tokenizer_committed();
    test_tokenizer_slots();
    test_tokenizer_ways();
    test_tokenizer_bytes();
    test_tokenizer_reference();
    test_tokenizer_published();
    test_tokenizer_questions();
    test_tokenizer_added_empty();
    test_tokenizer_marks();
    test_tokenizer_pair();
    test_tokenizer_ill_word();
}

#endif
