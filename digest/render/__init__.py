"""Digest → Message: subject, text, HTML and headers of one subscriber's mail, and its bytes.

In: a `Digest`, the `Site` that sends it, this subscriber's `Links`. Out: a `Message`, and those of the other
mails that a subscriber gets (confirm, already, welcome, goodbye); `as_bytes` makes it
RFC 5322. Never: chooses or orders papers, asks a database, makes links, or reads a clock.

    view.py       what is shown of a digest, at which level of detail     phrases.py   how it reads
    templates.py  Jinja with CSS inlined once per template                headers.py   List-Id and the like
    mime.py       the bytes
"""

from collections.abc import Mapping
from pathlib import Path

from jinja2 import TemplateError

from digest.bundled import folder
from digest.domain import Digest, Message
from digest.errors import ConfigError
from digest.render.colors import Colors
from digest.render.headers import Headers, automatic_headers, digest_headers, header_text, list_headers
from digest.render.mime import as_bytes, encoded_size
from digest.render.site import Links, Site
from digest.render.templates import environment
from digest.render.view import Level, view

__all__ = ["Colors", "Links", "Renderer", "Site", "as_bytes"]

BUDGET = 90_000  # bytes of the HTML part as encoded; Gmail cuts mails off near 102,400

# What is given up in turn until the mail fits: long summaries, links beside the title's, summaries at the end
# of the list, at last papers ("all n on the web"). The last level always fits.
LEVELS = (
    Level(words=60),
    Level(words=30),
    Level(words=30, all_links=False),
    *(Level(words=30, all_links=False, cards=cards) for cards in (60, 40, 25)),
    *(Level(words=30, all_links=False, cards=cards, titles=100) for cards in (25, 12, 6)),
    Level(words=30, all_links=False, cards=3, titles=10),
)


class Renderer:
    """Renders mails from a folder of templates; what the folder lacks is taken from the shipped one.

    A mail is three templates in a folder of its name: `subject.txt`, `body.txt`, `body.html`.
    """

    def __init__(self, template_dir: Path | None = None, colors: Colors | None = None) -> None:
        shipped = folder("templates") / "email"
        folders = [template_dir, shipped] if template_dir else [shipped]
        self._jinja = environment(*folders, colors=colors or Colors())

    def digest(self, digest: Digest, site: Site, links: Links) -> Message:
        """One subscriber's digest as a mail whose HTML part stays within the size that providers show."""
        return self._fitting("digest", digest, site, links, digest_headers(digest, site, links))

    def confirm(self, site: Site, *, link: str) -> Message:
        """Asks an address to confirm. Holds nothing that the requester typed: anybody may have typed it."""
        return self._mail("confirm", {"site": site, "link": link}, automatic_headers())

    def already(self, site: Site, links: Links) -> Message:
        """Tells somebody who signed up again that nothing has changed."""
        return self._mail("already", {"site": site, "links": links}, automatic_headers())

    def welcome(self, site: Site, links: Links, digest: Digest | None) -> Message:
        """Greets a new subscriber with the digest that would have come last, if there was one."""
        headers = list_headers(site, links)
        if digest is None:
            return self._mail("welcome", {"site": site, "links": links, "digest": None}, headers)
        return self._fitting("welcome", digest, site, links, headers, deep=True)

    def goodbye(self, site: Site, *, back: str) -> Message:
        """Tells somebody who left that it is done; `back` leads to a page where it can be undone."""
        return self._mail("goodbye", {"site": site, "back": back}, automatic_headers())

    def _fitting(
        self, mail: str, digest: Digest, site: Site, links: Links, headers: Headers, *, deep: bool = False
    ) -> Message:
        """The mail at the most generous level of detail that fits."""
        for level in LEVELS:
            values = {"site": site, "links": links, "digest": view(digest, level, deep=deep)}
            message = self._mail(mail, values, headers)
            if encoded_size(message.html) <= BUDGET:
                break
        return message

    def _mail(self, mail: str, values: Mapping[str, object], headers: Headers) -> Message:
        parts = ("subject.txt", "body.txt", "body.html")
        subject, text, html = (self._part(f"{mail}/{part}", values) for part in parts)
        return Message(header_text(subject), text, html, headers)

    def _part(self, template: str, values: Mapping[str, object]) -> str:
        try:
            return self._jinja.get_template(template).render(values)
        except TemplateError as error:
            msg = f"the mail template {template} can't be used: {error}"
            raise ConfigError(msg, fix="mend it in DIGEST_TEMPLATE_DIR, or take it away there") from error
