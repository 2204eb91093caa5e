// SPDX-License-Identifier: GPL-2.0
/*
 * What the kernel answers, as far as twctl knows: whatever attributes come, they
 * are refused in words or read within their bounds, and can be printed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <netlink/attr.h>

#include "nl.h"
#include "out.h"

#define must(condition) \
	do { \
		if (!(condition)) { \
			fprintf(stderr, "fuzz_replies.c:%d: not so: %s\n", \
				__LINE__, #condition); \
			abort(); \
		} \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Those of libnl are not instrumented: ASan would not see what they read. */

uint16_t nla_get_u16(const struct nlattr *a)
{
	must(nla_len(a) >= 2);
	return *(const uint16_t *)nla_data(a);
}

uint32_t nla_get_u32(const struct nlattr *a)
{
	must(nla_len(a) >= 4);
	return *(const uint32_t *)nla_data(a);
}

uint64_t nla_get_u64(const struct nlattr *a)
{
	uint64_t v;

	must(nla_len(a) >= 8);
	memcpy(&v, nla_data(a), sizeof(v));
	return v;
}

static FILE *nowhere;

typedef struct out *(*writer)(const struct out_options *opt, enum out_kind kind);

static const writer writers[] = { out_text, out_json };

static struct out *open_out(unsigned int i, enum out_kind kind)
{
	const struct out_options opt = {
		.fp = nowhere, .cpus = 2, .utf8 = true, .color = true,
	};
	struct out *o = writers[i](&opt, kind);

	must(o);
	return o;
}

/* Runs @call on a writer of each kind, named o. */
#define PRINT(kind, call) \
	do { \
		for (unsigned int i_ = 0; i_ < 2; i_++) { \
			struct out *o = open_out(i_, kind); \
			call; \
			out_end(o, false); \
		} \
	} while (0)

static int info(const void *attrs, size_t len, char *err, size_t size)
{
	struct tws_info v;
	int ret = twnl_parse_info(attrs, len, &v, err, size);

	if (!ret)
		PRINT(OUT_INFO, out_info(o, &v, NULL));
	return ret;
}

static int summary(const void *attrs, size_t len, char *err, size_t size)
{
	struct tws_summary v;
	int ret = twnl_parse_summary(attrs, len, &v, err, size);

	if (!ret) {
		PRINT(OUT_SUMMARY, out_summary(o, &v));
		PRINT(OUT_SUMMARIES, out_summary(o, &v));
	}
	return ret;
}

static int bucket(const void *attrs, size_t len, char *err, size_t size)
{
	struct tws_bucket v;
	int ret = twnl_parse_bucket(attrs, len, &v, err, size);

	if (!ret)
		PRINT(OUT_BUCKETS, out_bucket(o, &v));
	return ret;
}

static int group(const void *attrs, size_t len, char *err, size_t size)
{
	struct tws_group v;

	return twnl_parse_group(attrs, len, &v, err, size);
}

static int ports(const void *attrs, size_t len, char *err, size_t size)
{
	const struct tws_port_query q = { .family = 2, .remote_port = 443 };
	struct tws_ports v;
	const struct port_report r = { .query = &q, .ports = &v, .dev = "" };
	int ret = twnl_parse_ports(attrs, len, &v, err, size);

	if (!ret)
		PRINT(OUT_PORTS, out_ports(o, &r));
	return ret;
}

static int stats(const void *attrs, size_t len, char *err, size_t size)
{
	struct tws_stats v;
	int ret = twnl_parse_stats(attrs, len, &v, err, size);

	if (!ret) {
		PRINT(OUT_STATS, out_stats(o, &v));
		PRINT(OUT_RATES, out_rates(o, &v, 1));
	}
	return ret;
}

static int hook(const void *attrs, size_t len, char *err, size_t size)
{
	struct tws_hook v;

	return twnl_parse_hook(attrs, len, &v, err, size);
}

static int news(const void *attrs, size_t len, char *err, size_t size)
{
	struct tws_news v;
	int ret = twnl_parse_news(attrs, len, &v, err, size);

	if (!ret && v.has_event)
		PRINT(OUT_EVENTS, out_event(o, &v.event));
	return ret;
}

static int family(const void *attrs, size_t len, char *err, size_t size)
{
	struct twnl_family v;

	return twnl_parse_family(attrs, len, &v, err, size);
}

static int (*const parsers[])(const void *attrs, size_t len, char *err,
			      size_t size) = {
	info, summary, bucket, ports, stats, hook, news, family, group,
};

#define N_PARSERS (sizeof(parsers) / sizeof(parsers[0]))

/* Where the last whole attribute ends: a read beyond it is one beyond the copy. */
static size_t end_of(const uint8_t *p, size_t len)
{
	size_t at = 0, end = 0;
	uint16_t n;

	while (len - at >= 4) {
		memcpy(&n, p + at, sizeof(n));
		if (n < 4 || n > len - at)
			break;
		end = at + n;
		at = (end + 3) & ~(size_t)3;
		if (at > len)
			break;
	}
	return end;
}

/* The first byte says which reply it is; its attributes are the rest. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char err[512] = "";
	void *attrs;
	size_t len;
	int ret;

	if (!nowhere)
		nowhere = fopen("/dev/null", "w");
	must(nowhere);
	if (!size)
		return 0;
	len = end_of(data + 1, size - 1);
	attrs = malloc(len);
	memcpy(attrs, data + 1, len);
	ret = parsers[data[0] % N_PARSERS](attrs, len, err, sizeof(err));
	must(!ret || (ret == -1 && *err && strlen(err) < sizeof(err)));
	free(attrs);
	return 0;
}
