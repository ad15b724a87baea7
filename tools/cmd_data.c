/* cmd_data.c - tokclass data: what a person needs to know of labelled data before training. */
#include "labelled.h"
#include "scheme.h"

#include <stdlib.h>
#include <string.h>

enum { DATA_TEXT = 0, DATA_JSON, DATA_SHOWN = 10, DATA_NAME = 22 };

/* A label or an entity type that occurs in one of the files, in the order of their bytes. */
typedef struct data_name {
    const char *name;
    uint64_t count[2]; /* in the file, in --dev */
    char letter;       /* of a label: of its scheme, 'O', or '?' */
    size_t type;       /* of a label with a letter */
} data_name;

typedef struct data_names {
    data_name *items;
    size_t count;
} data_names;

/* Two labels in a row that the scheme does not allow; null where a sentence begins or ends. */
typedef struct data_bad {
    uint64_t line;
    const char *before, *label;
    int foreign; /* the label is none of the scheme */
} data_bad;

/* One of the two files. */
typedef struct data_set {
    labelled file;
    int open;
    scheme_counts counts;
    scheme_kind scheme;
    uint64_t entities, invalid, repeated;
    data_bad bad[DATA_SHOWN];
    uint64_t longest_line;
    uint64_t *hashes; /* [sentences] of the words, sorted at the end */
    /* with --model */
    uint64_t tokens, unknown, lost, long_tokens, long_line, over;
} data_set;

/* Hashes of words, open addressing; 0 is a free place. */
typedef struct data_words {
    uint64_t *slots;
    size_t room, used;
} data_words;

typedef struct data_job {
    common c;
    const char *dev, *model_path;
    int64_t column;
    int format;
    tc_model *model;
    const tc_model_info *info;
    tc_encoding *encoding;
    int32_t unk;
    int spans; /* labels are those of spans */
    data_set sets[2];
    data_names labels, types;
    data_words words;
    uint64_t shared, unseen; /* of --dev: sentences that the file has, words that it has not */
    out o;
} data_job;

static const tool_command data_command = {
    "data",
    "[FILE]",
    "Shows what is in labelled data, columns or JSON: format, sentences, entities, balance\n"
    "of the labels, scheme, sequences of labels that the scheme does not allow, repeated\n"
    "sentences; with --model lengths in tokens and unknown ones; with --dev what a second\n"
    "file has in common with the first.\n",
    0,
    1,
    "the file"};

static int data_parse(data_job *j, int argc, char **argv, int *count) {
    const tool_option options[] = {
        {"dev", TOOL_TEXT, &j->dev, "FILE", 0, 0, "a second file, compared with the first"},
        {"column", TOOL_COLUMN, &j->column, "N", -255, 255,
         "of the labels, from 1, or below 0 from the right; default the last"},
        {"model", TOOL_TEXT, &j->model_path, "MODEL", 0, 0,
         "counts tokens as this model sees them"},
        {"format", TOOL_CHOICE, &j->format, "text|json", 0, 0, "default text"},
        COMMON_UTF8_OPTION(j->c),
        COMMON_OPTIONS(j->c),
        {NULL, TOOL_FLAG, NULL, NULL, 0, 0, NULL}};
    return tool_parse(&data_command, options, argc, argv, count);
}

static int data_check(data_job *j, const char *path) {
    int status = common_check(&j->c, "data"), inputs = strcmp(path, "-") == 0;
    if (status >= 0) return status;
    inputs += j->dev && strcmp(j->dev, "-") == 0;
    inputs += j->model_path && strcmp(j->model_path, "-") == 0;
    return inputs > 1 ? tool_usage("data", "only one of the files can be standard input") : -1;
}

static int data_memory(void) { return tool_fail("data", "out of memory"); }

/* ------------------------------------------------------------------- labels and types */

