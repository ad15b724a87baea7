/* bench.c - what the kernels, the tokenizer and loading reach on this machine.
 *
 * Rates are ratios to the register-only FMA burst measured just before each sample, because
 * shared machines change their speed within seconds; min, median and max of the samples are
 * printed. Build and run: make bench; a part of it: build/bench gemm, attention, cold, ops,
 * forward, train or steady; with --json before it a JSON object a line. */
#ifndef _DEFAULT_SOURCE
#define _DEFAULT_SOURCE /* madvise, kill */
#endif
#define TOKCLASS_IMPLEMENTATION
#include "tokclass.h"
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { SAMPLES = 9 };

static double seconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int by_value(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

typedef struct summary {
    double least, median, most;
} summary;

static summary summarize(double *v, int n) {
    summary s;
    qsort(v, (size_t)n, sizeof *v, by_value);
    s.least = v[0];
    s.median = v[n / 2];
    s.most = v[n - 1];
    return s;
}

/* ---- a row of the table, or a line of JSON ---- */

static int json;

static void row_begin(const char *part) {
    if (json)
        printf("{\"part\": \"%s\"", part);
    else
        printf("%-9s", part);
}

static void row_word(const char *name, const char *value) {
    if (json)
        printf(", \"%s\": \"%s\"", name, value);
    else
        printf(" %-11s", value);
}

static void row_count(const char *name, uint64_t value) {
    if (json)
        printf(", \"%s\": %llu", name, (unsigned long long)value);
    else
        printf(" %s %-4llu", name, (unsigned long long)value);
}

static void row_number(const char *name, const char *unit, double value) {
    if (json)
        printf(", \"%s\": %.6g", name, value);
    else
        printf("  %8.3f %s", value, unit);
}

static void row_summary(const char *name, const char *unit, summary s) {
    if (json)
        printf(", \"%s\": {\"min\": %.6g, \"median\": %.6g, \"max\": %.6g}", name, s.least,
               s.median, s.most);
    else
        printf("  %8.3f %8.3f %8.3f %s", s.least, s.median, s.most, unit);
}

static void row_share(summary s) {
    row_summary("percent_of_burst", "% of one thread's burst", s);
}

static void row_end(void) {
    puts(json ? "}" : "");
    fflush(stdout);
}

/* ---- bursts ---- */

/* Gflop/s or Gop/s of multiply-adds in registers, over five milliseconds. */
static double burst(tc_level level, tc_dtype dtype) {
    const size_t count = level <= TC_LEVEL_BASE ? 1000000 : 100000000;
    double start = seconds(), done = 0, time;
    do {
        done += (double)tc__ktab_burst(level, dtype, count);
        time = seconds() - start;
    } while (time < 0.005);
    return 2e-9 * done / time;
}

/* What a sample is compared with, as clocks drift: the mean of *last, the burst before it, and
 * of one behind it, which is the next sample's *last. */
static double burst_around(double *last, tc_level level, tc_dtype dtype) {
    double before = *last;
    *last = burst(level, dtype);
    return (before + *last) / 2;
}

/* ---- GEMM: share of the burst on the linear layers of BERT-base and MiniLM ---- */

/* At the beginning of a line, as in a session. */
static float *numbers(size_t n) {
    void *room;
    float *p;
    size_t i;
    if (posix_memalign(&room, 64, (n + 16) * sizeof *p)) exit(1);
    p = (float *)room;
    for (i = 0; i < n + 16; i++) p[i] = (float)((i * 2654435761u >> 8) % 2001) * 1e-3f - 1;
    return p;
}

typedef struct shape {
    uint32_t N, K;
    const char *what;
} shape;

/* A product of a weight [N, K], packed, with a row or more of quantised input. */
typedef struct product {
    tc__matrix matrix;
    tc__product p;
    tc__pool *pool;
    unsigned char *packed;
    float *w, *a, *c, *scales, *scratch[1];
    size_t bytes;
} product;

static void product_make(product *t, tc_level level, tc_dtype dtype, size_t rows, shape s) {
    int overflow = 0;
    unsigned char *line;
    tc_env env;
    memset(&env, 0, sizeof env);
    memset(t, 0, sizeof *t);
    t->bytes = (size_t)tc__gemm_bytes(dtype, s.N, s.K, &overflow);
    t->w = numbers((size_t)s.N * s.K);
    t->a = numbers(rows * tc__fwd_ld(s.K));
    t->c = numbers(rows * tc__fwd_ld(s.N));
    t->scales = numbers(2 * rows);
    t->scratch[0] = numbers(tc__gemm_scratch(tc__ktab_get(level), tc__ktab_split(level), s.K));
    t->packed = line = (unsigned char *)calloc(t->bytes + 64, 1);
    if (!line || tc__thread_create(&env, 1, &t->pool)) exit(1);
    while ((uintptr_t)line % 64) line++;
    tc__gemm_pack(line, dtype, s.N, s.K, t->w, NULL);
    t->matrix.dtype = dtype;
    t->matrix.rows = s.N;
    t->matrix.columns = s.K;
    t->matrix.panels = line;
    if (tc__gemm_scaled(dtype)) {
        t->matrix.scale =
            (float *)(void *)(line + tc__gemm_panel_bytes(dtype, s.N, s.K, &overflow));
        t->matrix.sums = (const int32_t *)(const void *)(t->matrix.scale + s.N);
    }
    t->p.ops = tc__ktab_get(level);
    t->p.fetching = tc__cpu_fetching();
    t->p.w = &t->matrix;
    t->p.a = t->a;
    t->p.lda = tc__fwd_ld(s.K);
    t->p.rows = rows;
    t->p.split = dtype == TC_BF16 ? tc__ktab_split(level) : NULL;
    t->p.qa.ld = tc__gemm_qld(s.K, dtype == TC_S8 ? tc__ktab_get(level)->s8_bytes : 2);
    t->p.qa.q = (unsigned char *)calloc(rows, t->p.qa.ld);
    t->p.qa.scale = (tc__qscale *)(void *)t->scales;
    t->p.c = t->c;
    t->p.ldc = tc__fwd_ld(s.N);
    t->p.scratch = t->scratch;
    if (tc__gemm_scaled(dtype) || t->p.split) tc__gemm_quantize(&t->p, 0, rows, 0);
    tc__gemm_run(t->pool, &t->p);
}

static void product_free(product *t) {
    tc_env env;
    memset(&env, 0, sizeof env);
    tc__thread_free(&env, t->pool);
    free(t->scratch[0]);
    free(t->p.qa.q);
    free(t->scales);
    free(t->w);
    free(t->a);
    free(t->c);
    free(t->packed);
}

static void row_product(tc_level level, tc_dtype dtype, size_t rows, shape s) {
    row_word("level", tc_level_name(level));
    row_word("dtype", tc_dtype_name(dtype));
    row_word("model", s.what);
    row_count("M", rows);
    row_count("N", s.N);
    row_count("K", s.K);
}

static void bench_gemm(tc_level level, tc_dtype dtype, size_t rows, shape s) {
    double flops = 2.0 * (double)rows * s.N * s.K, share[SAMPLES], rate[SAMPLES];
    product own;
    double last;
    summary t, g;
    int i;
    product_make(&own, level, dtype, rows, s);
    last = burst(level, dtype);
    for (i = 0; i < SAMPLES; i++) {
        double start = seconds(), end;
        int n = 0;
        do {
            tc__gemm_run(own.pool, &own.p);
            n++;
            end = seconds();
        } while (end - start < 0.02);
        rate[i] = flops * n / (end - start) * 1e-9;
        share[i] = 100 * rate[i] / burst_around(&last, level, dtype);
    }
    t = summarize(share, SAMPLES);
    g = summarize(rate, SAMPLES);
    row_begin("gemm");
    row_product(level, dtype, rows, s);
    row_share(t);
    row_summary("gops_per_second", "Gop/s", g);
    row_end();
    product_free(&own);
}

/* ---- few rows over weights that no cache near the core holds: share of read bandwidth ---- */

static volatile uint64_t sink;

/* GB/s of reading n bytes in the number of streams that is fastest. */
static double bandwidth(const unsigned char *p, size_t n) {
    double best = 0;
    size_t streams, block = 4096, at, i, s;
    for (streams = 1; streams <= 16; streams *= 2) {
        uint64_t sum[16] = {0};
        double start = seconds(), rate;
        for (at = 0; at + streams * block <= n; at += streams * block)
            for (i = 0; i < block; i += 64)
                for (s = 0; s < streams; s++) {
                    const unsigned char *q = p + at + s * block + i;
                    TC__PREFETCH(q + streams * block);
                    sum[s] += tc__bytes_u64(q);
                }
        rate = 1e-9 * (double)n / (seconds() - start);
        for (s = 0; s < 16; s++) sink += sum[s];
        if (rate > best) best = rate;
    }
    return best;
}

/* Layers of the same shape one after the other, as a model has them. */
static void bench_cold(tc_level level, tc_dtype dtype, size_t rows, shape s) {
    double share[SAMPLES], rate[SAMPLES], reading[SAMPLES];
    size_t count, bytes, n;
    void *room;
    unsigned char *layers;
    product own;
    summary t, g, b;
    int i;
    product_make(&own, level, dtype, rows, s);
    bytes = tc__mem_round(own.bytes, 64);
    count = ((size_t)96 << 20) / bytes;
    if (posix_memalign(&room, 2 << 20, count * bytes)) exit(1);
    layers = (unsigned char *)room;
#ifdef MADV_HUGEPAGE
    madvise(layers, count * bytes, MADV_HUGEPAGE);
#endif
    for (n = 0; n < count; n++) memcpy(layers + n * bytes, own.matrix.panels, own.bytes);
    for (i = 0; i < SAMPLES; i++) {
        double start;
        reading[i] = bandwidth(layers, count * bytes);
        start = seconds();
        for (n = 0; n < count; n++) {
            own.matrix.panels = layers + n * bytes;
            tc__gemm_run(own.pool, &own.p);
        }
        rate[i] = 1e-9 * (double)(count * own.bytes) / (seconds() - start);
        share[i] = 100 * rate[i] / reading[i];
    }
    t = summarize(share, SAMPLES);
    g = summarize(rate, SAMPLES);
    b = summarize(reading, SAMPLES);
    row_begin("cold");
    row_product(level, dtype, rows, s);
    row_summary("percent_of_reading", "% of reading", t);
    row_summary("gigabytes_per_second", "GB/s", g);
    row_summary("reading_gigabytes_per_second", "GB/s read", b);
    row_end();
    free(layers);
    product_free(&own);
}

static void bench_colds(tc_level level) {
    static const shape shapes[] = {
        {2304, 768, "BERT"}, {768, 3072, "BERT"}, {1536, 384, "MiniLM"}, {384, 1536, "MiniLM"}};
    static const tc_dtype types[] = {TC_F32, TC_F16, TC_BF16, TC_S16, TC_S8};
    static const size_t rows[] = {1, 4, 8, 16};
    size_t t, r, i;
    for (t = 0; t < sizeof types / sizeof *types; t++)
        for (r = 0; r < 4; r++)
            for (i = 0; i < 4; i++) bench_cold(level, types[t], rows[r], shapes[i]);
}

/* Whether a level has a product of its own. */
static int bench_own(tc_level level, tc_dtype dtype) {
    const tc__ops *ops = tc__ktab_get(level), *below = tc__ktab_get((tc_level)(level - 1));
    return dtype == TC_S8     ? ops->gemm_s8 != below->gemm_s8
           : dtype == TC_BF16 ? tc__ktab_split(level) != NULL
           : dtype == TC_S16  ? ops->gemm_s16 != below->gemm_s16
                              : ops->gemm != below->gemm;
}

static void bench_gemms(void) {
    static const shape shapes[] = {
        {2304, 768, "BERT"},   {768, 768, "BERT"},    {3072, 768, "BERT"},  {768, 3072, "BERT"},
        {1152, 384, "MiniLM"}, {1536, 384, "MiniLM"}, {384, 1536, "MiniLM"}};
    static const tc_dtype types[] = {TC_F32, TC_BF16, TC_S16, TC_S8};
    static const size_t rows[] = {1, 4, 8, 16, 32, 128, 512};
    size_t t, s, r;
    int level;
    for (level = TC_LEVEL_AVX2; level < TC_LEVEL_COUNT; level++)
        for (t = 0; t < 4; t++)
            for (r = 0; r < sizeof rows / sizeof *rows && tc_level_available((tc_level)level);
                 r++)
                for (s = 0; s < sizeof shapes / sizeof *shapes; s++)
                    if (bench_own((tc_level)level, types[t]))
                        bench_gemm((tc_level)level, types[t], rows[r], shapes[s]);
}

/* ---- attention of one sequence, 12 heads, from packing keys and values to the context ---- */

static void bench_attention(tc_level level, uint32_t S, uint32_t d) {
    enum { HEADS = 12 };
    const uint32_t starts[2] = {0, S};
    const tc__ops *ops = tc__ktab_get(level);
    const size_t H = HEADS * d;
    double flops = 4.0 * S * S * (double)H, share[SAMPLES], rate[SAMPLES], last;
    float *scratch[1];
    tc_session session;
    tc_model model;
    int i;
    memset(&session, 0, sizeof session);
    memset(&model, 0, sizeof model);
    model.info.hidden_size = (uint32_t)H;
    model.info.num_attention_heads = HEADS;
    session.model = &model;
    session.ops = ops;
    session.total = session.tokens = S;
    session.starts.data = (char *)(void *)(uintptr_t)starts;
    session.scratch = scratch;
    scratch[0] = numbers((size_t)tc__fwd_attention_floats(ops, S, d));
    session.acts.qkv = numbers(S * tc__fwd_ld(3 * H));
    session.acts.context = numbers(S * tc__fwd_ld(H));
    last = burst(level, TC_F32);
    for (i = 0; i < SAMPLES; i++) {
        double start = seconds(), end;
        size_t n = 0;
        do {
            size_t head;
            for (head = 0; head < HEADS; head++) tc__fwd_attention_item(&session, head, 0);
            n++;
            end = seconds();
        } while (end - start < 0.02);
        rate[i] = flops * (double)n / (end - start) * 1e-9;
        share[i] = 100 * rate[i] / burst_around(&last, level, TC_F32);
    }
    row_begin("attention");
    row_word("level", tc_level_name(level));
    row_count("length", S);
    row_count("head_size", d);
    row_share(summarize(share, SAMPLES));
    row_summary("gops_per_second", "Gop/s", summarize(rate, SAMPLES));
    row_end();
    free(scratch[0]);
    free(session.acts.qkv);
    free(session.acts.context);
}

static void bench_attentions(void) {
    static const uint32_t lengths[] = {16, 64, 128, 256, 512}, sizes[] = {32, 64};
    size_t i, k;
    int level;
    for (level = TC_LEVEL_AVX2; level < TC_LEVEL_COUNT; level++)
        for (k = 0; k < 2 && tc_level_available((tc_level)level); k++)
            for (i = 0; i < sizeof lengths / sizeof *lengths; i++)
                if (bench_own((tc_level)level, TC_F32))
                    bench_attention((tc_level)level, lengths[i], sizes[k]);
}

/* ---- every op of the list, one thread, data in L1 ---- */

enum { ROWS = 16, N = 768 };

/* One call of each op on ROWS x N numbers; returns how many it works on. */
static size_t bench_gemm_call(const tc__ops *o, float *x, float *y) {
    tc__panels b = tc__kref_panels(y, 48 * 16, 48);
    o->gemm(ROWS, 48, x, N, &b, x + 64, N);
    return ROWS * 48;
}
#define BENCH_MAP(name)                                                                        \
    static size_t bench_##name##_call(const tc__ops *o, float *x, float *y) {                  \
        o->name(x, y, N, ROWS, N);                                                             \
        return ROWS * N;                                                                       \
    }
