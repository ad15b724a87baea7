/* json.h - strict JSON (RFC 8259) of a byte buffer into a tree.
 *
 * Nesting is limited to JSON_DEPTH, text must be UTF-8 without a byte order mark, a lone
 * surrogate escape is an error. Duplicate keys stay in order; json_get returns the last. Nodes
 * lie in one array in the order of the text: an object of 100,000 keys is walked in one go. */
#ifndef JSON_H
#define JSON_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define JSON_DEPTH 128

typedef enum json_type {
    JSON_NULL = 0,
    JSON_FALSE,
    JSON_TRUE,
    JSON_NUMBER,
    JSON_STRING,
    JSON_ARRAY,
    JSON_OBJECT
} json_type;

/* A value, or a key of an object (then JSON_STRING; its value is the node behind it). */
typedef struct json_node {
    const char *text; /* [length] string: decoded, may hold zero bytes; number: as written */
    uint32_t length;
    uint32_t offset; /* byte in the text where it begins */
    uint32_t next;   /* place of the next sibling, 0 = none; of a key: the next key */
    uint32_t count;  /* elements of an array, members of an object */
    uint8_t type;    /* json_type */
} json_node;

/* Blocks that are freed together. All zeros is an empty one. */
typedef struct json_arena {
    struct json_chunk *chunks;
} json_arena;

typedef struct json_doc {
    const char *text; /* [size], the caller's; must outlive the tree */
    size_t size;
    json_node *nodes;
    size_t count, capacity;
    json_arena strings; /* those with escapes, decoded */
} json_doc;

/* `size` bytes aligned to 16, or null without memory. Freed by json_arena_free. */
void *json_alloc(json_arena *arena, size_t size);
/* A NUL-terminated copy of text [length], or null. */
char *json_copy(json_arena *arena, const char *text, size_t length);
void json_arena_free(json_arena *arena);

/* Parses text [size]. 0 on success; else -1, `message` says where and why (one sentence), and
 * nothing is left to free. */
int json_parse(json_doc *doc, const void *text, size_t size, char *message,
               size_t message_size);
/* The same, but strings may hold bytes that are not UTF-8. */
int json_parse_any(json_doc *doc, const void *text, size_t size, char *message,
                   size_t message_size);
void json_free(json_doc *doc);

/* The value that the text consists of. */
const json_node *json_root(const json_doc *doc);
/* The first element of an array or the first key of an object; null if there is none. */
const json_node *json_first(const json_doc *doc, const json_node *node);
/* The next element, or of a key the next key; null behind the last. */
const json_node *json_next(const json_doc *doc, const json_node *node);
/* The value of a key. */
const json_node *json_value(const json_node *key);
/* The value of the last member called `name`; null if there is none or `node` is null or no
 * object. Time grows with the object. */
const json_node *json_get(const json_doc *doc, const json_node *node, const char *name);

/* Whether a string node (or null: no) equals `text`. */
int json_is(const json_node *node, const char *text);
/* Whether the node is there and not null. */
int json_given(const json_node *node);
/* A number written as an integer, in range: 1 and *out, else 0. */
int json_integer(const json_node *node, int64_t *out);
int json_unsigned(const json_node *node, uint64_t *out);
/* A number, without the locale: 1 and *out (infinity if out of range), else 0. Exact up to 15
 * digits and powers of ten to 22, else to about one unit in the last place. */
int json_number(const json_node *node, double *out);
/* Line and column (both from 1, in characters) of a byte of the text. */
void json_locate(const char *text, size_t size, size_t offset, size_t *line, size_t *column);
/* "null", "a boolean", "a number", "a string", "an array", "an object", "missing" for null. */
const char *json_kind(const json_node *node);
/* Text for a message: control characters as '?', long text cut. Returns `out`. */
const char *json_show(const char *text, size_t length, char *out, size_t out_size);
/* Whether text [length] is UTF-8; if not, *bad is the place of the first wrong byte. */
int json_utf8(const char *text, size_t length, size_t *bad);

#ifdef __cplusplus
}
#endif

#endif
