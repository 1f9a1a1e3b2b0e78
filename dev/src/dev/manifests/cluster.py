"""Policies for how the manifests hang together: what they name is there, and nobody is left without a policy or a budget."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from dev.manifests.overlay import Overlay, Workload, said, selects
from dev.manifests.render import Manifest

SCALERS = ("HorizontalPodAutoscaler", "ScaledObject")


def selects_its_own_pods(overlay: Overlay) -> Iterator[str]:
    """A Deployment's selector takes in its own pods and nobody else's."""
    for one in overlay.of_kind("Deployment"):
        selected = [str(other) for other in overlay.workloads if selects(one["spec"].get("selector", {}), other.labels)]
        if selected != [said(one)]:
            yield f"{said(one)} selects the pods of {', '.join(selected) or 'nobody'}."


def is_interrupted_gently(overlay: Overlay) -> Iterator[str]:
    """One budget a Deployment, which lets some pod go: one that lets none go holds up the emptying of a node."""
    budgets = list(overlay.of_kind("PodDisruptionBudget"))
    for one in overlay.workloads:
        mine = [budget for budget in budgets if selects(budget["spec"].get("selector", {}), one.labels)]
        if not one.is_job and len(mine) != 1:
            yield f"{one} is covered by {len(mine)} disruption budgets instead of one."
    for budget in budgets:
        if budget["spec"].get("maxUnavailable") in (None, 0, "0%"):
            yield f"{said(budget)} must say maxUnavailable, and more than 0."


def is_denied_everything(overlay: Overlay) -> Iterator[str]:
    """Every pod is under a policy that allows nothing in either direction; what is allowed is named besides."""
    policies = list(overlay.of_kind("NetworkPolicy"))
    denies = [one["spec"]["podSelector"] for one in policies if _denies(one["spec"])]
    for workload in overlay.workloads:
        if not any(selects(selector, workload.labels) for selector in denies):
            yield f"{workload} is under no NetworkPolicy that denies everything."
    for policy in policies:
        if "Egress" in policy["spec"].get("policyTypes", ()) and any(
            not rule.get("to") or not rule.get("ports") for rule in policy["spec"].get("egress", ())
        ):
            yield f"{said(policy)} lets pods speak to anybody, or on any port."
        if any(not rule.get("from") or not rule.get("ports") for rule in policy["spec"].get("ingress", ())):
            yield f"{said(policy)} lets anybody in, or on any port."


def _denies(spec: dict[str, Any]) -> bool:
    return {"Ingress", "Egress"} <= set(spec.get("policyTypes", ())) and not spec.get("ingress") and not spec.get("egress")


def speaks_of_somebody(overlay: Overlay) -> Iterator[str]:
    """Every selector of a policy takes in a pod; one that takes in none is misspelt. Development lacks what only operators need."""
    for policy in overlay.of_kind("NetworkPolicy"):
        spec = policy["spec"]
        rules = [*(("from", one) for one in spec.get("ingress", ())), *(("to", one) for one in spec.get("egress", ()))]
        peers = [
            peer["podSelector"]
            for side, rule in rules
            for peer in rule.get(side, ())
            if "podSelector" in peer and "namespaceSelector" not in peer
        ]
        for selector in [spec["podSelector"], *peers]:
            if not any(selects(selector, one.labels) for one in overlay.workloads):
                yield f"{said(policy)} selects no pod with {selector}."


def names_what_is_there(overlay: Overlay) -> Iterator[str]:
    """ConfigMaps (in what is applied together), volumes, scaled Deployments, Services and their pods and ports."""
    for root, manifests in overlay.roots.items():
        maps = {one["metadata"]["name"] for one in manifests if one["kind"] == "ConfigMap"}
        for one in (Workload(one) for one in manifests if one["kind"] in ("Deployment", "Job")):
            yield from (f"{one} needs ConfigMap {name}, which {root} does not bring." for name in sorted(_maps(one) - maps))
    claims = {one["metadata"]["name"] for one in overlay.of_kind("PersistentVolumeClaim")}
    for workload in overlay.workloads:
        wanted = {
            volume["persistentVolumeClaim"]["claimName"] for volume in workload.pod.get("volumes", ()) if "persistentVolumeClaim" in volume
        }
        yield from (f"{workload} needs PersistentVolumeClaim {name}, which is not there." for name in sorted(wanted - claims))
    for scaler in overlay.of_kind(*SCALERS):
        if not overlay.named("Deployment", scaler["spec"]["scaleTargetRef"]["name"]):
            yield f"{said(scaler)} scales {scaler['spec']['scaleTargetRef']['name']}, which is not there."
    yield from _doors(overlay)


def _maps(workload: Workload) -> set[str]:
    sources = [one["configMapRef"] for box in workload.containers for one in box.get("envFrom", ()) if "configMapRef" in one]
    return {
        str(one["name"])
        for one in [*sources, *(volume["configMap"] for volume in workload.pod.get("volumes", ()) if "configMap" in volume)]
    }


def _doors(overlay: Overlay) -> Iterator[str]:
    for service in overlay.of_kind("Service"):
        pods = [one for one in overlay.workloads if selects({"matchLabels": service["spec"].get("selector", {})}, one.labels)]
        ports = {port["name"] for one in pods for box in one.containers for port in box.get("ports", ())}
        if len(pods) != 1 or any(port.get("targetPort") not in ports for port in service["spec"]["ports"]):
            yield f"{said(service)} leads to {len(pods)} workloads, whose ports are {', '.join(sorted(ports)) or 'none'}."
    for ingress in overlay.of_kind("Ingress"):
        wanted = {path["backend"]["service"]["name"] for rule in ingress["spec"]["rules"] for path in rule["http"]["paths"]}
        yield from (
            f"{said(ingress)} leads to Service {name}, which is not there." for name in sorted(wanted) if not overlay.named("Service", name)
        )


def is_scaled_by_one(overlay: Overlay) -> Iterator[str]:
    """No Deployment is scaled by two, nor by one while the manifest sets its replicas again at each apply."""
    targets = Counter(str(one["spec"]["scaleTargetRef"]["name"]) for one in overlay.of_kind(*SCALERS))
    for name, count in targets.items():
        target = overlay.named("Deployment", name) or {"spec": {}}
        if count > 1 or "replicas" in target["spec"]:
            yield f"Deployment {name} is scaled by {count}, and its manifest says replicas: {target['spec'].get('replicas', 'nothing')}."


def keeps_secrets_out(overlay: Overlay) -> Iterator[str]:
    """No secret's content is in a manifest; what pods name comes from an ExternalSecret, where the cluster has those."""
    yield from (f"{said(one)} holds secrets in the manifests; refer to them." for one in overlay.of_kind("Secret"))
    hidden = ("TOKEN", "PASSWORD", "SECRET_", "_KEY", "DATABASE_URL")
    for name, where in _set_openly(overlay):
        if any(part in name and name != "CHAIRSIDE_SECRETS" for part in hidden):
            yield f"{where} sets {name} openly; it belongs into a Secret."
    made = {one["metadata"]["name"] for one in overlay.of_kind("ExternalSecret")}
    for one in overlay.workloads if overlay.operators else ():
        yield from (
            f"{one} needs Secret {name}, which no ExternalSecret makes."
            for name in sorted((one.secrets | one.secrets_in_environment) - made)
        )


