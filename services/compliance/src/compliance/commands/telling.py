"""Events and audit entries of many rows in the statement that changes them. One at a time is `chassis.outbox` and `chassis.audit`.

Fragments for `with` queries; they read who acts, from where, and the traceparents of each event, which `who` gives.
"""

import json
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from chassis.database import Transaction
from chassis.outbox import traceparent_to
from chassis.telemetry import current_trace_id
from contracts.event import Event

ALERT = """'revision', a.revision, 'alert_id', a.alert_id, 'enrollment_id', a.enrollment_id, 'student_id', a.student_id,
   'program_id', a.program_id, 'alert_type', a.alert_type, 'severity', a.severity, 'week_start', a.week_start, 'message', a.message,
   'explanation', a.explanation, 'raised_at', a.raised_at, 'escalated_at', a.escalated_at"""
"""An alert's state, of a row `a`."""
RESOLVED = f"{ALERT}, 'resolved_at', a.resolved_at, 'resolution', a.resolution, 'resolved_by', a.resolved_by"
WAS_OPEN, WAS_RESOLVED = "jsonb_build_object('status', 'open')", "jsonb_build_object('status', 'resolved')"
IS_OPEN = "jsonb_build_object('alert_type', a.alert_type, 'severity', a.severity, 'status', a.status)"
IS_RESOLVED = "jsonb_build_object('status', a.status, 'resolution', a.resolution)"
"""What is noted of an alert, before and after."""


def events(event: type[Event], fields: str, rows: str) -> str:
    """Publishes the event once for each row; `fields` are those of its JSON object, with the event's key among the rows' columns."""
    return f"""insert into outbox (message_id, topic, key, schema_uri, value, traceparent)
   select uuidv7(), '{event.topic}', a.{event.key}::text, '{event.schema_uri()}', json_build_object({fields})::text,
     coalesce(cast(:{_trace(event)}_of as jsonb) ->> a.{event.key}::text, :{_trace(event)})
   from {rows} a order by a.{event.key}"""


def entries(action: str, object_type: str, object_id: str, before: str, after: str, rows: str) -> str:
    """Notes the action once for each row, which has a `student_id`; `before` and `after` are JSON objects, or null."""
    return f"""insert into audit_entry (actor, actor_kind, action, object_type, object_id, subject_id, ip, user_agent, request_id, trace_id,
     before, after)
   select :actor, :actor_kind, {action}, '{object_type}', a.{object_id}::text, a.student_id, :ip, :user_agent, :request_id, :trace_id,
     {before}, {after}
   from {rows} a order by a.{object_id}"""


def who(tx: Transaction, *published: type[Event], keys: Iterable[UUID] = ()) -> dict[str, Any]:
    """In whose name, from where, and in which traces, for a statement that publishes these events.

    `keys`: of which keys at most. In a handler of sets an event goes on in the trace of the one with the same key, as `publish` has it.
    """
    acting = {"actor": tx.principal.name, "actor_kind": tx.principal.actor_kind, "trace_id": current_trace_id()}
    caller = {name: getattr(tx.caller, name) for name in ("ip", "user_agent", "request_id")}
    causes = {} if current_trace_id() else {key: tx.causes[key] for key in map(str, keys) if key in tx.causes}
    traces: dict[str, str | None] = {}
    for event in published:
        traces[_trace(event)] = traceparent_to(event.topic)
        traces[f"{_trace(event)}_of"] = json.dumps({key: traceparent_to(event.topic, cause) for key, cause in causes.items()})
    return acting | caller | traces


def _trace(event: type[Event]) -> str:
    return f"trace_{event.topic.replace('.', '_').replace('-', '_')}"
