/* t_score.h - seqeval's scores against a slow second implementation over strings, the cases of
 * the written description, seqeval's own data, and what must not change a score. */
#ifndef T_SCORE_H
#define T_SCORE_H

enum { SCORE_SENTENCES = 6, SCORE_WORDS = 14, SCORE_TAG = 32, SCORE_MOST = 128 };

typedef struct score_doc {
    int sentences, count[SCORE_SENTENCES], suffix;
    int sane; /* only letters that default mode knows */
    char gold[SCORE_SENTENCES][SCORE_WORDS][SCORE_TAG];
    char predicted[SCORE_SENTENCES][SCORE_WORDS][SCORE_TAG];
} score_doc;

typedef struct score_entity {
    char type[SCORE_TAG];
    int sentence, start, end; /* default mode: words of all sentences; end is exclusive */
} score_entity;

typedef struct score_list {
    score_entity items[SCORE_MOST];
    int count;
} score_list;

/* ---- the slow implementation ---- */

/* The tag's letter, a code point, and the rest of it. */
static void score_split(const char *tag, int suffix, char *letter, char *rest) {
    size_t n = strlen(tag), k;
    if (suffix) {
        for (k = n - 1; k && ((unsigned char)tag[k] & 0xC0) == 0x80;) k--;
        strcpy(letter, tag + k);
        memcpy(rest, tag, k);
        rest[k] = 0;
    } else {
        for (k = 1; ((unsigned char)tag[k] & 0xC0) == 0x80;) k++;
        memcpy(letter, tag, k);
        letter[k] = 0;
        strcpy(rest, tag + k);
    }
}

static void score_loose(const char *tag, int suffix, char *letter, char *type) {
    char rest[SCORE_TAG], *dash;
    score_split(tag, suffix, letter, rest);
    dash = suffix ? strrchr(rest, '-') : strchr(rest, '-');
    if (dash && suffix) *dash = 0;
    strcpy(type, dash && !suffix ? dash + 1 : rest);
    if (!*type) strcpy(type, "_");
}

static void score_tight(const char *tag, int suffix, char *letter, char *type) {
    char rest[SCORE_TAG], *p = rest;
    score_split(tag, suffix, letter, rest);
    while (*p == '-') p++;
    while (*p && p[strlen(p) - 1] == '-') p[strlen(p) - 1] = 0;
    strcpy(type, *p ? p : "_");
}

static int score_any(const char *letter, const char *words) {
    return !letter[1] && strchr(words, letter[0]) != NULL;
}

static void score_emit(score_list *l, const char *type, int sentence, int start, int end) {
    score_entity *e = &l->items[l->count++];
    memset(e, 0, sizeof *e);
    strcpy(e->type, type);
    e->sentence = sentence;
    e->start = start;
    e->end = end;
}

/* get_entities: all sentences in a row, O behind each, and one more. */
static void score_slow_default(char (*tags)[SCORE_WORDS][SCORE_TAG], const score_doc *d,
                               score_list *out) {
    const char *all[SCORE_SENTENCES * (SCORE_WORDS + 1) + 1];
    char last[SCORE_TAG] = "O", last_type[SCORE_TAG] = "", tag[SCORE_TAG], type[SCORE_TAG];
    int n = 0, i, s, begin = 0;
    for (s = 0; s < d->sentences; s++) {
        for (i = 0; i < d->count[s]; i++) all[n++] = tags[s][i];
        all[n++] = "O";
    }
    all[n++] = "O";
    out->count = 0;
    for (i = 0; i < n; i++) {
        int differ, end, start;
        score_loose(all[i], d->suffix, tag, type);
        differ = strcmp(last_type, type) != 0;
        end = score_any(last, "ES") || (score_any(last, "BI") && score_any(tag, "BSO")) ||
              (!score_any(last, "O.") && differ);
        start = score_any(tag, "BS") || (score_any(last, "ESO") && score_any(tag, "EI")) ||
                (!score_any(tag, "O.") && differ);
        if (end) score_emit(out, last_type, 0, begin, i);
        if (start) begin = i;
        strcpy(last, tag);
        strcpy(last_type, type);
    }
}

/* Letters, starts, insides, ends: before, at, types the same (=), different (!), either (*). */
static const char *const score_rules[TC_SCHEME_COUNT][4] = {
    {"", "", "", ""},
    {"IOB", "OI* II! BI* IB= BB=", "BI= II=", "II! IO* IB* BO* BI! BB="},
    {"IOB", "?B*", "BI= II=", "IO* II! IB* BO* BI! BB*"},
    {"IOE", "OI* II! EI* EE=", "II= IE=", "II! IO* IE! EI= EE="},
    {"IOE", "OI* OE* EI* EE* II! IE!", "IE= II=", "E?*"},
    {"IOBES", "?B* ?S*", "BI= BE= II= IE=", "S?* E?*"},
    {"BILOU", "?B* ?U*", "BI= BL= II= IL=", "U?* L?*"}};

static int score_rule(const char *rules, char before, char at, int same) {
    for (; *rules; rules += rules[3] ? 4 : 3)
        if ((rules[0] == '?' || rules[0] == before) && (rules[1] == '?' || rules[1] == at) &&
            (rules[2] == '*' || (rules[2] == '=') == same))
            return 1;
    return 0;
}

