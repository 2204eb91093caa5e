// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "text.h"

#define STEPS 8

char *text_count(char *buf, size_t size, uint64_t v)
{
	char digits[24];
	size_t n = (size_t)snprintf(digits, sizeof(digits), "%llu",
				    (unsigned long long)v);
	size_t i, out = 0;

	for (i = 0; i < n && out + 1 < size; i++) {
		if (i && (n - i) % 3 == 0)
			buf[out++] = ',';
		if (out + 1 < size)
			buf[out++] = digits[i];
	}
	buf[out] = '\0';
	return buf;
}

char *text_bytes(char *buf, size_t size, uint64_t bytes)
{
	static const char *const unit[] = { "KiB", "MiB", "GiB", "TiB" };
	double v = (double)bytes / 1024;
	size_t i = 0;

	if (bytes < 1024) {
		snprintf(buf, size, "%u B", (unsigned int)bytes);
		return buf;
	}
	/* not "1024.0 KiB" for what rounds to it */
	while (v >= 1023.95 && i + 1 < ARRAY_SIZE(unit)) {
		v /= 1024;
		i++;
	}
	snprintf(buf, size, "%.1f %s", v, unit[i]);
	return buf;
}

char *text_seconds(char *buf, size_t size, uint32_t ms)
{
	snprintf(buf, size, "%u.%us", ms / 1000, ms % 1000 / 100);
	return buf;
}

static char *wait_text(char *buf, size_t size, uint32_t ms, const char *blank)
{
	uint64_t tenths = ((uint64_t)ms + 99) / 100;

	if (ms < 1000)
		snprintf(buf, size, "%u%sms", ms, blank);
	else
		snprintf(buf, size, "%llu.%llu%ss",
			 (unsigned long long)tenths / 10,
			 (unsigned long long)tenths % 10, blank);
	return buf;
}

char *text_wait(char *buf, size_t size, uint32_t ms)
{
	return wait_text(buf, size, ms, "");
}

char *text_wait_words(char *buf, size_t size, uint32_t ms)
{
	return wait_text(buf, size, ms, " ");
}

char *text_time_words(char *buf, size_t size, uint32_t ms)
{
	if (ms < 1000)
		snprintf(buf, size, "%u ms", ms);
	else if (ms % 1000 < 100)
		snprintf(buf, size, "%u s", ms / 1000);
	else
		snprintf(buf, size, "%u.%u s", ms / 1000, ms % 1000 / 100);
	return buf;
}

char *text_percent(char *buf, size_t size, uint64_t part, uint64_t whole)
{
	double v = whole ? 100.0 * (double)part / (double)whole : 0;

	if (!whole)
		snprintf(buf, size, "-");
	else if (part && v < 0.05)
		snprintf(buf, size, "<0.1 %%");
	else if (part < whole && v >= 99.95)
		snprintf(buf, size, "99.9 %%");
	else
		snprintf(buf, size, "%.1f %%", v);
	return buf;
}

char *text_duration_us(char *buf, size_t size, uint32_t us)
{
	if (us < 1000)
		snprintf(buf, size, "%u us", us);
	else if (us < 99950)
		snprintf(buf, size, "%.1f ms", us / 1e3);
	else if (us < 999500)
		snprintf(buf, size, "%.0f ms", us / 1e3);
	else
		snprintf(buf, size, "%.1f s", us / 1e6);
	return buf;
}

char *text_span(char *buf, size_t size, uint64_t ms)
{
	unsigned long long s = ms / 1000, m = s / 60, h = m / 60, d = h / 24;

	if (d)
		snprintf(buf, size, "%llu d %llu h", d, h % 24);
	else if (h)
		snprintf(buf, size, "%llu h %llu min", h, m % 60);
	else if (m)
		snprintf(buf, size, "%llu min %llu s", m, s % 60);
	else
		text_time_words(buf, size, (uint32_t)ms);
	return buf;
}

char *text_rate(char *buf, size_t size, uint64_t n, uint64_t ms)
{
	double v = ms ? 1000.0 * (double)n / (double)ms : 0;

	if (!n || !ms)
		snprintf(buf, size, "0");
	else if (v < 0.05)
		snprintf(buf, size, "<0.1");
	else
		snprintf(buf, size, v < 99.95 ? "%.1f" : "%.0f", v);
	return buf;
}

char *text_port_rate(char *buf, size_t size, double rate)
{
	if (rate >= 100)
		return text_count(buf, size, (uint64_t)(rate + 0.5));
	snprintf(buf, size, "%.1f", rate);
	return buf;
}

static struct tm local_time(uint64_t ns)
{
	time_t t = (time_t)(ns / 1000000000);
	struct tm tm = { .tm_mday = 1 };

	localtime_r(&t, &tm);
	return tm;
}

char *text_date(char *buf, size_t size, uint64_t ns)
{
	struct tm tm = local_time(ns);

	if (!strftime(buf, size, "%Y-%m-%d %H:%M:%S", &tm))
		buf[0] = '\0';
	return buf;
}

