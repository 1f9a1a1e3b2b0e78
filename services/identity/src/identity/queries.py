"""What identity reads."""

from datetime import datetime
from typing import Any
from uuid import UUID

from chassis.database import Transaction
from chassis.pagination import Paging

from identity.domain.attempts import KNOWN_FOR
from identity.domain.exports import KEPT_FOR
from identity.domain.keys import LEEWAY
from identity.domain.sessions import ACCESS_FOR, REFRESH_FOR

USER = """select u.*, coalesce((select array_agg(r.role order by r.role) from user_role r where r.user_id = u.user_id), '{}') as roles
 from user_account u"""
FIRST = UUID(int=0)


async def user(tx: Transaction, user_id: UUID) -> Any:
    """The user with their roles, or None."""
    return await tx.first(f"{USER} where u.user_id = :id", {"id": user_id})


async def user_by_email(tx: Transaction, email: str) -> Any:
    """The user with this address, whatever its case, or None."""
    return await tx.first(f"{USER} where lower(u.email) = lower(:email)", {"email": email})


async def users(tx: Transaction, email: str | None, paging: Paging) -> Any:
    """A page of users in the order in which they signed up; with `email` only the one who has it. Raises CursorNotUsable."""
    [after] = paging.values(UUID) or [FIRST]
    only = "and lower(u.email) = lower(:email)" if email is not None else ""
    return await tx.all(
        f"{USER} where u.user_id > :after {only} order by u.user_id limit :n",
        {"after": after, "n": paging.limit + 1} | ({"email": email} if email is not None else {}),
    )


CREDENTIAL = """select u.user_id, u.email, u.name, c.password_hash, exists (
   select from sign_in_place p where p.user_id = u.user_id and p.network = :network and p.seen_at > :since) as at_home
 from user_account u join credential c using (user_id) where u.status = 'active'"""


async def credential(tx: Transaction, email: str, network: str, now: datetime) -> Any:
    """The active account with this address, or None: user_id, email, name, password_hash, and whether its owner is known at the network."""
    about = {"email": email, "network": network, "since": now - KNOWN_FOR}
    return await tx.first(f"{CREDENTIAL} and lower(u.email) = lower(:email)", about)


async def credential_of(tx: Transaction, user_id: UUID, network: str, now: datetime) -> Any:
    """The same of the active account with this id, or None."""
    return await tx.first(f"{CREDENTIAL} and u.user_id = :id", {"id": user_id, "network": network, "since": now - KNOWN_FOR})


async def sessions(tx: Transaction, user_id: UUID, now: datetime, paging: Paging) -> Any:
    """A page of the user's sessions that can still go on at `now`, the newest first. Raises CursorNotUsable."""
    [before] = paging.values(UUID) or [None]
    return await tx.all(
        """select session_id, started_at, coalesce(last_used_at, started_at) as last_used_at, ip, user_agent from session
           where user_id = :user and ended_at is null and coalesce(last_used_at, started_at) > :since
             and (cast(:before as uuid) is null or session_id < :before) order by session_id desc limit :n""",
        {"user": user_id, "since": now - REFRESH_FOR, "before": before, "n": paging.limit + 1},
    )


async def consent(tx: Transaction, user_id: UUID, purpose: str) -> Any:
    """The person's consent to the purpose, or None where it was never given."""
    return await tx.first("select * from consent where user_id = :user and purpose = :purpose", {"user": user_id, "purpose": purpose})


async def consents(tx: Transaction, user_id: UUID, paging: Paging) -> Any:
    """A page of the person's consents, by purpose. Raises CursorNotUsable."""
    [after] = paging.values(str) or [""]
    return await tx.all(
        "select * from consent where user_id = :user and purpose > :after order by purpose limit :n",
        {"user": user_id, "after": after, "n": paging.limit + 1},
    )


CLIENT = """select c.*, coalesce((
   select jsonb_agg(jsonb_build_object('id', s.secret_id, 'created_at', s.created_at, 'revoked_at', s.revoked_at) order by s.secret_id)
   from client_secret s where s.client_id = c.client_id), '[]') as secrets
 from client c"""


async def client(tx: Transaction, client_id: UUID) -> Any:
    """The machine client with its secrets (id, created_at, revoked_at), or None."""
    return await tx.first(f"{CLIENT} where c.client_id = :id", {"id": client_id})


async def clients(tx: Transaction, paging: Paging) -> Any:
    """A page of machine clients, the oldest first. Raises CursorNotUsable."""
    [after] = paging.values(UUID) or [FIRST]
    return await tx.all(f"{CLIENT} where c.client_id > :after order by c.client_id limit :n", {"after": after, "n": paging.limit + 1})


async def revoked_sessions(tx: Transaction, now: datetime) -> list[UUID]:
    """Watched sessions that ended so lately that an access token of theirs may still be good."""
    rows = await tx.all(
        "select session_id from session where watched and ended_at > :since order by ended_at", {"since": now - ACCESS_FOR - LEEWAY}
    )
    return [row.session_id for row in rows]


async def challenged(tx: Transaction, challenge_hash: bytes) -> UUID | None:
    """Whose sign-in the challenge stands for, while their account is active."""
    found: UUID | None = await tx.scalar(
        """select c.user_id from sign_in_challenge c join user_account u using (user_id)
           where c.challenge_hash = :hash and u.status = 'active'""",
        {"hash": challenge_hash},
    )
    return found


async def passkeys(tx: Transaction, user_id: UUID) -> Any:
    """The person's passkeys, the oldest first."""
    return await tx.all("select * from passkey where user_id = :id order by made_at, credential_id", {"id": user_id})


EXPORT = """select e.*, (select jsonb_agg(jsonb_build_object(
   'service', p.service, 'state', p.state, 'attempts', p.attempts, 'reason', p.reason) order by p.service)
   from export_part p where p.export_id = e.export_id) as services
 from export e where e.export_id = :id and e.requested_at > :since"""


async def export(tx: Transaction, export_id: UUID, now: datetime) -> Any:
    """The export with its services (service, state, attempts, reason), or None where there is none, or none any more."""
    return await tx.first(EXPORT, {"id": export_id, "since": now - KEPT_FOR})


async def export_files(tx: Transaction, export_id: UUID) -> list[str]:
    """The names of the export's files."""
    return [row.name for row in await tx.all("select name from export_file where export_id = :id order by name", {"id": export_id})]


async def export_content(tx: Transaction, export_id: UUID, name: str) -> bytes | None:
    """One file of the export; None when it is gone meanwhile."""
    found: bytes | None = await tx.scalar(
        "select content from export_file where export_id = :id and name = :name", {"id": export_id, "name": name}
    )
    return found
