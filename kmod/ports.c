// SPDX-License-Identifier: GPL-2.0
/*
 * The local port range as a connect() to one destination would find it.
 */

#include <linux/bitops.h>
#include <linux/kernel.h>
#include <linux/limits.h>
#include <linux/string.h>

#include "ports.h"

/* What may be found at a port; a bucket is FOUND_BUCKET plus its verdict. */
enum {
	FOUND_NOTHING,
	FOUND_FULL,
	FOUND_BUCKET,
};

#define FOUND_REUSABLE	(FOUND_BUCKET + TWSCOPE_VERDICT_REUSABLE)

/**
 * twscope_ports_init() - a range at which nothing was found yet
 * @p: the range
 * @low: lowest port
 * @high: highest, included, not below @low
 * @reserved: a bit for each reserved port, or NULL for none
 * @blocked: a bit for each port that the search passes by
 *
 * Context: any. The bitmaps stay the caller's.
 */
void twscope_ports_init(struct twscope_ports *p, u16 low, u16 high,
			const unsigned long *reserved,
			const unsigned long *blocked)
{
	memset(p, 0, sizeof(*p));
	memset(p->next_ms, 0xff, sizeof(p->next_ms));
	p->low = low;
	p->high = high;
	p->reserved = reserved;
	p->blocked = blocked;
}

static bool is_reserved(const struct twscope_ports *p, u16 port)
{
	return p->reserved && test_bit(port, p->reserved);
}

/**
 * twscope_ports_state() - what would a connect() find at a port
 * @p: the range
 * @port: a port of it
 *
 * In the order in which the port search asks.
 *
 * Context: any; takes no lock.
 * Return: enum twscope_port_state.
 */
u8 twscope_ports_state(const struct twscope_ports *p, u16 port)
{
	if (is_reserved(p, port))
		return TWSCOPE_PORT_STATE_RESERVED;
	if (test_bit(port, p->blocked))
		return TWSCOPE_PORT_STATE_BIND_BLOCKED;

	switch (p->found[port]) {
	case FOUND_NOTHING:
		return TWSCOPE_PORT_STATE_FREE;
	case FOUND_FULL:
		return TWSCOPE_PORT_STATE_IN_USE;
	case FOUND_REUSABLE:
		return TWSCOPE_PORT_STATE_REUSABLE;
	default:
		return TWSCOPE_PORT_STATE_WAITING;
	}
}

/*
 * Where two are in the way (one of them bound to the device, one to none), the
 * kernel lets the first in the chain decide, and so do we: they are to be told
 * in that order.
 */

/**
 * twscope_ports_full() - a full socket was found
 * @p: the range
 * @port: its local port, any
 *
 * Context: any; takes no lock.
 */
void twscope_ports_full(struct twscope_ports *p, u16 port)
{
	if (p->found[port] == FOUND_NOTHING)
		p->found[port] = FOUND_FULL;
}

/**
 * twscope_ports_bucket() - a bucket was found
 * @p: the range
 * @port: its local port, any
 * @verdict: enum twscope_verdict, without regard to its bind bucket
 * @available_ms: until it is reusable or gone, whichever is first
 *
 * Context: any; takes no lock.
 */
void twscope_ports_bucket(struct twscope_ports *p, u16 port, u8 verdict,
			  u32 available_ms)
{
	if (p->found[port] != FOUND_NOTHING)
		return;

	p->found[port] = FOUND_BUCKET + verdict;
	if (port < p->low || port > p->high)
		return;
	if (twscope_ports_state(p, port) == TWSCOPE_PORT_STATE_WAITING)
		p->next_ms[verdict] = min(p->next_ms[verdict], available_ms);
}

static void count_port(const struct twscope_ports *p, u16 port,
		       struct twscope_port_counts *c, u32 *cell)
{
	u8 state = twscope_ports_state(p, port);
	u8 found = p->found[port];

	c->state[state]++;
	cell[state]++;
	if (state == TWSCOPE_PORT_STATE_WAITING)
		c->waiting[found - FOUND_BUCKET]++;
	if (state != TWSCOPE_PORT_STATE_BIND_BLOCKED)
		return;
	if (found == FOUND_FULL)
		c->blocked_in_use++;
	else if (found >= FOUND_BUCKET)
		c->blocked_waiting++;
}

/**
 * twscope_ports_count() - count the range, and each of its cells
 * @p: the range
 * @cells: how many cells are asked for, 1 to TWSCOPE_MAX_CELLS; a cell has a
 *	port at least, so a small range has fewer
 * @c: where to, all of it is written
 *
 * Context: any; takes no lock. Passes the range once.
 */
void twscope_ports_count(const struct twscope_ports *p, unsigned int cells,
			 struct twscope_port_counts *c)
{
	unsigned int ports = p->high - p->low + 1;
	unsigned int i, offset = 0;

	memset(c, 0, sizeof(*c));
	c->cells = min(cells, ports);
	for (i = 0; i < c->cells; i++) {
		unsigned int end = (i + 1) * ports / c->cells;

		for (; offset < end; offset++)
			count_port(p, p->low + offset, c, c->map[i]);
	}
}
