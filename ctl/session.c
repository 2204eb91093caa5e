// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE	/* ppoll() */
#include <errno.h>
#include <langinfo.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "session.h"

/* A number may be another namespace's: the kernel gives out those of the dead again. */
#define NAMES_OLD_NS 60000000000ULL
/* Who has no name may get one; those that never do must not cost us much. */
#define NAMES_AGAIN_NS 2000000000ULL
#define NAMES_AGAIN_TIMES 50

/* a signal's handler can reach nothing else */
static volatile sig_atomic_t interrupted;

/* where complaints go; NULL for stderr */
static complain_fn complain_by;
static void *complain_ctx;

static void on_interrupt(int sig)
{
	interrupted = sig;
}

void catch_interrupts(void)
{
	/* without SA_RESTART, so that a read of the kernel's answer ends */
	struct sigaction sa = { .sa_handler = on_interrupt };

	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
	/* a reader that has seen enough is no error, whoever started us */
	signal(SIGPIPE, SIG_DFL);
}

void catch_hangups(void)
{
	struct sigaction sa = { .sa_handler = on_interrupt };

	sigaction(SIGHUP, &sa, NULL);
	sigaction(SIGQUIT, &sa, NULL);
}

uint64_t now_ns(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

static void block_interrupts(sigset_t *old)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGQUIT);
	sigprocmask(SIG_BLOCK, &set, old);
}

/* ppoll() until then; what it returns, or 0 where the time was over before. */
static int poll_until(struct pollfd *p, nfds_t n, uint64_t deadline_ns,
		      const sigset_t *mask)
{
	uint64_t now = now_ns(CLOCK_MONOTONIC);
	struct timespec ts;

	if (now >= deadline_ns)
		return 0;
	ts.tv_sec = (time_t)((deadline_ns - now) / 1000000000);
	ts.tv_nsec = (long)((deadline_ns - now) % 1000000000);
	return ppoll(p, n, &ts, mask);
}

bool pause_until(uint64_t deadline_ns)
{
	/* no events asked for: it tells of an end that has no reader */
	struct pollfd out = { .fd = STDOUT_FILENO };
	sigset_t old;
	int ret = -1;

	/* blocked but in ppoll(), so that none is missed right before it */
	block_interrupts(&old);
	while (!interrupted && ret < 0)
		ret = poll_until(&out, 1, deadline_ns, &old);
	sigprocmask(SIG_SETMASK, &old, NULL);
	if (ret > 0)
		raise(SIGPIPE);
	return !interrupted;
}

enum wait_end wait_for_key(uint64_t deadline_ns)
{
	struct pollfd in = { .fd = STDIN_FILENO, .events = POLLIN };
	enum wait_end end = WAIT_SIGNAL;
	sigset_t old, let_in;
	int ret = 0;

	block_interrupts(&old);
	let_in = old;
	sigdelset(&let_in, SIGWINCH);
	if (!interrupted)
		ret = poll_until(&in, 1, deadline_ns, &let_in);
	/* gone, and readable for ever: its SIGHUP may come later, or never */
	if (!interrupted && ret > 0 && in.revents & ~POLLIN)
		interrupted = SIGHUP;
	if (interrupted)
		end = WAIT_INTERRUPT;
	else if (ret >= 0)
		end = ret ? WAIT_KEY : WAIT_TIME;
	sigprocmask(SIG_SETMASK, &old, NULL);
	return end;
}

void complain_to(complain_fn fn, void *ctx)
{
	complain_by = fn;
	complain_ctx = ctx;
}

void complain_into(const char *text, void *fp)
{
	if (fp)
		fprintf(fp, "%s\n", text);
}

