/* labelled.h - a file of labelled sentences, and numbers as Python prints them. */
#ifndef LABELLED_H
#define LABELLED_H

#include "common.h"
#include "output.h"

typedef struct labelled {
    const char *path; /* as in messages */
    common *c;
    tool_file file; /* what came through standard input */
    tc_dataset *set;
    const tc_data_info *info;
} labelled;

/* Opens a file ("-": standard input) with the labels in `column`, 0 the default. 0, or 1 after
 * a message; labelled_close in either case. */
int labelled_open(labelled *l, common *c, const char *path, int column);
/* The same from the bytes of another, which stays open. */
int labelled_again(labelled *l, const labelled *other, int column);
void labelled_close(labelled *l);
/* 1 after a message if there is nothing to learn from or to score. */
int labelled_none(const labelled *l);
/* Sentence `index`, valid until the next call. 0, or 1 after a message. */
int labelled_sentence(labelled *l, size_t index, tc_sentence *sentence);
/* Reports "FILE:LINE: WHAT" and returns 1. */
int labelled_fail(const labelled *l, uint64_t line, const char *format, ...) TOOL_PRINTF(3, 4);

/* A double with the fewest digits that name it, as Python's json does; null if not finite. */
void out_double(out *o, double v);
/* UTF-8 on one line, at least `width` code points: below 0 flush left. */
void out_cell(out *o, const char *text, int width);
/* A number, right-aligned. */
void out_count(out *o, uint64_t v, int width);
/* A share of a whole in per cent with one decimal, right-aligned; 0 of nothing. */
void out_share(out *o, uint64_t part, uint64_t whole, int width);

#endif
