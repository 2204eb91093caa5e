#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""What network namespaces are called, and where their sysctls differ."""

import json
import os
import subprocess
import time

from tap import done, equal, must, ok, run, sysctl, twctl

CGROUP = "/tmp/cgroup"
ID = "3f2a9c81d0e4" + "5b" * 26
DEFAULTS = "a new namespace begins with the kernel's defaults, whatever others have set"
HEADING = "sysctls that differ from those of the initial one (=: the same)"


def inode(pid):
    return os.stat(f"/proc/{pid}/ns/net").st_ino


class Stranger:
    """A process in a namespace of its own, in a cgroup, under any name."""

    def __init__(self, cgroup, name="sleep"):
        path = f"{CGROUP}/{cgroup}"
        os.makedirs(path, exist_ok=True)
        program = f"/tmp/{name}"
        if not os.path.lexists(program):
            os.symlink(must("bash", "-c", "type -P sleep").strip(), program)
        self.process = subprocess.Popen(
            ("bash", "-c", 'echo $$ >"$1/cgroup.procs" && exec unshare -n "$2" 1000', "-", path, program))
        for _ in range(100):
            if inode(self.process.pid) != inode("self") and self.called() not in ("bash", "unshare"):
                break
            time.sleep(0.1)
        self.inode = inode(self.process.pid)

    def called(self):
        """Until it is the program it has the name of what starts that."""
        with open(f"/proc/{self.process.pid}/comm") as f:
            return f.read().strip()

    def end(self):
        self.process.kill()
        self.process.wait()


def rows():
    return {s["netns"]: s for s in twctl("-A", "summary")}


def called(row):
    return row.get("netns_name"), row.get("netns_kind"), row.get("netns_owner")


def setup():
    must("mkdir", "-p", CGROUP)
    must("mount", "-t", "cgroup2", "none", CGROUP)
    must("ip", "netns", "add", "web")


def sysctls():
    """The table below that of the namespaces."""
    text = must("twctl", "-A", "summary")
    return text.split("\n\n", 1)[1].splitlines() if "\n\n" in text else []


def nothing_differs():
    equal(sysctls(), ["sysctls: the same in all of them"], "none differs at first")


def some_differ(container):
    sysctl("net.ipv4.tcp_rfc1337", 1, netns="web")
    must("nsenter", "-t", str(container.process.pid), "-n", "sysctl", "-q",
         "net.ipv4.ip_local_port_range=2000 3000")
    *lines, last = sysctls()
    equal(last, DEFAULTS, "where a namespace has its settings from is said below")
    equal(lines[0], HEADING, "what differs has a heading")
    equal(lines[1].split(), ["tcp_rfc1337", "ip_local_port_range", "NETNS"],
          "and a column for each that does, and no other")
    own = inode("self")
    values = {tuple(line.split()) for line in lines[2:]}
    equal(lines[2].split()[:3], ["0", sysctl("net.ipv4.ip_local_port_range").replace("\t", "-"),
                                 str(own)], "the initial one is the first row")
    equal(values - {tuple(lines[2].split())},
          {("1", "=", str(os.stat("/run/netns/web").st_ino), "web"),
           ("=", "2000-3000", str(container.inode), "docker:" + ID[:12])},
          "the rows are those that differ, '=' where they do not")
    by_number = rows()
    equal((by_number[own]["sysctls"]["tcp_rfc1337"],
           by_number[container.inode]["sysctls"]["ip_local_port_range_max"]), (0, 3000),
          "JSON has them all, of each")
    equal("sysctls" in must("twctl", "-H", "-A", "summary"), False, "-H leaves the table out")


def names(container, pod, unit, loose):
    seen = rows()
    equal(called(seen[inode("self")]), ("init", "initial", None), "the initial one")
    equal(called(seen[os.stat("/run/netns/web").st_ino]), ("web", "named", None),
          "what ip netns named")
    equal(called(seen[container.inode]), ("docker:" + ID[:12], "docker", ID), "a container")
    equal(called(seen[pod.inode]),
          ("pod:8f6a1b2c-1d2e", "pod", "8f6a1b2c-1d2e-4f30-a1b2-c3d4e5f60718"), "a pod")
    equal(called(seen[unit.inode]), ("foo.service", "unit", "foo.service"), "a unit")
    number = loose.process.pid
    equal(called(seen[loose.inode]), (f"pid {number} (a?[2Jb)", "process", None),
          "a process that named itself badly")
    text = must("twctl", "-A", "summary")
    ok("\x1b" not in text and f"pid {number} (a?[2Jb)" in text,
       "whose name does not reach the terminal", repr(text))
    for words in (("-A", "list"), ("-A", "whatif", "tcp_tw_reuse=1")):
        result = run("twctl", "-j", *words)
        ok(result.returncode == 0 and json.loads(result.stdout) is not None,
           f"JSON of {' '.join(words)} is whole", result)
    docker = f"/var/lib/docker/containers/{ID}"
    os.makedirs(docker)
    with open(f"{docker}/config.v2.json", "w") as f:
        json.dump({"ID": ID, "Name": "/shop"}, f)
    equal(called(rows()[container.inode]), ("docker:shop", "docker", ID),
          "a container that people named")
    equal("(docker:shop)" in must("nsenter", "-t", str(container.process.pid), "-n", "twctl").splitlines()[0],
          True, "the title of its summary")
    must("rm", "-r", "/var/lib/docker")


def unnamed():
    """Who may not look at other processes sees numbers, and no error."""
    result = run("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "twctl")
    ok(result.returncode == 0 and not result.stderr and
       str(inode("self")) in result.stdout.splitlines()[0], "nobody's summary", result)


def in_a_container():
    """With a first process of its own none of them is told to be the initial one."""
    result = run("unshare", "--pid", "--fork", "--mount-proc", "twctl", "-A", "-j", "summary")
    kinds = [s.get("netns_kind") for s in json.loads(result.stdout)]
    fixed = inode("self") == 0xeffffff9
    equal((kinds.count("initial"), result.returncode), (1 if fixed else 0, 0),
          "in a pid namespace that is another one")
    text = must("unshare", "--pid", "--fork", "--mount-proc", "twctl", "-A", "summary")
    equal(("those of the initial one" if fixed else "those of this one") in text, True,
          "what differs is told from what is known")


setup()
nothing_differs()
container = Stranger(f"docker-{ID}.scope")
pod = Stranger("kubepods/burstable/pod8f6a1b2c-1d2e-4f30-a1b2-c3d4e5f60718/" + "c" * 64)
unit = Stranger("system.slice/foo.service")
loose = Stranger("x", "a\x1b[2Jb")
names(container, pod, unit, loose)
some_differ(container)
unnamed()
in_a_container()
for stranger in container, pod, unit, loose:
    stranger.end()
done()
