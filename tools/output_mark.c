/* output_mark.c - entities marked in the running text: ansi for a terminal, html. */
#include "output.h"

#include <ctype.h>
#include <string.h>

#define MARK_REPLACEMENT "\xEF\xBF\xBD"

/* ----------------------------------------------------------------------------- colours */

/* Types that are used everywhere, with a colour of their own; others share the rest. */
typedef struct mark_name {
    const char *type;
    unsigned char colour;
} mark_name;

static const mark_name mark_names[] = {
    {"PER", 0},  {"PERSON", 0},   {"ORG", 1},     {"ORGANIZATION", 1}, {"CORPORATION", 1},
    {"LOC", 2},  {"LOCATION", 2}, {"GPE", 3},     {"MISC", 4},         {"NORP", 4},
    {"DATE", 5}, {"TIME", 5},     {"PRODUCT", 6}, {"EVENT", 7}};

enum { MARK_OTHER = MARK_COLOURS - 1 }; /* of O, and of what is not in the palette */

const char *mark_type(const char *label) {
    int prefixed = (label[0] == 'B' || label[0] == 'I') && label[1] == '-' && label[2];
    return prefixed ? label + 2 : label;
}

static int mark_same(const mark_type_colour *t, const char *type, size_t n) {
    return t->length == n && memcmp(t->type, type, n) == 0;
}

void mark_add(mark_palette *p, const char *type, size_t n) {
    int i;
    for (i = 0; i < p->count; i++)
        if (mark_same(&p->types[i], type, n)) return;
    if (p->count == MARK_TYPES || (n == 1 && type[0] == 'O')) return;
    p->types[p->count].type = type;
    p->types[p->count].length = n;
    p->types[p->count++].colour = MARK_OTHER;
}

/* The colour of a name that is used everywhere, in either case; MARK_OTHER for others. */
static unsigned char mark_usual(const mark_type_colour *t) {
    size_t i, k;
    for (i = 0; i < sizeof mark_names / sizeof *mark_names; i++) {
        const char *name = mark_names[i].type;
        for (k = 0; k < t->length && toupper((unsigned char)t->type[k]) == name[k]; k++) {
        }
        if (k == t->length && !name[k]) return mark_names[i].colour;
    }
    return MARK_OTHER;
}

void mark_choose(mark_palette *p) {
    int uses[MARK_COLOURS] = {0}, i, k, least;
    for (i = 0; i < p->count; i++) {
        unsigned char colour = mark_usual(&p->types[i]);
        if (colour == MARK_OTHER || uses[colour]) continue;
        p->types[i].colour = colour;
        uses[colour] = 1;
    }
    for (i = 0; i < p->count; i++) {
        if (p->types[i].colour != MARK_OTHER) continue;
        for (least = 0, k = 1; k < MARK_OTHER; k++)
            if (uses[k] < uses[least]) least = k;
        p->types[i].colour = (unsigned char)least;
        uses[least]++;
    }
}

int mark_colour(const mark_palette *p, const char *type) {
    size_t n = strlen(type);
    int i;
    for (i = 0; i < p->count; i++)
        if (mark_same(&p->types[i], type, n)) return p->types[i].colour;
    return MARK_OTHER;
}

/* The length of the characters at the beginning of a text that combine with what is before:
 * accents, variation selectors, joiners. */
static size_t mark_combining(const char *text, size_t n) {
    static const uint32_t ranges[][2] = {{0x300, 0x36F},   {0x1AB0, 0x1AFF}, {0x1DC0, 0x1DFF},
                                         {0x200D, 0x200D}, {0x20D0, 0x20FF}, {0xFE00, 0xFE0F},
                                         {0xFE20, 0xFE2F}};
    const size_t count = sizeof ranges / sizeof *ranges;
    size_t i = 0, step, r;
    int good;
    for (; i < n; i += step) {
        const unsigned char *p = (const unsigned char *)text + i;
        uint32_t c = 0;
        step = tool_utf8(text + i, n - i, &good);
        if (step == 2) c = (p[0] & 31u) << 6 | (p[1] & 63u);
        if (step == 3) c = (p[0] & 15u) << 12 | (p[1] & 63u) << 6 | (p[2] & 63u);
        for (r = 0; r < count && (c < ranges[r][0] || c > ranges[r][1]); r++) {
        }
        if (!good || r == count) break;
    }
    return i;
}

/* Where a mark may begin and end: behind what is out already, inside the text, not within a
 * letter and its accent. */
static int mark_span(const input_item *item, const tc_entity *e, size_t cursor, size_t *start,
                     size_t *end) {
    *start = e->start.byte < cursor ? cursor : e->start.byte;
    *end = e->end.byte < item->length ? e->end.byte : item->length;
    if (*start >= *end) return 0;
    *end += mark_combining(item->text + *end, item->length - *end);
    return 1;
}

