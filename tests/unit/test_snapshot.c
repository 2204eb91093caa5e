// SPDX-License-Identifier: GPL-2.0
/* ctl/snapshot*.c: what was kept is read again, and nothing else is. */
#include <errno.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include "printed.h"
#include "replace.h"
#include "snapshot.h"
#include "snapshot_make.h"
#include "test.h"

#define HEAD "{\"format\":\"twscope-snapshot\",\"format_version\":1,"
#define ONE "\"namespaces\":[{\"netns\":5,\"total\":7}]}"

static int parse(const char *text, struct snapshot *s, char *err, size_t size)
{
	size_t len = strlen(text);
	char *copy = malloc(len ? len : 1);
	int ret;

	/* without a NUL behind it, so that ASan sees a byte too many */
	assert_non_null(copy);
	memcpy(copy, text, len);
	ret = snapshot_parse(copy, len, s, err, size);
	free(copy);
	return ret;
}

static void refused(const char *text, const char *says)
{
	struct snapshot s;
	char err[300] = "";

	assert_int_equal(parse(text, &s, err, sizeof(err)), -1);
	assert_null(s.of);
	if (!strstr(err, says))
		fail_msg("%.200s\nsays '%s', not '%s'", text, err, says);
}

static void garbage(void **state)
{
	(void)state;
	refused("", "it is no JSON: line 1: ");
	refused("{", "it is no JSON: line 1: ");
	refused("TIME_WAIT buckets\n", "it is no JSON");
	refused("\x1b[2J", "it is no JSON");
	refused("{\"a\xff\":1}", "it is no JSON");
	refused("[]", "it is no snapshot of twctl");
	refused("{}", "it is no snapshot of twctl");
	refused("{\"format\":1}", "it is no snapshot of twctl");
	refused("{\"format\":\"other\"}", "it is no snapshot of twctl");
	refused("{\"format\":\"twscope-snapshot\",\"format\":\"twscope-snapshot\"}", "it is no JSON");
	refused("{\"format\":\"twscope-snapshot\"," ONE, "format_version is missing");
	refused("{\"format\":\"twscope-snapshot\",\"format_version\":\"1\"," ONE, "format_version is no whole number");
	refused("{\"format\":\"twscope-snapshot\",\"format_version\":0," ONE, "format_version is missing");
	refused("{\"format\":\"twscope-snapshot\",\"format_version\":2," ONE, "it is of format 2, this twctl 0.0.test reads up to 1");
	refused(HEAD "\"namespaces\":[]}", "it has no namespaces");
	refused(HEAD "\"namespaces\":{}}", "it has no namespaces");
	refused(HEAD "\"x\":1}", "it has no namespaces");
	refused(HEAD "\"namespaces\":[5]}", "namespaces[0] is no object");
	refused(HEAD "\"namespaces\":[{\"netns\":5,\"total\":7},null]}", "namespaces[1] is no object");
	refused(HEAD "\"namespaces\":[{\"total\":7}]}", "namespaces[0].netns is missing");
	refused(HEAD "\"namespaces\":[{\"netns\":7}]}", "namespaces[0].total is missing");
}

static void of_netns(const char *members, const char *says)
{
	char text[512];

	snprintf(text, sizeof(text),
		 HEAD "\"namespaces\":[{\"netns\":5,\"total\":7,%s}]}", members);
	refused(text, says);
}

