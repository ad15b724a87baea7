/* t_base.h - bytes, checksums, UTF-8, half floats, the thread pool. */
#ifndef T_BASE_H
#define T_BASE_H

static void test_checksum(void) {
    /* the beginnings of a text: whole stripes, words, a half word, bytes; and each of these
     * alone */
    static const char text[] =
        "The quick brown fox jumps over the lazy dog, and the lazy dog sleeps on.";
    static const struct {
        size_t size;
        uint64_t sum;
    } sums[] = {{4, UINT64_C(0xCDF13A49D263200F)},  {7, UINT64_C(0xC6FCE9D72E310949)},
                {8, UINT64_C(0xD07B38A78A153B0B)},  {31, UINT64_C(0x3F8D95AB32C127D9)},
                {32, UINT64_C(0xE2BBC9136629A4EE)}, {36, UINT64_C(0x9457EE2B0CACE793)},
                {40, UINT64_C(0x581A9E84F2AB44EF)}, {64, UINT64_C(0x77945C7C87633796)},
                {71, UINT64_C(0xEEC5F06A80DD56DA)}};
    size_t i;
    /* values of the xxHash specification's reference program, seed 0 */
    CHECK(tc__bytes_checksum("", 0) == UINT64_C(0xEF46DB3751D8E999));
    CHECK(tc__bytes_checksum("abc", 3) == UINT64_C(0x44BC2CF5AD770999));
    CHECK(tc__bytes_checksum("The quick brown fox jumps over the lazy dog", 43) ==
          UINT64_C(0x0B242D361FDA71BC));
    for (i = 0; i < sizeof sums / sizeof *sums; i++)
        CHECK(tc__bytes_checksum(text, sums[i].size) == sums[i].sum);
}

/* A reader gives nothing more after a read too far, also what would still be there. */
static void test_reader(void) {
    static const unsigned char bytes[13] = {1, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 3};
    tc__reader r = {bytes, sizeof bytes, 0, 0};
    CHECK(tc__bytes_take_u32(&r) == 1 && tc__bytes_take_u64(&r) == 2 && !r.bad);
    CHECK(tc__bytes_take(&r, 0) == bytes + 12 && !r.bad);
    CHECK(tc__bytes_take_u32(&r) == 0 && r.bad && r.at == 12);
    CHECK(tc__bytes_take(&r, 1) == NULL && r.bad && r.at == 12);
}

/* Every half: widened, compared with its value by definition, and narrowed again. */
static void test_half(void) {
    uint32_t h;
    int wide = 1, back = 1;
    for (h = 0; h < 65536; h++) {
        float f = tc__bytes_from_f16((uint16_t)h);
        int exponent = (int)(h >> 10 & 31), mantissa = (int)(h & 1023);
        double value = exponent ? ldexp(1024 + mantissa, exponent - 25) : ldexp(mantissa, -24);
        if (exponent == 31) {
            wide &= mantissa ? f != f : f == (h >> 15 ? -INFINITY : INFINITY);
            back &= mantissa || tc__bytes_to_f16(f) == h;
            continue;
        }
        wide &=
            (double)f == (h >> 15 ? -value : value) && (tc__bytes_of_float(f) >> 31) == h >> 15;
        back &= tc__bytes_to_f16(f) == h;
    }
    CHECK(wide);
    CHECK(back);
    CHECK_EQ(tc__bytes_to_f16(65519.9f), 0x7BFF);
    CHECK_EQ(tc__bytes_to_f16(65520.0f), 0x7C00);
    CHECK_EQ(tc__bytes_to_f16(1.0f + 1.0f / 2048), 0x3C00); /* a tie goes to even */
    CHECK_EQ(tc__bytes_to_f16(1.0f + 3.0f / 2048), 0x3C02);
    CHECK_EQ(tc__bytes_to_f16(2.98023224e-8f), 0); /* half of the smallest: tie to even */
    CHECK_EQ(tc__bytes_to_f16(2.98023259e-8f), 1);
    CHECK_EQ(tc__bytes_to_bf16(1.0f + 1.0f / 256), 0x3F80);
    CHECK_EQ(tc__bytes_to_bf16(1.0f + 3.0f / 256), 0x3F82);
    /* what is no number stays none, also where its low bits alone said so */
    CHECK_EQ(tc__bytes_to_f16(tc__bytes_to_float(0x7F800001)), 0x7E00);
    CHECK_EQ(tc__bytes_to_f16(tc__bytes_to_float(0xFFFFFFFF)), 0xFE00);
    CHECK_EQ(tc__bytes_to_bf16(tc__bytes_to_float(0x7F800001)), 0x7FC0);
    CHECK_EQ(tc__bytes_to_bf16(tc__bytes_to_float(0xFFFFFFFF)), 0xFFFF);
    CHECK_EQ(tc__bytes_to_bf16(-INFINITY), 0xFF80);
    CHECK_EQ(tc__bytes_to_bf16(tc__bytes_to_float(0x7F7FFFFF)), 0x7F80); /* beyond the range */
}

