// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <netlink/genl/genl.h>
#include <netlink/netlink.h>

#include "nl_parts.h"

/*
 * The kernel makes the messages of a dump as large as the buffers it was read
 * with before, up to 32 KiB.
 */
#define RECV_SIZE	(64 * 1024)
/*
 * more than the longest filter, 64 clauses of one term with an IPv6 prefix, and
 * the longest cursor
 */
#define REQUEST_SIZE	(16 * 1024 + TWS_MAX_CURSOR)

/* Requests */

static struct nl_msg *new_request(struct twnl *nl, uint16_t family, uint8_t cmd,
				  uint8_t version, int flags)
{
	struct nl_msg *msg = nlmsg_alloc_size(REQUEST_SIZE);

	if (!msg)
		return NULL;
	/* port 0: the kernel knows the sender by the socket */
	if (!genlmsg_put(msg, 0, ++nl->seq, family, 0, NLM_F_REQUEST | flags,
			 cmd, version)) {
		nlmsg_free(msg);
		return NULL;
	}
	return msg;
}

/* Exchange */

/* The kernel's own words in @attrs, or NULL. */
static const char *extack_text(const void *attrs, int len)
{
	const struct nlattr *a = attrs;

	for (; nla_ok(a, len); a = nla_next(a, &len))
		if (nla_type(a) == NLMSGERR_ATTR_MSG && nla_len(a) > 0 &&
		    memchr(nla_data(a), '\0', (size_t)nla_len(a)))
			return nla_data(a);
	return NULL;
}

/* @skip: bytes of the payload that come before the attributes */
static int kernel_error(struct twnl *nl, const struct nlmsghdr *nlh, int skip,
			int error)
{
	const char *text = NULL;
	int len = (int)nlh->nlmsg_len - NLMSG_HDRLEN - skip;

	if (nlh->nlmsg_flags & NLM_F_ACK_TLVS && len > 0)
		text = extack_text((const char *)NLMSG_DATA(nlh) + skip, len);
	nl->kernel_errno = -error;
	nl->kernel_said = text;
	if (text)
		return twnl_say(nl->err, sizeof(nl->err), "%s (%s)", text,
				strerror(-error));
	/* there was a family of that number when it was looked up */
	if (error == -ENOENT && nl->family)
		return twnl_say(nl->err, sizeof(nl->err),
				"the twscope module was unloaded meanwhile");
	return twnl_say(nl->err, sizeof(nl->err), "the kernel refused: %s",
			strerror(-error));
}

static int garbled(struct twnl *nl)
{
	return twnl_say(nl->err, sizeof(nl->err),
			"the kernel's reply is garbled");
}

/* 1: that was the end; 0: it was good, but more may come; -1: an error */
static int take_error(struct twnl *nl, const struct nlmsghdr *nlh)
{
	const struct nlmsgerr *e = NLMSG_DATA(nlh);
	size_t skip = sizeof(*e);

	if (nlh->nlmsg_len < NLMSG_LENGTH(sizeof(*e)))
		return garbled(nl);
	if (!e->error)
		return 1;
	/* not capped: our request comes back before the attributes */
	if (!(nlh->nlmsg_flags & NLM_F_CAPPED) && e->msg.nlmsg_len > NLMSG_HDRLEN)
		skip += NLMSG_ALIGN(e->msg.nlmsg_len) - NLMSG_HDRLEN;
	return kernel_error(nl, nlh, skip > RECV_SIZE ? RECV_SIZE : (int)skip,
			    e->error);
}

static int take_done(struct twnl *nl, const struct nlmsghdr *nlh)
{
	int error;

	if (nlh->nlmsg_len < NLMSG_LENGTH(sizeof(error)))
		return 1;
	memcpy(&error, NLMSG_DATA(nlh), sizeof(error));
	return error < 0 ? kernel_error(nl, nlh, sizeof(error), error) : 1;
}

static int take_message(struct twnl *nl, const struct nlmsghdr *nlh,
			struct exchange *x)
{
	const struct genlmsghdr *genl = NLMSG_DATA(nlh);
	int ret;

