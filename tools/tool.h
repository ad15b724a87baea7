/* tool.h - what the subcommands of the program share: messages, files, options, progress. */
#ifndef TOOL_H
#define TOOL_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* ---------------------------------------------------------------- messages (tool.c) */

#if defined(__GNUC__)
#define TOOL_PRINTF(a, b) __attribute__((format(printf, a, b)))
#else
#define TOOL_PRINTF(a, b)
#endif

enum { TOOL_DONE = 0, TOOL_FAILED = 1, TOOL_USAGE = 2 };

/* Prints "tokclass: WHERE: WHAT" as one line on standard error and returns 1. `where` is a
 * file, tool_place or a command; null leaves it out. Control characters become '?'. */
int tool_fail(const char *where, const char *format, ...) TOOL_PRINTF(2, 3);
/* The same for a wrong command line, with a hint at --help; returns 2. */
int tool_usage(const char *command, const char *format, ...) TOOL_PRINTF(2, 3);
/* A remark on standard error in the same form; nothing while --quiet is in force. */
void tool_note(const char *where, const char *format, ...) TOOL_PRINTF(2, 3);
void tool_set_quiet(int quiet);

enum { TOOL_PLACE = 900 };

/* "PATH:LINE" for a message, PATH alone if `line` is 0; of a long path its end. Returns `out`
 * [TOOL_PLACE]. */
const char *tool_place(char *out, const char *path, uint64_t line);

/* ------------------------------------------------------------------- files (tool.c) */

typedef struct tool_file {
    unsigned char *data; /* null if size is 0 */
    size_t size;
    int mapped;
} tool_file;

/* What messages call an input, an output: "standard input" or "standard output" for "-", else
 * its path. */
const char *tool_input(const char *path);
const char *tool_output(const char *path);
/* Maps or reads a whole file ("-": standard input). 0 on success; else `message` says why,
 * without the path, and nothing is left to close. */
int tool_file_open(const char *path, tool_file *out, char *message, size_t message_size);
void tool_file_close(tool_file *f);
/* Removes what tool_save left of a file when its process was killed. */
void tool_save_cleanup(const char *path);
/* Whether a file can be made at `path` ("-": yes), better known before long work than behind
 * it: 0, or 1 having said why not. */
int tool_writable(const char *path);
/* The folder of a file, "." where the path has none; 0, or 1 if it is too long. */
int tool_folder(const char *path, char *folder, size_t size);
/* Writes a file under its name only when complete: temporary file beside it, fsync, rename; a
 * link stays one. A path that is no regular file ("-", a device, a pipe) or where standard
 * output goes is written directly. 0 on success. */
int tool_save(const char *path, const void *data, size_t size, char *message,
              size_t message_size);
/* A regular file in the making: it is written piece by piece to a temporary file beside it.
 * Members are private. */
typedef struct tool_saver {
    char *path, *temporary;
    unsigned char *buffer;
    size_t used;
    int fd, exists; /* exists: the temporary file is there */
    int error;      /* errno of the first failure */
    int mode;       /* of the file that is replaced, or -1 */
    struct tool_saver *next;
} tool_saver;

enum { TOOL_SAVER_ROOM = 65536 };

/* In this order: begin, any number of writes, sync (the file is complete), end (it gets its
 * name). Each returns 0, or 1 with `message` and nothing left to drop; a write that fails is
 * reported by sync. tool_saver_drop gives up at any time, also before begin if all is zero. A
 * saver stays where it is between begin and end: a signal that ends the program removes the
 * temporary file. */
int tool_saver_begin(tool_saver *s, const char *path, char *message, size_t message_size);
void tool_saver_write(tool_saver *s, const void *data, size_t size);
int tool_saver_sync(tool_saver *s, char *message, size_t message_size);
int tool_saver_end(tool_saver *s, char *message, size_t message_size);
void tool_saver_drop(tool_saver *s);
/* Names a file of somebody else's making that a signal shall remove too, until a drop. */
void tool_saver_also(tool_saver *s, char *temporary);
/* Removes what is in the making and ends the program by that signal. */
void tool_killed(int number);
/* At the start of the program: a closed standard stream would be taken by the next file that is
 * opened, so it becomes one that fails as before; a file that grows beyond a limit is an error
 * of writing, not a signal; one that is cut short while it is read ends the program with a
 * sentence. */
