/* t_kernels.h - every op of the list at every level, bit for bit against the scalar reference:
 * sizes from 0 to two tiles and one, unaligned, with a guard page behind the data. Level base
 * has no fused multiply-add and is compared with a tolerance. */
#ifndef T_KERNELS_H
#define T_KERNELS_H

#if defined(__unix__) && !defined(TC_NO_STDIO)
#define GUARD_PAGES 1
#include <sys/mman.h>
#endif

enum { GUARD_FLOATS = 64 * 1024 };

static uint32_t random_state = 12345;

static uint32_t random_u32(void) {
    random_state ^= random_state << 13;
    random_state ^= random_state >> 17;
    random_state ^= random_state << 5;
    return random_state;
}

static float random_float(float range) {
    return ((float)(random_u32() >> 8) / 8388608.0f - 1.0f) * range;
}

/* n floats that end where a page begins that may not be touched. */
static float *guarded(size_t n) {
    static char *areas[8];
    static int next;
    char **area = &areas[next++ % 8];
    size_t bytes = GUARD_FLOATS * sizeof(float);
#ifdef GUARD_PAGES
    if (!*area) {
        *area = (char *)mmap(NULL, bytes + 65536, PROT_READ | PROT_WRITE,
                             MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (*area == (char *)MAP_FAILED || mprotect(*area + bytes, 65536, PROT_NONE)) exit(1);
    }
#else
    if (!*area) *area = (char *)malloc(bytes);
#endif
    return (float *)(void *)(*area + bytes) - n;
}

static float *guarded_random(size_t n, float range) {
    float *p = guarded(n);
    size_t i;
    for (i = 0; i < n; i++) p[i] = random_float(range);
    return p;
}

/* Bits at the levels with FMA, a small difference at base; all NaNs are alike. */
static int same(const tc__ops *ops, const float *a, const float *b, size_t n) {
    size_t i;
    for (i = 0; i < n; i++) {
        if (a[i] != a[i] && b[i] != b[i]) continue;
        if (ops->level == TC_LEVEL_BASE
                ? fabsf(a[i] - b[i]) > 1e-5f * (1 + fabsf(b[i])) && a[i] != b[i]
                : memcmp(a + i, b + i, sizeof *a) != 0)
            return 0;
    }
    return 1;
}

static void test_op_gemm(const tc__ops *ops, const tc__ops *ref) {
    size_t rows, panels, k;
    int good = 1;
    for (rows = 0; rows <= 2 * ops->tile_rows + 1; rows++)
        for (panels = 0; panels <= 2 * ops->tile_panels + 1; panels++)
            for (k = 0; k <= 33; k += k < 4 ? 1 : 29) {
                size_t lda = k + rows % 3, ldc = panels * 16 + rows % 5, stride = k * 16;
                float *a = guarded_random(rows ? (rows - 1) * lda + k : 0, 2);
                float *b = guarded_random(panels * stride, 2),
                      *bias = guarded_random(panels * 16, 1);
                size_t n = rows && panels ? (rows - 1) * ldc + panels * 16 : 0;
                float *c = guarded(n), *expected = guarded(n);
                memset(c, 0, n * sizeof *c);
                memset(expected, 0, n * sizeof *c);
                ops->gemm(rows, k, a, lda, b, stride, panels, rows % 2 ? bias : NULL, c, ldc);
                ref->gemm(rows, k, a, lda, b, stride, panels, rows % 2 ? bias : NULL, expected,
                          ldc);
                good &= same(ops, c, expected, n);
            }
    CHECK_CASE(good, tc_level_name(ops->level));
}

/* A map over rows, also at the ends of its domain and at values that are no numbers. */
static void check_map(const tc__ops *ops, void (*map)(float *, size_t, size_t, size_t),
                      void (*ref)(float *, size_t, size_t, size_t)) {
    static const float edges[] = {0.0f,   -0.0f,   1e-30f, -1e-30f, 87.0f,    -87.5f,
                                  100.0f, -100.0f, 3e38f,  -3e38f,  INFINITY, -INFINITY,
                                  NAN,    1e-45f,  -9.0f,  9.0f,    -20.0f};
    size_t n, i;
    int good = 1;
    for (n = 0; n <= 33; n++) {
        size_t ld = n + n % 4, all = n ? 2 * ld + n : 0;
        float *x = guarded_random(all, n % 2 ? 4.0f : 30.0f), *y = guarded(all);
        for (i = 0; i < all && n > 20; i += 3)
            x[i] = edges[i / 3 % (sizeof edges / sizeof *edges)];
        memcpy(y, x, all * sizeof *x);
        map(x, ld, 3, n);
        ref(y, ld, 3, n);
        good &= same(ops, x, y, all);
    }
    CHECK_CASE(good, tc_level_name(ops->level));
}

static void test_op_gelu(const tc__ops *ops, const tc__ops *ref) {
    check_map(ops, ops->gelu, ref->gelu);
}
static void test_op_gelu_new(const tc__ops *ops, const tc__ops *ref) {
    check_map(ops, ops->gelu_new, ref->gelu_new);
}
static void test_op_relu(const tc__ops *ops, const tc__ops *ref) {
    check_map(ops, ops->relu, ref->relu);
}
static void test_op_silu(const tc__ops *ops, const tc__ops *ref) {
    check_map(ops, ops->silu, ref->silu);
}

static void test_op_add(const tc__ops *ops, const tc__ops *ref) {
    size_t n;
    int good = 1;
    for (n = 0; n <= 33; n++) {
        float *x = guarded_random(2 * n, 3), *y = guarded_random(2 * n, 3), *z = guarded(2 * n);
        memcpy(z, x, 2 * n * sizeof *x);
        ops->add(x, n, y, n, 2, n);
        ref->add(z, n, y, n, 2, n);
        good &= same(ops, x, z, 2 * n);
    }
    CHECK_CASE(good, tc_level_name(ops->level));
}

static void test_op_embed(const tc__ops *ops, const tc__ops *ref) {
    size_t n;
    int good = 1;
    for (n = 0; n <= 33; n++) {
        float *w = guarded_random(n, 3), *t = guarded_random(n, 3), *p = guarded_random(n, 3);
        float *x = guarded(n), *y = guarded(n);
        ops->embed(x, w, n % 2 ? t : NULL, p, n);
        ref->embed(y, w, n % 2 ? t : NULL, p, n);
        good &= same(ops, x, y, n);
    }
    CHECK_CASE(good, tc_level_name(ops->level));
}

static void test_op_norm(const tc__ops *ops, const tc__ops *ref) {
    size_t n;
    int good = 1;
    for (n = 1; n <= 67; n++) {
        float *x = guarded_random(n, 5), *w = guarded_random(n, 1), *b = guarded_random(n, 1);
        float *out = guarded(n), *expected = guarded(n);
        ops->norm(out, x, w, b, 1e-5f, n);
        ref->norm(expected, x, w, b, 1e-5f, n);
        good &= same(ops, out, expected, n);
        ops->norm(x, x, w, b, 1e-5f, n); /* in place */
        good &= same(ops, x, expected, n);
    }
    CHECK_CASE(good, tc_level_name(ops->level));
}

static void test_op_softmax(const tc__ops *ops, const tc__ops *ref) {
    size_t n;
    int good = 1;
    for (n = 1; n <= 67; n++) {
        float *x = guarded_random(n, n % 3 ? 8.0f : 300.0f), *y = guarded(n), a, b;
        if (n == 40) x[7] = NAN;
        if (n == 41) x[39] = -INFINITY;
        memcpy(y, x, n * sizeof *x);
        a = ops->softmax(x, n, 0.35f);
        b = ref->softmax(y, n, 0.35f);
        good &= same(ops, x, y, n) && same(ops, &a, &b, 1);
    }
    CHECK_CASE(good, tc_level_name(ops->level));
}

static void test_op_divide(const tc__ops *ops, const tc__ops *ref) {
    size_t n;
    int good = 1;
    for (n = 0; n <= 33; n++) {
        float *x = guarded_random(n, 3), *y = guarded(n), *z = guarded(n);
        ops->divide(y, x, 1.7f, n);
        ref->divide(z, x, 1.7f, n);
        good &= same(ops, y, z, n);
    }
    CHECK_CASE(good, tc_level_name(ops->level));
}

static void test_op_attend(const tc__ops *ops, const tc__ops *ref) {
    size_t S, d, rows;
    int good = 1;
    for (S = 1; S <= 67; S += S < 20 ? 6 : 15)
        for (d = 1; d <= 33; d += 8)
            for (rows = 1; rows <= 2 * ops->tile_rows; rows += 3) {
                size_t lds = tc__mem_round(S, 16), ldd = tc__mem_round(d, 16),
                       n = (rows - 1) * (d + 3) + d;
                float *q = guarded_random(rows * d, 2), *keys = guarded_random(lds * d, 2);
                float *values = guarded_random(ldd * S, 2),
                      *scratch = guarded(rows * (lds + ldd));
                float *out = guarded(n), *expected = guarded(n);
                memset(out, 0, n * sizeof *out);
                memset(expected, 0, n * sizeof *out);
                ops->attend(out, d + 3, q, d, rows, keys, values, S, d, 0.4f, scratch);
                ref->attend(expected, d + 3, q, d, rows, keys, values, S, d, 0.4f, scratch);
                good &= same(ops, out, expected, n);
            }
    CHECK_CASE(good, tc_level_name(ops->level));
}

/* Widening panels: random bits, so every half and integer turns up, infinities included. */
#define TEST_WIDEN(name, type, group, call, reference)                                         \
    static void test_op_widen_##name(const tc__ops *ops, const tc__ops *ref) {                 \
        size_t K, i;                                                                           \
        int good = 1;                                                                          \
        for (K = 0; K <= 37; K++) {                                                            \
            size_t padded = tc__mem_round(K, group), bytes = padded * 16 * sizeof(type);       \
            type *in = (type *)(void *)guarded(bytes / 4);                                     \
            float *out = guarded(padded * 16), *expected = guarded(padded * 16);               \
            float *scale = guarded_random(16, 0.1f);                                           \
            for (i = 0; i < padded * 16; i++) in[i] = (type)(random_u32() >> 9);               \
            (void)scale;                                                                       \
            call;                                                                              \
            reference;                                                                         \
            good &= same(ops, out, expected, padded * 16);                                     \
        }                                                                                      \
        CHECK_CASE(good, tc_level_name(ops->level));                                           \
    }
