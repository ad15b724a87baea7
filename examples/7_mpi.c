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

enum { BATCH = 8, LIMIT = 32, UPDATES = 20, PIECE = 1 << 24 };
/* A word and its label a line; tc_dataset_load reads the same from a file. */
static const char text[] =
    "We O\nhad O\nsoup B-FOOD\nand O\nfresh B-FOOD\nbread I-FOOD\n. O\n\n"
    "She O\nlikes O\nrice B-FOOD\n. O\n\n"
    "The O\nboat O\ncame O\nlate O\n. O\n\n"
    "Green B-FOOD\ntea I-FOOD\nis O\ngood O\nwith O\nfish B-FOOD\n. O\n\n"
    "He O\nsells O\nmilk B-FOOD\nand O\nold B-FOOD\ncheese I-FOOD\n. O\n\n"
    "They O\nsold O\nthe O\nhouse O\nin O\nMay O\n. O\n\n"
    "Bread B-FOOD\nis O\nmade O\nof O\nflour B-FOOD\n. O\n\n"
    "No O\none O\ncame O\n. O\n\n"
    "Red B-FOOD\nwine I-FOOD\ngoes O\nwith O\ncheese B-FOOD\n. O\n\n"
    "My O\ndog O\neats O\nmeat B-FOOD\n. O\n\n"
    "I O\ndrink O\nblack B-FOOD\ncoffee I-FOOD\n. O\n\n"
    "The O\ntrain O\nto O\nRome O\nis O\nfull O\n. O\n\n"
    "Fish B-FOOD\nand O\nrice B-FOOD\nare O\non O\nthe O\ntable O\n. O\n\n"
    "A O\ncup O\nof O\nhot B-FOOD\ntea I-FOOD\n, O\nplease O\n. O\n\n"
    "Sugar B-FOOD\nis O\nsweet O\n. O\n\n"
    "It O\nrains O\n. O\n\n";
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
static double update(tc_trainer *trainer, tc_batcher *batcher, uint32_t first, uint32_t last,
                     uint32_t count) {
    uint32_t sentences[BATCH], n;
    tc_labelled batch;
    tc_step step;
    for (n = 0; first < last; n++, first++) sentences[n] = first % count;
    must(tc_batcher_run(batcher, sentences, n, &batch));
    must(tc_trainer_step(trainer, &batch, 1, &step));
    return step.loss;
}

int main(int argc, char **argv) {
    tc_train_options o = tc_train_defaults();
    tc_env env;
    tc_model *model;
    const tc_data_info *info;
    tc_dataset *data;
    tc_batcher *batcher;
    tc_trainer *trainer;
    int rank, ranks, i;
    memset(&env, 0, sizeof env);
    env.diag = &diag;
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &ranks); /* up to BATCH */
    must(tc_model_load(argc > 1 ? argv[1] : "examples/demo.tcm", &env, &model));
    must(tc_dataset_open(text, sizeof text - 1, NULL, &env, &data));
    info = tc_dataset_get_info(data);
    o.labels = info->labels; /* a new head, from the same seed on all ranks */
    o.num_labels = info->num_labels;
    o.batch_size = BATCH, o.max_length = LIMIT, o.max_steps = UPDATES;
    o.dropout = o.attention_dropout = 0; /* else the losses depend on who has which tokens */
    must(tc_trainer_create(model, &o, &env, &trainer));
    must(tc_batcher_create(trainer, data, NULL, 0, &batcher));
    tc_trainer_set_hook(trainer, share, NULL);
    for (i = 0; i < UPDATES; i++) {
        uint32_t first = (uint32_t)(i * BATCH + BATCH * rank / ranks);
        uint32_t last = (uint32_t)(i * BATCH + BATCH * (rank + 1) / ranks);
        double loss = update(trainer, batcher, first, last, (uint32_t)info->sentences);
        if (rank == 0) printf("update %2d  loss %.9f\n", i + 1, loss);
    }
    /* rank 0 would save what tc_trainer_write gives, as example 6 does */
    tc_batcher_free(batcher);
    tc_trainer_free(trainer);
    tc_dataset_free(data);
    tc_model_free(model);
    return MPI_Finalize();
}
