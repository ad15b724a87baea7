/* scores.h - the printing of scores: seqeval's report, the keys of HuggingFace's evaluate. */
#ifndef SCORES_H
#define SCORES_H

#include "labelled.h"

/* The report and the line "accuracy X". 0, or 1 after a message for `where`. */
int scores_text(out *o, const common *c, const char *where, tc_scores *scores,
                const tc_score_table *table, int digits);
/* What went wrong, and which types were taken for which; a note if that was not counted. */
void scores_confusion(out *o, const char *command, const tc_score_table *table);
/* An object that is open for more keys, until scores_json_end. */
void scores_json(out *o, const tc_score_table *table);
void scores_number(out *o, const char *key, double value);
void scores_json_end(out *o);

#endif
