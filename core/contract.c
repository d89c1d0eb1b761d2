#include "core/contract.h"

#include <stdio.h>
#include <stdlib.h>

void contract_broken(const char *condition, const char *sentence, const char *file, int line,
                     const char *function) {
    fprintf(stderr, "dotbias: bug at %s:%d in %s: %s (%s is false)\n", file, line, function, sentence,
            condition);
    abort();
}
