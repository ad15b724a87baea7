/* cmd_info.c - tokclass info: what a model is, and what this machine can do. */
#include "common.h"
#include "hf.h"
#include "output.h"

#include <stdlib.h>
#include <string.h>

typedef struct info_job {
    common c;
    int json, verify;
    tc_model *model;
    const tc_model_info *info;
    out o;
} info_job;

static const tool_command info_command = {
    "info",
    "MODEL",
    "Shows architecture, task, sizes, labels and origin of a model, and the instruction\n"
    "sets of this machine.\n",
    1,
    1,
    "the model"};

static int info_parse(info_job *j, int argc, char **argv, int *count) {
    const tool_option options[] = {
        {"json", TOOL_FLAG, &j->json, NULL, 0, 0, "as a JSON object"},
        {"verify", TOOL_FLAG, &j->verify, NULL, 0, 0,
         "read every tensor and compare its checksum"},
        COMMON_OPTIONS(j->c),
        {NULL, TOOL_FLAG, NULL, NULL, 0, 0, NULL}};
    return tool_parse(&info_command, options, argc, argv, count);
}

/* -------------------------------------------------------------------------------- JSON */

static void info_key(out *o, const char *key) {
    out_text(o, o->size > 2 ? ",\n  " : "  ");
    out_json_text(o, key);
    out_text(o, ": ");
}

static void info_json_text(out *o, const char *key, const char *value) {
    info_key(o, key);
    out_json_text(o, value);
}

static void info_json_uint(out *o, const char *key, uint64_t value) {
    info_key(o, key);
    out_uint(o, value);
}

/* The class of transformers that such a checkpoint names; null where we do not know it. */
static const char *info_architecture(const tc_model_info *m, char *name, size_t size) {
    const hf_family *family = hf_family_find(m->model_type);
    const char *end = strcmp(m->task, "token-classification") == 0 ? "ForTokenClassification"
                      : strcmp(m->task, "feature-extraction") == 0 ? "Model"
                                                                   : NULL;
    if (!family || !end) return NULL;
    snprintf(name, size, "%s%s", family->name, end);
    return name;
}

static void info_json_labels(out *o, const tc_model_info *m) {
    char number[16];
    uint32_t i;
    info_key(o, "id2label");
    out_char(o, '{');
    for (i = 0; i < m->num_labels; i++) {
        snprintf(number, sizeof number, "%lu", (unsigned long)i);
        if (i) out_text(o, ", ");
        out_json_text(o, number);
        out_text(o, ": ");
        out_json_text(o, m->labels[i]);
    }
    out_char(o, '}');
}

static void info_json_encoder(out *o, const tc_model_info *m) {
    char eps[40], name[80];
    const char *architecture = info_architecture(m, name, sizeof name);
    info_json_text(o, "model_type", m->model_type);
    if (architecture) {
        info_key(o, "architectures");
        out_char(o, '[');
        out_json_text(o, architecture);
        out_char(o, ']');
    }
    info_json_uint(o, "num_hidden_layers", m->num_hidden_layers);
    info_json_uint(o, "hidden_size", m->hidden_size);
    info_json_uint(o, "intermediate_size", m->intermediate_size);
    info_json_uint(o, "num_attention_heads", m->num_attention_heads);
    info_json_uint(o, "embedding_size", m->embedding_size);
    info_json_uint(o, "max_position_embeddings", m->max_position_embeddings);
    info_json_uint(o, "type_vocab_size", m->type_vocab_size);
    info_json_text(o, "hidden_act", m->hidden_act);
    info_key(o, "layer_norm_eps");
    tool_shortest(eps, (double)m->layer_norm_eps, 1);
    out_text(o, eps);
    info_json_text(o, "dtype", tc_dtype_name(m->dtype));
    info_json_uint(o, "parameters", m->parameters);
}

static void info_json_machine(info_job *j) {
    out *o = &j->o;
    int level, n = 0;
    info_key(o, "isa_available");
    out_char(o, '[');
    for (level = 1; level < TC_LEVEL_COUNT; level++) {
        if (!tc_level_available((tc_level)level)) continue;
        if (n++) out_text(o, ", ");
        out_json_text(o, tc_level_name((tc_level)level));
    }
    out_char(o, ']');
    info_json_text(o, "isa", tc_level_name(tc_level_choose(j->c.level)));
}

/* The embeddings of a model, or the ids of a tokenizer without one. */
static uint32_t info_vocabulary(const info_job *j) {
    const tc_tokenizer *t = tc_model_tokenizer(j->model);
    return j->info->vocab_size || !t ? j->info->vocab_size : tc_tokenizer_size(t);
}

