// SPDX-License-Identifier: GPL-2.0
/*
 * Requests. A fresh one is right, or nearly so: wrong in one place it comes
 * further than one that is noise. Mutation knows where attributes begin and
 * keeps the lengths around them right, except where it means to spoil them.
 */
#include <string.h>

#include <arpa/inet.h>
#include <sys/socket.h>

#include "message.h"

#define NESTED		0x8000
#define ATTRS_MAX	256
#define DEPTH_MAX	4

uint16_t family_id;

static uint64_t state;

void random_seed(uint64_t seed)
{
	unsigned int i;

	state = seed * 0x9e3779b97f4a7c15ULL + 1;
	for (i = 0; i < 8; i++)
		any(2);
}

uint32_t any(uint32_t below)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (uint32_t)((state >> 32) % below);
}

static bool chance(uint32_t one_in)
{
	return !any(one_in);
}

const struct op *op_of(uint8_t cmd)
{
	unsigned int i;

	for (i = 0; i < n_ops; i++)
		if (ops[i].cmd == cmd)
			return &ops[i];
	return NULL;
}

/* ---- what is in an attribute ---------------------------------------------- */

/* The last cursor that an answer brought: one that is made up is refused. */
static uint8_t cursor[128];
static size_t cursor_len;

void message_remember_cursor(const void *data, size_t len)
{
	if (len > sizeof(cursor))
		return;
	memcpy(cursor, data, len);
	cursor_len = len;
}

static uint32_t at_an_edge(void)
{
	static const uint32_t edges[] = {
		0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 16, 31, 32, 33, 63, 64, 65,
		127, 128, 129, 255, 256, 257, 1023, 1024, 16384, 32767, 32768,
		60000, 60001, 65535, 65536, 1048576, 1048577, 0x7fffffff,
		0x80000000, 0xfffffffe, 0xffffffff,
	};

	return edges[any(sizeof(edges) / sizeof(edges[0]))];
}

static uint32_t number(const struct attr *a)
{
	if (chance(16))
		return at_an_edge();
	if (a->max)
		return a->min + any(a->max - a->min + 1);
	switch (a->hint) {
	case HINT_PORT:
		return any(2) ? 8000 + any(40) : 20000 + any(4000);
	case HINT_FAMILY:
		return any(2) ? AF_INET : AF_INET6;
	case HINT_MS:
		return any(60001);
	case HINT_ANY:
		break;
	}
	return any(2) ? any(8) : at_an_edge();
}

static size_t address(uint8_t *to)
{
	static const char * const known[] = { "127.0.0.1", "127.0.0.2", "10.1.2.3" };
	static const char * const known6[] = { "::1", "::ffff:127.0.0.1", "fd00::1", "::" };

	if (any(2)) {
		inet_pton(AF_INET, known[any(3)], to);
		return 4;
	}
	inet_pton(AF_INET6, known6[any(4)], to);
	return 16;
}

/* ---- making ---------------------------------------------------------------- */

static void put_u16(uint8_t *at, size_t v)
{
	uint16_t n = (uint16_t)v;

	memcpy(at, &n, sizeof(n));
}

static uint16_t get_u16(const uint8_t *at)
{
	uint16_t n;

	memcpy(&n, at, sizeof(n));
	return n;
}

static size_t aligned(size_t len)
{
	return (len + 3) & ~(size_t)3;
}

static bool room(const struct message *m, size_t len)
{
	return m->len + len + 64 <= MESSAGE_MAX;
}

static void put(struct message *m, const void *data, size_t len)
{
	memcpy(m->buf + m->len, data, len);
	m->len += len;
	while (m->len % 4)
		m->buf[m->len++] = 0;
}

static void put_attr(struct message *m, unsigned int type, const void *data, size_t len)
{
	if (!room(m, len))
		return;
	put_u16(m->buf + m->len, len + 4);
	put_u16(m->buf + m->len + 2, type);
	m->len += 4;
	put(m, data, len);
}

static void put_set(struct message *m, const struct set *set, unsigned int depth);

static void put_value(struct message *m, unsigned int type, const struct attr *a,
		      unsigned int depth)
{
	uint8_t data[256];
	size_t start = m->len;
	uint32_t v;

	switch (a->kind) {
	case KIND_U32:
		v = number(a);
		put_attr(m, type, &v, sizeof(v));
		return;
	case KIND_ADDRESS:
		put_attr(m, type, data, address(data));
		return;
	case KIND_CURSOR:
		put_attr(m, type, cursor, cursor_len);
		return;
	case KIND_NEST:
		if (!room(m, 4))
			return;
		put_attr(m, type | NESTED, NULL, 0);
		if (depth < DEPTH_MAX)
			put_set(m, a->nested, depth + 1);
		put_u16(m->buf + start, m->len - start);
		return;
	case KIND_PAD:
	case KIND_FLAG:
		put_attr(m, type, NULL, 0);
		return;
	case KIND_U64:
	case KIND_U32S:
	case KIND_U64S:
		memset(data, 0, sizeof(data));
		data[any(32)] = (uint8_t)any(256);
		put_attr(m, type, data, 8 * (1 + any(4)));
		return;
	case KIND_STRING:
		put_attr(m, type, "twscope", 8);
		return;
	}
}

