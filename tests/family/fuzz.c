// SPDX-License-Identifier: GPL-2.0
/*
 * The netlink family, asked whatever can be asked from five places at a time, and
 * led by what KCOV says of the module. Runs in a guest, as root.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <linux/twscope.h>

#include "coverage.h"
#include "reply.h"
#include "traffic.h"

#define NOBODY		65534
#define CORPUS_MAX	4096
#define READ_MAX	(1U << 17)
/* Reads after which a dump has gone round in a circle. */
#define READS_MAX	20000
#define COMPLAINTS_MAX	3
/*
 * The hooks go on and off with grace periods: once in so many messages of a place,
 * and of very many a thousand times.
 */
#define TOGGLE_EVERY	100
#define TOGGLES		1000
#define RECENT		4

/* What a message was sent for, beside what it asks. */
enum mode { MODE_PLAIN, MODE_LEFT, MODE_TINY, MODE_SEVERAL, MODE_SLOW, N_MODES };

static const char * const mode_names[N_MODES] = {
	"read to the end", "left half-way", "read with tiny buffers", "several dumps at a time",
	"not read in time",
};

enum { PLACE_ROOT, PLACE_NETNS, PLACE_USERNS, PLACE_USERNS_NETNS, PLACE_NOBODY, N_PLACES };

/**
 * struct place - where requests are sent from, and what came of it
 * @sent: requests by command and half; [0] are those that name no operation
 */
struct place {
	struct viewer	viewer;
	unsigned long	sent[256][2], modes[N_MODES], requests, groups, debugfs, kept;
	unsigned int	complaints;
	bool		done;
	struct message	recent[RECENT];
	unsigned int	n_recent;
};

/* What the processes share. */
static struct {
	struct place	place[N_PLACES];
	uint8_t		passed[TEXT_MAX];
	bool		stop;
} *all;

static struct place *place;
static uint32_t events_group;
static uint64_t seed;
static unsigned long wanted, toggle_every = TOGGLE_EVERY;
static double deadline;

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void print_message(const struct message *m)
{
	char text[2 * MESSAGE_MAX + 1];
	size_t i;

	for (i = 0; i < m->len; i++)
		snprintf(text + 2 * i, 3, "%02x", m->buf[i]);
	text[2 * m->len] = '\0';
	printf("# message: %s\n", text);
}

bool complain(const struct message *sent, const char *format, ...)
{
	char text[512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	printf("# %s: request %lu: %s\n", place->viewer.name, place->requests, text);
	if (sent)
		print_message(sent);
	fflush(stdout);
	place->complaints++;
	return false;
}

/* ---- places ------------------------------------------------------------------ */

static void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		err(1, "%s", path);
	close(fd);
}

static void become_nobody(void)
{
	if (setgroups(0, NULL) || setgid(NOBODY) || setuid(NOBODY))
		err(1, "setuid");
	/* its files in /proc are root's otherwise */
	prctl(PR_SET_DUMPABLE, 1);
}

static void become_root_of_a_userns(int more)
{
	become_nobody();
	if (unshare(CLONE_NEWUSER | more))
		err(1, "unshare");
	write_file("/proc/self/setgroups", "deny");
	write_file("/proc/self/uid_map", "0 65534 1");
	write_file("/proc/self/gid_map", "0 65534 1");
}

static const struct viewer viewers[N_PLACES] = {
	[PLACE_ROOT]		= { "root", true, true, 0 },
	[PLACE_NETNS]		= { "root in a netns of its own", true, true, 0 },
	[PLACE_USERNS]		= { "root of a userns", false, false, 0 },
	[PLACE_USERNS_NETNS]	= { "root of a userns and a netns", false, true, 0 },
	[PLACE_NOBODY]		= { "nobody", false, false, 0 },
};

/* Few ports, as port-get tells of each. */
static void own_netns(void)
{
	traffic_loopback_up();
	write_file("/proc/sys/net/ipv4/ip_local_port_range", "20000 23999");
}

