/* report_page.c - the page itself; see report_data.h. */
#include "report_data.h"

#include <ctype.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    PAGE_MATRIX = 20, /* types of the confusion table, at most */
    PAGE_PAIRS = 20,  /* pairs of tags that are listed, and in the filter */
    PAGE_TYPES = 300, /* types in the filter */
    PAGE_CHIPS = 10,  /* errors that are named below a sentence */
    PAGE_LABEL = 18,  /* characters of a label above a word */
    PAGE_WHOLE = 80,  /* words of a sentence that is shown whole */
    PAGE_NEAR = 25    /* words around an error of a longer one */
};

typedef struct page {
    report *r;
    out *o;
    const tc_score_table *t;
    unsigned char *colours; /* [t->count] */
    int32_t *rows;          /* [labels] row of a label's type, or -1 */
} page;

typedef struct page_kind {
    char letter;
    const char *name, *what;
} page_kind;

static const page_kind page_kinds[] = {
    {'t', "type", "the same words, another type"},
    {'b', "boundary", "the same type, other words in part"},
    {'x', "type and boundary", "another type, other words in part"},
    {'m', "missed", "gold, matched by no prediction"},
    {'s', "spurious", "predicted, matched by no gold one"}};
enum { PAGE_KINDS = (int)(sizeof page_kinds / sizeof *page_kinds) };

/* ------------------------------------------------------------------------- text, numbers */

void html_print(out *o, const char *format, ...) {
    char text[512];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    out_text(o, text);
}

void html_number(out *o, uint64_t v) {
    char digits[24];
    size_t n, i;
    snprintf(digits, sizeof digits, "%llu", (unsigned long long)v);
    n = strlen(digits);
    for (i = 0; i < n; i++) {
        if (i && (n - i) % 3 == 0) out_char(o, ',');
        out_char(o, digits[i]);
    }
}

void html_real(out *o, double v, int digits) {
    if (isfinite(v)) {
        html_print(o, "%.*f", digits, v);
    } else {
        out_text(o, "&ndash;");
    }
}

/* The file's name without its folders. */
static const char *page_base(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash && slash[1] ? slash + 1 : path;
}

/* --------------------------------------------------------------------------------- types */

static int32_t page_row(const page *p, const char *name, size_t n) {
    size_t low = 0, high = p->t->count;
    while (low < high) {
        size_t middle = (low + high) / 2, length = strlen(p->t->rows[middle].name);
        int c = memcmp(name, p->t->rows[middle].name, n < length ? n : length);
        if (!c && n == length) return (int32_t)middle;
        if (c < 0 || (!c && n < length))
            high = middle;
        else
            low = middle + 1;
    }
    return -1;
}

/* The colours that `tag` uses for the types. */
static void page_colours(page *p) {
    mark_palette palette;
    size_t i;
    memset(&palette, 0, sizeof palette);
    for (i = 0; i < p->r->label_count; i++) {
        const report_label *l = &p->r->labels[i];
        if (p->t->spans)
            mark_add(&palette, l->name, l->name_length);
        else
            mark_add(&palette, l->text, l->length);
    }
    mark_choose(&palette);
    for (i = 0; i < p->t->count; i++)
        p->colours[i] = (unsigned char)mark_colour(&palette, p->t->rows[i].name);
}

static int page_open(page *p, report *r, out *o, const tc_score_table *t) {
    size_t i;
    memset(p, 0, sizeof *p);
    p->r = r;
    p->o = o;
    p->t = t;
    if (!t) return 0;
    p->colours = (unsigned char *)calloc(t->count + 1, 1);
    p->rows = (int32_t *)calloc(r->label_count + 1u, sizeof *p->rows);
    if (!p->colours || !p->rows) return 1;
    page_colours(p);
    for (i = 0; i < r->label_count; i++) {
        const report_label *l = &r->labels[i];
        p->rows[i] =
            t->spans ? page_row(p, l->name, l->name_length) : page_row(p, l->text, l->length);
    }
    return 0;
}

static int page_label_colour(const page *p, uint32_t label) {
    int32_t row = label < p->r->label_count ? p->rows[label] : -1;
    return row < 0 ? MARK_COLOURS - 1 : p->colours[row];
}

/* The number of a label's type in the filter. */
static void page_type_number(page *p, int64_t label) {
    int32_t row = label >= 0 && label < (int64_t)p->r->label_count ? p->rows[label] : -1;
    if (row < 0) {
        out_char(p->o, 'n');
    } else {
        out_uint(p->o, (uint64_t)row);
    }
}

