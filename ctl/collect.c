// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "collect.h"
#include "snapshot_make.h"
#include "stats.h"

static int keep_stats(const struct tws_stats *s, void *ctx)
{
	struct collected *c = ctx;
	struct tws_stats *grown;

	/* of no namespace that is there */
	if (s->ended_netns)
		return 0;
	grown = reallocarray(c->stats, c->n_stats + 1, sizeof(*grown));
	if (!grown) {
		c->no_memory = true;
		return 1;
	}
	c->stats = grown;
	grown[c->n_stats++] = *s;
	return 0;
}

static int ask_stats(const struct session *s, bool all_netns, twnl_stats_fn fn,
		     void *ctx)
{
	return all_netns ? twnl_stats_dump(s->nl, fn, ctx) :
			   twnl_stats_get(s->nl, fn, ctx);
}

static int take_stats(const struct session *s, const struct options *o,
		      struct collected *c)
{
	int ret;

	if (!s->info.observing)
		return 0;
	ret = ask_stats(s, o->all_netns, keep_stats, c);
	if (c->no_memory)
		return twnl_out_of_memory(s->nl);
	/* it was turned off meanwhile */
	if (ret < 0 && twnl_errno(s->nl) == ENODATA)
		return 0;
	c->observing = !ret;
	return ret;
}

/* Both are in the order of the kernel's list, but one may have come or gone. */
static const struct tws_stats *stats_of(const struct collected *c,
					const struct figures *f)
{
	unsigned int i;

	for (i = 0; i < c->n_stats; i++)
		if (!c->stats[i].has_netns || c->stats[i].netns == f->netns)
			return &c->stats[i];
	return NULL;
}

/* /proc/net is of the namespace we are in, of whatever others are shown. */
static void add_overflow(struct collected *c, bool all_netns)
{
	struct stat st;
	unsigned int i;

	if (stat("/proc/self/ns/net", &st) < 0)
		return;
	for (i = 0; i < c->n; i++)
		if (!all_netns || c->row[i].netns == (uint32_t)st.st_ino)
			c->row[i].has_overflow =
				tcpext_counter("", "TCPTimeWaitOverflow",
					       &c->row[i].overflow);
}

int collect(const struct session *s, const struct options *o, int argc,
	    char **argv, struct collected *c)
{
	unsigned int i;
	int ret;

	memset(c, 0, sizeof(*c));
	ret = pressures_take(s, o, argc, argv, 0, &c->pressures);
	if (!ret)
		ret = take_stats(s, o, c);
	if (ret)
		return ret;
	c->row = figures_of(&c->pressures);
	if (!c->row)
		return twnl_out_of_memory(s->nl);
	c->n = c->pressures.n_summaries;
	for (i = 0; c->observing && i < c->n; i++)
		c->row[i].stats = stats_of(c, &c->row[i]);
	add_overflow(c, o->all_netns);
	return 0;
}

void collected_free(struct collected *c)
{
	pressures_free(&c->pressures);
	free(c->row);
	free(c->stats);
}

static int sum_up(const struct tws_stats *s, void *ctx)
{
	stats_add(ctx, s);
	return 0;
}

int collect_overflow(const struct session *s, const struct options *o,
		     uint64_t *count, char *err, size_t size)
{
	struct tws_stats sum = { 0 };

	if (!o->all_netns) {
		if (tcpext_counter("", "TCPTimeWaitOverflow", count))
			return 0;
		snprintf(err, size, "no TCPTimeWaitOverflow in /proc/net/netstat");
		return -1;
	}
	if (ask_stats(s, true, sum_up, &sum)) {
		snprintf(err, size, "%s", twnl_error(s->nl));
		return -1;
	}
	*count = sum.overflow + sum.out_of_memory;
	return 0;
}