/* The entities of one side in strict mode; 0: a tag does not belong to the scheme. */
static int score_slow_strict(char (*tags)[SCORE_WORDS][SCORE_TAG], const score_doc *d,
                             int scheme, score_list *out) {
    const char *const *r = score_rules[scheme];
    char letter[SCORE_WORDS + 2][SCORE_TAG], type[SCORE_WORDS + 2][SCORE_TAG];
    int s, i, n;
    out->count = 0;
    for (s = 0; s < d->sentences; s++) {
        n = d->count[s]; /* token i is at i + 1; O on both sides */
        for (i = 0; i < n + 2; i++) {
            score_tight(i && i <= n ? tags[s][i - 1] : "O", d->suffix, letter[i], type[i]);
            if (!score_any(letter[i], r[0])) return 0;
        }
        for (i = 1; i < n + 1;) {
            int k = i + 1;
            if (!score_rule(r[1], *letter[i - 1], *letter[i], !strcmp(type[i - 1], type[i]))) {
                i++;
                continue;
            }
            while (score_rule(r[2], *letter[k - 1], *letter[k], !strcmp(type[k - 1], type[k])))
                k++;
            if (score_rule(r[3], *letter[k - 1], *letter[k], !strcmp(type[k - 1], type[k])))
                score_emit(out, type[i], s, i - 1, k - 1);
            i = k;
        }
    }
    return 1;
}

static unsigned score_set(const char *letters, size_t n) {
    unsigned set = 0;
    size_t i;
    for (i = 0; i < n; i++) set |= 1u << (letters[i] - 'A');
    return set;
}

static int score_slow_detect(const score_doc *d) {
    static const struct {
        int scheme;
        const char *sets;
    } known[] = {{TC_IOB2, "IOB IB BO B"},
                 {TC_IOE2, "IOE IE EO E"},
                 {TC_IOBES, "IOBES IBES IOBE OBES IBE BES OBE BE S"},
                 {TC_BILOU, "IOBLU IBLU IOBL OBLU IBL BLU OBL BL U"}};
    unsigned set = 0;
    size_t k, n;
    int s, i;
    for (s = 0; s < d->sentences; s++)
        for (i = 0; i < d->count[s]; i++) {
            char letter[SCORE_TAG], type[SCORE_TAG];
            score_tight(d->gold[s][i], d->suffix, letter, type);
            if (!score_any(letter, "IOBESUL")) return 0;
            set |= score_set(letter, 1);
        }
    for (k = 0; k < sizeof known / sizeof *known; k++) {
        const char *p = known[k].sets;
        for (; *p; p += n + (p[n] == ' ')) {
            n = strcspn(p, " ");
            if (score_set(p, n) == set) return known[k].scheme;
        }
    }
    return 0;
}

/* ---- random documents ---- */

static uint32_t score_state;

static uint32_t score_random(uint32_t below) {
    score_state = score_state * 1664525u + 1013904223u;
    return (uint32_t)(((uint64_t)(score_state >> 4) * below) >> 28);
}

static void score_tag(char *out, int kind, int suffix) {
    static const char *const letters[] = {"IOB", "IOB", "IOE", "IOBES", "BILOU", "IOBESUL"};
    static const char *const odd[] = {"U", "L", "M", ".", "X", "\xC3\xA9", "\xE4\xBD\xA0", "-"};
    static const char *const types[] = {"PER", "LOC", "A-B", "\xC3\xA9", "x", "", "-", "--x"};
    static const char *const joins[] = {"-", "-", "-", "", "_", "--"};
    const char *set = letters[kind < 6 ? kind : 5];
    const char *type = types[score_random(kind < 6 ? 5 : 8)];
    const char *join = joins[score_random(kind < 5 ? 3 : 6)];
    char letter[8] = {0};
    letter[0] = set[score_random((uint32_t)strlen(set))];
    if (kind == 6 && !score_random(3)) strcpy(letter, odd[score_random(8)]);
    if (!strcmp(letter, "O") && score_random(10)) {
        strcpy(out, "O");
    } else if (kind && !score_random(5)) {
        strcpy(out, letter);
    } else if (suffix) {
        snprintf(out, SCORE_TAG, "%s%s%s", type, join, letter);
    } else {
        snprintf(out, SCORE_TAG, "%s%s%s", letter, join, type);
    }
}

static void score_make(score_doc *d) {
    int kind = (int)score_random(7), s, i;
    memset(d, 0, sizeof *d);
    d->suffix = score_random(3) == 0;
    d->sane = kind < 4;
    d->sentences = 1 + (int)score_random(SCORE_SENTENCES);
    for (s = 0; s < d->sentences; s++) {
        d->count[s] = (int)score_random(SCORE_WORDS);
        for (i = 0; i < d->count[s]; i++) {
            score_tag(d->gold[s][i], kind, d->suffix);
            strcpy(d->predicted[s][i], d->gold[s][i]);
            if (!score_random(4)) score_tag(d->predicted[s][i], kind, d->suffix);
        }
    }
}

/* ---- comparison ---- */

static const tc_string *score_strings(char (*tags)[SCORE_TAG], int n) {
    static tc_string out[2][SCORE_SENTENCES * (SCORE_WORDS + 1)];
    static int which;
    int i;
    which = !which;
    for (i = 0; i < n; i++)
        out[which][i].data = tags[i], out[which][i].length = strlen(tags[i]);
    return out[which];
}

