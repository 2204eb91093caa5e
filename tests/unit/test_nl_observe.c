// SPDX-License-Identifier: GPL-2.0
/* ctl/nl_observe.c and ctl/nl_parse_observe.c: what was observed, as it comes. */
#include <errno.h>
#include <sys/socket.h>

#include <netlink/msg.h>

#include "peer.h"
#include "spec.h"
#include "test.h"

static char err[512];

/* Replies */

static int parse_stats(const struct msg *m, struct tws_stats *s)
{
	return twnl_parse_stats(m->buf, m->len, s, err, sizeof(err));
}

static int parse_hook(const struct msg *m, struct tws_hook *h)
{
	return twnl_parse_hook(m->buf, m->len, h, err, sizeof(err));
}

static int parse_news(const struct msg *m, struct tws_news *n)
{
	return twnl_parse_news(m->buf, m->len, n, err, sizeof(err));
}

static void good_stats(void **state)
{
	struct msg *m = msg_fresh();
	struct tws_stats s;

	(void)state;
	msg_stats(m, 10, true);
	assert_int_equal(parse_stats(m, &s), 0);
	assert_int_equal(s.netns, 4026531840);
	assert_true(s.has_netns && s.has_segments);
	assert_false(s.ended_netns || s.before_unsettled);
	assert_int_equal(s.observed_ms, 10000);
	assert_int_equal(s.before, 12);
	assert_int_equal(s.created_time_wait, 9000);
	assert_int_equal(s.created_fin_wait2, 300);
	assert_int_equal(s.ended.n, TWSCOPE_N_CAUSES);
	assert_int_equal(s.ended.v[TWSCOPE_CAUSE_TIMER], 7000);
	assert_int_equal(s.ended.v[TWSCOPE_CAUSE_RST], 100);
	assert_int_equal(s.present, 1212);
	assert_int_equal(s.overflow, 50);
	assert_int_equal(s.out_of_memory, 10);
	assert_int_equal(s.restarted, 20);
	assert_int_equal(s.decisions.n, TWSCOPE_N_DECISIONS);
	assert_int_equal(s.decisions.v[TWSCOPE_DECISION_REFUSE_TOO_YOUNG], 40000);
	assert_int_equal(s.segments, 350);
	assert_int_equal(s.answered, 250);
}

/* Each has a number of its own and comes out where it belongs. */
static void no_two_stats_are_mixed_up(void **state)
{
	static const int attrs[] = {
		TWSCOPE_A_STATS_OBSERVED_MS, TWSCOPE_A_STATS_BEFORE,
		TWSCOPE_A_STATS_CREATED_TIME_WAIT,
		TWSCOPE_A_STATS_CREATED_FIN_WAIT2, TWSCOPE_A_STATS_PRESENT,
		TWSCOPE_A_STATS_OVERFLOW, TWSCOPE_A_STATS_OUT_OF_MEMORY,
		TWSCOPE_A_STATS_RESTARTED, TWSCOPE_A_STATS_SEGMENTS,
		TWSCOPE_A_STATS_ANSWERED, TWSCOPE_A_STATS_SEGMENT_MISMATCH,
		TWSCOPE_A_STATS_VERDICT_MISMATCH,
		TWSCOPE_A_STATS_VERDICT_BOUNDARY, TWSCOPE_A_STATS_MISSED,
	};
	const uint64_t high = 1ULL << 40;
	struct msg *m = msg_fresh();
	struct tws_stats s;
	size_t i;

	(void)state;
	msg_u32(m, TWSCOPE_A_STATS_NETNS, 1);
	msg_counts(m, TWSCOPE_A_STATS_ENDED, 3, 7);
	msg_counts(m, TWSCOPE_A_STATS_DECISIONS, 2, 1000);
	for (i = 0; i < ARRAY_SIZE(attrs); i++)
		msg_u64(m, attrs[i], high + i);
	msg_put(m, TWSCOPE_A_STATS_BEFORE_UNSETTLED, "", 0);
	msg_put(m, TWSCOPE_A_STATS_ENDED_NETNS, "", 0);
	assert_int_equal(parse_stats(m, &s), 0);
	assert_true(s.before_unsettled && s.ended_netns);
	assert_int_equal(s.observed_ms, high);
	assert_int_equal(s.before, high + 1);
	assert_int_equal(s.created_time_wait, high + 2);
	assert_int_equal(s.created_fin_wait2, high + 3);
	assert_int_equal(s.present, high + 4);
	assert_int_equal(s.overflow, high + 5);
	assert_int_equal(s.out_of_memory, high + 6);
	assert_int_equal(s.restarted, high + 7);
	assert_int_equal(s.segments, high + 8);
	assert_int_equal(s.answered, high + 9);
	assert_int_equal(s.segment_mismatch, high + 10);
	assert_int_equal(s.verdict_mismatch, high + 11);
	assert_int_equal(s.verdict_boundary, high + 12);
	assert_int_equal(s.missed, high + 13);
	assert_int_equal(s.ended.n, 3);
	assert_int_equal(s.ended.v[2], 28);
	assert_int_equal(s.decisions.n, 2);
	assert_int_equal(s.decisions.v[1], 2000);
}

