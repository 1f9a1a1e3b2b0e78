"""What the tests of payroll profiles share."""

NUMBERS = {"routing_number": "021000021", "account_number": "000778899001", "tax_id": "912-34-5671"}
DIGITS = ("021000021", "000778899001", "912345671", "912-34-5671")


async def enter(someone, **other):
    return await someone.http.put("/v1/payroll-profiles/me", json=NUMBERS | other)


async def decide(payroll, someone, how="approval", tag="*", **body):
    path = f"/v1/payroll-profiles/{someone.id}/{how}"
    return await payroll.http.post(path, headers={"If-Match": tag}, **({"json": body} if body else {}))


def kind(answer):
    return answer.status_code, answer.json()["type"].removeprefix("/problems/")
