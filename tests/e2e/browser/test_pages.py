"""Every page: what it shows, that axe finds nothing wrong with it, that it fits a phone, and how it looks (pictures in a folder)."""

import os
from pathlib import Path

import pytest
from dev.demo.stage import eventually
from playwright.async_api import Page, expect

from .conftest import Apprenticeship, Window, violations

PAGES = {
    "welcome": (None, "/"),
    "sign-in": (None, "/sign-in"),
    "sign-up": (None, "/sign-up"),
    "forgot-password": (None, "/forgot-password"),
    "password-reset": (None, "/password-reset"),
    "email-verification": (None, "/email-verification"),
    "account": ("student", "/account"),
    "disclosures": ("student", "/account/disclosures"),
    "join": (None, "/partners/join"),
    "student": ("student", "/student"),
    "program-holder": ("holder", "/program-holder"),
    "program": ("holder", "/program-holder/programs/new"),
    "enroll": ("holder", "/program-holder/students/new"),
    "onboarding": ("holder", "/onboarding/start"),
    "admin": ("admin", "/admin/partners"),
    "missing": (None, "/nowhere"),
}


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the pictures go: CHAIRSIDE_PICTURES, or a folder of this run."""
    folder = Path(os.environ.get("CHAIRSIDE_PICTURES") or tmp_path_factory.mktemp("pictures"))
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.mark.parametrize("width", [1280, 390], ids=["wide", "phone"])
@pytest.mark.parametrize("name", PAGES)
async def test_nothing_is_wrong_with_it(apprenticeship: Apprenticeship, window: Window, pictures: Path, name: str, width: int) -> None:
    role, path = PAGES[name]
    page = await window(getattr(apprenticeship, role) if role else None, path, width)
    await page.screenshot(path=pictures / f"{name}-{width}.png", full_page=True)
    assert await violations(page) == []
    assert await page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), "it does not fit"


async def test_nothing_is_wrong_with_a_paper_and_a_service(apprenticeship: Apprenticeship, window: Window, pictures: Path) -> None:
    page = await window(apprenticeship.holder, "/onboarding/start")
    await page.get_by_role("link", name="Agreement").first.click()
    await expect(page.locator("article.document h1").first).to_be_visible()
    await checked(page, pictures / "document.png")
    page = await window(apprenticeship.student, "/student")
    await page.locator("#part-skills .recent a").first.click()
    await expect(page.get_by_role("img", name="Photo after the service")).to_be_visible()
    # Asked anew each time: the page's policy forbids scripts that look again by themselves.
    await eventually("the photo", lambda: page.evaluate("document.querySelector('.photos img').naturalWidth > 0"))
    await checked(page, pictures / "service.png")


async def checked(page: Page, picture: Path) -> None:
    await page.screenshot(path=picture, full_page=True)
    assert await violations(page) == []


async def test_the_student_sees_22_45_and_33_percent(apprenticeship: Apprenticeship, window: Window) -> None:
    page = await window(apprenticeship.student, "/student")
    await expect(page.get_by_role("img", name="Overall: 33 percent")).to_be_visible()
    for label, percent in (("Theory", "45"), ("Practical", "22"), ("Haircut", "22"), ("Fade", "23"), ("Shave", "16")):
        await expect(page.get_by_role("progressbar", name=label, exact=True)).to_have_attribute("value", percent)
    await expect(page.get_by_text("45 of 200 · 22%")).to_be_visible()


async def test_no_page_asks_for_anything_elsewhere(apprenticeship: Apprenticeship, window: Window) -> None:
    page = await window(apprenticeship.student, "/student")
    asked: list[str] = []
    said: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: said.append(message.text))
    await page.reload()
    own = page.url.removesuffix("/student")
    assert asked
    assert [url for url in asked if not url.startswith(own)] == []
    assert said == [], "the content security policy, or a script, complains"
