"""Options that several commands have."""

from pathlib import Path
from typing import Annotated

import typer

ConfigOption = Annotated[
    Path | None, typer.Option("--config", help="The config file.", show_default=False)
]
OllamaUrlOption = Annotated[
    str | None, typer.Option("--ollama-url", help="The address of Ollama.", show_default=False)
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
