"""A service's process from its start to its end."""

import gc
from collections.abc import Iterable
from typing import Any

import uvicorn

from chassis import telemetry
from chassis.closed import expect_closed_connections
from chassis.service import Service, make_app
from chassis.settings import unusable


def keep_what_is_loaded() -> None:
    """Takes what the process has loaded out of the collector's sight. It stays for good, and each look through it stops every request
    for some 100 ms.
    """
    gc.collect()
    gc.freeze()


def serve(service: Service, settings: Any, parts: Iterable[str]) -> None:
    """Serves until SIGTERM or SIGINT, then drains within 20 seconds."""
    try:
        provider = telemetry.set_up(service.name, traces=settings.traces, share=settings.traces_share, log_level=settings.log_level)
    except OSError as error:
        unusable("traces", f"{settings.traces}: {error.strerror}")
    app = make_app(service, settings, parts)
    expect_closed_connections()
    keep_what_is_loaded()
    uvicorn.run(
        app, host=settings.host, port=settings.port, log_config=None, access_log=False, server_header=False,
        timeout_graceful_shutdown=5, timeout_keep_alive=75, loop="uvloop", http="httptools", proxy_headers=False,
    )  # fmt: skip
    provider.shutdown()
