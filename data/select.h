/* The k-th smallest of many numbers without sorting them (Hoare 1961, "Algorithm 65: Find"). */
#ifndef DATA_SELECT_H
#define DATA_SELECT_H

#include <stdint.h>

/* The number that would stand at place k < count (from 0) if the items were sorted; the items are reordered.
 */
int64_t select_place(int64_t *items, uint64_t count, uint64_t k);

#endif
