/* json.c - strict JSON parser; see json.h. */
#include "json.h"
#include "tool.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---------------------------------------------------------------------------- arena */

typedef struct json_chunk {
    struct json_chunk *next;
    size_t used, size; /* bytes behind this header */
} json_chunk;

enum { JSON_HEAD = (sizeof(json_chunk) + 15) / 16 * 16, JSON_CHUNK = 64 * 1024 };

void *json_alloc(json_arena *arena, size_t size) {
    json_chunk *chunk = arena->chunks;
    if (size > SIZE_MAX - JSON_HEAD - 16) return NULL;
    size = (size + 15) / 16 * 16;
    if (!chunk || chunk->size - chunk->used < size) {
        size_t room = size > (size_t)JSON_CHUNK ? size : (size_t)JSON_CHUNK;
        json_chunk *fresh = (json_chunk *)malloc(JSON_HEAD + room);
        if (!fresh) return NULL;
        fresh->next = chunk;
        fresh->used = 0;
        fresh->size = room;
        arena->chunks = chunk = fresh;
    }
    chunk->used += size;
    return (char *)chunk + JSON_HEAD + (chunk->used - size);
}

char *json_copy(json_arena *arena, const char *text, size_t length) {
    char *copy = length < SIZE_MAX ? (char *)json_alloc(arena, length + 1) : NULL;
    if (!copy) return NULL;
    if (length) memcpy(copy, text, length);
    copy[length] = 0;
    return copy;
}

void json_arena_free(json_arena *arena) {
    json_chunk *chunk = arena->chunks;
    while (chunk) {
        json_chunk *next = chunk->next;
        free(chunk);
        chunk = next;
    }
    arena->chunks = NULL;
}

/* ----------------------------------------------------------------------------- text */

int json_utf8(const char *text, size_t length, size_t *bad) {
    size_t i = 0;
    int good = 1;
    while (i < length) {
        size_t step = 1;
        if ((unsigned char)text[i] >= 0x80) step = tool_utf8(text + i, length - i, &good);
        if (!good) {
            *bad = i;
            return 0;
        }
        i += step;
    }
    return 1;
}

void json_locate(const char *text, size_t size, size_t offset, size_t *line, size_t *column) {
    size_t i;
    *line = *column = 1;
    for (i = 0; i < offset && i < size; i++) {
        if (text[i] == '\n') {
            ++*line;
            *column = 1;
        } else if (((unsigned char)text[i] & 0xC0) != 0x80) {
            ++*column;
        }
    }
}

const char *json_show(const char *text, size_t length, char *out, size_t out_size) {
    size_t i, n = length < out_size ? length : out_size - 1;
    if (length >= out_size) /* do not cut inside a character */
        while (n > 0 && ((unsigned char)text[n] & 0xC0) == 0x80) n--;
    for (i = 0; i < n; i++) {
        unsigned char c = (unsigned char)text[i];
        out[i] = (char)(c < 0x20 || c == 0x7F ? '?' : c);
    }
    out[n] = 0;
    return out;
}

const char *json_kind(const json_node *node) {
    static const char *const names[] = {"null",     "a boolean", "a boolean", "a number",
                                        "a string", "an array",  "an object"};
    return node ? names[node->type] : "missing";
}

/* --------------------------------------------------------------------------- parser */

typedef struct json_parser {
    json_doc *doc;
    const char *text;
    size_t size, at;
    uint32_t stack[JSON_DEPTH]; /* open containers */
    uint32_t last[JSON_DEPTH];  /* their newest child, 0 = none */
    size_t depth;
    int lenient;      /* strings may hold ill-formed bytes */
    size_t wrong;     /* where */
    const char *what; /* why */
} json_parser;

static int json__fail(json_parser *p, size_t at, const char *what) {
    p->wrong = at;
    p->what = what;
    return -1;
}

static void json__space(json_parser *p) {
    while (p->at < p->size) {
        char c = p->text[p->at];
        if (c != ' ' && c != '\t' && c != '\n' && c != '\r') return;
        p->at++;
    }
}