static void enter(unsigned int i)
{
	struct stat st;

	switch (i) {
	case PLACE_NETNS:
		if (unshare(CLONE_NEWNET))
			err(1, "unshare");
		own_netns();
		break;
	case PLACE_USERNS:
		become_root_of_a_userns(0);
		break;
	case PLACE_USERNS_NETNS:
		become_root_of_a_userns(CLONE_NEWNET);
		own_netns();
		break;
	case PLACE_NOBODY:
		become_nobody();
		break;
	}
	if (stat("/proc/self/ns/net", &st))
		err(1, "netns");
	place->viewer.netns = (uint32_t)st.st_ino;
	traffic_listen(8000 + 8 * i);
}

/* ---- sockets ------------------------------------------------------------------ */

static int open_socket(void)
{
	static const int options[] = { NETLINK_CAP_ACK, NETLINK_EXT_ACK, NETLINK_GET_STRICT_CHK };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
	int room = 1 << 20;
	unsigned int i;

	if (fd < 0)
		err(1, "socket");
	/* for the answers to all that is in one buffer */
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
	for (i = 0; i < 3; i++) {
		int value = any(4) > 0;

		setsockopt(fd, SOL_NETLINK, options[i], &value, sizeof(value));
	}
	return fd;
}

/*
 * An attribute of 16 or 32 bits, the last of that type: flags of operations have
 * the same number as the group's, and stand before it.
 */
static uint32_t find_number(const uint8_t *data, size_t len, uint16_t type, uint16_t size)
{
	uint16_t head[2] = { (uint16_t)(4 + size), type };
	uint32_t v = 0;
	size_t i;

	for (i = 0; i + 4 + size <= len; i += 4)
		if (!memcmp(data + i, head, 4))
			memcpy(&v, data + i + 4, size);
	if (!v)
		errx(1, "nlctrl does not know the family");
	return v;
}

static void resolve(void)
{
	struct {
		struct nlmsghdr nlh;
		struct genlmsghdr genl;
		struct nlattr attr;
		char name[8];
	} request = {
		{ sizeof(request), GENL_ID_CTRL, NLM_F_REQUEST, 1, 0 },
		{ CTRL_CMD_GETFAMILY, 1, 0 },
		{ NLA_HDRLEN + sizeof("twscope"), CTRL_ATTR_FAMILY_NAME },
		TWSCOPE_FAMILY_NAME,
	};
	uint8_t reply[8192];
	int fd = open_socket();
	ssize_t len;

	if (send(fd, &request, sizeof(request), 0) < 0)
		err(1, "nlctrl");
	len = recv(fd, reply, sizeof(reply), 0);
	if (len < 0)
		err(1, "nlctrl");
	family_id = (uint16_t)find_number(reply, (size_t)len, CTRL_ATTR_FAMILY_ID, 2);
	events_group = find_number(reply, (size_t)len, CTRL_ATTR_MCAST_GRP_ID, 4);
	close(fd);
}

/* ---- messages ------------------------------------------------------------------ */

/* What each place sends before all else: a message of an earlier run, if any. */
static struct message first;

static struct message *corpus[CORPUS_MAX];
static unsigned int n_corpus;

static void keep(const struct message *m)
{
	unsigned int i = n_corpus < CORPUS_MAX ? n_corpus++ : any(CORPUS_MAX);

	if (!corpus[i])
		corpus[i] = malloc(sizeof(*m));
	*corpus[i] = *m;
	place->kept = n_corpus;
}

static void compose(struct message *m)
{
	static struct message spare;
	const struct message *other = &spare;

	*m = first;
	if (m->len) {
		first.len = 0;
		return;
	}
	if (n_corpus) {
		other = corpus[any(n_corpus)];
		if (any(4))
			*m = *corpus[any(n_corpus)];
	}
	if (!m->len)
		message_fresh(m);
	if (any(4))
		message_mutate(m, other);
}

/*
 * What would take seconds, or all of the memory, is done now and then or not at
 * all: it is a matter of course that root can.
 */
static bool tame_one(struct request *r)
{
	static unsigned long last;
	struct genlmsghdr *genl = (struct genlmsghdr *)(r->attrs - GENL_HDRLEN);
	size_t i;
	uint32_t v;

	if (place->requests - last < toggle_every) {
		genl->cmd = TWSCOPE_CMD_INFO_GET;
		return true;
	}
	last = place->requests;
	for (i = 0; i + 8 <= r->attrs_len; i += 4) {
		static const uint8_t recorder[] = { 8, 0, TWSCOPE_A_OBSERVE_RECORDER, 0 };

		memcpy(&v, r->attrs + i + 4, 4);
		if (!memcmp(r->attrs + i, recorder, 3) && v > 4096 && v <= TWSCOPE_MAX_RECORDER)
			memset(r->attrs + i + 5, 0, 3);
	}
	return false;
}

