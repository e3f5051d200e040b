"""What mails that came back say: a table over those that mail servers write, and laws over hostile ones."""

import base64
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.bounces import LARGEST, Report, read
from digest.domain import BounceKind
from tests.bounce_mails import FOLDER, came_back

HARD, SOFT, COMPLAINT, DELAYED, IGNORED, UNKNOWN, UNSUBSCRIBE = (
    BounceKind.HARD,
    BounceKind.SOFT,
    BounceKind.COMPLAINT,
    BounceKind.DELAYED,
    BounceKind.IGNORED,
    BounceKind.UNKNOWN,
    BounceKind.UNSUBSCRIBE,
)
TOKEN = "q2" * 20
MESSAGE_ID = f"<17.{'0a' * 16}@example.org>"
LINK = "Ab_-" * 7

# name, what it says, the status, and which signs of ours it shows: an envelope sender's, a Message-ID
MAILS = (
    ("postfix-unknown-user", HARD, "5.1.1", "both"),
    ("postfix-full", SOFT, "5.2.2", "both"),
    ("postfix-gave-up", SOFT, "4.4.1", "both"),
    ("postfix-delayed", DELAYED, "4.4.1", "both"),
    ("postfix-relayed", IGNORED, "2.0.0", "both"),
    ("exim-general-status", HARD, "5.1.1", "both"),
    ("exim-unrouteable", HARD, "5.0.0", "both"),
    ("exim-old-no-code", SOFT, "", "both"),
    ("exim-old-greylisted", SOFT, "4.7.1", "both"),
    ("exchange-not-found", HARD, "5.1.10", "both"),
    ("exchange-our-fault", SOFT, "5.7.1", "both"),
    ("gmail-no-such-user", HARD, "5.1.1", "message id"),
    ("international-unknown-user", HARD, "5.1.6", "both"),
    ("qmail-no-mailbox", HARD, "5.1.1", "both"),
    ("warning-only", DELAYED, "", "token"),
    ("complaint", COMPLAINT, "", "both"),
    ("complaint-redacted", COMPLAINT, "", "message id"),
    ("complaint-forged", COMPLAINT, "", ""),
    ("not-spam", IGNORED, "", "both"),
    ("vacation", IGNORED, "", "both"),
    ("out-of-office", IGNORED, "", ""),
    ("person", UNKNOWN, "", "message id"),
    ("unsubscribe", UNSUBSCRIBE, "", ""),
    ("unsubscribe-word", UNSUBSCRIBE, "", "message id"),
    ("plain-line", HARD, "5.1.1", "both"),
    ("plain-agent", SOFT, "5.2.2", "both"),
    ("plain-after-data", SOFT, "", "both"),
    ("fields-in-text", HARD, "5.1.1", "both"),
    ("wrong-boundary", SOFT, "5.0.0", "both"),
    ("words-above-contradict", SOFT, "5.1.1", "both"),
    ("html-only", HARD, "5.1.10", "both"),
    ("junk-report", COMPLAINT, "", "both"),
    ("ses-notification", HARD, "5.1.1", "both"),
    ("list-refuses", SOFT, "", "both"),
    ("answer-that-quotes", UNKNOWN, "", "message id"),
)


@pytest.mark.parametrize(("name", "kind", "status", "signs"), MAILS)
def test_each_mail_says_what_it_says(name: str, kind: BounceKind, status: str, signs: str) -> None:
    found = read(came_back(name, token=TOKEN, message_id=MESSAGE_ID, link=LINK))
    assert (found.kind, found.status) == (kind, status)
    assert {token.lower() for token in found.tokens} == ({TOKEN} if signs in {"both", "token"} else set())
    assert found.message_ids == ((MESSAGE_ID,) if signs in {"both", "message id"} else ())
    assert found.link == (LINK if name == "unsubscribe" else "")
    if name != "complaint-redacted":
        assert found.email == "ada@one.example"


def test_every_sample_is_in_the_table() -> None:
    assert {path.stem for path in FOLDER.glob("*.eml")} == {name for name, *_ in MAILS} | {"forged"}


def test_a_forged_report_shows_signs_that_nobody_has_checked_yet() -> None:
    assert read(came_back("forged")).tokens == ("a" * 40, "2" * 40)


