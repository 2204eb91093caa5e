// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>

#include "verify_rtnl.h"

/* more than the longest of these requests */
#define REQUEST_SIZE 512

struct request {
	struct nlmsghdr h;
	uint8_t body[REQUEST_SIZE];
};

int verify_rtnl_open(void)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

	return fd < 0 ? -errno : fd;
}

/* Room for @len bytes at the end; zero, as all of a new request. */
static void *extend(struct request *q, size_t len)
{
	void *at = (uint8_t *)q + NLMSG_ALIGN(q->h.nlmsg_len);

	q->h.nlmsg_len = (uint32_t)(NLMSG_ALIGN(q->h.nlmsg_len) + len);
	return at;
}

static struct rtattr *put(struct request *q, unsigned short type,
			  const void *data, size_t len)
{
	struct rtattr *a = extend(q, RTA_LENGTH(len));

	a->rta_type = type;
	a->rta_len = (unsigned short)RTA_LENGTH(len);
	if (len)
		memcpy(RTA_DATA(a), data, len);
	return a;
}

static void end_nest(struct request *q, struct rtattr *nest)
{
	nest->rta_len = (unsigned short)((uint8_t *)q + q->h.nlmsg_len -
					 (uint8_t *)nest);
}

static void begin(struct request *q, uint16_t type, uint16_t flags)
{
	memset(q, 0, sizeof(*q));
	q->h.nlmsg_len = NLMSG_HDRLEN;
	q->h.nlmsg_type = type;
	q->h.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | flags;
}

static int talk(int fd, const struct request *q)
{
	struct {
		struct nlmsghdr h;
		struct nlmsgerr e;
		uint8_t rest[1024];
	} answer;
	ssize_t len;

	if (send(fd, q, q->h.nlmsg_len, 0) < 0)
		return -errno;
	len = recv(fd, &answer, sizeof(answer), 0);
	if (len < 0)
		return -errno;
	if ((size_t)len < NLMSG_LENGTH(sizeof(answer.e)) ||
	    answer.h.nlmsg_type != NLMSG_ERROR)
		return -EPROTO;
	return answer.e.error;
}

int verify_rtnl_up(int fd, unsigned int ifindex)
{
	struct ifinfomsg *link;
	struct request q;

	begin(&q, RTM_NEWLINK, 0);
	link = extend(&q, sizeof(*link));
	link->ifi_index = (int)ifindex;
	link->ifi_flags = IFF_UP;
	link->ifi_change = IFF_UP;
	return talk(fd, &q);
}

int verify_rtnl_address(int fd, unsigned int ifindex,
			const struct verify_address *a, unsigned int prefix_len)
{
	size_t len = a->family == AF_INET ? 4 : 16;
	struct ifaddrmsg *msg;
	struct request q;

	begin(&q, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL);
	msg = extend(&q, sizeof(*msg));
	msg->ifa_family = (uint8_t)a->family;
	msg->ifa_prefixlen = (uint8_t)prefix_len;
	/* of use at once: nobody else can have it */
	msg->ifa_flags = a->family == AF_INET6 ? IFA_F_NODAD : 0;
	msg->ifa_index = ifindex;
	put(&q, IFA_LOCAL, a->bytes, len);
	put(&q, IFA_ADDRESS, a->bytes, len);
	return talk(fd, &q);
}

int verify_rtnl_veth(int fd, const char *name, const char *peer, int netns)
{
	struct rtattr *info, *data, *other;
	struct request q;

	begin(&q, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
	extend(&q, sizeof(struct ifinfomsg));
	put(&q, IFLA_IFNAME, name, strlen(name) + 1);
	info = put(&q, IFLA_LINKINFO, NULL, 0);
	put(&q, IFLA_INFO_KIND, "veth", sizeof("veth"));
	data = put(&q, IFLA_INFO_DATA, NULL, 0);
	other = put(&q, VETH_INFO_PEER, NULL, 0);
	extend(&q, sizeof(struct ifinfomsg));
	put(&q, IFLA_IFNAME, peer, strlen(peer) + 1);
	put(&q, IFLA_NET_NS_FD, &netns, sizeof(netns));
	end_nest(&q, other);
	end_nest(&q, data);
	end_nest(&q, info);
	return talk(fd, &q);
}
