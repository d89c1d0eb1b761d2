#include "coordinator/epoch.h"

#include <math.h>
#include <string.h>

#include "core/memory.h"

bool epoch_init(struct epoch_books *books, uint32_t lanes, uint32_t pservers, uint64_t valid_count,
                struct status *status) {
    *books = (struct epoch_books){.lanes = lanes, .pservers = pservers, .valid_count = valid_count};
    books->slices = (uint32_t)((valid_count + VALID_SLICE - 1) / VALID_SLICE);
    books->lane_sums = memory_take_array(lanes, sizeof *books->lane_sums, "lane sums", status);
    books->lane_done = memory_take(lanes, "lane sums", status);
    books->settled = memory_take(pservers, "settled shards", status);
    books->slice_sums = memory_take_array(books->slices, sizeof *books->slice_sums, "slice sums", status);
    books->slice_done = memory_take(books->slices, "slice sums", status);
    return books->lane_sums != NULL && books->lane_done != NULL && books->settled != NULL &&
           books->slice_sums != NULL && books->slice_done != NULL;
}

void epoch_free(struct epoch_books *books) {
    memory_release(books->lane_sums);
    memory_release(books->lane_done);
    memory_release(books->settled);
    memory_release(books->slice_sums);
    memory_release(books->slice_done);
    *books = (struct epoch_books){0};
}

void epoch_begin(struct epoch_books *books) {
    memset(books->lane_done, 0, books->lanes);
    memset(books->settled, 0, books->pservers);
    memset(books->slice_done, 0, books->slices);
    books->lanes_left = books->lanes;
    books->pservers_left = books->pservers;
    books->slices_left = books->slices;
    books->next_slice = 0;
    books->digest = 0;
}

bool epoch_lane_done(struct epoch_books *books, const struct lane_done_message *done, struct status *status) {
    if (done->lane >= books->lanes || books->lane_done[done->lane])
        return status_fail(status, STATUS_PROTOCOL, "lane %u is not expected to end", done->lane);
    books->lane_done[done->lane] = 1;
    books->lane_sums[done->lane] = *done;
    books->lanes_left--;
    return true;
}

bool epoch_settled(struct epoch_books *books, uint32_t pserver, uint64_t digest, struct status *status) {
    if (books->settled[pserver])
        return status_fail(status, STATUS_PROTOCOL, "pserver %u has settled before", pserver);
    books->settled[pserver] = 1;
    books->digest += digest;
    books->pservers_left--;
    return true;
}

bool epoch_validated(struct epoch_books *books, const struct validated_message *sums, struct status *status) {
    if (sums->slice >= books->next_slice || books->slice_done[sums->slice])
        return status_fail(status, STATUS_PROTOCOL, "slice %u is not expected", sums->slice);
    books->slice_done[sums->slice] = 1;
    books->slice_sums[sums->slice] = *sums;
    books->slices_left--;
    return true;
}

bool epoch_next_slice(struct epoch_books *books, struct validate_message *slice) {
    if (books->next_slice == books->slices)
        return false;
    slice->slice = books->next_slice++;
    slice->first = (uint64_t)slice->slice * VALID_SLICE;
    slice->count =
        (uint32_t)(books->valid_count - slice->first < VALID_SLICE ? books->valid_count - slice->first
                                                                   : VALID_SLICE);
    return true;
}

void epoch_losses(const struct epoch_books *books, struct epoch_report *report, double *cold_mae) {
    struct validated_message all = {0};
    double squared = 0;
    uint64_t count = 0;
    for (uint32_t lane = 0; lane < books->lanes; lane++) {
        squared += books->lane_sums[lane].squared;
        count += books->lane_sums[lane].count;
    }
    for (uint32_t slice = 0; slice < books->slices; slice++) {
        all.count += books->slice_sums[slice].count;
        all.squared += books->slice_sums[slice].squared;
        all.absolute += books->slice_sums[slice].absolute;
        all.cold_count += books->slice_sums[slice].cold_count;
        all.cold_squared += books->slice_sums[slice].cold_squared;
        all.cold_absolute += books->slice_sums[slice].cold_absolute;
    }
    report->train_loss = count == 0 ? NAN : squared / (double)count;
    report->valid_count = all.count;
    report->valid_mse = all.count == 0 ? NAN : all.squared / (double)all.count;
    report->valid_rmse = sqrt(report->valid_mse);
    report->valid_mae = all.count == 0 ? NAN : all.absolute / (double)all.count;
    report->cold_count = all.cold_count;
    report->cold_mse = all.cold_count == 0 ? NAN : all.cold_squared / (double)all.cold_count;
    *cold_mae = all.cold_count == 0 ? NAN : all.cold_absolute / (double)all.cold_count;
}
