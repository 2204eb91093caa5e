/* SPDX-License-Identifier: GPL-2.0 */
#ifndef TWCTL_NAMES_H
#define TWCTL_NAMES_H

#include <stdint.h>

/*
 * The TCP services of this machine by port. They are read at once: asking for
 * one port at a time costs a read of /etc/services for each.
 */
struct services;

/* NULL where memory is short, which the calls below take as no names. */
struct services *services_load(void);
void services_free(struct services *s);
/* NULL where @port has no name, or is one that connect() hands out. */
const char *services_name(const struct services *s, uint16_t port);

/* Port of a TCP service, or -1. */
int service_port(const char *name);

#endif /* TWCTL_NAMES_H */
