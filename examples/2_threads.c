/* 2_threads.c - tags the lines of a file with two taggers that share one model.
 *
 * cc -O2 -I. examples/2_threads.c -o 2_threads -lm -lpthread
 * ./2_threads examples/demo.tcm examples/demo.txt
 *
 * A model is read-only once loaded, so any number of threads may use it. A tagger holds the
 * buffers of one computation and belongs to one thread at a time. (A single tagger can also use
 * several threads by itself: tc_env.threads.) */
#define TOKCLASS_IMPLEMENTATION
#include "tokclass.h"

#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WORKERS = 2 };

typedef struct worker {
    const tc_model *model;
    const tc_input *inputs; /* [count] */
    size_t count;
    tc_result *result;
    tc_status status;
    tc_diag diag; /* every thread has its own */
} worker;

static void *work(void *argument) {
    worker *w = (worker *)argument;
    tc_tagger *tagger;
    tc_env env;
    memset(&env, 0, sizeof env);
    env.diag = &w->diag;
    w->status = tc_tagger_create(w->model, &env, &tagger);
    if (w->status == TC_OK) {
        w->status = tc_tagger_tag(tagger, w->inputs, w->count, NULL, &w->result);
    }
    tc_tagger_free(tagger); /* the result does not depend on it */
    return NULL;
}

static char *read_file(const char *path, size_t *size) {
    FILE *f = fopen(path, "rb");
    long n = f && fseek(f, 0, SEEK_END) == 0 ? ftell(f) : -1;
    char *data = n >= 0 && n < LONG_MAX ? (char *)malloc((size_t)n + 1) : NULL;
    if (data) rewind(f), *size = fread(data, 1, (size_t)n, f);
    if (data && *size != (size_t)n) free(data), data = NULL;
    if (f) fclose(f);
    return data;
}

/* The lines of a text; `inputs` may be null to count them. */
static size_t split_lines(const char *data, size_t size, tc_input *inputs) {
    size_t count = 0, at = 0;
    for (; at < size; count++) {
        const char *end = (const char *)memchr(data + at, '\n', size - at);
        size_t n = end ? (size_t)(end - data) - at : size - at;
        if (inputs) {
            memset(&inputs[count], 0, sizeof inputs[count]);
            inputs[count].text = data + at;
            inputs[count].length = n;
        }
        at += n + 1;
    }
    return count;
}

static void print(const worker *w) {
    size_t i, k;
    if (w->status != TC_OK) fprintf(stderr, "2_threads: %s\n", w->diag.message);
    for (i = 0; w->result && i < w->result->count; i++) {
        const tc_entities *found = &w->result->inputs[i];
        for (k = 0; k < found->count; k++) {
            const tc_entity *e = &found->entities[k];
            printf("%s%s: %.*s", k ? ", " : "", e->label, (int)(e->end.byte - e->start.byte),
                   w->inputs[i].text + e->start.byte);
        }
        printf("\n");
    }
}

int main(int argc, char **argv) {
    tc_input *inputs;
    worker workers[WORKERS];
    pthread_t threads[WORKERS];
    size_t size = 0, count, i;
    int failed = 0;
    tc_env env;
    tc_diag diag;
    tc_model *model;
    char *data = read_file(argc > 2 ? argv[2] : "examples/demo.txt", &size);
    memset(&env, 0, sizeof env);
    env.diag = &diag;
    count = data ? split_lines(data, size, NULL) : 0;
    inputs = data ? (tc_input *)malloc((count + 1) * sizeof *inputs) : NULL;
    if (!inputs || tc_model_load(argc > 1 ? argv[1] : "examples/demo.tcm", &env, &model)) {
        fprintf(stderr, "2_threads: %s\n", inputs ? diag.message : "the text cannot be read");
        free(inputs);
        free(data);
        return 1;
    }
    split_lines(data, size, inputs);
    memset(workers, 0, sizeof workers);
    for (i = 0; i < WORKERS; i++) { /* each takes a part of the lines that lie together */
        workers[i].model = model;
        workers[i].inputs = inputs + count * i / WORKERS;
        workers[i].count = count * (i + 1) / WORKERS - count * i / WORKERS;
        if (pthread_create(&threads[i], NULL, work, &workers[i])) abort();
    }
    for (i = 0; i < WORKERS; i++) pthread_join(threads[i], NULL);
    for (i = 0; i < WORKERS; i++) print(&workers[i]), failed |= workers[i].status != TC_OK;
    for (i = 0; i < WORKERS; i++) tc_result_free(workers[i].result);
    tc_model_free(model);
    free(inputs);
    free(data);
    return failed || fflush(stdout) != 0;
}
