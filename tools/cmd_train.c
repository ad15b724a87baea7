/* cmd_train.c - tokclass train: fine-tunes a model, or trains a new one, on labelled data. */
#if !defined(_POSIX_C_SOURCE) && !defined(__APPLE__)
#define _POSIX_C_SOURCE 200809L /* sigaction */
#endif
#include "common.h"
#include "hf.h"
#include "label_map.h"
#include "labelled.h"
#include "scheme.h"
#include "watch.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct train_job {
    common c;
    tc_train_options options;
    tc_train_run run;
    /* the command line */
    const char *base, *train, *dev, *test, *out, *config, *vocab, *order, *eval, *freeze;
    const char *checkpoint, *log, *map, *page;
    int64_t batch_size, eval_batch_size, max_steps, warmup_steps, accumulation, seed,
        max_length, column, patience, save_every;
    int scheme, schedule, best, precision, resume, label_all_tokens, cased;
    /* the work */
    tc_writer *writer; /* of a model made from a configuration */
    tc_model *model;
    tc_trainer *trainer;
    labelled data[3];  /* train, dev, test */
    uint32_t *numbers; /* of --order */
    label_map maps;
    const char **labels;               /* of the training data, behind the map */
    char *checkpoint_path, *best_path; /* in the folder of --checkpoint, or null */
    char *checkpoint_temporary;        /* what the library writes before it takes its name */
    tool_saver temporary;
    watch w;
} train_job;

enum { BEST_F1 = 0, BEST_LOSS, BEST_NONE };

static const tool_command train_command = {
    "train",
    "BASE --train FILE --out OUT.tcm",
    "Fine-tunes BASE, a .tcm, on labelled sentences: columns (a word and its label a line,\n"
    "blank lines between sentences) or JSON lines. The recipe is that of HuggingFace's "
    "Trainer.\n"
    "Without BASE: --from-config config.json --vocab vocab.txt trains a new model.\n",
    0,
    1,
    "the base model"};

