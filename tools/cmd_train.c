/* cmd_train.c - tokclass train: fine-tunes a model, or trains a new one, on labelled data. */
#if !defined(_POSIX_C_SOURCE) && !defined(__APPLE__)
#define _POSIX_C_SOURCE 200809L /* sigaction */
#endif
#include "common.h"
#include "hf.h"
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
    const char *checkpoint, *log, *map;
    int64_t batch_size, eval_batch_size, max_steps, warmup_steps, accumulation, seed,
        max_length, column, patience, save_every;
    int schedule, best, precision, resume, label_all_tokens, cased;
    /* the work */
    tc_writer *writer; /* of a model made from a configuration */
    tc_model *model;
    tc_trainer *trainer;
    tc_dataset *data[3]; /* train, dev, test */
    uint32_t *numbers;   /* of --order */
    char *checkpoint_path, *best_path;
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
         "default linear"},
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
         "label every piece of a word, not only the first"},
        {"column", TOOL_COUNT, &j->column, "N", -255, 255,
         "column of the labels from 1, below 0 from the right; default: the last"},
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
         "default auto, which is f32 so far"},
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
    if (j->precision == 2)
        return tool_fail("train", "--precision bf16 is not available on this machine");
    return -1;
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

static int train_load_data(train_job *j) {
    const char *const names[3] = {j->train, j->dev, j->test};
    tc_data_options o;
    tc_env env = common_env(&j->c);
    int i;
    memset(&o, 0, sizeof o);
    o.column = (int)j->column;
    for (i = 0; i < 3; i++) {
        tc_status status;
        if (!names[i]) continue;
        status = tc_dataset_load(names[i], &o, &env, &j->data[i]);
        if (status) return common_fail(&j->c, names[i], status);
    }
    if (!tc_dataset_get_info(j->data[0])->sentences)
        return tool_fail(j->train, "there is no labelled sentence");
    j->run.train = j->data[0];
    j->run.dev = j->data[1];
    return 0;
}

/* One number a line. */
static int train_read_order(train_job *j) {
    tool_file file;
    char why[200], where[1100];
    size_t at = 0, line = 0, n = 0;
    int failed = 0;
    if (!j->order) return 0;
    if (tool_file_open(j->order, &file, why, sizeof why)) return tool_fail(j->order, "%s", why);
    j->numbers = (uint32_t *)malloc((file.size + 1) * sizeof *j->numbers);
    if (!j->numbers) failed = tool_fail(j->order, "out of memory");
    while (at < file.size && !failed) {
        uint64_t value = 0;
        size_t start = at;
        line++;
        while (at < file.size && file.data[at] >= '0' && file.data[at] <= '9' &&
               value <= UINT32_MAX)
            value = value * 10 + (uint64_t)(file.data[at++] - '0');
        if (at > start && at < file.size && file.data[at] == '\r') at++;
        if ((at < file.size && file.data[at] != '\n') || at == start || value > UINT32_MAX) {
            if (at == start && file.data[at] == '\n') {
                at++;
                continue; /* an empty line */
            }
            snprintf(where, sizeof where, "%.1000s:%lu", j->order, (unsigned long)line);
            failed = tool_fail(where, "this is no sentence number");
            break;
        }
        j->numbers[n++] = (uint32_t)value;
        at++;
    }
    tool_file_close(&file);
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
    const tc_data_info *d = tc_dataset_get_info(j->data[0]);
    if (hf_open_config(&hf, j->config, j->vocab, j->cased, &error))
        return tool_fail(error.file ? error.file : j->config, "%s", error.message);
    hf.desc.task = "token-classification";
    hf.desc.producer = "tokclass train " TC_VERSION;
    hf.desc.labels = d->labels;
    hf.desc.num_labels = d->num_labels;
    status = tc_writer_create(&env, &j->writer);
    if (!status) status = tc_writer_tokenizer(j->writer, &hf.tokenizer.desc);
    if (!status) status = tc_writer_initialize(j->writer, &hf.desc, j->options.seed);
    if (!status) status = tc_writer_finish(j->writer, &data, &size);
    if (!status) status = tc_model_open(data, size, &env, &j->model);
    hf_close(&hf);
    return status ? common_fail(&j->c, j->config, status) : 0;
}

static int train_open(train_job *j) {
    const tc_data_info *d;
    tc_env env = common_env(&j->c);
    tc_status status;
    if (train_load_data(j) || train_read_order(j)) return TOOL_FAILED;
    if (j->config ? train_new_model(j) : common_load(&j->c, j->base, &j->model))
        return TOOL_FAILED;
    d = tc_dataset_get_info(j->data[0]);
    j->options.labels = d->labels;
    j->options.num_labels = d->num_labels;
    status = tc_trainer_create(j->model, &j->options, &env, &j->trainer);
    if (status) return common_fail(&j->c, j->config ? j->config : j->base, status);
    common_unload(&j->c, j->model);
    j->model = NULL;
    tc_writer_free(j->writer);
    j->writer = NULL;
    return 0;
}

