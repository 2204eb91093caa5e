// SPDX-License-Identifier: GPL-2.0
#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sysctl_files.h"
#include "text.h"

/* No machine has so many, whatever lies there. */
#define MAX_FILES 512
#define MAX_LINES 10000

#define BLANKS " \t\r\n\v\f"

/* In the order of precedence: of one name the first is read. */
static const char *const directories[] = {
	"/etc/sysctl.d", "/run/sysctl.d", "/usr/local/lib/sysctl.d",
	"/usr/lib/sysctl.d", "/lib/sysctl.d",
};

struct seen {
	char name[NAME_MAX + 1];
	/* of symbolic links, and where /lib is one to /usr/lib */
	dev_t dev;
	ino_t inode;
};

struct reading {
	const char *root;
	struct sysctl_lines *lines;
	size_t n_seen;
	struct seen *seen;
	bool no_memory;
};

/* net/ipv4/conf/eth0.1/x and net.ipv4.conf.eth0/1.x are the same. */
static void with_points(char *key)
{
	char *first = key + strcspn(key, "./");
	char *c;

	if (*first != '/')
		return;
	for (c = key; *c; c++)
		*c = *c == '/' ? '.' : *c == '.' ? '/' : *c;
}

/* The first @len bytes of @s without the blanks around them. */
static void trimmed(char *buf, size_t size, const char *s, size_t len)
{
	char part[512];

	while (len && strchr(BLANKS, s[0])) {
		s++;
		len--;
	}
	while (len && strchr(BLANKS, s[len - 1]))
		len--;
	snprintf(part, sizeof(part), "%.*s", (int)len, s);
	text_harmless(buf, size, part);
}

bool sysctl_line_parse(const char *text, struct sysctl_line *line)
{
	const char *equals;

	text += strspn(text, BLANKS);
	equals = strchr(text, '=');
	if (*text == '#' || *text == ';' || !equals)
		return false;
	line->may_fail = *text == '-';
	text += line->may_fail;
	trimmed(line->key, sizeof(line->key), text, (size_t)(equals - text));
	trimmed(line->value, sizeof(line->value), equals + 1,
		strlen(equals + 1));
	with_points(line->key);
	return *line->key;
}

static bool has_sysctl(const char *root, const char *key)
{
	char path[PATH_MAX], parts[sizeof(((struct sysctl_line *)0)->key)];
	char *c;

	/* a pattern is of many, and of those that are yet to be */
	if (strncmp(key, "net.ipv4.", 9) || strpbrk(key, "*?["))
		return true;
	snprintf(parts, sizeof(parts), "%s", key);
	for (c = parts; *c; c++)
		*c = *c == '.' ? '/' : *c == '/' ? '.' : *c;
	snprintf(path, sizeof(path), "%s/proc/sys/%s", root, parts);
	return !access(path, F_OK);
}

static void keep(struct reading *r, const struct sysctl_line *line)
{
	struct sysctl_lines *l = r->lines;
	struct sysctl_line *more;

	if (l->n >= MAX_LINES)
		return;
	more = reallocarray(l->line, l->n + 1, sizeof(*more));
	if (!more) {
		r->no_memory = true;
		return;
	}
	l->line = more;
	l->line[l->n++] = *line;
}

static void read_file(struct reading *r, const char *path)
{
	struct sysctl_line line = { 0 };
	FILE *f = fopen(path, "re");
	char *text = NULL;
	size_t size = 0;

	if (!f)
		return;
	text_harmless(line.file, sizeof(line.file), path + strlen(r->root));
	while (line.number < MAX_LINES && getline(&text, &size, f) >= 0) {
		line.number++;
		if (!sysctl_line_parse(text, &line))
			continue;
		line.exists = has_sysctl(r->root, line.key);
		keep(r, &line);
	}
	free(text);
	fclose(f);
}

static bool remember(struct reading *r, const char *name, const struct stat *st)
{
	struct seen *more;

	if (r->n_seen >= MAX_FILES)
		return false;
	more = reallocarray(r->seen, r->n_seen + 1, sizeof(*more));
	if (!more) {
		r->no_memory = true;
		return false;
	}
	r->seen = more;
	more += r->n_seen++;
	snprintf(more->name, sizeof(more->name), "%s", name);
	more->dev = st->st_dev;
	more->inode = st->st_ino;
	return true;
}

/* Remembers the file; false where one of its name, or it itself, was there. */
static bool is_new(struct reading *r, const char *name, const struct stat *st)
{
	bool same = false;
	size_t i;

	for (i = 0; i < r->n_seen; i++) {
		if (!strcmp(r->seen[i].name, name))
			return false;
		same |= r->seen[i].dev == st->st_dev &&
			r->seen[i].inode == st->st_ino;
	}
	return remember(r, name, st) && !same;
}

/* @path without the root; of one @name only the first is read. */
static void look_at(struct reading *r, const char *path, const char *name)
{
	char whole[PATH_MAX];
	struct stat st;

	snprintf(whole, sizeof(whole), "%s%s", r->root, path);
	/* a link to /dev/null hides others; a pipe would keep us waiting */
	if (!stat(whole, &st) && is_new(r, name, &st) && S_ISREG(st.st_mode))
		read_file(r, whole);
}

static int ends_in_conf(const struct dirent *d)
{
	size_t len = strlen(d->d_name);

	return len > 5 && !strcmp(d->d_name + len - 5, ".conf");
}

static void look_into(struct reading *r, const char *directory)
{
	char path[PATH_MAX], file[PATH_MAX];
	struct dirent **entry;
	int i, n;

	snprintf(path, sizeof(path), "%s%s", r->root, directory);
	n = scandir(path, &entry, ends_in_conf, alphasort);
	for (i = 0; i < n; i++) {
		snprintf(file, sizeof(file), "%s/%s", directory,
			 entry[i]->d_name);
		look_at(r, file, entry[i]->d_name);
		free(entry[i]);
	}
	if (n >= 0)
		free(entry);
}

int sysctl_lines_read(const char *root, struct sysctl_lines *l)
{
	struct reading r = { .root = root, .lines = l };
	size_t i;

	*l = (struct sysctl_lines){ 0 };
	look_at(&r, "/etc/sysctl.conf", "/etc/sysctl.conf");
	for (i = 0; i < ARRAY_SIZE(directories); i++)
		look_into(&r, directories[i]);
	free(r.seen);
	return r.no_memory ? -1 : 0;
}

void sysctl_lines_free(struct sysctl_lines *l)
{
	free(l->line);
	*l = (struct sysctl_lines){ 0 };
}
