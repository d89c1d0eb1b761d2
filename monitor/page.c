#include "monitor/page.h"

#include <string.h>

const struct page_asset *page_asset_find(const char *path) {
    for (const struct page_asset *asset = page_assets; asset->path != NULL; asset++) {
        if (strcmp(asset->path, path) == 0)
            return asset;
    }
    return NULL;
}
