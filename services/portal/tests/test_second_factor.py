"""Signing in with a code, and setting up an authenticator app where identity asks for one."""

import json
from uuid import uuid4

SIGN_IN, CODE = "POST identity /v1/sessions", "POST identity /v1/sessions/second-factor"
BEGIN, CONFIRM, REFRESH = "POST identity /v1/me/totp", "POST identity /v1/me/totp/confirmation", "POST identity /v1/sessions/refresh"
FORM = {"email": "a@b.c", "password": "x", "next": "/student"}


def tokens(portal, *roles, kind="student", **more):
    return {"access_token": portal.issuer.token(kind, uuid4(), *roles), "refresh_token": uuid4().hex, "expires_in": 600, **more}


def challenged(neighbours, *factors):
    told = {"type": "/problems/second-factor-required", "detail": "Enter the code.", "challenge": "the-challenge", "factors": factors}
    neighbours.play("", SIGN_IN, 401, told)


async def test_the_code_is_asked_for_and_leads_on(browse, portal, neighbours):
    browser = browse()
    challenged(neighbours, "recovery_code", "totp")
    asked = await browser.http.post("/sign-in", data=FORM)
    assert (asked.status_code, "set-cookie" in asked.headers) == (200, False)
    assert 'value="the-challenge"' in asked.text
    neighbours.refuse("", CODE, 401, "second-factor-refused", "This code is not right.")
    wrong = await browser.http.post("/sign-in/code", data={"challenge": "the-challenge", "code": "000000", "next": "/student"})
    assert (wrong.status_code, "This code is not right." in wrong.text, 'value="the-challenge"' in wrong.text) == (401, True, True)
    neighbours.play("", CODE, 201, tokens(portal))
    right = await browser.http.post("/sign-in/code", data={"challenge": "the-challenge", "code": "123456", "next": "/student"})
    assert (right.status_code, right.headers["location"]) == (303, "/student")
    assert json.loads(neighbours.heard("", CODE)[-1]["body"]) == {"challenge": "the-challenge", "code": "123456"}
    assert "not enrolled yet" in await browser.page("/student")


async def test_a_challenge_that_is_over_begins_anew(browse, neighbours):
    neighbours.refuse("", CODE, 401, "challenge-over", "This sign-in took too long or is over. Sign in again.")
    answer = await browse().http.post("/sign-in/code", data={"challenge": "old", "code": "123456", "next": "//evil.example"})
    assert (answer.status_code, "took too long" in answer.text, 'action="/sign-in"' in answer.text) == (401, True, True)
    assert "evil" not in answer.text


async def test_who_has_a_passkey_alone_is_told_so(browse, neighbours):
    challenged(neighbours, "passkey")
    answer = await browse().http.post("/sign-in", data=FORM)
    assert (answer.status_code, "passkey" in answer.text) == (401, True)


async def test_who_must_enroll_sets_the_app_up_and_goes_on_with_a_whole_session(browse, portal, neighbours):
    browser = browse()
    narrowed = tokens(portal, must_enroll=True)
    neighbours.play("", SIGN_IN, 201, narrowed)
    led = await browser.http.post("/sign-in", data=FORM)
    assert (led.status_code, led.headers["location"]) == (303, "/sign-in/app")
    assert "chairside_access" not in " ".join(led.headers.get_list("set-cookie"))
    neighbours.play(narrowed["access_token"], BEGIN, 201, {"secret": "JBSWY3DPEHPK3PXP", "uri": "otpauth://totp/x?secret=JBSWY3DPEHPK3PXP"})
    shown = await browser.page("/sign-in/app")
    assert "JBSWY3DPEHPK3PXP" in shown
    neighbours.refuse(narrowed["access_token"], CONFIRM, 422, "code-wrong", "This is not the code.")
    wrong = await browser.http.post("/sign-in/app", data={"code": "000000", "secret": "JBSWY3DPEHPK3PXP", "uri": "otpauth://totp/x"})
    assert (wrong.status_code, "This is not the code." in wrong.text, "JBSWY3DPEHPK3PXP" in wrong.text) == (422, True, True)
    sly = await browser.http.post("/sign-in/app", data={"code": "000000", "secret": "", "uri": "javascript:alert(1)"})
    assert (sly.status_code, "javascript:" in sly.text) == (422, False)
    neighbours.play(narrowed["access_token"], CONFIRM, 200, {"recovery_codes": ["aaaa-bbbb-cccc-dddd"]})
    neighbours.play("", REFRESH, 200, tokens(portal, "admin", kind="admin"))
    done = await browser.http.post("/sign-in/app", data={"code": "123456"})
    assert "aaaa-bbbb-cccc-dddd" in done.text
    assert json.loads(neighbours.heard("", REFRESH)[-1]["body"]) == {"refresh_token": narrowed["refresh_token"]}
    assert (await browser.http.get("/")).headers["location"] == "/admin/partners"


async def test_without_a_sign_in_there_is_nothing_to_set_up(browse):
    assert (await browse().http.get("/sign-in/app")).headers["location"].startswith("/sign-in")


async def test_a_renewal_that_opens_the_enrolment_alone_leads_to_the_sign_in_form(browse, portal, neighbours):
    browser = browse("student", uuid4(), exp=1)
    browser.keep("chairside_refresh", "r")
    narrowed = {"access_token": portal.issuer.token("student", uuid4(), scope="second-factor:enroll"), "refresh_token": "s"}
    neighbours.play("", REFRESH, 200, narrowed)
    assert (await browser.http.get("/student")).headers["location"] == "/sign-in?next=/student"
