/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Where records go: one interface, a writer for people and one for programs.
 * A writer prints each record as it comes and keeps none (the text writer looks
 * at the first few rows of a list to set its columns, and keeps the sysctls of
 * each namespace until the table's end).
 */
#ifndef TWCTL_OUT_H
#define TWCTL_OUT_H

#include <stdio.h>

#include "diff.h"
#include "explain.h"
#include "groups.h"
#include "hooks.h"
#include "names.h"
#include "netns.h"
#include "pressure.h"
#include "types.h"

/*
 * The plural ones are of several records, an array in JSON; rates and events,
 * which have no end, are a line each.
 */
enum out_kind {
	OUT_INFO, OUT_SUMMARY, OUT_SUMMARIES, OUT_BUCKETS, OUT_WHATIF, OUT_WHATIFS,
	OUT_EXPLANATION, OUT_PORTS, OUT_GROUPS, OUT_PRESSURE, OUT_OBSERVE, OUT_STATS, OUT_ALL_STATS,
	OUT_RATES, OUT_EVENTS, OUT_DIFF, OUT_DOCTOR,
};

struct port_report {
	const struct tws_port_query *query;
	const struct tws_ports *ports;
	/* the source address is what the routing table chose */
	bool routed;
	/* "" for none */
	const char *dev;
};

struct group_report {
	const struct tws_group_query *query;
	const struct groups *groups;
};

/* A destination and what its ports come to, or a source that bind()s. */
struct pressure_row {
	const struct tws_group *group;
	/* of its namespace */
	const struct tws_summary *summary;
	struct pressure now;
	/* under tcp_tw_reuse=1; of destinations only */
	struct pressure whatif;
};

struct pressure_report {
	unsigned int n;
	const struct pressure_row *row;
	/* the bind pool, by source address */
	unsigned int n_sources;
	const struct pressure_row *source;
	/* of all namespaces that were asked; @n_summaries of them */
	unsigned int n_summaries;
	const struct tws_summary *summary;
	/* destinations beyond those of @row */
	uint32_t others;
	/* there are more than the module tells apart */
	bool cut;
};

enum observe_asked { OBSERVE_TELL, OBSERVE_ON, OBSERVE_OFF };

struct machine;
struct findings;

struct doctor_report {
	const struct machine *machine;
	const struct findings *findings;
};

struct observe_report {
	enum observe_asked asked;
	/* before that, and now */
	bool was_on;
	bool is_on;
	/* what was observed in all network namespaces; NULL where not known */
	const struct tws_stats *total;
	/* nanoseconds since 1970 */
	uint64_t now_ns;
	/* NULL where they are not told */
	const struct hooks *hooks;
};

/* The pointers stay the caller's, and may be NULL but for fp. */
struct out_options {
	FILE *fp;
	bool color;
	bool pretty;
	bool utf8;
	bool no_header;
	bool all_netns;
	/* records are of the buckets that a filter let pass */
	bool filtered;
	unsigned int cpus;
	const struct services *services;
	const struct netns_names *netns_names;
};

struct out;

/* NULL where memory is short. */
struct out *out_text(const struct out_options *options, enum out_kind kind);
struct out *out_json(const struct out_options *options, enum out_kind kind);

/* From here on there is a filter: see struct out_options. */
void out_filtered(struct out *o);

/* Return non-zero where nothing more can be written. */
/* @hooks: NULL where they are not told. */
int out_info(struct out *o, const struct tws_info *info,
	     const struct hooks *hooks);
int out_summary(struct out *o, const struct tws_summary *s);
int out_bucket(struct out *o, const struct tws_bucket *b);
/* @s has changes: they are what @policy does. */
int out_whatif(struct out *o, const struct tws_summary *s,
	       const struct tws_policy *policy);
int out_explanation(struct out *o, const struct explanation *e);
int out_ports(struct out *o, const struct port_report *r);
int out_groups(struct out *o, const struct group_report *r);
int out_pressure(struct out *o, const struct pressure_report *r);
int out_observe(struct out *o, const struct observe_report *r);
int out_stats(struct out *o, const struct tws_stats *s);
/* @s: what stats_difference() gave, up to @now_ns since 1970. */
int out_rates(struct out *o, const struct tws_stats *s, uint64_t now_ns);
int out_event(struct out *o, const struct tws_event *e);
int out_diff(struct out *o, const struct diff *d);
int out_doctor(struct out *o, const struct doctor_report *r);
/* @n events were overwritten before they were read. */
int out_lost(struct out *o, uint64_t n);
/* For what goes on: whoever reads it sees all that there is until now. */
int out_flush(struct out *o);

/*
 * Ends what was begun and frees @o. JSON is made whole even where @failed says
 * that records are missing; text then shows no header above nothing.
 */
void out_end(struct out *o, bool failed);

/* For the writers. */

struct out_ops {
	void (*info)(struct out *o, const struct tws_info *info,
		     const struct hooks *hooks);
	void (*summary)(struct out *o, const struct tws_summary *s);
	void (*bucket)(struct out *o, const struct tws_bucket *b);
	void (*whatif)(struct out *o, const struct tws_summary *s,
		       const struct tws_policy *policy);
	void (*explanation)(struct out *o, const struct explanation *e);
	void (*ports)(struct out *o, const struct port_report *r);
	void (*groups)(struct out *o, const struct group_report *r);
	void (*pressure)(struct out *o, const struct pressure_report *r);
	void (*observe)(struct out *o, const struct observe_report *r);
	void (*stats)(struct out *o, const struct tws_stats *s);
	void (*rates)(struct out *o, const struct tws_stats *s, uint64_t now_ns);
	void (*event)(struct out *o, const struct tws_event *e);
	void (*lost)(struct out *o, uint64_t n);
	void (*diff)(struct out *o, const struct diff *d);
	void (*doctor)(struct out *o, const struct doctor_report *r);
	void (*flush)(struct out *o);
	void (*end)(struct out *o, bool failed);
};

struct out {
	const struct out_ops *ops;
	struct out_options opt;
	enum out_kind kind;
	uint64_t records;
};

/* The name of a substate as in the spec, or NULL. */
const char *substate_name(uint8_t substate);

struct feature {
	uint32_t bit;
	const char *name;
	const char *doc;
};

extern const struct feature features[];
extern const size_t n_features;

#endif /* TWCTL_OUT_H */
