// SPDX-License-Identifier: GPL-2.0
/* Hooks, stats, rates and events as people and programs get them. */
#include <sys/socket.h>
#include <time.h>

#include "decisions.h"
#include "printed.h"
#include "test.h"

/* 2026-11-21 11:47:26 UTC */
#define NOW_NS 1795261646123456789ULL

static struct tws_stats busy(void)
{
	return (struct tws_stats){
		.netns = 4026531840U, .has_netns = true, .has_segments = true,
		.observed_ms = 200000, .before = 12,
		.created_time_wait = 12001, .created_fin_wait2 = 344,
		.ended = { TWSCOPE_N_CAUSES, {
			[TWSCOPE_CAUSE_TIMER] = 11500,
			[TWSCOPE_CAUSE_ACTIVE_REUSE] = 400,
			[TWSCOPE_CAUSE_PASSIVE_SYN] = 100,
		} },
		.present = 357, .overflow = 3, .out_of_memory = 1, .restarted = 12,
		.decisions = { TWSCOPE_N_DECISIONS, {
			[TWSCOPE_DECISION_REUSE] = 400,
			[TWSCOPE_DECISION_REFUSE_TOO_YOUNG] = 3600,
			[TWSCOPE_DECISION_BOUND_REFUSE_NO_TIMESTAMP] = 2,
			[TWSCOPE_DECISION_SYN_SEQUENCE] = 100,
			[TWSCOPE_DECISION_OLD_DUPLICATE] = 20,
		} },
		.segments = 120, .answered = 20,
	};
}

static struct tws_stats nothing(void)
{
	return (struct tws_stats){
		.netns = 4026531840U, .has_netns = true, .observed_ms = 999,
		.ended.n = TWSCOPE_N_CAUSES, .decisions.n = TWSCOPE_N_DECISIONS,
	};
}

static char *stats_text(const struct tws_stats *s)
{
	struct out *o = open_out(false, &plain, OUT_STATS);

	assert_int_equal(out_stats(o, s), 0);
	return close_out(o, false);
}

static bool says(const struct tws_stats *s, const char *what)
{
	char *got = stats_text(s);
	bool found = strstr(got, what);

	free(got);
	return found;
}

static void stats_screen(void **state)
{
	struct tws_stats s = busy();

	(void)state;
	is_text(stats_text(&s),
"Observed for 3 min 20 s in network namespace 4026531840\n"
"\n"
"before    12 buckets were there when observing began\n"
"created   12,345 buckets\n"
"              12,001   97.2 %  began in TIME_WAIT\n"
"                 344    2.8 %  began in FIN_WAIT2\n"
"ended     12,000 buckets, by\n"
"              11,500   95.8 %  timer           its time was over\n"
"                 400    3.3 %  active-reuse    connect() took its place\n"
"                 100    0.8 %  passive-syn     a listener took the peer's SYN\n"
"present   357 by the kernel's own count\n"
"balance   before + created - ended = present: ok\n"
"restarted 12 times TIME_WAIT began anew\n"
"overflow  3 closes left no bucket: tcp_max_tw_buckets was reached\n"
"          1 closes left no bucket: out of memory\n"
"\n"
"connect() 4,002 times asked for a bucket's place\n"
"          (where refused, a port search goes on to the next port)\n"
"                 400   10.0 %  reuse    connect() took its place\n"
"               3,600   90.0 %  refused  too young\n"
"                   2   <0.1 %  refused  bound port, peer without timestamps\n"
"\n"
"segments  120 met a bucket; refused with an ACK: 20\n"
"                 100   83.3 %  SYN with a newer sequence number\n"
"                  20   16.7 %  out of turn: ACK sent\n");
}

