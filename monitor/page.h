/* The web page that the coordinator serves, as bytes in the program: no file and no network is needed to show it.
 *
 * The sources are in monitor/page/; the build turns them into arrays (monitor/page/embed.cmake). "/" is index.html, anything
 * else is "/assets/" and its name there. The page asks for nothing but these paths and /api/v1/ (docs/MONITORING.md) of its
 * own origin, has neither script nor style inline, and so works under `Content-Security-Policy: default-src 'self'`. */
#ifndef MONITOR_PAGE_H
#define MONITOR_PAGE_H

#include <stddef.h>

struct page_asset {
    const char *path; /* "/assets/page.css" */
    const char *type; /* "text/css; charset=utf-8" */
    const unsigned char *bytes;
    size_t length;
};

/* The asset at a path (without query); NULL when there is none. */
const struct page_asset *page_asset_find(const char *path);

/* All of them; ends with a path of NULL. */
extern const struct page_asset page_assets[];

#endif
