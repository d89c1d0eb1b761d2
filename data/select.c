#include "data/select.h"

#include "core/contract.h"
#include "core/rng.h"

int64_t select_place(int64_t *items, uint64_t count, uint64_t k) {
    REQUIRE(k < count, "the place is one of the items'");
    uint64_t low = 0, high = count - 1;
    while (low < high) {
        /* A pivot picked by a hash: no input that is merely sorted, or made so, is slow. */
        int64_t pivot = items[low + rng_mix(low ^ high) % (high - low + 1)];
        uint64_t i = low, j = high;
        while (i <= j) {
            while (items[i] < pivot)
                i++;
            while (items[j] > pivot)
                j--;
            if (i > j)
                break;
            int64_t kept = items[i];
            items[i++] = items[j];
            items[j] = kept;
            if (j == 0)
                break;
            j--;
        }
        if (k <= j)
            high = j;
        else if (k >= i)
            low = i;
        else
            break;
    }
    return items[k];
}
