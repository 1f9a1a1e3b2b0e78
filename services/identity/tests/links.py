"""What tests of links that come by mail do."""

NEW = "tulip granite velvet"
RESET, VERIFICATION = "password-reset", "email-verification"


def completes(identity, token, password=NEW):
    return identity.client().post("/v1/password-resets/completion", json={"token": token, "password": password})


def verifies(identity, token):
    return identity.client().post("/v1/email-verifications/completion", json={"token": token})


def kind_of(answer):
    return answer.status_code, answer.json()["type"].rpartition("/")[2]


async def kept(identity):
    """Every row of every table, as one text."""
    tables = await identity.sql("select table_name from information_schema.tables where table_schema = 'public'")
    rows = [row[0] for each in tables for row in await identity.sql(f'select cast(t as text) from "{each["table_name"]}" t')]
    return "\n".join(rows)
