"""Consents: given and withdrawn by the person alone."""

import asyncio
import json

from contracts.people import ConsentChanged
from dev.harness import events_of

WORDING = "Chairside may send me text messages about my apprenticeship."


async def test_a_consent_is_given_once_withdrawn_once_and_told_each_time(identity, person, kafka):
    someone = await person()
    client = someone.client()
    assert (await client.get("/v1/consents")).json() == {"items": [], "next_cursor": None}
    body = {"purpose": "text_messages", "wording": WORDING}
    for _ in range(2):
        given = await client.post("/v1/consents", json=body)
        assert (given.status_code, given.json()["given"], given.json()["wording"]) == (201, True, WORDING)
        assert given.headers["location"] == "/v1/consents/text_messages"
    for _ in range(2):
        withdrawn = await client.post("/v1/consents/text_messages/withdrawal")
        assert (withdrawn.status_code, withdrawn.json()["given"]) == (200, False)
    await client.post("/v1/consents", json=body)
    events = await events_of(kafka, ConsentChanged, where=lambda e: e.user_id == someone.id, count=3)
    assert [(event.revision, event.purpose, event.given) for event in events] == [
        (1, "text_messages", True), (2, "text_messages", False), (3, "text_messages", True),
    ]  # fmt: skip
    noted = await identity.sql("select after from audit_entry where action = 'consent.change' and subject_id = $1 order by id", someone.id)
    told = [json.loads(row["after"]) for row in noted]
    assert [(each["given"], each["wording"]) for each in told] == [(True, WORDING), (False, WORDING), (True, WORDING)]


async def test_another_wording_is_another_consent(person):
    client = (await person()).client()
    await client.post("/v1/consents", json={"purpose": "photos", "wording": "My work may be shown."})
    again = await client.post("/v1/consents", json={"purpose": "photos", "wording": "My work may be shown in the shop."})
    assert again.json()["wording"] == "My work may be shown in the shop."


async def test_what_was_never_given_cannot_be_withdrawn(person):
    answer = await (await person()).client().post("/v1/consents/photos/withdrawal")
    assert (answer.status_code, answer.json()["type"]) == (404, "/problems/consent-not-found")
    assert (await (await person()).client().post("/v1/consents/everything/withdrawal")).status_code == 422


async def test_one_sees_and_changes_only_ones_own(identity, person, admin):
    someone, other = await person(), await person()
    for purpose in ("text_messages", "photos"):
        await someone.client().post("/v1/consents", json={"purpose": purpose, "wording": WORDING})
    first = (await someone.client().get("/v1/consents", params={"limit": 1})).json()
    second = (await someone.client().get("/v1/consents", params={"limit": 1, "cursor": first["next_cursor"]})).json()
    assert [page["items"][0]["purpose"] for page in (first, second)] == ["photos", "text_messages"]
    assert second["next_cursor"] is None
    for others in (other, admin):
        assert (await others.client().get("/v1/consents")).json()["items"] == []
        assert (await others.client().post("/v1/consents/photos/withdrawal")).status_code == 404


async def test_of_the_same_consent_given_many_times_at_once_one_is_told(identity, person):
    someone = await person()
    body = {"purpose": "photos", "wording": WORDING}
    answers = await asyncio.gather(*(someone.client().post("/v1/consents", json=body) for _ in range(6)))
    assert {answer.status_code for answer in answers} == {201}
    assert len(await identity.sql("select 1 from outbox where topic = 'consent.changed' and key = $1", someone.user["id"])) == 1
