"""Names that mean the same tool in the clients and models that are known.

Only where the meaning is the same, and never from a tool that only looks to one that writes or
deletes: a model that calls `append` must not write, and one that calls `read_file` must not delete.
"""

import re

_SEPARATORS = re.compile(r"[^a-z0-9]+")
_GROUPS = tuple(
    frozenset(group.split())
    for group in (
        "bash shell runcommand executecommand runshellcommand runbash bashcommand executebash exec",
        "read readfile viewfile openfile fileread getfilecontents readtextfile",
        "write writefile createfile writetofile filewrite savefile",
        "edit editfile strreplace replaceinfile fileedit searchreplace",
        "glob globsearch filesearch findfiles globtool",
        "grep grepsearch searchfilecontent ripgrep rg searchcode greptool",
        "ls listdir listdirectory listfiles",
        "webfetch fetchurl fetch fetchwebpage urlfetch",
        "websearch searchweb",
        "todowrite writetodos updatetodos",
        "task agent subagent dispatchagent",
    )
)


def are_aliases(name: str, other: str) -> bool:
    """Whether two names mean the same tool; case and separators do not matter."""
    words = {_SEPARATORS.sub("", one.lower()) for one in (name, other)}
    return any(words <= group for group in _GROUPS)
