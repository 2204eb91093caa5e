/* SPDX-License-Identifier: GPL-2.0 */
#ifndef TWSCOPE_NETLINK_H
#define TWSCOPE_NETLINK_H

#include <linux/types.h>

struct genl_family;
struct netlink_callback;
struct netlink_ext_ack;
struct nlattr;
struct nlmsghdr;
struct sk_buff;
struct twscope_event;
struct twscope_filter;
struct twscope_syn;
struct twscope_whatif;

/**
 * struct twscope_nl_caps - what the sender of a dump's request may see
 * @host:	all network namespaces
 * @net:	the secrets of the buckets of its own
 */
struct twscope_nl_caps {
	bool host;
	bool net;
};

extern struct genl_family twscope_nl_family;

/* netlink.c */
int twscope_netlink_init(void);
void twscope_netlink_exit(void);
void twscope_netlink_caps(struct netlink_callback *cb,
			  struct twscope_nl_caps *caps);
int twscope_netlink_all_netns(const struct twscope_nl_caps *caps,
			      struct netlink_ext_ack *extack);
void *twscope_netlink_begin(struct netlink_callback *cb, struct sk_buff *skb,
			    u8 cmd);

int twscope_netlink_not_observing(struct netlink_ext_ack *extack);

/* netlink-event.c */
int twscope_netlink_put_event(struct sk_buff *skb,
			      const struct twscope_event *ev, u32 pid);

/* netlink-notify.c */
void twscope_netlink_notify_kick(void);
void twscope_netlink_notify_exit(void);

/* netlink-filter.c */
int twscope_netlink_filter(const struct nlmsghdr *nlh, int attrtype,
			   struct twscope_filter *filter,
			   const struct twscope_nl_caps *caps,
			   struct netlink_ext_ack *extack);

/* netlink-policy.c */
int twscope_netlink_whatif(struct nlattr *attr, struct twscope_whatif *w,
			   struct netlink_ext_ack *extack);
int twscope_netlink_syn(struct nlattr *attr, struct twscope_syn *syn,
			struct netlink_ext_ack *extack);

#endif /* TWSCOPE_NETLINK_H */
