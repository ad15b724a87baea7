/* input.c - streaming readers; see input.h. Memory follows the longest input, not the file. */
#if !defined(_POSIX_C_SOURCE) && !defined(__APPLE__)
#define _POSIX_C_SOURCE 200809L
#endif
#include "input.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "json.h"

enum { INPUT_MOST = 64, INPUT_BYTES = 1024, INPUT_STEP = 65536 };
static const size_t INPUT_LINE = 0x7FFFFFFF; /* no text is longer */

/* An item as places in the group's arrays, which move while they grow. */
typedef struct input_span {
    size_t text, length, pair, pair_length, first_word, word_count;
    int has_pair, split, outside; /* outside: the text is the mapped document */
} input_span;

/* Every failure is kept until the inputs before it have been handled. Returns -1. */
static int input_fail(input_reader *r, const char *what) {
    snprintf(r->message, sizeof r->message, "%s", what);
    tool_place(r->where, r->file, r->line);
    r->failed = 1;
    return -1;
}

const char *input_where(const input_item *item, char *out) {
    return tool_place(out, item->file, item->line);
}

/* ------------------------------------------------------------------- growing the group */

static int input_grow(void **block, size_t *room, size_t least, size_t each) {
    size_t n = *room ? *room : 64;
    void *p;
    while (n < least) {
        if (n > (size_t)-1 / 2 / each) return 1;
        n *= 2;
    }
    if (n == *room) return 0;
    p = realloc(*block, n * each);
    if (!p) return 1;
    *block = p;
    *room = n;
    return 0;
}

static int input_add_bytes(input_reader *r, input_group *g, const char *data, size_t size) {
    void *block = g->bytes;
    if (size > (size_t)-1 - g->size - 1 ||
        input_grow(&block, &g->byte_room, g->size + size + 1, 1)) {
        return input_fail(r, "out of memory");
    }
    g->bytes = (char *)block;
    if (size) memcpy(g->bytes + g->size, data, size);
    g->size += size;
    return 0;
}

/* A new item that starts at the end of what the group holds. */
static input_span *input_begin(input_reader *r, input_group *g) {
    void *inputs = g->inputs, *items = g->items, *spans = g->spans;
    size_t a = g->room, b = g->room, c = g->room;
    int failed = input_grow(&inputs, &a, g->count + 1, sizeof *g->inputs);
    input_span *span;
    if (!failed) g->inputs = (tc_input *)inputs;
    failed = failed || input_grow(&items, &b, g->count + 1, sizeof *g->items);
    if (!failed) g->items = (input_item *)items;
    failed = failed || input_grow(&spans, &c, g->count + 1, sizeof *g->spans);
    if (!failed) g->spans = (input_span *)spans;
    if (failed) {
        input_fail(r, "out of memory");
        return NULL;
    }
    g->room = c;
    span = &g->spans[g->count];
    memset(span, 0, sizeof *span);
    span->text = g->size;
    span->first_word = g->word_count;
    g->items[g->count].file = r->file;
    g->items[g->count].line = r->line;
    return span;
}

/* A word of the item begun last; words lie in the bytes with one space between. */
static int input_add_word(input_reader *r, input_group *g, const char *word, size_t length) {
    input_span *span = &g->spans[g->count];
    void *block = g->words;
    if (span->word_count && input_add_bytes(r, g, " ", 1)) return -1;
    if (input_grow(&block, &g->word_room, g->word_count + 1, sizeof *g->words)) {
        return input_fail(r, "out of memory");
    }
    g->words = (tc_string *)block;
    g->words[g->word_count++].length = length;
    span->word_count++;
    return input_add_bytes(r, g, word, length);
}

/* The item begun last is complete. */
static void input_commit(input_group *g) {
    input_span *span = &g->spans[g->count++];
    if (!span->outside && !span->has_pair) span->length = g->size - span->text;
}

/* Takes back the item begun last. */
static int input_drop(input_group *g) {
    g->size = g->spans[g->count].text;
    g->word_count = g->spans[g->count].first_word;
    return -1;
}

