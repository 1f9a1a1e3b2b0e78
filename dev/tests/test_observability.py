"""What watches the stack speaks of what there is: metrics that the code has, alerts that a runbook explains, dashboards that open."""

import functools
import importlib
import itertools
import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from contracts.topics import TOPICS
from dev.paths import ROOT
from dev.stack import SERVICES
from prometheus_client import REGISTRY, Counter, Gauge, Histogram

HERE = ROOT / "deploy/observability"
RULES, TESTS, BOARDS = (sorted(HERE.glob(pattern)) for pattern in ("prometheus/rules/*.yml", "tests/*.yml", "grafana/dashboards/*.json"))
PROMETHEUS_ITSELF = {"up": set[str](), "ALERTS": {"alertname", "alertstate", "severity"}}
PROCESS = {"process_resident_memory_bytes", "process_cpu_seconds_total", "process_start_time_seconds"}
GIVEN = {"job", "instance", "service", "le"}
WORDS = {"and", "or", "unless", "offset", "bool"}
SELECTOR = re.compile(r"([a-zA-Z_:][\w:]*)\s*(\{[^}]*\})?")
MATCHER = re.compile(r'(\w+)\s*(=~|!~|!=|=)\s*"([^"]*)"')


def loaded(path: Path) -> Any:
    return json.loads(path.read_text()) if path.suffix == ".json" else yaml.safe_load(path.read_text())


def alerts() -> dict[str, Any]:
    return {rule["alert"]: rule for path in RULES for group in loaded(path)["groups"] for rule in group["rules"]}


def panels() -> Iterator[tuple[str, Any]]:
    for path in BOARDS:
        for panel in loaded(path)["panels"]:
            yield f"{path.name}: {panel['title']}", panel


def queries() -> dict[str, str]:
    """Every expression of PromQL by where it stands, with Grafana's variables filled in."""
    shown = {f"{where} {target['refId']}": target["expr"] for where, panel in panels() for target in panel["targets"]}
    asked = {**{name: rule["expr"] for name, rule in alerts().items()}, **shown}
    return {where: said.replace("$__rate_interval", "1m").replace("$service", ".*") for where, said in asked.items()}


def selectors(expression: str) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """The metrics that an expression reads, each with its matchers as (label, value)."""
    plain = re.sub(r"\b(by|on|without|ignoring)\s*\([^)]*\)|\[[^\]]*\]|offset\s+\w+", " ", expression)
    plain = re.sub(r"\b\d[\w.]*(?![^{]*\})", " ", plain)
    for found in SELECTOR.finditer(plain):
        name, braces = found.groups()
        if name not in WORDS and not plain[found.end() :].lstrip().startswith("("):
            yield name, [(label, value) for label, _, value in MATCHER.findall(braces or "")]


@functools.cache
def known() -> dict[str, set[str]]:
    """The series that the services' code can serve, with the labels of each."""
    for service in SERVICES:
        importlib.import_module(f"{service.module}.app")
    endings = {Counter: ("_total",), Gauge: ("",), Histogram: ("_bucket", "_count", "_sum")}
    ours = {each for each in REGISTRY._collector_to_names if isinstance(each, Counter | Gauge | Histogram)}
    told = {each._name + ending: set(each._labelnames) for each in ours for ending in endings[type(each)]}
    return told | {name: set() for name in PROCESS} | PROMETHEUS_ITSELF


def test_every_query_reads_metrics_and_labels_that_the_code_has() -> None:
    for where, expression in queries().items():
        found = list(selectors(expression))
        assert found, where
        for name, matchers in found:
            assert name in known(), f"{where}: no such metric as {name}"
            assert {label for label, _ in matchers} <= known()[name] | GIVEN, f"{where}: {name} has no such label"


def test_every_metric_of_the_code_is_on_a_dashboard_or_in_an_alert() -> None:
    read = {name for expression in queries().values() for name, _ in selectors(expression)}
    families = {re.sub("_(bucket|count|sum)$", "", name) for name in read}
    assert not {re.sub("_(bucket|count|sum)$", "", name) for name in known()} - families


def test_topics_and_services_in_queries_are_those_that_there_are() -> None:
    topics = {topic.name for topic in TOPICS}
    services = {service.name for service in SERVICES} | {"milady-sync-worker", ".*"}
    for where, expression in queries().items():
        for label, value in itertools.chain.from_iterable(matchers for _, matchers in selectors(expression)):
            if label in ("topic", "service"):
                assert set(value.split("|")) <= (topics if label == "topic" else services), where