def test_the_words_of_the_server_are_one_line() -> None:
    said = "550 5.1.1 <ada@one.example>: Recipient address rejected: User unknown in virtual mailbox table"
    assert read(came_back("postfix-unknown-user")).words == said


@pytest.mark.parametrize(
    ("status", "diagnostic", "kind", "told"),
    [
        ("5.1.2", "", HARD, "5.1.2"),
        ("5.2.1 (disabled)", "", HARD, "5.2.1"),
        ("5.4.4", "", SOFT, "5.4.4"),
        ("5.3.4", "", SOFT, "5.3.4"),
        ("5.0.0", "smtp; 550 5.2.2 full", SOFT, "5.2.2"),
        ("5.0.0", "smtp; 550 no such user here", HARD, "5.0.0"),
        ("5.0.0", "smtp; 550 5.7.1 no such user in your list of senders", SOFT, "5.7.1"),
        ("5.0.0", "smtp; 550 go away", SOFT, "5.0.0"),
        ("5.7.1", "smtp; 550 5.1.1 user unknown", SOFT, "5.7.1"),
        ("nonsense", "smtp; 550 5.1.1 user unknown", HARD, "5.1.1"),
        ("15.1.1", "", SOFT, ""),
        # the words or the code of the last server contradict the field: what spares the reader wins
        ("5.1.1", "smtp; 550 5.7.1 mail from 192.0.2.1 refused, it is on a blocklist", SOFT, "5.7.1"),
        ("5.1.1", "smtp; 552 5.2.2 over quota", SOFT, "5.2.2"),
        ("5.1.1", "smtp; 550 the mailbox is full", SOFT, "5.1.1"),
        ("5.1.1", "smtp; 550 too many messages from you this hour", SOFT, "5.1.1"),
        ("5.1.1", "smtp; 554 rejected as spam", SOFT, "5.1.1"),
        ("5.1.1", "smtp; 450 4.2.0 <ada@one.example>: greylisted", SOFT, "4.2.0"),
        ("5.1.2", "smtp; Host not found, try again", SOFT, "5.1.2"),
        ("5.2.1", "smtp; 550 5.2.1 the user is receiving mail at a rate that prevents more", SOFT, "5.2.1"),
        ("5.2.1", "smtp; 550 5.2.1 the account is disabled", SOFT, "5.2.1"),
        ("5.1.1", "smtp; 550 5.1.1 sender rejected: SPF fails", SOFT, "5.1.1"),
        ("4.4.7", "smtp; 550 5.1.1 user unknown", SOFT, "4.4.7"),
        # general codes say nothing, the words do
        ("5.3.0", "smtp; 550 no such account here", HARD, "5.3.0"),
        ("5.5.0", "smtp; 550 requested action not taken: mailbox unavailable", HARD, "5.5.0"),
        ("5.0.0", "smtp; 550 Benutzer unbekannt", HARD, "5.0.0"),
        ("5.4.1", "smtp; 550 5.4.1 Recipient address rejected: Access denied", HARD, "5.4.1"),
        ("5.4.4 (no such domain)", "", HARD, "5.4.4"),
        ("5.4.4", "smtp; the name server gave a malformed or unexpected name server reply", SOFT, "5.4.4"),
        ("5.0.0", "smtp; 556 this domain takes no mail", HARD, "5.0.0"),
        ("5.0.0", "smtp; 550 unauthenticated senders not allowed", SOFT, "5.0.0"),
        ("5.7.1", "smtp; 550 Recipient address rejected: Access denied", SOFT, "5.7.1"),
        # neither addresses, links nor versions are words
        ("5.0.0", "smtp; 550 <unknown-user@one.example> see https://x.example/?p=NoSuchUser", SOFT, "5.0.0"),
        ("5.1.1", "smtp; 550 <spam.blocklist@one.example>: user unknown", HARD, "5.1.1"),
    ],
)
def test_the_table_of_replies_says_which_failures_are_hard(
    status: str, diagnostic: str, kind: BounceKind, told: str
) -> None:
    found = read(_report(f"Action: failed\nStatus: {status}\nDiagnostic-Code: {diagnostic}"))
    assert (found.kind, found.status) == (kind, told)


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ("Status: 5.1.1", HARD),
        ("Status: 4.4.1", DELAYED),
        ("Action: expanded\nStatus: 2.0.0", IGNORED),
        ("Action: dances\nStatus: 1.0.0", UNKNOWN),
        ("Action: delayed\nStatus: 4.4.1\n\nAction: failed\nStatus: 5.1.1", HARD),
        ("Action: delayed\nStatus: 5.1.1", DELAYED),
    ],
)
def test_what_a_report_leaves_out_is_read_off_the_rest(fields: str, kind: BounceKind) -> None:
    assert read(_report(fields)).kind is kind