static void number(struct exchange *x, struct message *m)
{
	static uint32_t seq;
	bool again;
	unsigned int i;

	do {
		again = false;
		x->n = message_walk(m, seq, x->request);
		for (i = 0; i < x->n && place->viewer.host; i++)
			if (x->request[i].op && x->request[i].op->cmd == TWSCOPE_CMD_OBSERVE_SET)
				again |= tame_one(&x->request[i]);
	} while (again);
	seq += x->n + 1;
}

static void count(const struct exchange *x)
{
	unsigned int i;

	place->requests += x->n ? x->n : 1;
	for (i = 0; i < x->n; i++) {
		const struct request *r = &x->request[i];

		place->sent[r->op ? r->op->cmd : 0][(r->flags & NLM_F_DUMP) == NLM_F_DUMP]++;
	}
}

static bool send_one(int fd, struct exchange *x, struct message *m)
{
	memset(x, 0, sizeof(*x));
	x->viewer = &place->viewer;
	x->sent = m;
	compose(m);
	number(x, m);
	if (!m->len)
		return false;
	count(x);
	place->recent[place->n_recent++ % RECENT] = *m;
	if (send(fd, m->buf, m->len, MSG_DONTWAIT) == (ssize_t)m->len)
		return true;
	if (errno != ENOBUFS && errno != EAGAIN)
		complain(m, "send: %s", strerror(errno));
	return false;
}

static uint8_t buf[READ_MAX] __attribute__((aligned(16)));

/* One read: what it brought, 0 when there is nothing, -1 when it went wrong. */
static ssize_t read_some(int fd, struct exchange *x, size_t size, bool checked)
{
	ssize_t len = recv(fd, buf, size, MSG_DONTWAIT | MSG_TRUNC);

	if (len < 0) {
		if (errno == EAGAIN)
			return 0;
		/* of a socket that was not read in time */
		if (errno == ENOBUFS && !checked)
			return 0;
		complain(x->sent, "recv: %s", strerror(errno));
		return -1;
	}
	if ((size_t)len > size) {
		if (!checked)
			return len;
		complain(x->sent, "%zd bytes at once", len);
		return -1;
	}
	if (!reply_check(x, buf, (size_t)len))
		return -1;
	return len;
}

static bool read_all(int fd, struct exchange *x, size_t size, bool checked)
{
	unsigned int i;
	ssize_t len = 0;

	for (i = 0; i < READS_MAX; i++) {
		len = read_some(fd, x, size, checked);
		if (len <= 0)
			break;
	}
	if (len > 0)
		return complain(x->sent, "a dump without an end");
	return !len && (!checked || reply_complete(x));
}

/* ---- ways to ask ----------------------------------------------------------------- */

static int plain_fd = -1;

static void plain(struct exchange *x, struct message *m)
{
	bool well;

	if (plain_fd < 0 || !any(256)) {
		if (plain_fd >= 0)
			close(plain_fd);
		plain_fd = open_socket();
	}
	well = !send_one(plain_fd, x, m) || read_all(plain_fd, x, sizeof(buf), true);
	if (!well) {
		close(plain_fd);
		plain_fd = -1;
	}
}

static void left(struct exchange *x, struct message *m)
{
	int fd = open_socket();

	if (send_one(fd, x, m) && any(2))
		read_some(fd, x, any(2) ? 1024 : sizeof(buf), false);
	close(fd);
}

static void tiny(struct exchange *x, struct message *m)
{
	int fd = open_socket();

	if (send_one(fd, x, m))
		read_all(fd, x, 1 + any(any(2) ? 64 : 4096), false);
	close(fd);
}

static void several(struct exchange *x, struct message *m)
{
	static struct exchange others[4];
	static struct message messages[4];
	bool more[4] = { true, true, true, true };
	int fd[4];
	unsigned int i, n = 2 + any(3), left = n;

	for (i = 0; i < n; i++) {
		fd[i] = open_socket();
		more[i] = send_one(fd[i], &others[i], &messages[i]);
		left -= !more[i];
	}
	while (left) {
		ssize_t len;

		i = any(n);
		if (!more[i])
			continue;
		len = read_some(fd[i], &others[i], sizeof(buf), true);
		if (len > 0)
			continue;
		if (!len)
			reply_complete(&others[i]);
		more[i] = false;
		left--;
	}
	for (i = 0; i < n; i++)
		close(fd[i]);
	*x = others[0];
	*m = messages[0];
}

