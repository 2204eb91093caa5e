// SPDX-License-Identifier: GPL-2.0
#include <string.h>

#include "out_text.h"
#include "text.h"
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

static void row_netns(struct text *t, const struct tws_bucket *b)
{
	const char *name = netns_name(t->o.opt.netns_names, b->netns);

	fprintf(t->o.opt.fp, "  %u%s%s", b->netns, name ? " " : "",
		name ? name : "");
}

static void row_device(struct text *t, const struct tws_bucket *b)
{
	/* the number has this name in our own namespace only */
	if (t->o.opt.all_netns) {
		fprintf(t->o.opt.fp, "  ifindex=%u", b->ifindex);
		return;
	}
	if (t->dev_ifindex != b->ifindex) {
		t->dev_ifindex = b->ifindex;
		if (!if_indextoname(b->ifindex, t->dev))
			snprintf(t->dev, sizeof(t->dev), "if%u", b->ifindex);
	}
	fprintf(t->o.opt.fp, "  dev=%s", t->dev);
}

static void row_verdict(struct text *t, const struct tws_bucket *b)
{
	const char *name = verdict_name(b->verdict), *color = "";
	char wait[16] = "-";

	if (b->verdict == TWSCOPE_VERDICT_REUSABLE)
		color = t->c.good;
	else if (b->verdict == TWSCOPE_VERDICT_TOO_YOUNG)
		color = t->c.soft;
	if (b->has_wait)
		text_wait(wait, sizeof(wait), b->wait_ms);
	fprintf(t->o.opt.fp, "%s%-12s%s  %5s  ", color, name ? name : "unknown",
		*color ? t->c.off : "", wait);
}

static void list_row(struct text *t, const struct tws_bucket *b)
{
	char local[ENDPOINT_SIZE], remote[ENDPOINT_SIZE];
	char left[16], age[16] = "-", ts[16] = "-";
	const char *state = substate_name(b->substate);
	bool soft = b->substate == TWSCOPE_SUBSTATE_FIN_WAIT2;
	bool more = t->o.opt.all_netns || b->mark || b->ifindex;
	FILE *fp = t->o.opt.fp;

	endpoint(t, local, sizeof(local), b->family, b->local, b->local_port);
	endpoint(t, remote, sizeof(remote), b->family, b->remote, b->remote_port);
	if (b->has_age)
		text_seconds(age, sizeof(age), b->age_ms);
	if (b->has_ts_recent_age)
		snprintf(ts, sizeof(ts), "%us", b->ts_recent_age_s);

	fprintf(fp, "%s%-9s%s  %6s  ", soft ? t->c.soft : "",
		state ? state : "unknown", soft ? t->c.off : "",
		text_seconds(left, sizeof(left), b->remaining_ms));
	if (t->show_age)
		fprintf(fp, "%6s  ", age);
	fprintf(fp, "%6s  ", ts);
	row_verdict(t, b);
	fprintf(fp, "%-*s  %-*s", t->local_width, local,
		more ? t->remote_width : 0, remote);
	if (t->o.opt.all_netns)
		row_netns(t, b);
	if (b->mark)
		fprintf(fp, "  mark=0x%x", b->mark);
	if (b->ifindex)
		row_device(t, b);
	fputc('\n', fp);
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
