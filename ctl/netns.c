// SPDX-License-Identifier: GPL-2.0
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "netns.h"

/* where "ip netns" keeps them */
#define NETNS_DIR "/run/netns"
/* more names than these are no help in an error */
#define NAMES_SHOWN 8

struct netns_entry {
	uint32_t inode;
	char name[NAME_MAX + 1];
};

struct netns_names {
	size_t n;
	struct netns_entry *entry;
};

static int all_digits(const char *s)
{
	return *s && !s[strspn(s, "0123456789")];
}

static int open_netns(const char *what)
{
	char path[PATH_MAX];
	int fd;

	if (strchr(what, '/'))
		return open(what, O_RDONLY | O_CLOEXEC);
	snprintf(path, sizeof(path), NETNS_DIR "/%s", what);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	/* a name that looks like a number is still a name */
	if (fd < 0 && errno == ENOENT && all_digits(what)) {
		snprintf(path, sizeof(path), "/proc/%s/ns/net", what);
		fd = open(path, O_RDONLY | O_CLOEXEC);
	}
	return fd;
}

static void name_those_that_are(char *buf, size_t size)
{
	struct dirent *d;
	size_t len = 0, n = 0;
	DIR *dir = opendir(NETNS_DIR);

	snprintf(buf, size, "there are none in " NETNS_DIR);
	if (!dir)
		return;
	while ((d = readdir(dir))) {
		if (d->d_name[0] == '.')
			continue;
		if (++n > NAMES_SHOWN)
			continue;
		snprintf(buf + len, size - len, "%s%s",
			 len ? ", " : "there are: ", d->d_name);
		len += strlen(buf + len);
	}
	closedir(dir);
	if (n > NAMES_SHOWN)
		snprintf(buf + len, size - len, " and %zu more (ip netns)",
			 n - NAMES_SHOWN);
}

static void why_not_opened(const char *what, int error, char *err, size_t size)
{
	char names[NAMES_SHOWN * (NAME_MAX + 2) + 64];

	if (error == ENOENT && strchr(what, '/')) {
		snprintf(err, size, "there is no file %s", what);
	} else if (error == ENOENT && all_digits(what)) {
		snprintf(err, size,
			 "no network namespace is named '%s', and no process has that number",
			 what);
	} else if (error == ENOENT) {
		name_those_that_are(names, sizeof(names));
		snprintf(err, size,
			 "no network namespace is named '%s'; %s; a path or the number of a process will do as well",
			 what, names);
	} else if (error == EACCES || error == EPERM) {
		snprintf(err, size,
			 "network namespace '%s': %s; looking into another process needs CAP_SYS_PTRACE",
			 what, strerror(error));
	} else {
		snprintf(err, size, "network namespace '%s': %s", what,
			 strerror(error));
	}
}

int netns_enter(const char *what, char *err, size_t size)
{
	int fd = open_netns(what), ret;

	if (fd < 0) {
		why_not_opened(what, errno, err, size);
		return -1;
	}
	ret = setns(fd, CLONE_NEWNET);
	if (ret < 0 && errno == EINVAL)
		snprintf(err, size, "'%s' is not a network namespace", what);
	else if (ret < 0 && errno == EPERM)
		snprintf(err, size,
			 "entering network namespace '%s' needs CAP_SYS_ADMIN; run it as root",
			 what);
	else if (ret < 0)
		snprintf(err, size, "network namespace '%s': %s", what,
			 strerror(errno));
	close(fd);
	return ret;
}

static void add_name(struct netns_names *names, ino_t inode, const char *name)
{
	struct netns_entry *e;

	if (netns_name(names, (uint32_t)inode))
		return;
	e = reallocarray(names->entry, names->n + 1, sizeof(*e));
	if (!e)
		return;
	names->entry = e;
	e += names->n++;
	e->inode = (uint32_t)inode;
	snprintf(e->name, sizeof(e->name), "%s", name);
}

struct netns_names *netns_names_load(void)
{
	struct netns_names *names = calloc(1, sizeof(*names));
	struct stat self, st;
	struct dirent *d;
	DIR *dir;

	if (!names || stat("/proc/self/ns/net", &self) < 0)
		return names;
	dir = opendir(NETNS_DIR);
	while (dir && (d = readdir(dir))) {
		/* a file that nothing is mounted on is on another device */
		if (d->d_name[0] != '.' &&
		    !fstatat(dirfd(dir), d->d_name, &st, 0) &&
		    st.st_dev == self.st_dev)
			add_name(names, st.st_ino, d->d_name);
	}
	if (dir)
		closedir(dir);
	if (!stat("/proc/1/ns/net", &st))
		add_name(names, st.st_ino, "init");
	return names;
}

void netns_names_free(struct netns_names *names)
{
	if (!names)
		return;
	free(names->entry);
	free(names);
}

const char *netns_name(const struct netns_names *names, uint32_t inode)
{
	size_t i;

	for (i = 0; names && i < names->n; i++)
		if (names->entry[i].inode == inode)
			return names->entry[i].name;
	return NULL;
}