static void wrong_types(void **state)
{
	(void)state;
	of_netns("\"timewait\":1.5", "namespaces[0].timewait is no whole number");
	of_netns("\"timewait\":1e3", "namespaces[0].timewait is no whole number");
	of_netns("\"timewait\":\"5\"", "namespaces[0].timewait is no whole number");
	of_netns("\"timewait\":null", "namespaces[0].timewait is no whole number");
	of_netns("\"timewait\":-1", "namespaces[0].timewait is negative");
	of_netns("\"timewait\":9007199254740993", "namespaces[0].timewait is too large: 9007199254740993");
	of_netns("\"timewait\":99999999999999999999", "too big integer");
	of_netns("\"timewait\":1e999", "real number overflow");
	of_netns("\"sysctls\":5", "namespaces[0].sysctls is no object");
	of_netns("\"sysctls\":{\"tcp_tw_reuse\":[]}", "namespaces[0].sysctls.tcp_tw_reuse is no whole number");
	of_netns("\"verdicts\":[]", "namespaces[0].verdicts is no object");
	of_netns("\"verdicts\":{\"too_young\":-5}", "namespaces[0].verdicts.too_young is negative");
	of_netns("\"bound_verdicts\":{\"reusable\":true}", "namespaces[0].bound_verdicts.reusable is no whole number");
	of_netns("\"closes_hist\":5", "namespaces[0].closes_hist is no array");
	of_netns("\"closes_hist\":[1,2,-3]", "namespaces[0].closes_hist[2] is no count");
	of_netns("\"closes_hist\":[4294967296]", "namespaces[0].closes_hist[0] is no count");
	of_netns("\"netns_name\":5", "namespaces[0].netns_name is no string");
	refused(HEAD "\"namespaces\":[{\"netns\":4294967296,\"total\":7}]}", "namespaces[0].netns is too large");
	refused(HEAD "\"time_ms\":-1," ONE, "time_ms is negative");
	/* no nanoseconds of it in 64 bits */
	refused(HEAD "\"time_ms\":18446744073710," ONE, "time_ms is too large");
	refused(HEAD "\"hostname\":{}," ONE, "hostname is no string");
	refused(HEAD "\"all_netns\":1," ONE, "all_netns is neither true nor false");
	refused(HEAD "\"counters\":[]," ONE, "counters is no object");
	refused(HEAD "\"counters\":{\"TcpExtTW\":\"x\"}," ONE, "counters.TcpExtTW is no whole number");
	refused(HEAD "\"sockstat\":{\"tw\":-1}," ONE, "sockstat.tw is negative");
}

static void deep(void **state)
{
	char *text = malloc(200001), err[300];
	struct snapshot s;

	(void)state;
	assert_non_null(text);
	memset(text, '[', 200000);
	text[200000] = '\0';
	assert_int_equal(parse(text, &s, err, sizeof(err)), -1);
	assert_non_null(strstr(err, "it is no JSON"));
	free(text);
}

static void good(const char *text, struct snapshot *s)
{
	char err[300] = "";

	if (parse(text, s, err, sizeof(err)) < 0)
		fail_msg("%.300s: %s", text, err);
}

/* As little as an older twctl may have kept, and more than this one knows. */
static void other_versions(void **state)
{
	struct snapshot s;

	(void)state;
	good(HEAD ONE, &s);
	assert_int_equal(s.n, 1);
	assert_int_equal(s.of[0].netns, 5);
	assert_true(s.of[0].counts[COUNT_TOTAL].has);
	assert_int_equal(s.of[0].counts[COUNT_TOTAL].v, 7);
	assert_false(s.of[0].counts[1].has);
	assert_false(s.of[0].counts[COUNT_CLOSES].has);
	assert_false(s.of[0].sysctls[0].has);
	assert_false(s.time_ms.has || s.all_netns || s.counters[0].has);
	assert_string_equal(s.hostname, "");
	snapshot_free(&s);
	snapshot_free(&s);
	good(HEAD "\"new\":{\"a\":[1,{}]},\"counters\":{\"TcpNew\":-5},"
	     "\"namespaces\":[{\"netns\":9,\"total\":1,\"newer\":1.5},"
	     "{\"netns\":5,\"total\":2,\"sysctls\":{\"tcp_new\":null,\"tcp_rfc1337\":1}}]}", &s);
	/* by their numbers */
	assert_int_equal(s.of[0].netns, 5);
	assert_int_equal(s.of[1].netns, 9);
	assert_int_equal(s.of[0].sysctls[5].v, 1);
	snapshot_free(&s);
}

static void closes(void **state)
{
	char text[1024] = HEAD "\"namespaces\":[{\"netns\":5,\"total\":7,\"closes_hist\":[";
	struct snapshot s;
	int i;

	(void)state;
	/* of a minute, however many there are */
	for (i = 0; i < 70; i++)
		strcat(text, i ? ",2" : "2");
	strcat(text, "]}]}");
	good(text, &s);
	assert_int_equal(s.of[0].counts[COUNT_CLOSES].v, 120);
	snapshot_free(&s);
}

static void hostile_strings(void **state)
{
	struct snapshot s;

	(void)state;
	good(HEAD "\"hostname\":\"a\\u001b[2J\\nb\",\"kernel\":\"\\u009b1;1H\","
	     "\"namespaces\":[{\"netns\":5,\"total\":7,\"netns_name\":\"\\u0007x\","
	     "\"netns_kind\":\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"}]}", &s);
	assert_string_equal(s.hostname, "a?[2J?b");
	assert_string_equal(s.kernel, "??1;1H");
	assert_string_equal(s.of[0].name, "?x");
	assert_string_equal(s.of[0].kind, "aaaaaaaaaaaaaaa");
	snapshot_free(&s);
}

