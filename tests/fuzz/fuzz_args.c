// SPDX-License-Identifier: GPL-2.0
/*
 * The words behind a command: each is refused in words that can be shown, or what
 * is made of it lies within its bounds.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "arguments.h"
#include "endpoint.h"
#include "policy.h"
#include "text.h"

#define must(condition) \
	do { \
		if (!(condition)) { \
			fprintf(shown, "fuzz_args.c:%d: not so: %s\n", \
				__LINE__, #condition); \
			abort(); \
		} \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is said of wrong words is for people; this is not. */
static FILE *shown;

static int port_by_name(const char *name)
{
	return strcmp(name, "https") ? -1 : 443;
}

static void check_error(const char *err, size_t size)
{
	must(memchr(err, '\0', size) && *err);
}

static void check_endpoint(const struct endpoint *e)
{
	struct tws_filter f;

	must(!e->has_addr || e->family == AF_INET || e->family == AF_INET6);
	must(memchr(e->dev, '\0', sizeof(e->dev)));
	must(!*e->dev || endpoint_link_local(e));
	endpoint_filter(e, e, &f);
	/* that of "*" is none */
	must(f.n_terms == 2U * (e->has_addr + e->has_port));
}

static void endpoint(const char *text)
{
	struct endpoint e;
	char err[300];

	memset(err, '\n', sizeof(err));
	if (!endpoint_parse(text, port_by_name, &e, err, sizeof(err))) {
		check_endpoint(&e);
		endpoint_unmap(&e);
		check_endpoint(&e);
	} else {
		check_error(err, sizeof(err));
	}
	endpoint_like(text);
}

static void policy(const char *text)
{
	struct tws_policy p = { 0 };
	char err[300], once[300], twice[300];
	int ret;

	memset(err, '\n', sizeof(err));
	ret = policy_take(&p, text, err, sizeof(err));
	must(ret == 0 || ret == 1 || ret == -1);
	if (ret == -1)
		check_error(err, sizeof(err));
	must((ret == 1) == !policy_is_empty(&p));
	if (ret == 1) {
		struct tws_policy q = { 0 };

		must(p.tcp_tw_reuse <= 2 && p.tcp_timestamps <= 2);
		policy_text(once, sizeof(once), &p);
		must(policy_take(&q, once, err, sizeof(err)) == 1);
		must(!strcmp(once, policy_text(twice, sizeof(twice), &q)));
	}
}

static void syn(const char *text)
{
	struct tws_syn s;
	char again[64];

	if (arguments_syn(text, &s) != EXIT_OK)
		return;
	snprintf(again, sizeof(again), s.has_tsval ? "%u,%u" : "%u", s.seq,
		 s.tsval);
	must(arguments_syn(again, &s) == EXIT_OK);
}

static void numbers(const char *text)
{
	const struct options o = {
		.n_own = 1, .own = { { .name = "limit", .value = text } },
	};
	uint32_t v = 7, ms = 7;

	if (arguments_number(&o, "limit", 5, 256, &v) == EXIT_OK)
		must(v >= 5 && v <= 256);
	else
		must(v == 7);
	if (arguments_time(&o, "limit", 100, &ms) == EXIT_OK)
		must(ms >= 100);
	else
		must(ms == 7);
}

static void (*const kinds[])(const char *text) = {
	endpoint, policy, syn, numbers,
};

#define N_KINDS (sizeof(kinds) / sizeof(kinds[0]))

/* The first byte says what the rest is taken for. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text;

	if (!shown) {
		shown = stderr;
		stderr = fopen("/dev/null", "w");
		must(stderr);
	}
	if (!size)
		return 0;
	text = malloc(size);
	must(text);
	memcpy(text, data + 1, size - 1);
	text[size - 1] = '\0';
	kinds[data[0] % N_KINDS](text);
	free(text);
	return 0;
}
