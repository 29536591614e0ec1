"""The table of all settings: name, meaning, what is allowed, reader, and other names in use."""

from dataclasses import dataclass
from typing import Any

from ollama_claude_proxy.settings import values
from ollama_claude_proxy.settings.model import Settings


@dataclass(frozen=True, slots=True)
class Key:
    """One setting.

    `names` are environment variables that people already have, read after `OCP_<NAME>`. A `shared`
    one may be meant for another program, so a value that we cannot read is passed over.
    `secret` values are never shown.
    """

    name: str
    meaning: str
    allowed: str
    read: values.Reader
    names: tuple[str, ...] = ()
    shared: tuple[str, ...] = ()
    secret: bool = False

    @property
    def variables(self) -> tuple[str, ...]:
        """The environment variables that set it; the first wins."""
        own = "OCP_" + self.name.replace(".", "__").upper()
        return (own, *self.names, *self.shared)

    @property
    def flag(self) -> str:
        """Its option on the command line."""
        return "--" + self.name.replace(".", "-").replace("_", "-")

    @property
    def default(self) -> Any:
        """Its value when nobody sets it."""
        return self.value(Settings())

    def value(self, settings: Settings) -> Any:
        """Its value in `settings`."""
        found: Any = settings
        for part in self.name.split("."):
            found = getattr(found, part)
        return found


_MODEL = "the name of a model as in `ollama list`"

KEYS = (
    Key(
        "model",
        "The model that answers for every Claude model.",
        _MODEL,
        values.text,
        ("OLLAMA_MODEL",),
    ),
    Key(
        "ollama_url",
        "Where Ollama listens; port 11434 unless given.",
        "an http or https address such as http://127.0.0.1:11434",
        values.ollama_url,
        ("OLLAMA_ENDPOINT", "OLLAMA_HOST"),
    ),
    Key(
        "host",
        "The address to listen on; any but this machine's own needs a token.",
        "a host name or IP address such as 127.0.0.1",
        values.bind_host,
    ),
    Key(
        "port",
        "The port to listen on; 0 takes any free one.",
        "a whole number from 0 to 65535",
        values.integer(0, 65_535),
        ("PROXY_PORT",),
    ),
    Key(
        "token",
        "What clients must send as their token; none: anyone on this machine may ask.",
        "visible ASCII characters without spaces",
        values.secret,
        secret=True,
    ),
    Key(
        "debug",
        "Whether the log shows what is sent and received.",
        "true or false",
        values.switch,
        shared=("DEBUG",),
    ),
    Key(
        "log_format",
        "How the log on stderr is written.",
        "text or json",
        values.choice("text", "json"),
    ),
    Key(
        "num_ctx",
        "The window in tokens; none: what the model allows, at most 32768.",
        "a whole number from 512 to 10000000",
        values.integer(512, 10_000_000),
    ),
    Key(
        "keep_alive",
        "How long Ollama keeps the model in memory after an answer; -1: for ever, 0: not at all.",
        "a duration such as 30m or 2h, or a number of seconds",
        values.keep_alive,
    ),
    Key("roles.opus", "The model that answers for Opus.", _MODEL, values.text),
    Key("roles.sonnet", "The model that answers for Sonnet.", _MODEL, values.text),
    Key("roles.haiku", "The model that answers for Haiku and small jobs.", _MODEL, values.text),
    Key("roles.subagent", "The model that answers subagents.", _MODEL, values.text),
    Key(
        "anthropic_version",
        "The version of Anthropic's API that clients should name.",
        "a date such as 2023-06-01",
        values.text,
        ("ANTHROPIC_API_VERSION",),
    ),
    Key(
        "header_grace",
        "Seconds for which headers wait for Ollama, so that a refusal is an HTTP status.",
        "a number from 0 to 300",
        values.seconds(0, 300),  # Claude Code gives up after 360 s without headers
    ),
    Key(
        "ping_interval",
        "Seconds of silence after which a ping is sent.",
        "a number from 0.05 to 60",
        values.seconds(0.05, 60),  # from 60 s on Claude Code says that it waits for the network
    ),
    Key(
        "max_body_bytes",
        "The largest request body, in bytes.",
        "a whole number from 1024 to 1073741824",
        values.integer(1024, 1024**3),
    ),
    Key(
        "connect_timeout",
        "Seconds to wait for a connection to Ollama.",
        "a number from 0.05 to 300",
        values.seconds(0.05, 300),
    ),
)
