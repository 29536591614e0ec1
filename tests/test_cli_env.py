"""`ocp env`: what it sets, and in which formats."""

import json
import os
import socket
import subprocess
from pathlib import Path

import pytest

from support.command_line import OCP, clean_environment, ocp_env, run_ocp
from support.health_server import HEALTH, free_port, health_server

MODEL = "local-model:7b"


@pytest.mark.parametrize(
    ("shell", "expected"),
    [
        ("/bin/zsh", "export ANTHROPIC_MODEL='m';"),
        ("/usr/bin/fish", "set -gx ANTHROPIC_MODEL 'm';"),
        ("/opt/pwsh", "$env:ANTHROPIC_MODEL = 'm'"),
        ("/bin/dash", "export ANTHROPIC_MODEL='m';"),
        ("", "export ANTHROPIC_MODEL='m';"),
    ],
)
def test_without_the_shell_option_the_users_shell_is_used(
    tmp_path: Path, shell: str, expected: str
) -> None:
    variables = {"SHELL": shell, "OCP_MODEL": "m", "OCP_PORT": free_port()}
    done = run_ocp(tmp_path, "env", variables=variables)
    assert expected in done.stdout.splitlines()
    assert done.stderr == ""  # talk is for a terminal


def test_claude_code_gets_everything_that_it_needs(tmp_path: Path) -> None:
    port = free_port()
    found = ocp_env(tmp_path, {"OCP_MODEL": MODEL, "OCP_PORT": port})
    assert found == {
        "ANTHROPIC_BASE_URL": f"http://127.0.0.1:{port}",
        "ANTHROPIC_AUTH_TOKEN": "ocp",
        "ANTHROPIC_MODEL": MODEL,
        "ANTHROPIC_DEFAULT_OPUS_MODEL": MODEL,
        "ANTHROPIC_DEFAULT_SONNET_MODEL": MODEL,
        "ANTHROPIC_DEFAULT_HAIKU_MODEL": MODEL,
        "ANTHROPIC_DEFAULT_FABLE_MODEL": MODEL,
        "ANTHROPIC_SMALL_FAST_MODEL": MODEL,
        "CLAUDE_CODE_SUBAGENT_MODEL": MODEL,
        "CLAUDE_CODE_MAX_CONTEXT_TOKENS": "42768",
        "CLAUDE_CODE_MAX_OUTPUT_TOKENS": "4096",
        "CLAUDE_CODE_ATTRIBUTION_HEADER": "0",
        "CLAUDE_CODE_GATEWAY_HINT_HEADERS": "1",
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
        "CLAUDE_CODE_ENABLE_GATEWAY_MODEL_DISCOVERY": "1",
        "ANTHROPIC_API_KEY": None,
    }


def test_each_role_has_its_own_model(tmp_path: Path) -> None:
    roles = {f"OCP_ROLES__{role}": role.lower() for role in ("OPUS", "SONNET", "HAIKU", "SUBAGENT")}
    found = ocp_env(tmp_path, {"OCP_MODEL": MODEL, "OCP_PORT": free_port(), **roles})
    assert found["ANTHROPIC_MODEL"] == MODEL
    assert found["ANTHROPIC_DEFAULT_OPUS_MODEL"] == "opus"
    assert found["ANTHROPIC_DEFAULT_FABLE_MODEL"] == "opus"
    assert found["ANTHROPIC_DEFAULT_SONNET_MODEL"] == "sonnet"
    assert found["ANTHROPIC_DEFAULT_HAIKU_MODEL"] == "haiku"
    assert found["ANTHROPIC_SMALL_FAST_MODEL"] == "haiku"
    assert found["CLAUDE_CODE_SUBAGENT_MODEL"] == "subagent"


def test_a_running_proxy_reports_the_model_and_the_window_in_use(tmp_path: Path) -> None:
    with health_server(HEALTH) as port:
        found = ocp_env(tmp_path, {"OCP_PORT": port})
        named = ocp_env(tmp_path, {"OCP_PORT": port, "OCP_MODEL": MODEL, "OCP_NUM_CTX": "16384"})
    assert found["ANTHROPIC_MODEL"] == "in-use:3b"
    assert found["CLAUDE_CODE_MAX_OUTPUT_TOKENS"] == "8192"
    assert found["CLAUDE_CODE_MAX_CONTEXT_TOKENS"] == "75536"
    assert named["ANTHROPIC_MODEL"] == MODEL
    assert named["CLAUDE_CODE_MAX_CONTEXT_TOKENS"] == "26384"


@pytest.mark.parametrize(
    ("report", "status"),
    [
        ({"status": "ok"}, 200),
        ([1], 200),
        ({"status": "ok", "version": 1, "model": "x"}, 200),
        ({**HEALTH, "model": None, "window": None}, 200),
        (HEALTH, 500),
    ],
)
def test_another_server_on_the_port_is_ignored(tmp_path: Path, report: object, status: int) -> None:
    with health_server(report, status) as port:
        found = ocp_env(tmp_path, {"OCP_PORT": port})
    assert found["ANTHROPIC_MODEL"] == "qwen2.5-coder:7b"
    assert found["CLAUDE_CODE_MAX_CONTEXT_TOKENS"] == "42768"


