"""DKIM: what is signed, what breaks a signature, and that the key shows nowhere; dkimpy verifies."""

import re
import shutil
import subprocess
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dkim
import pytest
from sqlalchemy import Engine

from digest.cli import main as run
from digest.config import DESCRIPTIONS, PREFIX, load, origins
from digest.domain import Interests, Schedule, SourceKind, SourceState
from digest.errors import ConfigError
from digest.pipeline.delivery.worker import deliver_due
from digest.pipeline.installation import open_installation
from digest.pipeline.installation import signer as signer_of
from digest.pipeline.issues.open import open_due
from digest.pipeline.monitoring.alarms import watch
from digest.pipeline.monitoring.checks import Check, Result
from digest.pipeline.monitoring.doctor import examine
from digest.pipeline.subscriptions import preferences, signup, transactional
from digest.pipeline.subscriptions.signup import Visitor
from digest.render import as_bytes
from digest.render.signing import OVERSIGNED, SIGNED, Signer, read_key
from digest.store import session, sources
from digest.store.subscriptions import subscribers
from tests.builders import NOW, entry
from tests.digests import SITE, many, rendered
from tests.installations import installation, join, store_entries
from tests.smtp_server import SmtpServer

pytestmark = pytest.mark.skipif(not shutil.which("openssl"), reason="no openssl that could make keys")
SIGNED_AT = datetime(2024, 3, 17, 8, 0, 0, 900, tzinfo=UTC)
PLANS = {
    "rsa": ("genpkey", "-algorithm", "rsa", "-pkeyopt", "rsa_keygen_bits:2048"),
    "ed25519": ("genpkey", "-algorithm", "ed25519"),
}


def openssl(*arguments: str, given: str = "") -> str:
    done = subprocess.run(["openssl", *arguments], input=given, capture_output=True, text=True, check=True)
    return done.stdout


@dataclass(frozen=True)
class Pair:
    """A private key in PEM, and its public half as openssl says it."""

    kind: str
    pem: str
    public: str


@pytest.fixture(scope="module", params=PLANS)
def pair(request: pytest.FixtureRequest) -> Pair:
    return made(request.param)


@pytest.fixture(scope="module")
def rsa() -> Pair:
    return made("rsa")


def made(kind: str) -> Pair:
    pem = openssl(*PLANS[kind])
    public = "".join(openssl("pkey", "-pubout", given=pem).splitlines()[1:-1])
    # An Ed25519 key stands in the DNS as its bare 32 bytes (RFC 8463, 4.2): 44 characters at the end.
    return Pair(kind, pem, public if kind == "rsa" else public[-44:].removeprefix("MCowBQYDK2VwAyEA"))


def signer(pair: Pair, selector: str = "digest2026") -> Signer:
    return Signer(selector, "example.org", read_key(pair.pem))


def mail(recipient: str = "ada@example.org") -> bytes:
    """A digest of many papers, not signed."""
    return as_bytes(
        rendered(many(12)),
        sender=SITE.mail_from,
        recipient=recipient,
        date=SIGNED_AT,
        message_id="<1.0123456789abcdef@papers.example.org>",
    )


def verifies(content: bytes, pair: Pair) -> bool:
    """What a receiver finds, with the record in its DNS that openssl's public key makes."""
    dns = {b"digest2026._domainkey.example.org.": f"v=DKIM1; k={pair.kind}; p={pair.public}".encode()}
    return bool(dkim.verify(content, dnsfunc=lambda name, **_limits: dns.get(name)))


def signature(content: bytes) -> dict[str, str]:
    """The tags of the first header, without white space."""
    unfolded = re.sub(rb"\r\n[ \t]+", b"", content.replace(b" : ", b":"))
    value = unfolded.split(b"\r\n", 1)[0].removeprefix(b"DKIM-Signature: ").decode()
    return dict(tag.strip().split("=", 1) for tag in value.split(";"))


# ---------------------------------------------------------------- what is signed


def test_a_signed_digest_verifies_and_is_the_same_mail(pair: Pair) -> None:
    content = signer(pair).sign(mail(), SIGNED_AT)
    assert verifies(content, pair)
    assert content.endswith(b"\r\n" + mail())
    assert not verifies(mail(), pair)


