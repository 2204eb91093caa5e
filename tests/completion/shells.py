# SPDX-License-Identifier: GPL-2.0
"""Types at the prompt of each shell, as somebody would, and looks at what becomes of it.

  shells.py DIRECTORY     where "make install PREFIX=" put twctl and its completions
"""

import os
import pty
import re
import select
import subprocess
import sys
import time

HERE = sys.argv[1]
TAB, HOME, END, KILL, ABORT = "\t", "\x01", "\x05", "\x15", "\x03"
READY = "ready$ "
# Of a shell that is slow to start on a machine at work.
PATIENCE_S = 20
# Nothing was printed for so long: that was all.
QUIET_S = 1.0

SHELLS = {
    "bash": (["bash", "--norc", "--noprofile"],
             "PS1='ready$ '; bind 'set show-all-if-ambiguous on' 'set completion-query-items 0'"
             " 'set page-completions off' 'set enable-bracketed-paste off'; bind 'set bell-style none';"
             " . /usr/share/bash-completion/bash_completion;"
             f" . {HERE}/share/bash-completion/completions/twctl"),
    "zsh": (["zsh", "-f"],
            f"PS1='ready$ '; unsetopt zle_bracketed_paste; bindkey -e; LISTMAX=1000; unset zle_bracketed_paste;"
            f" fpath=({HERE}/share/zsh/site-functions $fpath);"
            f" autoload -Uz compinit; compinit -u -D"),
}

# What is typed, and what the shell then holds of it, as separate words.
BECOMES = [
    ("twctl whati" + TAB, "<twctl><whatif>"),
    ("twctl -j pres" + TAB, "<twctl><-j><pressure>"),
    ("twctl group remote-p" + TAB, "<twctl><group><remote-port>"),
    ("twctl group remote,remote-p" + TAB, "<twctl><group><remote,remote-port>"),
    ("twctl group remote --so" + TAB + "r" + TAB, "<twctl><group><remote><--sort><rate>"),
    ("twctl list --color=n" + TAB, "<twctl><list><--color=never>"),
    ("twctl list verd" + TAB + "not-l" + TAB, "<twctl><list><verdict><not-loopback>"),
    ("twctl list verdict=not-l" + TAB, "<twctl><list><verdict=not-loopback>"),
    ("twctl list dport = :443 and ver" + TAB, "<twctl><list><dport><=><:443><and><verdict>"),
    ("twctl list 'dport = :443 and ver" + TAB, "<twctl><list><dport = :443 and verdict>"),
    ("twctl whatif tcp_tw_reuse_" + TAB + "5", "<twctl><whatif><tcp_tw_reuse_delay=5>"),
    ("twctl whatif tcp_timestamps=0 substate fin" + TAB,
     "<twctl><whatif><tcp_timestamps=0><substate><fin-wait2>"),
    ("twctl metrics --format=o" + TAB, "<twctl><metrics><--format=openmetrics>"),
    ("twctl observe of" + TAB, "<twctl><observe><off>"),
    ("twctl help filt" + TAB, "<twctl><help><filter>"),
    ("twctl diff /etc/hostn" + TAB, "<twctl><diff></etc/hostname>"),
    ("twctl list dev l" + TAB, "<twctl><list><dev><lo>"),
]

# What is typed, and words of the list that the shell then shows.
SHOWS = [
    ("twctl " + TAB, ["summary", "whatif", "info"]),
    ("twctl list --" + TAB, ["--json", "--all-netns", "--netns"]),
    ("twctl list verdict " + TAB, ["too-young", "bind-blocked", "not-searched"]),
    ("twctl group remote --sort " + TAB, ["count", "held"]),
]

