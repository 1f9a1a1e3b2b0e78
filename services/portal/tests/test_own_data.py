"""A copy of one's data and the end of one's account: asked of identity with one's own token, and said in words."""

from uuid import uuid4

import pytest

ME = {"name": "Jordan Ellis", "email": "Jordan@example.com", "email_verified": True, "time_zone": "America/New_York"}
HX = {"HX-Request": "true"}


@pytest.fixture
def browser(browse, neighbours):
    made = browse("student", uuid4())
    neighbours.play(made.token, "GET identity /v1/me", 200, ME | {"id": str(made.id)})
    neighbours.play(made.token, "GET identity /v1/sessions", 200, {"items": [], "next_cursor": None})
    return made


def export(state, done, **reasons):
    parts = [{"service": name, "state": "failed", "attempts": 10, "reason": told} for name, told in reasons.items()]
    return {"id": str(uuid4()), "state": state, "done": done, "total": 7, "services": parts, "expires_at": "2026-12-02T15:00:00Z"}


async def test_a_copy_is_asked_for_watched_and_downloaded(browser, neighbours):
    assert 'action="/account/exports"' in await browser.page("/account")
    begun = export("running", 2)
    what = f"POST identity /v1/users/{browser.id}/export"
    neighbours.play(browser.token, what, 202, begun)
    answer = await browser.http.post("/account/exports")
    here = f"/account/exports/{begun['id']}"
    assert (answer.status_code, answer.headers["location"]) == (303, here)
    neighbours.play(browser.token, f"GET identity /v1/exports/{begun['id']}", 200, begun)
    assert "2 of 7 parts are gathered" in await browser.page(here)
    part = await browser.http.get(here, headers=HX)
    assert ("<h1>" in part.text, 'hx-trigger="every 2s"' in part.text) == (False, True)
    neighbours.play(browser.token, f"GET identity /v1/exports/{begun['id']}", 200, begun | {"state": "done", "done": 7})
    done = await browser.http.get(here, headers=HX)
    assert (f'href="{here}/archive"' in done.text, "hx-trigger" in done.text) == (True, False)
    assert "10:00 AM" in done.text
    neighbours.play(browser.token, f"GET identity /v1/exports/{begun['id']}/archive", 200, b"PK the archive")
    archive = await browser.http.get(f"{here}/archive")
    assert (archive.status_code, archive.content) == (200, b"PK the archive")


async def test_a_copy_that_failed_says_why(browser, neighbours):
    failed = export("failed", 6, skills="skills does not answer.")
    neighbours.play(browser.token, f"GET identity /v1/exports/{failed['id']}", 200, failed)
    shown = await browser.page(f"/account/exports/{failed['id']}")
    assert "skills does not answer." in shown
    neighbours.refuse(browser.token, f"GET identity /v1/exports/{failed['id']}/archive", 409, "export-not-ready", "It is not complete.")
    refused = await browser.http.get(f"/account/exports/{failed['id']}/archive")
    assert (refused.status_code, "It is not complete." in refused.text) == (409, True)


async def test_whoever_types_the_address_erases_their_account(browser, neighbours):
    what = f"POST identity /v1/users/{browser.id}/erasure"
    told = {"erased": ["your name"], "kept": [{"what": "hours", "because": "29 CFR 30.12(d)"}]}
    neighbours.play(browser.token, what, 202, told)
    assert "Jordan@example.com" in await browser.page("/account/erasure")
    for typed in ("", "jordan@example.org"):
        refused = await browser.http.post("/account/erasure", data={"address": typed})
        assert (refused.status_code, "not the address of your account" in refused.text) == (422, True)
    assert neighbours.heard(browser.token, what) == []
    answer = await browser.http.post("/account/erasure", data={"address": " jordan@EXAMPLE.com "})
    assert (answer.status_code, "29 CFR 30.12(d)" in answer.text) == (200, True)
    assert len(neighbours.heard(browser.token, what)) == 1
    gone = answer.headers.get_list("set-cookie")
    assert {cookie.partition("=")[0] for cookie in gone if "Max-Age=0" in cookie} == {"chairside_access", "chairside_refresh"}


async def test_what_identity_refuses_is_said_at_the_form(browser, neighbours):
    what = f"POST identity /v1/users/{browser.id}/erasure"
    neighbours.refuse(browser.token, what, 409, "administrators-own-account", "Ask another administrator.")
    answer = await browser.http.post("/account/erasure", data={"address": ME["email"]})
    assert (answer.status_code, "Ask another administrator." in answer.text) == (409, True)
    assert "set-cookie" not in answer.headers
    assert "Sign in again" not in answer.text
    neighbours.refuse(browser.token, what, 403, "sign-in-again", "We have to be sure.")
    answer = await browser.http.post("/account/erasure", data={"address": ME["email"]})
    assert (answer.status_code, 'href="/sign-in?next=/account/erasure"' in answer.text) == (403, True)


@pytest.mark.parametrize("path", ["/account/erasure", f"/account/exports/{uuid4()}"])
async def test_it_is_for_who_is_signed_in(browse, path):
    answer = await browse().http.get(path)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/sign-in?next={path}")
