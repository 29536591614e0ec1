"""Reminders: how clients tell a model what the user did not say.

Claude Code writes them in this tag, and its instructions explain it to the model. The hints
of the proxy itself use it, too.
"""

REMINDER_TAG = "<system-reminder>"
REMINDER_END = "</system-reminder>"
# How the digest of turns that left a prompt begins; it follows the first request.
DIGEST_START = f"{REMINDER_TAG}\nLeft out here, for this conversation is longer than the window:"


def wrap_reminder(text: str) -> str:
    """Return a text as a reminder; one that is a reminder already stays as it is."""
    if not text or text.lstrip().startswith(REMINDER_TAG):
        return text
    return f"{REMINDER_TAG}\n{text}\n{REMINDER_END}"
