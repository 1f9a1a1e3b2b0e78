"""`docs/access.md`: who may call what, made from every service's rights. `python -m dev.access generate|check`."""

import importlib
import sys
from collections.abc import Iterator
from inspect import getdoc

import click
from chassis.rights import PERSON, Reach, Right, operations
from chassis.schema import UNPROTECTED
from chassis.service import Service, apis, granted
from fastapi.routing import APIRoute

from dev.paths import ROOT
from dev.stack import SERVICES

PAGE = ROOT / "docs" / "access.md"
NAMES = {PERSON: "whoever is signed in", "partner": "any partner", "admin": "administrator", "payroll_admin": "payroll admin"}
RECORDS = {Reach.OWN: "their own", Reach.ASSIGNED: "of students assigned to them now", Reach.EVERY: "every"}
TABLES = "| table | why |\n|---|---|\n"
HEAD = """# Who may call what

Generated from `services/*/src/*/rights.py` by `python -m dev.access generate`; do not edit.

A service does not start while one of its operations has no right. "Whoever is signed in" needs a valid access token and no role. "Their
own" and "of students assigned to them now" are kept by row-level security and by the command (SPEC 3.10): for anyone else the record does
not exist (404), and lists leave it out; without the role it is 403. A scope opens an operation to machine clients that have it too
(decision 10), and `second-factor:enroll` to administrators and payroll admins who have no second factor yet (decision 12). `./chairside
test access` tries each operation for every kind of principal, with every kind of broken token, and each table in PostgreSQL itself. The
portal's pages act through these operations in the name of whoever is signed in.
"""


def page() -> str:
    """The whole document."""
    parts = [HEAD]
    for known in SERVICES:
        service: Service = importlib.import_module(f"{known.module}.app").service
        parts.append(f"\n## {service.name}\n\n| operation | | who | what |\n|---|---|---|---|\n" + "".join(_rows(service)))
        own = importlib.import_module(f"{known.module}.rights").UNPROTECTED
        parts.append(f"\nTables without row-level security beside those of the chassis:\n\n{TABLES}{_unprotected(own)}" if own else "")
    parts.append(f"\n## Tables of the chassis without row-level security\n\n{TABLES}{_unprotected(UNPROTECTED)}")
    return "".join(parts)


def _unprotected(known: dict[str, str]) -> str:
    return "".join(f"| `{table}` | {why} |\n" for table, why in known.items())


def _rows(service: Service) -> Iterator[str]:
    rights = granted(service)
    for name, route in operations(apis(service)).items():
        method = ", ".join(sorted(route.methods or ()))
        yield f"| `{name}` | `{method} {route.path}` | {_who(rights[name])} | {_what(route)} |\n"


def _who(right: Right) -> str:
    """E.g. "a person, their own; a partner, of students assigned to them; an admin, every"."""
    if right.open:
        return "anyone"
    people = "; ".join(_within(name, reach) for name, reach in right.reach.items())
    return f"{people}; scope `{right.scope}`" if right.scope else people


def _within(name: str, reach: Reach) -> str:
    if (name, reach) == (PERSON, Reach.EVERY):
        return "whoever is signed in"
    return f"{NAMES.get(name, name.replace('_', ' '))}: {RECORDS[reach]}"


def _what(route: APIRoute) -> str:
    return (getdoc(route.endpoint) or "").partition("\n")[0]


@click.group()
def main() -> None:
    """The document about rights."""


@main.command()
def generate() -> None:
    """Write docs/access.md."""
    PAGE.write_text(page())


@main.command()
def check() -> None:
    """Refuse a document that is not current, and operations without a right."""
    if PAGE.read_text() != page():
        click.echo("docs/access.md is not current: run `python -m dev.access generate` and commit it", err=True)
        sys.exit(1)
    click.echo("Every operation has its right, and docs/access.md is current.")


if __name__ == "__main__":
    main(prog_name="python -m dev.access")
