/* SPDX-License-Identifier: GPL-2.0 */
#ifndef TWSCOPE_PORTSCAN_H
#define TWSCOPE_PORTSCAN_H

#include <linux/types.h>

#include "ports.h"
#include "twsk.h"

struct net;
struct twscope_whatif;

/**
 * struct twscope_portscan - the local port range as a connect() would find it
 * @walk_us:	microseconds that finding out took
 * @low:	lowest port of the range
 * @high:	highest, included
 * @next_ms:	by enum twscope_verdict, until the first waiting port becomes
 *		available; U32_MAX for none
 * @counts:	the range counted
 */
struct twscope_portscan {
	u32				walk_us;
	u16				low;
	u16				high;
	u32				next_ms[TWSCOPE_N_VERDICTS];
	struct twscope_port_counts	counts;
};

/* portscan.c */
struct twscope_portscan *twscope_portscan_take(struct net *net,
					       const struct twscope_route *route,
					       const struct twscope_whatif *w,
					       unsigned int cells);
void twscope_portscan_free(struct twscope_portscan *scan);

#endif /* TWSCOPE_PORTSCAN_H */
