"""The migrations make what the service needs, and a second run changes nothing."""

from chassis.migrate import head


async def test_every_table_of_ours_with_personal_data_is_protected(messaging):
    rows = await messaging.sql("select relname from pg_class where relkind = 'r' and relrowsecurity and relforcerowsecurity")
    assert {"message", "person", "idempotency_key"} <= {row["relname"] for row in rows}


async def test_migrating_again_changes_nothing(messaging):
    again = messaging.run("migrate")
    assert (again.returncode, again.stdout) == (0, f"messaging: at {head('messaging')}\n"), again.stderr
