// SPDX-License-Identifier: GPL-2.0
#include <assert.h>
#include <string.h>
#include <sys/socket.h>

#include <linux/twscope.h>

#include "msg.h"

void msg_put(struct msg *m, int type, const void *data, size_t len)
{
	struct nlattr a = { .nla_type = (uint16_t)type };
	size_t n = len;

	if (m->without && m->without == type)
		return;
	if (m->resize && m->resize == type)
		n = (size_t)m->resize_to;
	assert(m->len + NLA_HDRLEN + NLA_ALIGN(n) <= sizeof(m->buf));
	a.nla_len = (uint16_t)(NLA_HDRLEN + n);
	memcpy(m->buf + m->len, &a, sizeof(a));
	memset(m->buf + m->len + NLA_HDRLEN, 0, NLA_ALIGN(n));
	memcpy(m->buf + m->len + NLA_HDRLEN, data, n < len ? n : len);
	m->len += NLA_HDRLEN + NLA_ALIGN(n);
}

void msg_u8(struct msg *m, int type, uint8_t v)
{
	msg_put(m, type, &v, sizeof(v));
}

void msg_u16(struct msg *m, int type, uint16_t v)
{
	msg_put(m, type, &v, sizeof(v));
}

void msg_u32(struct msg *m, int type, uint32_t v)
{
	msg_put(m, type, &v, sizeof(v));
}

void msg_u64(struct msg *m, int type, uint64_t v)
{
	msg_put(m, type, &v, sizeof(v));
}

void msg_str(struct msg *m, int type, const char *s)
{
	msg_put(m, type, s, strlen(s) + 1);
}

size_t msg_nest(struct msg *m, int type)
{
	struct nlattr a = { .nla_type = (uint16_t)(type | NLA_F_NESTED) };
	size_t start = m->len;

	memcpy(m->buf + start, &a, sizeof(a));
	m->len += NLA_HDRLEN;
	return start;
}

void msg_nest_end(struct msg *m, size_t start)
{
	uint16_t len = (uint16_t)(m->len - start);

	memcpy(m->buf + start, &len, sizeof(len));
}

size_t msg_begin(struct msg *m, uint16_t type, uint16_t flags, uint32_t seq)
{
	struct nlmsghdr h = {
		.nlmsg_type = type, .nlmsg_flags = flags, .nlmsg_seq = seq,
	};
	size_t start = m->len;

	memcpy(m->buf + start, &h, sizeof(h));
	m->len += NLMSG_HDRLEN;
	return start;
}

size_t msg_genl(struct msg *m, uint16_t family, uint16_t flags, uint32_t seq,
		uint8_t cmd)
{
	size_t start = msg_begin(m, family, flags, seq);
	struct genlmsghdr g = { .cmd = cmd, .version = 1 };

	memcpy(m->buf + m->len, &g, sizeof(g));
	m->len += GENL_HDRLEN;
	return start;
}

void msg_end(struct msg *m, size_t start)
{
	uint32_t len = (uint32_t)(m->len - start);

	memcpy(m->buf + start, &len, sizeof(len));
	m->len = start + NLMSG_ALIGN(len);
}

void msg_ack(struct msg *m, uint32_t seq, int error, const char *text,
	     bool capped)
{
	uint16_t flags = (uint16_t)((capped ? NLM_F_CAPPED : 0) |
				    (text ? NLM_F_ACK_TLVS : 0));
	size_t start = msg_begin(m, NLMSG_ERROR, flags, seq);
	struct nlmsgerr e = { .error = error };

	/* the request comes back whole: 20 bytes of attributes here */
	e.msg.nlmsg_len = NLMSG_HDRLEN + 20;
	memcpy(m->buf + m->len, &e, sizeof(e));
	m->len += sizeof(e);
	if (!capped && error) {
		memset(m->buf + m->len, 0xee, 20);
		m->len += 20;
	}
	if (text)
		msg_str(m, NLMSGERR_ATTR_MSG, text);
	msg_end(m, start);
}

