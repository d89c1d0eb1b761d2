#include "data/safetensors.h"

#include "core/memory.h"
#include "data/json_written.h"

static const struct {
    const char *name;
    uint64_t bytes;
} TYPES[] = {
    [SAFETENSOR_F32] = {"F32", 4},
    [SAFETENSOR_I64] = {"I64", 8},
    [SAFETENSOR_I32] = {"I32", 4},
    [SAFETENSOR_U8] = {"U8", 1},
};

uint64_t safetensor_bytes(const struct safetensor *tensor) {
    return TYPES[tensor->type].bytes * tensor->rows * (tensor->columns > 0 ? tensor->columns : 1);
}

static json_t *describe(const struct safetensor *tensor, uint64_t begin) {
    json_t *shape = tensor->columns > 0
                        ? json_pack("[I, I]", (json_int_t)tensor->rows, (json_int_t)tensor->columns)
                        : json_pack("[I]", (json_int_t)tensor->rows);
    return json_pack("{s:s, s:o, s:[I, I]}", "dtype", TYPES[tensor->type].name, "shape", shape,
                     "data_offsets", (json_int_t)begin, (json_int_t)(begin + safetensor_bytes(tensor)));
}

/* NULL without memory. */
static json_t *describe_all(const struct safetensor *tensors, size_t count, json_t *metadata) {
    json_t *head = json_object();
    uint64_t begin = 0;
    bool done = json_object_set_new(head, "__metadata__", metadata) == 0;
    for (size_t i = 0; i < count; i++) {
        done &= json_object_set_new(head, tensors[i].name, describe(&tensors[i], begin)) == 0;
        begin += safetensor_bytes(&tensors[i]);
    }
    if (done)
        return head;
    json_decref(head);
    return NULL;
}

bool safetensors_write_head(struct atomic_file *file, const struct safetensor *tensors, size_t count,
                            json_t *metadata, struct status *status) {
    size_t length;
    char *text = json_written(describe_all(tensors, count, metadata), JSON_COMPACT, &length, status);
    if (text == NULL)
        return false;
    size_t padding = (8 - length % 8) % 8;
    uint64_t whole = length + padding;
    bool done = atomic_file_write(file, &whole, sizeof whole, status) &&
                atomic_file_write(file, text, length, status) &&
                atomic_file_write(file, "       ", padding, status);
    memory_release(text);
    return done;
}
