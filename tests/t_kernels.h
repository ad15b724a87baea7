/* t_kernels.h - every op of the list at every level, bit for bit against the scalar reference:
 * sizes from 0 to two tiles and one, unaligned, with a guard page behind the data. Level base
 * has no fused multiply-add and is compared with a tolerance. */
#ifndef T_KERNELS_H
#define T_KERNELS_H

#if defined(__unix__) && !defined(TC_NO_STDIO)
#define GUARD_PAGES 1
#include <sys/mman.h>
#endif

enum { GUARD_FLOATS = 512 * 1024 };

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
    static char *areas[16];
    static int next;
    char **area = &areas[next++ % 16];
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

/* Numbers at the ends of f32, and none, at one place in `each`. Without fused multiply-adds
 * infinities come earlier: not at base. */
static void sprinkle(const tc__ops *ops, float *x, size_t n, size_t each) {
    static const float odd[] = {NAN, INFINITY, -INFINITY, 3e38f, -3e38f, 1e-45f, -0.0f};
    size_t i;
    for (i = random_u32() % each; i < n && ops->level != TC_LEVEL_BASE; i += 1 + each / 2)
        if (random_u32() % 2) x[i] = odd[random_u32() % 7];
}

/* Depths behind those of small models, for products of few rows and panels. */
static const size_t deep_k[] = {193, 769, 1030, 1300};
enum { DEEP_K = 4 };

typedef void gemm_op(size_t, size_t, const float *, size_t, const tc__panels *, float *,
                     size_t);

static gemm_op *gemm_of(const tc__ops *ops, tc_dtype t) {
    return t == TC_F16 ? ops->gemm_f16 : t == TC_BF16 ? ops->gemm_bf16 : ops->gemm;
}

/* Some of the numbers in halves: any bits, subnormals and infinities too. */
static void sprinkle_halves(const tc__ops *ops, uint16_t *x, size_t n, size_t each) {
    size_t i;
    for (i = random_u32() % each; i < n && ops->level != TC_LEVEL_BASE; i += 1 + each / 2)
        x[i] = (uint16_t)(random_u32() >> 9);
}

static int check_gemm(const tc__ops *ops, const tc__ops *ref, tc_dtype t, size_t rows,
                      size_t panels, size_t k, size_t each) {
    size_t group = tc__gemm_group(t), i;
    size_t lda = k + rows % 3, ldc = panels * 16 + rows % 5, stride = k / group * 16;
    size_t in = rows ? (rows - 1) * lda + k : 0;
    float *a = guarded_random(in, k > 99 ? 0.05f : 2), *b = guarded_random(panels * stride, 2),
          *bias = guarded_random(panels * 16, 1);
    uint16_t *halves = (uint16_t *)(void *)b;
    size_t n = rows && panels ? (rows - 1) * ldc + panels * 16 : 0;
    float *c = guarded_random(n, 1), *expected = guarded(n);
    tc__panels at = tc__kref_panels(b, stride, panels * 16);
    if (each) sprinkle(ops, a, in, each * k + 7);
    for (i = 0; i < panels * stride * 2 && t != TC_F32; i++)
        halves[i] = t == TC_F16 ? tc__bytes_to_f16(random_float(2))
                                : tc__bytes_to_bf16(random_float(2));
    if (each && t == TC_F32) sprinkle(ops, b, panels * stride, each * stride + 5);
    if (each && t != TC_F32)
        sprinkle_halves(ops, halves, panels * stride * 2, each * stride + 5);
    memcpy(expected, c, n * sizeof *c);
    at.bias = rows % 2 ? bias : NULL;
    at.add = rows % 3 == 0;
    at.fetching = (tc__fetching)(rows / 2 % 3);
    gemm_of(ops, t)(rows, k, a, lda, &at, c, ldc);
    gemm_of(ref, t)(rows, k, a, lda, &at, expected, ldc);
    return same(ops, c, expected, n);
}

/* Depths of k: small ones, odd ones for f32 alone, and some behind those of small models. */
static void check_gemms(const tc__ops *ops, const tc__ops *ref, tc_dtype t) {
    static const size_t small[2][6] = {{0, 1, 2, 3, 4, 33}, {0, 2, 4, 6, 8, 34}};
    size_t rows, panels, i;
    int good = 1;
    for (rows = 0; rows <= 2 * ops->tile_rows + 1; rows++)
        for (panels = 0; panels <= 2 * ops->tile_panels + 1; panels++)
            for (i = 0; i < 6; i++)
                good &= check_gemm(ops, ref, t, rows, panels, small[t != TC_F32][i], 0) &&
                        check_gemm(ops, ref, t, rows, panels, small[t != TC_F32][i], 2);
    CHECK_CASE(good, tc_level_name(ops->level));
    for (rows = 1; rows <= ops->tile_rows + 1; rows += ops->tile_rows)
        for (panels = 1; panels <= 3; panels++)
            for (i = 0; i < DEEP_K; i++) {
                size_t k = t == TC_F32 ? deep_k[i] : deep_k[i] / 2 * 2;
                good &= check_gemm(ops, ref, t, rows, panels, k, 0) &&
                        check_gemm(ops, ref, t, rows, panels, k, 1);
            }
    CHECK_CASE(good, tc_level_name(ops->level));
}

static void test_op_gemm(const tc__ops *ops, const tc__ops *ref) {
    check_gemms(ops, ref, TC_F32);
}

static void test_op_gemm_f16(const tc__ops *ops, const tc__ops *ref) {
    check_gemms(ops, ref, TC_F16);
}

static void test_op_gemm_bf16(const tc__ops *ops, const tc__ops *ref) {
    check_gemms(ops, ref, TC_BF16);
}

typedef void map_op(float *, const float *, size_t, size_t, size_t);

/* A map over rows, also at the ends of its domain and at values that are no numbers; out of
 * place and in place. */
static void check_map(const tc__ops *ops, map_op *map, map_op *ref) {
    static const float edges[] = {0.0f,   -0.0f,   1e-30f, -1e-30f, 87.0f,    -87.5f,
                                  100.0f, -100.0f, 3e38f,  -3e38f,  INFINITY, -INFINITY,
                                  NAN,    1e-45f,  -9.0f,  9.0f,    -20.0f};
    size_t n, i;
    int good = 1;
    for (n = 0; n <= 69; n++) {
        size_t ld = n + n % 4, all = n ? 2 * ld + n : 0;
        float *x = guarded_random(all, n % 2 ? 4.0f : 30.0f), *y = guarded_random(all, 2),
              *z = guarded(all);
        for (i = 0; i < all && n > 20; i += 3)
            x[i] = edges[i / 3 % (sizeof edges / sizeof *edges)];
        memcpy(z, y, all * sizeof *y);
        map(y, x, ld, 3, n);
        ref(z, x, ld, 3, n);
        good &= same(ops, y, z, all);
        memcpy(y, x, all * sizeof *x);
        map(y, y, ld, 3, n);
        memcpy(z, x, all * sizeof *x);
        ref(z, z, ld, 3, n);
        good &= same(ops, y, z, all);
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
        if (n % 2) sprinkle(ops, x, 2 * n, 3);
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
        if (n % 3 == 0) sprinkle(ops, w, n, 3);
        ops->embed(x, w, n % 2 ? t : NULL, p, n);
        ref->embed(y, w, n % 2 ? t : NULL, p, n);
        good &= same(ops, x, y, n);
    }
    CHECK_CASE(good, tc_level_name(ops->level));
}

