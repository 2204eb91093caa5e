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
	expect("twctl frobnicate", 2, "twctl: unknown command 'frobnicate', expected one of: summary, list, info, help");
	expect("twctl --frobnicate", 2, "wrong option '--frobnicate'");
	expect("twctl -x", 2, "unknown option '-x'");
	expect("twctl list -jx", 2, "unknown option '-x'");
	expect("twctl --json=yes", 2, "wrong option '--json=yes'");
	expect("twctl -N", 2, "-N needs");
	expect("twctl --netns", 2, "-N needs");
	expect("twctl -c=purple", 2, "not 'purple'");
	expect("twctl --color=purple", 2, "not 'purple'");
	expect("twctl -4", 2, "use: twctl list -4");
	expect("twctl summary -6", 2, "use: twctl list -6");
	expect("twctl list -4 -6", 2, "-4 and -6 exclude each other");
	expect("twctl info -4", 2, "info knows no -4");
	expect("twctl info -A", 2, "info knows no -A");
	expect("twctl -A -N x", 2, "give one of the two");
	expect("twctl summary dport 1", 2, "summary takes no argument 'dport'");
	expect("twctl info x", 2, "info takes no argument 'x'");
	expect("twctl help frobnicate", 2, "unknown command");
	expect("twctl list 'dport = foo'", 2,
	       "twctl: wrong filter: expected a port: a number, or the name of a TCP service\n"
	       "    dport = foo\n"
	       "            ^~~\n");
	assert_string_equal(out, "");
}

static void filter_words_need_no_quotes(void **state)
{
	(void)state;
	expect("twctl list dport = :443 and src 10/8 or '(' state time-wait ')'", 0, "");
	expect("twctl list 'dport = :443' and 'src 10/8 or (state time-wait)'", 0, "");
	expect("twctl list dport '<' -j 1024", 0, "![");
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
	expect("twctl list dport = foo -h", 0, "!Usage: twctl [OPTIONS] list");
	expect("twctl h sum", 0, "!Usage: twctl [OPTIONS] [summary]");
	expect("FAKE_ABSENT=1 twctl -V", 0, "!twctl 0.0.test\n");
	expect("twctl list --version", 0, "!twctl 0.0.test\n");
}

/* No line of a help is wider than a terminal. */
static void help_fits(void **state)
{
	char *line, *save = NULL;

	(void)state;
	assert_int_equal(run("twctl -h; for c in summary list info; do twctl help $c; done"), 0);
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
	expect("twctl s -H", 0, "!buckets   18,300");
	assert_int_equal(strncmp(out, "buckets ", 8), 0);
	expect("twctl -A", 0, "!  in 3 namespaces\n");
	expect("FAKE_NETNS=2000 twctl -A", 0, "!  in 2000 namespaces\n");
	expect("twctl info", 0, "!built for   6.1.0-49-cloud-amd64\n");
	expect("twctl -n l", 0, "!time-wait      41.2s    18.7s     18s  192.0.2.1:32768        198.51.100.7:443\n");
	expect("FAKE_ROWS=0 twctl list -H", 0, "!");
	assert_string_equal(out, "");
	expect("twctl -A list", 0, "!  NETNS\n");
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
}

static void full_disk(void **state)
{
	(void)state;
	if (access("/dev/full", W_OK))
		skip();
	expect("twctl >/dev/full", 1, "twctl: cannot write: No space left on device\n");
	expect("FAKE_ROWS=50000 twctl list >/dev/full", 1, "cannot write: No space left on device\n");
	expect("FAKE_ROWS=50000 twctl -j list >/dev/full", 1, "cannot write: No space left on device\n");
	expect("twctl -h >/dev/full", 1, "cannot write");
	expect("twctl -V >/dev/full", 1, "cannot write");
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
	unsigned char got[256];
	FILE *f;
	size_t n;

	(void)state;
	expect("FAKE_REQUEST=" WORK "/request twctl list -4A state time-wait", 0, "");
	f = fopen(WORK "/request", "r");
	assert_non_null(f);
	n = fread(got, 1, sizeof(got), f);
	fclose(f);
	assert_int_equal(n, 20 + sizeof(want));
	assert_memory_equal(got + 20, want, sizeof(want));
	/* NLM_F_REQUEST | NLM_F_DUMP, bucket-get of version 1 */
	assert_int_equal(got[6], 0x01);
	assert_int_equal(got[7], 0x03);
	assert_int_equal(got[16], 3);
	assert_int_equal(got[17], 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(usage_errors),
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
		cmocka_unit_test(reader_that_leaves),
		cmocka_unit_test(interrupted),
		cmocka_unit_test(request_of_a_list),
	};

	return cmocka_run_group_tests_name("cli", tests, NULL, NULL);
}
