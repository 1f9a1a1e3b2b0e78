"""Every table of every database, as each kind of principal meets it there: what the database gives when the application forgets."""

import importlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from uuid import UUID

import asyncpg
from chassis import principal, schema
from chassis.database import Database
from dev.demo.stage import Person
from dev.stack import SERVICES, service_settings

from .. import looking
from .cast import ASSIGNED, Cast, Principal

VERBS = ("select", "insert", "update", "delete")
UNSET = Principal("unset")
LOGIN = Principal("the login role itself", "")
OWNERS = ("student_id", "user_id", "recipient_id", "requested_by", "principal")
"""The columns that say whose a row is, the first that a table has."""
WHOSE = {
    ("identity", "refresh_token"): "session_id in (select session_id from session where user_id = $1::uuid)",
    ("identity", "signing_key"): "$1::text is not null",
    **{(one.name, "disclosure"): "$1::text is not null" for one in SERVICES},
}
"""Whose the rows of a table are, where no column of its own says it."""
HOLDERS = {
    ("onboarding", "partner"), ("onboarding", "signature"), ("onboarding", "payroll_profile"),
    ("onboarding", "program"), ("onboarding", "idempotency_key"),
    ("portal", "partner"), ("portal", "document_signature"),
    ("milady-sync", "sync"), ("milady-sync", "idempotency_key"), ("identity", "user_role"),
    ("identity", "partner_standing"), ("messaging", "partner"),
}  # fmt: skip
"""Tables with rows of partners: there the holder's are looked at, not the student's."""
PROVEN = {("identity", name) for name in ("totp", "recovery_code", "sign_in_challenge", "passkey", "passkey_challenge")}
"""Tables of second factors: there somebody who has them is looked at."""
OWN_ALONE = {
    ("identity", "user_account"), ("identity", "consent"), ("identity", "session"),
    ("identity", "export"), ("identity", "export_part"), ("identity", "export_file"),
    ("messaging", "message"), ("portal", "message"), ("compliance", "hour_import"), ("compliance", "hour_import_problem"),
}  # fmt: skip
"""Tables whose rows an assigned partner does not see, because they are the student's own business."""
SHARED = {("onboarding", "program")}
"""Tables that whoever is signed in reads, and only their owners write."""
PARTIES = {("onboarding", "assignment")}
"""Tables whose rows name a partner, who goes on seeing that there was an assignment when it has ended."""
EMPTY = {
    "compliance": {"hour_entry_detached", "hour_import_row", "digest_due", "held_check", "recheck"},
    "messaging": {"idempotency_key", "disclosure"},
    "portal": {"idempotency_key"},
    "identity": {"disclosure"},
}
"""Tables that hold nothing of a student's: no year of the ledger is detached, rows of a file are gone when it is worked off, what a scan
has to tell when that is told, and a week to look at again when that is done; a check is held while Milady is behind; nobody sends
the others commands under a key of their own, or is shown records there."""
CATALOGUE = """select c.relname as name, c.relkind as kind, c.relrowsecurity and c.relforcerowsecurity as protected,
   array(select attname::text from pg_attribute where attrelid = c.oid and attnum > 0 and not attisdropped) as columns,
   array(select attname::text from pg_attribute where attrelid = c.oid and attnum > 0 and not attisdropped and attgenerated = ''
     order by attidentity <> '', attnum) as stored
 from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'v', 'm') and not c.relispartition order by 1"""


@dataclass(frozen=True)
class Table:
    """A table or view of a service's database. `whose` is a condition on its rows with the owner as $1; None where they are nobody's."""

    service: str
    name: str
    is_view: bool
    protected: bool
    columns: tuple[str, ...]
    stored: tuple[str, ...]

    @property
    def whose(self) -> str | None:
        if known := WHOSE.get((self.service, self.name)):
            return known
        owner = next((name for name in OWNERS if name in self.columns), None)
        return f'"{owner}"::text = $1::text' if owner else None

    @property
    def is_holders(self) -> bool:
        return (self.service, self.name) in HOLDERS


async def tables(cast: Cast, service: str) -> list[Table]:
    """What the catalogue lists."""
    found = await looking.rows(cast.stage.stack, service, CATALOGUE)
    return [
        Table(service, row["name"], row["kind"] in (b"v", b"m"), row["protected"], tuple(row["columns"]), tuple(row["stored"]))
        for row in found
    ]


