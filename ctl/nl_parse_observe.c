// SPDX-License-Identifier: GPL-2.0
/* What is said of what was observed. */
#include <string.h>

#include <netlink/attr.h>

#include "nl_parts.h"

static const struct attr_spec stats_spec[] = {
	[TWSCOPE_A_STATS_NETNS]		    = A_OPT_U32("netns"),
	[TWSCOPE_A_STATS_ENDED_NETNS]	    = A_FLAG("ended-netns"),
	[TWSCOPE_A_STATS_OBSERVED_MS]	    = A_U64("observed-ms"),
	[TWSCOPE_A_STATS_BEFORE]	    = A_U64("before"),
	[TWSCOPE_A_STATS_BEFORE_UNSETTLED]  = A_FLAG("before-unsettled"),
	[TWSCOPE_A_STATS_CREATED_TIME_WAIT] = A_U64("created-time-wait"),
	[TWSCOPE_A_STATS_CREATED_FIN_WAIT2] = A_U64("created-fin-wait2"),
	[TWSCOPE_A_STATS_ENDED]		    = A_COUNTS("ended"),
	[TWSCOPE_A_STATS_PRESENT]	    = A_OPT_U64("present"),
	[TWSCOPE_A_STATS_OVERFLOW]	    = A_U64("overflow"),
	[TWSCOPE_A_STATS_OUT_OF_MEMORY]	    = A_U64("out-of-memory"),
	[TWSCOPE_A_STATS_RESTARTED]	    = A_U64("restarted"),
	[TWSCOPE_A_STATS_DECISIONS]	    = A_COUNTS("decisions"),
	[TWSCOPE_A_STATS_SEGMENTS]	    = A_OPT_U64("segments"),
	[TWSCOPE_A_STATS_ANSWERED]	    = A_OPT_U64("answered"),
	[TWSCOPE_A_STATS_SEGMENT_MISMATCH]  = A_OPT_U64("segment-mismatch"),
	[TWSCOPE_A_STATS_VERDICT_MISMATCH]  = A_U64("verdict-mismatch"),
	[TWSCOPE_A_STATS_VERDICT_BOUNDARY]  = A_U64("verdict-boundary"),
	[TWSCOPE_A_STATS_MISSED]	    = A_U64("missed"),
};

static const struct attr_spec hook_spec[] = {
	[TWSCOPE_A_HOOK_SYMBOL]	   = A_STRING("symbol"),
	[TWSCOPE_A_HOOK_MECHANISM] = A_U32("mechanism"),
	[TWSCOPE_A_HOOK_HITS]	   = A_U64("hits"),
	[TWSCOPE_A_HOOK_MISSED]	   = A_U64("missed"),
};

/* those that are not optional are so in a message of an event only */
static const struct attr_spec event_spec[] = {
	[TWSCOPE_A_EVENT_CURSOR]      = {
		.name = "cursor", .min = 1, .max = TWS_MAX_CURSOR, .optional = true,
	},
	[TWSCOPE_A_EVENT_LOST]	      = A_OPT_U64("lost"),
	[TWSCOPE_A_EVENT_TIME_NS]     = A_U64("time-ns"),
	[TWSCOPE_A_EVENT_TYPE]	      = A_U32("type"),
	[TWSCOPE_A_EVENT_NETNS]	      = A_U32("netns"),
	[TWSCOPE_A_EVENT_FAMILY]      = A_U32("family"),
	[TWSCOPE_A_EVENT_LOCAL]	      = A_ADDR("local"),
	[TWSCOPE_A_EVENT_LOCAL_PORT]  = A_U32("local-port"),
	[TWSCOPE_A_EVENT_REMOTE]      = A_ADDR("remote"),
	[TWSCOPE_A_EVENT_REMOTE_PORT] = A_U32("remote-port"),
	[TWSCOPE_A_EVENT_SUBSTATE]    = A_U32("substate"),
	[TWSCOPE_A_EVENT_DECISION]    = A_OPT_U32("decision"),
	[TWSCOPE_A_EVENT_CAUSE]	      = A_OPT_U32("cause"),
	[TWSCOPE_A_EVENT_COUNT]	      = A_OPT_U32("count"),
	[TWSCOPE_A_EVENT_PID]	      = A_OPT_U32("pid"),
	[TWSCOPE_A_EVENT_COMM]	      = {
		.name = "comm", .min = 1, .max = UINT16_MAX, .optional = true,
		.string = true,
	},
	[TWSCOPE_A_EVENT_CGROUP_ID]   = A_OPT_U64("cgroup-id"),
};

