/* fuzz_text.c - any bytes as text: the first two choose options, the rest is tokenized, decoded
 * and tagged. Offsets must lie in the text and rise with it. */
#define TOKCLASS_IMPLEMENTATION
#include "../tokclass.h"
#include "fuzz_main.h"
#include "test.h"
#include "t_support.h"

static void check_tokens(const tc_encoding *e, size_t length) {
    size_t w, i, n;
    for (w = 0; w < tc_encoding_window_count(e); w++) {
        const tc_token *t = tc_encoding_tokens(e, w, &n);
        for (i = 0; i < n; i++) {
            const tc_token *k = t + i;
            if (!tc_encoding_text(e, k).length) __builtin_trap();
            if (k->special || k->sequence) continue;
            if (k->start.byte > k->end.byte || k->end.byte > length) __builtin_trap();
            if (k->end.codepoint > k->end.byte || k->end.codepoint > k->end.utf16)
                __builtin_trap();
        }
    }
}

static void run_encoding(tc_encoding *e, const tc_input *input, unsigned choice) {
    int32_t ids[64];
    tc_encode_options o;
    tc_string text;
    size_t n, i;
    const tc_token *t;
    memset(&o, 0, sizeof o);
    o.no_special_tokens = choice & 1;
    o.max_length = choice & 2 ? 3 + (choice >> 3) % 16 : 0;
    o.stride = choice & 4 ? 2 : 0;
    o.truncation = (tc_truncation)((choice >> 3) % 3);
    o.strict_utf8 = (choice & 128) != 0;
    if (tc_encoding_run(e, input, &o)) return;
    check_tokens(e, input->length);
    t = tc_encoding_tokens(e, 0, &n);
    for (i = 0; i < n && i < 64; i++) ids[i] = t[i].id;
    if (tc_encoding_decode(e, ids, i, choice & 1, &text)) __builtin_trap();
}

static void run_tagger(tc_tagger *g, const tc_input *input, unsigned choice) {
    tc_tag_options o;
    tc_result *r;
    memset(&o, 0, sizeof o);
    o.aggregation = (tc_aggregation)(choice % 5);
    o.keep_all = choice & 32;
    o.constrain = choice & 64 ? TC_CONSTRAIN_BIO : TC_CONSTRAIN_NONE;
    if (tc_tagger_tag(g, input, 1, &o, &r)) __builtin_trap();
    tc_result_free(r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const plan p = {1, 16, 2, 16, 16, 2, 7, 12, "gelu", TC_S8};
    static made m;
    static tc_encoding *encoding;
    static tc_tagger *tagger;
    tc_string words[8];
    tc_input input;
    size_t i;
    if (size < 2 || size > 4096) return 0;
    if (!m.model && (!made_plan(&m, &p, NULL) || tc_tagger_create(m.model, NULL, &tagger) ||
                     tc_encoding_create(tc_model_tokenizer(m.model), NULL, &encoding)))
        return -1;
    memset(&input, 0, sizeof input);
    input.text = (const char *)data + 2;
    input.length = size - 2;
    if (data[1] & 1) {
        input.pair = input.text + input.length / 2;
        input.pair_length = input.length - input.length / 2;
        input.length /= 2;
    }
    run_encoding(encoding, &input, data[0]);
    input.pair = NULL;
    input.length = size - 2;
    if (data[1] & 2) {
        input.words = words;
        input.word_count = 8;
        for (i = 0; i < 8; i++) {
            words[i].data = input.text + i * input.length / 8;
            words[i].length = (i + 1) * input.length / 8 - i * input.length / 8;
        }
    }
    run_tagger(tagger, &input, data[1]);
    return 0;
}
