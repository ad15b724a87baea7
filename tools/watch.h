/* watch.h - what a training shows: progress, the table of evaluations, the log; and the best
 * model so far. */
#ifndef WATCH_H
#define WATCH_H

#include "common.h"
#include "output.h"
#include "report.h"

#include <signal.h>

typedef struct watch {
    common *c;
    const char *best_path; /* where the best model goes; null: nowhere */
    int aside;             /* it is kept beside best_path until watch_best_end */
    double start;
    report *report;        /* null: no page */
    const char *page_path; /* where it goes */
    int by_loss;           /* the best model is that of the least loss, not of the best F1 */
    int failed;            /* the run was ended for a failure that was reported */
    const char *stale[2];  /* removed at the first update, or null */
    /* private */
    const char *log_path;
    FILE *log;
    out line; /* of the log, kept until the update's scores are known */
    int cut;  /* the log may hold updates that are done again */
    tool_progress bar;
    int table;
    uint64_t tokens, steps, total;
    double stepped, paged;
    int evaluated; /* the page has scores */
    int page_failed;
    double best, losses; /* of the log: the best value, the losses since an evaluation */
    uint64_t since;
    tool_saver kept[2]; /* aside: the newest model, and one in the making */
    int newest;
} watch;

extern volatile sig_atomic_t watch_interrupted;

/* `log` may be null; `resumed`: lines of a log that is there are kept. 0 on success. */
int watch_open(watch *w, const char *log, int resumed);
/* Reads what a log of a finished run has, where no update was left to do. */
void watch_catch_up(watch *w);
/* Ends the log; 0 if nothing failed in the run. */
int watch_close(watch *w);
/* Opens the best model of a run with checkpoints, that of update `step`: one of this run. 0, or
 * 1 after a message. */
int watch_best_open(watch *w, tc_trainer *trainer, uint64_t step, tool_file *best);
/* Writes the model of a trainer; 0 on success. */
int watch_save(watch *w, tc_trainer *trainer, const char *path);
/* Gives the best model its name if it was kept aside, else -1. 0, or 1 after a message. */
int watch_best_end(watch *w);
void watch_best_drop(watch *w);
/* Writes the page, with scores unless they are null; 0 on success, or without one. */
int watch_page(watch *w, const tc_score_table *table, const tc_evaluation *evaluation);
/* Members of tc_train_run; `user` is the watch. */
int watch_stepped(void *user, tc_trainer *trainer, const tc_step *step);
void watch_saving(void *user);
int watch_evaluated(void *user, tc_trainer *trainer, const tc_train_evaluation *evaluation);

#endif
