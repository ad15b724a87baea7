/* t_train.h - training: gradients against the real stack's and by central differences, updates
 * against the real Trainer's curves. */
#ifndef T_TRAIN_H
#define T_TRAIN_H
#ifndef TC_NO_TRAIN

/* ---- the gradients of one batch, from the reference stack ---- */

typedef struct train_case {
    hf_folder hf; /* which tensor of the checkpoint became which of ours */
    made base;
    tc_trainer *trainer;
    double total, worst; /* norm of all gradients; largest difference, as a share of it */
    double loss;
    int tensors, missing;
} train_case;

/* The gradient of tensor `name` (part k of n, stacked by rows), row-major. */
static float *train_gradient(const tc_trainer *t, const char *name, size_t k, size_t n,
                             size_t *count) {
    const tc__params *p = &t->params;
    tc_tensor_info info;
    uint32_t i, layout;
    uint64_t checksum;
    for (i = 0; !tc_model_tensor(t->model, i, &info); i++) {
        size_t rows, all = (size_t)info.rows * info.columns, r;
        float *out;
        tc__matrix m;
        if (strcmp(info.name, name)) continue;
        out = (float *)calloc(all, sizeof *out);
        tc__model_entry(t->model, i, &info, &layout, &checksum);
        tc__model_view(t->model, i, &m, &layout);
        if (!i) {
            for (r = 0; r < p->V; r++)
                if (p->slot_of[r])
                    memcpy(out + r * p->E, p->row_grad + (p->slot_of[r] - 1) * p->E,
                           p->E * sizeof *out);
        } else {
            m.panels = (const unsigned char *)(p->grad + p->list[i].first);
            if (layout == TC__LAYOUT_PANELS)
                tc__gemm_unpack(out, &m);
            else
                memcpy(out, m.panels, all * sizeof *out);
        }
        rows = all / n;
        memmove(out, out + rows * k, rows * sizeof *out);
        *count = rows;
        return out;
    }
    return NULL;
}

static size_t train_list(const json_doc *doc, const json_node *node, int32_t *out) {
    const json_node *e;
    size_t n = 0;
    for (e = json_first(doc, node); e; e = json_next(doc, e))
        out[n++] = (int32_t)json_int(e, 0);
    return n;
}

static tc_labelled labelled(const int32_t *ids, const uint8_t *types, const uint32_t *lengths,
                            size_t sequences, const int32_t *labels) {
    tc_labelled b;
    memset(&b, 0, sizeof b);
    b.batch.ids = ids;
    b.batch.types = types;
    b.batch.lengths = lengths;
    b.batch.sequences = sequences;
    b.labels = labels;
    return b;
}

/* The first line of a file: a padded batch and its loss. */
static void train_batch(train_case *c, const json_doc *doc, const json_node *root) {
    static int32_t ids[1024], labels[1024];
    static uint8_t bytes[1024];
    uint32_t lengths[8];
    const json_node *b = json_get(doc, root, "batch"), *row[4];
    const char *const keys[4] = {"input_ids", "labels", "attention_mask", "token_type_ids"};
    tc_labelled batch;
    tc_step step;
    size_t T = 0, i, n, s;
    for (i = 0; i < 4; i++) row[i] = json_first(doc, json_get(doc, b, keys[i]));
    for (s = 0; row[0]; s++) {
        int32_t one[4][256];
        memset(one, 0, sizeof one);
        for (i = 0, n = 0; i < 4; i++) {
            if (!row[i]) continue;
            n = i ? n : train_list(doc, row[0], one[0]);
            (void)train_list(doc, row[i], one[i]);
            row[i] = json_next(doc, row[i]);
        }
        for (i = 0, lengths[s] = 0; i < n && one[2][i]; i++, T++) {
            ids[T] = one[0][i], labels[T] = one[1][i];
            bytes[T] = (uint8_t)one[3][i];
            lengths[s]++;
        }
    }
    batch = labelled(ids, bytes, lengths, s, labels);
    CHECK_EQ(tc_trainer_step(c->trainer, &batch, 1, &step), TC_OK);
    c->total = step.grad_norm;
    c->loss = fabs(step.loss - json_double(json_get(doc, root, "loss")));
}

static void train_compare(train_case *c, const json_doc *doc, const json_node *root,
                          tc_string name) {
    double norm = 0, sum = 0, e;
    const json_node *first;
    size_t i, k, n, count = 0;
    for (i = 0; i < c->hf.item_count; i++)
        for (k = 0, n = c->hf.items[i].sources; k < n; k++) {
            const st_tensor *source = c->hf.items[i].source[k];
            float *g;
            size_t j;
            if (source->name_length != name.length ||
                memcmp(source->name, name.data, name.length))
                continue;
            g = train_gradient(c->trainer, c->hf.items[i].name, k, n, &count);
            for (j = 0; j < count; j++) {
                norm += (double)g[j] * (double)g[j];
                sum += (double)g[j];
            }
            e = fabs(sqrt(norm) - json_double(json_get(doc, root, "norm")));
            if (e > c->worst) c->worst = e;
            e = fabs(sum - json_double(json_get(doc, root, "sum"))) / sqrt((double)count);
            if (e > c->worst) c->worst = e;
            first = json_first(doc, json_get(doc, root, "first"));
            for (j = 0; first; j++, first = json_next(doc, first)) {
                e = fabs((double)g[j] - json_double(first));
                if (e > c->worst) c->worst = e;
            }
            free(g);
            c->tensors++;
            return;
        }
    c->missing++;
}

static void train_visit(void *user, const json_doc *doc, const json_node *root, size_t line) {
    train_case *c = (train_case *)user;
    const json_node *name = json_get(doc, root, "tensor");
    (void)line;
    if (name)
        train_compare(c, doc, root, json_text(name));
    else
        train_batch(c, doc, root);
}

static void test_train_gradients(void) {
    static const char *const names[] = {"bert-gelu",          "bert-gelu_new-cased", "bert-odd",
                                        "distilbert-uncased", "distilbert-cased",    "electra"};
    size_t i;
    for (i = 0; i < sizeof names / sizeof *names; i++) {
        hf_options options = {HF_TASK_AUTO, 0, -1};
        tc_train_options o = tc_train_defaults();
        char folder[1200], file[1200];
        hf_error error;
        train_case c;
        memset(&c, 0, sizeof c);
        snprintf(folder, sizeof folder, "%s/oracles/reference/models/%s", test_shared,
                 names[i]);
        snprintf(file, sizeof file, "%s/oracles/reference/trainer/gradients/%s.jsonl",
                 test_shared, names[i]);
        o.dropout = o.attention_dropout = 0;
        o.learning_rate = 0;
        if (hf_open(&c.hf, folder, &options, &error) || !made_convert(&c.base, folder, -1) ||
            tc_trainer_create(c.base.model, &o, NULL, &c.trainer)) {
            SKIP("the shared folder is not here");
            continue;
        }
        CHECK(each_line(file, train_visit, &c));
        CHECK_CASE(c.loss < 1e-5, names[i]);
        CHECK_CASE(c.worst < 3e-6 * c.total, names[i]);
        CHECK_CASE(c.tensors > 30 && !c.missing, names[i]);
        tc_trainer_free(c.trainer);
        made_free(&c.base);
        hf_close(&c.hf);
    }
}

/* A loss of logits that are no numbers is none; a loss alone leaves no gradient. */
static void test_train_loss(void) {
    static const float logits[3] = {1.5f, -2.0f, 0.25f};
    const tc__ops *ops = tc__ktab_get(TC_LEVEL_SCALAR);
    float x[3], g[3];
    double loss, sum = exp(1.5) + exp(-2.0) + exp(0.25);
    int i;
    memcpy(x, logits, sizeof x);
    loss = tc__loss_row(ops, x, 3, 2, 0, 0);
    CHECK(fabs(loss - (log(sum) - 0.25)) < 1e-6);
    memcpy(g, logits, sizeof g);
    CHECK(tc__loss_row(ops, g, 3, 2, 0, 1) == loss);
    for (i = 0; i < 3; i++)
        CHECK(fabs((double)g[i] - (exp((double)logits[i]) / sum - (i == 2))) < 1e-6);
    memcpy(x, logits, sizeof x);
    x[0] = NAN;
    loss = tc__loss_row(ops, x, 3, 2, 0, 0);
    CHECK(loss != loss);
    memcpy(x, logits, sizeof x);
    x[1] = INFINITY;
    loss = tc__loss_row(ops, x, 3, 2, 0.1f, 1);
    CHECK(loss != loss);
}

static tc_dataset *train_data(void) {
    tc_dataset *d = NULL;
    CHECK_EQ(tc_dataset_load("tests/data/train/train.conll", NULL, NULL, &d), TC_OK);
    return d;
}

