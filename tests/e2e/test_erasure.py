"""Somebody who is erased is nowhere any more, and no replay brings them back; what the law has us keep is there, under an id (SPEC 2)."""

from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import uuid4
from zipfile import ZipFile

import pytest
import pytest_asyncio
from contracts.people import UserChanged
from dev.demo.stage import Stage, eventually
from dev.erasing import where
from dev.live import Live

from . import looking, people, sending, waiting
from .apprentice import Apprentice, apprentice

pytestmark = pytest.mark.timeout(1800)
ZONE = "America/Juneau"
PHONE = f"+1317{uuid4().int % 10**7:07}"
KEPT = {
    "compliance": "select count(*) as n from hour_entry where student_id = $1",
    "milady-sync": "select count(*) as n from milady_time_tracking where student_id = $1",
    "skills": "select count(*) as n from entry where student_id = $1",
    "onboarding": "select count(*) as n from enrollment where student_id = $1",
}


class Erased:
    """The apprentice, what they were known by, and what there was of them before."""

    def __init__(self, live: Live, stage: Stage, made: Apprentice) -> None:
        self.live, self.stage, self.made = live, stage, made
        self.marks = (made.student.name, made.student.email, PHONE)
        self.before: dict[str, list[str]] = {}
        self.records: dict[str, int] = {}
        self.answer: Any = None
        self.archive: dict[str, bytes] = {}

    async def places(self) -> dict[str, list[str]]:
        """The tables of each service in which a mark stands."""
        found = {name: await where(partial(looking.rows, self.stage.stack, name), *self.marks) for name in waiting.EVERY_SERVICE}
        return {name: tables for name, tables in found.items() if tables}

    def mails(self) -> list[Path]:
        """The mails that name them."""
        marks = [mark.encode() for mark in self.marks]
        return [mail for mail in (self.stage.stack.home / "outbox").glob("*.eml") if any(mark in mail.read_bytes() for mark in marks)]

    def photos(self) -> list[str]:
        """The files of their photos."""
        return self.live.photos(self.made.ids["entry_id"])

    async def letters(self) -> list[Any]:
        """The dead letters that name them."""
        found = await looking.dead_letters(self.stage.stack)
        return [letter for letter in found if any(mark.encode() in (letter.value or b"") for mark in self.marks)]

    async def told(self) -> list[Any]:
        """What lies about them on the one topic that has names."""
        found = await looking.records(self.stage.stack, [UserChanged.topic])
        return [record for record in found if record.key == self.made.student.id.encode()]

    async def kept(self) -> dict[str, int]:
        """How many records there are of their apprenticeship."""
        asked = {name: await looking.rows(self.stage.stack, name, sql, self.made.student.id) for name, sql in KEPT.items()}
        return {name: found[0]["n"] for name, found in asked.items()}


async def poison(stage: Stage, student: Any) -> None:
    """Has every service set aside an event with the student's name."""
    event = UserChanged.read(UserChanged.schema_uri(), (await _newest(stage, student)).value or b"")
    headers = [(name, value) for name, value in sending.headers_of("identity", event) if name != "ce_dataschema"]
    unknown = [*headers, ("ce_dataschema", b"urn:chairside:event:user.changed:v99")]
    partition = (await _newest(stage, student)).partition
    await sending.plant(stage.stack, UserChanged.topic, partition, (student.id.encode(), event.to_json(), unknown))


async def _newest(stage: Stage, student: Any) -> Any:
    found = await looking.records(stage.stack, [UserChanged.topic])
    return [record for record in found if record.key == student.id.encode()][-1]


async def exported(stage: Stage, made: Apprentice) -> dict[str, bytes]:
    """The files of the student's own archive, by name."""
    asked = await made.student.ask("POST", "identity", f"/v1/users/{made.student.id}/export", 202)

    async def done() -> bool:
        return bool((await made.student.ask("GET", "identity", f"/v1/exports/{asked['id']}"))["state"] == "done")

    await eventually("the export", done)
    with ZipFile(BytesIO(await made.student.ask("GET", "identity", f"/v1/exports/{asked['id']}/archive"))) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def erased(live: Live, stage: Stage) -> Erased:
    made = await apprentice(stage, ZONE)
    told = await made.student.http.patch("/api/identity/v1/me", json={"phone": PHONE}, headers={"If-Match": "*"})
    assert told.status_code == 200, told.text
    await looking.settled(stage.stack)
    await poison(stage, made.student)
    await looking.settled(stage.stack)
    await made.student.sign_in()
    found = Erased(live, stage, made)
    found.before, found.records = await found.places(), await found.kept()
    assert found.mails()
    assert len(await found.letters()) == len(UserChanged.consumers)
    assert found.photos()
    found.archive = await exported(stage, made)
    found.answer = await made.student.ask("POST", "identity", f"/v1/users/{made.student.id}/erasure", 202)
    await looking.settled(stage.stack)
    return found