void msg_done(struct msg *m, uint32_t seq, int error, const char *text)
{
	size_t start = msg_begin(m, NLMSG_DONE,
				 (uint16_t)(NLM_F_MULTI |
					    (text ? NLM_F_ACK_TLVS : 0)), seq);

	memcpy(m->buf + m->len, &error, sizeof(error));
	m->len += sizeof(error);
	if (text)
		msg_str(m, NLMSGERR_ATTR_MSG, text);
	msg_end(m, start);
}

void msg_info(struct msg *m, const char *version)
{
	msg_str(m, TWSCOPE_A_INFO_VERSION, version);
	msg_str(m, TWSCOPE_A_INFO_KERNEL, "6.1.0-50-cloud-amd64");
	msg_str(m, TWSCOPE_A_INFO_BUILT_FOR, "6.1.0-49-cloud-amd64");
	msg_u32(m, TWSCOPE_A_INFO_FEATURES, TWSCOPE_FEATURE_PERNET_EHASH);
	msg_u32(m, TWSCOPE_A_INFO_TIMEWAIT_LEN_MS, 60000);
	msg_u32(m, TWSCOPE_A_INFO_BUCKET_BYTES, 264);
	msg_u32(m, TWSCOPE_A_INFO_HZ, 250);
	msg_u32(m, TWSCOPE_A_INFO_RULES, TWSCOPE_RULES_SECONDS);
	msg_put(m, TWSCOPE_A_INFO_RULES_TOLD, "", 0);
}

static void msg_sysctls(struct msg *m)
{
	msg_u32(m, TWSCOPE_A_SYSCTLS_TCP_TW_REUSE, 2);
	msg_u32(m, TWSCOPE_A_SYSCTLS_TCP_TW_REUSE_DELAY, 1000);
	msg_u32(m, TWSCOPE_A_SYSCTLS_TCP_TIMESTAMPS, 1);
	msg_u32(m, TWSCOPE_A_SYSCTLS_TCP_MAX_TW_BUCKETS, 262144);
	msg_u32(m, TWSCOPE_A_SYSCTLS_TCP_FIN_TIMEOUT, 60);
	msg_u32(m, TWSCOPE_A_SYSCTLS_TCP_RFC1337, 0);
	msg_u32(m, TWSCOPE_A_SYSCTLS_TCP_INVALID_RATELIMIT, 500);
	msg_u32(m, TWSCOPE_A_SYSCTLS_TCP_CHILD_EHASH_ENTRIES, 0);
	msg_u32(m, TWSCOPE_A_SYSCTLS_IP_LOCAL_PORT_RANGE_MIN, 32768);
	msg_u32(m, TWSCOPE_A_SYSCTLS_IP_LOCAL_PORT_RANGE_MAX, 60999);
	msg_u32(m, TWSCOPE_A_SYSCTLS_IP_LOCAL_RESERVED_PORTS, 2);
	msg_u32(m, TWSCOPE_A_SYSCTLS_IP_AUTOBIND_REUSE, 0);
}

static void msg_verdicts(struct msg *m)
{
	const uint32_t verdicts[TWSCOPE_N_VERDICTS] = {
		0, 1000, 500, 16000, 0, 300, 312, 188,
	};
	const uint32_t bound[TWSCOPE_N_VERDICTS] = { 0, 17988, [6] = 312 };
	const uint32_t wait[TWSCOPE_WAIT_SLOTS] = { 1, 9, [8] = 90, 400 };

	msg_put(m, TWSCOPE_A_SUMMARY_VERDICTS, verdicts, sizeof(verdicts));
	msg_put(m, TWSCOPE_A_SUMMARY_BOUND_VERDICTS, bound, sizeof(bound));
	msg_put(m, TWSCOPE_A_SUMMARY_WAIT_HIST, wait, sizeof(wait));
}

