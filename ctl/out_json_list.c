// SPDX-License-Identifier: GPL-2.0
/*
 * Rows of a list, without an object of jansson for each: that took three times
 * as long as ss takes for its text. Every string in a row is a name of ours or
 * an address, so none has anything to be escaped.
 */
#include <stdlib.h>
#include <sys/socket.h>

#include "line.h"
#include "out_json.h"
#include "verdicts.h"

/* In both forms, so that each is one copy of a known length. */
#define KEY(l, spaced, name) \
	((spaced) ? LINE_LIT(l, ", \"" name "\": ") : \
		    LINE_LIT(l, ",\"" name "\":"))

#define NUMBER(l, spaced, name, v) \
	(KEY(l, spaced, name), line_number(l, v))

/* @s, or the number @v where that has no name here */
static void put_name(struct line *l, const char *s, uint32_t v)
{
	if (!s) {
		line_number(l, v);
		return;
	}
	line_char(l, '"');
	line_str(l, s);
	line_char(l, '"');
}

static void put_address(struct line *l, uint16_t family, const uint8_t *addr)
{
	line_char(l, '"');
	line_address(l, family, addr);
	line_char(l, '"');
}

static void put_times(struct line *l, const struct tws_bucket *b, bool spaced)
{
	NUMBER(l, spaced, "remaining_ms", b->remaining_ms);
	if (b->has_age)
		NUMBER(l, spaced, "age_ms", b->age_ms);
	if (b->has_ts_recent)
		NUMBER(l, spaced, "ts_recent", b->ts_recent);
	if (b->has_ts_recent_age)
		NUMBER(l, spaced, "ts_recent_age_s", b->ts_recent_age_s);
	if (b->has_rcv_nxt)
		NUMBER(l, spaced, "rcv_nxt", b->rcv_nxt);
	if (b->has_snd_nxt)
		NUMBER(l, spaced, "snd_nxt", b->snd_nxt);
	if (b->has_mark)
		NUMBER(l, spaced, "mark", b->mark);
	NUMBER(l, spaced, "ifindex", b->ifindex);
}

static void put_verdicts(struct line *l, const struct tws_bucket *b, bool spaced)
{
	KEY(l, spaced, "verdict");
	put_name(l, verdict_name(b->verdict), b->verdict);
	if (b->has_wait)
		NUMBER(l, spaced, "wait_ms", b->wait_ms);
	KEY(l, spaced, "bound_verdict");
	put_name(l, verdict_name(b->bound_verdict), b->bound_verdict);
}

static void put_bucket(struct line *l, const struct tws_bucket *b, bool spaced)
{
	l->n = 0;
	if (spaced)
		LINE_LIT(l, "{\"netns\": ");
	else
		LINE_LIT(l, "{\"netns\":");
	line_number(l, b->netns);
	KEY(l, spaced, "family");
	put_name(l, b->family == AF_INET ? "inet" : "inet6", b->family);
	KEY(l, spaced, "local");
	put_address(l, b->family, b->local);
	NUMBER(l, spaced, "local_port", b->local_port);
	KEY(l, spaced, "remote");
	put_address(l, b->family, b->remote);
	NUMBER(l, spaced, "remote_port", b->remote_port);
	KEY(l, spaced, "substate");
	put_name(l, substate_name(b->substate), b->substate);
	put_times(l, b, spaced);
	put_verdicts(l, b, spaced);
	line_char(l, '}');
}

json_t *json_of_bucket(const struct tws_bucket *b)
{
	struct line l;
	json_t *j;

	put_bucket(&l, b, false);
	j = json_loadb(l.buf, l.n, 0, NULL);
	if (!j) {
		fputs("twctl: out of memory\n", stderr);
		exit(1);
	}
	return j;
}

void json_bucket(struct out *o, const struct tws_bucket *b)
{
	struct line l;

	put_bucket(&l, b, o->opt.pretty);
	json_begin_row(o);
	line_write(&l, o->opt.fp);
}
