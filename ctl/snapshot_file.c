// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
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

char *snapshot_read(const char *path, size_t *len, char *err, size_t size)
{
	int fd = is_std(path) ? dup(STDIN_FILENO) :
				open(path, O_RDONLY | O_CLOEXEC);
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

/* Nobody's work shall be lost to a slip of the fingers. */
static int may_replace(const char *path, char *err, size_t size)
{
	struct snapshot s;
	char *text, why[300];
	struct stat st;
	size_t len;
	int ret;

	if (stat(path, &st) < 0) {
		snprintf(err, size, "%s", strerror(errno));
		return errno == ENOENT ? 0 : -1;
	}
	if (!S_ISREG(st.st_mode)) {
		snprintf(err, size, "it is there and no regular file; '-' is stdout");
		return -1;
	}
	if (!st.st_size)
		return 0;
	text = snapshot_read(path, &len, why, sizeof(why));
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
	if (is_std(path)) {
		if (fputs(text, stdout) >= 0)
			return 0;
		snprintf(err, size, "%s", strerror(errno));
		return -1;
	}
	if (may_replace(path, err, size) < 0)
		return -1;
	if (replace_file(path, text, usual_mode()) < 0) {
		snprintf(err, size, "%s", strerror(errno));
		return -1;
	}
	return 0;
}