	/* a late answer to a request that was given up */
	if (nlh->nlmsg_seq != nl->seq)
		return 0;
	if (nlh->nlmsg_flags & NLM_F_DUMP_INTR)
		nl->inconsistent = true;
	if (nlh->nlmsg_type == NLMSG_ERROR)
		return take_error(nl, nlh);
	if (nlh->nlmsg_type == NLMSG_DONE)
		return take_done(nl, nlh);
	if (nlh->nlmsg_type < NLMSG_MIN_TYPE)
		return 0;
	if (nlh->nlmsg_len < NLMSG_LENGTH(GENL_HDRLEN))
		return garbled(nl);
	if (genl->cmd != x->cmd)
		return 0;
	ret = x->record(nl, (const char *)genl + GENL_HDRLEN,
			nlh->nlmsg_len - NLMSG_LENGTH(GENL_HDRLEN), x->ctx);
	x->stopped = ret > 0;
	return ret;
}

/* The length of a datagram in nl->buf; 0 where a signal came first. */
static ssize_t receive(struct twnl *nl)
{
	struct iovec iov = { .iov_base = nl->buf, .iov_len = RECV_SIZE };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1 };
	ssize_t len = recvmsg(nl->fd, &m, 0);

	if (len < 0 && errno == EINTR)
		return 0;
	if (len < 0)
		return twnl_say(nl->err, sizeof(nl->err),
				"cannot read from the kernel: %s",
				strerror(errno));
	if (!len || m.msg_flags & MSG_TRUNC)
		return garbled(nl);
	return len;
}

static int take_datagram(struct twnl *nl, ssize_t len, struct exchange *x)
{
	struct nlmsghdr *nlh = nl->buf;
	int rem = (int)len, ret;

	for (; nlmsg_ok(nlh, rem); nlh = nlmsg_next(nlh, &rem)) {
		ret = take_message(nl, nlh, x);
		if (ret)
			return ret;
	}
	return rem > 0 ? garbled(nl) : 0;
}

/* Takes over @msg. The reply to a "do" ends with the ack that it asks for. */
static int exchange(struct twnl *nl, struct nl_msg *msg, struct exchange *x)
{
	const struct nlmsghdr *nlh = nlmsg_hdr(msg);
	ssize_t len = send(nl->fd, nlh, nlh->nlmsg_len, 0);
	int ret = 0;

	nlmsg_free(msg);
	nl->kernel_errno = 0;
	nl->kernel_said = false;
	if (len < 0)
		return twnl_say(nl->err, sizeof(nl->err),
				"cannot write to the kernel: %s",
				strerror(errno));
	while (!ret) {
		if (nl->stop && *nl->stop)
			return 1;
		len = receive(nl);
		if (len < 0)
			return -1;
		ret = take_datagram(nl, len, x);
	}
	if (ret < 0)
		return -1;
	return x->stopped ? 1 : 0;
}

struct nl_msg *twnl_request(struct twnl *nl, uint8_t cmd, int flags)
{
	return new_request(nl, nl->family, cmd, TWSCOPE_FAMILY_VERSION, flags);
}

int twnl_ask(struct twnl *nl, struct nl_msg *msg, int failed,
	     struct exchange *x)
{
	if (msg && !failed)
		return exchange(nl, msg, x);
	nlmsg_free(msg);
	return twnl_out_of_memory(nl);
}

int twnl_out_of_memory(struct twnl *nl)
{
	return twnl_say(nl->err, sizeof(nl->err), "out of memory");
}

int twnl_unanswered(struct twnl *nl, const char *what)
{
	return twnl_say(nl->err, sizeof(nl->err),
			"the module did not answer %s", what);
}

struct info_ctx {
	struct tws_info *info;
	bool got;
};

static int info_record(struct twnl *nl, const void *attrs, size_t len, void *ctx)
{
	struct info_ctx *c = ctx;

	c->got = true;
	return twnl_parse_info(attrs, len, c->info, nl->err, sizeof(nl->err));
}

