// SPDX-License-Identifier: GPL-2.0
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "verify_net.h"
#include "verify_rtnl.h"

#define VETH_HERE	"veth-client"
#define VETH_THERE	"veth-server"
/* How long a connection to a server of our own may take. */
#define CONNECT_S	3
#define ACCEPT_MS	1000
/*
 * The namespace has an established hash of its own where the kernel can, of
 * so many chains: reading it takes a moment, however large the host's is.
 */
#define EHASH_ENTRIES	"1024"

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

static int fail(char *err, size_t size, const char *what, int error)
{
	snprintf(err, size, "%s: %s", what, strerror(error < 0 ? -error : error));
	return -1;
}

/* @fd, or the error @ret */
static int closed_on_error(int fd, int ret)
{
	if (!ret)
		return fd;
	close(fd);
	return ret;
}

/* Namespaces */

static int netns_inode(ino_t *inode)
{
	struct stat st;

	if (stat("/proc/self/ns/net", &st) < 0)
		return -errno;
	*inode = st.st_ino;
	return 0;
}

/* Into a new namespace, and never on without being sure of it. */
static int leave(char *err, size_t size)
{
	ino_t before, after;
	int ret = netns_inode(&before);

	if (ret)
		return fail(err, size, "cannot read /proc/self/ns/net", ret);
	if (unshare(CLONE_NEWNET) < 0) {
		if (errno == EPERM) {
			snprintf(err, size, "verify makes network namespaces of its own, for which it has to be root (CAP_SYS_ADMIN)");
			return -1;
		}
		return fail(err, size, "cannot make a network namespace", errno);
	}
	ret = netns_inode(&after);
	if (ret)
		return fail(err, size, "cannot read /proc/self/ns/net", ret);
	if (after == before) {
		snprintf(err, size, "the new network namespace is the old one: nothing was done");
		return -1;
	}
	return 0;
}

/* Sysctls */

