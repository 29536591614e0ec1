"""The words of a shell command, equal for two commands that mean the same but quote differently."""

_OPERATORS = ";&|<>()"
# What the shell acts on outside quotes, there at the beginning of a word only, and within double
# quotes.
_ACTIVE = "$`*?[]{}"
_ACTIVE_AT_BEGINNING = "~#"
_ACTIVE_IN_DOUBLE_QUOTES = "$`"
_ESCAPABLE_IN_DOUBLE_QUOTES = '$`"\\'
# Goes before a sign that the shell acts on: `"*"` is a star, and `*` all files.
_ACTIVE_MARK = "\0"


def shell_words(command: str) -> list[str] | None:
    r"""Return the words and operators of a command; None if a quote is not closed.

    `echo "a b"`, `echo 'a b'` and `echo a\ b` have the same words; `echo '$A'` and `echo "$A"`
    have not, because the shell treats them differently.
    """
    return _Splitter(command.strip()).split()


class _Splitter:
    def __init__(self, command: str) -> None:
        self._signs = iter(command)
        self._words: list[str] = []
        self._word: str | None = None
        self._is_adjacent = False  # to the operator before

    def split(self) -> list[str] | None:
        for sign in self._signs:
            if not self._add(sign):
                return None
        self._end_word()
        return self._words

    def _add(self, sign: str) -> bool:
        """Add a sign outside quotes, or all of what it quotes; False if that does not end."""
        if sign == "'":
            return self._add_single_quoted()
        if sign == '"':
            return self._add_double_quoted()
        if sign == "\\":
            return self._add_escaped()
        if sign in " \t":
            self._end_word()
            self._is_adjacent = False
        elif sign in _OPERATORS or sign == "\n":
            self._end_word()
            self._add_operator(sign)
        else:
            is_active = sign in _ACTIVE or (self._word is None and sign in _ACTIVE_AT_BEGINNING)
            self._put(_ACTIVE_MARK + sign if is_active else sign)
        return True

    def _add_single_quoted(self) -> bool:
        self._put("")
        for sign in self._signs:
            if sign == "'":
                return True
            self._put(sign)
        return False

    def _add_double_quoted(self) -> bool:
        self._put("")
        for sign in self._signs:
            if sign == '"':
                return True
            if sign == "\\":
                escaped = next(self._signs, "")
                if escaped != "\n":
                    self._put(escaped if escaped in _ESCAPABLE_IN_DOUBLE_QUOTES else f"\\{escaped}")
            else:
                self._put(_ACTIVE_MARK + sign if sign in _ACTIVE_IN_DOUBLE_QUOTES else sign)
        return False

    def _add_escaped(self) -> bool:
        escaped = next(self._signs, None)
        if escaped is None:
            return False
        if escaped != "\n":  # which continues the line
            self._put(escaped)
        return True

    def _add_operator(self, sign: str) -> None:
        """Add an operator; two signs side by side are one: `&&`, `>>`."""
        mark = _ACTIVE_MARK + sign
        if self._words and self._words[-1] == mark and sign in "&|<>;" and self._is_adjacent:
            self._words[-1] += sign
        else:
            self._words.append(mark)
        self._is_adjacent = True

    def _put(self, text: str) -> None:
        self._is_adjacent = False
        self._word = (self._word or "") + text

    def _end_word(self) -> None:
        if self._word is not None:
            self._words.append(self._word)
            self._word = None
            self._is_adjacent = False
