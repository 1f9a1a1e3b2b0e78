"""The issuer of tokens in tests and benches, in the place of `identity`."""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from uuid import UUID

from joserfc import jwt
from joserfc.jwk import ECKey


class Issuer:
    """Plays `identity`: publishes a signing key as a JWKS and which sessions have ended (`revoked`), and signs tokens."""

    def __init__(self) -> None:
        self.key = ECKey.generate_key("P-256", {"kid": "test"})
        published = json.dumps({"keys": [self.key.as_dict(private=False)]}).encode()
        self.revoked: set[str] = set()
        ended = self.revoked

        class Answer(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.end_headers()
                asked_for_keys = self.path.endswith("/jwks.json")
                self.wfile.write(published if asked_for_keys else json.dumps({"revoked": sorted(ended)}).encode())

            def log_message(self, *_: Any) -> None:
                return

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}/.well-known/jwks.json"

    def token(self, kind: str, user_id: UUID, *roles: str, key: ECKey | None = None, **claims: Any) -> str:
        """A signed access token; `claims` override what a good one says."""
        now = int(time.time())
        good = {
            "iss": "chairside",
            "aud": "chairside",
            "sub": str(user_id),
            "kind": kind,
            "roles": list(roles),
            "iat": now,
            "exp": now + 600,
        }
        return jwt.encode({"alg": "ES256", "kid": "test"}, good | claims, key or self.key, algorithms=["ES256"])
