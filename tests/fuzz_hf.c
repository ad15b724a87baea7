/* fuzz_hf.c - the text files of a checkpoint folder. The first byte says what the rest is:
 * 'c' config.json, 't' tokenizer.json, 'v' vocab.txt; for 't' and 'v' a zero byte, if there is
 * one, ends it, and tokenizer_config.json, special_tokens_map.json and added_tokens.json follow
 * in the same way. */
#include "../tools/hf.h"
#include "fuzz_main.h"

#include <stdlib.h>
#include <string.h>

static unsigned fuzz_sum(tc_string text) {
    unsigned sum = 0;
    size_t i;
    for (i = 0; i < text.length; i++) sum += (unsigned char)text.data[i];
    return sum;
}

/* Takes the bytes up to a zero byte from *text [*size]. */
static void fuzz_take(hf_text *file, const char **text, size_t *size) {
    const char *end;
    if (!*size) return;
    end = (const char *)memchr(*text, 0, *size);
    file->size = end ? (size_t)(end - *text) : *size;
    file->text = *text;
    *text += file->size + (end != NULL);
    *size -= file->size + (end != NULL);
}

static void fuzz_tokenizer(json_arena *arena, int json, const char *text, size_t size) {
    hf_tokenizer_files files;
    hf_tokenizer tokenizer;
    hf_error error;
    volatile unsigned sum = 0;
    uint32_t i;
    hf_tokenizer_names(&files);
    fuzz_take(json ? &files.tokenizer : &files.vocab, &text, &size);
    fuzz_take(&files.config, &text, &size);
    fuzz_take(&files.special, &text, &size);
    fuzz_take(&files.added, &text, &size);
    memset(&error, 0, sizeof(error));
    if (hf_tokenizer_read(arena, &files, &tokenizer, &error)) {
        if (!error.message[0]) abort();
        return;
    }
    for (i = 0; i < tokenizer.desc.vocab_count; i++) sum += fuzz_sum(tokenizer.desc.vocab[i]);
    for (i = 0; i < tokenizer.desc.added_count; i++)
        sum += fuzz_sum(tokenizer.desc.added[i].content);
    for (i = 0; i < tokenizer.desc.pair_count; i++) sum += (unsigned)tokenizer.desc.pair[i].id;
    sum += fuzz_sum(tokenizer.desc.continuing_prefix) + fuzz_sum(tokenizer.desc.decoder_prefix);
    (void)sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    json_arena arena = {NULL};
    hf_config config;
    hf_error error;
    if (!size) return 0;
    if (data[0] == 'c') {
        hf_text file = {"config.json", NULL, 0};
        uint32_t i;
        file.text = (const char *)data + 1;
        file.size = size - 1;
        if (!hf_config_read(&arena, &file, &config, &error))
            for (i = 0; i < config.numbers[HF_LABELS]; i++)
                if (!config.labels[i]) abort();
    } else {
        fuzz_tokenizer(&arena, data[0] == 't', (const char *)data + 1, size - 1);
    }
    json_arena_free(&arena);
    return 0;
}
