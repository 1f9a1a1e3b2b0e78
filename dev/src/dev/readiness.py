"""What a process says of itself over HTTP."""

import http.client
import json


def lacking(port: int, path: str = "/readyz", *, host: str = "127.0.0.1") -> dict[str, str] | None:
    """What the process at the port says that it lacks, by name; empty when it is ready, None while it does not answer."""
    connection = http.client.HTTPConnection(host, port, timeout=30)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return {} if answer.status == 200 else _named(answer.read())
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()


def _named(body: bytes) -> dict[str, str]:
    try:
        return dict(json.loads(body)["missing"])
    except (ValueError, KeyError, TypeError):
        return {"it": "is not ready"}
