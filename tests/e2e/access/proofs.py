"""What an account and a machine client are proven with: secrets, second factors, and links that come by mail."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import httpx
import pyotp
from contracts.scopes import Scope
from dev.authenticator import Authenticator
from dev.demo.stage import Person, Stage, eventually

from .. import looking, people


@dataclass(frozen=True)
class Client:
    """A machine client that may be given every scope; its tokens by what they are good for, and a spare secret to be revoked."""

    id: str
    secret: str
    spare_id: str
    tokens: dict[frozenset[str], str] = field(default_factory=dict)

    def token(self, scopes: Iterable[str]) -> str:
        """The one that is good for just these."""
        return self.tokens[frozenset(map(str, scopes))]

    async def renew(self, http: httpx.AsyncClient) -> None:
        """Fresh tokens: for all scopes, and for all but one each."""
        for left_out in (None, *Scope):
            scopes = frozenset(str(one) for one in Scope if one != left_out)
            asked = {"grant_type": "client_credentials", "scope": " ".join(scopes)}
            answer = await http.post("/api/identity/v1/oauth/token", data=asked, auth=(self.id, self.secret))
            self.tokens[scopes] = answer.raise_for_status().json()["access_token"]


async def client(admin: Person) -> Client:
    """Made by an administrator."""
    wanted = {"name": "Time clock", "scopes": [str(one) for one in Scope]}
    made = await admin.ask("POST", "identity", "/v1/clients", 201, json=wanted)
    used, spare = [await admin.ask("POST", "identity", f"/v1/clients/{made['id']}/secrets", 201) for _ in range(2)]
    found = Client(made["id"], used["client_secret"], spare["id"])
    await found.renew(admin.http)
    return found


@dataclass(frozen=True)
class Proven:
    """Somebody with a passkey and an authenticator app, of whom sign-ins wait for an answer."""

    person: Person
    device: Authenticator


async def proven(stage: Stage) -> Proven:
    """Somebody new with second factors of every kind."""
    person, device = await people.somebody(stage, "Proven"), Authenticator(stage.stack.url)
    await person.ask(
        "POST", "identity", "/v1/me/passkeys", 201, json={"name": "Phone", "credential": await new_passkey(person.http, device)}
    )
    await person.ask("POST", "identity", "/v1/me/totp/confirmation", 200, json={"code": await new_code(person.http)})
    await person.ask("POST", "identity", "/v1/me/passkeys/options")
    await _challenge(person)
    return Proven(person, device)


async def new_passkey(http: httpx.AsyncClient, device: Authenticator, **how: Any) -> dict[str, Any]:
    """What the device answers to whoever begins to make a passkey; nothing where they may not."""
    options = await http.post("/api/identity/v1/me/passkeys/options", **how)
    return device.create(options.json()) if options.is_success else {}


async def new_code(http: httpx.AsyncClient, **how: Any) -> str:
    """The code of an authenticator app that is begun anew; of none where they may not."""
    begun = await http.post("/api/identity/v1/me/totp", **how)
    return pyotp.TOTP(begun.json()["secret"]).now() if begun.is_success else "000000"


async def passkey_answer(http: httpx.AsyncClient, device: Authenticator) -> dict[str, Any]:
    """What signs in with the device's passkey."""
    return device.get((await http.post("/api/identity/v1/sessions/passkey/options")).json())


async def second_step(stage: Stage) -> dict[str, str]:
    """A sign-in that waits for a code, of somebody new, and a code."""
    person = await people.somebody(stage, "Waiting")
    code = await new_code(person.http)
    codes = await person.ask("POST", "identity", "/v1/me/totp/confirmation", 200, json={"code": code})
    return {"challenge": await _challenge(person), "code": codes["recovery_codes"][0]}


async def _challenge(person: Person) -> str:
    """That of a sign-in with the password alone."""
    told = await person.ask("POST", "identity", "/v1/sessions", 401, json={"email": person.email, "password": person.password})
    return str(told["challenge"])


async def mailed(stage: Stage, page: str) -> str:
    """The token in the link to `page` that somebody new got by mail."""
    person = await people.somebody(stage, "Mailed")
    if page == "password-reset":
        await forget_attempts(stage)
        await person.ask("POST", "identity", "/v1/password-resets", 202, json={"email": person.email})
    return await eventually(f"the mail with the link to {page}", lambda: _token(stage, person.email, page))


async def forget_attempts(stage: Stage) -> None:
    """One address asks for so many resets, and the matrix for more."""
    await looking.rows(stage.stack, "identity", "delete from attempt")


async def _token(stage: Stage, address: str, page: str) -> str | None:
    for mail in looking.mails_to(stage.stack, address):
        text = mail.get_body(("plain",))
        if text and (found := re.search(rf"/{page}#token=([\w-]+)", text.get_content())):
            return found[1]
    return None


def unused_password() -> str:
    """One that nobody has, or guesses."""
    return f"quill {uuid4().hex}"
