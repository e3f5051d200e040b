"""A clock for the processes of one scene that is set while they run, as an operator or NTP sets a machine's.

A library of a few lines (clock.c) stands before the C library's and answers for the time of day. Nothing else
can do it here: a time namespace moves only the clocks that count evenly, `date -s` would move everybody's,
and libfaketime isn't on every machine; a C compiler is on most.
"""

import os
import shutil
import struct
import subprocess
import sys
import time
from pathlib import Path

import pytest

SOURCE = Path(__file__).with_name("clock.c")


class MachineClock:
    """The clock of those who get `environment`. It begins right."""

    def __init__(self, folder: Path) -> None:
        """Build it in a new folder. Skips the test where that can't be done."""
        compiler = shutil.which(os.environ.get("CC", "cc"))
        if compiler is None or sys.platform != "linux":
            pytest.skip("a clock that jumps needs Linux and a C compiler: apt-get install gcc libc6-dev")
        folder.mkdir()
        library, self._file = folder / "clock.so", folder / "clock"
        options = ["-shared", "-fPIC", "-O2", "-Wall", "-Werror", "-o", str(library), str(SOURCE), "-ldl"]
        subprocess.run([compiler, *options], check=True)
        self.environment = {"LD_PRELOAD": str(library), "KILL_CLOCK": str(self._file)}
        self._file.write_bytes(struct.pack("=q", 0))
        self.jump(hours=2)
        if abs(self._told() - time.time() - 7200) > 60:
            pytest.skip("this Python asks for the time where no library can answer")
        self.jump(hours=0)

    def jump(self, *, hours: int) -> None:
        """From now on it is wrong by so much."""
        with self._file.open("r+b", buffering=0) as file:
            file.write(struct.pack("=q", hours * 3600))

    def _told(self) -> float:
        ask = [sys.executable, "-c", "import time; print(time.time())"]
        return float(subprocess.check_output(ask, env=self.environment))
