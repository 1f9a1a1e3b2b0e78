"""Serves the sandbox: as a process of its own, or in a thread of a test."""

import contextlib
import socket
from collections.abc import Iterator
from threading import Thread

import uvicorn

from dev.sandbox.app import create_app
from dev.sandbox.settings import Settings, SettingsError


def serve(settings: Settings) -> None:
    """Serve until SIGINT or SIGTERM. Raises SettingsError if the address or the data file cannot be used."""
    server, listener = _prepare(settings)
    print(f"Sandbox of Milady CIMA: {_address(listener)}", flush=True)
    with contextlib.suppress(KeyboardInterrupt):
        server.run(sockets=[listener])


@contextlib.contextmanager
def running(settings: Settings) -> Iterator[str]:
    """Serve in a thread while the block runs; gives the address, e.g. `http://127.0.0.1:40111`. Port 0 takes a free one."""
    server, listener = _prepare(settings)
    thread = Thread(target=server.run, args=([listener],), name="sandbox")
    thread.start()
    try:
        yield _address(listener)
    finally:
        server.should_exit = True
        thread.join()


def _prepare(settings: Settings) -> tuple[uvicorn.Server, socket.socket]:
    app = create_app(settings)
    try:
        # It listens from here on: who connects before the loop runs waits in the queue instead of being refused.
        listener = socket.create_server((settings.host, settings.port), family=_family(settings.host), backlog=512)
    except OSError as error:
        app.state.sandbox.db.close()
        place = f"{settings.host}:{settings.port}"
        raise SettingsError(
            f"cannot listen on {place} ({error.strerror}); set CHAIRSIDE_HOST and CHAIRSIDE_PORT to a free address."
        ) from error
    # No access log: a launch address in it would be a credential. A held request must not hold up the end.
    config = uvicorn.Config(app, log_level="warning", access_log=False, server_header=False, ws="none", timeout_graceful_shutdown=1)
    return uvicorn.Server(config), listener


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def _address(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
