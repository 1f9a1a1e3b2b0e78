"""What changes elsewhere appears on an open page without a reload. Scans run for a whole zone: each of these tests has one of its own."""

from datetime import timedelta
from typing import Any

from dev.demo.stage import Stage
from playwright.async_api import Page, expect

from .conftest import WEEK, Apprenticeship, Window, enrolled


async def untouched(page: Page) -> None:
    """Leaves a mark in the page that a reload would wipe out."""
    await page.evaluate("window.untouched = true")


async def log(made: Apprenticeship, day: int) -> None:
    """The student logs five hours on a day of the week."""
    entry = {"enrollment_id": made.enrollment, "work_date": (WEEK + timedelta(day)).isoformat(), "minutes": 300, "category": "practical"}
    await made.student.ask("POST", "compliance", "/v1/hours", 201, json=entry)


async def scan(made: Apprenticeship, kind: str, zone: str, day: int) -> Any:
    """The check of one day of the week."""
    slot = {"kind": kind, "zone": zone, "date": (WEEK + timedelta(day)).isoformat()}
    return await made.admin.ask("POST", "compliance", "/v1/scans", 201, json=slot)


async def test_an_alert_appears_and_vanishes_on_open_pages(stage: Stage, window: Window) -> None:
    made = await enrolled(stage, "America/Boise", "Sam")
    student, holder = await window(made.student, "/student"), await window(made.holder, "/program-holder")
    for page in (student, holder):
        await untouched(page)
        await expect(page.get_by_text("No open alerts")).to_be_visible()
    await log(made, 0)
    await scan(made, "midweek", "America/Boise", 2)
    for page in (student, holder):
        await expect(page.locator("article.alert")).to_contain_text("5.00 of 10.00 hours")
        await expect(page.locator("#announcer")).to_have_text("1 open alert")
    await holder.get_by_text("Why this alert?").click()
    await expect(holder.get_by_role("table", name="Ledger entries that were counted")).to_contain_text("5.00")
    await log(made, 3)
    for page in (student, holder):
        await expect(page.get_by_text("No open alerts")).to_be_visible()
        assert await page.evaluate("window.untouched"), "the page was loaded anew"


async def test_an_explanation_that_is_open_stays_open_when_another_alert_comes(stage: Stage, window: Window) -> None:
    made = await enrolled(stage, "America/Menominee", "Amina")
    holder = await window(made.holder, "/program-holder")
    await scan(made, "weekly", "America/Menominee", 6)
    await expect(holder.locator("article.alert")).to_have_count(1)
    first = await holder.locator("article.alert").get_attribute("id")
    await holder.get_by_text("Why this alert?").click()
    await scan(made, "midweek", "America/Menominee", 9)
    await expect(holder.locator("article.alert")).to_have_count(2)
    await expect(holder.locator(f"#{first} details")).to_have_attribute("open", "")


async def test_logged_hours_appear_beside_the_form_that_logged_them(apprenticeship: Apprenticeship, window: Window) -> None:
    page = await window(apprenticeship.student, "/student")
    await untouched(page)
    form = page.locator("#log-hours")
    await form.get_by_label("Hours", exact=True).fill("1")
    await form.get_by_label("Minutes").fill("15")
    await form.get_by_role("button", name="Log hours").click()
    await expect(form.get_by_role("status")).to_contain_text("Logged: 1.25 hours")
    await expect(form.get_by_role("status")).to_be_focused()
    await expect(page.locator("#part-hours")).to_contain_text("1.25 h")
    assert await page.evaluate("window.untouched")
