// SPDX-License-Identifier: GPL-2.0
/* group and pressure, as people and programs get them. */
#include <sys/socket.h>

#include "printed.h"
#include "test.h"

static const struct out_options everywhere = { .cpus = 2, .all_netns = true };
static const struct out_options bare = { .cpus = 2, .no_header = true };

/* Groups */

static struct tws_group rows[3];
static struct groups groups;
static struct tws_group_by by;
static struct tws_group_query query;
static const struct group_report report = { .query = &query, .groups = &groups };

static void make_groups(const char *keys)
{
	static const uint8_t v6[16] = { 0x20, 0x01, 0x0d, 0xb8, [15] = 1 };
	char err[128];

	assert_int_equal(group_by_parse(keys, &by, err, sizeof(err)), 0);
	query = (struct tws_group_query){ .by = &by };
	memset(rows, 0, sizeof(rows));
	rows[0] = (struct tws_group){
		.kind = GROUP_ONE, .netns = 4026531840, .family = AF_INET,
		.local_family = AF_INET, .local = { 192, 0, 2, 1 },
		.remote_family = AF_INET, .remote = { 198, 51, 100, 0 },
		.local_port = 40000, .remote_port = 443, .mark = 0x2a,
		.substate = TWSCOPE_SUBSTATE_TIME_WAIT,
		.verdict = TWSCOPE_VERDICT_REUSABLE,
		.count = 12345, .verdicts = { 0, 12000, 345 },
		.has_whatif = true, .whatif = { 0, 12100, 245 },
		.n_closes = 60, .earliest_ms = 120, .latest_ms = 59900,
		.has_in_use = true, .in_use = 77, .in_use_searched = 70,
		.has_local_ports = true, .local_ports = 12400,
		.has_bind_blocked_ports = true, .bind_blocked_ports = 1100,
	};
	rows[0].closes[0] = 250;
	rows[0].closes[9] = 750;
	rows[0].closes[59] = 5000;
	rows[1] = rows[0];
	rows[1].netns = 4026532241;
	rows[1].family = rows[1].local_family = rows[1].remote_family = AF_INET6;
	memcpy(rows[1].local, v6, 16);
	memcpy(rows[1].remote, v6, 16);
	rows[1].remote_port = 8080;
	rows[1].ifindex = 777;
	rows[1].mark = 0;
	rows[1].substate = TWSCOPE_SUBSTATE_FIN_WAIT2;
	rows[1].verdict = TWSCOPE_N_VERDICTS + 5;
	rows[1].count = 1;
	memset(rows[1].closes, 0, sizeof(rows[1].closes));
	memset(rows[1].verdicts, 0, sizeof(rows[1].verdicts));
	rows[1].verdicts[TWSCOPE_VERDICT_FIN_WAIT2] = 1;
	memset(rows[1].whatif, 0, sizeof(rows[1].whatif));
	rows[1].whatif[TWSCOPE_VERDICT_FIN_WAIT2] = 1;
	rows[1].latest_ms = rows[1].earliest_ms;
	/* full sockets alone */
	rows[2] = (struct tws_group){
		.kind = GROUP_ONE, .netns = 4026531840, .family = AF_INET,
		.local_family = AF_INET, .remote_family = AF_INET,
		.local = { 10, 0, 0, 1 }, .remote = { 10, 0, 0, 2 },
		.n_closes = 60, .has_whatif = true, .has_in_use = true,
		.in_use = 1234, .has_local_ports = true, .local_ports = 1000,
	};
	groups = (struct groups){
		.totals = { .count = 12346, .has_in_use = true, .in_use = 1388,
			    .groups = 3, .walk_us = 1234 },
		.n = 3, .row = rows,
	};
}

static char *groups_text(const struct out_options *opt)
{
	struct out *o = open_out(false, opt, OUT_GROUPS);

	assert_int_equal(out_groups(o, &report), 0);
	return close_out(o, false);
}