/* A condition: all of one side, and "not" before it now and then. */
static void put_term(struct message *m, const struct set *set, unsigned int depth)
{
	unsigned int i, of = set->attr[2 + any(set->last - 1)].side;

	for (i = 1; i <= set->last; i++) {
		const struct attr *a = &set->attr[i];

		if (a->kind == KIND_FLAG ? chance(4) : a->side == of && !chance(4))
			put_value(m, i, a, depth);
	}
}

static void put_set(struct message *m, const struct set *set, unsigned int depth)
{
	unsigned int i, times;

	if (!strcmp(set->name, "term")) {
		put_term(m, set, depth);
		return;
	}
	times = strcmp(set->name, "clause") ? 1 : 1 + any(chance(64) ? 70 : 4);
	while (times--)
		for (i = 1; i <= set->last; i++)
			if (set->attr[i].usual ? !chance(32) : any(2))
				put_value(m, i, &set->attr[i], depth);
}

/* Where a netlink message begins to be built; finish() writes its length. */
static size_t begin(struct message *m, const struct op *op, unsigned int which)
{
	struct nlmsghdr nlh = {
		.nlmsg_type = family_id,
		.nlmsg_flags = NLM_F_REQUEST,
	};
	struct genlmsghdr genl = { .cmd = op->cmd, .version = 1 };
	size_t start = m->len;

	if (which == DUMP)
		nlh.nlmsg_flags |= NLM_F_DUMP;
	if (any(2))
		nlh.nlmsg_flags |= NLM_F_ACK;
	put(m, &nlh, sizeof(nlh));
	put(m, &genl, sizeof(genl));
	return start;
}

static void finish(struct message *m, size_t start)
{
	uint32_t len = (uint32_t)(m->len - start);

	memcpy(m->buf + start, &len, sizeof(len));
}

static bool is_clauses(const struct attr *a)
{
	return a->kind == KIND_NEST && !strcmp(a->nested->name, "clause");
}

/**
 * message_fresh() - append a right request, or one that is nearly right
 * @m: where to
 */
void message_fresh(struct message *m)
{
	const struct op *op = &ops[any(n_ops)];
	unsigned int which = op->half[DUMP].there && any(4) ? DUMP : DO;
	const uint8_t *attr;
	size_t start;

	if (!op->half[which].there && !chance(16))
		which = !which;
	if (!room(m, 64))
		return;
	start = begin(m, op, which);
	attr = op->half[op->half[which].there ? which : !which].request;
	for (; *attr; attr++) {
		const struct attr *a = &op->set->attr[*attr];
		unsigned int times = is_clauses(a) ? 1 + any(3) : 1;

		if (a->usual ? chance(32) : any(2))
			continue;
		while (times--)
			put_value(m, *attr, a, 0);
	}
	finish(m, start);
}

/* ---- where what is --------------------------------------------------------- */

/* An attribute of a message; @parent is the number of the one it is in, or -1. */
struct place {
	size_t	at;
	int	parent;
};

struct map {
	/* the netlink message that the attributes are of */
	size_t		start, end;
	struct place	place[ATTRS_MAX];
	unsigned int	n;
};

static void map_attrs(struct map *map, const struct message *m, size_t at, size_t end,
		      int parent, unsigned int depth)
{
	while (at + 4 <= end && map->n < ATTRS_MAX) {
		size_t len = get_u16(m->buf + at);
		int self = (int)map->n;

		if (len < 4 || len > end - at)
			return;
		map->place[map->n++] = (struct place) { at, parent };
		if (get_u16(m->buf + at + 2) & NESTED && depth < DEPTH_MAX)
			map_attrs(map, m, at + 4, at + len, self, depth + 1);
		at += aligned(len);
	}
}

/* Of one of the messages in the buffer, chosen at random. */
static bool map_message(struct map *map, const struct message *m)
{
	size_t at = 0, starts[REQUESTS_MAX];
	unsigned int n = 0;
	uint32_t len;

	while (at + sizeof(struct nlmsghdr) <= m->len && n < REQUESTS_MAX) {
		memcpy(&len, m->buf + at, sizeof(len));
		if (len < sizeof(struct nlmsghdr) || len > m->len - at)
			break;
		starts[n++] = at;
		at += aligned(len);
	}
	if (!n)
		return false;
	map->start = starts[any(n)];
	memcpy(&len, m->buf + map->start, sizeof(len));
	map->end = map->start + len;
	map->n = 0;
	map_attrs(map, m, map->start + NLMSG_HDRLEN + GENL_HDRLEN, map->end, -1, 0);
	return true;
}