def test_an_address_beyond_ascii_is_signed_as_it_is(rsa: Pair) -> None:
    assert verifies(signer(rsa).sign(mail("josé@example.org"), SIGNED_AT), rsa)


def test_the_tags_are_as_they_should_be(pair: Pair) -> None:
    tags = signature(signer(pair).sign(mail(), SIGNED_AT))
    assert tags["a"] == f"{pair.kind}-sha256"
    assert (tags["c"], tags["d"], tags["s"]) == ("relaxed/relaxed", "example.org", "digest2026")
    assert tags["t"] == str(int(SIGNED_AT.timestamp()))
    assert "l" not in tags


def test_the_signed_headers_are_one_explicit_list(rsa: Pair) -> None:
    names = signature(signer(rsa).sign(mail(), SIGNED_AT))["h"].replace(" ", "").split(":")
    assert names == [name.lower() for name in SIGNED]
    assert {"list-unsubscribe", "list-unsubscribe-post", "message-id", "content-type"} <= set(names)
    assert {name for name in names if names.count(name) == 2} == {name.lower() for name in OVERSIGNED}
    assert max(map(names.count, names)) == 2


def test_the_same_mail_at_the_same_time_is_signed_by_the_same_bytes(pair: Pair) -> None:
    once, later = (signer(pair).sign(mail(), SIGNED_AT + timedelta(seconds=s)) for s in (0, 1))
    assert once == signer(pair).sign(mail(), SIGNED_AT)
    assert once != later
    assert verifies(later, pair)


def test_the_record_holds_the_public_key_that_openssl_finds(pair: Pair) -> None:
    assert signer(pair).record == (
        "digest2026._domainkey.example.org",
        f"v=DKIM1; k={pair.kind}; p={pair.public}",
    )


@pytest.mark.parametrize("change", [str.strip, lambda pem: f"\n\n  {pem}".replace("\n", "\r\n")])
def test_a_key_is_read_however_its_lines_end(pair: Pair, change: Callable[[str], str]) -> None:
    assert read_key(change(pair.pem)) == read_key(pair.pem)


def test_the_old_form_of_an_rsa_key_is_read_too(rsa: Pair) -> None:
    old = openssl("rsa", "-traditional", given=rsa.pem)
    assert "BEGIN RSA PRIVATE KEY" in old
    assert read_key(old).public == rsa.public
    assert verifies(signer(Pair("rsa", old, rsa.public)).sign(mail(), SIGNED_AT), rsa)


# ---------------------------------------------------------------- what breaks a signature


def test_relays_may_fold_and_space_as_they_like(rsa: Pair) -> None:
    content = signer(rsa).sign(mail(), SIGNED_AT)
    head, body = content.split(b"\r\n\r\n", 1)
    folded = head.replace(b"\r\nSubject: ", b"\r\nSUBJECT:\r\n   ") + b"\r\n\r\n" + body + b"\r\n\r\n"
    assert folded != content
    assert verifies(b"Received: from somewhere\r\n" + folded, rsa)


