"""What people may read of their messages."""

from uuid import uuid4

from dev.harness import eventually, send
from people import asked, person


async def told(messaging, kafka, count=1):
    who = person()
    await send(kafka, "identity", who)
    for _ in range(count):
        await send(kafka, "compliance", asked(who.user_id))
    done = "select 1 from message where recipient_id = $1 having count(*) filter (where status = 'sent') = $2"
    await eventually(lambda: messaging.sql(done, who.user_id, count))
    return who


async def test_one_sees_ones_own_and_an_administrator_everyones(messaging, kafka):
    who = await told(messaging, kafka)
    own = (await messaging.client("student", who.user_id).get("/v1/notifications")).json()["items"]
    assert [(item["kind"], item["status"]) for item in own] == [("partner-approved", "sent")]
    for kind in ("student", "partner"):
        assert (await messaging.client(kind, uuid4()).get("/v1/notifications")).json()["items"] == []
        other = await messaging.client(kind, uuid4()).get(f"/v1/notifications?recipient_id={who.user_id}")
        assert other.json()["items"] == []
    admin = await messaging.client("admin", uuid4(), "admin").get(f"/v1/notifications?recipient_id={who.user_id}")
    assert len(admin.json()["items"]) == 1


async def test_pages_have_no_gap(messaging, kafka):
    who = await told(messaging, kafka, count=5)
    me, seen, cursor = messaging.client("student", who.user_id), [], None
    while True:
        got = (await me.get("/v1/notifications", params={"limit": 2} | ({"cursor": cursor} if cursor else {}))).json()
        seen += [item["id"] for item in got["items"]]
        if not (cursor := got["next_cursor"]):
            break
    assert len(seen) == len(set(seen)) == 5


async def test_without_a_token_there_is_nothing(messaging):
    assert (await messaging.client().get("/v1/notifications")).status_code == 401
