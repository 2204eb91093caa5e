// SPDX-License-Identifier: GPL-2.0
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arguments.h"
#include "endpoint.h"
#include "top_ask.h"

/* Destinations that are asked for: those that hold most ports. */
#define DESTINATIONS 1000

/* One round of questions. */
struct asking {
	struct top_data *d;
	struct session *s;
	const struct options *o;
	struct top_state *st;
	bool no_memory;
};

/* keeping what is selected */

static void sort_rows(struct top_data *d, struct top_state *st)
{
	struct top_list *l = &st->list[TOP_DESTINATIONS];

	top_rows_sort(&d->rows, st->order);
	/* in a view beyond, it is what was entered */
	if (st->view != TOP_DESTINATIONS)
		top_list_set(l, d->rows.n, top_rows_find(&d->rows, &d->picked,
							 d->picked_pool));
}

static void sort_buckets(struct top_data *d, struct top_state *st)
{
	top_buckets_sort(&d->buckets, st->bucket_order);
	if (st->view == TOP_BUCKET)
		top_list_set(&st->list[TOP_BUCKETS], d->buckets.n,
			     top_buckets_find(&d->buckets, &d->bucket));
}

void top_sort(struct top_data *d, struct top_state *st)
{
	if (!d->known)
		return;
	sort_rows(d, st);
	sort_buckets(d, st);
}

void top_pick(struct top_data *d, const struct top_state *st)
{
	const struct top_list *l;

	if (st->view == TOP_BUCKETS) {
		l = &st->list[TOP_DESTINATIONS];
		d->picked = *d->rows.row[l->at].of->group;
		d->picked_pool = d->rows.row[l->at].pool;
		top_buckets_free(&d->buckets);
	} else {
		l = &st->list[TOP_BUCKETS];
		d->bucket = d->buckets.row[l->at];
		free(d->page);
		d->page = NULL;
		d->ended = false;
	}
}

/* Of all that are shown, before any of them is written. */
static void renew_names(const struct asking *a)
{
	unsigned int i;

	for (i = 0; i < a->d->p.n_summaries; i++)
		session_renew_names(a->s, a->d->p.summary[i].netns);
}

/* questions; they return as the calls of nl.h do */

static int ask_pressures(struct asking *a)
{
	struct top_list *l = &a->st->list[TOP_DESTINATIONS];
	struct top_data *d = a->d;
	char *words[] = { a->st->filter };
	struct tws_group selected;
	struct top_rows rows;
	struct pressures p;
	bool had = d->known && l->at < d->rows.n, pool = false;
	int ret = pressures_take(a->s, a->o, *a->st->filter != '\0', words,
				 DESTINATIONS, &p);

	if (!ret && !top_rows_make(&rows, &p))
		ret = twnl_out_of_memory(a->s->nl);
	if (ret) {
		/* it has been said why */
		ret = p.refused ? -1 : ret;
		pressures_free(&p);
		return ret;
	}
	if (had) {
		selected = *d->rows.row[l->at].of->group;
		pool = d->rows.row[l->at].pool;
	}
	free(d->rows.row);
	pressures_free(&d->p);
	d->p = p;
	d->rows = rows;
	d->known = true;
	renew_names(a);
	sort_rows(d, a->st);
	if (a->st->view == TOP_DESTINATIONS)
		top_list_set(l, rows.n, had ? top_rows_find(&d->rows, &selected, pool) :
					      rows.n);
	return 0;
}

/* Nothing is observed where this is refused, as far as can be told. */
static int ask_stats(struct asking *a)
{
	struct top_data *d = a->d;
	struct sample now;
	int ret = sample_take(a->s->nl, a->o->all_netns, &now);

	if (ret < 0 && !twnl_errno(a->s->nl))
		return ret;
	if (ret > 0)
		return ret;
	d->has_rates = !ret && d->observing &&
		       sample_difference(&now, &d->sample, &d->rates);
	d->observing = !ret;
	d->sample = now;
	return 0;
}

static int keep_bucket(const struct tws_bucket *b, void *ctx)
{
	struct asking *a = ctx;
	const struct tws_group *g = &a->d->picked;

	if (b->netns != g->netns ||
	    (!a->d->picked_pool && b->ifindex != g->ifindex))
		return 0;
	a->no_memory = !top_buckets_add(&a->d->buckets, b);
	return a->no_memory;
}

static void bracketed(char *buf, size_t size, uint16_t family, const uint8_t *addr)
{
	char ip[INET6_ADDRSTRLEN];

	inet_ntop(family, addr, ip, sizeof(ip));
	snprintf(buf, size, family == AF_INET6 ? "[%s]" : "%s", ip);
}

/* Of what pressures counted for the destination or the pool that was entered. */
static int filter_of_picked(struct asking *a, struct tws_filter *f)
{
	const struct tws_group *g = &a->d->picked;
	char src[] = "src", dst[] = "dst", dport[] = "dport", equals[] = "=",
	     verdict[] = "verdict", blocked[] = "bind-blocked", open[] = "(",
	     close[] = ")", from[INET6_ADDRSTRLEN + 2], to[INET6_ADDRSTRLEN + 2],
	     port[16];
	char *words[12] = { src, from };
	int n = 2;

	bracketed(from, sizeof(from), g->local_family, g->local);
	if (a->d->picked_pool) {
		words[n++] = verdict;
		words[n++] = equals;
		words[n++] = blocked;
	} else {
		bracketed(to, sizeof(to), g->remote_family, g->remote);
		snprintf(port, sizeof(port), ":%u", g->remote_port);
		words[n++] = dst;
		words[n++] = to;
		words[n++] = dport;
		words[n++] = equals;
		words[n++] = port;
	}
	if (*a->st->filter) {
		words[n++] = open;
		words[n++] = a->st->filter;
		words[n++] = close;
	}
	return pressures_filter(&a->d->p, a->o, n, words, f);
}