static void stats_of_nothing(void **state)
{
	struct tws_stats s = nothing();

	(void)state;
	is_text(stats_text(&s),
"Observed for 999 ms in network namespace 4026531840\n"
"\n"
"created   0 buckets\n"
"ended     0 buckets\n"
"present   0 by the kernel's own count\n"
"balance   before + created - ended = present: ok\n");
	s.created_time_wait = s.ended.v[0] = s.before = s.restarted = 1;
	s.decisions.v[TWSCOPE_DECISION_REFUSE_OTHER] = 1;
	assert_true(says(&s, "before    1 bucket was there when"));
	assert_true(says(&s, "created   1 bucket\n"));
	assert_true(says(&s, "ended     1 bucket, by\n"));
	assert_true(says(&s, "restarted 1 time TIME_WAIT"));
	assert_true(says(&s, "connect() 1 time asked for a bucket's place\n"));
}

static void unprivileged_stats(void **state)
{
	struct tws_stats s = busy();

	(void)state;
	s.has_segments = false;
	assert_false(says(&s, "segments"));
	assert_false(says(&s, "out of turn"));
	assert_true(says(&s, "connect() 4,002"));
}

static void stats_out_of_balance(void **state)
{
	struct tws_stats s = busy();

	(void)state;
	s.present = 359;
	assert_true(says(&s,
"balance   before + created - ended = present: off by -2\n"
"          (under traffic the numbers are not of one moment)\n"));
	assert_false(says(&s, "ok\n"));
	s.ended.v[TWSCOPE_CAUSE_OTHER] = 360;
	assert_true(says(&s, "present: off by -362\n"));
}

static void stats_of_other_modules(void **state)
{
	struct tws_stats s = busy();

	(void)state;
	s.ended.n = 2;
	assert_true(says(&s, "timer"));
	assert_false(says(&s, "active-reuse"));
	s = busy();
	s.ended.n = 11;
	s.ended.v[10] = 5;
	s.decisions.n = 58;
	s.decisions.v[57] = 7;
	assert_true(says(&s, "                   5   <0.1 %  cause 10\n"));
	assert_true(says(&s,
"\nothers    7 decisions that this twctl does not know\n"
"                   7  100.0 %  decision 57\n"));
}

static void warns_of_what_is_wrong(void **state)
{
	struct tws_stats s = busy();

	(void)state;
	assert_false(says(&s, "WARNING"));
	s.missed = 1234;
	assert_true(says(&s,
"\n\nWARNING   1,234 times a hook could not run, in whatever namespace: what it\n"
"          counts is too low by as many. 'twctl observe' shows which; only what\n"
"          ftrace does misses nothing.\n"));
	s = busy();
	s.before_unsettled = true;
	assert_true(says(&s, "\nWARNING   so much was going on when observing began that before,"));
	s = busy();
	s.verdict_mismatch = 5;
	assert_true(says(&s, "\nWARNING   5 times connect() got another answer than predicted:"));
	s = busy();
	s.segment_mismatch = 6;
	assert_true(says(&s, "\nWARNING   after 6 segments the kernel did something else than predicted:"));
	s.has_segments = false;
	assert_false(says(&s, "WARNING"));
	s = busy();
	s.segments = 122;
	assert_true(says(&s, "\nWARNING   122 segments, but 120 decisions on them."));
	/* no fault, so no warning */
	s = busy();
	s.verdict_boundary = 3;
	assert_false(says(&s, "WARNING"));
	assert_true(says(&s,
"\n\n          3 verdicts changed while connect() asked, as a clock ticked, say;\n"
"          counted by what it was answered.\n"));
}

/* What is left out is idle, and the last block is of those that ended. */
static void stats_of_all(void **state)
{
	struct tws_stats idle = nothing(), s = busy(), ended = busy();
	struct out *o = open_out(false, &plain, OUT_ALL_STATS);
	char *got;

	(void)state;
	ended.ended_netns = true;
	ended.has_netns = false;
	ended.present = 0;
	ended.before = 0;
	ended.ended.v[TWSCOPE_CAUSE_NETNS_EXIT] = 345;
	out_stats(o, &idle);
	out_stats(o, &s);
	out_stats(o, &ended);
	got = close_out(o, false);
	assert_int_equal(strncmp(got, "Observed for 3 min 20 s in network namespace 4026531840\n", 56), 0);
	assert_non_null(strstr(got, "ACK sent\n\nObserved for 3 min 20 s in network namespaces that ended since\n\n"));
	assert_non_null(strstr(got, "345    2.8 %  netns-exit      its network namespace ended\nbalance   before + created - ended = present: ok\n"));
	assert_null(strstr(got, "999 ms"));
	free(got);
	o = open_out(false, &plain, OUT_ALL_STATS);
	out_stats(o, &idle);
	is_text(close_out(o, false),
		"no network namespace has had a bucket since observing began\n");
	/* nobody knows where it failed */
	o = open_out(false, &plain, OUT_ALL_STATS);
	is_text(close_out(o, true), "");
}

