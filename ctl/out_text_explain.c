// SPDX-License-Identifier: GPL-2.0
#include "out_text.h"
#include "text.h"

/* where the words of a condition begin: after "  not asked  port-search  " */
#define CONDITION_COLUMN 26

static void line(struct text *t, const struct explained *x)
{
	wrapped(t, 10, "%s [%s]", x->text, x->source);
}

static void bucket_times(struct text *t, const struct tws_bucket *b)
{
	FILE *fp = t->o.opt.fp;
	char age[24];

	label(t, "");
	if (b->has_age)
		fprintf(fp, "entered %s ago; ",
			text_time_words(age, sizeof(age), b->age_ms));
	if (b->has_ts_recent_age)
		fprintf(fp, "last timestamp of the peer %u s ago\n",
			b->ts_recent_age_s);
	else
		fprintf(fp, "no timestamps\n");
}

static void bucket_socket(struct text *t, const struct tws_bucket *b)
{
	char dev[IF_NAMESIZE];

	if (!b->ifindex && !b->mark)
		return;
	label(t, "");
	if (b->ifindex && device_name(t, dev, b->ifindex))
		fprintf(t->o.opt.fp, "bound to device %s%s", dev,
			b->mark ? ", " : "");
	else if (b->ifindex)
		fprintf(t->o.opt.fp, "bound to device number %u%s", b->ifindex,
			b->mark ? ", " : "");
	if (b->mark)
		fprintf(t->o.opt.fp, "mark 0x%x", b->mark);
	fputc('\n', t->o.opt.fp);
}

static void the_bucket(struct text *t, const struct explanation *e)
{
	const struct tws_bucket *b = e->bucket;
	char local[ENDPOINT_SIZE], remote[ENDPOINT_SIZE], name[300];
	const char *state = substate_name(b->substate);
	struct explained x;

	endpoint_text(local, sizeof(local), b->family, b->local, b->local_port,
		      NULL);
	endpoint_text(remote, sizeof(remote), b->family, b->remote,
		      b->remote_port, NULL);
	label(t, "bucket");
	fprintf(t->o.opt.fp, "%s -> %s\n", local, remote);
	label(t, "");
	fprintf(t->o.opt.fp, "%s, in network namespace %u%s\n",
		state ? state : "unknown substate", b->netns,
		netns_suffix(t, name, sizeof(name), b->netns));
	bucket_socket(t, b);
	bucket_times(t, b);
	explain_end(e, &x);
	label(t, "");
	line(t, &x);
}

static void the_conditions(struct text *t, const struct explanation *e)
{
	const char *rules = rules_name(e->info->rules), *color;
	struct explained_condition c[N_CONDITIONS];
	unsigned int i;

	fprintf(t->o.opt.fp, "\n%sconnect()%s by the rules of this kernel, %s%s:\n",
		t->c.bold, t->c.off, rules ? rules : "unknown to this twctl",
		e->info->rules_told ? ", as told" : "");
	if (!e->bucket->has_conditions) {
		fprintf(t->o.opt.fp, "  the module did not tell what is asked\n");
		return;
	}
	explain_conditions(e, c);
	for (i = 0; i < N_CONDITIONS; i++) {
		color = !c[i].asked ? t->c.soft : c[i].held ? t->c.good : t->c.warn;
		fprintf(t->o.opt.fp, "  %s%-9s%s  %-11s  ", color,
			!c[i].asked ? "not asked" : c[i].held ? "met" :
			"NOT MET", t->c.off, c[i].name);
		wrapped(t, CONDITION_COLUMN, "%s [%s]", c[i].why.text,
			c[i].why.source);
	}
}

static void the_verdict(struct text *t, const struct explanation *e)
{
	const char *name = verdict_name(e->bucket->verdict);
	struct explained x;

	fputc('\n', t->o.opt.fp);
	label(t, "verdict");
	explain_verdict(e, &x);
	wrapped(t, 10, "%s: %s [%s]", name ? name : "unknown", x.text, x.source);
	explain_change(e, &x);
	label(t, "");
	line(t, &x);
	explain_bound(e, &x);
	label(t, "bound");
	wrapped(t, 10, "from just this port, bound before: %s [%s]", x.text, x.source);
}

static void the_peer(struct text *t, const struct explanation *e)
{
	struct explained x[N_PEER_LINES];
	unsigned int i, n = explain_peer(e, x);

	fputc('\n', t->o.opt.fp);
	for (i = 0; i < n; i++) {
		label(t, i ? "" : "peer");
		line(t, &x[i]);
	}
}

/* What holds of most buckets alike: below what is of this one. */
static void the_life(struct text *t, const struct explanation *e)
{
	static void (*const of_it[])(const struct explanation *e,
				     struct explained *x) = {
		explain_closers, explain_anew, explain_owner,
	};
	struct explained x;
	size_t i;

	fputc('\n', t->o.opt.fp);
	for (i = 0; i < ARRAY_SIZE(of_it); i++) {
		of_it[i](e, &x);
		label(t, i ? "" : "life");
		line(t, &x);
	}
}

static void the_syn(struct text *t, const struct explanation *e)
{
	const char *name = syn_verdict_name(e->bucket->syn_verdict);
	char tsval[32] = ", no timestamp";
	struct explained x;

	if (!e->syn)
		return;
	if (e->syn->has_tsval)
		snprintf(tsval, sizeof(tsval), ", TSval %u", e->syn->tsval);
	explain_syn(e, &x);
	fputc('\n', t->o.opt.fp);
	label(t, "this SYN");
	fprintf(t->o.opt.fp, "sequence number %u%s: %s%s%s\n", e->syn->seq,
		tsval, t->c.bold, name ? name : "unknown", t->c.off);
	label(t, "");
	line(t, &x);
}

void text_explanation(struct out *o, const struct explanation *e)
{
	struct text *t = text_of(o);

	the_bucket(t, e);
	the_conditions(t, e);
	the_verdict(t, e);
	the_peer(t, e);
	the_life(t, e);
	the_syn(t, e);
}