def test_a_report_inside_a_returned_mail_says_nothing() -> None:
    inner = _report("Action: failed\nStatus: 5.1.1").decode()
    head = 'Content-Type: multipart/mixed; boundary="o"\n\n--o\nContent-Type: message/rfc822\n\n'
    assert read(f"{head}{inner}\n--o--\n".encode()).kind is UNKNOWN


def test_a_sign_is_found_in_encoded_text() -> None:
    hidden = base64.encodebytes(f"<p>bounces+{TOKEN}@papers.example.org</p>".encode()).decode()
    mail = f"Content-Type: text/html\nContent-Transfer-Encoding: base64\n\n{hidden}"
    assert read(mail.encode()).tokens == (TOKEN,)
    assert read(f"X: bounces+2B{TOKEN}@x\n\nbounces+{TOKEN[:9]}=\n{TOKEN[9:]}@x".encode()).tokens == (TOKEN,)


@given(st.binary(max_size=2000))
def test_no_bytes_make_it_raise(raw: bytes) -> None:
    assert read(raw).words != "it can't be parsed"


@settings(max_examples=60)
@given(st.data())
def test_no_broken_mail_makes_it_raise(data: st.DataObject) -> None:
    raw = came_back(data.draw(st.sampled_from([name for name, *_ in MAILS])))
    start = data.draw(st.integers(0, len(raw)))
    end = data.draw(st.integers(start, min(len(raw), start + 40)))
    found = read(raw[:start] + data.draw(st.binary(max_size=40)) + raw[end:])
    assert len(found.words) <= 500
    assert "\n" not in found.email + found.words


def _nested(depth: int) -> bytes:
    return b"".join(b'Content-Type: multipart/mixed; boundary="%d"\n\n--%d\n' % (n, n) for n in range(depth))


HOSTILE = {
    "nested multiparts": _nested(12) + b"\n" * LARGEST,
    "deeply nested multiparts": _nested(20_000),
    "nested mails": b"Content-Type: message/rfc822\n\n" * 50_000,
    "one long line": b"Subject: " + b"<" * 10_000_000,
    "many fields": b"a:\n" * 500_000,
    "many parts": b'Content-Type: multipart/mixed; boundary="b"\n\n' + b"--b\n\n" * 100_000,
    "many signs": b"To: " + b" bounces+%s@x" % (b"a" * 40) * 100_000,
    "many recipients": came_back("postfix-full").replace(b"Status: 5.2.2\n", b"Action: failed\n\n" * 20_000),
    "dashes": b"X-Failed-Recipients: a@b.c\n\n" + b"-" * 1900 + (b"\n" + b"-" * 1900) * 100,
    "addresses": b"From: MAILER-DAEMON\n\n" + (b"x@" * 990 + b"\n") * 130,
    "brackets": b"From: MAILER-DAEMON\n\ndelivery to the following recipient failed\n"
    + (b"<" * 1990 + b"\n") * 130,
    "an unknown charset": b"Content-Type: text/plain; charset=nonsense\nX-Failed-Recipients: a@b.c\n\nhi",
    "bytes beyond ASCII": b"Auto-Submitted: \xff\xfe\nSubject: \xe9\nFrom: \xff@\xff\n\n\xff",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_mails_take_neither_long_nor_the_process_down(name: str) -> None:
    began = time.process_time()
    assert isinstance(read(HOSTILE[name]), Report)
    assert time.process_time() - began < 5


def _report(fields: str) -> bytes:
    """A delivery report of one block of fields, or more."""
    head = 'Content-Type: multipart/report; report-type=delivery-status; boundary="r"\n\n--r\n'
    status = f"Content-Type: message/delivery-status\n\nReporting-MTA: dns; mx\n\n{fields}\n\n--r--\n"
    return (head + status).encode()
