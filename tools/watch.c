/* watch.c - what a training shows; see watch.h. */
#if !defined(_POSIX_C_SOURCE) && !defined(__APPLE__)
#define _POSIX_C_SOURCE 200809L /* ftruncate, fileno */
#endif
#include "watch.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

volatile sig_atomic_t watch_interrupted;

/* ------------------------------------------------------------------------------- log */

static int watch_log_failed(watch *w) {
    w->failed = tool_fail(w->log_path, "cannot be written: %s", strerror(errno));
    return w->failed;
}

int watch_open(watch *w, const char *log, int resumed) {
    struct stat info;
    w->start = w->stepped = tool_seconds();
    tool_progress_start(&w->bar, "train", 0, w->c->progress);
    w->log_path = log;
    w->best = -(double)INFINITY;
    if (!log) return 0;
    w->cut = resumed && stat(log, &info) == 0 && S_ISREG(info.st_mode);
    if (w->cut) w->log = fopen(log, "r+b");
    if (!w->log) w->log = fopen(log, "wb");
    return w->log ? 0 : tool_fail(log, "cannot be opened: %s", strerror(errno));
}

/* The number behind a key in a line of the log; 0 if it is not there. */
static int watch_number(const char *line, const char *key, double *value) {
    const char *at = strstr(line, key);
    char *end;
    if (!at) return 0;
    *value = strtod(at + strlen(key), &end);
    return end != at + strlen(key);
}

/* Puts an update of the run before this one on the page. */
static void watch_again(watch *w, const char *line, uint64_t step) {
    tc_score_table scores;
    tc_train_evaluation e;
    double loss, value;
    if (!w->report) return;
    if (watch_number(line, "\"loss\": ", &loss)) {
        report_step(w->report, step, loss);
        w->losses += loss;
        w->since++;
    }
    memset(&e, 0, sizeof e);
    memset(&scores, 0, sizeof scores);
    e.scores = &scores;
    e.step = step;
    scores.spans = 1;
    if (!watch_number(line, "\"eval_loss\": ", &e.evaluation.loss) ||
        !watch_number(line, "\"eval_f1\": ", &scores.micro.f1))
        return;
    watch_number(line, "\"epoch\": ", &e.epoch);
    watch_number(line, "\"eval_precision\": ", &scores.micro.precision);
    watch_number(line, "\"eval_recall\": ", &scores.micro.recall);
    watch_number(line, "\"eval_accuracy\": ", &scores.accuracy);
    e.training_loss = w->since ? w->losses / (double)w->since : NAN;
    w->losses = 0;
    w->since = 0;
    value = w->by_loss ? -e.evaluation.loss : scores.micro.f1;
    e.improved = value > w->best;
    if (e.improved) w->best = value;
    report_evaluation(w->report, &e);
}

/* Drops the lines of update `step` and later ones, which are made again. */
static int watch_cut(watch *w, uint64_t step) {
    char line[1024];
    long at = 0;
    if (!w->cut) return 0;
    w->cut = 0;
    while (fgets(line, sizeof line, w->log)) {
        unsigned long long have = 0;
        if (sscanf(line, "{\"step\": %llu", &have) != 1 || have >= step || !strchr(line, '\n'))
            break;
        watch_again(w, line, have);
        at = ftell(w->log);
    }
    if (fseek(w->log, at, SEEK_SET) || ftruncate(fileno(w->log), at))
        return watch_log_failed(w);
    return 0;
}

static int watch_flush(watch *w) {
    if (w->failed) return 1;
    if (!w->log) return 0;
    if (w->line.size) out_text(&w->line, "}\n");
    if (w->line.failed) return w->failed = tool_fail(w->log_path, "out of memory");
    if (w->line.size &&
        (fwrite(w->line.data, 1, w->line.size, w->log) != w->line.size || fflush(w->log)))
        return watch_log_failed(w);
    w->line.size = 0;
    return 0;
}

static void watch_key(watch *w, const char *name, double value) {
    if (w->log && w->line.size) out_key_float(&w->line, name, value);
}