/* What is around @parent, and the message, has become longer by @by. */
static void lengthen(struct message *m, const struct map *map, int parent, long by)
{
	uint32_t len;

	for (; parent >= 0; parent = map->place[parent].parent) {
		uint8_t *at = m->buf + map->place[parent].at;

		put_u16(at, (size_t)(get_u16(at) + by));
	}
	memcpy(&len, m->buf + map->start, sizeof(len));
	len = (uint32_t)(len + by);
	memcpy(m->buf + map->start, &len, sizeof(len));
}

static void insert(struct message *m, const struct map *map, size_t at, int parent,
		   const uint8_t *data, size_t len)
{
	len = aligned(len);
	if (!room(m, len) || at > m->len)
		return;
	memmove(m->buf + at + len, m->buf + at, m->len - at);
	memcpy(m->buf + at, data, len);
	m->len += len;
	lengthen(m, map, parent, (long)len);
}

static void cut(struct message *m, const struct map *map, const struct place *p)
{
	size_t len = aligned(get_u16(m->buf + p->at));

	if (len > map->end - p->at || p->at + len > m->len)
		return;
	memmove(m->buf + p->at, m->buf + p->at + len, m->len - p->at - len);
	m->len -= len;
	lengthen(m, map, p->parent, -(long)len);
}

/* ---- mutation -------------------------------------------------------------- */

/* An attribute made of the tables, of whatever set. */
static size_t foreign_attr(uint8_t *to, size_t size)
{
	struct message tmp = { .len = 0 };
	const struct set *set = sets[any(n_sets)];
	unsigned int type = 1 + any(set->last);

	put_value(&tmp, type, &set->attr[type], DEPTH_MAX - 1);
	if (chance(4))
		put_u16(tmp.buf + 2, any(2) ? any(64) : any(0x10000));
	if (tmp.len > size)
		return 0;
	memcpy(to, tmp.buf, tmp.len);
	return tmp.len;
}

static void mutate_header(struct message *m, const struct map *map)
{
	uint8_t *at = m->buf + map->start;
	static const uint16_t types[] = { 0, NLMSG_NOOP, NLMSG_ERROR, NLMSG_DONE, 15, 0xffff };

	switch (any(8)) {
	case 0:
		put_u16(at + 4, types[any(6)]);
		return;
	case 1:
		put_u16(at + 6, get_u16(at + 6) ^ (1U << any(16)));
		return;
	case 2:
		put_u16(at + 6, get_u16(at + 6) ^ NLM_F_DUMP);
		return;
	case 3:
		put_u16(at + 6, get_u16(at + 6) ^ NLM_F_ACK);
		return;
	}
	if (map->end < map->start + NLMSG_HDRLEN + GENL_HDRLEN)
		return;
	at += NLMSG_HDRLEN;
	switch (any(4)) {
	case 0:
		at[1] = (uint8_t)any(256);
		return;
	case 1:
		put_u16(at + 2, any(0x10000));
		return;
	default:
		at[0] = (uint8_t)(any(4) ? 1 + any(12) : any(256));
	}
}

static void mutate_length(struct message *m, const struct map *map)
{
	uint32_t len;

	switch (any(4)) {
	case 0:
		m->len = any((uint32_t)m->len + 1);
		return;
	case 1:
		memcpy(&len, m->buf + map->start, sizeof(len));
		len = any(2) ? len + any(64) - 32 : at_an_edge();
		memcpy(m->buf + map->start, &len, sizeof(len));
		return;
	default:
		if (map->n) {
			uint8_t *at = m->buf + map->place[any(map->n)].at;

			put_u16(at, any(4) ? get_u16(at) + any(17) - 8 : any(0x10000));
		}
	}
}

static void mutate_payload(struct message *m, const struct place *p)
{
	size_t len = get_u16(m->buf + p->at);
	uint8_t *data = m->buf + p->at + 4;
	uint32_t v = at_an_edge();

	if (len < 5)
		return;
	len -= 4;
	if (len >= 4 && any(2))
		memcpy(data + any((uint32_t)len / 4) * 4, &v, sizeof(v));
	else if (any(2))
		data[any((uint32_t)len)] ^= (uint8_t)(1U << any(8));
	else
		data[any((uint32_t)len)] = (uint8_t)any(256);
}

/* An attribute, with all that is in it, once more, and maybe 64 times. */
static void repeat(struct message *m, struct map *map, const struct place *p)
{
	uint8_t copy[MESSAGE_MAX];
	size_t at = p->at, len = get_u16(m->buf + at);
	unsigned int times = chance(8) ? 65 : 1 + any(3);
	int parent = p->parent;

	memcpy(copy, m->buf + at, aligned(len));
	while (times--)
		insert(m, map, at, parent, copy, len);
}

