#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Who may watch, what he is told when he may not or asks wrongly, and what he gets."""

import errno
import os
import socket
import struct
import time

from deeds import Local, Unseen
from guise import become_nobody, become_userns_root, error_of, in_child
from tap import (LIBC, done, enter_netns, equal, make_buckets, must, new_netns, note, ok, own_netns,
                 setting, skip, sysctl)
from witness import NO_GROUP, Observer, has_group, join, netns_inode, new_client, plain, registered

CLONE_NEWPID = 0x20000000
SO_RCVBUFFORCE = 33
FTRACE_ENABLED = "kernel.ftrace_enabled"


def traffic(kinds=("IPv4",), fin=True):
    """Buckets in the namespace this process is in; their 4-tuples."""
    local = Local(Unseen())
    made = [local.bucket(kind, fin=fin).at for kind in kinds]
    local.close()
    return made


def refused(deed, number, words, what):
    seen, text = error_of(deed)
    ok(seen == number and words in text and (text or not words), what,
       f"{errno.errorcode.get(seen, seen)}: {text!r}")


def nobody():
    become_nobody()
    return Observer().stats()


def unprivileged():
    """Of his namespace he sees what ss would tell him, and no more."""
    before = in_child(nobody)
    at = traffic()[0]
    after = in_child(nobody)
    mine = Observer().stats()
    moved = {name: after[name] - before[name] for name in after}
    equal({name: n for name, n in moved.items() if n}, {"created-fin-wait2": 1},
          f"nobody: stats-get counts what was made, and hides the segments ({at.local_port})")
    ok(mine["decisions.fin"] and mine["segments"], "which root is told of", mine)


def netns_admin():
    become_userns_root()
    o = Observer()
    begin = o.events({})[2]
    at = traffic(("IPv4", "IPv6"))
    rows, _, cursor = o.events({"cursor": begin})
    since = o.events({"since-ms": 60000})[0]
    listener = new_client()
    join(listener)
    stats = o.stats()
    heard = heard_of_new(listener, lambda: traffic(("IPv6",)))
    return {"inode": netns_inode(), "made": [list(a) for a in at],
            "events": [[e.type, e.reason, list(e.who)] for e in map(plain, rows)],
            "netns of events": sorted({r["netns"] for r in rows + since}),
            "netns heard of": sorted({m["netns"] for m in heard}),
            "heard": sorted(m["type"] for m in heard),
            "heard of pids": [m["pid"] for m in heard if "pid" in m], "cursor": len(cursor), "stats": stats}


def heard_of_new(listener, deed, timeout=5):
    """What arrives at a multicast listener of a deed, which makes a bucket and a decision."""
    while True:
        listener.check_ntf()
        listener.async_msg_queue.clear()
        time.sleep(1.2)
        if not listener.check_ntf() and not listener.async_msg_queue:
            break
    deed()
    end = time.monotonic() + timeout
    while len(listener.async_msg_queue) < 2 and time.monotonic() < end:
        time.sleep(0.05)
        listener.check_ntf()
    time.sleep(0.2)
    listener.check_ntf()
    return [m["msg"] for m in listener.async_msg_queue]


def admin_of_a_netns():
    """He sees the events of his own, whatever happens elsewhere."""
    traffic()
    answer = in_child(netns_admin)
    inode = answer["inode"]
    wanted = []
    for at in answer["made"]:
        wanted += [["created", None, at], ["decision", "fin", at]]
    equal(answer["events"], wanted, "admin of a netns: event-get has his own, and all of them")
    equal(answer["netns of events"], [inode], "and nobody else's, since a minute either")
    if has_group(new_client()):
        equal((answer["heard"], answer["netns heard of"]), (["created", "decision"], [inode]),
              "his listener hears of his own")
    else:
        skip("his listener hears of his own", NO_GROUP)
    equal(answer["heard of pids"], [], "and not by which process, whose number he could not know")
    ok(answer["stats"]["segments"] and answer["stats"]["decisions.fin"] == 2,
       "he is told of segments", answer["stats"])


def pids_of_events(deed):
    """Of what the deed made, the process numbers that whoever asks is told of."""
    o = Observer()
    begin = o.events({})[2]
    deed()
    return [[e.get("pid", 0), e.get("comm")] for e in o.events({"cursor": begin})[0]
            if e["type"] == "created"]


