/* t_model.h - the encoder: against a slow one in double precision, against the real stack's
 * logits, and bit for bit between levels, batches and thread counts. */
#ifndef T_MODEL_H
#define T_MODEL_H

/* ---- the slow encoder: models.md section 4, in double, loops and nothing else ---- */

typedef struct slow {
    const tc_model *model;
    double *tensors[512];
    tc_dtype dtype; /* of the tensor found last */
#ifndef TC_NO_TRAIN
    const tc__rates *rates; /* of dropout, or null */
#endif
} slow;

/* Dropout of rows [rows, n] as a training does it; the first row has the number `first`. */
static void slow_drop(const slow *s, double *x, size_t rows, size_t n, int kind, uint32_t layer,
                      size_t first) {
#ifndef TC_NO_TRAIN
    static const uint32_t sites[] = {TC__SITE_EMBED, TC__SITE_CLASSIFIER, TC__SITE_LAYER,
                                     TC__SITE_LAYER + 1, TC__SITE_LAYER + 2};
    const tc__rates *r = s->rates;
    tc__dropout d;
    size_t i, k;
    float rate;
    if (!r) return;
    rate = kind == 1   ? r->classifier
           : kind == 2 ? r->attention
           : kind == 3 ? r->output
                       : r->hidden;
    if (!tc__bwd_drop(r, rate, sites[kind] + 4 * layer, &d)) return;
    for (i = 0; i < rows; i++)
        for (k = 0; k < n; k++)
            x[i * n + k] *= tc__kref_word(&d, (uint32_t)(first + i), (uint32_t)k) < d.threshold
                                ? 0
                                : (double)d.scale;
#else
    (void)s, (void)x, (void)rows, (void)n, (void)kind, (void)layer, (void)first;
#endif
}

static const double *slow_get(slow *s, const char *format, unsigned layer) {
    char name[96];
    tc_tensor_info t;
    uint32_t i;
    snprintf(name, sizeof name, format, layer);
    for (i = 0; !tc_model_tensor(s->model, i, &t); i++) {
        size_t n = (size_t)t.rows * t.columns, k;
        float *f;
        if (strcmp(t.name, name)) continue;
        s->dtype = t.dtype;
        if (s->tensors[i]) return s->tensors[i];
        f = (float *)malloc(n * sizeof *f);
        s->tensors[i] = (double *)malloc(n * sizeof(double));
        (void)tc_model_read(s->model, i, f);
        for (k = 0; k < n; k++) s->tensors[i][k] = (double)f[k];
        free(f);
        return s->tensors[i];
    }
    return NULL;
}

/* What integer weights are multiplied with: a row in 256 steps for s8, in 8191 to each side for
 * s16. */
static void slow_quantize(double *x, size_t n, tc_dtype dtype) {
    double least = x[0], most = x[0], low, step;
    size_t i;
    for (i = 0; i < n; i++) {
        if (x[i] < least) least = x[i];
        if (x[i] > most) most = x[i];
    }
    low = dtype == TC_S8 ? least : 0;
    step = dtype == TC_S8 ? (most - least) / 255 : (most > -least ? most : -least) / 8191;
    for (i = 0; i < n; i++) x[i] = step > 0 ? low + rint((x[i] - low) / step) * step : low;
}

/* Sixteen numbers at a time times their Hadamard matrix over 4, which is its own inverse. */
static void slow_rotate(double *x, size_t n) {
    double y[16];
    size_t i, j, k, g;
    for (g = 0; g < n; g += 128)
        for (j = g; j < g + 8; j++) {
            for (i = 0; i < 16; i++)
                for (y[i] = 0, k = 0; k < 16; k++) y[i] += hadamard(i, k) * x[j + 8 * k] / 4;
            for (i = 0; i < 16; i++) x[j + 8 * i] = y[i];
        }
}

static void slow_linear(slow *s, const char *stem, unsigned layer, const double *x, size_t n,
                        size_t in, size_t out, double *y) {
    char name[96];
    const double *w, *b;
    double *row = (double *)malloc(in * sizeof *row);
    tc_dtype dtype;
    size_t t, i, k;
    snprintf(name, sizeof name, "%s.weight", stem);
    w = slow_get(s, name, layer);
    dtype = s->dtype;
    snprintf(name, sizeof name, "%s.bias", stem);
    b = slow_get(s, name, layer);
    for (t = 0; t < n; t++) {
        memcpy(row, x + t * in, in * sizeof *row);
        if (dtype == TC_S8 && in % 128 == 0) {
            slow_rotate(row, in);
            slow_quantize(row, in, dtype);
            slow_rotate(row, in); /* and back */
        } else if (dtype == TC_S8 || dtype == TC_S16) {
            slow_quantize(row, in, dtype);
        }
        for (i = 0; i < out; i++) {
            double sum = b[i];
            for (k = 0; k < in; k++) sum += row[k] * w[i * in + k];
            y[t * out + i] = sum;
        }
    }
    free(row);
}

