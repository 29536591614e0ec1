"""`ocp serve`: run the proxy."""

from pathlib import Path
from typing import Annotated, Any

import typer

from ollama_claude_proxy.cli import output
from ollama_claude_proxy.cli.listening import listen
from ollama_claude_proxy.cli.next_steps import print_next_steps
from ollama_claude_proxy.cli.options import ConfigOption
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

# Settings that `ocp env` needs before it can ask the proxy, and their variables.
_ADDRESS_VARIABLES = {"host": "OCP_HOST", "port": "OCP_PORT", "token": "OCP_TOKEN"}


def _option(*names: str, text: str, metavar: str | None = "TEXT") -> Any:
    """Return an option that `load_settings` parses, so that its errors are like all settings'."""
    return typer.Option(*names, help=text, metavar=metavar, show_default=False)


_Model = Annotated[str | None, _option("--model", text="The model that answers.")]
_OllamaUrl = Annotated[
    str | None, _option("--ollama-url", text="The address of Ollama.", metavar="URL")
]
_Host = Annotated[
    str | None,
    _option(
        "--host", text="The address to listen on; any except this machine's own needs a token."
    ),
]
_Port = Annotated[
    str | None, _option("--port", text="The port to listen on; 0: any free one.", metavar="NUMBER")
]
_Token = Annotated[str | None, _option("--token", text="The token that clients must send.")]
_NumCtx = Annotated[
    str | None, _option("--num-ctx", text="The window in tokens.", metavar="NUMBER")
]
_KeepAlive = Annotated[
    str | None, _option("--keep-alive", text="How long a model stays in memory, such as 30m or -1.")
]
_LogFormat = Annotated[
    str | None,
    _option("--log-format", text="The format of the log: text or json.", metavar="FORMAT"),
]
_Debug = Annotated[
    bool | None,
    _option("--debug", text="Log what goes to Ollama and what comes back.", metavar=None),
]
_Pull = Annotated[bool, typer.Option("--pull", help="Download a missing model without asking.")]
_NoPreflight = Annotated[
    bool, typer.Option("--no-preflight", help="Start without checking anything first.")
]


def command(  # noqa: PLR0913  # one parameter per option
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
    config: ConfigOption = None,
    download: _Pull = False,
    no_preflight: _NoPreflight = False,
) -> None:
    """Start the proxy between Claude Code and your Ollama.

    Examples:
      ocp serve
      ocp serve --model qwen3-coder:30b --pull
      ocp serve --port 8001 --num-ctx 65536

    It checks that Ollama answers, that the model is installed and what it can do, and prints what
    to type next. It also starts without Ollama, and works as soon as Ollama does. Ctrl-C stops it.
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
        raise UsageError("`--pull` and `--no-preflight` cannot be combined.", remedy="Choose one.")
    _serve(load_settings(flags, config), config, download=download, check=not no_preflight)


def _serve(loaded: LoadedSettings, config: Path | None, *, download: bool, check: bool) -> None:
    settings, sockets = listen(loaded.settings)
    profile = preflight(settings, download=download) if check else None

    from ollama_claude_proxy import logs  # noqa: PLC0415  # a server takes time to import
    from ollama_claude_proxy.app import create_app  # noqa: PLC0415
    from ollama_claude_proxy.cli.runner import serve  # noqa: PLC0415

    def on_ready() -> None:
        if not check:
            output.print_message(f"Serving at {base_url(settings)}")
            return
        _print_introduction(settings, profile)
        print_next_steps(_address_variables(loaded, settings), config)
        output.print_message("Ctrl-C stops the proxy.")

    logs.configure(settings)
    serve(create_app(settings, cache=cache_path(), data=data_path()), sockets, on_ready)


def _print_introduction(settings: Settings, profile: ModelProfile | None) -> None:
    """Print the address, and the models for each role."""
    model = profile.name if profile else settings.model
    output.print_message(f"\nServing at {base_url(settings)} with {model} for every Claude model.")
    roles = settings.roles
    for role in ("opus", "sonnet", "haiku", "subagent"):
        role_model = getattr(roles, role)
        if role_model:
            output.print_message(f"  for {role}: {role_model}")
    if settings.token is not None:
        output.print_message("  Clients need the token.")


def _address_variables(loaded: LoadedSettings, settings: Settings) -> dict[str, str]:
    """Return the variables that `ocp env` needs; the token is a placeholder, to keep it secret."""
    variables = {
        variable: str(getattr(settings, key))
        for key, variable in _ADDRESS_VARIABLES.items()
        if loaded.origins[key].startswith("flag ")
    }
    if settings.port != loaded.settings.port:
        variables["OCP_PORT"] = str(settings.port)
    if "OCP_TOKEN" in variables:
        variables["OCP_TOKEN"] = "YOUR_TOKEN"  # noqa: S105  # a placeholder
    return variables
