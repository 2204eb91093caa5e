// SPDX-License-Identifier: GPL-2.0
/* ctl/diff.c and its writers: what changed between two snapshots. */
#include "diff.h"
#include "printed.h"
#include "test.h"

#define BOOT "\"boot_id\":\"b1\",\"netns\":5,"
#define BOOT2 "\"boot_id\":\"b2\",\"netns\":5,"

/* A document of one boot, at a second since then, with more in it. */
static struct snapshot at(unsigned int second, const char *head,
			  const char *namespaces)
{
	char text[4096], err[300] = "";
	struct snapshot s;

	snprintf(text, sizeof(text),
		 "{\"format\":\"twscope-snapshot\",\"format_version\":1,"
		 "\"time_ms\":%u000,\"uptime_ms\":%u000,%s\"namespaces\":[%s]}",
		 second, second, head, namespaces);
	if (snapshot_parse(text, strlen(text), &s, err, sizeof(err)) < 0)
		fail_msg("%s: %s", text, err);
	return s;
}

static char *printed(bool json, const struct out_options *opt,
		     struct snapshot *a, struct snapshot *b)
{
	struct out *o = open_out(json, opt, OUT_DIFF);
	struct diff d;

	assert_int_equal(diff_make(a, b, &d), 0);
	assert_int_equal(out_diff(o, &d), 0);
	diff_free(&d);
	return close_out(o, false);
}

/* Without the two lines of dates, which are in local time. */
static char *body(struct snapshot a, struct snapshot b)
{
	const struct out_options bare = { .no_header = true };
	char *got = printed(false, &bare, &a, &b);

	snapshot_free(&a);
	snapshot_free(&b);
	return got;
}

static json_t *as_json(struct snapshot a, struct snapshot b)
{
	json_t *j = parsed(printed(true, &plain, &a, &b));

	snapshot_free(&a);
	snapshot_free(&b);
	return j;
}

#define BEFORE								\
	"{\"netns\":5,\"netns_name\":\"init\",\"netns_kind\":\"initial\","	\
	"\"total\":100,\"timewait\":90,\"limit\":1000,\"bytes\":2640,"		\
	"\"closes_hist\":[5,5],\"verdicts\":{\"reusable\":3,\"too_young\":9},"	\
	"\"bound_verdicts\":{\"reusable\":100},"				\
	"\"sysctls\":{\"tcp_tw_reuse\":2,\"tcp_rfc1337\":0,"			\
	"\"ip_local_port_range_min\":1,\"ip_local_port_range_max\":1000}}"
#define AFTER								\
	"{\"netns\":5,\"netns_name\":\"init\",\"netns_kind\":\"initial\","	\
	"\"total\":12345,\"timewait\":90,\"limit\":500,\"bytes\":26400,"	\
	"\"closes_hist\":[500,5],\"verdicts\":{\"reusable\":3,\"too_young\":1},"\
	"\"bound_verdicts\":{\"reusable\":12345},"				\
	"\"sysctls\":{\"tcp_tw_reuse\":1,\"tcp_rfc1337\":0,"			\
	"\"tcp_tw_reuse_delay\":1000,"						\
	"\"ip_local_port_range_min\":1,\"ip_local_port_range_max\":1000}}"
#define COUNTERS(tw, opens)						\
	"\"sockstat\":{\"inuse\":3,\"tw\":" #tw "},"				\
	"\"counters\":{\"TcpExtTW\":" #tw ",\"TcpActiveOpens\":" #opens		\
	",\"TcpExtTWKilled\":4},"

/* A counter that misleads is explained where it moved, and there alone. */
static void misleading_counters(void **state)
{
	struct snapshot a = at(100, BOOT "\"counters\":{\"TcpExtTWRecycled\":5,\"TcpExtTWKilled\":4},", BEFORE);
	struct snapshot b = at(160, BOOT "\"counters\":{\"TcpExtTWRecycled\":8,\"TcpExtTWKilled\":4},", BEFORE);
	char *got = printed(false, &plain, &a, &b);

	(void)state;
	snapshot_free(&a);
	snapshot_free(&b);
	assert_non_null(strstr(got,
"counters  TcpExtTWRecycled                      +3  0.1/s\n"
"unchanged 1 counter\n"
"TWRecycled    reuse by connect(), of a bound port or not; what a SYN ends is not\n"
"              in it, nor has it to do with tcp_tw_recycle\n"));
	assert_null(strstr(got, "TWKilled  "));
	free(got);
}