CHANGES: dict[str, Callable[[bytes], bytes]] = {
    "body": lambda c: c.replace(b"sparse mixture", b"dense mixture"),
    "body's end": lambda c: c + b"More.\r\n",
    "link to leave": lambda c: c.replace(
        b"List-Unsubscribe: <https://papers", b"List-Unsubscribe: <https://evil"
    ),
    "one click": lambda c: c.replace(b"List-Unsubscribe=One-Click", b"List-Unsubscribe=Two-Click"),
    "no link to leave": lambda c: re.sub(rb"\r\nList-Unsubscribe: .*(\r\n .*)*", b"", c),
    "reply address": lambda c: b"Reply-To: eve@example.com\r\n" + c,
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_changed_mail_does_not_verify(rsa: Pair, name: str) -> None:
    content = signer(rsa).sign(mail(), SIGNED_AT)
    changed = CHANGES[name](content)
    assert changed != content
    assert not verifies(changed, rsa)


@pytest.mark.parametrize("name", OVERSIGNED)
@pytest.mark.parametrize("above", [True, False])
def test_a_second_header_that_people_see_breaks_the_signature(pair: Pair, name: str, *, above: bool) -> None:
    content = signer(pair).sign(mail(), SIGNED_AT)
    second = f"{name}: something else\r\n".encode()
    head, body = content.split(b"\r\n\r\n", 1)
    assert not verifies(second + content if above else head + b"\r\n" + second + b"\r\n" + body, pair)


# ---------------------------------------------------------------- every mail, through a real server


def test_mails_are_finished_and_signed_in_one_place() -> None:
    ours = Path(__file__).parents[2] / "digest"
    making = {path.name for path in ours.rglob("*.py") if "Envelope(" in path.read_text(encoding="utf-8")}
    assert making == {"build.py"}


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)  # nothing of this is in the store
def test_a_digest_that_arrives_verifies(engine: Engine, tmp_path: Path, pair: Pair) -> None:
    with SmtpServer() as server:
        here = installation(engine, tmp_path, smtp_url=server.url, signer=signer(pair))
        store_entries(
            engine, [entry(title=". A dot, and a title in Ελληνικά")], seen_at=NOW - timedelta(hours=3)
        )
        for name in ("ada@one.example", "bob@two.example"):
            join(here, name)
        open_due(here, NOW)
        deliver_due(here, NOW)
    assert len(server.mails) == 2
    assert all(verifies(mail.content, pair) for mail in server.mails)


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
def test_every_other_mail_that_arrives_verifies(engine: Engine, tmp_path: Path, rsa: Pair) -> None:
    visitor = Visitor("web", "192.0.2.7", "Browser/1", nonce="nonce of a browser")
    wanted = {
        "email": "ada@one.example",
        "interests": Interests(),
        "schedule": Schedule(),
        "visitor": visitor,
    }
    with SmtpServer() as server:
        here = installation(
            engine, tmp_path, smtp_url=server.url, signer=signer(rsa), operator_mail="operator@example.org"
        )
        signup.ask(here, **wanted, now=NOW)  # type: ignore[arg-type] # values of their types, by name
        signup.settle(here, NOW)
        transactional.deliver_due(here, NOW)
        token = re.search(rb"/confirm/([\w-]{28})", server.mails[0].content.replace(b"=\r\n", b""))
        assert token
        signup.confirm(here, token[1].decode(), visitor, NOW, pressed=True)
        transactional.deliver_due(here, NOW)
        with session.reading(engine) as db:
            ada = subscribers.get(db, "ada@one.example")
        preferences.leave(here, ada.id, NOW, goodbye=True)
        transactional.deliver_due(here, NOW)
        stall(engine)
        watch(here, NOW)
    confirm, welcome, goodbye, alarm = (mail.content for mail in server.mails)
    assert b"List-Unsubscribe: " in welcome
    assert b"List-Unsubscribe: " not in confirm + goodbye + alarm
    for content in (confirm, welcome, goodbye, alarm):
        assert verifies(content, rsa)
    assert not verifies(b"List-Unsubscribe: <https://evil.example>\r\n" + confirm, rsa)  # none can be added


def stall(engine: Engine) -> None:
    """A source says nothing, which the operator is told."""
    later = NOW + timedelta(days=9)
    with session.transaction(engine) as db:
        sources.add(db, name="feed", kind=SourceKind.FEED, url="https://feed.example.org/none")
        sources.succeeded(
            db,
            "feed",
            now=NOW,
            state=SourceState.STALLED,
            etag=None,
            last_modified=None,
            next_fetch_at=later,
            last_new_at=NOW - timedelta(hours=9),
        )


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
def test_without_a_key_nothing_is_signed(engine: Engine, tmp_path: Path) -> None:
    with SmtpServer() as server:
        here = installation(engine, tmp_path, smtp_url=server.url)
        store_entries(engine, [entry()], seen_at=NOW - timedelta(hours=3))
        join(here, "ada@one.example")
        open_due(here, NOW)
        deliver_due(here, NOW)
    assert b"DKIM" not in server.mails[0].content


