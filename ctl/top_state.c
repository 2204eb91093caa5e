// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <string.h>

#include "top_state.h"
#include "types.h"

/* An interval is at least so many times as long as asking takes. */
#define SPARING 10
#define SKIP_COLS 8
#define CTRL(c) ((c) & 0x1f)

static const uint32_t intervals_ms[] = {
	100, 200, 500, 1000, 2000, 5000, 10000, 30000, 60000,
};

void top_init(struct top_state *st, uint32_t interval_ms, const char *filter)
{
	memset(st, 0, sizeof(*st));
	st->interval_ms = interval_ms;
	snprintf(st->filter, sizeof(st->filter), "%s", filter);
}

/* lists */

static void keep_in_sight(struct top_list *l)
{
	if (l->at >= l->n)
		l->at = l->n ? l->n - 1 : 0;
	if (l->at < l->first)
		l->first = l->at;
	if (l->room && l->at >= l->first + l->room)
		l->first = l->at - l->room + 1;
	/* no room is left empty below the last row */
	if (l->first + l->room > l->n)
		l->first = l->n > l->room ? l->n - l->room : 0;
}

void top_list_set(struct top_list *l, unsigned int n, unsigned int at)
{
	/* who has not moved looks at what comes first, whatever it is */
	if (l->at && at < n)
		l->at = at;
	l->n = n;
	keep_in_sight(l);
}

void top_list_fit(struct top_list *l, unsigned int room)
{
	l->room = room;
	keep_in_sight(l);
}

void top_page_fit(struct top_list *l, unsigned int n, unsigned int room)
{
	unsigned int last = n > room ? n - room : 0;

	l->n = n;
	l->room = room;
	if (l->first > last)
		l->first = last;
	l->at = l->first;
}

static void move_by(struct top_list *l, int by)
{
	if (by < 0)
		l->at = l->at > (unsigned int)-by ? l->at - (unsigned int)-by : 0;
	else
		l->at += (unsigned int)by;
	keep_in_sight(l);
}

static void scroll_by(struct top_list *l, int by)
{
	if (by < 0)
		l->first = l->first > (unsigned int)-by ?
			   l->first - (unsigned int)-by : 0;
	else
		l->first += (unsigned int)by;
	top_page_fit(l, l->n, l->room);
}

/* Whether it was a key that moves. */
static bool move_key(struct top_list *l, int key, void (*move)(struct top_list *, int))
{
	int page = l->room > 1 ? (int)l->room - 1 : 1;

	switch (key) {
	case TOP_KEY_UP:
	case 'k':
		move(l, -1);
		return true;
	case TOP_KEY_DOWN:
	case 'j':
		move(l, 1);
		return true;
	case TOP_KEY_PAGE_UP:
		move(l, -page);
		return true;
	case TOP_KEY_PAGE_DOWN:
		move(l, page);
		return true;
	case TOP_KEY_HOME:
		move(l, -(int)l->n);
		return true;
	case TOP_KEY_END:
		move(l, (int)l->n);
		return true;
	}
	return false;
}

/* the prompt */

static void open_prompt(struct top_state *st)
{
	memset(&st->prompt, 0, sizeof(st->prompt));
	st->prompt.open = true;
	strcpy(st->prompt.text, st->filter);
	st->prompt.at = strlen(st->filter);
}

static void insert(struct top_prompt *p, char c)
{
	size_t len = strlen(p->text);

	if (len + 1 >= sizeof(p->text))
		return;
	memmove(p->text + p->at + 1, p->text + p->at, len - p->at + 1);
	p->text[p->at++] = c;
}

static void erase(struct top_prompt *p, size_t at)
{
	size_t len = strlen(p->text);

	if (at < len)
		memmove(p->text + at, p->text + at + 1, len - at);
}

/* What changes the text, or where one is in it. */
static void edit(struct top_prompt *p, int key)
{
	size_t len = strlen(p->text);

	if (key == TOP_KEY_LEFT && p->at) {
		p->at--;
	} else if (key == TOP_KEY_RIGHT && p->at < len) {
		p->at++;
	} else if (key == TOP_KEY_HOME || key == CTRL('a')) {
		p->at = 0;
	} else if (key == TOP_KEY_END || key == CTRL('e')) {
		p->at = len;
	} else if (key == TOP_KEY_BACKSPACE && p->at) {
		erase(p, --p->at);
	} else if (key == TOP_KEY_DELETE) {
		erase(p, p->at);
	} else if (key == CTRL('u')) {
		p->text[0] = '\0';
		p->at = 0;
	} else if (key >= ' ' && key < 0x7f) {
		insert(p, (char)key);
	}
}

static enum top_act prompt_key(struct top_state *st, int key)
{
	struct top_prompt *p = &st->prompt;
	char before[TOP_FILTER_SIZE];

	if (key == TOP_KEY_ENTER)
		return TOP_FILTER;
	if (key == TOP_KEY_ESCAPE) {
		p->open = false;
		return TOP_NOTHING;
	}
	strcpy(before, p->text);
	edit(p, key);
	/* it was about what is no more */
	if (strcmp(before, p->text))
		p->error[0] = p->marker[0] = '\0';
	return TOP_NOTHING;
}

void top_filter_taken(struct top_state *st)
{
	strcpy(st->filter, st->prompt.text);
	st->prompt.open = false;
	st->list[TOP_DESTINATIONS].at = 0;
	st->list[TOP_BUCKETS].at = 0;
}

