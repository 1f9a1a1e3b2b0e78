"""Policies for every pod, whoever's image runs in it."""

import re
from collections.abc import Iterator
from typing import Any

from dev.manifests.overlay import Overlay

DRAINS_WITHIN = 20
"""Seconds that our processes take at most from SIGTERM to their end (libs/chassis/src/chassis/service.py)."""
MAY_ADD = {"NET_BIND_SERVICE"}


def runs_as_nobody_special(overlay: Overlay) -> Iterator[str]:
    """Not root, no way to become it, nothing of the machine."""
    for workload in overlay.workloads:
        pod, context = workload.pod, workload.pod.get("securityContext", {})
        if context.get("runAsNonRoot") is not True or not context.get("runAsUser"):
            yield f"{workload} may run as root: set runAsNonRoot and a runAsUser."
        if context.get("seccompProfile", {}).get("type") != "RuntimeDefault":
            yield f"{workload} has no seccomp profile RuntimeDefault."
        if pod.get("automountServiceAccountToken") is not False:
            yield f"{workload} is handed a token of the cluster's API, which it has no use for."
        if any(pod.get(key) for key in ("hostNetwork", "hostPID", "hostIPC")) or any("hostPath" in one for one in pod.get("volumes", ())):
            yield f"{workload} takes part in the machine that it runs on."
        for box in workload.containers:
            yield from (f"{workload}, container {box['name']} {fault}." for fault in _confinement(box.get("securityContext", {})))


def _confinement(context: dict[str, Any]) -> Iterator[str]:
    if context.get("allowPrivilegeEscalation") is not False or context.get("privileged"):
        yield "may gain privileges"
    if context.get("readOnlyRootFilesystem") is not True:
        yield "may write to its root file system"
    capabilities = context.get("capabilities", {})
    if "ALL" not in capabilities.get("drop", ()) or set(capabilities.get("add", ())) - MAY_ADD:
        yield f"keeps capabilities: drop ALL, and add none but {', '.join(MAY_ADD)}"
    if context.get("runAsNonRoot") is False or context.get("runAsUser") == 0:
        yield "runs as root"


def has_bounds(overlay: Overlay) -> Iterator[str]:
    """Every container says what it needs and what it may take."""
    for workload in overlay.workloads:
        for box in workload.containers:
            resources = box.get("resources", {})
            missing = [
                f"{bound} {what}" for bound in ("requests", "limits") for what in ("cpu", "memory") if what not in resources.get(bound, {})
            ]
            if missing:
                yield f"{workload}, container {box['name']} has no {', '.join(missing)}."


def can_be_asked(overlay: Overlay) -> Iterator[str]:
    """Every process that stays has its three probes; of ours, readiness is `/readyz` and liveness is not."""
    for workload in overlay.workloads:
        for box in () if workload.is_job else workload.pod["containers"]:
            if missing := [probe for probe in ("startupProbe", "livenessProbe", "readinessProbe") if probe not in box]:
                yield f"{workload}, container {box['name']} has no {', '.join(missing)}."
            elif workload.service and [_path(box, probe) for probe in ("livenessProbe", "readinessProbe")] != ["/livez", "/readyz"]:
                yield f"{workload}: liveness is /livez (a missing database starts nothing anew), readiness /readyz."


def _path(box: dict[str, Any], probe: str) -> object:
    return box[probe].get("httpGet", {}).get("path")


def has_a_fixed_image(overlay: Overlay) -> Iterator[str]:
    """A tag or a digest, never whatever is newest."""
    for workload in overlay.workloads:
        for box in workload.containers:
            image = str(box.get("image", ""))
            if "@sha256:" not in image and (not re.search(r":[\w.-]+$", image) or image.endswith(":latest")):
                yield f"{workload}: the image {image or 'of nothing'} has neither a tag nor a digest."


def has_time_to_drain(overlay: Overlay) -> Iterator[str]:
    """More than our processes take, and what `preStop` takes before they hear of it."""
    for workload in overlay.workloads:
        sleeps = sum(one.get("lifecycle", {}).get("preStop", {}).get("sleep", {}).get("seconds", 0) for one in workload.containers)
        if workload.pod.get("terminationGracePeriodSeconds", 0) <= DRAINS_WITHIN + sleeps:
            yield f"{workload} is killed while it drains: terminationGracePeriodSeconds must be more than {DRAINS_WITHIN + sleeps}."


def keeps_settings_to_itself(overlay: Overlay) -> Iterator[str]:
    """Addresses of the namespace's Services stay out of the environment: one called `chairside` would set CHAIRSIDE_PORT."""
    return (f"{one}: enableServiceLinks must be false." for one in overlay.workloads if one.pod.get("enableServiceLinks") is not False)


def spreads_by_its_own_labels(overlay: Overlay) -> Iterator[str]:
    """The cluster refuses a key that is both in the selector and in `matchLabelKeys`, which no schema says."""
    for workload in overlay.workloads:
        for spread in workload.pod.get("topologySpreadConstraints", ()):
            labels = spread.get("labelSelector", {}).get("matchLabels", {})
            if twice := set(spread.get("matchLabelKeys", ())) & set(labels):
                yield f"{workload}: {', '.join(sorted(twice))} is in the spread's labelSelector and in its matchLabelKeys."
            if not labels or not labels.items() <= workload.labels.items():
                yield f"{workload}: its spread does not select its own pods."


RULES = (
    runs_as_nobody_special,
    has_bounds,
    can_be_asked,
    has_a_fixed_image,
    has_time_to_drain,
    keeps_settings_to_itself,
    spreads_by_its_own_labels,
)
