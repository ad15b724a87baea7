/* output.c - buffered output, JSON pieces, and the plain formats; see output.h. */
#include "output.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* -------------------------------------------------------------------------- the buffer */

void out_free(out *o) {
    free(o->data);
    memset(o, 0, sizeof *o);
}

int out_flush(out *o) {
    size_t size = o->size;
    o->size = 0;
    if (o->failed) return o->failed++ == 1 ? tool_fail(NULL, "out of memory") : TOOL_FAILED;
    return size ? tool_write(o->data, size) : 0;
}

void out_bytes(out *o, const char *data, size_t size) {
    if (o->failed || !size) return;
    if (o->room - o->size < size) {
        size_t room = o->room ? o->room : 65536;
        char *p;
        while (room - o->size < size && room <= (size_t)-1 / 2) room *= 2;
        p = room - o->size < size ? NULL : (char *)realloc(o->data, room);
        if (!p) {
            o->failed = 1;
            return;
        }
        o->data = p;
        o->room = room;
    }
    memcpy(o->data + o->size, data, size);
    o->size += size;
}

void out_text(out *o, const char *text) { out_bytes(o, text, strlen(text)); }

void out_char(out *o, char c) { out_bytes(o, &c, 1); }

void out_uint(out *o, uint64_t v) {
    char digits[20];
    size_t n = sizeof digits;
    do {
        digits[--n] = (char)('0' + v % 10);
        v /= 10;
    } while (v);
    out_bytes(o, digits + n, sizeof digits - n);
}

void out_float(out *o, double v) {
    char text[40];
    if (!isfinite(v)) {
        out_text(o, "null");
        return;
    }
    snprintf(text, sizeof text, "%.9g", v);
    out_text(o, text);
}

/* -------------------------------------------------------------------------------- text */

void out_json(out *o, const char *s, size_t n) {
    static const char hex[] = "0123456789abcdef";
    static const char letters[] = "btn\0fr"; /* for 8 to 13; 11 has none */
    size_t i, k;
    out_char(o, '"');
    for (i = 0; i < n; i += k) {
        unsigned char c = (unsigned char)s[i];
        int good = 1;
        k = 0; /* a run without anything to escape goes out in one piece */
        while (i + k < n && (unsigned char)s[i + k] >= 32 && (unsigned char)s[i + k] < 0x80 &&
               s[i + k] != '"' && s[i + k] != '\\') {
            k++;
        }
        if (k) {
            out_bytes(o, s + i, k);
            continue;
        }
        k = tool_utf8(s + i, n - i, &good);
        if (!good) {
            out_text(o, "\xEF\xBF\xBD");
        } else if (c >= 0x80) {
            out_bytes(o, s + i, k);
        } else if (c == '"' || c == '\\') {
            out_char(o, '\\');
            out_char(o, (char)c);
        } else if (c >= 8 && c <= 13 && letters[c - 8]) {
            out_char(o, '\\');
            out_char(o, letters[c - 8]);
        } else {
            out_text(o, "\\u00");
            out_char(o, hex[c >> 4]);
            out_char(o, hex[c & 15]);
        }
    }
    out_char(o, '"');
}

void out_json_text(out *o, const char *s) { out_json(o, s, strlen(s)); }

void out_key(out *o, const char *key) {
    if (o->size && o->data[o->size - 1] != '{') out_text(o, ", ");
    out_json_text(o, key);
    out_text(o, ": ");
}

void out_key_uint(out *o, const char *key, uint64_t value) {
    out_key(o, key);
    out_uint(o, value);
}

void out_key_float(out *o, const char *key, double value) {
    out_key(o, key);
    out_float(o, value);
}

void out_key_text(out *o, const char *key, const char *value) {
    out_key(o, key);
    if (value)
        out_json_text(o, value);
    else
        out_text(o, "null");
}

void out_plain(out *o, const char *s, size_t n) {
    size_t i, k;
    for (i = 0; i < n; i += k) {
        unsigned char c = (unsigned char)s[i];
        int good;
        k = tool_utf8(s + i, n - i, &good);
        if (good && (c == '\t' || c == '\n' || c == '\r')) {
            out_char(o, ' ');
        } else if (!good || c < 32 || c == 127) {
            out_text(o, "\xEF\xBF\xBD");
        } else {
            out_bytes(o, s + i, k);
        }
    }
}

