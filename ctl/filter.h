/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The grammar of ss, compiled into what the module understands: an OR of
 * clauses, each an AND of terms that may be negated. Nothing here knows of
 * netlink, prints, or looks anything up but through the functions it is given.
 */
#ifndef TWCTL_FILTER_H
#define TWCTL_FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/twscope.h>

enum tws_term_kind {
	TERM_FAMILY,
	TERM_SUBSTATE,
	TERM_LOCAL,
	TERM_REMOTE,
	TERM_LOCAL_PORT,
	TERM_REMOTE_PORT,
	TERM_VERDICT,
	TERM_REMAINING,
	TERM_AGE,
	TERM_MARK,
	TERM_IFINDEX,
};

/* Fields that the kind does not use are zero, so that terms compare as bytes. */
struct tws_term {
	uint8_t kind;
	uint8_t negate;
	uint8_t substate;
	uint8_t addr_len;
	uint8_t prefix_len;
	uint8_t verdict;
	uint16_t family;
	uint16_t port_min;
	uint16_t port_max;
	uint8_t addr[16];
	uint32_t ms_min;
	uint32_t ms_max;
	uint32_t mark;
	uint32_t mark_mask;
	uint32_t ifindex;
};

/* clause i holds the terms from clause_end[i - 1] (0 for the first) on */
struct tws_filter {
	unsigned int n_clauses;
	unsigned int n_terms;
	unsigned int clause_end[TWSCOPE_MAX_TERMS];
	struct tws_term term[TWSCOPE_MAX_TERMS];
};

/* The bytes [off, off + len) of the filter's text are what is wrong. */
struct filter_error {
	size_t off;
	size_t len;
	char text[256];
};

enum filter_node_kind { NODE_TERM, NODE_NOT, NODE_AND, NODE_OR };

struct filter_node {
	enum filter_node_kind kind;
	unsigned int a, b;
	struct tws_term term;
};

struct filter_expr {
	struct filter_node *node;
	unsigned int n;
	unsigned int root;
};

/* Port of a service name, negative where there is none of that name. */
typedef int (*filter_port_fn)(const char *name);
/* Index of the network device of a name, 0 where there is none of that name. */
typedef unsigned int (*filter_device_fn)(const char *name);

/* Who knows names; each may be NULL. */
struct filter_names {
	filter_port_fn port;
	filter_device_fn device;
};

/*
 * The expression of @text, or NULL with @err filled. An empty text is an
 * error too: the caller knows what no filter means.
 */
struct filter_expr *filter_parse(const char *text,
				 const struct filter_names *names,
				 struct filter_error *err);
void filter_expr_free(struct filter_expr *expr);

/*
 * Multiplies @expr out into @f. @expr may be NULL for no filter; @family is
 * AF_INET or AF_INET6 to have that condition added, or 0. Returns -1 with @err
 * filled where the result would be too long or could match nothing.
 */
int filter_compile(const struct filter_expr *expr, int family,
		   struct tws_filter *f, struct filter_error *err);

/* The message with the filter's text below it and its wrong part underlined. */
void filter_error_format(const struct filter_error *err, const char *text,
			 char *buf, size_t size);

#endif /* TWCTL_FILTER_H */
