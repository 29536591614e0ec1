"""`ocp env` in the real shells: each passes on exactly the intended values, and unsets them."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from support.command_line import OCP, clean_environment, ocp_env, run_ocp
from support.health_server import free_port

HOSTILE_MODEL = """a b  c'd"e$HOME`id`%PATH%!!\\n\\;&|<>(){}[]*?~#^ é\u2018\u2019 'x' $(id)"""
HOSTILE_TOKEN = """a'b"c$d`e%f!g\\h;i&j|k<l>m(n)o{p}q[r]s*t?u~v#w^x'"""
DUMP = "import os, sys, json; json.dump(dict(os.environ), sys.stdout)"
OCP_LINE = " ".join(f"'{word}'" for word in OCP)

# How a user of each shell applies the output, then shows what the shell handed to its children.
SHELLS = {
    "bash": (["bash", "-c"], 'eval "$({ocp} env {options})"; {dump}'),
    "zsh": (["zsh", "-f", "-c"], 'eval "$({ocp} env {options})"; {dump}'),
    "fish": (["fish", "--no-config", "-c"], "{ocp} env {options} | source; {dump}"),
    "powershell": (
        ["pwsh", "-NoProfile", "-Command"],
        "& {ocp} env {options} | Out-String | Invoke-Expression; & {dump}",
    ),
}


def apply_in(shell: str, home: Path, variables: Mapping[str, str], *options: str) -> dict[str, str]:
    """Run the shell, let it apply `ocp env`, and return the environment of its next child."""
    words, script = SHELLS[shell]
    if shutil.which(words[0]) is None:
        reason = f"{words[0]} is not installed"
        if os.environ.get("CI") and shell != "powershell":
            pytest.fail(f"{reason}, and CI has to have it")
        pytest.skip(reason)
    line = script.format(
        ocp=OCP_LINE,
        options=" ".join(("--shell", shell, *options)),
        dump=f"'{sys.executable}' -c '{DUMP}'",
    )
    done = subprocess.run(
        [*words, line],
        cwd=home,
        env=clean_environment(home, **variables),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.stderr == ""
    found: dict[str, str] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("shell", list(SHELLS))
@pytest.mark.parametrize(
    "variables",
    [
        {"OCP_MODEL": "local-model:7b"},
        {"OCP_MODEL": HOSTILE_MODEL, "OCP_TOKEN": HOSTILE_TOKEN},
        {"HTTP_PROXY": "http://proxy:1", "NO_PROXY": "two\nlines'and\\"},
    ],
    ids=["plain", "hostile", "line end"],
)
def test_a_shell_passes_on_exactly_the_intended_values(
    tmp_path: Path, shell: str, variables: dict[str, str]
) -> None:
    variables = {**variables, "OCP_PORT": free_port(), "ANTHROPIC_API_KEY": "sk-ant"}
    found = apply_in(shell, tmp_path, variables)
    expected = ocp_env(tmp_path, variables)
    assert expected["ANTHROPIC_API_KEY"] is None
    assert {name: found.get(name) for name in expected} == expected


@pytest.mark.parametrize("shell", list(SHELLS))
def test_unset_removes_all_variables(tmp_path: Path, shell: str) -> None:
    variables = {"OCP_PORT": free_port(), "HTTP_PROXY": "http://proxy:1"}
    applied = {name: value for name, value in ocp_env(tmp_path, variables).items() if value}
    assert "NO_PROXY" in applied
    found = apply_in(shell, tmp_path, {**variables, **applied}, "--unset")
    assert not set(applied) & set(found)


def test_unset_leaves_a_no_proxy_that_the_user_had(tmp_path: Path) -> None:
    found = apply_in("bash", tmp_path, {"NO_PROXY": "intranet,127.0.0.1"}, "--unset")
    assert found["NO_PROXY"] == "intranet,127.0.0.1"


def test_missing_quotes_around_the_substitution_do_no_harm(tmp_path: Path) -> None:
    line = f"eval $({OCP_LINE} env --shell bash); echo $ANTHROPIC_MODEL"
    variables = {"OCP_MODEL": "local:7b", "OCP_PORT": free_port()}
    done = subprocess.run(
        ["bash", "-c", line],
        cwd=tmp_path,
        env=clean_environment(tmp_path, **variables),
        capture_output=True,
        text=True,
        check=True,
    )
    assert (done.stdout, done.stderr) == ("local:7b\n", "")


@pytest.mark.parametrize(
    ("token", "expected"),
    [
        ("50%&more", '@set "ANTHROPIC_AUTH_TOKEN=50%%&more"'),
        ('a"b&c%d^e', '@set ^"ANTHROPIC_AUTH_TOKEN=a^"b^&c%%d^^e^"'),
    ],
)
def test_cmd_is_quoted_by_the_rules_of_batch_files(
    tmp_path: Path, token: str, expected: str
) -> None:
    variables = {"OCP_TOKEN": token, "OCP_PORT": free_port()}
    done = run_ocp(tmp_path, "env", "--shell", "cmd", variables=variables)
    assert expected in done.stdout.splitlines()


def test_a_line_break_is_an_error_for_cmd(tmp_path: Path) -> None:
    variables = {"HTTP_PROXY": "http://proxy:1", "NO_PROXY": "a\nb", "OCP_PORT": free_port()}
    done = run_ocp(tmp_path, "env", "--shell", "cmd", variables=variables)
    assert (done.returncode, done.stdout) == (2, "")
    assert "NO_PROXY" in done.stderr
    assert "--shell powershell" in done.stderr
