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

int replace_follow(const char *path, char real[PATH_MAX])
{
	if (realpath(path, real))
		return 0;
	if (errno != ENOENT)
		return -1;
	if (strlen(path) >= PATH_MAX) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(real, path, strlen(path) + 1);
	return 0;
}

int replace_look(const char *real)
{
	int fd = open(real, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	struct stat st;

	if (fd < 0 && errno == ENOENT)
		return REPLACE_NOTHING;
	/* a link by now, or a socket */
	if (fd < 0 && (errno == ELOOP || errno == ENXIO))
		return REPLACE_NO_FILE;
	if (fd < 0)
		return REPLACE_ERROR;
	if (!fstat(fd, &st) && S_ISREG(st.st_mode))
		return fd;
	close(fd);
	return REPLACE_NO_FILE;
}

int replace_file(const char *real, const char *text, mode_t mode)
{
	if (replace(real, text, mode) < 0)
		return -1;
	sync_directory(real);
	return 0;
}
