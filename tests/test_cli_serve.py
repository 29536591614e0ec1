"""`ocp serve` as a person meets it: it starts, says what is missing, and what to type."""

import json
import signal
import socket
import threading
from pathlib import Path
from typing import Any

import httpx
import pytest

from support.command_line import run_ocp
from support.fake_ollama import Answer, FakeModel, FakeOllama, WaitFor, answer
from support.health_server import free_port, health_server
from support.ocp_process import OcpProcess, ocp_process

READY = "Ctrl-C stops the proxy."
WINDOW_ROW = (
    "✓ window 32768 tokens; Claude Code begins with about 11500, so 22500 is the smallest useful "
    "window"
)
MODEL = "qwen2.5-coder:7b"
REQUEST: dict[str, Any] = {
    "model": "claude-opus-5-5",
    "max_tokens": 100,
    "messages": [{"role": "user", "content": "Hi"}],
}


def ask(port: str, **extra: Any) -> httpx.Response:
    url = f"http://127.0.0.1:{port}/v1/messages"
    return httpx.post(url, json=REQUEST | extra, timeout=30, trust_env=False)


def variables(fake: FakeOllama, port: str, **extra: str) -> dict[str, str]:
    return {"OLLAMA_HOST": fake.url, "OCP_PORT": port, **extra}


def stop(process: OcpProcess) -> None:
    assert process.stop() == 0, process.stderr
    assert "Traceback" not in process.stderr


def test_it_prints_the_checks_and_the_next_commands(tmp_path: Path, fake: FakeOllama) -> None:
    port = free_port()
    with ocp_process(tmp_path, "serve", **variables(fake, port)) as process:
        output = process.wait_for(READY)
        assert output.splitlines() == [
            f"✓ Ollama 0.32.15 answers at {fake.url}",
            f"✓ {MODEL} is installed",
            "✓ it can call tools",
            WINDOW_ROW,
            f"✓ port {port} is free",
            "",
            f"Serving at http://127.0.0.1:{port} with {MODEL} for every Claude model.",
            "Now, in another terminal:",
            '  eval "$(ocp env)"',
            "  claude",
            READY,
        ]
        assert ask(port).json()["content"][0]["text"] == "Hello there."
        stop(process)
        assert process.process.stdout is not None
        assert process.process.stdout.read() == ""


def test_what_ocp_env_cannot_know_is_in_the_next_command(tmp_path: Path, fake: FakeOllama) -> None:
    port = free_port()
    flags = ("--port", port, "--token", "sesame", "--model", "qwen3.5:9b", "--num-ctx", "16384")
    with ocp_process(tmp_path, "serve", *flags, OLLAMA_HOST=fake.url) as process:
        output = process.wait_for(READY)
        assert f'eval "$(OCP_PORT={port} OCP_TOKEN=YOUR_TOKEN ocp env)"' in output
        assert "✓ it can call tools and see images and think" in output
        assert "✓ window 16384 tokens" in output
        assert "sesame" not in output
        assert ask(port).status_code == 401
        stop(process)


def test_port_zero_takes_a_free_port_and_prints_it(tmp_path: Path, fake: FakeOllama) -> None:
    with ocp_process(tmp_path, "serve", **variables(fake, "0")) as process:
        output = process.wait_for(READY)
        port = output.partition("OCP_PORT=")[2].partition(" ")[0]
        assert ask(port).status_code == 200
        stop(process)


def test_without_preflight_it_only_prints_its_address(tmp_path: Path, fake: FakeOllama) -> None:
    port = free_port()
    with ocp_process(tmp_path, "serve", "--no-preflight", **variables(fake, port)) as process:
        assert process.wait_for("\n") == f"Serving at http://127.0.0.1:{port}\n"
        # The vocabulary is fetched all the same; the checks would begin with the version.
        assert {request.path for request in fake.requests} <= {"/api/tags", "/api/show"}
        stop(process)


def test_without_ollama_it_starts_and_works_when_ollama_comes(tmp_path: Path) -> None:
    fake = FakeOllama()
    fake.start()
    fake.stop()
    port = free_port()
    with ocp_process(tmp_path, "serve", **variables(fake, port)) as process:
        output = process.wait_for(READY)
        assert f"✗ Ollama does not answer at '{fake.url}'" in output
        refused = ask(port)
        assert refused.status_code == 503
        assert "ollama serve" in refused.json()["error"]["message"]
        with fake:
            assert ask(port).status_code == 200
        stop(process)


def test_a_missing_model_is_reported_without_a_question(tmp_path: Path, fake: FakeOllama) -> None:
    port = free_port()
    with ocp_process(tmp_path, "serve", "--model", "llama9:1b", **variables(fake, port)) as process:
        output = process.wait_for(READY)
        assert "✗ llama9:1b is not installed\n  ollama pull llama9:1b\n" in output
        assert "?" not in output
        refused = ask(port)
        assert refused.status_code == 400
        assert "ollama pull llama9:1b" in refused.json()["error"]["message"]
        fake.models["llama9:1b"] = FakeModel("llama9:1b")
        fake.wait_for(lambda: ask(port).status_code == 200, 20)
        stop(process)


def test_without_a_configured_model_the_best_installed_one_is_used(tmp_path: Path) -> None:
    port = free_port()
    with (
        FakeOllama(
            FakeModel("smollm2:135m", capabilities=frozenset({"completion"})), FakeModel("qwen3:8b")
        ) as fake,
        ocp_process(tmp_path, "serve", **variables(fake, port)) as process,
    ):
        output = process.wait_for(READY)
        assert f"! {MODEL} is not installed; qwen3:8b is used instead" in output
        assert ask(port).headers["x-ocp-model"] == "qwen3:8b"
        stop(process)