/* With little room for answers: a dump begins when it is read, if ever. */
static void slow(struct exchange *x, struct message *m)
{
	int fd = open_socket(), size = 1;
	unsigned int i, n = 2 + any(6);

	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	for (i = 0; i < n; i++)
		send_one(fd, x, m);
	/* only the last one's answers could be told from the others' */
	while (any(8) && recv(fd, buf, sizeof(buf), MSG_DONTWAIT) > 0)
		;
	close(fd);
}

static void (*const modes[N_MODES])(struct exchange *x, struct message *m) = {
	plain, left, tiny, several, slow,
};

/* ---- beside messages -------------------------------------------------------------- */

static int listener = -1;

static void multicast(void)
{
	int n;
	ssize_t len;

	place->groups++;
	if (listener < 0) {
		bool joined;

		listener = open_socket();
		joined = !setsockopt(listener, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &events_group,
				     sizeof(events_group));
		if (joined != place->viewer.net)
			complain(NULL, "joining the group: %s", joined ? "may" : strerror(errno));
		return;
	}
	for (n = 0; n < 256; n++) {
		len = recv(listener, buf, sizeof(buf), MSG_DONTWAIT);
		if (len <= 0 || !reply_notification(&place->viewer, buf, (size_t)len))
			break;
	}
	if (any(4))
		return;
	if (any(2))
		setsockopt(listener, SOL_NETLINK, NETLINK_DROP_MEMBERSHIP, &events_group,
			   sizeof(events_group));
	close(listener);
	listener = -1;
}

/* Root reads in pieces, from anywhere; nobody else may even open them. */
static void debugfs(void)
{
	static const char * const names[] = { "summary", "decisions", "buckets", "hooks" };
	char path[64];
	unsigned int n = 1 + any(8);
	int fd;

	place->debugfs++;
	snprintf(path, sizeof(path), "/sys/kernel/debug/twscope/%s", names[any(4)]);
	fd = open(path, O_RDONLY);
	if ((fd >= 0) != place->viewer.host)
		complain(NULL, "%s: %s", path, fd < 0 ? strerror(errno) : "may be read");
	if (fd < 0)
		return;
	while (n--) {
		ssize_t ret;

		if (!any(3))
			lseek(fd, any(2) ? (off_t)any(10000) : -(off_t)any(100), (int)any(3));
		ret = any(2) ? read(fd, buf, 1 + any(5000)) : pread(fd, buf, 1 + any(99), any(9999));
		if (ret < 0 && errno != EINVAL)
			complain(NULL, "%s: %s", path, strerror(errno));
		if (ret > 0 && memmem(buf, (size_t)ret, "ffff8", 5))
			complain(NULL, "%s: an address", path);
	}
	close(fd);
}

static void ask(unsigned long n)
{
	static struct exchange x;
	static struct message m;
	enum mode mode = any(4) || !n ? MODE_PLAIN : (enum mode)any(N_MODES);

	coverage_reset();
	if (n % 64 == 0)
		traffic_connect((unsigned int)(n / 64));
	if (!any(64))
		multicast();
	if (!any(128))
		debugfs();
	coverage_is_new();
	coverage_reset();
	place->modes[mode]++;
	modes[mode](&x, &m);
	if (coverage_is_new() && m.len)
		keep(&m);
}

static void live(unsigned int i)
{
	unsigned long n;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	random_seed(seed * N_PLACES + i);
	coverage_open();
	enter(i);
	coverage_enable(all->passed);
	for (n = 0; place->requests < wanted / N_PLACES && now() < deadline; n++) {
		if (all->stop || place->complaints >= COMPLAINTS_MAX)
			return;
		ask(n);
	}
	place->done = true;
}

/* ---- all of them -------------------------------------------------------------------- */

