#!/bin/sh
# install-chairside PINS [PACKAGE...]: makes /app/venv at first, and installs the hash-checked pins, or packages of ours without their dependencies.
set -eu
pins=$1
shift
if [ ! -x /app/venv/bin/python ]; then
  uv venv --quiet --python "$(command -v python3)" /app/venv
fi
if [ -n "$pins" ]; then
  uv pip install --quiet --python /app/venv/bin/python --require-hashes --no-deps -r "$pins"
fi
if [ "$#" -gt 0 ]; then
  # Built by the pinned backend alone, which stays behind in the stage that builds.
  uv pip install --quiet --python "$(command -v python3)" --system --break-system-packages --require-hashes --no-deps -r requirements/build.txt
  mkdir -p /tmp/wheels
  for package in "$@"; do
    python3 -m pip wheel --quiet --disable-pip-version-check --no-build-isolation --no-deps --wheel-dir /tmp/wheels "./$package"
  done
  uv pip install --quiet --python /app/venv/bin/python --no-deps /tmp/wheels/*.whl
fi
