"""Whatever comes in that the documents allow, and much that they do not: no fault of ours, no answer that they do not describe, no leak.

How many examples each operation gets is CHAIRSIDE_EXAMPLES: 200 unless set.
"""

import asyncio
import os
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
import requests
import schemathesis
from chassis.service import granted
from dev.demo.stage import Stage
from dev.live import Live
from dev.stack import SERVICES
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)  # fmt: skip

from .cast import BROKEN, PRINCIPALS, Cast, Principal, open_cast
from .operations import document_of, service_of, text_of
from .requests import ids_of

pytestmark = pytest.mark.timeout(3600)
EXAMPLES = int(os.environ.get("CHAIRSIDE_EXAMPLES", "200"))
CHECKS = [
    not_a_server_error, status_code_conformance, content_type_conformance, response_headers_conformance, response_schema_conformance,
]  # fmt: skip
UNRELATED = ("other student", "program_holder stranger", "worksite stranger", "site_coordinator stranger", "nobody")
CALLERS = [who for name, who in PRINCIPALS.items() if name not in BROKEN or name == "nobody"]
"""Who have no part in the student's records, whatever the matrix has done before."""
OPERATIONS = [
    (one.name, operation.ok())
    for one in SERVICES
    for operation in schemathesis.openapi.from_dict(document_of(one.name)).get_all_operations()
]
# After it there is no student to speak of.
OPERATIONS.sort(key=lambda one: one[1].definition.raw["operationId"] == "eraseUser")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def fresh(live: Live, stage: Stage) -> AsyncIterator[Cast]:
    """A cast of its own: that of the matrix has signed out, and ended what can be ended."""
    async with open_cast(live, stage) as made:
        yield made


@pytest_asyncio.fixture(loop_scope="session")
async def awake(fresh: Cast) -> Cast:
    """With tokens that last for one operation's requests."""
    await fresh.wake()
    return fresh


@pytest.mark.parametrize(("service", "operation"), OPERATIONS, ids=lambda one: one if isinstance(one, str) else one.label)
async def test_nothing_breaks_and_nothing_leaks(awake: Cast, service: str, operation: Any) -> None:
    cast, session, name = awake, requests.Session(), operation.definition.raw["operationId"]
    ids, scope = ids_of(name, cast), granted(service_of(service))[name].scope
    address = f"{str(cast.http.base_url).rstrip(chr(47))}/api/{service}"

    @settings(max_examples=EXAMPLES, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(case=_cases(operation), who=st.sampled_from(CALLERS), known=st.booleans())
    def holds(case: Case, who: Principal, known: bool) -> None:
        if known:
            _name_what_there_is(case, ids)
        answer = case.call(base_url=address, session=session, headers=cast.headers(who, scope))
        case.validate_response(answer, checks=CHECKS)
        sent = f"{case.path_parameters}{case.query}{case.body}"
        text = text_of(answer.content)
        leaked = {mark for mark in cast.marks if mark in text and mark not in sent} if who.name in UNRELATED else set()
        assert not leaked, f"{who.name} was told {leaked}"

    # In a thread, so that what the stage holds open to Kafka goes on meanwhile.
    await asyncio.to_thread(holds)


def _cases(operation: Any) -> st.SearchStrategy[Case]:
    """Requests as the document wants them, and where it can be done, requests that it forbids."""
    good = operation.as_strategy(generation_mode=GenerationMode.POSITIVE)
    if not operation.body and not list(operation.iter_parameters()):
        return good
    return st.one_of(good, operation.as_strategy(generation_mode=GenerationMode.NEGATIVE))


def _name_what_there_is(case: Case, ids: dict[str, str]) -> None:
    """Puts ids of things that there are into the request, so that it gets past the doors."""
    for place in (case.path_parameters, case.query, case.body):
        if isinstance(place, dict):
            place.update({name: ids[name] for name in place if name in ids and name not in ("email", "kind")})
