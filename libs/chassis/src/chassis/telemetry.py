"""Traces, JSON logs and metrics. One trace runs from HTTP through the outbox, Kafka and the inbox to the next HTTP call."""

import json
import logging
import os
import socket
import sys
from collections.abc import MutableMapping, Sequence
from pathlib import Path
from typing import Any

import structlog
from opentelemetry import propagate, trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.instrumentation.httpx import HTTPXClientInstrumentor
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, ConsoleSpanExporter, SpanExporter
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ParentBased, TraceIdRatioBased
from prometheus_client import Gauge
from structlog.typing import Processor

tracer = trace.get_tracer("chassis")
memory_limit = Gauge("memory_limit_bytes", "What the container may take before it is killed; 0 where there is no limit")
LIMITS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")
NO_LIMIT = 1 << 60


def set_up(service: str, *, traces: str, share: float, log_level: str) -> TracerProvider:
    """Traces go to `traces` (empty: nowhere; `http...`: an OTLP collector; a folder, ending in `/`, or a file: JSON lines).

    In a folder each process has a file of its own. Logs go to standard output.
    """
    sampler = ParentBased(TraceIdRatioBased(share)) if traces else ALWAYS_OFF
    provider = TracerProvider(resource=Resource({"service.name": service}), sampler=sampler)
    if traces:
        file = f"{traces}{service}-{socket.gethostname()}-{os.getpid()}.jsonl" if traces.endswith("/") else traces
        provider.add_span_processor(BatchSpanProcessor(_exporter(file), schedule_delay_millis=500))
    trace.set_tracer_provider(provider)
    memory_limit.set(limit_of_memory())
    HTTPXClientInstrumentor().instrument()
    _set_up_logs(service, log_level)
    return provider


def limit_of_memory(files: Sequence[str | Path] = LIMITS) -> int:
    """The bytes that the control group grants, by the first of `files` (versions 2 and 1) that is there; 0 without a limit."""
    for file in files:
        try:
            said = Path(file).read_text().strip()
        except OSError:
            continue
        return int(said) if said.isdecimal() and int(said) < NO_LIMIT else 0
    return 0


def _exporter(traces: str) -> SpanExporter:
    if traces.startswith("http"):
        return OTLPSpanExporter(endpoint=traces.rstrip("/") + "/v1/traces")
    return ConsoleSpanExporter(out=open(traces, "a", encoding="utf-8"), formatter=_line)


def _line(span: ReadableSpan) -> str:
    context = span.get_span_context()
    return (
        json.dumps(
            {
                "service": span.resource.attributes.get("service.name"),
                "name": span.name,
                "kind": span.kind.name,
                "trace_id": f"{context.trace_id:032x}" if context else None,
                "span_id": f"{context.span_id:016x}" if context else None,
                "parent_id": f"{span.parent.span_id:016x}" if span.parent else None,
                "start": span.start_time,
                "end": span.end_time,
                "attributes": dict(span.attributes or {}),
            },
            default=str,
        )
        + "\n"
    )


def _add_trace(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    if trace_id := current_trace_id():
        event["trace_id"] = trace_id
    return event


def _set_up_logs(service: str, level: str) -> None:
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _add_trace,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                lambda _, __, event: {"service": service, **event},
                structlog.processors.JSONRenderer(default=str),
            ],
            foreign_pre_chain=shared,
        )
    )
    logging.basicConfig(handlers=[handler], level=level, force=True)
    for noisy in ("aiokafka", "httpx", "httpcore", "uvicorn.access", "faststream"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


def current_trace_id() -> str | None:
    """The trace id as 32 hex digits, or None outside of any trace."""
    context = trace.get_current_span().get_span_context()
    return f"{context.trace_id:032x}" if context.is_valid else None


def current_traceparent() -> str | None:
    """The W3C `traceparent` of the current span, or None outside of any trace."""
    context = trace.get_current_span().get_span_context()
    if not context.is_valid:
        return None
    return f"00-{context.trace_id:032x}-{context.span_id:016x}-{int(context.trace_flags):02x}"


def context_of(traceparent: str | None) -> Context:
    """The trace context that a message or request brought along."""
    return propagate.extract({"traceparent": traceparent} if traceparent else {})
