#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Verdicts agree with what connect() does, and a broken rule is noticed.

oracle.py TRIALS [SEED]
"""

import json
import re
import signal
import subprocess
import sys
import time

from scene import WRONG_RULES
from tap import done, equal, must, note, ok, run, skip, sysctl, twctl

TRIALS = int(sys.argv[1])
SEED = sys.argv[2:]

SYSCTLS = ("tcp_tw_reuse", "tcp_tw_reuse_delay", "tcp_timestamps", "ip_local_port_range",
           "ip_local_reserved_ports", "tcp_fin_timeout", "tcp_max_tw_buckets",
           "tcp_child_ehash_entries")


def verify(trials, *options):
    """Exit status and findings."""
    result = run("twctl", "-j", "verify", "--trials", str(trials), *options)
    try:
        return result.returncode, json.loads(result.stdout)
    except ValueError:
        print(f"Bail out! twctl verify: {result.stderr}", flush=True)
        sys.exit(1)


def trials_of(rows, key):
    return {row[key]: row["trials"] for row in rows}


def described(failures):
    return "\n".join(json.dumps(f) for f in failures[:8])


def agreement(status, r):
    note(f"{r['rules']}, {r['trials']} trials in {r['seconds']:.1f} s; the same again: "
         f"TWSCOPE_SEED={r['seed']} TWSCOPE_TRIALS={TRIALS}")
    equal(r["trials"], TRIALS, f"{TRIALS} trials were made")
    ok(not r["disagreements"], "no verdict disagrees with connect()", described(r["disagreements"]))
    equal(r["unknown"], 0, "no verdict is unknown")
    equal(status, 0, "the exit status says so")
    ok(r["boundary"] * 20 < r["trials"], "less than 5 % are at the boundary",
       f"{r['boundary']} of {r['trials']}")
    note(f"at the boundary: {r['boundary']} ({100 * r['boundary'] / r['trials']:.2f} %)")
    equal(r["agreements"] + r["boundary"], r["trials"], "all others agree")


def coverage(r):
    """What did not occur was not tested."""
    if r["trials"] < 500:
        skip("every kind of scenario and every verdict occurred", "too few trials")
        return
    has_delay = sysctl("net.ipv4.tcp_tw_reuse_delay") is not None
    missing = [(k["kind"], k["choice"]) for k in r["kinds"] if not k["trials"]
               and (k["kind"] != "delay" or has_delay != (k["choice"] == "absent"))]
    equal(missing, [], "every choice of every kind of scenario occurred")
    wanted = {"reusable", "too-young", "disabled", "not-loopback", "no-timestamp", "bind-blocked"}
    if r["rules"] != "seconds":
        wanted.add("fin-wait2")
    equal({v for v, n in trials_of(r["search"], "verdict").items() if n}, wanted,
          "the verdicts of these rules occurred, and no other")
    equal({v for v, n in trials_of(r["bound"], "verdict").items() if n},
          {"reusable", "no-timestamp"}, "and for a port that was bound")
    for check in r["checks"]:
        held = check["trials"] - check["boundary"] - check["disagreements"]
        ok(held > 0, f"{check['check']}: held {held} times", check)
    for row in r["no_trials"]:
        if row["scenarios"]:
            note(f"no trial, {row['reason']}: {row['scenarios']}")
    ok(sum(row["scenarios"] for row in r["no_trials"]) < r["trials"] / 10,
       "few scenarios came to no trial", r["no_trials"])


def host():
    """What verify must leave as it is."""
    return ({name: sysctl(f"net.ipv4.{name}") for name in SYSCTLS},
            must("ip", "-o", "address"), must("ss", "-tanH"))


def scenarios(seed):
    """What was tried, by number."""
    text = must("twctl", "verify", "--trials", "60", "--seed", seed, "--verbose")
    return dict(re.findall(r"trial (\d+): connect: .*; (family=.*)", text))


def replay():
    one, two, other = scenarios("7"), scenarios("7"), scenarios("8")
    both = one.keys() & two.keys()
    ok(len(both) > 50 and all(one[n] == two[n] for n in both), "a seed gives the same scenarios again")
    ok(one != other, "another seed gives others")


def killed():
    """Its namespaces end with it, even when it is killed."""
    process = subprocess.Popen(("twctl", "verify", "--trials", "100000"),
                               stdout=subprocess.DEVNULL)
    time.sleep(3)
    for _ in range(100):
        during = len(twctl("-A", "summary"))
        if during == 3:
            break
        time.sleep(0.1)
    process.send_signal(signal.SIGKILL)
    process.wait()
    for _ in range(100):
        after = len(twctl("-A", "summary"))
        if after == 1:
            break
        time.sleep(0.1)
    equal((during, after), (3, 1), "two network namespaces while it runs, none after SIGKILL")


def unprivileged():
    result = run("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups",
                 "twctl", "verify")
    ok(result.returncode == 1 and "root" in result.stderr, "without root: exit 1 and a reason",
       result.stderr)


def negative_control(rules):
    """The oracle catches a broken rule."""
    wrong = WRONG_RULES[rules]
    must("modprobe", "-r", "twscope")
    must("modprobe", "twscope", f"rules={wrong}")
    status, r = verify(300, "--seed", "1")
    equal((r["rules"], r["rules_told"]), (wrong, True), f"the module was told {wrong}")
    ok(len(r["disagreements"]) > 3, "the oracle catches a broken rule",
       f"{len(r['disagreements'])} disagreements")
    equal(status, 1, "and the exit status says so")
    note(f"{wrong} instead of {rules}: {len(r['disagreements'])} disagreements in 300 trials")
    others = {f["scenario"].split("close=")[1].split()[0] for f in r["disagreements"]
              if f["check"] == "connect"}
    if rules.startswith("seconds"):
        equal(others, {"never"}, "all of them in FIN_WAIT2, where the rules differ")
    must("modprobe", "-r", "twscope")
    must("modprobe", "twscope", "rules=unknown")
    status, r = verify(40)
    equal((status, r["agreements"], r["unknown"]), (1, 0, 40), "what is unknown is no agreement")
    must("modprobe", "-r", "twscope")
    must("modprobe", "twscope")


before = host()
outcome = verify(TRIALS, *(("--seed", SEED[0]) if SEED and SEED[0] else ()))
agreement(*outcome)
coverage(outcome[1])
replay()
killed()
equal(host(), before, "sysctls, addresses and sockets of the host are as before")
unprivileged()
negative_control(outcome[1]["rules"])
done()