BENCH_MAP(gelu)
BENCH_MAP(gelu_new)
BENCH_MAP(relu)
BENCH_MAP(silu)
static size_t bench_rotate_call(const tc__ops *o, float *x, float *y) {
    o->rotate(x, N, y, N, ROWS, N);
    return ROWS * N;
}
static size_t bench_add_call(const tc__ops *o, float *x, float *y) {
    o->add(x, N, y, N, ROWS, N);
    return ROWS * N;
}
static size_t bench_embed_call(const tc__ops *o, float *x, float *y) {
    o->embed(x, y, y + N, y + 2 * N, N);
    return N;
}
static size_t bench_norm_call(const tc__ops *o, float *x, float *y) {
    o->norm(x, y, N, ROWS, y, y + N, 1e-12f, N);
    return ROWS * N;
}
static size_t bench_divide_call(const tc__ops *o, float *x, float *y) {
    o->divide(x, N, x, N, ROWS, N, y + N);
    return ROWS * N;
}
static size_t bench_softmax_call(const tc__ops *o, float *x, float *y) {
    o->softmax(x, N, ROWS, N, 0.125f, y);
    return ROWS * N;
}
#define BENCH_WIDEN(name, type, ...)                                                           \
    static size_t bench_widen_##name##_call(const tc__ops *o, float *x, float *y) {            \
        o->widen_##name(x, (const type *)(const void *)y, __VA_ARGS__);                        \
        return ROWS * N;                                                                       \
    }