static void stats_fit(void **state)
{
	struct tws_stats s = busy();
	unsigned int i;

	(void)state;
	s.created_time_wait = s.created_fin_wait2 = s.before = 123456789012;
	s.present = s.segments = s.answered = s.restarted = s.overflow = 123456789012;
	s.verdict_mismatch = s.verdict_boundary = s.missed = 123456789;
	s.segment_mismatch = s.out_of_memory = 123456789;
	s.before_unsettled = true;
	s.ended.n = s.decisions.n = TWS_MAX_COUNTS;
	for (i = 0; i < TWS_MAX_COUNTS; i++)
		s.ended.v[i] = s.decisions.v[i] = 99999999;
	fits(stats_text(&s));
}

static void json_stats_keys(void **state)
{
	struct tws_stats s = busy();
	struct out *o = open_out(true, &plain, OUT_STATS);
	const json_t *part;
	struct spec_set spec;
	char key[64], *c;
	unsigned int i;
	json_t *j;

	(void)state;
	s.present++;
	out_stats(o, &s);
	j = parsed(close_out(o, false));
	spec_read("stats", &spec);
	spec_drop(&spec, "pad");
	/* put together, or turned round */
	spec_drop(&spec, "created_time_wait");
	spec_drop(&spec, "created_fin_wait2");
	spec_drop(&spec, "before_unsettled");
	strcpy(spec.name[spec.n++], "created");
	strcpy(spec.name[spec.n++], "before_settled");
	strcpy(spec.name[spec.n++], "ended_total");
	strcpy(spec.name[spec.n++], "balance");
	keys_are(j, &spec);
	assert_int_equal(number(j, "netns"), 4026531840);
	assert_int_equal(number(j, "balance"), -1);
	assert_int_equal(number(j, "ended_total"), 12000);
	assert_int_equal(number(j, "observed_ms"), 200000);
	assert_true(json_is_true(json_object_get(j, "before_settled")));
	assert_true(json_is_false(json_object_get(j, "ended_netns")));
	assert_int_equal(number(member(j, "created"), "fin_wait2"), 344);
	part = member(j, "ended");
	assert_int_equal(json_object_size(part), TWSCOPE_N_CAUSES);
	assert_int_equal(number(part, "active_reuse"), 400);
	part = member(j, "decisions");
	assert_int_equal(json_object_size(part), TWSCOPE_N_DECISIONS);
	for (i = 0; i < TWSCOPE_N_DECISIONS; i++) {
		strcpy(key, decision_name(i));
		while ((c = strchr(key, '-')))
			*c = '_';
		assert_int_equal(number(part, key), s.decisions.v[i]);
	}
	json_decref(j);
}

static void json_stats_of_other_modules(void **state)
{
	struct tws_stats s = busy();
	struct out *o = open_out(true, &plain, OUT_ALL_STATS);
	const json_t *first;
	json_t *j;

	(void)state;
	s.has_segments = false;
	s.before_unsettled = true;
	s.ended.n = 10;
	s.ended.v[9] = 5;
	s.decisions.n = 2;
	out_stats(o, &s);
	s.ended_netns = true;
	out_stats(o, &s);
	j = parsed(close_out(o, false));
	assert_int_equal(json_array_size(j), 2);
	first = json_array_get(j, 0);
	assert_int_equal(number(member(first, "ended"), "cause_9"), 5);
	assert_int_equal(json_object_size(member(first, "decisions")), 2);
	assert_null(json_object_get(first, "segments"));
	assert_null(json_object_get(first, "answered"));
	assert_true(json_is_false(json_object_get(first, "before_settled")));
	assert_true(json_is_true(json_object_get(json_array_get(j, 1), "ended_netns")));
	assert_null(json_object_get(json_array_get(j, 1), "netns"));
	json_decref(j);
}