static void slow_norm(slow *s, const char *stem, unsigned layer, double *x, size_t n,
                      size_t h) {
    char name[96];
    const double *w, *b;
    size_t t, i;
    snprintf(name, sizeof name, "%s.weight", stem);
    w = slow_get(s, name, layer);
    snprintf(name, sizeof name, "%s.bias", stem);
    b = slow_get(s, name, layer);
    for (t = 0; t < n; t++, x += h) {
        double mean = 0, square = 0;
        for (i = 0; i < h; i++) mean += x[i] / (double)h;
        for (i = 0; i < h; i++) square += (x[i] - mean) * (x[i] - mean) / (double)h;
        for (i = 0; i < h; i++)
            x[i] = (x[i] - mean) /
                       sqrt(square + (double)tc_model_get_info(s->model)->layer_norm_eps) *
                       w[i] +
                   b[i];
    }
}

static double slow_act(const char *act, double x) {
    if (!strcmp(act, "gelu")) return 0.5 * x * erfc(-x * 0.70710678118654752440);
    if (!strcmp(act, "gelu_new"))
        return 0.5 * x * (1 + tanh(0.79788456080286535588 * (x + 0.044715 * x * x * x)));
    if (!strcmp(act, "relu")) return x > 0 ? x : 0;
    return x / (1 + exp(-x));
}

static void slow_attention(const slow *s, uint32_t layer, const double *qkv, double *out,
                           size_t n, size_t h, size_t heads) {
    size_t d = h / heads, a, i, j, k;
    double *p = (double *)malloc(n * sizeof *p);
    for (a = 0; a < heads; a++)
        for (i = 0; i < n; i++) {
            double top = -1e300, sum = 0;
            for (j = 0; j < n; j++) {
                p[j] = 0;
                for (k = 0; k < d; k++)
                    p[j] += qkv[i * 3 * h + a * d + k] * qkv[j * 3 * h + h + a * d + k];
                p[j] /= sqrt((double)d);
                if (p[j] > top) top = p[j];
            }
            for (j = 0; j < n; j++) sum += p[j] = exp(p[j] - top);
            slow_drop(s, p, 1, n, 2, layer, a * n + i);
            for (k = 0; k < d; k++) {
                double mixed = 0;
                for (j = 0; j < n; j++)
                    mixed += p[j] / sum * qkv[j * 3 * h + 2 * h + a * d + k];
                out[i * h + a * d + k] = mixed;
            }
        }
    free(p);
}

/* logits [n, C] of one sequence, in a malloc block. */
static double *slow_logits(slow *s, const int32_t *ids, const uint8_t *types, size_t n) {
    const tc_model_info *m = tc_model_get_info(s->model);
    size_t E = m->embedding_size, H = m->hidden_size, I = m->intermediate_size, i, k;
    size_t big = n * (3 * H + I + E + m->num_labels);
    double *x = (double *)malloc(big * sizeof *x), *y = (double *)malloc(big * sizeof *y),
           *z = (double *)malloc(big * sizeof *z);
    const double *word, *position, *type;
    uint32_t l;
    word = slow_get(s, "embeddings.word", 0);
    position = slow_get(s, "embeddings.position", 0);
    type = m->type_vocab_size ? slow_get(s, "embeddings.type", 0) : NULL;
    for (i = 0; i < n; i++)
        for (k = 0; k < E; k++)
            x[i * E + k] = word[(size_t)ids[i] * E + k] + position[i * E + k] +
                           (type ? type[types[i] * E + k] : 0);
    slow_norm(s, "embeddings.norm", 0, x, n, E);
    slow_drop(s, x, n, E, 0, 0, 0);
    if (E != H) {
        slow_linear(s, "embeddings.projection", 0, x, n, E, H, y);
        memcpy(x, y, n * H * sizeof *x);
    }
    for (l = 0; l < m->num_hidden_layers; l++) {
        slow_linear(s, "layer.%u.attention.qkv", l, x, n, H, 3 * H, y);
        slow_attention(s, l, y, z, n, H, m->num_attention_heads);
        slow_linear(s, "layer.%u.attention.output", l, z, n, H, H, y);
        slow_drop(s, y, n, H, 3, l, 0);
        for (i = 0; i < n * H; i++) x[i] += y[i];
        slow_norm(s, "layer.%u.attention.norm", l, x, n, H);
        slow_linear(s, "layer.%u.ffn.up", l, x, n, H, I, y);
        for (i = 0; i < n * I; i++) y[i] = slow_act(m->hidden_act, y[i]);
        slow_linear(s, "layer.%u.ffn.down", l, y, n, I, H, z);
        slow_drop(s, z, n, H, 4, l, 0);
        for (i = 0; i < n * H; i++) x[i] += z[i];
        slow_norm(s, "layer.%u.ffn.norm", l, x, n, H);
    }
    slow_drop(s, x, n, H, 1, 0, 0);
    slow_linear(s, "head", 0, x, n, H, m->num_labels, y);
    free(x);
    free(z);
    return y;
}

static void slow_free(slow *s) {
    size_t i;
    for (i = 0; i < 512; i++) free(s->tensors[i]);
}

static double *slow_run(const tc_model *model, const int32_t *ids, const uint8_t *types,
                        size_t n) {
    double *logits;
    slow s;
    memset(&s, 0, sizeof s);
    s.model = model;
    logits = slow_logits(&s, ids, types, n);
    slow_free(&s);
    return logits;
}

