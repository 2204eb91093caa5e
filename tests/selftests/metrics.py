#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""What twctl check and twctl metrics say, to Debian's Prometheus, promtool and node_exporter.

The figures arrive as they are, by way of a file and node_exporter's textfile collector, from a
namespace that runs out of ports; the alerts, as they are installed, fire then and not before. The
exit codes of check at each level. What has to wait for minutes is tried with promtool, which needs
no VM: tests/share.
"""

import http.server
import json
import os
import re
import subprocess
import sys
import threading
import time
import urllib.parse
import urllib.request

from tap import TWGEN, done, enter_netns, equal, make_buckets, must, note, ok, run, sysctl, twctl

BIN, RULES = "/prometheus/bin", "/selftests/twscope.rules.yml"
FOLDER = "/tmp/textfile"
FILE = f"{FOLDER}/twscope.prom"
FIRST, PORTS = 20000, 100
PATIENCE = 120
# The unit lets it have this, and nothing else.
BOUNDED = ("setpriv", "--bounding-set=-all,+net_admin", "--no-new-privs")
CONFIG = """
global: {scrape_interval: 3s, scrape_timeout: 3s, evaluation_interval: 2s}
rule_files: [%s]
scrape_configs:
  - job_name: node
    static_configs: [{targets: ["127.0.0.1:9100"]}]
  - job_name: openmetrics
    scrape_interval: 15s
    scrape_timeout: 15s
    static_configs: [{targets: ["127.0.0.1:9101"]}]
  - job_name: plain
    scrape_interval: 15s
    scrape_timeout: 15s
    metrics_path: /plain
    static_configs: [{targets: ["127.0.0.1:9101"]}]
""" % RULES

sys.path.append("/prometheus/python")


def wait_for(what, condition, patience=PATIENCE):
    """What the condition gave when it was true at last; TAP either way."""
    end, seen = time.monotonic() + patience, None
    begin = time.monotonic()
    while time.monotonic() < end:
        try:
            seen = condition()
        except (OSError, ValueError, IndexError) as error:
            seen, why = None, error
        else:
            why = seen
        if seen:
            ok(True, what)
            note(f"after {time.monotonic() - begin:.1f} s")
            return seen
        time.sleep(0.5)
    ok(False, what, why)
    return seen


# Checks

def check(what, code, first, *words, netns=("-N", "web")):
    result = run("twctl", *netns, "check", *words)
    line = result.stdout.split("\n")[0]
    ok(result.returncode == code and line.startswith(first) and "|" in line + "|" * (code == 3),
       f"check: {what}: exit code {code}, {first}", result)
    return result.stdout


def levels():
    """The same at each level, by ports, and by the limit."""
    calm = ("--exhaustion", ",")
    sysctl("net.ipv4.tcp_max_tw_buckets", 1000, netns="web")
    check("nothing", 0, "TIMEWAIT OK - no ports taken; the ports last; 0.0 % of tcp_max_tw_buckets")
    make_buckets("-n", 70, netns="web")
    text = check("70 of 100 ports", 0, "TIMEWAIT OK - 70.0 % of the ports taken (70 of 100), "
                 "127.0.0.1 -> 127.0.0.1:8000; ", *calm)
    ok(" | taken=70.00%;80;95;0;100 " in text and " limit=7.00%;80;95;0;100 " in text,
       "check: performance data", text)
    make_buckets("-n", 15, netns="web")
    check("85 of 100", 1, "TIMEWAIT WARNING - 85.0 % of the ports taken (85 of 100)", *calm)
    make_buckets("-n", 12, netns="web")
    check("97 of 100", 2, "TIMEWAIT CRITICAL - 97.0 % of the ports taken (97 of 100)", *calm)
    check("other thresholds", 0, "TIMEWAIT OK", *calm, "--taken", "97,98")
    check("of another destination", 0, "TIMEWAIT OK - no ports taken", *calm, "dport", "=", ":8001")
    check("-A", 2, "TIMEWAIT CRITICAL - 97.0 % of the ports taken (97 of 100), "
          "127.0.0.1 -> 127.0.0.1:8000 in web |", "-A", *calm, netns=())
    text = check("at this rate they are gone soon", 2, "TIMEWAIT CRITICAL - 97.0 %")
    ok(re.search(r"; no port left in \S+ m?s at this rate, 127.0.0.1 -> 127.0.0.1:8000 \|", text),
       "check: says when they are gone", text)
    for limit, code, word in ((110, 1, "WARNING"), (98, 2, "CRITICAL"), (1000, 0, "OK")):
        sysctl("net.ipv4.tcp_max_tw_buckets", limit, netns="web")
        check(f"a limit of {limit}", code, f"TIMEWAIT {word}", *calm, "--taken", ",")


def full():
    """The last three ports: connect() fails, and that is what is said."""
    result = run("ip", "netns", "exec", "web", TWGEN, "-n", "10")
    equal((result.returncode, result.stderr), (1, "twgen: no port left after 3\n"),
          "connect() fails with EADDRNOTAVAIL")
    text = check("no port left", 2, "TIMEWAIT CRITICAL - 100.0 % of the ports taken (100 of 100)")
    ok("no port left: connect() fails with EADDRNOTAVAIL, 127.0.0.1 -> 127.0.0.1:8000 |" in text and
       " exhaustion=0.0s;45:;15:;0 " in text, "check: says so", text)


def overflow():
    """Closes beyond the limit, in a namespace of its own and by the second."""
    must("ip", "netns", "add", "small")
    must("ip", "-n", "small", "link", "set", "lo", "up")
    sysctl("net.ipv4.tcp_max_tw_buckets", 20, netns="small")
    where = ("-N", "small")
    others = ("--taken", ",", "--exhaustion", ",", "--limit", ",")
    check("no overflow", 0, "TIMEWAIT OK", *others, "--overflow", "0,", netns=where)
    load = subprocess.Popen(("ip", "netns", "exec", "small", TWGEN, "-q", "-t", "60"))
    time.sleep(2)
    text = check("overflow", 2, "TIMEWAIT CRITICAL - ", *others, "--overflow", "0,5", netns=where)
    ok(re.search(r" - [\d.]+ closes/s leave no bucket \|.* overflow=[1-9]", text),
       "check: says how many", text)
    text = check("overflow, observed", 2, "TIMEWAIT CRITICAL - ", *others, "-A", "--overflow", "0,0",
                 netns=())
    load.terminate()
    load.wait()
    # More than the limit and those that were in flight there never is.
    check("at the limit", 2, "TIMEWAIT CRITICAL - ", netns=where)


# Metrics

def write():
    """As the unit does it."""
    result = run(*BOUNDED, "twctl", "metrics", "-A", "--output", FILE)
    return result.returncode == 0 and not result.stderr or result


def parse(text):
    """Series and values, as Prometheus' own client for Python reads its older format."""
    from prometheus_client.parser import text_string_to_metric_families
    return samples(text_string_to_metric_families(text))