static void what_changed(void **state)
{
	(void)state;
	is_text(body(at(100, BOOT "\"kernel\":\"6.1\"," COUNTERS(100, 7), BEFORE),
		     at(160, BOOT "\"kernel\":\"6.1\"," COUNTERS(12400, 7), AFTER)),
"\n"
"network namespace 5 (init)\n"
"buckets   total                                100 ->        12,345  +12,245\n"
"          limit                              1,000 ->           500  -500\n"
"          bytes                            2.6 KiB ->      25.8 KiB\n"
"          closes in 60 s                        10 ->           505  +495\n"
"ports     buckets for 100 ports               10.0 ->        1234.5\n"
"verdicts  too-young                              9 ->             1  -8\n"
"if bound  reusable                             100 ->        12,345  +12,245\n"
"sysctls   tcp_tw_reuse                           2 ->             1\n"
"          tcp_tw_reuse_delay                     - ->          1000\n"
"unchanged 1 count, 1 verdict, 3 sysctls\n"
"\n"
"sockets   TCP timewait                         100 ->        12,400  +12,300\n"
"counters  TcpExtTW                         +12,300  205/s\n"
"unchanged 1 socket count, 2 counters\n");
}

static void nothing_changed(void **state)
{
	(void)state;
	is_text(body(at(100, BOOT COUNTERS(1, 2), BEFORE),
		     at(160, BOOT COUNTERS(1, 2), BEFORE)),
"\n"
"network namespace 5 (init)\n"
"unchanged 6 counts, 3 verdicts, 4 sysctls\n"
"\n"
"unchanged 2 socket counts, 3 counters\n");
}

static void heading(void **state)
{
	struct snapshot a = at(100, BOOT "\"hostname\":\"h\",\"kernel\":\"6.1\",", BEFORE);
	struct snapshot b = at(200, BOOT "\"hostname\":\"h\",\"kernel\":\"6.1\",", BEFORE);
	char *got = printed(false, &plain, &a, &b);

	(void)state;
	assert_int_equal(strncmp(got, "before    1970-01-0", 19), 0);
	assert_non_null(strstr(got, "  h, kernel 6.1\nafter     1970-01-0"));
	assert_non_null(strstr(got, "  h, kernel 6.1, 1 min 40 s later\n\nnetwork"));
	free(got);
	fits(printed(false, &plain, &a, &b));
	snapshot_free(&a);
	snapshot_free(&b);
}

/* What cannot be subtracted is left out, and why is told. */
static void warns(struct snapshot a, struct snapshot b, const char *name,
		  bool counters)
{
	const struct out_options bare = { .no_header = true };
	char *text = printed(false, &bare, &a, &b);
	json_t *j = as_json(a, b);
	const json_t *warnings = member(j, "warnings");

	if (json_array_size(warnings) != 1 ||
	    strcmp(json_string_value(json_array_get(warnings, 0)), name))
		fail_msg("not the one warning %s", name);
	assert_non_null(strstr(text, "WARNING   "));
	assert_int_equal(!!json_object_get(j, "counters"), counters);
	assert_int_equal(!!strstr(text, "TcpExtTW "), counters);
	json_decref(j);
	free(text);
}