void complain(const char *fmt, ...)
{
	char text[4096];
	va_list ap;

	if (complain_by) {
		va_start(ap, fmt);
		vsnprintf(text, sizeof(text), fmt, ap);
		va_end(ap);
		complain_by(text, complain_ctx);
		return;
	}
	fputs("twctl: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
}

const char *own_option(const struct options *o, const char *name)
{
	unsigned int i;

	for (i = 0; i < o->n_own; i++)
		if (!strcmp(o->own[i].name, name))
			return o->own[i].value;
	return NULL;
}

static bool want_color(const struct options *o)
{
	const char *no_color = getenv("NO_COLOR");
	const char *term = getenv("TERM");

	if (o->color == COLOR_NEVER)
		return false;
	if (o->color == COLOR_ALWAYS)
		return true;
	return !(no_color && *no_color) && isatty(STDOUT_FILENO) &&
	       !(term && !strcmp(term, "dumb"));
}

static enum netns_wanted wanted_names(const struct options *o,
				      enum out_kind kind)
{
	if (o->all_netns || kind == OUT_DIFF)
		return NETNS_ALL;
	/* which the doctor's commands are to reach */
	if (kind == OUT_DOCTOR && o->netns)
		return NETNS_OWN;
	return kind == OUT_SUMMARY ? NETNS_OWN : NETNS_CHEAP;
}

static void load_names(struct session *s)
{
	uint64_t began = now_ns(CLOCK_MONOTONIC);

	if (s->netns_names)
		netns_names_reload(s->netns_names, s->names_wanted);
	else
		s->netns_names = netns_names_load(s->names_wanted);
	s->names_loaded_ns = now_ns(CLOCK_MONOTONIC);
	s->names_took_ns = s->names_loaded_ns - began;
}

void session_renew_names(struct session *s, uint32_t netns)
{
	uint64_t age, again = NAMES_AGAIN_TIMES * s->names_took_ns;

	if (!s->netns_names || s->names_wanted != NETNS_ALL)
		return;
	age = now_ns(CLOCK_MONOTONIC) - s->names_loaded_ns;
	if (again < NAMES_AGAIN_NS)
		again = NAMES_AGAIN_NS;
	if (age >= again && (age >= NAMES_OLD_NS ||
			     !netns_find(s->netns_names, netns)))
		load_names(s);
}

static struct out *make_out(struct session *s, const struct options *o,
			    enum out_kind kind)
{
	long cpus = sysconf(_SC_NPROCESSORS_CONF);
	struct out_options opt = {
		.fp = stdout,
		.color = want_color(o),
		.pretty = o->pretty,
		.utf8 = !strcmp(nl_langinfo(CODESET), "UTF-8"),
		.no_header = o->no_header,
		.all_netns = o->all_netns,
		.cpus = cpus > 0 ? (unsigned int)cpus : 1,
	};

	/* a program that asks for one namespace knows which */
	if (kind == OUT_DIFF || kind == OUT_DOCTOR ||
	    (kind != OUT_INFO && (!o->json || o->all_netns))) {
		s->names_wanted = wanted_names(o, kind);
		load_names(s);
	}
	opt.netns_names = s->netns_names;
	if (o->json)
		return out_json(&opt, kind);
	if ((kind == OUT_BUCKETS || kind == OUT_EVENTS) && !o->numeric)
		s->services = services_load();
	opt.services = s->services;
	return out_text(&opt, kind);
}

static void session_free(struct session *s)
{
	twnl_close(s->nl);
	netns_names_free(s->netns_names);
	services_free(s->services);
}

int session_connect(struct session *s)
{
	memset(s, 0, sizeof(*s));
	return session_reconnect(s);
}

int session_reconnect(struct session *s)
{
	char err[600];

	twnl_close(s->nl);
	s->nl = twnl_open(err, sizeof(err));
	if (!s->nl) {
		complain("%s", err);
		return -1;
	}
	twnl_stop_on(s->nl, &interrupted);
	if (twnl_info_get(s->nl, &s->info) < 0) {
		complain("%s", twnl_error(s->nl));
		twnl_close(s->nl);
		s->nl = NULL;
		return -1;
	}
	if (strcmp(s->info.version, TWSCOPE_VERSION))
		complain("warning: the loaded module is version %s, this twctl is version %s",
			 s->info.version, TWSCOPE_VERSION);
	return 0;
}

static int open_out(struct session *s, const struct options *o,
		    enum out_kind kind)
{
	s->out = make_out(s, o, kind);
	if (s->out)
		return 0;
	complain("out of memory");
	session_free(s);
	return -1;
}

int session_open_offline(struct session *s, const struct options *o,
			 enum out_kind kind)
{
	memset(s, 0, sizeof(*s));
	return open_out(s, o, kind);
}

int session_enter(const struct options *o)
{
	char err[2600];

	if (!o->netns || !netns_enter(o->netns, err, sizeof(err)))
		return 0;
	complain("%s", err);
	return -1;
}

int session_open(struct session *s, const struct options *o, enum out_kind kind)
{
	if (session_enter(o) < 0 || session_connect(s) < 0)
		return -1;
	return open_out(s, o, kind);
}

int session_wrote(struct session *s, int failed)
{
	if (failed && !s->write_errno)
		s->write_errno = errno;
	return failed;
}

static void complain_of_write(int error)
{
	if (error != EPIPE)
		complain("cannot write: %s", strerror(error));
}

int close_stdout(void)
{
	int before = ferror(stdout);

	/* NFS and quotas tell of a full disk here; never open, it took nothing */
	if (!fflush(stdout) && !before &&
	    (!close(STDOUT_FILENO) || errno == EBADF))
		return 0;
	complain_of_write(errno);
	return 1;
}

int session_close(struct session *s, int ret)
{
	int code = EXIT_OK;

	out_end(s->out, ret != 0);
	if (s->write_errno) {
		complain_of_write(s->write_errno);
		code = EXIT_ERROR;
	} else if (close_stdout()) {
		code = EXIT_ERROR;
	}
	if (ret < 0) {
		if (s->nl)
			complain("%s", twnl_error(s->nl));
		code = EXIT_ERROR;
	} else if (s->nl && twnl_inconsistent(s->nl)) {
		complain("warning: the kernel's table changed while it was read: some records may be missing or doubled");
	}
	session_free(s);
	if (interrupted) {
		/* so that who started us knows why we ended */
		signal(interrupted, SIG_DFL);
		raise(interrupted);
	}
	return code;
}
