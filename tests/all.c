/* all.c - every test of the library and of the readers, in the order of the header's sections.
 * Reads its data from beside itself, and further cases from the folder $TOKCLASS_SHARED or
 * ../shared if it is there. Arguments are names of suites: all kernels model */
#ifndef _DEFAULT_SOURCE
#define _DEFAULT_SOURCE /* MAP_ANONYMOUS, mkstemp */
#endif
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

/* A system that gives `threads_left` more threads. */
static unsigned threads_left = 100000;
static int scarce_create(pthread_t *thread, const pthread_attr_t *attributes,
                         void *(*run)(void *), void *context) {
    if (!threads_left) return EAGAIN;
    threads_left--;
    return pthread_create(thread, attributes, run, context);
}

/* A caller's mistake ends the tests, or the call that a test expects to meet it. */
static jmp_buf mistake_met;
static int mistake_expected;
static void caller_mistake(const char *what) {
    if (mistake_expected) longjmp(mistake_met, 1);
    fprintf(stderr, "TC_ASSERT(%s) does not hold\n", what);
    abort();
}

#define TC_ASSERT(x) ((x) ? (void)0 : caller_mistake(#x))
#define pthread_create scarce_create
#define TOKCLASS_IMPLEMENTATION
#include "../tokclass.h"

#include <unistd.h>

#include "test.h"
#include "t_base.h"
#include "t_kernels.h"
#include "t_support.h"
#include "t_tokenizer.h"
#include "t_file.h"
#include "t_model.h"
#include "t_tag.h"
#include "t_memory.h"
#include "t_json.h"
#include "t_safetensors.h"
#include "t_hf.h"
#include "t_data.h"
#include "t_score.h"
#include "t_train.h"
#include "t_export.h"

static const struct {
    const char *name;
    void (*run)(void);
} suites[] = {
    {"base", test_base},     {"kernels", test_kernels}, {"tokenizer", test_tokenizer},
    {"file", test_file},     {"model", test_model},     {"tag", test_tag},
    {"memory", test_memory}, {"json", test_json},       {"safetensors", test_safetensors},
    {"hf", test_hf},         {"data", test_data},       {"score", test_score},
    {"train", test_train},   {"export", test_export}};

/* Runs the suites named, or all of them. */
int main(int argc, char **argv) {
    size_t i;
    int k, found = argc == 1;
    test_folders();
    for (i = 0; i < sizeof suites / sizeof *suites; i++) {
        int wanted = argc == 1;
        for (k = 1; k < argc; k++) wanted |= !strcmp(argv[k], suites[i].name);
        found |= wanted;
        if (wanted) suites[i].run();
    }
    CHECK(found);
    return test_finish();
}