async def test_before_it_they_were_everywhere(erased: Erased) -> None:
    assert {name: tables for name, tables in erased.before.items() if "person" in tables}.keys() == {
        "onboarding", "milady-sync", "compliance", "messaging", "portal",
    }  # fmt: skip
    assert "user_account" in erased.before["identity"]
    assert all(erased.records.values())


async def test_their_archive_had_something_from_every_service(erased: Erased) -> None:
    made, archive = erased.made, erased.archive
    marks = {
        "identity": PHONE, "onboarding": made.student.name, "milady-sync": made.student.email, "skills": made.ids["entry_id"],
        "compliance": made.ids["log_id"], "messaging": made.student.email, "portal": made.ids["alert_id"],
    }  # fmt: skip
    assert {name: mark.encode() in archive[f"{name}.json"] for name, mark in marks.items()} == dict.fromkeys(marks, True)
    photos = [content for name, content in archive.items() if name.startswith("skills/")]
    assert [content[:3] for content in photos] == [b"\xff\xd8\xff"]
    others = made.holder.email.encode()
    assert not any(others in content for content in archive.values())


async def test_nothing_is_left_in_any_table_mail_or_photo(erased: Erased) -> None:
    assert await erased.places() == {}
    await eventually("the mails taken back", partial(_taken_back, erased))
    assert erased.mails() == []
    assert erased.photos() == []


async def _taken_back(erased: Erased) -> bool:
    return not await looking.rows(erased.stage.stack, "messaging", "select 1 from message where take_back")


async def test_the_answer_names_what_is_kept_and_it_is(erased: Erased) -> None:
    assert erased.answer["kept"]
    assert all(each["what"] and each["because"] for each in erased.answer["kept"])
    assert await erased.kept() == erased.records


async def test_the_holder_has_lost_them(erased: Erased) -> None:
    holder = erased.made.holder
    await holder.ask("GET", "compliance", f"/v1/enrollments/{erased.made.enrollment}/weeks", 404)
    await holder.ask("GET", "skills", f"/v1/entries/{erased.made.ids['entry_id']}", 404)


async def test_a_replay_from_the_beginning_brings_nothing_back(live: Live, erased: Erased) -> None:
    told = await waiting.told(live, "replay")
    assert {service: one.stderr for service, one in told.items() if one.returncode} == {}
    await looking.settled(live.stack)
    assert await erased.places() == {}
    assert erased.mails() == []


async def test_old_records_of_the_topic_bring_nothing_back_either(live: Live, erased: Erased) -> None:
    """As a consumer meets them that starts over, before Kafka has compacted the topic."""
    history = [record for record in await erased.told() if record.value and not looking.header(record, looking.PLANTED)]
    assert any(mark.encode() in record.value for record in history for mark in erased.marks)
    await sending.send_again(live.stack, history, as_new=True)
    await looking.settled(live.stack)
    assert await erased.places() == {}


async def test_somebody_else_may_have_the_address(stage: Stage, erased: Erased) -> None:
    body = {"email": erased.made.student.email, "name": "Somebody Else", "password": "an elk in the fog"}
    answer = await erased.made.holder.http.post("/api/identity/v1/users", json=body)
    assert answer.status_code == 201, answer.text
    admin = await people.administrator(stage)
    await admin.ask("POST", "identity", f"/v1/users/{answer.json()['id']}/erasure", 202)
    await looking.settled(stage.stack)
    assert await erased.places() == {}


async def test_when_no_token_is_good_any_more_a_tombstone_takes_the_dead_letters(stage: Stage, erased: Erased) -> None:
    earlier = "update user_account set changed_at = changed_at - interval '1 hour' where user_id = $1"
    await looking.rows(stage.stack, "identity", earlier, erased.made.student.id)

    async def buried() -> bool:
        return (await erased.told())[-1].value is None

    await eventually("the tombstone", buried, 900)
    await looking.settled(stage.stack)
    await eventually("the end of the letters", partial(_gone, erased), 300)
    assert await erased.places() == {}


async def _gone(erased: Erased) -> bool:
    return await erased.letters() == []


async def test_every_chain_verifies(live: Live, erased: Erased) -> None:
    told = await waiting.told(live, "audit", "verify")
    assert {service: one.stderr for service, one in told.items() if one.returncode} == {}