/* Every code point goes out and in; every ill-formed lead takes its maximal subpart. */
static void test_utf8(void) {
    static const struct {
        const char *bytes;
        uint32_t length;
    } ill[] = {{"\x80", 1},
               {"\xC0\x80", 1},
               {"\xC2", 1},
               {"\xE0\x80", 1},
               {"\xE1\x80", 2},
               {"\xE1\x80\xC0", 2},
               {"\xED\xA0\x80", 1},
               {"\xF0\x90\x80", 3},
               {"\xF0\x8F\x80", 1},
               {"\xF4\x90\x80\x80", 1},
               {"\xF5\x80", 1},
               {"\xFF", 1},
               {"\xF1\x80\x80\x41", 3}};
    uint32_t c, back;
    size_t i;
    int good = 1;
    for (c = 0; c < 0x110000; c++) {
        char bytes[4];
        uint32_t n = tc__utf8_put(bytes, c);
        uint32_t m = tc__utf8_next((unsigned char *)bytes, (unsigned char *)bytes + n, &back);
        if (c >= 0xD800 && c < 0xE000)
            good &= back == TC__ILL_FORMED;
        else
            good &= m == n && back == c;
    }
    CHECK(good);
    for (i = 0; i < sizeof ill / sizeof *ill; i++) {
        const unsigned char *p = (const unsigned char *)ill[i].bytes;
        CHECK_EQ(tc__utf8_next(p, p + strlen(ill[i].bytes), &back), ill[i].length);
        CHECK_EQ(back, TC__ILL_FORMED);
    }
    CHECK_EQ(tc__utf8_check("abcdefgh\xC3\xA9\xFFz", 12), 10);
    CHECK_EQ(tc__utf8_count("a\xC3\xA9\xFF\xE1\x80z", 7), 5);
}

/* Messages are UTF-8 in a line, and never end amid a character. */
static void test_message(void) {
    static const char full[] = "\xE6\x9D\xB1\xE4\xBA\xAC"; /* 6 bytes */
    tc_diag d;
    size_t n = 0, i;
    tc__diag_fail(&d, TC_ERROR_FORMAT, 7, "%s, %u", "\xC3\x96RT a\nb\x7F\xC2\x85\xFF",
                  (uint64_t)42);
    CHECK(!strcmp(d.message, "\xC3\x96RT a?b???, 42"));
    CHECK(d.status == TC_ERROR_FORMAT && d.offset == 7 && d.line == 0);
    tc__diag_fail(&d, TC_ERROR_FORMAT, 0, "%s",
                  "x\xE2\x80\xA8\xE2\x80\xA9\xE2\x80\xAAy\xE2\x80");
    CHECK(!strcmp(d.message, "x??\xE2\x80\xAAy?"));
    for (i = 0; i < 6; i++) { /* at every distance from the end of the room */
        memset(&d, 0x55, sizeof d);
        n = 0;
        while (n + 6 <= 250 + i) tc__diag_put(&d, &n, n + 6 <= 240 ? full : "aaaaaa", 6);
        while (n < 250 + i) tc__diag_put(&d, &n, "a", 1);
        tc__diag_put(&d, &n, full, 6);
        tc__diag_put(&d, &n, "behind", 6);
        d.message[n] = 0;
        n = strlen(d.message);
        CHECK_EQ(tc__utf8_check(d.message, n), n);
        CHECK_EQ(n, i < 3 ? 253 + i : 250 + i);
    }
}

