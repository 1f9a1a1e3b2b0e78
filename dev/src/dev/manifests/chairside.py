"""Rules that compare the manifests with the services: parts, settings, consumer groups and topics."""

from collections import Counter
from collections.abc import Iterator
from typing import Annotated, Any

from pydantic import TypeAdapter, ValidationError

from dev.manifests.known import Known
from dev.manifests.overlay import Overlay, Workload, said, selects
from dev.manifests.render import Manifest

PREFIX = "CHAIRSIDE_"
OF_THE_IMAGE = {"secrets"}
"""Read before the settings are: the folder of secrets."""
OWNER = "chairside_owner_database_url"


def runs_every_part(overlay: Overlay, known: Known) -> Iterator[str]:
    """Each part of each service in one Deployment, and each service's migrations in one Job."""
    for service, parts in known.parts.items():
        mine = [one for name, one in overlay.processes() if name == service]
        run = Counter(part for one in mine for part in one.parts)
        if run != Counter(parts):
            yield f"{service} has the parts {', '.join(sorted(parts))}; the Deployments run {', '.join(sorted(run.elements())) or 'none'}."
        jobs = [one for one in overlay.workloads if one.is_job and one.service == service]
        if [one.pod["containers"][0].get("args") for one in jobs] != [["migrate"]]:
            yield f"{service} is migrated by {len(jobs)} Jobs instead of one."


def sets_what_the_service_reads(overlay: Overlay, known: Known) -> Iterator[str]:
    """Every CHAIRSIDE_ name is a setting, with a value that the service takes; what it must have is there."""
    for workload in overlay.workloads:
        fields = known.settings.get(workload.service or "")
        if fields is None:
            continue
        told = {
            name.removeprefix(PREFIX).lower(): value for name, value in overlay.environment(workload).items() if name.startswith(PREFIX)
        }
        hidden = {name.removeprefix(PREFIX.lower()) for name in overlay.secret_files(workload)}
        for name in sorted((told.keys() | hidden) - fields.keys() - OF_THE_IMAGE):
            yield f"{workload}: {PREFIX}{name.upper()} is no setting of {workload.service}."
        wanted = {name for name, field in fields.items() if field.is_required()}
        if workload.is_job:
            wanted.add(OWNER.removeprefix(PREFIX.lower()))
        # Where the operator makes the Secrets, their content cannot be known here: what else is missing is theirs.
        for name in sorted(wanted - told.keys() - hidden) if overlay.operators else ():
            yield f"{workload}: {PREFIX}{name.upper()} is not set."
        for name in sorted(told.keys() & fields.keys()):
            yield from (f"{workload}: {PREFIX}{name.upper()} is not usable: {fault}." for fault in _faults(fields[name], told[name]))


def _faults(field: Any, value: str) -> Iterator[str]:
    try:
        TypeAdapter(Annotated[field.annotation, field]).validate_python(value)
    except ValidationError as error:
        yield from (one["msg"] for one in error.errors())


def keeps_the_owner_to_migrations(overlay: Overlay, known: Known) -> Iterator[str]:
    """The role that owns the tables is no process's, or row-level security is for nothing."""
    owners = {
        one["metadata"]["name"]
        for one in overlay.of_kind("ExternalSecret")
        if any(entry["secretKey"] == OWNER for entry in one["spec"]["data"])
    }
    for _, one in overlay.processes():
        if found := {name for name in one.secrets if name in owners or name.endswith("-owner")}:
            yield f"{one} is given {', '.join(sorted(found))}, which is for migrations alone."


def can_be_ready(overlay: Overlay, known: Known) -> Iterator[str]:
    """The issuer of the keys fetches them from itself: through its Service, which leads to ready pods alone, it would wait for itself.

    Everyone listens on more than the loopback interface, or no probe reaches it.
    """
    for service, one in overlay.processes():
        told = overlay.environment(one)
        own = told.get("CHAIRSIDE_JWKS_URL", "").startswith("http://127.0.0.1:8000/")
        if "api" in one.parts and own != (service == "identity"):
            yield f"{one} fetches the signing keys from {told.get('CHAIRSIDE_JWKS_URL')}."
        if told.get("CHAIRSIDE_HOST") != "0.0.0.0":
            yield f"{one} listens on {told.get('CHAIRSIDE_HOST')}, where nobody reaches it."


def scales_each_group(overlay: Overlay, known: Known) -> Iterator[str]:
    """One ScaledObject a group, on the Deployment that runs it, over all of its topics, with at most a member a partition."""
    if not overlay.operators:
        return
    scalers = [(scaler, trigger["metadata"]) for scaler in overlay.of_kind("ScaledObject") for trigger in scaler["spec"]["triggers"]]
    for scaler, trigger in scalers:
        if trigger.get("consumerGroup") not in known.groups:
            yield f"{said(scaler)} looks at the group {trigger.get('consumerGroup')}, which nobody is in."
    for name in known.groups:
        mine = [(scaler, trigger) for scaler, trigger in scalers if trigger.get("consumerGroup") == name]
        if len({said(scaler) for scaler, _ in mine}) != 1:
            yield f"Group {name} is scaled by {len(mine)} ScaledObjects instead of one."
        else:
            yield from (f"{said(mine[0][0])} {fault}." for fault in _misfits(overlay, known, name, mine))


