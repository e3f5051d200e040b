"""The topics that ship with Digest. In: `topics.toml` beside this file. Out: `Topic`s, in the file's order.

Whether their expressions can be read is for `digest.match.Library` to say; operators may add their own.
"""

import tomllib
from importlib.resources import files

from digest.domain import Topic


def shipped() -> tuple[Topic, ...]:
    """Return the topics of `topics.toml`: its tables are groups, their keys slugs."""
    groups = tomllib.loads(files("digest").joinpath("topics.toml").read_text("utf-8"))
    return tuple(
        Topic(slug=slug, title=topic["title"], expression=" ".join(topic["expression"].split()), group=group)
        for group, topics in groups.items()
        for slug, topic in topics.items()
    )
