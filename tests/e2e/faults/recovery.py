"""How long it takes until what was under way at a fault's end is everywhere where it should be."""

import time

from dev.demo.stage import StoryError, eventually
from dev.stack import Stack

from .. import looking, waiting

FRONTIER = "select coalesce(max(id), 0) as id from outbox"
WAITING = "select count(*) as n from outbox where published_at is null and id <= $1"


async def recovered(stack: Stack) -> float:
    """Seconds until all that was committed by now is on Kafka, and all of that is applied by every consumer. Others go on meanwhile."""
    began = time.monotonic()
    frontier = {name: (await looking.rows(stack, name, FRONTIER))[0]["id"] for name in waiting.EVERY_SERVICE}

    async def published() -> bool:
        for name, last in list(frontier.items()):
            if (await looking.rows(stack, name, WAITING, last))[0]["n"]:
                return False
            del frontier[name]
        return True

    try:
        await eventually("the backlog on Kafka", published)
    except StoryError as error:
        raise StoryError("\n".join([str(error), *(_last_words(stack, name) for name in frontier)])) from None
    async with looking.offsets(stack) as kafka:
        ends = await kafka.ends()

        async def applied() -> bool:
            return not await kafka.behind(ends)

        await eventually("the backlog applied", applied)
    return time.monotonic() - began


def _last_words(stack: Stack, service: str) -> str:
    """The end of what it logged; of one in a container, its name alone."""
    log = stack.home / "logs" / f"{service}.log"
    return f"--- {service}\n" + ("\n".join(log.read_text().splitlines()[-20:]) if log.exists() else "")
