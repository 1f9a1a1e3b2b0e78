"""A partner from signing up to the first enrolled student, and a student's first service, all by the pages."""

from datetime import date
from uuid import uuid4

from dev.demo.photos import photo
from dev.demo.stage import Stage
from playwright.async_api import Page, expect

from .. import people
from .conftest import WEEK, Apprenticeship, Window, arrived, sign_in


async def test_a_wrong_password_is_said_at_the_form(apprenticeship: Apprenticeship, window: Window) -> None:
    page = await window(path="/sign-in")
    await page.get_by_label("Email address").fill(apprenticeship.student.email)
    await page.get_by_label("Password").fill("not the password")
    await page.get_by_role("button", name="Sign in").click()
    await expect(page.get_by_role("alert").filter(has_text="is not right")).to_be_focused()
    await expect(page.get_by_label("Email address")).to_have_value(apprenticeship.student.email)
    await expect(page.get_by_label("Password")).to_have_value("")


async def test_signing_out_closes_the_pages(apprenticeship: Apprenticeship, window: Window) -> None:
    page = await window(apprenticeship.student, "/student")
    await page.get_by_role("button", name="Sign out").click()
    await expect(page.get_by_role("heading", name="From the first cut to the license.")).to_be_visible()
    await page.goto("/student")
    await arrived(page, "/sign-in?next=/student")


async def applies(page: Page, name: str, email: str, password: str) -> None:
    """Signs up from the role's card and applies with one click."""
    await page.goto("/partners/join")
    await page.get_by_role("link", name="Create an account to apply").first.click()
    await page.get_by_label("Full name").fill(name)
    await page.get_by_label("Email address").fill(email)
    await page.get_by_label("Password").fill(password)
    await page.get_by_role("button", name="Create the account").click()
    await arrived(page, "/partners/join")
    await page.get_by_role("button", name="Apply as Program Holder").click()
    await arrived(page, "/onboarding/start")


async def signs(page: Page, name: str) -> None:
    """Reads every paper that asks for a signature, and signs it."""
    while await page.get_by_text("Read and sign").count():
        await page.get_by_role("listitem").filter(has_text="Read and sign").first.get_by_role("link").click()
        for box in await page.get_by_role("checkbox").all():
            await box.check()
        await page.get_by_label("Type your full name to sign").fill(name)
        await page.get_by_role("button", name="Sign", exact=False).last.click()
        await arrived(page, "/onboarding/start")


async def test_from_signing_up_to_an_enrolled_student(stage: Stage, window: Window) -> None:
    tag = uuid4().hex[:8]
    name, email, password = f"Dana {tag}", f"dana-{tag}@e2e.example", f"a long password {tag}"
    student, admin = await people.somebody(stage, "Sam"), await people.administrator(stage)
    page, desk = await window(), await window(admin, "/admin/partners")
    await applies(page, name, email, password)
    await signs(page, name)
    row = desk.locator("#part-queue").get_by_role("row").filter(has_text=name)
    await row.get_by_role("button", name="Approve").click()
    await expect(desk.locator("#queue-outcome")).to_contain_text("Approved, and active now.")
    await expect(row).to_contain_text("Active")
    await page.get_by_role("link", name="Go to your students").click()
    await expect(page.get_by_role("heading", name="My students")).to_be_visible()

    await page.get_by_role("link", name="Publish a program").click()
    await page.get_by_role("button", name="Publish the program").click()
    await arrived(page, "/program-holder")
    await expect(page.get_by_role("link", name="Enroll the first one")).to_be_visible()
    await page.get_by_role("link", name="Enroll a student").click()
    await page.get_by_label("Student's email address").fill("nobody@e2e.example")
    await page.get_by_label("First day").fill(date.today().isoformat())
    await page.get_by_role("button", name="Enroll").click()
    await expect(page.get_by_role("alert").filter(has_text="Nobody has signed up")).to_be_visible()
    await page.get_by_label("Student's email address").fill(student.email)
    await page.get_by_role("button", name="Enroll").click()
    await arrived(page, "/program-holder")
    await expect(page.get_by_role("row").filter(has_text=student.email)).to_be_visible()


async def test_a_service_from_the_chair_to_the_quota(stage: Stage, apprenticeship: Apprenticeship, window: Window) -> None:
    person = await people.somebody(stage, "Amina")
    await people.until_known(person, await people.enroll(apprenticeship.holder, apprenticeship.program, person, WEEK))
    student, holder = await window(person, "/student"), await window(apprenticeship.holder, "/program-holder")
    form, name = student.locator("#log-service"), f"Mid fade {uuid4().hex[:6]}"
    await form.get_by_label("Service", exact=True).select_option(label="Fade")
    await form.get_by_label("What you did").fill(name)
    await form.get_by_label("Client").fill("client-17")
    text = {"name": "notes.txt", "mimeType": "text/plain", "buffer": b"no picture"}
    await form.get_by_label("Photo after").set_input_files(text)
    await form.get_by_role("button", name="Send for approval").click()
    await expect(form.get_by_role("alert")).to_be_focused()
    await expect(form.get_by_label("What you did")).to_have_value(name)
    await form.get_by_label("Photo after").set_input_files({"name": "a.jpg", "mimeType": "image/jpeg", "buffer": photo(7)})
    await form.get_by_role("button", name="Send for approval").click()
    await expect(form.get_by_role("status")).to_contain_text("Sent for approval")
    await expect(student.locator("#part-skills")).to_contain_text("1 waiting for approval")

    await holder.get_by_role("row").filter(has_text=name).get_by_role("link", name="Review individually").click()
    await holder.get_by_label("Your rating").select_option("5")
    await holder.get_by_role("button", name="Approve").click()
    await expect(holder.locator("#decision")).to_contain_text("Approved.")
    await expect(student.get_by_text("1 of 100 · 1%")).to_be_visible()


async def test_coming_back_leads_on_to_where_one_was_going(apprenticeship: Apprenticeship, window: Window) -> None:
    page = await window(path="/program-holder/students/new")
    await arrived(page, "/sign-in?next=/program-holder/students/new")
    await sign_in(page, apprenticeship.holder)
    await arrived(page, "/program-holder/students/new")


async def test_an_administrator_suspends_a_partner_who_reads_why(stage: Stage, window: Window) -> None:
    partner, admin = await people.partner(stage, "worksite", f"Robin {uuid4().hex[:6]}"), await people.administrator(stage)
    desk, reason = await window(admin, "/admin/partners"), "No insurance since 1 November."
    row = desk.get_by_role("row").filter(has_text=partner.email)
    await row.get_by_text("Suspend", exact=False).first.click()
    await row.get_by_label("Why, for them to read").fill(reason)
    await row.get_by_role("button", name="Suspend").click()
    await expect(desk.get_by_role("status").filter(has_text="Suspended.")).to_be_focused()
    await expect(row.get_by_role("button", name="Reinstate")).to_be_visible()
    page = await window(partner, "/onboarding/start")
    await expect(page.get_by_text(reason)).to_be_visible()
    await expect(page.locator("#part-partner_state")).to_contain_text("Your role is suspended")
    await row.get_by_role("button", name="Reinstate").click()
    await expect(desk.get_by_role("status").filter(has_text="active now")).to_be_focused()
    await expect(page.locator("#part-partner_state")).to_contain_text("You are active.")
