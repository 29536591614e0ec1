"""`ocp sessions`: show, search, export and delete the remembered conversations."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ollama_claude_proxy.cli import output
from ollama_claude_proxy.cli.options import JsonOption
from ollama_claude_proxy.cli.output import Mark
from ollama_claude_proxy.cli.session_file import (
    conversation_details,
    create_listing,
    find_conversation,
    format_visible_part,
    open_database,
    to_builtins,
    visible_part,
)
from ollama_claude_proxy.cli.session_fits import format_fit
from ollama_claude_proxy.cli.units import format_bytes, format_time
from ollama_claude_proxy.settings import data_path, load_settings

if TYPE_CHECKING:
    from ollama_claude_proxy.sessions.storage.listing import (
        ListedConversation,
        StoredFit,
        StoredMessage,
    )

command = typer.Typer(
    name="sessions",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    invoke_without_command=True,
    context_settings={"help_option_names": ["--help", "-h"]},
)

_COLUMNS = ("id", "last used", "turns", "model", "folder", "title")
_MAX_LINE_CHARS = 100
_MEGABYTE = 1024 * 1024

ConversationName = Annotated[
    str, typer.Argument(metavar="ID", help="Its number, the client's session, or `last`.")
]
Project = Annotated[
    Path | None,
    typer.Option("--project", help="Only conversations in this folder.", show_default=False),
]


@command.callback(
    help="""Show, search, export and delete remembered conversations.

    Without a command it lists them. They are in one file on this machine; nothing leaves it.

    \b
    Examples:
      ocp sessions                      list them, the newest first
      ocp sessions show last            its messages, and which of them the model saw
      ocp sessions show last --why      what left each prompt, what was found again, and why
      ocp sessions search retry limit   find text
      ocp sessions export 12 > 12.json  save one as JSON
      ocp sessions delete 12
      ocp sessions prune --days 30
    """
)
def main(context: typer.Context) -> None:
    """Show, search, export and delete remembered conversations."""
    if context.invoked_subcommand is None:
        list_conversations()


@command.command("list")
def list_conversations(*, project: Project = None, as_json: JsonOption = False) -> None:
    """List the conversations, the newest first.

    Keys of --json: file, bytes, and conversations with id, session, agent, project, model, title,
    created and used (seconds since 1970), turns and branches.
    """
    from ollama_claude_proxy.sessions.storage.pruning import Pruning  # noqa: PLC0415  # as below

    with open_database() as database:
        conversations = create_listing(database).conversations()
        size = Pruning(database).size
    if project is not None:
        folder = project.resolve()
        conversations = [item for item in conversations if Path(item.project) == folder]
    if as_json:
        rows = [to_builtins(conversation) for conversation in conversations]
        output.print_json({"file": str(data_path()), "bytes": size, "conversations": rows})
        return
    if not conversations:
        output.print_message("No conversation is remembered yet.")
        return
    output.print_table(_COLUMNS, map(_row, conversations))
    output.print_message(f"{len(conversations)} in {data_path()}, {format_bytes(size)}.")


@command.command()
def show(
    name: ConversationName,
    *,
    why: Annotated[
        bool, typer.Option("--why", help="For each turn: what left, what was loaded, and why.")
    ] = False,
    turn: Annotated[
        int | None,
        typer.Option("--turn", min=1, help="With --why: only this turn.", show_default=False),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Show one conversation: a line for each message, and which part each model saw.

    Keys of --json: those of `list`, messages (turn, role, at, content), and shown: by model,
    left_out and shortened (messages before that number), digest, and loaded (the texts). With --why
    instead of both fits: turn, model and fit (left_before, left_until, truncated_before,
    truncated_until, words, loaded and displaced, each with turn, source and text).
    """
    with open_database() as database:
        listing = create_listing(database)
        conversation = find_conversation(listing, name)
        messages = listing.messages(conversation.id)
        states = listing.fit_states(conversation.id)
        fits = [fit for fit in listing.fitted_turns(conversation.id) if turn in {None, fit.turn}]
    if why:
        _show_fits(conversation, fits, turn, as_json=as_json)
        return
    visible = {model: visible_part(state) for model, state in states.items()}
    if as_json:
        rows = [to_builtins(message) for message in messages]
        output.print_json(to_builtins(conversation) | {"messages": rows, "shown": visible})
        return
    output.print_result(f"{conversation.id}: {conversation.title}")
    for label, value in conversation_details(conversation):
        output.print_result(f"  {label}: {value}")
    for model, part in visible.items():
        output.print_result(f"  {model} saw: {format_visible_part(part)}")
    for number, message in enumerate(messages):
        line = _one_line(message)
        output.print_result(f"{number:>5} turn {message.turn:>3} {message.role:<9} {line}")


