/* SPDX-License-Identifier: GPL-2.0 */
/* What the files of this layer, nl*.c, share. */
#ifndef TWCTL_NL_PARTS_H
#define TWCTL_NL_PARTS_H

#include <string.h>

#include <linux/netlink.h>

#include "nl.h"

struct twnl {
	int fd;
	uint16_t family;
	uint32_t seq;
	bool inconsistent;
	const volatile sig_atomic_t *stop;
	void *buf;
	/* what the kernel answered last, as an errno; 0 for any other failure */
	int kernel_errno;
	/* and in words of its own, which are in err */
	bool kernel_said;
	char err[512];
};

/* What a reply is read by: returns as the calls of nl.h do. */
typedef int (*record_fn)(struct twnl *nl, const void *attrs, size_t len,
			 void *ctx);

struct exchange {
	uint8_t cmd;
	record_fn record;
	void *ctx;
	bool stopped;
};

/* nl.c */

/* NULL where memory is short, which twnl_ask() takes. */
struct nl_msg *twnl_request(struct twnl *nl, uint8_t cmd, int flags);
/* Takes over @msg, which may be NULL; @failed: it could not be filled. */
int twnl_ask(struct twnl *nl, struct nl_msg *msg, int failed,
	     struct exchange *x);
/* Says that the answer to @what is missing; always -1. */
int twnl_unanswered(struct twnl *nl, const char *what);

/* nl_request.c */

/* @f and @p may be NULL. */
int twnl_put_filter(struct nl_msg *msg, int type, const struct tws_filter *f);
int twnl_put_policy(struct nl_msg *msg, int type, const struct tws_policy *p);

/* nl_parse.c */

struct attr_spec {
	const char *name;
	uint16_t min;
	uint16_t max;
	uint16_t unit;
	bool optional;
	bool string;
};

#define A_FIXED(n, bytes) { .name = n, .min = bytes, .max = bytes }
#define A_FIXED_OPT(n, bytes) \
	{ .name = n, .min = bytes, .max = bytes, .optional = true }
#define A_U16(n)	A_FIXED(n, 2)
#define A_U32(n)	A_FIXED(n, 4)
#define A_U64(n)	A_FIXED(n, 8)
#define A_OPT_U32(n)	A_FIXED_OPT(n, 4)
#define A_OPT_U64(n)	A_FIXED_OPT(n, 8)
#define A_FLAG(n)	{ .name = n, .max = UINT16_MAX, .optional = true }
#define A_U32S(n)	{ .name = n, .max = UINT16_MAX, .unit = 4 }
#define A_U32S_OPT(n) \
	{ .name = n, .max = UINT16_MAX, .unit = 4, .optional = true }
/* a count for each verdict, at least of those that are known here */
#define A_VERDICTS(n) \
	{ .name = n, .min = 4 * TWSCOPE_N_VERDICTS, .max = UINT16_MAX, .unit = 4 }
#define A_VERDICTS_OPT(n) \
	{ .name = n, .min = 4 * TWSCOPE_N_VERDICTS, .max = UINT16_MAX, .unit = 4, \
	  .optional = true }
#define A_NEST(n)	{ .name = n, .max = UINT16_MAX }
#define A_ADDR(n)	{ .name = n, .min = 4, .max = 16, .unit = 4 }
#define A_ADDR_OPT(n) \
	{ .name = n, .min = 4, .max = 16, .unit = 4, .optional = true }
#define A_STRING(n)	{ .name = n, .min = 1, .max = UINT16_MAX, .string = true }

/* a count for each value of an enum */
#define A_COUNTS(n) \
	{ .name = n, .max = 8 * TWS_MAX_COUNTS, .unit = 8 }

/*
 * @tb and @spec have @n entries; an entry of @spec without a name is an
 * attribute that replies do not use. What is beyond @n belongs to a newer
 * module and is ignored. @what is the operation, for errors.
 */
int twnl_collect_attrs(const void *attrs, size_t len,
		       const struct attr_spec *spec, size_t n,
		       const struct nlattr **tb, const char *what,
		       char *err, size_t size);
/* -1 where one is not there that is not optional. */
int twnl_check_missing(const struct attr_spec *spec, size_t n,
		       const struct nlattr **tb, const char *what,
		       char *err, size_t size);
/* Says so of @name; always -1. */
int twnl_missing_attr(const char *name, const char *what, char *err, size_t size);
/* Both of the former. */
int twnl_parse_attrs(const void *attrs, size_t len,
		     const struct attr_spec *spec, size_t n,
		     const struct nlattr **tb, const char *what,
		     char *err, size_t size);

/* nla_get_u32() of an attribute whose length was checked, without a call. */
static inline uint32_t twnl_u32(const struct nlattr *a)
{
	uint32_t v;

	memcpy(&v, a + 1, sizeof(v));
	return v;
}

/* Whether @a is there; *@to is 0 where it is not. */
static inline bool twnl_get_optional(uint32_t *to, const struct nlattr *a)
{
	*to = a ? twnl_u32(a) : 0;
	return a;
}

/* What is beyond the verdicts known here is counted as unknown. */
void twnl_get_verdicts(uint32_t to[TWSCOPE_N_VERDICTS], const struct nlattr *a);
void twnl_get_string(char *to, size_t size, const struct nlattr *a);
int twnl_get_family(uint16_t *to, const struct nlattr *a, const char *what,
		    char *err, size_t size);
int twnl_get_address(uint8_t *to, const struct nlattr *a, uint16_t family,
		     const char *what, const char *name, char *err, size_t size);
int twnl_get_port(uint16_t *to, const struct nlattr *a, const char *what,
		  const char *name, char *err, size_t size);

#endif /* TWCTL_NL_PARTS_H */
