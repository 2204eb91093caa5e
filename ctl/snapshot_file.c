// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "replace.h"
#include "snapshot.h"

static bool is_std(const char *path)
{
	return !strcmp(path, "-");
}

/* Until its end; errno is EFBIG where it has too much, EINTR after a Ctrl-C. */
static char *read_all(int fd, size_t *len)
{
	size_t room = 65536;
	char *buf = malloc(room), *more;
	ssize_t n = 1;

	*len = 0;
	while (buf && *len <= SNAPSHOT_MAX_BYTES) {
		n = read(fd, buf + *len, room - *len);
		if (n <= 0)
			break;
		*len += (size_t)n;
		if (*len < room)
			continue;
		room *= 2;
		more = realloc(buf, room);
		if (!more)
			free(buf);
		buf = more;
	}
	if (buf && !n)
		return buf;
	if (buf && n > 0)
		errno = EFBIG;
	free(buf);
	return NULL;
}

/* Closes @fd. */
static char *read_text(int fd, size_t *len, char *err, size_t size)
{
	char *text = fd < 0 ? NULL : read_all(fd, len);

	if (!text && errno == EFBIG)
		snprintf(err, size, "it is larger than %d MiB",
			 SNAPSHOT_MAX_BYTES >> 20);
	else if (!text)
		snprintf(err, size, "%s", strerror(errno));
	if (fd >= 0)
		close(fd);
	return text;
}

char *snapshot_read(const char *path, size_t *len, char *err, size_t size)
{
	return read_text(is_std(path) ? dup(STDIN_FILENO) :
					open(path, O_RDONLY | O_CLOEXEC),
			 len, err, size);
}

/* Nobody's work shall be lost to a slip of the fingers. */
static int may_replace(const char *real, char *err, size_t size)
{
	int fd = replace_look(real), ret;
	struct snapshot s;
	char *text, why[300];
	size_t len;

	if (fd == REPLACE_NOTHING)
		return 0;
	if (fd == REPLACE_NO_FILE) {
		snprintf(err, size, "it is there and no regular file; '-' is stdout");
		return -1;
	}
	text = read_text(fd, &len, why, sizeof(why));
	if (text && !len) {
		free(text);
		return 0;
	}
	ret = text ? snapshot_parse(text, len, &s, why, sizeof(why)) : -1;
	free(text);
	if (ret < 0)
		snprintf(err, size,
			 "it is there and no snapshot, so it is left as it is (%s)",
			 why);
	else
		snapshot_free(&s);
	return ret;
}

/* Of files that we make, by the habit of who started us. */
static mode_t usual_mode(void)
{
	mode_t mask = umask(0);

	umask(mask);
	return 0666 & ~mask;
}

int snapshot_write(const char *path, const char *text, char *err, size_t size)
{
	char real[PATH_MAX];

	if (is_std(path)) {
		if (fputs(text, stdout) >= 0)
			return 0;
	} else if (!replace_follow(path, real)) {
		if (may_replace(real, err, size) < 0)
			return -1;
		if (!replace_file(real, text, usual_mode()))
			return 0;
	}
	snprintf(err, size, "%s", strerror(errno));
	return -1;
}
