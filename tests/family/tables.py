#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""The spec as C tables on stdout: what the fuzzer makes messages from, and knows answers by."""

import sys

import yaml

# Without these nothing is answered, so they are left out rarely.
USUAL = {"port": {"local", "remote", "remote-port"}, "group": {"keys"}, "observe": {"on"},
         "syn": {"seq"}, "clause": {"term"}}
# kmod/netlink-bucket.c, netlink-group.c and netlink-observe.c tell who must not have them.
SECRET = {"bucket": {"rcv-nxt", "snd-nxt", "ts-recent", "mark", "syn-verdict", "syn-seq",
                     "syn-tsval", "rcv-wnd", "answer-in-ms"},
          "group": {"mark"},
          "stats": {"segments", "answered", "segment-mismatch"}}
# may_see() in kmod/netlink-event.c.
NET_ADMIN = {"event-get"}
ADDRESSES, CURSOR = {"local", "remote"}, "cursor"
KINDS = {"pad": "PAD", "flag": "FLAG", "u32": "U32", "u64": "U64", "string": "STRING", "nest": "NEST"}
SIDES = ("-min-ms", "-max-ms", "-min", "-max", "-prefix-len", "-mask")


def kind(attr):
    if attr["type"] != "binary":
        return KINDS[attr["type"]]
    if attr["name"] in ADDRESSES:
        return "ADDRESS"
    return "CURSOR" if attr["name"] == CURSOR else attr["sub-type"].upper() + "S"


def side(name):
    for suffix in SIDES:
        if name.endswith(suffix):
            return name[:-len(suffix)]
    return name


def hint(name):
    if "port" in name.split("-"):
        return "PORT"
    if name.endswith("-ms"):
        return "MS"
    return "FAMILY" if name == "family" else "ANY"


def most(attr, enums):
    checks = attr.get("checks", {})
    if "max" in checks:
        return checks["max"]
    enum = enums.get(attr.get("enum"))
    if not enum:
        return 0
    if enum["type"] == "flags":
        return (1 << len(enum["entries"])) - 1
    values = [e.get("value") for e in enum["entries"] if isinstance(e, dict)]
    return max((v for v in values if v is not None), default=len(enum["entries"]) - 1)


def print_set(attribute_set, enums):
    name, attrs = attribute_set["name"], attribute_set["attributes"]
    known = {a["name"] for a in attrs}
    for told in USUAL, SECRET:
        assert told.get(name, set()) <= known, f"{name} has not {told[name] - known}"
    sides = list(dict.fromkeys(side(a["name"]) for a in attrs))
    print(f"static const struct attr attrs_{name}[] = {{")
    for i, attr in enumerate(attrs, 1):
        fields = [f'.name = "{attr["name"]}"', f".kind = KIND_{kind(attr)}",
                  f".min = {attr.get('checks', {}).get('min', 0)}", f".max = {most(attr, enums)}U",
                  f".hint = HINT_{hint(attr['name'])}", f".side = {sides.index(side(attr['name']))}"]
        if "nested-attributes" in attr:
            fields.append(f".nested = &set_{attr['nested-attributes']}")
        for flag, told in ("usual", USUAL), ("secret", SECRET):
            if attr["name"] in told.get(name, ()):
                fields.append(f".{flag} = true")
        if attr["name"] == "netns":
            fields.append(".netns = true")
        print(f"\t[{i}] = {{ {', '.join(fields)} }},")
    print("};")
    print(f'const struct set set_{name} = {{ "{name}", attrs_{name}, {len(attrs)} }};')


def numbers(attribute_set, names):
    order = [a["name"] for a in attribute_set["attributes"]]
    return ", ".join(str(order.index(name) + 1) for name in names) + ", 0" if names else "0"


def print_op(op, cmd, by_name):
    halves = []
    for which in "do", "dump":
        half = op.get(which)
        if half is None:
            continue
        for part in "request", "reply":
            names = (half.get(part) or {}).get("attributes", [])
            print(f"static const uint8_t {which}_{part}_{cmd}[] = "
                  f"{{ {numbers(by_name[op['attribute-set']], names)} }};")
        halves.append(f"[{which.upper()}] = {{ true, {which}_request_{cmd}, {which}_reply_{cmd} }}")
    admin = str("admin-perm" in op.get("flags", ())).lower()
    net_admin = str(op["name"] in NET_ADMIN).lower()
    return (f'\t{{ "{op["name"]}", {cmd}, {admin}, {net_admin}, &set_{op["attribute-set"]}, '
            f'{{ {", ".join(halves)} }} }},')


def main():
    with open(sys.argv[1]) as f:
        spec = yaml.safe_load(f)
    enums = {d["name"]: d for d in spec["definitions"] if d["type"] in ("enum", "flags")}
    by_name = {s["name"]: s for s in spec["attribute-sets"]}
    print('/* SPDX-License-Identifier: GPL-2.0 */\n/* Made by tables.py. */\n#include "table.h"\n')
    for name in by_name:
        print(f"extern const struct set set_{name};")
    for attribute_set in by_name.values():
        print_set(attribute_set, enums)
    # Numbered from 1 in the order of the spec, notifications too.
    rows = [print_op(op, cmd, by_name) for cmd, op in enumerate(spec["operations"]["list"], 1)
            if "event" not in op]
    print("const struct op ops[] = {", *rows, "};", f"const unsigned int n_ops = {len(rows)};", sep="\n")
    print("const struct set *const sets[] = {", ", ".join(f"&set_{name}" for name in by_name), "};")
    print(f"const unsigned int n_sets = {len(by_name)};")


main()