static void test_op_norm(const tc__ops *ops, const tc__ops *ref) {
    size_t n, r;
    int good = 1;
    for (n = 1; n <= 67; n++) {
        size_t rows = 1 + n % 7, ld = n + n % 3, count = (rows - 1) * ld + n;
        float *x = guarded_random(count, 5), *w = guarded_random(n, 1),
              *b = guarded_random(n, 1);
        float *out = guarded(count), *expected = guarded(count);
        if (n % 4 == 3) sprinkle(ops, x, count, 2 * n);
        if (n % 8 == 2) x[0] = 1e20f; /* its square is infinite */
        ops->norm(out, x, ld, rows, w, b, 1e-5f, n);
        good &= n % 8 != 2 || isnan(out[0]);
        ref->norm(expected, x, ld, rows, w, b, 1e-5f, n);
        ops->norm(x, x, ld, rows, w, b, 1e-5f, n); /* in place */
        for (r = 0; r < rows; r++)
            good &= same(ops, out + r * ld, expected + r * ld, n) &&
                    same(ops, x + r * ld, expected + r * ld, n);
    }
    CHECK_CASE(good, tc_level_name(ops->level));
}

static void test_op_softmax(const tc__ops *ops, const tc__ops *ref) {
    size_t n, r;
    int good = 1;
    for (n = 1; n <= 67; n++) {
        size_t rows = 1 + n % 5, ld = n + n % 3, count = (rows - 1) * ld + n;
        float *x = guarded_random(count, n % 3 ? 8.0f : 300.0f), *y = guarded(count);
        float *a = guarded(rows), *b = guarded(rows);
        if (n % 2) x[random_u32() % count] = NAN;
        if (n % 4 == 2) x[random_u32() % count] = -INFINITY;
        if (n % 8 == 4) sprinkle(ops, x, count, 2 * n);
        memcpy(y, x, count * sizeof *x);
        ops->softmax(x, ld, rows, n, 0.35f, a);
        ref->softmax(y, ld, rows, n, 0.35f, b);
        good &= same(ops, a, b, rows);
        for (r = 0; r < rows; r++) good &= same(ops, x + r * ld, y + r * ld, n);
    }
    CHECK_CASE(good, tc_level_name(ops->level));
}

static void test_op_divide(const tc__ops *ops, const tc__ops *ref) {
    size_t n, r;
    int good = 1;
    for (n = 0; n <= 33; n++) {
        size_t rows = 1 + n % 3, ldx = n + n % 5, ldy = n + n % 2;
        float *x = guarded_random((rows - 1) * ldx + n, 3), *sums = guarded_random(rows, 9);
        float *y = guarded((rows - 1) * ldy + n), *z = guarded((rows - 1) * ldy + n);
        if (n % 3 == 0) sprinkle(ops, x, (rows - 1) * ldx + n, 5);
        ops->divide(y, ldy, x, ldx, rows, n, sums);
        ref->divide(z, ldy, x, ldx, rows, n, sums);
        for (r = 0; r < rows; r++) good &= same(ops, y + r * ldy, z + r * ldy, n);
    }
    CHECK_CASE(good, tc_level_name(ops->level));
}

