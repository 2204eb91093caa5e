/* SPDX-License-Identifier: GPL-2.0 */
#ifndef TWCTL_ROUTE_H
#define TWCTL_ROUTE_H

#include "endpoint.h"

/*
 * The source address that the routing table of our network namespace chooses
 * for @to, through device @dev where that is not "". No packet is sent. Returns
 * -1 with the reason in @err where there is none.
 */
int route_source(const struct endpoint *to, const char *dev,
		 struct endpoint *from, char *err, size_t size);

/* The number of @dev in our network namespace, or 0 with the reason in @err. */
unsigned int route_device(const char *dev, char *err, size_t size);

#endif /* TWCTL_ROUTE_H */
