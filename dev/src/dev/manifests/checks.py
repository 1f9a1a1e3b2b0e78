"""All rules, over all overlays."""

from collections.abc import Callable, Iterable, Iterator, Mapping

from dev.manifests import chairside, cluster, pods, schemas
from dev.manifests.known import Known, known
from dev.manifests.overlay import Overlay
from dev.manifests.render import rendered
from dev.paths import ROOT

Rule = Callable[[Overlay], Iterable[str]]
OVERLAYS: Mapping[str, bool] = {"development": False, "production": True}
"""Each overlay, and whether its cluster has KEDA, Strimzi and External Secrets."""


def overlays() -> list[Overlay]:
    """Everything that can be applied. Raises CannotRenderError or BrokenKustomizationError."""
    return [Overlay(name, rendered(name), operators) for name, operators in OVERLAYS.items()]


def this_tree() -> Known:
    return known((ROOT / "deploy" / "gateway" / "Caddyfile").read_text())


def findings(overlay: Overlay, facts: Known) -> Iterator[str]:
    """What is wrong, a sentence each. Rules that read a manifest's fields come to it after the schemas have let it pass."""
    broken = [found for rule in schemas.RULES for found in rule(overlay)]
    yield from broken
    if broken:
        return
    general: tuple[Rule, ...] = (*pods.RULES, *cluster.RULES)
    for rule in general:
        yield from rule(overlay)
    for compare in chairside.RULES:
        yield from compare(overlay, facts)
