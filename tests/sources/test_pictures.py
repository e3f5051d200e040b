"""Pictures from strangers: drawn anew and small, or refused."""

import io
import struct
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from digest.errors import InputError
from digest.sources.values.pictures import HIGHEST, WIDEST, small_picture


def drawn(kind: str, size: tuple[int, int] = (1200, 630), mode: str = "RGB", **options: object) -> bytes:
    out = io.BytesIO()
    Image.new(mode, size, (200, 30, 30, 128)[: len(mode)]).save(out, kind, **options)
    return out.getvalue()


def head_of_png(width: int, height: int) -> bytes:
    """A PNG that says how large it is, and holds nothing."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunk = b"IHDR" + head
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", len(head)) + chunk + struct.pack(">I", zlib.crc32(chunk))


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF"])
def test_a_picture_becomes_a_small_jpeg_of_its_own_shape(kind: str) -> None:
    made = small_picture(drawn(kind))
    with Image.open(io.BytesIO(made.data)) as found:
        assert found.format == "JPEG"
        assert found.size == (made.width, made.height) == (320, 168)
    assert len(made.data) < 20_000


def test_what_is_transparent_becomes_white() -> None:
    with Image.open(io.BytesIO(small_picture(drawn("PNG", (10, 10), "RGBA")).data)) as found:
        red, green, _ = found.getpixel((5, 5))  # type: ignore[misc] # RGB
    assert red > 200
    assert 120 < green < 170


def test_nothing_of_the_file_but_its_pixels_is_kept() -> None:
    exif = Image.Exif()
    exif[0x010E] = "where this was taken"
    assert b"where this was taken" not in small_picture(drawn("JPEG", exif=exif)).data


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        b"<html>",
        b"%PDF-1.7",
        drawn("BMP"),
        drawn("TIFF"),
        drawn("PNG")[:60],
        head_of_png(100_000, 100_000),
        head_of_png(0, 1),
    ],
)
def test_what_is_no_picture_of_these_kinds_is_refused(data: bytes) -> None:
    with pytest.raises(InputError):
        small_picture(data)


WHOLE = [drawn(kind, (40, 30)) for kind in ("PNG", "JPEG", "WEBP", "GIF")]


@given(st.sampled_from(WHOLE), st.lists(st.tuples(st.integers(0, 5000), st.integers(0, 255)), max_size=20))
def test_any_bytes_become_a_picture_or_a_refusal(data: bytes, changes: list[tuple[int, int]]) -> None:
    broken = bytearray(data)
    for place, value in changes:
        broken[place % len(broken)] = value
    try:
        made = small_picture(bytes(broken))
    except InputError:
        return
    assert 0 < made.width <= WIDEST
    assert 0 < made.height <= HIGHEST
