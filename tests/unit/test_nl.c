// SPDX-License-Identifier: GPL-2.0
/* ctl/nl.c: replies read, requests written, and whole exchanges over a socket. */
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include <netlink/msg.h>

#include "msg.h"
#include "nl.h"
#include "peer.h"
#include "spec.h"
#include "test.h"

static char err[512];

/* Replies */

static int parse_info(const struct msg *m, struct tws_info *i)
{
	return twnl_parse_info(m->buf, m->len, i, err, sizeof(err));
}

static int parse_summary(const struct msg *m, struct tws_summary *s)
{
	return twnl_parse_summary(m->buf, m->len, s, err, sizeof(err));
}

static int parse_bucket(const struct msg *m, struct tws_bucket *b)
{
	return twnl_parse_bucket(m->buf, m->len, b, err, sizeof(err));
}

static int parse_ports(const struct msg *m, struct tws_ports *p)
{
	return twnl_parse_ports(m->buf, m->len, p, err, sizeof(err));
}

static void good_info(void **state)
{
	struct msg *m = msg_fresh();
	struct tws_info i;

	(void)state;
	msg_info(m, "1.2.3");
	assert_int_equal(parse_info(m, &i), 0);
	assert_string_equal(i.version, "1.2.3");
	assert_string_equal(i.kernel, "6.1.0-50-cloud-amd64");
	assert_string_equal(i.built_for, "6.1.0-49-cloud-amd64");
	assert_int_equal(i.features, 2);
	assert_int_equal(i.timewait_len_ms, 60000);
	assert_int_equal(i.bucket_bytes, 264);
	assert_int_equal(i.hz, 250);
	assert_int_equal(i.rules, TWSCOPE_RULES_SECONDS);
	assert_true(i.rules_told);
	assert_false(i.observing);
	msg_put(m, TWSCOPE_A_INFO_OBSERVING, "", 0);
	assert_int_equal(parse_info(m, &i), 0);
	assert_true(i.observing);
}

static void good_summary(void **state)
{
	struct msg *m = msg_fresh();
	struct tws_summary s;

	(void)state;
	msg_summary(m, 60, false);
	assert_int_equal(parse_summary(m, &s), 0);
	assert_int_equal(s.netns, 4026531840);
	assert_int_equal(s.total, 18300);
	assert_int_equal(s.timewait, 18000);
	assert_int_equal(s.fin_wait2, 300);
	assert_int_equal(s.ipv4, 18200);
	assert_int_equal(s.ipv6, 90);
	assert_int_equal(s.ipv4_mapped, 10);
	assert_int_equal(s.kernel_count, 18302);
	assert_int_equal(s.kernel_count_before, 18299);
	assert_int_equal(s.walk_us, 1234);
	assert_int_equal(s.limit, 262144);
	assert_int_equal(s.bytes, 18300 * 264);
	assert_int_equal(s.remaining.n, 61);
	assert_int_equal(s.remaining.slot[60], 600);
	assert_int_equal(s.closes.n, 60);
	assert_int_equal(s.closes.slot[0], 300);
	assert_int_equal(s.ehash_entries, 131072);
	assert_true(s.ehash_pernet);
	assert_int_equal(s.sysctls.tcp_tw_reuse, 2);
	assert_true(s.sysctls.has_tcp_tw_reuse_delay);
	assert_int_equal(s.sysctls.tcp_tw_reuse_delay, 1000);
	assert_int_equal(s.sysctls.tcp_timestamps, 1);
	assert_int_equal(s.sysctls.tcp_max_tw_buckets, 262144);
	assert_int_equal(s.sysctls.tcp_fin_timeout, 60);
	assert_int_equal(s.sysctls.tcp_rfc1337, 0);
	assert_int_equal(s.sysctls.tcp_invalid_ratelimit, 500);
	assert_true(s.sysctls.has_tcp_child_ehash_entries);
	assert_int_equal(s.sysctls.ip_local_port_range_min, 32768);
	assert_int_equal(s.sysctls.ip_local_port_range_max, 60999);
	assert_int_equal(s.sysctls.ip_local_reserved_ports, 2);
	assert_int_equal(s.sysctls.ip_autobind_reuse, 0);
	assert_int_equal(s.verdicts[TWSCOPE_VERDICT_REUSABLE], 1000);
	assert_int_equal(s.verdicts[TWSCOPE_VERDICT_BIND_BLOCKED], 188);
	assert_int_equal(s.bound_verdicts[TWSCOPE_VERDICT_REUSABLE], 17988);
	assert_int_equal(s.wait.n, 17);
	assert_int_equal(s.wait.slot[9], 400);
	assert_false(s.has_changes);
	assert_int_equal(s.whatif_wait.n, 0);
}

static void good_whatif(void **state)
{
	struct msg *m = msg_fresh();
	struct tws_summary s;

	(void)state;
	msg_summary(m, 60, false);
	msg_whatif(m);
	assert_int_equal(parse_summary(m, &s), 0);
	assert_true(s.has_changes);
	/* rows are the verdicts now, columns those under the policy */
	assert_int_equal(s.changes[TWSCOPE_VERDICT_DISABLED][TWSCOPE_VERDICT_REUSABLE],
			 10000);
	assert_int_equal(s.changes[TWSCOPE_VERDICT_REUSABLE][TWSCOPE_VERDICT_DISABLED],
			 0);
	assert_int_equal(s.changes[TWSCOPE_VERDICT_BIND_BLOCKED][TWSCOPE_VERDICT_BIND_BLOCKED],
			 188);
	assert_int_equal(s.whatif_wait.n, 17);
	assert_int_equal(s.whatif_wait.slot[9], 6500);
}

