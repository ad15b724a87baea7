/* 6_train.c - a training loop of one's own: a new tiny model learns names from six sentences.
 *
 * cc -O2 -I. examples/6_train.c -o 6_train -lm -lpthread
 * ./6_train tiny.tcm && build/tokclass tag tiny.tcm --text "Emma Brown lives in New York" */
#define TOKCLASS_IMPLEMENTATION
#include "tokclass.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SENTENCES = 6, BATCH = 3, WORDS = 21, LIMIT = 32, EPOCHS = 20 };
enum { O, B_PER, I_PER, B_LOC, I_LOC, LABELS };
static const char *const names[LABELS] = {"O", "B-PER", "I-PER", "B-LOC", "I-LOC"};
static const struct {
    const char *text;
    int32_t labels[5]; /* one a word */
} data[SENTENCES] = {{"anna lives in paris", {B_PER, O, O, B_LOC}},
                     {"paul brown met anna", {B_PER, I_PER, O, B_PER}},
                     {"she left new york", {O, O, B_LOC, I_LOC}},
                     {"emma brown is in lima", {B_PER, I_PER, O, O, B_LOC}},
                     {"it rains in new york", {O, O, O, B_LOC, I_LOC}},
                     {"paris is old", {B_LOC, O, O}}};
static const char *const words[WORDS] = {
    "[PAD]", "[UNK]", "[CLS]", "[SEP]", "anna", "brown", "emma", "in",    "is",  "it",  "left",
    "lima",  "lives", "met",   "new",   "old",  "paris", "paul", "rains", "she", "york"};
static tc_diag diag;
static const tc_env env = {NULL, NULL, 0, TC_LEVEL_BEST, &diag};

static void must(tc_status status) {
    if (status) fprintf(stderr, "6_train: %s\n", diag.message), exit(1);
}

/* With a base that knows words already, tc_model_load takes the place of all this. */
static void make_model(tc_writer *writer, tc_model **model) {
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
    m.vocab_size = WORDS, m.type_vocab_size = 1, m.labels = names, m.num_labels = LABELS;
    must(tc_writer_tokenizer(writer, &t));
    must(tc_writer_initialize(writer, &m, 1));
    must(tc_writer_finish(writer, &bytes, &size));
    must(tc_model_open(bytes, size, &env, model));
}

/* One update from a batch: its sentences stand one after the other, without padding. */
static double update(tc_trainer *trainer, tc_encoding *encoding, size_t epoch, size_t first) {
    int32_t ids[BATCH * LIMIT], labels[BATCH * LIMIT];
    uint32_t lengths[BATCH];
    tc_labelled batch = {{ids, NULL, lengths, BATCH}, labels};
    tc_step step;
    size_t at = 0, i, k, n;
    for (i = 0; i < BATCH; i++, at += n) {
        size_t s = (5 * (first + i) + epoch) % SENTENCES; /* another order in each epoch */
        tc_input input = {data[s].text, strlen(data[s].text), NULL, 0, NULL, 0};
        const tc_token *t;
        must(tc_encoding_run(encoding, &input, NULL));
        t = tc_encoding_tokens(encoding, 0, &n);
        for (k = 0; k < n; k++) { /* the first piece of a word has its label, the rest none */
            int32_t word = t[k].word; /* -1 for [CLS], which is t[0], and [SEP] */
            ids[at + k] = t[k].id;
            labels[at + k] = word >= 0 && word != t[k - 1].word ? data[s].labels[word] : -100;
        }
        lengths[i] = (uint32_t)n;
    }
    must(tc_trainer_step(trainer, &batch, 1, &step));
    return step.loss;
}

int main(int argc, char **argv) {
    tc_train_options o = tc_train_defaults();
    tc_model *model;
    tc_writer *writer;
    tc_encoding *encoding;
    tc_trainer *trainer;
    tc_tagger *tagger;
    tc_result *found;
    const void *bytes;
    size_t size, epoch, i;
    FILE *f;
    must(tc_writer_create(&env, &writer));
    make_model(writer, &model);
    o.batch_size = BATCH, o.learning_rate = 0.01, o.schedule = TC_SCHEDULE_COSINE;
    o.max_steps = EPOCHS * (SENTENCES / BATCH); /* the length of the schedule */
    o.warmup_steps = 4, o.freeze_layers = 0;    /* K: embeddings and K layers learn nothing */
    must(tc_encoding_create(tc_model_tokenizer(model), &env, &encoding));
    must(tc_trainer_create(model, &o, &env, &trainer));
    for (epoch = 1; epoch <= EPOCHS; epoch++) {
        double loss = 0;
        for (i = 0; i < SENTENCES; i += BATCH) loss += update(trainer, encoding, epoch, i);
        printf("epoch %2d  loss %.4f\n", (int)epoch, loss / (SENTENCES / BATCH));
    }
    must(tc_trainer_write(trainer, &bytes, &size));
    f = fopen(argc > 1 ? argv[1] : "tiny.tcm", "wb");
    if (!f || fwrite(bytes, 1, size, f) != size || fclose(f)) return 1;
    must(tc_tagger_create(tc_trainer_model(trainer), &env, &tagger));
    must(tc_tag(tagger, "Emma Brown lives in New York", &found));
    for (i = 0; i < found->inputs->count; i++)
        printf("%s  %s\n", found->inputs->entities[i].label,
               found->inputs->entities[i].word.data);
    tc_result_free(found);
    tc_tagger_free(tagger);
    tc_trainer_free(trainer);
    tc_encoding_free(encoding);
    tc_model_free(model);
    tc_writer_free(writer);
    return 0;
}
