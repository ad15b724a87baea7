/* cmd_bench.c - tokclass bench: latency and throughput of a model, beside what the machine can
 * do at that moment. */
#include "common.h"
#include "output.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    BENCH_SAMPLES = 9,
    BENCH_SHAPES = 64,      /* most shapes in a list */
    BENCH_CORES = 1024,     /* most in a burst */
    BENCH_SEQUENCES = 4096, /* most in a shape */
    BENCH_TOKENS = 1 << 20  /* of a sequence */
};
#define BENCH_SECONDS 0.1 /* a sample lasts at least */

/* A model that is timed. */
typedef struct bench_side {
    tc_model *model;
    const tc_model_info *info;
    tc_session *session;
    float *logits; /* [tokens, labels or hidden size] */
    uint64_t runs; /* forward passes of a sample */
} bench_side;

typedef struct bench_shape {
    const char *name; /* with its length: a piece of the option */
    int name_length;
    uint32_t sequences, length; /* length 0: 8 to 128 tokens */
} bench_shape;

typedef struct bench_summary {
    double least, median, most;
} bench_summary;

typedef struct bench_job {
    common c;
    const char *path, *against, *list;
    int json;
    bench_shape shapes[BENCH_SHAPES];
    size_t shape_count;
    bench_side sides[2]; /* the model; the one of --against */
    /* of the shape under way */
    int32_t *ids;      /* [tokens] */
    uint32_t *lengths; /* [sequences] */
    tc_batch batch;
    uint64_t tokens;
    double operations; /* of a forward pass; a multiply-add counts twice */
    double ms[2][BENCH_SAMPLES], burst[BENCH_SAMPLES], ratio[BENCH_SAMPLES];
    out o;
} bench_job;

static const tool_command bench_command = {
    "bench",
    "MODEL",
    "Times forward passes, without tokenizing. Each sample stands beside a burst: the most\n"
    "multiply-adds that the cores make in registers at that moment, in the arithmetic of the\n"
    "model. A percentage is the share of the burst that a pass reaches, on all threads.\n"
    "With --against samples of both models alternate; a ratio is the time of the other model\n"
    "over that of MODEL, from neighbours.\n",
    1,
    1,
    "the model"};

static int bench_parse(bench_job *j, int argc, char **argv, int *count) {
    const tool_option options[] = {
        {"shapes", TOOL_TEXT, &j->list, "LIST", 0, 0,
         "sequences x tokens; 32xmix: 32 of 8 to 128 tokens; default 1x16,1x128,8x128,32xmix"},
        {"against", TOOL_TEXT, &j->against, "MODEL", 0, 0, "another model, timed in turn"},
        {"json", TOOL_FLAG, &j->json, NULL, 0, 0, "one JSON object in place of the table"},
        COMMON_OPTIONS(j->c),
        {NULL, TOOL_FLAG, NULL, NULL, 0, 0, NULL},
    };
    return tool_parse(&bench_command, options, argc, argv, count);
}

/* A number from 1 to `most`, from *at on, which moves behind it; 0: none. */
static uint32_t bench_number(const char **at, uint32_t most) {
    uint32_t n = 0;
    while (**at >= '0' && **at <= '9' && n <= most) n = n * 10 + (uint32_t)(*(*at)++ - '0');
    return n <= most ? n : 0;
}

/* Reads "8x128" or "32xmix"; 0 where there is none. */
static int bench_shape_read(const char **at, bench_shape *s) {
    s->name = *at;
    s->length = 0;
    s->sequences = bench_number(at, BENCH_SEQUENCES);
    if (!s->sequences || *(*at)++ != 'x') return 0;
    if (!strncmp(*at, "mix", 3)) {
        *at += 3;
    } else {
        s->length = bench_number(at, BENCH_TOKENS);
        if (!s->length) return 0;
    }
    s->name_length = (int)(*at - s->name);
    return **at == 0 || **at == ',';
}

