"""Mails that came back, as mail servers write them; what only a sent mail knows is filled in.

`{token}` and `{TOKEN}` (in capitals), `{message_id}` and `{link}` stand in `tests/data/bounces/*.eml`.
"""

from pathlib import Path

FOLDER = Path(__file__).parent / "data" / "bounces"


def came_back(name: str, *, token: str = "a" * 40, message_id: str = "<1@gone>", link: str = "") -> bytes:
    """The mail `name`.eml about the mail of ours with these signs; as it is, it shows none."""
    raw = (FOLDER / f"{name}.eml").read_bytes()
    signs = {"{token}": token, "{TOKEN}": token.upper(), "{message_id}": message_id, "{link}": link}
    for place, sign in signs.items():
        raw = raw.replace(place.encode(), sign.encode())
    return raw
