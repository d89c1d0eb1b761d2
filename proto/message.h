/* placeholder until proto is written */
#ifndef PROTO_MESSAGE_H
#define PROTO_MESSAGE_H
struct message;
#endif
