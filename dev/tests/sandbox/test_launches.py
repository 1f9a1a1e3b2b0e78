"""Launch addresses: single use, limited in time, and not readable from the outside."""

import json
import re
import shutil
import subprocess

import httpx
import pytest


def launch(sandbox, enrollment):
    answer = sandbox.north.post("sso/launch", json={"student_id": enrollment["student_id"], "enrollment_id": enrollment["enrollment_id"]})
    assert answer.status_code == 201, answer.text
    return answer.json()


def test_a_launch_address_opens_the_course_once(sandbox):
    enrollment = sandbox.enrollment()
    address = launch(sandbox, enrollment)["sso_url"]
    page = httpx.get(address)
    assert page.status_code == 200
    assert "Client Well-Being &amp; Safety" in page.text
    assert "Infection control at the chair" in page.text
    assert sandbox.north.get(f"enrollments/{enrollment['enrollment_id']}").json()["last_accessed"]
    again = httpx.get(address)
    assert again.status_code == 410
    assert "start the course again" in again.text


def test_a_launch_address_expires(sandbox):
    enrollment = sandbox.enrollment()
    sandbox.clock(now="2026-11-18T15:00:00Z")
    early, late = launch(sandbox, enrollment), launch(sandbox, enrollment)
    assert early["expires_at"].startswith("2026-11-18T15:05")
    sandbox.clock(now="2026-11-18T15:04:00Z")
    assert httpx.get(early["sso_url"]).status_code == 200
    sandbox.clock(now="2026-11-18T15:06:00Z")
    assert httpx.get(late["sso_url"]).status_code == 410


def test_a_made_up_launch_address_is_not_found(sandbox):
    assert httpx.get(f"{sandbox.url}/milady/sso/guess").status_code == 404


def test_a_student_launches_only_the_own_course(sandbox):
    enrollment, other = sandbox.enrollment(), sandbox.student("other@example.org")
    answer = sandbox.north.post("sso/launch", json={"student_id": other["student_id"], "enrollment_id": enrollment["enrollment_id"]})
    assert answer.status_code == 404


def test_the_journal_does_not_keep_the_token(sandbox):
    address = launch(sandbox, sandbox.enrollment())["sso_url"]
    httpx.get(address)
    journal = sandbox.open.get("control/requests")
    assert address.rpartition("/")[2] not in journal.text
    assert journal.json()["requests"][-1]["path"] == "/milady/sso/{token}"


@pytest.mark.skipif(not shutil.which("node"), reason="node parses the player's script")
def test_the_player_studies_through_the_control_api(sandbox, tmp_path):
    """The page's own script, run by node over a few stand-ins for the browser's elements, against the real sandbox."""
    enrollment = sandbox.enrollment()
    html = httpx.get(launch(sandbox, enrollment)["sso_url"]).text
    data = dict(re.findall(r'data-(student|course|now)="([^"]+)"', html))
    lesson, activity = re.search(r'data-lesson="([^"]+)" data-activity="([^"]+)"', html).groups()
    script = re.search(r"<script>(.*)</script>", html, re.DOTALL).group(1)
    stand_ins = f"""
      const parts = {{ player: {{ dataset: {json.dumps(data)} }}, bar: {{}}, numbers: {{}}, said: {{}} }};
      const studied = {json.dumps({"lesson": lesson, "activity": activity})};
      let click; const button = {{ dataset: studied, addEventListener: (_, f) => click = f }};
      globalThis.document = {{ getElementById: id => parts[id], querySelectorAll: () => [button] }};
      const real = fetch; globalThis.fetch = (path, init) => real({json.dumps(sandbox.url)} + path, init);
      {script}
      click().then(() => console.log(JSON.stringify(parts)));
    """
    ran = subprocess.run(["node", "-e", stand_ins], capture_output=True, text=True, timeout=60)
    assert ran.returncode == 0, ran.stderr
    assert json.loads(ran.stdout)["numbers"]["textContent"] == "14.28 %, 0.50 hours"
    rows = sandbox.north.get(f"enrollments/{enrollment['enrollment_id']}/time-tracking").json()["by_date"]
    assert [(row["lesson_id"], row["hours_spent"]) for row in rows] == [(lesson, 0.5)]
