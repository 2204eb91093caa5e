// SPDX-License-Identifier: GPL-2.0
// 6.2: an operation is one entry per do and per dump.
#include <net/genetlink.h>

int probe(struct genl_family *family, const struct genl_split_ops *ops);
int probe(struct genl_family *family, const struct genl_split_ops *ops)
{
	family->split_ops = ops;
	return family->n_split_ops;
}
