"""Reminders: how clients tell a model what the user did not say.

Claude Code writes them in this tag, and its instructions explain it to the model. What the proxy
itself has to tell goes the same way.
"""

REMINDER = "<system-reminder>"
# How the account of turns that left a prompt begins: it stands behind the first request.
LEFT_OUT = f"{REMINDER}\nLeft out here, for this conversation is longer than the window:"


def reminder(text: str) -> str:
    """Give a text as a reminder; one that is one stays as it is."""
    if not text or text.lstrip().startswith(REMINDER):
        return text
    return f"{REMINDER}\n{text}\n</system-reminder>"