static void what_cannot_be_compared(void **state)
{
	(void)state;
	warns(at(1, BOOT "\"hostname\":\"a\"," COUNTERS(1, 2), BEFORE),
	      at(9, BOOT2 "\"hostname\":\"b\"," COUNTERS(3, 4), AFTER),
	      "other-host", false);
	warns(at(1, BOOT "\"hostname\":\"a\"," COUNTERS(1, 2), BEFORE),
	      at(9, BOOT2 "\"hostname\":\"a\"," COUNTERS(3, 4), AFTER),
	      "other-boot", false);
	warns(at(1, "\"netns\":5," COUNTERS(1, 2), BEFORE),
	      at(9, BOOT2 COUNTERS(3, 4), AFTER), "boot-unknown", false);
	/* two that say nothing are not of one boot for that */
	warns(at(1, "\"netns\":5," COUNTERS(1, 2), BEFORE),
	      at(9, "\"netns\":5," COUNTERS(3, 4), AFTER), "boot-unknown",
	      false);
	warns(at(1, BOOT COUNTERS(1, 2), BEFORE),
	      at(9, "\"boot_id\":\"b1\",\"netns\":6," COUNTERS(3, 4), AFTER),
	      "other-netns", false);
	warns(at(1, BOOT COUNTERS(1, 9), BEFORE),
	      at(9, BOOT COUNTERS(3, 4), AFTER), "counter-reset", true);
	warns(at(9, BOOT COUNTERS(1, 2), BEFORE),
	      at(1, BOOT COUNTERS(3, 4), AFTER), "backwards", true);
	warns(at(1, BOOT "\"all_netns\":true," COUNTERS(1, 2), BEFORE),
	      at(9, BOOT COUNTERS(3, 4), AFTER), "other-scope", true);
}

/* The clock on the wall may be set; that since the boot not. */
static void clocks(void **state)
{
	struct snapshot a = at(100, BOOT, BEFORE), b = at(160, BOOT, AFTER);
	struct diff d;

	(void)state;
	b.time_ms.v = 5;
	assert_int_equal(diff_make(&a, &b, &d), 0);
	assert_int_equal(d.warnings, 0);
	assert_int_equal(d.interval_ms, 60000);
	diff_free(&d);
	/* of another boot there is none but that on the wall */
	strcpy(b.boot_id, "b2");
	b.time_ms.v = 100123;
	b.uptime_ms.v = 5;
	assert_int_equal(diff_make(&a, &b, &d), 0);
	assert_int_equal(d.interval_ms, 123);
	diff_free(&d);
	b.time_ms.has = false;
	assert_int_equal(diff_make(&a, &b, &d), 0);
	assert_false(d.has_interval);
	diff_free(&d);
	snapshot_free(&a);
	snapshot_free(&b);
}

static void new_kernel(void **state)
{
	char *got = body(at(1, BOOT "\"kernel\":\"5.10\",\"module\":\"1\",", BEFORE),
			 at(9, BOOT2 "\"kernel\":\"6.1\",\"module\":\"1\",", AFTER));

	(void)state;
	assert_non_null(strstr(got, "\nkernel    5.10 -> 6.1\n\n"));
	assert_null(strstr(got, "module"));
	free(got);
}

#define NS(n, name, kind, total)						\
	"{\"netns\":" #n ",\"netns_name\":\"" name "\",\"netns_kind\":\"" kind	\
	"\",\"total\":" #total "}"
#define ALL "\"all_netns\":true,"

static void come_and_gone(void **state)
{
	static const char before[] = NS(5, "init", "initial", 1) ","
		NS(6, "docker:web", "docker", 2) "," NS(7, "docker:old", "docker", 3) ","
		NS(8, "pid 1 (a)", "process", 4) "," NS(9, "same", "named", 9);
	static const char after[] = NS(5, "init", "initial", 1) ","
		/* started again; its number is another's */
		NS(11, "docker:web", "docker", 20) "," NS(6, "docker:new", "docker", 5) ","
		/* its first process is another one */
		NS(8, "pid 2 (b)", "process", 6) "," NS(9, "same", "named", 9);

	(void)state;
	is_text(body(at(1, BOOT ALL, before), at(9, BOOT ALL, after)),
"\n"
"network namespace 6 -> 11 (docker:web)\n"
"buckets   total                                  2 ->            20  +18\n"
"\n"
"network namespace 6 (docker:new): is new, 5 buckets\n"
"\n"
"network namespace 7 (docker:old): is gone, 3 buckets\n"
"\n"
"network namespace 8 (pid 2 (b))\n"
"buckets   total                                  4 ->             6  +2\n"
"\n"
"unchanged in 2 other namespaces\n");
}

