/* t_data.h - labelled sentences: columns, JSON, malformed lines, the shared corpora. */
#ifndef T_DATA_H
#define T_DATA_H

/* The sentences as "word/label word/label|...", or "!LINE: message". */
static const char *data_text(const char *text, size_t size, tc_data_format format, int column) {
    static char out[4096];
    tc_data_options o;
    tc_dataset *d;
    tc_diag diag;
    tc_env env;
    tc_sentence s;
    size_t i, k, n = 0;
    char *copy = (char *)malloc(size ? size : 1); /* a sanitizer sees every byte behind it */
    memcpy(copy, text, size);
    memset(&env, 0, sizeof env);
    memset(&diag, 0, sizeof diag);
    memset(&o, 0, sizeof o);
    env.diag = &diag;
    o.format = format;
    o.column = column;
    out[0] = 0;
    if (tc_dataset_open(copy, size, &o, &env, &d)) {
        CHECK(!d);
        snprintf(out, sizeof out, "!%u: %s", (unsigned)diag.line, diag.message);
        free(copy);
        return out;
    }
    for (i = 0; i < tc_dataset_get_info(d)->sentences && n + 200 < sizeof out; i++) {
        CHECK(!tc_dataset_sentence(d, i, &s));
        for (k = 0; k < s.count && n + 200 < sizeof out; k++) {
            CHECK(s.lines[k] > 0 && (!k || s.lines[k] >= s.lines[k - 1]));
            n += (size_t)snprintf(out + n, sizeof out - n, "%s%.*s/%.*s",
                                  k   ? " "
                                  : i ? "|"
                                      : "",
                                  (int)s.words[k].length, s.words[k].data,
                                  (int)s.labels[k].length, s.labels[k].data);
        }
    }
    CHECK(tc_dataset_sentence(d, i, &s) == TC_ERROR_ARGUMENT && !s.count);
    tc_dataset_free(d);
    free(copy);
    return out;
}

static void data_is(const char *text, int column, const char *want) {
    const char *got = data_text(text, strlen(text), TC_DATA_AUTO, column);
    int good = !strcmp(got, want);
    CHECK_CASE(good, text);
    if (!good) printf("    gives %s\n", got);
}

/* A message that begins with "line" and holds some words. */
static void data_fails(const char *text, int column, unsigned line, const char *words) {
    const char *got = data_text(text, strlen(text), TC_DATA_AUTO, column);
    char want[32];
    int good;
    snprintf(want, sizeof want, "!%u: ", line);
    good = !strncmp(got, want, strlen(want)) && strstr(got, words);
    CHECK_CASE(good, text);
    if (!good) printf("    gives %s\n", got);
}

