"""`ocp doctor`: each fault has a row and a command that fixes it, and dependent checks skip."""

import json
import socket
import sys
from pathlib import Path
from typing import Any

import pytest

from ollama_claude_proxy import __version__
from support.client_requests import first_request, send_request
from support.command_line import run_ocp
from support.fake_ollama import Answer, Call, FakeModel, FakeOllama, answer
from support.health_server import free_port
from support.ocp_process import ocp_process
from support.proxy import Proxy

MODEL = "qwen2.5-coder:7b"
CLAUDE = "#!{python}\nprint('{version} (Claude Code)')\n"
CHECKS = [
    "python",
    "settings",
    "proxy",
    "ollama",
    "model",
    "roles",
    "abilities",
    "window",
    "answer",
    "template",
    "memory",
    "tool call",
    "trial",
    "claude code",
    "variables",
]


def answer_with_tools(body: dict[str, Any]) -> Answer:
    """Answer like a model that is good at tools."""
    messages = str(body["messages"])
    if "heron" in messages:
        return answer("It is heron.")
    if body.get("tools") or "read_note" in messages:
        return answer(Call("read_note", {"name": "today"}))
    return answer("One", " two")


@pytest.fixture
def healthy(fake: FakeOllama) -> FakeOllama:
    fake.respond = answer_with_tools
    return fake


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Return a home with Claude Code."""
    install(tmp_path, "2.1.330")
    return tmp_path


def install(home: Path, version: str) -> None:
    script = home / "bin" / "claude"
    script.parent.mkdir(exist_ok=True)
    script.write_text(CLAUDE.format(python=sys.executable, version=version))
    script.chmod(0o755)


def run_doctor(home: Path, url: str, **extra: str) -> tuple[int, dict[str, Any]]:
    """Return the exit code and the document of `--json`."""
    variables = {"OLLAMA_HOST": url, "PATH": f"{home / 'bin'}:/usr/bin:/bin", **extra}
    variables.setdefault("OCP_PORT", free_port())
    done = run_ocp(home, "doctor", "--json", variables=variables)
    assert "Traceback" not in done.stderr
    document: dict[str, Any] = json.loads(done.stdout)
    assert document["ok"] == (done.returncode == 0)
    return done.returncode, document


def rows(document: dict[str, Any], name: str) -> list[dict[str, Any]]:
    return [check for check in document["checks"] if check["name"] == name]


def row(document: dict[str, Any], name: str) -> dict[str, Any]:
    return rows(document, name)[0]


def statuses(document: dict[str, Any]) -> dict[str, str]:
    return {check["name"]: check["status"] for check in reversed(document["checks"])}


def test_a_healthy_system_passes_every_check(home: Path, healthy: FakeOllama) -> None:
    port = free_port()
    with ocp_process(home, "serve", OLLAMA_HOST=healthy.url, OCP_PORT=port) as process:
        process.wait_for("Ctrl-C")
        code, document = run_doctor(home, healthy.url, OCP_PORT=port)
        process.stop()
    assert (code, document["version"]) == (0, __version__)
    assert statuses(document) == dict.fromkeys(CHECKS, "ok")
    assert [
        check for check in document["checks"] if set(check) != {"name", "status", "found", "remedy"}
    ] == []
    assert "tokens/s" in row(document, "answer")["found"]
    assert row(document, "tool call")["found"].startswith("called a tool and used its result")
    assert row(document, "claude code")["found"].startswith("2.1.330 at ")


def test_it_asks_the_model_in_the_proxys_own_window(home: Path, healthy: FakeOllama) -> None:
    run_doctor(home, healthy.url, OCP_NUM_CTX="16384", OCP_KEEP_ALIVE="5m")
    assert {chat["options"]["num_ctx"] for chat in healthy.chats} == {16384}
    assert {chat["keep_alive"] for chat in healthy.chats} == {"5m"}


def test_without_a_running_proxy_the_tool_call_starts_its_own(
    home: Path, healthy: FakeOllama
) -> None:
    code, document = run_doctor(home, healthy.url, OCP_TOKEN="sesame")
    assert code == 0
    assert row(document, "proxy")["status"] == "warning"
    assert row(document, "proxy")["remedy"] == "ocp serve"
    assert row(document, "tool call")["status"] == "ok"
    assert document["settings"]["token"] == {
        "value": "********",
        "origin": "environment OCP_TOKEN",
    }


def test_text_output_has_a_row_per_check_and_the_remedy_below(
    home: Path, healthy: FakeOllama
) -> None:
    extra = {"OLLAMA_HOST": healthy.url, "OCP_PORT": free_port(), "PATH": "/usr/bin:/bin"}
    done = run_ocp(home, "doctor", variables=extra)
    assert done.returncode == 0, done.stdout
    lines = done.stdout.splitlines()
    assert lines[0].startswith("✓ python       3.")
    at = next(index for index, line in enumerate(lines) if line.startswith("! claude code"))
    assert lines[at + 1].strip() == "npm install -g @anthropic-ai/claude-code"
    assert f"waiting for {MODEL} to load and answer" in done.stderr


def test_without_ollama_the_rest_is_skipped_with_the_reason(home: Path) -> None:
    code, document = run_doctor(home, "http://127.0.0.1:9")
    assert code == 1
    assert row(document, "ollama")["status"] == "failed"
    assert row(document, "ollama")["remedy"]
    for name in ("model", "roles", "abilities", "window", "answer", "memory", "tool call"):
        assert row(document, name)["status"] == "skipped"
    assert row(document, "model")["found"] == "not checked, because of: ollama"
    assert row(document, "claude code")["status"] == "ok"


def test_a_setting_that_is_not_allowed_is_named(home: Path) -> None:
    code, document = run_doctor(home, "http://127.0.0.1:9", OCP_PORT="x")
    assert code == 1
    assert "environment OCP_PORT" in row(document, "settings")["found"]
    assert row(document, "ollama")["status"] == "skipped"
    assert document["settings"] == {}


def test_settings_are_listed_with_their_source(home: Path, healthy: FakeOllama) -> None:
    (home / ".env").write_text("OCP_KEEP_ALIVE=5m\n")
    _, document = run_doctor(home, healthy.url)
    summaries = [check["found"] for check in rows(document, "settings")]
    assert "keep_alive = 5m (from .env OCP_KEEP_ALIVE)" in summaries
    assert document["settings"]["keep_alive"] == {"value": "5m", "origin": ".env OCP_KEEP_ALIVE"}
    assert document["settings"]["model"] == {"value": MODEL, "origin": "default"}


def test_a_port_of_another_program_is_reported_with_its_owner(
    home: Path, healthy: FakeOllama
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        code, document = run_doctor(home, healthy.url, OCP_PORT=str(taken.getsockname()[1]))
    assert code == 1
    assert "is taken by " in row(document, "proxy")["found"]
    assert row(document, "proxy")["remedy"].startswith("ocp serve --port ")
    assert row(document, "tool call")["status"] == "ok"


@pytest.mark.parametrize(
    ("version", "status"),
    [("0.6.2", "failed"), ("0.30.1", "warning"), ("0.33.0-rc2", "ok"), ("0.0.0", "failed")],
)
def test_an_old_ollama_is_reported(home: Path, version: str, status: str) -> None:
    with FakeOllama(version=version) as fake:
        _, document = run_doctor(home, fake.url)
    assert row(document, "ollama")["status"] == status
    assert version in row(document, "ollama")["found"]


def test_a_missing_configured_model_has_its_pull_command(home: Path, healthy: FakeOllama) -> None:
    code, document = run_doctor(home, healthy.url, OCP_MODEL="x:1b", OCP_ROLES__HAIKU="y:1b")
    assert code == 1
    assert row(document, "model")["remedy"] == "ollama pull x:1b"
    assert row(document, "roles")["remedy"] == "ollama pull y:1b"
    assert row(document, "answer")["status"] == "skipped"


@pytest.mark.parametrize(
    ("model", "check", "status"),
    [
        (FakeModel("m", capabilities=frozenset({"completion"})), "abilities", "warning"),
        (FakeModel("m", context_length=4096), "window", "failed"),
        (FakeModel("m", context_length=14_000), "window", "warning"),
    ],
    ids=["no tools", "a window that is too small", "a small window"],
)
def test_an_insufficient_model_is_reported(
    home: Path, model: FakeModel, check: str, status: str
) -> None:
    with FakeOllama(model) as fake:
        fake.respond = answer_with_tools
        _, document = run_doctor(home, fake.url, OCP_MODEL="m")
    assert row(document, check)["status"] == status
    assert row(document, check)["remedy"]
    assert row(document, "answer")["status"] == "ok"


BEGINS_FULL = "begins with about 11500, so 22500 is the smallest useful window"
BEGINS_LEAN = "begins with about 3200, so 14200 is the smallest useful window"


@pytest.mark.parametrize(
    ("window", "lean", "status", "words"),
    [
        (22_500, "auto", "ok", BEGINS_FULL),
        (22_499, "auto", "warning", f"{BEGINS_FULL}; in this one little of each file is shown"),
        (12_299, "off", "failed", f"{BEGINS_FULL}; this one leaves no room for an answer"),
        (16_384, "auto", "ok", BEGINS_LEAN),
        (16_384, "off", "warning", BEGINS_FULL),
        (14_199, "auto", "warning", BEGINS_LEAN),
        (3999, "auto", "failed", f"{BEGINS_LEAN}; this one leaves no room for an answer"),
    ],
)
def test_the_smallest_useful_window_is_told(
    home: Path, window: int, lean: str, status: str, words: str
) -> None:
    with FakeOllama(FakeModel("m", context_length=131_072)) as fake:
        fake.respond = answer_with_tools
        _, document = run_doctor(
            home, fake.url, OCP_MODEL="m", OCP_NUM_CTX=str(window), OCP_LEAN=lean
        )
    told = row(document, "window")
    assert told["status"] == status
    assert told["found"].startswith(f"window {window} tokens; Claude Code {words}")
    if status == "ok":
        assert told["remedy"] is None
    else:
        assert told["remedy"].startswith("ocp serve --num-ctx 32768")
        assert ("ocp claude --lean" in told["remedy"]) is (words.startswith(BEGINS_FULL))


def test_the_smallest_useful_window_follows_from_what_the_last_session_began_with(
    home: Path,
) -> None:
    with FakeOllama(FakeModel("m", context_length=20_000), slots=1) as fake:
        fake.respond = answer_with_tools
        with Proxy(fake.url, model="m", side_jobs="main") as proxy:
            replies = [
                send_request(proxy, first_request("Hi", system="word " * 9000), session="s"),
                send_request(proxy, first_request("Title"), session="s", kind="auxiliary"),
            ]
            port = str(proxy.settings.port)
            _, document = run_doctor(home, fake.url, OCP_MODEL="m", OCP_PORT=port)
    usage = replies[0].json()["usage"]
    began_with = usage["input_tokens"] + usage["cache_read_input_tokens"]
    told = row(document, "window")
    assert told["status"] == "warning"
    assert f"began with {began_with}, so {began_with + 11_000} is" in told["found"]
    assert told["remedy"].startswith("Its window cannot be so large. Choose another")


@pytest.mark.parametrize(
    ("answers", "status", "words"),
    [
        ([answer("I would read it.")], "failed", "answered in words"),
        ([answer(Call("read_note", {"name": "today"})), answer("Fine.")], "warning", "not use"),
    ],
    ids=["words instead of a call", "a result that is not used"],
)
def test_a_model_that_is_bad_at_tools_is_reported(
    home: Path, healthy: FakeOllama, answers: list[Answer], status: str, words: str
) -> None:
    healthy.script(answer("One"), *answers)
    _, document = run_doctor(home, healthy.url)
    check = row(document, "tool call")
    assert (check["status"], words in check["found"]) == (status, True)
    assert "ocp models" in check["remedy"]


def test_a_model_that_does_not_load_is_reported(home: Path, healthy: FakeOllama) -> None:
    words = "llama-server process has terminated: out of memory"
    healthy.script(Answer([f'{{"error":"{words}"}}'], status=500))
    code, document = run_doctor(home, healthy.url)
    assert code == 1
    assert row(document, "answer")["status"] == "failed"
    assert row(document, "tool call")["status"] == "skipped"


@pytest.mark.parametrize(
    ("variables", "status", "words"),
    [
        ({"ANTHROPIC_API_KEY": "sk-x"}, "failed", "unset ANTHROPIC_API_KEY"),
        ({"ANTHROPIC_BASE_URL": "http://127.0.0.1:8000/v1"}, "failed", "ocp env"),
        ({"ANTHROPIC_BASE_URL": "http://127.0.0.1:9"}, "warning", "ocp env"),
        ({"HTTP_PROXY": "http://proxy:3128"}, "failed", "ocp env"),
        ({"https_proxy": "http://proxy:3128", "no_proxy": "example.org"}, "failed", "ocp env"),
        ({"HTTP_PROXY": "http://proxy:3128", "NO_PROXY": "localhost, 127.0.0.1"}, "ok", ""),
        ({"HTTP_PROXY": "http://proxy:3128", "NO_PROXY": "*"}, "ok", ""),
        ({"CLAUDE_CODE_USE_BEDROCK": "1"}, "failed", "unset CLAUDE_CODE_USE_BEDROCK"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, dict) else "",
)
def test_a_conflicting_variable_is_reported(
    home: Path, variables: dict[str, str], status: str, words: str
) -> None:
    _, document = run_doctor(home, "http://127.0.0.1:9", **variables)
    check = row(document, "variables")
    assert check["status"] == status
    assert words in (check["remedy"] or "")
    assert "sk-x" not in json.dumps(document)


@pytest.mark.parametrize(("version", "status"), [("2.1.197", "ok"), ("1.0.3", "warning")])
def test_an_old_claude_code_is_reported(home: Path, version: str, status: str) -> None:
    install(home, version)
    _, document = run_doctor(home, "http://127.0.0.1:9")
    assert row(document, "claude code")["status"] == status


def test_a_claude_code_that_does_not_run_is_reported(home: Path) -> None:
    (home / "bin" / "claude").write_text(f"#!{sys.executable}\nraise SystemExit(1)\n")
    _, document = run_doctor(home, "http://127.0.0.1:9")
    assert row(document, "claude code")["status"] == "failed"