void msg_summary(struct msg *m, unsigned int closes_slots, bool in_sysctls)
{
	int without = m->without, resize = m->resize;
	uint32_t remaining[TWSCOPE_HIST_SLOTS], closes[1024];
	unsigned int i;
	size_t nest;

	if (in_sysctls)
		m->without = m->resize = 0;
	for (i = 0; i < TWSCOPE_HIST_SLOTS; i++)
		remaining[i] = i * 10;
	for (i = 0; i < 1024; i++)
		closes[i] = (60 - i % 60) * 5;
	msg_u32(m, TWSCOPE_A_SUMMARY_NETNS, 4026531840);
	msg_u32(m, TWSCOPE_A_SUMMARY_TOTAL, 18300);
	msg_u32(m, TWSCOPE_A_SUMMARY_TIMEWAIT, 18000);
	msg_u32(m, TWSCOPE_A_SUMMARY_FIN_WAIT2, 300);
	msg_u32(m, TWSCOPE_A_SUMMARY_IPV4, 18200);
	msg_u32(m, TWSCOPE_A_SUMMARY_IPV6, 90);
	msg_u32(m, TWSCOPE_A_SUMMARY_IPV4_MAPPED, 10);
	msg_u32(m, TWSCOPE_A_SUMMARY_KERNEL_COUNT, 18302);
	msg_u32(m, TWSCOPE_A_SUMMARY_KERNEL_COUNT_BEFORE, 18299);
	msg_u32(m, TWSCOPE_A_SUMMARY_WALK_US, 1234);
	msg_u32(m, TWSCOPE_A_SUMMARY_LIMIT, 262144);
	msg_put(m, TWSCOPE_A_SUMMARY_PAD, "", 0);
	msg_u64(m, TWSCOPE_A_SUMMARY_BYTES, 18300 * 264);
	msg_put(m, TWSCOPE_A_SUMMARY_REMAINING_HIST, remaining,
		sizeof(remaining));
	msg_put(m, TWSCOPE_A_SUMMARY_CLOSES_HIST, closes,
		closes_slots * sizeof(closes[0]));
	msg_u32(m, TWSCOPE_A_SUMMARY_EHASH_ENTRIES, 131072);
	msg_put(m, TWSCOPE_A_SUMMARY_EHASH_PERNET, "", 0);
	msg_u32(m, TWSCOPE_A_SUMMARY_BIND_BLOCKED_PORTS, 30);
	if (!in_sysctls && m->without == TWSCOPE_A_SUMMARY_SYSCTLS)
		return;
	nest = msg_nest(m, TWSCOPE_A_SUMMARY_SYSCTLS);
	m->without = in_sysctls ? without : 0;
	m->resize = in_sysctls ? resize : 0;
	msg_sysctls(m);
	msg_nest_end(m, nest);
	m->without = in_sysctls ? 0 : without;
	m->resize = in_sysctls ? 0 : resize;
	msg_verdicts(m);
	m->without = without;
	m->resize = resize;
}

/* Under the policy a quarter of the disabled become reusable, half too young. */
void msg_whatif(struct msg *m)
{
	uint32_t changes[TWSCOPE_N_VERDICTS][TWSCOPE_N_VERDICTS] = {
		[TWSCOPE_VERDICT_REUSABLE][TWSCOPE_VERDICT_REUSABLE] = 1000,
		[TWSCOPE_VERDICT_TOO_YOUNG][TWSCOPE_VERDICT_TOO_YOUNG] = 500,
		[TWSCOPE_VERDICT_DISABLED][TWSCOPE_VERDICT_REUSABLE] = 10000,
		[TWSCOPE_VERDICT_DISABLED][TWSCOPE_VERDICT_TOO_YOUNG] = 6000,
		[TWSCOPE_VERDICT_FIN_WAIT2][TWSCOPE_VERDICT_FIN_WAIT2] = 300,
		[TWSCOPE_VERDICT_NO_TIMESTAMP][TWSCOPE_VERDICT_NO_TIMESTAMP] = 312,
		[TWSCOPE_VERDICT_BIND_BLOCKED][TWSCOPE_VERDICT_BIND_BLOCKED] = 188,
	};
	uint32_t wait[TWSCOPE_WAIT_SLOTS] = { [9] = 6500 };

	msg_put(m, TWSCOPE_A_SUMMARY_CHANGES, changes, sizeof(changes));
	msg_put(m, TWSCOPE_A_SUMMARY_WHATIF_WAIT_HIST, wait, sizeof(wait));
}

