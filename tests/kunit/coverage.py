# SPDX-License-Identifier: GPL-2.0
"""Which lines of the pure files the suites reached: comments, and TAP for each file.

    coverage.py TREE EXCUSES DIR NAME...

DIR/NAME.json is what gcov says about TREE/kmod/NAME.c; EXCUSES is tests/kunit/uncovered.
"""

import json
import os
import sys


def excuses(path):
    """FILE, and the rest of the line as it stands."""
    with open(path) as f:
        for line in f:
            line = line.strip()
            if line and not line.startswith("#"):
                file, _, rest = line.partition(": ")
                yield file, rest


class File:
    """What gcov counted in one file, all functions and inlined copies together."""

    def __init__(self, tree, directory, name):
        self.name = f"{name}.c"
        self.lines = {}
        self.branches = {}
        with open(os.path.join(tree, "kmod", self.name)) as f:
            self.text = f.read().splitlines()
        with open(os.path.join(directory, f"{name}.json")) as f:
            report = json.load(f)
        for file in report["files"]:
            if os.path.basename(file["file"]) == self.name:
                # What has no line here, an inlined header say, is put to a function's head.
                self.heads = {f["start_line"] for f in file["functions"]}
                for line in file["lines"]:
                    self.count(line)

    def count(self, line):
        number = line["line_number"]
        self.lines[number] = self.lines.get(number, 0) + line["count"]
        if number not in self.heads:
            taken = [branch["count"] > 0 for branch in line["branches"]]
            self.branches.setdefault(number, []).extend(taken)

    def uncovered(self):
        return {n: "" for n in sorted(self.lines) if not self.lines[n]}

    def untaken(self):
        """Of the lines that were reached; "return true" and the like are branches only."""
        return {n: f" ({sum(taken)} of {len(taken)} branches)"
                for n, taken in sorted(self.branches.items())
                if self.lines[n] and not all(taken)}

    def code(self, number):
        return self.text[number - 1].strip()

    def figures(self):
        branches = [taken for line in self.branches.values() for taken in line]
        covered = len(self.lines) - len(self.uncovered())
        return f"{self.name:16} {share(covered, len(self.lines))} {share(sum(branches), len(branches))}"


def share(part, whole):
    percent = 100 * part / whole if whole else 100
    return f"{part:5} of {whole:3} {percent:6.1f} %"


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
            files.append(File(tree, directory, name))
        except (OSError, ValueError) as error:
            good = tap(False, f"{name}.c: every line covered", [f"gcov told nothing: {error}"])
    print(f"# {'file':16} {'lines':>22} {'branches':>22}")
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
