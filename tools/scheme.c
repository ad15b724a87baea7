/* scheme.c - schemes of labels of spans; see scheme.h. */
#include "scheme.h"
#include "tool.h"

#include <stdlib.h>
#include <string.h>

const char *const scheme_names[SCHEME_COUNT] = {"none", "IOB1",  "IOB2", "IOE1",
                                                "IOE2", "IOBES", "BMES", "BILOU"};
const char *const scheme_letters[SCHEME_COUNT] = {"",    "IOB",   "IOB",   "IOE",
                                                  "IOE", "IOBES", "BMESO", "BILOU"};

char scheme_letter(const char *label, int alone) {
    if (strcmp(label, "O") == 0) return 'O';
    if (!strchr("BIESULM", label[0])) return '?';
    if (label[1] == '-' && label[2]) return label[0];
    return alone && !label[1] ? label[0] : '?';
}

int scheme_has(char letter, const char *set) { return letter && strchr(set, letter); }

int scheme_goes_on(scheme_step s, const char *before, const char *at) {
    return s.same && scheme_has(s.before, before) && scheme_has(s.at, at);
}

void scheme_collect(scheme_counts *c, scheme_step s) {
    if (s.at > 0) c->seen[(int)s.at] = 1;
    c->inside_starts += s.at == 'I' && !scheme_goes_on(s, "BI", "I");
    c->free_begins += s.at == 'B' && !scheme_goes_on(s, "BI", "B");
    c->inside_ends += s.before == 'I' && !scheme_goes_on(s, "I", "IE");
    c->free_ends += s.before == 'E' && !scheme_goes_on(s, "E", "IE");
}

scheme_kind scheme_guess(const scheme_counts *c) {
    if (c->seen['M']) return SCHEME_BMES;
    if (c->seen['U'] || c->seen['L']) return SCHEME_BILOU;
    if (c->seen['S'] || (c->seen['B'] && c->seen['E'])) return SCHEME_IOBES;
    if (c->seen['E'])
        return c->inside_ends && c->free_ends < c->inside_ends ? SCHEME_IOE1 : SCHEME_IOE2;
    if (!c->seen['B'] && !c->seen['I']) return SCHEME_NONE;
    return c->inside_starts && c->free_begins < c->inside_starts ? SCHEME_IOB1 : SCHEME_IOB2;
}

int scheme_bad(scheme_kind scheme, scheme_step s) {
    int open, on;
    switch (scheme) {
    case SCHEME_IOB1: return s.at == 'B' && !scheme_goes_on(s, "BI", "B");
    case SCHEME_IOB2: return s.at == 'I' && !scheme_goes_on(s, "BI", "I");
    case SCHEME_IOE1: return s.before == 'E' && !scheme_goes_on(s, "E", "IE");
    case SCHEME_IOE2: return s.before == 'I' && !scheme_goes_on(s, "I", "IE");
    case SCHEME_IOBES:
    case SCHEME_BMES:
    case SCHEME_BILOU: break;
    default: return 0;
    }
    open = scheme_has(s.before, scheme == SCHEME_BMES ? "BM" : "BI");
    on = scheme_has(s.at, scheme == SCHEME_BMES ? "ME" : scheme == SCHEME_IOBES ? "IE" : "IL");
    return open ? !on || !s.same : on;
}

int scheme_is_bilou(const tc_data_info *info) {
    uint32_t i;
    for (i = 0; i < info->num_labels; i++)
        if (strncmp(info->labels[i], "U-", 2) == 0 || strncmp(info->labels[i], "L-", 2) == 0)
            return 1;
    return 0;
}

/* ------------------------------------------------------------------- a whole data set */

typedef struct scheme_scanner {
    const tc_data_info *info;
    const char *letters; /* [num_labels] */
    scheme_found *found;
    scheme_counts counts;
} scheme_scanner;

/* The place of a label among those of the data, in the order of their bytes. */
static uint32_t scheme_place(const tc_data_info *info, tc_string label) {
    uint32_t low = 0, high = info->num_labels;
    while (high - low > 1) {
        uint32_t middle = (low + high) / 2;
        const char *name = info->labels[middle];
        if (tool_order(label.data, label.length, name, strlen(name)) < 0)
            high = middle;
        else
            low = middle;
    }
    return low;
}

/* One step from label `before` to `at` of the data, num_labels where there is none. */
static void scheme_visit(scheme_scanner *z, uint32_t before, uint32_t at, uint64_t line) {
    const tc_data_info *n = z->info;
    scheme_found *f = z->found;
    scheme_step s;
    memset(&s, 0, sizeof s);
    if (before < n->num_labels) s.before = z->letters[before];
    if (at < n->num_labels) s.at = z->letters[at];
    if (s.before && s.at)
        s.same = !n->labels[before][1] || !n->labels[at][1] ||
                 strcmp(n->labels[before] + 2, n->labels[at] + 2) == 0;
    if (!f->kind) {
        scheme_collect(&z->counts, s);
        return;
    }
    if (!scheme_bad(f->kind, s) && (!s.at || strchr(scheme_letters[f->kind], s.at))) return;
    if (f->invalid < SCHEME_SHOWN) {
        f->lines[f->invalid] = line;
        f->labels[f->invalid] = at < n->num_labels ? n->labels[at] : NULL;
    }
    f->invalid++;
}

static void scheme_pass(scheme_scanner *z, tc_dataset *data) {
    uint32_t none = z->info->num_labels;
    tc_sentence s;
    size_t i, k;
    for (i = 0; i < z->info->sentences; i++) {
        uint32_t before = none, at;
        if (tc_dataset_sentence(data, i, &s)) return;
        for (k = 0; k < s.count; k++, before = at) {
            at = scheme_place(z->info, s.labels[k]);
            scheme_visit(z, before, at, s.lines[k]);
        }
        scheme_visit(z, before, none, s.lines[k - 1]);
    }
}

int scheme_scan(tc_dataset *data, scheme_kind kind, scheme_found *out) {
    scheme_scanner z;
    uint32_t i;
    int alone = 1;
    char *letters;
    memset(&z, 0, sizeof z);
    memset(out, 0, sizeof *out);
    z.info = tc_dataset_get_info(data);
    z.found = out;
    letters = (char *)malloc(z.info->num_labels + 1u);
    if (!letters) return -1;
    for (i = 0; i < z.info->num_labels; i++)
        alone &= !z.info->labels[i][1] && strchr("OBIESULM", z.info->labels[i][0]) != NULL;
    for (i = 0; i < z.info->num_labels; i++)
        letters[i] = scheme_letter(z.info->labels[i], alone);
    z.letters = letters;
    if (!kind) {
        scheme_pass(&z, data);
        kind = scheme_guess(&z.counts);
    }
    out->kind = kind;
    if (kind) scheme_pass(&z, data);
    free(letters);
    return 0;
}
