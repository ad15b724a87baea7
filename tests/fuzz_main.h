/* fuzz_main.h - a plain main for fuzzers on machines without libFuzzer.
 *
 *   fuzz_x FILE...        runs each file once
 *   fuzz_x FILE... -t N   then random changes of them for N seconds
 *
 * With TOKCLASS_LIBFUZZER it is empty: libFuzzer has its own. */
#ifndef FUZZ_MAIN_H
#define FUZZ_MAIN_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C"
#endif
    int
    LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#ifndef TOKCLASS_LIBFUZZER
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { FUZZ_FILES = 1000, FUZZ_MOST = 1 << 20 };

static struct {
    uint8_t *data;
    size_t size;
} fuzz_seeds[FUZZ_FILES];
static size_t fuzz_count;
static uint64_t fuzz_state = 0x9E3779B97F4A7C15u;

static uint32_t fuzz_random(uint32_t below) /* xorshift64* */
{
    fuzz_state ^= fuzz_state >> 12;
    fuzz_state ^= fuzz_state << 25;
    fuzz_state ^= fuzz_state >> 27;
    return (uint32_t)((fuzz_state * 0x2545F4914F6CDD1Du) >> 32) % (below ? below : 1);
}

static int fuzz_load(const char *path) {
    FILE *file = fopen(path, "rb");
    uint8_t *data = (uint8_t *)malloc(FUZZ_MOST);
    if (!file || !data || fuzz_count == FUZZ_FILES) {
        fprintf(stderr, "%s: cannot be read\n", path);
        if (file) fclose(file);
        free(data);
        return 1;
    }
    fuzz_seeds[fuzz_count].size = fread(data, 1, FUZZ_MOST, file);
    fuzz_seeds[fuzz_count++].data = data;
    fclose(file);
    return 0;
}

/* Runs a copy of exactly the size, so that a sanitizer sees every byte read beyond it. */
static void fuzz_run(const uint8_t *data, size_t size) {
    uint8_t *copy = (uint8_t *)malloc(size ? size : 1);
    if (!copy) return;
    memcpy(copy, data, size);
    LLVMFuzzerTestOneInput(copy, size);
    free(copy);
}

/* One random change of data [size] in a buffer of FUZZ_MOST bytes; returns the new size. */
static size_t fuzz_change(uint8_t *data, size_t size) {
    static const char *const words[] = {"\"",
                                        "{}",
                                        "[",
                                        "]",
                                        ":",
                                        ",",
                                        "-1",
                                        "0",
                                        "1e999",
                                        "null",
                                        "\\ud800",
                                        "4294967296",
                                        "18446744073709551615"};
    size_t at = fuzz_random((uint32_t)size + 1), other, n;
    const char *word;
    switch (fuzz_random(6)) {
    case 0: /* a bit */
        if (at < size) data[at] = (uint8_t)(data[at] ^ 1u << fuzz_random(8));
        return size;
    case 1: /* a byte */
        if (at < size) data[at] = (uint8_t)fuzz_random(256);
        return size;
    case 2: /* a cut */
        n = fuzz_random(16) ? fuzz_random(32) : fuzz_random((uint32_t)size + 1);
        n = n > size - at ? size - at : n;
        memmove(data + at, data + at + n, size - at - n);
        return size - n;
    case 3: /* a copy of another place */
        other = fuzz_random((uint32_t)size + 1);
        n = fuzz_random(64);
        n = n > size - at ? size - at : n;
        n = n > size - other ? size - other : n;
        memmove(data + at, data + other, n);
        return size;
    default: /* a word put in */
        word = words[fuzz_random(sizeof(words) / sizeof(words[0]))];
        n = strlen(word);
        if (size + n > FUZZ_MOST) return size;
        memmove(data + at + n, data + at, size - at);
        memcpy(data + at, word, n);
        return size + n;
    }
}

int main(int argc, char **argv) {
    long seconds = 0, runs = 0;
    uint8_t *data = (uint8_t *)malloc(FUZZ_MOST);
    time_t end;
    int i;
    size_t s;
    for (i = 1; i < argc; i++) {
        if (!strcmp(argv[i], "-t") && i + 1 < argc)
            seconds = strtol(argv[++i], NULL, 10);
        else if (fuzz_load(argv[i]))
            return 1;
    }
    for (s = 0; s < fuzz_count; s++, runs++) fuzz_run(fuzz_seeds[s].data, fuzz_seeds[s].size);
    end = time(NULL) + seconds;
    while (data && fuzz_count && (runs % 64 || time(NULL) < end)) {
        size_t size, changes = 1 + fuzz_random(8);
        s = fuzz_random((uint32_t)fuzz_count);
        size = fuzz_seeds[s].size;
        memcpy(data, fuzz_seeds[s].data, size);
        while (changes--) size = fuzz_change(data, size);
        fuzz_run(data, size);
        runs++;
    }
    printf("%s: %ld runs\n", argv[0], runs);
    for (s = 0; s < fuzz_count; s++) free(fuzz_seeds[s].data);
    free(data);
    return 0;
}
#endif

#endif
