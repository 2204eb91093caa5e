/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Figures that must add up. A call returns true where they do; else it says in
 * @err, of @size bytes, which do not.
 */
#ifndef TWCTL_LAWS_H
#define TWCTL_LAWS_H

#include "groups.h"
#include "types.h"

uint64_t verdicts_sum(const uint32_t v[TWSCOPE_N_VERDICTS]);

/* Verdicts, verdicts of a bound port, and what changes, with the total. */
bool laws_of_verdicts(const struct tws_summary *s, char *err, size_t size);

/* States, reasons to wait, and cells, with the range. */
bool laws_of_ports(const struct tws_ports *p, char *err, size_t size);

/* Groups with their total, verdicts with their group. */
bool laws_of_groups(const struct groups *g, char *err, size_t size);

/* How many ports the range has. */
uint32_t ports_in_range(const struct tws_ports *p);

#endif /* TWCTL_LAWS_H */