int twnl_info_get(struct twnl *nl, struct tws_info *info)
{
	struct info_ctx c = { .info = info };
	struct exchange x = {
		.cmd = TWSCOPE_CMD_INFO_GET,
		.record = info_record,
		.ctx = &c,
	};
	int ret = twnl_ask(nl, twnl_request(nl, x.cmd, NLM_F_ACK), 0, &x);

	return !ret && !c.got ? twnl_unanswered(nl, "info-get") : ret;
}

struct summary_ctx {
	twnl_summary_fn fn;
	void *ctx;
	bool want_changes;
	bool got;
};

static int summary_record(struct twnl *nl, const void *attrs, size_t len,
			  void *ctx)
{
	struct summary_ctx *c = ctx;
	struct tws_summary s;

	if (twnl_parse_summary(attrs, len, &s, nl->err, sizeof(nl->err)) < 0)
		return -1;
	if (c->want_changes && !s.has_changes)
		return twnl_unanswered(nl, "what would change under the other sysctls");
	c->got = true;
	return c->fn(&s, c->ctx) ? 1 : 0;
}

static int summary(struct twnl *nl, int flags, const struct tws_filter *filter,
		   const struct tws_policy *policy, struct summary_ctx *c)
{
	struct exchange x = {
		.cmd = TWSCOPE_CMD_SUMMARY_GET,
		.record = summary_record,
		.ctx = c,
	};
	struct nl_msg *msg = twnl_request(nl, x.cmd, flags);

	c->want_changes = policy;
	return twnl_ask(nl, msg, msg ? twnl_put_summary(msg, filter, policy) : 0, &x);
}

int twnl_summary_get(struct twnl *nl, const struct tws_filter *filter,
		   const struct tws_policy *policy, twnl_summary_fn fn, void *ctx)
{
	struct summary_ctx c = { .fn = fn, .ctx = ctx };
	int ret = summary(nl, NLM_F_ACK, filter, policy, &c);

	return !ret && !c.got ? twnl_unanswered(nl, "summary-get") : ret;
}

int twnl_summary_dump(struct twnl *nl, const struct tws_filter *filter,
		    const struct tws_policy *policy, twnl_summary_fn fn, void *ctx)
{
	struct summary_ctx c = { .fn = fn, .ctx = ctx };

	return summary(nl, NLM_F_DUMP, filter, policy, &c);
}

struct bucket_ctx {
	twnl_bucket_fn fn;
	void *ctx;
};

static int bucket_record(struct twnl *nl, const void *attrs, size_t len,
			 void *ctx)
{
	const struct bucket_ctx *c = ctx;
	struct tws_bucket b;

	if (twnl_parse_bucket(attrs, len, &b, nl->err, sizeof(nl->err)) < 0)
		return -1;
	return c->fn(&b, c->ctx) ? 1 : 0;
}

int twnl_bucket_dump(struct twnl *nl, const struct tws_bucket_query *q,
		   twnl_bucket_fn fn, void *ctx)
{
	struct bucket_ctx c = { .fn = fn, .ctx = ctx };
	struct exchange x = {
		.cmd = TWSCOPE_CMD_BUCKET_GET,
		.record = bucket_record,
		.ctx = &c,
	};
	struct nl_msg *msg = twnl_request(nl, x.cmd, NLM_F_DUMP);

	return twnl_ask(nl, msg, msg && q ? twnl_put_bucket(msg, q) : 0, &x);
}

struct port_ctx {
	struct tws_ports *ports;
	bool got;
};

static int port_record(struct twnl *nl, const void *attrs, size_t len, void *ctx)
{
	struct port_ctx *c = ctx;

	c->got = true;
	return twnl_parse_ports(attrs, len, c->ports, nl->err, sizeof(nl->err));
}

int twnl_port_get(struct twnl *nl, const struct tws_port_query *q,
		struct tws_ports *out)
{
	struct port_ctx c = { .ports = out };
	struct exchange x = {
		.cmd = TWSCOPE_CMD_PORT_GET,
		.record = port_record,
		.ctx = &c,
	};
	struct nl_msg *msg = twnl_request(nl, x.cmd, NLM_F_ACK);
	int ret = twnl_ask(nl, msg, msg ? twnl_put_port(msg, q) : 0, &x);

