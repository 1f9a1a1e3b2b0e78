"""Photos made harmless: decoded, turned upright, brought to size and encoded anew, so that nothing but the picture is left (SPEC 3.5)."""

from dataclasses import dataclass
from io import BytesIO

from chassis.errors import Malformed
from PIL import Image, ImageOps

MOST_BYTES = 10 * 1024 * 1024
MOST_PIXELS = {"JPEG": 64_000_000, "MPO": 64_000_000, "PNG": 25_000_000, "WEBP": 25_000_000}
"""A JPEG is decoded at a smaller scale at once; the others need memory for every pixel."""
FULL, THUMBNAIL, QUALITY = 2048, 320, 85


class PhotoTooLarge(Malformed):
    """More bytes or pixels than we take."""


class PhotoNotReadable(Malformed):
    """No picture in a format that we take."""


@dataclass(frozen=True, slots=True)
class Photo:
    """A picture as it is stored: two JPEGs without metadata, at most 2048 and 320 pixels on the longer side."""

    full: bytes
    thumbnail: bytes


def clean(content: bytes) -> Photo:
    """The photo in `content` (JPEG, PNG or WebP, up to 10 MB). Slow: run it in a thread. Raises PhotoTooLarge, PhotoNotReadable."""
    if len(content) > MOST_BYTES:
        raise PhotoTooLarge("A photo may have up to 10 MB. Send a smaller one.")
    try:
        with Image.open(BytesIO(content), formats=("JPEG", "PNG", "WEBP")) as opened:
            _require_bearable(opened)
            return _encode(_upright(opened))
    except PhotoTooLarge:
        raise
    except Image.DecompressionBombError as error:
        raise _too_many_pixels() from error
    except Exception as error:  # whatever a decoder meets in a stranger's bytes, it is the photo's fault
        raise PhotoNotReadable("This is no photo that can be read. Send a JPEG, PNG or WebP file.") from error


def _require_bearable(opened: Image.Image) -> None:
    if opened.width * opened.height > MOST_PIXELS[opened.format or ""]:
        raise _too_many_pixels()


def _too_many_pixels() -> PhotoTooLarge:
    return PhotoTooLarge("This photo has more pixels than can be handled. Send a smaller one, up to 25 megapixels.")


def _upright(opened: Image.Image) -> Image.Image:
    opened.draft("RGB", (FULL, FULL))
    picture = ImageOps.exif_transpose(opened)
    picture.thumbnail((FULL, FULL))
    if picture.has_transparency_data:
        picture = picture.convert("RGBA")
        ground = Image.new("RGBA", picture.size, "white")
        picture = Image.alpha_composite(ground, picture)
    picture = picture.convert("RGB")
    picture.info.clear()
    return picture


def _encode(picture: Image.Image) -> Photo:
    full, small = BytesIO(), BytesIO()
    picture.save(full, "JPEG", quality=QUALITY)
    picture.thumbnail((THUMBNAIL, THUMBNAIL))
    picture.save(small, "JPEG", quality=QUALITY)
    return Photo(full.getvalue(), small.getvalue())