/* All sentences, from the last with `backwards`. */
static tc_scores *score_all(score_doc *d, const tc_score_options *o, const tc_env *env,
                            int backwards) {
    tc_scores *scores;
    const tc_score_table *t;
    int k;
    CHECK(!tc_scores_create(o, env, &scores));
    for (k = 0; k < d->sentences; k++) {
        int s = backwards ? d->sentences - 1 - k : k;
        const tc_string *gold = score_strings(d->gold[s], d->count[s]);
        CHECK(!tc_scores_add(scores, gold, score_strings(d->predicted[s], d->count[s]),
                             (size_t)d->count[s]));
        if (k == 1) (void)tc_scores_table(scores, &t); /* in between: changes nothing */
    }
    return scores;
}

static int score_same(const score_entity *a, const score_entity *b) {
    return a->sentence == b->sentence && a->start == b->start && a->end == b->end;
}

static tc_score score_slow_row(const char *type, const score_list *g, const score_list *p) {
    tc_score r;
    int i, j;
    memset(&r, 0, sizeof r);
    for (i = 0; i < p->count; i++) r.predicted += !strcmp(p->items[i].type, type);
    for (i = 0; i < g->count; i++) {
        if (strcmp(g->items[i].type, type)) continue;
        r.support++;
        for (j = 0; j < p->count; j++)
            if (score_same(&g->items[i], &p->items[j]) && !strcmp(p->items[j].type, type))
                r.correct++;
    }
    return r;
}

static int score_row_good(const tc_score *r, const tc_score *want) {
    double p = want->predicted ? (double)want->correct / (double)want->predicted : 0;
    double q = want->support ? (double)want->correct / (double)want->support : 0;
    double f = p + q == 0 ? 0 : 2 * p * q / (p + q);
    return r->support == want->support && r->predicted == want->predicted &&
           r->correct == want->correct && r->precision == p && r->recall == q && r->f1 == f;
}

static int score_near(double a, double b) { return a - b < 1e-12 && b - a < 1e-12; }

/* Rows and averages of a table. */
static int score_table_good(const tc_score_table *t, const score_list *g, const score_list *p) {
    double macro[3] = {0, 0, 0}, weighted[3] = {0, 0, 0}, n = (double)t->count, support;
    tc_score all, r;
    size_t i;
    memset(&all, 0, sizeof all);
    for (i = 0; i < t->count; i++) {
        r = score_slow_row(t->rows[i].name, g, p);
        if (!score_row_good(&t->rows[i], &r) || !(r.support + r.predicted)) return 0;
        if (i && strcmp(t->rows[i - 1].name, t->rows[i].name) >= 0) return 0;
        all.support += r.support;
        all.predicted += r.predicted;
        all.correct += r.correct;
        macro[0] += t->rows[i].precision / n;
        macro[1] += t->rows[i].recall / n;
        macro[2] += t->rows[i].f1 / n;
        weighted[0] += t->rows[i].precision * (double)r.support;
        weighted[1] += t->rows[i].recall * (double)r.support;
        weighted[2] += t->rows[i].f1 * (double)r.support;
    }
    support = all.support ? (double)all.support : 1;
    return all.support == (uint64_t)g->count && all.predicted == (uint64_t)p->count &&
           score_row_good(&t->micro, &all) && score_near(t->macro.precision, macro[0]) &&
           score_near(t->macro.recall, macro[1]) && score_near(t->macro.f1, macro[2]) &&
           score_near(t->weighted.precision, weighted[0] / support) &&
           score_near(t->weighted.recall, weighted[1] / support) &&
           score_near(t->weighted.f1, weighted[2] / support);
}

static size_t score_put(char *out, size_t width, const char *name, const tc_score *r, int n) {
    size_t points = 0, i;
    for (i = 0; name[i]; i++) points += ((unsigned char)name[i] & 0xC0) != 0x80;
    return (size_t)sprintf(out, "%*s%s  %9.*f %9.*f %9.*f %9lu\n",
                           (int)(width > points ? width - points : 0), "", name, n,
                           r->precision, n, r->recall, n, r->f1, (unsigned long)r->support);
}

/* The report as Python's format would write it. */
static int score_report_good(tc_scores *scores, const tc_score_table *t, int digits) {
    static char want[16384];
    size_t width = digits > 12 ? (size_t)digits : 12, n, i;
    tc_string got;
    for (i = 0; i < t->count; i++) {
        size_t points = tc__utf8_count(t->rows[i].name, strlen(t->rows[i].name));
        if (points > width) width = points;
    }
    n = (size_t)sprintf(want, "%*s  %9s %9s %9s %9s\n\n", (int)width, "", "precision", "recall",
                        "f1-score", "support");
    for (i = 0; i < t->count; i++)
        n += score_put(want + n, width, t->rows[i].name, &t->rows[i], digits);
    n += (size_t)sprintf(want + n, "\n");
    n += score_put(want + n, width, "micro avg", &t->micro, digits);
    n += score_put(want + n, width, "macro avg", &t->macro, digits);
    n += score_put(want + n, width, "weighted avg", &t->weighted, digits);
    return !tc_scores_report(scores, (uint32_t)digits, &got) && got.length == n &&
           !memcmp(got.data, want, n + 1);
}

