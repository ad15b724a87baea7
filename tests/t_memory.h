/* t_memory.h - the allocator: every single allocation fails once, everything comes back, and a
 * shape that was seen before allocates nothing but its result. */
#ifndef T_MEMORY_H
#define T_MEMORY_H

typedef struct ledger {
    long calls, fail_at; /* the fail_at-th call fails; 0: none */
    long long bytes;
    long blocks, wrong;
} ledger;

static void *ledger_allocate(void *user, void *old, size_t old_size, size_t new_size) {
    ledger *l = (ledger *)user;
    size_t *block = (size_t *)old, head = 64 / sizeof *block;
    if (old && block[-(int)head] != old_size) l->wrong++;
    if (!new_size) {
        if (old) l->bytes -= (long long)old_size, l->blocks--, free(block - head);
        return NULL;
    }
    if (++l->calls == l->fail_at) return NULL;
    block = (size_t *)realloc(old ? block - head : NULL, new_size + 64);
    if (!block) return NULL;
    l->bytes += (long long)new_size - (long long)old_size;
    l->blocks += !old;
    block[0] = new_size;
    return block + head;
}

static const plan memory_plan = {1, 16, 2, 128, 8, 2, 7, 16, "gelu", TC_S8};

/* Makes a file with the ledger's allocator. */
static tc_status memory_write(ledger *l, const tc_env *env, const made *unused) {
    made m;
    int good = made_plan(&m, &memory_plan, env);
    (void)l;
    (void)unused;
    made_free(&m);
    return good ? TC_OK : TC_ERROR_MEMORY;
}

/* Opens a file, tags and decodes. */
static tc_status memory_tag(ledger *l, const tc_env *env, const made *from) {
    static const int32_t ids[] = {2, 5, 10, 3};
    const void *data;
    size_t size;
    tc_model *model = NULL;
    tc_tagger *tagger = NULL;
    tc_encoding *encoding = NULL;
    tc_result *result = NULL;
    tc_tag_options o;
    tc_string text;
    tc_status status = tc_writer_finish(from->writer, &data, &size);
    (void)l;
    memset(&o, 0, sizeof o);
    o.aggregation = TC_AGGREGATION_AVERAGE;
    o.constrain = TC_CONSTRAIN_BIO;
    if (!status) status = tc_model_open(data, size, env, &model);
    if (!status) status = tc_tagger_create(model, env, &tagger);
    if (!status)
        status = tag_text(
            tagger,
            "my name is anna smith, in new york. my name is \xE3\x80\xAE\xCC\x81 anna smith",
            &o, &result);
    if (!status) status = tc_encoding_create(tc_model_tokenizer(model), env, &encoding);
    if (!status) status = tc_encoding_decode(encoding, ids, 4, 0, &text);
    tc_result_free(result);
    tc_encoding_free(encoding);
    tc_tagger_free(tagger);
    tc_model_free(model);
    return status;
}

/* Runs batches that are cut in groups, each of more tokens. */
static tc_status memory_groups(ledger *l, const tc_env *env, const made *from) {
    enum { MOST = 30, LENGTH = 16, LABELS = 7 };
    static int32_t ids[MOST * LENGTH];
    static float logits[MOST * LENGTH * LABELS];
    uint32_t lengths[MOST];
    const void *data;
    size_t size, i;
    tc_model *model = NULL;
    tc_session *session = NULL;
    tc_batch batch;
    tc_outputs outputs;
    tc_status status = tc_writer_finish(from->writer, &data, &size);
    (void)l;
    memset(&batch, 0, sizeof batch);
    memset(&outputs, 0, sizeof outputs);
    for (i = 0; i < MOST; i++) lengths[i] = LENGTH;
    batch.ids = ids;
    batch.lengths = lengths;
    outputs.logits = logits;
    if (!status) status = tc_model_open(data, size, env, &model);
    if (!status) status = tc_session_create(model, env, &session);
    for (batch.sequences = 12; batch.sequences <= MOST && !status; batch.sequences += 9)
        status = tc_session_run(session, &batch, &outputs);
    tc_session_free(session);
    tc_model_free(model);
    return status;
}