/* Verdicts that a newer module has and we do not are unknown, not lost. */
static void verdicts_of_a_newer_module(void **state)
{
	enum { NEWER = TWSCOPE_N_VERDICTS };
	uint32_t v[NEWER + 1] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 900 };
	uint32_t square[NEWER + 1][NEWER + 1] = { 0 };
	const uint32_t next[NEWER + 1] = {
		70, 60, TWS_NEVER, 1, 1, 1, 1, 1, 1, 50,
	};
	static struct tws_ports p;
	struct msg *m = msg_fresh();
	struct tws_summary s;

	(void)state;
	m->without = TWSCOPE_A_SUMMARY_VERDICTS;
	msg_summary(m, 60, false);
	m->without = 0;
	msg_put(m, TWSCOPE_A_SUMMARY_VERDICTS, v, sizeof(v));
	square[NEWER][1] = 10;
	square[NEWER][NEWER] = 20;
	square[3][NEWER] = 40;
	square[3][2] = 80;
	msg_put(m, TWSCOPE_A_SUMMARY_CHANGES, square, sizeof(square));
	assert_int_equal(parse_summary(m, &s), 0);
	assert_int_equal(s.verdicts[0], 901);
	assert_int_equal(s.verdicts[7], 8);
	assert_int_equal(s.changes[0][1], 10);
	assert_int_equal(s.changes[0][0], 20);
	assert_int_equal(s.changes[3][0], 40);
	assert_int_equal(s.changes[3][2], 80);

	m = msg_fresh();
	m->without = TWSCOPE_A_PORT_WAITING_NEXT_MS;
	msg_ports(m, 8);
	m->without = 0;
	msg_put(m, TWSCOPE_A_PORT_WAITING_NEXT_MS, next, sizeof(next));
	assert_int_equal(parse_ports(m, &p), 0);
	assert_int_equal(p.waiting_next_ms[0], 50);
	assert_int_equal(p.waiting_next_ms[1], 60);
	assert_int_equal(p.waiting_next_ms[2], TWS_NEVER);
}

static void good_ports(void **state)
{
	static struct tws_ports p;
	struct msg *m = msg_fresh();
	unsigned int i, sum = 0;

	(void)state;
	msg_ports(m, 256);
	assert_int_equal(parse_ports(m, &p), 0);
	assert_int_equal(p.range_min, 32768);
	assert_int_equal(p.range_max, 60999);
	assert_int_equal(p.state[TWSCOPE_PORT_STATE_FREE], 25000);
	assert_int_equal(p.state[TWSCOPE_PORT_STATE_REUSABLE], 2000);
	assert_int_equal(p.state[TWSCOPE_PORT_STATE_WAITING], 512);
	assert_int_equal(p.state[TWSCOPE_PORT_STATE_IN_USE], 700);
	assert_int_equal(p.state[TWSCOPE_PORT_STATE_BIND_BLOCKED], 17);
	assert_int_equal(p.state[TWSCOPE_PORT_STATE_RESERVED], 3);
	assert_int_equal(p.waiting_verdicts[TWSCOPE_VERDICT_TOO_YOUNG], 500);
	assert_int_equal(p.waiting_verdicts[TWSCOPE_VERDICT_NO_TIMESTAMP], 12);
	assert_int_equal(p.waiting_next_ms[TWSCOPE_VERDICT_TOO_YOUNG], 38);
	assert_int_equal(p.waiting_next_ms[TWSCOPE_VERDICT_DISABLED], TWS_NEVER);
	assert_int_equal(p.bind_blocked_in_use, 5);
	assert_int_equal(p.bind_blocked_waiting, 6);
	assert_int_equal(p.walk_us, 777);
	assert_int_equal(p.n_cells, 256);
	for (i = 0; i < 256; i++)
		sum += p.cell[i][TWSCOPE_PORT_STATE_FREE];
	assert_int_equal(sum, 25000);
	assert_int_equal(p.cell[255][TWSCOPE_PORT_STATE_RESERVED], 3);
	m = msg_fresh();
	msg_ports(m, 0);
	assert_int_equal(parse_ports(m, &p), 0);
	assert_int_equal(p.n_cells, 0);
}

static void good_buckets(void **state)
{
	static const uint8_t v4[] = { 192, 0, 2, 1 };
	struct msg *m = msg_fresh();
	struct tws_bucket b;

	(void)state;
	msg_bucket(m, 0);
	assert_int_equal(parse_bucket(m, &b), 0);
	assert_int_equal(b.netns, 4026531840);
	assert_int_equal(b.family, AF_INET);
	assert_memory_equal(b.local, v4, 4);
	assert_int_equal(b.local_port, 32768);
	assert_int_equal(b.remote[0], 198);
	assert_int_equal(b.remote_port, 443);
	assert_int_equal(b.substate, TWSCOPE_SUBSTATE_TIME_WAIT);
	assert_int_equal(b.remaining_ms, 41230);
	assert_true(b.has_age && b.has_ts_recent && b.has_ts_recent_age);
	assert_int_equal(b.age_ms, 18770);
	assert_int_equal(b.ts_recent, 0xdeadbeef);
	assert_int_equal(b.ts_recent_age_s, 18);
	assert_int_equal(b.rcv_nxt, 0xfffffff0);
	assert_int_equal(b.snd_nxt, 77);
	assert_int_equal(b.verdict, TWSCOPE_VERDICT_TOO_YOUNG);
	assert_true(b.has_wait);
	assert_int_equal(b.wait_ms, 412);
	assert_int_equal(b.bound_verdict, TWSCOPE_VERDICT_REUSABLE);
	assert_false(b.has_whatif || b.has_whatif_wait || b.has_syn_verdict);
	assert_false(b.has_conditions || b.has_syn_seq || b.has_syn_tsval ||
		     b.has_rcv_wnd || b.has_answer_in);

	m = msg_fresh();
	msg_bucket(m, 7);
	assert_int_equal(parse_bucket(m, &b), 0);
	assert_int_equal(b.family, AF_INET6);
	assert_int_equal(b.local[0], 0x20);
	assert_int_equal(b.local[15], 1);
	assert_int_equal(b.substate, TWSCOPE_SUBSTATE_FIN_WAIT2);
	assert_false(b.has_age || b.has_ts_recent || b.has_ts_recent_age);
	assert_int_equal(b.verdict, TWSCOPE_VERDICT_NO_TIMESTAMP);
	assert_false(b.has_wait);
}

