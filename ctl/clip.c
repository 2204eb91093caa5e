// SPDX-License-Identifier: GPL-2.0
#include <string.h>

#include "clip.h"

size_t clip_escape(const char *s)
{
	size_t n;

	if (s[0] != '\033' || s[1] != '[')
		return 0;
	n = 2 + strspn(s + 2, "0123456789;");
	return s[n] == 'm' ? n + 1 : 0;
}

size_t clip_character(const char *s)
{
	size_t n = 1;

	while (((unsigned char)s[n] & 0xc0) == 0x80)
		n++;
	return n;
}

unsigned int clip_line(FILE *fp, const char *s, unsigned int skip,
		       unsigned int cols, bool plain)
{
	unsigned int at = 0, shown = 0;
	size_t n;

	while (*s && *s != '\n') {
		n = clip_escape(s);
		if (n && !plain)
			fwrite(s, 1, n, fp);
		if (!n) {
			n = clip_character(s);
			if (at >= skip && shown < cols) {
				fwrite(s, 1, n, fp);
				shown++;
			}
			at++;
		}
		s += n;
	}
	return shown;
}

const char *clip_next(const char *s)
{
	s = strchr(s, '\n');
	return s && s[1] ? s + 1 : NULL;
}

unsigned int clip_count(const char *s)
{
	unsigned int n = 0;

	if (!*s)
		return 0;
	for (; s; s = clip_next(s))
		n++;
	return n;
}
