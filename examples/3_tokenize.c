/* 3_tokenize.c - the tokenizer alone: tokens with their places in the text.
 *
 * cc -O2 -I. examples/3_tokenize.c -o 3_tokenize -lm -lpthread
 * ./3_tokenize examples/demo.tcm "Two  words" */
#define TOKCLASS_IMPLEMENTATION
#include "tokclass.h"

#include <stdio.h>
#include <string.h>

static int show(tc_encoding *encoding, const char *text, const tc_diag *diag) {
    tc_input input;
    const tc_token *tokens;
    size_t count, i;
    memset(&input, 0, sizeof input);
    input.text = text;
    input.length = strlen(text);
    if (tc_encoding_run(encoding, &input, NULL)) {
        fprintf(stderr, "3_tokenize: %s\n", diag->message);
        return 1;
    }
    tokens = tc_encoding_tokens(encoding, 0, &count);
    printf("%8s  %-14s %9s %11s  %s\n", "id", "token", "bytes", "code points", "text");
    for (i = 0; i < count; i++) {
        const tc_token *t = &tokens[i];
        tc_string s = tc_encoding_text(encoding, t);
        printf("%8ld  %-14.*s %4lu-%-4lu %5lu-%-5lu  %.*s\n", (long)t->id, (int)s.length,
               s.data, (unsigned long)t->start.byte, (unsigned long)t->end.byte,
               (unsigned long)t->start.codepoint, (unsigned long)t->end.codepoint,
               (int)(t->end.byte - t->start.byte), text + t->start.byte);
    }
    return 0;
}

/* And back again: ids to text, as a model that writes text would need it. */
static int show_decoded(tc_encoding *encoding, const tc_diag *diag) {
    int32_t ids[256];
    size_t count, i;
    tc_string s;
    const tc_token *tokens = tc_encoding_tokens(encoding, 0, &count);
    if (count > 256) count = 256;
    for (i = 0; i < count; i++) ids[i] = tokens[i].id;
    if (tc_encoding_decode(encoding, ids, count, 1, &s)) {
        fprintf(stderr, "3_tokenize: %s\n", diag->message);
        return 1;
    }
    printf("decoded: %s\n", s.data);
    return 0;
}

int main(int argc, char **argv) {
    const char *text = argc > 2 ? argv[2] : "Zo\xC3\xAB flew to S\xC3\xA3o Paulo.";
    tc_model *model;
    tc_encoding *encoding = NULL;
    tc_diag diag;
    tc_env env;
    int failed;
    memset(&env, 0, sizeof env);
    env.diag = &diag;
    failed = tc_model_load(argc > 1 ? argv[1] : "examples/demo.tcm", &env, &model) != TC_OK ||
             tc_encoding_create(tc_model_tokenizer(model), &env, &encoding) != TC_OK;
    if (failed) {
        fprintf(stderr, "3_tokenize: %s\n", diag.message);
    } else {
        failed = show(encoding, text, &diag) || show_decoded(encoding, &diag);
    }
    tc_encoding_free(encoding);
    tc_model_free(model);
    return failed;
}