/* Null strings within lists are the caller's mistake, and told. */
static void test_train_nulls(void) {
    static const char *const labels[] = {"O", NULL};
    static const tc_label_map maps[] = {{"O", NULL}, {NULL, "O"}};
    tc_train_options o = tc_train_defaults();
    tc_evaluate_options eval;
    tc_string tag = {"O", 1}, none = {NULL, 3};
    tc_trainer *trainer = NULL;
    tc_scores *scores = NULL;
    tc_writer *w = NULL;
    tc_dataset *d = train_data();
    tc_model_desc desc;
    plan_words words;
    made base;
    if (!d || !made_convert(&base, "tests/data/train/bert", -1) || tc_writer_create(NULL, &w) ||
        tc_scores_create(NULL, NULL, &scores)) {
        CHECK(0);
        return;
    }
    memset(&eval, 0, sizeof eval);
    eval.batch_size = 8;
    eval.map_count = 1;
    eval.map = maps;
    CHECK_EQ(tc_evaluate(base.model, d, &eval, NULL, NULL, NULL), TC_ERROR_ARGUMENT);
    eval.map = maps + 1;
    CHECK_EQ(tc_evaluate(base.model, d, &eval, NULL, NULL, NULL), TC_ERROR_ARGUMENT);
    CHECK_EQ(tc_scores_add(scores, &tag, &none, 1), TC_ERROR_ARGUMENT);
    o.labels = labels;
    CHECK_EQ(tc_trainer_create(base.model, &o, NULL, &trainer), TC_ERROR_ARGUMENT);
    o.num_labels = 2;
    CHECK_EQ(tc_trainer_create(base.model, &o, NULL, &trainer), TC_ERROR_ARGUMENT);
    desc = tc_model_describe(base.model);
    desc.labels = labels;
    desc.num_labels = 2;
    CHECK_EQ(tc_writer_describe(w, &desc), TC_ERROR_ARGUMENT);
    plan_words_init(&words);
    words.desc.decoder_prefix = none;
    CHECK_EQ(tc_writer_tokenizer(w, &words.desc), TC_ERROR_ARGUMENT);
    plan_words_init(&words);
    words.added[2].content = none;
    CHECK_EQ(tc_writer_tokenizer(w, &words.desc), TC_ERROR_ARGUMENT);
    tc_scores_free(scores);
    tc_writer_free(w);
    tc_dataset_free(d);
    made_free(&base);
}

/* ---- the real Trainer's curves ---- */

typedef struct train_curve {
    const char *name, *base;
    uint32_t accumulation;
    uint64_t steps;
    int all, cosine;
} train_curve;

static const train_curve train_curves[] = {
    {"bert-first", "bert", 1, 60, 0, 0},
    {"bert-all", "bert", 1, 60, 1, 0},
    {"bert-accumulate2", "bert", 2, 60, 0, 0},
    {"bert-accumulate4-leftover", "bert", 4, 18, 0, 0},
    {"bert-shuffle", "bert", 1, 30, 0, 0},
    {"bert-cosine-smoothing", "bert", 1, 60, 0, 1},
    {"distilbert-first", "distilbert", 1, 60, 0, 0},
    {"distilbert-all", "distilbert", 1, 60, 1, 0},
};

/* BERT's files are here, DistilBERT's in the shared folder. */
static const char *train_path(const train_curve *c, const char *folder, const char *file) {
    static char path[4][1200];
    static int next;
    char *out = path[next++ % 4];
    if (!strcmp(c->base, "bert"))
        snprintf(out, sizeof path[0], "tests/data/train/%s%s%s", folder, *file ? "/" : "",
                 file);
    else
        snprintf(out, sizeof path[0], "%s/oracles/reference/trainer/%s%s%s", test_shared,
                 folder, *file ? "/" : "", file);
    return out;
}

static tc_train_options train_recipe(const train_curve *c) {
    tc_train_options o = tc_train_defaults();
    o.learning_rate = 5e-4;
    o.weight_decay = 0.01;
    o.batch_size = 4;
    o.accumulation = c->accumulation;
    o.max_steps = c->steps;
    o.label_all_tokens = c->all;
    if (c->cosine) {
        o.schedule = TC_SCHEDULE_COSINE;
        o.warmup_ratio = 0.1;
        o.label_smoothing = 0.1;
    } else {
        o.warmup_steps = 6;
    }
    return o;
}

typedef struct train_follow {
    train_case c;            /* for the map of names, and the trainer */
    double loss, rate, norm; /* largest relative differences */
    double loss20, norm20, weights;
    tc_step steps[64];
    size_t count;
} train_follow;

static void train_curve_visit(void *user, const json_doc *doc, const json_node *root,
                              size_t line) {
    train_follow *f = (train_follow *)user;
    const json_node *micro = json_first(doc, json_get(doc, root, "micro_losses"));
    double loss = 0, n = 0, e[3];
    const tc_step *s = &f->steps[line - 1];
    for (; micro; micro = json_next(doc, micro), n++) loss += json_double(micro);
    e[0] = fabs(s->loss / (loss / n) - 1);
    e[1] = fabs(s->learning_rate - json_double(json_get(doc, root, "learning_rate"))) / 5e-4;
    e[2] = fabs(s->grad_norm / json_double(json_get(doc, root, "grad_norm")) - 1);
    if (e[0] > f->loss) f->loss = e[0];
    if (e[1] > f->rate) f->rate = e[1];
    if (e[2] > f->norm) f->norm = e[2];
    if (line <= 20 && e[0] > f->loss20) f->loss20 = e[0];
    if (line <= 20 && e[2] > f->norm20) f->norm20 = e[2];
    CHECK_EQ(json_int(json_get(doc, root, "step"), 0), s->step);
}

/* The numbers of a tensor of the checkpoint as they are now; freed by the caller. */
static float *train_numbers(train_case *c, tc_string name, size_t *count, int *key_bias) {
    const tc_model *m = tc_trainer_model(c->trainer);
    tc_tensor_info info;
    size_t i, k;
    uint32_t t;
    for (i = 0; i < c->hf.item_count; i++)
        for (k = 0; k < c->hf.items[i].sources; k++) {
            const st_tensor *source = c->hf.items[i].source[k];
            float *all;
            if (source->name_length != name.length ||
                memcmp(source->name, name.data, name.length))
                continue;
            for (t = 0;
                 !tc_model_tensor(m, t, &info) && strcmp(info.name, c->hf.items[i].name);)
                t++;
            *count = (size_t)source->elements;
            *key_bias = k == 1 && source->rank == 1;
            all = (float *)malloc((size_t)info.rows * info.columns * sizeof *all);
            (void)tc_model_read(m, t, all);
            memmove(all, all + k * *count, *count * sizeof *all);
            return all;
        }
    return NULL;
}

static void train_weight_visit(void *user, const json_doc *doc, const json_node *root,
                               size_t line) {
    train_follow *f = (train_follow *)user;
    size_t n = 0, i;
    int key_bias = 0;
    float *x = train_numbers(&f->c, json_text(json_get(doc, root, "tensor")), &n, &key_bias);
    double sum = 0, all = 0, e;
    (void)line;
    for (i = 0; x && i < n; i++) {
        sum += (double)x[i];
        all += fabs((double)x[i]);
    }
    e = fabs(sum - json_double(json_get(doc, root, "sum"))) / (double)(n ? n : 1);
    if (fabs(all - json_double(json_get(doc, root, "abs_sum"))) / (double)(n ? n : 1) > e)
        e = fabs(all - json_double(json_get(doc, root, "abs_sum"))) / (double)n;
    if (key_bias) e /= 30; /* their gradient is 0 but for rounding, which Adam amplifies */
    if (e > f->weights) f->weights = e;
    CHECK(x != NULL);
    free(x);
}

/* The sentences of a file of numbers. */
static size_t train_order(const char *path, uint32_t *out, size_t most) {
    size_t size, n = 0;
    char *text = test_read_file(path, &size), *p = text;
    for (; p && *p && n < most; p = strchr(p, '\n') + 1) out[n++] = (uint32_t)atoi(p);
    free(text);
    return n;
}

/* Updates with batches cut by hand from the order: 40 sentences a pass. */
static void train_by_hand(train_follow *f, tc_dataset *d, const uint32_t *order, size_t n,
                          const tc_train_options *o) {
    tc_batcher *batchers[4] = {NULL};
    size_t at, i;
    for (i = 0; i < 4; i++) CHECK(!tc_batcher_create(f->c.trainer, d, NULL, 0, &batchers[i]));
    for (at = 0; at < n && f->count < o->max_steps;) {
        tc_labelled b[4];
        size_t count = 0, end = at / 40 * 40 + 40;
        for (; count < o->accumulation && at < end; count++, at += 4)
            CHECK(!tc_batcher_run(batchers[count], order + at, 4, &b[count]));
        CHECK_EQ(tc_trainer_step(f->c.trainer, b, count, &f->steps[f->count++]), TC_OK);
    }
    for (i = 0; i < 4; i++) tc_batcher_free(batchers[i]);
}

static int train_keep_step(void *user, tc_trainer *trainer, const tc_step *s) {
    train_follow *f = (train_follow *)user;
    (void)trainer;
    f->steps[f->count++] = *s;
    return 0;
}

