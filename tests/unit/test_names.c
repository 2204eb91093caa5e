// SPDX-License-Identifier: GPL-2.0
/* ctl/netns_names.c: names of namespaces, from a /proc that the test made. */
#include <sys/stat.h>
#include <unistd.h>

#include "netns.h"
#include "printed.h"
#include "test.h"

#define ID "3f2a9c81d0e4b5a697887766554433221100ffeeddccbbaa9988776655443322"
#define ID2 "00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff"
#define INIT_PID "pid:[4026531836]"
#define OTHER_PID "pid:[4026532001]"

static char dir[64];

static int make_dir(void **state)
{
	(void)state;
	snprintf(dir, sizeof(dir), "/tmp/twctl-names-XXXXXX");
	return mkdtemp(dir) ? 0 : -1;
}

static int remove_dir(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -r %s", dir);
	return system(command);
}

static void made(const char *path)
{
	char command[512];

	snprintf(command, sizeof(command), "mkdir -p %s/%s", dir, path);
	assert_int_equal(system(command), 0);
}

static void file(const char *path, const char *text)
{
	char full[512];
	FILE *f;

	snprintf(full, sizeof(full), "%s/%s", dir, path);
	f = fopen(full, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void linked(const char *pid, const char *type, const char *to)
{
	char full[512];

	snprintf(full, sizeof(full), "%s/proc/%s/ns/%s", dir, pid, type);
	assert_int_equal(symlink(to, full), 0);
}

static void process(const char *pid, const char *net, const char *cgroup,
		    const char *comm)
{
	char path[512];

	snprintf(path, sizeof(path), "proc/%s/ns", pid);
	made(path);
	linked(pid, "net", net);
	snprintf(path, sizeof(path), "proc/%s/cgroup", pid);
	if (cgroup)
		file(path, cgroup);
	snprintf(path, sizeof(path), "proc/%s/comm", pid);
	if (comm)
		file(path, comm);
}

static struct netns_names *load(enum netns_wanted wanted)
{
	char proc[128], netns[128], docker[128];
	const struct netns_places places = {
		.proc = proc, .netns = netns, .docker = docker,
	};

	snprintf(proc, sizeof(proc), "%s/proc", dir);
	snprintf(netns, sizeof(netns), "%s/netns", dir);
	snprintf(docker, sizeof(docker), "%s/docker", dir);
	return netns_names_load_from(&places, wanted);
}

static void called(const struct netns_names *names, uint32_t inode,
		   const char *name, const char *kind)
{
	const struct netns_label *l = netns_find(names, inode);

	if (!l)
		fail_msg("%u has no name, not '%s'", inode, name);
	if (strcmp(l->name, name) || strcmp(netns_kind_name(l), kind))
		fail_msg("%u is '%s', %s, not '%s', %s", inode, l->name,
			 netns_kind_name(l), name, kind);
}

static void each_kind(void **state)
{
	struct netns_names *names;

	(void)state;
	process("1", "net:[101]", "0::/init.scope\n", "systemd\n");
	linked("1", "pid", INIT_PID);
	process("self", "net:[102]", NULL, NULL);
	process("17", "net:[101]", "0::/docker/" ID "\n", "host-net\n");
	process("20", "net:[102]", "0::/docker/" ID "\n", "nginx\n");
	process("21", "net:[102]", "0::/lxc/wrong\n", "nginx\n");
	process("30", "net:[103]", "0::/docker/" ID2 "\n", "redis\n");
	process("1234", "net:[104]", "0::/user.slice/session-1.scope\n", "a b\n");
	process("1300", "net:[105]", "0::/system.slice/foo.service\n", "foo\n");
	process("1400", "net:[50]", NULL, NULL);
	made("docker/containers/" ID2);
	file("docker/containers/" ID2 "/config.v2.json", "{\"Name\":\"/cache\"}");
	names = load(NETNS_ALL);
	called(names, 101, "init", "initial");
	called(names, 102, "docker:3f2a9c81d0e4", "docker");
	assert_string_equal(netns_find(names, 102)->owner.id, ID);
	called(names, 103, "docker:cache", "docker");
	called(names, 104, "pid 1234 (a b)", "process");
	called(names, 105, "foo.service", "unit");
	/* whose files cannot be read has no name */
	assert_null(netns_name(names, 50));
	assert_null(netns_name(names, 999));
	assert_true(netns_is_initial(names, 101));
	assert_false(netns_is_initial(names, 102));
	assert_int_equal(netns_find(names, 101)->pid, 1);
	assert_int_equal(netns_find(names, 102)->pid, 20);
	assert_true(netns_is_own(names, 102));
	assert_false(netns_is_own(names, 101));
	netns_names_free(names);
	/* who has no need of it does not pay for it */
	names = load(NETNS_CHEAP);
	called(names, 101, "init", "initial");
	assert_null(netns_name(names, 102));
	netns_names_free(names);
	names = load(NETNS_OWN);
	called(names, 102, "docker:3f2a9c81d0e4", "docker");
	netns_names_free(names);
}

/* Where our own has its name already, no process is looked at. */
static void our_own_is_the_initial_one(void **state)
{
	struct netns_names *names;

	(void)state;
	process("1", "net:[101]", NULL, NULL);
	linked("1", "pid", INIT_PID);
	process("self", "net:[101]", NULL, NULL);
	process("20", "net:[102]", "0::/lxc/a\n", "x\n");
	names = load(NETNS_OWN);
	called(names, 101, "init", "initial");
	assert_null(netns_name(names, 102));
	netns_names_free(names);
}

/* The first process of a container is not the first of the machine. */
static void in_a_container(void **state)
{
	struct netns_names *names;

	(void)state;
	process("1", "net:[101]", "0::/\n", "sh\n");
	linked("1", "pid", OTHER_PID);
	process("self", "net:[101]", NULL, NULL);
	names = load(NETNS_ALL);
	assert_false(netns_is_initial(names, 101));
	assert_true(netns_is_own(names, 101));
	called(names, 101, "pid 1 (sh)", "process");
	/* a number that is nobody else's */
	assert_true(netns_is_initial(names, 0xeffffff9U));
	called(names, 0xeffffff9U, "init", "initial");
	/* and no process of ours: nsenter -t 1 would lead to the container's */
	assert_int_equal(netns_find(names, 0xeffffff9U)->pid, 0);
	netns_names_free(names);
}

/* A name is whatever somebody chose; it moves no cursor and breaks no JSON. */
static void hostile(void **state)
{
	const struct out_options bare = { .all_netns = true };
	struct out_options opt = bare;
	struct netns_names *names;
	struct tws_summary s = { .netns = 107 };
	struct out *o;
	json_t *j;

	(void)state;
	process("2", "net:[106]", "0::/x\n", "\033[2J\xff\"\\\n");
	process("3", "net:[107]", "0::/system.slice/\033]0;x\007\"\xc3.service\n",
		"x\n");
	process("4", "net:[108]", "0::/docker/" ID "\n", "x\n");
	process("5", "net:[109]", "0::/docker/" ID2 "\n", "x\n");
	made("docker/containers/" ID);
	file("docker/containers/" ID "/config.v2.json",
	     "{\"Name\":\"/a\\u001b[2J\\u000ab\"}");
	made("docker/containers/" ID2);
	file("docker/containers/" ID2 "/config.v2.json", "[[[[{\"Name\":");
	names = load(NETNS_ALL);
	called(names, 106, "pid 2 (?[2J?\"\\)", "process");
	called(names, 107, "?]0;x?\"?.service", "unit");
	called(names, 108, "docker:a?[2J?b", "docker");
	called(names, 109, "docker:00ff00ff00ff", "docker");
	opt.netns_names = names;
	o = open_out(true, &opt, OUT_SUMMARIES);
	out_summary(o, &s);
	j = parsed(close_out(o, false));
	assert_string_equal(string(json_array_get(j, 0), "netns_name"),
			    "?]0;x?\"?.service");
	assert_string_equal(string(json_array_get(j, 0), "netns_kind"), "unit");
	json_decref(j);
	netns_names_free(names);
}

/* What is no link to a namespace is none. */
static void strange_links(void **state)
{
	struct netns_names *names;

	(void)state;
	process("2", "net:[abc]", "0::/lxc/a\n", "x\n");
	process("3", "net:[99999999999]", "0::/lxc/a\n", "x\n");
	process("4", "mnt:[7]", "0::/lxc/a\n", "x\n");
	process("5", "net:[8", "0::/lxc/a\n", "x\n");
	process("6", "net:[]", "0::/lxc/a\n", "x\n");
	process("99999999999", "net:[9]", "0::/lxc/a\n", "x\n");
	made("proc/7");
	names = load(NETNS_ALL);
	assert_null(netns_name(names, 7));
	assert_null(netns_name(names, 8));
	assert_null(netns_name(names, 9));
	assert_null(netns_name(names, 0));
	netns_names_free(names);
}

static void nothing_at_all(void **state)
{
	struct netns_names *names = load(NETNS_ALL);

	(void)state;
	assert_non_null(names);
	assert_null(netns_name(names, 1));
	netns_names_free(names);
	/* no names are no reason to fail */
	assert_null(netns_name(NULL, 1));
	assert_false(netns_is_initial(NULL, 1));
	assert_false(netns_is_own(NULL, 1));
	netns_names_free(NULL);
}

/* More than one would look through one by one, in any order. */
static void many(void **state)
{
	char pid[16], net[32], cgroup[64], name[64];
	struct netns_names *names;
	unsigned int i;

	(void)state;
	for (i = 0; i < 300; i++) {
		snprintf(pid, sizeof(pid), "%u", 1000 + i);
		snprintf(net, sizeof(net), "net:[%u]", 7000 + i * 7 % 300);
		snprintf(cgroup, sizeof(cgroup), "0::/lxc/n%u\n", i * 7 % 300);
		process(pid, net, cgroup, "x\n");
		/* who came later gives no name, whenever it is met */
		snprintf(pid, sizeof(pid), "%u", 20000U - i);
		process(pid, net, "0::/lxc/later\n", "x\n");
	}
	names = load(NETNS_ALL);
	for (i = 0; i < 300; i++) {
		snprintf(name, sizeof(name), "lxc:n%u", i);
		called(names, 7000 + i, name, "lxc");
	}
	netns_names_free(names);
}

/* Where it was, with what is there now: the machine's own. */
static void again(void **state)
{
	struct netns_names *names;
	struct stat self;

	(void)state;
	process("20", "net:[102]", "0::/lxc/a\n", "x\n");
	names = load(NETNS_ALL);
	called(names, 102, "lxc:a", "lxc");
	netns_names_reload(names, NETNS_ALL);
	assert_null(netns_name(names, 102));
	if (!stat("/proc/self/ns/net", &self))
		assert_non_null(netns_name(names, (uint32_t)self.st_ino));
	netns_names_free(names);
}

/* The machine's own, whatever it is. */
static void our_own(void **state)
{
	struct netns_names *names = netns_names_load(NETNS_ALL);
	struct stat self;

	(void)state;
	assert_non_null(names);
	assert_null(netns_name(names, 1));
	if (!stat("/proc/self/ns/net", &self)) {
		assert_true(netns_is_own(names, (uint32_t)self.st_ino));
		assert_non_null(netns_name(names, (uint32_t)self.st_ino));
	}
	netns_names_free(names);
}

#define WITH_DIR(test) \
	cmocka_unit_test_setup_teardown(test, make_dir, remove_dir)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_DIR(each_kind),
		WITH_DIR(our_own_is_the_initial_one),
		WITH_DIR(in_a_container),
		WITH_DIR(hostile),
		WITH_DIR(strange_links),
		WITH_DIR(nothing_at_all),
		WITH_DIR(many),
		WITH_DIR(again),
		cmocka_unit_test(our_own),
	};

	return cmocka_run_group_tests_name("names", tests, NULL, NULL);
}
