/* fuzz_tcm.c - damaged models. Input that begins with "tokclass" is a file. Any other input is
 * changes of a good file (3 bytes of place, 1 of value), whose checksums are then put right, so
 * that what stands behind them is reached. */
#define _DEFAULT_SOURCE /* MAP_ANONYMOUS */
#define TOKCLASS_IMPLEMENTATION
#include "../tokclass.h"
#include "fuzz_main.h"
#include "test.h"
#include "t_support.h"
#include "t_kernels.h"
#include "t_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static made good;
    static const void *file;
    static size_t file_size;
    unsigned char *copy;
    tc_diag diag;
    size_t n, i;
    memset(&diag, 0, sizeof diag);
    if (!file && (!made_plan(&good, &file_plan, NULL) ||
                  tc_writer_finish(good.writer, &file, &file_size)))
        return -1;
    if (size >= 8 && !memcmp(data, "tokclass", 8)) {
        copy = file_copy(data, size);
        n = size;
    } else {
        copy = file_copy(file, n = file_size);
        for (i = 0; i + 4 <= size; i += 4)
            copy[((size_t)data[i] | (size_t)data[i + 1] << 8 | (size_t)data[i + 2] << 16) % n] =
                data[i + 3];
        file_mend(copy, n);
    }
    if (file_use(copy, n, &diag) && !diag.message[0]) __builtin_trap();
    free(copy);
    return 0;
}
