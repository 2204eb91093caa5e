# SPDX-License-Identifier: GPL-2.0
"""What gcov says of one file of kmod, over as many of its reports as there are."""


def share(part, whole):
    percent = 100 * part / whole if whole else 100
    return f"{part:5} of {whole:4} {percent:6.1f} %"


class File:
    """What was counted in one file, all functions and inlined copies together."""

    def __init__(self, name, text):
        self.name, self.text = name, text.splitlines()
        self.lines, self.branches, self.heads = {}, {}, set()

    def add(self, report):
        """A member of a report's "files" that is about this one."""
        # What has no line here, an inlined header say, is put to a function's head.
        self.heads |= {f["start_line"] for f in report["functions"]}
        # The copies of a line that a report has, one after the other.
        copies = {}
        for line in report["lines"]:
            number = line["line_number"]
            self.lines[number] = self.lines.get(number, 0) + line["count"]
            copies.setdefault(number, []).extend(b["count"] > 0 for b in line["branches"])
        for number, taken in copies.items():
            so_far = self.branches.get(number, [])
            if len(so_far) != len(taken):
                so_far = max(so_far, taken, key=len)
            else:
                so_far = [a or b for a, b in zip(so_far, taken)]
            self.branches[number] = so_far

    def uncovered(self):
        return {n: "" for n in sorted(self.lines) if not self.lines[n]}

    def taken(self):
        """Which of a line's branches were taken, but for those of a function's head."""
        return {n: taken for n, taken in sorted(self.branches.items()) if n not in self.heads}

    def untaken(self):
        """Of the lines that were reached; "return true" and the like are branches only."""
        return {n: f" ({sum(taken)} of {len(taken)} branches)" for n, taken in self.taken().items()
                if self.lines[n] and not all(taken)}

    def code(self, number):
        return self.text[number - 1].strip()

    def counts(self):
        """Lines reached, lines, branches taken, branches."""
        taken = [b for line in self.taken().values() for b in line]
        return len(self.lines) - len(self.uncovered()), len(self.lines), sum(taken), len(taken)

    def figures(self):
        lines, all_lines, branches, all_branches = self.counts()
        return f"{self.name:24} {share(lines, all_lines)} {share(branches, all_branches)}"