/* Appends a node that begins at p->at and links it to its elder sibling. */
static json_node *json__add(json_parser *p, json_type type) {
    json_doc *doc = p->doc;
    json_node *node;
    if (doc->count == doc->capacity) {
        size_t capacity = doc->capacity ? doc->capacity * 2 : 64;
        json_node *nodes = NULL;
        if (capacity <= UINT32_MAX && capacity <= SIZE_MAX / sizeof(*nodes))
            nodes = (json_node *)realloc(doc->nodes, capacity * sizeof(*nodes));
        if (!nodes) {
            json__fail(p, p->at, "out of memory");
            return NULL;
        }
        doc->nodes = nodes;
        doc->capacity = capacity;
    }
    node = &doc->nodes[doc->count++];
    memset(node, 0, sizeof(*node));
    node->type = (uint8_t)type;
    node->offset = (uint32_t)p->at;
    return node;
}

/* Makes the node at `place` the newest child of the container that is open at `depth`. */
static void json__link(json_parser *p, size_t depth, size_t place) {
    json_node *nodes = p->doc->nodes;
    uint32_t *last = &p->last[depth - 1];
    if (*last) nodes[*last].next = (uint32_t)place;
    *last = (uint32_t)place;
    nodes[p->stack[depth - 1]].count++;
}

/* Four hexadecimal digits at p->text[at]; -1 if there are none. */
static int json__hex(const json_parser *p, size_t at) {
    int i, value = 0;
    if (p->size - at < 4) return -1;
    for (i = 0; i < 4; i++) {
        char c = p->text[at + (size_t)i];
        if (c >= '0' && c <= '9')
            value = value * 16 + (c - '0');
        else if (c >= 'a' && c <= 'f')
            value = value * 16 + (c - 'a' + 10);
        else if (c >= 'A' && c <= 'F')
            value = value * 16 + (c - 'A' + 10);
        else
            return -1;
    }
    return value;
}

/* Checks the escape whose backslash is at p->at and steps over it. */
static int json__escape(json_parser *p) {
    size_t start = p->at;
    int unit, low;
    if (start + 1 >= p->size) return json__fail(p, p->size, "the text ends inside a string");
    if (p->text[start + 1] && strchr("\"\\/bfnrt", p->text[start + 1])) {
        p->at = start + 2;
        return 0;
    }
    if (p->text[start + 1] != 'u') return json__fail(p, start, "an unknown escape sequence");
    unit = json__hex(p, start + 2);
    if (unit < 0) return json__fail(p, start, "\\u is not followed by four hexadecimal digits");
    p->at = start + 6;
    if (unit < 0xD800 || unit > 0xDFFF) return 0;
    low = -1;
    if (p->size - p->at >= 6 && p->text[p->at] == '\\' && p->text[p->at + 1] == 'u')
        low = json__hex(p, p->at + 2);
    if (unit > 0xDBFF || low < 0xDC00 || low > 0xDFFF)
        return json__fail(p, start, "a surrogate escape without its other half");
    p->at += 6;
    return 0;
}

static size_t json__put(char *out, uint32_t c) {
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    if (c < 0x800) {
        out[0] = (char)(0xC0 | (c >> 6));
        out[1] = (char)(0x80 | (c & 0x3F));
        return 2;
    }
    if (c < 0x10000) {
        out[0] = (char)(0xE0 | (c >> 12));
        out[1] = (char)(0x80 | ((c >> 6) & 0x3F));
        out[2] = (char)(0x80 | (c & 0x3F));
        return 3;
    }
    out[0] = (char)(0xF0 | (c >> 18));
    out[1] = (char)(0x80 | ((c >> 12) & 0x3F));
    out[2] = (char)(0x80 | ((c >> 6) & 0x3F));
    out[3] = (char)(0x80 | (c & 0x3F));
    return 4;
}

/* Decodes the checked text between `from` and `to` into out; returns its length, which is never
 * more than to - from. */