void tool_guard(void);
/* "-", or the name of what standard output goes to. */
int tool_is_stdout(const char *path);
/* Whether two paths, null for none, are of one file, be it there or not; "-" is none. */
int tool_same(const char *a, const char *b);
/* Set by a command that also writes a file: a broken pipe is a failure as any other. */
extern int tool_pipe_matters;
/* Writes to standard output, without stdio, and returns 0. A broken pipe ends the program
 * quietly; any other failure is reported and gives 1. */
int tool_write(const void *data, size_t size);
/* For what went through stdio: flushes standard output and returns 0 if all of it arrived,
 * else as tool_write. */
int tool_flush(void);

/* The order of two texts by their bytes: below, equal to or above 0. */
int tool_order(const char *a, size_t a_length, const char *b, size_t b_length);
/* A number with the fewest digits that name it, as a double or as an f32, into text [40]. */
void tool_shortest(char *text, double value, int as_float);
/* Bytes of the code point at s [n], n > 0, or of the maximal ill-formed subpart, then with
 * *good = 0. */
size_t tool_utf8(const char *s, size_t n, int *good);

/* ----------------------------------------------------------------- options (tool.c) */

typedef enum tool_kind {
    TOOL_FLAG,   /* int: 1 when given */
    TOOL_UNFLAG, /* int: 0 when given */
    TOOL_TEXT,   /* const char * */
    TOOL_LIST,   /* tool_list: may be repeated */
    TOOL_CHOICE, /* int: place in `values` */
    TOOL_COUNT,  /* int64_t: an integer from `low` to `high` */
    TOOL_COLUMN, /* the same, but not 0 */
    TOOL_NUMBER  /* double: a finite number from `low` to `high` */
} tool_kind;

/* The values of an option that may be repeated; tool_list_free when done. */
typedef struct tool_list {
    const char **items;
    size_t count;
} tool_list;

/* One row of a command's table; a null name ends it. Targets keep what they held when the
 * option is not given; the last of several wins. */
typedef struct tool_option {
    const char *name; /* without dashes */
    tool_kind kind;
    void *target;
    const char *values; /* choice: "a|b|c"; else the word that --help shows for the value */
    double low, high;
    const char *help; /* null: not shown */
} tool_option;

typedef struct tool_command {
    const char *name;
    const char *arguments; /* "MODEL [FILE...]" */
    const char *summary;   /* lines for --help */
    int least, most;       /* how many arguments; most < 0: any number */
    const char *missing;   /* what is missing below `least`: "the model" */
} tool_command;

/* Reads options from anywhere in argv[1..argc); arguments are gathered, in order, at the front
 * of argv + 1 and counted in *count. Returns -1 to go on, else the status to leave with: 0
 * after --help, 2 after a message. */
int tool_parse(const tool_command *command, const tool_option *options, int argc, char **argv,
               int *count);
void tool_list_free(tool_list *list);
/* The nearest of `count` names to `name`, or null if none is near. */
const char *tool_nearest(const char *name, const char *const *names, size_t count);

/* ---------------------------------------------------------------- progress (tool.c) */

/* A bar on standard error for work longer than a second, on a terminal or if forced. */
typedef struct tool_progress {
    const char *what; /* "tag" */
    uint64_t total;   /* 0: unknown, only counted */
    int mode;         /* 1 forced, 0 forbidden, -1 on a terminal */
    int shown;
    double start, last; /* seconds */
} tool_progress;

void tool_progress_start(tool_progress *p, const char *what, uint64_t total, int mode);
/* `done` of total in the unit of total; `count` inputs are finished. */
void tool_progress_step(tool_progress *p, uint64_t done, uint64_t count);
/* Removes it from the screen, until the next step. */
void tool_progress_wipe(tool_progress *p);
void tool_progress_end(tool_progress *p);
/* Seconds of a clock that never goes back. */
double tool_seconds(void);
/* CPUs that this process may use: affinity and cgroup quota; 1 or more. */
unsigned tool_cpus(void);

/* ------------------------------------------------------------------------- commands */

/* argv[0] is the command's name; returns the exit status. */
int cmd_convert(int argc, char **argv);
int cmd_train(int argc, char **argv);
int cmd_tag(int argc, char **argv);
int cmd_tokenize(int argc, char **argv);
int cmd_encode(int argc, char **argv);
int cmd_info(int argc, char **argv);
int cmd_bench(int argc, char **argv);
int cmd_export(int argc, char **argv);
int cmd_eval(int argc, char **argv);
int cmd_score(int argc, char **argv);
int cmd_data(int argc, char **argv);
int cmd_quantize(int argc, char **argv);

#endif
