/* 7_mpi.c - one training on several processes or machines: data-parallel, with Open MPI.
 *
 * mpicc -O2 -I. examples/7_mpi.c -o 7_mpi -lm -lpthread
 * mpirun -n 2 ./7_mpi examples/demo.tcm
 *
 * Every rank holds the whole model and takes its share of each batch. Before an update the
 * gradients become those of the whole batch, so that all ranks make the same step: for any
 * number of ranks the losses are those of one, up to rounding. */
#define TOKCLASS_IMPLEMENTATION
#include "tokclass.h"

#include <mpi.h>
#include <stdio.h>
#include <string.h>

enum { SENTENCES = 16, BATCH = 8, LIMIT = 32, UPDATES = 20, PIECE = 1 << 24 };
enum { O, B_FOOD, I_FOOD, LABELS };
static const char *const names[LABELS] = {"O", "B-FOOD", "I-FOOD"};
static const struct {
    const char *text;
    int32_t labels[9]; /* one a word; those that are not given are 0, which is O */
} data[SENTENCES] = {{"We had soup and fresh bread .", {O, O, B_FOOD, O, B_FOOD, I_FOOD}},
                     {"She likes rice .", {O, O, B_FOOD}},
                     {"The boat came late .", {O}},
                     {"Green tea is good with fish .", {B_FOOD, I_FOOD, O, O, O, B_FOOD}},
                     {"He sells milk and old cheese .", {O, O, B_FOOD, O, B_FOOD, I_FOOD}},
                     {"They sold the house in May .", {O}},
                     {"Bread is made of flour .", {B_FOOD, O, O, O, B_FOOD}},
                     {"No one came .", {O}},
                     {"Red wine goes with cheese .", {B_FOOD, I_FOOD, O, O, B_FOOD}},
                     {"My dog eats meat .", {O, O, O, B_FOOD}},
                     {"I drink black coffee .", {O, O, B_FOOD, I_FOOD}},
                     {"The train to Rome is full .", {O}},
                     {"Fish and rice are on the table .", {B_FOOD, O, B_FOOD}},
                     {"A cup of hot tea , please .", {O, O, O, B_FOOD, I_FOOD}},
                     {"Sugar is sweet .", {B_FOOD}},
                     {"It rains .", {O}}};
static tc_diag diag;

static void must(tc_status status) {
    if (status == TC_OK) return;
    fprintf(stderr, "7_mpi: %s\n", diag.message);
    MPI_Abort(MPI_COMM_WORLD, 1); /* or the other ranks would wait for ever */
}

/* The hook: means over the labels of this rank become the means over those of all ranks. */
static tc_status share(void *user, const tc_gradients *g) {
    double sums[2], mine = (double)g->labels;
    size_t i, n;
    (void)user;
    sums[0] = mine;
    sums[1] = mine * *g->loss;
    MPI_Allreduce(MPI_IN_PLACE, sums, 2, MPI_DOUBLE, MPI_SUM, MPI_COMM_WORLD);
    *g->loss = sums[1] / sums[0];
    for (i = 0; i < g->count; i++) g->data[i] *= (float)(mine / sums[0]);
    for (i = 0; i < g->count; i += n) { /* MPI counts in int */
        n = g->count - i < PIECE ? g->count - i : (size_t)PIECE;
        MPI_Allreduce(MPI_IN_PLACE, g->data + i, (int)n, MPI_FLOAT, MPI_SUM, MPI_COMM_WORLD);
    }
    return TC_OK;
}

/* Sentences [first, last) as a micro-batch: one update, together with the other ranks. */
static double update(tc_trainer *trainer, tc_encoding *encoding, int first, int last) {
    int32_t ids[BATCH * LIMIT], labels[BATCH * LIMIT];
    uint32_t lengths[BATCH];
    tc_labelled batch = {{ids, NULL, lengths, 0}, labels};
    tc_step step;
    size_t at = 0, k, n;
    for (; first < last; first++, at += n) {
        const char *text = data[first % SENTENCES].text;
        tc_input input = {text, strlen(text), NULL, 0, NULL, 0};
        const tc_token *t;
        must(tc_encoding_run(encoding, &input, NULL));
        t = tc_encoding_tokens(encoding, 0, &n);
        for (k = 0; k < n; k++) { /* see example 6 */
            int32_t word = t[k].word;
            ids[at + k] = t[k].id;
            labels[at + k] = -100;
            if (word >= 0 && word != t[k - 1].word)
                labels[at + k] = data[first % SENTENCES].labels[word];
        }
        lengths[batch.batch.sequences++] = (uint32_t)n;
    }
    must(tc_trainer_step(trainer, &batch, 1, &step));
    return step.loss;
}

int main(int argc, char **argv) {
    tc_train_options o = tc_train_defaults();
    tc_env env = {NULL, NULL, 0, TC_LEVEL_BEST, &diag};
    tc_model *model;
    tc_encoding *encoding;
    tc_trainer *trainer;
    int rank, ranks, i;
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &ranks); /* up to BATCH */
    must(tc_model_load(argc > 1 ? argv[1] : "examples/demo.tcm", &env, &model));
    o.labels = names, o.num_labels = LABELS; /* a new head, from the same seed on all ranks */
    o.batch_size = BATCH, o.max_length = LIMIT, o.max_steps = UPDATES;
    o.dropout = o.attention_dropout = 0; /* else the losses depend on who has which tokens */
    must(tc_encoding_create(tc_model_tokenizer(model), &env, &encoding));
    must(tc_trainer_create(model, &o, &env, &trainer));
    tc_trainer_set_hook(trainer, share, NULL);
    for (i = 0; i < UPDATES; i++) {
        double loss = update(trainer, encoding, i * BATCH + BATCH * rank / ranks,
                             i * BATCH + BATCH * (rank + 1) / ranks);
        if (rank == 0) printf("update %2d  loss %.9f\n", i + 1, loss);
    }
    /* rank 0 would save what tc_trainer_write gives, as example 6 does */
    tc_trainer_free(trainer);
    tc_encoding_free(encoding);
    tc_model_free(model);
    return MPI_Finalize();
}
