/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The other end of a connection: what the kernel will say is in the socket
 * before it is asked; and what it is asked, as text.
 */
#ifndef TWSCOPE_UNIT_PEER_H
#define TWSCOPE_UNIT_PEER_H

#include "msg.h"
#include "nl.h"

/* of the messages it says */
#define FAMILY 0x1d

/* the kernel's end of the newest connection */
extern int peer;

/* One that is empty; the same each time. */
struct msg *msg_fresh(void);

/* Our end of a new connection. */
int peer_connected(void);
/* The same, where the family was found: the next request has number 2. */
struct twnl *peer_attached(void);
void peer_detach(struct twnl *nl);
void peer_say(const struct msg *m);
void peer_say_family(uint32_t version);

/* The filter that @text makes; NULL for none. */
struct tws_filter compiled(const char *text);
/* The attributes of @msg: type(hex of the value), nests in braces. Frees @msg. */
char *shown(struct nl_msg *msg);

#endif /* TWSCOPE_UNIT_PEER_H */
