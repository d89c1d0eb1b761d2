/* Contracts between rooms: broken ones are our bug and stop the process, in release builds too.
 * Never used on bytes of a file or a peer. */
#ifndef CORE_CONTRACT_H
#define CORE_CONTRACT_H

#define REQUIRE(condition, sentence)                                                                         \
    ((condition) ? (void)0 : contract_broken(#condition, sentence, __FILE__, __LINE__, __func__))

/* Prints what was promised and where it was broken, then aborts. */
_Noreturn void contract_broken(const char *condition, const char *sentence, const char *file, int line,
                               const char *function);

#endif