static struct tws_group some(uint32_t count, unsigned int n)
{
	struct tws_group g = {
		.groups = n, .count = count, .verdicts = { 0, count },
		.has_whatif = true, .n_closes = 60, .has_in_use = true,
		.in_use = 5, .earliest_ms = 1000, .latest_ms = 2000,
	};

	g.closes[58] = count;
	return g;
}

static void group_table(void **state)
{
	(void)state;
	make_groups("remote/24,remote-port");
	is_text(groups_text(&plain),
"                                   ------- closes/s ------ -- ends in --\n"
"  BUCKETS  SHARE  REUSABLE  IN-USE       1S     10S    60S  FIRST   LAST  REMOTE          RPORT\n"
"   12,345 99.9 %    12,000      77      250     100    100   0.1s  59.9s  198.51.100.0/24 443\n"
"        1 <0.1 %         0      77        0       0      0   0.1s   0.1s  2001:db8::1     8080\n"
"        0  0.0 %         0   1,234        0       0      0      -      -  10.0.0.2/24     0\n"
"12,346 buckets and 1,388 in use in 3 groups, one walk of 1.2 ms\n");
	/* keys in the order asked for; what else was asked has a column */
	make_groups("local-port,dev,mark,family,netns,local/8/32");
	groups.totals.has_in_use = false;
	query.policy = &(struct tws_policy){ .has_tcp_tw_reuse = true };
	query.count_ports = true;
	is_text(groups_text(&everywhere),
"                                            ------- closes/s ------ -- ends in --\n"
"  BUCKETS  SHARE  REUSABLE   WHAT-IF  PORTS       1S     10S    60S  FIRST   LAST  LPORT DEV   MARK FAMILY NETNS      LOCAL\n"
"   12,345 99.9 %    12,000    12,100 12,400      250     100    100   0.1s  59.9s  40000 -     0x2a inet   4026531840 192.0.2.1/8\n"
"        1 <0.1 %         0         0 12,400        0       0      0   0.1s   0.1s  40000 if777 0x0  inet6  4026532241 2001:db8::1/32\n"
"        0  0.0 %         0         0  1,000        0       0      0      -      -  0     -     0x0  inet   4026531840 10.0.0.1/8\n"
"12,346 buckets in 3 groups, one walk of 1.2 ms\n");
}

/* Names of what has names; a number for what a newer module has. */
static void group_names(void **state)
{
	(void)state;
	make_groups("verdict,substate");
	groups.n = 2;
	groups.totals = (struct tws_group){ .count = 12346, .groups = 2, .walk_us = 5 };
	is_text(groups_text(&bare),
"   12,345 99.9 %    12,000      250     100    100   0.1s  59.9s  reusable time-wait\n"
"        1 <0.1 %         0        0       0      0   0.1s   0.1s  14       fin-wait2\n");
	make_groups("dev");
	groups.n = 1;
	rows[0].ifindex = 1;
	is_text(groups_text(&bare),
"   12,345 99.9 %    12,000      77      250     100    100   0.1s  59.9s  lo\n");
	/* nothing that a terminal would obey */
	devices_called = "\033[2J\xff";
	is_text(groups_text(&bare),
"   12,345 99.9 %    12,000      77      250     100    100   0.1s  59.9s  ?[2J?\n");
	devices_called = NULL;
}

/* Of those that are there, in the order of all tables; not where none is a key. */
static void group_verdicts(void **state)
{
	static const char legend[] =
"reusable      connect() takes the bucket's place; until one does it stays\n"
"not-searched  the port search never comes to the port: it is outside of\n"
"              ip_local_port_range, or in ip_local_reserved_ports\n";
	char *got;

	(void)state;
	make_groups("remote,verdict");
	groups.n = 2;
	rows[0].verdict = TWSCOPE_VERDICT_NOT_SEARCHED;
	rows[1].verdict = TWSCOPE_VERDICT_REUSABLE;
	got = groups_text(&plain);
	assert_non_null(strstr(got, "one walk of 1.2 ms\n"));
	assert_string_equal(strstr(got, " ms\n") + 4, legend);
	free(got);
	/* one of a newer module has no words here */
	rows[1].verdict = TWSCOPE_N_VERDICTS;
	got = groups_text(&plain);
	assert_null(strstr(got, "reusable"));
	free(got);
}

