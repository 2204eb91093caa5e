// SPDX-License-Identifier: GPL-2.0
/*
 * Starts and stops the parts in order.
 */

#include <linux/module.h>

#include "debugfs.h"
#include "netlink.h"
#include "netns.h"
#include "observe.h"
#include "settings.h"

static int __init twscope_init(void)
{
	int err;

	err = twscope_settings_init();
	if (err)
		return err;

	err = twscope_netns_init();
	if (err)
		return err;

	err = twscope_observe_init();
	if (err)
		goto err_netns;

	err = twscope_netlink_init();
	if (err)
		goto err_observe;

	twscope_debugfs_init();
	return 0;

err_observe:
	twscope_observe_exit();
err_netns:
	twscope_netns_exit();
	return err;
}

static void __exit twscope_exit(void)
{
	twscope_debugfs_exit();
	twscope_netlink_exit();
	twscope_observe_exit();
	twscope_netns_exit();
}

module_init(twscope_init);
module_exit(twscope_exit);

MODULE_DESCRIPTION("TCP TIME_WAIT buckets, seen and explained");
MODULE_AUTHOR("The twscope authors");
MODULE_LICENSE("GPL");
MODULE_VERSION(TWSCOPE_VERSION);
