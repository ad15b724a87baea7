/* cmd_export.c - tokclass export: a .tcm model to a HuggingFace checkpoint folder. */
#include "common.h"
#include "hf.h"

#include <string.h>

static const tool_command export_command = {
    "export",
    "MODEL HF_DIR",
    "Writes config.json, model.safetensors and the files of the tokenizer: a folder that\n"
    "transformers loads, with the same numbers. It is created if it is not there. Weights of\n"
    "s16 and s8 are written as F32; as Python does not quantise what they are multiplied by,\n"
    "its scores then differ a little. A base model has no pooler: transformers makes one up.\n",
    2,
    2,
    "the model or the folder"};

static int export_run(common *c, const char *path, const char *folder) {
    const char *shown = tool_input(path);
    tc_model *model = NULL;
    hf_error error;
    tc_status status;
    int result = 0;
    if (common_load(c, path, &model)) return TOOL_FAILED;
    status = tc_model_verify(model, &c->diag);
    if (status != TC_OK)
        result = common_fail(c, shown, status);
    else if (hf_export(model, folder, &error))
        result = hf_report(&error, folder, shown);
    common_unload(c, model);
    return result;
}

int cmd_export(int argc, char **argv) {
    common c;
    int count = 0, status;
    const tool_option options[] = {COMMON_OPTIONS(c),
                                   {NULL, TOOL_FLAG, NULL, NULL, 0, 0, NULL}};
    common_init(&c);
    status = tool_parse(&export_command, options, argc, argv, &count);
    if (status < 0) status = common_check(&c, "export");
    if (status >= 0) return status;
    if (!strcmp(argv[2], "-"))
        return tool_usage("export", "a folder cannot go to standard output");
    return export_run(&c, argv[1], argv[2]);
}
