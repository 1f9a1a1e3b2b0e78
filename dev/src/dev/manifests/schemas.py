"""Is each manifest what the cluster would take: Kubernetes' own kinds by their schemas, the operators' kinds by the models here."""

import json
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Annotated, Any, Literal

import kubernetes_validate  # type: ignore[import-untyped]
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from dev.manifests.overlay import Overlay, said
from dev.manifests.render import Manifest

VERSIONS = ("1.30", kubernetes_validate.latest_version())
"""The oldest version that has what is used here (`preStop.sleep`), and the newest that is known."""
Name = Annotated[str, Field(pattern=r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$", max_length=253)]
Count = Annotated[int, Field(ge=0, strict=True)]
Text = Annotated[str, Field(min_length=1, strict=True)]


class Part(BaseModel):
    """What is not named does not belong there."""

    model_config = ConfigDict(extra="forbid", alias_generator=to_camel)


class Metadata(Part):
    name: Name
    namespace: Name
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}


class Target(Part):
    name: Name


class KafkaTriggerMetadata(Part):
    """Of KEDA's scaler `kafka`; every value is a string."""

    bootstrap_servers: Text | None = None
    bootstrap_servers_from_env: Text | None = None
    consumer_group: Text
    topic: Text | None = None
    lag_threshold: Annotated[str, Field(pattern=r"^[1-9]\d*$", strict=True)]
    offset_reset_policy: Literal["earliest"]


class KafkaTrigger(Part):
    type: Literal["kafka"]
    metadata: KafkaTriggerMetadata


class Fallback(Part):
    failure_threshold: Count
    replicas: Count


class ScaledObjectSpec(Part):
    scale_target_ref: Target
    min_replica_count: Count
    max_replica_count: Count
    polling_interval: Count
    fallback: Fallback
    advanced: dict[Literal["horizontalPodAutoscalerConfig"], dict[str, Any]]
    triggers: Annotated[list[KafkaTrigger], Field(min_length=1)]


class KafkaTopicSpec(Part):
    partitions: Annotated[int, Field(ge=1, strict=True)]
    replicas: Annotated[int, Field(ge=1, strict=True)]
    config: dict[str, str | int | bool]


class Remote(Part):
    key: Text
    property: Text | None = None


class Entry(Part):
    secret_key: Annotated[str, Field(pattern=r"^[-._a-zA-Z0-9]+$")]
    remote_ref: Remote


class Store(Part):
    kind: Literal["ClusterSecretStore", "SecretStore"]
    name: Name


class ExternalSecretSpec(Part):
    refresh_interval: Annotated[str, Field(pattern=r"^\d+[smh]$")]
    secret_store_ref: Store
    target: dict[Literal["creationPolicy"], Literal["Owner"]]
    data: Annotated[list[Entry], Field(min_length=1)]


class ScaledObject(Part):
    api_version: Literal["keda.sh/v1alpha1"]
    kind: Literal["ScaledObject"]
    metadata: Metadata
    spec: ScaledObjectSpec


class KafkaTopic(Part):
    api_version: Literal["kafka.strimzi.io/v1"]
    kind: Literal["KafkaTopic"]
    metadata: Metadata
    spec: KafkaTopicSpec


class ExternalSecret(Part):
    api_version: Literal["external-secrets.io/v1"]
    kind: Literal["ExternalSecret"]
    metadata: Metadata
    spec: ExternalSecretSpec


OPERATORS: Mapping[str, type[Part]] = {model.__name__: model for model in (ScaledObject, KafkaTopic, ExternalSecret)}


def is_what_the_cluster_takes(overlay: Overlay) -> Iterator[str]:
    """Strictly: a field that the schema does not know is a misspelt one."""
    for manifest in overlay.manifests:
        if model := OPERATORS.get(str(manifest.get("kind"))):
            yield from (f"{said(manifest)}: {fault}" for fault in _faults(model, manifest))
        elif fault := _refusal(json.dumps(manifest)):
            yield f"{said(manifest)}: {fault}"


def _faults(model: type[Part], manifest: Manifest) -> Iterator[str]:
    try:
        model.model_validate(manifest)
    except ValidationError as error:
        yield from (f"{'.'.join(map(str, one['loc']))}: {one['msg']}." for one in error.errors())


@cache
def _refusal(manifest: str) -> str | None:
    """The first thing that Kubernetes' schemas have against it. They are read anew each time, so an answer is kept."""
    try:
        for version in VERSIONS:
            kubernetes_validate.validate(json.loads(manifest), version, strict=True)
    except kubernetes_validate.ValidationError as error:
        return f"{'.'.join(map(str, error.path))}: {error.message}"
    except kubernetes_validate.SchemaNotFoundError as error:
        return str(error.message)
    return None


RULES = (is_what_the_cluster_takes,)
