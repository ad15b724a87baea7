/* t_tag.h - the pipeline against transformers' own output, and what goes beyond it. */
#ifndef T_TAG_H
#define T_TAG_H

typedef struct tag_case {
    const char *name;
    tc_tagger *tagger;
    tc_tag_options options;
    int words; /* input is pre-split */
    size_t cases;
} tag_case;

static int entity_is(const tc_entity *e, const json_doc *d, const json_node *want) {
    const json_node *group = json_get(d, want, "entity_group"),
                    *index = json_get(d, want, "index");
    tc_string label = {"", 0};
    label.data = e->label;
    label.length = strlen(e->label);
    return string_is(label, group ? group : json_get(d, want, "entity")) &&
           string_is(e->word, json_get(d, want, "word")) &&
           (!index || e->index == json_int(index, -1)) &&
           e->start.codepoint == json_int(json_get(d, want, "start"), -1) &&
           e->end.codepoint == json_int(json_get(d, want, "end"), -1) &&
           fabs((double)e->score - json_double(json_get(d, want, "score"))) <= 2e-5;
}

static int entities_are(const tc_entities *e, const json_doc *d, const json_node *want) {
    size_t i = 0;
    if (!want || want->type != JSON_ARRAY || want->count != e->count) return 0;
    for (want = json_first(d, want); want; want = json_next(d, want))
        if (!entity_is(&e->entities[i++], d, want)) return 0;
    return 1;
}

/* One input, a string or an array of words, with its expected entities. */
static void tag_one(tag_case *k, const json_doc *d, const json_node *in, const json_node *want,
                    size_t line) {
    tc_string *words = NULL, text = json_text(in);
    tc_result *result;
    tc_input input;
    char where[160];
    size_t n = 0;
    int good;
    memset(&input, 0, sizeof input);
    input.text = text.data;
    input.length = text.length;
    if (in->type == JSON_ARRAY) {
        words = (tc_string *)malloc((in->count + 1) * sizeof *words);
        for (in = json_first(d, in); in; in = json_next(d, in)) words[n++] = json_text(in);
        input.words = words;
        input.word_count = n;
    }
    good = !tc_tagger_tag(k->tagger, &input, 1, &k->options, &result);
    good = good && entities_are(&result->inputs[0], d, want);
    snprintf(where, sizeof where, "%s, line %u", k->name, (unsigned)line);
    CHECK_CASE(good, where);
    tc_result_free(result);
    free(words);
    k->cases++;
}

static void visit_tag(void *user, const json_doc *d, const json_node *c, size_t line) {
    tag_case *k = (tag_case *)user;
    const json_node *in = json_get(d, c, "input"), *out = json_get(d, c, "output");
    const json_node *first = in && in->type == JSON_ARRAY ? json_first(d, in) : NULL;
    int list = first && (!k->words || first->type == JSON_ARRAY);
    if (!in || !out) return;
    if (!list) { /* one text; one list of words comes back as a list of one list */
        if (k->words && json_first(d, out) && json_first(d, out)->type == JSON_ARRAY)
            out = json_first(d, out);
        tag_one(k, d, in, out, line);
        return;
    }
    out = json_first(d, out);
    for (in = first; in && out; in = json_next(d, in), out = json_next(d, out))
        tag_one(k, d, in, out, line);
}

static tc_aggregation tag_strategy(const json_node *node) {
    static const char *const names[] = {"simple", "none", "first", "average", "max"};
    int i;
    for (i = 0; i < 5; i++)
        if (json_is(node, names[i])) return (tc_aggregation)i;
    return TC_AGGREGATION_NONE;
}

static tc_tagger *tag_reference_tagger; /* of the model at work; the index is sorted by model */
static made tag_reference_model;
static char tag_reference_name[64];

static int tag_reference_open(const char *model) {
    char path[128];
    if (!strcmp(model, tag_reference_name)) return tag_reference_tagger != NULL;
    tc_tagger_free(tag_reference_tagger);
    made_free(&tag_reference_model);
    tag_reference_tagger = NULL;
    memset(&tag_reference_model, 0, sizeof tag_reference_model);
    snprintf(tag_reference_name, sizeof tag_reference_name, "%s", model);
    if (!*model) return 0;
    snprintf(path, sizeof path, "oracles/reference/%s", model);
    return made_convert(&tag_reference_model, shared_path(path), -1) &&
           !tc_tagger_create(tag_reference_model.model, NULL, &tag_reference_tagger);
}