/* The arrays have stopped moving: places become pointers. */
static void input_finish(input_group *g) {
    static const tc_string no_words = {"", 0};
    size_t i, k;
    for (i = 0; i < g->count; i++) {
        const input_span *span = &g->spans[i];
        tc_input *in = &g->inputs[i];
        const char *base = span->outside ? (const char *)g->document.data : g->bytes;
        const char *p = base ? base + span->text : "";
        memset(in, 0, sizeof *in);
        g->items[i].text = p;
        g->items[i].length = span->length;
        if (span->split) {
            tc_string *words = g->words + span->first_word;
            in->words = span->word_count ? words : &no_words;
            in->word_count = span->word_count;
            for (k = 0; k < span->word_count; k++) {
                words[k].data = p;
                p += words[k].length + 1;
            }
        } else {
            in->text = p;
            in->length = span->length;
            in->pair = span->has_pair ? base + span->pair : NULL;
            in->pair_length = span->pair_length;
        }
    }
}

/* ------------------------------------------------------------------------ files, lines */

static uint64_t input_total(char **files, int file_count) {
    uint64_t total = 0;
    int i;
    for (i = 0; i < file_count; i++) {
        struct stat st;
        int bad = strcmp(files[i], "-") == 0 ? fstat(0, &st) : stat(files[i], &st);
        if (bad || !S_ISREG(st.st_mode)) return 0;
        total += (uint64_t)st.st_size;
    }
    return total;
}

int input_check(const char *command, const tool_list *texts, char **argv, int count) {
    int i, twice = count == 1 && !texts->count;
    if (strcmp(argv[1], "-") != 0) return -1;
    for (i = 1; i < count; i++) twice |= strcmp(argv[1 + i], "-") == 0;
    return twice ? tool_usage(command, "only one of model and input can be standard input")
                 : -1;
}

void input_open(input_reader *r, input_kind kind, const tool_list *texts, char **files,
                int file_count) {
    static char dash[] = "-";
    static char *standard[] = {dash};
    memset(r, 0, sizeof *r);
    r->kind = kind;
    r->texts = texts;
    r->files = files;
    r->file_count = file_count;
    r->fd = -1;
    r->most = INPUT_MOST;
    if (!file_count && !texts->count) {
        r->files = standard;
        r->file_count = 1;
    }
    r->total = input_total(r->files, r->file_count);
}

static void input_close_file(input_reader *r) {
    if (r->fd > 0) close(r->fd);
    r->fd = -1;
}

void input_close(input_reader *r, input_group *g) {
    input_close_file(r);
    free(r->buffer);
    free(g->inputs);
    free(g->items);
    free(g->spans);
    free(g->bytes);
    free(g->words);
    tool_file_close(&g->document);
    memset(g, 0, sizeof *g);
}

uint64_t input_done(const input_reader *r) { return r->done - (r->end - r->start); }

static void input_name_file(input_reader *r) {
    const char *path = r->files[r->next_file++];
    r->file = tool_input(path);
    r->line = 0;
}

/* 1: the next file is open; 0: there is none. */
static int input_open_file(input_reader *r) {
    struct stat st;
    if (r->next_file >= r->file_count) return 0;
    r->fd = strcmp(r->files[r->next_file], "-") == 0
                ? 0
                : open(r->files[r->next_file], O_RDONLY | O_CLOEXEC);
    input_name_file(r);
    if (r->fd < 0) {
        char text[300];
        snprintf(text, sizeof text, "cannot be opened: %s", strerror(errno));
        return input_fail(r, text);
    }
    r->regular = fstat(r->fd, &st) == 0 && S_ISREG(st.st_mode);
    r->start = r->end = 0;
    r->at_end = 0;
    return 1;
}