static const char *page_label(const page *p, uint32_t label, size_t *n) {
    const report_label *l = &p->r->labels[label];
    *n = p->r->spans ? l->name_length : l->length;
    return p->r->spans ? l->name : l->text;
}

static void page_type(page *p, uint32_t label) {
    size_t n;
    const char *name = page_label(p, label, &n);
    html_print(p->o, "<i class=\"g%d\">", page_label_colour(p, label));
    html_text(p->o, name, n);
    out_text(p->o, "</i>");
}

/* ---------------------------------------------------------------------------------- head */

static void page_date(out *o) {
    time_t now = time(NULL);
    const struct tm *t = localtime(&now);
    char text[40];
    if (!t || !strftime(text, sizeof text, "%Y-%m-%d %H:%M", t)) return;
    html_print(o, "<time datetime=\"%s\">%s</time>", text, text);
}

static void page_head(page *p) {
    out *o = p->o;
    const report *r = p->r;
    const char *model = r->model ? page_base(r->model) : "model";
    out_text(o, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                "<meta name=\"generator\" content=\"tokclass " TC_VERSION "\">\n");
    if (r->state == REPORT_RUNNING)
        out_text(o, "<meta http-equiv=\"refresh\" content=\"30\">\n");
    out_text(o, "<title>");
    if (p->t)
        html_print(o, "%s %.4f &ndash; ", p->t->spans ? "F1" : "Accuracy",
                   p->t->spans ? p->t->micro.f1 : p->t->accuracy);
    html_string(o, model);
    out_text(o, "</title>\n");
    report_style(o);
    out_text(o, "</head>\n<body>\n<header>\n<p class=\"over\">");
    html_string(o, r->title);
    out_text(o, "</p>\n<h1>");
    html_string(o, model);
    if (r->data) {
        out_text(o, " <span>on ");
        html_string(o, page_base(r->data));
        out_text(o, "</span>");
    }
    out_text(o, "</h1>\n");
}

static void page_many(out *o, uint64_t n, const char *what) {
    html_number(o, n);
    html_print(o, n == 1 ? " %s" : " %ss", what);
}

static void page_meta(page *p, const tc_evaluation *e) {
    out *o = p->o;
    out_text(o, "<p class=\"meta\">");
    page_date(o);
    if (e) {
        out_text(o, " &middot; ");
        page_many(o, e->sentences, "sentence");
        out_text(o, " &middot; ");
        page_many(o, e->words, "word");
        out_text(o, " &middot; ");
        page_many(o, e->tokens, "token");
    }
    if (e && e->lost) {
        out_text(o, " &middot; ");
        page_many(o, e->lost, "word");
        out_text(o, " without a token, not scored");
    }
    out_text(o, " &middot; tokclass " TC_VERSION "</p>\n");
}

static void page_state(page *p) {
    const report *r = p->r;
    out *o = p->o;
    if (r->state == REPORT_DONE) return;
    out_text(o, "<p class=\"state\" role=\"status\">");
    out_text(o, r->state == REPORT_RUNNING ? "The training is at update "
                                           : "The training ended early, after update ");
    html_number(o, r->step);
    if (r->total) {
        out_text(o, " of ");
        html_number(o, r->total);
    }
    out_text(o, r->state == REPORT_RUNNING
                    ? ". This page loads itself again; the sentences with errors are on it "
                      "when the training is done.</p>\n"
                    : ".</p>\n");
}

static void page_figure(out *o, const char *name, double value) {
    html_print(o, "<div><dt>%s</dt><dd>", name);
    html_real(o, value, 4);
    out_text(o, "</dd></div>\n");
}

static void page_key(page *p, const tc_evaluation *e) {
    const tc_score_table *t = p->t;
    out *o = p->o;
    out_text(o, "<dl class=\"key\">\n");
    if (t->spans) {
        page_figure(o, "F1", t->micro.f1);
        page_figure(o, "Precision", t->micro.precision);
        page_figure(o, "Recall", t->micro.recall);
        page_figure(o, "Accuracy", t->accuracy);
    } else {
        page_figure(o, "Accuracy", t->accuracy);
        page_figure(o, "F1, macro", t->macro.f1);
        page_figure(o, "F1, weighted", t->weighted.f1);
    }
    if (e) page_figure(o, "Loss", e->loss);
    out_text(o, "</dl>\n");
}

/* -------------------------------------------------------------------------------- scores */

