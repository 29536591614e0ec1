"""`ocp config`: print every setting and its origin; `init` writes a commented config file."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from ollama_claude_proxy.cli import output
from ollama_claude_proxy.cli.options import ConfigOption
from ollama_claude_proxy.cli.setting_report import report_settings
from ollama_claude_proxy.errors import OcpError, UsageError
from ollama_claude_proxy.settings import KEYS, config_path, load_settings

command = typer.Typer(
    name="config",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    invoke_without_command=True,
    context_settings={"help_option_names": ["--help", "-h"]},
)


@command.callback(
    help="""Show every setting and where its value comes from.

    The first of these that sets a value decides: a flag, the environment (OCP_PORT; for a key with
    a dot OCP_ROLES__OPUS), .env in the current folder, the config file, the default.

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
    config: ConfigOption = None,
    as_json: Annotated[
        bool, typer.Option("--json", help='Print {"KEY": {"value": ..., "origin": ...}}.')
    ] = False,
) -> None:
    """Show every setting and where its value comes from."""
    if context.invoked_subcommand is not None:
        context.obj = config
        return
    loaded = load_settings({}, config)
    report = report_settings(loaded)
    if as_json:
        output.print_json(
            {name: {"value": value, "origin": origin} for name, (value, origin) in report.items()}
        )
        return
    rows = ((name, _format_value(value), origin) for name, (value, origin) in report.items())
    output.print_table(("setting", "value", "origin"), rows)


@command.command()
def init(
    context: typer.Context,
    *,
    force: Annotated[bool, typer.Option("--force", help="Overwrite an existing file.")] = False,
    config: ConfigOption = None,
) -> None:
    """Write a config file in which every setting is explained and commented out."""
    path, _ = config_path(config or context.obj)
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _write(path, "\n".join(_config_template()), force=force)
    except FileExistsError:
        raise UsageError(
            f"The config file {str(path)!r} exists already.",
            remedy="Overwrite it with `ocp config init --force`.",
        ) from None
    except OSError as error:
        raise OcpError(f"The file {str(path)!r} cannot be written: {error.strerror}.") from error
    output.print_message("Wrote the config file; all its settings are commented-out defaults:")
    output.print_result(str(path))


@command.command("path")
def show_path(context: typer.Context, *, config: ConfigOption = None) -> None:
    """Print the path of the config file, whether or not it exists."""
    output.print_result(str(config_path(config or context.obj)[0]))


def _format_value(value: Any) -> str:
    if value is None:
        return "-"
    return str(value).lower() if isinstance(value, bool) else str(value)


def _write(path: Path, text: str, *, force: bool) -> None:
    """Write `text` so that only its owner can read it, because it may later contain the token."""
    exclusive = 0 if force else os.O_EXCL
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | exclusive, 0o600)
    with open(descriptor, "w", encoding="utf-8") as file:  # noqa: PTH123  # a descriptor, not a path
        if hasattr(os, "fchmod"):  # an existing file has kept its mode; Windows has no modes
            os.fchmod(descriptor, 0o600)
        file.write(text)


def _config_template() -> Iterator[str]:
    """Yield the lines of a config file; tables come last, as TOML requires."""
    yield "# Settings of ocp (ollama-claude-proxy). Remove the # before a line to change it."
    yield "# Flags, environment variables and .env override this file: see `ocp config`."
    table = ""
    for key in sorted(KEYS, key=lambda key: "." in key.name):
        key_table, _, name = key.name.rpartition(".")
        if key_table != table:
            table = key_table
            yield f"\n[{table}]"
        yield f"\n# {key.description}\n# Allowed: {key.allowed}."
        yield f"# {name} = {_format_toml(key.default)}"
    yield ""


def _format_toml(value: Any) -> str:
    if value is None:
        return '""'
    if isinstance(value, str):
        return f'"{value}"'  # no default has quotes or backslashes
    return _format_value(value)
