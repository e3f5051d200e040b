"""Completion in the shells themselves: the script is read, a word is begun, and Tab is pressed."""

import contextlib
import os
import pty
import select
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SECONDS = 60
# shell → how it is started without anybody's settings, and how it reads the script
SHELLS = {
    "bash": (["--norc", "--noprofile", "-i"], "source ./script\n"),
    "zsh": (["-f", "-i"], "autoload -U compinit && compinit -u -D\nsource ./script\n"),
    "fish": (["--no-config", "-i"], "source ./script\n"),
}


class Terminal:
    """A shell in a terminal: what is typed, and all that it has shown."""

    def __init__(self, shell: str, folder: Path) -> None:
        self._reader, writer = pty.openpty()
        environment = {
            "PATH": f"{folder}:{os.environ['PATH']}",
            "HOME": str(folder),
            "TERM": "dumb" if shell == "fish" else "xterm",
            "PS1": "ready$ ",
            "PROMPT": "ready$ ",
        }
        self.process = subprocess.Popen(
            ["setsid", "--ctty", str(shutil.which(shell)), *SHELLS[shell][0]],
            cwd=folder,
            env=environment,
            stdin=writer,
            stdout=writer,
            stderr=writer,
        )
        os.close(writer)
        self.shown = ""

    def type(self, text: str) -> None:
        os.write(self._reader, text.encode())

    def wait_for(self, text: str, *, seconds: float = SECONDS) -> bool:
        """Read until it shows this text."""
        end = time.monotonic() + seconds
        while text not in self.shown and time.monotonic() < end:
            if select.select([self._reader], [], [], 0.1)[0]:
                with contextlib.suppress(OSError):
                    self.shown += os.read(self._reader, 65536).decode(errors="replace")
        return text in self.shown

    def end(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self._reader)


@pytest.mark.parametrize("shell", SHELLS)
def test_tab_completes_commands_and_options(shell: str, tmp_path: Path) -> None:
    if not shutil.which(shell):
        pytest.skip(f"no {shell}: apt-get install {shell}")
    program = tmp_path / "digest"
    program.write_text(f'#!/bin/sh\nPYTHONPATH={ROOT} exec {sys.executable} -m digest "$@"\n')
    program.chmod(0o755)
    script = subprocess.run([program, "completion", shell], capture_output=True, check=True).stdout
    (tmp_path / "script").write_bytes(script)
    terminal = Terminal(shell, tmp_path)
    try:
        terminal.type(SHELLS[shell][1] + "echo so''urced\n")
        assert terminal.wait_for("sourced"), terminal.shown
        terminal.type("digest suppr\t")
        assert terminal.wait_for("suppressions"), terminal.shown
        terminal.type("imp\t")
        assert terminal.wait_for("import"), terminal.shown
        terminal.type("--dry\t")
        assert terminal.wait_for("--dry-run"), terminal.shown
    finally:
        terminal.end()