/* ---- batches made up ---- */

enum { MODEL_SEQUENCES = 5, MODEL_TOKENS = 1 + 7 + 16 + 40 + 33 };
static const uint32_t model_lengths[MODEL_SEQUENCES] = {1, 7, 16, 40, 33};

static void model_batch(int32_t *ids, uint8_t *types, uint32_t type_count) {
    size_t i;
    for (i = 0; i < MODEL_TOKENS; i++) {
        ids[i] = (int32_t)(i * 7 % PLAN_VOCAB);
        types[i] = (uint8_t)(type_count ? i / 3 % type_count : 0);
    }
}

/* Runs all sequences in groups of `group`, in the order or backwards. */
static int model_run(const tc_model *model, tc_level level, unsigned threads, size_t group,
                     int backwards, float *logits) {
    const tc_model_info *m = tc_model_get_info(model);
    int32_t ids[MODEL_TOKENS], part[MODEL_TOKENS];
    uint8_t types[MODEL_TOKENS], part_types[MODEL_TOKENS];
    size_t starts[MODEL_SEQUENCES], i, k, at = 0, C = m->num_labels;
    float *out = (float *)malloc(MODEL_TOKENS * C * sizeof *out);
    tc_session *session;
    tc_env env;
    int good;
    memset(&env, 0, sizeof env);
    env.level = level;
    env.threads = threads;
    model_batch(ids, types, m->type_vocab_size);
    for (i = 0; i < MODEL_SEQUENCES; at += model_lengths[i++]) starts[i] = at;
    good = !tc_session_create(model, &env, &session);
    for (i = 0; i < MODEL_SEQUENCES && good; i += group) {
        size_t n = MODEL_SEQUENCES - i < group ? MODEL_SEQUENCES - i : group,
               order[MODEL_SEQUENCES], total = 0;
        uint32_t lengths[MODEL_SEQUENCES];
        tc_batch batch;
        tc_outputs outputs;
        memset(&outputs, 0, sizeof outputs);
        for (k = 0; k < n; k++) {
            order[k] = backwards ? i + n - 1 - k : i + k;
            lengths[k] = model_lengths[order[k]];
            memcpy(part + total, ids + starts[order[k]], lengths[k] * sizeof *part);
            memcpy(part_types + total, types + starts[order[k]], lengths[k]);
            total += lengths[k];
        }
        batch.ids = part;
        batch.types = part_types;
        batch.lengths = lengths;
        batch.sequences = n;
        outputs.logits = out;
        good = !tc_session_run(session, &batch, &outputs);
        for (k = total = 0; k < n; total += lengths[k++])
            memcpy(logits + starts[order[k]] * C, out + total * C,
                   lengths[k] * C * sizeof *out);
    }
    tc_session_free(session);
    free(out);
    return good;
}

/* Near the slow encoder, and the same bits everywhere. Returns the logits' checksum. */
static uint64_t model_check(const plan *p, const char *name) {
    static const unsigned threads[] = {1, 2, 3};
    made m;
    float *want = NULL, *got;
    size_t C = p->labels, bytes = MODEL_TOKENS * C * sizeof *want, i, k, at = 0;
    int32_t ids[MODEL_TOKENS];
    uint8_t types[MODEL_TOKENS];
    double worst = 0, top = 1, bound;
    int level, good = 1, bits = 1;
    uint64_t sum;
    if (!made_plan(&m, p, NULL)) {
        CHECK_CASE(0, name);
        return 0;
    }
    want = (float *)malloc(bytes);
    got = (float *)malloc(bytes);
    CHECK_CASE(model_run(m.model, TC_LEVEL_SCALAR, 1, 5, 0, want), name);
    model_batch(ids, types, p->types);
    for (i = 0; i < MODEL_SEQUENCES; at += model_lengths[i++]) {
        double *exact = slow_run(m.model, ids + at, types + at, model_lengths[i]);
        for (k = 0; k < model_lengths[i] * C; k++) {
            double e = fabs(exact[k] - (double)want[at * C + k]);
            if (e > worst) worst = e;
            if (fabs(exact[k]) > top) top = fabs(exact[k]);
        }
        free(exact);
    }
    /* a number between two steps may be rounded to the other one in f32 */
    bound = p->dtype == TC_S8 || p->dtype == TC_DTYPE_COUNT ? 2e-2
            : p->dtype == TC_S16                            ? 3e-4
                                                            : 1e-5;
    CHECK_CASE(worst <= bound * top, name);
    for (level = TC_LEVEL_SCALAR; level < TC_LEVEL_COUNT; level++) {
        if (!tc_level_available((tc_level)level)) continue;
        for (i = 0; i < 3; i++)
            for (k = 1; k <= 5; k += 2) {
                good &= model_run(m.model, (tc_level)level, threads[i], k, (int)(i % 2), got);
                if (level == TC_LEVEL_BASE) {
                    for (at = 0; at < MODEL_TOKENS * C; at++)
                        good &= fabs((double)got[at] - (double)want[at]) <= 2 * bound * top;
                } else {
                    bits &= !memcmp(got, want, bytes);
                }
            }
    }
    CHECK_CASE(good, name);
    CHECK_CASE(bits, name);
    sum = tc__bytes_checksum(want, bytes);
    free(want);
    free(got);
    made_free(&m);
    return sum;
}