TEST_WIDEN(f16, uint16_t, 2, ops->widen_f16(out, in, K), ref->widen_f16(expected, in, K))
TEST_WIDEN(bf16, uint16_t, 2, ops->widen_bf16(out, in, K), ref->widen_bf16(expected, in, K))
TEST_WIDEN(s16, int16_t, 2, ops->widen_s16(out, in, scale, K),
           ref->widen_s16(expected, in, scale, K))
TEST_WIDEN(s8, int8_t, 4, ops->widen_s8(out, in, scale, K),
           ref->widen_s8(expected, in, scale, K))

/* The reference itself against double arithmetic over the whole range. */
static void test_reference(void) {
    double exp_error = 0, gelu_error = 0, new_error = 0, silu_error = 0;
    int i;
    for (i = -400000; i <= 400000; i++) {
        double x = (double)(float)(i * 3e-5), e, phi = 0.5 * erfc(-x * 0.70710678118654752440);
        float f = (float)x;
        if (x > -87 && x < 88) {
            e = fabs((double)tc__kref_exp(f) / exp(x) - 1);
            if (e > exp_error) exp_error = e;
        }
        e = fabs((double)tc__kref_gelu1(f) - x * phi) / (1 + fabs(x));
        if (e > gelu_error) gelu_error = e;
        e = fabs((double)tc__kref_gelu_new1(f) -
                 0.5 * x * (1 + tanh(0.79788456080286535588 * (x + 0.044715 * x * x * x)))) /
            (1 + fabs(x));
        if (e > new_error) new_error = e;
        e = fabs((double)tc__kref_silu1(f) - x / (1 + exp(-x))) / (1 + fabs(x));
        if (e > silu_error) silu_error = e;
    }
    CHECK(exp_error < 1e-7);
    CHECK(gelu_error < 3e-7);
    CHECK(new_error < 3e-7);
    CHECK(silu_error < 3e-7);
}