BENCH_WIDEN(f16, uint16_t, N)
BENCH_WIDEN(bf16, uint16_t, N)
static size_t bench_spread_s8_call(const tc__ops *o, float *x, float *y) {
    o->spread_s8((int16_t *)(void *)x, (const int8_t *)(const void *)y, N);
    return ROWS * N;
}
static size_t bench_burst_call(const tc__ops *o, float *x, float *y) {
    (void)y;
    x[0] = 0;
    o->burst(x, ROWS * N);
    return ROWS * N;
}
static size_t bench_quantize_s8_call(const tc__ops *o, float *x, float *y) {
    tc__qrows to = {(unsigned char *)(void *)(x + 64), 2 * N, (tc__qscale *)(void *)x};
    o->quantize_s8(&to, y, N, ROWS, N);
    return ROWS * N;
}
static size_t bench_quantize_s16_call(const tc__ops *o, float *x, float *y) {
    tc__qrows to = {(unsigned char *)(void *)(x + 64), 2 * N, (tc__qscale *)(void *)x};
    o->quantize_s16(&to, y, N, ROWS, N);
    return ROWS * N;
}

#define BENCH_HALVES(name)                                                                     \
    static size_t bench_##name##_call(const tc__ops *o, float *x, float *y) {                  \
        static float halves[N * 16];                                                           \
        tc__panels b = tc__kref_panels(halves, N * 8, 32);                                     \
        (void)y;                                                                               \
        if (halves[0] == 0) memset(halves, 0x3C, sizeof halves); /* 1 and some */              \
        o->name(8, N, x, N, &b, x + 8 * N, 32);                                                \
        return 8 * N * 32;                                                                     \
    }
