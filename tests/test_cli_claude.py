"""`ocp claude`: Claude Code on the proxy, with everything cleaned up afterwards.

A script that records how it was called stands in for Claude Code.
"""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from support.command_line import OCP, clean_environment
from support.health_server import HEALTH, free_port, health_server

STAND_IN = """#!{python}
import json, os, signal, sys, time
from pathlib import Path
from urllib.request import ProxyHandler, build_opener

base = os.environ["ANTHROPIC_BASE_URL"]
health = build_opener(ProxyHandler({{}})).open(base + "/health").read().decode()
report = {{"arguments": sys.argv[1:], "environment": dict(os.environ), "health": health,
          "input": "" if "wait" in sys.argv else sys.stdin.read()}}

def stopped(number, frame):
    Path("signal").write_text(signal.Signals(number).name)
    sys.exit(42)

for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
    signal.signal(number, stopped)
Path("part").write_text(json.dumps(report))
Path("part").rename("report")
if "wait" in sys.argv:
    time.sleep(60)
if "kill" in sys.argv:
    os.kill(os.getpid(), signal.SIGKILL)
sys.exit(7)
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Return a home with a stand-in for `claude` on its PATH."""
    script = tmp_path / "bin" / "claude"
    script.parent.mkdir()
    script.write_text(STAND_IN.format(python=sys.executable))
    script.chmod(0o755)
    return tmp_path


def variables(home: Path, **extra: str) -> dict[str, str]:
    found = clean_environment(home, OCP_PORT=free_port(), OCP_OLLAMA_URL="http://127.0.0.1:9")
    return {**found, "PATH": f"{home / 'bin'}:{found['PATH']}", **extra}


@contextmanager
def started(home: Path, *arguments: str, **extra: str) -> Iterator[subprocess.Popen[str]]:
    """Start `ocp claude`, in a process group of its own, with a pipe for a terminal."""
    with subprocess.Popen(
        [*OCP, "claude", *arguments],
        cwd=home,
        env=variables(home, **extra),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def run(home: Path, *arguments: str, **extra: str) -> tuple[int, str, str]:
    with started(home, *arguments, **extra) as process:
        out, err = process.communicate("typed", timeout=60)
        return process.returncode, out, err


def read_report(home: Path) -> dict[str, Any]:
    report: dict[str, Any] = json.loads((home / "report").read_text())
    return report


def wait_for_report(home: Path, process: subprocess.Popen[str]) -> dict[str, Any]:
    deadline = time.monotonic() + 60
    while not (home / "report").exists():
        assert process.poll() is None, process.stderr and process.stderr.read()
        assert time.monotonic() < deadline, "Claude Code was not started"
        time.sleep(0.05)
    return read_report(home)


def is_gone(report: dict[str, Any]) -> bool:
    """Whether nothing listens any more at the address that Claude Code got."""
    try:
        urlopen(report["environment"]["ANTHROPIC_BASE_URL"] + "/health").close()
    except URLError:
        return True
    return False


def test_it_runs_claude_on_its_own_proxy_and_leaves_only_the_conversations(home: Path) -> None:
    code, out, err = run(home, "-p", "hi", ANTHROPIC_API_KEY="sk-ant", OCP_MODEL="m:1b")
    assert (code, out, err) == (7, "", "")
    report = read_report(home)
    assert json.loads(report["health"])["status"] == "ok"
    assert report["input"] == "typed"
    assert report["environment"]["ANTHROPIC_MODEL"] == "m:1b"
    assert report["environment"]["ANTHROPIC_AUTH_TOKEN"] == "ocp"
    assert "ANTHROPIC_API_KEY" not in report["environment"]
    assert is_gone(report)
    assert {path.name for path in home.iterdir()} == {"bin", "report", ".local"}
    kept = {path.name for path in (home / ".local" / "share" / "ocp").iterdir()}
    assert kept == {"sessions.db"}


@pytest.mark.parametrize(
    "arguments",
    [
        ["-p", "hi", "--model", "x"],
        ["--help"],
        ["--version"],
        ["-h"],
        ["--", "--config", "x", "--"],
        ["-pq", "two words", "", "--port=1", "-"],
        ["mcp", "list"],
    ],
)
def test_every_argument_reaches_claude_unchanged(home: Path, arguments: list[str]) -> None:
    with health_server(HEALTH) as port:
        assert run(home, *arguments, OCP_PORT=port)[0] == 7
    first, settings, *rest = read_report(home)["arguments"]
    assert first == "--settings"
    assert json.loads(settings)["permissions"]["disableAutoMode"] == "disable"
    assert rest == arguments


@pytest.mark.parametrize("form", [["--settings", "own.json"], ["--settings=own.json"]])
def test_the_users_own_settings_are_not_extended(home: Path, form: list[str]) -> None:
    with health_server(HEALTH) as port:
        run(home, *form, OCP_PORT=port)
    assert read_report(home)["arguments"] == form


def test_a_proxy_that_answers_is_used_and_left_running(home: Path) -> None:
    with health_server(HEALTH) as port:
        code, _, err = run(home, OCP_PORT=port)
        report = read_report(home)
        assert not is_gone(report)
    assert (code, err) == (7, "")
    assert report["environment"]["ANTHROPIC_BASE_URL"] == f"http://127.0.0.1:{port}"
    assert report["environment"]["ANTHROPIC_MODEL"] == HEALTH["model"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_reaches_claude_whose_exit_code_is_returned(
    home: Path, number: signal.Signals
) -> None:
    with started(home, "wait") as process:
        report = wait_for_report(home, process)
        process.send_signal(number)
        assert process.wait(60) == 42
    assert (home / "signal").read_text() == number.name
    assert is_gone(report)


def test_a_killed_claude_returns_the_shells_exit_code(home: Path) -> None:
    assert run(home, "kill")[0] == 128 + signal.SIGKILL
    assert is_gone(read_report(home))


def test_without_claude_one_line_says_how_to_install_it(home: Path) -> None:
    (home / "bin" / "claude").unlink()
    code, out, err = run(home, PATH=str(home / "bin"))
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert "npm install -g @anthropic-ai/claude-code" in err


def test_a_proxy_that_cannot_start_is_one_line_with_its_reason(home: Path) -> None:
    code, out, err = run(home, OCP_HOST="192.0.2.1", OCP_TOKEN="secret")  # no address of ours
    assert (code, out) == (2, "")
    assert err.count("\n") == 1
    assert "192.0.2.1" in err
    assert not (home / "report").exists()


def test_a_module_in_the_current_folder_does_not_replace_pythons(home: Path) -> None:
    (home / "json.py").write_text("raise SystemExit('from the folder')")
    done = subprocess.run(
        [Path(sys.executable).parent / "ocp", "claude"],
        cwd=home,
        env=variables(home),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    (home / "json.py").unlink()
    assert "from the folder" not in done.stderr
    assert done.returncode == 7
