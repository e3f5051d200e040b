"""An address → the form by which two spellings of one mailbox are known to be one. Pure."""

import unicodedata

import idna


def key(email: str) -> str:
    """The address with its local part case-folded and its domain in ASCII and lower case (RFC 5890).

    Never raises: what isn't an address is only folded, and equals no address.
    """
    local, at, domain = unicodedata.normalize("NFC", email.strip()).casefold().rpartition("@")
    try:
        # From the unfolded text: folding would turn `straße.example` into another domain.
        ascii_domain = idna.encode(email.strip().rpartition("@")[2].lower(), uts46=True).decode("ascii")
    except idna.IDNAError:
        ascii_domain = domain
    return f"{local}{at}{ascii_domain}"


_GOOGLE = {"gmail.com", "googlemail.com"}


def mailbox(email: str) -> str:
    """The mailbox that an address most likely reaches: its key without +tag, at Google also without dots.

    Good enough to count by (an attacker who varies spellings reaches one person), too coarse to write to.
    """
    local, _, domain = key(email).rpartition("@")
    local = local.partition("+")[0] or local
    if domain in _GOOGLE:
        local, domain = local.replace(".", ""), "gmail.com"
    return f"{local}@{domain}"
