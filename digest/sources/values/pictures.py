"""Decodes a picture from a stranger into a small JPEG of ours, or says why not.

In: the bytes of a PNG, JPEG, WebP or GIF. Out: a new picture, drawn from its pixels alone: nothing else of
the file is kept, no place, no camera, no script. Never: SVG, an animation, or a picture of more than 16
million pixels, whose size is read off its head before anything is unpacked.
"""

import io
from dataclasses import dataclass

from PIL import Image, ImageOps

from digest.errors import InputError

MOST_PIXELS = 16_000_000
WIDEST, HIGHEST = 320, 240  # pixels of what is kept: twice what a list shows, for fine screens
FORMATS = ("PNG", "JPEG", "WEBP", "GIF")
_QUALITY = 80
_WHITE = (255, 255, 255, 255)


@dataclass(frozen=True, slots=True)
class Picture:
    """A JPEG and its size in pixels."""

    data: bytes
    width: int
    height: int


def small_picture(data: bytes) -> Picture:
    """Draw a picture anew, at most 320 × 240 pixels large, on white. Raises InputError for what is none."""
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as found:
            width, height = found.size
            if not 0 < width * height <= MOST_PIXELS:
                raise InputError(f"a picture of {width} × {height} pixels is too large")
            found.draft("RGB", (WIDEST, HIGHEST))
            drawn = ImageOps.exif_transpose(found).convert("RGBA")
    except InputError:
        raise
    except Exception as error:  # its readers raise whatever the bytes lead them into
        raise InputError(f"no picture that can be read ({type(error).__name__})") from error
    drawn.thumbnail((WIDEST, HIGHEST))
    paper = Image.new("RGBA", drawn.size, _WHITE)
    paper.alpha_composite(drawn)
    out = io.BytesIO()
    paper.convert("RGB").save(out, "JPEG", quality=_QUALITY, optimize=True)
    return Picture(out.getvalue(), *paper.size)
