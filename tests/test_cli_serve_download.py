"""The download that `ocp serve` offers where a model is missing."""

from pathlib import Path
from typing import Any

import pytest

from support.fake_ollama import FakeModel, FakeOllama
from support.ocp_process import ocp_process
from support.terminal import ocp_terminal

READY = "Ctrl-C stops the proxy."
MODEL = "qwen2.5-coder:7b"
USELESS = FakeModel("other:1b", capabilities=frozenset({"completion"}))
PULL_PROGRESS: list[dict[str, Any]] = [
    {"status": "pulling manifest"},
    {"status": "pulling aa", "digest": "sha256:aa", "total": 4_700_000_000, "completed": 0},
    {"status": "pulling aa", "digest": "sha256:aa", "total": 4_700_000_000, "completed": 10**9},
    {"status": "pulling bb", "digest": "sha256:bb", "total": 300_000_000, "completed": 10**8},
    {"status": "verifying sha256 digest"},
    {"status": "success"},
]


def variables(fake: FakeOllama) -> dict[str, str]:
    return {"OLLAMA_HOST": fake.url, "OCP_PORT": "0"}


def test_pull_downloads_a_missing_model_without_asking(tmp_path: Path) -> None:
    with FakeOllama(USELESS) as fake:
        fake.pulls = PULL_PROGRESS
        with ocp_process(tmp_path, "serve", "--pull", **variables(fake)) as process:
            output = process.wait_for(READY)
            assert f"Downloading {MODEL}\n  0 %, 0 B of 4.7 GB\n" in output
            assert f"✓ {MODEL} is downloaded\n✓ {MODEL} is installed" in output
            assert process.stop() == 0


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ([{"status": "pulling manifest"}, {"error": "file does not exist"}], "file does not exist"),
        (PULL_PROGRESS[:3], "ollama pull qwen2.5-coder:7b"),
    ],
    ids=["refused", "broken off"],
)
def test_a_failed_download_is_reported_and_the_proxy_starts(
    tmp_path: Path, lines: list[dict[str, Any]], words: str
) -> None:
    with FakeOllama(USELESS) as fake:
        fake.pulls = lines
        with ocp_process(tmp_path, "serve", "--pull", **variables(fake)) as process:
            output = process.wait_for(READY)
            assert words in output
            assert f"✗ {MODEL} is not installed\n  ollama pull {MODEL}\n" in output
            assert process.stop() == 0


@pytest.mark.parametrize(("typed", "downloaded"), [("\n", True), ("y\n", True), ("n\n", False)])
def test_at_a_terminal_the_download_is_offered(
    tmp_path: Path, typed: str, *, downloaded: bool
) -> None:
    with FakeOllama(USELESS) as fake:
        fake.pulls = PULL_PROGRESS
        with ocp_terminal(tmp_path, "serve", **variables(fake)) as terminal:
            terminal.wait_for("Download it now (4.7 GB)? [Y/n] ")
            terminal.type(typed)
            terminal.wait_for(READY)
            assert (f"✓ {MODEL} is downloaded" in terminal.screen) == downloaded
            assert (f"  ollama pull {MODEL}" in terminal.screen) != downloaded
            terminal.type("\x03")
            assert terminal.process.wait(30) == 0


def test_the_bar_shows_bytes_and_speed(tmp_path: Path) -> None:
    with FakeOllama(USELESS) as fake:
        fake.pulls = [*PULL_PROGRESS[:-1], *PULL_PROGRESS[1:-1] * 10, PULL_PROGRESS[-1]]
        with ocp_terminal(tmp_path, "serve", "--pull", **variables(fake)) as terminal:
            terminal.wait_for("/5.0 GB")
            terminal.wait_for(READY)


def test_ctrl_c_at_the_question_ends_it(tmp_path: Path) -> None:
    with (
        FakeOllama(USELESS) as fake,
        ocp_terminal(tmp_path, "serve", **variables(fake)) as terminal,
    ):
        terminal.wait_for("[Y/n] ")
        terminal.type("\x03")
        assert terminal.process.wait(30) == 130
        assert "Traceback" not in terminal.screen


def test_ctrl_c_ends_a_download(tmp_path: Path) -> None:
    with FakeOllama(USELESS) as fake:
        fake.pulls = [PULL_PROGRESS[2]] * 5000
        with ocp_process(tmp_path, "serve", "--pull", **variables(fake)) as process:
            process.wait_for("of 4.7 GB")
            assert process.stop() == 130
            assert "Traceback" not in process.stderr