static void visit_index(void *user, const json_doc *d, const json_node *c, size_t line) {
    const json_node *args = json_get(d, c, "args"), *stride = json_get(d, args, "stride"),
                    *ignore = json_get(d, args, "ignore_labels");
    char file[128], path[192], model[64], delimiter[16];
    tag_case k;
    tc_string s = json_text(json_get(d, c, "file")), name = json_text(json_get(d, c, "model"));
    (void)line;
    snprintf(file, sizeof file, "%.*s", (int)s.length, s.data);
    snprintf(model, sizeof model, "%.*s", (int)name.length, name.data);
    if (strncmp(file, "bert", 4) && strncmp(file, "distilbert", 10)) return;
    if (!strncmp(strrchr(file, '/'), "/nostrategy", 11))
        return; /* ungrouped tokens of merged windows: not offered */
    memset(&k, 0, sizeof k);
    k.name = file;
    k.options.aggregation = tag_strategy(json_get(d, args, "aggregation_strategy"));
    k.options.keep_all = ignore && !ignore->count;
    k.options.long_text = stride ? TC_LONG_WINDOW : TC_LONG_TRUNCATE;
    k.options.has_stride = stride != NULL;
    k.options.stride = (uint32_t)json_int(stride, 0);
    k.words = json_get(d, args, "is_split_into_words") != NULL;
    if (json_get(d, args, "delimiter")) {
        s = json_text(json_get(d, args, "delimiter"));
        snprintf(delimiter, sizeof delimiter, "%.*s", (int)s.length, s.data);
        k.options.delimiter = delimiter;
    }
    if (!tag_reference_open(model)) {
        CHECK_CASE(0, model);
        return;
    }
    k.tagger = tag_reference_tagger;
    snprintf(path, sizeof path, "oracles/reference/pipeline/%s", file);
    (void)each_line(shared_path(path), visit_tag, &k);
    CHECK_CASE(k.cases > 0, file);
    *(size_t *)user += k.cases;
}

static void test_tag_reference(void) {
    size_t cases = 0;
    if (!shared_here("oracles/reference/pipeline/index.jsonl")) return;
    (void)each_line(shared_path("oracles/reference/pipeline/index.jsonl"), visit_index, &cases);
    CHECK(cases > 400);
    (void)tag_reference_open("");
}

/* Expected lines answer the lines of a text. */
typedef struct demo_case {
    tag_case tag;
    char *text;
} demo_case;

static void visit_demo(void *user, const json_doc *d, const json_node *want, size_t line) {
    demo_case *k = (demo_case *)user;
    char *end = strchr(k->text, '\n'), where[96];
    tc_result *result;
    int good;
    if (end) *end = 0;
    memset(where, 0, sizeof where);
    {
        tc_input input;
        memset(&input, 0, sizeof input);
        input.text = k->text;
        input.length = strlen(k->text);
        good = !tc_tagger_tag(k->tag.tagger, &input, 1, &k->tag.options, &result) &&
               entities_are(&result->inputs[0], d, want);
    }
    snprintf(where, sizeof where, "%s, line %u", k->tag.name, (unsigned)line);
    CHECK_CASE(good, where);
    tc_result_free(result);
    k->tag.cases++;
    if (end) k->text = end + 1;
}

static void demo_file(tc_tagger *tagger, const char *texts, const char *expected,
                      const tc_tag_options *options) {
    demo_case k;
    size_t size;
    char *text = test_read_file(shared_path(texts), &size);
    memset(&k, 0, sizeof k);
    k.tag.name = expected;
    k.tag.tagger = tagger;
    k.tag.options = *options;
    k.text = text;
    (void)each_line(shared_path(expected), visit_demo, &k);
    CHECK_CASE(k.tag.cases > 0, expected);
    free(text);
}

static void test_tag_demo(void) {
    static const char *const names[] = {"simple", "none", "first", "average", "max"};
    char expected[128];
    tc_tagger *tagger;
    tc_tag_options o;
    made m;
    int i;
    if (!shared_here("checkpoints/demo-ner/config.json")) return;
    if (!made_convert(&m, shared_path("checkpoints/demo-ner"), -1) ||
        tc_tagger_create(m.model, NULL, &tagger)) {
        CHECK(0);
        return;
    }
    memset(&o, 0, sizeof o);
    for (i = 0; i < 5; i++) {
        snprintf(expected, sizeof expected, "checkpoints/demo-ner/expected/%s.jsonl", names[i]);
        o.aggregation = (tc_aggregation)i;
        demo_file(tagger, "checkpoints/demo-ner/texts.txt", expected, &o);
    }
    o.aggregation = TC_AGGREGATION_SIMPLE; /* the default overlap is a quarter of 512 */
    demo_file(tagger, "checkpoints/demo-ner/long.txt",
              "checkpoints/demo-ner/expected/long-stride128-simple.jsonl", &o);
    o.aggregation = TC_AGGREGATION_FIRST;
    o.has_stride = 1;
    o.stride = 128;
    demo_file(tagger, "checkpoints/demo-ner/long.txt",
              "checkpoints/demo-ner/expected/long-stride128-first.jsonl", &o);
    tc_tagger_free(tagger);
    made_free(&m);
}

