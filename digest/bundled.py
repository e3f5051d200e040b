"""Finds folders of ours that aren't Python, in the source tree or in an installed wheel."""

from pathlib import Path

_PACKAGE = Path(__file__).parent


def folder(name: str) -> Path:
    """Return the folder `alembic` or `templates`: inside the package in a wheel, beside it in the source
    tree.

    A wheel's own copy comes first: beside an installed package lie other people's folders (the library
    `alembic` among them). Raises FileNotFoundError where an installation is incomplete.
    """
    for base in (_PACKAGE / "_bundled", _PACKAGE.parent):
        if (base / name).is_dir():
            return base / name
    msg = f"the folder {name!r} is missing from this installation of digest ({_PACKAGE})"
    raise FileNotFoundError(msg)
