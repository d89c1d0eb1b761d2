/* How an operation ended, as a code and a sentence.
 *
 * Three kinds of wrong are kept apart: our own bug stops the process (core/contract.h); the world (a disk, a
 * peer, a bad file) is a status that travels up and gains context; a peer's bytes are refused and counted,
 * never asserted. The codes are the exit codes of sysexits.h, so that what `cli` returns is what the deepest
 * room found. */
#ifndef CORE_STATUS_H
#define CORE_STATUS_H

#include <stdbool.h>

enum status_code {
    STATUS_OK = 0,
    STATUS_USAGE = 64,       /* the command line is wrong */
    STATUS_BAD_DATA = 65,    /* the content of a file, a rating or a model is wrong; training diverged */
    STATUS_NO_INPUT = 66,    /* a file that was asked for cannot be opened for reading */
    STATUS_UNAVAILABLE = 69, /* a peer is missing, dead or silent */
    STATUS_BUG = 70,         /* ours */
    STATUS_NO_MEMORY = 71,   /* the system refused memory, a thread or a process */
    STATUS_CANT_CREATE = 73, /* an output file or directory cannot be created */
    STATUS_IO = 74,          /* reading or writing failed half-way: disk full, short read */
    STATUS_TRY_AGAIN = 75,   /* stopped on request; state is saved, start again */
    STATUS_PROTOCOL = 76,    /* a peer speaks another protocol, version or configuration */
    STATUS_DENIED = 77,      /* not allowed */
    STATUS_CONFIG = 78,      /* the configuration is wrong */
};

enum { STATUS_TEXT_BYTES = 1024 };

struct status {
    enum status_code code;
    char text[STATUS_TEXT_BYTES]; /* one sentence or more lines, no trailing newline; empty when code is
                                     STATUS_OK */
};

/* Writes code and sentence, and returns false, so that a failing function can end in `return
 * status_fail(...)`. */
bool status_fail(struct status *status, enum status_code code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* As status_fail, and adds ": " and the sentence of errno. */
bool status_fail_errno(struct status *status, enum status_code code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Puts "context: " in front of the sentence of a failed status; returns false. */
bool status_context(struct status *status, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The name of a code in words, "configuration error" for 78. Never NULL. */
const char *status_name(enum status_code code);

#endif
