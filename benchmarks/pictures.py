"""The pictures of README, from the demo: a digest, the landing page and a day, by day and by night.

`make pictures` runs the demo in a folder of its own, serves it on loopback, and writes `docs/*.png`. Needs a
Chromium (BROWSER_BIN, or one that is installed).
"""

import argparse
import io
import json
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from email import policy
from email.parser import BytesParser
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, ViewportSize, sync_playwright

from tests.browser import browser_path
from tests.ports import free_port

ROOT = Path(__file__).parents[1]
LANDING = "/?topics=agents&topics=robotics&filters=%22world+model%22"
MAIL_SIZE, PAGE_SIZE = ViewportSize(width=640, height=790), ViewportSize(width=1280, height=860)
COLORS = 128  # of a picture: text on paper needs few, and a picture of README should be small
PATIENCE = 60.0  # seconds


@contextmanager
def demo(folder: Path) -> Iterator[str]:
    """Run the demo and serve it; yields where."""
    port = free_port()
    digest = [sys.executable, "-m", "digest"]
    process = subprocess.Popen(
        [*digest, "demo", "--out", str(folder), "--serve", "--port", str(port)], stdout=subprocess.DEVNULL
    )
    try:
        url, end = f"http://127.0.0.1:{port}", time.monotonic() + PATIENCE
        while True:
            try:
                urllib.request.urlopen(f"{url}/healthz", timeout=2)
                break
            except OSError:
                if time.monotonic() > end or process.poll() is not None:
                    raise
                time.sleep(0.2)
        yield url
    finally:
        process.terminate()
        process.wait(PATIENCE)


def mail(folder: Path) -> str:
    """The HTML of the demo's first mail that has papers under topics, else of its first."""
    mails = [
        BytesParser(policy=policy.default).parsebytes(path.read_bytes()) for path in folder.glob("*.eml")
    ]
    bodies = [str(body.get_content()) for each in mails if (body := each.get_body(("html",)))]
    return max(bodies, key=lambda html: html.count('class="hit"'))


def take(page: Page, name: str, folder: Path) -> None:
    """Write a picture of what is in view, by day and by night, in few colours."""
    for mode in ("light", "dark"):
        page.emulate_media(color_scheme=mode)
        with Image.open(io.BytesIO(page.screenshot())) as picture:
            small = picture.convert("RGB").quantize(COLORS, dither=Image.Dither.NONE)
            small.save(folder / f"{name}-{mode}.png", optimize=True)


def main() -> int:
    """Write the pictures; prints what came out."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "docs", help="the folder of the pictures")
    out: Path = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name, demo(Path(name)) as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path(), args=["--no-sandbox"])
        page = browser.new_page(viewport=PAGE_SIZE)
        page.goto(url + LANDING)
        take(page, "landing", out)
        page.goto(f"{url}/papers")
        take(page, "day", out)
        page = browser.new_page(viewport=MAIL_SIZE)  # anew: the site's pages allow no style within
        page.set_content(mail(Path(name)))
        take(page, "mail", out)
        browser.close()
    print(json.dumps({file.name: file.stat().st_size for file in sorted(out.glob("*.png"))}, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