static void rate_lines(void **state)
{
	struct tws_stats s = busy();
	struct out *o = open_out(false, &plain, OUT_RATES);

	(void)state;
	s.observed_ms = 2000;
	s.ended.v[TWSCOPE_CAUSE_RST] = 1;
	s.ended.v[TWSCOPE_CAUSE_FIN_WAIT2_DATA] = 2;
	s.ended.v[TWSCOPE_CAUSE_BOUND_REUSE] = 4;
	s.ended.v[TWSCOPE_CAUSE_NETNS_EXIT] = 6;
	out_rates(o, &s, NOW_NS);
	s = nothing();
	out_rates(o, &s, NOW_NS + 1000000000);
	is_text(close_out(o, false),
"                             ------------ ended a second by ------------  connect  without\n"
"    TIME   PRESENT  CREATED    TIMER    REUSE      SYN      RST    OTHER  REFUSED   BUCKET  RESTART\n"
"11:47:26       357     6172     5750      202     50.0      1.5      3.0     1801      2.0      6.0\n"
"11:47:27         0        0        0        0        0        0        0        0        0        0\n");
}

/* Again for who has scrolled. */
static void rate_headers(void **state)
{
	const struct out_options bare = { .no_header = true };
	struct tws_stats s = busy();
	struct out *o = open_out(false, &plain, OUT_RATES);
	unsigned int i, headers = 0;
	char *got, *at;

	(void)state;
	for (i = 0; i < 41; i++)
		out_rates(o, &s, NOW_NS);
	got = close_out(o, false);
	for (at = got; (at = strstr(at, "PRESENT")); at++)
		headers++;
	assert_int_equal(headers, 3);
	free(got);
	o = open_out(false, &bare, OUT_RATES);
	out_rates(o, &s, NOW_NS);
	got = close_out(o, false);
	assert_null(strstr(got, "PRESENT"));
	assert_true(strlen(got) <= 100);
	free(got);
}

/* An object a line, and the numbers are differences, as they were given. */
static void json_rates_are_lines(void **state)
{
	struct tws_stats s = busy();
	struct out *o = open_out(true, &plain, OUT_RATES);
	char *got, *second;
	json_t *j;

	(void)state;
	out_rates(o, &s, NOW_NS);
	out_rates(o, &s, NOW_NS + 1);
	got = close_out(o, false);
	second = strchr(got, '\n') + 1;
	assert_ptr_equal(strchr(second, '\n') + 1, got + strlen(got));
	j = json_loads(second, 0, NULL);
	assert_int_equal(number(j, "time_ns"), NOW_NS + 1);
	assert_int_equal(number(j, "interval_ms"), 200000);
	assert_int_equal(number(j, "present"), 357);
	assert_int_equal(number(member(j, "created"), "time_wait"), 12001);
	assert_null(json_object_get(j, "balance"));
	assert_null(json_object_get(j, "netns"));
	json_decref(j);
	free(got);
}

static struct tws_event event(void)
{
	return (struct tws_event){
		.time_ns = NOW_NS, .type = TWSCOPE_EVENT_TYPE_CREATED,
		.netns = 4026531840U, .family = AF_INET,
		.local = { 192, 0, 2, 1 }, .local_port = 40112,
		.remote = { 198, 51, 100, 7 }, .remote_port = 443,
		.substate = TWSCOPE_SUBSTATE_TIME_WAIT,
		.has_pid = true, .pid = 1234, .has_comm = true, .comm = "curl",
		.has_cgroup_id = true, .cgroup_id = 5678,
	};
}

static struct tws_event refusal(uint32_t count)
{
	struct tws_event e = event();

	e.type = TWSCOPE_EVENT_TYPE_DECISION;
	e.has_decision = true;
	e.decision = TWSCOPE_DECISION_REFUSE_TOO_YOUNG;
	e.has_count = true;
	e.count = count;
	e.has_cgroup_id = false;
	return e;
}

