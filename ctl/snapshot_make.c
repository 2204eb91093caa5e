// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE	/* asprintf() */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>

#include "out_json.h"
#include "proc.h"
#include "snapshot.h"
#include "snapshot_make.h"

/* The names in one line, their values in the next, both after "GROUP:". */
void snapshot_put_mib(json_t *counters, char *text, const char *group)
{
	char *names, *values, *line, *name, *value, *a, *b, *rest = NULL;
	char key[128];
	uint64_t v;

	for (line = strtok_r(text, "\n", &rest); line;
	     line = strtok_r(NULL, "\n", &rest)) {
		names = line;
		values = strtok_r(NULL, "\n", &rest);
		if (!values)
			return;
		name = strtok_r(names, " ", &a);
		value = strtok_r(values, " ", &b);
		if (!name || !value || strcmp(name, value) ||
		    strncmp(name, group, strlen(group)) ||
		    strcmp(name + strlen(group), ":"))
			continue;
		while ((name = strtok_r(NULL, " ", &a)) &&
		       (value = strtok_r(NULL, " ", &b))) {
			snprintf(key, sizeof(key), "%s%s", group, name);
			if (proc_number(value, &v))
				json_put_int(counters, key, v);
		}
	}
}

void snapshot_put_sockstat(json_t *object, char *text)
{
	char *line, *name, *value, *rest = NULL, *a;
	uint64_t v;

	for (line = strtok_r(text, "\n", &rest); line;
	     line = strtok_r(NULL, "\n", &rest)) {
		name = strtok_r(line, " ", &a);
		if (!name || strcmp(name, "TCP:"))
			continue;
		while ((name = strtok_r(NULL, " ", &a)) &&
		       (value = strtok_r(NULL, " ", &a)))
			if (proc_number(value, &v))
				json_put_int(object, name, v);
	}
}

static void put_counters(json_t *doc)
{
	json_t *counters = json_object(), *sockstat = json_object();
	char *buf = malloc(PROC_SIZE);

	if (buf) {
		snapshot_put_mib(counters,
				 proc_slurp("/proc/net/snmp", buf, PROC_SIZE),
				 "Tcp");
		snapshot_put_mib(counters,
				 proc_slurp("/proc/net/netstat", buf,
					    PROC_SIZE),
				 "TcpExt");
		snapshot_put_sockstat(sockstat,
				      proc_slurp("/proc/net/sockstat", buf,
						 PROC_SIZE));
	}
	free(buf);
	json_put(doc, "sockstat", sockstat);
	json_put(doc, "counters", counters);
}

bool tcpext_counter(const char *root, const char *name, uint64_t *v)
{
	json_t *counters = json_object();
	char *buf = malloc(PROC_SIZE), key[128], path[PATH_MAX];
	const json_t *value;
	bool found;

	snprintf(path, sizeof(path), "%s/proc/net/netstat", root);
	if (buf)
		snapshot_put_mib(counters, proc_slurp(path, buf, PROC_SIZE),
				 "TcpExt");
	free(buf);
	snprintf(key, sizeof(key), "TcpExt%s", name);
	value = json_object_get(counters, key);
	*v = (uint64_t)json_integer_value(value);
	found = value;
	json_decref(counters);
	return found;
}

static void put_time(json_t *doc)
{
	uint64_t ms = now_ns(CLOCK_REALTIME) / 1000000;
	time_t seconds = (time_t)(ms / 1000);
	char text[40], whole[32];
	struct tm tm;

	gmtime_r(&seconds, &tm);
	strftime(whole, sizeof(whole), "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(text, sizeof(text), "%s.%03uZ", whole,
		 (unsigned int)(ms % 1000));
	json_put_string(doc, "time", text);
	json_put_int(doc, "time_ms", ms);
	json_put_int(doc, "uptime_ms", now_ns(CLOCK_BOOTTIME) / 1000000);
}

/*
 * ASCII of it alone, whatever the locale prints: of what is no UTF-8 JSON would have
 * null, and readers show the rest as "?" as well.
 */
static void put_host(json_t *doc, char *name)
{
	char *c;

	for (c = name; *c; c++)
		if (*c < ' ' || *c > '~')
			*c = '?';
	json_put_string(doc, "hostname", name);
}

static void put_machine(json_t *doc)
{
	struct utsname u = { 0 };
	char boot[64];

	uname(&u);
	proc_slurp("/proc/sys/kernel/random/boot_id", boot, sizeof(boot));
	boot[strcspn(boot, "\n")] = '\0';
	put_host(doc, u.nodename);
	json_put_string(doc, "kernel", u.release);
	json_put_string(doc, "boot_id", boot);
}

json_t *snapshot_begin(const struct session *s, bool all_netns)
{
	json_t *doc = json_object();
	struct stat st;

	json_put_string(doc, "format", SNAPSHOT_FORMAT);
	json_put_int(doc, "format_version", SNAPSHOT_VERSION);
	put_time(doc);
	put_machine(doc);
	json_put_string(doc, "twctl", TWSCOPE_VERSION);
	json_put_string(doc, "module", s->info.version);
	json_put(doc, "all_netns", json_boolean(all_netns));
	/* /proc/net is of the namespace we are in */
	if (!stat("/proc/self/ns/net", &st))
		json_put_netns(s->out, doc, (uint32_t)st.st_ino);
	put_counters(doc);
	json_put(doc, "namespaces", json_array());
	return doc;
}

void snapshot_add(json_t *doc, const struct session *s,
		  const struct tws_summary *summary)
{
	json_array_append_new(json_object_get(doc, "namespaces"),
			      json_of_summary(s->out, summary));
}

char *snapshot_end(json_t *doc)
{
	char *text = json_dumps(doc, JSON_COMPACT | JSON_ENSURE_ASCII);
	char *line = NULL;

	json_decref(doc);
	if (text && asprintf(&line, "%s\n", text) < 0)
		line = NULL;
	free(text);
	return line;
}