/* ---- without other data: a made-up model ---- */

static const plan tag_plan = {2, 48, 4, 96, 48, 2, 7, 16, "gelu", TC_F32};

static tc_status tag_text(tc_tagger *g, const char *text, const tc_tag_options *o,
                          tc_result **out) {
    tc_input input;
    memset(&input, 0, sizeof input);
    input.text = text;
    input.length = strlen(text);
    return tc_tagger_tag(g, &input, 1, o, out);
}

/* No label may follow one that the scheme forbids, whatever the strategy; windows included. */
static void check_sequence(tc_tagger *g, const char *text) {
    tc_tag_options o;
    tc_result *r;
    const char *last = "O";
    size_t i;
    int good = 1;
    memset(&o, 0, sizeof o);
    o.aggregation = TC_AGGREGATION_NONE;
    o.keep_all = 1;
    o.constrain = TC_CONSTRAIN_BIO;
    if (tag_text(g, text, &o, &r)) {
        CHECK(0);
        return;
    }
    for (i = 0; i < r->inputs[0].count; i++) {
        const char *label = r->inputs[0].entities[i].label;
        if (label[0] == 'I') good &= last[0] != 'O' && !strcmp(label + 1, last + 1);
        last = label;
    }
    CHECK_CASE(good && i, text);
    tc_result_free(r);
}

/* Every token of a long text comes once, in order, with counted places. */
static void check_windows(tc_tagger *g, const char *text, size_t tokens) {
    tc_tag_options o;
    tc_result *r;
    size_t i;
    int good = 1;
    memset(&o, 0, sizeof o);
    o.aggregation = TC_AGGREGATION_NONE;
    o.keep_all = 1;
    if (tag_text(g, text, &o, &r)) {
        CHECK(0);
        return;
    }
    CHECK_EQ(r->inputs[0].count, tokens);
    for (i = 0; i < r->inputs[0].count; i++) {
        const tc_entity *e = &r->inputs[0].entities[i];
        good &= e->index == i + 1 && (!i || e->start.byte >= e[-1].end.byte);
    }
    CHECK(good);
    tc_result_free(r);
}

static void test_tag_long(tc_tagger *g) {
    const char *text = "my name is anna smith in new york, my name is anna in new york. my "
                       "name is smith, a anna.";
    tc_tag_options o;
    tc_result *r;
    memset(&o, 0, sizeof o);
    check_windows(g, text, 25);
    CHECK_EQ(g->encoding->out.capacity, 0); /* windows have no second copy */
    check_sequence(g, text);
    check_sequence(g, "anna");
    o.long_text = TC_LONG_TRUNCATE;
    CHECK(!tag_text(g, text, &o, &r) && r->inputs[0].truncated);
    tc_result_free(r);
    CHECK(!tag_text(g, "my name", &o, &r) && !r->inputs[0].truncated);
    tc_result_free(r);
    o.long_text = TC_LONG_ERROR;
    CHECK_EQ(tag_text(g, text, &o, &r), TC_ERROR_LENGTH);
    CHECK(r == NULL);
    o.long_text = TC_LONG_WINDOW;
    o.has_stride = 1;
    o.aggregation = TC_AGGREGATION_NONE;
    CHECK_EQ(tag_text(g, text, &o, &r), TC_ERROR_ARGUMENT);
    o.aggregation = TC_AGGREGATION_MAX;
    o.stride = 14;
    CHECK_EQ(tag_text(g, text, &o, &r), TC_ERROR_ARGUMENT);
    o.stride = 13;
    CHECK(!tag_text(g, text, &o, &r));
    tc_result_free(r);
}

static int entities_equal(const tc_entities *a, const tc_entities *b) {
    size_t k;
    if (a->count != b->count) return 0;
    for (k = 0; k < a->count; k++)
        if (memcmp(&a->entities[k].score, &b->entities[k].score, 4) ||
            strcmp(a->entities[k].label, b->entities[k].label) ||
            a->entities[k].start.byte != b->entities[k].start.byte ||
            a->entities[k].index != b->entities[k].index ||
            strcmp(a->entities[k].word.data, b->entities[k].word.data))
            return 0;
    return 1;
}

