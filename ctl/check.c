// SPDX-License-Identifier: GPL-2.0
#include "check.h"

const struct check_kind check_kinds[N_CHECK_FIGURES] = {
	[CHECK_LIMIT] = { "limit", "%", "80,95", 2 },
	[CHECK_PORTS] = { "taken", "%", "80,95", 2 },
	/* a close keeps its port for a minute: it is never longer than that */
	[CHECK_EXHAUSTION] = { "exhaustion", "s", "45:,15:", 1 },
	[CHECK_BUCKETS] = { "buckets", "", "", 0 },
	[CHECK_OVERFLOW] = { "overflow", "", "", 1 },
};

static enum check_status judge(const struct thresholds *t, double v)
{
	if (t->has_critical && range_alerts(&t->critical, v))
		return CHECK_CRITICAL;
	if (t->has_warning && range_alerts(&t->warning, v))
		return CHECK_WARNING;
	return CHECK_OK;
}

static struct check_item of_buckets(const struct figures *f)
{
	return (struct check_item){ .value = (double)f->kernel_count };
}

static struct check_item of_limit(const struct figures *f)
{
	return (struct check_item){ .value = 100 * f->limit_ratio };
}

static struct check_item of_ports(const struct figures *f)
{
	const struct figures_pool *d = &f->destinations, *b = &f->bind_pools;
	bool bind = b->fullest && b->taken_ratio > d->taken_ratio;
	const struct figures_pool *p = bind ? b : d;

	return (struct check_item){
		.value = 100 * p->taken_ratio, .row = p->fullest, .bind = bind,
	};
}

static struct check_item of_exhaustion(const struct figures *f)
{
	const struct figures_pool *d = &f->destinations, *b = &f->bind_pools;
	bool bind = b->exhausted_s < d->exhausted_s;
	const struct figures_pool *p = bind ? b : d;

	return (struct check_item){
		.value = p->exhausted_s, .row = p->soonest, .bind = bind,
	};
}

/* Of two that are judged alike the more telling one. */
static bool is_worse(enum check_figure figure, const struct check_item *a,
		     const struct check_item *b)
{
	if (a->status != b->status)
		return a->status > b->status;
	return figure == CHECK_EXHAUSTION ? a->value < b->value :
					    a->value > b->value;
}

void check_figures(const struct figures *f, unsigned int n,
		   const struct thresholds t[N_CHECK_FIGURES],
		   struct check_item item[N_CHECK_FIGURES])
{
	static struct check_item (*const of[N_CHECK_FIGURES])(const struct figures *) = {
		[CHECK_LIMIT] = of_limit,
		[CHECK_PORTS] = of_ports,
		[CHECK_EXHAUSTION] = of_exhaustion,
		[CHECK_BUCKETS] = of_buckets,
	};
	struct check_item here;
	unsigned int i, k;

	for (k = 0; k < N_CHECK_FIGURES; k++) {
		item[k] = (struct check_item){ 0 };
		for (i = 0; of[k] && i < n; i++) {
			here = of[k](&f[i]);
			here.told = true;
			here.figures = &f[i];
			here.status = judge(&t[k], here.value);
			if (!item[k].told || is_worse(k, &here, &item[k]))
				item[k] = here;
		}
	}
}

void check_overflow(double per_second, const struct thresholds *t,
		    struct check_item *item)
{
	*item = (struct check_item){
		.told = true, .value = per_second, .status = judge(t, per_second),
	};
}

enum check_status check_status(const struct check_item item[N_CHECK_FIGURES])
{
	enum check_status worst = CHECK_OK;
	unsigned int k;

	for (k = 0; k < N_CHECK_FIGURES; k++)
		if (item[k].told && item[k].status > worst)
			worst = item[k].status;
	return worst;
}
