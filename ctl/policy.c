// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <string.h>

#include "policy.h"

struct sysctl {
	const char *name;
	/* 0: the kernel knows its bounds */
	uint32_t max;
	size_t has;
	size_t value;
};

#define SYSCTL(n, m) { \
	.name = #n, .max = m, \
	.has = offsetof(struct tws_policy, has_##n), \
	.value = offsetof(struct tws_policy, n), \
}

static const struct sysctl sysctls[] = {
	SYSCTL(tcp_tw_reuse, 2),
	SYSCTL(tcp_tw_reuse_delay, 0),
	SYSCTL(tcp_timestamps, 2),
};

#define OF_CONNTRACK \
	"it is of connection tracking, which keeps a state of its own beside the socket's: neither timer knows of the other"
#define OF_KEEPALIVE \
	"it finds out whether an open connection's peer is still there, and has nothing to do with TIME_WAIT"
#define OF_LISTENER \
	"it is of connections that a listener has yet to accept, and has nothing to do with TIME_WAIT"

/* What people try first, and why it would tell them nothing. */
static const struct {
	const char *name;
	const char *why;
} misbeliefs[] = {
	{ "tcp_fin_timeout",
	  "it bounds FIN_WAIT2 of connections to come, and neither ends nor shortens TIME_WAIT" },
	{ "tcp_tw_recycle",
	  "it dropped connections from behind NAT and was removed in Linux 4.12" },
	{ "tcp_max_tw_buckets",
	  "it decides whether a close to come gets a bucket, not on those that are there. Do not lower it: that frees no port, and what closes beyond it skips TIME_WAIT" },
	{ "ip_local_port_range",
	  "it decides on no bucket; for the ports see: twctl ports" },
	{ "tcp_time_wait_interval",
	  "it is Solaris's, where it is 60000 ms; Linux has none of that name, and TIME_WAIT's length is compiled in" },
	{ "tcp_tw_timeout",
	  "it is Alibaba's kernel's; Linux has none of that name, and TIME_WAIT's length is compiled in" },
	{ "nf_conntrack_tcp_timeout_time_wait", OF_CONNTRACK },
	{ "ip_conntrack_tcp_timeout_time_wait", OF_CONNTRACK },
	{ "tcp_keepalive_time", OF_KEEPALIVE },
	{ "tcp_keepalive_intvl", OF_KEEPALIVE },
	{ "tcp_keepalive_probes", OF_KEEPALIVE },
	{ "tcp_syncookies", OF_LISTENER },
	{ "tcp_max_syn_backlog", OF_LISTENER },
	{ "somaxconn", OF_LISTENER },
};

static bool *has(struct tws_policy *p, const struct sysctl *s)
{
	return (bool *)((char *)p + s->has);
}

static uint32_t *value(struct tws_policy *p, const struct sysctl *s)
{
	return (uint32_t *)((char *)p + s->value);
}

static const char *without_prefix(const char *word)
{
	static const char *const prefix[] = {
		"net.ipv4.", "net/ipv4/", "net.core.", "net/core/",
		"net.netfilter.", "net/netfilter/",
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(prefix); i++)
		if (!strncmp(word, prefix[i], strlen(prefix[i])))
			return word + strlen(prefix[i]);
	return word;
}

static const struct sysctl *find(const char *name, size_t len)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(sysctls); i++)
		if (strlen(sysctls[i].name) == len &&
		    !memcmp(sysctls[i].name, name, len))
			return &sysctls[i];
	return NULL;
}

/* The words of a filter have none of these left of a "=". */
static bool like_a_sysctl(const char *word, size_t len)
{
	static const char chars[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./";

	return strspn(word, chars) >= len &&
	       (memchr(word, '_', len) || !strncmp(word, "net.", 4) ||
		!strncmp(word, "net/", 4));
}

static const char *misbelief(const char *name, size_t len)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(misbeliefs); i++)
		if (strlen(misbeliefs[i].name) == len &&
		    !memcmp(misbeliefs[i].name, name, len))
			return misbeliefs[i].why;
	return NULL;
}

static int unknown_one(const char *name, size_t len, char *err, size_t size)
{
	const char *why = misbelief(name, len);

	snprintf(err, size, "no bucket is judged by '%.*s'%s%s. What may be tried: " POLICY_WORDS,
		 (int)len, name, why ? ": " : "", why ? why : "");
	return -1;
}

static const char *values_of(const struct sysctl *s)
{
	return s->max ? "0, 1 or 2" : "a number of milliseconds";
}

static bool parse_value(const char *text, uint32_t max, uint32_t *v)
{
	uint64_t n = 0;

	if (!*text || strlen(text) > 10)
		return false;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return false;
		n = n * 10 + (uint64_t)(*text - '0');
	}
	if (n > (max ? max : UINT32_MAX))
		return false;
	*v = (uint32_t)n;
	return true;
}

int policy_take(struct tws_policy *p, const char *word, char *err, size_t size)
{
	size_t len = strcspn(word, "=");
	const char *name = without_prefix(word);
	size_t name_len = len - (size_t)(name - word);
	const struct sysctl *s;

	if (!len || !like_a_sysctl(word, len))
		return 0;
	s = find(name, name_len);
	/* without a "=" it may be the service in "dport = my_service" */
	if (!s && !word[len] && !misbelief(name, name_len))
		return 0;
	if (!s)
		return unknown_one(name, name_len, err, size);
	if (!word[len]) {
		snprintf(err, size, "%s needs a value: %s=VALUE, which is %s",
			 s->name, s->name, values_of(s));
		return -1;
	}
	if (*has(p, s)) {
		snprintf(err, size, "%s is given twice", s->name);
		return -1;
	}
	if (!parse_value(word + len + 1, s->max, value(p, s))) {
		snprintf(err, size, "%s is %s, not '%.64s'", s->name,
			 values_of(s), word + len + 1);
		return -1;
	}
	*has(p, s) = true;
	return 1;
}

const char *policy_sysctl(size_t i, uint32_t *max)
{
	if (i >= ARRAY_SIZE(sysctls))
		return NULL;
	*max = sysctls[i].max;
	return sysctls[i].name;
}

bool policy_is_empty(const struct tws_policy *p)
{
	return !p->has_tcp_tw_reuse && !p->has_tcp_tw_reuse_delay &&
	       !p->has_tcp_timestamps;
}

char *policy_text(char *buf, size_t size, const struct tws_policy *p)
{
	struct tws_policy copy = *p;
	size_t i, len = 0;

	buf[0] = '\0';
	for (i = 0; i < ARRAY_SIZE(sysctls); i++) {
		if (!*has(&copy, &sysctls[i]))
			continue;
		snprintf(buf + len, size - len, "%s%s=%u", len ? " " : "",
			 sysctls[i].name, *value(&copy, &sysctls[i]));
		len += strlen(buf + len);
	}
	return buf;
}