/* Confusions: equal spans first, then each gold entity with the first that overlaps. */
static void score_pairs(const score_list *g, const score_list *p, int *of_gold,
                        int *of_predicted, int *exact) {
    int round, i, j;
    for (i = 0; i < g->count; i++) of_gold[i] = -1;
    for (j = 0; j < p->count; j++) of_predicted[j] = -1;
    for (round = 0; round < 2; round++)
        for (i = 0; i < g->count; i++)
            for (j = 0; j < p->count && of_gold[i] < 0; j++) {
                const score_entity *a = &g->items[i], *b = &p->items[j];
                if (of_predicted[j] >= 0 || a->sentence != b->sentence) continue;
                if (round ? a->start < b->end && b->start < a->end : score_same(a, b)) {
                    of_gold[i] = j;
                    of_predicted[j] = i;
                    exact[i] = !round;
                }
            }
}

static int score_confusions_good(const tc_score_table *t, const score_list *g,
                                 const score_list *p) {
    int of_gold[SCORE_MOST], of_predicted[SCORE_MOST], exact[SCORE_MOST], i;
    uint64_t wrong[5] = {0, 0, 0, 0, 0}, pairs = 0;
    size_t k;
    score_pairs(g, p, of_gold, of_predicted, exact);
    for (i = 0; i < g->count; i++) {
        int same = of_gold[i] >= 0 && !strcmp(g->items[i].type, p->items[of_gold[i]].type);
        if (of_gold[i] < 0)
            wrong[3]++;
        else if (!same || !exact[i])
            wrong[same ? 1 : exact[i] ? 0 : 2]++;
    }
    for (i = 0; i < p->count; i++) wrong[4] += of_predicted[i] < 0;
    for (k = 0; k < t->confusion_count; k++) {
        const tc_confusion *c = &t->confusions[k];
        uint64_t same = 0, overlap = 0;
        for (i = 0; i < g->count && c->gold; i++) {
            const char *other = of_gold[i] < 0 ? NULL : p->items[of_gold[i]].type;
            if (strcmp(g->items[i].type, c->gold)) continue;
            if (!other != !c->predicted || (other && strcmp(other, c->predicted))) continue;
            if (other && !exact[i])
                overlap++;
            else
                same++;
        }
        for (i = 0; i < p->count && !c->gold; i++)
            same += of_predicted[i] < 0 && !strcmp(p->items[i].type, c->predicted);
        if (c->exact != same || c->overlap != overlap || !(same + overlap)) return 0;
        pairs += same + overlap;
    }
    return pairs == (uint64_t)g->count + wrong[4] && t->type_wrong == wrong[0] &&
           t->boundary_wrong == wrong[1] && t->both_wrong == wrong[2] &&
           t->missed == wrong[3] && t->spurious == wrong[4];
}

/* Whether the entities follow one another. */
static int score_apart(const score_list *l) {
    int i;
    for (i = 1; i < l->count; i++)
        if (l->items[i].sentence == l->items[i - 1].sentence &&
            l->items[i].start < l->items[i - 1].end)
            return 0;
    return 1;
}

static const char *score_case(score_doc *d, int strict, int scheme) {
    static char out[1024];
    size_t n =
        (size_t)sprintf(out, "strict %d scheme %d suffix %d:", strict, scheme, d->suffix);
    int s, i;
    for (s = 0; s < d->sentences; s++, n += (size_t)sprintf(out + n, " |"))
        for (i = 0; i < d->count[s] && n + 100 < sizeof out; i++)
            n += (size_t)sprintf(out + n, " %s>%s", d->gold[s][i], d->predicted[s][i]);
    return out;
}

/* One document in one mode. */
static void score_compare(score_doc *d, int strict, int scheme) {
    static score_list g, p;
    tc_score_options o;
    tc_diag diag;
    tc_env env;
    tc_scores *scores;
    const tc_score_table *t;
    int good = 1, detected = scheme, digits = (int)score_random(7);
    memset(&o, 0, sizeof o);
    memset(&env, 0, sizeof env);
    memset(&diag, 0, sizeof diag);
    env.diag = &diag;
    o.strict = strict;
    o.scheme = (tc_scheme)scheme;
    o.suffix = d->suffix;
    o.what = TC_SCORE_SPANS;
    if (strict) {
        if (!scheme) detected = score_slow_detect(d);
        good = detected && score_slow_strict(d->gold, d, detected, &g) &&
               score_slow_strict(d->predicted, d, detected, &p);
    } else {
        score_slow_default(d->gold, d, &g);
        score_slow_default(d->predicted, d, &p);
    }
    scores = score_all(d, &o, &env, 0);
    if (!good) {
        good = tc_scores_table(scores, &t) == TC_ERROR_ARGUMENT && !t &&
               (diag.offset > 0) == (detected > 0);
    } else {
        good = !tc_scores_table(scores, &t) && t->scheme == (tc_scheme)detected &&
               score_table_good(t, &g, &p) && score_report_good(scores, t, digits) &&
               (!score_apart(&g) || !score_apart(&p) || (!strict && !d->sane) ||
                score_confusions_good(t, &g, &p));
    }
    CHECK_CASE(good, score_case(d, strict, scheme));
    tc_scores_free(scores);
}