/* A batch gives what each input gives alone, whatever the size of the batches. */
static void test_tag_batch(tc_tagger *g) {
    static const char *const texts[] = {"my name is anna smith.", "", "new york",
                                        "in new york, my name is anna", "  "};
    static const uint32_t sizes[] = {1, 7, 30, 1000, 1000};
    tc_input inputs[5];
    tc_tag_options o;
    size_t s, i;
    int good = 1;
    memset(&o, 0, sizeof o);
    memset(inputs, 0, sizeof inputs);
    o.keep_all = 1;
    for (i = 0; i < 5; i++) inputs[i].text = texts[i], inputs[i].length = strlen(texts[i]);
    for (s = 0; s < 5; s++) {
        tc_result *all, *one;
        o.aggregation = s < 4 ? TC_AGGREGATION_NONE : TC_AGGREGATION_FIRST;
        o.batch_tokens = sizes[s];
        if (tc_tagger_tag(g, inputs, 5, &o, &all)) {
            CHECK(0);
            continue;
        }
        CHECK(all->count == 5 && all->inputs[1].count == 0 && all->inputs[4].count == 0);
        for (i = 0; i < 5; i++) {
            if (tag_text(g, texts[i], &o, &one)) continue;
            good &= entities_equal(&all->inputs[i], one->inputs);
            tc_result_free(one);
        }
        tc_result_free(all);
    }
    CHECK(good);
}

/* The thread that may allocate, known by its errno. */
typedef struct tag_caller {
    const int *thread;
    int strange;
} tag_caller;

static void *tag_allocate(void *user, void *old, size_t old_size, size_t new_size) {
    tag_caller *c = (tag_caller *)user;
    (void)old_size;
    c->strange += c->thread != &errno;
    if (new_size) return realloc(old, new_size);
    free(old);
    return NULL;
}

/* With threads, a batch runs while the next is tokenized: by the caller, who alone allocates,
 * and fails where an input far behind the first batch is wrong. */
static void test_tag_ahead(tc_model *model, tc_tagger *alone) {
    enum { COUNT = 90 };
    static const uint32_t sizes[] = {1, 170, 300, 0};
    char texts[COUNT][64];
    tc_input inputs[COUNT];
    tag_caller caller = {NULL, 0};
    tc_diag diag;
    tc_env env;
    tc_tagger *g;
    tc_tag_options o;
    tc_result *want, *got;
    size_t s, i;
    memset(&env, 0, sizeof env);
    memset(&o, 0, sizeof o);
    memset(inputs, 0, sizeof inputs);
    caller.thread = &errno;
    env.threads = 3;
    env.allocate = tag_allocate;
    env.user = &caller;
    env.diag = &diag;
    o.keep_all = 1;
    for (i = 0; i < COUNT; i++) {
        sprintf(texts[i], "%.*s", (int)(i % 31), "my name is anna smith in york");
        inputs[i].text = texts[i];
        inputs[i].length = strlen(texts[i]);
    }
    if (tc_tagger_create(model, &env, &g)) {
        CHECK(0);
        return;
    }
    CHECK(!tc_tagger_tag(alone, inputs, COUNT, &o, &want));
    for (s = 0; s < 4 && want; s++) {
        o.batch_tokens = sizes[s];
        if (tc_tagger_tag(g, inputs, COUNT, &o, &got)) {
            CHECK(0);
            continue;
        }
        for (i = 0; i < COUNT && entities_equal(&want->inputs[i], &got->inputs[i]);) i++;
        CHECK_EQ(i, COUNT);
        tc_result_free(got);
    }
    tc_result_free(want);
    o.strict_utf8 = 1;
    o.batch_tokens = 170;
    texts[COUNT - 3][2] = '\xFF';
    CHECK_EQ(tc_tagger_tag(g, inputs, COUNT, &o, &got), TC_ERROR_UTF8);
    CHECK(!strncmp(diag.message, "input 87: ", 10));
    CHECK(!tc_tagger_tag(g, NULL, 0, NULL, &got) && got->count == 0);
    tc_result_free(got);
    model->info.vocab_size = 3; /* what no batch can compute is no input's fault alone */
    CHECK_EQ(tc_tagger_tag(g, inputs, 40, NULL, &got), TC_ERROR_ARGUMENT);
    CHECK(!strncmp(diag.message, "token ", 6));
    model->info.vocab_size = PLAN_VOCAB;
    CHECK(!tc_tagger_tag(g, inputs, 40, NULL, &got));
    tc_result_free(got);
    tc_tagger_free(g);
    CHECK_EQ(caller.strange, 0);
}

