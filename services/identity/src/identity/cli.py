"""Commands of the operator: accounts that are not signed up for."""

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import click
from chassis.cli import session
from chassis.database import Transaction
from chassis.errors import Malformed
from chassis.sealing import SealBroken
from chassis.service import Service
from pydantic import ValidationError

from identity import queries
from identity.commands import factors, keys
from identity.commands.people import make_admin, make_user
from identity.domain.people import AccountIsNoAdmin
from identity.schemas.people import SignUp
from identity.sealing import signing_seal

Make = Callable[[Transaction, SignUp, str, datetime], Awaitable[tuple[UUID, bool]]]


def commands(service: Service) -> list[click.Command]:
    """`create-admin`, `create-user`, `rotate-keys` and `remove-second-factors` of this service."""
    return [
        _command(service, "create-admin", "CHAIRSIDE_ADMIN_PASSWORD", make_admin, "Make an administrator's account."),
        _command(service, "create-user", "CHAIRSIDE_USER_PASSWORD", make_user, "Make an account without any role."),
        _rotate_keys(service),
        _remove_second_factors(service),
    ]


def _command(service: Service, name: str, variable: str, make: Make, help_text: str) -> click.Command:
    @click.command(name, help=f"{help_text} The password comes from {variable}, or else from standard input.")
    @click.option("--email", required=True)
    @click.option("--name", required=True)
    @click.option("--phone", help="In international form, e.g. +13175550142.")
    @click.option("--time-zone", default="America/New_York", show_default=True)
    def command(**given: Any) -> None:
        body = _checked(given, os.environ.get(variable) or _typed())
        try:
            user_id, made = asyncio.run(_make(service, make, body))
        except Malformed as refused:
            raise click.ClickException(refused.sentence) from None
        except AccountIsNoAdmin:
            raise click.ClickException(f"{body.email} has an account that is no administrator's. Name another address.") from None
        click.echo(f"{body.email} {user_id} {'made' if made else 'is there already; nothing was changed'}")

    return command


def _typed() -> str:
    """The password from a terminal, unseen, or the first line of what is piped in."""
    if sys.stdin.isatty():
        password: str = click.prompt("Password", hide_input=True, confirmation_prompt=True)
        return password
    return sys.stdin.readline().rstrip("\r\n")


def _checked(given: dict[str, Any], password: str) -> SignUp:
    try:
        return SignUp(**given, password=password)
    except ValidationError as error:
        told = "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors(include_input=False))
        raise click.ClickException(f"This account cannot be made. Correct {told}.") from None


async def _make(service: Service, make: Make, body: SignUp) -> tuple[UUID, bool]:
    async with session(service) as context:
        password_hash = await context.resources.hash_new(body.password.get_secret_value(), body.email, body.name)
        async with context.database.transaction() as tx:
            return await make(tx, body, password_hash, datetime.now(UTC))


def _rotate_keys(service: Service) -> click.Command:
    @click.command("rotate-keys")
    @click.option("--at-once", is_flag=True, help="Drop every key now, with everyone's access token: for keys that others may know.")
    def command(at_once: bool) -> None:
        """Publish a new key that signs access tokens in ten minutes, once every service knows it."""

        async def run() -> str:
            async with session(service) as context, context.database.transaction() as tx:
                seal, now = signing_seal(context.settings), datetime.now(UTC)
                if at_once:
                    return f"{await keys.replace(tx, seal, now)} signs from now on; every other key is gone"
                kid, signs_from = await keys.rotate(tx, seal, now)
                return f"{kid} is published and signs from {signs_from:%Y-%m-%d %H:%M:%SZ} on"

        try:
            click.echo(asyncio.run(run()))
        except SealBroken as error:
            raise click.ClickException(f"{error} With --at-once all keys are made anew.") from None

    return command


def _remove_second_factors(service: Service) -> click.Command:
    @click.command("remove-second-factors")
    @click.option("--email", required=True)
    def command(email: str) -> None:
        """Remove the second factors of somebody who has lost theirs, once you know that it is them who ask."""

        async def run() -> bool:
            async with session(service) as context, context.database.transaction() as tx:
                if user := await queries.user_by_email(tx, email):
                    await factors.remove_all(tx, user.user_id)
                return user is not None

        if not asyncio.run(run()):
            raise click.ClickException(f"Nobody has the address {email}. Check it.")
        click.echo(f"{email} signs in with the password alone, and enrolls a factor anew")

    return command