/* Rows of two scores are the same. */
static int score_equal(tc_scores *a, tc_scores *b) {
    const tc_score_table *x, *y;
    size_t i;
    if (tc_scores_table(a, &x) || tc_scores_table(b, &y) || x->count != y->count) return 0;
    for (i = 0; i < x->count; i++)
        if (strcmp(x->rows[i].name, y->rows[i].name) ||
            x->rows[i].support != y->rows[i].support ||
            x->rows[i].predicted != y->rows[i].predicted ||
            x->rows[i].correct != y->rows[i].correct)
            return 0;
    return x->micro.f1 == y->micro.f1 && x->macro.f1 == y->macro.f1;
}

/* The order of sentences does not matter, nor whether O or an end stands between them. */
static void score_invariance(score_doc *d) {
    static char gold[SCORE_SENTENCES * (SCORE_WORDS + 1)][SCORE_TAG],
        predicted[SCORE_SENTENCES * (SCORE_WORDS + 1)][SCORE_TAG];
    tc_score_options o;
    tc_scores *a, *b;
    const tc_string *g;
    int s, i, n = 0;
    memset(&o, 0, sizeof o);
    o.suffix = d->suffix;
    o.what = TC_SCORE_SPANS;
    a = score_all(d, &o, NULL, 0);
    if (d->sane) {
        b = score_all(d, &o, NULL, 1);
        CHECK_CASE(score_equal(a, b), score_case(d, 0, 0));
        tc_scores_free(b);
    }
    for (s = 0; s < d->sentences; s++) {
        for (i = 0; i < d->count[s]; i++, n++) {
            strcpy(gold[n], d->gold[s][i]);
            strcpy(predicted[n], d->predicted[s][i]);
        }
        strcpy(gold[n], "O");
        strcpy(predicted[n++], "O");
    }
    CHECK(!tc_scores_create(&o, NULL, &b));
    g = score_strings(gold, n);
    CHECK(!tc_scores_add(b, g, score_strings(predicted, n), (size_t)n));
    CHECK_CASE(score_equal(a, b), score_case(d, 0, 0));
    tc_scores_free(a);
    tc_scores_free(b);
}

static void test_score_random(void) {
    static score_doc d;
    int i, scheme;
    score_state = 1;
    for (i = 0; i < 2000; i++) {
        score_make(&d);
        score_compare(&d, 0, 0);
        for (scheme = 0; scheme < TC_SCHEME_COUNT; scheme++) score_compare(&d, 1, scheme);
        score_invariance(&d);
    }
}

/* ---- the cases of the description ---- */

static size_t score_words(const char *text, tc_string *out) {
    size_t n = 0;
    for (; *text; text += strspn(text, " ")) {
        out[n].data = text;
        out[n].length = strcspn(text, " ");
        text += out[n++].length;
    }
    return n;
}

/* "PER 0-1, LOC 3-3": the entities of a sentence, both ends included. */
static void score_entities(const char *tags, int suffix, int scheme, const char *want) {
    tc_string list[SCORE_WORDS];
    tc_score_options o;
    tc_scores *s;
    const tc__chunk *c;
    char got[256] = "";
    size_t n = score_words(tags, list), i, at = 0;
    uint64_t begin = 0;
    memset(&o, 0, sizeof o);
    o.suffix = suffix;
    CHECK(!tc_scores_create(&o, NULL, &s));
    CHECK(!(scheme ? tc__score_strict(s, (tc_scheme)scheme, list, n, &s->gold)
                   : tc__score_default(s, list, n, &s->gold, &begin)));
    c = (const tc__chunk *)(const void *)s->gold.data;
    for (i = 0; i < s->gold.used / sizeof *c; i++)
        at += (size_t)snprintf(got + at, sizeof got - at, "%s%s %u-%u", i ? ", " : "",
                               tc__score_name(&s->types, c[i].type)->text, (unsigned)c[i].start,
                               (unsigned)c[i].end - 1);
    CHECK_CASE(!strcmp(got, want), tags);
    if (strcmp(got, want)) printf("    gives %s\n", got);
    tc_scores_free(s);
}