@command.command()
def search(
    words: Annotated[list[str], typer.Argument(help="What to look for.")],
    *,
    session: Annotated[
        str | None, typer.Option("--session", help="Only in this conversation.", show_default=False)
    ] = None,
    limit: Annotated[
        int, typer.Option(min=1, max=1000, help="The maximum number of results.")
    ] = 10,
    as_json: JsonOption = False,
) -> None:
    """Search the messages; a word also finds the parts of `camelCase` and `snake_case`.

    Keys of --json, for each passage: conversation, turn, source (the call that it came from), text.
    Exit code 1: nothing was found.
    """
    with open_database() as database:
        listing = create_listing(database)
        conversation = find_conversation(listing, session).id if session else None
        hits = listing.search(" ".join(words), limit, conversation)
    if as_json:
        output.print_json([to_builtins(hit) for hit in hits])
    for hit in () if as_json else hits:
        output.print_result(f"[{hit.conversation}, turn {hit.turn}] {hit.source}".rstrip())
        output.print_result("".join(f"    {line}\n" for line in hit.text.splitlines()))
    if not hits:
        output.print_message(f"No message has the words {' '.join(words)!r}.")
        raise typer.Exit(output.ExitCode.FAILED)


@command.command()
def export(
    name: ConversationName,
    *,
    markdown: Annotated[
        bool, typer.Option("--markdown", help="Print Markdown instead of JSON.")
    ] = False,
) -> None:
    """Print a whole conversation as JSON, with the messages in the form of Anthropic's API."""
    with open_database() as database:
        listing = create_listing(database)
        conversation = find_conversation(listing, name)
        messages = listing.messages(conversation.id)
    if not markdown:
        rows = [{"role": message.role, "content": message.content} for message in messages]
        output.print_json(to_builtins(conversation) | {"messages": rows})
        return
    output.print_result(f"# {conversation.title}")
    for message in messages:
        output.print_result(f"\n## {message.role}, turn {message.turn}\n\n{_text(message)}")


@command.command()
def delete(
    names: Annotated[list[str], typer.Argument(metavar="ID...", help="As for `show`.")],
    *,
    as_json: JsonOption = False,
) -> None:
    """Delete conversations from the file, at once and permanently."""
    from ollama_claude_proxy.sessions.storage.pruning import Pruning  # noqa: PLC0415  # as below

    with open_database() as database:
        listing, pruning = create_listing(database), Pruning(database)
        ids = [find_conversation(listing, name).id for name in names]
        deleted = pruning.delete(ids)
        pruning.shrink(always=True)
    _report_deleted(deleted, as_json=as_json)


@command.command()
def prune(
    *,
    days: Annotated[
        float | None,
        typer.Option(
            min=0, help="Delete what was not used for this many days.", show_default=False
        ),
    ] = None,
    megabytes: Annotated[
        int | None,
        typer.Option(
            min=0,
            help="Delete the oldest until the file has at most this size.",
            show_default=False,
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Delete old conversations, and free their space on the disk.

    Without options it uses the settings `memory_days` and `memory_megabytes`, as `ocp serve` does
    when it starts.
    """
    from ollama_claude_proxy.sessions.storage.pruning import Pruning  # noqa: PLC0415  # as below

    settings = load_settings({}, None).settings
    with open_database() as database:
        pruning = Pruning(database)
        deleted = pruning.prune(
            settings.memory_days if days is None else days,
            (settings.memory_megabytes if megabytes is None else megabytes) * _MEGABYTE,
        )
        pruning.shrink(always=True)
    _report_deleted(deleted, as_json=as_json)


def _show_fits(
    conversation: "ListedConversation", fits: "list[StoredFit]", turn: int | None, *, as_json: bool
) -> None:
    if as_json:
        rows = [to_builtins(fit) for fit in fits]
        output.print_json(to_builtins(conversation) | {"fits": rows})
        return
    output.print_result(f"{conversation.id}: {conversation.title}")
    for fit in fits:
        output.print_result("\n".join(format_fit(fit)))
    if fits:
        return
    if turn is None:
        output.print_message("Nothing left the prompt, and nothing was loaded: it all fits.")
    else:
        output.print_message(f"In turn {turn} nothing left the prompt, and nothing was looked for.")


def _row(conversation: "ListedConversation") -> tuple[str, ...]:
    title = conversation.title
    return (
        str(conversation.id),
        format_time(conversation.used),
        str(conversation.turns),
        conversation.model,
        conversation.project or "-",
        f"(subagent) {title}" if conversation.agent else title,
    )


def _one_line(message: "StoredMessage") -> str:
    text = " ".join(_text(message).split())
    return text if len(text) <= _MAX_LINE_CHARS else f"{text[:_MAX_LINE_CHARS]}..."


def _text(message: "StoredMessage") -> str:
    return "\n".join(filter(None, message.texts()))


def _report_deleted(deleted: int, *, as_json: bool) -> None:
    if as_json:
        output.print_json({"deleted": deleted})
    else:
        output.print_check(Mark.OK, f"{deleted} deleted from {data_path()}.")
