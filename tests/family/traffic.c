// SPDX-License-Identifier: GPL-2.0
/* Buckets of a place's own, a few at a time, so that it asks of what is changing. */
#include <err.h>
#include <string.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "traffic.h"

/* Connections whose server does not close: their buckets stay in FIN_WAIT2. */
#define HELD	16

static struct sockaddr_in6 at[2];
static int listener[2];
static int held[HELD];

/* In a new namespace it is down. */
void traffic_loopback_up(void)
{
	struct ifreq ifr = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	if (ioctl(fd, SIOCSIFFLAGS, &ifr))
		err(1, "lo");
	close(fd);
}

/* One listener for IPv6, one for IPv4 through an IPv6 socket. */
void traffic_listen(unsigned int port)
{
	int i, one = 1;

	for (i = 0; i < 2; i++) {
		at[i].sin6_family = AF_INET6;
		at[i].sin6_port = htons((uint16_t)(port + (unsigned int)i));
		inet_pton(AF_INET6, i ? "::ffff:127.0.0.1" : "::1", &at[i].sin6_addr);
		listener[i] = socket(AF_INET6, SOCK_STREAM, 0);
		setsockopt(listener[i], SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
		if (bind(listener[i], (struct sockaddr *)&at[i], sizeof(at[i])) ||
		    listen(listener[i], 16))
			err(1, "listen");
	}
}

/* The @n-th: that tells of what kind. What is refused it does not mind. */
void traffic_connect(unsigned int n)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_port = at[1].sin6_port };
	int i = n % 2, client, server, ret;

	client = socket(n % 4 == 1 ? AF_INET : AF_INET6, SOCK_STREAM, 0);
	v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (n % 4 == 1)
		ret = connect(client, (struct sockaddr *)&v4, sizeof(v4));
	else
		ret = connect(client, (struct sockaddr *)&at[i], sizeof(at[i]));
	if (ret) {
		close(client);
		return;
	}
	server = accept(listener[i], NULL, NULL);
	close(client);
	if (n % 8 < 6) {
		close(server);
		return;
	}
	if (held[n / 8 % HELD])
		close(held[n / 8 % HELD]);
	held[n / 8 % HELD] = server;
}
