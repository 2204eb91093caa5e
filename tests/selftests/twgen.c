// SPDX-License-Identifier: GPL-2.0
/*
 * Makes TIME_WAIT buckets: connects to itself, closes the client's side first.
 * Each bucket is one line on stdout: LOCAL PORT REMOTE PORT.
 */

#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <getopt.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

union addr {
	struct sockaddr		sa;
	struct sockaddr_in	v4;
	struct sockaddr_in6	v6;
};

static const char usage[] =
	"usage: twgen [-f] [-q] [-n COUNT] [-t SECONDS] [-l LOCAL] [-s FIRST_PORT]\n"
	"             [-r REMOTE] [-p PORT] [-m MARK] [-d DEVICE]\n"
	"  -f  leave them in FIN_WAIT2: the server does not close (until killed)\n"
	"  -n  how many (1)\n"
	"  -t  go on for so many seconds instead of -n, ports chosen by connect()\n"
	"  -l  address of the client (that of -r)\n"
	"  -s  port of the first client, then upwards; 0: connect() chooses (0)\n"
	"  -r  address of the server, IPv4, IPv6 or IPv4-mapped (127.0.0.1)\n"
	"  -p  port of the server (8000)\n"
	"  -m  fwmark of the client\n"
	"  -d  device the client is bound to\n"
	"  -q  print nothing\n";

struct client {
	union addr	local;
	unsigned int	mark;
	const char	*device;
};

static socklen_t parse(union addr *a, const char *text, unsigned int port)
{
	memset(a, 0, sizeof(*a));
	if (inet_pton(AF_INET, text, &a->v4.sin_addr) == 1) {
		a->v4.sin_family = AF_INET;
		a->v4.sin_port = htons(port);
		return sizeof(a->v4);
	}
	if (inet_pton(AF_INET6, text, &a->v6.sin6_addr) == 1) {
		a->v6.sin6_family = AF_INET6;
		a->v6.sin6_port = htons(port);
		return sizeof(a->v6);
	}
	errx(2, "not an address: %s", text);
}

static void print_end(const union addr *a, char end)
{
	char text[INET6_ADDRSTRLEN];

	if (a->sa.sa_family == AF_INET) {
		inet_ntop(AF_INET, &a->v4.sin_addr, text, sizeof(text));
		printf("%s %u%c", text, ntohs(a->v4.sin_port), end);
	} else {
		inet_ntop(AF_INET6, &a->v6.sin6_addr, text, sizeof(text));
		printf("%s %u%c", text, ntohs(a->v6.sin6_port), end);
	}
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
	return fd;
}

/* Returns false when there was no port left. */
static bool one_bucket(int listener, const struct client *as,
		       const union addr *remote, socklen_t len, bool fin_wait2,
		       bool quiet)
{
	int one = 1, client, server;
	union addr mine;
	char byte;

	client = socket(as->local.sa.sa_family, SOCK_STREAM, 0);
	if (client < 0)
		err(1, "socket");
	if (as->mark && setsockopt(client, SOL_SOCKET, SO_MARK, &as->mark,
				   sizeof(as->mark)))
		err(1, "SO_MARK");
	if (as->device && setsockopt(client, SOL_SOCKET, SO_BINDTODEVICE,
				     as->device, strlen(as->device)))
		err(1, "SO_BINDTODEVICE");
	setsockopt(client, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof(one));
	if (bind(client, &as->local.sa, len))
		err(1, "bind");
	if (connect(client, &remote->sa, len)) {
		if (errno != EADDRNOTAVAIL)
			err(1, "connect");
		close(client);
		return false;
	}
	server = accept(listener, NULL, NULL);
	if (server < 0)
		err(1, "accept");
	if (getsockname(client, &mine.sa, &(socklen_t){ sizeof(mine) }))
		err(1, "getsockname");
	close(client);
	if (read(server, &byte, 1) != 0)
		errx(1, "the server read something");
	if (!fin_wait2)
		close(server);

	if (!quiet) {
		print_end(&mine, ' ');
		print_end(remote, '\n');
	}
	return true;
}

static void set_port(union addr *a, unsigned int port)
{
	if (a->sa.sa_family == AF_INET)
		a->v4.sin_port = htons(port);
	else
		a->v6.sin6_port = htons(port);
}

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
	unsigned long count = 1, first = 0, port = 8000, made = 0;
	const char *local_text = NULL, *remote_text = "127.0.0.1";
	bool fin_wait2 = false, quiet = false;
	struct client as = { 0 };
	union addr remote;
	double seconds = 0, end;
	socklen_t len;
	int c, listener;

	while ((c = getopt(argc, argv, "fqn:t:l:s:r:p:m:d:")) != -1) {
		switch (c) {
		case 'f': fin_wait2 = true; break;
		case 'q': quiet = true; break;
		case 'n': count = strtoul(optarg, NULL, 10); break;
		case 't': seconds = strtod(optarg, NULL); break;
		case 'l': local_text = optarg; break;
		case 's': first = strtoul(optarg, NULL, 10); break;
		case 'r': remote_text = optarg; break;
		case 'p': port = strtoul(optarg, NULL, 10); break;
		case 'm': as.mark = strtoul(optarg, NULL, 0); break;
		case 'd': as.device = optarg; break;
		default:
			fputs(usage, stderr);
			return 2;
		}
	}

	setrlimit(RLIMIT_NOFILE, &(struct rlimit){ 1 << 20, 1 << 20 });
	len = parse(&remote, remote_text, port);
	if (parse(&as.local, local_text ? local_text : remote_text, 0) != len)
		errx(2, "-l and -r are of different families");
	listener = listen_at(&remote, len);

	end = now() + seconds;
	while (seconds ? now() < end : made < count) {
		if (first)
			set_port(&as.local, first + made);
		if (one_bucket(listener, &as, &remote, len, fin_wait2, quiet))
			made++;
		else if (!seconds)
			errx(1, "no port left after %lu", made);
	}

	if (seconds)
		fprintf(stderr, "%lu connections\n", made);
	if (fin_wait2) {
		fflush(stdout);
		fclose(stdout);
		pause();
	}
	return 0;
}
