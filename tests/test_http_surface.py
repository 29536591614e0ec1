"""The endpoints other than messages, access control, and errors in the client's format."""

from typing import Any

import anthropic
import httpx
import pytest

from support.fake_ollama import (
    ConnectionReset,
    EndOfBody,
    Failure,
    FakeModel,
    FakeOllama,
    InvalidBytes,
    Line,
    Step,
    answer,
)
from support.proxy import Proxy, free_port
from support.stream_grammar import check_events, parse_sse


def error_of(reply: httpx.Response) -> dict[str, str]:
    body = reply.json()
    assert body["type"] == "error"
    assert body["request_id"] == reply.headers["request-id"]
    error: dict[str, str] = body["error"]
    assert error["message"]
    return error


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("path", ["/", "/health", "/api/hello"])
def test_health_checks_are_answered(proxy: Proxy, method: str, path: str) -> None:
    reply = proxy.client.request(method, path)
    assert reply.status_code == 200
    assert reply.headers["request-id"].startswith("req_")


def test_health_reports_the_model_and_its_window(proxy: Proxy) -> None:
    report = proxy.client.get("/health").json()
    assert report["ollama"] == "0.32.15"
    assert (report["model"], report["window"]) == ("qwen2.5-coder:7b", 32768)


def test_health_is_ok_although_ollama_is_down() -> None:
    with Proxy(f"http://127.0.0.1:{free_port()}") as proxy:
        reply = proxy.client.get("/health")
    assert reply.status_code == 200
    assert "ollama serve" in reply.json()["problem"]


def test_the_sdk_lists_the_models_page_by_page(proxy: Proxy) -> None:
    with anthropic.Anthropic(
        base_url=proxy.url, auth_token="x", _strict_response_validation=True
    ) as sdk:
        listed = list(sdk.models.list(limit=2))
        names = {model.display_name: model for model in listed}
        assert "nomic-embed-text:latest" not in names
        assert len(listed) == 6
        assert all(model.id.startswith("claude-") for model in listed)
        assert names["gpt-oss:20b"].max_input_tokens == 32768
        model = sdk.models.retrieve(names["qwen3.5:9b"].id)
        assert model.capabilities is not None
        assert model.capabilities.image_input.supported
        assert sdk.models.retrieve("qwen3.5:9b").id == model.id


def test_pages_can_be_read_in_both_directions(proxy: Proxy) -> None:
    all_models = proxy.client.get("/v1/models?limit=1000").json()
    ids = [model["id"] for model in all_models["data"]]
    assert not all_models["has_more"]
    before = proxy.client.get(f"/v1/models?limit=2&before_id={ids[4]}").json()
    assert [model["id"] for model in before["data"]] == ids[2:4]
    assert before["has_more"]
    assert (before["first_id"], before["last_id"]) == (ids[2], ids[3])


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=x", "limit=1001", "after_id=nobody", "before_id=nobody"]
)
def test_an_invalid_page_is_refused(proxy: Proxy, query: str) -> None:
    reply = proxy.client.get(f"/v1/models?{query}")
    assert reply.status_code == 400
    assert error_of(reply)["type"] == "invalid_request_error"


def test_an_unknown_model_is_not_found(proxy: Proxy) -> None:
    reply = proxy.client.get("/v1/models/claude-nobody")
    assert reply.status_code == 404
    assert "ocp models" in error_of(reply)["message"]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/v1/messages/batches"),
        ("GET", "/v1/files"),
        ("DELETE", "/v1/anything/at/all"),
        ("GET", "/v1/messages"),
    ],
)
def test_an_unsupported_endpoint_says_so_and_is_not_retried(
    proxy: Proxy, method: str, path: str
) -> None:
    reply = proxy.client.request(method, path)
    assert reply.status_code == 501
    assert reply.headers["x-should-retry"] == "false"
    assert error_of(reply)["type"] == "not_supported"


def test_any_other_path_is_not_found(proxy: Proxy) -> None:
    reply = proxy.client.get("/nope")
    assert reply.status_code == 404
    assert error_of(reply)["type"] == "not_found_error"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Host": "localhost:8000"}, 200),
        ({"Host": "[::1]:8000"}, 200),
        ({"Host": "10.0.0.7"}, 200),
        ({"Host": "evil.example"}, 403),
        ({"Host": ""}, 403),
        ({"Origin": "http://localhost:3000"}, 200),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
    ],
)
def test_a_request_of_a_web_page_does_not_reach_the_model(
    proxy: Proxy, headers: dict[str, str], status: int
) -> None:
    reply = proxy.client.get("/v1/models", headers=headers)
    assert reply.status_code == status
    if status == 403:
        assert error_of(reply)["type"] == "permission_error"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({"Authorization": "Bearer wrong"}, 401),
        ({"Authorization": "Bearer s3cret"}, 200),
        ({"X-Api-Key": "s3cret"}, 200),
        ({"X-Api-Key": "s3cret", "Host": "gpu.lan:8000"}, 200),
        ({"X-Api-Key": "é"}, 401),
    ],
)
def test_a_token_is_required_if_one_is_configured(
    fake: FakeOllama, headers: dict[str, str], status: int
) -> None:
    with Proxy(fake.url, token="s3cret") as proxy:
        raw = [(name.encode(), value.encode()) for name, value in headers.items()]
        assert proxy.client.get("/v1/models", headers=raw).status_code == status
        assert proxy.client.get("/health").status_code == 200


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b'"x"', b"\xff\xfe", b"[" * 100_000, b'{"model":1}']
)
@pytest.mark.parametrize("path", ["/v1/messages", "/v1/messages/count_tokens"])
def test_an_invalid_body_is_refused(proxy: Proxy, path: str, body: bytes) -> None:
    reply = proxy.client.post(path, content=body)
    assert reply.status_code == 400
    assert error_of(reply)["type"] == "invalid_request_error"