static void get_counts(struct tws_counts *to, const struct nlattr *a)
{
	to->n = (unsigned int)nla_len(a) / sizeof(to->v[0]);
	memcpy(to->v, nla_data(a), to->n * sizeof(to->v[0]));
}

/* Whether @a is there; *@to is 0 where it is not. */
static bool get_u32(uint32_t *to, const struct nlattr *a)
{
	*to = a ? nla_get_u32(a) : 0;
	return a;
}

static bool get_u64(uint64_t *to, const struct nlattr *a)
{
	*to = a ? nla_get_u64(a) : 0;
	return a;
}

/* A sum over namespaces that are gone has neither a number nor buckets. */
static int check_stats(const struct nlattr **tb, char *err, size_t size)
{
	if (tb[TWSCOPE_A_STATS_ENDED_NETNS])
		return 0;
	if (!tb[TWSCOPE_A_STATS_NETNS])
		return twnl_missing_attr("netns", "stats-get", err, size);
	if (!tb[TWSCOPE_A_STATS_PRESENT])
		return twnl_missing_attr("present", "stats-get", err, size);
	return 0;
}

int twnl_parse_stats(const void *attrs, size_t len, struct tws_stats *s,
		     char *err, size_t size)
{
	const struct nlattr *tb[ARRAY_SIZE(stats_spec)];

	if (twnl_parse_attrs(attrs, len, stats_spec, ARRAY_SIZE(stats_spec), tb,
			     "stats-get", err, size) < 0 ||
	    check_stats(tb, err, size) < 0)
		return -1;
	memset(s, 0, sizeof(*s));
	s->has_netns = get_u32(&s->netns, tb[TWSCOPE_A_STATS_NETNS]);
	s->ended_netns = tb[TWSCOPE_A_STATS_ENDED_NETNS];
	s->observed_ms = nla_get_u64(tb[TWSCOPE_A_STATS_OBSERVED_MS]);
	s->before = nla_get_u64(tb[TWSCOPE_A_STATS_BEFORE]);
	s->before_unsettled = tb[TWSCOPE_A_STATS_BEFORE_UNSETTLED];
	s->created_time_wait = nla_get_u64(tb[TWSCOPE_A_STATS_CREATED_TIME_WAIT]);
	s->created_fin_wait2 = nla_get_u64(tb[TWSCOPE_A_STATS_CREATED_FIN_WAIT2]);
	get_counts(&s->ended, tb[TWSCOPE_A_STATS_ENDED]);
	get_u64(&s->present, tb[TWSCOPE_A_STATS_PRESENT]);
	s->overflow = nla_get_u64(tb[TWSCOPE_A_STATS_OVERFLOW]);
	s->out_of_memory = nla_get_u64(tb[TWSCOPE_A_STATS_OUT_OF_MEMORY]);
	s->restarted = nla_get_u64(tb[TWSCOPE_A_STATS_RESTARTED]);
	get_counts(&s->decisions, tb[TWSCOPE_A_STATS_DECISIONS]);
	s->has_segments = get_u64(&s->segments, tb[TWSCOPE_A_STATS_SEGMENTS]);
	s->has_segments &= get_u64(&s->answered, tb[TWSCOPE_A_STATS_ANSWERED]);
	s->has_segments &= get_u64(&s->segment_mismatch,
				   tb[TWSCOPE_A_STATS_SEGMENT_MISMATCH]);
	s->verdict_mismatch = nla_get_u64(tb[TWSCOPE_A_STATS_VERDICT_MISMATCH]);
	s->verdict_boundary = nla_get_u64(tb[TWSCOPE_A_STATS_VERDICT_BOUNDARY]);
	s->missed = nla_get_u64(tb[TWSCOPE_A_STATS_MISSED]);
	return 0;
}

int twnl_parse_hook(const void *attrs, size_t len, struct tws_hook *h,
		    char *err, size_t size)
{
	const struct nlattr *tb[ARRAY_SIZE(hook_spec)];

	if (twnl_parse_attrs(attrs, len, hook_spec, ARRAY_SIZE(hook_spec), tb,
			     "hook-get", err, size) < 0)
		return -1;
	memset(h, 0, sizeof(*h));
	twnl_get_string(h->symbol, sizeof(h->symbol), tb[TWSCOPE_A_HOOK_SYMBOL]);
	h->mechanism = nla_get_u32(tb[TWSCOPE_A_HOOK_MECHANISM]);
	h->hits = nla_get_u64(tb[TWSCOPE_A_HOOK_HITS]);
	h->missed = nla_get_u64(tb[TWSCOPE_A_HOOK_MISSED]);
	return 0;
}