static size_t json__decode(const json_parser *p, size_t from, size_t to, char *out) {
    static const char names[] = "bfnrt", codes[] = "\b\f\n\r\t";
    size_t n = 0;
    while (from < to) {
        const char *name;
        uint32_t c;
        if (p->text[from] != '\\') {
            out[n++] = p->text[from++];
            continue;
        }
        if (p->text[from + 1] != 'u') {
            name = strchr(names, p->text[from + 1]);
            out[n++] = name ? codes[name - names] : p->text[from + 1];
            from += 2;
            continue;
        }
        c = (uint32_t)json__hex(p, from + 2);
        from += 6;
        if (c >= 0xD800 && c <= 0xDBFF) {
            uint32_t low = (uint32_t)json__hex(p, from + 2);
            c = 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
            from += 6;
        }
        n += json__put(out + n, c);
    }
    return n;
}

/* The string whose quote is at p->at. */
static int json__string(json_parser *p) {
    json_node *node = json__add(p, JSON_STRING);
    size_t from = ++p->at;
    int escaped = 0, good = 1;
    if (!node) return -1;
    for (;;) {
        unsigned char c;
        size_t step = 1;
        if (p->at >= p->size) return json__fail(p, p->size, "the text ends inside a string");
        c = (unsigned char)p->text[p->at];
        if (c == '"') break;
        if (c < 0x20) return json__fail(p, p->at, "a control character inside a string");
        if (c == '\\') {
            escaped = 1;
            if (json__escape(p)) return -1;
            continue;
        }
        if (c >= 0x80) step = tool_utf8(p->text + p->at, p->size - p->at, &good);
        if (!good && !p->lenient) return json__fail(p, p->at, "bytes that are not UTF-8");
        p->at += step;
    }
    node->text = p->text + from;
    node->length = (uint32_t)(p->at - from);
    if (escaped) {
        char *out = (char *)json_alloc(&p->doc->strings, p->at - from);
        if (!out) return json__fail(p, from, "out of memory");
        node->length = (uint32_t)json__decode(p, from, p->at, out);
        node->text = out;
    }
    p->at++;
    return 0;
}

static size_t json__digits(json_parser *p) {
    size_t from = p->at;
    while (p->at < p->size && p->text[p->at] >= '0' && p->text[p->at] <= '9') p->at++;
    return p->at - from;
}

static int json__numeral(json_parser *p) {
    size_t from = p->at;
    json_node *node = json__add(p, JSON_NUMBER);
    if (!node) return -1;
    if (p->text[p->at] == '-') p->at++;
    if (p->at < p->size && p->text[p->at] == '0')
        p->at++;
    else if (!json__digits(p))
        return json__fail(p, p->at, "a minus sign without a digit behind it");
    if (p->at < p->size && p->text[p->at] == '.') {
        p->at++;
        if (!json__digits(p))
            return json__fail(p, p->at, "a decimal point without a digit behind it");
    }
    if (p->at < p->size && (p->text[p->at] == 'e' || p->text[p->at] == 'E')) {
        p->at++;
        if (p->at < p->size && (p->text[p->at] == '+' || p->text[p->at] == '-')) p->at++;
        if (!json__digits(p)) return json__fail(p, p->at, "an exponent without a digit");
    }
    node->text = p->text + from;
    node->length = (uint32_t)(p->at - from);
    return 0;
}

static int json__word(json_parser *p, const char *word, json_type type) {
    size_t length = strlen(word);
    if (p->size - p->at < length || memcmp(p->text + p->at, word, length))
        return json__fail(p, p->at, "expected a value");
    if (!json__add(p, type)) return -1;
    p->at += length;
    return 0;
}

static int json__open(json_parser *p, json_type type) {
    size_t place = p->doc->count;
    if (p->depth == JSON_DEPTH) return json__fail(p, p->at, "nested more than 128 levels deep");
    if (!json__add(p, type)) return -1;
    p->stack[p->depth] = (uint32_t)place;
    p->last[p->depth++] = 0;
    p->at++;
    return 0;
}