def as_container():
    """A pid namespace of its own, where this process is not yet: its children are."""
    new_netns()
    begin = Observer().events({})[2]
    outside = pids_of_events(traffic)
    if LIBC.unshare(CLONE_NEWPID):
        raise OSError("unshare")
    return {"outside": outside, "pid": os.getpid(), "inside": in_child(as_pid_1, list(begin))}


def as_pid_1(begin):
    rows = Observer().events({"cursor": bytes(begin)})[0]
    return {"parent's": [[e.get("pid", 0), e.get("comm")] for e in rows if e["type"] == "created"],
            "own": pids_of_events(traffic), "pid": os.getpid()}


def numbers_of_processes():
    answer = in_child(as_container)
    inside = answer["inside"]
    equal(answer["outside"], [[answer["pid"], "python3"]], "a process has its number")
    equal(inside["own"], [[1, "python3"]], "in a pid namespace it has the one it has there")
    equal(inside["parent's"], [[0, "python3"]], "and one outside has none")


def listeners():
    """Multicast: by namespace, in batches, and to one that was there before the hooks."""
    if not has_group(new_client()):
        skip("a listener hears of a bucket made, and of its FIN", NO_GROUP)
        return
    home = own_netns()
    here, elsewhere = new_client(), None
    join(here)
    other = new_netns()
    must("ip", "link", "set", "lo", "up")
    elsewhere = new_client()
    join(elsewhere)
    enter_netns(home)
    heard = heard_of_new(here, traffic)
    equal([(m["type"], m.get("decision"), m["netns"]) for m in heard],
          [("created", None, netns_inode()), ("decision", "fin", netns_inode())],
          "a listener hears of a bucket made, and of its FIN")
    elsewhere.check_ntf()
    equal(elsewhere.async_msg_queue, [], "a listener of another namespace does not")
    o = Observer()
    o.off()
    here.async_msg_queue.clear()
    o.on()
    made = traffic()
    end = time.monotonic() + 4
    while len(here.async_msg_queue) < 2 and time.monotonic() < end:
        time.sleep(0.05)
        here.check_ntf()
    equal([(m["msg"]["type"], m["msg"]["local-port"]) for m in here.async_msg_queue],
          [("created", made[0].local_port), ("decision", made[0].local_port)],
          "one that stays hears of what happens right after off and on")
    many(here)
    os.close(other)


def many(here):
    """More than fit into a message, each once and in order."""
    # On a slow guest they come in as many messages as there are moments between them, unread till the end.
    here.sock.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 1 << 22)
    here.async_msg_queue.clear()
    before = Observer().stats()
    must("python3", "-c", "import socket\n"
         "l = socket.create_server(('127.0.0.1', 6000))\n"
         "for i in range(300):\n"
         "  c = socket.create_connection(('127.0.0.1', 6000)); s, _ = l.accept()\n"
         "  c.close(); s.close()\n")
    happened = sum(Observer().stats().values()) - sum(before.values())
    end = time.monotonic() + 4
    while time.monotonic() < end:
        time.sleep(0.1)
        here.check_ntf()
    after, keys = Observer().stats(), ("created-time-wait", "created-fin-wait2", "decisions.fin")
    wanted = sum(after[k] - before[k] for k in keys)
    got = [m["msg"] for m in here.async_msg_queue]
    lost = sum(m.get("lost", 0) for m in got)
    # On a slow guest others end meanwhile.
    times = [m["time-ns"] for m in got if m.get("type") == "created" or m.get("decision") == "fin"]
    equal((len(times) + lost, lost), (wanted, 0), f"a listener hears of all {wanted} of a burst")
    ok(times == sorted(times), "in the order of time")
    ok(happened >= wanted, "some", happened)