static void test_data_columns(void) {
    static const char plain[] = "a/B-X b/I-X|c/O";
    data_is("", 0, "");
    data_is("\n\n \t\n", 0, "");
    data_is("a B-X\nb I-X\n\nc O\n", 0, plain);
    data_is("a B-X\nb I-X\n\n\n  \t\nc O", 0, plain);
    data_is("a B-X\r\nb I-X\r\n\r\nc O\r\n", 0, plain);
    data_is("\xEF\xBB\xBF"
            "a B-X\nb I-X\n\nc O\n",
            0, plain);
    data_is("a\tB-X\nb\tI-X\n\nc\tO\n", 0, plain);
    data_is("  a   B-X  \nb I-X \n\nc  O", 0, plain);
    data_is("-DOCSTART- -X- -X- O\n\na N y B-X\nb V z I-X\n-DOCSTART- O\nc D - O\n", 0, plain);
    data_is("a N B-X\nb V I-X\n\nc D O\n", 2, "a/N b/V|c/D");
    data_is("a N B-X\nb V I-X\n\nc D O\n", -2, "a/N b/V|c/D");
    data_is("a N B-X\nb V I-X\n\nc D O\n", 1, "a/a b/b|c/c");
    data_is("a N B-X 1\nb V I-X 1 more\n", 3, "a/B-X b/I-X"); /* columns behind the label */
    data_is("EU\nrejects\n\nx\n", 0, "EU/O rejects/O|x/O");
    data_is("new york\tB-LOC\n", 0, "new york/B-LOC");   /* a space is part of a word */
    data_is("a\tB-X\t\nb\tI-X\t\n\nc\tO\t\n", 0, plain); /* an empty column at the end */
    data_is("# text = a b c\na\tB-X\nb\tI-X\n\n# more\nc\tO\n", 0, plain);
    data_is("# O\na B-X\n", 0, "#/O a/B-X");
    data_is("a B-X\n# O\n#tag O\n", 0, "a/B-X #/O #tag/O");
    data_is("a B-X\n# a comment of this file\nb I-X\n", 0, "a/B-X b/I-X");
    data_is("{ -LRB- O\n[ -LRB- O\n", 0, "{/O [/O"); /* no JSON */
    data_is("[ O\n", 0, "[/O");
    data_is("{} O\n[] B-X\n", 0, "{}/O []/B-X");
    data_is("[] B-X\n{} O\n", 0, "[]/B-X {}/O");
    data_is("[ {\n\na O\n", 0, "[/{|a/O");
    {
        const size_t n = (size_t)1 << 22; /* no call for each */
        char *deep = (char *)malloc(n + 1);
        tc_dataset *d = NULL;
        memset(deep, '[', n);
        CHECK(!tc_dataset_open(deep, n, NULL, NULL, &d) &&
              tc_dataset_get_info(d)->format == TC_DATA_COLUMNS);
        tc_dataset_free(d);
        free(deep);
    }
    data_is("\xE5\x8C\x97 B-LOC\n\xE4\xBA\xAC I-LOC\n", 0,
            "\xE5\x8C\x97/B-LOC \xE4\xBA\xAC/I-LOC");
    data_fails("a O\nb\n", 0, 2, "the number of columns is 1, in the first lines it is 2");
    data_fails("a O\n\nb x O\n", 0, 3, "the number of columns is 3");
    data_fails("a O\n", 3, 1, "fewer columns");
    data_fails("\na O\n", -3, 2, "fewer columns");
    data_fails("a\tO\n\tO\n", 0, 2, "the word is empty");
    data_fails("a\t\tx\nb\tO\tx\n", 2, 1, "the label is empty");
    data_fails("a O\nb \xFF\n", 0, 2, "no UTF-8");
}

static void test_data_numbered(void) {
    data_is("1\ta\tB-X\t-\n2\tb\tI-X\t-\n\n# c\n1\tc\tO\t-\n", 0, "a/B-X b/I-X|c/O");
    data_is("1 a N B-X\n2 b V I-X\n", 0, "a/B-X b/I-X");
    data_is("1 a N B-X\n\n1 b V I-X\n", 0, "a/B-X|b/I-X");
    /* chunks and entities: the last; nested entities: the outermost */
    data_is("1 a B-NP B-X\n2 b I-NP O\n3 c B-VP O\n", 0, "a/B-X b/O c/O");
    data_is("1 a B-X O\n2 b I-X B-Y\n3 c B-Y O\n", 0, "a/B-X b/I-X c/B-Y");
    data_is("1 a B-X O\n2 b I-X O\n3 c B-Y O\n", 0, "a/B-X b/I-X c/B-Y");
    data_is("1 a B-X O\n2 b I-X B-Y\n3 c B-Y O\n", 4, "a/O b/B-Y c/O");
    /* CoNLL-U: the fourth of ten columns; ranges and empty nodes are no words */
    data_is("# sent_id = 1\n"
            "1-2\tdon't\t_\t_\t_\t_\t_\t_\t_\t_\n"
            "1\tdo\tdo\tAUX\tVB\t_\t3\taux\t_\t_\n"
            "2\tn't\tnot\tPART\tRB\t_\t3\tadv\t_\t_\n"
            "2.1\tgone\t_\t_\t_\t_\t_\t_\t_\t_\n"
            "3\tgo\tgo\tVERB\tVB\t_\t0\troot\t_\t_\n\n"
            "1\tx\tx\tX\tY\t_\t0\troot\t_\t_\n",
            0, "do/AUX n't/PART go/VERB|x/X");
    data_is("1\tdo\tdo\tAUX\tVB\t_\t3\taux\t_\t_\n"
            "2\tit\tit\tPRON\tPRP\t_\t3\tobj\t_\t_\n",
            5, "do/VB it/PRP");
    data_is("1 2 O\n3 4 O\n", 0, "1/O 3/O"); /* numbers that count nothing */
    data_is("1 CD O\n\nPeter-Paul NNP B-X\n. . O\n", 0, "1/O|Peter-Paul/B-X ./O");
    data_is("0.1 x O\n1 a O\n\n1 b O\n2 c B-X\n", 0, "a/O|b/O c/B-X");
    data_is("1 a O\n2 b O\n4 c B-X\n", 0, "a/O b/O c/B-X"); /* one was taken out */
    data_is("1 a O\n3 b O\n5 c B-X\n", 0, "1/O 3/O 5/B-X");
    data_is("# sent_id = 1\n1 The DET O\n2 cat NOUN O\n\n# sent_id = 2\n1 Anna PROPN B-PER\n",
            0, "The/O cat/O|Anna/B-PER");
    data_fails("1 a B-X\n2 b I-X\n3 c\n", 0, 3, "the number of columns is 2");
}