static void test_tag_words(tc_tagger *g) {
    static const char *const list[] = {"My",   "",         "name", "is", "\xF0\x9F\x98\x80",
                                       "Anna", "\xC2\xA0", "York"};
    tc_string words[8];
    tc_input input;
    tc_tag_options o;
    tc_result *r;
    size_t i;
    int how;
    memset(&input, 0, sizeof input);
    memset(&o, 0, sizeof o);
    for (i = 0; i < 8; i++) words[i].data = list[i], words[i].length = strlen(list[i]);
    input.words = words;
    input.word_count = 8;
    o.keep_all = 1;
    for (how = 0; how < 5; how++) {
        const tc_entities *e;
        o.aggregation = (tc_aggregation)how;
        if (tc_tagger_tag(g, &input, 1, &o, &r)) {
            CHECK(0);
            continue;
        }
        e = r->inputs;
        CHECK(e->word_labels && e->word_labels[1] == -1 && e->word_labels[6] == -1 &&
              e->word_labels[0] >= 0 && e->word_labels[7] < 7);
        if (how == TC_AGGREGATION_NONE) /* "My  name is X Anna Y York" */
            CHECK(e->count == 6 && e->entities[5].start.codepoint == 21 &&
                  e->entities[5].start.byte == 25 && e->entities[5].start.utf16 == 22 &&
                  e->entities[5].end.codepoint == 25);
        tc_result_free(r);
    }
    input.word_count = 0;
    CHECK(!tc_tagger_tag(g, &input, 1, &o, &r) && r->inputs[0].count == 0);
    tc_result_free(r);
}

/* Joined words may not be longer than any text; a word may be null. */
static void test_tag_joined(tc_tagger *g) {
    enum { LONG = 1 << 20, MANY = 2049 };
    tc_string *words = (tc_string *)calloc(MANY, sizeof *words);
    char *delimiter = (char *)malloc(LONG + 1);
    tc_tag_options o;
    tc_input in;
    tc_result *r;
    memset(&o, 0, sizeof o);
    memset(&in, 0, sizeof in);
    memset(delimiter, '-', LONG);
    delimiter[LONG] = 0;
    in.words = words;
    in.word_count = MANY;
    CHECK(!tc_tagger_tag(g, &in, 1, &o, &r) && r && !r->inputs[0].count);
    tc_result_free(r);
    o.delimiter = delimiter;
    CHECK(tc_tagger_tag(g, &in, 1, &o, &r) == TC_ERROR_LENGTH && !r);
    in.word_count = 2;
    CHECK(!tc_tagger_tag(g, &in, 1, &o, &r));
    tc_result_free(r);
    free(delimiter);
    free(words);
}

static void test_tag_filters(tc_tagger *g) {
    static const char *const ignore[] = {"PER", "LOC", "ORG"};
    tc_tag_options o;
    tc_result *r;
    size_t i;
    int good = 1;
    memset(&o, 0, sizeof o);
    o.ignore_labels = ignore;
    o.ignore_count = 3;
    CHECK(!tag_text(g, "my name is anna smith in new york", &o, &r));
    for (i = 0; i < r->inputs[0].count; i++)
        good &= !strcmp(r->inputs[0].entities[i].label, "O");
    tc_result_free(r);
    o.strict_utf8 = 1;
    CHECK_EQ(tag_text(g, "my \xFF name", &o, &r), TC_ERROR_UTF8);
    o.strict_utf8 = 0;
    o.min_score = 2;
    CHECK(!tag_text(g, "my name is anna smith in new york", &o, &r) && r->inputs[0].count == 0);
    tc_result_free(r);
    CHECK(good);
}

/* ---- Viterbi against the best of all sequences ---- */

enum { BRUTE_LABELS = 6, BRUTE_LENGTH = 5 };

/* Whether the type has a label of one of these parts. */
static int brute_has(const char *const *labels, const char *type, const char *parts) {
    int i, has = 0;
    for (i = 0; i < BRUTE_LABELS; i++)
        has |=
            strchr(parts, labels[i][0]) && labels[i][1] == '-' && !strcmp(labels[i] + 2, type);
    return has;
}

