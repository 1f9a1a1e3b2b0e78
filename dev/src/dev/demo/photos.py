"""Pictures of a haircut, drawn on the spot: every entry gets one of its own."""

import io
import random

from PIL import Image, ImageDraw


def photo(seed: int) -> bytes:
    """A small JPEG of a head with hair, different for every seed."""
    chance = random.Random(seed)
    image = Image.new("RGB", (320, 400), tuple(chance.randrange(150, 230) for _ in range(3)))
    draw = ImageDraw.Draw(image)
    skin = (chance.randrange(120, 240), chance.randrange(90, 190), chance.randrange(70, 150))
    hair = tuple(chance.randrange(10, 90) for _ in range(3))
    draw.ellipse((80, 60, 240, 220), fill=hair)
    draw.ellipse((92, 90, 228, 290), fill=skin)
    for x in range(92, 228, 6):
        draw.line((x, 110, x + chance.randrange(-8, 8), 60 + chance.randrange(0, 25)), fill=hair, width=4)
    draw.rectangle((130, 285, 190, 330), fill=skin)
    draw.rectangle((60, 325, 260, 400), fill=(40, 60, 90))
    out = io.BytesIO()
    image.save(out, "JPEG", quality=80)
    return out.getvalue()