static void msg_bucket_verdict(struct msg *m, unsigned int i)
{
	if (i % 2) {
		msg_u32(m, TWSCOPE_A_BUCKET_VERDICT, TWSCOPE_VERDICT_NO_TIMESTAMP);
		msg_u32(m, TWSCOPE_A_BUCKET_BOUND_VERDICT,
			TWSCOPE_VERDICT_NO_TIMESTAMP);
		return;
	}
	msg_u32(m, TWSCOPE_A_BUCKET_VERDICT, i % 4 ? TWSCOPE_VERDICT_REUSABLE :
		TWSCOPE_VERDICT_TOO_YOUNG);
	if (i % 4 == 0)
		msg_u32(m, TWSCOPE_A_BUCKET_WAIT_MS, 412);
	msg_u32(m, TWSCOPE_A_BUCKET_BOUND_VERDICT, TWSCOPE_VERDICT_REUSABLE);
}

void msg_explanation(struct msg *m)
{
	msg_u32(m, TWSCOPE_A_BUCKET_CONDITIONS_ASKED, 0x3f);
	msg_u32(m, TWSCOPE_A_BUCKET_CONDITIONS_HELD, 0x1f);
	msg_u32(m, TWSCOPE_A_BUCKET_SYN_SEQ, 0xfffffff1);
	msg_u32(m, TWSCOPE_A_BUCKET_SYN_TSVAL, 0xdeadbef0);
	msg_u32(m, TWSCOPE_A_BUCKET_RCV_WND, 65535);
	msg_u32(m, TWSCOPE_A_BUCKET_ANSWER_IN_MS, 120);
}

/* Laid out in the order of the states, so that the map shows them one by one. */
void msg_ports(struct msg *m, unsigned int cells)
{
	static const uint32_t state[TWSCOPE_N_PORT_STATES] = {
		25000, 2000, 512, 700, 17, 3,
	};
	static const int attr[TWSCOPE_N_PORT_STATES] = {
		TWSCOPE_A_PORT_FREE, TWSCOPE_A_PORT_REUSABLE,
		TWSCOPE_A_PORT_WAITING, TWSCOPE_A_PORT_IN_USE,
		TWSCOPE_A_PORT_BIND_BLOCKED, TWSCOPE_A_PORT_RESERVED,
	};
	const uint32_t waiting[TWSCOPE_N_VERDICTS] = { 0, 0, 500, [6] = 12 };
	uint32_t map[TWSCOPE_MAX_CELLS + 1][TWSCOPE_N_PORT_STATES] = { 0 };
	uint32_t next[TWSCOPE_N_VERDICTS];
	unsigned int i, n, port = 0;

	memset(next, 0xff, sizeof(next));
	next[TWSCOPE_VERDICT_TOO_YOUNG] = 38;
	next[TWSCOPE_VERDICT_NO_TIMESTAMP] = 41230;
	msg_u32(m, TWSCOPE_A_PORT_RANGE_MIN, 32768);
	msg_u32(m, TWSCOPE_A_PORT_RANGE_MAX, 60999);
	for (i = 0; i < TWSCOPE_N_PORT_STATES; i++) {
		msg_u32(m, attr[i], state[i]);
		for (n = 0; cells && n < state[i]; n++, port++)
			map[port * cells / 28232][i]++;
	}
	msg_put(m, TWSCOPE_A_PORT_WAITING_VERDICTS, waiting, sizeof(waiting));
	msg_put(m, TWSCOPE_A_PORT_WAITING_NEXT_MS, next, sizeof(next));
	msg_u32(m, TWSCOPE_A_PORT_BIND_BLOCKED_IN_USE, 5);
	msg_u32(m, TWSCOPE_A_PORT_BIND_BLOCKED_WAITING, 6);
	msg_put(m, TWSCOPE_A_PORT_MAP, map, cells * sizeof(map[0]));
	msg_u32(m, TWSCOPE_A_PORT_WALK_US, 777);
}

