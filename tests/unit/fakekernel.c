// SPDX-License-Identifier: GPL-2.0
/*
 * A kernel for one program: linked into twctl it stands between libnl and the
 * real one, and answers generic netlink as the module would. What it shall do
 * is in the environment:
 *
 *	FAKE_ABSENT	the module is not loaded
 *	FAKE_FAMILY	version of the family
 *	FAKE_VERSION	version of the module
 *	FAKE_ROWS	buckets of a dump
 *	FAKE_NETNS	namespaces of a summary dump
 *	FAKE_FAIL	a dump ends with this errno and words
 *	FAKE_INTR	a dump was disturbed
 *	FAKE_HANG	a dump never ends
 *	FAKE_BARE	rows lack an attribute
 *	FAKE_REQUEST	file that the request of a dump is written to
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/twscope.h>

#include "msg.h"

#define FAMILY 0x1d

int socket(int domain, int type, int protocol);
int bind(int fd, const struct sockaddr *addr, socklen_t len);
int getsockname(int fd, struct sockaddr *restrict addr, socklen_t *restrict len);
int setsockopt(int fd, int level, int name, const void *value, socklen_t len);

static int ours = -1, kernels = -1;

static unsigned int env(const char *name, unsigned int otherwise)
{
	const char *v = getenv(name);

	return v ? (unsigned int)strtoul(v, NULL, 10) : otherwise;
}

static void reply(struct msg *m)
{
	if (m->len)
		(void)!send(kernels, m->buf, m->len, MSG_NOSIGNAL);
	m->len = 0;
}

static void family(struct msg *m, uint32_t seq)
{
	size_t at;

	if (getenv("FAKE_ABSENT")) {
		msg_ack(m, seq, -ENOENT, NULL, true);
		return;
	}
	at = msg_genl(m, GENL_ID_CTRL, 0, seq, CTRL_CMD_NEWFAMILY);
	msg_u16(m, CTRL_ATTR_FAMILY_ID, FAMILY);
	msg_u32(m, CTRL_ATTR_VERSION,
		env("FAKE_FAMILY", TWSCOPE_FAMILY_VERSION));
	msg_end(m, at);
	msg_ack(m, seq, 0, NULL, true);
}

static void info(struct msg *m, uint32_t seq)
{
	const char *version = getenv("FAKE_VERSION");
	size_t at = msg_genl(m, FAMILY, 0, seq, TWSCOPE_CMD_INFO_GET);

	msg_info(m, version ? version : TWSCOPE_VERSION);
	msg_end(m, at);
	msg_ack(m, seq, 0, NULL, true);
}

static void end_of_dump(struct msg *m, uint32_t seq)
{
	unsigned int error = env("FAKE_FAIL", 0);

	while (getenv("FAKE_HANG")) {
		reply(m);
		pause();
	}
	msg_done(m, seq, -(int)error, error ? "in the kernel's words" : NULL);
}

static void summary(struct msg *m, uint32_t seq, bool dump)
{
	unsigned int i, n = dump ? env("FAKE_NETNS", 3) : 1;
	size_t at;

	for (i = 0; i < n; i++) {
		at = msg_genl(m, FAMILY, dump ? NLM_F_MULTI : 0, seq,
			      TWSCOPE_CMD_SUMMARY_GET);
		msg_summary(m, TWSCOPE_CLOSES_SLOTS, false);
		msg_end(m, at);
		if (m->len > 30000)
			reply(m);
	}
	if (dump)
		end_of_dump(m, seq);
	else
		msg_ack(m, seq, 0, NULL, true);
}

static void buckets(struct msg *m, uint32_t seq)
{
	uint16_t flags = getenv("FAKE_INTR") ? NLM_F_DUMP_INTR : 0;
	unsigned int i, n = env("FAKE_ROWS", 3);
	size_t at;

	if (getenv("FAKE_BARE"))
		m->without = TWSCOPE_A_BUCKET_REMAINING_MS;
	for (i = 0; i < n; i++) {
		at = msg_genl(m, FAMILY, NLM_F_MULTI | flags, seq,
			      TWSCOPE_CMD_BUCKET_GET);
		msg_bucket(m, i);
		msg_end(m, at);
		if (m->len > 30000)
			reply(m);
	}
	end_of_dump(m, seq);
}

static void keep(const void *request, size_t len)
{
	FILE *f = fopen(getenv("FAKE_REQUEST"), "w");

	if (!f)
		return;
	fwrite(request, 1, len, f);
	fclose(f);
}

static void answer(const unsigned char *request, size_t len, struct msg *m)
{
	struct genlmsghdr genl;
	struct nlmsghdr nlh;

	memcpy(&nlh, request, sizeof(nlh));
	memcpy(&genl, request + NLMSG_HDRLEN, sizeof(genl));
	if (getenv("FAKE_REQUEST") && nlh.nlmsg_flags & NLM_F_DUMP)
		keep(request, len);
	if (nlh.nlmsg_type == GENL_ID_CTRL)
		family(m, nlh.nlmsg_seq);
	else if (genl.cmd == TWSCOPE_CMD_INFO_GET)
		info(m, nlh.nlmsg_seq);
	else if (genl.cmd == TWSCOPE_CMD_SUMMARY_GET)
		summary(m, nlh.nlmsg_seq, nlh.nlmsg_flags & NLM_F_DUMP);
	else
		buckets(m, nlh.nlmsg_seq);
	reply(m);
}

static void *serve(void *arg)
{
	static unsigned char request[65536];
	static struct msg m;
	ssize_t len;

	while ((len = recv(kernels, request, sizeof(request), 0)) > 0)
		answer(request, (size_t)len, &m);
	return arg;
}

int socket(int domain, int type, int protocol)
{
	sigset_t all, old;
	pthread_t thread;
	int fd[2];

	if (domain != AF_NETLINK || ours >= 0)
		return (int)syscall(SYS_socket, domain, type, protocol);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fd) < 0)
		return -1;
	ours = fd[0];
	kernels = fd[1];
	/* signals are for the program */
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &old);
	if (pthread_create(&thread, NULL, serve, NULL))
		abort();
	pthread_detach(thread);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return ours;
}

int bind(int fd, const struct sockaddr *addr, socklen_t len)
{
	return fd == ours ? 0 : (int)syscall(SYS_bind, fd, addr, len);
}

int getsockname(int fd, struct sockaddr *restrict addr, socklen_t *restrict len)
{
	struct sockaddr_nl nl = { .nl_family = AF_NETLINK, .nl_pid = 1 };

	if (fd != ours)
		return (int)syscall(SYS_getsockname, fd, addr, len);
	memcpy(addr, &nl, sizeof(nl));
	*len = sizeof(nl);
	return 0;
}

int setsockopt(int fd, int level, int name, const void *value, socklen_t len)
{
	if (fd == ours)
		return 0;
	return (int)syscall(SYS_setsockopt, fd, level, name, value, len);
}
