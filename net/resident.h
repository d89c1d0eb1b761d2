/* How much of this process is in memory. */
#ifndef NET_RESIDENT_H
#define NET_RESIDENT_H

#include <stdint.h>

/* Bytes; 0 when the system does not tell. A look into /proc: some microseconds. */
uint64_t resident_bytes(void);

#endif
