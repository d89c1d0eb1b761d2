/* Text in the HTML of `dotbias report`. */
#ifndef CLI_REPORT_TEXT_H
#define CLI_REPORT_TEXT_H

#include "monitor/scroll.h"

/* Any bytes as text of HTML, in an element or a quoted attribute: what is not UTF-8 becomes U+FFFD, control bytes a space, but
 * for newlines. */
void report_text(struct scroll *page, const char *bytes, size_t length);
void report_string(struct scroll *page, const char *text);

#endif
