/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Two network namespaces that this process has for itself, and the sockets of a
 * scenario in them. They end with the process, however it ends. Sysctls are
 * written through files that were opened in there, so none of the host's can be
 * met.
 *
 * What returns an int returns a negative errno on failure, unless it says so.
 */
#ifndef TWCTL_VERIFY_NET_H
#define TWCTL_VERIFY_NET_H

#include "verify_plan.h"

/* outside the ports of the clients */
#define VERIFY_SERVER_PORT	4000
#define VERIFY_FIRST_PORT	10000
#define VERIFY_LAST_PORT	60000

enum verify_sysctl {
	VERIFY_SYSCTL_REUSE,
	VERIFY_SYSCTL_DELAY,
	VERIFY_SYSCTL_TIMESTAMPS,
	VERIFY_SYSCTL_PORT_RANGE,
	VERIFY_SYSCTL_RESERVED,
	VERIFY_N_SYSCTLS
};

struct verify_net {
	struct verify_abilities can;
	int sysctl[VERIFY_N_SYSCTLS];
	/* what is set, UINT32_MAX where that is not known */
	uint32_t value[VERIFY_N_SYSCTLS];
	/* here, and beyond the veth */
	int listener[2];
};

/*
 * Leaves this process in a namespace of its own. Returns 0, or -1 with the
 * reason in @err.
 */
int verify_net_open(struct verify_net *n, char *err, size_t size);
void verify_net_close(struct verify_net *n);

int verify_net_set(struct verify_net *n, enum verify_sysctl which, uint32_t value);
/* Leaves connect() that one port, which has to be even. */
int verify_net_narrow(struct verify_net *n, uint16_t port);

/* The sockets of a scenario. */
enum verify_role {
	/* the one that becomes the bucket */
	VERIFY_FIRST,
	/* the one whose connect() is in question; that does not block */
	VERIFY_SECOND,
	/* another one at the same port, bound or to be connected elsewhere */
	VERIFY_THIRD,
};

/* With its options, and bound as the scenario says; a descriptor. */
int verify_net_socket(const struct verify_scenario *s, enum verify_role role,
		      uint16_t port);
/* To its server. 0 also where that goes on by itself. */
int verify_net_connect(const struct verify_scenario *s, enum verify_role role,
		       int fd);
/* The server's end of what came from @port; a descriptor. */
int verify_net_accept(struct verify_net *n, const struct verify_scenario *s,
		      enum verify_role role, uint16_t port);
/* Waits until the client's FIN is there. */
int verify_net_await_fin(int server);
/* Has the server acknowledge it at once. */
void verify_net_acknowledge(int server);
/* Closes with an RST, so that nothing is left. @fd may be -1. */
void verify_net_drop(int fd);
/* The same to whatever the servers have not accepted yet. */
void verify_net_drop_unaccepted(struct verify_net *n);

#endif /* TWCTL_VERIFY_NET_H */
