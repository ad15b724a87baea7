/* report_data.h - what a report holds, for its parts: report.c gathers, report_page.c and
 * report_chart.c write. */
#ifndef REPORT_DATA_H
#define REPORT_DATA_H

#include "report.h"

enum {
    REPORT_SENTENCES = 2000,  /* kept, at most */
    REPORT_TEXT = 4 << 20,    /* bytes of their words, at most */
    REPORT_BUCKETS = 400,     /* points of the loss curve, at most */
    REPORT_EVALUATIONS = 400, /* points of the other curves, at most */
    REPORT_PAIRS = 4096       /* of tags that were taken for each other */
};

/* A label of the model, taken apart: PER of B-PER; `type` is the first label with that type. */
typedef struct report_label {
    const char *text, *name;
    size_t length, name_length;
    uint32_t type;
    char letter;
} report_label;

typedef struct report_word {
    uint32_t length;
    int32_t gold, predicted; /* labels; predicted -1: the word has no token */
} report_word;

typedef struct report_kept {
    size_t first, count; /* of the words */
    size_t text;         /* where their bytes begin */
    uint64_t line;
} report_kept;

/* Kinds of a span: 'c' correct, 't' other type, 'b' other words, 'x' both, 'm' missed (gold),
 * 's' spurious (predicted). */
typedef struct report_span {
    size_t start, end; /* words, half-open */
    uint32_t type;     /* a label */
    int32_t other;     /* type of the span that it met, or -1 */
    char kind;
} report_span;

/* The spans of one sentence. */
typedef struct report_spans {
    report_span *gold, *predicted; /* [room + 1] */
    size_t golds, predictions, room, errors;
    size_t *kept; /* [room] words that have tokens */
} report_spans;

/* Gold tags taken for others. */
typedef struct report_pair {
    uint32_t gold, predicted;
    uint64_t count;
    char example[24]; /* the first such words */
} report_pair;

/* Losses of some updates in a row. */
typedef struct report_bucket {
    uint64_t last, count; /* the last update; how many */
    double sum, low, high;
} report_bucket;

typedef struct report_point {
    uint64_t step;
    double epoch, training, loss, precision, recall, f1, accuracy;
    int best;
} report_point;

struct report {
    const char *title;
    char *model, *data;
    out options; /* rows of the list, HTML */
    /* of the evaluation */
    report_label *labels;
    uint32_t label_count;
    const label_map *maps;
    int suffix, spans, begun;
    uint64_t wrong; /* sentences with errors */
    report_kept *kept;
    size_t kept_count;
    report_word *words;
    size_t word_count, word_room;
    out text; /* of the words */
    report_spans at;
    report_pair *pairs;
    size_t pair_count;
    uint64_t pair_total;
    /* of the training */
    report_bucket *buckets; /* [REPORT_BUCKETS] */
    size_t bucket_count;
    uint64_t bucket_size; /* updates in a full one */
    report_point *points; /* [REPORT_EVALUATIONS] */
    size_t point_count;
    uint64_t evaluations; /* points in all, of which some were dropped */
    int tags;             /* scores are those of tags, not of spans */
    report_state state;
    uint64_t step, total;
    int failed; /* memory ran out */
};

/* Finds the spans of words [n] and what became of each; 0, or 1 without memory. */
int report_compare(report *r, const report_word *words, size_t n);

/* Text on the page. */
void html_number(out *o, uint64_t v);         /* 12,345 */
void html_real(out *o, double v, int digits); /* a dash if not finite */
void html_print(out *o, const char *format, ...)
    TOOL_PRINTF(2, 3); /* up to 500 bytes, no data */

/* The figures of a training: loss and scores. */
void report_charts(const report *r, out *o);
/* Style sheet and script. */
void report_style(out *o);
void report_script(out *o);

#endif
