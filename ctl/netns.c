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
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "netns.h"
#include "text.h"

/* more names than these are no help in an error */
#define NAMES_SHOWN 8

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
	char name[NAME_MAX + 1];
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
			 len ? ", " : "there are: ",
			 text_harmless(name, sizeof(name), d->d_name));
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

static uint32_t came_from;

uint32_t netns_came_from(void)
{
	return came_from;
}

int netns_enter(const char *what, char *err, size_t size)
{
	int fd = open_netns(what), ret;
	struct stat before = { 0 };

	if (fd < 0) {
		why_not_opened(what, errno, err, size);
		return -1;
	}
	(void)stat("/proc/self/ns/net", &before);
	ret = setns(fd, CLONE_NEWNET);
	/* it may be entered a second time, from itself */
	if (!ret && !came_from)
		came_from = (uint32_t)before.st_ino;
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