static void page_share(out *o, double share) {
    html_print(o, "<span class=\"bar\"><i style=\"width:%.1f%%\"></i></span>",
               100 * (share > 0 ? share : 0));
}

/* A cell with a count and its bar. */
static void page_count(out *o, uint64_t n, uint64_t most) {
    out_text(o, "<td class=\"n\"><div>");
    page_share(o, (double)n / (double)most);
    out_text(o, "<b>");
    html_number(o, n);
    out_text(o, "</b></div></td>");
}

static void page_score(page *p, const tc_score *s, int row) {
    const double values[3] = {s->precision, s->recall, s->f1};
    out *o = p->o;
    int k;
    out_text(o, "<tr><th scope=\"row\">");
    if (row >= 0) html_print(o, "<span class=\"dot g%d\"></span>", p->colours[row]);
    html_string(o, s->name);
    out_text(o, "</th>");
    for (k = 0; k < 3; k++) {
        out_text(o, k == 2 ? "<td class=\"f\">" : "<td>");
        html_print(o, "%.4f", values[k]);
        page_share(o, values[k]);
        out_text(o, "</td>");
    }
    out_text(o, "<td>");
    html_number(o, s->support);
    out_text(o, "</td></tr>\n");
}

static void page_scores(page *p) {
    const tc_score_table *t = p->t;
    out *o = p->o;
    size_t i;
    out_text(o, "<section id=\"scores\">\n<h2>Scores</h2>\n<table class=\"scores\">\n<thead>"
                "<tr><th scope=\"col\">");
    out_text(o, t->spans ? "Type" : "Label");
    out_text(o, "</th><th scope=\"col\">Precision</th><th scope=\"col\">Recall</th>"
                "<th scope=\"col\">F1</th><th scope=\"col\">Support</th></tr></thead>\n"
                "<tbody>\n");
    for (i = 0; i < t->count; i++) page_score(p, &t->rows[i], (int)i);
    out_text(o, "</tbody>\n<tbody>\n");
    page_score(p, &t->micro, -1);
    page_score(p, &t->macro, -1);
    page_score(p, &t->weighted, -1);
    out_text(o, "</tbody>\n</table>\n</section>\n");
}

/* --------------------------------------------------------------------- kinds of errors */

static uint64_t page_kind_count(const tc_score_table *t, char letter) {
    if (letter == 't') return t->type_wrong;
    if (letter == 'b') return t->boundary_wrong;
    if (letter == 'x') return t->both_wrong;
    return letter == 'm' ? t->missed : t->spurious;
}

static void page_kinds_table(page *p) {
    const tc_score_table *t = p->t;
    out *o = p->o;
    uint64_t most = 1;
    int i, list = p->r->kept_count && p->r->spans && !t->scheme;
    for (i = 0; i < PAGE_KINDS; i++) {
        uint64_t n = page_kind_count(t, page_kinds[i].letter);
        if (n > most) most = n;
    }
    out_text(o, "<table class=\"kinds\">\n<thead><tr><th scope=\"col\">Error</th>"
                "<th scope=\"col\">What it is</th><th scope=\"col\" class=\"n\">Entities</th>"
                "</tr></thead>\n<tbody>\n");
    for (i = 0; i < PAGE_KINDS; i++) {
        const page_kind *k = &page_kinds[i];
        uint64_t n = page_kind_count(t, k->letter);
        out_text(o, "<tr><th scope=\"row\">");
        if (list && n)
            html_print(o, "<a href=\"#sentences\" data-f=\"%c\" data-n=\"%s\">%s</a>",
                       k->letter, k->name, k->name);
        else
            out_text(o, k->name);
        html_print(o, "</th><td class=\"x\">%s</td>", k->what);
        page_count(o, n, most);
        out_text(o, "</tr>\n");
    }
    out_text(o, "</tbody>\n</table>\n");
}

static void page_errors(page *p) {
    const tc_score_table *t = p->t;
    out *o = p->o;
    if (!t->spans || !t->confusion_count) return;
    out_text(o, "<section id=\"errors\">\n<h2>Errors</h2>\n<p class=\"note\">Of ");
    html_number(o, t->micro.support);
    out_text(o, " gold entities and ");
    html_number(o, t->micro.predicted);
    out_text(o, " predicted ones, ");
    html_number(o, t->micro.correct);
    out_text(o, " agree in words and type.</p>\n");
    page_kinds_table(p);
    out_text(o, "</section>\n");
}

/* ---------------------------------------------------------------------------- confusions */

