"""What people look at first, as they read it: the dashboard, the inbox of alerts, a statement."""

import statistics
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import plans
from _cohort import Cohort
from chassis.database import Database, Transaction
from chassis.pagination import Paging
from compliance.queries import alerts, dashboard, statements

ROUNDS = 60
FIRST = Paging(50, None)


async def _partners(tx: Transaction, ids: Mapping[str, Any]) -> Any:
    return await dashboard.dashboard(tx, dashboard.Filter(week_start=ids["week"]), FIRST, datetime.now(UTC))


async def _inbox(tx: Transaction, _: Mapping[str, Any]) -> Any:
    return await alerts.alerts(tx, alerts.Filter(status="open"), "severity", FIRST)


async def _statement(tx: Transaction, ids: Mapping[str, Any]) -> Any:
    return await statements.statement(tx, ids["enrollment"], datetime.now(UTC) - timedelta(days=1), datetime.now(UTC))


READS = {
    "weeklyDashboardOfPartner": plans.Query("dashboard of a partner with 200 students", "compliance", "partner", _partners, {}),
    "weeklyDashboardOfAdmin": plans.Query("dashboard of everybody, an administrator's first page", "compliance", "admin", _partners, {}),
    "alertInbox": plans.Query("inbox by severity, an administrator's first page", "compliance", "admin", _inbox, {}),
    "statement": plans.Query("statement of an enrollment as of yesterday", "compliance", "partner", _statement, {}),
}


async def read(database: Database, admin: asyncpg.Connection, cohort: Cohort) -> dict[str, tuple[float, str]]:
    """The median of each read in ms in the database, and how it is run."""
    [(enrollment_id, student_id)] = await cohort.students(admin, [cohort.size // 2])
    ids: dict[str, Any] = {"me": await cohort.partner(admin, cohort.size // 2), "week": cohort.week}
    ids |= {"enrollment": enrollment_id, "student": student_id}
    found = {}
    for name, query in READS.items():
        statement = await plans.statements(database, query, ids)
        async with plans.acting(database, query.kind, ids["me"]) as tx:
            took = [(await plans.timed(tx, statement))[0] * 1000 for _ in range(ROUNDS)]
            found[name] = (statistics.median(took), await plans.explained(tx, statement))
    return found
