// SPDX-License-Identifier: GPL-2.0
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "range.h"

/* longer than any number that means something */
#define NUMBER_SIZE 32

/* The @len bytes at @s, which strtod() would also take as hex, nan or inf. */
static bool number(const char *s, size_t len, double *v)
{
	size_t whole, part = 0, at = len && *s == '-';
	char digits[NUMBER_SIZE];

	whole = strspn(s + at, "0123456789");
	at += whole;
	if (at < len && s[at] == '.') {
		part = strspn(s + at + 1, "0123456789");
		at += 1 + part;
		if (!part)
			return false;
	}
	if (!whole || at != len || len >= sizeof(digits))
		return false;
	memcpy(digits, s, len);
	digits[len] = '\0';
	*v = strtod(digits, NULL);
	return true;
}

static bool parse(const char *s, size_t len, struct range *r)
{
	const char *colon, *end = s + len;

	*r = (struct range){ .end = INFINITY };
	if (len && *s == '@') {
		r->inside = true;
		s++;
	}
	colon = memchr(s, ':', (size_t)(end - s));
	if (!colon)
		return number(s, (size_t)(end - s), &r->end);
	if (colon - s == 1 && *s == '~')
		r->start = -INFINITY;
	else if (colon != s && !number(s, (size_t)(colon - s), &r->start))
		return false;
	return colon + 1 == end ||
	       number(colon + 1, (size_t)(end - colon - 1), &r->end);
}

static int take(const char *s, size_t len, bool *has, struct range *r, char *err,
		size_t size)
{
	*has = len;
	if (!len)
		return 0;
	if (!parse(s, len, r)) {
		snprintf(err, size,
			 "'%.*s' is no range: expected 80, 10:, ~:5, 10:20 or @10:20",
			 (int)len, s);
		return -1;
	}
	if (r->start > r->end) {
		snprintf(err, size,
			 "the range '%.*s' begins above its end; from %g on is '%g:'",
			 (int)len, s, r->start, r->start);
		return -1;
	}
	return 0;
}

int thresholds_parse(const char *text, struct thresholds *t, char *err,
		     size_t size)
{
	size_t warning = strcspn(text, ",");
	const char *critical = text + warning + (text[warning] == ',');

	if (take(text, warning, &t->has_warning, &t->warning, err, size) < 0)
		return -1;
	return take(critical, strlen(critical), &t->has_critical, &t->critical,
		    err, size);
}

bool range_alerts(const struct range *r, double v)
{
	return (v >= r->start && v <= r->end) == r->inside;
}

char *range_text(char *buf, size_t size, const struct range *r)
{
	const char *at = r->inside ? "@" : "";

	if (isinf(r->start) && isinf(r->end))
		snprintf(buf, size, "%s~:", at);
	else if (isinf(r->start))
		snprintf(buf, size, "%s~:%.10g", at, r->end);
	else if (isinf(r->end))
		snprintf(buf, size, "%s%.10g:", at, r->start);
	else if (r->start == 0)
		snprintf(buf, size, "%s%.10g", at, r->end);
	else
		snprintf(buf, size, "%s%.10g:%.10g", at, r->start, r->end);
	return buf;
}
