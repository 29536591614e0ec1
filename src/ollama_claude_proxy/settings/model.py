"""The settings as the program uses them: validated, normalized and frozen.

Each field has its description, the allowed values, and its environment variables if there are more
than OCP_NAME.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict

from ollama_claude_proxy.settings.fields import MODEL, SWITCH, case_insensitive, setting
from ollama_claude_proxy.settings.roles import Roles
from ollama_claude_proxy.settings.values import (
    Host,
    Integer,
    KeepAlive,
    Name,
    OllamaUrl,
    Seconds,
    Secret,
    ToolsMode,
    Window,
)

DEFAULT_MODEL = "qwen2.5-coder:7b"
PREFIX = "OCP_"


class Settings(BaseModel):
    """Every setting."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    model: Annotated[
        Name,
        setting(
            "The model that answers for every Claude model.", MODEL, "OCP_MODEL", "OLLAMA_MODEL"
        ),
    ] = DEFAULT_MODEL
    ollama_url: Annotated[
        OllamaUrl,
        setting(
            "The address of Ollama; without a port, 11434.",
            "an http or https address such as http://127.0.0.1:11434",
            "OCP_OLLAMA_URL",
            "OLLAMA_ENDPOINT",
            "OLLAMA_HOST",
        ),
    ] = "http://127.0.0.1:11434"
    host: Annotated[
        Host,
        setting(
            "The address to listen on; any except this machine's own needs a token.",
            "a host name or IP address such as 127.0.0.1",
        ),
    ] = "127.0.0.1"
    port: Annotated[
        Integer,
        setting(
            "The port to listen on; 0 takes any free one.",
            "a whole number from 0 to 65535",
            "OCP_PORT",
            "PROXY_PORT",
            ge=0,
            le=65_535,
        ),
    ] = 8000
    token: Annotated[
        Secret | None,
        setting(
            "The token that clients must send; none: every program on this machine has access.",
            "visible ASCII characters without spaces",
            repr=False,
        ),
    ] = None
    debug: Annotated[
        bool,
        setting(
            "Whether the log has the full text of what is sent and received.",
            SWITCH,
            "OCP_DEBUG",
            "DEBUG",
        ),
    ] = False
    log_format: Annotated[
        Literal["text", "json"],
        case_insensitive(),
        setting("The format of the log on stderr.", "text or json"),
    ] = "text"
    num_ctx: Annotated[
        Window | None,
        setting(
            "The window in tokens; none: the model's maximum, at most 32768; 0: Ollama's own.",
            "a whole number from 512 to 10000000, or 0",
        ),
    ] = None
    keep_alive: Annotated[
        KeepAlive,
        setting(
            "How long Ollama keeps the model in memory after an answer; -1: always, 0: not at all.",
            "a duration such as 30m or 2h, or a number of seconds",
        ),
    ] = "2h"
    memory: Annotated[
        Literal["on", "private", "off"],
        case_insensitive(),
        setting(
            "Whether conversations are remembered, and shortened if they exceed the window; "
            "private: in memory, not on disk; off: a prompt that is too long is refused.",
            "on, private or off",
        ),
    ] = "on"
    recall: Annotated[
        Literal["session", "project", "off"],
        case_insensitive(),
        setting(
            "Where to search earlier text that a request needs: in its conversation, also in "
            "others of the same folder, or nowhere.",
            "session, project or off",
        ),
    ] = "session"
    summarize: Annotated[
        Literal["rule", "model"],
        case_insensitive(),
        setting(
            "What summarizes the turns left out of the prompt: a rule, at once, or the model, when "
            "it is idle.",
            "rule or model",
        ),
    ] = "rule"
    embedding_model: Annotated[
        Name,
        setting(
            "The embedding model that finds earlier text by meaning; auto: the smallest installed "
            "one; off: search by words only.",
            "auto, off, or the name of a model as in `ollama list`",
        ),
    ] = "auto"
    memory_days: Annotated[
        Integer,
        setting(
            "After how many days without use a conversation is deleted.",
            "a whole number from 0 to 36500",
            ge=0,
            le=36_500,
        ),
    ] = 90
    memory_megabytes: Annotated[
        Integer,
        setting(
            "The maximum size of the file of conversations; the oldest are deleted above it.",
            "a whole number from 1 to 1000000",
            ge=1,
            le=1_000_000,
        ),
    ] = 500
    side_jobs: Annotated[
        Literal["auto", "main"],
        case_insensitive(),
        setting(
            "Which model does small jobs such as titles; auto: a small installed model that fits "
            "into memory beside the main one, unless `roles.haiku` is set; main: the main model.",
            "auto or main",
        ),
    ] = "auto"
    parallel: Annotated[
        Integer,
        setting(
            "How many requests Ollama runs on a model at a time (its OLLAMA_NUM_PARALLEL); more "
            "wait in the proxy, where the user's turns go first.",
            "a whole number from 1 to 1000",
            ge=1,
            le=1000,
        ),
    ] = 1
    lean: Annotated[
        Literal["auto", "on", "off"],
        case_insensitive(),
        setting(
            "Whether Claude Code leaves out what makes its first prompt large; auto: if the window "
            "has 16384 tokens or less.",
            "auto, on or off",
        ),
    ] = "auto"
    tools: Annotated[
        ToolsMode,
        setting(
            "Who shows the tools to the model; native: Ollama; text: ocp; auto: the one that loses "
            "nothing.",
            "auto, native or text; MODEL=word for single models, such as auto,qwen3:8b=text",
        ),
    ] = "auto"
    descriptions: Annotated[
        Literal["auto", "full", "short"],
        case_insensitive(),
        setting(
            "How much of the tools' descriptions the model sees; short: their first sentences; "
            "auto: short if the full ones would take over a quarter of the window.",
            "auto, full or short",
        ),
    ] = "auto"
    tool_example: Annotated[
        bool,
        setting("Whether the tools as text end with their names and an example call.", SWITCH),
    ] = True
    read_calls: Annotated[
        bool,
        setting("Whether tool calls that the model writes as text are run.", SWITCH),
    ] = True
    second_chances: Annotated[
        Integer,
        setting(
            "How often the model is asked again if its tool call cannot be run; 0: never.",
            "a whole number from 0 to 5",
            ge=0,
            le=5,
        ),
    ] = 1
    repeated_calls: Annotated[
        Integer,
        setting(
            "After how many rounds of the same calls and results the model is told so; 0: never.",
            "a whole number from 0 to 100",
            ge=0,
            le=100,
        ),
    ] = 3
    edit_repair: Annotated[
        bool,
        setting("Whether edits and paths are corrected to what is in the files.", SWITCH),
    ] = True
    inert: Annotated[
        bool,
        setting("Whether control tokens in files and prompts are made harmless.", SWITCH),
    ] = True
    roles: Roles = Roles()
    anthropic_version: Annotated[
        Name,
        setting(
            "The version of Anthropic's API in the responses' header `anthropic-version`.",
            "a date such as 2023-06-01",
            "OCP_ANTHROPIC_VERSION",
            "ANTHROPIC_API_VERSION",
        ),
    ] = "2023-06-01"
    header_grace: Annotated[  # Claude Code gives up after 360 s without headers
        Seconds,
        setting(
            "How many seconds the response headers wait for Ollama, so that an early error is an "
            "HTTP status.",
            "a number from 0 to 300",
            ge=0,
            le=300,
        ),
    ] = 10.0
    ping_interval: Annotated[  # after 60 s Claude Code shows that it waits for the network
        Seconds,
        setting(
            "After how many seconds without output a ping is sent.",
            "a number from 0.05 to 60",
            ge=0.05,
            le=60,
        ),
    ] = 10.0
    max_body_bytes: Annotated[
        Integer,
        setting(
            "The largest request body, in bytes.",
            "a whole number from 1024 to 1073741824",
            ge=1024,
            le=1024**3,
        ),
    ] = 64 * 1024 * 1024
    connect_timeout: Annotated[
        Seconds,
        setting(
            "How many seconds to wait for a connection to Ollama.",
            "a number from 0.05 to 300",
            ge=0.05,
            le=300,
        ),
    ] = 5.0

    @property
    def model_named(self) -> bool:
        """Whether the user chose the model: then no other may replace it."""
        return "model" in self.model_fields_set

    @property
    def leaves_window(self) -> bool:
        """Whether Ollama decides the window, so that none is sent."""
        return self.num_ctx == 0

    def tools_for(self, model: str) -> str:
        """Return who shows the tools to this model: `auto`, `native` or `text`."""
        modes = dict(part.rpartition("=")[::2] for part in self.tools.split(", "))
        return modes.get(model) or modes.get(model.removesuffix(":latest")) or modes.get("", "auto")
