/* fuzz_data.c - any bytes as labelled data: what was indexed can be read; the labels are scored
 * against their neighbours. */
#include "../tokclass.h"
#include "fuzz_main.h"

#include <stdlib.h>
#include <string.h>

enum { FUZZ_MOST_LABELS = 4096 };

static void fuzz_check(int good) {
    if (!good) abort();
}

/* The labels of a sentence, and the same moved on by one word. */
static void fuzz_score(tc_scores *scores, const tc_sentence *s, tc_string *moved) {
    size_t n = s->count < FUZZ_MOST_LABELS ? s->count : FUZZ_MOST_LABELS, i;
    for (i = 0; i < n; i++) moved[i] = s->labels[(i + 1) % n];
    fuzz_check(tc_scores_add(scores, s->labels, moved, n) == TC_OK);
}

static void fuzz_scored(tc_scores *scores, int strict) {
    const tc_score_table *t;
    tc_string report;
    uint64_t support = 0, found = 0;
    size_t i;
    tc_status status = tc_scores_table(scores, &t);
    fuzz_check(status == TC_OK || (strict && status == TC_ERROR_ARGUMENT));
    if (status) return;
    for (i = 0; i < t->count; i++) {
        const tc_score *r = &t->rows[i];
        fuzz_check(r->correct <= r->support && r->correct <= r->predicted);
        fuzz_check(r->f1 >= 0 && r->f1 <= 1 && strlen(r->name) > 0);
        support += r->support;
    }
    fuzz_check(support == t->micro.support && t->accuracy >= 0 && t->accuracy <= 1);
    for (i = 0; i < t->confusion_count; i++) {
        const tc_confusion *c = &t->confusions[i];
        if (c->gold) found += c->exact + c->overlap;
    }
    fuzz_check(!t->confusion_count || found == support);
    fuzz_check(tc_scores_report(scores, 3, &report) == TC_OK);
    fuzz_check(strlen(report.data) == report.length);
}

static void fuzz_all(tc_dataset *d) {
    static tc_string moved[FUZZ_MOST_LABELS];
    const tc_data_info *info = tc_dataset_get_info(d);
    uint64_t words = 0, line = 0;
    size_t i, k;
    int mode;
    for (i = 0; i < info->sentences; i++) {
        tc_sentence s;
        fuzz_check(tc_dataset_sentence(d, i, &s) == TC_OK && s.count > 0);
        fuzz_check(s.count <= info->longest && s.lines[0] >= line);
        for (k = 0; k < s.count; k++) {
            fuzz_check(s.words[k].length && s.labels[k].length && s.lines[k] >= line);
            line = s.lines[k];
        }
        words += s.count;
    }
    fuzz_check(words == info->words);
    for (i = 1; i < info->num_labels; i++)
        fuzz_check(strcmp(info->labels[i - 1], info->labels[i]) < 0);
    for (mode = 0; mode < 8; mode++) {
        tc_score_options o;
        tc_scores *scores;
        memset(&o, 0, sizeof o);
        o.suffix = mode & 1;
        o.strict = mode >> 1 & 1;
        o.scheme = o.strict && mode & 4 ? TC_IOB2 : TC_SCHEME_NONE;
        o.what = mode & 4 ? TC_SCORE_SPANS : TC_SCORE_AUTO;
        fuzz_check(tc_scores_create(&o, NULL, &scores) == TC_OK);
        for (i = 0; i < info->sentences; i++) {
            tc_sentence s;
            fuzz_check(tc_dataset_sentence(d, i, &s) == TC_OK);
            fuzz_score(scores, &s, moved);
        }
        fuzz_scored(scores, o.strict);
        tc_scores_free(scores);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    int format;
    for (format = TC_DATA_AUTO; format <= TC_DATA_JSON; format++) {
        tc_data_options options;
        tc_dataset *d;
        tc_diag diag;
        tc_env env;
        tc_status status;
        memset(&options, 0, sizeof options);
        memset(&env, 0, sizeof env);
        memset(&diag, 0, sizeof diag);
        options.format = (tc_data_format)format;
        options.column = format == TC_DATA_COLUMNS ? -2 : 0;
        env.diag = &diag;
        status = tc_dataset_open(data, size, &options, &env, &d);
        fuzz_check(status == TC_OK ||
                   (status == TC_ERROR_FORMAT && diag.message[0] && diag.line));
        if (status) continue;
        fuzz_all(d);
        tc_dataset_free(d);
    }
    return 0;
}