def wrong_requests():
    o = Observer()
    do, dump = o.ynl.do, o.ynl.dump
    refused(lambda: do("observe-set", {}), errno.EINVAL, "on is missing", "observe-set without on")
    refused(lambda: do("observe-set", {"on": 1, "recorder": 1048577}), errno.ERANGE,
            "1048576", "a recorder that is too large")
    seen = error_of(lambda: do("observe-set", {"on": 2}))
    equal(seen[0], errno.ERANGE, "observe-set on=2")
    cursor = o.events({})[2]
    for size in (0, 1, len(cursor) - 1, len(cursor) + 8):
        bad = (cursor + bytes(16))[:size]
        refused(lambda: dump("event-get", {"cursor": bad}), errno.EINVAL, "cursor",
                f"a cursor of {size} bytes")
    forged = cursor[:8] + b"\xff" * (len(cursor) - 8)
    equal(o.events({"cursor": forged})[:2], ([], 0), "a cursor of the future gives nothing")
    o.events({"cursor": cursor[:8] + bytes(len(cursor) - 8)})
    ok(True, "a cursor of the beginning gives what there is")
    stranger = struct.pack("Q", struct.unpack("Q", cursor[:8])[0] ^ 1) + cursor[8:]
    refused(lambda: dump("event-get", {"cursor": stranger}), errno.ESTALE, "earlier recording",
            "a cursor of another recording")
    refused(lambda: dump("event-get", {"filter": [{"term": [{"family": 7}]}]}),
            errno.EAFNOSUPPORT, "AF_INET", "a wrong filter")
    o.off()
    o.on()
    refused(lambda: dump("event-get", {"cursor": cursor}), errno.ESTALE, "earlier recording",
            "a cursor from before off and on")
    o.on(recorder=5)
    ok(True, "on once more is no error")
    o.off()
    o.off()
    ok(True, "nor is off once more")
    for what, deed in (("stats-get", lambda: do("stats-get", {})),
                       ("stats-get of all", lambda: dump("stats-get", {})),
                       ("event-get", lambda: dump("event-get", {}))):
        refused(deed, errno.ENODATA, "not observing", f"{what} while off")
    equal(dump("hook-get", {}), [], "hook-get while off")
    ok("observing" not in do("info-get", {}), "info-get while off")
    o.on()
    ok("observing" in do("info-get", {}), "info-get while on")


def begun(answer):
    """Of an answer the events but ends: on a slow guest buckets of before end meanwhile."""
    return [row for row in answer[0] if row["type"] != "ended"]


def filters():
    """Events of some buckets only."""
    o = Observer()
    cursor = o.events({})[2]
    four, six = traffic(("IPv4", "IPv6"))
    for family, at in ((socket.AF_INET, four), (socket.AF_INET6, six)):
        rows = begun(o.events({"cursor": cursor, "filter": [{"term": [{"family": int(family)}]}]}))
        equal([plain(r).who for r in rows], [at, at], f"event-get by family {int(family)}")
    rows = o.events({"cursor": cursor, "filter": [{"term": [
        {"local-port-min": six.local_port, "local-port-max": six.local_port}]}]})[0]
    equal([plain(r).who for r in rows], [six, six], "event-get by port")
    time.sleep(0.3)
    equal(begun(o.events({"since-ms": 100})), [], "event-get of the last 100 ms")
    ok(len(o.events({"since-ms": 100000})[0]) >= 4, "event-get of the last 100 s")
    equal(begun(o.events({})), [], "event-get of now")


def function_tracer():
    """Without it the hooks would be silent, so it can't be had off, or they not on."""
    o = Observer()
    o.off()
    off = registered()
    o.on()
    on = registered()
    hooks = o.ynl.dump("hook-get", {})
    equal({h["mechanism"] for h in hooks} - {"ftrace", "kprobe", "kretprobe"}, set(), "hook-get")
    note(", ".join(f"{h['symbol']} {h['mechanism']}" for h in hooks))
    text = "".join(on.values())
    equal([h["symbol"] for h in hooks if h["symbol"] not in text], [],
          "each hook is where the kernel lists what is hooked")
    equal(sum(h["missed"] for h in hooks), 0, "none missed anything")
    by_ftrace = any(h["mechanism"] != "kprobe" for h in hooks)
    if by_ftrace:
        seen = error_of(lambda: setting(FTRACE_ENABLED, 0))
        ok(seen[0] in (errno.EBUSY, errno.EOPNOTSUPP),
           f"{FTRACE_ENABLED}=0 is refused while on", seen)
        equal(setting(FTRACE_ENABLED), "1", "and stays 1")
    o.off()
    equal(registered(), off, "nothing is hooked when off")
    if error_of(lambda: setting(FTRACE_ENABLED, 0))[0]:
        skip(f"on with {FTRACE_ENABLED}=0", "this kernel has it always on")
    else:
        before = registered()
        refused(o.on, errno.EBUSY, "ftrace_enabled", f"on with {FTRACE_ENABLED}=0 is refused")
        ok("observing" not in o.ynl.do("info-get", {}), "it is off")
        equal(registered(), before, "and nothing is left behind")
        setting(FTRACE_ENABLED, 1)
    o.on()
    equal(registered(), on, "on again")


