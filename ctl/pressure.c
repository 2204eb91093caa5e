// SPDX-License-Identifier: GPL-2.0
#include <string.h>
#include <sys/socket.h>

#include "laws.h"
#include "pressure.h"

#define RATE_SECONDS	10
#define NEVER		(-1.0)
#define SOON_S		60
/* What comes seldom is not over for a second without. */
#define QUIET		3
#define LOOPBACK_IFINDEX 1
/* How the kernel's timer wheel grows coarser: kernel/time/timer.c */
#define WHEEL_SLOTS	63
#define WHEEL_FACTOR	8

static uint32_t less(uint32_t a, uint32_t b)
{
	return a > b ? a - b : 0;
}

double pressure_rate(const struct tws_group *g, unsigned int *seconds)
{
	unsigned int i, oldest = 0;
	double sum = 0;

	for (i = 0; i <= RATE_SECONDS && i < g->n_closes; i++)
		if (g->closes[i])
			oldest = i;
	/* the second in which they began was not a whole one */
	*seconds = oldest ? oldest : 1;
	for (i = 0; i < *seconds && i < g->n_closes; i++)
		sum += g->closes[i];
	return sum / *seconds;
}

unsigned int pressure_quiet(const struct tws_group *g)
{
	unsigned int seconds, i = 0;
	double rate = pressure_rate(g, &seconds);

	while (i < g->n_closes && !g->closes[i])
		i++;
	return rate * i < QUIET ? 0 : i;
}

bool pressure_nearly(const struct pressure *p)
{
	return p->available < p->ports / 10;
}

bool pressure_foretold(const struct pressure *p)
{
	return p->exhausted_s >= 0 &&
	       (p->rate_s >= RATE_SECONDS ||
		p->ports - p->available >= p->ports / 2);
}

bool pressure_soon(const struct pressure *p)
{
	return p->exhausted_s >= 0 && p->exhausted_s < SOON_S;
}

static uint32_t range_without_reserved(const struct tws_summary *s)
{
	const struct tws_sysctls *c = &s->sysctls;

	return less(c->ip_local_port_range_max - c->ip_local_port_range_min + 1u,
		    c->ip_local_reserved_ports);
}

/* Under an L3 master device others than under none; an older module knew none. */
static uint32_t bind_blocked(const struct tws_group *g, const struct tws_summary *s)
{
	return g->has_bind_blocked_ports ? g->bind_blocked_ports :
					   s->bind_blocked_ports;
}

/* Buckets at ports that the search asks about. */
static uint32_t searched(const uint32_t v[TWSCOPE_N_VERDICTS])
{
	return (uint32_t)verdicts_sum(v) - v[TWSCOPE_VERDICT_NOT_SEARCHED] -
	       v[TWSCOPE_VERDICT_BIND_BLOCKED];
}

static bool is_loopback_address(uint16_t family, const uint8_t *addr)
{
	static const uint8_t v6[16] = { [15] = 1 };

	return family == AF_INET ? addr[0] == 127 : !memcmp(addr, v6, 16);
}

bool pressure_on_loopback(const struct tws_group *g)
{
	return g->ifindex == LOOPBACK_IFINDEX ||
	       is_loopback_address(g->local_family, g->local) ||
	       is_loopback_address(g->remote_family, g->remote);
}

/* Whether what is closed from now on may be reused, by all that is seen. */
static bool will_be_reusable(const struct tws_group *g,
			     const struct tws_sysctls *c,
			     const struct tws_info *info, bool whatif)
{
	uint32_t reuse = whatif ? 1 : c->tcp_tw_reuse;

	if (info->rules == TWSCOPE_RULES_UNKNOWN || !reuse || !c->tcp_timestamps)
		return false;
	if (reuse == 2 && !pressure_on_loopback(g))
		return false;
	/* a peer without timestamps stays one */
	return g->verdicts[TWSCOPE_VERDICT_NO_TIMESTAMP] * 2ULL <=
	       searched(g->verdicts);
}

/*
 * A minute ahead the timer wheel goes by steps, and all that was due meanwhile ends
 * at the next of them.
 */
double pressure_late_seconds(const struct tws_info *info)
{
	uint64_t ticks = (uint64_t)info->timewait_len_ms * info->hz / 1000;
	uint64_t step = 1;

	while (ticks >= step * WHEEL_SLOTS)
		step *= WHEEL_FACTOR;
	return info->hz ? (double)step / info->hz : 0;
}

static double hold_seconds(const struct tws_group *g, const struct tws_sysctls *c,
			   const struct tws_info *info, bool whatif)
{
	if (!will_be_reusable(g, c, info, whatif))
		return info->timewait_len_ms / 1000.0 + pressure_late_seconds(info);
	if (info->rules == TWSCOPE_RULES_ENTRY_DELAY)
		return (c->tcp_tw_reuse_delay + 1) / 1000.0;
	/* from the next second of the clock on */
	return 1;
}

/*
 * How many of the buckets end within @t seconds: each second's closes in the
 * second in which they turn @hold_s old.
 */