static void arrays_of_other_modules(void **state)
{
	static const unsigned int lengths[] = { 0, 1, 23, 24, TWS_MAX_COUNTS };
	struct tws_stats s;
	struct msg *m;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(lengths); i++) {
		m = msg_fresh();
		m->without = TWSCOPE_A_STATS_DECISIONS;
		msg_stats(m, 1, true);
		m->without = 0;
		msg_counts(m, TWSCOPE_A_STATS_DECISIONS, lengths[i], 1);
		assert_int_equal(parse_stats(m, &s), 0);
		assert_int_equal(s.decisions.n, lengths[i]);
	}
	m = msg_fresh();
	m->without = TWSCOPE_A_STATS_ENDED;
	msg_stats(m, 1, true);
	m->without = 0;
	msg_counts(m, TWSCOPE_A_STATS_ENDED, TWS_MAX_COUNTS + 1, 1);
	assert_int_equal(parse_stats(m, &s), -1);
	assert_non_null(strstr(err, "attribute ended has 520 bytes"));
}

/* To whom nothing is told of segments. */
static void unprivileged_stats(void **state)
{
	static const int three[] = {
		TWSCOPE_A_STATS_SEGMENTS, TWSCOPE_A_STATS_ANSWERED,
		TWSCOPE_A_STATS_SEGMENT_MISMATCH,
	};
	struct msg *m = msg_fresh();
	struct tws_stats s;
	size_t i;

	(void)state;
	msg_stats(m, 1, false);
	assert_int_equal(parse_stats(m, &s), 0);
	assert_false(s.has_segments);
	/* the three of them, or none */
	for (i = 0; i < ARRAY_SIZE(three); i++) {
		m = msg_fresh();
		m->without = three[i];
		msg_stats(m, 1, true);
		assert_int_equal(parse_stats(m, &s), 0);
		assert_false(s.has_segments);
	}
}

/* Those that ended have no number and nothing that is present. */
static void ended_namespaces(void **state)
{
	static const int absent[] = {
		TWSCOPE_A_STATS_NETNS, TWSCOPE_A_STATS_PRESENT,
	};
	struct tws_stats s;
	struct msg *m;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(absent); i++) {
		m = msg_fresh();
		m->without = absent[i];
		msg_stats(m, 1, true);
		assert_int_equal(parse_stats(m, &s), -1);
		msg_put(m, TWSCOPE_A_STATS_ENDED_NETNS, "", 0);
		assert_int_equal(parse_stats(m, &s), 0);
		assert_true(s.ended_netns);
		assert_int_equal(s.has_netns, absent[i] != TWSCOPE_A_STATS_NETNS);
	}
}

static void good_hooks(void **state)
{
	struct msg *m = msg_fresh();
	struct tws_hook h;

	(void)state;
	msg_hook(m, 0);
	assert_int_equal(parse_hook(m, &h), 0);
	assert_string_equal(h.symbol, "inet_twsk_kill");
	assert_int_equal(h.mechanism, TWSCOPE_MECHANISM_FTRACE);
	assert_int_equal(h.hits, 12345);
	assert_int_equal(h.missed, 0);
	m = msg_fresh();
	msg_hook(m, 1);
	assert_int_equal(parse_hook(m, &h), 0);
	assert_int_equal(h.mechanism, TWSCOPE_MECHANISM_KRETPROBE);
	assert_int_equal(h.missed, 3);
}