/* Reads on behind what the buffer holds. 1: more bytes or the end; -1: failure. */
static int input_fill(input_reader *r) {
    ssize_t n;
    if (r->start && r->room - r->end < INPUT_STEP) {
        memmove(r->buffer, r->buffer + r->start, r->end - r->start);
        r->end -= r->start;
        r->start = 0;
    }
    if (r->room - r->end < INPUT_STEP) {
        void *block = r->buffer;
        if (input_grow(&block, &r->room, r->end + 2 * INPUT_STEP, 1)) {
            r->line++;
            return input_fail(r, "out of memory");
        }
        r->buffer = (char *)block;
    }
    do {
        n = read(r->fd, r->buffer + r->end, r->room - r->end);
    } while (n < 0 && errno == EINTR);
    if (n < 0) {
        char text[300];
        snprintf(text, sizeof text, "cannot be read: %s", strerror(errno));
        return input_fail(r, text);
    }
    if (n == 0) r->at_end = 1;
    r->end += (size_t)n;
    r->done += (uint64_t)n;
    return 1;
}

/* Whether a read would return at once. */
static int input_ready(const input_reader *r) {
    struct pollfd p;
    if (r->regular || r->at_end) return 1;
    p.fd = r->fd;
    p.events = POLLIN;
    p.revents = 0;
    return poll(&p, 1, 0) != 0;
}

/* A byte order mark before data is none of it; in a text it is a character. */
static void input_skip_bom(const input_reader *r, const char **line, size_t *length) {
    if (r->kind != INPUT_JSONL && r->kind != INPUT_CONLL) return;
    if (*length < 3 || memcmp(*line, "\xEF\xBB\xBF", 3) != 0) return;
    *line += 3;
    *length -= 3;
}

enum { LINE_FAILED = -1, LINE_END = 0, LINE_READ = 1, LINE_WAIT = 2 };

/* The next line without its end, valid until the next call. With `may_wait` 0, LINE_WAIT where
 * a pipe has no complete line yet. LINE_END: the end of this file. */
static int input_line(input_reader *r, int may_wait, const char **line, size_t *length) {
    size_t seen = 0;
    for (;;) {
        const char *from = r->buffer ? r->buffer + r->start : NULL, *feed = NULL;
        size_t held = r->end - r->start, n;
        if (held > seen) feed = (const char *)memchr(from + seen, '\n', held - seen);
        seen = held;
        if (feed || (r->at_end && held)) {
            n = feed ? (size_t)(feed - from) : held;
            r->start += feed ? n + 1 : n;
            if (n && from[n - 1] == '\r') n--;
            *line = from;
            *length = n;
            if (!r->line++) input_skip_bom(r, line, length);
            return LINE_READ;
        }
        if (r->at_end) return LINE_END;
        if (held > INPUT_LINE) {
            r->line++;
            return input_fail(r, "a line of more than 2 GiB");
        }
        if (!may_wait && !input_ready(r)) return LINE_WAIT;
        if (input_fill(r) < 0) return LINE_FAILED;
    }
}

/* ----------------------------------------------------------------------------- one input */

/* One text, or two with a tab between. */
static int input_add_text(input_reader *r, input_group *g, const char *text, size_t length) {
    input_span *span = input_begin(r, g);
    if (!span || input_add_bytes(r, g, text, length)) return -1;
    if (r->pair) {
        const char *tab = (const char *)(length ? memchr(text, '\t', length) : NULL);
        size_t first = tab ? (size_t)(tab - text) : 0;
        if (!tab || memchr(tab + 1, '\t', length - first - 1)) {
            input_drop(g);
            return input_fail(r, tab ? "more than one tab; --pair needs two texts with one tab"
                                     : "no tab; --pair needs two texts with a tab between");
        }
        span->has_pair = 1;
        span->length = first;
        span->pair = span->text + first + 1;
        span->pair_length = length - first - 1;
    }
    input_commit(g);
    return 0;
}

/* Empty pieces are words too, as in Python's split(" "); an empty line has no words. */
static int input_add_words(input_reader *r, input_group *g, const char *line, size_t length) {
    input_span *span = input_begin(r, g);
    size_t at = 0;
    if (!span) return -1;
    span->split = 1;
    while (length) {
        const char *space = (const char *)memchr(line + at, ' ', length - at);
        size_t end = space ? (size_t)(space - line) : length;
        if (input_add_word(r, g, line + at, end - at)) return -1;
        if (!space) break;
        at = end + 1;
        if (at == length) {
            if (input_add_word(r, g, line, 0)) return -1;
            break;
        }
    }
    input_commit(g);
    return 0;
}