enum { LONG_SEQUENCES = 3, LONG_TOKENS = 170 + 256 + 9, FEWER_TOKENS = 100 + 9 };

/* All levels give the bits of the scalar one, with any number of threads; NaNs are alike. */
static int model_long_bits(const made *m, const tc_batch *batch, float *want, size_t n) {
    float *got = (float *)malloc(n * sizeof *got);
    int level, good = 1, threads;
    for (level = TC_LEVEL_SCALAR; level < TC_LEVEL_COUNT; level++) {
        tc_level at = (tc_level)level;
        if (!tc_level_available(at) || at == TC_LEVEL_BASE) continue;
        for (threads = 1; threads <= (at == TC_LEVEL_SCALAR ? 1 : 3); threads++) {
            tc_env env;
            tc_outputs outputs;
            tc_session *session = NULL;
            memset(&env, 0, sizeof env);
            memset(&outputs, 0, sizeof outputs);
            env.level = at;
            env.threads = (unsigned)threads;
            outputs.logits = at == TC_LEVEL_SCALAR ? want : got;
            good &= !tc_session_create(m->model, &env, &session) &&
                    !tc_session_run(session, batch, &outputs);
            tc_session_free(session);
            if (at != TC_LEVEL_SCALAR && good) good &= same(tc__ktab_get(at), got, want, n);
        }
    }
    free(got);
    return good;
}

/* Sequences of several blocks of queries and of the wide activation, products of many terms,
 * embeddings wider than all else; then with a bias or a norm's weight that is no number, or at
 * the ends of f32. */
static void test_model_long(void) {
    static const plan plans[] = {{1, 32, 2, 1100, 32, 2, 5, 256, "gelu", TC_F32},
                                 {1, 32, 2, 1100, 32, 2, 5, 256, "relu", TC_S16},
                                 {1, 32, 2, 1152, 32, 2, 5, 256, "gelu_new", TC_S8},
                                 {1, 32, 2, 330, 4100, 2, 5, 256, "gelu", TC_F16},
                                 {1, 32, 2, 330, 2100, 2, 5, 256, "gelu", TC_S8}};
    static const uint32_t lengths[LONG_SEQUENCES] = {170, 256, 9}, fewer[] = {100, 9};
    static const float odd[] = {NAN, INFINITY, -3e38f, 1e-45f};
    int32_t ids[LONG_TOKENS];
    uint8_t types[LONG_TOKENS];
    float want[LONG_TOKENS * 5];
    tc_batch batch, small;
    size_t p, i, k, at;
    for (i = 0; i < LONG_TOKENS; i++) {
        ids[i] = (int32_t)(random_u32() % PLAN_VOCAB);
        types[i] = random_u32() % 2 != 0;
    }
    batch.ids = ids;
    batch.types = types;
    batch.lengths = lengths;
    batch.sequences = LONG_SEQUENCES;
    small = batch;
    small.lengths = fewer;
    small.sequences = 2;
    for (p = 0; p < sizeof plans / sizeof *plans; p++) {
        const tc_dtype t = plans[p].dtype;
        double worst = 0, top = 1, bound = t == TC_S8 ? 2e-2 : t == TC_S16 ? 3e-4 : 1e-5;
        made m;
        if (!made_plan(&m, &plans[p], NULL)) {
            CHECK(0);
            continue;
        }
        CHECK_CASE(model_long_bits(&m, &batch, want, LONG_TOKENS * 5), plans[p].act);
        for (i = at = 0; i < LONG_SEQUENCES; at += lengths[i++]) {
            double *exact = slow_run(m.model, ids + at, types + at, lengths[i]);
            for (k = 0; k < lengths[i] * 5; k++) {
                double e = fabs(exact[k] - (double)want[at * 5 + k]);
                if (e > worst) worst = e;
                if (fabs(exact[k]) > top) top = fabs(exact[k]);
            }
            free(exact);
        }
        CHECK_CASE(worst <= bound * top, plans[p].act);
        for (i = 0; i < 4; i++) {
            float *bias = (float *)m.model->layers[0].up.bias;
            bias[17 + i * 100] = odd[i];
            CHECK_CASE(model_long_bits(&m, &small, want, FEWER_TOKENS * 5), plans[p].act);
            bias[17 + i * 100] = 0;
            bias = (float *)m.model->embed_weight;
            bias[5] = odd[i];
            CHECK_CASE(model_long_bits(&m, &small, want, FEWER_TOKENS * 5), plans[p].act);
            bias[5] = 1;
        }
        made_free(&m);
    }
}

