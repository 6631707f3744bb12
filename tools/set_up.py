"""How does a fresh checkout become a working environment, with nothing but Python, venv and pip?

Called by `./machinami`. Everything is written inside the checkout (`.venv`, `.cache`, `build`). The stamp
file is written last, so a set-up that was interrupted is done again from the start.
"""

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

if sys.platform != "win32":
    import fcntl

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
CACHE = ROOT / ".cache"
BUILD_LOCK = "requirements-build.lock"
CLIENT = ROOT / ".venv-client"
CLIENT_LOCK = "requirements-client.lock"
LOG = CACHE / "set-up.log"
IN_VENV = "Scripts/python.exe" if sys.platform == "win32" else "bin/python"
PYTHON = VENV / IN_VENV


@dataclass(frozen=True, slots=True)
class Step:
    """One step a person sees: what it says in Japanese and English, and the command that does it."""

    ja: str
    en: str
    command: tuple[str, ...]
    pythonpath: str = ""
    mark: Path | None = None  # made when the step has succeeded


def steps(lock: str, runtime: bool, afresh: bool) -> list[Step]:
    """List the steps that put the locked libraries, and the project itself, into `.venv`."""
    install_quietly = ("-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check")
    pip = (str(PYTHON), *install_quietly)
    hashed = (*pip, "--require-hashes", "--requirement")
    make = Step("専用の環境 .venv を作ります", "Making an environment", (sys.executable, "-m", "venv", str(VENV)))
    fetch = Step("部品を取り寄せます", "Fetching the libraries (minutes, the first time)", (*hashed, str(ROOT / lock)))
    if not runtime:
        return [fetch, *client_steps(install_quietly)]
    tools = Step(
        "組み立ての道具を取り寄せます",
        "Fetching the build tools",
        (*hashed, str(ROOT / BUILD_LOCK), "--target", str(build_tools()), "--upgrade"),
        mark=build_tools() / ".whole",
    )
    install = Step(
        "画面の部品(地図・グラフ・書体)と本体を組み込みます",
        "Installing the map, charts, fonts and Machinami itself",
        (*pip, "--no-build-isolation", "--no-deps", "--editable", str(ROOT)),
        pythonpath=str(build_tools()),
    )
    return [make] * afresh + [fetch] + [tools] * (not (build_tools() / ".whole").exists()) + [install]


def client_steps(install_quietly: Sequence[str]) -> list[Step]:
    """List the steps that make the environment of a client made by others, which wants older libraries than ours."""
    make = (sys.executable, "-m", "venv", "--clear", str(CLIENT))
    fetch = (str(CLIENT / IN_VENV), *install_quietly, "--require-hashes", "--requirement", str(ROOT / CLIENT_LOCK))
    return [
        Step("試験用クライアントの環境を作ります", "Making the environment of a client by others", make),
        Step("そのクライアントを取り寄せます", "Fetching that client", fetch),
    ]


def build_tools() -> Path:
    """Name the folder of the build tools by the lock they came from."""
    return CACHE / f"build-tools-{hashlib.sha256((ROOT / BUILD_LOCK).read_bytes()).hexdigest()[:12]}"


def environment(pythonpath: str) -> dict[str, str]:
    """Keep every cache and temporary file of pip and npm inside the checkout."""
    scratch = CACHE / "tmp"
    scratch.mkdir(parents=True, exist_ok=True)
    here = {
        "PIP_CACHE_DIR": str(CACHE / "pip"),
        "npm_config_cache": str(CACHE / "npm"),
        "TMPDIR": str(scratch),
    }
    path = {"PYTHONPATH": pythonpath} if pythonpath else {}
    return {**os.environ, **here, **path}


