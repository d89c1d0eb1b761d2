# cmake -DPAGE=monitor/page -DOUTPUT=page_assets.c -P embed.cmake: the page's files as the array of monitor/page.h.
file(GLOB_RECURSE names RELATIVE ${PAGE} ${PAGE}/*.html ${PAGE}/*.css ${PAGE}/*.js ${PAGE}/*.svg)
list(SORT names)

set(type_html "text/html; charset=utf-8")
set(type_css "text/css; charset=utf-8")
set(type_js "text/javascript; charset=utf-8")
set(type_svg "image/svg+xml")

set(arrays "")
set(table "")
set(number 0)
foreach(name ${names})
    file(READ ${PAGE}/${name} hex HEX)
    string(REGEX REPLACE "(..)" "0x\\1," bytes "${hex}")
    string(REGEX REPLACE "(................................................................................)" "\\1\n" bytes "${bytes}")
    string(APPEND arrays "static const unsigned char asset_${number}[] = {\n${bytes}};\n")
    string(REGEX REPLACE ".*\\." "" extension ${name})
    set(path "/assets/${name}")
    if(name STREQUAL index.html)
        set(path "/")
    endif()
    string(APPEND table "    {\"${path}\", \"${type_${extension}}\", asset_${number}, sizeof(asset_${number})},\n")
    math(EXPR number "${number} + 1")
endforeach()

file(WRITE ${OUTPUT} "/* Made by monitor/page/embed.cmake. */\n#include \"monitor/page.h\"\n\n${arrays}
const struct page_asset page_assets[] = {\n${table}    {NULL, NULL, NULL, 0},\n};\n")
