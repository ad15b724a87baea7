/* cmd_convert.c - tokclass convert: a HuggingFace checkpoint folder to one .tcm file. */
#include "common.h"
#include "hf.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *const convert_summary =
    "Reads config.json, model.safetensors (or its shards) and tokenizer.json, or vocab.txt "
    "with\n"
    "tokenizer_config.json, and writes one .tcm file. A folder without weights gives a\n"
    "tokenizer alone.";

/* What the command line asks for. */
typedef struct convert_args {
    const char *folder, *path;
    hf_options options;
} convert_args;

static void convert_unused(void *user, const st_tensor *tensor) {
    const convert_args *args = (const convert_args *)user;
    char name[120], shape[80];
    tool_note(args->folder, "unused tensor %s %s",
              json_show(tensor->name, tensor->name_length, name, sizeof(name)),
              st_shape_text(tensor, shape, sizeof(shape)));
}

/* Without tokenizer_config.json the file counts; transformers takes the default of a class. */
static void convert_check_kept(const convert_args *args, const hf_folder *folder) {
    if (folder->config.family && folder->tokenizer.keeps)
        tool_note(args->folder,
                  "tokenizer.json keeps %s; without tokenizer_config.json "
                  "transformers would not",
                  folder->tokenizer.keeps);
}

/* The code of another class may do more than tokenizer.json says. */
static void convert_check_class(const convert_args *args, const hf_folder *folder) {
    if (folder->tokenizer.strange)
        tool_note(args->folder,
                  "the tokenizer_class %s is not known here: tokenizer.json is taken as it "
                  "stands, of which transformers may change something",
                  folder->tokenizer.strange);
}

/* Padding on the left moves the tokens behind it. */
static void convert_check_padding(const convert_args *args, const hf_folder *folder) {
    if (folder->tokenizer.pads_left)
        tool_note(args->folder, "padding_side is left: with a stride transformers shifts the "
                                "positions of short windows; here they keep theirs");
}

/* A vocabulary of an uncased model has at most a few capital letters. */
static void convert_check_case(const convert_args *args, const hf_folder *folder) {
    const tc_tokenizer_desc *t = &folder->tokenizer.desc;
    uint32_t i, capitals = 0;
    for (i = 0; i < t->vocab_count; i++)
        capitals +=
            t->vocab[i].length && t->vocab[i].data[0] >= 'A' && t->vocab[i].data[0] <= 'Z';
    if (t->lowercase && capitals > t->vocab_count / 20)
        tool_note(args->folder,
                  "text is lower-cased, but %u words of the vocabulary begin with a capital "
                  "letter (tokenizer_config.json says which is right)",
                  (unsigned)capitals);
}

/* Ids that the model has no embedding for make it fail when such a token comes up. */
static void convert_check_ids(const convert_args *args, const hf_folder *folder) {
    const tc_tokenizer_desc *t = &folder->tokenizer.desc;
    uint32_t size = t->vocab_count, i;
    for (i = 0; i < t->added_count; i++)
        if ((uint32_t)t->added[i].id >= size) size = (uint32_t)t->added[i].id + 1;
    if (folder->config.family && size > folder->desc.vocab_size)
        tool_note(args->folder, "the tokenizer has ids up to %u, the model only %u embeddings",
                  (unsigned)size - 1, (unsigned)folder->desc.vocab_size);
}

static int convert_library(const convert_args *args, const tc_diag *diag, tc_status status) {
    return tool_fail(args->folder, "%s",
                     diag->message[0] ? diag->message : tc_status_text(status));
}

static int convert_finite(const float *numbers, size_t n) {
    size_t i;
    for (i = 0; i < n && isfinite(numbers[i]);) i++;
    return i == n;
}

static tc_status convert_tensors(const convert_args *args, const hf_folder *folder,
                                 tc_writer *writer) {
    tc_status status = TC_OK;
    const char *first = NULL;
    float *buffer;
    size_t i, most = 1, poisoned = 0;
    for (i = 0; i < folder->item_count; i++) {
        size_t size = (size_t)folder->items[i].rows * folder->items[i].columns;
        most = size > most ? size : most;
    }
    if (most > SIZE_MAX / sizeof(*buffer)) return TC_ERROR_MEMORY;
    buffer = (float *)malloc(most * sizeof(*buffer));
    if (!buffer) return TC_ERROR_MEMORY;
    for (i = 0; i < folder->item_count && status == TC_OK; i++) {
        const hf_item *item = &folder->items[i];
        hf_item_read(item, buffer);
        if (!convert_finite(buffer, (size_t)item->rows * item->columns) && !poisoned++)
            first = item->name;
        status = tc_writer_tensor(writer, item->name, item->rows, item->columns, buffer);
    }
    if (poisoned && status == TC_OK)
        tool_note(args->folder,
                  "tensors with numbers that are not finite: %zu, the first is %s", poisoned,
                  first);
    free(buffer);
    return status;
}

