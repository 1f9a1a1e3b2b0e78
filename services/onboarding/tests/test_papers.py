"""Packets, documents and signatures (SPEC 3.7)."""

import asyncio
import hashlib
import json
from uuid import uuid4

import pytest
from contracts.onboarding import DocumentSigned
from dev.harness import events_of


@pytest.fixture
def applicant(person):
    async def make():
        made = await person()
        await made.apply()
        return made

    return make


async def test_the_packet_is_that_of_ones_role_in_order(applicant):
    packet = await (await applicant()).packet()
    assert packet["role"] == "program_holder"
    assert [(d["title"], d["requires_signature"], d["signed"]) for d in packet["documents"]] == [
        ("Program Holder Agreement", True, False),
        ("Program Holder Handbook", False, False),
    ]
    assert not packet["complete"]


async def test_every_role_has_an_agreement_that_can_be_read_before_applying(person):
    someone = await person()
    refused = await someone.http.get("/v1/packets/current")
    assert (refused.status_code, refused.json()["type"]) == (404, "/problems/not-applied")
    for role in ("program_holder", "worksite", "site_coordinator"):
        packet = (await someone.http.get("/v1/packets/current", params={"role": role})).json()
        document = (await someone.http.get(f"/v1/documents/{packet['documents'][0]['id']}")).json()
        assert document["requires_signature"]
        assert len(document["content"]) > 2000
        assert document["content_hash"] == hashlib.sha256(document["content"].encode()).hexdigest()
        assert document["content_hash"] == packet["documents"][0]["content_hash"]


async def test_a_signature_stores_what_proves_it_and_the_others_hear_of_it(applicant, kafka):
    someone = await applicant()
    someone.http.headers.update({"User-Agent": "a browser", "X-Forwarded-For": "203.0.113.7"})
    answer = await someone.sign(typed_name=f"  {someone.name.upper()} ")
    assert answer.status_code == 201
    signed = answer.json()
    assert answer.headers["location"] == f"/v1/signatures/{signed['id']}"
    document = (await someone.http.get(f"/v1/documents/{signed['document_id']}")).json()
    expected = {
        "user_id": str(someone.id), "role": "program_holder", "document_title": "Program Holder Agreement", "document_version": 1,
        "document_hash": document["content_hash"], "intent": document["intent_sentence"], "consent": document["consent_sentence"],
        "typed_name": someone.name.upper(), "ip": "203.0.113.7", "user_agent": "a browser",
        "document_intact": True, "signature_intact": True,
    }  # fmt: skip
    assert {name: signed[name] for name in expected} == expected
    assert signed["authentication_method"].startswith("password")
    assert (await someone.packet())["complete"]
    assert [d["signature_id"] for d in (await someone.packet())["documents"]] == [signed["id"], None]
    [event] = await events_of(kafka, DocumentSigned, where=lambda e: e.user_id == someone.id)
    assert (str(event.signature_id), event.document_hash, event.document_version) == (signed["id"], document["content_hash"], 1)


@pytest.mark.parametrize(
    ("wrong", "status", "problem"),
    [
        ({"document_hash": "0" * 64}, 409, "document-changed"),
        ({"document_hash": "not a hash"}, 422, "malformed-request"),
        ({"typed_name": "Somebody Else"}, 409, "name-differs"),
        ({"typed_name": " "}, 422, "malformed-request"),
        ({"intent": False}, 422, "consent-needed"),
        ({"electronic_records_consent": False}, 422, "consent-needed"),
    ],
)
async def test_what_makes_no_valid_signature_is_refused(onboarding, applicant, wrong, status, problem):
    someone = await applicant()
    answer = await someone.sign(**wrong)
    assert (answer.status_code, answer.json()["type"]) == (status, f"/problems/{problem}")
    assert not await onboarding.sql("select * from signature where user_id = $1", someone.id)


async def test_a_version_is_signed_once(onboarding, applicant):
    someone = await applicant()
    answers = await asyncio.gather(*(someone.sign() for _ in range(3)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409]
    assert {answer.json()["type"] for answer in answers if answer.status_code == 409} == {"/problems/already-signed"}
    assert len(await onboarding.sql("select * from signature where user_id = $1", someone.id)) == 1


async def test_only_what_belongs_to_ones_application_and_takes_a_signature_is_signed(onboarding, person, applicant):
    someone, nobody = await applicant(), await person()
    handbook = (await someone.packet())["documents"][1]["id"]
    other = (await someone.http.get("/v1/packets/current", params={"role": "worksite"})).json()["documents"][0]["id"]
    assert (await someone.sign(handbook)).json()["type"] == "/problems/signature-not-needed"
    assert (await someone.sign(other)).json()["type"] == "/problems/document-of-another-role"
    assert (await nobody.sign(other)).json()["type"] == "/problems/not-applied"
    assert (await someone.http.get(f"/v1/documents/{uuid4()}")).json()["type"] == "/problems/document-not-found"


async def test_who_has_no_name_here_yet_is_asked_to_wait(onboarding):
    newcomer = onboarding.client("student")
    await newcomer.post("/v1/partners", json={"role": "worksite"})
    document = (await newcomer.get("/v1/packets/current")).json()["documents"][0]
    body = {"document_hash": document["content_hash"], "typed_name": "N", "intent": True, "electronic_records_consent": True}
    answer = await newcomer.post(f"/v1/documents/{document['id']}/signatures", json=body)
    assert (answer.status_code, answer.json()["type"]) == (503, "/problems/person-not-known-yet")
    assert answer.headers["retry-after"]


async def test_a_signature_is_shown_to_its_signer_and_administrators(applicant, admin):
    someone, other = await applicant(), await applicant()
    address = f"/v1/signatures/{(await someone.sign()).json()['id']}"
    assert (await someone.http.get(address)).status_code == (await admin.http.get(address)).status_code == 200
    hidden = await other.http.get(address)
    assert (hidden.status_code, hidden.json()["type"]) == (404, "/problems/signature-not-found")


@pytest.mark.parametrize(
    ("field", "value"),
    [("typed_name", "'Somebody Else'"), ("signed_at", "signed_at - interval '1 day'"), ("ip", "'198.51.100.1'"), ("role", "'worksite'")],
)
async def test_a_signature_that_was_tampered_with_says_so(onboarding, applicant, field, value):
    signed = (await (someone := await applicant()).sign()).json()
    await onboarding.sql(f"update signature set {field} = {value} where signature_id = $1", signed["id"])
    found = (await someone.http.get(f"/v1/signatures/{signed['id']}")).json()
    assert (found["signature_intact"], found["document_intact"]) == (False, True)


async def test_a_document_that_was_tampered_with_says_so(onboarding, person):
    someone = await person()
    await someone.apply("worksite")
    signed = (await someone.sign()).json()
    [before] = await onboarding.sql("select content from document_version where document_id = $1", signed["document_id"])
    set_content = "update document_version set content = $2 where document_id = $1"
    await onboarding.sql(set_content, signed["document_id"], before["content"].replace("fourteen", "ninety"))
    try:
        found = (await someone.http.get(f"/v1/signatures/{signed['id']}")).json()
        assert (found["signature_intact"], found["document_intact"]) == (True, False)
    finally:
        await onboarding.sql(set_content, signed["document_id"], before["content"])


async def test_the_audit_trail_holds_the_hash_of_the_signature(onboarding, applicant):
    signed = (await (await applicant()).sign()).json()
    [entry] = await onboarding.sql("select * from audit_entry where object_id = $1", signed["id"])
    assert entry["action"] == "document.sign"
    assert json.loads(entry["after"])["signature_hash"] == signed["signature_hash"]
