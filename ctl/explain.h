/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One bucket in words that may be pasted into an incident: what the kernel asks
 * of it, why, and on whose authority. All pure.
 */
#ifndef TWCTL_EXPLAIN_H
#define TWCTL_EXPLAIN_H

#include "types.h"
#include "verdicts.h"

/* All but @syn are needed; what they point to stays the caller's. */
struct explanation {
	const struct tws_info *info;
	const struct tws_sysctls *sysctls;
	const struct tws_bucket *bucket;
	/* the SYN that bucket->syn_verdict is about, or NULL */
	const struct tws_syn *syn;
};

struct explained {
	/* the RFC behind it, or what of Linux's own */
	const char *source;
	char text[320];
};

struct explained_condition {
	const char *name;
	bool asked;
	bool held;
	struct explained why;
};

/* as many as what a SYN needs takes */
#define N_PEER_LINES 6

/* Who has closed. */
void explain_closers(const struct explanation *e, struct explained *x);
/* When its timer ends it. */
void explain_end(const struct explanation *e, struct explained *x);
/* What makes the timer begin anew. */
void explain_anew(const struct explanation *e, struct explained *x);
/* Whose it is: nobody's. */
void explain_owner(const struct explanation *e, struct explained *x);
void explain_conditions(const struct explanation *e,
			struct explained_condition c[N_CONDITIONS]);
void explain_verdict(const struct explanation *e, struct explained *x);
/* When the verdict changes. */
void explain_change(const struct explanation *e, struct explained *x);
/* A port that is bound before connect(). */
void explain_bound(const struct explanation *e, struct explained *x);
/* What a SYN of the peer meets; how many of @x were filled. */
unsigned int explain_peer(const struct explanation *e,
			  struct explained x[N_PEER_LINES]);
/* What e->syn meets. */
void explain_syn(const struct explanation *e, struct explained *x);

#endif /* TWCTL_EXPLAIN_H */
