// SPDX-License-Identifier: GPL-2.0
/*
 * A plugin of QEMU's emulator: how many instructions of the guest were at which
 * address, between one run of a marking instruction there and the next. The second
 * writes lines "COUNT ADDRESS" to a file, out= and the number of that pair of marks.
 *
 * Debian packages no qemu-plugin.h; what we use of it is declared here.
 */

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXPORT __attribute__((visibility("default")))

struct qemu_plugin_tb;
struct qemu_plugin_insn;

void qemu_plugin_register_vcpu_tb_trans_cb(uint64_t id,
		void (*cb)(uint64_t id, struct qemu_plugin_tb *tb));
void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *tb,
		void (*cb)(unsigned int cpu, void *data), int flags, void *data);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn,
		void (*cb)(unsigned int cpu, void *data), int flags, void *data);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
uint64_t qemu_plugin_tb_vaddr(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *
qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t i);
size_t qemu_plugin_insn_data(const struct qemu_plugin_insn *insn,
			     void *to, size_t size);

EXPORT int qemu_plugin_version = 3;

/* nopl 0x12345678(%rax), see mark.c */
static const uint8_t mark[7] = { 0x0f, 0x1f, 0x80, 0x78, 0x56, 0x34, 0x12 };

/* A block of instructions that run one after the other. */
struct block {
	uint64_t	address;
	uint64_t	instructions;
	uint64_t	times;
	struct block	*next;
};

static struct block *blocks;
static const char *out;
static bool counting;

static void block_runs(unsigned int cpu, void *data)
{
	struct block *b = data;

	(void)cpu;
	b->times++;
}

static void write_counts(void)
{
	static unsigned int number;
	char name[4096];
	struct block *b;
	FILE *f;

	snprintf(name, sizeof(name), "%s.%u", out, ++number);
	f = fopen(name, "w");
	for (b = blocks; f && b; b = b->next)
		if (b->times)
			fprintf(f, "%" PRIu64 " %" PRIx64 "\n",
				b->times * b->instructions, b->address);
	if (!f || fclose(f))
		perror(name);
}

static void mark_runs(unsigned int cpu, void *data)
{
	struct block *b;

	(void)cpu;
	(void)data;
	if (counting)
		write_counts();
	for (b = blocks; b; b = b->next)
		b->times = 0;
	counting = !counting;
}

static void look_for_mark(struct qemu_plugin_insn *insn)
{
	uint8_t code[sizeof(mark)];

	if (qemu_plugin_insn_data(insn, code, sizeof(code)) == sizeof(mark) &&
	    !memcmp(code, mark, sizeof(mark)))
		qemu_plugin_register_vcpu_insn_exec_cb(insn, mark_runs, 0, NULL);
}

static void translated(uint64_t id, struct qemu_plugin_tb *tb)
{
	struct block *b = malloc(sizeof(*b));
	size_t i;

	(void)id;
	if (!b)
		abort();
	b->address = qemu_plugin_tb_vaddr(tb);
	b->instructions = qemu_plugin_tb_n_insns(tb);
	b->times = 0;
	b->next = blocks;
	blocks = b;
	qemu_plugin_register_vcpu_tb_exec_cb(tb, block_runs, 0, b);
	for (i = 0; i < b->instructions; i++)
		look_for_mark(qemu_plugin_tb_get_insn(tb, i));
}

EXPORT int qemu_plugin_install(uint64_t id, const void *info,
			       int argc, char **argv)
{
	int i;

	(void)info;
	for (i = 0; i < argc; i++)
		if (!strncmp(argv[i], "out=", 4))
			out = strdup(argv[i] + 4);
	if (!out)
		return -1;
	qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
	return 0;
}
