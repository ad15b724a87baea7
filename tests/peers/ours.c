/* ours.c - this library as a server beside the other runtimes. It reads one request a line and
 * answers with one line:
 *
 *   TASK MODEL INPUT THREADS N      do it N times; answers the seconds that it took
 *   TASK MODEL INPUT THREADS =FILE  do it once and write what comes out to FILE
 *   burst DTYPE THREADS             10^9 operations a second of multiply-adds in registers
 *
 * TASK forward: INPUT is a shape, FILE gets the logits as .npy. train: one update of a shape;
 * FILE gets the losses of three, without dropout. text: INPUT is a file with a sentence on each
 * line, FILE gets their entities. tokenize: FILE gets their ids. The first request for a task,
 * model, input and number of threads loads and warms up outside the clock. "err" and a reason
 * is the answer of a failure.
 *
 * Usage: ours FOLDER DTYPE [LEVEL]; models are FOLDER/MODEL/DTYPE.tcm.
 * ours start COMMAND... runs it, its output aside, and prints the seconds that it took and its
 * most memory in MiB: from here, as a process counts that of the one that starts it too. */
#define _POSIX_C_SOURCE 200809L
#define TOKCLASS_IMPLEMENTATION
#include "tokclass.h"
#include <fcntl.h>
#include <pthread.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { VOCABULARY = 30522, SEQUENCES = 64, NAME = 512, THREADS = 64 };

static const char *folder, *dtype_name;
static tc_level level;

static double seconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static uint32_t next(uint32_t *x) {
    *x = *x * 1664525u + 1013904223u;
    return *x >> 8;
}

typedef struct work {
    char name[4][NAME]; /* task, model, input, threads */
    tc_model *model;
    tc_env env;
    /* forward, train */
    tc_session *session;
    tc_trainer *trainer;
    tc_labelled labelled;
    tc_outputs outputs;
    uint32_t lengths[SEQUENCES];
    size_t tokens;
    int each; /* one call for each sequence */
    /* text, tokenize */
    tc_tagger *tagger;
    tc_encoding *encoding;
    tc_result *result;
    tc_input *inputs;
    size_t count;
} work;

/* ---- token ids of a shape ---- */

/* "BxS": B sequences of S tokens; "mixB", "eachB": B of 8 to 128 tokens. */
static int shape_lengths(work *w, const char *shape) {
    unsigned n, length = 0;
    uint32_t x = 1;
    size_t i;
    w->each = !strncmp(shape, "each", 4);
    if (sscanf(shape, w->each ? "each%u" : "mix%u", &n) != 1 &&
        sscanf(shape, "%ux%u", &n, &length) != 2)
        return 0;
    if (!n || n > SEQUENCES) return 0;
    w->labelled.batch.sequences = n;
    w->labelled.batch.lengths = w->lengths;
    for (i = 0; i < n; i++) {
        w->lengths[i] = length ? length : 8 + next(&x) % 121;
        w->tokens += w->lengths[i];
    }
    return 1;
}

/* The ids that common.py makes too; a token's label is the rest of its id by 9. */
static int shape_open(work *w) {
    uint32_t x = 7;
    size_t i, k, at = 0;
    int32_t *ids, *labels;
    if (!shape_lengths(w, w->name[2])) return 0;
    ids = (int32_t *)malloc(w->tokens * sizeof *ids);
    labels = (int32_t *)malloc(w->tokens * sizeof *labels);
    if (!ids || !labels) return 0;
    for (i = 0; i < w->labelled.batch.sequences; at += w->lengths[i++]) {
        for (k = 0; k < w->lengths[i]; k++)
            ids[at + k] = 1000 + (int32_t)(next(&x) % (VOCABULARY - 1000));
        ids[at] = 101;
        ids[at + w->lengths[i] - 1] = 102;
    }
    for (i = 0; i < w->tokens; i++) labels[i] = ids[i] % 9;
    w->labelled.batch.ids = ids;
    w->labelled.labels = labels;
    return 1;
}

/* ---- forward ---- */

static int forward_open(work *w) {
    size_t labels = tc_model_get_info(w->model)->num_labels;
    if (!shape_open(w)) return 0;
    w->outputs.logits = (float *)malloc(w->tokens * labels * sizeof(float));
    return w->outputs.logits && !tc_session_create(w->model, &w->env, &w->session);
}

static int forward_run(work *w) {
    size_t labels = tc_model_get_info(w->model)->num_labels, i;
    tc_batch one = w->labelled.batch;
    tc_outputs out = w->outputs;
    if (!w->each) return !tc_session_run(w->session, &one, &out);
    one.sequences = 1;
    for (i = 0; i < w->labelled.batch.sequences; i++) {
        one.lengths = w->lengths + i;
        if (tc_session_run(w->session, &one, &out)) return 0;
        one.ids += w->lengths[i];
        out.logits += w->lengths[i] * labels;
    }
    return 1;
}

