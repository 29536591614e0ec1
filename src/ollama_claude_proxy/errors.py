"""Every way in which `ocp` can fail, with what the client must see and what its user can do.

    OcpError
    ├── RequestError                    the client's request is at fault
    │   ├── InvalidRequest       400    invalid_request_error
    │   ├── PromptTooLong        400    invalid_request_error   (the client compacts)
    │   ├── BodyTooLarge         413    request_too_large
    │   ├── Unauthorized         401    authentication_error
    │   ├── ModelNotFound        404    not_found_error         (`/v1/models/{id}` only)
    │   ├── Forbidden            403    permission_error        (foreign Host or Origin)
    │   └── NotSupported         501    not_supported           (an endpoint that is not there)
    ├── UpstreamError                   Ollama is at fault
    │   ├── OllamaUnreachable    503    api_error          permanent
    │   ├── OllamaGone           529    overloaded_error   retry after some seconds
    │   ├── ModelNotInstalled    400    policy_blocked     permanent
    │   ├── ModelUnusable        400    policy_blocked     permanent
    │   ├── CloudRefused         400    policy_blocked     permanent
    │   ├── ModelLoadFailed      503    api_error          permanent
    │   ├── OllamaBusy           529    overloaded_error   retry after some seconds
    │   ├── RunnerStopped        529    overloaded_error   retry after some seconds
    │   ├── AnswerCutOff         502    api_error          retry after a second
    │   ├── AnswerUnreadable     502    api_error          permanent
    │   ├── ToolCallUnreadable   502    api_error          retry after a second
    │   └── UpstreamRejected     400    policy_blocked     permanent
    │       └── SchemaRefused    400    policy_blocked     permanent
    ├── ShuttingDown             529    overloaded_error   retry after some seconds
    ├── InternalError            500    api_error          permanent
    └── UsageError                      the command line or a setting is at fault (not sent)
        ├── SettingInvalid
        └── PortTaken

Which status makes Claude Code retry, stop or hide the message was measured: a 400 is sent again
five times unless its type is `policy_blocked`; 404 and 401 hide the message; 429, 5xx and 529 are
retried for three minutes unless `x-should-retry: false` is set, and a `retry-after` over 60 seconds
fails at once.
"""

from collections.abc import Mapping
from typing import Any, ClassVar


class OcpError(Exception):
    """Something the user should read: one sentence, and a remedy that says what to type next.

    `status` is the HTTP status, `type` Anthropic's error type, `retry_after` the seconds after
    which a client may try again (None: it must not try by itself).
    """

    status: ClassVar[int] = 500
    type: ClassVar[str] = "api_error"
    retry_after: ClassVar[int | None] = None
    remedy: ClassVar[str] = ""

    def __init__(self, message: str, *, remedy: str | None = None) -> None:
        self.problem = message
        self.advice = self.remedy if remedy is None else remedy
        super().__init__(self.message)

    @property
    def message(self) -> str:
        """The problem and its remedy as one line of text."""
        return f"{self.problem} {self.advice}".strip()

    def body(self, request_id: str | None = None) -> dict[str, Any]:
        """Anthropic's error object, as sent in a response body or an `error` event."""
        body: dict[str, Any] = {
            "type": "error",
            "error": {"type": self.type, "message": self.message},
        }
        if request_id is not None:
            body["request_id"] = request_id
        return body

    def headers(self) -> Mapping[str, str]:
        """Headers that tell a client whether and when to try again."""
        if self.retry_after is not None:
            return {"retry-after": str(self.retry_after)}
        return {"x-should-retry": "false"}


class RequestError(OcpError):
    """The client's request is at fault."""

    status = 400
    type = "invalid_request_error"


class InvalidRequest(RequestError):
    """The body is no JSON, or a field is missing or of the wrong type."""


class PromptTooLong(RequestError):
    """The prompt has more tokens than the window; these very words make Claude Code compact."""

    def __init__(self, tokens: int, maximum: int) -> None:
        self.tokens = tokens
        self.maximum = maximum
        super().__init__(f"prompt is too long: {tokens} tokens > {maximum} maximum")


class BodyTooLarge(RequestError):
    """The request body is over the cap."""

    status = 413
    type = "request_too_large"


class Unauthorized(RequestError):
    """The proxy has a token and the request does not carry it."""

    status = 401
    type = "authentication_error"
    remedy = 'Set ANTHROPIC_AUTH_TOKEN to the proxy\'s token: `eval "$(ocp env)"`.'


class Forbidden(RequestError):
    """The request comes from a web page, or for another host name."""

    status = 403
    type = "permission_error"


