"""The process that takes the mail of a scene (sink.py), started again whenever it dies; and what it wrote."""

import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from tests.kill.sink_log import SinkLog
from tests.ports import free_port

PROGRAM = Path(__file__).with_name("sink.py")


@dataclass
class Sink:
    """The process that takes the mail, started again whenever it dies."""

    folder: Path
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    def __post_init__(self) -> None:
        self.log = SinkLog(self.folder / "sink.log")

    def fates(self, **shares: float) -> None:
        """From the next connection on, this share of lines drops (or dies) at these phases."""
        lines = [f"{phase.replace('_', '-')} {share}\n" for phase, share in shares.items()]
        (self.folder / "fates").write_text("".join(lines))

    def keep_up(self) -> None:
        """Start it where it isn't running."""
        if self.process is None or self.process.poll() is not None:
            command = [sys.executable, str(PROGRAM), str(self.port), str(self.log.path)]
            self.process = subprocess.Popen([*command, str(self.folder / "fates")])

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