static void test_sizes(void) {
    int overflow = 0;
    CHECK(tc__mem_mul(3, 5, &overflow) == 15 && !overflow);
    (void)tc__mem_mul(UINT64_C(1) << 40, UINT64_C(1) << 40, &overflow);
    CHECK(overflow);
    overflow = 0;
    (void)tc__mem_add(UINT64_MAX, 1, &overflow);
    CHECK(overflow);
    overflow = 0;
    (void)tc__mem_add(TC__SIZE_LIMIT - 1, 2, &overflow);
    CHECK(overflow);
    overflow = 0;
    (void)tc__gemm_bytes(TC_S8, UINT32_MAX, UINT32_MAX, &overflow);
    CHECK(overflow);
}

/* Room that was reserved is there, with 64 bytes behind it; what no memory holds is refused. */
static void test_reserve(void) {
    tc__floats f;
    tc__buf b;
    tc_env env;
    size_t i;
    int good = 1;
    memset(&env, 0, sizeof env);
    memset(&b, 0, sizeof b);
    memset(&f, 0, sizeof f);
    for (i = 0; i < 200; i++) { /* used up to every distance from the end */
        b.used = b.capacity > i ? b.capacity - i : 0;
        good &= !tc__mem_reserve(&env, &b, i % 90) && b.capacity - b.used >= i % 90 + 64;
    }
    CHECK(good);
    CHECK_EQ(tc__mem_reserve(&env, &b, UINT64_MAX - 70), TC_ERROR_MEMORY);
    CHECK_EQ(tc__mem_floats(&env, &f, UINT64_C(1) << 62), TC_ERROR_MEMORY);
    tc__mem_drop(&env, &b);
    tc__mem_drop(&env, &f.raw);
}

static void count_item(void *context, size_t item, unsigned worker) {
    unsigned char *seen = (unsigned char *)context;
    (void)worker;
    seen[item]++; /* each item goes to one worker only */
}

/* Every item is done exactly once, for many generations and pool sizes. */
static void test_pool(void) {
    static const unsigned threads[] = {1, 2, 3, 8};
    unsigned char seen[257];
    size_t t, round, i;
    tc_env env;
    memset(&env, 0, sizeof env);
    for (t = 0; t < 4; t++) {
        tc__pool *pool;
        int good = 1;
        if (tc__thread_create(&env, threads[t], &pool)) continue;
        for (round = 0; round < 300; round++) {
            size_t items = round * 7 % sizeof seen;
            memset(seen, 0, sizeof seen);
            tc__thread_run(pool, count_item, seen, items);
            for (i = 0; i < sizeof seen; i++) good &= seen[i] == (i < items);
        }
        CHECK(good);
        tc__thread_free(&env, pool);
    }
}

static void count_call(void *context) { ++*(int *)context; }

/* What the caller does beside a region: once, in the first one, whatever its items. */
static void test_pool_beside(void) {
    unsigned char seen[5];
    unsigned threads;
    size_t items;
    tc_env env;
    memset(&env, 0, sizeof env);
    for (threads = 1; threads <= 2; threads++)
        for (items = 0; items <= sizeof seen; items++) {
            tc__pool *pool;
            int calls = 0;
            memset(seen, 0, sizeof seen);
            CHECK_EQ(tc__thread_create(&env, threads, &pool), TC_OK);
            pool->beside.run = count_call;
            pool->beside.context = &calls;
            tc__thread_run(pool, count_item, seen, items);
            CHECK_EQ(calls, 1);
            tc__thread_run(pool, count_item, seen, items);
            CHECK_EQ(calls, 1);
            tc__thread_free(&env, pool);
        }
}