static void group_sums(void **state)
{
	(void)state;
	make_groups("remote");
	query.count_ports = true;
	groups.n = 1;
	groups.has_rest = true;
	groups.rest = some(4000, 1);
	groups.totals.count = 16345;
	is_text(groups_text(&plain),
"                                          ------- closes/s ------ -- ends in --\n"
"  BUCKETS  SHARE  REUSABLE  IN-USE  PORTS       1S     10S    60S  FIRST   LAST  REMOTE\n"
"   12,345 75.5 %    12,000      77 12,400      250     100    100   0.1s  59.9s  198.51.100.0\n"
"    4,000 24.5 %     4,000       5               0       0   66.7   1.0s   2.0s  rest: 1 more group\n"
"16,345 buckets and 1,388 in use in 3 groups, one walk of 1.2 ms\n");
	groups.rest.groups = 2345;
	groups.has_other = true;
	groups.other = some(30000, 0);
	groups.totals.count = 46345;
	groups.totals.groups = 16384;
	query.count_ports = false;
	is_text(groups_text(&plain),
"                                   ------- closes/s ------ -- ends in --\n"
"  BUCKETS  SHARE  REUSABLE  IN-USE       1S     10S    60S  FIRST   LAST  REMOTE\n"
"   12,345 26.6 %    12,000      77      250     100    100   0.1s  59.9s  198.51.100.0\n"
"    4,000  8.6 %     4,000       5        0       0   66.7   1.0s   2.0s  rest: 2,345 more groups\n"
"   30,000 64.7 %    30,000       5        0       0    500   1.0s   2.0s  other: beyond the groups that are told apart\n"
"46,345 buckets and 1,388 in use in more than 16,384 groups, one walk of 1.2 ms\n");
}

static void no_groups(void **state)
{
	(void)state;
	make_groups("remote");
	groups = (struct groups){ .totals = { .has_in_use = true } };
	is_text(groups_text(&plain), "no buckets and 0 in use in 0 groups, one walk of 0 us\n");
	groups.totals = (struct tws_group){ .count = 1, .groups = 1 };
	is_text(groups_text(&plain), "1 bucket in 1 group, one walk of 0 us\n");
	is_text(groups_text(&bare), "");
}

static json_t *groups_json(void)
{
	struct out *o = open_out(true, &plain, OUT_GROUPS);

	assert_int_equal(out_groups(o, &report), 0);
	return parsed(close_out(o, false));
}

/* Of a row the keys that were asked for and nothing else of what could be one. */
static void json_group_keys(void **state)
{
	struct spec_set spec;
	const json_t *row;
	json_t *j;

	(void)state;
	make_groups("netns,family,local,local-port,remote,remote-port,dev,mark,substate,verdict");
	j = groups_json();
	spec_read("group", &spec);
	for (size_t i = spec.n; i-- > 0;)
		if (i < TWSCOPE_A_GROUP_NETNS - 1)
			spec_drop(&spec, spec.name[i]);
	row = json_array_get(member(j, "rows"), 0);
	keys_are(row, &spec);
	assert_int_equal(number(row, "netns"), 4026531840);
	assert_string_equal(string(row, "family"), "inet");
	assert_string_equal(string(row, "local"), "192.0.2.1");
	assert_int_equal(number(row, "local_port"), 40000);
	assert_string_equal(string(row, "remote"), "198.51.100.0");
	assert_int_equal(number(row, "remote_port"), 443);
	assert_int_equal(number(row, "ifindex"), 0);
	assert_int_equal(number(row, "mark"), 42);
	assert_string_equal(string(row, "substate"), "time-wait");
	assert_string_equal(string(row, "verdict"), "reusable");
	row = json_array_get(member(j, "rows"), 1);
	assert_string_equal(string(row, "family"), "inet6");
	assert_string_equal(string(row, "remote"), "2001:db8::1");
	assert_int_equal(number(row, "verdict"), TWSCOPE_N_VERDICTS + 5);
	json_decref(j);
}