static void test_train_curve(const train_curve *curve) {
    static train_follow f;
    hf_options options = {HF_TASK_AUTO, 0, -1};
    tc_train_options o = train_recipe(curve);
    const char *folder = train_path(curve, curve->base, "");
    uint32_t order[512];
    size_t n = train_order(train_path(curve, curve->name, "order.txt"), order, 512);
    tc_dataset *d = train_data();
    hf_error error;
    memset(&f, 0, sizeof f);
    if (!d || hf_open(&f.c.hf, folder, &options, &error) ||
        !made_convert(&f.c.base, folder, -1) ||
        tc_trainer_create(f.c.base.model, &o, NULL, &f.c.trainer)) {
        SKIP("the shared folder is not here");
        tc_dataset_free(d);
        return;
    }
    if (!strcmp(curve->name, "bert-shuffle")) { /* the order that seed 42 gives */
        tc_train_run run;
        memset(&run, 0, sizeof run);
        run.train = d;
        run.stepped = train_keep_step;
        run.user = &f;
        CHECK_EQ(tc_trainer_run(f.c.trainer, &run, NULL), TC_OK);
    } else {
        train_by_hand(&f, d, order, n, &o);
    }
    CHECK_EQ(f.count, curve->steps);
    CHECK(each_line(train_path(curve, curve->name, "steps.jsonl"), train_curve_visit, &f));
    CHECK(each_line(train_path(curve, curve->name, "weights.jsonl"), train_weight_visit, &f));
    CHECK_CASE(f.loss20 < 1e-5 && f.norm20 < 1e-5, curve->name);
    CHECK_CASE(f.loss < 2e-5 && f.norm < 2e-5 && f.rate < 1e-8, curve->name);
    CHECK_CASE(f.weights < 3e-6, curve->name);
    if (!(f.loss < 2e-5 && f.norm < 2e-5 && f.rate < 1e-8 && f.weights < 3e-6))
        printf("    loss %g, norm %g, rate %g, weights %g\n", f.loss, f.norm, f.rate,
               f.weights);
    tc_trainer_free(f.c.trainer);
    made_free(&f.c.base);
    hf_close(&f.c.hf);
    tc_dataset_free(d);
}

static void test_train_curves(void) {
    size_t i;
    for (i = 0; i < sizeof train_curves / sizeof *train_curves; i++)
        test_train_curve(&train_curves[i]);
}

/* ---- the same bytes ---- */

enum { TRAIN_UPDATES = 12 };
#define TRAIN_CHECKSUM UINT64_C(0xDF9FF87E628A9DD1)

typedef struct train_setup {
    tc_train_options options;
    tc_env env;
    int eval, stop_at; /* evaluates on the same data; ends after that update */
    int rate_at;       /* changes the learning rate behind that update */
    const char *checkpoint, *resume;
    tc_label_map map;  /* from null: none */
    uint64_t checksum; /* of the model */
    tc_step last;
    tc_train_evaluation evaluation;
    double f1;
    int evaluations;
} train_setup;

static int train_stop(void *user, tc_trainer *trainer, const tc_step *s) {
    train_setup *t = (train_setup *)user;
    t->last = *s;
    if (t->rate_at && s->step == (uint64_t)t->rate_at)
        CHECK_EQ(tc_trainer_set_learning_rate(trainer, 3e-4), TC_OK);
    return t->stop_at && s->step == (uint64_t)t->stop_at;
}

static int train_note(void *user, tc_trainer *trainer, const tc_train_evaluation *e) {
    train_setup *t = (train_setup *)user;
    (void)trainer;
    t->evaluation = *e;
    t->f1 = e->scores->micro.f1;
    t->evaluations++;
    return 0;
}

static void train_setup_init(train_setup *t) {
    memset(t, 0, sizeof *t);
    t->options = tc_train_defaults();
    t->options.learning_rate = 1e-3;
    t->options.weight_decay = 0.01;
    t->options.batch_size = 5;
    t->options.accumulation = 2;
    t->options.max_steps = TRAIN_UPDATES;
    t->options.dropout = 0.2;
    t->options.attention_dropout = 0.1;
    t->eval = 1;
}

static tc_status train_go(const made *base, train_setup *t) {
    tc_dataset *d = NULL, *dev = NULL;
    tc_trainer *trainer = NULL;
    tc_train_run run;
    const void *data;
    size_t size;
    tc_status status = tc_dataset_load("tests/data/train/train.conll", NULL, &t->env, &d);
    if (!status) status = tc_dataset_load("tests/data/train/train.conll", NULL, &t->env, &dev);
    if (!status) status = tc_trainer_create(base->model, &t->options, &t->env, &trainer);
    memset(&run, 0, sizeof run);
    run.train = d;
    run.dev = t->eval ? dev : NULL;
    run.checkpoint = t->checkpoint;
    run.resume = t->resume;
    run.map = &t->map;
    run.map_count = t->map.from != NULL;
    run.stepped = train_stop;
    run.evaluated = train_note;
    run.user = t;
    if (!status) status = tc_trainer_run(trainer, &run, NULL);
    if (!status) status = tc_trainer_write(trainer, &data, &size);
    if (!status) t->checksum = tc__bytes_checksum(data, size);
    tc_trainer_free(trainer);
    tc_dataset_free(d);
    tc_dataset_free(dev);
    return status;
}

static int train_base(made *m) { return made_convert(m, "tests/data/train/bert", -1); }

static void test_train_bits(void) {
    made base;
    train_setup first, brief, t;
    tc_level level = TC_LEVEL_BEST;
    unsigned threads;
    int i;
    if (!train_base(&base)) {
        CHECK(0);
        return;
    }
    train_setup_init(&first);
    if (tc_level_choose(TC_LEVEL_BEST) == TC_LEVEL_BASE) level = TC_LEVEL_SCALAR;
    first.env.level = level;
    CHECK_EQ(train_go(&base, &first), TC_OK);
    CHECK_EQ(first.last.step, TRAIN_UPDATES);
    CHECK_EQ(first.evaluations, 3); /* three passes of four updates */
    for (threads = 2; threads < 4; threads++) {
        train_setup_init(&t);
        t.env.threads = threads;
        t.env.level = level;
        CHECK_EQ(train_go(&base, &t), TC_OK);
        CHECK(t.checksum == first.checksum && t.f1 == first.f1);
    }
    train_setup_init(&brief);
    brief.env.level = level;
    brief.options.max_steps = 3;
    brief.eval = 0;
    CHECK_EQ(train_go(&base, &brief), TC_OK);
    for (i = TC_LEVEL_SCALAR; i < TC_LEVEL_COUNT; i++) {
        if (i == TC_LEVEL_BASE || !tc_level_available((tc_level)i)) continue;
        train_setup_init(&t);
        t.env.level = (tc_level)i;
        t.options.max_steps = 3; /* the scalar reference is slow */
        t.eval = 0;
        CHECK_EQ(train_go(&base, &t), TC_OK);
        CHECK_CASE(t.checksum == brief.checksum, tc_level_name((tc_level)i));
    }
    CHECK_CASE(first.checksum == TRAIN_CHECKSUM, "the sum that every machine gives");
    if (first.checksum != TRAIN_CHECKSUM)
        printf("    %016llx\n", (unsigned long long)first.checksum);
    made_free(&base);
}

/* Two updates of a batch that is cut in groups, differently for each number of threads; `whole`
 * and more take it uncut. */
static uint64_t train_grouped(const made *base, const uint32_t *lengths, unsigned sequences,
                              tc_env env, unsigned whole, double *loss) {
    enum { MOST = 320 };
    int32_t ids[MOST], labels[MOST];
    uint32_t i, n = 0;
    tc_train_options o = tc_train_defaults();
    tc_labelled b;
    tc_trainer *trainer = NULL;
    const void *data;
    size_t size;
    uint64_t checksum = 0;
    tc_step step;
    o.dropout = o.attention_dropout = 0.3;
    o.max_tokens = MOST;
    for (i = 0; i < sequences; i++) n += lengths[i];
    for (i = 0; i < n; i++) {
        ids[i] = 2 + (int32_t)(i * 7 % 20);
        labels[i] = (int32_t)(i % 5) - 1;
    }
    b = labelled(ids, NULL, lengths, sequences, labels);
    if (!tc_trainer_create(base->model, &o, &env, &trainer) &&
        !tc_trainer_step(trainer, &b, 1, &step) && !tc_trainer_step(trainer, &b, 1, &step) &&
        !tc_trainer_write(trainer, &data, &size)) {
        *loss = step.loss;
        checksum = tc__bytes_checksum(data, size);
        CHECK_EQ(tc__fwd_group(trainer->session) > 0, trainer->session->threads < whole);
    }
    tc_trainer_free(trainer);
    return checksum;
}

/* The same bits, however the batch is cut. */
static void train_cut(const made *base, const uint32_t *lengths, unsigned sequences,
                      tc_compute compute, unsigned whole) {
    double first = 0, loss = 0;
    uint64_t checksum;
    tc_env env;
    memset(&env, 0, sizeof env);
    env.compute = compute;
    env.threads = 1;
    checksum = train_grouped(base, lengths, sequences, env, whole, &first);
    CHECK(checksum != 0);
    for (env.threads = 2; env.threads <= whole; env.threads++) {
        CHECK(train_grouped(base, lengths, sequences, env, whole, &loss) == checksum);
        CHECK(loss == first);
    }
}

