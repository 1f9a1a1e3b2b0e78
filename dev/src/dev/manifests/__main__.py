"""`python -m dev.manifests check|render`."""

import sys

import click
import yaml

from dev.manifests.checks import OVERLAYS, findings, overlays, this_tree
from dev.manifests.overlay import Overlay
from dev.manifests.render import ROOTS, BrokenKustomizationError, CannotRenderError, rendered


@click.group()
def main() -> None:
    """What `deploy/k8s` would apply to a cluster."""


@main.command()
def check() -> None:
    """Render every overlay and look for what the cluster would refuse, what the policies forbid, and what the services do not know."""
    try:
        found = overlays()
    except CannotRenderError as why:
        click.echo(f"skipped: the Kubernetes manifests cannot be rendered on this machine: {why}")
        return
    except BrokenKustomizationError as error:
        raise click.ClickException(str(error)) from error
    facts = this_tree()
    wrong = [f"{overlay.name}: {finding}" for overlay in found for finding in findings(overlay, facts)]
    if wrong:
        click.echo("\n".join(wrong), err=True)
        sys.exit(1)
    for overlay in found:
        click.echo(f"{overlay.name}: {len(overlay.manifests)} manifests passed; at most {connections(overlay)} connections to PostgreSQL.")


@main.command("render")
@click.argument("overlay", type=click.Choice(list(OVERLAYS)))
@click.option("--root", type=click.Choice(ROOTS), default=".", help="What of it; the processes unless said.")
def show(overlay: str, root: str) -> None:
    """Print the manifests."""
    try:
        click.echo(yaml.safe_dump_all(rendered(overlay)[root], sort_keys=False), nl=False)
    except (CannotRenderError, BrokenKustomizationError) as error:
        raise click.ClickException(str(error)) from error


def connections(overlay: Overlay) -> int:
    """How many PostgreSQL must allow when every process is there, with one more of each Deployment while a new version comes."""
    most = {one["spec"]["scaleTargetRef"]["name"]: one["spec"] for one in overlay.of_kind("HorizontalPodAutoscaler", "ScaledObject")}
    total = 0
    for service, one in overlay.processes():
        scaled = most.get(one.name, {})
        replicas = scaled.get("maxReplicas") or scaled.get("maxReplicaCount") or one.manifest["spec"].get("replicas", 1)
        beside = ("relay" in one.parts) + (service == "portal")
        total += (replicas + 1) * (int(overlay.environment(one)["CHAIRSIDE_POOL_SIZE"]) + beside)
    return total


if __name__ == "__main__":
    main(prog_name="python -m dev.manifests")