static double released(const struct tws_group *g, double hold_s, double t)
{
	double sum = 0, end;
	unsigned int i;

	for (i = 0; i < g->n_closes; i++) {
		/* the youngest of slot i end then, the oldest a second before */
		end = hold_s - i;
		if (end <= t)
			sum += g->closes[i];
		else if (end - 1 < t)
			sum += g->closes[i] * (t - (end - 1));
	}
	return sum;
}

/* Of the buckets whose time is over, how many the timer wheel ends within @t. */
static double late_released(const struct tws_group *g, const struct pressure *p,
			    double t)
{
	double n = (double)p->waiting - g->verdicts[TWSCOPE_VERDICT_FIN_WAIT2];
	unsigned int i;

	/* where connect() reuses them, none that waits is so old */
	if (!(p->late_s > 0) || p->hold_s < g->n_closes)
		return 0;
	for (i = 0; i < g->n_closes; i++)
		n -= p->share * g->closes[i];
	if (n < 0)
		return 0;
	return t < p->late_s ? n * t / p->late_s : n;
}

static double taken(const struct tws_group *g, const struct pressure *p, double t)
{
	/* those that are over at once are reusable, and no more waiting */
	double gone = p->share * (released(g, p->hold_s, t) -
				  released(g, p->hold_s, 0)) +
		      late_released(g, p, t);
	double held = gone < p->waiting ? p->waiting - gone : 0;

	return p->in_use + held + p->rate * (t < p->hold_s ? t : p->hold_s);
}

/* Second by second, until what is taken now has ended and the rate decides. */
static double exhausted_in(const struct tws_group *g, const struct pressure *p)
{
	double before = taken(g, p, 0), now;
	double t;

	if (before >= p->ports)
		return 0;
	/* as many as there will be if none ends before its time: most stop here */
	if (before + p->rate * p->hold_s < p->ports)
		return NEVER;
	for (t = 1; t <= p->hold_s + 1; t++) {
		now = taken(g, p, t);
		if (now >= p->ports)
			return t - 1 + (p->ports - before) / (now - before);
		before = now;
	}
	return NEVER;
}

static void outlook(const struct tws_group *g, const struct tws_summary *s,
		    struct pressure *p)
{
	p->available = less(p->ports, p->in_use + p->waiting);
	p->sustained = less(p->ports, p->in_use) / p->hold_s;
	p->exhausted_s = exhausted_in(g, p);
	p->limited = p->exhausted_s > 0 &&
		     less(s->limit, s->kernel_count) < p->available;
	if (p->limited)
		p->exhausted_s = NEVER;
}

void pressure_of_destination(const struct tws_group *g,
			     const struct tws_summary *s,
			     const struct tws_info *info, bool whatif,
			     struct pressure *p)
{
	const uint32_t *v = whatif ? g->whatif : g->verdicts;

	memset(p, 0, sizeof(*p));
	p->ports = less(range_without_reserved(s), bind_blocked(g, s));
	p->in_use = g->in_use_searched;
	p->reusable = v[TWSCOPE_VERDICT_REUSABLE];
	p->waiting = searched(v) - p->reusable;
	p->late_s = pressure_late_seconds(info);
	p->hold_s = hold_seconds(g, &s->sysctls, info, whatif);
	p->share = g->count ? (double)searched(g->verdicts) / g->count : 1;
	p->rate = pressure_rate(g, &p->rate_s) * p->share;
	outlook(g, s, p);
}

static uint32_t bound_ports(const struct tws_group *g, const struct tws_summary *s)
{
	uint32_t n = g->verdicts[TWSCOPE_VERDICT_BIND_BLOCKED];

	if (n > g->local_ports)
		n = g->local_ports;
	return n < bind_blocked(g, s) ? n : bind_blocked(g, s);
}

/*
 * Of the ports that are taken, those that the end of a bucket gives back. Sockets
 * are counted and not their ports, of which many may have the same one, as behind a
 * listener: what bind()s before connect() waits all the same.
 */
static uint32_t waiting_ports(const struct tws_group *g, const struct pressure *p)
{
	uint32_t n = less(g->local_ports, g->in_use);

	return n < p->bound ? p->bound : n;
}

/*
 * Buckets that hold a port alone, at least: what a server closes is at the one where
 * it listens, and connect() shares a port among destinations. Of so many ports and
 * buckets no more than this can be said.
 */
static uint32_t alone(const struct tws_group *g, const struct pressure *p)
{
	uint32_t n = less(2 * p->waiting, g->count);

	if (n < p->bound)
		n = p->bound;
	return n < g->count ? n : g->count;
}

void pressure_of_source(const struct tws_group *g, const struct tws_summary *s,
			const struct tws_info *info, struct pressure *p)
{
	memset(p, 0, sizeof(*p));
	p->ports = range_without_reserved(s);
	p->bound = bound_ports(g, s);
	p->waiting = waiting_ports(g, p);
	p->in_use = g->local_ports - p->waiting;
	p->late_s = pressure_late_seconds(info);
	p->hold_s = info->timewait_len_ms / 1000.0 + p->late_s;
	p->share = 1;
	p->rate = pressure_rate(g, &p->rate_s);
	if (g->count)
		p->rate *= (double)alone(g, p) / g->count;
	outlook(g, s, p);
}

bool pressure_binds(const struct pressure *p)
{
	return p->bound * 10ULL >= p->waiting + p->in_use;
}