/* logits [B, longest, C] as float32, zeros behind the end of a sequence. */
static int forward_save(work *w, FILE *f) {
    size_t C = tc_model_get_info(w->model)->num_labels, longest = 0, i;
    size_t n = w->labelled.batch.sequences;
    const float *from = w->outputs.logits;
    char header[128];
    float *row;
    if (!forward_run(w)) return 0;
    for (i = 0; i < n; i++)
        if (w->lengths[i] > longest) longest = w->lengths[i];
    row = (float *)malloc(longest * C * sizeof *row);
    if (!row) return 0;
    memset(header, ' ', sizeof header);
    memcpy(header, "\x93NUMPY\x01\x00\x76\x00", 10);
    i = (size_t)snprintf(header + 10, 118,
                         "{'descr': '<f4', 'fortran_order': False, 'shape': (%u, %u, %u)}",
                         (unsigned)n, (unsigned)longest, (unsigned)C);
    header[10 + i] = ' ';
    header[127] = '\n';
    fwrite(header, 1, 128, f);
    for (i = 0; i < n; from += w->lengths[i++] * C) {
        memset(row, 0, longest * C * sizeof *row);
        memcpy(row, from, w->lengths[i] * C * sizeof *row);
        fwrite(row, sizeof *row, longest * C, f);
    }
    free(row);
    return 1;
}

/* ---- train ---- */

static tc_status train_create(const work *w, int dropout, tc_trainer **out) {
    tc_train_options o = tc_train_defaults();
    o.schedule = TC_SCHEDULE_CONSTANT;
    o.weight_decay = 0.01;
    o.max_tokens = (uint32_t)w->tokens;
    if (!dropout) o.dropout = o.attention_dropout = 0;
    return tc_trainer_create(w->model, &o, &w->env, out);
}

static int train_open(work *w) { return shape_open(w) && !train_create(w, 1, &w->trainer); }

static int train_run(work *w) { return !tc_trainer_step(w->trainer, &w->labelled, 1, NULL); }

static int train_save(work *w, FILE *f) {
    tc_trainer *trainer;
    tc_step step;
    int i;
    if (train_create(w, 0, &trainer)) return 0;
    for (i = 0; i < 3; i++) {
        if (tc_trainer_step(trainer, &w->labelled, 1, &step)) break;
        fprintf(f, "%.9f\n", step.loss);
    }
    tc_trainer_free(trainer);
    return i == 3;
}

/* ---- text and tokens ---- */

/* The lines of a file as inputs; its bytes stay in memory. */
static int lines_open(work *w) {
    FILE *f = fopen(w->name[2], "rb");
    char *text, *end;
    long size;
    if (!f || fseek(f, 0, SEEK_END) || (size = ftell(f)) < 1 || fseek(f, 0, SEEK_SET)) return 0;
    text = (char *)malloc((size_t)size + 1);
    w->inputs = (tc_input *)calloc((size_t)size, sizeof *w->inputs);
    if (!text || !w->inputs || fread(text, 1, (size_t)size, f) != (size_t)size) return 0;
    fclose(f);
    text[size] = 0;
    while ((end = strchr(text, '\n')) != NULL) {
        w->inputs[w->count].text = text;
        w->inputs[w->count++].length = (size_t)(end - text);
        text = end + 1;
    }
    return w->count > 0;
}

static int text_open(work *w) {
    return lines_open(w) && !tc_tagger_create(w->model, &w->env, &w->tagger);
}

static int text_run(work *w) {
    tc_result_free(w->result);
    return !tc_tagger_tag(w->tagger, w->inputs, w->count, NULL, &w->result);
}

/* A line for each sentence: start, end (code points) and label of its entities. */
static int text_save(work *w, FILE *f) {
    size_t i, k;
    if (!text_run(w)) return 0;
    for (i = 0; i < w->result->count; i++) {
        for (k = 0; k < w->result->inputs[i].count; k++) {
            const tc_entity *e = &w->result->inputs[i].entities[k];
            fprintf(f, "%u:%u:%s ", (unsigned)e->start.codepoint, (unsigned)e->end.codepoint,
                    e->label);
        }
        fputc('\n', f);
    }
    return 1;
}

static int tokenize_open(work *w) {
    return lines_open(w) &&
           !tc_encoding_create(tc_model_tokenizer(w->model), &w->env, &w->encoding);
}

static int tokenize_run(work *w) {
    size_t i;
    for (i = 0; i < w->count; i++)
        if (tc_encoding_run(w->encoding, &w->inputs[i], NULL)) return 0;
    return 1;
}

static int tokenize_save(work *w, FILE *f) {
    size_t i, k, n;
    for (i = 0; i < w->count; i++) {
        const tc_token *tokens;
        if (tc_encoding_run(w->encoding, &w->inputs[i], NULL)) return 0;
        tokens = tc_encoding_tokens(w->encoding, 0, &n);
        for (k = 0; k < n; k++) fprintf(f, "%d ", (int)tokens[k].id);
        fputc('\n', f);
    }
    return 1;
}

/* ---- bursts ---- */

typedef struct burst {
    tc_level level;
    tc_dtype dtype;
    uint64_t count;
} burst;

