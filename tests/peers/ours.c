/* ours.c - this library as a server beside the other runtimes: a line "MODEL SHAPE THREADS N"
 * runs N forward passes and answers the seconds that they took; "rss" answers the peak memory in
 * MiB; "save MODEL SHAPE THREADS FILE" writes the logits as .npy. The first request for a model
 * loads it and warms up outside the clock.
 *
 * Usage: ours FOLDER DTYPE [LEVEL]; models are FOLDER/MODEL/DTYPE.tcm. */
#define _POSIX_C_SOURCE 200809L
#define TOKCLASS_IMPLEMENTATION
#include "tokclass.h"
#include <sys/resource.h>
#include <time.h>

enum { VOCABULARY = 28996, SEQUENCES = 64, LINE = 512 };

static double seconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static uint32_t next(uint32_t *x) {
    *x = *x * 1664525u + 1013904223u;
    return *x >> 8;
}

typedef struct work {
    char name[3][64]; /* model, shape, threads */
    tc_model *model;
    tc_session *session;
    tc_batch batch;
    tc_outputs outputs;
    uint32_t lengths[SEQUENCES];
    size_t count, tokens;
    int each; /* one call for each sequence */
} work;

/* "BxS": B sequences of S tokens; "mixB", "eachB": B of 8 to 128 tokens. */
static int work_lengths(work *w, const char *shape) {
    unsigned n, length = 0;
    uint32_t x = 1;
    size_t i;
    w->each = !strncmp(shape, "each", 4);
    if (sscanf(shape, w->each ? "each%u" : "mix%u", &n) != 1 &&
        sscanf(shape, "%ux%u", &n, &length) != 2)
        return 0;
    if (!n || n > SEQUENCES) return 0;
    w->count = n;
    for (i = 0; i < n; i++) {
        w->lengths[i] = length ? length : 8 + next(&x) % 121;
        w->tokens += w->lengths[i];
    }
    return 1;
}

static int work_open(work *w, const char *folder, const char *dtype, tc_level level) {
    char path[LINE + 128];
    uint32_t x = 7;
    size_t i, k, at = 0;
    int32_t *ids;
    float *logits;
    tc_env env;
    memset(&env, 0, sizeof env);
    env.threads = (unsigned)atoi(w->name[2]);
    env.level = level;
    snprintf(path, sizeof path, "%s/%s/%s.tcm", folder, w->name[0], dtype);
    if (!work_lengths(w, w->name[1]) || tc_model_load(path, NULL, &w->model) ||
        tc_session_create(w->model, &env, &w->session))
        return 0;
    ids = (int32_t *)malloc(w->tokens * sizeof *ids);
    logits =
        (float *)malloc(w->tokens * tc_model_get_info(w->model)->num_labels * sizeof *logits);
    if (!ids || !logits) return 0;
    for (i = 0; i < w->count; at += w->lengths[i++]) {
        for (k = 0; k < w->lengths[i]; k++)
            ids[at + k] = 1000 + (int32_t)(next(&x) % (VOCABULARY - 1000));
        ids[at] = 101;
        ids[at + w->lengths[i] - 1] = 102;
    }
    w->batch.ids = ids;
    w->batch.lengths = w->lengths;
    w->batch.sequences = w->count;
    w->outputs.logits = logits;
    return 1;
}

static int work_run(work *w) {
    tc_batch one = w->batch;
    tc_outputs out = w->outputs;
    size_t i;
    if (!w->each) return !tc_session_run(w->session, &w->batch, &w->outputs);
    for (i = 0; i < w->count; i++) {
        one.sequences = 1;
        one.lengths = w->lengths + i;
        if (tc_session_run(w->session, &one, &out)) return 0;
        one.ids += w->lengths[i];
        out.logits += w->lengths[i] * tc_model_get_info(w->model)->num_labels;
    }
    return 1;
}

/* logits [B, longest, C] as float32, zeros behind the end of a sequence. */
static int work_save(const work *w, const char *path) {
    size_t C = tc_model_get_info(w->model)->num_labels, longest = 0, i;
    const float *from = w->outputs.logits;
    char header[128];
    float *row;
    FILE *f = fopen(path, "wb");
    for (i = 0; i < w->count; i++)
        if (w->lengths[i] > longest) longest = w->lengths[i];
    row = (float *)calloc(longest * C, sizeof *row);
    if (!f || !row) return 0;
    memset(header, ' ', sizeof header);
    memcpy(header, "\x93NUMPY\x01\x00\x76\x00", 10);
    i = (size_t)snprintf(header + 10, 118,
                         "{'descr': '<f4', 'fortran_order': False, 'shape': (%u, %u, %u)}",
                         (unsigned)w->count, (unsigned)longest, (unsigned)C);
    header[10 + i] = ' ';
    header[127] = '\n';
    fwrite(header, 1, 128, f);
    for (i = 0; i < w->count; i++) {
        memset(row, 0, longest * C * sizeof *row);
        memcpy(row, from, w->lengths[i] * C * sizeof *row);
        from += w->lengths[i] * C;
        fwrite(row, sizeof *row, longest * C, f);
    }
    free(row);
    return !fclose(f);
}

int main(int argc, char **argv) {
    static work all[32];
    size_t used = 0, i;
    char line[LINE], name[3][64], last[LINE];
    tc_level level = TC_LEVEL_BEST;
    if (argc < 3) return 2;
    for (i = 1; argc > 3 && i < TC_LEVEL_COUNT; i++)
        if (!strcmp(tc_level_name((tc_level)i), argv[3])) level = (tc_level)i;
    setvbuf(stdout, NULL, _IOLBF, 0);
    while (fgets(line, sizeof line, stdin)) {
        int save = !strncmp(line, "save ", 5);
        work *w;
        double start;
        long n;
        if (!strncmp(line, "rss", 3)) {
            struct rusage usage;
            getrusage(RUSAGE_SELF, &usage);
            printf("%.1f\n", (double)usage.ru_maxrss / 1024);
            continue;
        }
        if (sscanf(line + (save ? 5 : 0), "%63s %63s %63s %511s", name[0], name[1], name[2],
                   last) != 4)
            break;
        for (i = 0; i < used; i++)
            if (!strcmp(all[i].name[0], name[0]) && !strcmp(all[i].name[1], name[1]) &&
                !strcmp(all[i].name[2], name[2]))
                break;
        w = &all[i];
        if (i == used) {
            if (used == sizeof all / sizeof *all) break;
            memcpy(w->name, name, sizeof name);
            if (!work_open(w, argv[1], argv[2], level) || !work_run(w)) {
                printf("err cannot open or run %s %s\n", name[0], name[1]);
                memset(w, 0, sizeof *w);
                continue;
            }
            used++;
        }
        start = seconds();
        for (n = save ? 1 : atol(last); n > 0; n--)
            if (!work_run(w)) return 1;
        start = seconds() - start;
        if (save && !work_save(w, last))
            printf("err cannot write %s\n", last);
        else
            printf("%.9f\n", start);
    }
    return 0;
}
