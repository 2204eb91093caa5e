/* SPDX-License-Identifier: GPL-2.0 */
/* Answers, held against the spec, the rules of netlink, and who may see what. */
#ifndef FAMILY_REPLY_H
#define FAMILY_REPLY_H

#include "message.h"

/**
 * struct viewer - who reads
 * @name: of the place it sits in
 * @host: has CAP_NET_ADMIN in the initial user namespace
 * @net: has it over the network namespace
 * @netns: the inode of that
 */
struct viewer {
	const char	*name;
	bool		host, net;
	uint32_t	netns;
};

/* What came in answer to a request. */
struct answer {
	unsigned int	messages, ends;
	int		error;
};

/**
 * struct exchange - what was sent at once, and what came
 * @viewer: who asks
 * @sent: the buffer
 * @request: what is in it
 * @answer: to each request
 * @n: requests
 */
struct exchange {
	const struct viewer	*viewer;
	const struct message	*sent;
	struct request		request[REQUESTS_MAX];
	struct answer		answer[REQUESTS_MAX];
	unsigned int		n;
};

/* Tells what is wrong, with the message that brought it about; returns false. */
bool complain(const struct message *sent, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

bool reply_check(struct exchange *x, const uint8_t *data, size_t len);
bool reply_complete(const struct exchange *x);
bool reply_notification(const struct viewer *viewer, const uint8_t *data, size_t len);

#endif /* FAMILY_REPLY_H */
