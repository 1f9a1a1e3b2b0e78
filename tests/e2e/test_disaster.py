"""The rehearsals of docs/operations.md: Kafka is lost for good, everything is lost and restored from a backup."""

import asyncio
import hashlib
import os
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest
import pytest_asyncio
from dev.demo import acts
from dev.demo.photos import photo
from dev.demo.stage import Person, Stage, eventually
from dev.live import Live, temporary_stack
from dev.stack import SERVICES

from dev import provisioning

from . import agreement, backups, looking, ordering, people, waiting
from .apprentice import COURSE, Apprentice, apprentice
from .test_replays import state

pytestmark = pytest.mark.timeout(900)
ZONE = "America/Juneau"


@pytest.fixture(scope="module")
def own() -> Iterator[Live]:
    """A stack of its own, since it loses its data."""
    if os.environ.get("CHAIRSIDE_CONTAINERS"):
        pytest.skip("about data folders; here the stack runs in containers")
    with temporary_stack() as live:
        yield live


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def scene(own: Live) -> AsyncIterator[Stage]:
    async with Stage.open(own.stack) as opened:
        yield opened


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def made(scene: Stage) -> Apprentice:
    return await apprentice(scene, ZONE)


async def test_a_lost_kafka_is_filled_again_from_the_outboxes(own: Live, scene: Stage, made: Apprentice) -> None:
    await looking.settled(own.stack)
    before, left = await state(scene, made), sent(own)
    lay = {looking.header(record, "ce_id") for record in await looking.records(own.stack, looking.EVENT_TOPICS)}
    with own.away("kafka"):
        backups.replace_kafka(own.stack)
        early = await people.somebody(scene, "Early")
        again = await asyncio.to_thread(backups.replay, own.stack)
    await provisioning.topics(own.stack)
    await looking.settled(own.stack)
    assert again >= len(lay)
    assert lay <= {looking.header(record, "ce_id") for record in await looking.records(own.stack, looking.EVENT_TOPICS)}
    assert await state(scene, made) == before
    # Whoever signed up while Kafka was away is asked to confirm the address, once; no other mail leaves, or leaves again.
    assert [mail["Subject"] for mail in looking.mails_to(own.stack, early.email)] == ["Is this your address?"]
    leaves = sent(own)
    assert len(leaves) == len(left) + 1
    assert leaves.items() >= left.items()
    assert await name_in_portal(own, early) == early.name
    await whole(own, scene, made)


async def test_after_it_new_work_goes_on(own: Live, scene: Stage, made: Apprentice) -> None:
    known = len((await agreement.agree(scene, await people.administrator(scene), made.enrollment))["hours"])
    await log(made, 20)
    await looking.settled(own.stack)
    assert len((await agreement.agree(scene, scene.people["Admin"], made.enrollment))["hours"]) == known + 1


async def test_a_backup_is_restored_whole_and_under_new_passwords(own: Live, scene: Stage, made: Apprentice, tmp_path: Path) -> None:
    """What came after the backup is gone in all services alike, can be said again, and no mail leaves twice."""
    picture = await looks(made)
    counted = await back_up(own, made, tmp_path)
    heads = {name: head(one) for name, one in (await waiting.told(own, "audit", "verify")).items()}
    mails, kept = sent(own), await hours(made)
    assert [minutes for minutes, status in kept if minutes in (counted, 61)] == [counted]
    studied = {"course": COURSE, "hours": "0.25", "on": people.weeks_ago(4).isoformat(), "activity": "video"}
    (await scene.sandbox.post("/control/study", json={"student_email": made.student.email, **studied})).raise_for_status()
    await more(scene, made)
    await looking.settled(own.stack)
    ahead = await agreement.agree(scene, scene.people["Admin"], made.enrollment)

    await asyncio.to_thread(backups.lose_everything, own)
    await asyncio.to_thread(backups.restore, own, tmp_path)
    await asyncio.to_thread(waiting.all_ready, own)
    await looking.settled(own.stack)
    for person in (made.student, made.holder):
        await person.sign_in()
    assert await hours(made) == kept
    assert await looks(made) == picture
    assert {name: mtime for name, mtime in sent(own).items() if name in mails} == mails
    for name, known in heads.items():
        head(await asyncio.to_thread(own.run, name, "audit", "verify", "--head", known))
    await whole(own, scene, made)

    await more(scene, made)
    await looking.settled(own.stack)
    again = await agreement.agree(scene, scene.people["Admin"], made.enrollment)
    assert shape(again) == shape(ahead)
    await whole(own, scene, made)


