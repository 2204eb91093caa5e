// SPDX-License-Identifier: GPL-2.0
/*
 * Records as JSON. Keys are the attribute names of the netlink spec with "_"
 * for "-"; an attribute that the kernel left out has no key.
 */
#include <arpa/inet.h>
#include <stdlib.h>

#include <jansson.h>

#include "out.h"

static void put(json_t *object, const char *key, json_t *value)
{
	/* takes the value over, and fails only without memory */
	if (json_object_set_new(object, key, value) < 0) {
		fputs("twctl: out of memory\n", stderr);
		exit(1);
	}
}

static void put_int(json_t *object, const char *key, uint64_t v)
{
	put(object, key, json_integer((json_int_t)v));
}

static void put_string(json_t *object, const char *key, const char *s)
{
	json_t *value = json_string(s);

	/* what is not UTF-8 cannot be said in JSON */
	put(object, key, value ? value : json_null());
}

static void put_hist(json_t *object, const char *key, const struct tws_hist *h)
{
	json_t *array = json_array();
	unsigned int i;

	for (i = 0; i < h->n; i++)
		json_array_append_new(array, json_integer(h->slot[i]));
	put(object, key, array);
}

static void put_address(json_t *object, const char *key, uint16_t family,
			const uint8_t *addr)
{
	char buf[INET6_ADDRSTRLEN];

	if (inet_ntop(family, addr, buf, sizeof(buf)))
		put_string(object, key, buf);
}

/* Objects a key a line, arrays of numbers on one line. */
static void dump_pretty(const json_t *v, FILE *fp, unsigned int depth)
{
	const char *key, *sep = "";
	json_t *item;

	if (!json_is_object(v)) {
		json_dumpf(v, fp, JSON_ENCODE_ANY);
		return;
	}
	fputc('{', fp);
	json_object_foreach((json_t *)v, key, item) {
		fprintf(fp, "%s\n%*s\"%s\": ", sep, (int)(4 * (depth + 1)), "",
			key);
		dump_pretty(item, fp, depth + 1);
		sep = ",";
	}
	fprintf(fp, "\n%*s}", (int)(4 * depth), "");
}

static bool in_array(const struct out *o)
{
	return o->kind == OUT_SUMMARIES || o->kind == OUT_BUCKETS;
}

/* Writes @object out and frees it. */
static void emit(struct out *o, json_t *object)
{
	FILE *fp = o->opt.fp;
	bool array = in_array(o);

	if (array && o->records)
		fputc(',', fp);
	if (array && o->opt.pretty)
		fputs("\n    ", fp);
	else if (array && o->records)
		fputc('\n', fp);
	if (o->opt.pretty)
		dump_pretty(object, fp, array);
	else
		json_dumpf(object, fp, JSON_COMPACT);
	json_decref(object);
}

static void json_info(struct out *o, const struct tws_info *info)
{
	json_t *j = json_object(), *names = json_array();
	uint32_t unknown = info->features;
	char bit[16];
	size_t i;

	put_string(j, "version", info->version);
	put_string(j, "kernel", info->kernel);
	put_string(j, "built_for", info->built_for);
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
	put(j, "features", names);
	put_int(j, "timewait_len_ms", info->timewait_len_ms);
	put_int(j, "bucket_bytes", info->bucket_bytes);
	put_int(j, "hz", info->hz);
	emit(o, j);
}

static json_t *json_sysctls(const struct tws_sysctls *s)
{
	json_t *j = json_object();

	put_int(j, "tcp_tw_reuse", s->tcp_tw_reuse);
	if (s->has_tcp_tw_reuse_delay)
		put_int(j, "tcp_tw_reuse_delay", s->tcp_tw_reuse_delay);
	put_int(j, "tcp_timestamps", s->tcp_timestamps);
	put_int(j, "tcp_max_tw_buckets", s->tcp_max_tw_buckets);
	put_int(j, "tcp_fin_timeout", s->tcp_fin_timeout);
	put_int(j, "tcp_rfc1337", s->tcp_rfc1337);
	put_int(j, "tcp_invalid_ratelimit", s->tcp_invalid_ratelimit);
	if (s->has_tcp_child_ehash_entries)
		put_int(j, "tcp_child_ehash_entries",
			s->tcp_child_ehash_entries);
	put_int(j, "ip_local_port_range_min", s->ip_local_port_range_min);
	put_int(j, "ip_local_port_range_max", s->ip_local_port_range_max);
	put_int(j, "ip_local_reserved_ports", s->ip_local_reserved_ports);
	put_int(j, "ip_autobind_reuse", s->ip_autobind_reuse);
	return j;
}

static void json_summary(struct out *o, const struct tws_summary *s)
{
	json_t *j = json_object();

	put_int(j, "netns", s->netns);
	put_int(j, "total", s->total);
	put_int(j, "timewait", s->timewait);
	put_int(j, "fin_wait2", s->fin_wait2);
	put_int(j, "ipv4", s->ipv4);
	put_int(j, "ipv6", s->ipv6);
	put_int(j, "ipv4_mapped", s->ipv4_mapped);
	put_int(j, "kernel_count", s->kernel_count);
	put_int(j, "kernel_count_before", s->kernel_count_before);
	put_int(j, "walk_us", s->walk_us);
	put_int(j, "limit", s->limit);
	put_int(j, "bytes", s->bytes);
	put_hist(j, "remaining_hist", &s->remaining);
	put_hist(j, "closes_hist", &s->closes);
	put_int(j, "ehash_entries", s->ehash_entries);
	put(j, "ehash_pernet", json_boolean(s->ehash_pernet));
	put(j, "sysctls", json_sysctls(&s->sysctls));
	emit(o, j);
}

static void json_bucket(struct out *o, const struct tws_bucket *b)
{
	const char *substate = substate_name(b->substate);
	json_t *j = json_object();

	put_int(j, "netns", b->netns);
	put_string(j, "family", b->family == AF_INET ? "inet" : "inet6");
	put_address(j, "local", b->family, b->local);
	put_int(j, "local_port", b->local_port);
	put_address(j, "remote", b->family, b->remote);
	put_int(j, "remote_port", b->remote_port);
	if (substate)
		put_string(j, "substate", substate);
	else
		put_int(j, "substate", b->substate);
	put_int(j, "remaining_ms", b->remaining_ms);
	if (b->has_age)
		put_int(j, "age_ms", b->age_ms);
	if (b->has_ts_recent)
		put_int(j, "ts_recent", b->ts_recent);
	if (b->has_ts_recent_age)
		put_int(j, "ts_recent_age_s", b->ts_recent_age_s);
	if (b->has_rcv_nxt)
		put_int(j, "rcv_nxt", b->rcv_nxt);
	if (b->has_snd_nxt)
		put_int(j, "snd_nxt", b->snd_nxt);
	if (b->has_mark)
		put_int(j, "mark", b->mark);
	put_int(j, "ifindex", b->ifindex);
	emit(o, j);
}

static void json_end(struct out *o, bool failed)
{
	(void)failed;
	if (in_array(o))
		fputs(o->opt.pretty && o->records ? "\n]\n" : "]\n", o->opt.fp);
	else if (o->records)
		fputc('\n', o->opt.fp);
}

static const struct out_ops json_ops = {
	.info = json_info,
	.summary = json_summary,
	.bucket = json_bucket,
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