/* Reads --shapes; -1 to go on. */
static int bench_shapes(bench_job *j) {
    const char *at = j->list ? j->list : "1x16,1x128,8x128,32xmix";
    for (;; at++) {
        bench_shape *s = &j->shapes[j->shape_count];
        if (j->shape_count++ == BENCH_SHAPES)
            return tool_usage("bench", "--shapes has more than %d", BENCH_SHAPES);
        if (!bench_shape_read(&at, s))
            return tool_usage("bench",
                              "--shapes: \"%s\" does not begin with a shape like 8x128, of at "
                              "most %d sequences and %d tokens",
                              s->name, BENCH_SEQUENCES, BENCH_TOKENS);
        if (!*at) return -1;
    }
}

static int bench_open(bench_job *j, bench_side *s, const char *path) {
    tc_env env = common_env(&j->c);
    tc_status status;
    if (common_load(&j->c, path, &s->model)) return TOOL_FAILED;
    s->info = tc_model_get_info(s->model);
    status = tc_session_create(s->model, &env, &s->session);
    return status ? common_fail(&j->c, tool_input(path), status) : 0;
}

static uint32_t bench_random(uint32_t *x) {
    *x = *x * 1664525u + 1013904223u;
    return *x >> 8;
}

static size_t bench_columns(const tc_model_info *n) {
    return n->num_labels > n->hidden_size ? n->num_labels : n->hidden_size;
}

/* Operations of the linear layers and of attention, for the tokens that there are. */
static double bench_operations(const bench_job *j, const tc_model_info *n) {
    double H = n->hidden_size, I = n->intermediate_size, sum = 0;
    double E = n->embedding_size == n->hidden_size ? 0 : n->embedding_size; /* projected */
    size_t i;
    for (i = 0; i < j->batch.sequences; i++) {
        double S = j->lengths[i];
        sum += 2 * S *
               (n->num_hidden_layers * (4 * H * H + 2 * H * I + 2 * S * H) +
                H * (E + n->num_labels));
    }
    return sum;
}

/* The side that takes the shorter sequences, and how long. */
static int bench_shorter(const bench_job *j) {
    return j->against && j->sides[1].info->max_position_embeddings <
                             j->sides[0].info->max_position_embeddings;
}

static uint32_t bench_limit(const bench_job *j) {
    return j->sides[bench_shorter(j)].info->max_position_embeddings;
}

/* Makes the batch of a shape, with ids that both models have. */
static int bench_fill(bench_job *j, const bench_shape *shape) {
    uint32_t least = j->sides[0].info->vocab_size, x = 1, i;
    int k, count = j->against ? 2 : 1;
    uint64_t t;
    for (k = 1; k < count; k++)
        if (j->sides[k].info->vocab_size < least) least = j->sides[k].info->vocab_size;
    j->lengths = (uint32_t *)malloc(shape->sequences * sizeof *j->lengths);
    if (!j->lengths) return tool_fail("bench", "no memory");
    j->tokens = 0;
    for (i = 0; i < shape->sequences; i++) {
        j->lengths[i] = shape->length ? shape->length : 8 + bench_random(&x) % 121;
        if (!shape->length && j->lengths[i] > bench_limit(j)) j->lengths[i] = bench_limit(j);
        j->tokens += j->lengths[i];
    }
    j->ids = (int32_t *)malloc((size_t)j->tokens * sizeof *j->ids);
    for (k = 0; k < count && j->ids; k++) {
        bench_side *s = &j->sides[k];
        s->logits = (float *)malloc((size_t)j->tokens * bench_columns(s->info) * sizeof(float));
        if (!s->logits) break;
    }
    if (!j->ids || k < count) return tool_fail("bench", "no memory");
    for (t = 0, x = 7; t < j->tokens; t++) j->ids[t] = (int32_t)(bench_random(&x) % least);
    memset(&j->batch, 0, sizeof j->batch);
    j->batch.ids = j->ids;
    j->batch.lengths = j->lengths;
    j->batch.sequences = shape->sequences;
    j->operations = bench_operations(j, j->sides[0].info);
    return 0;
}

