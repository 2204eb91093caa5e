// SPDX-License-Identifier: GPL-2.0
/* Events as they come: a line for each. */
#include <string.h>

#include "decisions.h"
#include "out_text.h"
#include "text.h"

/* as wide as the longest reason, so that who it was has a column */
#define WHY_WIDTH 35
/* of docker:3f2a9c81d0e4 */
#define NETNS_WIDTH 19

void text_events_begin(struct text *t)
{
	if (t->begun)
		return;
	t->begun = true;
	/* what most addresses need; a wider one widens the column from there on */
	t->local_width = t->remote_width = (int)sizeof("255.255.255.255:65535") - 1;
	if (t->o.opt.no_header)
		return;
	fprintf(t->o.opt.fp, "%s%-12s  ", t->c.bold, "TIME");
	if (t->o.opt.all_netns)
		fprintf(t->o.opt.fp, "%-*s  ", NETNS_WIDTH, "NETNS");
	fprintf(t->o.opt.fp, "%-8s  %-*s  %-*s  %-9s  %-*s  %s%s\n", "EVENT",
		t->local_width, "LOCAL", t->remote_width, "REMOTE", "SUBSTATE",
		WHY_WIDTH, "WHY", "WHO", t->c.off);
}

static int endpoint(const struct text *t, char *buf, size_t size, int *width,
		    uint16_t family, const uint8_t *addr, uint16_t port)
{
	int n = endpoint_text(buf, size, family, addr, port,
			      services_name(t->o.opt.services, port));

	if (n > *width)
		*width = n;
	return n;
}

static void netns(struct text *t, uint32_t inode)
{
	const char *name = netns_name(t->o.opt.netns_names, inode);

	if (name)
		fprintf(t->o.opt.fp, "%-*s  ", NETNS_WIDTH, name);
	else
		fprintf(t->o.opt.fp, "%-*u  ", NETNS_WIDTH, inode);
}

/* What happened, in one word. */
static const char *what(char *buf, size_t size, const struct tws_event *e)
{
	const char *name = event_type_name(e->type);

	if (e->type == TWSCOPE_EVENT_TYPE_DECISION &&
	    e->decision < TWSCOPE_N_DECISIONS)
		name = decisions[e->decision].event;
	if (name)
		return name;
	snprintf(buf, size, "event %u", e->type);
	return buf;
}

/* " x3", and how many columns it takes */
static void times(struct text *t, char *buf, size_t size, uint32_t count,
		  int *columns)
{
	buf[0] = '\0';
	*columns = 0;
	if (count < 2)
		return;
	*columns = snprintf(buf, size, " x%u", count);
	if (t->o.opt.utf8)
		snprintf(buf, size, " ×%u", count);
}

static const char *why(char *buf, size_t size, const struct tws_event *e)
{
	if (e->has_decision && e->decision < TWSCOPE_N_DECISIONS)
		return decisions[e->decision].why;
	if (e->has_cause && e->cause < TWSCOPE_N_CAUSES)
		return causes[e->cause].why;
	buf[0] = '\0';
	if (e->has_decision)
		snprintf(buf, size, "decision %u", e->decision);
	else if (e->has_cause)
		snprintf(buf, size, "cause %u", e->cause);
	return buf;
}

static void who(struct text *t, const struct tws_event *e)
{
	char comm[sizeof(e->comm)];
	FILE *fp = t->o.opt.fp;

	if (e->has_comm)
		fputs(text_harmless(comm, sizeof(comm), e->comm), fp);
	if (e->has_pid)
		fprintf(fp, "[%u]", e->pid);
	if (e->has_cgroup_id)
		fprintf(fp, "%scgroup %llu", e->has_comm || e->has_pid ? " " : "",
			(unsigned long long)e->cgroup_id);
}

static const char *event_color(const struct text *t, const struct tws_event *e)
{
	if (e->has_decision && decision_reused(e->decision))
		return t->c.good;
	if (e->has_decision && decision_refused(e->decision))
		return t->c.warn;
	return "";
}

static void reason(struct text *t, const struct tws_event *e)
{
	bool someone = e->has_comm || e->has_pid || e->has_cgroup_id;
	char text[32], count[24];
	const char *s = why(text, sizeof(text), e);
	int columns, rest;

	times(t, count, sizeof(count), e->has_count ? e->count : 1, &columns);
	rest = WHY_WIDTH - columns - (int)strlen(s);
	if (*s || *count || someone)
		fprintf(t->o.opt.fp, "  %s%s", s, count);
	if (!someone)
		return;
	fprintf(t->o.opt.fp, "%*s  ", rest > 0 ? rest : 0, "");
	who(t, e);
}

void text_event(struct out *o, const struct tws_event *e)
{
	char local[ENDPOINT_SIZE], remote[ENDPOINT_SIZE], now[32], word[24];
	const char *state = substate_name(e->substate);
	bool soft = e->substate == TWSCOPE_SUBSTATE_FIN_WAIT2;
	struct text *t = text_of(o);
	const char *color = event_color(t, e);
	FILE *fp = o->opt.fp;

	text_events_begin(t);
	endpoint(t, local, sizeof(local), &t->local_width, e->family, e->local,
		 e->local_port);
	endpoint(t, remote, sizeof(remote), &t->remote_width, e->family,
		 e->remote, e->remote_port);
	fprintf(fp, "%-12s  ", text_clock(now, sizeof(now), e->time_ns));
	if (o->opt.all_netns)
		netns(t, e->netns);
	fprintf(fp, "%s%-8s%s  %-*s  %-*s  %s%-9s%s", color,
		what(word, sizeof(word), e), *color ? t->c.off : "",
		t->local_width, local, t->remote_width, remote,
		soft ? t->c.soft : "", state ? state : "unknown",
		soft ? t->c.off : "");
	reason(t, e);
	fputc('\n', fp);
}

void text_lost(struct out *o, uint64_t n)
{
	struct text *t = text_of(o);
	char count[32];

	text_events_begin(t);
	fprintf(o->opt.fp, "%s-- %s event%s lost: the recorder is too small (twctl observe on --recorder N) or the reader too slow --%s\n",
		t->c.warn, text_count(count, sizeof(count), n),
		n == 1 ? "" : "s", t->c.off);
}
