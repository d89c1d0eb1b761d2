/* Can any bytes of a ratings or movies file hurt its reader? The file is an anonymous one, so that nothing
 * touches a disk. Build for libFuzzer with: clang -fsanitize=fuzzer,address -I. tests/fuzz/ratings_fuzz.c
 * data/[a-z]*.c core/[a-z]*.c ... */
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "data/movies_reader.h"
#include "data/ratings_reader.h"

int ratings_fuzz(const uint8_t *bytes, size_t length);

static void read_ratings(const char *path) {
    struct status status;
    struct ratings_row row;
    enum ratings_outcome outcome = RATINGS_ROW;
    struct ratings_reader *reader = ratings_reader_open(path, true, &status);
    while (reader != NULL && (outcome == RATINGS_ROW || outcome == RATINGS_REJECT))
        outcome = ratings_reader_next(reader, &row, &status);
    ratings_reader_close(reader);
}

static void read_movies(const char *path) {
    struct status status;
    struct id_map map = {0};
    struct movie_names names = {0};
    uint32_t row;
    if (id_map_add(&map, "1", 1, &row, &status))
        movies_read(&names, path, &map, &status);
    movie_names_clear(&names);
    id_map_clear(&map);
}

int ratings_fuzz(const uint8_t *bytes, size_t length) {
    char path[64];
    int file = memfd_create("ratings", MFD_CLOEXEC);
    if (file < 0)
        return 0;
    snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    if (write(file, bytes, length) == (ssize_t)length) {
        read_ratings(path);
        read_movies(path);
    }
    close(file);
    return 0;
}

#ifndef FUZZ_REPLAY
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length) {
    return ratings_fuzz(bytes, length);
}
#endif