static int open_sysctl(const char *name)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "/proc/sys/net/ipv4/%s", name);
	fd = open(path, O_RDWR | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static int write_sysctl(int fd, const char *text)
{
	return pwrite(fd, text, strlen(text), 0) < 0 ? -errno : 0;
}

/* A sysctl that stays as it is set; one that the kernel lacks is no error. */
static int set_once(const char *name, const char *text)
{
	int fd = open_sysctl(name);
	int ret;

	if (fd == -ENOENT)
		return 0;
	if (fd < 0)
		return fd;
	ret = write_sysctl(fd, text);
	close(fd);
	return ret;
}

int verify_net_set(struct verify_net *n, enum verify_sysctl which, uint32_t value)
{
	char text[16];
	int ret;

	if (n->value[which] == value)
		return 0;
	snprintf(text, sizeof(text), "%u", value);
	ret = write_sysctl(n->sysctl[which], text);
	if (!ret)
		n->value[which] = value;
	return ret;
}

/*
 * Two ports, as the kernel logs an error about a range of one; the second one
 * is reserved.
 */
int verify_net_narrow(struct verify_net *n, uint16_t port)
{
	char text[32];
	int ret;

	if (n->value[VERIFY_SYSCTL_PORT_RANGE] == port)
		return 0;
	ret = verify_net_set(n, VERIFY_SYSCTL_RESERVED, port + 1u);
	if (ret)
		return ret;
	snprintf(text, sizeof(text), "%u %u", port, port + 1u);
	ret = write_sysctl(n->sysctl[VERIFY_SYSCTL_PORT_RANGE], text);
	if (!ret)
		n->value[VERIFY_SYSCTL_PORT_RANGE] = port;
	return ret;
}

static int open_sysctls(struct verify_net *n, char *err, size_t size)
{
	static const char *const names[] = {
		[VERIFY_SYSCTL_REUSE] = "tcp_tw_reuse",
		[VERIFY_SYSCTL_DELAY] = "tcp_tw_reuse_delay",
		[VERIFY_SYSCTL_TIMESTAMPS] = "tcp_timestamps",
		[VERIFY_SYSCTL_PORT_RANGE] = "ip_local_port_range",
		[VERIFY_SYSCTL_RESERVED] = "ip_local_reserved_ports",
	};
	unsigned int i;

	for (i = 0; i < VERIFY_N_SYSCTLS; i++) {
		n->value[i] = UINT32_MAX;
		n->sysctl[i] = open_sysctl(names[i]);
		if (n->sysctl[i] >= 0)
			continue;
		if (i != VERIFY_SYSCTL_DELAY || n->sysctl[i] != -ENOENT)
			return fail(err, size, names[i], n->sysctl[i]);
	}
	n->can.delay = n->sysctl[VERIFY_SYSCTL_DELAY] >= 0;
	return 0;
}

/* FIN_WAIT2 makes a bucket at once only up to 60 s, and none may be refused. */
static int set_constants(char *err, size_t size)
{
	int ret = set_once("tcp_fin_timeout", "60");

	if (!ret)
		ret = set_once("tcp_max_tw_buckets", "1000000");
	return ret ? fail(err, size, "cannot set sysctls", ret) : 0;
}

/* Devices and addresses */

static int add_address(int rtnl, unsigned int ifindex, int family,
		       const char *text, unsigned int prefix_len)
{
	struct verify_address a = { .family = (uint16_t)family };

	inet_pton(family, text, a.bytes);
	return verify_rtnl_address(rtnl, ifindex, &a, prefix_len);
}

static int set_up_loopback(struct verify_net *n, int rtnl)
{
	unsigned int lo = if_nametoindex("lo");
	int ret = verify_rtnl_up(rtnl, lo);

	if (!ret)
		ret = add_address(rtnl, lo, AF_INET, VERIFY_OWN_IPV4, 32);
	if (!ret)
		ret = add_address(rtnl, lo, AF_INET, VERIFY_THIRD_IPV4, 32);
	/* a kernel without IPv6 is not an error */
	n->can.ipv6 = !ret &&
		      !add_address(rtnl, lo, AF_INET6, VERIFY_OWN_IPV6, 128) &&
		      !add_address(rtnl, lo, AF_INET6, VERIFY_THIRD_IPV6, 128);
	return ret;
}

/* One end of the veth, in the namespace that this process is in. */
static int set_up_end(const char *name, const char *ipv4, const char *ipv6)
{
	unsigned int ifindex = if_nametoindex(name);
	int rtnl = verify_rtnl_open();
	int ret;

	if (rtnl < 0)
		return rtnl;
	ret = verify_rtnl_up(rtnl, ifindex);
	if (!ret)
		ret = add_address(rtnl, ifindex, AF_INET, ipv4, 24);
	if (!ret && ipv6)
		ret = add_address(rtnl, ifindex, AF_INET6, ipv6, 64);
	close(rtnl);
	return ret;
}

static int set_up_far_end(const struct verify_net *n, int there)
{
	int here = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	int ret;

	if (here < 0)
		return -errno;
	ret = setns(there, CLONE_NEWNET) < 0 ? -errno : 0;
	if (!ret) {
		ret = set_up_end(VETH_THERE, VERIFY_FAR_IPV4,
				 n->can.ipv6 ? VERIFY_FAR_IPV6 : NULL);
		if (setns(here, CLONE_NEWNET) < 0)
			ret = -errno;
	}
	close(here);
	return ret;
}

static int set_up_devices(struct verify_net *n, int there, char *err, size_t size)
{
	int rtnl = verify_rtnl_open();
	int ret;

	if (rtnl < 0)
		return fail(err, size, "cannot open a netlink socket", rtnl);
	ret = set_up_loopback(n, rtnl);
	/* nor is one without veth */
	n->can.veth = !ret &&
		      !verify_rtnl_veth(rtnl, VETH_HERE, VETH_THERE, there);
	close(rtnl);
	if (!ret && n->can.veth)
		ret = set_up_end(VETH_HERE, VERIFY_NEAR_IPV4,
				 n->can.ipv6 ? VERIFY_NEAR_IPV6 : NULL);
	if (!ret && n->can.veth)
		ret = set_up_far_end(n, there);
	return ret ? fail(err, size, "cannot set up the private network", ret) : 0;
}

/* Of both families, where there are two. */
static int listen_everywhere(void)
{
	static const int off;
	union address a = { .v6.sin6_family = AF_INET6 };
	socklen_t len = sizeof(a.v6);
	int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int ret = 0;

	if (fd < 0) {
		a.any.sa_family = AF_INET;
		len = sizeof(a.v4);
		fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	} else {
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
	}
	if (fd < 0)
		return -errno;
	/* in the same place for both */
	a.v4.sin_port = htons(VERIFY_SERVER_PORT);
	if (bind(fd, &a.any, len) < 0 || listen(fd, 1024) < 0)
		ret = -errno;
	return closed_on_error(fd, ret);
}

/* The server's namespace, with a listener in it; a descriptor of it. */
static int make_server(struct verify_net *n, char *err, size_t size)
{
	int ret, fd;

	if (leave(err, size) < 0)
		return -1;
	ret = set_once("tcp_child_ehash_entries", EHASH_ENTRIES);
	if (ret)
		return fail(err, size, "cannot set sysctls", ret);
	n->listener[1] = listen_everywhere();
	if (n->listener[1] < 0)
		return fail(err, size, "cannot listen", n->listener[1]);
	fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	return fd < 0 ? fail(err, size, "/proc/self/ns/net", errno) : fd;
}

static int make_client(struct verify_net *n, int there, char *err, size_t size)
{
	if (leave(err, size) < 0 || set_up_devices(n, there, err, size) < 0 ||
	    open_sysctls(n, err, size) < 0 || set_constants(err, size) < 0)
		return -1;
	n->listener[0] = listen_everywhere();
	return n->listener[0] < 0 ?
	       fail(err, size, "cannot listen", n->listener[0]) : 0;
}

int verify_net_open(struct verify_net *n, char *err, size_t size)
{
	int there, ret;
	unsigned int i;

	memset(n, 0, sizeof(*n));
	for (i = 0; i < VERIFY_N_SYSCTLS; i++)
		n->sysctl[i] = -1;
	n->listener[0] = n->listener[1] = -1;

	there = make_server(n, err, size);
	if (there < 0) {
		verify_net_close(n);
		return -1;
	}
	ret = make_client(n, there, err, size);
	/* the listener keeps it, and so does the veth */
	close(there);
	if (ret < 0)
		verify_net_close(n);
	return ret;
}

static void close_if_open(int fd)
{
	if (fd >= 0)
		close(fd);
}

void verify_net_close(struct verify_net *n)
{
	unsigned int i;

	for (i = 0; i < VERIFY_N_SYSCTLS; i++)
		close_if_open(n->sysctl[i]);
	close_if_open(n->listener[0]);
	close_if_open(n->listener[1]);
}

/* Sockets */

static socklen_t to_sockaddr(union address *to, const struct verify_address *a,
			     uint16_t port)
{
	memset(to, 0, sizeof(*to));
	to->any.sa_family = a->family;
	to->v4.sin_port = htons(port);
	if (a->family == AF_INET) {
		memcpy(&to->v4.sin_addr, a->bytes, 4);
		return sizeof(to->v4);
	}
	memcpy(&to->v6.sin6_addr, a->bytes, 16);
	return sizeof(to->v6);
}

static int bind_to(int fd, const struct verify_address *a, uint16_t port)
{
	union address to;
	socklen_t len = to_sockaddr(&to, a, port);

	return bind(fd, &to.any, len) < 0 ? -errno : 0;
}

static int bind_no_port(int fd, const struct verify_address *a)
{
	static const int on = 1;

	if (setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on,
		       sizeof(on)) < 0)
		return -errno;
	return bind_to(fd, a, 0);
}