char *text_clock(char *buf, size_t size, uint64_t ns)
{
	struct tm tm = local_time(ns);

	snprintf(buf, size, "%02d:%02d:%02d.%03u", tm.tm_hour, tm.tm_min,
		 tm.tm_sec, (unsigned int)(ns / 1000000 % 1000));
	return buf;
}

char *text_harmless(char *buf, size_t size, const char *s)
{
	size_t i;

	for (i = 0; s[i] && i + 1 < size; i++)
		buf[i] = s[i] >= ' ' && s[i] <= '~' ? s[i] : '?';
	buf[i] = '\0';
	return buf;
}

static void append(char *buf, size_t size, size_t *len, const char *s)
{
	size_t n = strlen(s);

	/* a half of a character is worse than none */
	if (*len + n < size) {
		memcpy(buf + *len, s, n + 1);
		*len += n;
	}
}

char *text_sparkline(char *buf, size_t size, const struct tws_hist *h,
		     unsigned int cells, bool utf8)
{
	static const char *const blocks[STEPS] = {
		"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█",
	};
	static const char *const ascii[STEPS] = {
		"_", ".", ":", "-", "=", "+", "*", "#",
	};
	struct tws_hist shown = *h;
	unsigned int i, step;
	size_t len = 0;
	uint64_t peak;

	if (shown.n > cells)
		shown.n = cells;
	peak = hist_peak(&shown);
	buf[0] = '\0';
	for (i = shown.n; i-- > 0;) {
		step = 0;
		if (shown.slot[i])
			step = (unsigned int)((shown.slot[i] * (uint64_t)(STEPS - 1) +
					       peak - 1) / peak);
		append(buf, size, &len, utf8 ? blocks[step] : ascii[step]);
	}
	return buf;
}

char *text_bar(char *buf, size_t size, uint64_t part, uint64_t whole,
	       unsigned int cells, bool utf8)
{
	static const char *const eighths[STEPS] = {
		"░", "▏", "▎", "▍", "▌", "▋", "▊", "▉",
	};
	uint64_t fill = (uint64_t)cells * STEPS, i;
	const char *cell;
	size_t len = 0;

	/* rounded down: what is not full does not look so */
	if (part < whole)
		fill = part * fill / whole;
	/* and what is there is seen */
	if (part && !fill)
		fill = 1;
	if (!part)
		fill = 0;
	buf[0] = '\0';
	append(buf, size, &len, utf8 ? "" : "[");
	for (i = 0; i < cells; i++) {
		if (fill / STEPS > i)
			cell = utf8 ? "█" : "#";
		else if (fill / STEPS == i && fill % STEPS)
			cell = utf8 ? eighths[fill % STEPS] : "-";
		else
			cell = utf8 ? eighths[0] : ".";
		append(buf, size, &len, cell);
	}
	append(buf, size, &len, utf8 ? "" : "]");
	return buf;
}

uint32_t hist_peak(const struct tws_hist *h)
{
	uint32_t peak = 0;
	unsigned int i;

	for (i = 0; i < h->n; i++)
		if (h->slot[i] > peak)
			peak = h->slot[i];
	return peak;
}

uint64_t hist_sum(const struct tws_hist *h)
{
	uint64_t sum = 0;
	unsigned int i;

	for (i = 0; i < h->n; i++)
		sum += h->slot[i];
	return sum;
}

uint64_t hist_before(const struct tws_hist *h, unsigned int n)
{
	uint64_t sum = 0;
	unsigned int i;

	for (i = 0; i < n && i + 1 < h->n; i++)
		sum += h->slot[i];
	return sum;
}

/* Milliseconds of a unit, or 0. */
static uint32_t unit_ms(const char *unit)
{
	static const struct {
		const char *name;
		uint32_t ms;
	} units[] = {
		{ "", 1000 }, { "s", 1000 }, { "ms", 1 }, { "m", 60000 },
		{ "min", 60000 }, { "h", 3600000 },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(units); i++)
		if (!strcmp(unit, units[i].name))
			return units[i].ms;
	return 0;
}

bool text_to_ms(const char *text, uint32_t *ms)
{
	size_t whole = strspn(text, "0123456789"), part = 0, i;
	const char *unit = text + whole;
	uint64_t thousandths = 0;

	if (*unit == '.') {
		part = strspn(unit + 1, "0123456789");
		unit += 1 + part;
		if (!part || part > 3)
			return false;
	}
	if (!whole || whole > 10 || !unit_ms(unit))
		return false;
	for (i = 0; i < whole; i++)
		thousandths = thousandths * 10 + (uint64_t)(text[i] - '0');
	/* too long in any unit; of less the product below fits in 64 bits */
	if (thousandths > UINT32_MAX)
		return false;
	for (i = 0; i < 3; i++)
		thousandths = thousandths * 10 +
			      (i < part ? (uint64_t)(text[whole + 1 + i] - '0') : 0);
	thousandths = thousandths * unit_ms(unit) / 1000;
	*ms = (uint32_t)thousandths;
	return thousandths <= UINT32_MAX;
}
