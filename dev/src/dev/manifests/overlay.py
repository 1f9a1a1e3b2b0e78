"""One overlay's manifests, and what the rules ask of them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from dev.manifests.render import Manifest

NAME, COMPONENT = "app.kubernetes.io/name", "app.kubernetes.io/component"


def said(manifest: Manifest) -> str:
    """How a finding calls it: `Deployment compliance-api`."""
    return f"{manifest.get('kind')} {manifest.get('metadata', {}).get('name')}"


def selects(selector: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    """Whether a label selector takes in these labels. An empty one takes in everything."""
    expressions = selector.get("matchExpressions") or ()
    asked = [bool(labels.get(one["key"]) in one["values"]) is bool(one["operator"] == "In") for one in expressions]
    return all(asked) and all(labels.get(key) == value for key, value in (selector.get("matchLabels") or {}).items())


@dataclass(frozen=True)
class Workload:
    """A Deployment or a Job, and the pods that it makes."""

    manifest: Manifest

    def __str__(self) -> str:
        return said(self.manifest)

    @property
    def name(self) -> str:
        return str(self.manifest["metadata"]["name"])

    @property
    def is_job(self) -> bool:
        return bool(self.manifest["kind"] == "Job")

    @property
    def labels(self) -> dict[str, str]:
        """The pods'."""
        return dict(self.manifest["spec"]["template"].get("metadata", {}).get("labels") or {})

    @property
    def pod(self) -> dict[str, Any]:
        return dict(self.manifest["spec"]["template"]["spec"])

    @property
    def containers(self) -> list[dict[str, Any]]:
        return [*self.pod.get("initContainers", ()), *self.pod["containers"]]

    @property
    def service(self) -> str | None:
        """The service of ours that runs in it, told by its image."""
        image = str(self.pod["containers"][0].get("image", ""))
        return image.partition("chairside/")[2].partition("@")[0].partition(":")[0] or None

    @property
    def parts(self) -> list[str]:
        """What `serve --only` names."""
        arguments = self.pod["containers"][0].get("args") or []
        return str(arguments[2]).split(",") if arguments[:2] == ["serve", "--only"] else []

    @property
    def secrets(self) -> set[str]:
        """The Secrets that the pod cannot start without."""
        sources = [source for volume in self.pod.get("volumes", ()) for source in volume.get("projected", {}).get("sources", ())]
        mounted = {str(source["secret"]["name"]) for source in sources if "secret" in source}
        return mounted | {str(volume["secret"]["secretName"]) for volume in self.pod.get("volumes", ()) if "secret" in volume}

    @property
    def secrets_in_environment(self) -> set[str]:
        return {str(one["secretRef"]["name"]) for box in self.containers for one in box.get("envFrom", ()) if "secretRef" in one}


@dataclass(frozen=True)
class Overlay:
    """What is applied: `roots` one after the other. `operators`: whether the cluster has KEDA, Strimzi and External Secrets."""

    name: str
    roots: Mapping[str, list[Manifest]]
    operators: bool

    @cached_property
    def manifests(self) -> list[Manifest]:
        """All of them; what two roots bring alike, once."""
        return list({said(one): one for manifests in self.roots.values() for one in manifests}.values())

    def of_kind(self, *kinds: str) -> Iterator[Manifest]:
        return (one for one in self.manifests if one.get("kind") in kinds)

    @property
    def workloads(self) -> list[Workload]:
        return [Workload(one) for one in self.of_kind("Deployment", "Job", "StatefulSet", "DaemonSet", "CronJob")]

    def processes(self) -> list[tuple[str, Workload]]:
        """The Deployments of our services, each with its service's name."""
        return [(one.service, one) for one in self.workloads if one.service and not one.is_job]

    def named(self, kind: str, name: str) -> Manifest | None:
        return next((one for one in self.of_kind(kind) if one["metadata"]["name"] == name), None)

    def environment(self, workload: Workload) -> dict[str, str]:
        """What the first container finds set, from ConfigMaps and by name."""
        box = workload.pod["containers"][0]
        found: dict[str, str] = {}
        for source in box.get("envFrom", ()):
            config = self.named("ConfigMap", source.get("configMapRef", {}).get("name", "")) or {}
            found.update(config.get("data") or {})
        return found | {one["name"]: str(one.get("value", "")) for one in box.get("env", ())}

    def secret_files(self, workload: Workload) -> set[str]:
        """The names of the files under /run/secrets, as far as ExternalSecrets tell."""
        sources = [self.named("ExternalSecret", name) or {} for name in workload.secrets]
        return {str(entry["secretKey"]) for source in sources for entry in source.get("spec", {}).get("data", ())}