static void test_score_described(void) {
    static const struct {
        const char *tags, *want;
    } loose[] = {{"B-PER I-PER O B-LOC", "PER 0-1, LOC 3-3"},
                 {"I-PER I-PER O", "PER 0-1"},
                 {"B-PER I-LOC I-LOC", "PER 0-0, LOC 1-2"},
                 {"B-PER B-PER", "PER 0-0, PER 1-1"},
                 {"I-PER B-PER I-PER", "PER 0-0, PER 1-2"},
                 {"S-PER S-PER E-PER", "PER 0-0, PER 1-1, PER 2-2"},
                 {"B-PER E-PER E-PER I-PER", "PER 0-1, PER 2-2, PER 3-3"},
                 {"B-PER . I-PER", "PER 0-0, PER 2-2"},
                 {"U-PER U-PER", "PER 0-1"},
                 {"B-PER L-PER B-PER", "PER 2-2"},
                 {"PER PER O LOC", "ER 0-1, OC 3-3"},
                 {"NOUN VERB OTHER NOUN", "OUN 0-0, ERB 1-1, OUN 3-3"},
                 {"B-A-B I-A-B", "A-B 0-1"},
                 {"B I O", "_ 0-1"},
                 {"B- I-", "_ 0-1"},
                 {"B_PER I_PER", "_PER 0-1"}};
    static const struct {
        int scheme;
        const char *tags, *want;
    } strict[] = {{TC_IOB1, "I-PER I-PER O B-PER", "PER 0-1"},
                  {TC_IOB1, "B-PER I-PER I-PER O", "PER 1-2"},
                  {TC_IOB1, "I-PER B-PER I-PER", "PER 0-0, PER 1-2"},
                  {TC_IOB1, "B-PER B-PER", "PER 1-1"},
                  {TC_IOB2, "I-PER I-PER O B-PER", "PER 3-3"},
                  {TC_IOB2, "O I-PER O", ""},
                  {TC_IOB2, "B-PER I-LOC", "PER 0-0"},
                  {TC_IOB2, "B-PER B-PER", "PER 0-0, PER 1-1"},
                  {TC_IOE2, "I-PER E-PER E-PER", "PER 0-1, PER 2-2"},
                  {TC_IOE2, "O I-PER O", ""},
                  {TC_IOE2, "I-PER I-LOC E-LOC", "LOC 1-2"},
                  {TC_IOE1, "I-PER E-PER E-PER", "PER 0-1"},
                  {TC_IOE1, "O I-PER O", "PER 1-1"},
                  {TC_IOBES, "B-PER E-PER S-LOC", "PER 0-1, LOC 2-2"},
                  {TC_IOBES, "B-PER I-PER", ""},
                  {TC_IOBES, "S-PER S-PER", "PER 0-0, PER 1-1"},
                  {TC_BILOU, "B-PER L-PER U-LOC", "PER 0-1, LOC 2-2"},
                  {TC_BILOU, "B-PER I-PER I-PER O", ""}};
    size_t i;
    for (i = 0; i < sizeof loose / sizeof *loose; i++)
        score_entities(loose[i].tags, 0, 0, loose[i].want);
    score_entities("PER-B PER-I O LOC-B", 1, 0, "PER 0-1, LOC 3-3");
    for (i = 0; i < sizeof strict / sizeof *strict; i++)
        score_entities(strict[i].tags, 0, strict[i].scheme, strict[i].want);
}

/* Sentences with "|" between them; null if the tags are invalid. */
static const tc_score_table *score_of(tc_scores **s, const char *gold, const char *predicted,
                                      int strict, int scheme) {
    char a[256], b[256], *p = a, *q = b;
    const tc_score_table *t;
    tc_score_options o;
    memset(&o, 0, sizeof o);
    o.strict = strict;
    o.scheme = (tc_scheme)scheme;
    o.what = TC_SCORE_SPANS;
    CHECK(!tc_scores_create(&o, NULL, s));
    snprintf(a, sizeof a, "%s", gold);
    snprintf(b, sizeof b, "%s", predicted);
    for (;;) {
        tc_string g[SCORE_WORDS], h[SCORE_WORDS];
        size_t end = strcspn(p, "|"), other = strcspn(q, "|");
        int more = p[end] != 0;
        p[end] = q[other] = 0;
        CHECK_EQ(score_words(p, g), score_words(q, h));
        CHECK(!tc_scores_add(*s, g, h, score_words(p, g)));
        if (!more) break;
        p += end + 1;
        q += other + 1;
        p += strspn(p, " ");
        q += strspn(q, " ");
    }
    return tc_scores_table(*s, &t) ? NULL : t;
}

static void test_score_worked(void) {
    static const char gold[] = "O O O B-MISC I-MISC I-MISC O|B-PER I-PER O";
    static const char predicted[] = "O O B-MISC I-MISC I-MISC I-MISC O|B-PER I-PER O";
    static const char report[] = "              precision    recall  f1-score   support\n\n"
                                 "        MISC       0.00      0.00      0.00         1\n"
                                 "         PER       1.00      1.00      1.00         1\n\n"
                                 "   micro avg       0.50      0.50      0.50         2\n"
                                 "   macro avg       0.50      0.50      0.50         2\n"
                                 "weighted avg       0.50      0.50      0.50         2\n";
    const tc_score_table *t;
    tc_scores *s;
    tc_string text;
    t = score_of(&s, gold, predicted, 0, 0);
    CHECK(t && t->accuracy == 0.8 && t->micro.f1 == 0.5 && t->macro.f1 == 0.5 && t->count == 2);
    CHECK(!tc_scores_report(s, 2, &text) && !strcmp(text.data, report));
    CHECK(tc_scores_report(s, 51, &text) == TC_ERROR_ARGUMENT && !text.length);
    tc_scores_free(s);
    t = score_of(&s, gold, predicted, 1, 0);
    CHECK(t && t->scheme == TC_IOB2 && !tc_scores_report(s, 2, &text));
    CHECK(!strcmp(text.data, report));
    tc_scores_free(s);
    t = score_of(&s, "O O B-MISC I-MISC B-MISC O O|B-PER I-PER O",
                 "O O B-MISC I-MISC B-MISC I-MISC O|B-PER I-PER O", 0, 0);
    CHECK(t && t->micro.f1 == 2.0 / 3 && t->macro.f1 == 0.75 && t->weighted.f1 == 2.0 / 3 &&
          t->rows[0].f1 == 0.5 && t->rows[1].f1 == 1);
    tc_scores_free(s);
    t = score_of(&s, "B-A I-A", "I-A I-A", 1, TC_IOB2);
    CHECK(t && t->micro.f1 == 0);
    tc_scores_free(s);
    t = score_of(&s, "B-A I-A", "I-A I-A", 0, 0);
    CHECK(t && t->micro.f1 == 1);
    tc_scores_free(s);
    t = score_of(&s, "B-A", "O", 0, 0);
    CHECK(t && t->micro.precision == 0 && t->micro.recall == 0 && t->rows[0].support == 1);
    tc_scores_free(s);
    t = score_of(&s, "O", "B-A", 0, 0);
    CHECK(t && t->micro.f1 == 0 && t->weighted.f1 == 0 && t->rows[0].support == 0);
    tc_scores_free(s);
    t = score_of(&s, "O O", "O O", 0, 0); /* no entity at all */
    CHECK(t && !t->count && t->macro.f1 == 0 && t->accuracy == 1);
    CHECK(!tc_scores_report(s, 2, &text) && strstr(text.data, "weighted avg       0.00"));
    tc_scores_free(s);
}

