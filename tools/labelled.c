/* labelled.c - a file of labelled sentences; see labelled.h. */
#include "labelled.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

int labelled_fail(const labelled *l, uint64_t line, const char *format, ...) {
    char where[TOOL_PLACE], what[512];
    va_list args;
    va_start(args, format);
    vsnprintf(what, sizeof what, format, args);
    va_end(args);
    return tool_fail(tool_place(where, l->path, line), "%s", what);
}

int labelled_none(const labelled *l) {
    if (!l->info->sentences) return tool_fail(l->path, "there is no labelled sentence");
    if (l->info->columns != 1) return 0;
    return tool_fail(l->path, "the lines have one column: words without labels");
}

static int labelled_set(labelled *l, const void *data, size_t size, int column) {
    tc_env env = common_env(l->c);
    tc_data_options options;
    tc_status status;
    memset(&options, 0, sizeof options);
    options.column = column;
    status = tc_dataset_open(data, size, &options, &env, &l->set);
    if (status) return common_fail(l->c, l->path, status);
    l->info = tc_dataset_get_info(l->set);
    return 0;
}

/* With --strict-utf8: 1 after a message for the first line of the file that is no UTF-8. */
static int labelled_utf8(const labelled *l) {
    const char *text = (const char *)l->file.data;
    char place[TOOL_PLACE];
    uint64_t line = 1;
    size_t i, step;
    int good;
    for (i = 0; l->c->strict_utf8 && i < l->file.size; i += step) {
        step = tool_utf8(text + i, l->file.size - i, &good);
        if (!good) return tool_fail(tool_place(place, l->path, line), "ill-formed UTF-8");
        line += text[i] == '\n';
    }
    return 0;
}

int labelled_open(labelled *l, common *c, const char *path, int column) {
    char message[200];
    memset(l, 0, sizeof *l);
    l->c = c;
    l->path = tool_input(path);
    if (tool_file_open(path, &l->file, message, sizeof message))
        return tool_fail(l->path, "%s", message);
    if (labelled_utf8(l)) return 1;
    return labelled_set(l, l->file.data, l->file.size, column);
}

int labelled_again(labelled *l, const labelled *other, int column) {
    memset(l, 0, sizeof *l);
    l->c = other->c;
    l->path = other->path;
    return labelled_set(l, other->file.data, other->file.size, column);
}

void labelled_close(labelled *l) {
    tc_dataset_free(l->set);
    l->set = NULL;
    tool_file_close(&l->file);
}

int labelled_sentence(labelled *l, size_t index, tc_sentence *sentence) {
    tc_status status = tc_dataset_sentence(l->set, index, sentence);
    return status ? common_fail(l->c, l->path, status) : 0;
}

/* ----------------------------------------------------------------------------- numbers */

void out_double(out *o, double v) {
    char text[40];
    if (!isfinite(v)) {
        out_text(o, "null");
        return;
    }
    tool_shortest(text, v, 0);
    out_text(o, text);
    if (!strpbrk(text, ".e")) out_text(o, ".0");
}

static size_t out_width(const char *text) {
    size_t n = 0;
    for (; *text; text++) n += ((unsigned char)*text & 0xC0) != 0x80;
    return n;
}

void out_cell(out *o, const char *text, int width) {
    size_t n = out_width(text), want = (size_t)(width < 0 ? -width : width);
    if (width < 0) out_plain(o, text, strlen(text));
    for (; n < want; n++) out_char(o, ' ');
    if (width >= 0) out_plain(o, text, strlen(text));
}

void out_count(out *o, uint64_t v, int width) {
    char text[24];
    snprintf(text, sizeof text, "%llu", (unsigned long long)v);
    out_cell(o, text, width);
}

void out_share(out *o, uint64_t part, uint64_t whole, int width) {
    char text[32];
    snprintf(text, sizeof text, "%.1f %%", whole ? 100.0 * (double)part / (double)whole : 0.0);
    out_cell(o, text, width);
}
