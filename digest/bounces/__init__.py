"""Reads what a mail that came back says. Pure.

In: the bytes of one mail, however broken or hostile. Out: a `Report`: what it says of which address, and
every sign in it that it is about a mail of ours, unverified. Never: an error, a long wait (size, nesting
and lines are bounded), or trust: whether the signs are ours is for whoever holds the keys.

report.py         what is found, as a value
reading.py        bytes → a Report: the readers in their order, and the signs of ours
statuses.py       delivery reports (RFC 3464), also those that stand in plain text
notifications.py  the JSON that Amazon SES mails through SNS
people.py         complaints (RFC 5965), mails that unsubscribe, automatic replies (RFC 3834)
texts.py          what other mail servers write for people
verdict.py        codes and words of a failure → hard or soft, and why
parts.py          the parts and fields of a mail, decoded
"""

from digest.bounces.reading import LARGEST, read
from digest.bounces.report import Report

__all__ = ["LARGEST", "Report", "read"]
