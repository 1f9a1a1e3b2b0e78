"""Without a mouse."""

from playwright.async_api import Page, expect

from .conftest import Apprenticeship, Window, arrived


async def focused(page: Page) -> str:
    """What has the focus, as people would call it."""
    found: str = await page.evaluate("document.activeElement.labels?.[0]?.innerText || document.activeElement.innerText || ''")
    return found.strip()


async def tab_to(page: Page, name: str, most: int = 60) -> None:
    """Presses Tab until the thing of that name has the focus."""
    for _ in range(most):
        await page.keyboard.press("Tab")
        if (await focused(page)).startswith(name):
            return
    raise AssertionError(f"{name!r} is not reached with the Tab key")


async def test_the_first_stop_skips_to_the_content(window: Window) -> None:
    page = await window()
    await page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to the content")
    await expect(skip).to_be_focused()
    await expect(skip).to_be_in_viewport()
    await page.keyboard.press("Enter")
    await expect(page.locator("main")).to_be_focused()


async def test_signing_in_and_logging_hours_with_keys_alone(apprenticeship: Apprenticeship, window: Window) -> None:
    page = await window(path="/sign-in?next=/student")
    await tab_to(page, "Email address")
    await page.keyboard.type(apprenticeship.student.email)
    await tab_to(page, "Password")
    await page.keyboard.type(apprenticeship.student.password)
    await page.keyboard.press("Enter")
    await arrived(page, "/student")
    await tab_to(page, "Log hours")
    await page.keyboard.press("Enter")
    await tab_to(page, "Notes (optional)")
    await page.keyboard.type("By hand")
    await tab_to(page, "Log hours")
    await page.keyboard.press("Enter")
    await expect(page.locator("#log-hours").get_by_role("status")).to_contain_text("Logged: 1.00 hours")


async def test_the_focus_is_always_to_be_seen(apprenticeship: Apprenticeship, window: Window) -> None:
    page = await window(apprenticeship.holder, "/program-holder")
    for _ in range(15):
        await page.keyboard.press("Tab")
        if await page.evaluate("document.activeElement === document.body"):
            return
        style = await page.evaluate("(e => [getComputedStyle(e).outlineStyle, getComputedStyle(e).boxShadow])(document.activeElement)")
        assert style != ["none", "none"], await focused(page)
