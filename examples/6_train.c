/* 6_train.c - a training loop of one's own: a new tiny model learns names from six sentences.
 *
 * cc -O2 -I. examples/6_train.c -o 6_train -lm -lpthread
 * ./6_train tiny.tcm && build/tokclass tag tiny.tcm --text "Anna lives in New York" */
#define TOKCLASS_IMPLEMENTATION
#include "tokclass.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BATCH = 3, WORDS = 21, LIMIT = 32, EPOCHS = 20 };
/* A word and its label a line; tc_dataset_load reads the same from a file. */
static const char text[] = "anna B-PER\nlives O\nin O\nparis B-LOC\n\n"
                           "paul B-PER\nbrown I-PER\nmet O\nanna B-PER\n\n"
                           "she O\nleft O\nnew B-LOC\nyork I-LOC\n\n"
                           "emma B-PER\nbrown I-PER\nis O\nin O\nlima B-LOC\n\n"
                           "it O\nrains O\nin O\nnew B-LOC\nyork I-LOC\n\n"
                           "paris B-LOC\nis O\nold O\n";
static const char *const words[WORDS] = {
    "[PAD]", "[UNK]", "[CLS]", "[SEP]", "anna", "brown", "emma", "in",    "is",  "it",  "left",
    "lima",  "lives", "met",   "new",   "old",  "paris", "paul", "rains", "she", "york"};
static tc_diag diag;
static tc_env env;

static void must(tc_status status) {
    if (status) fprintf(stderr, "6_train: %s\n", diag.message), exit(1);
}

/* With a base that knows words already, tc_model_load takes the place of all this. */
static void make_model(tc_writer *writer, const tc_data_info *data, tc_model **model) {
    static const tc_template_step cls_text_sep[] = {{2, 0, 0}, {-1, 0, 0}, {3, 0, 0}};
    static tc_string vocab[WORDS]; /* static: all zeros */
    static tc_tokenizer_desc t;
    static tc_model_desc m;
    const void *bytes;
    size_t size, i;
    for (i = 0; i < WORDS; i++) vocab[i].data = words[i], vocab[i].length = strlen(words[i]);
    t.vocab = vocab, t.vocab_count = WORDS, t.unk_id = 1;
    t.single = cls_text_sep, t.single_count = 3, t.max_word_chars = 100, t.lowercase = 1;
    m.model_type = "bert", m.task = "token-classification", m.hidden_act = "gelu";
    m.producer = "6_train", m.num_hidden_layers = m.num_attention_heads = 2;
    m.hidden_size = m.intermediate_size = m.max_position_embeddings = m.max_length = LIMIT;
    m.layer_norm_eps = 1e-12f, m.initializer_range = 0.1f;
    m.vocab_size = WORDS, m.type_vocab_size = 1, m.labels = data->labels;
    m.num_labels = data->num_labels;
    must(tc_writer_tokenizer(writer, &t));
    must(tc_writer_initialize(writer, &m, 1));
    must(tc_writer_finish(writer, &bytes, &size));
    must(tc_model_open(bytes, size, &env, model));
}

/* One update from BATCH sentences, in another order in each epoch. */
static double update(tc_trainer *trainer, tc_batcher *batcher, uint32_t first, uint32_t epoch,
                     uint32_t count) {
    uint32_t sentences[BATCH], i;
    tc_labelled batch;
    tc_step step;
    for (i = 0; i < BATCH; i++) sentences[i] = (5 * (first + i) + epoch) % count;
    must(tc_batcher_run(batcher, sentences, BATCH, &batch));
    must(tc_trainer_step(trainer, &batch, 1, &step));
    return step.loss;
}

int main(int argc, char **argv) {
    tc_train_options o = tc_train_defaults();
    tc_model *model;
    tc_writer *writer;
    const tc_data_info *info;
    tc_dataset *data;
    tc_batcher *batcher;
    tc_trainer *trainer;
    tc_tagger *tagger;
    tc_result *found;
    const void *bytes;
    uint32_t epoch, i, count;
    size_t size, k;
    FILE *f;
    env.diag = &diag;
    must(tc_dataset_open(text, sizeof text - 1, NULL, &env, &data));
    info = tc_dataset_get_info(data);
    count = (uint32_t)info->sentences;
    must(tc_writer_create(&env, &writer));
    make_model(writer, info, &model);
    o.batch_size = BATCH, o.learning_rate = 0.01, o.schedule = TC_SCHEDULE_COSINE;
    o.max_steps = EPOCHS * (count / BATCH);  /* the length of the schedule */
    o.warmup_steps = 4, o.freeze_layers = 0; /* K: embeddings and K layers learn nothing */
    must(tc_trainer_create(model, &o, &env, &trainer));
    must(tc_batcher_create(trainer, data, NULL, 0, &batcher));
    for (epoch = 1; epoch <= EPOCHS; epoch++) {
        double loss = 0;
        for (i = 0; i < count; i += BATCH) loss += update(trainer, batcher, i, epoch, count);
        printf("epoch %2u  loss %.4f\n", (unsigned)epoch, loss / (count / BATCH));
    }
    must(tc_trainer_write(trainer, &bytes, &size));
    f = fopen(argc > 1 ? argv[1] : "tiny.tcm", "wb");
    if (!f || fwrite(bytes, 1, size, f) != size || fclose(f))
        perror("6_train: the model cannot be written"), exit(1);
    must(tc_tagger_create(tc_trainer_model(trainer), &env, &tagger));
    must(tc_tag(tagger, "Anna lives in New York", &found));
    for (k = 0; k < found->inputs->count; k++)
        printf("%s  %s\n", found->inputs->entities[k].label,
               found->inputs->entities[k].word.data);
    tc_result_free(found);
    tc_tagger_free(tagger);
    tc_batcher_free(batcher);
    tc_trainer_free(trainer);
    tc_model_free(model);
    tc_writer_free(writer);
    tc_dataset_free(data);
    return 0;
}
