"""Forgotten passwords, addresses to verify, and the page of one's own account: passed on to identity, and said in words."""

import json
from uuid import uuid4

import pytest

HX = {"HX-Request": "true"}
ME = {"id": str(uuid4()), "name": "Jordan Ellis", "email": "jordan@example.com", "email_verified": False, "time_zone": "America/New_York"}


def session(current, agent):
    told = {"started_at": "2026-11-02T14:00:00Z", "last_used_at": "2026-11-02T15:00:00Z", "ip": "203.0.113.7"}
    return told | {"id": str(uuid4()), "user_agent": agent, "current": current}


async def test_who_forgot_a_password_is_told_to_look_for_a_mail(browse, neighbours):
    browser = browse()
    assert 'href="/forgot-password"' in await browser.page("/sign-in")
    assert "Forgotten password" in await browser.page("/forgot-password")
    neighbours.play("", "POST identity /v1/password-resets", 202, b"null")
    answer = await browser.http.post("/forgot-password", data={"email": " jordan@example.com "})
    assert (answer.status_code, "a mail with a link is on its way" in answer.text) == (200, True)
    [*_, call] = neighbours.heard("", "POST identity /v1/password-resets")
    assert json.loads(call["body"]) == {"email": "jordan@example.com"}


@pytest.mark.parametrize(
    ("page", "path", "form", "done"),
    [
        (
            "/password-reset",
            "/v1/password-resets/completion",
            {"token": "secret", "password": "tulip granite velvet"},
            "Your new password is set",
        ),
        ("/email-verification", "/v1/email-verifications/completion", {"token": "secret"}, "Your address is verified"),
    ],
)
async def test_a_link_from_a_mail_is_passed_on_and_its_token_never_stands_in_an_address(browse, neighbours, page, path, form, done):
    browser, what = browse(), f"POST identity {path}"
    assert 'name="token"' in await browser.page(page)
    neighbours.refuse("", what, 409, "link-not-usable", "This link has been used.")
    refused = await browser.http.post(page, data=form)
    assert (refused.status_code, "This link has been used." in refused.text) == (409, True)
    assert "tulip granite velvet" not in refused.text
    neighbours.play("", what, 204, b"")
    answer = await browser.http.post(page, data=form)
    assert (answer.status_code, done in answer.text, "secret" in answer.text) == (200, True, False)
    calls = neighbours.heard("", what)[-2:]
    assert [json.loads(call["body"]) for call in calls] == [form, form]
    assert not any("secret" in call["query"] + call["what"] for call in calls)


async def test_the_account_shows_where_one_is_signed_in_and_ends_sessions(browse, neighbours):
    browser = browse("student", uuid4())
    here, there = session(True, "this browser"), session(False, "<b>a phone</b>")
    neighbours.play(browser.token, "GET identity /v1/me", 200, ME)
    neighbours.play(browser.token, "GET identity /v1/sessions", 200, {"items": [here, there], "next_cursor": None})
    shown = await browser.page("/account")
    assert "not verified yet" in shown
    assert "&lt;b&gt;a phone&lt;/b&gt;" in shown
    assert "10:00 AM" in shown
    assert f"/account/sessions/{there['id']}/end" in shown
    assert f"/account/sessions/{here['id']}/end" not in shown
    for form, what, said in (
        (f"/account/sessions/{there['id']}/end", f"DELETE identity /v1/sessions/{there['id']}", "This session is over."),
        ("/account/sessions/end-others", "DELETE identity /v1/sessions", "You are signed out everywhere else."),
        ("/account/verification", "POST identity /v1/email-verifications", "The mail is on its way."),
    ):
        neighbours.play(browser.token, what, 204, b"")
        answer = await browser.http.post(form, headers=HX)
        assert (answer.status_code, said in answer.text) == (200, True)
        assert len(neighbours.heard(browser.token, what)) == 1
        assert (await browser.http.post(form)).headers["location"] == "/account"


async def test_a_changed_password_goes_to_identity_and_is_never_shown(browse, neighbours):
    browser, what = browse("student", uuid4()), "PUT identity /v1/me/password"
    form = {"present": "the old one of them", "password": "tulip granite velvet"}
    neighbours.refuse(browser.token, what, 403, "password-not-right", "Your present password is not right.")
    for headers in (HX, {}):
        refused = await browser.http.post("/account/password", data=form, headers=headers)
        assert (refused.status_code, "Your present password is not right." in refused.text) == (403, True)
        assert not any(secret in refused.text for secret in form.values())
    neighbours.play(browser.token, what, 204, b"")
    answer = await browser.http.post("/account/password", data=form, headers=HX)
    assert (answer.status_code, "Your new password is set" in answer.text) == (200, True)
    assert json.loads(neighbours.heard(browser.token, what)[-1]["body"]) == form


async def test_the_account_is_for_who_is_signed_in(browse):
    answer = await browse().http.get("/account")
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in?next=/account")
