"""What an operator gets wrong: the one part concerned says so in a sentence, stays where it can wait, and the others go on."""

import asyncio
import json
from pathlib import Path

import pytest
from dev.demo.stage import Stage
from dev.live_containers import Containers

from . import people, waiting
from .images import PYTHON, Beside, beside, docker, layered

pytestmark = pytest.mark.timeout(600)
BAD = '''"""A migration that cannot work."""

from chassis.migrate import execute

revision, down_revision = "9000", "{head}"


def upgrade() -> None:
    execute(["create table half_done (id int)", "alter table there_is_no_such_table add column x int"])
'''


def until_it_says(one: Beside, *words: str) -> dict[str, str]:
    """What it lacks, as soon as the words are in that; it still runs then, and was started once."""
    waiting.until(f"{words}", lambda: all(word in one.lacks() for word in words), 90)
    assert (one.state["Status"], one.restarts) == ("running", 0)
    return dict(json.loads(one.lacks())["missing"])


@pytest.mark.parametrize(("name", "value", "said"), [
    ("CHAIRSIDE_KAFKA", "no-port", "CHAIRSIDE_KAFKA is not usable: "),
    ("CHAIRSIDE_JWKS_URL", "identity", "CHAIRSIDE_JWKS_URL is not usable: "),
    ("CHAIRSIDE_TRACES", "/nowhere/at/all", "CHAIRSIDE_TRACES is not usable: /nowhere/at/all: No such file or directory"),
])  # fmt: skip
def test_a_malformed_setting_stops_the_one_service_with_one_sentence(containers: Containers, name: str, value: str, said: str) -> None:
    with beside(containers, "compliance", **{name: value}) as one:
        waiting.until("its end", lambda: one.restarts >= 1, 60)
        lines = set(one.said().splitlines())
    assert len(lines) == 1, lines
    (line,) = lines
    assert line.startswith(said)
    assert line.endswith("Set it in the environment and start again.")
    assert containers.lacking("compliance") == {}


def test_a_missing_secret_is_named(containers: Containers, tmp_path: Path) -> None:
    with beside(containers, "compliance", CHAIRSIDE_SECRETS="/tmp") as one:
        waiting.until("its end", lambda: one.restarts >= 1, 60)
        assert "CHAIRSIDE_DATABASE_URL is not set. Set it in the environment and start again." in one.said()
        assert "Traceback" not in one.said()


def test_a_wrong_password_is_named_and_waited_for(containers: Containers, tmp_path: Path) -> None:
    right = (containers.stack.home / "secrets" / "compliance_database_url").read_text().strip()
    wrong = tmp_path / "url"
    wrong.write_text(right.replace(right.split(":")[2].split("@")[0], "a-wrong-secret"))
    wrong.chmod(0o444)
    tmp_path.chmod(0o755)
    with beside(containers, "compliance", "--volume", f"{wrong}:/run/secrets/chairside_database_url:ro") as one:
        lacks = until_it_says(one, "refuses the role or password of CHAIRSIDE_DATABASE_URL")
        assert "at postgres:5432" in lacks["database"]
        assert "a-wrong-secret" not in one.said()


def test_a_broker_that_cannot_be_reached_is_named_and_waited_for(containers: Containers) -> None:
    with beside(containers, "compliance", CHAIRSIDE_KAFKA="nowhere:9092") as one:
        lacks = until_it_says(one, "relay", "consumer compliance")
        assert all("nowhere:9092" in what for what in lacks.values()), lacks


def test_a_full_volume_is_named_and_waited_for(containers: Containers) -> None:
    with beside(containers, "skills", "--tmpfs", "/data:size=1m,uid=10001") as one:
        lacks = until_it_says(one, "storage")
        assert "at /data is full" in lacks["storage"]


async def test_a_migration_that_fails_leaves_the_old_version_serving(containers: Containers, stage: Stage, tmp_path: Path) -> None:
    head = docker("run", "--rm", "--entrypoint", "python", "chairside/messaging:dev", "-c",
                  "from chassis import migrate; print(migrate.head('messaging'))").stdout.strip()  # fmt: skip
    (tmp_path / "bad.py").write_text(BAD.format(head=head))
    layered("chairside/messaging", "e2e-bad", tmp_path, **{"bad.py": Path(f"{PYTHON}/messaging/migrations/versions/9000_bad.py")})
    newer = {"CHAIRSIDE_TAG_MESSAGING": "e2e-bad"}
    done = await asyncio.to_thread(lambda: containers.docker("run", "--rm", "--no-deps", "messaging-migrate", check=False, **newer))
    assert done.returncode == 1
    assert "The migration of messaging failed and was undone" in done.stderr
    assert "there_is_no_such_table" in done.stderr
    assert containers.lacking("messaging") == {}
    with beside(containers, "messaging", image="chairside/messaging:e2e-bad") as one:
        lacks = await asyncio.to_thread(until_it_says, one, "migrations")
        assert lacks["migrations"] == "are not at this build's version; run migrate"
    admin = await people.administrator(stage)
    assert "items" in await admin.ask("GET", "messaging", "/v1/notifications")
