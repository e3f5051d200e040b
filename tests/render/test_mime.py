"""The bytes of a mail, and the headers that providers and people's rules read."""

import re
from dataclasses import replace
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.message import EmailMessage

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from digest.domain import Digest, Message
from digest.errors import InputError
from digest.render import Links, Site, as_bytes
from digest.render.mime import Encoded
from tests.builders import NOW
from tests.digests import LINKS, SITE, digest, full, many, match, rendered

ID = "<1.0123456789abcdef0123456789abcdef@papers.example.org>"


def raw(
    message: Message | Encoded, recipient: str = "ada@example.org", sender: str = SITE.mail_from
) -> bytes:
    return as_bytes(message, sender=sender, recipient=recipient, date=NOW, message_id=ID)


def parsed(data: bytes) -> EmailMessage:
    mail = message_from_bytes(data, policy=policy.strict)
    assert isinstance(mail, EmailMessage)
    for part in mail.walk():
        assert not part.defects
        assert not any(value.defects for value in part.values())
    return mail


def mail_of(made: Digest, site: Site = SITE, links: Links = LINKS) -> EmailMessage:
    return parsed(raw(rendered(made, site, links)))


def test_e03_the_text_part_comes_first_and_both_come_back_as_they_were() -> None:
    message = rendered(full())
    mail = parsed(raw(message))
    assert mail.get_content_type() == "multipart/alternative"
    first, second = mail.iter_parts()
    assert (first.get_content_type(), second.get_content_type()) == ("text/plain", "text/html")
    assert first.get_content_charset() == second.get_content_charset() == "utf-8"
    assert first.get_content().replace("\r\n", "\n") == message.text
    assert second.get_content().replace("\r\n", "\n") == message.html


@pytest.mark.parametrize("made", [full(), many(50), many(3, abstract="我们研究稀疏专家。" * 50)])
def test_e03_lines_are_short_and_end_with_crlf(made: Digest) -> None:
    data = raw(rendered(made))
    assert data.count(b"\n") == data.count(b"\r\n") == data.count(b"\r")
    head, body = data.split(b"\r\n\r\n", 1)
    assert max(map(len, head.split(b"\r\n"))) <= 78
    parts = body.split(b"\r\n\r\n", 1)[1]
    assert max(len(line) for line in parts.split(b"\r\n") if not line.startswith(b"Content-")) <= 76
    assert data.isascii()


def test_e13_a_digest_says_what_it_is() -> None:
    mail = mail_of(full())
    expected = {
        "From": "Daily Papers <papers@example.org>",
        "To": "ada@example.org",
        "Date": "Tue, 17 Mar 2026 08:00:00 +0000",
        "Message-ID": ID,
        "List-Id": "Daily Papers <daily.papers.example.org>",
        "List-Unsubscribe": f"<{LINKS.unsubscribe}>, <mailto:{LINKS.unsubscribe_mail}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        "List-Help": "<https://papers.example.org/about>",
        "List-Archive": "<https://papers.example.org/papers/2026-03-17>",
        "List-Owner": "<mailto:papers@example.org>",
        "Auto-Submitted": "auto-generated",
        "Precedence": "bulk",
        "Feedback-ID": "1:llm+rl:digest:digestpapersexa",
        "X-Digest-Reason": "filter, pick, topic, trending",
        "X-Digest-Topics": "llm, rl",
        "MIME-Version": "1.0",
    }
    assert {name: str(mail[name]) for name in expected} == expected


def test_e13_an_unsubscribe_link_is_never_folded_or_encoded_however_long() -> None:
    for length in (10, 74, 200, 800):
        url = "https://papers.example.org/u/" + "U" * length
        data = raw(rendered(digest(match()), links=replace(LINKS, unsubscribe=url)))
        assert f"<{url}>".encode() in data
        assert re.search(rb"^List-Unsubscribe:", data, re.MULTILINE)


