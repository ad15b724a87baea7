/* amx.c - AMX for CPUs and systems without it, so that the tests of level amx run there. A tile
 * instruction raises SIGILL; the handler does what the instruction would have done (Intel's
 * manual, volume 2, AMX-TILE, AMX-INT8, AMX-BF16) and goes on behind it. An instruction that a
 * CPU would refuse ends the program with a sentence. To be linked with a program whose header
 * was compiled with TC__EMULATED_AMX. */
#define _GNU_SOURCE
#if defined(__x86_64__) && defined(__linux__)
#include <immintrin.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <ucontext.h>
#include <unistd.h>

enum { TILES = 8, ROWS = 16, BYTES = 64 };

typedef struct tile {
    unsigned rows, bytes; /* of the configuration; bytes of a row */
    unsigned char at[ROWS][BYTES];
} tile;

/* The registers of each thread. */
static __thread struct {
    int configured;
    tile tiles[TILES];
} amx;

/* One instruction: VEX prefix of three bytes, opcode, ModRM, SIB, displacement. */
typedef struct instruction {
    unsigned opcode, prefix; /* 0 none, 1 66, 2 F3, 3 F2 */
    unsigned reg, rm, vvvv;
    int memory;
    unsigned char *at; /* of a memory operand */
    long stride;       /* its index register */
    size_t length;
} instruction;

static void refuse(const char *why) {
    static const char from[] = "amx.c: a CPU would refuse this: ";
    if (write(2, from, sizeof from - 1) < 0 || write(2, why, strlen(why)) < 0 ||
        write(2, "\n", 1) < 0)
        _exit(3);
    _exit(2);
}

static long register_of(const ucontext_t *context, unsigned number) {
    static const int at[16] = {REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP,
                               REG_RSI, REG_RDI, REG_R8,  REG_R9,  REG_R10, REG_R11,
                               REG_R12, REG_R13, REG_R14, REG_R15};
    return (long)context->uc_mcontext.gregs[at[number]];
}

/* Reads a VEX instruction of map 0F 38, W0, L0; false for any other. */
static int decode(const ucontext_t *context, instruction *in) {
    const unsigned char *code = (const unsigned char *)context->uc_mcontext.gregs[REG_RIP];
    const unsigned char *p = code + 5;
    unsigned mod, base, index;
    long address = 0;
    memset(in, 0, sizeof *in);
    if (code[0] != 0xC4 || (code[1] & 31) != 2 || code[2] & 0x84) return 0;
    in->prefix = code[2] & 3;
    in->vvvv = ~(unsigned)code[2] >> 3 & 15;
    in->opcode = code[3];
    mod = code[4] >> 6;
    in->reg = (code[4] >> 3 & 7) | (~(unsigned)code[1] >> 4 & 8);
    base = (code[4] & 7) | (~(unsigned)code[1] >> 2 & 8);
    in->rm = base;
    in->memory = mod != 3;
    if (in->memory) {
        if ((base & 7) == 4) { /* SIB */
            base = (*p & 7) | (base & 8);
            index = (*p >> 3 & 7) | (~(unsigned)code[1] >> 3 & 8);
            if (index != 4) in->stride = register_of(context, index) << (*p >> 6);
            p++;
        }
        if (mod == 0 && (base & 7) == 5) refuse("an address that no test uses");
        address = register_of(context, base);
        if (mod == 1) address += (signed char)*p++;
        if (mod == 2) {
            int32_t far;
            memcpy(&far, p, sizeof far);
            address += far;
            p += sizeof far;
        }
        in->at = (unsigned char *)address;
    }
    in->length = (size_t)(p - code);
    return 1;
}

static tile *tile_of(unsigned number) {
    if (!amx.configured) refuse("tiles without a configuration");
    if (number >= TILES || !amx.tiles[number].rows) refuse("a tile that is not configured");
    return &amx.tiles[number];
}

static void configure(const unsigned char *from) {
    unsigned i;
    memset(&amx, 0, sizeof amx);
    if (from[0] == 0) return;
    if (from[0] != 1) refuse("a palette but 1");
    for (i = 2; i < 16; i++)
        if (from[i]) refuse("reserved bytes of a configuration");
    for (i = 0; i < 16; i++) {
        unsigned bytes = from[16 + 2 * i] | (unsigned)from[17 + 2 * i] << 8,
                 rows = from[48 + i];
        if (bytes > BYTES || rows > ROWS || !bytes != !rows || (i >= TILES && rows))
            refuse("the shape of a tile");
        if (i >= TILES) continue;
        amx.tiles[i].rows = rows;
        amx.tiles[i].bytes = bytes;
    }
    amx.configured = 1;
}

