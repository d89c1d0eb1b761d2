/* One source, several instruction sets: a function marked MULTIVERSION is compiled for AVX-512, AVX2 and
 * plain x86-64, and the right copy is chosen when the program starts. Without contraction (-ffp-contract=off)
 * and with reductions written as independent lanes, every copy gives the same bits. Sanitizers and clang get
 * the plain copy. */
#ifndef CORE_MULTIVERSION_H
#define CORE_MULTIVERSION_H

#if defined(__GNUC__) && !defined(__clang__) && defined(__x86_64__) && !defined(__SANITIZE_ADDRESS__) &&     \
    !defined(__SANITIZE_THREAD__)
#define MULTIVERSION __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define MULTIVERSION
#endif

#endif