@pytest.mark.parametrize("missing", ["max_tokens", "messages", "model"])
def test_a_missing_field_is_named(proxy: Proxy, missing: str) -> None:
    body: dict[str, Any] = {"model": "m", "max_tokens": 1, "messages": [{"role": "user"}]}
    body["messages"][0]["content"] = "Hi"
    del body[missing]
    assert error_of(proxy.client.post("/v1/messages", json=body))["message"] == (
        f"{missing}: Field required"
    )


@pytest.mark.parametrize("announced", [True, False], ids=["announced", "chunked"])
def test_a_huge_body_is_refused(fake: FakeOllama, *, announced: bool) -> None:
    with Proxy(fake.url, max_body_bytes=1024) as proxy:
        content: Any = b"x" * 2000 if announced else iter([b"x" * 500] * 4)
        reply = proxy.client.post("/v1/messages", content=content)
    assert reply.status_code == 413
    assert error_of(reply)["type"] == "request_too_large"


def test_ollama_may_be_down_and_come_back_without_a_restart(fake: FakeOllama) -> None:
    fake.stop()
    with Proxy(fake.url) as proxy:
        reply = proxy.create_message()
        assert reply.status_code == 503
        assert reply.headers["x-should-retry"] == "false"
        assert "ollama serve" in error_of(reply)["message"]
        fake.start()
        assert proxy.create_message().status_code == 200
        fake.stop()
        fake.start()
        assert proxy.create_message().status_code == 200


def test_a_model_that_is_not_installed_is_reported_with_its_remedy(fake: FakeOllama) -> None:
    with Proxy(fake.url, model="missing:7b") as proxy:
        reply = proxy.create_message()
    assert reply.status_code == 400
    assert error_of(reply) == {
        "type": "policy_blocked",
        "message": (
            "The model 'missing:7b' is not installed in Ollama. "
            "Type `ollama pull missing:7b`, or choose another with `ocp models`."
        ),
    }


def test_a_model_that_was_pulled_meanwhile_is_found(fake: FakeOllama) -> None:
    with Proxy(fake.url, model="late:7b") as proxy:
        assert proxy.create_message().status_code == 400
        fake.models["late:7b"] = FakeModel("late:7b")
        fake.wait_for(lambda: proxy.create_message().status_code == 200)


BROKEN: dict[str, tuple[Step, ...]] = {
    "ends without an end": (EndOfBody(),),
    "is reset": (ConnectionReset(),),
    "is garbage": (InvalidBytes(b"<html>what?</html>\n"),),
    "is no object": (Line("[1,2]"),),
    "says an error": (Failure("an error was encountered while running the model: EOF"),),
    "says a parser's error": (Failure("failed to parse JSON: invalid character"),),
}


@pytest.mark.parametrize("name", BROKEN)
@pytest.mark.parametrize("has_begun", [False, True], ids=["at once", "in mid-answer"])
def test_a_broken_answer_is_an_error_and_never_complete(
    fake: FakeOllama, proxy: Proxy, name: str, *, has_begun: bool
) -> None:
    broken_answer = answer(*(["Hel", "lo"] if has_begun else []), *BROKEN[name])
    fake.script(broken_answer, broken_answer, broken_answer, broken_answer)
    streamed = proxy.create_message(stream=True)
    if streamed.headers["content-type"].startswith("text/event-stream"):
        events = parse_sse(streamed.content)
        check_events(events)
        error = events[-1]["error"]
    else:
        assert streamed.status_code >= 500
        error = error_of(streamed)
    assert error["type"] in {"api_error", "overloaded_error"}
    reply = proxy.create_message()
    assert reply.status_code in {502, 503, 529}
    assert error_of(reply)["message"]


def test_a_server_that_is_not_ollama_is_reported() -> None:
    with Proxy("http://127.0.0.1:9") as first, Proxy(first.url) as proxy:
        reply = proxy.create_message()
    assert "not Ollama" in error_of(reply)["message"]


def test_a_prompt_that_is_too_long_is_refused_with_its_size(fake: FakeOllama) -> None:
    fake.count = lambda _body: 40_000
    with Proxy(fake.url, num_ctx=16384) as proxy:
        reply = proxy.create_message()
    assert reply.status_code == 400
    assert error_of(reply)["message"] == "prompt is too long: 40000 tokens > 16383 maximum"


def test_roles_map_to_models(fake: FakeOllama) -> None:
    from ollama_claude_proxy.settings import Roles  # noqa: PLC0415  # only here

    roles = Roles(haiku="qwen3.5:9b", subagent="gpt-oss:20b")
    with Proxy(fake.url, roles=roles) as proxy:
        proxy.create_message(model="claude-haiku-5-5")
        proxy.create_message(model="claude-opus-5-5")
        proxy.client.post(
            "/v1/messages",
            json={
                "model": "claude-opus-5-5",
                "max_tokens": 5,
                "messages": [{"role": "user", "content": "Hi"}],
            },
            headers={"x-claude-code-agent-id": "a1"},
        )
    assert [chat["model"] for chat in fake.chats] == [
        "qwen3.5:9b",
        "qwen2.5-coder:7b",
        "gpt-oss:20b",
    ]


def test_the_best_model_with_tools_answers_if_the_default_is_missing(
    fake: FakeOllama,
) -> None:
    del fake.models["qwen2.5-coder:7b"]
    with Proxy(fake.url) as proxy:
        assert proxy.create_message().headers["x-ocp-model"] == "qwen3-coder:30b"