static int watch_log(watch *w, const tc_step *s) {
    if (!w->log) return 0;
    if (watch_cut(w, s->step) || watch_flush(w)) return 1;
    out_char(&w->line, '{');
    out_key_uint(&w->line, "step", s->step);
    watch_key(w, "epoch", s->epoch);
    watch_key(w, "loss", s->loss);
    watch_key(w, "learning_rate", s->learning_rate);
    watch_key(w, "grad_norm", s->grad_norm);
    return 0;
}

void watch_saving(void *user) { watch_flush((watch *)user); }

void watch_catch_up(watch *w) {
    if (!w->failed && w->log) watch_cut(w, UINT64_MAX);
}

int watch_close(watch *w) {
    tool_progress_end(&w->bar);
    if (!w->failed) watch_flush(w);
    if (w->log && fclose(w->log) && !w->failed) watch_log_failed(w);
    out_free(&w->line);
    return w->failed;
}

/* -------------------------------------------------------------------------- progress */

static void watch_progress(watch *w, const tc_step *s) {
    double now = tool_seconds(), spent = now - w->start;
    unsigned long left;
    if (!w->bar.mode || spent < 1) return;
    if (w->bar.shown && now - w->bar.last < 0.2 && s->step < w->total) return;
    w->bar.last = now;
    w->bar.shown = 1;
    left = (unsigned long)(spent / (double)w->steps * (double)(w->total - s->step));
    fprintf(stderr,
            "\r\033[?7l" /* a narrow terminal cuts the line */
            "update %llu/%llu, %lu:%02lu left, epoch %.2f, loss %.4f, learning rate %.2e, "
            "%.0f tokens/s\033[K\033[?7h",
            (unsigned long long)s->step, (unsigned long long)w->total, left / 60, left % 60,
            s->epoch, s->loss, s->learning_rate, (double)w->tokens / spent);
    fflush(stderr);
}

/* ------------------------------------------------------------------------------ the page */

int watch_page(watch *w, const tc_score_table *table, const tc_evaluation *evaluation) {
    out page;
    int failed;
    if (!w->report || w->page_failed) return w->page_failed;
    memset(&page, 0, sizeof page);
    report_page(w->report, &page, table, evaluation);
    failed = report_save(&page, w->page_path);
    out_free(&page);
    w->paged = tool_seconds();
    w->page_failed = failed;
    return failed;
}

/* Until there are scores the page is made new from time to time for the curve of the loss. */
static int watch_page_step(watch *w, const tc_step *s) {
    if (!w->report) return 0;
    report_step(w->report, s->step, s->loss);
    report_progress(w->report, REPORT_RUNNING, s->step, w->total);
    if (!w->evaluated && tool_seconds() - w->paged > 30 && watch_page(w, NULL, NULL))
        w->failed = 1;
    return w->failed;
}

/* ----------------------------------------------------------------------------- callbacks */

int watch_best_open(watch *w, tc_trainer *trainer, uint64_t step, tool_file *best) {
    const char *path = w->best_path;
    char why[200];
    const void *last;
    size_t size;
    tc_model *model = NULL;
    tc_env env = common_env(w->c);
    tc_status status = tc_trainer_write(trainer, &last, &size);
    if (status) return common_fail(w->c, path, status);
    if (tool_file_open(path, best, why, sizeof why))
        return tool_fail(path, "%s; it held the best model, that of update %llu", why,
                         (unsigned long long)step);
    status =
        tc_model_open(best->size ? best->data : (const void *)"", best->size, &env, &model);
    if (!status) status = tc_model_verify(model, &w->c->diag);
    tc_model_free(model);
    if (!status && best->size == size) return 0;
    tool_file_close(best);
    return status ? common_fail(w->c, path, status)
                  : tool_fail(path, "is the model of another run");
}

/* What a run does with its first update: a resumed one checks that it has its best model, one
 * that begins removes what an earlier one left. */
static int watch_first(watch *w, tc_trainer *trainer, const tc_step *s) {
    tool_file best;
    int i;
    for (i = 0; i < 2; i++)
        if (w->stale[i]) remove(w->stale[i]);
    if (!w->best_path || w->aside || !s->best_step) return 0;
    if (watch_best_open(w, trainer, s->best_step, &best)) return 1;
    tool_file_close(&best);
    return 0;
}

