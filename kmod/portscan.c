// SPDX-License-Identifier: GPL-2.0
/*
 * One walk that looks at the local port range with the eyes of a connect().
 */

#include <linux/bitmap.h>
#include <linux/err.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <net/net_namespace.h>

#include "bhash.h"
#include "bucket.h"
#include "compat/timewait.h"
#include "ehash.h"
#include "portscan.h"
#include "settings.h"

/**
 * struct workspace - what a scan needs while it runs, of fixed size
 * @l3mdev:	device under which the connecting socket binds
 * @blocked:	ports that the search passes by, for that device
 * @ports:	what was found
 */
struct workspace {
	u32			l3mdev;
	DECLARE_BITMAP(blocked, TWSCOPE_ALL_PORTS);
	struct twscope_ports	ports;
};

static void mark_blocked(const struct net *net, u32 l3mdev, u16 port, void *ctx)
{
	struct workspace *ws = ctx;

	if (l3mdev == ws->l3mdev)
		__set_bit(port, ws->blocked);
}

/* Judged as if the search asked: whether it does is the port's own state. */
static void add_bucket(struct workspace *ws, const struct twscope_policy *p,
		       const struct twscope_bucket *b)
{
	u32 available_ms = b->remaining_ms;
	struct twscope_judgement j;

	twscope_judge(b, p, TWSCOPE_SEARCH_ASKS, &j);
	if (j.verdict == TWSCOPE_VERDICT_TOO_YOUNG)
		available_ms = min(available_ms, j.wait_ms);
	twscope_ports_bucket(&ws->ports, b->local_port, j.verdict,
			     available_ms);
}

static int look(struct workspace *ws, struct net *net,
		const struct twscope_route *route,
		const struct twscope_policy *p)
{
	const struct twscope_bucket *b;
	struct twscope_walk walk;
	int err;

	err = twscope_walk_init(&walk, net);
	if (err)
		return err;

	walk.route = route;
	walk.brief = true;
	for (; !IS_ERR_OR_NULL(b = twscope_walk_peek(&walk));
	     twscope_walk_advance(&walk)) {
		if (b->full)
			twscope_ports_full(&ws->ports, b->local_port);
		else
			add_bucket(ws, p, b);
	}
	twscope_walk_free(&walk);
	return PTR_ERR_OR_ZERO(b);
}

static int scan_ports(struct twscope_portscan *scan, struct workspace *ws,
		      struct net *net, const struct twscope_route *route,
		      const struct twscope_whatif *w, unsigned int cells)
{
	struct twscope_sysctls sysctls;
	struct twscope_policy policy;
	int err;

	twscope_netns_sysctls(net, &sysctls);
	twscope_settings_policy(&sysctls, &policy);
	if (w)
		twscope_policy_override(&policy, w);

	ws->l3mdev = twscope_compat_l3mdev(net, route->dif);
	err = twscope_bhash_each_blocked(net, mark_blocked, ws);
	if (err)
		return err;

	twscope_ports_init(&ws->ports, sysctls.ip_local_port_range_min,
			   sysctls.ip_local_port_range_max,
			   twscope_netns_reserved_ports(net), ws->blocked);
	err = look(ws, net, route, &policy);
	if (err)
		return err;

	scan->low = ws->ports.low;
	scan->high = ws->ports.high;
	memcpy(scan->next_ms, ws->ports.next_ms, sizeof(scan->next_ms));
	twscope_ports_count(&ws->ports, cells, &scan->counts);
	return 0;
}

/**
 * twscope_portscan_take() - look at the port range as a connect() would
 * @net: the namespace, which the caller keeps alive
 * @route: from where to where
 * @w: sysctls to judge by instead, NULL for none
 * @cells: cells of the map, 1 to TWSCOPE_MAX_CELLS
 *
 * Context: process, may sleep. Takes the lock of one chain at a time.
 * Return: what was found, to be freed with twscope_portscan_free(); or
 * ERR_PTR() of -ENOMEM, or of -EINTR when the caller is being killed.
 */
struct twscope_portscan *twscope_portscan_take(struct net *net,
					       const struct twscope_route *route,
					       const struct twscope_whatif *w,
					       unsigned int cells)
{
	struct twscope_portscan *scan = NULL;
	ktime_t begin = ktime_get();
	struct workspace *ws;
	int err = -ENOMEM;

	ws = kvzalloc(sizeof(*ws), GFP_KERNEL_ACCOUNT);
	if (ws)
		scan = kvzalloc(sizeof(*scan), GFP_KERNEL_ACCOUNT);
	if (scan)
		err = scan_ports(scan, ws, net, route, w, cells);
	kvfree(ws);
	if (err) {
		kvfree(scan);
		return ERR_PTR(err);
	}
	scan->walk_us = ktime_us_delta(ktime_get(), begin);
	return scan;
}

/**
 * twscope_portscan_free() - free what twscope_portscan_take() returned
 * @scan: what was found, or NULL
 *
 * Context: process.
 */
void twscope_portscan_free(struct twscope_portscan *scan)
{
	kvfree(scan);
}