/* Lets each allocation of some work fail once: the status says so, and nothing is left. */
static void memory_fail(tc_status (*work)(ledger *, const tc_env *, const made *),
                        const made *from) {
    ledger l;
    tc_diag diag;
    tc_env env;
    long fail, total, good = 0;
    memset(&l, 0, sizeof l);
    memset(&env, 0, sizeof env);
    env.allocate = ledger_allocate;
    env.user = &l;
    env.threads = 2;
    env.diag = &diag;
    CHECK_EQ(work(&l, &env, from), TC_OK);
    CHECK(l.bytes == 0 && l.blocks == 0 && l.wrong == 0);
    total = l.calls;
    CHECK(total > 30);
    for (fail = 1; fail <= total; fail++) {
        tc_status status;
        memset(&l, 0, sizeof l);
        l.fail_at = fail;
        memset(&diag, 0, sizeof diag);
        status = work(&l, &env, from);
        good += status == TC_ERROR_MEMORY && l.bytes == 0 && l.blocks == 0 && l.wrong == 0;
    }
    CHECK_EQ(good, total);
}

static void test_memory_failures(void) {
    made m;
    memory_fail(memory_write, NULL);
    if (made_plan(&m, &memory_plan, NULL)) {
        memory_fail(memory_tag, &m);
        memory_fail(memory_groups, &m);
    } else {
        CHECK(0);
    }
    made_free(&m);
}

/* `rounds` texts: each but the first allocates its result alone. */
static void test_memory_steady(tc_aggregation how, const char *text, int rounds) {
    ledger l;
    tc_env env;
    tc_tagger *tagger;
    tc_tag_options o;
    tc_result *result;
    made m;
    long before;
    int i;
    memset(&l, 0, sizeof l);
    memset(&env, 0, sizeof env);
    memset(&o, 0, sizeof o);
    o.aggregation = how;
    env.allocate = ledger_allocate;
    env.user = &l;
    if (!made_plan(&m, &tag_plan, NULL) || tc_tagger_create(m.model, &env, &tagger)) {
        CHECK(0);
        return;
    }
    for (i = 0; i < rounds; i++) {
        before = l.calls;
        CHECK(!tag_text(tagger, text, &o, &result));
        if (i) CHECK_EQ(l.calls - before, 1);
        tc_result_free(result);
    }
    tc_tagger_free(tagger);
    CHECK(l.bytes == 0 && l.blocks == 0);
    made_free(&m);
}

/* Memory follows the threads and the longest sequence, not the batch, also where its groups do
 * not divide by the threads. */
static void test_memory_bounded(void) {
    static const plan p = {1, 64, 4, 256, 64, 2, 5, 200, "gelu", TC_F32};
    enum { LENGTH = 150, MOST = 17, LABELS = 5 };
    static int32_t ids[MOST * LENGTH];
    static float logits[MOST * LENGTH * LABELS];
    uint32_t lengths[MOST];
    long long bytes[2] = {0, 0};
    ledger l;
    tc_env env;
    tc_session *session = NULL;
    tc_batch batch;
    tc_outputs outputs;
    made m;
    size_t i;
    memset(&l, 0, sizeof l);
    memset(&env, 0, sizeof env);
    memset(&batch, 0, sizeof batch);
    memset(&outputs, 0, sizeof outputs);
    env.allocate = ledger_allocate;
    env.user = &l;
    env.threads = 4;
    for (i = 0; i < MOST * LENGTH; i++) ids[i] = (int32_t)(i % PLAN_VOCAB);
    for (i = 0; i < MOST; i++) lengths[i] = LENGTH;
    batch.ids = ids;
    batch.lengths = lengths;
    outputs.logits = logits;
    if (!made_plan(&m, &p, NULL) || tc_session_create(m.model, &env, &session)) {
        CHECK(0);
        return;
    }
    for (i = 0; i < 2; i++) {
        batch.sequences = i ? MOST : 9;
        CHECK_EQ(tc_session_run(session, &batch, &outputs), TC_OK);
        bytes[i] = l.bytes;
    }
    CHECK(bytes[0] > 0 && bytes[1] < bytes[0] + 1024); /* beginnings of sequences alone */
    session->sequences = 1000;
    CHECK_EQ(tc__fwd_starts(session), TC_OK);
    CHECK(session->starts.capacity >= 2 * 1001 * sizeof(uint32_t));
    tc_session_free(session);
    CHECK(l.bytes == 0 && l.blocks == 0);
    made_free(&m);
}

