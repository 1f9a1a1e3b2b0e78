"""One archive of everything that there is of a person, gathered from every service, whatever falls over on the way."""

import asyncio
import base64
import json
from datetime import timedelta
from io import BytesIO
from uuid import uuid4
from zipfile import ZipFile

import pytest
from chassis.records import EXPORT
from contracts.event import ALL_SERVICES
from dev.erasing import misnamed
from dev.harness import eventually
from identity.app import service
from identity.commands import exports
from identity.domain.exports import ATTEMPTS, KEPT_FOR
from links import kind_of


async def asked(someone, **how):
    answer = await someone.client().post(f"/v1/users/{someone.id}/export", **how)
    assert answer.status_code == 202, answer.text
    return answer.json()


async def over(client, export_id):
    async def look():
        found = (await client.get(f"/v1/exports/{export_id}")).json()
        return found if found["state"] != "running" else None

    return await eventually(look)


def opened(answer):
    assert answer.status_code == 200, answer.text
    with ZipFile(BytesIO(answer.content)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


async def test_every_table_is_given_or_kept_back_with_a_reason(identity):
    assert await misnamed(identity.sql, service.holdings) == set()


async def test_an_archive_has_the_records_of_every_service_and_the_photos(identity, person, neighbours):
    someone, other = await person(name="Marked Person"), await person(name="Somebody Else")
    neighbours.files["skills", f"/v1/entries/{someone.id}/photos/a.jpg"] = b"a picture"
    begun = await asked(someone)
    assert (begun["state"], begun["done"], begun["total"]) == ("running", 0, len(ALL_SERVICES))
    found = await over(someone.client(), begun["id"])
    assert (found["state"], found["done"]) == ("done", len(ALL_SERVICES)), found
    inside = opened(await someone.client().get(f"/v1/exports/{begun['id']}/archive"))
    assert inside.keys() == {*(f"{name}.json" for name in ALL_SERVICES), "skills/a.jpg"}
    assert inside["skills/a.jpg"] == b"a picture"
    own = json.loads(inside["identity.json"])["tables"]
    assert [row["name"] for row in own["user_account"]] == ["Marked Person"]
    for name in set(ALL_SERVICES) - {"identity"}:
        assert f"{name} about {someone.id}".encode() in inside[f"{name}.json"]
    assert other.email.encode() not in inside["identity.json"]
    secrets = await identity.sql("select password_hash from credential where user_id = $1", someone.id)
    assert secrets[0]["password_hash"].encode() not in inside["identity.json"]


async def test_services_are_asked_with_a_token_that_opens_records_alone(identity, person, neighbours):
    someone = await person()
    await over(someone.client(), (await asked(someone))["id"])
    tokens = {token.split()[1] for _, path, token in neighbours.calls if str(someone.id) in path}
    assert len(tokens) == len(ALL_SERVICES)
    for token in tokens:
        body = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
        assert (claims["sub"], claims["scope"], claims["roles"], claims["exp"] - claims["iat"]) == (str(someone.id), EXPORT, [], 600)
        async with identity.bearing(token) as client:
            for path in ("/v1/me", f"/v1/users/{someone.id}", "/v1/consents", "/v1/sessions"):
                assert kind_of(await client.get(path)) == (403, "scope-required")
            assert kind_of(await client.post(f"/v1/users/{someone.id}/erasure")) == (403, "scope-required")
    noted = await identity.sql(
        "select after ->> 'service' as s from audit_entry where action = 'export.token' and subject_id = $1", someone.id
    )
    assert {row["s"] for row in noted} == set(ALL_SERVICES)


async def test_a_service_that_is_ill_is_asked_again(person, neighbours):
    someone = await person()
    neighbours.ill["compliance"] = 2
    found = await over(someone.client(), (await asked(someone))["id"])
    assert found["state"] == "done"
    assert {part["service"]: part["attempts"] for part in found["services"]}["compliance"] == 3


async def test_one_that_never_answers_fails_the_export_and_says_so(identity, person, neighbours):
    someone = await person()
    neighbours.ill["portal"] = 10**6
    begun = await asked(someone)

    async def late():
        return await identity.sql("select 1 from export_part where export_id = $1 and attempts > 0 and service = 'portal'", begun["id"])

    await eventually(late)
    soon = "update export_part set attempts = $2, next_attempt_at = now() where export_id = $1 and service = 'portal'"
    await identity.sql(soon, begun["id"], ATTEMPTS)
    found = await over(someone.client(), begun["id"])
    neighbours.ill["portal"] = 0
    assert (found["state"], found["done"]) == ("failed", len(ALL_SERVICES) - 1)
    assert [part["reason"] for part in found["services"] if part["state"] == "failed"] == ["portal answered 503."]
    assert kind_of(await someone.client().get(f"/v1/exports/{begun['id']}/archive")) == (409, "export-not-ready")
    again = await asked(someone)
    assert again["id"] != begun["id"]
    assert (await over(someone.client(), again["id"]))["state"] == "done"


@pytest.mark.parametrize("elsewhere", ["@192.0.2.1/{}", ".example.org/{}", "/v1/../{}", "//192.0.2.1/{}", "/v1/{}?a=b"])
async def test_no_service_leads_a_call_elsewhere(identity, person, neighbours, elsewhere):
    someone = await person()
    address = "skills", elsewhere.format(someone.id)
    neighbours.files[address] = b"no picture"
    begun = await asked(someone)
    why = "select 1 from export_part where export_id = $1 and reason = 'skills did not answer with records.'"
    await eventually(lambda: identity.sql(why, begun["id"]))
    del neighbours.files[address]
    found = await over(someone.client(), begun["id"])
    assert (found["state"], [path for _, path, _ in neighbours.calls if path in address]) == ("done", [])


async def test_one_that_is_under_way_is_not_begun_again(identity, person, neighbours):
    someone = await person()
    neighbours.ill["onboarding"] = 3
    both = await asyncio.gather(asked(someone), asked(someone))
    assert both[0]["id"] == both[1]["id"]
    key = {"Idempotency-Key": str(uuid4())}
    assert (await asked(someone, headers=key))["id"] == (await asked(someone, headers=key))["id"]
    await over(someone.client(), both[0]["id"])


async def test_what_a_crash_left_is_gone_on_with(identity, person, database, neighbours):
    """As the crash leaves it: a service is leased, and the lease has run out; a photo is there already, and is not fetched again."""
    someone = await person()
    done = await over(someone.client(), (await asked(someone))["id"])
    neighbours.files["skills", f"/v1/entries/{someone.id}/photos/b.jpg"] = b"another picture"
    back = "update export_part set state = 'waiting', next_attempt_at = now() where export_id = $1 and service = 'skills'"
    await identity.sql(back, done["id"])
    await over(someone.client(), done["id"])
    inside = opened(await someone.client().get(f"/v1/exports/{done['id']}/archive"))
    assert inside["skills/b.jpg"] == b"another picture"
    before = len([path for _, path, _ in neighbours.calls if path.endswith("b.jpg")])
    await identity.sql(back, done["id"])
    await over(someone.client(), done["id"])
    assert len([path for _, path, _ in neighbours.calls if path.endswith("b.jpg")]) == before == 1


async def test_nobody_sees_somebody_elses_but_an_administrator(person, admin):
    someone, other = await person(), await person()
    assert kind_of(await other.client().post(f"/v1/users/{someone.id}/export")) == (404, "user-not-found")
    begun = await asked(someone)
    await over(someone.client(), begun["id"])
    for path in (f"/v1/exports/{begun['id']}", f"/v1/exports/{begun['id']}/archive"):
        assert kind_of(await other.client().get(path)) == (404, "export-not-found")
        assert (await admin.client().get(path)).status_code == 200
    theirs = await admin.client().post(f"/v1/users/{someone.id}/export")
    assert theirs.status_code == 202, theirs.text
    assert (await over(admin.client(), theirs.json()["id"]))["user_id"] == str(someone.id)


async def test_after_seven_days_it_is_gone(identity, person, database):
    someone = await person()
    begun = await asked(someone)
    await over(someone.client(), begun["id"])
    await identity.sql("update export set requested_at = requested_at - $2::interval where export_id = $1", begun["id"], KEPT_FOR)
    assert kind_of(await someone.client().get(f"/v1/exports/{begun['id']}/archive")) == (404, "export-not-found")
    async with database.transaction() as tx:
        now = await tx.scalar("select now()")
        await exports.forget(tx, now - timedelta(days=1))
    assert await identity.sql("select 1 from export where export_id = $1", begun["id"])
    async with database.transaction() as tx:
        await exports.forget(tx, now)
    for table in ("export", "export_part", "export_file"):
        assert await identity.sql(f"select 1 from {table} where export_id = $1", begun["id"]) == []


async def test_an_erased_person_has_no_export_and_gets_none(identity, person, admin):
    someone = await person()
    begun = await asked(someone)
    await over(someone.client(), begun["id"])
    await someone.client().post(f"/v1/users/{someone.id}/erasure")
    assert await identity.sql("select 1 from export_file where user_id = $1", someone.id) == []
    assert kind_of(await admin.client().post(f"/v1/users/{someone.id}/export")) == (409, "account-erased")


@pytest.mark.parametrize("path", ["export", "erasure"])
async def test_malformed_ids_are_refused(person, path):
    answer = await (await person()).client().post(f"/v1/users/nobody/{path}")
    assert answer.status_code == 422