static struct tws_event end(void)
{
	struct tws_event e = event();

	e.type = TWSCOPE_EVENT_TYPE_ENDED;
	e.has_cause = true;
	e.cause = TWSCOPE_CAUSE_TIMER;
	e.substate = TWSCOPE_SUBSTATE_FIN_WAIT2;
	e.has_pid = e.has_comm = e.has_cgroup_id = false;
	return e;
}

static void event_lines(void **state)
{
	struct tws_event e = event();
	struct out *o = open_out(false, &plain, OUT_EVENTS);

	(void)state;
	out_event(o, &e);
	e = refusal(12);
	out_event(o, &e);
	e = refusal(1);
	out_event(o, &e);
	out_lost(o, 12345);
	e = end();
	e.local_port = 1;
	out_event(o, &e);
	is_text(close_out(o, false),
"TIME          EVENT     LOCAL                  REMOTE                 SUBSTATE   WHY                                  WHO\n"
"11:47:26.123  created   192.0.2.1:40112        198.51.100.7:443       time-wait                                       curl[1234] cgroup 5678\n"
"11:47:26.123  refused   192.0.2.1:40112        198.51.100.7:443       time-wait  too young x12                        curl[1234]\n"
"11:47:26.123  refused   192.0.2.1:40112        198.51.100.7:443       time-wait  too young                            curl[1234]\n"
"-- 12,345 events lost: the recorder is too small (twctl observe on --recorder N) or the reader too slow --\n"
"11:47:26.123  ended     192.0.2.1:1            198.51.100.7:443       fin-wait2  its time was over\n");
}

/* A wider address widens its column from there on; utf8 has a better sign. */
static void event_columns(void **state)
{
	const struct out_options opt = {
		.utf8 = true, .no_header = true, .all_netns = true,
	};
	const uint8_t v6[16] = { 0x20, 1, 0xd, 0xb8, 1, 2, 3, 4, 5, 6, 7, 8, 9, 9, 9, 9 };
	struct tws_event e = refusal(3);
	struct out *o = open_out(false, &opt, OUT_EVENTS);

	(void)state;
	e.family = AF_INET6;
	memcpy(e.local, v6, 16);
	memcpy(e.remote, v6, 16);
	out_event(o, &e);
	e = refusal(3);
	out_event(o, &e);
	is_text(close_out(o, false),
"11:47:26.123  4026531840           refused   [2001:db8:102:304:506:708:909:909]:40112  [2001:db8:102:304:506:708:909:909]:443  time-wait  too young ×3                         curl[1234]\n"
"11:47:26.123  4026531840           refused   192.0.2.1:40112                           198.51.100.7:443                        time-wait  too young ×3                         curl[1234]\n");
}

static char *event_text(const struct tws_event *e)
{
	const struct out_options opt = { .no_header = true };
	struct out *o = open_out(false, &opt, OUT_EVENTS);

	out_event(o, e);
	return close_out(o, false);
}

static bool event_says(const struct tws_event *e, const char *what)
{
	char *got = event_text(e);
	bool found = strstr(got, what);

	free(got);
	return found;
}

static void events_of_a_newer_module(void **state)
{
	struct tws_event e = refusal(1);

	(void)state;
	e.decision = 57;
	assert_true(event_says(&e, "  decision  192.0.2.1:40112 "));
	assert_true(event_says(&e, "  decision 57  "));
	e = end();
	e.cause = 12;
	assert_true(event_says(&e, "  cause 12\n"));
	e = event();
	e.type = 9;
	assert_true(event_says(&e, "  event 9   192.0.2.1:40112 "));
	e.substate = 3;
	assert_true(event_says(&e, "  unknown    "));
}

/* A process names itself; a terminal would obey. */
static void names_of_processes_are_tamed(void **state)
{
	struct tws_event e = event();

	(void)state;
	strcpy(e.comm, "\033[2J\xff\n");
	e.has_cgroup_id = false;
	assert_true(event_says(&e, "  ?[2J??[1234]\n"));
	e.has_comm = false;
	assert_true(event_says(&e, "  [1234]\n"));
	e.has_pid = false;
	e.has_cgroup_id = true;
	assert_true(event_says(&e, "  cgroup 5678\n"));
}

