/* input.h - streaming readers: lines, documents, JSON lines, columns, words. */
#ifndef INPUT_H
#define INPUT_H

#include "tokclass.h"
#include "tool.h"

/* The order of "lines|document|jsonl|conll" and "lines|document|jsonl|words" in the options. */
typedef enum input_kind {
    INPUT_LINES = 0, /* one text a line */
    INPUT_DOCUMENT,  /* each file one text */
    INPUT_JSONL,     /* a string, an array of words, or an object with text or words/tokens */
    INPUT_CONLL,     /* first column = word, blank lines between sentences */
    INPUT_WORDS      /* each line split on single spaces */
} input_kind;

/* What a command keeps of one input beside the library's tc_input. */
typedef struct input_item {
    const char *text; /* [length]; of pre-split input, the words joined by one space */
    size_t length;
    const char *file; /* where it came from, for messages */
    uint64_t line;    /* first line, from 1; 0 for a whole document */
} input_item;

/* Inputs read together; all pointers hold until the next input_next on it. */
typedef struct input_group {
    tc_input *inputs; /* [count] */
    input_item *items;
    size_t count;
    /* private */
    struct input_span *spans;
    size_t room;
    char *bytes;
    size_t size, byte_room;
    tc_string *words;
    size_t word_count, word_room;
    tool_file document;
} input_group;

typedef struct input_reader {
    input_kind kind;
    int pair;        /* a text is two texts with a tab between; set after input_open, as is */
    int strict_utf8; /* ill-formed bytes in JSON lines are an error */
    uint64_t total;  /* bytes in all files, for the progress bar; 0 = unknown */
    size_t most;     /* inputs, and KB, of a group: 64; set after input_open, as is */
    /* private */
    const tool_list *texts;
    char **files;
    int file_count, next_file, fd, regular, at_end, failed;
    size_t next_text;
    const char *file;
    uint64_t line, done;
    char *buffer;
    size_t start, end, room;
    char where[TOOL_PLACE], message[400];
} input_reader;

/* For argv [count] of a model and its inputs: -1, or the status of a usage error if both would
 * be standard input. */
int input_check(const char *command, const tool_list *texts, char **argv, int count);
/* Texts of --text come first, then the files; with neither, standard input. All borrowed. */
void input_open(input_reader *r, input_kind kind, const tool_list *texts, char **files,
                int file_count);
/* Reads up to `most` inputs or KB, fewer where a pipe would make us wait. Returns 1 with a
 * group, 0 at the end, -1 after a failure, which it has reported. */
int input_next(input_reader *r, input_group *g);
void input_close(input_reader *r, input_group *g);
/* Bytes of `total` that have become inputs. */
uint64_t input_done(const input_reader *r);
/* "FILE:LINE" of an item into `out` [TOOL_PLACE]; returns it. */
const char *input_where(const input_item *item, char *out);

#endif
