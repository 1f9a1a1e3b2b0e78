"""The generated files: current, the same each time, and true to the classes."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from contracts.event import ALL_SERVICES, EVENTS
from contracts.examples import examples
from contracts.topics import TOPICS
from dev.contracts.files import ROOT, generated, stale, write
from dev.contracts.gate import findings
from dev.contracts.schemas import FOLDER, published_in

FILES = generated()
DOCUMENTS = {path: json.loads(text) for path, text in FILES.items() if path.name == "asyncapi.json"}
WHOLE = DOCUMENTS[Path("docs/asyncapi.json")]


def of_service(service: str) -> Any:
    """The document that the service serves."""
    return DOCUMENTS[Path(f"services/{service}/src/{service.replace('-', '_')}/asyncapi.json")]


def references(document: Any) -> Iterator[str]:
    """Every `$ref` in a document."""
    if isinstance(document, list):
        for part in document:
            yield from references(part)
    elif isinstance(document, dict):
        for name, part in document.items():
            yield from [part] if name == "$ref" else references(part)


def test_the_contracts_pass_the_gate() -> None:
    published = published_in(ROOT / FOLDER)
    assert findings(EVENTS, published, published, examples()) == []


def test_the_committed_files_are_current() -> None:
    assert stale(FILES) == []


def test_the_same_classes_give_the_same_bytes() -> None:
    assert generated() == FILES


def test_a_missing_or_changed_file_is_written_again_and_no_other(tmp_path: Path) -> None:
    files = {Path("a/one.json"): "1\n", Path("two.json"): "2\n"}
    assert write(files, tmp_path) == [Path("a/one.json"), Path("two.json")]
    assert write(files, tmp_path) == []
    (tmp_path / "two.json").write_text("3\n")
    assert stale(files, tmp_path) == [Path("two.json")]
    assert write(files, tmp_path) == [Path("two.json")]
    assert (tmp_path / "two.json").read_text() == "2\n"


def test_schemas_are_open_and_name_their_topic_version_and_key() -> None:
    published = published_in(ROOT / FOLDER)
    assert set(published) == {(topic, version) for topic, event in EVENTS.items() for version in range(1, event.version + 1)}
    for (topic, version), schema in published.items():
        assert schema["$id"] == f"urn:chairside:event:{topic}:v{version}"
        assert schema["x-key"] in schema["required"]
        assert '"additionalProperties": false' not in json.dumps(schema)


def test_topics_file_lists_every_topic_with_its_settings() -> None:
    found: dict[str, dict[str, str]] = {}
    for line in FILES[Path("deploy/kafka/topics.yaml")].splitlines():
        name, _, value = line.strip().removeprefix("- ").partition(": ")
        if name == "name":
            settings = found[value] = {}
        elif value and not line.startswith("#"):
            settings[name] = value.strip('"')
    assert found == {topic.name: {"partitions": str(topic.partitions), **topic.config} for topic in TOPICS}


def test_strimzi_is_given_every_topic_on_three_brokers() -> None:
    documents = list(yaml.safe_load_all(FILES[Path("deploy/k8s/topics/topics.yaml")]))
    assert {document["metadata"]["name"]: document["spec"] for document in documents} == {
        topic.name: {"partitions": topic.partitions, "replicas": 3, "config": {**topic.config, "min.insync.replicas": "2"}}
        for topic in TOPICS
    }
    assert {(one["apiVersion"], one["kind"], one["metadata"]["labels"]["strimzi.io/cluster"]) for one in documents} == {
        ("kafka.strimzi.io/v1", "KafkaTopic", "chairside")
    }
    assert all(re.fullmatch(r"[a-z0-9]([-a-z0-9.]*[a-z0-9])?", one["metadata"]["name"]) for one in documents)


def test_the_page_tells_of_every_event_and_every_field() -> None:
    page = FILES[Path("docs/events.md")]
    for topic, event in EVENTS.items():
        section = page.partition(f"\n## {topic}\n")[2].partition("\n## ")[0]
        assert " ".join((event.__doc__ or "").split()) in " ".join(section.split())
        assert all(f"| `{field}` |" in section for field in event.model_fields)
        assert "```json" in section


@pytest.mark.parametrize("path", DOCUMENTS, ids=str)
def test_every_reference_of_a_document_leads_somewhere(path: Path) -> None:
    document = DOCUMENTS[path]
    found = list(references(document))
    assert found
    for reference in found:
        place: Any = document
        for step in reference.removeprefix("#/").split("/"):
            place = place[step]


@pytest.mark.parametrize("service", ALL_SERVICES)
def test_a_service_sends_and_receives_what_its_classes_say(service: str) -> None:
    document = of_service(service)
    done = {
        (operation["action"], operation["channel"]["$ref"].removeprefix("#/channels/")) for operation in document["operations"].values()
    }
    sent = {("send", topic) for topic, event in EVENTS.items() if service in event.producers}
    taken = {("receive", topic) for topic, event in EVENTS.items() if service in event.consumers}
    assert done == sent | taken
    assert set(document["channels"]) == {topic for _, topic in done}


def test_the_whole_holds_the_operations_of_every_service() -> None:
    assert set(WHOLE["channels"]) == set(EVENTS)
    assert len(WHOLE["operations"]) == sum(len(of_service(service)["operations"]) for service in ALL_SERVICES)


def test_a_consumer_receives_every_version_and_a_producer_sends_the_newest() -> None:
    operations = of_service("compliance")["operations"]
    names = {
        action: [message["$ref"].rsplit("/", 1)[-1] for message in operations[f"{action}.hours.logged"]["messages"]]
        for action in ("send", "receive")
    }
    assert names == {"send": ["HoursLogged"], "receive": ["HoursLogged", "HoursLoggedV1"]}
    assert "hours" in WHOLE["components"]["schemas"]["HoursLoggedV1"]["properties"]


def test_messages_carry_the_envelope_the_key_and_the_partitions() -> None:
    message = WHOLE["components"]["messages"]["HoursLogged"]
    headers = message["headers"]
    assert headers["properties"]["ce_type"]["const"] == "hours.logged"
    assert headers["properties"]["ce_source"]["enum"] == ["compliance", "milady-sync"]
    assert headers["properties"]["ce_dataschema"]["const"] == "urn:chairside:event:hours.logged:v2"
    assert "traceparent" in headers["properties"]
    assert "traceparent" not in headers["required"]
    assert message["bindings"]["kafka"]["key"] == {"type": "string", "format": "uuid"}
    kafka = WHOLE["channels"]["user.changed"]["bindings"]["kafka"]
    assert (kafka["partitions"], kafka["topicConfiguration"]["cleanup.policy"]) == (3, ["compact"])