/* Whether a sequence is valid, by a rule of its own: states "outside" and "inside type". */
static int brute_valid(const char *const *labels, const int *sequence) {
    const char *inside = NULL;
    int i, open = 0; /* inside a type whose labels mark ends */
    for (i = 0; i < BRUTE_LENGTH; i++) {
        const char *l = labels[sequence[i]];
        int part = l[0] == 'L' ? 'E' : l[0] == 'M' ? 'I' : l[0], plain = l[1] != '-';
        if (!plain && (part == 'I' || part == 'E')) {
            int goes_on = inside && !strcmp(inside, l + 2);
            if (!goes_on && (brute_has(labels, l + 2, "B") || open)) return 0;
            inside = part == 'E' ? NULL : l + 2;
        } else {
            if (open) return 0;
            inside = !plain && part == 'B' ? l + 2 : NULL;
        }
        open = inside && brute_has(labels, inside, "EL");
    }
    return !open;
}

static double brute_best(const char *const *labels, float (*p)[BRUTE_LABELS]) {
    double best = -1;
    int sequence[BRUTE_LENGTH], code, all = 1, i;
    for (i = 0; i < BRUTE_LENGTH; i++) all *= BRUTE_LABELS;
    for (code = 0; code < all; code++) {
        double product = 1;
        int rest = code;
        for (i = 0; i < BRUTE_LENGTH; i++, rest /= BRUTE_LABELS)
            sequence[i] = rest % BRUTE_LABELS;
        for (i = 0; i < BRUTE_LENGTH; i++) product *= (double)p[i][sequence[i]];
        if (product > best && brute_valid(labels, sequence)) best = product;
    }
    return best;
}

static void check_brute(const char *const *labels, const char *name) {
    float p[BRUTE_LENGTH][BRUTE_LABELS];
    tc__unit units[BRUTE_LENGTH];
    tc__scheme schemes[BRUTE_LABELS];
    const char *names[BRUTE_LABELS];
    tc_model model;
    tc_tagger g;
    int round, i, j, good = 1;
    memset(&model, 0, sizeof model);
    memset(&g, 0, sizeof g);
    memset(schemes, 0, sizeof schemes);
    for (i = 0; i < BRUTE_LABELS; i++) names[i] = labels[i];
    model.info.num_labels = BRUTE_LABELS;
    model.labels = names;
    g.model = &model;
    g.schemes = schemes;
    CHECK_EQ(tc__tag_scheme(&g), TC_OK);
    for (round = 0; round < 200; round++) {
        double product = 1;
        int sequence[BRUTE_LENGTH];
        memset(units, 0, sizeof units);
        for (i = 0; i < BRUTE_LENGTH; i++) {
            for (j = 0; j < BRUTE_LABELS; j++) p[i][j] = random_float(0.5f) + 0.501f;
            units[i].scores = p[i];
        }
        good &= !tc__tag_constrain(&g, units, BRUTE_LENGTH);
        for (i = 0; i < BRUTE_LENGTH; i++) {
            sequence[i] = units[i].label;
            product *= (double)p[i][units[i].label];
            good &= units[i].score == p[i][units[i].label];
        }
        good &= brute_valid(labels, sequence);
        good &= fabs(product / brute_best(labels, p) - 1) < 1e-9;
    }
    CHECK_CASE(good, name);
    tc__mem_drop(&g.env, &g.states);
}

static void test_tag_viterbi(void) {
    static const char *const bio[] = {"O", "B-PER", "I-PER", "B-LOC", "I-LOC", "misc"};
    static const char *const iobes[] = {"O", "B-PER", "I-PER", "E-PER", "S-PER", "B-LOC"};
    static const char *const bilou[] = {"I-ORG", "L-ORG", "U-ORG", "B-ORG", "O", "I-X"};
    static const char *const bmes[] = {"M-PER", "O", "B-PER", "E-PER", "S-PER", "M"};
    static const char *const io[] = {"O", "I-PER", "I-LOC", "B-ORG", "I-ORG", "B-LAW"};
    static const char *const ioe[] = {"O", "I-PER", "E-PER", "I-LOC", "E-LOC", "B-ORG"};
    static const char *const mixed[] = {"O", "B-A", "I-A", "E-A", "S-A", "I-B"};
    check_brute(bio, "BIO");
    check_brute(bmes, "BMES");
    check_brute(io, "IO");
    check_brute(ioe, "IOE");
    check_brute(iobes, "IOBES");
    check_brute(bilou, "BILOU");
    check_brute(mixed, "a type with ends, one without");
}