BENCH_HALVES(gemm_f16)
BENCH_HALVES(gemm_bf16)

static size_t bench_gemm_dw_call(const tc__ops *o, float *x, float *y) {
    tc__panels b = tc__kref_panels(y, ROWS * 16, 48);
    o->gemm_dw(48, ROWS, x, N, &b, x + 64, 16, 48 * 16);
    return 48 * 48;
}
static size_t bench_transpose_call(const tc__ops *o, float *x, float *y) {
    o->transpose(x, N, y, N);
    return 256;
}
BENCH_MAP(gelu_back)
BENCH_MAP(gelu_new_back)
BENCH_MAP(relu_back)
BENCH_MAP(silu_back)
static size_t bench_norm_back_call(const tc__ops *o, float *x, float *y) {
    o->norm_back(x, x, y, N, ROWS, y, 1e-12f, N);
    return ROWS * N;
}
static size_t bench_softmax_back_call(const tc__ops *o, float *x, float *y) {
    o->softmax_back(x, y, N, ROWS, 0.125f, N);
    return ROWS * N;
}
static size_t bench_dropout_call(const tc__ops *o, float *x, float *y) {
    static const tc__dropout site = {{1, 2}, 0x1999999A, 1};
    (void)y;
    o->dropout(x, N, ROWS, N, &site, 3, 0);
    return ROWS * N;
}
static size_t bench_column_sum_call(const tc__ops *o, float *x, float *y) {
    o->column_sum(x, y, N, ROWS, N);
    return ROWS * N;
}
static size_t bench_column_dot_call(const tc__ops *o, float *x, float *y) {
    o->column_dot(x, y, y, N, ROWS, N);
    return ROWS * N;
}
static size_t bench_adamw_call(const tc__ops *o, float *x, float *y) {
    static const tc__adamw how = {1, 1, 0.9f, 0.1f, 0.999f, 0.001f, 1e-6f, 30, 1e-8f};
    memset(x + N, 0, N * sizeof *x); /* no root of what is below zero */
    o->adamw(x, y, x + 2 * N, x + N, N, &how);
    return N;
}
static size_t bench_squares_call(const tc__ops *o, float *x, float *y) {
    x[0] = o->squares(y, N);
    return N;
}

static void bench_op(const char *name, tc_level level,
                     size_t (*call)(const tc__ops *, float *, float *)) {
    const tc__ops *o = tc__ktab_get(level);
    float *x = numbers(ROWS * N), *y = numbers(ROWS * N), *first = numbers(ROWS * N);
    double t[SAMPLES];
    summary s;
    int i, k;
    for (i = 0; i < SAMPLES; i++) {
        size_t done = 0;
        double spent = 0, start;
        do { /* in place, some ops would soon have nothing but subnormal numbers */
            memcpy(x, first, ROWS * N * sizeof *x);
            start = seconds();
            for (k = 0; k < 16; k++) done += call(o, x, y);
            spent += seconds() - start;
        } while (spent < 0.004);
        t[i] = spent / (double)done * 1e9;
    }
    s = summarize(t, SAMPLES);
    row_begin("op");
    row_word("level", tc_level_name(level));
    row_word("name", name);
    row_summary("nanoseconds_a_number", "ns a number", s);
    row_end();
    free(x);
    free(y);
    free(first);
}

static void bench_ops(tc_level level) {
#define BENCH_OP(name, args) bench_op(#name, level, bench_##name##_call);
    TC__OPS(BENCH_OP)
    BENCH_OP(quantize_s8, )
    BENCH_OP(quantize_s16, )
    TC__OPS_TRAIN(BENCH_OP)
    TC__OPS_TRAIN_FLOAT(BENCH_OP)
#undef BENCH_OP
}

/* ---- loading, tokenizing, tagging ---- */

static void bench_load(const char *what, const char *path) {
    double t[SAMPLES];
    summary s;
    int i;
    uint64_t size = 0;
    for (i = 0; i < SAMPLES; i++) {
        double start = seconds();
        tc_model *model;
        if (tc_model_load(path, NULL, &model)) return;
        t[i] = (seconds() - start) * 1e3;
        size = tc_model_get_info(model)->file_size;
        tc_model_free(model);
    }
    s = summarize(t, SAMPLES);
    row_begin("load");
    row_word("model", what);
    row_summary("milliseconds", "ms", s);
    row_number("megabytes", "MB", (double)size * 1e-6);
    row_end();
}

/* A text, repeated until it has a quarter of a megabyte. */
static char *read_text(const char *path, size_t *n) {
    FILE *f = fopen(path, "rb");
    char *p = (char *)malloc(1 << 24);
    size_t once;
    if (!f || !p) exit(1);
    once = *n = fread(p, 1, 1 << 23, f);
    fclose(f);
    for (; *n < 1 << 18 && once; *n += once) memcpy(p + *n, p, once);
    return p;
}