# ---------------------------------------------------------------- the settings


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """An empty folder and no settings but a sender; more are set by the test."""
    monkeypatch.chdir(tmp_path)
    for name in DESCRIPTIONS:
        monkeypatch.delenv(PREFIX + name.upper(), raising=False)
    monkeypatch.setenv("DIGEST_MAIL_FROM", "Papers <papers@news.example.org>")
    return monkeypatch


def sign_with(here: pytest.MonkeyPatch, key: str, **more: str) -> None:
    """Switch signing on, and set more settings."""
    for name, value in {"selector": "digest2026", "key": key, **more}.items():
        here.setenv(f"DIGEST_DKIM_{name.upper()}", value)


def refusal() -> str:
    with pytest.raises(ConfigError) as caught:
        load()
    return caught.value.message


@pytest.mark.parametrize(
    ("domain", "signs"),
    [("", "news.example.org"), ("news.example.org", "news.example.org"), ("Example.ORG", "example.org")],
)
def test_the_sender_s_domain_signs_or_one_above_it(
    here: pytest.MonkeyPatch, rsa: Pair, domain: str, signs: str
) -> None:
    sign_with(here, rsa.pem, domain=domain)
    signing = signer_of(load())
    assert signing
    assert (signing.selector, signing.domain) == ("digest2026", signs)


@pytest.mark.parametrize("domain", ["example.com", "org", "s.example.org", "mail.news.example.org"])
def test_another_domain_may_not_sign(here: pytest.MonkeyPatch, rsa: Pair, domain: str) -> None:
    sign_with(here, rsa.pem, domain=domain)
    assert refusal().startswith(
        f"DIGEST_DKIM_DOMAIN: {domain} is neither the sender's domain, news.example.org"
    )


@pytest.mark.parametrize("selector", ["a b", "-a", "a.", "a_b", "a;b", "a\nb", "schlüssel", "ſ", "a" * 64])
def test_a_selector_is_a_name_of_the_dns(here: pytest.MonkeyPatch, rsa: Pair, selector: str) -> None:
    sign_with(here, rsa.pem, selector=selector)
    assert refusal().startswith("DIGEST_DKIM_SELECTOR: must be a name of letters")


def test_a_selector_needs_a_key(here: pytest.MonkeyPatch) -> None:
    here.setenv("DIGEST_DKIM_SELECTOR", "digest2026")
    assert refusal().startswith("DIGEST_DKIM_KEY: there is none")


def test_all_that_is_wrong_is_told_at_once(here: pytest.MonkeyPatch) -> None:
    sign_with(here, "no key", domain="example.com")
    assert [line.partition(":")[0] for line in refusal().splitlines()] == [
        "DIGEST_DKIM_DOMAIN",
        "DIGEST_DKIM_KEY",
    ]


UNUSABLE: dict[str, Callable[[str], str]] = {
    "nothing like it": lambda _: "hunter2",
    "its public half": lambda pem: openssl("pkey", "-pubout", given=pem),
    "cut off": lambda pem: "\n".join([*pem.splitlines()[:8], pem.splitlines()[-1]]),
    "a line lost": lambda pem: "\n".join([*pem.splitlines()[:8], *pem.splitlines()[9:]]),
    "damaged": lambda pem: "\n".join(
        line[::-1] if n == 18 else line for n, line in enumerate(pem.splitlines())
    ),
    "with a password": lambda pem: openssl("pkcs8", "-topk8", "-passout", "pass:hunter2", given=pem),
    "too short": lambda _: openssl("genpkey", "-algorithm", "rsa", "-pkeyopt", "rsa_keygen_bits:768"),
    "of another kind": lambda _: openssl(
        "genpkey", "-algorithm", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"
    ),
}


@pytest.mark.parametrize("name", UNUSABLE)
def test_a_key_that_can_not_sign_is_refused_and_not_shown(
    here: pytest.MonkeyPatch, rsa: Pair, name: str
) -> None:
    key = UNUSABLE[name](rsa.pem)
    sign_with(here, key)
    with pytest.raises(ConfigError, match=r"^DIGEST_DKIM_KEY: ") as caught:
        load()
    told = "".join(traceback.format_exception(caught.value))
    assert not [line for line in key.splitlines() if line in told]