def test_a_port_that_never_answers_does_not_block_it(tmp_path: Path) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        found = ocp_env(tmp_path, {"OCP_PORT": str(silent.getsockname()[1])})
    assert found["ANTHROPIC_MODEL"] == "qwen2.5-coder:7b"


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"HTTPS_PROXY": "http://p:1"}, {"NO_PROXY": "127.0.0.1,localhost"}),
        (
            {"all_proxy": "socks5://p:1", "no_proxy": "intra"},
            {"NO_PROXY": "intra,127.0.0.1,localhost", "no_proxy": "intra,127.0.0.1,localhost"},
        ),
        ({"http_proxy": "http://p:1", "NO_PROXY": "*"}, {}),
        ({"NO_PROXY": "intra"}, {}),
    ],
)
def test_this_machine_is_exempt_from_an_http_proxy(
    tmp_path: Path, variables: dict[str, str], expected: dict[str, str]
) -> None:
    found = ocp_env(tmp_path, {**variables, "OCP_PORT": free_port()})
    assert {name: found[name] for name in ("NO_PROXY", "no_proxy") if name in found} == expected


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("0.0.0.0", "http://127.0.0.1:{port}"),
        ("::", "http://[::1]:{port}"),
        ("localhost", "http://localhost:{port}"),
    ],
)
def test_the_address_is_one_that_a_client_can_reach(tmp_path: Path, host: str, url: str) -> None:
    port = free_port()
    found = ocp_env(tmp_path, {"OCP_HOST": host, "OCP_TOKEN": "secret", "OCP_PORT": port})
    assert found["ANTHROPIC_BASE_URL"] == url.format(port=port)
    assert found["ANTHROPIC_AUTH_TOKEN"] == "secret"


def test_other_providers_switches_are_unset_if_they_are_set(tmp_path: Path) -> None:
    found = ocp_env(tmp_path, {"CLAUDE_CODE_USE_BEDROCK": "1", "OCP_PORT": free_port()})
    assert found["CLAUDE_CODE_USE_BEDROCK"] is None
    assert "CLAUDE_CODE_USE_VERTEX" not in found


def test_settings_have_the_format_of_claude_codes_settings_file(tmp_path: Path) -> None:
    variables = {"OCP_MODEL": MODEL, "OCP_PORT": free_port()}
    done = run_ocp(tmp_path, "env", "--settings", variables=variables)
    shown = json.loads(done.stdout)
    expected_env = ocp_env(tmp_path, variables)
    assert shown == {
        "env": {name: value for name, value in expected_env.items() if value is not None},
        "permissions": {"disableAutoMode": "disable", "deny": ["WebSearch"]},
        "skipWebFetchPreflight": True,
    }


def test_unset_settings_are_a_merge_patch_that_removes_them(tmp_path: Path) -> None:
    variables = {"OCP_PORT": free_port()}
    given = run_ocp(tmp_path, "env", "--settings", "--lean", variables=variables)
    set_up = json.loads(given.stdout)
    done = run_ocp(tmp_path, "env", "--settings", "--unset", variables=variables)
    patch = json.loads(done.stdout)
    assert patch["env"] == dict.fromkeys(set_up["env"])
    assert patch["permissions"] == {"disableAutoMode": None}
    assert patch["skipWebFetchPreflight"] is None
    assert "WebSearch" in done.stderr


def test_unset_json_has_null_for_every_variable(tmp_path: Path) -> None:
    variables = {"OCP_PORT": free_port()}
    expected_env = ocp_env(tmp_path, variables, "--lean")
    undone = ocp_env(tmp_path, variables, "--unset")
    assert undone == {name: None for name, value in expected_env.items() if value is not None}


SKILLS = "CLAUDE_CODE_DISABLE_BUNDLED_SKILLS"


@pytest.mark.parametrize(
    ("variables", "flags", "lean", "has_notice"),
    [
        ({}, [], False, False),
        ({}, ["--lean"], True, False),
        ({"OCP_LEAN": "on"}, [], True, False),
        ({"OCP_NUM_CTX": "8192"}, [], True, True),
        ({"OCP_NUM_CTX": "16384"}, [], True, True),
        ({"OCP_NUM_CTX": "20000"}, [], False, False),
        ({"OCP_NUM_CTX": "8192", "OCP_LEAN": "off"}, [], False, False),
    ],
)
def test_what_does_not_fit_into_a_small_window_is_left_out(
    tmp_path: Path, variables: dict[str, str], flags: list[str], *, lean: bool, has_notice: bool
) -> None:
    variables = {**variables, "OCP_PORT": free_port()}
    done = run_ocp(tmp_path, "env", "--settings", *flags, variables=variables)
    shown = json.loads(done.stdout)
    assert (SKILLS in shown["env"]) == lean
    assert ("Workflow" in shown["permissions"]["deny"]) == lean
    assert ("16384 tokens or less" in done.stderr) == has_notice


def test_two_formats_at_once_are_refused(tmp_path: Path) -> None:
    done = run_ocp(tmp_path, "env", "--json", "--settings")
    assert (done.returncode, done.stdout) == (2, "")


def test_at_a_terminal_it_prints_how_to_use_the_lines(tmp_path: Path) -> None:
    ours, theirs = os.openpty()
    done = subprocess.run(
        [*OCP, "env", "--shell", "fish"],
        cwd=tmp_path,
        env=clean_environment(tmp_path, OCP_PORT=free_port()),
        stdout=theirs,
        stderr=subprocess.PIPE,
        text=True,
        check=True,
        timeout=60,
    )
    os.close(theirs)
    os.close(ours)
    assert done.stderr == "To apply this in fish: ocp env | source\n"
