/* report.c - gathers what a report shows; see report.h. */
#include "report_data.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* ---------------------------------------------------------------------------- a report */

report *report_create(const char *title) {
    report *r = (report *)calloc(1, sizeof *r);
    if (!r) return NULL;
    r->title = title;
    r->buckets = (report_bucket *)calloc(REPORT_BUCKETS, sizeof *r->buckets);
    r->points = (report_point *)calloc(REPORT_EVALUATIONS, sizeof *r->points);
    r->kept = (report_kept *)calloc(REPORT_SENTENCES, sizeof *r->kept);
    r->pairs = (report_pair *)calloc(REPORT_PAIRS, sizeof *r->pairs);
    r->bucket_size = 1;
    if (r->buckets && r->points && r->kept && r->pairs) return r;
    report_free(r);
    return NULL;
}

void report_free(report *r) {
    if (!r) return;
    free(r->model);
    free(r->data);
    out_free(&r->options);
    free(r->labels);
    free(r->kept);
    free(r->words);
    out_free(&r->text);
    free(r->at.gold);
    free(r->at.predicted);
    free(r->at.kept);
    free(r->pairs);
    free(r->buckets);
    free(r->points);
    free(r);
}

static void report_copy(report *r, char **to, const char *text) {
    size_t n = text ? strlen(text) + 1 : 0;
    free(*to);
    *to = n ? (char *)malloc(n) : NULL;
    if (n && !*to) r->failed = 1;
    if (*to) memcpy(*to, text, n);
}

void report_names(report *r, const char *model, const char *data) {
    report_copy(r, &r->model, model);
    report_copy(r, &r->data, data);
}