static void good_events(void **state)
{
	static const uint8_t local[] = { 192, 0, 2, 1 }, remote[] = { 198, 51, 100, 7 };
	struct msg *m = msg_fresh();
	const struct tws_event *e;
	struct tws_news n;

	(void)state;
	e = &n.event;
	msg_event(m, 0);
	assert_int_equal(parse_news(m, &n), 0);
	assert_true(n.has_event);
	assert_int_equal(n.lost, 0);
	assert_int_equal(n.cursor_len, 0);
	assert_int_equal(e->time_ns, 1795261646123456789);
	assert_int_equal(e->type, TWSCOPE_EVENT_TYPE_CREATED);
	assert_int_equal(e->netns, 4026531840);
	assert_int_equal(e->family, AF_INET);
	assert_memory_equal(e->local, local, 4);
	assert_memory_equal(e->remote, remote, 4);
	assert_int_equal(e->local_port, 40112);
	assert_int_equal(e->remote_port, 443);
	assert_int_equal(e->substate, TWSCOPE_SUBSTATE_TIME_WAIT);
	assert_true(e->has_pid && e->has_comm && e->has_cgroup_id);
	assert_false(e->has_decision || e->has_cause || e->has_count);
	assert_int_equal(e->pid, 1234);
	assert_string_equal(e->comm, "curl");
	assert_int_equal(e->cgroup_id, 5678);

	m = msg_fresh();
	msg_event(m, 1);
	assert_int_equal(parse_news(m, &n), 0);
	assert_true(e->has_decision && e->has_count);
	assert_int_equal(e->decision, TWSCOPE_DECISION_REFUSE_TOO_YOUNG);
	assert_int_equal(e->count, 3);
	assert_false(e->has_cause || e->has_cgroup_id);

	m = msg_fresh();
	msg_event(m, 4);
	assert_int_equal(parse_news(m, &n), 0);
	assert_true(e->has_cause);
	assert_int_equal(e->cause, TWSCOPE_CAUSE_TIMER);
	assert_false(e->has_pid || e->has_comm || e->has_decision);

	m = msg_fresh();
	msg_event(m, 7);
	assert_int_equal(parse_news(m, &n), 0);
	assert_int_equal(e->family, AF_INET6);
	assert_int_equal(e->remote[15], 1);
}

static void lost_and_cursor(void **state)
{
	struct msg *m = msg_fresh();
	struct tws_news n;

	(void)state;
	msg_lost(m, 1ULL << 33);
	assert_int_equal(parse_news(m, &n), 0);
	assert_false(n.has_event);
	assert_int_equal(n.cursor_len, 0);
	assert_int_equal(n.lost, 1ULL << 33);
	m = msg_fresh();
	msg_cursor(m, 0x01020304);
	assert_int_equal(parse_news(m, &n), 0);
	assert_false(n.has_event);
	assert_int_equal(n.lost, 0);
	assert_int_equal(n.cursor_len, 4);
	assert_memory_equal(n.cursor, "\4\3\2\1", 4);
	/* both in one */
	msg_lost(m, 5);
	assert_int_equal(parse_news(m, &n), 0);
	assert_false(n.has_event);
	assert_int_equal(n.lost, 5);
	assert_int_equal(n.cursor_len, 4);
	m = msg_fresh();
	assert_int_equal(parse_news(m, &n), -1);
	assert_non_null(strstr(err, "attribute time-ns is missing"));
}

/* What a newer module knows is kept as its number. */
static void events_of_a_newer_module(void **state)
{
	struct msg *m = msg_fresh();
	struct tws_news n;

	(void)state;
	m->without = TWSCOPE_A_EVENT_TYPE;
	msg_event(m, 0);
	m->without = 0;
	msg_u32(m, TWSCOPE_A_EVENT_TYPE, 9);
	msg_u32(m, TWSCOPE_A_EVENT_MAX + 1, 1);
	assert_int_equal(parse_news(m, &n), 0);
	assert_int_equal(n.event.type, 9);
	m = msg_fresh();
	msg_event(m, 2);
	msg_u32(m, TWSCOPE_A_EVENT_DECISION, 57);
	assert_int_equal(parse_news(m, &n), 0);
	assert_int_equal(n.event.decision, 57);
}

