"""Small event classes to change, without touching the real ones."""

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any
from uuid import UUID

import pytest
from contracts import event as module
from contracts.event import Event, Lift
from pydantic import Field, create_model

MakeEvent = Callable[..., type[Event]]


class Style(StrEnum):
    """How it was cut."""

    FADE = "fade"
    TAPER = "taper"


@pytest.fixture
def make(monkeypatch: pytest.MonkeyPatch) -> MakeEvent:
    """`make(topic=..., version=..., key=..., lifts=..., **fields)`: an event class of that shape, each `field=(type, default)`."""
    monkeypatch.setattr(module, "EVENTS", {})

    def made(
        topic: str = "cut.trimmed", version: int = 1, key: str = "cut_id", lifts: Mapping[int, Lift] | None = None, **fields: Any
    ) -> type[Event]:
        described = {
            name: (kind, Field(**({} if default is ... else {"default": default}), description=f"The {name}"))
            for name, (kind, default) in {"cut_id": (UUID, ...), **fields}.items()
        }
        arguments = {"topic": topic, "version": version, "key": key, "lifts": lifts, "producers": ("skills",), "consumers": ("portal",)}
        return create_model("CutTrimmed", __base__=Event, __doc__="A cut was trimmed.", __cls_kwargs__=arguments, **described)

    return made
