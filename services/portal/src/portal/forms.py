"""Forms: reading what people typed, and answering at the form itself."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from chassis import problems
from chassis.errors import Malformed, NotSignedIn, Refusal
from fastapi import Request, Response
from fastapi.responses import RedirectResponse
from starlette.datastructures import FormData, UploadFile

from portal.clients import Refused
from portal.rendering import by_htmx, html


class FieldWrong(Malformed):
    """A field of a form cannot be read."""


def text(form: FormData, name: str) -> str:
    """A text field without the blanks around it; empty where it is missing."""
    value = form.get(name)
    return value.strip() if isinstance(value, str) else ""


def optional(form: FormData, name: str) -> str | None:
    """A text field, None where it is empty."""
    return text(form, name) or None


def whole(form: FormData, name: str, label: str, default: int | None = None) -> int:
    """A whole number. Raises FieldWrong, which names the field as people see it."""
    told = text(form, name)
    if not told and default is not None:
        return default
    if not told.isascii() or not told.isdecimal() or len(told) > 9:
        raise FieldWrong(f"{label}: write a whole number, such as 2.")
    return int(told)


def upload(form: FormData, name: str) -> UploadFile | None:
    """A chosen file, None where none was chosen."""
    value = form.get(name)
    return value if isinstance(value, UploadFile) and value.filename else None


def typed(form: FormData) -> dict[str, str]:
    """What was typed, to show it again; a file cannot be shown again, and a password must not be."""
    return {name: value for name, value in form.items() if isinstance(value, str) and name not in ("password", "present", "key")}


def own_path(path: str | None) -> str:
    """A path of this site to go on to, from what a browser sent; the start page for anything else."""
    told = path or ""
    parts = urlsplit(told)
    return told if told.startswith("/") and not told.startswith(("//", "/\\")) and not parts.netloc else "/"


def status_of(refusal: Refusal) -> int:
    """The status that goes with a refusal."""
    return refusal.status if isinstance(refusal, Refused) else problems.of_refusal(refusal).status_code


async def answered(
    request: Request,
    template: str,
    work: Callable[[], Awaitable[str]],
    *,
    then: str,
    form: FormData,
    context: Mapping[str, Any],
    page: str = "form_page.html",
) -> Response:
    """Carries out what a form asks for. `work` gives the sentence that says what was done, and `then` is the page that shows it.

    What is refused is said at the form, filled in as it was; to a browser without scripts the form comes on its `page`.
    Raises NotSignedIn.
    """
    told: dict[str, Any]
    try:
        told, status = {"done": await work(), "error": None, "values": {}}, 200
    except NotSignedIn:
        raise
    except Refusal as refusal:
        told, status = {"done": None, "error": refusal.sentence, "values": typed(form)}, status_of(refusal)
    if by_htmx(request):
        return html(request, template, status=status, **context, **told)
    return RedirectResponse(then, 303) if status == 200 else html(request, page, status=status, form=template, **context, **told)


async def noticed(request: Request, work: Callable[[], Awaitable[str]], *, then: str) -> Response:
    """Carries out what a single button asks for; the answer is one sentence in the button's place. Raises NotSignedIn."""
    try:
        sentence, status = await work(), 200
    except NotSignedIn:
        raise
    except Refusal as refusal:
        sentence, status = refusal.sentence, status_of(refusal)
    if by_htmx(request):
        return html(request, "notice.html", status=status, sentence=sentence, good=status == 200)
    if status == 200:
        return RedirectResponse(then, 303)
    return html(request, "error.html", status=status, title="That did not work", sentence=sentence, back=then)
