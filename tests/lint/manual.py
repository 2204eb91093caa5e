#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Says where the man pages and what they describe differ; silent where they agree. Of the field
guide, that what it calls tested is.

  manual.py TWCTL     the program whose helps and completions are compared
"""

import ast
import glob
import os
import re
import subprocess
import sys

TOP = os.path.realpath(os.path.join(os.path.dirname(__file__), "../.."))
MAN = os.path.join(TOP, "ctl/man")
LONG = re.compile(r"(?<![\w-])--[a-z][a-z-]*")
# of the tool as a whole, and the verb whose help that is
MAIN, HELP = "twctl", "help"


def read(path):
    with open(os.path.join(TOP, path)) as f:
        return f.read()


def output(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def complain(page, what, wrong):
    for word in sorted(wrong):
        print(f"{page}: {what}: {word}")


def differ(page, what, said, true):
    complain(page, f"{what} that there is not", said - true)
    complain(page, f"{what} that the page leaves out", true - said)


def section(text, name):
    return re.search(rf"^\.Sh {name}\n(.*?)(?=^\.Sh |\Z)", text, re.M | re.S)[1]


def names(text):
    return re.findall(r"^\.Nm (\S+)", section(text, "NAME"), re.M)


def items(text, macro):
    """What the lists of a section are of."""
    return set(re.findall(rf"^\.It {macro} ([\w-]+)$", text, re.M))


def shown(page):
    """As a reader has it; a long line, as words are parted at hyphens otherwise."""
    return re.sub(r".\x08", "", output("mandoc", "-T", "ascii", "-O", "width=1000",
                                       os.path.join(MAN, page)))


class Tool:
    def __init__(self, path):
        self.path = path
        self.verbs = self.words("") - {HELP}

    def words(self, *typed):
        """What may come next, by the completions."""
        return {line.split("\t")[0]
                for line in output(self.path, "--complete", "--", *typed).splitlines()}

    def options(self, verb=None):
        text = output(self.path, *(["help", verb] if verb else ["--help"]))
        return set(LONG.findall(text.replace("\nOptions: twctl --help\n", "")))


def check_options(tool, page, verbs):
    have = set(LONG.findall(shown(page)))
    if verbs == [MAIN]:
        # its examples are of any
        have -= set().union(*map(tool.options, tool.verbs)) - tool.options()
        differ(page, "option", have, tool.options())
    elif tool.verbs.issuperset(verbs):
        differ(page, "option", have, set().union(*map(tool.options, verbs)))


def check_tool(tool, pages):
    of = {name: page for page, text in pages.items() for name in names(text)}
    said = {name.removeprefix("twctl-") for name in of if name.startswith("twctl-")}
    differ("ctl/man", "command", said, tool.verbs)
    for page, text in pages.items():
        complain(page, "cross reference to no page",
                 {x for x in re.findall(r"^\.Xr (tw\S+)", text, re.M) if x not in of})
        if page != "twscope.4":
            check_options(tool, page, [name.removeprefix("twctl-") for name in names(text)])


def check_words(tool, pages):
    main = pages["twctl.8"]
    listed = set(re.findall(r"^\.Xr twctl-(\S+) 8$", main, re.M))
    differ("twctl.8", "command", listed, tool.verbs)
    differ("twctl.8", "verdict", items(section(main, "VERDICTS"), "Cm"),
           tool.words("list", "verdict", "=", ""))
    for page, what, typed in (("twctl.8", "condition", ["list", ""]),
                              ("twctl-list.8", "key", ["group", ""]),
                              ("twctl-list.8", "order", ["group", "--sort", ""]),
                              ("twctl-explain.8", "sysctl", ["whatif", "tcp_"])):
        have = set(re.findall(r"[\w-]+", shown(page)))
        true = {word.split("=")[0] for word in tool.words(*typed)}
        complain(page, f"{what} that the page leaves out", true - have)



def check_doctor(page):
    listed = re.search(r"^\.Ss Findings\n(.*?)^\.S[hs] ", page, re.M | re.S)[1]
    differ("twctl-doctor.8", "finding", items(listed, "Cm"),
           set(re.findall(r"^## ([a-z0-9-]+)$", read("docs/doctor.md"), re.M)))


def check_module(page):
    parts = {name: section(page, name) for name in ("PARAMETERS", "NETLINK", "TRACEPOINTS", "FILES")}
    code = "".join(read(path) for path in glob.glob("kmod/*.c", root_dir=TOP))
    differ("twscope.4", "parameter", items(parts["PARAMETERS"], "Va"),
           set(re.findall(r"\bmodule_param(?:_named)?\((\w+),", code)))
    differ("twscope.4", "file", set(re.findall(r"debug/twscope/(\w+)", parts["FILES"])),
           set(re.findall(r'debugfs_create_file\("(\w+)"', code)))
    operations = read("docs/netlink/specs/twscope.yaml").split("\noperations:\n")[1]
    differ("twscope.4", "operation", items(parts["NETLINK"], "Cm"),
           set(re.findall(r"^ +name: ([a-z-]+-(?:get|set|ntf))$", operations, re.M)))
    trace = read("kmod/trace.h")
    differ("twscope.4", "tracepoint", items(parts["TRACEPOINTS"], "Cm"),
           set(re.findall(r"TRACE_EVENT\((\w+),", trace)))
    have = set(re.findall(r"[\w-]+", parts["TRACEPOINTS"]))
    complain("twscope.4", "field that the page leaves out",
             set(re.findall(r"__(?:field|array)\(\w+, (\w+)", trace)) - have)
    complain("twscope.4", "decision or cause that the page leaves out",
             set(re.findall(r'(?:NAME|LAST)\(TWSCOPE_(?:DECISION|CAUSE)\w+, "([a-z0-9-]+)"',
                            read("kmod/names.h"))) - have)


def check_field_guide():
    """Its lines "ok - ..." are of the selftest; ast makes one of strings that are side by side."""
    tested = {node.value for node in ast.walk(ast.parse(read("tests/selftests/beliefs.py")))
              if isinstance(node, ast.Constant)}
    quoted = set(re.findall(r"^ok - (.*)$", read("docs/field-guide.md"), re.M))
    complain("docs/field-guide.md", "no such test in beliefs", quoted - tested)


def main():
    tool = Tool(sys.argv[1])
    pages = {os.path.basename(path): read(path) for path in sorted(glob.glob(MAN + "/*.[48]"))}
    check_tool(tool, pages)
    check_words(tool, pages)
    check_doctor(pages["twctl-doctor.8"])
    check_module(pages["twscope.4"])
    check_field_guide()


main()
