"""Templates into subject, text and HTML: one Liquid file a kind, which cannot reach objects and loops within limits."""

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from liquid import Environment
from liquid.exceptions import LiquidError
from liquid.template import BoundTemplate

SEPARATOR = "\n---\n"


class UnknownKindError(LookupError):
    """There is no template for that kind of message."""


@dataclass(frozen=True)
class Rendered:
    """What a mail says."""

    subject: str
    text: str
    html: str


class _Limited(Environment):
    loop_iteration_limit = 10_000
    output_stream_limit = 500_000
    local_namespace_limit = 100_000


_plain, _escaped = _Limited(), _Limited(autoescape=True)


@cache
def _templates(kind: str) -> tuple[BoundTemplate, BoundTemplate, BoundTemplate, BoundTemplate]:
    folder = files("messaging") / "templates"
    source = folder / f"{kind}.liquid"
    if not kind.replace("-", "").isalnum() or not source.is_file():
        raise UnknownKindError(f"there is no template {kind!r}")
    subject, text, body = source.read_text().split(SEPARATOR)
    frame = (folder / "frame.html").read_text()
    return _plain.from_string(subject.strip()), _plain.from_string(text), _escaped.from_string(body), _escaped.from_string(frame)


def render(kind: str, data: dict[str, Any]) -> Rendered:
    """The mail of that kind with its data. Raises UnknownKindError, or LiquidError where the data does not fit the template."""
    subject, text, body, frame = _templates(kind)
    inner = body.render(**data)
    return Rendered(subject.render(**data), text.render(**data).strip() + "\n", frame.render(**data, body=inner))


__all__ = ["LiquidError", "Rendered", "UnknownKindError", "render"]