class ModelNotFound(RequestError):
    """A model that was looked up by id is not there."""

    status = 404
    type = "not_found_error"

    def __init__(self, model: str) -> None:
        super().__init__(
            f"There is no model {model!r}.", remedy="See what is installed with `ocp models`."
        )


class NotSupported(RequestError):
    """An endpoint of Anthropic's API that the proxy does not have."""

    status = 501
    type = "not_supported"


class UpstreamError(OcpError):
    """Ollama could not or would not answer."""

    status = 503


class OllamaUnreachable(UpstreamError):
    """No Ollama answers at the configured address."""

    def __init__(self, url: str, reason: str = "") -> None:
        detail = f" ({reason})" if reason else ""
        super().__init__(
            f"Ollama does not answer at {url!r}{detail}.",
            remedy="Start it with `ollama serve`, or check the address with `ocp doctor`.",
        )


class OllamaGone(UpstreamError):
    """Ollama answered a moment ago and does not now: it is being restarted, or it crashed."""

    status = 529
    type = "overloaded_error"
    retry_after = 2

    def __init__(self, url: str) -> None:
        super().__init__(
            f"Ollama answered at {url!r} a moment ago and does not now.",
            remedy="It is tried again; if it was stopped, start it with `ollama serve`.",
        )


class ModelNotInstalled(UpstreamError):
    """Ollama does not have the model."""

    status = 400
    type = "policy_blocked"

    def __init__(self, model: str) -> None:
        self.model = model
        super().__init__(
            f"The model {model!r} is not installed in Ollama.",
            remedy=f"Type `ollama pull {model}`, or choose another with `ocp models`.",
        )


class ModelUnusable(UpstreamError):
    """The model is there but cannot do what was asked: chat, tools, thinking or images."""

    status = 400
    type = "policy_blocked"
    remedy = "See what each model can do with `ocp models`."


class CloudRefused(UpstreamError):
    """A cloud model refused: not signed in, or over its quota."""

    status = 400
    type = "policy_blocked"
    remedy = "Sign in with `ollama signin`, or choose a local model with `ocp models`."


class ModelLoadFailed(UpstreamError):
    """Ollama could not load the model, mostly for want of memory."""

    remedy = "Choose a smaller model or window (`ocp models`, `ocp serve --num-ctx 16384`)."


class OllamaBusy(UpstreamError):
    """Ollama's queue is full."""

    status = 529
    type = "overloaded_error"
    retry_after = 5
    remedy = "It is tried again in a few seconds."


class RunnerStopped(UpstreamError):
    """The process that runs the model died; the next request loads it anew."""

    status = 529
    type = "overloaded_error"
    retry_after = 2
    remedy = "The next request loads it again; if it keeps happening, see `ollama serve`'s log."


class AnswerCutOff(UpstreamError):
    """The stream ended, or broke, before Ollama said that it was done."""

    status = 502
    retry_after = 1
    remedy = "Ask again; if it keeps happening, see `ollama serve`'s log."


class AnswerUnreadable(UpstreamError):
    """What came is not what Ollama sends, or its parser failed on what the model wrote."""

    status = 502
    remedy = "Ask again, or check the address and the model with `ocp doctor`."


class ToolCallUnreadable(UpstreamError):
    """The model wrote a tool call that Ollama's parser could not read, or that it swallowed."""

    status = 502
    retry_after = 1
    remedy = "Ask again; if it keeps happening, choose another model with `ocp models`."


class UpstreamRejected(UpstreamError):
    """Ollama refused the request for a reason that trying again will not change."""

    status = 400
    type = "policy_blocked"
    remedy = "Check the set-up with `ocp doctor`."


class SchemaRefused(UpstreamRejected):
    """llama.cpp can make no grammar of a schema."""


class ShuttingDown(OcpError):
    """The proxy is being stopped while an answer runs."""

    status = 529
    type = "overloaded_error"
    retry_after = 5

    def __init__(self) -> None:
        super().__init__("The proxy is shutting down.", remedy="Start it again with `ocp serve`.")


class InternalError(OcpError):
    """A defect of ours; the log has the traceback."""

    def __init__(self, request_id: str) -> None:
        super().__init__(
            f"ocp failed inside (request {request_id}).",
            remedy="Run `ocp serve --debug` and report what its log says.",
        )


class UsageError(OcpError):
    """The command line or a setting is at fault; shown in one line, never sent over HTTP."""


class SettingInvalid(UsageError):
    """A setting has a value that is not allowed; names the key, its source and what is allowed."""


class PortTaken(UsageError):
    """Another process listens on the port that the proxy wants."""