/* Sequences longer than the option max_length, up to the model's positions. */
static void train_longer(const made *base) {
    enum { LENGTH = 190 };
    static const uint32_t lengths[2] = {LENGTH, LENGTH};
    int32_t ids[2 * LENGTH], labels[2 * LENGTH], i;
    tc_train_options o = tc_train_defaults();
    tc_trainer *trainer;
    tc_labelled b;
    for (i = 0; i < 2 * LENGTH; i++) {
        ids[i] = 2 + i % 20;
        labels[i] = i % 7;
    }
    b = labelled(ids, NULL, lengths, 2, labels);
    o.max_length = 16;
    o.batch_size = 32;
    if (tc_trainer_create(base->model, &o, NULL, &trainer)) {
        CHECK(0);
        return;
    }
    CHECK_EQ(tc_trainer_step(trainer, &b, 1, NULL), TC_OK);
    trainer->longest = LENGTH - 1;
    CHECK_EQ(tc_trainer_step(trainer, &b, 1, NULL), TC_ERROR_LENGTH);
    tc_trainer_free(trainer);
}

static void test_train_groups(void) {
    static const plan p = {2, 16, 2, 20, 12, 0, 7, 200, "gelu", TC_F32};
    static const uint32_t alike[] = {40, 25, 34, 19, 28, 37, 22, 31}, unlike[] = {190, 20};
    made base;
    if (!made_plan(&base, &p, NULL)) {
        CHECK(0);
        return;
    }
    train_cut(&base, alike, 8, TC_COMPUTE_EXACT, 5);
    train_cut(&base, alike, 8, TC_COMPUTE_FAST, 5);
    train_cut(&base, unlike, 2, TC_COMPUTE_FAST, 3); /* a group of too few tokens to split */
    train_longer(&base);
    made_free(&base);
}

/* TC_COMPUTE_FAST: losses near the exact ones, the same for any number of threads. */
static void test_train_fast(void) {
    const tc__split *of = tc__ktab_split(tc_level_choose(TC_LEVEL_BEST));
    const int split = of && of->panel;
    train_setup exact, fast, two;
    made base;
    if (!train_base(&base)) {
        CHECK(0);
        return;
    }
    train_setup_init(&exact);
    exact.options.batch_size = 32;
    fast = two = exact;
    fast.env.compute = two.env.compute = TC_COMPUTE_FAST;
    two.env.threads = 2;
    CHECK_EQ(train_go(&base, &exact), TC_OK);
    CHECK_EQ(train_go(&base, &fast), TC_OK);
    CHECK_EQ(train_go(&base, &two), TC_OK);
    CHECK(fabs(fast.last.loss - exact.last.loss) <= 1e-3 * fabs(exact.last.loss));
    CHECK_EQ(fast.checksum != exact.checksum, split);
    CHECK(fast.checksum == two.checksum);
    made_free(&base);
}

/* Ends an evaluation when so many sentences are done. */
static int train_enough(void *user, size_t done, size_t total) {
    return done >= *(const size_t *)user && done < total;
}

/* An evaluation that is ended has the figures of a file that ends there. */
static void test_train_cut_short(void) {
    tc_evaluate_options o;
    tc_evaluation part, alone;
    tc_dataset *d = train_data(), *begin = NULL;
    size_t most, n = 0, at = 0;
    made base;
    if (!d || !train_base(&base)) {
        CHECK(0);
        return;
    }
    memset(&o, 0, sizeof o);
    o.batch_size = 4;
    o.progress = train_enough;
    o.user = &most;
    for (most = 4; most <= 8; most += 4) {
        for (; n < most && at + 2 < d->size; at++) n += !memcmp(d->text + at, "\n\n", 2);
        CHECK_EQ(tc_dataset_open(d->text, at + 1, NULL, NULL, &begin), TC_OK);
        CHECK_EQ(tc_evaluate(base.model, d, &o, NULL, NULL, &part), TC_OK);
        CHECK_EQ(tc_evaluate(base.model, begin, &o, NULL, NULL, &alone), TC_OK);
        CHECK(part.sentences == most && alone.sentences == most && part.loss == alone.loss);
        CHECK(part.words == alone.words && part.words == tc_dataset_get_info(begin)->words);
        CHECK(part.tokens == alone.tokens && part.windows == alone.windows);
        tc_dataset_free(begin);
    }
    tc_dataset_free(d);
    made_free(&base);
}

#ifndef TC_NO_STDIO
/* Stops after every update once, goes on from the checkpoint, ends with the same bytes. */
/* A checkpoint that is not there spends nothing: the trainer can begin. */
static void test_train_missing(const made *base) {
    tc_train_options o = tc_train_defaults();
    tc_train_result result;
    tc_trainer *trainer = NULL;
    tc_dataset *d = NULL;
    tc_train_run run;
    tc_diag diag;
    tc_env env;
    memset(&env, 0, sizeof env);
    memset(&run, 0, sizeof run);
    env.diag = &diag;
    o.max_steps = 2;
    if (tc_dataset_load("tests/data/train/train.conll", NULL, NULL, &d) ||
        tc_trainer_create(base->model, &o, &env, &trainer)) {
        CHECK(0);
        return;
    }
    run.train = d;
    run.resume = "tests/data/train/none.tcm";
    CHECK_EQ(tc_trainer_run(trainer, &run, NULL), TC_ERROR_IO);
    CHECK_CASE(!strncmp(diag.message, "checkpoint: tests/", 18), diag.message);
    run.resume = NULL;
    CHECK_EQ(tc_trainer_run(trainer, &run, &result), TC_OK);
    CHECK(result.steps == 2 && !result.stopped);
    tc_trainer_free(trainer);
    tc_dataset_free(d);
}

static void test_train_resume(void) {
    char path[] = "build/t_train-XXXXXX"; /* others may run at the same time */
    made base;
    train_setup whole, t;
    tc_model *model;
    int stop, f = mkstemp(path);
    if (f < 0 || close(f) || !train_base(&base)) {
        SKIP("build/ cannot be written");
        return;
    }
    train_setup_init(&whole);
    CHECK_EQ(train_go(&base, &whole), TC_OK);
    for (stop = 1; stop <= TRAIN_UPDATES; stop++) {
        train_setup_init(&t);
        t.checkpoint = path;
        t.stop_at = stop;
        CHECK_EQ(train_go(&base, &t), TC_OK);
        CHECK_EQ(tc_model_load(path, NULL, &model), TC_OK); /* a checkpoint is a model */
        CHECK_EQ(tc_model_verify(model, NULL), TC_OK);
        tc_model_free(model);
        train_setup_init(&t);
        t.checkpoint = t.resume = path;
        t.env.threads = 1 + (unsigned)stop % 2;
        CHECK_EQ(train_go(&base, &t), TC_OK);
        CHECK(t.checksum == whole.checksum);
        if (stop < TRAIN_UPDATES) CHECK(t.evaluation.training_loss > 0);
        CHECK(stop > 8 || t.evaluation.training_loss == whole.evaluation.training_loss);
    }
    train_setup_init(&whole); /* a rate that was changed before the stop */
    whole.rate_at = 4;
    CHECK_EQ(train_go(&base, &whole), TC_OK);
    train_setup_init(&t);
    t.checkpoint = path;
    t.rate_at = 4;
    t.stop_at = 6;
    CHECK_EQ(train_go(&base, &t), TC_OK);
    CHECK(t.checksum != whole.checksum);
    train_setup_init(&t);
    t.resume = path;
    CHECK_EQ(train_go(&base, &t), TC_OK);
    CHECK(t.checksum == whole.checksum);
    train_setup_init(&t); /* another recipe */
    t.resume = path;
    t.options.learning_rate = 2e-3;
    CHECK_EQ(train_go(&base, &t), TC_ERROR_ARGUMENT);
    train_setup_init(&t); /* labels read as others */
    t.resume = path;
    t.map.from = "B-PER";
    t.map.to = "B-LOC";
    CHECK_EQ(train_go(&base, &t), TC_ERROR_ARGUMENT);
    train_setup_init(&t); /* other arithmetic, on a CPU that fuses */
    t.resume = path;
    t.env.level = TC_LEVEL_BASE;
    if (tc_level_choose(TC_LEVEL_BEST) != TC_LEVEL_BASE)
        CHECK_EQ(train_go(&base, &t), TC_ERROR_ARGUMENT);
    train_setup_init(&t); /* a model is no checkpoint */
    t.resume = "examples/demo.tcm";
    CHECK(train_go(&base, &t) != TC_OK);
    test_train_missing(&base);
    remove(path);
    made_free(&base);
}
#endif

/* ---- central differences of the slow encoder, in double ---- */

enum { DIFF_TOKENS = 9 };
static const int32_t diff_ids[DIFF_TOKENS] = {2, 5, 6, 7, 11, 12, 6, 20, 3};
static const uint8_t diff_types[DIFF_TOKENS] = {0, 0, 0, 1, 1, 0, 1, 0, 0};
static const int32_t diff_labels[DIFF_TOKENS] = {-100, 1, 2, 0, 3, 4, -100, 2, -100};

static double diff_loss(slow *s, double smoothing) {
    uint32_t C = tc_model_get_info(s->model)->num_labels, j;
    double *x = slow_logits(s, diff_ids, diff_types, DIFF_TOKENS), loss = 0, n = 0;
    size_t i;
    for (i = 0; i < DIFF_TOKENS; i++) {
        const double *row = x + i * C;
        double sum = 0, all = 0;
        if (diff_labels[i] < 0) continue;
        for (j = 0; j < C; j++) {
            sum += exp(row[j]);
            all += row[j];
        }
        loss += (1 - smoothing) * (log(sum) - row[diff_labels[i]]) +
                smoothing * (log(sum) - all / C);
        n++;
    }
    free(x);
    return loss / n;
}