static void load(tile *to, const unsigned char *from, long stride) {
    unsigned r;
    memset(to->at, 0, sizeof to->at);
    for (r = 0; r < to->rows; r++) memcpy(to->at[r], from + (long)r * stride, to->bytes);
}

static void store(const tile *from, unsigned char *to, long stride) {
    unsigned r;
    for (r = 0; r < from->rows; r++) memcpy(to + (long)r * stride, from->at[r], from->bytes);
}

static void dot_bytes(tile *sum, const tile *a, const tile *b) {
    unsigned m, k, n, i;
    for (m = 0; m < sum->rows; m++)
        for (n = 0; n < sum->bytes / 4; n++) {
            uint32_t total;
            memcpy(&total, sum->at[m] + 4 * n, 4);
            for (k = 0; k < a->bytes / 4; k++)
                for (i = 0; i < 4; i++)
                    total += (uint32_t)(a->at[m][4 * k + i] * (signed char)b->at[k][4 * n + i]);
            memcpy(sum->at[m] + 4 * n, &total, 4);
        }
}

static float bf16_at(const unsigned char *at) {
    uint32_t bits = (uint32_t)at[0] << 16 | (uint32_t)at[1] << 24;
    float x;
    memcpy(&x, &bits, 4);
    return x;
}

/* Even and odd k have sums of their own; what is subnormal counts as zero. */
__attribute__((target("fma"))) static void dot_bf16(tile *sum, const tile *a, const tile *b) {
    unsigned m, k, n;
    _mm_setcsr(_mm_getcsr() | 0x8040);
    for (m = 0; m < sum->rows; m++)
        for (n = 0; n < sum->bytes / 4; n++) {
            float even = 0, odd = 0, total;
            for (k = 0; k < a->bytes / 4; k++) {
                const unsigned char *x = a->at[m] + 4 * k, *y = b->at[k] + 4 * n;
                even = __builtin_fmaf(bf16_at(x), bf16_at(y), even);
                odd = __builtin_fmaf(bf16_at(x + 2), bf16_at(y + 2), odd);
            }
            memcpy(&total, sum->at[m] + 4 * n, 4);
            total += even + odd;
            memcpy(sum->at[m] + 4 * n, &total, 4);
        }
}

static void dot(const instruction *in, void (*add)(tile *, const tile *, const tile *)) {
    tile *sum = tile_of(in->reg), *a = tile_of(in->rm), *b = tile_of(in->vvvv);
    if (sum == a || sum == b || a == b) refuse("one tile twice in a product");
    if (sum->bytes != b->bytes || sum->rows != a->rows || a->bytes / 4 != b->rows ||
        sum->bytes % 4 || a->bytes % 4)
        refuse("shapes of tiles that do not fit");
    add(sum, a, b);
}

/* True if it was an instruction of AMX that the header has. */
static int emulate(const instruction *in) {
    if (in->opcode == 0x49 && in->prefix == 0 && in->memory)
        configure(in->at);
    else if (in->opcode == 0x49 && in->prefix == 0)
        memset(&amx, 0, sizeof amx);
    else if (in->opcode == 0x49 && in->prefix == 3 && !in->memory)
        memset(tile_of(in->reg)->at, 0, sizeof amx.tiles[0].at);
    else if (in->opcode == 0x4B && in->prefix == 3 && in->memory)
        load(tile_of(in->reg), in->at, in->stride);
    else if (in->opcode == 0x4B && in->prefix == 2 && in->memory)
        store(tile_of(in->reg), in->at, in->stride);
    else if (in->opcode == 0x5E && in->prefix == 1 && !in->memory)
        dot(in, dot_bytes);
    else if (in->opcode == 0x5C && in->prefix == 2 && !in->memory)
        dot(in, dot_bf16);
    else
        return 0;
    return 1;
}

static void illegal(int number, siginfo_t *info, void *context) {
    ucontext_t *at = (ucontext_t *)context;
    instruction in;
    (void)info;
    if (decode(at, &in) && emulate(&in))
        at->uc_mcontext.gregs[REG_RIP] += (greg_t)in.length;
    else
        signal(number, SIG_DFL);
}

__attribute__((constructor)) static void install(void) {
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_sigaction = illegal;
    action.sa_flags = SA_SIGINFO;
    sigaction(SIGILL, &action, NULL);
}
#endif