def test_one_click_is_promised_only_over_https() -> None:
    mail = mail_of(digest(match()), links=replace(LINKS, unsubscribe="http://localhost:8000/u/x"))
    assert mail["List-Unsubscribe"].startswith("<http://localhost:8000/u/x>")
    assert mail["List-Unsubscribe-Post"] is None


def test_without_an_address_to_unsubscribe_by_mail_there_is_only_the_link() -> None:
    mail = mail_of(digest(match()), links=replace(LINKS, unsubscribe_mail=""))
    assert mail["List-Unsubscribe"] == f"<{LINKS.unsubscribe}>"


def test_a_site_name_that_a_list_id_cannot_hold_is_left_out() -> None:
    for name in ("Tägliche Artikel", "Papers, daily", "x\r\nBcc: y@example.org"):
        assert (
            mail_of(digest(match()), site=replace(SITE, name=name))["List-Id"] == "<daily.papers.example.org>"
        )


def test_the_same_message_gives_the_same_bytes() -> None:
    assert raw(rendered(full())) == raw(rendered(full()))


@given(st.text(max_size=200))
@settings(max_examples=60, deadline=None)
def test_e16_no_title_breaks_out_of_the_subject(title: str) -> None:
    message = rendered(digest(match(title=f"=?UTF-8?Q?=0A?= {title}")))
    mail = parsed(raw(message))
    assert mail["Subject"] == message.subject
    assert mail.keys() == parsed(raw(rendered(digest(match())))).keys()


@pytest.mark.parametrize(
    "recipient", ["", "ada", "a@x.org, b@x.org", "a@x.org\r\nBcc: b@x.org", "Ada <a@x.org>"]
)
def test_a_recipient_that_is_not_one_address_is_refused(recipient: str) -> None:
    with pytest.raises(InputError):
        raw(rendered(digest(match())), recipient=recipient)


@pytest.mark.parametrize("sender", ["", "Daily Papers", "x\r\nBcc: b@x.org <a@x.org>"])
def test_a_sender_without_an_address_is_refused(sender: str) -> None:
    with pytest.raises(InputError):
        raw(rendered(digest(match())), sender=sender)


@pytest.mark.parametrize("value", ["a\r\nBcc: x@example.org", "ä", "a\x00b", "x" * 2000])
def test_a_header_that_would_break_out_of_its_line_is_refused(value: str) -> None:
    with pytest.raises(InputError, match="List-Help"):
        raw(Message("subject", "text", "<p>html</p>", (("List-Help", value),)))


def test_an_address_outside_ascii_is_written_as_it_is() -> None:
    assert "To: josé@example.org\r\n".encode() in raw(rendered(digest(match())), recipient="josé@example.org")


def test_a_subject_that_is_folded_before_an_encoded_word_keeps_its_single_spaces() -> None:
    subject = "Human-in-the-Loop Local Corrections of 3D Scene Layouts via… + 11 more"
    message = replace(rendered(digest(match())), subject=subject)
    raw = as_bytes(
        message, sender=SITE.mail_from, recipient="ada@example.org", date=NOW, message_id="<1@example.org>"
    )
    assert parsed(raw)["Subject"] == subject


@example(["199", "199", "x" * 30, "x" * 30])  # Python would break it right after the name
@given(
    st.lists(
        st.sampled_from(["Über", "Öl", "a", "and…", "及另外", "199", "篇", "α-rays", "x" * 30]),
        min_size=1,
        max_size=14,
    )
)
@settings(max_examples=60, deadline=None)
def test_a_subject_of_any_words_keeps_the_spaces_between_them(words: list[str]) -> None:
    message = replace(rendered(digest(match())), subject=" ".join(words))
    data = raw(message, sender=f"{' '.join(words)} <papers@example.org>")
    mail = parsed(data)
    assert mail["Subject"] == message.subject
    # Not the policy's parser: it puts a space between two encoded words of a name (RFC 2047, section 6.2).
    sender = str(make_header(decode_header(message_from_bytes(data)["From"])))
    assert " ".join(sender.split()) == f"{message.subject} <papers@example.org>"
    assert max(map(len, data.split(b"\r\n\r\n")[0].split(b"\r\n"))) <= 78