def unmoved(o, ask):
    """The counters, and an answer that is of the same moment: on a slow guest buckets of before end."""
    for _ in range(20):
        stats, answer = o.all_stats(), ask()
        if o.all_stats() == stats:
            break
    return stats, answer


def tiny_recorder():
    """What was overwritten before it was read is told as lost."""
    o = Observer()
    o.off()
    o.on(recorder=1)
    before, cursor = unmoved(o, lambda: o.events({"all-netns": True})[2])
    local = Local(Unseen())
    for _ in range(150):
        local.bucket("IPv4")
    local.close()

    def twice():
        first = o.events({"cursor": cursor, "all-netns": True})
        return first, o.events({"cursor": first[2], "all-netns": True})[:2]
    after, ((rows, lost, _), again) = unmoved(o, twice)
    happened = sum(after[n][k] - before[n][k] for n in after for k in after[n]
                   if k.startswith(("created-", "ended.", "decisions.")))
    # On a slow machine buckets of before end meanwhile.
    equal((len(rows) + lost, happened >= 300), (happened, True), "lost and received are all that happened")
    ok(64 <= len(rows) <= 64 * os.cpu_count() and lost, "as many as fit were received", len(rows))
    equal(again, ([], 0), "none twice")
    rows = o.events({"since-ms": 100000, "all-netns": True})
    ok(rows[1] == 0 and 64 <= len(rows[0]) <= 64 * os.cpu_count(), "since-ms loses nothing",
       (len(rows[0]), rows[1]))
    o.off()


def losses_of_all():
    """Who listens is told how many are lost, in whichever of many namespaces, and each loss once."""
    if not has_group(new_client()):
        skip("what is lost is told in each namespace", NO_GROUP)
        return
    home, o = own_netns(), Observer()
    o.off()
    here = new_client()
    join(here)
    # Of which the module takes 64 at a time.
    others = [new_netns() for _ in range(150)]
    there = new_client()
    join(there)
    enter_netns(home)
    for client in here, there:
        client.sock.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 1 << 22)
    o.on(recorder=1)
    o.ynl.do("info-get", {})
    time.sleep(0.5)
    make_buckets("-n", 3000, "-p", 7777)
    lost = {here: 0, there: 0}
    for _ in range(30):
        time.sleep(0.1)
        for client in lost:
            client.check_ntf()
            lost[client] += sum(m["msg"].get("lost", 0) for m in client.async_msg_queue)
            client.async_msg_queue.clear()
    ok(lost[here] == lost[there] > 0, "what is lost is told in each namespace, each time once",
       tuple(lost.values()))
    o.off()
    for netns in others:
        os.close(netns)


def module_parameters():
    """Observing from the beginning; a recorder without end is not to be had."""
    must("rmmod", "twscope")
    must("modprobe", "twscope", "observe=1", "recorder=100")
    o = Observer()
    ok("observing" in o.ynl.do("info-get", {}), "observe=1")
    listener = new_client()
    join(listener)
    if has_group(listener):
        heard = heard_of_new(listener, traffic)
        equal([m["type"] for m in heard], ["created", "decision"], "a listener hears with observe=1")
    else:
        skip("a listener hears with observe=1", NO_GROUP)
    must("rmmod", "twscope")
    must("modprobe", "twscope", "observe=1", "recorder=4294967295")
    ok("observing" in Observer().ynl.do("info-get", {}), "recorder=4294967295 is cut")
    must("rmmod", "twscope")
    must("modprobe", "twscope")


def main():
    sysctl("net.ipv4.tcp_tw_reuse", 0)
    Observer().on()
    for part in (unprivileged, admin_of_a_netns, numbers_of_processes, listeners, filters,
                 wrong_requests, function_tracer, tiny_recorder, losses_of_all,
                 module_parameters):
        begin = time.monotonic()
        part()
        note(f"{part.__name__}: {time.monotonic() - begin:.1f} s")
    done()


main()