static int parse_tuple(const struct nlattr **tb, struct tws_event *e, char *err,
		       size_t size)
{
	static const char what[] = "event-get";

	if (twnl_get_family(&e->family, tb[TWSCOPE_A_EVENT_FAMILY], what, err,
			    size) < 0)
		return -1;
	if (twnl_get_address(e->local, tb[TWSCOPE_A_EVENT_LOCAL], e->family,
			     what, "local", err, size) < 0 ||
	    twnl_get_address(e->remote, tb[TWSCOPE_A_EVENT_REMOTE], e->family,
			     what, "remote", err, size) < 0)
		return -1;
	if (twnl_get_port(&e->local_port, tb[TWSCOPE_A_EVENT_LOCAL_PORT], what,
			  "local-port", err, size) < 0 ||
	    twnl_get_port(&e->remote_port, tb[TWSCOPE_A_EVENT_REMOTE_PORT],
			  what, "remote-port", err, size) < 0)
		return -1;
	return 0;
}

/* What only events of one type have, but these always. */
static int check_event(const struct tws_event *e, char *err, size_t size)
{
	if (e->type == TWSCOPE_EVENT_TYPE_DECISION && !e->has_decision)
		return twnl_missing_attr("decision", "event-get", err, size);
	if (e->type == TWSCOPE_EVENT_TYPE_ENDED && !e->has_cause)
		return twnl_missing_attr("cause", "event-get", err, size);
	return 0;
}

static int parse_event(const struct nlattr **tb, struct tws_event *e, char *err,
		       size_t size)
{
	e->time_ns = nla_get_u64(tb[TWSCOPE_A_EVENT_TIME_NS]);
	e->type = nla_get_u32(tb[TWSCOPE_A_EVENT_TYPE]);
	e->netns = nla_get_u32(tb[TWSCOPE_A_EVENT_NETNS]);
	e->substate = (uint8_t)nla_get_u32(tb[TWSCOPE_A_EVENT_SUBSTATE]);
	e->has_decision = get_u32(&e->decision, tb[TWSCOPE_A_EVENT_DECISION]);
	e->has_cause = get_u32(&e->cause, tb[TWSCOPE_A_EVENT_CAUSE]);
	e->has_count = get_u32(&e->count, tb[TWSCOPE_A_EVENT_COUNT]);
	e->has_pid = get_u32(&e->pid, tb[TWSCOPE_A_EVENT_PID]);
	e->has_cgroup_id = get_u64(&e->cgroup_id, tb[TWSCOPE_A_EVENT_CGROUP_ID]);
	e->has_comm = tb[TWSCOPE_A_EVENT_COMM];
	if (e->has_comm)
		twnl_get_string(e->comm, sizeof(e->comm),
				tb[TWSCOPE_A_EVENT_COMM]);
	if (check_event(e, err, size) < 0)
		return -1;
	return parse_tuple(tb, e, err, size);
}

int twnl_parse_news(const void *attrs, size_t len, struct tws_news *n,
		    char *err, size_t size)
{
	const struct nlattr *tb[ARRAY_SIZE(event_spec)];

	if (twnl_collect_attrs(attrs, len, event_spec, ARRAY_SIZE(event_spec),
			       tb, "event-get", err, size) < 0)
		return -1;
	memset(n, 0, sizeof(*n));
	n->has_event = !get_u64(&n->lost, tb[TWSCOPE_A_EVENT_LOST]);
	if (tb[TWSCOPE_A_EVENT_CURSOR]) {
		n->has_event = false;
		n->cursor = nla_data(tb[TWSCOPE_A_EVENT_CURSOR]);
		n->cursor_len = (unsigned int)nla_len(tb[TWSCOPE_A_EVENT_CURSOR]);
	}
	if (!n->has_event)
		return 0;
	if (twnl_check_missing(event_spec, ARRAY_SIZE(event_spec), tb,
			       "event-get", err, size) < 0)
		return -1;
	return parse_event(tb, &n->event, err, size);
}
