/* The page in the program: everything it asks for is there, and it asks nobody else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "monitor/page.h"

static const struct page_asset *find(const char *path) {
    const struct page_asset *asset = page_asset_find(path);
    if (asset == NULL)
        fail_msg("there is no %s", path);
    return asset;
}

static bool holds(const struct page_asset *asset, const char *text) {
    return memmem(asset->bytes, asset->length, text, strlen(text)) != NULL;
}

static bool ends_with(const char *text, const char *end) {
    size_t length = strlen(text), end_length = strlen(end);
    return length >= end_length && strcmp(text + length - end_length, end) == 0;
}

static void paths_lead_to_assets(void **state) {
    (void)state;
    assert_string_equal(find("/")->type, "text/html; charset=utf-8");
    assert_string_equal(find("/assets/page.css")->type, "text/css; charset=utf-8");
    assert_string_equal(find("/assets/page.js")->type, "text/javascript; charset=utf-8");
    assert_string_equal(find("/assets/icon.svg")->type, "image/svg+xml");
    assert_true(holds(find("/"), "<!DOCTYPE html>"));
    assert_true(holds(find("/assets/vendor/uPlot.iife.min.js"), "uPlot"));
}

static void other_paths_lead_nowhere(void **state) {
    (void)state;
    assert_null(page_asset_find(""));
    assert_null(page_asset_find("/index.html"));
    assert_null(page_asset_find("/assets/"));
    assert_null(page_asset_find("/assets/../page.h"));
    assert_null(page_asset_find("/assets/vendor/README.md"));
    assert_null(page_asset_find("/assets/embed.cmake"));
}

/* "NAME" after each `before` in the text is the path of an asset, with `folder` before it. */
static void names_are_assets(const struct page_asset *asset, const char *before, const char *folder) {
    const char *text = (const char *)asset->bytes, *end = text + asset->length;
    while ((text = memmem(text, (size_t)(end - text), before, strlen(before))) != NULL) {
        char path[256];
        text += strlen(before);
        size_t length = strcspn(text, "\"'");
        snprintf(path, sizeof path, "%s%.*s", folder, (int)length, text);
        find(path);
    }
}

static void whatever_is_asked_for_is_there(void **state) {
    (void)state;
    names_are_assets(find("/"), "src=\"/assets", "/assets");
    names_are_assets(find("/"), "href=\"/assets", "/assets");
    for (const struct page_asset *asset = page_assets; asset->path != NULL; asset++)
        if (ends_with(asset->path, ".js"))
            names_are_assets(asset, " from './", "/assets/");
}

/* Content-Security-Policy: default-src 'self' forbids all of these. */
static void nothing_is_inline_and_nothing_elsewhere(void **state) {
    (void)state;
    assert_false(holds(find("/"), "<style"));
    assert_false(holds(find("/"), " style="));
    assert_false(holds(find("/"), "<script>"));
    for (const struct page_asset *asset = page_assets; asset->path != NULL; asset++) {
        if (strstr(asset->path, "/vendor/") != NULL)
            continue;
        assert_false(holds(asset, "https://"));
        assert_false(holds(asset, "url("));
        assert_false(holds(asset, "@import"));
        assert_false(holds(asset, "innerHTML"));
        assert_false(holds(asset, "eval("));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paths_lead_to_assets),
        cmocka_unit_test(other_paths_lead_nowhere),
        cmocka_unit_test(whatever_is_asked_for_is_there),
        cmocka_unit_test(nothing_is_inline_and_nothing_elsewhere),
    };
    return cmocka_run_group_tests_name("page", tests, NULL, NULL);
}
