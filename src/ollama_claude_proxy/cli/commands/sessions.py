"""`ocp sessions`: what is remembered of conversations, to see, search, take along and forget."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ollama_claude_proxy.cli import output
from ollama_claude_proxy.cli.output import Mark
from ollama_claude_proxy.cli.session_file import (
    about_of,
    builtins_of,
    find,
    listing_of,
    opened,
    shown_of,
    told_of,
)
from ollama_claude_proxy.cli.units import bytes_text, when
from ollama_claude_proxy.settings import data_path, load_settings

if TYPE_CHECKING:
    from ollama_claude_proxy.sessions.storage.listing import Listed, Said

command = typer.Typer(
    name="sessions",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    invoke_without_command=True,
    context_settings={"help_option_names": ["--help", "-h"]},
)

_COLUMNS = ("id", "last used", "turns", "model", "folder", "title")
_LINE = 100
_MEGABYTE = 1024 * 1024

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
Which = Annotated[
    str, typer.Argument(metavar="ID", help="Its number, the client's session, or `last`.")
]
Project = Annotated[
    Path | None,
    typer.Option("--project", help="Only conversations in this folder.", show_default=False),
]


@command.callback(
    help="""See, search, export and delete what is remembered of conversations.

    Without a command it lists them. They lie in one file on this machine; nothing leaves it.

    \b
    Examples:
      ocp sessions                      list them, the newest first
      ocp sessions show last            what was said, and what the model was shown of it
      ocp sessions search retry limit   find it again
      ocp sessions export 12 > 12.json  take one along
      ocp sessions delete 12
      ocp sessions prune --days 30
    """
)
def main(context: typer.Context) -> None:
    """See, search, export and delete what is remembered of conversations."""
    if context.invoked_subcommand is None:
        show_list()


@command.command("list")
def show_list(*, project: Project = None, as_json: Json = False) -> None:
    """List the conversations, the newest first.

    Keys of --json: file, bytes, and conversations with id, session, agent, project, model, title,
    created and used (seconds since 1970), turns and branches.
    """
    from ollama_claude_proxy.sessions.storage.pruning import Pruning  # noqa: PLC0415  # as below

    with opened() as database:
        listed = listing_of(database).conversations()
        size = Pruning(database).size
    if project is not None:
        listed = [one for one in listed if Path(one.project) == project.resolve()]
    if as_json:
        rows = [builtins_of(one) for one in listed]
        output.result_json({"file": str(data_path()), "bytes": size, "conversations": rows})
        return
    if not listed:
        output.say("No conversation is kept yet.")
        return
    output.table(_COLUMNS, map(_row, listed))
    output.say(f"{len(listed)} in {data_path()}, {bytes_text(size)}.")


@command.command()
def show(which: Which, *, as_json: Json = False) -> None:
    """Show one conversation: a line a message, and what each model was shown of it.

    Keys of --json: those of `list`, messages (turn, role, at, content), and shown: by model,
    left_out and shortened (messages before that number), digest, and loaded (number of the message
    and text).
    """
    with opened() as database:
        listing = listing_of(database)
        one = find(listing, which)
        said, states = listing.messages(one.id), listing.states(one.id)
        shown = {model: shown_of(state) for model, state in states.items()}
    if as_json:
        messages = [builtins_of(message) for message in said]
        output.result_json(builtins_of(one) | {"messages": messages, "shown": shown})
        return
    output.result(f"{one.id}: {one.title}")
    for name, value in about_of(one):
        output.result(f"  {name}: {value}")
    for model, state in shown.items():
        output.result(f"  {model} was shown: {told_of(state)}")
    for number, message in enumerate(said):
        output.result(f"{number:>5} turn {message.turn:>3} {message.role:<9} {_line(message)}")


@command.command()
def search(
    words: Annotated[list[str], typer.Argument(help="What to look for.")],
    *,
    session: Annotated[
        str | None, typer.Option("--session", help="Only in this one.", show_default=False)
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many at most.")] = 10,
    as_json: Json = False,
) -> None:
    """Find what was said; a word also finds the parts of `camelCase` and `snake_case`.

    Keys of --json, for each passage: conversation, turn, source (the call that it came from), text.
    Exit code 1: nothing was found.
    """
    with opened() as database:
        listing = listing_of(database)
        only = find(listing, session).id if session else None
        hits = listing.search(" ".join(words), limit, only)
    if as_json:
        output.result_json([builtins_of(hit) for hit in hits])
    for hit in () if as_json else hits:
        output.result(f"[{hit.conversation}, turn {hit.turn}] {hit.source}".rstrip())
        output.result("".join(f"    {line}\n" for line in hit.text.splitlines()))
    if not hits:
        output.say(f"Nothing kept has the words {' '.join(words)!r}.")
        raise typer.Exit(output.ExitCode.FAILED)


@command.command()
def export(
    which: Which,
    *,
    markdown: Annotated[
        bool, typer.Option("--markdown", help="Print text to read instead of JSON.")
    ] = False,
) -> None:
    """Print a whole conversation as JSON, with the messages as Anthropic's API has them."""
    with opened() as database:
        listing = listing_of(database)
        one = find(listing, which)
        said = listing.messages(one.id)
    if not markdown:
        messages = [{"role": message.role, "content": message.content} for message in said]
        output.result_json(builtins_of(one) | {"messages": messages})
        return
    output.result(f"# {one.title}")
    for message in said:
        output.result(f"\n## {message.role}, turn {message.turn}\n\n{_text(message)}")


