/* SPDX-License-Identifier: GPL-2.0 */
/* What the files of the text writer share: out_text*.c, one subject each. */
#ifndef TWCTL_OUT_TEXT_H
#define TWCTL_OUT_TEXT_H

#include <arpa/inet.h>
#include <net/if.h>

#include "out.h"

/* Rows that are looked at to set the columns of a list; then it streams. */
#define LOOK_AHEAD 256

/* [ADDR]:SERVICE, with room for a long service name */
#define ENDPOINT_SIZE (INET6_ADDRSTRLEN + 64)

struct colors {
	const char *bold, *warn, *soft, *good, *off;
};

struct totals {
	uint64_t total, fin_wait2, kernel, closes;
	uint64_t reusable, then, changed;
};

/* Of the namespaces of a table, to be compared at its end. */
struct sysctls_kept {
	size_t n;
	size_t room;
	struct netns_sysctls {
		uint32_t netns;
		struct tws_sysctls sysctls;
	} *row;
};

struct text {
	struct out o;
	struct colors c;
	struct totals sum;
	struct sysctls_kept kept;
	/* of a list */
	unsigned int n_waiting;
	bool streaming;
	bool show_age;
	int local_width, remote_width;
	uint32_t dev_ifindex;
	char dev[IF_NAMESIZE];
	struct tws_bucket waiting[LOOK_AHEAD];
	/* of events: whether the header is there */
	bool begun;
};

static inline struct text *text_of(struct out *o)
{
	return (struct text *)o;
}

/* A line's label in its column; "" goes on with the line before. */
void label(struct text *t, const char *name);
void warning(struct text *t);
/*
 * The words that @fmt makes and a newline, wrapped at the screen's edge into
 * lines that begin at @column, where the cursor is.
 */
void wrapped(struct text *t, unsigned int column, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* A warning's words: those of @fmt, wrapped. */
void warn_of(struct text *t, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* " (web)" of a namespace that has a name */
char *netns_suffix(struct text *t, char *buf, size_t size, uint32_t netns);
/* The address, in brackets where a port follows and it is IPv6. */
int endpoint_text(char *buf, size_t size, uint16_t family, const uint8_t *addr,
		  uint16_t port, const char *service);

/*
 * "eth0", harmless to a terminal; else "if7", and false: the number has a name in our
 * own namespace only. Not of 0.
 */
bool device_name(const struct text *t, char dev[IF_NAMESIZE], uint32_t ifindex);
/* " dev eth0" of a socket that is bound to it; nothing for 0 */
void print_device(struct text *t, uint32_t ifindex);

/* out_text_summary.c */
/* The line of how many of how many buckets there are. */
void text_buckets_used(struct text *t, const struct tws_summary *s);
void text_summary(struct out *o, const struct tws_summary *s);
void text_summaries_end(struct text *t);

/* out_text_sysctls.c */
void text_sysctls_keep(struct text *t, const struct tws_summary *s);
/* The sysctls of those kept, where they differ; and forgets them. */
void text_sysctls_end(struct text *t, bool failed);

/* out_text_list.c */
void text_bucket(struct out *o, const struct tws_bucket *b);
void text_list_end(struct text *t, bool failed);

/* out_text_verdict.c */
void text_verdicts(struct text *t, const struct tws_summary *s);
/* "17,988 reusable, 312 no-timestamp"; "" of none. 512 bytes are enough. */
/* A line for each of those that are not 0: what it means. */
void verdict_legend(struct text *t, const uint32_t v[TWSCOPE_N_VERDICTS]);
const char *verdict_counts_text(char *buf, size_t size,
				const uint32_t v[TWSCOPE_N_VERDICTS]);
void text_whatif(struct out *o, const struct tws_summary *s,
		 const struct tws_policy *policy);
void text_whatifs_end(struct text *t);

/* out_text_explain.c */
void text_explanation(struct out *o, const struct explanation *e);

/* out_text_ports.c */
void text_ports(struct out *o, const struct port_report *r);

/* out_text_group.c */
void text_groups(struct out *o, const struct group_report *r);

/* out_text_pressure.c */
void text_pressure(struct out *o, const struct pressure_report *r);

/* out_text_observe.c */
void text_observe(struct out *o, const struct observe_report *r);
/* The line of info; its column is wider. */
void text_observing(struct text *t, bool observing, const struct hooks *hooks);

/* out_text_stats.c */
void text_stats(struct out *o, const struct tws_stats *s);
void text_all_stats_end(struct text *t);

/* out_text_rates.c */
void text_rates(struct out *o, const struct tws_stats *s, uint64_t now_ns);

/* out_text_events.c */
void text_event(struct out *o, const struct tws_event *e);
void text_lost(struct out *o, uint64_t n);
void text_events_begin(struct text *t);

/* out_text_diff.c */
void text_diff(struct out *o, const struct diff *d);

/* out_text_doctor.c */
void text_doctor(struct out *o, const struct doctor_report *r);

#endif /* TWCTL_OUT_TEXT_H */
