// SPDX-License-Identifier: GPL-2.0
/* ctl/cgroup.c: whose a process is, as each manager writes it. */
#include "cgroup.h"
#include "test.h"

#define ID "3f2a9c81d0e4b5a697887766554433221100ffeeddccbbaa9988776655443322"
#define ID2 "00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff"
#define POD "8f6a1b2c-1d2e-4f30-a1b2-c3d4e5f60718"
#define POD_ "8f6a1b2c_1d2e_4f30_a1b2_c3d4e5f60718"
#define STATIC "8f6a1b2c1d2e4f30a1b2c3d4e5f60718"

static void is(const char *text, const char *name)
{
	struct cgroup_owner owner;
	char buf[512] = "";
	bool known = cgroup_parse(text, strlen(text), &owner);

	if (known)
		cgroup_name(buf, sizeof(buf), &owner);
	assert_int_equal(known, owner.kind != CGROUP_NONE);
	if (strcmp(buf, name))
		fail_msg("'%s': is '%s', not '%s'", text, buf, name);
}

static void containers(void **state)
{
	(void)state;
	is("0::/system.slice/docker-" ID ".scope\n", "docker:3f2a9c81d0e4");
	is("0::/docker/" ID "\n", "docker:3f2a9c81d0e4");
	is("0::/system.slice:docker:" ID "\n", "docker:3f2a9c81d0e4");
	is("0::/system.slice/cri-containerd-" ID ".scope\n", "containerd:3f2a9c81d0e4");
	is("0::/system.slice/nerdctl-" ID ".scope\n", "containerd:3f2a9c81d0e4");
	is("0::/x/crio-" ID ".scope/container\n", "crio:3f2a9c81d0e4");
	is("0::/x/crio-" ID "\n", "crio:3f2a9c81d0e4");
	is("0::/machine.slice/libpod-" ID ".scope/container\n", "podman:3f2a9c81d0e4");
	is("0::/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-"
	   ID ".scope/container\n", "podman:3f2a9c81d0e4");
	is("0::/libpod_parent/libpod-" ID "\n", "podman:3f2a9c81d0e4");
	is("0::/x.slice/libpod-payload-" ID "\n", "podman:3f2a9c81d0e4");
	/* of a runtime that is not known here */
	is("0::/garden/" ID "\n", "container:3f2a9c81d0e4");
	is("0::/docker/" ID " (deleted)\n", "docker:3f2a9c81d0e4");
	is("0::/../docker-" ID ".scope\n", "docker:3f2a9c81d0e4");
	/* what watches over a container is not in it */
	is("0::/machine.slice/libpod-conmon-" ID ".scope\n", "");
	is("0::/x/crio-conmon-" ID ".scope\n", "");
}

static void pods(void **state)
{
	(void)state;
	is("0::/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod"
	   POD_ ".slice/cri-containerd-" ID ".scope\n", "pod:8f6a1b2c-1d2e");
	is("0::/kubepods.slice/kubepods-pod" POD_ ".slice/crio-" ID ".scope\n",
	   "pod:8f6a1b2c-1d2e");
	is("0::/kubepods/besteffort/pod" POD "/" ID "\n", "pod:8f6a1b2c-1d2e");
	is("0::/kubepods/pod" STATIC "/" ID "\n", "pod:8f6a1b2c1d2e4");
	is("0::/system.slice/containerd.service/kubepods-burstable-pod" POD_
	   ".slice:cri-containerd:" ID "\n", "pod:8f6a1b2c-1d2e");
	is("0::/kubepods/burstable/pod" POD "\n", "pod:8f6a1b2c-1d2e");
	/* a container in a container of the pod has its own network */
	is("0::/kubepods/pod" POD "/" ID "/docker/" ID2 "\n",
	   "docker:00ff00ff00ff");
	/* and a node that is a container has pods */
	is("0::/docker/" ID2 "/kubelet/kubepods/pod" POD "/" ID "\n",
	   "pod:8f6a1b2c-1d2e");
	is("0::/podium/pod" POD "\n", "");
	is("0::/kubepods/pod8f6a1b2c\n", "");
}

static void whole_ids(void **state)
{
	static const char text[] = "0::/kubepods-pod" POD_ ".slice\n";
	struct cgroup_owner owner;

	(void)state;
	assert_true(cgroup_parse(text, sizeof(text) - 1, &owner));
	assert_int_equal(owner.kind, CGROUP_POD);
	assert_string_equal(owner.id, POD);
	assert_string_equal(cgroup_kind_name(owner.kind), "pod");
	assert_true(cgroup_parse("0::/docker/" ID, 11 + 64, &owner));
	assert_string_equal(owner.id, ID);
}