static void test_score_schemes(void) {
    static const char *const none[] = {"O", "S-A O", "O I-A", "B-A X-A", "B-A S-A U-A", "M-A"};
    const tc_score_table *t;
    tc_scores *s;
    size_t i;
    int scheme;
    for (i = 0; i < sizeof none / sizeof *none; i++) {
        t = score_of(&s, none[i], none[i], 1, 0);
        CHECK_CASE(!t, none[i]);
        tc_scores_free(s);
    }
    for (scheme = TC_IOB1; scheme < TC_SCHEME_COUNT; scheme++) {
        t = score_of(&s, "O", "X-A", 1, scheme);
        CHECK(!t);
        tc_scores_free(s);
        CHECK(tc_scheme_name((tc_scheme)scheme)[0] != 0);
    }
    CHECK(!tc_scheme_name(TC_SCHEME_NONE)[0] && !strcmp(tc_scheme_name(TC_BILOU), "BILOU"));
    t = score_of(&s, "B-A|B-A", "O|S-A", 1, 0); /* the sentence is named */
    CHECK(!t && s->invalid[TC_IOB2] == 2 && !strcmp(s->wrong[TC_IOB2], "S-A"));
    tc_scores_free(s);
}

/* What is scored where nothing says it; and mistakes of the caller. */
static void test_score_what(void) {
    static const struct {
        const char *tag;
        int suffix, spans;
    } tags[] = {{"NOUN", 0, 0},  {"B-PER", 0, 1}, {"S", 0, 1},     {"O", 0, 1},
                {"OTHER", 0, 0}, {"X-PER", 0, 0}, {"PER-B", 0, 0}, {"PER-B", 1, 1},
                {"-LRB-", 0, 0}, {"M-A", 0, 1}};
    const tc_score_table *t;
    tc_scores *s;
    tc_score_options o;
    tc_string tag, empty = {"", 0};
    size_t i;
    for (i = 0; i < sizeof tags / sizeof *tags; i++) {
        memset(&o, 0, sizeof o);
        o.suffix = tags[i].suffix;
        tag.data = tags[i].tag;
        tag.length = strlen(tag.data);
        CHECK(!tc_scores_create(&o, NULL, &s) && !tc_scores_add(s, &tag, &tag, 1));
        CHECK(tc_scores_add(s, &tag, &empty, 1) == TC_ERROR_ARGUMENT);
        CHECK(tc_scores_add(s, NULL, &tag, 1) == TC_ERROR_ARGUMENT);
        CHECK(!tc_scores_table(s, &t) && t->spans == tags[i].spans && t->tokens == 1);
        if (!t->spans)
            CHECK(t->count == 1 && !strcmp(t->rows[0].name, tag.data) && t->micro.f1 == 1);
        tc_scores_free(s);
    }
    for (i = 0; i < 3; i++) { /* letters alone mark spans if all tags are such */
        static const char *const sets[3][4] = {
            {"B", "M", "E", "O"}, {"N", "S", "V", "S"}, {"S", "I", "B-X", "N"}};
        tc_string many[4];
        size_t k;
        for (k = 0; k < 4; k++) many[k] = tc__tok_string(sets[i][k], strlen(sets[i][k]));
        CHECK(!tc_scores_create(NULL, NULL, &s) && !tc_scores_add(s, many, many, 4));
        CHECK(!tc_scores_table(s, &t) && t->spans == (i != 1));
        CHECK(tc_labels_mark_spans(sets[i], 4, 0) == (i != 1));
        tc_scores_free(s);
    }
    memset(&o, 0, sizeof o);
    o.scheme = TC_SCHEME_COUNT;
    CHECK(tc_scores_create(&o, NULL, &s) == TC_ERROR_ARGUMENT && !s);
    tc_scores_free(NULL);
}

/* More types than confusions are counted for. */
static void test_score_types(void) {
    const tc_score_table *t;
    tc_score_options o;
    tc_scores *s;
    char text[16];
    tc_string tag;
    int i;
    memset(&o, 0, sizeof o);
    CHECK(!tc_scores_create(&o, NULL, &s));
    tag.data = text;
    for (i = 0; i < 600; i++) {
        tag.length = (size_t)snprintf(text, sizeof text, "B-%d", i % 300);
        CHECK(!tc_scores_add(s, &tag, &tag, 1));
        if (i == 200) CHECK(!tc_scores_table(s, &t) && t->confusion_count == 201);
    }
    CHECK(!tc_scores_table(s, &t) && t->count == 300 && t->micro.f1 == 1 && t->macro.f1 == 1);
    CHECK(!t->confusion_count && t->micro.support == 600);
    tc_scores_free(s);
}

