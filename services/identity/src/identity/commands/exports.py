"""Exports of people's data: asked for, gathered service by service, dropped."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from chassis import audit
from chassis.database import Transaction

from identity import queries, tokens
from identity.commands.keys import signing_key
from identity.domain import exports as domain
from identity.domain.erasure import AccountErased
from identity.domain.people import UserNotFound
from identity.sealing import signing_seal
from identity.settings import IdentitySettings

LOCK = "select pg_advisory_xact_lock(hashtext('export ' || :id))"
RUNNING = "select export_id from export_part where user_id = :id and state = 'waiting' limit 1"
ASK = "insert into export (user_id, requested_by, requested_at) values (:id, :by, :now) returning export_id"
PART = "insert into export_part (export_id, user_id, service, next_attempt_at) values (:export, :id, :service, :now)"
CLAIM = """update export_part p set attempts = attempts + 1, next_attempt_at = :until where (p.export_id, p.service) in (
   select d.export_id, d.service from export_part d where d.state = 'waiting' and d.next_attempt_at <= :now
    order by d.next_attempt_at limit 1 for update skip locked)
 returning export_id, service, user_id, attempts"""
KEEP = """insert into export_file (export_id, user_id, name, content)
 select export_id, user_id, :name, :content from export where export_id = :export
 on conflict (export_id, name) do update set content = excluded.content"""
OF_PART = "where export_id = :export and service = :service and state = 'waiting'"
DONE = f"update export_part set state = 'done', reason = null {OF_PART}"
LATER = f"update export_part set next_attempt_at = :at, reason = :reason {OF_PART}"
FAILED = f"update export_part set state = 'failed', reason = :reason {OF_PART}"


@dataclass(frozen=True)
class Claimed:
    """One service that is asked now, for whom, and with which token."""

    export_id: UUID
    service: str
    user_id: UUID
    attempts: int
    token: str

    @property
    def part(self) -> dict[str, object]:
        """As statements name it."""
        return {"export": self.export_id, "service": self.service}


async def begin(tx: Transaction, user_id: UUID, now: datetime) -> UUID:
    """Asks for an export of the person's data; gives its id, or that of one that is under way. Raises UserNotFound or AccountErased."""
    user = await queries.user(tx, user_id)
    if user is None:
        raise UserNotFound
    if user.status == "erased":
        raise AccountErased
    await tx.execute(LOCK, {"id": str(user_id)})
    if running := await tx.first(RUNNING, {"id": user_id}):
        return UUID(str(running.export_id))
    export_id = await tx.scalar(ASK, {"id": user_id, "by": tx.principal.user_id, "now": now})
    await tx.execute(PART, [{"export": export_id, "id": user_id, "service": service, "now": now} for service in domain.SERVICES])
    audit.record(tx, "export.ask", "export", export_id, subject_id=user_id)
    return UUID(str(export_id))


async def claim(tx: Transaction, settings: IdentitySettings, now: datetime) -> Claimed | None:
    """Takes a service that is to be asked, with a token in the person's name for that alone; None when none is. Raises SealBroken."""
    row = await tx.first(CLAIM, {"now": now, "until": now + domain.LEASE})
    if row is None:
        return None
    key = await signing_key(tx, signing_seal(settings), now)
    token = tokens.export_token(key, await queries.user(tx, row.user_id), settings, now)
    about = {"service": row.service, "attempt": row.attempts}
    audit.record(tx, "export.token", "export", row.export_id, subject_id=row.user_id, after=about)
    return Claimed(row.export_id, row.service, row.user_id, row.attempts, token)


async def keep(tx: Transaction, claimed: Claimed, name: str, content: bytes) -> None:
    """Keeps a file of the archive, unless the export is gone meanwhile."""
    await tx.execute(KEEP, {"export": claimed.export_id, "name": name, "content": content})


async def note_done(tx: Transaction, claimed: Claimed) -> None:
    """The service has given everything."""
    await tx.execute(DONE, claimed.part)
    audit.record(tx, "export.gather", "export", claimed.export_id, subject_id=claimed.user_id, after={"service": claimed.service})


async def put_off(tx: Transaction, claimed: Claimed, reason: str, now: datetime) -> None:
    """The service did not give everything: it is asked again later, or not any more."""
    about = {**claimed.part, "reason": reason}
    if again := domain.next_attempt(claimed.attempts, now):
        await tx.execute(LATER, about | {"at": again})
        return
    await tx.execute(FAILED, about)
    after = {"service": claimed.service, "reason": reason}
    audit.record(tx, "export.fail", "export", claimed.export_id, subject_id=claimed.user_id, after=after)


async def forget(tx: Transaction, now: datetime) -> None:
    """Deletes exports whose time is over."""
    await tx.execute("delete from export where requested_at <= :before", {"before": now - domain.KEPT_FOR})