static void good_explanation(void **state)
{
	struct msg *m = msg_fresh();
	struct tws_bucket b;

	(void)state;
	msg_bucket(m, 0);
	msg_explanation(m);
	msg_u32(m, TWSCOPE_A_BUCKET_WHATIF_VERDICT, TWSCOPE_VERDICT_DISABLED);
	msg_u32(m, TWSCOPE_A_BUCKET_WHATIF_WAIT_MS, 99);
	msg_u32(m, TWSCOPE_A_BUCKET_SYN_VERDICT, TWSCOPE_SYN_VERDICT_DROP);
	assert_int_equal(parse_bucket(m, &b), 0);
	assert_true(b.has_conditions && b.has_syn_seq && b.has_syn_tsval &&
		    b.has_rcv_wnd && b.has_answer_in);
	assert_int_equal(b.conditions_asked, 0x3f);
	assert_int_equal(b.conditions_held, 0x1f);
	assert_int_equal(b.syn_seq, 0xfffffff1);
	assert_int_equal(b.syn_tsval, 0xdeadbef0);
	assert_int_equal(b.rcv_wnd, 65535);
	assert_int_equal(b.answer_in_ms, 120);
	assert_true(b.has_whatif && b.has_whatif_wait && b.has_syn_verdict);
	assert_int_equal(b.whatif_verdict, TWSCOPE_VERDICT_DISABLED);
	assert_int_equal(b.whatif_wait_ms, 99);
	assert_int_equal(b.syn_verdict, TWSCOPE_SYN_VERDICT_DROP);

	/* one of the two says nothing without the other */
	m = msg_fresh();
	m->without = TWSCOPE_A_BUCKET_CONDITIONS_HELD;
	msg_bucket(m, 0);
	msg_explanation(m);
	assert_int_equal(parse_bucket(m, &b), 0);
	assert_false(b.has_conditions);
}

static bool is_optional(const char *set, const char *name)
{
	static const char *const optional[][2] = {
		{ "summary", "ehash-pernet" },
		{ "sysctls", "tcp-tw-reuse-delay" },
		{ "sysctls", "tcp-child-ehash-entries" },
		{ "bucket", "age-ms" },
		{ "bucket", "ts-recent" },
		{ "bucket", "ts-recent-age-s" },
		{ "bucket", "rcv-nxt" },
		{ "bucket", "snd-nxt" },
		{ "bucket", "mark" },
		{ "info", "rules-told" },
		{ "info", "observing" },
		{ "summary", "changes" },
		{ "summary", "whatif-wait-hist" },
		{ "bucket", "wait-ms" },
		{ "bucket", "whatif-verdict" },
		{ "bucket", "whatif-wait-ms" },
		{ "bucket", "syn-verdict" },
		{ "bucket", "conditions-asked" },
		{ "bucket", "conditions-held" },
		{ "bucket", "syn-seq" },
		{ "bucket", "syn-tsval" },
		{ "bucket", "rcv-wnd" },
		{ "bucket", "answer-in-ms" },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(optional); i++)
		if (!strcmp(set, optional[i][0]) && !strcmp(name, optional[i][1]))
			return true;
	return false;
}

static bool of_requests(const char *set, const char *name)
{
	static const char *const names[] = {
		"pad", "filter", "all-netns", "policy", "syn", "explain",
	};
	static const char *const port[] = {
		"local", "remote", "remote-port", "ifindex", "policy", "cells",
	};
	size_t i;

	if (!strcmp(set, "port")) {
		for (i = 0; i < ARRAY_SIZE(port); i++)
			if (!strcmp(name, port[i]))
				return true;
		return false;
	}
	for (i = 0; i < ARRAY_SIZE(names); i++)
		if (!strcmp(name, names[i]))
			return true;
	return false;
}

static int parse_set(const char *set, struct msg *m)
{
	static struct tws_ports p;
	struct tws_summary s;
	struct tws_bucket b;
	struct tws_info i;

	if (!strcmp(set, "info")) {
		msg_info(m, "1");
		return parse_info(m, &i);
	}
	if (!strcmp(set, "bucket")) {
		msg_bucket(m, 0);
		msg_explanation(m);
		return parse_bucket(m, &b);
	}
	if (!strcmp(set, "port")) {
		msg_ports(m, 64);
		return parse_ports(m, &p);
	}
	if (!strcmp(set, "whatif")) {
		msg_summary(m, 60, false);
		msg_whatif(m);
		return parse_summary(m, &s);
	}
	msg_summary(m, 60, !strcmp(set, "sysctls"));
	return parse_summary(m, &s);
}