#if !defined(TC_OPENMP) && !defined(TC_NO_THREADS)
/* A system that gives fewer threads than asked for: those there are do every item once. */
static void test_pool_scarce(void) {
    unsigned before = threads_left, given;
    unsigned char seen[100];
    size_t round, i;
    tc_env env;
    memset(&env, 0, sizeof env);
    for (given = 0; given < 4; given++) {
        tc__pool *pool;
        int good = 1;
        threads_left = given;
        CHECK_EQ(tc__thread_create(&env, 5, &pool), TC_OK);
        CHECK_EQ(threads_left, 0);
        CHECK_EQ(tc__thread_count(pool), given + 1);
        for (round = 0; round < 100; round++) {
            memset(seen, 0, sizeof seen);
            tc__thread_run(pool, count_item, seen, sizeof seen);
            for (i = 0; i < sizeof seen; i++) good &= seen[i] == 1;
        }
        CHECK(good);
        tc__thread_free(&env, pool);
    }
    threads_left = before;
}

/* Waits, not for ever, until others have counted so far. */
static void await_count(const unsigned *count, unsigned least) {
    long turns;
    for (turns = 0; turns < 2000000; turns++) {
        if (__atomic_load_n(count, __ATOMIC_SEQ_CST) >= least) return;
        sched_yield();
    }
}

/* The caller's item waits until a worker has one. */
static void waiting_item(void *context, size_t item, unsigned worker) {
    unsigned *seen = (unsigned *)context;
    (void)item;
    __atomic_fetch_add(&seen[worker], 1, __ATOMIC_SEQ_CST);
    if (worker == 0) await_count(&seen[1], 1);
}

/* Workers take items: the caller does not do them all. */
static void test_pool_workers(void) {
    unsigned seen[2] = {0, 0};
    tc__pool *pool;
    tc_env env;
    memset(&env, 0, sizeof env);
    CHECK_EQ(tc__thread_create(&env, 2, &pool), TC_OK);
    CHECK_EQ(tc__thread_count(pool), 2);
    tc__thread_run(pool, waiting_item, seen, 2);
    CHECK(seen[0] + seen[1] == 2 && seen[1] > 0);
    tc__thread_free(&env, pool);
}

/* A worker that sleeps is woken for the next region, more than once. */
static void test_pool_sleepers(void) {
    tc__pool *pool;
    tc_env env;
    int round;
    memset(&env, 0, sizeof env);
    CHECK_EQ(tc__thread_create(&env, 2, &pool), TC_OK);
    for (round = 0; round < 3; round++) {
        unsigned seen[2] = {0, 0};
        await_count(&pool->sleepers, 1);
        CHECK_EQ(__atomic_load_n(&pool->sleepers, __ATOMIC_SEQ_CST), 1);
        tc__thread_run(pool, waiting_item, seen, 2);
        CHECK(seen[0] + seen[1] == 2 && seen[1] > 0);
    }
    tc__thread_free(&env, pool);
}

/* A worker that wakes where no region is open takes nothing: its items may be changing. */
static void test_pool_closed(void) {
    unsigned char seen[2] = {0, 0};
    tc__pool *pool;
    tc_env env;
    long turns;
    memset(&env, 0, sizeof env);
    CHECK_EQ(tc__thread_create(&env, 2, &pool), TC_OK);
    await_count(&pool->sleepers, 1);
    pool->job = count_item;
    pool->context = seen;
    pool->shares[1].end = 2;
    __atomic_fetch_add(&pool->state, 2 * TC__POOL_STEP, __ATOMIC_SEQ_CST); /* another, closed */
    for (turns = 0; turns < 20000; turns++) {
        if (turns % 50 == 0) tc__thread_wake(pool);
        sched_yield();
    }
    CHECK(seen[0] == 0 && seen[1] == 0);
    tc__thread_free(&env, pool);
}

/* An item that lasts longer than a worker's turn. */
static void long_item(void *context, size_t item, unsigned worker) {
    uint64_t end = tc__thread_time() + TC__POOL_TURN + 1;
    count_item(context, item, worker);
    while (tc__thread_time() && tc__thread_time() < end) {
    }
}

/* The caller's item waits until the worker did three, each longer than its turn. */
static void returning_item(void *context, size_t item, unsigned worker) {
    unsigned *seen = (unsigned *)context;
    uint64_t end = tc__thread_time() + TC__POOL_TURN + 1;
    (void)item;
    while (worker && tc__thread_time() && tc__thread_time() < end) {
    }
    __atomic_fetch_add(&seen[worker], 1, __ATOMIC_SEQ_CST);
    if (worker == 0) await_count(&seen[1], 3);
}

