"""The contracts carry nothing with them: whoever installs them gets pydantic alone."""

import ast
import sys
import tomllib
from pathlib import Path

PACKAGE = Path(__file__).parents[1]
SOURCES = sorted((PACKAGE / "src").rglob("*.py"))


def imported(source: Path) -> set[str]:
    """The first names of all that a module imports."""
    nodes = list(ast.walk(ast.parse(source.read_text())))
    plain = {name.name for node in nodes if isinstance(node, ast.Import) for name in node.names}
    return {name.partition(".")[0] for name in plain | {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)}}


def test_the_sources_import_pydantic_alone() -> None:
    assert SOURCES
    outside = set().union(*map(imported, SOURCES)) - sys.stdlib_module_names
    assert outside == {"contracts", "pydantic"}


def test_the_package_asks_for_pydantic_alone() -> None:
    project = tomllib.loads((PACKAGE / "pyproject.toml").read_text())["project"]
    assert [line.split(">")[0] for line in project["dependencies"]] == ["pydantic"]