static void test_data_json(void) {
    static const char plain[] = "a/B-X b/I-X|c/O";
    data_is("{\"tokens\":[\"a\",\"b\"],\"ner_tags\":[\"B-X\",\"I-X\"]}\n"
            "{\"tokens\":[\"c\"],\"ner_tags\":[\"O\"]}\n",
            0, plain);
    data_is(
        " { \"id\" : 7 , \"words\" : [ \"a\" , \"b\" ] , \"labels\" : [ \"B-X\" , \"I-X\" ] "
        "}\r\n\r\n{\"tags\":[\"O\"],\"words\":[\"c\"]}",
        0, plain);
    data_is("[{\"tokens\":[\"a\",\"b\"],\n\"tags\":[\"B-X\",\"I-X\"]},\n\n"
            "{\"tokens\":[\"c\"],\"tags\":[\"O\"]}]\n",
            0, plain);
    data_is("[\n  {\"tokens\": [\"a\"], \"tags\": [\"O\"]}\n]", 0, "a/O");
    data_is("[]", 0, "");
    data_is("{\"tokens\":[],\"tags\":[]}\n{\"tokens\":[\"a\"],\"tags\":[\"O\"]}\n", 0, "a/O");
    /* the best key wins, wherever it stands; numbers of others do not matter */
    data_is("{\"tokens\":[\"a\"],\"pos_tags\":[\"N\"],\"ner_tags\":[\"B-X\"],"
            "\"chunk_tags\":[\"B-NP\"]}",
            0, "a/B-X");
    data_is("{\"tokens\":[\"a\"],\"pos_tags\":[22],\"ner_tags\":[\"B-X\"],\"x\":{\"a\":[1]}}",
            0, "a/B-X");
    data_is("{\"tokens\":[\"a\"],\"pos_tags\":[\"N\"]}", 0, "a/N");
    data_is("{\"tokens\":[\"a\"],\"label\":\"positive\",\"tags\":[\"O\"]}", 0, "a/O");
    /* spans of a text */
    data_is("{\"text\":\"Ann Lee met Bob.\",\"entities\":[{\"start\":12,\"end\":15,"
            "\"label\":\"PER\"},{\"start\":0,\"end\":7,\"label\":\"PER\"}]}",
            0, "Ann/B-PER Lee/I-PER met/O Bob/B-PER ./O");
    data_is("{\"text\":\"Ann x\",\"label\":[[0,3,\"P\"]]}", 0, "Ann/B-P x/O");
    data_is("{\"text\":\"Ann x\",\"spans\":[],\"labels\":null}", 0, "Ann/O x/O");
    data_is("{\"text\":\"Ann x\",\"labels\":[]}", 0, "Ann/O x/O");
    data_is("{\"text\":\"abc\",\"ents\":[{\"span\":[1,2],\"type\":\"T\"}]}", 0,
            "a/O b/B-T c/O");
    data_is("{\"text\":\"abcd\",\"ents\":[[0,2,\"T\"],[2,4,\"T\"]]}", 0, "ab/B-T cd/B-T");
    data_is("{\"text\":\"a b c d\",\"spans\":[[0,7,\"T\"]]}", 0, "a/B-T b/I-T c/I-T d/I-T");
    data_is("{\"text\":\"a \\u00e9\\u4f60\\ud83d\\ude2d b\",\"spans\":[[2,5,\"T\"]]}", 0,
            "a/O \xC3\xA9\xE4\xBD\xA0\xF0\x9F\x98\xAD/B-T b/O");
    data_is("{\"text\":\"a b\",\"tokens\":[{\"text\":\"a\"}],\"spans\":[{\"start\":0,\"end\":1,"
            "\"token_start\":0,\"label\":\"T\"}]}",
            0, "a/B-T b/O");
    /* escapes */
    data_is("{\"tokens\":[\"\\\"\\\\\\/\\u0041\",\"x\"],\"tags\":[\"\\u004f\",\"B-\\u00e9\"]}",
            0, "\"\\/A/O x/B-\xC3\xA9");
}

