/* report.h - one self-contained page about an evaluation or a training: scores, curves,
 * confusions, the sentences with errors. */
#ifndef REPORT_H
#define REPORT_H

#include "label_map.h"
#include "output.h"

typedef struct report report;

typedef enum report_state {
    REPORT_DONE = 0,
    REPORT_RUNNING, /* the page loads itself again from time to time */
    REPORT_STOPPED  /* before its end */
} report_state;

/* `title` says what was done: "Evaluation". Null without memory. */
report *report_create(const char *title);
void report_free(report *r);
/* Names on the page, copied: of the model, and of the data that is scored (may be null). */
void report_names(report *r, const char *model, const char *data);
/* A line of the list of options, in the order of the calls. */
void report_option(report *r, const char *name, const char *format, ...) TOOL_PRINTF(3, 4);

/* Begins an evaluation: forgets all sentences. The labels [count] of the model and the map
 * must last until the page is made. 0, or 1 without memory. */
int report_begin(report *r, const char *const *labels, uint32_t count, const label_map *maps,
                 int suffix);
/* The next sentence, as tc_evaluate_options.sentence has it. Those with errors are kept, up to
 * a number that bounds memory. 0, or 1 without memory. */
int report_sentence(report *r, const tc_sentence *s, const tc_string *predicted);

/* Training: an update; an evaluation. Any number of them takes bounded memory. */
void report_step(report *r, uint64_t step, double loss);
void report_evaluation(report *r, const tc_train_evaluation *e);
/* How far the training is. */
void report_progress(report *r, report_state state, uint64_t step, uint64_t total);
/* Ends a training that is running: whether it was. */
int report_stop(report *r);

/* Appends the page to `o`; `table` and `e` are null as long as nothing was evaluated. */
void report_page(report *r, out *o, const tc_score_table *table, const tc_evaluation *e);
/* Writes it to a file, which has its name only when it is complete; 0, or 1 after a message. */
int report_save(const out *page, const char *path);

#endif
