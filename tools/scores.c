/* scores.c - the printing of scores; see scores.h. */
#include "scores.h"

#include <string.h>

/* --------------------------------------------------------------------------------- text */

static int scores_not_counted(const tc_score_table *t) {
    return !t->spans || (!t->confusion_count && t->micro.support + t->micro.predicted);
}

static void scores_error(out *o, const char *name, uint64_t count) {
    out_text(o, "  ");
    out_cell(o, name, -28);
    out_count(o, count, 9);
    out_char(o, '\n');
}

static void scores_counts(out *o, const tc_score_table *t) {
    size_t i;
    out_text(o, "\nentities\n");
    scores_error(o, "gold", t->micro.support);
    scores_error(o, "predicted", t->micro.predicted);
    scores_error(o, "correct", t->micro.correct);
    scores_error(o, "same words, other type", t->type_wrong);
    scores_error(o, "same type, other words", t->boundary_wrong);
    scores_error(o, "other type and words", t->both_wrong);
    scores_error(o, "missed", t->missed);
    scores_error(o, "spurious", t->spurious);
    out_text(o, "\n  ");
    out_cell(o, "gold", -24);
    out_char(o, ' ');
    out_cell(o, "predicted", -24);
    out_text(o, " same words   overlap\n");
    for (i = 0; i < t->confusion_count; i++) {
        const tc_confusion *c = &t->confusions[i];
        out_text(o, "  ");
        out_cell(o, c->gold ? c->gold : "-", -24);
        out_char(o, ' ');
        out_cell(o, c->predicted ? c->predicted : "-", -24);
        out_count(o, c->exact, 11);
        out_count(o, c->overlap, 10);
        out_char(o, '\n');
    }
}

int scores_text(out *o, const common *c, const char *where, tc_scores *scores,
                const tc_score_table *table, int digits) {
    tc_string report;
    char text[80];
    tc_status status = tc_scores_report(scores, (uint32_t)digits, &report);
    if (status) return common_fail(c, where, status);
    out_bytes(o, report.data, report.length);
    snprintf(text, sizeof text, "accuracy %.*f\n", digits, table->accuracy);
    out_text(o, text);
    return 0;
}

void scores_confusion(out *o, const char *command, const tc_score_table *t) {
    if (scores_not_counted(t)) {
        tool_note(command, t->spans
                               ? "confusions are counted for up to 255 types"
                               : "the labels mark no spans: there are no confusions of types");
    } else {
        scores_counts(o, t);
    }
}

/* --------------------------------------------------------------------------------- JSON */

void scores_number(out *o, const char *key, double value) {
    out_key(o, key);
    out_double(o, value);
}

static void scores_confusion_json(out *o, const tc_score_table *t) {
    size_t i;
    out_key(o, "confusion");
    if (scores_not_counted(t)) {
        out_text(o, "null");
        return;
    }
    out_char(o, '{');
    out_key_uint(o, "type_wrong", t->type_wrong);
    out_key_uint(o, "boundary_wrong", t->boundary_wrong);
    out_key_uint(o, "both_wrong", t->both_wrong);
    out_key_uint(o, "missed", t->missed);
    out_key_uint(o, "spurious", t->spurious);
    out_key(o, "pairs");
    out_char(o, '[');
    for (i = 0; i < t->confusion_count; i++) {
        const tc_confusion *c = &t->confusions[i];
        if (i) out_text(o, ", ");
        out_char(o, '{');
        out_key_text(o, "gold", c->gold);
        out_key_text(o, "predicted", c->predicted);
        out_key_uint(o, "exact", c->exact);
        out_key_uint(o, "overlap", c->overlap);
        out_char(o, '}');
    }
    out_text(o, "]}");
}

void scores_json(out *o, const tc_score_table *t) {
    size_t i;
    out_char(o, '{');
    for (i = 0; i < t->count; i++) {
        const tc_score *r = &t->rows[i];
        out_key(o, r->name);
        out_char(o, '{');
        scores_number(o, "precision", r->precision);
        scores_number(o, "recall", r->recall);
        scores_number(o, "f1", r->f1);
        out_key_uint(o, "number", r->support);
        out_char(o, '}');
    }
    scores_number(o, "overall_precision", t->micro.precision);
    scores_number(o, "overall_recall", t->micro.recall);
    scores_number(o, "overall_f1", t->micro.f1);
    scores_number(o, "overall_accuracy", t->accuracy);
    out_key_uint(o, "support", t->micro.support);
    scores_confusion_json(o, t);
}

void scores_json_end(out *o) { out_text(o, "}\n"); }