/* Each beginning of a whole one is wrong, and says so. */
static void truncated(void **state)
{
	static const char text[] = HEAD "\"time_ms\":5,\"counters\":{\"TcpExtTW\":1},"
		"\"namespaces\":[{\"netns\":5,\"total\":7,\"closes_hist\":[1,2],"
		"\"sysctls\":{\"tcp_tw_reuse\":2},\"verdicts\":{\"reusable\":7}}]}";
	struct snapshot s;
	char part[sizeof(text)];
	size_t n;

	(void)state;
	for (n = 0; n + 1 < sizeof(text); n++) {
		memcpy(part, text, n);
		part[n] = '\0';
		refused(part, "it is no JSON");
	}
	good(text, &s);
	snapshot_free(&s);
}

static void all_have(const char *what, const struct figure *f, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (!f[i].has)
			fail_msg("of %s %zu is not kept", what, i);
}

/* What is kept is what the JSON of a summary has: no key is another there. */
static void keys_of_a_summary(void **state)
{
	uint32_t slots[61] = { 0 };
	const struct tws_summary summary = {
		.netns = 5, .closes = { slots, 60 }, .remaining = { slots, 61 },
		.sysctls = {
			.has_tcp_tw_reuse_delay = true,
			.has_tcp_child_ehash_entries = true,
		},
	};
	struct out *o = open_out(true, &plain, OUT_SUMMARIES);
	char text[8192], *got;
	struct snapshot s;

	(void)state;
	out_summary(o, &summary);
	got = close_out(o, false);
	snprintf(text, sizeof(text), HEAD "\"namespaces\":%s}", got);
	free(got);
	good(text, &s);
	all_have("the counts", s.of[0].counts, N_COUNTS);
	all_have("the sysctls", s.of[0].sysctls, N_SYSCTLS);
	all_have("the verdicts", s.of[0].verdicts, TWSCOPE_N_VERDICTS);
	all_have("those bound", s.of[0].bound_verdicts, TWSCOPE_N_VERDICTS);
	snapshot_free(&s);
}

static void mibs(void **state)
{
	char text[] = "Ip: A\nIp: 1\n"
		      "Tcp: RtoMin MaxConn ActiveOpens Big X\n"
		      "Tcp: 200 -1 5 99999999999999999999 y\n"
		      "TcpX: A B\nTcpX: 1 2\nTcp: Z\nUdp: 1\nTcp: Last";
	char sockstat[] = "sockets: used 5\nTCP: inuse 4 orphan 0 tw 3 alloc x mem\nUDP: inuse 9\n";
	char odd[] = "Tcp:\nTcp:\n\n\n : \n";
	json_t *j = json_object();

	(void)state;
	snapshot_put_mib(j, text, "Tcp");
	snapshot_put_mib(j, odd, "Tcp");
	assert_int_equal(json_object_size(j), 2);
	assert_int_equal(number(j, "TcpRtoMin"), 200);
	assert_int_equal(number(j, "TcpActiveOpens"), 5);
	json_object_clear(j);
	snapshot_put_sockstat(j, sockstat);
	assert_int_equal(json_object_size(j), 3);
	assert_int_equal(number(j, "inuse"), 4);
	assert_int_equal(number(j, "tw"), 3);
	json_decref(j);
}

static char dir[64];

static int make_dir(void **state)
{
	(void)state;
	snprintf(dir, sizeof(dir), "/tmp/twctl-snapshot-XXXXXX");
	return mkdtemp(dir) ? 0 : -1;
}

static int remove_dir(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -r %s", dir);
	return system(command);
}

static char *path_of(const char *name)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return path;
}

