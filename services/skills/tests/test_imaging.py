"""Photos made harmless (SPEC 3.5)."""

import struct
import zlib
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin
from skills import imaging


def opened(content: bytes) -> Image.Image:
    return Image.open(BytesIO(content))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_each_format_becomes_jpeg(picture, kind):
    photo = imaging.clean(picture(kind, size=(400, 300)))
    assert [(opened(each).format, opened(each).size) for each in (photo.full, photo.thumbnail)] == [
        ("JPEG", (400, 300)),
        ("JPEG", (320, 240)),
    ]


def test_a_large_photo_is_brought_to_size(picture):
    photo = imaging.clean(picture(size=(6000, 4000)))
    assert opened(photo.full).size == (2048, 1365)


def test_nothing_but_the_picture_is_left(picture):
    exif = Image.Exif()
    exif[0x010E] = "SECRET description"
    exif.get_ifd(0x8825).update({1: "N", 2: (39.0, 46.0, 0.0)})
    save = {"exif": exif, "comment": b"SECRET comment", "icc_profile": b"SECRET profile", "xmp": b"<SECRET/>"}
    photo = imaging.clean(picture(**save) + b"SECRET tail")
    for content in (photo.full, photo.thumbnail):
        assert b"SECRET" not in content
        assert not dict(opened(content).getexif())
        assert not set(opened(content).info) & {"exif", "comment", "icc_profile", "xmp"}


def test_text_of_a_png_is_gone(picture):
    notes = PngImagePlugin.PngInfo()
    notes.add_text("Author", "SECRET")
    assert b"SECRET" not in imaging.clean(picture("PNG", pnginfo=notes)).full


@pytest.mark.parametrize(("orientation", "size"), [(1, (40, 30)), (3, (40, 30)), (6, (30, 40)), (8, (30, 40))])
def test_pictures_stand_upright(picture, orientation, size):
    exif = Image.Exif()
    exif[0x0112] = orientation
    assert opened(imaging.clean(picture(exif=exif)).full).size == size


def test_orientation_turns_the_picture_itself():
    exif, content = Image.Exif(), BytesIO()
    exif[0x0112] = 3
    half = Image.new("RGB", (40, 30), "white")
    half.paste("black", (0, 0, 20, 30))
    half.save(content, "JPEG", exif=exif)
    turned = opened(imaging.clean(content.getvalue()).full)
    assert turned.getpixel((5, 15))[0] > 200 > 50 > turned.getpixel((35, 15))[0]


def test_what_is_transparent_becomes_white():
    content = BytesIO()
    Image.new("RGBA", (10, 10), (255, 0, 0, 0)).save(content, "PNG")
    assert min(opened(imaging.clean(content.getvalue()).full).getpixel((5, 5))) > 250


@pytest.mark.parametrize("mode", ["L", "P", "1", "LA"])
def test_other_kinds_of_colour_are_taken(picture, mode):
    assert opened(imaging.clean(picture("PNG", mode=mode)).full).mode == "RGB"


@pytest.mark.parametrize("kind", ["GIF", "TIFF", "BMP", "PPM"])
def test_other_formats_are_refused(picture, kind):
    with pytest.raises(imaging.PhotoNotReadable):
        imaging.clean(picture(kind))


def bomb(width: int, height: int) -> bytes:
    """A PNG of few bytes that says it has that many pixels."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b"")


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
@pytest.mark.parametrize("side", [5001, 12_000, 60_000])
def test_bombs_are_refused_before_they_are_decoded(side, monkeypatch):
    monkeypatch.setattr(imaging, "_upright", lambda _: pytest.fail("it was decoded"))
    with pytest.raises(imaging.PhotoTooLarge):
        imaging.clean(bomb(side, side))


def test_too_many_bytes_are_refused():
    with pytest.raises(imaging.PhotoTooLarge):
        imaging.clean(b"\xff\xd8" + b"\0" * imaging.MOST_BYTES)


@given(st.binary(max_size=200) | st.binary(max_size=60).map(lambda tail: bomb(20, 20)[:40] + tail))
def test_garbage_is_refused(content):
    with pytest.raises((imaging.PhotoNotReadable, imaging.PhotoTooLarge)):
        imaging.clean(content)


def test_a_broken_off_upload_is_refused(picture):
    whole = picture(size=(400, 300))
    with pytest.raises(imaging.PhotoNotReadable):
        imaging.clean(whole[: len(whole) // 2])
