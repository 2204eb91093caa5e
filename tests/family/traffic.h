/* SPDX-License-Identifier: GPL-2.0 */
#ifndef FAMILY_TRAFFIC_H
#define FAMILY_TRAFFIC_H

#include <stdbool.h>

void traffic_loopback_up(void);
void traffic_listen(unsigned int port);
void traffic_connect(unsigned int n);

#endif /* FAMILY_TRAFFIC_H */
