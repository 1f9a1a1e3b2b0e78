"""What is committed passes, and the machine that cannot render says so."""

from pathlib import Path

import pytest
from click.testing import CliRunner
from contracts.event import ALL_SERVICES
from contracts.topics import TOPICS
from dev.manifests import render
from dev.manifests.__main__ import main
from dev.manifests.checks import overlays, this_tree
from dev.manifests.overlay import Overlay


@pytest.fixture(scope="module")
def both() -> dict[str, Overlay]:
    try:
        return {one.name: one for one in overlays()}
    except render.CannotRenderError as why:
        pytest.skip(f"cannot render: {why}")


@pytest.fixture
def nothing_to_render_with(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No program on the path, and none built before."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(render, "BUILT", tmp_path / "kustomize")
    monkeypatch.setattr(render, "renderer", render.renderer.__wrapped__)


def test_what_is_committed_passes(both: dict[str, Overlay]) -> None:
    checked = CliRunner().invoke(main, ["check"])
    assert checked.exit_code == 0, checked.output
    assert [line.split(":")[0] for line in checked.output.splitlines()] == list(both)


def test_the_facts_are_those_of_the_real_services() -> None:
    facts = this_tree()
    assert set(facts.parts) == set(ALL_SERVICES)
    assert {name for name, parts in facts.parts.items() if "workers" in parts} == {"identity", "compliance", "messaging", "milady-sync"}
    assert facts.groups["milady-sync-worker"].topics == {"provisioning.requested", "sync.requested"}
    assert "milady_token" in facts.settings["milady-sync"]


def test_production_has_a_deployment_a_part_and_every_topic(both: dict[str, Overlay]) -> None:
    production = both["production"]
    assert sum(1 for _ in production.of_kind("Deployment")) == 3 * len(ALL_SERVICES) + 4 + 1
    assert {one["metadata"]["name"] for one in production.of_kind("KafkaTopic")} == {topic.name for topic in TOPICS}
    assert {one["metadata"]["namespace"] for one in production.of_kind("Deployment", "Job", "ExternalSecret", "KafkaTopic")} == {
        "chairside"
    }


def test_development_needs_no_operator(both: dict[str, Overlay]) -> None:
    assert not list(both["development"].of_kind("ScaledObject", "KafkaTopic", "ExternalSecret", "HorizontalPodAutoscaler"))


def test_the_gateway_has_the_rules_of_the_local_stack(both: dict[str, Overlay]) -> None:
    rules = [one["data"]["Caddyfile"] for one in both["production"].of_kind("ConfigMap") if "Caddyfile" in one["data"]]
    assert rules == [(render.ROOT / "deploy/gateway/Caddyfile").read_text()]


@pytest.mark.usefixtures("nothing_to_render_with")
def test_a_machine_that_cannot_render_says_so_and_passes() -> None:
    checked = CliRunner().invoke(main, ["check"])
    assert checked.exit_code == 0
    assert checked.output.startswith("skipped: the Kubernetes manifests cannot be rendered on this machine: it has neither kubectl")


def test_an_old_kubectl_is_passed_over(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program = tmp_path / "kubectl"
    program.write_text('#!/bin/sh\necho \'{"kustomizeVersion": "v4.5.7"}\'\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin")
    monkeypatch.setattr(render, "BUILT", tmp_path / "kustomize")
    with pytest.raises(render.CannotRenderError):
        render.renderer.__wrapped__()
    program.write_text(program.read_text().replace("4.5.7", "5.5.0"))
    assert render.renderer.__wrapped__() == (str(program), "kustomize")


def test_a_kustomization_that_is_broken_is_no_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(render, "renderer", lambda: ("/bin/sh", "-c", "echo no such base >&2; exit 1"))
    checked = CliRunner().invoke(main, ["check"])
    assert (checked.exit_code, "no such base" in checked.output) == (1, True)