static void event_colors(void **state)
{
	const struct out_options opt = { .color = true, .no_header = true };
	struct tws_event e = refusal(1);
	struct out *o = open_out(false, &opt, OUT_EVENTS);
	char *got;

	(void)state;
	out_event(o, &e);
	e.decision = TWSCOPE_DECISION_BOUND_REUSE;
	out_event(o, &e);
	e = end();
	out_event(o, &e);
	out_lost(o, 1);
	got = close_out(o, false);
	assert_non_null(strstr(got, "\033[1;31mrefused \033[0m "));
	assert_non_null(strstr(got, "\033[32mreuse   \033[0m "));
	assert_non_null(strstr(got, "  ended     192.0.2.1"));
	assert_non_null(strstr(got, "\033[36mfin-wait2\033[0m "));
	assert_non_null(strstr(got, "\033[1;31m-- 1 event lost: "));
	free(got);
}

/* The header is there before the first event, but not above a failure. */
static void event_header(void **state)
{
	struct out *o = open_out(false, &plain, OUT_EVENTS);
	struct tws_event e = event();
	char *got;

	(void)state;
	is_text(close_out(o, true), "");
	o = open_out(false, &plain, OUT_EVENTS);
	assert_int_equal(out_flush(o), 0);
	out_event(o, &e);
	out_flush(o);
	got = close_out(o, false);
	assert_int_equal(strncmp(got, "TIME ", 5), 0);
	assert_null(strstr(got + 5, "TIME "));
	free(got);
}

static void json_event_keys(void **state)
{
	struct tws_event e = refusal(3);
	struct out *o = open_out(true, &plain, OUT_EVENTS);
	struct spec_set spec;
	json_t *j;

	(void)state;
	e.has_cause = e.has_cgroup_id = true;
	out_event(o, &e);
	j = parsed(close_out(o, false));
	spec_read("event", &spec);
	spec_drop(&spec, "pad");
	spec_drop(&spec, "filter");
	spec_drop(&spec, "all_netns");
	spec_drop(&spec, "since_ms");
	spec_drop(&spec, "cursor");
	spec_drop(&spec, "lost");
	keys_are(j, &spec);
	assert_int_equal(number(j, "time_ns"), NOW_NS);
	assert_string_equal(string(j, "type"), "decision");
	assert_string_equal(string(j, "decision"), "refuse-too-young");
	assert_string_equal(string(j, "cause"), "other");
	assert_string_equal(string(j, "family"), "inet");
	assert_string_equal(string(j, "local"), "192.0.2.1");
	assert_int_equal(number(j, "local_port"), 40112);
	assert_string_equal(string(j, "remote"), "198.51.100.7");
	assert_int_equal(number(j, "remote_port"), 443);
	assert_string_equal(string(j, "substate"), "time-wait");
	assert_int_equal(number(j, "count"), 3);
	assert_int_equal(number(j, "pid"), 1234);
	assert_string_equal(string(j, "comm"), "curl");
	assert_int_equal(number(j, "cgroup_id"), 5678);
	json_decref(j);
}

static void json_events_are_lines(void **state)
{
	struct out *o = open_out(true, &plain, OUT_EVENTS);
	struct tws_event e = end();
	char *got, *second, *third;
	json_t *j;

	(void)state;
	e.cause = 12;
	out_event(o, &e);
	out_lost(o, 77);
	e.type = 9;
	out_event(o, &e);
	got = close_out(o, false);
	second = strchr(got, '\n') + 1;
	third = strchr(second, '\n') + 1;
	assert_int_equal(strncmp(second, "{\"lost\":77}\n", 12), 0);
	*strchr(third, '\n') = '\0';
	j = json_loads(third, 0, NULL);
	/* what has no name here */
	assert_int_equal(number(j, "cause"), 12);
	assert_int_equal(number(j, "type"), 9);
	/* and what was not told */
	assert_int_equal(json_object_size(j), 10);
	json_decref(j);
	free(got);
	o = open_out(true, &plain, OUT_EVENTS);
	is_text(close_out(o, false), "");
}