/* A layer of BERT-base, over groups of 128 and of 160 tokens: what a thread needs for it. */
static void test_memory_scratch(tc_dtype dtype) {
    const plan p = {1, 768, 12, 3072, 768, 2, 7, 160, "gelu", dtype};
    enum { SEQUENCES = 2, LONGEST = 160 };
    static const long long most[] = {3500000, 4250000};
    static int32_t ids[SEQUENCES * LONGEST];
    static float logits[SEQUENCES * LONGEST * 7];
    ledger l;
    tc_env env;
    tc_batch batch;
    tc_outputs outputs;
    made m;
    size_t i;
    memset(&l, 0, sizeof l);
    memset(&env, 0, sizeof env);
    memset(&batch, 0, sizeof batch);
    memset(&outputs, 0, sizeof outputs);
    env.allocate = ledger_allocate;
    env.user = &l;
    batch.ids = ids;
    batch.sequences = SEQUENCES;
    outputs.logits = logits;
    if (!made_plan(&m, &p, NULL)) CHECK(0);
    for (i = 0; i < 2 && m.model; i++) {
        const uint32_t lengths[SEQUENCES] = {128 + 32 * (uint32_t)i, 128 + 32 * (uint32_t)i};
        tc_session *session;
        batch.lengths = lengths;
        CHECK_EQ(tc_session_create(m.model, &env, &session), TC_OK);
        CHECK_EQ(tc_session_run(session, &batch, &outputs), TC_OK);
        CHECK(l.bytes < most[i]);
        tc_session_free(session);
        CHECK(l.bytes == 0 && l.blocks == 0);
    }
    made_free(&m);
}

#ifndef TC_NO_TRAIN
typedef struct scarce { /* memory of `most` bytes a block */
    size_t most, refused, given;
} scarce;

static void *scarce_allocate(void *user, void *old, size_t old_size, size_t new_size) {
    scarce *s = (scarce *)user;
    (void)old_size;
    if (new_size > s->most) {
        s->refused = new_size;
        return NULL;
    }
    s->given += new_size;
    if (new_size) return realloc(old, new_size);
    free(old);
    return NULL;
}

/* A new model that memory cannot hold, by far or by no number of bytes at all, fails before any
 * of its weights is made. */
static void test_memory_new_model(void) {
    static const uint32_t layers[] = {100, UINT32_MAX};
    static const uint32_t hidden[] = {1 << 14, 1 << 30};
    tc_model_desc d;
    tc_writer *w;
    tc_env env;
    size_t i;
    memset(&env, 0, sizeof env);
    memset(&d, 0, sizeof d);
    d.model_type = "bert";
    d.task = "token-classification";
    d.hidden_act = "gelu";
    d.num_attention_heads = 4;
    d.vocab_size = d.max_position_embeddings = 50;
    d.max_length = 50;
    for (i = 0; i < 2; i++) {
        scarce s = {1 << 20, 0, 0};
        env.allocate = scarce_allocate;
        env.user = &s;
        d.num_hidden_layers = layers[i];
        d.hidden_size = d.intermediate_size = hidden[i];
        CHECK_EQ(tc_writer_create(&env, &w), TC_OK);
        CHECK_EQ(tc_writer_initialize(w, &d, 1), TC_ERROR_MEMORY);
        CHECK(s.given < 1 << 16);
        if (!i && sizeof(size_t) > 4) /* 6 * 2^28 numbers a layer */
            CHECK(s.refused > UINT64_C(600) << 30);
        tc_writer_free(w);
    }
}
#endif

static void test_memory(void) {
    test_memory_steady(TC_AGGREGATION_AVERAGE,
                       "my name is ann smith in new york, my name is ann smith in new york.",
                       100);
    test_memory_bounded();
    test_memory_scratch(TC_F32);
    test_memory_scratch(TC_S16);
    test_memory_scratch(TC_S8);
    test_memory_failures();
    test_memory_steady(TC_AGGREGATION_SIMPLE,
                       "my name is anna smith in new york, my name is anna smith in new york.",
                       4);
#ifndef TC_NO_TRAIN
    test_memory_new_model();
#endif
}

#endif
