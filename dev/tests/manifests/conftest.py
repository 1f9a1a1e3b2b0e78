"""A toy world that passes, and the means to break one thing in it."""

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from chassis.settings import Settings
from contracts.topics import Topic
from dev.manifests.checks import findings
from dev.manifests.known import Group, Known
from dev.manifests.overlay import Overlay, said

Look = Callable[..., list[str]]
GONE = object()
"""Takes the field away; where the path is empty, the whole manifest."""
TOY = yaml.safe_load((Path(__file__).parent / "toy.yaml").read_text())
FACTS = Known(
    settings={"barber": Settings.model_fields},
    parts={"barber": frozenset({"api", "consumers", "relay", "scheduler"})},
    groups={"barber": Group("barber", "consumers", frozenset({"cut.trimmed"}))},
    topics=(Topic("cut.trimmed", 3, {"cleanup.policy": "delete"}),),
    gateway="{$CHAIRSIDE_UPSTREAM_BARBER:barber:8000}",
)


def change(roots: dict[str, list[Any]], which: str, path: str, value: Any) -> None:
    """Sets one field of the manifest that findings call `which`, in every root that brings it."""
    for manifests in roots.values():
        for place in [one for one in manifests if said(one) == which]:
            if not path:
                manifests.remove(place)
                continue
            *steps, last = [int(step) if step.isdigit() else step for step in path.split("/")]
            for step in steps:
                place = place[step] if isinstance(step, int) else place.setdefault(step, {})
            if value is GONE:
                del place[last]
            else:
                place[last] = value


@pytest.fixture
def look() -> Look:
    """`look((manifest, path, value), ..., add={root: manifests}, operators=True)`: what the rules find in the toy world so changed."""

    def looked(*changes: tuple[str, str, Any], add: dict[str, list[Any]] | None = None, operators: bool = True) -> list[str]:
        # By way of text, so that what YAML shares is no longer shared.
        roots = {root: [yaml.safe_load(yaml.safe_dump(one)) for one in manifests] for root, manifests in TOY.items()}
        for which, path, value in changes:
            change(roots, which, path, copy.deepcopy(value) if value is not GONE else GONE)
        for root, manifests in (add or {}).items():
            roots[root] += manifests
        return list(findings(Overlay("toy", roots, operators), FACTS))

    return looked
