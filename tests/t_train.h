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

/* The first line of a file: a padded batch and its loss. */
static void train_batch(train_case *c, const json_doc *doc, const json_node *root) {
    static int32_t ids[1024], labels[1024], mask[1024], types[1024];
    static uint8_t bytes[1024];
    uint32_t lengths[8];
    const json_node *b = json_get(doc, root, "batch"), *row[4];
    const char *const keys[4] = {"input_ids", "labels", "attention_mask", "token_type_ids"};
    tc_labelled batch;
    tc_step step;
    size_t T = 0, i, n, s;
    memset(&batch, 0, sizeof batch);
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
            ids[T] = one[0][i], labels[T] = one[1][i], mask[T] = one[2][i];
            types[T] = one[3][i], bytes[T] = (uint8_t)one[3][i];
            lengths[s]++;
        }
    }
    batch.batch.ids = ids;
    batch.batch.types = bytes;
    batch.batch.lengths = lengths;
    batch.batch.sequences = s;
    batch.labels = labels;
    CHECK_EQ(tc_trainer_step(c->trainer, &batch, 1, &step), TC_OK);
    c->total = step.grad_norm;
    c->loss = fabs(step.loss - json_double(json_get(doc, root, "loss")));
}

static void train_compare(train_case *c, const json_doc *doc, const json_node *root,
                          tc_string name) {
    double norm = 0, sum = 0, e;
    const json_node *first;
    size_t i, k, n, count;
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
        printf("%s: loss %g, worst %g of %g, %d tensors, %d missing\n", names[i], c.loss,
               c.worst, c.total, c.tensors, c.missing);
        CHECK_CASE(c.loss < 1e-5, names[i]);
        CHECK_CASE(c.worst < 3e-6 * c.total, names[i]);
        CHECK_CASE(c.tensors > 30 && !c.missing, names[i]);
        tc_trainer_free(c.trainer);
        made_free(&c.base);
        hf_close(&c.hf);
    }
}

static void test_train(void) { test_train_gradients(); }

#endif
#endif