/* Counts of the types that are shown; the last row and column stand for none. */
typedef struct page_matrix {
    size_t n;
    size_t rows[PAGE_MATRIX]; /* of the score table */
    uint64_t exact[PAGE_MATRIX + 1][PAGE_MATRIX + 1], overlap[PAGE_MATRIX + 1][PAGE_MATRIX + 1];
} page_matrix;

/* The types with the most entities, in the order of the table. */
static void page_choose(const page *p, page_matrix *m) {
    const tc_score_table *t = p->t;
    size_t i, k, least;
    m->n = 0;
    for (i = 0; i < t->count; i++) {
        if (m->n < PAGE_MATRIX) {
            m->rows[m->n++] = i;
            continue;
        }
        for (least = 0, k = 1; k < m->n; k++)
            if (t->rows[m->rows[k]].support + t->rows[m->rows[k]].predicted <
                t->rows[m->rows[least]].support + t->rows[m->rows[least]].predicted)
                least = k;
        if (t->rows[i].support + t->rows[i].predicted <=
            t->rows[m->rows[least]].support + t->rows[m->rows[least]].predicted)
            continue;
        memmove(m->rows + least, m->rows + least + 1, (m->n - least - 1) * sizeof *m->rows);
        m->rows[m->n - 1] = i;
    }
}

static size_t page_place(const page *p, const page_matrix *m, const char *name, size_t n) {
    int32_t row = name ? page_row(p, name, n) : -1;
    size_t i;
    for (i = 0; i < m->n; i++)
        if (name && m->rows[i] == (size_t)row) return i;
    return name ? (size_t)-1 : m->n;
}

static void page_fill(const page *p, page_matrix *m) {
    size_t i, a, b;
    memset(m->exact, 0, sizeof m->exact);
    memset(m->overlap, 0, sizeof m->overlap);
    for (i = 0; p->t->spans && i < p->t->confusion_count; i++) {
        const tc_confusion *c = &p->t->confusions[i];
        a = page_place(p, m, c->gold, c->gold ? strlen(c->gold) : 0);
        b = page_place(p, m, c->predicted, c->predicted ? strlen(c->predicted) : 0);
        if (a == (size_t)-1 || b == (size_t)-1) continue;
        m->exact[a][b] = c->exact;
        m->overlap[a][b] = c->overlap;
    }
    for (i = 0; !p->t->spans && i < p->r->pair_count; i++) {
        const report_pair *c = &p->r->pairs[i];
        const report_label *g = &p->r->labels[c->gold], *d = &p->r->labels[c->predicted];
        a = page_place(p, m, g->text, g->length);
        b = page_place(p, m, d->text, d->length);
        if (a != (size_t)-1 && b != (size_t)-1) m->exact[a][b] = c->count;
    }
    for (i = 0; !p->t->spans && i < m->n; i++) m->exact[i][i] = p->t->rows[m->rows[i]].correct;
}

static const char *page_matrix_name(const page *p, const page_matrix *m, size_t i) {
    return i < m->n ? p->t->rows[m->rows[i]].name : "none";
}

static void page_pair_value(page *p, const page_matrix *m, size_t i) {
    if (i < m->n) {
        out_uint(p->o, m->rows[i]);
    } else {
        out_char(p->o, 'n');
    }
}

/* A cell: those with the same words, and "+n" that overlap. */
static void page_cell(page *p, const page_matrix *m, size_t a, size_t b, double shade) {
    out *o = p->o;
    uint64_t exact = m->exact[a][b], overlap = m->overlap[a][b];
    int link = p->r->kept_count && (a != b || overlap) && (exact || overlap);
    if (!exact && !overlap) {
        out_text(o, "<td></td>");
        return;
    }
    html_print(o, "<td class=\"%c\" style=\"--s:%.2f\">", a == b ? 'd' : 'e', shade);
    if (link) {
        out_text(o, "<a href=\"#sentences\" data-f=\"p");
        page_pair_value(p, m, a);
        out_char(o, ',');
        page_pair_value(p, m, b);
        out_text(o, "\" data-n=\"");
        html_string(o, page_matrix_name(p, m, a));
        out_text(o, " as ");
        html_string(o, page_matrix_name(p, m, b));
        out_text(o, "\">");
    }
    if (exact || !overlap) html_number(o, exact);
    if (overlap) {
        out_text(o, "<small>+");
        html_number(o, overlap);
        out_text(o, "<span class=\"hide\"> overlapping</span></small>");
    }
    out_text(o, link ? "</a></td>" : "</td>");
}

