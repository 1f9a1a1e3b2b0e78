"""Who may call which operation: each service says it once, as data; what is not said is refused before the service starts (SPEC 3.10)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from fastapi import APIRouter, Depends, Request
from fastapi.routing import APIRoute

from chassis.errors import NotAllowed
from chassis.http import proven


class RoleRequired(NotAllowed):
    """The principal holds none of the roles that may do this."""


class ScopeRequired(NotAllowed):
    """The token is good for certain scopes alone, and this is in none of them."""


class Reach(StrEnum):
    """Whose records somebody with a right may touch; the database's policies and the command see to it."""

    OWN = "own"
    ASSIGNED = "assigned"
    EVERY = "every"


@dataclass(frozen=True)
class Right:
    """Who may call an operation.

    `reach` names roles and kinds of principal, `person` for whoever is signed in; `open`: no token is needed.
    `scope`: with it a machine client may call too, and without one none may.
    """

    reach: Mapping[str, Reach] = field(default_factory=dict)
    open: bool = False
    scope: str | None = None


Rights = Mapping[str, Right]
"""By operation id."""
PERSON = "person"


def may(**reach: Reach) -> Right:
    """The right of these roles or kinds of principal, `person` being everybody, each within its reach."""
    return Right(reach)


def only(*roles: str) -> Right:
    """Whoever holds one of `roles`, for every record."""
    return Right(dict.fromkeys(roles, Reach.EVERY))


ANYONE = Right(open=True)
SIGNED_IN = may(person=Reach.EVERY)
"""For what is nobody's record in particular."""


def scoped(right: Right, scope: str) -> Right:
    """The same right, for machine clients with `scope` as well."""
    return replace(right, scope=scope)


class RightsIncomplete(Exception):
    """An operation without a right, or a right without its operation; says which."""


def operations(routers: Iterable[APIRouter]) -> dict[str, APIRoute]:
    """The operations of an API by their ids. Raises RightsIncomplete for a route that has none."""
    found = {}
    for route in (route for router in routers for route in router.routes):
        if not isinstance(route, APIRoute) or route.operation_id is None:
            raise RightsIncomplete(f"{getattr(route, 'path', route)} has no operation_id, so nobody can be given the right to call it.")
        found[route.operation_id] = route
    return found


def check(routers: Iterable[APIRouter], rights: Rights) -> None:
    """Raises RightsIncomplete unless each operation has its right, and each right its operation."""
    there = operations(routers).keys()
    if missing := sorted(there - rights.keys()):
        raise RightsIncomplete(f"Nobody is named who may call {', '.join(missing)}. Say it in rights.py.")
    if beyond := sorted(rights.keys() - there):
        raise RightsIncomplete(f"rights.py names {', '.join(beyond)}, which no route bears.")


def guard(rights: Rights) -> Any:
    """A dependency of all routes that lets through who has the right. Raises SignInRequired, TokenExpired, TokenRefused, RoleRequired
    or ScopeRequired.
    """

    async def entitled(request: Request) -> None:
        right = rights[request.scope["route"].operation_id]
        if right.open:
            return
        who = proven(request)
        if who.scopes is not None:
            return _check_scope(right, who.scopes)
        if not {PERSON, who.kind, *who.roles} & right.reach.keys():
            raise RoleRequired(f"This needs the role {' or '.join(sorted(right.reach))}. Ask an administrator.")

    return Depends(entitled)


def _check_scope(right: Right, held: frozenset[str]) -> None:
    if right.scope is None:
        raise ScopeRequired("This token is good for certain scopes alone, and none opens this. Sign in completely.")
    if right.scope not in held:
        raise ScopeRequired(
            f"This needs the scope {right.scope}. Ask for it with the token, or ask an administrator to give it to the client."
        )