void report_option(report *r, const char *name, const char *format, ...) {
    char text[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    out_text(&r->options, "<div><dt>");
    html_string(&r->options, name);
    out_text(&r->options, "</dt><dd>");
    html_string(&r->options, text);
    out_text(&r->options, "</dd></div>\n");
}

void report_progress(report *r, report_state state, uint64_t step, uint64_t total) {
    r->state = state;
    r->step = step;
    r->total = total;
}

int report_stop(report *r) {
    if (r->state != REPORT_RUNNING) return 0;
    r->state = REPORT_STOPPED;
    return 1;
}

/* -------------------------------------------------------------------------------- labels */

/* Letter and type of a label, as seqeval's default mode reads them. */
static void report_part(report_label *l, int suffix) {
    const char *p = l->text, *end = p + l->length, *cut;
    if (suffix) {
        for (end--; end > p && ((unsigned char)*end & 0xC0) == 0x80;) end--;
        l->letter = *end;
        for (cut = end; cut > p && cut[-1] != '-';) cut--;
        if (cut > p) end = cut - 1;
    } else {
        l->letter = *p;
        for (p++; p < end && ((unsigned char)*p & 0xC0) == 0x80;) p++;
        cut = p < end ? (const char *)memchr(p, '-', (size_t)(end - p)) : NULL;
        if (cut) p = cut + 1;
    }
    l->name = p < end ? p : "_";
    l->name_length = p < end ? (size_t)(end - p) : 1;
}

int report_begin(report *r, const char *const *labels, uint32_t count, const label_map *maps,
                 int suffix) {
    uint32_t i, k;
    free(r->labels);
    r->labels = (report_label *)calloc(count + 1u, sizeof *r->labels);
    r->label_count = r->labels ? count : 0;
    r->maps = maps;
    r->suffix = suffix;
    r->spans = tc_labels_mark_spans(labels, count, suffix);
    r->begun = 1;
    r->wrong = r->pair_total = 0;
    r->kept_count = r->word_count = r->pair_count = 0;
    r->text.size = 0;
    for (i = 0; i < r->label_count; i++) {
        report_label *l = &r->labels[i];
        l->text = labels[i];
        l->length = strlen(labels[i]);
        if (!l->length) {
            l->text = "O";
            l->length = 1;
        }
        report_part(l, suffix);
        for (k = 0; k < i; k++) {
            const report_label *o = &r->labels[k];
            if (o->name_length == l->name_length &&
                memcmp(o->name, l->name, l->name_length) == 0)
                break;
        }
        l->type = k;
    }
    return !r->labels;
}

static int32_t report_find(const report *r, tc_string label) {
    uint32_t i;
    for (i = 0; i < r->label_count; i++) {
        const report_label *l = &r->labels[i];
        if (l->length == label.length && memcmp(l->text, label.data, label.length) == 0)
            return (int32_t)i;
    }
    return -1;
}

/* ---------------------------------------------------------------------------------- spans */

static int report_in(char letter, const char *set) { return letter && strchr(set, letter); }

/* The entities of one row of labels by the rules of conlleval; the number of them. */
static size_t report_find_spans(const report *r, const report_word *words, size_t n, int gold,
                                const size_t *kept, report_span *spans) {
    char last = 'O', letter;
    uint32_t type = UINT32_MAX, next;
    size_t i, begin = 0, count = 0;
    for (i = 0; i <= n; i++) {
        const report_word *w = i < n ? &words[kept[i]] : NULL;
        int32_t id = !w ? -1 : gold ? w->gold : w->predicted;
        letter = id < 0 ? 'O' : r->labels[id].letter;
        next = id < 0 ? UINT32_MAX : r->labels[id].type;
        if (i &&
            (report_in(last, "ES") || (report_in(last, "BI") && report_in(letter, "BSO")) ||
             (!report_in(last, "O.") && type != next))) {
            report_span *s = &spans[count++];
            memset(s, 0, sizeof *s);
            s->start = kept[begin];
            s->end = kept[i - 1] + 1;
            s->type = type;
            s->other = -1;
        }
        if (report_in(letter, "BS") || (report_in(last, "ESO") && report_in(letter, "EI")) ||
            (!report_in(letter, "O.") && type != next))
            begin = i;
        last = letter;
        type = next;
    }
    return count;
}

static void report_meet(report_span *g, report_span *p, int same_words) {
    int same_type = g->type == p->type;
    g->kind = p->kind = same_words ? (same_type ? 'c' : 't') : same_type ? 'b' : 'x';
    g->other = (int32_t)p->type;
    p->other = (int32_t)g->type;
}

/* Pairs the spans as the library counts them: the same words first, then an overlap. */
static void report_match(report_spans *s) {
    report_span *g = s->gold, *p = s->predicted;
    size_t n = s->golds, m = s->predictions, i, j;
    for (i = j = 0; i < n && j < m;) {
        if (g[i].start == p[j].start && g[i].end == p[j].end)
            report_meet(&g[i++], &p[j++], 1);
        else if (g[i].end < p[j].end || (g[i].end == p[j].end && g[i].start < p[j].start))
            i++;
        else
            j++;
    }
    for (i = j = 0; i < n && j < m;) {
        if (g[i].kind || g[i].end <= p[j].start)
            i++;
        else if (p[j].kind || p[j].end <= g[i].start)
            j++;
        else
            report_meet(&g[i++], &p[j++], 0);
    }
    for (i = 0; i < n; i++) {
        if (!g[i].kind) g[i].kind = 'm';
        s->errors += g[i].kind != 'c';
    }
    for (j = 0; j < m; j++) {
        if (!p[j].kind) p[j].kind = 's';
        s->errors += p[j].kind == 's';
    }
}

/* Tags that are no spans: the wrong words, each a span of its own. */
static void report_match_tags(report_spans *s, const report_word *words, size_t n) {
    size_t i;
    for (i = 0; i < n; i++) {
        const report_word *w = &words[i];
        report_span *g = &s->gold[s->golds], *p = &s->predicted[s->predictions];
        if (w->predicted < 0 || w->gold < 0 || w->gold == w->predicted) continue;
        memset(g, 0, sizeof *g);
        g->start = i;
        g->end = i + 1;
        *p = *g;
        g->type = (uint32_t)w->gold;
        p->type = (uint32_t)w->predicted;
        report_meet(g, p, 1);
        s->golds++;
        s->predictions++;
        s->errors++;
    }
}

static int report_room(report_spans *s, size_t n) {
    if (s->room >= n && s->kept) return 0;
    free(s->gold);
    free(s->predicted);
    free(s->kept);
    s->room = n;
    s->gold = (report_span *)calloc(n + 1, sizeof *s->gold);
    s->predicted = (report_span *)calloc(n + 1, sizeof *s->predicted);
    s->kept = (size_t *)calloc(n + 1, sizeof *s->kept);
    return !s->gold || !s->predicted || !s->kept;
}

int report_compare(report *r, const report_word *words, size_t n) {
    report_spans *s = &r->at;
    size_t i, count = 0;
    if (report_room(s, n)) {
        s->room = 0;
        return 1;
    }
    s->golds = s->predictions = s->errors = 0;
    if (!r->spans) {
        report_match_tags(s, words, n);
        return 0;
    }
    for (i = 0; i < n; i++)
        if (words[i].predicted >= 0) s->kept[count++] = i;
    s->golds = report_find_spans(r, words, count, 1, s->kept, s->gold);
    s->predictions = report_find_spans(r, words, count, 0, s->kept, s->predicted);
    report_match(s);
    return 0;
}

/* ------------------------------------------------------------------------------ sentences */

static void report_pair_count(report *r, const report_word *w, tc_string word) {
    size_t i;
    report_pair *p;
    for (i = 0; i < r->pair_count; i++) {
        p = &r->pairs[i];
        if (p->gold == (uint32_t)w->gold && p->predicted == (uint32_t)w->predicted) break;
    }
    r->pair_total++;
    if (i == REPORT_PAIRS) return;
    p = &r->pairs[i];
    if (i == r->pair_count) {
        size_t n = word.length < sizeof p->example ? word.length : 0;
        memset(p, 0, sizeof *p);
        p->gold = (uint32_t)w->gold;
        p->predicted = (uint32_t)w->predicted;
        memcpy(p->example, word.data, n);
        r->pair_count++;
    }
    p->count++;
    if (i && p->count > r->pairs[i - 1].count) { /* frequent ones are found early */
        report_pair swap = *p;
        *p = r->pairs[i - 1];
        r->pairs[i - 1] = swap;
    }
}

/* Reads the labels of a sentence behind the words that are kept. */
static report_word *report_read(report *r, const tc_sentence *s, const tc_string *predicted) {
    report_word *words;
    size_t i;
    if (r->word_room - r->word_count < s->count) {
        size_t room = r->word_room + s->count + 4096;
        words = (report_word *)realloc(r->words, room * sizeof *words);
        if (!words) return NULL;
        r->words = words;
        r->word_room = room;
    }
    words = r->words + r->word_count;
    for (i = 0; i < s->count; i++) {
        tc_string gold = label_map_apply(r->maps, s->labels[i]);
        words[i].length = (uint32_t)s->words[i].length;
        words[i].predicted = predicted[i].length ? report_find(r, predicted[i]) : -1;
        words[i].gold = gold.length == predicted[i].length &&
                                memcmp(gold.data, predicted[i].data, gold.length) == 0
                            ? words[i].predicted
                            : report_find(r, gold);
    }
    return words;
}

int report_sentence(report *r, const tc_sentence *s, const tc_string *predicted) {
    report_word *words = report_read(r, s, predicted);
    report_kept *k;
    size_t i;
    if (!words || report_compare(r, words, s->count)) return 1;
    if (!r->spans) {
        for (i = 0; i < r->at.golds; i++) {
            size_t at = r->at.gold[i].start;
            report_pair_count(r, &words[at], s->words[at]);
        }
    }
    if (!r->at.errors) return 0;
    r->wrong++;
    if (r->kept_count == REPORT_SENTENCES || r->text.size > REPORT_TEXT) return 0;
    k = &r->kept[r->kept_count++];
    k->first = r->word_count;
    k->count = s->count;
    k->text = r->text.size;
    k->line = s->lines[0];
    for (i = 0; i < s->count; i++) out_bytes(&r->text, s->words[i].data, s->words[i].length);
    r->word_count += s->count;
    return r->text.failed;
}

/* ------------------------------------------------------------------------------- training */

/* Two neighbours become one when there is no room for another bucket. */
static void report_halve(report *r) {
    size_t i;
    for (i = 0; i < REPORT_BUCKETS / 2; i++) {
        report_bucket a = r->buckets[2 * i];
        const report_bucket *b = &r->buckets[2 * i + 1];
        a.last = b->last;
        a.count += b->count;
        a.sum += b->sum;
        if (b->low < a.low) a.low = b->low;
        if (b->high > a.high) a.high = b->high;
        r->buckets[i] = a;
    }
    r->bucket_count = REPORT_BUCKETS / 2;
    r->bucket_size *= 2;
}

void report_step(report *r, uint64_t step, double loss) {
    report_bucket *b = r->bucket_count ? &r->buckets[r->bucket_count - 1] : NULL;
    if (!isfinite(loss)) return;
    if (!b || b->count == r->bucket_size) {
        if (r->bucket_count == REPORT_BUCKETS) report_halve(r);
        b = &r->buckets[r->bucket_count++];
        memset(b, 0, sizeof *b);
        b->low = b->high = loss;
    }
    b->last = step;
    b->count++;
    b->sum += loss;
    if (loss < b->low) b->low = loss;
    if (loss > b->high) b->high = loss;
}

/* Drops every other point but the best. */
static void report_thin(report *r) {
    size_t i, n = 0;
    for (i = 0; i < r->point_count; i++)
        if (i % 2 == 0 || r->points[i].best) r->points[n++] = r->points[i];
    r->point_count = n;
}

void report_evaluation(report *r, const tc_train_evaluation *e) {
    report_point *p;
    size_t i;
    if (r->point_count == REPORT_EVALUATIONS) report_thin(r);
    if (e->improved)
        for (i = 0; i < r->point_count; i++) r->points[i].best = 0;
    p = &r->points[r->point_count++];
    r->evaluations++;
    p->step = e->step;
    p->epoch = e->epoch;
    p->training = e->training_loss;
    p->loss = e->evaluation.loss;
    p->precision = e->scores->micro.precision;
    p->recall = e->scores->micro.recall;
    p->f1 = e->scores->micro.f1;
    p->accuracy = e->scores->accuracy;
    p->best = e->improved;
    r->tags = !e->scores->spans;
}

int report_save(const out *page, const char *path) {
    char why[200];
    if (page->failed) return tool_fail(path, "out of memory");
    if (tool_save(path, page->data, page->size, why, sizeof why)) {
        return tool_fail(path, "%s", why);
    }
    return 0;
}
