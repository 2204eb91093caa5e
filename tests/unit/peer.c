// SPDX-License-Identifier: GPL-2.0
#include <sys/socket.h>
#include <unistd.h>

#include <netlink/msg.h>

#include "peer.h"
#include "test.h"

struct msg *msg_fresh(void)
{
	static struct msg m;

	memset(&m, 0, sizeof(m));
	return &m;
}

/* Requests */

static void show(const unsigned char *p, size_t len, int depth, char *out,
		 size_t size)
{
	while (len) {
		struct nlattr a;
		size_t n, i;

		assert_true(len >= sizeof(a));
		memcpy(&a, p, sizeof(a));
		assert_true(a.nla_len >= sizeof(a) && a.nla_len <= len);
		n = a.nla_len - sizeof(a);
		snprintf(out + strlen(out), size - strlen(out), "%u",
			 a.nla_type & NLA_TYPE_MASK);
		if (a.nla_type & NLA_F_NESTED) {
			assert_true(depth < 2);
			strcat(out, "{");
			show(p + sizeof(a), n, depth + 1, out, size);
			strcat(out, "}");
		} else {
			strcat(out, "(");
			for (i = 0; i < n; i++)
				snprintf(out + strlen(out), size - strlen(out),
					 "%02x", p[sizeof(a) + i]);
			strcat(out, ")");
		}
		n = NLA_ALIGN(a.nla_len);
		/* the last one may be without padding, but libnl pads it */
		assert_true(n <= len);
		p += n;
		len -= n;
		if (len)
			strcat(out, " ");
	}
}

struct tws_filter compiled(const char *text)
{
	struct filter_error ferr = { 0 };
	struct filter_expr *e = NULL;
	struct tws_filter f;

	if (text) {
		e = filter_parse(text, NULL, &ferr);
		assert_non_null(e);
	}
	assert_int_equal(filter_compile(e, 0, &f, &ferr), 0);
	filter_expr_free(e);
	return f;
}

char *shown(struct nl_msg *msg)
{
	static char got[8192];
	struct nlmsghdr *nlh = nlmsg_hdr(msg);

	got[0] = '\0';
	show(nlmsg_data(nlh), (size_t)nlmsg_datalen(nlh), 0, got, sizeof(got));
	nlmsg_free(msg);
	return got;
}

/* Exchanges */

int peer;

void peer_say(const struct msg *m)
{
	assert_int_equal(send(peer, m->buf, m->len, 0), m->len);
}

void peer_say_family(uint32_t version)
{
	struct msg *m = msg_fresh();
	size_t at = msg_genl(m, GENL_ID_CTRL, 0, 1, CTRL_CMD_NEWFAMILY);

	msg_str(m, CTRL_ATTR_FAMILY_NAME, "twscope");
	msg_u16(m, CTRL_ATTR_FAMILY_ID, FAMILY);
	msg_u32(m, CTRL_ATTR_VERSION, version);
	msg_end(m, at);
	peer_say(m);
	m = msg_fresh();
	msg_ack(m, 1, 0, NULL, true);
	peer_say(m);
}

int peer_connected(void)
{
	struct timeval patience = { .tv_sec = 5 };
	int fd[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fd), 0);
	/* a test that waits for what never comes shall fail, not hang */
	setsockopt(fd[0], SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	peer = fd[1];
	return fd[0];
}

struct twnl *peer_attached(void)
{
	int fd = peer_connected();
	struct twnl *nl;
	char err[512];

	peer_say_family(TWSCOPE_FAMILY_VERSION);
	nl = twnl_attach(fd, err, sizeof(err));
	if (!nl)
		fail_msg("%s", err);
	return nl;
}

void peer_detach(struct twnl *nl)
{
	twnl_close(nl);
	close(peer);
}
