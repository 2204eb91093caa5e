// SPDX-License-Identifier: GPL-2.0
/*
 * twctl top on a terminal of our own, with the kernel of fakekernel.c: that it shows
 * something, and leaves the terminal as it was whatever ends it.
 */
#include <errno.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>
#include <utmp.h>

#include "test.h"

/* A machine that is busy with other tests may take its time. */
#define PATIENCE_MS 20000
/* of xterm: to the other screen, and back */
#define ENTERED "\033[?1049h"
#define LEFT "\033[?1049l"

static struct {
	int fd;
	pid_t pid;
	struct termios before;
	/* all that was written to it */
	size_t len;
	char out[1 << 20];
} term;

static long now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* Nothing of it outlives a test that failed. */
static int ended(void **state)
{
	(void)state;
	if (term.fd >= 0)
		close(term.fd);
	if (term.pid > 0) {
		kill(term.pid, SIGKILL);
		waitpid(term.pid, NULL, 0);
	}
	memset(&term, 0, sizeof(term));
	term.fd = -1;
	return 0;
}

/* @option: or NULL; the rest as of start() */
static void start_with(const char *option, const char *name, const char *env,
		       int block)
{
	struct winsize size = { .ws_row = 24, .ws_col = 80 };
	int slave;

	ended(NULL);
	assert_int_equal(openpty(&term.fd, &slave, NULL, NULL, &size), 0);
	assert_int_equal(tcgetattr(term.fd, &term.before), 0);
	term.pid = fork();
	assert_true(term.pid >= 0);
	if (!term.pid) {
		sigset_t set;

		close(term.fd);
		login_tty(slave);
		setenv("TERM", name, 1);
		setenv("LC_ALL", "C.UTF-8", 1);
		if (env)
			putenv((char *)env);
		sigemptyset(&set);
		if (block)
			sigaddset(&set, block);
		sigprocmask(SIG_SETMASK, &set, NULL);
		execl(TWCTL, "twctl", "top", "-i", "100ms", option, NULL);
		_exit(127);
	}
	close(slave);
}

/* @env: "NAME=VALUE" or NULL; @block: a signal that it is born with blocked, or 0 */
static void start(const char *name, const char *env, int block)
{
	start_with(NULL, name, env, block);
}

/* What there is within @ms; false at the end. */
static bool take(int ms)
{
	struct pollfd p = { .fd = term.fd, .events = POLLIN };
	ssize_t n;

	if (poll(&p, 1, ms) <= 0)
		return true;
	/* what is long past makes room */
	if (term.len > sizeof(term.out) / 2) {
		memmove(term.out, term.out + term.len / 2, term.len - term.len / 2);
		term.len -= term.len / 2;
	}
	n = read(term.fd, term.out + term.len, sizeof(term.out) - 1 - term.len);
	if (n <= 0)
		return false;
	term.len += (size_t)n;
	term.out[term.len] = '\0';
	return true;
}

/* Waits until it is written, and forgets what was written up to then. */
static void expect(const char *what)
{
	long end = now_ms() + PATIENCE_MS;
	char *at;

	while (!(at = strstr(term.out, what)) && now_ms() < end)
		if (!take(100))
			break;
	if (!at)
		fail_msg("no '%s' in:\n%s", what, term.out);
	at += strlen(what);
	term.len -= (size_t)(at - term.out);
	memmove(term.out, at, term.len + 1);
}

static void type(const char *keys)
{
	assert_int_equal(write(term.fd, keys, strlen(keys)), strlen(keys));
}

/* Its status, and that the terminal is what it was. */
static int finish(struct rusage *usage)
{
	long end = now_ms() + PATIENCE_MS;
	struct termios after;
	struct rusage other;
	int status = 0;
	pid_t got = 0;

	while (!got && now_ms() < end) {
		take(20);
		got = wait4(term.pid, &status, WNOHANG, usage ? usage : &other);
	}
	assert_int_equal(got, term.pid);
	term.pid = 0;
	while (take(0) && strlen(term.out) < term.len)
		;
	assert_int_equal(tcgetattr(term.fd, &after), 0);
	assert_int_equal(after.c_lflag, term.before.c_lflag);
	assert_int_equal(after.c_iflag, term.before.c_iflag);
	assert_int_equal(after.c_oflag, term.before.c_oflag);
	return status;
}

static void quits(void **state)
{
	(void)state;
	start("xterm", NULL, 0);
	expect(ENTERED);
	expect("3 destinations, by ports held");
	type("q");
	assert_int_equal(finish(NULL), 0);
	expect(LEFT);
}

/* Each ends it as it ends others, but the terminal is given back before. */
static void signals(void **state)
{
	static const int sig[] = { SIGTERM, SIGINT, SIGHUP, SIGQUIT };
	size_t i;
	int status;

	(void)state;
	for (i = 0; i < 4; i++) {
		start("xterm", NULL, 0);
		expect("3 destinations");
		kill(term.pid, sig[i]);
		status = finish(NULL);
		assert_true(WIFSIGNALED(status));
		assert_int_equal(WTERMSIG(status), sig[i]);
		expect(LEFT);
	}
	/* typed, and while the kernel does not answer */
	start("xterm", "FAKE_HANG=1", 0);
	expect(ENTERED);
	type("\003");
	status = finish(NULL);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGINT);
	expect(LEFT);
}

