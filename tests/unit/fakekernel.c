// SPDX-License-Identifier: GPL-2.0
/*
 * A kernel for one program: linked into twctl it stands between libnl and the
 * real one, and answers generic netlink as the module would. What it shall do
 * is in the environment:
 *
 *	FAKE_ABSENT	the module is not loaded
 *	FAKE_FAMILY	version of the family
 *	FAKE_VERSION	version of the module
 *	FAKE_ROWS	buckets of a dump, or groups
 *	FAKE_OTHER	there are more groups than are told apart
 *	FAKE_NETNS	namespaces of a summary dump
 *	FAKE_FAIL	a dump ends with this errno and words
 *	FAKE_INTR	a dump was disturbed
 *	FAKE_HANG	a dump never ends
 *	FAKE_BARE	rows lack an attribute
 *	FAKE_REFUSE	summary-get, port-get and group-get fail with this errno
 *			and words
 *	FAKE_BROKEN	figures do not add up
 *	FAKE_OFF	nothing is observed
 *	FAKE_HOOKS	hook-get fails with this errno, without words
 *	FAKE_DENY	the same of whatever else is about observing
 *	FAKE_EVENTS	events of a dump that has a cursor or a time
 *	FAKE_LOST	events that were lost, each time
 *	FAKE_END	after so many reads observing is turned off
 *	FAKE_ANEW	after so many it is turned off and on
 *	FAKE_REQUEST	file that the last request but info-get is written to
 *
 * And what else of the machine a program may meet:
 *
 *	FAKE_CLOSE	close() of stdout fails with this errno
 *	FAKE_HOST	name of the host
 *	FAKE_COMES	after so many milliseconds all processes are in the network
 *			namespace of which the kernel tells, before in none
 *	FAKE_GOES	the other way round
 *	FAKE_FAST	so many times as fast does the clock go
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include <linux/twscope.h>

#include "msg.h"

#define FAMILY 0x1d

int socket(int domain, int type, int protocol);
int bind(int fd, const struct sockaddr *addr, socklen_t len);
int getsockname(int fd, struct sockaddr *restrict addr, socklen_t *restrict len);
int setsockopt(int fd, int level, int name, const void *value, socklen_t len);

struct request {
	uint32_t seq;
	const unsigned char *attrs;
	size_t len;
};

static int ours = -1, kernels = -1;

static unsigned int env(const char *name, unsigned int otherwise)
{
	const char *v = getenv(name);

	return v ? (unsigned int)strtoul(v, NULL, 10) : otherwise;
}

/* Whether an attribute of that type is in the request. */
static bool has(const struct request *r, int type)
{
	struct nlattr a;
	size_t at;

	for (at = 0; at + sizeof(a) <= r->len; at += NLA_ALIGN(a.nla_len)) {
		memcpy(&a, r->attrs + at, sizeof(a));
		if ((a.nla_type & NLA_TYPE_MASK) == type)
			return true;
	}
	return false;
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
	if (!getenv("FAKE_OFF"))
		msg_put(m, TWSCOPE_A_INFO_OBSERVING, "", 0);
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

/* A "do" that is refused, where it is to be. */
static bool refused(struct msg *m, uint32_t seq)
{
	unsigned int error = env("FAKE_REFUSE", 0);

	if (!error)
		return false;
	msg_ack(m, seq, -(int)error, "in the kernel's words", true);
	return true;
}

static void summary(struct msg *m, const struct request *r, bool dump)
{
	unsigned int i, n = dump ? env("FAKE_NETNS", 3) : 1;
	uint32_t seq = r->seq;
	size_t at;

	if (!dump && refused(m, seq))
		return;
	for (i = 0; i < n; i++) {
		at = msg_genl(m, FAMILY, dump ? NLM_F_MULTI : 0, seq,
			      TWSCOPE_CMD_SUMMARY_GET);
		if (getenv("FAKE_BROKEN"))
			m->without = TWSCOPE_A_SUMMARY_VERDICTS;
		msg_summary(m, TWSCOPE_CLOSES_SLOTS, false);
		m->without = 0;
		if (getenv("FAKE_BROKEN"))
			msg_put(m, TWSCOPE_A_SUMMARY_VERDICTS,
				(uint32_t[TWSCOPE_N_VERDICTS]){ 1 },
				4 * TWSCOPE_N_VERDICTS);
		if (has(r, TWSCOPE_A_SUMMARY_POLICY))
			msg_whatif(m);
		msg_end(m, at);
		if (m->len > 30000)
			reply(m);
	}
	if (dump)
		end_of_dump(m, seq);
	else
		msg_ack(m, seq, 0, NULL, true);
}

static void ports(struct msg *m, uint32_t seq)
{
	size_t at;

	if (refused(m, seq))
		return;
	at = msg_genl(m, FAMILY, 0, seq, TWSCOPE_CMD_PORT_GET);
	if (getenv("FAKE_BROKEN"))
		m->without = TWSCOPE_A_PORT_FREE;
	msg_ports(m, 64);
	m->without = 0;
	if (getenv("FAKE_BROKEN"))
		msg_u32(m, TWSCOPE_A_PORT_FREE, 1);
	msg_end(m, at);
	msg_ack(m, seq, 0, NULL, true);
}

static void buckets(struct msg *m, const struct request *r)
{
	uint32_t seq = r->seq;
	uint16_t flags = getenv("FAKE_INTR") ? NLM_F_DUMP_INTR : 0;
	unsigned int i, n = env("FAKE_ROWS", 3);
	size_t at;

	if (getenv("FAKE_BARE"))
		m->without = TWSCOPE_A_BUCKET_REMAINING_MS;
	for (i = 0; i < n; i++) {
		at = msg_genl(m, FAMILY, NLM_F_MULTI | flags, seq,
			      TWSCOPE_CMD_BUCKET_GET);
		msg_bucket(m, i);
		if (has(r, TWSCOPE_A_BUCKET_EXPLAIN))
			msg_explanation(m);
		if (has(r, TWSCOPE_A_BUCKET_SYN))
			msg_u32(m, TWSCOPE_A_BUCKET_SYN_VERDICT,
				TWSCOPE_SYN_VERDICT_ACCEPT);
		msg_end(m, at);
		if (m->len > 30000)
			reply(m);
	}
	end_of_dump(m, seq);
}

static void group(struct msg *m, const struct request *r, unsigned int i)
{
	m->without = getenv("FAKE_BARE") ? TWSCOPE_A_GROUP_CLOSES_HIST : 0;
	msg_group(m, i);
	m->without = 0;
	if (has(r, TWSCOPE_A_GROUP_POLICY))
		msg_group_whatif(m);
	msg_u32(m, TWSCOPE_A_GROUP_NETNS, 4026531840);
	msg_put(m, TWSCOPE_A_GROUP_LOCAL, (uint8_t[]){ 192, 0, 2, 1 }, 4);
	if (has(r, TWSCOPE_A_GROUP_COUNT_PORTS))
		msg_u32(m, TWSCOPE_A_GROUP_LOCAL_PORTS, 900);
}

/* Of all that is asked the policy and the count of ports make a difference. */
static void groups(struct msg *m, const struct request *r)
{
	bool other = getenv("FAKE_OTHER"), broken = getenv("FAKE_BROKEN");
	unsigned int i, n = env("FAKE_ROWS", 3);
	size_t at;

	if (refused(m, r->seq))
		return;
	at = msg_genl(m, FAMILY, NLM_F_MULTI, r->seq, TWSCOPE_CMD_GROUP_GET);
	msg_group_totals(m, n + other + broken);
	msg_end(m, at);
	for (i = 0; i < n; i++) {
		at = msg_genl(m, FAMILY, NLM_F_MULTI, r->seq,
			      TWSCOPE_CMD_GROUP_GET);
		group(m, r, i);
		msg_end(m, at);
		if (m->len > 30000)
			reply(m);
	}
	if (other) {
		at = msg_genl(m, FAMILY, NLM_F_MULTI, r->seq,
			      TWSCOPE_CMD_GROUP_GET);
		msg_group_sum(m, TWSCOPE_A_GROUP_OTHER, 0);
		msg_end(m, at);
	}
	end_of_dump(m, r->seq);
}

/* As generic netlink does it by itself. */
static bool denied(struct msg *m, const char *name, uint32_t seq)
{
	unsigned int error = env(name, 0);

	if (error)
		msg_ack(m, seq, -(int)error, NULL, true);
	return error;
}

/* Nothing is observed, any more. */
static bool is_off(struct msg *m, unsigned int reads, uint32_t seq)
{
	if (!getenv("FAKE_OFF") && reads <= env("FAKE_END", UINT32_MAX))
		return false;
	msg_ack(m, seq, -ENODATA, "the hooks are off", true);
	return true;
}

static void stats(struct msg *m, const struct request *r, bool dump)
{
	unsigned int i, n = dump ? env("FAKE_NETNS", 3) : 1;
	unsigned int anew = env("FAKE_ANEW", UINT32_MAX);
	static unsigned int reads;
	size_t at;

	if (denied(m, "FAKE_DENY", r->seq) || is_off(m, ++reads, r->seq))
		return;
	for (i = 0; i < n; i++) {
		at = msg_genl(m, FAMILY, dump ? NLM_F_MULTI : 0, r->seq,
			      TWSCOPE_CMD_STATS_GET);
		/* so that the first one after it is older than that before */
		msg_stats(m, reads > anew ? reads - anew : 100 + reads, true);
		if (dump && i + 1 == n)
			msg_put(m, TWSCOPE_A_STATS_ENDED_NETNS, "", 0);
		msg_end(m, at);
		if (m->len > 30000)
			reply(m);
	}
	if (dump)
		end_of_dump(m, r->seq);
	else
		msg_ack(m, r->seq, 0, NULL, true);
}

static void hooks(struct msg *m, uint32_t seq)
{
	unsigned int i;
	size_t at;

	if (denied(m, "FAKE_HOOKS", seq))
		return;
	for (i = 0; i < 2; i++) {
		at = msg_genl(m, FAMILY, NLM_F_MULTI, seq, TWSCOPE_CMD_HOOK_GET);
		msg_hook(m, i);
		msg_end(m, at);
	}
	end_of_dump(m, seq);
}

static void observe(struct msg *m, uint32_t seq)
{
	if (denied(m, "FAKE_DENY", seq) || refused(m, seq))
		return;
	msg_ack(m, seq, 0, NULL, true);
}

static void event_message(struct msg *m, uint32_t seq, unsigned int i,
			  void (*fill)(struct msg *, unsigned int))
{
	size_t at = msg_genl(m, FAMILY, NLM_F_MULTI, seq, TWSCOPE_CMD_EVENT_GET);

	fill(m, i);
	msg_end(m, at);
	if (m->len > 30000)
		reply(m);
}

static void fill_lost(struct msg *m, unsigned int n)
{
	msg_lost(m, n);
}

static void fill_cursor(struct msg *m, unsigned int n)
{
	msg_cursor(m, n);
}

static void events(struct msg *m, const struct request *r)
{
	bool any = has(r, TWSCOPE_A_EVENT_CURSOR) || has(r, TWSCOPE_A_EVENT_SINCE_MS);
	unsigned int i, n = any ? env("FAKE_EVENTS", 3) : 0;
	static unsigned int reads, sent;
	static bool stale;

	if (denied(m, "FAKE_DENY", r->seq) || is_off(m, ++reads, r->seq))
		return;
	if (stale && !any) {
		msg_done(m, r->seq, -EINVAL, "what came since is not asked for");
		return;
	}
	/* until it is asked without a cursor */
	stale = reads == env("FAKE_ANEW", UINT32_MAX) ||
		(stale && has(r, TWSCOPE_A_EVENT_CURSOR));
	if (stale) {
		msg_done(m, r->seq, -ESTALE, "the cursor is stale");
		return;
	}
	if (any && getenv("FAKE_LOST"))
		event_message(m, r->seq, env("FAKE_LOST", 0), fill_lost);
	for (i = 0; i < n; i++)
		event_message(m, r->seq, sent++, msg_event);
	event_message(m, r->seq, sent, fill_cursor);
	end_of_dump(m, r->seq);
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
	struct request r = {
		.attrs = request + NLMSG_HDRLEN + GENL_HDRLEN,
		.len = len - NLMSG_HDRLEN - GENL_HDRLEN,
	};

	memcpy(&nlh, request, sizeof(nlh));
	memcpy(&genl, request + NLMSG_HDRLEN, sizeof(genl));
	r.seq = nlh.nlmsg_seq;
	if (getenv("FAKE_REQUEST") && nlh.nlmsg_type == FAMILY &&
	    genl.cmd != TWSCOPE_CMD_INFO_GET)
		keep(request, len);
	if (nlh.nlmsg_type == GENL_ID_CTRL)
		family(m, r.seq);
	else if (genl.cmd == TWSCOPE_CMD_INFO_GET)
		info(m, r.seq);
	else if (genl.cmd == TWSCOPE_CMD_SUMMARY_GET)
		summary(m, &r, nlh.nlmsg_flags & NLM_F_DUMP);
	else if (genl.cmd == TWSCOPE_CMD_PORT_GET)
		ports(m, r.seq);
	else if (genl.cmd == TWSCOPE_CMD_OBSERVE_SET)
		observe(m, r.seq);
	else if (genl.cmd == TWSCOPE_CMD_STATS_GET)
		stats(m, &r, nlh.nlmsg_flags & NLM_F_DUMP);
	else if (genl.cmd == TWSCOPE_CMD_HOOK_GET)
		hooks(m, r.seq);
	else if (genl.cmd == TWSCOPE_CMD_EVENT_GET)
		events(m, &r);
	else if (genl.cmd == TWSCOPE_CMD_GROUP_GET)
		groups(m, &r);
	else
		buckets(m, &r);
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

/* Its number alone says little: it is closed once it was duplicated. */
static bool is_ours(int fd)
{
	socklen_t len = sizeof(int);
	int domain = 0;

	return fd == ours &&
	       !getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len) &&
	       domain == AF_UNIX;
}

int bind(int fd, const struct sockaddr *addr, socklen_t len)
{
	return is_ours(fd) ? 0 : (int)syscall(SYS_bind, fd, addr, len);
}

int getsockname(int fd, struct sockaddr *restrict addr, socklen_t *restrict len)
{
	struct sockaddr_nl nl = { .nl_family = AF_NETLINK, .nl_pid = 1 };

	if (!is_ours(fd))
		return (int)syscall(SYS_getsockname, fd, addr, len);
	memcpy(addr, &nl, sizeof(nl));
	*len = sizeof(nl);
	return 0;
}

int setsockopt(int fd, int level, int name, const void *value, socklen_t len)
{
	if (is_ours(fd))
		return 0;
	return (int)syscall(SYS_setsockopt, fd, level, name, value, len);
}

int close(int fd)
{
	unsigned int error = fd == STDOUT_FILENO ? env("FAKE_CLOSE", 0) : 0;
	int ret = (int)syscall(SYS_close, fd);

	if (!error)
		return ret;
	errno = (int)error;
	return -1;
}

int uname(struct utsname *u)
{
	int ret = (int)syscall(SYS_uname, u);

	if (getenv("FAKE_HOST"))
		snprintf(u->nodename, sizeof(u->nodename), "%s",
			 getenv("FAKE_HOST"));
	return ret;
}

static unsigned int ms_since_the_first(void)
{
	static struct timespec first;
	struct timespec now;

	syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &now);
	if (!first.tv_sec)
		first = now;
	return (unsigned int)((now.tv_sec - first.tv_sec) * 1000 +
			      (now.tv_nsec - first.tv_nsec) / 1000000);
}

ssize_t readlink(const char *path, char *buf, size_t size)
{
	bool comes = getenv("FAKE_COMES"), goes = getenv("FAKE_GOES");

	if ((!comes && !goes) || !strstr(path, "/ns/net"))
		return syscall(SYS_readlinkat, AT_FDCWD, path, buf, size);
	if ((ms_since_the_first() < env(comes ? "FAKE_COMES" : "FAKE_GOES", 0)) == comes) {
		errno = ENOENT;
		return -1;
	}
	return snprintf(buf, size, "net:[4026531840]");
}

int clock_gettime(clockid_t clock, struct timespec *ts)
{
	uint64_t ns, fast = env("FAKE_FAST", 1);
	int ret = (int)syscall(SYS_clock_gettime, clock, ts);

	if (clock == CLOCK_MONOTONIC && fast > 1) {
		ns = fast * ((uint64_t)ts->tv_sec * 1000000000 + (uint64_t)ts->tv_nsec);
		ts->tv_sec = (time_t)(ns / 1000000000);
		ts->tv_nsec = (long)(ns % 1000000000);
	}
	return ret;
}