/* One value; of a container only its opening bracket, *opened is then 1. */
static int json__item(json_parser *p, int *opened) {
    char c;
    *opened = 0;
    json__space(p);
    if (p->at >= p->size)
        return json__fail(p, p->size, "the text ends where a value is expected");
    c = p->text[p->at];
    if (c == '{' || c == '[') {
        *opened = 1;
        return json__open(p, c == '{' ? JSON_OBJECT : JSON_ARRAY);
    }
    if (c == '"') return json__string(p);
    if (c == '-' || (c >= '0' && c <= '9')) return json__numeral(p);
    if (c == 't') return json__word(p, "true", JSON_TRUE);
    if (c == 'f') return json__word(p, "false", JSON_FALSE);
    return json__word(p, "null", JSON_NULL);
}

/* A key and its colon. */
static int json__key(json_parser *p) {
    size_t place = p->doc->count;
    json__space(p);
    if (p->at >= p->size || p->text[p->at] != '"')
        return json__fail(p, p->at, "expected a key in double quotes");
    if (json__string(p)) return -1;
    json__link(p, p->depth, place);
    json__space(p);
    if (p->at >= p->size || p->text[p->at] != ':')
        return json__fail(p, p->at, "expected a colon behind the key");
    p->at++;
    return 0;
}

static int json__in_object(const json_parser *p) {
    return p->depth && p->doc->nodes[p->stack[p->depth - 1]].type == JSON_OBJECT;
}

/* Behind a value: closes containers, steps over a comma. *more is 0 at the end of the text. */
static int json__behind(json_parser *p, int opened, int *more) {
    *more = 1;
    for (;;) {
        char c, close;
        json__space(p);
        if (p->depth == 0) {
            *more = 0;
            return p->at < p->size ? json__fail(p, p->at, "something stands behind the value")
                                   : 0;
        }
        if (p->at >= p->size)
            return json__fail(p, p->size, "the text ends inside an array or object");
        c = p->text[p->at];
        close = json__in_object(p) ? '}' : ']';
        if (c == close) {
            p->depth--;
            p->at++;
            opened = 0;
            continue;
        }
        if (opened) return json__in_object(p) ? json__key(p) : 0;
        if (c != ',') return json__fail(p, p->at, "expected a comma or the closing bracket");
        p->at++;
        return json__in_object(p) ? json__key(p) : 0;
    }
}

static int json__run(json_parser *p) {
    int opened, more = 1;
    while (more) {
        size_t place = p->doc->count, depth = p->depth;
        int array = depth && !json__in_object(p);
        if (json__item(p, &opened)) return -1;
        if (array) json__link(p, depth, place); /* not p->depth: the item may be a container */
        if (json__behind(p, opened, &more)) return -1;
    }
    return 0;
}

static int json__parse(json_doc *doc, const void *text, size_t size, int lenient, char *message,
                       size_t message_size) {
    json_parser p;
    size_t line, column;
    memset(doc, 0, sizeof(*doc));
    memset(&p, 0, sizeof(p));
    doc->text = p.text = (const char *)text;
    doc->size = p.size = size;
    p.doc = doc;
    p.lenient = lenient;
    if (message_size) message[0] = 0;
    if (size >= UINT32_MAX) {
        snprintf(message, message_size, "JSON text of 4 GiB or more");
        return -1;
    }
    if (!json__run(&p)) return 0;
    json_locate(p.text, size, p.wrong, &line, &column);
    snprintf(message, message_size, "line %zu, column %zu (byte %zu): %s", line, column,
             p.wrong, p.what);
    json_free(doc);
    return -1;
}

int json_parse(json_doc *doc, const void *text, size_t size, char *message,
               size_t message_size) {
    return json__parse(doc, text, size, 0, message, message_size);
}

int json_parse_any(json_doc *doc, const void *text, size_t size, char *message,
                   size_t message_size) {
    return json__parse(doc, text, size, 1, message, message_size);
}

