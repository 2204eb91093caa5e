// SPDX-License-Identifier: GPL-2.0
#include <string.h>

#include "line.h"
#include "out_text.h"
#include "verdicts.h"

static int endpoint(const struct text *t, char *buf, size_t size,
		    uint16_t family, const uint8_t *addr, uint16_t port)
{
	return endpoint_text(buf, size, family, addr, port,
			     services_name(t->o.opt.services, port));
}

static void list_header(struct text *t)
{
	if (t->o.opt.no_header)
		return;
	fprintf(t->o.opt.fp, "%s%-9s  %6s  ", t->c.bold, "SUBSTATE", "LEFT");
	if (t->show_age)
		fprintf(t->o.opt.fp, "%6s  ", "AGE");
	fprintf(t->o.opt.fp, "%6s  %-12s  %5s  %-*s  %-*s", "TS-AGE", "VERDICT",
		"WAIT", t->local_width, "LOCAL",
		t->o.opt.all_netns ? t->remote_width : 0, "REMOTE");
	fprintf(t->o.opt.fp, "%s%s\n", t->o.opt.all_netns ? "  NETNS" : "",
		t->c.off);
}

static void row_netns(const struct text *t, struct line *l,
		      const struct tws_bucket *b)
{
	const char *name = netns_name(t->o.opt.netns_names, b->netns);

	LINE_LIT(l, "  ");
	line_number(l, b->netns);
	if (!name)
		return;
	line_char(l, ' ');
	line_str(l, name);
}

static void row_device(struct text *t, struct line *l, const struct tws_bucket *b)
{
	/* the number has this name in our own namespace only */
	if (t->o.opt.all_netns) {
		LINE_LIT(l, "  ifindex=");
		line_number(l, b->ifindex);
		return;
	}
	if (t->dev_ifindex != b->ifindex) {
		t->dev_ifindex = b->ifindex;
		device_name(t, t->dev, b->ifindex);
	}
	LINE_LIT(l, "  dev=");
	line_str(l, t->dev);
}

static void row_mark(struct line *l, const struct tws_bucket *b)
{
	char mark[24];

	snprintf(mark, sizeof(mark), "  mark=0x%x", b->mark);
	line_str(l, mark);
}

static void row_substate(const struct text *t, struct line *l,
			 const struct tws_bucket *b)
{
	const char *state = substate_name(b->substate);
	bool soft = b->substate == TWSCOPE_SUBSTATE_FIN_WAIT2;
	size_t from;

	if (soft)
		line_str(l, t->c.soft);
	from = l->n;
	line_str(l, state ? state : "unknown");
	line_left(l, from, 9);
	if (soft)
		line_str(l, t->c.off);
	LINE_LIT(l, "  ");
}

/* Each in a column of 6 and two blanks; "-" for what is not known. */
static void row_times(const struct text *t, struct line *l,
		      const struct tws_bucket *b)
{
	size_t from = l->n;

	line_seconds(l, b->remaining_ms);
	line_right(l, from, 6);
	LINE_LIT(l, "  ");
	if (t->show_age) {
		from = l->n;
		if (b->has_age)
			line_seconds(l, b->age_ms);
		else
			line_char(l, '-');
		line_right(l, from, 6);
		LINE_LIT(l, "  ");
	}
	from = l->n;
	if (b->has_ts_recent_age) {
		line_number(l, b->ts_recent_age_s);
		line_char(l, 's');
	} else {
		line_char(l, '-');
	}
	line_right(l, from, 6);
	LINE_LIT(l, "  ");
}

static void row_verdict(const struct text *t, struct line *l,
			const struct tws_bucket *b)
{
	const char *name = verdict_name(b->verdict), *color = "";
	size_t from;

	if (b->verdict == TWSCOPE_VERDICT_REUSABLE)
		color = t->c.good;
	else if (b->verdict == TWSCOPE_VERDICT_TOO_YOUNG)
		color = t->c.soft;
	line_str(l, color);
	from = l->n;
	line_str(l, name ? name : "unknown");
	line_left(l, from, 12);
	if (*color)
		line_str(l, t->c.off);
	LINE_LIT(l, "  ");
	from = l->n;
	if (b->has_wait)
		line_wait(l, b->wait_ms);
	else
		line_char(l, '-');
	line_right(l, from, 5);
	LINE_LIT(l, "  ");
}

static void row_endpoint(const struct text *t, struct line *l,
			 const struct tws_bucket *b, const uint8_t *addr,
			 uint16_t port, int width)
{
	size_t from = l->n;

	line_endpoint(l, b->family, addr, port,
		      services_name(t->o.opt.services, port));
	line_left(l, from, (size_t)width);
}

static void list_row(struct text *t, const struct tws_bucket *b)
{
	bool more = t->o.opt.all_netns || b->mark || b->ifindex;
	struct line l;

	l.n = 0;
	row_substate(t, &l, b);
	row_times(t, &l, b);
	row_verdict(t, &l, b);
	row_endpoint(t, &l, b, b->local, b->local_port, t->local_width);
	LINE_LIT(&l, "  ");
	row_endpoint(t, &l, b, b->remote, b->remote_port,
		     more ? t->remote_width : 0);
	if (t->o.opt.all_netns)
		row_netns(t, &l, b);
	if (b->mark)
		row_mark(&l, b);
	if (b->ifindex)
		row_device(t, &l, b);
	line_char(&l, '\n');
	line_write(&l, t->o.opt.fp);
}

/* Sets the columns by the rows that are there, and shows them. */
static void list_flush(struct text *t)
{
	char buf[ENDPOINT_SIZE];
	unsigned int i;
	int n;

	/* what most addresses need, should the later rows be the longer ones */
	t->local_width = t->remote_width = (int)sizeof("255.255.255.255:65535") - 1;
	for (i = 0; i < t->n_waiting; i++) {
		const struct tws_bucket *b = &t->waiting[i];

		n = endpoint(t, buf, sizeof(buf), b->family, b->local,
			     b->local_port);
		if (n > t->local_width)
			t->local_width = n;
		n = endpoint(t, buf, sizeof(buf), b->family, b->remote,
			     b->remote_port);
		if (n > t->remote_width)
			t->remote_width = n;
		t->show_age |= b->has_age;
	}
	list_header(t);
	for (i = 0; i < t->n_waiting; i++)
		list_row(t, &t->waiting[i]);
	t->streaming = true;
}

void text_bucket(struct out *o, const struct tws_bucket *b)
{
	struct text *t = text_of(o);

	if (t->streaming) {
		list_row(t, b);
		return;
	}
	t->waiting[t->n_waiting++] = *b;
	if (t->n_waiting == LOOK_AHEAD)
		list_flush(t);
}

void text_list_end(struct text *t, bool failed)
{
	if (!t->streaming && (t->n_waiting || !failed))
		list_flush(t);
}
