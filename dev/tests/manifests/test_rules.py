"""Every policy finds what it is there for: one thing broken in a world that passes, one finding."""

from typing import Any

import pytest
from dev.manifests import chairside, cluster, pods, schemas
from dev.manifests.overlay import said

from .conftest import GONE, TOY, Look

API, BEHIND, MIGRATE, GATEWAY = "Deployment barber-api", "Deployment barber-behind", "Job barber-migrate", "Deployment gateway"
POD = "spec/template/spec"
BOX = f"{POD}/containers/0"
SPREAD = f"{POD}/topologySpreadConstraints/0"
SCALED, TOPIC, OUT, IN = "ScaledObject barber-behind", "KafkaTopic cut.trimmed", "NetworkPolicy out", "NetworkPolicy in"
TRIGGER = "spec/triggers/0/metadata"
SETTINGS = "ConfigMap settings"

Case = tuple[Any, tuple[str, str, Any], str]
PODS: list[Case] = [
    (pods.runs_as_nobody_special, (API, f"{POD}/securityContext/runAsNonRoot", False), "may run as root"),
    (pods.runs_as_nobody_special, (API, f"{POD}/securityContext/runAsUser", GONE), "may run as root"),
    (pods.runs_as_nobody_special, (MIGRATE, f"{POD}/securityContext/seccompProfile", GONE), "no seccomp profile"),
    (pods.runs_as_nobody_special, (API, f"{POD}/automountServiceAccountToken", GONE), "token of the cluster's API"),
    (pods.runs_as_nobody_special, (API, f"{POD}/hostNetwork", True), "takes part in the machine"),
    (pods.runs_as_nobody_special, (API, f"{BOX}/securityContext/readOnlyRootFilesystem", GONE), "may write to its root"),
    (pods.runs_as_nobody_special, (API, f"{BOX}/securityContext/allowPrivilegeEscalation", GONE), "may gain privileges"),
    (pods.runs_as_nobody_special, (API, f"{BOX}/securityContext/capabilities", {}), "keeps capabilities"),
    (pods.runs_as_nobody_special, (API, f"{BOX}/securityContext/capabilities/add", ["SYS_ADMIN"]), "keeps capabilities"),
    (pods.runs_as_nobody_special, (API, f"{BOX}/securityContext/runAsUser", 0), "runs as root"),
    (pods.has_bounds, (MIGRATE, f"{BOX}/resources/limits/memory", GONE), "has no limits memory"),
    (pods.has_bounds, (GATEWAY, f"{BOX}/resources", GONE), "has no requests cpu, requests memory, limits cpu, limits memory"),
    (pods.can_be_asked, (API, f"{BOX}/startupProbe", GONE), "has no startupProbe"),
    (pods.can_be_asked, (API, f"{BOX}/livenessProbe/httpGet/path", "/readyz"), "liveness is /livez"),
    (pods.has_a_fixed_image, (GATEWAY, f"{BOX}/image", "caddy:latest"), "neither a tag nor a digest"),
    (pods.has_a_fixed_image, (GATEWAY, f"{BOX}/image", "caddy"), "neither a tag nor a digest"),
    (pods.has_time_to_drain, (API, f"{POD}/terminationGracePeriodSeconds", 25), "must be more than 25"),
    (pods.has_time_to_drain, (MIGRATE, f"{POD}/terminationGracePeriodSeconds", GONE), "must be more than 20"),
    (pods.keeps_settings_to_itself, (API, f"{POD}/enableServiceLinks", GONE), "enableServiceLinks"),
    (pods.spreads_by_its_own_labels, (API, f"{SPREAD}/matchLabelKeys", ["name"]), "name is in the spread's labelSelector"),
    (pods.spreads_by_its_own_labels, (API, f"{SPREAD}/labelSelector", {"matchLabels": {"name": "baker"}}), "not select its own pods"),
]
CLUSTER: list[Case] = [
    (cluster.selects_its_own_pods, (BEHIND, "spec/selector/matchLabels", {"name": "barber"}), "selects the pods of"),
    (cluster.is_interrupted_gently, ("PodDisruptionBudget gateway", "", GONE), "covered by 0 disruption budgets"),
    (cluster.is_interrupted_gently, ("PodDisruptionBudget gateway", "spec/maxUnavailable", 0), "more than 0"),
    (cluster.is_denied_everything, ("NetworkPolicy deny-all", "spec/podSelector", {"matchLabels": {"part": "api"}}), "denies everything"),
    (cluster.is_denied_everything, (OUT, "spec/egress/0/to", GONE), "speak to anybody"),
    (cluster.is_denied_everything, (IN, "spec/ingress/0/from", GONE), "lets anybody in"),
    (cluster.speaks_of_somebody, (IN, "spec/podSelector/matchLabels/part", "apo"), "selects no pod"),
    (cluster.speaks_of_somebody, (IN, "spec/ingress/0/from/0/podSelector/matchLabels/name", "gate"), "selects no pod"),
    (cluster.names_what_is_there, ("ConfigMap gateway", "metadata/name", "gate"), "needs ConfigMap gateway"),
    (
        cluster.names_what_is_there,
        (GATEWAY, f"{POD}/volumes", [{"name": "a", "persistentVolumeClaim": {"claimName": "b"}}]),
        "needs PersistentVolumeClaim b",
    ),
    (cluster.names_what_is_there, ("HorizontalPodAutoscaler barber-api", "spec/scaleTargetRef/name", "x"), "scales x, which is not there"),
    (cluster.names_what_is_there, ("Service barber-api", "spec/ports/0/targetPort", "web"), "whose ports are http"),
    (cluster.names_what_is_there, ("Service barber-api", "spec/selector/part", "apo"), "leads to 0 workloads"),
    (
        cluster.names_what_is_there,
        ("Ingress door", "spec/rules/0/http/paths/0/backend/service/name", "x"),
        "leads to Service x, which is not there",
    ),
    (cluster.is_scaled_by_one, (BEHIND, "spec/replicas", 2), "its manifest says replicas: 2"),
    (cluster.is_scaled_by_one, ("HorizontalPodAutoscaler barber-api", "spec/scaleTargetRef/name", "barber-behind"), "is scaled by 2"),
    (cluster.keeps_secrets_out, (API, f"{BOX}/env", [{"name": "CHAIRSIDE_DATABASE_URL", "value": "postgresql://a:b@c/d"}]), "sets"),
    (cluster.keeps_secrets_out, (SETTINGS, "data/MILADY_TOKEN", "abc"), "ConfigMap settings sets MILADY_TOKEN openly"),
    (cluster.keeps_secrets_out, (BEHIND, f"{BOX}/envFrom", [{"secretRef": {"name": "x"}}]), "needs Secret x"),
]
OURS: list[Case] = [
    (chairside.runs_every_part, (BEHIND, f"{BOX}/args/2", "consumers,relay"), "the Deployments run api, consumers, relay"),
    (chairside.runs_every_part, (MIGRATE, f"{BOX}/args", ["serve"]), "is migrated by 1 Jobs"),
    (chairside.sets_what_the_service_reads, (SETTINGS, "data/CHAIRSIDE_KAFFKA", "k:1"), "CHAIRSIDE_KAFFKA is no setting of barber"),
    (chairside.sets_what_the_service_reads, (SETTINGS, "data/CHAIRSIDE_KAFKA", "nowhere"), "CHAIRSIDE_KAFKA is not usable"),
    (
        chairside.sets_what_the_service_reads,
        ("ExternalSecret barber-secrets", "spec/data/0/secretKey", "chairside_x"),
        "DATABASE_URL is not set",
    ),
    (chairside.sets_what_the_service_reads, ("ExternalSecret barber-owner", "spec/data/0/secretKey", "y"), "OWNER_DATABASE_URL is not set"),
    (
        chairside.keeps_the_owner_to_migrations,
        (API, f"{POD}/volumes/0/projected/sources/0/secret/name", "barber-owner"),
        "which is for migrations alone",
    ),
    (chairside.can_be_ready, (SETTINGS, "data/CHAIRSIDE_JWKS_URL", "http://127.0.0.1:8000/keys"), "fetches the signing keys from"),
    (chairside.can_be_ready, (SETTINGS, "data/CHAIRSIDE_HOST", "127.0.0.1"), "where nobody reaches it"),
    (chairside.scales_each_group, (SCALED, f"{TRIGGER}/consumerGroup", "barbers"), "the group barbers, which nobody is in"),
    (chairside.scales_each_group, (SCALED, "", GONE), "Group barber is scaled by 0 ScaledObjects"),
    (chairside.scales_each_group, (SCALED, "spec/scaleTargetRef/name", "gateway"), "but barber is in the part consumers"),
    (chairside.scales_each_group, (SCALED, f"{TRIGGER}/topic", "cut.dyed"), "looks at cut.dyed, but barber reads cut.trimmed"),
    (chairside.scales_each_group, (SCALED, "spec/maxReplicaCount", 4), "has 3 partitions"),
    (chairside.scales_each_group, (SCALED, "spec/minReplicaCount", 0), "needs one"),
    (chairside.scales_each_group, (SCALED, f"{TRIGGER}/bootstrapServersFromEnv", "KAFKA"), "does not know where Kafka is"),
    (chairside.makes_every_topic, (TOPIC, "", GONE), "is not as the contracts say: missing"),
    (chairside.makes_every_topic, (TOPIC, "spec/partitions", 1), "is not as the contracts say"),
    (chairside.makes_every_topic, (TOPIC, "spec/config/cleanup.policy", "compact"), "is not as the contracts say"),
    (chairside.makes_every_topic, (TOPIC, "spec/replicas", 2), "loses records, or stops, with one broker"),
    (chairside.makes_every_topic, (TOPIC, "metadata/name", "cut.dyed"), "cut.dyed is no topic of the contracts"),
    (chairside.reaches_what_it_needs, (OUT, "spec/egress/0/ports", [{"port": 53}, {"port": 9092}]), "is not let out to port 5432"),
    (chairside.reaches_what_it_needs, (OUT, "spec/egress/0/ports", [{"port": 53}, {"port": 5432}]), "is not let out to port 9092"),
    (chairside.tells_the_gateway_what_it_reads, ("ConfigMap gateway", "data/CHAIRSIDE_UPSTREAM_BAKER", "b:1"), "does not read"),
    (chairside.tells_the_gateway_what_it_reads, ("ConfigMap gateway", "data/CHAIRSIDE_UPSTREAM_BARBER", "barber:8000"), "no Service is"),
]
SCHEMAS: list[Case] = [
    (schemas.is_what_the_cluster_takes, (API, f"{POD}/securityContexts", {}), "securityContexts"),
    (schemas.is_what_the_cluster_takes, (API, "apiVersion", "apps/v1beta1"), "Couldn't find schema"),
    (schemas.is_what_the_cluster_takes, (SCALED, f"{TRIGGER}/lagThreshold", 10), "valid string"),
    (schemas.is_what_the_cluster_takes, (SCALED, f"{TRIGGER}/bootstrapserver", "k:1"), "Extra inputs"),
    (schemas.is_what_the_cluster_takes, (TOPIC, "metadata/name", "cut_trimmed"), "should match pattern"),
    (schemas.is_what_the_cluster_takes, (TOPIC, "apiVersion", "kafka.strimzi.io/v1beta2"), "v1"),
    (schemas.is_what_the_cluster_takes, ("ExternalSecret barber-owner", "spec/data", []), "at least 1 item"),
]
CASES = [*PODS, *CLUSTER, *OURS, *SCHEMAS]


