// SPDX-License-Identifier: GPL-2.0
/* What there is to tell, one by one. */
#include "decisions.h"
#include "out_metrics_parts.h"
#include "stats.h"
#include "verdicts.h"

static void plain(struct metrics_writer *w, double v)
{
	metrics_sample(w, NULL, NULL, v);
}

/* What only a newer module knows goes by its number. */
static void numbered(struct metrics_writer *w, const char *name, const char *of,
		     unsigned int i, double v)
{
	char number[16];

	snprintf(number, sizeof(number), "%u", i);
	metrics_sample(w, name, of ? of : number, v);
}

/* Of the whole */

static void up(struct metrics_writer *w, const struct figures *f)
{
	(void)f;
	plain(w, w->r->info != NULL);
}

static void build_info(struct metrics_writer *w, const struct figures *f)
{
	const struct tws_info *info = w->r->info;
	const char *rules = info ? rules_name(info->rules) : NULL;
	const char *const labels[][2] = {
		{ "version", TWSCOPE_VERSION },
		{ "module", info ? info->version : NULL },
		{ "kernel", info ? info->kernel : NULL },
		{ "rules", rules ? rules : "unknown" },
	};

	(void)f;
	metrics_labelled(w, info ? ARRAY_SIZE(labels) : 1, labels, 1);
}

static void observing(struct metrics_writer *w, const struct figures *f)
{
	(void)f;
	if (w->r->info)
		plain(w, w->r->observing);
}

static void took(struct metrics_writer *w, const struct figures *f)
{
	(void)f;
	if (w->r->info)
		plain(w, w->r->took_s);
}

static void namespaces(struct metrics_writer *w, const struct figures *f)
{
	(void)f;
	if (!w->r->info || !w->r->all_netns)
		return;
	metrics_sample(w, "shown", "each", w->r->n);
	metrics_sample(w, "shown", METRICS_REST, w->r->n_rest);
}

/* Of each namespace */

static void buckets(struct metrics_writer *w, const struct figures *f)
{
	metrics_sample(w, "substate", "time-wait", (double)f->timewait);
	metrics_sample(w, "substate", "fin-wait2", (double)f->fin_wait2);
}

static void by_family(struct metrics_writer *w, const struct figures *f)
{
	metrics_sample(w, "family", "ipv4", (double)f->ipv4);
	metrics_sample(w, "family", "ipv6", (double)f->ipv6);
	metrics_sample(w, "family", "ipv4-mapped", (double)f->ipv4_mapped);
}

static void by_verdict(struct metrics_writer *w, const struct figures *f)
{
	unsigned int i;

	for (i = 0; i < TWSCOPE_N_VERDICTS; i++)
		metrics_sample(w, "verdict", verdicts[i].name, (double)f->verdicts[i]);
}

static void at_level(struct metrics_writer *w, const struct figures_pool *p)
{
	unsigned int i;
	char ratio[16];

	for (i = 0; i < N_FIGURES_LEVELS; i++) {
		snprintf(ratio, sizeof(ratio), "%g", figures_levels[i] / 100.0);
		metrics_sample(w, "taken_ratio", ratio, p->at_level[i]);
	}
}

static void destinations_at_level(struct metrics_writer *w, const struct figures *f)
{
	at_level(w, &f->destinations);
}

static void bind_pools_at_level(struct metrics_writer *w, const struct figures *f)
{
	at_level(w, &f->bind_pools);
}

static void kernel_overflow(struct metrics_writer *w, const struct figures *f)
{
	if (f->has_overflow)
		plain(w, (double)f->overflow);
}

/* Observed */

static void created(struct metrics_writer *w, const struct figures *f)
{
	if (!f->stats)
		return;
	metrics_sample(w, "substate", "time-wait", (double)f->stats->created_time_wait);
	metrics_sample(w, "substate", "fin-wait2", (double)f->stats->created_fin_wait2);
}

static void ended(struct metrics_writer *w, const struct figures *f)
{
	unsigned int i;

	for (i = 0; f->stats && i < f->stats->ended.n; i++)
		numbered(w, "cause", cause_name(i), i,
			 (double)f->stats->ended.v[i]);
}

static void decided(struct metrics_writer *w, const struct figures *f)
{
	unsigned int i;

	for (i = 0; f->stats && i < f->stats->decisions.n; i++)
		numbered(w, "decision", decision_name(i), i,
			 (double)f->stats->decisions.v[i]);
}

static void overflow(struct metrics_writer *w, const struct figures *f)
{
	if (!f->stats)
		return;
	metrics_sample(w, "reason", "limit", (double)f->stats->overflow);
	metrics_sample(w, "reason", "memory", (double)f->stats->out_of_memory);
}

static void restarted(struct metrics_writer *w, const struct figures *f)
{
	if (f->stats)
		plain(w, (double)f->stats->restarted);
}

static void verdict_mismatch(struct metrics_writer *w, const struct figures *f)
{
	if (f->stats)
		plain(w, (double)(f->stats->verdict_mismatch +
				  f->stats->segment_mismatch));
}

/* Of the whole machine, in each of them. */
static void missed(struct metrics_writer *w, const struct figures *f)
{
	(void)f;
	if (w->r->n && w->r->row[0].stats)
		plain(w, (double)w->r->row[0].stats->missed);
}

#define OF_NUMBER(f)	.field = FIELD_NUMBER, .at = offsetof(struct figures, f)
#define OF_COUNT(f)	.field = FIELD_COUNT, .at = offsetof(struct figures, f)
#define OF_REAL(f)	.field = FIELD_REAL, .at = offsetof(struct figures, f)

