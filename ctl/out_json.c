// SPDX-License-Identifier: GPL-2.0
/*
 * Records as JSON. Keys are the attribute names of the netlink spec with "_"
 * for "-"; an attribute that the kernel left out has no key.
 */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "out_json.h"
#include "verdicts.h"

void json_put(json_t *object, const char *key, json_t *value)
{
	/* takes the value over, and fails only without memory */
	if (json_object_set_new(object, key, value) < 0) {
		fputs("twctl: out of memory\n", stderr);
		exit(1);
	}
}

void json_put_int(json_t *object, const char *key, uint64_t v)
{
	json_put(object, key, json_integer((json_int_t)v));
}

void json_put_string(json_t *object, const char *key, const char *s)
{
	json_t *value = json_string(s);

	/* what is not UTF-8 cannot be said in JSON */
	json_put(object, key, value ? value : json_null());
}

void json_put_netns(const struct out *o, json_t *object, uint32_t inode)
{
	const struct netns_label *l = netns_find(o->opt.netns_names, inode);

	json_put_int(object, "netns", inode);
	if (!l)
		return;
	json_put_string(object, "netns_name", l->name);
	json_put_string(object, "netns_kind", netns_kind_name(l));
	if (l->kind == NETNS_CGROUP)
		json_put_string(object, "netns_owner", l->owner.id);
}

void json_put_hist(json_t *object, const char *key, const struct tws_hist *h)
{
	json_t *array = json_array();
	unsigned int i;

	for (i = 0; i < h->n; i++)
		json_array_append_new(array, json_integer(h->slot[i]));
	json_put(object, key, array);
}

void json_put_address(json_t *object, const char *key, uint16_t family,
			const uint8_t *addr)
{
	char buf[INET6_ADDRSTRLEN];

	if (inet_ntop(family, addr, buf, sizeof(buf)))
		json_put_string(object, key, buf);
}

/* "too_young" of "too-young": keys have no "-" */
static const char *as_key(char *buf, size_t size, const char *name)
{
	char *c;

	snprintf(buf, size, "%s", name);
	while ((c = strchr(buf, '-')))
		*c = '_';
	return buf;
}

void json_put_name(json_t *object, const char *key, const char *name,
		   uint32_t v)
{
	if (name)
		json_put_string(object, key, name);
	else
		json_put_int(object, key, v);
}

void json_put_count(json_t *object, const char *name, uint64_t v)
{
	char key[64];

	json_put_int(object, as_key(key, sizeof(key), name), v);
}

void json_put_verdicts(json_t *object, const char *key,
		       const uint32_t v[TWSCOPE_N_VERDICTS])
{
	json_t *counts = json_object();
	unsigned int i;

	for (i = 0; i < TWSCOPE_N_VERDICTS; i++)
		json_put_count(counts, verdicts[i].name, v[i]);
	json_put(object, key, counts);
}

static void dump_pretty(const json_t *v, FILE *fp, unsigned int depth);

static void new_line(FILE *fp, const char *sep, unsigned int depth)
{
	fprintf(fp, "%s\n%*s", sep, (int)(4 * depth), "");
}

static bool is_flat(const json_t *object)
{
	const char *key;
	json_t *item;

	json_object_foreach((json_t *)object, key, item) {
		if (json_is_object(item) || json_is_array(item))
			return false;
	}
	return true;
}

static void dump_array(const json_t *v, FILE *fp, unsigned int depth)
{
	const char *sep = "";
	json_t *item;
	size_t i;

	fputc('[', fp);
	json_array_foreach(v, i, item) {
		new_line(fp, sep, depth + 1);
		if (is_flat(item))
			json_dumpf(item, fp, JSON_ENSURE_ASCII);
		else
			dump_pretty(item, fp, depth + 1);
		sep = ",";
	}
	new_line(fp, "", depth);
	fputc(']', fp);
}

/* Objects a key a line, arrays of objects one a line, others on one line. */
static void dump_pretty(const json_t *v, FILE *fp, unsigned int depth)
{
	const char *key, *sep = "";
	json_t *item;

	if (json_is_object(json_array_get(v, 0))) {
		dump_array(v, fp, depth);
		return;
	}
	if (!json_is_object(v)) {
		json_dumpf(v, fp, JSON_ENCODE_ANY | JSON_ENSURE_ASCII);
		return;
	}
	fputc('{', fp);
	json_object_foreach((json_t *)v, key, item) {
		new_line(fp, sep, depth + 1);
		fprintf(fp, "\"%s\": ", key);
		dump_pretty(item, fp, depth + 1);
		sep = ",";
	}
	new_line(fp, "", depth);
	fputc('}', fp);
}

static bool in_array(const struct out *o)
{
	return o->kind == OUT_SUMMARIES || o->kind == OUT_BUCKETS ||
	       o->kind == OUT_WHATIFS || o->kind == OUT_ALL_STATS;
}

static bool in_lines(const struct out *o)
{
	return o->kind == OUT_RATES || o->kind == OUT_EVENTS;
}

void json_begin_row(struct out *o)
{
	FILE *fp = o->opt.fp;

	if (o->records)
		fputc(',', fp);
	if (o->opt.pretty)
		fputs("\n    ", fp);
	else if (o->records)
		fputc('\n', fp);
}

void json_emit(struct out *o, json_t *object)
{
	FILE *fp = o->opt.fp;
	bool array = in_array(o);

	if (array)
		json_begin_row(o);
	if (o->opt.pretty)
		dump_pretty(object, fp, array);
	else
		json_dumpf(object, fp, JSON_COMPACT | JSON_ENSURE_ASCII);
	if (in_lines(o))
		fputc('\n', fp);
	json_decref(object);
}

