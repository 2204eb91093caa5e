// SPDX-License-Identifier: GPL-2.0
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "printed.h"
#include "test.h"

const struct out_options plain = { .cpus = 2 };
const char *devices_called;

static char *text;
static size_t text_len;

/* Before that of libc: only root can give a device a name. */
char *if_indextoname(unsigned int ifindex, char name[IF_NAMESIZE])
{
	struct ifreq r = { .ifr_ifindex = (int)ifindex };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool found = devices_called || !ioctl(fd, SIOCGIFNAME, &r);

	close(fd);
	if (found)
		snprintf(name, IF_NAMESIZE, "%.15s", devices_called ? devices_called : r.ifr_name);
	return found ? name : NULL;
}

struct out *open_out(bool json, const struct out_options *options,
		     enum out_kind kind)
{
	struct out_options opt = *options;

	opt.fp = open_memstream(&text, &text_len);
	assert_non_null(opt.fp);
	return json ? out_json(&opt, kind) : out_text(&opt, kind);
}

char *close_out(struct out *o, bool failed)
{
	FILE *fp = o->opt.fp;

	out_end(o, failed);
	fclose(fp);
	return text;
}

void is_text(char *got, const char *want)
{
	if (strcmp(got, want))
		fail_msg("got:\n%s\nnot:\n%s", got, want);
	free(got);
}

void fits(char *got)
{
	char *line, *save = NULL;

	for (line = strtok_r(got, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save))
		if (strlen(line) > 80)
			fail_msg("%zu columns: %s", strlen(line), line);
	free(got);
}

json_t *parsed(char *got)
{
	json_error_t e;
	json_t *j = json_loads(got, JSON_REJECT_DUPLICATES, &e);

	if (!j)
		fail_msg("%s: %s", e.text, got);
	free(got);
	return j;
}

void keys_are(const json_t *object, const struct spec_set *spec)
{
	size_t i;

	for (i = 0; i < spec->n; i++)
		if (!json_object_get(object, spec->name[i]))
			fail_msg("no key %s", spec->name[i]);
	assert_int_equal(json_object_size(object), spec->n);
}

json_int_t number(const json_t *object, const char *key)
{
	const json_t *v = json_object_get(object, key);

	if (!json_is_integer(v))
		fail_msg("%s is no number", key);
	return json_integer_value(v);
}

const char *string(const json_t *object, const char *key)
{
	const json_t *v = json_object_get(object, key);

	if (!json_is_string(v))
		fail_msg("%s is no string", key);
	return json_string_value(v);
}

const json_t *member(const json_t *object, const char *key)
{
	const json_t *v = json_object_get(object, key);

	if (!json_is_object(v) && !json_is_array(v))
		fail_msg("%s is neither object nor array", key);
	return v;
}