static void make(const char *name, const char *text)
{
	FILE *f = fopen(path_of(name), "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void has(const char *name, const char *text)
{
	char err[300];
	size_t len;
	char *got = snapshot_read(path_of(name), &len, err, sizeof(err));

	assert_non_null(got);
	if (len != strlen(text) || memcmp(got, text, len))
		fail_msg("%s has '%.*s'", name, (int)len, got);
	free(got);
}

static unsigned int files(void)
{
	char command[128];
	unsigned int n = 0;
	FILE *p;

	snprintf(command, sizeof(command), "ls -A %s | wc -l", dir);
	p = popen(command, "r");
	assert_non_null(p);
	assert_int_equal(fscanf(p, "%u", &n), 1);
	pclose(p);
	return n;
}

static void writing(void **state)
{
	char err[400];
	struct stat st;

	(void)state;
	umask(022);
	assert_int_equal(snapshot_write(path_of("a"), HEAD ONE, err, sizeof(err)), 0);
	has("a", HEAD ONE);
	assert_int_equal(stat(path_of("a"), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0644);
	/* again, over what is one */
	assert_int_equal(snapshot_write(path_of("a"), "x\n", err, sizeof(err)), 0);
	has("a", "x\n");
	/* which that is not */
	assert_int_equal(snapshot_write(path_of("a"), "y", err, sizeof(err)), -1);
	assert_non_null(strstr(err, "it is there and no snapshot, so it is left as it is"));
	has("a", "x\n");
	make("empty", "");
	assert_int_equal(snapshot_write(path_of("empty"), "z", err, sizeof(err)), 0);
	has("empty", "z");
	/* nothing is left lying about */
	assert_int_equal(files(), 2);
}

static void where_it_cannot_be_written(void **state)
{
	char err[400], target[128];

	(void)state;
	assert_int_equal(snapshot_write(dir, "x", err, sizeof(err)), -1);
	assert_non_null(strstr(err, "no regular file"));
	assert_int_equal(snapshot_write("/dev/null", "x", err, sizeof(err)), -1);
	assert_non_null(strstr(err, "no regular file"));
	assert_int_equal(snapshot_write(path_of("no/such"), "x", err, sizeof(err)), -1);
	assert_string_equal(err, strerror(ENOENT));
	/* a link stays one */
	make("real", HEAD ONE);
	snprintf(target, sizeof(target), "%s/link", dir);
	assert_int_equal(symlink("real", target), 0);
	assert_int_equal(snapshot_write(target, "new", err, sizeof(err)), 0);
	has("real", "new");
	assert_int_equal(readlink(target, err, sizeof(err)), 4);
	assert_int_equal(files(), 2);
}

/* Where others may write, too, what is at a path changes between two looks. */
static void changed_meanwhile(void **state)
{
	char err[300], real[PATH_MAX], target[128];

	(void)state;
	make("victim", HEAD ONE);
	snprintf(target, sizeof(target), "%s/new", dir);
	assert_int_equal(replace_follow(target, real), 0);
	assert_int_equal(replace_look(real), REPLACE_NOTHING);
	assert_int_equal(symlink("victim", target), 0);
	assert_int_equal(replace_look(real), REPLACE_NO_FILE);
	assert_int_equal(replace_file(real, "ours", 0644), 0);
	has("victim", HEAD ONE);
	has("new", "ours");
	/* nobody writes to it, and it is not waited for */
	assert_int_equal(mkfifo(path_of("fifo"), 0600), 0);
	assert_int_equal(snapshot_write(path_of("fifo"), "x", err, sizeof(err)), -1);
	assert_non_null(strstr(err, "no regular file"));
}

static void reading(void **state)
{
	char err[300];
	size_t len;

	(void)state;
	assert_null(snapshot_read(path_of("none"), &len, err, sizeof(err)));
	assert_string_equal(err, strerror(ENOENT));
	assert_null(snapshot_read(dir, &len, err, sizeof(err)));
	assert_string_equal(err, strerror(EISDIR));
	make("big", "x");
	assert_int_equal(truncate(path_of("big"), SNAPSHOT_MAX_BYTES + 1), 0);
	assert_null(snapshot_read(path_of("big"), &len, err, sizeof(err)));
	assert_string_equal(err, "it is larger than 32 MiB");
}

#define WITH_DIR(test) \
	cmocka_unit_test_setup_teardown(test, make_dir, remove_dir)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(garbage),
		cmocka_unit_test(wrong_types),
		cmocka_unit_test(deep),
		cmocka_unit_test(other_versions),
		cmocka_unit_test(closes),
		cmocka_unit_test(hostile_strings),
		cmocka_unit_test(truncated),
		cmocka_unit_test(keys_of_a_summary),
		cmocka_unit_test(mibs),
		WITH_DIR(writing),
		WITH_DIR(where_it_cannot_be_written),
		WITH_DIR(changed_meanwhile),
		WITH_DIR(reading),
	};

	return cmocka_run_group_tests_name("snapshot", tests, NULL, NULL);
}
