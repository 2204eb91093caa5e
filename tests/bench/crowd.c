// SPDX-License-Identifier: GPL-2.0
/*
 * Makes many TIME_WAIT buckets, quickly: crowd FIRST LAST makes those from number
 * FIRST up to, but not including, LAST. Each is a connection over the loopback, the
 * client's side closed first.
 *
 * What makes it quick: one process, which never waits, for on the loopback a
 * connection is there when connect() returns; one listener for all addresses; no
 * bind(), so that connect() chooses source address and port.
 *
 * They go to 500 addresses, of which the first gets an eighth of all and the last
 * a thousandth, and to a few ports of each, lest one runs out of source ports.
 */

#include <arpa/inet.h>
#include <err.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define ADDRESSES	500
#define PORTS		4
#define FIRST_PORT	8000

static int listeners[PORTS];

static void listen_at(unsigned int i)
{
	struct sockaddr_in any = {
		.sin_family = AF_INET,
		.sin_port = htons(FIRST_PORT + i),
	};
	int one = 1, fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) ||
	    bind(fd, (struct sockaddr *)&any, sizeof(any)) || listen(fd, 8))
		err(1, "listen");
	listeners[i] = fd;
}

/* The same number always means the same address. */
static uint32_t address(uint32_t number)
{
	double u = (double)(uint32_t)(number * 2654435761U) / 4294967296.0;
	uint32_t i = u * u * u * ADDRESSES;

	return INADDR_LOOPBACK + (1 << 16) + (i / 250 << 8) + i % 250;
}

static void one_bucket(uint32_t number)
{
	unsigned int port = number % PORTS;
	struct sockaddr_in to = {
		.sin_family = AF_INET,
		.sin_port = htons(FIRST_PORT + port),
		.sin_addr.s_addr = htonl(address(number)),
	};
	int server, client = socket(AF_INET, SOCK_STREAM, 0);

	if (client < 0)
		err(1, "socket");
	if (connect(client, (struct sockaddr *)&to, sizeof(to)))
		err(1, "connect, number %u", number);
	server = accept(listeners[port], NULL, NULL);
	if (server < 0)
		err(1, "accept");
	close(client);
	close(server);
}

int main(int argc, char **argv)
{
	uint32_t number, last;
	unsigned int i;

	if (argc != 3)
		errx(2, "usage: crowd FIRST LAST");
	for (i = 0; i < PORTS; i++)
		listen_at(i);
	last = strtoul(argv[2], NULL, 10);
	for (number = strtoul(argv[1], NULL, 10); number < last; number++)
		one_bucket(number);
	return 0;
}