/* Each attribute of the spec is left out in turn: it is named by its name there. */
static void missing_ones(void **state)
{
	static const char *const sets[] = {
		"info", "summary", "sysctls", "bucket",
		"port",
	};
	char name[64], want[128], *c;
	struct spec_set spec;
	size_t set, i;
	struct msg *m;
	int ret;

	(void)state;
	for (set = 0; set < ARRAY_SIZE(sets); set++) {
		spec_read(sets[set], &spec);
		for (i = 0; i < spec.n; i++) {
			strcpy(name, spec.name[i]);
			while ((c = strchr(name, '_')))
				*c = '-';
			if (of_requests(sets[set], name))
				continue;
			m = msg_fresh();
			/* in the spec's order, from 1 */
			m->without = (int)i + 1;
			strcpy(err, "no error");
			ret = parse_set(sets[set], m);
			if (is_optional(sets[set], name)) {
				assert_int_equal(ret, 0);
				continue;
			}
			snprintf(want, sizeof(want), "attribute %s is missing", name);
			if (ret != -1 || !strstr(err, want))
				fail_msg("%s without %s: %d '%s'", sets[set], name,
					 ret, err);
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
		{ "info", TWSCOPE_A_INFO_HZ, 3, "hz has 3 bytes" },
		{ "info", TWSCOPE_A_INFO_HZ, 8, "hz has 8 bytes" },
		{ "info", TWSCOPE_A_INFO_VERSION, 0, "version has 0 bytes" },
		/* the NUL cut off */
		{ "info", TWSCOPE_A_INFO_VERSION, 1, "version is not a string" },
		{ "summary", TWSCOPE_A_SUMMARY_TOTAL, 2, "total has 2 bytes" },
		{ "summary", TWSCOPE_A_SUMMARY_BYTES, 4, "bytes has 4 bytes" },
		{ "summary", TWSCOPE_A_SUMMARY_CLOSES_HIST, 239,
		  "closes-hist has 239 bytes" },
		{ "summary", TWSCOPE_A_SUMMARY_REMAINING_HIST, 6,
		  "remaining-hist has 6 bytes" },
		{ "sysctls", TWSCOPE_A_SYSCTLS_IP_LOCAL_PORT_RANGE_MAX, 2,
		  "ip-local-port-range-max has 2 bytes" },
		{ "sysctls", TWSCOPE_A_SYSCTLS_TCP_TW_REUSE_DELAY, 1,
		  "tcp-tw-reuse-delay has 1 bytes" },
		{ "bucket", TWSCOPE_A_BUCKET_SUBSTATE, 1, "substate has 1 bytes" },
		{ "bucket", TWSCOPE_A_BUCKET_LOCAL, 3, "local has 3 bytes" },
		{ "bucket", TWSCOPE_A_BUCKET_LOCAL, 20, "local has 20 bytes" },
		{ "bucket", TWSCOPE_A_BUCKET_LOCAL, 16,
		  "local has 16 bytes for family 2" },
		{ "bucket", TWSCOPE_A_BUCKET_REMOTE, 8,
		  "remote has 8 bytes for family 2" },
		{ "bucket", TWSCOPE_A_BUCKET_AGE_MS, 0, "age-ms has 0 bytes" },
		{ "info", TWSCOPE_A_INFO_RULES, 1, "rules has 1 bytes" },
		/* a verdict too few */
		{ "summary", TWSCOPE_A_SUMMARY_VERDICTS, 28,
		  "verdicts has 28 bytes" },
		{ "summary", TWSCOPE_A_SUMMARY_BOUND_VERDICTS, 33,
		  "bound-verdicts has 33 bytes" },
		{ "summary", TWSCOPE_A_SUMMARY_WAIT_HIST, 3,
		  "wait-hist has 3 bytes" },
		/* no square, and a smaller one */
		{ "whatif", TWSCOPE_A_SUMMARY_CHANGES, 4 * 63,
		  "changes has 252 bytes" },
		{ "whatif", TWSCOPE_A_SUMMARY_CHANGES, 4 * 65,
		  "changes has 260 bytes" },
		{ "whatif", TWSCOPE_A_SUMMARY_CHANGES, 4 * 49,
		  "changes has 196 bytes" },
		{ "bucket", TWSCOPE_A_BUCKET_VERDICT, 2, "verdict has 2 bytes" },
		{ "bucket", TWSCOPE_A_BUCKET_SYN_SEQ, 8, "syn-seq has 8 bytes" },
		{ "port", TWSCOPE_A_PORT_FREE, 2, "free has 2 bytes" },
		{ "port", TWSCOPE_A_PORT_WAITING_VERDICTS, 4,
		  "waiting-verdicts has 4 bytes" },
		{ "port", TWSCOPE_A_PORT_WAITING_NEXT_MS, 4,
		  "waiting-next-ms has 4 bytes" },
		/* half a cell, and one cell too many */
		{ "port", TWSCOPE_A_PORT_MAP, 36, "map has 36 bytes" },
		{ "port", TWSCOPE_A_PORT_MAP, 257 * 24, "map has 6168 bytes" },
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

static void unknown_ones_are_ignored(void **state)
{
	struct msg *m = msg_fresh();
	struct tws_summary s;
	struct tws_bucket b;
	struct tws_info i;

	(void)state;
	msg_u32(m, 500, 1);
	msg_info(m, "1");
	msg_str(m, TWSCOPE_A_INFO_MAX + 1, "of a newer module");
	assert_int_equal(parse_info(m, &i), 0);
	m = msg_fresh();
	msg_u8(m, TWSCOPE_A_SUMMARY_MAX + 1, 1);
	msg_summary(m, 60, false);
	assert_int_equal(parse_summary(m, &s), 0);
	m = msg_fresh();
	msg_bucket(m, 0);
	msg_u64(m, TWSCOPE_A_BUCKET_MAX + 1, 1);
	/* what belongs to requests is none of our business in a reply */
	msg_u64(m, TWSCOPE_A_BUCKET_FILTER, 1);
	assert_int_equal(parse_bucket(m, &b), 0);
}

static void histograms_of_any_length(void **state)
{
	static const unsigned int lengths[] = { 0, 1, 59, 61, 600 };
	struct tws_summary s;
	struct msg *m;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(lengths); i++) {
		m = msg_fresh();
		msg_summary(m, lengths[i], false);
		assert_int_equal(parse_summary(m, &s), 0);
		assert_int_equal(s.closes.n, lengths[i]);
	}
}

static void garbage(void **state)
{
	struct msg *m = msg_fresh();
	struct tws_info i;
	size_t len;

	(void)state;
	/* the one that may be missing */
	m->without = TWSCOPE_A_INFO_RULES_TOLD;
	msg_info(m, "1");
	/* cut anywhere it is refused, and never read beyond (ASan looks on) */
	for (len = 0; len < m->len; len++) {
		void *copy = malloc(len ? len : 1);

		memcpy(copy, m->buf, len);
		assert_int_equal(twnl_parse_info(copy, len, &i, err, sizeof(err)), -1);
		free(copy);
	}
	/* an attribute that says to be shorter than its header */
	m->len = 8;
	memset(m->buf, 0, 8);
	assert_int_equal(parse_info(m, &i), -1);
	assert_non_null(strstr(err, "8 bytes at its end are no attribute"));
	/* a string longer than we keep */
	m = msg_fresh();
	m->without = TWSCOPE_A_INFO_VERSION;
	msg_info(m, "");
	m->without = 0;
	memset(m->buf + 4096, 'x', 200);
	msg_put(m, TWSCOPE_A_INFO_VERSION, m->buf + 4096, 201);
	assert_int_equal(parse_info(m, &i), 0);
	assert_int_equal(strlen(i.version), sizeof(i.version) - 1);
}

static void unknown_family(void **state)
{
	struct msg *m = msg_fresh();
	struct tws_bucket b;

	(void)state;
	m->without = TWSCOPE_A_BUCKET_FAMILY;
	msg_bucket(m, 0);
	m->without = 0;
	msg_u32(m, TWSCOPE_A_BUCKET_FAMILY, AF_UNIX);
	assert_int_equal(parse_bucket(m, &b), -1);
	assert_non_null(strstr(err, "family 1 is unknown"));
}

static void port_out_of_range(void **state)
{
	static struct tws_ports p;
	struct msg *m = msg_fresh();
	struct tws_bucket b;

	(void)state;
	m->without = TWSCOPE_A_BUCKET_REMOTE_PORT;
	msg_bucket(m, 0);
	m->without = 0;
	msg_u32(m, TWSCOPE_A_BUCKET_REMOTE_PORT, 65536);
	assert_int_equal(parse_bucket(m, &b), -1);
	assert_non_null(strstr(err, "bucket-get reply is wrong: attribute remote-port is 65536"));
	m = msg_fresh();
	m->without = TWSCOPE_A_PORT_RANGE_MAX;
	msg_ports(m, 1);
	m->without = 0;
	msg_u32(m, TWSCOPE_A_PORT_RANGE_MAX, 65536);
	assert_int_equal(parse_ports(m, &p), -1);
	assert_non_null(strstr(err, "port-get reply is wrong: attribute range-max is 65536"));
}

/* What only CAP_NET_ADMIN is told may be missing. */
static void unprivileged_row(void **state)
{
	static const int only_admin[] = {
		TWSCOPE_A_BUCKET_TS_RECENT, TWSCOPE_A_BUCKET_RCV_NXT,
		TWSCOPE_A_BUCKET_SND_NXT, TWSCOPE_A_BUCKET_MARK,
	};
	struct tws_bucket b;
	struct msg *m;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(only_admin) / sizeof(only_admin[0]); i++) {
		m = msg_fresh();
		m->without = only_admin[i];
		msg_bucket(m, 0);
		m->without = 0;
		assert_int_equal(parse_bucket(m, &b), 0);
		assert_int_equal(b.has_ts_recent + b.has_rcv_nxt + b.has_snd_nxt +
				 b.has_mark, 3);
		assert_true(b.has_ts_recent_age);
	}
}

/* Requests */

static void query_is(const struct tws_bucket_query *q, const char *want)
{
	struct nl_msg *msg = nlmsg_alloc_size(16384);
	int len;

	assert_int_equal(twnl_put_bucket(msg, q), 0);
	len = nlmsg_datalen(nlmsg_hdr(msg));
	assert_string_equal(shown(msg), want);
	if (!len)
		return;
	/* a message that is too small */
	msg = nlmsg_alloc_size((size_t)(NLMSG_HDRLEN + len - 4));
	assert_int_equal(twnl_put_bucket(msg, q), -1);
	nlmsg_free(msg);
}

static void request_is(const char *text, bool all_netns, const char *want)
{
	struct tws_filter f = compiled(text);
	const struct tws_bucket_query q = { .filter = &f, .all_netns = all_netns };

	query_is(&q, want);
}

static void requests(void **state)
{
	(void)state;
	/* little endian, as this machine; NLA_F_NESTED is what makes the braces */
	request_is(NULL, false, "");
	request_is(NULL, true, "2()");
	request_is("family inet6", false, "1{1{2(0a000000)}}");
	request_is("not substate fin-wait2", false, "1{1{1() 3(05000000)}}");
	request_is("src 10.0.0.0/8", false, "1{1{4(0a000000) 5(08000000)}}");
	request_is("dst [2001:db8::]/32", false,
		   "1{1{6(20010db8000000000000000000000000) 7(20000000)}}");
	request_is("sport ge 1024", false, "1{1{8(00040000) 9(ffff0000)}}");
	request_is("dport lt 1024", false, "1{1{10(00000000) 11(ff030000)}}");
	request_is("dport != 443", false, "1{1{1() 10(bb010000) 11(bb010000)}}");
	request_is("verdict = reusable", false, "1{1{12(01000000)}}");
	request_is("remaining < 5s", false, "1{1{13(00000000) 14(87130000)}}");
	request_is("age >= 500ms", false, "1{1{15(f4010000) 16(ffffffff)}}");
	request_is("fwmark != 0x10/0xf0", false,
		   "1{1{1() 17(10000000) 18(f0000000)}}");
	request_is("dev 3", false, "1{1{19(03000000)}}");
	request_is("dst 1.2.3.4:80 or not (sport 1 or state time-wait)", true,
		   "1{1{6(01020304) 7(20000000)} 1{10(50000000) 11(50000000)}} "
		   "1{1{1() 8(01000000) 9(01000000)} 1{1() 3(06000000)}} 2()");
}

static void requests_of_whatif_and_syn(void **state)
{
	const struct tws_policy none = { 0 }, reuse = {
		.has_tcp_tw_reuse = true, .tcp_tw_reuse = 1,
	};
	const struct tws_policy all = {
		.has_tcp_tw_reuse = true, .has_tcp_tw_reuse_delay = true,
		.has_tcp_timestamps = true, .tcp_tw_reuse_delay = 0x01020304,
	};
	const struct tws_syn seq = { .seq = 0xfffffffe };
	const struct tws_syn both = { .seq = 1, .tsval = 0, .has_tsval = true };
	struct tws_filter f = compiled("sport 1");
	struct tws_bucket_query q = { .policy = &none };

	(void)state;
	/* 18 policy, 19 syn, 20 explain */
	query_is(&q, "18{}");
	q.policy = &reuse;
	query_is(&q, "18{1(01000000)}");
	q.policy = &all;
	query_is(&q, "18{1(00000000) 2(04030201) 3(00000000)}");
	q = (struct tws_bucket_query){ .syn = &seq };
	query_is(&q, "19{1(feffffff)}");
	q.syn = &both;
	q.explain = true;
	q.filter = &f;
	q.all_netns = true;
	q.policy = &reuse;
	query_is(&q, "1{1{8(01000000) 9(01000000)}} 2() 18{1(01000000)} "
		 "19{1(01000000) 2(00000000)} 20()");
}

static void requests_of_a_summary(void **state)
{
	const struct tws_policy p = { .has_tcp_timestamps = true };
	struct tws_filter f = compiled("family inet");
	struct nl_msg *msg = nlmsg_alloc_size(1024);

	(void)state;
	assert_int_equal(twnl_put_summary(msg, NULL, NULL), 0);
	assert_string_equal(shown(msg), "");
	msg = nlmsg_alloc_size(1024);
	assert_int_equal(twnl_put_summary(msg, &f, &p), 0);
	/* 19 filter, 20 policy */
	assert_string_equal(shown(msg), "19{1{2(02000000)}} 20{3(00000000)}");
	msg = nlmsg_alloc_size(NLMSG_HDRLEN + 24);
	assert_int_equal(twnl_put_summary(msg, &f, &p), -1);
	nlmsg_free(msg);
	msg = nlmsg_alloc_size(NLMSG_HDRLEN + 8);
	assert_int_equal(twnl_put_summary(msg, &f, NULL), -1);
	nlmsg_free(msg);
}

static void requests_of_ports(void **state)
{
	const struct tws_policy p = { .has_tcp_tw_reuse = true };
	struct tws_port_query q = {
		.family = AF_INET, .local = { 192, 0, 2, 1 },
		.remote = { 198, 51, 100, 7 }, .remote_port = 443,
	};
	struct nl_msg *msg = nlmsg_alloc_size(1024);

	(void)state;
	assert_int_equal(twnl_put_port(msg, &q), 0);
	assert_string_equal(shown(msg), "1(c0000201) 2(c6336407) 3(bb010000)");
	q = (struct tws_port_query){
		.family = AF_INET6, .local = { [15] = 1 }, .remote = { [15] = 2 },
		.remote_port = 80, .ifindex = 3, .cells = 64, .policy = &p,
	};
	msg = nlmsg_alloc_size(1024);
	assert_int_equal(twnl_put_port(msg, &q), 0);
	assert_string_equal(shown(msg),
		"1(00000000000000000000000000000001) "
		"2(00000000000000000000000000000002) 3(50000000) 4(03000000) "
		"5{1(00000000)} 6(40000000)");
	msg = nlmsg_alloc_size(NLMSG_HDRLEN + 40);
	assert_int_equal(twnl_put_port(msg, &q), -1);
	nlmsg_free(msg);
}

static void longest_request(void **state)
{
	char s[64 * 64] = "", where[64];
	struct tws_bucket_query q = { .all_netns = true };
	struct nl_msg *msg = nlmsg_alloc_size(16384);
	struct tws_filter f;
	unsigned int i;

	(void)state;
	for (i = 0; i < 64; i++) {
		snprintf(where, sizeof(where), "%ssrc != [::%u]", i ? " or " : "", i);
		strcat(s, where);
	}
	f = compiled(s);
	q.filter = &f;
	assert_int_equal(twnl_put_bucket(msg, &q), 0);
	assert_int_equal(nlmsg_datalen(nlmsg_hdr(msg)),
			 64 * (4 + 4 + 4 + 20 + 8) + 4);
	nlmsg_free(msg);
}

/* Exchanges: what the kernel will say is in the socket before it is asked. */

static void not_loaded(void **state)
{
	int fd = peer_connected();
	struct msg *m = msg_fresh();

	(void)state;
	msg_ack(m, 1, -ENOENT, NULL, true);
	peer_say(m);
	assert_null(twnl_attach(fd, err, sizeof(err)));
	assert_string_equal(err,
		"the twscope module is not loaded; load it with: modprobe twscope");
	close(peer);
}

static void other_family_version(void **state)
{
	int fd = peer_connected();

	(void)state;
	peer_say_family(TWSCOPE_FAMILY_VERSION + 1);
	assert_null(twnl_attach(fd, err, sizeof(err)));
	assert_non_null(strstr(err, "speaks version 2 of its protocol"));
	assert_non_null(strstr(err, "(0.0.test) version 1"));
	close(peer);
}

static void info_exchange(void **state)
{
	struct twnl *nl = peer_attached();
	struct msg *m = msg_fresh();
	struct nlmsghdr h;
	struct genlmsghdr g;
	struct tws_info i;
	char req[1024];
	size_t at;

	(void)state;
	/* late news of an earlier request is none of this one */
	msg_ack(m, 1, -EPERM, NULL, true);
	/* and so is what answers another question */
	at = msg_genl(m, FAMILY, 0, 2, TWSCOPE_CMD_SUMMARY_GET);
	msg_summary(m, 60, false);
	msg_end(m, at);
	at = msg_genl(m, FAMILY, 0, 2, TWSCOPE_CMD_INFO_GET);
	msg_info(m, "9.9");
	msg_end(m, at);
	msg_ack(m, 2, 0, NULL, true);
	peer_say(m);
	assert_int_equal(twnl_info_get(nl, &i), 0);
	assert_string_equal(i.version, "9.9");

	/* the first request was for the family, this is the second */
	assert_true(recv(peer, req, sizeof(req), 0) > 0);
	assert_int_equal(recv(peer, req, sizeof(req), 0), 20);
	memcpy(&h, req, sizeof(h));
	memcpy(&g, req + NLMSG_HDRLEN, sizeof(g));
	assert_int_equal(h.nlmsg_len, 20);
	assert_int_equal(h.nlmsg_type, FAMILY);
	assert_int_equal(h.nlmsg_flags, NLM_F_REQUEST | NLM_F_ACK);
	assert_int_equal(g.cmd, TWSCOPE_CMD_INFO_GET);
	assert_int_equal(g.version, TWSCOPE_FAMILY_VERSION);
	peer_detach(nl);
}

static void no_reply_but_an_ack(void **state)
{
	struct twnl *nl = peer_attached();
	struct msg *m = msg_fresh();
	struct tws_info i;

	(void)state;
	msg_ack(m, 2, 0, NULL, true);
	peer_say(m);
	assert_int_equal(twnl_info_get(nl, &i), -1);
	assert_string_equal(twnl_error(nl), "the module did not answer info-get");
	peer_detach(nl);
}

static void errors_with_the_kernels_words(void **state)
{
	static const struct {
		const char *text;
		bool capped;
		const char *want;
	} cases[] = {
		{ "the kernel's words", true,
		  "the kernel's words (Operation not permitted)" },
		{ "the kernel's words", false,
		  "the kernel's words (Operation not permitted)" },
		{ NULL, true, "the kernel refused: Operation not permitted" },
		{ NULL, false, "the kernel refused: Operation not permitted" },
	};
	struct tws_info info;
	struct twnl *nl;
	struct msg *m;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		nl = peer_attached();
		m = msg_fresh();
		msg_ack(m, 2, -EPERM, cases[i].text, cases[i].capped);
		peer_say(m);
		assert_int_equal(twnl_info_get(nl, &info), -1);
		assert_string_equal(twnl_error(nl), cases[i].want);
		peer_detach(nl);
	}
}