static void json_group_figures(void **state)
{
	const json_t *row;
	json_t *j;

	(void)state;
	make_groups("remote/24/128,local/32/32");
	query.sort = TWSCOPE_GROUP_SORT_RATE;
	rows[1].has_whatif = rows[1].has_local_ports = rows[1].has_in_use = false;
	rows[1].has_bind_blocked_ports = false;
	j = groups_json();
	assert_string_equal(json_string_value(json_array_get(member(j, "by"), 0)), "remote");
	assert_string_equal(json_string_value(json_array_get(member(j, "by"), 1)), "local");
	assert_string_equal(string(j, "sort"), "rate");
	assert_int_equal(number(j, "total"), 12346);
	assert_int_equal(number(j, "total_in_use"), 1388);
	assert_int_equal(number(j, "groups"), 3);
	assert_int_equal(number(j, "walk_us"), 1234);
	assert_int_equal(json_array_size(member(j, "rows")), 3);
	assert_null(json_object_get(j, "rest"));
	assert_null(json_object_get(j, "other"));
	row = json_array_get(member(j, "rows"), 0);
	assert_int_equal(number(row, "count"), 12345);
	assert_int_equal(number(member(row, "verdicts"), "too_young"), 345);
	assert_int_equal(number(member(row, "whatif_verdicts"), "too_young"), 245);
	assert_int_equal(json_array_size(member(row, "closes_hist")), 60);
	assert_int_equal(json_integer_value(json_array_get(member(row, "closes_hist"), 9)), 750);
	assert_int_equal(number(row, "earliest_ms"), 120);
	assert_int_equal(number(row, "latest_ms"), 59900);
	assert_int_equal(number(row, "in_use"), 77);
	assert_int_equal(number(row, "in_use_searched"), 70);
	assert_int_equal(number(row, "local_ports"), 12400);
	assert_int_equal(number(row, "bind_blocked_ports"), 1100);
	/* the length is said where it is not that of the whole address */
	assert_int_equal(number(row, "remote_prefix_len"), 24);
	assert_null(json_object_get(row, "local_prefix_len"));
	row = json_array_get(member(j, "rows"), 1);
	assert_int_equal(number(row, "local_prefix_len"), 32);
	assert_null(json_object_get(row, "remote_prefix_len"));
	assert_null(json_object_get(row, "whatif_verdicts"));
	assert_null(json_object_get(row, "in_use"));
	assert_null(json_object_get(row, "in_use_searched"));
	assert_null(json_object_get(row, "local_ports"));
	assert_null(json_object_get(row, "bind_blocked_ports"));
	row = json_array_get(member(j, "rows"), 2);
	assert_null(json_object_get(row, "earliest_ms"));
	assert_null(json_object_get(row, "latest_ms"));
	json_decref(j);
}

static void json_group_sums(void **state)
{
	json_t *j;

	(void)state;
	make_groups("verdict");
	groups.totals.has_in_use = false;
	groups.has_rest = groups.has_other = true;
	groups.rest = some(4000, 7);
	groups.other = some(30000, 0);
	j = groups_json();
	assert_null(json_object_get(j, "total_in_use"));
	assert_int_equal(number(member(j, "rest"), "groups"), 7);
	assert_int_equal(number(member(j, "rest"), "count"), 4000);
	assert_int_equal(number(member(j, "other"), "count"), 30000);
	assert_null(json_object_get(member(j, "other"), "groups"));
	json_decref(j);
}

/* Pressure */

static struct tws_summary netns;
static struct pressure_row destination[2], source;
static struct pressure_report pressures;