static void test_score_decimal(void) {
    char got[64], want[64];
    int i;
    for (i = 0; i < 4000; i++) {
        int digits = (int)score_random(i < 2000 ? 7 : 51);
        double n = (double)(1 + score_random(i % 3 ? 40 : 100000));
        double x = (double)score_random((uint32_t)n + 1) / n;
        snprintf(want, sizeof want, "%.*f", digits, x);
        got[tc__score_decimal(got, x, (uint32_t)digits)] = 0;
        if (strcmp(got, want)) CHECK_CASE(0, want);
    }
    CHECK(tc__score_decimal(got, 0.125, 2) == 4 && !strcmp(got, "0.12"));
    CHECK(tc__score_decimal(got, 0.375, 2) == 4 && !strcmp(got, "0.38"));
    CHECK(tc__score_decimal(got, 0.5, 0) == 1 && !strcmp(got, "0"));
    CHECK(tc__score_decimal(got, 0.999, 2) == 4 && !strcmp(got, "1.00"));
    CHECK(tc__score_decimal(got, 5e-324, 3) == 5 && !strcmp(got, "0.000"));
}

/* seqeval's own data; the numbers are those of conlleval.pl and of seqeval 1.2.2. */
static void test_score_files(void) {
    static const char report[] = "              precision    recall  f1-score   support\n\n"
                                 "        ADJP     0.0000    0.0000    0.0000         6\n"
                                 "        ADVP     0.4545    0.6250    0.5263         8\n"
                                 "          NP     0.6498    0.7863    0.7116       262\n"
                                 "          PP     0.8318    0.9889    0.9036        90\n"
                                 "        SBAR     0.6667    0.3333    0.4444         6\n"
                                 "          VP     0.6900    0.7931    0.7380        87\n\n"
                                 "   micro avg     0.6883    0.8083    0.7435       459\n"
                                 "   macro avg     0.5488    0.5878    0.5540       459\n"
                                 "weighted avg     0.6814    0.8083    0.7382       459\n";
    int k;
    for (k = 0; k < 2; k++) {
        const char *path = k ? "tests/data/seqeval/ground_truth_inv.txt"
                             : "tests/data/seqeval/ground_truth.txt";
        const tc_score_table *t;
        tc_score_options o;
        tc_dataset *d;
        tc_scores *s;
        tc_sentence x;
        tc_string text;
        size_t i;
        memset(&o, 0, sizeof o);
        o.suffix = k;
        if (tc_dataset_load(path, NULL, NULL, &d)) {
            CHECK_CASE(0, path);
            continue;
        }
        CHECK(!tc_scores_create(&o, NULL, &s));
        for (i = 0; i < tc_dataset_get_info(d)->sentences; i++) {
            CHECK(!tc_dataset_sentence(d, i, &x));
            CHECK(!tc_scores_add(s, x.words, x.labels, x.count)); /* gold, predicted */
        }
        CHECK(!tc_scores_table(s, &t) && t->sentences == 40 && t->tokens == 961);
        CHECK(t->micro.predicted == 539 && t->micro.correct == 371);
        CHECK(t->accuracy == 0.8407908428720083);
        CHECK(!tc_scores_report(s, 4, &text) && !strcmp(text.data, report));
        tc_scores_free(s);
        tc_dataset_free(d);
    }
}

static tc_status score_memory(ledger *l, const tc_env *env, const made *unused) {
    static const char *const names[] = {"B-A", "I-A", "O", "B-B", "I-C", "B-D"};
    enum { SCORE_MANY = 40 };
    char texts[SCORE_MANY][8];
    tc_string tags[6], many[SCORE_MANY];
    const tc_score_table *t;
    tc_string text;
    tc_scores *s = NULL;
    tc_status status = TC_OK, other;
    size_t i, k;
    (void)l;
    (void)unused;
    for (i = 0; i < 6; i++) tags[i].data = names[i], tags[i].length = strlen(names[i]);
    for (i = 0; i < SCORE_MANY; i++) {
        snprintf(texts[i], sizeof texts[i], "B-X%d", (int)i);
        many[i].data = texts[i];
        many[i].length = strlen(texts[i]);
    }
    for (k = 0; k < 2 && !status; k++) {
        tc_score_options o;
        memset(&o, 0, sizeof o);
        o.strict = (int)k;
        status = tc_scores_create(&o, env, &s);
        if (!status) status = tc_scores_add(s, tags, tags + 1, 5);
        if (!status) status = tc_scores_add(s, many, many, SCORE_MANY);
        other = s ? tc_scores_table(s, &t) : TC_OK; /* of what was counted before a failure */
        if (!status) status = other;
        if (!status) status = tc_scores_report(s, 4, &text);
        tc_scores_free(s);
    }
    return status;
}

static void test_score(void) {
    CHECK(!strcmp(tc_scheme_name((tc_scheme)TC_SCHEME_COUNT), "?"));
    test_score_described();
    test_score_worked();
    test_score_schemes();
    test_score_what();
    test_score_types();
    test_score_decimal();
    test_score_random();
    test_score_files();
    memory_fail(score_memory, NULL);
}

#endif
