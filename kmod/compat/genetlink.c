// SPDX-License-Identifier: GPL-2.0

#include <linux/kernel.h>
#include <linux/string.h>

#include "compat/genetlink.h"

#define MAX_OPS 16

/*
 * An operation without a policy takes any attribute in silence: always before
 * 6.2, and up to 6.12 where its entry is a split one. Ours get this policy,
 * which takes none.
 */
static const struct nla_policy reject_all[] = {
	{ .type = NLA_REJECT },
	{ .type = NLA_REJECT },
};

#ifdef TWSCOPE_HAVE_GENL_SPLIT_OPS

static struct genl_split_ops strict[MAX_OPS] __ro_after_init;

static int __init take_ops(struct genl_family *family,
			   const struct genl_split_ops *ops, unsigned int n_ops)
{
	unsigned int i;

	if (n_ops > MAX_OPS)
		return -ENOSPC;

	for (i = 0; i < n_ops; i++) {
		strict[i] = ops[i];
		if (strict[i].policy)
			continue;
		strict[i].policy = reject_all;
		strict[i].maxattr = ARRAY_SIZE(reject_all) - 1;
	}
	family->split_ops = strict;
	family->n_split_ops = n_ops;
	return 0;
}

#else

/* Before 6.2 an operation is one entry for do and dump together. */
static struct genl_ops merged[MAX_OPS] __ro_after_init;

static struct genl_ops * __init find(struct genl_family *family, u8 cmd)
{
	unsigned int i;

	for (i = 0; i < family->n_ops; i++)
		if (merged[i].cmd == cmd)
			return &merged[i];

	if (family->n_ops == MAX_OPS)
		return NULL;
	merged[family->n_ops].cmd = cmd;
	return &merged[family->n_ops++];
}

/* The generator writes one for the do and one for the dump, alike or not. */
static bool __init is_same_policy(const struct nla_policy *a,
				  const struct nla_policy *b,
				  unsigned int maxattr)
{
	return a == b || !memcmp(a, b, (maxattr + 1) * sizeof(*a));
}

/* Of what do and dump share here, neither may overrule the other. */
static int __init set_common(struct genl_ops *to,
			     const struct genl_split_ops *from)
{
	const struct nla_policy *policy = from->policy ?: reject_all;
	unsigned int maxattr = from->policy ? from->maxattr :
					      ARRAY_SIZE(reject_all) - 1;
	u8 flags = from->flags & ~(GENL_CMD_CAP_DO | GENL_CMD_CAP_DUMP);

	if (to->policy && (to->maxattr != maxattr || to->flags != flags ||
			   to->validate != from->validate ||
			   !is_same_policy(to->policy, policy, maxattr)))
		return -EINVAL;

	to->policy = policy;
	to->maxattr = maxattr;
	to->validate = from->validate;
	to->flags = flags;
	return 0;
}

static int __init take_ops(struct genl_family *family,
			   const struct genl_split_ops *ops, unsigned int n_ops)
{
	unsigned int i;

	family->ops = merged;
	for (i = 0; i < n_ops; i++) {
		const struct genl_split_ops *from = &ops[i];
		struct genl_ops *to = find(family, from->cmd);

		if (!to)
			return -ENOSPC;
		if (from->flags & GENL_CMD_CAP_DO) {
			to->doit = from->doit;
		} else {
			to->start = from->start;
			to->dumpit = from->dumpit;
			to->done = from->done;
		}
		if (set_common(to, from))
			return -EINVAL;
	}
	return 0;
}

#endif

/**
 * twscope_compat_genl_register() - register a family with a split op table
 * @family: the family, without operations
 * @ops: one entry per do and per dump; those without a policy take no attribute
 * @n_ops: entries
 *
 * Context: process.
 * Return: 0; -ENOSPC when the table is longer than expected; -EINVAL when, before
 * 6.2, the do and the dump of an operation differ in what they share there; or
 * an error of genl_register_family().
 */
int __init twscope_compat_genl_register(struct genl_family *family,
					const struct genl_split_ops *ops,
					unsigned int n_ops)
{
	int err = take_ops(family, ops, n_ops);

	return err ? err : genl_register_family(family);
}