static void page_matrix_head(page *p, const page_matrix *m, size_t n) {
    out *o = p->o;
    size_t i;
    html_print(o,
               "<table class=\"matrix%s\">\n<caption class=\"hide\">Gold types in rows, "
               "predicted types in columns</caption>\n<thead><tr><td></td>",
               n <= 6 ? " few" : "");
    for (i = 0; i < n; i++) {
        out_text(o, i < m->n ? "<th scope=\"col\"><span>"
                             : "<th scope=\"col\" class=\"none\"><span>");
        html_string(o, page_matrix_name(p, m, i));
        out_text(o, "</span></th>");
    }
    out_text(o, "</tr></thead>\n<tbody>\n");
}

static void page_matrix_body(page *p, const page_matrix *m, size_t n) {
    out *o = p->o;
    uint64_t most = 1;
    size_t a, b;
    for (a = 0; a < n; a++)
        for (b = 0; b < n; b++)
            if (a != b && m->exact[a][b] + m->overlap[a][b] > most)
                most = m->exact[a][b] + m->overlap[a][b];
    for (a = 0; a < n; a++) {
        const tc_score *row = a < m->n ? &p->t->rows[m->rows[a]] : NULL;
        out_text(o, row ? "<tr><th scope=\"row\">" : "<tr><th scope=\"row\" class=\"none\">");
        html_string(o, page_matrix_name(p, m, a));
        out_text(o, "</th>");
        for (b = 0; b < n; b++) {
            double all = (double)(m->exact[a][b] + m->overlap[a][b]);
            double shade = a == b ? 0.4 * (row && row->support
                                               ? (double)m->exact[a][b] / (double)row->support
                                               : 0)
                                  : 0.06 + 0.44 * sqrt(all / (double)most);
            page_cell(p, m, a, b, shade);
        }
        out_text(o, "</tr>\n");
    }
    out_text(o, "</tbody>\n</table>\n</div>\n");
}

static void page_pairs(page *p) {
    const report *r = p->r;
    out *o = p->o;
    size_t i, n = r->pair_count < PAGE_PAIRS ? r->pair_count : PAGE_PAIRS;
    if (!n) return;
    out_text(o, "<h3>The most frequent</h3>\n<table class=\"kinds\">\n<thead><tr>"
                "<th scope=\"col\">Gold as predicted</th><th scope=\"col\">For example</th>"
                "<th scope=\"col\" class=\"n\">Words</th></tr></thead>\n<tbody>\n");
    for (i = 0; i < n; i++) {
        const report_pair *c = &r->pairs[i];
        out_text(o, "<tr><th scope=\"row\"><a href=\"#sentences\" data-f=\"p");
        page_type_number(p, c->gold);
        out_char(o, ',');
        page_type_number(p, c->predicted);
        out_text(o, "\" data-n=\"");
        html_text(o, r->labels[c->gold].text, r->labels[c->gold].length);
        out_text(o, " as ");
        html_text(o, r->labels[c->predicted].text, r->labels[c->predicted].length);
        out_text(o, "\">");
        html_text(o, r->labels[c->gold].text, r->labels[c->gold].length);
        out_text(o, " as ");
        html_text(o, r->labels[c->predicted].text, r->labels[c->predicted].length);
        out_text(o, "</a></th><td class=\"x\" dir=\"auto\">");
        html_string(o, c->example);
        out_text(o, "</td>");
        page_count(o, c->count, r->pairs[0].count);
        out_text(o, "</tr>\n");
    }
    out_text(o, "</tbody>\n</table>\n");
}

static int page_more(const void *a, const void *b) {
    const report_pair *x = (const report_pair *)a, *y = (const report_pair *)b;
    if (x->count != y->count) return x->count < y->count ? 1 : -1;
    if (x->gold != y->gold) return x->gold < y->gold ? -1 : 1;
    return x->predicted < y->predicted ? -1 : x->predicted > y->predicted;
}