/* A span of many words: memory is linear in the text. */
static void test_data_long_span(void) {
    enum { WORDS = 2000 };
    static char text[2 * WORDS + 200];
    tc_dataset *d;
    tc_sentence s;
    size_t n = (size_t)sprintf(text, "{\"text\":\""), i;
    for (i = 0; i < WORDS; i++) n += (size_t)sprintf(text + n, "a ");
    n += (size_t)sprintf(text + n, "\",\"spans\":[[0,%d,\"LONG-LABEL\"]]}", 2 * WORDS);
    CHECK(!tc_dataset_open(text, n, NULL, NULL, &d) && !tc_dataset_sentence(d, 0, &s));
    CHECK(s.count == WORDS && !memcmp(s.labels[0].data, "B-LONG-LABEL", 12) &&
          !memcmp(s.labels[WORDS - 1].data, "I-LONG-LABEL", 12));
    CHECK(d->prefixed.capacity < 1000);
    tc_dataset_free(d);
}

static void test_data_json_fails(void) {
    static const char good[] = "{\"tokens\":[\"a\"],\"tags\":[\"O\"]}";
    static const struct {
        const char *line, *words;
    } bad[] = {
        {"x", "an object is missing"},
        {"{}", "the object is empty"},
        {"{\"tokens\":[\"a\"]}", "words and no labels"},
        {"{\"tags\":[\"O\"]}", "labels and no words"},
        {"{\"id\":1}", "no words and no text"},
        {"{\"text\":\"a\"}", "a text and no spans"},
        {"{\"text\":\"a\",\"labels\":[\"sport\"]}", "labels and no words"},
        {"{\"tokens\":[\"a\",\"b\"],\"tags\":[\"O\"]}", "not as many labels as words"},
        {"{\"tokens\":[\"a\"],\"ner_tags\":[3]}", "labels are numbers"},
        {"{\"tokens\":[\"\"],\"tags\":[\"O\"]}", "a word is empty"},
        {"{\"tokens\":[\"a\"],\"tags\":[\"\"]}", "a label is empty"},
        {"{\"tokens\":[\"a\",1],\"tags\":[\"O\",\"O\"]}", "a string is missing"},
        {"{\"tokens\":[\"a\" \"b\"],\"tags\":[\"O\"]}", "an array does not end"},
        {"{\"tokens\":[\"a\"],\"tags\":[\"O\"]", "the object does not end"},
        {"{\"tokens\":[\"a\"],\"tags\":[\"O\"]} x", "more than one value"},
        {"{\"tokens\" [\"a\"]}", "a key is missing"},
        {"{\"tokens\":[\"a", "a string does not end"},
        {"{\"tokens\":[\"\\x\"],\"tags\":[\"O\"]}", "a wrong escape"},
        {"{\"tokens\":[\"\\u12g4\"],\"tags\":[\"O\"]}", "a wrong \\u escape"},
        {"{\"tokens\":[\"\\ud800\"],\"tags\":[\"O\"]}", "a lone surrogate"},
        {"{\"tokens\":[\"\\ud800\\u0041\"],\"tags\":[\"O\"]}", "a lone surrogate"},
        {"{\"tokens\":[\"\\udc00\"],\"tags\":[\"O\"]}", "a lone surrogate"},
        {"{\"tokens\":[\"a\tb\"],\"tags\":[\"O\"]}", "a control character"},
        {"{\"tokens\":[\"a\"],\"tags\":[\"\\u0000\"]}", "no UTF-8"},
        {"{\"tokens\":[\"a\"],\"tags\":[\"\xC3\"]}", "no UTF-8"},
        {"{\"x\":[1,\"tags\":[\"O\"]}", "does not end"},
        {"{\"x\":}", "a value is missing"},
        {"{\"text\":\"ab\",\"spans\":[[0,3,\"T\"]]}", "behind the text"},
        {"{\"text\":\"ab\",\"spans\":[[1,1,\"T\"]]}", "empty or overlaps"},
        {"{\"text\":\"abc\",\"spans\":[[0,2,\"T\"],[1,3,\"T\"]]}", "empty or overlaps"},
        {"{\"text\":\"a  b\",\"spans\":[[1,3,\"T\"]]}", "white space alone"},
        {"{\"text\":\"ab\",\"spans\":[[0,\"T\"]]}", "a number is missing"},
        {"{\"text\":\"ab\",\"spans\":[[0,1]]}", "not [start, end, label]"},
        {"{\"text\":\"ab\",\"spans\":[{\"start\":0,\"end\":1}]}", "lacks start, end"},
        {"{\"text\":\"ab\",\"spans\":[{\"start\":0.5,\"end\":1,\"label\":\"T\"}]}",
         "does not end"},
        {"{\"text\":\"ab\",\"spans\":[{\"start\":-1,\"end\":1,\"label\":\"T\"}]}",
         "a number is missing"},
        {"{\"text\":\"ab\",\"spans\":[{\"span\":[0],\"label\":\"T\"}]}", "not [start, end]"},
        {"{\"text\":\"ab\",\"spans\":[7]}", "a text and no spans"}};
    static const struct {
        const char *line;
        unsigned at;
        const char *words;
    } arrays[] = {
        {"[\n%s", 2, "the array does not end"},    {"[%s,\n%s,\n", 3, "the array does not end"},
        {"[%s\n%s]", 2, "a comma is missing"},     {"[%s,\n,%s]", 2, "an object is missing"},
        {"[%s,\n%s,]", 2, "an object is missing"}, {"[%s,\n%s]\n]", 3, "more than one value"},
        {"[%s]\n%s", 2, "more than one value"}};
    char text[512];
    size_t i;
    for (i = 0; i < sizeof bad / sizeof *bad; i++) {
        snprintf(text, sizeof text, "%s\n\n%s\n%s\n", good, bad[i].line, good);
        data_fails(text, 0, 3, bad[i].words);
        if (strstr(bad[i].words, "more than")) continue; /* in an array the next object */
        snprintf(text, sizeof text, "[%s,\n\n%s", good, bad[i].line);
        data_fails(text, 0, 3, bad[i].words);
    }
    data_fails("[{\"tokens\":[\"a\"],\n\"tags\":[\n\"O\",\n5]}]", 0, 4, "labels are numbers");
    for (i = 0; i < sizeof arrays / sizeof *arrays; i++) { /* % is a good object */
        snprintf(text, sizeof text, arrays[i].line, good, good);
        data_fails(text, 0, arrays[i].at, arrays[i].words);
    }
}