/* Some forty numbers of every tensor. */
static void test_train_difference(const plan *p, double dropout) {
    tc_train_options o = tc_train_defaults();
    tc_labelled b;
    uint32_t length = DIFF_TOKENS, t;
    tc_trainer *trainer;
    tc_tensor_info info;
    tc_step step;
    double worst = 0;
    made base;
    slow s;
    memset(&s, 0, sizeof s);
    o.dropout = dropout;
    o.attention_dropout = dropout / 2;
    o.learning_rate = 0;
    o.label_smoothing = dropout > 0 ? 0 : 0.1;
    b = labelled(diff_ids, diff_types, &length, 1, diff_labels);
    if (!made_plan(&base, p, NULL) || tc_trainer_create(base.model, &o, NULL, &trainer) ||
        tc_trainer_step(trainer, &b, 1, &step)) {
        CHECK(0);
        return;
    }
    trainer->tape.rates.update = 0; /* those of the update that was made */
    s.rates = &trainer->tape.rates;
    s.model = tc_trainer_model(trainer);
    CHECK(fabs(diff_loss(&s, o.label_smoothing) / step.loss - 1) < 1e-5);
    for (t = 0; !tc_model_tensor(s.model, t, &info); t++) {
        size_t n, i;
        float *g = train_gradient(trainer, info.name, 0, 1, &n);
        double *x = s.tensors[t], up, e;
        for (i = t % 3; i < n; i += n / 40 + 1) {
            double keep = x[i];
            x[i] = keep + 1e-5;
            up = diff_loss(&s, o.label_smoothing);
            x[i] = keep - 1e-5;
            e = (up - diff_loss(&s, o.label_smoothing)) / 2e-5;
            x[i] = keep;
            if (!t && i / info.columns == 0) e = 0; /* [PAD] is not trained */
            e = fabs(e - (double)g[i]) / (1 + fabs(e));
            if (e > worst) worst = e;
        }
        free(g);
    }
    CHECK_CASE(worst < 3e-5, p->act);
    if (worst >= 3e-5) printf("    %g\n", worst);
    slow_free(&s);
    tc_trainer_free(trainer);
    made_free(&base);
}

static void test_train_differences(void) {
    static const plan plans[] = {{2, 12, 3, 20, 10, 2, 5, 12, "gelu", TC_F32},
                                 {1, 16, 2, 12, 16, 0, 6, 10, "relu", TC_F32},
                                 {1, 20, 4, 8, 20, 2, 5, 10, "silu", TC_F32},
                                 {1, 6, 1, 7, 9, 3, 7, 9, "gelu_new", TC_F32},
                                 {1, 32, 2, 6, 7, 2, 5, 10, "gelu", TC_F32}}; /* whole panels */
    size_t i;
    for (i = 0; i < sizeof plans / sizeof *plans; i++) {
        test_train_difference(&plans[i], 0);
        test_train_difference(&plans[i], 0.4);
    }
}

/* ---- memory, numbers that are not finite, what is frozen ---- */

static const char train_text[] = "my O\nname O\nis O\nanna B-PER\nsmith I-PER\n\n"
                                 "anna B-PER\nis O\nin O\nnew B-LOC\nyork I-LOC\n. O\n\n"
                                 "an O\nanna B-PER\n, O\nanna B-ORG\nsmith I-ORG\nin O\n. O\n";

/* Longer than any micro-batch of one of those. */
static const char train_long[] =
    "my O\nname O\nis O\nanna B-PER\nsmith I-PER\nin O\nnew B-LOC\n"
    "york I-LOC\n, O\nanna B-PER\nin O\nyork B-LOC\n. O\n";

typedef struct train_memory {
    ledger *l;
    long first, last; /* allocations after the first and the last update */
} train_memory;

static int train_memory_step(void *user, tc_trainer *trainer, const tc_step *s) {
    train_memory *m = (train_memory *)user;
    (void)trainer;
    m->last = m->l->calls;
    if (s->step == 1) m->first = m->last;
    return 0;
}

static tc_status train_small(ledger *l, const tc_env *env, const made *from) {
    tc_train_options o = tc_train_defaults();
    tc_dataset *d = NULL, *dev = NULL;
    tc_trainer *t = NULL;
    tc_train_run run;
    train_memory m;
    tc_status status;
    memset(&run, 0, sizeof run);
    memset(&m, 0, sizeof m);
    m.l = l;
    o.max_steps = 2;
    o.batch_size = 1;
    status = tc_dataset_open(train_text, sizeof train_text - 1, NULL, env, &d);
    if (!status) status = tc_dataset_open(train_long, sizeof train_long - 1, NULL, env, &dev);
    if (!status) status = tc_trainer_create(from->model, &o, env, &t);
    run.train = d;
    run.dev = dev;
    run.eval_steps = 1;
    run.stepped = train_memory_step;
    run.user = &m;
    if (!status) status = tc_trainer_run(t, &run, NULL);
    if (!status) CHECK_EQ(m.last, m.first); /* not even by an evaluation */
    tc_trainer_free(t);
    tc_dataset_free(d);
    tc_dataset_free(dev);
    return status;
}

static void test_train_memory(void) {
    static const plan p = {2, 16, 2, 20, 12, 2, 7, 16, "gelu", TC_S8};
    made m;
    if (made_plan(&m, &p, NULL))
        memory_fail(train_small, &m);
    else
        CHECK(0);
    made_free(&m);
}

static int train_norms(void *user, tc_trainer *trainer, const tc_step *s) {
    (void)trainer;
    ((double *)user)[s->step - 1] = s->grad_norm;
    return 0;
}

/* An update of sentences without tokens, not even special ones, has no gradient. */
static void test_train_empty(void) {
    static const char text[] = "anna B-PER\nsmith I-PER\n\n\xEF\xBF\xBD O\n";
    static const char *const names[] = {"O", "B-PER", "I-PER"};
    static const uint32_t order[] = {0, 1};
    tc_train_options o = tc_train_defaults();
    double norms[4] = {-1, -1, -1, -1};
    tc_dataset *d = NULL;
    tc_trainer *t = NULL;
    tc_train_run run;
    tc_model_desc desc;
    plan_words words;
    made m;
    memset(&run, 0, sizeof run);
    memset(&desc, 0, sizeof desc);
    memset(&m, 0, sizeof m);
    desc.model_type = "bert";
    desc.task = "token-classification";
    desc.hidden_act = "gelu";
    desc.num_hidden_layers = desc.num_attention_heads = 1;
    desc.hidden_size = desc.intermediate_size = 16;
    desc.vocab_size = PLAN_VOCAB;
    desc.max_position_embeddings = 16;
    desc.layer_norm_eps = 1e-12f;
    desc.initializer_range = 0.5f;
    desc.labels = names;
    desc.num_labels = 3;
    plan_words_init(&words);
    words.desc.single_count = words.desc.pair_count = 0;
    o.batch_size = 1;
    o.max_steps = 4;
    if (tc_writer_create(NULL, &m.writer) || tc_writer_tokenizer(m.writer, &words.desc) ||
        tc_writer_initialize(m.writer, &desc, 1) || !made_open(&m) ||
        tc_dataset_open(text, sizeof text - 1, NULL, NULL, &d) ||
        tc_trainer_create(m.model, &o, NULL, &t)) {
        CHECK(0);
        return;
    }
    run.train = d;
    run.order = order;
    run.order_count = 2;
    run.stepped = train_norms;
    run.user = norms;
    CHECK_EQ(tc_trainer_run(t, &run, NULL), TC_OK);
    CHECK(norms[0] > 0 && norms[1] == 0 && norms[2] > 0 && norms[3] == 0);
    tc_trainer_free(t);
    tc_dataset_free(d);
    made_free(&m);
}

/* A learning rate that makes numbers overflow ends with a sentence that names them. */
static void test_train_numbers(void) {
    train_setup t;
    tc_diag diag;
    made base;
    if (!train_base(&base)) return;
    train_setup_init(&t);
    memset(&diag, 0, sizeof diag);
    t.env.diag = &diag;
    t.options.learning_rate = 9e5;
    t.options.max_grad_norm = 0;
    t.options.weight_decay = 9e5;
    t.options.max_steps = 200;
    CHECK_EQ(train_go(&base, &t), TC_ERROR_NUMBER);
    CHECK(strstr(diag.message, "update ") && strstr(diag.message, "is not finite") &&
          strstr(diag.message, "sentences "));
    made_free(&base);
}

static int train_moved(const tc_trainer *t, const made *base, const char *name) {
    tc_tensor_info a, b;
    uint32_t i = 0, j = 0, layout;
    uint64_t checksum;
    while (!tc_model_tensor(t->model, i, &a) && strcmp(a.name, name)) i++;
    while (!tc_model_tensor(base->model, j, &b) && strcmp(b.name, name)) j++;
    tc__model_entry(t->model, i, &a, &layout, &checksum);
    tc__model_entry(base->model, j, &b, &layout, &checksum);
    return memcmp(t->model->file.data + a.offset, base->model->file.data + b.offset,
                  (size_t)a.size) != 0;
}

