/* main.c - the program tokclass: finds the subcommand. */
#if !defined(_POSIX_C_SOURCE) && !defined(__APPLE__)
#define _POSIX_C_SOURCE 200809L
#endif
#include "tokclass.h"
#include "tool.h"

#include <string.h>

typedef struct main_command {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *summary;
} main_command;

static const main_command main_commands[] = {
    {"tag", cmd_tag, "find entities in text"},
    {"tokenize", cmd_tokenize, "text to tokens, ids to text"},
    {"encode", cmd_encode, "logits, hidden states, vectors of text"},
    {"train", cmd_train, "learn from labelled sentences"},
    {"eval", cmd_eval, "tag labelled sentences and score it"},
    {"data", cmd_data, "what is in labelled data"},
    {"score", cmd_score, "predicted labels against gold ones"},
    {"convert", cmd_convert, "a HuggingFace checkpoint to a .tcm model"},
    {"export", cmd_export, "a .tcm model to a HuggingFace checkpoint"},
    {"quantize", cmd_quantize, "a model in a smaller type of numbers, and what that costs"},
    {"info", cmd_info, "what a model is"},
    {"bench", cmd_bench, "how fast a model is on this machine"},
};
enum { MAIN_COUNT = (int)(sizeof main_commands / sizeof *main_commands) };

static int main_help(void) {
    int i;
    printf("usage: tokclass COMMAND [ARGUMENTS] [OPTIONS]\n"
           "Token classification with transformer encoders.\n\n");
    for (i = 0; i < MAIN_COUNT; i++) {
        printf("  %-12s %s\n", main_commands[i].name, main_commands[i].summary);
    }
    printf("\n  --help       this text; tokclass COMMAND --help: the options of a command\n"
           "  --version    the version\n");
    return tool_flush();
}

static int main_unknown(const char *name) {
    static const char *const before[] = {"--help", "--version"};
    const char *names[MAIN_COUNT], *near;
    int i, option = name[0] == '-';
    for (i = 0; i < MAIN_COUNT; i++) names[i] = main_commands[i].name;
    near = option ? tool_nearest(name, before, 2) : tool_nearest(name, names, MAIN_COUNT);
    return tool_usage(NULL, "unknown %s %s%s%s%s", option ? "option" : "command", name,
                      option ? " before the command" : "", near ? "; the nearest is " : "",
                      near ? near : "");
}

int main(int argc, char **argv) {
    const char *name = argc > 1 ? argv[1] : NULL;
    int i;
    tool_guard();
    if (!name) return tool_usage(NULL, "a command is missing");
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 || strcmp(name, "help") == 0) {
        return main_help();
    }
    if (strcmp(name, "--version") == 0) {
        printf("tokclass %s\n", TC_VERSION);
        return tool_flush();
    }
    for (i = 0; i < MAIN_COUNT; i++) {
        if (strcmp(main_commands[i].name, name) == 0) {
            return main_commands[i].run(argc - 1, argv + 1);
        }
    }
    return main_unknown(name);
}
