// SPDX-License-Identifier: GPL-2.0
/* Observing, and what was observed. */
#include <errno.h>
#include <string.h>

#include <netlink/netlink.h>

#include "nl_parts.h"

/*
 * What generic netlink refuses by itself it refuses without words. Returns @ret;
 * @what is for @who only.
 */
static int explain(struct twnl *nl, int ret, const char *what, const char *who)
{
	if (ret >= 0)
		return ret;
	/* the module's words for it, if any, cannot tell what to type */
	if (nl->kernel_errno == ENODATA)
		return twnl_say(nl->err, sizeof(nl->err),
				"not observing: 'twctl observe on' starts it");
	if (nl->kernel_said)
		return ret;
	if (nl->kernel_errno == EPERM)
		return twnl_say(nl->err, sizeof(nl->err), "%s needs %s", what,
				who);
	if (nl->kernel_errno == EOPNOTSUPP)
		return twnl_say(nl->err, sizeof(nl->err),
				"the loaded twscope module cannot observe; load the one that came with this twctl");
	return ret;
}

static const char machine_admin[] =
	"CAP_NET_ADMIN in the initial user namespace; run it as root";
static const char netns_admin[] =
	"CAP_NET_ADMIN over the network namespace; run it as root";

static int no_record(struct twnl *nl, const void *attrs, size_t len, void *ctx)
{
	(void)nl;
	(void)attrs;
	(void)len;
	(void)ctx;
	return 0;
}

int twnl_observe_set(struct twnl *nl, bool on, uint32_t recorder)
{
	struct exchange x = {
		.cmd = TWSCOPE_CMD_OBSERVE_SET,
		.record = no_record,
	};
	struct nl_msg *msg = twnl_request(nl, x.cmd, NLM_F_ACK);
	int ret = twnl_ask(nl, msg, msg ? twnl_put_observe(msg, on, recorder) : 0,
			   &x);

	return explain(nl, ret, on ? "observe on" : "observe off",
		       machine_admin);
}

struct stats_ctx {
	twnl_stats_fn fn;
	void *ctx;
	bool got;
};

static int stats_record(struct twnl *nl, const void *attrs, size_t len,
			void *ctx)
{
	struct stats_ctx *c = ctx;
	struct tws_stats s;

	if (twnl_parse_stats(attrs, len, &s, nl->err, sizeof(nl->err)) < 0)
		return -1;
	c->got = true;
	return c->fn(&s, c->ctx) ? 1 : 0;
}

static int stats(struct twnl *nl, int flags, const char *who, struct stats_ctx *c)
{
	struct exchange x = {
		.cmd = TWSCOPE_CMD_STATS_GET,
		.record = stats_record,
		.ctx = c,
	};
	int ret = twnl_ask(nl, twnl_request(nl, x.cmd, flags), 0, &x);

	return explain(nl, ret, "what was observed in all network namespaces",
		       who);
}

int twnl_stats_get(struct twnl *nl, twnl_stats_fn fn, void *ctx)
{
	struct stats_ctx c = { .fn = fn, .ctx = ctx };
	int ret = stats(nl, NLM_F_ACK, netns_admin, &c);

	return !ret && !c.got ? twnl_unanswered(nl, "stats-get") : ret;
}

int twnl_stats_dump(struct twnl *nl, twnl_stats_fn fn, void *ctx)
{
	struct stats_ctx c = { .fn = fn, .ctx = ctx };

	return stats(nl, NLM_F_DUMP, machine_admin, &c);
}

struct hook_ctx {
	twnl_hook_fn fn;
	void *ctx;
};

static int hook_record(struct twnl *nl, const void *attrs, size_t len, void *ctx)
{
	const struct hook_ctx *c = ctx;
	struct tws_hook h;

	if (twnl_parse_hook(attrs, len, &h, nl->err, sizeof(nl->err)) < 0)
		return -1;
	return c->fn(&h, c->ctx) ? 1 : 0;
}

int twnl_hook_dump(struct twnl *nl, twnl_hook_fn fn, void *ctx)
{
	struct hook_ctx c = { .fn = fn, .ctx = ctx };
	struct exchange x = {
		.cmd = TWSCOPE_CMD_HOOK_GET,
		.record = hook_record,
		.ctx = &c,
	};
	int ret = twnl_ask(nl, twnl_request(nl, x.cmd, NLM_F_DUMP), 0, &x);

	return explain(nl, ret, "the list of hooks", machine_admin);
}

struct event_ctx {
	twnl_news_fn fn;
	void *ctx;
	struct tws_cursor *cursor;
	bool got_cursor;
};

static int event_record(struct twnl *nl, const void *attrs, size_t len,
			void *ctx)
{
	struct event_ctx *c = ctx;
	struct tws_news n;

	if (twnl_parse_news(attrs, len, &n, nl->err, sizeof(nl->err)) < 0)
		return -1;
	if ((n.has_event || n.lost) && c->fn(&n, c->ctx))
		return 1;
	if (!n.cursor_len)
		return 0;
	memcpy(c->cursor->data, n.cursor, n.cursor_len);
	c->cursor->len = n.cursor_len;
	c->got_cursor = true;
	return 0;
}

int twnl_event_dump(struct twnl *nl, const struct tws_event_query *q,
		    twnl_news_fn fn, void *ctx)
{
	struct event_ctx c = { .fn = fn, .ctx = ctx, .cursor = q->cursor };
	struct exchange x = {
		.cmd = TWSCOPE_CMD_EVENT_GET,
		.record = event_record,
		.ctx = &c,
	};
	struct nl_msg *msg = twnl_request(nl, x.cmd, NLM_F_DUMP);
	int ret = twnl_ask(nl, msg, msg ? twnl_put_event(msg, q) : 0, &x);

	/* without it the same events would come again and again */
	if (!ret && !c.got_cursor)
		return twnl_unanswered(nl, "where its events ended");
	return explain(nl, ret, "reading events",
		       q->all_netns ? machine_admin : netns_admin);
}
