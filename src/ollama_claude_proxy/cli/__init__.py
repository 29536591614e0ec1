"""The `ocp` command."""


def main() -> None:
    """Run `ocp` and exit with its exit code.

    An expected failure is printed as one line on stderr; a traceback is a defect.
    """
    from ollama_claude_proxy.cli import app, output  # noqa: PLC0415  # `import ollama_claude_proxy.cli` stays fast
    from ollama_claude_proxy.errors import OcpError  # noqa: PLC0415

    try:
        app.build_cli()(prog_name="ocp")
    except OcpError as error:
        output.fail(error)
    except KeyboardInterrupt:
        raise SystemExit(output.ExitCode.INTERRUPTED) from None
