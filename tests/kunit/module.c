// SPDX-License-Identifier: GPL-2.0

#include <linux/module.h>

MODULE_DESCRIPTION("KUnit suites for the pure parts of twscope");
MODULE_LICENSE("GPL");
