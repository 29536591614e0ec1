"""`ocp claude`: run Claude Code on the proxy, with a proxy of its own if none answers."""

import shutil
from collections.abc import Sequence
from contextlib import ExitStack
from typing import Annotated

import typer

from ollama_claude_proxy.cli import claude_code, output
from ollama_claude_proxy.cli.child_proxy import find_free_port, run_child_proxy
from ollama_claude_proxy.cli.proxy import RunningProxy, find_running_proxy
from ollama_claude_proxy.cli.signal_forwarder import SignalForwarder
from ollama_claude_proxy.errors import OcpError
from ollama_claude_proxy.settings import Settings, environment, load_settings


def command(
    arguments: Annotated[
        list[str] | None, typer.Argument(help="Everything for `claude`, options too.")
    ] = None,
) -> None:
    """Run Claude Code on the proxy: every argument goes to `claude`, except a first `--lean`.

    With `--lean` Claude Code leaves out what makes its first prompt large, for small windows.

    Examples:
      ocp claude
      ocp claude --lean
      ocp claude -p "what does this project do?"
      OCP_MODEL=qwen3:8b ocp claude --continue

    A proxy that answers at the configured address is used; otherwise one is started on a free port
    and stopped at the end. Only this run is affected; its exit code is Claude Code's.
    """
    program = _find_claude()
    claude_arguments = arguments or []
    has_lean_flag = claude_arguments[:1] == ["--lean"]
    if has_lean_flag:
        claude_arguments = claude_arguments[1:]
    settings = load_settings({"lean": "on"} if has_lean_flag else {}).settings
    with ExitStack() as stack:
        forwarder = stack.enter_context(SignalForwarder())
        port = settings.port
        running = find_running_proxy(settings)
        if running is None:
            port = find_free_port(settings.host)
            running = stack.enter_context(run_child_proxy(settings, port))
        lean = claude_code.is_lean(settings, running)
        if lean and settings.lean == "auto":
            output.print_message(claude_code.LEAN_NOTICE)
        command_line = [program, *_with_settings(claude_arguments, lean=lean)]
        raise SystemExit(forwarder.run(command_line, _environment(settings, running, port)))


def _find_claude() -> str:
    program = shutil.which("claude")
    if program is None:
        raise OcpError(
            "Claude Code is not installed: there is no `claude` on your PATH.",
            remedy="Install it with `npm install -g @anthropic-ai/claude-code`.",
        )
    return program


def _with_settings(arguments: Sequence[str], *, lean: bool) -> Sequence[str]:
    """Return the arguments after our `--settings`, or unchanged if they have one already.

    Without it Claude Code starts in auto mode, which denies commands, as no server judges them.
    """
    if any(argument.partition("=")[0] == "--settings" for argument in arguments):
        return arguments
    return ["--settings", claude_code.settings_argument(lean=lean), *arguments]


def _environment(settings: Settings, running: RunningProxy, port: int) -> dict[str, str]:
    """Return the user's environment with Claude Code's variables, without conflicting ones."""
    variables = dict(environment())
    for variable in claude_code.CONFLICTING:
        variables.pop(variable.name, None)
    for variable in claude_code.variables(settings, running, variables, port=port):
        if variable.value is not None:
            variables[variable.name] = variable.value
    return variables
