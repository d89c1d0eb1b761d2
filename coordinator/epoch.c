#include "coordinator/epoch.h"

#include <math.h>
#include <string.h>

#include "core/memory.h"

bool epoch_init(struct epoch_books *books, uint32_t pservers, uint64_t valid_count, struct status *status) {
    *books = (struct epoch_books){.pservers = pservers, .valid_count = valid_count};
    books->slices = (uint32_t)((valid_count + VALID_SLICE - 1) / VALID_SLICE);
    books->settled = memory_take(pservers, "settled shards", status);
    books->slice_sums = memory_take_array(books->slices, sizeof *books->slice_sums, "slice sums", status);
    books->slice_done = memory_take(books->slices, "slice sums", status);
    books->slice_worker = memory_take_array(books->slices, sizeof *books->slice_worker, "slices", status);
    return books->settled != NULL && books->slice_sums != NULL && books->slice_done != NULL &&
           books->slice_worker != NULL;
}

void epoch_free(struct epoch_books *books) {
    memory_release(books->settled);
    memory_release(books->slice_sums);
    memory_release(books->slice_done);
    memory_release(books->slice_worker);
    *books = (struct epoch_books){0};
}

void epoch_begin(struct epoch_books *books) {
    memset(books->settled, 0, books->pservers);
    memset(books->slice_done, 0, books->slices);
    for (uint32_t slice = 0; slice < books->slices; slice++)
        books->slice_worker[slice] = SLICE_UNDEALT;
    books->pservers_left = books->pservers;
    books->slices_left = books->slices;
    books->first_undealt = 0;
    books->digest = 0;
}

void epoch_settled(struct epoch_books *books, uint32_t pserver, uint64_t digest, bool *repeated) {
    *repeated = books->settled[pserver] != 0;
    if (*repeated)
        return;
    books->settled[pserver] = 1;
    books->digest += digest;
    books->pservers_left--;
}

bool epoch_validated(struct epoch_books *books, const struct validated_message *sums, bool *repeated,
                     struct status *status) {
    if (sums->slice >= books->slices || books->slice_worker[sums->slice] == SLICE_UNDEALT)
        return status_fail(status, STATUS_PROTOCOL, "slice %u is not expected", sums->slice);
    *repeated = books->slice_done[sums->slice] != 0;
    if (*repeated)
        return true;
    books->slice_done[sums->slice] = 1;
    books->slice_sums[sums->slice] = *sums;
    books->slices_left--;
    return true;
}

void epoch_name_slice(const struct epoch_books *books, uint32_t number, struct validate_message *slice) {
    slice->slice = number;
    slice->first = (uint64_t)number * VALID_SLICE;
    slice->count =
        (uint32_t)(books->valid_count - slice->first < VALID_SLICE ? books->valid_count - slice->first
                                                                   : VALID_SLICE);
}

bool epoch_deal_slice(struct epoch_books *books, uint32_t worker, struct validate_message *slice) {
    while (books->first_undealt < books->slices && books->slice_worker[books->first_undealt] != SLICE_UNDEALT)
        books->first_undealt++;
    if (books->first_undealt == books->slices)
        return false;
    books->slice_worker[books->first_undealt] = worker;
    epoch_name_slice(books, books->first_undealt, slice);
    return true;
}

bool epoch_is_busy(const struct epoch_books *books, uint32_t worker, uint32_t slices) {
    uint32_t held = 0;
    for (uint32_t slice = 0; slice < books->slices && held < slices; slice++)
        held += books->slice_worker[slice] == worker && !books->slice_done[slice];
    return held >= slices;
}

void epoch_take_back(struct epoch_books *books, uint32_t worker) {
    for (uint32_t slice = books->slices; slice-- > 0;)
        if (books->slice_worker[slice] == worker && !books->slice_done[slice]) {
            books->slice_worker[slice] = SLICE_UNDEALT;
            books->first_undealt = slice;
        }
}

void epoch_losses(const struct epoch_books *books, struct epoch_report *report, double *cold_mae) {
    struct validated_message all = {0};
    for (uint32_t slice = 0; slice < books->slices; slice++) {
        all.count += books->slice_sums[slice].count;
        all.squared += books->slice_sums[slice].squared;
        all.absolute += books->slice_sums[slice].absolute;
        all.cold_count += books->slice_sums[slice].cold_count;
        all.cold_squared += books->slice_sums[slice].cold_squared;
        all.cold_absolute += books->slice_sums[slice].cold_absolute;
    }
    report->valid_count = all.count;
    report->valid_mse = all.count == 0 ? NAN : all.squared / (double)all.count;
    report->valid_rmse = sqrt(report->valid_mse);
    report->valid_mae = all.count == 0 ? NAN : all.absolute / (double)all.count;
    report->cold_count = all.cold_count;
    report->cold_mse = all.cold_count == 0 ? NAN : all.cold_squared / (double)all.cold_count;
    *cold_mae = all.cold_count == 0 ? NAN : all.cold_absolute / (double)all.cold_count;
}