/* What is frozen stays, bit for bit; layers that learn slower move less. */
static void test_train_freeze(void) {
    static const struct {
        int embeddings, layers, word, position, layer0, layer1;
    } cases[] = {
        {0, 0, 1, 1, 1, 1}, {1, 0, 0, 0, 1, 1}, {0, 1, 0, 0, 0, 1}, {0, 2, 0, 0, 0, 0}};
    made base;
    size_t i;
    if (!train_base(&base)) return;
    for (i = 0; i < 4; i++) {
        tc_train_options o = tc_train_defaults();
        tc_dataset *d = train_data();
        tc_trainer *t = NULL;
        tc_train_run run;
        memset(&run, 0, sizeof run);
        o.max_steps = 3;
        o.weight_decay = 0.1;
        o.freeze_embeddings = cases[i].embeddings;
        o.freeze_layers = (uint32_t)cases[i].layers;
        run.train = d;
        CHECK(!tc_trainer_create(base.model, &o, NULL, &t) && !tc_trainer_run(t, &run, NULL));
        (void)tc_trainer_model(t);
        CHECK_EQ(train_moved(t, &base, "embeddings.word"), cases[i].word);
        CHECK_EQ(train_moved(t, &base, "embeddings.position"), cases[i].position);
        CHECK_EQ(train_moved(t, &base, "layer.0.ffn.up.weight"), cases[i].layer0);
        CHECK_EQ(train_moved(t, &base, "layer.1.attention.norm.weight"), cases[i].layer1);
        CHECK_EQ(train_moved(t, &base, "head.weight"), 1);
        tc_trainer_free(t);
        tc_dataset_free(d);
    }
    made_free(&base);
}

static tc_status train_see(void *user, const tc_gradients *g) {
    size_t *count = (size_t *)user;
    count[0] = g->count;
    CHECK(g->labels == 6 && *g->loss > 0);
    if (++count[1] > 5) *g->loss = (double)NAN;
    return TC_OK;
}

/* A hook that changes nothing changes nothing; a loss that it makes no number is refused. */
static void test_train_hook(void) {
    static const plan p = {1, 12, 3, 20, 10, 2, 5, 12, "gelu", TC_F32};
    tc_train_options o = tc_train_defaults();
    uint32_t length = DIFF_TOKENS;
    size_t count[2] = {0, 0}; /* of gradients, of calls */
    tc_step step[2][5];
    tc_labelled b;
    made base;
    int i, k;
    b = labelled(diff_ids, diff_types, &length, 1, diff_labels);
    o.learning_rate = 1e-2;
    o.max_grad_norm = 0;
    if (!made_plan(&base, &p, NULL)) {
        CHECK(0);
        return;
    }
    for (k = 0; k < 2; k++) {
        tc_trainer *t = NULL;
        CHECK_EQ(tc_trainer_create(base.model, &o, NULL, &t), TC_OK);
        if (k) tc_trainer_set_hook(t, train_see, count);
        for (i = 0; i < 5; i++) CHECK_EQ(tc_trainer_step(t, &b, 1, &step[k][i]), TC_OK);
        CHECK_EQ(tc_trainer_step(t, &b, 1, NULL), k ? TC_ERROR_NUMBER : TC_OK);
        tc_trainer_free(t);
    }
    for (i = 0; i < 5; i++) CHECK(step[0][i].loss == step[1][i].loss);
    CHECK(step[0][4].loss < step[0][0].loss && count[0] > 25 * 10);
    made_free(&base);
}

/* A loop of one's own over the order that seed 42 gives makes the bytes of a run. */
static void test_train_own_loop(void) {
    made base;
    train_setup t;
    tc_dataset *d = train_data();
    tc_trainer *trainer = NULL;
    tc_batcher *batchers[2] = {NULL, NULL};
    tc_labelled b[2];
    uint32_t order[40];
    const void *data = NULL;
    size_t size = 0, i, step;
    train_setup_init(&t);
    t.options.schedule = TC_SCHEDULE_COSINE;
    t.options.warmup_steps = 3;
    if (!d || !train_base(&base)) {
        CHECK(0);
        return;
    }
    CHECK(!train_go(&base, &t) && !tc_trainer_create(base.model, &t.options, &t.env, &trainer));
    for (i = 0; i < 2; i++) CHECK(!tc_batcher_create(trainer, d, NULL, 0, &batchers[i]));
    for (step = 0; step < TRAIN_UPDATES; step++) {
        tc__rng_permutation(order, 40, 42 + (uint32_t)step / 4);
        for (i = 0; i < 2; i++)
            CHECK(!tc_batcher_run(batchers[i], order + step % 4 * 10 + i * 5, 5, &b[i]));
        CHECK(!tc_trainer_step(trainer, b, 2, NULL));
    }
    CHECK(!tc_trainer_write(trainer, &data, &size));
    CHECK(tc__bytes_checksum(data, size) == t.checksum);
    for (i = 0; i < 2; i++) tc_batcher_free(batchers[i]);
    tc_trainer_free(trainer);
    tc_dataset_free(d);
    made_free(&base);
}

static void test_train_batcher(void) {
    static const tc_label_map map = {"B-PER", "B-XYZ"};
    tc_train_options o = tc_train_defaults();
    tc_dataset *d = train_data();
    tc_trainer *trainer = NULL;
    tc_batcher *batcher = NULL;
    tc_labelled b;
    tc_step step;
    uint32_t sentence = 40;
    tc_diag diag;
    tc_env env;
    made base;
    memset(&env, 0, sizeof env);
    env.diag = &diag;
    if (!d || !train_base(&base) || tc_trainer_create(base.model, &o, &env, &trainer)) {
        CHECK(0);
        return;
    }
    CHECK_EQ(tc_batcher_create(trainer, NULL, NULL, 0, &batcher), TC_ERROR_ARGUMENT);
    CHECK_EQ(tc_batcher_create(trainer, d, &map, 1, &batcher), TC_ERROR_ARGUMENT);
    CHECK(!batcher && strstr(diag.message, "B-XYZ"));
    CHECK_EQ(tc_batcher_create(trainer, d, NULL, 0, &batcher), TC_OK);
    CHECK_EQ(tc_batcher_run(batcher, &sentence, 1, &b), TC_ERROR_ARGUMENT);
    CHECK(strstr(diag.message, "sentence 40 of 40"));
    CHECK(!tc_batcher_run(batcher, &sentence, 0, &b) && !b.batch.sequences);
    CHECK(!tc_batcher_run(batcher, NULL, 0, &b) && !b.batch.sequences);
    CHECK(!tc_trainer_step(trainer, &b, 1, &step) && step.loss == 0 && step.tokens == 0 &&
          step.grad_norm == 0);
    sentence = 39;
    CHECK(!tc_batcher_run(batcher, &sentence, 1, &b) && b.batch.sequences == 1);
    CHECK(!tc_trainer_step(trainer, &b, 1, &step) && step.learning_rate == 5e-5);
    CHECK_EQ(tc_trainer_set_learning_rate(trainer, -1), TC_ERROR_ARGUMENT);
    CHECK(strstr(diag.message, "learning_rate"));
    CHECK(!tc_trainer_set_learning_rate(trainer, 1e-4));
    CHECK(!tc_trainer_step(trainer, &b, 1, &step) && step.learning_rate == 1e-4);
    tc_batcher_free(batcher);
    tc_batcher_free(NULL);
    tc_trainer_free(trainer);
    tc_dataset_free(d);
    made_free(&base);
}

/* Options that are refused, by their name. */
static void test_train_options(void) {
    const char *alike[16];
    size_t i;
    train_setup t;
    tc_diag diag;
    made base;
    if (!train_base(&base)) {
        CHECK(0);
        return;
    }
    train_setup_init(&t);
    t.env.diag = &diag;
    t.options.dropout = 0.99999999; /* 1 in f32 */
    CHECK_EQ(train_go(&base, &t), TC_ERROR_ARGUMENT);
    CHECK(strstr(diag.message, "dropout"));
    t.options.dropout = 0;
    t.options.max_steps = UINT64_MAX;
    CHECK_EQ(train_go(&base, &t), TC_ERROR_ARGUMENT);
    CHECK(strstr(diag.message, "max_steps"));
    t.options.max_steps = 1;
    for (i = 0; i < 16; i++) alike[i] = "O";
    t.options.labels = alike;
    t.options.num_labels = tc_model_get_info(base.model)->num_labels;
    CHECK(t.options.num_labels > 1 && t.options.num_labels <= 16);
    CHECK_EQ(train_go(&base, &t), TC_ERROR_ARGUMENT);
    CHECK(strstr(diag.message, "label"));
    made_free(&base);
}

/* The factor of a cosine goes on as PyTorch's lambda does behind its end. */
static void test_train_schedule(void) {
    uint64_t step;
    int good = 1;
    for (step = 0; step < 400; step++) {
        double p = ((double)step - 3) / 7, want = 0.5 * (1 + cos(TC__PI * p));
        if (step < 3) want = (double)step / 3;
        good &= fabs(tc__optim_factor(TC_SCHEDULE_COSINE, step, 10, 3) - want) < 1e-12;
    }
    CHECK(good);
    CHECK(tc__optim_factor(TC_SCHEDULE_LINEAR, 11, 10, 3) == 0);
}

