"""The request of a cell: from the schema, with the student's ids where the field's name says so, and with what no schema can say."""

import re
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

from dev.demo.photos import photo

from .. import people
from .cast import Cast, Principal
from .operations import Operation, smallest

FILTERS = ("enrollment_id", "student_id", "recipient_id", "subject_id")
QUERIES = {"limit": "500", "role": "worksite"}
PATHS = {
    "approvePartner": {"user_id": "applicant_id"},
    "getPartner": {"user_id": "holder_id"},
}
"""Which id an address means, where its name alone does not say it."""
How = dict[str, Any]


async def request(operation: Operation, who: Principal, cast: Cast) -> tuple[dict[str, str], str, How]:
    """Headers, path under the service, and what else httpx takes."""
    ids = cast.ids | {"holder_id": cast.made.holder.id}
    names = PATHS.get(operation.name, {})
    path = re.sub(r"\{(\w+)\}", lambda found: ids[names.get(found[1], found[1])], operation.path)
    how: How = {}
    if operation.method == "GET":
        how["params"] = {name: ids[name] for name in FILTERS if name in operation.queries and operation.about_someone}
        how["params"] |= {name: value for name, value in QUERIES.items() if name in operation.queries}
    if operation.form:
        how |= {"files": {"file": ("after.jpg", photo(7), "image/jpeg")}, "data": {"kind": "after"}}
    elif operation.body is not None:
        how["json"] = await _body(operation, who, cast)
    return cast.headers(who), path, how


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
    return {"email": f"{who.name.replace(' ', '-')}-{cast.made.student.id}@example.com", "password": "a password nobody has"}


async def _source(who: Principal, _: Cast) -> How:
    return {"source": "partner" if who.kind == "partner" else "manual"}


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


async def _end(_: Principal, __: Cast) -> How:
    return {"ended_on": people.weeks_ago(1).isoformat()}


BODIES: dict[str, Callable[[Principal, Cast], Awaitable[How]]] = {
    "signUp": _newcomer,
    "signIn": _credentials,
    "refreshSession": _refresh,
    "submitHours": _source,
    "startSync": _one_enrollment,
    "launchCourse": _course,
    "signDocument": _signer,
    "assignStudent": _partner,
    "publishProgram": _holder,
    "runScan": _slot,
    "withdrawEnrollment": _end,
}
"""What a request must say and a schema cannot: credentials, and values that depend on each other."""