@pytest.mark.parametrize(
    ("model", "line"),
    [
        (
            FakeModel("m", capabilities=frozenset({"completion"})),
            "! it can call tools, though it was not made for tools: ocp shows them as text",
        ),
        (
            FakeModel("m", context_length=8192),
            "! window 8192 tokens; Claude Code begins with about 3200",
        ),
    ],
    ids=["no tools", "small window"],
)
def test_an_insufficient_model_is_reported(tmp_path: Path, model: FakeModel, line: str) -> None:
    with (
        FakeOllama(model) as fake,
        ocp_process(tmp_path, "serve", "--model", "m", **variables(fake, "0")) as process,
    ):
        assert line in process.wait_for(READY)
        stop(process)


def test_a_role_whose_model_is_missing_is_reported(tmp_path: Path, fake: FakeOllama) -> None:
    extra = variables(fake, "0", OCP_ROLES__HAIKU="small:1b", OCP_ROLES__OPUS="gpt-oss:20b")
    with ocp_process(tmp_path, "serve", **extra) as process:
        output = process.wait_for(READY)
        assert "✗ small:1b is not installed\n  ollama pull small:1b\n" in output
        assert "for opus: gpt-oss:20b" in output
        stop(process)


def test_another_server_at_ollamas_address_is_suspected(tmp_path: Path) -> None:
    with (
        health_server({"status": "ok"}, status=200) as other,
        ocp_process(
            tmp_path, "serve", OLLAMA_HOST=f"127.0.0.1:{other}", OCP_PORT=free_port()
        ) as process,
    ):
        assert "Is it Ollama that answers there?" in process.wait_for(READY)
        stop(process)


def test_a_taken_port_is_one_line_with_its_owner_and_another_port(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = run_ocp(tmp_path, "serve", "--port", str(port))
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (3, "", 1)
    assert f"Port {port} is taken by " in done.stderr
    assert "(process " in done.stderr
    assert "`ocp serve --port " in done.stderr


def test_a_second_proxy_reports_the_first(tmp_path: Path, fake: FakeOllama) -> None:
    port = free_port()
    with ocp_process(tmp_path, "serve", **variables(fake, port)) as process:
        process.wait_for(READY)
        done = run_ocp(tmp_path, "serve", variables=variables(fake, port))
        assert done.returncode == 3
        assert "taken by another `ocp serve`" in done.stderr
        assert f"(process {process.process.pid})" in done.stderr
        stop(process)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_running_answers_with_an_error_event(
    tmp_path: Path, fake: FakeOllama, number: signal.Signals
) -> None:
    port = free_port()
    never = threading.Event()
    fake.script(Answer(["Once", WaitFor(never)]))
    with ocp_process(tmp_path, "serve", **variables(fake, port)) as process:
        process.wait_for(READY)
        url = f"http://127.0.0.1:{port}/v1/messages"
        with httpx.stream(
            "POST", url, json=REQUEST | {"stream": True}, timeout=30, trust_env=False
        ) as response:
            lines = response.iter_lines()
            assert any("Once" in line for line in lines)
            process.process.send_signal(number)
            events = [json.loads(line[5:]) for line in lines if line.startswith("data:")]
        assert [event["type"] for event in events] == ["content_block_stop", "error"]
        assert events[-1]["error"]["type"] == "overloaded_error"
        assert "shutting down" in events[-1]["error"]["message"]
        assert process.process.wait(5) == 0
        assert "Traceback" not in process.stderr
    never.set()


def test_an_idle_connection_does_not_keep_it_running(tmp_path: Path, fake: FakeOllama) -> None:
    port = free_port()
    fake.script(answer("Hi"))
    with ocp_process(tmp_path, "serve", **variables(fake, port)) as process:
        process.wait_for(READY)
        with httpx.Client(trust_env=False) as client:
            client.post(f"http://127.0.0.1:{port}/v1/messages", json=REQUEST)
            stop(process)


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (("--port", "x"), "'port' (flag --port) is 'x'; allowed is a whole number"),
        (("--num-ctx", "1"), "'num_ctx' (flag --num-ctx) is '1'"),
        (("--host", "0.0.0.0"), "only with a token"),
        (("--host", "192.0.2.1", "--token", "t"), "'host' is '192.0.2.1'"),
        (("--host", "no.such.host.invalid", "--token", "t"), "'no.such.host.invalid'"),
        (("--config", "none.toml"), "none.toml"),
        (("--pull", "--no-preflight"), "cannot be combined"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_a_bad_flag_is_one_line(tmp_path: Path, flags: tuple[str, ...], words: str) -> None:
    done = run_ocp(tmp_path, "serve", *flags)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert words in done.stderr


@pytest.mark.parametrize(("signals", "code"), [(1, 0), (2, 130)])
def test_a_client_that_does_not_read_cannot_keep_it_running(
    tmp_path: Path, fake: FakeOllama, signals: int, code: int
) -> None:
    port = free_port()
    numbers = " ".join(map(str, range(10_000)))  # what repeats itself would be ended
    fake.script(answer(*(f"{number}: {numbers}\n" for number in range(500))))
    body = json.dumps(REQUEST | {"stream": True}).encode()
    head = f"POST /v1/messages HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(body)}\r\n\r\n"
    with ocp_process(tmp_path, "serve", **variables(fake, port)) as process:
        process.wait_for(READY)
        with socket.create_connection(("127.0.0.1", int(port))) as client:
            client.sendall(head.encode() + body)
            client.recv(1)
            process.process.send_signal(signal.SIGINT)
            process.wait_for("shutting down")
            if signals == 2:
                process.process.send_signal(signal.SIGINT)
            assert process.process.wait(10) == code
    assert "ERROR" not in process.stderr