/* The same sums on every machine, so every CPU that runs this test computes the same bits. */
static void test_model_made(void) {
    static const struct {
        plan p;
        const char *name;
        uint64_t sum;
    } all[] = {
        {{2, 48, 4, 96, 48, 2, 7, 64, "gelu", TC_F32},
         "bert, gelu",
         UINT64_C(0x57CC88AC15C899AB)},
        {{1, 60, 3, 104, 60, 1, 2, 41, "gelu_new", TC_F32},
         "odd sizes, gelu_new, one type",
         UINT64_C(0x5B7FF7D908A621C2)},
        {{3, 32, 1, 40, 20, 0, 5, 40, "relu", TC_F32},
         "projection, relu, no types",
         UINT64_C(0x5333AFD6BFFBCCF9)},
        {{2, 64, 2, 130, 64, 2, 7, 40, "silu", TC_F16},
         "silu, f16",
         UINT64_C(0x6350B150352D5B14)},
        {{2, 48, 3, 50, 24, 2, 7, 40, "gelu", TC_BF16},
         "projection, bf16",
         UINT64_C(0x4B714B88E87B18F7)},
        {{2, 36, 2, 70, 36, 2, 7, 40, "gelu", TC_S16}, "s16", UINT64_C(0x4A6038A6D8858EC6)},
        {{2, 68, 4, 77, 68, 2, 7, 40, "gelu", TC_S8}, "s8", UINT64_C(0x9B8D64A2D2CB9890)},
        {{2, 128, 4, 384, 40, 2, 7, 40, "gelu", TC_S8},
         "s8, rotated",
         UINT64_C(0xD01B02E56F5718DF)},
        {{1, 128, 2, 72, 256, 2, 7, 40, "gelu", TC_S8},
         "s8, some rotated",
         UINT64_C(0x5ADD1713E8E6B597)},
        {{5, 44, 2, 90, 20, 2, 7, 40, "gelu", TC_DTYPE_COUNT},
         "mixed dtypes",
         UINT64_C(0xC23209DAAF316EC7)},
    };
    size_t i;
    for (i = 0; i < sizeof all / sizeof *all; i++) {
        uint64_t sum = model_check(&all[i].p, all[i].name);
        if (sum != all[i].sum)
            printf("    sum of %s: 0x%016llX\n", all[i].name, (unsigned long long)sum);
        CHECK_CASE(sum == all[i].sum, all[i].name);
    }
}

/* hidden states of each layer, and arguments that are refused. */
static void test_model_outputs(void) {
    static const plan p = {2, 16, 2, 24, 16, 2, 3, 8, "gelu", TC_F32};
    int32_t ids[9] = {2, 5, 6, 3, 0, 0, 0, 0, 0};
    uint8_t types[4] = {0, 1, 1, 0};
    uint32_t length = 4;
    static const uint32_t many[] = {INT32_MAX, 1};
    float a[4 * 16], b[4 * 16], logits[4 * 3];
    tc_session *s;
    tc_batch batch;
    tc_outputs o;
    tc_diag diag;
    tc_env env;
    made m;
    memset(&env, 0, sizeof env);
    memset(&batch, 0, sizeof batch);
    memset(&o, 0, sizeof o);
    env.diag = &diag;
    if (!made_plan(&m, &p, NULL) || tc_session_create(m.model, &env, &s)) {
        CHECK(0);
        return;
    }
    batch.ids = ids;
    batch.lengths = &length;
    batch.sequences = 1;
    o.hidden = a;
    CHECK(!tc_session_run(s, &batch, &o));
    o.hidden = b;
    o.layer = 2;
    o.logits = logits;
    CHECK(!tc_session_run(s, &batch, &o) && !memcmp(a, b, sizeof a));
    o.layer = 1;
    CHECK(!tc_session_run(s, &batch, &o) && memcmp(a, b, sizeof a));
    o.layer = -1;
    CHECK(!tc_session_run(s, &batch, &o) && memcmp(a, b, sizeof a));
    o.layer = 3;
    CHECK_EQ(tc_session_run(s, &batch, &o), TC_ERROR_ARGUMENT);
    o.layer = 0;
    ids[1] = PLAN_VOCAB;
    CHECK_EQ(tc_session_run(s, &batch, &o), TC_ERROR_ARGUMENT);
    CHECK(strstr(diag.message, "token 1") != NULL);
    ids[1] = -1;
    CHECK_EQ(tc_session_run(s, &batch, &o), TC_ERROR_ARGUMENT);
    ids[1] = 5;
    length = 9;
    CHECK_EQ(tc_session_run(s, &batch, &o), TC_ERROR_LENGTH);
    length = 0;
    CHECK_EQ(tc_session_run(s, &batch, &o), TC_ERROR_ARGUMENT);
    length = 4;
    batch.types = types;
    CHECK_EQ(tc_session_run(s, &batch, &o), TC_OK);
    types[3] = 2; /* of 0 and 1 */
    CHECK_EQ(tc_session_run(s, &batch, &o), TC_ERROR_ARGUMENT);
    CHECK(strstr(diag.message, "token 3 has type 2") != NULL);
    m.model->info.max_position_embeddings = INT32_MAX; /* more tokens than are counted */
    batch.lengths = many;
    batch.sequences = 2;
    CHECK_EQ(tc_session_run(s, &batch, &o), TC_ERROR_LENGTH);
    tc_session_free(s);
    made_free(&m);
}

/* ---- the real stack's logits, float64 ---- */

typedef struct logit_case {
    const char *name;
    const tc_model *model;
    tc_session *session;
    double worst, top;
    size_t cases, bad;
    const char *output; /* "logits", or the hidden states */
} logit_case;

