"""`ocp config`: every setting and its origin; `init` writes a commented file, `path` names it."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from ollama_claude_proxy.cli import output
from ollama_claude_proxy.errors import OcpError, UsageError
from ollama_claude_proxy.settings import KEYS, Key, LoadedSettings, config_path, load_settings

command = typer.Typer(
    name="config",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    invoke_without_command=True,
    context_settings={"help_option_names": ["--help", "-h"]},
)

_HIDDEN = "********"

Config = Annotated[
    Path | None, typer.Option("--config", help="The config file.", show_default=False)
]


@command.callback(
    help="""Show every setting and where its value comes from.

    A flag wins over the environment (OCP_PORT; OCP_ROLES__OPUS for a key with a dot), that over
    .env in the current folder, that over the config file, and that over the default.

    \b
    Examples:
      ocp config                  show them all
      ocp config init             write a commented config file
      $EDITOR "$(ocp config path)"
    """
)
def show(
    context: typer.Context,
    *,
    config: Config = None,
    as_json: Annotated[
        bool, typer.Option("--json", help='Print {"KEY": {"value": ..., "origin": ...}}.')
    ] = False,
) -> None:
    """Show every setting and where its value comes from."""
    if context.invoked_subcommand is not None:
        context.obj = config
        return
    loaded = load_settings({}, config)
    shown = {key.name: (_value(key, loaded), loaded.origins[key.name]) for key in KEYS}
    if as_json:
        report = {
            name: {"value": value, "origin": origin} for name, (value, origin) in shown.items()
        }
        output.result_json(report)
        return
    rows = ((name, _word(value), origin) for name, (value, origin) in shown.items())
    output.table(("setting", "value", "origin"), rows)


@command.command()
def init(
    context: typer.Context,
    *,
    force: Annotated[bool, typer.Option("--force", help="Overwrite a file that is there.")] = False,
    config: Config = None,
) -> None:
    """Write a config file in which every setting is explained and commented out."""
    path, _ = config_path(config or context.obj)
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _write(path, "\n".join(_template()), force=force)
    except FileExistsError:
        raise UsageError(
            f"The config file {str(path)!r} is already there.",
            remedy="Overwrite it with `ocp config init --force`.",
        ) from None
    except OSError as error:
        raise OcpError(f"The file {str(path)!r} cannot be written: {error.strerror}.") from error
    output.say("Wrote the config file; every line in it is a default until you change it:")
    output.result(str(path))


@command.command("path")
def show_path(context: typer.Context, *, config: Config = None) -> None:
    """Print the path of the config file, whether or not it exists."""
    output.result(str(config_path(config or context.obj)[0]))


def _value(key: Key, loaded: LoadedSettings) -> Any:
    value = key.value(loaded.settings)
    return _HIDDEN if key.secret and value is not None else value


def _word(value: Any) -> str:
    if value is None:
        return "-"
    return str(value).lower() if isinstance(value, bool) else str(value)


def _write(path: Path, text: str, *, force: bool) -> None:
    """Write `text` so that only its owner can read it: it may come to hold the token."""
    there = 0 if force else os.O_EXCL
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | there, 0o600)
    with open(descriptor, "w", encoding="utf-8") as file:  # noqa: PTH123  # a descriptor, no path
        if hasattr(os, "fchmod"):  # a file that was there keeps its mode; Windows has no modes
            os.fchmod(descriptor, 0o600)
        file.write(text)


def _template() -> Iterator[str]:
    """Give the lines of a config file; tables come last, as TOML demands."""
    yield "# Settings of ocp (ollama-claude-proxy). Remove the # before a line to change it."
    yield "# Flags, environment variables and .env win over this file: see `ocp config`."
    table = ""
    for key in sorted(KEYS, key=lambda key: "." in key.name):
        head, _, name = key.name.rpartition(".")
        if head != table:
            table = head
            yield f"\n[{head}]"
        yield f"\n# {key.meaning}\n# Allowed: {key.allowed}."
        yield f"# {name} = {_toml(key.default)}"
    yield ""


def _toml(value: Any) -> str:
    if value is None:
        return '""'
    if isinstance(value, str):
        return f'"{value}"'  # defaults hold neither quotes nor backslashes
    return _word(value)
