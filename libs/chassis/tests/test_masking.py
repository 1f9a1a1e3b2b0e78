"""Secrets, tax and bank data never stand in clear in the audit trail."""

import json
import re
from uuid import uuid4

import pytest
from chassis import audit
from chassis.masking import MASK, masked
from chassis.principal import Principal

SECRET = re.split(
    r"\s+",
    """password password_hash newPassword passphrase passcode secret client_secret totp_secret token refresh_token access-token
 tokens tax tax_id taxId TAX_NUMBER tax_form taxpayer_number ssn SSN social_security_number tin ein itin account_number accountNumber
 bank_account routing_number routingNumber iban card_number cvv pin otp totp recovery_codes recoveryCode private_key private_jwk api_key
 credential credentials authorization cookie w9 W9 ach ach_account seed w9_form""",
)
OPEN = re.split(
    r"\s+",
    """status role roles minutes work_date partner_id program_id account syntax taxi supervisor_rating document_hash
 signature_hash routing opinion spinning tint active ended_on skill_code""",
)


@pytest.mark.parametrize("name", SECRET)
def test_what_is_named_like_a_secret_is_masked_however_deep(name):
    assert masked({name: "12-3456789"}) == {name: MASK}
    assert masked({"all": [{"of": {name: ["12-3456789"]}}]}) == {"all": [{"of": {name: MASK}}]}
    assert masked({name: None}) == {name: None}


@pytest.mark.parametrize("name", OPEN)
def test_what_is_none_stays(name):
    assert masked({name: "12-3456789"}) == {name: "12-3456789"}


async def test_an_audit_entry_holds_no_secret(bare, database):
    thing = str(uuid4())
    async with database.transaction(Principal("student", uuid4())) as tx:
        audit.record(
            tx, "thing.change", "thing", thing,
            before=dict.fromkeys(SECRET, "12-3456789") | {"status": "old"}, after={"form": {"ssn": "12-3456789"}, "status": "new"},
        )  # fmt: skip
    (row,) = await bare.sql("select before::text, after::text from audit_entry where object_id = $1", thing)
    assert "12-3456789" not in row["before"] + row["after"]
    assert (json.loads(row["before"])["status"], json.loads(row["after"])) == ("old", {"form": {"ssn": MASK}, "status": "new"})