/* docs/metrics.md has a line for each, and lint sees to it. */
const struct metric metrics[] = {
	{ "twscope_up", NULL, GAUGE,
	  "Whether the twscope module answered.",
	  .samples = up, .whole = true },
	{ "twscope_build_info", NULL, GAUGE,
	  "Versions of twctl, of the module and of the kernel; by which rules it reuses.",
	  .samples = build_info, .whole = true },
	{ "twscope_observing", NULL, GAUGE,
	  "Whether decisions are observed: twctl observe on.",
	  .samples = observing, .whole = true },
	{ "twscope_collect_duration_seconds", "seconds", GAUGE,
	  "How long the asking took.",
	  .samples = took, .whole = true },
	{ "twscope_namespaces", NULL, GAUGE,
	  "Network namespaces that have series of their own, and those summed up in netns=rest.",
	  .samples = namespaces, .whole = true },

	{ "twscope_timewait_buckets", NULL, GAUGE,
	  "TIME_WAIT buckets, by what they stand for.",
	  .samples = buckets },
	{ "twscope_family_buckets", NULL, GAUGE,
	  "The same buckets by address family.",
	  .samples = by_family },
	{ "twscope_verdict_buckets", NULL, GAUGE,
	  "The same buckets by what connect() to the same destination would do with each.",
	  .samples = by_verdict },
	{ "twscope_timewait_bytes", "bytes", GAUGE,
	  "Memory of the buckets.",
	  OF_NUMBER(bytes) },
	{ "twscope_timewait_kernel_buckets", NULL, GAUGE,
	  "Buckets by the kernel's own count, which is what the limit is for.",
	  OF_NUMBER(kernel_count) },
	{ "twscope_timewait_limit", NULL, GAUGE,
	  "The sysctl tcp_max_tw_buckets: from there on closes skip TIME_WAIT.",
	  OF_NUMBER(limit) },
	{ "twscope_timewait_limit_ratio", "ratio", GAUGE,
	  "The kernel's own count by the limit.",
	  OF_REAL(limit_ratio) },
	{ "twscope_timewait_kernel_overflow_total", NULL, COUNTER,
	  "TCPTimeWaitOverflow of the namespace that was asked from: closes that left no bucket.",
	  .samples = kernel_overflow },

	{ "twscope_local_ports", NULL, GAUGE,
	  "Ports that connect() may get at all: of the range, not reserved, not kept by bind().",
	  OF_NUMBER(ports) },
	{ "twscope_destinations", NULL, GAUGE,
	  "Destinations that hold a local port: source, address, port and device.",
	  OF_COUNT(destinations.n) },
	{ "twscope_destinations_above", NULL, GAUGE,
	  "Destinations that have such a share of their ports taken, or more.",
	  .samples = destinations_at_level },
	{ "twscope_destination_ports_taken_ratio", "ratio", GAUGE,
	  "Ports taken by ports there are, of the fullest destination.",
	  OF_REAL(destinations.taken_ratio) },
	{ "twscope_destination_rate_ratio", "ratio", GAUGE,
	  "Ports taken by the second by what can go on for good, where that is highest.",
	  OF_REAL(destinations.rate_ratio) },
	{ "twscope_destination_exhaustion_seconds", "seconds", GAUGE,
	  "Until the first destination has no port left at its rate; +Inf where all last.",
	  OF_REAL(destinations.exhausted_s) },
	{ "twscope_bind_pools", NULL, GAUGE,
	  "Source addresses that programs bind() to before they connect().",
	  OF_COUNT(bind_pools.n) },
	{ "twscope_bind_pools_above", NULL, GAUGE,
	  "Of them those that have such a share of their ports taken, or more.",
	  .samples = bind_pools_at_level },
	{ "twscope_bind_pool_ports_taken_ratio", "ratio", GAUGE,
	  "Ports taken by ports there are, of the fullest of them.",
	  OF_REAL(bind_pools.taken_ratio) },
	{ "twscope_bind_pool_rate_ratio", "ratio", GAUGE,
	  "Ports taken by the second by what can go on for good, where that is highest.",
	  OF_REAL(bind_pools.rate_ratio) },
	{ "twscope_bind_pool_exhaustion_seconds", "seconds", GAUGE,
	  "Until the first of them has no port left at its rate; +Inf where all last.",
	  OF_REAL(bind_pools.exhausted_s) },

	{ "twscope_created_total", NULL, COUNTER,
	  "Buckets made while observing.",
	  .samples = created },
	{ "twscope_ended_total", NULL, COUNTER,
	  "Buckets that ended while observing, by cause.",
	  .samples = ended },
	{ "twscope_decisions_total", NULL, COUNTER,
	  "What the kernel decided on buckets while observing.",
	  .samples = decided },
	{ "twscope_overflow_total", NULL, COUNTER,
	  "Closes that left no bucket while observing, for want of room or of memory.",
	  .samples = overflow },
	{ "twscope_restarted_total", NULL, COUNTER,
	  "Buckets whose TIME_WAIT a segment made begin anew while observing.",
	  .samples = restarted },
	{ "twscope_verdict_mismatch_total", NULL, COUNTER,
	  "Decisions that were other than foretold: a mistake of twscope's.",
	  .samples = verdict_mismatch },
	{ "twscope_missed_total", NULL, COUNTER,
	  "What the hooks missed, on the whole machine: the counts above lack it.",
	  .samples = missed, .whole = true },
};

const size_t n_metrics = ARRAY_SIZE(metrics);
