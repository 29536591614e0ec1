"""`ocp serve`: the proxy itself."""

from pathlib import Path
from typing import Annotated, Any

import typer

from ollama_claude_proxy.cli import output
from ollama_claude_proxy.cli.listening import listen
from ollama_claude_proxy.cli.next_steps import say_next_steps
from ollama_claude_proxy.cli.preflight import preflight
from ollama_claude_proxy.cli.proxy import base_url
from ollama_claude_proxy.errors import UsageError
from ollama_claude_proxy.settings import (
    LoadedSettings,
    Settings,
    cache_path,
    data_path,
    load_settings,
)
from ollama_claude_proxy.wire.model import ModelProfile

# Settings whose change `ocp env` cannot see by asking the proxy.
_UNSEEN = {"host": "OCP_HOST", "port": "OCP_PORT", "token": "OCP_TOKEN"}


def _option(*names: str, text: str, metavar: str | None = "TEXT") -> Any:
    """Make an option whose value `settings` reads, for one kind of complaint about all of them."""
    return typer.Option(*names, help=text, metavar=metavar, show_default=False)


_Model = Annotated[str | None, _option("--model", text="The model that answers.")]
_OllamaUrl = Annotated[
    str | None, _option("--ollama-url", text="Where Ollama listens.", metavar="URL")
]
_Host = Annotated[
    str | None,
    _option("--host", text="The address to listen on; others than this machine need a token."),
]
_Port = Annotated[
    str | None, _option("--port", text="The port to listen on; 0: any.", metavar="NUMBER")
]
_Token = Annotated[str | None, _option("--token", text="What clients must send.")]
_NumCtx = Annotated[
    str | None, _option("--num-ctx", text="The window in tokens.", metavar="NUMBER")
]
_KeepAlive = Annotated[
    str | None, _option("--keep-alive", text="How long a model stays in memory, such as 30m or -1.")
]
_LogFormat = Annotated[str | None, _option("--log-format", text="text or json.", metavar="FORMAT")]
_Debug = Annotated[
    bool | None,
    _option("--debug", text="Log what goes to Ollama and what comes back.", metavar=None),
]
_Config = Annotated[
    Path | None, typer.Option("--config", help="The config file.", show_default=False)
]
_Pull = Annotated[bool, typer.Option("--pull", help="Download a missing model without asking.")]
_NoPreflight = Annotated[
    bool, typer.Option("--no-preflight", help="Start without looking around first.")
]


def command(  # noqa: PLR0913  # one parameter an option
    *,
    model: _Model = None,
    ollama_url: _OllamaUrl = None,
    host: _Host = None,
    port: _Port = None,
    token: _Token = None,
    num_ctx: _NumCtx = None,
    keep_alive: _KeepAlive = None,
    log_format: _LogFormat = None,
    debug: _Debug = None,
    config: _Config = None,
    download: _Pull = False,
    no_preflight: _NoPreflight = False,
) -> None:
    """Start the proxy between Claude Code and your Ollama.

    Examples:
      ocp serve
      ocp serve --model qwen3-coder:30b --pull
      ocp serve --port 8001 --num-ctx 65536

    It checks that Ollama answers, that the model is there and what it can do, and says what to type
    next. It starts without Ollama, too, and works as soon as Ollama does. Ctrl-C stops it.
    """
    flags = {
        "model": model,
        "ollama_url": ollama_url,
        "host": host,
        "port": port,
        "token": token,
        "num_ctx": num_ctx,
        "keep_alive": keep_alive,
        "log_format": log_format,
        "debug": debug or None,
    }
    if download and no_preflight:
        raise UsageError("`--pull` and `--no-preflight` exclude each other.", remedy="Choose one.")
    _serve(load_settings(flags, config), config, download=download, looking=not no_preflight)


def _serve(loaded: LoadedSettings, config: Path | None, *, download: bool, looking: bool) -> None:
    settings, sockets = listen(loaded.settings)
    profile = preflight(settings, download=download) if looking else None

    from ollama_claude_proxy import logs  # noqa: PLC0415  # a server takes time to import
    from ollama_claude_proxy.app import create_app  # noqa: PLC0415
    from ollama_claude_proxy.cli.runner import serve  # noqa: PLC0415

    def ready() -> None:
        if not looking:
            output.say(f"Serving at {base_url(settings)}")
            return
        _introduce(settings, profile)
        say_next_steps(_unseen(loaded, settings), config)
        output.say("Ctrl-C stops the proxy.")

    logs.configure(settings)
    serve(create_app(settings, cache=cache_path(), data=data_path()), sockets, ready)


def _introduce(settings: Settings, profile: ModelProfile | None) -> None:
    """Say what is configured."""
    model = profile.name if profile else settings.model
    output.say(f"\nServing at {base_url(settings)} with {model} for every Claude model.")
    roles = settings.roles
    for role in ("opus", "sonnet", "haiku", "subagent"):
        chosen = getattr(roles, role)
        if chosen:
            output.say(f"  for {role}: {chosen}")
    if settings.token is not None:
        output.say("  Clients need the token.")


def _unseen(loaded: LoadedSettings, settings: Settings) -> dict[str, str]:
    """Give what `ocp env` must be told; the token itself does not belong on a screen."""
    told = {
        variable: str(getattr(settings, key))
        for key, variable in _UNSEEN.items()
        if loaded.origins[key].startswith("flag ")
    }
    if settings.port != loaded.settings.port:
        told["OCP_PORT"] = str(settings.port)
    return told | ({"OCP_TOKEN": "YOUR_TOKEN"} if "OCP_TOKEN" in told else {})
