"""What outboxes committed against what lies on the topics: all of it, nothing else, in the order of each key."""

import json
from collections import defaultdict
from typing import Any

from contracts.event import EVENTS
from contracts.people import UserChanged
from dev.stack import SERVICES, Stack

from . import looking

AGGREGATE = {
    "hours": "log_id", "alert": "alert_id", "skill": "entry_id", "enrollment": "enrollment_id", "student": "assignment_id",
    "partner": "user_id", "user": "user_id", "program": "program_id", "document": "signature_id", "milady": "enrollment_id",
    "message": "message_id", "provisioning": "enrollment_id", "sync": "sync_id", "course": "course_code", "audit": "service",
    "requirement": "enrollment_id", "week": "week_start", "consent": "purpose",
}  # fmt: skip
"""What an event's `revision` is the version of, by the noun of its topic; within one key."""
Sequences = dict[tuple[str, str, str], list[str]]


async def committed(stack: Stack) -> Sequences:
    """The ids in every outbox by service, topic and key, in the order in which they were committed."""
    found: Sequences = defaultdict(list)
    for service in SERVICES:
        for row in await looking.rows(stack, service.name, "select message_id, topic, key from outbox order by id"):
            found[service.name, row["topic"], row["key"]].append(str(row["message_id"]))
    return dict(found)


async def published(stack: Stack) -> Sequences:
    """The ids on the topics by source, topic and key, in the order in which each came first.

    Without what a test sent, and without what outboxes forgot with a person who was erased (SPEC 2).
    """
    found: Sequences = defaultdict(list)
    seen = set()
    for record in await looking.records(stack, looking.EVENT_TOPICS):
        message_id = looking.header(record, "ce_id")
        if looking.header(record, looking.PLANTED) or message_id in seen:
            continue
        seen.add(message_id)
        ids = found[looking.header(record, "ce_source"), record.topic, (record.key or b"").decode()]
        if record.topic == UserChanged.topic and record.value and json.loads(record.value)["status"] == "erased":
            ids.clear()
        ids.append(message_id)
    return dict(found)


async def turned_around(stack: Stack) -> list[str]:
    """Events whose revision does not come after that of their aggregate's event before; none, if the order holds."""
    last: dict[tuple[Any, ...], int] = {}
    wrong, seen = [], set()
    for record in await looking.records(stack, looking.EVENT_TOPICS):
        message_id = looking.header(record, "ce_id")
        if looking.header(record, looking.PLANTED) or message_id in seen or record.value is None:
            continue
        seen.add(message_id)
        body = json.loads(record.value)
        aggregate = body[AGGREGATE[record.topic.partition(".")[0]]]
        name = (record.topic, record.key, body.get("enrollment_id"), aggregate)
        if body["revision"] <= last.get(name, 0):
            wrong.append(f"{name}: {body['revision']} after {last[name]}")
        last[name] = body["revision"]
    return wrong


async def not_applied(stack: Stack) -> list[str]:
    """Events that lie on a topic and that one of its consumers has not in its inbox; none, if nothing was lost."""
    lying: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for record in await looking.records(stack, looking.EVENT_TOPICS):
        if not looking.header(record, looking.PLANTED):
            lying[record.topic].add((looking.header(record, "ce_id"), looking.header(record, "ce_source")))
    missing = []
    for group in looking.groups():
        known = {str(row["id"]) for row in await looking.rows(
            stack, group.service, "select message_id as id from inbox where consumer = $1", group.name)}  # fmt: skip
        for topic in group.topics:
            own_counts = EVENTS[topic].consumers == (group.service,)
            wanted = {message_id for message_id, source in lying[topic] if source != group.service or own_counts}
            missing += [f"{topic} {message_id} in {group.name}" for message_id in wanted - known]
    return missing