static int train_parse(train_job *j, int argc, char **argv, int *count) {
    tc_train_options *o = &j->options;
    const tool_option options[] = {
        {"train", TOOL_TEXT, &j->train, "FILE", 0, 0, "labelled sentences to learn from"},
        {"dev", TOOL_TEXT, &j->dev, "FILE", 0, 0, "labelled sentences to evaluate on"},
        {"test", TOOL_TEXT, &j->test, "FILE", 0, 0, "the same, for the finished model"},
        {"out", TOOL_TEXT, &j->out, "OUT.tcm", 0, 0, "where the model goes"},
        {"from-config", TOOL_TEXT, &j->config, "config.json", 0, 0,
         "train a new model of this shape"},
        {"vocab", TOOL_TEXT, &j->vocab, "FILE", 0, 0,
         "vocab.txt or tokenizer.json of the new model"},
        {"cased", TOOL_FLAG, &j->cased, NULL, 0, 0, "with vocab.txt: keep case and accents"},
        {"learning-rate", TOOL_NUMBER, &o->learning_rate, "X", 0, 1e6, "default 5e-5"},
        {"weight-decay", TOOL_NUMBER, &o->weight_decay, "X", 0, 1e6, "default 0"},
        {"epochs", TOOL_NUMBER, &o->epochs, "X", 1e-9, 1e6, "passes over the data; default 3"},
        {"max-steps", TOOL_COUNT, &j->max_steps, "N", 1, 1e15, "updates, in place of epochs"},
        {"batch-size", TOOL_COUNT, &j->batch_size, "N", 1, 1 << 20, "sentences; default 8"},
        {"eval-batch-size", TOOL_COUNT, &j->eval_batch_size, "N", 1, 1 << 20, "default 32"},
        {"gradient-accumulation", TOOL_COUNT, &j->accumulation, "N", 1, 1 << 20,
         "batches in an update; default 1"},
        {"lr-scheduler", TOOL_CHOICE, &j->schedule, "linear|constant|cosine", 0, 0,
         "behind the warm-up, if there is one; default linear"},
        {"warmup-steps", TOOL_COUNT, &j->warmup_steps, "N", 0, 1e15, "default 0"},
        {"warmup-ratio", TOOL_NUMBER, &o->warmup_ratio, "X", 0, 1,
         "share of all updates; default 0"},
        {"adam-beta1", TOOL_NUMBER, &o->adam_beta1, "X", 0, 0.9999999, "default 0.9"},
        {"adam-beta2", TOOL_NUMBER, &o->adam_beta2, "X", 0, 0.9999999, "default 0.999"},
        {"adam-epsilon", TOOL_NUMBER, &o->adam_epsilon, "X", 0, 1, "default 1e-8"},
        {"max-grad-norm", TOOL_NUMBER, &o->max_grad_norm, "X", 0, 1e30,
         "clip gradients to this norm; default 1, 0 does not"},
        {"seed", TOOL_COUNT, &j->seed, "N", 0, UINT32_MAX,
         "of data order, new weights, dropout; default 42"},
        {"dropout", TOOL_NUMBER, &o->dropout, "X", 0, 0.999, "default: the model's"},
        {"attention-dropout", TOOL_NUMBER, &o->attention_dropout, "X", 0, 0.999,
         "default: the model's"},
        {"label-smoothing", TOOL_NUMBER, &o->label_smoothing, "X", 0, 1, "default 0"},
        {"max-length", TOOL_COUNT, &j->max_length, "N", 4, 1 << 24,
         "tokens; longer sentences become windows; default: the model's"},
        {"label-all-tokens", TOOL_FLAG, &j->label_all_tokens, NULL, 0, 0,
         "learn from every piece of a word, not only the first; scores stay those of words"},
        {"column", TOOL_COLUMN, &j->column, "N", -255, 255,
         "column of the labels from 1, below 0 from the right; default: the last"},
        {"scheme", TOOL_CHOICE, &j->scheme, "auto|IOB1|IOB2|IOE1|IOE2|IOBES|BMES|BILOU", 0, 0,
         "of the labels, to tell which are invalid; default: guessed"},
        {"map", TOOL_TEXT, &j->map, "FROM=TO,...", 0, 0, "read labels as others; FROM= as O"},
        {"order", TOOL_TEXT, &j->order, "FILE", 0, 0,
         "sentence numbers from 0, one a line: the order of every epoch"},
        {"eval", TOOL_TEXT, &j->eval, "epoch|N", 0, 0,
         "evaluate after each epoch (default) or every N updates"},
        {"best", TOOL_CHOICE, &j->best, "f1|loss|none", 0, 0,
         "which evaluation's model to keep; default f1, none: the last model"},
        {"patience", TOOL_COUNT, &j->patience, "N", 0, 1 << 20,
         "stop after N evaluations without a better one; default: never"},
        {"precision", TOOL_CHOICE, &j->precision, "auto|f32|bf16", 0, 0,
         "bf16: products of split bf16, as --compute fast; default auto, as --compute says"},
        {"freeze", TOOL_TEXT, &j->freeze, "embeddings|layers:K", 0, 0,
         "do not train the embeddings, or these and the first K layers"},
        {"layer-decay", TOOL_NUMBER, &o->layer_decay, "X", 1e-9, 1,
         "factor of the learning rate from each layer to the one below; default 1"},
        {"checkpoint", TOOL_TEXT, &j->checkpoint, "DIR", 0, 0,
         "folder for checkpoints, to go on after a stop"},
        {"save-every", TOOL_COUNT, &j->save_every, "N", 1, 1e15,
         "updates between checkpoints; default: an epoch"},
        {"resume", TOOL_FLAG, &j->resume, NULL, 0, 0, "go on from the checkpoint in DIR"},
        {"log", TOOL_TEXT, &j->log, "FILE", 0, 0, "a JSON line for each update"},
        {"report", TOOL_TEXT, &j->page, "FILE", 0, 0,
         "a page of curves, scores, confusions and the sentences with errors"},
        COMMON_UTF8_OPTION(j->c),
        COMMON_OPTIONS(j->c),
        {NULL, TOOL_FLAG, NULL, NULL, 0, 0, NULL},
    };
    return tool_parse(&train_command, options, argc, argv, count);
}

/* ---- options that need more than a look ---- */

static int train_count_of(const char *text, uint64_t *value) {
    char *end;
    if (*text < '0' || *text > '9') return 0;
    errno = 0;
    *value = strtoull(text, &end, 10);
    return !*end && !errno;
}

static int train_twice(const train_job *j) {
    const char *inputs[7];
    int i, count = 0;
    inputs[0] = j->base, inputs[1] = j->train, inputs[2] = j->dev, inputs[3] = j->test;
    inputs[4] = j->order, inputs[5] = j->config, inputs[6] = j->vocab;
    for (i = 0; i < 7; i++) count += inputs[i] && strcmp(inputs[i], "-") == 0;
    return count > 1;
}