/* What a data set says of itself. */
static void test_data_info(void) {
    static const char text[] = "# c\n1\ta\tB-X\n2\tb\tO\n\n1\tc\tB-A\n";
    static const char array[] = "[{\"words\":[\"a\"],\"tags\":[\"O\"]}]";
    const tc_data_info *n;
    tc_dataset *d;
    tc_sentence s;
    CHECK(!tc_dataset_open(text, sizeof text - 1, NULL, NULL, &d));
    n = tc_dataset_get_info(d);
    CHECK(n->format == TC_DATA_COLUMNS && n->sentences == 2 && n->words == 3 &&
          n->longest == 2);
    CHECK(n->columns == 3 && n->column == 3 && n->word_column == 2 && n->tabs && n->numbered);
    CHECK(n->num_labels == 3 && !strcmp(n->labels[0], "B-A") && !strcmp(n->labels[1], "B-X") &&
          !strcmp(n->labels[2], "O"));
    CHECK(!tc_dataset_sentence(d, 1, &s) && s.count == 1 && s.lines[0] == 5);
    CHECK(!tc_dataset_sentence(d, 0, &s) && s.count == 2 && s.lines[0] == 2 && s.lines[1] == 3);
    tc_dataset_free(d);
    CHECK(!tc_dataset_open(array, sizeof array - 1, NULL, NULL, &d));
    n = tc_dataset_get_info(d);
    CHECK(n->format == TC_DATA_JSON && n->array && n->sentences == 1 && !n->columns);
    tc_dataset_free(d);
    CHECK(!strcmp(data_text("{ x\n", 4, TC_DATA_COLUMNS, 0), "{/x"));
    CHECK(!strncmp(data_text("a O\n", 4, TC_DATA_JSON, 0), "!1: ", 4));
    CHECK(tc_dataset_open(NULL, 1, NULL, NULL, &d) == TC_ERROR_ARGUMENT && !d);
    CHECK(!tc_dataset_open(NULL, 0, NULL, NULL, &d) && !tc_dataset_get_info(d)->sentences);
    tc_dataset_free(d);
    CHECK(tc_dataset_load("no-such-file", NULL, NULL, &d) == TC_ERROR_IO && !d);
    tc_dataset_free(NULL);
}