static void bench_tokenizer(const tc_model *model, const char *text, size_t length,
                            size_t piece) {
    tc_encoding *e;
    double t[SAMPLES];
    summary s;
    size_t at;
    int i;
    if (length < piece || tc_encoding_create(tc_model_tokenizer(model), NULL, &e)) return;
    for (i = 0; i < SAMPLES; i++) {
        size_t done = 0, count;
        double start = seconds(), end;
        do {
            for (at = 0; at + piece <= length; at += piece) {
                tc_input input;
                memset(&input, 0, sizeof input);
                input.text = text + at;
                input.length = piece;
                if (tc_encoding_run(e, &input, NULL)) exit(1);
                (void)tc_encoding_tokens(e, 0, &count);
                done += piece;
            }
            end = seconds();
        } while (end - start < 0.05);
        t[i] = (double)done / (end - start) * 1e-6;
    }
    s = summarize(t, SAMPLES);
    row_begin("tokenize");
    row_count("bytes", piece);
    row_summary("megabytes_per_second", "MB/s with offsets", s);
    row_end();
    tc_encoding_free(e);
}

/* Operations of a forward pass; a multiply-add counts twice. */
static double forward_flops(double layers, double H, double I, double sequences,
                            double length) {
    return 2 * layers * sequences * length * (4 * H * H + 2 * H * I + 2 * length * H);
}

static void row_batch(uint32_t sequences, uint32_t length, unsigned threads) {
    row_count("sequences", sequences);
    row_count("length", length);
    row_count("threads", threads);
}

/* A model as it was loaded, on random ids. */
static void bench_loaded(const char *what, const tc_model *model, uint32_t tokens,
                         unsigned threads) {
    const tc_model_info *n = tc_model_get_info(model);
    tc_level best = tc_level_choose(TC_LEVEL_BEST);
    tc_session *session;
    tc_env env;
    tc_batch batch;
    tc_outputs outputs;
    int32_t *ids = (int32_t *)malloc(tokens * sizeof *ids);
    float *out = (float *)malloc((size_t)tokens * n->hidden_size * sizeof *out);
    double ms[SAMPLES], share[SAMPLES], last;
    uint32_t i;
    memset(&env, 0, sizeof env);
    memset(&batch, 0, sizeof batch);
    memset(&outputs, 0, sizeof outputs);
    env.threads = threads;
    if (!ids || !out || tc_session_create(model, &env, &session)) exit(1);
    for (i = 0; i < tokens; i++) ids[i] = (int32_t)(i * 37 % n->vocab_size);
    batch.ids = ids;
    batch.lengths = &tokens;
    batch.sequences = 1;
    outputs.hidden = out;
    if (tc_session_run(session, &batch, &outputs)) exit(1);
    last = burst(best, n->dtype);
    for (i = 0; i < SAMPLES; i++) {
        double start = seconds();
        (void)tc_session_run(session, &batch, &outputs);
        ms[i] = (seconds() - start) * 1e3;
        share[i] = 1e-4 / ms[i] / burst_around(&last, best, n->dtype) *
                   forward_flops(n->num_hidden_layers, n->hidden_size, n->intermediate_size, 1,
                                 tokens);
    }
    row_begin("forward");
    row_word("model", what);
    row_word("dtype", tc_dtype_name(n->dtype));
    row_batch(1, tokens, threads);
    row_summary("milliseconds", "ms", summarize(ms, SAMPLES));
    row_share(summarize(share, SAMPLES));
    row_end();
    tc_session_free(session);
    free(ids);
    free(out);
}

/* ---- a model of the size of BERT-base, f32, random ---- */

/* Its tokenizer knows single letters: enough to tag with. */
static tc_status base_tokenizer(tc_writer *w) {
    static const tc_template_step steps[] = {{27, 0, 0}, {-1, 0, 0}, {28, 0, 0}};
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz";
    tc_string vocab[29];
    tc_tokenizer_desc d;
    size_t i;
    memset(&d, 0, sizeof d);
    for (i = 0; i < 26; i++) vocab[i].data = letters + i, vocab[i].length = 1;
    vocab[26].data = "[UNK]", vocab[26].length = 5;
    vocab[27].data = "[CLS]", vocab[27].length = 5;
    vocab[28].data = "[SEP]", vocab[28].length = 5;
    d.vocab = vocab;
    d.vocab_count = 29;
    d.single = steps;
    d.single_count = 3;
    d.unk_id = 26;
    d.max_word_chars = 100;
    d.clean_text = d.lowercase = 1;
    return tc_writer_tokenizer(w, &d);
}

typedef struct architecture {
    uint32_t layers, hidden, wide, heads;
} architecture;

static const architecture base_shape = {12, 768, 3072, 12}, mini_shape = {6, 384, 1536, 12};

/* A model with random weights: a writer that holds it. */
static tc_writer *base_make(const architecture *size_of, tc_dtype dtype, const void **data,
                            size_t *size) {
    static const char *const labels[] = {"O", "B-PER", "I-PER"};
    tc_model_desc d;
    tc_writer *w;
    memset(&d, 0, sizeof d);
    d.model_type = "bert";
    d.task = "token-classification";
    d.hidden_act = "gelu";
    d.producer = "bench";
    d.num_hidden_layers = size_of->layers;
    d.hidden_size = size_of->hidden;
    d.intermediate_size = size_of->wide;
    d.num_attention_heads = size_of->heads;
    d.vocab_size = 30522;
    d.max_position_embeddings = d.max_length = 512;
    d.type_vocab_size = 2;
    d.layer_norm_eps = 1e-12f;
    d.dtype = dtype;
    d.hidden_dropout = d.attention_dropout = d.classifier_dropout = 0.1f;
    d.initializer_range = 0.05f;
    d.labels = labels;
    d.num_labels = 3;
    if (tc_writer_create(NULL, &w) || base_tokenizer(w) || tc_writer_initialize(w, &d, 1) ||
        tc_writer_finish(w, data, size))
        exit(1);
    return w;
}

