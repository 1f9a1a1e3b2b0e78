"""`python -m dev.sandbox` as the stack runs it: settings, refusals to start, and its memory of what happened."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest
from dev.sandbox.settings import SettingsError, from_environment, read_tokens


@contextmanager
def process(**environment: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A sandbox process, and its first line: where it listens, or what is wrong."""
    env = {**os.environ, "CHAIRSIDE_HOST": "127.0.0.1", "CHAIRSIDE_PORT": "0", "CHAIRSIDE_MILADY_TOKEN": "secret", **environment}
    running = subprocess.Popen([sys.executable, "-m", "dev.sandbox"], env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        yield running, running.stdout.readline().strip()
    finally:
        running.kill()
        running.wait()
        running.stdout.close()


def client(line: str) -> httpx.Client:
    return httpx.Client(base_url=line.removeprefix("Sandbox of Milady CIMA: "), headers={"Authorization": "Bearer secret"})


def test_a_killed_sandbox_goes_on_where_it_was(tmp_path):
    data = str(tmp_path / "new" / "sandbox.db")
    with process(CHAIRSIDE_SANDBOX_DATA=data) as (running, line), client(line) as http:
        student = {"email": "ada@example.org", "first_name": "Ada", "last_name": "Lovelace"}
        student_id = http.post("milady/api/v1/students", json=student).json()["student_id"]
        enrollment = {"student_id": student_id, "course_code": "rise-wellbeing-safety"}
        enrollment_id = http.post("milady/api/v1/enrollments", json=enrollment).json()["enrollment_id"]
        launch = http.post("milady/api/v1/sso/launch", json={"student_id": student_id, "enrollment_id": enrollment_id}).json()
        http.put("control/clock", json={"now": "2026-11-18T15:00:00Z"})
        http.put("control/dialect", json={"dialect": "b"})
        http.put("control/faults", json={"error_probability": 0, "requests_per_second": 1000})
        study = {
            "milady_student_id": student_id,
            "course": "rise-wellbeing-safety",
            "hours": "3.5",
            "on": "2026-11-18",
            "activity": "video",
        }
        assert http.post("control/study", json=study).json()["status"] == "completed"
        certificate = http.get(f"milady/api/v1/enrollments/{enrollment_id}/certificate").json()
        running.send_signal(signal.SIGKILL)
        running.wait()
    with process(CHAIRSIDE_SANDBOX_DATA=data) as (_, line), client(line) as http:
        state = http.get("control/state").json()
        assert state["now"].startswith("2026-11-18T15:0")
        assert state["dialect"] == "b"
        again = http.get(f"milady/api/v1/enrollments/{enrollment_id}/certificate").json()
        assert again["certificate_id"] == certificate["certificate_id"]
        assert http.post("milady/api/v1/students", json=student).json()["existing_id"] == student_id
        assert http.get(f"milady/api/v1/enrollments/{enrollment_id}").json()["time_spent"] == "3.50"
        assert http.get("control/faults").json()["requests_per_second"] is None, "faults end with the process"
        http.put("control/clock", json={"now": "2000-01-02T00:00:00Z"})
        token = launch["sso_url"].rpartition("/")[2]
        assert http.get(f"milady/sso/{token}").status_code == 200


def test_it_stops_when_told_even_while_a_client_waits_for_a_held_request():
    with process() as (running, line), client(line) as http, socket.create_connection((http.base_url.host, http.base_url.port)) as waiting:
        http.put("control/faults", json={"next": [{"kind": "hold", "seconds": 3600}]})
        waiting.sendall(b"GET /milady/api/v1/courses HTTP/1.1\r\nHost: sandbox\r\n\r\n")
        while http.get("control/faults").json()["next"]:
            pass
        running.send_signal(signal.SIGTERM)
        assert running.wait(timeout=60) in (0, -signal.SIGTERM)


def test_a_missing_token_is_said():
    with process(CHAIRSIDE_MILADY_TOKEN="") as (running, line):
        assert line == "sandbox: CHAIRSIDE_MILADY_TOKEN is not set; set it to the token that clients of Milady will send."
        assert running.wait() == 1


def test_a_port_in_use_is_said():
    with socket.create_server(("127.0.0.1", 0)) as taken, process(CHAIRSIDE_PORT=str(taken.getsockname()[1])) as (running, line):
        assert "cannot listen on 127.0.0.1:" in line
        assert running.wait() == 1


@pytest.mark.parametrize("spoil", ["text", "folder", "other-version"])
def test_a_data_file_that_cannot_be_used_is_said(tmp_path, spoil):
    data = tmp_path / "sandbox.db"
    if spoil == "text":
        data.write_text("not a database, but long enough to be taken for one " * 100)
    elif spoil == "folder":
        data.mkdir()
    else:
        import sqlite3

        with sqlite3.connect(data) as db:
            db.execute("PRAGMA user_version = 99")
    with process(CHAIRSIDE_SANDBOX_DATA=str(data)) as (running, line):
        assert line.startswith("sandbox: ")
        assert str(data) in line
        assert running.wait() == 1


def test_settings_come_from_the_environment(tmp_path):
    read = from_environment({"CHAIRSIDE_MILADY_TOKEN": "t", "CHAIRSIDE_PORT": "9000", "CHAIRSIDE_SANDBOX_DATA": str(tmp_path / "x")})
    assert (read.host, read.port, read.data, dict(read.tokens)) == ("127.0.0.1", 9000, tmp_path / "x", {"t": "default"})
    assert read_tokens("north:a, south:b") == {"a": "north", "b": "south"}
    for port in ("x", "-1", "65536", ""):
        with pytest.raises(SettingsError, match="CHAIRSIDE_PORT"):
            from_environment({"CHAIRSIDE_MILADY_TOKEN": "t", "CHAIRSIDE_PORT": port})
    for tokens in ("a b", ",", "north:", "é"):
        with pytest.raises(SettingsError, match="CHAIRSIDE_MILADY_TOKEN"):
            read_tokens(tokens)
