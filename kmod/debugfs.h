/* SPDX-License-Identifier: GPL-2.0 */
#ifndef TWSCOPE_DEBUGFS_H
#define TWSCOPE_DEBUGFS_H

#include <linux/types.h>

/* debugfs.c */
void twscope_debugfs_init(void);
void twscope_debugfs_exit(void);
int twscope_debugfs_may_open(void);

struct file_operations;
struct seq_file;

/* debugfs-observe.c */
extern const struct file_operations twscope_debugfs_hooks_fops;
void twscope_debugfs_observed(struct seq_file *m, u64 netns_id);
void twscope_debugfs_observed_ended(struct seq_file *m);

#endif /* TWSCOPE_DEBUGFS_H */