/* --------------------------------------------------------------------------- JSON lines */

static int input_add_json_pair(input_reader *r, input_group *g, const json_node *first,
                               const json_node *second) {
    input_span *span = input_begin(r, g);
    if (!span || input_add_bytes(r, g, first->text, first->length) ||
        input_add_bytes(r, g, second->text, second->length)) {
        return -1;
    }
    span->has_pair = 1;
    span->length = first->length;
    span->pair = span->text + first->length;
    span->pair_length = second->length;
    input_commit(g);
    return 0;
}

static int input_add_json_words(input_reader *r, input_group *g, const json_doc *doc,
                                const json_node *array) {
    const json_node *word;
    input_span *span;
    if (r->pair) return input_fail(r, "--pair needs texts, not an array of words");
    span = input_begin(r, g);
    if (!span) return -1;
    span->split = 1;
    for (word = json_first(doc, array); word; word = json_next(doc, word)) {
        if (word->type != JSON_STRING) {
            char what[100];
            snprintf(what, sizeof what, "word %lu is %s, not a string",
                     (unsigned long)span->word_count + 1, json_kind(word));
            return input_fail(r, what);
        }
        if (input_add_word(r, g, word->text, word->length)) return -1;
    }
    input_commit(g);
    return 0;
}

static int input_add_json_object(input_reader *r, input_group *g, const json_doc *doc,
                                 const json_node *object) {
    const json_node *text = json_get(doc, object, "text"), *words;
    const json_node *pair = r->pair ? json_get(doc, object, "text_pair") : NULL;
    if (json_given(text)) {
        if (text->type != JSON_STRING) return input_fail(r, "\"text\" is no string");
        if (!json_given(pair)) return input_add_text(r, g, text->text, text->length);
        if (pair->type != JSON_STRING) return input_fail(r, "\"text_pair\" is no string");
        return input_add_json_pair(r, g, text, pair);
    }
    words = json_get(doc, object, "words");
    if (!json_given(words)) words = json_get(doc, object, "tokens");
    if (!json_given(words)) {
        return input_fail(r, "the object has no \"text\", \"words\" or \"tokens\"");
    }
    if (words->type != JSON_ARRAY) return input_fail(r, "the words are no array of strings");
    return input_add_json_words(r, g, doc, words);
}

static int input_add_json(input_reader *r, input_group *g, const char *line, size_t length) {
    char message[300];
    json_doc doc;
    const json_node *root;
    int failed = r->strict_utf8 ? json_parse(&doc, line, length, message, sizeof message)
                                : json_parse_any(&doc, line, length, message, sizeof message);
    if (failed) {
        int one = strncmp(message, "line 1, ", 8) == 0; /* the file's line stands before it */
        return input_fail(r, message + (one ? 8 : 0));
    }
    root = json_root(&doc);
    if (root->type == JSON_STRING) {
        failed = input_add_text(r, g, root->text, root->length);
    } else if (root->type == JSON_ARRAY) {
        failed = input_add_json_words(r, g, &doc, root);
    } else if (root->type == JSON_OBJECT) {
        failed = input_add_json_object(r, g, &doc, root);
    } else {
        failed = input_fail(r, "neither a string, an array of words nor an object");
    }
    json_free(&doc);
    return failed;
}

static int input_is_blank(const char *line, size_t length) {
    size_t i = 0;
    while (i < length && (line[i] == ' ' || line[i] == '\t' || line[i] == '\r')) i++;
    return i == length;
}

/* ------------------------------------------------------------------- lines, documents */

static int input_add_line(input_reader *r, input_group *g, const char *line, size_t length) {
    if (r->kind == INPUT_JSONL) {
        return input_is_blank(line, length) ? 0 : input_add_json(r, g, line, length);
    }
    if (r->kind == INPUT_WORDS) return input_add_words(r, g, line, length);
    return input_add_text(r, g, line, length);
}

