#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""twctl against the real module: errors, exit codes, versions, what a pipe does."""

import json
import signal
import subprocess
import time

from tap import TWGEN, done, equal, must, ok, run, sysctl


def fails(what, code, words, *command):
    """The exit code, nothing on stdout but an empty JSON, and words on stderr."""
    result = run(*command)
    ok(result.returncode == code and all(w in result.stderr for w in words) and
       result.stderr.startswith("twctl: ") and not result.stdout.strip("[]{}\n "),
       f"{what}: exit code {code}, says {', '.join(words)}", result)


def usage():
    fails("unknown command", 2, ["frob", "summary", "list"], "twctl", "frob")
    fails("unknown option", 2, ["--frob"], "twctl", "--frob")
    fails("wrong filter", 2, ["dport = :99999", "^~~~~"], "twctl", "list", "dport", "=", ":99999")
    fails("unknown word in a filter", 2, ["colour", "^~~~~~"], "twctl", "list", "colour", "=", "red")
    fails("prefix too long", 2, ["32", "^~"], "twctl", "list", "dst", "10.0.0.0/33")
    fails("unknown netns", 1, ["nosuch"], "twctl", "-N", "nosuch")
    fails("not a netns", 1, ["/etc/passwd"], "twctl", "-N", "/etc/passwd")
    fails("too many conditions", 2, ["64"], "twctl", "list",
          " or ".join(f"dport = :{port}" for port in range(1000, 1070)))
    for words in (("--help",), ("list", "--help"), ("help", "list"), ("-V",)):
        result = run("twctl", *words)
        ok(result.returncode == 0 and result.stdout and not result.stderr,
           f"twctl {' '.join(words)}", result)


def no_buckets():
    result = run("twctl")
    ok(result.returncode == 0 and "none of" in result.stdout, "summary without a bucket", result)
    equal(json.loads(must("twctl", "-j", "list")), [], "list without a bucket is an empty array")
    equal(must("twctl", "-H", "list"), "", "and no line without a heading")


def output():
    must(TWGEN, "-q", "-n", "3000")
    result = run("bash", "-c", "set -o pipefail; twctl -n list | head -n 2; exit ${PIPESTATUS[0]}")
    ok(not result.stderr and len(result.stdout.splitlines()) == 2, "a reader that leaves early", result)
    result = run("bash", "-c", "twctl -n list >/dev/full")
    ok(result.returncode == 1 and "No space left" in result.stderr, "a full disk is an error", result)
    equal("\x1b" in must("twctl"), False, "no colour into a pipe")
    equal("\x1b" in must("twctl", "--color=always"), True, "colour where it is asked for")
    equal("\x1b" in must("twctl", "--color=always", "-j"), False, "never in JSON")
    equal(json.loads(must("twctl", "-j")).keys(), json.loads(must("twctl", "-j", "-p")).keys(),
          "-p changes nothing but the form")
    for abbreviation in ("su", "sum", "summ"):
        ok(run("twctl", abbreviation).returncode == 0, f"twctl {abbreviation} is summary")


def slow_reader():
    """Rows keep coming, each once, however slowly they are read."""
    process = subprocess.Popen(("twctl", "-n", "-H", "list"), stdout=subprocess.PIPE, text=True)
    rows = []
    for line in process.stdout:
        rows.append(line.split()[-2:])
        if len(rows) % 1000 == 0:
            must("sleep", "0.3")
    equal(len({tuple(r) for r in rows}), len(rows), "a slow reader sees none twice")
    equal(len(rows), 3000, "and misses none")


def stopped():
    """Stopped and let go on: the rates are of the time since, the lines missed are not made up for."""
    must("twctl", "observe", "on")
    with subprocess.Popen(("twctl", "-j", "stats", "-i", "300ms", "--count", "6"),
                          stdout=subprocess.PIPE, text=True) as process:
        lines = [process.stdout.readline()]
        process.send_signal(signal.SIGSTOP)
        time.sleep(3)
        process.send_signal(signal.SIGCONT)
        lines += process.stdout.readlines()
    spans = [json.loads(line)["interval_ms"] for line in lines]
    # One may be short, where a slow guest was late for the one before.
    ok(len(spans) == 6 and max(spans) > 2000 and sum(span < 30 for span in spans) <= 1,
       "stats -i after a stop: one long interval, and then such as before", spans)


def unloaded_meanwhile():
    with subprocess.Popen(("twctl", "monitor"), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True) as process:
        time.sleep(1)
        must("rmmod", "twscope")
        said = process.communicate()[1]
    equal((process.returncode, said), (1, "twctl: the twscope module was unloaded meanwhile\n"),
          "monitor, when the module goes")
    must("modprobe", "twscope")


def hostile_names():
    name = "a\x1b]0;b\x07"
    must("ip", "netns", "add", name)
    said = run("twctl", "-N", "nosuch").stderr
    ok("a?]0;b?" in said and "\x1b" not in said, "a name that would move the cursor does not", repr(said))
    must("ip", "netns", "del", name)


def without_module():
    must("rmmod", "twscope")
    for command in ("summary", "list", "info"):
        fails(f"{command} without the module", 1, ["not loaded", "modprobe twscope"], "twctl", command)
    fails("list -j without the module", 1, ["not loaded"], "twctl", "-j", "list")
    ok(run("twctl", "-V").returncode == 0, "-V needs no module")
    must("modprobe", "twscope")
    ok(run("twctl").returncode == 0, "and after modprobe it works again")


sysctl("net.ipv4.tcp_tw_reuse", 0)
no_buckets()
usage()
output()
slow_reader()
stopped()
unloaded_meanwhile()
hostile_names()
without_module()
done()