static bool optional(const char *set, const char *name)
{
	static const char *const names[][2] = {
		{ "stats", "ended-netns" }, { "stats", "before-unsettled" },
		{ "stats", "segments" }, { "stats", "answered" },
		{ "stats", "segment-mismatch" },
		{ "event", "lost" }, { "event", "cursor" }, { "event", "count" },
		{ "event", "pid" }, { "event", "comm" }, { "event", "cgroup-id" },
		/* of the requests */
		{ "event", "filter" }, { "event", "all-netns" },
		{ "event", "since-ms" },
		/* it is the other that this type has */
		{ "decision", "cause" }, { "ended", "decision" },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(names); i++)
		if (!strcmp(name, names[i][1]) &&
		    (!strcmp(set, names[i][0]) ||
		     (!strcmp("event", names[i][0]) && strcmp(set, "stats") &&
		      strcmp(set, "hook"))))
			return true;
	return !strcmp(name, "pad");
}

static int parse_set(const char *set, struct msg *m)
{
	struct tws_stats s;
	struct tws_hook h;
	struct tws_news n;

	if (!strcmp(set, "stats")) {
		msg_stats(m, 1, true);
		return parse_stats(m, &s);
	}
	if (!strcmp(set, "hook")) {
		msg_hook(m, 0);
		return parse_hook(m, &h);
	}
	msg_event(m, !strcmp(set, "decision") ? 1 : 4);
	return parse_news(m, &n);
}

/* Each attribute of the spec is left out in turn: it is named by its name there. */
static void missing_ones(void **state)
{
	static const char *const sets[][2] = {
		{ "stats", "stats" }, { "hook", "hook" },
		{ "event", "decision" }, { "event", "ended" },
	};
	char name[64], want[128], *c;
	struct spec_set spec;
	size_t set, i;
	struct msg *m;
	int ret;

	(void)state;
	for (set = 0; set < ARRAY_SIZE(sets); set++) {
		spec_read(sets[set][0], &spec);
		for (i = 0; i < spec.n; i++) {
			strcpy(name, spec.name[i]);
			while ((c = strchr(name, '_')))
				*c = '-';
			m = msg_fresh();
			/* in the spec's order, from 1 */
			m->without = (int)i + 1;
			strcpy(err, "no error");
			ret = parse_set(sets[set][1], m);
			if (optional(sets[set][1], name)) {
				if (ret)
					fail_msg("%s without %s: '%s'",
						 sets[set][1], name, err);
				continue;
			}
			snprintf(want, sizeof(want), "attribute %s is missing", name);
			if (ret != -1 || !strstr(err, want))
				fail_msg("%s without %s: %d '%s'", sets[set][1],
					 name, ret, err);
		}
	}
}

static void wrong_lengths(void **state)
{
	static const struct {
		const char *set;
		int attr;
		int bytes;
		const char *says;
	} cases[] = {
		{ "stats", TWSCOPE_A_STATS_BEFORE, 4, "before has 4 bytes" },
		{ "stats", TWSCOPE_A_STATS_ENDED, 68, "ended has 68 bytes" },
		{ "stats", TWSCOPE_A_STATS_DECISIONS, 183, "decisions has 183 bytes" },
		{ "stats", TWSCOPE_A_STATS_SEGMENTS, 0, "segments has 0 bytes" },
		{ "stats", TWSCOPE_A_STATS_NETNS, 8, "netns has 8 bytes" },
		{ "hook", TWSCOPE_A_HOOK_SYMBOL, 3, "symbol is not a string" },
		{ "hook", TWSCOPE_A_HOOK_SYMBOL, 0, "symbol has 0 bytes" },
		{ "hook", TWSCOPE_A_HOOK_HITS, 4, "hits has 4 bytes" },
		{ "decision", TWSCOPE_A_EVENT_TIME_NS, 4, "time-ns has 4 bytes" },
		{ "decision", TWSCOPE_A_EVENT_LOCAL, 16,
		  "event-get reply is wrong: attribute local has 16 bytes for family 2" },
		{ "decision", TWSCOPE_A_EVENT_REMOTE, 3, "remote has 3 bytes" },
		{ "decision", TWSCOPE_A_EVENT_COMM, 2, "comm is not a string" },
		{ "decision", TWSCOPE_A_EVENT_DECISION, 1, "decision has 1 bytes" },
		{ "ended", TWSCOPE_A_EVENT_CAUSE, 8, "cause has 8 bytes" },
	};
	struct msg *m;
	size_t i;
	int ret;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		m = msg_fresh();
		m->resize = cases[i].attr;
		m->resize_to = cases[i].bytes;
		strcpy(err, "no error");
		ret = parse_set(cases[i].set, m);
		if (ret != -1 || !strstr(err, cases[i].says))
			fail_msg("'%s': %d '%s'", cases[i].says, ret, err);
	}
}

