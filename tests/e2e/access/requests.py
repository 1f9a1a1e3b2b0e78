"""The request of a cell: from the schema, with the student's ids where the field's name says so, and with what no schema can say."""

import re
from base64 import b64encode
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

from contracts.people import Role
from dev.authenticator import Authenticator, b64
from dev.demo.photos import photo

from .. import people
from . import proofs
from .cast import Cast, Principal
from .operations import Operation, smallest

FILTERS = ("enrollment_id", "student_id", "recipient_id", "subject_id")
QUERIES = {"limit": "500", "role": "worksite"}
PATHS = {
    "approvePartner": {"user_id": "applicant_id"},
    "suspendPartner": {"user_id": "applicant_id"},
    "reinstatePartner": {"user_id": "applicant_id"},
    "getPartner": {"user_id": "holder_id"},
    "deactivateUser": {"user_id": "applicant_id"},
    "endSessionsOfUser": {"user_id": "applicant_id"},
    "grantRole": {"user_id": "spare_id", "role": "staff_role"},
    "withdrawRole": {"user_id": "spare_id", "role": "staff_role"},
    "getPayrollProfile": {"user_id": "holder_id"},
    "getPayrollNumbers": {"user_id": "holder_id"},
    "approvePayrollProfile": {"user_id": "holder_id"},
    "rejectPayrollProfile": {"user_id": "holder_id"},
}
"""Which id an address means, where its name alone does not say it."""
How = dict[str, Any]


async def request(operation: Operation, who: Principal, cast: Cast) -> tuple[dict[str, str], str, How]:
    """Headers, path under the service, and what else httpx takes."""
    ids = ids_of(operation.name, cast)
    path = re.sub(r"\{(\w+)\}", lambda found: ids[found[1]], operation.path)
    how: How = {}
    if operation.method == "GET":
        how["params"] = {name: ids[name] for name in FILTERS if name in operation.queries and operation.about_someone}
        how["params"] |= {name: value for name, value in QUERIES.items() if name in operation.queries}
    if operation.content.startswith("multipart"):
        how |= {"files": {"file": ("after.jpg", photo(7), "image/jpeg")}, "data": {"kind": "after"}}
    elif operation.body is not None:
        form = operation.content == "application/x-www-form-urlencoded"
        how["data" if form else "json"] = await _body(operation, who, cast)
    proof = {"Authorization": _basic(cast)} if operation.name == "getToken" else cast.headers(who, operation.right.scope)
    return proof | {"If-Match": "*"}, path, how


def ids_of(operation: str, cast: Cast) -> dict[str, str]:
    """What the names in an operation's address stand for."""
    ids = dict(cast.ids)
    if "student" in cast.devices:
        ids["passkey_id"] = b64(cast.devices["student"].id)
    return ids | {name: ids[other] for name, other in PATHS.get(operation, {}).items()}


def _basic(cast: Cast) -> str:
    return f"Basic {b64encode(f'{cast.client.id}:{cast.client.secret}'.encode()).decode()}"


async def _body(operation: Operation, who: Principal, cast: Cast) -> Any:
    known: How = {name: cast.ids[name] for name in ("enrollment_id", "student_id", "program_id", "document_hash")}
    known |= {"work_date": people.weeks_ago(2).isoformat(), "minutes": 1, "skill_code": "haircut", "time_zone": "America/Boise"}
    special = BODIES.get(operation.name)
    return smallest(operation.body or {}, known | (await special(who, cast) if special else {}))


async def _credentials(who: Principal, cast: Cast) -> How:
    return {"email": cast.person(who).email, "password": cast.person(who).password}


async def _refresh(who: Principal, cast: Cast) -> How:
    """A token of a session of its own, for each is good once."""
    answer = await cast.http.post("/api/identity/v1/sessions", json=await _credentials(who, cast))
    return {"refresh_token": answer.json()["refresh_token"]}


async def _newcomer(who: Principal, cast: Cast) -> How:
    return {"email": f"{who.name.replace(' ', '-')}-{cast.made.student.id}@example.com", "password": proofs.unused_password()}


async def _source(who: Principal, _: Cast) -> How:
    if Role.SITE_COORDINATOR in who.roles:
        return {"source": "coordinator"}
    return {"source": "partner" if who.kind in ("partner", "client") else "manual"}


async def _reason(_: Principal, __: Cast) -> How:
    return {"reason": "as the sheet has it"}


async def _one_enrollment(_: Principal, cast: Cast) -> How:
    return {"scope": "enrollment", "id": cast.made.enrollment}


async def _course(_: Principal, __: Cast) -> How:
    return {"course_code": "rise-wellbeing-safety"}


async def _signer(who: Principal, cast: Cast) -> How:
    return {"typed_name": cast.person(who).name}


async def _partner(_: Principal, cast: Cast) -> How:
    return {"partner_id": cast.ids["spare_id"], "role": "worksite"}


async def _slot(_: Principal, __: Cast) -> How:
    return {"zone": "America/Boise", "kind": "midweek", "date": (people.weeks_ago(9) + timedelta(days=2)).isoformat()}


async def _holder(who: Principal, cast: Cast) -> How:
    return {"partner_id": cast.made.holder.id} if who.kind == "admin" else {}


async def _threshold(_: Principal, __: Cast) -> How:
    return {"inactivity_days_threshold": 12}


async def _end(_: Principal, __: Cast) -> How:
    return {"ended_on": people.weeks_ago(1).isoformat()}


async def _new_password(who: Principal, cast: Cast) -> How:
    """The same again: the administrator's is the stack's."""
    return {"present": cast.person(who).password, "password": cast.person(who).password}


async def _reset(_: Principal, cast: Cast) -> How:
    return {"token": await proofs.mailed(cast.stage, "password-reset"), "password": proofs.unused_password()}


async def _asking(_: Principal, cast: Cast) -> How:
    await proofs.forget_attempts(cast.stage)
    return {}


async def _verification(_: Principal, cast: Cast) -> How:
    return {"token": await proofs.mailed(cast.stage, "email-verification")}


async def _second_step(_: Principal, cast: Cast) -> How:
    return dict(await proofs.second_step(cast.stage))


async def _code(who: Principal, cast: Cast) -> How:
    return {"code": await proofs.new_code(cast.http, headers=cast.headers(who))}


async def _passkey(who: Principal, cast: Cast) -> How:
    device = cast.devices[who.name] = Authenticator(cast.stage.stack.url)
    return {"credential": await proofs.new_passkey(cast.http, device, headers=cast.headers(who))}


async def _passkey_answer(_: Principal, cast: Cast) -> How:
    return {"credential": await proofs.passkey_answer(cast.http, cast.proven.device)}


BODIES: dict[str, Callable[[Principal, Cast], Awaitable[How]]] = {
    "signUp": _newcomer,
    "signIn": _credentials,
    "changePassword": _new_password,
    "askForPasswordReset": _asking,
    "resetPassword": _reset,
    "verifyEmail": _verification,
    "answerSecondFactor": _second_step,
    "confirmTotp": _code,
    "registerPasskey": _passkey,
    "signInWithPasskey": _passkey_answer,
    "refreshSession": _refresh,
    "submitHours": _source,
    "correctHours": _reason,
    "startSync": _one_enrollment,
    "launchCourse": _course,
    "signDocument": _signer,
    "assignStudent": _partner,
    "publishProgram": _holder,
    "changeRequirement": _threshold,
    "changeRequirements": _threshold,
    "runScan": _slot,
    "withdrawEnrollment": _end,
}
"""What a request must say and a schema cannot: credentials, and values that depend on each other."""
