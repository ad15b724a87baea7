/* 1_tag.c - finds names in a sentence: load, tag, free.
 *
 * cc -O2 -I. examples/1_tag.c -o 1_tag -lm -lpthread
 * ./1_tag examples/demo.tcm "Marie Curie moved from Warsaw to Paris." */
#define TOKCLASS_IMPLEMENTATION
#include "tokclass.h"

#include <stdio.h>

int main(int argc, char **argv) {
    const char *text = argc > 2 ? argv[2] : "My name is Sylvain and I live in Brooklyn.";
    tc_tagger *tagger;
    tc_result *result;
    size_t i;
    tc_status status = tc_load(argc > 1 ? argv[1] : "examples/demo.tcm", &tagger);
    if (status == TC_OK) status = tc_tag(tagger, text, &result);
    if (status != TC_OK) {
        /* example 4 shows how to get the whole sentence */
        fprintf(stderr, "1_tag: %s\n", tc_status_text(status));
        tc_tagger_free(tagger);
        return 1;
    }
    for (i = 0; i < result->inputs[0].count; i++) {
        const tc_entity *e = &result->inputs[0].entities[i];
        /* start and end count bytes, code points and UTF-16 units; bytes slice the text */
        printf("%-4s %.3f  %.*s\n", e->label, (double)e->score,
               (int)(e->end.byte - e->start.byte), text + e->start.byte);
    }
    tc_result_free(result);
    tc_tagger_free(tagger);
    return 0;
}