/* The family's number is found, and it is gone when it is asked. */
static void unloaded_meanwhile(void **state)
{
	struct twnl *nl = peer_attached();
	struct msg *m = msg_fresh();
	struct tws_info info;

	(void)state;
	msg_ack(m, 2, -ENOENT, NULL, true);
	peer_say(m);
	assert_int_equal(twnl_info_get(nl, &info), -1);
	assert_string_equal(twnl_error(nl), "the twscope module was unloaded meanwhile");
	peer_detach(nl);
}

/* What follows an error is words only where the flag says so. */
static void no_words_without_the_flag(void **state)
{
	struct twnl *nl = peer_attached();
	struct msg *m = msg_fresh();
	struct tws_info info;

	(void)state;
	msg_ack(m, 2, -EPERM, "not words", true);
	((struct nlmsghdr *)m->buf)->nlmsg_flags &= (uint16_t)~NLM_F_ACK_TLVS;
	peer_say(m);
	assert_int_equal(twnl_info_get(nl, &info), -1);
	assert_string_equal(twnl_error(nl),
			    "the kernel refused: Operation not permitted");
	peer_detach(nl);
}

static int count(const struct tws_bucket *b, void *ctx)
{
	unsigned int *n = ctx;

	assert_int_equal(b->local_port, 32768 + *n);
	++*n;
	return 0;
}

