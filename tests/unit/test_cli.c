// SPDX-License-Identifier: GPL-2.0
/*
 * twctl as it is called: its words, its exit codes and what goes where. The
 * kernel is the one of fakekernel.c.
 */
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <jansson.h>

#include "test.h"
#include "types.h"

static char out[1 << 20], err[1 << 16];

static void slurp(const char *path, char *buf, size_t size)
{
	FILE *f = fopen(path, "r");

	assert_non_null(f);
	buf[fread(buf, 1, size - 1, f)] = '\0';
	fclose(f);
}

/* What a shell sees of @command, where "twctl" is the tool: its exit code. */
static int run(const char *command)
{
	char script[2048];
	int status;

	snprintf(script, sizeof(script),
		 "LC_ALL=C; export LC_ALL; twctl() { " TWCTL " \"$@\"; }; "
		 "{ %s\n} >" WORK "/out 2>" WORK "/err", command);
	status = system(script);
	slurp(WORK "/out", out, sizeof(out));
	slurp(WORK "/err", err, sizeof(err));
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void expect(const char *command, int code, const char *says)
{
	int got = run(command);

	if (got != code || !strstr(*says == '!' ? out : err, says + (*says == '!')))
		fail_msg("%s\nexit %d, not %d; wanted '%s'\nstdout: %.500s\nstderr: %s",
			 command, got, code, says, out, err);
}

/* "!" before what is said: on stdout; else on stderr. */
static void usage_errors(void **state)
{
	(void)state;
	expect("twctl frobnicate", 2, "twctl: unknown command 'frobnicate', expected one of: summary, list, group, pressure, top, explain, whatif, ports, ");
	expect("twctl --frobnicate", 2, "wrong option '--frobnicate'");
	expect("twctl -x", 2, "unknown option '-x'");
	expect("twctl list -jx", 2, "unknown option '-x'");
	expect("twctl --json=yes", 2, "wrong option '--json=yes'");
	expect("twctl -N", 2, "-N needs");
	expect("twctl --netns", 2, "-N needs");
	expect("twctl -c=purple", 2, "not 'purple'");
	expect("twctl --color=purple", 2, "not 'purple'");
	expect("twctl list -4 -6", 2, "-4 and -6 exclude each other");
	expect("twctl info -4", 2, "info knows no -4");
	expect("twctl info -A", 2, "info knows no -A");
	expect("twctl -A -N x", 2, "give one of the two");
	expect("twctl summary dport", 2, "    dport\n         ^\n");
	expect("twctl info x", 2, "info takes no argument 'x'");
	expect("twctl help frobnicate", 2, "unknown command");
	expect("twctl list 'dport = foo'", 2,
	       "twctl: wrong filter: expected a port: a number, or the name of a TCP service\n"
	       "    dport = foo\n"
	       "            ^~~\n");
	assert_string_equal(out, "");
}

/* An option that only another command has is refused, and what it takes told. */
static void own_options(void **state)
{
	(void)state;
	expect("twctl list --syn 1", 2, "twctl: list knows no --syn; see: twctl help list\n");
	expect("twctl --syn 1", 2, "summary knows no --syn");
	expect("twctl --syn 1 list", 2, "list knows no --syn");
	expect("twctl explain :1 :2 --to :3", 2, "explain knows no --to; see: twctl help explain");
	expect("twctl explain :1 :2 --syn", 2, "option --syn needs a sequence number");
	expect("twctl ports --to", 2, "option --to needs a destination: ADDR:PORT");
	expect("twctl ports --from", 2, "option --from needs a source address");
	expect("twctl ports --dev", 2, "option --dev needs the name of a device");
	expect("twctl ports --to 1.2.3.4:5 --to 1.2.3.4:6", 2, "--to is given twice");
	expect("twctl explain :1 :2 -A", 2, "explain knows no -A");
	expect("twctl ports --to 1.2.3.4:5 -A", 2, "ports knows no -A");
	expect("twctl ports --to 1.2.3.4:5 -4", 2, "ports knows no -4");
}

/* What it does on a terminal: test_screen.c. */
static void top_errors(void **state)
{
	(void)state;
	expect("twctl -j top", 2, "twctl: top is a screen and knows no -j; for programs: twctl -j pressure\n");
	expect("twctl top -i 99ms", 2, "--interval takes 100 ms at least, not '99ms'");
	expect("twctl top dport = foo", 2, "    dport = foo\n            ^~~\n");
	expect("twctl top --top 5", 2, "top knows no --top");
	expect("twctl top $(yes 'dport = :1 or' | head -n 80) dport = :1", 2,
	       "top takes a filter of 1023 characters at most");
	expect("twctl top </dev/null", 1, "top needs a terminal to show itself on; twctl pressure says the same once");
	assert_string_equal(out, "");
	expect("FAKE_ABSENT=1 twctl top", 1, "modprobe twscope");
}

static void whatif_errors(void **state)
{
	(void)state;
	expect("twctl whatif", 2, "whatif needs one sysctl at least to judge by: tcp_tw_reuse=0|1|2, tcp_tw_reuse_delay=MS, tcp_timestamps=0|1|2\n");
	expect("twctl whatif dport = :80", 2, "whatif needs one sysctl at least");
	expect("twctl whatif tcp_tw_reuse", 2, "tcp_tw_reuse needs a value");
	expect("twctl whatif tcp_tw_reuse=7", 2, "tcp_tw_reuse is 0, 1 or 2, not '7'");
	expect("twctl whatif tcp_tw_reuse=1 net.ipv4.tcp_tw_reuse=1", 2, "tcp_tw_reuse is given twice");
	expect("twctl whatif tcp_tw_recycle=1", 2, "removed in Linux 4.12");
	expect("twctl whatif tcp_tw_reuse=1 dport = foo", 2, "    dport = foo\n            ^~~\n");
	expect("FAKE_REFUSE=95 twctl whatif tcp_tw_reuse_delay=5", 1,
	       "twctl: in the kernel's words (Operation not supported)\n");
	assert_string_equal(out, "");
	expect("FAKE_REFUSE=95 twctl -j whatif tcp_tw_reuse_delay=5", 1, "in the kernel's words");
	assert_string_equal(out, "");
	expect("FAKE_BROKEN=1 twctl whatif tcp_tw_reuse=1", 1,
	       "twctl: these figures are wrong, a law of theirs is broken: the verdicts add up to 1, not to the total, 18300\n");
	expect("FAKE_BROKEN=1 twctl -jA whatif tcp_tw_reuse=1", 1, "a law of theirs is broken");
	expect("FAKE_ABSENT=1 twctl whatif tcp_tw_reuse=1", 1, "modprobe twscope");
	/* what is wrong with the words is told before anything is asked */
	expect("FAKE_ABSENT=1 twctl whatif tcp_tw_reuse=3", 2, "not '3'");
}

static void explain_errors(void **state)
{
	static const char two[] =
		"explain takes two ends, LOCAL REMOTE, or a FILTER that leaves one bucket";

	(void)state;
	expect("twctl explain 1.2.3.4:5", 2, two);
	expect("twctl explain 1.2.3.4:5 1.2.3.4:6 1.2.3.4:7", 2, two);
	expect("twctl explain :5 :6 and dport 7", 2, two);
	expect("twctl explain 1.2.3:5 :6", 2, "twctl: LOCAL '1.2.3:5': expected an address in numbers");
	expect("twctl explain :5 remote:6", 2, "twctl: REMOTE 'remote:6': expected an address in numbers");
	expect("twctl explain :5 :66666", 2, "REMOTE ':66666': a port is at most 65535");
	expect("twctl explain -6 :5 :6", 2, "-6 goes with a FILTER; LOCAL and REMOTE say their family themselves");
	expect("twctl explain dport = foo", 2, "            ^~~\n");
	expect("twctl explain :5 :6 --syn x", 2, "--syn takes SEQ or SEQ,TSVAL, each a number up to 4294967295 or 0xffffffff, not 'x'");
	expect("twctl explain :5 :6 --syn 4294967296", 2, "not '4294967296'");
	expect("twctl explain :5 :6 --syn -1", 2, "not '-1'");
	expect("twctl explain :5 :6 --syn 1,", 2, "not '1,'");
	expect("twctl explain :5 :6 --syn ,1", 2, "not ',1'");
	expect("twctl explain :5 :6 --syn 1,2,3", 2, "not '1,2,3'");
	expect("twctl explain :5 :6 --syn '1, 2'", 2, "not '1, 2'");
	expect("twctl explain :5 :6 --syn 0x", 2, "not '0x'");
	expect("twctl explain :5 :6 --syn 0x1ffffffff", 2, "not '0x1ffffffff'");
	expect("FAKE_ROWS=0 twctl explain :5 :6", 1,
	       "twctl: no bucket matches: it has ended, or there is a full socket, or none at all; twctl list shows those that are there\n");
	assert_string_equal(out, "");
	expect("FAKE_ROWS=0 twctl -j explain :5 :6", 1, "no bucket matches");
	assert_string_equal(out, "");
	expect("FAKE_ROWS=1 FAKE_FAIL=1 twctl explain :5 :6 --syn 1", 1,
	       "twctl: in the kernel's words (Operation not permitted)\n");
	assert_string_equal(out, "");
	/* the sysctls cannot be had */
	expect("FAKE_ROWS=1 FAKE_REFUSE=12 twctl explain :5 :6", 1, "in the kernel's words (Cannot allocate memory)");
}

/* Only those that are bound to the device. */
static void explain_of_a_device(void **state)
{
	(void)state;
	expect("FAKE_ROWS=9 twctl explain [fe80::1%lo]:1 :2", 0, "!  bound to device lo\n");
	expect("FAKE_ROWS=9 twctl explain :1 [fe80::1%lo]:2", 0, "!  bound to device lo\n");
	expect("FAKE_ROWS=8 twctl explain [fe80::1%lo]:1 :2", 1, "no bucket matches");
	expect("FAKE_ROWS=40 twctl explain [fe80::1%lo]:1 [fe80::2%lo]:2", 1, "2 buckets match");
	expect("twctl explain [fe80::1%lo]:1 [fe80::2%eth0]:2", 2, "the devices after '%' differ: a bucket has one\n");
	expect("twctl explain [fe80::1%no-such-dev]:1 :2", 1, "there is no device 'no-such-dev' in this network namespace\n");
}

static unsigned int lines(const char *text)
{
	unsigned int n = 0;

	for (; *text; text++)
		n += *text == '\n';
	return n;
}

/* More than one matches: as many as help are shown, on stderr. */
static void explain_of_several(void **state)
{
	(void)state;
	expect("FAKE_ROWS=3 twctl explain dport 443", 1,
	       "twctl: 3 buckets match, and explain takes one; they are:\n"
	       "SUBSTATE     LEFT     AGE  TS-AGE  VERDICT        WAIT  LOCAL                  REMOTE\n"
	       "time-wait   41.2s   18.7s     18s  too-young     412ms  192.0.2.1:32768        198.51.100.7:443\n");
	assert_int_equal(lines(err), 5);
	assert_non_null(strstr(err, "reusable          -  192.0.2.1:32770 "));
	assert_string_equal(out, "");
	expect("FAKE_ROWS=5 twctl explain", 1, "5 buckets match, and explain takes one; they are:\n");
	assert_int_equal(lines(err), 7);
	expect("FAKE_ROWS=1000 twctl -j explain", 1,
	       "1000 buckets match, and explain takes one; the first of them are:\n");
	assert_int_equal(lines(err), 7);
	assert_string_equal(out, "");
}

static void ports_errors(void **state)
{
	(void)state;
	expect("twctl ports", 2, "ports needs a destination: --to ADDR:PORT");
	expect("twctl ports --to example.org:80", 2, "--to 'example.org:80': expected an address in numbers");
	expect("twctl ports --to :80", 2, "--to needs an address");
	expect("twctl ports --to 1.2.3.4", 2, "--to needs a port after the address");
	expect("twctl ports --to 2001:db8::1:80", 2, "--to needs a port after the address: 192.0.2.1:443 or [2001:db8::1]:443");
	expect("twctl ports --to 1.2.3.4:80 --from 1.2.3.4:5", 2, "--from takes an address without a port");
	expect("twctl ports --to 1.2.3.4:80 --from :5", 2, "--from takes an address without a port");
	expect("twctl ports --to 1.2.3.4:80 --from ::1", 2, "--from is IPv6 and --to is IPv4");
	expect("twctl ports --to [::1]:80 --from 1.2.3.4", 2, "--from is IPv4 and --to is IPv6");
	expect("twctl ports --to [::ffff:1.2.3.4]:80 --from ::1", 2, "--from is IPv6 and --to is IPv4");
	expect("twctl ports --to 1.2.3.4:80 --from x", 2, "--from 'x': expected an address in numbers");
	expect("twctl ports --to 1.2.3.4:80 foo", 2, "ports takes no argument 'foo'; beside --to, --from and --dev it takes tcp_tw_reuse=0|1|2");
	expect("twctl ports --to 1.2.3.4:80 tcp_tw_reuse=9", 2, "not '9'");
	expect("twctl ports --to 1.2.3.4:80 --dev ''", 2, "--dev needs the name of a device");
	expect("twctl ports --to [fe80::1%lo]:80 --dev eth0", 2, "--dev and the devices after '%' differ: give one device\n");
	expect("twctl ports --to [fe80::1%lo]:80 --from fe80::2%eth0", 2, "differ");
	expect("twctl ports --to [fe80::1]:80", 2, "--to is link-local and needs its device: [fe80::1%eth0]:443, or --dev\n");
	expect("twctl ports --to [fe80::1]:80 --from fe80::2", 2, "--to is link-local and needs its device");
	expect("twctl ports --to 127.0.0.1:80 --dev no-such-dev", 1, "there is no device 'no-such-dev' in this network namespace");
	expect("twctl ports --to [fe80::1%no-such-dev]:80", 1, "there is no device 'no-such-dev'");
	assert_string_equal(out, "");
	expect("twctl ports --to 255.255.255.255:80", 1, "no route to the destination: ");
	expect("FAKE_REFUSE=22 twctl ports --to 127.0.0.1:80", 1, "twctl: in the kernel's words (Invalid argument)\n");
	assert_string_equal(out, "");
	expect("FAKE_BROKEN=1 twctl ports --to 127.0.0.1:80", 1,
	       "twctl: these figures are wrong, a law of theirs is broken: free, reusable, waiting, in-use, bind-blocked and reserved ports add up to 3233, not to the ports of the range, 28232\n");
	assert_non_null(strstr(out, "  1  free: "));
	expect("FAKE_BROKEN=1 twctl -j ports --to 127.0.0.1:80", 1, "a law of theirs is broken");
}

/* What is wrong with the words is told before anything is asked. */
static void group_errors(void **state)
{
	(void)state;
	expect("FAKE_ABSENT=1 twctl group", 2, "by what to group? twctl group BY[,BY...], such as: twctl group remote,remote-port\n");
	expect("FAKE_ABSENT=1 twctl group foo", 2, "twctl: wrong keys 'foo': expected netns, family, local, ");
	expect("twctl group remote,", 2, "wrong keys 'remote,': expected ");
	expect("twctl group remote/33", 2, "wrong keys 'remote/33': expected a prefix length after '/': 0 to 32 for IPv4, ");
	expect("twctl group remote,dst", 2, "wrong keys 'remote,dst': 'remote' is there twice\n");
	expect("twctl group dport/8", 2, "only local and remote have a prefix length, not 'dport/8'\n");
	expect("FAKE_ABSENT=1 twctl group remote --top x", 2, "--top takes a number from 0 to 16384, not 'x'\n");
	expect("twctl group remote --top 16385", 2, "not '16385'\n");
	expect("FAKE_ABSENT=1 twctl group remote --sort up", 2, "--sort takes count, rate or held, not 'up'\n");
	expect("twctl group remote --sort", 2, "option --sort needs count, rate or held");
	expect("twctl group remote tcp_tw_reuse=9", 2, "not '9'");
	expect("twctl group remote dport = foo", 2, "    dport = foo\n            ^~~\n");
	expect("twctl group remote local", 2, "wrong filter");
	expect("twctl list --ports", 2, "list knows no --ports");
	assert_string_equal(out, "");
	expect("FAKE_ABSENT=1 twctl group remote", 1, "modprobe twscope");
	expect("FAKE_REFUSE=1 twctl group mark", 1, "twctl: in the kernel's words (Operation not permitted)\n");
	expect("FAKE_FAIL=12 twctl group remote", 1, "in the kernel's words (Cannot allocate memory)");
	expect("FAKE_BARE=1 twctl group remote", 1, "attribute closes-hist is missing");
	assert_string_equal(out, "");
}

/* The figures are shown all the same. */
static void groups_of_wrong_figures(void **state)
{
	static const char law[] = "twctl: these figures are wrong, a law of theirs is broken: the groups add up to 3000, not to the total, 4000\n";

	(void)state;
	expect("FAKE_BROKEN=1 twctl group remote", 1, law);
	assert_non_null(strstr(out, "  198.51.100.2\n"));
	expect("FAKE_BROKEN=1 twctl -j group remote", 1, law);
	assert_int_equal(out[0], '{');
}

static void group_commands(void **state)
{
	(void)state;
	expect("twctl group remote", 0, "!\n    1,000 33.3 %       600      10     20.0    24.5   49.5   0.7s  59.3s  198.51.100.2\n");
	expect("twctl g remote,dport -H", 0, "!  198.51.100.0 443\n");
	assert_null(strstr(out, "BUCKETS"));
	expect("twctl -A group remote --ports tcp_tw_reuse=1 dport = :443", 0, "!  REUSABLE   WHAT-IF  IN-USE  PORTS       1S     10S    60S  FIRST ");
	assert_non_null(strstr(out, "\n    1,000 33.3 %       600     1,000      10    900 "));
	expect("twctl --top 0 --sort rate group remote/24 -4", 0, "!  198.51.100.0/24\n");
	expect("FAKE_OTHER=1 twctl group remote", 0, "!  other: beyond the groups that are told apart\n4,000 buckets and 40 in use in more than 4 groups, ");
	expect("FAKE_ROWS=5000 twctl -H group remote,remote-port --top 0", 0, "!");
	assert_int_equal(lines(out), 5000);
	expect("FAKE_ROWS=0 twctl group verdict", 0, "!no buckets and 0 in use in 0 groups");
}

static void pressure_commands(void **state)
{
	(void)state;
	expect("FAKE_ABSENT=1 twctl pressure dport = foo", 2, "    dport = foo\n            ^~~\n");
	expect("FAKE_ABSENT=1 twctl pressure --top x", 2, "--top takes a number from 0 to 16384, not 'x'\n");
	expect("FAKE_ABSENT=1 twctl pressure", 1, "modprobe twscope");
	expect("FAKE_REFUSE=12 twctl pressure", 1, "in the kernel's words (Cannot allocate memory)");
	expect("FAKE_FAIL=12 twctl pressure", 1, "in the kernel's words (Cannot allocate memory)");
	expect("FAKE_FAIL=1 FAKE_NETNS=0 twctl -A pressure", 1, "in the kernel's words (Operation not permitted)");
	assert_string_equal(out, "");
	expect("twctl pressure", 0, "!range     32768-60999: 28,232 ports, 2 reserved, 30 bind-blocked\n\n192.0.2.1 -> 198.51.100.0:443\n");
	assert_non_null(strstr(out, "\n192.0.2.1 -> 198.51.100.2:443\n"
		"taken     407 of 28,200 ports (1.4 %)  [-...............]  27,793 available\n"
		"          400 by TIME_WAIT, 7 in use; 600 buckets take none: reusable\n"));
	expect("twctl pressure -AH --top 2 dst 198.51.100.1 and dport = :443", 0, "!-> 198.51.100.1:443  netns 4026531840\n");
	expect("twctl pressure --top 2", 0, "!\n1 more destination; --top 0 shows all\n");
	expect("twctl pressure --top 1 | grep -c -e ' -> '", 0, "!1\n");
	expect("FAKE_ROWS=0 twctl pressure", 0, "!no local port of the range is taken by a connection\n");
}

/* What it finds is test_rules.c's; here, what it asks and how it ends. */
static void doctor_commands(void **state)
{
	(void)state;
	expect("FAKE_ABSENT=1 twctl doctor now", 2, "doctor takes no argument 'now'");
	expect("FAKE_ABSENT=1 twctl doctor -4", 2, "doctor knows no -4");
	expect("FAKE_ABSENT=1 twctl doctor", 1, "modprobe twscope");
	expect("FAKE_REFUSE=12 twctl doctor", 1, "in the kernel's words (Cannot allocate memory)");
	expect("FAKE_FAIL=12 twctl doctor", 1, "in the kernel's words (Cannot allocate memory)");
	assert_string_equal(out, "");
	expect("FAKE_FAIL=1 FAKE_NETNS=0 twctl -A doctor", 1, "in the kernel's words (Operation not permitted)");
	expect("twctl doctor", 0, "!WARNING   overflow-counted\n");
	assert_non_null(strstr(out, "WARNING   hooks-missed\n"));
	expect("twctl doctor -A", 0, "!WARNING   overflow-counted  netns 4026531840");
	/* not observing, and not for everybody to see */
	expect("FAKE_OFF=1 twctl doctor", 0, "!what the kernel decides on each bucket: that is known after 'twctl\n");
	assert_null(strstr(out, "hooks-missed"));
	/* turned off between two questions: who asks lacks nothing */
	expect("FAKE_END=0 twctl doctor", 0, "!what the kernel decides on each bucket: that is known after 'twctl\n");
	expect("FAKE_END=0 twctl -A doctor", 0, "!what the kernel decides on each bucket: that is known after 'twctl\n");
	expect("FAKE_DENY=1 FAKE_HOOKS=1 twctl doctor", 0, "!what was observed, or its hooks: that takes");
	assert_null(strstr(out, "hooks-missed"));
	expect("twctl doctor >/dev/full", 1, "cannot write: No space left on device\n");
}

/* Nothing more: it would make namespaces. */
static void verify_usage(void **state)
{
	(void)state;
	expect("twctl verify x", 2, "verify takes no argument 'x'");
	expect("twctl verify --trials 0", 2, "--trials takes a number from 1 to 1000000, not '0'");
	expect("twctl verify --trials 1x", 2, "not '1x'");
	/* 1000000 where a 0 in front made it octal */
	expect("twctl verify --trials 03641100 --seed x", 2, "not '03641100'");
	expect("twctl verify --seed 010x --trials 5", 2, "--seed takes a number from 0 to 9007199254740991, not '010x'");
	expect("twctl verify --trials 08 --seed x", 2, "not 'x'");
	expect("twctl verify --trials 0x10 --seed 0x", 2, "not '0x'");
	expect("twctl verify --seed -1", 2, "--seed takes a number from 0");
	expect("twctl -N x verify", 2, "verify knows no -N");
	expect("twctl -A verify", 2, "verify knows no -A");
	expect("twctl help verify", 0, "!Usage: twctl [OPTIONS] verify");
}

/* What is wrong with the words is told before anything is asked. */
static void observe_errors(void **state)
{
	(void)state;
	expect("FAKE_ABSENT=1 twctl observe maybe", 2, "observe takes on, off or nothing, not 'maybe'\n");
	expect("twctl observe on off", 2, "observe takes on, off or nothing, not 'off'\n");
	expect("twctl observe off on", 2, "not 'on'\n");
	expect("twctl observe o", 2, "not 'o'\n");
	expect("twctl observe --recorder 5", 2, "--recorder goes with: twctl observe on\n");
	expect("twctl observe off --recorder 5", 2, "--recorder goes with: twctl observe on\n");
	expect("twctl observe on --recorder", 2, "option --recorder needs a number of events");
	expect("twctl observe on --recorder 0", 2, "--recorder takes a number from 1 to 1048576, not '0'\n");
	expect("twctl observe on --recorder 1048577", 2, "not '1048577'\n");
	expect("twctl observe on --recorder -1", 2, "not '-1'\n");
	expect("twctl observe on --recorder 5x", 2, "not '5x'\n");
	expect("twctl observe on --recorder ''", 2, "not ''\n");
	expect("twctl -N x observe", 2, "observe knows no -N: it is for the whole machine\n");
	expect("twctl -A observe", 2, "observe knows no -A");
	assert_string_equal(out, "");
	expect("FAKE_OFF=1 FAKE_DENY=1 twctl observe on", 1,
	       "twctl: observe on needs CAP_NET_ADMIN in the initial user namespace; run it as root\n");
	expect("FAKE_DENY=1 twctl observe off", 1, "observe off needs CAP_NET_ADMIN");
	expect("FAKE_OFF=1 FAKE_REFUSE=16 twctl observe on", 1,
	       "twctl: in the kernel's words (Device or resource busy)\n");
	assert_string_equal(out, "");
	expect("FAKE_HOOKS=12 twctl observe", 1, "twctl: the kernel refused: Cannot allocate memory\n");
	assert_string_equal(out, "");
}

static void observe_commands(void **state)
{
	(void)state;
	expect("FAKE_OFF=1 twctl observe", 0, "!not observing: 'twctl observe on' starts it\n");
	expect("twctl o", 0, "!observing since ");
	assert_non_null(strstr(out, "\ninet_twsk_kill                ftrace              12,345           0\n"));
	expect("FAKE_HOOKS=1 twctl observe", 0, "!\nthe hooks are shown to CAP_NET_ADMIN");
	expect("FAKE_OFF=1 twctl observe on --recorder=1048576", 0, "!observing is on\n");
	expect("twctl observe on", 0, "!observing is on already\n");
	assert_string_equal(err, "");
	expect("twctl observe --recorder 0x10 on", 0, "!observing is on already\n");
	assert_string_equal(err, "twctl: the recorder stays as it is; to change it turn observing off first\n");
	/* of three namespaces */
	expect("twctl observe off", 0,
	       "!observed for 1 min 41 s: 281,790 buckets created, 245,430 ended\nconnect() met a bucket 1,257,450 times, segments of peers 10,605 times\nthese counts and the recorded events are gone now\nobserving is off\n");
	/* or of ours, where the others are not told */
	expect("FAKE_FAIL=1 twctl observe off", 0,
	       "!observed for 1 min 42 s: 94,860 buckets created, 82,620 ended\nconnect() met a bucket 423,300 times, segments of peers 3,570 times\nthese counts and the recorded events are gone now\nobserving is off\n");
	expect("FAKE_OFF=1 twctl observe off", 0, "!observing is off already\n");
	expect("twctl info", 0, "!observing   yes\nWARNING     the hook of tcp_twsk_unique");
	expect("FAKE_HOOKS=1 twctl info", 0, "!observing   yes\n");
	assert_null(strstr(out, "WARNING"));
	expect("FAKE_OFF=1 twctl info", 0, "!observing   no; ");
}

static void stats_errors(void **state)
{
	(void)state;
	expect("twctl stats x", 2, "stats takes no argument 'x'");
	expect("twctl stats -i", 2, "option --interval needs a time: 1, 10s, 500ms\n");
	expect("twctl stats -i x", 2, "--interval takes a time such as 60, 60s, 0.5s, 500ms, 2m or 1h, not 'x'\n");
	expect("twctl stats -i 0", 2, "--interval takes 100 ms at least, not '0'\n");
	expect("twctl stats -i 0.09", 2, "--interval takes 100 ms at least, not '0.09'\n");
	expect("twctl stats -i 1.2345", 2, "not '1.2345'\n");
	expect("twctl stats -i 1.", 2, "not '1.'\n");
	expect("twctl stats -i -1", 2, "not '-1'\n");
	expect("twctl stats -i 1d", 2, "not '1d'\n");
	expect("twctl stats -i .5", 2, "not '.5'\n");
	/* more than 32 bits of milliseconds */
	expect("twctl stats -i 1194h", 2, "not '1194h'\n");
	expect("twctl stats -i 99999999999", 2, "not '99999999999'\n");
	expect("twctl stats -i 1 --interval 2", 2, "--interval is given twice");
	expect("twctl stats --count 3", 2, "--count goes with --interval");
	expect("twctl stats -i 1 --count 0", 2, "--count takes a number from 1 to 4294967295, not '0'\n");
	expect("twctl list -i 1", 2, "list knows no --interval; see: twctl help list");
	expect("twctl stats -4", 2, "stats knows no -4");
	assert_string_equal(out, "");
	expect("FAKE_OFF=1 twctl stats", 1, "twctl: not observing: 'twctl observe on' starts it\n");
	expect("FAKE_OFF=1 twctl stats -A", 1, "twctl: not observing: 'twctl observe on' starts it\n");
	expect("FAKE_OFF=1 twctl stats -i 1", 1, "twctl: not observing: 'twctl observe on' starts it\n");
	assert_string_equal(out, "");
	expect("FAKE_DENY=1 twctl stats -A", 1,
	       "twctl: what was observed in all network namespaces needs CAP_NET_ADMIN in the initial user namespace; run it as root\n");
}

static void stats_commands(void **state)
{
	json_t *j;

	(void)state;
	expect("twctl stats", 0, "!created   93,930 buckets\n");
	expect("twctl stats -A", 0, "!\n\nObserved for 1 min 41 s in network namespaces that ended since\n");
	expect("twctl stats -i 100ms --count 2", 0, "!    12,252      930      700      100 ");
	assert_int_equal(lines(out), 4);
	expect("twctl stats -H -i 0.1 --count 2", 0, "!");
	assert_int_equal(lines(out), 2);
	/* three namespaces in one line */
	expect("twctl stats -A -i 0.1s --count 1", 0, "!    36,756     2790     2100      300 ");
	expect("FAKE_END=3 twctl stats -i 0.1", 0, "twctl: observing was turned off\n");
	assert_int_equal(lines(out), 4);
	expect("FAKE_ANEW=2 twctl stats -i 0.1 --count 3", 0,
	       "twctl: observing was turned off and on again: counting begins anew\n");
	assert_int_equal(lines(out), 4);
	expect("twctl stats -j", 0, "!\"balance\":0,");
	j = json_loads(out, JSON_REJECT_DUPLICATES, NULL);
	assert_true(json_is_object(j));
	json_decref(j);
	expect("twctl stats -jA", 0, "!");
	j = json_loads(out, JSON_REJECT_DUPLICATES, NULL);
	assert_int_equal(json_array_size(j), 3);
	json_decref(j);
	expect("twctl stats -j -i 0.1 --count 2", 0, "!\"interval_ms\":1000,");
	assert_int_equal(lines(out), 2);
	expect("FAKE_OFF=1 twctl -j stats", 1, "not observing");
	assert_string_equal(out, "");
}

static void monitor_errors(void **state)
{
	(void)state;
	expect("twctl monitor dport = foo", 2, "            ^~~\n");
	expect("twctl monitor --last", 2, "option --last needs a time: 60s, 500ms, 2m\n");
	expect("twctl monitor --last x", 2, "--last takes a time such as 60, 60s, 0.5s, 500ms, 2m or 1h, not 'x'\n");
	expect("twctl monitor --last 0", 2, "--last takes 1 ms at least, not '0'\n");
	expect("twctl monitor --count x", 2, "--count takes a number from 1 to 4294967295, not 'x'\n");
	expect("twctl monitor --duration 0s", 2, "--duration takes 1 ms at least, not '0s'\n");
	expect("twctl monitor --duration 5124095576.031h", 2, "--duration takes a time such as 60, 60s, 0.5s, 500ms, 2m or 1h, not '5124095576.031h'\n");
	expect("twctl monitor --last 5s --duration 5s", 2, "--duration goes with it only where --follow does\n");
	expect("twctl monitor --follow=1", 2, "wrong option '--follow=1'");
	expect("twctl monitor -A -N x", 2, "give one of the two");
	expect("twctl list --last 5s", 2, "list knows no --last");
	assert_string_equal(out, "");
	expect("FAKE_OFF=1 twctl monitor", 1, "twctl: not observing: 'twctl observe on' starts it\n");
	expect("FAKE_DENY=1 twctl monitor", 1,
	       "twctl: reading events needs CAP_NET_ADMIN over the network namespace; run it as root\n");
	expect("FAKE_DENY=1 twctl monitor -A --last 5s", 1,
	       "twctl: reading events needs CAP_NET_ADMIN in the initial user namespace; run it as root\n");
	/* no header above nothing */
	assert_string_equal(out, "");
}

static void monitor_commands(void **state)
{
	(void)state;
	expect("twctl monitor --last 5s", 0, "!  refused   192.0.2.1:40112        198.51.100.7:https     time-wait  too young x3 ");
	assert_int_equal(lines(out), 4);
	/* what is nothing is shown as such */
	expect("FAKE_EVENTS=0 twctl monitor --last 500ms", 0, "!TIME  ");
	assert_int_equal(lines(out), 1);
	expect("twctl mon --count 7 -Hn", 0, "!  198.51.100.7:443 ");
	assert_int_equal(lines(out), 7);
	/* the first brings none, the others three each */
	expect("twctl monitor --duration 0.35 -H", 0, "!");
	assert_true(lines(out) >= 6 && lines(out) <= 12);
	expect("twctl monitor --last 5s --count 2 -H", 0, "!");
	assert_int_equal(lines(out), 2);
	expect("twctl monitor --last 5s --follow --count 8 -H", 0, "!");
	assert_int_equal(lines(out), 8);
	expect("FAKE_EVENTS=1000 twctl monitor --last 5s -H", 0, "!");
	assert_int_equal(lines(out), 1000);
	expect("FAKE_LOST=7 twctl monitor --last 5s", 0, "!-- 7 events lost: ");
	expect("FAKE_LOST=7 twctl -j monitor --last 5s", 0, "!{\"lost\":7}\n{\"time_ns\":");
	expect("FAKE_BARE=1 twctl -A monitor --last 5s", 0, "!TIME          NETNS                EVENT ");
	expect("FAKE_EVENTS=0 twctl -j monitor --last 5s", 0, "!");
	assert_string_equal(out, "");
}

/* Turned off meanwhile, and turned off and on. */
static void monitor_goes_on(void **state)
{
	(void)state;
	expect("FAKE_END=3 twctl monitor -H", 0, "twctl: observing was turned off\n");
	assert_int_equal(lines(out), 6);
	expect("FAKE_ANEW=2 twctl monitor --count 3 --duration 5 -H", 0,
	       "twctl: observing was turned off and on again: from here on there is what came since\n");
	assert_int_equal(lines(out), 3);
	/* not where nobody follows: there is no cursor that could be stale */
	expect("FAKE_ANEW=1 twctl monitor --last 5s", 1, "the cursor is stale (Stale file handle)\n");
}

/* It ends as all others do: by the signal, with whole lines. */
static void monitor_interrupted(void **state)
{
	(void)state;
	expect("FAKE_EVENTS=2 " TWCTL " -j monitor & p=$!; sleep 1; kill -INT $p; wait $p; "
	       "[ $? = 130 ]", 0, "!{");
	assert_string_equal(err, "");
	assert_int_equal(out[strlen(out) - 1], '\n');
	assert_true(lines(out) >= 2);
	expect(TWCTL " stats -i 60 & p=$!; sleep 1; kill -TERM $p; wait $p; [ $? = 143 ]", 0, "!");
	/* the shell says that it was terminated */
	assert_null(strstr(err, "twctl"));
}

/* Of the first line and of the last one, whether they have "netns_name". */
static void monitor_names(const char *env, bool first, bool last)
{
	char command[256];
	const char *at;

	/* three seconds of ours are five minutes */
	snprintf(command, sizeof(command), "FAKE_FAST=100 FAKE_EVENTS=1 %s twctl -jA monitor --duration 300 >" WORK "/all; "
		 "head -n 1 " WORK "/all; tail -n 1 " WORK "/all", env);
	expect(command, 0, "!{");
	assert_int_equal(lines(out), 2);
	at = strchr(out, '\n');
	if (!!strstr(at, "\"netns_name\":") != last)
		fail_msg("%s: the last line is%s", env, at);
	out[at - out] = '\0';
	if (!!strstr(out, "\"netns_name\":") != first)
		fail_msg("%s: the first line is %s", env, out);
}

/* Containers come and end while it runs. */
static void monitor_of_namespaces(void **state)
{
	(void)state;
	monitor_names("FAKE_GOES=60000", true, true);
	monitor_names("FAKE_COMES=500", false, true);
	/* its number may be another's by now */
	monitor_names("FAKE_GOES=500", true, false);
}

/* Also where there is nothing more to say, it sees that nobody listens. */
static void monitor_without_a_reader(void **state)
{
	(void)state;
	expect("{ FAKE_EVENTS=0 twctl monitor --duration 20; echo code $? >&2; } | head -n 1", 0, "code 141\n");
	assert_string_equal(err, "code 141\n");
	expect("trap '' PIPE; { twctl stats -i 10 --count 2; echo code $? >&2; } | true", 0, "code 141\n");
	assert_string_equal(err, "code 141\n");
	/* what cannot be read at all is none that left */
	expect("FAKE_EVENTS=0 twctl monitor --duration 0.3 >/dev/null", 0, "");
}

/* Whatever is wrong: UNKNOWN, its exit code, and why, in one line of stdout. */
static void check_errors(void **state)
{
	(void)state;
	expect("FAKE_ABSENT=1 twctl check", 3, "!TIMEWAIT UNKNOWN - the twscope module is not loaded; load it with: modprobe twscope\n");
	assert_int_equal(lines(out), 1);
	expect("FAKE_ABSENT=1 twctl check --taken x", 3, "!TIMEWAIT UNKNOWN - --taken takes WARNING,CRITICAL: 'x' is no range: expected 80, 10:, ~:5, 10:20 or @10:20\n");
	expect("twctl check --limit 5:2", 3, "!TIMEWAIT UNKNOWN - --limit takes WARNING,CRITICAL: the range '5:2' begins above its end");
	expect("twctl check --limit 1,2,3", 3, "!'2,3' is no range");
	/* of an unset variable: nothing would be judged, and all be well */
	expect("twctl check --taken ''", 3, "!TIMEWAIT UNKNOWN - --taken takes WARNING,CRITICAL: '' is neither; 80,95 is both, and ',' lets the figure be\n");
	expect("twctl check --taken= --limit ,", 3, "!TIMEWAIT UNKNOWN - --taken takes WARNING,CRITICAL");
	expect("twctl check --buckets ''", 3, "!TIMEWAIT UNKNOWN - --buckets takes WARNING,CRITICAL");
	expect("twctl check --limit", 3, "!TIMEWAIT UNKNOWN - option --limit needs WARNING,CRITICAL");
	expect("twctl check -x", 3, "!TIMEWAIT UNKNOWN - unknown option '-x'");
	expect("twctl -N", 2, "-N needs");
	expect("twctl check -N", 3, "!TIMEWAIT UNKNOWN - option -N needs the name");
	expect("twctl --taken 5 --frob ch", 3, "!TIMEWAIT UNKNOWN - wrong option '--frob'");
	expect("twctl check --top 5", 3, "!TIMEWAIT UNKNOWN - check knows no --top");
	expect("twctl check -A -N x", 3, "!give one of the two");
	expect("twctl check -j", 3, "!TIMEWAIT UNKNOWN - check speaks as plugins of Nagios do");
	expect("twctl check dport = foo", 3, "!TIMEWAIT UNKNOWN - wrong filter: expected a port");
	assert_int_equal(lines(out), 1);
	expect("twctl -N no-such-netns check", 3, "!TIMEWAIT UNKNOWN - no network namespace is named 'no-such-netns'");
	expect("FAKE_REFUSE=12 twctl check", 3, "!TIMEWAIT UNKNOWN - in the kernel's words (Cannot allocate memory)\n");
	expect("FAKE_FAIL=1 FAKE_NETNS=0 twctl -A check", 3, "!TIMEWAIT UNKNOWN - in the kernel's words");
	expect("FAKE_OFF=1 twctl -A check --overflow 0", 3, "!TIMEWAIT UNKNOWN - --overflow: not observing: 'twctl observe on' starts it");
	expect("twctl check >/dev/full", 3, "cannot write");
	/* another command's word is none of its */
	expect("twctl -N check list --frob", 2, "wrong option '--frob'");
	assert_string_equal(out, "");
	expect("twctl list --taken 5", 2, "list knows no --taken");
	assert_string_equal(out, "");
}

static void check_commands(void **state)
{
	(void)state;
	expect("twctl check", 0, "!TIMEWAIT OK - 1.4 % of the ports taken (407 of 28,200), 192.0.2.1 -> 198.51.100.0:443; the ports last; ");
	assert_non_null(strstr(out, " | taken=1.44%;80;95;0;100 exhaustion=U;45:;15:;0 limit=6.98%;80;95;0;100 buckets=18302;;;0;262144\ntaken: OK, "));
	assert_int_equal(lines(out), 5);
	assert_string_equal(err, "");
	expect("twctl check --limit 6.9,7", 1, "!TIMEWAIT WARNING - 7.0 % of tcp_max_tw_buckets (18,302 of 262,144) | ");
	expect("twctl check --limit 6.9,6.95", 2, "!TIMEWAIT CRITICAL - 7.0 %");
	expect("twctl check --buckets 18302,", 0, "!TIMEWAIT OK");
	expect("twctl check --buckets ,18301", 2, "!TIMEWAIT CRITICAL - 18,302 buckets | ");
	expect("twctl check --limit , --taken @1:2,5", 1, "!TIMEWAIT WARNING - 1.4 % of the ports");
	assert_non_null(strstr(out, " limit=6.98%;;;0;100 "));
	expect("twctl -A check --limit 5", 1, "!TIMEWAIT WARNING - 7.0 % of tcp_max_tw_buckets (18,302 of 262,144) in network namespace 4026531840 | ");
	expect("twctl -A check --overflow 1000000", 0, "! overflow=");
	expect("twctl check dst 198.51.100.1 -4", 0, "!TIMEWAIT OK");
	expect("FAKE_ROWS=0 twctl check", 0, "!TIMEWAIT OK - no ports taken; the ports last; ");
	/* that the versions differ is told, but is no answer */
	expect("FAKE_VERSION=9.9 twctl check", 0, "!TIMEWAIT OK");
	assert_non_null(strstr(err, "twctl: warning: the loaded module is version 9.9"));
	expect("FAKE_VERSION=9.9 FAKE_REFUSE=12 twctl check", 3, "!TIMEWAIT UNKNOWN - in the kernel's words");
	expect("twctl check -h", 0, "!Usage: twctl [OPTIONS] check");
}

#define FILE_M WORK "/m.prom"

static void metrics_errors(void **state)
{
	(void)state;
	expect("FAKE_ABSENT=1 twctl metrics --format xml", 2, "--format takes prometheus or openmetrics, not 'xml'\n");
	expect("twctl metrics x", 2, "metrics takes no argument 'x'");
	expect("twctl metrics -j", 2, "metrics has formats of its own");
	expect("twctl metrics --output ''", 2, "--output needs the name of a file");
	expect("twctl metrics --max-netns 5", 2, "--max-netns goes with -A\n");
	expect("twctl metrics -A --max-netns 257", 2, "--max-netns takes a number from 0 to 256, not '257'\n");
	assert_string_equal(out, "");
	/* that there are none is told in both ways */
	expect("FAKE_ABSENT=1 twctl metrics", 1, "twctl: the twscope module is not loaded; ");
	assert_non_null(strstr(out, "\ntwscope_up 0\n"));
	expect("FAKE_REFUSE=12 twctl metrics --format openmetrics", 1, "in the kernel's words (Cannot allocate memory)");
	assert_non_null(strstr(out, "\ntwscope_up 0\n"));
	assert_non_null(strstr(out, "\n# EOF\n"));
	expect("twctl metrics >/dev/full", 1, "cannot write: No space left on device");
	expect("twctl metrics --output " WORK "/none/x.prom", 1, "/none/x.prom: No such file or directory\n");
	expect("twctl metrics --output /dev/null", 1, "/dev/null: it is there and no regular file; '-' is stdout\n");
	expect("echo mine >" FILE_M "; twctl metrics --output " FILE_M, 1, "has no metrics of twctl's, so it is left as it is\n");
	expect("cat " FILE_M "; rm " FILE_M, 0, "!mine\n");
}

/* Replaced at once, for whoever reads it, also by what says that there is nothing. */
static void metrics_into_a_file(void **state)
{
	(void)state;
	expect("umask 077; twctl metrics --output " FILE_M "; stat -c %a " FILE_M, 0, "!644\n");
	assert_int_equal(lines(out), 1);
	expect("twctl metrics -A --output " FILE_M "; cat " FILE_M, 0, "!\ntwscope_local_ports{netns=\"4026531840\"} 28200\n");
	expect("FAKE_ABSENT=1 twctl metrics --output " FILE_M, 1, "not loaded");
	expect("cat " FILE_M, 0, "!\ntwscope_up 0\n");
	/* that somebody may not ask, or did not wait, is nothing of the module's */
	expect("twctl metrics --output " FILE_M "; FAKE_REFUSE=1 twctl metrics --output " FILE_M, 1, "twctl: in the kernel's words (Operation not permitted)\n");
	expect("FAKE_FAIL=1 twctl metrics -A --output " FILE_M, 1, "in the kernel's words (Operation not permitted)");
	expect("FAKE_HANG=1 " TWCTL " metrics --output " FILE_M " & p=$!; sleep 1; kill -TERM $p; wait $p", 1, "twctl: interrupted\n");
	expect("cat " FILE_M, 0, "!\ntwscope_up 1\n");
	expect("FAKE_REFUSE=1 twctl metrics", 1, "Operation not permitted");
	assert_string_equal(out, "");
	expect("FAKE_ABSENT=1 twctl metrics --output " FILE_M "; cat " FILE_M, 0, "!\ntwscope_up 0\n");
	/* of what was there nothing is left, nor of what was beside it */
	assert_int_equal(lines(out), 6);
	expect("ls " FILE_M "*; rm " FILE_M, 0, "!" FILE_M "\n");
	assert_int_equal(lines(out), 1);
	expect(": >" FILE_M "; twctl metrics --output " FILE_M, 0, "");
	/* what a link leads to */
	expect("ln -s m.prom " WORK "/l.prom; twctl metrics --output " WORK "/l.prom; readlink " WORK "/l.prom; rm " FILE_M " " WORK "/l.prom", 0, "!m.prom\n");
}

static void metrics_commands(void **state)
{
	(void)state;
	expect("twctl metrics", 0, "!\ntwscope_destination_exhaustion_seconds +Inf\n");
	assert_string_equal(err, "");
	assert_null(strstr(out, "198.51.100"));
	expect("twctl metrics --output -", 0, "!\ntwscope_decisions_total{decision=\"reuse\"} 10100\n");
	expect("FAKE_OFF=1 twctl metrics", 0, "!\ntwscope_observing 0\n");
	assert_null(strstr(out, "twscope_decisions_total"));
	/* turned off between two questions */
	expect("FAKE_END=0 twctl metrics", 0, "!\ntwscope_observing 0\n");
	expect("twctl metrics -A --max-netns 1", 0, "!\ntwscope_namespaces{shown=\"rest\"} 2\n");
	assert_non_null(strstr(out, "\ntwscope_timewait_kernel_buckets{netns=\"rest\"} 36604\n"));
	expect("FAKE_NETNS=2000 twctl metrics -A", 0, "!\ntwscope_namespaces{shown=\"rest\"} 1968\n");
}

static void filter_words_need_no_quotes(void **state)
{
	(void)state;
	expect("twctl list dport = :443 and src 10/8 or '(' state time-wait ')'", 0, "");
	expect("twctl list 'dport = :443' and 'src 10/8 or (state time-wait)'", 0, "");
	expect("twctl list dport '<' -j 1024", 0, "![");
	expect("twctl monitor dport = :443 and src 10/8 --last 1m or '(' state time-wait ')' -n", 0, "!TIME");
	expect("twctl list ''", 0, "!SUBSTATE");
	expect("twctl list sport 1 xyz", 2, "    sport 1 xyz\n            ^~~\n");
}

static void help(void **state)
{
	(void)state;
	expect("twctl -h", 0, "!Usage: twctl [OPTIONS] [COMMAND [ARGS]]");
	expect("twctl help", 0, "!Usage: twctl [OPTIONS] [COMMAND [ARGS]]");
	expect("twctl help list", 0, "!Usage: twctl [OPTIONS] list [FILTER]");
	expect("twctl list --help", 0, "!Usage: twctl [OPTIONS] list [FILTER]");
	expect("twctl -h l", 0, "!Usage: twctl [OPTIONS] list [FILTER]");
	expect("twctl help filter", 0, "!Usage: twctl COMMAND [FILTER]");
	expect("twctl help", 0, "!\n  help filter  the FILTER that commands take");
	expect("twctl filter", 2, "unknown command 'filter'");
	expect("twctl list dport = foo -h", 0, "!Usage: twctl [OPTIONS] list");
	expect("twctl h sum", 0, "!Usage: twctl [OPTIONS] [summary [FILTER]]");
	expect("FAKE_ABSENT=1 twctl -V", 0, "!twctl 0.0.test\n");
	expect("twctl list --version", 0, "!twctl 0.0.test\n");
}

/* No line of a help is wider than a terminal. */
static void help_fits(void **state)
{
	char *line, *save = NULL;

	(void)state;
	assert_int_equal(run("twctl -h; for c in summary list group pressure top explain whatif ports observe stats monitor doctor diff check metrics verify info filter; do twctl help $c; done"), 0);
	for (line = strtok_r(out, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save))
		if (strlen(line) > 80)
			fail_msg("%zu columns: %s", strlen(line), line);
}

static void runtime_errors(void **state)
{
	(void)state;
	expect("FAKE_ABSENT=1 twctl", 1, "twctl: the twscope module is not loaded; load it with: modprobe twscope\n");
	expect("FAKE_FAMILY=7 twctl", 1, "speaks version 7 of its protocol");
	expect("twctl -N no-such-netns", 1, "no network namespace is named 'no-such-netns'");
	expect("FAKE_FAIL=1 twctl -A", 1, "twctl: in the kernel's words (Operation not permitted)\n");
	expect("FAKE_FAIL=12 twctl list", 1, "in the kernel's words (Cannot allocate memory)");
	expect("FAKE_BARE=1 twctl list", 1, "attribute remaining-ms is missing");
	/* a wrong filter is told before anything is asked */
	expect("FAKE_ABSENT=1 twctl list foo", 2, "wrong filter");
}

static void versions(void **state)
{
	(void)state;
	expect("twctl", 0, "");
	assert_string_equal(err, "");
	expect("FAKE_VERSION=9.9 twctl", 0,
	       "twctl: warning: the loaded module is version 9.9, this twctl is version 0.0.test\n");
	assert_non_null(strstr(out, "18,300 of 262,144"));
}

static void disturbed_dump(void **state)
{
	(void)state;
	expect("FAKE_INTR=1 twctl list", 0, "twctl: warning: the kernel's table changed");
	assert_null(strstr(strchr(err, '\n') + 1, "warning"));
}

static void commands(void **state)
{
	(void)state;
	expect("twctl", 0, "!buckets   18,300 of 262,144 (7.0 %)");
	expect("twctl sum", 0, "!buckets   18,300 of 262,144 (7.0 %)");
	expect("twctl su -H", 0, "!buckets   18,300");
	assert_int_equal(strncmp(out, "buckets ", 8), 0);
	expect("twctl -A", 0, "!  in 3 namespaces\n");
	expect("FAKE_NETNS=2000 twctl -A", 0, "!  in 2000 namespaces\n");
	expect("twctl info", 0, "!built for   6.1.0-49-cloud-amd64\n");
	expect("twctl -n l", 0, "!time-wait   41.2s   18.7s     18s  too-young     412ms  192.0.2.1:32768        198.51.100.7:443\n");
	expect("FAKE_ROWS=0 twctl list -H", 0, "!");
	assert_string_equal(out, "");
	expect("twctl -A list", 0, "!  NETNS\n");
	expect("twctl whatif net.ipv4.tcp_tw_reuse=1", 0, "!what if   tcp_tw_reuse=1, in network namespace 4026531840\nit is     tcp_tw_reuse=2\n");
	expect("twctl w -H tcp_tw_reuse=1 dport = :443", 0, "!changes   16,000 of 18,300 buckets (87.4 %)\n");
	expect("twctl -A whatif tcp_tw_reuse=1", 0, "!  in 3 namespaces\n");
	expect("FAKE_ROWS=1 twctl explain 192.0.2.1:32768 198.51.100.7:443", 0, "!\nverdict   too-young: ");
	assert_non_null(strstr(out, "  NOT MET    age "));
	expect("FAKE_ROWS=1 twctl --syn 5,0xA explain :32768 :443", 0, "!\nthis SYN  sequence number 5, TSval 10: accept\n");
	expect("FAKE_ROWS=1 twctl exp --syn=0xffffffff dport 443", 0, "!\nthis SYN  sequence number 4294967295, no timestamp: accept\n");
	expect("twctl ports --to 127.0.0.1:80", 0, "!connect() from 127.0.0.1, as the routing table chooses, to 127.0.0.1:80\n");
	expect("twctl po --to [::ffff:127.0.0.1]:80", 0, "!connect() from 127.0.0.1, as the routing table chooses, to 127.0.0.1:80\n");
	expect("twctl ports --to 203.0.113.1:80 --from 192.0.2.1", 0, "!connect() from 192.0.2.1 to 203.0.113.1:80\n");
	expect("twctl ports --to [fe80::1%lo]:80 --from fe80::2 tcp_tw_reuse=1", 0, "!connect() from fe80::2 to [fe80::1]:80 dev lo\nwhat if   tcp_tw_reuse=1\n");
}

static void colors(void **state)
{
	(void)state;
	/* stdout is a file here */
	expect("twctl", 0, "!buckets ");
	assert_null(strchr(out, '\033'));
	expect("twctl -c", 0, "!\033[1mbuckets ");
	expect("twctl -c=always", 0, "!\033[1mbuckets ");
	expect("twctl --color", 0, "!\033[1mbuckets ");
	expect("NO_COLOR=1 twctl -c=always", 0, "!\033[1mbuckets ");
	expect("twctl -c=auto", 0, "!buckets ");
	assert_null(strchr(out, '\033'));
	expect("twctl -c -c=never", 0, "!buckets ");
	assert_null(strchr(out, '\033'));
	expect("twctl -c -j", 0, "!{");
	assert_null(strchr(out, '\033'));
}

static json_t *json(const char *command, int code)
{
	json_error_t e;
	json_t *j;

	expect(command, code, "");
	j = json_loads(out, JSON_REJECT_DUPLICATES, &e);
	if (!j)
		fail_msg("%s: %s in %.500s", command, e.text, out);
	return j;
}

static void json_output(void **state)
{
	json_t *j = json("twctl -j", 0);

	(void)state;
	assert_true(json_is_object(j));
	json_decref(j);
	j = json("twctl -j -p", 0);
	assert_true(json_is_object(j));
	json_decref(j);
	j = json("twctl -jA", 0);
	assert_int_equal(json_array_size(j), 3);
	json_decref(j);
	j = json("twctl -j info", 0);
	assert_true(json_is_object(j));
	json_decref(j);
	j = json("FAKE_ROWS=0 twctl -j list", 0);
	assert_int_equal(json_array_size(j), 0);
	json_decref(j);
	j = json("FAKE_ROWS=1000 twctl list --json", 0);
	assert_int_equal(json_array_size(j), 1000);
	json_decref(j);
	j = json("FAKE_ROWS=1000 twctl list -jp", 0);
	assert_int_equal(json_array_size(j), 1000);
	json_decref(j);
	/* a dump that fails midway still is JSON */
	j = json("FAKE_ROWS=1000 FAKE_FAIL=12 twctl -j list", 1);
	assert_int_equal(json_array_size(j), 1000);
	json_decref(j);
	j = json("FAKE_FAIL=1 FAKE_NETNS=0 twctl -j -A", 1);
	assert_int_equal(json_array_size(j), 0);
	json_decref(j);
	j = json("twctl -j whatif tcp_tw_reuse=1", 0);
	assert_true(json_is_object(j));
	json_decref(j);
	j = json("twctl -jpA whatif tcp_tw_reuse=1", 0);
	assert_int_equal(json_array_size(j), 3);
	json_decref(j);
	j = json("FAKE_FAIL=1 FAKE_NETNS=0 twctl -jA whatif tcp_tw_reuse=1", 1);
	assert_int_equal(json_array_size(j), 0);
	json_decref(j);
	j = json("FAKE_ROWS=1 twctl -j explain :1 :2 --syn 1", 0);
	assert_true(json_is_object(json_object_get(j, "syn")));
	json_decref(j);
	j = json("FAKE_ROWS=1 twctl -jp explain :1 :2", 0);
	assert_null(json_object_get(j, "syn"));
	json_decref(j);
	j = json("twctl -j ports --to 127.0.0.1:80", 0);
	assert_true(json_is_true(json_object_get(j, "routed")));
	json_decref(j);
	j = json("twctl -jp ports --to 127.0.0.1:80 --from 127.0.0.2", 0);
	assert_true(json_is_false(json_object_get(j, "routed")));
	json_decref(j);
	j = json("twctl -j group remote,remote-port", 0);
	assert_int_equal(json_array_size(json_object_get(j, "rows")), 3);
	json_decref(j);
	j = json("FAKE_ROWS=200 FAKE_OTHER=1 twctl -jp group remote --top 0", 0);
	assert_int_equal(json_array_size(json_object_get(j, "rows")), 200);
	assert_true(json_is_object(json_object_get(j, "other")));
	json_decref(j);
	j = json("twctl -j pressure", 0);
	assert_int_equal(json_array_size(json_object_get(j, "destinations")), 3);
	assert_int_equal(json_array_size(json_object_get(j, "bind_pools")), 0);
	json_decref(j);
	j = json("twctl -jpA pressure", 0);
	assert_int_equal(json_array_size(json_object_get(j, "destinations")), 3);
	json_decref(j);
	j = json("twctl -jpA doctor", 0);
	assert_true(json_is_array(json_object_get(j, "findings")));
	json_decref(j);
	j = json("FAKE_BROKEN=1 twctl -j ports --to 127.0.0.1:80", 1);
	assert_true(json_is_object(j));
	json_decref(j);
}

static void full_disk(void **state)
{
	(void)state;
	if (access("/dev/full", W_OK))
		skip();
	expect("twctl >/dev/full", 1, "twctl: cannot write: No space left on device\n");
	expect("FAKE_ROWS=50000 twctl list >/dev/full", 1, "cannot write: No space left on device\n");
	expect("FAKE_ROWS=50000 twctl -j list >/dev/full", 1, "cannot write: No space left on device\n");
	expect("twctl whatif tcp_tw_reuse=1 >/dev/full", 1, "cannot write: No space left on device\n");
	expect("twctl group remote >/dev/full", 1, "cannot write: No space left on device\n");
	expect("twctl -j group remote >/dev/full", 1, "cannot write: No space left on device\n");
	expect("twctl pressure >/dev/full", 1, "cannot write: No space left on device\n");
	expect("twctl ports --to 127.0.0.1:80 >/dev/full", 1, "cannot write: No space left on device\n");
	expect("FAKE_ROWS=1 twctl explain :1 :2 >/dev/full", 1, "cannot write: No space left on device\n");
	expect("FAKE_ROWS=1 twctl -j explain :1 :2 >/dev/full", 1, "cannot write: No space left on device\n");
	expect("twctl -h >/dev/full", 1, "cannot write");
	expect("twctl -V >/dev/full", 1, "cannot write");
}

/* What is written is not there before it is closed: of NFS, and of quotas. */
static void told_by_close(void **state)
{
	(void)state;
	expect("FAKE_CLOSE=122 twctl", 1, "twctl: cannot write: Disk quota exceeded\n");
	expect("FAKE_CLOSE=28 twctl -j list", 1, "twctl: cannot write: No space left on device\n");
	expect("FAKE_CLOSE=28 twctl doctor", 1, "cannot write: No space left on device\n");
	expect("FAKE_CLOSE=28 twctl metrics", 1, "cannot write: No space left on device\n");
	expect("FAKE_CLOSE=28 twctl summary --save -", 1, "cannot write: No space left on device\n");
	expect("FAKE_CLOSE=28 twctl check", 3, "cannot write: No space left on device\n");
	expect("FAKE_CLOSE=28 twctl -V", 1, "cannot write: No space left on device\n");
	expect("FAKE_CLOSE=28 twctl help filter", 1, "cannot write: No space left on device\n");
	/* one that was never there: nothing is written, or it is told as ever */
	expect("FAKE_ROWS=0 twctl -H list >&-", 0, "");
	assert_string_equal(err, "");
	expect("twctl >&-", 1, "twctl: cannot write: Bad file descriptor\n");
}

/* A reader that has seen enough: quiet, by the signal. */
static void reader_that_leaves(void **state)
{
	(void)state;
	expect("{ FAKE_ROWS=50000 twctl list; echo code $? >&2; } | head -n 1", 0, "code 141\n");
	assert_string_equal(err, "code 141\n");
	/* also where SIGPIPE was ignored by who started us */
	expect("trap '' PIPE; { FAKE_ROWS=50000 twctl list; echo code $? >&2; } | head -n 1", 0, "code 141\n");
	assert_string_equal(err, "code 141\n");
	/* and where there is no signal: help is printed before they are set up */
	expect("trap '' PIPE; { sleep 0.3; twctl -h; echo code $? >&2; } | true", 0, "code 1\n");
	assert_string_equal(err, "code 1\n");
}

/* Interrupted while it waits: what was read is there and whole, and it ends by
 * the signal, so that a shell's loop ends as well.
 */
static void interrupted(void **state)
{
	json_t *j;

	(void)state;
	j = json("FAKE_HANG=1 FAKE_ROWS=5 " TWCTL " -j list & p=$!; sleep 1; "
		 "kill -TERM $p; wait $p; [ $? = 143 ]", 0);
	assert_int_equal(json_array_size(j), 5);
	json_decref(j);
}

/* What is sent of @command, without its headers, is @want. */
static void sends(const char *command, uint8_t cmd, bool dump,
		  const unsigned char *want, size_t len)
{
	unsigned char got[512];
	char line[512];
	FILE *f;
	size_t n;

	unlink(WORK "/request");
	snprintf(line, sizeof(line), "FAKE_REQUEST=" WORK "/request FAKE_ROWS=1 %s",
		 command);
	expect(line, 0, "");
	f = fopen(WORK "/request", "r");
	assert_non_null(f);
	n = fread(got, 1, sizeof(got), f);
	fclose(f);
	assert_int_equal(n, 20 + len);
	assert_memory_equal(got + 20, want, len);
	/* NLM_F_REQUEST with NLM_F_DUMP or NLM_F_ACK, version 1 */
	assert_int_equal(got[6], dump ? 0x01 : 0x05);
	assert_int_equal(got[7], dump ? 0x03 : 0x00);
	assert_int_equal(got[16], cmd);
	assert_int_equal(got[17], 1);
}

/* The filter is what is sent, and -4 and -A with it. */
static void request_of_a_list(void **state)
{
	static const unsigned char want[] = {
		/* clause, term, family 2 */
		28, 0, 1, 0x80, 12, 0, 1, 0x80, 8, 0, 2, 0, 2, 0, 0, 0,
		/* term, substate 6 */
		12, 0, 1, 0x80, 8, 0, 3, 0, 6, 0, 0, 0,
		/* all-netns */
		4, 0, 2, 0,
	};

	(void)state;
	sends("twctl list -4A state time-wait", TWSCOPE_CMD_BUCKET_GET, true,
	      want, sizeof(want));
}

/* The same, and the screen says that it is of a part. */
static void request_of_a_summary(void **state)
{
	static const unsigned char filtered[] = {
		/* filter, term, verdict 2 */
		28, 0, 19, 0x80, 12, 0, 1, 0x80, 8, 0, 12, 0, 2, 0, 0, 0,
		/* term, ifindex 0 */
		12, 0, 1, 0x80, 8, 0, 19, 0, 0, 0, 0, 0,
	};
	static const unsigned char family[] = {
		16, 0, 19, 0x80, 12, 0, 1, 0x80, 8, 0, 2, 0, 10, 0, 0, 0,
	};

	(void)state;
	sends("twctl", TWSCOPE_CMD_SUMMARY_GET, false, NULL, 0);
	sends("twctl summary verdict too-young dev 0", TWSCOPE_CMD_SUMMARY_GET,
	      false, filtered, sizeof(filtered));
	sends("twctl -6", TWSCOPE_CMD_SUMMARY_GET, false, family, sizeof(family));
	sends("twctl -6A", TWSCOPE_CMD_SUMMARY_GET, true, family, sizeof(family));
	expect("twctl", 0, "!18,300 of 262,144");
	expect("twctl -4", 0, "!18,300 pass the filter");
	expect("twctl summary -A sport 1", 0, "!namespaces, filtered\n");
}

/* Names of devices are those of a namespace, and -A has no such. */
static void devices(void **state)
{
	(void)state;
	expect("twctl list dev lo", 0, "");
	expect("twctl list dev lo1234", 2, "there is no such device");
	expect("twctl list -A dev lo", 2, "expected the number of a device");
	expect("twctl list -A dev 1", 0, "");
	expect("twctl -N no-such-netns list sport", 1, "no network namespace is named 'no-such-netns'");
}

/* Sysctls and filter, in whatever order they were typed. */
static void request_of_a_whatif(void **state)
{
	static const unsigned char want[] = {
		/* filter, term, substate 6 */
		16, 0, 19, 0x80, 12, 0, 1, 0x80, 8, 0, 3, 0, 6, 0, 0, 0,
		/* policy, tcp-tw-reuse 1, tcp-timestamps 0 */
		20, 0, 20, 0x80, 8, 0, 1, 0, 1, 0, 0, 0, 8, 0, 3, 0, 0, 0, 0, 0,
	};

	(void)state;
	sends("twctl whatif tcp_tw_reuse=1 state tcp_timestamps=0 time-wait",
	      TWSCOPE_CMD_SUMMARY_GET, false, want, sizeof(want));
	sends("twctl whatif -A state time-wait net.ipv4.tcp_timestamps=0 tcp_tw_reuse=1",
	      TWSCOPE_CMD_SUMMARY_GET, true, want, sizeof(want));
}

static void request_of_an_explain(void **state)
{
	static const unsigned char want[] = {
		/* filter, term, local ports 5 to 5 */
		44, 0, 19, 0x80,
		20, 0, 1, 0x80, 8, 0, 8, 0, 5, 0, 0, 0, 8, 0, 9, 0, 5, 0, 0, 0,
		/* term, remote ports 6 to 6 */
		20, 0, 1, 0x80, 8, 0, 10, 0, 6, 0, 0, 0, 8, 0, 11, 0, 6, 0, 0, 0,
	};

	(void)state;
	/* the last request is that for the sysctls; it reads no other bucket */
	sends("twctl explain :5 :6", TWSCOPE_CMD_SUMMARY_GET, false, want,
	      sizeof(want));
}

static void requests_of_observing(void **state)
{
	static const unsigned char on[] = {
		8, 0, 1, 0, 1, 0, 0, 0, 8, 0, 2, 0, 0, 16, 0, 0,
	};
	static const unsigned char off[] = { 8, 0, 1, 0, 0, 0, 0, 0 };
	/* filter, term, family 10; all-netns; since-ms */
	static const unsigned char last[] = {
		16, 0, 2, 0x80, 12, 0, 1, 0x80, 8, 0, 2, 0, 10, 0, 0, 0,
		4, 0, 3, 0, 8, 0, 4, 0, 0xc0, 0xd4, 1, 0,
	};
	/* the same where the second read begins: after the first, of 0 events */
	static const unsigned char cursor[] = { 8, 0, 5, 0, 0, 0, 0, 0 };

	(void)state;
	sends("twctl observe on --recorder 4096", TWSCOPE_CMD_OBSERVE_SET, false,
	      on, sizeof(on));
	sends("twctl observe off", TWSCOPE_CMD_OBSERVE_SET, false, off,
	      sizeof(off));
	sends("twctl stats", TWSCOPE_CMD_STATS_GET, false, NULL, 0);
	sends("twctl stats -A", TWSCOPE_CMD_STATS_GET, true, NULL, 0);
	sends("twctl observe", TWSCOPE_CMD_HOOK_GET, true, NULL, 0);
	sends("twctl monitor -6A --last 2m", TWSCOPE_CMD_EVENT_GET, true, last,
	      sizeof(last));
	sends("twctl monitor --count 1", TWSCOPE_CMD_EVENT_GET, true, cursor,
	      sizeof(cursor));
}

static void request_of_ports(void **state)
{
	static const unsigned char want[] = {
		/* local, remote, remote-port */
		8, 0, 1, 0, 192, 0, 2, 1, 8, 0, 2, 0, 198, 51, 100, 7,
		8, 0, 3, 0, 187, 1, 0, 0,
		/* ifindex 1, policy, tcp-tw-reuse-delay 5, cells 64 */
		8, 0, 4, 0, 1, 0, 0, 0,
		12, 0, 5, 0x80, 8, 0, 2, 0, 5, 0, 0, 0,
		8, 0, 6, 0, 64, 0, 0, 0,
	};
	static const unsigned char bare[] = {
		8, 0, 1, 0, 127, 0, 0, 1, 8, 0, 2, 0, 127, 0, 0, 1,
		8, 0, 3, 0, 80, 0, 0, 0, 8, 0, 6, 0, 64, 0, 0, 0,
	};

	(void)state;
	sends("twctl ports --to [::ffff:198.51.100.7]:443 --from 192.0.2.1 --dev lo tcp_tw_reuse_delay=5",
	      TWSCOPE_CMD_PORT_GET, false, want, sizeof(want));
	sends("twctl ports --to 127.0.0.1:80", TWSCOPE_CMD_PORT_GET, false,
	      bare, sizeof(bare));
}

static void requests_of_groups(void **state)
{
	static const unsigned char want[] = {
		/* filter, term, family 2; all-netns; policy, tcp-tw-reuse 1 */
		16, 0, 1, 0x80, 12, 0, 1, 0x80, 8, 0, 2, 0, 2, 0, 0, 0,
		4, 0, 2, 0,
		12, 0, 3, 0x80, 8, 0, 1, 0, 1, 0, 0, 0,
		/* keys remote and netns, lengths 32, 128, 24, 48 */
		8, 0, 4, 0, 17, 0, 0, 0,
		8, 0, 5, 0, 32, 0, 0, 0, 8, 0, 6, 0, 128, 0, 0, 0,
		8, 0, 7, 0, 24, 0, 0, 0, 8, 0, 8, 0, 48, 0, 0, 0,
		/* sort by what is held, limit 7, count-ports */
		8, 0, 9, 0, 2, 0, 0, 0, 8, 0, 10, 0, 7, 0, 0, 0, 4, 0, 11, 0,
	};
	static const unsigned char bare[] = {
		8, 0, 4, 0, 8, 0, 0, 0,
		8, 0, 5, 0, 32, 0, 0, 0, 8, 0, 6, 0, 128, 0, 0, 0,
		8, 0, 7, 0, 32, 0, 0, 0, 8, 0, 8, 0, 128, 0, 0, 0,
		8, 0, 9, 0, 0, 0, 0, 0, 8, 0, 10, 0, 20, 0, 0, 0,
	};
	/* the last one of pressure: ports of the range, by netns, local, dev, all */
	static const unsigned char sources[] = {
		24, 0, 1, 0x80,
		20, 0, 1, 0x80, 8, 0, 8, 0, 0, 0x80, 0, 0, 8, 0, 9, 0, 0x47, 0xee, 0, 0,
		8, 0, 4, 0, 69, 0, 0, 0,
		8, 0, 5, 0, 32, 0, 0, 0, 8, 0, 6, 0, 128, 0, 0, 0,
		8, 0, 7, 0, 0, 0, 0, 0, 8, 0, 8, 0, 0, 0, 0, 0,
		8, 0, 9, 0, 2, 0, 0, 0, 8, 0, 10, 0, 0, 0, 0, 0, 4, 0, 11, 0,
	};

	(void)state;
	sends("twctl group -4A --sort held --top 7 --ports remote/24/48,netns tcp_tw_reuse=1",
	      TWSCOPE_CMD_GROUP_GET, true, want, sizeof(want));
	sends("twctl group sport", TWSCOPE_CMD_GROUP_GET, true, bare, sizeof(bare));
	sends("twctl pressure", TWSCOPE_CMD_GROUP_GET, true, sources, sizeof(sources));
}

/* A file of the tests' own, in WORK. */
#define FILE_A WORK "/a.json"
#define FILE_B WORK "/b.json"

static void diff_errors(void **state)
{
	(void)state;
	expect("twctl diff", 2, "diff takes a FILE of 'twctl summary --save FILE', or two of them");
	expect("twctl diff a b c", 2, "or two of them");
	expect("twctl -N x diff a b", 2, "-N goes with one FILE");
	expect("twctl -A diff a", 2, "diff knows no -A");
	expect("twctl diff --save x y", 2, "diff knows no --save");
	expect("twctl summary --save", 2, "option --save needs a file, or - for stdout");
	expect("twctl summary --save ''", 2, "--save needs the name of a file");
	expect("twctl list --save x", 2, "list knows no --save");
	expect("twctl diff /nonexistent", 1, "twctl: /nonexistent: No such file or directory\n");
	expect("twctl diff /", 1, "twctl: /: Is a directory\n");
	expect("twctl diff /etc/passwd", 1, "twctl: /etc/passwd: it is no JSON: line 1: ");
	expect("twctl diff - </dev/null", 1, "twctl: -: it is no JSON");
	expect("twctl summary --save /nonexistent/a", 1, "twctl: /nonexistent/a: No such file or directory\n");
	/* the summary is shown all the same */
	assert_non_null(strstr(out, "buckets   18,300"));
	expect("echo notes >" FILE_A "; twctl summary --save " FILE_A, 1,
	       FILE_A ": it is there and no snapshot, so it is left as it is");
	expect("cat " FILE_A, 0, "!notes\n");
	expect("rm " FILE_A "; FAKE_REFUSE=12 twctl summary --save " FILE_A, 1, "Cannot allocate memory");
	expect("FAKE_FAIL=1 twctl -A summary --save " FILE_A, 1, "in the kernel's words");
	expect("FAKE_ABSENT=1 twctl summary --save " FILE_A, 1, "modprobe twscope");
	/* nothing is kept of what failed */
	expect("ls " FILE_A "*", 2, "No such file");
	expect("twctl summary --save - >/dev/full", 1, "No space left on device");
}

static void saving_and_comparing(void **state)
{
	json_t *j;

	(void)state;
	expect("rm -f " FILE_A " " FILE_B "; twctl summary --save " FILE_A, 0, "!buckets   18,300");
	expect("twctl summary --save - >" FILE_B, 0, "");
	expect("twctl diff " FILE_A, 0, "!\nnetwork namespace 4026531840\nunchanged 13 counts, ");
	/* without a kernel */
	expect("FAKE_ABSENT=1 twctl diff " FILE_A " " FILE_B, 0, "!\nunchanged 13 counts, ");
	expect("FAKE_ABSENT=1 twctl diff " FILE_A " - <" FILE_B, 0, "!\nunchanged 13 counts, ");
	expect("FAKE_ABSENT=1 twctl diff " FILE_A, 1, "modprobe twscope");
	expect("FAKE_REFUSE=12 twctl diff " FILE_A, 1, "Cannot allocate memory");
	assert_string_equal(out, "");
	/* over the one that is there */
	expect("sed -i s/18300,/100,/ " FILE_B "; twctl diff " FILE_B " " FILE_A, 0,
	       "!buckets   total                                100 ->        18,300  +18,200\n");
	expect("twctl -j summary --save " FILE_B "; twctl -j diff " FILE_B, 0, "!{\"netns\":4026531840,");
	expect("twctl -j diff " FILE_B, 0, "!{\"before\":{");
	j = json_loads(out, 0, NULL);
	assert_non_null(j);
	json_decref(j);
	/* a host's name that is no UTF-8 is kept as what can be read again */
	expect("rm " FILE_B "; FAKE_HOST=$(printf 'b\\351b\\033') twctl summary --save " FILE_B, 0, "");
	expect("grep -o '\"hostname\":[^,]*' " FILE_B, 0, "!\"hostname\":\"b?b?\"\n");
	expect("twctl diff " FILE_B, 0, "!unchanged 13 counts, ");
	expect("twctl summary --save " FILE_B, 0, "");
	/* also where another program wrote what it could not say */
	expect("sed -i 's/\"hostname\":\"[^\"]*\"/\"hostname\":null/' " FILE_B "; twctl diff " FILE_B, 0, "!unchanged 13 counts, ");
	expect("twctl summary --save " FILE_B, 0, "");
	/* all of them, and compared with all of them */
	expect("twctl -A summary --save " FILE_B, 0, "!in 3 namespaces\n");
	expect("twctl diff " FILE_B, 0, "!\nunchanged in all 3 namespaces\n");
	expect("FAKE_NETNS=2 twctl diff " FILE_B, 0, "!network namespace 4026531840: is gone, 18,300 buckets");
	expect("rm " FILE_A " " FILE_B, 0, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(usage_errors),
		cmocka_unit_test(own_options),
		cmocka_unit_test(top_errors),
		cmocka_unit_test(whatif_errors),
		cmocka_unit_test(explain_errors),
		cmocka_unit_test(explain_of_several),
		cmocka_unit_test(explain_of_a_device),
		cmocka_unit_test(ports_errors),
		cmocka_unit_test(group_errors),
		cmocka_unit_test(groups_of_wrong_figures),
		cmocka_unit_test(group_commands),
		cmocka_unit_test(pressure_commands),
		cmocka_unit_test(doctor_commands),
		cmocka_unit_test(verify_usage),
		cmocka_unit_test(observe_errors),
		cmocka_unit_test(observe_commands),
		cmocka_unit_test(stats_errors),
		cmocka_unit_test(stats_commands),
		cmocka_unit_test(monitor_errors),
		cmocka_unit_test(monitor_commands),
		cmocka_unit_test(monitor_goes_on),
		cmocka_unit_test(monitor_interrupted),
		cmocka_unit_test(monitor_of_namespaces),
		cmocka_unit_test(monitor_without_a_reader),
		cmocka_unit_test(check_errors),
		cmocka_unit_test(check_commands),
		cmocka_unit_test(metrics_errors),
		cmocka_unit_test(metrics_into_a_file),
		cmocka_unit_test(metrics_commands),
		cmocka_unit_test(filter_words_need_no_quotes),
		cmocka_unit_test(help),
		cmocka_unit_test(help_fits),
		cmocka_unit_test(runtime_errors),
		cmocka_unit_test(versions),
		cmocka_unit_test(disturbed_dump),
		cmocka_unit_test(commands),
		cmocka_unit_test(colors),
		cmocka_unit_test(json_output),
		cmocka_unit_test(full_disk),
		cmocka_unit_test(told_by_close),
		cmocka_unit_test(reader_that_leaves),
		cmocka_unit_test(interrupted),
		cmocka_unit_test(request_of_a_list),
		cmocka_unit_test(request_of_a_summary),
		cmocka_unit_test(devices),
		cmocka_unit_test(request_of_a_whatif),
		cmocka_unit_test(request_of_an_explain),
		cmocka_unit_test(request_of_ports),
		cmocka_unit_test(requests_of_groups),
		cmocka_unit_test(requests_of_observing),
		cmocka_unit_test(diff_errors),
		cmocka_unit_test(saving_and_comparing),
	};

	return cmocka_run_group_tests_name("cli", tests, NULL, NULL);
}
