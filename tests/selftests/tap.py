# SPDX-License-Identifier: GPL-2.0
"""What the selftests share: TAP on stdout, commands, buckets."""

import ctypes
import json
import os
import socket
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
TWGEN = os.path.join(HERE, "twgen")
SUBSTATES = {5: "fin-wait2", 6: "time-wait"}
CLONE_NEWNET = 0x40000000
NETLINK_GENERIC, SOL_NETLINK = 16, 270
NETLINK_CAP_ACK, NETLINK_EXT_ACK, NETLINK_GET_STRICT_CHK = 10, 11, 12
LIBC = ctypes.CDLL(None, use_errno=True)

_count = 0
_failed = 0


def ok(condition, what, detail=""):
    """One line of TAP; the detail tells what was seen instead."""
    global _count, _failed
    _count += 1
    if condition:
        print(f"ok {_count} - {what}", flush=True)
    else:
        _failed += 1
        print(f"not ok {_count} - {what}", flush=True)
        for line in str(detail).splitlines()[:20]:
            print(f"#   {line}", flush=True)
    return condition


def equal(seen, wanted, what):
    if isinstance(seen, (set, frozenset)) and isinstance(wanted, (set, frozenset)):
        why = (f"seen beyond those wanted  {sorted(seen - wanted, key=repr)!r}\n"
               f"wanted and not seen       {sorted(wanted - seen, key=repr)!r}")
    else:
        why = f"seen   {seen!r}\nwanted {wanted!r}"
    return ok(seen == wanted, what, why)


def skip(what, why):
    global _count
    _count += 1
    print(f"ok {_count} - {what} # SKIP {why}", flush=True)


def note(text):
    print(f"# {text}", flush=True)


def done():
    print(f"1..{_count}", flush=True)
    sys.exit(1 if _failed else 0)


def run(*command, **options):
    options.setdefault("capture_output", True)
    options.setdefault("text", True)
    return subprocess.run(command, **options)


def must(*command, **options):
    """The output of a command that the test stands on."""
    result = run(*command, **options)
    if result.returncode:
        print(f"Bail out! {' '.join(command)}: status {result.returncode}: {result.stderr}", flush=True)
        for line in str(result.stdout).splitlines()[-40:]:
            note(line)
        sys.exit(1)
    return result.stdout


def twctl(*args, netns=None):
    """What twctl says in JSON."""
    prefix = ("ip", "netns", "exec", netns) if netns else ()
    return json.loads(must(*prefix, "twctl", "-j", *args))


def sysctl(name, value=None, netns=None):
    """Reads a sysctl, or sets it; None where the kernel has none of that name."""
    prefix = ("ip", "netns", "exec", netns) if netns else ()
    if value is not None:
        must(*prefix, "sysctl", "-q", f"{name}={value}")
        return value
    result = run(*prefix, "sysctl", "-n", name)
    return None if result.returncode else result.stdout.strip()


def make_buckets(*args, netns=None):
    """Runs twgen to its end; the 4-tuples it made."""
    prefix = ("ip", "netns", "exec", netns) if netns else ()
    return tuples_of(must(*prefix, TWGEN, *map(str, args)))


def tuples_of(text):
    rows = (line.split() for line in text.splitlines())
    return {(a, int(p), b, int(q)) for a, p, b, q in rows}


def kernel():
    """Of the running kernel, what the module found out at build time by other means."""
    return tuple(map(int, os.uname().release.split("-")[0].split("+")[0].split(".")[:2]))


class FinWait2:
    """Buckets in FIN_WAIT2 for as long as the server lives; most of those asked for."""

    def __init__(self, count, *args, netns=None):
        prefix = ("ip", "netns", "exec", netns) if netns else ()
        self.process = subprocess.Popen(
            (*prefix, TWGEN, "-f", "-n", str(count), *map(str, args)),
            stdout=subprocess.PIPE, text=True)
        self.tuples = tuples_of(self.process.stdout.read())
        # The ACK of the last FINs may be a delayed one.
        for _ in range(100):
            if not ss("fin-wait-1", netns, buckets=False):
                break
            time.sleep(0.1)
        self.tuples &= ss("fin-wait-2", netns)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()


def key(row):
    return row["local"], row["local_port"], row["remote"], row["remote_port"]


def ss(state, netns=None, buckets=True):
    """The 4-tuples that ss shows in a state, of all sockets or of buckets alone.

    A FIN_WAIT2 that met its ACK while the socket was in use stays a full socket
    and runs on the keepalive timer; a bucket runs on the timewait timer.
    """
    prefix = ("ip", "netns", "exec", netns) if netns else ()
    rows = set()
    for line in must(*prefix, "ss", "-tanoH", "state", state).splitlines():
        if buckets and "timer:(timewait" not in line:
            continue
        # With a state filter ss leaves the column of the state out.
        local, remote = line.split()[2:4]
        rows.add((*endpoint(local), *endpoint(remote)))
    return rows


def endpoint(text):
    address, port = text.rsplit(":", 1)
    return address.strip("[]").split("%")[0], int(port)


def sockstat_tw():
    with open("/proc/net/sockstat") as f:
        for line in f:
            if line.startswith("TCP:"):
                words = line.split()
                return int(words[words.index("tw") + 1])
    return None


def slab_bytes():
    """Of a bucket, as slabinfo says it; of the slab where KASAN adds red zones, without those."""
    with open("/proc/slabinfo") as f:
        sizes = {int(line.split()[3]) for line in f if line.startswith("tw_sock_TCP")}
    with open("/proc/kallsyms") as f:
        if not any("kasan_save_stack" in line for line in f):
            return sizes
    with open("/sys/kernel/slab/tw_sock_TCP/object_size") as f:
        # Behind each object is a pointer to the next free one.
        return {int(f.read()) + 8}


def netstat():
    """TcpExt counters."""
    with open("/proc/net/netstat") as f:
        lines = [line.split() for line in f if line.startswith("TcpExt:")]
    return dict(zip(lines[0][1:], map(int, lines[1][1:])))


def setting(name, value=None):
    """A sysctl of the namespace this process is in, without another process to ask."""
    with open("/proc/sys/" + name.replace(".", "/"), "r" if value is None else "w") as f:
        return f.read().strip() if value is None else f.write(f"{value}\n")


def ynl_client():
    """The kernel tree's own Python client with our spec, in this process."""
    sys.path.append(os.path.join(HERE, "ynl"))
    from lib import YnlFamily
    return YnlFamily(os.path.join(HERE, "twscope.yaml"), schema="")


def ynl_socket():
    """Another socket for that client, of the namespace and user this process has now."""
    sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_GENERIC)
    for option in NETLINK_CAP_ACK, NETLINK_EXT_ACK, NETLINK_GET_STRICT_CHK:
        sock.setsockopt(SOL_NETLINK, option, 1)
    return sock


def own_netns():
    """This process' network namespace, to come back to it."""
    return os.open("/proc/self/ns/net", os.O_RDONLY | os.O_CLOEXEC)


def new_netns():
    """Puts this process into a new network namespace."""
    if LIBC.unshare(CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "unshare")
    return own_netns()


def enter_netns(fd):
    if LIBC.setns(fd, CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "setns")