static void base_write(const char *path) {
    const void *data;
    size_t size;
    tc_writer *w = base_make(&base_shape, TC_F32, &data, &size);
    FILE *f = fopen(path, "wb");
    if (!f || fwrite(data, 1, size, f) != size || fclose(f)) exit(1);
    tc_writer_free(w);
}

/* Anonymous memory of this process in MB; the pages of mapped files are not in it. */
static double own_memory(void) {
    char line[256];
    long kb = 0;
    FILE *f = fopen("/proc/self/status", "r");
    while (f && fgets(line, sizeof line, f))
        if (sscanf(line, "RssAnon: %ld", &kb) == 1) break;
    if (f) fclose(f);
    return (double)kb * 1024e-6;
}

typedef struct counter { /* bytes in use, and the most that there were */
    size_t now, most;
} counter;

static void *count_bytes(void *user, void *old, size_t old_size, size_t new_size) {
    counter *c = (counter *)user;
    c->now += new_size - old_size;
    if (c->now > c->most) c->most = c->now;
    if (new_size) return realloc(old, new_size);
    free(old);
    return NULL;
}

static void bench_memory(const tc_model *model) {
    char *text = (char *)malloc(60001);
    counter c = {0, 0};
    tc_tagger *tagger;
    tc_result *result;
    size_t i;
    tc_env env;
    memset(&env, 0, sizeof env);
    env.allocate = count_bytes;
    env.user = &c;
    if (!text) exit(1);
    for (i = 0; i < 60000; i++) text[i] = i % 2 ? ' ' : (char)('a' + i / 2 % 26);
    text[60000] = 0;
    if (tc_tagger_create(model, &env, &tagger) || tc_tag(tagger, text, &result)) exit(1);
    row_begin("memory");
    row_count("tokens", 30000);
    row_number("megabytes", "MB over the mapped file, tagging one text", (double)c.most * 1e-6);
    row_end();
    tc_result_free(result);
    tc_tagger_free(tagger);
    free(text);
}

/* ---- the forward pass of whole models ---- */

static double shape_flops(const architecture *m, double sequences, double length) {
    return forward_flops(m->layers, m->hidden, m->wide, sequences, length);
}

/* A model of random weights with the batch that it runs or is trained on. */
typedef struct run {
    tc_writer *writer;
    tc_model *model;
    tc_session *session;
    tc_trainer *trainer;
    tc_labelled batch;
    int32_t *ids, *labels;
    uint32_t *lengths;
    float *out;
    size_t tokens;
    double memory; /* MB of its own, beside the model's file */
} run;

static void run_once(run *r) {
    tc_outputs outputs;
    memset(&outputs, 0, sizeof outputs);
    outputs.logits = r->out;
    if (r->trainer ? tc_trainer_step(r->trainer, &r->batch, 1, NULL)
                   : tc_session_run(r->session, &r->batch.batch, &outputs))
        exit(1);
}

static void run_make(run *r, const architecture *size_of, tc_dtype dtype, uint32_t sequences,
                     uint32_t length, unsigned threads, int train) {
    tc_train_options o = tc_train_defaults();
    const void *data;
    size_t i, size;
    tc_env env;
    memset(&env, 0, sizeof env);
    memset(r, 0, sizeof *r);
    env.threads = threads;
    r->tokens = (size_t)sequences * length;
    r->ids = (int32_t *)malloc(r->tokens * sizeof *r->ids);
    r->labels = (int32_t *)malloc(r->tokens * sizeof *r->labels);
    r->lengths = (uint32_t *)malloc(sequences * sizeof *r->lengths);
    r->out = (float *)malloc(r->tokens * 3 * sizeof *r->out);
    for (i = 0; i < r->tokens; i++) r->ids[i] = (int32_t)(i * 7919 % 30522);
    for (i = 0; i < r->tokens; i++) r->labels[i] = (int32_t)(i % 3);
    for (i = 0; i < sequences; i++) r->lengths[i] = length;
    r->batch.batch.ids = r->ids;
    r->batch.batch.lengths = r->lengths;
    r->batch.batch.sequences = sequences;
    r->batch.labels = r->labels;
    o.schedule = TC_SCHEDULE_CONSTANT;
    o.max_tokens = (uint32_t)r->tokens;
    r->writer = base_make(size_of, dtype, &data, &size);
    r->memory = own_memory();
    if (tc_model_open(data, size, NULL, &r->model) ||
        (train ? tc_trainer_create(r->model, &o, &env, &r->trainer)
               : tc_session_create(r->model, &env, &r->session)))
        exit(1);
    run_once(r);
    r->memory = own_memory() - r->memory;
}

static void run_free(run *r) {
    tc_session_free(r->session);
    tc_trainer_free(r->trainer);
    tc_model_free(r->model);
    tc_writer_free(r->writer);
    free(r->ids);
    free(r->labels);
    free(r->lengths);
    free(r->out);
}

/* Seconds of one run, over runs for `least` seconds. */
static double run_seconds(run *r, double least) {
    double start = seconds(), end;
    int n = 0;
    do {
        run_once(r);
        n++;
        end = seconds();
    } while (end - start < least);
    return (end - start) / n;
}

static void bench_forward(const char *what, const architecture *size_of, tc_dtype dtype,
                          uint32_t sequences, uint32_t length, unsigned threads) {
    tc_level best = tc_level_choose(TC_LEVEL_BEST);
    double ms[SAMPLES], share[SAMPLES], last;
    run r;
    int k;
    run_make(&r, size_of, dtype, sequences, length, threads, 0);
    last = burst(best, dtype);
    for (k = 0; k < SAMPLES; k++) {
        double t = run_seconds(&r, 0.1), peak = burst_around(&last, best, dtype);
        ms[k] = t * 1e3;
        share[k] = shape_flops(size_of, sequences, length) / t * 1e-7 / peak;
    }
    row_begin("forward");
    row_word("model", what);
    row_word("dtype", tc_dtype_name(dtype));
    row_batch(sequences, length, threads);
    row_summary("milliseconds", "ms", summarize(ms, SAMPLES));
    row_share(summarize(share, SAMPLES));
    row_end();
    run_free(&r);
}