/* A worker that left a region before its items were done comes back to it. */
static void test_pool_back(void) {
    unsigned seen[2] = {0, 0};
    tc__pool *pool;
    tc_env env;
    memset(&env, 0, sizeof env);
    CHECK_EQ(tc__thread_create(&env, 2, &pool), TC_OK);
    tc__thread_run(pool, returning_item, seen, 4);
    CHECK(seen[0] + seen[1] == 4 && seen[1] >= 3);
    tc__thread_free(&env, pool);
}

/* Workers that leave a region behind each item come back to it, and no item is lost. */
static void test_pool_turns(void) {
    unsigned char seen[7];
    size_t round, i;
    tc__pool *pool;
    tc_env env;
    int good = 1;
    memset(&env, 0, sizeof env);
    if (tc__thread_create(&env, 3, &pool)) {
        CHECK(0);
        return;
    }
    for (round = 0; round < 10; round++) {
        memset(seen, 0, sizeof seen);
        tc__thread_run(pool, long_item, seen, sizeof seen);
        for (i = 0; i < sizeof seen; i++) good &= seen[i] == 1;
    }
    CHECK(good);
    pool->shares[0].next = pool->shares[1].next = pool->shares[2].next = 0;
    pool->shares[0].end = pool->shares[1].end = 0;
    pool->shares[2].end = 2;
    pool->job = count_item;
    pool->context = seen;
    CHECK(tc__thread_time() == 0 || tc__thread_work(pool, 1, 0) == 0);
    CHECK_EQ(seen[0], 1);
    CHECK_EQ(tc__thread_work(pool, 1, UINT64_MAX), 1);
    CHECK(seen[0] == 2 && seen[1] == 2 && seen[2] == 1);
    tc__thread_free(&env, pool);
}
#endif

#define CHECK_MISTAKE(call)                                                                    \
    do {                                                                                       \
        mistake_expected = 1;                                                                  \
        if (setjmp(mistake_met)) {                                                             \
            CHECK(1);                                                                          \
        } else {                                                                               \
            (void)(call);                                                                      \
            CHECK_CASE(0, #call);                                                              \
        }                                                                                      \
        mistake_expected = 0;                                                                  \
    } while (0)

/* Null for the object of a call without a status is a mistake; for one that frees it is not. */
static void test_null_objects(void) {
    static const tc_token token = {0};
    size_t count;
    CHECK_MISTAKE(tc_model_get_info(NULL));
    CHECK_MISTAKE(tc_model_describe(NULL));
    CHECK_MISTAKE(tc_model_tokenizer(NULL));
    CHECK_MISTAKE(tc_encoding_window_count(NULL));
    CHECK_MISTAKE(tc_encoding_tokens(NULL, 0, &count));
    CHECK_MISTAKE(tc_encoding_text(NULL, &token));
    CHECK_MISTAKE(tc_tokenizer_token(NULL, 0));
    CHECK_MISTAKE(tc_tokenizer_size(NULL));
    CHECK_MISTAKE(tc_dataset_get_info(NULL));
    CHECK_MISTAKE(tc_trainer_set_hook(NULL, NULL, NULL));
    CHECK_MISTAKE(tc_trainer_steps(NULL));
    CHECK_MISTAKE(tc_trainer_model(NULL));
    tc_result_free(NULL);
    tc_tagger_free(NULL);
    tc_model_free(NULL);
    tc_encoding_free(NULL);
    tc_tokenizer_desc_free(NULL);
    tc_writer_free(NULL);
    tc_dataset_free(NULL);
    tc_scores_free(NULL);
    tc_trainer_free(NULL);
    tc_batcher_free(NULL);
    tc_session_free(NULL);
}

static void test_base(void) {
    test_null_objects();
    test_checksum();
    test_reader();
    test_half();
    test_utf8();
    test_message();
    test_sizes();
    test_reserve();
    test_pool();
    test_pool_beside();
#if !defined(TC_OPENMP) && !defined(TC_NO_THREADS)
    test_pool_scarce();
    test_pool_workers();
    test_pool_sleepers();
    test_pool_closed();
    test_pool_back();
    test_pool_turns();
#endif
}

#endif