static void wrong_values(void **state)
{
	struct msg *m = msg_fresh();
	struct tws_news n;

	(void)state;
	msg_event(m, 0);
	msg_u32(m, TWSCOPE_A_EVENT_FAMILY, AF_UNIX);
	assert_int_equal(parse_news(m, &n), -1);
	assert_non_null(strstr(err, "event-get reply is wrong: family 1 is unknown"));
	m = msg_fresh();
	msg_event(m, 0);
	msg_u32(m, TWSCOPE_A_EVENT_LOCAL_PORT, 65536);
	assert_int_equal(parse_news(m, &n), -1);
	assert_non_null(strstr(err, "event-get reply is wrong: attribute local-port is 65536"));
	/* more than is kept of a name */
	m = msg_fresh();
	m->without = TWSCOPE_A_EVENT_COMM;
	msg_event(m, 0);
	m->without = 0;
	memset(m->buf + 4096, 'x', 200);
	msg_put(m, TWSCOPE_A_EVENT_COMM, m->buf + 4096, 201);
	assert_int_equal(parse_news(m, &n), 0);
	assert_int_equal(strlen(n.event.comm), sizeof(n.event.comm) - 1);
}

/* Cut anywhere it is refused or of another kind, never read beyond (see ASan). */
static void garbage(void **state)
{
	struct msg *m = msg_fresh();
	struct tws_stats s;
	struct tws_news n;
	size_t len, whole;
	void *copy;

	(void)state;
	msg_stats(m, 1, true);
	whole = m->len;
	for (len = 0; len < whole; len++) {
		copy = malloc(len ? len : 1);
		memcpy(copy, m->buf, len);
		assert_int_equal(twnl_parse_stats(copy, len, &s, err, sizeof(err)), -1);
		free(copy);
	}
	m = msg_fresh();
	m->without = TWSCOPE_A_EVENT_COMM;
	msg_event(m, 2);
	whole = m->len - 8;
	for (len = 0; len < whole; len++) {
		copy = malloc(len ? len : 1);
		memcpy(copy, m->buf, len);
		assert_int_equal(twnl_parse_news(copy, len, &n, err, sizeof(err)), -1);
		free(copy);
	}
}

/* Requests */

static void requests(void **state)
{
	static struct tws_cursor cursor;
	struct tws_filter f = compiled("sport 1");
	struct tws_event_query q = { .cursor = &cursor };
	struct nl_msg *msg = nlmsg_alloc_size(1024);

	(void)state;
	assert_int_equal(twnl_put_observe(msg, true, 0), 0);
	assert_string_equal(shown(msg), "1(01000000)");
	msg = nlmsg_alloc_size(1024);
	assert_int_equal(twnl_put_observe(msg, false, 0), 0);
	assert_string_equal(shown(msg), "1(00000000)");
	msg = nlmsg_alloc_size(1024);
	assert_int_equal(twnl_put_observe(msg, true, 4096), 0);
	assert_string_equal(shown(msg), "1(01000000) 2(00100000)");

	msg = nlmsg_alloc_size(1024);
	assert_int_equal(twnl_put_event(msg, &q), 0);
	assert_string_equal(shown(msg), "");
	q.filter = &f;
	q.all_netns = true;
	q.since_ms = 5000;
	msg = nlmsg_alloc_size(1024);
	assert_int_equal(twnl_put_event(msg, &q), 0);
	/* 2 filter, 3 all-netns, 4 since-ms, 5 cursor */
	assert_string_equal(shown(msg),
			    "2{1{8(01000000) 9(01000000)}} 3() 4(88130000)");
	/* the time is that of the first request */
	cursor.len = 3;
	memcpy(cursor.data, "\1\2\3", 3);
	q.filter = NULL;
	q.all_netns = false;
	msg = nlmsg_alloc_size(1024);
	assert_int_equal(twnl_put_event(msg, &q), 0);
	assert_string_equal(shown(msg), "5(010203)");
	cursor.len = 0;
}

