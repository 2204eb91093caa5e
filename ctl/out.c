// SPDX-License-Identifier: GPL-2.0
#include <stdlib.h>

#include "out.h"

const struct feature features[] = {
	{ TWSCOPE_FEATURE_ENTRY_STAMP, "entry-stamp",
	  "buckets carry their time of entry (AGE in list)" },
	{ TWSCOPE_FEATURE_PERNET_EHASH, "pernet-ehash",
	  "a namespace may have its own established hash" },
	{ TWSCOPE_FEATURE_REUSE_DELAY, "reuse-delay",
	  "the sysctl tcp_tw_reuse_delay exists" },
	{ TWSCOPE_FEATURE_USEC_TS, "usec-ts",
	  "buckets may use microsecond timestamps" },
};

const size_t n_features = ARRAY_SIZE(features);

const char *substate_name(uint8_t substate)
{
	switch (substate) {
	case TWSCOPE_SUBSTATE_FIN_WAIT2:
		return "fin-wait2";
	case TWSCOPE_SUBSTATE_TIME_WAIT:
		return "time-wait";
	}
	return NULL;
}

int out_info(struct out *o, const struct tws_info *info,
	     const struct hooks *hooks)
{
	o->ops->info(o, info, hooks);
	o->records++;
	return ferror(o->opt.fp);
}

int out_summary(struct out *o, const struct tws_summary *s)
{
	o->ops->summary(o, s);
	o->records++;
	return ferror(o->opt.fp);
}

int out_bucket(struct out *o, const struct tws_bucket *b)
{
	o->ops->bucket(o, b);
	o->records++;
	return ferror(o->opt.fp);
}

int out_whatif(struct out *o, const struct tws_summary *s,
	       const struct tws_policy *policy)
{
	o->ops->whatif(o, s, policy);
	o->records++;
	return ferror(o->opt.fp);
}

int out_explanation(struct out *o, const struct explanation *e)
{
	o->ops->explanation(o, e);
	o->records++;
	return ferror(o->opt.fp);
}

int out_ports(struct out *o, const struct port_report *r)
{
	o->ops->ports(o, r);
	o->records++;
	return ferror(o->opt.fp);
}

int out_groups(struct out *o, const struct group_report *r)
{
	o->ops->groups(o, r);
	o->records++;
	return ferror(o->opt.fp);
}

int out_pressure(struct out *o, const struct pressure_report *r)
{
	o->ops->pressure(o, r);
	o->records++;
	return ferror(o->opt.fp);
}

int out_observe(struct out *o, const struct observe_report *r)
{
	o->ops->observe(o, r);
	o->records++;
	return ferror(o->opt.fp);
}

int out_stats(struct out *o, const struct tws_stats *s)
{
	o->ops->stats(o, s);
	o->records++;
	return ferror(o->opt.fp);
}

int out_rates(struct out *o, const struct tws_stats *s, uint64_t now_ns)
{
	o->ops->rates(o, s, now_ns);
	o->records++;
	return ferror(o->opt.fp);
}

int out_event(struct out *o, const struct tws_event *e)
{
	o->ops->event(o, e);
	o->records++;
	return ferror(o->opt.fp);
}

int out_lost(struct out *o, uint64_t n)
{
	o->ops->lost(o, n);
	o->records++;
	return ferror(o->opt.fp);
}

void out_filtered(struct out *o)
{
	o->opt.filtered = true;
}

int out_diff(struct out *o, const struct diff *d)
{
	o->ops->diff(o, d);
	o->records++;
	return ferror(o->opt.fp);
}

int out_doctor(struct out *o, const struct doctor_report *r)
{
	o->ops->doctor(o, r);
	o->records++;
	return ferror(o->opt.fp);
}

int out_flush(struct out *o)
{
	o->ops->flush(o);
	return fflush(o->opt.fp) || ferror(o->opt.fp);
}

void out_end(struct out *o, bool failed)
{
	o->ops->end(o, failed);
	free(o);
}
