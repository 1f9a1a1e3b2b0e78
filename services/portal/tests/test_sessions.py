"""Browsers' sessions: cookies, renewal that nobody notices, roles that appear, and forms from elsewhere."""

import asyncio
import json
import time
from uuid import uuid4

import pytest
from contracts.onboarding import PartnerActivated
from joserfc.jwk import ECKey

REFRESH = "POST identity /v1/sessions/refresh"


def tokens(portal, kind, user_id, *roles):
    return {"access_token": portal.issuer.token(kind, user_id, *roles), "refresh_token": uuid4().hex, "expires_in": 600}


def renewing(neighbours, renewals):
    """Plays identity: each refresh token is good once, and the same one twice ends the session."""
    used, calls = set(), []

    def answer(call):
        given = json.loads(call["body"])["refresh_token"]
        calls.append(given)
        if given in used or given not in renewals:
            return 401, {"type": "/problems/session-over", "detail": "The session is over. Sign in again."}
        used.add(given)
        return 200, renewals[given]

    neighbours.play("", REFRESH, 200, answer)
    return calls


@pytest.fixture
def expired(browse, portal):
    """A browser whose access token has just expired."""

    def make(user_id, refresh):
        browser = browse("student", user_id, exp=int(time.time()) - 5)
        browser.keep("chairside_refresh", refresh)
        return browser

    return make