static void bench_empty(bench_job *j) {
    int k;
    free(j->ids);
    free(j->lengths);
    j->ids = NULL;
    j->lengths = NULL;
    for (k = 0; k < 2; k++) {
        free(j->sides[k].logits);
        j->sides[k].logits = NULL;
    }
}

/* Seconds of `runs` passes, below 0 after a message. */
static double bench_run(bench_job *j, bench_side *s, uint64_t runs) {
    tc_outputs outputs;
    double start = tool_seconds();
    memset(&outputs, 0, sizeof outputs);
    if (s->info->num_labels)
        outputs.logits = s->logits;
    else
        outputs.hidden = s->logits;
    for (; runs; runs--) {
        tc_status status = tc_session_run(s->session, &j->batch, &outputs);
        if (status) {
            (void)common_fail(&j->c, tool_input(s == j->sides ? j->path : j->against), status);
            return -1;
        }
    }
    return tool_seconds() - start;
}

/* The type that a pass multiplies in: products are split only where it pays. */
static tc_dtype bench_arithmetic(const bench_job *j, tc_level level) {
    tc_dtype dtype = j->sides[0].info->dtype;
    uint64_t few = dtype == TC_BF16 ? 8 : 32;
    if (dtype == TC_S8 || dtype == TC_S16) return dtype;
    if (j->c.compute != TC_COMPUTE_FAST || j->tokens < few) return TC_F32;
    return level == TC_LEVEL_BF16 && dtype != TC_BF16 ? TC_F32 : TC_BF16;
}

typedef struct bench_worker { /* of a burst */
    pthread_t thread;
    int started;
    tc_level level;
    tc_dtype dtype;
    uint64_t count, done; /* multiply-adds */
} bench_worker;

static void *bench_work(void *of) {
    bench_worker *w = (bench_worker *)of;
    w->done = tc_level_burst(w->level, w->dtype, w->count);
    return NULL;
}

/* Giga-operations a second of as many cores as a pass has threads, all at once: the best of
 * three. */
static double bench_burst(const bench_job *j) {
    bench_worker workers[BENCH_CORES];
    tc_level level = tc_level_choose(j->c.level);
    unsigned cores = tool_cpus(), i, k;
    double best = 0;
    if (cores > (unsigned)j->c.threads) cores = (unsigned)j->c.threads;
    if (cores > BENCH_CORES) cores = BENCH_CORES;
    memset(workers, 0, sizeof workers);
    for (i = 0; i < cores; i++) {
        workers[i].level = level;
        workers[i].dtype = bench_arithmetic(j, level);
        workers[i].count = level <= TC_LEVEL_BASE ? 20000000 : 2000000000;
    }
    for (k = 0; k < 3; k++) {
        double start = tool_seconds(), done = 0;
        for (i = 1; i < cores; i++)
            workers[i].started =
                !pthread_create(&workers[i].thread, NULL, bench_work, &workers[i]);
        bench_work(&workers[0]);
        for (i = 0; i < cores; i++) {
            if (i && workers[i].started) pthread_join(workers[i].thread, NULL);
            if (!i || workers[i].started) done += 2e-9 * (double)workers[i].done;
        }
        done /= tool_seconds() - start;
        if (done > best) best = done;
    }
    return best;
}

