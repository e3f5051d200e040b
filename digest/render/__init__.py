"""Digest → Message: subject, text, HTML and headers of one subscriber's mail, and its bytes.

In: a `Digest`, the `Site` that sends it, this subscriber's `Links`. Out: a `Message`; `as_bytes` makes it
RFC 5322. Never: chooses or orders papers, asks a database, makes links, or reads a clock.

    view.py       what is shown of a digest, at which level of detail     phrases.py   how it reads
    templates.py  Jinja with CSS inlined once per template                headers.py   List-Id and the like
    mime.py       the bytes
"""

from collections.abc import Mapping
from pathlib import Path

from digest.bundled import folder
from digest.domain import Digest, Message
from digest.render.headers import digest_headers, header_text
from digest.render.mime import as_bytes, encoded_size
from digest.render.site import Links, Site
from digest.render.templates import environment
from digest.render.view import Level, view

__all__ = ["Links", "Renderer", "Site", "as_bytes"]

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
    """Renders mails from a folder of templates; what the folder lacks is taken from the shipped one."""

    def __init__(self, template_dir: Path | None = None) -> None:
        shipped = folder("templates") / "email"
        self._jinja = environment(*([template_dir] if template_dir else []), shipped)

    def digest(self, digest: Digest, site: Site, links: Links) -> Message:
        """One subscriber's digest as a mail whose HTML part stays within the size that providers show."""
        html, values = self._fitting(digest, {"site": site, "links": links})
        return Message(
            subject=header_text(self._part("digest/subject.txt", values)),
            text=self._part("digest/body.txt", values),
            html=html,
            headers=digest_headers(digest, site, links),
        )

    def _fitting(self, digest: Digest, frame: Mapping[str, object]) -> tuple[str, Mapping[str, object]]:
        """The HTML part at the most generous level that fits, and the values it was rendered with."""
        for level in LEVELS:
            values = {**frame, "digest": view(digest, level)}
            html = self._part("digest/body.html", values)
            if encoded_size(html) <= BUDGET:
                break
        return html, values

    def _part(self, template: str, values: Mapping[str, object]) -> str:
        return self._jinja.get_template(template).render(values)
