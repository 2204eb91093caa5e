// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE	/* asprintf() */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "replace.h"

static int write_all(int fd, const char *text)
{
	size_t len = strlen(text);
	ssize_t n;

	while (len) {
		n = write(fd, text, len);
		if (n < 0)
			return -1;
		text += n;
		len -= (size_t)n;
	}
	return 0;
}

/* To the disk, under a name that nobody looks at yet. */
static int write_beside(int fd, const char *text, mode_t mode)
{
	/* mkstemp() makes it for us alone */
	int ret = fchmod(fd, mode);

	if (!ret)
		ret = write_all(fd, text);
	if (!ret)
		ret = fsync(fd);
	if (close(fd) < 0)
		ret = -1;
	return ret;
}

/* A name is on the disk when its directory is; the file is there anyway. */
static void sync_directory(const char *path)
{
	const char *slash = strrchr(path, '/');
	char dir[PATH_MAX];
	int fd;

	snprintf(dir, sizeof(dir), "%.*s", slash ? (int)(slash - path + 1) : 1,
		 slash ? path : ".");
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return;
	(void)fsync(fd);
	close(fd);
}

static int replace(const char *path, const char *text, mode_t mode)
{
	char *beside = NULL;
	int fd, ret = -1, error;

	if (asprintf(&beside, "%s.XXXXXX", path) < 0)
		return -1;
	fd = mkstemp(beside);
	if (fd >= 0) {
		ret = write_beside(fd, text, mode);
		if (!ret)
			ret = rename(beside, path);
		error = errno;
		if (ret < 0)
			unlink(beside);
		errno = error;
	}
	free(beside);
	return ret;
}

int replace_file(const char *path, const char *text, mode_t mode)
{
	char real[PATH_MAX];

	if (realpath(path, real))
		path = real;
	if (replace(path, text, mode) < 0)
		return -1;
	sync_directory(path);
	return 0;
}
