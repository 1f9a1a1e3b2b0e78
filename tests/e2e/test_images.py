"""The images as an operator would want them: small, nobody's root, nothing to build with, and quick to leave."""

import json
import time

import psutil
import pytest
from dev.live_containers import WORKER, Containers
from dev.stack import SERVICES

from .images import BASE, IMAGES, container_of, docker, inspect

pytestmark = pytest.mark.timeout(300)
MOST = 250_000_000
EVERY_IMAGE = pytest.mark.parametrize("image", IMAGES.values(), ids=IMAGES)
EVERY_PART = pytest.mark.parametrize("name", [*(service.name for service in SERVICES), WORKER, "sandbox"])
GRACE = 20.0


@EVERY_IMAGE
def test_an_image_is_small_and_says_what_it_is(containers: Containers, image: str) -> None:
    told, base = inspect(image), inspect(BASE)
    assert told["Size"] - base["Size"] <= MOST, f"{(told['Size'] - base['Size']) / 1e6:.0f} MB beyond the base"
    labels = {name.removeprefix("org.opencontainers.image.") for name in told["Config"]["Labels"]}
    assert labels >= {"title", "description", "version", "revision", "licenses"}
    assert told["Config"]["User"] == "10001:10001"
    assert told["Config"]["StopSignal"] == "SIGTERM"
    assert image == IMAGES["tools"] or "healthcheck.py" in str(told["Config"]["Healthcheck"]["Test"])


@EVERY_IMAGE
def test_an_image_holds_nothing_to_build_with(containers: Containers, image: str) -> None:
    found = docker("run", "--rm", "--entrypoint", "/bin/sh", image, "-c", "command -v gcc cc make ld uv; ls /src /root/.cache", check=False)
    assert found.stdout == ""
    tests = docker("run", "--rm", "--entrypoint", "find", image, "/app/venv/lib", "-path", "*chassis/tests*")
    assert tests.stdout == ""


INSTALLED = """import importlib.metadata, json
print(json.dumps({one.name: one.version for one in importlib.metadata.distributions()}))"""


@pytest.mark.parametrize("name", IMAGES)
def test_an_image_names_every_package_that_it_holds(containers: Containers, name: str) -> None:
    """Its bill of materials, made of what was installed, against what is."""
    bill = docker("run", "--rm", "--entrypoint", "cat", IMAGES[name], f"/usr/share/sbom/{name}.cdx.json")
    told = json.loads(bill.stdout)
    assert told["bomFormat"] == "CycloneDX"
    listed = {one["name"].lower(): one["version"] for one in (told["metadata"]["component"], *told["components"])}
    there = json.loads(docker("run", "--rm", "--entrypoint", "python", IMAGES[name], "-c", INSTALLED).stdout)
    assert listed == {package.lower(): version for package, version in there.items()}


@EVERY_PART
def test_a_part_runs_confined(containers: Containers, name: str) -> None:
    told = container_of(containers, name)
    host = told["HostConfig"]
    assert host["ReadonlyRootfs"]
    assert host["CapDrop"] == ["ALL"]
    assert "no-new-privileges:true" in host["SecurityOpt"]
    assert 0 < host["Memory"] <= 512 << 20
    assert host["RestartPolicy"]["Name"] == "unless-stopped"
    assert psutil.Process(told["State"]["Pid"]).uids().real == 10001


def test_what_holds_data_is_limited_and_comes_back(containers: Containers) -> None:
    for name in ("postgres", "kafka", "gateway"):
        host = container_of(containers, name)["HostConfig"]
        assert (host["RestartPolicy"]["Name"], host["Memory"] > 0) == ("unless-stopped", True), name


@pytest.mark.parametrize("name", ["compliance", WORKER])
def test_a_part_that_is_asked_to_stop_is_gone_within_twenty_seconds_by_itself(containers: Containers, name: str) -> None:
    before = container_of(containers, name)["Id"]
    began = time.monotonic()
    containers.docker("stop", "--timeout", "60", name)
    took = time.monotonic() - began
    ended = inspect(before)["State"]
    containers.docker("up", "--wait", "--no-deps", "--no-recreate", name)
    assert took < GRACE
    assert ended["ExitCode"] in (0, 143), "137 would say that it was killed"