def test_a_key_may_stand_in_a_file(here: pytest.MonkeyPatch, tmp_path: Path, pair: Pair) -> None:
    (tmp_path / "dkim.pem").write_text(pair.pem)
    here.setenv("DIGEST_DKIM_SELECTOR", "digest2026")
    here.setenv("DIGEST_DKIM_KEY_FILE", str(tmp_path / "dkim.pem"))
    assert signer_of(load()) == Signer("digest2026", "news.example.org", read_key(pair.pem))


def test_the_file_of_a_key_may_be_named_in_dot_env(
    here: pytest.MonkeyPatch, tmp_path: Path, rsa: Pair
) -> None:
    (tmp_path / "dkim.pem").write_text(rsa.pem)
    (tmp_path / ".env").write_text("DIGEST_DKIM_SELECTOR=digest2026\nDIGEST_DKIM_KEY_FILE=dkim.pem\n")
    signing = signer_of(load())
    assert signing
    assert signing.key == read_key(rsa.pem)
    assert ("DIGEST_DKIM_KEY", "**********", "file") in origins(load(), {})


def test_a_key_file_that_is_not_text_is_named(here: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "dkim.der").write_bytes(b"0\x82\x04\xbe\xff")
    here.setenv("DIGEST_DKIM_KEY_FILE", str(tmp_path / "dkim.der"))
    assert "DIGEST_DKIM_KEY_FILE: can't read" in refusal()


def test_the_key_shows_nowhere(
    here: pytest.MonkeyPatch, pair: Pair, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    sign_with(here, pair.pem)
    for arguments in (["config", "show"], ["config", "show", "--json"], ["doctor"], ["doctor", "--json"]):
        run(arguments)
    settings = load()
    installed = open_installation(settings)
    assert installed.signer
    installed.signer.sign(mail(), SIGNED_AT)
    installed.engine.dispose()
    told = "".join(
        [*capsys.readouterr(), caplog.text, repr(settings), repr(installed), repr(installed.signer)]
    )
    told = re.sub(r"\s", "", told)
    private = "".join(pair.pem.splitlines()[1:-1])
    assert "digest2026" in told
    assert not [
        at for at in range(0, len(private) - 16, 16) if private[at : at + 16] in told.replace(pair.public, "")
    ]
    assert installed.signer.key.private.decode() not in told


# ---------------------------------------------------------------- doctor, preview


def dkim_check() -> Check:
    return next(check for check in examine(NOW, {}) if check.check == "dkim")


def test_doctor_says_that_the_relay_signs(here: pytest.MonkeyPatch) -> None:
    assert dkim_check() == Check("dkim", Result.OK, "your relay signs")


def test_doctor_says_the_record_that_the_dns_must_hold(here: pytest.MonkeyPatch, pair: Pair) -> None:
    sign_with(here, pair.pem, domain="example.org")
    found = dkim_check()
    record = f'digest2026._domainkey.example.org TXT "v=DKIM1; k={pair.kind}; p={pair.public}"'
    assert found.result is Result.OK
    assert found.detail.endswith(record)


def test_doctor_warns_of_a_key_that_signs_nothing(here: pytest.MonkeyPatch, rsa: Pair) -> None:
    here.setenv("DIGEST_DKIM_KEY", rsa.pem)
    assert dkim_check().result is Result.WARN


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
def test_a_preview_is_what_will_be_signed(
    here: pytest.MonkeyPatch, database_url: str, rsa: Pair, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    here.setenv("DIGEST_DATABASE_URL", database_url)
    sign_with(here, rsa.pem)
    installed = open_installation(load())
    store_entries(installed.engine, [entry()], seen_at=NOW - timedelta(hours=3))
    join(installed, "ada@one.example")
    installed.engine.dispose()
    assert run(["--now", NOW.isoformat(), "preview", "ada@one.example", "--eml"]) == 0
    shown = capfdbinary.readouterr().out
    assert b"\r\nSubject: " in shown
    assert b"DKIM" not in shown
