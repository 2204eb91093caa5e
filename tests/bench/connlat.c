// SPDX-License-Identifier: GPL-2.0
/*
 * How long a connect() over the loopback takes: connlat COUNT PERIOD_US makes one,
 * waits PERIOD_US, and prints for each two numbers of nanoseconds: that of connect()
 * alone, and that from the moment it was due, which has the wait for the processor.
 *
 * Both ends are closed by a reset, so that no bucket comes into being.
 */

#include <arpa/inet.h>
#include <err.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static struct sockaddr_in server = { .sin_family = AF_INET };

static uint64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

static void sleep_until(uint64_t when)
{
	const struct timespec ts = { when / 1000000000, when % 1000000000 };

	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL);
}

static void one(int listener, uint64_t due, uint64_t took[2])
{
	const struct linger reset = { .l_onoff = 1 };
	int accepted, fd = socket(AF_INET, SOCK_STREAM, 0);
	uint64_t begin;

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset)))
		err(1, "socket");
	begin = now();
	if (connect(fd, (struct sockaddr *)&server, sizeof(server)))
		err(1, "connect");
	took[0] = now() - begin;
	took[1] = begin + took[0] - due;
	accepted = accept(listener, NULL, NULL);
	if (accepted < 0)
		err(1, "accept");
	close(fd);
	close(accepted);
}

int main(int argc, char **argv)
{
	unsigned long i, count, period;
	uint64_t (*took)[2], due;
	int listener;

	if (argc != 3)
		errx(2, "usage: connlat COUNT PERIOD_US");
	count = strtoul(argv[1], NULL, 10);
	period = strtoul(argv[2], NULL, 10) * 1000;
	took = calloc(count, sizeof(*took));
	mlockall(MCL_CURRENT);
	server.sin_addr.s_addr = htonl(INADDR_LOOPBACK + (2 << 16));
	server.sin_port = htons(9000);
	listener = socket(AF_INET, SOCK_STREAM, 0);
	if (!took || bind(listener, (struct sockaddr *)&server, sizeof(server)) ||
	    listen(listener, 8))
		err(1, "listen");
	/* Who comes late does not make the next one late, too. */
	for (i = 0; i < count; i++) {
		due = now() + period;
		sleep_until(due);
		one(listener, due, took[i]);
	}
	for (i = 0; i < count; i++)
		printf("%llu %llu\n", (unsigned long long)took[i][0],
		       (unsigned long long)took[i][1]);
	return 0;
}