static int bind_to_device(int fd, const struct verify_scenario *s)
{
	const char *name = s->choice[VERIFY_PATH] == PATH_VETH ? VETH_HERE : "lo";

	return setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, name,
			  (socklen_t)strlen(name)) < 0 ? -errno : 0;
}

static void set_reuse_options(int fd, uint8_t options)
{
	static const int on = 1;

	if (options == OPTIONS_REUSEADDR || options == OPTIONS_BOTH)
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (options == OPTIONS_REUSEPORT || options == OPTIONS_BOTH)
		setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on));
}

static int new_socket(uint16_t family, int flags)
{
	static const struct timeval timeout = { .tv_sec = CONNECT_S };
	static const int off;
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | flags, 0);

	if (fd < 0)
		return -errno;
	if (family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout));
	return fd;
}

static struct verify_address anywhere(uint16_t family)
{
	return (struct verify_address){ .family = family };
}

/* The addresses as the socket of that role gives them. */
static void addresses_for(const struct verify_scenario *s, enum verify_role role,
			  struct verify_addresses *a)
{
	verify_addresses_of(s, a);
	if (role == VERIFY_SECOND &&
	    s->choice[VERIFY_SOCKET] == SOCKET_OTHER_FAMILY) {
		a->local = verify_other_family(&a->local);
		a->remote = verify_other_family(&a->remote);
	}
	if (role == VERIFY_THIRD)
		a->remote = a->third;
}