/* A tokenizer that truncates on the left: windows from the end, each in text order. */
static void test_tag_left(void) {
    static const char *const want[] = {"smith in new york", "is anna smith in",
                                       "my name is anna"};
    unsigned char *copy;
    uint32_t flags;
    const void *data;
    size_t size, w, i, n;
    tc_model *model;
    tc_encoding *e;
    tc_encode_options o;
    tc_input input;
    made m;
    memset(&o, 0, sizeof o);
    memset(&input, 0, sizeof input);
    if (!made_plan(&m, &tag_plan, NULL) || tc_writer_finish(m.writer, &data, &size)) {
        CHECK(0);
        return;
    }
    copy = file_copy(data, size);
    flags =
        tc__bytes_u32(evil_section(copy, "tokn") + 4 * TC__TOK_FLAGS) | TC__TOK_TRUNCATE_LEFT;
    memcpy(evil_section(copy, "tokn") + 4 * TC__TOK_FLAGS, &flags, 4);
    file_mend(copy, size);
    input.text = "my name is anna smith in new york";
    input.length = strlen(input.text);
    o.max_length = 6;
    o.stride = 2;
    if (tc_model_open(copy, size, NULL, &model)) {
        CHECK(0);
    } else if (tc_encoding_create(tc_model_tokenizer(model), NULL, &e)) {
        CHECK(0);
    } else {
        CHECK(!tc_encoding_run(e, &input, &o) && tc_encoding_window_count(e) == 3);
        for (w = 0; w < tc_encoding_window_count(e) && w < 3; w++) {
            char text[128] = "";
            const tc_token *t = tc_encoding_tokens(e, w, &n);
            for (i = 1; i + 1 < n; i++) {
                tc_string s = tc_encoding_text(e, t + i);
                if (i > 1) strcat(text, " ");
                strncat(text, s.data, s.length);
            }
            CHECK_CASE(!strcmp(text, want[w]), text);
        }
        o.truncation = TC_TRUNCATE_ONLY_SECOND;
        CHECK_EQ(tc_encoding_run(e, &input, &o), TC_ERROR_ARGUMENT);
        o.truncation = (tc_truncation)7;
        CHECK_EQ(tc_encoding_run(e, &input, &o), TC_ERROR_ARGUMENT);
        tc_encoding_free(e);
        tc_model_free(model);
    }
    free(copy);
    made_free(&m);
}

/* Windows that all lack an entity. */
static void test_tag_windows_none(void) {
    static const char *const types[] = {"O", "PER", "LOC", "ORG"};
    tc_tagger *g;
    tc_result *r = NULL;
    tc_tag_options o;
    made m;
    memset(&o, 0, sizeof o);
    o.aggregation = TC_AGGREGATION_SIMPLE;
    o.ignore_labels = types;
    o.ignore_count = 4;
    if (!made_plan(&m, &tag_plan, NULL) || tc_tagger_create(m.model, NULL, &g)) {
        CHECK(0);
        return;
    }
    CHECK(!tag_text(g,
                    "my name is anna smith in new york, my name is anna in new york. my name "
                    "is smith, a anna.",
                    &o, &r));
    CHECK_EQ(r->inputs[0].count, 0);
    tc_result_free(r);
    tc_tagger_free(g);
    made_free(&m);
}

/* A tagger that has seen a long text gives the tokens of the next once. */
static void test_tag_twice(void) {
    const char *text = "my name is anna smith in new york, my name is anna in new york. my "
                       "name is smith, a anna.";
    tc_tagger *g;
    made m;
    if (!made_plan(&m, &tag_plan, NULL) || tc_tagger_create(m.model, NULL, &g)) {
        CHECK(0);
        return;
    }
    check_windows(g, text, 25);
    check_windows(g, text, 25);
    tc_tagger_free(g);
    made_free(&m);
}

/* A label that begins as the prefixed ones do. */
static void test_tag_plain_label(void) {
    static const char *const plain[] = {"O", "B-S", "I-S", "INS", "B-A", "I-A"};
    check_brute(plain, "a label that begins like a prefix");
}

