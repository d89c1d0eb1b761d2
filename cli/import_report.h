/* What `dotbias import` says: the summary as a table or as JSON, and the warnings that must not be missed. */
#ifndef CLI_IMPORT_REPORT_H
#define CLI_IMPORT_REPORT_H

#include <stdio.h>

#include "data/import.h"

/* The summary for people. */
void import_report_table(const struct import_spec *spec, const struct import_summary *summary, FILE *out);

/* The summary as one JSON object; false when it could not be written. */
bool import_report_json(const struct import_spec *spec, const struct import_summary *summary, FILE *out);

/* Rejects, duplicates and unreadable movie lines, each with line and reason, as far as they are kept. Nothing
 * when there are none. */
void import_report_warnings(const struct import_spec *spec, const struct import_summary *summary, FILE *out);

#endif
