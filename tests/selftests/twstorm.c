// SPDX-License-Identifier: GPL-2.0
/*
 * Connects to itself for some seconds, and ends each connection in one of all
 * the ways there are. What it could not do it does not mind.
 */

#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <getopt.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define HELD 32

union addr {
	struct sockaddr		sa;
	struct sockaddr_in	v4;
	struct sockaddr_in6	v6;
};

static const char usage[] =
	"usage: twstorm [-t SECONDS] [-r ADDRESS] [-p PORT] [-s FIRST] [-n PORTS]\n"
	"               [-S SEED] [-d DEVICE] [-w USEC] [-c]\n"
	"SIGTERM ends it, too. Prints connections made, refused, failed otherwise.\n"
	"  -s, -n  of some connections the client is bound to one of these ports\n"
	"  -w  waits so long between two\n"
	"  -c  of clean ends only\n";

static unsigned long seed = 1;
static unsigned long made, refused, other;
static const char *device;
static unsigned int first, n_ports, pause_us;
static bool clean;
static volatile sig_atomic_t stopped;

static unsigned int chance(unsigned int n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed % n;
}

static socklen_t parse(union addr *a, const char *text, unsigned int port)
{
	memset(a, 0, sizeof(*a));
	if (inet_pton(AF_INET, text, &a->v4.sin_addr) == 1) {
		a->v4.sin_family = AF_INET;
		a->v4.sin_port = htons(port);
		return sizeof(a->v4);
	}
	if (inet_pton(AF_INET6, text, &a->v6.sin6_addr) != 1)
		errx(2, "not an address: %s", text);
	a->v6.sin6_family = AF_INET6;
	a->v6.sin6_port = htons(port);
	return sizeof(a->v6);
}

static void patience(int fd)
{
	struct timeval tv = { .tv_usec = 300000 };

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv));
}

static void stop(int signal)
{
	stopped = signal;
}

static int listen_at(const union addr *a, socklen_t len)
{
	int one = 1, zero = 0, fd = socket(a->sa.sa_family, SOCK_STREAM, 0);

	if (fd < 0)
		err(1, "socket");
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (a->sa.sa_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &zero, sizeof(zero));
	if (bind(fd, &a->sa, len) || listen(fd, 128))
		err(1, "listen");
	patience(fd);
	return fd;
}

static void end_by_rst(int fd)
{
	struct linger now = { .l_onoff = 1 };

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	close(fd);
}

/* Half-closed connections stay for a while: the bucket is in FIN_WAIT2. */
static void hold(int fd)
{
	static int held[HELD];
	static unsigned int next;
	unsigned int i = next++ % HELD;

	if (held[i])
		close(held[i]);
	held[i] = fd;
}

static void end(int client, int server)
{
	char byte;

	switch (clean ? chance(6) : chance(12)) {
	case 0: case 1: case 2:
		close(client);
		(void)!read(server, &byte, 1);
		close(server);
		break;
	case 3: case 4:
		close(server);
		(void)!read(client, &byte, 1);
		close(client);
		break;
	case 5:
		close(client);
		close(server);
		break;
	case 6: case 7:
		close(client);
		(void)!read(server, &byte, 1);
		end_by_rst(server);
		break;
	case 8:
		close(client);
		(void)!read(server, &byte, 1);
		(void)!send(server, "x", 1, MSG_NOSIGNAL);
		close(server);
		break;
	case 9:
		end_by_rst(client);
		close(server);
		break;
	default:
		close(client);
		hold(server);
	}
}

static int connect_to(const union addr *remote, socklen_t len)
{
	union addr local = *remote;
	int one = 1, fd = socket(remote->sa.sa_family, SOCK_STREAM, 0);
	bool bound = n_ports && !chance(6);
	unsigned int port = bound ? first + chance(n_ports) : 0;

	if (fd < 0)
		err(1, "socket");
	patience(fd);
	/* Always, or the buckets would be in the way of those that bind. */
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (device)
		setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, device, strlen(device));
	if (local.sa.sa_family == AF_INET)
		local.v4.sin_port = htons(port);
	else
		local.v6.sin6_port = htons(port);
	if (!bound)
		setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof(one));
	if (bind(fd, &local.sa, len) || connect(fd, &remote->sa, len)) {
		if (errno == EADDRNOTAVAIL || errno == EADDRINUSE)
			refused++;
		else
			other++;
		end_by_rst(fd);
		return -1;
	}
	return fd;
}

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
	const char *address = "127.0.0.1";
	unsigned int port = 7000;
	double seconds = 1, until;
	int c, listener, client, server;
	union addr remote;
	socklen_t len;

	while ((c = getopt(argc, argv, "t:r:p:s:n:S:d:w:c")) != -1) {
		switch (c) {
		case 't': seconds = strtod(optarg, NULL); break;
		case 'r': address = optarg; break;
		case 'p': port = strtoul(optarg, NULL, 10); break;
		case 's': first = strtoul(optarg, NULL, 10); break;
		case 'n': n_ports = strtoul(optarg, NULL, 10); break;
		case 'S': seed = strtoul(optarg, NULL, 10) * 2654435761UL + 1; break;
		case 'd': device = optarg; break;
		case 'w': pause_us = strtoul(optarg, NULL, 10); break;
		case 'c': clean = true; break;
		default:
			fputs(usage, stderr);
			return 2;
		}
	}
	len = parse(&remote, address, port);
	listener = listen_at(&remote, len);
	sigaction(SIGTERM, &(struct sigaction){ .sa_handler = stop }, NULL);
	for (until = now() + seconds; now() < until && !stopped;) {
		if (pause_us)
			usleep(pause_us);
		client = connect_to(&remote, len);
		if (client < 0)
			continue;
		made++;
		server = accept(listener, NULL, NULL);
		if (server < 0) {
			end_by_rst(client);
			continue;
		}
		end(client, server);
	}
	printf("%lu %lu %lu\n", made, refused, other);
	return 0;
}
