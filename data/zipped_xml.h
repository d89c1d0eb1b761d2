/* Whether a zip of XML files, as spreadsheets are, is whole. The library that makes ours does not notice when its temporary
 * files find no room: then a document ends in the middle, and the zip around it is sound all the same. */
#ifndef DATA_ZIPPED_XML_H
#define DATA_ZIPPED_XML_H

#include <stdbool.h>
#include <stddef.h>

#include "core/status.h"

/* True when every file in the zip inflates to its stated size and ends with the closing tag of its root element. STATUS_IO names
 * the first that does not; STATUS_NO_MEMORY. No zip64, no comment behind the directory. */
bool zipped_xml_check(const void *bytes, size_t length, struct status *status);

#endif