static void json_info(struct out *o, const struct tws_info *info,
		      const struct hooks *hooks)
{
	json_t *j = json_object(), *names = json_array();
	uint32_t unknown = info->features;
	char bit[16];
	size_t i;

	json_put_string(j, "version", info->version);
	json_put_string(j, "kernel", info->kernel);
	json_put_string(j, "built_for", info->built_for);
	for (i = 0; i < n_features; i++) {
		unknown &= ~features[i].bit;
		if (info->features & features[i].bit)
			json_array_append_new(names,
					      json_string(features[i].name));
	}
	for (i = 0; i < 32; i++) {
		if (!(unknown >> i & 1))
			continue;
		snprintf(bit, sizeof(bit), "bit-%zu", i);
		json_array_append_new(names, json_string(bit));
	}
	json_put(j, "features", names);
	json_put_int(j, "timewait_len_ms", info->timewait_len_ms);
	json_put_int(j, "bucket_bytes", info->bucket_bytes);
	json_put_int(j, "hz", info->hz);
	json_put_name(j, "rules", rules_name(info->rules), info->rules);
	json_put(j, "rules_told", json_boolean(info->rules_told));
	json_put(j, "observing", json_boolean(info->observing));
	if (hooks)
		json_put(j, "hooks", json_of_hooks(hooks));
	json_emit(o, j);
}

json_t *json_sysctls(const struct tws_sysctls *s)
{
	json_t *j = json_object();

	json_put_int(j, "tcp_tw_reuse", s->tcp_tw_reuse);
	if (s->has_tcp_tw_reuse_delay)
		json_put_int(j, "tcp_tw_reuse_delay", s->tcp_tw_reuse_delay);
	json_put_int(j, "tcp_timestamps", s->tcp_timestamps);
	json_put_int(j, "tcp_max_tw_buckets", s->tcp_max_tw_buckets);
	json_put_int(j, "tcp_fin_timeout", s->tcp_fin_timeout);
	json_put_int(j, "tcp_rfc1337", s->tcp_rfc1337);
	json_put_int(j, "tcp_invalid_ratelimit", s->tcp_invalid_ratelimit);
	if (s->has_tcp_child_ehash_entries)
		json_put_int(j, "tcp_child_ehash_entries",
			s->tcp_child_ehash_entries);
	json_put_int(j, "ip_local_port_range_min", s->ip_local_port_range_min);
	json_put_int(j, "ip_local_port_range_max", s->ip_local_port_range_max);
	json_put_int(j, "ip_local_reserved_ports", s->ip_local_reserved_ports);
	json_put_int(j, "ip_autobind_reuse", s->ip_autobind_reuse);
	return j;
}

json_t *json_of_summary(const struct out *o, const struct tws_summary *s)
{
	json_t *j = json_object();

	json_put_netns(o, j, s->netns);
	json_put_int(j, "total", s->total);
	json_put_int(j, "timewait", s->timewait);
	json_put_int(j, "fin_wait2", s->fin_wait2);
	json_put_int(j, "ipv4", s->ipv4);
	json_put_int(j, "ipv6", s->ipv6);
	json_put_int(j, "ipv4_mapped", s->ipv4_mapped);
	json_put_int(j, "kernel_count", s->kernel_count);
	json_put_int(j, "kernel_count_before", s->kernel_count_before);
	json_put_int(j, "walk_us", s->walk_us);
	json_put_int(j, "limit", s->limit);
	json_put_int(j, "bytes", s->bytes);
	json_put_hist(j, "remaining_hist", &s->remaining);
	json_put_hist(j, "closes_hist", &s->closes);
	json_put_int(j, "ehash_entries", s->ehash_entries);
	json_put(j, "ehash_pernet", json_boolean(s->ehash_pernet));
	json_put_int(j, "bind_blocked_ports", s->bind_blocked_ports);
	json_put(j, "sysctls", json_sysctls(&s->sysctls));
	json_put_verdicts(j, "verdicts", s->verdicts);
	json_put_verdicts(j, "bound_verdicts", s->bound_verdicts);
	json_put_hist(j, "wait_hist", &s->wait);
	return j;
}

static void json_summary(struct out *o, const struct tws_summary *s)
{
	json_emit(o, json_of_summary(o, s));
}

static void json_end(struct out *o, bool failed)
{
	(void)failed;
	if (in_array(o))
		fputs(o->opt.pretty && o->records ? "\n]\n" : "]\n", o->opt.fp);
	else if (o->records && !in_lines(o))
		fputc('\n', o->opt.fp);
}

static void json_flush(struct out *o)
{
	(void)o;
}

static const struct out_ops json_ops = {
	.info = json_info,
	.summary = json_summary,
	.bucket = json_bucket,
	.whatif = json_whatif,
	.explanation = json_explanation,
	.ports = json_ports,
	.groups = json_groups,
	.pressure = json_pressure,
	.observe = json_observe,
	.stats = json_stats,
	.rates = json_rates,
	.event = json_event,
	.lost = json_lost,
	.diff = json_diff,
	.doctor = json_doctor,
	.flush = json_flush,
	.end = json_end,
};

struct out *out_json(const struct out_options *options, enum out_kind kind)
{
	struct out *o = calloc(1, sizeof(*o));

	if (!o)
		return NULL;
	o->ops = &json_ops;
	o->opt = *options;
	o->kind = kind;
	if (in_array(o))
		fputc('[', o->opt.fp);
	return o;
}