def run(step: Step, number: int, of: int) -> None:
    """Run one step, saying what it does and how long it took; stop with the cause if it fails."""
    print(f"[{number}/{of}] {step.ja} / {step.en} …", end="", flush=True)
    began = time.monotonic()
    with LOG.open("a", encoding="utf-8") as log:
        done = subprocess.run(step.command, env=environment(step.pythonpath), stdout=log, stderr=log)
    print(f" {time.monotonic() - began:.0f} s", flush=True)
    if done.returncode != 0:
        tail = LOG.read_text("utf-8", errors="replace").splitlines()[-15:]
        print("\n".join(f"    {line}" for line in tail), file=sys.stderr)
        sys.exit(
            f"準備が途中で止まりました。記録: {LOG}\n"
            "インターネットにつながっているか、役所のプロキシと証明書を pip と npm が知っているか\n"
            "（PIP_CERT、NODE_EXTRA_CA_CERTS など）を確かめ、もう一度実行してください。\n"
            f"The set-up stopped at this step; its log: {LOG}\n"
            "Check that this machine is online, and that pip and npm know your mirror, proxy and certificates\n"
            "(PIP_CERT, NODE_EXTRA_CA_CERTS …), and run it again."
        )
    if step.mark:
        step.mark.touch()


def check_venv() -> None:
    """Say how to get venv and pip where a distribution has cut them from its Python."""
    if find_spec("venv") is None or find_spec("ensurepip") is None:
        version = f"python{sys.version_info.major}.{sys.version_info.minor}"
        sys.exit(
            f"この Python ({sys.executable}) には venv がありません。\n"
            f"sudo apt install {version}-venv などで入れてください。\n"
            f"This Python ({sys.executable}) lacks venv. Install it, on Debian or Ubuntu: "
            f"sudo apt install {version}-venv"
        )


@contextmanager
def alone() -> Iterator[None]:
    """Let one set-up run at a time; a second waits for the first."""
    CACHE.mkdir(exist_ok=True)
    with (CACHE / "set-up.lock").open("w") as door:
        if sys.platform != "win32":
            fcntl.flock(door, fcntl.LOCK_EX)
        yield


def is_whole(stamp: Path, fingerprint: str) -> bool:
    """Tell whether a set-up of just this fingerprint was finished, the browser's libraries included."""
    made = stamp.is_file() and stamp.read_text("utf-8").strip() == fingerprint
    return made and (ROOT / "src/machinami/kit/static/vendor/.made-from").is_file()


def works() -> bool:
    """Tell whether the environment's Python still starts; the system's may have been replaced under it."""
    try:
        return subprocess.run([str(PYTHON), "-m", "pip", "--version"], capture_output=True).returncode == 0
    except OSError:
        return False


def main(argv: Sequence[str] | None = None) -> int:
    """Make the environment, or add the test libraries to it, and stamp it when all is there."""
    parser = argparse.ArgumentParser(description="Make the environment that ./machinami runs in.")
    parser.add_argument("--lock", required=True, help="the lock file to install")
    parser.add_argument("--stamp", required=True, help="the file in .venv that says the set-up is whole")
    parser.add_argument("--fingerprint", required=True, help="what the stamp must say")
    words = parser.parse_args(argv)
    check_venv()
    stamp = VENV / words.stamp
    runtime = words.stamp == ".ready"
    with alone():
        if is_whole(stamp, words.fingerprint):
            return 0
        LOG.write_text("", "utf-8")
        # No stamp, no trust: only an environment that was once finished is brought up to date in place.
        afresh = runtime and not (stamp.is_file() and works())
        stamp.unlink(missing_ok=True)
        if afresh:
            shutil.rmtree(VENV, ignore_errors=True)
            print("はじめての準備をします(この場所の中だけに書きます)。 / Setting up, inside this folder only.")
        plan = steps(words.lock, runtime, afresh)
        for number, step in enumerate(plan, start=1):
            run(step, number, len(plan))
        shutil.rmtree(CACHE / "tmp", ignore_errors=True)
        stamp.write_text(words.fingerprint + "\n", "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
