"""Reads the JSON that Amazon SES writes about a message, mailed through SNS, as a Report."""

import json
from collections.abc import Mapping
from email.message import Message
from typing import Any

from digest.bounces.parts import address, part
from digest.bounces.report import Report
from digest.bounces.verdict import code_in, judge_failure
from digest.deliver import readable
from digest.domain import BounceKind

_DEEPEST = 2  # SNS wraps the object of SES into a text of its own


def notification(message: Message) -> Report | None:
    """Read a mail whose text is such an object. None for any other."""
    found = part(message, "text/plain")
    body = None if found is None else found.get_payload(decode=True)
    if not isinstance(body, bytes) or not body.lstrip().startswith(b"{"):
        return None
    notification = _object(body.decode("utf-8", "replace"))
    match notification.get("notificationType") or notification.get("eventType"):
        case "Bounce":
            return _bounce(_mapping(notification.get("bounce")))
        case "Complaint":
            person = _first(_mapping(notification.get("complaint")).get("complainedRecipients"))
            return Report(BounceKind.COMPLAINT, address(person.get("emailAddress")), words="complaint: SES")
        case "Delivery":
            return Report(BounceKind.IGNORED, words="delivered")
    return None


def _bounce(bounce: Mapping[str, Any]) -> Report:
    person = _first(bounce.get("bouncedRecipients"))
    reply = readable(str(person.get("diagnosticCode") or "").partition(";")[2])
    status = code_in(str(person.get("status") or ""))
    verdict = judge_failure(status, reply)
    hard = verdict.kind is BounceKind.HARD and bounce.get("bounceType") == "Permanent"
    kind = BounceKind.HARD if hard else BounceKind.SOFT
    return Report(kind, address(person.get("emailAddress")), verdict.status, reply or status, verdict.reason)


def _object(written: str) -> Mapping[str, Any]:
    """The innermost object; `written` may break off, or be a text behind other text."""
    found: Mapping[str, Any] = {}
    for _ in range(_DEEPEST):
        try:
            found = _mapping(json.JSONDecoder().raw_decode(written.lstrip())[0])
        except (ValueError, RecursionError):
            return found
        if not isinstance(found.get("Message"), str):
            return found
        written = found["Message"]
    return found


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _first(value: object) -> Mapping[str, Any]:
    return _mapping(value[0]) if isinstance(value, list) and value else {}
