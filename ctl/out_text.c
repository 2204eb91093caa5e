// SPDX-License-Identifier: GPL-2.0
/*
 * Records for people: aligned, within 80 columns where the numbers allow it.
 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "out_text.h"
#include "text.h"
#include "verdicts.h"

#define SCREEN 80

void label(struct text *t, const char *name)
{
	fprintf(t->o.opt.fp, "%s%-10s%s", *name ? t->c.bold : "", name,
		*name ? t->c.off : "");
}

void warning(struct text *t)
{
	fprintf(t->o.opt.fp, "%s%-10s%s", t->c.warn, "WARNING", t->c.off);
}

/* Bytes of @s, up to a blank or the end, that fit into @room columns. */
static size_t line_of(const char *s, size_t room)
{
	size_t len = strlen(s), cut = room;

	if (len <= room)
		return len;
	while (cut && s[cut] != ' ')
		cut--;
	/* a word that is longer than the line */
	return cut ? cut : strcspn(s, " ");
}

static void wrap(struct text *t, unsigned int column, const char *s)
{
	size_t room = column < SCREEN / 2 ? SCREEN - column : SCREEN / 2, len;

	for (;;) {
		len = line_of(s, room);
		fprintf(t->o.opt.fp, "%.*s\n", (int)len, s);
		s += len;
		s += strspn(s, " ");
		if (!*s)
			return;
		fprintf(t->o.opt.fp, "%*s", (int)column, "");
	}
}

void wrapped(struct text *t, unsigned int column, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	wrap(t, column, text);
}

void warn_of(struct text *t, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	warning(t);
	wrap(t, 10, text);
}

char *netns_suffix(struct text *t, char *buf, size_t size, uint32_t netns)
{
	const char *name = netns_name(t->o.opt.netns_names, netns);

	snprintf(buf, size, "%s%s%s", name ? " (" : "", name ? name : "",
		 name ? ")" : "");
	return buf;
}

int endpoint_text(char *buf, size_t size, uint16_t family, const uint8_t *addr,
		  uint16_t port, const char *service)
{
	char ip[INET6_ADDRSTRLEN], number[8];
	bool v6 = family == AF_INET6;

	if (v6)
		inet_ntop(AF_INET6, addr, ip, sizeof(ip));
	else /* inet_ntop() takes its time, and most are these */
		snprintf(ip, sizeof(ip), "%u.%u.%u.%u", addr[0], addr[1],
			 addr[2], addr[3]);
	snprintf(number, sizeof(number), "%u", port);
	return snprintf(buf, size, v6 ? "[%s]:%s" : "%s:%s", ip,
			service ? service : number);
}

bool device_name(const struct text *t, char dev[IF_NAMESIZE], uint32_t ifindex)
{
	char name[IF_NAMESIZE];

	/* the kernel takes any byte but blanks, '/' and ':' */
	if (!t->o.opt.all_netns && if_indextoname(ifindex, name)) {
		text_harmless(dev, IF_NAMESIZE, name);
		return true;
	}
	snprintf(dev, IF_NAMESIZE, "if%u", ifindex);
	return false;
}

void print_device(struct text *t, uint32_t ifindex)
{
	char dev[IF_NAMESIZE];

	if (!ifindex)
		return;
	device_name(t, dev, ifindex);
	fprintf(t->o.opt.fp, " dev %s", dev);
}

/* info */

static void text_feature(struct text *t, uint32_t set, const struct feature *f)
{
	fprintf(t->o.opt.fp, "%s%-3s  %-12s  %s%s%s\n",
		f == features ? "" : "            ", set & f->bit ? "yes" : "no",
		f->name, t->c.soft, f->doc, t->c.off);
}

static void text_rules(struct text *t, const struct tws_info *info)
{
	const char *name = rules_name(info->rules);

	fprintf(t->o.opt.fp, "rules       ");
	if (!name) {
		wrapped(t, 12, "%u: set by the module, unknown to this twctl",
			info->rules);
		return;
	}
	wrapped(t, 12, "%s: %s", name, rules_table[info->rules].says);
	if (info->rules_told)
		fprintf(t->o.opt.fp, "            told by the module parameter \"rules\", not found in the headers\n");
}

static void text_info(struct out *o, const struct tws_info *info,
		      const struct hooks *hooks)
{
	struct text *t = text_of(o);
	FILE *fp = o->opt.fp;
	uint32_t unknown = info->features;
	size_t i;

	fprintf(fp, "twctl       %s\n", TWSCOPE_VERSION);
	fprintf(fp, "module      %s\n", info->version);
	fprintf(fp, "kernel      %s\n", info->kernel);
	fprintf(fp, "built for   %s\n", info->built_for);
	fprintf(fp, "TIME_WAIT   %u.%u s, compiled into this kernel\n",
		info->timewait_len_ms / 1000, info->timewait_len_ms % 1000 / 100);
	fprintf(fp, "bucket      %u bytes of slab memory (tw_sock_TCP), and a share of its\n"
		"            port's bind bucket\n",
		info->bucket_bytes);
	fprintf(fp, "clock       %u Hz", info->hz);
	if (info->hz)
		fprintf(fp, ": remaining times come in steps of %g ms",
			1000.0 / info->hz);
	fputc('\n', fp);
	text_rules(t, info);
	fprintf(fp, "features    ");
	for (i = 0; i < n_features; i++) {
		text_feature(t, info->features, &features[i]);
		unknown &= ~features[i].bit;
	}
	if (unknown)
		fprintf(fp, "            0x%x  set by the module, unknown to this twctl\n",
			unknown);
	text_observing(t, info->observing, hooks);
}

static void text_end(struct out *o, bool failed)
{
	struct text *t = text_of(o);

	if (o->kind == OUT_BUCKETS)
		text_list_end(t, failed);
	if (o->kind == OUT_SUMMARIES && !failed && o->records)
		text_summaries_end(t);
	text_sysctls_end(t, failed);
	if (failed || !o->records)
		return;
	if (o->kind == OUT_WHATIFS)
		text_whatifs_end(t);
	if (o->kind == OUT_ALL_STATS)
		text_all_stats_end(t);
}

static void text_flush(struct out *o)
{
	if (o->kind == OUT_EVENTS)
		text_events_begin(text_of(o));
}

static const struct out_ops text_ops = {
	.info = text_info,
	.summary = text_summary,
	.bucket = text_bucket,
	.whatif = text_whatif,
	.explanation = text_explanation,
	.ports = text_ports,
	.groups = text_groups,
	.pressure = text_pressure,
	.observe = text_observe,
	.stats = text_stats,
	.rates = text_rates,
	.event = text_event,
	.lost = text_lost,
	.diff = text_diff,
	.doctor = text_doctor,
	.flush = text_flush,
	.end = text_end,
};

struct out *out_text(const struct out_options *options, enum out_kind kind)
{
	static const struct colors none = { "", "", "", "", "" };
	static const struct colors ansi = {
		.bold = "\033[1m",
		.warn = "\033[1;31m",
		.soft = "\033[36m",
		.good = "\033[32m",
		.off = "\033[0m",
	};
	struct text *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	t->o.ops = &text_ops;
	t->o.opt = *options;
	t->o.kind = kind;
	t->c = options->color ? ansi : none;
	return &t->o;
}