static void put_rows(struct msg *m, unsigned int from, unsigned int n,
		     uint16_t flags)
{
	unsigned int i;
	size_t at;

	for (i = from; i < from + n; i++) {
		at = msg_genl(m, FAMILY, NLM_F_MULTI | flags, 2,
			      TWSCOPE_CMD_BUCKET_GET);
		msg_bucket(m, i);
		msg_end(m, at);
	}
}

static void bucket_dump(void **state)
{
	struct twnl *nl = peer_attached();
	struct msg *m = msg_fresh();
	unsigned int n = 0;

	(void)state;
	put_rows(m, 0, 100, 0);
	peer_say(m);
	m = msg_fresh();
	put_rows(m, 100, 50, 0);
	msg_done(m, 2, 0, NULL);
	peer_say(m);
	assert_int_equal(twnl_bucket_dump(nl, NULL, count, &n), 0);
	assert_int_equal(n, 150);
	assert_false(twnl_inconsistent(nl));
	peer_detach(nl);
}

static void dump_that_was_disturbed(void **state)
{
	struct twnl *nl = peer_attached();
	struct msg *m = msg_fresh();
	unsigned int n = 0;

	(void)state;
	put_rows(m, 0, 3, 0);
	put_rows(m, 3, 1, NLM_F_DUMP_INTR);
	msg_done(m, 2, 0, NULL);
	peer_say(m);
	assert_int_equal(twnl_bucket_dump(nl, NULL, count, &n), 0);
	assert_int_equal(n, 4);
	assert_true(twnl_inconsistent(nl));
	peer_detach(nl);
}