static void page_confusions(page *p) {
    static const char spans_note[] =
        "<p class=\"note\">Rows are gold, columns predicted. A plain number counts entities "
        "whose words are the same, <small>+n</small> those that overlap in part: on the "
        "diagonal these are errors of the boundary alone.</p>\n";
    static const char tags_note[] = "<p class=\"note\">Rows are gold, columns predicted.</p>\n";
    const tc_score_table *t = p->t;
    out *o = p->o;
    page_matrix *m;
    size_t n;
    if (t->spans ? !t->confusion_count : !p->r->pair_count) return;
    m = (page_matrix *)malloc(sizeof *m);
    if (!m) {
        p->r->failed = 1;
        return;
    }
    if (!t->spans) qsort(p->r->pairs, p->r->pair_count, sizeof *p->r->pairs, page_more);
    page_choose(p, m);
    page_fill(p, m);
    n = m->n + (t->spans ? 1 : 0);
    out_text(o, "<section id=\"confusions\">\n<h2>Confusions</h2>\n");
    out_text(o, t->spans ? spans_note : tags_note);
    if (m->n < t->count) {
        html_print(o, "<p class=\"note\">The table has the %d most frequent of ", PAGE_MATRIX);
        html_number(o, t->count);
        out_text(o, t->spans ? " types.</p>\n" : " labels.</p>\n");
    }
    out_text(o, "<div class=\"scroll\" tabindex=\"0\" role=\"region\" "
                "aria-label=\"Confusions\">\n");
    page_matrix_head(p, m, n);
    page_matrix_body(p, m, n);
    free(m);
    if (!t->spans) page_pairs(p);
    out_text(o, "</section>\n");
}

/* ----------------------------------------------------------------------------- sentences */

/* Characters of UTF-8 in s [n]. */
static size_t page_length(const char *s, size_t n) {
    size_t i, count = 0;
    for (i = 0; i < n; i++) count += ((unsigned char)s[i] & 0xC0) != 0x80;
    return count;
}

/* Whether a space belongs between two words: not inside Chinese and Japanese text. */
static int page_spaced(const char *a, size_t n, const char *b, size_t m) {
    unsigned char c = m ? (unsigned char)*b : ' ', d = ' ';
    while (n && ((unsigned char)a[n - 1] & 0xC0) == 0x80) n--;
    if (n) d = (unsigned char)a[n - 1];
    return !(((c >= 0xE3 && c <= 0xE9) || c == 0xEF) &&
             ((d >= 0xE3 && d <= 0xE9) || d == 0xEF));
}

/* A label as an attribute's value, cut to fit. */
static void page_attribute(page *p, uint32_t label) {
    size_t n, i = 0, count = 0;
    const char *name = page_label(p, label, &n);
    while (i < n && count < PAGE_LABEL) {
        int good;
        i += tool_utf8(name + i, n - i, &good);
        count++;
    }
    html_text(p->o, name, i);
    if (i < n) out_text(p->o, "&hellip;");
}

/* Width in em of a label above or below a word. */
static double page_label_width(const char *s, size_t n) {
    double width = 0.3;
    size_t i, count = 0;
    for (i = 0; i < n && count <= PAGE_LABEL; i++) {
        if (((unsigned char)s[i] & 0xC0) == 0x80) continue;
        width += isupper((unsigned char)s[i]) ? 0.53 : (unsigned char)s[i] < 0x80 ? 0.43 : 0.72;
        count++;
    }
    return width;
}

/* What the last word of a span, word i, needs in addition so that the label does not run into
 * what stands behind the span; 0 for other words. */
static double page_width(const page *p, const report_span *s, const report_word *words,
                         size_t i, const char *text) {
    size_t n, k, have = 0;
    const char *name = page_label(p, s->type, &n);
    double more;
    if (i + 1 != s->end) return 0;
    for (k = s->end; k-- > s->start;) {
        have += page_length(text, words[k].length) + (k > s->start);
        if (k > s->start) text -= words[k - 1].length;
    }
    more = page_label_width(name, n) - 0.48 * (double)have;
    return more > 0 ? more : 0;
}

/* One word with the spans above and below it; `spaced`: a space follows. */
static void page_word(page *p, const report_word *words, size_t i, const char *text,
                      const report_span *g, const report_span *d, int spaced) {
    out *o = p->o;
    double width = 0;
    int inside = spaced && ((g && g->end > i + 1) || (d && d->end > i + 1));
    if (!g && !d) {
        html_text(o, text, words[i].length);
        if (spaced) out_char(o, ' ');
        return;
    }
    out_text(o, "<span class=\"w");
    if (g) html_print(o, " g%d%s", page_label_colour(p, g->type), g->kind == 'c' ? " gk" : "");
    if (d) html_print(o, " p%d%s", page_label_colour(p, d->type), d->kind == 'c' ? " pk" : "");
    if (g && inside && g->end == i + 1) out_text(o, " ge");
    if (d && inside && d->end == i + 1) out_text(o, " pe");
    out_char(o, '"');
    if (g) {
        out_text(o, " data-g=\"");
        if (g->start == i) page_attribute(p, g->type);
        width = page_width(p, g, words, i, text);
        out_char(o, '"');
    }
    if (d) {
        out_text(o, " data-p=\"");
        if (d->start == i && d->kind != 'c') page_attribute(p, d->type);
        if (d->kind != 'c') width = fmax(width, page_width(p, d, words, i, text));
        out_char(o, '"');
    }
    if (width > 0)
        html_print(o, " style=\"min-width:%.1fem\"",
                   width + 0.48 * (double)page_length(text, words[i].length));
    out_char(o, '>');
    html_text(o, text, words[i].length);
    out_text(o, inside ? " </span>" : "</span>");
    if (spaced && !inside) out_char(o, ' ');
}

