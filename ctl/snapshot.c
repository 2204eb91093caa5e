// SPDX-License-Identifier: GPL-2.0
/* A snapshot's text made a struct: nothing here trusts a byte of it. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "snapshot.h"
#include "text.h"
#include "verdicts.h"

/* what JSON can carry without loss; sums and per mille of it fit in 64 bits */
#define MAX_NUMBER (1ULL << 53)
/* nanoseconds of it do, too */
#define MAX_TIME_MS (UINT64_MAX / 1000000)
#define CLOSES_SLOTS 60

const struct figure_key count_keys[N_COUNTS] = {
	[COUNT_TOTAL] = { "total", NULL },
	{ "timewait", "time-wait" },
	{ "fin_wait2", "fin-wait2" },
	{ "ipv4", NULL },
	{ "ipv6", NULL },
	{ "ipv4_mapped", "ipv4-mapped" },
	{ "kernel_count", "kernel's own count" },
	{ "limit", NULL },
	{ "bytes", NULL },
	{ "ehash_entries", "chains of the hash" },
	{ "bind_blocked_ports", "ports blocked by bind()" },
	/* the sum of closes_hist, of a minute */
	[COUNT_CLOSES] = { "closes_60s", "closes in 60 s" },
};

const struct figure_key sysctl_keys[N_SYSCTLS] = {
	{ "tcp_tw_reuse", NULL },
	{ "tcp_tw_reuse_delay", NULL },
	{ "tcp_timestamps", NULL },
	{ "tcp_max_tw_buckets", NULL },
	{ "tcp_fin_timeout", NULL },
	{ "tcp_rfc1337", NULL },
	{ "tcp_invalid_ratelimit", NULL },
	{ "tcp_child_ehash_entries", NULL },
	[SYSCTL_PORT_MIN] = { "ip_local_port_range_min", NULL },
	[SYSCTL_PORT_MAX] = { "ip_local_port_range_max", NULL },
	{ "ip_local_reserved_ports", NULL },
	{ "ip_autobind_reuse", NULL },
};

const struct figure_key sockstat_keys[N_SOCKSTAT] = {
	{ "inuse", "TCP sockets in use" },
	{ "orphan", "TCP orphans" },
	{ "tw", "TCP timewait" },
	{ "alloc", "TCP sockets" },
	{ "mem", "TCP pages" },
};

const struct figure_key counter_keys[N_COUNTERS] = {
	{ "TcpActiveOpens", NULL },
	{ "TcpPassiveOpens", NULL },
	{ "TcpAttemptFails", NULL },
	{ "TcpEstabResets", NULL },
	{ "TcpInSegs", NULL },
	{ "TcpOutSegs", NULL },
	{ "TcpRetransSegs", NULL },
	{ "TcpInErrs", NULL },
	{ "TcpOutRsts", NULL },
	{ "TcpExtTW", NULL },
	{ "TcpExtTWRecycled", NULL },
	{ "TcpExtTWKilled", NULL },
	{ "TcpExtTCPTimeWaitOverflow", NULL },
	{ "TcpExtPAWSActive", NULL },
	{ "TcpExtPAWSEstab", NULL },
	{ "TcpExtPAWSOldAck", NULL },
	{ "TcpExtPAWSTimewait", NULL },
	{ "TcpExtTSEcrRejected", NULL },
	{ "TcpExtTCPACKSkippedPAWS", NULL },
	{ "TcpExtTCPACKSkippedTimeWait", NULL },
	{ "TcpExtTCPACKSkippedFinWait2", NULL },
	{ "TcpExtTCPAbortOnData", NULL },
	{ "TcpExtTCPAbortOnClose", NULL },
	{ "TcpExtTCPAbortOnTimeout", NULL },
	{ "TcpExtTCPAbortOnMemory", NULL },
	{ "TcpExtListenOverflows", NULL },
	{ "TcpExtListenDrops", NULL },
};

const struct figure_key *verdict_keys(void)
{
	static struct figure_key keys[TWSCOPE_N_VERDICTS];
	static char names[TWSCOPE_N_VERDICTS][32];
	unsigned int i;
	char *dash;

	for (i = 0; i < TWSCOPE_N_VERDICTS && !keys[i].key; i++) {
		snprintf(names[i], sizeof(names[i]), "%s", verdicts[i].name);
		while ((dash = strchr(names[i], '-')))
			*dash = '_';
		keys[i].key = names[i];
		keys[i].label = verdicts[i].name;
	}
	return keys;
}

