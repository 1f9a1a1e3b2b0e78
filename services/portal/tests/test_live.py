"""Live updates: an alert appears and vanishes on an open page, only for whom it concerns, and streams end when the process does."""

import asyncio
import json
import signal
import time
from contextlib import asynccontextmanager
from uuid import uuid4

import pytest
from chassis.principal import Principal
from portal.live import EVERYTHING, GROUPS, Live
from portal.pages.live import stream
from portal.sessions import Session


class Stream:
    """An open stream of server-sent events."""

    def __init__(self, answer):
        self.lines, self.ids = answer.aiter_lines(), []

    async def event(self, within=10):
        async with asyncio.timeout(within):
            async for line in self.lines:
                if line.startswith("id: "):
                    self.ids.append(line.removeprefix("id: "))
                if line.startswith("event: "):
                    return line.removeprefix("event: ")
        return None

    async def until(self, group, within=10):
        async with asyncio.timeout(within):
            while await self.event() != group:
                pass


@asynccontextmanager
async def listening(browser, query="", **headers):
    async with browser.http.stream("GET", f"/live{query}", headers=headers) as answer:
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        stream = Stream(answer)
        async for line in stream.lines:
            if line.startswith("id: "):
                stream.ids.append(line.removeprefix("id: "))
            if line == ": connected":
                break
        yield stream


async def test_an_alert_appears_and_vanishes_without_a_reload(browse, story):
    holder, student = browse("partner", story.holder, "program_holder"), browse("student", story.student)
    alert = story.alert(message="Five of ten hours")
    async with listening(holder) as holders, listening(student) as students:
        await story.tell(alert)
        await asyncio.gather(holders.until("alerts"), students.until("alerts"))
        assert str(alert.alert_id) in (await holder.part("/program-holder/parts/holder_alerts")).text
        shown = (await student.part("/student/parts/alerts")).text
        assert "Five of ten hours" in shown
        assert "1 open alert" in shown
        await story.tell(story.alert(2, alert.alert_id, resolved=True))
        await asyncio.gather(holders.until("alerts"), students.until("alerts"))
        assert str(alert.alert_id) not in (await holder.part("/program-holder/parts/holder_alerts")).text
        assert "No open alerts" in (await student.part("/student/parts/alerts")).text


async def test_others_hear_nothing_and_an_admin_hears_all(browse, story, new_story):
    other, mine = browse("partner", uuid4(), "program_holder"), story.alert()
    async with listening(other) as others, listening(browse("student")) as strangers, listening(browse("admin", None, "admin")) as admins:
        await story.tell(mine)
        await admins.until("alerts")
        end = new_story()
        end.holder = other.id
        await end.tell(end.assigned(), end.who(strangers_id := uuid4(), "x"))
        assert await others.event() == "people"
        with pytest.raises(TimeoutError):
            await strangers.event(within=0.5)
        assert strangers_id


async def test_a_new_assignment_reaches_the_partner_and_its_end_too(browse, new_story, told):
    story = new_story()
    holder = browse("partner", story.holder, "program_holder")
    await story.tell(story.published(), story.created(), story.who(story.student, story.name))
    await told("select 1 from person where user_id = $1", story.student)
    async with listening(holder) as stream:
        await story.tell(story.assigned())
        await stream.until("people")
        assert story.name in (await holder.part("/program-holder/parts/students")).text
        await story.tell(type(story.assigned())(**story.assigned().model_dump() | {"revision": 2, "active": False}))
        await stream.until("people")
        assert story.name not in (await holder.part("/program-holder/parts/students")).text


async def test_what_changed_between_page_and_stream_is_told_when_the_stream_opens(browse, portal, story, told):
    student = browse("student", story.student)
    page = await student.page("/student")
    token = page.split("/live?since=")[1].split('"')[0]
    alert = story.alert()
    await story.tell(alert)
    await told("select 1 from alert where alert_id = $1", alert.alert_id)
    async with listening(student, f"?since={token}") as stream:
        assert await stream.event() == "alerts"
        missed = stream.ids[-1]
    later = story.logged(60)
    await story.tell(later)
    await told("select 1 from hour_entry where log_id = $1", later.log_id)
    async with listening(student, f"?since={token}", **{"Last-Event-ID": missed}) as stream:
        assert await stream.event() == "hours"


async def test_a_token_of_another_process_counts_as_all_changed(browse, story):
    async with listening(browse("student", story.student), "?since=gone-3") as stream:
        assert [await stream.event() for _ in GROUPS[1:]] == [group for group in sorted(GROUPS) if group != "audit"]


async def test_without_sign_in_there_is_no_stream(browse):
    answer = await browse().http.get("/live")
    assert answer.status_code == 303


async def test_a_stream_ends_with_its_token(issuer):
    live, me = ear(), uuid4()
    session = Session(Principal("student", me), issuer.token("student", me, exp=int(time.time()) + 1))
    told = [each async for each in stream(live, None, session, live.token)]
    assert len(told) == 1, "the greeting, and the end"


async def test_every_open_stream_ends_at_once_when_the_process_is_stopped(start_service, neighbours, issuer):
    portal = await start_service("portal", env={"CHAIRSIDE_SERVICES_URL": neighbours.template})
    cookie = {"chairside_access": issuer.token("student", uuid4())}
    client = portal.client()
    client.cookies.update(cookie)
    async with client.stream("GET", "/live") as answer:
        lines = answer.aiter_lines()
        await anext(lines)
        portal.process.send_signal(signal.SIGTERM)
        async for _ in lines:
            pass
    await asyncio.to_thread(portal.process.wait, 20)
    log = portal.log.read_text()
    assert "Application shutdown complete" in log
    assert "timeout graceful shutdown exceeded" not in log, "the server lost its patience with the stream"
    assert "Traceback" not in log


def ear(*changes):
    live = Live("postgresql://nowhere")
    for change in changes:
        live._heard(None, 0, "changed", json.dumps(change))
    return live


def test_changes_since_a_token_add_up():
    live = ear({"alerts": ["a"]})
    token = live.token
    for change in ({"alerts": ["b"]}, {"alerts": ["c"], "hours": ["b"]}, {"people": None}, {"people": ["d"]}):
        live._heard(None, 0, "changed", json.dumps(change))
    assert live.since(token).people == {"alerts": {"b", "c"}, "hours": {"b"}, "people": None}
    assert live.since(live.token).people == {}


@pytest.mark.parametrize("token", ["", "x", "other-1", "{run}-99", "{run}--1", "{run}-", "{run}-0"])
def test_a_token_that_cannot_be_told_counts_as_all(token):
    live = ear(*({"alerts": [str(number)]} for number in range(1200)))
    assert live.since(token.format(run=live.run_id)) is EVERYTHING


async def test_waiting_ends_with_news_and_with_the_process():
    live = ear()
    for wake in (lambda: live._heard(None, 0, "changed", '{"alerts": null}'), live.close):
        known = live.token
        asyncio.get_running_loop().call_later(0.01, wake)
        async with asyncio.timeout(5):
            await live.wait(known, 100)
        assert live.closing or live.token != known
