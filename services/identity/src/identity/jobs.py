"""Time in."""

from datetime import UTC, datetime

from chassis.database import Transaction
from chassis.schedule import Job, Slot

from identity.commands import attempts, erasure, exports, keys, mailed, resets
from identity.commands.factors import forget_challenges


async def send_asked(tx: Transaction, _: Slot) -> None:
    """Resets whose mail was not asked for at once, because the process ended in between."""
    await resets.send_asked(tx, datetime.now(UTC))


async def forget_tokens(tx: Transaction, _: Slot) -> None:
    """Links that have run out leave no token behind."""
    await mailed.forget(tx, datetime.now(UTC))


async def forget_attempts(tx: Transaction, _: Slot) -> None:
    """Counts that are over."""
    await attempts.forget(tx, datetime.now(UTC))


async def drop_keys(tx: Transaction, _: Slot) -> None:
    """Drops the signing keys whose last token has ended."""
    await keys.drop_over(tx, datetime.now(UTC))


async def forget(tx: Transaction, _: Slot) -> None:
    """Deletes sign-ins that waited for a second factor and count for nothing any more."""
    await forget_challenges(tx, datetime.now(UTC))


async def bury_the_erased(tx: Transaction, _: Slot) -> None:
    """The second half of every erasure, when the person's last access token has ended."""
    await erasure.bury_due(tx, datetime.now(UTC))


async def forget_exports(tx: Transaction, _: Slot) -> None:
    """Exports whose seven days are over."""
    await exports.forget(tx, datetime.now(UTC))


JOBS = [
    Job("bury-the-erased", "* * * * *", bury_the_erased),
    Job("send-password-resets", "*/5 * * * *", send_asked),
    Job("forget-mailed-tokens", "*/5 * * * *", forget_tokens),
    Job("forget-attempts", "20 4 * * *", forget_attempts),
    Job("drop-signing-keys", "*/15 * * * *", drop_keys),
    Job("forget-challenges", "10 * * * *", forget),
    Job("forget-exports", "25 * * * *", forget_exports),
]