/* A run that is stopped in its last update has been evaluated all the same, and says the bytes
 * of one that was not stopped. */
static void test_train_last(void) {
    train_setup a, b;
    made base;
    if (!train_base(&base)) {
        CHECK(0);
        return;
    }
    train_setup_init(&a);
    a.options.max_steps = 3; /* within an epoch */
    b = a;
    b.stop_at = 3;
    CHECK(!train_go(&base, &a) && !train_go(&base, &b));
    CHECK(a.evaluations == 1 && b.evaluations == 1 && a.checksum == b.checksum);
    made_free(&base);
}

/* Weights that are no numbers end a run: 0 / 0 of an epsilon of 0. */
static void test_train_no_numbers(void) {
    train_setup t;
    tc_diag diag;
    made base;
    int eval;
    if (!train_base(&base)) {
        CHECK(0);
        return;
    }
    for (eval = 0; eval < 2; eval++) {
        train_setup_init(&t);
        t.env.diag = &diag;
        t.options.max_steps = 1;
        t.options.adam_epsilon = 0;
        t.eval = eval;
        CHECK_EQ(train_go(&base, &t), TC_ERROR_NUMBER);
        CHECK_CASE(strstr(diag.message, "model: weights that are not finite after update 1: "),
                   diag.message);
    }
    made_free(&base);
}

/* Fresh positions that are not trained are sines and cosines. */
static void test_train_sinusoids(void) {
    enum { ROWS = 600, E = 24 };
    tc_model_desc d;
    made in, m;
    float row[E];
    double worst = 0;
    uint32_t i, j;
    static const plan p = {1, E, 2, 24, E, 0, 3, ROWS, "relu", TC_F32};
    memset(&m, 0, sizeof m);
    if (!made_plan(&in, &p, NULL)) {
        CHECK(0);
        return;
    }
    d = tc_model_describe(in.model);
    d.model_type = "distilbert";
    d.fixed_positions = 1;
    CHECK(!tc_writer_create(NULL, &m.writer) && !tc_writer_initialize(m.writer, &d, 1));
    CHECK(made_open(&m));
    for (i = 0; m.model && i < ROWS; i++) {
        memcpy(row, m.model->position.panels + i * sizeof row, sizeof row);
        for (j = 0; j < E; j++) {
            double angle = i / pow(10000, (double)(j / 2 * 2) / E);
            worst = fmax(worst, fabs((double)row[j] - (j % 2 ? cos(angle) : sin(angle))));
        }
    }
    CHECK(worst < 1e-7);
    made_free(&m);
    made_free(&in);
}

/* A run that fails before it allocates leaves the schedule of the options: a constant rate. */
static void test_train_failed(void) {
    static const char strange[] = "x B-STRANGE\n";
    uint32_t length = DIFF_TOKENS;
    tc_train_options o = tc_train_defaults();
    tc_dataset *d = train_data(), *dev = NULL;
    tc_trainer *trainer = NULL;
    tc_train_run run;
    tc_labelled b;
    tc_step step;
    made base;
    int i;
    memset(&run, 0, sizeof run);
    b = labelled(diff_ids, diff_types, &length, 1, diff_labels);
    if (!train_base(&base) || !d ||
        tc_dataset_open(strange, sizeof strange - 1, NULL, NULL, &dev) ||
        tc_trainer_create(base.model, &o, NULL, &trainer)) {
        CHECK(0);
        return;
    }
    run.train = d;
    run.dev = dev;
    CHECK_EQ(tc_trainer_run(trainer, &run, NULL), TC_ERROR_ARGUMENT);
    for (i = 0; i < 3; i++) {
        CHECK_EQ(tc_trainer_step(trainer, &b, 1, &step), TC_OK);
        CHECK(step.learning_rate == o.learning_rate);
    }
    tc_trainer_free(trainer);
    tc_dataset_free(d);
    tc_dataset_free(dev);
    made_free(&base);
}

static tc_status train_nan_hook(void *user, const tc_gradients *g) {
    g->data[*(size_t *)user ? g->count - 1 : 0] = (float)NAN;
    return TC_OK;
}

static tc_status train_other_hook(void *user, const tc_gradients *g) {
    size_t i;
    (void)user;
    for (i = 0; i < 10; i++) /* as if another machine had used word 24 */
        g->data[24 * 10 + i] = 1;
    return TC_OK;
}

/* A hook may change gradients, as those of rows that this batch has not; one that is no number
 * is named. */
static void test_train_hook_changes(void) {
    static const plan p = {1, 12, 3, 20, 10, 2, 5, 12, "gelu", TC_F32};
    tc_train_options o = tc_train_defaults();
    uint32_t length = DIFF_TOKENS;
    tc_labelled b;
    tc_trainer *t = NULL;
    tc_diag diag;
    tc_env env;
    made base;
    size_t last;
    float before, after;
    memset(&env, 0, sizeof env);
    env.diag = &diag;
    b = labelled(diff_ids, diff_types, &length, 1, diff_labels);
    o.learning_rate = 1e-2;
    if (!made_plan(&base, &p, NULL)) {
        CHECK(0);
        return;
    }
    for (last = 0; last < 2; last++) {
        CHECK_EQ(tc_trainer_create(base.model, &o, &env, &t), TC_OK);
        tc_trainer_set_hook(t, train_nan_hook, &last);
        CHECK_EQ(tc_trainer_step(t, &b, 1, NULL), TC_ERROR_NUMBER);
        CHECK_CASE(strstr(diag.message, last ? "head" : "embeddings.word"), diag.message);
        tc_trainer_free(t);
    }
    CHECK_EQ(tc_trainer_create(base.model, &o, &env, &t), TC_OK);
    tc_trainer_set_hook(t, train_other_hook, NULL);
    before = t->params.word[24 * 10];
    CHECK_EQ(tc_trainer_step(t, &b, 1, NULL), TC_OK);
    after = t->params.word[24 * 10];
    CHECK(before - after > 5e-3);
    tc_trainer_free(t);
    made_free(&base);
}

/* Each number out of its range is named. */
static void test_train_ranges(void) {
    static const struct {
        size_t at;
        double bad;
        const char *name;
    } cases[] = {{offsetof(tc_train_options, learning_rate), -1, "learning_rate"},
                 {offsetof(tc_train_options, weight_decay), -1, "weight_decay"},
                 {offsetof(tc_train_options, epochs), 0, "epochs"},
                 {offsetof(tc_train_options, warmup_ratio), 1.5, "warmup_ratio"},
                 {offsetof(tc_train_options, adam_beta1), 1, "adam_beta1"},
                 {offsetof(tc_train_options, adam_beta2), 1, "adam_beta2"},
                 {offsetof(tc_train_options, adam_epsilon), -1, "adam_epsilon"},
                 {offsetof(tc_train_options, max_grad_norm), -1, "max_grad_norm"},
                 {offsetof(tc_train_options, label_smoothing), 1.5, "label_smoothing"},
                 {offsetof(tc_train_options, attention_dropout), 1, "attention_dropout"},
                 {offsetof(tc_train_options, layer_decay), 0, "layer_decay"}};
    train_setup s;
    tc_trainer *t;
    tc_diag diag;
    tc_env env;
    made base;
    size_t i;
    memset(&env, 0, sizeof env);
    env.diag = &diag;
    if (!train_base(&base)) {
        CHECK(0);
        return;
    }
    for (i = 0; i < sizeof cases / sizeof *cases; i++) {
        tc_train_options o = tc_train_defaults();
        *(double *)(void *)((char *)&o + cases[i].at) = cases[i].bad;
        CHECK_EQ(tc_trainer_create(base.model, &o, &env, &t), TC_ERROR_ARGUMENT);
        CHECK_CASE(strstr(diag.message, cases[i].name), cases[i].name);
    }
    /* three tokens are enough for one between the two special ones, two are not */
    train_setup_init(&s);
    s.options.max_steps = 1;
    s.eval = 0;
    s.options.max_length = 3;
    CHECK_EQ(train_go(&base, &s), TC_OK);
    s.options.max_length = 2;
    CHECK_EQ(train_go(&base, &s), TC_ERROR_ARGUMENT);
    made_free(&base);
}

/* The rows of the word embeddings are updated, also a single one. */
static void test_train_one_row(void) {
    static const plan p = {1, 12, 3, 20, 10, 2, 5, 12, "gelu", TC_F32};
    static const int32_t ids[3] = {7, 7, 7}, labels[3] = {0, 1, 2};
    tc_train_options o = tc_train_defaults();
    uint32_t length = 3;
    tc_labelled b;
    tc_trainer *t = NULL;
    made base;
    b = labelled(ids, NULL, &length, 1, labels);
    o.learning_rate = 1e-2;
    if (!made_plan(&base, &p, NULL)) {
        CHECK(0);
        return;
    }
    CHECK_EQ(tc_trainer_create(base.model, &o, NULL, &t), TC_OK);
    CHECK_EQ(tc_trainer_step(t, &b, 1, NULL), TC_OK);
    CHECK(train_moved(t, &base, "embeddings.word"));
    tc_trainer_free(t);
    made_free(&base);
}

