"""The sync workers as an operator sees them: which there are, what each has done, and how their group shares the partitions."""

from typing import Any

import httpx
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.coordinator.protocol import ConsumerProtocolMemberAssignment
from dev.live import Live
from dev.live_containers import WORKER, Containers
from dev.stack import Stack
from prometheus_client.parser import text_string_to_metric_families

GROUP = "milady-sync-worker"
READ = "import urllib.request as u; print(u.urlopen('http://127.0.0.1:8000/metrics').read().decode())"


def names(live: Live) -> list[str]:
    """The processes that run the workers; where these are not in containers, the first one has all other parts as well."""
    first = WORKER if isinstance(live, Containers) else "milady-sync"
    return sorted(name for name in live.processes() if name == first or name.removeprefix(f"{first}-").isdigit())


def applied(live: Live, topic: str) -> dict[str, int]:
    """How many events of the topic each worker has applied since it started."""
    found = {}
    for name in names(live):
        families = text_string_to_metric_families(_metrics(live, name))
        samples = [one for family in families for one in family.samples if one.name == "inbox_handled_total"]
        found[name] = int(sum(one.value for one in samples if one.labels == {"consumer": GROUP, "topic": topic}))
    return found


def _metrics(live: Live, name: str) -> str:
    if isinstance(live, Containers):
        number = name.removeprefix(WORKER).removeprefix("-") or "1"
        return live.docker("exec", "-T", "--index", number, WORKER, "python", "-c", READ).stdout
    return httpx.get(f"http://127.0.0.1:{live.stack.port(name)}/metrics", timeout=30).text


async def shares(stack: Stack) -> list[set[tuple[str, int]]]:
    """For each member of the workers' group the partitions that it holds; nothing while the group shares them anew."""
    admin = AIOKafkaAdminClient(bootstrap_servers=stack.kafka)
    await admin.start()
    try:
        (answer,) = await admin.describe_consumer_groups([GROUP])
    finally:
        await admin.close()
    ((_, _, state, _, _, members),) = [group[:6] for group in answer.groups]
    return [_share(member[4]) for member in members] if state == "Stable" else []


def _share(assignment: Any) -> set[tuple[str, int]]:
    told = ConsumerProtocolMemberAssignment.decode(assignment)
    return {(topic, partition) for topic, partitions in told.assignment for partition in partitions}