/* The same with more or fewer bytes in it, all lengths right. */
static void resize(struct message *m, struct map *map, const struct place *p)
{
	uint8_t attr[64] = { 0 };
	static const uint8_t lens[] = { 0, 1, 2, 3, 4, 5, 8, 12, 15, 16, 17, 20, 24, 32 };
	size_t len = 4 + lens[any(sizeof(lens))];
	size_t old = get_u16(m->buf + p->at);
	struct place copy = *p;

	memcpy(attr, m->buf + p->at, old < len ? old : len);
	put_u16(attr, len);
	cut(m, map, &copy);
	insert(m, map, copy.at, copy.parent, attr, len);
}

static void mutate_attr(struct message *m, struct map *map, const struct message *other)
{
	const struct place *p = &map->place[any(map->n)];
	uint8_t foreign[512];
	unsigned int to = any(map->n);
	struct map there;
	size_t len;

	switch (any(9)) {
	case 0:
		cut(m, map, p);
		return;
	case 1:
		repeat(m, map, p);
		return;
	case 2:
		resize(m, map, p);
		return;
	case 3:
		put_u16(m->buf + p->at + 2, get_u16(m->buf + p->at + 2) ^ NESTED);
		return;
	case 4:
		put_u16(m->buf + p->at + 2, any(64) | (get_u16(m->buf + p->at + 2) & NESTED));
		return;
	case 5:
		len = foreign_attr(foreign, sizeof(foreign));
		insert(m, map, p->at, p->parent, foreign, len);
		return;
	case 6:
		if (!map_message(&there, other) || !there.n)
			return;
		p = &there.place[any(there.n)];
		len = get_u16(other->buf + p->at);
		insert(m, map, map->place[to].at, map->place[to].parent, other->buf + p->at, len);
		return;
	default:
		mutate_payload(m, p);
	}
}

/* A random byte anywhere, whatever it means. */
static void flip(struct message *m)
{
	if (m->len)
		m->buf[any((uint32_t)m->len)] ^= (uint8_t)(1U << any(8));
}

/**
 * message_mutate() - make something else of a message
 * @m: the message
 * @other: another one, to take attributes from
 */
void message_mutate(struct message *m, const struct message *other)
{
	unsigned int times = 1 + any(any(2) ? 2 : 6);
	struct map map;

	while (times--) {
		if (chance(24)) {
			message_fresh(m);
			continue;
		}
		if (chance(16) || !map_message(&map, m)) {
			flip(m);
			continue;
		}
		if (chance(8))
			mutate_header(m, &map);
		else if (chance(12))
			mutate_length(m, &map);
		else if (map.n)
			mutate_attr(m, &map, other);
	}
}

/* ---- as the kernel will see it --------------------------------------------- */

/**
 * message_walk() - find the requests in a buffer, and number them
 * @m: the buffer; anything of a type that is neither ours nor nobody's becomes
 *	ours, as other families are not what is tested
 * @seq: the number of the first
 * @r: where to tell of them, REQUESTS_MAX
 *
 * As netlink_rcv_skb() does it: a length that is no length ends the buffer, and
 * what would be one too many is cut off.
 *
 * Return: how many.
 */
unsigned int message_walk(struct message *m, uint32_t seq, struct request *r)
{
	unsigned int n = 0;
	size_t at = 0;

	while (m->len - at >= NLMSG_HDRLEN) {
		struct nlmsghdr *nlh = (struct nlmsghdr *)(m->buf + at);
		const struct genlmsghdr *genl = NLMSG_DATA(nlh);

		if (nlh->nlmsg_len < NLMSG_HDRLEN || nlh->nlmsg_len > m->len - at)
			break;
		if (n == REQUESTS_MAX) {
			m->len = at;
			break;
		}
		if (nlh->nlmsg_type >= NLMSG_MIN_TYPE && nlh->nlmsg_type != 0xffff)
			nlh->nlmsg_type = family_id;
		nlh->nlmsg_seq = seq++;
		r[n] = (struct request) {
			.seq = nlh->nlmsg_seq,
			.type = nlh->nlmsg_type,
			.flags = nlh->nlmsg_flags,
			.has_header = nlh->nlmsg_len >= NLMSG_HDRLEN + GENL_HDRLEN,
		};
		if (r[n].has_header) {
			r[n].op = op_of(genl->cmd);
			r[n].attrs = m->buf + at + NLMSG_HDRLEN + GENL_HDRLEN;
			r[n].attrs_len = nlh->nlmsg_len - NLMSG_HDRLEN - GENL_HDRLEN;
		}
		n++;
		at += aligned(nlh->nlmsg_len);
		if (at > m->len)
			break;
	}
	return n;
}
