r"""Keep links in TeX openable. In: a text, or an address as TeX writes it. Out: plain addresses.

`https://x.org/a\_b` → `https://x.org/a_b`; a group that TeX or a lost macro left behind an address
(`https://x.org/a{Github}`) is no part of it.
"""

import re

_LINK = re.compile(r"https?://(?:[^\s{}<>$\\()]|\([^\s{}<>$\\()]*\)|\\[_%#&~$]|\{[^{}\s]*\})+", re.IGNORECASE)
_SIGN = re.compile(r"\{(\\?[_%#&~.=-])\}|\\~\{\}")  # a{\_}b, a{~}b
_ESCAPED = re.compile(r"\\([_%#&~$])")
_GROUP = re.compile(r"\{[^{}]*\}")


def repair_links(text: str) -> str:
    """Return the text with the addresses in it free of TeX."""
    if "://" not in text or not ("{" in text or "\\" in text):
        return text
    return _LINK.sub(lambda found: plain_address(found.group()), text)


def plain_address(address: str) -> str:
    """Return an address without TeX's escapes and without groups in braces."""
    address = _SIGN.sub(lambda found: found.group(1) or "~", address.strip())
    return _GROUP.sub("", _ESCAPED.sub(r"\1", address))