static void dump_that_fails_at_its_end(void **state)
{
	struct twnl *nl = peer_attached();
	struct msg *m = msg_fresh();
	unsigned int n = 0;

	(void)state;
	put_rows(m, 0, 2, 0);
	msg_done(m, 2, -ENOMEM, "out of something");
	peer_say(m);
	assert_int_equal(twnl_bucket_dump(nl, NULL, count, &n), -1);
	assert_string_equal(twnl_error(nl),
			    "out of something (Cannot allocate memory)");
	assert_int_equal(n, 2);
	peer_detach(nl);
}

static int stop_at_once(const struct tws_bucket *b, void *ctx)
{
	(void)b;
	++*(unsigned int *)ctx;
	return 1;
}

static void stopping(void **state)
{
	static volatile sig_atomic_t stop = 1;
	struct twnl *nl = peer_attached();
	struct msg *m = msg_fresh();
	unsigned int n = 0;

	(void)state;
	put_rows(m, 0, 2, 0);
	peer_say(m);
	/* by what the callback returns */
	assert_int_equal(twnl_bucket_dump(nl, NULL, stop_at_once, &n), 1);
	assert_int_equal(n, 1);
	/* by the flag: nothing is waited for */
	twnl_stop_on(nl, &stop);
	assert_int_equal(twnl_bucket_dump(nl, NULL, stop_at_once, &n), 1);
	assert_int_equal(n, 1);
	peer_detach(nl);
}

static void bad_row_names_its_attribute(void **state)
{
	struct twnl *nl = peer_attached();
	struct msg *m = msg_fresh();
	unsigned int n = 0;

	(void)state;
	put_rows(m, 0, 1, 0);
	m->without = TWSCOPE_A_BUCKET_REMOTE;
	put_rows(m, 1, 1, 0);
	peer_say(m);
	assert_int_equal(twnl_bucket_dump(nl, NULL, count, &n), -1);
	assert_non_null(strstr(twnl_error(nl), "attribute remote is missing"));
	assert_int_equal(n, 1);
	peer_detach(nl);
}

static int summaries(const struct tws_summary *s, void *ctx)
{
	assert_int_equal(s->total, 18300);
	++*(unsigned int *)ctx;
	return 0;
}