def test_prometheus_asks_every_service_and_misses_each_that_is_absent() -> None:
    scraped = loaded(HERE / "prometheus/prometheus.yml")["scrape_configs"][0]["dns_sd_configs"][0]["names"]
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    assert set(scraped) == {service.name for service in SERVICES} | {"milady-sync-worker"} <= compose.keys()
    assert set(re.findall(r'absent\(up\{job="chairside", service="([\w-]+)"', alerts()["ServiceDown"]["expr"])) == set(scraped)


def test_every_alert_has_a_runbook_and_every_runbook_an_alert() -> None:
    sections = re.split(r"^## ", (ROOT / "docs/runbooks.md").read_text(), flags=re.MULTILINE)[1:]
    books = {section.splitlines()[0]: section for section in sections}
    assert set(books) == set(alerts())
    for name, rule in alerts().items():
        assert rule["labels"]["severity"] in ("critical", "warning")
        assert rule["annotations"]["runbook"] == f"docs/runbooks.md#{name.lower()}"
        assert len(rule["annotations"]["summary"]) > 40
        for part in ("Means", "People notice", "Look", "Do", "Over"):
            assert f"- **{part}**: " in books[name], f"{name} lacks {part}"


def test_links_of_the_runbooks_lead_somewhere() -> None:
    text = (ROOT / "docs/runbooks.md").read_text()
    for file, anchor in re.findall(r"\]\(([\w./]*)#([\w-]+)\)", text):
        target = (ROOT / "docs" / file).read_text() if file else text
        assert anchor in {head.lower().replace(" ", "-") for head in re.findall(r"^##+ (.+)$", target, flags=re.MULTILINE)}, anchor


def test_dashboards_use_provisioned_data_sources_and_have_names_of_their_own() -> None:
    sources = {(each["uid"], each["type"]) for each in loaded(HERE / "grafana/provisioning/datasources/datasources.yml")["datasources"]}
    for where, panel in panels():
        for used in (panel["datasource"], *(target["datasource"] for target in panel["targets"])):
            assert (used["uid"], used["type"]) in sources, where
    boards = [loaded(path) for path in BOARDS]
    assert {board["title"] for board in boards} >= {"Delivery", "Milady sync", "Alerts and scans", "HTTP"}
    assert len({board["uid"] for board in boards}) == len(boards)
    for board in boards:
        assert len({panel["id"] for panel in board["panels"]}) == len(board["panels"])


def test_what_watches_runs_only_when_asked_for_and_is_reached_only_from_here() -> None:
    for name, part in loaded(HERE / "compose.yml")["services"].items():
        assert part["profiles"] == ["observability"], name
        assert part["read_only"], name
        assert part["mem_limit"], name
        assert part["restart"] == "unless-stopped", name
        assert re.fullmatch(r"[\w./-]+:v?\d+\.\d+\.\d+", part["image"]), f"{name} is not pinned"
        assert all(port.startswith("127.0.0.1:") for port in part.get("ports", [])), name


def test_each_alert_is_tried_in_sickness_and_in_health() -> None:
    tried: dict[str, set[bool]] = {name: set() for name in alerts()}
    for case in itertools.chain.from_iterable(loaded(path)["tests"] for path in TESTS):
        for look in case["promql_expr_test"]:
            tried[re.findall(r'alertname="(\w+)"', look["expr"])[0]].add(bool(look["exp_samples"]))
    assert {name for name, outcomes in tried.items() if outcomes != {True, False}} == set()


@pytest.fixture(scope="module")
def promtool() -> str:
    return shutil.which("promtool") or pytest.skip("promtool is not installed (Debian's package prometheus has it)")


@pytest.mark.parametrize(
    "arguments", [("check", "config", HERE / "prometheus/prometheus.yml"), ("test", "rules", *TESTS)], ids=["config", "rules"]
)
def test_prometheus_own_tool_agrees(promtool: str, arguments: tuple[str | Path, ...]) -> None:
    done = subprocess.run([promtool, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_prometheus_can_read_every_query(promtool: str, tmp_path: Path) -> None:
    rules = [{"record": f"q{number}", "expr": expression} for number, expression in enumerate(queries().values())]
    (tmp_path / "queries.yml").write_text(yaml.safe_dump({"groups": [{"name": "queries", "rules": rules}]}))
    done = subprocess.run([promtool, "check", "rules", tmp_path / "queries.yml"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