static void make_pressures(void)
{
	netns = (struct tws_summary){
		.netns = 4026531840, .bind_blocked_ports = 1200,
		.sysctls = {
			.ip_local_port_range_min = 32768,
			.ip_local_port_range_max = 60999,
			.ip_local_reserved_ports = 32,
		},
	};
	make_groups("remote");
	destination[0] = (struct pressure_row){
		.group = &rows[0], .summary = &netns,
		.now = {
			.ports = 27000, .in_use = 77, .waiting = 12345,
			.reusable = 500, .available = 14578, .rate = 100.4,
			.rate_s = 10, .hold_s = 60, .sustained = 448.7,
			.exhausted_s = 200.9,
		},
		.whatif = {
			.ports = 27000, .in_use = 77, .waiting = 245,
			.reusable = 12600, .available = 26678, .rate = 100.4,
			.rate_s = 10, .hold_s = 1, .sustained = 26923,
			.exhausted_s = -1,
		},
	};
	destination[1] = destination[0];
	destination[1].group = &rows[1];
	destination[1].now.reusable = 0;
	destination[1].now.rate = 9.96;
	destination[1].now.hold_s = 1;
	destination[1].now.exhausted_s = -1;
	source = (struct pressure_row){
		.group = &rows[0], .summary = &netns,
		.now = {
			.ports = 28200, .in_use = 1, .waiting = 28199,
			.rate = 470, .rate_s = 7, .hold_s = 60, .sustained = 470,
		},
	};
	pressures = (struct pressure_report){
		.n = 2, .row = destination, .n_sources = 1, .source = &source,
		.n_summaries = 1, .summary = &netns, .others = 1234,
	};
}

static char *pressure_text(const struct out_options *opt)
{
	struct out *o = open_out(false, opt, OUT_PRESSURE);

	assert_int_equal(out_pressure(o, &pressures), 0);
	return close_out(o, false);
}

static void pressure_screen(void **state)
{
	(void)state;
	make_pressures();
	is_text(pressure_text(&plain),
"Local ports of network namespace 4026531840\n"
"\n"
"range     32768-60999: 28,232 ports, 32 reserved, 1,200 bind-blocked\n"
"\n"
"192.0.2.1 -> 198.51.100.0:443\n"
"taken     12,422 of 27,000 ports (46.0 %)  [#######-........]  14,578 available\n"
"          12,345 by TIME_WAIT, 77 in use; 500 buckets take none: reusable\n"
"rate      100 ports/s over 10 s\n"
"          60 s #_________________________________________________:________. now\n"
"sustained 449 ports/s, as each is taken for 60 s; 26,923 with tcp_tw_reuse=1\n"
"outlook   exhausted in 3 min 20 s at this rate\n"
"          then connect() fails with EADDRNOTAVAIL\n"
"\n"
"2001:db8::1 -> [2001:db8::1]:8080 dev if777\n"
"taken     12,422 of 27,000 ports (46.0 %)  [#######-........]  14,578 available\n"
"          12,345 by TIME_WAIT, 77 in use\n"
"rate      10.0 ports/s over 10 s\n"
"sustained 449 ports/s, as each is taken for 1 s\n"
"outlook   lasts at this rate\n"
"\n"
"bind() to 192.0.2.1, whatever the destination\n"
"taken     28,200 of 28,200 ports (100.0 %)  [################]  none available\n"
"          28,199 by TIME_WAIT, 1 in use\n"
"rate      470 ports/s over 7 s\n"
"          60 s #_________________________________________________:________. now\n"
"sustained 470 ports/s, as each is taken for 60 s\n"
"outlook   exhausted: bind() to port 0 fails with EADDRINUSE\n"
"          the first bucket ends in 120 ms\n"
"\n"
"1,234 more destinations; --top 0 shows all\n");
	fits(pressure_text(&plain));
}