static int bind_first(const struct verify_scenario *s, int fd,
		      const struct verify_address *local, uint16_t port)
{
	switch (s->choice[VERIFY_MADE]) {
	case MADE_NO_PORT:
		return bind_no_port(fd, local);
	case MADE_BIND:
		return bind_to(fd, local, port);
	case MADE_BIND_ZERO:
		return bind_to(fd, local, 0);
	default:
		return 0;
	}
}

static int bind_second(const struct verify_scenario *s, int fd,
		       const struct verify_address *local, uint16_t port)
{
	struct verify_address any = anywhere(local->family);

	switch (s->choice[VERIFY_CONNECT]) {
	case CONNECT_NO_PORT:
		return bind_no_port(fd, local);
	case CONNECT_BOUND:
		return bind_to(fd, local, port);
	case CONNECT_BOUND_ANY:
		return bind_to(fd, &any, port);
	default:
		return 0;
	}
}

static int bind_by_role(const struct verify_scenario *s, enum verify_role role,
			int fd, const struct verify_addresses *a, uint16_t port)
{
	switch (role) {
	case VERIFY_FIRST:
		return bind_first(s, fd, &a->local, port);
	case VERIFY_SECOND:
		return bind_second(s, fd, &a->local, port);
	default:
		return s->choice[VERIFY_JOINED] == JOINED_CONNECTED ?
		       bind_no_port(fd, &a->local) : bind_to(fd, &a->third, port);
	}
}

static bool wants_device(const struct verify_scenario *s, enum verify_role role)
{
	switch (role) {
	case VERIFY_FIRST:
		return s->choice[VERIFY_DEVICE] == DEVICE_BUCKET;
	case VERIFY_SECOND:
		return s->choice[VERIFY_DEVICE] != DEVICE_NONE;
	default:
		return false;
	}
}

int verify_net_socket(const struct verify_scenario *s, enum verify_role role,
		      uint16_t port)
{
	struct verify_addresses a;
	int fd, ret = 0;

	addresses_for(s, role, &a);
	fd = new_socket(a.local.family, role == VERIFY_SECOND ? SOCK_NONBLOCK : 0);
	if (fd < 0)
		return fd;
	set_reuse_options(fd, s->choice[VERIFY_OPTIONS]);
	if (wants_device(s, role))
		ret = bind_to_device(fd, s);
	if (!ret)
		ret = bind_by_role(s, role, fd, &a, port);
	return closed_on_error(fd, ret);
}

int verify_net_connect(const struct verify_scenario *s, enum verify_role role,
		       int fd)
{
	struct verify_addresses a;
	union address to;
	socklen_t len;

	addresses_for(s, role, &a);
	len = to_sockaddr(&to, &a.remote, VERIFY_SERVER_PORT);
	if (!connect(fd, &to.any, len))
		return 0;
	return errno == EINPROGRESS ? 0 : -errno;
}

static uint16_t peer_port(int fd)
{
	union address a;
	socklen_t len = sizeof(a);

	if (getpeername(fd, &a.any, &len) < 0)
		return 0;
	return ntohs(a.v4.sin_port);
}

static int accept_one(int listener)
{
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

int verify_net_accept(struct verify_net *n, const struct verify_scenario *s,
		      enum verify_role role, uint16_t port)
{
	bool beyond = s->choice[VERIFY_PATH] == PATH_VETH && role != VERIFY_THIRD;
	int listener = n->listener[beyond];
	struct pollfd p = { .fd = listener, .events = POLLIN };
	int fd;

	while (poll(&p, 1, ACCEPT_MS) > 0) {
		fd = accept_one(listener);
		if (fd >= 0 && peer_port(fd) == port)
			return fd;
		/* of a trial before */
		verify_net_drop(fd);
	}
	return -ETIMEDOUT;
}

int verify_net_await_fin(int server)
{
	struct pollfd p = { .fd = server, .events = POLLRDHUP };

	return poll(&p, 1, ACCEPT_MS) > 0 ? 0 : -ETIMEDOUT;
}

void verify_net_acknowledge(int server)
{
	static const int on = 1;

	setsockopt(server, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof(on));
}

void verify_net_drop(int fd)
{
	static const struct linger at_once = { .l_onoff = 1 };

	if (fd < 0)
		return;
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	close(fd);
}

void verify_net_drop_unaccepted(struct verify_net *n)
{
	unsigned int i;
	int fd;

	for (i = 0; i < ARRAY_SIZE(n->listener); i++)
		while ((fd = accept_one(n->listener[i])) >= 0)
			verify_net_drop(fd);
}