def unprotected(service: str) -> dict[str, str]:
    """The tables that a service says need no row-level security, with its reasons; those of the chassis among them."""
    module = next(one.module for one in SERVICES if one.name == service)
    return {**schema.UNPROTECTED, **importlib.import_module(f"{module}.rights").UNPROTECTED}


class _Undone(Exception):
    """Ends a transaction of which nothing is to stay."""


@dataclass(frozen=True)
class Acting:
    """One connection of a service's login role, in the pool by which the service itself acts."""

    database: Database

    @asynccontextmanager
    async def as_(self, kind: str, user: str | None) -> AsyncIterator[asyncpg.Connection]:
        """A transaction of that principal's, or for no `kind` of the login role itself; nothing of it stays."""
        with suppress(_Undone):
            if kind:
                async with self.database.transaction(principal.Principal(kind, UUID(user) if user else None)) as tx:
                    yield tx.raw
                    raise _Undone
            async with self.database.engine.connect() as pooled:
                connection = (await pooled.get_raw_connection()).driver_connection
                assert connection is not None
                async with connection.transaction():
                    yield connection
                    raise _Undone


@asynccontextmanager
async def acting(cast: Cast, service: str) -> AsyncIterator[Acting]:
    """A pool of one connection, so that each principal gets it from the one before."""
    known = next(one for one in SERVICES if one.name == service)
    database = Database(service_settings(cast.stage.stack, known)["CHAIRSIDE_DATABASE_URL"], service, pool_size=1)
    try:
        yield Acting(database)
    finally:
        await database.close()


async def owned(cast: Cast, table: Table) -> tuple[str, str | None]:
    """Whose rows are looked at, and one of them as JSON; None if there is none."""
    owner = _owner(cast, table).id
    one = f'select to_jsonb(t)::text as row from "{table.name}" t where {table.whose} limit 1'
    found = await looking.rows(cast.stage.stack, table.service, one, owner)
    return owner, found[0]["row"] if found else None


def _owner(cast: Cast, table: Table) -> Person:
    if (table.service, table.name) in PROVEN:
        return cast.proven.person
    return cast.made.holder if table.is_holders else cast.made.student


def related(table: Table, who: Principal, verb: str) -> bool:
    """Whether the principal stands in a relation to the owner of the rows that lets the table show them."""
    if table.name == "disclosure" and who.kind == "partner":
        return verb == "insert"
    if who.name == ("program_holder assigned" if table.is_holders else "student"):
        return True
    where = (table.service, table.name)
    if table.name == "idempotency_key" or where == ("identity", "consent"):
        return False
    if who.kind == "payroll_admin":
        return where == ("onboarding", "payroll_profile")
    assigned = who.name in ASSIGNED or (where in PARTIES and who.name.replace("formerly", "assigned") in ASSIGNED)
    return who.kind == "admin" or (assigned and not table.is_holders and where not in OWN_ALONE)


async def touch(connection: asyncpg.Connection, table: Table, verb: str, owner: str, row: str) -> int:
    """How many of the owner's rows that did something to; 0 where it is refused. `row` is one of them as JSON, to be inserted again."""
    try:
        return await _touch(connection, table, verb, owner, row)
    except asyncpg.InsufficientPrivilegeError:
        return 0
    except asyncpg.IntegrityConstraintViolationError:
        return 1


async def _touch(connection: asyncpg.Connection, table: Table, verb: str, owner: str, row: str) -> int:
    name, columns = f'"{table.name}"', ", ".join(f'"{column}"' for column in table.stored)
    if verb == "select":
        return len(await connection.fetch(f"select 1 from {name} where {table.whose}", owner))
    if verb == "insert":
        copy = (
            f"insert into {name} ({columns}) overriding system value select {columns} from jsonb_populate_record(null::{name}, $1::jsonb)"
        )
        return _count(await connection.execute(copy, row))
    if verb == "delete":
        return _count(await connection.execute(f"delete from {name} where {table.whose}", owner))
    may = "select c from unnest($2::text[]) c where has_column_privilege($1, c, 'update') limit 1"
    column = f'"{await connection.fetchval(may, name, table.stored) or table.stored[0]}"'
    return _count(await connection.execute(f"update {name} set {column} = {column} where {table.whose}", owner))


def _count(status: str) -> int:
    return int(status.rpartition(" ")[2])