/* Marks the words of a long sentence that stand near an error. */
static void page_near(const report_spans *s, size_t n, size_t *near_error) {
    size_t i, k, from, to;
    int side;
    for (i = 0; i < n; i++) near_error[i] = n <= PAGE_WHOLE;
    for (side = 0; side < 2; side++) {
        const report_span *x = side ? s->predicted : s->gold;
        for (i = 0; i < (side ? s->predictions : s->golds); i++) {
            if (x[i].kind == 'c') continue;
            from = x[i].start > PAGE_NEAR ? x[i].start - PAGE_NEAR : 0;
            to = n - x[i].end > PAGE_NEAR ? x[i].end + PAGE_NEAR : n;
            for (k = from; k < to; k++) near_error[k] = 1;
        }
    }
}

static void page_words(page *p, const report_kept *k) {
    const report_word *words = p->r->words + k->first;
    const report_spans *s = &p->r->at;
    const char *text = p->r->text.data + k->text;
    size_t i, g = 0, d = 0, at = 0;
    size_t *near_error = s->kept;
    page_near(s, k->count, near_error);
    out_text(p->o, "<p dir=\"auto\" lang=\"\">");
    for (i = 0; i < k->count; i++) {
        const char *next = text + at + words[i].length;
        int spaced = i + 1 < k->count &&
                     page_spaced(text + at, words[i].length, next, words[i + 1].length);
        while (g < s->golds && s->gold[g].end <= i) g++;
        while (d < s->predictions && s->predicted[d].end <= i) d++;
        if (near_error[i]) {
            page_word(p, words, i, text + at,
                      g < s->golds && s->gold[g].start <= i ? &s->gold[g] : NULL,
                      d < s->predictions && s->predicted[d].start <= i ? &s->predicted[d]
                                                                       : NULL,
                      spaced);
        } else if (!i || near_error[i - 1]) {
            out_text(p->o, "&hellip; ");
        }
        at += words[i].length;
    }
    out_text(p->o, "</p>\n");
}

/* What is wrong in a sentence, in words. */
static void page_chip(page *p, const report_span *s) {
    out *o = p->o;
    int k;
    out_text(o, "<span>");
    for (k = 0; k < PAGE_KINDS && p->r->spans; k++)
        if (page_kinds[k].letter == s->kind) html_print(o, "<b>%s</b> ", page_kinds[k].name);
    page_type(p, s->type);
    if (s->kind == 't' || s->kind == 'x') {
        out_text(o, " as ");
        page_type(p, (uint32_t)s->other);
    }
    out_text(o, "</span>\n");
}

/* Calls for the errors in the order of the words: spans of the gold row, then spurious ones. */
static void page_chips(page *p) {
    const report_spans *s = &p->r->at;
    size_t i, n = 0;
    out_text(p->o, "<div class=\"es\">");
    for (i = 0; i < s->golds; i++)
        if (s->gold[i].kind != 'c' && n++ < PAGE_CHIPS) page_chip(p, &s->gold[i]);
    for (i = 0; i < s->predictions; i++)
        if (s->predicted[i].kind == 's' && n++ < PAGE_CHIPS) page_chip(p, &s->predicted[i]);
    if (n > PAGE_CHIPS)
        html_print(p->o, "<span>and %lu more</span>", (unsigned long)(n - PAGE_CHIPS));
    out_text(p->o, "</div>\n");
}