static int convert_write(const convert_args *args, hf_folder *folder) {
    tc_writer *writer = NULL;
    const void *data;
    size_t size;
    tc_status status;
    tc_diag diag;
    tc_env env;
    char why[200];
    int result;
    memset(&diag, 0, sizeof(diag));
    memset(&env, 0, sizeof(env));
    env.diag = &diag;
    folder->desc.producer = "tokclass convert " TC_VERSION;
    status = tc_writer_create(&env, &writer);
    if (status == TC_OK) status = tc_writer_describe(writer, &folder->desc);
    if (status == TC_OK) status = tc_writer_tokenizer(writer, &folder->tokenizer.desc);
    if (status == TC_OK) status = convert_tensors(args, folder, writer);
    if (status == TC_OK) status = tc_writer_finish(writer, &data, &size);
    if (status != TC_OK)
        result = convert_library(args, &diag, status);
    else if (tool_save(args->path, data, size, why, sizeof(why)))
        result = tool_fail(tool_output(args->path), "%s", why);
    else
        result = 0;
    tc_writer_free(writer);
    return result;
}

/* A head that is another than the program's is left behind. */
static void convert_check_head(const convert_args *args, const hf_folder *folder) {
    const char *name = folder->config.architecture;
    if (args->options.task == HF_TASK_AUTO && name && strstr(name, "For") &&
        !strcmp(folder->desc.task, "feature-extraction"))
        tool_note(args->folder, "the head of %s is not read: the model is for encode, not tag",
                  name);
}

static int convert_run(const convert_args *args) {
    hf_folder folder;
    hf_error error;
    int result;
    if (hf_open(&folder, args->folder, &args->options, &error))
        return hf_report(&error, args->folder, args->folder);
    convert_check_ids(args, &folder);
    convert_check_kept(args, &folder);
    convert_check_class(args, &folder);
    convert_check_padding(args, &folder);
    convert_check_case(args, &folder);
    convert_check_head(args, &folder);
    if (hf_has_read(&folder, args->path))
        result = tool_fail(args->path, "is an input too");
    else if (hf_weights_unused(&folder.weights, folder.items, folder.item_count, convert_unused,
                               (void *)args))
        result = tool_fail(args->folder, "out of memory");
    else
        result = convert_write(args, &folder);
    hf_close(&folder);
    return result;
}

int cmd_convert(int argc, char **argv) {
    static const hf_task tasks[] = {HF_TASK_AUTO, HF_TASK_TOKEN_CLASSIFICATION,
                                    HF_TASK_FEATURE_EXTRACTION, HF_TASK_TOKENIZER};
    int dtype = -1, task = 0, count = 0, status;
    common c;
    int64_t max_length = 0;
    convert_args args;
    tool_command command = {"convert", "HF_DIR OUT.tcm",          NULL, 2,
                            2,         "the folder or the output"};
    const tool_option options[] = {
        {"dtype", TOOL_CHOICE, &dtype, "f32|f16|bf16|s16|s8", 0, 0,
         "type of the large matrices; default: the checkpoint's own, f32 "
         "where they differ"},
        {"task", TOOL_CHOICE, &task, "auto|token-classification|feature-extraction|tokenizer",
         0, 0, "what the model is for; default auto: as config.json says"},
        {"max-length", TOOL_COUNT, &max_length, "N", 1, 1 << 24,
         "limit in tokens; default: the model's"},
        COMMON_OPTIONS(c),
        {NULL, TOOL_FLAG, NULL, NULL, 0, 0, NULL},
    };
    common_init(&c);
    command.summary = convert_summary;
    status = tool_parse(&command, options, argc, argv, &count);
    if (status < 0) status = common_check(&c, "convert");
    if (status >= 0) return status;
    memset(&args, 0, sizeof(args));
    args.folder = argv[1];
    args.path = argv[2];
    args.options.dtype = dtype;
    args.options.task = tasks[task];
    args.options.max_length = (uint32_t)max_length;
    return convert_run(&args);
}
