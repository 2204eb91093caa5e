// SPDX-License-Identifier: GPL-2.0
#include <ctype.h>
#include <errno.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>

#include "arguments.h"
#include "policy.h"
#include "text.h"

char *arguments_join(int argc, char **argv)
{
	size_t size = 1;
	char *text;
	int i;

	for (i = 0; i < argc; i++)
		size += strlen(argv[i]) + 1;
	text = calloc(1, size);
	for (i = 0; text && i < argc; i++) {
		if (i)
			strcat(text, " ");
		strcat(text, argv[i]);
	}
	return text;
}

static void complain_of_filter(const struct filter_error *err, const char *text)
{
	/* the message, the filter, and a line below it at most as long */
	size_t size = 2 * strlen(text) + sizeof(err->text) + 64;
	char *buf = malloc(size);

	if (buf) {
		filter_error_format(err, text, buf, size);
		complain("%s", buf);
	} else {
		complain("wrong filter: %s", err->text);
	}
	free(buf);
}

static int compile(const char *text, const struct options *o,
		   struct tws_filter *f)
{
	const struct filter_names names = {
		.port = service_port,
		.device = o->all_netns ? NULL : if_nametoindex,
	};
	struct filter_expr *expr = NULL;
	struct filter_error err;
	int ret = -1;

	/* no words, or blank ones: no filter */
	if (text[strspn(text, " \t\n")])
		expr = filter_parse(text, &names, &err);
	if (expr || !text[strspn(text, " \t\n")])
		ret = filter_compile(expr, o->family, f, &err);
	if (ret < 0)
		complain_of_filter(&err, text);
	filter_expr_free(expr);
	return ret;
}

enum exit_code arguments_filter(const struct options *o, int argc, char **argv,
				struct tws_filter *f)
{
	char *text;
	int ret;

	/* devices are those of the network namespace */
	if (session_enter(o) < 0)
		return EXIT_ERROR;
	text = arguments_join(argc, argv);
	if (!text) {
		complain("out of memory");
		return EXIT_ERROR;
	}
	ret = compile(text, o, f);
	free(text);
	return ret < 0 ? EXIT_USAGE : EXIT_OK;
}

enum exit_code arguments_policy(int *argc, char **argv, struct tws_policy *p)
{
	int i, ret, kept = 0;
	char err[512];

	memset(p, 0, sizeof(*p));
	for (i = 0; i < *argc; i++) {
		ret = policy_take(p, argv[i], err, sizeof(err));
		if (ret < 0) {
			complain("%s", err);
			return EXIT_USAGE;
		}
		if (!ret)
			argv[kept++] = argv[i];
	}
	*argc = kept;
	return EXIT_OK;
}

/* A number up to @end, which is where it must end. */
static bool number(const char *text, const char *end, uint32_t *v)
{
	int base = text[0] == '0' && (text[1] == 'x' || text[1] == 'X') ? 16 : 10;
	unsigned long long n;
	char *stop;

	/* strtoull() would take signs and blanks */
	if (!isdigit((unsigned char)text[0]) ||
	    (base == 16 && !isxdigit((unsigned char)text[2])))
		return false;
	errno = 0;
	n = strtoull(text, &stop, base);
	if (errno || stop != end || n > UINT32_MAX)
		return false;
	*v = (uint32_t)n;
	return true;
}

enum exit_code arguments_syn(const char *text, struct tws_syn *syn)
{
	const char *end = text + strlen(text), *comma = strchr(text, ',');

	memset(syn, 0, sizeof(*syn));
	syn->has_tsval = comma;
	if (number(text, comma ? comma : end, &syn->seq) &&
	    (!comma || number(comma + 1, end, &syn->tsval)))
		return EXIT_OK;
	complain("--syn takes SEQ or SEQ,TSVAL, each a number up to 4294967295 or 0xffffffff, not '%s'",
		 text);
	return EXIT_USAGE;
}

enum exit_code arguments_number(const struct options *o, const char *name,
				uint32_t min, uint32_t max, uint32_t *v)
{
	const char *text = own_option(o, name);
	uint32_t n;

	if (!text)
		return EXIT_OK;
	if (number(text, text + strlen(text), &n) && n >= min && n <= max) {
		*v = n;
		return EXIT_OK;
	}
	complain("--%s takes a number from %u to %u, not '%s'", name, min, max,
		 text);
	return EXIT_USAGE;
}

enum exit_code arguments_time(const struct options *o, const char *name,
			      uint32_t min_ms, uint32_t *ms)
{
	const char *text = own_option(o, name);
	uint32_t v;

	if (!text)
		return EXIT_OK;
	if (!text_to_ms(text, &v)) {
		complain("--%s takes a time such as 60, 60s, 0.5s, 500ms, 2m or 1h, not '%s'",
			 name, text);
		return EXIT_USAGE;
	}
	if (v < min_ms) {
		complain("--%s takes %u ms at least, not '%s'", name, min_ms,
			 text);
		return EXIT_USAGE;
	}
	*ms = v;
	return EXIT_OK;
}