/* Labels of words do not depend on what was tagged before. */
static void test_tag_stale(void) {
    tc_tag_options o;
    made m;
    int i, j;
    if (!made_plan(&m, &tag_plan, NULL)) {
        CHECK(0);
        return;
    }
    for (j = 0; j < 2; j++) {
        tc_tagger *g[2];
        memset(&o, 0, sizeof o);
        o.aggregation = j ? TC_AGGREGATION_MAX : TC_AGGREGATION_AVERAGE;
        CHECK(!tc_tagger_create(m.model, NULL, &g[0]));
        for (i = 0; i < 40; i++) {
            tc_string w;
            tc_input in;
            tc_result *r[2];
            char text[9];
            int k;
            for (k = 0; k < 1 + i * 7 % 8; k++) text[k] = "an"[(i >> k & 1)];
            memset(&in, 0, sizeof in);
            w = tc__tok_string(text, (size_t)k);
            if (i % 2)
                w = tc__tok_string(plan_vocab[11 + i % 5], strlen(plan_vocab[11 + i % 5]));
            in.words = &w;
            in.word_count = 1;
            CHECK(!tc_tagger_create(m.model, NULL, &g[1]));
            CHECK(!tc_tagger_tag(g[0], &in, 1, &o, &r[0]) &&
                  !tc_tagger_tag(g[1], &in, 1, &o, &r[1]));
            CHECK_EQ(r[0]->inputs[0].word_labels[0], r[1]->inputs[0].word_labels[0]);
            tc_result_free(r[0]);
            tc_result_free(r[1]);
            tc_tagger_free(g[1]);
        }
        tc_tagger_free(g[0]);
    }
    made_free(&m);
}

/* Without a prefix of continuing pieces the text says which tokens continue a word. */
static void test_tag_subword(void) {
    tc_string sentence = {"annan n", 7}, word = {"n", 1};
    tc_tokenizer t;
    tc_token k;
    memset(&t, 0, sizeof t);
    memset(&k, 0, sizeof k);
    k.start.byte = 4;
    k.end.byte = 5;
    CHECK_EQ(tc__tag_subword(&t, &k, word, sentence), 1);
    k.start.byte = 6;
    k.end.byte = 7;
    CHECK_EQ(tc__tag_subword(&t, &k, word, sentence), 0);
}

/* Tensors may come in any order. */
static void test_tag_any_order(void) {
    tc_tagger *g[2];
    tc_result *r[2];
    tc_tag_options o;
    tc_model_desc d;
    tc_tensor_info info;
    uint32_t i;
    made m, back;
    memset(&o, 0, sizeof o);
    o.keep_all = 1;
    memset(&back, 0, sizeof back);
    if (!made_plan(&m, &tag_plan, NULL)) {
        CHECK(0);
        return;
    }
    d = tc_model_describe(m.model);
    CHECK(!tc_writer_create(NULL, &back.writer) && !tc_writer_describe(back.writer, &d) &&
          !plan_tokenizer(back.writer));
    for (i = m.model->info.tensor_count; i--;) {
        float *x;
        CHECK(!tc_model_tensor(m.model, i, &info));
        x = (float *)malloc((size_t)info.rows * info.columns * sizeof *x);
        CHECK(!tc_model_read(m.model, i, x) &&
              !tc_writer_tensor(back.writer, info.name, info.rows, info.columns, x));
        free(x);
    }
    CHECK(made_open(&back));
    if (!back.model || tc_tagger_create(m.model, NULL, &g[0]) ||
        tc_tagger_create(back.model, NULL, &g[1])) {
        CHECK(0);
        return;
    }
    for (i = 0; i < 2; i++)
        CHECK(!tag_text(g[i], "my name is anna smith in new york", &o, &r[i]));
    CHECK(r[0]->inputs[0].count && entities_equal(&r[0]->inputs[0], &r[1]->inputs[0]));
    for (i = 0; i < 2; i++) {
        tc_result_free(r[i]);
        tc_tagger_free(g[i]);
    }
    made_free(&m);
    made_free(&back);
}

static void test_tag(void) {
    made m;
    tc_tagger *g;
    tc_result *r = NULL;
    tc_tag_options all;
    tc_input in;
    if (!made_plan(&m, &tag_plan, NULL) || tc_tagger_create(m.model, NULL, &g)) {
        CHECK(0);
        return;
    }
    test_tag_long(g);
    test_tag_batch(g);
    test_tag_ahead(m.model, g);
    test_tag_words(g);
    test_tag_filters(g);
    test_tag_joined(g);
    test_tag_viterbi();
    test_tag_left();
    memset(&all, 0, sizeof all);
    memset(&in, 0, sizeof in);
    all.keep_all = 1;
    in.text = "ab";
    in.length = 2;
    CHECK(!tc_tagger_tag(g, &in, 1, &all, &r));
    tc_tagger_free(g);
    made_free(&m);
    /* a result outlives what made it */
    CHECK(r->inputs[0].count && strlen(r->inputs[0].entities[0].label) > 0);
    CHECK(r->inputs[0].entities[0].word.length > 0);
    tc_result_free(r);
    test_tag_demo();
    test_tag_reference();
    test_tag_windows_none();
    test_tag_twice();
    test_tag_plain_label();
    test_tag_stale();
    test_tag_subword();
    test_tag_any_order();
}

#endif
