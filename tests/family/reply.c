// SPDX-License-Identifier: GPL-2.0
/*
 * Whatever was asked: each answer is what the spec says, tells its reader no more
 * than he may know, no address of the kernel's, and of every request how it ended.
 */
#include <errno.h>
#include <string.h>

#include <linux/twscope.h>

#include "reply.h"

#define NESTED	0x8000

/* ---- what must not be told ------------------------------------------------- */

/*
 * A pointer into the kernel's half, 48 bits of address. Counters that went below
 * zero are none, as nothing is mapped in the last 16 MiB; nor is a number of 32 bits
 * between two that are all ones, from whichever byte on, as below the kernel's text
 * there are but stacks for returning to 16-bit programs.
 */
static bool is_kernel_address(uint64_t v)
{
	return v >= 0xffff800000000000ULL && v < 0xffffffffff000000ULL &&
	       !(v >= 0xffffff0000000000ULL && v < 0xffffffff80000000ULL);
}

/* What we sent ourselves, a cursor maybe, is no secret when it comes back. */
static bool was_sent(const struct message *sent, uint64_t v)
{
	return sent && memmem(sent->buf, sent->len, &v, sizeof(v));
}

static bool no_address(const struct message *sent, const char *where,
		       const uint8_t *data, size_t len)
{
	size_t i;
	uint64_t v;

	for (i = 0; i + sizeof(v) <= len; i++) {
		/* the two bytes that all of them end with */
		if (data[i + 7] != 0xff || data[i + 6] != 0xff)
			continue;
		memcpy(&v, data + i, sizeof(v));
		if (is_kernel_address(v) && !was_sent(sent, v))
			return complain(sent, "%s, byte %zu: an address of the kernel, %016llx",
					where, i, (unsigned long long)v);
	}
	return true;
}

static bool all_zero(const uint8_t *data, size_t len)
{
	while (len--)
		if (*data++)
			return false;
	return true;
}

/* ---- attributes ------------------------------------------------------------- */

struct attribute {
	unsigned int	type;
	bool		nested;
	const uint8_t	*data;
	size_t		len;
};

/* The next one; false at the end, and where the rest is none: then @left is not 0. */
static bool next(const uint8_t **at, size_t *left, struct attribute *a)
{
	size_t len, step;

	if (*left < 4)
		return false;
	len = (*at)[0] | (*at)[1] << 8;
	if (len < 4 || len > *left)
		return false;
	a->type = ((*at)[2] | (*at)[3] << 8) & 0x3fff;
	a->nested = (*at)[3] & (NESTED >> 8);
	a->data = *at + 4;
	a->len = len - 4;
	step = (len + 3) & ~(size_t)3;
	if (step > *left)
		step = *left;
	*at += step;
	*left -= step;
	return true;
}

static bool is_printable(const uint8_t *text, size_t len)
{
	size_t i;

	if (!len || text[len - 1])
		return false;
	for (i = 0; i + 1 < len; i++)
		if (text[i] < ' ' || text[i] > '~')
			return false;
	return true;
}

static bool size_is_right(enum kind kind, const struct attribute *a)
{
	switch (kind) {
	case KIND_PAD:
	case KIND_FLAG:
		return a->len == 0;
	case KIND_U32:
		return a->len == 4;
	case KIND_U64:
		return a->len == 8;
	case KIND_U32S:
		return a->len && a->len % 4 == 0;
	case KIND_U64S:
	case KIND_CURSOR:
		return a->len && a->len % 8 == 0;
	case KIND_ADDRESS:
		return a->len == 4 || a->len == 16;
	case KIND_STRING:
		return a->len && !a->data[a->len - 1];
	case KIND_NEST:
		return true;
	}
	return false;
}

static bool check_nest(const struct message *sent, const struct set *set,
		       const uint8_t *at, size_t left)
{
	struct attribute a;

	while (next(&at, &left, &a)) {
		if (!a.type || a.type > set->last)
			return complain(sent, "%s: attribute %u", set->name, a.type);
		if (!size_is_right(set->attr[a.type].kind, &a))
			return complain(sent, "%s: %s of %zu bytes", set->name,
					set->attr[a.type].name, a.len);
		if (!no_address(sent, set->attr[a.type].name, a.data, a.len))
			return false;
	}
	return !left || complain(sent, "%s: %zu bytes that are no attribute", set->name, left);
}

static bool may_stand(const uint8_t *reply, unsigned int type)
{
	for (; *reply; reply++)
		if (*reply == type)
			return true;
	return false;
}

/* What became of segments: see hide_segments() in kmod/netlink-observe.c. */
static bool tells_of_segments(const struct attribute *a)
{
	uint64_t n;
	size_t i;

	for (i = 0; i + 8 <= a->len; i += 8) {
		memcpy(&n, a->data + i, 8);
		if (n && (!i || i / 8 >= TWSCOPE_DECISION_SYN_SEQUENCE))
			return true;
	}
	return false;
}

