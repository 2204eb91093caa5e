# SPDX-License-Identifier: GPL-2.0
"""Which lines of kmod were reached, by all that ran.

    report.py LEAST TREE UNREACHED JSON...

Each JSON is what gcov said of a run. What no run reached goes to the file UNREACHED; fewer than LEAST
percent of the lines are a failure.
"""

import json
import os
import sys

from gcov import File, share

# Macros that the kernel's headers turn into code, and tables that a generator wrote.
NOT_OURS = {"trace.h", "netlink-gen.c"}


def documents(path):
    """A report is a line of JSON for each file that was compiled."""
    with open(path) as f:
        text = f.read()
    decoder, at = json.JSONDecoder(), 0
    while text[at:].strip():
        at += len(text[at:]) - len(text[at:].lstrip())
        document, at = decoder.raw_decode(text, at)
        yield document


def read(tree, paths):
    files = {}
    for path in paths:
        for document in documents(path):
            for report in document["files"]:
                name = os.path.normpath(report["file"]).partition("/kmod/")[2]
                if not name or name in NOT_OURS or name == "compat/features.h":
                    continue
                if name not in files:
                    with open(os.path.join(tree, "kmod", name)) as f:
                        files[name] = File(name, f.read())
                files[name].add(report)
    return [files[name] for name in sorted(files)]


def main(least, tree, unreached, *paths):
    files = read(tree, paths)
    print(f"# {'file':24} {'lines':>22} {'branches':>22}")
    for file in files:
        print(f"# {file.figures()}")
    with open(unreached, "w") as f:
        for file in files:
            f.writelines(f"{file.name}:{n}: {file.code(n)}\n" for n in file.uncovered())
    lines, all_lines, branches, all_branches = map(sum, zip(*(file.counts() for file in files)))
    print(f"# {'kmod':24} {share(lines, all_lines)} {share(branches, all_branches)}")
    good = 100 * lines >= int(least) * all_lines
    print(f"{'ok' if good else 'not ok'} - coverage: {lines} of {all_lines} lines of kmod "
          f"were reached, {100 * lines / all_lines:.1f} % (at least {least} %); "
          f"{100 * branches / all_branches:.1f} % of the branches taken")
    if not good:
        print(f"#   not reached: {unreached}")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
