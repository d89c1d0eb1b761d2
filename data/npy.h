/* NumPy's array file, format version 1.0 (numpy.lib.format, "A Simple File Format for NumPy Arrays", NEP 1): the
 * magic, a length, a Python dictionary as text, spaces so that the data begins at a multiple of 64 bytes; then the
 * data as it lies in memory. */
#ifndef DATA_NPY_H
#define DATA_NPY_H

#include <stdint.h>

#include "data/atomic_file.h"

enum npy_type { NPY_FLOAT32, NPY_INT32 };

/* Writes all that comes before the data of an array [rows][columns], little-endian, rows one after another; columns 0:
 * of an array [rows]. The caller goes on with rows * columns numbers. Errors as atomic_file_write. */
bool npy_write_head(struct atomic_file *file, enum npy_type type, uint64_t rows, uint32_t columns,
                    struct status *status);

#endif