/* Options are copied, their labels too. */
static void test_train_copies(void) {
    char names[16][16];
    const char *labels[16];
    tc_train_options o = tc_train_defaults();
    tc_trainer *t = NULL;
    tc_train_run run;
    tc_dataset *d = train_data();
    made base;
    size_t i;
    memset(&run, 0, sizeof run);
    if (!train_base(&base)) {
        CHECK(0);
        return;
    }
    CHECK(tc_model_get_info(base.model)->num_labels <= 16);
    o.num_labels = tc_model_get_info(base.model)->num_labels;
    for (i = 0; i < o.num_labels; i++) labels[i] = strcpy(names[i], base.model->labels[i]);
    o.labels = labels;
    o.max_steps = 1;
    CHECK_EQ(tc_trainer_create(base.model, &o, NULL, &t), TC_OK);
    memset(labels, 0, sizeof labels);
    run.train = d;
    CHECK_EQ(tc_trainer_run(t, &run, NULL), TC_OK);
    tc_trainer_free(t);
    tc_dataset_free(d);
    made_free(&base);
}

/* The loss of an evaluation is that of a training batch of the same sentences. */
static void test_train_same_loss(void) {
    tc_train_options o = tc_train_defaults();
    tc_evaluate_options eval;
    tc_evaluation e;
    tc_dataset *d = train_data();
    tc_trainer *t = NULL;
    tc_batcher *batcher = NULL;
    tc_labelled b;
    tc_step step;
    uint32_t all[40], i;
    made base;
    memset(&eval, 0, sizeof eval);
    eval.batch_size = o.batch_size = 40;
    o.dropout = o.attention_dropout = 0;
    for (i = 0; i < 40; i++) all[i] = i;
    if (!d || !train_base(&base) || tc_trainer_create(base.model, &o, NULL, &t)) {
        CHECK(0);
        return;
    }
    CHECK(!tc_batcher_create(t, d, NULL, 0, &batcher) && !tc_batcher_run(batcher, all, 40, &b));
    CHECK(!tc_trainer_step(t, &b, 1, &step));
    CHECK(!tc_evaluate(base.model, d, &eval, NULL, NULL, &e));
    CHECK(fabs(e.loss / step.loss - 1) < 1e-6);
    tc_batcher_free(batcher);
    tc_trainer_free(t);
    tc_dataset_free(d);
    made_free(&base);
}

/* Patience counts evaluations without a new best value. */
static void test_train_patience(void) {
    tc_train_options o = tc_train_defaults();
    tc_dataset *d = train_data();
    tc_trainer *t = NULL;
    tc_train_run run;
    tc_train_result r;
    made base;
    memset(&run, 0, sizeof run);
    o.learning_rate = 0; /* no evaluation is better than the first */
    run.train = run.dev = d;
    run.eval_steps = 1;
    run.patience = 2;
    if (!d || !train_base(&base) || tc_trainer_create(base.model, &o, NULL, &t)) {
        CHECK(0);
        return;
    }
    CHECK_EQ(tc_trainer_run(t, &run, &r), TC_OK);
    CHECK(r.stopped && r.steps == 3 && r.best_step == 1);
    tc_trainer_free(t);
    tc_dataset_free(d);
    made_free(&base);
}

/* Nothing in place of an object. */
static void test_train_nothing(void) {
    tc_train_options o = tc_train_defaults();
    tc_trainer *t;
    tc_labelled b;
    const tc_score_table *table;
    made base;
    tc_result_free(NULL);
    CHECK_EQ(tc_batcher_run(NULL, NULL, 0, &b), TC_ERROR_ARGUMENT);
    CHECK_EQ(tc_scores_table(NULL, &table), TC_ERROR_ARGUMENT);
    if (!train_base(&base) || tc_trainer_create(base.model, &o, NULL, &t)) {
        CHECK(0);
        return;
    }
    CHECK_EQ(tc_trainer_run(NULL, NULL, NULL), TC_ERROR_ARGUMENT);
    CHECK_EQ(tc_trainer_run(t, NULL, NULL), TC_ERROR_ARGUMENT);
    CHECK_EQ(tc_trainer_step(NULL, NULL, 0, NULL), TC_ERROR_ARGUMENT);
    CHECK_EQ(tc_trainer_step(t, NULL, 1, NULL), TC_ERROR_ARGUMENT);
    tc_trainer_free(t);
    made_free(&base);
}

/* A failed update with nobody to hear the message. */
static void test_train_unheard(void) {
    train_setup t;
    tc_diag diag;
    made base;
    if (!train_base(&base)) {
        CHECK(0);
        return;
    }
    train_setup_init(&t);
    t.options.max_steps = 2;
    t.options.adam_epsilon = 0;
    t.eval = 0;
    t.env.diag = &diag;
    CHECK_EQ(train_go(&base, &t), TC_ERROR_NUMBER);
    CHECK_CASE(strstr(diag.message, "; sentences "), diag.message);
    t.env.diag = NULL;
    CHECK_EQ(train_go(&base, &t), TC_ERROR_NUMBER);
    made_free(&base);
}

/* A list of missing labels that does not fit ends in dots. */
static void test_train_lacking(void) {
    char text[40 * 24];
    tc_evaluate_options o;
    tc_dataset *d = NULL;
    tc_diag diag;
    tc_env env;
    size_t n = 0;
    made base;
    int i;
    memset(&o, 0, sizeof o);
    o.batch_size = 1;
    for (i = 0; i < 40; i++) n += (size_t)sprintf(text + n, "word B-UNKNOWN%02d\n", i);
    CHECK_EQ(tc_dataset_open(text, n, NULL, NULL, &d), TC_OK);
    if (!train_base(&base)) {
        CHECK(0);
        return;
    }
    memset(&env, 0, sizeof env);
    env.diag = &diag;
    CHECK_EQ(tc_evaluate(base.model, d, &o, &env, NULL, NULL), TC_ERROR_ARGUMENT);
    CHECK_CASE(strstr(diag.message, "B-UNKNOWN00, B-UNKNOWN01") && strstr(diag.message, "...;"),
               diag.message);
    tc_dataset_free(d);
    made_free(&base);
}

/* Groups that leave a sequence over, on two threads. */
static void test_train_left_over(void) {
    static const plan p = {2, 16, 2, 20, 12, 0, 7, 200, "gelu", TC_F32};
    static const uint32_t over[] = {100, 100, 100};
    made base;
    if (!made_plan(&base, &p, NULL)) {
        CHECK(0);
        return;
    }
    train_cut(&base, over, 3, TC_COMPUTE_EXACT, 4);
    made_free(&base);
}

/* Smoothing of 1: the mean over all labels, whatever the label. */
static void test_train_smooth(void) {
    float x[3] = {1, 2, 4}, y[3] = {1, 2, 4};
    const tc__ops *ops = tc__ktab_get(tc_level_choose(TC_LEVEL_BEST));
    double sum = log(exp(1) + exp(2) + exp(4));
    CHECK(fabs(tc__loss_row(ops, x, 3, 0, 1, 0) - (sum - 7.0 / 3)) < 1e-6);
    CHECK(fabs(tc__loss_row(ops, y, 3, 0, 0, 0) - (sum - 1)) < 1e-6);
}

/* Labels that fill a line: the loss of a token leaves the logits of the next alone. */
static void test_train_loss_rows(void) {
    enum { C = 16 };
    const tc__ops *ops = tc__ktab_get(tc_level_choose(TC_LEVEL_BEST));
    float two[2 * C], one[C];
    int32_t labels[2] = {3, 0};
    double a, b;
    int i;
    for (i = 0; i < 2 * C; i++) two[i] = (float)(i % 5);
    memcpy(one, two + C, sizeof one);
    CHECK_EQ(tc__fwd_ld(C), C);
    a = tc__loss_run(ops, two, C, C, labels, 1, 0, 2, 1);
    a = tc__loss_run(ops, two + C, C, C, labels + 1, 1, 0, 2, 1);
    b = tc__loss_run(ops, one, C, C, labels + 1, 1, 0, 2, 1);
    CHECK(a == b && !memcmp(one, two + C, sizeof one));
}

static void test_train(void) {
    test_train_loss();
    test_train_nulls();
    test_train_schedule();
    test_train_last();
    test_train_no_numbers();
    test_train_sinusoids();
    test_train_failed();
    test_train_gradients();
    test_train_curves();
    test_train_differences();
    test_train_bits();
    test_train_groups();
    test_train_fast();
    test_train_cut_short();
#ifndef TC_NO_STDIO
    test_train_resume();
#endif
    test_train_memory();
    test_train_empty();
    test_train_numbers();
    test_train_freeze();
    test_train_hook();
    test_train_own_loop();
    test_train_batcher();
    test_train_options();
    test_train_hook_changes();
    test_train_ranges();
    test_train_one_row();
    test_train_copies();
    test_train_same_loss();
    test_train_patience();
    test_train_nothing();
    test_train_unheard();
    test_train_lacking();
    test_train_left_over();
    test_train_smooth();
    test_train_loss_rows();
}

#endif
#endif