static int bench_shape_run(bench_job *j) {
    int sides = j->against ? 2 : 1, i, k;
    for (k = 0; k < sides; k++) { /* the first pass allocates, the second is timed */
        bench_side *s = &j->sides[k];
        double once = bench_run(j, s, 1) < 0 ? -1 : bench_run(j, s, 1);
        if (once < 0) return TOOL_FAILED;
        s->runs = once > 0 && once < BENCH_SECONDS ? (uint64_t)(BENCH_SECONDS / once) + 1 : 1;
    }
    for (i = 0; i < BENCH_SAMPLES; i++) {
        j->burst[i] = bench_burst(j);
        for (k = 0; k < sides; k++) {
            double seconds = bench_run(j, &j->sides[k], j->sides[k].runs);
            if (seconds < 0) return TOOL_FAILED;
            j->ms[k][i] = seconds * 1e3 / (double)j->sides[k].runs;
        }
        if (sides == 2) j->ratio[i] = j->ms[1][i] / j->ms[0][i];
    }
    return 0;
}

static int bench_order(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static bench_summary bench_summarize(const double *samples) {
    double v[BENCH_SAMPLES];
    bench_summary s;
    memcpy(v, samples, sizeof v);
    qsort(v, BENCH_SAMPLES, sizeof *v, bench_order);
    s.least = v[0];
    s.median = v[BENCH_SAMPLES / 2];
    s.most = v[BENCH_SAMPLES - 1];
    return s;
}

static bench_summary bench_share(const bench_job *j) {
    double share[BENCH_SAMPLES];
    int i;
    for (i = 0; i < BENCH_SAMPLES; i++)
        share[i] = j->operations / (j->ms[0][i] * 1e6) / j->burst[i] * 100;
    return bench_summarize(share);
}

static void bench_json_summary(out *o, const char *name, bench_summary s) {
    out_key(o, name);
    out_char(o, '{');
    out_key_float(o, "min", s.least);
    out_key_float(o, "median", s.median);
    out_key_float(o, "max", s.most);
    out_char(o, '}');
}

static void bench_json(bench_job *j, const bench_shape *shape, int first) {
    out *o = &j->o;
    bench_summary ms = bench_summarize(j->ms[0]);
    if (!first) out_char(o, ',');
    out_text(o, "\n  {");
    out_key(o, "shape");
    out_json(o, shape->name, (size_t)shape->name_length);
    out_key_uint(o, "sequences", shape->sequences);
    out_key_uint(o, "tokens", j->tokens);
    bench_json_summary(o, "milliseconds", ms);
    out_key_float(o, "tokens_per_second", (double)j->tokens / ms.median * 1e3);
    out_key_float(o, "gops_per_second", j->operations / ms.median * 1e-6);
    bench_json_summary(o, "burst_gops_per_second", bench_summarize(j->burst));
    bench_json_summary(o, "percent_of_burst", bench_share(j));
    if (j->against) {
        bench_json_summary(o, "against_milliseconds", bench_summarize(j->ms[1]));
        bench_json_summary(o, "ratio", bench_summarize(j->ratio));
    }
    out_char(o, '}');
}

static void bench_text(bench_job *j, const bench_shape *shape) {
    bench_summary ms = bench_summarize(j->ms[0]), share = bench_share(j);
    char line[256];
    snprintf(line, sizeof line, "%-8.*s %8.3f %8.3f %8.3f %10.0f %9.1f %9.1f %6.1f %6.1f %6.1f",
             shape->name_length, shape->name, ms.least, ms.median, ms.most,
             (double)j->tokens / ms.median * 1e3, j->operations / ms.median * 1e-6,
             bench_summarize(j->burst).median, share.least, share.median, share.most);
    out_text(&j->o, line);
    if (j->against) {
        bench_summary other = bench_summarize(j->ms[1]), ratio = bench_summarize(j->ratio);
        snprintf(line, sizeof line, " %9.3f %6.2f %6.2f %6.2f", other.median, ratio.least,
                 ratio.median, ratio.most);
        out_text(&j->o, line);
    }
    out_char(&j->o, '\n');
}

static void bench_head(bench_job *j) {
    const tc_model_info *n = j->sides[0].info;
    const char *level = tc_level_name(tc_level_choose(j->c.level));
    const int fast = j->c.compute == TC_COMPUTE_FAST;
    out *o = &j->o;
    if (j->json) {
        out_char(o, '{');
        out_key_text(o, "model", j->path);
        out_key_text(o, "dtype", tc_dtype_name(n->dtype));
        out_key_text(o, "isa", level);
        out_key_uint(o, "threads", (uint64_t)j->c.threads);
        out_key_text(o, "compute", fast ? "fast" : "exact");
        if (j->against) out_key_text(o, "against", j->against);
        out_key_uint(o, "samples", BENCH_SAMPLES);
        out_key(o, "shapes");
        out_char(o, '[');
        return;
    }
    out_text(o, tc_dtype_name(n->dtype));
    out_text(o, ", ");
    out_text(o, level);
    out_text(o, fast ? ", --compute fast, " : ", ");
    out_uint(o, (uint64_t)j->c.threads);
    out_text(o, j->c.threads > 1 ? " threads; " : " thread; ");
    out_text(o, "min, median, max of 9 samples\n"
                "shape     ms min   median      max   tokens/s    Gop/s     burst  % min median"
                "    max");
    if (j->against) out_text(o, "   against  ratio median    max");
    out_char(o, '\n');
}

/* A shape that was asked for fails; one of the default list is left out. */
static int bench_beyond(const bench_job *j, const bench_shape *shape) {
    const char *where = tool_input(bench_shorter(j) ? j->against : j->path);
    if (j->list)
        return tool_fail(where, "a sequence of %u tokens is beyond the limit of %u",
                         (unsigned)shape->length, (unsigned)bench_limit(j));
    tool_note(where, "without %.*s: the limit is %u tokens", shape->name_length, shape->name,
              (unsigned)bench_limit(j));
    return 0;
}

/* A shape of the list, of which `done` were timed before. */
static int bench_one(bench_job *j, const bench_shape *shape, size_t done) {
    int failed = bench_fill(j, shape);
    if (!failed) failed = bench_shape_run(j);
    if (!failed && j->json) bench_json(j, shape, !done);
    if (!failed && !j->json) bench_text(j, shape);
    bench_empty(j);
    return failed || j->json ? failed : out_flush(&j->o); /* line by line, it takes a while */
}

static int bench_all(bench_job *j) {
    size_t i, done = 0;
    int failed = bench_open(j, &j->sides[0], j->path);
    if (!failed && j->against) failed = bench_open(j, &j->sides[1], j->against);
    if (failed) return failed;
    for (i = 0; j->list && i < j->shape_count; i++)
        if (j->shapes[i].length > bench_limit(j)) return bench_beyond(j, &j->shapes[i]);
    bench_head(j);
    for (i = 0; i < j->shape_count && !failed; i++) {
        int beyond = j->shapes[i].length > bench_limit(j);
        failed = beyond ? bench_beyond(j, &j->shapes[i]) : bench_one(j, &j->shapes[i], done);
        done += !beyond;
    }
    if (failed) return failed;
    if (j->json) out_text(&j->o, "\n]}\n");
    return out_flush(&j->o);
}

int cmd_bench(int argc, char **argv) {
    bench_job j;
    int count = 0, status, k;
    memset(&j, 0, sizeof j);
    common_init(&j.c);
    status = bench_parse(&j, argc, argv, &count);
    if (status < 0) status = common_check(&j.c, "bench");
    if (status < 0) status = bench_shapes(&j);
    if (status < 0 && j.against && !strcmp(j.against, "-"))
        status = tool_usage("bench", "--against cannot come from standard input");
    if (status < 0) {
        j.path = argv[1];
        j.c.threads = (int64_t)common_env(&j.c).threads;
        status = bench_all(&j);
    }
    for (k = 0; k < 2; k++) {
        tc_session_free(j.sides[k].session);
        common_unload(&j.c, j.sides[k].model);
    }
    out_free(&j.o);
    return status;
}
