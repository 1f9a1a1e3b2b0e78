"""Asks the process of this container whether it is ready, and hands on what it lacks. Standard library alone: it runs often."""

import os
import socket
import sys


def main() -> int:
    """0 if `/readyz` answers 200, else 1."""
    port = int(os.environ.get("CHAIRSIDE_PORT", "8000"))
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=4) as connection:
            connection.sendall(b"GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            answer = b"".join(iter(lambda: connection.recv(4096), b""))
    except OSError as error:
        sys.stdout.write(f"does not answer: {error}\n")
        return 1
    head, _, body = answer.partition(b"\r\n\r\n")
    sys.stdout.write(body.decode("utf-8", "replace") + "\n")
    return 0 if head.startswith(b"HTTP/1.1 200 ") else 1


if __name__ == "__main__":
    sys.exit(main())