static int ask_buckets(struct asking *a)
{
	struct top_list *l = &a->st->list[TOP_BUCKETS];
	struct top_buckets *all = &a->d->buckets, before = *all;
	struct tws_filter f;
	const struct tws_bucket_query q = {
		.filter = &f, .all_netns = a->o->all_netns,
	};
	int ret;

	/* it has been said why */
	if (filter_of_picked(a, &f))
		return -1;
	*all = (struct top_buckets){ .order = a->st->bucket_order };
	ret = twnl_bucket_dump(a->s->nl, &q, keep_bucket, a);
	if (a->no_memory)
		ret = twnl_out_of_memory(a->s->nl);
	if (ret) {
		top_buckets_free(all);
		*all = before;
		return ret;
	}
	top_buckets_sort(all, a->st->bucket_order);
	top_list_set(l, all->n, l->at < before.n ?
		     top_buckets_find(all, &before.row[l->at]) : all->n);
	top_buckets_free(&before);
	return 0;
}

struct found {
	const struct tws_bucket *wanted;
	bool found;
	struct tws_bucket bucket;
};

static int keep_found(const struct tws_bucket *b, void *ctx)
{
	struct found *f = ctx;

	if (!top_bucket_same(b, f->wanted))
		return 0;
	f->found = true;
	f->bucket = *b;
	return 0;
}

/* What explain writes of it, into memory; NULL where that is short. */
static char *explained(const struct asking *a, const struct tws_bucket *b,
		       const struct tws_sysctls *sysctls)
{
	const struct explanation e = {
		.info = &a->s->info, .sysctls = sysctls, .bucket = b,
	};
	struct out_options opt = a->s->out->opt;
	char *page = NULL;
	struct out *out;
	size_t size;

	opt.fp = open_memstream(&page, &size);
	if (!opt.fp)
		return NULL;
	out = out_text(&opt, OUT_EXPLANATION);
	if (out) {
		out_explanation(out, &e);
		out_end(out, false);
	}
	fclose(opt.fp);
	return page;
}

static int ask_bucket(struct asking *a)
{
	struct top_data *d = a->d;
	const struct tws_bucket *b = &d->bucket;
	struct endpoint ends[] = {
		{ .has_addr = true, .has_port = true, .family = b->family,
		  .port = b->local_port },
		{ .has_addr = true, .has_port = true, .family = b->family,
		  .port = b->remote_port },
	};
	const struct tws_summary *summary = pressures_summary(&d->p, b->netns);
	struct found f = { .wanted = b };
	struct tws_filter filter;
	const struct tws_bucket_query q = {
		.filter = &filter, .explain = true, .all_netns = a->o->all_netns,
	};
	int ret;

	memcpy(ends[0].addr, b->local, sizeof(b->local));
	memcpy(ends[1].addr, b->remote, sizeof(b->remote));
	endpoint_filter(&ends[0], &ends[1], &filter);
	ret = twnl_bucket_dump(a->s->nl, &q, keep_found, &f);
	if (ret)
		return ret;
	d->ended = !f.found || !summary;
	if (d->ended)
		return 0;
	free(d->page);
	d->page = explained(a, &f.bucket, &summary->sysctls);
	return d->page ? 0 : twnl_out_of_memory(a->s->nl);
}

static int ask_all(struct asking *a)
{
	int ret;

	if (!a->s->nl && session_reconnect(a->s) < 0)
		return -1;
	ret = ask_pressures(a);
	if (!ret)
		ret = ask_stats(a);
	if (!ret && a->st->view == TOP_BUCKETS)
		ret = ask_buckets(a);
	if (!ret && a->st->view == TOP_BUCKET)
		ret = ask_bucket(a);
	return ret;
}

/* What was complained of, or else what the connection has to say. */
static void note_error(struct top_data *d, const struct session *s,
		       const char *complaint)
{
	if (complaint && *complaint)
		snprintf(d->error, sizeof(d->error), "%.*s",
			 (int)strcspn(complaint, "\n"), complaint);
	else
		snprintf(d->error, sizeof(d->error), "%s",
			 s->nl ? twnl_error(s->nl) : "out of memory");
}

int top_ask(struct top_data *d, struct session *s, const struct options *o,
	    struct top_state *st)
{
	struct asking a = { .d = d, .s = s, .o = o, .st = st };
	uint64_t began = now_ns(CLOCK_MONOTONIC);
	char *complaint = NULL;
	size_t size;
	FILE *fp = open_memstream(&complaint, &size);
	int ret;

	complain_to(complain_into, fp);
	ret = ask_all(&a);
	complain_to(NULL, NULL);
	if (fp)
		fclose(fp);
	d->took_ms = (now_ns(CLOCK_MONOTONIC) - began) / 1000000;
	if (!ret) {
		d->error[0] = '\0';
		d->time_ns = now_ns(CLOCK_REALTIME);
	} else if (ret < 0) {
		note_error(d, s, complaint);
		/* whatever it was: the module may be gone, or another one there */
		twnl_close(s->nl);
		s->nl = NULL;
		d->observing = false;
	}
	free(complaint);
	return ret > 0;
}

void top_data_free(struct top_data *d)
{
	pressures_free(&d->p);
	free(d->rows.row);
	top_buckets_free(&d->buckets);
	free(d->page);
}
