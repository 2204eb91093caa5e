// SPDX-License-Identifier: GPL-2.0
#include <stdlib.h>
#include <string.h>

#include "diff.h"

const struct diff_words diff_warnings[N_DIFF_WARNINGS] = {
	[DIFF_OTHER_HOST] = { "other-host",
		"the two are of different hosts: counters are left out" },
	[DIFF_OTHER_BOOT] = { "other-boot",
		"the machine was booted in between, and its counters began anew: they are left out" },
	[DIFF_BOOT_UNKNOWN] = { "boot-unknown",
		"one of the two does not say which boot it is of: counters are left out" },
	[DIFF_OTHER_NETNS] = { "other-netns",
		"the two were made in different network namespaces: counters are left out" },
	[DIFF_BACKWARDS] = { "backwards",
		"the second is older than the first: are they the wrong way round?" },
	[DIFF_COUNTER_RESET] = { "counter-reset",
		"some counters went back: they are left out" },
	[DIFF_OTHER_SCOPE] = { "other-scope",
		"only one of the two has all network namespaces: those that both have are compared" },
};

static void warn(struct diff *d, enum diff_warning w)
{
	d->warnings |= 1U << w;
}

static bool warned(const struct diff *d, enum diff_warning w)
{
	return d->warnings >> w & 1;
}

static void look_at_machines(struct diff *d)
{
	const struct snapshot *a = d->before, *b = d->after;

	d->same_boot = *a->boot_id && !strcmp(a->boot_id, b->boot_id);
	if (a->all_netns != b->all_netns)
		warn(d, DIFF_OTHER_SCOPE);
	if (d->same_boot) {
		if (a->netns != b->netns)
			warn(d, DIFF_OTHER_NETNS);
		d->counters = a->netns && a->netns == b->netns;
		return;
	}
	if (*a->hostname && *b->hostname && strcmp(a->hostname, b->hostname))
		warn(d, DIFF_OTHER_HOST);
	else if (*a->boot_id && *b->boot_id)
		warn(d, DIFF_OTHER_BOOT);
	else
		warn(d, DIFF_BOOT_UNKNOWN);
}

static void look_at_times(struct diff *d)
{
	const struct snapshot *a = d->before, *b = d->after;
	const struct figure *from = &a->time_ms, *to = &b->time_ms;

	/* nobody sets this clock */
	if (d->same_boot && a->uptime_ms.has && b->uptime_ms.has) {
		from = &a->uptime_ms;
		to = &b->uptime_ms;
	}
	if (!from->has || !to->has)
		return;
	if (to->v < from->v) {
		warn(d, DIFF_BACKWARDS);
		return;
	}
	d->has_interval = true;
	d->interval_ms = to->v - from->v;
}

bool diff_counter(const struct diff *d, size_t i)
{
	const struct figure *a = &d->before->counters[i];
	const struct figure *b = &d->after->counters[i];

	return d->counters && a->has && b->has && b->v >= a->v;
}

/* Of the wrong way round all go back, which is said already. */
static void look_at_counters(struct diff *d)
{
	size_t i;

	for (i = 0; i < N_COUNTERS && !warned(d, DIFF_BACKWARDS); i++)
		if (d->counters && d->before->counters[i].has &&
		    d->after->counters[i].has && !diff_counter(d, i))
			warn(d, DIFF_COUNTER_RESET);
}

/* The name that a namespace would have again, were it made again. */
static const char *lasting_name(const struct snapshot_netns *s)
{
	return strcmp(s->kind, "process") ? s->name : "";
}

/*
 * Two of one number. It goes to the next namespace when the one that had it is
 * gone, and after a boot to any.
 */
static bool may_be_same(const struct diff *d, const struct snapshot_netns *a,
			const struct snapshot_netns *b)
{
	const char *x = lasting_name(a), *y = lasting_name(b);

	if (!*x || !*y)
		return d->same_boot;
	return !strcmp(x, y);
}