static void compare_rows(logit_case *k, const json_doc *d, const json_node *rows,
                         const float *got, size_t columns) {
    const json_node *row, *v;
    size_t t = 0, i;
    for (row = json_first(d, rows); row; row = json_next(d, row), t++)
        for (i = 0, v = json_first(d, row); v; v = json_next(d, v), i++) {
            double want = json_double(v),
                   e = i < columns ? fabs(want - (double)got[t * columns + i]) : 1e9;
            if (e > k->worst) k->worst = e;
            if (fabs(want) > k->top) k->top = fabs(want);
        }
}

/* The ids of a text, at most 512; returns their number. */
static uint32_t logit_ids(const tc_model *model, tc_string text, int32_t *ids) {
    const tc_token *t;
    tc_encoding *e;
    tc_input input;
    size_t n = 0, i;
    memset(&input, 0, sizeof input);
    input.text = text.data;
    input.length = text.length;
    if (tc_encoding_create(tc_model_tokenizer(model), NULL, &e)) return 0;
    if (!tc_encoding_run(e, &input, NULL)) {
        t = tc_encoding_tokens(e, 0, &n);
        for (i = 0; i < n && i < 512; i++) ids[i] = t[i].id;
    }
    tc_encoding_free(e);
    return (uint32_t)(n < 512 ? n : 512);
}

static void visit_logits(void *user, const json_doc *d, const json_node *c, size_t line) {
    logit_case *k = (logit_case *)user;
    const tc_model_info *n = tc_model_get_info(k->model);
    const json_node *ids = json_get(d, c, "ids"), *hidden = json_get(d, c, "hidden_states"),
                    *types = json_get(d, c, "type_ids"), *v;
    int32_t list[512];
    uint8_t kinds[512] = {0};
    uint32_t length = 0;
    float *out;
    tc_batch batch;
    tc_outputs o;
    size_t i = 0;
    (void)line;
    if (!ids)
        length = logit_ids(k->model, json_text(json_get(d, c, "text")), list);
    else if (ids->count > 512)
        return;
    for (v = ids ? json_first(d, ids) : NULL; v; v = json_next(d, v))
        list[length++] = (int32_t)json_int(v, 0);
    for (v = types ? json_first(d, types) : NULL; v; v = json_next(d, v))
        kinds[i++] = (uint8_t)json_int(v, 0);
    out = (float *)malloc((size_t)length * (n->hidden_size + n->num_labels) * sizeof *out);
    memset(&o, 0, sizeof o);
    batch.ids = list;
    batch.types = n->type_vocab_size ? kinds : NULL;
    batch.lengths = &length;
    batch.sequences = 1;
    o.logits = out;
    if (json_get(d, c, "logits")) {
        k->bad += tc_session_run(k->session, &batch, &o) != TC_OK;
        compare_rows(k, d, json_get(d, c, "logits"), out, n->num_labels);
        k->cases++;
    }
    o.logits = NULL;
    o.hidden = out;
    o.layer = -1;
    for (v = hidden ? json_first(d, hidden) : NULL; v; v = json_next(d, v)) {
        k->bad += tc_session_run(k->session, &batch, &o) != TC_OK;
        compare_rows(k, d, v, out, n->hidden_size);
        o.layer = o.layer < 0 ? 1 : o.layer + 1;
        k->cases++;
    }
    free(out);
}

static void test_model_reference(void) {
    static const char *const models[] = {"bert-gelu",        "bert-gelu_new-cased", "bert-odd",
                                         "distilbert-cased", "distilbert-uncased",  "electra"};
    char path[128];
    size_t i;
    int level, threads;
    for (i = 0; i < sizeof models / sizeof *models; i++) {
        made m;
        snprintf(path, sizeof path, "oracles/reference/models/%s/expected.jsonl", models[i]);
        if (!shared_here(path)) continue;
        snprintf(path, sizeof path, "oracles/reference/models/%s", models[i]);
        if (!made_convert(&m, shared_path(path), -1)) {
            CHECK_CASE(0, models[i]);
            continue;
        }
        for (level = TC_LEVEL_SCALAR; level < TC_LEVEL_COUNT; level++)
            for (threads = 1; threads <= 2 && tc_level_available((tc_level)level); threads++) {
                logit_case k;
                tc_env env;
                memset(&k, 0, sizeof k);
                memset(&env, 0, sizeof env);
                k.model = m.model;
                k.top = 1;
                env.level = (tc_level)level;
                env.threads = (unsigned)threads;
                if (tc_session_create(m.model, &env, &k.session)) continue;
                snprintf(path, sizeof path, "oracles/reference/models/%s/expected.jsonl",
                         models[i]);
                (void)each_line(shared_path(path), visit_logits, &k);
                CHECK_CASE(k.cases == 15 && !k.bad && k.worst <= 1e-5 * k.top, models[i]);
                k.cases = 0;
                snprintf(path, sizeof path, "oracles/reference/models/%s/hidden.jsonl",
                         models[i]);
                if (each_line(shared_path(path), visit_logits, &k))
                    CHECK_CASE(k.cases && !k.bad && k.worst <= 1e-5 * k.top, models[i]);
                tc_session_free(k.session);
            }
        made_free(&m);
    }
}