int watch_stepped(void *user, tc_trainer *trainer, const tc_step *s) {
    watch *w = (watch *)user;
    w->total = tc_trainer_steps(trainer);
    w->tokens += s->tokens;
    if (!w->steps++ && watch_first(w, trainer, s)) return w->failed = 1;
    if (watch_log(w, s)) return 1;
    watch_progress(w, s);
    if (watch_page_step(w, s)) return 1;
    w->stepped = tool_seconds();
    return watch_interrupted != 0;
}

/* ----------------------------------------------------------------------- evaluations */

int watch_save(watch *w, tc_trainer *trainer, const char *path) {
    const void *data;
    size_t size;
    char why[200];
    tc_status status = tc_trainer_write(trainer, &data, &size);
    if (status) return common_fail(w->c, path, status);
    if (tool_save(path, data, size, why, sizeof why))
        return tool_fail(tool_output(path), "%s", why);
    return 0;
}

/* A better model: to a file of its own, or beside the one that it may become. */
static int watch_best(watch *w, tc_trainer *trainer) {
    tool_saver *s = &w->kept[!w->newest];
    const void *data;
    size_t size;
    char why[200];
    tc_status status;
    if (!w->aside) return watch_save(w, trainer, w->best_path);
    status = tc_trainer_write(trainer, &data, &size);
    if (status) return common_fail(w->c, w->best_path, status);
    if (tool_saver_begin(s, w->best_path, why, sizeof why))
        return tool_fail(w->best_path, "%s", why);
    tool_saver_write(s, data, size);
    if (tool_saver_sync(s, why, sizeof why)) return tool_fail(w->best_path, "%s", why);
    tool_saver_drop(&w->kept[w->newest]);
    w->newest = !w->newest;
    return 0;
}

int watch_best_end(watch *w) {
    char why[200];
    tool_saver *s = &w->kept[w->newest];
    if (!s->exists) return -1;
    return tool_saver_end(s, why, sizeof why) ? tool_fail(w->best_path, "%s", why) : 0;
}

void watch_best_drop(watch *w) {
    tool_saver_drop(&w->kept[0]);
    tool_saver_drop(&w->kept[1]);
}

static int watch_table(watch *w, const tc_train_evaluation *e) {
    const tc_score *micro = &e->scores->micro;
    tool_progress_wipe(&w->bar);
    if (!w->table)
        printf("%7s  %13s  %15s  %9s  %8s  %8s  %8s\n", "Epoch", "Training Loss",
               "Validation Loss", "Precision", "Recall", "F1", "Accuracy");
    w->table = 1;
    printf("%7.2f  %13.6f  %15.6f  %9.6f  %8.6f  %8.6f  %8.6f\n", e->epoch, e->training_loss,
           fabs(e->evaluation.loss), micro->precision, micro->recall, micro->f1,
           e->scores->accuracy);
    return tool_flush();
}

int watch_evaluated(void *user, tc_trainer *trainer, const tc_train_evaluation *e) {
    watch *w = (watch *)user;
    const tc_score *micro = &e->scores->micro;
    watch_key(w, "eval_loss", e->evaluation.loss);
    watch_key(w, "eval_precision", micro->precision);
    watch_key(w, "eval_recall", micro->recall);
    watch_key(w, "eval_f1", micro->f1);
    watch_key(w, "eval_accuracy", e->scores->accuracy);
    watch_key(w, "eval_runtime", tool_seconds() - w->stepped);
    /* first, as a checkpoint of this moment relies on it */
    if (e->improved && w->best_path && watch_best(w, trainer)) w->failed = 1;
    if (!w->failed && watch_table(w, e)) w->failed = 1;
    w->evaluated = 1;
    if (w->report) report_evaluation(w->report, e);
    if (!w->failed && watch_page(w, e->scores, &e->evaluation)) w->failed = 1;
    return w->failed || watch_interrupted;
}