static void test_attend(const tc__ops *ops, const tc__ops *ref) {
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
                if (rows % 2) sprinkle(ops, q, rows * d, 2 * d + 1);
                if (rows % 4 == 3) sprinkle(ops, keys, lds * d, lds * d);
                memset(out, 0, n * sizeof *out);
                memset(expected, 0, n * sizeof *out);
                tc__fwd_attend(ops, out, d + 3, q, d, rows, keys, values, S, d, 0.4f, scratch,
                               NULL, 0);
                tc__fwd_attend(ref, expected, d + 3, q, d, rows, keys, values, S, d, 0.4f,
                               scratch, NULL, 0);
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

static void test_op_spread_s8(const tc__ops *ops, const tc__ops *ref) {
    size_t K, i;
    int good = 1;
    for (K = 0; K <= 37; K++) {
        size_t numbers = tc__mem_round(K, 4) * 16;
        int8_t *in = (int8_t *)(void *)guarded(numbers / 4);
        int16_t *out = (int16_t *)(void *)guarded(numbers / 2);
        int16_t *expected = (int16_t *)(void *)guarded(numbers / 2);
        for (i = 0; i < numbers; i++) in[i] = (int8_t)(random_u32() >> 24);
        ops->spread_s8(out, in, K);
        ref->spread_s8(expected, in, K);
        good &= !memcmp(out, expected, numbers * 2);
    }
    CHECK_CASE(good, tc_level_name(ops->level));
}

static void check_burst(const tc__ops *ops, void (*burst)(float *, size_t), float want) {
    float out = 0;
    burst(&out, 100000);
    CHECK_CASE(out == want, tc_level_name(ops->level));
}

static void test_op_burst(const tc__ops *ops, const tc__ops *ref) {
    check_burst(ops, ops->burst, 2);
    check_burst(ref, ref->burst, 2);
}
static void test_op_burst_s16(const tc__ops *ops, const tc__ops *ref) {
    check_burst(ops, ops->burst_s16, 1);
    check_burst(ref, ref->burst_s16, 1);
}
static void test_op_burst_s8(const tc__ops *ops, const tc__ops *ref) {
    check_burst(ops, ops->burst_s8, 1);
    check_burst(ref, ref->burst_s8, 1);
}

/* The number at i of a row that the level's quantize wrote. */
static int quantized_at(const unsigned char *q, size_t i, size_t bytes, unsigned flip) {
    int16_t wide;
    if (bytes == 1) return (unsigned char)(q[i] ^ flip);
    memcpy(&wide, q + 2 * i, 2);
    return wide;
}

typedef void (*quantizer)(const tc__qrows *, const float *, size_t, size_t, size_t);

/* Whether a row of integers is that of the reference: within one at the level that rounds
 * products too, and anything where the scale is none. */
static int same_row(const tc__ops *ops, const tc__qrows *got, size_t bytes, unsigned flip,
                    const tc__qrows *want, size_t ref_bytes, size_t r, size_t n) {
    const tc__qscale *a = got->scale + r, *b = want->scale + r;
    int near = ops->level == TC_LEVEL_BASE, good = same(ops, &a->step, &b->step, 1);
    size_t i;
    if (isnan(b->step)) return good;
    for (i = 0; i < n; i++)
        good &= abs(quantized_at(got->q + r * got->ld, i, bytes, flip) -
                    quantized_at(want->q + r * want->ld, i, ref_bytes, 0)) <= near;
    return good && same(ops, &a->low, &b->low, 1);
}

/* Quantised rows: same integers and scale as the reference, and numbers within half a step of
 * what they stand for; also rows of zeros, tiny and huge numbers, and such that are none. */
static void check_quantize(const tc__ops *ops, size_t bytes, size_t ref_bytes, int limit,
                           quantizer quantize, quantizer ref) {
    static const float odd[] = {0.0f, 1e-40f, 7e-31f, 8e-31f, 1e38f, INFINITY, -INFINITY, NAN};
    unsigned char zero[32], flip;
    float none[16] = {0};
    tc__qscale scale[8], expected[8];
    tc__qrows got = {zero, 0, scale}, want = {zero, 0, expected};
    const double slack = 2 * 5.97e-8; /* of the factor and a difference */
    size_t n, i, r;
    int good = 1, near = 1;
    quantize(&got, none, 0, 1, 1);
    flip = bytes == 1 ? zero[0] : 0;
    CHECK_CASE((flip == 0 || flip == 128) && scale->step == 0.0f, tc_level_name(ops->level));
    for (n = 1; n <= 131; n++) {
        size_t wide = tc__mem_round(n, 16), ld = n + n % 3, rows = 1 + n % 5;
        float *x = guarded_random((rows - 1) * ld + n, n % 2 ? 1e-20f : 50.0f);
        got.ld = wide * bytes + n % 3 * 16;
        want.ld = wide * ref_bytes;
        got.q = (unsigned char *)(void *)guarded(((rows - 1) * got.ld + wide * bytes) / 4);
        want.q = (unsigned char *)(void *)guarded(rows * want.ld / 4);
        if (n % 4 == 3) x[n / 2] = odd[n / 4 % 8];
        if (n == 64)
            for (i = 0; i < n; i++) x[i] = (float)(i % 2 ? limit : (int)i) + 0.5f; /* ties */
        if (n > 30 && n % 3 == 0) x[n - 1] = -80.0f; /* the least, and the last */
        if (n > 100) x[(rows - 1) * ld + n % 16] = n % 8 ? 90.0f : NAN;
        quantize(&got, x, ld, rows, n);
        ref(&want, x, ld, rows, n);
        for (r = 0; r < rows; r++) {
            good &= same_row(ops, &got, bytes, flip, &want, ref_bytes, r, wide);
            for (i = 0; i < n && scale[r].step > 0; i++) {
                int q = quantized_at(got.q + r * got.ld, i, bytes, flip);
                double e = (double)scale[r].low + (double)q * (double)scale[r].step;
                good &= abs(q) <= limit;
                near &= fabs(e - (double)x[r * ld + i]) <=
                        (0.5 + limit * slack) * (double)scale[r].step;
            }
        }
    }
    CHECK_CASE(good, tc_level_name(ops->level));
    CHECK_CASE(near, tc_level_name(ops->level));
}

static void test_op_quantize_s8(const tc__ops *ops, const tc__ops *ref) {
    check_quantize(ops, ops->s8_bytes, 1, 255, ops->quantize_s8, ref->quantize_s8);
}
static void test_op_quantize_s16(const tc__ops *ops, const tc__ops *ref) {
    check_quantize(ops, 2, 2, 8191, ops->quantize_s16, ref->quantize_s16);
}

/* Operands of an integer product for the reference (index 0) and for the level (1). */
typedef struct integer_case {
    tc__qrows a[2];
    tc__qpanels b[2];
    tc__qscale scale[160];
} integer_case;

static unsigned char *guarded_bytes(size_t n) {
    return (unsigned char *)(void *)(guarded((n + 3) / 4));
}

static int integer_random(int least, int most) {
    return least + (int)(random_u32() >> 8) % (most - least + 1);
}

/* Random integers up to `most`; where it is 0, the extremes of the type; where it is -1, rows
 * of 0, which some levels hold as -128, and the least weights. */
static void integer_make(integer_case *c, const tc__ops *ops, size_t rows, size_t K,
                         size_t panels, size_t bytes, int most) {
    size_t group = 4 / bytes, padded = tc__mem_round(K, 4), numbers = padded * 16, r, k, j, p;
    size_t own = bytes == 1 ? ops->s8_bytes : 2;
    int least = bytes == 1 ? -128 : -32768, extreme = bytes == 1 ? 255 : least;
    int weight = bytes == 1 && most > 127 ? 127 : most;
    unsigned char *flat = guarded_bytes(panels * numbers * bytes), zero[32], flip = 0;
    int32_t *sums = (int32_t *)(void *)guarded(panels * 16);
    float none[16] = {0};
    tc__qscale scale;
    tc__qrows to = {zero, 0, &scale};
    if (own == 1) {
        ops->quantize_s8(&to, none, 0, 1, 1);
        flip = zero[0];
    }
    for (r = 0; r < 2; r++) {
        c->a[r].ld = padded * (r ? own : bytes) + 4 * (rows % 3);
        c->a[r].q = guarded_bytes(rows * c->a[r].ld);
        c->a[r].scale = c->scale;
    }
    for (r = 0; r < rows; r++) {
        c->scale[r].step = random_float(0.3f);
        c->scale[r].low = random_float(3);
        for (k = 0; k < padded; k++) {
            int v = most > 0 ? integer_random(bytes == 1 ? 0 : -most, most)
                    : most   ? 0
                             : extreme;
            if (k >= K) v = 0;
            for (j = 0; j < 2; j++) {
                int16_t wide = (int16_t)v;
                if ((j ? own : bytes) == 1)
                    c->a[j].q[r * c->a[j].ld + k] = (unsigned char)(v ^ (j ? flip : 0));
                else
                    memcpy(c->a[j].q + r * c->a[j].ld + 2 * k, &wide, 2);
            }
        }
    }
    memset(flat, 0, panels * numbers * bytes);
    for (p = 0; p < panels; p++)
        for (j = 0; j < 16; j++)
            for (k = 0, sums[p * 16 + j] = 0; k < K; k++) {
                int v = most > 0 ? integer_random(-weight, weight) : least;
                int16_t wide = (int16_t)v;
                size_t at = p * numbers + tc__kref_place(k, j, group);
                sums[p * 16 + j] += v;
                if (bytes == 1)
                    flat[at] = (unsigned char)v;
                else
                    memcpy(flat + 2 * at, &wide, 2);
            }
    c->b[0].q = flat;
    c->b[0].stride = numbers * bytes;
    c->b[0].count = panels;
    c->b[0].scale = guarded_random(panels * 16, 0.1f);
    c->b[0].sums = sums;
    c->b[0].bias = K % 2 ? guarded_random(panels * 16, 1) : NULL;
    c->b[0].ahead = own != bytes ? (const char *)flat : NULL;
    c->b[0].ahead_stride = numbers * bytes;
    c->b[0].ahead_pace = own != bytes ? 32 : 64;
    c->b[0].fetching = (tc__fetching)(rows % 3);
    c->b[1] = c->b[0];
    if (own != bytes) {
        int16_t *spread = (int16_t *)(void *)guarded_bytes(panels * numbers * 2);
        for (p = 0; p < panels; p++)
            ops->spread_s8(spread + p * numbers, (int8_t *)(void *)flat + p * numbers, K);
        c->b[1].q = spread;
        c->b[1].stride *= 2;
    }
}

static int check_integer(const tc__ops *ops, const tc__ops *ref, size_t rows, size_t panels,
                         size_t k, size_t bytes, int top) {
    integer_case c;
    size_t ldc = panels * 16 + rows % 5, n = (rows - 1) * ldc + panels * 16;
    float *out = guarded(n), *expected = guarded(n);
    integer_make(&c, ops, rows, k, panels, bytes, top);
    memset(out, 0, n * sizeof *out);
    memset(expected, 0, n * sizeof *expected);
    (bytes == 1 ? ops->gemm_s8 : ops->gemm_s16)(rows, k, &c.a[1], &c.b[1], out, ldc);
    (bytes == 1 ? ref->gemm_s8 : ref->gemm_s16)(rows, k, &c.a[0], &c.b[0], expected, ldc);
    return same(ops, out, expected, n);
}

static void check_gemm_integer(const tc__ops *ops, const tc__ops *ref, size_t bytes) {
    const int limit = bytes == 1 ? 255 : 8191, tops[] = {limit, 0, 3, -1};
    const size_t most = 2 * ops->tile_rows + 1;
    const int tall = bytes == 1 && (ops->level == TC_LEVEL_AMX || ops->level == TC_LEVEL_I8MM);
    size_t rows, panels, k, i;
    int good = 1;
    for (rows = 1; rows <= (tall ? 129 : most); rows += rows < most ? 1 : 9)
        for (panels = 1; panels <= 2 * ops->tile_panels + 1; panels++)
            for (k = 1; k <= 133; k += k < 6 ? 1 : k < 60 ? 27 : 36)
                for (i = 0; i < 4; i++)
                    good &= check_integer(ops, ref, rows, panels, k, bytes, tops[i]);
    for (rows = 1; rows <= ops->tile_rows + 1; rows += ops->tile_rows)
        for (panels = 1; panels <= 3; panels++)
            for (k = 0; k < DEEP_K; k++)
                good &= check_integer(ops, ref, rows, panels, deep_k[k], bytes, tops[k]);
    CHECK_CASE(good, tc_level_name(ops->level));
}

static void test_op_gemm_s8(const tc__ops *ops, const tc__ops *ref) {
    check_gemm_integer(ops, ref, 1);
}
static void test_op_gemm_s16(const tc__ops *ops, const tc__ops *ref) {
    check_gemm_integer(ops, ref, 2);
}

/* The reference itself against double arithmetic over the whole range. */
static void test_reference(void) {
    double exp_error = 0, exp2_error = 0, gelu_error = 0, new_error = 0, silu_error = 0;
    int i;
    for (i = -400000; i <= 400000; i++) {
        double x = (double)(float)(i * 3e-5), e, phi = 0.5 * erfc(-x * 0.70710678118654752440);
        float f = (float)x;
        if (x > -87 && x < 88) {
            e = fabs((double)tc__kref_exp(f) / exp(x) - 1);
            if (e > exp_error) exp_error = e;
        }
        if (x <= 0) {
            const float factor = 0.35f * TC__LOG2E, low = TC__EXP2_LOW / factor, d = f * 20;
            double power = exp2((double)d * (double)factor);
            e = d >= low ? fabs((double)tc__kref_exp2(d, factor, low) / power - 1)
                         : fabs((double)tc__kref_exp2(d, factor, low) - exp2(-125));
            if (e > exp2_error) exp2_error = e;
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
    CHECK(exp2_error < 1e-7);
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
        tc__gemm_pack(packed, (tc_dtype)t, rows, columns, w, NULL);
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

/* Rotated rows come back: a number is off by at most half a step for each of the 16 integers
 * that make it, and one that stands out costs the others less. */
static void test_pack_rotated(void) {
    enum { N = 3, K = 384 };
    int overflow = 0, good = 1, rotated;
    size_t bytes = (size_t)tc__gemm_bytes(TC_S8, N, K, &overflow), n, k;
    float w[N][K], back[N][K], row[K];
    double error[2] = {0, 0};
    for (n = 0; n < N; n++)
        for (k = 0; k < K; k++) w[n][k] = n == 2 ? 0 : random_float(1);
    w[1][200] = 20;
    for (rotated = 0; rotated < 2; rotated++) {
        unsigned char *packed = (unsigned char *)calloc(bytes, 1);
        tc__matrix m;
        memset(&m, 0, sizeof m);
        m.dtype = TC_S8;
        m.rows = N;
        m.columns = K;
        m.rotated = rotated;
        m.panels = packed;
        m.scale = (float *)(void *)(packed + 16 * K);
        tc__gemm_pack(packed, TC_S8, N, K, w[0], rotated ? row : NULL);
        tc__gemm_unpack(back[0], &m);
        for (n = 0; n < N; n++)
            for (k = 0; k < K; k++) {
                double e = fabs((double)back[n][k] - (double)w[n][k]);
                good &= e <= (double)m.scale[n] * (rotated ? 8.01 : 0.501);
                if (n == 1) error[rotated] += e * e;
            }
        free(packed);
    }
    CHECK(good && error[1] < error[0] / 4);
}

/* Integers of weights: ties go to even, none is beyond the limit where the scale is a subnormal
 * number, a row of zeros has zeros and a sum of 0. */
static void test_pack_edges(void) {
    int t;
    for (t = TC_S16; t <= TC_S8; t++) {
        const int limit = (int)tc__gemm_limit((tc_dtype)t);
        const size_t g = tc__gemm_group((tc_dtype)t);
        int overflow = 0, good = 1;
        size_t bytes = (size_t)tc__gemm_bytes((tc_dtype)t, 3, 9, &overflow), i, n;
        unsigned char *packed = (unsigned char *)calloc(bytes, 1);
        float w[3][9] = {{0.5f, 1.5f, 2.5f, -0.5f, -1.5f, -2.5f, 0}, {0}, {0}};
        int want[3][9] = {{0, 2, 2, 0, -2, -2, 0}, {0}, {0}};
        const int32_t *sums;
        if (!packed) exit(1);
        w[0][7] = (float)limit;
        want[0][7] = limit;
        w[2][0] = (float)(limit + limit / 2 - 1) * 1.401298464324817e-45f; /* scale: one unit */
        w[2][1] = -w[2][0];
        want[2][0] = limit;
        want[2][1] = -limit;
        tc__gemm_pack(packed, (tc_dtype)t, 3, 9, w[0], NULL);
        sums = (const int32_t *)(const void *)(packed +
                                               tc__mem_round((size_t)tc__gemm_panel_bytes(
                                                                 (tc_dtype)t, 3, 9, &overflow),
                                                             64)) +
               16;
        for (n = 0; n < 3; n++) {
            int sum = 0;
            for (i = 0; i < 9; i++) {
                size_t at = tc__kref_place(i, n, g);
                good &= (int)tc__gemm_get(packed, (tc_dtype)t, at, 1) == want[n][i];
                sum += want[n][i];
            }
            good &= sum == sums[n];
        }
        free(packed);
        CHECK_CASE(good, tc_dtype_name((tc_dtype)t));
    }
}

/* c of a product with these weights packed as type t; scratch has a page behind it. */
static void packed_product(const tc__ops *ops, tc_dtype t, uint32_t N, uint32_t K,
                           const float *w, const float *bias, size_t rows, const float *a,
                           float *c) {
    int overflow = 0;
    tc_env env;
    tc__pool *pool;
    tc__matrix m;
    tc__product p;
    float *scratch = guarded(tc__gemm_scratch(ops, NULL, K));
    size_t bytes = (size_t)tc__gemm_bytes(t, N, K, &overflow);
    unsigned char *packed = (unsigned char *)(void *)guarded(bytes / sizeof(float));
    memset(&env, 0, sizeof env);
    memset(&m, 0, sizeof m);
    memset(&p, 0, sizeof p);
    memset(packed, 0, bytes);
    if (tc__thread_create(&env, 1, &pool)) exit(1);
    tc__gemm_pack(packed, t, N, K, w, NULL);
    m.dtype = t;
    m.rows = N;
    m.columns = K;
    m.panels = packed;
    m.bias = bias;
    p.ops = ops;
    p.w = &m;
    p.a = a;
    p.lda = K;
    p.rows = rows;
    p.c = c;
    p.ldc = tc__mem_round(N, 16);
    p.scratch = &scratch;
    tc__gemm_run(pool, &p);
    tc__thread_free(&env, pool);
}

/* Products with weights in halves have the bits of those with the same numbers in f32. */
static void test_halves(const tc__ops *ops) {
    static const uint32_t depths[] = {1, 2, 31, 64, 191, 192, 193, 400, 3074};
    static const size_t counts[] = {1, 5, 14, 33};
    size_t d, r, i;
    int t, good = 1;
    for (d = 0; d < sizeof depths / sizeof *depths; d++)
        for (r = 0; r < sizeof counts / sizeof *counts; r++)
            for (t = TC_F16; t <= TC_BF16; t++) {
                uint32_t K = depths[d], N = 17 * (1 + K % 3);
                size_t rows = counts[r], n = rows * tc__mem_round(N, 16);
                float *a = guarded_random(rows * K, 2), *w = guarded_random(N * K, 1);
                float *bias = K % 2 ? guarded_random(tc__mem_round(N, 16), 1) : NULL;
                float *c = guarded(n), *want = guarded(n);
                for (i = 0; i < (size_t)N * K; i++)
                    w[i] = t == TC_F16 ? tc__bytes_from_f16(tc__bytes_to_f16(w[i]))
                                       : tc__bytes_from_bf16(tc__bytes_to_bf16(w[i]));
                packed_product(ops, TC_F32, N, K, w, bias, rows, a, want);
                packed_product(ops, (tc_dtype)t, N, K, w, bias, rows, a, c);
                good &= memcmp(c, want, n * sizeof *c) == 0;
            }
    CHECK_CASE(good, tc_level_name(ops->level));
}

/* Products in parts of K have the bits of one pass. */
static void test_parts(const tc__ops *ops, const tc__ops *ref) {
    static const uint32_t depths[] = {1536, 1537, 2049, 3072, 3073, 4100};
    enum { DEEP = 4100, ROWS = 17, WIDE = 5 * 16 };
    float *w = (float *)malloc(2 * WIDE * DEEP * sizeof *w), *panels = w + WIDE * DEEP;
    float *a = (float *)malloc(ROWS * DEEP * sizeof *a);
    size_t d, i;
    uint32_t N;
    int good = 1;
    if (!w || !a) exit(1);
    for (i = 0; i < WIDE * DEEP; i++) w[i] = random_float(1);
    for (i = 0; i < ROWS * DEEP; i++) a[i] = random_float(0.1f);
    for (d = 0; d < sizeof depths / sizeof *depths; d++)
        for (N = 2 * 16; N <= WIDE; N += 3 * 16) {
            uint32_t K = depths[d];
            tc__panels b = tc__kref_panels(panels, 16 * (size_t)K, N);
            size_t rows = d % 2 ? ROWS : 8;
            float *c = guarded(rows * N), *want = guarded(rows * N);
            for (i = 0; i < (size_t)N * K; i++)
                panels[(i / K / 16 * K + i % K) * 16 + i / K % 16] = w[i];
            b.bias = w;
            ref->gemm(rows, K, a, K, &b, want, N);
            packed_product(ops, TC_F32, N, K, w, w, rows, a, c);
            good &= same(ops, c, want, rows * N);
        }
    free(w);
    free(a);
    CHECK_CASE(good, tc_level_name(ops->level));
}

#ifndef TC_NO_TRAIN
static int check_gemm_dw(const tc__ops *ops, const tc__ops *ref, size_t rows, size_t panels,
                         size_t k, size_t each) {
    size_t lda = rows + k % 3, ldc = 16 + rows % 5, step = rows * ldc;
    size_t n = rows && panels ? panels * step - ldc + 16 : 0;
    size_t in = k ? (k - 1) * lda + rows : 0;
    float *a = guarded_random(in, k > 99 ? 0.05f : 2);
    float *b = guarded_random(panels * k * 16, 2), *c = guarded_random(n, 3),
          *expected = guarded(n);
    tc__panels at = tc__kref_panels(b, k * 16, panels * 16);
    if (each) sprinkle(ops, a, in, each * k + 7);
    memcpy(expected, c, n * sizeof *c);
    at.add = rows % 2;
    ops->gemm_dw(rows, k, a, lda, &at, c, ldc, step);
    ref->gemm_dw(rows, k, a, lda, &at, expected, ldc, step);
    return same(ops, c, expected, n);
}

static void test_op_gemm_dw(const tc__ops *ops, const tc__ops *ref) {
    size_t rows, panels, k;
    int good = 1;
    for (rows = 0; rows <= 2 * ops->tile_rows + 1; rows++)
        for (panels = 0; panels <= 2 * ops->tile_panels + 1; panels++)
            for (k = 0; k <= 33; k += k < 4 ? 1 : 29)
                good &= check_gemm_dw(ops, ref, rows, panels, k, 0) &&
                        check_gemm_dw(ops, ref, rows, panels, k, 2);
    for (rows = 1; rows <= ops->tile_rows + 1; rows += ops->tile_rows)
        for (panels = 1; panels <= 3; panels++)
            for (k = 0; k < DEEP_K; k++)
                good &= check_gemm_dw(ops, ref, rows, panels, deep_k[k], k % 2);
    CHECK_CASE(good, tc_level_name(ops->level));
}

/* An element of a Hadamard matrix: -1 where i & k has an odd number of ones. */
static double hadamard(size_t i, size_t k) {
    double sign = 1;
    for (k &= i; k; k &= k - 1) sign = -sign;
    return sign;
}

static void test_op_rotate(const tc__ops *ops, const tc__ops *ref) {
    size_t n, r, i, k;
    int good = 1;
    for (n = 0; n <= 384; n += 128)
        for (r = 1; r <= 3; r++) {
            size_t ldx = n + r % 2, ldy = n + r % 3, all = (r - 1) * ldy + n;
            float *x = guarded_random((r - 1) * ldx + n, 1), *y = guarded(all),
                  *expected = guarded(all);
            if (r == 3 && n) sprinkle(ops, x, 2 * ldx + n, 3);
            memset(y, 0, all * sizeof *y);
            memset(expected, 0, all * sizeof *y);
            ops->rotate(y, ldy, x, ldx, r, n);
            ref->rotate(expected, ldy, x, ldx, r, n);
            good &= same(ops, y, expected, all);
        }
    { /* whole numbers: any order of the sums gives the same */
        float *x = guarded(128), *y = guarded(128);
        for (i = 0; i < 128; i++) x[i] = (float)(random_u32() % 2001) - 1000;
        ops->rotate(y, 128, x, 128, 1, 128);
        for (i = 0; i < 128; i++) {
            double sum = 0;
            for (k = 0; k < 16; k++) sum += hadamard(i / 8, k) * (double)x[8 * k + i % 8];
            good &= (double)y[i] == sum;
        }
    }
    CHECK_CASE(good, tc_level_name(ops->level));
}

static void test_op_transpose(const tc__ops *ops, const tc__ops *ref) {
    size_t ldo, ldi;
    int good = 1;
    for (ldo = 16; ldo < 20; ldo++)
        for (ldi = 16; ldi < 20; ldi++) {
            float *in = guarded_random(15 * ldi + 16, 1), *out = guarded(15 * ldo + 16),
                  *expected = guarded(15 * ldo + 16);
            memset(out, 0, (15 * ldo + 16) * sizeof *out);
            memset(expected, 0, (15 * ldo + 16) * sizeof *out);
            ops->transpose(out, ldo, in, ldi);
            ref->transpose(expected, ldo, in, ldi);
            good &= !memcmp(out, expected, (15 * ldo + 16) * sizeof *out);
        }
    CHECK_CASE(good, tc_level_name(ops->level));
}

#define TEST_BACK(name)                                                                        \
    static void test_op_##name##_back(const tc__ops *ops, const tc__ops *ref) {                \
        check_map(ops, ops->name##_back, ref->name##_back);                                    \
    }
TEST_BACK(gelu)
TEST_BACK(gelu_new)
TEST_BACK(relu)
TEST_BACK(silu)

static void test_op_norm_back(const tc__ops *ops, const tc__ops *ref) {
    size_t n, r;
    int good = 1;
    for (n = 1; n <= 67; n++) {
        size_t rows = 1 + n % 7, ld = n + n % 3, count = (rows - 1) * ld + n;
        float *x = guarded_random(count, 5), *y = guarded_random(count, 2);
        float *h = guarded(count), *out = guarded(count), *expected = guarded(count);
        float *w = guarded_random(n, 1);
        memcpy(h, x, count * sizeof *x);
        ops->norm_back(out, x, y, ld, rows, w, 1e-2f, n);
        ref->norm_back(expected, h, y, ld, rows, w, 1e-2f, n);
        for (r = 0; r < rows; r++)
            good &= same(ops, out + r * ld, expected + r * ld, n) &&
                    same(ops, x + r * ld, h + r * ld, n);
    }
    CHECK_CASE(good, tc_level_name(ops->level));
}

static void test_op_softmax_back(const tc__ops *ops, const tc__ops *ref) {
    size_t n, r;
    int good = 1;
    for (n = 1; n <= 67; n++) {
        size_t rows = 1 + n % 5, ld = n + n % 3, count = (rows - 1) * ld + n;
        float *p = guarded_random(count, 1), *d = guarded_random(count, 2), *e = guarded(count);
        memcpy(e, d, count * sizeof *d);
        ops->softmax_back(d, p, ld, rows, 0.35f, n);
        ref->softmax_back(e, p, ld, rows, 0.35f, n);
        for (r = 0; r < rows; r++) good &= same(ops, d + r * ld, e + r * ld, n);
    }
    CHECK_CASE(good, tc_level_name(ops->level));
}

static void test_op_dropout(const tc__ops *ops, const tc__ops *ref) {
    static const tc__dropout sites[] = {{{1, 2}, 0x20000000, 1.125f},
                                        {{0xFFFFFFFF, 7}, 0xC0000000, 4},
                                        {{3, 0x80000000}, 0, 1},
                                        {{0, 0}, 0xFFFFFFFF, 2}};
    size_t n;
    int good = 1;
    for (n = 0; n <= 99; n++) {
        float *x = guarded_random(n ? 2 * (n + 2) + n : 0, 3),
              *y = guarded(n ? 2 * (n + 2) + n : 0);
        size_t all = n ? 2 * (n + 2) + n : 0;
        memcpy(y, x, all * sizeof *x);
        ops->dropout(x, n + 2, 3, n, &sites[n % 4], (uint32_t)n * 77, (uint32_t)n * 32);
        ref->dropout(y, n + 2, 3, n, &sites[n % 4], (uint32_t)n * 77, (uint32_t)n * 32);
        good &= same(ops, x, y, all);
    }
    CHECK_CASE(good, tc_level_name(ops->level));
}

static void test_op_column_sum(const tc__ops *ops, const tc__ops *ref) {
    size_t n;
    int good = 1;
    for (n = 0; n <= 33; n++) {
        float *x = guarded_random(4 * n, 3), *s = guarded_random(n, 1), *t = guarded(n);
        memcpy(t, s, n * sizeof *s);
        ops->column_sum(s, x, n, 4, n);
        ref->column_sum(t, x, n, 4, n);
        good &= same(ops, s, t, n);
    }
    CHECK_CASE(good, tc_level_name(ops->level));
}

static void test_op_column_dot(const tc__ops *ops, const tc__ops *ref) {
    size_t n;
    int good = 1;
    for (n = 0; n <= 33; n++) {
        float *x = guarded_random(4 * n, 3), *y = guarded_random(4 * n, 3);
        float *s = guarded_random(n, 1), *t = guarded(n);
        memcpy(t, s, n * sizeof *s);
        ops->column_dot(s, x, y, n, 4, n);
        ref->column_dot(t, x, y, n, 4, n);
        good &= same(ops, s, t, n);
    }
    CHECK_CASE(good, tc_level_name(ops->level));
}

static void test_op_adamw(const tc__ops *ops, const tc__ops *ref) {
    static const tc__adamw o = {0.999f, 0.7f, 0.9f, 0.1f, 0.999f, 0.001f, 3e-3f, 9.5f, 1e-8f};
    size_t n, i, k;
    int good = 1;
    for (n = 0; n <= 37; n++) {
        float *g = guarded_random(n, 2), *x[3], *y[3];
        for (k = 0; k < 3; k++) {
            x[k] = guarded_random(n, 1);
            for (i = 0; i < n; i++) x[k][i] = k == 2 ? fabsf(x[k][i]) : x[k][i];
            y[k] = guarded(n);
            memcpy(y[k], x[k], n * sizeof **x);
        }
        ops->adamw(x[0], n % 3 ? g : NULL, x[1], x[2], n, &o);
        ref->adamw(y[0], n % 3 ? g : NULL, y[1], y[2], n, &o);
        for (k = 0; k < 3; k++) good &= same(ops, x[k], y[k], n);
    }
    CHECK_CASE(good, tc_level_name(ops->level));
}

static void test_op_squares(const tc__ops *ops, const tc__ops *ref) {
    size_t n;
    int good = 1;
    for (n = 0; n <= 67; n++) {
        float *x = guarded_random(n, 3), a = ops->squares(x, n), b = ref->squares(x, n);
        good &= same(ops, &a, &b, 1);
    }
    CHECK_CASE(good, tc_level_name(ops->level));
}

/* The derivatives of the reference against those in double arithmetic. */
static void test_reference_back(void) {
    double gelu_error = 0, new_error = 0, silu_error = 0;
    int i;
    for (i = -400000; i <= 400000; i++) {
        double x = (double)(float)(i * 3e-5), e, t, u, s;
        float f = (float)x;
        e = fabs((double)tc__kref_gelu_back1(f) - 0.5 * erfc(-x * 0.70710678118654752440) -
                 x * 0.39894228040143267794 * exp(-x * x / 2));
        if (e > gelu_error) gelu_error = e;
        u = 0.79788456080286535588;
        t = tanh(u * (x + 0.044715 * x * x * x));
        e = fabs((double)tc__kref_gelu_new_back1(f) - 0.5 * (1 + t) -
                 0.5 * x * (1 - t * t) * u * (1 + 3 * 0.044715 * x * x));
        if (e > new_error) new_error = e;
        s = 1 / (1 + exp(-x));
        e = fabs((double)tc__kref_silu_back1(f) - s * (1 + x * (1 - s)));
        if (e > silu_error) silu_error = e;
    }
    CHECK(gelu_error < 5e-7);
    CHECK(new_error < 1e-6);
    CHECK(silu_error < 5e-7);
}

/* Known answers: torch.randperm (trainer.md section 3), MT19937's first word for seed 5489,
 * Random123's vectors for Threefry-2x32 with 13 rounds. */
static void test_random(void) {
    static const uint32_t orders[3][11] = {{42, 2, 6, 1, 8, 4, 5, 0, 9, 3, 7},
                                           {43, 8, 4, 9, 0, 5, 1, 6, 7, 2, 3},
                                           {0, 4, 1, 7, 5, 3, 9, 0, 8, 6, 2}};
    static const uint32_t keys[3][6] = {
        {0, 0, 0, 0, 0x9d1c5ec6, 0x8bd50731},
        {0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0xfd36d048, 0x2d17272c},
        {0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344, 0xba3e4725, 0xf27d669e}};
    uint32_t order[10], i, j, words[2];
    tc__mt g;
    tc__rng_seed(&g, 5489);
    CHECK_EQ(tc__rng_u32(&g), 3499211612u);
    for (i = 0; i < 3; i++) {
        tc__rng_permutation(order, 10, orders[i][0]);
        for (j = 0; j < 10; j++) CHECK_EQ(order[j], orders[i][j + 1]);
    }
    for (i = 0; i < 3; i++) { /* counters stand before keys there */
        tc__rng_threefry(&keys[i][2], keys[i][0], keys[i][1], words);
        CHECK(words[0] == keys[i][4] && words[1] == keys[i][5]);
    }
}
#endif

/* Products of bf16 against f32: of split numbers, of 16 bits in all, and of rows and weights
 * that are rounded to bf16, where only the sums are rounded. */
static void test_split(const tc__ops *ops, const tc__split *split) {
    size_t rows, K, panels, i, k;
    int good = 1, level = (int)ops->level;
    float out = 0;
    split->burst(&out, 100000);
    CHECK(out == 1);
    for (rows = 1; rows <= 129; rows += rows < 34 ? 1 : 19)
        for (panels = 1; panels <= 5; panels++)
            for (K = 1; K <= 133; K += K < 4 ? 1 : 43) {
                size_t wide = tc__mem_round(K, 32), bytes = wide * 32, N = panels * 16;
                size_t ldc = N + 5, n = (rows - 1) * ldc + N,
                       lda = wide * (K % 3 == 0 || !split->panel ? 2 : 4) + rows % 3 * 4;
                float *a = guarded_random(rows * K, 3), *b = guarded_random(N * K, 2);
                float *c = guarded(n), *want = guarded(n), worst = 0;
                unsigned char *q = (unsigned char *)(void *)guarded(rows * lda / 4);
                unsigned char *hi = (unsigned char *)(void *)guarded(2 * panels * bytes / 4);
                tc__panels exact = tc__kref_panels(b, K * 16, N);
                tc__tiles tiles;
                tiles.hi = hi;
                tiles.lo = hi + panels * bytes;
                tiles.stride = bytes;
                tiles.count = panels;
                tiles.bias = K % 2 ? guarded_random(N, 1) : NULL;
                if (K % 3 == 0 || !split->panel) tiles.lo = NULL;
                for (i = 0; i < rows; i++)
                    split->row(q + i * lda, a + i * K, K, tiles.lo != NULL);
                for (i = 0; i < rows * K && !tiles.lo; i++)
                    a[i] = tc__bytes_from_bf16(tc__bytes_to_bf16(a[i]));
                for (i = 0; i < N * K && !tiles.lo; i++)
                    b[i] = tc__bytes_from_bf16(tc__bytes_to_bf16(b[i]));
                memset(hi, split->panel ? 255 : 0, 2 * panels * bytes); /* no numbers */
                for (i = 0; i < panels && split->panel; i++)
                    split->panel(hi + i * bytes, hi + (panels + i) * bytes, b + i * K * 16, K);
                for (i = 0; i < N * K && !split->panel; i++) { /* [panel][k][16] */
                    size_t at = i / 16 % K, p = i / 16 / K;
                    uint16_t half = tc__bytes_to_bf16(b[i]);
                    memcpy(hi + p * bytes + (at / 2 * 16 + i % 16) * 4 + at % 2 * 2, &half, 2);
                }
                memset(c, 0, n * sizeof *c);
                memset(want, 0, n * sizeof *want);
                split->gemm(rows, K, q, lda, &tiles, c, ldc);
                exact.bias = tiles.bias;
                ops->gemm(rows, K, a, K, &exact, want, ldc);
                for (k = 0; k < n; k++)
                    if (!(fabsf(c[k] - want[k]) <= worst)) worst = fabsf(c[k] - want[k]);
                good &= worst <= 6 * (float)K * (tiles.lo ? 3e-5f : 3e-7f);
            }
    CHECK_CASE(good, tc_level_name((tc_level)level));
}

/* Items of a product: every row is in one of its blocks, none begins behind the last row. */
static void test_cut(void) {
    static const uint32_t columns[] = {1, 64, 768, 3072, 4096, 16384, 1 << 20};
    static const unsigned threads[] = {1, 2, 3, 4, 7, 16, 48, 100};
    static const tc_dtype dtypes[] = {TC_F32, TC_S16, TC_S8};
    tc__ops ops;
    tc__matrix w;
    tc__product p;
    size_t d, k, t, tile;
    memset(&ops, 0, sizeof ops);
    memset(&w, 0, sizeof w);
    memset(&p, 0, sizeof p);
    w.rows = 100;
    p.ops = &ops;
    p.w = &w;
    for (tile = 5; tile <= 16; tile++)
        for (d = 0; d < 3; d++)
            for (k = 0; k < sizeof columns / sizeof *columns; k++)
                for (t = 0; t < sizeof threads / sizeof *threads; t++) {
                    int good = 1;
                    ops.tile_rows = (unsigned)tile;
                    w.dtype = dtypes[d];
                    w.columns = columns[k];
                    for (p.rows = 1; p.rows < 4000; p.rows += p.rows < 400 ? 1 : 7) {
                        size_t items = tc__gemm_cut(&p, threads[t]),
                               across = (p.panels + p.wide - 1) / p.wide;
                        good &= items % across == 0 &&
                                (items / across - 1) * p.block < p.rows &&
                                items / across * p.block >= p.rows;
                    }
                    CHECK_EQ(good, 1);
                }
}

/* What every level must do to a row of tiny numbers, of zeros with both signs, and at the limit
 * from which a step is kept: 2^-100. */
static void check_quantize_tiny(const tc__ops *ops, size_t bytes, quantizer quantize) {
    static const float tops[] = {0.0f, 1e-45f, 1e-40f, 7.8886085e-31f, 7.8886090522101181e-31f};
    size_t t, i;
    int good = 1;
    for (t = 0; t < sizeof tops / sizeof *tops; t++) {
        float x[32], zero = 0;
        unsigned char q[64];
        tc__qscale scale;
        tc__qrows to;
        to.q = q;
        to.ld = 32 * bytes;
        to.scale = &scale;
        for (i = 0; i < 32; i++) x[i] = i % 2 ? -0.0f : i == 16 ? tops[t] : 0.0f;
        quantize(&to, x, 32, 1, 32);
        good &= (scale.step > 0) == (t == 4) && !isnan(scale.step);
        good &= !memcmp(&scale.low, &zero, sizeof zero); /* never -0 */
    }
    CHECK_CASE(good, tc_level_name(ops->level));
}

/* Rows of a product that are rotated on the way, some at a time in a scratch that ends at a
 * guard page, are what rotating and quantising all at once gives. */
static void test_rotated_rows(const tc__ops *ops) {
    enum { K = 6272, ROWS = 5 }; /* two rows are more than any other use of the scratch */
    const size_t ld = tc__gemm_qld(K, ops->s8_bytes), lda = K + 3;
    float *scratch = guarded(tc__gemm_scratch(ops, NULL, K)), *turned = guarded(ROWS * K);
    unsigned char *want = guarded_bytes(ROWS * ld);
    tc__qscale scales[2][ROWS];
    tc__matrix w;
    tc__product p;
    tc__qrows to;
    size_t r;
    int good = 1;
    memset(&w, 0, sizeof w);
    memset(&p, 0, sizeof p);
    w.dtype = TC_S8;
    w.columns = K;
    w.rotated = 1;
    p.ops = ops;
    p.w = &w;
    p.lda = lda;
    p.a = guarded_random((ROWS - 1) * lda + K, 3);
    p.scratch = &scratch;
    p.qa.q = guarded_bytes(ROWS * ld);
    p.qa.ld = to.ld = ld;
    p.qa.scale = scales[0];
    to.q = want;
    to.scale = scales[1];
    tc__gemm_quantize(&p, 0, 2, 0);
    tc__gemm_quantize(&p, 2, ROWS - 2, 0);
    ops->rotate(turned, K, p.a, lda, ROWS, K);
    ops->quantize_s8(&to, turned, K, ROWS, K);
    for (r = 0; r < ROWS; r++)
        good &= !memcmp(p.qa.q + r * ld, want + r * ld, K * ops->s8_bytes);
    CHECK_CASE(good && !memcmp(scales[0], scales[1], sizeof scales[0]),
               tc_level_name(ops->level));
}

static void test_kernels(void) {
    const tc__ops *ref = tc__ktab_get(TC_LEVEL_SCALAR);
    int level;
    test_reference();
    test_pack();
    test_pack_edges();
    test_pack_rotated();
    test_cut();
#ifndef TC_NO_TRAIN
    test_reference_back();
    test_random();
#endif
    for (level = TC_LEVEL_BASE; level < TC_LEVEL_COUNT; level++) {
        const tc__ops *ops = tc__ktab_get((tc_level)level);
        if (!tc_level_available((tc_level)level)) {
            char why[40];
            snprintf(why, sizeof why, "no %s here", tc_level_name((tc_level)level));
            if ((int)ops->level == level) SKIP(why);
            continue;
        }
        CHECK_EQ(ops->level, level);
#define TC__OP_TEST(name, args) test_op_##name(ops, ref);
        TC__OPS(TC__OP_TEST)
        TC__OPS_S16(TC__OP_TEST)
        TC__OPS_S8(TC__OP_TEST)
        TC__OPS_TRAIN(TC__OP_TEST)
        TC__OPS_TRAIN_FLOAT(TC__OP_TEST)
#undef TC__OP_TEST
        check_quantize_tiny(ops, ops->s8_bytes, ops->quantize_s8);
        check_quantize_tiny(ops, 2, ops->quantize_s16);
        test_attend(ops, ref);
        test_halves(ops);
        test_parts(ops, ref);
        test_rotated_rows(ops);
        if (tc__ktab_split(ops->level)) test_split(ops, tc__ktab_split(ops->level));
    }
    CHECK_EQ(tc_level_choose(TC_LEVEL_SCALAR), TC_LEVEL_SCALAR);
    CHECK_EQ(tc_level_choose(TC_LEVEL_BASE), TC_LEVEL_BASE);
    CHECK(tc_level_available(tc_level_choose(TC_LEVEL_BEST)));
    /* a cap of another architecture is none */
    if (tc_level_available(TC_LEVEL_NEON))
        CHECK_EQ(tc_level_choose(TC_LEVEL_AVX2), tc_level_choose(TC_LEVEL_BEST));
    else
        CHECK_EQ(tc_level_choose(TC_LEVEL_NEON), tc_level_choose(TC_LEVEL_BEST));
}

#endif
