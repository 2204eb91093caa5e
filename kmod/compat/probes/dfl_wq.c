// SPDX-License-Identifier: GPL-2.0
// From 6.18 on: the queue whose workers go where there is time has a new name.
#include <linux/workqueue.h>

struct workqueue_struct *probe(void);
struct workqueue_struct *probe(void)
{
	return system_dfl_wq;
}
