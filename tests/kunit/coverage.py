# SPDX-License-Identifier: GPL-2.0
"""Which lines of the pure files the suites reached: comments, and TAP for each file.

    coverage.py TREE EXCUSES DIR NAME...

DIR/NAME.json is what gcov says about TREE/kmod/NAME.c; EXCUSES is tests/kunit/uncovered.
"""

import json
import os
import sys

from gcov import File


def excuses(path):
    """FILE, and the rest of the line as it stands."""
    with open(path) as f:
        for line in f:
            line = line.strip()
            if line and not line.startswith("#"):
                file, _, rest = line.partition(": ")
                yield file, rest


def read(tree, directory, name):
    with open(os.path.join(tree, "kmod", f"{name}.c")) as f:
        file = File(f"{name}.c", f.read())
    with open(os.path.join(directory, f"{name}.json")) as f:
        for report in json.load(f)["files"]:
            if os.path.basename(report["file"]) == file.name:
                file.add(report)
    return file


def judge(file, what, lines, excused):
    """TAP for one file; lines gives a remark to each that is not as it should be."""
    missing = []
    for number, remark in lines.items():
        reasons = [rest for name, rest in excused if name == file.name
                   and rest.startswith(file.code(number) + ": ")]
        if reasons:
            print(f"# {file.name}:{number}{remark}: {reasons[0]}")
            used.update((file.name, rest) for rest in reasons)
        else:
            missing.append(f"{file.name}:{number}{remark}: {file.code(number)}")
    return tap(file.lines and not missing, f"{file.name}: {what}", missing)


def tap(good, what, details=()):
    print(f"{'ok' if good else 'not ok'} - kunit: {what}")
    for detail in details:
        print(f"#   {detail}")
    return bool(good)


def main(tree, excuses_path, directory, *names):
    excused = list(excuses(excuses_path))
    files, good = [], True
    for name in names:
        try:
            files.append(read(tree, directory, name))
        except (OSError, ValueError) as error:
            good = tap(False, f"{name}.c: every line covered", [f"gcov told nothing: {error}"])
    print(f"# {'file':24} {'lines':>22} {'branches':>22}")
    for file in files:
        print(f"# {file.figures()}")
    for file in files:
        good = judge(file, "every line covered", file.uncovered(), excused) and good
        good = judge(file, "every branch taken", file.untaken(), excused) and good
    stale = [f"{name}: {rest}" for name, rest in excused if (name, rest) not in used]
    if stale:
        good = tap(False, "every excuse in tests/kunit/uncovered is needed", stale)
    return 0 if good else 1


used = set()

if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
