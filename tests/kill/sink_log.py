"""What a sink wrote down → what it took, and which messages may be in doubt because of it.

A message is in doubt when its body was begun and the sink never said that it has it (250). A sink that dies
may not have read what was begun: for its lines, doubt begins when it asks for the body (354).
"""

from dataclasses import dataclass, field
from pathlib import Path

_NAMELESS = "?"


@dataclass
class _Line:
    """One connection: the message that was asked for and not answered, and how the connection ended."""

    asked: bool = False
    begun: bool = False
    message: str = _NAMELESS
    left: bool = False  # the client's end, not the sink's


@dataclass
class SinkLog:
    """The log of all sinks of one scene, read as it grows."""

    path: Path
    taken: list[str] = field(default_factory=list)  # Message-IDs that were kept, in order
    unanswered: set[str] = field(default_factory=set)  # Message-IDs whose 250 was surely never said
    _lines: dict[str, _Line] = field(default_factory=dict)
    _offset: int = 0

    def read(self) -> "SinkLog":
        """Take in what was written since; returns itself."""
        if self.path.exists():
            with self.path.open("rb") as file:
                file.seek(self._offset)
                for event in file:
                    if not event.endswith(b"\n"):
                        break
                    self._offset += len(event)
                    self._take_in(*event.decode().split())
        return self

    @property
    def unsure(self) -> set[str]:
        """Message-IDs that were kept when the sink was killed: whether the 250 was said isn't known."""
        return {one.message for one in self._broken_off()} - self.unanswered - {_NAMELESS}

    @property
    def broken_off(self) -> int:
        """How many bodies the sink broke off before it knew whose they were."""
        return sum(1 for one in self._broken_off() if one.message == _NAMELESS)

    @property
    def deserted(self) -> int:
        """How many bodies had no answer when their client went: it was killed, or tired of waiting."""
        return sum(1 for one in self._lines.values() if one.begun and one.left)

    def _broken_off(self) -> list[_Line]:
        return [one for one in self._lines.values() if one.asked and not one.left]

    def _take_in(self, event: str, line: str, *about: str) -> None:
        one = self._lines.setdefault(line, _Line())
        match event:
            case "asked":
                one.asked, one.begun, one.message = True, False, _NAMELESS
            case "begun":
                one.begun = True
            case "taken":
                one.message = about[0]
                self.taken.append(one.message)
            case "said":
                one.asked = one.begun = False
            case "dropped" | "died" if one.begun and len(about) > 1:
                one.message = about[1]
                self.unanswered.add(one.message)
            case "lost" | "quit":
                one.left = True
