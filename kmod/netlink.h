/* SPDX-License-Identifier: GPL-2.0 */
#ifndef TWSCOPE_NETLINK_H
#define TWSCOPE_NETLINK_H

struct netlink_callback;
struct twscope_filter;

/* netlink.c */
int twscope_netlink_init(void);
void twscope_netlink_exit(void);

/* netlink-filter.c */
int twscope_netlink_filter(struct netlink_callback *cb, int attrtype,
			   struct twscope_filter *filter);

#endif /* TWSCOPE_NETLINK_H */
