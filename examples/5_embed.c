/* 5_embed.c - a program that carries its model within itself and opens no file.
 *
 * cc -O2 -I. '-DMODEL="examples/demo.tcm"' examples/5_embed.c -o 5_embed -lm -lpthread
 * ./5_embed "Marie Curie moved from Warsaw to Paris."
 *
 * The assembler puts the file into the read-only data of the program (gcc and clang, on ELF and
 * Mach-O systems). MODEL is a path as seen from the folder in which the compiler runs. */
#define TC_NO_STDIO /* the library then has no code for files */
#define TOKCLASS_IMPLEMENTATION
#include "tokclass.h"

#include <stdio.h>
#include <string.h>

#ifndef MODEL
#define MODEL "examples/demo.tcm"
#endif

#if defined(__APPLE__)
#define EMBED_SECTION ".section __TEXT,__const\n"
#define EMBED_PREFIX "_"
#else
#define EMBED_SECTION ".section .rodata\n"
#define EMBED_PREFIX ""
#endif

/* 64 bytes: the alignment that suits the kernels best; tc_model_open needs 8 */
__asm__(EMBED_SECTION ".balign 64\n"
                      ".globl " EMBED_PREFIX "model_data\n" EMBED_PREFIX "model_data:\n"
                      ".incbin \"" MODEL "\"\n"
                      ".globl " EMBED_PREFIX "model_end\n" EMBED_PREFIX "model_end:\n"
                      ".byte 0\n"
                      ".text\n");

extern const unsigned char model_data[], model_end[];

static void print(const char *text, const tc_entities *found) {
    size_t i;
    for (i = 0; i < found->count; i++) {
        const tc_entity *e = &found->entities[i];
        printf("%-4s %.3f  %.*s\n", e->label, (double)e->score,
               (int)(e->end.byte - e->start.byte), text + e->start.byte);
    }
}

int main(int argc, char **argv) {
    const char *text = argc > 1 ? argv[1] : "My name is Sylvain and I live in Brooklyn.";
    tc_model *model;
    tc_tagger *tagger = NULL;
    tc_result *result = NULL;
    tc_diag diag;
    tc_env env;
    tc_status status;
    memset(&diag, 0, sizeof diag);
    memset(&env, 0, sizeof env);
    env.diag = &diag;
    status = tc_model_open(model_data, (size_t)(model_end - model_data), &env, &model);
    if (status == TC_OK) status = tc_tagger_create(model, &env, &tagger);
    if (status == TC_OK) status = tc_tag(tagger, text, &result);
    if (status == TC_OK) {
        print(text, &result->inputs[0]);
    } else {
        fprintf(stderr, "5_embed: %s\n", diag.message);
    }
    tc_result_free(result);
    tc_tagger_free(tagger);
    tc_model_free(model);
    return status != TC_OK;
}
