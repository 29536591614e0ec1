"""`ocp config`, and what all commands share: help, version, one-line errors, exit codes."""

import json
import stat
import tomllib
from pathlib import Path

import pytest

from ollama_claude_proxy import __version__
from ollama_claude_proxy.settings import KEYS
from support.command_line import run_ocp

COMMANDS = ("serve", "env", "claude", "demo", "doctor", "models", "config")


def default_path(home: Path) -> Path:
    return home / "config" / "ocp" / "config.toml"


def test_config_shows_every_setting_with_its_origin(tmp_path: Path) -> None:
    done = run_ocp(tmp_path, "config", variables={"PROXY_PORT": "8123"})
    assert done.returncode == 0
    rows = {line.split()[0]: line.split(maxsplit=2)[1:] for line in done.stdout.splitlines()[1:]}
    assert set(rows) == {key.name for key in KEYS}
    assert rows["port"] == ["8123", "environment PROXY_PORT"]
    assert rows["num_ctx"] == ["-", "default"]


def test_config_json_has_the_values_with_their_types(tmp_path: Path) -> None:
    done = run_ocp(tmp_path, "config", "--json", variables={"OCP_DEBUG": "1"})
    shown = json.loads(done.stdout)
    assert shown["debug"] == {"value": True, "origin": "environment OCP_DEBUG"}
    assert shown["num_ctx"] == {"value": None, "origin": "default"}
    assert set(shown) == {key.name for key in KEYS}


@pytest.mark.parametrize("form", [(), ("--json",)])
def test_config_does_not_show_the_token(tmp_path: Path, form: tuple[str, ...]) -> None:
    done = run_ocp(tmp_path, "config", *form, variables={"OCP_TOKEN": "top-secret"})
    assert "environment OCP_TOKEN" in done.stdout
    assert "top-secret" not in done.stdout + done.stderr


def test_config_path_is_where_init_writes(tmp_path: Path) -> None:
    named = run_ocp(tmp_path, "config", "path")
    assert named.stdout == f"{default_path(tmp_path)}\n"
    assert not default_path(tmp_path).exists()
    written = run_ocp(tmp_path, "config", "init")
    assert (written.returncode, written.stdout) == (0, named.stdout)
    assert stat.S_IMODE(default_path(tmp_path).stat().st_mode) == 0o600
    elsewhere = run_ocp(tmp_path, "config", "--config", "own.toml", "path")
    assert elsewhere.stdout == f"{tmp_path / 'own.toml'}\n"


def test_a_written_config_changes_nothing_until_lines_are_uncommented(tmp_path: Path) -> None:
    before = json.loads(run_ocp(tmp_path, "config", "--json").stdout)
    run_ocp(tmp_path, "config", "init")
    assert json.loads(run_ocp(tmp_path, "config", "--json").stdout) == before

    path = default_path(tmp_path)
    lines = path.read_text().splitlines()
    plain = [line.removeprefix("# ") if " = " in line else line for line in lines]
    path.write_text("\n".join(plain))
    assert tomllib.loads(path.read_text())["roles"]
    after = json.loads(run_ocp(tmp_path, "config", "--json").stdout)
    assert {name: entry["value"] for name, entry in after.items()} == {
        name: entry["value"] for name, entry in before.items()
    }
    assert after["port"]["origin"] == str(path)


def test_init_does_not_overwrite_without_force(tmp_path: Path) -> None:
    path = default_path(tmp_path)
    path.parent.mkdir(parents=True)
    path.write_text("port = 9\n")
    path.chmod(0o644)
    refused = run_ocp(tmp_path, "config", "init")
    assert refused.returncode == 2
    assert "--force" in refused.stderr
    assert path.read_text() == "port = 9\n"
    assert run_ocp(tmp_path, "config", "init", "--force").returncode == 0
    assert "# port = 8000" in path.read_text()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_init_that_cannot_write_fails_with_one_line(tmp_path: Path) -> None:
    (tmp_path / "config").write_text("a file, no folder")
    done = run_ocp(tmp_path, "config", "init")
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "cannot be written" in done.stderr


def test_a_bad_setting_is_one_line_and_exit_code_2(tmp_path: Path) -> None:
    done = run_ocp(tmp_path, "config", variables={"OCP_PORT": "http"})
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1
    for word in ("'port'", "environment OCP_PORT", "'http'", "0 to 65535"):
        assert word in done.stderr


@pytest.mark.parametrize("arguments", [("serv",), ("--nonsense",), ("config", "--nonsense"), ()])
def test_a_wrong_command_line_is_exit_code_2(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    done = run_ocp(tmp_path, *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert "Usage: ocp" in done.stderr
    assert "Traceback" not in done.stderr


def test_help_lists_every_command_without_importing_what_they_need(tmp_path: Path) -> None:
    done = run_ocp(tmp_path, "--help", variables={"PYTHONPROFILEIMPORTTIME": "1"})
    assert done.returncode == 0
    assert all(f"\n  {name}  " in done.stdout for name in COMMANDS)
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert "typer" in imported
    heavy = {"starlette", "uvicorn", "httpx", "pydantic", "rich", "msgspec", "tomllib"}
    assert not imported & heavy


@pytest.mark.parametrize("command", [name for name in COMMANDS if name != "claude"])
def test_every_command_has_help_with_examples(tmp_path: Path, command: str) -> None:
    done = run_ocp(tmp_path, command, "--help")
    assert done.returncode == 0, done.stderr
    assert f"ocp {command}" in done.stdout
    assert f"\n    ocp {command}" in done.stdout or f"$(ocp {command}" in done.stdout


def test_the_version_is_a_result(tmp_path: Path) -> None:
    done = run_ocp(tmp_path, "--version")
    assert (done.returncode, done.stdout, done.stderr) == (0, f"ocp {__version__}\n", "")


def test_without_unicode_the_marks_are_words(tmp_path: Path) -> None:
    variables = {"OCP_PORT": "x", "PYTHONIOENCODING": "ascii:backslashreplace"}
    done = run_ocp(tmp_path, "config", variables=variables)
    assert done.stderr.startswith("x The setting")
