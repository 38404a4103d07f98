"""How deeply an expression nests, told from the tokens: the parser's recursion ends the process, not the parse.

Long sums, attribute chains, implicit joins and `elif` ladders all nest in the tree, whatever they look like.
"""

from __future__ import annotations

import re

# Far below what takes the native parser down, far above what people write.
MAX_NESTING = 2_000
# A shorter text cannot hold that much.
_SHORT = 2 * MAX_NESTING

_TOKEN = re.compile(
    r"(?P<skip>#[^\r\n]*)"
    r"|(?P<string>[A-Za-z]{0,3}(?:\"\"\"(?:[^\\]|\\.)*?\"\"\"|'''(?:[^\\]|\\.)*?'''"
    r"|\"(?:[^\"\\\r\n]|\\.)*\"|'(?:[^'\\\r\n]|\\.)*'))"
    r"|(?P<word>\w+)|(?P<open>[(\[{])|(?P<close>[)\]}])|(?P<comma>[,;:])|(?P<end>\r\n?|\n)|(?P<op>[-+*/%@&|^~<>=!.])",
    re.DOTALL,
)
_WORDS = frozenset({"and", "or", "not", "if", "else", "lambda", "await", "in", "is"})


def nests_too_deeply(text: str) -> bool:
    """Whether some statement nests more than `MAX_NESTING` levels, as an upper estimate."""
    if len(text) < _SHORT:
        return False
    runs = [0]
    ladder = 0
    previous = ""
    for match in _TOKEN.finditer(text):
        kind = match.lastgroup or ""
        if kind == "skip":
            continue
        if kind == "open":
            runs.append(runs[-1] + 1)
        elif kind == "close":
            if len(runs) > 1:
                runs.pop()
                runs[-1] += 1
        elif kind == "comma":
            runs[-1] = runs[-2] + 1 if len(runs) > 1 else 0
        elif kind == "end":
            if len(runs) == 1:
                runs[-1] = 0
        elif kind == "op" or (kind == "string" and previous == "string"):
            runs[-1] += 1
        elif kind == "word":
            word = match.group()
            if word == "elif":
                ladder += 1
            elif word in ("def", "class"):
                ladder = 0
            elif word in _WORDS:
                runs[-1] += 1
        previous = kind if kind != "end" else previous
        if runs[-1] > MAX_NESTING or ladder > MAX_NESTING:
            return True
    return False