/* After a boot a number says nothing, a name does. */
static void another_boot(void **state)
{
	static const char before[] = NS(5, "init", "initial", 1) ","
		NS(6, "", "", 2) "," NS(7, "docker:web", "docker", 3);
	static const char after[] = NS(4, "init", "initial", 1) ","
		NS(6, "", "", 4) "," NS(8, "docker:web", "docker", 5);
	json_t *j = as_json(at(1, BOOT ALL, before), at(9, BOOT2 ALL, after));

	(void)state;
	assert_int_equal(json_array_size(member(j, "namespaces")), 2);
	assert_int_equal(number(json_array_get(member(j, "namespaces"), 1), "netns_before"), 7);
	assert_int_equal(number(json_array_get(member(j, "gone"), 0), "netns"), 6);
	assert_int_equal(number(json_array_get(member(j, "new"), 0), "netns"), 6);
	json_decref(j);
}

/* Where one has them all, only what both have is told. */
static void one_of_all(void **state)
{
	json_t *j = as_json(at(1, BOOT, NS(6, "a", "named", 2)),
			    at(9, BOOT ALL, NS(5, "b", "named", 2) ","
						NS(6, "a", "named", 3)));

	(void)state;
	assert_int_equal(json_array_size(member(j, "namespaces")), 1);
	assert_int_equal(json_array_size(member(j, "gone")), 0);
	assert_int_equal(json_array_size(member(j, "new")), 0);
	json_decref(j);
}

/* Many of one name, and of one number, as no kernel has them: each once. */
static void doubles(void **state)
{
	static const char before[] = NS(5, "x", "named", 1) "," NS(5, "x", "named", 1) ","
		NS(6, "y", "named", 1) "," NS(7, "y", "named", 1);
	static const char after[] = NS(5, "x", "named", 1) "," NS(8, "y", "named", 2) ","
		NS(9, "y", "named", 3) "," NS(9, "y", "named", 3);
	json_t *j = as_json(at(1, BOOT ALL, before), at(9, BOOT ALL, after));
	size_t n = json_array_size(member(j, "namespaces"));

	(void)state;
	assert_int_equal(n + json_array_size(member(j, "gone")), 4);
	assert_int_equal(n + json_array_size(member(j, "new")), 4);
	json_decref(j);
}

static void for_programs(void **state)
{
	json_t *j = as_json(at(100, BOOT COUNTERS(100, 7), BEFORE),
			    at(160, BOOT COUNTERS(12400, 7), AFTER));
	const json_t *ns = json_array_get(member(j, "namespaces"), 0), *tw;

	(void)state;
	assert_int_equal(number(j, "interval_ms"), 60000);
	assert_string_equal(string(ns, "netns_name"), "init");
	tw = member(member(member(ns, "counts"), "changed"), "total");
	assert_int_equal(number(tw, "before"), 100);
	assert_int_equal(number(tw, "after"), 12345);
	assert_int_equal(number(member(member(ns, "counts"), "unchanged"), "timewait"), 90);
	assert_int_equal(number(member(member(ns, "verdicts"), "unchanged"), "reusable"), 3);
	assert_int_equal(number(member(member(member(ns, "verdicts"), "changed"), "too_young"), "after"), 1);
	tw = member(member(member(ns, "sysctls"), "changed"), "tcp_tw_reuse_delay");
	assert_null(json_object_get(tw, "before"));
	assert_int_equal(number(tw, "after"), 1000);
	tw = member(member(j, "counters"), "TcpExtTW");
	assert_int_equal(number(tw, "increase"), 12300);
	assert_int_equal((int)json_real_value(json_object_get(tw, "per_s")), 205);
	assert_int_equal(number(member(member(j, "counters"), "TcpActiveOpens"), "increase"), 0);
	json_decref(j);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_changed),
		cmocka_unit_test(misleading_counters),
		cmocka_unit_test(nothing_changed),
		cmocka_unit_test(heading),
		cmocka_unit_test(what_cannot_be_compared),
		cmocka_unit_test(clocks),
		cmocka_unit_test(new_kernel),
		cmocka_unit_test(come_and_gone),
		cmocka_unit_test(another_boot),
		cmocka_unit_test(one_of_all),
		cmocka_unit_test(doubles),
		cmocka_unit_test(for_programs),
	};

	return cmocka_run_group_tests_name("diff", tests, NULL, NULL);
}