void msg_group_totals(struct msg *m, unsigned int n)
{
	msg_u32(m, TWSCOPE_A_GROUP_TOTAL, 1000 * n);
	msg_u32(m, TWSCOPE_A_GROUP_TOTAL_IN_USE, 10 * n);
	msg_u32(m, TWSCOPE_A_GROUP_GROUPS, n);
	msg_u32(m, TWSCOPE_A_GROUP_WALK_US, 1234);
}

static void msg_group_counts(struct msg *m)
{
	const uint32_t verdicts[TWSCOPE_N_VERDICTS] = {
		[TWSCOPE_VERDICT_REUSABLE] = 600, [TWSCOPE_VERDICT_TOO_YOUNG] = 400,
	};
	uint32_t closes[TWSCOPE_CLOSES_SLOTS];
	unsigned int i;

	for (i = 0; i < TWSCOPE_CLOSES_SLOTS; i++)
		closes[i] = 20 + i;
	msg_u32(m, TWSCOPE_A_GROUP_COUNT, 1000);
	msg_put(m, TWSCOPE_A_GROUP_VERDICTS, verdicts, sizeof(verdicts));
	msg_put(m, TWSCOPE_A_GROUP_CLOSES_HIST, closes, sizeof(closes));
	msg_u32(m, TWSCOPE_A_GROUP_EARLIEST_MS, 700);
	msg_u32(m, TWSCOPE_A_GROUP_LATEST_MS, 59300);
	msg_u32(m, TWSCOPE_A_GROUP_IN_USE, 10);
	msg_u32(m, TWSCOPE_A_GROUP_IN_USE_SEARCHED, 7);
	msg_u32(m, TWSCOPE_A_GROUP_BIND_BLOCKED_PORTS, 30);
}

void msg_group(struct msg *m, unsigned int i)
{
	msg_put(m, TWSCOPE_A_GROUP_REMOTE,
		(uint8_t[]){ 198, 51, 100, (uint8_t)i }, 4);
	msg_u32(m, TWSCOPE_A_GROUP_REMOTE_PORT, 443);
	msg_group_counts(m);
}

void msg_group_sum(struct msg *m, int mark, unsigned int groups)
{
	msg_put(m, mark, "", 0);
	if (groups)
		msg_u32(m, TWSCOPE_A_GROUP_GROUPS, groups);
	msg_group_counts(m);
}

void msg_group_whatif(struct msg *m)
{
	const uint32_t verdicts[TWSCOPE_N_VERDICTS] = {
		[TWSCOPE_VERDICT_REUSABLE] = 1000,
	};

	msg_put(m, TWSCOPE_A_GROUP_WHATIF_VERDICTS, verdicts, sizeof(verdicts));
}

/* Three of four are IPv4, each eighth is a FIN_WAIT2, each second has no TS. */
void msg_bucket(struct msg *m, unsigned int i)
{
	uint8_t local[16] = { 0x20, 0x01, 0x0d, 0xb8, [15] = 1 };
	uint8_t remote[16] = { 0x20, 0x01, 0x0d, 0xb8, [15] = 2 };
	bool v6 = i % 4 == 3;

	if (!v6) {
		memcpy(local, (uint8_t[]){ 192, 0, 2, 1 }, 4);
		memcpy(remote, (uint8_t[]){ 198, 51, 100, 7 }, 4);
	}
	msg_u32(m, TWSCOPE_A_BUCKET_NETNS, 4026531840);
	msg_u32(m, TWSCOPE_A_BUCKET_FAMILY, v6 ? AF_INET6 : AF_INET);
	msg_put(m, TWSCOPE_A_BUCKET_LOCAL, local, v6 ? 16 : 4);
	msg_u32(m, TWSCOPE_A_BUCKET_LOCAL_PORT, 32768 + (uint32_t)i % 28232);
	msg_put(m, TWSCOPE_A_BUCKET_REMOTE, remote, v6 ? 16 : 4);
	msg_u32(m, TWSCOPE_A_BUCKET_REMOTE_PORT, 443);
	msg_u32(m, TWSCOPE_A_BUCKET_SUBSTATE, i % 8 == 7 ?
	       TWSCOPE_SUBSTATE_FIN_WAIT2 : TWSCOPE_SUBSTATE_TIME_WAIT);
	msg_u32(m, TWSCOPE_A_BUCKET_REMAINING_MS, 41230 - i % 40000);
	if (i % 2 == 0) {
		msg_u32(m, TWSCOPE_A_BUCKET_AGE_MS, 18770);
		msg_u32(m, TWSCOPE_A_BUCKET_TS_RECENT, 0xdeadbeef);
		msg_u32(m, TWSCOPE_A_BUCKET_TS_RECENT_AGE_S, 18);
	}
	msg_u32(m, TWSCOPE_A_BUCKET_RCV_NXT, 0xfffffff0);
	msg_u32(m, TWSCOPE_A_BUCKET_SND_NXT, 77);
	msg_u32(m, TWSCOPE_A_BUCKET_MARK, i % 16 == 4 ? 0x10 : 0);
	msg_u32(m, TWSCOPE_A_BUCKET_IFINDEX, i % 16 == 8 ? 1 : 0);
	msg_bucket_verdict(m, i);
}