static bool check_privacy(const struct message *sent, const struct viewer *viewer,
			  const struct op *op, const struct attr *as, const struct attribute *a)
{
	uint32_t netns;

	if (!viewer->net && as->secret)
		return complain(sent, "%s tells %s of %s", op->name, viewer->name, as->name);
	if (!viewer->net && op->cmd == TWSCOPE_CMD_STATS_GET &&
	    a->type == TWSCOPE_A_STATS_DECISIONS && tells_of_segments(a))
		return complain(sent, "%s tells %s of segments", op->name, viewer->name);
	if (viewer->host || !as->netns)
		return true;
	memcpy(&netns, a->data, sizeof(netns));
	return netns == viewer->netns ||
	       complain(sent, "%s tells %s of namespace %u", op->name, viewer->name, netns);
}

static bool check_attr(const struct message *sent, const struct viewer *viewer,
		       const struct op *op, const uint8_t *reply, const struct attribute *a)
{
	const struct attr *as;

	if (!a->type || a->type > op->set->last)
		return complain(sent, "%s: attribute %u", op->name, a->type);
	as = &op->set->attr[a->type];
	if (as->kind != KIND_PAD && !may_stand(reply, a->type))
		return complain(sent, "%s: %s does not belong there", op->name, as->name);
	if (!size_is_right(as->kind, a))
		return complain(sent, "%s: %s of %zu bytes", op->name, as->name, a->len);
	if (as->kind == KIND_CURSOR)
		message_remember_cursor(a->data, a->len);
	if (!check_privacy(sent, viewer, op, as, a))
		return false;
	if (as->kind == KIND_NEST)
		return check_nest(sent, as->nested, a->data, a->len);
	return no_address(sent, as->name, a->data, a->len);
}

static bool check_message(const struct message *sent, const struct viewer *viewer,
			  const struct op *op, const uint8_t *reply,
			  const struct nlmsghdr *nlh)
{
	const struct genlmsghdr *genl = NLMSG_DATA(nlh);
	const uint8_t *at = (const uint8_t *)genl + GENL_HDRLEN;
	size_t left = nlh->nlmsg_len - NLMSG_HDRLEN;
	struct attribute a;

	if (left < GENL_HDRLEN || genl->reserved)
		return complain(sent, "%s: no header", op->name);
	left -= GENL_HDRLEN;
	while (next(&at, &left, &a)) {
		size_t pad = -a.len & 3;

		if (!check_attr(sent, viewer, op, reply, &a))
			return false;
		if (!all_zero(a.data + a.len, pad))
			return complain(sent, "%s: something behind attribute %u", op->name, a.type);
	}
	return !left || complain(sent, "%s: %zu bytes that are no attribute", op->name, left);
}

/* ---- ends -------------------------------------------------------------------- */

static bool is_known_error(const struct request *r, int error)
{
	switch (error) {
	case 0: case EINVAL: case ERANGE: case EOPNOTSUPP: case EPERM: case E2BIG:
	case EAFNOSUPPORT: case ENODEV: case ENODATA: case ESTALE:
		return true;
	case EBUSY:
		/* another dump goes on */
		return (r->flags & NLM_F_DUMP) == NLM_F_DUMP;
	case ENOENT:
		return r->type == 0xffff;
	}
	return false;
}

/* The policy that was hurt: attributes in an attribute. */
static bool check_policy(const struct message *sent, const uint8_t *at, size_t left)
{
	struct attribute a;

	while (next(&at, &left, &a))
		if (!no_address(sent, "the policy", a.data, a.len))
			return false;
	return !left || complain(sent, "a policy with %zu bytes behind it", left);
}

/* The text, and what else is said about an error. */
static bool check_extack(const struct message *sent, const uint8_t *at, size_t left)
{
	struct attribute a;

	while (next(&at, &left, &a)) {
		if (a.type == NLMSGERR_ATTR_MSG && !is_printable(a.data, a.len))
			return complain(sent, "an error whose text is none");
		if (a.nested ? !check_policy(sent, a.data, a.len) :
			       !no_address(sent, "an error", a.data, a.len))
			return false;
	}
	return !left || complain(sent, "an error with %zu bytes behind it", left);
}

static bool check_end(struct exchange *x, unsigned int i, const struct nlmsghdr *nlh)
{
	const uint8_t *data = NLMSG_DATA(nlh);
	size_t len = nlh->nlmsg_len - NLMSG_HDRLEN, skip = 4;
	int error;

	if (len < 4)
		return complain(x->sent, "an end of %zu bytes", len);
	memcpy(&error, data, 4);
	x->answer[i].ends++;
	x->answer[i].error = -error;
	if (!is_known_error(&x->request[i], -error))
		return complain(x->sent, "error %d (%s)", -error, strerror(-error));
	if (!(nlh->nlmsg_flags & NLM_F_ACK_TLVS))
		return true;
	if (nlh->nlmsg_type == NLMSG_ERROR) {
		/* what was sent comes back, its head at least */
		uint32_t echoed = NLMSG_HDRLEN;

		if (!(nlh->nlmsg_flags & NLM_F_CAPPED))
			memcpy(&echoed, data + 4, 4);
		skip += (echoed + 3) & ~3U;
	}
	if (skip > len)
		return complain(x->sent, "an error that is too short");
	return check_extack(x->sent, data + skip, len - skip);
}