/* One line of the shared list: its file has the sentences and words that it states. */
static int data_listed(char *line) {
    const char *counts = strrchr(line, '\t');
    char path[600];
    unsigned long sentences, words;
    tc_dataset *d;
    FILE *f;
    if (strncmp(line, "ner/", 4) && strncmp(line, "chunk/", 6) && strncmp(line, "pos/", 4))
        return 0;
    if (!counts || sscanf(counts, " %lu sentences, %lu tokens", &sentences, &words) != 2)
        return 0;
    *strchr(line, '\t') = 0;
    snprintf(path, sizeof path, "data/%.500s", line);
    f = fopen(shared_path(path), "rb");
    if (!f) return 0; /* listed, but not delivered */
    fclose(f);
    if (tc_dataset_load(shared_path(path), NULL, NULL, &d)) {
        CHECK_CASE(0, path);
        return 1;
    }
    CHECK_CASE(tc_dataset_get_info(d)->sentences == sentences, path);
    CHECK_CASE(tc_dataset_get_info(d)->words == words, path);
    tc_dataset_free(d);
    return 1;
}

static void test_data_shared(void) {
    size_t size, files = 0;
    char *text, *line, *end;
    if (!shared_here("manifest.tsv")) return;
    text = test_read_file(shared_path("manifest.tsv"), &size);
    for (line = text; line && *line; line = end) {
        end = line + strcspn(line, "\n");
        if (*end) *end++ = 0;
        files += (size_t)data_listed(line);
    }
    CHECK(files > 20);
    free(text);
}

static tc_status data_memory(ledger *l, const tc_env *env, const made *unused) {
    static const char *const texts[] = {
        "1 a B-X\n2 b I-X\n\n1 c O\n",
        "{\"text\":\"Ann \\u0041 Lee met\",\"spans\":[[0,9,\"PER\"]]}\n"
        "{\"tokens\":[\"a\",\"b\"],\"tags\":[\"B-X\",\"O\"]}"};
    tc_status status = TC_OK;
    int i, k;
    (void)l;
    (void)unused;
    for (k = 0; k < 2 && !status; k++)
        for (i = 0; i < 2 && !status; i++) {
            tc_dataset *d;
            tc_sentence s;
            status = tc_dataset_open(texts[i], strlen(texts[i]), NULL, env, &d);
            if (!status) status = tc_dataset_sentence(d, 0, &s);
            tc_dataset_free(d);
        }
    return status;
}

static void test_data(void) {
    test_data_columns();
    test_data_numbered();
    test_data_json();
    test_data_long_span();
    test_data_json_fails();
    test_data_info();
    test_data_shared();
    memory_fail(data_memory, NULL);
}

#endif