@command.command()
def delete(
    which: Annotated[list[str], typer.Argument(metavar="ID...", help="As for `show`.")],
    *,
    as_json: Json = False,
) -> None:
    """Delete conversations from the file, at once and for good."""
    from ollama_claude_proxy.sessions.storage.pruning import Pruning  # noqa: PLC0415  # as below

    with opened() as database:
        listing, pruning = listing_of(database), Pruning(database)
        numbers = [find(listing, one).id for one in which]
        deleted = pruning.delete(numbers)
        pruning.shrink(wholly=True)
    _report_deleted(deleted, as_json=as_json)


@command.command()
def prune(
    *,
    days: Annotated[
        float | None,
        typer.Option(min=0, help="Delete what was not used for so long.", show_default=False),
    ] = None,
    megabytes: Annotated[
        int | None,
        typer.Option(min=0, help="Delete the oldest above this size.", show_default=False),
    ] = None,
    as_json: Json = False,
) -> None:
    """Delete old conversations, and give the space back to the disk.

    Without options by the settings `memory_days` and `memory_megabytes`, as `ocp serve` does when
    it starts.
    """
    from ollama_claude_proxy.sessions.storage.pruning import Pruning  # noqa: PLC0415  # as below

    settings = load_settings({}, None).settings
    with opened() as database:
        pruning = Pruning(database)
        deleted = pruning.prune(
            settings.memory_days if days is None else days,
            (settings.memory_megabytes if megabytes is None else megabytes) * _MEGABYTE,
        )
        pruning.shrink(wholly=True)
    _report_deleted(deleted, as_json=as_json)


def _row(one: "Listed") -> tuple[str, ...]:
    title = one.title if not one.agent else f"(subagent) {one.title}"
    return str(one.id), when(one.used), str(one.turns), one.model, one.project or "-", title


def _line(message: "Said") -> str:
    text = " ".join(_text(message).split())
    return text if len(text) <= _LINE else f"{text[:_LINE]}..."


def _text(message: "Said") -> str:
    from ollama_claude_proxy.sessions.message_chain import text_of  # noqa: PLC0415  # as above

    return "\n".join(filter(None, map(text_of, message.content)))


def _report_deleted(deleted: int, *, as_json: bool) -> None:
    if as_json:
        output.result_json({"deleted": deleted})
    else:
        output.check(Mark.GOOD, f"{deleted} deleted from {data_path()}.")
