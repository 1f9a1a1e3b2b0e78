"""Rights: what nobody is named for does not start, and what somebody is named for lets nobody else through."""

import pytest
from chassis.http import Route
from chassis.rights import ANYONE, SIGNED_IN, RightsIncomplete, check, only
from fastapi import APIRouter


def router(**operations: str) -> APIRouter:
    made = APIRouter(route_class=Route)
    for name, path in operations.items():
        made.add_api_route(path, lambda: None, operation_id=name or None)
    return made


def test_an_operation_without_a_right_is_named() -> None:
    with pytest.raises(RightsIncomplete, match=r"who may call forgotten\. Say it in rights\.py"):
        check([router(known="/a"), router(forgotten="/b")], {"known": SIGNED_IN})


def test_a_right_without_its_operation_is_named() -> None:
    with pytest.raises(RightsIncomplete, match="names gone, which no route bears"):
        check([router(known="/a")], {"known": ANYONE, "gone": only("admin")})


def test_a_route_without_an_operation_id_is_named() -> None:
    nameless = APIRouter()
    nameless.add_api_route("/nameless", lambda: None)
    with pytest.raises(RightsIncomplete, match="/nameless has no operation_id"):
        check([nameless], {})