static char *comm_as_json(const char *comm)
{
	struct out *o = open_out(true, &plain, OUT_EVENTS);
	struct tws_event e = refusal(1);

	snprintf(e.comm, sizeof(e.comm), "%s", comm);
	out_event(o, &e);
	return close_out(o, false);
}

/* Nor does JSON hand a terminal what it would obey, or lose a name for its bytes. */
static void json_names_of_processes(void **state)
{
	static const struct {
		const char *comm, *text, *value;
	} cases[] = {
		{ "curl", "\"curl\"", "curl" },
		{ "\033[2J\n", "\"\\u001B[2J\\n\"", "\033[2J\n" },
		{ "\xc2\x9b" "31m", "\"\\u009B31m\"", "\xc2\x9b" "31m" },
		{ "caf\xe9", "\"caf?\"", "caf?" },
		{ "abcdefghijklm\xe2\x82", "\"abcdefghijklm??\"", "abcdefghijklm??" },
		{ "", "\"\"", "" },
	};
	unsigned int i;
	char *got;
	json_t *j;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		got = comm_as_json(cases[i].comm);
		assert_non_null(strstr(got, cases[i].text));
		j = json_loads(got, 0, NULL);
		assert_string_equal(string(j, "comm"), cases[i].value);
		json_decref(j);
		free(got);
	}
}

static struct tws_hook two[] = {
	{ "inet_twsk_kill", TWSCOPE_MECHANISM_FTRACE, 12345, 0 },
	{ "tcp_twsk_unique", 7, 1234567890123, 0 },
};

static const struct hooks hooks = { 2, two };

static char *observe_text(const struct observe_report *r)
{
	struct out *o = open_out(false, &plain, OUT_OBSERVE);

	two[1].missed = 3;
	out_observe(o, r);
	return close_out(o, false);
}

static void observe_screen(void **state)
{
	const struct tws_stats s = busy();
	struct observe_report r = {
		.asked = OBSERVE_TELL, .was_on = true, .is_on = true,
		.total = &s, .now_ns = NOW_NS, .hooks = &hooks,
	};

	(void)state;
	is_text(observe_text(&r),
"observing since 2026-11-21 11:44:06, for 3 min 20 s\n"
"\n"
"HOOK                          MECHANISM             HITS      MISSED\n"
"inet_twsk_kill                ftrace              12,345           0\n"
"tcp_twsk_unique               mechanism 7  1,234,567,890,123           3\n"
"\n"
"WARNING   hooks could not run 3 times: what they count is too low by as many.\n");
	r.hooks = NULL;
	is_text(observe_text(&r),
"observing since 2026-11-21 11:44:06, for 3 min 20 s\n"
"the hooks are shown to CAP_NET_ADMIN in the initial user namespace only\n");
	r.is_on = false;
	is_text(observe_text(&r), "not observing: 'twctl observe on' starts it\n");
}

static void turning(void **state)
{
	const struct tws_stats s = busy();
	struct observe_report r = {
		.asked = OBSERVE_ON, .is_on = true, .now_ns = NOW_NS,
	};

	(void)state;
	is_text(observe_text(&r), "observing is on\n");
	r.was_on = true;
	is_text(observe_text(&r), "observing is on already\n");
	r = (struct observe_report){
		.asked = OBSERVE_OFF, .was_on = true, .total = &s,
	};
	is_text(observe_text(&r),
"observed for 3 min 20 s: 12,345 buckets created, 12,000 ended\n"
"connect() met a bucket 4,002 times, segments of peers 120 times\n"
"these counts and the recorded events are gone now\n"
"observing is off\n");
	r.total = NULL;
	is_text(observe_text(&r), "observing is off\n");
	r.was_on = false;
	is_text(observe_text(&r), "observing is off already\n");
}

static json_t *observe_json(const struct observe_report *r)
{
	struct out *o = open_out(true, &plain, OUT_OBSERVE);

	out_observe(o, r);
	return parsed(close_out(o, false));
}

