"""Kafka's jars: which ones (a committed lock with SHA-256 sums), and how they get onto this machine (jgo, from Maven coordinates)."""

import fcntl
import hashlib
import json
import os
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from dev.paths import CACHE
from dev.processes import StartError

if TYPE_CHECKING:
    from jgo.maven import MavenContext

LOCK = Path(__file__).with_name("kafka-jars.json")
# The second carries what Kafka says into its log; Kafka's own coordinates leave the choice of one to whoever runs it.
ROOTS = ("org.apache.kafka:kafka_2.13:4.3.0", "org.slf4j:slf4j-simple:1.7.36")


class Jar(NamedTuple):
    group: str
    artifact: str
    version: str
    sha256: str

    @property
    def file(self) -> str:
        return f"{self.artifact}-{self.version}.jar"


def locked() -> list[Jar]:
    return [Jar(**entry) for entry in json.loads(LOCK.read_text())]


def folder() -> Path:
    """Where the jars lie: a folder of its own for each state of the lock, shared by all stacks of this clone."""
    return CACHE / f"kafka-{hashlib.sha256(LOCK.read_bytes()).hexdigest()[:12]}"


def are_here() -> bool:
    return (folder() / "complete").exists()


def _sum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def fetch(progress: Callable[[int, int], None] = lambda done, total: None) -> Path:
    """Fetches what is missing, checks every jar against the lock, gives the folder. `progress` hears (done, total)."""
    target = folder()
    if (target / "complete").exists():
        return target
    target.mkdir(parents=True, exist_ok=True)
    with (target / "fetching").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (target / "complete").exists():
            _fetch_into(target, progress)
    return target


def _fetch_into(target: Path, progress: Callable[[int, int], None]) -> None:
    from jgo.config import GlobalSettings
    from jgo.constants import MAVEN_CENTRAL_URL
    from jgo.maven import MavenContext

    repositories = {"central": MAVEN_CENTRAL_URL, **GlobalSettings.load().repositories}
    maven = MavenContext(repo_cache=target / "repository", remote_repos=repositories, timeout=60)
    jars = locked()
    with ThreadPoolExecutor(6) as pool:
        try:
            for done, _ in enumerate(pool.map(lambda jar: _fetch_one(maven, jar, target / jar.file), jars), start=1):
                progress(done, len(jars))
        except (OSError, RuntimeError) as error:
            pool.shutdown(cancel_futures=True)
            raise StartError(f"Kafka's jars could not be fetched ({error}). Check the network and start again; what came stays.") from error
    shutil.rmtree(target / "repository", ignore_errors=True)
    (target / "complete").touch()


def _fetch_one(maven: "MavenContext", jar: Jar, here: Path) -> None:
    if here.exists() and _sum(here) == jar.sha256:
        return
    fetched = maven.project(jar.group, jar.artifact).at_version(jar.version).artifact().resolve()
    if _sum(fetched) != jar.sha256:
        fetched.unlink()
        raise StartError(f"{jar.file} is not the file that the lock names: its SHA-256 differs. Try again, or ask who runs the mirror.")
    os.replace(fetched, here)


def lock() -> None:
    """Resolves the coordinates anew and writes the lock."""
    import jgo

    found = {artifact.component: artifact for root in ROOTS for artifact in jgo.resolve(root)}
    jars = [Jar(one.groupId, one.artifactId, one.version, _sum(one.resolve())) for one in found.values() if one.packaging == "jar"]
    LOCK.write_text(json.dumps([jar._asdict() for jar in sorted(jars)], indent=1) + "\n")