# The same of fish, which answers without being typed at: the line, and what may be its last word.
FISH = [
    ("twctl whati", ["whatif"]),
    ("twctl -j pres", ["pressure"]),
    ("twctl group remote,remote-p", ["remote,remote-port"]),
    ("twctl group remote --sort ", ["count", "rate", "held"]),
    ("twctl list --color=n", ["--color=never"]),
    ("twctl list verdict not-l", ["not-loopback"]),
    ("twctl list verdict=not-l", ["verdict=not-loopback"]),
    ("twctl list dport = :443 and ver", ["verdict"]),
    ("twctl list 'dport = :443 and ver", ["dport = :443 and verdict"]),
    ("twctl whatif tcp_tw_reuse_", ["tcp_tw_reuse_delay="]),
    ("twctl observe ", ["on", "off"]),
    ("twctl help filt", ["filter"]),
    ("twctl diff /etc/hostn", ["/etc/hostname"]),
    ("twctl list dev l", ["lo"]),
]

failed = False


def tell(passed, what, seen=""):
    global failed
    failed = failed or not passed
    print("ok" if passed else "not ok", "-", what, flush=True)
    if not passed:
        print(re.sub("^", "#   ", repr(seen), flags=re.M))


class Shell:
    def __init__(self, command, setup):
        self.pid, self.tty = pty.fork()
        if not self.pid:
            os.environ.update(TERM="dumb", LC_ALL="C", HOME=HERE, HISTFILE="/dev/null",
                              PATH=f"{HERE}/bin:{os.environ['PATH']}")
            os.execvp(command[0], command)
        os.write(self.tty, (setup + "\n").encode())
        # once typed, and once as the prompt
        self.until(lambda text: text.endswith(READY) and text.count("\n") > 0)
        self.pause()

    def end(self):
        os.close(self.tty)
        os.waitpid(self.pid, 0)

    def read(self, seconds):
        if not select.select([self.tty], [], [], seconds)[0]:
            return ""
        return os.read(self.tty, 65536).decode(errors="replace")

    def until(self, enough):
        text, end = "", time.monotonic() + PATIENCE_S
        while not enough(text) and time.monotonic() < end:
            text += self.read(0.2)
        return text

    def pause(self):
        """All that comes until nothing does."""
        text = ""
        while more := self.read(QUIET_S):
            text += more
        return text

    def type(self, keys):
        """A tab is answered before the next key is struck."""
        text = ""
        for part in re.findall(r"[^\t]+|\t", keys):
            os.write(self.tty, part.encode())
            text += self.pause() if part == TAB else ""
        return text

    def becomes(self, keys):
        """The line's words, as the shell takes it."""
        self.type(keys)
        os.write(self.tty, f"{HOME}printf '<%s>' {END}; echo END\n".encode())
        text = self.until(lambda t: re.search(r"END\r*\n.*ready\$ $", t.partition("\n")[2], re.S))
        found = re.search(r"(<twctl>.*?)END\r*\n", text)
        if not found:
            os.write(self.tty, ABORT.encode())
            self.pause()
        return found[1] if found else text

    def shows(self, keys, wanted):
        """What it answers, for which a shell on a machine at work may take longer than it is quiet."""
        text = self.type(keys)
        text += self.until(lambda more: all(word in text + more for word in wanted))
        os.write(self.tty, KILL.encode() + b"\n")
        self.pause()
        return text


def main():
    for name, (command, setup) in SHELLS.items():
        shell = Shell(command, setup)
        for keys, wanted in BECOMES:
            seen = shell.becomes(keys)
            tell(seen == wanted, f"{name}: {keys.replace(TAB, '<TAB>')}", seen)
        for keys, wanted in SHOWS:
            seen = shell.shows(keys, wanted)
            tell(all(word in seen for word in wanted), f"{name}: {keys.replace(TAB, '<TAB>')} shows", seen)
        shell.end()
    for line, wanted in FISH:
        seen = subprocess.run(
            ["fish", "--no-config", "-c", "source $argv[1]; complete -C $argv[2]",
             f"{HERE}/share/fish/vendor_completions.d/twctl.fish", line],
            env={**os.environ, "PATH": f"{HERE}/bin:{os.environ['PATH']}", "HOME": HERE},
            stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        words = [row.split("\t")[0] for row in seen.stdout.splitlines()]
        tell(words == wanted, f"fish: {line}<TAB>", (words, seen.stderr))
    sys.exit(failed)


main()