/* -------------------------------------------------------------------------------- ansi */

/* Backgrounds of the 256-colour palette on which black text reads well. */
static const int ansi_backgrounds[MARK_COLOURS] = {183, 116, 216, 222, 152,
                                                   194, 150, 228, 217, 252};

static void ansi_colour(out *o, int colour) {
    out_text(o, "\033[38;5;16;48;5;");
    out_uint(o, (uint64_t)ansi_backgrounds[colour]);
    out_char(o, 'm');
}

/* Text for a terminal: control characters, which could steer it, as U+FFFD. A colour ends
 * before a newline and begins again behind it. */
static void ansi_text(out *o, const char *s, size_t n, int colour) {
    size_t i, k;
    for (i = 0; i < n; i += k) {
        unsigned char c = (unsigned char)s[i];
        int good;
        k = tool_utf8(s + i, n - i, &good);
        if (c == '\n') {
            out_text(o, colour >= 0 ? "\033[0m\n" : "\n");
            if (colour >= 0) ansi_colour(o, colour);
        } else if (!good || (c < 32 && c != '\t') || c == 127 ||
                   (c == 0xC2 && (unsigned char)s[i + 1] < 0xA0)) {
            out_text(o, MARK_REPLACEMENT);
        } else {
            out_bytes(o, s + i, k);
        }
    }
}

void ansi_input(writer *w, const input_item *item, const tc_entities *e) {
    out *o = &w->o;
    size_t cursor = 0, i, start, end;
    for (i = 0; i < e->count; i++) {
        const tc_entity *x = &e->entities[i];
        int colour = w->plain ? -1 : mark_colour(&w->palette, mark_type(x->label));
        if (!mark_span(item, x, cursor, &start, &end)) continue;
        ansi_text(o, item->text + cursor, start - cursor, -1);
        if (w->plain)
            out_char(o, '[');
        else
            ansi_colour(o, colour);
        ansi_text(o, item->text + start, end - start, colour);
        out_text(o, w->plain ? " " : " \033[1m");
        ansi_text(o, x->label, strlen(x->label), -1);
        out_text(o, w->plain ? "]" : "\033[0m");
        cursor = end;
    }
    ansi_text(o, item->text + cursor, item->length - cursor, -1);
    if (!item->length || item->text[item->length - 1] != '\n') out_char(o, '\n');
}

/* -------------------------------------------------------------------------------- html */

static const char html_head[] =
    "<!DOCTYPE html>\n"
    "<html lang=\"en\">\n"
    "<head>\n"
    "<meta charset=\"utf-8\">\n"
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
    "<meta name=\"generator\" content=\"tokclass " TC_VERSION "\">\n";

static const char html_style[] =
    "<style>\n"
    ":root{color-scheme:light dark;--ink:#1b1b1f;--paper:#fff;--line:#d9d9de;--soft:#5d5d66}\n"
    "body{display:flex;flex-direction:column;max-width:46rem;margin:0 auto;"
    "padding:1.5rem 1rem 4rem;\n"
    " font:16px/1.9 system-ui,-apple-system,\"Segoe UI\",Roboto,sans-serif;"
    "color:var(--ink);background:var(--paper)}\n"
    "h1{font-size:1.25rem;line-height:1.3;margin:0 0 .5rem;overflow-wrap:anywhere}\n"
    "footer{order:-1;padding-bottom:.75rem;border-bottom:1px solid var(--line);"
    "color:var(--soft)}\n"
    "h1{order:-2}\n"
    "footer span{white-space:nowrap;margin-right:1rem}footer mark{color:var(--ink)}\n"
    "p{margin:1rem 0;white-space:pre-wrap;overflow-wrap:anywhere;min-height:1em}\n"
    "mark{color:inherit;unicode-bidi:isolate;padding:.15em .3em;border-radius:.35em;"
    "-webkit-box-decoration-break:clone;box-decoration-break:clone}\n"
    "mark "
    "b{unicode-bidi:isolate;font-size:.7em;margin-inline-start:.45em;white-space:nowrap;user-"
    "select:"
    "none;"
    "-webkit-user-select:none}\n"
    "mark b i{font-style:normal;font-weight:400;opacity:.8}\n"
    ".c0{background:#d5c9ff}.c1{background:#a9eef3}.c2{background:#ffc3a3}"
    ".c3{background:#ffdf9e}.c4{background:#bfe3ea}\n"
    ".c5{background:#cdebd9}.c6{background:#c4eebb}.c7{background:#fff09a}"
    ".c8{background:#ffc2cd}.c9{background:#e3e3e6}\n"
    "@media(prefers-color-scheme:dark){\n"
    ":root{--ink:#e8e8ec;--paper:#17171a;--line:#3a3a42;--soft:#a2a2ad}\n"
    ".c0{background:#4b3f86}.c1{background:#125a63}.c2{background:#7d3d1c}"
    ".c3{background:#6b4d0b}.c4{background:#2a5560}\n"
    ".c5{background:#2c5a41}.c6{background:#335f29}.c7{background:#5f5405}"
    ".c8{background:#7b2f40}.c9{background:#43434b}}\n"
    "</style>\n";