static void pressure_everywhere(void **state)
{
	(void)state;
	make_pressures();
	pressures.n_summaries = 2;
	pressures.others = 1;
	pressures.n = 1;
	destination[0].group = &rows[1];
	destination[0].now.exhausted_s = 59.9;
	is_text(pressure_text(&everywhere),
"\n"
"2001:db8::1 -> [2001:db8::1]:8080 dev if777  netns 4026532241\n"
"taken     12,422 of 27,000 ports (46.0 %)  [#######-........]  14,578 available\n"
"          12,345 by TIME_WAIT, 77 in use; 500 buckets take none: reusable\n"
"rate      100 ports/s over 10 s\n"
"sustained 449 ports/s, as each is taken for 60 s; 26,923 with tcp_tw_reuse=1\n"
"outlook   exhausted in 59.9 s at this rate\n"
"          then connect() fails with EADDRNOTAVAIL\n"
"\n"
"bind() to 192.0.2.1, whatever the destination  netns 4026531840\n"
"taken     28,200 of 28,200 ports (100.0 %)  [################]  none available\n"
"          28,199 by TIME_WAIT, 1 in use\n"
"rate      470 ports/s over 7 s\n"
"          60 s #_________________________________________________:________. now\n"
"sustained 470 ports/s, as each is taken for 60 s\n"
"outlook   exhausted: bind() to port 0 fails with EADDRINUSE\n"
"          the first bucket ends in 120 ms\n"
"\n"
"1 more destination; --top 0 shows all\n");
}

static void outlook_is(double exhausted_s, const char *says)
{
	char *got;

	destination[0].now.exhausted_s = exhausted_s;
	got = pressure_text(&bare);
	if (!strstr(got, says))
		fail_msg("no '%s' in:\n%s", says, got);
	free(got);
}

static void pressure_outlooks(void **state)
{
	(void)state;
	make_pressures();
	pressures.n = 1;
	pressures.n_sources = 0;
	pressures.others = 0;
	outlook_is(-1, "outlook   lasts at this rate\n");
	outlook_is(0.5, "outlook   exhausted in 500 ms at this rate\n          then connect() fails with EADDRNOTAVAIL\n");
	outlook_is(3600, "outlook   exhausted in 1 h 0 min at this rate\n          then connect() fails with EADDRNOTAVAIL\n");
	destination[0].now.available = 0;
	outlook_is(0, "outlook   exhausted: connect() fails with EADDRNOTAVAIL\n");
	outlook_is(0, "  none available\n");
	/* what is exhausted says so, whatever it is for */
	destination[0].now.available = 1;
	destination[0].now.limited = true;
	outlook_is(-1, "outlook   tcp_max_tw_buckets is reached before the ports are: ");
	/* a burst that is over */
	destination[0].now.limited = false;
	outlook_is(-1, "rate      100 ports/s over 10 s\n");
	rows[0].closes[0] = 0;
	rows[0].closes[5] = 100;
	outlook_is(3600, "rate      100 ports/s over 10 s, none in the last 5 s\n");
	outlook_is(3600, "outlook   exhausted in 1 h 0 min at that rate, should it come back\n");
	/* of what comes seldom none was due */
	rows[0].closes[5] = 3;
	outlook_is(3600, "rate      100 ports/s over 10 s\n");
	outlook_is(3600, "outlook   exhausted in 1 h 0 min at this rate\n");
	/* what the module could not tell apart */
	pressures.cut = true;
	outlook_is(-1, "\nWARNING   there are more destinations, or source addresses, than the module\n");
	pressures.cut = false;
	/* tcp_tw_reuse=1 is told of only where it would help */
	destination[0].whatif.hold_s = 60;
	outlook_is(-1, "sustained 449 ports/s, as each is taken for 60 s\n");
	destination[0].now.sustained = 99.94;
	outlook_is(-1, "sustained 99.9 ports/s, as each is taken for 60 s\n");
}