def test_the_toy_world_passes(look: Look) -> None:
    assert look() == []


@pytest.mark.parametrize(("rule", "broken", "finding"), CASES, ids=[f"{rule.__name__}-{number}" for number, (rule, *_) in enumerate(CASES)])
def test_what_is_broken_is_found(
    look: Look, monkeypatch: pytest.MonkeyPatch, rule: Any, broken: tuple[str, str, Any], finding: str
) -> None:
    assert any(finding in sentence for sentence in look(broken))
    # It is this rule that finds it: without it, nobody does.
    for module in (pods, cluster, chairside):
        monkeypatch.setattr(module, "RULES", tuple(one for one in module.RULES if one is not rule))
    assert rule is schemas.is_what_the_cluster_takes or not any(finding in sentence for sentence in look(broken))


def of_toy(root: str, which: str) -> Any:
    return next(one for one in TOY[root] if said(one) == which)


def test_two_roots_do_not_bring_different_things_under_one_name(look: Look) -> None:
    other = {**of_toy("prepare", "Namespace toy"), "metadata": {"name": "toy", "labels": {"a": "b"}}}
    assert look(add={".": [other]}) == ["Namespace toy comes twice, and differs."]


def test_migrations_come_before_processes(look: Look) -> None:
    together = look((MIGRATE, "", GONE), add={".": [of_toy("prepare", MIGRATE)]})
    assert together == [f"{MIGRATE} is applied together with the processes; it belongs into prepare."]
    early = look((BEHIND, "", GONE), add={"prepare": [of_toy(".", BEHIND)]})
    assert early == [f"{BEHIND} is applied with prepare, before the migrations are done."]


def test_every_rule_has_a_case() -> None:
    apart = {cluster.says_one_thing, cluster.comes_in_order}
    assert {rule for rule, *_ in CASES} | apart == {*pods.RULES, *cluster.RULES, *chairside.RULES, *schemas.RULES}


def test_a_secret_is_found_wherever_it_is(look: Look) -> None:
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "barber", "namespace": "toy"}, "stringData": {"a": "b"}}
    assert look(add={"prepare": [secret]}) == ["Secret barber holds secrets in the manifests; refer to them."]


def test_without_operators_a_job_makes_the_topics(look: Look) -> None:
    changes = [
        (SCALED, "", GONE),
        (TOPIC, "", GONE),
        ("ExternalSecret barber-secrets", "", GONE),
        ("ExternalSecret barber-owner", "", GONE),
    ]
    assert look(*changes, operators=False) == ["Nobody makes the topics in toy."]
