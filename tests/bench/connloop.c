// SPDX-License-Identifier: GPL-2.0
/*
 * Counts the instructions of TCP connections from birth to the end of their
 * TIME_WAIT buckets, on one processor whose time stamp counter counts instructions
 * (tests/vm/run --icount).
 *
 * An idle processor's clock jumps, so it must never be idle while we count: what
 * is counted happens in a window of fixed length that is filled up by a loop of
 * known length. The window less that loop is what all others did: the kernel, its
 * timers and threads, and whoever listens. The same window with nothing to do is
 * what they would have done anyway, and is taken off.
 *
 * life COUNT prints the instructions to make COUNT connections and close them, and
 * those of the ends of their buckets; full COUNT FIRST FAILS the instructions of FAILS
 * connect()s, to which buckets at COUNT ports from FIRST on leave no port.
 */

#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* Instructions, and so nanoseconds of the guest. */
#define MS	1000000ULL

#define LIFE	(60000 * MS)

/* Timers that far ahead are rounded up by as much as 2.048 s with 250 jiffies a second. */
#define MAKING	(1000 * MS)
#define EARLY	(200 * MS)
#define LATE	(2500 * MS)

#ifndef IP_LOCAL_PORT_RANGE
#define IP_LOCAL_PORT_RANGE	51
#endif

static unsigned long count, first, fails;
static int listener;
static struct sockaddr_in server = { .sin_family = AF_INET };

static uint64_t tsc(void)
{
	return __builtin_ia32_rdtsc();
}

/* Until END, in rounds of 1000 instructions; how many these were in all. */
static uint64_t soak(uint64_t end)
{
	uint64_t rounds = 0;

	asm volatile("1: rdtsc\n"
		     "   shl $32, %%rdx\n"
		     "   or %%rdx, %%rax\n"
		     "   cmp %[end], %%rax\n"
		     "   jae 2f\n"
		     "   .rept 993\n"
		     "   nop\n"
		     "   .endr\n"
		     "   inc %[rounds]\n"
		     "   jmp 1b\n"
		     "2:\n"
		     : [rounds] "+r" (rounds)
		     : [end] "r" (end)
		     : "rax", "rdx", "cc");
	return rounds * 1000;
}

/* The instructions within LENGTH from now that the soak left to others. */
static uint64_t window(uint64_t length, void (*work)(void))
{
	uint64_t begin = tsc(), soaked;

	if (work)
		work();
	if (tsc() > begin + length)
		errx(1, "a window of %llu ms is too short", (unsigned long long)(length / MS));
	soaked = soak(begin + length);
	return tsc() - begin - soaked;
}

static void sleep_until(uint64_t when)
{
	uint64_t left;

	/* The clock of the kernel goes by what it took for the counter's frequency. */
	while (tsc() < when) {
		left = when - tsc();
		nanosleep(&(struct timespec){ left / 1000000000, left % 1000000000 }, NULL);
	}
}

static unsigned long buckets(void)
{
	unsigned long n = 0;
	char line[256];
	FILE *f = fopen("/proc/net/sockstat", "r");

	if (!f)
		err(1, "sockstat");
	while (fgets(line, sizeof(line), f))
		sscanf(line, "TCP: inuse %*u orphan %*u tw %lu", &n);
	fclose(f);
	return n;
}

static void must_be(unsigned long wanted)
{
	if (buckets() != wanted)
		errx(1, "%lu buckets, should be %lu", buckets(), wanted);
}

/* At PORT, or where connect() finds one; -1 when it finds none. */
static int try_connect(uint32_t port)
{
	uint32_t range = port << 16 | port;
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd < 0)
		err(1, "socket");
	/* Unlike bind() it leaves the port one that connect() takes into consideration. */
	if (port && setsockopt(fd, IPPROTO_IP, IP_LOCAL_PORT_RANGE, &range, sizeof(range)))
		err(1, "IP_LOCAL_PORT_RANGE");
	if (!connect(fd, (struct sockaddr *)&server, sizeof(server)))
		return fd;
	if (errno != EADDRNOTAVAIL)
		err(1, "connect");
	close(fd);
	return -1;
}

static void make(void)
{
	unsigned long i;
	int fd, accepted;
	char byte;

	for (i = 0; i < count; i++) {
		fd = try_connect(first ? first + i : 0);
		if (fd < 0)
			errx(1, "no port left after %lu", i);
		accepted = accept(listener, NULL, NULL);
		if (accepted < 0)
			err(1, "accept");
		close(fd);
		if (read(accepted, &byte, 1))
			errx(1, "the server read something");
		close(accepted);
	}
}

static void fail(void)
{
	unsigned long i;

	for (i = 0; i < fails; i++)
		if (try_connect(0) >= 0)
			errx(1, "a port was left");
}

static void life(void)
{
	uint64_t idle, made, ended, begin;

	idle = window(MAKING, NULL);
	begin = tsc();
	made = window(MAKING, make) - idle;
	sleep_until(begin + LIFE - EARLY);
	must_be(count);
	ended = window(EARLY + MAKING + LATE, NULL);
	must_be(0);
	ended -= window(EARLY + MAKING + LATE, NULL);
	printf("%llu %llu\n", (unsigned long long)made, (unsigned long long)ended);
}

static void full(void)
{
	uint64_t idle, failed;

	make();
	must_be(count);
	/* Whoever listens must have done with that, or it would count as idle. */
	sleep_until(tsc() + 2 * MAKING);
	idle = window(MAKING, NULL);
	failed = window(MAKING, fail) - idle;
	must_be(count);
	printf("%llu\n", (unsigned long long)failed);
	sleep_until(tsc() + LIFE + MAKING + LATE);
	must_be(0);
}

int main(int argc, char **argv)
{
	bool is_full = argc == 5 && !strcmp(argv[1], "full");

	if (!is_full && !(argc == 3 && !strcmp(argv[1], "life")))
		errx(2, "usage: connloop life COUNT | full COUNT FIRST FAILS");
	count = strtoul(argv[2], NULL, 10);
	if (is_full) {
		first = strtoul(argv[3], NULL, 10);
		fails = strtoul(argv[4], NULL, 10);
	}
	mlockall(MCL_CURRENT);
	server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	server.sin_port = htons(8000);
	listener = socket(AF_INET, SOCK_STREAM, 0);
	if (bind(listener, (struct sockaddr *)&server, sizeof(server)) || listen(listener, 128))
		err(1, "listen");
	must_be(0);
	if (is_full)
		full();
	else
		life();
	return 0;
}