void msg_counts(struct msg *m, int type, unsigned int n, uint64_t first)
{
	uint64_t v[128];
	unsigned int i;

	assert(n <= sizeof(v) / sizeof(v[0]));
	for (i = 0; i < n; i++)
		v[i] = first << (i < 20 ? i : 20);
	msg_put(m, type, v, n * sizeof(v[0]));
}

void msg_stats(struct msg *m, uint64_t round, bool admin)
{
	const uint64_t ended[TWSCOPE_N_CAUSES] = {
		[TWSCOPE_CAUSE_TIMER] = 700 * round,
		[TWSCOPE_CAUSE_ACTIVE_REUSE] = 100 * round,
		[TWSCOPE_CAUSE_RST] = 10 * round,
	};
	const uint64_t decisions[TWSCOPE_N_DECISIONS] = {
		[TWSCOPE_DECISION_REUSE] = 100 * round,
		[TWSCOPE_DECISION_REFUSE_TOO_YOUNG] = 4000 * round,
		[TWSCOPE_DECISION_REFUSE_FIN_WAIT2] = 50 * round,
		[TWSCOPE_DECISION_OLD_DUPLICATE] = admin ? 25 * round : 0,
		[TWSCOPE_DECISION_RST] = admin ? 10 * round : 0,
	};

	msg_u32(m, TWSCOPE_A_STATS_NETNS, 4026531840);
	msg_u64(m, TWSCOPE_A_STATS_OBSERVED_MS, 1000 * round);
	msg_u64(m, TWSCOPE_A_STATS_BEFORE, 12);
	msg_u64(m, TWSCOPE_A_STATS_CREATED_TIME_WAIT, 900 * round);
	msg_u64(m, TWSCOPE_A_STATS_CREATED_FIN_WAIT2, 30 * round);
	msg_put(m, TWSCOPE_A_STATS_ENDED, ended, sizeof(ended));
	msg_u64(m, TWSCOPE_A_STATS_PRESENT, 12 + 120 * round);
	msg_u64(m, TWSCOPE_A_STATS_OVERFLOW, 5 * round);
	msg_u64(m, TWSCOPE_A_STATS_OUT_OF_MEMORY, 1 * round);
	msg_u64(m, TWSCOPE_A_STATS_RESTARTED, 2 * round);
	msg_put(m, TWSCOPE_A_STATS_DECISIONS, decisions, sizeof(decisions));
	if (admin) {
		msg_u64(m, TWSCOPE_A_STATS_SEGMENTS, 35 * round);
		msg_u64(m, TWSCOPE_A_STATS_ANSWERED, 25 * round);
		msg_u64(m, TWSCOPE_A_STATS_SEGMENT_MISMATCH, 0);
	}
	msg_u64(m, TWSCOPE_A_STATS_VERDICT_MISMATCH, 0);
	msg_u64(m, TWSCOPE_A_STATS_VERDICT_BOUNDARY, 0);
	msg_u64(m, TWSCOPE_A_STATS_MISSED, 0);
}

