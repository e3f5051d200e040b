"""Renders a digest: subject, text, HTML and headers of one subscriber's mail, and its bytes.

In: a `Digest`, the `Site` that sends it, this subscriber's `Links`. Out: a `Message`, and those of the other
mails that a subscriber gets (confirm, already, welcome, goodbye, preferences, erase, proposal, queue) or
the operator (alarm); `as_bytes` makes it RFC 5322. Never: chooses or orders papers, asks a database, makes
links, or reads a clock.

    view.py       which papers a mail shows, under which headings; its reader's own texts
    cards.py      what is shown of a paper          phrases.py   how it reads
    templates.py  Jinja with CSS inlined once       colors.py    those that an operator chooses
    blocks.py     the parts of a mail's list         press.py     messages spliced from parts
    slots.py      the places between the parts      plain.py     lines of the text part
    translated.py texts of templates in a reader's language
    headers.py    List-Id and the like              mime.py      the bytes
    signing.py    DKIM, where it is wanted
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from digest.bundled import folder
from digest.domain import Alarm, Digest, Message, Proposal, ProposalState
from digest.errors import ConfigError
from digest.languages import ENGLISH, current, gettext, speaking
from digest.render import phrases
from digest.render.colors import Colors
from digest.render.headers import automatic_headers, header_text, list_headers
from digest.render.mime import Encoded, Headers, as_bytes
from digest.render.site import Links, Site, in_language

if TYPE_CHECKING:
    from jinja2 import Environment

    from digest.render.assemble import MessageAssembler

__all__ = ["Colors", "Encoded", "Links", "Renderer", "Site", "as_bytes"]


class Renderer:
    """Renders mails from a folder of templates; what the folder lacks is taken from the shipped one.

    A mail is three templates in a folder of its name: `subject.txt`, `body.txt`, `body.html`.
    """

    def __init__(self, template_dir: Path | None = None, colors: Colors | None = None) -> None:
        self._template_dir = template_dir
        self.colors = colors or Colors()
        self._assemblers: dict[str, MessageAssembler] = {}

    @cached_property
    def _jinja(self) -> "Environment":
        """The templates, read when the first mail is rendered: most commands render none."""
        from digest.render.templates import environment  # noqa: PLC0415 - brings Jinja, slow to import

        shipped = folder("templates") / "email"
        folders = [self._template_dir, shipped] if self._template_dir else [shipped]
        return environment(*folders, colors=self.colors)

    def digest(self, digest: Digest, site: Site, links: Links) -> Encoded:
        """Return one subscriber's digest as a mail whose HTML part stays within the size that providers show.

        A digest without papers is a quiet day's mail.
        """
        if site.language != current():
            with speaking(site.language):
                return self._in(site.language).print("digest", 2, digest, site, links)
        return self._in(site.language).print("digest", 2, digest, site, links)

    def subject(self, digest: Digest, site: Site, links: Links) -> str:
        """Return the subject of one subscriber's digest, as `digest` has it."""
        with speaking(site.language):
            return self._in(site.language).subject("digest", 2, digest, site, links)

    def confirm(self, site: Site, *, link: str, hours: int, until: str, first: str = "") -> Message:
        """Ask an address to confirm within `hours`. Holds nothing that the requester typed.

        `until`: when the link expires, in words; `first`: when the first digest comes if they confirm now.
        """
        values = {"site": site, "link": link, "hours": hours, "until": until, "first": first}
        return self._mail("confirm", values, automatic_headers())

    def already(self, site: Site, links: Links, *, following: str = "", paused: str = "") -> Message:
        """Tell somebody who signed up again that nothing has changed.

        `following`: when their next digest comes, in words; `paused`: until when none comes.
        """
        values = {"site": site, "links": links, "next": following, "paused": paused}
        return self._mail("already", values, automatic_headers())

    def welcome(
        self, site: Site, links: Links, digest: Digest | None, *, first: str = ""
    ) -> Message | Encoded:
        """Greet a new subscriber with the digest that would have come last, if there was one.

        `first`: when the first digest comes and of what, in words; shown where no digest is.
        """
        headers = list_headers(site, links)
        if digest is None:
            return self._mail(
                "welcome", {"site": site, "links": links, "digest": None, "first": first}, headers
            )
        with speaking(site.language):
            mail = self._in(site.language).print("welcome", 3, digest, site, links)
        return replace(mail, own=headers, shared=())

    def goodbye(self, site: Site, *, back: str) -> Message:
        """Tell somebody who left that it is done; `back` leads to a page where it can be undone."""
        return self._mail("goodbye", {"site": site, "back": back}, automatic_headers())

    def preferences(self, site: Site, *, link: str) -> Message:
        """Give somebody the link to their preferences, which no other page shows."""
        return self._mail("preferences", {"site": site, "link": link}, automatic_headers())

    def erase(self, site: Site, *, link: str, hours: int) -> Message:
        """Ask somebody to confirm that everything about them is erased; the link is over after `hours`."""
        return self._mail("erase", {"site": site, "link": link, "hours": hours}, automatic_headers())

    def signin(self, site: Site, *, link: str, minutes: int) -> Message:
        """Give somebody the link by which they sign in, once; it is over after `minutes`."""
        return self._mail("signin", {"site": site, "link": link, "minutes": minutes}, automatic_headers())

    def proposal(self, site: Site, proposal: Proposal) -> Message:
        """Tell somebody what became of the paper that they proposed."""
        title = phrases.one_line(proposal.entry.title, 200) if proposal.entry else ""
        values = {
            "site": site,
            "title": title or phrases.one_line(proposal.typed, 200),
            "accepted": proposal.state is ProposalState.ACCEPTED,
            "words": phrases.one_line(gettext(proposal.words), 500),
            "link": f"{site.base_url}/submit/{proposal.id}",
        }
        return self._mail("proposal", values, automatic_headers())

    def queue(self, site: Site, waiting: Sequence[Proposal], now: datetime) -> Message:
        """Tell a curator once a day how many proposals wait, and of the three that wait longest."""
        oldest = [
            {
                "title": phrases.one_line(each.entry.title, 200) if each.entry else "",
                "by": phrases.one_line(each.by, 60),
                "days": (now - each.created_at).days,
            }
            for each in waiting[:3]
        ]
        values = {"site": site, "count": len(waiting), "oldest": oldest, "link": f"{site.base_url}/curate"}
        return self._mail("queue", values, automatic_headers())

    def alarm(self, site: Site, *, began: Sequence[Alarm], over: Sequence[Alarm]) -> Message:
        """Tell the operator what is wrong now, and what isn't any more; at least one of either. In English,
        as all that operators read."""
        titles = [*(alarm.title for alarm in began), *(f"resolved: {alarm.title}" for alarm in over)]
        values = {"site": site, "began": began, "over": over, "first": titles[0], "more": len(titles) - 1}
        return self._mail("alarm", values | {"site": in_language(site, ENGLISH)}, automatic_headers())

    def test(self, site: Site) -> Message:
        """Show that emails arrive."""
        return self._mail("test", {"site": in_language(site, ENGLISH)}, automatic_headers())

    def _in(self, language: str) -> "MessageAssembler":
        """The assembler of a language: each has parts of its own."""
        if language not in self._assemblers:
            from digest.render.assemble import MessageAssembler  # noqa: PLC0415 - as above

            self._assemblers[language] = MessageAssembler(self._part)
        return self._assemblers[language]

    def _mail(self, mail: str, values: Mapping[str, Any], headers: Headers) -> Message:
        parts = ("subject.txt", "body.txt", "body.html")
        with speaking(values["site"].language):
            subject, text, html = (self._part(f"{mail}/{part}", values) for part in parts)
        return Message(header_text(subject), text, html, headers)

    def _part(self, template: str, values: Mapping[str, object]) -> str:
        from jinja2 import TemplateError  # noqa: PLC0415 - as above

        try:
            return self._jinja.get_template(template).render(values)
        except TemplateError as error:
            msg = f"the mail template {template} can't be used: {error}"
            raise ConfigError(msg, fix="correct it in DIGEST_TEMPLATE_DIR, or take it away there") from error