static void bench_forwards(void) {
    static const tc_dtype types[] = {TC_F32, TC_S16, TC_S8};
    static const uint32_t shapes[][2] = {{1, 16}, {1, 128}, {8, 128}};
    size_t t, s;
    unsigned threads;
    for (threads = 1; threads <= 2; threads++)
        for (s = 0; s < 3; s++)
            for (t = 0; t < 3; t++) {
                bench_forward("MiniLM-L6", &mini_shape, types[t], shapes[s][0], shapes[s][1],
                              threads);
                bench_forward("BERT-base", &base_shape, types[t], shapes[s][0], shapes[s][1],
                              threads);
            }
}

/* ---- training ---- */

static void bench_train(const char *what, const architecture *size_of, uint32_t sequences,
                        uint32_t length, unsigned threads) {
    tc_level best = tc_level_choose(TC_LEVEL_BEST);
    double rate[SAMPLES], share[SAMPLES], last;
    run r;
    int k;
    run_make(&r, size_of, TC_F32, sequences, length, threads, 1);
    last = burst(best, TC_F32);
    for (k = 0; k < SAMPLES; k++) { /* the backward pass is two forward passes */
        double t = run_seconds(&r, 0.3), peak = burst_around(&last, best, TC_F32);
        rate[k] = (double)r.tokens / t;
        share[k] = 3 * shape_flops(size_of, sequences, length) / t * 1e-7 / peak;
    }
    row_begin("train");
    row_word("model", what);
    row_batch(sequences, length, threads);
    row_summary("tokens_per_second", "tokens/s", summarize(rate, SAMPLES));
    row_share(summarize(share, SAMPLES));
    row_number("megabytes", "MB", r.memory);
    row_end();
    run_free(&r);
}

/* AdamW on numbers that no cache holds, beside a copy. */
static void bench_adamw(tc_level level) {
    static const tc__adamw how = {1, 1, 0.9f, 0.1f, 0.999f, 0.001f, 1e-6f, 30, 1e-8f};
    enum { COUNT = 16 << 20 };
    float *x[4];
    double t[2][SAMPLES];
    int i, k;
    for (k = 0; k < 4; k++) x[k] = numbers(COUNT);
    for (i = 0; i < COUNT; i++) x[3][i] = fabsf(x[3][i]);
    for (i = 0; i < SAMPLES; i++) {
        double start = seconds(), middle;
        tc__ktab_get(level)->adamw(x[0], x[1], x[2], x[3], COUNT, &how);
        middle = seconds();
        memcpy(x[1], x[0], COUNT * sizeof(float));
        t[0][i] = 28.0 * COUNT / (middle - start) * 1e-9;
        t[1][i] = 8.0 * COUNT / (seconds() - middle) * 1e-9;
    }
    row_begin("adamw");
    row_summary("gigabytes_per_second", "GB/s (28 bytes a number)", summarize(t[0], SAMPLES));
    row_summary("copy_gigabytes_per_second", "GB/s of a copy", summarize(t[1], SAMPLES));
    row_end();
    for (k = 0; k < 4; k++) free(x[k]);
}

static void bench_training(tc_level level) {
    bench_adamw(level);
    bench_train("MiniLM-L6", &mini_shape, 8, 32, 1);
    bench_train("MiniLM-L6", &mini_shape, 16, 64, 1);
    bench_train("MiniLM-L6", &mini_shape, 16, 64, 2);
    bench_train("BERT-base", &base_shape, 8, 32, 1);
    bench_train("BERT-base", &base_shape, 8, 32, 2);
}

/* ---- steadiness ---- */

enum { CALLS = 10000, SPIN_ITEMS = 64 };

typedef struct spin {
    tc_level level;
    size_t count; /* multiply-adds of an item */
} spin;

static void spin_item(void *context, size_t item, unsigned worker) {
    const spin *s = (const spin *)context;
    (void)item;
    (void)worker;
    tc__ktab_burst(s->level, TC_F32, s->count);
}

/* The 99th percentile over the median of calls, and of spins of their length between them,
 * which the same threads share. */
static void bench_latency(const char *what, const architecture *size_of, tc_dtype dtype,
                          uint32_t length, unsigned threads) {
    double *t[2];
    spin s;
    run r;
    int i;
    t[0] = (double *)malloc(CALLS * sizeof **t);
    t[1] = (double *)malloc(CALLS * sizeof **t);
    if (!t[0] || !t[1]) exit(1);
    run_make(&r, size_of, dtype, 1, length, threads, 0);
    s.level = tc_level_choose(TC_LEVEL_BEST);
    s.count =
        (size_t)(burst(s.level, TC_F32) * 0.5e9 * run_seconds(&r, 0.3)) * threads / SPIN_ITEMS;
    for (i = 0; i < CALLS; i++) {
        double start = seconds(), middle;
        run_once(&r);
        middle = seconds();
        tc__thread_run(r.session->pool, spin_item, &s, SPIN_ITEMS);
        t[0][i] = middle - start;
        t[1][i] = seconds() - middle;
    }
    summarize(t[0], CALLS);
    summarize(t[1], CALLS);
    row_begin("latency");
    row_word("model", what);
    row_word("dtype", tc_dtype_name(dtype));
    row_batch(1, length, threads);
    row_number("p50_milliseconds", "ms p50", t[0][CALLS / 2] * 1e3);
    row_number("p99_over_p50", "p99 / p50", t[0][CALLS / 100 * 99] / t[0][CALLS / 2]);
    row_number("spin_milliseconds", "ms a spin", t[1][CALLS / 2] * 1e3);
    row_number("spin_p99_over_p50", "p99 / p50 of spins",
               t[1][CALLS / 100 * 99] / t[1][CALLS / 2]);
    row_end();
    run_free(&r);
    free(t[0]);
    free(t[1]);
}

