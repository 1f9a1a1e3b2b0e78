"""The pages that a student meets: the course player behind a launch address, and where a login address leads."""

from datetime import datetime
from html import escape
from typing import Annotated

from fastapi import APIRouter, Path
from fastapi.responses import HTMLResponse

from dev.sandbox import clock
from dev.sandbox.errors import Refused
from dev.sandbox.html import page
from dev.sandbox.milady import commands
from dev.sandbox.milady.courses import Lesson
from dev.sandbox.milady.domain import Enrollment, lessons_completed
from dev.sandbox.state import Database, Now

router = APIRouter(prefix="/milady", include_in_schema=False)

# The date of the study is that of the sandbox's clock in the student's own zone, which only the browser knows.
_SCRIPT = """
const player = document.getElementById("player").dataset, opened = Date.now();
const say = text => document.getElementById("said").textContent = text;
document.querySelectorAll("button").forEach(button => button.addEventListener("click", async () => {
  const now = new Date(Date.parse(player.now) + Date.now() - opened), two = n => String(n).padStart(2, "0");
  const on = `${now.getFullYear()}-${two(now.getMonth() + 1)}-${two(now.getDate())}`;
  const { lesson, activity } = button.dataset;
  const body = JSON.stringify({ milady_student_id: player.student, course: player.course, hours: "0.50", on, lesson, activity });
  const answer = await fetch("/control/study", { method: "POST", headers: { "Content-Type": "application/json" }, body });
  const result = await answer.json();
  if (!answer.ok) return say(result.error.message);
  document.getElementById("bar").value = result.completion_percentage;
  document.getElementById("numbers").textContent = `${result.completion_percentage} %, ${result.total_hours} hours`;
  say(result.status === "completed" ? "The course is completed and its certificate issued." : "Half an hour is on your record.");
}));
"""


@router.get("/sso/{token}")
async def open_course(token: Annotated[str, Path(max_length=200)], db: Database, now: Now) -> HTMLResponse:
    """The course player, once; afterwards a page that says how to come back."""
    try:
        with db:
            enrollment = commands.launch(db, token, now)
    except Refused as refusal:
        return page("This course cannot be opened", f"<p>{escape(refusal.message)}</p>", refusal.status)
    return page(escape(enrollment.course.title), _player(enrollment, now))


@router.get("/login")
async def login() -> HTMLResponse:
    """Where a student's login address leads: nobody has a password here."""
    return page("Milady CIMA sandbox", "<p>There are no passwords here: start a course from your student page in Chairside.</p>")


def _player(enrollment: Enrollment, now: datetime) -> str:
    percent, spent = f"{enrollment.percent_hundredths / 100:g}", f"{enrollment.hundredths / 100:.2f}"
    done = lessons_completed(enrollment.course, enrollment.percent_hundredths)
    lessons = "".join(_lesson(lesson, lesson in done) for lesson in enrollment.course.lessons)
    data = f'data-student="{enrollment.student_id}" data-course="{enrollment.course_code}" data-now="{clock.stamp(now)}"'
    return (
        f'<section id="player" {data}><p><label for="bar">Progress</label> <progress id="bar" max="100" value="{percent}"></progress> '
        f'<span id="numbers">{percent} %, {spent} hours</span></p><p id="said" role="status"></p>'
        f"<table><caption>Lessons</caption>{lessons}</table></section><script>{_SCRIPT}</script>"
    )


def _lesson(lesson: Lesson, done: bool) -> str:
    return (
        f'<tr><th scope="row">{escape(lesson.title)}</th><td>{lesson.activity}</td><td>{lesson.hundredths / 100:.2f} hours</td>'
        f'<td>{"completed" if done else ""}</td><td><button data-lesson="{lesson.id}" data-activity="{lesson.activity}"'
        f' aria-label="Study half an hour of {escape(lesson.title)}">Study half an hour</button></td></tr>'
    )