async def test_signing_in_sets_cookies_that_scripts_cannot_read(browse, portal, neighbours):
    browser, session = browse(), tokens(portal, "student", uuid4())
    neighbours.play("", "POST identity /v1/sessions", 201, session)
    answer = await browser.http.post("/sign-in", data={"email": "a@b.c", "password": "x", "next": "/student"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/student")
    for cookie in answer.headers.get_list("set-cookie"):
        assert "HttpOnly" in cookie
        assert "SameSite=lax" in cookie
    assert "not enrolled yet" in await browser.page("/student")
    neighbours.play(session["access_token"], "DELETE identity /v1/sessions/current", 204, b"")
    out = await browser.http.post("/sign-out")
    assert out.headers["location"] == "/"
    assert neighbours.heard(session["access_token"], "DELETE identity /v1/sessions/current")
    assert (await browser.http.get("/student")).headers["location"] == "/sign-in?next=/student"


async def test_a_wrong_password_is_said_at_the_form_and_never_shown_again(browse, neighbours):
    neighbours.refuse("", "POST identity /v1/sessions", 401, "sign-in-refused", "No account has this address and password.")
    answer = await browse().http.post("/sign-in", data={"email": "jordan@example.com", "password": "hunter2hunter2"})
    assert answer.status_code == 401
    assert "No account has this address and password." in answer.text
    assert 'value="jordan@example.com"' in answer.text
    assert "hunter2" not in answer.text


@pytest.mark.parametrize("further", ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)", ""])
async def test_after_signing_in_nobody_is_sent_elsewhere(browse, portal, neighbours, further):
    neighbours.play("", "POST identity /v1/sessions", 201, tokens(portal, "student", uuid4()))
    answer = await browse().http.post("/sign-in", data={"email": "a@b.c", "password": "x", "next": further})
    assert answer.headers["location"] == "/"


async def test_an_expired_token_is_renewed_once_however_many_requests_come(portal, neighbours, expired):
    me, first = uuid4(), uuid4().hex
    fresh = tokens(portal, "student", me)
    calls = renewing(neighbours, {first: fresh})
    browser = expired(me, first)
    answers = await asyncio.gather(*(browser.http.get("/student") for _ in range(6)))
    assert [answer.status_code for answer in answers] == [200] * 6
    assert calls == [first]
    assert browser.http.cookies.get("chairside_refresh") == fresh["refresh_token"]


async def test_a_session_that_is_over_leads_to_the_sign_in(neighbours, expired):
    renewing(neighbours, {})
    browser = expired(uuid4(), "gone")
    answer = await browser.http.get("/student")
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in?next=/student")
    assert not browser.http.cookies
    part = await expired(uuid4(), "gone").http.get("/student/parts/alerts", headers={"HX-Request": "true", "Referer": "http://x/student"})
    assert (part.status_code, part.headers["hx-redirect"]) == (401, "/sign-in?next=/student")


async def test_identity_that_is_away_signs_nobody_out(neighbours, expired):
    neighbours.play("", REFRESH, 503, {"type": "/problems/unavailable", "detail": "Try again in a moment."})
    browser = expired(uuid4(), "good")
    answer = await browser.http.get("/student")
    assert answer.status_code == 503
    assert "Try again in a moment." in answer.text
    assert browser.http.cookies.get("chairside_refresh") == "good"


@pytest.mark.parametrize("forged", ["key", "issuer", "kind"])
async def test_forged_tokens_are_nobody(browse, portal, forged):
    me = uuid4()
    token = {
        "key": lambda: portal.issuer.token("admin", me, "admin", key=ECKey.generate_key("P-256", {"kid": "test"})),
        "issuer": lambda: portal.issuer.token("admin", me, "admin", iss="somebody"),
        "kind": lambda: portal.issuer.token("system", me, "admin"),
    }[forged]()
    browser = browse()
    browser.keep("chairside_access", token)
    assert (await browser.http.get("/admin/partners")).headers["location"].startswith("/sign-in")


async def test_the_role_of_an_activated_partner_appears_by_itself(browse, portal, neighbours, new_story, told):
    story, refresh = new_story(), uuid4().hex
    fresh = tokens(portal, "partner", story.holder, "program_holder")
    calls = renewing(neighbours, {refresh: fresh})
    browser = browse("student", story.holder)
    browser.keep("chairside_refresh", refresh)
    assert (await browser.http.get("/program-holder")).status_code == 403
    assert calls == []
    day = story.alert().raised_at
    await story.tell(PartnerActivated(revision=3, user_id=story.holder, role="program_holder", status="active", activated_at=day))
    await told("select 1 from partner where user_id = $1", story.holder)
    assert "No program yet" in await browser.page("/program-holder")
    assert browser.http.cookies.get("chairside_access") == fresh["access_token"]
    assert (await browser.http.get("/")).headers["location"] == "/program-holder"
    assert calls == [refresh]


@pytest.mark.parametrize(("headers", "status"), [
    ({"Sec-Fetch-Site": "cross-site"}, 403), ({"Sec-Fetch-Site": "same-site"}, 403), ({"Sec-Fetch-Site": "none"}, 403),
    ({"Sec-Fetch-Site": "", "Origin": "https://evil.example"}, 403), ({"Sec-Fetch-Site": ""}, 403), ({"Sec-Fetch-Site": "",
    "Origin": "null"}, 403),
    ({"Sec-Fetch-Site": "", "Origin": "http://portal.example"}, 303), ({"Sec-Fetch-Site": "same-origin"}, 303),
    ({"Sec-Fetch-Site": "cross-site", "Origin": "http://portal.example"}, 403),
])  # fmt: skip
async def test_forms_from_other_sites_are_not_carried_out(browse, headers, status):
    answer = await browse("student").http.post("/sign-out", headers=headers)
    assert answer.status_code == status
    if status == 403:
        assert "another site" in answer.text


async def test_our_own_origin_is_taken_from_a_browser_without_fetch_metadata(browse, portal):
    answer = await browse("student").http.post("/sign-out", headers={"Sec-Fetch-Site": "", "Origin": portal.url})
    assert answer.status_code == 303


async def test_pages_carry_a_strict_policy_and_no_inline_script_or_style(browse, story):
    answer = await browse("student", story.student).http.get("/student")
    policy = answer.headers["content-security-policy"]
    assert "script-src 'self';" in policy
    assert "style-src 'self';" in policy
    assert "unsafe" not in policy
    assert answer.headers["cache-control"] == "no-store"
    assert " style=" not in answer.text
    assert "<style" not in answer.text
    assert "<script>" not in answer.text
    assert " onclick=" not in answer.text
