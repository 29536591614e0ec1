"""Checks of Ollama and its models: it answers, is new enough, and has what is configured."""

import asyncio
import re

from ollama_claude_proxy.cli.checks.connection import connection_finding
from ollama_claude_proxy.cli.checks.context import CheckContext
from ollama_claude_proxy.cli.checks.finding import Finding, Status, failed, ok, warning
from ollama_claude_proxy.cli.checks.model_findings import (
    abilities_finding,
    main_model_finding,
    missing_role_models,
)
from ollama_claude_proxy.cli.checks.window_finding import window_finding
from ollama_claude_proxy.cli.ollama_status import query_ollama

# Older versions do not know `truncate`, or hang after a tool call that they could not parse.
_MIN_VERSION = (0, 13, 0)
_TESTED_VERSION = (0, 32, 0)
_UPDATE = "Update it: https://ollama.com/download"


def check_ollama(context: CheckContext) -> list[Finding]:
    """Ask Ollama for its status, and check its version."""
    context.ollama = asyncio.run(query_ollama(context.settings))
    finding = connection_finding(context.settings, context.ollama)
    if finding.status is Status.FAILED:
        return [finding]
    version = _parse_version(context.ollama.version)
    if version < _MIN_VERSION:
        return [failed(f"{finding.summary}; it is too old", _UPDATE)]
    if version < _TESTED_VERSION:
        return [warning(f"{finding.summary}; ocp was tested with 0.32", _UPDATE)]
    return [finding]


def _parse_version(version: str) -> tuple[int, ...]:
    numbers = tuple(map(int, re.findall(r"\d+", version)[:3]))
    return numbers or _TESTED_VERSION  # a version without numbers is a developer's own build


def check_model(context: CheckContext) -> list[Finding]:
    """Check that a model is installed that can answer."""
    return [main_model_finding(context.settings, context.ollama)]


def check_roles(context: CheckContext) -> list[Finding]:
    """Check that the models of the roles are installed."""
    missing = missing_role_models(context.settings, context.ollama)
    return missing or [ok("every model that has a role is installed")]


def check_abilities(context: CheckContext) -> list[Finding]:
    """Check what the model can do."""
    return [abilities_finding(context.model)]


def check_window(context: CheckContext) -> list[Finding]:
    """Check whether Claude Code can work in the window."""
    return [window_finding(context.model, context.settings, context.running)]
