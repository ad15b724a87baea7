/* scheme.h - schemes of labels of spans: which one data has, and what it does not allow. */
#ifndef SCHEME_H
#define SCHEME_H

#include "tokclass.h"

typedef enum scheme_kind {
    SCHEME_NONE = 0,
    SCHEME_IOB1,
    SCHEME_IOB2,
    SCHEME_IOE1,
    SCHEME_IOE2,
    SCHEME_IOBES,
    SCHEME_BMES,
    SCHEME_BILOU,
    SCHEME_COUNT
} scheme_kind;

#define SCHEME_BILOU_NOTE                                                                      \
    "seqeval's default mode takes entities side by side for one, --mode strict tells them "    \
    "apart"
/* Whether labels have the form of BILOU's own, U- and L-. */
int scheme_is_bilou(const tc_data_info *info);

extern const char *const scheme_names[SCHEME_COUNT];
extern const char *const scheme_letters[SCHEME_COUNT];

/* A label and the one before it. */
typedef struct scheme_step {
    char before, at; /* letters, 0 where the sentence begins or ends */
    int same;        /* of the same type */
} scheme_step;

/* What tells the schemes apart. All zeros before the first step. */
typedef struct scheme_counts {
    char seen[128]; /* letters */
    uint64_t inside_starts, free_begins, inside_ends, free_ends;
} scheme_counts;

/* The letter of a label of spans: B-PER has B; 'O', or '?' for others. Letters alone are labels
 * of spans where no label is anything else. */
char scheme_letter(const char *label, int alone);
int scheme_has(char letter, const char *set);
/* Whether a step goes on within an entity of labels without ends, or without beginnings. */
int scheme_goes_on(scheme_step s, const char *before, const char *at);
/* Every step of every sentence, the ones to its first and from its last label too. */
void scheme_collect(scheme_counts *c, scheme_step s);
scheme_kind scheme_guess(const scheme_counts *c);
/* Whether the scheme does not allow a step. */
int scheme_bad(scheme_kind scheme, scheme_step s);

enum { SCHEME_SHOWN = 10 };

/* What scheme_scan finds. */
typedef struct scheme_found {
    scheme_kind kind;
    uint64_t invalid;             /* labels that the scheme does not allow where they stand */
    uint64_t lines[SCHEME_SHOWN]; /* of the first of them */
    const char *labels[SCHEME_SHOWN]; /* their names, or null for the end of a sentence */
} scheme_found;

/* Looks through a data set; `kind` SCHEME_NONE: guesses the scheme first. 0, or -1 without
 * memory. */
int scheme_scan(tc_dataset *data, scheme_kind kind, scheme_found *out);

#endif