/* Two threads against one while a child process keeps a core busy. */
static void bench_busy(const char *what, const architecture *size_of, tc_dtype dtype,
                       uint32_t sequences, uint32_t length, int train) {
    double gain[SAMPLES];
    pid_t parent = getpid(), child = fork();
    run one, two;
    int i;
    if (child < 0) exit(1);
    while (!child && getppid() == parent) tc__ktab_burst(TC_LEVEL_SCALAR, TC_F32, 1000);
    if (!child) _exit(0);
    run_make(&one, size_of, dtype, sequences, length, 1, train);
    run_make(&two, size_of, dtype, sequences, length, 2, train);
    for (i = 0; i < SAMPLES; i++) {
        double t = run_seconds(&one, 0.5);
        gain[i] = t / run_seconds(&two, 0.5);
    }
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    row_begin("busy");
    row_word("model", what);
    row_word("dtype", tc_dtype_name(dtype));
    row_word("work", train ? "training" : "forward");
    row_batch(sequences, length, 2);
    row_summary("times_one_thread", "times as fast as one thread", summarize(gain, SAMPLES));
    row_end();
    run_free(&one);
    run_free(&two);
}

static void bench_steadiness(void) {
    unsigned threads;
    for (threads = 1; threads <= 2; threads++) {
        bench_latency("MiniLM-L6", &mini_shape, TC_F32, 16, threads);
        bench_latency("MiniLM-L6", &mini_shape, TC_S8, 16, threads);
        bench_latency("MiniLM-L6", &mini_shape, TC_S8, 128, threads);
    }
    bench_busy("MiniLM-L6", &mini_shape, TC_F32, 1, 16, 0);
    bench_busy("MiniLM-L6", &mini_shape, TC_S8, 1, 128, 0);
    bench_busy("BERT-base", &base_shape, TC_F32, 1, 128, 0);
    bench_busy("MiniLM-L6", &mini_shape, TC_F32, 8, 32, 1);
    bench_busy("BERT-base", &base_shape, TC_F32, 8, 32, 1);
}

static void bench_base(const char *path) {
    tc_model *model;
    FILE *f = fopen(path, "rb");
    if (f)
        fclose(f);
    else
        base_write(path);
    bench_load("base", path);
    if (tc_model_load(path, NULL, &model)) exit(1);
    bench_loaded("base", model, 16, 1);
    bench_loaded("base", model, 128, 1);
    bench_loaded("base", model, 128, 2);
    bench_memory(model);
    tc_model_free(model);
}

/* Tags and scores labelled sentences. */
static void bench_evaluate(const tc_model *model, const char *path, unsigned threads) {
    static const tc_label_map map = {"I-MISC", "O"}; /* the demo does not know it */
    tc_evaluate_options o;
    tc_evaluation e;
    tc_dataset *data;
    double t[SAMPLES];
    tc_env env;
    int i;
    memset(&o, 0, sizeof o);
    memset(&env, 0, sizeof env);
    o.batch_size = 32;
    o.map = &map;
    o.map_count = 1;
    env.threads = threads;
    if (tc_dataset_load(path, NULL, NULL, &data)) exit(1);
    for (i = 0; i < SAMPLES; i++) {
        double start = seconds();
        tc_scores *scores;
        const tc_score_table *table;
        if (tc_scores_create(NULL, NULL, &scores) ||
            tc_evaluate(model, data, &o, &env, scores, &e) || tc_scores_table(scores, &table))
            exit(1);
        t[i] = (double)e.sentences / (seconds() - start);
        tc_scores_free(scores);
    }
    row_begin("evaluate");
    row_count("sentences", e.sentences);
    row_count("tokens", e.tokens);
    row_count("threads", threads);
    row_summary("sentences_per_second", "sentences/s", summarize(t, SAMPLES));
    row_end();
    tc_dataset_free(data);
}

/* One part; 0, or 2 if there is no such. */
static int bench_part(const char *name, tc_level best) {
    if (!strcmp(name, "train"))
        bench_training(best);
    else if (!strcmp(name, "gemm"))
        bench_gemms();
    else if (!strcmp(name, "attention"))
        bench_attentions();
    else if (!strcmp(name, "cold"))
        bench_colds(best);
    else if (!strcmp(name, "ops"))
        bench_ops(best);
    else if (!strcmp(name, "forward"))
        bench_forwards();
    else if (!strcmp(name, "steady"))
        bench_steadiness();
    else {
        fprintf(stderr, "bench: there is no part %s\n", name);
        return 2;
    }
    return 0;
}

/* bench [--json] MODEL TEXT BASE DATA: BASE is written if it is not there, 437 MB.
 * bench [--json] PART: that alone. */
int main(int argc, char **argv) {
    tc_level best = tc_level_choose(TC_LEVEL_BEST);
    json = argc > 1 && !strcmp(argv[1], "--json");
    argc -= json;
    argv += json;
    row_begin("burst");
    row_word("level", tc_level_name(best));
    row_number("gops_per_second", "Gop/s", burst(best, TC_F32));
    row_end();
    if (argc == 2) return bench_part(argv[1], best);
    if (argc == 3) {
        fprintf(stderr, "usage: bench [--json] PART, or MODEL TEXT BASE DATA\n");
        return 2;
    }
    bench_training(best);
    if (argc > 3) bench_base(argv[3]);
    if (argc > 2) {
        tc_model *model;
        size_t length;
        char *text = read_text(argv[2], &length);
        if (tc_model_load(argv[1], NULL, &model)) exit(1);
        bench_load("model", argv[1]);
        bench_tokenizer(model, text, length, 100);
        bench_tokenizer(model, text, length, 1000);
        bench_tokenizer(model, text, length, 10000);
        if (tc_model_get_info(model)->hidden_size) {
            bench_loaded("model", model, 16, 1);
            bench_loaded("model", model, 128, 1);
            bench_loaded("model", model, 128, 2);
        }
        if (argc > 4) {
            bench_evaluate(model, argv[4], 1);
            bench_evaluate(model, argv[4], 2);
        }
        tc_model_free(model);
        free(text);
    }
    bench_ops(best);
    bench_gemms();
    bench_attentions();
    bench_colds(best);
    return 0;
}