static void json_observe_keys(void **state)
{
	const struct tws_stats s = busy();
	struct observe_report r = {
		.asked = OBSERVE_TELL, .was_on = true, .is_on = true,
		.total = &s, .hooks = &hooks,
	};
	json_t *j = observe_json(&r);
	const json_t *h;

	(void)state;
	assert_int_equal(json_object_size(j), 6);
	assert_true(json_is_true(json_object_get(j, "observing")));
	assert_int_equal(number(j, "observed_ms"), 200000);
	assert_int_equal(number(j, "created"), 12345);
	assert_int_equal(number(j, "ended"), 12000);
	assert_int_equal(number(j, "decisions"), 4122);
	h = json_array_get(member(j, "hooks"), 0);
	assert_int_equal(json_object_size(h), 4);
	assert_string_equal(string(h, "symbol"), "inet_twsk_kill");
	assert_string_equal(string(h, "mechanism"), "ftrace");
	assert_int_equal(number(h, "hits"), 12345);
	assert_int_equal(number(h, "missed"), 0);
	assert_int_equal(number(json_array_get(member(j, "hooks"), 1), "mechanism"), 7);
	json_decref(j);
	r = (struct observe_report){ .asked = OBSERVE_OFF, .was_on = true };
	j = observe_json(&r);
	assert_int_equal(json_object_size(j), 2);
	assert_true(json_is_false(json_object_get(j, "observing")));
	assert_true(json_is_true(json_object_get(j, "changed")));
	json_decref(j);
}

static void info_while_observing(void **state)
{
	const struct tws_info info = { .observing = true };
	struct out *o = open_out(false, &plain, OUT_INFO);
	char *got;
	json_t *j;

	(void)state;
	two[1].missed = 3;
	out_info(o, &info, &hooks);
	got = close_out(o, false);
	assert_non_null(strstr(got,
"\nobserving   yes\n"
"WARNING     the hook of tcp_twsk_unique ran 1,234,567,890,123 times and could\n"
"            not 3 times: what it counts is too low by as many.\n"));
	assert_null(strstr(got, "inet_twsk_kill"));
	free(got);
	two[1].missed = 0;
	o = open_out(false, &plain, OUT_INFO);
	out_info(o, &info, &hooks);
	got = close_out(o, false);
	assert_non_null(strstr(got, "\nobserving   yes\n"));
	assert_null(strstr(got, "WARNING"));
	free(got);
	o = open_out(true, &plain, OUT_INFO);
	out_info(o, &info, &hooks);
	j = parsed(close_out(o, false));
	assert_true(json_is_true(json_object_get(j, "observing")));
	assert_int_equal(json_array_size(json_object_get(j, "hooks")), 2);
	json_decref(j);
}

static int in_utc(void **state)
{
	(void)state;
	setenv("TZ", "UTC", 1);
	tzset();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stats_screen),
		cmocka_unit_test(stats_of_nothing),
		cmocka_unit_test(unprivileged_stats),
		cmocka_unit_test(stats_out_of_balance),
		cmocka_unit_test(stats_of_other_modules),
		cmocka_unit_test(warns_of_what_is_wrong),
		cmocka_unit_test(stats_of_all),
		cmocka_unit_test(stats_fit),
		cmocka_unit_test(json_stats_keys),
		cmocka_unit_test(json_stats_of_other_modules),
		cmocka_unit_test(rate_lines),
		cmocka_unit_test(rate_headers),
		cmocka_unit_test(json_rates_are_lines),
		cmocka_unit_test(event_lines),
		cmocka_unit_test(event_columns),
		cmocka_unit_test(events_of_a_newer_module),
		cmocka_unit_test(names_of_processes_are_tamed),
		cmocka_unit_test(event_colors),
		cmocka_unit_test(event_header),
		cmocka_unit_test(json_event_keys),
		cmocka_unit_test(json_events_are_lines),
		cmocka_unit_test(json_names_of_processes),
		cmocka_unit_test(observe_screen),
		cmocka_unit_test(turning),
		cmocka_unit_test(json_observe_keys),
		cmocka_unit_test(info_while_observing),
	};

	return cmocka_run_group_tests_name("out observe", tests, in_utc, NULL);
}
