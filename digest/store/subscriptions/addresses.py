"""Normalizes addresses and display names, so that two spellings are known to be one. Pure."""

import re
import unicodedata

# Almost all addresses: what the long way makes of them is the same in small letters.
_PLAIN = re.compile(
    r"[A-Za-z0-9._+-]+@(?:(?!..--)[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,}"
)


def key(email: str) -> str:
    """Return the address with its local part case-folded and its domain in ASCII and lower case (RFC 5890).

    Never raises: what isn't an address is only folded, and equals no address.
    """
    if _PLAIN.fullmatch(email):
        return email.lower()
    import idna  # noqa: PLC0415 - slow to import, and almost all addresses are plain

    local, at, domain = unicodedata.normalize("NFC", email.strip()).casefold().rpartition("@")
    try:
        # From the unfolded text: folding would turn `straße.example` into another domain.
        ascii_domain = idna.encode(email.strip().rpartition("@")[2].lower(), uts46=True).decode("ascii")
    except idna.IDNAError:
        ascii_domain = domain
    return f"{local}{at}{ascii_domain}"


def name_key(name: str) -> str:
    """Return the letters and digits of a display name, folded, and those that look like Latin ones as those.

    Two names with one key would be taken for each other; a name without letters and digits has the key ''.
    """
    folded = unicodedata.normalize("NFKC", name).casefold().translate(_LOOK_ALIKE)
    return "".join(char for char in folded if char.isalnum())


# Domains of one provider under which one name is one mailbox → the domain that stands for them.
_SAME = {
    "googlemail.com": "gmail.com",
    "me.com": "icloud.com",
    "mac.com": "icloud.com",
    "pm.me": "proton.me",
    "protonmail.com": "proton.me",
    "protonmail.ch": "proton.me",
}
_IGNORED = {"gmail.com": ".", "proton.me": ".-_"}  # characters that count for nothing in a local part
# Yahoo's disposable addresses are base-keyword@; its user names hold no hyphen.
_HYPHEN = re.compile(r"(?:yahoo(?:\.[a-z]{2,3}){1,2}|ymail\.com|rocketmail\.com|myyahoo\.com|aol\.com)")
# Fastmail takes anything@name.fastmail.com for name@fastmail.com.
_SUBDOMAIN = re.compile(
    r"(?P<name>[^.]+)\.(?P<domain>fastmail\.(?:com|fm|net|org|cn|de|es|in|jp|mx|to|us|co\.uk|com\.au))"
)
# Letters of other scripts that look like Latin ones (the commonest of Unicode's UTS 39).
_LOOK_ALIKE = str.maketrans(
    "\u0430\u0435\u043e\u0440\u0441\u0443\u0445\u0456\u0458\u0455\u0501\u051b\u051d\u04bb\u04cf\u03bf\u03b1\u03bd\u03b9\u03c1\u0261\u0131",
    "aeopcyxijsdqwhloavipgi",
)


def mailbox(email: str) -> str:
    """Return the mailbox that an address most likely reaches: its key without what its provider ignores.

    Tags behind + everywhere, dots at Google, Proton's dots, hyphens and underscores, Yahoo's suffixes,
    Fastmail's subdomains, the several domains of iCloud and Proton; letters that only look like others count
    as those.
    Good enough to count by (an attacker who varies spellings reaches one person), too coarse to write to.
    """
    local, _, domain = key(unicodedata.normalize("NFKC", email)).rpartition("@")
    domain = _looks(domain)
    within = _SUBDOMAIN.fullmatch(domain)
    if within:
        local, domain = within["name"], within["domain"]
    domain = _SAME.get(domain, domain)
    local = local.partition("+")[0] or local
    if _HYPHEN.fullmatch(domain):
        local = local.partition("-")[0] or local
    plain = local.translate(dict.fromkeys(map(ord, _IGNORED.get(domain, "")))) or local
    return f"{plain.translate(_LOOK_ALIKE)}@{domain}"


def _looks(domain: str) -> str:
    """A domain as a person sees it, in Latin letters where it looks like those."""
    import idna  # noqa: PLC0415 - as above

    try:
        seen = idna.decode(domain)
    except (idna.IDNAError, UnicodeError):
        return domain
    return unicodedata.normalize("NFKC", seen).casefold().translate(_LOOK_ALIKE)