/* The errors for the filter: kind, gold type, predicted type. */
static void page_tokens(page *p) {
    const report_spans *s = &p->r->at;
    out *o = p->o;
    size_t i;
    int any = 0;
    out_text(o, "<li data-e=\"");
    for (i = 0; i < s->golds + s->predictions; i++) {
        int gold = i < s->golds;
        const report_span *x = gold ? &s->gold[i] : &s->predicted[i - s->golds];
        if (x->kind == 'c' || (!gold && x->kind != 's')) continue;
        if (any++) out_char(o, ' ');
        out_char(o, x->kind);
        page_type_number(p, gold ? (int64_t)x->type : -1);
        out_char(o, ',');
        page_type_number(p, gold ? (int64_t)x->other : (int64_t)x->type);
    }
    out_text(o, "\">");
}

static void page_sentence(page *p, const report_kept *k) {
    out *o = p->o;
    if (report_compare(p->r, p->r->words + k->first, k->count)) {
        p->r->failed = 1;
        return;
    }
    page_tokens(p);
    out_text(o, "<div class=\"at\">line ");
    out_uint(o, k->line);
    out_text(o, "</div>\n<div>");
    page_words(p, k);
    page_chips(p);
    out_text(o, "</div></li>\n");
}

static void page_filter(page *p) {
    out *o = p->o;
    size_t i;
    int k;
    out_text(o, "<form id=\"filter\" hidden>\n<label>Error<select name=\"kind\">"
                "<option value=\"\">any</option>\n");
    for (k = 0; k < PAGE_KINDS && p->t->spans; k++)
        html_print(o, "<option value=\"%c\">%s</option>\n", page_kinds[k].letter,
                   page_kinds[k].name);
    out_text(o, "</select></label>\n<label>");
    out_text(o, p->t->spans ? "Type" : "Label");
    out_text(o, "<select name=\"type\"><option value=\"\">any</option>\n");
    for (i = 0; i < p->t->count && i < PAGE_TYPES; i++) {
        html_print(o, "<option value=\"%lu\">", (unsigned long)i);
        html_string(o, p->t->rows[i].name);
        out_text(o, "</option>\n");
    }
    out_text(o, "</select></label>\n<label>Words<input name=\"find\" type=\"search\" "
                "autocomplete=\"off\" spellcheck=\"false\"></label>\n"
                "<output aria-live=\"polite\"></output>\n</form>\n");
}

static void page_sentences(page *p) {
    const report *r = p->r;
    out *o = p->o;
    size_t i;
    if (!r->begun || r->spans != p->t->spans) return;
    out_text(o, "<section id=\"sentences\">\n<h2>Sentences with errors</h2>\n<p "
                "class=\"note\">");
    if (!r->wrong) {
        out_text(o, "There is none");
        out_text(o, p->t->scheme ? " by the rules of default mode.</p>\n</section>\n"
                                 : ".</p>\n</section>\n");
        return;
    }
    html_number(o, r->wrong);
    out_text(o, r->wrong == 1 ? " sentence has" : " sentences have");
    out_text(o, p->t->spans ? " an error. Above the words is what the data says, below them "
                              "what the model says; a thick line is an error."
                            : " an error. Above a wrong word is the label in the data, below "
                              "it that of the model.");
    if (p->t->scheme)
        out_text(o, " Entities are marked by the rules of default mode: strict mode may count "
                    "other errors.");
    if (r->kept_count < r->wrong) {
        out_text(o, " Here are the first ");
        html_number(o, r->kept_count);
        out_char(o, '.');
    }
    out_text(o, "</p>\n");
    page_filter(p);
    out_text(o, "<ol>\n");
    for (i = 0; i < r->kept_count; i++) page_sentence(p, &r->kept[i]);
    out_text(o, "</ol>\n</section>\n");
}

static void page_options(page *p) {
    if (!p->r->options.size) return;
    out_text(p->o, "<section id=\"options\">\n<h2>Options</h2>\n<dl class=\"options\">\n");
    out_bytes(p->o, p->r->options.data, p->r->options.size);
    out_text(p->o, "</dl>\n</section>\n");
}

void report_page(report *r, out *o, const tc_score_table *table, const tc_evaluation *e) {
    page p;
    if (page_open(&p, r, o, table)) {
        r->failed = 1;
    } else {
        page_head(&p);
        page_meta(&p, e);
        page_state(&p);
        if (table) page_key(&p, e);
        out_text(o, "</header>\n<main>\n");
        report_charts(r, o);
        if (table) page_scores(&p);
        if (table) page_errors(&p);
        if (table) page_confusions(&p);
        page_options(&p);
        if (table) page_sentences(&p);
        out_text(o, "</main>\n");
        report_script(o);
        out_text(o, "</body>\n</html>\n");
    }
    free(p.colours);
    free(p.rows);
    if (r->failed || r->options.failed) o->failed = 1;
}