static void pressure_of_a_hostile_device(void **state)
{
	char *got;

	(void)state;
	make_pressures();
	devices_called = "\033[2J\xff";
	got = pressure_text(&bare);
	devices_called = NULL;
	if (!strstr(got, "2001:db8::1 -> [2001:db8::1]:8080 dev ?[2J?\n"))
		fail_msg("the device in:\n%s", got);
	free(got);
}

static void pressure_of_nothing(void **state)
{
	(void)state;
	make_pressures();
	netns.bind_blocked_ports = 0;
	netns.sysctls.ip_local_reserved_ports = 0;
	pressures = (struct pressure_report){ .n_summaries = 1, .summary = &netns };
	is_text(pressure_text(&plain),
"Local ports of network namespace 4026531840\n"
"\n"
"range     32768-60999: 28,232 ports\n"
"no local port of the range is taken by a connection\n");
	is_text(pressure_text(&bare), "no local port of the range is taken by a connection\n");
}

static void json_pressure_figures(void **state)
{
	struct out *o = open_out(true, &plain, OUT_PRESSURE);
	const json_t *d, *other;
	json_t *j;

	(void)state;
	make_pressures();
	pressures.n = 1;
	destination[0].now.limited = true;
	assert_int_equal(out_pressure(o, &pressures), 0);
	j = parsed(close_out(o, false));
	assert_int_equal(number(j, "more_destinations"), 1234);
	assert_int_equal(json_array_size(member(j, "destinations")), 1);
	d = json_array_get(member(j, "destinations"), 0);
	assert_int_equal(number(d, "netns"), 4026531840);
	assert_string_equal(string(d, "local"), "192.0.2.1");
	assert_string_equal(string(d, "remote"), "198.51.100.0");
	assert_int_equal(number(d, "remote_port"), 443);
	assert_int_equal(number(d, "ifindex"), 0);
	assert_int_equal(number(d, "ports"), 27000);
	assert_int_equal(number(d, "available"), 14578);
	assert_int_equal(number(d, "waiting"), 12345);
	assert_int_equal(number(d, "in_use"), 77);
	assert_int_equal(number(d, "reusable"), 500);
	assert_true(json_real_value(json_object_get(d, "rate_per_s")) == 100.4);
	assert_int_equal(number(d, "rate_over_s"), 10);
	assert_true(json_real_value(json_object_get(d, "hold_s")) == 60);
	assert_true(json_real_value(json_object_get(d, "sustained_per_s")) == 448.7);
	assert_true(json_real_value(json_object_get(d, "exhausted_in_s")) == 200.9);
	assert_true(json_is_true(json_object_get(d, "limited")));
	assert_int_equal(json_array_size(member(d, "closes_hist")), 60);
	other = member(d, "tcp_tw_reuse_1");
	assert_int_equal(number(other, "waiting"), 245);
	assert_true(json_is_null(json_object_get(other, "exhausted_in_s")));
	assert_true(json_is_false(json_object_get(other, "limited")));
	d = json_array_get(member(j, "bind_pools"), 0);
	assert_string_equal(string(d, "local"), "192.0.2.1");
	assert_int_equal(number(d, "waiting"), 28199);
	assert_true(json_real_value(json_object_get(d, "exhausted_in_s")) == 0);
	json_decref(j);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(group_table),
		cmocka_unit_test(group_names),
		cmocka_unit_test(group_verdicts),
		cmocka_unit_test(group_sums),
		cmocka_unit_test(no_groups),
		cmocka_unit_test(json_group_keys),
		cmocka_unit_test(json_group_figures),
		cmocka_unit_test(json_group_sums),
		cmocka_unit_test(pressure_screen),
		cmocka_unit_test(pressure_everywhere),
		cmocka_unit_test(pressure_outlooks),
		cmocka_unit_test(pressure_of_a_hostile_device),
		cmocka_unit_test(pressure_of_nothing),
		cmocka_unit_test(json_pressure_figures),
	};

	return cmocka_run_group_tests_name("out_group", tests, NULL, NULL);
}
