/* SPDX-License-Identifier: GPL-2.0 */
/* Requests: right ones, made from the spec's tables, and what mutation makes of them. */
#ifndef FAMILY_MESSAGE_H
#define FAMILY_MESSAGE_H

#include <stddef.h>
#include <stdint.h>

#include <linux/genetlink.h>
#include <linux/netlink.h>

#include "table.h"

#define MESSAGE_MAX	8192
/* Of a buffer that is sent at once. */
#define REQUESTS_MAX	16

/* What is sent at once: one netlink message, mostly. */
struct message {
	uint8_t buf[MESSAGE_MAX];
	size_t len;
};

/* A request in a buffer, as the kernel will find it. */
struct request {
	uint32_t	seq;
	uint16_t	type, flags;
	/* what of the generic header is there; NULL for a kind of its own */
	const struct op	*op;
	uint8_t		*attrs;
	size_t		attrs_len;
	bool		has_header;
};

extern uint16_t family_id;

void random_seed(uint64_t seed);
uint32_t any(uint32_t below);

const struct op *op_of(uint8_t cmd);
void message_fresh(struct message *m);
void message_mutate(struct message *m, const struct message *other);
unsigned int message_walk(struct message *m, uint32_t seq, struct request *r);
void message_remember_cursor(const void *data, size_t len);

#endif /* FAMILY_MESSAGE_H */