static void requests_without_room(void **state)
{
	static struct tws_cursor cursor = { .len = 100 };
	const struct tws_event_query q = { .cursor = &cursor };
	struct nl_msg *msg = nlmsg_alloc_size(NLMSG_HDRLEN + 40);

	(void)state;
	assert_int_equal(twnl_put_event(msg, &q), -1);
	nlmsg_free(msg);
	msg = nlmsg_alloc_size(NLMSG_HDRLEN + 8);
	assert_int_equal(twnl_put_observe(msg, true, 1), -1);
	nlmsg_free(msg);
}

/* Exchanges */

static int count_stats(const struct tws_stats *s, void *ctx)
{
	assert_int_equal(s->before, 12);
	++*(unsigned int *)ctx;
	return 0;
}

static void stats_exchanges(void **state)
{
	struct twnl *nl = peer_attached();
	struct msg *m = msg_fresh();
	unsigned int n = 0, i;
	size_t at;

	(void)state;
	at = msg_genl(m, FAMILY, 0, 2, TWSCOPE_CMD_STATS_GET);
	msg_stats(m, 1, true);
	msg_end(m, at);
	msg_ack(m, 2, 0, NULL, true);
	peer_say(m);
	assert_int_equal(twnl_stats_get(nl, count_stats, &n), 0);
	assert_int_equal(n, 1);
	m = msg_fresh();
	for (i = 0; i < 3; i++) {
		at = msg_genl(m, FAMILY, NLM_F_MULTI, 3, TWSCOPE_CMD_STATS_GET);
		msg_stats(m, i, true);
		msg_end(m, at);
	}
	msg_done(m, 3, 0, NULL);
	peer_say(m);
	assert_int_equal(twnl_stats_dump(nl, count_stats, &n), 0);
	assert_int_equal(n, 4);
	m = msg_fresh();
	msg_ack(m, 4, 0, NULL, true);
	peer_say(m);
	assert_int_equal(twnl_stats_get(nl, count_stats, &n), -1);
	assert_string_equal(twnl_error(nl), "the module did not answer stats-get");
	assert_int_equal(twnl_errno(nl), 0);
	peer_detach(nl);
}

struct seen {
	unsigned int events;
	uint64_t lost;
	unsigned int stop_after;
};

static int see(const struct tws_news *n, void *ctx)
{
	struct seen *s = ctx;

	assert_true(n->has_event || n->lost);
	s->lost += n->lost;
	s->events += n->has_event;
	return s->stop_after && s->events == s->stop_after;
}

static void say_events(uint32_t seq, unsigned int n, uint64_t lost,
		       uint32_t cursor)
{
	struct msg *m = msg_fresh();
	unsigned int i;
	size_t at;

	for (i = 0; i < n; i++) {
		at = msg_genl(m, FAMILY, NLM_F_MULTI, seq, TWSCOPE_CMD_EVENT_GET);
		msg_event(m, i);
		msg_end(m, at);
	}
	if (cursor) {
		at = msg_genl(m, FAMILY, NLM_F_MULTI, seq, TWSCOPE_CMD_EVENT_GET);
		msg_cursor(m, cursor);
		if (lost)
			msg_lost(m, lost);
		msg_end(m, at);
	}
	msg_done(m, seq, 0, NULL);
	peer_say(m);
}

