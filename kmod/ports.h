/* SPDX-License-Identifier: GPL-2.0 */
#ifndef TWSCOPE_PORTS_H
#define TWSCOPE_PORTS_H

#include <linux/types.h>
#include <uapi/linux/twscope.h>

#define TWSCOPE_ALL_PORTS	65536

/**
 * struct twscope_ports - what was found at the ports of a range
 * @low:	lowest port of the range
 * @high:	highest, included
 * @reserved:	ports that ip_local_reserved_ports has, a bit for each
 * @blocked:	ports that the search passes by, a bit for each
 * @next_ms:	by verdict, until the first waiting port becomes available;
 *		U32_MAX for none
 * @found:	by port: nothing, a full socket, or a bucket of some verdict
 */
struct twscope_ports {
	u16			low;
	u16			high;
	const unsigned long	*reserved;
	const unsigned long	*blocked;
	u32			next_ms[TWSCOPE_N_VERDICTS];
	u8			found[TWSCOPE_ALL_PORTS];
};

/**
 * struct twscope_port_counts - the range counted
 * @state:		ports by enum twscope_port_state; adds up to the range
 * @waiting:		the waiting ones by enum twscope_verdict
 * @blocked_in_use:	bind-blocked ones that have a full socket as well
 * @blocked_waiting:	bind-blocked ones that have a bucket as well
 * @cells:		cells in use of @map
 * @map:		as @state, for each cell
 */
struct twscope_port_counts {
	u32		state[TWSCOPE_N_PORT_STATES];
	u32		waiting[TWSCOPE_N_VERDICTS];
	u32		blocked_in_use;
	u32		blocked_waiting;
	unsigned int	cells;
	u32		map[TWSCOPE_MAX_CELLS][TWSCOPE_N_PORT_STATES];
};

/* ports.c */
void twscope_ports_init(struct twscope_ports *p, u16 low, u16 high,
			const unsigned long *reserved,
			const unsigned long *blocked);
void twscope_ports_full(struct twscope_ports *p, u16 port);
void twscope_ports_bucket(struct twscope_ports *p, u16 port, u8 verdict,
			  u32 available_ms);
u8 twscope_ports_state(const struct twscope_ports *p, u16 port);
void twscope_ports_count(const struct twscope_ports *p, unsigned int cells,
			 struct twscope_port_counts *c);

#endif /* TWSCOPE_PORTS_H */