/* ------------------------------------------------------------------- jsonl, json, tsv */

/* Keys and their order are those of the transformers pipeline. */
static void json_entity(writer *w, const tc_entity *e) {
    out *o = &w->o;
    out_char(o, '{');
    out_key_text(o, w->tokens ? "entity" : "entity_group", e->label);
    out_key_float(o, "score", (double)e->score);
    if (w->tokens) out_key_uint(o, "index", e->index);
    out_key(o, "word");
    out_json(o, e->word.data, e->word.length);
    out_key_uint(o, "start", common_offset(w->options, e->start));
    out_key_uint(o, "end", common_offset(w->options, e->end));
    out_char(o, '}');
}

static void json_input(writer *w, const tc_entities *e) {
    size_t i;
    out_char(&w->o, '[');
    for (i = 0; i < e->count; i++) {
        if (i) out_text(&w->o, ", ");
        json_entity(w, &e->entities[i]);
    }
    out_char(&w->o, ']');
}

static void tsv_input(writer *w, const input_item *item, const tc_entities *e) {
    out *o = &w->o;
    size_t i;
    for (i = 0; i < e->count; i++) {
        const tc_entity *x = &e->entities[i];
        size_t end = x->end.byte < item->length ? x->end.byte : item->length;
        size_t start = x->start.byte < end ? x->start.byte : end;
        out_uint(o, w->inputs + 1);
        out_char(o, '\t');
        out_uint(o, common_offset(w->options, x->start));
        out_char(o, '\t');
        out_uint(o, common_offset(w->options, x->end));
        out_char(o, '\t');
        out_plain(o, x->label, strlen(x->label));
        out_char(o, '\t');
        out_float(o, (double)x->score);
        out_char(o, '\t');
        out_plain(o, item->text + start, end - start);
        out_char(o, '\n');
    }
}

/* ------------------------------------------------------------------------------- conll */

const char *conll_outside(const tc_model_info *info) {
    uint32_t i;
    for (i = 0; i < info->num_labels; i++) {
        if (strcmp(info->labels[i], "O") == 0) return "O";
    }
    return info->num_labels ? info->labels[0] : "O";
}

static int conll_blank(const tc_string *word) {
    size_t i = 0;
    while (i < word->length && memchr(" \t\r\n", word->data[i], 4)) i++;
    return i == word->length;
}

static void conll_input(writer *w, const tc_input *in, const tc_entities *e) {
    out *o = &w->o;
    size_t i;
    if (w->inputs) out_char(o, '\n');
    for (i = 0; i < in->word_count; i++) {
        int32_t id = e->word_labels ? e->word_labels[i] : -1;
        const char *label = conll_outside(w->info);
        if (id >= 0 && (uint32_t)id < w->info->num_labels) label = w->info->labels[id];
        if (conll_blank(&in->words[i])) /* no reader of columns would see it */
            out_char(o, '_');
        else
            out_plain(o, in->words[i].data, in->words[i].length);
        out_char(o, '\t');
        out_plain(o, label, strlen(label));
        out_char(o, '\n');
    }
}

/* --------------------------------------------------------------------------- dispatch */

void writer_begin(writer *w) {
    uint32_t i;
    for (i = 0; i < w->info->num_labels; i++) {
        const char *type = mark_type(w->info->labels[i]);
        mark_add(&w->palette, type, strlen(type));
    }
    mark_choose(&w->palette);
    if (w->format == FORMAT_JSON) out_char(&w->o, '[');
    if (w->format == FORMAT_HTML) html_begin(w);
}

void writer_input(writer *w, const input_item *item, const tc_input *in, const tc_entities *e) {
    switch (w->format) {
    case FORMAT_JSON:
        if (w->inputs) out_text(&w->o, ",\n");
        json_input(w, e);
        break;
    case FORMAT_TSV: tsv_input(w, item, e); break;
    case FORMAT_CONLL: conll_input(w, in, e); break;
    case FORMAT_ANSI: ansi_input(w, item, e); break;
    case FORMAT_HTML: html_input(w, item, e); break;
    default: json_input(w, e); out_char(&w->o, '\n');
    }
    w->inputs++;
}

void writer_end(writer *w) {
    if (w->format == FORMAT_JSON) out_text(&w->o, "]\n");
    if (w->format == FORMAT_HTML) html_end(w);
}