/* The kernel has begun to complain: what was asked last is what matters. */
static bool kernel_complains(int kmsg)
{
	static const char * const words[] = { "BUG:", "WARNING:", "KASAN:", "UBSAN:", "Oops" };
	char line[1024];
	ssize_t len;
	unsigned int i;

	while ((len = read(kmsg, line, sizeof(line) - 1)) > 0) {
		line[len] = '\0';
		for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
			if (strstr(line, words[i]))
				return true;
	}
	return false;
}

static void print_recent(void)
{
	unsigned int i, j;

	for (i = 0; i < N_PLACES; i++) {
		place = &all->place[i];
		printf("# the kernel complains; %s sent last, the latest first:\n",
		       place->viewer.name);
		for (j = 1; j <= RECENT && j <= place->n_recent; j++)
			print_message(&place->recent[(place->n_recent - j) % RECENT]);
	}
	fflush(stdout);
}

static void start(unsigned int i)
{
	pid_t pid;

	place = &all->place[i];
	place->viewer = viewers[i];
	pid = fork();
	if (pid < 0)
		err(1, "fork");
	if (pid)
		return;
	live(i);
	fflush(stdout);
	_exit(0);
}

/* Until all have ended, which they do at the deadline; one that hangs is told of. */
static void watch(void)
{
	int kmsg = open("/dev/kmsg", O_RDONLY | O_NONBLOCK);
	unsigned int left = N_PLACES;

	lseek(kmsg, 0, SEEK_END);
	while (left) {
		while (waitpid(-1, NULL, WNOHANG) > 0)
			left--;
		if (!all->stop && kernel_complains(kmsg)) {
			all->stop = true;
			print_recent();
		}
		if (now() > deadline + 60) {
			printf("# %u of %u places do not come to an end\n", left, N_PLACES);
			return;
		}
		usleep(50000);
	}
}

static unsigned long print_place(const struct place *p)
{
	unsigned int i;

	printf("# %s: %lu requests, of these", p->viewer.name, p->requests);
	for (i = 0; i < n_ops; i++)
		printf(" %s %lu+%lu,", ops[i].name, p->sent[ops[i].cmd][DO],
		       p->sent[ops[i].cmd][DUMP]);
	printf(" of no operation %lu\n#   ", p->sent[0][DO] + p->sent[0][DUMP]);
	for (i = 0; i < N_MODES; i++)
		printf("%s %lu, ", mode_names[i], p->modes[i]);
	printf("group %lu, debugfs %lu; kept %lu\n", p->groups, p->debugfs, p->kept);
	return p->requests;
}

static bool print_results(const char *reached, double seconds)
{
	unsigned long total = 0;
	unsigned int i, n = 0;
	bool well = true;
	FILE *f = fopen(reached, "w");

	printf("# requests by operation are do+dump\n");
	for (i = 0; i < N_PLACES; i++) {
		total += print_place(&all->place[i]);
		well &= all->place[i].done && !all->place[i].complaints;
	}
	for (i = 0; f && i < TEXT_MAX; i++)
		if (all->passed[i] && ++n)
			fprintf(f, "%x\n", i);
	if (!f || fclose(f))
		err(1, "%s", reached);
	printf("# %lu requests in %.1f s: %.0f a second; %u places of the module passed\n", total,
	       seconds, (double)total / seconds, n);
	return well;
}

static void read_first(const char *hex)
{
	unsigned int byte;

	while (first.len < MESSAGE_MAX && sscanf(hex + 2 * first.len, "%2x", &byte) == 1)
		first.buf[first.len++] = (uint8_t)byte;
}

int main(int argc, char **argv)
{
	unsigned int i;
	double begin = now();

	if (argc != 5 && argc != 6)
		errx(2, "usage: fuzz SEED REQUESTS SECONDS FILE_OF_PLACES_REACHED [MESSAGE]");
	if (argc == 6)
		read_first(argv[5]);
	seed = strtoull(argv[1], NULL, 10);
	wanted = strtoul(argv[2], NULL, 10);
	if (wanted / N_PLACES / TOGGLES > TOGGLE_EVERY)
		toggle_every = wanted / N_PLACES / TOGGLES;
	deadline = begin + strtod(argv[3], NULL);
	all = mmap(NULL, sizeof(*all), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (all == MAP_FAILED)
		err(1, "mmap");
	random_seed(seed);
	resolve();
	for (i = 0; i < N_PLACES; i++)
		start(i);
	watch();
	return !print_results(argv[4], now() - begin);
}
