"""The database functions that the field's documents name, as each kind of principal may call them."""

from datetime import timedelta
from decimal import Decimal

import asyncpg

TOLD = "select week_start($1::date), get_week_hours($2, $1::date), get_last_activity_date($3)"


async def test_they_tell_of_whom_the_caller_sees(enroll):
    place = await enroll()
    week = place.monday(1)
    assert (await place.log(week + timedelta(days=1), 100)).status_code == 201
    assert (await place.log(week + timedelta(days=5), 45)).status_code == 201
    other = await place.beside()
    seen = {("student", place.student_id): True, ("partner", place.partner_id): True, ("student", other.student_id): False}
    connection = await asyncpg.connect(place.service.database.login_url)
    try:
        for (kind, user_id), sees in seen.items():
            await connection.execute(
                "select set_config('role', $1, false), set_config('app.user_id', $2, false)", f"compliance_{kind}", str(user_id)
            )
            for day in (0, 3, 6):
                told = await connection.fetchrow(TOLD, week + timedelta(days=day), place.enrollment_id, place.student_id)
                expected = (Decimal("2.42"), week + timedelta(days=5)) if sees else (Decimal("0.00"), None)
                assert tuple(told) == (week, *expected), kind
    finally:
        await connection.close()