static void *burst_thread(void *p) {
    const burst *b = (const burst *)p;
    (void)tc_level_burst(b->level, b->dtype, b->count);
    return NULL;
}

static double burst_once(burst *b, unsigned threads) {
    pthread_t others[THREADS];
    double start = seconds();
    unsigned i, made = 0;
    while (made + 1 < threads && !pthread_create(&others[made], NULL, burst_thread, b)) made++;
    burst_thread(b);
    for (i = 0; i < made; i++) pthread_join(others[i], NULL);
    return seconds() - start;
}

/* The best of three that take 15 ms or more each. */
static void burst_answer(const char *dtype, unsigned threads) {
    burst b = {tc_level_choose(level), TC_F32, 1 << 16};
    double least, t;
    int i;
    for (i = 0; i < TC_DTYPE_COUNT; i++)
        if (!strcmp(dtype, tc_dtype_name((tc_dtype)i))) b.dtype = (tc_dtype)i;
    if (threads < 1 || threads > THREADS) threads = 1;
    while ((least = burst_once(&b, threads)) < 15e-3) b.count *= 2;
    for (i = 0; i < 2; i++)
        if ((t = burst_once(&b, threads)) < least) least = t;
    printf("%.1f\n", 2e-9 * (double)b.count * threads / least);
}

/* ---- requests ---- */

static const struct task {
    const char *name;
    int (*open)(work *), (*run)(work *), (*save)(work *, FILE *);
} tasks[] = {{"forward", forward_open, forward_run, forward_save},
             {"train", train_open, train_run, train_save},
             {"text", text_open, text_run, text_save},
             {"tokenize", tokenize_open, tokenize_run, tokenize_save}};

static const struct task *task_find(const char *name) {
    size_t i;
    for (i = 0; i < sizeof tasks / sizeof *tasks; i++)
        if (!strcmp(tasks[i].name, name)) return &tasks[i];
    return NULL;
}

/* The work of that name, made and run twice where it is new. */
static work *work_get(const struct task *task, char (*name)[NAME]) {
    static work all[32];
    static size_t used;
    char path[3 * NAME];
    work *w;
    size_t i;
    for (i = 0; i < used; i++)
        if (!memcmp(all[i].name, name, sizeof all[i].name)) return &all[i];
    if (used == sizeof all / sizeof *all) return NULL;
    w = &all[used];
    memset(w, 0, sizeof *w);
    memcpy(w->name, name, sizeof w->name);
    w->env.threads = (unsigned)atoi(name[3]);
    w->env.level = level;
    snprintf(path, sizeof path, "%s/%s/%s.tcm", folder, name[1], dtype_name);
    if (tc_model_load(path, NULL, &w->model) || !task->open(w) || !task->run(w) ||
        !task->run(w))
        return NULL;
    used++;
    return w;
}

static void answer(char (*name)[NAME], const char *last) {
    const struct task *task = task_find(name[0]);
    work *w = task ? work_get(task, name) : NULL;
    double start = seconds();
    int good = w != NULL;
    long n;
    if (good && last[0] == '=') {
        FILE *f = fopen(last + 1, "wb");
        good = f && task->save(w, f);
        if (f && fclose(f)) good = 0;
    } else
        for (n = atol(last); good && n > 0; n--) good = task->run(w);
    if (good)
        printf("%.9f\n", seconds() - start);
    else
        printf("err %s %s %s failed\n", name[0], name[1], name[2]);
}

static int start_command(char **command) {
    double start = seconds();
    struct rusage usage;
    int status, fd;
    pid_t child = fork();
    if (!child) {
        fd = open("/dev/null", O_RDWR);
        dup2(fd, 1);
        dup2(fd, 2);
        execvp(command[0], command);
        _exit(127);
    }
    if (child < 0 || waitpid(child, &status, 0) != child || status) return 1;
    getrusage(RUSAGE_CHILDREN, &usage);
    printf("%.6f %.2f\n", seconds() - start, (double)usage.ru_maxrss / 1024);
    return 0;
}

int main(int argc, char **argv) {
    static char line[5 * NAME], name[4][NAME], last[NAME];
    unsigned threads;
    int i;
    if (argc < 3) return 2;
    if (!strcmp(argv[1], "start")) return start_command(argv + 2);
    folder = argv[1];
    dtype_name = argv[2];
    for (i = 1; argc > 3 && i < TC_LEVEL_COUNT; i++)
        if (!strcmp(tc_level_name((tc_level)i), argv[3])) level = (tc_level)i;
    setvbuf(stdout, NULL, _IOLBF, 0);
    while (fgets(line, sizeof line, stdin)) {
        memset(name, 0, sizeof name);
        if (sscanf(line, "burst %511s %u", last, &threads) == 2)
            burst_answer(last, threads);
        else if (sscanf(line, "%511s %511s %511s %511s %511s", name[0], name[1], name[2],
                        name[3], last) == 5)
            answer(name, last);
        else
            printf("err not a request\n");
    }
    return 0;
}
