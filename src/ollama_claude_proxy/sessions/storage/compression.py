"""Compression of the texts in the file.

Most are short: a call, a result of some lines. By themselves they hardly shrink, so a dictionary
holds what they have in common. Decompressing needs the same dictionary: it never changes.
"""

import zlib

# The commonest last: they are the cheapest to refer to.
_DICTIONARY = (
    b"the of and to in is that for it with as was on are be this by from not have or an at all can "
    b"will there which one has been would their what so if out about who get when make time just "
    b"know take into year your good some could them see other than then now look only its over "
    b"also back after use two how our work first well way even new want because any these give "
    b'Error: Exception Traceback (most recent call last): File ", line , in <module> failed passed '
    b"PASSED FAILED tests/test_ ::test_ [100%] in 0.s warning: ok not found No such file or "
    b"directory /usr/lib/python3/ /home/ /src/ /tests/ .py .ts .js .go .rs .json .md .toml .yaml "
    b'README.md pyproject.toml package.json git status git diff git commit -m "pytest -q npm run '
    b"const let var function export default import from 'require(async await return new Promise => "
    b"interface type string number boolean null undefined this. console.log(public private static "
    b"void struct impl fn pub use mod enum match func package err != nil { return nil, err }\\n"
    b'self.assertEqual(assert isinstance(None True False print(f"{len(range(str(int(dict[str, Any]'
    b' list[str] -> None:\\n    """\\n\\n    def __init__(self, ) -> None:\\n        self._\\n\\n'
    b"class :\\n    @property\\n@dataclass\\nfrom typing import Any\\nimport os\\nimport re\\n"
    b'    if not :\\n        raise ValueError("    for in :\\n        \\n    return \\n    else:\\n'
    b"    try:\\n    except Exception as error:\\n        with open(path) as file:\\n"
    b"The file  has been updated successfully.File created successfully at: <system-reminder>\\n"
    b'</system-reminder>{"input":{"command":","description":"{"input":{"pattern":"'
    b'{"input":{"file_path":"/","new_string":"","old_string":"","replace_all":false'
    b'},"name":"Write","type":"tool_use"}},"name":"Grep","type":"tool_use"}'
    b'},"name":"Edit","type":"tool_use"}},"name":"Bash","type":"tool_use"}'
    b'},"name":"Read","type":"tool_use"}<tool_call>\\n{"name": ", "arguments": {"'
    b'file_path": "/"}}\\n</tool_call>{"text":"","type":"text"}'
    b'{"content":"     1\\t\\n     2\\t\\n     3\\t    ","type":"tool_result"}'
)


# Loading the dictionary takes longer than compressing most texts: it is done once, and copied.
# By a twentieth larger than with the usual 6, in half the time.
_LEVEL = 4
_COMPRESSOR = zlib.compressobj(_LEVEL, wbits=-15, zdict=_DICTIONARY)
# Bytes; what is longer has enough in common with itself, and copying takes longer than compressing.
_MAX_WITH_DICTIONARY = 4000


def compress(text: bytes) -> bytes:
    """Return compressed bytes."""
    if len(text) > _MAX_WITH_DICTIONARY:
        return zlib.compress(text, _LEVEL, wbits=-15)
    compressor = _COMPRESSOR.copy()
    return compressor.compress(text) + compressor.flush()


def decompress(body: bytes) -> bytes:
    """Return what was compressed; raises zlib.error for anything else."""
    decompressor = zlib.decompressobj(wbits=-15, zdict=_DICTIONARY)
    return decompressor.decompress(body) + decompressor.flush()
