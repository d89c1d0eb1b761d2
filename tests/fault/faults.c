#include "tests/fault/faults.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/memory.h"

enum { CALLS_MAX = 5000 };

/* The one thing that a test may keep for itself: the wrappers have no other place to look. */
static struct {
    unsigned countdown; /* 0: nothing fails */
    enum faults_mode mode;
    const char *failed;
} faults;

void faults_arm(enum faults_mode mode, unsigned countdown) {
    faults.mode = mode;
    faults.countdown = countdown;
    faults.failed = NULL;
}

const char *faults_disarm(void) {
    faults.countdown = 0;
    return faults.failed;
}

/* Whether this call is the one. */
static bool is_due(const char *name) {
    if (faults.countdown == 0 || --faults.countdown > 0)
        return false;
    faults.failed = name;
    return true;
}

/* As is_due, for calls that only fail altogether; then errno is set. */
static bool must_fail(const char *name, int error) {
    if (faults.mode != FAULTS_FAIL || !is_due(name))
        return false;
    errno = error;
    return true;
}

/* ---- the wrappers; --wrap turns a call of f into one of __wrap_f, and __real_f is f ---- */

#define WRAP(result, name, parameters)                                                                       \
    result __real_##name parameters;                                                                         \
    result __wrap_##name parameters;                                                                         \
    result __wrap_##name parameters

/* Bytes to write now: all of them, some of them, or -1 with errno set. */
static ssize_t bytes_allowed(const char *name, size_t length) {
    if (!is_due(name))
        return (ssize_t)length;
    if (faults.mode == FAULTS_CUT && length > 1) {
        faults.mode = FAULTS_FAIL;
        faults.countdown = 1;
        return (ssize_t)(length / 2);
    }
    errno = faults.mode == FAULTS_INTERRUPT ? EINTR : ENOSPC;
    return -1;
}

WRAP(ssize_t, write, (int descriptor, const void *bytes, size_t length)) {
    ssize_t allowed = bytes_allowed("write", length);
    return allowed < 0 ? -1 : __real_write(descriptor, bytes, (size_t)allowed);
}

WRAP(ssize_t, pwrite, (int descriptor, const void *bytes, size_t length, off_t offset)) {
    ssize_t allowed = bytes_allowed("pwrite", length);
    return allowed < 0 ? -1 : __real_pwrite(descriptor, bytes, (size_t)allowed, offset);
}

WRAP(ssize_t, read, (int descriptor, void *bytes, size_t length)) {
    return must_fail("read", EIO) ? -1 : __real_read(descriptor, bytes, length);
}

WRAP(ssize_t, pread, (int descriptor, void *bytes, size_t length, off_t offset)) {
    return must_fail("pread", EIO) ? -1 : __real_pread(descriptor, bytes, length, offset);
}

/* No test pulls the plug: what the disk would take long for is left out. */
int __wrap_fsync(int descriptor);
int __wrap_fsync(int descriptor) {
    (void)descriptor;
    return must_fail("fsync", EIO) ? -1 : 0;
}

WRAP(int, rename, (const char *from, const char *to)) {
    return must_fail("rename", EIO) ? -1 : __real_rename(from, to);
}

WRAP(int, mkdir, (const char *path, mode_t mode)) {
    return must_fail("mkdir", ENOSPC) ? -1 : __real_mkdir(path, mode);
}

WRAP(int, fstat, (int descriptor, struct stat *found)) {
    return must_fail("fstat", EIO) ? -1 : __real_fstat(descriptor, found);
}

WRAP(void *, mmap, (void *at, size_t length, int protection, int flags, int descriptor, off_t offset)) {
    return must_fail("mmap", ENOMEM) ? MAP_FAILED
                                     : __real_mmap(at, length, protection, flags, descriptor, offset);
}

WRAP(int, posix_memalign, (void **block, size_t alignment, size_t size)) {
    return must_fail("posix_memalign", ENOMEM) ? ENOMEM : __real_posix_memalign(block, alignment, size);
}

WRAP(DIR *, opendir, (const char *path)) {
    return must_fail("opendir", EMFILE) ? NULL : __real_opendir(path);
}

WRAP(DIR *, fdopendir, (int descriptor)) {
    return must_fail("fdopendir", ENOMEM) ? NULL : __real_fdopendir(descriptor);
}

WRAP(struct dirent *, readdir, (DIR * stream)) {
    return must_fail("readdir", EIO) ? NULL : __real_readdir(stream);
}

WRAP(FILE *, fopen, (const char *path, const char *mode)) {
    return must_fail("fopen", EMFILE) ? NULL : __real_fopen(path, mode);
}

/* A stream remembers its failure. */
static bool stream_must_fail(const char *name, FILE *stream, int error) {
    if (!must_fail(name, error))
        return false;
    stream->_flags |= _IO_ERR_SEEN;
    return true;
}

WRAP(char *, fgets, (char *line, int length, FILE *stream)) {
    return stream_must_fail("fgets", stream, EIO) ? NULL : __real_fgets(line, length, stream);
}

WRAP(int, fputs, (const char *line, FILE *stream)) {
    return stream_must_fail("fputs", stream, ENOSPC) ? EOF : __real_fputs(line, stream);
}

WRAP(int, fflush, (FILE * stream)) {
    return stream_must_fail("fflush", stream, ENOSPC) ? EOF : __real_fflush(stream);
}

/* What is closed is closed, also when that fails. */
WRAP(int, fclose, (FILE * stream)) {
    bool fails = must_fail("fclose", ENOSPC);
    int result = __real_fclose(stream);
    errno = fails ? ENOSPC : errno;
    return fails ? EOF : result;
}

WRAP(int, close, (int descriptor)) {
    bool fails = must_fail("close", EIO);
    int result = __real_close(descriptor);
    errno = fails ? EIO : errno;
    return fails ? -1 : result;
}

/* open has a third argument when it may make the file. */
int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...) {
    mode_t mode = 0;
    if ((flags & O_CREAT) != 0) {
        va_list arguments;
        va_start(arguments, flags);
        mode = va_arg(arguments, mode_t);
        va_end(arguments);
    }
    return must_fail("open", EMFILE) ? -1 : __real_open(path, flags, mode);
}

static void *json_memory(size_t size) {
    return must_fail("malloc of jansson", ENOMEM) ? NULL : malloc(size);
}

/* ---- the sweep ---- */

static void judge(const struct faults_act *act, bool done, const char *failed, const struct status *status) {
    bool is_fair = done ? true : failed != NULL && !act->succeeds && status->text[0] != '\0';
    if (!is_fair || (!done && status->code == STATUS_OK) || status->code == STATUS_BUG)
        fail_msg("a failing %s made of it: done %d, code %d, '%s'", failed != NULL ? failed : "nothing", done,
                 (int)status->code, status->text);
    if (act->check != NULL)
        act->check(done);
}

unsigned faults_sweep(enum faults_mode mode, const struct faults_act *act) {
    const char *failed;
    unsigned calls = 0;
    size_t held = memory_blocks_held();
    json_set_alloc_funcs(json_memory, free);
    do {
        struct status status = {0};
        if (act->prepare != NULL)
            act->prepare();
        assert_true(++calls < CALLS_MAX);
        faults_arm(mode, calls);
        bool done = act->act(&status);
        failed = faults_disarm();
        if (memory_blocks_held() != held)
            fail_msg("a failing %s leaks memory", failed != NULL ? failed : "nothing");
        judge(act, done, failed, &status);
    } while (failed != NULL);
    json_set_alloc_funcs(malloc, free);
    return calls - 1;
}