def _misfits(overlay: Overlay, known: Known, name: str, mine: list[tuple[Manifest, dict[str, str]]]) -> Iterator[str]:
    group, spec = known.groups[name], mine[0][0]["spec"]
    target = overlay.named("Deployment", spec["scaleTargetRef"]["name"])
    workload = Workload(target) if target else None
    if workload is None or workload.service != group.service or group.part not in workload.parts:
        yield f"scales {spec['scaleTargetRef']['name']}, but {name} is in the part {group.part} of {group.service}"
    topics = {trigger["topic"] for _, trigger in mine if "topic" in trigger}
    if topics and topics != group.topics:
        yield f"looks at {', '.join(sorted(topics))}, but {name} reads {', '.join(sorted(group.topics))}"
    partitions = sum(topic.partitions for topic in known.topics if topic.name in group.topics)
    if not 1 <= spec["minReplicaCount"] <= spec["maxReplicaCount"] <= partitions:
        yield f"goes from {spec['minReplicaCount']} to {spec['maxReplicaCount']} members; {name} needs one, and has {partitions} partitions"
    told = overlay.environment(workload) if workload else {}
    for _, trigger in mine:
        if not trigger.get("bootstrapServers") and not told.get(trigger.get("bootstrapServersFromEnv", "")):
            yield "does not know where Kafka is"


def makes_every_topic(overlay: Overlay, known: Known) -> Iterator[str]:
    """By Strimzi where it is, by a Job of ours elsewhere."""
    if not overlay.operators:
        if ["dev.operations", "topics"] not in [one.pod["containers"][0].get("args") for one in overlay.workloads]:
            yield f"Nobody makes the topics in {overlay.name}."
        return
    found = {one["metadata"]["name"]: one["spec"] for one in overlay.of_kind("KafkaTopic")}
    for topic in known.topics:
        spec = found.pop(topic.name, None)
        if spec is None or spec["partitions"] != topic.partitions or not topic.config.items() <= spec["config"].items():
            yield f"KafkaTopic {topic.name} is not as the contracts say: {spec or 'missing'}."
        elif not spec["replicas"] > int(spec["config"].get("min.insync.replicas", 1)) > 1:
            yield f"KafkaTopic {topic.name} loses records, or stops, with one broker."
    yield from (f"KafkaTopic {name} is no topic of the contracts." for name in found)


def reaches_what_it_needs(overlay: Overlay, known: Known) -> Iterator[str]:
    """Names and the database for all of ours, Kafka for those who speak to it."""
    for one in (one for one in overlay.workloads if one.service in known.parts):
        policies = [policy["spec"] for policy in overlay.of_kind("NetworkPolicy") if selects(policy["spec"]["podSelector"], one.labels)]
        ports = {port["port"] for spec in policies for rule in spec.get("egress", ()) for port in rule["ports"]}
        needed = {53, 5432} | ({9092} if {"consumers", "relay"} & set(one.parts) or _in_a_group(one, known) else set())
        yield from (f"{one} is not let out to port {port}." for port in sorted(needed - ports))


def _in_a_group(workload: Workload, known: Known) -> bool:
    return any(group.service == workload.service and group.part in workload.parts for group in known.groups.values())


def tells_the_gateway_what_it_reads(overlay: Overlay, known: Known) -> Iterator[str]:
    """The Caddyfile's own names, and for every service where it is."""
    for workload in overlay.workloads:
        if str(workload.pod["containers"][0].get("image", "")).partition(":")[0] != "caddy":
            continue
        told = overlay.environment(workload)
        yield from (f"{workload}: the Caddyfile does not read {name}." for name in sorted(told) if f"{{${name}" not in known.gateway)
        for service in known.parts:
            upstream = told.get(f"CHAIRSIDE_UPSTREAM_{service.upper().replace('-', '_')}", "")
            host, _, port = upstream.partition(":")
            found = overlay.named("Service", host)
            if not found or port not in {str(one["port"]) for one in found["spec"]["ports"]}:
                yield f"{workload} looks for {service} at {upstream or 'nowhere'}, where no Service is."


RULES = (
    runs_every_part,
    sets_what_the_service_reads,
    keeps_the_owner_to_migrations,
    can_be_ready,
    scales_each_group,
    makes_every_topic,
    reaches_what_it_needs,
    tells_the_gateway_what_it_reads,
)