static bool check_one(struct exchange *x, const struct nlmsghdr *nlh)
{
	unsigned int i = nlh->nlmsg_seq - x->request[0].seq, which;
	const struct request *r;

	if (!x->n || i >= x->n)
		return complain(x->sent, "an answer to nothing, type %u", nlh->nlmsg_type);
	r = &x->request[i];
	if (x->answer[i].ends)
		return complain(x->sent, "an answer after the end of it, type %u", nlh->nlmsg_type);
	if (nlh->nlmsg_type == NLMSG_ERROR || nlh->nlmsg_type == NLMSG_DONE)
		return check_end(x, i, nlh);
	if (nlh->nlmsg_type != family_id || !r->op)
		return complain(x->sent, "an answer of type %u", nlh->nlmsg_type);
	x->answer[i].messages++;
	which = (r->flags & NLM_F_DUMP) == NLM_F_DUMP ? DUMP : DO;
	if (!r->op->half[which].there)
		return complain(x->sent, "%s answers what it can't do", r->op->name);
	return check_message(x->sent, x->viewer, r->op, r->op->half[which].reply, nlh);
}

/**
 * reply_check() - check what was read at once
 * @x: what was sent; what came is noted there
 * @data: what came, aligned as a struct nlmsghdr
 * @len: so many bytes, messages that are whole
 */
bool reply_check(struct exchange *x, const uint8_t *data, size_t len)
{
	const struct nlmsghdr *nlh = (const struct nlmsghdr *)data;

	while (len) {
		size_t step;

		if (len < NLMSG_HDRLEN || nlh->nlmsg_len < NLMSG_HDRLEN || nlh->nlmsg_len > len)
			return complain(x->sent, "%zu bytes that are no message", len);
		if (!check_one(x, nlh))
			return false;
		step = NLMSG_ALIGN(nlh->nlmsg_len);
		if (step > len)
			step = len;
		len -= step;
		nlh = (const struct nlmsghdr *)((const uint8_t *)nlh + step);
	}
	return true;
}

static bool may(const struct viewer *viewer, const struct op *op)
{
	return (viewer->host || !op->admin) && (viewer->net || !op->net_admin);
}

static bool is_complete(const struct exchange *x, const struct request *r, const struct answer *a)
{
	bool asked = r->flags & NLM_F_REQUEST && r->type >= NLMSG_MIN_TYPE;
	unsigned int ends = a->error || r->flags & NLM_F_ACK, messages;

	if (asked && r->op && !may(x->viewer, r->op) && !a->error)
		return complain(x->sent, "%s: nobody refused it", r->op->name);
	if (asked && (r->flags & NLM_F_DUMP) == NLM_F_DUMP)
		return a->ends == 1 ||
		       complain(x->sent, "a dump with %u ends", a->ends);
	if (a->ends != ends)
		return complain(x->sent, "%u ends, not %u, after %u messages", a->ends, ends,
				a->messages);
	/* There is nothing to be told of observe-set but that it is done. */
	messages = asked && !a->error && r->op && r->op->half[DO].reply &&
		   *r->op->half[DO].reply;
	return a->messages == messages ||
	       complain(x->sent, "%u answers, not %u (error %d)", a->messages, messages, a->error);
}

/**
 * reply_complete() - did each request get its answer
 * @x: what was sent, all has been read
 */
bool reply_complete(const struct exchange *x)
{
	unsigned int i;

	for (i = 0; i < x->n; i++)
		if (!is_complete(x, &x->request[i], &x->answer[i]))
			return false;
	return true;
}

/**
 * reply_notification() - check what came from the multicast group
 * @viewer: who reads
 * @data: what came
 * @len: so many bytes
 */
bool reply_notification(const struct viewer *viewer, const uint8_t *data, size_t len)
{
	const struct op *op = op_of(TWSCOPE_CMD_EVENT_GET);
	const struct nlmsghdr *nlh = (const struct nlmsghdr *)data;

	for (; NLMSG_OK(nlh, len); nlh = NLMSG_NEXT(nlh, len)) {
		if (nlh->nlmsg_type != family_id)
			return complain(NULL, "a notification of type %u", nlh->nlmsg_type);
		if (!check_message(NULL, viewer, op, op->half[DUMP].reply, nlh))
			return false;
	}
	return true;
}