static int input_add_document(input_reader *r, input_group *g) {
    char message[300];
    const char *path = r->files[r->next_file];
    input_span *span;
    input_name_file(r);
    if (tool_file_open(path, &g->document, message, sizeof message)) {
        return input_fail(r, message);
    }
    r->done += g->document.size;
    if (r->pair) {
        return input_add_text(r, g, (const char *)g->document.data, g->document.size);
    }
    span = input_begin(r, g);
    if (!span) return -1;
    span->outside = 1;
    span->text = 0;
    span->length = g->document.size;
    input_commit(g);
    return 0;
}

/* ------------------------------------------------------------------------------- columns */

static int input_is_space(char c) { return c == ' ' || c == '\t' || c == '\r'; }

/* First column of a line, which ends at a tab if there is one, else at a blank; 0 for a line
 * that ends a sentence. */
static size_t input_first_column(const char *line, size_t length, size_t *at) {
    static const char docstart[] = "-DOCSTART-";
    const char *tab;
    size_t i = 0, start;
    while (i < length && input_is_space(line[i])) i++;
    start = i;
    tab = length > i ? (const char *)memchr(line + i, '\t', length - i) : NULL;
    if (tab) {
        i = (size_t)(tab - line);
        while (input_is_space(line[i - 1])) i--;
    } else {
        while (i < length && !input_is_space(line[i])) i++;
    }
    *at = start;
    if (i - start >= sizeof docstart - 1 &&
        memcmp(line + start, docstart, sizeof docstart - 1) == 0) {
        return 0;
    }
    return i - start;
}

/* Reads one sentence. Returns a LINE_ value; LINE_READ with an item added. */
static int input_sentence(input_reader *r, input_group *g) {
    const char *line;
    size_t length, at, n;
    int open = 0;
    for (;;) {
        int got = input_line(r, open || g->count == 0, &line, &length);
        if (got == LINE_FAILED || got == LINE_WAIT) return got;
        n = got == LINE_READ ? input_first_column(line, length, &at) : 0;
        if (n) {
            if (!open) {
                input_span *span = input_begin(r, g);
                if (!span) return LINE_FAILED;
                span->split = 1;
                open = 1;
            }
            if (input_add_word(r, g, line + at, n)) return LINE_FAILED;
        } else if (open) {
            input_commit(g);
            return LINE_READ;
        } else if (got == LINE_END) {
            return LINE_END;
        }
    }
}

/* ---------------------------------------------------------------------------- the groups */

/* Adds the next input. Returns a LINE_ value; LINE_END: no more inputs at all. */
static int input_add(input_reader *r, input_group *g) {
    const char *line;
    size_t length;
    int got;
    if (r->next_text < r->texts->count) {
        const char *text = r->texts->items[r->next_text++];
        r->file = "--text";
        r->line = r->next_text;
        return input_add_line(r, g, text, strlen(text)) ? LINE_FAILED : LINE_READ;
    }
    for (;;) {
        if (r->kind == INPUT_DOCUMENT) {
            if (r->next_file >= r->file_count) return LINE_END;
            if (g->count) return LINE_WAIT; /* one mapped file at a time */
            return input_add_document(r, g) ? LINE_FAILED : LINE_READ;
        }
        if (r->fd < 0) {
            int opened = input_open_file(r);
            if (opened <= 0) return opened ? LINE_FAILED : LINE_END;
        }
        if (r->kind == INPUT_CONLL) {
            got = input_sentence(r, g);
        } else {
            got = input_line(r, g->count == 0, &line, &length);
            if (got == LINE_READ && input_add_line(r, g, line, length)) return LINE_FAILED;
        }
        if (got != LINE_END) return got;
        input_close_file(r);
    }
}

int input_next(input_reader *r, input_group *g) {
    int got = LINE_READ;
    g->count = g->size = g->word_count = 0;
    tool_file_close(&g->document);
    if (!r->failed) {
        while (got == LINE_READ && g->count < r->most && g->size < r->most * INPUT_BYTES) {
            got = input_add(r, g);
        }
    }
    if (g->count) {
        input_finish(g);
        return 1;
    }
    if (!r->failed) return 0;
    tool_fail(r->where, "%s", r->message);
    return -1;
}