/* Where in the document we are, and where to say what is wrong there. */
struct place {
	char in[64];
	char *err;
	size_t size;
};

static int wrong(const struct place *p, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static int wrong(const struct place *p, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(p->err, p->size, fmt, ap);
	va_end(ap);
	return -1;
}

static int read_number(const struct place *p, const json_t *object,
		       const char *key, uint64_t max, struct figure *f)
{
	const json_t *v = json_object_get(object, key);

	f->has = v;
	f->v = 0;
	if (!v)
		return 0;
	if (!json_is_integer(v))
		return wrong(p, "%s%s is no whole number", p->in, key);
	if (json_integer_value(v) < 0)
		return wrong(p, "%s%s is negative", p->in, key);
	f->v = (uint64_t)json_integer_value(v);
	if (f->v > max)
		return wrong(p, "%s%s is too large: %" PRIu64, p->in, key, f->v);
	return 0;
}

static int read_string(const struct place *p, const json_t *object,
		       const char *key, char *buf, size_t size)
{
	const json_t *v = json_object_get(object, key);

	buf[0] = '\0';
	/* null is what we write of a name that is no UTF-8: as good as none */
	if (!v || json_is_null(v))
		return 0;
	if (!json_is_string(v))
		return wrong(p, "%s%s is no string", p->in, key);
	text_harmless(buf, size, json_string_value(v));
	return 0;
}

/* The object under @key; *@member is NULL where there is none. */
static int read_object(const struct place *p, const json_t *object,
		       const char *key, const json_t **member)
{
	*member = json_object_get(object, key);
	if (*member && !json_is_object(*member))
		return wrong(p, "%s%s is no object", p->in, key);
	return 0;
}

static struct place inside(const struct place *p, const char *key)
{
	struct place inner = *p;

	snprintf(inner.in, sizeof(inner.in), "%.40s%s.", p->in, key);
	return inner;
}

static int read_figures(const struct place *p, const json_t *object,
			const char *key, const struct figure_key *keys, size_t n,
			struct figure *f)
{
	struct place in = inside(p, key);
	const json_t *member;
	size_t i;

	if (read_object(p, object, key, &member) < 0)
		return -1;
	for (i = 0; member && i < n; i++)
		if (read_number(&in, member, keys[i].key, MAX_NUMBER, &f[i]) < 0)
			return -1;
	return 0;
}

static int read_closes(const struct place *p, const json_t *object,
		       struct figure *f)
{
	const json_t *hist = json_object_get(object, "closes_hist"), *v;
	size_t i;

	f->has = hist;
	if (hist && !json_is_array(hist))
		return wrong(p, "%scloses_hist is no array", p->in);
	for (i = 0; i < json_array_size(hist) && i < CLOSES_SLOTS; i++) {
		v = json_array_get(hist, i);
		if (!json_is_integer(v) || json_integer_value(v) < 0 ||
		    json_integer_value(v) > UINT32_MAX)
			return wrong(p, "%scloses_hist[%zu] is no count", p->in,
				     i);
		f->v += (uint64_t)json_integer_value(v);
	}
	return 0;
}

static int read_netns(struct place *p, const json_t *object, size_t at,
		      struct snapshot_netns *s)
{
	struct figure netns;
	size_t i;

	snprintf(p->in, sizeof(p->in), "namespaces[%zu].", at);
	if (!json_is_object(object))
		return wrong(p, "namespaces[%zu] is no object", at);
	if (read_number(p, object, "netns", UINT32_MAX, &netns) < 0)
		return -1;
	s->netns = (uint32_t)netns.v;
	for (i = 0; i < COUNT_CLOSES; i++)
		if (read_number(p, object, count_keys[i].key, MAX_NUMBER,
				&s->counts[i]) < 0)
			return -1;
	if (!netns.has || !s->counts[COUNT_TOTAL].has)
		return wrong(p, "%s%s is missing", p->in,
			     netns.has ? "total" : "netns");
	if (read_string(p, object, "netns_name", s->name, sizeof(s->name)) < 0 ||
	    read_string(p, object, "netns_kind", s->kind, sizeof(s->kind)) < 0 ||
	    read_closes(p, object, &s->counts[COUNT_CLOSES]) < 0 ||
	    read_figures(p, object, "sysctls", sysctl_keys, N_SYSCTLS,
			 s->sysctls) < 0 ||
	    read_figures(p, object, "verdicts", verdict_keys(),
			 TWSCOPE_N_VERDICTS, s->verdicts) < 0)
		return -1;
	return read_figures(p, object, "bound_verdicts", verdict_keys(),
			    TWSCOPE_N_VERDICTS, s->bound_verdicts);
}

static int by_number(const void *a, const void *b)
{
	const struct snapshot_netns *x = a, *y = b;

	return (x->netns > y->netns) - (x->netns < y->netns);
}

static int read_namespaces(struct place *p, const json_t *doc,
			   struct snapshot *s)
{
	const json_t *array = json_object_get(doc, "namespaces");
	size_t i, n = json_array_size(array);

	if (!json_is_array(array) || !n)
		return wrong(p, "it has no namespaces");
	if (n > SNAPSHOT_MAX_NETNS)
		return wrong(p, "it has more than %u namespaces",
			     SNAPSHOT_MAX_NETNS);
	s->of = calloc(n, sizeof(*s->of));
	if (!s->of)
		return wrong(p, "out of memory");
	s->n = n;
	for (i = 0; i < n; i++)
		if (read_netns(p, json_array_get(array, i), i, &s->of[i]) < 0)
			return -1;
	qsort(s->of, n, sizeof(*s->of), by_number);
	return 0;
}

static int read_format(const struct place *p, const json_t *doc)
{
	const char *format = json_string_value(json_object_get(doc, "format"));
	struct figure version;

	if (!format || strcmp(format, SNAPSHOT_FORMAT))
		return wrong(p, "it is no snapshot of twctl: \"format\" is not \"%s\"",
			     SNAPSHOT_FORMAT);
	if (read_number(p, doc, "format_version", MAX_NUMBER, &version) < 0)
		return -1;
	if (!version.v)
		return wrong(p, "format_version is missing");
	if (version.v > SNAPSHOT_VERSION)
		return wrong(p, "it is of format %" PRIu64 ", this twctl %s reads up to %u",
			     version.v, TWSCOPE_VERSION, SNAPSHOT_VERSION);
	return 0;
}

static int read_document(struct place *p, const json_t *doc, struct snapshot *s)
{
	const json_t *all;
	struct figure netns;

	if (read_format(p, doc) < 0 ||
	    read_number(p, doc, "time_ms", MAX_TIME_MS, &s->time_ms) < 0 ||
	    read_number(p, doc, "uptime_ms", MAX_TIME_MS, &s->uptime_ms) < 0 ||
	    read_number(p, doc, "netns", UINT32_MAX, &netns) < 0 ||
	    read_string(p, doc, "hostname", s->hostname, sizeof(s->hostname)) < 0 ||
	    read_string(p, doc, "kernel", s->kernel, sizeof(s->kernel)) < 0 ||
	    read_string(p, doc, "boot_id", s->boot_id, sizeof(s->boot_id)) < 0 ||
	    read_string(p, doc, "twctl", s->twctl, sizeof(s->twctl)) < 0 ||
	    read_string(p, doc, "module", s->module, sizeof(s->module)) < 0 ||
	    read_figures(p, doc, "sockstat", sockstat_keys, N_SOCKSTAT,
			 s->sockstat) < 0 ||
	    read_figures(p, doc, "counters", counter_keys, N_COUNTERS,
			 s->counters) < 0)
		return -1;
	s->netns = (uint32_t)netns.v;
	all = json_object_get(doc, "all_netns");
	if (all && !json_is_boolean(all))
		return wrong(p, "all_netns is neither true nor false");
	s->all_netns = json_is_true(all);
	return read_namespaces(p, doc, s);
}

int snapshot_parse(const char *text, size_t len, struct snapshot *s, char *err,
		   size_t size)
{
	struct place p = { .err = err, .size = size };
	char words[JSON_ERROR_TEXT_LENGTH];
	json_error_t e;
	json_t *doc;
	int ret;

	memset(s, 0, sizeof(*s));
	doc = json_loadb(text, len, JSON_REJECT_DUPLICATES, &e);
	if (!doc)
		return wrong(&p, "it is no JSON: line %d: %s", e.line,
			     text_harmless(words, sizeof(words), e.text));
	ret = read_document(&p, doc, s);
	json_decref(doc);
	if (ret < 0)
		snapshot_free(s);
	return ret;
}

void snapshot_free(struct snapshot *s)
{
	free(s->of);
	s->of = NULL;
	s->n = 0;
}
