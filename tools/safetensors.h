/* safetensors.h - reader of safetensors files, one or a sharded set, from memory.
 *
 * Every check of the format's reference reader, in its order, and one more: a tensor's name may
 * stand only once. A message begins with the kind of the error, e.g. "InvalidOffset: ...". */
#ifndef SAFETENSORS_H
#define SAFETENSORS_H

#include "json.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct st_tensor {
    const char *name; /* [name_length], not NUL-terminated */
    size_t name_length;
    const char *dtype;     /* "F32" */
    unsigned bits;         /* of one element */
    const uint64_t *shape; /* [rank] */
    size_t rank;
    uint64_t elements;
    uint64_t begin, end;       /* bytes in the data */
    const unsigned char *data; /* [end - begin], at any alignment */
} st_tensor;

typedef struct st_file {
    json_doc header;
    json_arena arena;
    st_tensor *tensors; /* [count], in the order of the names' bytes */
    size_t count;
} st_file;

/* Reads the header of `data` [size], which must outlive `out`. 0 on success; else -1, `message`
 * says why, and nothing is left to close. */
int st_open(st_file *out, const void *data, size_t size, char *message, size_t message_size);
void st_close(st_file *file);
/* The tensor called `name`, or null. */
const st_tensor *st_find(const st_file *file, const char *name);
/* Whether st_read can read its type: F32, F16, BF16 or F64. */
int st_readable(const st_tensor *tensor);
/* All its elements as f32 into out [elements]; 0 on success, -1 if the type is another. */
int st_read(const st_tensor *tensor, float *out);
/* "[2, 3]" into out; returns it. */
const char *st_shape_text(const st_tensor *tensor, char *out, size_t out_size);
/* Reads model.safetensors.index.json: the names of the files, each once, into *names [*count],
 * in `arena`. 0 on success. A name with a path in it is an error. */
int st_index(const void *text, size_t size, json_arena *arena, const char *const **names,
             size_t *count, char *message, size_t message_size);

#ifdef __cplusplus
}
#endif

#endif
