# SPDX-License-Identifier: GPL-2.0
"""Being someone else: each in a process of its own, as there is no way back."""

import ctypes
import json
import os

from tap import CLONE_NEWNET, LIBC, ok

CLONE_NEWUSER = 0x10000000
PR_SET_DUMPABLE, PR_CAPBSET_DROP = 4, 24
CAP_NET_ADMIN = 12
CAPABILITY_VERSION_3 = 0x20080522
NOBODY, USER = 65534, 1000


def in_child(deed, *args):
    """What a function returns in a process of its own, which may become someone else."""
    read, write = os.pipe()
    pid = os.fork()
    if not pid:
        try:
            answer = deed(*args)
        except BaseException as error:  # pylint: disable=broad-except
            answer = {"exception": repr(error)}
        os.write(write, json.dumps(answer).encode())
        os._exit(0)
    os.close(write)
    with os.fdopen(read) as f:
        answer = json.loads(f.read())
    os.waitpid(pid, 0)
    if isinstance(answer, dict) and "exception" in answer:
        ok(False, f"{deed.__name__} runs", answer["exception"])
        raise SystemExit(1)
    return answer


def error_of(deed):
    """The errno of a refusal, and its text."""
    try:
        deed()
    except Exception as error:  # pylint: disable=broad-except
        if isinstance(error, OSError):
            return error.errno, ""
        text = (getattr(error, "nl_msg", None) and error.nl_msg.extack or {}).get("msg", "")
        return getattr(error, "error", str(error)), text
    return 0, ""


def called(result):
    if result:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def become_nobody(number=NOBODY):
    os.setgroups([])
    os.setresgid(number, number, number)
    os.setresuid(number, number, number)
    # Else /proc/self would be root's.
    called(LIBC.prctl(PR_SET_DUMPABLE, 1, 0, 0, 0))


def become_userns_root(netns=True):
    """Root of a user namespace of whoever this is, with or without a network namespace of its own."""
    uid, gid = os.geteuid(), os.getegid()
    called(LIBC.unshare(CLONE_NEWUSER | (CLONE_NEWNET if netns else 0)))
    for name, text in (("setgroups", "deny"), ("uid_map", f"0 {uid} 1"), ("gid_map", f"0 {gid} 1")):
        with open(f"/proc/self/{name}", "w") as f:
            f.write(text)


def lose_net_admin():
    """Root as before, but for that capability: neither programs get it back."""
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0)
    sets = (ctypes.c_uint32 * 6)()
    called(LIBC.prctl(PR_CAPBSET_DROP, CAP_NET_ADMIN, 0, 0, 0))
    called(LIBC.capget(header, sets))
    for i in range(3):
        sets[i] &= ~(1 << CAP_NET_ADMIN)
    called(LIBC.capset(header, sets))
