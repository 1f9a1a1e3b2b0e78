"""The command line behind `./chairside`."""

import sys
from pathlib import Path

import click

from dev.processes import StartError
from dev.stack import SERVICES, Service


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120})
def main() -> None:
    """Runs Chairside on this machine: the whole stack, its tests, its benches, and any command of a service."""


def _counts(_: click.Context, __: click.Parameter, values: tuple[str, ...]) -> dict[str, int]:
    known = {service.name: service.workers for service in SERVICES}
    counts = {}
    for value in values:
        name, _sign, number = value.partition("=")
        if name not in known or not (number.isascii() and number.isdigit()) or not 1 <= int(number) <= 9:
            raise click.BadParameter(f"{value!r}: say SERVICE=NUMBER with 1 to 9, e.g. milady-sync=3")
        if not known[name]:
            has = ", ".join(name for name, workers in known.items() if workers)
            raise click.BadParameter(f"{value!r}: {name} has no workers to scale; these have: {has}")
        counts[name] = int(number)
    return counts


@main.command()
@click.option("--detach", is_flag=True, help="Return once everything is ready; `down` stops it.")
@click.option("--fresh", is_flag=True, help="Remove all data of an earlier run first.")
@click.option("--scale", multiple=True, callback=_counts, metavar="SERVICE=NUMBER", help="Run a service's workers in so many processes.")
def up(detach: bool, fresh: bool, scale: dict[str, int]) -> None:
    """Start PostgreSQL, Kafka, every service, the sandbox and the gateway; Ctrl-C stops them."""
    from dev import control

    control.up(detach=detach, fresh=fresh, scale=scale)


@main.command()
def down() -> None:
    """Stop the running stack; the data stays."""
    from dev import control

    control.down()


@main.command()
@click.argument("counts", nargs=-1, required=True, callback=_counts, metavar="SERVICE=NUMBER...")
def scale(counts: dict[str, int]) -> None:
    """Change in how many processes a service's workers run, while everything runs on; returns when they are ready."""
    from dev import control

    control.scale(counts)


@main.command()
def status() -> None:
    """Show what runs, where, since when, and how much memory it takes."""
    from dev import control

    control.status()


@main.command()
@click.argument("service")
@click.option("-f", "--follow", is_flag=True, help="Go on as lines come.")
@click.option("-n", "--lines", default=50, show_default=True, help="So many of the last lines first.")
def logs(service: str, follow: bool, lines: int) -> None:
    """Show the log of SERVICE (or postgres, kafka, gateway, sandbox)."""
    from dev import control

    control.logs(service, follow=follow, lines=lines)


@main.command()
def lock() -> None:
    """Resolve all dependencies anew and write the files of pins."""
    from dev.lock import lock as run

    run()


@main.command(context_settings={"ignore_unknown_options": True})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def demo(arguments: tuple[str, ...]) -> None:
    """Play an apprentice's whole story on the running stack; starts one if there is none, and stops that again."""
    from dev import control

    sys.exit(control.demo(arguments))


@main.command()
@click.argument("names", nargs=-1, metavar="[NAME]...")
def test(names: tuple[str, ...]) -> None:
    """Run the tests: unit, services, e2e, browser, containers; without a name all that this machine can run."""
    from dev.suites import run

    sys.exit(run(names))


@main.command(context_settings={"ignore_unknown_options": True})
@click.argument("name", required=False)
@click.option("--json", "json_file", type=click.Path(dir_okay=False), help="Write the numbers to this file too.")
@click.argument("options", nargs=-1, type=click.UNPROCESSED)
def bench(name: str | None, json_file: str | None, options: tuple[str, ...]) -> None:
    """Measure, and print a table; without a name all benches. OPTIONS are those of the one that is named."""
    from dev.benches import run

    sys.exit(run(name, json_file, options))


@main.command("secrets")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
def secret_files(folder: Path) -> None:
    """Write the secrets that docker-compose.yml wants into FOLDER: random passwords; what is there stays."""
    from dev import secret_files

    made = secret_files.write(folder, secret_files.contents())
    click.echo(f"{folder}: {len(made)} secrets made" if made else f"{folder}: all secrets are there already")


def _service_command(service: Service) -> click.Command:
    def run(arguments: tuple[str, ...]) -> None:
        from dev import control

        control.service_command(service, arguments)

    return click.Command(
        service.name,
        callback=run,
        params=[click.Argument(["arguments"], nargs=-1, type=click.UNPROCESSED)],
        short_help="A command of this service; `--help` lists them.",
        add_help_option=False,
        context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False},
    )


for _service in SERVICES:
    main.add_command(_service_command(_service))


def entry() -> None:
    """Runs the command line; what cannot start is told in a sentence, with exit code 1."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    try:
        main(prog_name="./chairside")
    except StartError as error:
        sys.exit(f"chairside: {error}")
