"""Every exception of httpx becomes the right error."""

import httpx
import pytest

from ollama_claude_proxy.errors import (
    AnswerCutOff,
    AnswerUnreadable,
    OcpError,
    OllamaUnreachable,
    UpstreamRejected,
)
from ollama_claude_proxy.upstream.ollama.failures import (
    RequestContext,
    error_from_exception,
)

URL = "http://127.0.0.1:11434"
CONTEXT = RequestContext(URL, "qwen2.5-coder:7b", prompt_tokens=700, window=512)


def all_exceptions(error_type: type[httpx.RequestError]) -> set[type[httpx.RequestError]]:
    exceptions = {error_type}
    for subclass in error_type.__subclasses__():
        exceptions |= all_exceptions(subclass)
    return exceptions


# Each exception of httpx: what it means before an answer began, and within it.
EXCEPTIONS: dict[str, tuple[type[OcpError], type[OcpError]]] = {
    "RequestError": (AnswerCutOff, AnswerCutOff),
    "TransportError": (AnswerCutOff, AnswerCutOff),
    "NetworkError": (AnswerCutOff, AnswerCutOff),
    "TimeoutException": (AnswerCutOff, AnswerCutOff),
    "ProtocolError": (AnswerCutOff, AnswerCutOff),
    "ConnectError": (OllamaUnreachable, AnswerCutOff),
    "ConnectTimeout": (OllamaUnreachable, AnswerCutOff),
    "PoolTimeout": (OllamaUnreachable, AnswerCutOff),
    "ProxyError": (OllamaUnreachable, AnswerCutOff),
    "UnsupportedProtocol": (OllamaUnreachable, AnswerCutOff),
    "ReadTimeout": (OllamaUnreachable, AnswerCutOff),
    "WriteTimeout": (OllamaUnreachable, AnswerCutOff),
    "ReadError": (AnswerCutOff, AnswerCutOff),
    "WriteError": (AnswerCutOff, AnswerCutOff),
    "CloseError": (AnswerCutOff, AnswerCutOff),
    "Unanswered": (AnswerCutOff, AnswerCutOff),
    "RemoteProtocolError": (AnswerUnreadable, AnswerCutOff),
    "LocalProtocolError": (UpstreamRejected, AnswerCutOff),
    "DecodingError": (AnswerUnreadable, AnswerUnreadable),
    "TooManyRedirects": (AnswerUnreadable, AnswerUnreadable),
}


@pytest.mark.parametrize("error_type", sorted(all_exceptions(httpx.RequestError), key=str))
def test_every_exception_of_httpx_has_its_error(error_type: type[httpx.RequestError]) -> None:
    before, within = EXCEPTIONS[error_type.__name__]
    for is_within, expected in ((False, before), (True, within)):
        error = error_from_exception(error_type("the words"), CONTEXT, within=is_within)
        assert type(error) is expected
        assert "the words" in error.message
        assert repr(URL) in error.message
        assert error.advice


def test_an_exception_without_a_text_is_named() -> None:
    assert "ReadError" in error_from_exception(httpx.ReadError(""), CONTEXT, within=True).message