/* TC_COMPUTE_FAST: near the exact logits. */
static void test_model_fast(void) {
    static const plan plans[] = {{2, 64, 2, 160, 64, 2, 5, 40, "gelu", TC_F32},
                                 {2, 64, 2, 160, 64, 2, 5, 40, "gelu", TC_BF16},
                                 {2, 64, 2, 165, 24, 2, 5, 40, "gelu", TC_BF16},
                                 {2, 48, 3, 50, 24, 2, 5, 40, "gelu", TC_F16},
                                 {2, 48, 3, 50, 24, 2, 5, 40, "gelu", TC_S8}};
    enum { MOST = 6, C = 5 };
    const tc__split *split = tc__ktab_split(tc_level_choose(TC_LEVEL_BEST));
    int32_t ids[MOST * 40];
    uint32_t lengths[MOST];
    float want[MOST * 40 * C], got[MOST * 40 * C];
    tc_outputs o;
    tc_batch batch;
    tc_env env;
    size_t p, i;
    memset(&env, 0, sizeof env);
    memset(&batch, 0, sizeof batch);
    memset(&o, 0, sizeof o);
    batch.ids = ids;
    batch.lengths = lengths;
    batch.sequences = MOST;
    for (i = 0; i < MOST; i++) lengths[i] = 40;
    for (i = 0; i < MOST * 40; i++) ids[i] = (int32_t)(random_u32() % PLAN_VOCAB);
    for (p = 0; p < sizeof plans / sizeof *plans; p++) {
        double error = 0, top = 0;
        tc_session *s;
        made m;
        if (!made_plan(&m, &plans[p], NULL)) {
            CHECK(0);
            return;
        }
        for (env.compute = TC_COMPUTE_EXACT;; env.compute = TC_COMPUTE_FAST) {
            CHECK(!tc_session_create(m.model, &env, &s));
            o.logits = env.compute ? got : want;
            CHECK(!tc_session_run(s, &batch, &o));
            tc_session_free(s);
            if (env.compute == TC_COMPUTE_FAST) break;
        }
        for (i = 0; i < MOST * 40 * C; i++) {
            double e = fabs((double)got[i] - (double)want[i]);
            if (!(e <= error)) error = e;
            if (fabs((double)want[i]) > top) top = fabs((double)want[i]);
        }
        CHECK(error <= (plans[p].dtype == TC_BF16 ? 1e-2 : 1e-4) * top); /* 8 bits, or 16 */
        /* the head of an s8 model is f32 too */
        CHECK_EQ(error > 0, split && (split->panel || plans[p].dtype == TC_BF16));
        made_free(&m);
    }
}

/* TC_COMPUTE_FAST: the same bits at any number of threads: with one the short sequence shares a
 * group with the last, with two it has one of its own. */
static void test_model_fast_threads(tc_dtype dtype) {
    const plan p = {2, 64, 2, 160, 64, 2, 5, 140, "gelu", dtype};
    static const uint32_t lengths[] = {140, 20, 140};
    enum { TOKENS = 300, C = 5 };
    int32_t ids[TOKENS];
    float want[TOKENS * C], got[TOKENS * C];
    tc_outputs o;
    tc_batch batch;
    tc_env env;
    size_t i;
    made m;
    memset(&env, 0, sizeof env);
    memset(&batch, 0, sizeof batch);
    memset(&o, 0, sizeof o);
    batch.ids = ids;
    batch.lengths = lengths;
    batch.sequences = 3;
    env.compute = TC_COMPUTE_FAST;
    for (i = 0; i < TOKENS; i++) ids[i] = (int32_t)(random_u32() % PLAN_VOCAB);
    if (!made_plan(&m, &p, NULL)) {
        CHECK(0);
        return;
    }
    for (env.threads = 1; env.threads <= 3; env.threads++) {
        tc_session *s;
        o.logits = env.threads > 1 ? got : want;
        CHECK(!tc_session_create(m.model, &env, &s) && !tc_session_run(s, &batch, &o));
        tc_session_free(s);
        if (env.threads > 1) CHECK(!memcmp(got, want, sizeof got));
    }
    made_free(&m);
}

/* Batches of many tokens, which are cut in groups: logits and hidden states of each sequence as
 * when it is alone, at any number of threads, and when the same session meets another batch. */
