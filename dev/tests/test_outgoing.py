"""Nobody outside tells a service whom to call: an address comes from the operator's settings, and nowhere else.

There are no web hooks, no pictures fetched by address and no keys fetched as a token says. Whoever adds a client of HTTP adds it here,
with the setting that its addresses come from; one whose addresses come from people or data has to keep them out of private networks first.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

from dev.paths import ROOT

CALLERS = {
    "chassis/auth.py": "CHAIRSIDE_JWKS_URL",
    "chassis/revocation.py": "the address beside CHAIRSIDE_JWKS_URL",
    "identity/exports.py": "CHAIRSIDE_SERVICES_URL, and paths of which nothing but plain parts is followed",
    "milady_sync/client/milady.py": "CHAIRSIDE_MILADY_URL, and parts of paths that are quoted",
    "portal/app.py": "CHAIRSIDE_SERVICES_URL, and paths of which portal.clients lets nothing but plain parts through",
}
CLIENTS = frozenset({"AsyncClient", "Client", "get", "post", "put", "patch", "delete", "head", "options", "request", "stream"})
OTHERS = frozenset({"aiohttp", "requests", "urllib3", "pycurl", "websockets", "ftplib", "smtplib", "telnetlib"})
SOURCES = [file for folder in ("libs/chassis/src", *sorted(ROOT.glob("services/*/src"))) for file in (ROOT / folder).rglob("*.py")]


def name_of(file: Path) -> str:
    return str(file).rpartition("/src/")[2]


def opened(tree: ast.AST) -> Iterator[str]:
    """What a module opens connections to elsewhere with."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "httpx" and node.attr in CLIENTS:
            # A type is no connection: what counts is a call.
            yield from (f"httpx.{node.attr}" for call in ast.walk(tree) if isinstance(call, ast.Call) and call.func is node)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module or ""]
            yield from (name for name in names if name.partition(".")[0] in OTHERS or name.startswith(("urllib.request", "http.client")))
            if isinstance(node, ast.ImportFrom) and node.module == "httpx":
                yield from (f"httpx.{alias.name}" for alias in node.names if alias.name in CLIENTS)


def test_who_calls_somebody_over_http_is_known_and_has_the_address_from_a_setting() -> None:
    assert {name_of(file) for file in SOURCES if list(opened(ast.parse(file.read_text())))} == CALLERS.keys()


def test_no_answer_leads_a_call_elsewhere() -> None:
    """httpx follows no redirect unless it is told to."""
    told = [
        (name_of(file), ast.literal_eval(keyword.value))
        for file in SOURCES
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Call)
        for keyword in node.keywords
        if keyword.arg == "follow_redirects"
    ]
    assert [name for name, follows in told if follows] == []