def _set_openly(overlay: Overlay) -> Iterator[tuple[str, str]]:
    for one in overlay.of_kind("ConfigMap"):
        yield from ((name, said(one)) for name in one.get("data") or ())
    for workload in overlay.workloads:
        yield from ((one["name"], str(workload)) for box in workload.containers for one in box.get("env", ()) if "value" in one)


def comes_in_order(overlay: Overlay) -> Iterator[str]:
    """Migrations are waited for before processes begin: a consumer works from its first second, whether it is ready or not."""

    def among(root: str, kind: str) -> list[Manifest]:
        return [one for one in overlay.roots.get(root, ()) if one["kind"] == kind]

    yield from (f"{said(one)} is applied together with the processes; it belongs into prepare." for one in among(".", "Job"))
    for root in overlay.roots.keys() - {"."}:
        yield from (f"{said(one)} is applied with {root}, before the migrations are done." for one in among(root, "Deployment"))


def says_one_thing(overlay: Overlay) -> Iterator[str]:
    """What two roots bring under one name is the same, or each apply takes back the other's."""
    seen: dict[str, Manifest] = {}
    for one in (one for manifests in overlay.roots.values() for one in manifests):
        if seen.setdefault(said(one), one) != one:
            yield f"{said(one)} comes twice, and differs."


RULES = (
    says_one_thing,
    selects_its_own_pods,
    is_interrupted_gently,
    is_denied_everything,
    speaks_of_somebody,
    names_what_is_there,
    is_scaled_by_one,
    keeps_secrets_out,
    comes_in_order,
)