/* With the signal that tells of it, and without. */
static void terminal_gone(void **state)
{
	long end;
	int i, status;
	pid_t got;

	(void)state;
	for (i = 0; i < 6; i++) {
		start("xterm", NULL, i % 2 ? SIGHUP : 0);
		expect("3 destinations");
		close(term.fd);
		term.fd = -1;
		end = now_ms() + PATIENCE_MS;
		do {
			usleep(10000);
			got = waitpid(term.pid, &status, WNOHANG);
		} while (!got && now_ms() < end);
		assert_int_equal(got, term.pid);
		term.pid = 0;
		assert_true(i % 2 || WIFSIGNALED(status));
	}
}

static void resizes(void **state)
{
	struct winsize size = { .ws_row = 10, .ws_col = 70 };

	(void)state;
	start("xterm", NULL, 0);
	expect("3 destinations");
	/* while it waits for nothing but keys */
	type("p");
	expect("PAUSED");
	ioctl(term.fd, TIOCSWINSZ, &size);
	expect("70x10 is too small:");
	size.ws_row = 30;
	size.ws_col = 140;
	ioctl(term.fd, TIOCSWINSZ, &size);
	expect("198.51.100.0:443 from 192.0.2.1");
	type("q");
	assert_int_equal(finish(NULL), 0);
}

static void goes_into_one(void **state)
{
	(void)state;
	start("vt100", NULL, 0);
	expect("3 destinations");
	type("\033OB\r");
	expect("192.0.2.1 -> 198.51.100.1:443");
	expect("3 buckets by end");
	type("\r");
	expect("by the rules of this kernel");
	type("qq");
	expect("3 destinations");
	type("h");
	expect("Up Down j k");
	type("q/dport = :foo\r");
	expect("expected a port");
	type("\177\177\177443\r");
	expect("filter: dport = :443");
	type("q");
	assert_int_equal(finish(NULL), 0);
}

static void without_colors(void **state)
{
	(void)state;
	start("screen-256color", "FAKE_ROWS=1", 0);
	expect("\033[36m");
	type("q");
	assert_int_equal(finish(NULL), 0);
	start("screen-256color", "NO_COLOR=1", 0);
	expect("3 destinations");
	type("q");
	assert_int_equal(finish(NULL), 0);
	assert_null(strstr(term.out, "\033[36m"));
	start("dumb", NULL, 0);
	expect("top cannot draw on this terminal: what TERM says, 'dumb'");
	assert_int_equal(WEXITSTATUS(finish(NULL)), 1);
}

/* An error is shown where it is, and keys go on to work. */
static void errors(void **state)
{
	(void)state;
	start("xterm", "FAKE_REFUSE=95", 0);
	expect("in the kernel's words (Operation not supported)");
	/* to the new connection there is no kernel */
	expect("the twscope module is not loaded; load it with: modprobe twscope");
	type("h");
	expect("Up Down j k");
	type("qq");
	assert_int_equal(finish(NULL), 0);
}

/* Two seconds, of which it works for a little: the most is that of the sanitizers. */
static void costs_little(void **state)
{
	struct rusage usage;
	long end, ms;

	(void)state;
	start("xterm", NULL, 0);
	expect("3 destinations");
	type("p");
	expect("PAUSED");
	end = now_ms() + 2000;
	while (now_ms() < end)
		take(50);
	type("q");
	assert_int_equal(finish(&usage), 0);
	ms = usage.ru_utime.tv_sec * 1000 + usage.ru_utime.tv_usec / 1000 +
	     usage.ru_stime.tv_sec * 1000 + usage.ru_stime.tv_usec / 1000;
	assert_in_range(ms, 0, 1000);
}

/* What a namespace is called that had no name when it began. */
static void names_those_that_come(void **state)
{
	struct winsize size = { .ws_row = 24, .ws_col = 100 };
	long end = now_ms() + PATIENCE_MS;

	(void)state;
	start_with("-A", "xterm", "FAKE_COMES=500", 0);
	expect("nearest its limit is netns 4026531840");
	/* of another size it is drawn anew, as a whole */
	while (!strstr(term.out, "its limit is netns 4026531840 (") && now_ms() < end) {
		size.ws_col ^= 1;
		ioctl(term.fd, TIOCSWINSZ, &size);
		take(100);
	}
	expect("its limit is netns 4026531840 (");
	type("q");
	assert_int_equal(finish(NULL), 0);
}

#define TEST(f) cmocka_unit_test_teardown(f, ended)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(quits),
		TEST(signals),
		TEST(terminal_gone),
		TEST(resizes),
		TEST(goes_into_one),
		TEST(without_colors),
		TEST(errors),
		TEST(names_those_that_come),
		TEST(costs_little),
	};

	term.fd = -1;
	/* a terminal that is gone is told by write() */
	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests_name("screen", tests, NULL, NULL);
}