static void test_model_many(tc_dtype dtype) {
    const plan p = {2, 32, 2, 48, 32, 2, 5, 250, "gelu", dtype};
    enum { MOST = 40, TOKENS = 40 * 250, H = 32, C = 5 };
    static int32_t ids[TOKENS];
    static uint8_t types[TOKENS];
    static float logits[TOKENS * C], hidden[TOKENS * H], logits1[250 * C], hidden1[250 * H];
    uint32_t lengths[MOST];
    tc_session *s, *single;
    tc_outputs o, o1;
    tc_batch batch, one;
    tc_env env;
    made m;
    memset(&env, 0, sizeof env);
    memset(&batch, 0, sizeof batch);
    memset(&o, 0, sizeof o);
    if (!made_plan(&m, &p, NULL)) {
        CHECK(0);
        return;
    }
    batch.ids = ids;
    batch.types = types;
    batch.lengths = lengths;
    one = batch;
    one.sequences = 1;
    o.layer = 1;
    o1 = o;
    o.logits = logits;
    o.hidden = hidden;
    o1.logits = logits1;
    o1.hidden = hidden1;
    CHECK(!tc_session_create(m.model, &env, &single));
    for (env.threads = 1; env.threads <= 3; env.threads += 2) {
        CHECK(!tc_session_create(m.model, &env, &s));
        for (batch.sequences = MOST; batch.sequences > 1; batch.sequences /= 3) {
            size_t i, k, total = 0, at = 0;
            int good = 1;
            for (i = 0; i < batch.sequences; i++) {
                lengths[i] = i == 3 ? 250 : 1 + random_u32() % (i % 2 ? 120 : 9);
                total += lengths[i];
            }
            for (k = 0; k < total; k++) {
                ids[k] = (int32_t)(random_u32() % PLAN_VOCAB);
                types[k] = random_u32() % 2;
            }
            CHECK(!tc_session_run(s, &batch, &o));
            for (i = 0; i < batch.sequences; at += lengths[i++]) {
                one.ids = ids + at;
                one.types = types + at;
                one.lengths = lengths + i;
                good &= !tc_session_run(single, &one, &o1) &&
                        !memcmp(logits + at * C, logits1, lengths[i] * C * sizeof *logits) &&
                        !memcmp(hidden + at * H, hidden1, lengths[i] * H * sizeof *hidden);
            }
            CHECK_EQ(good, 1);
        }
        tc_session_free(s);
    }
    tc_session_free(single);
    made_free(&m);
}

/* Rows of a wide activation that do not divide by the threads' blocks of rows. */
static void test_model_wide(tc_dtype dtype) {
    const plan p = {1, 16, 2, 16384, 256, 0, 5, 250, "gelu", dtype};
    enum { MOST = 190, C = 5 };
    int32_t ids[MOST];
    float logits[2][MOST * C];
    uint32_t length;
    tc_session *s[2];
    tc_outputs o;
    tc_batch batch;
    tc_env env;
    int good = 1;
    made m;
    memset(&env, 0, sizeof env);
    memset(&batch, 0, sizeof batch);
    memset(&o, 0, sizeof o);
    for (length = 0; length < MOST; length++) ids[length] = (int32_t)(length * 7 % PLAN_VOCAB);
    if (!made_plan(&m, &p, NULL)) {
        CHECK(0);
        return;
    }
    batch.ids = ids;
    batch.lengths = &length;
    batch.sequences = 1;
    for (env.threads = 1; env.threads <= 4; env.threads += 3)
        CHECK(!tc_session_create(m.model, &env, &s[env.threads / 4]));
    for (length = 172; length <= MOST; length += 6) {
        int k;
        for (k = 0; k < 2; k++) {
            o.logits = logits[k];
            good &= !tc_session_run(s[k], &batch, &o);
        }
        good &= !memcmp(logits[0], logits[1], length * C * sizeof **logits);
    }
    CHECK_EQ(good, 1);
    tc_session_free(s[0]);
    tc_session_free(s[1]);
    made_free(&m);
}

/* A pass that stops behind the first layer leaves nothing to the next one. */
static void test_model_stops(tc_dtype dtype) {
    const plan p = {2, 32, 2, 48, 32, 2, 5, 250, "gelu", dtype};
    enum { TOKENS = 37, H = 32, C = 5 };
    int32_t ids[TOKENS];
    float hidden[TOKENS * H], got[TOKENS * C], want[TOKENS * C];
    uint32_t length = TOKENS;
    tc_session *s;
    tc_outputs o;
    tc_batch batch;
    size_t i;
    int k;
    made m;
    memset(&batch, 0, sizeof batch);
    if (!made_plan(&m, &p, NULL)) {
        CHECK(0);
        return;
    }
    batch.ids = ids;
    batch.lengths = &length;
    batch.sequences = 1;
    for (k = 0; k < 2; k++) {
        CHECK(!tc_session_create(m.model, NULL, &s));
        memset(&o, 0, sizeof o);
        o.layer = 1;
        o.hidden = hidden;
        for (i = 0; i < TOKENS; i++) ids[i] = (int32_t)(i * 5 % PLAN_VOCAB);
        if (k) CHECK(!tc_session_run(s, &batch, &o));
        memset(&o, 0, sizeof o);
        o.logits = k ? got : want;
        for (i = 0; i < TOKENS; i++) ids[i] = (int32_t)(i * 7 % PLAN_VOCAB);
        CHECK(!tc_session_run(s, &batch, &o));
        tc_session_free(s);
    }
    CHECK(!memcmp(got, want, sizeof got));
    made_free(&m);
}

static void test_model(void) {
    test_model_long();
    test_model_made();
    test_model_outputs();
    test_model_many(TC_F32);
    test_model_many(TC_S16);
    test_model_many(TC_S8);
    test_model_many(TC_DTYPE_COUNT);
    test_model_wide(TC_F32);
    test_model_wide(TC_S8);
    test_model_stops(TC_F32);
    test_model_stops(TC_S16);
    test_model_stops(TC_S8);
    test_model_stops(TC_DTYPE_COUNT);
    test_model_fast();
    test_model_fast_threads(TC_F32);
    test_model_fast_threads(TC_BF16);
    test_model_reference();
}

#endif
