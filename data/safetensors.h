/* The safetensors file (Hugging Face, "safetensors", section Format): a u64 length, that many bytes of JSON, then the
 * tensors' bytes without holes, little-endian. The JSON maps a tensor's name to its dtype, shape and place; texts
 * about the whole stand under "__metadata__". It is padded with spaces, so that the data begins at a multiple of 8:
 * tensors of wide numbers should come first. */
#ifndef DATA_SAFETENSORS_H
#define DATA_SAFETENSORS_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "data/atomic_file.h"

enum safetensor_type { SAFETENSOR_F32, SAFETENSOR_I64, SAFETENSOR_I32, SAFETENSOR_U8 };

struct safetensor {
    const char *name;
    enum safetensor_type type;
    uint64_t rows;
    uint32_t columns; /* 0: a tensor of one dimension */
};

uint64_t safetensor_bytes(const struct safetensor *tensor);

/* Writes all that comes before the data. The caller goes on with the bytes of the tensors in their order. Metadata is
 * an object of strings, which is taken in any case (NULL counts as a lack of memory). STATUS_NO_MEMORY, or as
 * atomic_file_write. */
bool safetensors_write_head(struct atomic_file *file, const struct safetensor *tensors, size_t count,
                            json_t *metadata, struct status *status);

#endif
