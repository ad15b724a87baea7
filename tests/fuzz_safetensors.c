/* fuzz_safetensors.c - any bytes as a safetensors file, and as an index of shards. */
#include "../tools/safetensors.h"
#include "fuzz_main.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    json_arena arena = {NULL};
    const char *const *names;
    char message[300], shape[40];
    size_t count, i;
    st_file file;
    if (!st_open(&file, data, size, message, sizeof(message))) {
        for (i = 0; i < file.count; i++) {
            const st_tensor *tensor = &file.tensors[i];
            float *out = (float *)malloc((size_t)tensor->elements * sizeof(float) + 1);
            st_shape_text(tensor, shape, sizeof(shape));
            if (out && st_readable(tensor) && st_read(tensor, out)) abort();
            free(out);
        }
        st_find(&file, "a");
        st_close(&file);
    }
    st_index(data, size, &arena, &names, &count, message, sizeof(message));
    json_arena_free(&arena);
    return 0;
}