static void summary_exchanges(void **state)
{
	struct twnl *nl = peer_attached();
	struct msg *m = msg_fresh();
	unsigned int n = 0, i;
	size_t at;

	(void)state;
	at = msg_genl(m, FAMILY, 0, 2, TWSCOPE_CMD_SUMMARY_GET);
	msg_summary(m, 60, false);
	msg_end(m, at);
	msg_ack(m, 2, 0, NULL, true);
	peer_say(m);
	assert_int_equal(twnl_summary_get(nl, NULL, NULL, summaries, &n), 0);
	assert_int_equal(n, 1);

	m = msg_fresh();
	for (i = 0; i < 3; i++) {
		at = msg_genl(m, FAMILY, NLM_F_MULTI, 3, TWSCOPE_CMD_SUMMARY_GET);
		msg_summary(m, 60, false);
		msg_end(m, at);
	}
	msg_done(m, 3, 0, NULL);
	peer_say(m);
	assert_int_equal(twnl_summary_dump(nl, NULL, NULL, summaries, &n), 0);
	assert_int_equal(n, 4);
	peer_detach(nl);
}

/* A module that knows nothing of policies counts, but answers another question. */
static void whatif_must_be_answered(void **state)
{
	const struct tws_policy p = { .has_tcp_tw_reuse = true };
	struct twnl *nl = peer_attached();
	struct msg *m = msg_fresh();
	unsigned int n = 0, seq;
	size_t at;

	(void)state;
	for (seq = 2; seq <= 3; seq++) {
		m = msg_fresh();
		at = msg_genl(m, FAMILY, 0, seq, TWSCOPE_CMD_SUMMARY_GET);
		msg_summary(m, 60, false);
		if (seq == 2)
			msg_whatif(m);
		msg_end(m, at);
		msg_ack(m, seq, 0, NULL, true);
		peer_say(m);
		assert_int_equal(twnl_summary_get(nl, NULL, &p, summaries, &n),
				 seq == 2 ? 0 : -1);
		assert_int_equal(n, 1);
	}
	assert_string_equal(twnl_error(nl),
		"the module did not answer what would change under the other sysctls");
	peer_detach(nl);
}

static void port_exchange(void **state)
{
	const struct tws_port_query q = { .family = AF_INET, .remote_port = 443 };
	struct twnl *nl = peer_attached();
	static struct tws_ports p;
	struct msg *m = msg_fresh();
	size_t at;

	(void)state;
	at = msg_genl(m, FAMILY, 0, 2, TWSCOPE_CMD_PORT_GET);
	msg_ports(m, 64);
	msg_end(m, at);
	peer_say(m);
	/* the ack comes by itself and must not spoil what was read */
	m = msg_fresh();
	msg_ack(m, 2, 0, NULL, true);
	peer_say(m);
	assert_int_equal(twnl_port_get(nl, &q, &p), 0);
	assert_int_equal(p.n_cells, 64);
	assert_int_equal(p.state[TWSCOPE_PORT_STATE_FREE], 25000);
	m = msg_fresh();
	msg_ack(m, 3, 0, NULL, true);
	peer_say(m);
	assert_int_equal(twnl_port_get(nl, &q, &p), -1);
	assert_string_equal(twnl_error(nl), "the module did not answer port-get");
	m = msg_fresh();
	msg_ack(m, 4, -EINVAL, "local: of another family than remote", true);
	peer_say(m);
	assert_int_equal(twnl_port_get(nl, &q, &p), -1);
	assert_string_equal(twnl_error(nl),
		"local: of another family than remote (Invalid argument)");
	peer_detach(nl);
}

/* Replies cut at any byte: an error, or time out for what never comes; no crash. */
static void cut_replies(void **state)
{
	static struct msg whole;
	struct tws_info i;
	struct twnl *nl;
	struct msg *m;
	size_t at, len;

	(void)state;
	memset(&whole, 0, sizeof(whole));
	at = msg_genl(&whole, FAMILY, 0, 2, TWSCOPE_CMD_INFO_GET);
	msg_info(&whole, "1");
	msg_end(&whole, at);
	msg_ack(&whole, 2, -EINVAL, "words", true);
	for (len = 1; len < whole.len; len++) {
		nl = peer_attached();
		m = msg_fresh();
		memcpy(m->buf, whole.buf, len);
		m->len = len;
		peer_say(m);
		/* nothing follows */
		shutdown(peer, SHUT_WR);
		assert_int_equal(twnl_info_get(nl, &i), -1);
		peer_detach(nl);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_info),
		cmocka_unit_test(good_summary),
		cmocka_unit_test(good_whatif),
		cmocka_unit_test(verdicts_of_a_newer_module),
		cmocka_unit_test(good_ports),
		cmocka_unit_test(good_buckets),
		cmocka_unit_test(good_explanation),
		cmocka_unit_test(missing_ones),
		cmocka_unit_test(wrong_lengths),
		cmocka_unit_test(unknown_ones_are_ignored),
		cmocka_unit_test(histograms_of_any_length),
		cmocka_unit_test(garbage),
		cmocka_unit_test(unknown_family),
		cmocka_unit_test(port_out_of_range),
		cmocka_unit_test(unprivileged_row),
		cmocka_unit_test(requests),
		cmocka_unit_test(requests_of_whatif_and_syn),
		cmocka_unit_test(requests_of_a_summary),
		cmocka_unit_test(requests_of_ports),
		cmocka_unit_test(longest_request),
		cmocka_unit_test(not_loaded),
		cmocka_unit_test(other_family_version),
		cmocka_unit_test(info_exchange),
		cmocka_unit_test(no_reply_but_an_ack),
		cmocka_unit_test(errors_with_the_kernels_words),
		cmocka_unit_test(unloaded_meanwhile),
		cmocka_unit_test(no_words_without_the_flag),
		cmocka_unit_test(bucket_dump),
		cmocka_unit_test(dump_that_was_disturbed),
		cmocka_unit_test(dump_that_fails_at_its_end),
		cmocka_unit_test(stopping),
		cmocka_unit_test(bad_row_names_its_attribute),
		cmocka_unit_test(summary_exchanges),
		cmocka_unit_test(whatif_must_be_answered),
		cmocka_unit_test(port_exchange),
		cmocka_unit_test(cut_replies),
	};

	return cmocka_run_group_tests_name("nl", tests, NULL, NULL);
}
