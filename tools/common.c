/* common.c - options that every command on a model takes; see common.h. */
#include "common.h"

#include <string.h>

void common_init(common *c) {
    memset(c, 0, sizeof *c);
    c->progress = -1;
}

static int common_bad_level(const common *c, const char *command) {
    char list[160];
    size_t n = 0;
    /* of the contract, but this version has no kernels of its own for it */
    int level, known = strcmp(c->isa, "avx512-bf16") == 0;
    list[0] = 0;
    for (level = 1; level < TC_LEVEL_COUNT; level++) {
        const char *name = tc_level_name((tc_level)level);
        if (strcmp(name, c->isa) == 0) known = 1;
        if (!tc_level_available((tc_level)level)) continue;
        n += (size_t)snprintf(list + n, sizeof list - n, "%s%s", n ? ", " : "", name);
        if (n >= sizeof list) break;
    }
    return tool_usage(command, "--isa %s is %s; available here: %s", c->isa,
                      known ? "not available" : "no known instruction set", list);
}

int common_check(common *c, const char *command) {
    tool_set_quiet(c->quiet);
    if (c->isa) {
        int level;
        for (level = 1; level < TC_LEVEL_COUNT; level++) {
            if (strcmp(tc_level_name((tc_level)level), c->isa) != 0) continue;
            if (!tc_level_available((tc_level)level)) break;
            c->level = (tc_level)level;
            return -1;
        }
        return common_bad_level(c, command);
    }
    return -1;
}

tc_env common_env(common *c) {
    tc_env env;
    memset(&env, 0, sizeof env);
    env.threads = c->threads ? (unsigned)c->threads : tool_cpus();
    env.level = c->level;
    env.compute = (tc_compute)c->compute;
    env.diag = &c->diag;
    return env;
}

/* The message without the path, or the end of a long one, with which it begins. */
static const char *common_behind(const char *message, const char *where) {
    int cut = strncmp(message, "...", 3) == 0;
    if (!*where && strncmp(message, ": ", 2) == 0) return message + 2;
    for (; *where; where++) {
        size_t n = strlen(where);
        const char *at = message + (cut ? 3 : 0);
        if (strncmp(at, where, n) == 0 && strncmp(at + n, ": ", 2) == 0) return at + n + 2;
        if (!cut) break;
    }
    return message;
}

int common_fail(const common *c, const char *where, tc_status status) {
    const char *message = c->diag.message;
    if (c->diag.status != status || !*message) message = tc_status_text(status);
    message = common_behind(message, where);
    if (c->diag.status == status && c->diag.line) {
        char place[TOOL_PLACE];
        const char *text = strchr(message, ':'); /* "line 3: why" */
        return tool_fail(tool_place(place, where, c->diag.line), "%s",
                         text ? text + 2 : message);
    }
    return tool_fail(where, "%s", message);
}

int common_load(common *c, const char *path, tc_model **out) {
    tc_env env = common_env(c);
    tc_status status;
    if (strcmp(path, "-") == 0) {
        char message[200];
        if (tool_file_open(path, &c->file, message, sizeof message)) {
            return tool_fail(tool_input(path), "%s", message);
        }
        status = tc_model_open(c->file.size ? (const void *)c->file.data : "", c->file.size,
                               &env, out);
    } else {
        status = tc_model_load(path, &env, out);
    }
    if (status == TC_OK) return 0;
    tool_file_close(&c->file);
    return common_fail(c, tool_input(path), status);
}

void common_unload(common *c, tc_model *model) {
    tc_model_free(model);
    tool_file_close(&c->file);
}

uint32_t common_offset(const common *c, tc_pos pos) {
    if (c->offsets == COMMON_BYTES) return pos.byte;
    return c->offsets == COMMON_UTF16 ? pos.utf16 : pos.codepoint;
}