/* A matrix of each type goes into panels and comes back; the error of integers is bounded. */
static void test_pack(void) {
    static const double bound[TC_DTYPE_COUNT] = {0, 1.0 / 2048, 1.0 / 256, 0.51 / 8191,
                                                 0.51 / 127};
    int t;
    for (t = 0; t < TC_DTYPE_COUNT; t++) {
        uint32_t rows = 37, columns = 29;
        int overflow = 0, good = 1;
        size_t i, bytes = (size_t)tc__gemm_bytes((tc_dtype)t, rows, columns, &overflow);
        unsigned char *packed = (unsigned char *)calloc(bytes, 1);
        float w[37 * 29], back[37 * 29];
        tc__matrix m;
        for (i = 0; i < 37 * 29; i++) w[i] = random_float(1);
        tc__gemm_pack(packed, (tc_dtype)t, rows, columns, w);
        memset(&m, 0, sizeof m);
        m.dtype = (tc_dtype)t;
        m.rows = rows;
        m.columns = columns;
        m.panels = packed;
        if (tc__gemm_scaled(m.dtype))
            m.scale =
                (float *)(void *)(packed + tc__mem_round((size_t)tc__gemm_panel_bytes(
                                                             m.dtype, rows, columns, &overflow),
                                                         64));
        tc__gemm_unpack(back, &m);
        for (i = 0; i < 37 * 29; i++) good &= fabs((double)back[i] - (double)w[i]) <= bound[t];
        CHECK_CASE(good, tc_dtype_name((tc_dtype)t));
        if (m.scale) { /* integer sums of columns stand behind the scales */
            const int32_t *sums =
                (const int32_t *)(const void *)(m.scale + tc__mem_round(rows, 16));
            for (i = 0, good = 1; i < rows; i++) {
                double sum = 0;
                size_t k;
                for (k = 0; k < columns; k++)
                    sum += rint((double)back[i * columns + k] / (double)m.scale[i]);
                good &= sum == sums[i];
            }
            CHECK_CASE(good, tc_dtype_name((tc_dtype)t));
        }
        free(packed);
    }
}

static void test_kernels(void) {
    const tc__ops *ref = tc__ktab_get(TC_LEVEL_SCALAR);
    int level;
    test_reference();
    test_pack();
    for (level = TC_LEVEL_BASE; level < TC_LEVEL_COUNT; level++) {
        const tc__ops *ops;
        if (!tc_level_available((tc_level)level)) continue;
        ops = tc__ktab_get((tc_level)level);
        CHECK_EQ(ops->level, level);
#define TC__OP_TEST(name, args) test_op_##name(ops, ref);
        TC__OPS(TC__OP_TEST)
        TC__OPS_FLOAT(TC__OP_TEST)
#undef TC__OP_TEST
    }
    CHECK_EQ(tc_level_choose(TC_LEVEL_SCALAR), TC_LEVEL_SCALAR);
    CHECK_EQ(tc_level_choose(TC_LEVEL_BASE), TC_LEVEL_BASE);
    CHECK(tc_level_available(tc_level_choose(TC_LEVEL_BEST)));
}

#endif
