/* SPDX-License-Identifier: GPL-2.0 */
#ifndef TWSCOPE_DEBUGFS_H
#define TWSCOPE_DEBUGFS_H

/* debugfs.c */
void twscope_debugfs_init(void);
void twscope_debugfs_exit(void);

#endif /* TWSCOPE_DEBUGFS_H */
