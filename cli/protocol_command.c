/* dotbias protocol: the reference page of all messages, made from their table. */
#include <argp.h>
#include <stdio.h>

#include "cli/command.h"
#include "proto/message.h"

static const char DOC[] = "Examples:\n"
                          "  dotbias protocol > docs/PROTOCOL.md\n"
                          "\v"
                          "Prints the messages between coordinator, pservers and workers, field by field.";

int command_protocol(int argc, char **argv) {
    static const struct argp ARGP = {NULL, NULL, "", DOC, NULL, NULL, NULL};
    argp_parse(&ARGP, argc, argv, 0, NULL, NULL);
    message_document(stdout);
    return 0;
}
