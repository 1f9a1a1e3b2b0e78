"""The other services, played over real HTTP by what each is to answer."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx


class Neighbours:
    """`files` and `ill` say what is answered: bytes by address, and how often a service is ill before it answers."""

    def __init__(self):
        self.files, self.ill, self.calls, self.identity = {}, {}, [], ""
        outer = self

        class Answer(BaseHTTPRequestHandler):
            def do_GET(self):
                service, path = self.path.removeprefix("/api/").split("/", 1)
                outer.calls.append((service, f"/{path}", self.headers["Authorization"]))
                status, kind, body = outer.answer(service, f"/{path}", self.headers["Authorization"])
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                return

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.template = f"http://127.0.0.1:{self.server.server_port}/api/{{service}}"

    def answer(self, service, path, token):
        """Status, content type and body."""
        if self.ill.get(service, 0) > 0:
            self.ill[service] -= 1
            return 503, "application/problem+json", b"{}"
        if service == "identity":
            real = httpx.get(self.identity + path, headers={"Authorization": token}, timeout=20)
            return real.status_code, real.headers["content-type"], real.content
        if (service, path) in self.files:
            return 200, "image/jpeg", self.files[service, path]
        person = path.split("/")[3]
        files = {at.rpartition("/")[2]: at for name, at in self.files if name == service and person in at}
        told = {"service": service, "user_id": person, "tables": {"mark": [{"of": f"{service} about {person}"}]}, "files": files}
        return 200, "application/json", json.dumps(told).encode()
