# SPDX-License-Identifier: GPL-2.0
"""The module in and out, and that nothing of it stays behind."""

import contextlib
import ctypes
import errno
import glob
import os
import re
import time

from tap import LIBC, equal, must, note, ok, run
from witness import KMEMLEAK, Observer, leaked, registered

# The number of the system call.
DELETE_MODULE = {"x86_64": 176, "aarch64": 106}
OURS = re.compile(r"\[twscope\]|twscope_")


def rmmod():
    return run("rmmod", "twscope")


def load(observe):
    must("modprobe", "twscope", f"observe={int(observe)}")


def holders():
    """How many references the module has, and where in the kernel whoever may hold one is."""
    lines = [f"references {run('cat', '/sys/module/twscope/refcnt').stdout}"]
    for path in glob.glob("/proc/[0-9]*/task/[0-9]*/stack"):
        with contextlib.suppress(OSError), open(path) as f:
            stack = f.read()
            if OURS.search(stack) or "netlink" in stack:
                lines.append(f"{path}:\n{stack}")
    return "".join(lines)


def until_removed():
    """
    A dump under way holds the module; nothing else may. On a slow kernel there is nearly always one, so it is
    asked for often, without a process for each time.
    """
    end = time.monotonic() + 300
    while LIBC.syscall(DELETE_MODULE[os.uname().machine], b"twscope", os.O_NONBLOCK):
        error = ctypes.get_errno()
        if error not in (errno.EWOULDBLOCK, errno.EBUSY) or time.monotonic() > end:
            raise RuntimeError(f"delete_module: {os.strerror(error)}\n{holders()}")
        time.sleep(0.01)


def allocated():
    """Memory by kind: per processor, and objects of each size."""
    with open("/proc/meminfo") as f:
        kinds = {"Percpu": int(re.search(r"^Percpu:\s*(\d+)", f.read(), re.M)[1])}
    with open("/proc/slabinfo") as f:
        for line in list(f)[2:]:
            name, active = line.split()[:2]
            if name.startswith("kmalloc"):
                kinds[name] = int(active)
    return kinds


def nothing_left():
    """Module gone: nothing of it in the kernel's lists. Module loaded, off: no memory in use."""
    lists = registered()
    equal({path: text for path, text in lists.items() if OURS.search(text)}, {},
          "nothing of ours is hooked")
    load(False)
    with open("/proc/vmallocinfo") as f:
        before = [line for line in f if OURS.search(line)]
    o = Observer()
    o.on(recorder=65536)
    with open("/proc/vmallocinfo") as f:
        during = [line for line in f if OURS.search(line)]
    o.off()
    with open("/proc/vmallocinfo") as f:
        after = [line for line in f if OURS.search(line)]
    ok(len(during) > len(before), "a big recorder shows in vmallocinfo", during)
    equal(len(after), len(before), "and is gone when off")


def cycle():
    o = Observer()
    o.on(recorder=64)
    o.events({"since-ms": 1000})
    o.off()
    must("rmmod", "twscope")
    load(False)


def leaks(cycles):
    """On, off, out and in, undisturbed: memory does not grow with each."""
    if os.path.exists(KMEMLEAK):
        # Such a kernel keeps for a while what was freed.
        for _ in range(cycles):
            cycle()
        equal(leaked(), [], "kmemleak finds nothing of ours")
        return
    grown = []
    for _ in range(3):
        before = allocated()
        for _ in range(cycles):
            cycle()
        after = allocated()
        grown.append({kind: after[kind] - n for kind, n in before.items() if after.get(kind, 0) > n})
    always = {kind: [g[kind] for g in grown] for kind in grown[0]
              if all(g.get(kind, 0) >= cycles for g in grown)}
    equal(always, {}, f"{3 * cycles} times more: no kind of memory grows each time")
    note(f"grown by kind: {grown}")
