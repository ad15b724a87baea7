/* tokclass.h - token classification on the CPU: from text to entities, in one C file.
 * Version 0.1.0. MIT licence, at the end of this file.
 *
 * ====================================================================== contents
 * Every section has a banner with its name: search for it, or `make section S=33`.
 *
 * manual
 *   00-start    a program in ten lines
 *   01-manual   concepts, threads, errors, the .tcm file, limits
 *   02-terms    the letters used for shapes
 *   03-change   how to change this file
 * interface
 *   05-config   every macro
 *   06-types    status, environment, plain structs
 *   10-api-easy      load, tag, free
 *   11-api-model     models
 *   12-api-tokenizer text to tokens and back
 *   13-api-tagger    many inputs, all options
 *   14-api-writer    writing .tcm
 *   15-api-data      labelled sentences, scores
 *   16-api-train     training
 *   17-api-raw       token ids to logits, instruction sets
 * implementation
 *   20-plat     machine, compiler
 *   21-mem      allocator, checked sizes, buffers
 *   22-bytes    little-endian numbers, checksums, f16 and bf16
 *   23-utf8     code points
 *   24-diag     the sentence of a failure
 *   25-rng      random numbers
 *   28-thread   the pool
 *   30-cpu      what the CPU offers
 *   31-kref     the scalar reference: the definition of every op
 *   32-kvec     the small vector layer
 *   33-kx86     SSE2, AVX2, AVX-512
 *   34-karm     NEON, and plain C
 *   35-ktab     a table of ops for each level
 *   36-gemm     packed matrices, the product over blocks
 *   39-uni      character data
 *   40-tok      the tokenizer's tables as they lie in the file
 *   41-norm     the normalizer
 *   42-piece    words and WordPiece
 *   43-encode   added tokens, truncation, windows, template
 *   44-decode   tokens to text
 *   45-file     the container
 *   46-model    description and tensors
 *   47-write    building a file
 *   50-fwd      the encoder
 *   51-params   weights in training, gradients, moments
 *   52-bwd      the backward pass
 *   53-loss     cross entropy
 *   54-optim    AdamW, schedules
 *   55-data     labelled sentences
 *   56-train    the trainer
 *   57-score    seqeval's scores
 *   58-tag      the token-classification pipeline
 *   59-eval     sentences as the model sees them, evaluation
 *   60-run      the training loop, checkpoints
 *   70-public   the functions of the interface
 *   90-kbody    bodies of the ops, included once for each level
 *   91-kint     integer products, included for each level and type
 *   99-licence
 */

/* ======================================================================= 00-start
 *
 *     #define TOKCLASS_IMPLEMENTATION
 *     #include "tokclass.h"
 *
 *     int main(void) {
 *         tc_tagger *tagger;
 *         tc_result *found;
 *         size_t i;
 *         if (tc_load("examples/demo.tcm", &tagger)) return 1;
 *         if (tc_tag(tagger, "Ada Lovelace met Charles Babbage in London.", &found)) return 1;
 *         for (i = 0; i < found->inputs[0].count; i++) {
 *             const tc_entity *e = &found->inputs[0].entities[i];
 *             printf("%s %s %.3f\n", e->label, e->word.data, e->score);
 *         }
 *         tc_result_free(found);
 *         tc_tagger_free(tagger);
 *         return 0;
 *     }
 *
 *     cc -O2 program.c -o program -lm -lpthread
 */

/* ====================================================================== 01-manual
 *
 * Concepts. A model is a .tcm file: description, labels, tokenizer, weights. The program
 * `tokclass convert` makes one from a HuggingFace checkpoint. A tokenizer is part of a model.
 * An encoding turns text into tokens, a session tokens into numbers, a tagger text into
 * entities. What comes out is what `tokenizers` 0.22 and the token-classification pipeline of
 * `transformers` 4.57 give for the same checkpoint, in float32.
 *
 * Layers. Easy: tc_load, tc_tag. Objects: models, encodings, taggers with options. Raw: token
 * ids to logits and hidden states (17-api-raw).
 *
 * Threads. A model and its tokenizer are read-only and may be used by any number of threads at
 * once. An encoding, a session, a tagger and a writer belong to one thread at a time. A session
 * or tagger may have a pool of its own (tc_env.threads): its threads take over the signal mask
 * of the one that creates it, and end with the object; a process made by fork has none of them
 * and may neither use nor free such an object. Results do not depend on the number of
 * threads, on the batch, or on the order of its inputs (but for rounding: tc_compute).
 *
 * Same bits. Every result is defined as one sequence of IEEE operations and exact sums of
 * integers (31-kref), so AVX2, AVX-512, NEON and the scalar reference agree in every bit. Only
 * TC_LEVEL_BASE, for CPUs without fused multiply-add, differs by rounding, which in s8 can move
 * an activation to the next integer and a logit by some per cent of the largest. Conditions:
 * the floating-point environment that a program starts with (rounding to nearest, subnormals
 * kept: no -ffast-math in what is linked; the implementation refuses it), floats of 32 bits in
 * registers too (32-bit x86: -msse2 -mfpmath=sse), and finite numbers; the bits of a NaN are
 * the CPU's own.
 *
 * Precision. Weights stored as f16 and bf16 are computed in f32 (but see tc_compute). With
 * weights in s16 or s8 the products of the linear layers are made of integers: the other
 * operand is quantised token by token, to 14 bits or, between its least and largest number, to
 * 8. In s8 both operands are rotated first where a layer has a multiple of 128 inputs: times a
 * Hadamard matrix, sixteen numbers at a time, which leaves the product as it is but spreads
 * numbers that stand out, so that fewer steps are lost on them (Ashkboos et al., QuaRot, 2024).
 * Everything else is f32.
 *
 * Errors. A call that can fail returns a status and clears its output first. With tc_env.diag
 * set, one sentence says what was wrong and where. The library never prints, exits, or reads
 * the environment, and has no state but its objects; but null for an object of a call that
 * returns no status, and does not free it, meets TC_ASSERT (05-config). Any bytes may be handed
 * to it as text or as a file.
 *
 * Memory. All of it comes from tc_env.allocate. A loaded file is mapped, not read: pages are
 * shared by processes, and weights are used where they lie; those of f16 and bf16 are widened
 * in registers or in cache, part by part. After two calls of a shape a tagger allocates nothing
 * but its result.
 *
 * Labelled data. A data set maps a file of columns or JSON and knows where sentences begin;
 * a sentence is parsed when it is asked for. Scores count gold against predicted tags, sentence
 * by sentence, as seqeval does. tc_evaluate puts both together.
 *
 * Training. A trainer holds a copy of its base in f32, in memory as a .tcm file would be, so
 * that at any moment it is a model for sessions and taggers; tc_trainer_write gives its bytes.
 * An update is made of micro-batches: forward pass, loss (the mean over their labelled tokens,
 * then over the micro-batches), backward pass; then clipping by the norm of all gradients and
 * AdamW. Dropout depends on seed, update and the element's place alone. Of the word embeddings
 * only rows that some batch has used have moments. tc_trainer_run does everything: order,
 * windows for long sentences, evaluation, the best model, checkpoints; tc_trainer_step one
 * update for a loop of one's own, for which a batcher turns sentences into micro-batches. Same
 * data, options and seed give the same bytes, for any number of threads, on every level with
 * fused multiply-add, and for a run that was killed and resumed.
 *
 * Files. A file that is loaded must not be changed in place while it is in use; replace it by
 * renaming a new one.
 *
 * Limits. Text below 2 GiB; pieces and added tokens of up to 1024 bytes; 65,536 windows of a
 * pair of texts; models of the families BERT, DistilBERT and ELECTRA; WordPiece
 * tokenizers with the BERT normalizer; little-endian machines.
 *
 * The .tcm file. Little-endian; u32 and u64 are unsigned integers, f32 is IEEE. All sections
 * begin on 64 bytes. A reader ignores kinds of sections and keys that it does not know, and
 * refuses a version above its own. Checksums are XXH64 with seed 0.
 *
 *   header, 64 bytes
 *     0  8 bytes "tokclass"            24  u64 offset of the directory
 *     8  u32 version, now 1            32  u64 checksum of the directory
 *    12  u32 number of sections        40  u64 checksum of bytes 0 to 39
 *    16  u64 size of the file          48  16 zero bytes
 *   directory, 32 bytes for each section
 *     u32 kind (four ASCII letters), u32 zero, u64 offset, u64 size, u64 checksum
 *   "desc": u32 count, then for each value: string key, u32 kind, and a u64 (kind 1), an f32
 *     (kind 2) or a string (kind 3). A string is u32 length, its UTF-8 bytes, a zero byte. Keys
 *     are those of config.json: model_type, hidden_act, num_hidden_layers, hidden_size,
 *     intermediate_size, num_attention_heads, vocab_size, embedding_size,
 *     max_position_embeddings, type_vocab_size, layer_norm_eps, initializer_range (0.02 if
 *     missing); and task, producer, dtype (0 f32, 1 f16, 2 bf16, 3 s16, 4 s8), max_length,
 *     norm_placement ("post"), position_kind ("absolute"), hidden_dropout, attention_dropout,
 *     classifier_dropout (each 0.1 if it is not there), fixed_positions (0 or 1), padding (one
 *     more than the id of the padding token, 0 = none; 1 if it is not there).
 *   "labl": u32 count, then the labels as strings, by id
 *   "tens": u32 count, u32 zero, then for each tensor 48 bytes: u32 place of its name (which a
 *     zero byte ends) in this section, u32 layout (0 rows, 1 panels, 2 rotated panels), u32
 *     dtype, u32 rows, u32 columns, u32 zero, u64 offset in the file, u64 size, u64 checksum;
 *     then the names
 *   "data": the tensors, each on 64 bytes; its checksum field is zero
 *     rows    row-major, padded with zeros to a multiple of 16 numbers; for s16 and s8 then
 *             padded to 64 bytes and followed by one f32 scale for each row
 *     panels  [N/16][K/g][16][g] with g = 1 for f32, 2 for f16, bf16 and s16, 4 for s8; N and K
 *             padded with zeros. For s16 and s8 padded to 64 bytes and followed by an f32 scale
 *             and then an i32 sum of the integers for each of the N padded outputs
 *     rotated panels  of s8 with K a multiple of 128: the panels of another matrix. Of each row
 *             w and each 128 numbers of it, that has at 8i + j, j < 8, the sum over k < 16 of
 *             w[8k + j] / 16, with a minus where i & k has an odd number of ones
 *     number = integer * scale. Names: embeddings.word, .position, .type (rows);
 *     embeddings.norm.weight, .bias; embeddings.projection.weight, .bias where E != H; for each
 *     layer layer.I.attention.qkv (the rows of query, key, value stacked), .attention.output,
 *     .attention.norm, .ffn.up, .ffn.down, .ffn.norm, each with .weight and .bias; head.weight,
 *     .bias. Vectors, embeddings.type and head.weight are f32, the rest has the file's dtype.
 *   "trns" and "trnm" make a file a checkpoint of a training: its state (what a run must have
 *     in common with it, update, live rows, learning rate, scores so far, checksums of the
 *     moments; then the live rows of the word embeddings) and AdamW's moments: m and v of all
 *     tensors behind the word embeddings, then m and v of the live rows. Readers of models pass
 *     over both
 *   "tokn": 32 u32, then tables on 8 bytes. Offsets count from the section's beginning.
 *      0 kind, 1 = WordPiece   1 vocabulary V    2 flags     3 id of the unknown token
 *      4 most characters of a word               5 units of the vocabulary's trie
 *      6 added tokens    7 steps for one text    8 steps for two    9 blocks of characters
 *     10 numbers in the pool   11, 12 units of the tries of added tokens, raw and normalized
 *     13 bytes of strings      then offsets: 14 strings  15 token ends  16 trie  17 index
 *     18 blocks  19 pool  20 added tokens  21, 22 their tries  23 steps  24 prefix of
 *     continuing pieces and 25 its length  26 prefix that decoding removes and 27 its length
 *     (24 and 26 count from the beginning of the strings)  28 the token whose word is the
 *     text's own in entities: id + 2, 1 for none, 0 for that of 3
 *     flags: 1 clean_text  2 handle_chinese_chars  4 strip_accents  8 lowercase  16 truncates
 *       on the left  32 WordPiece decoder  64 with clean-up  128 clean_up_tokenization_spaces
 *     token ends: u32 [V + 1], token i is strings [ends[i], ends[i+1])
 *     tries: units of u32 link and u32 id (0xFFFFFFFF: none); unit 0 is the root. If bit 30 of
 *       link is set, the child by byte c is unit (link >> 8 & 0x3FFFFF) ^ c, provided that bit
 *       31 of that unit's link is set and its lower 8 bits are c. id: a token, or an added
 *       token's place in the list.
 *     characters: index is u16, blocks and pool are u32. Code point c has the entry
 *       blocks[index[c / 64] * 64 + c % 64], ill-formed bytes that of 0x110000. Bits 21 and 22:
 *       0 it becomes the code point in bits 0 to 20 (0: itself); 1 it is deleted; 2 it becomes
 *       a sequence, in the pool at the place in bits 0 to 20: a count, then code points; 3 a
 *       Hangul syllable, decomposed by rule. Bit 23: with a space on both sides. Its
 *       decomposition begins (24), ends (25) with a combining class other than 0, and one with
 *       such a class is kept (26). As normalized text it is white space (27), punctuation (28),
 *       a word character (29). It is deleted before marks are put in order (30).
 *     added tokens, by id: u32 offset and length in strings, u32 id, u32 flags (1 special
 *       2 normalized  4 single_word  8 lstrip  16 rstrip)
 *     steps: i32 id of a special token or -1, u8 sequence, u8 type, 2 zero bytes
 */

/* ======================================================================= 02-terms
 *
 *   T tokens of a batch      H hidden size           V vocabulary
 *   B sequences              I intermediate size     C labels
 *   S tokens of a sequence   A attention heads       E embedding size
 *   L layers                 d = H / A               P positions
 *   A product is C[M,N] = A[M,K] W[N,K]^T. Arrays are row-major; ld is a leading dimension.
 *   isa, level: an instruction set. Panel: 16 outputs of a matrix, packed. Tile: what one call
 *   of a kernel computes in registers.
 */

/* ====================================================================== 03-change
 *
 * The file reads from top to bottom: manual, interface, implementation. A section uses only
 * sections before it, and no function is declared ahead of its definition, so the compiler
 * keeps the layering. Private names begin with tc__ and the word of their section; kernels are
 * tc__k_<op>_<level>. Public functions are defined in 70-public and no section before it calls
 * them.
 *
 * A new op: add it to its list in 31-kref (TC__OPS, or that of s16, of s8, of training), write
 * its reference there and its body in 90-kbody, of integers in 91-kint; the tables follow from
 * the list, and so do a test and a benchmark that must be written, in tests/t_kernels.h and
 * tests/bench.c. A new instruction set: define the vector layer of 32-kvec for it in 33 or 34,
 * add it to tc_level, behind those that it is better than, to 30-cpu, 35-ktab and the names in
 * 70-public. A new family of models: a row in the table of tools/hf_config.c, the class of its
 * tokenizer in tools/hf_tokenizer.c, and, where its layers differ, a key of the description,
 * written in 47-write, read in 46-model and followed in 50-fwd and 52-bwd. A new key or section
 * needs no new version of the file; a changed meaning does.
 *
 * Four spaces, 96 columns, ASCII; `make check` sees to form and layering, `make test` to the
 * rest. Never leave a product that feeds a sum unfused: compilers may contract it, and the bits
 * would differ.
 */
#ifndef TC__KPART
#ifndef TC__INCLUDED
#define TC__INCLUDED
/* ====================================================================== 05-config
 * Every macro. Define them before the #include that carries the implementation (and TC_STATIC
 * or TC_API before every one). None changes a public struct, nor a result beyond rounding.
 *
 *   TOKCLASS_IMPLEMENTATION  compile the implementation here; in one file of the program
 *   TC_STATIC                every public function is static: for a program of one file
 *   TC_API                   what stands before each public declaration, e.g. a dllexport
 *   TC_ASSERT(x)             check of the caller's own mistakes; default assert
 *   TC_REALLOC(p, n)         with TC_FREE(p): the default allocator in place of libc's
 *   TC_FREE(p)               both or neither
 *   TC_NO_STDIO              no files: models come from memory, nothing is saved
 *   TC_NO_THREADS            no pthreads: tc_env.threads is taken as 1
 *   TC_NO_SIMD               the scalar reference and plain C only
 *   TC_NO_TRAIN              no training
 *   TC_OPENMP                parallel regions run on OpenMP's threads (compile with -fopenmp)
 *   TC_HEADER                name by which this file includes itself; default "tokclass.h"
 */
#ifndef TC_API
#ifdef TC_STATIC
#if defined(__GNUC__) || defined(__clang__)
#define TC_API static __attribute__((unused)) /* a program need not call everything */
#else
#define TC_API static
#endif
#else
#define TC_API extern
#endif
#endif

/* ======================================================================= 06-types */
#include <stddef.h>
#include <stdint.h>

#define TC_VERSION "0.1.0"
#define TC_FILE_VERSION                                                                        \
    1 /* the newest .tcm version that this library reads, and the one it writes */

#ifdef __cplusplus
extern "C" {
#endif

/* What a fallible call returns. The sentence for a person is in tc_diag. */
typedef enum tc_status {
    TC_OK = 0,
    TC_ERROR_ARGUMENT,    /* the caller's mistake: a bad option, a null pointer, a wrong id */
    TC_ERROR_MEMORY,      /* the allocator returned null */
    TC_ERROR_IO,          /* a file cannot be opened, read or written */
    TC_ERROR_FORMAT,      /* the bytes are not what the format says */
    TC_ERROR_VERSION,     /* written by a newer library */
    TC_ERROR_CHECKSUM,    /* bytes were changed since they were written */
    TC_ERROR_UNSUPPORTED, /* well formed, but not something that this library does */
    TC_ERROR_LENGTH,      /* longer than the limit, where the caller asked for an error */
    TC_ERROR_UTF8,        /* ill-formed UTF-8, where the caller asked for an error */
    TC_ERROR_NUMBER       /* a result that is not finite */
} tc_status;

/* Receives the sentence of the last call made with it: cleared by each, filled by one that
 * fails. Owned by the caller, never freed here; for objects of one thread. */
typedef struct tc_diag {
    tc_status status;
    uint64_t offset;   /* byte in the file or text, or item of the list, that the message
                          speaks of, else 0 */
    uint64_t line;     /* line of labelled data, from 1, else 0 */
    char message[256]; /* one sentence of UTF-8 in a line, NUL-terminated, cut to fit */
} tc_diag;

/* Instruction sets. Every level gives the same bits but TC_LEVEL_BASE, which has no fused
 * multiply-add and differs by rounding. */
typedef enum tc_level {
    TC_LEVEL_BEST = 0,    /* as a cap: no cap */
    TC_LEVEL_SCALAR,      /* the reference: slow, any CPU */
    TC_LEVEL_BASE,        /* for CPUs without FMA: SSE2 or plain C */
    TC_LEVEL_AVX2,        /* AVX2, FMA and F16C */
    TC_LEVEL_AVX2_VNNI,   /* and AVX-VNNI: dot products of small integers */
    TC_LEVEL_AVX512,      /* AVX-512 F, BW, DQ, VL */
    TC_LEVEL_AVX512_VNNI, /* and VNNI */
    TC_LEVEL_AMX,         /* and AMX: products of tiles of bytes */
    TC_LEVEL_NEON,        /* AArch64 */
    TC_LEVEL_DOTPROD,     /* and its dot products of bytes */
    TC_LEVEL_I8MM,        /* and its products of matrices of bytes */
    TC_LEVEL_BF16,        /* and of bf16 */
    TC_LEVEL_COUNT
} tc_level;

/* How numbers are stored in a .tcm file. f16 and bf16 are computed in f32; with weights in s16
 * and s8 products are made of integers. */
typedef enum tc_dtype {
    TC_F32 = 0,
    TC_F16,
    TC_BF16,
    TC_S16, /* 13 bits and a sign, one f32 scale for each output channel */
    TC_S8,  /* 7 bits and a sign, one f32 scale for each output channel */
    TC_DTYPE_COUNT
} tc_dtype;

/* How products are computed. */
typedef enum tc_compute {
    TC_COMPUTE_EXACT = 0, /* the same bits at every level */
    /* Where the CPU has products of bf16 (TC_LEVEL_AMX, TC_LEVEL_BF16), bf16 weights meet
     * activations that are rounded to bf16. At TC_LEVEL_AMX f32 and f16 weights are multiplied
     * as sums of two bf16 a number: relative error about 1e-5. In training: the forward pass
     * and the gradients of activations; weights stay f32. Else as exact. */
    TC_COMPUTE_FAST
} tc_compute;

/* What a create, open or load call takes from its surroundings. All zeros, or a null pointer
 * in its place, means: libc's allocator, one thread, the best level, no message. Copied by the
 * call; what `diag` points to must outlive the object made (models use it only to load). */
typedef struct tc_env {
    /* realloc with sizes: old is null for a new block; new_size 0 frees and returns null.
     * Blocks are aligned as malloc's, to 16 bytes. Must be safe to call from every thread that
     * uses an object made with it, as long as such an object or a result of it lives. */
    void *(*allocate)(void *user, void *old, size_t old_size, size_t new_size);
    void *user;       /* handed to allocate */
    unsigned threads; /* worker threads of a session or tagger, the caller's included; 0 = 1,
                         more than 1024 = 1024 */
    tc_level level;   /* cap on the instruction set; the best one below it is used; one of
                         another architecture caps nothing */
    tc_diag *diag;
    tc_compute compute; /* of sessions, taggers and trainers */
} tc_env;

/* Bytes with a length; not NUL-terminated. */
typedef struct tc_string {
    const char *data;
    size_t length;
} tc_string;

/* A place in the caller's text, in three units that count the same place. An ill-formed UTF-8
 * sequence (maximal subpart, Unicode 3.9) counts as one code point and one UTF-16 unit. */
typedef struct tc_pos {
    uint32_t byte, codepoint, utf16;
} tc_pos;

/* One token. For pre-split input start and end are relative to the token's own word. */
typedef struct tc_token {
    int32_t id;
    int32_t word;      /* word id as in HuggingFace's word_ids(), -1 for special tokens */
    tc_pos start, end; /* half-open span of the original text; all 0 for special tokens */
    int32_t text;    /* index of an added token's own spelling, else -1; see tc_encoding_text */
    uint8_t type;    /* token type id */
    uint8_t special; /* 1: put in by the template ([CLS], [SEP]), not found in the text */
    uint8_t sequence; /* 0 text, 1 pair, 255 special */
    uint8_t reserved;
} tc_token;

/* Which of two texts gives way to max_length. */
typedef enum tc_truncation {
    TC_TRUNCATE_LONGEST_FIRST = 0,
    TC_TRUNCATE_ONLY_FIRST,
    TC_TRUNCATE_ONLY_SECOND
} tc_truncation;

/* One input: a text, two texts, or a text already split into words. Bytes are UTF-8; they are
 * borrowed during the call only. */
typedef struct tc_input {
    const char *text;
    size_t length;    /* bytes of text */
    const char *pair; /* second text, or null */
    size_t pair_length;
    const tc_string *words; /* [word_count], or null; then text and pair are ignored */
    size_t word_count;
} tc_input;

/* All zeros: special tokens, no truncation. */
typedef struct tc_encode_options {
    int no_special_tokens;
    uint32_t max_length; /* tokens in a window, special ones included; 0 = no limit */
    uint32_t stride;     /* tokens shared by neighbouring windows */
    tc_truncation truncation;
    int strict_utf8; /* ill-formed UTF-8 is TC_ERROR_UTF8 instead of U+FFFD */
} tc_encode_options;

/* How tokens become entities, as aggregation_strategy of transformers' pipeline. */
typedef enum tc_aggregation {
    TC_AGGREGATION_SIMPLE = 0,
    TC_AGGREGATION_NONE,
    TC_AGGREGATION_FIRST,
    TC_AGGREGATION_AVERAGE,
    TC_AGGREGATION_MAX
} tc_aggregation;

typedef enum tc_long_text {
    TC_LONG_WINDOW = 0, /* overlapping windows: the text is tagged to its end */
    TC_LONG_TRUNCATE,   /* text behind the limit is not tagged; tc_entities.truncated tells */
    TC_LONG_ERROR       /* TC_ERROR_LENGTH */
} tc_long_text;

typedef enum tc_constraint {
    TC_CONSTRAIN_NONE = 0,
    TC_CONSTRAIN_BIO /* the most probable sequence that the label scheme allows (Viterbi): BIO,
                        BIOES, BILOU, BMES; I- begins an entity of a type that has no B- */
} tc_constraint;

/* All zeros: grouped entities without "O", windows that overlap by a quarter of the limit. */
typedef struct tc_tag_options {
    tc_aggregation aggregation;
    const char *const *ignore_labels; /* [ignore_count] of NUL-terminated names; null = "O" */
    size_t ignore_count;
    int keep_all; /* ignore no label */
    tc_long_text long_text;
    int has_stride;  /* take `stride`, and HuggingFace's rules for it, even if it is 0 */
    uint32_t stride; /* tokens shared by neighbouring windows */
    tc_constraint constrain;
    const char
        *delimiter;  /* between the words of pre-split input, for start, end; null = " " */
    float min_score; /* drop entities below, and above 0 those whose score is no number */
    uint32_t batch_tokens; /* tokens computed at once; 0: 512, or of short inputs 512 a thread.
                              Changes speed and memory, with TC_COMPUTE_FAST also rounding */
    int strict_utf8;
} tc_tag_options;

/* One entity, or one token with TC_AGGREGATION_NONE. */
typedef struct tc_entity {
    const char *label; /* "PER" for a group, "B-PER" for a token; NUL-terminated */
    float score;       /* probability, 0 to 1 */
    uint32_t index;    /* TC_AGGREGATION_NONE: place of the token in the sequence, [CLS] is 0 */
    tc_pos start,
        end; /* half-open span of the text; of the words joined by one space if pre-split */
    tc_string word; /* as the tokenizer decodes it, NUL-terminated; to slice the text there are
                       start and end */
} tc_entity;

/* The entities of one input. */
typedef struct tc_entities {
    const tc_entity *entities; /* [count], in the order of the text */
    size_t count;
    const int32_t
        *word_labels; /* [word_count] label ids for pre-split input, -1 for a word without
                                   tokens; else null */
    int truncated;    /* TC_LONG_TRUNCATE cut this input */
} tc_entities;

/* Everything a call of tc_tagger_tag found: one block, freed by tc_result_free. It may outlive
 * tagger and model. */
typedef struct tc_result {
    const tc_entities *inputs; /* [count], in the order of the inputs */
    size_t count;
    uint64_t not_finite; /* tokens whose scores are no numbers: the model is damaged */
} tc_result;

/* Facts about a model; strings and arrays belong to the model. Names follow config.json. */
typedef struct tc_model_info {
    const char *model_type;      /* "bert", "distilbert", "electra"; "" for a tokenizer alone */
    const char *task;            /* "token-classification", "feature-extraction", "tokenizer" */
    const char *hidden_act;      /* "gelu", "gelu_new", "relu", "silu" */
    const char *producer;        /* what wrote the file */
    const char *tokenizer_model; /* "WordPiece" */
    tc_dtype dtype;              /* of the large matrices */
    uint32_t num_hidden_layers, hidden_size, intermediate_size, num_attention_heads;
    uint32_t vocab_size, embedding_size, max_position_embeddings, type_vocab_size;
    uint32_t max_length; /* the model's limit in tokens, special ones included; 0 = none */
    uint32_t num_labels;
    const char *const *labels; /* [num_labels] */
    float layer_norm_eps;
    float hidden_dropout, attention_dropout, classifier_dropout; /* rates, for training */
    float initializer_range; /* standard deviation of new weights */
    int32_t pad_token_id;    /* its embedding is not trained; -1 = none */
    int fixed_positions;     /* sinusoidal position embeddings, not trained */
    uint64_t parameters;     /* numbers in all tensors, padding not counted */
    uint64_t file_size;      /* bytes */
    uint32_t file_version;
    uint32_t tensor_count;
} tc_model_info;

/* One tensor of a model, a row-major matrix [rows, columns]; a vector has rows = 1. */
typedef struct tc_tensor_info {
    const char *name;
    tc_dtype dtype;
    uint32_t rows, columns;
    uint64_t offset, size; /* bytes in the file */
} tc_tensor_info;

/* A batch without padding: T = sum of lengths tokens, sequence after sequence. */
typedef struct tc_batch {
    const int32_t *ids;      /* [T] */
    const uint8_t *types;    /* [T] token type ids, or null for zeros */
    const uint32_t *lengths; /* [sequences], each at least 1 */
    size_t sequences;
} tc_batch;

/* What tc_session_run is to write; null members are not computed. */
typedef struct tc_outputs {
    float *logits; /* [T, num_labels] */
    float *hidden; /* [T, hidden_size], as HuggingFace's hidden_states */
    int layer;     /* for hidden: 0 the last, n > 0 the output of layer n, -1 the embeddings;
                      not Python's indices from the end */
} tc_outputs;

/* What a model is, for tc_writer_describe. All strings are copied. Numbers are taken as they
 * are, zeros too: an initializer_range of 0 makes weights of 0; a max_length of 0 is none. */
typedef struct tc_model_desc {
    const char *model_type, *task, *hidden_act, *producer;
    tc_dtype dtype;
    uint32_t num_hidden_layers, hidden_size, intermediate_size, num_attention_heads;
    uint32_t vocab_size, embedding_size; /* embedding_size 0 = hidden_size */
    uint32_t max_position_embeddings, type_vocab_size, max_length;
    float layer_norm_eps;
    float hidden_dropout, attention_dropout, classifier_dropout, initializer_range;
    int32_t pad_token_id; /* -1 = none */
    int fixed_positions;
    const char *const *labels; /* [num_labels] */
    uint32_t num_labels;
} tc_model_desc;

/* A token that is found in the text as it stands, before or after normalization. */
typedef struct tc_added_token {
    tc_string content;
    int32_t id;
    uint8_t special, normalized, single_word, lstrip, rstrip;
} tc_added_token;

/* One step of a post-processing template: a sequence (0 or 1), or a special token's id. */
typedef struct tc_template_step {
    int32_t id; /* special token, or -1 for a sequence */
    uint8_t sequence;
    uint8_t type; /* token type id */
} tc_template_step;

/* A WordPiece tokenizer, for tc_writer_tokenizer. Everything is copied. */
typedef struct tc_tokenizer_desc {
    const tc_string *vocab; /* [vocab_count] by id; data null where an id has no token */
    uint32_t vocab_count;
    const tc_added_token *added;
    uint32_t added_count;
    const tc_template_step *single, *pair; /* a null template: the sequences alone */
    uint32_t single_count, pair_count;
    tc_string continuing_prefix; /* "##" */
    int32_t unk_id;              /* -1: none, an unknown word is then TC_ERROR_FORMAT */
    int32_t word_unk_id;         /* if word_unk: the token whose word is the text's own in */
    uint8_t word_unk;            /* entities, or -1, in place of unk_id */
    uint32_t max_word_chars;     /* max_input_chars_per_word; 0: every word is unknown */
    uint8_t clean_text, handle_chinese_chars, strip_accents, lowercase; /* BertNormalizer */
    uint8_t truncate_left;                                              /* truncation_side */
    uint8_t decoder_wordpiece; /* else tokens are joined with spaces */
    uint8_t decoder_cleanup;   /* the WordPiece decoder's own */
    uint8_t clean_up_spaces; /* clean_up_tokenization_spaces of the tokenizer's configuration */
    tc_string decoder_prefix; /* "##" */
} tc_tokenizer_desc;

/* Opaque objects, each freed by its own _free; freeing null does nothing. */
typedef struct tc_model tc_model;         /* read-only after loading: shared by threads */
typedef struct tc_tokenizer tc_tokenizer; /* part of a model, read-only: shared by threads */
typedef struct tc_encoding tc_encoding;   /* one thread at a time */
typedef struct tc_session tc_session;     /* one thread at a time */
typedef struct tc_tagger tc_tagger;       /* one thread at a time */
typedef struct tc_writer tc_writer;       /* one thread at a time */
typedef struct tc_trainer tc_trainer;     /* one thread at a time */
typedef struct tc_batcher tc_batcher;     /* one thread at a time */
typedef struct tc_dataset tc_dataset;     /* one thread at a time */
typedef struct tc_scores tc_scores;       /* one thread at a time */

/* How the learning rate changes, after a linear warm-up from 0. */
typedef enum tc_schedule {
    TC_SCHEDULE_LINEAR = 0, /* falls to 0 */
    TC_SCHEDULE_CONSTANT,
    TC_SCHEDULE_COSINE /* falls to 0 along half a cosine, and rises again in steps behind it */
} tc_schedule;

/* ==================================================================== 10-api-easy
 * Load, tag, free. For allocator, threads and messages see the objects below. */

#ifndef TC_NO_STDIO
/* Opens a .tcm file with a token-classification head. One thread. *out is null on failure. */
TC_API tc_status tc_load(const char *path, tc_tagger **out);
#endif
/* Finds the entities of a NUL-terminated UTF-8 text (null: none): result->inputs[0]. */
TC_API tc_status tc_tag(tc_tagger *tagger, const char *text, tc_result **out);
/* Frees a result or a tagger; null does nothing. */
TC_API void tc_result_free(tc_result *result);
TC_API void tc_tagger_free(tc_tagger *tagger);
/* "out of memory", a fixed text for each status; never null. */
TC_API const char *tc_status_text(tc_status status);

/* =================================================================== 11-api-model */

#ifndef TC_NO_STDIO
/* Maps a .tcm file and checks its directory and small sections; tensors are not read. Replace a
 * file in use by renaming a new one over it: one that is cut short while it is mapped ends the
 * process (SIGBUS). */
TC_API tc_status tc_model_load(const char *path, const tc_env *env, tc_model **out);
#endif
/* The same from memory: `data` [size] is borrowed until tc_model_free, aligned to 8 bytes or
 * more (64 is best). Safe on any bytes. */
TC_API tc_status tc_model_open(const void *data, size_t size, const tc_env *env,
                               tc_model **out);
TC_API void tc_model_free(tc_model *model);
/* Never null; belongs to the model. */
TC_API const tc_model_info *tc_model_get_info(const tc_model *model);
/* What the model is, as for tc_writer_describe: to write it again, changed. Strings and labels
 * belong to the model. */
TC_API tc_model_desc tc_model_describe(const tc_model *model);
/* The model's tokenizer; null if it has none. */
TC_API const tc_tokenizer *tc_model_tokenizer(const tc_model *model);
/* Tensor `index` of info->tensor_count; TC_ERROR_ARGUMENT beyond. */
TC_API tc_status tc_model_tensor(const tc_model *model, uint32_t index, tc_tensor_info *out);
/* Its numbers as f32, row-major, into `out` [rows * columns]. */
TC_API tc_status tc_model_read(const tc_model *model, uint32_t index, float *out);
/* Reads every tensor and compares its checksum; the message names the first that differs. */
TC_API tc_status tc_model_verify(const tc_model *model, tc_diag *diag);

/* =============================================================== 12-api-tokenizer */

/* A reusable encoding with a cache of words. The tokenizer's model must outlive it. */
TC_API tc_status tc_encoding_create(const tc_tokenizer *tokenizer, const tc_env *env,
                                    tc_encoding **out);
TC_API void tc_encoding_free(tc_encoding *encoding);
/* Tokenizes; `options` null = zeros. What an earlier run gave is lost. With a max_length there
 * is a window 0 and, where text is left, further ones, in HuggingFace's order of overflow.
 * As there, a max_length that the special tokens fill gives a window of them alone, then one
 * with all the text, however long. TC_ERROR_ARGUMENT: no room for them, or for the stride;
 * TC_ERROR_LENGTH: a strategy that cannot reach max_length; text of 2 GiB or more. */
TC_API tc_status tc_encoding_run(tc_encoding *encoding, const tc_input *input,
                                 const tc_encode_options *options);
/* Windows of the last run; 1 or more after success. */
TC_API size_t tc_encoding_window_count(const tc_encoding *encoding);
/* Tokens of a window, valid until the next run; *count is their number. */
TC_API const tc_token *tc_encoding_tokens(const tc_encoding *encoding, size_t window,
                                          size_t *count);
/* A token's string: its vocabulary entry, or the spelling of an added token found in the text.
 * Valid until the next run. */
TC_API tc_string tc_encoding_text(const tc_encoding *encoding, const tc_token *token);
/* ids [count] to text as transformers' decode does; unknown ids are passed over. *out is
 * NUL-terminated and valid until the next call on this encoding. */
TC_API tc_status tc_encoding_decode(tc_encoding *encoding, const int32_t *ids, size_t count,
                                    int skip_special, tc_string *out);
/* What the tokenizer is, as for tc_writer_tokenizer: one block, freed by
 * tc_tokenizer_desc_free. Its strings belong to the model. */
TC_API tc_status tc_tokenizer_describe(const tc_tokenizer *tokenizer, const tc_env *env,
                                       tc_tokenizer_desc **out);
TC_API void tc_tokenizer_desc_free(tc_tokenizer_desc *desc);
/* The string of an id (length 0 if there is none), valid as long as the model. */
TC_API tc_string tc_tokenizer_token(const tc_tokenizer *tokenizer, int32_t id);
/* One more than the largest id. */
TC_API uint32_t tc_tokenizer_size(const tc_tokenizer *tokenizer);

/* ================================================================== 13-api-tagger */

/* A tagger on a model, which must outlive it. TC_ERROR_UNSUPPORTED: no token-classification
 * head, or no tokenizer. */
TC_API tc_status tc_tagger_create(const tc_model *model, const tc_env *env, tc_tagger **out);
/* Tags `count` inputs at once; `options` null = zeros. While threads compute a batch the caller
 * tokenizes the next, and it alone allocates. Of two texts the first is tagged. On failure *out
 * is null; the message names the input (from 0). */
TC_API tc_status tc_tagger_tag(tc_tagger *tagger, const tc_input *inputs, size_t count,
                               const tc_tag_options *options, tc_result **out);

/* ================================================================== 14-api-writer */

/* Collects a model and writes it as .tcm. */
TC_API tc_status tc_writer_create(const tc_env *env, tc_writer **out);
TC_API void tc_writer_free(tc_writer *writer);
/* What the model is: before the first tensor. */
TC_API tc_status tc_writer_describe(tc_writer *writer, const tc_model_desc *desc);
/* Its tokenizer. TC_ERROR_ARGUMENT: ids, template and vocabulary do not agree. */
TC_API tc_status tc_writer_tokenizer(tc_writer *writer, const tc_tokenizer_desc *desc);
/* Adds a tensor under the name of the manual's table; tc_writer_finish checks names and shapes.
 * `data` [rows, columns] is read before the call returns. Matrices and embeddings are stored in
 * the described dtype, vectors as f32. */
TC_API tc_status tc_writer_tensor(tc_writer *writer, const char *name, uint32_t rows,
                                  uint32_t columns, const float *data);
#ifndef TC_NO_TRAIN
/* Describes the model and adds all its tensors with fresh numbers, the Trainer's own
 * initialisation: matrices and embeddings normal with initializer_range, the row of the padding
 * token and biases 0, norms 1 and 0, fixed_positions sines and cosines. The same seed gives the
 * same numbers on every machine. */
TC_API tc_status tc_writer_initialize(tc_writer *writer, const tc_model_desc *desc,
                                      uint32_t seed);
#endif
/* The file as bytes: checked to be complete, then *data [*size], valid until tc_writer_free.
 * After a failure the writer can only be freed. */
TC_API tc_status tc_writer_finish(tc_writer *writer, const void **data, size_t *size);

/* ==================================================================== 15-api-data
 * Labelled sentences: words with one label each. */

typedef enum tc_data_format {
    TC_DATA_AUTO = 0, /* JSON if the file begins as JSON does, else columns */
    TC_DATA_COLUMNS,  /* a word a line, blank lines or -DOCSTART- between sentences */
    TC_DATA_JSON      /* an object a line, or one array of objects: tokens or words with
                         ner_tags, labels or tags; or text with entities, spans or labels of
                         start, end (code points) and label */
} tc_data_format;

/* All zeros: everything is found out from the file. */
typedef struct tc_data_options {
    tc_data_format format;
    int column; /* of the labels, from 1; below 0 from the right; 0: the last, or where words
                   are numbered the last that holds tags of spans, of nested ones the outermost,
                   of ten columns (CoNLL-U) else the fourth */
} tc_data_options;

/* What a data set holds; strings and arrays belong to it. */
typedef struct tc_data_info {
    tc_data_format format;
    size_t sentences;
    uint64_t words;
    uint32_t longest; /* words of the longest sentence */
    uint32_t num_labels;
    const char *const *labels; /* [num_labels] those that occur, in the order of their bytes */
    int columns, column, word_column; /* of a column file, from 1 */
    int tabs;                         /* columns are separated by tabs, else by spaces */
    int numbered;                     /* the first column numbers the words */
    int array;                        /* one array of objects, not an object a line */
} tc_data_info;

/* One sentence, valid until the next call on its data set. */
typedef struct tc_sentence {
    const tc_string *words, *labels; /* [count], none is empty */
    const uint64_t *lines;           /* [count] of the file, from 1 */
    size_t count;
} tc_sentence;

#ifndef TC_NO_STDIO
/* Maps a file and finds its sentences and labels; `options` null = zeros. A malformed line is
 * TC_ERROR_FORMAT with its number in tc_diag.line. */
TC_API tc_status tc_dataset_load(const char *path, const tc_data_options *options,
                                 const tc_env *env, tc_dataset **out);
#endif
/* The same from memory; `data` is borrowed until tc_dataset_free. Safe on any bytes. */
TC_API tc_status tc_dataset_open(const void *data, size_t size, const tc_data_options *options,
                                 const tc_env *env, tc_dataset **out);
TC_API void tc_dataset_free(tc_dataset *dataset);
/* Never null; belongs to the data set. */
TC_API const tc_data_info *tc_dataset_get_info(const tc_dataset *dataset);
/* Sentence `index` of info->sentences. */
TC_API tc_status tc_dataset_sentence(tc_dataset *dataset, size_t index, tc_sentence *out);

/* Schemes of tags; TC_SCHEME_NONE stands for seqeval's default mode, or for none known. */
typedef enum tc_scheme {
    TC_SCHEME_NONE = 0,
    TC_IOB1,
    TC_IOB2,
    TC_IOE1,
    TC_IOE2,
    TC_IOBES,
    TC_BILOU,
    TC_SCHEME_COUNT
} tc_scheme;

/* What is scored. */
typedef enum tc_score_what {
    TC_SCORE_AUTO = 0, /* spans if any tag has the form B-PER, or all are O or letters of a
                          scheme; else tags */
    TC_SCORE_SPANS,
    TC_SCORE_TAGS /* each tag by itself: parts of speech */
} tc_score_what;

/* All zeros: seqeval's default mode. */
typedef struct tc_score_options {
    int strict;       /* seqeval's strict mode: an entity must be marked as the scheme says */
    tc_scheme scheme; /* of strict mode; TC_SCHEME_NONE: detected from the gold tags */
    int suffix;       /* PER-B in place of B-PER */
    tc_score_what what;
} tc_score_options;

/* Scores of an entity type, of a tag, or an average. */
typedef struct tc_score {
    const char *name;
    double precision, recall, f1;
    uint64_t support, predicted, correct; /* entities: gold, predicted, both */
} tc_score;

/* How often gold entities of one type met predicted ones of another. */
typedef struct tc_confusion {
    const char *gold, *predicted; /* null: met by none of the other side */
    uint64_t exact;               /* same words */
    uint64_t overlap;             /* some of the words */
} tc_confusion;

/* Everything that was counted; strings and arrays belong to the scores. */
typedef struct tc_score_table {
    int spans;            /* rows are entity types, else tags */
    tc_scheme scheme;     /* of strict mode */
    const tc_score *rows; /* [count], in the order of the names' bytes */
    size_t count;
    tc_score micro, macro, weighted;
    double accuracy; /* of the tags */
    uint64_t sentences, tokens, correct_tokens;
    const tc_confusion *confusions; /* [confusion_count] that occurred, up to 255 types */
    size_t confusion_count;
    uint64_t type_wrong, boundary_wrong, both_wrong, missed, spurious; /* entities */
} tc_score_table;

/* Empty scores; `options` null = zeros. Memory does not grow with the number of sentences. */
TC_API tc_status tc_scores_create(const tc_score_options *options, const tc_env *env,
                                  tc_scores **out);
TC_API void tc_scores_free(tc_scores *scores);
/* Adds a sentence: gold and predicted tags [count], none empty. After TC_ERROR_MEMORY the
 * sentence may be counted in part. */
TC_API tc_status tc_scores_add(tc_scores *scores, const tc_string *gold,
                               const tc_string *predicted, size_t count);
/* The scores so far; *out is valid until the next call. TC_ERROR_ARGUMENT in strict mode: a tag
 * that the scheme does not have (tc_diag.offset is its sentence, from 1), or no scheme was
 * detected. */
TC_API tc_status tc_scores_table(tc_scores *scores, const tc_score_table **out);
/* seqeval's classification report with that many decimals (at most 50), NUL-terminated, valid
 * until the next call. */
TC_API tc_status tc_scores_report(tc_scores *scores, uint32_t digits, tc_string *out);
/* Whether labels [count] are scored as spans by TC_SCORE_AUTO where all of them occur. */
TC_API int tc_labels_mark_spans(const char *const *labels, uint32_t count, int suffix);
/* "IOB2" and so on; "" for TC_SCHEME_NONE. */
TC_API const char *tc_scheme_name(tc_scheme scheme);

/* A label of the data and what stands for it. */
typedef struct tc_label_map {
    const char *from, *to;
} tc_label_map;

/* All zeros but batch_size: labels as they are, first pieces. */
typedef struct tc_evaluate_options {
    uint32_t batch_size;  /* sentences whose mean loss is one term of the loss, e.g. 32 */
    uint32_t max_length;  /* 0: the model's; longer sentences become windows */
    int label_all_tokens; /* as in training; changes the loss alone */
    double label_smoothing;
    const tc_label_map *map; /* [map_count] */
    size_t map_count;
    /* Called for each sentence in order, may be null: its labels as in the data, before `map`,
     * and predicted ones [sentence->count], of length 0 for a word without tokens. Not TC_OK
     * ends the evaluation with that status; the scores have this sentence then. */
    tc_status (*sentence)(void *user, size_t index, const tc_sentence *sentence,
                          const tc_string *predicted);
    /* Called between batches, may be null; not 0 ends the evaluation, whose figures are then
     * those of the first `done` sentences. */
    int (*progress)(void *user, size_t done, size_t total);
    void *user;
} tc_evaluate_options;

typedef struct tc_evaluation {
    double loss; /* eval_loss of HuggingFace's Trainer for that batch size */
    uint64_t sentences, words, tokens, windows;
    uint64_t lost; /* words without tokens: not scored, as in the reference */
} tc_evaluation;

/* Predicts the label of every word, that of its first token, and adds gold and predicted labels
 * to `scores` (may be null). TC_ERROR_ARGUMENT: labels that the model lacks, no options, a
 * batch_size of 0. `out` may be null. */
TC_API tc_status tc_evaluate(const tc_model *model, tc_dataset *dataset,
                             const tc_evaluate_options *options, const tc_env *env,
                             tc_scores *scores, tc_evaluation *out);

#ifndef TC_NO_TRAIN
/* =================================================================== 16-api-train
 * Fine-tuning with AdamW as HuggingFace's Trainer does it (trainer.md), in f32. */

/* From tc_train_defaults: the Trainer's own. */
typedef struct tc_train_options {
    double learning_rate;  /* 5e-5 */
    double weight_decay;   /* 0; biases and norms never decay */
    double epochs;         /* 3 */
    uint64_t max_steps;    /* updates; 0: as many as the epochs take; with tc_trainer_step: the
                                 rate stays constant */
    uint32_t batch_size;   /* 8 sentences in a micro-batch */
    uint32_t accumulation; /* 1; the most micro-batches in an update */
    uint32_t eval_batch_size; /* 32 */
    tc_schedule schedule;     /* linear */
    uint64_t warmup_steps;    /* 0 */
    double warmup_ratio;      /* of all updates, where warmup_steps is 0; 0 */
    double adam_beta1, adam_beta2, adam_epsilon; /* 0.9, 0.999, 1e-8 */
    double max_grad_norm;                        /* 1; 0: no clipping */
    double label_smoothing;                      /* 0 */
    double dropout, attention_dropout;           /* -1: the model's own rates */
    double layer_decay;  /* 1; layer i of L learns at this to the power of L - i, the embeddings
                           at L + 1 */
    uint32_t seed;       /* 42: order of the data, new weights, dropout */
    uint32_t max_length; /* 0: the model's; longer sentences become windows */
    int label_all_tokens;   /* 0: the first piece of a word has its label; 1: all pieces, B- as
                                I- behind the first */
    int freeze_embeddings;  /* 0 */
    uint32_t freeze_layers; /* 0; the first layers and the embeddings below them */
    uint32_t max_tokens;    /* the most tokens in a micro-batch of tc_trainer_step; 0:
                                batch_size times the limit */
    const char *const
        *labels; /* [num_labels] of the head; null: the base's own. A head with the
                                  same labels, in any order, is kept as it is */
    uint32_t num_labels;
} tc_train_options;

/* A micro-batch with its labels. */
typedef struct tc_labelled {
    tc_batch batch;
    const int32_t *labels; /* [T] ids, below 0: no label */
} tc_labelled;

/* What an update did. */
typedef struct tc_step {
    uint64_t step;                   /* from 1 */
    double epoch;                    /* passes over the data so far; 0 with tc_trainer_step */
    double loss;                     /* mean of the means of the micro-batches */
    double learning_rate, grad_norm; /* used for it; before clipping */
    uint64_t tokens;                 /* in its micro-batches */
    uint64_t best_step;              /* of tc_trainer_run: the best evaluation's so far, or 0 */
} tc_step;

/* All gradients of an update, summed over its micro-batches, before clipping. */
typedef struct tc_gradients {
    float *data;     /* [count], may be changed, e.g. summed over machines */
    size_t count;    /* the same for every update of a trainer */
    uint64_t labels; /* tokens with a label in the update */
    double *loss;    /* of tc_step, may be changed too */
} tc_gradients;

/* Called between backward pass and update; not TC_OK ends the step with that status, and the
 * weights stay as they were. */
typedef tc_status (*tc_gradient_hook)(void *user, const tc_gradients *gradients);

/* By what the best model is chosen. */
typedef enum tc_best { TC_BEST_F1 = 0, TC_BEST_LOSS } tc_best;

/* An evaluation during a run. */
typedef struct tc_train_evaluation {
    uint64_t step;
    double epoch, training_loss; /* mean of the losses since the evaluation before */
    tc_evaluation evaluation;
    const tc_score_table *scores; /* valid during the call */
    int improved;                 /* a new best value: time to save the model */
} tc_train_evaluation;

/* A whole training. All zeros but train: no evaluation, no checkpoint. */
typedef struct tc_train_run {
    tc_dataset *train, *dev; /* dev may be null */
    const uint32_t *order;   /* [order_count] sentences of every pass; null: HuggingFace's
                                shuffle of seed + pass */
    size_t order_count;
    const tc_label_map *map; /* [map_count] */
    size_t map_count;
    uint64_t eval_steps; /* updates between evaluations; 0: after each pass, and at the end */
    tc_best best;
    uint32_t patience; /* evaluations without a new best value until the run ends; 0: all */
    const char *checkpoint; /* path, or null: weights, moments and state, written atomically */
    uint64_t save_steps; /* updates between checkpoints; 0: after each pass, and at the end */
    const char *resume;  /* path of a checkpoint to go on from, or null */
    /* Called after each update and evaluation, may be null; not 0 ends the run, with a
     * checkpoint. */
    int (*stepped)(void *user, tc_trainer *trainer, const tc_step *step);
    int (*evaluated)(void *user, tc_trainer *trainer, const tc_train_evaluation *evaluation);
    /* Called before each checkpoint, may be null: what a log holds by then is part of it. */
    void (*saving)(void *user);
    int (*progress)(void *user, size_t done, size_t total); /* of an evaluation, may be null;
                            one that it ends is not compared with the best */
    void *user;
} tc_train_run;

typedef struct tc_train_result {
    uint64_t steps;
    double training_loss; /* mean over all updates */
    uint64_t best_step;   /* 0: nothing was evaluated */
    double best;          /* F1 or loss there */
    int stopped;          /* by a callback, or for want of patience */
} tc_train_result;

/* Every option with its default. */
TC_API tc_train_options tc_train_defaults(void);
/* A trainer on a copy of `base` in f32; base may be freed. Options are copied, their labels
 * too. */
TC_API tc_status tc_trainer_create(const tc_model *base, const tc_train_options *options,
                                   const tc_env *env, tc_trainer **out);
TC_API void tc_trainer_free(tc_trainer *trainer);
/* Sees all gradients; to be set before the first step, later calls do nothing. It costs a
 * gradient for every row of the word embeddings. */
TC_API void tc_trainer_set_hook(tc_trainer *trainer, tc_gradient_hook hook, void *user);
/* One update from `count` micro-batches. Everything is allocated by the first call.
 * TC_ERROR_ARGUMENT: more of them than the option accumulation; TC_ERROR_LENGTH: more than
 * max_tokens tokens, or a sequence longer than the model's positions or, behind tc_trainer_run,
 * than the longest of its data; TC_ERROR_NUMBER: a loss or gradient that is not finite, the
 * message names it and the weights are as before. Without a labelled token, or a sequence at
 * all, loss and gradients are 0. `out` may be null. */
TC_API tc_status tc_trainer_step(tc_trainer *trainer, const tc_labelled *batches, size_t count,
                                 tc_step *out);
/* The rate that the schedule scales, from the next update on; a checkpoint keeps it. */
TC_API tc_status tc_trainer_set_learning_rate(tc_trainer *trainer, double learning_rate);
/* Makes micro-batches of a data set for tc_trainer_step as tc_trainer_run does: pieces and
 * their labels, long sentences as windows. `data` is borrowed, `map` [map_count] may be null; a
 * label that the model lacks is TC_ERROR_ARGUMENT. To be freed before the trainer. */
TC_API tc_status tc_batcher_create(const tc_trainer *trainer, tc_dataset *data,
                                   const tc_label_map *map, size_t map_count, tc_batcher **out);
TC_API void tc_batcher_free(tc_batcher *batcher);
/* Sentences [count] of the data set, by number. *out is valid until the next call; it has no
 * sequences if count is 0 or the sentences give no token at all, special ones included. */
TC_API tc_status tc_batcher_run(tc_batcher *batcher, const uint32_t *sentences, size_t count,
                                tc_labelled *out);
/* The whole training; the same options, data and seed give the same bytes for any number of
 * threads, on every level but TC_LEVEL_BASE, and for a run that was killed and resumed. Once a
 * trainer: TC_ERROR_ARGUMENT if it has made steps or a run of it has failed, unless that found
 * wrong data or no file `resume`. */
TC_API tc_status tc_trainer_run(tc_trainer *trainer, const tc_train_run *run,
                                tc_train_result *out);
/* Updates that a run will make: known from its first step on. */
TC_API uint64_t tc_trainer_steps(const tc_trainer *trainer);
/* The model as it is now, without its checksums; freed with the trainer. To be called again
 * behind a step: sessions and taggers that were made before see the new weights then. */
TC_API const tc_model *tc_trainer_model(tc_trainer *trainer);
/* The same as the bytes of a .tcm file, valid until the next step. Weights alone: moments,
 * update and the place in the schedule are in checkpoints of tc_trainer_run. */
TC_API tc_status tc_trainer_write(tc_trainer *trainer, const void **data, size_t *size);
#endif

/* ===================================================================== 17-api-raw
 * Token ids to logits, and the instruction sets. */

/* A session on a model, which must outlive it. TC_ERROR_UNSUPPORTED: a tokenizer alone. */
TC_API tc_status tc_session_create(const tc_model *model, const tc_env *env, tc_session **out);
TC_API void tc_session_free(tc_session *session);
/* Runs the encoder. TC_ERROR_ARGUMENT: an id, type or layer out of range, an empty batch, a
 * sequence of 0 tokens; TC_ERROR_LENGTH: a sequence beyond max_position_embeddings. */
TC_API tc_status tc_session_run(tc_session *session, const tc_batch *batch,
                                const tc_outputs *outputs);
/* "scalar", "base", "avx2", "avx512-vnni", "neon" and so on; "best" for 0. */
TC_API const char *tc_level_name(tc_level level);
/* Whether this CPU and operating system run it. */
TC_API int tc_level_available(tc_level level);
/* The level that a cap leads to; `cap` 0 = the best. */
TC_API tc_level tc_level_choose(tc_level cap);
/* About `count` multiply-adds in registers, as products with weights of that dtype are made of
 * at this level, which must be available; returns how many. The time that they take is the
 * limit of the machine at that moment, if they take 10 ms or more: asking the CPU for the level
 * takes up to 0.1 ms on virtual machines. TC_BF16: products of TC_COMPUTE_FAST, where there are
 * such. */
TC_API uint64_t tc_level_burst(tc_level level, tc_dtype dtype, uint64_t count);
TC_API const char *tc_dtype_name(tc_dtype dtype); /* "f32", "f16", "bf16", "s16", "s8" */

#ifdef __cplusplus
}
#endif
#endif /* TC__INCLUDED */
#if defined(TOKCLASS_IMPLEMENTATION) && !defined(TC__IMPLEMENTED)
#define TC__IMPLEMENTED

/* ======================================================================== 20-plat
 * What the machine and the compiler are, and files. */

#include <stdarg.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#if defined(TC_OPENMP) && !defined(_OPENMP)
#error "TC_OPENMP needs -fopenmp"
#endif
#if defined(TC_REALLOC) != defined(TC_FREE)
#error "define both TC_REALLOC and TC_FREE, or neither"
#endif

#if defined(__FLT_EVAL_METHOD__) && __FLT_EVAL_METHOD__ == 2
#error "floats have more than 32 bits here, results would be others: add -msse2 -mfpmath=sse"
#endif
#if defined(__FAST_MATH__) || (defined(__FINITE_MATH_ONLY__) && __FINITE_MATH_ONLY__)
#error "-ffast-math gives other results: compile this file without it"
#endif
#ifndef TC_REALLOC
#define TC_REALLOC(p, n) realloc(p, n)
#define TC_FREE(p) free(p)
#endif
#ifndef TC_ASSERT
#include <assert.h>
#define TC_ASSERT(x) assert(x)
#endif
#ifndef TC_HEADER
#define TC_HEADER "tokclass.h"
#endif

#if !defined(TC_NO_SIMD) && (defined(__GNUC__) || defined(__clang__))
#if defined(__x86_64__)
#define TC__X86 1
#if defined(__clang__) ? __clang_major__ >= 12 : __GNUC__ >= 11
#define TC__AVX2_VNNI 1
#if defined(__linux__)
#define TC__AMX 1
#endif
#endif
#elif defined(__aarch64__) && defined(__ARM_NEON)
#define TC__ARM 1
/* A target attribute replaces the -march of the whole file, and gcc inlines a helper only into
 * functions that have all that it was compiled for: then it may but add to it. */
#if defined(__ARM_FEATURE_DOTPROD) || defined(__ARM_FEATURE_FP16_VECTOR_ARITHMETIC) ||         \
    defined(__ARM_FEATURE_COMPLEX) || defined(__ARM_FEATURE_SVE) ||                            \
    defined(__ARM_FEATURE_BF16_VECTOR_ARITHMETIC) || defined(__ARM_FEATURE_MATMUL_INT8)
#define TC__ARM_ARCH ""
#elif defined(__ARM_FEATURE_CRYPTO)
#define TC__ARM_ARCH "arch=armv8.2-a+crypto"
#else
#define TC__ARM_ARCH "arch=armv8.2-a"
#endif
/* what a function with dot products of bytes is declared with */
#if defined(__ARM_FEATURE_DOTPROD)
#define TC__DOTPROD
#elif defined(__clang__) ? __clang_major__ >= 16 : __GNUC__ >= 9
#ifdef __clang__
#define TC__DOTPROD __attribute__((target("dotprod")))
#else
#define TC__DOTPROD __attribute__((target(TC__ARM_ARCH "+dotprod")))
#endif
#endif
/* and with products of matrices of bytes */
#if !defined(TC__DOTPROD)
#elif defined(__ARM_FEATURE_MATMUL_INT8)
#define TC__I8MM
#elif defined(__clang__) ? __clang_major__ >= 16 : __GNUC__ >= 10
#ifdef __clang__
#define TC__I8MM __attribute__((target("i8mm")))
#else
#define TC__I8MM __attribute__((target(TC__ARM_ARCH "+i8mm")))
#endif
#endif
/* and with those of bf16 */
#if !defined(TC__I8MM)
#elif defined(__ARM_FEATURE_BF16)
#define TC__BF16
#elif defined(__clang__) ? __clang_major__ >= 16 : __GNUC__ >= 10
#ifdef __clang__
#define TC__BF16 __attribute__((target("bf16")))
#else
#define TC__BF16 __attribute__((target(TC__ARM_ARCH "+bf16")))
#endif
#endif
#endif
#endif

#if defined(__GNUC__) || defined(__clang__)
#define TC__INLINE static inline __attribute__((always_inline, unused))
#define TC__NOINLINE __attribute__((noinline))
#else
#define TC__INLINE static inline
#define TC__NOINLINE
#endif

/* In front of a loop over registers, of a constant number of turns: no turn is left a loop.
 * clang passes the wish of a loop of one turn on to the loop around it, and warns; with a
 * sanitizer's checks in every turn it would take half an hour. */
#if defined(__clang__)
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wpass-failed"
#if __has_feature(address_sanitizer) || __has_feature(memory_sanitizer) ||                     \
    __has_feature(thread_sanitizer) || __has_feature(undefined_behavior_sanitizer)
#define TC__UNROLL
#else
#define TC__UNROLL _Pragma("clang loop unroll(full)")
#endif
#elif defined(__GNUC__)
#define TC__UNROLL _Pragma("GCC unroll 32")
#else
#define TC__UNROLL
#endif

TC__INLINE int tc__plat_little_endian(void) {
    const uint32_t one = 1;
    unsigned char first;
    memcpy(&first, &one, 1);
    return first == 1;
}

#ifndef TC_NO_STDIO
#include <stdio.h>
#if defined(__unix__) || defined(__APPLE__)
#define TC__MMAP 1
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#endif
#endif

/* ========================================================================= 21-mem
 * The allocator, checked sizes, growing buffers. */

#if SIZE_MAX < UINT64_MAX
#define TC__SIZE_LIMIT ((uint64_t)SIZE_MAX / 2)
#else
#define TC__SIZE_LIMIT (UINT64_MAX / 2)
#endif

/* a * b, and 0 with *overflow set where it would exceed half of the address space. */
TC__INLINE uint64_t tc__mem_mul(uint64_t a, uint64_t b, int *overflow) {
    if (b && a > TC__SIZE_LIMIT / b) {
        *overflow = 1;
        return 0;
    }
    return a * b;
}

TC__INLINE uint64_t tc__mem_add(uint64_t a, uint64_t b, int *overflow) {
    if (a > TC__SIZE_LIMIT || b > TC__SIZE_LIMIT - a) {
        *overflow = 1;
        return 0;
    }
    return a + b;
}

TC__INLINE size_t tc__mem_least(size_t a, size_t b) { return a < b ? a : b; }

TC__INLINE size_t tc__mem_round(size_t n, size_t unit) { return (n + unit - 1) / unit * unit; }

/* Bytes from row to row of a matrix with rows so long: an odd number of lines of 64 bytes, so
 * that the rows of a tile lie in different sets of the L1 cache. */
TC__INLINE size_t tc__mem_stride(size_t bytes) { return ((bytes + 63) / 64 | 1) * 64; }

static void *tc__mem_realloc(const tc_env *env, void *old, size_t old_size, size_t new_size) {
    if (env->allocate) return env->allocate(env->user, old, old_size, new_size);
    if (new_size) return TC_REALLOC(old, new_size);
    TC_FREE(old);
    return NULL;
}

static void tc__mem_free(const tc_env *env, void *p, size_t size) {
    if (p) (void)tc__mem_realloc(env, p, size, 0);
}

/* A new zeroed block, or null. */
static void *tc__mem_zero(const tc_env *env, size_t size) {
    void *p = tc__mem_realloc(env, NULL, 0, size);
    if (p) memset(p, 0, size);
    return p;
}

/* A growing array of bytes; cast `data` to what it holds. Every block is 16-byte aligned as
 * malloc's are; floats that kernels read are aligned by their users. */
typedef struct tc__buf {
    char *data;
    size_t used, capacity;
} tc__buf;

/* By half, but beyond 64 KB by an eighth: what large blocks have too much lies idle. */
static tc_status tc__mem_grow(const tc_env *env, tc__buf *b, uint64_t extra) {
    int overflow = 0;
    uint64_t need = tc__mem_add(tc__mem_add(b->used, extra, &overflow), 64, &overflow), size;
    void *p;
    if (overflow) return TC_ERROR_MEMORY;
    size = need + need / (need < 65536 ? 2 : 8);
    if (size > TC__SIZE_LIMIT) size = need;
    p = tc__mem_realloc(env, b->data, b->capacity, (size_t)size);
    if (!p) return TC_ERROR_MEMORY;
    b->data = (char *)p;
    b->capacity = (size_t)size;
    return TC_OK;
}

/* Makes room for `extra` bytes behind the used ones, and 64 more that may be read. */
TC__INLINE tc_status tc__mem_reserve(const tc_env *env, tc__buf *b, uint64_t extra) {
    if (b->used + 64 <= b->capacity && extra <= b->capacity - b->used - 64) return TC_OK;
    return tc__mem_grow(env, b, extra);
}

static tc_status tc__mem_append(const tc_env *env, tc__buf *b, const void *data, size_t size) {
    tc_status status = tc__mem_reserve(env, b, size);
    if (status) return status;
    if (size) memcpy(b->data + b->used, data, size);
    b->used += size;
    return TC_OK;
}

static void tc__mem_drop(const tc_env *env, tc__buf *b) {
    tc__mem_free(env, b->data, b->capacity);
    memset(b, 0, sizeof *b);
}

static void tc__mem_drop_all(const tc_env *env, tc__buf *const *all, size_t count) {
    while (count--) tc__mem_drop(env, *all++);
}

/* Heap sort: libc's qsort may take memory that tc_env knows nothing of. `size` at most 64. */
static void tc__mem_sort(void *items, size_t n, size_t size,
                         int (*order)(const void *, const void *)) {
    char *x = (char *)items, spare[64];
    size_t root = n / 2, end = n, child;
    while (end > 1) {
        if (root) {
            root--;
        } else {
            end--;
            memcpy(spare, x, size);
            memcpy(x, x + end * size, size);
            memcpy(x + end * size, spare, size);
        }
        for (child = root; child * 2 + 1 < end;) { /* sift x[root] down */
            size_t at = child;
            child = child * 2 + 1;
            if (child + 1 < end && order(x + child * size, x + (child + 1) * size) < 0) child++;
            if (order(x + at * size, x + child * size) >= 0) break;
            memcpy(spare, x + at * size, size);
            memcpy(x + at * size, x + child * size, size);
            memcpy(x + child * size, spare, size);
        }
    }
}

/* A block of floats on a 64-byte line, never shrinking, with little more than was asked for. */
typedef struct tc__floats {
    tc__buf raw;
    float *data;
} tc__floats;

/* Room for `count`; what stood there may be lost. */
static tc_status tc__mem_floats(const tc_env *env, tc__floats *f, uint64_t count) {
    int overflow = 0;
    uint64_t need = tc__mem_add(tc__mem_mul(count, sizeof(float), &overflow), 64, &overflow);
    size_t misfit;
    if (overflow || need > TC__SIZE_LIMIT - need / 8) return TC_ERROR_MEMORY;
    if (need > f->raw.capacity) {
        if (f->raw.capacity) need += need / 8;
        tc__mem_drop(env, &f->raw);
        f->raw.data = (char *)tc__mem_realloc(env, NULL, 0, (size_t)need);
        if (!f->raw.data) return TC_ERROR_MEMORY;
        f->raw.capacity = (size_t)need;
    }
    misfit = (size_t)((uintptr_t)f->raw.data % 64);
    f->data = (float *)(void *)(f->raw.data + (misfit ? 64 - misfit : 0));
    return TC_OK;
}

/* ======================================================================= 22-bytes
 * Little-endian numbers, checksums, f16 and bf16. */

TC__INLINE uint32_t tc__bytes_u32(const void *p) {
    uint32_t v;
    memcpy(&v, p, 4);
    return v;
}

TC__INLINE uint64_t tc__bytes_u64(const void *p) {
    uint64_t v;
    memcpy(&v, p, 8);
    return v;
}

TC__INLINE uint32_t tc__bytes_of_float(float f) {
    uint32_t v;
    memcpy(&v, &f, 4);
    return v;
}

TC__INLINE float tc__bytes_to_float(uint32_t v) {
    float f;
    memcpy(&f, &v, 4);
    return f;
}

/* A reader that cannot leave its bytes: after a read too far `bad` is set and zeros come. */
typedef struct tc__reader {
    const unsigned char *data;
    size_t size, at;
    int bad;
} tc__reader;

static const unsigned char *tc__bytes_take(tc__reader *r, size_t n) {
    const unsigned char *p = r->data + r->at;
    if (r->bad || n > r->size - r->at) {
        r->bad = 1;
        return NULL;
    }
    r->at += n;
    return p;
}

static uint32_t tc__bytes_take_u32(tc__reader *r) {
    const unsigned char *p = tc__bytes_take(r, 4);
    return p ? tc__bytes_u32(p) : 0;
}

static uint64_t tc__bytes_take_u64(tc__reader *r) {
    const unsigned char *p = tc__bytes_take(r, 8);
    return p ? tc__bytes_u64(p) : 0;
}

TC__INLINE uint64_t tc__bytes_rotate(uint64_t v, int n) { return v << n | v >> (64 - n); }

#define TC__XXH_1 UINT64_C(0x9E3779B185EBCA87)
#define TC__XXH_2 UINT64_C(0xC2B2AE3D27D4EB4F)
#define TC__XXH_3 UINT64_C(0x165667B19E3779F9)
#define TC__XXH_4 UINT64_C(0x85EBCA77C2B2AE63)
#define TC__XXH_5 UINT64_C(0x27D4EB2F165667C5)

TC__INLINE uint64_t tc__bytes_mix(uint64_t h, uint64_t v) {
    return tc__bytes_rotate(h + v * TC__XXH_2, 31) * TC__XXH_1;
}

/* XXH64 with seed 0 (the xxHash specification, 0.1.1). */
static uint64_t tc__bytes_checksum(const void *data, size_t size) {
    const unsigned char *p = (const unsigned char *)data;
    uint64_t h = TC__XXH_5, v[4] = {TC__XXH_1 + TC__XXH_2, TC__XXH_2, 0, 0 - TC__XXH_1};
    size_t left = size;
    int i;
    if (size >= 32) {
        for (; left >= 32; left -= 32, p += 32)
            for (i = 0; i < 4; i++) v[i] = tc__bytes_mix(v[i], tc__bytes_u64(p + 8 * i));
        h = tc__bytes_rotate(v[0], 1) + tc__bytes_rotate(v[1], 7) + tc__bytes_rotate(v[2], 12) +
            tc__bytes_rotate(v[3], 18);
        for (i = 0; i < 4; i++) h = (h ^ tc__bytes_mix(0, v[i])) * TC__XXH_1 + TC__XXH_4;
    }
    h += size;
    for (; left >= 8; left -= 8, p += 8)
        h = tc__bytes_rotate(h ^ tc__bytes_mix(0, tc__bytes_u64(p)), 27) * TC__XXH_1 +
            TC__XXH_4;
    if (left >= 4) {
        h = tc__bytes_rotate(h ^ tc__bytes_u32(p) * TC__XXH_1, 23) * TC__XXH_2 + TC__XXH_3;
        p += 4;
        left -= 4;
    }
    for (; left; left--) h = tc__bytes_rotate(h ^ *p++ * TC__XXH_5, 11) * TC__XXH_1;
    h = (h ^ h >> 33) * TC__XXH_2;
    h = (h ^ h >> 29) * TC__XXH_3;
    return h ^ h >> 32;
}

#define TC__F16_LEAST 5.9604644775390625e-8f /* 2^-24, the least half */

/* IEEE half to f32, exact, subnormals included; no branch, so that loops become vectors. */
TC__INLINE float tc__bytes_from_f16(uint16_t h) {
    uint32_t magnitude = h & 0x7FFF, sign = (uint32_t)(h & 0x8000) << 16;
    uint32_t tiny = 0u - (magnitude < 0x400), special = 0u - (magnitude > 0x7BFF);
    uint32_t bits = (magnitude << 13) + 0x38000000 + (special & 0x38000000);
    uint32_t subnormal = tc__bytes_of_float((float)(int32_t)magnitude * TC__F16_LEAST);
    return tc__bytes_to_float((tiny & subnormal) | (~tiny & bits) | sign);
}

/* f32 to IEEE half, rounded to nearest even; beyond the range infinity. */
static uint16_t tc__bytes_to_f16(float value) {
    uint32_t bits = tc__bytes_of_float(value), sign = bits >> 16 & 0x8000,
             a = bits & 0x7FFFFFFF;
    uint32_t round;
    if (a > 0x7F800000) return (uint16_t)(sign | 0x7E00);
    if (a >= 0x477FF000) return (uint16_t)(sign | 0x7C00); /* 65520 and above */
    if (a < 0x38800000) { /* subnormal: adding 0.5 leaves the result in the low bits */
        float f = tc__bytes_to_float(a) + 0.5f;
        return (uint16_t)(sign | (tc__bytes_of_float(f) - 0x3F000000));
    }
    round = 0xFFF + (a >> 13 & 1);
    return (uint16_t)(sign | (a - 0x38000000 + round) >> 13);
}

/* f32 to bf16, rounded to nearest even. */
static uint16_t tc__bytes_to_bf16(float value) {
    uint32_t bits = tc__bytes_of_float(value);
    if ((bits & 0x7FFFFFFF) > 0x7F800000) return (uint16_t)(bits >> 16 | 0x40);
    return (uint16_t)((bits + 0x7FFF + (bits >> 16 & 1)) >> 16);
}

TC__INLINE float tc__bytes_from_bf16(uint16_t h) {
    return tc__bytes_to_float((uint32_t)h << 16);
}

/* ======================================================================== 23-utf8 */

#define TC__ILL_FORMED 0x110000u /* stands for one maximal subpart of ill-formed bytes */

static uint32_t tc__utf8_any(const unsigned char *p, const unsigned char *end, uint32_t *code) {
    uint32_t c = *p, low = 0x80, high = 0xBF, length, value, i;
    size_t left = (size_t)(end - p);
    *code = TC__ILL_FORMED;
    if (c < 0xC2 || c > 0xF4) return 1;
    length = c < 0xE0 ? 2 : c < 0xF0 ? 3 : 4;
    if (c == 0xE0) low = 0xA0;
    if (c == 0xED) high = 0x9F;
    if (c == 0xF0) low = 0x90;
    if (c == 0xF4) high = 0x8F;
    value = c & (0x7Fu >> length);
    for (i = 1; i < length; i++) {
        if (i >= left || p[i] < low || p[i] > high) return i;
        value = value << 6 | (p[i] & 0x3F);
        low = 0x80;
        high = 0xBF;
    }
    *code = value;
    return length;
}

/* Reads one code point, or one maximal subpart (Unicode 3.9, table 3-7), from p < end; returns
 * its bytes. */
TC__INLINE uint32_t tc__utf8_next(const unsigned char *p, const unsigned char *end,
                                  uint32_t *code) {
    uint32_t c = *p;
    *code = c;
    if (c < 0x80) return 1;
    if (c - 0xC2 < 0x1E && end - p > 1 && (p[1] & 0xC0) == 0x80) {
        *code = (c & 0x1F) << 6 | (p[1] & 0x3F);
        return 2;
    }
    if (c - 0xE0 < 0x10 && end - p > 2 && (p[1] & 0xC0) == 0x80 && (p[2] & 0xC0) == 0x80) {
        *code = (c & 0xF) << 12 | (uint32_t)(p[1] & 0x3F) << 6 | (p[2] & 0x3F);
        if (*code >= 0x800 && *code >> 11 != 0xD800 >> 11) return 3;
    }
    return tc__utf8_any(p, end, code);
}

/* Writes a code point (ill-formed as U+FFFD); returns its bytes, at most 4. */
static uint32_t tc__utf8_put(char *out, uint32_t c) {
    if (c == TC__ILL_FORMED) c = 0xFFFD;
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    if (c < 0x800) {
        out[0] = (char)(0xC0 | c >> 6);
        out[1] = (char)(0x80 | (c & 0x3F));
        return 2;
    }
    if (c < 0x10000) {
        out[0] = (char)(0xE0 | c >> 12);
        out[1] = (char)(0x80 | (c >> 6 & 0x3F));
        out[2] = (char)(0x80 | (c & 0x3F));
        return 3;
    }
    out[0] = (char)(0xF0 | c >> 18);
    out[1] = (char)(0x80 | (c >> 12 & 0x3F));
    out[2] = (char)(0x80 | (c >> 6 & 0x3F));
    out[3] = (char)(0x80 | (c & 0x3F));
    return 4;
}

/* Offset of the first ill-formed byte, or `size`. */
static size_t tc__utf8_check(const char *text, size_t size) {
    const unsigned char *p = (const unsigned char *)text, *start = p, *end = p;
    uint32_t code;
    if (size) end += size;
    while (p < end) {
        while (end - p >= 8 && !(tc__bytes_u64(p) & UINT64_C(0x8080808080808080))) p += 8;
        if (p < end) {
            uint32_t n = tc__utf8_next(p, end, &code);
            if (code == TC__ILL_FORMED) return (size_t)(p - start);
            p += n;
        }
    }
    return size;
}

/* Code points of a text; an ill-formed maximal subpart counts as one. */
static size_t tc__utf8_count(const char *text, size_t size) {
    const unsigned char *p = (const unsigned char *)text, *end = p + size;
    size_t count = 0;
    uint32_t code;
    for (; p < end; count++) p += tc__utf8_next(p, end, &code);
    return count;
}

/* ======================================================================== 24-diag
 * The sentence of a failure. */

/* Appends UTF-8, with a question mark for each control character, end of line or ill-formed
 * sequence. What does not fit ends the message. */
static void tc__diag_put(tc_diag *d, size_t *n, const char *s, size_t length) {
    const size_t room = sizeof d->message - 1;
    const unsigned char *p = (const unsigned char *)s, *end = p + length;
    while (p < end && *n < room) {
        uint32_t code, bytes = tc__utf8_next(p, end, &code);
        int shown = code >= 32 && (code < 127 || code > 0x9F) && code >> 1 != 0x2028 >> 1 &&
                    code != TC__ILL_FORMED;
        if (bytes > room - *n) {
            d->message[*n] = 0;
            *n = room;
        } else if (shown) {
            memcpy(d->message + *n, p, bytes);
            *n += bytes;
        } else {
            d->message[(*n)++] = '?';
        }
        p += bytes;
    }
}

/* A number in decimal, NUL-terminated, somewhere in `room` [21]. */
static const char *tc__diag_digits(char *room, uint64_t value) {
    char *at = room + 20;
    *at = 0;
    do *--at = (char)('0' + value % 10);
    while (value /= 10);
    return at;
}

static void tc__diag_number(tc_diag *d, size_t *n, uint64_t value) {
    char room[21];
    const char *digits = tc__diag_digits(room, value);
    tc__diag_put(d, n, digits, strlen(digits));
}

/* No failure yet; `d` may be null. */
static void tc__diag_clear(tc_diag *d) {
    if (!d) return;
    d->status = TC_OK;
    d->offset = d->line = 0;
    d->message[0] = 0;
}

/* Fills `d` (may be null) and returns `status`. `format` knows %s (a string) and %u (a
 * uint64_t). */
static tc_status tc__diag_fail(tc_diag *d, tc_status status, uint64_t offset,
                               const char *format, ...) {
    va_list args;
    size_t n = 0;
    if (!d) return status;
    va_start(args, format);
    for (; *format; format++) {
        if (*format != '%') {
            tc__diag_put(d, &n, format, 1);
        } else if (*++format == 's') {
            const char *s = va_arg(args, const char *);
            tc__diag_put(d, &n, s, strlen(s));
        } else {
            tc__diag_number(d, &n, va_arg(args, uint64_t));
        }
    }
    va_end(args);
    d->message[n] = 0;
    d->status = status;
    d->offset = offset;
    d->line = 0;
    return status;
}

#ifndef TC_NO_TRAIN
/* Puts text before the message of a failure. */
static void tc__diag_before(tc_diag *d, const char *text) {
    tc_diag copy;
    size_t n = 0;
    if (!d) return;
    copy = *d;
    tc__diag_put(d, &n, text, strlen(text));
    tc__diag_put(d, &n, copy.message, strlen(copy.message));
    d->message[n] = 0;
}
#endif

static tc_status tc__diag_memory(tc_diag *d) {
    return tc__diag_fail(d, TC_ERROR_MEMORY, 0, "out of memory");
}

#ifndef TC_NO_TRAIN
/* ========================================================================= 25-rng
 * Random numbers: the order of the data, new weights, dropout. */

/* MT19937 (Matsumoto and Nishimura, 1998) with the 32-bit seeding of init_genrand: what is
 * behind torch.randperm. */
typedef struct tc__mt {
    uint32_t state[624];
    int at;
} tc__mt;

static void tc__rng_seed(tc__mt *g, uint32_t seed) {
    uint32_t i;
    g->state[0] = seed;
    for (i = 1; i < 624; i++)
        g->state[i] = 1812433253u * (g->state[i - 1] ^ g->state[i - 1] >> 30) + i;
    g->at = 624;
}

static uint32_t tc__rng_u32(tc__mt *g) {
    uint32_t y, i;
    if (g->at == 624) {
        for (i = 0; i < 624; i++) {
            y = (g->state[i] & 0x80000000u) | (g->state[(i + 1) % 624] & 0x7FFFFFFFu);
            g->state[i] = g->state[(i + 397) % 624] ^ y >> 1 ^ (y & 1 ? 0x9908B0DFu : 0);
        }
        g->at = 0;
    }
    y = g->state[g->at++];
    y ^= y >> 11;
    y ^= y << 7 & 0x9D2C5680u;
    y ^= y << 15 & 0xEFC60000u;
    return y ^ y >> 18;
}

/* torch.randperm(n) of a fresh CPU generator with that seed (trainer.md section 3). */
static void tc__rng_permutation(uint32_t *order, uint32_t n, uint32_t seed) {
    tc__mt g;
    uint32_t i;
    tc__rng_seed(&g, seed);
    for (i = 0; i < n; i++) order[i] = i;
    for (i = 0; i + 1 < n; i++) {
        uint32_t other = i + tc__rng_u32(&g) % (n - i), t = order[i];
        order[i] = order[other];
        order[other] = t;
    }
}

/* Threefry-2x32 with 13 rounds (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3",
 * 2011): two random words for each pair of counters, so that an element's dropout depends on
 * its place alone. */
#define TC__THREEFRY(R)                                                                        \
    R(13)                                                                                      \
    R(15)                                                                                      \
    R(26)                                                                                      \
    R(6)                                                                                       \
    TC__THREEFRY_KEY(1, 2, 1)                                                                  \
    R(17)                                                                                      \
    R(29)                                                                                      \
    R(16) R(24) TC__THREEFRY_KEY(2, 0, 2) R(13) R(15) R(26) R(6) TC__THREEFRY_KEY(0, 1, 3) R(17)
#define TC__THREEFRY_PARITY 0x1BD11BDAu

static void tc__rng_threefry(const uint32_t key[2], uint32_t c0, uint32_t c1, uint32_t out[2]) {
    uint32_t k[3];
    k[0] = key[0];
    k[1] = key[1];
    k[2] = TC__THREEFRY_PARITY ^ k[0] ^ k[1];
    c0 += k[0];
    c1 += k[1];
#define TC__THREEFRY_ROUND(n)                                                                  \
    c0 += c1;                                                                                  \
    c1 = (c1 << (n) | c1 >> (32 - (n))) ^ c0;
#define TC__THREEFRY_KEY(i, j, n)                                                              \
    c0 += k[i];                                                                                \
    c1 += k[j] + (n);
    TC__THREEFRY(TC__THREEFRY_ROUND)
#undef TC__THREEFRY_ROUND
#undef TC__THREEFRY_KEY
    out[0] = c0;
    out[1] = c1;
}
#endif

/* ====================================================================== 28-thread
 * A pool for numbered items. Each worker begins with a share of neighbouring ones, and then
 * takes single items of the others' shares, so that a slow core does not hold the rest; who
 * comes too late for a region is not waited for. The caller is worker 0. Workers spin for a
 * short while, then sleep. */

typedef void (*tc__job)(void *context, size_t item, unsigned worker);

#if !defined(TC_NO_THREADS) && !(defined(__GNUC__) || defined(__clang__))
#define TC_NO_THREADS
#endif

/* What the caller does once, when the workers have begun with the next region. */
typedef struct tc__beside {
    void (*run)(void *context);
    void *context;
} tc__beside;

TC__INLINE void tc__thread_beside(tc__beside *b) {
    void (*run)(void *) = b->run;
    b->run = NULL;
    if (run) run(b->context);
}

typedef struct tc__pool tc__pool;

#if defined(TC_OPENMP) || defined(TC_NO_THREADS)
struct tc__pool {
    tc__beside beside;
    unsigned started;
};

static void tc__thread_free(const tc_env *env, tc__pool *pool) {
    tc__mem_free(env, pool, sizeof *pool);
}

static tc_status tc__thread_create(const tc_env *env, unsigned threads, tc__pool **out) {
    *out = (tc__pool *)tc__mem_zero(env, sizeof **out);
    if (!*out) return TC_ERROR_MEMORY;
    (*out)->started = threads;
#ifndef TC_OPENMP
    (*out)->started = 1;
#endif
    return TC_OK;
}

#ifdef TC_OPENMP
#include <omp.h>
static void tc__thread_run(tc__pool *pool, tc__job job, void *context, size_t items) {
    long long i, n = (long long)items;
    tc__thread_beside(&pool->beside);
#pragma omp parallel for schedule(dynamic, 1)                                                  \
    num_threads((int)pool->started) if (pool->started > 1 && n > 1)
    for (i = 0; i < n; i++) job(context, (size_t)i, (unsigned)omp_get_thread_num());
}
#else
static void tc__thread_run(tc__pool *pool, tc__job job, void *context, size_t items) {
    size_t i;
    tc__thread_beside(&pool->beside);
    for (i = 0; i < items; i++) job(context, i, 0);
}
#endif

#else
#include <pthread.h>
#include <sched.h>

typedef struct tc__worker {
    tc__pool *pool;
    pthread_t thread;
    unsigned index;
} tc__worker;

/* Items of a worker that nobody has taken; a cache line of its own. */
typedef struct tc__share {
    size_t next, end; /* next is atomic */
    char rest[64 - 2 * sizeof(size_t)];
} tc__share;

struct tc__pool {
    tc__beside beside;
    unsigned threads, started;
    pthread_mutex_t mutex;
    pthread_cond_t wake;
    unsigned sleepers, quit; /* atomic */
    uint32_t state; /* atomic: workers inside, + TC__POOL_STEP when a region opens or closes */
    tc__job job;    /* published by state */
    void *context;
    tc__share *shares;   /* [threads] */
    tc__worker *workers; /* [threads], workers[0] is the caller */
};

/* Regions are counted in the upper half. Should the count come round while a worker sleeps, the
 * worker misses a region, which does no harm. */
#define TC__POOL_STEP 0x10000u
#define TC__POOL_INSIDE(state) ((state) % TC__POOL_STEP)
#define TC__POOL_REGION(state) ((state) / TC__POOL_STEP)
#define TC__POOL_OPEN(state) (TC__POOL_REGION(state) % 2)

TC__INLINE void tc__thread_pause(void) {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

#define TC__POOL_TURN 2000000u

/* Some time that passes steadily. After TC__POOL_TURN, a millisecond or less, a worker offers
 * its core to other processes, while it has no item: if it lost the core amid one, all threads
 * would wait for it. */
TC__INLINE uint64_t tc__thread_time(void) {
#if defined(__x86_64__) || defined(__i386__)
    return __builtin_ia32_rdtsc();
#elif defined(__aarch64__)
    uint64_t time, rate;
    __asm__ volatile("mrs %0, cntvct_el0\n\tmrs %1, cntfrq_el0" : "=r"(time), "=r"(rate));
    return time * (UINT64_C(2000000000) / (rate ? rate : 1));
#else
    return 0;
#endif
}

/* Takes items until there are none, or until `turn`; 0 if it left some. */
static int tc__thread_work(tc__pool *pool, unsigned worker, uint64_t turn) {
    unsigned i;
    for (i = 0; i < pool->started; i++) {
        tc__share *share = &pool->shares[(worker + i) % pool->started];
        while (__atomic_load_n(&share->next, __ATOMIC_RELAXED) < share->end) {
            size_t item;
            if (tc__thread_time() > turn) return 0;
            item = __atomic_fetch_add(&share->next, 1, __ATOMIC_RELAXED);
            if (item < share->end) pool->job(pool->context, item, worker);
        }
    }
    return 1;
}

/* Waits for a region other than that of the state `seen`, or the end: 20 to 50 us of spinning,
 * then sleep. */
static uint32_t tc__thread_wait(tc__pool *pool, uint32_t seen) {
    uint32_t now;
    unsigned spins;
#define TC__POOL_READY                                                                         \
    (now = __atomic_load_n(&pool->state, __ATOMIC_SEQ_CST),                                    \
     (TC__POOL_OPEN(now) && TC__POOL_REGION(now) != TC__POOL_REGION(seen)) ||                  \
         __atomic_load_n(&pool->quit, __ATOMIC_SEQ_CST))
    for (spins = 0; spins < 1000; spins++) {
        if (TC__POOL_READY) return now;
        tc__thread_pause();
    }
    pthread_mutex_lock(&pool->mutex);
    __atomic_fetch_add(&pool->sleepers, 1, __ATOMIC_SEQ_CST);
    while (!TC__POOL_READY) pthread_cond_wait(&pool->wake, &pool->mutex);
    __atomic_fetch_sub(&pool->sleepers, 1, __ATOMIC_SEQ_CST);
    pthread_mutex_unlock(&pool->mutex);
#undef TC__POOL_READY
    return now;
}

static void *tc__thread_main(void *argument) {
    tc__worker *worker = (tc__worker *)argument;
    tc__pool *pool = worker->pool;
    uint64_t turn = tc__thread_time() + TC__POOL_TURN;
    uint32_t seen = 0;
    for (;;) {
        uint32_t now = tc__thread_wait(pool, seen);
        if (__atomic_load_n(&pool->quit, __ATOMIC_ACQUIRE)) return NULL;
        if (!__atomic_compare_exchange_n(&pool->state, &now, now + 1, 0, __ATOMIC_ACQ_REL,
                                         __ATOMIC_RELAXED))
            continue;
        seen = tc__thread_work(pool, worker->index, turn) ? now : 0;
        __atomic_fetch_sub(&pool->state, 1, __ATOMIC_RELEASE);
        if (tc__thread_time() > turn) {
            sched_yield();
            turn = tc__thread_time() + TC__POOL_TURN;
        }
    }
}

static void tc__thread_wake(tc__pool *pool) {
    if (__atomic_load_n(&pool->sleepers, __ATOMIC_SEQ_CST)) {
        pthread_mutex_lock(&pool->mutex);
        pthread_cond_broadcast(&pool->wake);
        pthread_mutex_unlock(&pool->mutex);
    }
}

static void tc__thread_free(const tc_env *env, tc__pool *pool) {
    unsigned i;
    if (!pool) return;
    if (pool->started > 1) {
        pthread_mutex_lock(&pool->mutex);
        __atomic_store_n(&pool->quit, 1, __ATOMIC_SEQ_CST);
        pthread_cond_broadcast(&pool->wake);
        pthread_mutex_unlock(&pool->mutex);
        for (i = 1; i < pool->started; i++) pthread_join(pool->workers[i].thread, NULL);
    }
    pthread_cond_destroy(&pool->wake);
    pthread_mutex_destroy(&pool->mutex);
    tc__mem_free(env, pool->workers, pool->threads * sizeof *pool->workers);
    tc__mem_free(env, pool->shares, pool->threads * sizeof *pool->shares);
    tc__mem_free(env, pool, sizeof *pool);
}

/* Threads that the system refuses are done without. */
static tc_status tc__thread_create(const tc_env *env, unsigned threads, tc__pool **out) {
    tc__pool *pool = (tc__pool *)tc__mem_zero(env, sizeof *pool);
    *out = NULL;
    if (!pool) return TC_ERROR_MEMORY;
    pool->threads = threads;
    pool->workers = (tc__worker *)tc__mem_zero(env, threads * sizeof *pool->workers);
    pool->shares = (tc__share *)tc__mem_zero(env, threads * sizeof *pool->shares);
    if (!pool->workers || !pool->shares) {
        tc__mem_free(env, pool->workers, threads * sizeof *pool->workers);
        tc__mem_free(env, pool->shares, threads * sizeof *pool->shares);
        tc__mem_free(env, pool, sizeof *pool);
        return TC_ERROR_MEMORY;
    }
    pthread_mutex_init(&pool->mutex, NULL);
    pthread_cond_init(&pool->wake, NULL);
    for (pool->started = 1; pool->started < threads; pool->started++) {
        tc__worker *w = &pool->workers[pool->started];
        w->pool = pool;
        w->index = pool->started;
        if (pthread_create(&w->thread, NULL, tc__thread_main, w)) break;
    }
    *out = pool;
    return TC_OK;
}

/* Calls job(context, i, worker) for every i below items, in any order, and returns when all
 * are done. */
static void tc__thread_run(tc__pool *pool, tc__job job, void *context, size_t items) {
    unsigned spins = 0, i;
    if (pool->started < 2 || items < 2) {
        size_t item;
        tc__thread_beside(&pool->beside);
        for (item = 0; item < items; item++) job(context, item, 0);
        return;
    }
    pool->job = job;
    pool->context = context;
    for (i = 0; i < pool->started; i++) {
        pool->shares[i].end = items * (i + 1) / pool->started;
        __atomic_store_n(&pool->shares[i].next, items * i / pool->started, __ATOMIC_RELAXED);
    }
    __atomic_fetch_add(&pool->state, TC__POOL_STEP, __ATOMIC_SEQ_CST);
    tc__thread_wake(pool);
    tc__thread_beside(&pool->beside);
    (void)tc__thread_work(pool, 0, UINT64_MAX);
    __atomic_fetch_add(&pool->state, TC__POOL_STEP, __ATOMIC_ACQ_REL);
    while (TC__POOL_INSIDE(__atomic_load_n(&pool->state, __ATOMIC_ACQUIRE))) {
        tc__thread_pause();
        if (++spins % 4096 == 0) sched_yield();
    }
}
#endif

/* How many threads there are, the caller's included. */
static unsigned tc__thread_count(const tc__pool *pool) { return pool->started; }

/* ========================================================================= 30-cpu
 * Which instruction sets the CPU and the operating system offer. */

#ifdef TC__X86
#include <cpuid.h>
#include <immintrin.h>

/* Linux lets a process use tiles (state 18) when it has asked: arch_prctl ARCH_REQ_XCOMP_PERM,
 * which is harmless to repeat. */
static int tc__cpu_amx(unsigned xcr0, unsigned features, unsigned more) {
#ifdef TC__EMULATED_AMX /* tests/amx.c does what the tile instructions do */
    (void)xcr0, (void)features;
    return more >> 5 & 1;
#elif defined(TC__AMX)
    long answer;
    if ((xcr0 & 3u << 17) != 3u << 17 || (features & 13u << 22) != 13u << 22) return 0;
    if (!(more & 1u << 5)) return 0; /* AVX-512 BF16 */
    __asm__ volatile("syscall"
                     : "=a"(answer)
                     : "0"(158L), "D"(0x1023L), "S"(18L)
                     : "rcx", "r11", "memory");
    return answer == 0;
#else
    (void)xcr0, (void)features, (void)more;
    return 0;
#endif
}

/* Under a hypervisor each cpuid takes microseconds, so as few as the level needs. */
static int tc__cpu_x86(tc_level level) {
    unsigned a, b, c, d, low, high, more = 0;
    if (__get_cpuid_max(0, NULL) < 7) return 0;
    __cpuid(1, a, b, c, d);
    if (~c & (1u << 27 | 1u << 28 | 1u << 29 | 1u << 12)) return 0; /* OSXSAVE AVX F16C FMA */
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    __cpuid_count(7, 0, a, b, c, d);
    if ((low & 6) != 6 || !(b & 1u << 5)) return 0;
    if (level == TC_LEVEL_AVX2) return 1;
    if (a) { /* there is a second part of leaf 7 */
        unsigned unused[3];
        __cpuid_count(7, 1, more, unused[0], unused[1], unused[2]);
    }
    if (level == TC_LEVEL_AVX2_VNNI) return (more & 1u << 4) != 0;
    /* F, DQ, BW, VL, and the operating system keeps opmask and zmm registers */
    if ((low & 0xE6) != 0xE6 || !(b & 1u << 16) || !(b & 1u << 17) || !(b & 1u << 30) ||
        !(b & 1u << 31))
        return 0;
    if (level == TC_LEVEL_AVX512 || !(c & 1u << 11)) return level == TC_LEVEL_AVX512;
    return level == TC_LEVEL_AVX512_VNNI || tc__cpu_amx(low, d, more);
}
#endif

/* How weights are best fetched from memory. Intel's cores fetch ahead within pages of 4 KB
 * alone and are faster at several places at a time, for few rows a little ahead in each; AMD's
 * with adjoining pieces one after the other. */
typedef enum tc__fetching { TC__FETCH_BEHIND, TC__FETCH_NEAR, TC__FETCH_STREAM } tc__fetching;

static tc__fetching tc__cpu_fetching(void) {
    tc__fetching best = TC__FETCH_BEHIND;
#ifdef TC__X86
    unsigned maker = 0;
    __get_cpuid_max(0, &maker);
    if (maker == 0x756E6547) best = TC__FETCH_NEAR;   /* "Genu" */
    if (maker == 0x68747541) best = TC__FETCH_STREAM; /* "Auth" */
#endif
    return best;
}

#ifdef TC__ARM
#include <arm_neon.h>
#if defined(__linux__)
#include <sys/auxv.h>
#elif defined(__APPLE__)
#include <sys/sysctl.h>
#endif

/* TC_LEVEL_DOTPROD, TC_LEVEL_I8MM and TC_LEVEL_BF16 */
TC__INLINE int tc__cpu_arm(tc_level level) {
    int has = 0;
#if defined(__linux__)
    has = level == TC_LEVEL_DOTPROD
              ? getauxval(AT_HWCAP) >> 20 & 1
              : getauxval(AT_HWCAP2) >> (level == TC_LEVEL_I8MM ? 13 : 14) & 1;
#elif defined(__APPLE__)
    size_t size = sizeof has;
    if (sysctlbyname(level == TC_LEVEL_DOTPROD ? "hw.optional.arm.FEAT_DotProd"
                     : level == TC_LEVEL_I8MM  ? "hw.optional.arm.FEAT_I8MM"
                                               : "hw.optional.arm.FEAT_BF16",
                     &has, &size, NULL, 0))
        has = 0;
#endif
#if defined(__ARM_FEATURE_DOTPROD)
    if (level == TC_LEVEL_DOTPROD) return 1;
#endif
#if defined(__ARM_FEATURE_MATMUL_INT8)
    if (level == TC_LEVEL_I8MM) return 1;
#endif
#if defined(__ARM_FEATURE_BF16)
    if (level == TC_LEVEL_BF16) return 1;
#endif
    (void)level;
    return has != 0;
}
#endif

static int tc__cpu_has(tc_level level) {
    switch (level) {
    case TC_LEVEL_SCALAR:
    case TC_LEVEL_BASE: return 1;
#ifdef TC__X86
    case TC_LEVEL_AVX2:
#ifdef TC__AVX2_VNNI
    case TC_LEVEL_AVX2_VNNI:
#endif
    case TC_LEVEL_AVX512:
    case TC_LEVEL_AVX512_VNNI:
#ifdef TC__AMX
    case TC_LEVEL_AMX:
#endif
        return tc__cpu_x86(level);
#endif
#ifdef TC__ARM
    case TC_LEVEL_NEON: return 1; /* part of AArch64 */
#ifdef TC__DOTPROD
    case TC_LEVEL_DOTPROD: return tc__cpu_arm(level);
#endif
#ifdef TC__I8MM
    case TC_LEVEL_I8MM: return tc__cpu_arm(TC_LEVEL_DOTPROD) && tc__cpu_arm(level);
#endif
#ifdef TC__BF16
    case TC_LEVEL_BF16: return tc__cpu_has(TC_LEVEL_I8MM) && tc__cpu_arm(level);
#endif
#endif
    default: return 0;
    }
}

/* ======================================================================== 31-kref
 * The scalar reference: each op as one defined sequence of operations, so that every level with
 * a fused multiply-add gives the same bits. No product feeds a sum but through fmaf, so a
 * compiler has nothing to contract. Sums and maxima run in 16 virtual lanes (element i in lane
 * i mod 16) and end in one tree. */

/* THE list of ops: X(name, (arguments)). The table of each level, the tests and the benchmark
 * are made from it.
 *
 * gemm     c[r][j] = start + sum over k of a[r][k] * b[j/16][k][j%16], one chain of fma in the
 *          order of k; rows x count*16 outputs
 * gemm_t   the same with panels [K/2][16][2] of type t, K even, the stride in pairs
 * gelu     y = x * Phi(x), y may be x; Phi by a polynomial, the error function of models.md
 *          section 2
 * gelu_new 0.5 x (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))), written as x / (1 + exp(-2u))
 * relu, silu
 * add      x += y
 * embed    out = (word + type) + position; type may be null
 * norm     LayerNorm of each row: two passes, biased variance, eps inside the root
 * softmax  of each row x[i] = exp((x[i] - max) * scale), whose sum goes to sums; n >= 1,
 *          scale > 0
 * divide   row r of y = row r of x * (1 / sums[r])
 * transpose  16 x 16
 * rotate   of each row, n a multiple of 128, y[g+8i+j] = sum over k < 16 of x[g+8k+j], minus
 *          where i & k has an odd number of ones; g a multiple of 128, j < 8; y is not x
 * widen_t  a panel [K/2][16][2] of type t to f32 [K rounded up to 2][16]
 * spread_s8  a panel [K/4][16][4] to [K/2][16][2], both K rounded up to 4
 * burst    about `count` multiply-adds in registers, of enough sums to hide latency; *out must
 *          be 0 and becomes 2 (f32) or 1 */
#define TC__OPS(X)                                                                             \
    X(gemm, (size_t rows, size_t K, const float *a, size_t lda, const tc__panels *b, float *c, \
             size_t ldc))                                                                      \
    X(gemm_f16, (size_t rows, size_t K, const float *a, size_t lda, const tc__panels *b,       \
                 float *c, size_t ldc))                                                        \
    X(gemm_bf16, (size_t rows, size_t K, const float *a, size_t lda, const tc__panels *b,      \
                  float *c, size_t ldc))                                                       \
    X(gelu, (float *y, const float *x, size_t ld, size_t rows, size_t n))                      \
    X(gelu_new, (float *y, const float *x, size_t ld, size_t rows, size_t n))                  \
    X(relu, (float *y, const float *x, size_t ld, size_t rows, size_t n))                      \
    X(silu, (float *y, const float *x, size_t ld, size_t rows, size_t n))                      \
    X(add, (float *x, size_t ldx, const float *y, size_t ldy, size_t rows, size_t n))          \
    X(embed,                                                                                   \
      (float *out, const float *word, const float *type, const float *position, size_t n))     \
    X(norm, (float *out, const float *x, size_t ld, size_t rows, const float *weight,          \
             const float *bias, float eps, size_t n))                                          \
    X(softmax, (float *x, size_t ld, size_t rows, size_t n, float scale, float *sums))         \
    X(divide, (float *y, size_t ldy, const float *x, size_t ldx, size_t rows, size_t n,        \
               const float *sums))                                                             \
    X(transpose, (float *out, size_t ldo, const float *in, size_t ldi))                        \
    X(rotate, (float *y, size_t ldy, const float *x, size_t ldx, size_t rows, size_t n))       \
    X(widen_f16, (float *out, const uint16_t *in, size_t K))                                   \
    X(widen_bf16, (float *out, const uint16_t *in, size_t K))                                  \
    X(spread_s8, (int16_t * out, const int8_t *in, size_t K))                                  \
    X(burst, (float *out, size_t count))

/* Panels [K][16] that gemm reads, where its sums start, and what is wanted after them. */
typedef struct tc__panels {
    const float *at;
    size_t stride, count; /* floats from panel to panel */
    const float *bias;    /* [count * 16] that sums start at; null: zeros */
    int add;              /* sums start at c instead */
    const char *ahead;    /* of gemm: comes into cache meanwhile; null: the panels behind */
    size_t ahead_stride, ahead_pace; /* bytes from one panel, one k, to the next */
    tc__fetching fetching;
} tc__panels;

/* What an integer q of a row stands for: low + q * step. */
typedef struct tc__qscale {
    float step, low;
} tc__qscale;

/* A matrix [rows, K] of integers, as the level's quantize leaves it. */
typedef struct tc__qrows {
    unsigned char *q;
    size_t ld;         /* bytes from row to row */
    tc__qscale *scale; /* [rows] */
} tc__qrows;

/* Panels of a quantised weight, as the level's product reads them. */
typedef struct tc__qpanels {
    const void *q;
    size_t stride, count;            /* bytes from panel to panel */
    const float *scale;              /* [count * 16] */
    const int32_t *sums;             /* [count * 16] of the integers of a column */
    const float *bias;               /* [count * 16] or null */
    const char *ahead;               /* comes into cache meanwhile; null: the panels behind */
    size_t ahead_stride, ahead_pace; /* bytes from one panel, one group, to the next */
    tc__fetching fetching;
} tc__qpanels;

/* The ops of integer products. Weights are symmetric, number = q * scale of its output, |q| at
 * most 127 or 8191; the other operand is quantised row by row:
 *
 * quantize_s16  step = top / 8191, top the largest magnitude, q = x * (8191 / top) rounded to
 *               nearest even; low is 0
 * quantize_s8   in 8 bits without a sign: low the least number, top the largest minus low, step
 *               = top / 255, q = (x - low) * (255 / top) rounded
 * Integers of 0 make n a multiple of 16. A top below 2^-100 gives step 0; a number or a top
 * that is not finite gives a step that is none, and any integers.
 *
 * gemm_s8       c[r][j] = fma(f32(sum) * a.step, b.scale, fma(a.low, f32(b.sums) * b.scale,
 *               bias)), sum over k of a.q * b.q, exact in 32 bits for K up to 65,536
 * gemm_s16      c[r][j] = fma(sum * a.step, b.scale, bias); sums of 32 k, exact in 32 bits, are
 *               added up in f32 in their order
 *
 * How a level keeps the rows of s8 is its own matter. Where s8_bytes is 2, panels are spread
 * before gemm_s8. */
#define TC__OPS_S16(X)                                                                         \
    X(quantize_s16, (const tc__qrows *to, const float *x, size_t ld, size_t rows, size_t n))   \
    X(gemm_s16,                                                                                \
      (size_t rows, size_t K, const tc__qrows *a, const tc__qpanels *b, float *c, size_t ldc)) \
    X(burst_s16, (float *out, size_t count))
#define TC__OPS_S8(X)                                                                          \
    X(quantize_s8, (const tc__qrows *to, const float *x, size_t ld, size_t rows, size_t n))    \
    X(gemm_s8,                                                                                 \
      (size_t rows, size_t K, const tc__qrows *a, const tc__qpanels *b, float *c, size_t ldc)) \
    X(burst_s8, (float *out, size_t count))

#ifdef TC_NO_TRAIN
#define TC__OPS_TRAIN(X)
#define TC__OPS_TRAIN_FLOAT(X)
#else
/* Dropout of one site: an element stays, times `scale`, where its random word is at least
 * `threshold`. */
typedef struct tc__dropout {
    uint32_t key[2], threshold;
    float scale;
} tc__dropout;

/* One update of AdamW (trainer.md section 5). */
typedef struct tc__adamw {
    float decay;        /* 1 - learning rate * weight decay */
    float clip;         /* of the gradient */
    float beta1, rest1; /* rest = 1 - beta */
    float beta2, rest2;
    float step;          /* learning rate / (1 - beta1^t) */
    float root, epsilon; /* 1 / sqrt(1 - beta2^t) */
} tc__adamw;

/* The ops of training.
 *
 * gemm_dw  c[r][j] = start + sum over k of a[k][r] * b[j/16][k][j%16], as gemm but for the
 *          layout of a; no bias; column j lies at j/16*c_stride + j%16
 * NAME_back     dy *= the derivative of NAME at x
 * norm_back     dx of each row of LayerNorm; x becomes (x - mean) / sqrt(variance + eps)
 * softmax_back  of each row d = p * (d - sum of p * d) * scale
 * dropout       of x at (row, column) of a larger matrix; column is a multiple of 32
 * column_sum    sum[j] += x[0][j] + x[1][j] + ..., row by row; column_dot: of x * y
 * adamw         g null: zeros */
#define TC__OPS_TRAIN(X)                                                                       \
    X(gemm_dw, (size_t rows, size_t K, const float *a, size_t lda, const tc__panels *b,        \
                float *c, size_t ldc, size_t c_stride))                                        \
    X(gelu_back, (float *dy, const float *x, size_t ld, size_t rows, size_t n))                \
    X(gelu_new_back, (float *dy, const float *x, size_t ld, size_t rows, size_t n))            \
    X(relu_back, (float *dy, const float *x, size_t ld, size_t rows, size_t n))                \
    X(silu_back, (float *dy, const float *x, size_t ld, size_t rows, size_t n))                \
    X(norm_back, (float *dx, float *x, const float *dy, size_t ld, size_t rows,                \
                  const float *weight, float eps, size_t n))                                   \
    X(softmax_back, (float *d, const float *p, size_t ld, size_t rows, float scale, size_t n)) \
    X(dropout, (float *x, size_t ld, size_t rows, size_t n, const tc__dropout *d,              \
                uint32_t row, uint32_t column))                                                \
    X(column_sum, (float *sum, const float *x, size_t ld, size_t rows, size_t n))              \
    X(column_dot,                                                                              \
      (float *sum, const float *x, const float *y, size_t ld, size_t rows, size_t n))          \
    X(adamw, (float *p, const float *g, float *m, float *v, size_t n, const tc__adamw *o))

/* squares: the sum of x[i]^2; apart from the others, which return nothing */
#define TC__OPS_TRAIN_FLOAT(X) X(squares, (const float *x, size_t n))
#endif

typedef struct tc__ops {
    tc_level level;
    size_t tile_rows, tile_panels; /* what gemm holds in registers */
    size_t half_rows;              /* up to which gemm_f16 is of use, gemm_bf16 to twice it */
    size_t s8_bytes;               /* of a number in the rows and panels of gemm_s8 */
#define TC__OP_FIELD(name, args) void(*name) args;
    TC__OPS(TC__OP_FIELD)
    TC__OPS_S16(TC__OP_FIELD)
    TC__OPS_S8(TC__OP_FIELD)
    TC__OPS_TRAIN(TC__OP_FIELD)
#undef TC__OP_FIELD
#define TC__OP_FIELD(name, args) float(*name) args;
    TC__OPS_TRAIN_FLOAT(TC__OP_FIELD)
#undef TC__OP_FIELD
} tc__ops;

/* Products of bf16, in f32 in an order of the level's own; only some levels have them. Weights
 * that are bf16 meet rows that are rounded to it. Other numbers are split in two, x = hi + lo:
 * hi hi + hi lo + lo hi. */
typedef struct tc__tiles {
    const unsigned char *hi, *lo; /* [count] panels [K/2][16][2] of bf16, K rounded up to 32 */
    size_t stride, count;         /* bytes from panel to panel; lo is null: no second half */
    const float *bias;            /* [count * 16] or null */
} tc__tiles;

typedef struct tc__split {
    /* hi and, if both, lo; each with zeros behind it up to a multiple of 32 */
    void (*row)(unsigned char *out, const float *x, size_t n, int both);
    /* null: only weights that are bf16 are worth it */
    void (*panel)(unsigned char *hi, unsigned char *lo, const float *in, size_t K);
    void (*gemm)(size_t rows, size_t K, const unsigned char *a, size_t lda, const tc__tiles *b,
                 float *c, size_t ldc);
    void (*burst)(float *out, size_t count);
} tc__split;

/* exp: x = n ln2 + r, 2^n through the exponent bits; coefficients of the Cephes library's expf.
 * Relative error 8.3e-8 on [-87.33, 88.02], where arguments are clamped. */
#define TC__EXP_LOW (-87.33f)
#define TC__EXP_HIGH 88.02f
#define TC__EXP_MAGIC                                                                          \
    12582912.0f /* 1.5 * 2^23: adding it rounds to an integer in the low bits */
#define TC__LOG2E 1.44269504f
#define TC__LN2_HIGH 0.693359375f
#define TC__LN2_LOW (-2.12194440e-4f)
#define TC__EXP_P0 1.9875691500e-4f
#define TC__EXP_P1 1.3981999507e-3f
#define TC__EXP_P2 8.3334519073e-3f
#define TC__EXP_P3 4.1665795894e-2f
#define TC__EXP_P4 1.6666665459e-1f
#define TC__EXP_P5 5.0000001201e-1f
/* 2^(d f) of softmax, d <= 0 its distance to the largest: d f = n + r with one rounding, and
 * 2^r = 1 + r P(r), our own least-squares fit, highest power first. The number that rounds has
 * the bias of exponents in its low bits, so that they become those of 2^n. Relative error 9e-8;
 * below 2^-125 it is that. */
#define TC__EXP2_LOW (-125.0f)
#define TC__EXP2_MAGIC 12583039.0f /* 1.5 * 2^23 + 127 */
static const float tc__kref_exp2_powers[6] = {0.000151966932f, 0.00133913045f, 0.00961900223f,
                                              0.0555035919f,   0.240226433f,   0.693147182f};
/* Phi(x) - 1/2 = x P(u), u = 2 x^2 / 5.3^2 - 1 up to |x| = 5.3, where it reaches 1/2: our own
 * weighted least-squares fit. Error of x Phi(x): 1.1e-7 (1 + |x|). Highest power first. */
#define TC__PHI_SQUARE 28.09f
#define TC__PHI_SCALE 0.0711997152f
static const float tc__kref_phi_powers[15] = {
    0.000272502104f, -0.000754306093f, 0.000763523334f, -0.00112436805f, 0.00310085993f,
    -0.00581962941f, 0.00884591322f,   -0.0132003864f,  0.0189212877f,   -0.0252947472f,
    0.0320800431f,   -0.0395892859f,   0.0492641442f,   -0.066518493f,   0.133392558f};
#define TC__NORMAL_0 0.398942280f       /* 1 / sqrt(2 pi) */
#define TC__GELU_NEW_1 (-1.5957691216f) /* -2 sqrt(2/pi) */
#define TC__GELU_NEW_3 (-0.0713548163f) /* that times 0.044715 */

/* a > b ? a : b and a < b ? a : b: the second where they do not compare, as in SSE. */
TC__INLINE float tc__kref_max(float a, float b) { return a > b ? a : b; }
TC__INLINE float tc__kref_min(float a, float b) { return a < b ? a : b; }

static float tc__kref_exp(float x) {
    float m, n, r, p, s;
    x = tc__kref_min(TC__EXP_HIGH, tc__kref_max(TC__EXP_LOW, x));
    m = fmaf(x, TC__LOG2E, TC__EXP_MAGIC);
    n = m - TC__EXP_MAGIC;
    r = fmaf(n, -TC__LN2_HIGH, x);
    r = fmaf(n, -TC__LN2_LOW, r);
    p = fmaf(TC__EXP_P0, r, TC__EXP_P1);
    p = fmaf(p, r, TC__EXP_P2);
    p = fmaf(p, r, TC__EXP_P3);
    p = fmaf(p, r, TC__EXP_P4);
    p = fmaf(p, r, TC__EXP_P5);
    p = fmaf(p, r * r, r);
    s = tc__bytes_to_float((tc__bytes_of_float(m) << 23) + 0x3F800000u);
    return fmaf(p, s, s);
}

/* 2^(d f); low is TC__EXP2_LOW / f */
static float tc__kref_exp2(float d, float f, float low) {
    float m, r, p = tc__kref_exp2_powers[0], s;
    int i;
    d = tc__kref_max(low, d);
    m = fmaf(d, f, TC__EXP2_MAGIC);
    r = fmaf(d, f, TC__EXP2_MAGIC - m);
    for (i = 1; i < 6; i++) p = fmaf(p, r, tc__kref_exp2_powers[i]);
    s = tc__bytes_to_float(tc__bytes_of_float(m) << 23);
    return fmaf(p, r * s, s);
}

/* ln x for finite x > 0: x = m 2^e, sqrt(1/2) <= m < sqrt(2); coefficients of the Cephes
 * library's logf. Relative error 1e-7. Only in scalar code: the loss, new weights. */
static float tc__kref_log(float x) {
    uint32_t bits = tc__bytes_of_float(x) - 0x3F3504F3u;
    float e = (float)((int32_t)bits >> 23), y, z;
    x = tc__bytes_to_float((bits & 0x7FFFFF) + 0x3F3504F3u) - 1.0f;
    z = x * x;
    y = fmaf(7.0376836292e-2f, x, -1.1514610310e-1f);
    y = fmaf(y, x, 1.1676998740e-1f);
    y = fmaf(y, x, -1.2420140846e-1f);
    y = fmaf(y, x, 1.4249322787e-1f);
    y = fmaf(y, x, -1.6668057665e-1f);
    y = fmaf(y, x, 2.0000714765e-1f);
    y = fmaf(y, x, -2.4999993993e-1f);
    y = fmaf(y, x, 3.3333331174e-1f);
    y = fmaf(e, TC__LN2_LOW, x * z * y);
    y = fmaf(z, -0.5f, y);
    return fmaf(e, TC__LN2_HIGH, x + y);
}

#ifndef TC_NO_TRAIN
#define TC__PI 3.14159265358979323846

/* cos on [-3 pi / 2, 3 pi / 2] by its series, the same on every machine. */
static double tc__kref_cos(double x) {
    double square = x * x, term = 1, sum = 1;
    int k;
    for (k = 2; k <= 40; k += 2) {
        term = term * square / (double)(-k * (k - 1));
        sum += term;
    }
    return sum;
}

/* 10000^x on [0, 1] likewise: the exponential series of a sixteenth, to the sixteenth power. */
static double tc__kref_power_10000(double x) {
    double y = x * (9.210340371976182736 / 16), term = 1, sum = 1; /* ln 10000 */
    int k;
    for (k = 1; k <= 20; k++) {
        term = term * y / (double)k;
        sum += term;
    }
    for (k = 0; k < 4; k++) sum *= sum;
    return sum;
}
#endif

/* Phi(x) - 1/2 */
static float tc__kref_phi(float x) {
    float u = fmaf(tc__kref_min(TC__PHI_SQUARE, x * x), TC__PHI_SCALE, -1.0f),
          p = tc__kref_phi_powers[0];
    int i;
    for (i = 1; i < 15; i++) p = fmaf(p, u, tc__kref_phi_powers[i]);
    return tc__kref_min(0.5f, tc__kref_max(-0.5f, x * p));
}

static float tc__kref_gelu1(float x) { return fmaf(x, tc__kref_phi(x), x * 0.5f); }

static float tc__kref_gelu_new1(float x) {
    return x / (1.0f + tc__kref_exp(x * fmaf(x * x, TC__GELU_NEW_3, TC__GELU_NEW_1)));
}

static float tc__kref_silu1(float x) { return x / (1.0f + tc__kref_exp(x * -1.0f)); }

/* The tree that ends every reduction over 16 lanes. Destroys l. */
TC__INLINE float tc__kref_sum16(float *l) {
    int half, i;
    for (half = 8; half; half /= 2)
        for (i = 0; i < half; i++) l[i] += l[i + half];
    return l[0];
}

TC__INLINE float tc__kref_max16(float *l) {
    int half, i;
    for (half = 8; half; half /= 2)
        for (i = 0; i < half; i++) l[i] = tc__kref_max(l[i], l[i + half]);
    return l[0];
}

/* Panels of `columns` columns, without a bias. */
TC__INLINE tc__panels tc__kref_panels(const float *at, size_t stride, size_t columns) {
    tc__panels b = {at, stride, columns / 16, NULL, 0, NULL, 0, 0, TC__FETCH_BEHIND};
    return b;
}

/* Place of (k, column) in a panel of groups of g rows: [K/g][16][g]. */
TC__INLINE size_t tc__kref_place(size_t k, size_t column, size_t g) {
    return (k / g * 16 + column) * g + k % g;
}

/* `number` is (k, column) of a panel. */
#define TC__KREF_GEMM(name, type, number)                                                      \
    static void tc__k_##name##_scalar(size_t rows, size_t K, const float *a, size_t lda,       \
                                      const tc__panels *b, float *c, size_t ldc) {             \
        size_t r, j, k;                                                                        \
        for (r = 0; r < rows; r++)                                                             \
            for (j = 0; j < b->count * 16; j++) {                                              \
                const type *panel = (const type *)(const void *)(b->at + j / 16 * b->stride);  \
                const size_t column = j % 16;                                                  \
                float sum = b->add ? c[r * ldc + j] : b->bias ? b->bias[j] : 0.0f;             \
                for (k = 0; k < K; k++) sum = fmaf(a[r * lda + k], number, sum);               \
                c[r * ldc + j] = sum;                                                          \
            }                                                                                  \
    }
TC__KREF_GEMM(gemm, float, panel[k * 16 + column])
TC__KREF_GEMM(gemm_f16, uint16_t, tc__bytes_from_f16(panel[tc__kref_place(k, column, 2)]))
TC__KREF_GEMM(gemm_bf16, uint16_t, tc__bytes_from_bf16(panel[tc__kref_place(k, column, 2)]))

#define TC__KREF_MAP(name, expression)                                                         \
    static void tc__k_##name##_scalar(float *y, const float *x, size_t ld, size_t rows,        \
                                      size_t n) {                                              \
        size_t r, i;                                                                           \
        for (r = 0; r < rows; r++)                                                             \
            for (i = r * ld; i < r * ld + n; i++) y[i] = expression;                           \
    }
TC__KREF_MAP(gelu, tc__kref_gelu1(x[i]))
TC__KREF_MAP(gelu_new, tc__kref_gelu_new1(x[i]))
TC__KREF_MAP(relu, tc__kref_max(0.0f, x[i]))
TC__KREF_MAP(silu, tc__kref_silu1(x[i]))

static void tc__k_add_scalar(float *x, size_t ldx, const float *y, size_t ldy, size_t rows,
                             size_t n) {
    size_t r, i;
    for (r = 0; r < rows; r++)
        for (i = 0; i < n; i++) x[r * ldx + i] += y[r * ldy + i];
}

static void tc__k_embed_scalar(float *out, const float *word, const float *type,
                               const float *position, size_t n) {
    size_t i;
    for (i = 0; i < n; i++) out[i] = (type ? word[i] + type[i] : word[i]) + position[i];
}

/* 1 / sqrt(variance + eps); NaN where squares overflow, as a factor 0 would hide it */
TC__INLINE float tc__kref_norm_scale(float variance, float eps) {
    return (1.0f + variance * 0.0f) / sqrtf(variance + eps);
}

/* Mean and 1 / sqrt(variance + eps) of a row. */
static void tc__kref_moments(const float *x, size_t n, float eps, float *mean, float *scale) {
    float sum[16] = {0}, square[16] = {0};
    size_t i;
    for (i = 0; i < n; i++) sum[i % 16] += x[i];
    *mean = tc__kref_sum16(sum) / (float)n;
    for (i = 0; i < n; i++) square[i % 16] = fmaf(x[i] - *mean, x[i] - *mean, square[i % 16]);
    *scale = tc__kref_norm_scale(tc__kref_sum16(square) / (float)n, eps);
}

static void tc__k_norm_scalar(float *out, const float *x, size_t ld, size_t rows,
                              const float *weight, const float *bias, float eps, size_t n) {
    for (; rows--; x += ld, out += ld) {
        float mean, scale;
        size_t i;
        tc__kref_moments(x, n, eps, &mean, &scale);
        for (i = 0; i < n; i++) out[i] = fmaf((x[i] - mean) * scale, weight[i], bias[i]);
    }
}

static void tc__k_softmax_scalar(float *x, size_t ld, size_t rows, size_t n, float scale,
                                 float *sums) {
    float factor = scale * TC__LOG2E, low = TC__EXP2_LOW / factor;
    for (; rows--; x += ld) {
        float top[16], sum[16] = {0}, max;
        size_t i;
        for (i = 0; i < 16; i++) top[i] = -INFINITY;
        for (i = 0; i < n; i++) top[i % 16] = tc__kref_max(x[i], top[i % 16]);
        max = tc__kref_max16(top);
        for (i = 0; i < n; i++) {
            x[i] = tc__kref_exp2(x[i] - max, factor, low);
            sum[i % 16] += x[i];
        }
        *sums++ = tc__kref_sum16(sum);
    }
}

static void tc__k_divide_scalar(float *y, size_t ldy, const float *x, size_t ldx, size_t rows,
                                size_t n, const float *sums) {
    for (; rows--; y += ldy, x += ldx) {
        float factor = 1.0f / *sums++;
        size_t i;
        for (i = 0; i < n; i++) y[i] = x[i] * factor;
    }
}

/* Numbers of a panel in groups of g, one by one. */
#define TC__KREF_WIDEN(g, expression)                                                          \
    size_t k, j;                                                                               \
    for (k = 0; k < tc__mem_round(K, g); k++)                                                  \
        for (j = 0; j < 16; j++) {                                                             \
            size_t at = tc__kref_place(k, j, g);                                               \
            out[k * 16 + j] = expression;                                                      \
        }

static void tc__k_widen_f16_scalar(float *out, const uint16_t *in, size_t K) {
    TC__KREF_WIDEN(2, tc__bytes_from_f16(in[at]))
}

static void tc__k_widen_bf16_scalar(float *out, const uint16_t *in, size_t K) {
    TC__KREF_WIDEN(2, tc__bytes_from_bf16(in[at]))
}

#define TC__MAGIC_BITS 0x4B400000u /* of TC__EXP_MAGIC */

/* The factor limit / top, and the step top / limit. Inline: gcc 12 would call code of SSE while
 * the upper halves of registers are in use, which costs hundreds of cycles. */
TC__INLINE float tc__kref_factor(float top, float limit, float *step) {
    int some = top >= 7.8886090522101181e-31f && top < INFINITY; /* from 2^-100 on */
    *step = some ? top / limit : top < 1.0f ? 0.0f : NAN;
    return some ? limit / top : 0.0f;
}

/* `none` is 0, or not a number if one of the row is not finite. */
TC__INLINE float tc__kref_factor_s8(float least, float most, float none, tc__qscale *scale) {
    scale->low = least + 0.0f; /* never -0 */
    return tc__kref_factor(most - least + none, 255.0f, &scale->step);
}

TC__INLINE float tc__kref_factor_s16(float least, float most, float none, tc__qscale *scale) {
    scale->low = 0.0f;
    return tc__kref_factor(tc__kref_max(most, -least) + none, 8191.0f, &scale->step);
}

TC__INLINE uint32_t tc__kref_quantize1(float x, float factor) {
    return tc__bytes_of_float(fmaf(x, factor, TC__EXP_MAGIC)) - TC__MAGIC_BITS;
}

TC__NOINLINE static float tc__kref_range(const float *x, size_t n, float *least, float *most) {
    float none = 0.0f;
    size_t i;
    *least = INFINITY;
    *most = -INFINITY;
    for (i = 0; i < n; i++) {
        *least = tc__kref_min(x[i], *least);
        *most = tc__kref_max(x[i], *most);
        none = fmaf(x[i], 0.0f, none);
    }
    return none;
}

static void tc__k_quantize_s8_scalar(const tc__qrows *to, const float *x, size_t ld,
                                     size_t rows, size_t n) {
    size_t r, i;
    for (r = 0; r < rows; r++, x += ld) {
        unsigned char *q = to->q + r * to->ld;
        tc__qscale *scale = to->scale + r;
        float least, most, none = tc__kref_range(x, n, &least, &most);
        float factor = tc__kref_factor_s8(least, most, none, scale);
        for (i = 0; i < tc__mem_round(n, 16); i++)
            q[i] = i < n ? (unsigned char)tc__kref_quantize1(x[i] - scale->low, factor) : 0;
    }
}

static void tc__k_quantize_s16_scalar(const tc__qrows *to, const float *x, size_t ld,
                                      size_t rows, size_t n) {
    size_t r, i;
    for (r = 0; r < rows; r++, x += ld) {
        float least, most, none = tc__kref_range(x, n, &least, &most);
        float factor = tc__kref_factor_s16(least, most, none, to->scale + r);
        for (i = 0; i < tc__mem_round(n, 16); i++) {
            uint16_t v = (uint16_t)tc__kref_quantize1(i < n ? x[i] : 0.0f, factor);
            memcpy(to->q + r * to->ld + 2 * i, &v, 2);
        }
    }
}

TC__INLINE void tc__kref_store(void *p, uint32_t v) { memcpy(p, &v, 4); }

/* The dot product of two pairs of 16 bits, and the low halves of 16 numbers. */
TC__INLINE uint32_t tc__kref_dot16(uint32_t a, uint32_t b) {
    int16_t x[2], y[2];
    memcpy(x, &a, 4);
    memcpy(y, &b, 4);
    return (uint32_t)(x[0] * y[0]) + (uint32_t)(x[1] * y[1]);
}

TC__INLINE void tc__kref_pack16(unsigned char *p, const uint32_t *v) {
    size_t i;
    for (i = 0; i < 16; i++) {
        uint16_t half = (uint16_t)v[i];
        memcpy(p + 2 * i, &half, 2);
    }
}

/* Sums wrap around, as they do in hardware: they do for numbers beyond the limits. */
static void tc__k_gemm_s8_scalar(size_t rows, size_t K, const tc__qrows *a,
                                 const tc__qpanels *b, float *c, size_t ldc) {
    size_t r, j, k;
    for (r = 0; r < rows; r++)
        for (j = 0; j < b->count * 16; j++) {
            const unsigned char *row = a->q + r * a->ld;
            const int8_t *panel = (const int8_t *)b->q + j / 16 * b->stride;
            float shift = (float)b->sums[j] * b->scale[j];
            uint32_t sum = 0;
            for (k = 0; k < K; k++)
                sum += (uint32_t)(row[k] * panel[tc__kref_place(k, j % 16, 4)]);
            c[r * ldc + j] = fmaf((float)(int32_t)sum * a->scale[r].step, b->scale[j],
                                  fmaf(a->scale[r].low, shift, b->bias ? b->bias[j] : 0.0f));
        }
}

static void tc__k_gemm_s16_scalar(size_t rows, size_t K, const tc__qrows *a,
                                  const tc__qpanels *b, float *c, size_t ldc) {
    size_t r, j, k;
    for (r = 0; r < rows; r++)
        for (j = 0; j < b->count * 16; j++) {
            const unsigned char *row = a->q + r * a->ld;
            const unsigned char *panel = (const unsigned char *)b->q + j / 16 * b->stride;
            float total = 0;
            uint32_t sum = 0;
            for (k = 0; k < K; k++) {
                int16_t x, y;
                memcpy(&x, row + 2 * k, 2);
                memcpy(&y, panel + 2 * tc__kref_place(k, j % 16, 2), 2);
                sum += (uint32_t)(x * y);
                if (k % 32 == 31 || k + 1 == K) {
                    total += (float)(int32_t)sum;
                    sum = 0;
                }
            }
            c[r * ldc + j] =
                fmaf(total * a->scale[r].step, b->scale[j], b->bias ? b->bias[j] : 0.0f);
        }
}

static void tc__k_spread_s8_scalar(int16_t *out, const int8_t *in, size_t K) {
    size_t k, j;
    for (k = 0; k < tc__mem_round(K, 4); k++)
        for (j = 0; j < 16; j++) out[tc__kref_place(k, j, 2)] = in[tc__kref_place(k, j, 4)];
}

static void tc__k_transpose_scalar(float *out, size_t ldo, const float *in, size_t ldi) {
    size_t i, j;
    for (i = 0; i < 16; i++)
        for (j = 0; j < 16; j++) out[i * ldo + j] = in[j * ldi + i];
}

/* Sums and differences of numbers `half` apart: a step of a Walsh-Hadamard transform. */
TC__INLINE void tc__kref_butterfly(float *v, size_t half) {
    size_t k;
    for (k = 0; k < 16; k++)
        if (!(k & half)) {
            float a = v[k], b = v[k + half];
            v[k] = a + b;
            v[k + half] = a - b;
        }
}

static void tc__k_rotate_scalar(float *y, size_t ldy, const float *x, size_t ldx, size_t rows,
                                size_t n) {
    size_t r, g, j, k;
    for (r = 0; r < rows; r++)
        for (g = 0; g < n; g += 128)
            for (j = g; j < g + 8; j++) {
                float v[16];
                for (k = 0; k < 16; k++) v[k] = x[r * ldx + j + 8 * k];
                tc__kref_butterfly(v, 1);
                tc__kref_butterfly(v, 8);
                tc__kref_butterfly(v, 4);
                tc__kref_butterfly(v, 2);
                for (k = 0; k < 16; k++) y[r * ldy + j + 8 * k] = v[k];
            }
}

static void tc__k_burst_scalar(float *out, size_t count) {
    float sum = 1, half = *out + 0.5f;
    while (count--) sum = fmaf(sum, half, 1.0f);
    *out = sum;
}

static void tc__k_burst_s16_scalar(float *out, size_t count) {
    uint32_t sum = 1, nothing = (uint32_t)*out;
    for (; count > 1; count -= 2) sum += tc__kref_dot16(sum, nothing);
    *out = (float)sum;
}

static void tc__k_burst_s8_scalar(float *out, size_t count) {
    tc__k_burst_s16_scalar(out, count);
}

#ifndef TC_NO_TRAIN
static void tc__k_gemm_dw_scalar(size_t rows, size_t K, const float *a, size_t lda,
                                 const tc__panels *b, float *c, size_t ldc, size_t c_stride) {
    size_t r, j, k;
    for (r = 0; r < rows; r++)
        for (j = 0; j < b->count * 16; j++) {
            const float *column = b->at + j / 16 * b->stride + j % 16;
            float *out = c + j / 16 * c_stride + r * ldc + j % 16, sum = b->add ? *out : 0.0f;
            for (k = 0; k < K; k++) sum = fmaf(a[k * lda + r], column[k * 16], sum);
            *out = sum;
        }
}

/* Phi(x) + x phi(x) */
static float tc__kref_gelu_back1(float x) {
    return fmaf(x * TC__NORMAL_0, tc__kref_exp(x * (x * -0.5f)), tc__kref_phi(x) + 0.5f);
}

/* s (1 + t (1 - s)), s = 1 / (1 + e), 1 - s = e s, t = x u': of x s where e = exp(-u) */
TC__INLINE float tc__kref_gate_back(float t, float e) {
    float s = 1.0f / (1.0f + e);
    return s * fmaf(t, e * s, 1.0f);
}

static float tc__kref_gelu_new_back1(float x) {
    float square = x * x;
    float slope = fmaf(square, -3.0f * TC__GELU_NEW_3, -TC__GELU_NEW_1);
    return tc__kref_gate_back(x * slope,
                              tc__kref_exp(x * fmaf(square, TC__GELU_NEW_3, TC__GELU_NEW_1)));
}

static float tc__kref_silu_back1(float x) {
    return tc__kref_gate_back(x, tc__kref_exp(x * -1.0f));
}

TC__KREF_MAP(gelu_back, y[i] * tc__kref_gelu_back1(x[i]))
TC__KREF_MAP(gelu_new_back, y[i] * tc__kref_gelu_new_back1(x[i]))
TC__KREF_MAP(relu_back, y[i] * ((int32_t)tc__bytes_of_float(x[i]) > 0 ? 1.0f : 0.0f))
TC__KREF_MAP(silu_back, y[i] * tc__kref_silu_back1(x[i]))

/* dx = (g - mean of g - h * mean of g h) / root, where g = dy * weight and h is the row as
 * LayerNorm normalizes it (Ba et al., 2016, differentiated). */
static void tc__k_norm_back_scalar(float *dx, float *x, const float *dy, size_t ld, size_t rows,
                                   const float *weight, float eps, size_t n) {
    for (; rows--; dx += ld, x += ld, dy += ld) {
        float all[16] = {0}, dot[16] = {0}, mean, scale;
        size_t i;
        tc__kref_moments(x, n, eps, &mean, &scale);
        for (i = 0; i < n; i++) {
            x[i] = (x[i] - mean) * scale;
            all[i % 16] = fmaf(dy[i], weight[i], all[i % 16]);
            dot[i % 16] = fmaf(dy[i] * weight[i], x[i], dot[i % 16]);
        }
        mean = tc__kref_sum16(all) / (float)n;
        dot[0] = tc__kref_sum16(dot) / (float)n;
        for (i = 0; i < n; i++)
            dx[i] = fmaf(x[i], -dot[0], fmaf(dy[i], weight[i], -mean)) * scale;
    }
}

static void tc__k_softmax_back_scalar(float *d, const float *p, size_t ld, size_t rows,
                                      float scale, size_t n) {
    for (; rows--; d += ld, p += ld) {
        float lanes[16] = {0}, sum;
        size_t i;
        for (i = 0; i < n; i++) lanes[i % 16] = fmaf(p[i], d[i], lanes[i % 16]);
        sum = tc__kref_sum16(lanes);
        for (i = 0; i < n; i++) d[i] = p[i] * (d[i] - sum) * scale;
    }
}

/* The random word of an element: columns share a pair of counters with those 16 further. */
static uint32_t tc__kref_word(const tc__dropout *d, uint32_t row, uint32_t column) {
    uint32_t words[2];
    tc__rng_threefry(d->key, row, column / 32 * 16 + column % 16, words);
    return words[column / 16 % 2];
}

static void tc__k_dropout_scalar(float *x, size_t ld, size_t rows, size_t n,
                                 const tc__dropout *d, uint32_t row, uint32_t column) {
    size_t r, i;
    for (r = 0; r < rows; r++)
        for (i = 0; i < n; i++)
            x[r * ld + i] =
                tc__kref_word(d, row + (uint32_t)r, column + (uint32_t)i) < d->threshold
                    ? 0.0f
                    : x[r * ld + i] * d->scale;
}

static void tc__k_column_sum_scalar(float *sum, const float *x, size_t ld, size_t rows,
                                    size_t n) {
    size_t r, i;
    for (r = 0; r < rows; r++)
        for (i = 0; i < n; i++) sum[i] += x[r * ld + i];
}

static void tc__k_column_dot_scalar(float *sum, const float *x, const float *y, size_t ld,
                                    size_t rows, size_t n) {
    size_t r, i;
    for (r = 0; r < rows; r++)
        for (i = 0; i < n; i++) sum[i] = fmaf(x[r * ld + i], y[r * ld + i], sum[i]);
}

static void tc__k_adamw_scalar(float *p, const float *g, float *m, float *v, size_t n,
                               const tc__adamw *o) {
    size_t i;
    for (i = 0; i < n; i++) {
        float x = (g ? g[i] : 0.0f) * o->clip;
        m[i] = fmaf(o->beta1, m[i], o->rest1 * x);
        v[i] = fmaf(o->beta2, v[i], o->rest2 * x * x);
        x = m[i] / fmaf(sqrtf(v[i]), o->root, o->epsilon);
        p[i] = fmaf(x, -o->step, p[i] * o->decay);
    }
}

static float tc__k_squares_scalar(const float *x, size_t n) {
    float lanes[16] = {0};
    size_t i;
    for (i = 0; i < n; i++) lanes[i % 16] = fmaf(x[i], x[i], lanes[i % 16]);
    return tc__kref_sum16(lanes);
}
#endif

/* ======================================================================== 32-kvec
 * The vector layer: what a level must define before it includes this file once more for the
 * bodies of section 90. TC__R is a register of TC__RW f32, TC__I the same of u32.
 *
 *   TC__KNAME             suffix of the functions        TC__KTARGET  attribute, or nothing
 *   TC__KROWS TC__KPANELS the tile of gemm: rows, and panels of 16 columns
 *   TC__KHOLD             where tiles have one panel: rows up to which one keeps numbers of a
 *                         while columns pass, not columns while rows pass: so order hides the
 *                         latency of few sums
 *   TC__KALONE            where tiles have two panels: rows of those of one
 *   TC__KHALVES           rows of a tile with weights in halves, if there are such tiles
 *   TC__KSUMS             sums of a burst: 12
 *   TC__R_LOAD STORE SET1 ADD SUB MUL DIV ABS SQRT       as usual
 *   TC__R_LOAD_SOME(p, n, v)  lanes below n from p, those of v in the others; no other is read
 *   TC__R_STORE_SOME(p, n, v) lanes below n; these two where the CPU has such, of n <= TC__RW
 *   TC__R_TRANSPOSE(r)    an array of TC__RW registers, in place
 *   TC__R_SWAP8 4 2 1(v)  lanes i and i ^ 8 exchanged, ...; those below TC__RW
 *   TC__R_FIRST(v)        lane 0
 *   TC__R_FMA(a, b, c)    a * b + c, rounded once (but at TC_LEVEL_BASE)
 *   TC__R_MAX MIN(a, b)   a > b ? a : b and a < b ? a : b: the second where they do not compare
 *   TC__I_LOAD STORE SET1 ADD AND OR XOR SHL SHR       u32; constant shifts
 *   TC__I_GT(a, b)        of signed numbers
 *   TC__I_SELECT(m, a, b) a where the mask m (all ones or zeros) is set, else b
 *   TC__I_OF_R TC__R_OF_I bits kept                      TC__R_FROM_I  signed integer to f32
 *   TC__R_F16(low, high, p)  TC__RW pairs of f16 at p in f32: the first of each, the second;
 *                         where the CPU has such
 *   TC__I_PACK16(p, v)    the low 16 bits of the 16 lanes of an array of registers, which are
 *                         TC__MAGIC_BITS + q, q in -32768..32767
 *   TC__I_PACK8(p, v)     the same for bytes and q in 0..255
 *   TC__I_SPREAD8(low, high, in)  TC__RW groups of four signed bytes in 16 bits: the first two
 *                         of each at low, the others at high; where s8 has TC__QBYTES 2
 *
 * Parts of the file that are included with TC__KPART: 90, the ops of f32; then 91 for each type
 * of integer product, with
 *
 *   TC__QTYPE             s8 or s16
 *   TC__D_DOT(sum, a, b)  sum + the dot products of 4 / TC__QBYTES neighbouring numbers
 *
 * and where they differ from what stands behind them
 *
 *   TC__QNAME             suffix of the functions: TC__KNAME      TC__QTARGET: TC__KTARGET
 *   TC__QROWS             rows of the tile: TC__KROWS
 *   TC__QHELD             rows whose sums of f32 stay in registers too, instead of c: 0
 *   TC__QBYTES            bytes of a number: 2
 *   TC__QFLIP             128 if rows of s8 hold q - 128 in signed bytes: 0
 *   TC__D TC__D_ZERO      type and beginning of a sum: TC__I, TC__I_SET1(0)
 *   TC__D_START(v)        a sum that begins at v, a TC__I; needed with TC__QFLIP: v
 *   TC__D_SUM(sum)        a sum as TC__I: sum
 *   TC__D_HIDE(sum)       hides a sum from the compiler behind the loop: nothing
 *   TC__D_ROW             what holds a group of k of a row: TC__I
 *   TC__D_SPREAD(p)       ... loaded: its 32 bits in every lane
 *   TC__D_ANY(sum, other) part of the sum as a row, where a compiler could take a product of
 *                         constants out of a loop: other
 *
 * and at last 92, which forgets the layer.
 *
 * Where CPUs are in order, a level defines what keeps the inner loops of tiles as written, each
 * load as far before its use as registers allow; compilers put all loads first:
 *
 *   TC__S_LOAD(v, p, at)   v from 16 bytes at p + at
 *   TC__S_ONE(x, p, at)    lane 0 of x from 4 bytes
 *   TC__S_FMA(sum, x, v)   sum += x[0] * v
 *   TC__S_DOT(sum, product, x, v)  sum += x . v, or part of it, in `product`, which
 *   TC__S_ADDED(sum, product)      adds later
 *   TC__S_GROUP(x, row, p, at)  a group of k of a row from p + at
 *   TC__S_ROW(row, p, at)  computes row = p + at early, if TC__S_GROUP reads from there
 *   TC__S_LESS(n)          n--
 *   TC__S_NEXT(ahead, pace, a, step, b)  fetches from `ahead`; all three pointers go on
 */

#define TC__JOIN2(a, b, c) a##b##_##c
#define TC__JOIN1(a, b, c) TC__JOIN2(a, b, c)
#define TC__K(name) TC__JOIN1(tc__k_, name, TC__KNAME)
#define TC__JOIN4(a, b, c, d) a##b##_##c##_##d
#define TC__JOIN3(a, b, c, d) TC__JOIN4(a, b, c, d)
#define TC__Q(name) TC__JOIN3(tc__k_, name, TC__QTYPE, TC__QNAME)
/* X(rows, panels) for all rows up to n */
#define TC__EACH(n, X, panels) TC__EACH1(n, X, panels)
#define TC__EACH1(n, X, panels) TC__EACH_##n(X, panels)
#define TC__EACH_2(X, panels) X(1, panels) X(2, panels)
#define TC__EACH_3(X, panels) TC__EACH_2(X, panels) X(3, panels)
#define TC__EACH_4(X, panels) TC__EACH_3(X, panels) X(4, panels)
#define TC__EACH_5(X, panels) TC__EACH_4(X, panels) X(5, panels)
#define TC__EACH_6(X, panels) TC__EACH_5(X, panels) X(6, panels)
#define TC__EACH_8(X, panels) TC__EACH_6(X, panels) X(7, panels) X(8, panels)
#define TC__EACH_14(X, panels)                                                                 \
    TC__EACH_8(X, panels)                                                                      \
    X(9, panels) X(10, panels) X(11, panels) X(12, panels) X(13, panels) X(14, panels)
/* What a tile multiplies with panels: rows of a with f32, columns of it, rows with halves. */
enum { TC__BY_ROWS, TC__BY_COLUMNS, TC__BY_ROWS_F16, TC__BY_ROWS_BF16 };
/* Into L1, or no nearer than L2; an address behind the last does no harm. */
#if defined(__GNUC__) || defined(__clang__)
#define TC__PREFETCH(p) __builtin_prefetch((p), 0, 3)
#define TC__PREFETCH_L2(p) __builtin_prefetch((p), 0, 2)
#else
#define TC__PREFETCH(p) (void)(p)
#define TC__PREFETCH_L2(p) (void)(p)
#endif
/* What comes into cache while a tile is computed: at each step of its sums a line for each
 * panel, from `at` on, which moves on; for the last `left` steps of a tile, another's. */
typedef struct tc__fetch {
    const char *at;
    size_t pace, stride; /* bytes from one step, one panel, to the next */
    size_t left;
} tc__fetch;
/* Bytes of its panels that a tile alone fetches ahead, and the steps that read them. */
enum { TC__NEAR = 2048, TC__NEAR_STEPS = TC__NEAR / 64 };
TC__INLINE int tc__kvec_near(tc__fetching fetching, size_t tiles) {
    return fetching == TC__FETCH_NEAR && tiles == 1;
}
/* At the first steps that is a row each of the results of the next tile: a store that waits for
 * its line holds up loads from the same place of another page. Later panels that are wanted
 * after these, of which `tiles` tiles together pass over `pace` bytes at each of n steps. Few
 * tiles wait for their panels more than for their results: they fetch panels at all steps, a
 * tile alone those it is about to read, where that is faster. Short panels that adjoin come one
 * after the other where memory is slow at the beginning of a stream. */
static tc__fetch *tc__kvec_fetch(tc__fetch fetch[2], size_t tiles, size_t rows, size_t panels,
                                 size_t n, size_t ldc, size_t c_stride, size_t pace,
                                 size_t stride, tc__fetching fetching) {
    const int few = tiles < 5 || n < 2 * rows, near = tc__kvec_near(fetching, tiles);
    size_t steps = (few ? n : n - rows) * tiles;
    if (fetching == TC__FETCH_STREAM && stride == pace * n && stride <= 32768) {
        pace *= panels;
        stride = 64;
    }
    fetch[0].pace = near ? pace : ldc * sizeof(float);
    fetch[0].stride = near ? stride : c_stride * sizeof(float);
    fetch[0].left = near ? tc__mem_least(n, TC__NEAR_STEPS) : n - rows;
    fetch[1].pace = (pace * n + steps - 1) / (steps + !steps);
    fetch[1].stride = stride;
    fetch[1].left = 0;
    return fetch + (few && !near);
}
/* Rows of a tile are found from every fifth: 3 pointers and 2 steps stay in registers, 14 would
 * not. The compiler is kept from seeing how they hang together. */
#define TC__ROW5(r, ld, ld3) ((r) % 5 == 3 ? (ld3) : (size_t)((r) % 5) * (ld))
#if defined(__GNUC__) || defined(__clang__)
#define TC__HIDE(x) __asm__("" : "+r"(x))
#else
#define TC__HIDE(x) (void)(x)
#endif
/* Of a type of integers: whether a quantised row has a low other than 0, the groups of k that
 * are summed at once and whether these are all, the steps at which results are fetched, what
 * finds the factor of a row. */
#define TC__SHIFTED_s8 1
#define TC__SHIFTED_s16 0
#define TC__WHOLE_s8 1
#define TC__WHOLE_s16 0
#define TC__RUN_s8 SIZE_MAX
#define TC__RUN_s16 16
#define TC__FIRST_s8 TC__QROWS
#define TC__FIRST_s16 TC__RUN_s16
#define TC__FACTOR_s8 tc__kref_factor_s8
#define TC__FACTOR_s16 tc__kref_factor_s16
#define TC__OF_TYPE(what, type) TC__OF_TYPE1(what, type)
#define TC__OF_TYPE1(what, type) TC__##what##_##type
/* Folds the upper half of the 16 lanes of x onto the lower, four times: lane 0 has all. */
#define TC__FOLD(x, op, swap)                                                                  \
    do {                                                                                       \
        int half, at;                                                                          \
        for (half = TC__RN / 2; half; half /= 2)                                               \
            for (at = 0; at < half; at++) (x)[at] = op((x)[at], (x)[at + half]);               \
        if (TC__RW > 8) *(x) = op(*(x), swap(8, *(x)));                                        \
        if (TC__RW > 4) *(x) = op(*(x), swap(4, *(x)));                                        \
        if (TC__RW > 2) *(x) = op(*(x), swap(2, *(x)));                                        \
        if (TC__RW > 1) *(x) = op(*(x), swap(1, *(x)));                                        \
    } while (0)
#define TC__R_SWAP(n, v) TC__R_SWAP##n(v)

/* ======================================================================== 33-kx86 */

#ifdef TC__X86

/* sum + the dot products of a and b; with intrinsics gcc 12 would store sums at each step. */
#define TC__KX86_DOT(name, target, type, instruction, kind)                                    \
    target TC__INLINE type tc__kx86_##name(type sum, type a, type b) {                         \
        __asm__(instruction " %2, %1, %0" : "+" kind(sum) : kind(a), kind(b));                 \
        return sum;                                                                            \
    }
/* The same without VNNI: left to itself gcc 12 takes more products at once than there are
 * registers. */
#define TC__KX86_MADD(name, target, type, kind)                                                \
    target TC__INLINE type tc__kx86_##name(type sum, type a, type b) {                         \
        type product;                                                                          \
        __asm__("vpmaddwd %3, %2, %1\n\tvpaddd %1, %0, %0"                                     \
                : "+" kind(sum), "=" kind(product)                                             \
                : kind(a), kind(b));                                                           \
        return sum;                                                                            \
    }

/* Level base: SSE2, which every x86-64 has. */
TC__INLINE __m128i tc__kx86_select(__m128i m, __m128i a, __m128i b) {
    return _mm_or_si128(_mm_and_si128(m, a), _mm_andnot_si128(m, b));
}
TC__INLINE void tc__kx86_pack16(void *p, const __m128i *v) {
    __m128i magic = _mm_set1_epi32((int)TC__MAGIC_BITS), q[4];
    int i;
    for (i = 0; i < 4; i++) q[i] = _mm_sub_epi32(v[i], magic);
    _mm_storeu_si128((__m128i *)p, _mm_packs_epi32(q[0], q[1]));
    _mm_storeu_si128((__m128i *)p + 1, _mm_packs_epi32(q[2], q[3]));
}
TC__INLINE void tc__kx86_spread8(int16_t *low, int16_t *high, const int8_t *in) {
    __m128i v = _mm_loadu_si128((const __m128i *)(const void *)in);
    __m128 a = _mm_castsi128_ps(_mm_srai_epi16(_mm_unpacklo_epi8(v, v), 8));
    __m128 b = _mm_castsi128_ps(_mm_srai_epi16(_mm_unpackhi_epi8(v, v), 8));
    _mm_storeu_ps((float *)(void *)low, _mm_shuffle_ps(a, b, 0x88));
    _mm_storeu_ps((float *)(void *)high, _mm_shuffle_ps(a, b, 0xDD));
}
#define TC__KNAME base
#define TC__KTARGET
#define TC__KROWS 3
#define TC__KPANELS 1
#define TC__R __m128
#define TC__I __m128i
#define TC__RW 4
#define TC__R_LOAD(p) _mm_loadu_ps(p)
#define TC__R_STORE(p, v) _mm_storeu_ps(p, v)
#define TC__R_SET1(x) _mm_set1_ps(x)
#define TC__R_ADD(a, b) _mm_add_ps(a, b)
#define TC__R_SUB(a, b) _mm_sub_ps(a, b)
#define TC__R_MUL(a, b) _mm_mul_ps(a, b)
#define TC__R_DIV(a, b) _mm_div_ps(a, b)
#define TC__R_SQRT(a) _mm_sqrt_ps(a)
#define TC__R_TRANSPOSE(r) _MM_TRANSPOSE4_PS((r)[0], (r)[1], (r)[2], (r)[3])
#define TC__R_SWAP2(v) _mm_shuffle_ps(v, v, 0x4E)
#define TC__R_SWAP1(v) _mm_shuffle_ps(v, v, 0xB1)
#define TC__R_FIRST(v) _mm_cvtss_f32(v)
#define TC__R_FMA(a, b, c) _mm_add_ps(_mm_mul_ps(a, b), c)
#define TC__R_MAX(a, b) _mm_max_ps(a, b)
#define TC__R_MIN(a, b) _mm_min_ps(a, b)
#define TC__I_LOAD(p) _mm_loadu_si128((const __m128i *)(const void *)(p))
#define TC__I_STORE(p, v) _mm_storeu_si128((__m128i *)(void *)(p), v)
#define TC__I_SET1(x) _mm_set1_epi32((int)(x))
#define TC__I_ADD(a, b) _mm_add_epi32(a, b)
#define TC__I_AND(a, b) _mm_and_si128(a, b)
#define TC__I_OR(a, b) _mm_or_si128(a, b)
#define TC__I_XOR(a, b) _mm_xor_si128(a, b)
#define TC__I_SHL(a, n) _mm_slli_epi32(a, n)
#define TC__I_SHR(a, n) _mm_srli_epi32(a, n)
#define TC__I_GT(a, b) _mm_cmpgt_epi32(a, b)
#define TC__I_SELECT(m, a, b) tc__kx86_select(m, a, b)
#define TC__I_OF_R(a) _mm_castps_si128(a)
#define TC__R_OF_I(a) _mm_castsi128_ps(a)
#define TC__R_FROM_I(a) _mm_cvtepi32_ps(a)
#define TC__I_PACK16(p, v) tc__kx86_pack16(p, v)
#define TC__I_SPREAD8(low, high, in) tc__kx86_spread8(low, high, in)
#define TC__KPART 90
#include TC_HEADER
#define TC__D_DOT(sum, a, b) _mm_add_epi32(sum, _mm_madd_epi16(a, b))
#define TC__D_ANY(sum, other) sum
#define TC__QROWS 2
#define TC__QTYPE s8
#define TC__KPART 91
#include TC_HEADER
#define TC__QTYPE s16
#define TC__KPART 91
#include TC_HEADER
#define TC__KPART 92
#include TC_HEADER

__attribute__((target("avx2,fma"))) TC__INLINE void tc__kx86_transpose8(__m256 *r) {
    __m256 t[8];
    int i;
    TC__UNROLL
    for (i = 0; i < 8; i += 2) {
        t[i] = _mm256_unpacklo_ps(r[i], r[i + 1]);
        t[i + 1] = _mm256_unpackhi_ps(r[i], r[i + 1]);
    }
    TC__UNROLL
    for (i = 0; i < 8; i += 4) {
        r[i] = _mm256_shuffle_ps(t[i], t[i + 2], 0x44);
        r[i + 1] = _mm256_shuffle_ps(t[i], t[i + 2], 0xEE);
        r[i + 2] = _mm256_shuffle_ps(t[i + 1], t[i + 3], 0x44);
        r[i + 3] = _mm256_shuffle_ps(t[i + 1], t[i + 3], 0xEE);
    }
    TC__UNROLL
    for (i = 0; i < 4; i++) {
        t[i] = _mm256_permute2f128_ps(r[i], r[i + 4], 0x20);
        t[i + 4] = _mm256_permute2f128_ps(r[i], r[i + 4], 0x31);
    }
    TC__UNROLL
    for (i = 0; i < 8; i++) r[i] = t[i];
}
__attribute__((target("avx2"))) TC__INLINE __m256i tc__kx86_narrow(const __m256i *v) {
    __m256i magic = _mm256_set1_epi32((int)TC__MAGIC_BITS), a = _mm256_sub_epi32(v[0], magic),
            b = _mm256_sub_epi32(v[1], magic);
    return _mm256_permute4x64_epi64(_mm256_packs_epi32(a, b), 0xD8);
}
__attribute__((target("avx2"))) TC__INLINE void tc__kx86_pack16_avx2(void *p,
                                                                     const __m256i *v) {
    _mm256_storeu_si256((__m256i *)p, tc__kx86_narrow(v));
}
__attribute__((target("avx2"))) TC__INLINE void tc__kx86_pack8_avx2(void *p, const __m256i *v) {
    __m256i words = tc__kx86_narrow(v);
    _mm_storeu_si128((__m128i *)p, _mm_packus_epi16(_mm256_castsi256_si128(words),
                                                    _mm256_extracti128_si256(words, 1)));
}
/* Where the bytes 0 1 2 3 of a number of 32 bits go, so that shifts spread them: 0 2 1 3. */
#define TC__KX86_SPREAD _mm_setr_epi32(0x03010200, 0x07050604, 0x0B090A08, 0x0F0D0E0C)
__attribute__((target("avx2"))) TC__INLINE __m256i tc__kx86_below(size_t n) {
    return _mm256_cmpgt_epi32(_mm256_set1_epi32((int)n),
                              _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}
__attribute__((target("avx2"))) TC__INLINE __m256 tc__kx86_load_some(const float *p, size_t n,
                                                                     __m256 v) {
    __m256i m = tc__kx86_below(n);
    return _mm256_blendv_ps(v, _mm256_maskload_ps(p, m), _mm256_castsi256_ps(m));
}
__attribute__((target("avx2,f16c"))) TC__INLINE void
tc__kx86_f16_avx2(__m256 *low, __m256 *high, const void *in) {
    __m256i order = _mm256_setr_epi8(0, 1, 4, 5, 8, 9, 12, 13, 2, 3, 6, 7, 10, 11, 14, 15, 0, 1,
                                     4, 5, 8, 9, 12, 13, 2, 3, 6, 7, 10, 11, 14, 15);
    __m256i v = _mm256_shuffle_epi8(_mm256_loadu_si256((const __m256i *)in), order);
    v = _mm256_permute4x64_epi64(v, 0xD8);
    *low = _mm256_cvtph_ps(_mm256_castsi256_si128(v));
    *high = _mm256_cvtph_ps(_mm256_extracti128_si256(v, 1));
}
__attribute__((target("avx2"))) TC__INLINE void
tc__kx86_spread8_avx2(int16_t *low, int16_t *high, const int8_t *in) {
    __m256i v = _mm256_shuffle_epi8(_mm256_loadu_si256((const __m256i *)(const void *)in),
                                    _mm256_broadcastsi128_si256(TC__KX86_SPREAD));
    _mm256_storeu_si256((__m256i *)(void *)low, _mm256_srai_epi16(_mm256_slli_epi16(v, 8), 8));
    _mm256_storeu_si256((__m256i *)(void *)high, _mm256_srai_epi16(v, 8));
}
#define TC__KNAME avx2
#define TC__KTARGET __attribute__((target("avx2,fma,f16c")))
#define TC__R_F16(low, high, p) tc__kx86_f16_avx2(&(low), &(high), p)
#define TC__KROWS 6
#define TC__KPANELS 1
#define TC__KHOLD 5
#define TC__KHALVES 4
#define TC__R __m256
#define TC__I __m256i
#define TC__RW 8
#define TC__R_LOAD(p) _mm256_loadu_ps(p)
#define TC__R_STORE(p, v) _mm256_storeu_ps(p, v)
#define TC__R_LOAD_SOME(p, n, v) tc__kx86_load_some(p, n, v)
#define TC__R_STORE_SOME(p, n, v) _mm256_maskstore_ps(p, tc__kx86_below(n), v)
#define TC__R_SET1(x) _mm256_set1_ps(x)
#define TC__R_ADD(a, b) _mm256_add_ps(a, b)
#define TC__R_SUB(a, b) _mm256_sub_ps(a, b)
#define TC__R_MUL(a, b) _mm256_mul_ps(a, b)
#define TC__R_DIV(a, b) _mm256_div_ps(a, b)
#define TC__R_SQRT(a) _mm256_sqrt_ps(a)
#define TC__R_TRANSPOSE(r) tc__kx86_transpose8(r)
#define TC__R_SWAP4(v) _mm256_permute2f128_ps(v, v, 1)
#define TC__R_SWAP2(v) _mm256_permute_ps(v, 0x4E)
#define TC__R_SWAP1(v) _mm256_permute_ps(v, 0xB1)
#define TC__R_FIRST(v) _mm256_cvtss_f32(v)
#define TC__R_FMA(a, b, c) _mm256_fmadd_ps(a, b, c)
#define TC__R_MAX(a, b) _mm256_max_ps(a, b)
#define TC__R_MIN(a, b) _mm256_min_ps(a, b)
#define TC__I_LOAD(p) _mm256_loadu_si256((const __m256i *)(const void *)(p))
#define TC__I_STORE(p, v) _mm256_storeu_si256((__m256i *)(void *)(p), v)
#define TC__I_SET1(x) _mm256_set1_epi32((int)(x))
#define TC__I_ADD(a, b) _mm256_add_epi32(a, b)
#define TC__I_AND(a, b) _mm256_and_si256(a, b)
#define TC__I_OR(a, b) _mm256_or_si256(a, b)
#define TC__I_XOR(a, b) _mm256_xor_si256(a, b)
#define TC__I_SHL(a, n) _mm256_slli_epi32(a, n)
#define TC__I_SHR(a, n) _mm256_srli_epi32(a, n)
#define TC__I_GT(a, b) _mm256_cmpgt_epi32(a, b)
/* Not blendv_epi8, whose mask gcc 12 forgets with -funsigned-char. */
#define TC__I_SELECT(m, a, b)                                                                  \
    _mm256_castps_si256(_mm256_blendv_ps(_mm256_castsi256_ps(b), _mm256_castsi256_ps(a),       \
                                         _mm256_castsi256_ps(m)))
#define TC__I_OF_R(a) _mm256_castps_si256(a)
#define TC__R_OF_I(a) _mm256_castsi256_ps(a)
#define TC__R_FROM_I(a) _mm256_cvtepi32_ps(a)
#define TC__I_PACK16(p, v) tc__kx86_pack16_avx2(p, v)
#define TC__I_PACK8(p, v) tc__kx86_pack8_avx2(p, v)
#define TC__I_SPREAD8(low, high, in) tc__kx86_spread8_avx2(low, high, in)
#define TC__KPART 90
#include TC_HEADER
TC__KX86_MADD(avx2_madd, __attribute__((target("avx2"))), __m256i, "x")
#define TC__D_DOT(sum, a, b) tc__kx86_avx2_madd(sum, a, b)
#define TC__D_ANY(sum, other) sum
#define TC__QTYPE s8
#define TC__KPART 91
#include TC_HEADER
#define TC__QTYPE s16
#define TC__KPART 91
#include TC_HEADER
#ifdef TC__AVX2_VNNI
#define TC__KX86_AVX2_VNNI __attribute__((target("avx2,fma,f16c,avxvnni")))
TC__KX86_DOT(avx2_dpwssd, TC__KX86_AVX2_VNNI, __m256i, "%{vex%} vpdpwssd", "x")
TC__KX86_DOT(avx2_dpbusd, TC__KX86_AVX2_VNNI, __m256i, "%{vex%} vpdpbusd", "x")
#define TC__QNAME avx2_vnni
#define TC__QTARGET TC__KX86_AVX2_VNNI
#undef TC__D_DOT
#undef TC__D_ANY
#define TC__D_DOT(sum, a, b) tc__kx86_avx2_dpwssd(sum, a, b)
#define TC__QTYPE s16
#define TC__KPART 91
#include TC_HEADER
#undef TC__D_DOT
#define TC__D_DOT(sum, a, b) tc__kx86_avx2_dpbusd(sum, a, b)
#define TC__QNAME avx2_vnni
#define TC__QTARGET TC__KX86_AVX2_VNNI
#define TC__QBYTES 1
#define TC__QTYPE s8
#define TC__KPART 91
#include TC_HEADER
#endif
#define TC__KPART 92
#include TC_HEADER

#define TC__KX86_AVX512                                                                        \
    __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma,f16c")))
/* The masked forms avoid an uninitialized operand that g++ 12 warns of; same instructions. */
TC__KX86_AVX512 TC__INLINE void tc__kx86_transpose16(__m512 *r) {
    __m512 t[16];
    int i;
    TC__UNROLL
    for (i = 0; i < 16; i += 2) {
        t[i] = _mm512_maskz_unpacklo_ps(0xFFFF, r[i], r[i + 1]);
        t[i + 1] = _mm512_maskz_unpackhi_ps(0xFFFF, r[i], r[i + 1]);
    }
    TC__UNROLL
    for (i = 0; i < 16; i += 4) {
        r[i] = _mm512_maskz_shuffle_ps(0xFFFF, t[i], t[i + 2], 0x44);
        r[i + 1] = _mm512_maskz_shuffle_ps(0xFFFF, t[i], t[i + 2], 0xEE);
        r[i + 2] = _mm512_maskz_shuffle_ps(0xFFFF, t[i + 1], t[i + 3], 0x44);
        r[i + 3] = _mm512_maskz_shuffle_ps(0xFFFF, t[i + 1], t[i + 3], 0xEE);
    }
    TC__UNROLL
    for (i = 0; i < 4; i++) { /* r[4 k + i], lane l: column 4 l + i of rows 4 k to 4 k + 3 */
        t[i] = _mm512_maskz_shuffle_f32x4(0xFFFF, r[i], r[i + 4], 0x88);
        t[i + 4] = _mm512_maskz_shuffle_f32x4(0xFFFF, r[i], r[i + 4], 0xDD);
        t[i + 8] = _mm512_maskz_shuffle_f32x4(0xFFFF, r[i + 8], r[i + 12], 0x88);
        t[i + 12] = _mm512_maskz_shuffle_f32x4(0xFFFF, r[i + 8], r[i + 12], 0xDD);
    }
    TC__UNROLL
    for (i = 0; i < 4; i++) {
        r[i] = _mm512_maskz_shuffle_f32x4(0xFFFF, t[i], t[i + 8], 0x88);
        r[i + 8] = _mm512_maskz_shuffle_f32x4(0xFFFF, t[i], t[i + 8], 0xDD);
        r[i + 4] = _mm512_maskz_shuffle_f32x4(0xFFFF, t[i + 4], t[i + 12], 0x88);
        r[i + 12] = _mm512_maskz_shuffle_f32x4(0xFFFF, t[i + 4], t[i + 12], 0xDD);
    }
}
#define TC__KX86_BELOW(n) ((__mmask16)((1u << (n)) - 1))
/* Widened as they come from memory: Intel's cores widen a register at twice the cost. */
TC__KX86_AVX512 TC__INLINE void tc__kx86_f16_avx512(__m512 *low, __m512 *high, const void *in) {
    const __m256i *halves = (const __m256i *)in;
    __m512i even = _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
    __m512i odd = _mm512_setr_epi32(1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31);
    __m512 v = _mm512_maskz_cvtph_ps(0xFFFF, _mm256_loadu_si256(halves));
    __m512 w = _mm512_maskz_cvtph_ps(0xFFFF, _mm256_loadu_si256(halves + 1));
    *low = _mm512_permutex2var_ps(v, even, w);
    *high = _mm512_permutex2var_ps(v, odd, w);
}
TC__KX86_AVX512 TC__INLINE void tc__kx86_spread8_avx512(int16_t *low, int16_t *high,
                                                        const int8_t *in) {
    const __mmask32 all = 0xFFFFFFFF;
    __m512i order = _mm512_maskz_broadcast_i32x4(0xFFFF, TC__KX86_SPREAD);
    __m512i v = _mm512_shuffle_epi8(_mm512_loadu_si512(in), order);
    _mm512_storeu_si512(low,
                        _mm512_maskz_srai_epi16(all, _mm512_maskz_slli_epi16(all, v, 8), 8));
    _mm512_storeu_si512(high, _mm512_maskz_srai_epi16(all, v, 8));
}
#define TC__KNAME avx512
#define TC__KTARGET TC__KX86_AVX512
#define TC__R_F16(low, high, p) tc__kx86_f16_avx512(&(low), &(high), p)
#define TC__KROWS 14
#define TC__KPANELS 2
#define TC__KALONE 8
#define TC__KHALVES 8
#define TC__R __m512
#define TC__I __m512i
#define TC__RW 16
#define TC__R_LOAD(p) _mm512_loadu_ps(p)
#define TC__R_STORE(p, v) _mm512_storeu_ps(p, v)
#define TC__R_LOAD_SOME(p, n, v) _mm512_mask_loadu_ps(v, TC__KX86_BELOW(n), p)
#define TC__R_STORE_SOME(p, n, v) _mm512_mask_storeu_ps(p, TC__KX86_BELOW(n), v)
#define TC__R_SET1(x) _mm512_set1_ps(x)
#define TC__R_ADD(a, b) _mm512_add_ps(a, b)
#define TC__R_SUB(a, b) _mm512_sub_ps(a, b)
#define TC__R_MUL(a, b) _mm512_mul_ps(a, b)
#define TC__R_DIV(a, b) _mm512_div_ps(a, b)
#define TC__R_SQRT(a) _mm512_maskz_sqrt_ps(0xFFFF, a)
#define TC__R_TRANSPOSE(r) tc__kx86_transpose16(r)
#define TC__R_SWAP8(v) _mm512_maskz_shuffle_f32x4(0xFFFF, v, v, 0x4E)
#define TC__R_SWAP4(v) _mm512_maskz_shuffle_f32x4(0xFFFF, v, v, 0xB1)
#define TC__R_SWAP2(v) _mm512_maskz_permute_ps(0xFFFF, v, 0x4E)
#define TC__R_SWAP1(v) _mm512_maskz_permute_ps(0xFFFF, v, 0xB1)
#define TC__R_FIRST(v) _mm512_cvtss_f32(v)
#define TC__R_FMA(a, b, c) _mm512_fmadd_ps(a, b, c)
#define TC__R_MAX(a, b) _mm512_maskz_max_ps(0xFFFF, a, b)
#define TC__R_MIN(a, b) _mm512_maskz_min_ps(0xFFFF, a, b)
#define TC__I_LOAD(p) _mm512_loadu_si512(p)
#define TC__I_STORE(p, v) _mm512_storeu_si512(p, v)
#define TC__I_SET1(x) _mm512_set1_epi32((int)(x))
#define TC__I_ADD(a, b) _mm512_add_epi32(a, b)
#define TC__I_AND(a, b) _mm512_and_si512(a, b)
#define TC__I_OR(a, b) _mm512_or_si512(a, b)
#define TC__I_XOR(a, b) _mm512_xor_si512(a, b)
#define TC__I_SHL(a, n) _mm512_maskz_slli_epi32(0xFFFF, a, n)
#define TC__I_SHR(a, n) _mm512_maskz_srli_epi32(0xFFFF, a, n)
#define TC__I_GT(a, b) _mm512_movm_epi32(_mm512_cmpgt_epi32_mask(a, b))
#define TC__I_SELECT(m, a, b) _mm512_ternarylogic_epi32(m, a, b, 0xCA)
#define TC__I_OF_R(a) _mm512_castps_si512(a)
#define TC__R_OF_I(a) _mm512_castsi512_ps(a)
#define TC__R_FROM_I(a) _mm512_maskz_cvtepi32_ps(0xFFFF, a)
#define TC__I_PACK16(p, v)                                                                     \
    _mm256_storeu_si256((__m256i *)(void *)(p), _mm512_maskz_cvtepi32_epi16(0xFFFF, (v)[0]))
#define TC__I_PACK8(p, v)                                                                      \
    _mm_storeu_si128((__m128i *)(void *)(p), _mm512_maskz_cvtepi32_epi8(0xFFFF, (v)[0]))
#define TC__I_SPREAD8(low, high, in) tc__kx86_spread8_avx512(low, high, in)
#define TC__KPART 90
#include TC_HEADER
TC__KX86_MADD(madd, TC__KX86_AVX512, __m512i, "v")
#define TC__D_DOT(sum, a, b) tc__kx86_madd(sum, a, b)
#define TC__D_ANY(sum, other) sum
#define TC__QROWS 8 /* 14 are no faster */
#define TC__QTYPE s8
#define TC__KPART 91
#include TC_HEADER
#define TC__QTYPE s16
#define TC__KPART 91
#include TC_HEADER
#undef TC__QROWS
#define TC__KX86_AVX512_VNNI                                                                   \
    __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,avx2,fma,f16c")))
TC__KX86_DOT(dpwssd, TC__KX86_AVX512_VNNI, __m512i, "vpdpwssd", "v")
TC__KX86_DOT(dpbusd, TC__KX86_AVX512_VNNI, __m512i, "vpdpbusd", "v")
#define TC__QNAME avx512_vnni
#define TC__QTARGET TC__KX86_AVX512_VNNI
#define TC__QHELD 7 /* 14 rows, with sums in c, take a tenth longer on Zen 5 */
#undef TC__D_DOT
#undef TC__D_ANY
#define TC__D_DOT(sum, a, b) tc__kx86_dpwssd(sum, a, b)
#define TC__QTYPE s16
#define TC__KPART 91
#include TC_HEADER
#undef TC__D_DOT
#define TC__D_DOT(sum, a, b) tc__kx86_dpbusd(sum, a, b)
#define TC__QNAME avx512_vnni
#define TC__QTARGET TC__KX86_AVX512_VNNI
#define TC__QBYTES 1
#define TC__QTYPE s8
#define TC__KPART 91
#include TC_HEADER
#ifdef TC__AMX
/* Level amx: tiles of 16 rows of 64 bytes. Registers 0 to 3 hold the sums of up to 32 rows and
 * two panels, 4 and 5 rows of A, where they lie, 6 and 7 panels, of which 64 bytes a column are
 * such a tile: 64 k of bytes, 32 of bf16. Up to 16 rows meet four panels: a product waits 52
 * cycles for the one whose sum it adds to. */
#define TC__AMX_LOAD(tile, p, stride)                                                          \
    __asm__ volatile("tileloadd (%0,%1,1), %%tmm" #tile ::"r"(p), "r"(stride) : "memory")
#define TC__AMX_STORE(tile, p, stride)                                                         \
    __asm__ volatile("tilestored %%tmm" #tile ", (%0,%1,1)" ::"r"(p), "r"(stride) : "memory")
#define TC__AMX_ZERO(tile) __asm__ volatile("tilezero %%tmm" #tile ::)
#define TC__AMX_DOT(sum, a, b)                                                                 \
    __asm__ volatile("tdpbusd %%tmm" #b ", %%tmm" #a ", %%tmm" #sum ::)
#define TC__AMX_DOT_BF16(sum, a, b)                                                            \
    __asm__ volatile("tdpbf16ps %%tmm" #b ", %%tmm" #a ", %%tmm" #sum ::)

typedef struct tc__kx86_shape {
    unsigned char palette, start, none[14];
    uint16_t bytes[16]; /* of a row of each tile */
    unsigned char rows[16];
} tc__kx86_shape;

/* Rows of the upper and lower sums and A, and of register 5. Without a bottom all sums are
 * upper ones. */
static void tc__kx86_amx_begin(size_t top, size_t bottom, size_t five) {
    tc__kx86_shape s;
    int i;
    memset(&s, 0, sizeof s);
    s.palette = 1;
    for (i = 0; i < 8; i++) {
        s.bytes[i] = 64;
        s.rows[i] = (unsigned char)top;
    }
    if (bottom) s.rows[2] = s.rows[3] = (unsigned char)bottom;
    s.rows[5] = (unsigned char)five;
    s.rows[6] = s.rows[7] = 16;
    __asm__ volatile("ldtilecfg %0" ::"m"(s));
}

static void tc__kx86_amx_end(void) { __asm__ volatile("tilerelease" ::); }

/* Where a step finds its tiles. */
typedef struct tc__kx86_tiles {
    const unsigned char *a, *b[4]; /* rows, panels; the last again where there are fewer */
    size_t lda, down;              /* bytes from row to row, from upper to lower rows */
    size_t lo, low;                /* bytes from hi to lo of split rows and panels */
    const unsigned char *ahead;    /* comes into cache meanwhile, so many lines a step */
    size_t lines;
} tc__kx86_tiles;

/* Adds a step's products to the sums, of upper and lower rows and two panels (tall), or of four
 * panels. */
#define TC__KX86_AMX_STEP(name, DOT)                                                           \
    TC__INLINE void tc__kx86_amx_##name(int tall, const tc__kx86_tiles *t) {                   \
        TC__AMX_LOAD(4, t->a, t->lda);                                                         \
        TC__AMX_LOAD(6, t->b[0], (size_t)64);                                                  \
        DOT(0, 4, 6);                                                                          \
        TC__AMX_LOAD(7, t->b[1], (size_t)64);                                                  \
        DOT(1, 4, 7);                                                                          \
        if (tall) {                                                                            \
            TC__AMX_LOAD(5, t->a + t->down, t->lda);                                           \
            DOT(2, 5, 6);                                                                      \
            DOT(3, 5, 7);                                                                      \
        } else {                                                                               \
            TC__AMX_LOAD(5, t->b[2], (size_t)64);                                              \
            DOT(2, 4, 5);                                                                      \
            TC__AMX_LOAD(6, t->b[3], (size_t)64);                                              \
            DOT(3, 4, 6);                                                                      \
        }                                                                                      \
    }
TC__KX86_AMX_STEP(s8, TC__AMX_DOT)
TC__KX86_AMX_STEP(bf16, TC__AMX_DOT_BF16)

/* Products of split numbers: hi lo + hi hi + lo hi. */
TC__INLINE void tc__kx86_amx_split_tall(const tc__kx86_tiles *t) {
    int part;
    TC__AMX_LOAD(4, t->a, t->lda);
    TC__AMX_LOAD(5, t->a + t->down, t->lda);
    for (part = 0; part < 3; part++) {
        if (part < 2) {
            TC__AMX_LOAD(6, t->b[0] + (part ? 0 : t->low), (size_t)64);
            TC__AMX_LOAD(7, t->b[1] + (part ? 0 : t->low), (size_t)64);
        } else {
            TC__AMX_LOAD(4, t->a + t->lo, t->lda);
            TC__AMX_LOAD(5, t->a + t->lo + t->down, t->lda);
        }
        TC__AMX_DOT_BF16(0, 4, 6);
        TC__AMX_DOT_BF16(1, 4, 7);
        TC__AMX_DOT_BF16(2, 5, 6);
        TC__AMX_DOT_BF16(3, 5, 7);
    }
}

#define TC__AMX_SPLIT_PANEL(sum)                                                               \
    TC__AMX_LOAD(6, t->b[sum] + t->low, (size_t)64);                                           \
    TC__AMX_DOT_BF16(sum, 4, 6);                                                               \
    TC__AMX_LOAD(7, t->b[sum], (size_t)64);                                                    \
    TC__AMX_DOT_BF16(sum, 4, 7);                                                               \
    TC__AMX_DOT_BF16(sum, 5, 7);

TC__INLINE void tc__kx86_amx_split(int tall, const tc__kx86_tiles *t) {
    if (tall) {
        tc__kx86_amx_split_tall(t);
        return;
    }
    TC__AMX_LOAD(4, t->a, t->lda);
    TC__AMX_LOAD(5, t->a + t->lo, t->lda);
    TC__AMX_SPLIT_PANEL(0)
    TC__AMX_SPLIT_PANEL(1)
    TC__AMX_SPLIT_PANEL(2)
    TC__AMX_SPLIT_PANEL(3)
}

/* Sums of some rows and panels that are complete. */
typedef struct tc__kx86_sums {
    const uint32_t *sum; /* [rows, ld] */
    float *c;
    size_t ld, ldc, rows, wide;  /* wide: panels */
    const tc__qscale *scale;     /* of the rows, or null: the sums are f32 */
    const float *columns, *bias; /* of the panels; bias may be null */
    const int32_t *shift;
} tc__kx86_sums;

/* Writes so many rows of them to C. */
static TC__KX86_AVX512_VNNI TC__NOINLINE void tc__kx86_amx_finish(tc__kx86_sums *s,
                                                                  size_t rows) {
    const size_t n = tc__mem_least(rows, s->rows), ld = s->ld, ldc = s->ldc;
    const tc__qscale *scale = s->scale;
    size_t j, r;
    for (j = 0; j < s->wide * 16; j += 16) {
        const float *sum = (const float *)(const void *)s->sum + j;
        float *to = s->c + j;
        TC__R bias = s->bias ? TC__R_LOAD(s->bias + j) : TC__R_SET1(0.0f), column, shift;
        for (r = 0; !scale && r < n; r++)
            TC__R_STORE(to + r * ldc, TC__R_ADD(TC__R_LOAD(sum + r * ld), bias));
        if (!scale) continue;
        column = TC__R_LOAD(s->columns + j);
        shift = TC__R_MUL(TC__R_FROM_I(TC__I_LOAD(s->shift + j)), column);
        for (r = 0; r < n; r++) {
            TC__R v = TC__R_FROM_I(TC__I_LOAD(sum + r * ld));
            TC__R start = TC__R_FMA(TC__R_SET1(scale[r].low), shift, bias);
            v = TC__R_MUL(v, TC__R_SET1(scale[r].step));
            TC__R_STORE(to + r * ldc, TC__R_FMA(v, column, start));
        }
    }
    s->sum += n * ld;
    s->c += n * ldc;
    s->rows -= n;
    if (scale) s->scale += n;
}

typedef enum tc__kx86_kind { TC__AMX_S8, TC__AMX_BF16, TC__AMX_SPLIT } tc__kx86_kind;

/* A product: C[rows, 16 count] of A and panels. */
typedef struct tc__kx86_product {
    tc__kx86_kind kind;
    size_t rows, bytes; /* of a row of A that meet the panels, of hi where it is split */
    tc__kx86_tiles at;  /* the first rows; panels come from b on */
    const unsigned char *b;
    size_t stride, count; /* bytes from panel to panel, panels */
    tc__kx86_sums to;
} tc__kx86_product;

/* Adds `steps` times 64 bytes. Sums before are finished meanwhile, so many rows a step: tiles
 * and vectors have units of their own. */
static void tc__kx86_amx_steps(tc__kx86_kind kind, int tall, tc__kx86_tiles t, size_t steps,
                               tc__kx86_sums *before) {
    const size_t share = steps ? (before->rows + steps - 1) / steps : 0;
    size_t i;
    for (; steps; steps--) {
        for (i = 0; i < t.lines; i++, t.ahead += 64) TC__PREFETCH_L2(t.ahead);
        if (kind == TC__AMX_S8)
            tc__kx86_amx_s8(tall, &t);
        else if (kind == TC__AMX_BF16)
            tc__kx86_amx_bf16(tall, &t);
        else
            tc__kx86_amx_split(tall, &t);
        t.a += 64;
        t.b[0] += 1024;
        t.b[1] += 1024;
        t.b[2] += 1024;
        t.b[3] += 1024;
        if (before->rows) tc__kx86_amx_finish(before, share);
    }
}

/* The last K % 64 bytes of s8, from copies with zeros behind them. */
static void tc__kx86_amx_rest(int tall, tc__kx86_tiles t, size_t rows, size_t done,
                              size_t bytes, tc__kx86_sums *before) {
    unsigned char a[32][64], b[4][16 * 64];
    size_t r;
    memset(a, 0, sizeof a);
    memset(b, 0, sizeof b);
    for (r = 0; r < rows; r++) memcpy(a[r], t.a + done + r * t.lda, bytes);
    for (r = 0; r < 4; r++) {
        memcpy(b[r], t.b[r] + done * 16, bytes * 16);
        t.b[r] = b[r];
    }
    t.down = t.down / t.lda * 64;
    t.a = a[0];
    t.lda = 64;
    t.lines = 0;
    tc__kx86_amx_steps(TC__AMX_S8, tall, t, 1, before);
}

/* The sums of n rows over so many bytes, as [n, 32] numbers of 4 bytes, or as [n, 64]; those
 * before are finished by then, and may be where these go. */
static void tc__kx86_amx_tile(tc__kx86_kind kind, tc__kx86_tiles t, size_t n, size_t bytes,
                              uint32_t *sums, tc__kx86_sums *before) {
    const int tall = n > 16;
    const size_t ld = tall ? 128 : 256;
    char *to = (char *)sums, *rest = tall ? to + (n + 1) / 2 * ld : to + 128;
    TC__AMX_ZERO(0);
    TC__AMX_ZERO(1);
    TC__AMX_ZERO(2);
    TC__AMX_ZERO(3);
    tc__kx86_amx_steps(kind, tall, t, bytes / 64, before);
    if (bytes % 64) tc__kx86_amx_rest(tall, t, n, bytes / 64 * 64, bytes % 64, before);
    TC__AMX_STORE(0, to, ld);
    TC__AMX_STORE(1, to + 64, ld);
    TC__AMX_STORE(2, rest, ld);
    TC__AMX_STORE(3, rest + 64, ld);
}

/* Where to and of what the sums of n rows from r on and panels from p on are. */
static tc__kx86_sums tc__kx86_amx_sums(const tc__kx86_product *x, size_t r, size_t n, size_t p,
                                       size_t most) {
    tc__kx86_sums s = x->to;
    s.rows = n;
    s.ld = most * 16;
    s.wide = tc__mem_least(x->count - p, most);
    s.c += r * s.ldc + p * 16;
    if (s.bias) s.bias += p * 16;
    if (s.scale) {
        s.scale += r;
        s.columns += p * 16;
        s.shift += p * 16;
    }
    return s;
}

/* Brings the first and last panel of the results into cache. */
static void tc__kx86_amx_fetch(const tc__kx86_sums *s) {
    const float *c = s->c;
    size_t r;
    for (r = 0; r < s->rows; r++, c += s->ldc) {
        TC__PREFETCH_L2(c);
        TC__PREFETCH_L2(c + (s->wide - 1) * 16);
    }
}

/* Groups of as many rows each; the last may begin within the one before. If there are more than
 * one, each brings its share of the next two panels into cache. */
static void tc__kx86_amx_gemm(const tc__kx86_product *x) {
    __attribute__((aligned(64))) uint32_t sums[1024];
    const size_t groups = (x->rows + 31) / 32, n = (x->rows + groups - 1) / groups,
                 top = n > 16 ? (n + 1) / 2 : n, most = n > 16 ? 2 : 4;
    size_t p, g, i;
    tc__kx86_sums before = x->to;
    before.rows = 0;
    tc__kx86_amx_begin(top, n - top, n > top ? n - top : x->kind == TC__AMX_SPLIT ? n : 16);
    for (p = 0; p < x->count; p += most)
        for (g = 0; g < groups; g++) {
            const size_t r = tc__mem_least(g * n, x->rows - n);
            tc__kx86_sums own = tc__kx86_amx_sums(x, r, n, p, most);
            tc__kx86_tiles t = x->at;
            own.sum = sums;
            t.a += r * t.lda;
            t.down = top * t.lda;
            for (i = 0; i < 4; i++)
                t.b[i] = x->b + (p + tc__mem_least(i, own.wide - 1)) * x->stride;
            if (groups > 1 && x->kind != TC__AMX_SPLIT) {
                t.lines = (32 + groups - 1) / groups;
                t.ahead = x->b + (p + most) * x->stride + g * t.lines * x->bytes;
            }
            tc__kx86_amx_fetch(&own);
            tc__kx86_amx_tile(x->kind, t, n, x->bytes, sums, &before);
            before = own;
        }
    tc__kx86_amx_finish(&before, n);
    tc__kx86_amx_end();
}

/* Few rows wait for the panels, which the loads of vectors bring faster. */
static void tc__k_gemm_s8_amx(size_t rows, size_t K, const tc__qrows *a, const tc__qpanels *b,
                              float *c, size_t ldc) {
    tc__kx86_product x;
    if (rows < 8) {
        tc__k_gemm_s8_avx512_vnni(rows, K, a, b, c, ldc);
        return;
    }
    memset(&x, 0, sizeof x);
    x.kind = TC__AMX_S8;
    x.rows = rows;
    x.bytes = tc__mem_round(K, 4);
    x.at.a = a->q;
    x.at.lda = a->ld;
    x.b = (const unsigned char *)b->q;
    x.stride = b->stride;
    x.count = b->count;
    x.to.c = c;
    x.to.ldc = ldc;
    x.to.scale = a->scale;
    x.to.columns = b->scale;
    x.to.shift = b->sums;
    x.to.bias = b->bias;
    tc__kx86_amx_gemm(&x);
}

static void tc__k_quantize_s8_amx(const tc__qrows *to, const float *x, size_t ld, size_t rows,
                                  size_t n) {
    tc__k_quantize_s8_avx512_vnni(to, x, ld, rows, n);
}

/* Four products of tiles that come from L1 each time, `each` multiply-adds a product. */
static void tc__kx86_amx_burst(tc__kx86_kind kind, size_t each, float *out, size_t count) {
    __attribute__((aligned(64))) unsigned char zeros[4096];
    uint32_t sums[32 * 32];
    tc__kx86_sums none;
    tc__kx86_tiles t;
    size_t i;
    memset(zeros, *out > 0 ? 1 : 0, sizeof zeros);
    memset(&none, 0, sizeof none);
    memset(&t, 0, sizeof t);
    t.a = zeros;
    t.lda = 64;
    t.down = 1024;
    t.b[0] = zeros + 2048;
    t.b[1] = zeros + 3072;
    tc__kx86_amx_begin(16, 16, 16);
    for (i = 0; i < count; i += 4 * each) tc__kx86_amx_steps(kind, 1, t, 1, &none);
    TC__AMX_STORE(0, sums, (size_t)128);
    tc__kx86_amx_end();
    *out = 1.0f + (float)sums[0];
}

static void tc__k_burst_s8_amx(float *out, size_t count) {
    tc__kx86_amx_burst(TC__AMX_S8, 16 * 16 * 64, out, count);
}

static void tc__kx86_split_burst(float *out, size_t count) {
    tc__kx86_amx_burst(TC__AMX_BF16, 16 * 16 * 32, out, count);
}

static void tc__kx86_split_gemm(size_t rows, size_t K, const unsigned char *a, size_t lda,
                                const tc__tiles *b, float *c, size_t ldc) {
    tc__kx86_product x;
    memset(&x, 0, sizeof x);
    x.kind = b->lo ? TC__AMX_SPLIT : TC__AMX_BF16;
    x.rows = rows;
    x.bytes = tc__mem_round(K, 32) * 2;
    x.at.a = a;
    x.at.lda = lda;
    x.at.lo = x.bytes;
    x.b = b->hi;
    if (b->lo) x.at.low = (size_t)(b->lo - b->hi);
    x.stride = b->stride;
    x.count = b->count;
    x.to.c = c;
    x.to.ldc = ldc;
    x.to.bias = b->bias;
    tc__kx86_amx_gemm(&x);
}

#define TC__KX86_AMX_BF16                                                                      \
    __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512bf16,avx2,fma,f16c")))

/* 16 numbers as bf16 in the lower halves. */
TC__KX86_AMX_BF16 TC__INLINE __m512i tc__kx86_split_half(__m512 x) {
    return _mm512_maskz_cvtepu16_epi32(0xFFFF, (__m256i)_mm512_maskz_cvtneps_pbh(0xFFFF, x));
}

TC__KX86_AMX_BF16 TC__INLINE __m512 tc__kx86_split_less(__m512 x, __m512i half) {
    return _mm512_sub_ps(x, _mm512_castsi512_ps(_mm512_maskz_slli_epi32(0xFFFF, half, 16)));
}

static TC__KX86_AMX_BF16 void tc__kx86_split_row(unsigned char *out, const float *x, size_t n,
                                                 int both) {
    size_t lo = tc__mem_round(n, 32) * 2, i;
    for (i = 0; i < tc__mem_round(n, 32); i += 16) {
        __mmask16 mask = (__mmask16)(n >= i + 16 ? 0xFFFF : n > i ? (1u << (n - i)) - 1 : 0);
        __m512 v = _mm512_maskz_loadu_ps(mask, x + i);
        __m512i hi = tc__kx86_split_half(v);
        _mm256_storeu_si256((__m256i *)(void *)(out + 2 * i),
                            _mm512_maskz_cvtepi32_epi16(0xFFFF, hi));
        if (!both) continue;
        hi = tc__kx86_split_half(tc__kx86_split_less(v, hi));
        _mm256_storeu_si256((__m256i *)(void *)(out + lo + 2 * i),
                            _mm512_maskz_cvtepi32_epi16(0xFFFF, hi));
    }
}

static TC__KX86_AMX_BF16 void tc__kx86_split_panel(unsigned char *hi, unsigned char *lo,
                                                   const float *in, size_t K) {
    size_t k;
    for (k = 0; k < tc__mem_round(K, 32); k += 2, in += 32, hi += 64, lo += 64) {
        __m512 even = k < K ? _mm512_loadu_ps(in) : _mm512_setzero_ps();
        __m512 odd = k + 1 < K ? _mm512_loadu_ps(in + 16) : _mm512_setzero_ps();
        __m512i e = tc__kx86_split_half(even), o = tc__kx86_split_half(odd);
        __m512i e2 = tc__kx86_split_half(tc__kx86_split_less(even, e)),
                o2 = tc__kx86_split_half(tc__kx86_split_less(odd, o));
        _mm512_storeu_si512(hi, _mm512_or_si512(e, _mm512_maskz_slli_epi32(0xFFFF, o, 16)));
        _mm512_storeu_si512(lo, _mm512_or_si512(e2, _mm512_maskz_slli_epi32(0xFFFF, o2, 16)));
    }
}
#endif
#define TC__KPART 92
#include TC_HEADER
#endif

/* ======================================================================== 34-karm */

#ifdef TC__ARM
TC__INLINE void tc__karm_transpose4(float32x4_t *r) {
    float32x4x2_t a = vzipq_f32(r[0], r[2]), b = vzipq_f32(r[1], r[3]);
    float32x4x2_t c = vzipq_f32(a.val[0], b.val[0]), d = vzipq_f32(a.val[1], b.val[1]);
    r[0] = c.val[0];
    r[1] = c.val[1];
    r[2] = d.val[0];
    r[3] = d.val[1];
}
TC__INLINE void tc__karm_pack16(uint16_t *p, const uint32x4_t *v) {
    vst1q_u16(p, vcombine_u16(vmovn_u32(v[0]), vmovn_u32(v[1])));
    vst1q_u16(p + 8, vcombine_u16(vmovn_u32(v[2]), vmovn_u32(v[3])));
}
TC__INLINE void tc__karm_pack8(uint8_t *p, const uint32x4_t *v) {
    uint16x8_t low = vcombine_u16(vmovn_u32(v[0]), vmovn_u32(v[1]));
    uint16x8_t high = vcombine_u16(vmovn_u32(v[2]), vmovn_u32(v[3]));
    vst1q_u8(p, vcombine_u8(vmovn_u16(low), vmovn_u16(high)));
}
/* Sums of the first and the other k of columns 0 and 1, and of 2 and 3. */
typedef struct tc__karm_pair {
    int32x4_t low, high;
} tc__karm_pair;
TC__INLINE tc__karm_pair tc__karm_dot(tc__karm_pair sum, int16x8_t a, int16x8_t b) {
    sum.low = vmlal_s16(sum.low, vget_low_s16(a), vget_low_s16(b));
    sum.high = vmlal_high_s16(sum.high, a, b);
    return sum;
}
/* The same of four k a column. */
TC__INLINE tc__karm_pair tc__karm_dot8(tc__karm_pair sum, int8x16_t a, int8x16_t b) {
    sum.low = vpadalq_s16(sum.low, vmull_s8(vget_low_s8(a), vget_low_s8(b)));
    sum.high = vpadalq_s16(sum.high, vmull_high_s8(a, b));
    return sum;
}
TC__INLINE tc__karm_pair tc__karm_start(uint32x4_t v) {
    tc__karm_pair sum;
    sum.low = vreinterpretq_s32_u32(vzip1q_u32(v, vdupq_n_u32(0)));
    sum.high = vreinterpretq_s32_u32(vzip2q_u32(v, vdupq_n_u32(0)));
    return sum;
}
#ifdef TC__DOTPROD
TC__DOTPROD TC__INLINE uint32x4_t tc__karm_sdot(uint32x4_t sum, int8x8_t a, uint32x4_t b) {
    return vreinterpretq_u32_s32(
        vdotq_lane_s32(vreinterpretq_s32_u32(sum), vreinterpretq_s8_u32(b), a, 0));
}
#endif
/* In sequence: see section 32. On Cortex-A55, whose results come in order, a load with an index
 * takes as long as a multiply-add; one with an offset takes less, and so would wait. */
#define TC__S_AT(p, at) "r"(p), "rZ"((size_t)(at)) : "memory"
#define TC__S_LOAD(v, p, at) __asm__ volatile("ldr %q0, [%1, %x2]" : "=w"(v) : TC__S_AT(p, at))
#define TC__S_ONE(x, p, at) __asm__ volatile("ldr %s0, [%1, %x2]" : "=w"(x) : TC__S_AT(p, at))
#define TC__S_ADD(p, n) __asm__ volatile("add %0, %0, %1" : "+r"(p) : "rI"((size_t)(n)))
#define TC__S_LESS(n) __asm__ volatile("sub %0, %0, 1" : "+r"(n))
#define TC__S_NEXT(ahead, pace, a, step, b)                                                    \
    do {                                                                                       \
        __asm__ volatile("prfm pldl2keep, [%0]" ::"r"(ahead));                                 \
        TC__S_ADD(a, step);                                                                    \
        TC__S_ADD(b, 64);                                                                      \
        TC__S_ADD(ahead, pace);                                                                \
    } while (0)
#define TC__S_FMA(sum, x, v)                                                                   \
    __asm__ volatile("fmla %0.4s, %1.4s, %2.s[0]" : "+w"(sum) : "w"(v), "w"(x))
#define TC__KNAME neon
#define TC__KTARGET
#define TC__KSUMS 16
#define TC__R_F16(low, high, p)                                                                \
    low = vcvt_f32_f16(vreinterpret_f16_u16(vmovn_u32(TC__I_LOAD(p))));                        \
    high = vcvt_f32_f16(vreinterpret_f16_u16(vshrn_n_u32(TC__I_LOAD(p), 16)))
#define TC__KROWS 5
#define TC__KPANELS 1
#define TC__R float32x4_t
#define TC__I uint32x4_t
#define TC__RW 4
#define TC__R_LOAD(p) vld1q_f32(p)
#define TC__R_STORE(p, v) vst1q_f32(p, v)
#define TC__R_SET1(x) vdupq_n_f32(x)
#define TC__R_ADD(a, b) vaddq_f32(a, b)
#define TC__R_SUB(a, b) vsubq_f32(a, b)
#define TC__R_MUL(a, b) vmulq_f32(a, b)
#define TC__R_DIV(a, b) vdivq_f32(a, b)
#define TC__R_SQRT(a) vsqrtq_f32(a)
#define TC__R_TRANSPOSE(r) tc__karm_transpose4(r)
#define TC__R_SWAP2(v) vextq_f32(v, v, 2)
#define TC__R_SWAP1(v) vrev64q_f32(v)
#define TC__R_FIRST(v) vgetq_lane_f32(v, 0)
#define TC__R_FMA(a, b, c) vfmaq_f32(c, a, b)
#define TC__R_MAX(a, b) vbslq_f32(vcgtq_f32(a, b), a, b)
#define TC__R_MIN(a, b) vbslq_f32(vcltq_f32(a, b), a, b)
#define TC__I_LOAD(p) vreinterpretq_u32_u8(vld1q_u8((const uint8_t *)(const void *)(p)))
#define TC__I_STORE(p, v) vst1q_u8((uint8_t *)(void *)(p), vreinterpretq_u8_u32(v))
#define TC__I_SET1(x) vdupq_n_u32((uint32_t)(x))
#define TC__I_ADD(a, b) vaddq_u32(a, b)
#define TC__I_AND(a, b) vandq_u32(a, b)
#define TC__I_OR(a, b) vorrq_u32(a, b)
#define TC__I_XOR(a, b) veorq_u32(a, b)
#define TC__I_SHL(a, n) vshlq_n_u32(a, n)
#define TC__I_SHR(a, n) vshrq_n_u32(a, n)
#define TC__I_GT(a, b) vcgtq_s32(vreinterpretq_s32_u32(a), vreinterpretq_s32_u32(b))
#define TC__I_SELECT(m, a, b) vbslq_u32(m, a, b)
#define TC__I_OF_R(a) vreinterpretq_u32_f32(a)
#define TC__R_OF_I(a) vreinterpretq_f32_u32(a)
#define TC__R_FROM_I(a) vcvtq_f32_s32(vreinterpretq_s32_u32(a))
#define TC__I_PACK16(p, v) tc__karm_pack16((uint16_t *)(void *)(p), v)
#define TC__I_PACK8(p, v) tc__karm_pack8(p, v)
#define TC__KPART 90
#include TC_HEADER
#define TC__QROWS 3
#define TC__D tc__karm_pair
#define TC__D_ZERO                                                                             \
    { vdupq_n_s32(0), vdupq_n_s32(0) }
#define TC__D_START(v) tc__karm_start(v)
#define TC__D_DOT(sum, a, b)                                                                   \
    tc__karm_dot(sum, vreinterpretq_s16_u32(a), vreinterpretq_s16_u32(b))
#define TC__S_ROW(row, p, at)                                                                  \
    __asm__ volatile("add %0, %1, %x2" : "=r"(row) : "r"(p), "rZ"((size_t)(at)))
#define TC__S_GROUP(x, row, p, at)                                                             \
    __asm__ volatile("ld1r {%0.4s}, [%1]" : "=w"(x) : "r"(row) : "memory")
#define TC__S_DOT(sum, product, x, v)                                                          \
    __asm__ volatile("smlal %0.4s, %2.4h, %3.4h\n\tsmlal2 %1.4s, %2.8h, %3.8h"                 \
                     : "+&w"((sum).low), "+w"((sum).high)                                      \
                     : "w"(x), "w"(v))
#define TC__S_ADDED(sum, product) (void)0
#define TC__D_SUM(sum) vreinterpretq_u32_s32(vpaddq_s32((sum).low, (sum).high))
#define TC__D_ANY(sum, other) vreinterpretq_u32_s32((sum).low)
#define TC__QTYPE s16
#define TC__KPART 91
#include TC_HEADER
/* Bytes are multiplied to 16 bits by one pipe and added up in pairs by another. */
#undef TC__QROWS
#undef TC__D_DOT
#undef TC__S_DOT
#undef TC__S_ADDED
#define TC__QROWS 2
#define TC__QBYTES 1
#define TC__QFLIP 128
#define TC__D_DOT(sum, a, b)                                                                   \
    tc__karm_dot8(sum, vreinterpretq_s8_u32(a), vreinterpretq_s8_u32(b))
#define TC__S_DOT(sum, product, x, v)                                                          \
    __asm__ volatile("smull %0.8h, %2.8b, %3.8b\n\tsmull2 %1.8h, %2.16b, %3.16b"               \
                     : "=&w"((product).low), "=w"((product).high)                              \
                     : "w"(x), "w"(v))
#define TC__S_ADDED(sum, product)                                                              \
    __asm__ volatile("sadalp %0.4s, %2.8h\n\tsadalp %1.4s, %3.8h"                              \
                     : "+&w"((sum).low), "+w"((sum).high)                                      \
                     : "w"((product).low), "w"((product).high))
#define TC__QTYPE s8
#define TC__KPART 91
#include TC_HEADER
#ifdef TC__DOTPROD
#undef TC__QROWS
#undef TC__D
#undef TC__D_ZERO
#undef TC__D_START
#undef TC__D_SUM
#undef TC__D_ANY
#undef TC__D_HIDE
#undef TC__D_ROW
#undef TC__D_SPREAD
#define TC__QNAME dotprod
#define TC__QTARGET TC__DOTPROD
#define TC__QBYTES 1
#define TC__QFLIP 128
#undef TC__D_DOT
#define TC__D_DOT(sum, a, b) tc__karm_sdot(sum, a, b)
#undef TC__S_GROUP
#undef TC__S_ROW
#undef TC__S_DOT
#undef TC__S_ADDED
#define TC__S_ROW(row, p, at) (void)(row)
#define TC__S_GROUP(x, row, p, at) TC__S_ONE(x, p, at)
#define TC__S_ADDED(sum, product) (void)0
#define TC__S_DOT(sum, product, x, v)                                                          \
    __asm__ volatile("sdot %0.4s, %1.16b, %2.4b[0]" : "+w"(sum) : "w"(v), "w"(x))
#define TC__D_HIDE(sum) __asm__("" : "+w"(sum)) /* gcc 12 copies sums in each turn */
#define TC__D_ROW int8x8_t
#define TC__D_SPREAD(p) vcreate_s8(tc__bytes_u32(p))
#define TC__QTYPE s8
#define TC__KPART 91
#include TC_HEADER
#endif
#undef TC__S_LOAD
#define TC__KPART 92
#include TC_HEADER

#ifdef TC__I8MM
/* 2 rows of a times 2 columns of a panel are a product of matrices: [2][8] times [8][2]. */
enum { TC__I8MM_PAIRS = 5 };

/* The k of a group of four in a row, or of two groups. */
TC__INLINE int8x8_t tc__karm_group(const int two, const unsigned char *row) {
    return two ? vld1_s8((const int8_t *)row) : vcreate_s8(tc__bytes_u32(row));
}

/* Adds the k of one group of four, or of two: 2 * pairs rows times 8 columns. */
TC__I8MM TC__INLINE void tc__karm_mmla(const int pairs, const int two, int32x4_t sum[][4],
                                       const unsigned char *a, size_t lda, const int8_t *q) {
    int32x4_t none = vdupq_n_s32(0);
    int8x16_t column[4];
    int i, j;
    TC__UNROLL
    for (j = 0; j < 2; j++) {
        int32x4_t low = vreinterpretq_s32_s8(vld1q_s8(q + j * 16));
        int32x4_t high = two ? vreinterpretq_s32_s8(vld1q_s8(q + 64 + j * 16)) : none;
        column[2 * j] = vreinterpretq_s8_s32(vzip1q_s32(low, high));
        column[2 * j + 1] = vreinterpretq_s8_s32(vzip2q_s32(low, high));
    }
    TC__UNROLL
    for (i = 0; i < pairs; i++) {
        const unsigned char *row = a + (size_t)(2 * i) * lda;
        int8x16_t x = vcombine_s8(tc__karm_group(two, row), tc__karm_group(two, row + lda));
        TC__UNROLL
        for (j = 0; j < 4; j++) sum[i][j] = vmmlaq_s32(sum[i][j], x, column[j]);
    }
}

/* A row of 4 sums as section 91 ends it. */
TC__INLINE void tc__karm_scale(float *c, int32x4_t sum, const tc__qscale *scale,
                               float32x4_t width, float32x4_t shift, float32x4_t from) {
    float32x4_t v = vmulq_f32(vcvtq_f32_s32(sum), vdupq_n_f32(scale->step));
    vst1q_f32(c, vfmaq_f32(vfmaq_f32(from, vdupq_n_f32(scale->low), shift), v, width));
}

/* 2 * pairs rows times the 8 columns from `first` on. */
TC__I8MM TC__INLINE void tc__karm_tile(const int pairs, size_t groups, const unsigned char *a,
                                       size_t lda, const tc__qscale *scale,
                                       const tc__qpanels *b, size_t first, float *c,
                                       size_t ldc) {
    const int8_t *q = (const int8_t *)b->q + first / 16 * b->stride + first % 16 * 4;
    int32x4_t sum[TC__I8MM_PAIRS][4];
    int i, j;
    TC__UNROLL
    for (j = 0; j < 4; j++) { /* rows hold q - 128 */
        int32x2_t start = vshl_n_s32(vld1_s32(b->sums + first + 2 * j), 7);
        TC__UNROLL
        for (i = 0; i < pairs; i++) sum[i][j] = vcombine_s32(start, start);
    }
    for (; groups > 1; groups -= 2, q += 128, a += 8) tc__karm_mmla(pairs, 1, sum, a, lda, q);
    if (groups) tc__karm_mmla(pairs, 0, sum, a, lda, q);
    TC__UNROLL
    for (j = 0; j < 2; j++) {
        size_t at = first + (size_t)j * 4;
        float32x4_t width = vld1q_f32(b->scale + at);
        float32x4_t shift = vmulq_f32(vcvtq_f32_s32(vld1q_s32(b->sums + at)), width);
        float32x4_t from = b->bias ? vld1q_f32(b->bias + at) : vdupq_n_f32(0);
        TC__UNROLL
        for (i = 0; i < pairs; i++) {
            int32x4_t left = sum[i][2 * j], right = sum[i][2 * j + 1];
            float *to = c + (size_t)(2 * i) * ldc + at;
            tc__karm_scale(to, vcombine_s32(vget_low_s32(left), vget_low_s32(right)),
                           scale + 2 * i, width, shift, from);
            tc__karm_scale(to + ldc, vcombine_s32(vget_high_s32(left), vget_high_s32(right)),
                           scale + 2 * i + 1, width, shift, from);
        }
    }
}

#define TC__TILE_ARGS                                                                          \
    (size_t groups, const unsigned char *a, size_t lda, const tc__qscale *scale,               \
     const tc__qpanels *b, size_t first, float *c, size_t ldc)
typedef void(*tc__karm_tile_function) TC__TILE_ARGS;
#define TC__TILE(pairs, unused)                                                                \
    TC__I8MM static void tc__k_tile_##pairs##_s8_i8mm TC__TILE_ARGS {                          \
        tc__karm_tile(pairs, groups, a, lda, scale, b, first, c, ldc);                         \
    }
#define TC__NAME(pairs, unused) tc__k_tile_##pairs##_s8_i8mm,
TC__EACH_5(TC__TILE, 1)

static void tc__k_quantize_s8_i8mm(const tc__qrows *to, const float *x, size_t ld, size_t rows,
                                   size_t n) {
    tc__k_quantize_s8_dotprod(to, x, ld, rows, n);
}

/* Pairs of rows; one that is left over goes the way of level dotprod. */
static void tc__k_gemm_s8_i8mm(size_t rows, size_t K, const tc__qrows *a, const tc__qpanels *b,
                               float *c, size_t ldc) {
    static const tc__karm_tile_function tiles[TC__I8MM_PAIRS] = {TC__EACH_5(TC__NAME, 1)};
    size_t pairs = rows / 2, parts = (pairs + TC__I8MM_PAIRS - 1) / TC__I8MM_PAIRS, p, g;
    tc__qrows last = *a;
    for (p = 0; p < b->count * 16; p += 8)
        for (g = 0; g < parts; g++) {
            size_t first = pairs * g / parts, count = pairs * (g + 1) / parts - first;
            tiles[count - 1]((K + 3) / 4, a->q + 2 * first * a->ld, a->ld, a->scale + 2 * first,
                             b, p, c + 2 * first * ldc, ldc);
        }
    last.q += 2 * pairs * last.ld;
    last.scale += 2 * pairs;
    if (rows % 2) tc__k_gemm_s8_dotprod(1, K, &last, b, c + 2 * pairs * ldc, ldc);
}
#undef TC__TILE_ARGS
#undef TC__TILE
#undef TC__NAME

TC__I8MM static void tc__k_burst_s8_i8mm(float *out, size_t count) {
    enum { SUMS = 16 };
    int8x16_t row = vdupq_n_s8((int8_t)*out);
    int32x4_t sum[SUMS];
    size_t i;
    int j;
    TC__UNROLL
    for (j = 0; j < SUMS; j++) sum[j] = vdupq_n_s32((int)*out * (j + 1));
    for (i = 0; i < count; i += SUMS * 32) {
        TC__UNROLL
        for (j = 0; j < SUMS; j++) {
            sum[j] = vmmlaq_s32(sum[j], row, row);
            __asm__("" : "+w"(sum[j]));
        }
    }
    TC__UNROLL
    for (j = 1; j < SUMS; j++) sum[0] = vaddq_s32(sum[0], sum[j]);
    *out = 1.0f + (float)vaddvq_s32(sum[0]);
}
#endif

#ifdef TC__BF16
/* Rows and weights in bf16: 2 rows of a times 2 columns of a panel are [2][4] times [4][2]. The
 * three products of split numbers are no faster than f32. */
enum { TC__BF16_PAIRS = 5 };

static TC__BF16 void tc__karm_split_row(unsigned char *out, const float *x, size_t n,
                                        int both) {
    uint16_t *hi = (uint16_t *)(void *)out;
    float tail[4];
    size_t i, j;
    (void)both;
    for (i = 0; i < tc__mem_round(n, 32); i += 4) {
        for (j = 0; i + 4 > n && j < 4; j++) tail[j] = i + j < n ? x[i + j] : 0.0f;
        vst1_u16(hi + i,
                 vreinterpret_u16_bf16(vcvt_bf16_f32(vld1q_f32(i + 4 > n ? tail : x + i))));
    }
}

/* 2 * pairs rows times the 8 columns from `first` on; K is a multiple of 32. */
TC__BF16 TC__INLINE void tc__karm_split_tile(const int pairs, size_t rows, size_t K,
                                             const unsigned char *a, size_t lda,
                                             const tc__tiles *b, size_t first, float *c,
                                             size_t ldc) {
    const unsigned char *q = b->hi + first / 16 * b->stride + first % 16 * 4;
    float32x4_t sum[TC__BF16_PAIRS][4];
    size_t k, second = rows > 1 ? lda : 0; /* one row counts as two */
    int i, j;
    TC__UNROLL
    for (i = 0; i < pairs; i++) {
        TC__UNROLL
        for (j = 0; j < 4; j++) sum[i][j] = vdupq_n_f32(0);
    }
    for (k = 0; k < K; k += 4, q += 128, a += 8) {
        bfloat16x8_t column[4];
        TC__UNROLL
        for (j = 0; j < 2; j++) {
            uint32x4_t low = vreinterpretq_u32_u8(vld1q_u8(q + j * 16));
            uint32x4_t high = vreinterpretq_u32_u8(vld1q_u8(q + 64 + j * 16));
            column[2 * j] = vreinterpretq_bf16_u32(vzip1q_u32(low, high));
            column[2 * j + 1] = vreinterpretq_bf16_u32(vzip2q_u32(low, high));
        }
        TC__UNROLL
        for (i = 0; i < pairs; i++) {
            const unsigned char *row = a + (size_t)(2 * i) * lda;
            uint64x2_t both = vdupq_n_u64(tc__bytes_u64(row));
            both = vsetq_lane_u64(tc__bytes_u64(row + second), both, 1);
            TC__UNROLL
            for (j = 0; j < 4; j++)
                sum[i][j] = vbfmmlaq_f32(sum[i][j], vreinterpretq_bf16_u64(both), column[j]);
        }
    }
    TC__UNROLL
    for (j = 0; j < 2; j++) {
        size_t at = first + (size_t)j * 4;
        float32x4_t bias = b->bias ? vld1q_f32(b->bias + at) : vdupq_n_f32(0);
        TC__UNROLL
        for (i = 0; i < pairs; i++) {
            float32x4_t left = sum[i][2 * j], right = sum[i][2 * j + 1];
            float32x4_t upper = vcombine_f32(vget_low_f32(left), vget_low_f32(right));
            float32x4_t lower = vcombine_f32(vget_high_f32(left), vget_high_f32(right));
            float *to = c + (size_t)(2 * i) * ldc + at;
            vst1q_f32(to, vaddq_f32(upper, bias));
            if (rows > 1) vst1q_f32(to + ldc, vaddq_f32(lower, bias));
        }
    }
}

#define TC__TILE_ARGS                                                                          \
    (size_t rows, size_t K, const unsigned char *a, size_t lda, const tc__tiles *b,            \
     size_t first, float *c, size_t ldc)
typedef void(*tc__karm_split_function) TC__TILE_ARGS;
#define TC__TILE(pairs, unused)                                                                \
    TC__BF16 static void tc__k_tile_##pairs##_split TC__TILE_ARGS {                            \
        tc__karm_split_tile(pairs, rows, K, a, lda, b, first, c, ldc);                         \
    }
#define TC__NAME(pairs, unused) tc__k_tile_##pairs##_split,
TC__EACH_5(TC__TILE, 1)

/* Pairs of rows, and one that is left over. */
static void tc__karm_split_gemm(size_t rows, size_t K, const unsigned char *a, size_t lda,
                                const tc__tiles *b, float *c, size_t ldc) {
    static const tc__karm_split_function tiles[TC__BF16_PAIRS] = {TC__EACH_5(TC__NAME, 1)};
    size_t pairs = rows / 2, parts = (pairs + TC__BF16_PAIRS - 1) / TC__BF16_PAIRS, p, g;
    K = tc__mem_round(K, 32);
    for (p = 0; p < b->count * 16; p += 8) {
        for (g = 0; g < parts; g++) {
            size_t first = pairs * g / parts, count = pairs * (g + 1) / parts - first;
            tiles[count - 1](2 * count, K, a + 2 * first * lda, lda, b, p, c + 2 * first * ldc,
                             ldc);
        }
        if (rows % 2) tiles[0](1, K, a + 2 * pairs * lda, lda, b, p, c + 2 * pairs * ldc, ldc);
    }
}

static TC__BF16 void tc__karm_split_burst(float *out, size_t count) {
    float32x4_t sum[16], none = vdupq_n_f32(*out > 0);
    size_t i;
    int j;
    for (j = 0; j < 16; j++) sum[j] = none;
    for (i = 0; i < count; i += 16 * 16) {
        TC__UNROLL
        for (j = 0; j < 16; j++)
            sum[j] = vbfmmlaq_f32(sum[j], vreinterpretq_bf16_f32(sum[j]),
                                  vreinterpretq_bf16_f32(none));
    }
    for (j = 1; j < 16; j++) sum[0] = vaddq_f32(sum[0], sum[j]);
    *out = 1.0f + vgetq_lane_f32(sum[0], 0);
}
#undef TC__TILE_ARGS
#undef TC__TILE
#undef TC__NAME
#endif
#endif

/* Level base in plain C, one lane at a time, where there is no SSE2: compilers vectorise the
 * loops of the bodies as far as they can. */
#ifndef TC__X86
#define TC__KNAME base
#define TC__KTARGET
#define TC__KROWS 2
#define TC__KPANELS 1
#define TC__R float
#define TC__I uint32_t
#define TC__RW 1
#define TC__R_LOAD(p) (*(p))
#define TC__R_STORE(p, v) (void)(*(p) = (v))
#define TC__R_SET1(x) (x)
#define TC__R_ADD(a, b) ((a) + (b))
#define TC__R_SUB(a, b) ((a) - (b))
#define TC__R_MUL(a, b) ((a) * (b))
#define TC__R_DIV(a, b) ((a) / (b))
#define TC__R_SQRT(a) sqrtf(a)
#define TC__R_TRANSPOSE(r) (void)(r)
#define TC__R_FIRST(v) (v)
#define TC__R_FMA(a, b, c) ((a) * (b) + (c))
#define TC__R_MAX(a, b) tc__kref_max(a, b)
#define TC__R_MIN(a, b) tc__kref_min(a, b)
#define TC__I_LOAD(p) tc__bytes_u32(p)
#define TC__I_STORE(p, v) tc__kref_store(p, v)
#define TC__I_SET1(x) ((uint32_t)(x))
#define TC__I_ADD(a, b) ((a) + (b))
#define TC__I_AND(a, b) ((a) & (b))
#define TC__I_OR(a, b) ((a) | (b))
#define TC__I_XOR(a, b) ((a) ^ (b))
#define TC__I_SHL(a, n) ((a) << (n))
#define TC__I_SHR(a, n) ((a) >> (n))
#define TC__I_GT(a, b) ((int32_t)(a) > (int32_t)(b) ? UINT32_MAX : 0u)
#define TC__I_SELECT(m, a, b) (((m) & (a)) | (~(m) & (b)))
#define TC__I_OF_R(a) tc__bytes_of_float(a)
#define TC__R_OF_I(a) tc__bytes_to_float(a)
#define TC__R_FROM_I(a) ((float)(int32_t)(a))
#define TC__I_PACK16(p, v) tc__kref_pack16(p, v)
#define TC__I_SPREAD8(low, high, in)                                                           \
    ((low)[0] = (in)[0], (low)[1] = (in)[1], (high)[0] = (in)[2], (high)[1] = (in)[3])
#define TC__KPART 90
#include TC_HEADER
#define TC__D_DOT(sum, a, b) ((sum) + tc__kref_dot16(a, b))
#define TC__QTYPE s8
#define TC__KPART 91
#include TC_HEADER
#define TC__QTYPE s16
#define TC__KPART 91
#include TC_HEADER
#define TC__KPART 92
#include TC_HEADER
#endif

/* ======================================================================== 35-ktab
 * One table of ops a level, all made from the list of section 31. */

#define TC__OP_SCALAR(name, args) tc__k_##name##_scalar,
#define TC__OP_BASE(name, args) tc__k_##name##_base,
#define TC__OP_AVX2(name, args) tc__k_##name##_avx2,
#define TC__OP_AVX2_VNNI(name, args) tc__k_##name##_avx2_vnni,
#define TC__OP_AVX512(name, args) tc__k_##name##_avx512,
#define TC__OP_AVX512_VNNI(name, args) tc__k_##name##_avx512_vnni,
#define TC__OP_AMX(name, args) tc__k_##name##_amx,
#define TC__OP_NEON(name, args) tc__k_##name##_neon,
#define TC__OP_DOTPROD(name, args) tc__k_##name##_dotprod,
#define TC__OP_I8MM(name, args) tc__k_##name##_i8mm,

/* Rows and panels of a level's tiles. */
#define TC__KTILE(level) tc__k_rows_##level, tc__k_panels_##level, tc__k_half_rows_##level
/* The ops of f32 (X), of s16 (Y) and of s8 (Z). */
#define TC__KTAB(X, Y, Z)                                                                      \
    TC__OPS(X) TC__OPS_S16(Y) TC__OPS_S8(Z) TC__OPS_TRAIN(X) TC__OPS_TRAIN_FLOAT(X)

static const tc__ops *tc__ktab_get(tc_level level) {
    static const tc__ops scalar = {
        TC_LEVEL_SCALAR, 4, 1, 0, 1, TC__KTAB(TC__OP_SCALAR, TC__OP_SCALAR, TC__OP_SCALAR)};
    static const tc__ops base = {TC_LEVEL_BASE, TC__KTILE(base), tc__k_bytes_s8_base,
                                 TC__KTAB(TC__OP_BASE, TC__OP_BASE, TC__OP_BASE)};
#ifdef TC__X86
    static const tc__ops avx2 = {TC_LEVEL_AVX2, TC__KTILE(avx2), tc__k_bytes_s8_avx2,
                                 TC__KTAB(TC__OP_AVX2, TC__OP_AVX2, TC__OP_AVX2)};
#ifdef TC__AVX2_VNNI
    static const tc__ops avx2_vnni = {
        TC_LEVEL_AVX2_VNNI, TC__KTILE(avx2), tc__k_bytes_s8_avx2_vnni,
        TC__KTAB(TC__OP_AVX2, TC__OP_AVX2_VNNI, TC__OP_AVX2_VNNI)};
    if (level == TC_LEVEL_AVX2_VNNI) return &avx2_vnni;
#endif
    static const tc__ops avx512 = {TC_LEVEL_AVX512, TC__KTILE(avx512), tc__k_bytes_s8_avx512,
                                   TC__KTAB(TC__OP_AVX512, TC__OP_AVX512, TC__OP_AVX512)};
    static const tc__ops avx512_vnni = {
        TC_LEVEL_AVX512_VNNI, TC__KTILE(avx512), tc__k_bytes_s8_avx512_vnni,
        TC__KTAB(TC__OP_AVX512, TC__OP_AVX512_VNNI, TC__OP_AVX512_VNNI)};
#ifdef TC__AMX
    static const tc__ops amx = {TC_LEVEL_AMX, TC__KTILE(avx512), 1,
                                TC__KTAB(TC__OP_AVX512, TC__OP_AVX512_VNNI, TC__OP_AMX)};
    if (level == TC_LEVEL_AMX) return &amx;
#endif
    if (level == TC_LEVEL_AVX2) return &avx2;
    if (level == TC_LEVEL_AVX512) return &avx512;
    if (level == TC_LEVEL_AVX512_VNNI) return &avx512_vnni;
#endif
#ifdef TC__ARM
    static const tc__ops neon = {TC_LEVEL_NEON, TC__KTILE(neon), tc__k_bytes_s8_neon,
                                 TC__KTAB(TC__OP_NEON, TC__OP_NEON, TC__OP_NEON)};
#ifdef TC__DOTPROD
    static const tc__ops dotprod = {TC_LEVEL_DOTPROD, TC__KTILE(neon), tc__k_bytes_s8_dotprod,
                                    TC__KTAB(TC__OP_NEON, TC__OP_NEON, TC__OP_DOTPROD)};
    if (level == TC_LEVEL_DOTPROD) return &dotprod;
#endif
#ifdef TC__I8MM
    static const tc__ops i8mm = {TC_LEVEL_I8MM, TC__KTILE(neon), 1,
                                 TC__KTAB(TC__OP_NEON, TC__OP_NEON, TC__OP_I8MM)};
    if (level == TC_LEVEL_I8MM) return &i8mm;
#endif
#ifdef TC__BF16
    static const tc__ops bf16 = {TC_LEVEL_BF16, TC__KTILE(neon), 1,
                                 TC__KTAB(TC__OP_NEON, TC__OP_NEON, TC__OP_I8MM)};
    if (level == TC_LEVEL_BF16) return &bf16;
#endif
    if (level == TC_LEVEL_NEON) return &neon;
#endif
    return level == TC_LEVEL_SCALAR ? &scalar : &base;
}

/* The products of split numbers of a level, or null. */
static const tc__split *tc__ktab_split(tc_level level) {
#ifdef TC__AMX
    static const tc__split amx = {tc__kx86_split_row, tc__kx86_split_panel, tc__kx86_split_gemm,
                                  tc__kx86_split_burst};
    if (level == TC_LEVEL_AMX) return &amx;
#endif
#ifdef TC__BF16
    static const tc__split bf16 = {tc__karm_split_row, NULL, tc__karm_split_gemm,
                                   tc__karm_split_burst};
    if (level == TC_LEVEL_BF16) return &bf16;
#endif
    (void)level;
    return NULL;
}

/* About `count` multiply-adds in registers; returns how many. */
static size_t tc__ktab_burst(tc_level level, tc_dtype dtype, size_t count) {
    const tc__ops *ops = tc__ktab_get(level);
    float out = 0;
    if (dtype == TC_S8)
        ops->burst_s8(&out, count);
    else if (dtype == TC_S16)
        ops->burst_s16(&out, count);
    else if (dtype == TC_BF16 && tc__ktab_split(level))
        tc__ktab_split(level)->burst(&out, count);
    else
        ops->burst(&out, count);
    return out > 0 ? count : 0; /* the result is used, so the work is done */
}

/* The best level that the CPU has and the cap allows; levels are ordered in tc_level. */
static tc_level tc__ktab_choose(tc_level cap) {
    int level = cap > TC_LEVEL_BEST && cap < TC_LEVEL_COUNT ? (int)cap : TC_LEVEL_COUNT - 1;
    if (level > TC_LEVEL_BASE && level < TC_LEVEL_NEON && tc__cpu_has(TC_LEVEL_NEON))
        level = TC_LEVEL_COUNT - 1;
    while (level > TC_LEVEL_SCALAR && !tc__cpu_has((tc_level)level)) level--;
    return (tc_level)level;
}

/* ======================================================================== 36-gemm
 * Matrices as the file holds them, and the product over blocks of rows and panels.
 *
 * A weight W [N,K] (out, in) is stored as panels of 16 outputs, k innermost in groups of g:
 * [N/16][K/g][16][g], g = 1 for f32, 2 for f16, bf16 and s16, 4 for s8; N and K padded with
 * zeros. Integers carry behind them one f32 scale and one int32 sum a column. Kernels read f32
 * and integer panels in place; those of f16 and bf16 are widened: in registers for few rows,
 * else part by part into a scratch that stays in cache. With integer weights the other operand
 * is quantised too, row by row; where those of s8 were rotated, after rotating it. */

typedef struct tc__matrix {
    tc_dtype dtype;
    uint32_t rows, columns; /* N, K */
    const unsigned char *panels;
    const float *scale;  /* [N rounded up to 16], integers only */
    const int32_t *sums; /* [N rounded up to 16] of the integers of an output, only of panels */
    const float *bias;   /* [N rounded up to 16] or null */
    int rotated;         /* panels are of W rotated, over 16; rows of A are rotated too */
} tc__matrix;

enum { TC__S8_COLUMNS = 65536 }; /* 255 * 128 times as many are below 2^31 */

TC__INLINE size_t tc__gemm_group(tc_dtype t) { return t == TC_F32 ? 1 : t == TC_S8 ? 4 : 2; }
TC__INLINE size_t tc__gemm_element(tc_dtype t) { return t == TC_F32 ? 4 : t == TC_S8 ? 1 : 2; }
TC__INLINE int tc__gemm_scaled(tc_dtype t) { return t == TC_S16 || t == TC_S8; }

/* Rows or columns with their padding. */
static uint64_t tc__gemm_padded(uint32_t n, size_t unit) {
    return ((uint64_t)n + unit - 1) / unit * unit;
}

/* Bytes of the panels, without scales. */
static uint64_t tc__gemm_panel_bytes(tc_dtype t, uint32_t rows, uint32_t columns,
                                     int *overflow) {
    uint64_t padded = tc__gemm_padded(columns, tc__gemm_group(t));
    uint64_t count = tc__mem_mul(tc__gemm_padded(rows, 16), padded, overflow);
    return tc__mem_mul(count, tc__gemm_element(t), overflow);
}

/* All bytes of a matrix in the file: panels, padding to 64, scales, sums. */
static uint64_t tc__gemm_bytes(tc_dtype t, uint32_t rows, uint32_t columns, int *overflow) {
    uint64_t bytes = tc__gemm_panel_bytes(t, rows, columns, overflow);
    if (!tc__gemm_scaled(t)) return bytes;
    bytes = tc__mem_round((size_t)tc__mem_add(bytes, 64, overflow) - 64, 64);
    return tc__mem_add(bytes, tc__gemm_padded(rows, 16) * 8, overflow);
}

/* The largest integer of a quantised type, and the scale that maps max|w| to it. */
TC__INLINE float tc__gemm_limit(tc_dtype t) { return t == TC_S8 ? 127.0f : 8191.0f; }

static float tc__gemm_scale(tc_dtype t, const float *w, size_t n) {
    float top = 0;
    size_t i;
    for (i = 0; i < n; i++) top = tc__kref_max(fabsf(w[i]), top);
    return top / tc__gemm_limit(t);
}

/* Nearest integer to w / scale, ties to even. */
static int tc__gemm_integer(tc_dtype t, float w, float scale) {
    float limit = tc__gemm_limit(t), q = scale > 0 ? w / scale : 0;
    q = tc__kref_min(limit, tc__kref_max(-limit, q));
    return (int)((q + TC__EXP_MAGIC) - TC__EXP_MAGIC);
}

/* Writes one number; `q` is used for the integer types. */
static void tc__gemm_put(unsigned char *out, tc_dtype t, size_t at, float value, float scale) {
    uint16_t h;
    if (t == TC_F32) {
        memcpy(out + 4 * at, &value, 4);
    } else if (t == TC_S8) {
        out[at] = (unsigned char)tc__gemm_integer(t, value, scale);
    } else {
        h = t == TC_F16    ? tc__bytes_to_f16(value)
            : t == TC_BF16 ? tc__bytes_to_bf16(value)
                           : (uint16_t)tc__gemm_integer(t, value, scale);
        memcpy(out + 2 * at, &h, 2);
    }
}

TC__INLINE float tc__gemm_get(const unsigned char *in, tc_dtype t, size_t at, float scale) {
    uint16_t h;
    if (t == TC_F32) return tc__bytes_to_float(tc__bytes_u32(in + 4 * at));
    if (t == TC_S8) return (float)(int8_t)in[at] * scale;
    memcpy(&h, in + 2 * at, 2);
    if (t == TC_S16) return (float)(int16_t)h * scale;
    return t == TC_F16 ? tc__bytes_from_f16(h) : tc__bytes_from_bf16(h);
}

/* W [N,K] row-major into zeroed bytes of tc__gemm_bytes. With `rotated`, room for K floats, the
 * rows are rotated first. */
static void tc__gemm_pack(unsigned char *out, tc_dtype t, uint32_t rows, uint32_t columns,
                          const float *w, float *rotated) {
    int overflow = 0, scaled = tc__gemm_scaled(t);
    size_t g = tc__gemm_group(t), padded = tc__mem_round(columns, g), n, k,
           wide = tc__mem_round(rows, 16);
    size_t scales =
        tc__mem_round((size_t)tc__gemm_panel_bytes(t, rows, columns, &overflow), 64);
    for (n = 0; n < rows; n++) {
        const float *row = w + n * columns;
        float scale;
        int32_t sum = 0;
        if (rotated) {
            tc__k_rotate_scalar(rotated, columns, row, columns, 1, columns);
            for (k = 0; k < columns; k++) rotated[k] /= 16;
            row = rotated;
        }
        scale = scaled ? tc__gemm_scale(t, row, columns) : 1;
        for (k = 0; k < columns; k++) {
            tc__gemm_put(out, t, n / 16 * padded * 16 + tc__kref_place(k, n % 16, g), row[k],
                         scale);
            if (scaled) sum += tc__gemm_integer(t, row[k], scale);
        }
        if (scaled) {
            memcpy(out + scales + 4 * n, &scale, 4);
            memcpy(out + scales + 4 * (wide + n), &sum, 4);
        }
    }
}

/* The inverse: row-major f32 [N,K] from packed bytes. */
static void tc__gemm_unpack(float *w, const tc__matrix *m) {
    size_t g = tc__gemm_group(m->dtype), padded = tc__mem_round(m->columns, g), n, k;
    for (n = 0; n < m->rows; n++, w += m->columns) {
        for (k = 0; k < m->columns; k++) {
            size_t at = n / 16 * padded * 16 + tc__kref_place(k, n % 16, g);
            w[k] = tc__gemm_get(m->panels, m->dtype, at, m->scale ? m->scale[n] : 1);
        }
        for (k = 0; m->rotated && k < m->columns; k += 128) {
            float block[128];
            memcpy(block, w + k, sizeof block);
            tc__k_rotate_scalar(w + k, 128, block, 128, 1, 128);
        }
    }
}

/* Numbers of type t from `at` on, sixteen: a loop that compilers make vectors of. */
TC__INLINE void tc__gemm_get16(float *out, const unsigned char *in, tc_dtype t, size_t at,
                               float scale) {
    unsigned char bytes[64];
    size_t size = tc__gemm_element(t), i;
    memcpy(bytes, in + at * size, 16 * size);
    for (i = 0; i < 16; i++) out[i] = tc__gemm_get(bytes, t, i, scale);
}

/* One row of an embedding table [rows, columns], row-major, to f32. */
static void tc__gemm_row(float *out, const tc__matrix *table, size_t row) {
    const tc_dtype t = table->dtype;
    size_t first = row * table->columns, i;
    float scale = table->scale ? table->scale[row] : 1;
    for (i = 0; i + 16 <= table->columns; i += 16) {
        switch (t) {
        case TC_S8: tc__gemm_get16(out + i, table->panels, TC_S8, first + i, scale); break;
        case TC_S16: tc__gemm_get16(out + i, table->panels, TC_S16, first + i, scale); break;
        case TC_F16: tc__gemm_get16(out + i, table->panels, TC_F16, first + i, scale); break;
        case TC_BF16: tc__gemm_get16(out + i, table->panels, TC_BF16, first + i, scale); break;
        default: tc__gemm_get16(out + i, table->panels, TC_F32, first + i, scale);
        }
    }
    for (; i < table->columns; i++) out[i] = tc__gemm_get(table->panels, t, first + i, scale);
}

typedef enum tc__act {
    TC__ACT_NONE,
    TC__ACT_GELU,
    TC__ACT_GELU_NEW,
    TC__ACT_RELU,
    TC__ACT_SILU
} tc__act;

/* y = act(x); y may be x. */
static void tc__gemm_activate(const tc__ops *ops, tc__act act, float *y, const float *x,
                              size_t ld, size_t rows, size_t n) {
    switch (act) {
    case TC__ACT_GELU: ops->gelu(y, x, ld, rows, n); break;
    case TC__ACT_GELU_NEW: ops->gelu_new(y, x, ld, rows, n); break;
    case TC__ACT_RELU: ops->relu(y, x, ld, rows, n); break;
    case TC__ACT_SILU: ops->silu(y, x, ld, rows, n); break;
    default: break;
    }
}

/* C[M,N] = drop(act(A[M,K] W^T + bias)) + residual; C and residual have rows of N rounded up to
 * 16. */
typedef struct tc__product {
    const tc__ops *ops;
    const tc__matrix *w;
    const float *a;
    size_t lda, rows;       /* M */
    tc__qrows qa;           /* A quantised or split, in place of a */
    const tc__split *split; /* or null: for W in floating point */
    tc__fetching fetching;
    float *c;
    size_t ldc;
    tc__act act;
    float *activated;               /* or null: receives the result, C what act is of */
    const struct tc__dropout *drop; /* or null */
    size_t before;                  /* rows that it numbers before these */
    const float *residual;          /* or null; leading dimension ldc, as that of activated */
    float *const *scratch;          /* [workers], each of tc__gemm_scratch floats */
    size_t block, panels, wide;     /* rows of an item, panels in all and of an item */
} tc__product;

/* Numbers of k: two panels of so many stay in L1, with A; about so many of one are a part. */
enum { TC__GEMM_WIDENED = 192, TC__GEMM_DEEP = 2048 };

/* Floats that a worker needs for two rows, rotated, and for two panels of any matrix with
 * `columns`: of halves widened in parts, of s8 spread to 16 bits, or, where weights are split,
 * to widen one and split two. */
static size_t tc__gemm_scratch(const tc__ops *ops, const tc__split *split, size_t columns) {
    size_t least = 2 * 16 * TC__GEMM_WIDENED, panel = 16 * tc__mem_round(columns, 32);
    size_t floats = split && split->panel ? 3 * panel
                    : ops->s8_bytes == 2  ? panel
                                          : 2 * columns;
    return floats < least ? least : floats;
}

/* Weights that are computed in f32 but not kept so. */
TC__INLINE int tc__gemm_widens(tc_dtype t) { return t == TC_F16 || t == TC_BF16; }

static void tc__gemm_widen(const tc__ops *ops, tc_dtype t, float *to, const unsigned char *in,
                           size_t K) {
    if (t == TC_F16)
        ops->widen_f16(to, (const uint16_t *)(const void *)in, K);
    else
        ops->widen_bf16(to, (const uint16_t *)(const void *)in, K);
}

/* The integer panels of an item, in place or spread in the worker's scratch. */
static tc__qpanels tc__gemm_integers(const tc__product *p, size_t first, size_t wide,
                                     float *scratch) {
    const tc__matrix *w = p->w;
    size_t numbers = 16 * tc__mem_round(w->columns, tc__gemm_group(w->dtype)), i;
    tc__qpanels out;
    out.stride = numbers * tc__gemm_element(w->dtype);
    out.q = w->panels + first * out.stride;
    out.count = wide;
    out.scale = w->scale + first * 16;
    out.sums = w->sums + first * 16;
    out.bias = w->bias ? w->bias + first * 16 : NULL;
    out.ahead = NULL;
    out.ahead_stride = out.stride;
    out.ahead_pace = 64;
    out.fetching = p->fetching;
    if (w->dtype == TC_S8 && p->ops->s8_bytes == 2) {
        int16_t *spread = (int16_t *)(void *)scratch;
        out.ahead = (const char *)out.q + wide * out.stride;
        for (i = 0; i < wide; i++)
            p->ops->spread_s8(spread + i * numbers, (const int8_t *)out.q + i * numbers,
                              w->columns);
        out.q = spread;
        out.stride *= 2;
        out.ahead_pace = 32; /* a group of two bytes */
    }
    return out;
}

/* Whether so many rows meet halves that were widened into scratch; fewer read them as they are.
 * There bf16 is widened by two shifts, f16 at several times their cost. */
TC__INLINE int tc__gemm_scratched(const tc__product *p, size_t rows) {
    size_t direct = p->ops->half_rows * (p->w->dtype == TC_BF16 ? 2 : 1);
    return tc__gemm_widens(p->w->dtype) && (p->w->columns % 2 || rows > direct);
}

/* The panels of an item in f32, or in pairs of halves. */
static tc__panels tc__gemm_panels(const tc__product *p, size_t first, size_t wide) {
    size_t stride = 16 * p->w->columns / tc__gemm_group(p->w->dtype);
    const float *panels = (const float *)(const void *)p->w->panels;
    tc__panels out = tc__kref_panels(panels + first * stride, stride, wide * 16);
    out.bias = p->w->bias ? p->w->bias + first * 16 : NULL;
    out.fetching = p->fetching;
    return out;
}

/* Products with weights in f32, or in halves read as they are. Many panels meet the rows part
 * by part of k: what a tile reads stays in L2 while the rows pass, and a few rows stay in L1
 * while the panels do. */
static void tc__gemm_floats(const tc__product *p, size_t first, size_t wide, const float *a,
                            size_t rows, float *c) {
    const size_t group = tc__gemm_group(p->w->dtype); /* numbers in a word of a panel */
    size_t K = p->w->columns, deep = TC__GEMM_DEEP / p->ops->tile_panels;
    size_t parts = (K + deep / 2 - 1) / deep;
    size_t step = wide > 2 && parts > 1 ? tc__mem_round((K + parts - 1) / parts, 2) : K, k;
    tc__panels b = tc__gemm_panels(p, first, wide);
    for (k = 0; k < K; k += step, b.at += step * 16 / group, b.add = 1) {
        size_t n = tc__mem_least(K - k, step);
        if (p->w->dtype == TC_F16)
            p->ops->gemm_f16(rows, n, a + k, p->lda, &b, c, p->ldc);
        else if (p->w->dtype == TC_BF16)
            p->ops->gemm_bf16(rows, n, a + k, p->lda, &b, c, p->ldc);
        else
            p->ops->gemm(rows, n, a + k, p->lda, &b, c, p->ldc);
    }
}

/* Products with weights in halves, widened part by part; the next part comes into cache
 * meanwhile. */
static void tc__gemm_widened(const tc__product *p, size_t first, size_t wide, const float *a,
                             size_t rows, float *c, float *scratch) {
    size_t K = p->w->columns, stride = tc__mem_round(K, 2) * 32, k, i;
    const unsigned char *in = p->w->panels + first * stride;
    tc__panels b = tc__kref_panels(
        scratch, 16 * tc__mem_least(tc__mem_round(K, 2), TC__GEMM_WIDENED), wide * 16);
    b.bias = p->w->bias ? p->w->bias + first * 16 : NULL;
    b.fetching = p->fetching;
    b.ahead_stride = stride;
    b.ahead_pace = 32;
    for (k = 0; k < K; k += TC__GEMM_WIDENED, b.add = 1) {
        size_t n = tc__mem_least(K - k, TC__GEMM_WIDENED);
        for (i = 0; i < wide; i++)
            tc__gemm_widen(p->ops, p->w->dtype, scratch + i * b.stride,
                           in + i * stride + k * 32, n);
        b.ahead = (const char *)in + (k + n < K ? (k + n) * 32 : wide * stride);
        p->ops->gemm(rows, n, a + k, p->lda, &b, c, p->ldc);
    }
}

/* Weights whose panels are bf16 of the shape that products of split numbers take. */
TC__INLINE int tc__gemm_split_bf16(const tc__matrix *w) {
    return w->dtype == TC_BF16 && w->columns % 32 == 0;
}

/* The panels of an item as hi and lo: in place or in the worker's scratch. */
static tc__tiles tc__gemm_tiles(const tc__product *p, size_t first, size_t wide,
                                float *scratch) {
    const tc__matrix *w = p->w;
    size_t i, K = p->w->columns, bytes = tc__mem_round(K, 32) * 32;
    unsigned char *hi = (unsigned char *)(scratch + 16 * tc__mem_round(K, 32));
    tc__tiles out;
    out.stride = bytes;
    out.count = wide;
    out.bias = w->bias ? w->bias + first * 16 : NULL;
    out.hi = hi;
    out.lo = hi + wide * bytes;
    if (tc__gemm_split_bf16(w)) {
        out.hi = w->panels + first * bytes;
        out.lo = NULL;
        return out;
    }
    for (i = 0; i < wide; i++, hi += bytes) {
        const float *panel = scratch;
        if (tc__gemm_widens(w->dtype))
            tc__gemm_widen(p->ops, w->dtype, scratch,
                           w->panels + (first + i) * tc__mem_round(K, 2) * 32, K);
        else
            panel = tc__gemm_panels(p, first + i, 1).at;
        p->split->panel(hi, hi + wide * bytes, panel, K);
    }
    return out;
}

/* What follows a tile of n rows and `wide` panels at row r. */
static void tc__gemm_finish(const tc__product *p, size_t r, size_t n, size_t first,
                            size_t wide) {
    size_t at = r * p->ldc + first * 16;
    float *to = p->activated ? p->activated + at : p->c + at;
    tc__gemm_activate(p->ops, p->act, to, p->c + at, p->ldc, n, wide * 16);
#ifndef TC_NO_TRAIN
    if (p->drop)
        p->ops->dropout(to, p->ldc, n, wide * 16, p->drop, (uint32_t)(p->before + r),
                        (uint32_t)first * 16);
#endif
    if (p->residual) p->ops->add(to, p->ldc, p->residual + at, p->ldc, n, wide * 16);
}

/* One item: a block of rows times some panels, finished (activation, residual) while near. */
static void tc__gemm_item(void *context, size_t item, unsigned worker) {
    const tc__product *p = (const tc__product *)context;
    size_t columns = (p->panels + p->wide - 1) / p->wide, K = p->w->columns;
    size_t first = item % columns * p->wide, r = item / columns * p->block,
           wide = p->panels - first < p->wide ? p->panels - first : p->wide,
           rows = p->rows - r < p->block ? p->rows - r : p->block;
    float *c = p->c + r * p->ldc + first * 16, *scratch = p->scratch[worker];
    tc__qrows a = p->qa;
    if (tc__gemm_scaled(p->w->dtype)) {
        tc__qpanels integers = tc__gemm_integers(p, first, wide, scratch);
        a.q += r * a.ld;
        a.scale += r;
        if (p->w->dtype == TC_S8)
            p->ops->gemm_s8(rows, K, &a, &integers, c, p->ldc);
        else
            p->ops->gemm_s16(rows, K, &a, &integers, c, p->ldc);
    } else if (p->split) {
        tc__tiles tiles = tc__gemm_tiles(p, first, wide, scratch);
        p->split->gemm(rows, K, a.q + r * a.ld, a.ld, &tiles, c, p->ldc);
    } else if (tc__gemm_scratched(p, rows)) {
        tc__gemm_widened(p, first, wide, p->a + r * p->lda, rows, c, scratch);
    } else {
        tc__gemm_floats(p, first, wide, p->a + r * p->lda, rows, c);
    }
    tc__gemm_finish(p, r, rows, first, wide);
}

/* Bytes from row to row of `columns` quantised or split numbers of so many bytes. */
TC__INLINE size_t tc__gemm_qld(size_t columns, size_t bytes) {
    return tc__mem_stride(tc__mem_round(columns, 32) * bytes);
}

/* Quantises rows after rotating them, two at a time: so they stay in L1. */
static void tc__gemm_rotate(const tc__product *p, tc__qrows to, const float *a, size_t rows,
                            float *scratch) {
    size_t K = p->w->columns, n;
    for (; rows; rows -= n, a += n * p->lda, to.q += n * to.ld, to.scale += n) {
        n = tc__mem_least(rows, 2);
        p->ops->rotate(scratch, K, a, p->lda, n, K);
        p->ops->quantize_s8(&to, scratch, K, n, K);
    }
}

/* Quantises or splits rows of A from row r on. */
static void tc__gemm_quantize(const tc__product *p, size_t r, size_t rows, unsigned worker) {
    const float *a = p->a + r * p->lda;
    tc__qrows to = p->qa;
    to.q += r * to.ld;
    to.scale += r;
    if (p->split)
        for (; rows--; to.q += to.ld, a += p->lda)
            p->split->row(to.q, a, p->w->columns, !tc__gemm_split_bf16(p->w));
    else if (p->w->rotated)
        tc__gemm_rotate(p, to, a, rows, p->scratch[worker]);
    else if (p->w->dtype == TC_S8)
        p->ops->quantize_s8(&to, a, p->lda, rows, p->w->columns);
    else
        p->ops->quantize_s16(&to, a, p->lda, rows, p->w->columns);
}

/* Whether kernels read the panels where they are; else they do it two at a time. */
static int tc__gemm_in_place(const tc__product *p) {
    if (p->w->dtype == TC_S8) return p->ops->s8_bytes == 1;
    if (p->split) return tc__gemm_split_bf16(p->w);
    return !tc__gemm_scratched(p, p->rows);
}

enum { TC__GEMM_ITEM = 16384, TC__GEMM_SHARES = 8, TC__GEMM_LEAST = 40 };

/* Cuts the product in items and returns their number. Blocks of rows of A that fill about 1 MiB
 * stay in L2 while the panels pass. An item has pairs of panels up to so many results, but each
 * thread has its share of items. Where there are rows for all threads, each has the same ones
 * in every product and finds in its own cache what it wrote; with fewer, reading the weights
 * more than once costs more than that saves. */
static size_t tc__gemm_cut(tc__product *p, unsigned threads) {
    size_t K = p->w->columns, blocks, wide;
    size_t number = tc__gemm_scaled(p->w->dtype) ? tc__gemm_element(p->w->dtype) : 4;
    size_t block = ((size_t)1 << 20) / number / K / p->ops->tile_rows * p->ops->tile_rows;
    if (block < p->ops->tile_rows) block = p->ops->tile_rows;
    blocks = (p->rows + block - 1) / block;
    if (p->rows / threads >= TC__GEMM_LEAST)
        blocks = (blocks + threads - 1) / threads * threads;
    p->block = (p->rows + blocks - 1) / blocks;
    blocks = (p->rows + p->block - 1) / p->block; /* none begins behind the last row */
    p->panels = (p->w->rows + 15) / 16;
    wide = threads > 1 ? p->panels / (threads * TC__GEMM_SHARES) : p->panels;
    if (wide * 16 * p->block > TC__GEMM_ITEM) wide = TC__GEMM_ITEM / 16 / p->block;
    p->wide = wide < 2 || !tc__gemm_in_place(p) ? 2 : wide / 2 * 2;
    return blocks * ((p->panels + p->wide - 1) / p->wide);
}

static void tc__gemm_run(tc__pool *pool, tc__product *p) {
    tc__thread_run(pool, tc__gemm_item, p, tc__gemm_cut(p, tc__thread_count(pool)));
}

/* ========================================================================= 39-uni
 * Character data of the reference tokenizers, as measured from them (Unicode 8 to 16, by part).
 * Used to write a tokenizer, whose file then carries its own table, and to order marks. */

/* clang-format off */
/* First and last of each range: characters that clean_text deletes. */
static const uint32_t tc__uni_removed[] = {
    0, 8, 0xB, 0xC, 0xE, 0x1F, 0x7F, 0x9F, 0xAD, 0xAD, 0x600, 0x605, 0x61C, 0x61C, 0x6DD, 0x6DD,
    0x70F, 0x70F, 0x180E, 0x180E, 0x200B, 0x200F, 0x202A, 0x202E, 0x2060, 0x2064, 0x2066,
    0x206F, 0xE000, 0xF8FF, 0xFEFF, 0xFEFF, 0xFFF9, 0xFFFB, 0xFFFD, 0xFFFD, 0x110BD, 0x110BD,
    0x1BCA0, 0x1BCA3, 0x1D173, 0x1D17A, 0xE0001, 0xE0001, 0xE0020, 0xE007F, 0xF0000, 0xFFFFD,
    0x100000, 0x10FFFD
};
/* First and last of each range: characters that clean_text turns into a space. */
static const uint32_t tc__uni_space[] = {
    9, 0xA, 0xD, 0xD, 0xA0, 0xA0, 0x1680, 0x1680, 0x2000, 0x200A, 0x2028, 0x2029, 0x202F,
    0x202F, 0x205F, 0x205F, 0x3000, 0x3000
};
/* First and last of each range: characters that handle_chinese_chars isolates. */
static const uint32_t tc__uni_cjk[] = {
    0x3400, 0x4DBF, 0x4E00, 0x9FFF, 0xF900, 0xFAFF, 0x20000, 0x2A6DF, 0x2A700, 0x2B81F, 0x2B920,
    0x2CEAF, 0x2F800, 0x2FA1F
};
/* First and last of each range: nonspacing marks that strip_accents deletes after NFD. */
static const uint32_t tc__uni_mn[] = {
    0x300, 0x36F, 0x483, 0x487, 0x591, 0x5BD, 0x5BF, 0x5BF, 0x5C1, 0x5C2, 0x5C4, 0x5C5, 0x5C7,
    0x5C7, 0x610, 0x61A, 0x64B, 0x65F, 0x670, 0x670, 0x6D6, 0x6DC, 0x6DF, 0x6E4, 0x6E7, 0x6E8,
    0x6EA, 0x6ED, 0x711, 0x711, 0x730, 0x74A, 0x7A6, 0x7B0, 0x7EB, 0x7F3, 0x816, 0x819, 0x81B,
    0x823, 0x825, 0x827, 0x829, 0x82D, 0x859, 0x85B, 0x8E3, 0x902, 0x93A, 0x93A, 0x93C, 0x93C,
    0x941, 0x948, 0x94D, 0x94D, 0x951, 0x957, 0x962, 0x963, 0x981, 0x981, 0x9BC, 0x9BC, 0x9C1,
    0x9C4, 0x9CD, 0x9CD, 0x9E2, 0x9E3, 0xA01, 0xA02, 0xA3C, 0xA3C, 0xA41, 0xA42, 0xA47, 0xA48,
    0xA4B, 0xA4D, 0xA51, 0xA51, 0xA70, 0xA71, 0xA75, 0xA75, 0xA81, 0xA82, 0xABC, 0xABC, 0xAC1,
    0xAC5, 0xAC7, 0xAC8, 0xACD, 0xACD, 0xAE2, 0xAE3, 0xB01, 0xB01, 0xB3C, 0xB3C, 0xB3F, 0xB3F,
    0xB41, 0xB44, 0xB4D, 0xB4D, 0xB56, 0xB56, 0xB62, 0xB63, 0xB82, 0xB82, 0xBC0, 0xBC0, 0xBCD,
    0xBCD, 0xC00, 0xC00, 0xC3E, 0xC40, 0xC46, 0xC48, 0xC4A, 0xC4D, 0xC55, 0xC56, 0xC62, 0xC63,
    0xC81, 0xC81, 0xCBC, 0xCBC, 0xCBF, 0xCBF, 0xCC6, 0xCC6, 0xCCC, 0xCCD, 0xCE2, 0xCE3, 0xD01,
    0xD01, 0xD41, 0xD44, 0xD4D, 0xD4D, 0xD62, 0xD63, 0xDCA, 0xDCA, 0xDD2, 0xDD4, 0xDD6, 0xDD6,
    0xE31, 0xE31, 0xE34, 0xE3A, 0xE47, 0xE4E, 0xEB1, 0xEB1, 0xEB4, 0xEB9, 0xEBB, 0xEBC, 0xEC8,
    0xECD, 0xF18, 0xF19, 0xF35, 0xF35, 0xF37, 0xF37, 0xF39, 0xF39, 0xF71, 0xF7E, 0xF80, 0xF84,
    0xF86, 0xF87, 0xF8D, 0xF97, 0xF99, 0xFBC, 0xFC6, 0xFC6, 0x102D, 0x1030, 0x1032, 0x1037,
    0x1039, 0x103A, 0x103D, 0x103E, 0x1058, 0x1059, 0x105E, 0x1060, 0x1071, 0x1074, 0x1082,
    0x1082, 0x1085, 0x1086, 0x108D, 0x108D, 0x109D, 0x109D, 0x135D, 0x135F, 0x1712, 0x1714,
    0x1732, 0x1734, 0x1752, 0x1753, 0x1772, 0x1773, 0x17B4, 0x17B5, 0x17B7, 0x17BD, 0x17C6,
    0x17C6, 0x17C9, 0x17D3, 0x17DD, 0x17DD, 0x180B, 0x180D, 0x18A9, 0x18A9, 0x1920, 0x1922,
    0x1927, 0x1928, 0x1932, 0x1932, 0x1939, 0x193B, 0x1A17, 0x1A18, 0x1A1B, 0x1A1B, 0x1A56,
    0x1A56, 0x1A58, 0x1A5E, 0x1A60, 0x1A60, 0x1A62, 0x1A62, 0x1A65, 0x1A6C, 0x1A73, 0x1A7C,
    0x1A7F, 0x1A7F, 0x1AB0, 0x1ABD, 0x1B00, 0x1B03, 0x1B34, 0x1B34, 0x1B36, 0x1B3A, 0x1B3C,
    0x1B3C, 0x1B42, 0x1B42, 0x1B6B, 0x1B73, 0x1B80, 0x1B81, 0x1BA2, 0x1BA5, 0x1BA8, 0x1BA9,
    0x1BAB, 0x1BAD, 0x1BE6, 0x1BE6, 0x1BE8, 0x1BE9, 0x1BED, 0x1BED, 0x1BEF, 0x1BF1, 0x1C2C,
    0x1C33, 0x1C36, 0x1C37, 0x1CD0, 0x1CD2, 0x1CD4, 0x1CE0, 0x1CE2, 0x1CE8, 0x1CED, 0x1CED,
    0x1CF4, 0x1CF4, 0x1CF8, 0x1CF9, 0x1DC0, 0x1DF5, 0x1DFC, 0x1DFF, 0x20D0, 0x20DC, 0x20E1,
    0x20E1, 0x20E5, 0x20F0, 0x2CEF, 0x2CF1, 0x2D7F, 0x2D7F, 0x2DE0, 0x2DFF, 0x302A, 0x302D,
    0x3099, 0x309A, 0xA66F, 0xA66F, 0xA674, 0xA67D, 0xA69E, 0xA69F, 0xA6F0, 0xA6F1, 0xA802,
    0xA802, 0xA806, 0xA806, 0xA80B, 0xA80B, 0xA825, 0xA826, 0xA8C4, 0xA8C4, 0xA8E0, 0xA8F1,
    0xA926, 0xA92D, 0xA947, 0xA951, 0xA980, 0xA982, 0xA9B3, 0xA9B3, 0xA9B6, 0xA9B9, 0xA9BC,
    0xA9BC, 0xA9E5, 0xA9E5, 0xAA29, 0xAA2E, 0xAA31, 0xAA32, 0xAA35, 0xAA36, 0xAA43, 0xAA43,
    0xAA4C, 0xAA4C, 0xAA7C, 0xAA7C, 0xAAB0, 0xAAB0, 0xAAB2, 0xAAB4, 0xAAB7, 0xAAB8, 0xAABE,
    0xAABF, 0xAAC1, 0xAAC1, 0xAAEC, 0xAAED, 0xAAF6, 0xAAF6, 0xABE5, 0xABE5, 0xABE8, 0xABE8,
    0xABED, 0xABED, 0xFB1E, 0xFB1E, 0xFE00, 0xFE0F, 0xFE20, 0xFE2F, 0x101FD, 0x101FD, 0x102E0,
    0x102E0, 0x10376, 0x1037A, 0x10A01, 0x10A03, 0x10A05, 0x10A06, 0x10A0C, 0x10A0F, 0x10A38,
    0x10A3A, 0x10A3F, 0x10A3F, 0x10AE5, 0x10AE6, 0x11001, 0x11001, 0x11038, 0x11046, 0x1107F,
    0x11081, 0x110B3, 0x110B6, 0x110B9, 0x110BA, 0x11100, 0x11102, 0x11127, 0x1112B, 0x1112D,
    0x11134, 0x11173, 0x11173, 0x11180, 0x11181, 0x111B6, 0x111BE, 0x111CA, 0x111CC, 0x1122F,
    0x11231, 0x11234, 0x11234, 0x11236, 0x11237, 0x112DF, 0x112DF, 0x112E3, 0x112EA, 0x11300,
    0x11301, 0x1133C, 0x1133C, 0x11340, 0x11340, 0x11366, 0x1136C, 0x11370, 0x11374, 0x114B3,
    0x114B8, 0x114BA, 0x114BA, 0x114BF, 0x114C0, 0x114C2, 0x114C3, 0x115B2, 0x115B5, 0x115BC,
    0x115BD, 0x115BF, 0x115C0, 0x115DC, 0x115DD, 0x11633, 0x1163A, 0x1163D, 0x1163D, 0x1163F,
    0x11640, 0x116AB, 0x116AB, 0x116AD, 0x116AD, 0x116B0, 0x116B5, 0x116B7, 0x116B7, 0x1171D,
    0x1171F, 0x11722, 0x11725, 0x11727, 0x1172B, 0x16AF0, 0x16AF4, 0x16B30, 0x16B36, 0x16F8F,
    0x16F92, 0x1BC9D, 0x1BC9E, 0x1D167, 0x1D169, 0x1D17B, 0x1D182, 0x1D185, 0x1D18B, 0x1D1AA,
    0x1D1AD, 0x1D242, 0x1D244, 0x1DA00, 0x1DA36, 0x1DA3B, 0x1DA6C, 0x1DA75, 0x1DA75, 0x1DA84,
    0x1DA84, 0x1DA9B, 0x1DA9F, 0x1DAA1, 0x1DAAF, 0x1E8D0, 0x1E8D6, 0xE0100, 0xE01EF
};
/* First and last of each range: punctuation of BertPreTokenizer. */
static const uint32_t tc__uni_punct[] = {
    0x21, 0x2F, 0x3A, 0x40, 0x5B, 0x60, 0x7B, 0x7E, 0xA1, 0xA1, 0xA7, 0xA7, 0xAB, 0xAB, 0xB6,
    0xB7, 0xBB, 0xBB, 0xBF, 0xBF, 0x37E, 0x37E, 0x387, 0x387, 0x55A, 0x55F, 0x589, 0x58A, 0x5BE,
    0x5BE, 0x5C0, 0x5C0, 0x5C3, 0x5C3, 0x5C6, 0x5C6, 0x5F3, 0x5F4, 0x609, 0x60A, 0x60C, 0x60D,
    0x61B, 0x61B, 0x61E, 0x61F, 0x66A, 0x66D, 0x6D4, 0x6D4, 0x700, 0x70D, 0x7F7, 0x7F9, 0x830,
    0x83E, 0x85E, 0x85E, 0x964, 0x965, 0x970, 0x970, 0xAF0, 0xAF0, 0xDF4, 0xDF4, 0xE4F, 0xE4F,
    0xE5A, 0xE5B, 0xF04, 0xF12, 0xF14, 0xF14, 0xF3A, 0xF3D, 0xF85, 0xF85, 0xFD0, 0xFD4, 0xFD9,
    0xFDA, 0x104A, 0x104F, 0x10FB, 0x10FB, 0x1360, 0x1368, 0x1400, 0x1400, 0x166D, 0x166E,
    0x169B, 0x169C, 0x16EB, 0x16ED, 0x1735, 0x1736, 0x17D4, 0x17D6, 0x17D8, 0x17DA, 0x1800,
    0x180A, 0x1944, 0x1945, 0x1A1E, 0x1A1F, 0x1AA0, 0x1AA6, 0x1AA8, 0x1AAD, 0x1B5A, 0x1B60,
    0x1BFC, 0x1BFF, 0x1C3B, 0x1C3F, 0x1C7E, 0x1C7F, 0x1CC0, 0x1CC7, 0x1CD3, 0x1CD3, 0x2010,
    0x2027, 0x2030, 0x2043, 0x2045, 0x2051, 0x2053, 0x205E, 0x207D, 0x207E, 0x208D, 0x208E,
    0x2308, 0x230B, 0x2329, 0x232A, 0x2768, 0x2775, 0x27C5, 0x27C6, 0x27E6, 0x27EF, 0x2983,
    0x2998, 0x29D8, 0x29DB, 0x29FC, 0x29FD, 0x2CF9, 0x2CFC, 0x2CFE, 0x2CFF, 0x2D70, 0x2D70,
    0x2E00, 0x2E2E, 0x2E30, 0x2E42, 0x3001, 0x3003, 0x3008, 0x3011, 0x3014, 0x301F, 0x3030,
    0x3030, 0x303D, 0x303D, 0x30A0, 0x30A0, 0x30FB, 0x30FB, 0xA4FE, 0xA4FF, 0xA60D, 0xA60F,
    0xA673, 0xA673, 0xA67E, 0xA67E, 0xA6F2, 0xA6F7, 0xA874, 0xA877, 0xA8CE, 0xA8CF, 0xA8F8,
    0xA8FA, 0xA8FC, 0xA8FC, 0xA92E, 0xA92F, 0xA95F, 0xA95F, 0xA9C1, 0xA9CD, 0xA9DE, 0xA9DF,
    0xAA5C, 0xAA5F, 0xAADE, 0xAADF, 0xAAF0, 0xAAF1, 0xABEB, 0xABEB, 0xFD3E, 0xFD3F, 0xFE10,
    0xFE19, 0xFE30, 0xFE52, 0xFE54, 0xFE61, 0xFE63, 0xFE63, 0xFE68, 0xFE68, 0xFE6A, 0xFE6B,
    0xFF01, 0xFF03, 0xFF05, 0xFF0A, 0xFF0C, 0xFF0F, 0xFF1A, 0xFF1B, 0xFF1F, 0xFF20, 0xFF3B,
    0xFF3D, 0xFF3F, 0xFF3F, 0xFF5B, 0xFF5B, 0xFF5D, 0xFF5D, 0xFF5F, 0xFF65, 0x10100, 0x10102,
    0x1039F, 0x1039F, 0x103D0, 0x103D0, 0x1056F, 0x1056F, 0x10857, 0x10857, 0x1091F, 0x1091F,
    0x1093F, 0x1093F, 0x10A50, 0x10A58, 0x10A7F, 0x10A7F, 0x10AF0, 0x10AF6, 0x10B39, 0x10B3F,
    0x10B99, 0x10B9C, 0x11047, 0x1104D, 0x110BB, 0x110BC, 0x110BE, 0x110C1, 0x11140, 0x11143,
    0x11174, 0x11175, 0x111C5, 0x111C9, 0x111CD, 0x111CD, 0x111DB, 0x111DB, 0x111DD, 0x111DF,
    0x11238, 0x1123D, 0x112A9, 0x112A9, 0x114C6, 0x114C6, 0x115C1, 0x115D7, 0x11641, 0x11643,
    0x1173C, 0x1173E, 0x12470, 0x12474, 0x16A6E, 0x16A6F, 0x16AF5, 0x16AF5, 0x16B37, 0x16B3B,
    0x16B44, 0x16B44, 0x1BC9F, 0x1BC9F, 0x1DA87, 0x1DA8B
};
/* First and last of each range: white space. */
static const uint32_t tc__uni_white[] = {
    9, 0xD, 0x20, 0x20, 0x85, 0x85, 0xA0, 0xA0, 0x1680, 0x1680, 0x2000, 0x200A, 0x2028, 0x2029,
    0x202F, 0x202F, 0x205F, 0x205F, 0x3000, 0x3000
};
/* First and last of each range: word characters (regular expression \w). */
static const uint32_t tc__uni_word[] = {
    0x30, 0x39, 0x41, 0x5A, 0x5F, 0x5F, 0x61, 0x7A, 0xAA, 0xAA, 0xB5, 0xB5, 0xBA, 0xBA, 0xC0,
    0xD6, 0xD8, 0xF6, 0xF8, 0x2C1, 0x2C6, 0x2D1, 0x2E0, 0x2E4, 0x2EC, 0x2EC, 0x2EE, 0x2EE,
    0x300, 0x374, 0x376, 0x377, 0x37A, 0x37D, 0x37F, 0x37F, 0x386, 0x386, 0x388, 0x38A, 0x38C,
    0x38C, 0x38E, 0x3A1, 0x3A3, 0x3F5, 0x3F7, 0x481, 0x483, 0x52F, 0x531, 0x556, 0x559, 0x559,
    0x560, 0x588, 0x591, 0x5BD, 0x5BF, 0x5BF, 0x5C1, 0x5C2, 0x5C4, 0x5C5, 0x5C7, 0x5C7, 0x5D0,
    0x5EA, 0x5EF, 0x5F2, 0x610, 0x61A, 0x620, 0x669, 0x66E, 0x6D3, 0x6D5, 0x6DC, 0x6DF, 0x6E8,
    0x6EA, 0x6FC, 0x6FF, 0x6FF, 0x710, 0x74A, 0x74D, 0x7B1, 0x7C0, 0x7F5, 0x7FA, 0x7FA, 0x7FD,
    0x7FD, 0x800, 0x82D, 0x840, 0x85B, 0x860, 0x86A, 0x870, 0x887, 0x889, 0x88E, 0x897, 0x8E1,
    0x8E3, 0x963, 0x966, 0x96F, 0x971, 0x983, 0x985, 0x98C, 0x98F, 0x990, 0x993, 0x9A8, 0x9AA,
    0x9B0, 0x9B2, 0x9B2, 0x9B6, 0x9B9, 0x9BC, 0x9C4, 0x9C7, 0x9C8, 0x9CB, 0x9CE, 0x9D7, 0x9D7,
    0x9DC, 0x9DD, 0x9DF, 0x9E3, 0x9E6, 0x9F1, 0x9FC, 0x9FC, 0x9FE, 0x9FE, 0xA01, 0xA03, 0xA05,
    0xA0A, 0xA0F, 0xA10, 0xA13, 0xA28, 0xA2A, 0xA30, 0xA32, 0xA33, 0xA35, 0xA36, 0xA38, 0xA39,
    0xA3C, 0xA3C, 0xA3E, 0xA42, 0xA47, 0xA48, 0xA4B, 0xA4D, 0xA51, 0xA51, 0xA59, 0xA5C, 0xA5E,
    0xA5E, 0xA66, 0xA75, 0xA81, 0xA83, 0xA85, 0xA8D, 0xA8F, 0xA91, 0xA93, 0xAA8, 0xAAA, 0xAB0,
    0xAB2, 0xAB3, 0xAB5, 0xAB9, 0xABC, 0xAC5, 0xAC7, 0xAC9, 0xACB, 0xACD, 0xAD0, 0xAD0, 0xAE0,
    0xAE3, 0xAE6, 0xAEF, 0xAF9, 0xAFF, 0xB01, 0xB03, 0xB05, 0xB0C, 0xB0F, 0xB10, 0xB13, 0xB28,
    0xB2A, 0xB30, 0xB32, 0xB33, 0xB35, 0xB39, 0xB3C, 0xB44, 0xB47, 0xB48, 0xB4B, 0xB4D, 0xB55,
    0xB57, 0xB5C, 0xB5D, 0xB5F, 0xB63, 0xB66, 0xB6F, 0xB71, 0xB71, 0xB82, 0xB83, 0xB85, 0xB8A,
    0xB8E, 0xB90, 0xB92, 0xB95, 0xB99, 0xB9A, 0xB9C, 0xB9C, 0xB9E, 0xB9F, 0xBA3, 0xBA4, 0xBA8,
    0xBAA, 0xBAE, 0xBB9, 0xBBE, 0xBC2, 0xBC6, 0xBC8, 0xBCA, 0xBCD, 0xBD0, 0xBD0, 0xBD7, 0xBD7,
    0xBE6, 0xBEF, 0xC00, 0xC0C, 0xC0E, 0xC10, 0xC12, 0xC28, 0xC2A, 0xC39, 0xC3C, 0xC44, 0xC46,
    0xC48, 0xC4A, 0xC4D, 0xC55, 0xC56, 0xC58, 0xC5A, 0xC5D, 0xC5D, 0xC60, 0xC63, 0xC66, 0xC6F,
    0xC80, 0xC83, 0xC85, 0xC8C, 0xC8E, 0xC90, 0xC92, 0xCA8, 0xCAA, 0xCB3, 0xCB5, 0xCB9, 0xCBC,
    0xCC4, 0xCC6, 0xCC8, 0xCCA, 0xCCD, 0xCD5, 0xCD6, 0xCDD, 0xCDE, 0xCE0, 0xCE3, 0xCE6, 0xCEF,
    0xCF1, 0xCF3, 0xD00, 0xD0C, 0xD0E, 0xD10, 0xD12, 0xD44, 0xD46, 0xD48, 0xD4A, 0xD4E, 0xD54,
    0xD57, 0xD5F, 0xD63, 0xD66, 0xD6F, 0xD7A, 0xD7F, 0xD81, 0xD83, 0xD85, 0xD96, 0xD9A, 0xDB1,
    0xDB3, 0xDBB, 0xDBD, 0xDBD, 0xDC0, 0xDC6, 0xDCA, 0xDCA, 0xDCF, 0xDD4, 0xDD6, 0xDD6, 0xDD8,
    0xDDF, 0xDE6, 0xDEF, 0xDF2, 0xDF3, 0xE01, 0xE3A, 0xE40, 0xE4E, 0xE50, 0xE59, 0xE81, 0xE82,
    0xE84, 0xE84, 0xE86, 0xE8A, 0xE8C, 0xEA3, 0xEA5, 0xEA5, 0xEA7, 0xEBD, 0xEC0, 0xEC4, 0xEC6,
    0xEC6, 0xEC8, 0xECE, 0xED0, 0xED9, 0xEDC, 0xEDF, 0xF00, 0xF00, 0xF18, 0xF19, 0xF20, 0xF29,
    0xF35, 0xF35, 0xF37, 0xF37, 0xF39, 0xF39, 0xF3E, 0xF47, 0xF49, 0xF6C, 0xF71, 0xF84, 0xF86,
    0xF97, 0xF99, 0xFBC, 0xFC6, 0xFC6, 0x1000, 0x1049, 0x1050, 0x109D, 0x10A0, 0x10C5, 0x10C7,
    0x10C7, 0x10CD, 0x10CD, 0x10D0, 0x10FA, 0x10FC, 0x1248, 0x124A, 0x124D, 0x1250, 0x1256,
    0x1258, 0x1258, 0x125A, 0x125D, 0x1260, 0x1288, 0x128A, 0x128D, 0x1290, 0x12B0, 0x12B2,
    0x12B5, 0x12B8, 0x12BE, 0x12C0, 0x12C0, 0x12C2, 0x12C5, 0x12C8, 0x12D6, 0x12D8, 0x1310,
    0x1312, 0x1315, 0x1318, 0x135A, 0x135D, 0x135F, 0x1380, 0x138F, 0x13A0, 0x13F5, 0x13F8,
    0x13FD, 0x1401, 0x166C, 0x166F, 0x167F, 0x1681, 0x169A, 0x16A0, 0x16EA, 0x16EE, 0x16F8,
    0x1700, 0x1715, 0x171F, 0x1734, 0x1740, 0x1753, 0x1760, 0x176C, 0x176E, 0x1770, 0x1772,
    0x1773, 0x1780, 0x17D3, 0x17D7, 0x17D7, 0x17DC, 0x17DD, 0x17E0, 0x17E9, 0x180B, 0x180D,
    0x180F, 0x1819, 0x1820, 0x1878, 0x1880, 0x18AA, 0x18B0, 0x18F5, 0x1900, 0x191E, 0x1920,
    0x192B, 0x1930, 0x193B, 0x1946, 0x196D, 0x1970, 0x1974, 0x1980, 0x19AB, 0x19B0, 0x19C9,
    0x19D0, 0x19D9, 0x1A00, 0x1A1B, 0x1A20, 0x1A5E, 0x1A60, 0x1A7C, 0x1A7F, 0x1A89, 0x1A90,
    0x1A99, 0x1AA7, 0x1AA7, 0x1AB0, 0x1ACE, 0x1B00, 0x1B4C, 0x1B50, 0x1B59, 0x1B6B, 0x1B73,
    0x1B80, 0x1BF3, 0x1C00, 0x1C37, 0x1C40, 0x1C49, 0x1C4D, 0x1C7D, 0x1C80, 0x1C8A, 0x1C90,
    0x1CBA, 0x1CBD, 0x1CBF, 0x1CD0, 0x1CD2, 0x1CD4, 0x1CFA, 0x1D00, 0x1F15, 0x1F18, 0x1F1D,
    0x1F20, 0x1F45, 0x1F48, 0x1F4D, 0x1F50, 0x1F57, 0x1F59, 0x1F59, 0x1F5B, 0x1F5B, 0x1F5D,
    0x1F5D, 0x1F5F, 0x1F7D, 0x1F80, 0x1FB4, 0x1FB6, 0x1FBC, 0x1FBE, 0x1FBE, 0x1FC2, 0x1FC4,
    0x1FC6, 0x1FCC, 0x1FD0, 0x1FD3, 0x1FD6, 0x1FDB, 0x1FE0, 0x1FEC, 0x1FF2, 0x1FF4, 0x1FF6,
    0x1FFC, 0x200C, 0x200D, 0x203F, 0x2040, 0x2054, 0x2054, 0x2071, 0x2071, 0x207F, 0x207F,
    0x2090, 0x209C, 0x20D0, 0x20F0, 0x2102, 0x2102, 0x2107, 0x2107, 0x210A, 0x2113, 0x2115,
    0x2115, 0x2119, 0x211D, 0x2124, 0x2124, 0x2126, 0x2126, 0x2128, 0x2128, 0x212A, 0x212D,
    0x212F, 0x2139, 0x213C, 0x213F, 0x2145, 0x2149, 0x214E, 0x214E, 0x2160, 0x2188, 0x24B6,
    0x24E9, 0x2C00, 0x2CE4, 0x2CEB, 0x2CF3, 0x2D00, 0x2D25, 0x2D27, 0x2D27, 0x2D2D, 0x2D2D,
    0x2D30, 0x2D67, 0x2D6F, 0x2D6F, 0x2D7F, 0x2D96, 0x2DA0, 0x2DA6, 0x2DA8, 0x2DAE, 0x2DB0,
    0x2DB6, 0x2DB8, 0x2DBE, 0x2DC0, 0x2DC6, 0x2DC8, 0x2DCE, 0x2DD0, 0x2DD6, 0x2DD8, 0x2DDE,
    0x2DE0, 0x2DFF, 0x2E2F, 0x2E2F, 0x3005, 0x3007, 0x3021, 0x302F, 0x3031, 0x3035, 0x3038,
    0x303C, 0x3041, 0x3096, 0x3099, 0x309A, 0x309D, 0x309F, 0x30A1, 0x30FA, 0x30FC, 0x30FF,
    0x3105, 0x312F, 0x3131, 0x318E, 0x31A0, 0x31BF, 0x31F0, 0x31FF, 0x3400, 0x4DBF, 0x4E00,
    0xA48C, 0xA4D0, 0xA4FD, 0xA500, 0xA60C, 0xA610, 0xA62B, 0xA640, 0xA672, 0xA674, 0xA67D,
    0xA67F, 0xA6F1, 0xA717, 0xA71F, 0xA722, 0xA788, 0xA78B, 0xA7CD, 0xA7D0, 0xA7D1, 0xA7D3,
    0xA7D3, 0xA7D5, 0xA7DC, 0xA7F2, 0xA827, 0xA82C, 0xA82C, 0xA840, 0xA873, 0xA880, 0xA8C5,
    0xA8D0, 0xA8D9, 0xA8E0, 0xA8F7, 0xA8FB, 0xA8FB, 0xA8FD, 0xA92D, 0xA930, 0xA953, 0xA960,
    0xA97C, 0xA980, 0xA9C0, 0xA9CF, 0xA9D9, 0xA9E0, 0xA9FE, 0xAA00, 0xAA36, 0xAA40, 0xAA4D,
    0xAA50, 0xAA59, 0xAA60, 0xAA76, 0xAA7A, 0xAAC2, 0xAADB, 0xAADD, 0xAAE0, 0xAAEF, 0xAAF2,
    0xAAF6, 0xAB01, 0xAB06, 0xAB09, 0xAB0E, 0xAB11, 0xAB16, 0xAB20, 0xAB26, 0xAB28, 0xAB2E,
    0xAB30, 0xAB5A, 0xAB5C, 0xAB69, 0xAB70, 0xABEA, 0xABEC, 0xABED, 0xABF0, 0xABF9, 0xAC00,
    0xD7A3, 0xD7B0, 0xD7C6, 0xD7CB, 0xD7FB, 0xF900, 0xFA6D, 0xFA70, 0xFAD9, 0xFB00, 0xFB06,
    0xFB13, 0xFB17, 0xFB1D, 0xFB28, 0xFB2A, 0xFB36, 0xFB38, 0xFB3C, 0xFB3E, 0xFB3E, 0xFB40,
    0xFB41, 0xFB43, 0xFB44, 0xFB46, 0xFBB1, 0xFBD3, 0xFD3D, 0xFD50, 0xFD8F, 0xFD92, 0xFDC7,
    0xFDF0, 0xFDFB, 0xFE00, 0xFE0F, 0xFE20, 0xFE2F, 0xFE33, 0xFE34, 0xFE4D, 0xFE4F, 0xFE70,
    0xFE74, 0xFE76, 0xFEFC, 0xFF10, 0xFF19, 0xFF21, 0xFF3A, 0xFF3F, 0xFF3F, 0xFF41, 0xFF5A,
    0xFF66, 0xFFBE, 0xFFC2, 0xFFC7, 0xFFCA, 0xFFCF, 0xFFD2, 0xFFD7, 0xFFDA, 0xFFDC, 0x10000,
    0x1000B, 0x1000D, 0x10026, 0x10028, 0x1003A, 0x1003C, 0x1003D, 0x1003F, 0x1004D, 0x10050,
    0x1005D, 0x10080, 0x100FA, 0x10140, 0x10174, 0x101FD, 0x101FD, 0x10280, 0x1029C, 0x102A0,
    0x102D0, 0x102E0, 0x102E0, 0x10300, 0x1031F, 0x1032D, 0x1034A, 0x10350, 0x1037A, 0x10380,
    0x1039D, 0x103A0, 0x103C3, 0x103C8, 0x103CF, 0x103D1, 0x103D5, 0x10400, 0x1049D, 0x104A0,
    0x104A9, 0x104B0, 0x104D3, 0x104D8, 0x104FB, 0x10500, 0x10527, 0x10530, 0x10563, 0x10570,
    0x1057A, 0x1057C, 0x1058A, 0x1058C, 0x10592, 0x10594, 0x10595, 0x10597, 0x105A1, 0x105A3,
    0x105B1, 0x105B3, 0x105B9, 0x105BB, 0x105BC, 0x105C0, 0x105F3, 0x10600, 0x10736, 0x10740,
    0x10755, 0x10760, 0x10767, 0x10780, 0x10785, 0x10787, 0x107B0, 0x107B2, 0x107BA, 0x10800,
    0x10805, 0x10808, 0x10808, 0x1080A, 0x10835, 0x10837, 0x10838, 0x1083C, 0x1083C, 0x1083F,
    0x10855, 0x10860, 0x10876, 0x10880, 0x1089E, 0x108E0, 0x108F2, 0x108F4, 0x108F5, 0x10900,
    0x10915, 0x10920, 0x10939, 0x10980, 0x109B7, 0x109BE, 0x109BF, 0x10A00, 0x10A03, 0x10A05,
    0x10A06, 0x10A0C, 0x10A13, 0x10A15, 0x10A17, 0x10A19, 0x10A35, 0x10A38, 0x10A3A, 0x10A3F,
    0x10A3F, 0x10A60, 0x10A7C, 0x10A80, 0x10A9C, 0x10AC0, 0x10AC7, 0x10AC9, 0x10AE6, 0x10B00,
    0x10B35, 0x10B40, 0x10B55, 0x10B60, 0x10B72, 0x10B80, 0x10B91, 0x10C00, 0x10C48, 0x10C80,
    0x10CB2, 0x10CC0, 0x10CF2, 0x10D00, 0x10D27, 0x10D30, 0x10D39, 0x10D40, 0x10D65, 0x10D69,
    0x10D6D, 0x10D6F, 0x10D85, 0x10E80, 0x10EA9, 0x10EAB, 0x10EAC, 0x10EB0, 0x10EB1, 0x10EC2,
    0x10EC4, 0x10EFC, 0x10F1C, 0x10F27, 0x10F27, 0x10F30, 0x10F50, 0x10F70, 0x10F85, 0x10FB0,
    0x10FC4, 0x10FE0, 0x10FF6, 0x11000, 0x11046, 0x11066, 0x11075, 0x1107F, 0x110BA, 0x110C2,
    0x110C2, 0x110D0, 0x110E8, 0x110F0, 0x110F9, 0x11100, 0x11134, 0x11136, 0x1113F, 0x11144,
    0x11147, 0x11150, 0x11173, 0x11176, 0x11176, 0x11180, 0x111C4, 0x111C9, 0x111CC, 0x111CE,
    0x111DA, 0x111DC, 0x111DC, 0x11200, 0x11211, 0x11213, 0x11237, 0x1123E, 0x11241, 0x11280,
    0x11286, 0x11288, 0x11288, 0x1128A, 0x1128D, 0x1128F, 0x1129D, 0x1129F, 0x112A8, 0x112B0,
    0x112EA, 0x112F0, 0x112F9, 0x11300, 0x11303, 0x11305, 0x1130C, 0x1130F, 0x11310, 0x11313,
    0x11328, 0x1132A, 0x11330, 0x11332, 0x11333, 0x11335, 0x11339, 0x1133B, 0x11344, 0x11347,
    0x11348, 0x1134B, 0x1134D, 0x11350, 0x11350, 0x11357, 0x11357, 0x1135D, 0x11363, 0x11366,
    0x1136C, 0x11370, 0x11374, 0x11380, 0x11389, 0x1138B, 0x1138B, 0x1138E, 0x1138E, 0x11390,
    0x113B5, 0x113B7, 0x113C0, 0x113C2, 0x113C2, 0x113C5, 0x113C5, 0x113C7, 0x113CA, 0x113CC,
    0x113D3, 0x113E1, 0x113E2, 0x11400, 0x1144A, 0x11450, 0x11459, 0x1145E, 0x11461, 0x11480,
    0x114C5, 0x114C7, 0x114C7, 0x114D0, 0x114D9, 0x11580, 0x115B5, 0x115B8, 0x115C0, 0x115D8,
    0x115DD, 0x11600, 0x11640, 0x11644, 0x11644, 0x11650, 0x11659, 0x11680, 0x116B8, 0x116C0,
    0x116C9, 0x116D0, 0x116E3, 0x11700, 0x1171A, 0x1171D, 0x1172B, 0x11730, 0x11739, 0x11740,
    0x11746, 0x11800, 0x1183A, 0x118A0, 0x118E9, 0x118FF, 0x11906, 0x11909, 0x11909, 0x1190C,
    0x11913, 0x11915, 0x11916, 0x11918, 0x11935, 0x11937, 0x11938, 0x1193B, 0x11943, 0x11950,
    0x11959, 0x119A0, 0x119A7, 0x119AA, 0x119D7, 0x119DA, 0x119E1, 0x119E3, 0x119E4, 0x11A00,
    0x11A3E, 0x11A47, 0x11A47, 0x11A50, 0x11A99, 0x11A9D, 0x11A9D, 0x11AB0, 0x11AF8, 0x11BC0,
    0x11BE0, 0x11BF0, 0x11BF9, 0x11C00, 0x11C08, 0x11C0A, 0x11C36, 0x11C38, 0x11C40, 0x11C50,
    0x11C59, 0x11C72, 0x11C8F, 0x11C92, 0x11CA7, 0x11CA9, 0x11CB6, 0x11D00, 0x11D06, 0x11D08,
    0x11D09, 0x11D0B, 0x11D36, 0x11D3A, 0x11D3A, 0x11D3C, 0x11D3D, 0x11D3F, 0x11D47, 0x11D50,
    0x11D59, 0x11D60, 0x11D65, 0x11D67, 0x11D68, 0x11D6A, 0x11D8E, 0x11D90, 0x11D91, 0x11D93,
    0x11D98, 0x11DA0, 0x11DA9, 0x11EE0, 0x11EF6, 0x11F00, 0x11F10, 0x11F12, 0x11F3A, 0x11F3E,
    0x11F42, 0x11F50, 0x11F5A, 0x11FB0, 0x11FB0, 0x12000, 0x12399, 0x12400, 0x1246E, 0x12480,
    0x12543, 0x12F90, 0x12FF0, 0x13000, 0x1342F, 0x13440, 0x13455, 0x13460, 0x143FA, 0x14400,
    0x14646, 0x16100, 0x16139, 0x16800, 0x16A38, 0x16A40, 0x16A5E, 0x16A60, 0x16A69, 0x16A70,
    0x16ABE, 0x16AC0, 0x16AC9, 0x16AD0, 0x16AED, 0x16AF0, 0x16AF4, 0x16B00, 0x16B36, 0x16B40,
    0x16B43, 0x16B50, 0x16B59, 0x16B63, 0x16B77, 0x16B7D, 0x16B8F, 0x16D40, 0x16D6C, 0x16D70,
    0x16D79, 0x16E40, 0x16E7F, 0x16F00, 0x16F4A, 0x16F4F, 0x16F87, 0x16F8F, 0x16F9F, 0x16FE0,
    0x16FE1, 0x16FE3, 0x16FE4, 0x16FF0, 0x16FF1, 0x17000, 0x187F7, 0x18800, 0x18CD5, 0x18CFF,
    0x18D08, 0x1AFF0, 0x1AFF3, 0x1AFF5, 0x1AFFB, 0x1AFFD, 0x1AFFE, 0x1B000, 0x1B122, 0x1B132,
    0x1B132, 0x1B150, 0x1B152, 0x1B155, 0x1B155, 0x1B164, 0x1B167, 0x1B170, 0x1B2FB, 0x1BC00,
    0x1BC6A, 0x1BC70, 0x1BC7C, 0x1BC80, 0x1BC88, 0x1BC90, 0x1BC99, 0x1BC9D, 0x1BC9E, 0x1CCF0,
    0x1CCF9, 0x1CF00, 0x1CF2D, 0x1CF30, 0x1CF46, 0x1D165, 0x1D169, 0x1D16D, 0x1D172, 0x1D17B,
    0x1D182, 0x1D185, 0x1D18B, 0x1D1AA, 0x1D1AD, 0x1D242, 0x1D244, 0x1D400, 0x1D454, 0x1D456,
    0x1D49C, 0x1D49E, 0x1D49F, 0x1D4A2, 0x1D4A2, 0x1D4A5, 0x1D4A6, 0x1D4A9, 0x1D4AC, 0x1D4AE,
    0x1D4B9, 0x1D4BB, 0x1D4BB, 0x1D4BD, 0x1D4C3, 0x1D4C5, 0x1D505, 0x1D507, 0x1D50A, 0x1D50D,
    0x1D514, 0x1D516, 0x1D51C, 0x1D51E, 0x1D539, 0x1D53B, 0x1D53E, 0x1D540, 0x1D544, 0x1D546,
    0x1D546, 0x1D54A, 0x1D550, 0x1D552, 0x1D6A5, 0x1D6A8, 0x1D6C0, 0x1D6C2, 0x1D6DA, 0x1D6DC,
    0x1D6FA, 0x1D6FC, 0x1D714, 0x1D716, 0x1D734, 0x1D736, 0x1D74E, 0x1D750, 0x1D76E, 0x1D770,
    0x1D788, 0x1D78A, 0x1D7A8, 0x1D7AA, 0x1D7C2, 0x1D7C4, 0x1D7CB, 0x1D7CE, 0x1D7FF, 0x1DA00,
    0x1DA36, 0x1DA3B, 0x1DA6C, 0x1DA75, 0x1DA75, 0x1DA84, 0x1DA84, 0x1DA9B, 0x1DA9F, 0x1DAA1,
    0x1DAAF, 0x1DF00, 0x1DF1E, 0x1DF25, 0x1DF2A, 0x1E000, 0x1E006, 0x1E008, 0x1E018, 0x1E01B,
    0x1E021, 0x1E023, 0x1E024, 0x1E026, 0x1E02A, 0x1E030, 0x1E06D, 0x1E08F, 0x1E08F, 0x1E100,
    0x1E12C, 0x1E130, 0x1E13D, 0x1E140, 0x1E149, 0x1E14E, 0x1E14E, 0x1E290, 0x1E2AE, 0x1E2C0,
    0x1E2F9, 0x1E4D0, 0x1E4F9, 0x1E5D0, 0x1E5FA, 0x1E7E0, 0x1E7E6, 0x1E7E8, 0x1E7EB, 0x1E7ED,
    0x1E7EE, 0x1E7F0, 0x1E7FE, 0x1E800, 0x1E8C4, 0x1E8D0, 0x1E8D6, 0x1E900, 0x1E94B, 0x1E950,
    0x1E959, 0x1EE00, 0x1EE03, 0x1EE05, 0x1EE1F, 0x1EE21, 0x1EE22, 0x1EE24, 0x1EE24, 0x1EE27,
    0x1EE27, 0x1EE29, 0x1EE32, 0x1EE34, 0x1EE37, 0x1EE39, 0x1EE39, 0x1EE3B, 0x1EE3B, 0x1EE42,
    0x1EE42, 0x1EE47, 0x1EE47, 0x1EE49, 0x1EE49, 0x1EE4B, 0x1EE4B, 0x1EE4D, 0x1EE4F, 0x1EE51,
    0x1EE52, 0x1EE54, 0x1EE54, 0x1EE57, 0x1EE57, 0x1EE59, 0x1EE59, 0x1EE5B, 0x1EE5B, 0x1EE5D,
    0x1EE5D, 0x1EE5F, 0x1EE5F, 0x1EE61, 0x1EE62, 0x1EE64, 0x1EE64, 0x1EE67, 0x1EE6A, 0x1EE6C,
    0x1EE72, 0x1EE74, 0x1EE77, 0x1EE79, 0x1EE7C, 0x1EE7E, 0x1EE7E, 0x1EE80, 0x1EE89, 0x1EE8B,
    0x1EE9B, 0x1EEA1, 0x1EEA3, 0x1EEA5, 0x1EEA9, 0x1EEAB, 0x1EEBB, 0x1F130, 0x1F149, 0x1F150,
    0x1F169, 0x1F170, 0x1F189, 0x1FBF0, 0x1FBF9, 0x20000, 0x2A6DF, 0x2A700, 0x2B739, 0x2B740,
    0x2B81D, 0x2B820, 0x2CEA1, 0x2CEB0, 0x2EBE0, 0x2EBF0, 0x2EE5D, 0x2F800, 0x2FA1D, 0x30000,
    0x3134A, 0x31350, 0x323AF, 0xE0100, 0xE01EF
};
/* First, last, canonical combining class. */
static const uint32_t tc__uni_ccc[] = {
    0x300, 0x314, 0xE6, 0x315, 0x315, 0xE8, 0x316, 0x319, 0xDC, 0x31A, 0x31A, 0xE8, 0x31B,
    0x31B, 0xD8, 0x31C, 0x320, 0xDC, 0x321, 0x322, 0xCA, 0x323, 0x326, 0xDC, 0x327, 0x328, 0xCA,
    0x329, 0x333, 0xDC, 0x334, 0x338, 1, 0x339, 0x33C, 0xDC, 0x33D, 0x344, 0xE6, 0x345, 0x345,
    0xF0, 0x346, 0x346, 0xE6, 0x347, 0x349, 0xDC, 0x34A, 0x34C, 0xE6, 0x34D, 0x34E, 0xDC, 0x350,
    0x352, 0xE6, 0x353, 0x356, 0xDC, 0x357, 0x357, 0xE6, 0x358, 0x358, 0xE8, 0x359, 0x35A, 0xDC,
    0x35B, 0x35B, 0xE6, 0x35C, 0x35C, 0xE9, 0x35D, 0x35E, 0xEA, 0x35F, 0x35F, 0xE9, 0x360,
    0x361, 0xEA, 0x362, 0x362, 0xE9, 0x363, 0x36F, 0xE6, 0x483, 0x487, 0xE6, 0x591, 0x591, 0xDC,
    0x592, 0x595, 0xE6, 0x596, 0x596, 0xDC, 0x597, 0x599, 0xE6, 0x59A, 0x59A, 0xDE, 0x59B,
    0x59B, 0xDC, 0x59C, 0x5A1, 0xE6, 0x5A2, 0x5A7, 0xDC, 0x5A8, 0x5A9, 0xE6, 0x5AA, 0x5AA, 0xDC,
    0x5AB, 0x5AC, 0xE6, 0x5AD, 0x5AD, 0xDE, 0x5AE, 0x5AE, 0xE4, 0x5AF, 0x5AF, 0xE6, 0x5B0,
    0x5B0, 0xA, 0x5B1, 0x5B1, 0xB, 0x5B2, 0x5B2, 0xC, 0x5B3, 0x5B3, 0xD, 0x5B4, 0x5B4, 0xE,
    0x5B5, 0x5B5, 0xF, 0x5B6, 0x5B6, 0x10, 0x5B7, 0x5B7, 0x11, 0x5B8, 0x5B8, 0x12, 0x5B9, 0x5BA,
    0x13, 0x5BB, 0x5BB, 0x14, 0x5BC, 0x5BC, 0x15, 0x5BD, 0x5BD, 0x16, 0x5BF, 0x5BF, 0x17, 0x5C1,
    0x5C1, 0x18, 0x5C2, 0x5C2, 0x19, 0x5C4, 0x5C4, 0xE6, 0x5C5, 0x5C5, 0xDC, 0x5C7, 0x5C7, 0x12,
    0x610, 0x617, 0xE6, 0x618, 0x618, 0x1E, 0x619, 0x619, 0x1F, 0x61A, 0x61A, 0x20, 0x64B,
    0x64B, 0x1B, 0x64C, 0x64C, 0x1C, 0x64D, 0x64D, 0x1D, 0x64E, 0x64E, 0x1E, 0x64F, 0x64F, 0x1F,
    0x650, 0x650, 0x20, 0x651, 0x651, 0x21, 0x652, 0x652, 0x22, 0x653, 0x654, 0xE6, 0x655,
    0x656, 0xDC, 0x657, 0x65B, 0xE6, 0x65C, 0x65C, 0xDC, 0x65D, 0x65E, 0xE6, 0x65F, 0x65F, 0xDC,
    0x670, 0x670, 0x23, 0x6D6, 0x6DC, 0xE6, 0x6DF, 0x6E2, 0xE6, 0x6E3, 0x6E3, 0xDC, 0x6E4,
    0x6E4, 0xE6, 0x6E7, 0x6E8, 0xE6, 0x6EA, 0x6EA, 0xDC, 0x6EB, 0x6EC, 0xE6, 0x6ED, 0x6ED, 0xDC,
    0x711, 0x711, 0x24, 0x730, 0x730, 0xE6, 0x731, 0x731, 0xDC, 0x732, 0x733, 0xE6, 0x734,
    0x734, 0xDC, 0x735, 0x736, 0xE6, 0x737, 0x739, 0xDC, 0x73A, 0x73A, 0xE6, 0x73B, 0x73C, 0xDC,
    0x73D, 0x73D, 0xE6, 0x73E, 0x73E, 0xDC, 0x73F, 0x741, 0xE6, 0x742, 0x742, 0xDC, 0x743,
    0x743, 0xE6, 0x744, 0x744, 0xDC, 0x745, 0x745, 0xE6, 0x746, 0x746, 0xDC, 0x747, 0x747, 0xE6,
    0x748, 0x748, 0xDC, 0x749, 0x74A, 0xE6, 0x7EB, 0x7F1, 0xE6, 0x7F2, 0x7F2, 0xDC, 0x7F3,
    0x7F3, 0xE6, 0x816, 0x819, 0xE6, 0x81B, 0x823, 0xE6, 0x825, 0x827, 0xE6, 0x829, 0x82D, 0xE6,
    0x859, 0x85B, 0xDC, 0x8D4, 0x8E1, 0xE6, 0x8E3, 0x8E3, 0xDC, 0x8E4, 0x8E5, 0xE6, 0x8E6,
    0x8E6, 0xDC, 0x8E7, 0x8E8, 0xE6, 0x8E9, 0x8E9, 0xDC, 0x8EA, 0x8EC, 0xE6, 0x8ED, 0x8EF, 0xDC,
    0x8F0, 0x8F0, 0x1B, 0x8F1, 0x8F1, 0x1C, 0x8F2, 0x8F2, 0x1D, 0x8F3, 0x8F5, 0xE6, 0x8F6,
    0x8F6, 0xDC, 0x8F7, 0x8F8, 0xE6, 0x8F9, 0x8FA, 0xDC, 0x8FB, 0x8FF, 0xE6, 0x93C, 0x93C, 7,
    0x94D, 0x94D, 9, 0x951, 0x951, 0xE6, 0x952, 0x952, 0xDC, 0x953, 0x954, 0xE6, 0x9BC, 0x9BC,
    7, 0x9CD, 0x9CD, 9, 0xA3C, 0xA3C, 7, 0xA4D, 0xA4D, 9, 0xABC, 0xABC, 7, 0xACD, 0xACD, 9,
    0xB3C, 0xB3C, 7, 0xB4D, 0xB4D, 9, 0xBCD, 0xBCD, 9, 0xC4D, 0xC4D, 9, 0xC55, 0xC55, 0x54,
    0xC56, 0xC56, 0x5B, 0xCBC, 0xCBC, 7, 0xCCD, 0xCCD, 9, 0xD4D, 0xD4D, 9, 0xDCA, 0xDCA, 9,
    0xE38, 0xE39, 0x67, 0xE3A, 0xE3A, 9, 0xE48, 0xE4B, 0x6B, 0xEB8, 0xEB9, 0x76, 0xEC8, 0xECB,
    0x7A, 0xF18, 0xF19, 0xDC, 0xF35, 0xF35, 0xDC, 0xF37, 0xF37, 0xDC, 0xF39, 0xF39, 0xD8, 0xF71,
    0xF71, 0x81, 0xF72, 0xF72, 0x82, 0xF74, 0xF74, 0x84, 0xF7A, 0xF7D, 0x82, 0xF80, 0xF80, 0x82,
    0xF82, 0xF83, 0xE6, 0xF84, 0xF84, 9, 0xF86, 0xF87, 0xE6, 0xFC6, 0xFC6, 0xDC, 0x1037, 0x1037,
    7, 0x1039, 0x103A, 9, 0x108D, 0x108D, 0xDC, 0x135D, 0x135F, 0xE6, 0x1714, 0x1714, 9, 0x1734,
    0x1734, 9, 0x17D2, 0x17D2, 9, 0x17DD, 0x17DD, 0xE6, 0x18A9, 0x18A9, 0xE4, 0x1939, 0x1939,
    0xDE, 0x193A, 0x193A, 0xE6, 0x193B, 0x193B, 0xDC, 0x1A17, 0x1A17, 0xE6, 0x1A18, 0x1A18,
    0xDC, 0x1A60, 0x1A60, 9, 0x1A75, 0x1A7C, 0xE6, 0x1A7F, 0x1A7F, 0xDC, 0x1AB0, 0x1AB4, 0xE6,
    0x1AB5, 0x1ABA, 0xDC, 0x1ABB, 0x1ABC, 0xE6, 0x1ABD, 0x1ABD, 0xDC, 0x1B34, 0x1B34, 7, 0x1B44,
    0x1B44, 9, 0x1B6B, 0x1B6B, 0xE6, 0x1B6C, 0x1B6C, 0xDC, 0x1B6D, 0x1B73, 0xE6, 0x1BAA, 0x1BAB,
    9, 0x1BE6, 0x1BE6, 7, 0x1BF2, 0x1BF3, 9, 0x1C37, 0x1C37, 7, 0x1CD0, 0x1CD2, 0xE6, 0x1CD4,
    0x1CD4, 1, 0x1CD5, 0x1CD9, 0xDC, 0x1CDA, 0x1CDB, 0xE6, 0x1CDC, 0x1CDF, 0xDC, 0x1CE0, 0x1CE0,
    0xE6, 0x1CE2, 0x1CE8, 1, 0x1CED, 0x1CED, 0xDC, 0x1CF4, 0x1CF4, 0xE6, 0x1CF8, 0x1CF9, 0xE6,
    0x1DC0, 0x1DC1, 0xE6, 0x1DC2, 0x1DC2, 0xDC, 0x1DC3, 0x1DC9, 0xE6, 0x1DCA, 0x1DCA, 0xDC,
    0x1DCB, 0x1DCC, 0xE6, 0x1DCD, 0x1DCD, 0xEA, 0x1DCE, 0x1DCE, 0xD6, 0x1DCF, 0x1DCF, 0xDC,
    0x1DD0, 0x1DD0, 0xCA, 0x1DD1, 0x1DF5, 0xE6, 0x1DFB, 0x1DFB, 0xE6, 0x1DFC, 0x1DFC, 0xE9,
    0x1DFD, 0x1DFD, 0xDC, 0x1DFE, 0x1DFE, 0xE6, 0x1DFF, 0x1DFF, 0xDC, 0x20D0, 0x20D1, 0xE6,
    0x20D2, 0x20D3, 1, 0x20D4, 0x20D7, 0xE6, 0x20D8, 0x20DA, 1, 0x20DB, 0x20DC, 0xE6, 0x20E1,
    0x20E1, 0xE6, 0x20E5, 0x20E6, 1, 0x20E7, 0x20E7, 0xE6, 0x20E8, 0x20E8, 0xDC, 0x20E9, 0x20E9,
    0xE6, 0x20EA, 0x20EB, 1, 0x20EC, 0x20EF, 0xDC, 0x20F0, 0x20F0, 0xE6, 0x2CEF, 0x2CF1, 0xE6,
    0x2D7F, 0x2D7F, 9, 0x2DE0, 0x2DFF, 0xE6, 0x302A, 0x302A, 0xDA, 0x302B, 0x302B, 0xE4, 0x302C,
    0x302C, 0xE8, 0x302D, 0x302D, 0xDE, 0x302E, 0x302F, 0xE0, 0x3099, 0x309A, 8, 0xA66F, 0xA66F,
    0xE6, 0xA674, 0xA67D, 0xE6, 0xA69E, 0xA69F, 0xE6, 0xA6F0, 0xA6F1, 0xE6, 0xA806, 0xA806, 9,
    0xA8C4, 0xA8C4, 9, 0xA8E0, 0xA8F1, 0xE6, 0xA92B, 0xA92D, 0xDC, 0xA953, 0xA953, 9, 0xA9B3,
    0xA9B3, 7, 0xA9C0, 0xA9C0, 9, 0xAAB0, 0xAAB0, 0xE6, 0xAAB2, 0xAAB3, 0xE6, 0xAAB4, 0xAAB4,
    0xDC, 0xAAB7, 0xAAB8, 0xE6, 0xAABE, 0xAABF, 0xE6, 0xAAC1, 0xAAC1, 0xE6, 0xAAF6, 0xAAF6, 9,
    0xABED, 0xABED, 9, 0xFB1E, 0xFB1E, 0x1A, 0xFE20, 0xFE26, 0xE6, 0xFE27, 0xFE2D, 0xDC, 0xFE2E,
    0xFE2F, 0xE6, 0x101FD, 0x101FD, 0xDC, 0x102E0, 0x102E0, 0xDC, 0x10376, 0x1037A, 0xE6,
    0x10A0D, 0x10A0D, 0xDC, 0x10A0F, 0x10A0F, 0xE6, 0x10A38, 0x10A38, 0xE6, 0x10A39, 0x10A39, 1,
    0x10A3A, 0x10A3A, 0xDC, 0x10A3F, 0x10A3F, 9, 0x10AE5, 0x10AE5, 0xE6, 0x10AE6, 0x10AE6, 0xDC,
    0x11046, 0x11046, 9, 0x1107F, 0x1107F, 9, 0x110B9, 0x110B9, 9, 0x110BA, 0x110BA, 7, 0x11100,
    0x11102, 0xE6, 0x11133, 0x11134, 9, 0x11173, 0x11173, 7, 0x111C0, 0x111C0, 9, 0x111CA,
    0x111CA, 7, 0x11235, 0x11235, 9, 0x11236, 0x11236, 7, 0x112E9, 0x112E9, 7, 0x112EA, 0x112EA,
    9, 0x1133C, 0x1133C, 7, 0x1134D, 0x1134D, 9, 0x11366, 0x1136C, 0xE6, 0x11370, 0x11374, 0xE6,
    0x11442, 0x11442, 9, 0x11446, 0x11446, 7, 0x114C2, 0x114C2, 9, 0x114C3, 0x114C3, 7, 0x115BF,
    0x115BF, 9, 0x115C0, 0x115C0, 7, 0x1163F, 0x1163F, 9, 0x116B6, 0x116B6, 9, 0x116B7, 0x116B7,
    7, 0x1172B, 0x1172B, 9, 0x11C3F, 0x11C3F, 9, 0x16AF0, 0x16AF4, 1, 0x16B30, 0x16B36, 0xE6,
    0x1BC9E, 0x1BC9E, 1, 0x1D165, 0x1D166, 0xD8, 0x1D167, 0x1D169, 1, 0x1D16D, 0x1D16D, 0xE2,
    0x1D16E, 0x1D172, 0xD8, 0x1D17B, 0x1D182, 0xDC, 0x1D185, 0x1D189, 0xE6, 0x1D18A, 0x1D18B,
    0xDC, 0x1D1AA, 0x1D1AD, 0xE6, 0x1D242, 0x1D244, 0xE6, 0x1E000, 0x1E006, 0xE6, 0x1E008,
    0x1E018, 0xE6, 0x1E01B, 0x1E021, 0xE6, 0x1E023, 0x1E024, 0xE6, 0x1E026, 0x1E02A, 0xE6,
    0x1E8D0, 0x1E8D6, 0xDC, 0x1E944, 0x1E949, 0xE6, 0x1E94A, 0x1E94A, 7
};
/* First, last, step, lower case of the first: context-free lower case; U+0130 apart. */
static const uint32_t tc__uni_lower[] = {
    0x41, 0x5A, 1, 0x61, 0xC0, 0xD6, 1, 0xE0, 0xD8, 0xDE, 1, 0xF8, 0x100, 0x12E, 2, 0x101,
    0x132, 0x136, 2, 0x133, 0x139, 0x147, 2, 0x13A, 0x14A, 0x176, 2, 0x14B, 0x178, 0x178, 1,
    0xFF, 0x179, 0x17D, 2, 0x17A, 0x181, 0x181, 1, 0x253, 0x182, 0x184, 2, 0x183, 0x186, 0x186,
    1, 0x254, 0x187, 0x187, 1, 0x188, 0x189, 0x18A, 1, 0x256, 0x18B, 0x18B, 1, 0x18C, 0x18E,
    0x18E, 1, 0x1DD, 0x18F, 0x18F, 1, 0x259, 0x190, 0x190, 1, 0x25B, 0x191, 0x191, 1, 0x192,
    0x193, 0x193, 1, 0x260, 0x194, 0x194, 1, 0x263, 0x196, 0x196, 1, 0x269, 0x197, 0x197, 1,
    0x268, 0x198, 0x198, 1, 0x199, 0x19C, 0x19C, 1, 0x26F, 0x19D, 0x19D, 1, 0x272, 0x19F, 0x19F,
    1, 0x275, 0x1A0, 0x1A4, 2, 0x1A1, 0x1A6, 0x1A6, 1, 0x280, 0x1A7, 0x1A7, 1, 0x1A8, 0x1A9,
    0x1A9, 1, 0x283, 0x1AC, 0x1AC, 1, 0x1AD, 0x1AE, 0x1AE, 1, 0x288, 0x1AF, 0x1AF, 1, 0x1B0,
    0x1B1, 0x1B2, 1, 0x28A, 0x1B3, 0x1B5, 2, 0x1B4, 0x1B7, 0x1B7, 1, 0x292, 0x1B8, 0x1B8, 1,
    0x1B9, 0x1BC, 0x1BC, 1, 0x1BD, 0x1C4, 0x1C4, 1, 0x1C6, 0x1C5, 0x1C5, 1, 0x1C6, 0x1C7, 0x1C7,
    1, 0x1C9, 0x1C8, 0x1C8, 1, 0x1C9, 0x1CA, 0x1CA, 1, 0x1CC, 0x1CB, 0x1DB, 2, 0x1CC, 0x1DE,
    0x1EE, 2, 0x1DF, 0x1F1, 0x1F1, 1, 0x1F3, 0x1F2, 0x1F4, 2, 0x1F3, 0x1F6, 0x1F6, 1, 0x195,
    0x1F7, 0x1F7, 1, 0x1BF, 0x1F8, 0x21E, 2, 0x1F9, 0x220, 0x220, 1, 0x19E, 0x222, 0x232, 2,
    0x223, 0x23A, 0x23A, 1, 0x2C65, 0x23B, 0x23B, 1, 0x23C, 0x23D, 0x23D, 1, 0x19A, 0x23E,
    0x23E, 1, 0x2C66, 0x241, 0x241, 1, 0x242, 0x243, 0x243, 1, 0x180, 0x244, 0x244, 1, 0x289,
    0x245, 0x245, 1, 0x28C, 0x246, 0x24E, 2, 0x247, 0x370, 0x372, 2, 0x371, 0x376, 0x376, 1,
    0x377, 0x37F, 0x37F, 1, 0x3F3, 0x386, 0x386, 1, 0x3AC, 0x388, 0x38A, 1, 0x3AD, 0x38C, 0x38C,
    1, 0x3CC, 0x38E, 0x38F, 1, 0x3CD, 0x391, 0x3A1, 1, 0x3B1, 0x3A3, 0x3AB, 1, 0x3C3, 0x3CF,
    0x3CF, 1, 0x3D7, 0x3D8, 0x3EE, 2, 0x3D9, 0x3F4, 0x3F4, 1, 0x3B8, 0x3F7, 0x3F7, 1, 0x3F8,
    0x3F9, 0x3F9, 1, 0x3F2, 0x3FA, 0x3FA, 1, 0x3FB, 0x3FD, 0x3FF, 1, 0x37B, 0x400, 0x40F, 1,
    0x450, 0x410, 0x42F, 1, 0x430, 0x460, 0x480, 2, 0x461, 0x48A, 0x4BE, 2, 0x48B, 0x4C0, 0x4C0,
    1, 0x4CF, 0x4C1, 0x4CD, 2, 0x4C2, 0x4D0, 0x52E, 2, 0x4D1, 0x531, 0x556, 1, 0x561, 0x10A0,
    0x10C5, 1, 0x2D00, 0x10C7, 0x10C7, 1, 0x2D27, 0x10CD, 0x10CD, 1, 0x2D2D, 0x13A0, 0x13EF, 1,
    0xAB70, 0x13F0, 0x13F5, 1, 0x13F8, 0x1C89, 0x1C89, 1, 0x1C8A, 0x1C90, 0x1CBA, 1, 0x10D0,
    0x1CBD, 0x1CBF, 1, 0x10FD, 0x1E00, 0x1E94, 2, 0x1E01, 0x1E9E, 0x1E9E, 1, 0xDF, 0x1EA0,
    0x1EFE, 2, 0x1EA1, 0x1F08, 0x1F0F, 1, 0x1F00, 0x1F18, 0x1F1D, 1, 0x1F10, 0x1F28, 0x1F2F, 1,
    0x1F20, 0x1F38, 0x1F3F, 1, 0x1F30, 0x1F48, 0x1F4D, 1, 0x1F40, 0x1F59, 0x1F5F, 2, 0x1F51,
    0x1F68, 0x1F6F, 1, 0x1F60, 0x1F88, 0x1F8F, 1, 0x1F80, 0x1F98, 0x1F9F, 1, 0x1F90, 0x1FA8,
    0x1FAF, 1, 0x1FA0, 0x1FB8, 0x1FB9, 1, 0x1FB0, 0x1FBA, 0x1FBB, 1, 0x1F70, 0x1FBC, 0x1FBC, 1,
    0x1FB3, 0x1FC8, 0x1FCB, 1, 0x1F72, 0x1FCC, 0x1FCC, 1, 0x1FC3, 0x1FD8, 0x1FD9, 1, 0x1FD0,
    0x1FDA, 0x1FDB, 1, 0x1F76, 0x1FE8, 0x1FE9, 1, 0x1FE0, 0x1FEA, 0x1FEB, 1, 0x1F7A, 0x1FEC,
    0x1FEC, 1, 0x1FE5, 0x1FF8, 0x1FF9, 1, 0x1F78, 0x1FFA, 0x1FFB, 1, 0x1F7C, 0x1FFC, 0x1FFC, 1,
    0x1FF3, 0x2126, 0x2126, 1, 0x3C9, 0x212A, 0x212A, 1, 0x6B, 0x212B, 0x212B, 1, 0xE5, 0x2132,
    0x2132, 1, 0x214E, 0x2160, 0x216F, 1, 0x2170, 0x2183, 0x2183, 1, 0x2184, 0x24B6, 0x24CF, 1,
    0x24D0, 0x2C00, 0x2C2F, 1, 0x2C30, 0x2C60, 0x2C60, 1, 0x2C61, 0x2C62, 0x2C62, 1, 0x26B,
    0x2C63, 0x2C63, 1, 0x1D7D, 0x2C64, 0x2C64, 1, 0x27D, 0x2C67, 0x2C6B, 2, 0x2C68, 0x2C6D,
    0x2C6D, 1, 0x251, 0x2C6E, 0x2C6E, 1, 0x271, 0x2C6F, 0x2C6F, 1, 0x250, 0x2C70, 0x2C70, 1,
    0x252, 0x2C72, 0x2C72, 1, 0x2C73, 0x2C75, 0x2C75, 1, 0x2C76, 0x2C7E, 0x2C7F, 1, 0x23F,
    0x2C80, 0x2CE2, 2, 0x2C81, 0x2CEB, 0x2CED, 2, 0x2CEC, 0x2CF2, 0x2CF2, 1, 0x2CF3, 0xA640,
    0xA66C, 2, 0xA641, 0xA680, 0xA69A, 2, 0xA681, 0xA722, 0xA72E, 2, 0xA723, 0xA732, 0xA76E, 2,
    0xA733, 0xA779, 0xA77B, 2, 0xA77A, 0xA77D, 0xA77D, 1, 0x1D79, 0xA77E, 0xA786, 2, 0xA77F,
    0xA78B, 0xA78B, 1, 0xA78C, 0xA78D, 0xA78D, 1, 0x265, 0xA790, 0xA792, 2, 0xA791, 0xA796,
    0xA7A8, 2, 0xA797, 0xA7AA, 0xA7AA, 1, 0x266, 0xA7AB, 0xA7AB, 1, 0x25C, 0xA7AC, 0xA7AC, 1,
    0x261, 0xA7AD, 0xA7AD, 1, 0x26C, 0xA7AE, 0xA7AE, 1, 0x26A, 0xA7B0, 0xA7B0, 1, 0x29E, 0xA7B1,
    0xA7B1, 1, 0x287, 0xA7B2, 0xA7B2, 1, 0x29D, 0xA7B3, 0xA7B3, 1, 0xAB53, 0xA7B4, 0xA7C2, 2,
    0xA7B5, 0xA7C4, 0xA7C4, 1, 0xA794, 0xA7C5, 0xA7C5, 1, 0x282, 0xA7C6, 0xA7C6, 1, 0x1D8E,
    0xA7C7, 0xA7C9, 2, 0xA7C8, 0xA7CB, 0xA7CB, 1, 0x264, 0xA7CC, 0xA7DA, 2, 0xA7CD, 0xA7DC,
    0xA7DC, 1, 0x19B, 0xA7F5, 0xA7F5, 1, 0xA7F6, 0xFF21, 0xFF3A, 1, 0xFF41, 0x10400, 0x10427, 1,
    0x10428, 0x104B0, 0x104D3, 1, 0x104D8, 0x10570, 0x1057A, 1, 0x10597, 0x1057C, 0x1058A, 1,
    0x105A3, 0x1058C, 0x10592, 1, 0x105B3, 0x10594, 0x10595, 1, 0x105BB, 0x10C80, 0x10CB2, 1,
    0x10CC0, 0x10D50, 0x10D65, 1, 0x10D70, 0x118A0, 0x118BF, 1, 0x118C0, 0x16E40, 0x16E5F, 1,
    0x16E60, 0x16EA0, 0x16EB8, 1, 0x16EBB, 0x1E900, 0x1E921, 1, 0x1E922
};
/* Canonical decomposition: a code point, the first of what it is made of, which may decompose
 * further, and the second or 0. Hangul apart. */
static const uint32_t tc__uni_nfd[] = {
    0xC0, 0x41, 0x300, 0xC1, 0x41, 0x301, 0xC2, 0x41, 0x302, 0xC3, 0x41, 0x303, 0xC4, 0x41,
    0x308, 0xC5, 0x41, 0x30A, 0xC7, 0x43, 0x327, 0xC8, 0x45, 0x300, 0xC9, 0x45, 0x301, 0xCA,
    0x45, 0x302, 0xCB, 0x45, 0x308, 0xCC, 0x49, 0x300, 0xCD, 0x49, 0x301, 0xCE, 0x49, 0x302,
    0xCF, 0x49, 0x308, 0xD1, 0x4E, 0x303, 0xD2, 0x4F, 0x300, 0xD3, 0x4F, 0x301, 0xD4, 0x4F,
    0x302, 0xD5, 0x4F, 0x303, 0xD6, 0x4F, 0x308, 0xD9, 0x55, 0x300, 0xDA, 0x55, 0x301, 0xDB,
    0x55, 0x302, 0xDC, 0x55, 0x308, 0xDD, 0x59, 0x301, 0xE0, 0x61, 0x300, 0xE1, 0x61, 0x301,
    0xE2, 0x61, 0x302, 0xE3, 0x61, 0x303, 0xE4, 0x61, 0x308, 0xE5, 0x61, 0x30A, 0xE7, 0x63,
    0x327, 0xE8, 0x65, 0x300, 0xE9, 0x65, 0x301, 0xEA, 0x65, 0x302, 0xEB, 0x65, 0x308, 0xEC,
    0x69, 0x300, 0xED, 0x69, 0x301, 0xEE, 0x69, 0x302, 0xEF, 0x69, 0x308, 0xF1, 0x6E, 0x303,
    0xF2, 0x6F, 0x300, 0xF3, 0x6F, 0x301, 0xF4, 0x6F, 0x302, 0xF5, 0x6F, 0x303, 0xF6, 0x6F,
    0x308, 0xF9, 0x75, 0x300, 0xFA, 0x75, 0x301, 0xFB, 0x75, 0x302, 0xFC, 0x75, 0x308, 0xFD,
    0x79, 0x301, 0xFF, 0x79, 0x308, 0x100, 0x41, 0x304, 0x101, 0x61, 0x304, 0x102, 0x41, 0x306,
    0x103, 0x61, 0x306, 0x104, 0x41, 0x328, 0x105, 0x61, 0x328, 0x106, 0x43, 0x301, 0x107,
    0x63, 0x301, 0x108, 0x43, 0x302, 0x109, 0x63, 0x302, 0x10A, 0x43, 0x307, 0x10B, 0x63,
    0x307, 0x10C, 0x43, 0x30C, 0x10D, 0x63, 0x30C, 0x10E, 0x44, 0x30C, 0x10F, 0x64, 0x30C,
    0x112, 0x45, 0x304, 0x113, 0x65, 0x304, 0x114, 0x45, 0x306, 0x115, 0x65, 0x306, 0x116,
    0x45, 0x307, 0x117, 0x65, 0x307, 0x118, 0x45, 0x328, 0x119, 0x65, 0x328, 0x11A, 0x45,
    0x30C, 0x11B, 0x65, 0x30C, 0x11C, 0x47, 0x302, 0x11D, 0x67, 0x302, 0x11E, 0x47, 0x306,
    0x11F, 0x67, 0x306, 0x120, 0x47, 0x307, 0x121, 0x67, 0x307, 0x122, 0x47, 0x327, 0x123,
    0x67, 0x327, 0x124, 0x48, 0x302, 0x125, 0x68, 0x302, 0x128, 0x49, 0x303, 0x129, 0x69,
    0x303, 0x12A, 0x49, 0x304, 0x12B, 0x69, 0x304, 0x12C, 0x49, 0x306, 0x12D, 0x69, 0x306,
    0x12E, 0x49, 0x328, 0x12F, 0x69, 0x328, 0x130, 0x49, 0x307, 0x134, 0x4A, 0x302, 0x135,
    0x6A, 0x302, 0x136, 0x4B, 0x327, 0x137, 0x6B, 0x327, 0x139, 0x4C, 0x301, 0x13A, 0x6C,
    0x301, 0x13B, 0x4C, 0x327, 0x13C, 0x6C, 0x327, 0x13D, 0x4C, 0x30C, 0x13E, 0x6C, 0x30C,
    0x143, 0x4E, 0x301, 0x144, 0x6E, 0x301, 0x145, 0x4E, 0x327, 0x146, 0x6E, 0x327, 0x147,
    0x4E, 0x30C, 0x148, 0x6E, 0x30C, 0x14C, 0x4F, 0x304, 0x14D, 0x6F, 0x304, 0x14E, 0x4F,
    0x306, 0x14F, 0x6F, 0x306, 0x150, 0x4F, 0x30B, 0x151, 0x6F, 0x30B, 0x154, 0x52, 0x301,
    0x155, 0x72, 0x301, 0x156, 0x52, 0x327, 0x157, 0x72, 0x327, 0x158, 0x52, 0x30C, 0x159,
    0x72, 0x30C, 0x15A, 0x53, 0x301, 0x15B, 0x73, 0x301, 0x15C, 0x53, 0x302, 0x15D, 0x73,
    0x302, 0x15E, 0x53, 0x327, 0x15F, 0x73, 0x327, 0x160, 0x53, 0x30C, 0x161, 0x73, 0x30C,
    0x162, 0x54, 0x327, 0x163, 0x74, 0x327, 0x164, 0x54, 0x30C, 0x165, 0x74, 0x30C, 0x168,
    0x55, 0x303, 0x169, 0x75, 0x303, 0x16A, 0x55, 0x304, 0x16B, 0x75, 0x304, 0x16C, 0x55,
    0x306, 0x16D, 0x75, 0x306, 0x16E, 0x55, 0x30A, 0x16F, 0x75, 0x30A, 0x170, 0x55, 0x30B,
    0x171, 0x75, 0x30B, 0x172, 0x55, 0x328, 0x173, 0x75, 0x328, 0x174, 0x57, 0x302, 0x175,
    0x77, 0x302, 0x176, 0x59, 0x302, 0x177, 0x79, 0x302, 0x178, 0x59, 0x308, 0x179, 0x5A,
    0x301, 0x17A, 0x7A, 0x301, 0x17B, 0x5A, 0x307, 0x17C, 0x7A, 0x307, 0x17D, 0x5A, 0x30C,
    0x17E, 0x7A, 0x30C, 0x1A0, 0x4F, 0x31B, 0x1A1, 0x6F, 0x31B, 0x1AF, 0x55, 0x31B, 0x1B0,
    0x75, 0x31B, 0x1CD, 0x41, 0x30C, 0x1CE, 0x61, 0x30C, 0x1CF, 0x49, 0x30C, 0x1D0, 0x69,
    0x30C, 0x1D1, 0x4F, 0x30C, 0x1D2, 0x6F, 0x30C, 0x1D3, 0x55, 0x30C, 0x1D4, 0x75, 0x30C,
    0x1D5, 0xDC, 0x304, 0x1D6, 0xFC, 0x304, 0x1D7, 0xDC, 0x301, 0x1D8, 0xFC, 0x301, 0x1D9,
    0xDC, 0x30C, 0x1DA, 0xFC, 0x30C, 0x1DB, 0xDC, 0x300, 0x1DC, 0xFC, 0x300, 0x1DE, 0xC4,
    0x304, 0x1DF, 0xE4, 0x304, 0x1E0, 0x226, 0x304, 0x1E1, 0x227, 0x304, 0x1E2, 0xC6, 0x304,
    0x1E3, 0xE6, 0x304, 0x1E6, 0x47, 0x30C, 0x1E7, 0x67, 0x30C, 0x1E8, 0x4B, 0x30C, 0x1E9,
    0x6B, 0x30C, 0x1EA, 0x4F, 0x328, 0x1EB, 0x6F, 0x328, 0x1EC, 0x1EA, 0x304, 0x1ED, 0x1EB,
    0x304, 0x1EE, 0x1B7, 0x30C, 0x1EF, 0x292, 0x30C, 0x1F0, 0x6A, 0x30C, 0x1F4, 0x47, 0x301,
    0x1F5, 0x67, 0x301, 0x1F8, 0x4E, 0x300, 0x1F9, 0x6E, 0x300, 0x1FA, 0xC5, 0x301, 0x1FB,
    0xE5, 0x301, 0x1FC, 0xC6, 0x301, 0x1FD, 0xE6, 0x301, 0x1FE, 0xD8, 0x301, 0x1FF, 0xF8,
    0x301, 0x200, 0x41, 0x30F, 0x201, 0x61, 0x30F, 0x202, 0x41, 0x311, 0x203, 0x61, 0x311,
    0x204, 0x45, 0x30F, 0x205, 0x65, 0x30F, 0x206, 0x45, 0x311, 0x207, 0x65, 0x311, 0x208,
    0x49, 0x30F, 0x209, 0x69, 0x30F, 0x20A, 0x49, 0x311, 0x20B, 0x69, 0x311, 0x20C, 0x4F,
    0x30F, 0x20D, 0x6F, 0x30F, 0x20E, 0x4F, 0x311, 0x20F, 0x6F, 0x311, 0x210, 0x52, 0x30F,
    0x211, 0x72, 0x30F, 0x212, 0x52, 0x311, 0x213, 0x72, 0x311, 0x214, 0x55, 0x30F, 0x215,
    0x75, 0x30F, 0x216, 0x55, 0x311, 0x217, 0x75, 0x311, 0x218, 0x53, 0x326, 0x219, 0x73,
    0x326, 0x21A, 0x54, 0x326, 0x21B, 0x74, 0x326, 0x21E, 0x48, 0x30C, 0x21F, 0x68, 0x30C,
    0x226, 0x41, 0x307, 0x227, 0x61, 0x307, 0x228, 0x45, 0x327, 0x229, 0x65, 0x327, 0x22A,
    0xD6, 0x304, 0x22B, 0xF6, 0x304, 0x22C, 0xD5, 0x304, 0x22D, 0xF5, 0x304, 0x22E, 0x4F,
    0x307, 0x22F, 0x6F, 0x307, 0x230, 0x22E, 0x304, 0x231, 0x22F, 0x304, 0x232, 0x59, 0x304,
    0x233, 0x79, 0x304, 0x340, 0x300, 0, 0x341, 0x301, 0, 0x343, 0x313, 0, 0x344, 0x308, 0x301,
    0x374, 0x2B9, 0, 0x37E, 0x3B, 0, 0x385, 0xA8, 0x301, 0x386, 0x391, 0x301, 0x387, 0xB7, 0,
    0x388, 0x395, 0x301, 0x389, 0x397, 0x301, 0x38A, 0x399, 0x301, 0x38C, 0x39F, 0x301, 0x38E,
    0x3A5, 0x301, 0x38F, 0x3A9, 0x301, 0x390, 0x3CA, 0x301, 0x3AA, 0x399, 0x308, 0x3AB, 0x3A5,
    0x308, 0x3AC, 0x3B1, 0x301, 0x3AD, 0x3B5, 0x301, 0x3AE, 0x3B7, 0x301, 0x3AF, 0x3B9, 0x301,
    0x3B0, 0x3CB, 0x301, 0x3CA, 0x3B9, 0x308, 0x3CB, 0x3C5, 0x308, 0x3CC, 0x3BF, 0x301, 0x3CD,
    0x3C5, 0x301, 0x3CE, 0x3C9, 0x301, 0x3D3, 0x3D2, 0x301, 0x3D4, 0x3D2, 0x308, 0x400, 0x415,
    0x300, 0x401, 0x415, 0x308, 0x403, 0x413, 0x301, 0x407, 0x406, 0x308, 0x40C, 0x41A, 0x301,
    0x40D, 0x418, 0x300, 0x40E, 0x423, 0x306, 0x419, 0x418, 0x306, 0x439, 0x438, 0x306, 0x450,
    0x435, 0x300, 0x451, 0x435, 0x308, 0x453, 0x433, 0x301, 0x457, 0x456, 0x308, 0x45C, 0x43A,
    0x301, 0x45D, 0x438, 0x300, 0x45E, 0x443, 0x306, 0x476, 0x474, 0x30F, 0x477, 0x475, 0x30F,
    0x4C1, 0x416, 0x306, 0x4C2, 0x436, 0x306, 0x4D0, 0x410, 0x306, 0x4D1, 0x430, 0x306, 0x4D2,
    0x410, 0x308, 0x4D3, 0x430, 0x308, 0x4D6, 0x415, 0x306, 0x4D7, 0x435, 0x306, 0x4DA, 0x4D8,
    0x308, 0x4DB, 0x4D9, 0x308, 0x4DC, 0x416, 0x308, 0x4DD, 0x436, 0x308, 0x4DE, 0x417, 0x308,
    0x4DF, 0x437, 0x308, 0x4E2, 0x418, 0x304, 0x4E3, 0x438, 0x304, 0x4E4, 0x418, 0x308, 0x4E5,
    0x438, 0x308, 0x4E6, 0x41E, 0x308, 0x4E7, 0x43E, 0x308, 0x4EA, 0x4E8, 0x308, 0x4EB, 0x4E9,
    0x308, 0x4EC, 0x42D, 0x308, 0x4ED, 0x44D, 0x308, 0x4EE, 0x423, 0x304, 0x4EF, 0x443, 0x304,
    0x4F0, 0x423, 0x308, 0x4F1, 0x443, 0x308, 0x4F2, 0x423, 0x30B, 0x4F3, 0x443, 0x30B, 0x4F4,
    0x427, 0x308, 0x4F5, 0x447, 0x308, 0x4F8, 0x42B, 0x308, 0x4F9, 0x44B, 0x308, 0x622, 0x627,
    0x653, 0x623, 0x627, 0x654, 0x624, 0x648, 0x654, 0x625, 0x627, 0x655, 0x626, 0x64A, 0x654,
    0x6C0, 0x6D5, 0x654, 0x6C2, 0x6C1, 0x654, 0x6D3, 0x6D2, 0x654, 0x929, 0x928, 0x93C, 0x931,
    0x930, 0x93C, 0x934, 0x933, 0x93C, 0x958, 0x915, 0x93C, 0x959, 0x916, 0x93C, 0x95A, 0x917,
    0x93C, 0x95B, 0x91C, 0x93C, 0x95C, 0x921, 0x93C, 0x95D, 0x922, 0x93C, 0x95E, 0x92B, 0x93C,
    0x95F, 0x92F, 0x93C, 0x9CB, 0x9C7, 0x9BE, 0x9CC, 0x9C7, 0x9D7, 0x9DC, 0x9A1, 0x9BC, 0x9DD,
    0x9A2, 0x9BC, 0x9DF, 0x9AF, 0x9BC, 0xA33, 0xA32, 0xA3C, 0xA36, 0xA38, 0xA3C, 0xA59, 0xA16,
    0xA3C, 0xA5A, 0xA17, 0xA3C, 0xA5B, 0xA1C, 0xA3C, 0xA5E, 0xA2B, 0xA3C, 0xB48, 0xB47, 0xB56,
    0xB4B, 0xB47, 0xB3E, 0xB4C, 0xB47, 0xB57, 0xB5C, 0xB21, 0xB3C, 0xB5D, 0xB22, 0xB3C, 0xB94,
    0xB92, 0xBD7, 0xBCA, 0xBC6, 0xBBE, 0xBCB, 0xBC7, 0xBBE, 0xBCC, 0xBC6, 0xBD7, 0xC48, 0xC46,
    0xC56, 0xCC0, 0xCBF, 0xCD5, 0xCC7, 0xCC6, 0xCD5, 0xCC8, 0xCC6, 0xCD6, 0xCCA, 0xCC6, 0xCC2,
    0xCCB, 0xCCA, 0xCD5, 0xD4A, 0xD46, 0xD3E, 0xD4B, 0xD47, 0xD3E, 0xD4C, 0xD46, 0xD57, 0xDDA,
    0xDD9, 0xDCA, 0xDDC, 0xDD9, 0xDCF, 0xDDD, 0xDDC, 0xDCA, 0xDDE, 0xDD9, 0xDDF, 0xF43, 0xF42,
    0xFB7, 0xF4D, 0xF4C, 0xFB7, 0xF52, 0xF51, 0xFB7, 0xF57, 0xF56, 0xFB7, 0xF5C, 0xF5B, 0xFB7,
    0xF69, 0xF40, 0xFB5, 0xF73, 0xF71, 0xF72, 0xF75, 0xF71, 0xF74, 0xF76, 0xFB2, 0xF80, 0xF78,
    0xFB3, 0xF80, 0xF81, 0xF71, 0xF80, 0xF93, 0xF92, 0xFB7, 0xF9D, 0xF9C, 0xFB7, 0xFA2, 0xFA1,
    0xFB7, 0xFA7, 0xFA6, 0xFB7, 0xFAC, 0xFAB, 0xFB7, 0xFB9, 0xF90, 0xFB5, 0x1026, 0x1025,
    0x102E, 0x1B06, 0x1B05, 0x1B35, 0x1B08, 0x1B07, 0x1B35, 0x1B0A, 0x1B09, 0x1B35, 0x1B0C,
    0x1B0B, 0x1B35, 0x1B0E, 0x1B0D, 0x1B35, 0x1B12, 0x1B11, 0x1B35, 0x1B3B, 0x1B3A, 0x1B35,
    0x1B3D, 0x1B3C, 0x1B35, 0x1B40, 0x1B3E, 0x1B35, 0x1B41, 0x1B3F, 0x1B35, 0x1B43, 0x1B42,
    0x1B35, 0x1E00, 0x41, 0x325, 0x1E01, 0x61, 0x325, 0x1E02, 0x42, 0x307, 0x1E03, 0x62, 0x307,
    0x1E04, 0x42, 0x323, 0x1E05, 0x62, 0x323, 0x1E06, 0x42, 0x331, 0x1E07, 0x62, 0x331, 0x1E08,
    0xC7, 0x301, 0x1E09, 0xE7, 0x301, 0x1E0A, 0x44, 0x307, 0x1E0B, 0x64, 0x307, 0x1E0C, 0x44,
    0x323, 0x1E0D, 0x64, 0x323, 0x1E0E, 0x44, 0x331, 0x1E0F, 0x64, 0x331, 0x1E10, 0x44, 0x327,
    0x1E11, 0x64, 0x327, 0x1E12, 0x44, 0x32D, 0x1E13, 0x64, 0x32D, 0x1E14, 0x112, 0x300,
    0x1E15, 0x113, 0x300, 0x1E16, 0x112, 0x301, 0x1E17, 0x113, 0x301, 0x1E18, 0x45, 0x32D,
    0x1E19, 0x65, 0x32D, 0x1E1A, 0x45, 0x330, 0x1E1B, 0x65, 0x330, 0x1E1C, 0x228, 0x306,
    0x1E1D, 0x229, 0x306, 0x1E1E, 0x46, 0x307, 0x1E1F, 0x66, 0x307, 0x1E20, 0x47, 0x304,
    0x1E21, 0x67, 0x304, 0x1E22, 0x48, 0x307, 0x1E23, 0x68, 0x307, 0x1E24, 0x48, 0x323, 0x1E25,
    0x68, 0x323, 0x1E26, 0x48, 0x308, 0x1E27, 0x68, 0x308, 0x1E28, 0x48, 0x327, 0x1E29, 0x68,
    0x327, 0x1E2A, 0x48, 0x32E, 0x1E2B, 0x68, 0x32E, 0x1E2C, 0x49, 0x330, 0x1E2D, 0x69, 0x330,
    0x1E2E, 0xCF, 0x301, 0x1E2F, 0xEF, 0x301, 0x1E30, 0x4B, 0x301, 0x1E31, 0x6B, 0x301, 0x1E32,
    0x4B, 0x323, 0x1E33, 0x6B, 0x323, 0x1E34, 0x4B, 0x331, 0x1E35, 0x6B, 0x331, 0x1E36, 0x4C,
    0x323, 0x1E37, 0x6C, 0x323, 0x1E38, 0x1E36, 0x304, 0x1E39, 0x1E37, 0x304, 0x1E3A, 0x4C,
    0x331, 0x1E3B, 0x6C, 0x331, 0x1E3C, 0x4C, 0x32D, 0x1E3D, 0x6C, 0x32D, 0x1E3E, 0x4D, 0x301,
    0x1E3F, 0x6D, 0x301, 0x1E40, 0x4D, 0x307, 0x1E41, 0x6D, 0x307, 0x1E42, 0x4D, 0x323, 0x1E43,
    0x6D, 0x323, 0x1E44, 0x4E, 0x307, 0x1E45, 0x6E, 0x307, 0x1E46, 0x4E, 0x323, 0x1E47, 0x6E,
    0x323, 0x1E48, 0x4E, 0x331, 0x1E49, 0x6E, 0x331, 0x1E4A, 0x4E, 0x32D, 0x1E4B, 0x6E, 0x32D,
    0x1E4C, 0xD5, 0x301, 0x1E4D, 0xF5, 0x301, 0x1E4E, 0xD5, 0x308, 0x1E4F, 0xF5, 0x308, 0x1E50,
    0x14C, 0x300, 0x1E51, 0x14D, 0x300, 0x1E52, 0x14C, 0x301, 0x1E53, 0x14D, 0x301, 0x1E54,
    0x50, 0x301, 0x1E55, 0x70, 0x301, 0x1E56, 0x50, 0x307, 0x1E57, 0x70, 0x307, 0x1E58, 0x52,
    0x307, 0x1E59, 0x72, 0x307, 0x1E5A, 0x52, 0x323, 0x1E5B, 0x72, 0x323, 0x1E5C, 0x1E5A,
    0x304, 0x1E5D, 0x1E5B, 0x304, 0x1E5E, 0x52, 0x331, 0x1E5F, 0x72, 0x331, 0x1E60, 0x53,
    0x307, 0x1E61, 0x73, 0x307, 0x1E62, 0x53, 0x323, 0x1E63, 0x73, 0x323, 0x1E64, 0x15A, 0x307,
    0x1E65, 0x15B, 0x307, 0x1E66, 0x160, 0x307, 0x1E67, 0x161, 0x307, 0x1E68, 0x1E62, 0x307,
    0x1E69, 0x1E63, 0x307, 0x1E6A, 0x54, 0x307, 0x1E6B, 0x74, 0x307, 0x1E6C, 0x54, 0x323,
    0x1E6D, 0x74, 0x323, 0x1E6E, 0x54, 0x331, 0x1E6F, 0x74, 0x331, 0x1E70, 0x54, 0x32D, 0x1E71,
    0x74, 0x32D, 0x1E72, 0x55, 0x324, 0x1E73, 0x75, 0x324, 0x1E74, 0x55, 0x330, 0x1E75, 0x75,
    0x330, 0x1E76, 0x55, 0x32D, 0x1E77, 0x75, 0x32D, 0x1E78, 0x168, 0x301, 0x1E79, 0x169,
    0x301, 0x1E7A, 0x16A, 0x308, 0x1E7B, 0x16B, 0x308, 0x1E7C, 0x56, 0x303, 0x1E7D, 0x76,
    0x303, 0x1E7E, 0x56, 0x323, 0x1E7F, 0x76, 0x323, 0x1E80, 0x57, 0x300, 0x1E81, 0x77, 0x300,
    0x1E82, 0x57, 0x301, 0x1E83, 0x77, 0x301, 0x1E84, 0x57, 0x308, 0x1E85, 0x77, 0x308, 0x1E86,
    0x57, 0x307, 0x1E87, 0x77, 0x307, 0x1E88, 0x57, 0x323, 0x1E89, 0x77, 0x323, 0x1E8A, 0x58,
    0x307, 0x1E8B, 0x78, 0x307, 0x1E8C, 0x58, 0x308, 0x1E8D, 0x78, 0x308, 0x1E8E, 0x59, 0x307,
    0x1E8F, 0x79, 0x307, 0x1E90, 0x5A, 0x302, 0x1E91, 0x7A, 0x302, 0x1E92, 0x5A, 0x323, 0x1E93,
    0x7A, 0x323, 0x1E94, 0x5A, 0x331, 0x1E95, 0x7A, 0x331, 0x1E96, 0x68, 0x331, 0x1E97, 0x74,
    0x308, 0x1E98, 0x77, 0x30A, 0x1E99, 0x79, 0x30A, 0x1E9B, 0x17F, 0x307, 0x1EA0, 0x41, 0x323,
    0x1EA1, 0x61, 0x323, 0x1EA2, 0x41, 0x309, 0x1EA3, 0x61, 0x309, 0x1EA4, 0xC2, 0x301, 0x1EA5,
    0xE2, 0x301, 0x1EA6, 0xC2, 0x300, 0x1EA7, 0xE2, 0x300, 0x1EA8, 0xC2, 0x309, 0x1EA9, 0xE2,
    0x309, 0x1EAA, 0xC2, 0x303, 0x1EAB, 0xE2, 0x303, 0x1EAC, 0x1EA0, 0x302, 0x1EAD, 0x1EA1,
    0x302, 0x1EAE, 0x102, 0x301, 0x1EAF, 0x103, 0x301, 0x1EB0, 0x102, 0x300, 0x1EB1, 0x103,
    0x300, 0x1EB2, 0x102, 0x309, 0x1EB3, 0x103, 0x309, 0x1EB4, 0x102, 0x303, 0x1EB5, 0x103,
    0x303, 0x1EB6, 0x1EA0, 0x306, 0x1EB7, 0x1EA1, 0x306, 0x1EB8, 0x45, 0x323, 0x1EB9, 0x65,
    0x323, 0x1EBA, 0x45, 0x309, 0x1EBB, 0x65, 0x309, 0x1EBC, 0x45, 0x303, 0x1EBD, 0x65, 0x303,
    0x1EBE, 0xCA, 0x301, 0x1EBF, 0xEA, 0x301, 0x1EC0, 0xCA, 0x300, 0x1EC1, 0xEA, 0x300, 0x1EC2,
    0xCA, 0x309, 0x1EC3, 0xEA, 0x309, 0x1EC4, 0xCA, 0x303, 0x1EC5, 0xEA, 0x303, 0x1EC6, 0x1EB8,
    0x302, 0x1EC7, 0x1EB9, 0x302, 0x1EC8, 0x49, 0x309, 0x1EC9, 0x69, 0x309, 0x1ECA, 0x49,
    0x323, 0x1ECB, 0x69, 0x323, 0x1ECC, 0x4F, 0x323, 0x1ECD, 0x6F, 0x323, 0x1ECE, 0x4F, 0x309,
    0x1ECF, 0x6F, 0x309, 0x1ED0, 0xD4, 0x301, 0x1ED1, 0xF4, 0x301, 0x1ED2, 0xD4, 0x300, 0x1ED3,
    0xF4, 0x300, 0x1ED4, 0xD4, 0x309, 0x1ED5, 0xF4, 0x309, 0x1ED6, 0xD4, 0x303, 0x1ED7, 0xF4,
    0x303, 0x1ED8, 0x1ECC, 0x302, 0x1ED9, 0x1ECD, 0x302, 0x1EDA, 0x1A0, 0x301, 0x1EDB, 0x1A1,
    0x301, 0x1EDC, 0x1A0, 0x300, 0x1EDD, 0x1A1, 0x300, 0x1EDE, 0x1A0, 0x309, 0x1EDF, 0x1A1,
    0x309, 0x1EE0, 0x1A0, 0x303, 0x1EE1, 0x1A1, 0x303, 0x1EE2, 0x1A0, 0x323, 0x1EE3, 0x1A1,
    0x323, 0x1EE4, 0x55, 0x323, 0x1EE5, 0x75, 0x323, 0x1EE6, 0x55, 0x309, 0x1EE7, 0x75, 0x309,
    0x1EE8, 0x1AF, 0x301, 0x1EE9, 0x1B0, 0x301, 0x1EEA, 0x1AF, 0x300, 0x1EEB, 0x1B0, 0x300,
    0x1EEC, 0x1AF, 0x309, 0x1EED, 0x1B0, 0x309, 0x1EEE, 0x1AF, 0x303, 0x1EEF, 0x1B0, 0x303,
    0x1EF0, 0x1AF, 0x323, 0x1EF1, 0x1B0, 0x323, 0x1EF2, 0x59, 0x300, 0x1EF3, 0x79, 0x300,
    0x1EF4, 0x59, 0x323, 0x1EF5, 0x79, 0x323, 0x1EF6, 0x59, 0x309, 0x1EF7, 0x79, 0x309, 0x1EF8,
    0x59, 0x303, 0x1EF9, 0x79, 0x303, 0x1F00, 0x3B1, 0x313, 0x1F01, 0x3B1, 0x314, 0x1F02,
    0x1F00, 0x300, 0x1F03, 0x1F01, 0x300, 0x1F04, 0x1F00, 0x301, 0x1F05, 0x1F01, 0x301, 0x1F06,
    0x1F00, 0x342, 0x1F07, 0x1F01, 0x342, 0x1F08, 0x391, 0x313, 0x1F09, 0x391, 0x314, 0x1F0A,
    0x1F08, 0x300, 0x1F0B, 0x1F09, 0x300, 0x1F0C, 0x1F08, 0x301, 0x1F0D, 0x1F09, 0x301, 0x1F0E,
    0x1F08, 0x342, 0x1F0F, 0x1F09, 0x342, 0x1F10, 0x3B5, 0x313, 0x1F11, 0x3B5, 0x314, 0x1F12,
    0x1F10, 0x300, 0x1F13, 0x1F11, 0x300, 0x1F14, 0x1F10, 0x301, 0x1F15, 0x1F11, 0x301, 0x1F18,
    0x395, 0x313, 0x1F19, 0x395, 0x314, 0x1F1A, 0x1F18, 0x300, 0x1F1B, 0x1F19, 0x300, 0x1F1C,
    0x1F18, 0x301, 0x1F1D, 0x1F19, 0x301, 0x1F20, 0x3B7, 0x313, 0x1F21, 0x3B7, 0x314, 0x1F22,
    0x1F20, 0x300, 0x1F23, 0x1F21, 0x300, 0x1F24, 0x1F20, 0x301, 0x1F25, 0x1F21, 0x301, 0x1F26,
    0x1F20, 0x342, 0x1F27, 0x1F21, 0x342, 0x1F28, 0x397, 0x313, 0x1F29, 0x397, 0x314, 0x1F2A,
    0x1F28, 0x300, 0x1F2B, 0x1F29, 0x300, 0x1F2C, 0x1F28, 0x301, 0x1F2D, 0x1F29, 0x301, 0x1F2E,
    0x1F28, 0x342, 0x1F2F, 0x1F29, 0x342, 0x1F30, 0x3B9, 0x313, 0x1F31, 0x3B9, 0x314, 0x1F32,
    0x1F30, 0x300, 0x1F33, 0x1F31, 0x300, 0x1F34, 0x1F30, 0x301, 0x1F35, 0x1F31, 0x301, 0x1F36,
    0x1F30, 0x342, 0x1F37, 0x1F31, 0x342, 0x1F38, 0x399, 0x313, 0x1F39, 0x399, 0x314, 0x1F3A,
    0x1F38, 0x300, 0x1F3B, 0x1F39, 0x300, 0x1F3C, 0x1F38, 0x301, 0x1F3D, 0x1F39, 0x301, 0x1F3E,
    0x1F38, 0x342, 0x1F3F, 0x1F39, 0x342, 0x1F40, 0x3BF, 0x313, 0x1F41, 0x3BF, 0x314, 0x1F42,
    0x1F40, 0x300, 0x1F43, 0x1F41, 0x300, 0x1F44, 0x1F40, 0x301, 0x1F45, 0x1F41, 0x301, 0x1F48,
    0x39F, 0x313, 0x1F49, 0x39F, 0x314, 0x1F4A, 0x1F48, 0x300, 0x1F4B, 0x1F49, 0x300, 0x1F4C,
    0x1F48, 0x301, 0x1F4D, 0x1F49, 0x301, 0x1F50, 0x3C5, 0x313, 0x1F51, 0x3C5, 0x314, 0x1F52,
    0x1F50, 0x300, 0x1F53, 0x1F51, 0x300, 0x1F54, 0x1F50, 0x301, 0x1F55, 0x1F51, 0x301, 0x1F56,
    0x1F50, 0x342, 0x1F57, 0x1F51, 0x342, 0x1F59, 0x3A5, 0x314, 0x1F5B, 0x1F59, 0x300, 0x1F5D,
    0x1F59, 0x301, 0x1F5F, 0x1F59, 0x342, 0x1F60, 0x3C9, 0x313, 0x1F61, 0x3C9, 0x314, 0x1F62,
    0x1F60, 0x300, 0x1F63, 0x1F61, 0x300, 0x1F64, 0x1F60, 0x301, 0x1F65, 0x1F61, 0x301, 0x1F66,
    0x1F60, 0x342, 0x1F67, 0x1F61, 0x342, 0x1F68, 0x3A9, 0x313, 0x1F69, 0x3A9, 0x314, 0x1F6A,
    0x1F68, 0x300, 0x1F6B, 0x1F69, 0x300, 0x1F6C, 0x1F68, 0x301, 0x1F6D, 0x1F69, 0x301, 0x1F6E,
    0x1F68, 0x342, 0x1F6F, 0x1F69, 0x342, 0x1F70, 0x3B1, 0x300, 0x1F71, 0x3B1, 0x301, 0x1F72,
    0x3B5, 0x300, 0x1F73, 0x3B5, 0x301, 0x1F74, 0x3B7, 0x300, 0x1F75, 0x3B7, 0x301, 0x1F76,
    0x3B9, 0x300, 0x1F77, 0x3B9, 0x301, 0x1F78, 0x3BF, 0x300, 0x1F79, 0x3BF, 0x301, 0x1F7A,
    0x3C5, 0x300, 0x1F7B, 0x3C5, 0x301, 0x1F7C, 0x3C9, 0x300, 0x1F7D, 0x3C9, 0x301, 0x1F80,
    0x1F00, 0x345, 0x1F81, 0x1F01, 0x345, 0x1F82, 0x1F02, 0x345, 0x1F83, 0x1F03, 0x345, 0x1F84,
    0x1F04, 0x345, 0x1F85, 0x1F05, 0x345, 0x1F86, 0x1F06, 0x345, 0x1F87, 0x1F07, 0x345, 0x1F88,
    0x1F08, 0x345, 0x1F89, 0x1F09, 0x345, 0x1F8A, 0x1F0A, 0x345, 0x1F8B, 0x1F0B, 0x345, 0x1F8C,
    0x1F0C, 0x345, 0x1F8D, 0x1F0D, 0x345, 0x1F8E, 0x1F0E, 0x345, 0x1F8F, 0x1F0F, 0x345, 0x1F90,
    0x1F20, 0x345, 0x1F91, 0x1F21, 0x345, 0x1F92, 0x1F22, 0x345, 0x1F93, 0x1F23, 0x345, 0x1F94,
    0x1F24, 0x345, 0x1F95, 0x1F25, 0x345, 0x1F96, 0x1F26, 0x345, 0x1F97, 0x1F27, 0x345, 0x1F98,
    0x1F28, 0x345, 0x1F99, 0x1F29, 0x345, 0x1F9A, 0x1F2A, 0x345, 0x1F9B, 0x1F2B, 0x345, 0x1F9C,
    0x1F2C, 0x345, 0x1F9D, 0x1F2D, 0x345, 0x1F9E, 0x1F2E, 0x345, 0x1F9F, 0x1F2F, 0x345, 0x1FA0,
    0x1F60, 0x345, 0x1FA1, 0x1F61, 0x345, 0x1FA2, 0x1F62, 0x345, 0x1FA3, 0x1F63, 0x345, 0x1FA4,
    0x1F64, 0x345, 0x1FA5, 0x1F65, 0x345, 0x1FA6, 0x1F66, 0x345, 0x1FA7, 0x1F67, 0x345, 0x1FA8,
    0x1F68, 0x345, 0x1FA9, 0x1F69, 0x345, 0x1FAA, 0x1F6A, 0x345, 0x1FAB, 0x1F6B, 0x345, 0x1FAC,
    0x1F6C, 0x345, 0x1FAD, 0x1F6D, 0x345, 0x1FAE, 0x1F6E, 0x345, 0x1FAF, 0x1F6F, 0x345, 0x1FB0,
    0x3B1, 0x306, 0x1FB1, 0x3B1, 0x304, 0x1FB2, 0x1F70, 0x345, 0x1FB3, 0x3B1, 0x345, 0x1FB4,
    0x3AC, 0x345, 0x1FB6, 0x3B1, 0x342, 0x1FB7, 0x1FB6, 0x345, 0x1FB8, 0x391, 0x306, 0x1FB9,
    0x391, 0x304, 0x1FBA, 0x391, 0x300, 0x1FBB, 0x391, 0x301, 0x1FBC, 0x391, 0x345, 0x1FBE,
    0x3B9, 0, 0x1FC1, 0xA8, 0x342, 0x1FC2, 0x1F74, 0x345, 0x1FC3, 0x3B7, 0x345, 0x1FC4, 0x3AE,
    0x345, 0x1FC6, 0x3B7, 0x342, 0x1FC7, 0x1FC6, 0x345, 0x1FC8, 0x395, 0x300, 0x1FC9, 0x395,
    0x301, 0x1FCA, 0x397, 0x300, 0x1FCB, 0x397, 0x301, 0x1FCC, 0x397, 0x345, 0x1FCD, 0x1FBF,
    0x300, 0x1FCE, 0x1FBF, 0x301, 0x1FCF, 0x1FBF, 0x342, 0x1FD0, 0x3B9, 0x306, 0x1FD1, 0x3B9,
    0x304, 0x1FD2, 0x3CA, 0x300, 0x1FD3, 0x3CA, 0x301, 0x1FD6, 0x3B9, 0x342, 0x1FD7, 0x3CA,
    0x342, 0x1FD8, 0x399, 0x306, 0x1FD9, 0x399, 0x304, 0x1FDA, 0x399, 0x300, 0x1FDB, 0x399,
    0x301, 0x1FDD, 0x1FFE, 0x300, 0x1FDE, 0x1FFE, 0x301, 0x1FDF, 0x1FFE, 0x342, 0x1FE0, 0x3C5,
    0x306, 0x1FE1, 0x3C5, 0x304, 0x1FE2, 0x3CB, 0x300, 0x1FE3, 0x3CB, 0x301, 0x1FE4, 0x3C1,
    0x313, 0x1FE5, 0x3C1, 0x314, 0x1FE6, 0x3C5, 0x342, 0x1FE7, 0x3CB, 0x342, 0x1FE8, 0x3A5,
    0x306, 0x1FE9, 0x3A5, 0x304, 0x1FEA, 0x3A5, 0x300, 0x1FEB, 0x3A5, 0x301, 0x1FEC, 0x3A1,
    0x314, 0x1FED, 0xA8, 0x300, 0x1FEE, 0xA8, 0x301, 0x1FEF, 0x60, 0, 0x1FF2, 0x1F7C, 0x345,
    0x1FF3, 0x3C9, 0x345, 0x1FF4, 0x3CE, 0x345, 0x1FF6, 0x3C9, 0x342, 0x1FF7, 0x1FF6, 0x345,
    0x1FF8, 0x39F, 0x300, 0x1FF9, 0x39F, 0x301, 0x1FFA, 0x3A9, 0x300, 0x1FFB, 0x3A9, 0x301,
    0x1FFC, 0x3A9, 0x345, 0x1FFD, 0xB4, 0, 0x2000, 0x2002, 0, 0x2001, 0x2003, 0, 0x2126, 0x3A9,
    0, 0x212A, 0x4B, 0, 0x212B, 0x41, 0x30A, 0x219A, 0x2190, 0x338, 0x219B, 0x2192, 0x338,
    0x21AE, 0x2194, 0x338, 0x21CD, 0x21D0, 0x338, 0x21CE, 0x21D4, 0x338, 0x21CF, 0x21D2, 0x338,
    0x2204, 0x2203, 0x338, 0x2209, 0x2208, 0x338, 0x220C, 0x220B, 0x338, 0x2224, 0x2223, 0x338,
    0x2226, 0x2225, 0x338, 0x2241, 0x223C, 0x338, 0x2244, 0x2243, 0x338, 0x2247, 0x2245, 0x338,
    0x2249, 0x2248, 0x338, 0x2260, 0x3D, 0x338, 0x2262, 0x2261, 0x338, 0x226D, 0x224D, 0x338,
    0x226E, 0x3C, 0x338, 0x226F, 0x3E, 0x338, 0x2270, 0x2264, 0x338, 0x2271, 0x2265, 0x338,
    0x2274, 0x2272, 0x338, 0x2275, 0x2273, 0x338, 0x2278, 0x2276, 0x338, 0x2279, 0x2277, 0x338,
    0x2280, 0x227A, 0x338, 0x2281, 0x227B, 0x338, 0x2284, 0x2282, 0x338, 0x2285, 0x2283, 0x338,
    0x2288, 0x2286, 0x338, 0x2289, 0x2287, 0x338, 0x22AC, 0x22A2, 0x338, 0x22AD, 0x22A8, 0x338,
    0x22AE, 0x22A9, 0x338, 0x22AF, 0x22AB, 0x338, 0x22E0, 0x227C, 0x338, 0x22E1, 0x227D, 0x338,
    0x22E2, 0x2291, 0x338, 0x22E3, 0x2292, 0x338, 0x22EA, 0x22B2, 0x338, 0x22EB, 0x22B3, 0x338,
    0x22EC, 0x22B4, 0x338, 0x22ED, 0x22B5, 0x338, 0x2329, 0x3008, 0, 0x232A, 0x3009, 0, 0x2ADC,
    0x2ADD, 0x338, 0x304C, 0x304B, 0x3099, 0x304E, 0x304D, 0x3099, 0x3050, 0x304F, 0x3099,
    0x3052, 0x3051, 0x3099, 0x3054, 0x3053, 0x3099, 0x3056, 0x3055, 0x3099, 0x3058, 0x3057,
    0x3099, 0x305A, 0x3059, 0x3099, 0x305C, 0x305B, 0x3099, 0x305E, 0x305D, 0x3099, 0x3060,
    0x305F, 0x3099, 0x3062, 0x3061, 0x3099, 0x3065, 0x3064, 0x3099, 0x3067, 0x3066, 0x3099,
    0x3069, 0x3068, 0x3099, 0x3070, 0x306F, 0x3099, 0x3071, 0x306F, 0x309A, 0x3073, 0x3072,
    0x3099, 0x3074, 0x3072, 0x309A, 0x3076, 0x3075, 0x3099, 0x3077, 0x3075, 0x309A, 0x3079,
    0x3078, 0x3099, 0x307A, 0x3078, 0x309A, 0x307C, 0x307B, 0x3099, 0x307D, 0x307B, 0x309A,
    0x3094, 0x3046, 0x3099, 0x309E, 0x309D, 0x3099, 0x30AC, 0x30AB, 0x3099, 0x30AE, 0x30AD,
    0x3099, 0x30B0, 0x30AF, 0x3099, 0x30B2, 0x30B1, 0x3099, 0x30B4, 0x30B3, 0x3099, 0x30B6,
    0x30B5, 0x3099, 0x30B8, 0x30B7, 0x3099, 0x30BA, 0x30B9, 0x3099, 0x30BC, 0x30BB, 0x3099,
    0x30BE, 0x30BD, 0x3099, 0x30C0, 0x30BF, 0x3099, 0x30C2, 0x30C1, 0x3099, 0x30C5, 0x30C4,
    0x3099, 0x30C7, 0x30C6, 0x3099, 0x30C9, 0x30C8, 0x3099, 0x30D0, 0x30CF, 0x3099, 0x30D1,
    0x30CF, 0x309A, 0x30D3, 0x30D2, 0x3099, 0x30D4, 0x30D2, 0x309A, 0x30D6, 0x30D5, 0x3099,
    0x30D7, 0x30D5, 0x309A, 0x30D9, 0x30D8, 0x3099, 0x30DA, 0x30D8, 0x309A, 0x30DC, 0x30DB,
    0x3099, 0x30DD, 0x30DB, 0x309A, 0x30F4, 0x30A6, 0x3099, 0x30F7, 0x30EF, 0x3099, 0x30F8,
    0x30F0, 0x3099, 0x30F9, 0x30F1, 0x3099, 0x30FA, 0x30F2, 0x3099, 0x30FE, 0x30FD, 0x3099,
    0xF900, 0x8C48, 0, 0xF901, 0x66F4, 0, 0xF902, 0x8ECA, 0, 0xF903, 0x8CC8, 0, 0xF904, 0x6ED1,
    0, 0xF905, 0x4E32, 0, 0xF906, 0x53E5, 0, 0xF907, 0x9F9C, 0, 0xF908, 0x9F9C, 0, 0xF909,
    0x5951, 0, 0xF90A, 0x91D1, 0, 0xF90B, 0x5587, 0, 0xF90C, 0x5948, 0, 0xF90D, 0x61F6, 0,
    0xF90E, 0x7669, 0, 0xF90F, 0x7F85, 0, 0xF910, 0x863F, 0, 0xF911, 0x87BA, 0, 0xF912, 0x88F8,
    0, 0xF913, 0x908F, 0, 0xF914, 0x6A02, 0, 0xF915, 0x6D1B, 0, 0xF916, 0x70D9, 0, 0xF917,
    0x73DE, 0, 0xF918, 0x843D, 0, 0xF919, 0x916A, 0, 0xF91A, 0x99F1, 0, 0xF91B, 0x4E82, 0,
    0xF91C, 0x5375, 0, 0xF91D, 0x6B04, 0, 0xF91E, 0x721B, 0, 0xF91F, 0x862D, 0, 0xF920, 0x9E1E,
    0, 0xF921, 0x5D50, 0, 0xF922, 0x6FEB, 0, 0xF923, 0x85CD, 0, 0xF924, 0x8964, 0, 0xF925,
    0x62C9, 0, 0xF926, 0x81D8, 0, 0xF927, 0x881F, 0, 0xF928, 0x5ECA, 0, 0xF929, 0x6717, 0,
    0xF92A, 0x6D6A, 0, 0xF92B, 0x72FC, 0, 0xF92C, 0x90CE, 0, 0xF92D, 0x4F86, 0, 0xF92E, 0x51B7,
    0, 0xF92F, 0x52DE, 0, 0xF930, 0x64C4, 0, 0xF931, 0x6AD3, 0, 0xF932, 0x7210, 0, 0xF933,
    0x76E7, 0, 0xF934, 0x8001, 0, 0xF935, 0x8606, 0, 0xF936, 0x865C, 0, 0xF937, 0x8DEF, 0,
    0xF938, 0x9732, 0, 0xF939, 0x9B6F, 0, 0xF93A, 0x9DFA, 0, 0xF93B, 0x788C, 0, 0xF93C, 0x797F,
    0, 0xF93D, 0x7DA0, 0, 0xF93E, 0x83C9, 0, 0xF93F, 0x9304, 0, 0xF940, 0x9E7F, 0, 0xF941,
    0x8AD6, 0, 0xF942, 0x58DF, 0, 0xF943, 0x5F04, 0, 0xF944, 0x7C60, 0, 0xF945, 0x807E, 0,
    0xF946, 0x7262, 0, 0xF947, 0x78CA, 0, 0xF948, 0x8CC2, 0, 0xF949, 0x96F7, 0, 0xF94A, 0x58D8,
    0, 0xF94B, 0x5C62, 0, 0xF94C, 0x6A13, 0, 0xF94D, 0x6DDA, 0, 0xF94E, 0x6F0F, 0, 0xF94F,
    0x7D2F, 0, 0xF950, 0x7E37, 0, 0xF951, 0x964B, 0, 0xF952, 0x52D2, 0, 0xF953, 0x808B, 0,
    0xF954, 0x51DC, 0, 0xF955, 0x51CC, 0, 0xF956, 0x7A1C, 0, 0xF957, 0x7DBE, 0, 0xF958, 0x83F1,
    0, 0xF959, 0x9675, 0, 0xF95A, 0x8B80, 0, 0xF95B, 0x62CF, 0, 0xF95C, 0x6A02, 0, 0xF95D,
    0x8AFE, 0, 0xF95E, 0x4E39, 0, 0xF95F, 0x5BE7, 0, 0xF960, 0x6012, 0, 0xF961, 0x7387, 0,
    0xF962, 0x7570, 0, 0xF963, 0x5317, 0, 0xF964, 0x78FB, 0, 0xF965, 0x4FBF, 0, 0xF966, 0x5FA9,
    0, 0xF967, 0x4E0D, 0, 0xF968, 0x6CCC, 0, 0xF969, 0x6578, 0, 0xF96A, 0x7D22, 0, 0xF96B,
    0x53C3, 0, 0xF96C, 0x585E, 0, 0xF96D, 0x7701, 0, 0xF96E, 0x8449, 0, 0xF96F, 0x8AAA, 0,
    0xF970, 0x6BBA, 0, 0xF971, 0x8FB0, 0, 0xF972, 0x6C88, 0, 0xF973, 0x62FE, 0, 0xF974, 0x82E5,
    0, 0xF975, 0x63A0, 0, 0xF976, 0x7565, 0, 0xF977, 0x4EAE, 0, 0xF978, 0x5169, 0, 0xF979,
    0x51C9, 0, 0xF97A, 0x6881, 0, 0xF97B, 0x7CE7, 0, 0xF97C, 0x826F, 0, 0xF97D, 0x8AD2, 0,
    0xF97E, 0x91CF, 0, 0xF97F, 0x52F5, 0, 0xF980, 0x5442, 0, 0xF981, 0x5973, 0, 0xF982, 0x5EEC,
    0, 0xF983, 0x65C5, 0, 0xF984, 0x6FFE, 0, 0xF985, 0x792A, 0, 0xF986, 0x95AD, 0, 0xF987,
    0x9A6A, 0, 0xF988, 0x9E97, 0, 0xF989, 0x9ECE, 0, 0xF98A, 0x529B, 0, 0xF98B, 0x66C6, 0,
    0xF98C, 0x6B77, 0, 0xF98D, 0x8F62, 0, 0xF98E, 0x5E74, 0, 0xF98F, 0x6190, 0, 0xF990, 0x6200,
    0, 0xF991, 0x649A, 0, 0xF992, 0x6F23, 0, 0xF993, 0x7149, 0, 0xF994, 0x7489, 0, 0xF995,
    0x79CA, 0, 0xF996, 0x7DF4, 0, 0xF997, 0x806F, 0, 0xF998, 0x8F26, 0, 0xF999, 0x84EE, 0,
    0xF99A, 0x9023, 0, 0xF99B, 0x934A, 0, 0xF99C, 0x5217, 0, 0xF99D, 0x52A3, 0, 0xF99E, 0x54BD,
    0, 0xF99F, 0x70C8, 0, 0xF9A0, 0x88C2, 0, 0xF9A1, 0x8AAA, 0, 0xF9A2, 0x5EC9, 0, 0xF9A3,
    0x5FF5, 0, 0xF9A4, 0x637B, 0, 0xF9A5, 0x6BAE, 0, 0xF9A6, 0x7C3E, 0, 0xF9A7, 0x7375, 0,
    0xF9A8, 0x4EE4, 0, 0xF9A9, 0x56F9, 0, 0xF9AA, 0x5BE7, 0, 0xF9AB, 0x5DBA, 0, 0xF9AC, 0x601C,
    0, 0xF9AD, 0x73B2, 0, 0xF9AE, 0x7469, 0, 0xF9AF, 0x7F9A, 0, 0xF9B0, 0x8046, 0, 0xF9B1,
    0x9234, 0, 0xF9B2, 0x96F6, 0, 0xF9B3, 0x9748, 0, 0xF9B4, 0x9818, 0, 0xF9B5, 0x4F8B, 0,
    0xF9B6, 0x79AE, 0, 0xF9B7, 0x91B4, 0, 0xF9B8, 0x96B8, 0, 0xF9B9, 0x60E1, 0, 0xF9BA, 0x4E86,
    0, 0xF9BB, 0x50DA, 0, 0xF9BC, 0x5BEE, 0, 0xF9BD, 0x5C3F, 0, 0xF9BE, 0x6599, 0, 0xF9BF,
    0x6A02, 0, 0xF9C0, 0x71CE, 0, 0xF9C1, 0x7642, 0, 0xF9C2, 0x84FC, 0, 0xF9C3, 0x907C, 0,
    0xF9C4, 0x9F8D, 0, 0xF9C5, 0x6688, 0, 0xF9C6, 0x962E, 0, 0xF9C7, 0x5289, 0, 0xF9C8, 0x677B,
    0, 0xF9C9, 0x67F3, 0, 0xF9CA, 0x6D41, 0, 0xF9CB, 0x6E9C, 0, 0xF9CC, 0x7409, 0, 0xF9CD,
    0x7559, 0, 0xF9CE, 0x786B, 0, 0xF9CF, 0x7D10, 0, 0xF9D0, 0x985E, 0, 0xF9D1, 0x516D, 0,
    0xF9D2, 0x622E, 0, 0xF9D3, 0x9678, 0, 0xF9D4, 0x502B, 0, 0xF9D5, 0x5D19, 0, 0xF9D6, 0x6DEA,
    0, 0xF9D7, 0x8F2A, 0, 0xF9D8, 0x5F8B, 0, 0xF9D9, 0x6144, 0, 0xF9DA, 0x6817, 0, 0xF9DB,
    0x7387, 0, 0xF9DC, 0x9686, 0, 0xF9DD, 0x5229, 0, 0xF9DE, 0x540F, 0, 0xF9DF, 0x5C65, 0,
    0xF9E0, 0x6613, 0, 0xF9E1, 0x674E, 0, 0xF9E2, 0x68A8, 0, 0xF9E3, 0x6CE5, 0, 0xF9E4, 0x7406,
    0, 0xF9E5, 0x75E2, 0, 0xF9E6, 0x7F79, 0, 0xF9E7, 0x88CF, 0, 0xF9E8, 0x88E1, 0, 0xF9E9,
    0x91CC, 0, 0xF9EA, 0x96E2, 0, 0xF9EB, 0x533F, 0, 0xF9EC, 0x6EBA, 0, 0xF9ED, 0x541D, 0,
    0xF9EE, 0x71D0, 0, 0xF9EF, 0x7498, 0, 0xF9F0, 0x85FA, 0, 0xF9F1, 0x96A3, 0, 0xF9F2, 0x9C57,
    0, 0xF9F3, 0x9E9F, 0, 0xF9F4, 0x6797, 0, 0xF9F5, 0x6DCB, 0, 0xF9F6, 0x81E8, 0, 0xF9F7,
    0x7ACB, 0, 0xF9F8, 0x7B20, 0, 0xF9F9, 0x7C92, 0, 0xF9FA, 0x72C0, 0, 0xF9FB, 0x7099, 0,
    0xF9FC, 0x8B58, 0, 0xF9FD, 0x4EC0, 0, 0xF9FE, 0x8336, 0, 0xF9FF, 0x523A, 0, 0xFA00, 0x5207,
    0, 0xFA01, 0x5EA6, 0, 0xFA02, 0x62D3, 0, 0xFA03, 0x7CD6, 0, 0xFA04, 0x5B85, 0, 0xFA05,
    0x6D1E, 0, 0xFA06, 0x66B4, 0, 0xFA07, 0x8F3B, 0, 0xFA08, 0x884C, 0, 0xFA09, 0x964D, 0,
    0xFA0A, 0x898B, 0, 0xFA0B, 0x5ED3, 0, 0xFA0C, 0x5140, 0, 0xFA0D, 0x55C0, 0, 0xFA10, 0x585A,
    0, 0xFA12, 0x6674, 0, 0xFA15, 0x51DE, 0, 0xFA16, 0x732A, 0, 0xFA17, 0x76CA, 0, 0xFA18,
    0x793C, 0, 0xFA19, 0x795E, 0, 0xFA1A, 0x7965, 0, 0xFA1B, 0x798F, 0, 0xFA1C, 0x9756, 0,
    0xFA1D, 0x7CBE, 0, 0xFA1E, 0x7FBD, 0, 0xFA20, 0x8612, 0, 0xFA22, 0x8AF8, 0, 0xFA25, 0x9038,
    0, 0xFA26, 0x90FD, 0, 0xFA2A, 0x98EF, 0, 0xFA2B, 0x98FC, 0, 0xFA2C, 0x9928, 0, 0xFA2D,
    0x9DB4, 0, 0xFA2E, 0x90DE, 0, 0xFA2F, 0x96B7, 0, 0xFA30, 0x4FAE, 0, 0xFA31, 0x50E7, 0,
    0xFA32, 0x514D, 0, 0xFA33, 0x52C9, 0, 0xFA34, 0x52E4, 0, 0xFA35, 0x5351, 0, 0xFA36, 0x559D,
    0, 0xFA37, 0x5606, 0, 0xFA38, 0x5668, 0, 0xFA39, 0x5840, 0, 0xFA3A, 0x58A8, 0, 0xFA3B,
    0x5C64, 0, 0xFA3C, 0x5C6E, 0, 0xFA3D, 0x6094, 0, 0xFA3E, 0x6168, 0, 0xFA3F, 0x618E, 0,
    0xFA40, 0x61F2, 0, 0xFA41, 0x654F, 0, 0xFA42, 0x65E2, 0, 0xFA43, 0x6691, 0, 0xFA44, 0x6885,
    0, 0xFA45, 0x6D77, 0, 0xFA46, 0x6E1A, 0, 0xFA47, 0x6F22, 0, 0xFA48, 0x716E, 0, 0xFA49,
    0x722B, 0, 0xFA4A, 0x7422, 0, 0xFA4B, 0x7891, 0, 0xFA4C, 0x793E, 0, 0xFA4D, 0x7949, 0,
    0xFA4E, 0x7948, 0, 0xFA4F, 0x7950, 0, 0xFA50, 0x7956, 0, 0xFA51, 0x795D, 0, 0xFA52, 0x798D,
    0, 0xFA53, 0x798E, 0, 0xFA54, 0x7A40, 0, 0xFA55, 0x7A81, 0, 0xFA56, 0x7BC0, 0, 0xFA57,
    0x7DF4, 0, 0xFA58, 0x7E09, 0, 0xFA59, 0x7E41, 0, 0xFA5A, 0x7F72, 0, 0xFA5B, 0x8005, 0,
    0xFA5C, 0x81ED, 0, 0xFA5D, 0x8279, 0, 0xFA5E, 0x8279, 0, 0xFA5F, 0x8457, 0, 0xFA60, 0x8910,
    0, 0xFA61, 0x8996, 0, 0xFA62, 0x8B01, 0, 0xFA63, 0x8B39, 0, 0xFA64, 0x8CD3, 0, 0xFA65,
    0x8D08, 0, 0xFA66, 0x8FB6, 0, 0xFA67, 0x9038, 0, 0xFA68, 0x96E3, 0, 0xFA69, 0x97FF, 0,
    0xFA6A, 0x983B, 0, 0xFA6B, 0x6075, 0, 0xFA6C, 0x242EE, 0, 0xFA6D, 0x8218, 0, 0xFA70,
    0x4E26, 0, 0xFA71, 0x51B5, 0, 0xFA72, 0x5168, 0, 0xFA73, 0x4F80, 0, 0xFA74, 0x5145, 0,
    0xFA75, 0x5180, 0, 0xFA76, 0x52C7, 0, 0xFA77, 0x52FA, 0, 0xFA78, 0x559D, 0, 0xFA79, 0x5555,
    0, 0xFA7A, 0x5599, 0, 0xFA7B, 0x55E2, 0, 0xFA7C, 0x585A, 0, 0xFA7D, 0x58B3, 0, 0xFA7E,
    0x5944, 0, 0xFA7F, 0x5954, 0, 0xFA80, 0x5A62, 0, 0xFA81, 0x5B28, 0, 0xFA82, 0x5ED2, 0,
    0xFA83, 0x5ED9, 0, 0xFA84, 0x5F69, 0, 0xFA85, 0x5FAD, 0, 0xFA86, 0x60D8, 0, 0xFA87, 0x614E,
    0, 0xFA88, 0x6108, 0, 0xFA89, 0x618E, 0, 0xFA8A, 0x6160, 0, 0xFA8B, 0x61F2, 0, 0xFA8C,
    0x6234, 0, 0xFA8D, 0x63C4, 0, 0xFA8E, 0x641C, 0, 0xFA8F, 0x6452, 0, 0xFA90, 0x6556, 0,
    0xFA91, 0x6674, 0, 0xFA92, 0x6717, 0, 0xFA93, 0x671B, 0, 0xFA94, 0x6756, 0, 0xFA95, 0x6B79,
    0, 0xFA96, 0x6BBA, 0, 0xFA97, 0x6D41, 0, 0xFA98, 0x6EDB, 0, 0xFA99, 0x6ECB, 0, 0xFA9A,
    0x6F22, 0, 0xFA9B, 0x701E, 0, 0xFA9C, 0x716E, 0, 0xFA9D, 0x77A7, 0, 0xFA9E, 0x7235, 0,
    0xFA9F, 0x72AF, 0, 0xFAA0, 0x732A, 0, 0xFAA1, 0x7471, 0, 0xFAA2, 0x7506, 0, 0xFAA3, 0x753B,
    0, 0xFAA4, 0x761D, 0, 0xFAA5, 0x761F, 0, 0xFAA6, 0x76CA, 0, 0xFAA7, 0x76DB, 0, 0xFAA8,
    0x76F4, 0, 0xFAA9, 0x774A, 0, 0xFAAA, 0x7740, 0, 0xFAAB, 0x78CC, 0, 0xFAAC, 0x7AB1, 0,
    0xFAAD, 0x7BC0, 0, 0xFAAE, 0x7C7B, 0, 0xFAAF, 0x7D5B, 0, 0xFAB0, 0x7DF4, 0, 0xFAB1, 0x7F3E,
    0, 0xFAB2, 0x8005, 0, 0xFAB3, 0x8352, 0, 0xFAB4, 0x83EF, 0, 0xFAB5, 0x8779, 0, 0xFAB6,
    0x8941, 0, 0xFAB7, 0x8986, 0, 0xFAB8, 0x8996, 0, 0xFAB9, 0x8ABF, 0, 0xFABA, 0x8AF8, 0,
    0xFABB, 0x8ACB, 0, 0xFABC, 0x8B01, 0, 0xFABD, 0x8AFE, 0, 0xFABE, 0x8AED, 0, 0xFABF, 0x8B39,
    0, 0xFAC0, 0x8B8A, 0, 0xFAC1, 0x8D08, 0, 0xFAC2, 0x8F38, 0, 0xFAC3, 0x9072, 0, 0xFAC4,
    0x9199, 0, 0xFAC5, 0x9276, 0, 0xFAC6, 0x967C, 0, 0xFAC7, 0x96E3, 0, 0xFAC8, 0x9756, 0,
    0xFAC9, 0x97DB, 0, 0xFACA, 0x97FF, 0, 0xFACB, 0x980B, 0, 0xFACC, 0x983B, 0, 0xFACD, 0x9B12,
    0, 0xFACE, 0x9F9C, 0, 0xFACF, 0x2284A, 0, 0xFAD0, 0x22844, 0, 0xFAD1, 0x233D5, 0, 0xFAD2,
    0x3B9D, 0, 0xFAD3, 0x4018, 0, 0xFAD4, 0x4039, 0, 0xFAD5, 0x25249, 0, 0xFAD6, 0x25CD0, 0,
    0xFAD7, 0x27ED3, 0, 0xFAD8, 0x9F43, 0, 0xFAD9, 0x9F8E, 0, 0xFB1D, 0x5D9, 0x5B4, 0xFB1F,
    0x5F2, 0x5B7, 0xFB2A, 0x5E9, 0x5C1, 0xFB2B, 0x5E9, 0x5C2, 0xFB2C, 0xFB49, 0x5C1, 0xFB2D,
    0xFB49, 0x5C2, 0xFB2E, 0x5D0, 0x5B7, 0xFB2F, 0x5D0, 0x5B8, 0xFB30, 0x5D0, 0x5BC, 0xFB31,
    0x5D1, 0x5BC, 0xFB32, 0x5D2, 0x5BC, 0xFB33, 0x5D3, 0x5BC, 0xFB34, 0x5D4, 0x5BC, 0xFB35,
    0x5D5, 0x5BC, 0xFB36, 0x5D6, 0x5BC, 0xFB38, 0x5D8, 0x5BC, 0xFB39, 0x5D9, 0x5BC, 0xFB3A,
    0x5DA, 0x5BC, 0xFB3B, 0x5DB, 0x5BC, 0xFB3C, 0x5DC, 0x5BC, 0xFB3E, 0x5DE, 0x5BC, 0xFB40,
    0x5E0, 0x5BC, 0xFB41, 0x5E1, 0x5BC, 0xFB43, 0x5E3, 0x5BC, 0xFB44, 0x5E4, 0x5BC, 0xFB46,
    0x5E6, 0x5BC, 0xFB47, 0x5E7, 0x5BC, 0xFB48, 0x5E8, 0x5BC, 0xFB49, 0x5E9, 0x5BC, 0xFB4A,
    0x5EA, 0x5BC, 0xFB4B, 0x5D5, 0x5B9, 0xFB4C, 0x5D1, 0x5BF, 0xFB4D, 0x5DB, 0x5BF, 0xFB4E,
    0x5E4, 0x5BF, 0x1109A, 0x11099, 0x110BA, 0x1109C, 0x1109B, 0x110BA, 0x110AB, 0x110A5,
    0x110BA, 0x1112E, 0x11131, 0x11127, 0x1112F, 0x11132, 0x11127, 0x1134B, 0x11347, 0x1133E,
    0x1134C, 0x11347, 0x11357, 0x114BB, 0x114B9, 0x114BA, 0x114BC, 0x114B9, 0x114B0, 0x114BE,
    0x114B9, 0x114BD, 0x115BA, 0x115B8, 0x115AF, 0x115BB, 0x115B9, 0x115AF, 0x1D15E, 0x1D157,
    0x1D165, 0x1D15F, 0x1D158, 0x1D165, 0x1D160, 0x1D15F, 0x1D16E, 0x1D161, 0x1D15F, 0x1D16F,
    0x1D162, 0x1D15F, 0x1D170, 0x1D163, 0x1D15F, 0x1D171, 0x1D164, 0x1D15F, 0x1D172, 0x1D1BB,
    0x1D1B9, 0x1D165, 0x1D1BC, 0x1D1BA, 0x1D165, 0x1D1BD, 0x1D1BB, 0x1D16E, 0x1D1BE, 0x1D1BC,
    0x1D16E, 0x1D1BF, 0x1D1BB, 0x1D16F, 0x1D1C0, 0x1D1BC, 0x1D16F, 0x2F800, 0x4E3D, 0, 0x2F801,
    0x4E38, 0, 0x2F802, 0x4E41, 0, 0x2F803, 0x20122, 0, 0x2F804, 0x4F60, 0, 0x2F805, 0x4FAE, 0,
    0x2F806, 0x4FBB, 0, 0x2F807, 0x5002, 0, 0x2F808, 0x507A, 0, 0x2F809, 0x5099, 0, 0x2F80A,
    0x50E7, 0, 0x2F80B, 0x50CF, 0, 0x2F80C, 0x349E, 0, 0x2F80D, 0x2063A, 0, 0x2F80E, 0x514D, 0,
    0x2F80F, 0x5154, 0, 0x2F810, 0x5164, 0, 0x2F811, 0x5177, 0, 0x2F812, 0x2051C, 0, 0x2F813,
    0x34B9, 0, 0x2F814, 0x5167, 0, 0x2F815, 0x518D, 0, 0x2F816, 0x2054B, 0, 0x2F817, 0x5197, 0,
    0x2F818, 0x51A4, 0, 0x2F819, 0x4ECC, 0, 0x2F81A, 0x51AC, 0, 0x2F81B, 0x51B5, 0, 0x2F81C,
    0x291DF, 0, 0x2F81D, 0x51F5, 0, 0x2F81E, 0x5203, 0, 0x2F81F, 0x34DF, 0, 0x2F820, 0x523B, 0,
    0x2F821, 0x5246, 0, 0x2F822, 0x5272, 0, 0x2F823, 0x5277, 0, 0x2F824, 0x3515, 0, 0x2F825,
    0x52C7, 0, 0x2F826, 0x52C9, 0, 0x2F827, 0x52E4, 0, 0x2F828, 0x52FA, 0, 0x2F829, 0x5305, 0,
    0x2F82A, 0x5306, 0, 0x2F82B, 0x5317, 0, 0x2F82C, 0x5349, 0, 0x2F82D, 0x5351, 0, 0x2F82E,
    0x535A, 0, 0x2F82F, 0x5373, 0, 0x2F830, 0x537D, 0, 0x2F831, 0x537F, 0, 0x2F832, 0x537F, 0,
    0x2F833, 0x537F, 0, 0x2F834, 0x20A2C, 0, 0x2F835, 0x7070, 0, 0x2F836, 0x53CA, 0, 0x2F837,
    0x53DF, 0, 0x2F838, 0x20B63, 0, 0x2F839, 0x53EB, 0, 0x2F83A, 0x53F1, 0, 0x2F83B, 0x5406, 0,
    0x2F83C, 0x549E, 0, 0x2F83D, 0x5438, 0, 0x2F83E, 0x5448, 0, 0x2F83F, 0x5468, 0, 0x2F840,
    0x54A2, 0, 0x2F841, 0x54F6, 0, 0x2F842, 0x5510, 0, 0x2F843, 0x5553, 0, 0x2F844, 0x5563, 0,
    0x2F845, 0x5584, 0, 0x2F846, 0x5584, 0, 0x2F847, 0x5599, 0, 0x2F848, 0x55AB, 0, 0x2F849,
    0x55B3, 0, 0x2F84A, 0x55C2, 0, 0x2F84B, 0x5716, 0, 0x2F84C, 0x5606, 0, 0x2F84D, 0x5717, 0,
    0x2F84E, 0x5651, 0, 0x2F84F, 0x5674, 0, 0x2F850, 0x5207, 0, 0x2F851, 0x58EE, 0, 0x2F852,
    0x57CE, 0, 0x2F853, 0x57F4, 0, 0x2F854, 0x580D, 0, 0x2F855, 0x578B, 0, 0x2F856, 0x5832, 0,
    0x2F857, 0x5831, 0, 0x2F858, 0x58AC, 0, 0x2F859, 0x214E4, 0, 0x2F85A, 0x58F2, 0, 0x2F85B,
    0x58F7, 0, 0x2F85C, 0x5906, 0, 0x2F85D, 0x591A, 0, 0x2F85E, 0x5922, 0, 0x2F85F, 0x5962, 0,
    0x2F860, 0x216A8, 0, 0x2F861, 0x216EA, 0, 0x2F862, 0x59EC, 0, 0x2F863, 0x5A1B, 0, 0x2F864,
    0x5A27, 0, 0x2F865, 0x59D8, 0, 0x2F866, 0x5A66, 0, 0x2F867, 0x36EE, 0, 0x2F868, 0x36FC, 0,
    0x2F869, 0x5B08, 0, 0x2F86A, 0x5B3E, 0, 0x2F86B, 0x5B3E, 0, 0x2F86C, 0x219C8, 0, 0x2F86D,
    0x5BC3, 0, 0x2F86E, 0x5BD8, 0, 0x2F86F, 0x5BE7, 0, 0x2F870, 0x5BF3, 0, 0x2F871, 0x21B18, 0,
    0x2F872, 0x5BFF, 0, 0x2F873, 0x5C06, 0, 0x2F874, 0x5F53, 0, 0x2F875, 0x5C22, 0, 0x2F876,
    0x3781, 0, 0x2F877, 0x5C60, 0, 0x2F878, 0x5C6E, 0, 0x2F879, 0x5CC0, 0, 0x2F87A, 0x5C8D, 0,
    0x2F87B, 0x21DE4, 0, 0x2F87C, 0x5D43, 0, 0x2F87D, 0x21DE6, 0, 0x2F87E, 0x5D6E, 0, 0x2F87F,
    0x5D6B, 0, 0x2F880, 0x5D7C, 0, 0x2F881, 0x5DE1, 0, 0x2F882, 0x5DE2, 0, 0x2F883, 0x382F, 0,
    0x2F884, 0x5DFD, 0, 0x2F885, 0x5E28, 0, 0x2F886, 0x5E3D, 0, 0x2F887, 0x5E69, 0, 0x2F888,
    0x3862, 0, 0x2F889, 0x22183, 0, 0x2F88A, 0x387C, 0, 0x2F88B, 0x5EB0, 0, 0x2F88C, 0x5EB3, 0,
    0x2F88D, 0x5EB6, 0, 0x2F88E, 0x5ECA, 0, 0x2F88F, 0x2A392, 0, 0x2F890, 0x5EFE, 0, 0x2F891,
    0x22331, 0, 0x2F892, 0x22331, 0, 0x2F893, 0x8201, 0, 0x2F894, 0x5F22, 0, 0x2F895, 0x5F22,
    0, 0x2F896, 0x38C7, 0, 0x2F897, 0x232B8, 0, 0x2F898, 0x261DA, 0, 0x2F899, 0x5F62, 0,
    0x2F89A, 0x5F6B, 0, 0x2F89B, 0x38E3, 0, 0x2F89C, 0x5F9A, 0, 0x2F89D, 0x5FCD, 0, 0x2F89E,
    0x5FD7, 0, 0x2F89F, 0x5FF9, 0, 0x2F8A0, 0x6081, 0, 0x2F8A1, 0x393A, 0, 0x2F8A2, 0x391C, 0,
    0x2F8A3, 0x6094, 0, 0x2F8A4, 0x226D4, 0, 0x2F8A5, 0x60C7, 0, 0x2F8A6, 0x6148, 0, 0x2F8A7,
    0x614C, 0, 0x2F8A8, 0x614E, 0, 0x2F8A9, 0x614C, 0, 0x2F8AA, 0x617A, 0, 0x2F8AB, 0x618E, 0,
    0x2F8AC, 0x61B2, 0, 0x2F8AD, 0x61A4, 0, 0x2F8AE, 0x61AF, 0, 0x2F8AF, 0x61DE, 0, 0x2F8B0,
    0x61F2, 0, 0x2F8B1, 0x61F6, 0, 0x2F8B2, 0x6210, 0, 0x2F8B3, 0x621B, 0, 0x2F8B4, 0x625D, 0,
    0x2F8B5, 0x62B1, 0, 0x2F8B6, 0x62D4, 0, 0x2F8B7, 0x6350, 0, 0x2F8B8, 0x22B0C, 0, 0x2F8B9,
    0x633D, 0, 0x2F8BA, 0x62FC, 0, 0x2F8BB, 0x6368, 0, 0x2F8BC, 0x6383, 0, 0x2F8BD, 0x63E4, 0,
    0x2F8BE, 0x22BF1, 0, 0x2F8BF, 0x6422, 0, 0x2F8C0, 0x63C5, 0, 0x2F8C1, 0x63A9, 0, 0x2F8C2,
    0x3A2E, 0, 0x2F8C3, 0x6469, 0, 0x2F8C4, 0x647E, 0, 0x2F8C5, 0x649D, 0, 0x2F8C6, 0x6477, 0,
    0x2F8C7, 0x3A6C, 0, 0x2F8C8, 0x654F, 0, 0x2F8C9, 0x656C, 0, 0x2F8CA, 0x2300A, 0, 0x2F8CB,
    0x65E3, 0, 0x2F8CC, 0x66F8, 0, 0x2F8CD, 0x6649, 0, 0x2F8CE, 0x3B19, 0, 0x2F8CF, 0x6691, 0,
    0x2F8D0, 0x3B08, 0, 0x2F8D1, 0x3AE4, 0, 0x2F8D2, 0x5192, 0, 0x2F8D3, 0x5195, 0, 0x2F8D4,
    0x6700, 0, 0x2F8D5, 0x669C, 0, 0x2F8D6, 0x80AD, 0, 0x2F8D7, 0x43D9, 0, 0x2F8D8, 0x6717, 0,
    0x2F8D9, 0x671B, 0, 0x2F8DA, 0x6721, 0, 0x2F8DB, 0x675E, 0, 0x2F8DC, 0x6753, 0, 0x2F8DD,
    0x233C3, 0, 0x2F8DE, 0x3B49, 0, 0x2F8DF, 0x67FA, 0, 0x2F8E0, 0x6785, 0, 0x2F8E1, 0x6852, 0,
    0x2F8E2, 0x6885, 0, 0x2F8E3, 0x2346D, 0, 0x2F8E4, 0x688E, 0, 0x2F8E5, 0x681F, 0, 0x2F8E6,
    0x6914, 0, 0x2F8E7, 0x3B9D, 0, 0x2F8E8, 0x6942, 0, 0x2F8E9, 0x69A3, 0, 0x2F8EA, 0x69EA, 0,
    0x2F8EB, 0x6AA8, 0, 0x2F8EC, 0x236A3, 0, 0x2F8ED, 0x6ADB, 0, 0x2F8EE, 0x3C18, 0, 0x2F8EF,
    0x6B21, 0, 0x2F8F0, 0x238A7, 0, 0x2F8F1, 0x6B54, 0, 0x2F8F2, 0x3C4E, 0, 0x2F8F3, 0x6B72, 0,
    0x2F8F4, 0x6B9F, 0, 0x2F8F5, 0x6BBA, 0, 0x2F8F6, 0x6BBB, 0, 0x2F8F7, 0x23A8D, 0, 0x2F8F8,
    0x21D0B, 0, 0x2F8F9, 0x23AFA, 0, 0x2F8FA, 0x6C4E, 0, 0x2F8FB, 0x23CBC, 0, 0x2F8FC, 0x6CBF,
    0, 0x2F8FD, 0x6CCD, 0, 0x2F8FE, 0x6C67, 0, 0x2F8FF, 0x6D16, 0, 0x2F900, 0x6D3E, 0, 0x2F901,
    0x6D77, 0, 0x2F902, 0x6D41, 0, 0x2F903, 0x6D69, 0, 0x2F904, 0x6D78, 0, 0x2F905, 0x6D85, 0,
    0x2F906, 0x23D1E, 0, 0x2F907, 0x6D34, 0, 0x2F908, 0x6E2F, 0, 0x2F909, 0x6E6E, 0, 0x2F90A,
    0x3D33, 0, 0x2F90B, 0x6ECB, 0, 0x2F90C, 0x6EC7, 0, 0x2F90D, 0x23ED1, 0, 0x2F90E, 0x6DF9, 0,
    0x2F90F, 0x6F6E, 0, 0x2F910, 0x23F5E, 0, 0x2F911, 0x23F8E, 0, 0x2F912, 0x6FC6, 0, 0x2F913,
    0x7039, 0, 0x2F914, 0x701E, 0, 0x2F915, 0x701B, 0, 0x2F916, 0x3D96, 0, 0x2F917, 0x704A, 0,
    0x2F918, 0x707D, 0, 0x2F919, 0x7077, 0, 0x2F91A, 0x70AD, 0, 0x2F91B, 0x20525, 0, 0x2F91C,
    0x7145, 0, 0x2F91D, 0x24263, 0, 0x2F91E, 0x719C, 0, 0x2F91F, 0x243AB, 0, 0x2F920, 0x7228,
    0, 0x2F921, 0x7235, 0, 0x2F922, 0x7250, 0, 0x2F923, 0x24608, 0, 0x2F924, 0x7280, 0,
    0x2F925, 0x7295, 0, 0x2F926, 0x24735, 0, 0x2F927, 0x24814, 0, 0x2F928, 0x737A, 0, 0x2F929,
    0x738B, 0, 0x2F92A, 0x3EAC, 0, 0x2F92B, 0x73A5, 0, 0x2F92C, 0x3EB8, 0, 0x2F92D, 0x3EB8, 0,
    0x2F92E, 0x7447, 0, 0x2F92F, 0x745C, 0, 0x2F930, 0x7471, 0, 0x2F931, 0x7485, 0, 0x2F932,
    0x74CA, 0, 0x2F933, 0x3F1B, 0, 0x2F934, 0x7524, 0, 0x2F935, 0x24C36, 0, 0x2F936, 0x753E, 0,
    0x2F937, 0x24C92, 0, 0x2F938, 0x7570, 0, 0x2F939, 0x2219F, 0, 0x2F93A, 0x7610, 0, 0x2F93B,
    0x24FA1, 0, 0x2F93C, 0x24FB8, 0, 0x2F93D, 0x25044, 0, 0x2F93E, 0x3FFC, 0, 0x2F93F, 0x4008,
    0, 0x2F940, 0x76F4, 0, 0x2F941, 0x250F3, 0, 0x2F942, 0x250F2, 0, 0x2F943, 0x25119, 0,
    0x2F944, 0x25133, 0, 0x2F945, 0x771E, 0, 0x2F946, 0x771F, 0, 0x2F947, 0x771F, 0, 0x2F948,
    0x774A, 0, 0x2F949, 0x4039, 0, 0x2F94A, 0x778B, 0, 0x2F94B, 0x4046, 0, 0x2F94C, 0x4096, 0,
    0x2F94D, 0x2541D, 0, 0x2F94E, 0x784E, 0, 0x2F94F, 0x788C, 0, 0x2F950, 0x78CC, 0, 0x2F951,
    0x40E3, 0, 0x2F952, 0x25626, 0, 0x2F953, 0x7956, 0, 0x2F954, 0x2569A, 0, 0x2F955, 0x256C5,
    0, 0x2F956, 0x798F, 0, 0x2F957, 0x79EB, 0, 0x2F958, 0x412F, 0, 0x2F959, 0x7A40, 0, 0x2F95A,
    0x7A4A, 0, 0x2F95B, 0x7A4F, 0, 0x2F95C, 0x2597C, 0, 0x2F95D, 0x25AA7, 0, 0x2F95E, 0x25AA7,
    0, 0x2F95F, 0x7AEE, 0, 0x2F960, 0x4202, 0, 0x2F961, 0x25BAB, 0, 0x2F962, 0x7BC6, 0,
    0x2F963, 0x7BC9, 0, 0x2F964, 0x4227, 0, 0x2F965, 0x25C80, 0, 0x2F966, 0x7CD2, 0, 0x2F967,
    0x42A0, 0, 0x2F968, 0x7CE8, 0, 0x2F969, 0x7CE3, 0, 0x2F96A, 0x7D00, 0, 0x2F96B, 0x25F86, 0,
    0x2F96C, 0x7D63, 0, 0x2F96D, 0x4301, 0, 0x2F96E, 0x7DC7, 0, 0x2F96F, 0x7E02, 0, 0x2F970,
    0x7E45, 0, 0x2F971, 0x4334, 0, 0x2F972, 0x26228, 0, 0x2F973, 0x26247, 0, 0x2F974, 0x4359,
    0, 0x2F975, 0x262D9, 0, 0x2F976, 0x7F7A, 0, 0x2F977, 0x2633E, 0, 0x2F978, 0x7F95, 0,
    0x2F979, 0x7FFA, 0, 0x2F97A, 0x8005, 0, 0x2F97B, 0x264DA, 0, 0x2F97C, 0x26523, 0, 0x2F97D,
    0x8060, 0, 0x2F97E, 0x265A8, 0, 0x2F97F, 0x8070, 0, 0x2F980, 0x2335F, 0, 0x2F981, 0x43D5,
    0, 0x2F982, 0x80B2, 0, 0x2F983, 0x8103, 0, 0x2F984, 0x440B, 0, 0x2F985, 0x813E, 0, 0x2F986,
    0x5AB5, 0, 0x2F987, 0x267A7, 0, 0x2F988, 0x267B5, 0, 0x2F989, 0x23393, 0, 0x2F98A, 0x2339C,
    0, 0x2F98B, 0x8201, 0, 0x2F98C, 0x8204, 0, 0x2F98D, 0x8F9E, 0, 0x2F98E, 0x446B, 0, 0x2F98F,
    0x8291, 0, 0x2F990, 0x828B, 0, 0x2F991, 0x829D, 0, 0x2F992, 0x52B3, 0, 0x2F993, 0x82B1, 0,
    0x2F994, 0x82B3, 0, 0x2F995, 0x82BD, 0, 0x2F996, 0x82E6, 0, 0x2F997, 0x26B3C, 0, 0x2F998,
    0x82E5, 0, 0x2F999, 0x831D, 0, 0x2F99A, 0x8363, 0, 0x2F99B, 0x83AD, 0, 0x2F99C, 0x8323, 0,
    0x2F99D, 0x83BD, 0, 0x2F99E, 0x83E7, 0, 0x2F99F, 0x8457, 0, 0x2F9A0, 0x8353, 0, 0x2F9A1,
    0x83CA, 0, 0x2F9A2, 0x83CC, 0, 0x2F9A3, 0x83DC, 0, 0x2F9A4, 0x26C36, 0, 0x2F9A5, 0x26D6B,
    0, 0x2F9A6, 0x26CD5, 0, 0x2F9A7, 0x452B, 0, 0x2F9A8, 0x84F1, 0, 0x2F9A9, 0x84F3, 0,
    0x2F9AA, 0x8516, 0, 0x2F9AB, 0x273CA, 0, 0x2F9AC, 0x8564, 0, 0x2F9AD, 0x26F2C, 0, 0x2F9AE,
    0x455D, 0, 0x2F9AF, 0x4561, 0, 0x2F9B0, 0x26FB1, 0, 0x2F9B1, 0x270D2, 0, 0x2F9B2, 0x456B,
    0, 0x2F9B3, 0x8650, 0, 0x2F9B4, 0x865C, 0, 0x2F9B5, 0x8667, 0, 0x2F9B6, 0x8669, 0, 0x2F9B7,
    0x86A9, 0, 0x2F9B8, 0x8688, 0, 0x2F9B9, 0x870E, 0, 0x2F9BA, 0x86E2, 0, 0x2F9BB, 0x8779, 0,
    0x2F9BC, 0x8728, 0, 0x2F9BD, 0x876B, 0, 0x2F9BE, 0x8786, 0, 0x2F9BF, 0x45D7, 0, 0x2F9C0,
    0x87E1, 0, 0x2F9C1, 0x8801, 0, 0x2F9C2, 0x45F9, 0, 0x2F9C3, 0x8860, 0, 0x2F9C4, 0x8863, 0,
    0x2F9C5, 0x27667, 0, 0x2F9C6, 0x88D7, 0, 0x2F9C7, 0x88DE, 0, 0x2F9C8, 0x4635, 0, 0x2F9C9,
    0x88FA, 0, 0x2F9CA, 0x34BB, 0, 0x2F9CB, 0x278AE, 0, 0x2F9CC, 0x27966, 0, 0x2F9CD, 0x46BE,
    0, 0x2F9CE, 0x46C7, 0, 0x2F9CF, 0x8AA0, 0, 0x2F9D0, 0x8AED, 0, 0x2F9D1, 0x8B8A, 0, 0x2F9D2,
    0x8C55, 0, 0x2F9D3, 0x27CA8, 0, 0x2F9D4, 0x8CAB, 0, 0x2F9D5, 0x8CC1, 0, 0x2F9D6, 0x8D1B, 0,
    0x2F9D7, 0x8D77, 0, 0x2F9D8, 0x27F2F, 0, 0x2F9D9, 0x20804, 0, 0x2F9DA, 0x8DCB, 0, 0x2F9DB,
    0x8DBC, 0, 0x2F9DC, 0x8DF0, 0, 0x2F9DD, 0x208DE, 0, 0x2F9DE, 0x8ED4, 0, 0x2F9DF, 0x8F38, 0,
    0x2F9E0, 0x285D2, 0, 0x2F9E1, 0x285ED, 0, 0x2F9E2, 0x9094, 0, 0x2F9E3, 0x90F1, 0, 0x2F9E4,
    0x9111, 0, 0x2F9E5, 0x2872E, 0, 0x2F9E6, 0x911B, 0, 0x2F9E7, 0x9238, 0, 0x2F9E8, 0x92D7, 0,
    0x2F9E9, 0x92D8, 0, 0x2F9EA, 0x927C, 0, 0x2F9EB, 0x93F9, 0, 0x2F9EC, 0x9415, 0, 0x2F9ED,
    0x28BFA, 0, 0x2F9EE, 0x958B, 0, 0x2F9EF, 0x4995, 0, 0x2F9F0, 0x95B7, 0, 0x2F9F1, 0x28D77,
    0, 0x2F9F2, 0x49E6, 0, 0x2F9F3, 0x96C3, 0, 0x2F9F4, 0x5DB2, 0, 0x2F9F5, 0x9723, 0, 0x2F9F6,
    0x29145, 0, 0x2F9F7, 0x2921A, 0, 0x2F9F8, 0x4A6E, 0, 0x2F9F9, 0x4A76, 0, 0x2F9FA, 0x97E0,
    0, 0x2F9FB, 0x2940A, 0, 0x2F9FC, 0x4AB2, 0, 0x2F9FD, 0x29496, 0, 0x2F9FE, 0x980B, 0,
    0x2F9FF, 0x980B, 0, 0x2FA00, 0x9829, 0, 0x2FA01, 0x295B6, 0, 0x2FA02, 0x98E2, 0, 0x2FA03,
    0x4B33, 0, 0x2FA04, 0x9929, 0, 0x2FA05, 0x99A7, 0, 0x2FA06, 0x99C2, 0, 0x2FA07, 0x99FE, 0,
    0x2FA08, 0x4BCE, 0, 0x2FA09, 0x29B30, 0, 0x2FA0A, 0x9B12, 0, 0x2FA0B, 0x9C40, 0, 0x2FA0C,
    0x9CFD, 0, 0x2FA0D, 0x4CCE, 0, 0x2FA0E, 0x4CED, 0, 0x2FA0F, 0x9D67, 0, 0x2FA10, 0x2A0CE, 0,
    0x2FA11, 0x4CF8, 0, 0x2FA12, 0x2A105, 0, 0x2FA13, 0x2A20E, 0, 0x2FA14, 0x2A291, 0, 0x2FA15,
    0x9EBB, 0, 0x2FA16, 0x4D56, 0, 0x2FA17, 0x9EF9, 0, 0x2FA18, 0x9EFE, 0, 0x2FA19, 0x9F05, 0,
    0x2FA1A, 0x9F0F, 0, 0x2FA1B, 0x9F16, 0, 0x2FA1C, 0x9F3B, 0, 0x2FA1D, 0x2A600, 0
};
/* clang-format on */

#define TC__UNI_PLAIN_FIRST 0x323C0 /* no table says anything of the characters from here ... */
#define TC__UNI_PLAIN_LAST 0xDFFFF  /* ... to here */
#define TC__UNI_COUNT(table) (sizeof(table) / sizeof *(table))

static int tc__uni_in(const uint32_t *ranges, size_t count, uint32_t code) {
    size_t low = 0, high = count / 2;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (code < ranges[2 * middle])
            high = middle;
        else if (code > ranges[2 * middle + 1])
            low = middle + 1;
        else
            return 1;
    }
    return 0;
}
#define TC__UNI_IN(table, code) tc__uni_in(table, TC__UNI_COUNT(table), code)

static uint32_t tc__uni_class(uint32_t code) {
    size_t low = 0, high = TC__UNI_COUNT(tc__uni_ccc) / 3;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (code < tc__uni_ccc[3 * middle])
            high = middle;
        else if (code > tc__uni_ccc[3 * middle + 1])
            low = middle + 1;
        else
            return tc__uni_ccc[3 * middle + 2];
    }
    return 0;
}

/* Lower case, context-free: 1 or 2 code points (2 for U+0130 alone). */
static size_t tc__uni_lowercase(uint32_t code, uint32_t *out) {
    size_t low = 0, high = TC__UNI_COUNT(tc__uni_lower) / 4;
    out[0] = code;
    if (code == 0x130) {
        out[0] = 0x69;
        out[1] = 0x307;
        return 2;
    }
    while (low < high) {
        size_t middle = (low + high) / 2;
        const uint32_t *run = tc__uni_lower + 4 * middle;
        if (code < run[0])
            high = middle;
        else if (code > run[1])
            low = middle + 1;
        else {
            if ((code - run[0]) % run[2] == 0) out[0] = code - run[0] + run[3];
            break;
        }
    }
    return 1;
}

/* The row of a code point that decomposes, or null. */
static const uint32_t *tc__uni_parts(uint32_t code) {
    size_t low = 0, high = TC__UNI_COUNT(tc__uni_nfd) / 3;
    while (low < high) {
        size_t middle = (low + high) / 2;
        const uint32_t *row = tc__uni_nfd + 3 * middle;
        if (code == *row) return row;
        if (code < *row)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

/* Full canonical decomposition: 1 to 4 code points. */
static size_t tc__uni_decompose(uint32_t code, uint32_t *out) {
    const uint32_t *row;
    uint32_t last[3];
    size_t n = 0, i;
    if (code - 0xAC00 < 11172) {
        uint32_t s = code - 0xAC00;
        out[0] = 0x1100 + s / 588;
        out[1] = 0x1161 + s % 588 / 28;
        out[2] = 0x11A7 + s % 28;
        return s % 28 ? 3 : 2;
    }
    for (; (row = tc__uni_parts(code)) != NULL; code = row[1])
        if (row[2]) last[n++] = row[2];
    out[0] = code;
    for (i = 0; i < n; i++) out[1 + i] = last[n - 1 - i];
    return n + 1;
}

/* ========================================================================= 40-tok
 * The tokenizer as the file holds it: tries and tables that are used where they lie. */

/* A double-array trie over bytes. A unit is {link, id}: link = used (bit 31), has children
 * (bit 30), base (bits 8 to 29), label (bits 0 to 7); the child by byte c of a unit is unit
 * base ^ c, if that one is used and labelled c (no two units share a base, so nothing else need
 * be compared). id is the value of the string that ends there, or -1. Unit 0 is the root. */
typedef struct tc__trie {
    const uint32_t *units; /* [2 * count] */
    uint32_t count;        /* a multiple of 256, or 0 */
} tc__trie;

#define TC__TRIE_USED 0x80000000u
#define TC__TRIE_PARENT 0x40000000u
#define TC__TRIE_NONE UINT32_MAX

/* Limits that keep time linear in the text whatever a file says. The second is that of tokens
 * in bytes. */
enum { TC__STEPS = 64, TC__TRIE_DEEPEST = 1024 };

TC__INLINE uint32_t tc__tok_child(const tc__trie *t, uint32_t unit, unsigned char c) {
    uint32_t link = t->units[2 * unit], next;
    if (!(link & TC__TRIE_PARENT)) return TC__TRIE_NONE;
    next = (link >> 8 & 0x3FFFFF) ^ c;
    return (t->units[2 * next] & (TC__TRIE_USED | 0xFF)) == (TC__TRIE_USED | c) ? next
                                                                                : TC__TRIE_NONE;
}

/* The longest string of the trie that s starts with, behind `unit`: its value, and its
 * length in *length; -1 if there is none. */
static int32_t tc__tok_longest(const tc__trie *t, uint32_t unit, const char *s, size_t n,
                               size_t *length) {
    int32_t found = -1;
    uint32_t link;
    size_t i = 0;
    if (unit == TC__TRIE_NONE || !t->count) return -1;
    if (n > TC__TRIE_DEEPEST) n = TC__TRIE_DEEPEST; /* a trie of a file may have cycles */
    link = t->units[2 * unit];
    while (i < n && link & TC__TRIE_PARENT) {
        unsigned char c = (unsigned char)s[i++];
        const uint32_t *child = t->units + 2 * (size_t)((link >> 8 & 0x3FFFFF) ^ c);
        link = child[0];
        if ((link & (TC__TRIE_USED | 0xFF)) != (TC__TRIE_USED | c)) break;
        if ((int32_t)child[1] >= 0) {
            found = (int32_t)child[1];
            *length = i;
        }
    }
    return found;
}

/* What the normalizer does with a character, and what the character is where it comes out. */
enum {
    TC__CHAR_VALUE =
        0x1FFFFF, /* what stands for it, 0 = itself; with SEQUENCE: a place in the pool */
    TC__CHAR_DROP = 1 << 21,     /* kind in bits 21 and 22 */
    TC__CHAR_SEQUENCE = 2 << 21, /* pool: count, then code points */
    TC__CHAR_HANGUL = 3 << 21,   /* decomposed by rule */
    TC__CHAR_KIND = 3 << 21,
    TC__CHAR_CJK = 1 << 23,      /* a space on both sides */
    TC__CHAR_HEAD = 1 << 24,     /* its decomposition begins with a class other than 0 */
    TC__CHAR_TAIL = 1 << 25,     /* ... ends so */
    TC__CHAR_SURVIVOR = 1 << 26, /* a part of class other than 0 is not deleted */
    TC__CHAR_WHITE = 1 << 27,    /* splits words */
    TC__CHAR_PUNCT = 1 << 28,    /* is a word of its own */
    TC__CHAR_WORD = 1 << 29,     /* a word character of regular expressions */
    TC__CHAR_REMOVED = 1 << 30,  /* deleted before marks are ordered */
    /* does not become one character whatever marks stand beside it */
    TC__CHAR_NOT_PLAIN = TC__CHAR_KIND | TC__CHAR_CJK | TC__CHAR_HEAD | TC__CHAR_SURVIVOR
};

enum { /* flags of a tokenizer */
       TC__TOK_CLEAN = 1,
       TC__TOK_CHINESE = 2,
       TC__TOK_STRIP = 4,
       TC__TOK_LOWER = 8,
       TC__TOK_TRUNCATE_LEFT = 16,
       TC__TOK_DECODER = 32,
       TC__TOK_DECODER_CLEANUP = 64,
       TC__TOK_CLEANUP = 128
};

enum { /* flags of an added token */
       TC__ADDED_SPECIAL = 1,
       TC__ADDED_NORMALIZED = 2,
       TC__ADDED_SINGLE_WORD = 4,
       TC__ADDED_LSTRIP = 8,
       TC__ADDED_RSTRIP = 16
};

typedef struct tc__added {
    uint32_t offset, length; /* content, in the strings */
    int32_t id;
    uint32_t flags;
} tc__added;

typedef struct tc__step {
    int32_t id; /* of a special token, or -1 for a sequence */
    uint8_t sequence, type, reserved[2];
} tc__step;

/* The 32 numbers at the front of the section; the manual names them. */
enum {
    TC__TOK_KIND,
    TC__TOK_VOCAB,
    TC__TOK_FLAGS,
    TC__TOK_UNK,
    TC__TOK_MAX_CHARS,
    TC__TOK_UNITS,
    TC__TOK_ADDED,
    TC__TOK_SINGLE,
    TC__TOK_PAIR,
    TC__TOK_BLOCKS,
    TC__TOK_POOL,
    TC__TOK_RAW_UNITS,
    TC__TOK_NORMALIZED_UNITS,
    TC__TOK_STRING_BYTES,
    TC__TOK_STRINGS_AT,
    TC__TOK_TOKENS_AT,
    TC__TOK_TRIE_AT,
    TC__TOK_INDEX_AT,
    TC__TOK_BLOCKS_AT,
    TC__TOK_POOL_AT,
    TC__TOK_ADDED_AT,
    TC__TOK_RAW_AT,
    TC__TOK_NORMALIZED_AT,
    TC__TOK_STEPS_AT,
    TC__TOK_PREFIX_AT,
    TC__TOK_PREFIX_BYTES,
    TC__TOK_DECODER_AT,
    TC__TOK_DECODER_BYTES,
    TC__TOK_WORD_UNK,
    TC__TOK_NUMBERS = 32
};

#define TC__CHAR_INDEX                                                                         \
    17409 /* 0x110000 / 64 blocks of code points, and one for ill-formed bytes */

/* What a character becomes that is not TC__CHAR_NOT_PLAIN. */
typedef struct tc__plain {
    char bytes[3];
    unsigned char how; /* bits 0, 1: how many bytes; 2, 3: their kind; 0 = see the entry */
} tc__plain;

struct tc_tokenizer {
    const char *strings;
    const uint32_t *tokens; /* [vocab + 1] offsets in the strings */
    uint32_t vocab, size, flags, max_chars;
    int32_t unk, word_unk;
    tc__trie words, raw, normalized; /* vocabulary by id; added tokens by index */
    uint32_t continuing;             /* unit behind the prefix "##" */
    const uint16_t *index;           /* [TC__CHAR_INDEX] */
    const uint32_t *blocks;          /* [n][64] */
    const uint32_t *pool;
    const tc__added *added; /* by id */
    uint32_t added_count, single_count, pair_count;
    const tc__step *single, *pair;
    tc_string prefix, decoder_prefix;
    uint16_t ascii[256];    /* normalized byte and, from bit 8, its kind; 0 = see the entry */
    tc__plain plain[0x800]; /* by code point: characters of two bytes */
    unsigned char starts[256]; /* 1: a raw added token begins so */
    int start;                 /* the byte that all of them begin with, -1 if they do not */
};

/* Of a normalized byte; TAIL: in a character that is no part of a word, but not its first. */
enum { TC__BYTE_WORD, TC__BYTE_WHITE, TC__BYTE_PUNCT, TC__BYTE_TAIL };

TC__INLINE uint32_t tc__tok_char(const tc_tokenizer *t, uint32_t code) {
    return t->blocks[(size_t)t->index[code >> 6] * 64 + (code & 63)];
}

TC__INLINE unsigned char tc__tok_kind(uint32_t entry) {
    return entry & TC__CHAR_WHITE   ? TC__BYTE_WHITE
           : entry & TC__CHAR_PUNCT ? TC__BYTE_PUNCT
                                    : TC__BYTE_WORD;
}

TC__INLINE tc_string tc__tok_string(const char *data, size_t length) {
    tc_string s;
    s.data = data;
    s.length = length;
    return s;
}

/* The order of the bytes; that of Python's sorted() for UTF-8. */
static int tc__tok_compare(tc_string a, tc_string b) {
    size_t n = tc__mem_least(a.length, b.length);
    int order = n ? memcmp(a.data, b.data, n) : 0;
    return order ? order : (a.length > b.length) - (a.length < b.length);
}

static const tc__added *tc__tok_added(const tc_tokenizer *t, int32_t id) {
    uint32_t low = 0, high = t->added_count;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (t->added[middle].id < id)
            low = middle + 1;
        else
            high = middle;
    }
    return low < t->added_count && t->added[low].id == id ? t->added + low : NULL;
}

/* The vocabulary's string of an id, empty if it has none. */
static tc_string tc__tok_piece(const tc_tokenizer *t, int32_t id) {
    if (id < 0 || (uint32_t)id >= t->vocab) return tc__tok_string("", 0);
    return tc__tok_string(t->strings + t->tokens[id], t->tokens[id + 1] - t->tokens[id]);
}

/* The string of an id: an added token's content, else the vocabulary's. */
static tc_string tc__tok_token(const tc_tokenizer *t, int32_t id) {
    const tc__added *a = tc__tok_added(t, id);
    return a ? tc__tok_string(t->strings + a->offset, a->length) : tc__tok_piece(t, id);
}

/* A table of `count` elements of `size` bytes at the offset of number `at`; null if it does not
 * lie in the section, or not on 4 bytes. */
static const void *tc__tok_table(const uint32_t *numbers, size_t bytes, int at, uint64_t count,
                                 size_t size) {
    uint64_t offset = numbers[at];
    if (offset % 4 || offset > bytes || count > (bytes - offset) / size) return NULL;
    return (const char *)numbers + offset;
}

static int tc__tok_trie_valid(const tc__trie *t, uint32_t values) {
    uint32_t i;
    if (t->count % 256) return 0;
    for (i = 0; i < t->count; i++) {
        uint32_t link = t->units[2 * i], id = t->units[2 * i + 1];
        if ((link & TC__TRIE_PARENT) && (link >> 8 & 0x3FFFFF) >= t->count) return 0;
        if (id != UINT32_MAX && id >= values) return 0;
    }
    return 1;
}

static int tc__tok_chars_valid(const tc_tokenizer *t, uint32_t blocks, uint32_t pool) {
    size_t i;
    for (i = 0; i < TC__CHAR_INDEX; i++)
        if (t->index[i] >= blocks) return 0;
    for (i = 0; i < (size_t)blocks * 64; i++) {
        uint32_t entry = t->blocks[i], value = entry & TC__CHAR_VALUE, count, j;
        if ((entry & TC__CHAR_KIND) == 0 && value >= 0x110000) return 0;
        if ((entry & TC__CHAR_KIND) != TC__CHAR_SEQUENCE) continue;
        if (value >= pool) return 0;
        count = t->pool[value];
        if (count > 8 || count > pool - value - 1) return 0;
        for (j = 1; j <= count; j++)
            if (t->pool[value + j] >= 0x110000) return 0;
    }
    return 1;
}

static int tc__tok_steps_valid(const tc__step *steps, uint32_t count, int sequences) {
    uint32_t i;
    int seen = 0;
    if (count > TC__STEPS) return 0;
    for (i = 0; i < count; i++) {
        if (steps[i].id < -1) return 0;
        if (steps[i].id >= 0) continue;
        if (steps[i].sequence >= sequences || seen >> steps[i].sequence & 1) return 0;
        seen |= 1 << steps[i].sequence; /* once only: windows are as long as was asked for */
    }
    return !count || seen == (1 << sequences) - 1;
}

static int tc__tok_added_valid(const tc_tokenizer *t, uint32_t bytes) {
    uint32_t i;
    for (i = 0; i < t->added_count; i++) {
        const tc__added *a = t->added + i;
        if (a->offset > bytes || a->length > bytes - a->offset || !a->length ||
            a->length > TC__TRIE_DEEPEST)
            return 0;
        if (a->id < 0 || a->id == INT32_MAX || (i && a->id <= a[-1].id)) return 0;
    }
    return 1;
}

static void tc__tok_ascii(tc_tokenizer *t) {
    int c, starts = 0;
    for (c = 0; c < 256; c++) {
        uint32_t entry = c < 128 ? tc__tok_char(t, (uint32_t)c) : 0,
                 value = entry & TC__CHAR_VALUE;
        if (!value) value = (uint32_t)c;
        if (c < 128 && !(entry & TC__CHAR_KIND) && value && value < 128)
            t->ascii[c] =
                (uint16_t)(value | (uint32_t)tc__tok_kind(tc__tok_char(t, value)) << 8);
        t->starts[c] =
            t->raw.count && tc__tok_child(&t->raw, 0, (unsigned char)c) != TC__TRIE_NONE;
        if (t->starts[c]) t->start = starts++ ? -1 : c;
    }
    if (!starts) t->start = -1;
}

/* Bytes (room for 3) that a character of at most 3 becomes, and tc__plain.how; 0 if it is not
 * plain. */
TC__INLINE uint32_t tc__tok_plain(const tc_tokenizer *t, uint32_t code, char *out) {
    uint32_t entry = tc__tok_char(t, code), value = entry & TC__CHAR_VALUE;
    if (value > 0xFFFF || (entry & TC__CHAR_NOT_PLAIN)) return 0;
    if (value) {
        code = value;
        entry = tc__tok_char(t, code);
    }
    return tc__utf8_put(out, code) | (uint32_t)tc__tok_kind(entry) << 2;
}

static void tc__tok_plains(tc_tokenizer *t) {
    uint32_t code;
    for (code = 0x80; code < 0x800; code++)
        t->plain[code].how = (unsigned char)tc__tok_plain(t, code, t->plain[code].bytes);
}

/* Points *t at the tables of a section; 0 if one lies outside of it. */
static int tc__tok_point(tc_tokenizer *t, const uint32_t *n, size_t bytes) {
    uint64_t steps = (uint64_t)t->single_count + t->pair_count, ends = (uint64_t)t->vocab + 1;
    const void *table[10];
    size_t i = 0;
    table[0] = tc__tok_table(n, bytes, TC__TOK_STRINGS_AT, n[TC__TOK_STRING_BYTES], 1);
    table[1] = tc__tok_table(n, bytes, TC__TOK_TOKENS_AT, ends, 4);
    table[2] = tc__tok_table(n, bytes, TC__TOK_TRIE_AT, t->words.count, 8);
    table[3] = tc__tok_table(n, bytes, TC__TOK_RAW_AT, t->raw.count, 8);
    table[4] = tc__tok_table(n, bytes, TC__TOK_NORMALIZED_AT, t->normalized.count, 8);
    table[5] = tc__tok_table(n, bytes, TC__TOK_INDEX_AT, TC__CHAR_INDEX, 2);
    table[6] = tc__tok_table(n, bytes, TC__TOK_BLOCKS_AT, n[TC__TOK_BLOCKS], 256);
    table[7] = tc__tok_table(n, bytes, TC__TOK_POOL_AT, n[TC__TOK_POOL], 4);
    table[8] = tc__tok_table(n, bytes, TC__TOK_ADDED_AT, t->added_count, sizeof *t->added);
    table[9] = tc__tok_table(n, bytes, TC__TOK_STEPS_AT, steps, sizeof *t->single);
    while (i < 10 && table[i]) i++;
    if (i < 10) return 0;
    t->strings = (const char *)table[0];
    t->tokens = (const uint32_t *)table[1];
    t->words.units = (const uint32_t *)table[2];
    t->raw.units = (const uint32_t *)table[3];
    t->normalized.units = (const uint32_t *)table[4];
    t->index = (const uint16_t *)table[5];
    t->blocks = (const uint32_t *)table[6];
    t->pool = (const uint32_t *)table[7];
    t->added = (const tc__added *)table[8];
    t->single = (const tc__step *)table[9];
    t->pair = t->single + t->single_count;
    return 1;
}

/* Strings are UTF-8, tokens begin where a character does, prefixes lie within. */
static int tc__tok_strings_valid(tc_tokenizer *t, const uint32_t *n) {
    uint32_t bytes = n[TC__TOK_STRING_BYTES], i;
    if (t->vocab > INT32_MAX - 1 || tc__utf8_check(t->strings, bytes) != bytes) return 0;
    for (i = 0; i <= t->vocab; i++) {
        uint32_t at = t->tokens[i];
        if (at > bytes || (i && at < t->tokens[i - 1])) return 0;
        if (i && at - t->tokens[i - 1] > TC__TRIE_DEEPEST) return 0;
        if (at < bytes && (t->strings[at] & 0xC0) == 0x80) return 0;
    }
    if (n[TC__TOK_PREFIX_AT] > bytes || n[TC__TOK_DECODER_AT] > bytes ||
        n[TC__TOK_PREFIX_BYTES] > bytes - n[TC__TOK_PREFIX_AT] ||
        n[TC__TOK_DECODER_BYTES] > bytes - n[TC__TOK_DECODER_AT])
        return 0;
    t->prefix = tc__tok_string(t->strings + n[TC__TOK_PREFIX_AT], n[TC__TOK_PREFIX_BYTES]);
    t->decoder_prefix =
        tc__tok_string(t->strings + n[TC__TOK_DECODER_AT], n[TC__TOK_DECODER_BYTES]);
    return 1;
}

static int tc__tok_valid(tc_tokenizer *t, const uint32_t *n) {
    return tc__tok_strings_valid(t, n) && t->words.count &&
           tc__tok_trie_valid(&t->words, t->vocab) &&
           tc__tok_trie_valid(&t->raw, t->added_count) &&
           tc__tok_trie_valid(&t->normalized, t->added_count) &&
           tc__tok_chars_valid(t, n[TC__TOK_BLOCKS], n[TC__TOK_POOL]) &&
           tc__tok_added_valid(t, n[TC__TOK_STRING_BYTES]) &&
           tc__tok_steps_valid(t->single, t->single_count, 1) &&
           tc__tok_steps_valid(t->pair, t->pair_count, 2) && t->unk >= -1 &&
           (t->unk < 0 || (uint32_t)t->unk < t->vocab) && t->word_unk >= -1;
}

/* Points *t into a section of `bytes` bytes, every number of it checked. 0 if broken. */
static int tc__tok_open(tc_tokenizer *t, const void *section, size_t bytes) {
    const uint32_t *n = (const uint32_t *)section;
    uint32_t unit = 0, i;
    memset(t, 0, sizeof *t);
    if (bytes < TC__TOK_NUMBERS * 4 || n[TC__TOK_KIND] != 1) return 0;
    t->vocab = n[TC__TOK_VOCAB];
    t->flags = n[TC__TOK_FLAGS];
    t->unk = (int32_t)n[TC__TOK_UNK];
    t->word_unk = n[TC__TOK_WORD_UNK] ? (int32_t)(n[TC__TOK_WORD_UNK] - 2) : t->unk;
    t->max_chars = n[TC__TOK_MAX_CHARS];
    t->words.count = n[TC__TOK_UNITS];
    t->raw.count = n[TC__TOK_RAW_UNITS];
    t->normalized.count = n[TC__TOK_NORMALIZED_UNITS];
    t->added_count = n[TC__TOK_ADDED];
    t->single_count = n[TC__TOK_SINGLE];
    t->pair_count = n[TC__TOK_PAIR];
    if (!tc__tok_point(t, n, bytes) || !tc__tok_valid(t, n)) return 0;
    t->size = t->vocab;
    if (t->added_count && (uint32_t)t->added[t->added_count - 1].id >= t->size)
        t->size = (uint32_t)t->added[t->added_count - 1].id + 1;
    for (i = 0; i < t->prefix.length && unit != TC__TRIE_NONE; i++)
        unit = tc__tok_child(&t->words, unit, (unsigned char)t->prefix.data[i]);
    t->continuing = unit;
    tc__tok_ascii(t);
    tc__tok_plains(t);
    return 1;
}

typedef struct tc__described { /* a description as it was allocated; its arrays follow */
    tc_env env;
    size_t size;
    tc_tokenizer_desc desc;
} tc__described;

static void tc__tok_settings(const tc_tokenizer *t, tc_tokenizer_desc *d) {
    d->continuing_prefix = t->prefix;
    d->decoder_prefix = t->decoder_prefix;
    d->unk_id = t->unk;
    d->word_unk_id = t->word_unk;
    d->word_unk = t->word_unk != t->unk;
    d->max_word_chars = t->max_chars;
    d->clean_text = (t->flags & TC__TOK_CLEAN) != 0;
    d->handle_chinese_chars = (t->flags & TC__TOK_CHINESE) != 0;
    d->strip_accents = (t->flags & TC__TOK_STRIP) != 0;
    d->lowercase = (t->flags & TC__TOK_LOWER) != 0;
    d->truncate_left = (t->flags & TC__TOK_TRUNCATE_LEFT) != 0;
    d->decoder_wordpiece = (t->flags & TC__TOK_DECODER) != 0;
    d->decoder_cleanup = (t->flags & TC__TOK_DECODER_CLEANUP) != 0;
    d->clean_up_spaces = (t->flags & TC__TOK_CLEANUP) != 0;
}

/* The inverse of what a writer stores; an id without a token has data null. */
static tc_status tc__tok_describe(const tc_tokenizer *t, const tc_env *env,
                                  tc_tokenizer_desc **out) {
    uint64_t steps = (uint64_t)t->single_count + t->pair_count;
    uint64_t size = sizeof(tc__described) + (uint64_t)t->vocab * sizeof(tc_string) +
                    (uint64_t)t->added_count * sizeof(tc_added_token) +
                    steps * sizeof(tc_template_step);
    tc__described *block =
        size > TC__SIZE_LIMIT ? NULL : (tc__described *)tc__mem_zero(env, (size_t)size);
    tc_string *vocab;
    tc_added_token *added;
    tc_template_step *step;
    uint32_t i;
    if (!block) return tc__diag_memory(env->diag);
    vocab = (tc_string *)(void *)(block + 1);
    added = (tc_added_token *)(void *)(vocab + t->vocab);
    step = (tc_template_step *)(void *)(added + t->added_count);
    for (i = 0; i < t->vocab; i++) {
        vocab[i].length = t->tokens[i + 1] - t->tokens[i];
        if (vocab[i].length) vocab[i].data = t->strings + t->tokens[i];
    }
    for (i = 0; i < t->added_count; i++) {
        uint32_t flags = t->added[i].flags;
        added[i].content = tc__tok_string(t->strings + t->added[i].offset, t->added[i].length);
        added[i].id = t->added[i].id;
        added[i].special = (flags & TC__ADDED_SPECIAL) != 0;
        added[i].normalized = (flags & TC__ADDED_NORMALIZED) != 0;
        added[i].single_word = (flags & TC__ADDED_SINGLE_WORD) != 0;
        added[i].lstrip = (flags & TC__ADDED_LSTRIP) != 0;
        added[i].rstrip = (flags & TC__ADDED_RSTRIP) != 0;
    }
    for (i = 0; i < steps; i++) {
        step[i].id = t->single[i].id;
        step[i].sequence = t->single[i].sequence;
        step[i].type = t->single[i].type;
    }
    block->env = *env;
    block->env.diag = NULL;
    block->size = (size_t)size;
    block->desc.vocab = vocab;
    block->desc.vocab_count = t->vocab;
    block->desc.added = t->added_count ? added : NULL;
    block->desc.added_count = t->added_count;
    block->desc.single = t->single_count ? step : NULL;
    block->desc.single_count = t->single_count;
    block->desc.pair = t->pair_count ? step + t->single_count : NULL;
    block->desc.pair_count = t->pair_count;
    tc__tok_settings(t, &block->desc);
    *out = &block->desc;
    return TC_OK;
}

static void tc__tok_forget(tc_tokenizer_desc *desc) {
    tc__described *block;
    tc_env env;
    if (!desc) return;
    block = (tc__described *)(void *)((char *)(void *)desc - offsetof(tc__described, desc));
    env = block->env;
    tc__mem_free(&env, block, block->size);
}

/* ======================================================================== 41-norm
 * Text to normalized text: the BERT normalizer of spec file tokenizer-wordpiece.md section 1,
 * with the source of every byte (tokenizer-common.md section 3). */

typedef struct tc__element { /* one code point while marks are put in order */
    uint32_t code, order;    /* canonical combining class */
    int inserted;            /* not the first part of its character's decomposition */
} tc__element;

/* A word already split into pieces, by its 16 bytes of normalized text. Two slots are a cache
 * line. A piece is its id and, from TC__PIECE_END on, where it ends in the word. */
typedef struct tc__slot {
    uint64_t key[2];
    uint32_t pieces[3]; /* more than three lie in the encoding's pool from number [0] on */
    uint16_t length, count;
} tc__slot;

/* A word in the normalized text. */
typedef struct tc__word {
    size_t start, end;
    uint64_t key[2], hash; /* its first 16 bytes */
} tc__word;

enum {
    TC__SLOT_BITS = 10, /* of the number of pairs of slots at first, and at most */
    TC__SLOT_MOST_BITS = 16,
    TC__POOL = 262144,
    TC__PIECE_END = 27,
    TC__CHUNK = 4096,
    TC__MOST_PAIRS = 1 << 16
};

struct tc_encoding {
    tc_env env;
    const tc_tokenizer *tokenizer;
    const char *text; /* the sequence at work */
    size_t length;
    tc_pos cursor;         /* up to where the text is done: a chunk's beginning */
    tc_pos began;          /* where the last added token starts */
    tc__buf normal, kinds; /* of a chunk: bytes, and TC__BYTE_... of each */
    int linear;            /* the chunk is ASCII, one to one; if it is not: */
    tc__buf source;        /* for each normal byte the number (u32) of its character */
    tc__buf places; /* u64 of each character of the chunk, and of its end: its byte, and << 32
                     * the characters of two UTF-16 units before it */
    uint32_t chars, astral; /* characters so far, and those of two UTF-16 units */
    tc__buf elements, sorted, sources;
    void *slot_block;
    tc__slot *slots; /* [2 << slot_bits] in it, from a cache line on */
    uint32_t slot_bits, slots_used;
    tc__buf pool;   /* u32; beyond TC__POOL all words are forgotten */
    tc__buf pieces; /* int32 id and u32 end, in turn */
    tc__buf sequence[2], out, windows, parts[2]; /* tokens; windows and parts are tc__range */
    tc__buf added_text, added_ranges;
    const char *spelled; /* end of the last of these in the text, where it may hold the next */
    tc__buf decoded, strings;
    int strict;
};

typedef struct tc__range {
    size_t first, count;
} tc__range;

/* Notes the place of a character, which stands at text[byte], behind those noted before. */
TC__INLINE void tc__norm_place(tc_encoding *e, size_t byte, uint32_t code) {
    uint64_t *places = (uint64_t *)(void *)e->places.data;
    places[e->chars++] = byte | (uint64_t)e->astral << 32;
    e->astral += code >= 0x10000 && code != TC__ILL_FORMED;
}

static size_t tc__norm_put(tc_encoding *e, size_t n, uint32_t code, uint32_t source) {
    uint32_t *sources = (uint32_t *)(void *)e->source.data;
    uint32_t length = tc__utf8_put(e->normal.data + n, code), i;
    unsigned char kind = tc__tok_kind(tc__tok_char(e->tokenizer, code));
    for (i = 0; i < length; i++) {
        sources[n + i] = source;
        e->kinds.data[n + i] = (char)kind;
        if (kind) kind = TC__BYTE_TAIL;
    }
    return n + length;
}

/* Writes what the entry of a character says; returns the new end of the normalized text. */
static size_t tc__norm_entry(tc_encoding *e, size_t n, uint32_t entry, uint32_t code,
                             uint32_t source) {
    const tc_tokenizer *t = e->tokenizer;
    uint32_t value = entry & TC__CHAR_VALUE, i, parts[4];
    size_t count;
    switch (entry & TC__CHAR_KIND) {
    case TC__CHAR_DROP: return n;
    case TC__CHAR_HANGUL:
        count = tc__uni_decompose(code, parts);
        for (i = 0; i < count; i++) n = tc__norm_put(e, n, parts[i], source);
        return n;
    case TC__CHAR_SEQUENCE:
        for (i = 1; i <= t->pool[value]; i++)
            n = tc__norm_put(e, n, t->pool[value + i], source);
        return n;
    default: break;
    }
    if (entry & TC__CHAR_CJK) n = tc__norm_put(e, n, ' ', source);
    n = tc__norm_put(e, n, value ? value : code, source);
    if (entry & TC__CHAR_CJK) n = tc__norm_put(e, n, ' ', source);
    return n;
}

static tc_status tc__norm_room(tc_encoding *e, size_t n, size_t source_bytes) {
    /* A byte of text becomes at most 4 of normalized text where section 39 says what it
     * becomes, and at most 32 (8 code points) where the file does: see `room`. */
    uint64_t need = (uint64_t)n + 4 * (uint64_t)source_bytes + 64;
    tc_status status;
    e->normal.used = e->source.used = e->kinds.used = 0;
    status = tc__mem_reserve(&e->env, &e->normal, need);
    if (!status) status = tc__mem_reserve(&e->env, &e->kinds, need);
    return status ? status : tc__mem_reserve(&e->env, &e->source, need * 4);
}

/* Stable order by combining class of every run of classes other than 0 (UAX 15, D109). */
static void tc__norm_sort(tc__element *x, tc__element *spare, size_t n) {
    size_t first, last, i, place[256];
    for (first = 0; first < n; first = last) {
        last = first + 1;
        if (!x[first].order) continue;
        memset(place, 0, sizeof place);
        for (last = first; last < n && x[last].order; last++)
            if (x[last].order < 255) place[x[last].order + 1]++;
        for (i = 1; i < 256; i++) place[i] += place[i - 1];
        for (i = first; i < last; i++) spare[place[x[i].order & 255]++] = x[i];
        memcpy(x + first, spare, (last - first) * sizeof *x);
    }
}

/* Normalizes a run of marks of which some survive: decomposition, canonical order, then
 * deletion and lower case. The k-th element that replaces a character gets the place of the
 * k-th. */
static tc_status tc__norm_marks(tc_encoding *e, size_t *n, const unsigned char *p,
                                const unsigned char *end) {
    const unsigned char *text = (const unsigned char *)e->text, *stop = text + e->length;
    tc__element *x;
    uint32_t *sources, code, parts[4];
    size_t count = 0, taken = 0, i, k, m, bytes = (size_t)(end - p);
    e->elements.used = e->sorted.used = e->sources.used = 0;
    if (tc__mem_reserve(&e->env, &e->elements, (uint64_t)bytes * 2 * sizeof *x) ||
        tc__mem_reserve(&e->env, &e->sorted, (uint64_t)bytes * 2 * sizeof *x) ||
        tc__mem_reserve(&e->env, &e->sources, (uint64_t)bytes * sizeof *sources))
        return TC_ERROR_MEMORY;
    /* at most 2 parts for each byte */
    x = (tc__element *)(void *)e->elements.data;
    sources = (uint32_t *)(void *)e->sources.data;
    for (k = 0; p < end;) {
        uint32_t at = e->chars, length = tc__utf8_next(p, stop, &code);
        tc__norm_place(e, (size_t)(p - text), code);
        p += length;
        if (tc__tok_char(e->tokenizer, code) & TC__CHAR_REMOVED) continue;
        m = tc__uni_decompose(code, parts);
        for (i = 0; i < m; i++, count++) {
            x[count].code = parts[i];
            x[count].order = tc__uni_class(parts[i]);
            x[count].inserted = i > 0;
        }
        sources[k++] = at;
    }
    tc__norm_sort(x, (tc__element *)(void *)e->sorted.data, count);
    for (i = 0; i < count; i++) {
        uint32_t source = sources[taken ? taken - 1 : 0];
        if (!x[i].inserted) source = sources[taken++];
        if (TC__UNI_IN(tc__uni_mn, x[i].code)) continue;
        parts[0] = x[i].code;
        m = e->tokenizer->flags & TC__TOK_LOWER ? tc__uni_lowercase(x[i].code, parts) : 1;
        for (k = 0; k < m; k++) *n = tc__norm_put(e, *n, parts[k], source);
    }
    return TC_OK;
}

/* End of the run of marks that begins with the character at p; *survives tells whether one of
 * them is left after deletion. */
static const unsigned char *tc__norm_run(const tc_encoding *e, const unsigned char *p,
                                         const unsigned char *end, int *survives) {
    const unsigned char *stop = (const unsigned char *)e->text + e->length;
    uint32_t code, entry;
    p += tc__utf8_next(p, stop, &code);
    entry = tc__tok_char(e->tokenizer, code);
    *survives = (entry & TC__CHAR_SURVIVOR) != 0;
    while (p < end) {
        uint32_t bytes = tc__utf8_next(p, stop, &code);
        entry = tc__tok_char(e->tokenizer, code);
        if (!(entry & (TC__CHAR_HEAD | TC__CHAR_REMOVED))) break;
        if (entry & TC__CHAR_SURVIVOR) *survives = 1;
        p += bytes;
    }
    return p;
}

/* ASCII text to e->normal, one to one; 0 if some character is not so. */
static int tc__norm_ascii(tc_encoding *e, const unsigned char *text, size_t n) {
    const tc_tokenizer *t = e->tokenizer;
    unsigned char *normal = (unsigned char *)e->normal.data;
    unsigned char *kinds = (unsigned char *)e->kinds.data;
    size_t i = 0, j;
    uint32_t none = 0; /* negative once a character has no byte */
    for (; i + 8 <= n && !(none >> 31); i += 8) {
        TC__UNROLL
        for (j = 0; j < 8; j++) {
            uint32_t c = t->ascii[text[i + j]];
            normal[i + j] = (unsigned char)c;
            kinds[i + j] = (unsigned char)(c >> 8);
            none |= c - 1;
        }
    }
    for (; i < n && !(none >> 31); i++) {
        uint32_t c = t->ascii[text[i]];
        normal[i] = (unsigned char)c;
        kinds[i] = (unsigned char)(c >> 8);
        none |= c - 1;
    }
    return !(none >> 31);
}

/* Sets the length of the normalized text, for which there is room, and ends its last word. */
static void tc__norm_end(tc_encoding *e, size_t n) {
    e->normal.used = n;
    memset(e->kinds.data + n, TC__BYTE_WHITE, 8);
}

/* ASCII characters from p on that stay so, at most n, to e->normal from `at` on: how many. The
 * first has this number and this place. */
static size_t tc__norm_ascii_run(tc_encoding *e, size_t at, const unsigned char *p, size_t n,
                                 uint32_t number, uint64_t place) {
    const uint16_t *ascii = e->tokenizer->ascii;
    char *normal = e->normal.data + at, *kinds = e->kinds.data + at;
    uint32_t *source = (uint32_t *)(void *)e->source.data + at, entry;
    uint64_t *places = (uint64_t *)(void *)e->places.data + number;
    size_t i;
    for (i = 0; i < n && (entry = ascii[p[i]]) != 0; i++) {
        normal[i] = (char)(entry & 0xFF);
        kinds[i] = (char)(entry >> 8);
        source[i] = number + (uint32_t)i;
        places[i] = place + i;
    }
    return i;
}

/* Characters from p on of which each becomes one, whatever stands beside it; returns the first
 * that does not. There is room for all. */
static const unsigned char *tc__norm_plain(tc_encoding *e, size_t *n, const unsigned char *p,
                                           const unsigned char *end) {
    static const char kind_bytes[4][4] = {
        {TC__BYTE_WORD, TC__BYTE_WORD, TC__BYTE_WORD, TC__BYTE_WORD},
        {TC__BYTE_WHITE, TC__BYTE_TAIL, TC__BYTE_TAIL, TC__BYTE_TAIL},
        {TC__BYTE_PUNCT, TC__BYTE_TAIL, TC__BYTE_TAIL, TC__BYTE_TAIL}};
    const tc_tokenizer *t = e->tokenizer;
    const unsigned char *text = (const unsigned char *)e->text, *stop = text + e->length;
    char *normal = e->normal.data, *kinds = e->kinds.data;
    uint32_t *source = (uint32_t *)(void *)e->source.data, chars = e->chars;
    uint64_t *places = (uint64_t *)(void *)e->places.data, astral = (uint64_t)e->astral << 32;
    size_t at = *n;
    while (p < end) {
        uint32_t code, bytes, how;
        if (*p < 0x80) {
            size_t run = tc__norm_ascii_run(e, at, p, (size_t)(end - p), chars,
                                            (uint64_t)(p - text) | astral);
            if (!run) break;
            p += run;
            at += run;
            chars += (uint32_t)run;
            continue;
        }
        bytes = tc__utf8_next(p, stop, &code);
        if (code < 0x800) {
            how = t->plain[code].how;
            memcpy(normal + at, &t->plain[code], 4);
        } else {
            how = bytes > 3 ? 0 : tc__tok_plain(t, code, normal + at);
        }
        if (!how) break;
        memcpy(kinds + at, kind_bytes[how >> 2 & 3], 4);
        source[at] = source[at + 1] = source[at + 2] = source[at + 3] = chars;
        places[chars++] = (uint64_t)(p - text) | astral;
        at += how & 3;
        p += bytes;
    }
    *n = at;
    e->chars = chars;
    return p;
}

/* text[first, last), where the cursor stands, to e->normal; ASCII text needs no sources. */
static tc_status tc__norm_text(tc_encoding *e, size_t first, size_t last) {
    const tc_tokenizer *t = e->tokenizer;
    const unsigned char *text = (const unsigned char *)e->text, *p, *end = text + last,
                        *marks = text, *room = text + first;
    uint32_t code, entry;
    size_t n = 0, i;
    tc_status status = tc__norm_room(e, 0, TC__CHUNK);
    if (status) return status;
    e->linear = last - first <= 2 * TC__CHUNK && tc__norm_ascii(e, text + first, last - first);
    if (e->linear) {
        tc__norm_end(e, last - first);
        return TC_OK;
    }
    e->places.used = e->chars = e->astral = 0;
    status =
        tc__mem_reserve(&e->env, &e->places, ((uint64_t)(last - first) + 1) * sizeof(uint64_t));
    for (p = room; p < end && !status;) {
        if (p >= room) {
            if ((status = tc__norm_room(e, n, TC__CHUNK)) != TC_OK) return status;
            room = p + TC__CHUNK / 8 - 4;
        }
        p = tc__norm_plain(e, &n, p, room < end ? room : end);
        if (p >= room || p == end) continue;
        i = tc__utf8_next(p, text + e->length, &code);
        entry = tc__tok_char(t, code);
        if ((entry & (TC__CHAR_HEAD | TC__CHAR_TAIL)) && p >= marks) {
            int survives;
            marks = tc__norm_run(e, p, end, &survives);
            if (survives) {
                status = tc__norm_room(e, n, (size_t)(marks - p));
                if (!status) status = tc__norm_marks(e, &n, p, marks);
                room = p = marks;
                continue;
            }
        }
        n = tc__norm_entry(e, n, entry, code, e->chars);
        tc__norm_place(e, (size_t)(p - text), code);
        p += i;
    }
    if (status) return status;
    tc__norm_place(e, (size_t)(p - text), 0);
    tc__norm_end(e, n);
    return TC_OK;
}

/* ======================================================================= 42-piece
 * Normalized text to tokens: BertPreTokenizer and WordPiece (tokenizer-wordpiece.md 2, 3). */

/* Moves the cursor on to a byte of the text. */
static void tc__piece_seek(tc_encoding *e, size_t byte) {
    const unsigned char *text = (const unsigned char *)e->text, *end = text + e->length;
    uint32_t code;
    while (e->cursor.byte < byte) {
        e->cursor.byte += tc__utf8_next(text + e->cursor.byte, end, &code);
        e->cursor.codepoint++;
        e->cursor.utf16 += code >= 0x10000 && code != TC__ILL_FORMED ? 2 : 1;
    }
}

/* The place of a character of the chunk. */
TC__INLINE void tc__piece_place(const tc_encoding *e, uint32_t number, tc_pos *out) {
    uint64_t place = ((const uint64_t *)(const void *)e->places.data)[number];
    out->byte = (uint32_t)place;
    out->codepoint = e->cursor.codepoint + number;
    out->utf16 = e->cursor.utf16 + number + (uint32_t)(place >> 32);
}

/* The number of the character that normalized byte i comes from. */
TC__INLINE uint32_t tc__piece_source(const tc_encoding *e, size_t i) {
    return ((const uint32_t *)(const void *)e->source.data)[i];
}

/* Moves the cursor behind the chunk that was normalized. */
static void tc__piece_pass(tc_encoding *e) {
    uint32_t n = (uint32_t)e->normal.used;
    if (e->linear) {
        e->cursor.byte += n;
        e->cursor.codepoint += n;
        e->cursor.utf16 += n;
    } else {
        tc__piece_place(e, e->chars - 1, &e->cursor);
    }
}

/* The next token, for which there is room. */
TC__INLINE tc_token *tc__piece_next(tc__buf *to, int32_t id, int32_t word) {
    tc_token *token = (tc_token *)(void *)(to->data + to->used);
    token->id = id;
    token->word = word;
    token->text = -1;
    token->type = token->special = token->sequence = token->reserved = 0;
    to->used += sizeof *token;
    return token;
}

/* Appends a token that covers text bytes [start, end). */
static tc_status tc__piece_token(tc_encoding *e, tc__buf *to, int32_t id, int32_t word,
                                 size_t start, size_t end) {
    tc_status status = tc__mem_reserve(&e->env, to, sizeof(tc_token));
    tc_token *token;
    tc_pos ahead;
    if (status) return status;
    token = tc__piece_next(to, id, word);
    ahead = e->cursor;
    if (start < ahead.byte) e->cursor = e->began; /* within the spaces of the token before */
    tc__piece_seek(e, start);
    token->start = e->began = e->cursor;
    if (start < ahead.byte && ahead.byte <= end) e->cursor = ahead;
    tc__piece_seek(e, end);
    token->end = e->cursor;
    return TC_OK;
}

TC__INLINE void tc__piece_ahead(tc_pos *to, const tc_pos *from, size_t n) {
    to->byte = from->byte + (uint32_t)n;
    to->codepoint = from->codepoint + (uint32_t)n;
    to->utf16 = from->utf16 + (uint32_t)n;
}

/* Token of normalized bytes [start, end), for which there is room. */
TC__INLINE void tc__piece_put(const tc_encoding *e, tc__buf *to, int32_t id, int32_t word,
                              size_t start, size_t end) {
    tc_token *token = tc__piece_next(to, id, word);
    if (e->linear) {
        tc__piece_ahead(&token->start, &e->cursor, start);
        tc__piece_ahead(&token->end, &e->cursor, end);
    } else {
        tc__piece_place(e, tc__piece_source(e, start), &token->start);
        tc__piece_place(e, tc__piece_source(e, end - 1) + 1, &token->end);
    }
}

static tc_status tc__piece_normal(tc_encoding *e, tc__buf *to, int32_t id, int32_t word,
                                  size_t start, size_t end) {
    tc_status status = tc__mem_reserve(&e->env, to, sizeof(tc_token));
    if (!status) tc__piece_put(e, to, id, word, start, end);
    return status;
}

/* Greedy longest match of a word into e->pieces (id, end); returns their number, 0 if some part
 * has no piece, or -1 without memory. */
static int tc__piece_match(tc_encoding *e, const char *word, size_t n) {
    const tc_tokenizer *t = e->tokenizer;
    int count = 0;
    size_t at = 0, length = 0;
    int32_t *pair;
    e->pieces.used = 0;
    if (tc__mem_reserve(&e->env, &e->pieces, (uint64_t)n * 8)) return -1;
    for (pair = (int32_t *)(void *)e->pieces.data; at < n; pair += 2) {
        pair[0] =
            tc__tok_longest(&t->words, at ? t->continuing : 0, word + at, n - at, &length);
        if (pair[0] < 0) return 0;
        at += length;
        pair[1] = (int32_t)at;
        count++;
    }
    return count;
}

/* Keys and hash of a word, for which its length is known. */
TC__INLINE void tc__piece_hash(const tc_encoding *e, tc__word *word) {
    static const uint64_t mask[9] = {0,
                                     0xFF,
                                     0xFFFF,
                                     0xFFFFFF,
                                     0xFFFFFFFF,
                                     UINT64_C(0xFFFFFFFFFF),
                                     UINT64_C(0xFFFFFFFFFFFF),
                                     UINT64_C(0xFFFFFFFFFFFFFF),
                                     UINT64_MAX};
    const char *bytes = e->normal.data + word->start; /* 64 behind a buffer's end may be read */
    size_t n = word->end - word->start;
    uint64_t h;
    if (n > 16) n = 16;
    word->key[0] = tc__bytes_u64(bytes) & mask[n < 8 ? n : 8];
    word->key[1] = tc__bytes_u64(bytes + 8) & mask[n < 8 ? 0 : n - 8];
    h = (word->key[0] ^ tc__bytes_rotate(word->key[1], 31)) * TC__XXH_1 + word->key[1];
    word->hash = (h ^ h >> 32) * TC__XXH_2;
}

/* The first of the two slots that a word of at most 16 bytes may have. */
TC__INLINE tc__slot *tc__piece_slot(tc_encoding *e, const tc__word *word) {
    return e->slots + (word->hash >> (64 - e->slot_bits)) * 2;
}

TC__INLINE int tc__piece_is(const tc__slot *s, const tc__word *word) {
    return s->key[0] == word->key[0] && s->key[1] == word->key[1] &&
           s->length == word->end - word->start;
}

static tc_status tc__piece_unknown(tc_encoding *e, tc__buf *to, int32_t word, size_t start,
                                   size_t end) {
    tc_pos place;
    if (e->tokenizer->unk >= 0)
        return tc__piece_normal(e, to, e->tokenizer->unk, word, start, end);
    if (e->linear)
        tc__piece_ahead(&place, &e->cursor, start);
    else
        tc__piece_place(e, tc__piece_source(e, start), &place);
    return tc__diag_fail(
        e->env.diag, TC_ERROR_FORMAT, place.byte,
        "the word at byte %u is not in the vocabulary, which has no unknown token",
        (uint64_t)place.byte);
}

static tc_status tc__piece_long(tc_encoding *e, tc__buf *to, int32_t word, size_t start,
                                size_t end) {
    const char *w = e->normal.data + start;
    size_t n = end - start, from = 0;
    tc_status status = TC_OK;
    int i, count = 0;
    if (n <= e->tokenizer->max_chars ||
        (n <= INT32_MAX && tc__utf8_count(w, n) <= e->tokenizer->max_chars))
        count = tc__piece_match(e, w, n);
    if (count < 0) return TC_ERROR_MEMORY;
    if (!count) return tc__piece_unknown(e, to, word, start, end);
    status = tc__mem_reserve(&e->env, to, (uint64_t)count * sizeof(tc_token));
    for (i = 0; i < count && !status; i++) {
        const int32_t *pair = (const int32_t *)(void *)e->pieces.data + 2 * i;
        tc__piece_put(e, to, pair[0], word, start + from, start + (size_t)pair[1]);
        from = (size_t)pair[1];
    }
    return status;
}

static size_t tc__piece_slot_bytes(uint32_t bits) {
    return ((size_t)2 << bits) * sizeof(tc__slot) + 64;
}

/* Forgets all words, and has 2 << bits slots from now on. */
static tc_status tc__piece_forget(tc_encoding *e, uint32_t bits) {
    if (!e->slot_block || bits != e->slot_bits) {
        void *block = tc__mem_realloc(&e->env, NULL, 0, tc__piece_slot_bytes(bits));
        if (!block) return TC_ERROR_MEMORY;
        tc__mem_free(&e->env, e->slot_block, tc__piece_slot_bytes(e->slot_bits));
        e->slot_block = block;
        e->slot_bits = bits;
        e->slots = (tc__slot *)(((uintptr_t)block + 63) & ~(uintptr_t)63);
    }
    memset(e->slots, 0, ((size_t)2 << bits) * sizeof *e->slots);
    e->slots_used = 0;
    e->pool.used = 0;
    return TC_OK;
}

/* Keeps the pieces of a word in `slot`: those of `tokens`, which e->pieces has too unless the
 * word is unknown. */
static tc_status tc__piece_keep(tc_encoding *e, tc__slot *slot, const tc__word *word,
                                const tc_token *tokens, size_t count) {
    const uint32_t *ends = (const uint32_t *)(const void *)e->pieces.data; /* of id and end */
    uint32_t pieces[16] = {0};
    size_t length = word->end - word->start, i;
    for (i = 0; i < count; i++) {
        uint32_t end = i + 1 < count ? ends[2 * i + 1] : (uint32_t)length;
        if (tokens[i].id >> TC__PIECE_END) return TC_OK;
        pieces[i] = (uint32_t)tokens[i].id | end << TC__PIECE_END;
    }
    if (count > 3) {
        uint32_t at = (uint32_t)(e->pool.used / sizeof *pieces);
        tc_status status = tc__mem_append(&e->env, &e->pool, pieces, count * sizeof *pieces);
        if (status) return status;
        pieces[0] = at;
    }
    slot[1] = slot[0];
    memcpy(slot->key, word->key, sizeof slot->key);
    memcpy(slot->pieces, pieces, sizeof slot->pieces);
    slot->length = (uint16_t)length;
    slot->count = (uint16_t)count;
    if (++e->slots_used > 1u << e->slot_bits && e->slot_bits < TC__SLOT_MOST_BITS)
        return tc__piece_forget(e, e->slot_bits + 2);
    return e->pool.used > TC__POOL * sizeof *pieces ? tc__piece_forget(e, e->slot_bits) : TC_OK;
}

/* Tokens of a word that no slot knows; it gets the first of its two. */
static tc_status tc__piece_new(tc_encoding *e, tc__buf *to, int32_t number,
                               const tc__word *word, tc__slot *slot) {
    size_t before = to->used;
    tc_status status = tc__piece_long(e, to, number, word->start, word->end);
    if (status) return status;
    return tc__piece_keep(e, slot, word, (const tc_token *)(const void *)(to->data + before),
                          (to->used - before) / sizeof(tc_token));
}

/* Tokens of a word, the number-th of its text. */
static tc_status tc__piece_word(tc_encoding *e, tc__buf *to, int32_t number,
                                const tc__word *word) {
    size_t from = word->start;
    tc__slot *slot;
    const uint32_t *piece, *last;
    tc_status status;
    if (word->end - from > 16) return tc__piece_long(e, to, number, from, word->end);
    slot = tc__piece_slot(e, word);
    if (!tc__piece_is(slot, word)) {
        tc__slot first;
        if (!tc__piece_is(slot + 1, word)) return tc__piece_new(e, to, number, word, slot);
        first = slot[0];
        slot[0] = slot[1];
        slot[1] = first;
    }
    status = tc__mem_reserve(&e->env, to, 16 * sizeof(tc_token));
    if (status) return status;
    piece = slot->count > 3 ? (const uint32_t *)(const void *)e->pool.data + slot->pieces[0]
                            : slot->pieces;
    for (last = piece + slot->count; piece < last; piece++) {
        size_t stop = word->start + (*piece >> TC__PIECE_END);
        tc__piece_put(e, to, (int32_t)(*piece & ((1u << TC__PIECE_END) - 1)), number, from,
                      stop);
        from = stop;
    }
    return TC_OK;
}

/* Bytes of a word at the front of kinds[n]; eight behind the last are not of a word. */
TC__INLINE size_t tc__piece_length(const char *kinds, size_t n) {
    size_t length = 0;
#if defined(__GNUC__) || defined(__clang__)
    for (;; length += 8) {
        uint64_t next = tc__bytes_u64(kinds + length);
        if (next) length += (size_t)__builtin_ctzll(next) / 8;
        if (next) return length < n ? length : n;
        if (length + 8 >= n) return n;
    }
#endif
    while (length < n && kinds[length] == TC__BYTE_WORD) length++;
    return length;
}

/* The next word or mark in normalized bytes [*at, end), whose slots are fetched; 0 if there is
 * none. *at moves behind it. */
TC__INLINE int tc__piece_find(tc_encoding *e, size_t *at, size_t end, tc__word *word) {
    const char *kinds = e->kinds.data;
    size_t i = *at;
    while (i < end) {
        word->start = i;
        i += tc__piece_length(kinds + i, end - i);
        if (i == word->start) {
            while (++i < end && kinds[i] == TC__BYTE_TAIL) {
            }
            if (kinds[word->start] != TC__BYTE_PUNCT) continue;
        }
        word->end = i;
        *at = i + (kinds[i] == TC__BYTE_WHITE); /* one is read behind the end */
        tc__piece_hash(e, word);
        TC__PREFETCH(tc__piece_slot(e, word));
        return 1;
    }
    return 0;
}

/* Splits normalized bytes [at, end) into words and marks, and these into tokens. */
static tc_status tc__piece_split(tc_encoding *e, tc__buf *to, int32_t *word, size_t at,
                                 size_t end) {
    tc__word words[2]; /* one ahead of the other */
    tc_status status = TC_OK;
    int i = 0, found = tc__piece_find(e, &at, end, &words[0]);
    while (found && !status) {
        found = tc__piece_find(e, &at, end, &words[!i]);
        status = tc__piece_word(e, to, (*word)++, &words[i]);
        i = !i;
    }
    return status;
}

/* ====================================================================== 43-encode
 * Added tokens, sequences, truncation, windows, template (tokenizer-common.md 1 to 8). */

/* The code point before s[at], TC__ILL_FORMED if there is none or none well formed. */
static uint32_t tc__encode_before(const char *s, size_t at, size_t *start) {
    size_t back;
    uint32_t code;
    for (back = 1; back <= 4 && back <= at; back++) {
        const unsigned char *p = (const unsigned char *)s + at - back;
        if ((*p & 0xC0) == 0x80 && back < 4) continue;
        *start = at - back;
        if (tc__utf8_next(p, p + back, &code) == back) return code;
        break;
    }
    *start = at ? at - 1 : 0;
    return TC__ILL_FORMED;
}

static int tc__encode_is(const tc_encoding *e, uint32_t code, int flag) {
    return code != TC__ILL_FORMED && (tc__tok_char(e->tokenizer, code) & (uint32_t)flag) != 0;
}

/* White space before s[at] back to `limit`, or behind it up to there. */
static size_t tc__encode_white(const tc_encoding *e, const char *s, size_t at, size_t limit,
                               int back) {
    for (;;) {
        uint32_t code;
        size_t next;
        if (at == limit) return at;
        if (back)
            code = tc__encode_before(s, at, &next);
        else
            next = at + tc__utf8_next((const unsigned char *)s + at,
                                      (const unsigned char *)s + limit, &code);
        if (!tc__encode_is(e, code, TC__CHAR_WHITE) || (back && next < limit)) return at;
        at = next;
    }
}

static int tc__encode_single(const tc_encoding *e, const char *s, size_t n, size_t start,
                             size_t end) {
    uint32_t code;
    size_t unused;
    if (start && tc__encode_is(e, tc__encode_before(s, start, &unused), TC__CHAR_WORD))
        return 0;
    if (end == n) return 1;
    (void)tc__utf8_next((const unsigned char *)s + end, (const unsigned char *)s + n, &code);
    return !tc__encode_is(e, code, TC__CHAR_WORD);
}

/* Bytes up to one that may begin a raw added token. */
static size_t tc__encode_skip(const tc_tokenizer *t, const unsigned char *s, size_t at,
                              size_t n) {
    const unsigned char *starts = t->starts;
    if (t->start >= 0 && at < n) {
        const void *found = memchr(s + at, t->start, n - at);
        return found ? (size_t)((const unsigned char *)found - s) : n;
    }
    for (; n - at >= 8; at += 8)
        if (starts[s[at]] | starts[s[at + 1]] | starts[s[at + 2]] | starts[s[at + 3]] |
            starts[s[at + 4]] | starts[s[at + 5]] | starts[s[at + 6]] | starts[s[at + 7]])
            break;
    while (at < n && !starts[s[at]]) at++;
    return at;
}

/* The next added token of the trie in s[*next, n): its index and its span with stripped spaces;
 * *next is where to search on. `floor` is the end of the token before with its spaces, in which
 * the next one may begin. Returns -1 at the end. */
static int32_t tc__encode_find(const tc_encoding *e, const tc__trie *trie,
                               const unsigned char *starts, const char *s, size_t n,
                               size_t floor, size_t *next, tc__range *span) {
    size_t at, length = 0;
    for (at = *next; at < n;) {
        int32_t index;
        const tc__added *a;
        size_t end;
        if (starts && !starts[(unsigned char)s[at]]) {
            at = tc__encode_skip(e->tokenizer, (const unsigned char *)s, at + 1, n);
            continue;
        }
        index = tc__tok_longest(trie, 0, s + at, n - at, &length);
        if (index < 0) {
            at++;
            continue;
        }
        a = e->tokenizer->added + index;
        if (starts && (length != a->length ||
                       memcmp(s + at, e->tokenizer->strings + a->offset, length))) {
            at++; /* a trie that says something else than the strings */
            continue;
        }
        end = at + length;
        *next = end;
        if ((a->flags & TC__ADDED_SINGLE_WORD) && !tc__encode_single(e, s, n, at, end)) {
            at = end;
            continue;
        }
        if (a->flags &
            TC__ADDED_LSTRIP) /* not into the token before, whose end may lie ahead */
            at = at > floor ? tc__encode_white(e, s, at, floor, 1) : floor;
        if (a->flags & TC__ADDED_RSTRIP) /* the spaces of the token before may hold this one */
            end = tc__encode_white(e, s, end > floor ? end : floor, n, 0);
        span->first = at;
        span->count = end > at ? end - at : 0;
        return index;
    }
    *next = n;
    return -1;
}

/* Notes the spelling of the last token, if it differs from the added token's content, or this
 * from the vocabulary's string of its id. Tokens of white space that strip what follows end
 * together: each is a part of the one before. */
static tc_status tc__encode_spelling(tc_encoding *e, tc__buf *to, const tc__added *a,
                                     const char *s, size_t n) {
    tc_token *token = (tc_token *)(void *)(to->data + to->used) - 1;
    tc_string own = tc__tok_string(e->tokenizer->strings + a->offset, a->length);
    tc_string piece = tc__tok_piece(e->tokenizer, a->id);
    tc__range range;
    tc_status status;
    if (!tc__tok_compare(tc__tok_string(s, n), own) &&
        (!piece.length || !tc__tok_compare(piece, own)))
        return TC_OK;
    range.first = e->added_text.used - (s + n == e->spelled ? n : 0);
    range.count = n;
    token->text = (int32_t)(e->added_ranges.used / sizeof range);
    status = tc__mem_append(&e->env, &e->added_ranges, &range, sizeof range);
    if (status || s + n == e->spelled) return status;
    e->spelled = s + n;
    return tc__mem_append(&e->env, &e->added_text, s, n);
}

/* Tokens of normalized text that may hold added tokens matched in it. */
static tc_status tc__encode_normal(tc_encoding *e, tc__buf *to, int32_t *word) {
    const tc_tokenizer *t = e->tokenizer;
    const char *s = e->normal.data;
    size_t n = e->normal.used, done = 0, next = 0;
    tc__range span;
    tc_status status = TC_OK;
    int32_t index;
    e->spelled = NULL;
    while (!status &&
           (index = tc__encode_find(e, &t->normalized, NULL, s, n, done, &next, &span)) >= 0) {
        status = tc__piece_split(e, to, word, done, span.first);
        done = span.first + span.count;
        if (status || !span.count) continue;
        status = tc__piece_normal(e, to, t->added[index].id, (*word)++, span.first, done);
        if (!status)
            status = tc__encode_spelling(e, to, t->added + index, s + span.first, span.count);
    }
    return status ? status : tc__piece_split(e, to, word, done, n);
}

/* Tokens of text[at, end), in which no raw added token stands. Chunks end behind ASCII white
 * space, which always ends a word, unless added tokens must be found in the whole. */
static tc_status tc__encode_segment(tc_encoding *e, tc__buf *to, int32_t *word, size_t at,
                                    size_t end) {
    int whole = e->tokenizer->normalized.count > 0;
    tc_status status = TC_OK;
    while (at < end && !status) {
        size_t stop = whole || end - at <= TC__CHUNK ? end : at + TC__CHUNK;
        while (stop < end && e->text[stop - 1] != ' ' && e->text[stop - 1] != '\n') stop++;
        status = tc__norm_text(e, at, stop);
        if (status) break;
        status = whole ? tc__encode_normal(e, to, word)
                       : tc__piece_split(e, to, word, 0, e->normal.used);
        if (!status) tc__piece_pass(e);
        at = stop;
    }
    return status;
}

/* Appends the tokens of one text. `fixed_word`, if not negative, is the word id of them all. */
static tc_status tc__encode_text(tc_encoding *e, tc__buf *to, const char *text, size_t n,
                                 int32_t fixed_word) {
    const tc_tokenizer *t = e->tokenizer;
    size_t done = 0, next = 0, first = to->used / sizeof(tc_token), i;
    tc__range span;
    tc_status status = TC_OK;
    int32_t index, word = 0;
    if (n > INT32_MAX)
        return tc__diag_fail(e->env.diag, TC_ERROR_LENGTH, 0, "a text of %u bytes is too long",
                             (uint64_t)n);
    e->text = text;
    e->length = n;
    if (e->strict && (i = tc__utf8_check(text, n)) < n)
        return tc__diag_fail(e->env.diag, TC_ERROR_UTF8, i, "ill-formed UTF-8 at byte %u",
                             (uint64_t)i);
    e->spelled = NULL;
    memset(&e->cursor, 0, sizeof e->cursor);
    e->began = e->cursor;
    while (!status &&
           (index = tc__encode_find(e, &t->raw, t->starts, text, n, done, &next, &span)) >= 0) {
        status = tc__encode_segment(e, to, &word, done, span.first);
        done = span.first + span.count;
        if (status || !span.count) continue;
        status = tc__piece_token(e, to, t->added[index].id, word++, span.first, done);
        if (!status)
            status =
                tc__encode_spelling(e, to, t->added + index, text + span.first, span.count);
    }
    if (!status) status = tc__encode_segment(e, to, &word, done, n);
    if (fixed_word >= 0) {
        tc_token *tokens = (tc_token *)(void *)to->data;
        for (i = first; i < to->used / sizeof *tokens; i++) tokens[i].word = fixed_word;
    }
    return status;
}

static tc_status tc__encode_part(tc_encoding *e, tc__buf *to, size_t first, size_t count) {
    tc__range range;
    range.first = first;
    range.count = count;
    return tc__mem_append(&e->env, to, &range, sizeof range);
}

/* Cuts a sequence of n tokens into windows of `limit` (Encoding::truncate); the first is kept,
 * the rest overflow. */
static tc_status tc__encode_cut(tc_encoding *e, tc__buf *to, size_t n, uint64_t limit,
                                uint32_t stride) {
    int left = (e->tokenizer->flags & TC__TOK_TRUNCATE_LEFT) != 0;
    size_t step, at;
    tc_status status;
    to->used = 0;
    if (n <= limit) return tc__encode_part(e, to, 0, n);
    if (!limit) {
        status = tc__encode_part(e, to, 0, 0);
        return status ? status : tc__encode_part(e, to, 0, n);
    }
    if (stride >= limit)
        return tc__diag_fail(e->env.diag, TC_ERROR_ARGUMENT, 0,
                             "a stride of %u tokens does not fit windows that hold %u",
                             (uint64_t)stride, limit);
    step = (size_t)limit - stride;
    for (at = 0;; at += step) {
        size_t last = n - at < limit ? n - at : (size_t)limit;
        size_t first = left ? n - at - last : at;
        status = tc__encode_part(e, to, first, last);
        if (status || at + limit >= n) return status;
    }
}

/* How many tokens of each sequence stay: truncation of tokenizer-common.md section 6. */
static tc_status tc__encode_limits(tc_encoding *e, const tc_encode_options *o, uint64_t budget,
                                   int paired, const size_t *n, uint64_t *limit) {
    uint64_t total = (uint64_t)n[0] + n[1], excess = total > budget ? total - budget : 0;
    int side = o->truncation == TC_TRUNCATE_ONLY_SECOND;
    limit[0] = n[0];
    limit[1] = n[1];
    if (!excess) return TC_OK;
    if (!budget) {
        limit[0] = limit[1] = 0;
    } else if (o->truncation != TC_TRUNCATE_LONGEST_FIRST) {
        if (side && !paired)
            return tc__diag_fail(e->env.diag, TC_ERROR_ARGUMENT, 0,
                                 "there is no second text to truncate");
        if (n[side] <= excess)
            return tc__diag_fail(e->env.diag, TC_ERROR_LENGTH, 0,
                                 "the %s text of %u tokens is too short to be cut by %u",
                                 side ? "second" : "first", (uint64_t)n[side], excess);
        limit[side] = n[side] - excess;
    } else if (!paired) {
        limit[0] = budget;
    } else {
        int swap = n[0] > n[1];
        uint64_t small = n[swap], large = n[!swap];
        if (small > budget)
            large = small;
        else
            large = small > budget - small ? small : budget - small;
        if (small + large > budget) {
            small = budget / 2;
            large = small + budget % 2;
        }
        limit[swap] = small < n[swap] ? small : n[swap];
        limit[!swap] = large < n[!swap] ? large : n[!swap];
    }
    return TC_OK;
}

/* Appends a part of a sequence to a window, for which there is room. */
static void tc__encode_part_put(const tc_encoding *e, tc__buf *out, const tc__step *step,
                                const tc__range *part, int overflows) {
    const tc_token *from = (const tc_token *)(void *)e->sequence[step->sequence].data;
    tc_token *to = (tc_token *)(void *)(out->data + out->used);
    uint8_t sequence = step->sequence, type = overflows ? sequence : step->type;
    size_t i;
    if (part->count) memcpy(to, from + part->first, part->count * sizeof *to);
    for (i = 0; i < part->count && (type | sequence); i++) {
        to[i].type = type;
        to[i].sequence = sequence;
    }
    out->used += part->count * sizeof *to;
}

static void tc__encode_special_put(tc__buf *out, const tc__step *step) {
    tc_token *to = tc__piece_next(out, step->id, -1);
    memset(&to->start, 0, sizeof to->start);
    memset(&to->end, 0, sizeof to->end);
    to->type = step->type;
    to->special = 1;
    to->sequence = 255;
}

/* Appends one window to `out`: the template filled with a part of each sequence, `b` null
 * without a second. A part that is an overflow (bit 0: of the first, bit 1: of the second) does
 * not take the template's type. */
static tc_status tc__encode_fill(tc_encoding *e, tc__buf *out, const tc_encode_options *o,
                                 const tc__range *a, const tc__range *b, int overflows) {
    const tc_tokenizer *t = e->tokenizer;
    static const tc__step plain[2] = {{-1, 0, 0, {0, 0}}, {-1, 1, 1, {0, 0}}};
    const tc__step *steps = b ? t->pair : t->single;
    uint32_t count = b ? t->pair_count : t->single_count, i;
    tc_status status;
    if (!count) {
        steps = plain;
        count = b ? 2 : 1;
    }
    status = tc__mem_reserve(
        &e->env, out, (a->count + (b ? b->count : 0) + (uint64_t)count) * sizeof(tc_token));
    if (status) return status;
    for (i = 0; i < count; i++) {
        const tc__range *part = steps[i].sequence ? b : a;
        if (steps[i].id < 0)
            tc__encode_part_put(e, out, &steps[i], part, overflows >> steps[i].sequence & 1);
        else if (!o->no_special_tokens)
            tc__encode_special_put(out, &steps[i]);
    }
    return TC_OK;
}

static tc_status tc__encode_window(tc_encoding *e, const tc_encode_options *o,
                                   const tc__range *a, const tc__range *b, int overflows) {
    const size_t before = e->out.used;
    tc__range window;
    tc_status status = tc__encode_fill(e, &e->out, o, a, b, overflows);
    if (status) return status;
    window.first = before / sizeof(tc_token);
    window.count = (e->out.used - before) / sizeof(tc_token);
    return tc__mem_append(&e->env, &e->windows, &window, sizeof window);
}

/* All windows: (A, B), then every pair of an overflow of A with B and its overflows, then A
 * with the overflows of B. */
static tc_status tc__encode_windows(tc_encoding *e, const tc_encode_options *o, int paired) {
    const tc__range *a = (const tc__range *)(void *)e->parts[0].data,
                    *b = paired ? (const tc__range *)(void *)e->parts[1].data : NULL;
    size_t na = e->parts[0].used / sizeof *a, nb = b ? e->parts[1].used / sizeof *b : 1, i, j;
    tc_status status;
    if (na > 1 && nb > 1 && na > TC__MOST_PAIRS / nb)
        return tc__diag_fail(e->env.diag, TC_ERROR_LENGTH, 0,
                             "%u windows of the first text times %u of the second are too many",
                             (uint64_t)na, (uint64_t)nb);
    status = tc__encode_window(e, o, a, b, 0);
    for (i = 1; i < na && !status; i++)
        for (j = 0; j < nb && !status; j++)
            status = tc__encode_window(e, o, a + i, b ? b + j : NULL, j ? 3 : 1);
    for (j = 1; j < nb && !status; j++) status = tc__encode_window(e, o, a, b + j, 2);
    return status;
}

/* Whether every part of an input that has a length has bytes. */
static int tc__encode_given(const tc_input *input) {
    size_t i;
    if (!input->words) return (input->text || !input->length);
    for (i = 0; i < input->word_count; i++)
        if (!input->words[i].data && input->words[i].length) return 0;
    return 1;
}

/* Says in which of the texts of one input a byte was wrong. */
static tc_status tc__encode_ill(const tc_encoding *e, const char *what, uint64_t which) {
    const uint64_t at = e->env.diag ? e->env.diag->offset : 0;
    return tc__diag_fail(e->env.diag, TC_ERROR_UTF8, at, "%s%u: ill-formed UTF-8 at byte %u",
                         what, which, at);
}

static tc_status tc__encode_sequences(tc_encoding *e, const tc_input *input) {
    tc_status status = TC_OK;
    size_t i;
    if (!tc__encode_given(input))
        return tc__diag_fail(e->env.diag, TC_ERROR_ARGUMENT, 0,
                             "a text or word with a length is null");
    if (!input->words) {
        status = tc__encode_text(e, &e->sequence[0], input->text ? input->text : "",
                                 input->length, -1);
        if (!input->pair) return status;
        if (status == TC_ERROR_UTF8) return tc__encode_ill(e, "text ", 1);
        if (!status)
            status = tc__encode_text(e, &e->sequence[1], input->pair, input->pair_length, -1);
        return status == TC_ERROR_UTF8 ? tc__encode_ill(e, "text ", 2) : status;
    }
    if (input->word_count > INT32_MAX)
        return tc__diag_fail(e->env.diag, TC_ERROR_LENGTH, 0, "too many words");
    for (i = 0; i < input->word_count && !status; i++) {
        status = tc__encode_text(e, &e->sequence[0], input->words[i].data,
                                 input->words[i].length, (int32_t)i);
        if (status == TC_ERROR_UTF8) status = tc__encode_ill(e, "word ", (uint64_t)i + 1);
    }
    return status;
}

static uint32_t tc__encode_specials(const tc_tokenizer *t, int paired) {
    const tc__step *steps = paired ? t->pair : t->single;
    uint32_t count = paired ? t->pair_count : t->single_count, i, n = 0;
    for (i = 0; i < count; i++) n += steps[i].id >= 0;
    return n;
}

/* Tokens that windows of `limit` share where nobody says how many: a quarter, unless special
 * tokens leave no room for more. */
static uint32_t tc__encode_stride(const tc_tokenizer *t, uint32_t limit) {
    return limit / 4 + tc__encode_specials(t, 0) < limit ? limit / 4 : 0;
}

TC__INLINE int tc__encode_paired(const tc_input *input) { return !input->words && input->pair; }

/* Tokenizes an input and cuts it into the parts of windows. */
static tc_status tc__encode_parts(tc_encoding *e, const tc_input *input,
                                  const tc_encode_options *o) {
    int paired = tc__encode_paired(input);
    uint64_t special = o->no_special_tokens ? 0 : tc__encode_specials(e->tokenizer, paired),
             limit[2];
    size_t n[2];
    tc_status status;
    e->sequence[0].used = e->sequence[1].used = e->out.used = e->windows.used = 0;
    e->added_text.used = e->added_ranges.used = 0;
    e->strict = o->strict_utf8;
    if (o->max_length && o->max_length < special)
        return tc__diag_fail(e->env.diag, TC_ERROR_ARGUMENT, 0,
                             "a length of %u tokens has no room for the %u special ones",
                             (uint64_t)o->max_length, special);
    if (o->max_length && o->stride > o->max_length - special)
        return tc__diag_fail(e->env.diag, TC_ERROR_ARGUMENT, 0,
                             "a stride of %u tokens does not fit windows that hold %u",
                             (uint64_t)o->stride, o->max_length - special);
    status = tc__encode_sequences(e, input);
    if (status) return status;
    limit[0] = n[0] = e->sequence[0].used / sizeof(tc_token);
    limit[1] = n[1] = e->sequence[1].used / sizeof(tc_token);
    if (o->max_length)
        status = tc__encode_limits(e, o, o->max_length - special, paired, n, limit);
    if (!status) status = tc__encode_cut(e, &e->parts[0], n[0], limit[0], o->stride);
    return status ? status : tc__encode_cut(e, &e->parts[1], n[1], limit[1], o->stride);
}

static tc_status tc__encode_run(tc_encoding *e, const tc_input *input,
                                const tc_encode_options *o) {
    tc_status status = tc__encode_parts(e, input, o);
    return status ? status : tc__encode_windows(e, o, tc__encode_paired(input));
}

static void tc__encode_free(tc_encoding *e) {
    tc_env env;
    if (!e) return;
    env = e->env;
    {
        tc__buf *all[] = {&e->normal,       &e->kinds,       &e->source,      &e->places,
                          &e->elements,     &e->sorted,      &e->sources,     &e->pool,
                          &e->pieces,       &e->sequence[0], &e->sequence[1], &e->out,
                          &e->windows,      &e->parts[0],    &e->parts[1],    &e->added_text,
                          &e->added_ranges, &e->decoded,     &e->strings};
        tc__mem_drop_all(&env, all, sizeof all / sizeof *all);
    }
    tc__mem_free(&env, e->slot_block, tc__piece_slot_bytes(e->slot_bits));
    tc__mem_free(&env, e, sizeof *e);
}

static tc_status tc__encode_create(const tc_tokenizer *t, const tc_env *env,
                                   tc_encoding **out) {
    tc_encoding *e = (tc_encoding *)tc__mem_zero(env, sizeof *e);
    *out = NULL;
    if (!e) return TC_ERROR_MEMORY;
    e->env = *env;
    e->tokenizer = t;
    if (tc__piece_forget(e, TC__SLOT_BITS)) {
        tc__encode_free(e);
        return TC_ERROR_MEMORY;
    }
    *out = e;
    return TC_OK;
}

static const tc_token *tc__encode_tokens(const tc_encoding *e, size_t window, size_t *count) {
    const tc__range *w = (const tc__range *)(const void *)e->windows.data + window;
    *count = w->count;
    return (const tc_token *)(const void *)e->out.data + w->first;
}

static size_t tc__encode_window_count(const tc_encoding *e) {
    return e->windows.used / sizeof(tc__range);
}

static tc_string tc__encode_spelled(const tc_encoding *e, const tc_token *token) {
    const tc__range *range = (const tc__range *)(const void *)e->added_ranges.data;
    tc_string piece = tc__tok_piece(e->tokenizer, token->id);
    if (token->text >= 0 && (size_t)token->text < e->added_ranges.used / sizeof *range)
        return tc__tok_string(e->added_text.data + range[token->text].first,
                              range[token->text].count);
    return token->special || !piece.length ? tc__tok_token(e->tokenizer, token->id) : piece;
}

/* ====================================================================== 44-decode
 * Tokens to text: the WordPiece decoder and clean-up (tokenizer-common.md section 8). */

/* Replaces every `from` by the shorter `to` in the bytes behind `start`. */
static void tc__decode_replace(tc__buf *b, size_t start, const char *from, const char *to) {
    size_t length = strlen(from), shorter = strlen(to), at = start, out = start;
    if (b->used - start < length) return;
    while (at < b->used) {
        if (b->used - at >= length && !memcmp(b->data + at, from, length)) {
            memcpy(b->data + out, to, shorter);
            out += shorter;
            at += length;
        } else {
            b->data[out++] = b->data[at++];
        }
    }
    b->used = out;
}

static void tc__decode_cleanup(tc__buf *b, size_t start, int decoder) {
    tc__decode_replace(b, start, " .", ".");
    tc__decode_replace(b, start, " ?", "?");
    tc__decode_replace(b, start, " !", "!");
    tc__decode_replace(b, start, " ,", ",");
    tc__decode_replace(b, start, " ' ", "'");
    tc__decode_replace(b, start, " n't", "n't");
    tc__decode_replace(b, start, " 'm", "'m");
    if (decoder) tc__decode_replace(b, start, " do not", " don't");
    tc__decode_replace(b, start, " 's", "'s");
    tc__decode_replace(b, start, " 've", "'ve");
    tc__decode_replace(b, start, " 're", "'re");
}

/* Appends token strings to `out` as the decoder joins them. */
static tc_status tc__decode_join(const tc_env *env, const tc_tokenizer *t,
                                 const tc_string *tokens, size_t count, tc__buf *out) {
    size_t i;
    tc_status status = TC_OK;
    for (i = 0; i < count && !status; i++) {
        tc_string s = tokens[i];
        size_t start = out->used, p = t->decoder_prefix.length;
        int piece = (t->flags & TC__TOK_DECODER) && s.length >= p &&
                    !memcmp(s.data, t->decoder_prefix.data, p);
        if (i && piece)
            s = tc__tok_string(s.data + p, s.length - p);
        else if (i)
            status = tc__mem_append(env, out, " ", 1);
        if (!status) status = tc__mem_append(env, out, s.data, s.length);
        if (!status && (t->flags & TC__TOK_DECODER_CLEANUP)) tc__decode_cleanup(out, start, 1);
    }
    return status;
}

static tc_status tc__decode_ids(tc_encoding *e, const int32_t *ids, size_t count,
                                int skip_special) {
    const tc_tokenizer *t = e->tokenizer;
    tc_status status = TC_OK;
    size_t i;
    e->strings.used = e->decoded.used = 0;
    for (i = 0; i < count && !status; i++) {
        const tc__added *a = tc__tok_added(t, ids[i]);
        tc_string s = tc__tok_token(t, ids[i]);
        if ((skip_special && a && (a->flags & TC__ADDED_SPECIAL)) || !s.length) continue;
        status = tc__mem_append(&e->env, &e->strings, &s, sizeof s);
    }
    if (!status)
        status = tc__decode_join(&e->env, t, (const tc_string *)(void *)e->strings.data,
                                 e->strings.used / sizeof(tc_string), &e->decoded);
    if (!status && (t->flags & TC__TOK_CLEANUP)) tc__decode_cleanup(&e->decoded, 0, 0);
    if (!status) status = tc__mem_append(&e->env, &e->decoded, "", 1);
    return status;
}

/* ======================================================================== 45-file
 * The container: header, directory, sections. The manual (01-manual) describes every byte. */

#define TC__MAGIC "tokclass"
enum { TC__HEADER_BYTES = 64, TC__SECTION_BYTES = 32, TC__TENSOR_BYTES = 48 };

#define TC__FOURCC(a, b, c, d)                                                                 \
    ((uint32_t)(a) | (uint32_t)(b) << 8 | (uint32_t)(c) << 16 | (uint32_t)(d) << 24)
#define TC__SECTION_DESC TC__FOURCC('d', 'e', 's', 'c')
#define TC__SECTION_LABELS TC__FOURCC('l', 'a', 'b', 'l')
#define TC__SECTION_TOKENIZER TC__FOURCC('t', 'o', 'k', 'n')
#define TC__SECTION_TENSORS TC__FOURCC('t', 'e', 'n', 's')
#define TC__SECTION_DATA TC__FOURCC('d', 'a', 't', 'a')
#define TC__SECTION_STATE TC__FOURCC('t', 'r', 'n', 's')
#define TC__SECTION_MOMENTS TC__FOURCC('t', 'r', 'n', 'm')

typedef struct tc__section {
    const unsigned char *data;
    size_t offset, size;
} tc__section;

typedef struct tc__file {
    const unsigned char *data;
    size_t size;
    void *mapping; /* what tc__file_close gives back, or null if the bytes are borrowed */
    size_t room;   /* bytes of mapping, where it was allocated */
    int mapped;
    uint32_t version;
    tc__section desc, labels, tokenizer, tensors, weights;
} tc__file;

/* One named value of the description. */
typedef struct tc__value {
    uint32_t kind; /* 1 number (u64), 2 f32, 3 string */
    uint64_t number;
    float real;
    const char *string; /* NUL-terminated */
} tc__value;

/* A string of the file: u32 length, bytes, a NUL. */
static const char *tc__file_string(tc__reader *r) {
    uint32_t length = tc__bytes_take_u32(r);
    const unsigned char *p =
        r->bad || length == UINT32_MAX ? NULL : tc__bytes_take(r, (size_t)length + 1);
    if (!p || p[length] || (length && memchr(p, 0, length))) {
        r->bad = 1;
        return "";
    }
    return (const char *)p;
}

static int tc__file_value(tc__reader *r, const char **key, tc__value *v) {
    memset(v, 0, sizeof *v);
    v->string = "";
    *key = tc__file_string(r);
    v->kind = tc__bytes_take_u32(r);
    if (v->kind == 1)
        v->number = tc__bytes_take_u64(r);
    else if (v->kind == 2)
        v->real = tc__bytes_to_float(tc__bytes_take_u32(r));
    else if (v->kind == 3)
        v->string = tc__file_string(r);
    else
        r->bad = 1;
    return !r->bad;
}

/* Finds a value by name; one that is not there leaves *out zero with an empty string. */
static int tc__file_find(const tc__file *f, const char *name, uint32_t kind, tc__value *out) {
    tc__reader r = {NULL, 0, 0, 0};
    uint32_t count, i;
    const char *key;
    r.data = f->desc.data;
    r.size = f->desc.size;
    count = tc__bytes_take_u32(&r);
    for (i = 0; i < count && tc__file_value(&r, &key, out); i++)
        if (!strcmp(key, name)) return out->kind == kind;
    memset(out, 0, sizeof *out);
    out->string = "";
    return 0;
}

static tc_status tc__file_broken(tc_diag *d, uint64_t offset, const char *what) {
    return tc__diag_fail(d, TC_ERROR_FORMAT, offset, "byte %u: %s", offset, what);
}

static tc_status tc__file_sections(tc__file *f, uint64_t directory, uint32_t count,
                                   tc_diag *d) {
    uint32_t i;
    for (i = 0; i < count; i++) {
        const unsigned char *p = f->data + directory + (size_t)i * TC__SECTION_BYTES;
        uint32_t kind = tc__bytes_u32(p);
        uint64_t offset = tc__bytes_u64(p + 8), size = tc__bytes_u64(p + 16),
                 at = directory + i * (uint64_t)TC__SECTION_BYTES;
        tc__section *s = kind == TC__SECTION_DESC        ? &f->desc
                         : kind == TC__SECTION_LABELS    ? &f->labels
                         : kind == TC__SECTION_TOKENIZER ? &f->tokenizer
                         : kind == TC__SECTION_TENSORS   ? &f->tensors
                         : kind == TC__SECTION_DATA      ? &f->weights
                                                         : NULL;
        if (offset > f->size || size > f->size - offset || offset % 64)
            return tc__file_broken(d, at, "a section lies outside of the file");
        if (!s) continue; /* a kind of a later minor change */
        if (s->data) return tc__file_broken(d, at, "a section stands twice in the directory");
        if (kind != TC__SECTION_DATA &&
            tc__bytes_checksum(f->data + offset, (size_t)size) != tc__bytes_u64(p + 24))
            return tc__diag_fail(d, TC_ERROR_CHECKSUM, offset,
                                 "the section at byte %u differs from its checksum", offset);
        s->data = f->data + offset;
        s->offset = (size_t)offset;
        s->size = (size_t)size;
    }
    if (!f->desc.data) return tc__file_broken(d, directory, "the description is missing");
    return TC_OK;
}

#if !defined(TC_NO_TRAIN) && !defined(TC_NO_STDIO)
/* A section of a kind that models do not have; data null if there is none. The directory was
 * checked by tc__file_open, the section's checksum is checked here unless it is zero. */
static tc_status tc__file_other(const tc__file *f, uint32_t kind, tc__section *out,
                                tc_diag *d) {
    uint64_t directory = tc__bytes_u64(f->data + 24);
    uint32_t count = tc__bytes_u32(f->data + 12), i;
    memset(out, 0, sizeof *out);
    for (i = 0; i < count; i++) {
        const unsigned char *p = f->data + directory + (size_t)i * TC__SECTION_BYTES;
        uint64_t offset = tc__bytes_u64(p + 8), size = tc__bytes_u64(p + 16),
                 checksum = tc__bytes_u64(p + 24);
        if (tc__bytes_u32(p) != kind) continue;
        if (checksum && tc__bytes_checksum(f->data + offset, (size_t)size) != checksum)
            return tc__diag_fail(d, TC_ERROR_CHECKSUM, offset,
                                 "the section at byte %u differs from its checksum", offset);
        out->data = f->data + offset;
        out->offset = (size_t)offset;
        out->size = (size_t)size;
        return TC_OK;
    }
    return TC_OK;
}
#endif

/* Checks header, directory and small sections of f->data [f->size]. */
static tc_status tc__file_open(tc__file *f, tc_diag *d) {
    uint64_t directory, size;
    uint32_t count;
    if (!tc__plat_little_endian())
        return tc__diag_fail(d, TC_ERROR_UNSUPPORTED, 0,
                             "the file is little-endian, this machine is not");
    if (f->size < 8 || memcmp(f->data, TC__MAGIC, 8))
        return tc__file_broken(d, 0, "this is not a .tcm file");
    if (f->size < TC__HEADER_BYTES)
        return tc__file_broken(d, f->size, "the file ends in its header");
    f->version = tc__bytes_u32(f->data + 8);
    if (f->version > TC_FILE_VERSION)
        return tc__diag_fail(d, TC_ERROR_VERSION, 8,
                             "the file has version %u, newer than version %u, the newest that "
                             "this library reads",
                             (uint64_t)f->version, (uint64_t)TC_FILE_VERSION);
    if (tc__bytes_checksum(f->data, 40) != tc__bytes_u64(f->data + 40))
        return tc__diag_fail(d, TC_ERROR_CHECKSUM, 0, "the header differs from its checksum");
    count = tc__bytes_u32(f->data + 12);
    size = tc__bytes_u64(f->data + 16);
    directory = tc__bytes_u64(f->data + 24);
    if (size != f->size)
        return tc__diag_fail(d, TC_ERROR_FORMAT, f->size,
                             "the file has %u bytes, its header says %u", (uint64_t)f->size,
                             size);
    if (!f->version) return tc__file_broken(d, 8, "there is no version 0");
    if (directory > size || count > (size - directory) / TC__SECTION_BYTES || directory % 8)
        return tc__file_broken(d, 24, "the directory lies outside of the file");
    if (tc__bytes_checksum(f->data + directory, (size_t)count * TC__SECTION_BYTES) !=
        tc__bytes_u64(f->data + 32))
        return tc__diag_fail(d, TC_ERROR_CHECKSUM, directory,
                             "the directory differs from its checksum");
    return tc__file_sections(f, directory, count, d);
}

/* Gives back the bytes, if they are not borrowed. */
static void tc__file_close(const tc_env *env, tc__file *f) {
#ifdef TC__MMAP
    if (f->mapped) munmap(f->mapping, f->size);
#endif
    if (!f->mapped) tc__mem_free(env, f->mapping, f->room);
    f->mapping = NULL;
}

#ifndef TC_NO_STDIO
static tc_status tc__file_error(tc_diag *d, const char *path, const char *what) {
    size_t n = strlen(path);
    int cut = n > 160; /* the end of a long path says more */
    if (cut)
        for (path += n - 160; (*path & 0xC0) == 0x80;) path++;
    return tc__diag_fail(d, TC_ERROR_IO, 0, "%s%s: %s", cut ? "..." : "", path, what);
}

#ifdef TC__MMAP
#ifdef O_CLOEXEC /* where the feature macros of the program show it */
#define TC__CLOEXEC O_CLOEXEC
#else
#define TC__CLOEXEC 0
#endif

static tc_status tc__file_load(const tc_env *env, const char *path, tc__file *f) {
    struct stat info;
    int descriptor = open(path, O_RDONLY | O_NONBLOCK | TC__CLOEXEC); /* a FIFO must not hang */
    if (descriptor < 0)
        return tc__file_error(env->diag, path,
                              errno == ENOENT   ? "cannot be opened: no such file"
                              : errno == EACCES ? "cannot be opened: permission denied"
                                                : "cannot be opened");
    if (fstat(descriptor, &info) || !S_ISREG(info.st_mode)) {
        close(descriptor);
        return tc__file_error(env->diag, path, "is not a regular file");
    }
    f->size = (size_t)info.st_size;
    if (f->size) {
        f->mapping = mmap(NULL, f->size, PROT_READ, MAP_PRIVATE, descriptor, 0);
        f->mapped = f->mapping != MAP_FAILED;
        if (!f->mapped) f->mapping = NULL;
#ifdef MADV_HUGEPAGE /* where the feature macros of the program show it */
        if (f->mapped) (void)madvise(f->mapping, f->size, MADV_HUGEPAGE);
#endif
    }
    close(descriptor);
    if (f->size && !f->mapped)
        return tc__file_error(env->diag, path, "cannot be mapped into memory");
    f->data = (const unsigned char *)f->mapping;
    return TC_OK;
}
#else
static tc_status tc__file_load(const tc_env *env, const char *path, tc__file *f) {
    FILE *in = fopen(path, "rb");
    tc__buf bytes = {NULL, 0, 0};
    tc_status status = TC_OK;
    size_t n = 1;
    if (!in) return tc__file_error(env->diag, path, "cannot be opened");
    while (n && !status) {
        status = tc__mem_reserve(env, &bytes, 1 << 20);
        n = status ? 0 : fread(bytes.data + bytes.used, 1, 1 << 20, in);
        bytes.used += n;
    }
    if (!status && ferror(in)) status = tc__file_error(env->diag, path, "cannot be read");
    fclose(in);
    if (status) {
        tc__mem_drop(env, &bytes);
        return status == TC_ERROR_MEMORY ? tc__diag_memory(env->diag) : status;
    }
    f->mapping = bytes.data;
    f->room = bytes.capacity;
    f->data = (const unsigned char *)bytes.data;
    f->size = bytes.used;
    return TC_OK;
}
#endif
#endif

#if !defined(TC_NO_STDIO) && !defined(TC_NO_TRAIN)
typedef struct tc__part { /* of a file to be written */
    const void *data;
    size_t size;
} tc__part;

static const char *tc__file_reason(void) {
#ifdef TC__MMAP
    return errno == ENOSPC   ? "cannot be written: no space left"
           : errno == EACCES ? "cannot be written: permission denied"
           : errno == ENOENT ? "cannot be written: no such folder"
           : errno == EFBIG  ? "cannot be written: the file would be too large"
           : errno == EROFS  ? "cannot be written: the file system is read-only"
                             : "cannot be written";
#else
    return "cannot be written";
#endif
}

/* Writes parts one behind the other into a new file and waits until they are on the disk; null,
 * or why it failed. */
#ifdef TC__MMAP
static const char *tc__file_put(const char *path, const tc__part *parts, size_t count) {
    int out = open(path, O_WRONLY | O_CREAT | O_TRUNC | TC__CLOEXEC, 0666);
    const char *why = out < 0 ? tc__file_reason() : NULL;
    size_t i;
    for (i = 0; i < count && !why; i++) {
        const char *p = (const char *)parts[i].data;
        size_t left = parts[i].size;
        while (left && !why) {
            size_t some = left < ((size_t)1 << 30) ? left : (size_t)1 << 30;
            long n = (long)write(out, p, some);
            if (n > 0) {
                p += n;
                left -= (size_t)n;
            } else if (errno != EINTR) {
                why = tc__file_reason();
            }
        }
    }
    if (!why && fsync(out)) why = tc__file_reason();
    if (out >= 0 && close(out) && !why) why = tc__file_reason();
    return why;
}
#else
static const char *tc__file_put(const char *path, const tc__part *parts, size_t count) {
    FILE *out = fopen(path, "wb");
    int good = out != NULL;
    size_t i;
    for (i = 0; i < count && good; i++)
        good = fwrite(parts[i].data, 1, parts[i].size, out) == parts[i].size;
    if (out && fclose(out)) good = 0;
    return good ? NULL : tc__file_reason();
}
#endif

/* The same through a temporary file beside `path` that takes its name only when complete. */
static tc_status tc__file_save(const tc_env *env, const char *path, const tc__part *parts,
                               size_t count) {
    size_t n = strlen(path);
    char *temporary = (char *)tc__mem_realloc(env, NULL, 0, n + 5);
    const char *why;
    if (!temporary) return TC_ERROR_MEMORY;
    memcpy(temporary, path, n);
    memcpy(temporary + n, ".tmp", 5);
    why = tc__file_put(temporary, parts, count);
#ifndef TC__MMAP /* C leaves open whether rename replaces a file */
    if (!why) (void)remove(path);
#endif
    if (!why && rename(temporary, path)) why = tc__file_reason();
    if (why) (void)remove(temporary);
    tc__mem_free(env, temporary, n + 5);
    return why ? tc__file_error(env->diag, path, why) : TC_OK;
}
#endif

/* ======================================================================= 46-model
 * Description and tensors of a file, found and checked once. */

typedef struct tc__layer {
    tc__matrix qkv, output, up, down;
    const float *norm1_weight, *norm1_bias, *norm2_weight, *norm2_bias; /* [H] */
} tc__layer;

struct tc_model {
    tc_env env;
    tc__file file;
    tc_model_info info;
    tc_tokenizer tokenizer;
    const char **labels;
    tc__act act;
    tc__matrix word, position, type, projection, head; /* rows 0: absent */
    const float *embed_weight, *embed_bias;
    tc__layer *layers;
    size_t integers; /* bytes of the widest integer weights of linear layers, or 0 */
    uint32_t cursor; /* where the search for the next tensor begins */
};

static const char *tc__model_dtype_name(tc_dtype t) {
    static const char *const names[TC_DTYPE_COUNT] = {"f32", "f16", "bf16", "s16", "s8"};
    return t >= 0 && t < TC_DTYPE_COUNT ? names[t] : "?";
}

/* Entry i of the tensor directory; the directory was checked by tc__model_tensors. */
static void tc__model_entry(const tc_model *m, uint32_t i, tc_tensor_info *out,
                            uint32_t *layout, uint64_t *checksum) {
    const unsigned char *p = m->file.tensors.data + 8 + (size_t)i * TC__TENSOR_BYTES;
    out->name = (const char *)m->file.tensors.data + tc__bytes_u32(p);
    *layout = tc__bytes_u32(p + 4);
    out->dtype = (tc_dtype)tc__bytes_u32(p + 8);
    out->rows = tc__bytes_u32(p + 12);
    out->columns = tc__bytes_u32(p + 16);
    out->offset = tc__bytes_u64(p + 24);
    out->size = tc__bytes_u64(p + 32);
    *checksum = tc__bytes_u64(p + 40);
}

enum { TC__LAYOUT_ROWS, TC__LAYOUT_PANELS, TC__LAYOUT_ROTATED, TC__MOST_TENSORS = 16384 };

/* Whether a matrix of this type and shape may be rotated before it becomes panels; all are that
 * are written. */
TC__INLINE int tc__model_rotates(tc_dtype t, uint32_t columns) {
    return t == TC_S8 && columns % 128 == 0;
}

/* Bytes of a tensor: rows are stored row-major and padded to 16 numbers in all, with one
 * scale a row behind them for integers; panels as in section 36. */
static uint64_t tc__model_bytes(tc_dtype t, uint32_t layout, uint32_t rows, uint32_t columns,
                                int *overflow) {
    uint64_t count, bytes;
    if (layout != TC__LAYOUT_ROWS) return tc__gemm_bytes(t, rows, columns, overflow);
    count = tc__mem_mul(rows, columns, overflow);
    count = tc__mem_add(count, 15, overflow) / 16 * 16;
    bytes = tc__mem_mul(count, tc__gemm_element(t), overflow);
    if (!tc__gemm_scaled(t)) return bytes;
    bytes = tc__mem_add(bytes, 63, overflow) / 64 * 64;
    return tc__mem_add(bytes, (uint64_t)rows * 4, overflow);
}

static tc_status tc__model_tensors(tc_model *m) {
    tc_diag *d = m->env.diag;
    const tc__section *s = &m->file.tensors;
    uint32_t count, i, layout;
    uint64_t checksum, total = 0;
    if (!s->data) return TC_OK;
    count = s->size < 8 ? UINT32_MAX : tc__bytes_u32(s->data);
    if (s->size < 8 || count > (s->size - 8) / TC__TENSOR_BYTES)
        return tc__file_broken(d, s->offset, "the directory of tensors is cut off");
    if (count > TC__MOST_TENSORS)
        return tc__file_broken(d, s->offset, "there are more tensors than a model can have");
    for (i = 0; i < count; i++) {
        size_t at = 8 + (size_t)i * TC__TENSOR_BYTES, name = tc__bytes_u32(s->data + at);
        tc_tensor_info t;
        int overflow = 0;
        if (name >= s->size || !memchr(s->data + name, 0, s->size - name))
            return tc__file_broken(d, s->offset + at,
                                   "the name of a tensor lies outside of its section");
        tc__model_entry(m, i, &t, &layout, &checksum);
        if (t.dtype < 0 || t.dtype >= TC_DTYPE_COUNT || layout > TC__LAYOUT_ROTATED ||
            (layout == TC__LAYOUT_ROTATED && !tc__model_rotates(t.dtype, t.columns)) ||
            !t.rows || !t.columns || t.rows > INT32_MAX || t.columns > INT32_MAX ||
            t.size != tc__model_bytes(t.dtype, layout, t.rows, t.columns, &overflow) ||
            overflow || t.offset % 64 || t.offset < m->file.weights.offset ||
            t.offset - m->file.weights.offset > m->file.weights.size ||
            t.size > m->file.weights.size - (t.offset - m->file.weights.offset))
            return tc__diag_fail(d, TC_ERROR_FORMAT, s->offset + at,
                                 "tensor %s: its size does not fit its shape or the file",
                                 t.name);
        if (t.dtype == TC_S8 && t.columns > TC__S8_COLUMNS)
            return tc__diag_fail(d, TC_ERROR_UNSUPPORTED, s->offset + at,
                                 "tensor %s has %u columns; sums of s8 are exact up to %u",
                                 t.name, (uint64_t)t.columns, (uint64_t)TC__S8_COLUMNS);
        total += t.size; /* no sum of checked sizes can wrap */
        if (total > m->file.weights.size)
            return tc__file_broken(d, s->offset + at, "tensors share their bytes");
        m->info.parameters += (uint64_t)t.rows * t.columns;
    }
    m->info.tensor_count = count;
    return TC_OK;
}

/* Points at tensor i for reading: panels or rows with scales. */
static void tc__model_view(const tc_model *m, uint32_t i, tc__matrix *out, uint32_t *layout) {
    tc_tensor_info t;
    uint64_t checksum;
    int overflow = 0;
    size_t numbers;
    tc__model_entry(m, i, &t, layout, &checksum);
    memset(out, 0, sizeof *out);
    out->dtype = t.dtype;
    out->rows = t.rows;
    out->columns = t.columns;
    out->panels = m->file.data + t.offset;
    out->rotated = *layout == TC__LAYOUT_ROTATED;
    if (!tc__gemm_scaled(t.dtype)) return;
    numbers = *layout != TC__LAYOUT_ROWS
                  ? (size_t)tc__gemm_panel_bytes(t.dtype, t.rows, t.columns, &overflow)
                  : tc__mem_round((size_t)t.rows * t.columns, 16) * tc__gemm_element(t.dtype);
    out->scale = (const float *)(const void *)(out->panels + tc__mem_round(numbers, 64));
    if (*layout != TC__LAYOUT_ROWS)
        out->sums = (const int32_t *)(const void *)(out->scale + tc__mem_round(t.rows, 16));
}

/* Points *out at a tensor, which must have that shape. The names come in the order of the file,
 * so the search goes on where the last one ended. */
static tc_status tc__model_matrix(tc_model *m, const char *name, uint32_t layout, uint64_t rows,
                                  uint64_t columns, tc__matrix *out) {
    uint32_t i, found;
    uint64_t checksum;
    tc_tensor_info t;
    memset(out, 0, sizeof *out);
    for (i = 0; i < m->info.tensor_count; i++) {
        m->cursor = m->cursor < m->info.tensor_count ? m->cursor : 0;
        tc__model_entry(m, m->cursor++, &t, &found, &checksum);
        if (strcmp(t.name, name)) continue;
        if (t.rows != rows || t.columns != columns ||
            (found == TC__LAYOUT_ROWS) != (layout == TC__LAYOUT_ROWS))
            return tc__diag_fail(m->env.diag, TC_ERROR_FORMAT, t.offset,
                                 "tensor %s is %u x %u, but %u x %u was expected", name,
                                 (uint64_t)t.rows, (uint64_t)t.columns, rows, columns);
        tc__model_view(m, m->cursor - 1, out, &found);
        return TC_OK;
    }
    return tc__diag_fail(m->env.diag, TC_ERROR_FORMAT, m->file.tensors.offset,
                         "tensor %s is missing", name);
}

/* All numbers of tensor i as f32, row-major. */
static void tc__model_numbers(const tc_model *m, uint32_t i, float *out) {
    tc__matrix t;
    uint32_t layout, r;
    tc__model_view(m, i, &t, &layout);
    if (layout != TC__LAYOUT_ROWS)
        tc__gemm_unpack(out, &t);
    else
        for (r = 0; r < t.rows; r++) tc__gemm_row(out + (size_t)r * t.columns, &t, r);
}

static tc_status tc__model_vector(tc_model *m, const char *name, uint64_t count,
                                  const float **out) {
    tc__matrix v;
    tc_status status = tc__model_matrix(m, name, TC__LAYOUT_ROWS, 1, count, &v);
    *out = (const float *)(const void *)v.panels;
    if (!status && v.dtype != TC_F32)
        return tc__diag_fail(m->env.diag, TC_ERROR_FORMAT, 0, "tensor %s is not f32", name);
    return status;
}

enum { TC__NAME = 96 }; /* room for the name of any tensor */

/* stem.part */
static const char *tc__model_name(char *out, const char *stem, const char *part) {
    strcpy(out, stem);
    strcat(out, ".");
    strcat(out, part);
    return out;
}

/* layer.I.part */
static const char *tc__model_layer_name(char *out, uint32_t layer, const char *part) {
    char stem[32], room[21];
    strcpy(stem, "layer.");
    strcat(stem, tc__diag_digits(room, layer));
    return tc__model_name(out, stem, part);
}

/* A linear layer: NAME.weight in panels and NAME.bias. */
static tc_status tc__model_linear(tc_model *m, const char *stem, uint64_t rows,
                                  uint64_t columns, tc__matrix *out) {
    char name[TC__NAME];
    const float *bias;
    tc_status status = tc__model_matrix(m, tc__model_name(name, stem, "weight"),
                                        TC__LAYOUT_PANELS, rows, columns, out);
    if (!status) status = tc__model_vector(m, tc__model_name(name, stem, "bias"), rows, &bias);
    if (!status) out->bias = bias;
    if (tc__gemm_scaled(out->dtype) && tc__gemm_element(out->dtype) > m->integers)
        m->integers = tc__gemm_element(out->dtype);
    return status;
}

static tc_status tc__model_norm(tc_model *m, const char *stem, uint64_t n, const float **weight,
                                const float **bias) {
    char name[TC__NAME];
    tc_status status = tc__model_vector(m, tc__model_name(name, stem, "weight"), n, weight);
    return status ? status : tc__model_vector(m, tc__model_name(name, stem, "bias"), n, bias);
}

static tc_status tc__model_layer(tc_model *m, uint32_t i) {
    uint64_t H = m->info.hidden_size, inner = m->info.intermediate_size;
    tc__layer *l = &m->layers[i];
    char stem[TC__NAME];
    tc_status status =
        tc__model_linear(m, tc__model_layer_name(stem, i, "attention.qkv"), 3 * H, H, &l->qkv);
    if (!status)
        status = tc__model_linear(m, tc__model_layer_name(stem, i, "attention.output"), H, H,
                                  &l->output);
    if (!status)
        status = tc__model_norm(m, tc__model_layer_name(stem, i, "attention.norm"), H,
                                &l->norm1_weight, &l->norm1_bias);
    if (!status)
        status = tc__model_linear(m, tc__model_layer_name(stem, i, "ffn.up"), inner, H, &l->up);
    if (!status)
        status =
            tc__model_linear(m, tc__model_layer_name(stem, i, "ffn.down"), H, inner, &l->down);
    if (!status)
        status = tc__model_norm(m, tc__model_layer_name(stem, i, "ffn.norm"), H,
                                &l->norm2_weight, &l->norm2_bias);
    return status;
}

/* What the description says beyond tc_model_info: each must be what this library computes. */
static tc_status tc__model_encoder(tc_model *m) {
    static const struct {
        const char *name;
        tc__act act;
    } acts[] = {{"gelu", TC__ACT_GELU},
                {"gelu_new", TC__ACT_GELU_NEW},
                {"relu", TC__ACT_RELU},
                {"silu", TC__ACT_SILU}};
    static const char *const fixed[][2] = {{"norm_placement", "post"},
                                           {"position_kind", "absolute"}};
    tc_diag *d = m->env.diag;
    tc__value v;
    size_t i;
    for (i = 0; i < sizeof acts / sizeof *acts; i++)
        if (!strcmp(acts[i].name, m->info.hidden_act)) m->act = acts[i].act;
    if (!m->act)
        return tc__diag_fail(d, TC_ERROR_UNSUPPORTED, 0, "the activation %s is not supported",
                             m->info.hidden_act);
    for (i = 0; i < 2; i++) {
        (void)tc__file_find(&m->file, fixed[i][0], 3, &v);
        if (strcmp(v.string, fixed[i][1]))
            return tc__diag_fail(d, TC_ERROR_UNSUPPORTED, 0, "the %s %s is not supported",
                                 fixed[i][0], v.string);
    }
    return TC_OK;
}

enum { TC__WIDEST = 1 << 24 }; /* numbers of a row */

static tc_status tc__model_weights(tc_model *m) {
    const tc_model_info *n = &m->info;
    uint64_t H = n->hidden_size, E = n->embedding_size;
    tc_status status;
    uint32_t i;
    if (!H || !E || !n->intermediate_size || H > TC__WIDEST || E > TC__WIDEST ||
        n->intermediate_size > TC__WIDEST || !n->num_attention_heads ||
        H % n->num_attention_heads || !n->vocab_size || !n->max_position_embeddings ||
        n->num_hidden_layers > n->tensor_count || n->vocab_size > INT32_MAX ||
        n->type_vocab_size > 255)
        return tc__diag_fail(m->env.diag, TC_ERROR_FORMAT, m->file.desc.offset,
                             "the sizes in the description do not agree");
    m->layers = (tc__layer *)tc__mem_zero(&m->env, (size_t)(n->num_hidden_layers + 1) *
                                                       sizeof *m->layers);
    if (!m->layers) return tc__diag_memory(m->env.diag);
    status = tc__model_encoder(m);
    if (!status)
        status =
            tc__model_matrix(m, "embeddings.word", TC__LAYOUT_ROWS, n->vocab_size, E, &m->word);
    if (!status)
        status = tc__model_matrix(m, "embeddings.position", TC__LAYOUT_ROWS,
                                  n->max_position_embeddings, E, &m->position);
    if (!status && n->type_vocab_size)
        status = tc__model_matrix(m, "embeddings.type", TC__LAYOUT_ROWS, n->type_vocab_size, E,
                                  &m->type);
    if (!status)
        status = tc__model_norm(m, "embeddings.norm", E, &m->embed_weight, &m->embed_bias);
    if (!status && E != H)
        status = tc__model_linear(m, "embeddings.projection", H, E, &m->projection);
    for (i = 0; i < n->num_hidden_layers && !status; i++) status = tc__model_layer(m, i);
    if (!status && n->num_labels)
        status = tc__model_linear(m, "head", n->num_labels, H, &m->head);
    return status;
}

static tc_status tc__model_labels(tc_model *m) {
    const tc__section *s = &m->file.labels;
    tc__reader r = {NULL, 0, 0, 0};
    uint32_t count, i;
    if (!s->data) return TC_OK;
    r.data = s->data;
    r.size = s->size;
    count = tc__bytes_take_u32(&r);
    if (count > s->size / 5)
        return tc__file_broken(m->env.diag, s->offset, "the labels are cut off");
    m->labels = (const char **)tc__mem_zero(&m->env, ((size_t)count + 1) * sizeof *m->labels);
    if (!m->labels) return tc__diag_memory(m->env.diag);
    m->info.num_labels = count;
    m->info.labels = m->labels;
    for (i = 0; i < count; i++) {
        m->labels[i] = tc__file_string(&r);
        if (tc__utf8_check(m->labels[i], strlen(m->labels[i])) != strlen(m->labels[i]))
            r.bad = 1;
    }
    return r.bad ? tc__file_broken(m->env.diag, s->offset, "a label is cut off or no UTF-8")
                 : TC_OK;
}

/* A description's number that must fit 32 bits; 0 if it is not there. */
static uint32_t tc__model_number(const tc_model *m, const char *name) {
    tc__value v;
    return tc__file_find(&m->file, name, 1, &v) && v.number <= INT32_MAX ? (uint32_t)v.number
                                                                         : 0;
}

static const char *tc__model_text(const tc_model *m, const char *name) {
    tc__value v;
    (void)tc__file_find(&m->file, name, 3, &v);
    return v.string;
}

static float tc__model_real(const tc_model *m, const char *name, float missing) {
    tc__value v;
    return tc__file_find(&m->file, name, 2, &v) ? v.real : missing;
}

TC__INLINE int tc__model_share(float x) { return x >= 0 && x < 1; }

static tc_status tc__model_describe(tc_model *m) {
    tc_model_info *n = &m->info;
    tc__value v;
    n->model_type = tc__model_text(m, "model_type");
    n->task = tc__model_text(m, "task");
    n->hidden_act = tc__model_text(m, "hidden_act");
    n->producer = tc__model_text(m, "producer");
    n->tokenizer_model = m->file.tokenizer.data ? "WordPiece" : "";
    n->dtype = (tc_dtype)tc__model_number(m, "dtype");
    n->num_hidden_layers = tc__model_number(m, "num_hidden_layers");
    n->hidden_size = tc__model_number(m, "hidden_size");
    n->intermediate_size = tc__model_number(m, "intermediate_size");
    n->num_attention_heads = tc__model_number(m, "num_attention_heads");
    n->vocab_size = tc__model_number(m, "vocab_size");
    n->embedding_size = tc__model_number(m, "embedding_size");
    n->max_position_embeddings = tc__model_number(m, "max_position_embeddings");
    n->type_vocab_size = tc__model_number(m, "type_vocab_size");
    n->max_length = tc__model_number(m, "max_length");
    n->layer_norm_eps = tc__model_real(m, "layer_norm_eps", 0);
    n->hidden_dropout = tc__model_real(m, "hidden_dropout", 0.1f);
    n->attention_dropout = tc__model_real(m, "attention_dropout", 0.1f);
    n->classifier_dropout = tc__model_real(m, "classifier_dropout", 0.1f);
    n->initializer_range = tc__model_real(m, "initializer_range", 0.02f);
    n->fixed_positions = tc__model_number(m, "fixed_positions") != 0;
    n->pad_token_id = tc__file_find(&m->file, "padding", 1, &v)
                          ? (int32_t)tc__model_number(m, "padding") - 1
                          : 0;
    n->file_size = m->file.size;
    n->file_version = m->file.version;
    if (!tc__model_share(n->layer_norm_eps) || !tc__model_share(n->hidden_dropout) ||
        !tc__model_share(n->attention_dropout) || !tc__model_share(n->classifier_dropout) ||
        !(n->initializer_range >= 0 && n->initializer_range < 1000) ||
        n->dtype >= TC_DTYPE_COUNT)
        return tc__file_broken(m->env.diag, m->file.desc.offset,
                               "the description holds a number out of its range");
    return TC_OK;
}

/* The inverse of what a writer stores. */
static tc_model_desc tc__model_desc(const tc_model *m) {
    const tc_model_info *n = &m->info;
    tc_model_desc d;
    memset(&d, 0, sizeof d);
    d.model_type = n->model_type;
    d.task = n->task;
    d.hidden_act = n->hidden_act;
    d.producer = n->producer;
    d.dtype = n->dtype;
    d.num_hidden_layers = n->num_hidden_layers;
    d.hidden_size = n->hidden_size;
    d.intermediate_size = n->intermediate_size;
    d.num_attention_heads = n->num_attention_heads;
    d.vocab_size = n->vocab_size;
    d.embedding_size = n->embedding_size;
    d.max_position_embeddings = n->max_position_embeddings;
    d.type_vocab_size = n->type_vocab_size;
    d.max_length = n->max_length;
    d.layer_norm_eps = n->layer_norm_eps;
    d.hidden_dropout = n->hidden_dropout;
    d.attention_dropout = n->attention_dropout;
    d.classifier_dropout = n->classifier_dropout;
    d.initializer_range = n->initializer_range;
    d.pad_token_id = n->pad_token_id;
    d.fixed_positions = n->fixed_positions;
    d.labels = n->labels;
    d.num_labels = n->num_labels;
    return d;
}

/* An error unless the model has what a tagger needs. */
static tc_status tc__model_tags(const tc_model *m, tc_diag *d) {
    if (m->head.rows && m->file.tokenizer.data) return TC_OK;
    return tc__diag_fail(d, TC_ERROR_UNSUPPORTED, 0, "the model has no %s",
                         m->head.rows ? "tokenizer" : "token-classification head");
}

/* The most tokens of a sequence, special ones included; `most` is the caller's own limit, or
 * 0. */
static uint32_t tc__model_limit(const tc_model *m, uint32_t most) {
    uint32_t limit = m->info.max_position_embeddings;
    if (m->info.max_length && m->info.max_length < limit) limit = m->info.max_length;
    return most && most < limit ? most : limit;
}

static void tc__model_free(tc_model *m) {
    tc_env env;
    if (!m) return;
    env = m->env;
    tc__mem_free(&env, m->layers, ((size_t)m->info.num_hidden_layers + 1) * sizeof *m->layers);
    tc__mem_free(&env, (void *)m->labels, ((size_t)m->info.num_labels + 1) * sizeof *m->labels);
    tc__file_close(&env, &m->file);
    tc__mem_free(&env, m, sizeof *m);
}

/* Takes over `file`; frees it on failure. */
static tc_status tc__model_open(const tc_env *env, const tc__file *file, tc_model **out) {
    tc_model *m = (tc_model *)tc__mem_zero(env, sizeof *m);
    tc__file copy = *file;
    tc_status status;
    *out = NULL;
    if (!m) {
        tc__file_close(env, &copy);
        return tc__diag_memory(env->diag);
    }
    m->env = *env;
    m->file = copy;
    status = tc__file_open(&m->file, env->diag);
    if (!status) status = tc__model_describe(m);
    if (!status) status = tc__model_labels(m);
    if (!status && m->file.tokenizer.data &&
        !tc__tok_open(&m->tokenizer, m->file.tokenizer.data, m->file.tokenizer.size))
        status = tc__file_broken(env->diag, m->file.tokenizer.offset,
                                 "the tokenizer's tables do not agree");
    if (!status) status = tc__model_tensors(m);
    if (!status && m->info.tensor_count) status = tc__model_weights(m);
    if (status) {
        tc__model_free(m);
        return status;
    }
    m->env.diag = NULL;
    *out = m;
    return TC_OK;
}

/* ======================================================================= 47-write
 * Building a .tcm: the tokenizer's tables, packed tensors, the container. */

struct tc_writer {
    tc_env env;
    tc__buf file; /* header and tensor data; finish appends the small sections */
    tc__buf tensors, names, labels, desc, tokenizer;
    uint32_t tensor_count, label_count;
    int described, finished;
    int sized;     /* it describes an encoder, not a tokenizer alone */
    tc_status end; /* of finishing */
    tc_dtype dtype;
};

static tc_status tc__write_u32(tc_writer *w, tc__buf *b, uint32_t v) {
    return tc__mem_append(&w->env, b, &v, 4);
}

static tc_status tc__write_u64(tc_writer *w, tc__buf *b, uint64_t v) {
    return tc__mem_append(&w->env, b, &v, 8);
}

static tc_status tc__write_string(tc_writer *w, tc__buf *b, const char *s) {
    size_t n = strlen(s);
    tc_status status = tc__write_u32(w, b, (uint32_t)n);
    return status ? status : tc__mem_append(&w->env, b, s, n + 1);
}

static tc_status tc__write_pad(tc_writer *w, tc__buf *b, size_t unit) {
    static const char zeros[64] = {0};
    return tc__mem_append(&w->env, b, zeros, tc__mem_round(b->used, unit) - b->used);
}

/* ---- tries ---- */

typedef struct tc__key {
    tc_string s;
    uint32_t value, rank; /* of equal strings that with the smallest rank counts */
} tc__key;

static int tc__write_key_order(const void *a, const void *b) {
    const tc__key *x = (const tc__key *)a, *y = (const tc__key *)b;
    int order = tc__tok_compare(x->s, y->s);
    return order ? order : x->rank < y->rank ? -1 : 1;
}

typedef struct
    tc__branch { /* keys [first, last) share their first `depth` bytes, which end at unit */
    size_t first, last, depth;
    uint32_t unit;
} tc__branch;

typedef struct tc__grower {
    const tc_env *env;
    tc__buf units; /* {link, value} */
    tc__buf open;  /* uint64, a bit a unit: it is not used yet */
    tc__buf bases; /* uint64, a bit a unit: its number is no base yet */
    tc__buf branches;
    uint32_t count;
} tc__grower;

enum { TC__TRIE_WINDOW = 16 }; /* blocks of 256 units, the newest, that are searched for room */

TC__INLINE int tc__write_bit(const tc__buf *bits, uint32_t i) {
    return (int)(((const uint64_t *)(const void *)bits->data)[i / 64] >> i % 64 & 1);
}

TC__INLINE void tc__write_clear(tc__buf *bits, uint32_t i) {
    ((uint64_t *)(void *)bits->data)[i / 64] &= ~(UINT64_C(1) << i % 64);
}

static tc_status tc__write_block(tc__grower *g) {
    static const uint64_t ones[4] = {UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX};
    uint32_t empty[2] = {0, UINT32_MAX}, i;
    tc_status status = tc__mem_append(g->env, &g->open, ones, sizeof ones);
    if (!status) status = tc__mem_append(g->env, &g->bases, ones, sizeof ones);
    for (i = 0; i < 256 && !status; i++)
        status = tc__mem_append(g->env, &g->units, empty, sizeof empty);
    g->count += 256;
    return status;
}

/* The next open unit, from `at` on; g->count if there is none. */
static uint32_t tc__write_open_unit(const tc__grower *g, uint32_t at) {
    while (at < g->count) {
        uint64_t rest = ((const uint64_t *)(const void *)g->open.data)[at / 64] >> at % 64;
        if (rest) {
            for (; !(rest & 0xFF); rest >>= 8) at += 8;
            for (; !(rest & 1); rest >>= 1) at++;
            return at;
        }
        at = (at / 64 + 1) * 64;
    }
    return at;
}

/* A base under which all labels [n] are open; open units are tried as places of the first. */
static tc_status tc__write_base(tc__grower *g, const unsigned char *labels, size_t n,
                                uint32_t *base) {
    uint32_t at = g->count > TC__TRIE_WINDOW * 256 ? g->count - TC__TRIE_WINDOW * 256 : 0;
    for (;; at++) {
        uint32_t b;
        size_t i = 0;
        at = tc__write_open_unit(g, at);
        if (at == g->count) {
            tc_status status = tc__write_block(g);
            if (status) return status;
        }
        if (at > 0x3FFFFF)
            return tc__diag_fail(g->env->diag, TC_ERROR_LENGTH, 0,
                                 "the vocabulary is too large: its trie would have more than "
                                 "4194304 units");
        b = at ^ labels[0];
        if (!tc__write_bit(&g->bases, b)) continue;
        while (i < n && tc__write_bit(&g->open, b ^ labels[i])) i++;
        if (i < n) continue;
        *base = b;
        return TC_OK;
    }
}

/* Gives the branch's unit its value and its children, and pushes these. */
static tc_status tc__write_branch(tc__grower *g, const tc__key *keys, tc__branch at) {
    unsigned char labels[256];
    size_t starts[257], n = 0, i;
    uint32_t base = 0, *units = (uint32_t *)(void *)g->units.data;
    tc_status status = TC_OK;
    if (keys[at.first].s.length == at.depth) units[2 * at.unit + 1] = keys[at.first].value;
    while (at.first < at.last && keys[at.first].s.length == at.depth) at.first++;
    for (i = at.first; i < at.last; i++) {
        unsigned char c = (unsigned char)keys[i].s.data[at.depth];
        if (n && labels[n - 1] == c) continue;
        labels[n] = c;
        starts[n++] = i;
    }
    if (!n) return TC_OK;
    starts[n] = at.last;
    status = tc__write_base(g, labels, n, &base);
    units = (uint32_t *)(void *)g->units.data;
    if (status) return status;
    tc__write_clear(&g->bases, base);
    units[2 * at.unit] |= TC__TRIE_PARENT | base << 8;
    for (i = 0; i < n && !status; i++) {
        tc__branch child;
        child.first = starts[i];
        child.last = starts[i + 1];
        child.depth = at.depth + 1;
        child.unit = base ^ labels[i];
        units[2 * child.unit] = TC__TRIE_USED | labels[i];
        tc__write_clear(&g->open, child.unit);
        status = tc__mem_append(g->env, &g->branches, &child, sizeof child);
    }
    return status;
}

/* Sorts `keys` and appends their trie to `to`; *count is its units. */
static tc_status tc__write_trie(tc_writer *w, tc__key *keys, size_t n, tc__buf *to,
                                uint32_t *count) {
    tc__grower g;
    tc__branch root = {0, 0, 0, 0};
    tc_status status;
    memset(&g, 0, sizeof g);
    g.env = &w->env;
    root.last = n;
    tc__mem_sort(keys, n, sizeof *keys, tc__write_key_order);
    status = tc__write_block(&g);
    if (!status) tc__write_clear(&g.open, 0);
    if (!status && n) status = tc__mem_append(&w->env, &g.branches, &root, sizeof root);
    while (!status && g.branches.used) {
        tc__branch top;
        g.branches.used -= sizeof top;
        memcpy(&top, g.branches.data + g.branches.used, sizeof top);
        status = tc__write_branch(&g, keys, top);
    }
    *count = g.count;
    if (!status) status = tc__mem_append(&w->env, to, g.units.data, g.units.used);
    tc__mem_drop(&w->env, &g.units);
    tc__mem_drop(&w->env, &g.open);
    tc__mem_drop(&w->env, &g.bases);
    tc__mem_drop(&w->env, &g.branches);
    return status;
}

/* ---- characters ---- */

/* The entry of one character; a sequence of several code points goes to the pool. */
static tc_status tc__write_char(tc_writer *w, uint32_t flags, uint32_t code, tc__buf *pool,
                                uint32_t *out) {
    uint32_t source = code == TC__ILL_FORMED ? 0xFFFD : code, parts[4], result[9], entry = 0;
    size_t n = 1, count = 0, i;
    parts[0] = source;
    if (TC__UNI_IN(tc__uni_white, source)) entry |= TC__CHAR_WHITE;
    if (TC__UNI_IN(tc__uni_punct, source)) entry |= TC__CHAR_PUNCT;
    if (TC__UNI_IN(tc__uni_word, source)) entry |= TC__CHAR_WORD;
    *out = entry | TC__CHAR_DROP | TC__CHAR_REMOVED;
    if ((flags & TC__TOK_CLEAN) && (source == 0 || TC__UNI_IN(tc__uni_removed, source)))
        return TC_OK;
    *out = entry | ' ';
    if ((flags & TC__TOK_CLEAN) && TC__UNI_IN(tc__uni_space, source)) return TC_OK;
    if ((flags & TC__TOK_CHINESE) && TC__UNI_IN(tc__uni_cjk, source)) entry |= TC__CHAR_CJK;
    if (flags & TC__TOK_STRIP) {
        n = tc__uni_decompose(source, parts);
        if (tc__uni_class(parts[0])) entry |= TC__CHAR_HEAD;
        if (tc__uni_class(parts[n - 1])) entry |= TC__CHAR_TAIL;
    }
    for (i = 0; i < n; i++) {
        if ((flags & TC__TOK_STRIP) && TC__UNI_IN(tc__uni_mn, parts[i])) continue;
        if ((flags & TC__TOK_STRIP) && tc__uni_class(parts[i])) entry |= TC__CHAR_SURVIVOR;
        if (flags & TC__TOK_LOWER)
            count += tc__uni_lowercase(parts[i], result + 1 + count);
        else
            result[1 + count++] = parts[i];
    }
    if (!count)
        entry |= TC__CHAR_DROP;
    else if (source - 0xAC00 < 11172 && n > 1)
        entry |= TC__CHAR_HANGUL;
    else if (count == 1)
        entry |= result[1] == code ? 0 : result[1];
    else {
        result[0] = (uint32_t)count;
        entry |= TC__CHAR_SEQUENCE | (uint32_t)(pool->used / 4);
        *out = entry;
        return tc__mem_append(&w->env, pool, result, (count + 1) * 4);
    }
    *out = entry;
    return TC_OK;
}

/* The two-stage table: equal blocks of 64 characters are stored once. */
static tc_status tc__write_chars(tc_writer *w, uint32_t flags, tc__buf *index, tc__buf *blocks,
                                 tc__buf *pool) {
    uint32_t block[64], first, i;
    tc_status status = TC_OK;
    for (first = 0; first <= TC__ILL_FORMED && !status; first += 64) {
        int plain = first >= TC__UNI_PLAIN_FIRST && first + 63 <= TC__UNI_PLAIN_LAST;
        uint16_t same;
        size_t known = blocks->used / sizeof block;
        for (i = 0; i < 64 && plain; i++) block[i] = 0;
        for (i = 0; i < 64 && !plain && !status; i++)
            status = tc__write_char(
                w, flags, first < TC__ILL_FORMED ? first + i : TC__ILL_FORMED, pool, &block[i]);
        for (same = 0;
             same < known && memcmp(blocks->data + same * sizeof block, block, sizeof block);)
            same++;
        if (same == known && !status)
            status = tc__mem_append(&w->env, blocks, block, sizeof block);
        if (!status) status = tc__mem_append(&w->env, index, &same, 2);
    }
    return status;
}

/* ---- tokenizer ---- */

typedef struct tc__assembly {
    tc_writer *w;
    tc__buf strings, out, index, blocks, pool, added, keys;
    uint32_t n[TC__TOK_NUMBERS];
} tc__assembly;

TC__INLINE uint32_t tc__write_flag(int on, int flag) { return on ? (uint32_t)flag : 0; }

static tc_status tc__write_too_large(const tc__assembly *a) {
    return tc__diag_fail(a->w->env.diag, TC_ERROR_LENGTH, 0,
                         "the tokenizer is too large: it has more than 2 GiB");
}

static tc_status tc__write_text(tc__assembly *a, tc_string s, uint32_t *at) {
    *at = (uint32_t)a->strings.used;
    if (a->strings.used + s.length > INT32_MAX) return tc__write_too_large(a);
    return tc__mem_append(&a->w->env, &a->strings, s.data, s.length);
}

/* Appends a table to the section and notes where. */
static tc_status tc__write_table(tc__assembly *a, int number, const void *data, size_t bytes) {
    tc_status status = tc__write_pad(a->w, &a->out, 8);
    if (a->out.used + bytes > INT32_MAX) return tc__write_too_large(a);
    a->n[number] = (uint32_t)a->out.used;
    return status ? status : tc__mem_append(&a->w->env, &a->out, data, bytes);
}

static tc_status tc__write_key(tc__assembly *a, tc_string s, uint32_t value, uint32_t rank) {
    tc__key key;
    key.s = s;
    key.value = value;
    key.rank = rank;
    return tc__mem_append(&a->w->env, &a->keys, &key, sizeof key);
}

static tc_status tc__write_keys(tc__assembly *a, int at, int units) {
    tc_status status = tc__write_pad(a->w, &a->out, 8);
    a->n[at] = (uint32_t)a->out.used;
    if (!status)
        status = tc__write_trie(a->w, (tc__key *)(void *)a->keys.data,
                                a->keys.used / sizeof(tc__key), &a->out, &a->n[units]);
    a->keys.used = 0;
    return status;
}

static tc_status tc__write_vocab(tc__assembly *a, const tc_tokenizer_desc *d) {
    tc__buf offsets = {NULL, 0, 0};
    tc_status status = TC_OK;
    uint32_t i, at;
    for (i = 0; i <= d->vocab_count && !status; i++) {
        tc_string s =
            i < d->vocab_count && d->vocab[i].data ? d->vocab[i] : tc__tok_string("", 0);
        if (tc__utf8_check(s.data, s.length) != s.length)
            status = tc__diag_fail(a->w->env.diag, TC_ERROR_UTF8, i,
                                   "token %u of the vocabulary is no UTF-8", (uint64_t)i);
        if (!status && s.length > TC__TRIE_DEEPEST)
            status = tc__diag_fail(a->w->env.diag, TC_ERROR_UNSUPPORTED, i,
                                   "token %u of the vocabulary has %u bytes, the limit is %u",
                                   (uint64_t)i, (uint64_t)s.length, (uint64_t)TC__TRIE_DEEPEST);
        if (!status) status = tc__write_text(a, s, &at);
        if (!status) status = tc__mem_append(&a->w->env, &offsets, &at, 4);
        if (!status && s.length) status = tc__write_key(a, s, i, i);
    }
    if (!status) status = tc__write_table(a, TC__TOK_TOKENS_AT, offsets.data, offsets.used);
    if (!status) status = tc__write_keys(a, TC__TOK_TRIE_AT, TC__TOK_UNITS);
    tc__mem_drop(&a->w->env, &offsets);
    return status;
}

/* An added token with its place in the list: special ones first, then in the order given. */
typedef struct tc__listed {
    tc_added_token token;
    uint32_t rank;
} tc__listed;

static int tc__write_added_order(const void *a, const void *b) {
    const tc_added_token *x = &((const tc__listed *)a)->token,
                         *y = &((const tc__listed *)b)->token;
    return x->id < y->id ? -1 : x->id > y->id;
}

/* The tokens sorted by id. */
static tc_status tc__write_list(tc_writer *w, const tc_tokenizer_desc *d, tc__buf *out) {
    uint32_t i;
    tc_status status = TC_OK;
    for (i = 0; i < d->added_count && !status; i++) {
        tc__listed item;
        memset(&item, 0, sizeof item);
        item.token = d->added[i];
        item.rank = d->added[i].special ? i : d->added_count + i;
        status = tc__mem_append(&w->env, out, &item, sizeof item);
    }
    if (!status)
        tc__mem_sort(out->data, d->added_count, sizeof(tc__listed), tc__write_added_order);
    return status;
}

/* `tokens` sorted by id; `matches` are the strings by which they are found in a text. */
static tc_status tc__write_added(tc__assembly *a, const tc__listed *tokens,
                                 const tc_string *matches, uint32_t count) {
    tc_status status = TC_OK;
    uint32_t i;
    int pass;
    for (i = 0; i < count && !status; i++) {
        const tc_added_token *t = &tokens[i].token;
        const char *wrong;
        tc__added record = {0, 0, 0, 0};
        record.length = (uint32_t)t->content.length;
        record.id = t->id;
        record.flags = tc__write_flag(t->special, TC__ADDED_SPECIAL) |
                       tc__write_flag(t->normalized, TC__ADDED_NORMALIZED) |
                       tc__write_flag(t->single_word, TC__ADDED_SINGLE_WORD) |
                       tc__write_flag(t->lstrip, TC__ADDED_LSTRIP) |
                       tc__write_flag(t->rstrip, TC__ADDED_RSTRIP);
        if (t->content.length > TC__TRIE_DEEPEST)
            return tc__diag_fail(a->w->env.diag, TC_ERROR_UNSUPPORTED, i,
                                 "the added token with id %u has %u bytes, the limit is %u",
                                 (uint64_t)(uint32_t)t->id, (uint64_t)t->content.length,
                                 (uint64_t)TC__TRIE_DEEPEST);
        wrong = !t->content.length                     ? "is empty"
                : t->id < 0 || t->id == INT32_MAX      ? "has no valid id"
                : i && t->id == tokens[i - 1].token.id ? "is the second of its id"
                : tc__utf8_check(t->content.data, t->content.length) != t->content.length
                    ? "is no UTF-8"
                    : NULL;
        if (wrong)
            return tc__diag_fail(a->w->env.diag, TC_ERROR_ARGUMENT, i,
                                 "the added token with id %u %s", (uint64_t)(uint32_t)t->id,
                                 wrong);
        status = tc__write_text(a, t->content, &record.offset);
        if (!status) status = tc__mem_append(&a->w->env, &a->added, &record, sizeof record);
    }
    if (!status) status = tc__write_table(a, TC__TOK_ADDED_AT, a->added.data, a->added.used);
    for (pass = 0; pass < 2 && !status; pass++) {
        for (i = 0; i < count && !status; i++)
            if (!tokens[i].token.normalized == !pass && matches[i].length)
                status = tc__write_key(a, matches[i], i, tokens[i].rank);
        if (!status && a->keys.used)
            status = pass ? tc__write_keys(a, TC__TOK_NORMALIZED_AT, TC__TOK_NORMALIZED_UNITS)
                          : tc__write_keys(a, TC__TOK_RAW_AT, TC__TOK_RAW_UNITS);
    }
    return status;
}

static tc_status tc__write_steps(tc__assembly *a, const tc_tokenizer_desc *d) {
    tc__buf steps = {NULL, 0, 0};
    tc_status status = TC_OK;
    uint32_t i, total = d->single_count + d->pair_count;
    for (i = 0; i < total && !status; i++) {
        const tc_template_step *from =
            i < d->single_count ? d->single + i : d->pair + (i - d->single_count);
        tc__step step = {0, 0, 0, {0, 0}};
        step.id = from->id;
        step.sequence = from->sequence;
        step.type = from->type;
        status = tc__mem_append(&a->w->env, &steps, &step, sizeof step);
    }
    if (!status) status = tc__write_table(a, TC__TOK_STEPS_AT, steps.data, steps.used);
    tc__mem_drop(&a->w->env, &steps);
    return status;
}

/* The strings by which added tokens are found: their contents, normalized by the tokenizer
 * `self` where the token asks for it. `text` holds what is new. */
static tc_status tc__write_matches(tc_writer *w, const tc_tokenizer *self,
                                   const tc__listed *tokens, tc_string *matches, uint32_t count,
                                   tc__buf *text) {
    tc_encoding *e;
    tc_status status = tc__encode_create(self, &w->env, &e);
    uint32_t i;
    size_t at = 0;
    for (i = 0; i < count && !status; i++) {
        size_t before = text->used;
        matches[i] = tokens[i].token.content;
        if (!tokens[i].token.normalized) continue;
        e->text = matches[i].data;
        e->length = matches[i].length;
        status = tc__norm_text(e, 0, e->length);
        if (!status) status = tc__mem_append(&w->env, text, e->normal.data, e->normal.used);
        matches[i].length = text->used - before;
    }
    for (i = 0; i < count && !status; i++) {
        if (!tokens[i].token.normalized) continue;
        matches[i].data = text->data + at;
        at += matches[i].length;
    }
    tc__encode_free(e);
    return status;
}

static tc_status tc__write_front(tc__assembly *a, const tc_tokenizer_desc *d) {
    static const char zeros[4 * TC__TOK_NUMBERS] = {0};
    tc_writer *w = a->w;
    tc_status status;
    memset(a->n, 0, sizeof a->n);
    a->n[TC__TOK_KIND] = 1;
    a->n[TC__TOK_VOCAB] = d->vocab_count;
    a->n[TC__TOK_UNK] = (uint32_t)d->unk_id;
    a->n[TC__TOK_WORD_UNK] = d->word_unk ? (uint32_t)d->word_unk_id + 2 : 0;
    a->n[TC__TOK_MAX_CHARS] = d->max_word_chars;
    a->n[TC__TOK_SINGLE] = d->single_count;
    a->n[TC__TOK_PAIR] = d->pair_count;
    a->n[TC__TOK_FLAGS] = tc__write_flag(d->clean_text, TC__TOK_CLEAN) |
                          tc__write_flag(d->handle_chinese_chars, TC__TOK_CHINESE) |
                          tc__write_flag(d->strip_accents, TC__TOK_STRIP) |
                          tc__write_flag(d->lowercase, TC__TOK_LOWER) |
                          tc__write_flag(d->truncate_left, TC__TOK_TRUNCATE_LEFT) |
                          tc__write_flag(d->decoder_wordpiece, TC__TOK_DECODER) |
                          tc__write_flag(d->decoder_cleanup, TC__TOK_DECODER_CLEANUP) |
                          tc__write_flag(d->clean_up_spaces, TC__TOK_CLEANUP);
    a->out.used = a->strings.used = a->added.used = a->keys.used = 0;
    status = tc__mem_append(&w->env, &a->out, zeros, sizeof zeros);
    if (!status && !a->index.used) {
        status = tc__write_chars(w, a->n[TC__TOK_FLAGS], &a->index, &a->blocks, &a->pool);
        if (!status) status = tc__write_u32(w, &a->pool, 0); /* never empty */
    }
    a->n[TC__TOK_BLOCKS] = (uint32_t)(a->blocks.used / 256);
    a->n[TC__TOK_POOL] = (uint32_t)(a->pool.used / 4);
    if (!status) status = tc__write_table(a, TC__TOK_INDEX_AT, a->index.data, a->index.used);
    if (!status) status = tc__write_table(a, TC__TOK_BLOCKS_AT, a->blocks.data, a->blocks.used);
    if (!status) status = tc__write_table(a, TC__TOK_POOL_AT, a->pool.data, a->pool.used);
    return status;
}

/* The whole section, with `count` added tokens. */
static tc_status tc__write_section(tc__assembly *a, const tc_tokenizer_desc *d,
                                   const tc__listed *added, const tc_string *matches,
                                   uint32_t count) {
    tc_status status = tc__write_front(a, d);
    a->n[TC__TOK_ADDED] = count;
    if (!status) status = tc__write_vocab(a, d);
    if (!status) status = tc__write_added(a, added, matches, count);
    if (!status) status = tc__write_steps(a, d);
    a->n[TC__TOK_PREFIX_BYTES] = (uint32_t)d->continuing_prefix.length;
    a->n[TC__TOK_DECODER_BYTES] = (uint32_t)d->decoder_prefix.length;
    if (!status) status = tc__write_text(a, d->continuing_prefix, &a->n[TC__TOK_PREFIX_AT]);
    if (!status) status = tc__write_text(a, d->decoder_prefix, &a->n[TC__TOK_DECODER_AT]);
    if (!status)
        status = tc__write_table(a, TC__TOK_STRINGS_AT, a->strings.data, a->strings.used);
    a->n[TC__TOK_STRING_BYTES] = (uint32_t)a->strings.used;
    if (!status) memcpy(a->out.data, a->n, sizeof a->n);
    return status;
}

static tc_status tc__write_open(tc__assembly *a, tc_tokenizer *t) {
    if (tc__tok_open(t, a->out.data, a->out.used)) return TC_OK;
    return tc__diag_fail(a->w->env.diag, TC_ERROR_ARGUMENT, 0,
                         "the tokenizer's description does not agree with itself: template, "
                         "unknown token or prefix");
}

/* Writes the section once without added tokens, to normalize these with it, and once with
 * them. */
static tc_status tc__write_tokenizer(tc_writer *w, const tc_tokenizer_desc *d) {
    tc__assembly a;
    tc_tokenizer self;
    tc__buf added = {NULL, 0, 0}, text = {NULL, 0, 0}, matches = {NULL, 0, 0};
    tc_status status;
    memset(&a, 0, sizeof a);
    a.w = w;
    status = tc__write_list(w, d, &added);
    if (!status)
        status = tc__mem_reserve(&w->env, &matches, d->added_count * sizeof(tc_string));
    if (!status) status = tc__write_section(&a, d, NULL, NULL, 0);
    if (!status) status = tc__write_open(&a, &self);
    if (!status)
        status = tc__write_matches(w, &self, (tc__listed *)(void *)added.data,
                                   (tc_string *)(void *)matches.data, d->added_count, &text);
    if (!status)
        status = tc__write_section(&a, d, (tc__listed *)(void *)added.data,
                                   (tc_string *)(void *)matches.data, d->added_count);
    if (!status) status = tc__write_open(&a, &self);
    w->tokenizer.used = 0;
    if (!status) status = tc__mem_append(&w->env, &w->tokenizer, a.out.data, a.out.used);
    tc__mem_drop(&w->env, &a.strings);
    tc__mem_drop(&w->env, &a.out);
    tc__mem_drop(&w->env, &a.index);
    tc__mem_drop(&w->env, &a.blocks);
    tc__mem_drop(&w->env, &a.pool);
    tc__mem_drop(&w->env, &a.added);
    tc__mem_drop(&w->env, &a.keys);
    tc__mem_drop(&w->env, &added);
    tc__mem_drop(&w->env, &text);
    tc__mem_drop(&w->env, &matches);
    return status;
}

/* ---- description, tensors, file ---- */

static tc_status tc__write_number(tc_writer *w, const char *key, uint64_t v) {
    tc_status status = tc__write_string(w, &w->desc, key);
    if (!status) status = tc__write_u32(w, &w->desc, 1);
    return status ? status : tc__write_u64(w, &w->desc, v);
}

static tc_status tc__write_words(tc_writer *w, const char *key, const char *v) {
    tc_status status = tc__write_string(w, &w->desc, key);
    if (!status) status = tc__write_u32(w, &w->desc, 3);
    return status ? status : tc__write_string(w, &w->desc, v ? v : "");
}

static tc_status tc__write_real(tc_writer *w, const char *key, float v) {
    tc_status status = tc__write_string(w, &w->desc, key);
    if (!status) status = tc__write_u32(w, &w->desc, 2);
    return status ? status : tc__write_u32(w, &w->desc, tc__bytes_of_float(v));
}

static tc_status tc__write_describe(tc_writer *w, const tc_model_desc *d) {
    const char *texts[][2] = {{"model_type", NULL},       {"task", NULL},
                              {"hidden_act", NULL},       {"producer", NULL},
                              {"norm_placement", "post"}, {"position_kind", "absolute"}};
    struct {
        const char *name;
        uint32_t value;
    } numbers[] = {{"dtype", (uint32_t)d->dtype},
                   {"num_hidden_layers", d->num_hidden_layers},
                   {"hidden_size", d->hidden_size},
                   {"intermediate_size", d->intermediate_size},
                   {"num_attention_heads", d->num_attention_heads},
                   {"vocab_size", d->vocab_size},
                   {"embedding_size", d->embedding_size ? d->embedding_size : d->hidden_size},
                   {"max_position_embeddings", d->max_position_embeddings},
                   {"type_vocab_size", d->type_vocab_size},
                   {"max_length", d->max_length},
                   {"fixed_positions", d->fixed_positions != 0},
                   {"padding", (uint32_t)d->pad_token_id + 1}};
    struct {
        const char *name;
        float value;
    } reals[] = {{"layer_norm_eps", d->layer_norm_eps},
                 {"hidden_dropout", d->hidden_dropout},
                 {"attention_dropout", d->attention_dropout},
                 {"classifier_dropout", d->classifier_dropout},
                 {"initializer_range", d->initializer_range}};
    tc_status status;
    size_t i, n = sizeof texts / sizeof *texts, m = sizeof numbers / sizeof *numbers,
              k = sizeof reals / sizeof *reals;
    texts[0][1] = d->model_type;
    texts[1][1] = d->task;
    texts[2][1] = d->hidden_act;
    texts[3][1] = d->producer;
    w->desc.used = w->labels.used = 0;
    w->dtype = d->dtype;
    w->sized = d->hidden_size || d->num_hidden_layers;
    status = tc__write_u32(w, &w->desc, (uint32_t)(n + m + k));
    for (i = 0; i < n && !status; i++) status = tc__write_words(w, texts[i][0], texts[i][1]);
    for (i = 0; i < m && !status; i++)
        status = tc__write_number(w, numbers[i].name, numbers[i].value);
    for (i = 0; i < k && !status; i++)
        status = tc__write_real(w, reals[i].name, reals[i].value);
    if (!status) status = tc__write_u32(w, &w->labels, d->num_labels);
    for (i = 0; i < d->num_labels && !status; i++)
        status = tc__write_string(w, &w->labels, d->labels[i]);
    w->described = !status;
    return status;
}

/* Row-major numbers, padded to 16, with a scale a row for integers; into zeroed bytes. */
static void tc__write_rows(unsigned char *out, tc_dtype t, uint32_t rows, uint32_t columns,
                           const float *data) {
    size_t scales = tc__mem_round(
               tc__mem_round((size_t)rows * columns, 16) * tc__gemm_element(t), 64),
           r, c;
    for (r = 0; r < rows; r++) {
        const float *row = data + r * columns;
        float scale = tc__gemm_scaled(t) ? tc__gemm_scale(t, row, columns) : 1;
        for (c = 0; c < columns; c++) tc__gemm_put(out, t, r * columns + c, row[c], scale);
        if (tc__gemm_scaled(t)) memcpy(out + scales + 4 * r, &scale, 4);
    }
}

static int tc__write_ends(const char *s, const char *end) {
    size_t n = strlen(s), m = strlen(end);
    return n >= m && !strcmp(s + n - m, end);
}

/* Vectors, norms, token types and the head stay f32; see the manual's table of tensors. */
static tc_dtype tc__write_dtype(const tc_writer *w, const char *name, uint32_t columns,
                                uint32_t *layout) {
    int embedding = !strcmp(name, "embeddings.word") || !strcmp(name, "embeddings.position");
    int vector = strstr(name, ".norm.") || tc__write_ends(name, ".bias");
    *layout = vector || embedding || !strcmp(name, "embeddings.type") ? TC__LAYOUT_ROWS
                                                                      : TC__LAYOUT_PANELS;
    if (*layout == TC__LAYOUT_ROWS) return embedding ? w->dtype : TC_F32;
    if (!strncmp(name, "head.", 5)) return TC_F32;
    if (tc__model_rotates(w->dtype, columns)) *layout = TC__LAYOUT_ROTATED;
    return w->dtype;
}

/* Zeroed room for a tensor at *at of the file. */
static tc_status tc__write_room(tc_writer *w, uint64_t bytes, uint64_t *at) {
    static const char zeros[TC__HEADER_BYTES] = {0};
    tc_status status = TC_OK;
    if (!w->file.used) status = tc__mem_append(&w->env, &w->file, zeros, sizeof zeros);
    if (!status) status = tc__write_pad(w, &w->file, 64);
    if (!status) status = tc__mem_reserve(&w->env, &w->file, bytes);
    if (status) return status;
    *at = w->file.used;
    memset(w->file.data + w->file.used, 0, (size_t)bytes);
    w->file.used += (size_t)bytes;
    return TC_OK;
}

/* The entry of a tensor whose bytes are in place. */
static tc_status tc__write_entry(tc_writer *w, const char *name, tc_dtype dtype,
                                 uint32_t layout, uint32_t rows, uint32_t columns, uint64_t at,
                                 uint64_t bytes) {
    unsigned char entry[TC__TENSOR_BYTES] = {0};
    uint64_t checksum = tc__bytes_checksum(w->file.data + at, (size_t)bytes);
    uint32_t fields[5];
    tc_status status;
    fields[0] = (uint32_t)w->names.used;
    fields[1] = layout;
    fields[2] = (uint32_t)dtype;
    fields[3] = rows;
    fields[4] = columns;
    memcpy(entry, fields, sizeof fields);
    memcpy(entry + 24, &at, 8);
    memcpy(entry + 32, &bytes, 8);
    memcpy(entry + 40, &checksum, 8);
    status = tc__mem_append(&w->env, &w->names, name, strlen(name) + 1);
    if (!status) status = tc__mem_append(&w->env, &w->tensors, entry, sizeof entry);
    w->tensor_count += !status;
    return status;
}

/* Whether the dtype can hold a number: a finite one must not become infinite. */
static int tc__write_fits(tc_dtype t, float value) {
    float a = fabsf(value);
    if (t == TC_S8) return a < 2e37f;       /* 16 times as much is finite */
    if (t == TC_S16) return a < 3.4028e38f; /* rounded, 8191 8191sts may be infinite */
    return !(a < INFINITY) || (t == TC_F16    ? tc__bytes_to_f16(a) != 0x7C00
                               : t == TC_BF16 ? tc__bytes_to_bf16(a) != 0x7F80
                                              : 1);
}

static tc_status tc__write_tensor(tc_writer *w, const char *name, uint32_t rows,
                                  uint32_t columns, const float *data) {
    uint32_t layout;
    tc_dtype dtype = tc__write_dtype(w, name, columns, &layout);
    int overflow = 0;
    uint64_t bytes = tc__model_bytes(dtype, layout, rows, columns, &overflow), at;
    tc_status status = overflow ? TC_ERROR_MEMORY : TC_OK;
    const size_t names = w->names.used;
    float *row = NULL;
    size_t i;
    if (tc__gemm_scaled(dtype) && columns > INT32_MAX / 8191)
        return tc__diag_fail(w->env.diag, TC_ERROR_LENGTH, 0, "tensor %s has too many columns",
                             name);
    for (i = 0; !overflow && dtype != TC_F32 && i < (size_t)rows * columns; i++)
        if (!tc__write_fits(dtype, data[i]))
            return tc__diag_fail(w->env.diag, TC_ERROR_ARGUMENT, 0,
                                 "tensor %s holds a number that %s cannot hold", name,
                                 tc__model_dtype_name(dtype));
    if (!status && layout == TC__LAYOUT_ROTATED) {
        row = (float *)tc__mem_realloc(&w->env, NULL, 0, columns * sizeof *row);
        if (!row) return TC_ERROR_MEMORY;
    }
    if (!status) status = tc__write_room(w, bytes, &at);
    if (!status && layout == TC__LAYOUT_ROWS)
        tc__write_rows((unsigned char *)w->file.data + at, dtype, rows, columns, data);
    else if (!status)
        tc__gemm_pack((unsigned char *)w->file.data + at, dtype, rows, columns, data, row);
    tc__mem_free(&w->env, row, columns * sizeof *row);
    if (status) return status;
    status = tc__write_entry(w, name, dtype, layout, rows, columns, at, bytes);
    if (status) {
        w->file.used = (size_t)at;
        w->names.used = names;
    }
    return status;
}

#ifndef TC_NO_TRAIN
/* A tensor in the bytes of another file. */
static tc_status tc__write_bytes(tc_writer *w, const char *name, tc_dtype dtype,
                                 uint32_t layout, uint32_t rows, uint32_t columns,
                                 const unsigned char *data) {
    int overflow = 0;
    uint64_t bytes = tc__model_bytes(dtype, layout, rows, columns, &overflow), at;
    tc_status status = overflow ? TC_ERROR_MEMORY : tc__write_room(w, bytes, &at);
    if (status) return status;
    memcpy(w->file.data + at, data, (size_t)bytes);
    return tc__write_entry(w, name, dtype, layout, rows, columns, at, bytes);
}

/* Normal numbers of mean 0 by the polar method (Marsaglia and Bray, 1964), in f32 operations
 * that are the same on every machine. */
static void tc__write_normal(tc__mt *g, float *out, size_t n, float deviation) {
    size_t i;
    for (i = 0; i < n;) {
        float u = (float)((int32_t)(tc__rng_u32(g) >> 8) * 2 - 0xFFFFFF) / 16777216.0f;
        float v = (float)((int32_t)(tc__rng_u32(g) >> 8) * 2 - 0xFFFFFF) / 16777216.0f;
        float square = fmaf(u, u, v * v), scale;
        if (square >= 1 || square == 0) continue;
        scale = sqrtf(tc__kref_log(square) * -2.0f / square) * deviation;
        out[i++] = u * scale;
        if (i < n) out[i++] = v * scale;
    }
}

/* A tensor with the Trainer's own initialisation (trainer.md section 11): norms 1 and 0, biases
 * 0, the rest normal, the row of the padding token zero. */
static tc_status tc__write_fresh(tc_writer *w, const char *name, uint32_t rows,
                                 uint32_t columns, float deviation, uint32_t seed,
                                 int32_t zero_row) {
    size_t n = (size_t)rows * columns, i;
    int norm = tc__write_ends(name, "norm.weight");
    float *data;
    tc_status status;
    tc__mt g;
    if ((uint64_t)rows * columns > TC__SIZE_LIMIT / sizeof *data) return TC_ERROR_MEMORY;
    data = (float *)tc__mem_realloc(&w->env, NULL, 0, n * sizeof *data);
    if (!data) return TC_ERROR_MEMORY;
    tc__rng_seed(&g, seed ^ (uint32_t)tc__bytes_checksum(name, strlen(name)));
    if (norm || tc__write_ends(name, ".bias"))
        for (i = 0; i < n; i++) data[i] = norm ? 1.0f : 0.0f;
    else
        tc__write_normal(&g, data, n, deviation);
    for (i = 0; zero_row >= 0 && i < columns; i++) data[(size_t)zero_row * columns + i] = 0;
    status = tc__write_tensor(w, name, rows, columns, data);
    tc__mem_free(&w->env, data, n * sizeof *data);
    return status;
}

/* A fresh linear layer. */
static tc_status tc__write_linear(tc_writer *w, const char *stem, uint32_t rows,
                                  uint32_t columns, float deviation, uint32_t seed) {
    char name[TC__NAME];
    tc_status status = tc__write_fresh(w, tc__model_name(name, stem, "weight"), rows, columns,
                                       deviation, seed, -1);
    return status ? status
                  : tc__write_fresh(w, tc__model_name(name, stem, "bias"), 1, rows, deviation,
                                    seed, -1);
}

/* Position embeddings that are not trained: sin and cos of the position over 10000^(2j / E) at
 * columns 2j and 2j + 1. */
static tc_status tc__write_sinusoids(tc_writer *w, const char *name, uint32_t rows,
                                     uint32_t columns) {
    const double turn = 2 * TC__PI;
    const size_t n = (size_t)rows * columns;
    float *data;
    tc_status status;
    uint32_t i, j;
    if ((uint64_t)rows * columns > TC__SIZE_LIMIT / sizeof *data) return TC_ERROR_MEMORY;
    data = (float *)tc__mem_realloc(&w->env, NULL, 0, n * sizeof *data);
    if (!data) return TC_ERROR_MEMORY;
    for (j = 0; j < columns; j++) {
        double period = tc__kref_power_10000((double)(j - j % 2) / (double)columns);
        for (i = 0; i < rows; i++) {
            double angle = (double)i / period, turns = (double)(uint64_t)(angle / turn + 0.5);
            angle = fma(-turns, turn, angle);
            data[(size_t)i * columns + j] =
                (float)tc__kref_cos(j % 2 ? angle : angle - TC__PI / 2);
        }
    }
    status = tc__write_tensor(w, name, rows, columns, data);
    tc__mem_free(&w->env, data, n * sizeof *data);
    return status;
}

/* Room for the large tensors at once: a model that memory cannot hold fails before the work. */
static tc_status tc__write_model_room(tc_writer *w, const tc_model_desc *d) {
    const double H = d->hidden_size, E = d->embedding_size ? d->embedding_size : H;
    double numbers = d->num_hidden_layers * H * (4 * H + 2.0 * d->intermediate_size);
    numbers += E * ((double)d->vocab_size + d->max_position_embeddings);
    numbers *= d->dtype == TC_F32 ? 4 : d->dtype == TC_S8 ? 1 : 2;
    if (numbers > (double)TC__SIZE_LIMIT) return TC_ERROR_MEMORY;
    return tc__mem_reserve(&w->env, &w->file, (uint64_t)numbers);
}

/* Every tensor of a model that is described so, fresh. */
static tc_status tc__write_model(tc_writer *w, const tc_model_desc *d, uint32_t seed) {
    const uint32_t H = d->hidden_size, inner = d->intermediate_size,
                   E = d->embedding_size ? d->embedding_size : H, C = d->num_labels;
    const struct {
        const char *name;
        uint32_t rows, columns;
    } front[] = {{"embeddings.word", d->vocab_size, E},
                 {"embeddings.position", d->max_position_embeddings, E},
                 {"embeddings.type", d->type_vocab_size, E},
                 {"embeddings.norm.weight", 1, E},
                 {"embeddings.norm.bias", 1, E},
                 {"embeddings.projection.weight", E != H ? H : 0, E},
                 {"embeddings.projection.bias", E != H ? 1u : 0u, H}},
      layer[] = {{"attention.qkv.weight", 3 * H, H}, {"attention.qkv.bias", 1, 3 * H},
                 {"attention.output.weight", H, H},  {"attention.output.bias", 1, H},
                 {"attention.norm.weight", 1, H},    {"attention.norm.bias", 1, H},
                 {"ffn.up.weight", inner, H},        {"ffn.up.bias", 1, inner},
                 {"ffn.down.weight", H, inner},      {"ffn.down.bias", 1, H},
                 {"ffn.norm.weight", 1, H},          {"ffn.norm.bias", 1, H}};
    tc_status status = tc__write_describe(w, d);
    char name[TC__NAME];
    uint32_t i, k;
    if (!status) status = tc__write_model_room(w, d);
    for (i = 0; i < 7 && !status; i++)
        if (i == 1 && d->fixed_positions)
            status = tc__write_sinusoids(w, front[i].name, front[i].rows, front[i].columns);
        else if (front[i].rows)
            status = tc__write_fresh(w, front[i].name, front[i].rows, front[i].columns,
                                     d->initializer_range, seed, i ? -1 : d->pad_token_id);
    for (k = 0; k < d->num_hidden_layers; k++)
        for (i = 0; i < 12 && !status; i++)
            status =
                tc__write_fresh(w, tc__model_layer_name(name, k, layer[i].name), layer[i].rows,
                                layer[i].columns, d->initializer_range, seed, -1);
    return !status && C ? tc__write_linear(w, "head", C, H, d->initializer_range, seed)
                        : status;
}

#endif

/* Appends an entry to the directory. */
static tc_status tc__write_place(tc_writer *w, tc__buf *directory, uint32_t kind, uint64_t at,
                                 uint64_t size, uint64_t checksum) {
    uint64_t entry[TC__SECTION_BYTES / 8];
    entry[0] = kind;
    entry[1] = at;
    entry[2] = size;
    entry[3] = checksum;
    return tc__mem_append(&w->env, directory, entry, sizeof entry);
}

/* The header of a file that ends with its directory, which begins at `at`. */
static void tc__write_header(unsigned char *header, const void *directory, uint32_t count,
                             uint64_t at) {
    const uint32_t version = TC_FILE_VERSION;
    const uint64_t bytes = (uint64_t)count * TC__SECTION_BYTES, size = at + bytes;
    uint64_t checksum = tc__bytes_checksum(directory, (size_t)bytes);
    memset(header, 0, TC__HEADER_BYTES);
    memcpy(header, TC__MAGIC, 8);
    memcpy(header + 8, &version, 4);
    memcpy(header + 12, &count, 4);
    memcpy(header + 16, &size, 8);
    memcpy(header + 24, &at, 8);
    memcpy(header + 32, &checksum, 8);
    checksum = tc__bytes_checksum(header, 40);
    memcpy(header + 40, &checksum, 8);
}

/* Appends a section to the file and its entry to the directory. */
static tc_status tc__write_part(tc_writer *w, tc__buf *directory, uint32_t kind,
                                const void *data, size_t size) {
    tc_status status = tc__write_pad(w, &w->file, 64);
    uint64_t at = w->file.used;
    if (!status) status = tc__mem_append(&w->env, &w->file, data, size);
    return status ? status
                  : tc__write_place(w, directory, kind, at, size,
                                    tc__bytes_checksum(w->file.data + at, size));
}

/* Tensor directory: count, zero, entries with their names' offsets in the section, names. */
static tc_status tc__write_directory(tc_writer *w, tc__buf *out) {
    uint32_t i, names = 8 + w->tensor_count * (uint32_t)TC__TENSOR_BYTES;
    tc_status status = tc__write_u32(w, out, w->tensor_count);
    if (!status) status = tc__write_u32(w, out, 0);
    for (i = 0; i < w->tensor_count; i++) {
        char *entry = w->tensors.data + (size_t)i * TC__TENSOR_BYTES;
        uint32_t name = tc__bytes_u32(entry) + names;
        memcpy(entry, &name, 4);
    }
    if (!status) status = tc__mem_append(&w->env, out, w->tensors.data, w->tensors.used);
    return status ? status : tc__mem_append(&w->env, out, w->names.data, w->names.used);
}

static tc_status tc__write_sections(tc_writer *w, tc__buf *directory, tc__buf *tensors) {
    tc_status status = TC_OK;
    if (w->tensor_count) {
        status = tc__write_place(w, directory, TC__SECTION_DATA, TC__HEADER_BYTES,
                                 w->file.used - TC__HEADER_BYTES, 0);
        if (!status) status = tc__write_directory(w, tensors);
        if (!status)
            status =
                tc__write_part(w, directory, TC__SECTION_TENSORS, tensors->data, tensors->used);
    }
    if (!status)
        status = tc__write_part(w, directory, TC__SECTION_DESC, w->desc.data, w->desc.used);
    if (!status)
        status =
            tc__write_part(w, directory, TC__SECTION_LABELS, w->labels.data, w->labels.used);
    if (!status && w->tokenizer.used)
        status = tc__write_part(w, directory, TC__SECTION_TOKENIZER, w->tokenizer.data,
                                w->tokenizer.used);
    return status;
}

static tc_status tc__write_finish(tc_writer *w) {
    static const char zeros[TC__HEADER_BYTES] = {0};
    tc__buf directory = {NULL, 0, 0}, tensors = {NULL, 0, 0};
    uint64_t at;
    tc_status status =
        w->file.used ? TC_OK : tc__mem_append(&w->env, &w->file, zeros, sizeof zeros);
    if (!status) status = tc__write_sections(w, &directory, &tensors);
    if (!status) status = tc__write_pad(w, &w->file, 64);
    at = w->file.used;
    if (!status) status = tc__mem_append(&w->env, &w->file, directory.data, directory.used);
    if (!status)
        tc__write_header((unsigned char *)w->file.data, directory.data,
                         (uint32_t)(directory.used / TC__SECTION_BYTES), at);
    tc__mem_drop(&w->env, &directory);
    tc__mem_drop(&w->env, &tensors);
    w->finished = 1;
    w->end = status;
    return status;
}

#ifndef TC_NO_TRAIN
/* Brings the checksums of a finished file up to its tensors, which have changed. */
static void tc__write_seal(tc_writer *w) {
    unsigned char *file = (unsigned char *)w->file.data, *directory, *entries = NULL;
    uint32_t count = tc__bytes_u32(file + 12), i, k;
    uint64_t checksum;
    directory = file + tc__bytes_u64(file + 24);
    for (i = 0; i < count; i++) {
        unsigned char *section = directory + (size_t)i * TC__SECTION_BYTES;
        if (tc__bytes_u32(section) != TC__SECTION_TENSORS) continue;
        entries = file + tc__bytes_u64(section + 8);
        for (k = 0; k < w->tensor_count; k++) {
            unsigned char *e = entries + 8 + (size_t)k * TC__TENSOR_BYTES;
            checksum =
                tc__bytes_checksum(file + tc__bytes_u64(e + 24), (size_t)tc__bytes_u64(e + 32));
            memcpy(e + 40, &checksum, 8);
        }
        checksum = tc__bytes_checksum(entries, (size_t)tc__bytes_u64(section + 16));
        memcpy(section + 24, &checksum, 8);
    }
    tc__write_header(file, directory, count, (uint64_t)(directory - file));
}

#ifndef TC_NO_STDIO
/* The finished file with two more sections in place of its directory, which follows them: parts
 * 0 and 1 are the state of a training, parts 2 to 5 its moments, whose checksums the state has.
 * A reader of models passes over both. */
static tc_status tc__write_checkpoint(tc_writer *w, const char *path, const tc__part *parts) {
    static const char zeros[64] = {0};
    const char *file;
    unsigned char header[TC__HEADER_BYTES];
    tc__part all[10];
    tc__buf directory = {NULL, 0, 0}, state = {NULL, 0, 0};
    uint64_t at[3], moments;
    uint32_t count;
    tc_status status;
    tc__write_seal(w);
    file = w->file.data;
    count = tc__bytes_u32(file + 12);
    moments = parts[2].size + parts[3].size + parts[4].size + parts[5].size;
    at[0] = tc__bytes_u64(file + 24); /* on 64 bytes */
    at[1] = tc__mem_round((size_t)at[0] + parts[0].size + parts[1].size, 64);
    at[2] = tc__mem_round((size_t)(at[1] + moments), 64);
    status = tc__mem_append(&w->env, &state, parts[0].data, parts[0].size);
    if (!status) status = tc__mem_append(&w->env, &state, parts[1].data, parts[1].size);
    if (!status)
        status = tc__mem_append(&w->env, &directory, file + at[0],
                                (size_t)count * TC__SECTION_BYTES);
    if (!status)
        status = tc__write_place(w, &directory, TC__SECTION_STATE, at[0], state.used,
                                 tc__bytes_checksum(state.data, state.used));
    if (!status)
        status = tc__write_place(w, &directory, TC__SECTION_MOMENTS, at[1], moments, 0);
    if (!status) {
        tc__write_header(header, directory.data, count + 2, at[2]);
        all[0].data = header, all[0].size = sizeof header;
        all[1].data = file + sizeof header, all[1].size = (size_t)at[0] - sizeof header;
        all[2].data = state.data, all[2].size = state.used;
        all[3].data = zeros, all[3].size = (size_t)(at[1] - at[0]) - state.used;
        memcpy(all + 4, parts + 2, 4 * sizeof *all);
        all[8].data = zeros, all[8].size = (size_t)(at[2] - at[1] - moments);
        all[9].data = directory.data, all[9].size = directory.used;
        status = tc__file_save(&w->env, path, all, 10);
    }
    tc__mem_drop(&w->env, &directory);
    tc__mem_drop(&w->env, &state);
    return status;
}
#endif
#endif

static void tc__write_free(tc_writer *w) {
    tc_env env;
    if (!w) return;
    env = w->env;
    tc__mem_drop(&env, &w->file);
    tc__mem_drop(&env, &w->tensors);
    tc__mem_drop(&env, &w->names);
    tc__mem_drop(&env, &w->labels);
    tc__mem_drop(&env, &w->desc);
    tc__mem_drop(&env, &w->tokenizer);
    tc__mem_free(&env, w, sizeof *w);
}

/* ========================================================================= 50-fwd
 * The encoder (models.md section 4), without padding: one matrix of all tokens of a batch, and
 * attention for each (sequence, head). */

/* Dropout of the sites of a layer; null where there is none. */
typedef struct tc__drops {
    const struct tc__dropout *attention, *output, *ffn;
} tc__drops;

/* Where a layer puts what it computes, each with T rows. Inference hands in the same few
 * buffers for every layer; who wants to keep values for a backward pass hands in others. */
typedef struct tc__acts {
    const float *in;        /* [T, H] */
    float *qkv;             /* [T, 3H] queries, keys, values */
    float *context;         /* [T, H] */
    float *sum1;            /* [T, H] attention output + in */
    float *middle;          /* [T, H] its norm; may be sum1 */
    float *before;          /* [T, I] before the activation, or null */
    float *wide;            /* [T, I] activated */
    float *sum2;            /* [T, H] feed-forward + middle */
    float *out;             /* [T, H] its norm; may be sum2 */
    const tc__drops *drops; /* or null */
} tc__acts;

struct tc_session {
    tc_env env;
    const tc_model *model;
    const tc__ops *ops;
    const tc__split *split; /* or null */
    tc__fetching fetching;
    tc__pool *pool;
    unsigned threads;
    tc__floats *worker; /* [threads] scratch of each */
    float **scratch;    /* [threads] the same, as the products take it */
    tc__floats x, middle, embedded, logits;
    tc__floats qkv; /* [T, 3H], then context [T, H]; and in their place, later, the wide rows */
    tc__floats integers;     /* what a product with integer weights takes: scales, then rows */
    const tc__matrix *ready; /* whose input rows lie there, from the last norm, or null */
    tc__buf starts;          /* [sequences + 1] uint32, then the same of groups */
    size_t tokens, sequences, longest;
    size_t before, total; /* tokens of the whole batch before these, and in all */
    const tc_batch *batch;
    tc_batch last; /* its sequences behind the groups */
    tc__acts acts;
    struct tc_session **lanes; /* [threads] or null: for batches that are cut in groups */
};

/* Leading dimension of n columns. */
TC__INLINE size_t tc__fwd_ld(size_t n) { return tc__mem_stride(4 * n) / 4; }

enum { TC__ROWS_AT_ONCE = 8 };

/* The f32 row of an embedding table: in place, or widened into `to`. */
static const float *tc__fwd_row(const tc__matrix *table, size_t row, float *to) {
    if (table->dtype == TC_F32)
        return (const float *)(const void *)table->panels + row * table->columns;
    tc__gemm_row(to, table, row);
    return to;
}

typedef struct tc__embedding {
    tc_session *s;
    float *sums;                    /* [T, E] before the norm; may be out */
    float *out;                     /* [T, E] */
    const struct tc__dropout *drop; /* or null */
} tc__embedding;

/* The sequence that holds token t. */
static size_t tc__fwd_sequence(const tc_session *s, size_t t) {
    const uint32_t *starts = (const uint32_t *)(void *)s->starts.data;
    size_t low = 0, high = s->sequences;
    while (high - low > 1) {
        size_t middle = (low + high) / 2;
        if (starts[middle] <= t)
            low = middle;
        else
            high = middle;
    }
    return low;
}

static void tc__fwd_embed_item(void *context, size_t item, unsigned worker) {
    const tc__embedding *e = (const tc__embedding *)context;
    tc_session *s = e->s;
    const tc_model *m = s->model;
    const uint32_t *starts = (const uint32_t *)(void *)s->starts.data;
    size_t E = m->info.embedding_size, ld = tc__fwd_ld(E), first = item * TC__ROWS_AT_ONCE,
           rows = tc__mem_least(s->tokens - first, TC__ROWS_AT_ONCE),
           low = tc__fwd_sequence(s, first), t;
    float *spare = s->scratch[worker];
    for (t = first; t < first + rows; t++) {
        const float *word, *type = NULL, *position;
        while (t >= starts[low + 1]) low++;
        word = tc__fwd_row(&m->word, (size_t)s->batch->ids[t], spare);
        if (m->type.rows)
            type = tc__fwd_row(&m->type, s->batch->types ? s->batch->types[t] : 0, spare + ld);
        position = tc__fwd_row(&m->position, t - starts[low], spare + 2 * ld);
        s->ops->embed(e->sums + t * ld, word, type, position, E);
    }
    s->ops->norm(e->out + first * ld, e->sums + first * ld, ld, rows, m->embed_weight,
                 m->embed_bias, m->info.layer_norm_eps, E);
#ifndef TC_NO_TRAIN
    if (e->drop) s->ops->dropout(e->out + first * ld, ld, rows, E, e->drop, (uint32_t)first, 0);
#endif
}

/* A product over all tokens: the caller may add activation, dropout, residual. */
static tc__product tc__fwd_product(tc_session *s, const tc__matrix *w, const float *a,
                                   size_t lda, float *c) {
    tc__product p;
    memset(&p, 0, sizeof p);
    p.ops = s->ops;
    p.fetching = s->fetching;
    p.w = w;
    p.a = a;
    p.lda = lda;
    p.rows = s->tokens;
    p.before = s->before;
    p.c = c;
    p.ldc = tc__fwd_ld(w->rows);
    p.scratch = s->scratch;
    return p;
}

/* Bytes of a number of rows that are quantised, or split `whole`: in two halves of 16 bits. */
static size_t tc__fwd_row_bytes(const tc_session *s, int whole, int s8) {
    return whole ? 4 : s8 ? s->ops->s8_bytes : 2;
}

/* Whether the product takes rows that are quantised or split; where they lie. */
static int tc__fwd_quantizes(const tc_session *s, tc__product *p) {
    const int integer = tc__gemm_scaled(p->w->dtype);
    size_t few =
        p->w->dtype == TC_BF16 ? 8 : 32; /* tokens that are not worth splitting weights */
    p->split = integer || s->total < few ? NULL : s->split;
    if (p->split && !p->split->panel && !tc__gemm_split_bf16(p->w)) p->split = NULL;
    if (!integer && !p->split) return 0;
    p->qa.scale = (tc__qscale *)(void *)s->integers.data;
    p->qa.q = (unsigned char *)(s->integers.data + 2 * tc__mem_round(p->rows, 16));
    p->qa.ld =
        tc__gemm_qld(p->w->columns, tc__fwd_row_bytes(s, p->split && !tc__gemm_split_bf16(p->w),
                                                      p->w->dtype == TC_S8));
    return 1;
}

typedef struct tc__norming {
    tc_session *s;
    float *out;
    const float *in, *weight, *bias;
    tc__product next; /* of no rows, or one whose rows these are to become */
} tc__norming;

static void tc__fwd_norm_item(void *context, size_t item, unsigned worker) {
    const tc__norming *n = (const tc__norming *)context;
    size_t H = n->s->model->info.hidden_size, ld = tc__fwd_ld(H), t = item * TC__ROWS_AT_ONCE,
           rows = tc__mem_least(n->s->tokens - t, TC__ROWS_AT_ONCE);
    n->s->ops->norm(n->out + t * ld, n->in + t * ld, ld, rows, n->weight, n->bias,
                    n->s->model->info.layer_norm_eps, H);
    if (n->next.rows) tc__gemm_quantize(&n->next, t, rows, worker);
}

/* Also quantises or splits the output for the product with `next`, if it takes such rows. */
static void tc__fwd_norm(tc_session *s, float *out, const float *in, const float *weight,
                         const float *bias, const tc__matrix *next) {
    tc__norming n;
    n.s = s;
    n.out = out;
    n.in = in;
    n.weight = weight;
    n.bias = bias;
    memset(&n.next, 0, sizeof n.next);
    if (next) n.next = tc__fwd_product(s, next, out, tc__fwd_ld(next->columns), NULL);
    if (next && !tc__fwd_quantizes(s, &n.next)) n.next.rows = 0;
    s->ready = n.next.rows ? next : NULL;
    tc__thread_run(s->pool, tc__fwd_norm_item, &n,
                   (s->tokens + TC__ROWS_AT_ONCE - 1) / TC__ROWS_AT_ONCE);
}

static void tc__fwd_quantize_item(void *context, size_t item, unsigned worker) {
    const tc__product *p = (const tc__product *)context;
    size_t r = item * TC__ROWS_AT_ONCE;
    tc__gemm_quantize(p, r, tc__mem_least(p->rows - r, TC__ROWS_AT_ONCE), worker);
}

static void tc__fwd_multiply(tc_session *s, tc__product *p) {
    if (tc__fwd_quantizes(s, p) && s->ready != p->w)
        tc__thread_run(s->pool, tc__fwd_quantize_item, p,
                       (p->rows + TC__ROWS_AT_ONCE - 1) / TC__ROWS_AT_ONCE);
    s->ready = NULL;
    tc__gemm_run(s->pool, p);
}

static void tc__fwd_linear(tc_session *s, const tc__matrix *w, const float *a, size_t lda,
                           float *c) {
    tc__product p = tc__fwd_product(s, w, a, lda, c);
    tc__fwd_multiply(s, &p);
}

/* The same with dropout (may be null) and a residual. */
static void tc__fwd_linear_add(tc_session *s, const tc__matrix *w, const float *a, size_t lda,
                               float *c, const struct tc__dropout *drop,
                               const float *residual) {
    tc__product p = tc__fwd_product(s, w, a, lda, c);
    p.drop = drop;
    p.residual = residual;
    tc__fwd_multiply(s, &p);
}

/* Query rows that are worked on at once, a multiple of the tile. */
TC__INLINE size_t tc__fwd_query_rows(const tc__ops *ops) { return 2 * ops->tile_rows; }

/* Floats of scratch for attention: keys and values in panels, scores, context. */
static uint64_t tc__fwd_attention_floats(const tc__ops *ops, size_t S, size_t d) {
    uint64_t keys = (uint64_t)tc__mem_round(S, 16) * d,
             values = (uint64_t)tc__mem_round(d, 16) * S;
    return keys + values +
           tc__fwd_query_rows(ops) * (uint64_t)(tc__mem_round(S, 16) + tc__mem_round(d, 16));
}

/* Rows [S, d] of leading dimension ld to the panels [S/16][d][16] that a product with K^T
 * reads. */
static void tc__fwd_pack_keys(const tc__ops *ops, float *out, const float *k, size_t ld,
                              size_t S, size_t d) {
    size_t i, p, j;
    for (i = 0; i < S; i += 16, k += 16 * ld, out += d * 16)
        for (p = 0; p < d; p += 16) {
            size_t rows = S - i < 16 ? S - i : 16, n = d - p < 16 ? d - p : 16;
            float block[256], turned[256], *to = n == 16 ? out + p * 16 : turned;
            if (rows == 16 && n == 16) {
                ops->transpose(to, 16, k + p, ld);
                continue;
            }
            for (j = 0; j < 16; j++) {
                if (j < rows && n == 16) { /* a constant size: gcc 12 copies others slowly */
                    memcpy(block + j * 16, k + j * ld + p, 16 * sizeof *k);
                    continue;
                }
                memset(block + j * 16, 0, 16 * sizeof *block);
                if (j < rows) memcpy(block + j * 16, k + j * ld + p, n * sizeof *k);
            }
            ops->transpose(to, 16, block, 16);
            if (n < 16) memcpy(out + p * 16, turned, n * 16 * sizeof *out);
        }
}

/* Rows [S, d] to panels [d/16][S][16]. */
static void tc__fwd_pack_values(float *out, const float *v, size_t ld, size_t S, size_t d) {
    size_t i, p, j;
    for (i = 0; i < S; i++, v += ld, out += 16)
        for (p = 0; p < d; p += 16) {
            float *to = out + p * S;
            if (d - p >= 16) {
                memcpy(to, v + p, 16 * sizeof *to);
            } else {
                for (j = 0; j < 16; j++) to[j] = p + j < d ? v[p + j] : 0.0f;
            }
        }
}

enum { TC__QUERY_ROWS = 32 }; /* no level's query rows are more */

/* A block of queries of one head meets the keys [S/16][d][16] and values [d/16][S][16]. Scratch
 * of rows * (S + d, each rounded up to 16). With dropout, weights count head by head. */
static void tc__fwd_attend(const tc__ops *ops, float *out, size_t ldo, const float *q,
                           size_t ldq, size_t rows, const float *keys, const float *values,
                           size_t S, size_t d, float scale, float *scratch,
                           const struct tc__dropout *drop, uint32_t row) {
    size_t lds = tc__mem_round(S, 16), ldd = tc__mem_round(d, 16);
    float sums[TC__QUERY_ROWS], *mixed = scratch + rows * lds;
    tc__panels k = tc__kref_panels(keys, d * 16, lds), v = tc__kref_panels(values, S * 16, ldd);
    ops->gemm(rows, d, q, ldq, &k, scratch, lds);
    ops->softmax(scratch, lds, rows, S, scale, sums);
#ifdef TC_NO_TRAIN
    (void)drop;
    (void)row;
#else
    if (drop) ops->dropout(scratch, lds, rows, S, drop, row, 0);
#endif
    ops->gemm(rows, S, scratch, lds, &v, mixed, ldd);
    ops->divide(out, ldo, mixed, ldd, rows, d, sums);
}

/* One head of one sequence: softmax(q k^T / sqrt(d)) v. A block of queries meets all keys, so
 * that its scores stay in cache; the division by the sum of weights comes last. */
static void tc__fwd_attention_item(void *context, size_t item, unsigned worker) {
    tc_session *s = (tc_session *)context;
    const uint32_t *starts = (const uint32_t *)(void *)s->starts.data;
    size_t H = s->model->info.hidden_size, A = s->model->info.num_attention_heads, d = H / A;
    size_t sequence = item / A, head = item % A, first = starts[sequence], i;
    size_t S = starts[sequence + 1] - first, ld = tc__fwd_ld(3 * H), ldh = tc__fwd_ld(H);
    const float *q = s->acts.qkv + first * ld + head * d;
    float *keys = s->scratch[worker], *values = keys + tc__mem_round(S, 16) * d;
    float *scratch = values + tc__mem_round(d, 16) * S;
    float *out = s->acts.context + first * ldh + head * d, scale = 1.0f / sqrtf((float)d);
    const struct tc__dropout *drop = NULL;
#ifndef TC_NO_TRAIN
    if (s->acts.drops) drop = s->acts.drops->attention;
#endif
    tc__fwd_pack_keys(s->ops, keys, q + H, ld, S, d);
    tc__fwd_pack_values(values, q + 2 * H, ld, S, d);
    for (i = 0; i < S; i += tc__fwd_query_rows(s->ops)) {
        tc__fwd_attend(s->ops, out + i * ldh, ldh, q + i * ld, ld,
                       tc__mem_least(S - i, tc__fwd_query_rows(s->ops)), keys, values, S, d,
                       scale, scratch, drop,
                       (uint32_t)(head * s->total + s->before + first + i));
    }
}

/* Tokens that a thread works on at once. A batch of more is cut in groups of whole sequences,
 * of so many at least in the mean; where it cannot be, the wide activation is. */
enum { TC__GROUP_TOKENS = 160, TC__GROUP_LEAST = 48 };

TC__INLINE float *tc__fwd_context(const tc_session *s) {
    return s->qkv.data + s->tokens * tc__fwd_ld(3 * (size_t)s->model->info.hidden_size);
}

/* Rows that the wide activation has room for. */
TC__INLINE size_t tc__fwd_wide_rows(const tc_session *s) {
    return tc__mem_least(s->tokens, (size_t)TC__GROUP_TOKENS * s->threads);
}

/* The feed-forward network, block by block of tokens: what the first product writes is still in
 * cache when the second reads it. */
static void tc__fwd_ffn(tc_session *s, const tc__layer *l, const tc__acts *a) {
    size_t ld = tc__fwd_ld(s->model->info.hidden_size), blocks, rows, t;
    size_t wide = tc__fwd_ld(s->model->info.intermediate_size);
    blocks = (s->tokens + tc__fwd_wide_rows(s) - 1) / tc__fwd_wide_rows(s);
    rows = (s->tokens + blocks - 1) / blocks;
    for (t = 0; t < s->tokens; t += rows) {
        tc__product up = tc__fwd_product(s, &l->up, a->middle + t * ld, ld, a->wide), down;
        up.rows = tc__mem_least(s->tokens - t, rows);
        if (a->before) up.c = a->before + t * wide;
        up.act = s->model->act;
        up.activated = a->wide;
        tc__fwd_multiply(s, &up);
        down = tc__fwd_product(s, &l->down, a->wide, wide, a->sum2 + t * ld);
        down.rows = up.rows;
        down.before += t;
        down.drop = a->drops ? a->drops->ffn : NULL;
        down.residual = a->middle + t * ld;
        tc__fwd_multiply(s, &down);
    }
}

/* One post-norm layer. */
static void tc__fwd_layer(tc_session *s, const tc__layer *l, const tc__acts *a) {
    size_t H = s->model->info.hidden_size, ld = tc__fwd_ld(H);
    s->acts = *a;
    tc__fwd_linear(s, &l->qkv, a->in, ld, a->qkv);
    tc__thread_run(s->pool, tc__fwd_attention_item, s,
                   s->sequences * s->model->info.num_attention_heads);
    tc__fwd_linear_add(s, &l->output, a->context, ld, a->sum1,
                       a->drops ? a->drops->output : NULL, a->in);
    tc__fwd_norm(s, a->middle, a->sum1, l->norm1_weight, l->norm1_bias,
                 s->tokens <= tc__fwd_wide_rows(s) ? &l->up : NULL);
    tc__fwd_ffn(s, l, a);
    tc__fwd_norm(s, a->out, a->sum2, l->norm2_weight, l->norm2_bias,
                 l + 1 < s->model->layers + s->model->info.num_hidden_layers ? &l[1].qkv
                                                                             : NULL);
}

/* Room for the starts of the sequences and of groups of them. */
static tc_status tc__fwd_starts(tc_session *s) {
    s->starts.used = 0;
    return tc__mem_reserve(&s->env, &s->starts, ((uint64_t)s->sequences + 1) * 8);
}

/* Checks a batch and notes where its sequences begin. */
static tc_status tc__fwd_check(tc_session *s, const tc_batch *b) {
    const tc_model_info *n = &s->model->info;
    tc_diag *d = s->env.diag;
    uint32_t *starts;
    uint64_t total = 0;
    size_t i;
    s->sequences = b->sequences;
    if (tc__fwd_starts(s)) return tc__diag_memory(d);
    starts = (uint32_t *)(void *)s->starts.data;
    s->longest = 0;
    for (i = 0; i < b->sequences; i++) {
        starts[i] = (uint32_t)total;
        if (!b->lengths[i])
            return tc__diag_fail(d, TC_ERROR_ARGUMENT, 0, "sequence %u has no tokens",
                                 (uint64_t)i);
        if (b->lengths[i] > n->max_position_embeddings)
            return tc__diag_fail(
                d, TC_ERROR_LENGTH, 0, "sequence %u has %u tokens, the model's limit is %u",
                (uint64_t)i, (uint64_t)b->lengths[i], (uint64_t)n->max_position_embeddings);
        total += b->lengths[i];
        if (total > INT32_MAX)
            return tc__diag_fail(d, TC_ERROR_LENGTH, 0, "the batch has too many tokens");
        if (b->lengths[i] > s->longest) s->longest = b->lengths[i];
    }
    starts[i] = (uint32_t)total;
    for (i = 0; i < total; i++) {
        if (b->ids[i] < 0 || (uint32_t)b->ids[i] >= n->vocab_size)
            return tc__diag_fail(d, TC_ERROR_ARGUMENT, 0,
                                 "token %u has an id outside of the vocabulary of %u",
                                 (uint64_t)i, (uint64_t)n->vocab_size);
        if (b->types && n->type_vocab_size && b->types[i] >= n->type_vocab_size)
            return tc__diag_fail(
                d, TC_ERROR_ARGUMENT, 0, "token %u has type %u, the model only types up to %u",
                (uint64_t)i, (uint64_t)b->types[i], (uint64_t)n->type_vocab_size - 1);
    }
    s->tokens = s->total = (size_t)total;
    s->batch = b;
    return TC_OK;
}

static tc_status tc__fwd_room(tc_session *s, tc__floats *f, size_t rows, size_t columns) {
    return tc__mem_floats(&s->env, f, (uint64_t)rows * tc__fwd_ld(columns));
}

/* Room for quantised or split rows. */
static tc_status tc__fwd_reserve_rows(tc_session *s, size_t rows, size_t widest) {
    size_t bytes =
        tc__fwd_row_bytes(s, s->split && s->split->panel, !s->split && s->model->integers == 1);
    uint64_t row = tc__gemm_qld(widest, bytes) / 4;
    return tc__mem_floats(&s->env, &s->integers, 2 * tc__mem_round(rows, 16) + rows * row);
}

/* Room for the batch; nothing is allocated for a shape that was seen before. */
static tc_status tc__fwd_reserve(tc_session *s) {
    const tc_model_info *n = &s->model->info;
    size_t H = n->hidden_size, inner = n->intermediate_size, E = n->embedding_size;
    uint64_t need = tc__fwd_attention_floats(s->ops, s->longest, H / n->num_attention_heads),
             widest = H > inner ? H : inner,
             narrow = (uint64_t)s->tokens * (tc__fwd_ld(3 * H) + tc__fwd_ld(H)),
             wide = (uint64_t)tc__fwd_wide_rows(s) * tc__fwd_ld(inner);
    tc_status status = tc__fwd_room(s, &s->x, s->tokens, H);
    unsigned i;
    if (E > widest) widest = E;
    if (need < tc__gemm_scratch(s->ops, s->split, (size_t)widest))
        need = tc__gemm_scratch(s->ops, s->split, (size_t)widest);
    if (need < 3 * tc__fwd_ld(E)) need = 3 * tc__fwd_ld(E);
    if (!status) status = tc__fwd_room(s, &s->middle, s->tokens, H);
    if (!status) status = tc__mem_floats(&s->env, &s->qkv, narrow > wide ? narrow : wide);
    if (s->model->integers || s->split) {
        if (!status) status = tc__fwd_reserve_rows(s, tc__fwd_wide_rows(s), (size_t)widest);
        if (!status) status = tc__fwd_reserve_rows(s, s->tokens, E > H ? E : H);
    }
    if (!status && E != H) status = tc__fwd_room(s, &s->embedded, s->tokens, E);
    if (!status) status = tc__fwd_room(s, &s->logits, s->tokens, n->num_labels);
    for (i = 0; i < s->threads && !status; i++) {
        status = tc__mem_floats(&s->env, &s->worker[i], need);
        s->scratch[i] = s->worker[i].data;
    }
    return status;
}

/* Rows of n numbers out of an internal matrix. */
static void tc__fwd_copy(const tc_session *s, float *out, const float *in, size_t n) {
    size_t t;
    for (t = 0; t < s->tokens; t++)
        memcpy(out + t * n, in + t * tc__fwd_ld(n), n * sizeof *out);
}

/* Embeddings of all tokens, normalized and, where E != H, projected: into out [T, H]. */
static void tc__fwd_embed(tc_session *s, float *sums, float *out,
                          const struct tc__dropout *drop) {
    const tc_model *m = s->model;
    tc__embedding e;
    e.s = s;
    e.out = m->projection.rows ? s->embedded.data : out;
    e.sums = sums ? sums : e.out;
    e.drop = drop;
    tc__thread_run(s->pool, tc__fwd_embed_item, &e,
                   (s->tokens + TC__ROWS_AT_ONCE - 1) / TC__ROWS_AT_ONCE);
    if (m->projection.rows)
        tc__fwd_linear(s, &m->projection, s->embedded.data, tc__fwd_ld(m->info.embedding_size),
                       out);
}

/* All of a batch that was checked and has its room. */
static void tc__fwd_compute(tc_session *s, const tc_outputs *outputs) {
    const tc_model *m = s->model;
    size_t H = m->info.hidden_size, L = m->info.num_hidden_layers, i;
    size_t wanted = outputs->layer > 0 ? (size_t)outputs->layer : outputs->layer < 0 ? 0 : L;
    tc__acts a;
    tc__fwd_embed(s, NULL, s->x.data, NULL);
    memset(&a, 0, sizeof a);
    a.in = a.sum2 = a.out = s->x.data;
    a.qkv = a.wide = s->qkv.data;
    a.context = tc__fwd_context(s);
    a.sum1 = a.middle = s->middle.data;
    for (i = 0;; i++) {
        if (outputs->hidden && i == wanted) tc__fwd_copy(s, outputs->hidden, s->x.data, H);
        if (i == L || (!outputs->logits && i >= wanted)) break;
        tc__fwd_layer(s, &m->layers[i], &a);
    }
    if (outputs->logits) {
        tc__fwd_linear(s, &m->head, s->x.data, tc__fwd_ld(H), s->logits.data);
        tc__fwd_copy(s, outputs->logits, s->logits.data, m->info.num_labels);
    }
}

static void tc__fwd_free(tc_session *s) {
    tc_env env;
    unsigned i;
    if (!s) return;
    env = s->env;
    tc__thread_free(&env, s->pool);
    for (i = 0; s->worker && i < s->threads; i++) tc__mem_drop(&env, &s->worker[i].raw);
    tc__mem_free(&env, s->worker, s->threads * sizeof *s->worker);
    tc__mem_free(&env, (void *)s->scratch, s->threads * sizeof *s->scratch);
    tc__mem_drop(&env, &s->x.raw);
    tc__mem_drop(&env, &s->middle.raw);
    tc__mem_drop(&env, &s->qkv.raw);
    tc__mem_drop(&env, &s->integers.raw);
    tc__mem_drop(&env, &s->embedded.raw);
    tc__mem_drop(&env, &s->logits.raw);
    tc__mem_drop(&env, &s->starts);
    for (i = 0; s->lanes && i < s->threads; i++) tc__fwd_free(s->lanes[i]);
    tc__mem_free(&env, (void *)s->lanes, s->threads * sizeof *s->lanes);
    tc__mem_free(&env, s, sizeof *s);
}

static tc_status tc__fwd_create(const tc_model *m, const tc_env *env, tc_session **out) {
    tc_session *s;
    *out = NULL;
    if (!m->layers)
        return tc__diag_fail(env->diag, TC_ERROR_UNSUPPORTED, 0,
                             "the file holds a tokenizer and no model");
    s = (tc_session *)tc__mem_zero(env, sizeof *s);
    if (!s) return tc__diag_memory(env->diag);
    s->env = *env;
    s->model = m;
    s->ops = tc__ktab_get(tc__ktab_choose(env->level));
    s->split = env->compute == TC_COMPUTE_FAST ? tc__ktab_split(s->ops->level) : NULL;
    s->fetching = tc__cpu_fetching();
    s->threads = env->threads ? env->threads < 1024 ? env->threads : 1024 : 1;
    if (tc__thread_create(env, s->threads, &s->pool)) {
        tc__fwd_free(s);
        return tc__diag_memory(env->diag);
    }
    s->threads = tc__thread_count(s->pool); /* scratch for those that the system gave */
    s->worker = (tc__floats *)tc__mem_zero(env, s->threads * sizeof *s->worker);
    s->scratch = (float **)tc__mem_zero(env, s->threads * sizeof *s->scratch);
    if (!s->worker || !s->scratch) {
        tc__fwd_free(s);
        return tc__diag_memory(env->diag);
    }
    *out = s;
    return TC_OK;
}

/* ---- groups of sequences: each runs on one thread, so that what a layer computes stays in its
 * core's cache, and threads meet once ---- */

/* The first sequence of each group. */
TC__INLINE uint32_t *tc__fwd_groups(const tc_session *s) {
    return (uint32_t *)(void *)s->starts.data + s->sequences + 1;
}

/* Finds groups of like size, as many for each thread: two or more if they are not too small, as
 * a slow thread leaves one to others. Returns how many; the sequences from the next one on are
 * better run together, by all threads. */
static size_t tc__fwd_group(tc_session *s) {
    const uint32_t *starts = (const uint32_t *)(void *)s->starts.data;
    uint32_t *first = tc__fwd_groups(s);
    size_t round = (size_t)TC__GROUP_TOKENS * s->threads, wanted, last = 0, i, n = 0, rounds;
    *first = 0;
    if (s->tokens <= TC__GROUP_TOKENS) return 0;
    wanted = (s->tokens + round - 1) / round * s->threads;
    if (wanted == s->threads && s->threads > 1 && s->tokens >= 2 * wanted * TC__GROUP_LEAST)
        wanted *= 2;
    for (i = 0; i < s->sequences; i++) {
        uint64_t twice = (uint64_t)starts[i] + starts[i + 1]; /* its middle */
        size_t group = (size_t)(twice * wanted / (2 * (uint64_t)s->tokens));
        if (!i || group > last || starts[i + 1] - starts[first[n - 1]] > TC__GROUP_TOKENS)
            first[n++] = (uint32_t)i;
        last = group;
    }
    first[n] = (uint32_t)s->sequences;
    rounds = (n + s->threads - 1) / s->threads;
    if (n < 2 || s->tokens < n * TC__GROUP_LEAST) n = 0;
    if (rounds * s->threads * 7 > n * 8) n -= n % s->threads; /* a thread would idle for long */
    return n;
}

/* Tokens of the largest of so many groups. */
static size_t tc__fwd_largest(const tc_session *s, size_t groups) {
    const uint32_t *starts = (const uint32_t *)(void *)s->starts.data, *first;
    size_t most = 0;
    for (first = tc__fwd_groups(s); groups--; first++)
        if (starts[first[1]] - starts[*first] > most) most = starts[first[1]] - starts[*first];
    return most;
}

/* Lends the room for states to a lane, or takes it back: in inference groups are done before
 * the rest of the batch, so that both need it once. */
static void tc__fwd_lend(tc_session *s, tc_session *lane) {
    tc__floats *const own[] = {&s->x,      &s->middle, &s->embedded,
                               &s->logits, &s->qkv,    &s->integers},
                      *const theirs[] = {&lane->x,      &lane->middle, &lane->embedded,
                                         &lane->logits, &lane->qkv,    &lane->integers};
    size_t i;
    for (i = 0; i < sizeof own / sizeof *own; i++) {
        tc__floats kept = *own[i];
        *own[i] = *theirs[i];
        *theirs[i] = kept;
    }
}

/* A lane, which is a session with a single thread, for each worker: with room for groups of so
 * many tokens, where the first takes the caller's own if that is lent. */
static tc_status tc__fwd_lanes(tc_session *s, size_t tokens, int lent) {
    tc_env env = s->env;
    tc_status status = TC_OK;
    unsigned i;
    env.threads = 1;
    if (!s->lanes) s->lanes = (tc_session **)tc__mem_zero(&env, s->threads * sizeof *s->lanes);
    if (!s->lanes) return TC_ERROR_MEMORY;
    for (i = 0; i < s->threads && !status; i++) {
        tc_session *lane;
        if (!s->lanes[i]) status = tc__fwd_create(s->model, &env, &s->lanes[i]);
        if (status) return status;
        lane = s->lanes[i];
        lane->longest = s->longest;
        lane->tokens = lane->sequences = tokens;
        status = tc__fwd_starts(lane);
        if (!i && lent) tc__fwd_lend(s, lane);
        if (!status) status = tc__fwd_reserve(lane);
        if (!i && lent) tc__fwd_lend(s, lane);
    }
    return status;
}

typedef struct tc__grouped {
    tc_session *s;
    const tc_outputs *outputs;
} tc__grouped;

/* The worker's session with the tokens of a group, which `batch` gets too. */
static tc_session *tc__fwd_lane(const tc_session *s, size_t group, unsigned worker,
                                tc_batch *batch) {
    tc_session *lane = s->lanes[worker];
    const uint32_t *first = tc__fwd_groups(s) + group;
    const uint32_t *from = (const uint32_t *)(void *)s->starts.data + *first;
    uint32_t *starts = (uint32_t *)(void *)lane->starts.data;
    size_t i;
    lane->sequences = first[1] - first[0];
    for (i = 0; i <= lane->sequences; i++) starts[i] = from[i] - from[0];
    lane->tokens = starts[lane->sequences];
    lane->before = from[0];
    lane->total = s->tokens;
    *batch = *s->batch;
    batch->ids += from[0];
    if (batch->types) batch->types += from[0];
    lane->batch = batch;
    return lane;
}

static void tc__fwd_group_item(void *context, size_t item, unsigned worker) {
    const tc__grouped *g = (const tc__grouped *)context;
    tc_batch batch;
    tc_session *lane = tc__fwd_lane(g->s, item, worker, &batch);
    tc_outputs outputs = *g->outputs;
    const tc_model_info *info = &lane->model->info;
    if (outputs.logits) outputs.logits += lane->before * info->num_labels;
    if (outputs.hidden) outputs.hidden += lane->before * info->hidden_size;
    tc__fwd_compute(lane, &outputs);
}

/* Makes s->batch and the outputs their last part: from a sequence on. */
static void tc__fwd_last(tc_session *s, uint32_t sequence, tc_outputs *outputs) {
    uint32_t *starts = (uint32_t *)(void *)s->starts.data;
    size_t done = starts[sequence], i;
    s->sequences -= sequence;
    for (i = 0; i <= s->sequences; i++) starts[i] = starts[sequence + i] - (uint32_t)done;
    s->tokens = starts[s->sequences];
    s->last = *s->batch;
    s->last.ids += done;
    if (s->last.types) s->last.types += done;
    s->batch = &s->last;
    if (outputs->logits) outputs->logits += done * s->model->info.num_labels;
    if (outputs->hidden) outputs->hidden += done * s->model->info.hidden_size;
}

static tc_status tc__fwd_run(tc_session *s, const tc_batch *batch, const tc_outputs *outputs) {
    tc__grouped g;
    tc_outputs out = *outputs;
    size_t groups;
    uint32_t next;
    tc_status status = tc__fwd_check(s, batch);
    if (status) return status;
    g.s = s;
    g.outputs = outputs;
    groups = tc__fwd_group(s);
    next = tc__fwd_groups(s)[groups];
    if (groups) {
        if (tc__fwd_lanes(s, tc__fwd_largest(s, groups), 1))
            return tc__diag_memory(s->env.diag);
        tc__fwd_lend(s, s->lanes[0]);
        tc__thread_run(s->pool, tc__fwd_group_item, &g, groups);
        tc__fwd_lend(s, s->lanes[0]);
    }
    tc__fwd_last(s, next, &out);
    if (s->tokens && tc__fwd_reserve(s)) return tc__diag_memory(s->env.diag);
    if (s->tokens) tc__fwd_compute(s, &out);
    return TC_OK;
}

#ifndef TC_NO_TRAIN
/* ====================================================================== 51-params
 * The numbers of a model in training: f32 tensors of a .tcm image in memory, their gradients
 * and AdamW's moments. Rows of the word embeddings have a gradient only while a batch uses
 * them, and moments from the first time on: a row that was never used costs nothing. */

enum { TC__PIECE = 16384, TC__PENDING = 64 };

/* Neighbouring numbers of a tensor; sums and updates go piece by piece. */
typedef struct tc__piece {
    size_t first, count; /* in the dense numbers */
    uint32_t tensor;
} tc__piece;

typedef struct tc__param { /* a tensor */
    const char *name;
    int matrix;          /* in panels: its gradient is written anew by each update */
    size_t first, count; /* in the dense numbers, padding included; unused for the words */
    int frozen, decays;
    double rate; /* of the learning rate */
} tc__param;

typedef struct tc__params {
    const tc__ops *ops;
    tc__pool *pool;
    tc__param *list; /* [count]; the first is embeddings.word */
    uint32_t count;
    tc__piece *pieces;
    size_t piece_count;
    float *dense; /* [n]: every tensor behind the word embeddings */
    size_t n;
    float *grad, *m, *v;  /* [n] */
    float *word;          /* [V, E] */
    size_t V, E, slots;   /* slots: rows of row_grad */
    int whole;            /* row_grad holds all rows, row r in slot r */
    float *row_grad;      /* [slots, E] */
    float *row_m, *row_v; /* [live rows, E] of room for V */
    uint32_t *slot_of;    /* [V] slot + 1, 0: no gradient */
    uint32_t *row_of;     /* [slots] */
    uint32_t *live;       /* [V] rows that have moments, in the order in which they got them */
    uint32_t *live_at;    /* [V] place in `live` + 1 */
    uint32_t slot_count, live_count;
    float pending[TC__PENDING]; /* decay that rows without moments have not had yet */
    uint32_t pending_count;
    double *sums;   /* [pieces + slots] of squares */
    tc__adamw *how; /* [count] this update */
} tc__params;

/* The gradient of a tensor, given its numbers in the image. */
TC__INLINE float *tc__params_grad(const tc__params *p, const void *numbers) {
    return p->grad + ((const float *)numbers - p->dense);
}

/* Depth of a tensor: 0 embeddings, 1 + i layer i, 1 + layers the head. */
static uint32_t tc__params_depth(const char *name, uint32_t layers) {
    uint32_t i = 0;
    if (!strncmp(name, "embeddings.", 11)) return 0;
    if (strncmp(name, "layer.", 6)) return layers + 1;
    for (name += 6; *name >= '0' && *name <= '9'; name++) i = i * 10 + (uint32_t)(*name - '0');
    return i + 1;
}

/* No decay for biases and norms (trainer.md section 5). */
static int tc__params_decays(const char *name) {
    return !strstr(name, ".norm.") && !tc__write_ends(name, ".bias");
}

/* Before the first micro-batch of an update. */
static void tc__params_begin(tc__params *p) {
    uint32_t i;
    for (i = 1; i < p->count; i++) /* vectors and tables are added to */
        if (!p->list[i].matrix)
            memset(p->grad + p->list[i].first, 0, p->list[i].count * sizeof *p->grad);
    if (p->whole) memset(p->row_grad, 0, p->V * p->E * sizeof *p->row_grad);
    for (i = 0; i < p->slot_count && !p->whole; i++) p->slot_of[p->row_of[i]] = 0;
    p->slot_count = p->whole ? (uint32_t)p->V : 0;
}

static void tc__params_catch_up(const tc__params *p, size_t row) {
    size_t i, k;
    float *x = p->word + row * p->E;
    for (k = 0; k < p->pending_count; k++)
        for (i = 0; i < p->E; i++) x[i] *= p->pending[k];
}

static void tc__params_revive(tc__params *p, uint32_t row) {
    if (p->live_at[row]) return;
    tc__params_catch_up(p, row);
    memset(p->row_m + p->live_count * p->E, 0, p->E * sizeof *p->row_m);
    memset(p->row_v + p->live_count * p->E, 0, p->E * sizeof *p->row_v);
    p->live[p->live_count++] = row;
    p->live_at[row] = p->live_count;
}

/* Gives the rows that a batch reads a gradient, and moments if they have none. */
static void tc__params_touch(tc__params *p, const int32_t *ids, size_t tokens) {
    size_t i;
    for (i = 0; i < tokens; i++) {
        uint32_t row = (uint32_t)ids[i];
        if (p->slot_of[row]) continue;
        tc__params_revive(p, row);
        if (p->whole) {
            p->slot_of[row] = row + 1;
            continue;
        }
        p->row_of[p->slot_count] = row;
        memset(p->row_grad + p->slot_count * p->E, 0, p->E * sizeof *p->row_grad);
        p->slot_of[row] = ++p->slot_count;
    }
}

static void tc__params_flush_item(void *context, size_t item, unsigned worker) {
    const tc__params *p = (const tc__params *)context;
    size_t row = item * 64, end = row + 64 < p->V ? row + 64 : p->V;
    (void)worker;
    for (; row < end; row++)
        if (!p->live_at[row]) tc__params_catch_up(p, row);
}

/* Gives all rows the decay that is pending: before the whole table is read. */
static void tc__params_flush(tc__params *p) {
    if (p->pending_count) tc__thread_run(p->pool, tc__params_flush_item, p, (p->V + 63) / 64);
    p->pending_count = 0;
}

/* ======================================================================== 52-bwd
 * The backward pass: gradients of everything that 50-fwd computes. */

typedef struct tc__saved { /* of one layer, each with T rows; see tc__acts */
    float *qkv, *context, *sum1, *before, *sum2;
} tc__saved;

/* Random numbers of one micro-batch; rate 0 where nothing is dropped. */
typedef struct tc__rates {
    float hidden, attention, output, classifier;
    uint32_t seed;
    uint64_t update;
    uint32_t micro;
} tc__rates;

enum { TC__SITE_EMBED, TC__SITE_CLASSIFIER, TC__SITE_LAYER = 8 };

typedef struct tc__tape { /* what the forward pass leaves for the backward pass */
    tc_session *s;
    tc__params *p;
    tc__rates rates;
    tc__saved *layers;
    float *sums;     /* [T, E] embeddings before their norm */
    float *first;    /* [T, H] what the first layer reads */
    float *da, *db;  /* [T, H] gradients at work */
    float *dsum;     /* [T, E] the gradient of `sums`, one of them */
    float *turned;   /* W^T of any matrix */
    float *wide;     /* [T, I] of a layer */
    int add;         /* matrices already hold a gradient */
    uint32_t lowest; /* the first layer that is trained */
    int embeddings;  /* they are trained */
} tc__tape;

/* Dropout of a site, or null at rate 0. */
static const tc__dropout *tc__bwd_drop(const tc__rates *r, float rate, uint32_t site,
                                       tc__dropout *out) {
    uint32_t key[2];
    if (rate <= 0) return NULL;
    key[0] = r->seed;
    key[1] = site;
    tc__rng_threefry(key, (uint32_t)r->update, (uint32_t)(r->update >> 32) << 16 ^ r->micro,
                     out->key);
    out->threshold = (uint32_t)((double)rate * 4294967296.0);
    out->scale = 1.0f / (1.0f - rate);
    return out;
}

typedef struct tc__sites { /* dropout of a layer */
    tc__dropout drop[3];
    tc__drops drops;
} tc__sites;

static void tc__bwd_drops(const tc__rates *r, uint32_t layer, tc__sites *out) {
    uint32_t site = TC__SITE_LAYER + layer * 4;
    out->drops.attention = tc__bwd_drop(r, r->attention, site, &out->drop[0]);
    out->drops.output = tc__bwd_drop(r, r->output, site + 1, &out->drop[1]);
    out->drops.ffn = tc__bwd_drop(r, r->hidden, site + 2, &out->drop[2]);
}

/* The layers and the head for the tokens of s: the tape's own session, or a lane of it. */
static void tc__bwd_forward_rows(const tc__tape *t, tc_session *s) {
    const tc_model *m = s->model;
    uint32_t i, L = m->info.num_hidden_layers;
    size_t H = m->info.hidden_size, ld = tc__fwd_ld(H), rows = s->before * ld;
    float *x = t->s->x.data + rows, *logits = t->s->logits.data;
    tc__sites sites;
    tc__dropout site;
    const tc__dropout *drop;
    tc__acts a;
    memset(&a, 0, sizeof a);
    a.in = t->first + rows;
    a.middle = s->middle.data;
    a.wide = s->qkv.data; /* q, k and v are saved elsewhere */
    a.drops = &sites.drops;
    for (i = 0; i < L; i++) {
        const tc__saved *saved = &t->layers[i];
        a.qkv = saved->qkv + s->before * tc__fwd_ld(3 * H);
        a.context = saved->context + rows;
        a.sum1 = saved->sum1 + rows;
        a.before = saved->before + s->before * tc__fwd_ld(m->info.intermediate_size);
        a.sum2 = saved->sum2 + rows;
        a.out = i + 1 < L ? s->x.data : x;
        tc__bwd_drops(&t->rates, i, &sites);
        tc__fwd_layer(s, &m->layers[i], &a);
        a.in = a.out;
    }
    if (!L) memcpy(x, a.in, s->tokens * ld * sizeof *x);
    drop = tc__bwd_drop(&t->rates, t->rates.classifier, TC__SITE_CLASSIFIER, &site);
    if (drop) s->ops->dropout(x, ld, s->tokens, H, drop, (uint32_t)s->before, 0);
    tc__fwd_linear(s, &m->head, x, ld, logits + s->before * tc__fwd_ld(m->info.num_labels));
}

static void tc__bwd_forward_item(void *context, size_t item, unsigned worker) {
    const tc__tape *t = (const tc__tape *)context;
    tc_batch batch;
    tc__bwd_forward_rows(t, tc__fwd_lane(t->s, item, worker, &batch));
}

/* The forward pass that keeps what tc__bwd_run needs; logits into the session. */
static void tc__bwd_forward(tc__tape *t) {
    tc__dropout site;
    size_t groups = tc__fwd_group(t->s);
    if (tc__fwd_groups(t->s)[groups] < t->s->sequences) groups = 0;
    tc__fwd_embed(t->s, t->sums, t->first,
                  tc__bwd_drop(&t->rates, t->rates.hidden, TC__SITE_EMBED, &site));
    if (groups)
        tc__thread_run(t->s->pool, tc__bwd_forward_item, t, groups);
    else
        tc__bwd_forward_rows(t, t->s);
}

/* ---- linear layers ---- */

/* A tile of gemm_dw walks down x, whose rows lie on a page each: as many tokens at once as the
 * TLB has entries for. At most so many rows and panels: 160 kB of x and dY stay in L2. */
enum { TC__DW_TOKENS = 64, TC__DW_ROWS = 420, TC__DW_PANELS = 12 };

/* dW += dY^T X and the bias's gradient, in the layout of W. */
typedef struct tc__wgrad {
    tc_session *s;
    const tc__matrix *w;
    const float *x, *dy;
    size_t ldx, ldy, blocks, rows, panels; /* blocks of rows; rows, panels of an item */
    float *weight, *bias;
    int add;
} tc__wgrad;

/* Tokens t to t + T of an item: its columns of dY are packed, then multiplied pair by pair. */
static void tc__bwd_weight_block(const tc__wgrad *g, float *packed, size_t t, size_t block,
                                 size_t first, size_t end) {
    const tc__ops *ops = g->s->ops;
    size_t K = g->w->columns, T = tc__mem_least(g->s->tokens - t, TC__DW_TOKENS), i;
    size_t n = tc__mem_least(end * 16, g->w->rows) - first * 16;
    const float *dy = g->dy + t * g->ldy + first * 16;
    tc__panels b = tc__kref_panels(packed, 16 * T, 32);
    b.add = g->add || t;
    tc__fwd_pack_values(packed, dy, g->ldy, T, n);
    if (!block) ops->column_sum(g->bias + first * 16, dy, g->ldy, T, n);
    for (i = first; i < end; i += 2, b.at += 32 * T) {
        b.count = tc__mem_least(end - i, 2);
        ops->gemm_dw(tc__mem_least(K - block, g->rows), T, g->x + t * g->ldx + block, g->ldx,
                     &b, g->weight + i * 16 * K + block * 16, 16, K * 16);
    }
}

static void tc__bwd_weight_item(void *context, size_t item, unsigned worker) {
    const tc__wgrad *g = (const tc__wgrad *)context;
    size_t first = item / g->blocks * g->panels, t;
    size_t end = tc__mem_least(first + g->panels, (g->w->rows + 15) / 16);
    for (t = 0; t < g->s->tokens; t += TC__DW_TOKENS)
        tc__bwd_weight_block(g, g->s->scratch[worker], t, item % g->blocks * g->rows, first,
                             end);
}

/* Pairs of panels of an item, of `pairs` in all for each block: up to what the cache holds and
 * gives each thread four items, such that the last thread is done soonest. */
static size_t tc__bwd_weight_pairs(size_t pairs, size_t blocks, size_t threads) {
    size_t most = tc__mem_least(pairs * blocks / (4 * threads), TC__DW_PANELS / 2), p;
    size_t best = 1, least = SIZE_MAX;
    for (p = most + !most; p; p--) {
        size_t items = (pairs + p - 1) / p * blocks, time = (items + threads - 1) / threads * p;
        if (time < least) {
            least = time;
            best = p;
        }
    }
    return best;
}

/* Gradients of a linear layer y = x W^T + b, from dy [T, N] and x [T, K]. */
static void tc__bwd_weight(tc__tape *t, const tc__matrix *w, const float *x, const float *dy) {
    size_t pairs = (w->rows + 31) / 32;
    tc__wgrad g;
    g.s = t->s;
    g.w = w;
    g.x = x;
    g.ldx = tc__fwd_ld(w->columns);
    g.dy = dy;
    g.ldy = tc__fwd_ld(w->rows);
    g.blocks = (w->columns + TC__DW_ROWS - 1) / TC__DW_ROWS;
    g.rows = (w->columns + g.blocks - 1) / g.blocks;
    g.panels = 2 * tc__bwd_weight_pairs(pairs, g.blocks, t->s->threads);
    g.weight = tc__params_grad(t->p, w->panels);
    g.bias = tc__params_grad(t->p, w->bias);
    g.add = t->add;
    tc__thread_run(t->s->pool, tc__bwd_weight_item, &g,
                   (pairs * 2 + g.panels - 1) / g.panels * g.blocks);
}

typedef struct tc__turning {
    const tc__ops *ops;
    const tc__matrix *w; /* [N, K] in panels */
    float *to;           /* [K/16][N][16]: the panels of W^T */
} tc__turning;

/* Sixteen rows of W. */
static void tc__bwd_turn_item(void *context, size_t item, unsigned worker) {
    const tc__turning *t = (const tc__turning *)context;
    size_t K = t->w->columns, N = t->w->rows, n = tc__mem_least(N - item * 16, 16), k;
    const float *from = (const float *)(const void *)t->w->panels + item * 16 * K;
    float *to = t->to + item * 256, last[256] = {0}, turned[256];
    (void)worker;
    for (k = 0; k < K; k += 16, from += 256, to += 16 * N) {
        float *block = n < 16 ? turned : to;
        if (K - k < 16) memcpy(last, from, (K - k) * 16 * sizeof *last);
        t->ops->transpose(block, 16, K - k < 16 ? last : from, 16);
        if (n < 16) memcpy(to, turned, n * 16 * sizeof *turned);
    }
}

/* dx = dy W + residual (may be null). */
static void tc__bwd_input(tc__tape *t, const tc__matrix *w, const float *dy, float *dx,
                          const float *residual) {
    tc__matrix turned;
    tc__turning turning;
    tc__product p;
    turning.ops = t->s->ops;
    turning.w = w;
    turning.to = t->turned;
    tc__thread_run(t->s->pool, tc__bwd_turn_item, &turning, (w->rows + 15) / 16);
    memset(&turned, 0, sizeof turned);
    turned.dtype = TC_F32;
    turned.rows = w->columns;
    turned.columns = w->rows;
    turned.panels = (const unsigned char *)t->turned;
    p = tc__fwd_product(t->s, &turned, dy, tc__fwd_ld(w->rows), dx);
    p.residual = residual;
    tc__fwd_multiply(t->s, &p);
}

/* ---- element by element ---- */

typedef struct tc__nback {
    tc__tape *t;
    float *dx, *x; /* [T, n]; x becomes the normalized rows */
    const float *dy, *weight;
    float *dweight, *dbias;
    size_t n;
} tc__nback;

static void tc__bwd_norm_item(void *context, size_t item, unsigned worker) {
    const tc__nback *b = (const tc__nback *)context;
    const tc_session *s = b->t->s;
    size_t first = item * TC__ROWS_AT_ONCE, ld = tc__fwd_ld(b->n), at = first * ld;
    (void)worker;
    s->ops->norm_back(b->dx + at, b->x + at, b->dy + at, ld,
                      tc__mem_least(s->tokens - first, TC__ROWS_AT_ONCE), b->weight,
                      s->model->info.layer_norm_eps, b->n);
}

static void tc__bwd_columns_item(void *context, size_t item, unsigned worker) {
    const tc__nback *b = (const tc__nback *)context;
    const tc_session *s = b->t->s;
    size_t ld = tc__fwd_ld(b->n), j = item * 64, n = b->n - j < 64 ? b->n - j : 64;
    (void)worker;
    s->ops->column_sum(b->dbias + j, b->dy + j, ld, s->tokens, n);
    s->ops->column_dot(b->dweight + j, b->dy + j, b->x + j, ld, s->tokens, n);
}

/* Through LayerNorm: dx from dy, and the gradients of its weight and bias. */
static void tc__bwd_norm(tc__tape *t, float *dx, float *x, const float *dy, const float *weight,
                         const float *bias, size_t n) {
    tc__nback b;
    b.t = t;
    b.dx = dx;
    b.x = x;
    b.dy = dy;
    b.weight = weight;
    b.dweight = tc__params_grad(t->p, weight);
    b.dbias = tc__params_grad(t->p, bias);
    b.n = n;
    tc__thread_run(t->s->pool, tc__bwd_norm_item, &b,
                   (t->s->tokens + TC__ROWS_AT_ONCE - 1) / TC__ROWS_AT_ONCE);
    tc__thread_run(t->s->pool, tc__bwd_columns_item, &b, (n + 63) / 64);
}

typedef struct tc__emap { /* a map over rows */
    tc__tape *t;
    float *to;         /* [T, n] */
    const float *from; /* [T, n] */
    size_t n;
    const tc__dropout *drop;
    int what;
} tc__emap;

enum { TC__EMAP_ACT, TC__EMAP_ACT_BACK, TC__EMAP_DROP };

/* dy *= the derivative of act at x. */
static void tc__bwd_act(const tc__ops *ops, tc__act act, float *dy, const float *x, size_t ld,
                        size_t rows, size_t n) {
    switch (act) {
    case TC__ACT_GELU: ops->gelu_back(dy, x, ld, rows, n); break;
    case TC__ACT_GELU_NEW: ops->gelu_new_back(dy, x, ld, rows, n); break;
    case TC__ACT_RELU: ops->relu_back(dy, x, ld, rows, n); break;
    case TC__ACT_SILU: ops->silu_back(dy, x, ld, rows, n); break;
    default: break;
    }
}

static void tc__bwd_map_item(void *context, size_t item, unsigned worker) {
    const tc__emap *e = (const tc__emap *)context;
    const tc_session *s = e->t->s;
    size_t ld = tc__fwd_ld(e->n), first = item * TC__ROWS_AT_ONCE, at = first * ld;
    size_t rows = tc__mem_least(s->tokens - first, TC__ROWS_AT_ONCE);
    float *to = e->to + at;
    const float *from = e->from + at;
    (void)worker;
    switch (e->what) {
    case TC__EMAP_ACT:
        tc__gemm_activate(s->ops, s->model->act, to, from, ld, rows, e->n);
        break;
    case TC__EMAP_ACT_BACK: tc__bwd_act(s->ops, s->model->act, to, from, ld, rows, e->n); break;
    default:
        memcpy(to, from, rows * ld * sizeof *to);
        s->ops->dropout(to, ld, rows, e->n, e->drop, (uint32_t)first, 0);
    }
}

static void tc__bwd_map(tc__tape *t, int what, float *to, const float *from, size_t n,
                        const tc__dropout *drop) {
    tc__emap e;
    e.t = t;
    e.to = to;
    e.from = from;
    e.n = n;
    e.drop = drop;
    e.what = what;
    tc__thread_run(t->s->pool, tc__bwd_map_item, &e,
                   (t->s->tokens + TC__ROWS_AT_ONCE - 1) / TC__ROWS_AT_ONCE);
}

/* The gradient behind a dropout: `dy` itself where nothing is dropped, else a copy in `to`. */
static const float *tc__bwd_dropped(tc__tape *t, const tc__dropout *drop, float *to,
                                    const float *dy, size_t n) {
    if (!drop) return dy;
    tc__bwd_map(t, TC__EMAP_DROP, to, dy, n, drop);
    return to;
}

/* ---- attention ---- */

/* Floats of scratch for one head: keys and values for scores, keys, queries and gradients for
 * sums, gradients of keys and values; three blocks of weights and one of rows. */
static uint64_t tc__bwd_attention_floats(const tc__ops *ops, size_t S, size_t d) {
    uint64_t lds = tc__mem_round(S, 16), ldd = tc__mem_round(d, 16);
    return 2 * lds * d + 3 * ldd * S + 2 * lds * ldd +
           tc__fwd_query_rows(ops) * (3 * lds + ldd);
}

typedef struct tc__aback {
    tc__tape *t;
    const float *qkv;     /* [T, 3H] */
    const float *context; /* [T, H] its gradient */
    float *out;           /* [T, 3H] gradients of queries, keys, values */
    const tc__dropout *drop;
} tc__aback;

typedef struct tc__ahead { /* one head of one sequence */
    const tc__ops *ops;
    const tc__dropout *drop;
    size_t S, d, lds, ldd, ldg, row;
    float scale;
    float *keys, *values;                /* [S/16][d][16] */
    float *key_rows, *queries, *douts;   /* [d/16][S][16] */
    float *dkeys, *dvalues;              /* [S, ldg] */
    float *weights, *dropped, *dweights; /* [rows, lds] */
    float *dqueries;                     /* [rows, ldg], where they are copied from */
} tc__ahead;

/* A block of query rows from row i on: adds to dkeys and dvalues, writes dq. */
static void tc__bwd_attend(const tc__ahead *h, size_t i, size_t rows, const float *q,
                           size_t ldq, const float *dout, size_t ldo, float *dq) {
    size_t S = h->S, lds = h->lds;
    const float *dropped = h->weights;
    float sums[TC__QUERY_ROWS];
    tc__panels keys = tc__kref_panels(h->keys, h->d * 16, lds),
               values = tc__kref_panels(h->values, h->d * 16, lds),
               key_rows = tc__kref_panels(h->key_rows, S * 16, h->ldd),
               queries = tc__kref_panels(h->queries + i * 16, S * 16, h->ldd),
               douts = tc__kref_panels(h->douts + i * 16, S * 16, h->ldd);
    queries.add = douts.add = i > 0;
    h->ops->gemm(rows, h->d, q, ldq, &keys, h->weights, lds);
    h->ops->softmax(h->weights, lds, rows, S, h->scale, sums);
    h->ops->divide(h->weights, lds, h->weights, lds, rows, S, sums);
    h->ops->gemm(rows, h->d, dout, ldo, &values, h->dweights, lds);
    if (h->drop) {
        uint32_t row = (uint32_t)(h->row + i);
        memcpy(h->dropped, h->weights, rows * lds * sizeof *h->dropped);
        h->ops->dropout(h->dropped, lds, rows, S, h->drop, row, 0);
        h->ops->dropout(h->dweights, lds, rows, S, h->drop, row, 0);
        dropped = h->dropped;
    }
    h->ops->gemm_dw(S, rows, dropped, lds, &douts, h->dvalues, h->ldg, 16);
    h->ops->softmax_back(h->dweights, h->weights, lds, rows, h->scale, S);
    h->ops->gemm_dw(S, rows, h->dweights, lds, &queries, h->dkeys, h->ldg, 16);
    h->ops->gemm(rows, S, h->dweights, lds, &key_rows, dq, h->ldg);
}

static void tc__bwd_copy(float *out, size_t ldo, const float *in, size_t ldi, size_t rows,
                         size_t n) {
    size_t r;
    for (r = 0; r < rows; r++) memcpy(out + r * ldo, in + r * ldi, n * sizeof *out);
}

static void tc__bwd_head(tc__ahead *h, float *scratch, size_t rows) {
    h->keys = scratch;
    h->values = h->keys + h->lds * h->d;
    h->key_rows = h->values + h->lds * h->d;
    h->queries = h->key_rows + h->ldd * h->S;
    h->douts = h->queries + h->ldd * h->S;
    h->dkeys = h->douts + h->ldd * h->S;
    h->dvalues = h->dkeys + h->lds * h->ldd;
    h->weights = h->dvalues + h->lds * h->ldd;
    h->dropped = h->weights + rows * h->lds;
    h->dweights = h->dropped + rows * h->lds;
    h->dqueries = h->dweights + rows * h->lds;
}

static void tc__bwd_attention_item(void *context, size_t item, unsigned worker) {
    const tc__aback *b = (const tc__aback *)context;
    const tc_session *s = b->t->s;
    const uint32_t *starts = (const uint32_t *)(void *)s->starts.data;
    size_t H = s->model->info.hidden_size, A = s->model->info.num_attention_heads, i;
    size_t head = item % A, first = starts[item / A], ld = tc__fwd_ld(3 * H),
           ldh = tc__fwd_ld(H), step = tc__fwd_query_rows(s->ops);
    const float *q, *dout;
    float *dq;
    tc__ahead h;
    int whole; /* panels, which go to where they belong */
    h.ops = s->ops;
    h.drop = b->drop;
    h.S = starts[item / A + 1] - first;
    h.d = H / A;
    h.lds = tc__mem_round(h.S, 16);
    h.ldd = tc__mem_round(h.d, 16);
    h.row = head * s->tokens + first;
    h.scale = 1.0f / sqrtf((float)h.d);
    q = b->qkv + first * ld + head * h.d;
    dout = b->context + first * ldh + head * h.d;
    dq = b->out + first * ld + head * h.d;
    tc__bwd_head(&h, s->scratch[worker], step);
    whole = h.d == h.ldd;
    h.ldg = h.ldd;
    if (whole) {
        h.ldg = ld;
        h.dkeys = dq + H;
        h.dvalues = dq + 2 * H;
    }
    tc__fwd_pack_keys(s->ops, h.keys, q + H, ld, h.S, h.d);
    tc__fwd_pack_keys(s->ops, h.values, q + 2 * H, ld, h.S, h.d);
    tc__fwd_pack_values(h.key_rows, q + H, ld, h.S, h.d);
    tc__fwd_pack_values(h.queries, q, ld, h.S, h.d);
    tc__fwd_pack_values(h.douts, dout, ldh, h.S, h.d);
    for (i = 0; i < h.S; i += step) {
        size_t rows = h.S - i < step ? h.S - i : step;
        tc__bwd_attend(&h, i, rows, q + i * ld, ld, dout + i * ldh, ldh,
                       whole ? dq + i * ld : h.dqueries);
        if (!whole) tc__bwd_copy(dq + i * ld, ld, h.dqueries, h.ldg, rows, h.d);
    }
    if (whole) return;
    tc__bwd_copy(dq + H, ld, h.dkeys, h.ldg, h.S, h.d);
    tc__bwd_copy(dq + 2 * H, ld, h.dvalues, h.ldg, h.S, h.d);
}

/* ---- embeddings ---- */

enum { TC__EMBED_COLUMNS = 64 };

/* Adds the gradient of the sums to the rows of the tables, token by token, for a block of
 * columns. */
static void tc__bwd_embed_item(void *context, size_t item, unsigned worker) {
    tc__tape *t = (tc__tape *)context;
    tc__params *p = t->p;
    const tc_session *s = t->s;
    const tc_model *m = s->model;
    const uint32_t *starts = (const uint32_t *)(void *)s->starts.data;
    size_t E = p->E, ld = tc__fwd_ld(E), j = item * TC__EMBED_COLUMNS, i, sequence = 0;
    size_t n = tc__mem_least(E - j, TC__EMBED_COLUMNS);
    float *positions = tc__params_grad(p, m->position.panels) + j,
          *types = m->type.rows ? tc__params_grad(p, m->type.panels) + j : NULL;
    (void)worker;
    for (i = 0; i < s->tokens; i++) {
        const float *d = t->dsum + i * ld + j;
        size_t type = s->batch->types ? s->batch->types[i] : 0;
        int32_t id = s->batch->ids[i];
        while (i >= starts[sequence + 1]) sequence++;
        if (!m->info.fixed_positions)
            s->ops->add(positions + (i - starts[sequence]) * E, E, d, ld, 1, n);
        if (types) s->ops->add(types + type * E, E, d, ld, 1, n);
        if (id != m->info.pad_token_id)
            s->ops->add(p->row_grad + (p->slot_of[id] - 1) * E + j, E, d, ld, 1, n);
    }
}

/* From the gradient of the first layer's input in t->da. */
static void tc__bwd_embed(tc__tape *t) {
    const tc_model *m = t->s->model;
    size_t E = t->p->E;
    tc__dropout site;
    const tc__dropout *drop = tc__bwd_drop(&t->rates, t->rates.hidden, TC__SITE_EMBED, &site);
    float *d = t->da;
    t->dsum = t->db;
    if (m->projection.rows) {
        tc__bwd_weight(t, &m->projection, t->s->embedded.data, t->da);
        tc__bwd_input(t, &m->projection, t->da, t->db, NULL);
        d = t->db;
        t->dsum = t->da;
    }
    if (drop) t->s->ops->dropout(d, tc__fwd_ld(E), t->s->tokens, E, drop, 0, 0);
    tc__bwd_norm(t, t->dsum, t->sums, d, m->embed_weight, m->embed_bias, E);
    tc__thread_run(t->s->pool, tc__bwd_embed_item, t,
                   (E + TC__EMBED_COLUMNS - 1) / TC__EMBED_COLUMNS);
}

/* ---- layers ---- */

/* From the gradient of layer i's output in t->da to that of its input, there too. */
static void tc__bwd_layer(tc__tape *t, uint32_t i) {
    tc_session *s = t->s;
    const tc_model *m = s->model;
    const tc__layer *l = &m->layers[i];
    tc__saved *a = &t->layers[i];
    size_t H = m->info.hidden_size, inner = m->info.intermediate_size;
    const float *dy, *in = t->first;
    tc__aback back;
    tc__sites sites;
    tc__bwd_drops(&t->rates, i, &sites);
    tc__bwd_norm(t, t->db, a->sum2, t->da, l->norm2_weight, l->norm2_bias, H);
    dy = tc__bwd_dropped(t, sites.drops.ffn, t->da, t->db, H);
    tc__bwd_map(t, TC__EMAP_ACT, t->wide, a->before, inner, NULL);
    tc__bwd_weight(t, &l->down, t->wide, dy);
    tc__bwd_input(t, &l->down, dy, t->wide, NULL);
    tc__bwd_map(t, TC__EMAP_ACT_BACK, t->wide, a->before, inner, NULL);
    tc__fwd_norm(s, s->middle.data, a->sum1, l->norm1_weight, l->norm1_bias, NULL);
    tc__bwd_weight(t, &l->up, s->middle.data, t->wide);
    tc__bwd_input(t, &l->up, t->wide, t->da, t->db);
    tc__bwd_norm(t, t->db, a->sum1, t->da, l->norm1_weight, l->norm1_bias, H);
    dy = tc__bwd_dropped(t, sites.drops.output, t->da, t->db, H);
    tc__bwd_weight(t, &l->output, a->context, dy);
    tc__bwd_input(t, &l->output, dy, tc__fwd_context(s), NULL);
    back.t = t;
    back.qkv = a->qkv;
    back.context = tc__fwd_context(s);
    back.out = s->qkv.data;
    back.drop = sites.drops.attention;
    tc__thread_run(s->pool, tc__bwd_attention_item, &back,
                   s->sequences * m->info.num_attention_heads);
    if (i) {
        tc__fwd_norm(s, s->x.data, t->layers[i - 1].sum2, l[-1].norm2_weight, l[-1].norm2_bias,
                     NULL);
        in = s->x.data;
    }
    tc__bwd_weight(t, &l->qkv, in, s->qkv.data);
    if (i > t->lowest || t->embeddings) tc__bwd_input(t, &l->qkv, s->qkv.data, t->da, t->db);
}

/* From the gradient of the logits to those of all that is trained. */
static void tc__bwd_run(tc__tape *t) {
    const tc_model *m = t->s->model;
    size_t H = m->info.hidden_size;
    uint32_t i;
    tc__dropout site;
    const tc__dropout *drop =
        tc__bwd_drop(&t->rates, t->rates.classifier, TC__SITE_CLASSIFIER, &site);
    tc__bwd_weight(t, &m->head, t->s->x.data, t->s->logits.data);
    tc__bwd_input(t, &m->head, t->s->logits.data, t->da, NULL);
    if (drop) t->s->ops->dropout(t->da, tc__fwd_ld(H), t->s->tokens, H, drop, 0, 0);
    for (i = m->info.num_hidden_layers; i-- > t->lowest;) tc__bwd_layer(t, i);
    if (t->embeddings) tc__bwd_embed(t);
}

#endif

/* ======================================================================= 53-loss
 * Cross entropy over the labelled tokens (trainer.md section 4). */

/* The loss of one row of logits, and in their place, unless `scale` is 0, its gradient times
 * that. */
static double tc__loss_row(const tc__ops *ops, float *x, uint32_t C, uint32_t label, float eps,
                           float scale) {
    float top = x[0], chosen = x[label], sum, share = eps / (float)C;
    double mean = 0, rest, nll;
    uint32_t j;
    for (j = 0; j < C; j++) top = tc__kref_max(x[j], top);
    for (j = 0; j < C && eps != 0; j++) mean += (double)x[j];
    ops->softmax(x, C, 1, C, 1.0f, &sum);
    rest = sum < INFINITY ? (double)tc__kref_log(sum) + (double)top : (double)NAN;
    nll = rest - (double)chosen;
    for (j = 0; j < C && scale != 0; j++)
        x[j] = (x[j] / sum - share - (j == label ? 1.0f - eps : 0.0f)) * scale;
    if (eps == 0) return nll;
    return fma((double)eps, rest - mean / C, (1 - (double)eps) * nll);
}

#ifndef TC_NO_TRAIN
/* Labels that count: all but those below 0. */
static uint64_t tc__loss_active(const int32_t *labels, size_t tokens) {
    uint64_t n = 0;
    size_t i;
    for (i = 0; i < tokens; i++) n += labels[i] >= 0;
    return n;
}

/* The sum of the losses of all labelled rows of logits [T, ld]; their gradients, for a mean
 * over `count` tokens of one of `parts` micro-batches, in their place. Without a label: 0. */
static double tc__loss_run(const tc__ops *ops, float *logits, size_t ld, uint32_t C,
                           const int32_t *labels, size_t tokens, float eps, uint64_t count,
                           uint32_t parts) {
    float scale = 1.0f / ((float)count * (float)parts);
    double sum = 0;
    size_t i;
    for (i = 0; i < tokens; i++) {
        float *x = logits + i * ld;
        if (labels[i] < 0)
            memset(x, 0, C * sizeof *x);
        else
            sum += tc__loss_row(ops, x, C, (uint32_t)labels[i], eps, scale);
    }
    return sum;
}

/* ====================================================================== 54-optim
 * Learning rate schedules, clipping, AdamW (trainer.md sections 5 and 6). */

/* The factor of the learning rate for update `done` + 1 of `total`. */
static double tc__optim_factor(tc_schedule schedule, uint64_t done, uint64_t total,
                               uint64_t warmup) {
    double s = (double)done, T = (double)total, W = (double)warmup, left;
    if (done < warmup) return s / (W > 1 ? W : 1);
    if (schedule == TC_SCHEDULE_CONSTANT || !total) return 1; /* no end is known */
    left = T - W > 1 ? T - W : 1;
    if (schedule == TC_SCHEDULE_LINEAR) return T > s ? (T - s) / left : 0;
    left = (s - W) / left;
    left -= 2 * (double)(uint64_t)(left / 2);
    if (left > 1) left = 2 - left; /* behind the end it rises again, as in PyTorch's lambda */
    left = 0.5 * (1 + tc__kref_cos(TC__PI * left));
    return left > 0 ? left : 0;
}

static void tc__optim_squares_item(void *context, size_t item, unsigned worker) {
    tc__params *p = (tc__params *)context;
    (void)worker;
    if (item < p->piece_count) {
        const tc__piece *piece = &p->pieces[item];
        p->sums[item] = (double)p->ops->squares(p->grad + piece->first, piece->count);
    } else {
        size_t slot = item - p->piece_count;
        p->sums[item] = (double)p->ops->squares(p->row_grad + slot * p->E, p->E);
    }
}

/* The norm of all gradients; *bad is the first tensor whose gradient is not finite, or null. */
static double tc__optim_norm(tc__params *p, const char **bad) {
    size_t i, rows = p->list[0].frozen ? 0 : p->slot_count;
    double sum = 0;
    *bad = NULL;
    tc__thread_run(p->pool, tc__optim_squares_item, p, p->piece_count + rows);
    for (i = 0; i < p->piece_count + rows; i++) {
        sum += p->sums[i];
        if (!(p->sums[i] < (double)INFINITY) && !*bad)
            *bad = i < p->piece_count ? p->list[p->pieces[i].tensor].name : p->list[0].name;
    }
    return sqrt(sum);
}

enum { TC__ROWS_A_TIME = 64 };

static void tc__optim_update_item(void *context, size_t item, unsigned worker) {
    tc__params *p = (tc__params *)context;
    size_t i;
    (void)worker;
    if (item < p->piece_count) {
        const tc__piece *piece = &p->pieces[item];
        i = piece->first;
        p->ops->adamw(p->dense + i, p->grad + i, p->m + i, p->v + i, piece->count,
                      &p->how[piece->tensor]);
        return;
    }
    i = (item - p->piece_count) * TC__ROWS_A_TIME;
    for (item = i + TC__ROWS_A_TIME; i < item && i < p->live_count; i++) {
        size_t row = p->live[i], slot = p->slot_of[row], at = i * p->E;
        p->ops->adamw(p->word + row * p->E, slot ? p->row_grad + (slot - 1) * p->E : NULL,
                      p->row_m + at, p->row_v + at, p->E, &p->how[0]);
    }
}

/* 1 - beta^t, by products so that every machine gets the same. */
static double tc__optim_bias(double beta, uint64_t t) {
    double power = 1;
    for (; t; t >>= 1, beta *= beta)
        if (t & 1) power *= beta;
    return fma(power, -1.0, 1.0);
}

/* One update of everything that is trained; `step` counts from 1. */
static void tc__optim_update(tc__params *p, const tc_train_options *o, uint64_t step,
                             double rate, double norm) {
    double root = sqrt(tc__optim_bias(o->adam_beta2, step)),
           bias = tc__optim_bias(o->adam_beta1, step), clip = 1;
    size_t rows = p->list[0].frozen ? 0 : p->live_count;
    uint32_t i;
    if (o->max_grad_norm > 0) clip = o->max_grad_norm / (norm + 1e-6);
    for (i = 0; i < p->count; i++) {
        tc__adamw *a = &p->how[i];
        double own = rate * p->list[i].rate;
        a->decay = p->list[i].decays ? (float)fma(-own, o->weight_decay, 1.0) : 1.0f;
        a->clip = (float)(clip < 1 ? clip : 1);
        a->beta1 = (float)o->adam_beta1;
        a->rest1 = (float)(1 - o->adam_beta1);
        a->beta2 = (float)o->adam_beta2;
        a->rest2 = (float)(1 - o->adam_beta2);
        a->step = (float)(own / bias);
        a->root = (float)(1 / root);
        a->epsilon = (float)o->adam_epsilon;
    }
    tc__thread_run(p->pool, tc__optim_update_item, p,
                   p->piece_count + (rows + TC__ROWS_A_TIME - 1) / TC__ROWS_A_TIME);
    if (p->list[0].frozen || p->how[0].decay == 1.0f) return;
    if (p->pending_count == TC__PENDING) tc__params_flush(p);
    p->pending[p->pending_count++] = p->how[0].decay;
}
#endif

/* ======================================================================= 55-data
 * Labelled sentences: column files and JSON (data-formats.md). A file is mapped and indexed
 * once; a sentence is parsed when it is asked for, so memory grows with the number of
 * sentences alone. */

typedef struct tc__place { /* of a sentence */
    uint64_t offset, line;
} tc__place;

typedef struct tc__label { /* found in the data */
    char *name;
    size_t length;
    uint64_t count;
} tc__label;

struct tc_dataset {
    tc_env env;
    tc__file file; /* the bytes; nothing of a .tcm */
    const char *text;
    size_t size;
    tc_data_info info;
    tc__buf places;                    /* tc__place */
    tc__buf labels, names;             /* tc__label in order of their bytes, their names */
    tc__buf words, word_labels, lines; /* of the sentence at hand */
    tc__buf strings, prefixed;         /* decoded JSON strings of that sentence, made labels */
    int indexing;                      /* labels are counted */
};

enum { TC__MOST_LABELS = 65536, TC__MOST_COLUMNS = 256, TC__GUESS_LINES = 2000 };

static tc_status tc__data_fail(tc_dataset *d, uint64_t line, const char *what) {
    tc_status status =
        tc__diag_fail(d->env.diag, TC_ERROR_FORMAT, 0, "line %u: %s", line, what);
    if (d->env.diag) d->env.diag->line = line;
    return status;
}

static tc_string tc__data_string(const char *data, const char *end) {
    return tc__tok_string(data, (size_t)(end - data));
}

/* Counts a label, which joins the list if it is new. */
static tc_status tc__data_count(tc_dataset *d, tc_string name, uint64_t line) {
    size_t low = 0, high = d->labels.used / sizeof(tc__label), n = high;
    tc__label *list, fresh;
    tc_string other;
    while (low < high) {
        size_t middle = (low + high) / 2;
        int order;
        list = (tc__label *)(void *)d->labels.data + middle;
        other = tc__tok_string(list->name, list->length);
        order = tc__tok_compare(name, other);
        if (!order) {
            list->count++;
            return TC_OK;
        }
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    if (n == TC__MOST_LABELS)
        return tc__data_fail(d, line, "more than 65536 different labels: the wrong column?");
    if (tc__utf8_check(name.data, name.length) != name.length ||
        memchr(name.data, 0, name.length))
        return tc__data_fail(d, line, "a label is no UTF-8 or has a NUL");
    fresh.name = (char *)tc__mem_zero(&d->env, name.length + 1);
    fresh.length = name.length;
    fresh.count = 1;
    if (!fresh.name || tc__mem_append(&d->env, &d->labels, &fresh, sizeof fresh)) {
        tc__mem_free(&d->env, fresh.name, name.length + 1);
        return TC_ERROR_MEMORY;
    }
    memcpy(fresh.name, name.data, name.length);
    list = (tc__label *)(void *)d->labels.data;
    memmove(list + low + 1, list + low, (n - low) * sizeof *list);
    list[low] = fresh;
    return TC_OK;
}

/* A word of the sentence at hand. */
static tc_status tc__data_word(tc_dataset *d, tc_string word, tc_string label, uint64_t line) {
    tc_status status;
    if (!word.length) return tc__data_fail(d, line, "the word is empty");
    if (!label.length) return tc__data_fail(d, line, "the label is empty");
    status = tc__mem_append(&d->env, &d->words, &word, sizeof word);
    if (!status) status = tc__mem_append(&d->env, &d->word_labels, &label, sizeof label);
    if (!status) status = tc__mem_append(&d->env, &d->lines, &line, sizeof line);
    if (!status && d->indexing) status = tc__data_count(d, label, line);
    return status;
}

/* ---- columns ---- */

typedef struct tc__line {
    const char *text, *end, *next; /* without and behind the line's end */
} tc__line;

static tc__line tc__data_line(const tc_dataset *d, size_t at) {
    tc__line l;
    const char *limit = d->text + d->size;
    l.text = d->text + at;
    l.end = (const char *)memchr(l.text, '\n', d->size - at);
    l.next = l.end ? l.end + 1 : limit;
    if (!l.end) l.end = limit;
    if (l.end > l.text && l.end[-1] == '\r') l.end--;
    return l;
}

static int tc__data_blank(const tc__line *l) {
    const char *p = l->text;
    while (p < l->end && (*p == ' ' || *p == '\t' || *p == '\r')) p++;
    return p == l->end;
}

static int tc__data_document(const tc__line *l) {
    return l->end - l->text >= 10 && !memcmp(l->text, "-DOCSTART-", 10);
}

/* Splits a line at single tabs, or at runs of spaces; returns the number of columns. An empty
 * column at the end is none. */
static int tc__data_split(const tc__line *l, int tabs, tc_string *out) {
    const char *p = l->text, *end = l->end;
    int n = 0;
    if (!tabs)
        while (p < end && *p == ' ') p++;
    while (p < end && n < TC__MOST_COLUMNS) {
        const char *stop = (const char *)memchr(p, tabs ? '\t' : ' ', (size_t)(end - p));
        if (!stop) stop = end;
        out[n++] = tc__data_string(p, stop);
        p = stop < end ? stop + 1 : end;
        if (!tabs)
            while (p < end && *p == ' ') p++;
    }
    return n;
}

/* Comments begin with '#', but a '#' may be a word: in files without numbers of words a line
 * with as many columns as the others is one. */
static int tc__data_comment(const tc_dataset *d, const tc__line *l) {
    tc_string columns[TC__MOST_COLUMNS];
    if (l->text == l->end || *l->text != '#') return 0;
    return d->info.numbered || tc__data_split(l, d->info.tabs, columns) != d->info.columns;
}

/* "O", or a letter of a scheme, a dash and more. */
static int tc__data_tag(tc_string s) {
    if (s.length == 1) return *s.data == 'O';
    return s.length > 2 && s.data[1] == '-' && strchr("BIESLUM", *s.data);
}

static int tc__data_is(tc_string s, const char *text) {
    return s.length == strlen(text) && !memcmp(s.data, text, s.length);
}

/* The columns of the next line that has all of them; 0 at the end of the file. */
static int tc__data_full(const tc_dataset *d, size_t *at, tc_string *columns) {
    while (*at < d->size) {
        tc__line l = tc__data_line(d, *at);
        *at = (size_t)(l.next - d->text);
        if (tc__data_blank(&l) || tc__data_document(&l) || tc__data_comment(d, &l)) continue;
        if (tc__data_split(&l, d->info.tabs, columns) >= d->info.columns) return 1;
    }
    return 0;
}

/* The label's column of a file whose words are numbered: the last that holds tags of spans, but
 * of nested spans, whose columns share labels, the first; of ten columns (CoNLL-U) the fourth;
 * else the last. */
static int tc__data_guess_column(const tc_dataset *d) {
    tc_string columns[TC__MOST_COLUMNS], sample[TC__MOST_COLUMNS]; /* a label that is not O */
    int good[TC__MOST_COLUMNS], same[TC__MOST_COLUMNS], count = d->info.columns, c, seen;
    size_t at = 0;
    memset(sample, 0, sizeof sample);
    memset(same, 0, sizeof same);
    for (c = 0; c < count; c++) good[c] = 1;
    for (seen = 0; seen < TC__GUESS_LINES && tc__data_full(d, &at, columns); seen++)
        for (c = 0; c < count; c++) {
            good[c] &= tc__data_tag(columns[c]);
            if (!sample[c].data && !tc__data_is(columns[c], "O")) sample[c] = columns[c];
        }
    for (at = 0, seen = 0; seen < TC__GUESS_LINES && tc__data_full(d, &at, columns); seen++)
        for (c = 1; c + 1 < count; c++)
            same[c] |= sample[c + 1].data && !tc__tok_compare(columns[c], sample[c + 1]);
    for (c = count - 1; c > 1; c--) {
        if (!good[c]) continue;
        while (c > 2 && good[c - 1] && (same[c - 1] || !sample[c].data)) c--;
        return c + 1;
    }
    return count == 10 ? 4 : count;
}

/* The number that begins a column of numbers: 3, 3-4, 3.1; -1 if it is no such column. */
static int tc__data_number(tc_string s) {
    size_t i, digits = 0;
    int n = 0;
    for (i = 0; i < s.length; i++) {
        int digit = s.data[i] >= '0' && s.data[i] <= '9';
        if (!digit && (!i || (s.data[i] != '-' && s.data[i] != '.'))) return -1;
        if (digit && digits == i && ++digits < 8) n = n * 10 + (s.data[i] - '0');
    }
    return digits ? n : -1;
}

/* CoNLL-U: the number of a range of words, or of an empty node. */
static int tc__data_between(tc_string number) {
    return memchr(number.data, '-', number.length) || memchr(number.data, '.', number.length);
}

/* Whether the first lines begin with the numbers of their words, 1 2 3 in each sentence, with
 * ranges and empty nodes between. Of three steps one may leave out some. */
static int tc__data_numbers(const tc_dataset *d) {
    tc_string columns[TC__MOST_COLUMNS];
    int last = 0, steps = 0, gaps = 0, seen;
    size_t at = 0;
    for (seen = 0; seen < TC__GUESS_LINES && tc__data_full(d, &at, columns); seen++) {
        int n = tc__data_number(columns[0]);
        if (n < 0) return 0;
        if (tc__data_between(columns[0])) continue;
        if (n != 1 && n <= last) return 0;
        gaps += n != 1 && n != last + 1;
        steps++;
        last = n;
    }
    return steps > 0 && gaps <= steps / 3;
}

/* Separator, number of columns, where words and labels are: from the first lines. */
static tc_status tc__data_shape(tc_dataset *d, const tc_data_options *o) {
    tc_string columns[TC__MOST_COLUMNS];
    size_t at = 0;
    uint64_t line = 0, first = 0;
    tc_data_info *n = &d->info;
    n->word_column = 1;
    while (at < d->size && !first) { /* a line that is no comment, or the first */
        tc__line l = tc__data_line(d, at);
        at = (size_t)(l.next - d->text);
        line++;
        if (tc__data_blank(&l) || tc__data_document(&l)) continue;
        n->tabs = memchr(l.text, '\t', (size_t)(l.end - l.text)) != NULL;
        n->columns = tc__data_split(&l, n->tabs, columns);
        if (*l.text == '#') continue;
        first = line;
    }
    n->numbered = n->columns > 2; /* lines that begin with # are comments then */
    n->numbered = n->numbered && tc__data_numbers(d);
    n->word_column += n->numbered;
    n->column = o->column > 0   ? o->column
                : o->column < 0 ? n->columns + 1 + o->column
                : n->numbered   ? tc__data_guess_column(d)
                                : n->columns;
    if (n->columns && (n->column > n->columns || n->column < 1))
        return tc__data_fail(d, first ? first : 1,
                             "the line has fewer columns than the number of the label's");
    return TC_OK;
}

/* One line with a word. */
static tc_status tc__data_row(tc_dataset *d, const tc__line *l, uint64_t line) {
    tc_string columns[TC__MOST_COLUMNS], label = {"O", 1};
    const tc_data_info *n = &d->info;
    int count = tc__data_split(l, n->tabs, columns);
    tc_status status;
    if (n->numbered && count && tc__data_between(columns[0])) return TC_OK;
    if (count != n->columns && (count < n->columns || n->column == n->columns)) {
        status =
            tc__diag_fail(d->env.diag, TC_ERROR_FORMAT, 0,
                          "line %u: the number of columns is %u, in the first lines it is %u",
                          line, (uint64_t)count, (uint64_t)n->columns);
        if (d->env.diag) d->env.diag->line = line;
        return status;
    }
    if (n->columns > 1) label = columns[n->column - 1];
    return tc__data_word(d, columns[n->word_column - 1], label, line);
}

/* Reads the sentence that begins at *at or behind; both move behind it. Without words: the end
 * of the file. */
static tc_status tc__data_columns(tc_dataset *d, size_t *at, uint64_t *line, tc__place *place) {
    tc_status status = TC_OK;
    d->words.used = d->word_labels.used = d->lines.used = 0;
    while (*at < d->size && !status) {
        tc__line l = tc__data_line(d, *at);
        size_t next = (size_t)(l.next - d->text);
        int ends = tc__data_blank(&l) || tc__data_document(&l);
        if (ends && d->words.used) break;
        ++*line;
        if (!ends && !tc__data_comment(d, &l)) {
            if (!d->words.used) {
                place->offset = *at;
                place->line = *line;
            }
            status = tc__data_row(d, &l, *line);
        }
        *at = next;
    }
    return status;
}

/* ---- JSON ---- */

typedef struct tc__json { /* a place in the text of one value */
    tc_dataset *d;
    const char *p, *end;
    const char *wrong; /* what is, or null */
    int memory;        /* there was not enough */
} tc__json;

static int tc__data_wrong(tc__json *j, const char *what) {
    if (!j->wrong) j->wrong = what;
    return 0;
}

static int tc__data_memory(tc__json *j) {
    j->memory = 1;
    return 0;
}

static const char *tc__data_white(const char *p, const char *end) {
    while (p < end && (*p == ' ' || *p == '\t' || *p == '\n' || *p == '\r')) p++;
    return p;
}

static void tc__data_space(tc__json *j) { j->p = tc__data_white(j->p, j->end); }

/* Whether the next character is c, which is then passed over. */
static int tc__data_take(tc__json *j, char c) {
    tc__data_space(j);
    if (j->p == j->end || *j->p != c) return 0;
    j->p++;
    return 1;
}

static int tc__data_hex(tc__json *j, uint32_t *out) {
    int i;
    *out = 0;
    for (i = 0; i < 4; i++, j->p++) {
        const char *digits = "0123456789abcdef0123456789ABCDEF", *at;
        if (j->p == j->end || !*j->p || !(at = strchr(digits, *j->p)))
            return tc__data_wrong(j, "a wrong \\u escape");
        *out = *out << 4 | ((uint32_t)(at - digits) & 15);
    }
    return 1;
}

/* One escape behind the backslash, appended to the strings, where there is room. */
static int tc__data_escape(tc__json *j) {
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    tc__buf *b = &j->d->strings;
    const char *at;
    uint32_t code, low;
    char c = j->p < j->end ? *j->p++ : 0;
    if (c && (at = strchr(from, c))) {
        b->data[b->used++] = to[at - from];
        return 1;
    }
    if (c != 'u') return tc__data_wrong(j, "a wrong escape in a string");
    if (!tc__data_hex(j, &code)) return 0;
    if (code - 0xD800 < 0x400 && j->end - j->p > 2 && j->p[0] == '\\' && j->p[1] == 'u') {
        j->p += 2;
        if (!tc__data_hex(j, &low)) return 0;
        if (low - 0xDC00 >= 0x400) return tc__data_wrong(j, "a lone surrogate");
        code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
    }
    if (code - 0xD800 < 0x800) return tc__data_wrong(j, "a lone surrogate");
    b->used += tc__utf8_put(b->data + b->used, code);
    return 1;
}

/* A string: in place, or decoded into the strings of the sentence. */
static int tc__data_text(tc__json *j, tc_string *out) {
    tc__buf *b = &j->d->strings;
    size_t first = b->used;
    const char *start;
    if (!tc__data_take(j, '"')) return tc__data_wrong(j, "a string is missing");
    start = j->p;
    while (j->p < j->end && *j->p != '"' && *j->p != '\\' && (unsigned char)*j->p >= 32) j->p++;
    if (j->p < j->end && *j->p == '"') {
        *out = tc__data_string(start, j->p++);
        return 1;
    }
    memcpy(b->data + b->used, start, (size_t)(j->p - start));
    b->used += (size_t)(j->p - start);
    while (j->p < j->end && *j->p != '"') {
        if ((unsigned char)*j->p < 32)
            return tc__data_wrong(j, "a control character in a string");
        if (*j->p != '\\')
            b->data[b->used++] = *j->p++;
        else if (j->p++, !tc__data_escape(j))
            return 0;
    }
    if (j->p == j->end) return tc__data_wrong(j, "a string does not end");
    j->p++;
    *out = tc__data_string(b->data + first, b->data + b->used);
    return 1;
}

static int tc__data_integer(tc__json *j, uint64_t *out) {
    tc__data_space(j);
    *out = 0;
    if (j->p == j->end || *j->p < '0' || *j->p > '9')
        return tc__data_wrong(j, "a number is missing");
    for (; j->p < j->end && *j->p >= '0' && *j->p <= '9'; j->p++)
        if (*out < UINT32_MAX) *out = *out * 10 + (uint64_t)(*j->p - '0');
    return 1;
}

/* Passes over a value; of objects and arrays only strings and brackets are looked at. */
static int tc__data_skip(tc__json *j) {
    size_t depth = 0;
    tc_string ignored;
    do {
        tc__data_space(j);
        if (j->p == j->end) return tc__data_wrong(j, "the value does not end");
        if (*j->p == '"') {
            size_t used = j->d->strings.used;
            if (!tc__data_text(j, &ignored)) return 0;
            j->d->strings.used = used;
            continue;
        }
        if (*j->p == '{' || *j->p == '[')
            depth++;
        else if (*j->p == '}' || *j->p == ']') {
            if (!depth) return tc__data_wrong(j, "a value is missing");
            depth--;
        } else if ((*j->p == ',' || *j->p == ':') && !depth)
            return tc__data_wrong(j, "a value is missing");
        else if (strchr("{}[]\",: \t\r\n", *j->p) == NULL) {
            while (j->p < j->end && !strchr("{}[]\",: \t\r\n", *j->p)) j->p++;
            continue;
        }
        j->p++;
    } while (depth);
    return 1;
}

/* Appends the strings of an array to `to`. */
static int tc__data_strings(tc__json *j, tc__buf *to) {
    tc_string s;
    if (!tc__data_take(j, '[')) return tc__data_wrong(j, "an array is missing");
    if (tc__data_take(j, ']')) return 1;
    do {
        tc__data_space(j);
        if (to == &j->d->word_labels && j->p < j->end && *j->p >= '0' && *j->p <= '9')
            return tc__data_wrong(j, "labels are numbers, their names are needed");
        if (!tc__data_text(j, &s)) return 0;
        if (tc__mem_append(&j->d->env, to, &s, sizeof s)) return tc__data_memory(j);
    } while (tc__data_take(j, ','));
    return tc__data_take(j, ']') ? 1 : tc__data_wrong(j, "an array does not end");
}

typedef struct tc__mark { /* a labelled span of a text, in code points */
    uint64_t start, end;
    tc_string label;
} tc__mark;

/* A span: {"start", "end", "label"}, {"span": [start, end], "type"}, or [start, end, label]. */
static int tc__data_mark(tc__json *j, tc__mark *m) {
    tc_string key;
    int seen = 0;
    if (tc__data_take(j, '[')) {
        if (!tc__data_integer(j, &m->start) || !tc__data_take(j, ',') ||
            !tc__data_integer(j, &m->end) || !tc__data_take(j, ',') ||
            !tc__data_text(j, &m->label) || !tc__data_take(j, ']'))
            return tc__data_wrong(j, "a span is not [start, end, label]");
        return 1;
    }
    if (!tc__data_take(j, '{')) return tc__data_wrong(j, "a span is missing");
    do {
        if (!tc__data_text(j, &key) || !tc__data_take(j, ':'))
            return tc__data_wrong(j, "a key is missing");
        if (tc__data_is(key, "start") || tc__data_is(key, "start_offset")) {
            if (!tc__data_integer(j, &m->start)) return 0;
            seen |= 1;
        } else if (tc__data_is(key, "end") || tc__data_is(key, "end_offset")) {
            if (!tc__data_integer(j, &m->end)) return 0;
            seen |= 2;
        } else if (tc__data_is(key, "span")) {
            if (!tc__data_take(j, '[') || !tc__data_integer(j, &m->start) ||
                !tc__data_take(j, ',') || !tc__data_integer(j, &m->end) ||
                !tc__data_take(j, ']'))
                return tc__data_wrong(j, "a span is not [start, end]");
            seen |= 3;
        } else if (tc__data_is(key, "label") || tc__data_is(key, "type") ||
                   tc__data_is(key, "entity_group") || tc__data_is(key, "tag")) {
            if (!tc__data_text(j, &m->label)) return 0;
            seen |= 4;
        } else if (!tc__data_skip(j))
            return 0;
    } while (tc__data_take(j, ','));
    if (!tc__data_take(j, '}')) return tc__data_wrong(j, "a span does not end");
    return seen == 7 ? 1 : tc__data_wrong(j, "a span lacks start, end or label");
}

static int tc__data_mark_order(const void *a, const void *b) {
    uint64_t x = ((const tc__mark *)a)->start, y = ((const tc__mark *)b)->start;
    return (x > y) - (x < y);
}

/* Spans into the buffer of lines, which is free until the words are known. */
static int tc__data_marks(tc__json *j) {
    tc__buf *b = &j->d->lines;
    if (!tc__data_take(j, '[')) return tc__data_wrong(j, "an array of spans is missing");
    if (tc__data_take(j, ']')) return 1;
    do {
        tc__mark m;
        if (!tc__data_mark(j, &m)) return 0;
        if (tc__mem_append(&j->d->env, b, &m, sizeof m)) return tc__data_memory(j);
    } while (tc__data_take(j, ','));
    if (!tc__data_take(j, ']')) return tc__data_wrong(j, "an array does not end");
    tc__mem_sort(b->data, b->used / sizeof(tc__mark), sizeof(tc__mark), tc__data_mark_order);
    return 1;
}

/* "B-" or "I-" and the label of a span; room was made for one of each. */
static tc_string tc__data_prefixed(tc_dataset *d, char part, tc_string label) {
    char *at = d->prefixed.data + d->prefixed.used;
    at[0] = part;
    at[1] = '-';
    memcpy(at + 2, label.data, label.length);
    d->prefixed.used += label.length + 2;
    return tc__data_string(at, at + label.length + 2);
}

/* Words of a text: runs without white space, cut where a span begins or ends. */
static int tc__data_cut(tc__json *j, tc_string text) {
    tc_dataset *d = j->d;
    size_t count = d->lines.used / sizeof(tc__mark), m = 0;
    const unsigned char *p = (const unsigned char *)text.data, *end = p + text.length,
                        *word = NULL;
    const tc__mark *marks = (const tc__mark *)(const void *)d->lines.data;
    int begun = 0; /* words of the span so far, at most 2 */
    uint64_t at = 0, room = 0;
    tc_string inside = {NULL, 0};
    size_t i;
    d->prefixed.used = 0;
    for (i = 0; i < count; i++) {
        if (marks[i].end <= marks[i].start || (i && marks[i].start < marks[i - 1].end))
            return tc__data_wrong(j, "a span is empty or overlaps another");
        room += 2 * ((uint64_t)marks[i].label.length + 2);
    }
    if (count && marks[count - 1].end > tc__utf8_count(text.data, text.length))
        return tc__data_wrong(j, "a span ends behind the text");
    if (tc__mem_reserve(&d->env, &d->prefixed, room)) return tc__data_memory(j);
    for (;; at++) {
        uint32_t code = ' ', n = p < end ? tc__utf8_next(p, end, &code) : 0;
        int white = !n || TC__UNI_IN(tc__uni_white, code),
            cut = m < count && (at == marks[m].start || at == marks[m].end);
        if (word && (white || cut)) {
            tc_string s = tc__data_string((const char *)word, (const char *)p),
                      label = {"O", 1};
            if (m < count && at > marks[m].start) {
                if (begun == 1) inside = tc__data_prefixed(d, 'I', marks[m].label);
                label = begun ? inside : tc__data_prefixed(d, 'B', marks[m].label);
                begun += begun < 2;
            }
            if (tc__mem_append(&d->env, &d->words, &s, sizeof s) ||
                tc__mem_append(&d->env, &d->word_labels, &label, sizeof label))
                return tc__data_memory(j);
            word = NULL;
        }
        if (m < count && at == marks[m].end) {
            if (!begun) return tc__data_wrong(j, "a span holds white space alone");
            m++;
            begun = 0;
        }
        if (!n) return 1;
        if (!white && !word) word = p;
        p += n;
    }
}

/* How well a key names labels: the highest wins; 0: not at all. */
static int tc__data_rank(tc_string key) {
    if (tc__data_is(key, "ner_tags")) return 5;
    if (tc__data_is(key, "labels")) return 4;
    if (tc__data_is(key, "tags")) return 3;
    if (tc__data_is(key, "label")) return 2;
    return key.length > 5 && !memcmp(key.data + key.length - 5, "_tags", 5);
}

static int tc__data_spans_key(tc_string key) {
    return tc__data_is(key, "entities") || tc__data_is(key, "spans") ||
           tc__data_is(key, "ents") || tc__data_is(key, "labels") || tc__data_is(key, "label");
}

/* The first character in an array: '0' for a number, ']' if it is empty; 0 if this is none. */
static char tc__data_array(const tc__json *j) {
    tc__json look = *j;
    if (!tc__data_take(&look, '[')) return 0;
    tc__data_space(&look);
    if (look.p == look.end) return 0;
    return *look.p == '-' || (*look.p >= '0' && *look.p <= '9') ? '0' : *look.p;
}

typedef struct tc__members {         /* what an object has */
    int words, rank, marks, numbers; /* numbers: labels that are none */
    tc_string text;
} tc__members;

/* The value of a key. */
static int tc__data_member(tc__json *j, tc_string key, tc__members *m) {
    tc_dataset *d = j->d;
    int rank = tc__data_rank(key);
    char first = tc__data_array(j);
    if (!m->words && first && strchr("\"]", first) &&
        (tc__data_is(key, "tokens") || tc__data_is(key, "words")))
        return m->words = tc__data_strings(j, &d->words);
    if (!m->text.data && tc__data_is(key, "text") && j->p < j->end && *j->p == '"')
        return tc__data_text(j, &m->text);
    if (rank > m->rank && first && strchr("\"]", first)) {
        m->rank = rank;
        d->word_labels.used = 0;
        return tc__data_strings(j, &d->word_labels);
    }
    m->numbers |= rank > m->rank && first == '0';
    if (!m->marks && first && strchr("[{]", first) && tc__data_spans_key(key))
        return m->marks = tc__data_marks(j);
    return tc__data_skip(j);
}

/* The members of an object; the words and labels of the sentence at hand. */
static int tc__data_members(tc__json *j) {
    tc_dataset *d = j->d;
    tc__members m;
    tc_string key;
    memset(&m, 0, sizeof m);
    if (!tc__data_take(j, '{')) return tc__data_wrong(j, "an object is missing");
    if (tc__data_take(j, '}')) return tc__data_wrong(j, "the object is empty");
    do {
        if (!tc__data_text(j, &key) || !tc__data_take(j, ':'))
            return tc__data_wrong(j, "a key is missing");
        tc__data_space(j);
        if (!tc__data_member(j, key, &m)) return 0;
    } while (tc__data_take(j, ','));
    if (!tc__data_take(j, '}')) return tc__data_wrong(j, "the object does not end");
    if (m.words && m.rank) {
        if (d->words.used != d->word_labels.used)
            return tc__data_wrong(j, "there are not as many labels as words");
        return 1;
    }
    if (m.text.data && !m.numbers && !d->word_labels.used && (m.marks || m.rank)) {
        d->words.used = 0; /* the spans are those of the text */
        return tc__data_cut(j, m.text);
    }
    return tc__data_wrong(j, m.numbers     ? "labels are numbers, their names are needed"
                             : m.words     ? "there are words and no labels"
                             : m.rank      ? "there are labels and no words"
                             : m.text.data ? "there is a text and no spans"
                                           : "there are no words and no text");
}

static tc_status tc__data_object(tc_dataset *d, tc__json *j, uint64_t line) {
    tc_status status = TC_OK;
    const tc_string *words, *labels;
    const char *p = j->p;
    size_t i, n;
    int good;
    d->words.used = d->word_labels.used = d->lines.used = d->strings.used = 0;
    if (tc__mem_reserve(&d->env, &d->strings, (uint64_t)(j->end - j->p)))
        return TC_ERROR_MEMORY;
    good = tc__data_members(j);
    if (!good && j->memory) return TC_ERROR_MEMORY;
    if (!good) {
        for (; p < j->p; p++) line += *p == '\n';
        return tc__data_fail(d, line, j->wrong ? j->wrong : "malformed JSON");
    }
    n = d->words.used / sizeof *words;
    words = (const tc_string *)(const void *)d->words.data;
    labels = (const tc_string *)(const void *)d->word_labels.data;
    d->lines.used = 0;
    for (i = 0; i < n && !status; i++) {
        if (!words[i].length) return tc__data_fail(d, line, "a word is empty");
        if (!labels[i].length) return tc__data_fail(d, line, "a label is empty");
        status = tc__mem_append(&d->env, &d->lines, &line, sizeof line);
        if (!status && d->indexing) status = tc__data_count(d, labels[i], line);
    }
    return status;
}

/* Behind the bracket that closes the object at p; the end of the text if none does. */
static const char *tc__data_object_end(const char *p, const char *end) {
    size_t depth = 0;
    int quoted = 0;
    for (; p < end; p++) {
        if (quoted) {
            if (*p == '\\' && p + 1 < end)
                p++;
            else if (*p == '"')
                quoted = 0;
        } else if (*p == '"') {
            quoted = 1;
        } else if (*p == '{') {
            depth++;
        } else if (*p == '}' && depth-- <= 1) {
            return p + 1;
        }
    }
    return end;
}

/* Moves *at to the next object or the end: past white space and the marks of one array, "["
 * before the first object, "," between two, "]" behind the last. */
static tc_status tc__data_gap(tc_dataset *d, const char **at, uint64_t *line) {
    const char *p = *at, *end = d->text + d->size;
    int array = d->info.array && d->indexing; /* else *at is at an object of it */
    char before = p == d->text ? 0 : '}';
    for (; p < end; p++) {
        char c = *p;
        if (c == ' ' || c == '\t' || c == '\r' || c == '\n')
            *line += c == '\n';
        else if (array && ((c == '[' && !before) || (c == ',' && before == '}') ||
                           (c == ']' && (before == '}' || before == '['))))
            before = c;
        else
            break;
    }
    *at = p;
    if (!array || (p < end ? before == '[' || before == ',' : before == ']')) return TC_OK;
    return tc__data_fail(d, *line + 1,
                         p == end        ? "the array does not end"
                         : before == ']' ? "more than one value"
                                         : "a comma is missing between two objects");
}

/* The object that begins at *at or behind, of JSON lines or of one array; see
 * tc__data_columns. */
static tc_status tc__data_json(tc_dataset *d, size_t *at, uint64_t *line, tc__place *place) {
    tc__json j;
    const char *p = d->text + *at, *end = d->text + d->size;
    tc_status status = TC_OK;
    d->words.used = d->word_labels.used = d->lines.used = 0;
    memset(&j, 0, sizeof j);
    j.d = d;
    while (!d->words.used && !status) {
        status = tc__data_gap(d, &p, line);
        if (status || p == end) break;
        j.p = p;
        j.end = end;
        if (!d->info.array) {
            j.end = (const char *)memchr(p, '\n', (size_t)(end - p));
            if (!j.end) j.end = end;
        } else { /* the end of the object, so that the strings have room for no more */
            j.end = tc__data_object_end(p, end);
        }
        place->offset = (uint64_t)(p - d->text);
        place->line = *line + 1;
        status = tc__data_object(d, &j, *line + 1);
        for (; p < j.p; p++) *line += *p == '\n';
        if (!status && !d->info.array) {
            tc__data_space(&j);
            if (j.p < j.end)
                return tc__data_fail(d, *line + 1, "more than one value in a line");
        }
    }
    *at = (size_t)(p - d->text);
    return status;
}

/* ---- the set ---- */

static tc_status tc__data_next(tc_dataset *d, size_t *at, uint64_t *line, tc__place *place) {
    return d->info.format == TC_DATA_JSON ? tc__data_json(d, at, line, place)
                                          : tc__data_columns(d, at, line, place);
}

/* Finds all sentences and labels. */
static tc_status tc__data_index(tc_dataset *d) {
    tc_data_info *n = &d->info;
    tc__place place = {0, 0};
    size_t at = 0, i;
    uint64_t line = 0;
    tc_status status = TC_OK;
    d->indexing = 1;
    for (;;) {
        size_t words;
        status = tc__data_next(d, &at, &line, &place);
        words = d->words.used / sizeof(tc_string);
        if (status || !words) break;
        if (words > n->longest)
            n->longest = (uint32_t)(words < UINT32_MAX ? words : UINT32_MAX);
        n->words += words;
        status = tc__mem_append(&d->env, &d->places, &place, sizeof place);
        if (status) break;
    }
    d->indexing = 0;
    if (status) return status;
    n->sentences = d->places.used / sizeof place;
    n->num_labels = (uint32_t)(d->labels.used / sizeof(tc__label));
    for (i = 0; i < n->num_labels && !status; i++) {
        const char *name = ((tc__label *)(void *)d->labels.data)[i].name;
        status = tc__mem_append(&d->env, &d->names, &name, sizeof name);
    }
    n->labels = (const char *const *)(const void *)d->names.data;
    return status;
}

static void tc__data_free(tc_dataset *d) {
    tc_env env;
    size_t i;
    if (!d) return;
    env = d->env;
    for (i = 0; i < d->labels.used / sizeof(tc__label); i++) {
        tc__label *l = (tc__label *)(void *)d->labels.data + i;
        tc__mem_free(&env, l->name, l->length + 1);
    }
    tc__mem_drop(&env, &d->places);
    tc__mem_drop(&env, &d->labels);
    tc__mem_drop(&env, &d->names);
    tc__mem_drop(&env, &d->words);
    tc__mem_drop(&env, &d->word_labels);
    tc__mem_drop(&env, &d->lines);
    tc__mem_drop(&env, &d->strings);
    tc__mem_drop(&env, &d->prefixed);
    tc__file_close(&env, &d->file);
    tc__mem_free(&env, d, sizeof *d);
}

/* Whether a text begins as JSON does: brackets may be the first word of columns. */
static int tc__data_begins(const char *p, const char *end) {
    const char *next = p < end ? tc__data_white(p + 1, end) : end, *rest;
    if (p == end || (*p != '{' && *p != '[')) return 0;
    rest = next < end ? tc__data_white(next + 1, end) : end;
    if (*p == '[')
        return next < end &&
               (*next == ']' ? rest == end : *next == '{' && tc__data_begins(next, end));
    if (next < end && *next == '}')
        return rest == end || memchr(next, '\n', (size_t)(rest - next));
    return next == end || *next == '"' || next == p + 1;
}

/* Takes over `file`, whose bytes are the data. */
static tc_status tc__data_open(const tc_env *env, const tc__file *file,
                               const tc_data_options *o, tc_dataset **out) {
    tc_dataset *d = (tc_dataset *)tc__mem_zero(env, sizeof *d);
    tc__file copy = *file;
    const char *p;
    tc_status status = TC_OK;
    if (!d) {
        tc__file_close(env, &copy);
        return TC_ERROR_MEMORY;
    }
    d->env = *env;
    d->file = copy;
    d->text = file->size ? (const char *)file->data : "";
    d->size = file->size;
    if (d->size >= 3 && !memcmp(d->text, "\xEF\xBB\xBF", 3)) {
        d->text += 3;
        d->size -= 3;
    }
    p = tc__data_white(d->text, d->text + d->size);
    if ((unsigned)o->format > TC_DATA_JSON)
        status = tc__diag_fail(env->diag, TC_ERROR_ARGUMENT, 0, "the format is unknown");
    d->info.format = o->format                               ? o->format
                     : tc__data_begins(p, d->text + d->size) ? TC_DATA_JSON
                                                             : TC_DATA_COLUMNS;
    d->info.array = d->info.format == TC_DATA_JSON && p < d->text + d->size && *p == '[';
    if (!status && d->info.format == TC_DATA_COLUMNS) status = tc__data_shape(d, o);
    if (!status) status = tc__data_index(d);
    if (status) {
        tc__data_free(d);
        return status;
    }
    *out = d;
    return TC_OK;
}

/* Parses sentence `index`; what an earlier call gave is lost. */
static tc_status tc__data_sentence(tc_dataset *d, size_t index, tc_sentence *out) {
    tc__place place = ((const tc__place *)(const void *)d->places.data)[index];
    size_t at = (size_t)place.offset;
    uint64_t line = place.line - 1;
    tc_status status = tc__data_next(d, &at, &line, &place);
    out->words = (const tc_string *)(const void *)d->words.data;
    out->labels = (const tc_string *)(const void *)d->word_labels.data;
    out->lines = (const uint64_t *)(const void *)d->lines.data;
    out->count = d->words.used / sizeof(tc_string);
    return status;
}

#ifndef TC_NO_TRAIN
/* ======================================================================= 56-train
 * The trainer: a .tcm image in memory, its parameters, one update. */

struct tc_trainer {
    tc_env env;
    tc_train_options options; /* labels: those of the model */
    tc_writer *writer;        /* holds the image */
    tc_model *model;          /* on the image */
    tc_session *session;
    tc__params params;
    tc__tape tape;
    tc__buf pieces;
    char *arena;
    size_t arena_size, max_tokens; /* 0: nothing was allocated yet */
    size_t longest;                /* sequence that memory is there for */
    uint64_t step, total, warmup;  /* updates */
    tc_gradient_hook hook;
    void *user;
};

/* ---- the image ---- */

/* Whether the base has a head with these labels, in any order. */
static int tc__train_same_labels(const tc_model *base, const tc_train_options *o) {
    uint32_t n = o->num_labels, i, j, k;
    if (!base->head.rows || base->info.num_labels != n) return 0;
    for (i = 0; i < n; i++) {
        for (j = 0; j < n && strcmp(o->labels[j], base->labels[i]);) j++;
        for (k = 0; k < n && strcmp(o->labels[i], base->labels[k]);) k++;
        if (j == n || k == n) return 0;
    }
    return 1;
}

static tc_status tc__train_describe(tc_trainer *t, const tc_model *base) {
    tc_model_desc d = tc__model_desc(base);
    d.task = "token-classification";
    d.producer = "tokclass train " TC_VERSION;
    d.dtype = TC_F32;
    d.labels = t->options.labels;
    d.num_labels = t->options.num_labels;
    return tc__write_describe(t->writer, &d);
}

/* Copies tensor i of the base, widened to f32. */
static tc_status tc__train_copy(tc_trainer *t, const tc_model *base, uint32_t i) {
    tc_tensor_info info;
    uint32_t layout;
    uint64_t checksum, count;
    float *numbers;
    tc_status status;
    tc__model_entry(base, i, &info, &layout, &checksum);
    if (info.dtype == TC_F32)
        return tc__write_bytes(t->writer, info.name, TC_F32, layout, info.rows, info.columns,
                               base->file.data + info.offset);
    count = (uint64_t)info.rows * info.columns;
    if (count > TC__SIZE_LIMIT / sizeof *numbers) return TC_ERROR_MEMORY;
    numbers = (float *)tc__mem_realloc(&t->env, NULL, 0, (size_t)count * sizeof *numbers);
    if (!numbers) return TC_ERROR_MEMORY;
    tc__model_numbers(base, i, numbers);
    status = tc__write_tensor(t->writer, info.name, info.rows, info.columns, numbers);
    tc__mem_free(&t->env, numbers, (size_t)count * sizeof *numbers);
    return status;
}

/* The tensors, word embeddings first, the head last: the base's or a new one. */
static tc_status tc__train_tensors(tc_trainer *t, const tc_model *base, int keep) {
    tc_status status = TC_OK;
    tc_tensor_info info;
    uint32_t i, layout, pass;
    uint64_t checksum;
    for (pass = 0; pass < 3 && !status; pass++) {
        for (i = 0; i < base->info.tensor_count && !status; i++) {
            uint32_t turn;
            tc__model_entry(base, i, &info, &layout, &checksum);
            turn = !strcmp(info.name, "embeddings.word") ? 0
                   : !strncmp(info.name, "head.", 5)     ? 2
                                                         : 1;
            if (turn == pass && (turn < 2 || keep)) status = tc__train_copy(t, base, i);
        }
    }
    if (!status && !keep)
        status =
            tc__write_linear(t->writer, "head", t->options.num_labels, base->info.hidden_size,
                             base->info.initializer_range, t->options.seed);
    return status;
}

static tc_status tc__train_image(tc_trainer *t, const tc_model *base) {
    tc__file file;
    int keep;
    tc_status status;
    if (!base->layers)
        return tc__diag_fail(t->env.diag, TC_ERROR_UNSUPPORTED, 0,
                             "the base holds a tokenizer and no model");
    if (!t->options.labels) {
        t->options.labels = base->info.labels;
        t->options.num_labels = base->head.rows ? base->info.num_labels : 0;
    }
    if (!t->options.num_labels)
        return tc__diag_fail(t->env.diag, TC_ERROR_ARGUMENT, 0,
                             "labels are needed: the base has no head");
    keep = tc__train_same_labels(base, &t->options);
    if (keep) t->options.labels = base->info.labels;
    t->writer = (tc_writer *)tc__mem_zero(&t->env, sizeof *t->writer);
    if (!t->writer) return TC_ERROR_MEMORY;
    t->writer->env = t->env;
    status = tc__train_describe(t, base);
    if (!status && base->file.tokenizer.data)
        status = tc__mem_append(&t->env, &t->writer->tokenizer, base->file.tokenizer.data,
                                base->file.tokenizer.size);
    if (!status) status = tc__mem_reserve(&t->env, &t->writer->file, base->info.parameters * 4);
    if (!status) status = tc__train_tensors(t, base, keep);
    if (!status) status = tc__write_finish(t->writer);
    if (status) return status;
    memset(&file, 0, sizeof file);
    file.data = (const unsigned char *)t->writer->file.data;
    file.size = t->writer->file.used;
    status = tc__model_open(&t->env, &file, &t->model);
    if (!status) t->options.labels = t->model->info.labels;
    return status;
}

/* ---- parameters ---- */

static int tc__train_frozen(const tc_trainer *t, const char *name, uint32_t depth) {
    const tc_train_options *o = &t->options;
    if (!strcmp(name, "embeddings.position") && t->model->info.fixed_positions) return 1;
    return depth ? depth <= o->freeze_layers && depth <= t->model->info.num_hidden_layers
                 : o->freeze_embeddings || o->freeze_layers;
}

static tc_status tc__train_pieces(tc_trainer *t, uint32_t i) {
    const tc__param *x = &t->params.list[i];
    tc_status status = TC_OK;
    tc__piece piece;
    size_t at;
    for (at = 0; at < x->count && i && !x->frozen && !status; at += TC__PIECE) {
        piece.first = x->first + at;
        piece.count = tc__mem_least(x->count - at, TC__PIECE);
        piece.tensor = i;
        status = tc__mem_append(&t->env, &t->pieces, &piece, sizeof piece);
    }
    return status;
}

/* Names, places, rates of all tensors. */
static tc_status tc__train_params(tc_trainer *t) {
    const tc_model *m = t->model;
    tc__params *p = &t->params;
    uint32_t i, layout, L = m->info.num_hidden_layers;
    tc_status status = TC_OK;
    uint64_t checksum;
    tc_tensor_info info;
    p->ops = t->session->ops;
    p->pool = t->session->pool;
    p->V = m->info.vocab_size;
    p->E = m->info.embedding_size;
    p->count = m->info.tensor_count;
    p->list = (tc__param *)tc__mem_zero(&t->env, p->count * sizeof *p->list);
    p->how = (tc__adamw *)tc__mem_zero(&t->env, p->count * sizeof *p->how);
    if (!p->list || !p->how) return TC_ERROR_MEMORY;
    for (i = 0; i < p->count && !status; i++) {
        tc__param *x = &p->list[i];
        uint32_t depth, k;
        float *numbers;
        tc__model_entry(m, i, &info, &layout, &checksum);
        numbers = (float *)(void *)(t->writer->file.data + info.offset);
        if (i == 0) p->word = numbers;
        if (i == 1) p->dense = numbers;
        depth = tc__params_depth(info.name, L);
        x->name = info.name;
        x->matrix = layout == TC__LAYOUT_PANELS;
        x->count = (size_t)info.size / sizeof(float);
        x->first = i ? (size_t)(numbers - p->dense) : 0;
        x->frozen = tc__train_frozen(t, info.name, depth);
        x->decays = tc__params_decays(info.name);
        for (x->rate = 1, k = depth; k <= L; k++) x->rate *= t->options.layer_decay;
        if (i) p->n = x->first + x->count;
        status = tc__train_pieces(t, i);
    }
    p->pieces = (tc__piece *)(void *)t->pieces.data;
    p->piece_count = t->pieces.used / sizeof *p->pieces;
    return status;
}

/* ---- memory ---- */

typedef struct tc__layout { /* hands out parts of the arena; counts while base is null */
    char *base;
    uint64_t used;
    int overflow;
} tc__layout;

static void *tc__train_take(tc__layout *a, uint64_t count, size_t size) {
    uint64_t at = a->used;
    a->used = tc__mem_add(at, tc__mem_mul(count, size, &a->overflow), &a->overflow);
    a->used = tc__mem_add(a->used, 127, &a->overflow) / 64 * 64; /* 64 bytes may be read */
    return a->base ? a->base + at : NULL;
}

static float *tc__train_floats(tc__layout *a, uint64_t count) {
    return (float *)tc__train_take(a, count, sizeof(float));
}

/* What a matrix has on its side that is not the hidden size, at most. */
static uint64_t tc__train_widest(const tc_model_info *n) {
    uint64_t widest = 3 * (uint64_t)n->hidden_size;
    if (n->intermediate_size > widest) widest = n->intermediate_size;
    if (n->embedding_size > widest) widest = n->embedding_size;
    return widest > n->num_labels ? widest : n->num_labels;
}

/* Everything that training needs, for micro-batches of `tokens`. */
static void tc__train_lay(tc_trainer *t, tc__layout *a, uint64_t tokens) {
    const tc_model_info *n = &t->model->info;
    tc__params *p = &t->params;
    tc__tape *tape = &t->tape;
    uint64_t H = tokens * tc__fwd_ld(n->hidden_size), E = tokens * tc__fwd_ld(p->E), i;
    uint64_t slots = tokens * t->options.accumulation;
    p->slots = p->whole || slots > p->V ? p->V : (size_t)slots;
    p->row_grad = tc__train_floats(a, p->slots * (uint64_t)p->E); /* before grad: one block */
    if (p->whole) a->used = (p->V * (uint64_t)p->E * sizeof(float) + 63) / 64 * 64;
    p->grad = tc__train_floats(a, p->n);
    p->m = tc__train_floats(a, p->n);
    p->v = tc__train_floats(a, p->n);
    p->row_m = tc__train_floats(a, (uint64_t)p->V * p->E);
    p->row_v = tc__train_floats(a, (uint64_t)p->V * p->E);
    p->slot_of = (uint32_t *)tc__train_take(a, p->V, 4);
    p->row_of = (uint32_t *)tc__train_take(a, p->slots, 4);
    p->live = (uint32_t *)tc__train_take(a, p->V, 4);
    p->live_at = (uint32_t *)tc__train_take(a, p->V, 4);
    p->sums = (double *)tc__train_take(a, p->piece_count + p->slots, sizeof(double));
    tape->layers =
        (tc__saved *)tc__train_take(a, n->num_hidden_layers + 1u, sizeof *tape->layers);
    tape->turned = tc__train_floats(a, tc__mem_round((size_t)tc__train_widest(n), 16) *
                                           tc__mem_round(n->hidden_size, 16));
    tape->sums = tc__train_floats(a, E);
    tape->wide = tc__train_floats(a, tokens * tc__fwd_ld(n->intermediate_size));
    tape->first = tc__train_floats(a, H);
    tape->da = tc__train_floats(a, E > H ? E : H);
    tape->db = tc__train_floats(a, E > H ? E : H);
    for (i = 0; i < n->num_hidden_layers; i++) {
        tc__saved s;
        s.qkv = tc__train_floats(a, tokens * tc__fwd_ld(3 * (size_t)n->hidden_size));
        s.context = tc__train_floats(a, H);
        s.sum1 = tc__train_floats(a, H);
        s.before = tc__train_floats(a, tokens * tc__fwd_ld(n->intermediate_size));
        s.sum2 = tc__train_floats(a, H);
        if (a->base) tape->layers[i] = s;
    }
}

/* Scratch of the workers, for the forward pass and for the backward pass. */
static tc_status tc__train_scratch(tc_trainer *t, size_t tokens, size_t longest) {
    tc_session *s = t->session;
    const tc_model_info *n = &s->model->info;
    size_t widest = (size_t)tc__train_widest(n);
    uint64_t need =
        tc__bwd_attention_floats(s->ops, longest, n->hidden_size / n->num_attention_heads);
    tc_status status;
    unsigned i;
    if (need < tc__gemm_scratch(s->ops, s->split, widest))
        need = tc__gemm_scratch(s->ops, s->split, widest);
    if (need < 16 * TC__DW_PANELS * TC__DW_TOKENS) need = 16 * TC__DW_PANELS * TC__DW_TOKENS;
    s->tokens = tokens > longest ? tokens : longest; /* one of the development data alone */
    s->longest = longest;
    status = tc__fwd_reserve(s);
    if (!status && s->split) status = tc__fwd_reserve_rows(s, tokens, widest);
    for (i = 0; i < s->threads && !status; i++) {
        status = tc__mem_floats(&s->env, &s->worker[i], need);
        s->scratch[i] = s->worker[i].data;
    }
    return status;
}

/* Allocates everything, once: for micro-batches of at most that many tokens and sequences. */
static tc_status tc__train_reserve(tc_trainer *t, uint64_t tokens, uint64_t sequences,
                                   size_t longest) {
    tc__params *p = &t->params;
    tc__layout a = {NULL, 0, 0};
    size_t group = TC__GROUP_TOKENS;
    char *arena;
    tc_status status;
    if (group < longest) group = longest;
    if (t->max_tokens) return TC_OK;
    if (tokens > INT32_MAX || sequences > INT32_MAX)
        return tc__diag_fail(t->env.diag, TC_ERROR_LENGTH, 0, "the batch has too many tokens");
    t->session->sequences = (size_t)sequences;
    status = tc__fwd_starts(t->session);
    if (!status) status = tc__train_scratch(t, (size_t)tokens, longest);
    if (!status && tokens > TC__GROUP_TOKENS) status = tc__fwd_lanes(t->session, group, 0);
    if (status) return status;
    tc__train_lay(t, &a, tokens);
    if (a.overflow) return TC_ERROR_MEMORY;
    arena = (char *)tc__mem_realloc(&t->env, NULL, 0, (size_t)a.used + 64);
    if (!arena) return TC_ERROR_MEMORY;
    t->arena = arena;
    t->arena_size = (size_t)a.used + 64;
    a.base = arena + (64 - (uintptr_t)arena % 64) % 64;
    a.used = 0;
    tc__train_lay(t, &a, tokens);
    if (p->whole) memset(p->row_grad, 0, (size_t)(p->grad - p->row_grad) * sizeof *p->grad);
    memset(p->m, 0, p->n * sizeof *p->m);
    memset(p->v, 0, p->n * sizeof *p->v);
    memset(p->grad, 0, p->n * sizeof *p->grad);
    memset(p->slot_of, 0, p->V * sizeof *p->slot_of);
    memset(p->live_at, 0, p->V * sizeof *p->live_at);
    t->max_tokens = (size_t)tokens;
    t->longest = longest;
    return TC_OK;
}

/* ---- one update ---- */

static float tc__train_rate(double option, float own) {
    return option < 0 ? own : (float)option;
}

static void tc__train_tape(tc_trainer *t) {
    const tc_model_info *n = &t->model->info;
    const tc_train_options *o = &t->options;
    tc__rates *r = &t->tape.rates;
    t->tape.s = t->session;
    t->tape.p = &t->params;
    t->tape.lowest =
        o->freeze_layers < n->num_hidden_layers ? o->freeze_layers : n->num_hidden_layers;
    t->tape.embeddings = !o->freeze_layers && !o->freeze_embeddings;
    r->hidden = tc__train_rate(o->dropout, n->hidden_dropout);
    r->output = strcmp(n->model_type, "distilbert") ? r->hidden : 0; /* it has none there */
    r->classifier = tc__train_rate(o->dropout, n->classifier_dropout);
    r->attention = tc__train_rate(o->attention_dropout, n->attention_dropout);
    r->seed = o->seed;
}

/* Checks a micro-batch; *active is the number of its labels. */
static tc_status tc__train_check(tc_trainer *t, const tc_labelled *b, uint64_t *active) {
    tc_diag *d = t->env.diag;
    tc_status status = tc__fwd_check(t->session, &b->batch);
    size_t i;
    if (status) return status;
    if (t->session->tokens > t->max_tokens)
        return tc__diag_fail(d, TC_ERROR_LENGTH, 0,
                             "the batch has %u tokens, memory is there for %u",
                             (uint64_t)t->session->tokens, (uint64_t)t->max_tokens);
    if (t->session->longest > t->longest)
        return tc__diag_fail(d, TC_ERROR_LENGTH, 0,
                             "the batch has a sequence of %u tokens, memory is there for %u",
                             (uint64_t)t->session->longest, (uint64_t)t->longest);
    for (i = 0; i < t->session->tokens; i++)
        if (b->labels[i] >= 0 && (uint32_t)b->labels[i] >= t->model->info.num_labels)
            return tc__diag_fail(d, TC_ERROR_ARGUMENT, 0,
                                 "token %u has the label %u, the model has %u", (uint64_t)i,
                                 (uint64_t)(uint32_t)b->labels[i],
                                 (uint64_t)t->model->info.num_labels);
    *active = tc__loss_active(b->labels, t->session->tokens);
    return TC_OK;
}

/* An update at work. */
typedef struct tc__update {
    uint32_t micro, parts; /* micro-batches done and in all */
    double loss;
    uint64_t labels, tokens;
} tc__update;

static void tc__train_begin(tc_trainer *t, tc__update *w, uint32_t parts) {
    memset(w, 0, sizeof *w);
    w->parts = parts;
    tc__train_tape(t);
    tc__params_begin(&t->params);
}

static tc_status tc__train_finite(const tc_trainer *t, const tc__update *w) {
    if (fabs(w->loss) < (double)INFINITY) return TC_OK;
    return tc__diag_fail(t->env.diag, TC_ERROR_NUMBER, 0, "update %u: the loss is not finite",
                         t->step + 1);
}

/* Forward and backward pass of one micro-batch. */
static tc_status tc__train_micro(tc_trainer *t, tc__update *w, const tc_labelled *b) {
    tc_session *s = t->session;
    uint32_t C = t->model->info.num_labels;
    uint64_t active = 0;
    tc_status status = tc__train_check(t, b, &active);
    double sum;
    if (status) return status;
    t->tape.rates.update = t->step;
    t->tape.rates.micro = w->micro;
    t->tape.add = w->micro++ > 0;
    tc__params_touch(&t->params, b->batch.ids, s->tokens);
    tc__bwd_forward(&t->tape);
    w->labels += active;
    w->tokens += s->tokens;
    if (!active) active = 1;
    sum = tc__loss_run(s->ops, s->logits.data, tc__fwd_ld(C), C, b->labels, s->tokens,
                       (float)t->options.label_smoothing, active, w->parts);
    w->loss += sum / (double)active / w->parts;
    status = tc__train_finite(t, w);
    if (!status) tc__bwd_run(&t->tape);
    return status;
}

static tc_status tc__train_hook(tc_trainer *t, double *loss, uint64_t labels) {
    tc__params *p = &t->params;
    tc_gradients g;
    uint32_t row;
    size_t i;
    tc_status status;
    if (!t->hook) return TC_OK;
    g.data = p->row_grad;
    g.count = (size_t)(p->grad - p->row_grad) + p->n;
    g.labels = labels;
    g.loss = loss;
    status = t->hook(t->user, &g);
    for (row = 0; row < p->V && !status; row++) { /* rows that others used */
        for (i = 0; i < p->E && p->row_grad[row * p->E + i] == 0;) i++;
        if (i == p->E) continue;
        tc__params_revive(p, row);
        p->slot_of[row] = row + 1;
    }
    return status;
}

/* Hook, clipping, AdamW. */
static tc_status tc__train_end(tc_trainer *t, tc__update *w, tc_step *out) {
    const tc_train_options *o = &t->options;
    const char *bad;
    double norm, rate;
    tc_status status;
    if (!w->micro) /* matrices still hold what the last update has put there */
        memset(t->params.grad, 0, t->params.n * sizeof *t->params.grad);
    status = tc__train_hook(t, &w->loss, w->labels);
    if (!status) status = tc__train_finite(t, w);
    if (status) return status;
    norm = tc__optim_norm(&t->params, &bad);
    if (bad)
        return tc__diag_fail(t->env.diag, TC_ERROR_NUMBER, 0,
                             "update %u: the gradient of %s is not finite", t->step + 1, bad);
    rate = o->learning_rate * tc__optim_factor(o->schedule, t->step, t->total, t->warmup);
    tc__optim_update(&t->params, o, ++t->step, rate, norm);
    memset(out, 0, sizeof *out);
    out->step = t->step;
    out->loss = w->loss;
    out->learning_rate = rate;
    out->grad_norm = norm;
    out->tokens = w->tokens;
    return TC_OK;
}

static tc_status tc__train_step(tc_trainer *t, const tc_labelled *batches, size_t count,
                                tc_step *out) {
    tc_status status = TC_OK;
    tc__update w;
    size_t i;
    tc__train_begin(t, &w, (uint32_t)count);
    for (i = 0; i < count && !status; i++)
        if (batches[i].batch.sequences) status = tc__train_micro(t, &w, &batches[i]);
    return status ? status : tc__train_end(t, &w, out);
}

/* Updates in all, and those of the warm-up. */
static void tc__train_plan(tc_trainer *t, uint64_t total) {
    const tc_train_options *o = &t->options;
    t->total = total;
    t->warmup =
        o->warmup_steps ? o->warmup_steps : (uint64_t)ceil((double)total * o->warmup_ratio);
}

/* ---- life ---- */

static void tc__train_free(tc_trainer *t) {
    tc_env env;
    if (!t) return;
    env = t->env;
    tc__fwd_free(t->session);
    tc__model_free(t->model);
    tc__write_free(t->writer);
    tc__mem_free(&env, t->params.list, t->params.count * sizeof *t->params.list);
    tc__mem_free(&env, t->params.how, t->params.count * sizeof *t->params.how);
    tc__mem_drop(&env, &t->pieces);
    tc__mem_free(&env, t->arena, t->arena_size);
    tc__mem_free(&env, t, sizeof *t);
}

static tc_status tc__train_valid(const tc_trainer *t) {
    const tc_train_options *o = &t->options;
    const char *wrong = NULL;
    if (!(o->learning_rate >= 0 && o->learning_rate <= 1e6)) wrong = "learning_rate";
    if (!(o->weight_decay >= 0 && o->weight_decay <= 1e6)) wrong = "weight_decay";
    if (!(o->epochs > 0 && o->epochs <= 1e6)) wrong = "epochs";
    if (o->max_steps > UINT64_C(1) << 53) wrong = "max_steps";
    if (!o->batch_size || o->batch_size > 1 << 20) wrong = "batch_size";
    if (!o->eval_batch_size || o->eval_batch_size > 1 << 20) wrong = "eval_batch_size";
    if (!o->accumulation || o->accumulation > 1 << 20) wrong = "accumulation";
    if ((unsigned)o->schedule > TC_SCHEDULE_COSINE) wrong = "schedule";
    if (!(o->warmup_ratio >= 0 && o->warmup_ratio <= 1)) wrong = "warmup_ratio";
    if (!(o->adam_beta1 >= 0 && o->adam_beta1 < 1)) wrong = "adam_beta1";
    if (!(o->adam_beta2 >= 0 && o->adam_beta2 < 1)) wrong = "adam_beta2";
    if (!(o->adam_epsilon >= 0 && o->adam_epsilon <= 1e6)) wrong = "adam_epsilon";
    if (!(o->max_grad_norm >= 0 && o->max_grad_norm <= 1e30)) wrong = "max_grad_norm";
    if (!(o->label_smoothing >= 0 && o->label_smoothing <= 1)) wrong = "label_smoothing";
    if (!((float)o->dropout < 1)) wrong = "dropout";
    if (!((float)o->attention_dropout < 1)) wrong = "attention_dropout";
    if (!(o->layer_decay > 0 && o->layer_decay <= 1)) wrong = "layer_decay";
    if (!wrong) return TC_OK;
    return tc__diag_fail(t->env.diag, TC_ERROR_ARGUMENT, 0, "%s is out of its range", wrong);
}

static tc_status tc__train_create(const tc_model *base, const tc_train_options *o,
                                  const tc_env *env, tc_trainer **out) {
    tc_trainer *t = (tc_trainer *)tc__mem_zero(env, sizeof *t);
    tc_status status;
    if (!t) return TC_ERROR_MEMORY;
    t->env = *env;
    t->options = *o;
    status = tc__train_valid(t);
    if (!status) status = tc__train_image(t, base);
    if (!status) status = tc__fwd_create(t->model, &t->env, &t->session);
    if (!status) status = tc__train_params(t);
    if (status) {
        tc__train_free(t);
        return status;
    }
    tc__train_plan(t, o->max_steps);
    *out = t;
    return TC_OK;
}
#endif

/* ======================================================================= 57-score
 * seqeval's scores (metrics-seqeval.md), counted sentence by sentence. */

enum { TC__MODES = TC_SCHEME_COUNT, TC__CONFUSED = 255, TC__MOST_DIGITS = 50 };

typedef struct tc__name { /* an entity type or a tag */
    char *text;
    size_t length;
    uint64_t gold[TC__MODES], predicted[TC__MODES], correct[TC__MODES];
} tc__name;

typedef struct tc__names { /* ids stay; `order` holds them in the order of the names' bytes */
    tc__buf items, order;
} tc__names;

typedef struct tc__chunk { /* an entity: half-open span of words */
    uint32_t type;
    int matched;
    uint64_t start, end;
} tc__chunk;

typedef struct tc__pair { /* of an entity type and a predicted one */
    uint64_t exact, overlap;
} tc__pair;

struct tc_scores {
    tc_env env;
    tc_score_options options;
    tc__names types, tags;
    tc__buf pairs[TC__MODES]; /* tc__pair [room + 1][room + 1]; the last row and column: none */
    uint32_t room;
    tc__buf gold, predicted; /* tc__chunk of the sentence at hand */
    uint64_t begin[2];       /* default mode: the last start, of gold and predicted tags */
    tc__buf rows, confusions, report;
    tc_score_table table;
    uint32_t prefixes; /* of all gold tags: bits of the letters in TC__LETTERS */
    int foreign;       /* a gold tag has none of them */
    int forms, other;  /* TC__FORM_... of the tags; some tag is not O */
    uint64_t
        invalid[TC__MODES];    /* the first sentence with a tag that the scheme lacks, from 1 */
    char wrong[TC__MODES][64]; /* that tag, cut to fit */
};

/* A pattern: letters before and at a place, and whether the types are the same (1), differ (2)
 * or either (3). */
typedef struct tc__pattern {
    const char *before, *at;
    int same;
} tc__pattern;

#define TC__LETTERS "IOBESUL"
#define TC__ANY TC__LETTERS

/* Letters, starts, insides, ends of each scheme; a null letter ends a list. */
typedef struct tc__rules {
    const char *letters;
    tc__pattern start[7], inside[5], end[7];
} tc__rules;

static const tc__rules *tc__score_rules(tc_scheme scheme) {
    static const tc__rules rules[TC_SCHEME_COUNT] = {
        {"", {{NULL, NULL, 0}}, {{NULL, NULL, 0}}, {{NULL, NULL, 0}}},
        {"IOB",
         {{"O", "I", 3}, {"I", "I", 2}, {"B", "I", 3}, {"IB", "B", 1}, {NULL, NULL, 0}},
         {{"BI", "I", 1}, {NULL, NULL, 0}},
         {{"I", "I", 2},
          {"IB", "O", 3},
          {"I", "B", 3},
          {"B", "I", 2},
          {"B", "B", 1},
          {NULL, NULL, 0}}},
        {"IOB",
         {{TC__ANY, "B", 3}, {NULL, NULL, 0}},
         {{"BI", "I", 1}, {NULL, NULL, 0}},
         {{"IB", "OB", 3}, {"IB", "I", 2}, {NULL, NULL, 0}}},
        {"IOE",
         {{"OE", "I", 3}, {"I", "I", 2}, {"E", "E", 1}, {NULL, NULL, 0}},
         {{"I", "IE", 1}, {NULL, NULL, 0}},
         {{"I", "IE", 2}, {"I", "O", 3}, {"E", "IE", 1}, {NULL, NULL, 0}}},
        {"IOE",
         {{"OE", "IE", 3}, {"I", "IE", 2}, {NULL, NULL, 0}},
         {{"I", "IE", 1}, {NULL, NULL, 0}},
         {{"E", TC__ANY, 3}, {NULL, NULL, 0}}},
        {"IOBES",
         {{TC__ANY, "BS", 3}, {NULL, NULL, 0}},
         {{"BI", "IE", 1}, {NULL, NULL, 0}},
         {{"SE", TC__ANY, 3}, {NULL, NULL, 0}}},
        {"BILOU",
         {{TC__ANY, "BU", 3}, {NULL, NULL, 0}},
         {{"BI", "IL", 1}, {NULL, NULL, 0}},
         {{"UL", TC__ANY, 3}, {NULL, NULL, 0}}}};
    return &rules[scheme];
}

/* ---- names ---- */

static tc__name *tc__score_name(const tc__names *n, uint32_t id) {
    return (tc__name *)(void *)n->items.data + id;
}

/* The id of a name, new or known. */
static tc_status tc__score_id(tc_scores *s, tc__names *n, tc_string text, uint32_t *id) {
    size_t low = 0, high = n->order.used / 4, count = high;
    uint32_t *order = (uint32_t *)(void *)n->order.data;
    tc__name fresh;
    tc_status status;
    while (low < high) {
        size_t middle = (low + high) / 2;
        const tc__name *x = tc__score_name(n, order[middle]);
        int c = tc__tok_compare(text, tc__tok_string(x->text, x->length));
        if (!c) {
            *id = order[middle];
            return TC_OK;
        }
        if (c < 0)
            high = middle;
        else
            low = middle + 1;
    }
    if (count == TC__MOST_LABELS)
        return tc__diag_fail(s->env.diag, TC_ERROR_LENGTH, 0, "more than 65536 different tags");
    memset(&fresh, 0, sizeof fresh);
    fresh.length = text.length;
    *id = (uint32_t)count;
    status = tc__mem_append(&s->env, &n->order, id, 4);
    if (status) return status;
    n->order.used -= 4; /* until everything is there */
    fresh.text = (char *)tc__mem_zero(&s->env, text.length + 1);
    if (!fresh.text) return TC_ERROR_MEMORY;
    memcpy(fresh.text, text.data, text.length);
    if (tc__mem_append(&s->env, &n->items, &fresh, sizeof fresh)) {
        tc__mem_free(&s->env, fresh.text, text.length + 1);
        return TC_ERROR_MEMORY;
    }
    order = (uint32_t *)(void *)n->order.data;
    memmove(order + low + 1, order + low, (count - low) * 4);
    order[low] = *id;
    n->order.used += 4;
    return TC_OK;
}

static void tc__score_drop(tc_scores *s, tc__names *n) {
    size_t i;
    for (i = 0; i < n->items.used / sizeof(tc__name); i++) {
        tc__name *x = tc__score_name(n, (uint32_t)i);
        tc__mem_free(&s->env, x->text, x->length + 1);
    }
    tc__mem_drop(&s->env, &n->items);
    tc__mem_drop(&s->env, &n->order);
}

/* ---- tags to entities ---- */

/* Letter and type of a tag: in default mode the text behind the first dash (before the last, of
 * suffixes), else without dashes at its ends; "_" if empty. */
static char tc__score_part(const tc_scores *s, tc_string tag, int strict, tc_string *type) {
    const char *p = tag.data, *end = p + tag.length, *cut;
    char letter;
    if (s->options.suffix) {
        for (end--; end > p && ((unsigned char)*end & 0xC0) == 0x80;) end--;
        letter = *end;
        for (cut = end; !strict && cut > p && cut[-1] != '-';) cut--;
        if (!strict && cut > p) end = cut - 1;
    } else {
        letter = *p;
        for (p++; p < end && ((unsigned char)*p & 0xC0) == 0x80;) p++;
        cut = p < end ? (const char *)memchr(p, '-', (size_t)(end - p)) : NULL;
        if (!strict && cut) p = cut + 1;
    }
    while (strict && p < end && *p == '-') p++;
    while (strict && p < end && end[-1] == '-') end--;
    *type = p < end ? tc__data_string(p, end) : tc__tok_string("_", 1);
    return letter;
}

static tc_status tc__score_chunk(tc_scores *s, tc__buf *to, uint32_t type, uint64_t start,
                                 uint64_t end) {
    tc__chunk c;
    memset(&c, 0, sizeof c);
    c.type = type;
    c.start = start;
    c.end = end;
    return tc__mem_append(&s->env, to, &c, sizeof c);
}

static int tc__score_in(char letter, const char *set) { return letter && strchr(set, letter); }

/* Default mode, the rules of conlleval: section 1 of the spec file. Words are counted over all
 * sentences, with the tag O behind each, for a tag of no scheme can end an entity that began
 * before its sentence. */
static tc_status tc__score_default(tc_scores *s, const tc_string *tags, size_t n, tc__buf *to,
                                   uint64_t *begin) {
    char last = 'O', letter;
    uint32_t type = UINT32_MAX, next = 0;
    uint64_t base = s->table.tokens + s->table.sentences;
    size_t i;
    tc_string text;
    tc_status status = TC_OK;
    if (s->table.sentences) /* behind the tag O that ended the sentence before */
        status = tc__score_id(s, &s->types, tc__tok_string("_", 1), &type);
    for (i = 0; i <= n && !status; i++) {
        letter = tc__score_part(s, i < n ? tags[i] : tc__tok_string("O", 1), 0, &text);
        status = tc__score_id(s, &s->types, text, &next);
        if (status) break;
        if (tc__score_in(last, "ES") ||
            (tc__score_in(last, "BI") && tc__score_in(letter, "BSO")) ||
            (!tc__score_in(last, "O.") && type != next))
            status = tc__score_chunk(s, to, type, *begin, base + i);
        if (tc__score_in(letter, "BS") ||
            (tc__score_in(last, "ESO") && tc__score_in(letter, "EI")) ||
            (!tc__score_in(letter, "O.") && type != next))
            *begin = base + i;
        last = letter;
        type = next;
    }
    return status;
}

static int tc__score_match(const tc__pattern *p, char before, char at, int same) {
    for (; p->at; p++)
        if (tc__score_in(before, p->before) && tc__score_in(at, p->at) &&
            (p->same & (same ? 1 : 2)))
            return 1;
    return 0;
}

/* Notes the first tag that the scheme does not have; 0 then. */
static int tc__score_valid(tc_scores *s, tc_scheme scheme, const tc_string *tags, size_t n) {
    const char *letters = tc__score_rules(scheme)->letters;
    tc_string type;
    size_t i;
    for (i = 0; i < n; i++) {
        char letter = tc__score_part(s, tags[i], 1, &type);
        if (tc__score_in(letter, letters)) continue;
        if (!s->invalid[scheme]) {
            size_t k = tc__mem_least(tags[i].length, 63);
            while (k < tags[i].length && k && (tags[i].data[k] & 0xC0) == 0x80) k--;
            s->invalid[scheme] = s->table.sentences + 1;
            memcpy(s->wrong[scheme], tags[i].data, k);
            s->wrong[scheme][k] = 0;
        }
        return 0;
    }
    return 1;
}

/* Strict mode: section 3 of the spec file. */
static tc_status tc__score_strict(tc_scores *s, tc_scheme scheme, const tc_string *tags,
                                  size_t n, tc__buf *to) {
    const tc__rules *r = tc__score_rules(scheme);
    char last = 'O', letter = 'O';
    uint32_t type = 0, next = 0, first = 0;
    size_t i, begin = 0;
    int open = 0;
    tc_string text;
    tc_status status = TC_OK;
    if (!tc__score_valid(s, scheme, tags, n)) return TC_OK;
    status = tc__score_id(s, &s->types, tc__tok_string("_", 1), &type);
    for (i = 0; i <= n && !status; i++) {
        letter = tc__score_part(s, i < n ? tags[i] : tc__tok_string("O", 1), 1, &text);
        status = tc__score_id(s, &s->types, text, &next);
        if (status) break;
        if (open && !tc__score_match(r->inside, last, letter, type == next)) {
            open = 0;
            if (tc__score_match(r->end, last, letter, type == next))
                status = tc__score_chunk(s, to, first, begin, i);
        }
        if (!open && tc__score_match(r->start, last, letter, type == next)) {
            open = 1;
            begin = i;
            first = next;
        }
        last = letter;
        type = next;
    }
    return status;
}

/* ---- counting ---- */

/* Room for pairs of all types known; beyond TC__CONFUSED types pairs are not counted. */
static tc_status tc__score_room(tc_scores *s, uint32_t mode) {
    uint32_t types = (uint32_t)(s->types.items.used / sizeof(tc__name)), room = s->room, i, j;
    tc__buf fresh[TC__MODES];
    tc_status status = TC_OK;
    size_t bytes;
    uint32_t m;
    if (types > TC__CONFUSED || (types <= room && s->pairs[mode].used)) return TC_OK;
    for (room = room ? room : 7; room < types;) room = room * 2 + 1;
    bytes = (size_t)(room + 1) * (room + 1) * sizeof(tc__pair);
    memset(fresh, 0, sizeof fresh);
    for (m = 0; m < TC__MODES && !status; m++)
        if (s->pairs[m].used || m == mode) status = tc__mem_reserve(&s->env, &fresh[m], bytes);
    for (m = 0; m < TC__MODES; m++) {
        tc__pair *to = (tc__pair *)(void *)fresh[m].data;
        const tc__pair *from = (const tc__pair *)(const void *)s->pairs[m].data;
        if (status) tc__mem_drop(&s->env, &fresh[m]);
        if (status || !to) continue;
        memset(to, 0, bytes);
        for (i = 0; s->pairs[m].used && i <= s->room; i++)
            for (j = 0; j <= s->room; j++)
                to[(i < s->room ? i : room) * (room + 1) + (j < s->room ? j : room)] =
                    from[i * (s->room + 1) + j];
        tc__mem_drop(&s->env, &s->pairs[m]);
        s->pairs[m] = fresh[m];
        s->pairs[m].used = bytes;
    }
    if (!status) s->room = room;
    return status;
}

static void tc__score_pair(tc_scores *s, uint32_t mode, uint32_t gold, uint32_t predicted,
                           int overlap) {
    tc__pair *pairs = (tc__pair *)(void *)s->pairs[mode].data;
    size_t i = gold < s->room ? gold : s->room, j = predicted < s->room ? predicted : s->room;
    if (s->types.items.used / sizeof(tc__name) > TC__CONFUSED) return;
    if (overlap)
        pairs[i * (s->room + 1) + j].overlap++;
    else
        pairs[i * (s->room + 1) + j].exact++;
}

/* Compares the entities of a sentence: the same span first, then spans that overlap. */
static void tc__score_compare(tc_scores *s, uint32_t mode) {
    tc__chunk *g = (tc__chunk *)(void *)s->gold.data,
              *p = (tc__chunk *)(void *)s->predicted.data;
    size_t n = s->gold.used / sizeof *g, m = s->predicted.used / sizeof *p, i, j;
    for (i = j = 0; i < n && j < m;) {
        if (g[i].start == p[j].start && g[i].end == p[j].end) {
            tc__score_pair(s, mode, g[i].type, p[j].type, 0);
            if (g[i].type == p[j].type) tc__score_name(&s->types, g[i].type)->correct[mode]++;
            g[i++].matched = p[j++].matched = 1;
        } else if (g[i].end < p[j].end || (g[i].end == p[j].end && g[i].start < p[j].start))
            i++;
        else
            j++;
    }
    for (i = j = 0; i < n && j < m;) {
        if (g[i].matched || g[i].end <= p[j].start)
            i++;
        else if (p[j].matched || p[j].end <= g[i].start)
            j++;
        else {
            tc__score_pair(s, mode, g[i].type, p[j].type, 1);
            g[i++].matched = p[j++].matched = 1;
        }
    }
    for (i = 0; i < n; i++) {
        tc__score_name(&s->types, g[i].type)->gold[mode]++;
        if (!g[i].matched) tc__score_pair(s, mode, g[i].type, UINT32_MAX, 0);
    }
    for (j = 0; j < m; j++) {
        tc__score_name(&s->types, p[j].type)->predicted[mode]++;
        if (!p[j].matched) tc__score_pair(s, mode, UINT32_MAX, p[j].type, 0);
    }
}

/* Forms of a tag. Letters alone mark spans only where all tags are such letters. */
enum { TC__FORM_DASH = 1, TC__FORM_LETTER = 2, TC__FORM_OTHER = 4 };

static int tc__score_form(int suffix, tc_string tag) {
    char letter = suffix ? tag.data[tag.length - 1] : tag.data[0], dash;
    if (tag.length == 1 && tc__score_in(letter, "OM")) return 0;
    if (!tc__score_in(letter, "BIESULM")) return TC__FORM_OTHER;
    if (tag.length == 1) return TC__FORM_LETTER;
    dash = suffix ? tag.data[tag.length - 2] : tag.data[1];
    return dash == '-' ? TC__FORM_DASH : TC__FORM_OTHER;
}

static int tc__score_forms_spans(int forms) {
    return forms == TC__FORM_LETTER || (forms & TC__FORM_DASH) != 0;
}

/* Counts tags one by one. */
static tc_status tc__score_tags(tc_scores *s, const tc_string *gold, const tc_string *predicted,
                                size_t n) {
    tc_status status = TC_OK;
    size_t i;
    for (i = 0; i < n && !status; i++) {
        uint32_t a = 0, b = 0;
        const char *at;
        tc_string type;
        char letter = tc__score_part(s, gold[i], 1, &type);
        status = tc__score_id(s, &s->tags, gold[i], &a);
        if (!status) status = tc__score_id(s, &s->tags, predicted[i], &b);
        if (status) return status;
        tc__score_name(&s->tags, a)->gold[0]++;
        tc__score_name(&s->tags, b)->predicted[0]++;
        if (a == b) {
            tc__score_name(&s->tags, a)->correct[0]++;
            s->table.correct_tokens++;
        }
        s->forms |= tc__score_form(s->options.suffix, gold[i]) |
                    tc__score_form(s->options.suffix, predicted[i]);
        s->other |= !tc__data_is(gold[i], "O") || !tc__data_is(predicted[i], "O");
        at = letter ? strchr(TC__LETTERS, letter) : NULL;
        if (at)
            s->prefixes |= 1u << (at - TC__LETTERS);
        else
            s->foreign = 1;
    }
    return status;
}

/* Whether entities are counted by this scheme (TC_SCHEME_NONE: default mode). */
static int tc__score_counts(const tc_scores *s, int mode) {
    const tc_score_options *o = &s->options;
    if (!o->strict) return mode == TC_SCHEME_NONE;
    if (o->scheme) return mode == (int)o->scheme;
    return mode == TC_IOB2 || mode == TC_IOE2 || mode == TC_IOBES || mode == TC_BILOU;
}

static tc_status tc__score_add(tc_scores *s, const tc_string *gold, const tc_string *predicted,
                               size_t n) {
    tc_status status = TC_OK;
    int mode;
    size_t i;
    for (i = 0; i < n; i++)
        if (!gold[i].length || !predicted[i].length || !gold[i].data || !predicted[i].data)
            return tc__diag_fail(s->env.diag, TC_ERROR_ARGUMENT, 0, "a tag is empty or null");
    for (mode = 0; mode < TC__MODES && !status; mode++) {
        if (!tc__score_counts(s, mode)) continue;
        s->gold.used = s->predicted.used = 0;
        status = mode ? tc__score_strict(s, (tc_scheme)mode, gold, n, &s->gold)
                      : tc__score_default(s, gold, n, &s->gold, &s->begin[0]);
        if (!status)
            status = mode ? tc__score_strict(s, (tc_scheme)mode, predicted, n, &s->predicted)
                          : tc__score_default(s, predicted, n, &s->predicted, &s->begin[1]);
        if (!status) status = tc__score_room(s, (uint32_t)mode);
        if (!status) tc__score_compare(s, (uint32_t)mode);
    }
    if (!status) status = tc__score_tags(s, gold, predicted, n);
    s->table.sentences++;
    s->table.tokens += n;
    return status;
}

/* ---- results ---- */

static void tc__score_ratio(tc_score *r) {
    double p = r->predicted ? (double)r->correct / (double)r->predicted : 0,
           q = r->support ? (double)r->correct / (double)r->support : 0;
    r->precision = p;
    r->recall = q;
    r->f1 = p + q > 0 ? 2 * p * q / (p + q) : 0;
}

/* The scheme of all gold tags, as seqeval detects it; TC_SCHEME_NONE if it does not. */
static tc_scheme tc__score_detect(const tc_scores *s) {
    enum { IN = 1, O = 2, B = 4, E = 8, S = 16, U = 32, L = 64 };
    static const struct {
        tc_scheme scheme;
        uint32_t sets[9];
    } known[] = {{TC_IOB2, {IN | O | B, IN | B, B | O, B}},
                 {TC_IOE2, {IN | O | E, IN | E, E | O, E}},
                 {TC_IOBES,
                  {IN | O | B | E | S, IN | B | E | S, IN | O | B | E, O | B | E | S,
                   IN | B | E, B | E | S, O | B | E, B | E, S}},
                 {TC_BILOU,
                  {IN | O | B | L | U, IN | B | L | U, IN | O | B | L, O | B | L | U,
                   IN | B | L, B | L | U, O | B | L, B | L, U}}};
    size_t i, j;
    for (i = 0; i < sizeof known / sizeof *known && !s->foreign; i++)
        for (j = 0; j < 9; j++)
            if (s->prefixes && s->prefixes == known[i].sets[j]) return known[i].scheme;
    return TC_SCHEME_NONE;
}

/* A number of a row, times its support where weighted. Volatile: the product is rounded by
 * itself, not fused with the sum. */
static double tc__score_term(const tc_score *r, int which, int weighted) {
    volatile double term = which == 0 ? r->precision : which == 1 ? r->recall : r->f1;
    if (weighted) term = term * (double)r->support;
    return term;
}

/* Their sum in the order of numpy's pairwise summation, so that the last bit agrees. */
static double tc__score_sum(const tc_score *r, size_t n, int which, int weighted) {
    double part[8], sum = 0;
    size_t i, half = n / 2 - n / 2 % 8;
    if (n > 128)
        return tc__score_sum(r, half, which, weighted) +
               tc__score_sum(r + half, n - half, which, weighted);
    for (i = 0; i < 8 && n >= 8; i++) part[i] = tc__score_term(r + i, which, weighted);
    for (; i < n - n % 8; i++) part[i % 8] += tc__score_term(r + i, which, weighted);
    if (n >= 8)
        sum = ((part[0] + part[1]) + (part[2] + part[3])) +
              ((part[4] + part[5]) + (part[6] + part[7]));
    for (; i < n; i++) sum += tc__score_term(r + i, which, weighted);
    return sum;
}

static tc_status tc__score_rows(tc_scores *s, const tc__names *names, int mode) {
    tc_score_table *t = &s->table;
    const uint32_t *order = (const uint32_t *)(const void *)names->order.data;
    size_t n = names->order.used / 4, i;
    tc_score *micro = &t->micro, *macro = &t->macro, *weighted = &t->weighted;
    tc_status status = TC_OK;
    memset(micro, 0, sizeof *micro);
    memset(macro, 0, sizeof *macro);
    memset(weighted, 0, sizeof *weighted);
    micro->name = "micro avg";
    macro->name = "macro avg";
    weighted->name = "weighted avg";
    s->rows.used = 0;
    for (i = 0; i < n && !status; i++) {
        const tc__name *x = tc__score_name(names, order[i]);
        tc_score r;
        memset(&r, 0, sizeof r);
        if (!x->gold[mode] && !x->predicted[mode]) continue;
        r.name = x->text;
        r.support = x->gold[mode];
        r.predicted = x->predicted[mode];
        r.correct = x->correct[mode];
        tc__score_ratio(&r);
        micro->support += r.support;
        micro->predicted += r.predicted;
        micro->correct += r.correct;
        status = tc__mem_append(&s->env, &s->rows, &r, sizeof r);
    }
    tc__score_ratio(micro);
    t->rows = (const tc_score *)(const void *)s->rows.data;
    t->count = s->rows.used / sizeof *t->rows;
    macro->support = weighted->support = micro->support;
    macro->predicted = weighted->predicted = micro->predicted;
    macro->correct = weighted->correct = micro->correct;
    for (i = 0; i < 3; i++) {
        double *m = i ? i == 1 ? &macro->recall : &macro->f1 : &macro->precision;
        double *w = i ? i == 1 ? &weighted->recall : &weighted->f1 : &weighted->precision;
        if (t->count) *m = tc__score_sum(t->rows, t->count, (int)i, 0) / (double)t->count;
        if (micro->support)
            *w = tc__score_sum(t->rows, t->count, (int)i, 1) / (double)micro->support;
    }
    return status;
}

static tc_status tc__score_confusions(tc_scores *s, int mode) {
    tc_score_table *t = &s->table;
    const tc__pair *pairs = (const tc__pair *)(const void *)s->pairs[mode].data;
    const uint32_t *order = (const uint32_t *)(const void *)s->types.order.data;
    uint32_t n = (uint32_t)(s->types.order.used / 4), i, j;
    tc_status status = TC_OK;
    s->confusions.used = 0;
    t->type_wrong = t->boundary_wrong = t->both_wrong = t->missed = t->spurious = 0;
    if (!s->pairs[mode].used || n > TC__CONFUSED || n > s->room) n = 0; /* half added */
    for (i = 0; i <= n && n && !status; i++)
        for (j = 0; j <= n && !status; j++) {
            uint32_t a = i < n ? order[i] : s->room, b = j < n ? order[j] : s->room;
            const tc__pair *p = &pairs[a * (s->room + 1) + b];
            tc_confusion c;
            if (!p->exact && !p->overlap) continue;
            c.gold = i < n ? tc__score_name(&s->types, a)->text : NULL;
            c.predicted = j < n ? tc__score_name(&s->types, b)->text : NULL;
            c.exact = p->exact;
            c.overlap = p->overlap;
            if (i == n)
                t->spurious += p->exact;
            else if (j == n)
                t->missed += p->exact;
            else if (i == j)
                t->boundary_wrong += p->overlap;
            else {
                t->type_wrong += p->exact;
                t->both_wrong += p->overlap;
            }
            status = tc__mem_append(&s->env, &s->confusions, &c, sizeof c);
        }
    t->confusions = (const tc_confusion *)(const void *)s->confusions.data;
    t->confusion_count = s->confusions.used / sizeof *t->confusions;
    return status;
}

static tc_status tc__score_table(tc_scores *s) {
    tc_score_table *t = &s->table;
    const tc_score_options *o = &s->options;
    int mode = TC_SCHEME_NONE;
    tc_status status;
    t->accuracy = t->tokens ? (double)t->correct_tokens / (double)t->tokens : 0;
    t->spans =
        o->what ? o->what == TC_SCORE_SPANS : tc__score_forms_spans(s->forms) || !s->other;
    t->scheme = TC_SCHEME_NONE;
    if (!t->spans) {
        s->confusions.used = 0;
        t->confusion_count = 0;
        t->type_wrong = t->boundary_wrong = t->both_wrong = t->missed = t->spurious = 0;
        return tc__score_rows(s, &s->tags, 0);
    }
    if (o->strict) {
        mode = o->scheme ? (int)o->scheme : (int)tc__score_detect(s);
        if (!mode)
            return tc__diag_fail(s->env.diag, TC_ERROR_ARGUMENT, 0,
                                 "the tags are of no scheme that can be detected: IOB2, IOE2, "
                                 "IOBES or BILOU");
        if (s->invalid[mode])
            return tc__diag_fail(s->env.diag, TC_ERROR_ARGUMENT, s->invalid[mode],
                                 "sentence %u: the tag %s is invalid in this scheme",
                                 s->invalid[mode], s->wrong[mode]);
        t->scheme = (tc_scheme)mode;
    }
    status = tc__score_rows(s, &s->types, mode);
    return status ? status : tc__score_confusions(s, mode);
}

/* ---- the report ---- */

/* x in [0, 1] with `digits` decimals, its exact binary value rounded to nearest, ties to even,
 * as printf does. Returns the length; out has room for digits + 3. */
static size_t tc__score_decimal(char *out, double x, uint32_t digits) {
    uint32_t word[40] = {0}, i, point = 39; /* the fraction, 32 bits a word, word[38] first */
    size_t n = 0, k;
    uint64_t carry, whole = (uint64_t)x;
    int round = 0;
    x -= (double)whole;
    for (i = 1; i <= 38 && x > 0; i++) {
        x *= 4294967296.0;
        word[point - i] = (uint32_t)x;
        x -= (double)word[point - i];
    }
    out[n++] = (char)('0' + whole);
    if (digits) out[n++] = '.';
    for (k = 0; k < digits; k++) {
        for (i = 0, carry = 0; i < point; i++) {
            carry += (uint64_t)word[i] * 10;
            word[i] = (uint32_t)carry;
            carry >>= 32;
        }
        out[n++] = (char)('0' + carry);
    }
    if (word[point - 1] >= 0x80000000u) { /* half or more is left */
        int more = word[point - 1] > 0x80000000u;
        for (i = 0; i + 1 < point; i++) more |= word[i] != 0;
        round = more || ((out[n - 1] == '.' ? out[n - 2] : out[n - 1]) & 1);
    }
    for (k = n; round && k--;) {
        if (out[k] == '.') continue;
        round = out[k] == '9';
        out[k] = round ? '0' : (char)(out[k] + 1);
    }
    out[n] = 0;
    return n;
}

static tc_status tc__score_put(tc_scores *s, const char *text, size_t length, size_t width) {
    size_t count = tc__utf8_count(text, length);
    tc_status status = TC_OK;
    for (; count < width && !status; count++)
        status = tc__mem_append(&s->env, &s->report, " ", 1);
    return status ? status : tc__mem_append(&s->env, &s->report, text, length);
}

static tc_status tc__score_line(tc_scores *s, const tc_score *r, size_t width,
                                uint32_t digits) {
    const double v[3] = {r->precision, r->recall, r->f1};
    char text[TC__MOST_DIGITS + 8];
    const char *support;
    size_t i;
    tc_status status = tc__score_put(s, r->name, strlen(r->name), width);
    if (!status) status = tc__score_put(s, " ", 1, 1);
    for (i = 0; i < 3 && !status; i++) {
        size_t length = tc__score_decimal(text, v[i], digits);
        status = tc__score_put(s, " ", 1, 1);
        if (!status) status = tc__score_put(s, text, length, 9);
    }
    support = tc__diag_digits(text, r->support);
    if (!status) status = tc__score_put(s, " ", 1, 1);
    if (!status) status = tc__score_put(s, support, strlen(support), 9);
    return status ? status : tc__score_put(s, "\n", 1, 1);
}

/* seqeval's classification_report: section 4 of the spec file. */
static tc_status tc__score_report(tc_scores *s, uint32_t digits) {
    static const char head[] = "  precision    recall  f1-score   support\n\n";
    const tc_score_table *t = &s->table;
    size_t width = 12, i;
    tc_status status = tc__score_table(s);
    if (status) return status;
    s->report.used = 0;
    if (digits > width) width = digits;
    for (i = 0; i < t->count; i++) {
        size_t n = tc__utf8_count(t->rows[i].name, strlen(t->rows[i].name));
        if (n > width) width = n;
    }
    status = tc__score_put(s, "", 0, width);
    if (!status) status = tc__score_put(s, head, sizeof head - 1, 0);
    for (i = 0; i < t->count && !status; i++)
        status = tc__score_line(s, &t->rows[i], width, digits);
    if (!status) status = tc__score_put(s, "\n", 1, 1);
    if (!status) status = tc__score_line(s, &t->micro, width, digits);
    if (!status) status = tc__score_line(s, &t->macro, width, digits);
    if (!status) status = tc__score_line(s, &t->weighted, width, digits);
    return status ? status : tc__mem_append(&s->env, &s->report, "", 1);
}

#ifndef TC_NO_TRAIN
/* Counts from zero again; names and memory stay. */
static void tc__score_reset(tc_scores *s) {
    tc__names *all[2];
    size_t i, k;
    all[0] = &s->types;
    all[1] = &s->tags;
    for (k = 0; k < 2; k++)
        for (i = 0; i < all[k]->items.used / sizeof(tc__name); i++) {
            tc__name *x = tc__score_name(all[k], (uint32_t)i);
            memset(x->gold, 0, sizeof x->gold);
            memset(x->predicted, 0, sizeof x->predicted);
            memset(x->correct, 0, sizeof x->correct);
        }
    for (i = 0; i < TC__MODES; i++)
        if (s->pairs[i].used) memset(s->pairs[i].data, 0, s->pairs[i].used);
    memset(s->invalid, 0, sizeof s->invalid);
    s->prefixes = 0;
    memset(s->begin, 0, sizeof s->begin);
    s->foreign = s->forms = s->other = 0;
    s->table.sentences = s->table.tokens = s->table.correct_tokens = 0;
}
/* Allocates what sentences of up to `longest` words with these tags need, and their table. */
static tc_status tc__score_reserve(tc_scores *s, const char *const *tags, uint32_t count,
                                   size_t longest) {
    tc_string one;
    uint32_t i;
    uint64_t types;
    tc_status status = TC_OK;
    for (i = 0; i < count && !status; i++) {
        one = tc__tok_string(tags[i], strlen(tags[i]));
        status = tc__score_add(s, &one, &one, 1);
    }
    types = s->types.items.used / sizeof(tc__name) + 1;
    if (types > TC__CONFUSED) types = TC__CONFUSED;
    if (!status)
        status = tc__mem_reserve(&s->env, &s->confusions, types * types * sizeof(tc_confusion));
    if (!status) status = tc__mem_reserve(&s->env, &s->gold, (longest + 1) * sizeof(tc__chunk));
    if (!status)
        status = tc__mem_reserve(&s->env, &s->predicted, (longest + 1) * sizeof(tc__chunk));
    if (!status) status = tc__score_table(s);
    tc__score_reset(s);
    return status;
}
#endif

static void tc__score_free(tc_scores *s) {
    tc_env env;
    int m;
    if (!s) return;
    env = s->env;
    tc__score_drop(s, &s->types);
    tc__score_drop(s, &s->tags);
    for (m = 0; m < TC__MODES; m++) tc__mem_drop(&env, &s->pairs[m]);
    tc__mem_drop(&env, &s->gold);
    tc__mem_drop(&env, &s->predicted);
    tc__mem_drop(&env, &s->rows);
    tc__mem_drop(&env, &s->confusions);
    tc__mem_drop(&env, &s->report);
    tc__mem_free(&env, s, sizeof *s);
}

static tc_status tc__score_create(const tc_score_options *o, const tc_env *env,
                                  tc_scores **out) {
    tc_scores *s = (tc_scores *)tc__mem_zero(env, sizeof *s);
    if (!s) return TC_ERROR_MEMORY;
    s->env = *env;
    s->options = *o;
    *out = s;
    return TC_OK;
}

/* ========================================================================= 58-tag
 * The token-classification pipeline (pipeline-token-classification.md): tokens with
 * probabilities to entities. */

typedef struct tc__span { /* one window of an input */
    size_t first, count;  /* in the tagger's tokens */
    size_t sequence; /* number of its first token that is not special, counted over the input */
} tc__span;

typedef struct tc__unit { /* a token ("pre-entity"), or a word made of several */
    tc_string word;
    const float *scores; /* [C] */
    tc_pos start, end;
    uint32_t index;
    int subword;
    int32_t owner; /* word id */
    int32_t label; /* chosen, with `score` */
    float score;
} tc__unit;

typedef struct tc__found { /* an entity; its word lies in the tagger's text */
    tc_entity entity;
    size_t word;
} tc__found;

typedef struct tc__scheme { /* what a label means, for tc_constraint */
    char part;              /* B I E S, or 0 for a label without prefix */
    char begun;             /* I or E of a type that has a B: it cannot begin an entity */
    char closed;            /* the labels of its type mark ends */
    const char *type;
    uint32_t group; /* the same for labels of one type, below C */
} tc__scheme;

struct tc_tagger {
    tc_env env;
    tc_model *owned; /* freed with the tagger, by tc_load */
    const tc_model *model;
    tc_encoding *encoding;
    tc_session *session;
    tc__scheme *schemes; /* [C] */
    uint64_t not_finite; /* tokens of the call whose scores are no numbers */
    tc_tag_options options;
    /* of the call at work */
    const tc_input *input; /* [count] */
    size_t count, next;    /* the next one to tokenize */
    size_t taken;          /* tokens of batches that were run, or are */
    tc_status status;      /* of tokenizing */
    tc__buf tokens, spans, ids, types, lengths, probabilities;
    tc__buf places, sentence, units, words, groups, strings, found, merged, text, word_labels,
        states, means;
    tc__buf inputs; /* tc__entry */
};

typedef struct tc__entry { /* one input of the call */
    size_t first_span, spans, first_found, found, first_label, labels;
    int truncated, has_labels;
} tc__entry;

#define TC__ITEMS(buffer, type) ((buffer).used / sizeof(type))
#define TC__AT(buffer, type) ((type *)(void *)(buffer).data)

/* ---- windows of one input ---- */

static size_t tc__tag_leading(const tc_token *tokens, size_t n) {
    size_t i = 0;
    while (i < n && tokens[i].special) i++;
    return i;
}

/* The text that start and end refer to: the input's, or its words joined by the delimiter. */
static tc_status tc__tag_sentence(tc_tagger *g, const tc_input *input, tc_string *out) {
    const char *delimiter = g->options.delimiter ? g->options.delimiter : " ";
    tc_status status = TC_OK;
    size_t i;
    *out = tc__tok_string(input->text ? input->text : "", input->length);
    if (!input->words) return TC_OK;
    g->sentence.used = 0;
    for (i = 0; i < input->word_count && !status; i++) {
        if (i) status = tc__mem_append(&g->env, &g->sentence, delimiter, strlen(delimiter));
        if (!status)
            status = tc__mem_append(&g->env, &g->sentence, input->words[i].data,
                                    input->words[i].length);
    }
    *out = tc__tok_string(g->sentence.data, g->sentence.used);
    return status;
}

static void tc__tag_advance(tc_pos *at, const char *text, size_t n) {
    const unsigned char *p = (const unsigned char *)text, *end = n ? p + n : p;
    uint32_t code;
    while (p < end) {
        p += tc__utf8_next(p, end, &code);
        at->codepoint++;
        at->utf16 += code >= 0x10000 && code != TC__ILL_FORMED ? 2 : 1;
    }
    at->byte += (uint32_t)n;
}

static void tc__tag_shift(tc_pos *p, const tc_pos *by) {
    p->byte += by->byte;
    p->codepoint += by->codepoint;
    p->utf16 += by->utf16;
}

/* Where each word of a pre-split input begins in the sentence. */
static tc_status tc__tag_places(tc_tagger *g, const tc_input *input) {
    const char *delimiter = g->options.delimiter ? g->options.delimiter : " ";
    tc_pos at = {0, 0, 0};
    tc_status status = TC_OK;
    uint64_t bytes = 0;
    size_t i, between = strlen(delimiter);
    g->places.used = 0;
    for (i = 0; i < input->word_count && bytes <= INT32_MAX; i++)
        bytes += (uint64_t)input->words[i].length + between;
    if (bytes > INT32_MAX)
        return tc__diag_fail(g->env.diag, TC_ERROR_LENGTH, 0,
                             "the words joined have more than 2 GiB");
    for (i = 0; i < input->word_count && !status; i++) {
        status = tc__mem_append(&g->env, &g->places, &at, sizeof at);
        tc__tag_advance(&at, input->words[i].data, input->words[i].length);
        tc__tag_advance(&at, delimiter, between);
    }
    return status;
}

/* Moves offsets of pre-split tokens from their word to the sentence. */
static void tc__tag_move(tc_tagger *g, size_t first) {
    const tc_pos *places = TC__AT(g->places, const tc_pos);
    tc_token *tokens = TC__AT(g->tokens, tc_token);
    size_t i, n = TC__ITEMS(g->tokens, tc_token);
    for (i = first; i < n; i++) {
        if (tokens[i].special) continue;
        tc__tag_shift(&tokens[i].start, &places[tokens[i].word]);
        tc__tag_shift(&tokens[i].end, &places[tokens[i].word]);
    }
}

/* Tokenizes an input and appends its windows. */
static tc_status tc__tag_encode(tc_tagger *g, const tc_input *input, tc__entry *entry) {
    const tc_tag_options *o = &g->options;
    tc_encode_options e;
    tc_input alone = *input;
    const tc__range *parts;
    size_t windows, i;
    tc_status status;
    memset(&e, 0, sizeof e);
    alone.pair = NULL;
    e.strict_utf8 = o->strict_utf8;
    e.max_length = tc__model_limit(g->model, 0);
    if (e.max_length == tc__encode_specials(g->encoding->tokenizer, 0))
        return tc__diag_fail(g->env.diag, TC_ERROR_LENGTH, 0,
                             "a length of %u tokens has no room beside the special ones",
                             (uint64_t)e.max_length);
    if (o->long_text == TC_LONG_WINDOW)
        e.stride =
            o->has_stride ? o->stride : tc__encode_stride(g->encoding->tokenizer, e.max_length);
    status = tc__encode_parts(g->encoding, &alone, &e);
    if (!status && input->words) status = tc__tag_places(g, input);
    if (status) return status;
    parts = TC__AT(g->encoding->parts[0], const tc__range);
    windows = TC__ITEMS(g->encoding->parts[0], tc__range);
    if (windows > 1 && o->long_text == TC_LONG_ERROR)
        return tc__diag_fail(g->env.diag, TC_ERROR_LENGTH, 0,
                             "the text has %u tokens, the model's limit is %u",
                             (uint64_t)(TC__ITEMS(g->encoding->sequence[0], tc_token) +
                                        tc__encode_specials(g->encoding->tokenizer, 0)),
                             (uint64_t)e.max_length);
    entry->truncated = windows > 1 && o->long_text == TC_LONG_TRUNCATE;
    if (entry->truncated) windows = 1;
    entry->first_span = TC__ITEMS(g->spans, tc__span);
    entry->spans = windows;
    for (i = 0; i < windows && !status; i++) {
        tc__span span;
        span.first = TC__ITEMS(g->tokens, tc_token);
        span.sequence = parts[i].first;
        status = tc__encode_fill(g->encoding, &g->tokens, &e, &parts[i], NULL, i > 0);
        span.count = TC__ITEMS(g->tokens, tc_token) - span.first;
        if (!status) status = tc__mem_append(&g->env, &g->spans, &span, sizeof span);
        if (!status && input->words) tc__tag_move(g, span.first);
    }
    return status;
}

/* ---- the model ---- */

/* Runs windows [first, last) as one batch and turns their logits into probabilities. */
static tc_status tc__tag_batch(tc_tagger *g, size_t first, size_t last) {
    const tc__span *spans = TC__AT(g->spans, tc__span);
    const tc_token *tokens = TC__AT(g->tokens, tc_token);
    size_t C = g->model->info.num_labels, i, j, start = spans[first].first;
    size_t end = spans[last - 1].first + spans[last - 1].count;
    float *p = TC__AT(g->probabilities, float) + start * C;
    tc_batch batch;
    tc_outputs outputs;
    tc_status status = TC_OK;
    g->ids.used = g->types.used = g->lengths.used = 0;
    for (i = start; i < end && !status; i++) {
        status = tc__mem_append(&g->env, &g->ids, &tokens[i].id, 4);
        if (!status) status = tc__mem_append(&g->env, &g->types, &tokens[i].type, 1);
    }
    for (i = first; i < last && !status; i++) {
        uint32_t n = (uint32_t)spans[i].count; /* 0 for no text and no template */
        if (n) status = tc__mem_append(&g->env, &g->lengths, &n, 4);
    }
    if (status) return status;
    batch.ids = TC__AT(g->ids, int32_t);
    batch.types = TC__AT(g->types, uint8_t);
    batch.lengths = TC__AT(g->lengths, uint32_t);
    batch.sequences = TC__ITEMS(g->lengths, uint32_t);
    if (!batch.sequences) return TC_OK;
    memset(&outputs, 0, sizeof outputs);
    outputs.logits = p;
    status = tc__fwd_run(g->session, &batch, &outputs);
    for (i = start; i < end && !status; i++, p += C) {
        float sum;
        g->session->ops->softmax(p, C, 1, C, 1.0f, &sum);
        for (j = 0; j < C; j++) p[j] /= sum;
    }
    return status;
}

/* Tokens of a batch at most. Threads that share a long window need less room than those that
 * have one each. */
static size_t tc__tag_most(const tc_tagger *g, size_t longest) {
    if (g->options.batch_tokens) return g->options.batch_tokens;
    return longest > TC__GROUP_TOKENS ? 512 : 512 * (size_t)g->session->threads;
}

/* Tokenizes inputs until there are enough for a batch. */
static void tc__tag_ahead(void *context) {
    tc_tagger *g = (tc_tagger *)context;
    size_t enough = g->taken + tc__tag_most(g, 0);
    for (; g->next < g->count && TC__ITEMS(g->tokens, tc_token) < enough; g->next++) {
        tc__entry entry;
        memset(&entry, 0, sizeof entry);
        g->status = tc__tag_encode(g, &g->input[g->next], &entry);
        if (!g->status) g->status = tc__mem_append(&g->env, &g->inputs, &entry, sizeof entry);
        if (g->status) break;
    }
}

/* The end of the batch that begins with window `first`. */
static size_t tc__tag_last(const tc_tagger *g, size_t first) {
    const tc__span *spans = TC__AT(g->spans, const tc__span);
    size_t last = first, tokens = 0, longest = 0;
    for (; last < TC__ITEMS(g->spans, tc__span); last++) {
        tokens += spans[last].count;
        if (spans[last].count > longest) longest = spans[last].count;
        if (last > first && tokens > tc__tag_most(g, longest)) break;
    }
    return last;
}

/* Tokenizes all inputs and runs their windows in batches, each while the next is tokenized. */
static tc_status tc__tag_predict(tc_tagger *g) {
    tc__beside *beside = &g->session->pool->beside;
    tc_status status = TC_OK;
    size_t first = 0, last;
    g->taken = 0;
    tc__tag_ahead(g);
    for (; !g->status && first < TC__ITEMS(g->spans, tc__span); first = last) {
        const tc__span *end;
        last = tc__tag_last(g, first);
        end = TC__AT(g->spans, const tc__span) + last - 1;
        g->taken = end->first + end->count;
        status = tc__mem_reserve(&g->env, &g->probabilities,
                                 g->taken * (uint64_t)g->model->info.num_labels * 4);
        if (status) break;
        beside->run = tc__tag_ahead;
        beside->context = g;
        status = tc__tag_batch(g, first, last);
        if (status) break;
        tc__thread_beside(beside); /* of windows without tokens, nothing was run */
    }
    beside->run = NULL;
    return status;
}

/* ---- units ---- */

static void tc__tag_argmax(const tc_tagger *g, tc__unit *u) {
    uint32_t i, best = 0;
    for (i = 1; i < g->model->info.num_labels; i++)
        if (u->scores[i] > u->scores[best]) best = i;
    u->label = (int32_t)best;
    u->score = u->scores[best];
}

/* Whether a token continues the word before it, section 3 of the spec file. */
static int tc__tag_subword(const tc_tokenizer *t, const tc_token *k, tc_string word,
                           tc_string sentence) {
    if (t->prefix.length)
        return tc__utf8_count(word.data, word.length) != k->end.codepoint - k->start.codepoint;
    if (!k->start.byte || sentence.data[k->start.byte - 1] == ' ') return 0;
    return k->start.byte >= sentence.length || sentence.data[k->start.byte] != ' ';
}

static tc_status tc__tag_unit(tc_tagger *g, tc_string sentence, size_t token, uint32_t index) {
    const tc_tokenizer *t = &g->model->tokenizer;
    const tc_token *k = TC__AT(g->tokens, tc_token) + token;
    tc__unit u;
    memset(&u, 0, sizeof u);
    u.scores = TC__AT(g->probabilities, float) + token * g->model->info.num_labels;
    u.start = k->start;
    u.end = k->end;
    u.index = index;
    u.owner = k->word;
    if (k->id == t->word_unk) {
        u.word = tc__tok_string(sentence.data + k->start.byte, k->end.byte - k->start.byte);
    } else {
        u.word = tc__tok_token(t, k->id);
        u.subword = tc__tag_subword(t, k, u.word, sentence);
    }
    tc__tag_argmax(g, &u);
    g->not_finite += !(u.score >= 0);
    return tc__mem_append(&g->env, &g->units, &u, sizeof u);
}

/* The units of one window. */
static tc_status tc__tag_window(tc_tagger *g, tc_string sentence, const tc__span *span) {
    const tc_token *tokens = TC__AT(g->tokens, tc_token) + span->first;
    tc_status status = TC_OK;
    size_t i;
    g->units.used = 0;
    for (i = 0; i < span->count && !status; i++)
        if (!tokens[i].special)
            status = tc__tag_unit(g, sentence, span->first + i, (uint32_t)i);
    return status;
}

/* The units of all windows, each token once: from the window in which it stands farthest from
 * an edge, the earlier one of two equals. */
static tc_status tc__tag_union(tc_tagger *g, tc_string sentence, const tc__entry *entry) {
    const tc__span *spans = TC__AT(g->spans, tc__span) + entry->first_span;
    const tc_token *tokens = TC__AT(g->tokens, tc_token);
    size_t w, i, total = 0, *best;
    size_t lead = tc__tag_leading(tokens + spans[0].first, spans[0].count);
    tc_status status;
    if (entry->spans == 1) return tc__tag_window(g, sentence, spans);
    for (w = 0; w < entry->spans; w++)
        if (spans[w].sequence + spans[w].count > total)
            total = spans[w].sequence + spans[w].count;
    g->states.used = g->units.used = 0;
    status = tc__mem_reserve(&g->env, &g->states, total * 2 * sizeof *best);
    if (status) return status;
    best = TC__AT(g->states, size_t); /* token + 1, and its distance from the edge */
    memset(best, 0, total * 2 * sizeof *best);
    for (w = 0; w < entry->spans; w++) {
        size_t place = 0, inside = 0;
        for (i = 0; i < spans[w].count; i++) inside += !tokens[spans[w].first + i].special;
        for (i = 0; i < spans[w].count; i++) {
            size_t *b = best + 2 * (spans[w].sequence + place), edge;
            if (tokens[spans[w].first + i].special) continue;
            edge = place < inside - 1 - place ? place : inside - 1 - place;
            if (!b[0] || edge > b[1]) {
                b[0] = spans[w].first + i + 1;
                b[1] = edge;
            }
            place++;
        }
    }
    for (i = 0; i < total && !status; i++)
        if (best[2 * i])
            status = tc__tag_unit(g, sentence, best[2 * i] - 1, (uint32_t)(lead + i));
    return status;
}

/* Joins the units of a word: [first, last) of `units`, by the strategy. */
static tc_status tc__tag_word(tc_tagger *g, const tc__unit *units, size_t n, tc__unit *out) {
    size_t C = g->model->info.num_labels, i, j, top = 0;
    tc_aggregation how = g->options.aggregation;
    float *mean;
    *out = units[0];
    out->end = units[n - 1].end;
    if (how == TC_AGGREGATION_MAX) {
        for (i = 1; i < n; i++)
            if (units[i].score > units[top].score) top = i;
        out->scores = units[top].scores;
    }
    if (how == TC_AGGREGATION_AVERAGE && n > 1) {
        if (tc__mem_reserve(&g->env, &g->means, C * sizeof *mean)) return TC_ERROR_MEMORY;
        mean = (float *)(void *)(g->means.data + g->means.used);
        for (j = 0; j < C; j++) {
            mean[j] = 0;
            for (i = 0; i < n; i++) mean[j] += units[i].scores[j];
            mean[j] /= (float)n;
        }
        g->means.used += C * sizeof *mean;
        out->scores = mean;
    }
    tc__tag_argmax(g, out);
    return TC_OK;
}

/* Decodes the strings of units into the tagger's text; *at is where. */
static tc_status tc__tag_decode(tc_tagger *g, const tc__unit *units, size_t n, size_t *at,
                                size_t *length) {
    size_t i;
    tc_status status = TC_OK;
    g->strings.used = 0;
    for (i = 0; i < n && !status; i++)
        status = tc__mem_append(&g->env, &g->strings, &units[i].word, sizeof units[i].word);
    *at = g->text.used;
    if (!status)
        status = tc__decode_join(&g->env, &g->model->tokenizer,
                                 TC__AT(g->strings, const tc_string), n, &g->text);
    *length = g->text.used - *at;
    return status;
}

/* Room for the means of every word, so that pointers to them stay. */
static tc_status tc__tag_means(tc_tagger *g) {
    g->means.used = 0;
    return tc__mem_reserve(&g->env, &g->means,
                           (uint64_t)TC__ITEMS(g->units, tc__unit) * g->model->info.num_labels *
                               sizeof(float));
}

/* Units to words: a unit and the subwords behind it (strategies first, average, max). */
static tc_status tc__tag_words(tc_tagger *g) {
    const tc__unit *units = TC__AT(g->units, tc__unit);
    size_t n = TC__ITEMS(g->units, tc__unit), first, last;
    tc__buf words = g->words;
    tc_status status = tc__tag_means(g);
    words.used = 0;
    for (first = 0; first < n && !status; first = last) {
        tc__unit word;
        size_t at = 0, length = 0;
        for (last = first + 1; last < n && units[last].subword;) last++;
        status = tc__tag_word(g, units + first, last - first, &word);
        if (!status) status = tc__tag_decode(g, units + first, last - first, &at, &length);
        word.word.data = NULL; /* in the text, which may still move */
        word.word.length = length;
        word.index = (uint32_t)at;
        if (!status) status = tc__mem_append(&g->env, &words, &word, sizeof word);
    }
    for (first = 0; first < words.used / sizeof(tc__unit); first++) {
        tc__unit *word = TC__AT(words, tc__unit) + first;
        word->word.data = g->text.data + word->index;
        word->index = 0;
    }
    g->words = g->units;
    g->units = words;
    return status;
}

/* ---- constraint ---- */

/* Whether an entity may go on behind the label; whether it may have begun before it. */
static int tc__tag_opens(const tc__scheme *s) { return s->part == 'B' || s->part == 'I'; }
static int tc__tag_continues(const tc__scheme *s) { return s->part == 'I' || s->part == 'E'; }

static int tc__tag_by_type(const void *a, const void *b) {
    return strcmp((*(tc__scheme *const *)a)->type, (*(tc__scheme *const *)b)->type);
}

static tc_status tc__tag_scheme(tc_tagger *g) {
    uint32_t C = g->model->info.num_labels, i, last;
    tc__scheme **sorted;
    if (tc__mem_reserve(&g->env, &g->states, C * sizeof *sorted)) return TC_ERROR_MEMORY;
    sorted = TC__AT(g->states, tc__scheme *);
    for (i = 0; i < C; i++) {
        const char *label = g->model->labels[i];
        tc__scheme *s = sorted[i] = &g->schemes[i];
        s->type = label;
        if (!*label || label[1] != '-') continue;
        if (!strchr("BIESLUM", *label)) continue;
        s->part = *label == 'L' ? 'E' : *label == 'U' ? 'S' : *label == 'M' ? 'I' : *label;
        s->type = label + 2;
    }
    tc__mem_sort(sorted, C, sizeof *sorted, tc__tag_by_type);
    for (i = 1; i < C; i++)
        sorted[i]->group =
            sorted[i - 1]->group + (tc__tag_by_type(&sorted[i - 1], &sorted[i]) != 0);
    for (i = 0; i < C; i = last) {
        char begins = 0, ends = 0;
        for (last = i; last < C && sorted[last]->group == sorted[i]->group; last++) {
            begins |= sorted[last]->part == 'B';
            ends |= sorted[last]->part == 'E';
        }
        for (; i < last; i++) {
            sorted[i]->begun = begins && tc__tag_continues(sorted[i]);
            sorted[i]->closed = ends;
        }
    }
    return TC_OK;
}

/* States of the search: for the best sequence that ends in a label its probability, scaled to
 * a largest of 1 at each token, or -1 where the scheme allows none. */
typedef struct tc__paths {
    double *now;    /* [C] */
    uint32_t *open; /* [groups] the best label that an entity of the type goes on from, or C */
    uint32_t free;  /* the best one before a label that continues nothing, or the end, or C */
} tc__paths;

/* Of equal ones the first label is the best. */
static void tc__tag_best(const tc_tagger *g, tc__paths *p) {
    uint32_t C = g->model->info.num_labels, j;
    for (j = 0; j < C; j++) p->open[j] = C;
    p->free = C;
    for (j = 0; j < C; j++) {
        const tc__scheme *s = &g->schemes[j];
        uint32_t *open = &p->open[s->group];
        if (!(p->now[j] >= 0)) continue;
        if (tc__tag_opens(s) && (*open == C || p->now[j] > p->now[*open])) *open = j;
        if (tc__tag_opens(s) && s->closed) continue;
        if (p->free == C || p->now[j] > p->now[p->free]) p->free = j;
    }
}

/* The best label before one of this meaning, or C. */
static uint32_t tc__tag_before(const tc_tagger *g, const tc__paths *p, const tc__scheme *s) {
    uint32_t C = g->model->info.num_labels, open = p->open[s->group], free = p->free;
    if (!tc__tag_continues(s)) return free;
    if (s->begun || free == C) return open;
    if (open == C) return free;
    if (p->now[open] == p->now[free]) return open < free ? open : free;
    return p->now[open] > p->now[free] ? open : free;
}

/* The step to a token of these scores; `from` [C] takes the label before each. */
static void tc__tag_step(const tc_tagger *g, tc__paths *p, const float *scores, uint32_t *from,
                         double *next) {
    uint32_t C = g->model->info.num_labels, j;
    double top = 0;
    tc__tag_best(g, p);
    for (j = 0; j < C; j++) {
        from[j] = tc__tag_before(g, p, &g->schemes[j]);
        next[j] = from[j] < C ? p->now[from[j]] * (double)scores[j] : -1;
        if (next[j] > top) top = next[j];
    }
    for (j = 0; j < C; j++) p->now[j] = next[j] > 0 ? next[j] / top : next[j];
}

/* The most probable sequence of labels that the scheme allows (Viterbi 1967). */
static tc_status tc__tag_constrain(tc_tagger *g, tc__unit *units, size_t n) {
    size_t C = g->model->info.num_labels, t;
    uint32_t *from, j, best;
    tc__paths p;
    double *next;
    if (!n) return TC_OK;
    g->states.used = 0;
    if (tc__mem_reserve(&g->env, &g->states,
                        2 * C * sizeof *next + ((uint64_t)n + 1) * C * sizeof *from))
        return TC_ERROR_MEMORY;
    p.now = TC__AT(g->states, double);
    next = p.now + C;
    p.open = (uint32_t *)(void *)(next + C);
    from = p.open + C;
    for (j = 0; j < C; j++) p.now[j] = g->schemes[j].begun ? -1 : (double)units[0].scores[j];
    for (t = 1; t < n; t++) tc__tag_step(g, &p, units[t].scores, from + t * C, next);
    tc__tag_best(g, &p);
    best = p.free;
    if (best == C) return TC_OK; /* the labels allow no sequence at all */
    for (t = n; t--; best = t ? from[t * C + best] : 0) {
        units[t].label = (int32_t)best;
        units[t].score = units[t].scores[best];
    }
    return TC_OK;
}

static tc_status tc__tag_choose(tc_tagger *g) {
    if (g->options.constrain != TC_CONSTRAIN_BIO) return TC_OK;
    return tc__tag_constrain(g, TC__AT(g->units, tc__unit), TC__ITEMS(g->units, tc__unit));
}

/* ---- entities ---- */

/* "B-PER" is (B, PER), "I-PER" (I, PER), anything else (I, itself). */
static const char *tc__tag_type(const char *label, int *begins) {
    *begins = label[0] == 'B' && label[1] == '-';
    return *begins || (label[0] == 'I' && label[1] == '-') ? label + 2 : label;
}

static int tc__tag_ignored(const tc_tag_options *o, const char *label) {
    size_t i;
    if (o->keep_all) return 0;
    if (!o->ignore_labels) return !strcmp(label, "O");
    for (i = 0; i < o->ignore_count; i++)
        if (!strcmp(o->ignore_labels[i], label)) return 1;
    return 0;
}

/* Appends an entity made of `units` under `label`. */
static tc_status tc__tag_emit(tc_tagger *g, tc__buf *to, const tc__unit *units, size_t n,
                              const char *label, int decode) {
    tc__found f;
    size_t i, length = units[0].word.length;
    float sum = 0;
    tc_status status = TC_OK;
    if (tc__tag_ignored(&g->options, label)) return TC_OK;
    memset(&f, 0, sizeof f);
    for (i = 0; i < n; i++) sum += units[i].score;
    f.entity.label = label;
    f.entity.score = sum / (float)n;
    f.entity.index = units[0].index;
    f.entity.start = units[0].start;
    f.entity.end = units[n - 1].end;
    f.word = g->text.used;
    if (decode)
        status = tc__tag_decode(g, units, n, &f.word, &length);
    else
        status = tc__mem_append(&g->env, &g->text, units[0].word.data, length);
    f.entity.word.length = length;
    return status ? status : tc__mem_append(&g->env, to, &f, sizeof f);
}

/* Groups neighbouring units of one type, section 6 of the spec file. */
static tc_status tc__tag_group(tc_tagger *g, tc__buf *to) {
    const tc__unit *units = TC__AT(g->units, tc__unit);
    size_t n = TC__ITEMS(g->units, tc__unit), first, last;
    tc_status status = TC_OK;
    for (first = 0; first < n && !status; first = last) {
        const char *label = g->model->labels[units[first].label], *dash = strchr(label, '-'),
                   *type;
        int begins;
        type = tc__tag_type(label, &begins);
        for (last = first + 1; last < n; last++) {
            const char *other = tc__tag_type(g->model->labels[units[last].label], &begins);
            if (begins || strcmp(type, other)) break;
        }
        status = tc__tag_emit(g, to, units + first, last - first, dash ? dash + 1 : label, 1);
    }
    return status;
}

/* The words of strategy first, average or max point into the text, which decoding groups moves:
 * they are copied to a place of their own first. */
static tc_status tc__tag_pin(tc_tagger *g) {
    tc__unit *units = TC__AT(g->units, tc__unit);
    size_t n = TC__ITEMS(g->units, tc__unit), i, at = 0, from = g->text.used;
    g->groups.used = 0;
    for (i = 0; i < n; i++)
        if (tc__mem_append(&g->env, &g->groups, units[i].word.data, units[i].word.length))
            return TC_ERROR_MEMORY;
    if (n) from = (size_t)(units[0].word.data - g->text.data);
    for (i = 0; i < n; i++) {
        units[i].word.data = g->groups.data + at;
        at += units[i].word.length;
    }
    g->text.used = from;
    return TC_OK;
}

/* The entities of the units at hand, appended to `to`. */
static tc_status tc__tag_entities(tc_tagger *g, tc__buf *to) {
    tc_aggregation how = g->options.aggregation;
    tc_status status = TC_OK;
    size_t i;
    if (how != TC_AGGREGATION_NONE && how != TC_AGGREGATION_SIMPLE) {
        status = tc__tag_words(g);
        if (!status) status = tc__tag_pin(g);
    }
    if (!status) status = tc__tag_choose(g);
    if (status || how != TC_AGGREGATION_NONE) return status ? status : tc__tag_group(g, to);
    for (i = 0; i < TC__ITEMS(g->units, tc__unit) && !status; i++) {
        const tc__unit *u = TC__AT(g->units, tc__unit) + i;
        status = tc__tag_emit(g, to, u, 1, g->model->labels[u->label], 0);
    }
    return status;
}

/* Stable, by start; `order` holds places of x. */
static void tc__tag_sort(const tc__found *x, uint32_t *order, uint32_t *spare, size_t n) {
    size_t half = n / 2, i = 0, j = half, k = 0;
    if (n < 2) return;
    tc__tag_sort(x, order, spare, half);
    tc__tag_sort(x, order + half, spare, n - half);
    while (i < half || j < n)
        spare[k++] = j == n || (i < half &&
                                x[order[i]].entity.start.byte <= x[order[j]].entity.start.byte)
                         ? order[i++]
                         : order[j++];
    memcpy(order, spare, n * sizeof *order);
}

/* Entities of several windows: of two that overlap the longer stays, then the more probable. */
static tc_status tc__tag_merge(tc_tagger *g) {
    size_t n = TC__ITEMS(g->merged, tc__found), i;
    const tc__found *x = TC__AT(g->merged, const tc__found);
    tc__found best;
    uint32_t *order;
    tc_status status = TC_OK;
    if (!n) return TC_OK;
    g->states.used = 0;
    if (tc__mem_reserve(&g->env, &g->states, n * 2 * sizeof *order)) return TC_ERROR_MEMORY;
    order = TC__AT(g->states, uint32_t);
    for (i = 0; i < n; i++) order[i] = (uint32_t)i;
    tc__tag_sort(x, order, order + n, n);
    best = x[order[0]];
    for (i = 1; i < n && !status; i++) {
        const tc_entity *a = &best.entity, *b = &x[order[i]].entity;
        if (a->start.codepoint <= b->start.codepoint && b->start.codepoint < a->end.codepoint) {
            uint32_t la = a->end.codepoint - a->start.codepoint,
                     lb = b->end.codepoint - b->start.codepoint;
            if (lb > la || (lb == la && b->score > a->score)) best = x[order[i]];
        } else {
            status = tc__mem_append(&g->env, &g->found, &best, sizeof best);
            best = x[order[i]];
        }
    }
    return status ? status : tc__mem_append(&g->env, &g->found, &best, sizeof best);
}

/* The label of every input word: of its first piece, or of the word as a whole. */
static tc_status tc__tag_word_labels(tc_tagger *g, tc_string sentence, const tc_input *input,
                                     const tc__entry *entry) {
    tc__unit *units, word;
    size_t n, first, last, count = 0, at = g->word_labels.used;
    int32_t none = -1, *labels;
    tc_status status = tc__tag_union(g, sentence, entry);
    n = TC__ITEMS(g->units, tc__unit);
    if (!status) status = tc__tag_means(g);
    for (first = 0; first < input->word_count && !status; first++)
        status = tc__mem_append(&g->env, &g->word_labels, &none, sizeof none);
    if (status) return status;
    labels = (int32_t *)(void *)(g->word_labels.data + at);
    units = TC__AT(g->units, tc__unit);
    for (first = 0; first < n; first = last) {
        for (last = first + 1; last < n && units[last].owner == units[first].owner;) last++;
        status = tc__tag_word(g, units + first, last - first, &word);
        if (status) return status;
        units[count++] = word;
    }
    g->units.used = count * sizeof *units;
    status = tc__tag_choose(g);
    for (first = 0; first < count; first++) labels[units[first].owner] = units[first].label;
    return status;
}

/* All results of one input, behind the ones before. */
static tc_status tc__tag_input(tc_tagger *g, const tc_input *input, tc__entry *entry) {
    const tc__span *spans = TC__AT(g->spans, tc__span) + entry->first_span;
    tc_string sentence;
    size_t i, out;
    tc__found *found;
    tc_status status = tc__tag_sentence(g, input, &sentence);
    entry->first_found = TC__ITEMS(g->found, tc__found);
    if (entry->spans == 1 || g->options.aggregation == TC_AGGREGATION_NONE) {
        if (!status) status = tc__tag_union(g, sentence, entry);
        if (!status) status = tc__tag_entities(g, &g->found);
    } else {
        g->merged.used = 0;
        for (i = 0; i < entry->spans && !status; i++) {
            status = tc__tag_window(g, sentence, &spans[i]);
            if (!status) status = tc__tag_entities(g, &g->merged);
        }
        if (!status) status = tc__tag_merge(g);
    }
    found = TC__AT(g->found, tc__found);
    for (i = out = entry->first_found; i < TC__ITEMS(g->found, tc__found); i++)
        if (!(g->options.min_score > 0) || found[i].entity.score >= g->options.min_score)
            found[out++] = found[i];
    g->found.used = out * sizeof *found;
    entry->found = out - entry->first_found;
    entry->first_label = TC__ITEMS(g->word_labels, int32_t);
    entry->labels = input->words ? input->word_count : 0;
    entry->has_labels = input->words != NULL;
    if (!status && input->words) status = tc__tag_word_labels(g, sentence, input, entry);
    return status;
}

typedef struct tc__block { /* a result as it was allocated */
    tc_env env;
    size_t size;
    tc_result result;
} tc__block;

/* Copies everything found into one block: inputs, entities, labels of words, words and labels
 * of entities. */
static tc_status tc__tag_result(tc_tagger *g, size_t count, tc_result **out) {
    const tc__entry *entries = TC__AT(g->inputs, const tc__entry);
    const tc__found *found = TC__AT(g->found, const tc__found);
    size_t n = TC__ITEMS(g->found, tc__found), i, length;
    size_t size = sizeof(tc__block) + count * sizeof(tc_entities) + n * sizeof(tc_entity) +
                  g->word_labels.used + g->text.used + n;
    tc__block *block;
    tc_entities *inputs;
    tc_entity *entities;
    int32_t *labels;
    char *text;
    for (i = 0; i < n; i++) size += strlen(found[i].entity.label) + 1;
    block = (tc__block *)tc__mem_realloc(&g->env, NULL, 0, size);
    if (!block) return TC_ERROR_MEMORY;
    inputs = (tc_entities *)(void *)(block + 1);
    entities = (tc_entity *)(void *)(inputs + count);
    labels = (int32_t *)(void *)(entities + n);
    text = (char *)labels + g->word_labels.used;
    if (g->word_labels.used) memcpy(labels, g->word_labels.data, g->word_labels.used);
    for (i = 0; i < n; i++) {
        entities[i] = found[i].entity;
        entities[i].word.data = text;
        if (entities[i].word.length)
            memcpy(text, g->text.data + found[i].word, entities[i].word.length);
        text += entities[i].word.length;
        *text++ = 0;
        entities[i].label = text;
        length = strlen(found[i].entity.label) + 1;
        memcpy(text, found[i].entity.label, length);
        text += length;
    }
    for (i = 0; i < count; i++) {
        inputs[i].entities = entities + entries[i].first_found;
        inputs[i].count = entries[i].found;
        inputs[i].word_labels = entries[i].has_labels ? labels + entries[i].first_label : NULL;
        inputs[i].truncated = entries[i].truncated;
    }
    block->env = g->env;
    block->size = size;
    block->result.inputs = inputs;
    block->result.count = count;
    block->result.not_finite = g->not_finite;
    *out = &block->result;
    return TC_OK;
}

/* Puts the number of the input before the message of a failure. */
static tc_status tc__tag_failed(tc_tagger *g, tc_status status, size_t input) {
    tc_diag copy, *d = g->env.diag;
    if (status == TC_ERROR_MEMORY || !d)
        return status == TC_ERROR_MEMORY ? tc__diag_memory(d) : status;
    copy = *d;
    return tc__diag_fail(d, status, copy.offset, "input %u: %s", (uint64_t)input, copy.message);
}

static tc_status tc__tag_run(tc_tagger *g, const tc_input *inputs, size_t count,
                             tc_result **out) {
    tc_status status;
    size_t i;
    g->tokens.used = g->spans.used = g->found.used = g->text.used = g->word_labels.used =
        g->inputs.used = g->probabilities.used = 0;
    g->input = inputs;
    g->count = count;
    g->next = 0;
    g->not_finite = 0;
    g->status = TC_OK;
    if (g->options.has_stride && g->options.aggregation == TC_AGGREGATION_NONE)
        return tc__diag_fail(g->env.diag, TC_ERROR_ARGUMENT, 0,
                             "a stride needs an aggregation strategy other than none");
    status = tc__tag_predict(g);
    if (g->status) return tc__tag_failed(g, g->status, g->next);
    if (status) return status == TC_ERROR_MEMORY ? tc__diag_memory(g->env.diag) : status;
    for (i = 0; i < count; i++) {
        status = tc__tag_input(g, &inputs[i], TC__AT(g->inputs, tc__entry) + i);
        if (status) return tc__tag_failed(g, status, i);
    }
    status = tc__tag_result(g, count, out);
    return status ? tc__diag_memory(g->env.diag) : TC_OK;
}

static void tc__tag_free(tc_tagger *g) {
    tc_env env;
    if (!g) return;
    env = g->env;
    tc__encode_free(g->encoding);
    tc__fwd_free(g->session);
    {
        tc__buf *all[] = {&g->tokens,        &g->spans,   &g->ids,      &g->types,  &g->lengths,
                          &g->probabilities, &g->places,  &g->sentence, &g->units,  &g->words,
                          &g->groups,        &g->strings, &g->found,    &g->merged, &g->text,
                          &g->word_labels,   &g->states,  &g->means,    &g->inputs};
        tc__mem_drop_all(&env, all, sizeof all / sizeof *all);
    }
    tc__mem_free(&env, g->schemes, g->model->info.num_labels * sizeof *g->schemes);
    tc__model_free(g->owned);
    tc__mem_free(&env, g, sizeof *g);
}

static tc_status tc__tag_create(const tc_model *m, const tc_env *env, tc_tagger **out) {
    tc_tagger *g;
    tc_status status = tc__model_tags(m, env->diag);
    *out = NULL;
    if (status) return status;
    g = (tc_tagger *)tc__mem_zero(env, sizeof *g);
    if (!g) return tc__diag_memory(env->diag);
    g->env = *env;
    g->model = m;
    g->schemes = (tc__scheme *)tc__mem_zero(env, m->info.num_labels * sizeof *g->schemes);
    status = g->schemes ? tc__encode_create(&m->tokenizer, env, &g->encoding) : TC_ERROR_MEMORY;
    if (!status) status = tc__tag_scheme(g);
    if (status) tc__diag_memory(env->diag);
    if (!status) status = tc__fwd_create(m, env, &g->session);
    if (status) {
        tc__tag_free(g);
        return status;
    }
    *out = g;
    return TC_OK;
}

/* ======================================================================== 59-eval
 * Sentences as the model sees them, and its scores on labelled data (trainer.md sections 8
 * to 10). */

/* Sequences of one batch of sentences. A sentence beyond the limit becomes several windows, in
 * one of which each of its words counts. */
struct tc_batcher {
    tc_env env;
    tc_dataset *data;
    tc_encoding *encoding;
    uint32_t limit, stride;
    int all;                             /* every piece of a word has its label */
    tc__buf label_ids;                   /* of the data's labels, int32 */
    tc__buf ids, types, labels, lengths; /* as tc_labelled */
    tc__buf owners; /* [T] uint32, for the first piece of a word that counts here its number in
                       the batch + 1, else 0 */
    tc__buf best; /* of the sentence at hand: for each word window and distance from an edge */
    tc__buf gold; /* [words] int32, label ids of the batch */
    tc__buf inside; /* [C] int32, I-X for B-X, else the label itself */
    size_t words;   /* in the batch */
};

typedef struct tc__choice {
    uint32_t window, edge; /* edge + 1, 0: the word has no token yet */
} tc__choice;

static void tc__eval_drop(tc_batcher *f) {
    tc__encode_free(f->encoding);
    tc__mem_drop(&f->env, &f->ids);
    tc__mem_drop(&f->env, &f->types);
    tc__mem_drop(&f->env, &f->labels);
    tc__mem_drop(&f->env, &f->lengths);
    tc__mem_drop(&f->env, &f->owners);
    tc__mem_drop(&f->env, &f->best);
    tc__mem_drop(&f->env, &f->gold);
    tc__mem_drop(&f->env, &f->inside);
    tc__mem_drop(&f->env, &f->label_ids);
}

/* b_to_i: B-X becomes I-X where the model has that label. */
static tc_status tc__eval_inside(tc_batcher *f, const tc_model *m) {
    uint32_t i, j, C = m->info.num_labels;
    tc_status status = TC_OK;
    for (i = 0; i < C && !status; i++) {
        const char *label = m->labels[i];
        int32_t id = (int32_t)i;
        for (j = 0; j < C && label[0] == 'B' && label[1] == '-'; j++)
            if (m->labels[j][0] == 'I' && !strcmp(m->labels[j] + 1, label + 1)) id = (int32_t)j;
        status = tc__mem_append(&f->env, &f->inside, &id, sizeof id);
    }
    return status;
}

static void tc__eval_clear(tc_batcher *f) {
    f->ids.used = f->types.used = f->labels.used = f->lengths.used = f->owners.used = 0;
    f->gold.used = 0;
    f->words = 0;
}

/* Whether token i of the sentence is the first of its word. */
TC__INLINE int tc__eval_first(const tc_token *all, size_t i) {
    return !i || all[i - 1].word != all[i].word;
}

/* Finds for each word the window in which its first piece stands farthest from an edge. */
static tc_status tc__eval_choose(tc_batcher *f, size_t words) {
    const tc_token *all = TC__AT(f->encoding->sequence[0], const tc_token);
    const tc__range *ranges = TC__AT(f->encoding->parts[0], const tc__range);
    size_t windows = tc__encode_window_count(f->encoding), w, i, count;
    tc__choice *best;
    f->best.used = 0;
    if (tc__mem_reserve(&f->env, &f->best, words * sizeof *best)) return TC_ERROR_MEMORY;
    best = TC__AT(f->best, tc__choice);
    memset(best, 0, words * sizeof *best);
    for (w = 0; w < windows; w++) {
        const tc_token *tokens = tc__encode_tokens(f->encoding, w, &count);
        size_t inside = 0, place = 0, edge;
        for (i = 0; i < count; i++) inside += !tokens[i].special;
        for (i = 0; i < count; i++) {
            tc__choice *b;
            if (tokens[i].special) continue;
            b = &best[tokens[i].word];
            edge = place < inside - 1 - place ? place : inside - 1 - place;
            if (tc__eval_first(all, ranges[w].first + place) && edge + 1 > b->edge) {
                b->window = (uint32_t)w;
                b->edge = (uint32_t)edge + 1;
            }
            place++;
        }
    }
    return TC_OK;
}

static tc_status tc__eval_token(tc_batcher *f, const tc_token *k, int32_t label,
                                uint32_t owner) {
    tc_status status = tc__mem_append(&f->env, &f->ids, &k->id, 4);
    if (!status) status = tc__mem_append(&f->env, &f->types, &k->type, 1);
    if (!status) status = tc__mem_append(&f->env, &f->labels, &label, 4);
    return status ? status : tc__mem_append(&f->env, &f->owners, &owner, 4);
}

/* Appends the windows of a sentence of n words that is encoded, with their label ids. */
static tc_status tc__eval_windows(tc_batcher *f, const int32_t *labels, size_t n) {
    const int32_t *inside = TC__AT(f->inside, const int32_t);
    const tc_token *whole;
    const tc__choice *best;
    size_t w, i, count;
    tc_status status = tc__eval_choose(f, n);
    whole = TC__AT(f->encoding->sequence[0], const tc_token);
    best = TC__AT(f->best, const tc__choice);
    for (w = 0; !status && w < tc__encode_window_count(f->encoding); w++) {
        const tc_token *tokens = tc__encode_tokens(f->encoding, w, &count);
        size_t place = TC__AT(f->encoding->parts[0], const tc__range)[w].first;
        uint32_t length = (uint32_t)count;
        if (!count) continue;
        for (i = 0; i < count && !status; i++) {
            int32_t label = -100, word = tokens[i].word;
            uint32_t owner = 0;
            if (!tokens[i].special) {
                int first = tc__eval_first(whole, place++);
                if (best[word].window == w && best[word].edge) {
                    label = first ? labels[word] : f->all ? inside[labels[word]] : -100;
                    owner = first ? (uint32_t)(f->words + (size_t)word + 1) : 0;
                }
            }
            status = tc__eval_token(f, &tokens[i], label, owner);
        }
        if (!status) status = tc__mem_append(&f->env, &f->lengths, &length, 4);
    }
    f->words += n;
    return status;
}

/* ---- labels of the data as ids of the model ---- */

static const char *tc__eval_mapped(const char *label, const tc_label_map *map, size_t count) {
    size_t k;
    for (k = 0; k < count; k++)
        if (!strcmp(map[k].from, label)) return map[k].to;
    return label;
}

/* The model's id of a label; -1 if it has none. */
static int32_t tc__eval_label(const tc_model *m, const char *label) {
    uint32_t i;
    for (i = 0; i < m->info.num_labels; i++)
        if (!strcmp(m->labels[i], label)) return (int32_t)i;
    return -1;
}

/* Whether another label of the data before label i is read as the same one. */
static int tc__eval_repeated(const tc_dataset *d, uint32_t i, const tc_label_map *map,
                             size_t count) {
    const char *label = tc__eval_mapped(d->info.labels[i], map, count);
    uint32_t k;
    for (k = 0; k < i; k++)
        if (!strcmp(tc__eval_mapped(d->info.labels[k], map, count), label)) return 1;
    return 0;
}

/* ids [num_labels of the data]; a label that the model lacks is an error that lists all. */
static tc_status tc__eval_labels(const tc_model *m, const tc_dataset *d,
                                 const tc_label_map *map, size_t count, const tc_env *env,
                                 tc__buf *ids) {
    char list[160];
    size_t n = 0;
    uint32_t i, missing = 0;
    tc_status status = TC_OK;
    ids->used = 0;
    for (i = 0; i < d->info.num_labels && !status; i++) {
        const char *label = tc__eval_mapped(d->info.labels[i], map, count);
        int32_t id = tc__eval_label(m, label);
        size_t length = strlen(label);
        status = tc__mem_append(env, ids, &id, sizeof id);
        if (id >= 0) continue;
        missing++;
        if (n + length + 3 < sizeof list) {
            if (tc__eval_repeated(d, i, map, count)) continue;
            if (n) memcpy(list + n, ", ", 2), n += 2;
            memcpy(list + n, label, length);
            n += length;
        } else if (n + 4 < sizeof list && (!n || list[n - 1] != '.')) {
            memcpy(list + n, "...", 3);
            n += 3;
        }
    }
    list[n] = 0;
    if (missing && !status)
        return tc__diag_fail(env->diag, TC_ERROR_ARGUMENT, 0,
                             "the model lacks labels of the data: %s; a map can read them as "
                             "others, or as O",
                             list);
    return status;
}

/* Appends the ids of a sentence's labels. */
static tc_status tc__eval_ids(tc_batcher *f, const tc_sentence *s) {
    const tc_data_info *n = &f->data->info;
    const int32_t *ids = TC__AT(f->label_ids, const int32_t);
    size_t i;
    tc_status status = TC_OK;
    for (i = 0; i < s->count && !status; i++) {
        size_t low = 0, high = n->num_labels;
        while (high - low > 1) {
            size_t middle = (low + high) / 2;
            const char *name = n->labels[middle];
            if (tc__tok_compare(s->labels[i], tc__tok_string(name, strlen(name))) < 0)
                high = middle;
            else
                low = middle;
        }
        status = tc__mem_append(&f->env, &f->gold, ids + low, sizeof *ids);
    }
    return status;
}

/* ---- batches ---- */

/* What stays the same for all batches. Zeroed by the caller; tc__eval_drop also after a
 * failure. */
static tc_status tc__eval_batcher(tc_batcher *f, const tc_model *m, tc_dataset *data,
                                  const tc_label_map *map, size_t map_count,
                                  uint32_t max_length, const tc_env *env) {
    tc_status status = tc__model_tags(m, env->diag);
    f->env = *env;
    f->data = data;
    if (status) return status;
    f->limit = tc__model_limit(m, max_length);
    if (f->limit <= tc__encode_specials(&m->tokenizer, 0))
        return tc__diag_fail(env->diag, TC_ERROR_ARGUMENT, 0,
                             "max_length %u has no room beside the special tokens", f->limit);
    f->stride = tc__encode_stride(&m->tokenizer, f->limit);
    status = tc__encode_create(&m->tokenizer, env, &f->encoding);
    if (!status) status = tc__eval_inside(f, m);
    return status ? status : tc__eval_labels(m, data, map, map_count, env, &f->label_ids);
}

/* Adds a sentence to the batch. */
static tc_status tc__eval_add(tc_batcher *f, size_t index) {
    size_t gold = f->gold.used;
    tc_encode_options o;
    tc_input input;
    tc_sentence s;
    tc_status status = tc__data_sentence(f->data, index, &s);
    if (status) return status;
    memset(&o, 0, sizeof o);
    memset(&input, 0, sizeof input);
    o.max_length = f->limit;
    o.stride = f->stride;
    input.words = s.words;
    input.word_count = s.count;
    status = tc__eval_ids(f, &s);
    if (!status) status = tc__encode_run(f->encoding, &input, &o);
    if (status) return status;
    return tc__eval_windows(f, (const int32_t *)(const void *)(f->gold.data + gold), s.count);
}

/* ---- evaluation ---- */

typedef struct tc__evaluator {
    tc_env env;
    const tc_model *model;
    tc_session *session;
    tc_evaluate_options options;
    tc_batcher batch;
    tc__buf logits, chosen;         /* [T, C]; [words] int32, -1 for a word without pieces */
    tc__buf gold, predicted, shown; /* tc_string: of the words that count; of all */
    size_t most_tokens;             /* in one run of it */
} tc__evaluator;

static void tc__eval_free(tc__evaluator *e) {
    tc__eval_drop(&e->batch);
    tc__mem_drop(&e->env, &e->logits);
    tc__mem_drop(&e->env, &e->chosen);
    tc__mem_drop(&e->env, &e->gold);
    tc__mem_drop(&e->env, &e->predicted);
    tc__mem_drop(&e->env, &e->shown);
}

/* Zeroed by the caller; tc__eval_free also after a failure. */
static tc_status tc__eval_open(tc__evaluator *e, const tc_model *m, tc_session *s,
                               tc_dataset *d, const tc_evaluate_options *o, const tc_env *env) {
    e->env = *env;
    e->model = m;
    e->session = s;
    e->options = *o;
    e->most_tokens = 512;
    e->batch.all = o->label_all_tokens;
    return tc__eval_batcher(&e->batch, m, d, o->map, o->map_count, o->max_length, env);
}

/* Makes sentences [first, last) the batch. */
static tc_status tc__eval_batch(tc__evaluator *e, size_t first, size_t last) {
    tc_status status = TC_OK;
    tc__eval_clear(&e->batch);
    for (; first < last && !status; first++) status = tc__eval_add(&e->batch, first);
    return status;
}

/* Room for the logits of the batch, and a label of each word. */
static tc_status tc__eval_room(tc__evaluator *e) {
    const uint64_t T = TC__ITEMS(e->batch.ids, int32_t), C = e->model->info.num_labels;
    tc_status status;
    e->logits.used = e->chosen.used = 0;
    status = tc__mem_reserve(&e->env, &e->logits, T * C * sizeof(float));
    return status ? status
                  : tc__mem_reserve(&e->env, &e->chosen, e->batch.words * sizeof(int32_t));
}

/* Logits of the batch, in runs of a limited number of tokens. */
static tc_status tc__eval_predict(tc__evaluator *e) {
    const uint32_t *lengths = TC__AT(e->batch.lengths, const uint32_t);
    size_t n = TC__ITEMS(e->batch.lengths, uint32_t), C = e->model->info.num_labels, i, first;
    size_t at = 0, tokens;
    tc_status status = tc__eval_room(e);
    for (first = 0; first < n && !status; first = i, at += tokens) {
        tc_outputs out;
        tc_batch b;
        for (i = first, tokens = 0;
             i < n && (i == first || tokens + lengths[i] <= e->most_tokens); i++)
            tokens += lengths[i];
        memset(&out, 0, sizeof out);
        out.logits = TC__AT(e->logits, float) + at * C;
        b.ids = TC__AT(e->batch.ids, const int32_t) + at;
        b.types = TC__AT(e->batch.types, const uint8_t) + at;
        b.lengths = lengths + first;
        b.sequences = i - first;
        status = tc__fwd_run(e->session, &b, &out);
    }
    return status;
}

/* The mean loss of the batch; the label of each word with pieces into e->chosen. */
static void tc__eval_read(tc__evaluator *e, double *loss) {
    const int32_t *labels = TC__AT(e->batch.labels, const int32_t);
    const uint32_t *owners = TC__AT(e->batch.owners, const uint32_t);
    size_t T = TC__ITEMS(e->batch.ids, int32_t), C = e->model->info.num_labels, i, j;
    float *x = TC__AT(e->logits, float);
    uint64_t active = 0;
    int32_t *chosen = TC__AT(e->chosen, int32_t);
    *loss = 0;
    for (i = 0; i < e->batch.words; i++) chosen[i] = -1;
    for (i = 0; i < T; i++, x += C) {
        size_t top = 0;
        for (j = 1; j < C; j++)
            if (x[j] > x[top]) top = j;
        if (owners[i]) chosen[owners[i] - 1] = (int32_t)top;
        if (labels[i] < 0) continue;
        active++;
        *loss += tc__loss_row(e->session->ops, x, (uint32_t)C, (uint32_t)labels[i],
                              (float)e->options.label_smoothing, 0);
    }
    *loss /= (double)(active ? active : 1);
}

static tc_status tc__eval_string(tc__evaluator *e, tc__buf *to, int32_t label) {
    tc_string s = tc__tok_string("", 0);
    if (label >= 0)
        s = tc__tok_string(e->model->labels[label], strlen(e->model->labels[label]));
    return tc__mem_append(&e->env, to, &s, sizeof s);
}

/* Scores sentence `index`, whose words begin at `first` of the batch; *lost are those without
 * pieces, which the reference does not count either. */
static tc_status tc__eval_sentence(tc__evaluator *e, tc_scores *scores, size_t index,
                                   size_t *first, uint64_t *lost) {
    const int32_t *gold = TC__AT(e->batch.gold, const int32_t) + *first,
                  *chosen = TC__AT(e->chosen, const int32_t) + *first;
    tc_sentence s;
    size_t i;
    tc_status status = tc__data_sentence(e->batch.data, index, &s);
    e->gold.used = e->predicted.used = e->shown.used = 0;
    for (i = 0; i < s.count && !status; i++) {
        status = tc__eval_string(e, &e->shown, chosen[i]);
        *lost += chosen[i] < 0;
        if (chosen[i] < 0 || status) continue;
        status = tc__eval_string(e, &e->gold, gold[i]);
        if (!status) status = tc__eval_string(e, &e->predicted, chosen[i]);
    }
    if (!status && scores)
        status =
            tc__score_add(scores, TC__AT(e->gold, const tc_string),
                          TC__AT(e->predicted, const tc_string), TC__ITEMS(e->gold, tc_string));
    if (!status && e->options.sentence)
        status =
            e->options.sentence(e->options.user, index, &s, TC__AT(e->shown, const tc_string));
    *first += s.count;
    return status;
}

/* The whole data set, or what of it `progress` lets pass: eval_loss is the mean over batches
 * weighted by sentences. */
static tc_status tc__eval_run(tc__evaluator *e, tc_scores *scores, tc_evaluation *out) {
    size_t n = e->batch.data->info.sentences, at, i, batch = e->options.batch_size;
    double sum = 0, loss;
    tc_status status = TC_OK;
    memset(out, 0, sizeof *out);
    for (at = 0; at < n && !status; at += batch) {
        size_t last = n - at < batch ? n : at + batch, first = 0;
        status = tc__eval_batch(e, at, last);
        if (!status) status = tc__eval_predict(e);
        if (status) break;
        tc__eval_read(e, &loss);
        sum = fma(loss, (double)(last - at), sum);
        out->tokens += TC__ITEMS(e->batch.ids, int32_t);
        out->windows += TC__ITEMS(e->batch.lengths, uint32_t);
        for (i = at; i < last && !status; i++)
            status = tc__eval_sentence(e, scores, i, &first, &out->lost);
        out->sentences = last;
        out->words += first;
        if (!status && e->options.progress && e->options.progress(e->options.user, last, n))
            break;
    }
    out->loss = out->sentences ? sum / (double)out->sentences : 0;
    return status;
}

#ifndef TC_NO_TRAIN
/* ========================================================================= 60-run
 * The whole training: order of the data, updates, evaluation, the best model, checkpoints
 * (trainer.md sections 2, 3, 7). */

typedef struct tc__state { /* what a checkpoint holds beside weights and moments */
    uint64_t print, step, live;
    uint64_t rate;              /* the bits of the learning rate, inverted: 0 is none */
    double loss_sum, since_sum; /* of the losses of all updates, of those since evaluation */
    uint64_t since;
    double best;
    uint64_t best_step, worse; /* 0: none yet; evaluations without a new best */
    uint64_t checksums[4];     /* m, v, row_m, row_v */
} tc__state;

typedef struct tc__size { /* of a sentence or a batch */
    uint64_t tokens, windows, words;
} tc__size;

typedef struct tc__run {
    tc_trainer *t;
    const tc_train_run *how;
    tc_batcher batch;
    tc__evaluator dev;
    tc__buf sizes;             /* tc__size of each sentence */
    uint32_t *order;           /* [sentences of a pass] */
    size_t pass;               /* sentences of a pass */
    uint64_t batches, updates; /* of a pass */
    uint64_t passes;
    tc_scores *scores;
    uint64_t print;   /* of options and data: a checkpoint must have the same */
    tc__file resumed; /* the checkpoint, until it is read */
    tc__state state;
} tc__run;

static void tc__run_free(tc__run *r) {
    const tc_env *env = &r->t->env;
    tc__eval_drop(&r->batch);
    tc__eval_free(&r->dev);
    tc__mem_drop(env, &r->sizes);
    tc__mem_free(env, r->order, r->pass * sizeof *r->order);
    tc__score_free(r->scores);
    tc__file_close(env, &r->resumed);
}

/* ---- order ---- */

/* The order of pass `e`: as given, or torch's permutation of seed + e. */
static void tc__run_order(tc__run *r, uint64_t e) {
    if (r->how->order)
        memcpy(r->order, r->how->order, r->pass * sizeof *r->order);
    else
        tc__rng_permutation(r->order, (uint32_t)r->pass, r->t->options.seed + (uint32_t)e);
}

static tc_status tc__run_sizes(tc__run *r) {
    tc_status status = TC_OK;
    size_t i, k;
    for (i = 0; i < r->how->train->info.sentences && !status; i++) {
        tc__size size = {0, 0, 0};
        tc__eval_clear(&r->batch);
        status = tc__eval_add(&r->batch, i);
        size.windows = TC__ITEMS(r->batch.lengths, uint32_t);
        size.words = r->batch.words;
        for (k = 0; k < size.windows; k++) size.tokens += TC__AT(r->batch.lengths, uint32_t)[k];
        if (!status) status = tc__mem_append(&r->t->env, &r->sizes, &size, sizeof size);
    }
    return status;
}

/* Passes whose order is drawn to find the largest micro-batch: with more it is bounded. */
enum { TC__PASSES_DRAWN = 1000 };

static void tc__run_largest(const tc__size *size, uint64_t times, tc__size *most) {
    if (size->tokens * times > most->tokens) most->tokens = size->tokens * times;
    if (size->windows * times > most->windows) most->windows = size->windows * times;
    if (size->words * times > most->words) most->words = size->words * times;
}

/* The largest micro-batch of the whole run, and room for it. */
static tc_status tc__run_measure(tc__run *r, tc__size *most) {
    tc_batcher *b = &r->batch;
    tc_status status = tc__run_sizes(r);
    uint64_t e, drawn = r->passes;
    size_t i, batch = tc__mem_least(r->t->options.batch_size, r->pass);
    memset(most, 0, sizeof *most);
    if (r->how->order) {
        drawn = 1;
    } else if (drawn > TC__PASSES_DRAWN) {
        drawn = 0;
        for (i = 0; i < r->pass && !status; i++)
            tc__run_largest(TC__AT(r->sizes, const tc__size) + i, batch, most);
    }
    for (e = 0; e < drawn && !status; e++) {
        tc__size sum = {0, 0, 0};
        tc__run_order(r, e);
        for (i = 0; i < r->pass; i++) {
            const tc__size *one = TC__AT(r->sizes, const tc__size) + r->order[i];
            if (i % r->t->options.batch_size == 0) memset(&sum, 0, sizeof sum);
            sum.tokens += one->tokens;
            sum.windows += one->windows;
            sum.words += one->words;
            tc__run_largest(&sum, 1, most);
        }
    }
    if (!status) status = tc__mem_reserve(&b->env, &b->ids, most->tokens * 4);
    if (!status) status = tc__mem_reserve(&b->env, &b->types, most->tokens);
    if (!status) status = tc__mem_reserve(&b->env, &b->labels, most->tokens * 4);
    if (!status) status = tc__mem_reserve(&b->env, &b->owners, most->tokens * 4);
    if (!status) status = tc__mem_reserve(&b->env, &b->lengths, most->windows * 4);
    if (!status) status = tc__mem_reserve(&b->env, &b->gold, most->words * 4);
    if (!most->tokens) most->tokens = most->windows = 1;
    return status;
}

/* Runs over the development set once without the model, so that nothing is allocated later;
 * *longest is its longest sequence. */
static tc_status tc__run_measure_dev(tc__run *r, size_t *longest) {
    tc__evaluator *e = &r->dev;
    size_t n = r->how->dev->info.sentences, at, i;
    tc_status status = TC_OK;
    for (at = 0; at < n && !status; at += e->options.batch_size) {
        size_t last = n - at < e->options.batch_size ? n : at + e->options.batch_size;
        status = tc__eval_batch(e, at, last);
        for (i = 0; i < TC__ITEMS(e->batch.lengths, uint32_t); i++)
            if (TC__AT(e->batch.lengths, uint32_t)[i] > *longest)
                *longest = TC__AT(e->batch.lengths, uint32_t)[i];
        if (!status) status = tc__eval_room(e);
    }
    if (!status)
        status = tc__score_reserve(r->scores, r->t->model->labels, r->t->model->info.num_labels,
                                   r->how->dev->info.longest);
    n = r->how->dev->info.longest * sizeof(tc_string);
    if (!status) status = tc__mem_reserve(&e->env, &e->gold, n);
    if (!status) status = tc__mem_reserve(&e->env, &e->predicted, n);
    if (!status) status = tc__mem_reserve(&e->env, &e->shown, n);
    return status;
}

/* ---- plan ---- */

static uint64_t tc__run_add(uint64_t h, const void *data, size_t size) {
    uint64_t two[2];
    two[0] = h;
    two[1] = tc__bytes_checksum(data, size);
    return tc__bytes_checksum(two, sizeof two);
}

/* What must be equal for a run to be gone on with. */
static uint64_t tc__run_print(const tc__run *r) {
    const tc_train_options *o = &r->t->options;
    const tc_train_run *w = r->how;
    const double reals[] = {o->learning_rate, o->weight_decay,      o->epochs,
                            o->warmup_ratio,  o->adam_beta1,        o->adam_beta2,
                            o->adam_epsilon,  o->max_grad_norm,     o->label_smoothing,
                            o->dropout,       o->attention_dropout, o->layer_decay};
    const uint64_t numbers[] = {o->max_steps,
                                o->batch_size,
                                o->accumulation,
                                o->eval_batch_size,
                                (uint64_t)o->schedule,
                                o->warmup_steps,
                                o->seed,
                                o->max_length,
                                (uint64_t)o->label_all_tokens,
                                (uint64_t)o->freeze_embeddings,
                                o->freeze_layers,
                                w->eval_steps,
                                (uint64_t)w->best,
                                w->patience,
                                w->dev != NULL,
                                (uint64_t)w->train->info.column,
                                w->dev ? (uint64_t)w->dev->info.column : 0,
                                r->t->session->ops->level == TC_LEVEL_BASE, /* no FMA */
                                r->t->session->split ? (uint64_t)r->t->session->ops->level : 0,
                                r->t->params.n,
                                r->t->params.V};
    uint64_t h = tc__run_add(0, reals, sizeof reals);
    uint32_t i;
    h = tc__run_add(h, numbers, sizeof numbers);
    h = tc__run_add(h, w->train->text, w->train->size);
    if (w->dev) h = tc__run_add(h, w->dev->text, w->dev->size);
    if (w->order) h = tc__run_add(h, w->order, w->order_count * sizeof *w->order);
    for (i = 0; i < o->num_labels; i++) h = tc__run_add(h, o->labels[i], strlen(o->labels[i]));
    h = tc__run_add(h, r->batch.label_ids.data, r->batch.label_ids.used); /* as mapped */
    return w->dev ? tc__run_add(h, r->dev.batch.label_ids.data, r->dev.batch.label_ids.used)
                  : h;
}

/* Passes, batches and updates of a pass, updates in all: trainer.md section 2. */
static tc_status tc__run_plan(tc__run *r) {
    const tc_train_options *o = &r->t->options;
    const tc_train_run *w = r->how;
    size_t n = w->train->info.sentences, i;
    uint64_t total;
    if (!n || n > UINT32_MAX / 2)
        return tc__diag_fail(r->t->env.diag, TC_ERROR_ARGUMENT, 0,
                             "the training data has %u sentences", (uint64_t)n);
    if (w->order && !w->order_count)
        return tc__diag_fail(r->t->env.diag, TC_ERROR_ARGUMENT, 0, "the order is empty");
    for (i = 0; w->order && i < w->order_count; i++)
        if (w->order[i] >= n)
            return tc__diag_fail(r->t->env.diag, TC_ERROR_ARGUMENT, 0,
                                 "the order names sentence %u of %u", (uint64_t)w->order[i],
                                 (uint64_t)n);
    r->pass = w->order ? w->order_count : n;
    r->batches = (r->pass + o->batch_size - 1) / o->batch_size;
    r->updates = (r->batches + o->accumulation - 1) / o->accumulation;
    total = o->max_steps ? o->max_steps : (uint64_t)ceil(o->epochs * (double)r->updates);
    r->passes = (total + r->updates - 1) / r->updates;
    tc__train_plan(r->t, total);
    r->order = (uint32_t *)tc__mem_realloc(&r->t->env, NULL, 0, r->pass * sizeof *r->order);
    return r->order ? TC_OK : TC_ERROR_MEMORY;
}

static tc_status tc__run_open(tc__run *r) {
    tc_trainer *t = r->t;
    const tc_train_run *w = r->how;
    tc_evaluate_options o;
    tc__size most;
    size_t longest;
    tc_status status = tc__run_plan(r);
    r->batch.all = t->options.label_all_tokens;
    if (!status)
        status = tc__eval_batcher(&r->batch, t->model, w->train, w->map, w->map_count,
                                  t->options.max_length, &t->env);
    if (!status) status = tc__run_measure(r, &most);
    if (status) return status;
    longest = tc__mem_least(r->batch.limit, (size_t)most.tokens);
    if (w->dev) {
        tc_score_options scores;
        memset(&o, 0, sizeof o);
        memset(&scores, 0, sizeof scores);
        o.batch_size = t->options.eval_batch_size;
        o.max_length = t->options.max_length;
        o.label_smoothing = t->options.label_smoothing;
        o.label_all_tokens = t->options.label_all_tokens;
        o.map = w->map;
        o.map_count = w->map_count;
        o.progress = w->progress;
        o.user = w->user;
        status = tc__eval_open(&r->dev, t->model, t->session, w->dev, &o, &t->env);
        if (status) tc__diag_before(t->env.diag, "development data: ");
        if (!status) status = tc__score_create(&scores, &t->env, &r->scores);
        if (!status) status = tc__run_measure_dev(r, &longest);
    }
    if (!status) status = tc__train_reserve(t, most.tokens, most.windows, longest);
    if (!status && r->how->dev && t->max_tokens < r->dev.most_tokens)
        r->dev.most_tokens = t->max_tokens;
    r->print = tc__run_print(r);
    return status;
}

/* ---- checkpoints: a .tcm with two more sections ---- */

#ifndef TC_NO_STDIO
static tc_status tc__run_save(tc__run *r, const char *path) {
    tc_trainer *t = r->t;
    tc__params *p = &t->params;
    tc__state state = r->state;
    size_t rows = p->live_count * p->E;
    tc__part parts[6];
    uint32_t i;
    tc__params_flush(p);
    state.print = r->print;
    state.step = t->step;
    state.live = p->live_count;
    memcpy(&state.rate, &t->options.learning_rate, sizeof state.rate);
    state.rate = ~state.rate;
    parts[0].data = &state;
    parts[0].size = sizeof state;
    parts[1].data = p->live;
    parts[1].size = p->live_count * sizeof *p->live;
    parts[2].data = p->m;
    parts[3].data = p->v;
    parts[2].size = parts[3].size = p->n * sizeof *p->m;
    parts[4].data = p->row_m;
    parts[5].data = p->row_v;
    parts[4].size = parts[5].size = rows * sizeof *p->row_m;
    for (i = 0; i < 4; i++)
        state.checksums[i] = tc__bytes_checksum(parts[2 + i].data, parts[2 + i].size);
    return tc__write_checkpoint(t->writer, path, parts);
}

/* Copies the tensors of a checkpoint into the image. */
static tc_status tc__run_tensors(tc_trainer *t, const tc_model *from) {
    uint32_t i, layout;
    uint64_t checksum;
    tc_tensor_info a, b;
    for (i = 0; i < t->params.count; i++) {
        tc__model_entry(t->model, i, &a, &layout, &checksum);
        if (i < from->info.tensor_count) tc__model_entry(from, i, &b, &layout, &checksum);
        if (i >= from->info.tensor_count || strcmp(a.name, b.name) || a.size != b.size)
            return tc__diag_fail(t->env.diag, TC_ERROR_FORMAT, 0,
                                 "the checkpoint is of another model");
        if (tc__bytes_checksum(from->file.data + b.offset, (size_t)b.size) != checksum)
            return tc__diag_fail(t->env.diag, TC_ERROR_CHECKSUM, b.offset,
                                 "tensor %s of the checkpoint differs from its checksum",
                                 b.name);
        memcpy(t->writer->file.data + a.offset, from->file.data + b.offset, (size_t)b.size);
    }
    return TC_OK;
}

/* Moments and state, from the sections of a checkpoint. */
static tc_status tc__run_restore(tc__run *r, const tc__section *a, const tc__section *b) {
    tc_trainer *t = r->t;
    tc__params *p = &t->params;
    tc_diag *d = t->env.diag;
    size_t sizes[4], at = 0, i;
    float *to[4];
    const uint32_t *live;
    if (!a->data || !b->data || a->size < sizeof r->state)
        return tc__diag_fail(d, TC_ERROR_FORMAT, 0, "this is a model and no checkpoint");
    memcpy(&r->state, a->data, sizeof r->state);
    live = (const uint32_t *)(const void *)(a->data + sizeof r->state);
    if (r->state.print != r->print)
        return tc__diag_fail(d, TC_ERROR_ARGUMENT, 0,
                             "the checkpoint is of a run with other options or data");
    to[0] = p->m, to[1] = p->v, to[2] = p->row_m, to[3] = p->row_v;
    sizes[0] = sizes[1] = p->n * sizeof *p->m;
    sizes[2] = sizes[3] = (size_t)r->state.live * p->E * sizeof *p->m;
    if (r->state.live > p->V || a->size != sizeof r->state + r->state.live * 4 ||
        b->size != 2 * sizes[0] + 2 * sizes[2])
        return tc__diag_fail(d, TC_ERROR_FORMAT, 0, "the checkpoint's sizes do not agree");
    for (i = 0; i < 4; at += sizes[i++]) {
        if (tc__bytes_checksum(b->data + at, sizes[i]) != r->state.checksums[i])
            return tc__diag_fail(d, TC_ERROR_CHECKSUM, b->offset + at,
                                 "the moments differ from their checksum");
        memcpy(to[i], b->data + at, sizes[i]);
    }
    for (i = 0; i < r->state.live; i++) {
        if (live[i] >= p->V || p->live_at[live[i]])
            return tc__diag_fail(d, TC_ERROR_FORMAT, 0, "the checkpoint's rows do not agree");
        p->live[i] = live[i];
        p->live_at[live[i]] = (uint32_t)i + 1;
    }
    p->live_count = (uint32_t)r->state.live;
    t->step = r->state.step;
    if (!r->state.rate) return TC_OK;
    r->state.rate = ~r->state.rate;
    memcpy(&t->options.learning_rate, &r->state.rate, sizeof r->state.rate);
    return tc__train_valid(t);
}

static tc_status tc__run_load(tc__run *r) {
    tc_status status = tc__file_load(&r->t->env, r->how->resume, &r->resumed);
    if (status) tc__diag_before(r->t->env.diag, "checkpoint: ");
    return status;
}

static tc_status tc__run_resume(tc__run *r) {
    tc_env env = r->t->env;
    tc__section sections[2];
    tc_model *from;
    tc_status status = tc__model_open(&env, &r->resumed, &from);
    memset(&r->resumed, 0, sizeof r->resumed); /* the model's, or freed */
    if (status) {
        tc__diag_before(env.diag, "checkpoint: ");
        return status;
    }
    status = tc__file_other(&from->file, TC__SECTION_STATE, &sections[0], env.diag);
    if (!status)
        status = tc__file_other(&from->file, TC__SECTION_MOMENTS, &sections[1], env.diag);
    if (!status) status = tc__run_restore(r, &sections[0], &sections[1]);
    if (!status) status = tc__run_tensors(r->t, from);
    if (status) tc__diag_before(env.diag, "checkpoint: ");
    tc__model_free(from);
    return status;
}
#endif

/* ---- the loop ---- */

/* Sentences [count] as a micro-batch, valid until the next. */
static tc_status tc__run_batch(tc_batcher *b, const uint32_t *sentences, size_t count,
                               tc_labelled *out) {
    tc_status status = TC_OK;
    size_t i;
    tc__eval_clear(b);
    for (i = 0; i < count && !status; i++) status = tc__eval_add(b, sentences[i]);
    if (status) return status;
    out->batch.ids = TC__AT(b->ids, const int32_t);
    out->batch.types = TC__AT(b->types, const uint8_t);
    out->batch.lengths = TC__AT(b->lengths, const uint32_t);
    out->batch.sequences = TC__ITEMS(b->lengths, uint32_t);
    out->labels = TC__AT(b->labels, const int32_t);
    return TC_OK;
}

/* Puts the numbers of an update's sentences behind the message of a failure. */
static tc_status tc__run_named(tc__run *r, tc_status status, size_t first, size_t last) {
    tc_diag *d = r->t->env.diag;
    size_t n;
    if (status != TC_ERROR_NUMBER || !d) return status;
    n = strlen(d->message);
    tc__diag_put(d, &n, "; sentences", 11);
    for (; first < last; first++) {
        tc__diag_put(d, &n, " ", 1);
        tc__diag_number(d, &n, r->order[first]);
    }
    d->message[n] = 0;
    return status;
}

/* Update `u` of the pass at hand. */
static tc_status tc__run_update(tc__run *r, uint64_t pass, uint64_t u, tc_step *step) {
    tc_trainer *t = r->t;
    size_t batch = t->options.batch_size, accumulation = t->options.accumulation;
    uint64_t first = u * accumulation,
             last = r->batches - first < accumulation ? r->batches : first + accumulation, b;
    size_t begin = (size_t)first * batch,
           end = r->pass < last * batch ? r->pass : (size_t)last * batch;
    tc_status status = TC_OK;
    tc__update w;
    tc_labelled data;
    tc__train_begin(t, &w, (uint32_t)(last - first));
    for (b = first; b < last && !status; b++) {
        size_t from = (size_t)b * batch, to = end < from + batch ? end : from + batch;
        status = tc__run_batch(&r->batch, r->order + from, to - from, &data);
        if (!status && data.batch.sequences) status = tc__train_micro(t, &w, &data);
    }
    if (!status) status = tc__train_end(t, &w, step);
    if (status) return tc__run_named(r, status, begin, end);
    step->epoch = (double)pass + (double)last / (double)r->batches;
    r->state.loss_sum += step->loss;
    r->state.since_sum += step->loss;
    r->state.since++;
    return TC_OK;
}

/* Whether the value of an evaluation is a new best one, and whether to stop (trainer.md
 * section 7, EarlyStopping with threshold 0). */
static int tc__run_better(tc__run *r, double loss, double f1) {
    double value = r->how->best == TC_BEST_LOSS ? -loss : f1;
    int better = !r->state.best_step || value > r->state.best;
    r->state.worse = better ? 0 : r->state.worse + 1;
    if (better) {
        r->state.best = value;
        r->state.best_step = r->t->step;
    }
    return better;
}

static tc_status tc__run_evaluate(tc__run *r, double epoch, int *stop) {
    tc_train_evaluation e;
    tc_status status;
    memset(&e, 0, sizeof e);
    tc__params_flush(&r->t->params);
    tc__score_reset(r->scores);
    status = tc__eval_run(&r->dev, r->scores, &e.evaluation);
    if (!status) status = tc__score_table(r->scores);
    if (status) return status;
    if (!(fabs(e.evaluation.loss) < (double)INFINITY))
        return tc__diag_fail(r->t->env.diag, TC_ERROR_NUMBER, 0,
                             "development data: the loss after update %u is not finite",
                             r->t->step);
    e.step = r->t->step;
    e.epoch = epoch;
    e.training_loss = r->state.since ? r->state.since_sum / (double)r->state.since : 0;
    e.scores = &r->scores->table;
    if (e.evaluation.sentences == r->how->dev->info.sentences)
        e.improved = tc__run_better(r, e.evaluation.loss, e.scores->micro.f1);
    r->state.since_sum = 0;
    r->state.since = 0;
    if (r->how->patience && r->state.worse >= r->how->patience) *stop = 1;
    if (r->how->evaluated) *stop |= r->how->evaluated(r->how->user, r->t, &e);
    return TC_OK;
}

/* A model that is none, or no longer one, is neither trained nor saved nor called finished. */
static tc_status tc__run_finite(const tc__run *r) {
    const tc__params *p = &r->t->params;
    size_t i, bad = 0;
    for (i = 0; i < p->n; i++) bad += !(fabsf(p->dense[i]) < INFINITY);
    for (i = 0; i < p->V * p->E; i++) bad += !(fabsf(p->word[i]) < INFINITY);
    if (!bad) return TC_OK;
    return tc__diag_fail(r->t->env.diag, TC_ERROR_NUMBER, 0,
                         "model: weights that are not finite after update %u: %u", r->t->step,
                         (uint64_t)bad);
}

static tc_status tc__run_checkpoint(tc__run *r) {
#ifndef TC_NO_STDIO
    if (r->how->checkpoint && r->how->saving) r->how->saving(r->how->user);
    if (r->how->checkpoint) return tc__run_save(r, r->how->checkpoint);
#endif
    (void)r;
    return TC_OK;
}

/* After an update: evaluation and checkpoint where they are due. */
static tc_status tc__run_after(tc__run *r, const tc_step *step, int last, int *stop) {
    const tc_train_run *w = r->how;
    tc_status status = TC_OK;
    int end = r->t->step == r->t->total;
    int due = end || (w->eval_steps ? r->t->step % w->eval_steps == 0 : last);
    int save = end || *stop || (w->save_steps ? r->t->step % w->save_steps == 0 : last);
    if (save || (w->dev && due)) status = tc__run_finite(r);
    if (!status && w->dev && due) status = tc__run_evaluate(r, step->epoch, stop);
    if (!status && (save || *stop)) status = tc__run_checkpoint(r);
    return status;
}

static tc_status tc__run_loop(tc__run *r, tc_train_result *out) {
    tc_trainer *t = r->t;
    tc_status status = TC_OK;
    uint64_t pass = UINT64_MAX;
    int stop = r->how->patience && r->state.worse >= r->how->patience;
    tc_step step;
    while (t->step < t->total && !stop && !status) {
        uint64_t now = t->step / r->updates, u = t->step % r->updates;
        if (now != pass) {
            pass = now;
            tc__run_order(r, pass);
        }
        status = tc__run_update(r, pass, u, &step);
        if (status) break;
        step.best_step = r->state.best_step;
        if (r->how->stepped) stop = r->how->stepped(r->how->user, t, &step);
        status = tc__run_after(r, &step, u + 1 == r->updates, &stop);
    }
    out->stopped = stop;
    out->steps = t->step;
    out->training_loss = t->step ? r->state.loss_sum / (double)t->step : 0;
    out->best_step = r->state.best_step;
    out->best = r->how->best == TC_BEST_LOSS ? -r->state.best : r->state.best;
    return status;
}

static tc_status tc__run_train(tc_trainer *t, const tc_train_run *how, tc_train_result *out) {
    tc__run r;
    tc_status status;
    memset(&r, 0, sizeof r);
    r.t = t;
    r.how = how;
    r.batch.env = r.dev.env = r.dev.batch.env = t->env;
    t->step = 0;
#ifndef TC_NO_STDIO
    status = how->resume ? tc__run_load(&r) : TC_OK; /* before anything is spent on the run */
    if (!status) status = tc__run_open(&r);
    if (!status && how->resume) status = tc__run_resume(&r);
#else
    status = tc__run_open(&r);
#endif
    if (!status) status = tc__run_finite(&r);
    if (!status) status = tc__run_loop(&r, out);
    tc__run_free(&r);
    return status;
}
#endif

/* ====================================================================== 70-public
 * The functions that the interface declares: arguments checked, work handed on. */

#ifdef __cplusplus
extern "C" {
#endif

/* The environment of an object to be made, with its diagnostic cleared. */
static tc_env tc__public_env(const tc_env *env) {
    tc_env e;
    memset(&e, 0, sizeof e);
    if (env) e = *env;
    tc__diag_clear(e.diag);
    return e;
}

static tc_status tc__public_null(tc_diag *d, const char *what) {
    return tc__diag_fail(d, TC_ERROR_ARGUMENT, 0, "%s is null", what);
}

/* Whether one of the labels is null. */
static int tc__public_labels_null(const char *const *labels, uint32_t count) {
    uint32_t i;
    for (i = 0; i < count; i++)
        if (!labels[i]) return 1;
    return 0;
}

/* Whether a list of maps is null, or a label in it. */
static int tc__public_map_null(const tc_label_map *map, size_t count) {
    size_t i;
    for (i = 0; i < count; i++)
        if (!map || !map[i].from || !map[i].to) return 1;
    return 0;
}

TC__INLINE int tc__public_string_null(tc_string s) { return !s.data && s.length; }

/* The message for a failure that has none yet. */
static tc_status tc__public_end(tc_diag *d, tc_status status) {
    if (status && d && d->status != status)
        (void)tc__diag_fail(d, status, 0, "%s", tc_status_text(status));
    return status;
}

TC_API const char *tc_status_text(tc_status status) {
    static const char *const texts[] = {"no error",
                                        "a wrong argument",
                                        "out of memory",
                                        "an input or output error",
                                        "a malformed file",
                                        "a file of a newer version",
                                        "a damaged file",
                                        "something unsupported",
                                        "a text or model beyond a limit",
                                        "ill-formed UTF-8",
                                        "a number that is not finite"};
    return status >= 0 && (size_t)status < sizeof texts / sizeof *texts ? texts[status]
                                                                        : "an unknown status";
}

TC_API const char *tc_level_name(tc_level level) {
    static const char *const names[TC_LEVEL_COUNT] = {
        "best",        "scalar", "base", "avx2",    "avx2-vnni", "avx512",
        "avx512-vnni", "amx",    "neon", "dotprod", "i8mm",      "bf16"};
    return level >= 0 && level < TC_LEVEL_COUNT ? names[level] : "?";
}

TC_API uint64_t tc_level_burst(tc_level level, tc_dtype dtype, uint64_t count) {
    TC_ASSERT(tc__cpu_has(level));
    if (!tc__cpu_has(level) || count > SIZE_MAX) return 0;
    return tc__ktab_burst(level, dtype, (size_t)count);
}

TC_API int tc_level_available(tc_level level) {
    return level > TC_LEVEL_BEST && tc__cpu_has(level);
}
TC_API tc_level tc_level_choose(tc_level cap) { return tc__ktab_choose(cap); }
TC_API const char *tc_dtype_name(tc_dtype dtype) { return tc__model_dtype_name(dtype); }

TC_API tc_status tc_model_open(const void *data, size_t size, const tc_env *env,
                               tc_model **out) {
    tc_env e = tc__public_env(env);
    tc__file file;
    if (!out) return tc__public_null(e.diag, "out");
    *out = NULL;
    if (!data) return tc__public_null(e.diag, "data");
    if ((uintptr_t)data % 8)
        return tc__diag_fail(e.diag, TC_ERROR_ARGUMENT, 0,
                             "the data is not aligned to 8 bytes");
    memset(&file, 0, sizeof file);
    file.data = (const unsigned char *)data;
    file.size = size;
    return tc__public_end(e.diag, tc__model_open(&e, &file, out));
}

#ifndef TC_NO_STDIO
TC_API tc_status tc_model_load(const char *path, const tc_env *env, tc_model **out) {
    tc_env e = tc__public_env(env);
    tc__file file;
    tc_status status;
    if (!out) return tc__public_null(e.diag, "out");
    *out = NULL;
    if (!path) return tc__public_null(e.diag, "path");
    memset(&file, 0, sizeof file);
    status = tc__file_load(&e, path, &file);
    if (!status) status = tc__model_open(&e, &file, out);
    return tc__public_end(e.diag, status);
}

TC_API tc_status tc_load(const char *path, tc_tagger **out) {
    tc_model *model;
    tc_env e = tc__public_env(NULL);
    tc_status status;
    if (!out) return TC_ERROR_ARGUMENT;
    *out = NULL;
    status = tc_model_load(path, NULL, &model);
    if (status) return status;
    status = tc__tag_create(model, &e, out);
    if (status)
        tc__model_free(model);
    else
        (*out)->owned = model;
    return status;
}
#endif

TC_API void tc_model_free(tc_model *model) { tc__model_free(model); }
TC_API const tc_model_info *tc_model_get_info(const tc_model *model) {
    TC_ASSERT(model);
    return &model->info;
}

TC_API tc_model_desc tc_model_describe(const tc_model *model) {
    TC_ASSERT(model);
    return tc__model_desc(model);
}

TC_API const tc_tokenizer *tc_model_tokenizer(const tc_model *model) {
    TC_ASSERT(model);
    return model->file.tokenizer.data ? &model->tokenizer : NULL;
}

TC_API tc_status tc_model_tensor(const tc_model *model, uint32_t index, tc_tensor_info *out) {
    uint32_t layout;
    uint64_t checksum;
    if (out) memset(out, 0, sizeof *out);
    if (!model || !out) return TC_ERROR_ARGUMENT;
    if (index >= model->info.tensor_count) return TC_ERROR_ARGUMENT;
    tc__model_entry(model, index, out, &layout, &checksum);
    return TC_OK;
}

TC_API tc_status tc_model_read(const tc_model *model, uint32_t index, float *out) {
    if (!model || !out || index >= model->info.tensor_count) return TC_ERROR_ARGUMENT;
    tc__model_numbers(model, index, out);
    return TC_OK;
}

TC_API tc_status tc_model_verify(const tc_model *model, tc_diag *diag) {
    uint32_t i, layout;
    uint64_t checksum;
    tc_tensor_info t;
    tc__diag_clear(diag);
    if (!model) return tc__public_null(diag, "model");
    for (i = 0; i < model->info.tensor_count; i++) {
        tc__model_entry(model, i, &t, &layout, &checksum);
        if (tc__bytes_checksum(model->file.data + t.offset, (size_t)t.size) != checksum)
            return tc__diag_fail(diag, TC_ERROR_CHECKSUM, t.offset,
                                 "tensor %s differs from its checksum", t.name);
    }
    return TC_OK;
}

TC_API tc_status tc_encoding_create(const tc_tokenizer *tokenizer, const tc_env *env,
                                    tc_encoding **out) {
    tc_env e = tc__public_env(env);
    if (!out) return tc__public_null(e.diag, "out");
    *out = NULL;
    if (!tokenizer) return tc__public_null(e.diag, "tokenizer");
    return tc__public_end(e.diag, tc__encode_create(tokenizer, &e, out));
}

TC_API void tc_encoding_free(tc_encoding *encoding) { tc__encode_free(encoding); }

TC_API tc_status tc_encoding_run(tc_encoding *encoding, const tc_input *input,
                                 const tc_encode_options *options) {
    static const tc_encode_options zero = {0, 0, 0, TC_TRUNCATE_LONGEST_FIRST, 0};
    tc_status status;
    if (!encoding) return TC_ERROR_ARGUMENT;
    encoding->windows.used = 0;
    tc__diag_clear(encoding->env.diag);
    if (!input) return tc__public_null(encoding->env.diag, "input");
    if (options && (unsigned)options->truncation > TC_TRUNCATE_ONLY_SECOND)
        return tc__diag_fail(encoding->env.diag, TC_ERROR_ARGUMENT, 0, "an option is unknown");
    status = tc__encode_run(encoding, input, options ? options : &zero);
    if (status) encoding->windows.used = 0;
    return tc__public_end(encoding->env.diag, status);
}

TC_API size_t tc_encoding_window_count(const tc_encoding *encoding) {
    TC_ASSERT(encoding);
    return tc__encode_window_count(encoding);
}

TC_API const tc_token *tc_encoding_tokens(const tc_encoding *encoding, size_t window,
                                          size_t *count) {
    TC_ASSERT(encoding && count);
    *count = 0;
    if (window >= tc__encode_window_count(encoding)) return NULL;
    return tc__encode_tokens(encoding, window, count);
}

TC_API tc_string tc_encoding_text(const tc_encoding *encoding, const tc_token *token) {
    TC_ASSERT(encoding && token);
    return tc__encode_spelled(encoding, token);
}

TC_API tc_status tc_encoding_decode(tc_encoding *encoding, const int32_t *ids, size_t count,
                                    int skip_special, tc_string *out) {
    tc_status status;
    if (out) *out = tc__tok_string("", 0);
    if (!encoding || !out) return TC_ERROR_ARGUMENT;
    tc__diag_clear(encoding->env.diag);
    if (!ids && count) return tc__public_null(encoding->env.diag, "ids");
    status = tc__decode_ids(encoding, ids, count, skip_special);
    if (!status) *out = tc__tok_string(encoding->decoded.data, encoding->decoded.used - 1);
    return tc__public_end(encoding->env.diag, status);
}

TC_API tc_status tc_tokenizer_describe(const tc_tokenizer *tokenizer, const tc_env *env,
                                       tc_tokenizer_desc **out) {
    tc_env e = tc__public_env(env);
    if (!out) return tc__public_null(e.diag, "out");
    *out = NULL;
    if (!tokenizer) return tc__public_null(e.diag, "tokenizer");
    return tc__public_end(e.diag, tc__tok_describe(tokenizer, &e, out));
}

TC_API void tc_tokenizer_desc_free(tc_tokenizer_desc *desc) { tc__tok_forget(desc); }

TC_API tc_string tc_tokenizer_token(const tc_tokenizer *tokenizer, int32_t id) {
    TC_ASSERT(tokenizer);
    return tc__tok_token(tokenizer, id);
}

TC_API uint32_t tc_tokenizer_size(const tc_tokenizer *tokenizer) {
    TC_ASSERT(tokenizer);
    return tokenizer->size;
}

TC_API tc_status tc_tagger_create(const tc_model *model, const tc_env *env, tc_tagger **out) {
    tc_env e = tc__public_env(env);
    if (!out) return tc__public_null(e.diag, "out");
    *out = NULL;
    if (!model) return tc__public_null(e.diag, "model");
    return tc__public_end(e.diag, tc__tag_create(model, &e, out));
}

TC_API void tc_tagger_free(tc_tagger *tagger) { tc__tag_free(tagger); }

TC_API tc_status tc_tagger_tag(tc_tagger *tagger, const tc_input *inputs, size_t count,
                               const tc_tag_options *options, tc_result **out) {
    size_t i;
    if (!out) return TC_ERROR_ARGUMENT;
    *out = NULL;
    if (!tagger) return TC_ERROR_ARGUMENT;
    tc__diag_clear(tagger->env.diag);
    if (!inputs && count) return tc__public_null(tagger->env.diag, "inputs");
    if (options && ((unsigned)options->aggregation > TC_AGGREGATION_MAX ||
                    (unsigned)options->long_text > TC_LONG_ERROR ||
                    (unsigned)options->constrain > TC_CONSTRAIN_BIO))
        return tc__diag_fail(tagger->env.diag, TC_ERROR_ARGUMENT, 0, "an option is unknown");
    for (i = 0; options && options->ignore_labels && i < options->ignore_count; i++)
        if (!options->ignore_labels[i])
            return tc__public_null(tagger->env.diag, "a label to ignore");
    memset(&tagger->options, 0, sizeof tagger->options);
    if (options) tagger->options = *options;
    return tc__public_end(tagger->env.diag, tc__tag_run(tagger, inputs, count, out));
}

TC_API tc_status tc_tag(tc_tagger *tagger, const char *text, tc_result **out) {
    tc_input input;
    memset(&input, 0, sizeof input);
    input.text = text ? text : "";
    input.length = strlen(input.text);
    return tc_tagger_tag(tagger, &input, 1, NULL, out);
}

TC_API void tc_result_free(tc_result *result) {
    tc__block *block;
    tc_env env;
    if (!result) return;
    block = (tc__block *)(void *)((char *)(void *)result - offsetof(tc__block, result));
    env = block->env;
    tc__mem_free(&env, block, block->size);
}

TC_API tc_status tc_session_create(const tc_model *model, const tc_env *env, tc_session **out) {
    tc_env e = tc__public_env(env);
    if (!out) return tc__public_null(e.diag, "out");
    *out = NULL;
    if (!model) return tc__public_null(e.diag, "model");
    return tc__public_end(e.diag, tc__fwd_create(model, &e, out));
}

TC_API void tc_session_free(tc_session *session) { tc__fwd_free(session); }

TC_API tc_status tc_session_run(tc_session *session, const tc_batch *batch,
                                const tc_outputs *outputs) {
    if (!session) return TC_ERROR_ARGUMENT;
    tc__diag_clear(session->env.diag);
    if (!batch || !outputs || !batch->ids || !batch->lengths)
        return tc__public_null(session->env.diag, "batch, outputs or a list of the batch");
    if (!batch->sequences)
        return tc__diag_fail(session->env.diag, TC_ERROR_ARGUMENT, 0, "the batch is empty");
    if (outputs->layer < -1)
        return tc__diag_fail(session->env.diag, TC_ERROR_ARGUMENT, 0,
                             "a layer below -1, which stands for the embeddings");
    if (outputs->layer > (int)session->model->info.num_hidden_layers)
        return tc__diag_fail(session->env.diag, TC_ERROR_ARGUMENT, 0,
                             "layer %u of a model with %u layers",
                             (uint64_t)(unsigned)outputs->layer,
                             (uint64_t)session->model->info.num_hidden_layers);
    if (outputs->logits && !session->model->head.rows)
        return tc__diag_fail(session->env.diag, TC_ERROR_UNSUPPORTED, 0,
                             "the model has no token-classification head");
    return tc__public_end(session->env.diag, tc__fwd_run(session, batch, outputs));
}

TC_API tc_status tc_writer_create(const tc_env *env, tc_writer **out) {
    tc_env e = tc__public_env(env);
    if (!out) return tc__public_null(e.diag, "out");
    *out = (tc_writer *)tc__mem_zero(&e, sizeof **out);
    if (!*out) return tc__diag_memory(e.diag);
    (*out)->env = e;
    return TC_OK;
}

TC_API void tc_writer_free(tc_writer *w) { tc__write_free(w); }

/* Whether the writer can take a description, and this one. */
static tc_status tc__public_desc(tc_writer *w, const tc_model_desc *desc) {
    if (!w) return TC_ERROR_ARGUMENT;
    tc__diag_clear(w->env.diag);
    if (!desc || (desc->num_labels && !desc->labels) ||
        tc__public_labels_null(desc->labels, desc->num_labels))
        return tc__public_null(w->env.diag, "desc or a label of it");
    if (w->finished || w->tensor_count)
        return tc__diag_fail(w->env.diag, TC_ERROR_ARGUMENT, 0,
                             "a description stands before the tensors");
    if ((unsigned)desc->dtype >= TC_DTYPE_COUNT)
        return tc__diag_fail(w->env.diag, TC_ERROR_ARGUMENT, 0, "the dtype is unknown");
    if (desc->pad_token_id < -1 ||
        (desc->vocab_size && desc->pad_token_id >= (int64_t)desc->vocab_size))
        return tc__diag_fail(w->env.diag, TC_ERROR_ARGUMENT, 0,
                             "pad_token_id is outside of the vocabulary");
    return TC_OK;
}

TC_API tc_status tc_writer_describe(tc_writer *w, const tc_model_desc *desc) {
    tc_status status = tc__public_desc(w, desc);
    return status ? status : tc__public_end(w->env.diag, tc__write_describe(w, desc));
}

TC_API tc_status tc_writer_tokenizer(tc_writer *w, const tc_tokenizer_desc *desc) {
    uint32_t i;
    if (!w) return TC_ERROR_ARGUMENT;
    tc__diag_clear(w->env.diag);
    if (!desc || (desc->vocab_count && !desc->vocab) || (desc->added_count && !desc->added) ||
        (desc->single_count && !desc->single) || (desc->pair_count && !desc->pair))
        return tc__public_null(w->env.diag, "desc or a list of it");
    for (i = 0; i < desc->added_count; i++)
        if (tc__public_string_null(desc->added[i].content))
            return tc__public_null(w->env.diag, "an added token");
    if (tc__public_string_null(desc->continuing_prefix) ||
        tc__public_string_null(desc->decoder_prefix))
        return tc__public_null(w->env.diag, "a prefix");
    if (w->finished)
        return tc__diag_fail(w->env.diag, TC_ERROR_ARGUMENT, 0, "the file is finished");
    if (desc->word_unk && desc->word_unk_id < -1)
        return tc__diag_fail(w->env.diag, TC_ERROR_ARGUMENT, 0, "word_unk_id is below -1");
    return tc__public_end(w->env.diag, tc__write_tokenizer(w, desc));
}

TC_API tc_status tc_writer_tensor(tc_writer *w, const char *name, uint32_t rows,
                                  uint32_t columns, const float *data) {
    if (!w) return TC_ERROR_ARGUMENT;
    tc__diag_clear(w->env.diag);
    if (!name || !data) return tc__public_null(w->env.diag, "name or data");
    if (!rows || !columns || w->finished || !w->described)
        return tc__diag_fail(w->env.diag, TC_ERROR_ARGUMENT, 0,
                             "tensor %s is empty, or stands before the description or behind "
                             "the end",
                             name);
    return tc__public_end(w->env.diag, tc__write_tensor(w, name, rows, columns, data));
}

#ifndef TC_NO_TRAIN
TC_API tc_status tc_writer_initialize(tc_writer *w, const tc_model_desc *desc, uint32_t seed) {
    tc_status status = tc__public_desc(w, desc);
    if (status) return status;
    if (!desc->hidden_size || !desc->intermediate_size || !desc->vocab_size ||
        !desc->max_position_embeddings)
        return tc__diag_fail(w->env.diag, TC_ERROR_ARGUMENT, 0,
                             "a size of the description is 0");
    return tc__public_end(w->env.diag, tc__write_model(w, desc, seed));
}
#endif

TC_API tc_status tc_writer_finish(tc_writer *w, const void **data, size_t *size) {
    tc_model *check;
    tc_status status;
    if (data) *data = NULL;
    if (size) *size = 0;
    if (!w || !data || !size) return TC_ERROR_ARGUMENT;
    tc__diag_clear(w->env.diag);
    if (!w->described)
        return tc__diag_fail(w->env.diag, TC_ERROR_ARGUMENT, 0, "the model was not described");
    status = w->finished ? w->end : tc__write_finish(w);
    if (!status && w->sized && !w->tensor_count)
        status = tc__diag_fail(w->env.diag, TC_ERROR_FORMAT, 0, "the model has no tensors");
    if (!status) status = tc_model_open(w->file.data, w->file.used, &w->env, &check);
    if (status) return tc__public_end(w->env.diag, status);
    tc_model_free(check);
    *data = w->file.data;
    *size = w->file.used;
    return TC_OK;
}

TC_API tc_status tc_dataset_open(const void *data, size_t size, const tc_data_options *options,
                                 const tc_env *env, tc_dataset **out) {
    static const tc_data_options zero = {TC_DATA_AUTO, 0};
    tc_env e = tc__public_env(env);
    tc__file file;
    if (!out) return tc__public_null(e.diag, "out");
    *out = NULL;
    if (!data && size) return tc__public_null(e.diag, "data");
    memset(&file, 0, sizeof file);
    file.data = (const unsigned char *)data;
    file.size = size;
    return tc__public_end(e.diag, tc__data_open(&e, &file, options ? options : &zero, out));
}

#ifndef TC_NO_STDIO
TC_API tc_status tc_dataset_load(const char *path, const tc_data_options *options,
                                 const tc_env *env, tc_dataset **out) {
    static const tc_data_options zero = {TC_DATA_AUTO, 0};
    tc_env e = tc__public_env(env);
    tc__file file;
    tc_status status;
    if (!out) return tc__public_null(e.diag, "out");
    *out = NULL;
    if (!path) return tc__public_null(e.diag, "path");
    memset(&file, 0, sizeof file);
    status = tc__file_load(&e, path, &file);
    if (!status) status = tc__data_open(&e, &file, options ? options : &zero, out);
    return tc__public_end(e.diag, status);
}
#endif

TC_API void tc_dataset_free(tc_dataset *dataset) { tc__data_free(dataset); }

TC_API const tc_data_info *tc_dataset_get_info(const tc_dataset *dataset) {
    TC_ASSERT(dataset);
    return &dataset->info;
}

TC_API tc_status tc_dataset_sentence(tc_dataset *dataset, size_t index, tc_sentence *out) {
    if (out) memset(out, 0, sizeof *out);
    if (!dataset || !out) return TC_ERROR_ARGUMENT;
    tc__diag_clear(dataset->env.diag);
    if (index >= dataset->info.sentences)
        return tc__diag_fail(dataset->env.diag, TC_ERROR_ARGUMENT, 0, "sentence %u of %u",
                             (uint64_t)index, (uint64_t)dataset->info.sentences);
    return tc__public_end(dataset->env.diag, tc__data_sentence(dataset, index, out));
}

TC_API tc_status tc_scores_create(const tc_score_options *options, const tc_env *env,
                                  tc_scores **out) {
    static const tc_score_options zero = {0, TC_SCHEME_NONE, 0, TC_SCORE_AUTO};
    tc_env e = tc__public_env(env);
    if (!out) return tc__public_null(e.diag, "out");
    *out = NULL;
    if (options && ((unsigned)options->scheme >= TC_SCHEME_COUNT ||
                    (unsigned)options->what > TC_SCORE_TAGS))
        return tc__diag_fail(e.diag, TC_ERROR_ARGUMENT, 0, "an option is unknown");
    return tc__public_end(e.diag, tc__score_create(options ? options : &zero, &e, out));
}

TC_API void tc_scores_free(tc_scores *scores) { tc__score_free(scores); }

TC_API tc_status tc_scores_add(tc_scores *scores, const tc_string *gold,
                               const tc_string *predicted, size_t count) {
    if (!scores) return TC_ERROR_ARGUMENT;
    tc__diag_clear(scores->env.diag);
    if (count && (!gold || !predicted)) return tc__public_null(scores->env.diag, "tags");
    return tc__public_end(scores->env.diag, tc__score_add(scores, gold, predicted, count));
}

TC_API tc_status tc_scores_table(tc_scores *scores, const tc_score_table **out) {
    tc_status status;
    if (out) *out = NULL;
    if (!scores || !out) return TC_ERROR_ARGUMENT;
    tc__diag_clear(scores->env.diag);
    status = tc__score_table(scores);
    if (!status) *out = &scores->table;
    return tc__public_end(scores->env.diag, status);
}

TC_API tc_status tc_scores_report(tc_scores *scores, uint32_t digits, tc_string *out) {
    tc_status status;
    if (out) *out = tc__tok_string("", 0);
    if (!scores || !out) return TC_ERROR_ARGUMENT;
    tc__diag_clear(scores->env.diag);
    if (digits > TC__MOST_DIGITS)
        return tc__diag_fail(scores->env.diag, TC_ERROR_ARGUMENT, 0, "more than 50 decimals");
    status = tc__score_report(scores, digits);
    if (!status) *out = tc__tok_string(scores->report.data, scores->report.used - 1);
    return tc__public_end(scores->env.diag, status);
}

TC_API int tc_labels_mark_spans(const char *const *labels, uint32_t count, int suffix) {
    int forms = 0, other = 0;
    uint32_t i;
    for (i = 0; labels && i < count; i++) {
        if (!labels[i] || !*labels[i]) continue;
        forms |= tc__score_form(suffix, tc__tok_string(labels[i], strlen(labels[i])));
        other |= strcmp(labels[i], "O") != 0;
    }
    return tc__score_forms_spans(forms) || !other;
}

TC_API const char *tc_scheme_name(tc_scheme scheme) {
    static const char *const names[TC_SCHEME_COUNT] = {"",     "IOB1",  "IOB2", "IOE1",
                                                       "IOE2", "IOBES", "BILOU"};
    return (unsigned)scheme < TC_SCHEME_COUNT ? names[scheme] : "?";
}

TC_API tc_status tc_evaluate(const tc_model *model, tc_dataset *dataset,
                             const tc_evaluate_options *options, const tc_env *env,
                             tc_scores *scores, tc_evaluation *out) {
    tc_env e = tc__public_env(env);
    tc__evaluator evaluator;
    tc_evaluation result;
    tc_session *session = NULL;
    tc_status status;
    if (out) memset(out, 0, sizeof *out);
    if (!model || !dataset || !options || tc__public_map_null(options->map, options->map_count))
        return tc__public_null(e.diag, "model, dataset, options or their map");
    if (!options->batch_size)
        return tc__diag_fail(e.diag, TC_ERROR_ARGUMENT, 0, "batch_size is 0");
    if (!(options->label_smoothing >= 0 && options->label_smoothing < 1))
        return tc__diag_fail(e.diag, TC_ERROR_ARGUMENT, 0, "label_smoothing is out of range");
    memset(&evaluator, 0, sizeof evaluator);
    evaluator.env = evaluator.batch.env = e;
    status = tc__fwd_create(model, &e, &session);
    if (!status) status = tc__eval_open(&evaluator, model, session, dataset, options, &e);
    if (!status) status = tc__eval_run(&evaluator, scores, &result);
    if (!status && out) *out = result;
    tc__eval_free(&evaluator);
    tc__fwd_free(session);
    return tc__public_end(e.diag, status);
}

#ifndef TC_NO_TRAIN
TC_API tc_train_options tc_train_defaults(void) {
    tc_train_options o;
    memset(&o, 0, sizeof o);
    o.learning_rate = 5e-5;
    o.epochs = 3;
    o.batch_size = 8;
    o.accumulation = 1;
    o.eval_batch_size = 32;
    o.adam_beta1 = 0.9;
    o.adam_beta2 = 0.999;
    o.adam_epsilon = 1e-8;
    o.max_grad_norm = 1;
    o.dropout = o.attention_dropout = -1;
    o.layer_decay = 1;
    o.seed = 42;
    return o;
}

TC_API tc_status tc_trainer_create(const tc_model *base, const tc_train_options *options,
                                   const tc_env *env, tc_trainer **out) {
    tc_env e = tc__public_env(env);
    if (!out) return tc__public_null(e.diag, "out");
    *out = NULL;
    if (!base || !options) return tc__public_null(e.diag, "base or options");
    if (options->labels && tc__public_labels_null(options->labels, options->num_labels))
        return tc__public_null(e.diag, "a label");
    if (options->labels && !options->num_labels)
        return tc__diag_fail(e.diag, TC_ERROR_ARGUMENT, 0, "num_labels is 0");
    return tc__public_end(e.diag, tc__train_create(base, options, &e, out));
}

TC_API void tc_trainer_free(tc_trainer *trainer) { tc__train_free(trainer); }

TC_API void tc_trainer_set_hook(tc_trainer *trainer, tc_gradient_hook hook, void *user) {
    TC_ASSERT(trainer);
    if (trainer->max_tokens) return;
    trainer->hook = hook;
    trainer->user = user;
    trainer->params.whole = hook != NULL;
}

TC_API tc_status tc_trainer_step(tc_trainer *trainer, const tc_labelled *batches, size_t count,
                                 tc_step *out) {
    tc_step step;
    const tc_train_options *o;
    uint64_t positions, tokens;
    tc_status status;
    size_t i;
    memset(&step, 0, sizeof step);
    if (out) *out = step;
    if (!trainer) return TC_ERROR_ARGUMENT;
    tc__diag_clear(trainer->env.diag);
    if (!batches) return tc__public_null(trainer->env.diag, "batches");
    o = &trainer->options;
    if (!count || count > o->accumulation)
        return tc__diag_fail(trainer->env.diag, TC_ERROR_ARGUMENT, 0,
                             "%u micro-batches, the option accumulation says %u",
                             (uint64_t)count, (uint64_t)o->accumulation);
    for (i = 0; i < count; i++)
        if (batches[i].batch.sequences &&
            (!batches[i].batch.ids || !batches[i].batch.lengths || !batches[i].labels))
            return tc__diag_fail(trainer->env.diag, TC_ERROR_ARGUMENT, 0,
                                 "micro-batch %u lacks a list", (uint64_t)i);
    positions = trainer->model->info.max_position_embeddings;
    tokens = o->max_tokens
                 ? o->max_tokens
                 : (uint64_t)tc__model_limit(trainer->model, o->max_length) * o->batch_size;
    status = tc__train_reserve(trainer, tokens, tokens,
                               (size_t)(positions < tokens ? positions : tokens));
    if (!status) status = tc__train_step(trainer, batches, count, &step);
    if (!status && out) *out = step;
    return tc__public_end(trainer->env.diag, status);
}

TC_API tc_status tc_trainer_set_learning_rate(tc_trainer *trainer, double learning_rate) {
    double before;
    tc_status status;
    if (!trainer) return TC_ERROR_ARGUMENT;
    tc__diag_clear(trainer->env.diag);
    before = trainer->options.learning_rate;
    trainer->options.learning_rate = learning_rate;
    status = tc__train_valid(trainer);
    if (status) trainer->options.learning_rate = before;
    return tc__public_end(trainer->env.diag, status);
}

TC_API tc_status tc_batcher_create(const tc_trainer *trainer, tc_dataset *data,
                                   const tc_label_map *map, size_t map_count,
                                   tc_batcher **out) {
    tc_batcher *b;
    tc_status status;
    if (out) *out = NULL;
    if (!trainer) return TC_ERROR_ARGUMENT;
    tc__diag_clear(trainer->env.diag);
    if (!data || !out || tc__public_map_null(map, map_count))
        return tc__public_null(trainer->env.diag, "data, map or out");
    b = (tc_batcher *)tc__mem_zero(&trainer->env, sizeof *b);
    if (!b) return tc__public_end(trainer->env.diag, TC_ERROR_MEMORY);
    b->all = trainer->options.label_all_tokens;
    status = tc__eval_batcher(b, trainer->model, data, map, map_count,
                              trainer->options.max_length, &trainer->env);
    if (status)
        tc_batcher_free(b);
    else
        *out = b;
    return tc__public_end(trainer->env.diag, status);
}

TC_API void tc_batcher_free(tc_batcher *batcher) {
    tc_env env;
    if (!batcher) return;
    env = batcher->env;
    tc__eval_drop(batcher);
    tc__mem_free(&env, batcher, sizeof *batcher);
}

TC_API tc_status tc_batcher_run(tc_batcher *batcher, const uint32_t *sentences, size_t count,
                                tc_labelled *out) {
    size_t i;
    if (out) memset(out, 0, sizeof *out);
    if (!batcher) return TC_ERROR_ARGUMENT;
    tc__diag_clear(batcher->env.diag);
    if ((!sentences && count) || !out)
        return tc__public_null(batcher->env.diag, "sentences or out");
    for (i = 0; i < count; i++)
        if (sentences[i] >= batcher->data->info.sentences)
            return tc__diag_fail(batcher->env.diag, TC_ERROR_ARGUMENT, 0,
                                 "sentence %u of %u is asked for", (uint64_t)sentences[i],
                                 (uint64_t)batcher->data->info.sentences);
    return tc__public_end(batcher->env.diag, tc__run_batch(batcher, sentences, count, out));
}

TC_API tc_status tc_trainer_run(tc_trainer *trainer, const tc_train_run *run,
                                tc_train_result *out) {
    tc_train_result result;
    tc_status status;
    memset(&result, 0, sizeof result);
    if (out) *out = result;
    if (!trainer) return TC_ERROR_ARGUMENT;
    tc__diag_clear(trainer->env.diag);
    if (!run || !run->train || tc__public_map_null(run->map, run->map_count))
        return tc__public_null(trainer->env.diag, "run, its data or map");
#ifdef TC_NO_STDIO
    if (run->checkpoint || run->resume)
        return tc__diag_fail(trainer->env.diag, TC_ERROR_UNSUPPORTED, 0,
                             "checkpoints need files, which TC_NO_STDIO leaves out");
#endif
    if (trainer->max_tokens)
        return tc__diag_fail(trainer->env.diag, TC_ERROR_ARGUMENT, 0,
                             "the trainer has made steps already, or a run of it has failed");
    status = tc__run_train(trainer, run, &result);
    if (status && !trainer->max_tokens) /* the schedule is the trainer's own again */
        tc__train_plan(trainer, trainer->options.max_steps);
    if (out) *out = result;
    return tc__public_end(trainer->env.diag, status);
}

TC_API uint64_t tc_trainer_steps(const tc_trainer *trainer) {
    TC_ASSERT(trainer);
    return trainer->total;
}

TC_API tc_status tc_trainer_write(tc_trainer *trainer, const void **data, size_t *size) {
    if (data) *data = NULL;
    if (size) *size = 0;
    if (!trainer || !data || !size) return TC_ERROR_ARGUMENT;
    tc__diag_clear(trainer->env.diag);
    if (trainer->max_tokens) tc__params_flush(&trainer->params);
    tc__write_seal(trainer->writer);
    *data = trainer->writer->file.data;
    *size = trainer->writer->file.used;
    return TC_OK;
}

TC_API const tc_model *tc_trainer_model(tc_trainer *trainer) {
    TC_ASSERT(trainer);
    if (trainer->max_tokens) tc__params_flush(&trainer->params);
    return trainer->model;
}
#endif

#ifdef __clang__
#pragma clang diagnostic pop
#endif
#ifdef __cplusplus
}
#endif

#endif /* TOKCLASS_IMPLEMENTATION */
#else  /* TC__KPART */
/* ======================================================================= 90-kbody
 * Bodies of the ops over the vector layer of section 32, included once for each level. */

#if TC__KPART == 90
#define TC__RN (16 / TC__RW) /* registers that hold the 16 virtual lanes */
#define TC__KINLINE TC__KTARGET TC__INLINE
#define TC__KCHAINS (TC__RN > 4 ? TC__RN : 4) /* registers with long chains of operations */
#ifndef TC__KSUMS
#define TC__KSUMS 12 /* registers of a burst: latency times throughput, if there are so many */
#endif
#ifndef TC__R_SWAP2
#define TC__R_SWAP2(v) v
#define TC__R_SWAP1(v) v
#endif
#ifndef TC__R_SWAP4
#define TC__R_SWAP4(v) v
#endif
#ifndef TC__R_SWAP8
#define TC__R_SWAP8(v) v
#endif

enum { TC__K(rows) = TC__KROWS, TC__K(panels) = TC__KPANELS };

/* X(rows, panels) for the tiles of a product; where those of `wide` panels begin; groups of
 * rows that meet a last panel alone. */
#ifndef TC__KALONE
#define TC__KALONE 0
#define TC__EACH_TILE(rows, X) TC__EACH(rows, X, 1)
#define TC__GROUPS_ALONE(rows, most) (rows)
#else
#define TC__EACH_TILE(rows, X) TC__EACH(TC__KALONE, X, 1) TC__EACH(rows, X, 2)
#define TC__GROUPS_ALONE(rows, most)                                                           \
    (((rows) + tc__mem_least(most, TC__KALONE) - 1) / tc__mem_least(most, TC__KALONE))
#endif
#define TC__TILES_OF(tiles, wide) ((tiles) + ((wide) == TC__KPANELS ? TC__KALONE : 0))

#ifndef TC__R_F16
/* The half in the low 16 bits of each lane, see tc__bytes_from_f16. */
TC__KINLINE TC__R TC__K(half)(TC__I h) {
    TC__I magnitude = TC__I_AND(h, TC__I_SET1(0x7FFF)), by = TC__I_SET1(0x38000000);
    TC__I sign = TC__I_SHL(TC__I_AND(h, TC__I_SET1(0x8000)), 16);
    TC__I special = TC__I_AND(TC__I_GT(magnitude, TC__I_SET1(0x7BFF)), by);
    TC__I bits = TC__I_ADD(TC__I_SHL(magnitude, 13), TC__I_ADD(by, special));
    TC__R subnormal = TC__R_MUL(TC__R_FROM_I(magnitude), TC__R_SET1(TC__F16_LEAST));
    bits = TC__I_SELECT(TC__I_GT(TC__I_SET1(0x400), magnitude), TC__I_OF_R(subnormal), bits);
    return TC__R_OF_I(TC__I_OR(bits, sign));
}
#define TC__R_F16(low, high, p)                                                                \
    low = TC__K(half)(TC__I_LOAD(p));                                                          \
    high = TC__K(half)(TC__I_SHR(TC__I_LOAD(p), 16))
#endif
#define TC__R_BF16(low, high, p)                                                               \
    low = TC__R_OF_I(TC__I_SHL(TC__I_LOAD(p), 16));                                            \
    high = TC__R_OF_I(TC__I_AND(TC__I_LOAD(p), TC__I_SET1(0xFFFF0000u)))

/* Adds K products to the sums of a tile: for each k `panels` loads of 16 columns, a broadcast a
 * row. A row is one of a, or, `down`, a column. */
TC__KINLINE void TC__K(chain)(const int rows, const int panels, const int down, size_t K,
                              TC__R sum[][TC__KPANELS * TC__RN], const float *a, size_t lda,
                              const float *b, size_t panel_stride, tc__fetch *fetch) {
    const size_t row_stride = down ? 1 : lda, k_stride = down ? lda : 1;
    const char *ahead = fetch->at;
    size_t pace = fetch->pace;
    fetch->at += K * pace;
#ifdef TC__S_LOAD
    TC__R column[TC__RN], x[TC__KROWS];
    int r, j;
    (void)panels;
    (void)panel_stride;
    if (!K) return;
    TC__UNROLL
    for (r = 0; r < rows; r++) TC__S_ONE(x[r], a, (size_t)r * row_stride * 4);
    TC__UNROLL
    for (j = 0; j < TC__RN; j++) TC__S_LOAD(column[j], b, j * 16);
    if (--K) {
        a += k_stride;
        b += 16;
        do {
            TC__S_LESS(K);
            TC__UNROLL
            for (j = 0; j < TC__RN; j++) {
                TC__UNROLL
                for (r = 0; r < rows; r++) {
                    TC__S_FMA(sum[r][j], x[r], column[j]);
                    if (j == TC__RN - 1) TC__S_ONE(x[r], a, (size_t)r * row_stride * 4);
                }
                TC__S_LOAD(column[j], b, j * 16);
            }
            TC__S_NEXT(ahead, pace, a, k_stride * 4, b);
        } while (K);
    }
    TC__UNROLL
    for (j = 0; j < TC__RN; j++) {
        TC__UNROLL
        for (r = 0; r < rows; r++) TC__S_FMA(sum[r][j], x[r], column[j]);
    }
#else
    TC__R column[TC__KPANELS * TC__RN];
    const int width = panels * TC__RN;
    size_t ahead_stride = fetch->stride;
    int r, j;
    for (; K; K--, a += k_stride, b += 16, ahead += pace) {
#if TC__RW == 1 && defined(__GNUC__)
        /* gcc 12 vectorises this loop for two rows with a load that reaches behind the last */
        __asm__("" : "+r"(a));
#endif
        TC__UNROLL
        for (j = 0; j < panels; j++) TC__PREFETCH(ahead + (size_t)j * ahead_stride);
#ifdef TC__KHOLD
        if (rows <= TC__KHOLD) {
            TC__R x[TC__KHOLD];
            TC__UNROLL
            for (r = 0; r < rows; r++) x[r] = TC__R_SET1(a[(size_t)r * row_stride]);
            TC__UNROLL
            for (j = 0; j < width; j++) {
                column[j] = TC__R_LOAD(b + j * TC__RW);
                TC__UNROLL
                for (r = 0; r < rows; r++) sum[r][j] = TC__R_FMA(x[r], column[j], sum[r][j]);
            }
            continue;
        }
#endif
        TC__UNROLL
        for (j = 0; j < width; j++)
            column[j] = TC__R_LOAD(b + (size_t)(j / TC__RN) * panel_stride +
                                   (size_t)(j % TC__RN) * TC__RW);
        TC__UNROLL
        for (r = 0; r < rows; r++) {
            TC__R x = TC__R_SET1(a[(size_t)r * row_stride]);
            TC__UNROLL
            for (j = 0; j < width; j++) sum[r][j] = TC__R_FMA(x, column[j], sum[r][j]);
        }
    }
#endif
}

/* The same for pairs of k with weights in halves, widened on their way. */
TC__KINLINE void TC__K(chain_halves)(const int rows, const int panels, const int f16,
                                     size_t pairs, TC__R sum[][TC__KPANELS * TC__RN],
                                     const float *a, size_t lda, const float *b,
                                     size_t panel_stride, tc__fetch *fetch) {
    TC__R low[TC__KPANELS * TC__RN], high[TC__KPANELS * TC__RN];
    const char *ahead = fetch->at;
    const int width = panels * TC__RN;
    size_t pace = fetch->pace, ahead_stride = fetch->stride;
    int r, j;
    fetch->at += pairs * pace;
    for (; pairs; pairs--, a += 2, b += 16, ahead += pace) {
        TC__UNROLL
        for (j = 0; j < panels; j++) TC__PREFETCH(ahead + (size_t)j * ahead_stride);
        TC__UNROLL
        for (j = 0; j < width; j++) {
            const float *pair =
                b + (size_t)(j / TC__RN) * panel_stride + (size_t)(j % TC__RN) * TC__RW;
            if (f16) {
                TC__R_F16(low[j], high[j], pair);
            } else {
                TC__R_BF16(low[j], high[j], pair);
            }
        }
        TC__UNROLL
        for (r = 0; r < rows; r++) {
            TC__R x = TC__R_SET1(a[(size_t)r * lda]);
            TC__UNROLL
            for (j = 0; j < width; j++) sum[r][j] = TC__R_FMA(x, low[j], sum[r][j]);
        }
        TC__UNROLL
        for (r = 0; r < rows; r++) {
            TC__R x = TC__R_SET1(a[(size_t)r * lda + 1]);
            TC__UNROLL
            for (j = 0; j < width; j++) sum[r][j] = TC__R_FMA(x, high[j], sum[r][j]);
        }
    }
}

/* rows x panels*16 outputs in registers, from K lines of each panel. Chains begin at `bias`, at
 * c itself, or at zero. */
TC__KINLINE void TC__K(tile)(const int rows, const int panels, const int kind, size_t K,
                             const float *a, size_t lda, const float *b, size_t panel_stride,
                             tc__fetch *fetch, const float *bias, int add, float *c, size_t ldc,
                             size_t c_stride) {
    TC__R sum[TC__KROWS][TC__KPANELS * TC__RN];
    const int width = panels * TC__RN;
    const size_t step = kind == TC__BY_ROWS ? 1 : kind == TC__BY_COLUMNS ? lda : 2;
    size_t n = K - fetch->left;
    int r, j;
    TC__UNROLL
    for (j = 0; j < width; j++) {
        TC__R start =
            bias && kind != TC__BY_COLUMNS ? TC__R_LOAD(bias + j * TC__RW) : TC__R_SET1(0.0f);
        TC__UNROLL
        for (r = 0; r < rows; r++)
            sum[r][j] = add ? TC__R_LOAD(c + (size_t)(j / TC__RN) * c_stride + (size_t)r * ldc +
                                         (size_t)(j % TC__RN) * TC__RW)
                            : start;
    }
    for (; K; n = K, fetch++) {
        if (kind == TC__BY_ROWS || kind == TC__BY_COLUMNS) {
            TC__K(chain)
            (rows, panels, kind == TC__BY_COLUMNS, n, sum, a, lda, b, panel_stride, fetch);
        } else {
            TC__K(chain_halves)
            (rows, panels, kind == TC__BY_ROWS_F16, n, sum, a, lda, b, panel_stride, fetch);
        }
        a += n * step;
        b += n * 16;
        K -= n;
    }
    TC__UNROLL
    for (r = 0; r < rows; r++) {
        TC__UNROLL
        for (j = 0; j < width; j++)
            TC__R_STORE(c + (size_t)(j / TC__RN) * c_stride + (size_t)r * ldc +
                            (size_t)(j % TC__RN) * TC__RW,
                        sum[r][j]);
    }
}

/* What a tile is called with: a has rows of lda (tile) or columns (tile_dw). */
#define TC__TILE_ARGS                                                                          \
    (size_t K, const float *a, size_t lda, const float *b, size_t stride, tc__fetch *fetch,    \
     const float *bias, int add, float *c, size_t ldc, size_t c_stride)
typedef void(*TC__K(tile_function)) TC__TILE_ARGS;

#define TC__TILE_OF(name, kind, rows, panels)                                                  \
    static TC__KTARGET void TC__K(name##_##rows##x##panels) TC__TILE_ARGS {                    \
        TC__K(tile)                                                                            \
        (rows, panels, kind, K, a, lda, b, stride, fetch, bias, add, c, ldc, c_stride);        \
    }
#define TC__TILE(rows, panels) TC__TILE_OF(tile, TC__BY_ROWS, rows, panels)
#define TC__TILE_DW(rows, panels) TC__TILE_OF(tile_dw, TC__BY_COLUMNS, rows, panels)
#define TC__TILE_F16(rows, panels) TC__TILE_OF(tile_f16, TC__BY_ROWS_F16, rows, panels)
#define TC__TILE_BF16(rows, panels) TC__TILE_OF(tile_bf16, TC__BY_ROWS_BF16, rows, panels)
#define TC__NAME(rows, panels) TC__K(tile_##rows##x##panels),
#define TC__NAME_DW(rows, panels) TC__K(tile_dw_##rows##x##panels),
#define TC__NAME_F16(rows, panels) TC__K(tile_f16_##rows##x##panels),
#define TC__NAME_BF16(rows, panels) TC__K(tile_bf16_##rows##x##panels),

/* Any rows and panels, in groups of rows as even as possible. */
static void TC__K(tiles)(const TC__K(tile_function) * tiles, size_t most, size_t rows,
                         const int down, size_t K, const float *a, size_t lda,
                         const tc__panels *b, float *c, size_t ldc, size_t c_stride) {
    size_t groups = (rows + most - 1) / most, p, g;
    const tc__fetching fetching = down || b->ahead ? TC__FETCH_BEHIND : b->fetching;
    const int near = tc__kvec_near(fetching, groups);
    tc__fetch fetch[2],
        *first =
            tc__kvec_fetch(fetch, groups, TC__KROWS, TC__KPANELS, K, ldc, c_stride,
                           b->ahead ? b->ahead_pace : 64,
                           b->ahead ? b->ahead_stride : b->stride * sizeof(float), fetching);
    if (down) { /* what the next tile walks down, instead of panels */
        fetch[1].pace = lda * sizeof(float);
        fetch[1].stride = (TC__KROWS - 1) * sizeof(float);
    }
    for (p = 0; p < b->count; p += TC__KPANELS) {
        size_t wide = tc__mem_least(b->count - p, TC__KPANELS), row = 0, next;
        const TC__K(tile_function) *wanted = TC__TILES_OF(tiles, wide);
        const float *panel = b->at + p * b->stride;
        float *to = c + p * c_stride;
        if (wide < TC__KPANELS) groups = TC__GROUPS_ALONE(rows, most);
        fetch[1].at = b->ahead ? b->ahead + p * b->ahead_stride
                               : (const char *)(panel + wide * b->stride);
        for (g = 1; g <= groups; g++, row = next) {
            next = rows * g / groups;
            fetch[0].at =
                near ? (const char *)panel + TC__NEAR
                     : (const char *)(to + (g < groups ? next * ldc : wide * c_stride));
            if (down) fetch[1].at = (const char *)(a + (g < groups ? next : 0));
            wanted[next - row - 1](K, a + row * (down ? 1 : lda), lda, panel, b->stride, first,
                                   b->bias ? b->bias + p * 16 : NULL, b->add, to + row * ldc,
                                   ldc, c_stride);
        }
    }
}

TC__EACH_TILE(TC__KROWS, TC__TILE)
static void TC__K(gemm)(size_t rows, size_t K, const float *a, size_t lda, const tc__panels *b,
                        float *c, size_t ldc) {
    static const TC__K(tile_function) tiles[] = {TC__EACH_TILE(TC__KROWS, TC__NAME)};
    TC__K(tiles)(tiles, TC__KROWS, rows, 0, K, a, lda, b, c, ldc, 16);
}

#ifdef TC__KHALVES
TC__EACH_TILE(TC__KHALVES, TC__TILE_F16)
static void TC__K(gemm_f16)(size_t rows, size_t K, const float *a, size_t lda,
                            const tc__panels *b, float *c, size_t ldc) {
    static const TC__K(tile_function) tiles[] = {TC__EACH_TILE(TC__KHALVES, TC__NAME_F16)};
    TC__K(tiles)(tiles, TC__KHALVES, rows, 0, K / 2, a, lda, b, c, ldc, 16);
}

TC__EACH_TILE(TC__KHALVES, TC__TILE_BF16)
static void TC__K(gemm_bf16)(size_t rows, size_t K, const float *a, size_t lda,
                             const tc__panels *b, float *c, size_t ldc) {
    static const TC__K(tile_function) tiles[] = {TC__EACH_TILE(TC__KHALVES, TC__NAME_BF16)};
    TC__K(tiles)(tiles, TC__KHALVES, rows, 0, K / 2, a, lda, b, c, ldc, 16);
}
enum { TC__K(half_rows) = 2 * TC__KHALVES };
#else
static void TC__K(gemm_f16)(size_t rows, size_t K, const float *a, size_t lda,
                            const tc__panels *b, float *c, size_t ldc) {
    tc__k_gemm_f16_scalar(rows, K, a, lda, b, c, ldc); /* not wanted */
}

static void TC__K(gemm_bf16)(size_t rows, size_t K, const float *a, size_t lda,
                             const tc__panels *b, float *c, size_t ldc) {
    tc__k_gemm_bf16_scalar(rows, K, a, lda, b, c, ldc);
}
enum { TC__K(half_rows) = 0 };
#endif

/* Of n registers, whose chains the CPU can then have under way at the same time. */
TC__KINLINE void TC__K(exps)(TC__R *x, const int n) {
    TC__R m[TC__KCHAINS], r[TC__KCHAINS], p[TC__KCHAINS];
    int j;
    TC__UNROLL
    for (j = 0; j < n; j++) {
        x[j] = TC__R_MIN(TC__R_SET1(TC__EXP_HIGH), TC__R_MAX(TC__R_SET1(TC__EXP_LOW), x[j]));
        m[j] = TC__R_FMA(x[j], TC__R_SET1(TC__LOG2E), TC__R_SET1(TC__EXP_MAGIC));
    }
    TC__UNROLL
    for (j = 0; j < n; j++) {
        TC__R whole = TC__R_SUB(m[j], TC__R_SET1(TC__EXP_MAGIC));
        r[j] = TC__R_FMA(whole, TC__R_SET1(-TC__LN2_HIGH), x[j]);
        r[j] = TC__R_FMA(whole, TC__R_SET1(-TC__LN2_LOW), r[j]);
    }
#define TC__STEP(value)                                                                        \
    TC__UNROLL                                                                                 \
    for (j = 0; j < n; j++) p[j] = value
    TC__STEP(TC__R_FMA(TC__R_SET1(TC__EXP_P0), r[j], TC__R_SET1(TC__EXP_P1)));
    TC__STEP(TC__R_FMA(p[j], r[j], TC__R_SET1(TC__EXP_P2)));
    TC__STEP(TC__R_FMA(p[j], r[j], TC__R_SET1(TC__EXP_P3)));
    TC__STEP(TC__R_FMA(p[j], r[j], TC__R_SET1(TC__EXP_P4)));
    TC__STEP(TC__R_FMA(p[j], r[j], TC__R_SET1(TC__EXP_P5)));
    TC__STEP(TC__R_FMA(p[j], TC__R_MUL(r[j], r[j]), r[j]));
#undef TC__STEP
    TC__UNROLL
    for (j = 0; j < n; j++) {
        TC__I bits = TC__I_SHL(TC__I_OF_R(m[j]), 23);
        TC__R power = TC__R_OF_I(TC__I_ADD(bits, TC__I_SET1(0x3F800000)));
        x[j] = TC__R_FMA(p[j], power, power);
    }
}

TC__KINLINE TC__R TC__K(exp)(TC__R x) {
    TC__K(exps)(&x, 1);
    return x;
}

TC__KINLINE void TC__K(phis)(TC__R *p, const TC__R *x, const int n) {
    TC__R u[TC__KCHAINS];
    int i, j;
    TC__UNROLL
    for (j = 0; j < n; j++) {
        u[j] = TC__R_MIN(TC__R_SET1(TC__PHI_SQUARE), TC__R_MUL(x[j], x[j]));
        u[j] = TC__R_FMA(u[j], TC__R_SET1(TC__PHI_SCALE), TC__R_SET1(-1.0f));
        p[j] = TC__R_SET1(tc__kref_phi_powers[0]);
    }
    TC__UNROLL
    for (i = 1; i < 15; i++) {
        TC__UNROLL
        for (j = 0; j < n; j++)
            p[j] = TC__R_FMA(p[j], u[j], TC__R_SET1(tc__kref_phi_powers[i]));
    }
    TC__UNROLL
    for (j = 0; j < n; j++)
        p[j] = TC__R_MIN(TC__R_SET1(0.5f), TC__R_MAX(TC__R_SET1(-0.5f), TC__R_MUL(x[j], p[j])));
}

/* Register j of rows x n of them. */
#define TC__AT(x, ld, n, j) ((x) + (size_t)((j) / (n)) * (ld) + (j) % (n)*TC__RW)

TC__KINLINE void TC__K(gelus)(float *y, const float *x, size_t ld, const int rows,
                              const int n) {
    TC__R v[TC__KCHAINS], p[TC__KCHAINS];
    int j;
    TC__UNROLL
    for (j = 0; j < rows * n; j++) v[j] = TC__R_LOAD(TC__AT(x, ld, n, j));
    TC__K(phis)(p, v, rows * n);
    TC__UNROLL
    for (j = 0; j < rows * n; j++)
        TC__R_STORE(TC__AT(y, ld, n, j),
                    TC__R_FMA(v[j], p[j], TC__R_MUL(v[j], TC__R_SET1(0.5f))));
}

TC__KINLINE TC__R TC__K(gelu_new1)(TC__R x) {
    TC__R u =
        TC__R_FMA(TC__R_MUL(x, x), TC__R_SET1(TC__GELU_NEW_3), TC__R_SET1(TC__GELU_NEW_1));
    return TC__R_DIV(x, TC__R_ADD(TC__R_SET1(1.0f), TC__K(exp)(TC__R_MUL(x, u))));
}

TC__KINLINE TC__R TC__K(relu1)(TC__R x) { return TC__R_MAX(TC__R_SET1(0.0f), x); }

TC__KINLINE TC__R TC__K(silu1)(TC__R x) {
    TC__R e = TC__K(exp)(TC__R_MUL(x, TC__R_SET1(-1.0f)));
    return TC__R_DIV(x, TC__R_ADD(TC__R_SET1(1.0f), e));
}

#ifdef TC__R_LOAD_SOME
/* How many of n elements lie in the register that begins with number i. */
TC__KINLINE size_t TC__K(some)(size_t n, size_t i) {
    return n < i ? 0 : tc__mem_least(n - i, TC__RW);
}
#endif

/* The last n <= 16 elements of a row, in a full vector whose other lanes hold `fill`. */
TC__KINLINE void TC__K(tail)(float *out, const float *x, size_t n, float fill) {
    size_t i;
#ifdef TC__R_LOAD_SOME
    for (i = 0; i < 16; i += TC__RW)
        TC__R_STORE(out + i, TC__R_LOAD_SOME(x + i, TC__K(some)(n, i), TC__R_SET1(fill)));
#else
    for (i = 0; i < 16; i++) out[i] = i < n ? x[i] : fill;
#endif
}

/* The first n elements of full vectors. */
TC__KINLINE void TC__K(put)(float *out, const float *x, size_t n) {
    size_t i;
#ifdef TC__R_STORE_SOME
    for (i = 0; i < n; i += TC__RW)
        TC__R_STORE_SOME(out + i, TC__K(some)(n, i), TC__R_LOAD(x + i));
#else
    for (i = 0; i < n; i++) out[i] = x[i];
#endif
}

#define TC__KEACH(name, value)                                                                 \
    TC__KINLINE void TC__K(name##s)(float *y, const float *x, size_t ld, const int rows,       \
                                    const int n) {                                             \
        int j;                                                                                 \
        TC__UNROLL                                                                             \
        for (j = 0; j < rows * n; j++) {                                                       \
            float *at = TC__AT(y, ld, n, j);                                                   \
            TC__R v = TC__R_LOAD(TC__AT(x, ld, n, j));                                         \
            TC__R_STORE(at, value);                                                            \
        }                                                                                      \
    }
TC__KEACH(gelu_new, TC__K(gelu_new1)(v))
TC__KEACH(relu, TC__K(relu1)(v))
TC__KEACH(silu, TC__K(silu1)(v))

#define TC__KMAP(name)                                                                         \
    static TC__KTARGET void TC__K(name)(float *y, const float *x, size_t ld, size_t rows,      \
                                        size_t n) {                                            \
        size_t i, j, r, some, wide = n - n % (2 * TC__RW);                                     \
        for (r = 0; r + 2 <= rows; r += 2)                                                     \
            for (i = r * ld; i < r * ld + wide; i += 2 * TC__RW)                               \
                TC__K(name##s)(y + i, x + i, ld, 2, 2);                                        \
        for (i = r * ld; r < rows && i < r * ld + wide; i += 2 * TC__RW)                       \
            TC__K(name##s)(y + i, x + i, 0, 1, 2);                                             \
        for (; rows-- && wide < n; x += ld, y += ld)                                           \
            for (i = wide; i < n; i += 16) {                                                   \
                float from[16], to[16];                                                        \
                some = tc__mem_least(n - i, 16);                                               \
                TC__K(tail)(from, x + i, some, 0.0f);                                          \
                TC__K(tail)(to, y + i, some, 0.0f);                                            \
                for (j = 0; j < 16; j += TC__RW) TC__K(name##s)(to + j, from + j, 0, 1, 1);    \
                TC__K(put)(y + i, to, some);                                                   \
            }                                                                                  \
    }
TC__KMAP(gelu)
TC__KMAP(gelu_new)
TC__KMAP(relu)
TC__KMAP(silu)

static TC__KTARGET void TC__K(add)(float *x, size_t ldx, const float *y, size_t ldy,
                                   size_t rows, size_t n) {
    for (; rows--; x += ldx, y += ldy) {
        size_t i = 0;
        for (; i + TC__RW <= n; i += TC__RW)
            TC__R_STORE(x + i, TC__R_ADD(TC__R_LOAD(x + i), TC__R_LOAD(y + i)));
        for (; i < n; i++) x[i] += y[i];
    }
}

/* The sum or difference of the halves of 16 numbers: of what is at x and 8 behind it, or, in
 * registers of 16, both. */
TC__KINLINE TC__R TC__K(halves)(const float *x, int minus) {
#if TC__RW == 16
    static const float sign[16] = {1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1, -1, -1, -1};
    TC__R v = TC__R_LOAD(x);
    (void)minus;
    return TC__R_FMA(v, TC__R_LOAD(sign), TC__R_SWAP8(v));
#else
    TC__R a = TC__R_LOAD(x), b = TC__R_LOAD(x + 8);
    return minus ? TC__R_SUB(a, b) : TC__R_ADD(a, b);
#endif
}

TC__KINLINE void TC__K(butterfly)(TC__R *v, const int half) {
    int k;
    TC__UNROLL
    for (k = 0; k < 8; k++)
        if (!(k & half)) {
            TC__R a = v[k], b = v[k + half];
            v[k] = TC__R_ADD(a, b);
            v[k + half] = TC__R_SUB(a, b);
        }
}

static TC__KTARGET void TC__K(rotate)(float *y, size_t ldy, const float *x, size_t ldx,
                                      size_t rows, size_t n) {
    size_t g, j;
    for (; rows--; x += ldx, y += ldy)
        for (g = 0; g < n; g += 128)
            for (j = 0; j < 16; j += TC__RW) {
                TC__R v[8];
                int k;
                TC__UNROLL
                for (k = 0; k < 8; k++) v[k] = TC__K(halves)(x + g + j % 8 + 16 * k, j >= 8);
                TC__K(butterfly)(v, 4);
                TC__K(butterfly)(v, 2);
                TC__K(butterfly)(v, 1);
                TC__UNROLL
                for (k = 0; k < 8; k++) TC__R_STORE(y + g + j + 16 * k, v[k]);
            }
}

static TC__KTARGET void TC__K(embed)(float *out, const float *word, const float *type,
                                     const float *position, size_t n) {
    size_t i = 0;
    for (; i + TC__RW <= n; i += TC__RW) {
        TC__R v = TC__R_LOAD(word + i);
        if (type) v = TC__R_ADD(v, TC__R_LOAD(type + i));
        TC__R_STORE(out + i, TC__R_ADD(v, TC__R_LOAD(position + i)));
    }
    for (; i < n; i++) out[i] = (type ? word[i] + type[i] : word[i]) + position[i];
}

TC__KINLINE float TC__K(sum)(TC__R *lanes) {
    TC__FOLD(lanes, TC__R_ADD, TC__R_SWAP);
    return TC__R_FIRST(*lanes);
}

/* lanes += squares of x - mean, 16 elements */
TC__KINLINE void TC__K(square)(TC__R *lanes, const float *x, TC__R mean) {
    int j;
    for (j = 0; j < TC__RN; j++) {
        TC__R d = TC__R_SUB(TC__R_LOAD(x + j * TC__RW), mean);
        lanes[j] = TC__R_FMA(d, d, lanes[j]);
    }
}

/* lanes += x, 16 elements */
TC__KINLINE void TC__K(plus)(TC__R *lanes, const float *x) {
    int j;
    for (j = 0; j < TC__RN; j++) lanes[j] = TC__R_ADD(lanes[j], TC__R_LOAD(x + j * TC__RW));
}

enum { TC__K(together) = TC__KCHAINS / TC__RN }; /* rows whose sums can be under way */

/* Mean and 1 / sqrt(variance + eps) of the first rows: returns how many. Where fewer are left
 * than go together, all sums are of the first. */
TC__NOINLINE static TC__KTARGET size_t TC__K(moments)(const float *x, size_t ld, size_t rows,
                                                      size_t n, float eps, float *mean,
                                                      float *scale) {
    TC__R lanes[TC__KCHAINS], m[TC__K(together)];
    float tail[16];
    size_t now = rows < TC__K(together) ? 1 : TC__K(together), wide = n - n % 16, i;
    int r, j;
    if (now == 1) ld = 0;
    TC__UNROLL
    for (j = 0; j < TC__KCHAINS; j++) lanes[j] = TC__R_SET1(0.0f);
    for (i = 0; i < wide; i += 16) {
        TC__UNROLL
        for (r = 0; r < TC__K(together); r++)
            TC__K(plus)(lanes + r * TC__RN, x + (size_t)r * ld + i);
    }
    TC__UNROLL
    for (r = 0; r < TC__K(together); r++) {
        if (wide < n) {
            TC__K(tail)(tail, x + (size_t)r * ld + wide, n - wide, 0.0f);
            TC__K(plus)(lanes + r * TC__RN, tail);
        }
        mean[r] = TC__K(sum)(lanes + r * TC__RN) / (float)n;
        m[r] = TC__R_SET1(mean[r]);
    }
    TC__UNROLL
    for (j = 0; j < TC__KCHAINS; j++) lanes[j] = TC__R_SET1(0.0f);
    for (i = 0; i < wide; i += 16) {
        TC__UNROLL
        for (r = 0; r < TC__K(together); r++)
            TC__K(square)(lanes + r * TC__RN, x + (size_t)r * ld + i, m[r]);
    }
    TC__UNROLL
    for (r = 0; r < TC__K(together); r++) {
        if (wide < n) {
            TC__K(tail)(tail, x + (size_t)r * ld + wide, n - wide, mean[r]);
            TC__K(square)(lanes + r * TC__RN, tail, m[r]);
        }
        scale[r] = tc__kref_norm_scale(TC__K(sum)(lanes + r * TC__RN) / (float)n, eps);
    }
    return now;
}

TC__KINLINE void TC__K(norm1)(float *out, const float *x, TC__R mean, TC__R scale,
                              const float *weight, const float *bias) {
    TC__R d = TC__R_MUL(TC__R_SUB(TC__R_LOAD(x), mean), scale);
    TC__R_STORE(out, TC__R_FMA(d, TC__R_LOAD(weight), TC__R_LOAD(bias)));
}

TC__KINLINE void TC__K(norm_row)(float *out, const float *x, const float *weight,
                                 const float *bias, float mean, float scale, size_t n) {
    TC__R m = TC__R_SET1(mean), s = TC__R_SET1(scale);
    size_t i, j;
    for (i = 0; i + TC__RW <= n; i += TC__RW)
        TC__K(norm1)(out + i, x + i, m, s, weight + i, bias + i);
    if (i < n) {
        float tail[16], w[16], b[16];
        TC__K(tail)(tail, x + i, n - i, mean);
        TC__K(tail)(w, weight + i, n - i, 0.0f);
        TC__K(tail)(b, bias + i, n - i, 0.0f);
        for (j = 0; j < 16; j += TC__RW) TC__K(norm1)(tail + j, tail + j, m, s, w + j, b + j);
        TC__K(put)(out + i, tail, n - i);
    }
}

static TC__KTARGET void TC__K(norm)(float *out, const float *x, size_t ld, size_t rows,
                                    const float *weight, const float *bias, float eps,
                                    size_t n) {
    float mean[TC__K(together)], scale[TC__K(together)];
    size_t now, r;
    for (; rows; rows -= now, x += now * ld, out += now * ld) {
        now = TC__K(moments)(x, ld, rows, n, eps, mean, scale);
        for (r = 0; r < now; r++)
            TC__K(norm_row)(out + r * ld, x + r * ld, weight, bias, mean[r], scale[r], n);
    }
}

/* x = 2^((x - max) * factor) for n registers, whose sums are added to lanes; see
 * tc__kref_exp2 */
TC__KINLINE void TC__K(weigh)(float *x, TC__R max, TC__R factor, TC__R low, TC__R *lanes,
                              const int n) {
    const TC__R magic = TC__R_SET1(TC__EXP2_MAGIC);
    TC__R m[TC__KCHAINS], r[TC__KCHAINS], p[TC__KCHAINS];
    int i, j;
    TC__UNROLL
    for (j = 0; j < n; j++) {
        TC__R d = TC__R_MAX(low, TC__R_SUB(TC__R_LOAD(x + j * TC__RW), max));
        m[j] = TC__R_FMA(d, factor, magic);
        r[j] = TC__R_FMA(d, factor, TC__R_SUB(magic, m[j]));
        p[j] = TC__R_SET1(tc__kref_exp2_powers[0]);
    }
    TC__UNROLL
    for (i = 1; i < 6; i++) {
        TC__UNROLL
        for (j = 0; j < n; j++)
            p[j] = TC__R_FMA(p[j], r[j], TC__R_SET1(tc__kref_exp2_powers[i]));
    }
    TC__UNROLL
    for (j = 0; j < n; j++) {
        TC__R power = TC__R_OF_I(TC__I_SHL(TC__I_OF_R(m[j]), 23));
        p[j] = TC__R_FMA(p[j], TC__R_MUL(r[j], power), power);
        TC__R_STORE(x + j * TC__RW, p[j]);
        lanes[j % TC__RN] = TC__R_ADD(lanes[j % TC__RN], p[j]);
    }
}

TC__KINLINE float TC__K(largest)(const float *x, size_t n) {
    TC__R lanes[TC__RN];
    size_t i;
    int j;
    for (j = 0; j < TC__RN; j++) lanes[j] = TC__R_SET1(-INFINITY);
    for (i = 0; i + 16 <= n; i += 16)
        for (j = 0; j < TC__RN; j++)
            lanes[j] = TC__R_MAX(TC__R_LOAD(x + i + j * TC__RW), lanes[j]);
    if (i < n) {
        float tail[16];
        TC__K(tail)(tail, x + i, n - i, -INFINITY);
        for (j = 0; j < TC__RN; j++)
            lanes[j] = TC__R_MAX(TC__R_LOAD(tail + j * TC__RW), lanes[j]);
    }
    TC__FOLD(lanes, TC__R_MAX, TC__R_SWAP);
    return TC__R_FIRST(*lanes);
}

TC__KINLINE float TC__K(weigh_row)(float *x, size_t n, float largest, TC__R factor, TC__R low) {
    const TC__R max = TC__R_SET1(largest);
    TC__R lanes[TC__RN];
    size_t i;
    int j;
    for (j = 0; j < TC__RN; j++) lanes[j] = TC__R_SET1(0.0f);
    for (i = 0; i + TC__KCHAINS * TC__RW <= n; i += TC__KCHAINS * TC__RW)
        TC__K(weigh)(x + i, max, factor, low, lanes, TC__KCHAINS);
    for (; i + 16 <= n; i += 16) TC__K(weigh)(x + i, max, factor, low, lanes, TC__RN);
    if (i < n) {
        TC__R unused[TC__RN];
        float tail[16];
        for (j = 0; j < TC__RN; j++) unused[j] = max;
        TC__K(tail)(tail, x + i, n - i, 0.0f);
        TC__K(weigh)(tail, max, factor, low, unused, TC__RN);
        TC__K(put)(x + i, tail, n - i);
        TC__K(tail)(tail, tail, n - i, 0.0f);
        for (j = 0; j < TC__RN; j++)
            lanes[j] = TC__R_ADD(lanes[j], TC__R_LOAD(tail + j * TC__RW));
    }
    return TC__K(sum)(lanes);
}

/* The largest of the next row is sought before a row is weighed, which waits for its own. */
static TC__KTARGET void TC__K(softmax)(float *x, size_t ld, size_t rows, size_t n, float scale,
                                       float *sums) {
    const float by = scale * TC__LOG2E;
    const TC__R factor = TC__R_SET1(by), low = TC__R_SET1(TC__EXP2_LOW / by);
    float largest = 0, next = 0;
    size_t r;
    for (r = 0; r <= rows; r++, largest = next) {
        if (r < rows) next = TC__K(largest)(x + r * ld, n);
        if (r) sums[r - 1] = TC__K(weigh_row)(x + (r - 1) * ld, n, largest, factor, low);
    }
}

static TC__KTARGET void TC__K(divide)(float *y, size_t ldy, const float *x, size_t ldx,
                                      size_t rows, size_t n, const float *sums) {
    for (; rows--; y += ldy, x += ldx) {
        TC__R factor = TC__R_SET1(1.0f / *sums++);
        size_t i, j;
        for (i = 0; i + TC__RW <= n; i += TC__RW)
            TC__R_STORE(y + i, TC__R_MUL(TC__R_LOAD(x + i), factor));
        if (i < n) {
            float tail[16];
            TC__K(tail)(tail, x + i, n - i, 0.0f);
            for (j = 0; j < 16; j += TC__RW)
                TC__R_STORE(tail + j, TC__R_MUL(TC__R_LOAD(tail + j), factor));
            TC__K(put)(y + i, tail, n - i);
        }
    }
}

/* 16 columns of two k are 16 pairs of halves. */
#define TC__KWIDEN(type)                                                                       \
    size_t k;                                                                                  \
    int j;                                                                                     \
    for (k = 0; k < K; k += 2, in += 32, out += 32)                                            \
        for (j = 0; j < 16; j += TC__RW) {                                                     \
            TC__R low, high;                                                                   \
            type(low, high, in + 2 * j);                                                       \
            TC__R_STORE(out + j, low);                                                         \
            TC__R_STORE(out + 16 + j, high);                                                   \
        }

static TC__KTARGET void TC__K(widen_f16)(float *out, const uint16_t *in, size_t K) {
    TC__KWIDEN(TC__R_F16)
}

static TC__KTARGET void TC__K(widen_bf16)(float *out, const uint16_t *in, size_t K) {
    TC__KWIDEN(TC__R_BF16)
}
#undef TC__KWIDEN

static TC__KTARGET void TC__K(burst)(float *out, size_t count) {
    enum { SUMS = TC__KSUMS };
    TC__R sum[SUMS], half = TC__R_SET1(*out + 0.5f), one = TC__R_SET1(1.0f);
    size_t i;
    int j;
    TC__UNROLL
    for (j = 0; j < SUMS; j++) sum[j] = TC__R_SET1((float)j); /* different, or one would do */
    for (i = 0; i < count; i += SUMS * TC__RW) {
        TC__UNROLL
        for (j = 0; j < SUMS; j++) sum[j] = TC__R_FMA(sum[j], half, one);
    }
    TC__UNROLL
    for (j = 0; j < SUMS; j++) one = TC__R_MAX(one, sum[j]);
    {
        float lanes[TC__RW];
        TC__R_STORE(lanes, one);
        *out = lanes[0];
    }
}

static TC__KTARGET void TC__K(spread_s8)(int16_t *out, const int8_t *in, size_t K) {
#ifdef TC__I_SPREAD8
    size_t k;
    int j;
    for (k = 0; k < K; k += 4, in += 64, out += 64) {
        TC__UNROLL
        for (j = 0; j < 16; j += TC__RW)
            TC__I_SPREAD8(out + j * 2, out + 32 + j * 2, in + j * 4);
    }
#else
    tc__k_spread_s8_scalar(out, in, K); /* not wanted where products take bytes */
#endif
}

static TC__KTARGET void TC__K(transpose)(float *out, size_t ldo, const float *in, size_t ldi) {
    size_t i, j;
    int k;
    for (i = 0; i < 16; i += TC__RW)
        for (j = 0; j < 16; j += TC__RW) {
            TC__R block[TC__RW];
            TC__UNROLL
            for (k = 0; k < TC__RW; k++) block[k] = TC__R_LOAD(in + (j + (size_t)k) * ldi + i);
            TC__R_TRANSPOSE(block);
            TC__UNROLL
            for (k = 0; k < TC__RW; k++) TC__R_STORE(out + (i + (size_t)k) * ldo + j, block[k]);
        }
}

#ifndef TC_NO_TRAIN
TC__EACH_TILE(TC__KROWS, TC__TILE_DW)
static void TC__K(gemm_dw)(size_t rows, size_t K, const float *a, size_t lda,
                           const tc__panels *b, float *c, size_t ldc, size_t c_stride) {
    static const TC__K(tile_function) tiles[] = {TC__EACH_TILE(TC__KROWS, TC__NAME_DW)};
    TC__K(tiles)(tiles, TC__KROWS, rows, 1, K, a, lda, b, c, ldc, c_stride);
}

TC__KINLINE void TC__K(gelu_backs)(float *dy, const float *x, size_t ld, const int rows,
                                   const int n) {
    TC__R v[TC__KCHAINS], e[TC__KCHAINS], p[TC__KCHAINS];
    int j;
    TC__UNROLL
    for (j = 0; j < rows * n; j++) {
        v[j] = TC__R_LOAD(TC__AT(x, ld, n, j));
        e[j] = TC__R_MUL(v[j], TC__R_MUL(v[j], TC__R_SET1(-0.5f)));
    }
    TC__K(exps)(e, rows * n);
    TC__K(phis)(p, v, rows * n);
    TC__UNROLL
    for (j = 0; j < rows * n; j++) {
        p[j] = TC__R_FMA(TC__R_MUL(v[j], TC__R_SET1(TC__NORMAL_0)), e[j],
                         TC__R_ADD(p[j], TC__R_SET1(0.5f)));
        TC__R_STORE(TC__AT(dy, ld, n, j), TC__R_MUL(TC__R_LOAD(TC__AT(dy, ld, n, j)), p[j]));
    }
}

TC__KINLINE TC__R TC__K(gate_back)(TC__R t, TC__R e) {
    TC__R one = TC__R_SET1(1.0f), s = TC__R_DIV(one, TC__R_ADD(one, e));
    return TC__R_MUL(s, TC__R_FMA(t, TC__R_MUL(e, s), one));
}

TC__KINLINE TC__R TC__K(gelu_new_back1)(TC__R x) {
    TC__R square = TC__R_MUL(x, x);
    TC__R u = TC__R_FMA(square, TC__R_SET1(TC__GELU_NEW_3), TC__R_SET1(TC__GELU_NEW_1));
    TC__R slope =
        TC__R_FMA(square, TC__R_SET1(-3.0f * TC__GELU_NEW_3), TC__R_SET1(-TC__GELU_NEW_1));
    return TC__K(gate_back)(TC__R_MUL(x, slope), TC__K(exp)(TC__R_MUL(x, u)));
}

TC__KINLINE TC__R TC__K(relu_back1)(TC__R x) {
    TC__I zero = TC__I_SET1(0), one = TC__I_OF_R(TC__R_SET1(1.0f));
    return TC__R_OF_I(TC__I_SELECT(TC__I_GT(TC__I_OF_R(x), zero), one, zero));
}

TC__KINLINE TC__R TC__K(silu_back1)(TC__R x) {
    return TC__K(gate_back)(x, TC__K(exp)(TC__R_MUL(x, TC__R_SET1(-1.0f))));
}

TC__KEACH(gelu_new_back, TC__R_MUL(TC__R_LOAD(at), TC__K(gelu_new_back1)(v)))
TC__KEACH(relu_back, TC__R_MUL(TC__R_LOAD(at), TC__K(relu_back1)(v)))
TC__KEACH(silu_back, TC__R_MUL(TC__R_LOAD(at), TC__K(silu_back1)(v)))
TC__KMAP(gelu_back)
TC__KMAP(gelu_new_back)
TC__KMAP(relu_back)
TC__KMAP(silu_back)

/* 16 elements: x normalized in place, sums of g and of g * x. */
TC__KINLINE void TC__K(norm_sums)(float *x, const float *dy, const float *weight, TC__R mean,
                                  TC__R scale, TC__R *all, TC__R *dot) {
    int j;
    for (j = 0; j < TC__RN; j++) {
        TC__R h = TC__R_MUL(TC__R_SUB(TC__R_LOAD(x + j * TC__RW), mean), scale);
        TC__R d = TC__R_LOAD(dy + j * TC__RW), w = TC__R_LOAD(weight + j * TC__RW);
        TC__R_STORE(x + j * TC__RW, h);
        all[j] = TC__R_FMA(d, w, all[j]);
        dot[j] = TC__R_FMA(TC__R_MUL(d, w), h, dot[j]);
    }
}

TC__KINLINE void TC__K(norm_dx)(float *dx, const float *x, const float *dy, const float *weight,
                                TC__R mean, TC__R dot, TC__R scale) {
    int j;
    for (j = 0; j < TC__RN; j++) {
        TC__R g = TC__R_FMA(TC__R_LOAD(dy + j * TC__RW), TC__R_LOAD(weight + j * TC__RW), mean);
        TC__R_STORE(dx + j * TC__RW,
                    TC__R_MUL(TC__R_FMA(TC__R_LOAD(x + j * TC__RW), dot, g), scale));
    }
}

TC__KINLINE void TC__K(norm_back_row)(float *dx, float *x, const float *dy, const float *weight,
                                      float mean, float scale, size_t n) {
    TC__R all[TC__RN], dot[TC__RN], m = TC__R_SET1(mean), s = TC__R_SET1(scale), mean_dot;
    float h[16], d[16], w[16];
    size_t i, full = n - n % 16;
    int j;
    for (j = 0; j < TC__RN; j++) all[j] = dot[j] = TC__R_SET1(0.0f);
    for (i = 0; i < full; i += 16) TC__K(norm_sums)(x + i, dy + i, weight + i, m, s, all, dot);
    if (full < n) {
        TC__K(tail)(h, x + full, n - full, mean);
        TC__K(tail)(d, dy + full, n - full, 0.0f);
        TC__K(tail)(w, weight + full, n - full, 0.0f);
        TC__K(norm_sums)(h, d, w, m, s, all, dot);
        TC__K(put)(x + full, h, n - full);
    }
    m = TC__R_SET1(-(TC__K(sum)(all) / (float)n));
    mean_dot = TC__R_SET1(-(TC__K(sum)(dot) / (float)n));
    for (i = 0; i < full; i += 16)
        TC__K(norm_dx)(dx + i, x + i, dy + i, weight + i, m, mean_dot, s);
    if (full < n) {
        TC__K(tail)(h, x + full, n - full, 0.0f);
        TC__K(norm_dx)(h, h, d, w, m, mean_dot, s);
        TC__K(put)(dx + full, h, n - full);
    }
}

static TC__KTARGET void TC__K(norm_back)(float *dx, float *x, const float *dy, size_t ld,
                                         size_t rows, const float *weight, float eps,
                                         size_t n) {
    float mean[TC__K(together)], scale[TC__K(together)];
    size_t now, r;
    for (; rows; rows -= now) {
        now = TC__K(moments)(x, ld, rows, n, eps, mean, scale);
        for (r = 0; r < now; r++, dx += ld, x += ld, dy += ld)
            TC__K(norm_back_row)(dx, x, dy, weight, mean[r], scale[r], n);
    }
}

/* The sum of d * p. */
TC__KINLINE float TC__K(dot)(const float *d, const float *p, size_t n) {
    TC__R lanes[TC__RN];
    float x[16], y[16];
    size_t i;
    int j;
    for (j = 0; j < TC__RN; j++) lanes[j] = TC__R_SET1(0.0f);
    for (i = 0; i + 16 <= n; i += 16)
        for (j = 0; j < TC__RN; j++)
            lanes[j] = TC__R_FMA(TC__R_LOAD(p + i + j * TC__RW), TC__R_LOAD(d + i + j * TC__RW),
                                 lanes[j]);
    if (i < n) {
        TC__K(tail)(x, p + i, n - i, 0.0f);
        TC__K(tail)(y, d + i, n - i, 0.0f);
        for (j = 0; j < TC__RN; j++)
            lanes[j] =
                TC__R_FMA(TC__R_LOAD(x + j * TC__RW), TC__R_LOAD(y + j * TC__RW), lanes[j]);
    }
    return TC__K(sum)(lanes);
}

TC__KINLINE TC__R TC__K(softmax_back1)(const float *d, const float *p, TC__R sum, TC__R scale) {
    return TC__R_MUL(TC__R_MUL(TC__R_LOAD(p), TC__R_SUB(TC__R_LOAD(d), sum)), scale);
}

TC__KINLINE void TC__K(softmax_back_row)(float *d, const float *p, float dot, float scale,
                                         size_t n) {
    TC__R sum = TC__R_SET1(dot), factor = TC__R_SET1(scale);
    size_t i, j;
    for (i = 0; i + TC__RW <= n; i += TC__RW)
        TC__R_STORE(d + i, TC__K(softmax_back1)(d + i, p + i, sum, factor));
    if (i < n) {
        float x[16], y[16];
        TC__K(tail)(x, p + i, n - i, 0.0f);
        TC__K(tail)(y, d + i, n - i, 0.0f);
        for (j = 0; j < 16; j += TC__RW)
            TC__R_STORE(y + j, TC__K(softmax_back1)(y + j, x + j, sum, factor));
        TC__K(put)(d + i, y, n - i);
    }
}

static TC__KTARGET void TC__K(softmax_back)(float *d, const float *p, size_t ld, size_t rows,
                                            float scale, size_t n) {
    float dot = 0, next = 0;
    size_t r;
    for (r = 0; r <= rows; r++, dot = next) {
        if (r < rows) next = TC__K(dot)(d + r * ld, p + r * ld, n);
        if (r) TC__K(softmax_back_row)(d + (r - 1) * ld, p + (r - 1) * ld, dot, scale, n);
    }
}

/* Two random words for each lane's pair of counters, see tc__rng_threefry. */
TC__KINLINE void TC__K(threefry)(const uint32_t key[2], uint32_t row, TC__I lanes, TC__I *w0,
                                 TC__I *w1) {
    const uint32_t k[3] = {key[0], key[1], TC__THREEFRY_PARITY ^ key[0] ^ key[1]};
    TC__I c0 = TC__I_SET1(row + k[0]), c1 = TC__I_ADD(lanes, TC__I_SET1(k[1]));
#define TC__THREEFRY_ROUND(n)                                                                  \
    c0 = TC__I_ADD(c0, c1);                                                                    \
    c1 = TC__I_XOR(TC__I_OR(TC__I_SHL(c1, n), TC__I_SHR(c1, 32 - (n))), c0);
#define TC__THREEFRY_KEY(i, j, n)                                                              \
    c0 = TC__I_ADD(c0, TC__I_SET1(k[i]));                                                      \
    c1 = TC__I_ADD(c1, TC__I_SET1(k[j] + (n)));
    TC__THREEFRY(TC__THREEFRY_ROUND)
#undef TC__THREEFRY_ROUND
#undef TC__THREEFRY_KEY
    *w0 = c0;
    *w1 = c1;
}

/* 32 columns of one row. */
TC__KINLINE void TC__K(drop32)(float *x, const tc__dropout *d, uint32_t row, uint32_t column) {
    static const uint32_t order[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    const uint32_t flip = 0x80000000u; /* compares unsigned numbers as signed ones */
    TC__I limit = TC__I_SET1(d->threshold ^ flip), zero = TC__I_SET1(0), w[2];
    int j, half;
    for (j = 0; j < 16; j += TC__RW) {
        TC__K(threefry)
        (d->key, row, TC__I_ADD(TC__I_LOAD(order + j), TC__I_SET1(column / 2)), &w[0], &w[1]);
        for (half = 0; half < 2; half++) {
            float *at = x + half * 16 + j;
            TC__R scaled = TC__R_MUL(TC__R_LOAD(at), TC__R_SET1(d->scale));
            TC__I gone = TC__I_GT(limit, TC__I_XOR(w[half], TC__I_SET1(flip)));
            TC__R_STORE(at, TC__R_OF_I(TC__I_SELECT(gone, zero, TC__I_OF_R(scaled))));
        }
    }
}

static TC__KTARGET void TC__K(dropout)(float *x, size_t ld, size_t rows, size_t n,
                                       const tc__dropout *d, uint32_t row, uint32_t column) {
    for (; rows--; x += ld, row++) {
        size_t i;
        for (i = 0; i + 32 <= n; i += 32) TC__K(drop32)(x + i, d, row, column + (uint32_t)i);
        if (i < n) {
            float tail[32];
            size_t low = tc__mem_least(n - i, 16);
            TC__K(tail)(tail, x + i, low, 0.0f);
            TC__K(tail)(tail + 16, x + i + low, n - i - low, 0.0f);
            TC__K(drop32)(tail, d, row, column + (uint32_t)i);
            TC__K(put)(x + i, tail, n - i);
        }
    }
}

static TC__KTARGET void TC__K(column_sum)(float *sum, const float *x, size_t ld, size_t rows,
                                          size_t n) {
    size_t i, r;
    for (i = 0; i + TC__RW <= n; i += TC__RW) {
        TC__R s = TC__R_LOAD(sum + i);
        for (r = 0; r < rows; r++) s = TC__R_ADD(s, TC__R_LOAD(x + r * ld + i));
        TC__R_STORE(sum + i, s);
    }
    for (; i < n; i++)
        for (r = 0; r < rows; r++) sum[i] += x[r * ld + i];
}

static TC__KTARGET void TC__K(column_dot)(float *sum, const float *x, const float *y, size_t ld,
                                          size_t rows, size_t n) {
    size_t i, r;
    for (i = 0; i + TC__RW <= n; i += TC__RW) {
        TC__R s = TC__R_LOAD(sum + i);
        for (r = 0; r < rows; r++)
            s = TC__R_FMA(TC__R_LOAD(x + r * ld + i), TC__R_LOAD(y + r * ld + i), s);
        TC__R_STORE(sum + i, s);
    }
    for (; i < n; i++)
        for (r = 0; r < rows; r++) sum[i] = fmaf(x[r * ld + i], y[r * ld + i], sum[i]);
}

TC__KINLINE void TC__K(adamw1)(float *p, const float *g, float *m, float *v,
                               const tc__adamw *o) {
    TC__R x = TC__R_MUL(g ? TC__R_LOAD(g) : TC__R_SET1(0.0f), TC__R_SET1(o->clip));
    TC__R m1 =
        TC__R_FMA(TC__R_SET1(o->beta1), TC__R_LOAD(m), TC__R_MUL(TC__R_SET1(o->rest1), x));
    TC__R v1 = TC__R_FMA(TC__R_SET1(o->beta2), TC__R_LOAD(v),
                         TC__R_MUL(TC__R_MUL(TC__R_SET1(o->rest2), x), x));
    TC__R_STORE(m, m1);
    TC__R_STORE(v, v1);
    x = TC__R_DIV(m1, TC__R_FMA(TC__R_SQRT(v1), TC__R_SET1(o->root), TC__R_SET1(o->epsilon)));
    TC__R_STORE(
        p, TC__R_FMA(x, TC__R_SET1(-o->step), TC__R_MUL(TC__R_LOAD(p), TC__R_SET1(o->decay))));
}

static TC__KTARGET void TC__K(adamw)(float *p, const float *g, float *m, float *v, size_t n,
                                     const tc__adamw *o) {
    size_t i, j;
    for (i = 0; i + TC__RW <= n; i += TC__RW)
        TC__K(adamw1)(p + i, g ? g + i : NULL, m + i, v + i, o);
    if (i < n) {
        float tail[4][16];
        TC__K(tail)(tail[0], p + i, n - i, 0.0f);
        TC__K(tail)(tail[1], g ? g + i : p + i, n - i, 0.0f);
        TC__K(tail)(tail[2], m + i, n - i, 0.0f);
        TC__K(tail)(tail[3], v + i, n - i, 0.0f);
        for (j = 0; j < 16; j += TC__RW)
            TC__K(adamw1)(tail[0] + j, g ? tail[1] + j : NULL, tail[2] + j, tail[3] + j, o);
        TC__K(put)(p + i, tail[0], n - i);
        TC__K(put)(m + i, tail[2], n - i);
        TC__K(put)(v + i, tail[3], n - i);
    }
}

static TC__KTARGET float TC__K(squares)(const float *x, size_t n) {
    TC__R lanes[TC__RN];
    float tail[16];
    size_t i;
    int j;
    for (j = 0; j < TC__RN; j++) lanes[j] = TC__R_SET1(0.0f);
    for (i = 0; i + 16 <= n; i += 16) TC__K(square)(lanes, x + i, TC__R_SET1(0.0f));
    if (i < n) {
        TC__K(tail)(tail, x + i, n - i, 0.0f);
        TC__K(square)(lanes, tail, TC__R_SET1(0.0f));
    }
    return TC__K(sum)(lanes);
}
#endif

#undef TC__TILE_ARGS
#undef TC__TILE_OF
#undef TC__TILE_DW
#undef TC__TILE_F16
#undef TC__TILE_BF16
#undef TC__TILE
#undef TC__NAME
#undef TC__NAME_DW
#undef TC__NAME_F16
#undef TC__NAME_BF16
#undef TC__AT
#undef TC__KEACH
#undef TC__KMAP

/* ======================================================================= 91-kint
 * Integer products over the same layer, included for each level and type. */

#elif TC__KPART == 91
#ifndef TC__QNAME
#define TC__QNAME TC__KNAME
#define TC__QTARGET TC__KTARGET
#endif
#ifndef TC__QROWS
#define TC__QROWS TC__KROWS
#endif
#ifndef TC__QBYTES
#define TC__QBYTES 2
#endif
#ifndef TC__QFLIP
#define TC__QFLIP 0
#endif
#ifndef TC__QHELD
#define TC__QHELD 0
#endif
#ifndef TC__D
#define TC__D TC__I
#define TC__D_ZERO TC__I_SET1(0)
#define TC__D_START(v) v
#define TC__D_SUM(sum) sum
#endif
#define TC__QINLINE TC__QTARGET TC__INLINE

#ifndef TC__D_HIDE
#define TC__D_HIDE(sum) (void)(sum)
#endif
#ifndef TC__D_ROW
#define TC__D_ROW TC__I
#define TC__D_SPREAD(p) TC__I_SET1(tc__bytes_u32(p))
#endif
#ifndef TC__D_ANY
#define TC__D_ANY(sum, other) other
#endif

enum { TC__Q(bytes) = TC__QBYTES };

/* Adds the products of n groups of k to the sums of a tile; rows of a from each of `row` on. */
TC__QINLINE void TC__Q(chain)(const int rows, const int panels, size_t n,
                              TC__D sum[][TC__KPANELS * TC__RN],
                              const unsigned char *const row[3], size_t lda, size_t lda3,
                              const unsigned char *q, size_t stride, tc__fetch *fetch) {
    const char *ahead = fetch->at;
    size_t pace = fetch->pace;
    fetch->at += n * pace;
#ifdef TC__S_LOAD
    TC__I column[TC__RN];
    TC__D_ROW x[TC__QROWS];
    TC__D product[TC__QROWS];
    const unsigned char *first = row[0], *at[TC__QROWS] = {0};
    int r, j;
    (void)product;
    (void)panels;
    (void)stride;
    if (!n) return;
    TC__UNROLL
    for (r = 0; r < rows; r++) {
        TC__S_ROW(at[r], first, TC__ROW5(r, lda, lda3));
        TC__S_GROUP(x[r], at[r], first, TC__ROW5(r, lda, lda3));
    }
    TC__UNROLL
    for (j = 0; j < TC__RN; j++) TC__S_LOAD(column[j], q, j * 16);
    if (--n) {
        first += 4;
        q += 64;
        do {
            TC__S_LESS(n);
            TC__UNROLL
            for (r = 0; r < rows; r++) TC__S_ROW(at[r], first, TC__ROW5(r, lda, lda3));
            TC__UNROLL
            for (j = 0; j < TC__RN; j++) {
                TC__UNROLL
                for (r = 0; r < rows; r++) {
                    TC__S_DOT(sum[r][j], product[r], x[r], column[j]);
                    if (j == TC__RN - 1)
                        TC__S_GROUP(x[r], at[r], first, TC__ROW5(r, lda, lda3));
                }
                TC__S_LOAD(column[j], q, j * 16);
                TC__UNROLL
                for (r = 0; r < rows; r++) TC__S_ADDED(sum[r][j], product[r]);
            }
            TC__S_NEXT(ahead, pace, first, 4, q);
        } while (n);
    }
    TC__UNROLL
    for (j = 0; j < TC__RN; j++) {
        TC__UNROLL
        for (r = 0; r < rows; r++) {
            TC__S_DOT(sum[r][j], product[r], x[r], column[j]);
            TC__S_ADDED(sum[r][j], product[r]);
        }
    }
#else
    TC__I column[TC__KPANELS * TC__RN];
    const unsigned char *at[3] = {row[0], row[1], row[2]};
    const int wide = panels * TC__RN;
    size_t ahead_stride = fetch->stride;
    int r, j;
    for (; n; n--, q += 64, ahead += pace) {
        TC__UNROLL
        for (j = 0; j < wide; j++)
            column[j] = TC__I_LOAD(q + (size_t)(j / TC__RN) * stride +
                                   (size_t)(j % TC__RN) * TC__RW * 4);
        TC__UNROLL
        for (j = 0; j < panels; j++) TC__PREFETCH(ahead + (size_t)j * ahead_stride);
        TC__UNROLL
        for (r = 0; r < rows; r++) {
            TC__D_ROW x = TC__D_SPREAD(at[r / 5] + TC__ROW5(r, lda, lda3));
            TC__UNROLL
            for (j = 0; j < wide; j++) sum[r][j] = TC__D_DOT(sum[r][j], x, column[j]);
        }
        at[0] += 4;
        at[1] += 4;
        at[2] += 4;
    }
#endif
}

/* rows x panels*16 numbers of c. After each run the sums in registers are added as f32 to c, or
 * to more registers; after the last they are scaled. Where rows hold q - 128, a sum begins at
 * 128 times the sum of its column. */
TC__QINLINE void TC__Q(tile)(const int rows, const int panels, size_t groups,
                             const unsigned char *a, size_t lda, const tc__qscale *scale,
                             const tc__qpanels *b, size_t panel, tc__fetch *fetch, float *c,
                             size_t ldc) {
    TC__D sum[TC__QROWS][TC__KPANELS * TC__RN];
    TC__R total[TC__QHELD + 1][TC__KPANELS * TC__RN];
    TC__R width[TC__KPANELS * TC__RN], shift[TC__KPANELS * TC__RN], from[TC__KPANELS * TC__RN];
    const int wide = panels * TC__RN, whole = TC__OF_TYPE(WHOLE, TC__QTYPE);
    const int held = rows <= TC__QHELD;
    const unsigned char *row[3] = {a, a + 5 * lda, a + 10 * lda};
    const unsigned char *q = (const unsigned char *)b->q + panel * b->stride;
    float *to[3] = {c, c + 5 * ldc, c + 10 * ldc};
    size_t lda3 = 3 * lda, ldc3 = 3 * ldc, stride = b->stride;
    size_t n =
        whole ? groups - fetch->left : tc__mem_least(groups, TC__OF_TYPE(RUN, TC__QTYPE));
    int add = 0, r, j;
    TC__HIDE(row[1]);
    TC__HIDE(row[2]);
    TC__HIDE(lda3);
    TC__HIDE(to[1]);
    TC__HIDE(to[2]);
    TC__HIDE(ldc3);
    TC__UNROLL
    for (r = 0; r < rows; r++) {
        TC__UNROLL
        for (j = 0; j < wide; j++)
            if (held) total[r][j] = TC__R_SET1(0.0f);
    }
    for (;; fetch += groups <= fetch->left) {
        if (!whole || !add) {
            TC__UNROLL
            for (j = 0; j < wide; j++) {
#if TC__QFLIP
                TC__D start =
                    TC__D_START(TC__I_SHL(TC__I_LOAD(b->sums + panel * 16 + j * TC__RW), 7));
#else
                TC__D start = TC__D_ZERO;
#endif
                TC__UNROLL
                for (r = 0; r < rows; r++) sum[r][j] = start;
            }
        }
        groups -= n;
        TC__Q(chain)(rows, panels, n, sum, row, lda, lda3, q, stride, fetch);
        TC__UNROLL
        for (r = 0; r < 3; r++) row[r] += 4 * n;
        q += 64 * n;
        n = tc__mem_least(groups, TC__OF_TYPE(RUN, TC__QTYPE));
        TC__UNROLL
        for (r = 0; r < rows; r++) {
            TC__UNROLL
            for (j = 0; j < wide; j++) TC__D_HIDE(sum[r][j]);
        }
        if (!whole && groups) {
            TC__UNROLL
            for (r = 0; r < rows; r++) {
                TC__UNROLL
                for (j = 0; j < wide; j++) {
                    float *at = to[r / 5] + TC__ROW5(r, ldc, ldc3) + j * TC__RW;
                    TC__R v = TC__R_FROM_I(TC__D_SUM(sum[r][j]));
                    if (held)
                        total[r][j] = TC__R_ADD(total[r][j], v);
                    else
                        TC__R_STORE(at, add ? TC__R_ADD(TC__R_LOAD(at), v) : v);
                }
            }
        }
        if (!groups) break;
        add = 1;
    }
    TC__UNROLL
    for (j = 0; j < wide; j++) {
        size_t at = panel * 16 + (size_t)j * TC__RW;
        width[j] = TC__R_LOAD(b->scale + at);
        shift[j] = TC__R_MUL(TC__R_FROM_I(TC__I_LOAD(b->sums + at)), width[j]);
        from[j] = b->bias ? TC__R_LOAD(b->bias + at) : TC__R_SET1(0.0f);
    }
    TC__UNROLL
    for (r = 0; r < rows; r++) {
        TC__UNROLL
        for (j = 0; j < wide; j++) {
            float *at = to[r / 5] + TC__ROW5(r, ldc, ldc3) + j * TC__RW;
            TC__R v = TC__R_FROM_I(TC__D_SUM(sum[r][j])), start = from[j];
            if (held)
                v = TC__R_ADD(total[r][j], v);
            else if (!whole && add)
                v = TC__R_ADD(TC__R_LOAD(at), v);
            if (TC__OF_TYPE(SHIFTED, TC__QTYPE))
                start = TC__R_FMA(TC__R_SET1(scale[r].low), shift[j], start);
            v = TC__R_MUL(v, TC__R_SET1(scale[r].step));
            TC__R_STORE(at, TC__R_FMA(v, width[j], start));
        }
    }
}

#define TC__TILE_ARGS                                                                          \
    (size_t groups, const unsigned char *a, size_t lda, const tc__qscale *scale,               \
     const tc__qpanels *b, size_t panel, tc__fetch *fetch, float *c, size_t ldc)
typedef void(*TC__Q(tile_function)) TC__TILE_ARGS;
#define TC__TILE(rows, panels)                                                                 \
    static TC__QTARGET void TC__Q(tile_##rows##x##panels) TC__TILE_ARGS {                      \
        TC__Q(tile)(rows, panels, groups, a, lda, scale, b, panel, fetch, c, ldc);             \
    }
#define TC__NAME(rows, panels) TC__Q(tile_##rows##x##panels),
TC__EACH_TILE(TC__QROWS, TC__TILE)

static TC__QTARGET void TC__Q(burst)(float *out, size_t count) {
    enum { SUMS = sizeof(TC__D) > sizeof(TC__I) ? TC__KSUMS / 2 : TC__KSUMS };
    TC__I nothing = TC__I_SET1((uint32_t)*out), most = TC__I_SET1(1);
    TC__D_ROW row = TC__D_SPREAD(out);
    TC__D sum[SUMS];
    TC__D zero = TC__D_ZERO;
    size_t i;
    int j;
    TC__UNROLL
    for (j = 0; j < SUMS; j++) /* zero, which the compiler does not know */
        sum[j] = TC__D_DOT(zero, row, TC__I_SET1((uint32_t)*out * (unsigned)(j + 1)));
    for (i = 0; i < count; i += SUMS * TC__RW * 4 / TC__QBYTES) {
        TC__UNROLL
        for (j = 0; j < SUMS; j++) sum[j] = TC__D_DOT(sum[j], TC__D_ANY(sum[j], row), nothing);
    }
    TC__UNROLL
    for (j = 0; j < SUMS; j++) most = TC__I_ADD(most, TC__D_SUM(sum[j]));
    {
        uint32_t lanes[TC__RW];
        TC__I_STORE(lanes, most);
        *out = (float)lanes[0];
    }
}

static void TC__Q(gemm)(size_t rows, size_t K, const tc__qrows *a, const tc__qpanels *b,
                        float *c, size_t ldc) {
    static const TC__Q(tile_function) tiles[] = {TC__EACH_TILE(TC__QROWS, TC__NAME)};
    size_t most = TC__QHELD && rows >= 16 ? TC__QHELD : TC__QROWS; /* rows of a tile */
    size_t parts = (rows + most - 1) / most, groups = (K * TC__QBYTES + 3) / 4, p, g;
    const tc__fetching fetching = b->ahead ? TC__FETCH_BEHIND : b->fetching;
    const int near = tc__kvec_near(fetching, parts);
    tc__fetch fetch[2],
        *first = tc__kvec_fetch(fetch, parts, TC__OF_TYPE(FIRST, TC__QTYPE), TC__KPANELS,
                                groups, ldc, 16, b->ahead_pace, b->ahead_stride, fetching);
    for (p = 0; p < b->count; p += TC__KPANELS) {
        size_t wide = tc__mem_least(b->count - p, TC__KPANELS), row = 0, next;
        float *to = c + p * 16;
        const TC__Q(tile_function) *wanted = TC__TILES_OF(tiles, wide);
        if (wide < TC__KPANELS) parts = TC__GROUPS_ALONE(rows, most);
        const char *panel = (const char *)b->q + p * b->stride;
        fetch[1].at = b->ahead ? b->ahead + p * b->ahead_stride : panel + wide * b->stride;
        for (g = 1; g <= parts; g++, row = next) {
            next = rows * g / parts;
            fetch[0].at = near ? panel + TC__NEAR
                               : (const char *)(to + (g < parts ? next * ldc : wide * 16));
            wanted[next - row - 1](groups, a->q + row * a->ld, a->ld, a->scale + row, b, p,
                                   first, to + row * ldc, ldc);
        }
    }
}

TC__QINLINE void TC__Q(range)(TC__R *least, TC__R *most, TC__R *none, const float *x,
                              const int n) {
    int j;
    TC__UNROLL
    for (j = 0; j < n; j++) {
        TC__R v = TC__R_LOAD(x + j * TC__RW);
        least[j] = TC__R_MIN(v, least[j]);
        most[j] = TC__R_MAX(v, most[j]);
        none[j] = TC__R_FMA(v, TC__R_SET1(0.0f), none[j]);
    }
}

/* The scale of a row, and the factor of its numbers. */
TC__QINLINE float TC__Q(scale)(tc__qscale *scale, const float *x, size_t n) {
    TC__R least[TC__KCHAINS], most[TC__KCHAINS], none[TC__KCHAINS];
    size_t i;
    int j;
    TC__UNROLL
    for (j = 0; j < TC__KCHAINS; j++) {
        least[j] = TC__R_SET1(INFINITY);
        most[j] = TC__R_SET1(-INFINITY);
        none[j] = TC__R_SET1(0.0f);
    }
    for (i = 0; i + TC__KCHAINS * TC__RW <= n; i += TC__KCHAINS * TC__RW)
        TC__Q(range)(least, most, none, x + i, TC__KCHAINS);
    for (; i < n; i += 16) {
        float tail[16];
        TC__K(tail)(tail, x + i, tc__mem_least(n - i, 16), x[0]);
        TC__Q(range)(least, most, none, tail, TC__RN);
    }
    TC__UNROLL
    for (j = TC__RN; j < TC__KCHAINS; j++) {
        least[j % TC__RN] = TC__R_MIN(least[j], least[j % TC__RN]);
        most[j % TC__RN] = TC__R_MAX(most[j], most[j % TC__RN]);
        none[j % TC__RN] = TC__R_ADD(none[j], none[j % TC__RN]);
    }
    TC__FOLD(least, TC__R_MIN, TC__R_SWAP);
    TC__FOLD(most, TC__R_MAX, TC__R_SWAP);
    TC__FOLD(none, TC__R_ADD, TC__R_SWAP);
    return TC__OF_TYPE(FACTOR, TC__QTYPE)(TC__R_FIRST(*least), TC__R_FIRST(*most),
                                          TC__R_FIRST(*none), scale);
}

TC__QINLINE void TC__Q(quantize16)(unsigned char *q, const float *x, TC__R low, TC__R factor) {
    TC__I v[TC__RN];
    int j;
    for (j = 0; j < TC__RN; j++) {
        TC__R number = TC__R_LOAD(x + j * TC__RW);
        if (TC__OF_TYPE(SHIFTED, TC__QTYPE)) number = TC__R_SUB(number, low);
        v[j] = TC__I_OF_R(TC__R_FMA(number, factor, TC__R_SET1(TC__EXP_MAGIC)));
        if (TC__QFLIP) v[j] = TC__I_XOR(v[j], TC__I_SET1(TC__QFLIP));
    }
#if TC__QBYTES == 1
    TC__I_PACK8(q, v);
#else
    TC__I_PACK16(q, v);
#endif
}

TC__QINLINE void TC__Q(quantize_row)(unsigned char *q, const float *x, size_t n, float low,
                                     float factor) {
    TC__R from = TC__R_SET1(low), by = TC__R_SET1(factor);
    size_t i;
    for (i = 0; i + 16 <= n; i += 16) TC__Q(quantize16)(q + i * TC__QBYTES, x + i, from, by);
    if (i < n) {
        float tail[16];
        TC__K(tail)(tail, x + i, n - i, low);
        TC__Q(quantize16)(q + i * TC__QBYTES, tail, from, by);
    }
}

/* The scale of the next row is found before the integers of a row, which wait for their own. */
static TC__QTARGET void TC__Q(quantize)(const tc__qrows *to, const float *x, size_t ld,
                                        size_t rows, size_t n) {
    float factor = 0, next = 0;
    size_t r;
    for (r = 0; r <= rows; r++, factor = next) {
        if (r < rows) next = TC__Q(scale)(to->scale + r, x + r * ld, n);
        if (r) {
            TC__Q(quantize_row)
            (to->q + (r - 1) * to->ld, x + (r - 1) * ld, n, to->scale[r - 1].low, factor);
        }
    }
}

#undef TC__TILE_ARGS
#undef TC__TILE
#undef TC__NAME
#undef TC__QINLINE
#undef TC__QTYPE
#undef TC__QNAME
#undef TC__QTARGET
#undef TC__QBYTES
#undef TC__QFLIP
#undef TC__QHELD

/* The layer is forgotten. */
#elif TC__KPART == 92
#undef TC__RN
#undef TC__EACH_TILE
#undef TC__TILES_OF
#undef TC__GROUPS_ALONE
#undef TC__KINLINE
#undef TC__KCHAINS
#undef TC__R_SQRT
#undef TC__R_TRANSPOSE
#undef TC__R_SWAP8
#undef TC__R_SWAP4
#undef TC__R_SWAP2
#undef TC__R_SWAP1
#undef TC__R_FIRST
#undef TC__I_XOR
#undef TC__KNAME
#undef TC__KTARGET
#undef TC__KROWS
#undef TC__KPANELS
#undef TC__KHOLD
#undef TC__KHALVES
#undef TC__KALONE
#undef TC__R
#undef TC__I
#undef TC__RW
#undef TC__R_LOAD
#undef TC__R_LOAD_SOME
#undef TC__R_F16
#undef TC__R_BF16
#undef TC__KSUMS
#undef TC__R_STORE
#undef TC__R_STORE_SOME
#undef TC__R_SET1
#undef TC__R_ADD
#undef TC__R_SUB
#undef TC__R_MUL
#undef TC__R_DIV
#undef TC__R_FMA
#undef TC__R_MAX
#undef TC__R_MIN
#undef TC__I_LOAD
#undef TC__I_SET1
#undef TC__I_ADD
#undef TC__I_AND
#undef TC__I_OR
#undef TC__I_SHL
#undef TC__I_SHR
#undef TC__I_GT
#undef TC__I_SELECT
#undef TC__I_OF_R
#undef TC__R_OF_I
#undef TC__R_FROM_I
#undef TC__I_STORE
#undef TC__I_PACK16
#undef TC__I_PACK8
#undef TC__I_SPREAD8
#undef TC__D
#undef TC__D_ZERO
#undef TC__D_START
#undef TC__D_DOT
#undef TC__D_SUM
#undef TC__D_ANY
#undef TC__D_HIDE
#undef TC__D_ROW
#undef TC__D_SPREAD
#undef TC__QROWS
#endif
#undef TC__KPART
#endif /* TC__KPART */

/* ====================================================================== 99-licence
 *
 * MIT License
 *
 * Copyright (c) 2026 the tokclass authors
 *
 * Permission is hereby granted, free of charge, to any person obtaining a copy of this software
 * and associated documentation files (the "Software"), to deal in the Software without
 * restriction, including without limitation the rights to use, copy, modify, merge, publish,
 * distribute, sublicense, and/or sell copies of the Software, and to permit persons to whom the
 * Software is furnished to do so, subject to the following conditions:
 *
 * The above copyright notice and this permission notice shall be included in all copies or
 * substantial portions of the Software.
 *
 * THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING
 * BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND
 * NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM,
 * DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING
 * FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.
 */