/* Both are in the order of numbers. */
static void pair_by_number(struct diff *d)
{
	const struct snapshot *a = d->before, *b = d->after;
	size_t i = 0, j = 0;

	while (i < a->n || j < b->n) {
		struct diff_pair *p = &d->pair[d->n++];

		if (j == b->n || (i < a->n && a->of[i].netns < b->of[j].netns))
			p->before = &a->of[i++];
		else if (i == a->n || b->of[j].netns < a->of[i].netns)
			p->after = &b->of[j++];
		else if (may_be_same(d, &a->of[i], &b->of[j])) {
			p->before = &a->of[i++];
			p->after = &b->of[j++];
		} else {
			p->before = &a->of[i++];
			d->pair[d->n++].after = &b->of[j++];
		}
	}
}

static const struct snapshot_netns *one_of(const struct diff_pair *p)
{
	return p->before ? p->before : p->after;
}

/* In both orders who was is before those who came. */
static int by_name(const void *a, const void *b)
{
	const struct diff_pair *const *x = a, *const *y = b;
	int ret = strcmp(lasting_name(one_of(*x)), lasting_name(one_of(*y)));

	return ret ? ret : !(*x)->before - !(*y)->before;
}

static int by_number(const void *a, const void *b)
{
	const struct diff_pair *x = a, *y = b;
	uint32_t v = one_of(x)->netns, w = one_of(y)->netns;

	return v != w ? (v > w) - (v < w) : !x->before - !y->before;
}

/* A container that was started again has another number and the same name. */
static int pair_by_name(struct diff *d)
{
	struct diff_pair **single = calloc(d->n, sizeof(*single));
	size_t i, n = 0;

	if (!single)
		return -1;
	for (i = 0; i < d->n; i++)
		if ((!d->pair[i].before || !d->pair[i].after) &&
		    *lasting_name(one_of(&d->pair[i])))
			single[n++] = &d->pair[i];
	qsort(single, n, sizeof(*single), by_name);
	for (i = 1; i < n; i++) {
		struct diff_pair *p = single[i - 1], *q = single[i];

		if (!p->before || p->after || q->before ||
		    strcmp(lasting_name(p->before), lasting_name(q->after)))
			continue;
		p->after = q->after;
		q->after = NULL;
	}
	free(single);
	return 0;
}

/* Those that became empty; and with one of all, those that are in one only. */
static void drop_some(struct diff *d)
{
	size_t i, kept = 0;

	for (i = 0; i < d->n; i++) {
		const struct diff_pair *p = &d->pair[i];

		if (p->before && p->after)
			d->pair[kept++] = *p;
		else if ((p->before || p->after) &&
			 !warned(d, DIFF_OTHER_SCOPE))
			d->pair[kept++] = *p;
	}
	d->n = kept;
	if (kept)
		qsort(d->pair, kept, sizeof(*d->pair), by_number);
}

int diff_make(const struct snapshot *before, const struct snapshot *after,
	      struct diff *d)
{
	memset(d, 0, sizeof(*d));
	d->before = before;
	d->after = after;
	look_at_machines(d);
	look_at_times(d);
	look_at_counters(d);
	d->pair = calloc(before->n + after->n, sizeof(*d->pair));
	if (!d->pair)
		return -1;
	/* one and one were meant to be compared, whatever they are called */
	if (before->n == 1 && after->n == 1 && !before->all_netns &&
	    !after->all_netns) {
		d->n = 1;
		d->pair[0].before = before->of;
		d->pair[0].after = after->of;
		return 0;
	}
	pair_by_number(d);
	if (pair_by_name(d) < 0) {
		diff_free(d);
		return -1;
	}
	drop_some(d);
	return 0;
}

void diff_free(struct diff *d)
{
	free(d->pair);
	d->pair = NULL;
	d->n = 0;
}