def parse_open(text):
    from prometheus_client.openmetrics.parser import text_string_to_metric_families
    return samples(text_string_to_metric_families(text))


def samples(families):
    return {(s.name, tuple(sorted(s.labels.items()))): s.value
            for family in families for s in family.samples}


def the_file():
    """Written by who may do no more than the unit may; read by promtool."""
    os.mkdir(FOLDER)
    ok(write() is True, "written with CAP_NET_ADMIN alone", write())
    equal(oct(os.stat(FILE).st_mode & 0o777), "0o644", "for all to read")
    result = run("setpriv", "--bounding-set=-all", "twctl", "metrics", "-A")
    ok(result.returncode == 1 and not result.stdout and "CAP_NET_ADMIN" in result.stderr,
       "without it: nothing of the module, and why", result)
    for words in ((), ("-A",)):
        text = must("twctl", "metrics", *words)
        result = run(f"{BIN}/promtool", "check", "metrics", input=text)
        ok(not result.returncode and not result.stdout + result.stderr,
           f"promtool has nothing against metrics {' '.join(words)}", result)
    equal(run(f"{BIN}/promtool", "check", "config", "/tmp/prometheus.yml").returncode, 0,
          "promtool takes the rules as part of a configuration")


def formats():
    text, open_text = must("twctl", "metrics", "-A"), must("twctl", "metrics", "-A", "--format", "openmetrics")
    old, new = parse(text), parse_open(open_text)
    equal(set(old), set(new), "OpenMetrics has the same series")
    ok(len(old) > 100, "and many they are", len(old))


def figures(netns):
    """What other commands say of what the metrics have, of a namespace at rest."""
    summary = twctl("-N", netns)
    fullest = twctl("-N", netns, "pressure")["destinations"][0]
    return {
        'twscope_timewait_buckets{substate="time-wait"}': summary["timewait"],
        'twscope_timewait_kernel_buckets{}': summary["kernel_count"],
        'twscope_timewait_limit{}': summary["limit"],
        'twscope_timewait_bytes{}': summary["bytes"],
        'twscope_verdict_buckets{verdict="disabled"}': summary["verdicts"]["disabled"],
        'twscope_local_ports{}': fullest["ports"],
        'twscope_destination_ports_taken_ratio{}':
            (fullest["ports"] - fullest["available"]) / fullest["ports"],
    }


