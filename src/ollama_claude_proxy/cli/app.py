"""The `ocp` command line: the list of commands, each imported only when it is used.

A command is `command` in `cli/commands/NAME.py`: a function whose parameters Typer reads and whose
docstring is its help, or a `Typer` if it has subcommands. In the docstring a paragraph with
indented lines, such as examples, keeps its line breaks. `COMMANDS` has the summaries that
`ocp --help` prints, so that help imports none of the modules: a server and a settings library
would make it slow.
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
    """A command's name and its summary in `ocp --help`.

    With `forwards_arguments` all arguments, options too, are passed on to another program.
    `module` is the name of its file where that differs.
    """

    name: str
    summary: str
    forwards_arguments: bool = False
    module: str = ""


_HELP_OPTIONS = {"help_option_names": ["--help", "-h"]}

COMMANDS = (
    Command("serve", "Start the proxy between Claude Code and your Ollama."),
    Command("env", "Print the variables that point Claude Code at the proxy."),
    Command(
        "claude",
        "Run Claude Code on the proxy, starting one if none answers.",
        forwards_arguments=True,
    ),
    Command("demo", "Show how the proxy works, without Ollama or a model."),
    Command("doctor", "Check everything, and show how to fix what is wrong."),
    Command("models", "List the models in Ollama and the recommended ones."),
    Command("try", "Try which models can really do the work.", module="try_models"),
    Command("sessions", "Show, search, export and delete remembered conversations."),
    Command("config", "Show every setting and where its value comes from."),
)


class LazyCommands(TyperGroup):
    """The group of all commands; `resolve_command` replaces a placeholder by the real command."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Return name, command and remaining arguments; import the command that `args` names."""
        listed = next((command for command in COMMANDS if command.name == args[0]), None)
        if listed is not None:
            self.commands[listed.name] = _load_command(listed)
        name, command, rest = super().resolve_command(ctx, args)
        if listed is not None and listed.forwards_arguments:
            rest = ["--", *rest]  # so that Typer parses no option after it
        return name, command, rest


def _load_command(command: Command) -> Any:
    """Import a command and return it as Typer runs it."""
    target = import_module(
        f"ollama_claude_proxy.cli.commands.{command.module or command.name}"
    ).command
    if isinstance(target, typer.Typer):
        return typer.main.get_command(target)
    app = _new_typer()
    app.command(command.name, help=_format_help(target), context_settings=_HELP_OPTIONS)(target)
    return typer.main.get_command(app)


def _format_help(function: Callable[..., Any]) -> str:
    """Return a docstring as Typer's help; a backspace keeps a paragraph's line breaks."""
    paragraphs = (getdoc(function) or "").split("\n\n")
    return "\n\n".join(f"\b\n{text}" if "\n  " in text else text for text in paragraphs)


def _new_typer(**options: Any) -> typer.Typer:
    """Return a Typer without own tracebacks, and with plain help: twice as fast as Rich's."""
    return typer.Typer(
        add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None, **options
    )


def _print_version(requested: bool) -> None:
    if requested:
        output.print_result(f"ocp {__version__}")
        raise typer.Exit


def _main(
    *,
    version: Annotated[  # its callback does the work
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Show the version and exit."
        ),
    ] = False,
) -> None:
    """Run Claude Code, and any client of Anthropic's API, on the models in your own Ollama.

    Begin with:
      ocp serve                start the proxy
      eval "$(ocp env)"        point Claude Code at it
      claude                   start Claude Code

    `ocp claude` does all three; `ocp demo` shows how it works without Ollama.
    """


def build_cli() -> Any:
    """Return the command that runs `ocp`; call it with `args`."""
    app = _new_typer(cls=LazyCommands, no_args_is_help=True, context_settings=_HELP_OPTIONS)
    app.callback(help=_format_help(_main))(_main)
    for command in COMMANDS:
        app.command(command.name, help=command.summary)(_placeholder())
    return typer.main.get_command(app)


def _placeholder() -> Callable[[], None]:
    def placeholder() -> None:
        """Never run: `LazyCommands` replaces it first."""

    return placeholder
