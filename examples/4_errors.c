/* 4_errors.c - an allocator of one's own, and what happens when it has no memory.
 *
 * cc -O2 -I. examples/4_errors.c -o 4_errors -lm -lpthread
 * ./4_errors examples/demo.tcm
 *
 * Every call that can fail returns a status and fills the tc_diag with a sentence; nothing is
 * printed and nothing is left behind. The program lets each allocation fail in turn. */
#define TOKCLASS_IMPLEMENTATION
#include "tokclass.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct counter {
    size_t bytes, most;  /* in use now, and at the worst moment */
    long calls, fail_at; /* fail_at < 0: never */
} counter;

/* Works like realloc; the library hands the old size back, so no headers are needed. A program
 * with threads would need a lock here. */
static void *counting(void *user, void *old, size_t old_size, size_t new_size) {
    counter *c = (counter *)user;
    void *p;
    if (new_size == 0) {
        free(old);
        c->bytes -= old_size;
        return NULL;
    }
    if (c->calls++ == c->fail_at) return NULL;
    p = realloc(old, new_size);
    if (!p) return NULL;
    c->bytes = c->bytes - (old ? old_size : 0) + new_size;
    if (c->bytes > c->most) c->most = c->bytes;
    return p;
}

static tc_status try_once(const char *path, const tc_env *env, size_t *entities) {
    static const char text[] = "Ada Lovelace wrote to Charles Babbage in London.";
    tc_model *model;
    tc_tagger *tagger = NULL;
    tc_result *result = NULL;
    tc_input input;
    tc_status status = tc_model_load(path, env, &model);
    memset(&input, 0, sizeof input);
    input.text = text;
    input.length = sizeof text - 1;
    if (status == TC_OK) status = tc_tagger_create(model, env, &tagger);
    if (status == TC_OK) status = tc_tagger_tag(tagger, &input, 1, NULL, &result);
    if (status == TC_OK) *entities = result->inputs[0].count;
    tc_result_free(result); /* freeing null does nothing */
    tc_tagger_free(tagger);
    tc_model_free(model);
    return status;
}

int main(int argc, char **argv) {
    const char *path = argc > 1 ? argv[1] : "examples/demo.tcm";
    size_t entities = 0;
    counter c;
    tc_diag diag;
    tc_env env;
    tc_status status;
    long at = 0;
    memset(&c, 0, sizeof c);
    memset(&diag, 0, sizeof diag);
    memset(&env, 0, sizeof env);
    env.allocate = counting;
    env.user = &c;
    env.diag = &diag;

    c.fail_at = -1;
    status = try_once("no/such/model.tcm", &env, &entities);
    printf("a missing file:   %s: %s\n", tc_status_text(status), diag.message);

    do { /* fails at the first, the second, ... allocation until there is none left */
        c.calls = 0;
        c.fail_at = at++;
        status = try_once(path, &env, &entities);
        if (status == TC_ERROR_MEMORY && at == 1) {
            printf("no memory:        %s\n", diag.message);
        }
        if (c.bytes) {
            printf("allocation %ld: %lu bytes were lost\n", at, (unsigned long)c.bytes);
            return 1;
        }
    } while (status == TC_ERROR_MEMORY);
    if (status != TC_OK) {
        fprintf(stderr, "4_errors: %s\n", diag.message);
        return 1;
    }
    printf("allocations:      %ld, each failed once, no byte was lost\n", c.calls);
    printf("with all of them: %lu entities, at most %lu kB\n", (unsigned long)entities,
           (unsigned long)(c.most / 1024));
    return 0;
}