/* Standard output, or what else cannot be read again. */
static int train_stream(const char *path) {
    struct stat info;
    return tool_is_stdout(path) ||
           (stat(path, &info) == 0 && !S_ISREG(info.st_mode) && !S_ISDIR(info.st_mode));
}

static int train_check(train_job *j, int count) {
    uint64_t n;
    if (!count == !j->config)
        return tool_usage("train", count ? "a base and --from-config exclude each other"
                                         : "the base model is missing");
    if (j->config && !j->vocab) return tool_usage("train", "--from-config needs --vocab");
    if (!j->config && j->vocab) return tool_usage("train", "--vocab needs --from-config");
    if (!j->train) return tool_usage("train", "--train is missing");
    if (!j->out) return tool_usage("train", "--out is missing");
    if (j->eval && strcmp(j->eval, "epoch") != 0) {
        if (!train_count_of(j->eval, &n) || !n)
            return tool_usage("train", "--eval %s is neither epoch nor a number of updates",
                              j->eval);
        j->run.eval_steps = n;
    }
    if (j->freeze && strcmp(j->freeze, "embeddings") == 0) {
        j->options.freeze_embeddings = 1;
    } else if (j->freeze) {
        if (strncmp(j->freeze, "layers:", 7) != 0 || !train_count_of(j->freeze + 7, &n) ||
            n > 4096)
            return tool_usage("train", "--freeze %s is neither embeddings nor layers:K",
                              j->freeze);
        j->options.freeze_layers = (uint32_t)n;
    }
    if ((j->resume || j->save_every) && !j->checkpoint)
        return tool_usage("train", "--%s needs --checkpoint",
                          j->resume ? "resume" : "save-every");
    if (!j->dev && (j->eval || j->patience > 0 || j->best != BEST_F1))
        tool_note("train", "without --dev nothing is evaluated: --eval, --best and --patience "
                           "have no effect");
    if (!j->config && j->cased)
        tool_note("train", "--cased is for --from-config: the base has its own tokenizer");
    if (train_twice(j))
        return tool_usage("train", "only one of the files can be standard input");
    if (train_stream(j->out) && (j->dev || j->test || j->page))
        return tool_usage("train",
                          "--out %s is no file: --dev, --test and --report need the model in "
                          "one",
                          j->out);
    if (j->log && tool_is_stdout(j->log))
        return tool_usage("train", "--log needs a file: a run that goes on cuts its end");
    if (j->page && tool_is_stdout(j->page))
        return tool_usage("train",
                          "--report needs a file: the page is written again and again");
    if (j->precision) j->c.compute = j->precision == 2 ? TC_COMPUTE_FAST : TC_COMPUTE_EXACT;
    if (j->precision == 2 && tc_level_choose(j->c.level) != TC_LEVEL_AMX)
        return tool_fail("train", "--precision bf16 needs a CPU with AMX");
    n = (uint64_t)label_map_parse(&j->maps, "train", j->map);
    return n ? (int)n : -1;
}

static void train_options(train_job *j) {
    tc_train_options *o = &j->options;
    if (j->batch_size) o->batch_size = (uint32_t)j->batch_size;
    if (j->eval_batch_size) o->eval_batch_size = (uint32_t)j->eval_batch_size;
    if (j->accumulation) o->accumulation = (uint32_t)j->accumulation;
    if (j->seed >= 0) o->seed = (uint32_t)j->seed;
    o->max_steps = (uint64_t)j->max_steps;
    o->warmup_steps = (uint64_t)j->warmup_steps;
    o->max_length = (uint32_t)j->max_length;
    o->schedule = (tc_schedule)j->schedule;
    o->label_all_tokens = j->label_all_tokens;
    j->run.best = j->best == BEST_LOSS ? TC_BEST_LOSS : TC_BEST_F1;
    j->run.patience = (uint32_t)j->patience;
    j->run.save_steps = (uint64_t)j->save_every;
}

/* ---- data ---- */