/* The place of a name in the list; *found says whether it is there. */
static size_t data_place(const data_names *n, const char *name, size_t length, int *found) {
    size_t low = 0, high = n->count;
    *found = 0;
    while (low < high) {
        size_t middle = (low + high) / 2, have = strlen(n->items[middle].name);
        int order = tool_order(name, length, n->items[middle].name, have);
        if (!order) {
            *found = 1;
            return middle;
        }
        if (order < 0) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return low;
}

static int data_insert(data_names *n, const char *name) {
    int found;
    size_t at = data_place(n, name, strlen(name), &found);
    if (found) return 0;
    if (!(n->count & (n->count - 1))) { /* room for the next power of two */
        data_name *items =
            (data_name *)realloc(n->items, (n->count ? 2 * n->count : 1) * sizeof *items);
        if (!items) return data_memory();
        n->items = items;
    }
    memmove(n->items + at + 1, n->items + at, (n->count - at) * sizeof *n->items);
    memset(n->items + at, 0, sizeof *n->items);
    n->items[at].name = name;
    n->count++;
    return 0;
}

/* Labels of both files, their letters and types. */
static int data_labels(data_job *j) {
    size_t i;
    int s, alone = 1, dashes = 0, found;
    for (s = 0; s < 2; s++) {
        const tc_data_info *info = j->sets[s].file.info;
        for (i = 0; j->sets[s].open && i < info->num_labels; i++) {
            if (data_insert(&j->labels, info->labels[i])) return 1;
        }
    }
    for (i = 0; i < j->labels.count; i++) {
        const char *label = j->labels.items[i].name;
        alone &= !label[1] && strchr("OBIESULM", label[0]) != NULL;
        dashes |= !strchr("O?", scheme_letter(label, 0));
    }
    for (i = 0; i < j->labels.count; i++) {
        data_name *l = &j->labels.items[i];
        l->letter = scheme_letter(l->name, alone);
        if (l->letter == 'O' || l->letter == '?') continue;
        j->spans = 1;
        if (data_insert(&j->types, dashes ? l->name + 2 : "_")) return 1;
    }
    for (i = 0; i < j->labels.count; i++) {
        data_name *l = &j->labels.items[i];
        const char *type = dashes && l->name[1] ? l->name + 2 : "_";
        if (l->letter == 'O' || l->letter == '?') continue;
        l->type = data_place(&j->types, type, strlen(type), &found);
    }
    return 0;
}

static data_name *data_label(data_job *j, tc_string label) {
    int found;
    return &j->labels.items[data_place(&j->labels, label.data, label.length, &found)];
}

/* ---------------------------------------------------------------------------- schemes */

static scheme_step data_pair(const data_name *before, const data_name *at) {
    scheme_step s;
    s.before = before ? before->letter : 0;
    s.at = at ? at->letter : 0;
    s.same = before && at && before->type == at->type;
    return s;
}

/* ------------------------------------------------------------------------------ hashes */

static uint64_t data_hash(uint64_t h, tc_string s) {
    size_t i;
    for (i = 0; i < s.length; i++) {
        h = (h ^ (unsigned char)s.data[i]) * UINT64_C(0x100000001B3);
    }
    h ^= h >> 32;
    return (h ^ 0x100) * UINT64_C(0x9E3779B97F4A7C15);
}

static int data_order(const void *a, const void *b) {
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* The place of a word in the set. */
static size_t data_slot(const data_words *w, uint64_t hash) {
    size_t i = (size_t)(hash >> 7) & (w->room - 1);
    while (w->slots[i] && w->slots[i] != hash) i = (i + 1) & (w->room - 1);
    return i;
}

static int data_has(const data_words *w, uint64_t hash) {
    return w->room && w->slots[data_slot(w, hash)];
}

static int data_put(data_words *w, uint64_t hash) {
    if (w->used * 3 >= w->room * 2) {
        data_words more = {NULL, 0, 0};
        size_t i;
        more.room = w->room ? 2 * w->room : 4096;
        more.slots = (uint64_t *)calloc(more.room, sizeof *more.slots);
        if (!more.slots) return data_memory();
        for (i = 0; i < w->room; i++) {
            if (w->slots[i]) more.slots[data_slot(&more, w->slots[i])] = w->slots[i];
        }
        more.used = w->used;
        free(w->slots);
        *w = more;
    }
    if (!data_has(w, hash)) {
        w->slots[data_slot(w, hash)] = hash;
        w->used++;
    }
    return 0;
}

/* ----------------------------------------------------------------------------- reading */

/* First pass: how often each label occurs, and what tells the scheme. */
static int data_count(data_job *j, int which) {
    data_set *set = &j->sets[which];
    tc_sentence s;
    size_t i, k;
    for (i = 0; i < set->file.info->sentences; i++) {
        const data_name *before = NULL;
        if (labelled_sentence(&set->file, i, &s)) return 1;
        for (k = 0; k < s.count; k++) {
            data_name *at = data_label(j, s.labels[k]);
            at->count[which]++;
            scheme_collect(&set->counts, data_pair(before, at));
            before = at;
        }
        scheme_collect(&set->counts, data_pair(before, NULL));
        if (s.count == set->file.info->longest && !set->longest_line) {
            set->longest_line = s.lines[0];
        }
    }
    set->scheme = scheme_guess(&set->counts);
    return 0;
}

static void data_invalid(data_set *set, uint64_t line, const data_name *before,
                         const data_name *at, int foreign) {
    if (set->invalid < DATA_SHOWN) {
        data_bad *b = &set->bad[set->invalid];
        b->line = line;
        b->before = before ? before->name : NULL;
        b->label = at ? at->name : NULL;
        b->foreign = foreign;
    }
    set->invalid++;
}

/* Entities of a sentence, and steps that the scheme does not allow. */
static void data_entities(data_job *j, int which, const tc_sentence *s) {
    data_set *set = &j->sets[which];
    const data_name *before = NULL;
    size_t k;
    for (k = 0; k <= s->count; k++) {
        const data_name *at = k < s->count ? data_label(j, s->labels[k]) : NULL;
        scheme_step step = data_pair(before, at);
        int foreign = at && !strchr(scheme_letters[set->scheme], at->letter);
        if (set->scheme && (foreign || scheme_bad(set->scheme, step))) {
            data_invalid(set, s->lines[at ? k : k - 1], before, at, foreign);
        }
        if (scheme_has(step.at, "BSU") ||
            (scheme_has(step.at, "IMEL") && !scheme_goes_on(step, "BIM", "IMEL"))) {
            j->types.items[at->type].count[which]++;
            set->entities++;
        }
        before = at;
    }
}

static int data_tokens(data_job *j, data_set *set, const tc_sentence *s) {
    tc_input input;
    tc_status status;
    const tc_token *tokens;
    size_t n, i;
    int32_t word = -1;
    uint64_t with = 0;
    memset(&input, 0, sizeof input);
    input.words = s->words;
    input.word_count = s->count;
    status = tc_encoding_run(j->encoding, &input, NULL);
    if (status) {
        return labelled_fail(&set->file, s->lines[0], "%s",
                             j->c.diag.status == status ? j->c.diag.message
                                                        : tc_status_text(status));
    }
    tokens = tc_encoding_tokens(j->encoding, 0, &n);
    for (i = 0; i < n; i++) {
        if (tokens[i].special) continue;
        set->tokens++;
        set->unknown += tokens[i].id == j->unk;
        with += tokens[i].word != word;
        word = tokens[i].word;
    }
    set->lost += s->count - with;
    set->over += j->info->max_length && n > j->info->max_length;
    if (n > set->long_tokens) {
        set->long_tokens = n;
        set->long_line = s->lines[0];
    }
    return 0;
}

/* Second pass: everything else. */
static int data_read(data_job *j, int which, tool_progress *progress) {
    data_set *set = &j->sets[which];
    size_t n = set->file.info->sentences, i, k;
    tc_sentence s;
    set->hashes = (uint64_t *)malloc((n ? n : 1) * sizeof *set->hashes);
    if (!set->hashes) return data_memory();
    for (i = 0; i < n; i++) {
        uint64_t all = 1;
        if (labelled_sentence(&set->file, i, &s)) return 1;
        data_entities(j, which, &s);
        for (k = 0; k < s.count; k++) {
            uint64_t one = data_hash(1, s.words[k]);
            all = data_hash(all, s.words[k]);
            one += !one; /* 0 is no hash */
            if (which) {
                j->unseen += !data_has(&j->words, one);
            } else if (j->dev && data_put(&j->words, one)) {
                return 1;
            }
        }
        set->hashes[i] = all;
        if (j->encoding && data_tokens(j, set, &s)) return 1;
        tool_progress_step(progress, i + 1, i + 1);
    }
    return 0;
}

static void data_repeats(data_job *j) {
    size_t i, n;
    int which;
    for (which = 0; which < 2; which++) {
        data_set *set = &j->sets[which];
        if (!set->open) continue;
        n = set->file.info->sentences;
        if (which) { /* before its hashes are in another order */
            for (i = 0; i < n; i++) {
                j->shared +=
                    bsearch(&set->hashes[i], j->sets[0].hashes, j->sets[0].file.info->sentences,
                            sizeof *set->hashes, data_order) != NULL;
            }
        }
        qsort(set->hashes, n, sizeof *set->hashes, data_order);
        for (i = 1; i < n; i++) set->repeated += set->hashes[i] == set->hashes[i - 1];
    }
}

static int data_model(data_job *j) {
    tc_env env;
    const tc_tokenizer *tokenizer;
    tc_tokenizer_desc *desc;
    tc_status status;
    if (!j->model_path) return 0;
    if (common_load(&j->c, j->model_path, &j->model)) return 1;
    env = common_env(&j->c);
    j->info = tc_model_get_info(j->model);
    tokenizer = tc_model_tokenizer(j->model);
    if (!tokenizer) return tool_fail(tool_input(j->model_path), "the model has no tokenizer");
    status = tc_tokenizer_describe(tokenizer, &env, &desc);
    if (!status) {
        j->unk = desc->unk_id;
        tc_tokenizer_desc_free(desc);
        status = tc_encoding_create(tokenizer, &env, &j->encoding);
    }
    return status ? common_fail(&j->c, tool_input(j->model_path), status) : 0;
}

static int data_open(data_job *j, const char *path) {
    int which;
    for (which = 0; which < (j->dev ? 2 : 1); which++) {
        data_set *set = &j->sets[which];
        if (labelled_open(&set->file, &j->c, which ? j->dev : path, (int)j->column)) return 1;
        set->open = 1;
    }
    return data_model(j) || data_labels(j);
}

static int data_work(data_job *j) {
    tool_progress progress;
    int which, failed = 0;
    for (which = 0; which < 2 && !failed; which++) {
        data_set *set = &j->sets[which];
        if (!set->open) continue;
        tool_progress_start(&progress, "data", set->file.info->sentences, j->c.progress);
        failed = data_count(j, which) || data_read(j, which, &progress);
        tool_progress_end(&progress);
    }
    if (!failed) data_repeats(j);
    return failed;
}

/* -------------------------------------------------------------------------------- text */

static void data_field(out *o, const char *name) {
    out_text(o, "  ");
    out_cell(o, name, -DATA_NAME);
}

static void data_number(out *o, const char *name, uint64_t value) {
    data_field(o, name);
    out_count(o, value, 0);
    out_char(o, '\n');
}

static void data_part(out *o, const char *name, uint64_t part, uint64_t whole) {
    data_field(o, name);
    out_count(o, part, 0);
    out_text(o, " (");
    out_share(o, part, whole, 0);
    out_text(o, ")\n");
}

static void data_longest(out *o, const char *name, uint64_t count, const char *unit,
                         uint64_t line) {
    char text[80];
    data_field(o, name);
    snprintf(text, sizeof text, "%llu %s, line %llu\n", (unsigned long long)count, unit,
             (unsigned long long)line);
    out_text(o, text);
}

static void data_shape(out *o, const tc_data_info *d) {
    char text[160];
    data_field(o, "format");
    if (d->format == TC_DATA_JSON) {
        out_text(o, d->array ? "JSON, one array of objects\n" : "JSON, an object a line\n");
        return;
    }
    if (!d->columns) {
        out_text(o, "empty\n");
        return;
    }
    snprintf(text, sizeof text, "%d column%s between %s: words in %d, labels in %d%s\n",
             d->columns, d->columns == 1 ? "" : "s", d->tabs ? "tabs" : "spaces",
             d->word_column, d->column,
             d->columns == 1 ? " (none: every label is O)"
             : d->numbered   ? ", words are numbered"
                             : "");
    out_text(o, text);
}

static void data_bad_text(out *o, const data_bad *b, scheme_kind scheme) {
    char line[48];
    snprintf(line, sizeof line, "    line %llu: ", (unsigned long long)b->line);
    out_text(o, line);
    out_cell(o, b->label ? b->label : "the sentence", 0);
    if (b->foreign) {
        out_text(o, " is no label of ");
        out_text(o, scheme_names[scheme]);
    } else if (!b->before) {
        out_text(o, " begins the sentence");
    } else {
        out_text(o, b->label ? " after " : " ends after ");
        out_cell(o, b->before, 0);
    }
    out_char(o, '\n');
}

static void data_tokens_text(data_job *j, const data_set *s) {
    out *o = &j->o;
    data_number(o, "tokens", s->tokens);
    data_part(o, "unknown tokens", s->unknown, s->tokens);
    if (s->lost) data_part(o, "words without tokens", s->lost, s->file.info->words);
    if (s->long_line) {
        data_longest(o, "longest in tokens", s->long_tokens, "with special ones", s->long_line);
    }
    if (j->info->max_length) {
        char name[40];
        snprintf(name, sizeof name, "over %lu tokens", (unsigned long)j->info->max_length);
        data_part(o, name, s->over, s->file.info->sentences);
    }
}

static void data_set_text(data_job *j, int which) {
    const data_set *s = &j->sets[which];
    const tc_data_info *d = s->file.info;
    out *o = &j->o;
    uint64_t i;
    if (which) out_char(o, '\n');
    out_cell(o, s->file.path, 0);
    out_char(o, '\n');
    data_shape(o, d);
    data_number(o, "sentences", d->sentences);
    data_number(o, "words", d->words);
    if (s->longest_line) {
        data_longest(o, "longest sentence", d->longest, "words", s->longest_line);
    }
    data_part(o, "repeated sentences", s->repeated, d->sentences);
    data_number(o, "labels", d->num_labels);
    if (j->spans) {
        data_number(o, "entities", s->entities);
        data_field(o, "scheme");
        out_text(o, scheme_names[s->scheme]);
        out_char(o, '\n');
        data_number(o, "invalid labels", s->invalid);
        for (i = 0; i < s->invalid && i < DATA_SHOWN; i++) {
            data_bad_text(o, &s->bad[i], s->scheme);
        }
    }
    if (j->encoding) data_tokens_text(j, s);
}

/* Labels of --dev that the file does not have. */
static void data_new_text(data_job *j) {
    out *o = &j->o;
    size_t i, n = 0;
    data_field(o, "labels not there");
    for (i = 0; i < j->labels.count; i++) {
        if (j->labels.items[i].count[0] || !j->labels.items[i].count[1]) continue;
        if (n++) out_text(o, ", ");
        out_cell(o, j->labels.items[i].name, 0);
    }
    out_text(o, n ? "\n" : "none\n");
}

static void data_table_text(data_job *j, const char *title, const data_names *n,
                            const uint64_t *whole) {
    out *o = &j->o;
    size_t i;
    int which, sets = j->dev ? 2 : 1;
    if (!n->count) return;
    out_char(o, '\n');
    out_cell(o, title, -DATA_NAME - 2);
    out_text(o, "     count   share");
    if (j->dev) out_text(o, "       dev   share");
    out_char(o, '\n');
    for (i = 0; i < n->count; i++) {
        data_field(o, n->items[i].name);
        for (which = 0; which < sets; which++) {
            out_count(o, n->items[i].count[which], 10);
            out_share(o, n->items[i].count[which], whole[which], 8);
        }
        out_char(o, '\n');
    }
}

static void data_text(data_job *j) {
    uint64_t words[2] = {0, 0}, entities[2];
    out *o = &j->o;
    int which;
    for (which = 0; which < 2; which++) {
        entities[which] = j->sets[which].entities;
        if (!j->sets[which].open) continue;
        words[which] = j->sets[which].file.info->words;
        data_set_text(j, which);
    }
    if (j->dev) {
        out_text(o, "\nof the second file against the first\n");
        data_part(o, "sentences of both", j->shared, j->sets[1].file.info->sentences);
        data_part(o, "words not there", j->unseen, words[1]);
        data_new_text(j);
    }
    data_table_text(j, "entities", &j->types, entities);
    data_table_text(j, "labels", &j->labels, words);
}

/* -------------------------------------------------------------------------------- JSON */

static void data_json_share(out *o, const char *key, uint64_t part, uint64_t whole) {
    out_key_float(o, key, whole ? (double)part / (double)whole : 0);
}

static void data_json_names(out *o, const char *key, const data_names *n, int which) {
    size_t i;
    out_key(o, key);
    out_char(o, '{');
    for (i = 0; i < n->count; i++) {
        if (n->items[i].count[which]) {
            out_key_uint(o, n->items[i].name, n->items[i].count[which]);
        }
    }
    out_char(o, '}');
}

static void data_json_shape(out *o, const tc_data_info *d) {
    out_key_text(o, "format",
                 d->format == TC_DATA_COLUMNS ? "columns"
                 : d->array                   ? "json"
                                              : "jsonl");
    if (d->format == TC_DATA_COLUMNS) {
        out_key_text(o, "separator", d->tabs ? "tab" : "space");
        out_key_uint(o, "columns", (uint64_t)d->columns);
        out_key_uint(o, "word_column", (uint64_t)d->word_column);
        out_key(o, "label_column");
        if (d->columns > 1) {
            out_uint(o, (uint64_t)d->column);
        } else {
            out_text(o, "null");
        }
    }
}

static void data_json_bad(out *o, const data_set *s) {
    uint64_t i;
    out_key_uint(o, "invalid", s->invalid);
    out_key(o, "invalid_first");
    out_char(o, '[');
    for (i = 0; i < s->invalid && i < DATA_SHOWN; i++) {
        if (i) out_text(o, ", ");
        out_char(o, '{');
        out_key_uint(o, "line", s->bad[i].line);
        out_key_text(o, "before", s->bad[i].before);
        out_key_text(o, "label", s->bad[i].label);
        out_char(o, '}');
    }
    out_char(o, ']');
}

static void data_json_tokens(data_job *j, const data_set *s) {
    out *o = &j->o;
    out_key_uint(o, "tokens", s->tokens);
    out_key_uint(o, "unknown_tokens", s->unknown);
    data_json_share(o, "unknown_share", s->unknown, s->tokens);
    out_key_uint(o, "words_without_tokens", s->lost);
    out_key_uint(o, "longest_tokens", s->long_tokens);
    out_key_uint(o, "longest_tokens_line", s->long_line);
    out_key(o, "max_length");
    if (j->info->max_length) {
        out_uint(o, j->info->max_length);
    } else {
        out_text(o, "null");
    }
    out_key_uint(o, "over_max_length", s->over);
}

static void data_json_set(data_job *j, int which) {
    const data_set *s = &j->sets[which];
    const tc_data_info *d = s->file.info;
    out *o = &j->o;
    out_key_text(o, "file", s->file.path);
    data_json_shape(o, d);
    out_key_uint(o, "sentences", d->sentences);
    out_key_uint(o, "words", d->words);
    out_key_uint(o, "longest_words", d->longest);
    out_key_uint(o, "longest_words_line", s->longest_line);
    out_key_uint(o, "repeated_sentences", s->repeated);
    data_json_names(o, "labels", &j->labels, which);
    out_key_text(o, "scheme", s->scheme ? scheme_names[s->scheme] : NULL);
    data_json_names(o, "entities", &j->types, which);
    data_json_bad(o, s);
    if (j->encoding) data_json_tokens(j, s);
}

static void data_json(data_job *j) {
    out *o = &j->o;
    size_t i, n = 0;
    out_char(o, '{');
    data_json_set(j, 0);
    if (j->dev) {
        uint64_t words = j->sets[1].file.info->words;
        out_key(o, "dev");
        out_char(o, '{');
        data_json_set(j, 1);
        out_key_uint(o, "sentences_in_file", j->shared);
        out_key_uint(o, "words_not_in_file", j->unseen);
        data_json_share(o, "words_not_in_file_share", j->unseen, words);
        out_key(o, "labels_not_in_file");
        out_char(o, '[');
        for (i = 0; i < j->labels.count; i++) {
            if (j->labels.items[i].count[0] || !j->labels.items[i].count[1]) continue;
            if (n++) out_text(o, ", ");
            out_json_text(o, j->labels.items[i].name);
        }
        out_text(o, "]}");
    }
    out_text(o, "}\n");
}

int cmd_data(int argc, char **argv) {
    data_job j;
    const char *path;
    int count = 0, status, which;
    memset(&j, 0, sizeof j);
    common_init(&j.c);
    status = data_parse(&j, argc, argv, &count);
    path = status < 0 && count ? argv[1] : "-";
    if (status < 0) status = data_check(&j, path);
    if (status < 0) {
        status = data_open(&j, path) || data_work(&j);
        if (!status && j.format == DATA_JSON) data_json(&j);
        if (!status && j.format == DATA_TEXT) data_text(&j);
        if (!status) status = out_flush(&j.o);
    }
    out_free(&j.o);
    for (which = 0; which < 2; which++) {
        labelled_close(&j.sets[which].file);
        free(j.sets[which].hashes);
    }
    free(j.labels.items);
    free(j.types.items);
    free(j.words.slots);
    tc_encoding_free(j.encoding);
    common_unload(&j.c, j.model);
    return status;
}