/* "wrong filter: WHY\n    the text\n    ^~~\n", or another reason. */
void top_filter_wrong(struct top_state *st, const char *complaint)
{
	static const char prefix[] = "wrong filter: ";
	struct top_prompt *p = &st->prompt;
	const char *line;
	size_t i;

	if (!strncmp(complaint, prefix, strlen(prefix)))
		complaint += strlen(prefix);
	snprintf(p->error, sizeof(p->error), "%.*s",
		 (int)strcspn(complaint, "\n"), complaint);
	p->marker[0] = '\0';
	for (i = 0, line = complaint; i < 2 && line; i++) {
		line = strchr(line, '\n');
		line += line ? 1 : 0;
	}
	if (line && strspn(line, " ") >= 4)
		snprintf(p->marker, sizeof(p->marker), "%.*s",
			 (int)strcspn(line + 4, "\n"), line + 4);
}

/* the rest */

static void next_order(struct top_state *st)
{
	if (st->view == TOP_DESTINATIONS)
		st->order = (st->order + 1) % TOP_N_ORDERS;
	else
		st->bucket_order = (st->bucket_order + 1) % TOP_N_BUCKET_ORDERS;
	/* to what is first by it */
	st->list[st->view].at = st->list[st->view].first = 0;
}

static void change_interval(struct top_state *st, bool longer)
{
	size_t i, n = ARRAY_SIZE(intervals_ms);

	if (longer) {
		for (i = 0; i < n && intervals_ms[i] <= st->interval_ms; i++)
			;
		if (i < n)
			st->interval_ms = intervals_ms[i];
		return;
	}
	for (i = n; i > 0 && intervals_ms[i - 1] >= st->interval_ms; i--)
		;
	if (i)
		st->interval_ms = intervals_ms[i - 1];
}

static enum top_act enter(struct top_state *st)
{
	if (st->view == TOP_BUCKET || !st->list[st->view].n)
		return TOP_NOTHING;
	st->view++;
	st->skip = 0;
	memset(&st->list[st->view], 0, sizeof(st->list[st->view]));
	return TOP_ENTER;
}

static enum top_act leave(struct top_state *st)
{
	if (st->view == TOP_DESTINATIONS)
		return TOP_NOTHING;
	st->view--;
	st->skip = 0;
	/* what is seen again is of before */
	return TOP_ASK;
}

static enum top_act help_key(struct top_state *st, int key)
{
	if (move_key(&st->help_list, key, scroll_by))
		return TOP_NOTHING;
	if (key == 'q' || key == 'h' || key == '?' || key == TOP_KEY_ESCAPE)
		st->help = false;
	return TOP_NOTHING;
}

static enum top_act view_key(struct top_state *st, int key)
{
	switch (key) {
	case 'q':
		return st->view == TOP_DESTINATIONS ? TOP_QUIT : leave(st);
	case TOP_KEY_ESCAPE:
		return leave(st);
	case TOP_KEY_ENTER:
		return enter(st);
	case 'h':
	case '?':
		st->help = true;
		st->help_list.first = 0;
		return TOP_NOTHING;
	case ' ':
	case 'p':
		st->paused = !st->paused;
		return st->paused ? TOP_NOTHING : TOP_ASK;
	case 'r':
		return TOP_ASK;
	case 's':
		if (st->view == TOP_BUCKET)
			return TOP_NOTHING;
		next_order(st);
		return TOP_SORT;
	case '/':
		open_prompt(st);
		return TOP_NOTHING;
	case '+':
	case '=':
	case '-':
		change_interval(st, key != '-');
		return TOP_NOTHING;
	case TOP_KEY_LEFT:
		st->skip -= st->skip < SKIP_COLS ? st->skip : SKIP_COLS;
		return TOP_NOTHING;
	case TOP_KEY_RIGHT:
		/* farther than any line goes */
		if (st->skip < 2 * TOP_FILTER_SIZE)
			st->skip += SKIP_COLS;
		return TOP_NOTHING;
	}
	return TOP_NOTHING;
}

enum top_act top_key(struct top_state *st, int key)
{
	if (st->prompt.open)
		return prompt_key(st, key);
	if (st->help)
		return help_key(st, key);
	if (move_key(&st->list[st->view], key,
		     st->view == TOP_BUCKET ? scroll_by : move_by))
		return TOP_NOTHING;
	return view_key(st, key);
}

uint32_t top_interval(const struct top_state *st, uint64_t took_ms)
{
	uint64_t least = SPARING * took_ms;

	if (least > UINT32_MAX)
		return UINT32_MAX;
	return least > st->interval_ms ? (uint32_t)least : st->interval_ms;
}

const char *top_order_name(const struct top_state *st)
{
	static const char *const orders[TOP_N_ORDERS] = {
		[TOP_BY_HELD] = "ports held", [TOP_BY_RATE] = "rate",
		[TOP_BY_OUTLOOK] = "outlook", [TOP_BY_ADDRESS] = "address",
	};
	static const char *const bucket_orders[TOP_N_BUCKET_ORDERS] = {
		[TOP_BY_END] = "end", [TOP_BY_BEGIN] = "begin",
		[TOP_BY_VERDICT] = "verdict", [TOP_BY_PORT] = "port",
	};

	return st->view == TOP_DESTINATIONS ? orders[st->order] :
					      bucket_orders[st->bucket_order];
}