static void machines(void **state)
{
	(void)state;
	is("0::/lxc/web\n", "lxc:web");
	is("0::/lxc/101/ns/init.scope\n", "lxc:101");
	is("0::/lxc.payload/web/system.slice/nginx.service\n", "lxc:web");
	is("0::/lxc.payload.web\n", "lxc:web");
	is("0::/lxc.payload.\n", "");
	is("0::/lxc.monitor.web\n", "");
	is("0::/machine.slice/machine-foo.scope/payload\n", "nspawn:foo");
	is("0::/machine.slice/machine-my\\x2dbox.scope\n", "nspawn:my-box");
	is("0::/machine.slice/systemd-nspawn@foo.service/payload\n", "nspawn:foo");
	is("0::/machine.slice/machine-qemu\\x2d1\\x2dvm.scope\n", "");
	is("0::/machine.slice/machine-.scope\n", "");
	is("0::/lxc/web/docker/" ID "\n", "docker:3f2a9c81d0e4");
}

static void units(void **state)
{
	(void)state;
	is("0::/system.slice/foo.service\n", "foo.service");
	is("0::/user.slice/user-1000.slice/user@1000.service/app.slice/bar.service\n",
	   "bar.service");
	is("0::/system.slice/.service\n", "");
	/* a unit in a container is not what the container is called */
	is("0::/docker/" ID "/system.slice/nginx.service\n", "docker:3f2a9c81d0e4");
	is("0::/user.slice/user-0.slice/session-1.scope\n", "");
	is("0::/init.scope\n", "");
	is("0::/\n", "");
}

/* v1 has a path for each hierarchy, and some may say less than others. */
static void hierarchies(void **state)
{
	(void)state;
	is("12:pids:/docker/" ID "\n11:cpu,cpuacct:/docker/" ID "\n"
	   "1:name=systemd:/docker/" ID "\n0::/system.slice/containerd.service\n",
	   "docker:3f2a9c81d0e4");
	is("3:cpuset:/\n2:freezer:/lxc/web\n1:name=systemd:/system.slice/x.service\n",
	   "lxc:web");
	is("1:name=a:b:/docker/" ID "\n", "");
}

static void garbage(void **state)
{
	static char huge[1 << 16];
	struct cgroup_owner owner;
	size_t i;

	(void)state;
	is("", "");
	is("\n\n\n", "");
	is(":", "");
	is("::", "");
	is("0:", "");
	is("0::", "");
	is("0::x", "");
	is("/docker/" ID, "");
	is("0::////docker////" ID "///\n", "docker:3f2a9c81d0e4");
	/* not of 64 digits, or not digits */
	is("0::/docker/3f2a9c81d0e4\n", "");
	is("0::/docker/" ID "0\n", "");
	is("0::/docker-g" ID ".scope\n", "");
	is("0::/docker-" ID ".scope.d\n", "");
	is("0::/-" ID ".scope\n", "");
	is("0::/:" ID "\n", "");
	is("0::/" ID, "container:3f2a9c81d0e4");
	/* bytes that are no text, and a NUL amid them */
	assert_false(cgroup_parse("0::/\xff\xfe\x00/\x1b[2J", 12, &owner));
	assert_int_equal(owner.kind, CGROUP_NONE);
	assert_true(cgroup_parse("0::/a\0b.service", 15, &owner));
	/* a component, and a path, that are longer than any can be */
	memset(huge, 'x', sizeof(huge) - 1);
	memcpy(huge, "0::/", 4);
	memcpy(huge + sizeof(huge) - 9, ".service", 9);
	assert_true(cgroup_parse(huge, sizeof(huge) - 1, &owner));
	assert_int_equal(strlen(owner.id), CGROUP_NAME - 1);
	for (i = 4; i + 1 < sizeof(huge); i += 2)
		memcpy(huge + i, "/a", 2);
	assert_false(cgroup_parse(huge, sizeof(huge) - 1, &owner));
	for (i = 0; i + 1 < sizeof(huge); i++)
		huge[i] = ':';
	assert_false(cgroup_parse(huge, sizeof(huge) - 1, &owner));
}

/* Whatever part of a text comes, nothing is read beyond it. */
static void cut_off(void **state)
{
	static const char text[] =
		"0::/kubepods.slice/kubepods-burstable-pod" POD_ ".slice/x\n"
		"1:a:/lxc.payload.web/machine.slice/machine-a\\x2db.scope\n"
		"2:b:/docker/" ID "/libpod-payload-" ID2 " (deleted)\n";
	struct cgroup_owner owner;
	char *part;
	size_t n;

	(void)state;
	for (n = 0; n < sizeof(text); n++) {
		/* of that very size, so that ASan sees a byte too many */
		part = malloc(n ? n : 1);
		assert_non_null(part);
		memcpy(part, text, n);
		cgroup_parse(part, n, &owner);
		free(part);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(containers),
		cmocka_unit_test(pods),
		cmocka_unit_test(whole_ids),
		cmocka_unit_test(machines),
		cmocka_unit_test(units),
		cmocka_unit_test(hierarchies),
		cmocka_unit_test(garbage),
		cmocka_unit_test(cut_off),
	};

	return cmocka_run_group_tests_name("cgroup", tests, NULL, NULL);
}
