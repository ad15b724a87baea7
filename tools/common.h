/* common.h - options that every command on a model takes, and how they reach the library. */
#ifndef COMMON_H
#define COMMON_H

#include "tokclass.h"
#include "tool.h"

enum { COMMON_CODEPOINTS = 0, COMMON_BYTES, COMMON_UTF16 };

typedef struct common {
    int64_t threads; /* 0: the CPUs that this process may use */
    const char *isa;
    int compute, quiet, progress, strict_utf8, offsets;
    tc_level level;
    tc_diag diag;
    tool_file file; /* a model that came through standard input */
} common;

/* Rows for an option table; `c` is a common. */
#define COMMON_OPTIONS(c)                                                                      \
    {"threads",                                                                                \
     TOOL_COUNT,                                                                               \
     &(c).threads,                                                                             \
     "N",                                                                                      \
     1,                                                                                        \
     1024,                                                                                     \
     "threads; default: the CPUs that this process may use"},                                  \
        {"isa",                                                                                \
         TOOL_TEXT,                                                                            \
         &(c).isa,                                                                             \
         "NAME",                                                                               \
         0,                                                                                    \
         0,                                                                                    \
         "highest instruction set: scalar, base, avx2, ..."},                                  \
        {"compute",                                                                            \
         TOOL_CHOICE,                                                                          \
         &(c).compute,                                                                         \
         "exact|fast",                                                                         \
         0,                                                                                    \
         0,                                                                                    \
         "arithmetic; default exact; fast: products of bf16, where the CPU has them"},         \
        {"quiet", TOOL_FLAG, &(c).quiet, NULL, 0, 0, "print errors only"},                     \
        {"progress",                                                                           \
         TOOL_FLAG,                                                                            \
         &(c).progress,                                                                        \
         NULL,                                                                                 \
         0,                                                                                    \
         0,                                                                                    \
         "show progress even without a terminal"},                                             \
    {                                                                                          \
        "no-progress", TOOL_UNFLAG, &(c).progress, NULL, 0, 0, "never show progress"           \
    }
#define COMMON_UTF8_OPTION(c)                                                                  \
    { "strict-utf8", TOOL_FLAG, &(c).strict_utf8, NULL, 0, 0, "make ill-formed UTF-8 an error" }
#define COMMON_OFFSETS_OPTION(c)                                                               \
    {                                                                                          \
        "offsets", TOOL_CHOICE, &(c).offsets, "codepoints|bytes|utf16", 0, 0,                  \
            "unit of start and end; default codepoints"                                        \
    }

void common_init(common *c);
/* After tool_parse: checks --isa and sets --quiet. Returns -1 to go on, else the status. */
int common_check(common *c, const char *command);
/* Allocator, threads and level for the library; messages go to c->diag. */
tc_env common_env(common *c);
/* Loads a model ("-": from standard input); on failure says why and returns 1. */
int common_load(common *c, const char *path, tc_model **out);
void common_unload(common *c, tc_model *model);
/* Reports c->diag for `where`; returns 1. */
int common_fail(const common *c, const char *where, tc_status status);
uint32_t common_offset(const common *c, tc_pos pos);

#endif
