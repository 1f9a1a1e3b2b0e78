"""Makes the environment that everything else runs in: `bootstrap.py TOOLS STAMP`. Needs a bare Python 3.11, nothing else.

A virtual environment, in it the pinned and hash-checked uv, and by uv all that `requirements/dev.txt` pins and the packages of this
clone (editable). Only the launcher calls this, and only when there is something to do.
"""

import fcntl
import importlib.util
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]


def say(text: str) -> None:
    print(f"  {text}", flush=True)


def works(python: Path) -> bool:
    """An interrupted installation, or a Python that was updated away, leaves an environment that cannot start."""
    try:
        return (
            subprocess.run([python, "-c", "import sys; sys.exit(sys.version_info < (3, 11))"], capture_output=True, check=False).returncode
            == 0
        )
    except OSError:
        return False


def run(*argv: str | Path, failed: str) -> None:
    done = subprocess.run([str(part) for part in argv], check=False)
    if done.returncode:
        sys.exit(f"chairside: {failed} (see above). What came so far stays: start again to go on.")


def pip_of(python: Path) -> list[str | Path] | None:
    """A pip that installs into the environment: its own, or that of the Python we run on (Debian packs its own apart)."""
    if (
        importlib.util.find_spec("ensurepip")
        and works(python)
        and subprocess.run([python, "-m", "pip", "-V"], capture_output=True, check=False).returncode == 0
    ):
        return [python, "-m", "pip"]
    if importlib.util.find_spec("pip"):
        return [sys.executable, "-m", "pip", "--python", python]
    return None


def install_uv(folder: Path, python: Path) -> str:
    """Gives the path of uv: the pinned one, installed by pip; without any pip one that is on the machine already."""
    pip = pip_of(python)
    if pip is None:
        if found := shutil.which("uv"):
            say(f"no pip here: using {found}")
            return found
        package = f"python{sys.version_info[0]}.{sys.version_info[1]}-venv"
        sys.exit(
            f"chairside: this Python ({sys.executable}) has neither pip nor ensurepip. On Debian: apt-get install {package}; or install uv."
        )
    say("fetching uv (about 25 MB)")
    quiet = ["--quiet", "--disable-pip-version-check", "--no-input"]
    run(
        *pip, "install", *quiet, "--require-hashes", "--no-deps", "-r", ROOT / "requirements" / "uv.txt", failed="uv could not be installed"
    )
    return str(folder / "bin" / "uv")


def members() -> list[Path]:
    folders = [ROOT / "libs" / "contracts", ROOT / "libs" / "chassis", *sorted((ROOT / "services").iterdir()), ROOT / "dev"]
    return [folder for folder in folders if (folder / "pyproject.toml").exists()]


def install(tools: Path, stamp: str) -> None:
    folder = tools / "venv"
    python = folder / "bin" / "python"
    (folder / "installed").unlink(missing_ok=True)
    if not works(python):
        say(f"making a virtual environment with Python {sys.version.split()[0]}")
        with_pip = importlib.util.find_spec("ensurepip") is not None
        # Links keep a Python that cannot run from a copy elsewhere, e.g. one that a version manager made.
        venv.create(folder, clear=True, symlinks=True, with_pip=with_pip)
    uv = [install_uv(folder, python), "pip", "install", "--python", str(python)]
    say("fetching what requirements/dev.txt pins (about 250 MB the first time; later from the cache)")
    run(
        *uv,
        "--require-hashes",
        "--no-deps",
        "--compile-bytecode",
        "-r",
        ROOT / "requirements" / "dev.txt",
        failed="the dependencies could not be installed",
    )
    say("installing the packages of this clone")
    editable = [part for member in members() for part in ("-e", str(member))]
    run(*uv, "--quiet", "--no-deps", "--no-build-isolation", *editable, failed="the packages of this clone could not be installed")
    (folder / "installed").write_text(stamp)


def main() -> None:
    tools, stamp = Path(sys.argv[1]), sys.argv[2]
    with (tools / "installing").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("another chairside is installing: waiting for it")
            fcntl.flock(lock, fcntl.LOCK_EX)
        done = tools / "venv" / "installed"
        if done.exists() and done.read_text() == stamp:
            return
        print("First start, or something changed: installing what Chairside needs.", flush=True)
        os.environ.setdefault("UV_SYSTEM_CERTS", "1")
        try:
            install(tools, stamp)
        except KeyboardInterrupt:
            sys.exit("chairside: interrupted. Start again to go on.")


if __name__ == "__main__":
    main()