static void info_json(info_job *j) {
    const tc_model_info *m = j->info;
    out *o = &j->o;
    out_text(o, "{\n");
    if (m->model_type[0]) info_json_encoder(o, m);
    info_json_text(o, "task", m->task);
    info_json_uint(o, "vocab_size", info_vocabulary(j));
    info_key(o, "max_length");
    if (m->max_length) {
        out_uint(o, m->max_length);
    } else {
        out_text(o, "null");
    }
    if (m->num_labels) info_json_labels(o, m);
    info_json_text(o, "tokenizer_model", m->tokenizer_model);
    info_json_uint(o, "bytes", m->file_size);
    info_json_uint(o, "tensors", m->tensor_count);
    info_json_uint(o, "file_version", m->file_version);
    info_json_text(o, "producer", m->producer);
    info_json_machine(j);
    if (j->verify) {
        info_key(o, "verified");
        out_text(o, "true");
    }
    out_text(o, "\n}\n");
}

/* -------------------------------------------------------------------------------- text */

static void info_name(out *o, const char *name) {
    size_t n = strlen(name);
    out_text(o, name);
    for (; n < 20; n++) out_char(o, ' ');
}

static void info_text(out *o, const char *name, const char *value) {
    info_name(o, name);
    out_plain(o, value, strlen(value));
    out_char(o, '\n');
}

static void info_uint(out *o, const char *name, uint64_t value) {
    info_name(o, name);
    out_uint(o, value);
    out_char(o, '\n');
}

static void info_labels(out *o, const tc_model_info *m) {
    uint32_t i;
    info_name(o, "labels");
    out_uint(o, m->num_labels);
    out_char(o, ':');
    for (i = 0; i < m->num_labels; i++) {
        out_char(o, ' ');
        out_plain(o, m->labels[i], strlen(m->labels[i]));
    }
    out_char(o, '\n');
}

static void info_text_encoder(out *o, const tc_model_info *m) {
    info_text(o, "architecture", m->model_type);
    info_uint(o, "layers", m->num_hidden_layers);
    info_uint(o, "hidden size", m->hidden_size);
    info_uint(o, "intermediate size", m->intermediate_size);
    info_uint(o, "attention heads", m->num_attention_heads);
    info_text(o, "activation", m->hidden_act);
    info_uint(o, "positions", m->max_position_embeddings);
    info_text(o, "dtype", tc_dtype_name(m->dtype));
    info_uint(o, "parameters", m->parameters);
}

static void info_text_machine(info_job *j) {
    out *o = &j->o;
    int level;
    info_name(o, "instruction sets");
    for (level = 1; level < TC_LEVEL_COUNT; level++) {
        if (!tc_level_available((tc_level)level)) continue;
        out_text(o, tc_level_name((tc_level)level));
        out_char(o, ' ');
    }
    out_text(o, "(chosen: ");
    out_text(o, tc_level_name(tc_level_choose(j->c.level)));
    out_text(o, ")\n");
}

static void info_human(info_job *j) {
    const tc_model_info *m = j->info;
    out *o = &j->o;
    info_text(o, "task", m->task);
    if (m->model_type[0]) info_text_encoder(o, m);
    info_text(o, "tokenizer", m->tokenizer_model);
    info_uint(o, "vocabulary", info_vocabulary(j));
    if (m->max_length) {
        info_uint(o, "limit in tokens", m->max_length);
    } else {
        info_text(o, "limit in tokens", "none");
    }
    if (m->num_labels) info_labels(o, m);
    info_uint(o, "bytes", m->file_size);
    info_uint(o, "tensors", m->tensor_count);
    info_uint(o, "file version", m->file_version);
    info_text(o, "produced by", m->producer);
    info_text_machine(j);
    if (j->verify) info_text(o, "checksums", "every tensor is as it was written");
}

int cmd_info(int argc, char **argv) {
    info_job j;
    int count = 0, status;
    memset(&j, 0, sizeof j);
    common_init(&j.c);
    status = info_parse(&j, argc, argv, &count);
    if (status < 0) status = common_check(&j.c, "info");
    if (status < 0) status = common_load(&j.c, argv[1], &j.model) ? TOOL_FAILED : -1;
    if (status < 0 && j.verify) {
        tc_status verified = tc_model_verify(j.model, &j.c.diag);
        if (verified != TC_OK) status = common_fail(&j.c, tool_input(argv[1]), verified);
    }
    if (status < 0) {
        j.info = tc_model_get_info(j.model);
        if (j.json) {
            info_json(&j);
        } else {
            info_human(&j);
        }
        status = out_flush(&j.o);
    }
    out_free(&j.o);
    common_unload(&j.c, j.model);
    return status;
}
