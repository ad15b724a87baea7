/* output.h - a growing buffer of output, JSON pieces, and the writers of `tag`. */
#ifndef OUTPUT_H
#define OUTPUT_H

#include "common.h"
#include "input.h"

/* Bytes on their way to standard output. After a failed allocation nothing more is added and
 * out_flush says so. */
typedef struct out {
    char *data;
    size_t size, room;
    int failed;
} out;

void out_free(out *o);
/* Writes what is held to standard output and empties it; 0, or 1 after a message. */
int out_flush(out *o);
void out_bytes(out *o, const char *data, size_t size);
void out_text(out *o, const char *text);
void out_char(out *o, char c);
void out_uint(out *o, uint64_t v);
/* Up to 9 significant digits; null where the number is not finite. */
void out_float(out *o, double v);
/* A JSON string with its quotes: UTF-8 as it is, each ill-formed part as U+FFFD. */
void out_json(out *o, const char *s, size_t n);
void out_json_text(out *o, const char *s);
/* A member of a JSON object, with a comma unless it is the first: its key alone, or with a
 * number, or with a text, null for null. */
void out_key(out *o, const char *key);
void out_key_uint(out *o, const char *key, uint64_t value);
void out_key_float(out *o, const char *key, double value);
void out_key_text(out *o, const char *key, const char *value);
/* UTF-8 on one line: tab and newlines as spaces, other control characters and ill-formed parts
 * as U+FFFD. */
void out_plain(out *o, const char *s, size_t n);

/* The order of "jsonl|json|tsv|conll|ansi|html". */
enum { FORMAT_JSONL = 0, FORMAT_JSON, FORMAT_TSV, FORMAT_CONLL, FORMAT_ANSI, FORMAT_HTML };

enum { TALLY_MOST = 64 };

/* How often a label was marked. */
typedef struct tally {
    char label[64]; /* cut to fit */
    uint64_t count;
    int colour;
} tally;

/* Colour classes of types, 0 to MARK_COLOURS - 1, as even as can be; the last is that of O and
 * of types for which there was no room. */
enum { MARK_COLOURS = 10, MARK_TYPES = 256 };
typedef struct mark_type_colour {
    const char *type; /* [length], not owned */
    size_t length;
    unsigned char colour;
} mark_type_colour;
typedef struct mark_palette {
    mark_type_colour types[MARK_TYPES];
    int count;
} mark_palette;

/* First the types of all the model's labels, then choose. */
void mark_add(mark_palette *p, const char *type, size_t n);
void mark_choose(mark_palette *p);
int mark_colour(const mark_palette *p, const char *type);
/* Text of the entity's type: the label without B- or I-. */
const char *mark_type(const char *label);

/* Writes the entities of one input after the other, in one of the formats. */
typedef struct writer {
    out o;
    int format, tokens; /* tokens: aggregation none */
    int plain;          /* [brackets] in place of colours */
    const common *options;
    const tc_model_info *info;
    const char *title;
    mark_palette palette;
    uint64_t inputs; /* written so far */
    tally tallies[TALLY_MOST];
    int tally_count;
} writer;

void writer_begin(writer *w);
void writer_input(writer *w, const input_item *item, const tc_input *in, const tc_entities *e);
void writer_end(writer *w);
/* The label of a word without tokens: "O" where the model has it, else its first. */
const char *conll_outside(const tc_model_info *info);

/* Escaped text; what HTML cannot carry (most control characters) as U+FFFD. */
void html_text(out *o, const char *s, size_t n);
void html_string(out *o, const char *s);
void html_begin(writer *w);
void html_input(writer *w, const input_item *item, const tc_entities *e);
void html_end(writer *w);
void ansi_input(writer *w, const input_item *item, const tc_entities *e);

#endif
