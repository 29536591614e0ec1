"""Where in a prompt an answer is."""

import re

from recall.plant import is_in

TURN, PASSAGE, ACCOUNT, MISSING = SOURCES = ("turn", "passage", "account", "missing")

_PASSAGES = re.compile(
    r"<system-reminder>\nFrom earlier in this conversation.*?</system-reminder>", re.DOTALL
)
_ACCOUNT = re.compile(r"<system-reminder>\nLeft out here,.*?</system-reminder>", re.DOTALL)


class Prompt:
    """A prompt in its parts: the turns that are still there, passages and the account.

    Passages were found again; the account tells of the turns that were left out.
    """

    def __init__(self, prompt: str) -> None:
        self._passages = "\n".join(_PASSAGES.findall(prompt))
        self._account = "\n".join(_ACCOUNT.findall(prompt))
        self._turns = _ACCOUNT.sub("", _PASSAGES.sub("", prompt))

    def source(self, answer: str) -> str:
        """Return where an answer is, one of `SOURCES`."""
        parts = ((self._turns, TURN), (self._passages, PASSAGE), (self._account, ACCOUNT))
        return next((name for text, name in parts if is_in(text, answer)), MISSING)
