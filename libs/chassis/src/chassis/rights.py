"""Who may call which operation: each service says it once, as data; what is not said is refused before the service starts (SPEC 3.10)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Depends, Request
from fastapi.routing import APIRoute

from chassis.errors import NotAllowed
from chassis.http import bearer, signed_in


class RoleRequired(NotAllowed):
    """The principal holds none of the roles that may do this."""


@dataclass(frozen=True)
class Right:
    """Who may call an operation. `roles`: one of these is needed, whoever is signed in where there are none; `open`: no token is needed.

    Whose records an operation then touches is for the database's policies and the command to say.
    """

    roles: frozenset[str] = frozenset()
    open: bool = False


ANYONE = Right(open=True)
SIGNED_IN = Right()
Rights = Mapping[str, Right]
"""By operation id."""


def only(*roles: str) -> Right:
    """Whoever holds one of `roles`."""
    return Right(frozenset(roles))


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
    """A dependency of all routes that lets through who has the right. Raises SignInRequired, TokenExpired, TokenRefused or RoleRequired."""

    async def entitled(request: Request) -> None:
        right = rights[request.scope["route"].operation_id]
        if right.open:
            return
        who = await signed_in(request, await bearer(request))
        if right.roles and not who.roles & right.roles:
            raise RoleRequired(f"This needs the role {' or '.join(sorted(right.roles))}. Ask an administrator.")

    return Depends(entitled)
