/* test.h - counts checks. A test is a function that uses CHECK, CHECK_EQ and SKIP. */
#ifndef TEST_H
#define TEST_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct test_counts {
    long passed, failed, skipped;
} test_counts;

static test_counts test_total;

static void test_check(int passed, const char *file, int line, const char *what) {
    if (passed) {
        test_total.passed++;
        return;
    }
    test_total.failed++;
    printf("%s:%d: failed: %s\n", file, line, what);
    fflush(stdout);
}

static void test_check_eq(long long a, long long b, const char *file, int line,
                          const char *what) {
    test_check(a == b, file, line, what);
    if (a != b) printf("    %lld is not %lld\n", a, b);
}

static void test_skip(const char *file, int line, const char *why) {
    test_total.skipped++;
    printf("%s:%d: skipped: %s\n", file, line, why);
}

/* One condition, one count. */
#define CHECK(x) test_check((x) != 0, __FILE__, __LINE__, #x)
/* Two integers; both are shown if they differ. */
#define CHECK_EQ(a, b)                                                                         \
    test_check_eq((long long)(a), (long long)(b), __FILE__, __LINE__, #a " == " #b)
/* A condition about one of many cases: shows which one if it fails. */
#define CHECK_CASE(x, name)                                                                    \
    do {                                                                                       \
        int test_ok = (x) != 0;                                                                \
        test_check(test_ok, __FILE__, __LINE__, #x);                                           \
        if (!test_ok) printf("    in %s\n", name);                                             \
    } while (0)
/* Counts a case that cannot run here. */
#define SKIP(reason) test_skip(__FILE__, __LINE__, reason)

/* The whole file into a malloc block with a zero byte behind it; null if it cannot be read. */
static char *test_read_file(const char *path, size_t *size) {
    FILE *file = fopen(path, "rb");
    char *data = NULL;
    long length = -1;
    *size = 0;
    if (file && !fseek(file, 0, SEEK_END)) length = ftell(file);
    if (length >= 0 && !fseek(file, 0, SEEK_SET)) data = (char *)malloc((size_t)length + 1);
    if (data) {
        *size = fread(data, 1, (size_t)length, file);
        data[*size] = 0;
    }
    if (file) fclose(file);
    return data;
}

/* Prints the last line; the exit status of the program. */
static int test_finish(void) {
    printf("%ld passed, %ld failed, %ld skipped\n", test_total.passed, test_total.failed,
           test_total.skipped);
    return test_total.failed > 0;
}

#endif