static int train_by_bytes(const void *a, const void *b) {
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The labels of the training data behind the map, each once, in the order of their bytes. */
static int train_labels(train_job *j) {
    const tc_data_info *d = j->data[0].info;
    uint32_t i, n = 0;
    j->labels = (const char **)malloc((d->num_labels + 1u) * sizeof *j->labels);
    if (!j->labels) return tool_fail(NULL, "out of memory");
    for (i = 0; i < d->num_labels; i++) {
        tc_string label;
        label.data = d->labels[i];
        label.length = strlen(label.data);
        j->labels[i] = label_map_apply(&j->maps, label).data;
    }
    qsort((void *)j->labels, d->num_labels, sizeof *j->labels, train_by_bytes);
    for (i = 0; i < d->num_labels; i++)
        if (!n || strcmp(j->labels[n - 1], j->labels[i]) != 0) j->labels[n++] = j->labels[i];
    j->options.labels = j->labels;
    j->options.num_labels = n;
    j->run.map = j->maps.pairs;
    j->run.map_count = j->maps.count;
    return 0;
}

static int train_load_data(train_job *j) {
    const char *const names[3] = {j->train, j->dev, j->test};
    int i;
    for (i = 0; i < 3; i++)
        if (names[i] && (labelled_open(&j->data[i], &j->c, names[i], (int)j->column) ||
                         labelled_none(&j->data[i])))
            return TOOL_FAILED;
    j->run.train = j->data[0].set;
    j->run.dev = j->data[1].set;
    return 0;
}

static void train_invalid(const char *path, const scheme_found *found) {
    const char *scheme = scheme_names[found->kind];
    char where[TOOL_PLACE];
    uint64_t k;
    for (k = 0; k < found->invalid && k < SCHEME_SHOWN; k++) {
        tool_place(where, path, found->lines[k]);
        if (found->labels[k])
            tool_note(where, "%s is invalid here in %s", found->labels[k], scheme);
        else
            tool_note(where, "the sentence ends within an entity, invalid in %s", scheme);
    }
    if (found->invalid > SCHEME_SHOWN)
        tool_note(path, "%llu invalid labels in all; they are learned as they are",
                  (unsigned long long)found->invalid);
}

/* Says which scheme the labels have and where they do not keep to it. Nothing is repaired. */
static int train_scheme(train_job *j) {
    scheme_kind kind = (scheme_kind)j->scheme;
    scheme_found found;
    int i;
    for (i = 0; i < 2 && j->data[i].set; i++) {
        if (scheme_scan(j->data[i].set, kind, &found)) return tool_fail(NULL, "out of memory");
        kind = found.kind;
        if (!i)
            tool_note(j->data[i].path, "the scheme of the labels is %s%s%s", scheme_names[kind],
                      j->scheme || !kind ? "" : ", as it seems",
                      kind == SCHEME_BILOU ? "; " SCHEME_BILOU_NOTE : "");
        if (!kind) return 0;
        train_invalid(j->data[i].path, &found);
    }
    return 0;
}

/* One number a line. */
static int train_read_order(train_job *j) {
    tool_file file;
    char why[200], where[TOOL_PLACE];
    const size_t sentences = j->data[0].info->sentences;
    size_t at = 0, line = 0, n = 0;
    int failed = 0, digits;
    if (!j->order) return 0;
    if (tool_file_open(j->order, &file, why, sizeof why))
        return tool_fail(tool_input(j->order), "%s", why);
    j->numbers = (uint32_t *)malloc((file.size + 1) * sizeof *j->numbers);
    if (!j->numbers) failed = tool_fail(j->order, "out of memory");
    while (at < file.size && !failed) {
        uint64_t value = 0;
        size_t start = at;
        line++;
        while (at < file.size && file.data[at] >= '0' && file.data[at] <= '9' &&
               value <= UINT32_MAX)
            value = value * 10 + (uint64_t)(file.data[at++] - '0');
        digits = at > start;
        if (at + 1 < file.size && file.data[at] == '\r' && file.data[at + 1] == '\n') at++;
        if ((at < file.size && file.data[at] != '\n') || !digits || value > UINT32_MAX) {
            if (!digits && file.data[at] == '\n') {
                at++;
                continue; /* an empty line */
            }
            failed = tool_fail(tool_place(where, tool_input(j->order), line),
                               "this is no sentence number");
            break;
        }
        if (value >= sentences) {
            failed = tool_fail(tool_place(where, tool_input(j->order), line),
                               "there is no sentence %llu, the last is %llu",
                               (unsigned long long)value, (unsigned long long)sentences - 1);
            break;
        }
        j->numbers[n++] = (uint32_t)value;
        at++;
    }
    tool_file_close(&file);
    if (!failed && !n) failed = tool_fail(tool_input(j->order), "there is no sentence number");
    j->run.order = j->numbers;
    j->run.order_count = n;
    return failed;
}

/* ---- base ---- */

static int train_new_model(train_job *j) {
    hf_folder hf;
    hf_error error;
    tc_env env = common_env(&j->c);
    tc_status status;
    const void *data;
    size_t size;
    if (hf_open_config(&hf, j->config, j->vocab, j->cased, &error))
        return tool_fail(error.file ? error.file : j->config, "%s", error.message);
    hf.desc.task = "token-classification";
    hf.desc.producer = "tokclass train " TC_VERSION;
    hf.desc.labels = j->options.labels;
    hf.desc.num_labels = j->options.num_labels;
    status = tc_writer_create(&env, &j->writer);
    if (!status) status = tc_writer_tokenizer(j->writer, &hf.tokenizer.desc);
    if (!status) status = tc_writer_initialize(j->writer, &hf.desc, j->options.seed);
    if (!status) status = tc_writer_finish(j->writer, &data, &size);
    if (!status) status = tc_model_open(data, size, &env, &j->model);
    hf_close(&hf);
    return status ? common_fail(&j->c, j->config, status) : 0;
}

/* What only the model can tell of the options and of --test. */
static int train_check_model(train_job *j) {
    const tc_model_info *info = tc_model_get_info(tc_trainer_model(j->trainer));
    tc_batcher *batcher;
    tc_status status;
    if (j->options.freeze_layers > info->num_hidden_layers)
        tool_note("train", "--freeze layers:%u: the model has %u layers",
                  (unsigned)j->options.freeze_layers, (unsigned)info->num_hidden_layers);
    if (!j->data[2].set) return 0;
    status =
        tc_batcher_create(j->trainer, j->data[2].set, j->maps.pairs, j->maps.count, &batcher);
    tc_batcher_free(batcher);
    return status ? common_fail(&j->c, tool_input(j->test), status) : 0;
}

static int train_open(train_job *j) {
    tc_env env = common_env(&j->c);
    tc_status status;
    if (train_load_data(j) || train_labels(j) || train_read_order(j)) return TOOL_FAILED;
    if (j->config ? train_new_model(j) : common_load(&j->c, j->base, &j->model))
        return TOOL_FAILED;
    status = tc_trainer_create(j->model, &j->options, &env, &j->trainer);
    if (status) return common_fail(&j->c, tool_input(j->config ? j->config : j->base), status);
    common_unload(&j->c, j->model);
    j->model = NULL;
    tc_writer_free(j->writer);
    j->writer = NULL;
    return train_check_model(j);
}

/* ---- files of a run ---- */

static char *train_join(const char *a, const char *b) {
    size_t n = strlen(a) + strlen(b) + 1;
    char *path = (char *)malloc(n);
    if (path) snprintf(path, n, "%s%s", a, b);
    return path;
}

/* The model may go where its base was; else no output is an input or another output. */
static int train_apart(const train_job *j) {
    const char *outputs[5], *inputs[7];
    int i, k;
    outputs[0] = j->log, outputs[1] = j->page, outputs[2] = j->checkpoint_path;
    outputs[3] = j->best_path, outputs[4] = j->out;
    inputs[0] = j->train, inputs[1] = j->dev, inputs[2] = j->test, inputs[3] = j->order;
    inputs[4] = j->config, inputs[5] = j->vocab, inputs[6] = j->base;
    for (i = 0; i < 5; i++) {
        for (k = 0; k < 7; k++)
            if ((i < 4 || k < 6) && tool_same(outputs[i], inputs[k]))
                return tool_fail(outputs[i], "is an input too");
        for (k = 0; k < i; k++)
            if (tool_same(outputs[i], outputs[k]))
                return tool_fail(outputs[i], "is given for two outputs");
    }
    return 0;
}

static int train_checkpoint(train_job *j) {
    struct stat info;
    if (mkdir(j->checkpoint, 0777) &&
        (errno != EEXIST || stat(j->checkpoint, &info) || !S_ISDIR(info.st_mode)))
        return tool_fail(j->checkpoint, "cannot be created: %s", strerror(errno));
    j->checkpoint_path = train_join(j->checkpoint, "/checkpoint.tcm");
    j->checkpoint_temporary = train_join(j->checkpoint, "/checkpoint.tcm.tmp");
    j->best_path = train_join(j->checkpoint, "/best.tcm");
    if (!j->checkpoint_path || !j->checkpoint_temporary || !j->best_path)
        return tool_fail(NULL, "out of memory");
    j->run.checkpoint = j->checkpoint_path;
    if (j->resume && stat(j->checkpoint_path, &info) == 0)
        j->run.resume = j->checkpoint_path;
    else if (j->resume && !j->c.quiet)
        tool_note(j->checkpoint_path, "is not there: the run starts from its beginning");
    return tool_writable(j->checkpoint_path) ||
           (j->best != BEST_NONE && tool_writable(j->best_path));
}

static int train_paths(train_job *j) {
    if (tool_writable(j->out) || (j->page && tool_writable(j->page))) return TOOL_FAILED;
    if (j->checkpoint && train_checkpoint(j)) return TOOL_FAILED;
    if (train_apart(j)) return TOOL_FAILED;
    if (j->checkpoint) tool_saver_also(&j->temporary, j->checkpoint_temporary);
    if (j->best != BEST_NONE) j->w.best_path = j->checkpoint ? j->best_path : j->out;
    j->w.aside = !j->checkpoint;
    if (!j->run.resume) { /* of an earlier run: gone with the first update of this one */
        if (j->checkpoint && !access(j->checkpoint_path, F_OK))
            tool_note(
                j->checkpoint_path,
                "is of an earlier run, which --resume would go on with; this one replaces it");
        j->w.stale[0] = j->checkpoint_path;
        j->w.stale[1] = j->best_path;
    }
    return 0;
}

/* ---- the page ---- */

static void train_page_data(report *r, const char *name, const labelled *l) {
    if (l->set)
        report_option(r, name, "%s, %llu sentences, %llu words", l->path,
                      (unsigned long long)l->info->sentences,
                      (unsigned long long)l->info->words);
}

static void train_page_options(train_job *j, report *r) {
    static const char *const schedules[] = {"linear", "constant", "cosine"}, *const bests[] = {
                                                                                 "F1", "loss",
                                                                                 "none"};
    const tc_train_options *o = &j->options;
    report_option(r, "base", "%s", j->base ? j->base : j->config);
    train_page_data(r, "train", &j->data[0]);
    train_page_data(r, "dev", &j->data[1]);
    train_page_data(r, "test", &j->data[2]);
    if (j->map) report_option(r, "map", "%s", j->map);
    report_option(r, "labels", "%lu", (unsigned long)o->num_labels);
    if (o->max_steps)
        report_option(r, "updates", "%llu", (unsigned long long)o->max_steps);
    else
        report_option(r, "epochs", "%g", o->epochs);
    report_option(r, "batch size", "%lu", (unsigned long)o->batch_size);
    if (o->accumulation > 1)
        report_option(r, "batches in an update", "%lu", (unsigned long)o->accumulation);
    report_option(r, "learning rate", "%g, %s", o->learning_rate, schedules[o->schedule]);
    if (o->warmup_steps)
        report_option(r, "warmup", "%llu updates", (unsigned long long)o->warmup_steps);
    else if (o->warmup_ratio > 0)
        report_option(r, "warmup", "%g of all updates", o->warmup_ratio);
    report_option(r, "weight decay", "%g", o->weight_decay);
    report_option(r, "AdamW", "beta %g and %g, epsilon %g", o->adam_beta1, o->adam_beta2,
                  o->adam_epsilon);
    report_option(r, "gradient norm, at most", "%g", o->max_grad_norm);
    if (o->dropout >= 0) report_option(r, "dropout", "%g", o->dropout);
    if (o->attention_dropout >= 0)
        report_option(r, "attention dropout", "%g", o->attention_dropout);
    if (o->label_smoothing > 0) report_option(r, "label smoothing", "%g", o->label_smoothing);
    if (o->layer_decay < 1) report_option(r, "layer decay", "%g", o->layer_decay);
    if (j->freeze) report_option(r, "frozen", "%s", j->freeze);
    if (o->max_length) report_option(r, "max length", "%lu", (unsigned long)o->max_length);
    report_option(r, "seed", "%lu", (unsigned long)o->seed);
    if (j->dev) report_option(r, "best by", "%s", bests[j->best]);
}

/* The page is there from the beginning, so that a bad path fails before the work. */
static int train_page(train_job *j) {
    if (!j->page) return 0;
    j->w.report = report_create("Training");
    if (!j->w.report) return tool_fail(NULL, "out of memory");
    j->w.page_path = j->page;
    report_names(j->w.report, j->out, j->dev);
    train_page_options(j, j->w.report);
    report_progress(j->w.report, REPORT_RUNNING, 0, 0);
    return watch_page(&j->w, NULL, NULL);
}

/* What ends a run early ends its page too, which would load itself again for ever. */
static void train_stopped(train_job *j) {
    if (j->w.report && report_stop(j->w.report)) watch_page(&j->w, NULL, NULL);
}

/* ---- the run ---- */

/* Ctrl-C ends the run after the update at work; a second one ends the program. */
static void train_interrupt(int number) {
    if (watch_interrupted) tool_killed(number);
    watch_interrupted = number;
}

/* From here on, or no longer, for the signals that are not ignored. */
static void train_catch(int on) {
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
    struct sigaction action, before;
    size_t i;
    memset(&action, 0, sizeof action);
    action.sa_handler = on ? train_interrupt : tool_killed;
    for (i = 0; i < sizeof numbers / sizeof *numbers; i++)
        if (sigaction(numbers[i], NULL, &before) || before.sa_handler != SIG_IGN)
            sigaction(numbers[i], &action, NULL);
    if (!on && watch_interrupted) raise(watch_interrupted);
}

/* The model that the run has found best, or the last one, under its name. */
static int train_finish(train_job *j, uint64_t best_step) {
    tool_file best;
    char why[200];
    int failed = watch_best_end(&j->w);
    if (failed >= 0) return failed;
    if (j->best == BEST_NONE || !best_step || !j->best_path)
        return watch_save(&j->w, j->trainer, j->out);
    if (watch_best_open(&j->w, j->trainer, best_step, &best)) return TOOL_FAILED;
    failed = tool_save(j->out, best.data, best.size, why, sizeof why);
    tool_file_close(&best);
    return failed ? tool_fail(j->out, "%s", why) : 0;
}

/* Reports why a run failed, for the file that the library's message begins with. */
static int train_fail(train_job *j, tc_status status) {
    static const char *const whose[3] = {"development data: ", "checkpoint: ", "model: "};
    const char *where[3];
    char *message = j->c.diag.message;
    int i;
    where[0] = j->dev;
    where[1] = j->checkpoint_path;
    where[2] = j->config ? j->config : j->base;
    for (i = 0; i < 3; i++) {
        size_t n = strlen(whose[i]);
        if (strncmp(message, whose[i], n) != 0) continue;
        memmove(message, message + n, strlen(message + n) + 1);
        return common_fail(&j->c, tool_input(where[i]), status);
    }
    return common_fail(&j->c, status == TC_ERROR_IO ? j->checkpoint_path : tool_input(j->train),
                       status);
}

static int train_run(train_job *j) {
    tc_train_result result;
    tc_status status;
    int failed;
    j->w.c = &j->c;
    if (train_paths(j)) return TOOL_FAILED;
    if (j->page) tool_save_cleanup(j->page); /* of a run that was killed, as below */
    if (watch_open(&j->w, j->log, j->run.resume != NULL) || train_page(j)) return TOOL_FAILED;
    j->w.by_loss = j->run.best == TC_BEST_LOSS;
    j->run.stepped = watch_stepped;
    j->run.evaluated = watch_evaluated;
    j->run.saving = watch_saving;
    j->run.user = &j->w;
    if (!j->c.quiet && train_scheme(j)) return TOOL_FAILED;
    train_catch(1);
    tool_save_cleanup(j->out);
    if (j->best_path) tool_save_cleanup(j->best_path);
    status = tc_trainer_run(j->trainer, &j->run, &result);
    if (!status) watch_catch_up(&j->w);
    failed = watch_close(&j->w);
    if (j->w.report)
        report_progress(j->w.report, REPORT_RUNNING, result.steps,
                        tc_trainer_steps(j->trainer));
    if (failed) return TOOL_FAILED;
    if (status) return train_fail(j, status);
    if (watch_interrupted)
        return tool_fail("train", "interrupted after update %llu of %llu%s",
                         (unsigned long long)result.steps,
                         (unsigned long long)tc_trainer_steps(j->trainer),
                         j->checkpoint ? "; --resume goes on" : "");
    if (train_finish(j, result.best_step)) return TOOL_FAILED;
    train_catch(0);
    tool_note(NULL, "%llu updates in %.0f s, mean training loss %.4f; the model is %s",
              (unsigned long long)result.steps, tool_seconds() - j->w.start,
              result.training_loss, j->out);
    return 0;
}

/* ---- the finished model ---- */

static tc_status train_sentence(void *user, size_t index, const tc_sentence *s,
                                const tc_string *predicted) {
    (void)index;
    return report_sentence(((train_job *)user)->w.report, s, predicted) ? TC_ERROR_MEMORY
                                                                        : TC_OK;
}

/* Makes the page with the scores and errors of the finished model. */
static int train_last_page(train_job *j, const tc_score_table *table,
                           const tc_evaluation *evaluation) {
    report_progress(j->w.report, REPORT_DONE, 0, 0);
    report_names(j->w.report, j->out, j->test ? j->test : j->dev);
    return watch_page(&j->w, table, evaluation);
}

static int train_scores(train_job *j, tc_scores *scores) {
    tc_evaluate_options o;
    tc_evaluation e;
    tc_env env = common_env(&j->c);
    const tc_model_info *info = tc_model_get_info(j->model);
    const tc_score_table *table;
    tc_string text;
    tc_status status;
    memset(&o, 0, sizeof o);
    o.batch_size = j->options.eval_batch_size;
    o.max_length = j->options.max_length;
    o.label_smoothing = j->options.label_smoothing;
    o.label_all_tokens = j->options.label_all_tokens;
    o.map = j->maps.pairs;
    o.map_count = j->maps.count;
    o.sentence = j->page ? train_sentence : NULL;
    o.user = j;
    if (j->page && report_begin(j->w.report, info->labels, info->num_labels, &j->maps, 0))
        return tool_fail(NULL, "out of memory");
    status = tc_evaluate(j->model, j->data[j->test ? 2 : 1].set, &o, &env, scores, &e);
    if (!status && j->test) status = tc_scores_report(scores, 4, &text);
    if (!status && j->test) printf("\n%s", text.data);
    if (!status) status = tc_scores_table(scores, &table);
    if (status) return common_fail(&j->c, tool_input(j->test ? j->test : j->dev), status);
    if (j->page && train_last_page(j, table, &e)) return TOOL_FAILED;
    return tool_flush();
}

/* Scores of the finished model on --test, and the last page: on --test or --dev. */
static int train_test(train_job *j) {
    tc_env env = common_env(&j->c);
    tc_scores *scores = NULL;
    tc_status status;
    int failed;
    if (j->page && !j->test && !j->dev) return train_last_page(j, NULL, NULL);
    if (!j->test && !j->page) return 0;
    if (common_load(&j->c, j->out, &j->model)) return TOOL_FAILED;
    status = tc_scores_create(NULL, &env, &scores);
    failed = status ? common_fail(&j->c, j->out, status) : train_scores(j, scores);
    tc_scores_free(scores);
    return failed;
}

static void train_close(train_job *j) {
    int i;
    watch_best_drop(&j->w);
    tool_saver_drop(&j->temporary);
    tc_trainer_free(j->trainer);
    common_unload(&j->c, j->model);
    tc_writer_free(j->writer);
    for (i = 0; i < 3; i++) labelled_close(&j->data[i]);
    report_free(j->w.report);
    label_map_free(&j->maps);
    free((void *)j->labels);
    free(j->numbers);
    free(j->checkpoint_path);
    free(j->checkpoint_temporary);
    free(j->best_path);
}

int cmd_train(int argc, char **argv) {
    train_job j;
    int count = 0, status;
    memset(&j, 0, sizeof j);
    common_init(&j.c);
    j.options = tc_train_defaults();
    j.seed = -1;
    status = train_parse(&j, argc, argv, &count);
    if (status < 0) status = common_check(&j.c, "train");
    j.base = status < 0 && count ? argv[1] : NULL;
    if (status < 0) status = train_check(&j, count);
    if (status >= 0) {
        label_map_free(&j.maps);
        return status;
    }
    train_options(&j);
    tool_pipe_matters = 1;
    status = train_open(&j);
    if (!status) status = train_run(&j);
    if (!status) status = train_test(&j);
    if (status) train_stopped(&j);
    train_close(&j);
    return status;
}