/* A read goes on where the former ended. */
static void following(void **state)
{
	static struct tws_cursor cursor;
	const struct tws_event_query q = { .cursor = &cursor, .since_ms = 9 };
	struct twnl *nl = peer_attached();
	struct seen seen = { 0 };
	unsigned char req[1024];

	(void)state;
	/* the family */
	assert_true(recv(peer, req, sizeof(req), 0) > 0);
	say_events(2, 3, 0, 0x0a0b0c0d);
	assert_int_equal(twnl_event_dump(nl, &q, see, &seen), 0);
	assert_int_equal(seen.events, 3);
	assert_int_equal(cursor.len, 4);
	assert_int_equal(recv(peer, req, sizeof(req), 0), 20 + 8);
	/* since-ms 9; NLM_F_REQUEST | NLM_F_DUMP */
	assert_memory_equal(req + 20, "\10\0\4\0\11\0\0\0", 8);
	assert_memory_equal(req + 6, "\1\3", 2);
	say_events(3, 2, 77, 0x0a0b0c0e);
	assert_int_equal(twnl_event_dump(nl, &q, see, &seen), 0);
	assert_int_equal(seen.events, 5);
	assert_int_equal(seen.lost, 77);
	assert_int_equal(recv(peer, req, sizeof(req), 0), 20 + 8);
	assert_memory_equal(req + 20, "\10\0\5\0\x0d\x0c\x0b\x0a", 8);
	say_events(4, 0, 0, 0x0a0b0c0f);
	assert_int_equal(twnl_event_dump(nl, &q, see, &seen), 0);
	assert_int_equal(recv(peer, req, sizeof(req), 0), 20 + 8);
	assert_memory_equal(req + 20, "\10\0\5\0\x0e\x0c\x0b\x0a", 8);
	/* who has seen enough keeps the place where this one began */
	seen.stop_after = 7;
	say_events(5, 3, 0, 0x0a0b0c10);
	assert_int_equal(twnl_event_dump(nl, &q, see, &seen), 1);
	assert_int_equal(seen.events, 7);
	assert_memory_equal(cursor.data, "\x0f\x0c\x0b\x0a", 4);
	peer_detach(nl);
}

static void no_cursor_at_the_end(void **state)
{
	static struct tws_cursor cursor;
	const struct tws_event_query q = { .cursor = &cursor };
	struct twnl *nl = peer_attached();
	struct seen seen = { 0 };

	(void)state;
	say_events(2, 1, 0, 0);
	assert_int_equal(twnl_event_dump(nl, &q, see, &seen), -1);
	assert_string_equal(twnl_error(nl),
			    "the module did not answer where its events ended");
	peer_detach(nl);
}

/* The longest cursor that is taken fits into the next request. */
static void longest_cursor(void **state)
{
	static struct tws_cursor cursor;
	const struct tws_event_query q = { .cursor = &cursor };
	static unsigned char req[65536], data[TWS_MAX_CURSOR + 1];
	struct twnl *nl = peer_attached();
	struct seen seen = { 0 };
	uint32_t seq;
	struct msg *m;
	size_t at;

	(void)state;
	for (seq = 2; seq <= 4; seq++) {
		m = msg_fresh();
		at = msg_genl(m, FAMILY, NLM_F_MULTI, seq, TWSCOPE_CMD_EVENT_GET);
		msg_put(m, TWSCOPE_A_EVENT_CURSOR, data,
			seq < 4 ? TWS_MAX_CURSOR : TWS_MAX_CURSOR + 1);
		msg_end(m, at);
		msg_done(m, seq, 0, NULL);
		peer_say(m);
		assert_int_equal(twnl_event_dump(nl, &q, see, &seen),
				 seq < 4 ? 0 : -1);
		assert_true(recv(peer, req, sizeof(req), 0) > 0);
	}
	assert_non_null(strstr(twnl_error(nl), "cursor has 32769 bytes"));
	assert_int_equal(recv(peer, req, sizeof(req), 0), 20 + 4 + TWS_MAX_CURSOR);
	peer_detach(nl);
}

enum call { SET_ON, SET_OFF, STATS, STATS_ALL, HOOKS, EVENTS, EVENTS_ALL };

static int count_hooks(const struct tws_hook *h, void *ctx)
{
	(void)h;
	++*(unsigned int *)ctx;
	return 0;
}

static int make_call(struct twnl *nl, enum call call)
{
	static struct tws_cursor cursor;
	struct tws_event_query q = { .cursor = &cursor };
	struct seen seen = { 0 };
	unsigned int n = 0;

	switch (call) {
	case SET_ON:
	case SET_OFF:
		return twnl_observe_set(nl, call == SET_ON, 0);
	case STATS:
		return twnl_stats_get(nl, count_stats, &n);
	case STATS_ALL:
		return twnl_stats_dump(nl, count_stats, &n);
	case HOOKS:
		return twnl_hook_dump(nl, count_hooks, &n);
	default:
		q.all_netns = call == EVENTS_ALL;
		return twnl_event_dump(nl, &q, see, &seen);
	}
}