def bounded():
    """As many series after a hundred destinations as before."""
    before = parse(must("twctl", "metrics", "-A"))
    for port in range(9000, 9100):
        make_buckets("-n", 1, "-p", port, netns="many")
    after = parse(must("twctl", "metrics", "-A"))
    equal(set(after), set(before), "a hundred destinations more, and not a series")
    equal(after["twscope_destinations", (("netns", "many"),)], 100, "but their number")
    rest = parse(must("twctl", "metrics", "-A", "--max-netns", "1"))
    equal({dict(labels)["netns"] for name, labels in rest if name == "twscope_local_ports"},
          {max((r["kernel_count"], r["netns_name"]) for r in twctl("-A"))[1], "rest"} |
          {r["netns_name"] for r in twctl("-A") if r["netns"] == os.stat("/proc/self/ns/net").st_ino},
          "--max-netns 1: that of most buckets, its own, and the rest")


def counters():
    """The same numbers as twctl stats has."""
    must("twctl", "observe", "on")
    make_buckets("-n", 40, "-p", 7000, netns="many")
    metrics = parse(must("twctl", "-N", "many", "metrics"))
    stats = twctl("-N", "many", "stats")
    # On a slow machine a client's close may come to FIN_WAIT2 before the server's.
    equal(sum(value for (name, _), value in metrics.items() if name == "twscope_created_total"), 40,
          "created_total, observed")
    equal({dict(labels)["decision"].replace("-", "_"): value for (name, labels), value in metrics.items()
           if name == "twscope_decisions_total"}, stats["decisions"], "decisions_total are those of stats")
    equal({dict(labels)["cause"].replace("-", "_"): value for (name, labels), value in metrics.items()
           if name == "twscope_ended_total"}, stats["ended"], "ended_total as well")
    equal(metrics["twscope_observing", ()], 1, "twscope_observing")


class Pages(http.server.BaseHTTPRequestHandler):
    """twctl metrics by HTTP, in both formats."""

    def do_GET(self):
        plain = self.path == "/plain"
        # Without the module its exit code is 1, and that is told as well.
        text = run("twctl", "metrics", "--format", "prometheus" if plain else "openmetrics").stdout
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; version=0.0.4" if plain else
                         "application/openmetrics-text; version=1.0.0; charset=utf-8")
        self.end_headers()
        try:
            self.wfile.write(text.encode())
        except BrokenPipeError:
            note("a scrape was given up")

    def log_message(self, *_):
        pass


def api(path, **parameters):
    url = f"http://127.0.0.1:9090/api/v1/{path}?{urllib.parse.urlencode(parameters)}"
    with urllib.request.urlopen(url, timeout=20) as answer:
        return json.load(answer)["data"]


def query(text):
    """Labels and value of each series."""
    return [(r["metric"], float(r["value"][1])) for r in api("query", query=text)["result"]]


def alerts(name, state="firing"):
    return [a["labels"] for a in api("alerts")["alerts"]
            if a["labels"]["alertname"] == name and a["state"] == state]


class Writer(threading.Thread):
    """What the timer does, oftener."""

    def __init__(self):
        super().__init__(daemon=True)
        self.stopping = threading.Event()
        self.start()

    def run(self):
        while not self.stopping.wait(1):
            write()

    def stop(self):
        self.stopping.set()
        self.join()


def start(*command):
    log = open(f"/tmp/{os.path.basename(command[0])}.log", "w")
    return subprocess.Popen(command, stdout=log, stderr=log)


def monitoring():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 9101), Pages)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return (start(f"{BIN}/prometheus-node-exporter", "--collector.disable-defaults", "--collector.textfile",
                  f"--collector.textfile.directory={FOLDER}", "--web.listen-address=127.0.0.1:9100"),
            start(f"{BIN}/prometheus", "--config.file=/tmp/prometheus.yml", "--storage.tsdb.path=/tmp/tsdb",
                  "--web.listen-address=127.0.0.1:9090", "--web.console.libraries=/tmp",
                  "--web.console.templates=/tmp"))