async def test_a_new_signing_key_counts_and_the_old_ones_tokens_do_not(own: Live, scene: Stage) -> None:
    admin = await people.administrator(scene)
    stolen = {"Authorization": admin.http.headers["Authorization"]}
    told = await asyncio.to_thread(own.run, "identity", "rotate-keys", "--at-once")
    assert told.returncode == 0, told.stderr
    await admin.refresh()
    for name in waiting.EVERY_SERVICE:
        path = f"/api/{name}/v1/audit/verification"

        async def opens(path: str = path) -> bool:
            return (await admin.http.get(path)).status_code == 200

        await eventually(f"the new key in {name}", opens)
        assert (await admin.http.get(path, headers=stolen)).status_code == 401, name


async def back_up(live: Live, made: Apprentice, folder: Path) -> int:
    """Dumps every database while Kafka is away and people go on; minutes that were logged in the midst, before compliance's dump."""
    with live.away("kafka"):
        for service in SERVICES:
            if service.name == "compliance":
                await log(made, 43)
            await asyncio.to_thread(backups.dump, live.stack, service.module, folder)
    await asyncio.to_thread(backups.save_photos, live.stack, folder)
    await looking.settled(live.stack)
    return 43


async def more(stage: Stage, made: Apprentice) -> None:
    """What happens after the backup: new hours, an entry of before taken back, a service, and a sync."""
    await people.administrator(stage)
    await log(made, 61)
    entries = await agreement.every(made.student, "compliance", "/v1/hours")
    (standing,) = [one for one in entries if one["minutes"] == 43]
    await made.student.ask("POST", "compliance", f"/v1/hours/{standing['log_id']}/void", json={"reason": "mistaken"})
    await acts.log_service(made.student, made.enrollment, "shave", 2, photo(2))
    await acts.sync(stage, made.enrollment)


async def log(made: Apprentice, minutes: int) -> None:
    on = people.weeks_ago(4) + timedelta(days=1)
    await acts.log_hours(made.student, made.enrollment, on.isoformat(), minutes)


async def hours(made: Apprentice) -> list[tuple[int, str]]:
    """The ledger of the apprentice, without what Milady counts."""
    entries = await agreement.every(made.student, "compliance", "/v1/hours")
    return sorted((one["minutes"], one["status"]) for one in entries if one["source"] == "manual")


async def looks(made: Apprentice) -> str:
    """The hash of the photo of the service on the chair."""
    shown = await made.student.ask("GET", "skills", f"/v1/entries/{made.ids['entry_id']}/photos/after")
    return hashlib.sha256(shown).hexdigest()


def sent(live: Live) -> dict[str, int]:
    """Every mail that left, and when it did last."""
    return {file.name: file.stat().st_mtime_ns for file in (live.stack.home / "outbox").glob("*.eml")}


def head(found: CompletedProcess[str]) -> str:
    """The head of an audit chain, which verified."""
    assert found.returncode == 0, found.stderr
    return found.stdout.split()[-1]


def shape(told: agreement.Told) -> dict[str, Any]:
    """Without the ids that are made anew when something is said again."""
    made_anew = {"hours", "services", "alerts"}
    return {what: sorted(one[1:] for one in found) if what in made_anew else found for what, found in told.items()}


async def name_in_portal(live: Live, person: Person) -> str:
    found = await looking.rows(live.stack, "portal", "select name from person where user_id = $1::uuid", person.id)
    return str(found[0]["name"]) if found else ""


async def whole(live: Live, stage: Stage, made: Apprentice) -> None:
    """Owners and portal agree; every committed event is on Kafka in order, and applied; nothing was set aside."""
    await people.administrator(stage)
    await looking.settled(live.stack)
    await agreement.agree(stage, stage.people["Admin"], made.enrollment)
    assert await ordering.published(live.stack) == await ordering.committed(live.stack)
    assert await ordering.turned_around(live.stack) == []
    assert await ordering.not_applied(live.stack) == []
    assert await looking.unplanned_letters(live.stack) == []
    for name in waiting.EVERY_SERVICE:
        found = await stage.people["Admin"].ask("GET", name, "/v1/audit/verification")
        assert (found["broken_at"], found["unsealed"]) == (None, 0), name