void json_free(json_doc *doc) {
    free(doc->nodes);
    json_arena_free(&doc->strings);
    memset(doc, 0, sizeof(*doc));
}

/* -------------------------------------------------------------------------- reading */

const json_node *json_root(const json_doc *doc) { return doc->nodes; }

const json_node *json_first(const json_doc *doc, const json_node *node) {
    (void)doc;
    return node && node->count ? node + 1 : NULL;
}

const json_node *json_next(const json_doc *doc, const json_node *node) {
    return node->next ? doc->nodes + node->next : NULL;
}

const json_node *json_value(const json_node *key) { return key + 1; }

int json_is(const json_node *node, const char *text) {
    size_t length = strlen(text);
    return node && node->type == JSON_STRING && node->length == length &&
           !memcmp(node->text, text, length);
}

const json_node *json_get(const json_doc *doc, const json_node *node, const char *name) {
    const json_node *key, *found = NULL;
    if (!node || node->type != JSON_OBJECT) return NULL;
    for (key = json_first(doc, node); key; key = json_next(doc, key))
        if (json_is(key, name)) found = json_value(key);
    return found;
}

int json_given(const json_node *node) { return node && node->type != JSON_NULL; }

int json_unsigned(const json_node *node, uint64_t *out) {
    uint64_t value = 0;
    uint32_t i;
    if (!node || node->type != JSON_NUMBER) return 0;
    for (i = 0; i < node->length; i++) {
        unsigned digit = (unsigned)(node->text[i] - '0');
        if (node->text[i] < '0' || digit > 9 || value > (UINT64_MAX - digit) / 10) return 0;
        value = value * 10 + digit;
    }
    *out = value;
    return 1;
}

int json_integer(const json_node *node, int64_t *out) {
    json_node digits;
    uint64_t value;
    int minus;
    if (!node || node->type != JSON_NUMBER) return 0;
    digits = *node;
    minus = node->text[0] == '-';
    if (minus) {
        digits.text++;
        digits.length--;
    }
    if (!json_unsigned(&digits, &value) || value > (uint64_t)INT64_MAX) return 0;
    *out = minus ? -(int64_t)value : (int64_t)value;
    return 1;
}

/* 10 to the power n by squaring; long double keeps the error below that of the result. */
static long double json__power(int n) {
    long double result = 1, base = 10;
    for (; n; n >>= 1, base *= base)
        if (n & 1) result *= base;
    return result;
}

int json_number(const json_node *node, double *out) {
    const char *s, *end;
    uint64_t mantissa = 0;
    int64_t exponent = 0, extra = 0;
    int sign = 1, fraction = 0, minus;
    long double value;
    if (!node || node->type != JSON_NUMBER) return 0;
    s = node->text;
    end = s + node->length;
    minus = *s == '-';
    for (s += minus; s < end && *s != 'e' && *s != 'E'; s++) {
        if (*s == '.') {
            fraction = 1;
        } else if (mantissa < UINT64_MAX / 10 - 1) {
            mantissa = mantissa * 10 + (uint64_t)(*s - '0');
            exponent -= fraction;
        } else if (!fraction) {
            exponent++;
        }
    }
    if (s < end && (s[1] == '+' || s[1] == '-')) sign = *++s == '-' ? -1 : 1;
    for (s++; s < end; s++) extra = extra < INT32_MAX ? extra * 10 + (*s - '0') : extra;
    exponent += sign * extra;
    value = (long double)mantissa;
    if (mantissa && exponent > 400)
        value = HUGE_VAL;
    else if (exponent < -400)
        value = 0;
    else if (mantissa && mantissa < ((uint64_t)1 << 53) && exponent >= -22 && exponent <= 22)
        value = exponent < 0 ? (double)mantissa / (double)json__power((int)-exponent)
                             : (double)mantissa * (double)json__power((int)exponent);
    else if (exponent < 0)
        value /= json__power((int)-exponent);
    else if (mantissa)
        value *= json__power((int)exponent);
    *out = (double)(minus ? -value : value);
    return 1;
}