/* ---- files of a run ---- */

static char *train_join(const char *a, const char *b) {
    size_t n = strlen(a) + strlen(b) + 1;
    char *path = (char *)malloc(n);
    if (path) snprintf(path, n, "%s%s", a, b);
    return path;
}

static int train_paths(train_job *j) {
    struct stat info;
    if (j->checkpoint && mkdir(j->checkpoint, 0777) && errno != EEXIST)
        return tool_fail(j->checkpoint, "cannot be created: %s", strerror(errno));
    if (j->checkpoint) {
        j->checkpoint_path = train_join(j->checkpoint, "/checkpoint.tcm");
        j->best_path = train_join(j->checkpoint, "/best.tcm");
    } else {
        j->best_path = train_join(j->out, ".best");
    }
    if (!j->best_path || (j->checkpoint && !j->checkpoint_path))
        return tool_fail(NULL, "out of memory");
    j->run.checkpoint = j->checkpoint_path;
    if (j->resume && stat(j->checkpoint_path, &info) == 0) j->run.resume = j->checkpoint_path;
    return 0;
}

/* ---- the run ---- */

/* Ctrl-C ends the run after the update at work; a second one ends the program. */
static void train_interrupt(int number) {
    (void)number;
    watch_interrupted = 1;
}

static void train_catch(void) {
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = train_interrupt;
    action.sa_flags = (int)SA_RESETHAND;
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

/* The model that the run has found best, or the last one, under its name. */
static int train_finish(train_job *j) {
    tool_file best;
    char why[200];
    struct stat info;
    int failed, have = j->best != BEST_NONE && j->data[1] && stat(j->best_path, &info) == 0;
    if (!have) return watch_save(&j->w, j->trainer, j->out);
    if (tool_file_open(j->best_path, &best, why, sizeof why))
        return tool_fail(j->best_path, "%s", why);
    failed = tool_save(j->out, best.data, best.size, why, sizeof why);
    tool_file_close(&best);
    return failed ? tool_fail(j->out, "%s", why) : 0;
}

static int train_run(train_job *j) {
    tc_train_result result;
    tc_status status;
    if (train_paths(j) || watch_open(&j->w, j->log, j->run.resume != NULL)) return TOOL_FAILED;
    j->w.c = &j->c;
    j->w.best_path = j->best == BEST_NONE ? NULL : j->best_path;
    j->run.stepped = watch_stepped;
    j->run.evaluated = watch_evaluated;
    j->run.saving = watch_saving;
    j->run.user = &j->w;
    train_catch();
    if (!j->checkpoint) remove(j->best_path); /* of a run that was killed */
    status = tc_trainer_run(j->trainer, &j->run, &result);
    if (watch_close(&j->w)) return TOOL_FAILED;
    if (status)
        return common_fail(&j->c, status == TC_ERROR_IO ? j->checkpoint_path : j->train,
                           status);
    if (watch_interrupted)
        return tool_fail("train", "interrupted after update %llu of %llu%s",
                         (unsigned long long)result.steps,
                         (unsigned long long)tc_trainer_steps(j->trainer),
                         j->checkpoint ? "; --resume goes on" : "");
    if (train_finish(j)) return TOOL_FAILED;
    tool_note(NULL, "%llu updates in %.0f s, mean training loss %.4f; the model is %s",
              (unsigned long long)result.steps, tool_seconds() - j->w.start,
              result.training_loss, j->out);
    return 0;
}

/* Scores of the finished model on --test. */
static int train_test(train_job *j) {
    tc_evaluate_options o;
    tc_scores *scores = NULL;
    tc_env env = common_env(&j->c);
    tc_string report;
    tc_status status;
    if (!j->data[2]) return 0;
    if (common_load(&j->c, j->out, &j->model)) return TOOL_FAILED;
    memset(&o, 0, sizeof o);
    o.batch_size = j->options.eval_batch_size;
    o.max_length = j->options.max_length;
    status = tc_scores_create(NULL, &env, &scores);
    if (!status) status = tc_evaluate(j->model, j->data[2], &o, &env, scores, NULL);
    if (!status) status = tc_scores_report(scores, 4, &report);
    if (status) common_fail(&j->c, j->test, status);
    if (!status) printf("\n%s", report.data);
    tc_scores_free(scores);
    return status ? TOOL_FAILED : tool_flush();
}

static void train_close(train_job *j) {
    int i;
    if (j->best_path && !j->checkpoint) remove(j->best_path);
    tc_trainer_free(j->trainer);
    common_unload(&j->c, j->model);
    tc_writer_free(j->writer);
    for (i = 0; i < 3; i++) tc_dataset_free(j->data[i]);
    free(j->numbers);
    free(j->checkpoint_path);
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
    if (status < 0) status = train_check(&j, count);
    if (status >= 0) return status;
    j.base = argv[1];
    train_options(&j);
    status = train_open(&j);
    if (!status) status = train_run(&j);
    if (!status) status = train_test(&j);
    train_close(&j);
    return status;
}
