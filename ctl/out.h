/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Where records go: one interface, a writer for people and one for programs.
 * A writer prints each record as it comes and keeps none (the text writer looks
 * at the first few rows of a list to set its columns).
 */
#ifndef TWCTL_OUT_H
#define TWCTL_OUT_H

#include <stdio.h>

#include "explain.h"
#include "names.h"
#include "netns.h"
#include "types.h"

/* the plural ones are of several records, an array in JSON */
enum out_kind {
	OUT_INFO, OUT_SUMMARY, OUT_SUMMARIES, OUT_BUCKETS, OUT_WHATIF, OUT_WHATIFS,
	OUT_EXPLANATION, OUT_PORTS,
};

struct port_report {
	const struct tws_port_query *query;
	const struct tws_ports *ports;
	/* the source address is what the routing table chose */
	bool routed;
	/* "" for none */
	const char *dev;
};

/* The pointers stay the caller's, and may be NULL but for fp. */
struct out_options {
	FILE *fp;
	bool color;
	bool pretty;
	bool utf8;
	bool no_header;
	bool all_netns;
	unsigned int cpus;
	const struct services *services;
	const struct netns_names *netns_names;
};

struct out;

/* NULL where memory is short. */
struct out *out_text(const struct out_options *options, enum out_kind kind);
struct out *out_json(const struct out_options *options, enum out_kind kind);

/* Return non-zero where nothing more can be written. */
int out_info(struct out *o, const struct tws_info *info);
int out_summary(struct out *o, const struct tws_summary *s);
int out_bucket(struct out *o, const struct tws_bucket *b);
/* @s has changes: they are what @policy does. */
int out_whatif(struct out *o, const struct tws_summary *s,
	       const struct tws_policy *policy);
int out_explanation(struct out *o, const struct explanation *e);
int out_ports(struct out *o, const struct port_report *r);

/*
 * Ends what was begun and frees @o. JSON is made whole even where @failed says
 * that records are missing; text then shows no header above nothing.
 */
void out_end(struct out *o, bool failed);

/* For the writers. */

struct out_ops {
	void (*info)(struct out *o, const struct tws_info *info);
	void (*summary)(struct out *o, const struct tws_summary *s);
	void (*bucket)(struct out *o, const struct tws_bucket *b);
	void (*whatif)(struct out *o, const struct tws_summary *s,
		       const struct tws_policy *policy);
	void (*explanation)(struct out *o, const struct explanation *e);
	void (*ports)(struct out *o, const struct port_report *r);
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
