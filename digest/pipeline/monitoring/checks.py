"""Defines one thing that was looked at, and what was found: what `digest doctor` is made of."""

from dataclasses import dataclass
from enum import StrEnum


class Result(StrEnum):
    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at, what was found, and what to do about it (empty where it is well)."""

    check: str
    result: Result
    detail: str
    fix: str = ""


def check(name: str, well: bool, detail: str, fix: str, *, bad: Result = Result.WARN) -> Check:
    """Return what was found to be well, or bad and how to fix it."""
    return Check(name, Result.OK, detail) if well else Check(name, bad, detail, fix)