void html_text(out *o, const char *s, size_t n) {
    size_t i, k;
    for (i = 0; i < n; i += k) {
        unsigned char c = (unsigned char)s[i];
        int good;
        k = tool_utf8(s + i, n - i, &good);
        if (!good || (c < 32 && c != '\t' && c != '\n' && c != '\r') || c == 127 ||
            (c == 0xC2 && (unsigned char)s[i + 1] < 0xA0)) {
            out_text(o, MARK_REPLACEMENT);
        } else if (c == '&') {
            out_text(o, "&amp;");
        } else if (c == '<') {
            out_text(o, "&lt;");
        } else if (c == '>') {
            out_text(o, "&gt;");
        } else if (c == '"') {
            out_text(o, "&quot;");
        } else if (c == '\'') {
            out_text(o, "&#39;");
        } else if (c == '\r') {
            if (i + 1 == n || s[i + 1] != '\n') out_char(o, '\n');
        } else {
            out_bytes(o, s + i, k);
        }
    }
}

void html_string(out *o, const char *s) { html_text(o, s, strlen(s)); }

static void html_score(out *o, float score) {
    char text[32];
    snprintf(text, sizeof text, "%.2f", (double)score);
    out_text(o, text);
}

void html_begin(writer *w) {
    out *o = &w->o;
    out_text(o, html_head);
    out_text(o, "<title>Entities in ");
    html_string(o, w->title);
    out_text(o, "</title>\n");
    out_text(o, html_style);
    out_text(o, "</head>\n<body>\n<h1>Entities in ");
    html_string(o, w->title);
    out_text(o, "</h1>\n<main lang=\"\">\n");
}

static void html_tally(writer *w, const char *label, int colour) {
    int i;
    for (i = 0; i < w->tally_count; i++) {
        if (strncmp(w->tallies[i].label, label, sizeof w->tallies[i].label - 1) == 0) break;
    }
    if (i == w->tally_count) {
        if (i == TALLY_MOST) return;
        snprintf(w->tallies[i].label, sizeof w->tallies[i].label, "%s", label);
        w->tallies[i].count = 0;
        w->tallies[i].colour = colour;
        w->tally_count++;
    }
    w->tallies[i].count++;
}

static void html_mark(writer *w, const char *text, size_t n, const tc_entity *e) {
    out *o = &w->o;
    int colour = mark_colour(&w->palette, mark_type(e->label));
    out_text(o, "<mark class=\"c");
    out_uint(o, (uint64_t)colour);
    out_text(o, "\">");
    html_text(o, text, n);
    out_text(o, "<b>");
    html_string(o, e->label);
    out_text(o, " <i>");
    html_score(o, e->score);
    out_text(o, "</i></b></mark>");
    html_tally(w, e->label, colour);
}

void html_input(writer *w, const input_item *item, const tc_entities *e) {
    out *o = &w->o;
    size_t cursor = 0, i, start, end;
    out_text(o, "<p dir=\"auto\">");
    for (i = 0; i < e->count; i++) {
        const tc_entity *x = &e->entities[i];
        if (!mark_span(item, x, cursor, &start, &end)) continue;
        html_text(o, item->text + cursor, start - cursor);
        html_mark(w, item->text + start, end - start, x);
        cursor = end;
    }
    html_text(o, item->text + cursor, item->length - cursor);
    out_text(o, "</p>\n");
}

/* The counts are known only here; the style puts the legend on top. */
void html_end(writer *w) {
    out *o = &w->o;
    int i;
    out_text(o, "</main>\n<footer>\n");
    for (i = 0; i < w->tally_count; i++) {
        out_text(o, "<span><mark class=\"c");
        out_uint(o, (uint64_t)w->tallies[i].colour);
        out_text(o, "\">");
        html_string(o, w->tallies[i].label);
        out_text(o, "</mark> ");
        out_uint(o, w->tallies[i].count);
        out_text(o, "</span>\n");
    }
    if (!w->tally_count) out_text(o, "<span>No entities were found.</span>\n");
    out_text(o, "</footer>\n</body>\n</html>\n");
}