	return !ret && !c.got ? twnl_unanswered(nl, "port-get") : ret;
}

/* Connection */

static int family_record(struct twnl *nl, const void *attrs, size_t len,
			 void *ctx)
{
	return twnl_parse_family(attrs, len, ctx, nl->err, sizeof(nl->err));
}

/* genl_ctrl_resolve() would not tell the version of the family. */
static int find_family(struct twnl *nl)
{
	struct twnl_family c = { 0 };
	struct exchange x = {
		.cmd = CTRL_CMD_NEWFAMILY,
		.record = family_record,
		.ctx = &c,
	};
	struct nl_msg *msg = new_request(nl, GENL_ID_CTRL, CTRL_CMD_GETFAMILY, 1,
					 NLM_F_ACK);

	if (!msg || nla_put_string(msg, CTRL_ATTR_FAMILY_NAME,
				   TWSCOPE_FAMILY_NAME)) {
		nlmsg_free(msg);
		return twnl_say(nl->err, sizeof(nl->err), "out of memory");
	}
	if (exchange(nl, msg, &x) < 0) {
		if (nl->kernel_errno == ENOENT)
			twnl_say(nl->err, sizeof(nl->err),
				 "the twscope module is not loaded; load it with: modprobe twscope");
		return -1;
	}
	if (!c.id)
		return garbled(nl);
	if (c.version != TWSCOPE_FAMILY_VERSION)
		return twnl_say(nl->err, sizeof(nl->err),
				"the loaded twscope module speaks version %u of its protocol, this twctl (" TWSCOPE_VERSION ") version %d; use the twctl that came with the module, or load the module that came with this twctl",
				c.version, TWSCOPE_FAMILY_VERSION);
	nl->family = c.id;
	return 0;
}

struct twnl *twnl_attach(int fd, char *err, size_t size)
{
	struct twnl *nl = calloc(1, sizeof(*nl));

	if (nl)
		nl->buf = malloc(RECV_SIZE);
	if (!nl || !nl->buf) {
		twnl_say(err, size, "out of memory");
		free(nl);
		close(fd);
		return NULL;
	}
	nl->fd = fd;
	if (find_family(nl) < 0) {
		twnl_say(err, size, "%s", nl->err);
		twnl_close(nl);
		return NULL;
	}
	return nl;
}

/*
 * Words with an error, our request not sent back with it, and requests checked
 * to the letter. A kernel without one of these still answers.
 */
static void set_options(int fd)
{
	static const int options[] = {
		NETLINK_EXT_ACK, NETLINK_CAP_ACK, NETLINK_GET_STRICT_CHK,
	};
	const int one = 1;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(options); i++)
		(void)setsockopt(fd, SOL_NETLINK, options[i], &one, sizeof(one));
}

struct twnl *twnl_open(char *err, size_t size)
{
	struct nl_sock *sk = nl_socket_alloc();
	int ret, fd;

	if (!sk) {
		twnl_say(err, size, "out of memory");
		return NULL;
	}
	ret = genl_connect(sk);
	if (ret < 0) {
		twnl_say(err, size, "cannot open a netlink socket: %s",
			 nl_geterror(ret));
		nl_socket_free(sk);
		return NULL;
	}
	/* nl_socket_free() closes the one it has */
	fd = dup(nl_socket_get_fd(sk));
	nl_socket_free(sk);
	if (fd < 0) {
		twnl_say(err, size, "cannot open a netlink socket: %s",
			 strerror(errno));
		return NULL;
	}
	set_options(fd);
	return twnl_attach(fd, err, size);
}

void twnl_close(struct twnl *nl)
{
	if (!nl)
		return;
	close(nl->fd);
	free(nl->buf);
	free(nl);
}

const char *twnl_error(const struct twnl *nl)
{
	return nl->err;
}

int twnl_errno(const struct twnl *nl)
{
	return nl->kernel_errno;
}

void twnl_stop_on(struct twnl *nl, const volatile sig_atomic_t *stop)
{
	nl->stop = stop;
}

bool twnl_inconsistent(const struct twnl *nl)
{
	return nl->inconsistent;
}
