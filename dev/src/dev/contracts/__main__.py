"""`python -m dev.contracts generate|check`."""

import sys

import click
from contracts.event import EVENTS
from contracts.examples import examples

from dev.contracts.files import ROOT, generated, stale, write
from dev.contracts.gate import findings, incompatible
from dev.contracts.schemas import FOLDER, UnknownRevisionError, published_at, published_in


@click.group()
def main() -> None:
    """Files made from the event classes of libs/contracts, and the gate that they must pass."""


@main.command()
def generate() -> None:
    """Write schemas, topics, docs/events.md and the AsyncAPI documents; nothing, if a published version would break."""
    published = published_in(ROOT / FOLDER)
    refuse(list(incompatible(EVENTS, published, published)))
    changed = write(generated())
    click.echo("\n".join(f"wrote {path}" for path in changed) or "All generated files are current.")


@main.command()
@click.option("--base", metavar="REV", help="Compare with the schemas of this git revision; default: those in the work tree.")
def check(base: str | None) -> None:
    """Refuse changes that could not be read, versions without an example, and generated files that are not current."""
    published = published_in(ROOT / FOLDER)
    try:
        relied_on = published if base is None else published_at(ROOT, base)
    except UnknownRevisionError as error:
        raise click.ClickException(str(error)) from error
    found = findings(EVENTS, relied_on, published, examples())
    outdated = [f"{path} is not current: run `python -m dev.contracts generate` and commit it" for path in stale(generated())]
    refuse([*found, *outdated])
    click.echo(f"{len(EVENTS)} events: every version can be read, has its example, and the generated files are current.")


def refuse(found: list[str]) -> None:
    """Ends with what is wrong, if anything is."""
    if found:
        click.echo("\n".join(found), err=True)
        sys.exit(1)


if __name__ == "__main__":
    main(prog_name="python -m dev.contracts")