/* What generic netlink refuses by itself has no words; the module's are kept. */
static void refusals(void **state)
{
	static const char machine[] =
		" needs CAP_NET_ADMIN in the initial user namespace; run it as root";
	static const struct {
		enum call call;
		int error;
		const char *text;
		const char *says;
	} cases[] = {
		{ SET_ON, EPERM, NULL, "observe on" },
		{ SET_OFF, EPERM, NULL, "observe off" },
		{ SET_ON, EPERM, "words", "words (Operation not permitted)" },
		{ SET_ON, EBUSY, "kprobes are off", "kprobes are off (Device or resource busy)" },
		{ SET_ON, EBUSY, NULL, "the kernel refused: Device or resource busy" },
		{ SET_ON, EOPNOTSUPP, NULL,
		  "the loaded twscope module cannot observe; load the one that came with this twctl" },
		{ STATS, ENODATA, "hooks are off", "not observing: 'twctl observe on' starts it" },
		{ STATS, ENODATA, NULL, "not observing: 'twctl observe on' starts it" },
		{ STATS_ALL, EPERM, NULL, "what was observed in all network namespaces" },
		{ HOOKS, EPERM, NULL, "the list of hooks" },
		{ EVENTS, EPERM, NULL,
		  "reading events needs CAP_NET_ADMIN over the network namespace; run it as root" },
		{ EVENTS_ALL, EPERM, NULL, "reading events" },
		{ EVENTS, EPERM, "words", "words (Operation not permitted)" },
		{ EVENTS, ENODATA, NULL, "not observing: 'twctl observe on' starts it" },
		{ EVENTS, ESTALE, "stale", "stale (Stale file handle)" },
	};
	char want[256];
	struct twnl *nl;
	struct msg *m;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		nl = peer_attached();
		m = msg_fresh();
		msg_ack(m, 2, -cases[i].error, cases[i].text, true);
		peer_say(m);
		assert_int_equal(make_call(nl, cases[i].call), -1);
		snprintf(want, sizeof(want), "%s%s", cases[i].says,
			 cases[i].error == EPERM && !cases[i].text &&
			 cases[i].call != EVENTS ? machine : "");
		assert_string_equal(twnl_error(nl), want);
		assert_int_equal(twnl_errno(nl), cases[i].error);
		peer_detach(nl);
	}
}

/* The errno is that of the last call, not of one before. */
static void errno_is_of_the_last_call(void **state)
{
	struct twnl *nl = peer_attached();
	struct msg *m = msg_fresh();
	unsigned int n = 0;
	size_t at;

	(void)state;
	msg_done(m, 2, -ESTALE, NULL);
	peer_say(m);
	assert_int_equal(make_call(nl, EVENTS), -1);
	assert_int_equal(twnl_errno(nl), ESTALE);
	m = msg_fresh();
	at = msg_genl(m, FAMILY, NLM_F_MULTI, 3, TWSCOPE_CMD_HOOK_GET);
	msg_hook(m, 0);
	msg_end(m, at);
	msg_done(m, 3, 0, NULL);
	peer_say(m);
	assert_int_equal(twnl_hook_dump(nl, count_hooks, &n), 0);
	assert_int_equal(n, 1);
	assert_int_equal(twnl_errno(nl), 0);
	peer_detach(nl);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_stats),
		cmocka_unit_test(no_two_stats_are_mixed_up),
		cmocka_unit_test(arrays_of_other_modules),
		cmocka_unit_test(unprivileged_stats),
		cmocka_unit_test(ended_namespaces),
		cmocka_unit_test(good_hooks),
		cmocka_unit_test(good_events),
		cmocka_unit_test(lost_and_cursor),
		cmocka_unit_test(events_of_a_newer_module),
		cmocka_unit_test(missing_ones),
		cmocka_unit_test(wrong_lengths),
		cmocka_unit_test(wrong_values),
		cmocka_unit_test(garbage),
		cmocka_unit_test(requests),
		cmocka_unit_test(requests_without_room),
		cmocka_unit_test(stats_exchanges),
		cmocka_unit_test(following),
		cmocka_unit_test(no_cursor_at_the_end),
		cmocka_unit_test(longest_cursor),
		cmocka_unit_test(refusals),
		cmocka_unit_test(errno_is_of_the_last_call),
	};

	return cmocka_run_group_tests_name("nl observe", tests, NULL, NULL);
}
