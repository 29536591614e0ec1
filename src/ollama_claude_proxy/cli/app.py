"""The `ocp` command line: which commands there are, each imported only when it is used.

A command lives in `cli/NAME.py` as `command`: a function whose parameters Typer reads and whose
docstring is its help, or a `Typer` where it has commands of its own. In that docstring a paragraph
with indented lines, such as examples, keeps its line breaks. The list below carries what
`ocp --help` shows, so that help needs none of the modules: a server and a settings library take
longer to import than help may take.
"""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from inspect import getdoc
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from ollama_claude_proxy import __version__
from ollama_claude_proxy.cli import output


@dataclass(frozen=True)
class Command:
    """A command's name and what the list of commands says of it.

    The arguments of a `foreign` command belong to another program: all are handed on, options too.
    """

    name: str
    summary: str
    foreign: bool = False


_HELP = {"help_option_names": ["--help", "-h"]}

COMMANDS = (
    Command("serve", "Start the proxy between Claude Code and your Ollama."),
    Command("env", "Print what points Claude Code at the proxy."),
    Command("claude", "Run Claude Code on the proxy, starting one if none answers.", foreign=True),
    Command("demo", "See it all work, without Ollama or a model."),
    Command("doctor", "Check everything, and say what mends what is wrong."),
    Command("models", "List the models in Ollama and those worth having."),
    Command("sessions", "See, search, export and delete what is remembered."),
    Command("config", "Show every setting and where its value comes from."),
)


class Commands(TyperGroup):
    """The group of all commands; `resolve_command` puts the real one in its stand-in's place."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Find the command that `args` begins with, importing it now."""
        wanted = next((command for command in COMMANDS if command.name == args[0]), None)
        if wanted is not None:
            self.commands[wanted.name] = _load(wanted)
        name, found, rest = super().resolve_command(ctx, args)
        if wanted is not None and wanted.foreign:
            rest = ["--", *rest]  # what follows is no option of ours
        return name, found, rest


def _load(command: Command) -> Any:
    """Import one command and make of it what Typer runs."""
    found = import_module(f"ollama_claude_proxy.cli.commands.{command.name}").command
    if isinstance(found, typer.Typer):
        return typer.main.get_command(found)
    alone = _new_typer()
    alone.command(command.name, help=_help(found), context_settings=_HELP)(found)
    return typer.main.get_command(alone)


def _help(function: Callable[..., Any]) -> str:
    """Give a docstring as Typer's help; a backspace at its head keeps a paragraph's lines."""
    paragraphs = (getdoc(function) or "").split("\n\n")
    return "\n\n".join(f"\b\n{text}" if "\n  " in text else text for text in paragraphs)


def _new_typer(**options: Any) -> typer.Typer:
    """Give a Typer that prints no traceback of its own, and plain help: half as slow as Rich's."""
    return typer.Typer(
        add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None, **options
    )


def _show_version(wanted: bool) -> None:
    if wanted:
        output.result(f"ocp {__version__}")
        raise typer.Exit


def _main(
    *,
    version: Annotated[  # its callback does the work
        bool,
        typer.Option(
            "--version", callback=_show_version, is_eager=True, help="Show the version and exit."
        ),
    ] = False,
) -> None:
    """Run Claude Code, and any client of Anthropic's API, on the models in your own Ollama.

    Begin with:
      ocp serve                start the proxy
      eval "$(ocp env)"        point Claude Code at it
      claude                   and work

    Or `ocp claude`, which does all three; `ocp demo` shows it without Ollama.
    """


def build() -> Any:
    """Build the command that runs `ocp` (call it with `args`)."""
    app = _new_typer(cls=Commands, no_args_is_help=True, context_settings=_HELP)
    app.callback(help=_help(_main))(_main)
    for command in COMMANDS:
        app.command(command.name, help=command.summary)(_stand_in())
    return typer.main.get_command(app)


def _stand_in() -> Callable[[], None]:
    def stand_in() -> None:
        """Never run: `Commands` replaces it first."""

    return stand_in
