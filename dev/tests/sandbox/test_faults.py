"""Every fault strikes whom it should and nobody else, and ends when it is told to."""

import json
from threading import Thread

import httpx
import pytest

STUDENT = {"email": "ada@example.org", "first_name": "Ada", "last_name": "Lovelace"}


def test_down_means_down_for_all_until_cleared(sandbox):
    sandbox.faults(down=True)
    assert [client.get("courses").status_code for client in (sandbox.north, sandbox.south)] == [503, 503]
    assert sandbox.open.get("readyz").status_code == 200
    assert sandbox.open.delete("control/faults").status_code == 204
    assert sandbox.north.get("courses").status_code == 200


def test_the_rate_limit_is_each_tenants_own(sandbox):
    # One request in 1000 s: no test machine is slow enough to earn a second one.
    sandbox.faults(requests_per_second=0.001)
    assert sandbox.north.get("courses").status_code == 200
    refused = sandbox.north.get("courses")
    assert refused.status_code == 429
    assert 900 < int(refused.headers["retry-after"]) <= 1000
    assert refused.json()["error"]["code"] == "rate_limited"
    assert sandbox.south.get("courses").status_code == 200
    sandbox.faults(requests_per_second=0.001)
    assert sandbox.north.get("courses").status_code == 200, "a new order begins with a full allowance"
    sandbox.faults()
    assert sandbox.north.get("courses").status_code == 200


def test_a_rate_allows_as_many_at_once_as_in_a_second(sandbox):
    sandbox.faults(requests_per_second=3)
    answers = [sandbox.north.get("courses").status_code for _ in range(3)]
    assert answers == [200, 200, 200]


def test_ordered_answers_strike_the_next_requests_of_a_path_and_do_no_work(sandbox):
    sandbox.faults(next=[{"kind": "status", "status": 502, "count": 2, "path": "POST */students"}])
    assert sandbox.north.get("students").status_code == 200
    assert [sandbox.north.post("students", json=STUDENT).status_code for _ in range(2)] == [502, 502]
    assert sandbox.open.get("control/faults").json()["next"] == []
    assert sandbox.north.post("students", json=STUDENT).status_code == 201


def test_what_is_left_of_an_order_can_be_read(sandbox):
    sandbox.faults(next=[{"kind": "status", "count": 3, "path": "*/courses"}, {"kind": "malformed"}])
    assert sandbox.north.get("courses").status_code == 500
    left = sandbox.open.get("control/faults").json()["next"]
    assert [(fault["kind"], fault["count"]) for fault in left] == [("status", 2), ("malformed", 1)]


def test_a_malformed_answer_is_no_json_but_its_work_is_done(sandbox):
    sandbox.faults(next=[{"kind": "malformed"}])
    answer = sandbox.north.post("students", json=STUDENT)
    assert answer.status_code == 201
    with pytest.raises(json.JSONDecodeError):
        answer.json()
    assert sandbox.north.post("students", json=STUDENT).status_code == 409


def test_error_probability_one_strikes_every_request(sandbox):
    sandbox.faults(error_probability=1, error_status=418)
    assert {sandbox.north.get("courses").status_code for _ in range(5)} == {418}
    sandbox.faults(error_probability=0)
    assert {sandbox.north.get("courses").status_code for _ in range(5)} == {200}


@pytest.mark.parametrize("latency", [30, [20, 40]])
def test_latency_delays_and_then_answers(sandbox, latency):
    sandbox.faults(latency_ms=latency)
    answer = sandbox.north.get("courses")
    assert answer.status_code == 200
    assert answer.elapsed.total_seconds() >= 0.02
    assert sandbox.open.get("control/faults").json()["latency_ms"] == latency


def test_a_client_gives_up_on_a_held_request_whose_work_is_not_done(sandbox):
    sandbox.faults(next=[{"kind": "hold", "seconds": 3600}])
    with pytest.raises(httpx.ReadTimeout):
        sandbox.north.post("students", json=STUDENT, timeout=0.2)
    while sandbox.open.get("control/requests").json()["requests"][0]["status"] != 504:
        pass  # The hold ends because the client left, not after its hour.
    assert sandbox.north.post("students", json=STUDENT).status_code == 201


def test_a_late_answer_is_that_of_work_done(sandbox):
    sandbox.faults(next=[{"kind": "late", "seconds": 3600}])
    with pytest.raises(httpx.ReadTimeout):
        sandbox.north.post("students", json=STUDENT, timeout=0.2)
    while not sandbox.north.get("students").json()["students"]:
        pass
    assert sandbox.north.post("students", json=STUDENT).status_code == 409


@pytest.mark.parametrize(("kind", "status"), [("hold", 504), ("late", 201)])
def test_the_end_of_the_faults_lets_held_requests_go(sandbox, kind, status):
    sandbox.faults(next=[{"kind": kind, "seconds": 3600}])
    answers = []
    asking = Thread(target=lambda: answers.append(sandbox.north.post("students", json=STUDENT, timeout=60)))
    asking.start()
    while sandbox.open.get("control/faults").json()["next"]:
        pass
    assert sandbox.open.get("control/requests").json()["requests"][-1]["status"] is None
    sandbox.open.delete("control/faults")
    asking.join()
    assert answers[0].status_code == status


@pytest.mark.parametrize(
    "settings",
    [
        {"latency_ms": -1},
        {"latency_ms": [5, 1]},
        {"latency_ms": [1, 2, 3]},
        {"requests_per_second": 0},
        {"error_probability": 1.5},
        {"error_status": 200},
        {"next": [{"kind": "explode"}]},
        {"next": [{"kind": "status", "count": 0}]},
        {"nonsense": True},
    ],
)
def test_settings_that_do_not_fit_leave_the_faults_alone(sandbox, settings):
    sandbox.faults(down=True)
    assert sandbox.open.put("control/faults", json=settings).status_code == 422
    assert sandbox.open.get("control/faults").json()["down"] is True