void msg_hook(struct msg *m, unsigned int i)
{
	msg_str(m, TWSCOPE_A_HOOK_SYMBOL, i ? "tcp_twsk_unique" : "inet_twsk_kill");
	msg_u32(m, TWSCOPE_A_HOOK_MECHANISM, i ? TWSCOPE_MECHANISM_KRETPROBE :
		TWSCOPE_MECHANISM_FTRACE);
	msg_u64(m, TWSCOPE_A_HOOK_HITS, 12345 + i);
	msg_u64(m, TWSCOPE_A_HOOK_MISSED, i ? 3 : 0);
}

static void msg_what(struct msg *m, unsigned int i)
{
	switch (i % 5) {
	case 0:
		msg_u32(m, TWSCOPE_A_EVENT_TYPE, TWSCOPE_EVENT_TYPE_CREATED);
		msg_u64(m, TWSCOPE_A_EVENT_CGROUP_ID, 5678);
		break;
	case 1:
		msg_u32(m, TWSCOPE_A_EVENT_TYPE, TWSCOPE_EVENT_TYPE_DECISION);
		msg_u32(m, TWSCOPE_A_EVENT_DECISION,
			TWSCOPE_DECISION_REFUSE_TOO_YOUNG);
		msg_u32(m, TWSCOPE_A_EVENT_COUNT, 3);
		break;
	case 2:
		msg_u32(m, TWSCOPE_A_EVENT_TYPE, TWSCOPE_EVENT_TYPE_DECISION);
		msg_u32(m, TWSCOPE_A_EVENT_DECISION, TWSCOPE_DECISION_REUSE);
		break;
	case 3:
		msg_u32(m, TWSCOPE_A_EVENT_TYPE, TWSCOPE_EVENT_TYPE_DECISION);
		msg_u32(m, TWSCOPE_A_EVENT_DECISION,
			TWSCOPE_DECISION_SYN_SEQUENCE);
		break;
	default:
		msg_u32(m, TWSCOPE_A_EVENT_TYPE, TWSCOPE_EVENT_TYPE_ENDED);
		msg_u32(m, TWSCOPE_A_EVENT_CAUSE, TWSCOPE_CAUSE_TIMER);
	}
}

void msg_event(struct msg *m, unsigned int i)
{
	const uint8_t v6[16] = { 0x20, 0x01, 0x0d, 0xb8, [15] = 1 };
	bool six = i % 8 == 7;

	msg_u64(m, TWSCOPE_A_EVENT_TIME_NS, 1795261646123456789 + 1000000ULL * i);
	msg_what(m, i);
	msg_u32(m, TWSCOPE_A_EVENT_NETNS, 4026531840);
	msg_u32(m, TWSCOPE_A_EVENT_FAMILY, six ? AF_INET6 : AF_INET);
	msg_put(m, TWSCOPE_A_EVENT_LOCAL, six ? v6 : (uint8_t[]){ 192, 0, 2, 1 },
		six ? 16 : 4);
	msg_u32(m, TWSCOPE_A_EVENT_LOCAL_PORT, 40112);
	msg_put(m, TWSCOPE_A_EVENT_REMOTE, six ? v6 :
		(uint8_t[]){ 198, 51, 100, 7 }, six ? 16 : 4);
	msg_u32(m, TWSCOPE_A_EVENT_REMOTE_PORT, 443);
	msg_u32(m, TWSCOPE_A_EVENT_SUBSTATE, i % 5 == 3 ?
		TWSCOPE_SUBSTATE_FIN_WAIT2 : TWSCOPE_SUBSTATE_TIME_WAIT);
	if (i % 5 < 3) {
		msg_u32(m, TWSCOPE_A_EVENT_PID, 1234);
		msg_str(m, TWSCOPE_A_EVENT_COMM, "curl");
	}
}

void msg_lost(struct msg *m, uint64_t n)
{
	msg_u64(m, TWSCOPE_A_EVENT_LOST, n);
}

void msg_cursor(struct msg *m, uint32_t n)
{
	msg_put(m, TWSCOPE_A_EVENT_CURSOR, &n, sizeof(n));
}
