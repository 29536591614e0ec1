"""All errors of `ocp`, with what the client gets and what the user can do.

    OcpError
    ├── RequestError                    the client's request is wrong
    │   ├── InvalidRequest       400    invalid_request_error
    │   ├── PromptTooLong        400    invalid_request_error   (the client compacts)
    │   ├── BodyTooLarge         413    request_too_large
    │   ├── Unauthorized         401    authentication_error
    │   ├── ModelNotFound        404    not_found_error         (`/v1/models/{id}` only)
    │   ├── Forbidden            403    permission_error        (foreign Host or Origin)
    │   └── NotSupported         501    not_supported           (an endpoint that does not exist)
    ├── UpstreamError                   Ollama failed
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
    └── UsageError                      the command line or a setting is wrong (not sent)
        ├── SettingInvalid
        └── PortTaken

How Claude Code reacts to each status was measured: it retries a 400 five times unless its type is
`policy_blocked`; it hides the message of a 404 and a 401; it retries 429, 5xx and 529 for three
minutes unless `x-should-retry: false` is set, and gives up at once if `retry-after` is over 60
seconds.
"""

from collections.abc import Mapping
from typing import Any, ClassVar


class OcpError(Exception):
    """An error for the user: one sentence, and a remedy, which is usually a command to type.

    `status` is the HTTP status, `type` Anthropic's error type, `retry_after` the seconds after
    which a client may retry (None: it must not retry by itself).
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
        """Return Anthropic's error object, as sent in a response body or an `error` event."""
        body: dict[str, Any] = {
            "type": "error",
            "error": {"type": self.type, "message": self.message},
        }
        if request_id is not None:
            body["request_id"] = request_id
        return body

    def headers(self) -> Mapping[str, str]:
        """Return the headers that tell a client whether and when to retry."""
        if self.retry_after is not None:
            return {"retry-after": str(self.retry_after)}
        return {"x-should-retry": "false"}


class RequestError(OcpError):
    """The client's request is wrong."""

    status = 400
    type = "invalid_request_error"


class InvalidRequest(RequestError):
    """The body is not JSON, or a field is missing or of the wrong type."""


class PromptTooLong(RequestError):
    """The prompt has more tokens than the window; this exact message makes Claude Code compact."""

    def __init__(self, tokens: int, maximum: int) -> None:
        self.tokens = tokens
        self.maximum = maximum
        super().__init__(f"prompt is too long: {tokens} tokens > {maximum} maximum")


class BodyTooLarge(RequestError):
    """The request body is larger than `max_body_bytes`."""

    status = 413
    type = "request_too_large"


class Unauthorized(RequestError):
    """The proxy has a token, and the request does not have it."""

    status = 401
    type = "authentication_error"
    remedy = 'Set ANTHROPIC_AUTH_TOKEN to the proxy\'s token: `eval "$(ocp env)"`.'


class Forbidden(RequestError):
    """The request comes from a web page, or is for another host name."""

    status = 403
    type = "permission_error"


class ModelNotFound(RequestError):
    """A model that was requested by id does not exist."""

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
    """Ollama failed, or refused the request."""

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
    """Ollama answered a moment ago and no longer does: it is being restarted, or it crashed."""

    status = 529
    type = "overloaded_error"
    retry_after = 2

    def __init__(self, url: str) -> None:
        super().__init__(
            f"Ollama answered at {url!r} a moment ago and no longer does.",
            remedy="The request is retried; if Ollama was stopped, start it with `ollama serve`.",
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
    """The model is installed but lacks an ability: chat, tools, thinking or images."""

    status = 400
    type = "policy_blocked"
    remedy = "See what each model can do with `ocp models`."


class CloudRefused(UpstreamError):
    """A cloud model refused: not signed in, or over its quota."""

    status = 400
    type = "policy_blocked"
    remedy = "Sign in with `ollama signin`, or choose a local model with `ocp models`."


class ModelLoadFailed(UpstreamError):
    """Ollama could not load the model, usually because memory is short."""

    remedy = "Choose a smaller model or window (`ocp models`, `ocp serve --num-ctx 16384`)."


class OllamaBusy(UpstreamError):
    """Ollama's queue is full."""

    status = 529
    type = "overloaded_error"
    retry_after = 5
    remedy = "The request is retried in a few seconds."


class RunnerStopped(UpstreamError):
    """The process that runs the model died; the next request loads the model again."""

    status = 529
    type = "overloaded_error"
    retry_after = 2
    remedy = (
        "The next request loads it again; if that keeps happening, see the log of `ollama serve`."
    )


class AnswerCutOff(UpstreamError):
    """The stream ended or broke before its last line with `done`."""

    status = 502
    retry_after = 1
    remedy = "Try again; if it keeps happening, see the log of `ollama serve`."


class AnswerUnreadable(UpstreamError):
    """The response is not in Ollama's format, or its parser failed on the model's output."""

    status = 502
    remedy = "Try again, or check the address and the model with `ocp doctor`."


class ToolCallUnreadable(UpstreamError):
    """The model wrote a tool call that Ollama's parser rejected or dropped."""

    status = 502
    retry_after = 1
    remedy = "Try again; if it keeps happening, choose another model with `ocp models`."


class UpstreamRejected(UpstreamError):
    """Ollama refused the request for a reason that a retry does not change."""

    status = 400
    type = "policy_blocked"
    remedy = "Check the set-up with `ocp doctor`."


class SchemaRefused(UpstreamRejected):
    """llama.cpp cannot convert a schema to a grammar."""


class ShuttingDown(OcpError):
    """The proxy is stopped while an answer runs."""

    status = 529
    type = "overloaded_error"
    retry_after = 5

    def __init__(self) -> None:
        super().__init__("The proxy is shutting down.", remedy="Start it again with `ocp serve`.")


class InternalError(OcpError):
    """A defect of ocp; the log has the traceback."""

    def __init__(self, request_id: str) -> None:
        super().__init__(
            f"Internal error in ocp (request {request_id}).",
            remedy="Run `ocp serve --debug`, and report the error with its log.",
        )


class UsageError(OcpError):
    """The command line or a setting is wrong; printed as one line, never sent over HTTP."""


class SettingInvalid(UsageError):
    """A setting has a value that is not allowed; the message has its key, source and rule."""


class PortTaken(UsageError):
    """Another process listens on the proxy's port."""