def scraped():
    wait_for("Prometheus is up", lambda: query("up"))
    wait_for("it takes the file of node_exporter, and both formats by themselves",
             lambda: {m["job"] for m, v in query("up == 1")} == {"node", "openmetrics", "plain"})
    equal([v for _, v in query("node_textfile_scrape_error")], [0], "node_exporter has no error")
    wait_for("twscope_up, by each way", lambda: len(query("twscope_up == 1")) == 3)
    equal({m["job"] for m, _ in query("twscope_build_info")}, {"node", "openmetrics", "plain"}, "build_info")
    # Who may not look at processes does not know which of them is the initial one.
    equal({m["netns"] for m, _ in query('twscope_local_ports{job="node"}')} -
          {"init", str(os.stat("/proc/self/ns/net").st_ino)}, {"web", "many", "small"}, "namespaces by name")
    types = {m: t[0]["type"] for m, t in api("metadata").items() if m.startswith("twscope_")}
    ok(types["twscope_created_total"] == "counter" and types["twscope_local_ports"] == "gauge",
       "with their types", types)


def stays_out():
    """The first buckets may end before a slow Prometheus has seen them: their ports are taken again."""
    return run("ip", "netns", "exec", "web", TWGEN, "-q", "-n", str(PORTS)).returncode == 1


def fires():
    """Not before the ports are gone, and then as installed."""
    equal(alerts("TwscopePortsExhausted"), [], "no alert while there are ports")
    make_buckets("-n", 60, netns="web")
    wanted = figures("web")
    series = [(text.replace("{", '{job="node",netns="web",').replace(",}", "}"), value)
              for text, value in wanted.items()]
    wait_for("the figures of web arrive", lambda: all(
        abs(query(text)[0][1] - value) <= 1e-6 * value for text, value in series))
    for text, value in series:
        note(f"{text} {value}")
    result = run("ip", "netns", "exec", "web", TWGEN, "-n", "100")
    equal(result.stderr, "twgen: no port left after 40\n", "web is out of ports")
    firing = wait_for("the alert fires", lambda: stays_out() and alerts("TwscopePortsExhausted"))
    ok(firing and all(a["netns"] == "web" and a["severity"] == "critical" and a["pool"] == "destination"
                      for a in firing), "for that namespace alone", firing)
    wait_for("no port left in 0 s", lambda: stays_out() and query(
        'twscope_destination_exhaustion_seconds{job="node",netns="web"} == 0'))
    wait_for("the other one waits its two minutes",
             lambda: stays_out() and alerts("TwscopePortsRunningOut", "pending"))


def overflows():
    """Observed in a namespace that has no line in our /proc."""
    load = subprocess.Popen(("ip", "netns", "exec", "small", TWGEN, "-q", "-t", "8"))
    firing = wait_for("closes without a bucket: the alert fires", lambda: alerts("TwscopeOverflow"))
    ok(firing and all(a["netns"] == "small" for a in firing), "for that namespace alone", firing)
    load.wait()


def goes_away(writer):
    """The module, and then who writes the file."""
    must("twctl", "observe", "off")
    # Whoever asks in this moment keeps it from going.
    wait_for("the module goes", lambda: run("rmmod", "twscope").returncode == 0)
    check("without the module", 3, "TIMEWAIT UNKNOWN - the twscope module is not loaded", netns=())
    wait_for("the module is gone: twscope_up is 0", lambda: query('twscope_up{job="node"} == 0'))
    ok(not query('twscope_local_ports{job="node"}'), "and the figures with it")
    wait_for("the alert is on its way", lambda: alerts("TwscopeModuleMissing", "pending"))
    writer.stop()
    must("modprobe", "twscope")
    equal(alerts("TwscopeMetricsStale"), [], "what is new is not stale")
    must("touch", "-d", "10 minutes ago", FILE)
    wait_for("an old file: the alert fires", lambda: alerts("TwscopeMetricsStale"))
    write()
    wait_for("and a new one ends it", lambda: not alerts("TwscopeMetricsStale"))
    wait_for("with the module's figures in it", lambda: query('twscope_local_ports{job="node"}'))


for name in "web", "many":
    must("ip", "netns", "add", name)
    must("ip", "-n", name, "link", "set", "lo", "up")
    sysctl("net.ipv4.tcp_tw_reuse", 0, netns=name)
sysctl("net.ipv4.ip_local_port_range", f"{FIRST} {FIRST + PORTS - 1}", netns="web")
with open("/tmp/prometheus.yml", "w") as f:
    f.write(CONFIG)
levels()
full()
must("twctl", "observe", "on")
overflow()
must("twctl", "observe", "off")
the_file()
formats()
bounded()
counters()
wait_for("the buckets of web are over", lambda: twctl("-N", "web")["total"] == 0)
write()
processes = monitoring()
writer = Writer()
scraped()
fires()
overflows()
goes_away(writer)
for process in processes:
    process.terminate()
    ok(process.wait() in (0, -15), f"{process.args[0]} ends by itself", process.returncode)
done()
