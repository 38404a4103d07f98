"""In which order the parts of each kind of node stand in the source, as libcst's own generator writes them."""

from __future__ import annotations

import enum
from collections.abc import Iterable
from functools import cache

import libcst as cst


class Part(enum.Enum):
    """What one step of a layout is."""

    TOKEN = enum.auto()  # a text that always stands there
    CHILD = enum.auto()  # an attribute: a node, several, a text, or nothing
    SPACE = enum.auto()  # an attribute that is white space
    OPEN = enum.auto()  # the node itself starts, behind its parentheses and white space
    CLOSE = enum.auto()  # and ends
    INDENT = enum.auto()  # the indentation of the line
    DEEPER = enum.auto()  # lines are indented further from here on
    BACK = enum.auto()
    IF = enum.auto()  # an attribute and a text, which stands there where the attribute is given
    UNLESS = enum.auto()  # an attribute and a text, which stands there where it is not
    ELIF = enum.auto()  # `if`, or `elif` below another one
    ARROW = enum.auto()  # `:`, or `->` behind a function's parameters


Step = tuple[Part, str, str]

_MARKS = {
    "<": Part.OPEN,
    ">": Part.CLOSE,
    "INDENT": Part.INDENT,
    "DEEPER": Part.DEEPER,
    "BACK": Part.BACK,
    "ELIF": Part.ELIF,
    "ARROW": Part.ARROW,
}

# 'x': a token; attr?'x' and attr!'x': one that stands there only with, or only without, an attribute;
# < and >: where the node itself starts and ends; ( and ): the same within its parentheses; capitals: see `Part`;
# _x: the attribute whitespace_x; all others: attributes.
_LAYOUTS = """
Module: header body footer
SimpleStatementLine: leading_lines INDENT < body > trailing_whitespace
SimpleStatementSuite: leading_whitespace < body > trailing_whitespace
IndentedBlock: header DEEPER < body > footer BACK

Name: ( value )
Ellipsis: ( '...' )
Integer: ( value )
Float: ( value )
Imaginary: ( value )
SimpleString: ( value )
FormattedString: ( start parts end )
FormattedStringText: value
FormattedStringExpression:
    '{' _before_expression expression equal _after_expression conversion?'!' conversion format_spec?':' format_spec '}'
TemplatedString: ( start parts end )
TemplatedStringText: value
TemplatedStringExpression:
    '{' _before_expression expression equal _after_expression conversion?'!' conversion format_spec?':' format_spec '}'
ConcatenatedString: ( left _between right )
ComparisonTarget: operator comparator
Comparison: ( left comparisons )
UnaryOperation: ( operator expression )
BinaryOperation: ( left operator right )
BooleanOperation: ( left operator right )
Attribute: ( value dot attr )
Index: star _after_star value
Slice: lower first_colon upper second_colon step
SubscriptElement: < slice > comma
Subscript: ( value _after_value lbracket slice rbracket )
Annotation: _before_indicator ARROW _after_indicator < annotation >
ParamStar: '*' comma
ParamSlash: '/' _after comma
Param: < star _after_star name > annotation equal default comma _after_param
Parameters: posonly_params posonly_ind params star_arg kwonly_params star_kwarg
Lambda: ( 'lambda' _after_lambda params colon body )
Arg: < star _after_star keyword equal value > comma _after_arg
Call: ( func _after_func '(' _before_args args ')' )
Await: ( 'await' _after_await expression )
IfExp: ( body _before_if 'if' _after_if test _before_else 'else' _after_else orelse )
From: _before_from < 'from' _after_from item >
Yield: ( 'yield' _after_yield value )
Element: < value > comma
DictElement: < key _before_colon ':' _after_colon value > comma
StarredElement: ( '*' _before_value value ) comma
StarredDictElement: < '**' _before_value value > comma
Tuple: ( elements )
List: ( lbracket elements rbracket )
Set: ( lbrace elements rbrace )
Dict: ( lbrace elements rbrace )
CompFor: _before asynchronous 'for' _after_for target _before_in 'in' _after_in iter ifs inner_for_in
CompIf: _before 'if' _before_test test
GeneratorExp: ( elt for_in )
ListComp: ( lbracket elt for_in rbracket )
SetComp: ( lbrace elt for_in rbrace )
DictComp: ( lbrace key _before_colon ':' _after_colon value for_in rbrace )
NamedExpr: ( target _before_walrus ':=' _after_walrus value )
Asynchronous: < 'async' > _after

Del: < 'del' _after_del target > semicolon
Pass: < 'pass' > semicolon
Break: < 'break' > semicolon
Continue: < 'continue' > semicolon
Return: < 'return' _after_return value > semicolon
Expr: < value > semicolon
Raise: < 'raise' _after_raise exc cause > semicolon
Assert: < 'assert' _after_assert test comma msg > semicolon
Global: < 'global' _after_global names > semicolon
Nonlocal: < 'nonlocal' _after_nonlocal names > semicolon
NameItem: < name > comma
ImportAlias: < name asname > comma
Import: < 'import' _after_import names > semicolon
ImportFrom:
    < 'from' _after_from relative module _before_import 'import' _after_import lpar names rpar > semicolon
ImportStar: '*'
AssignTarget: < target > _before_equal '=' _after_equal
Assign: < targets value > semicolon
AnnAssign: < target annotation equal value > semicolon
AugAssign: < target operator value > semicolon
AsName: _before_as 'as' _after_as name

Decorator: leading_lines INDENT < '@' _after_at decorator > trailing_whitespace
FunctionDef:
    leading_lines decorators lines_after_decorators INDENT < asynchronous 'def' _after_def name _after_name
    type_parameters _after_type_parameters '(' _before_params params ')' returns _before_colon ':' body >
ClassDef:
    leading_lines decorators lines_after_decorators INDENT < 'class' _after_class name _after_name
    type_parameters _after_type_parameters lpar bases keywords rpar _before_colon ':' body >
If: leading_lines INDENT < ELIF _before_test test _after_test ':' body orelse >
Else: leading_lines INDENT < 'else' _before_colon ':' body >
For:
    leading_lines INDENT < asynchronous 'for' _after_for target _before_in 'in' _after_in iter _before_colon ':'
    body orelse >
While: leading_lines INDENT < 'while' _after_while test _before_colon ':' body orelse >
With: leading_lines INDENT < asynchronous 'with' _after_with lpar items rpar _before_colon ':' body >
WithItem: < item asname > comma
Try: leading_lines INDENT < 'try' _before_colon ':' body handlers orelse finalbody >
TryStar: leading_lines INDENT < 'try' _before_colon ':' body handlers orelse finalbody >
ExceptHandler: leading_lines INDENT < 'except' _after_except type name _before_colon ':' body >
ExceptStarHandler:
    leading_lines INDENT < 'except' _after_except '*' _after_star type name _before_colon ':' body >
Finally: leading_lines INDENT < 'finally' _before_colon ':' body >

Match:
    leading_lines INDENT < 'match' _after_match subject _before_colon ':' _after_colon DEEPER cases footer BACK >
MatchCase:
    leading_lines INDENT
    < 'case' _after_case pattern _before_if guard?'if' _after_if guard _before_colon ':' body >
MatchValue: < value >
MatchSingleton: < value >
MatchSequenceElement: < value comma >
MatchStar: < '*' _before_name name!'_' name comma >
MatchList: ( lbracket patterns rbracket )
MatchTuple: ( patterns )
MatchMappingElement: < key _before_colon ':' _after_colon pattern comma >
MatchMapping: ( lbrace elements rest?'**' _before_rest rest trailing_comma rbrace )
MatchKeywordElement: < key _before_equal '=' _after_equal pattern comma >
MatchClass: ( cls _after_cls '(' _before_patterns patterns kwds _after_kwds ')' )
MatchAs: ( pattern _before_as pattern?'as' _after_as name!'_' name )
MatchOrElement: < pattern separator >
MatchOr: ( patterns )

TypeVar: < name colon bound >
TypeVarTuple: < '*' _after_star name >
ParamSpec: < '**' _after_star name >
TypeParam: param equal star _after_star default comma
TypeParameters: lbracket params rbracket
TypeAlias:
    < 'type' _after_type name _after_name type_parameters _after_type_parameters '=' _after_equals value semicolon >
"""

# Operators, and signs that libcst gives white space of their own.
_ONE_TOKEN = """
Add + Subtract - Multiply * MatrixMultiply @ Divide / FloorDivide // Modulo % Power ** LeftShift << RightShift >>
BitOr | BitAnd & BitXor ^ And and Or or LessThan < GreaterThan > Equal == LessThanEqual <= GreaterThanEqual >= In in Is is
AddAssign += SubtractAssign -= MultiplyAssign *= MatrixMultiplyAssign @= DivideAssign /= FloorDivideAssign //=
ModuloAssign %= PowerAssign **= LeftShiftAssign <<= RightShiftAssign >>= BitOrAssign |= BitAndAssign &=
BitXorAssign ^= Comma , Dot . Colon : Semicolon ; AssignEqual =
"""
_UNARY = {"Plus": "+", "Minus": "-", "BitInvert": "~", "Not": "not"}
_OPENING = {"LeftParen": "(", "LeftSquareBracket": "[", "LeftCurlyBrace": "{"}
_CLOSING = {"RightParen": ")", "RightSquareBracket": "]", "RightCurlyBrace": "}"}
_SPACE_BEFORE, _SPACE_AFTER = (Part.SPACE, "whitespace_before", ""), (Part.SPACE, "whitespace_after", "")
_OPENS, _CLOSES = (Part.OPEN, "", ""), (Part.CLOSE, "", "")


def _token(text: str) -> Step:
    return Part.TOKEN, "", text


@cache
def _step(word: str) -> Step:
    if word in _MARKS:
        return _MARKS[word], "", ""
    if word.startswith("'"):
        return _token(word.strip("'"))
    for mark, part in (("?'", Part.IF), ("!'", Part.UNLESS)):
        attribute, found, text = word.partition(mark)
        if found:
            return part, attribute, text.strip("'")
    if word.startswith("_"):
        return Part.SPACE, "whitespace" + word, ""
    return (Part.SPACE if word.endswith("_whitespace") else Part.CHILD), word, ""


def _described() -> dict[str, tuple[Step, ...]]:
    found: dict[str, tuple[Step, ...]] = {}
    for line in _LAYOUTS.replace("\n    ", " ").split("\n"):
        name, _, words = line.partition(":")
        # Parentheses around an expression are its own; white space in them belongs to them.
        spelled = words.replace(" ( ", " lpar < ").removesuffix(" )").replace(" ) ", " > rpar ")
        spelled += " > rpar" if words.endswith(" )") else ""
        found[name] = tuple(map(_step, spelled.split()))
    operators = _ONE_TOKEN.split()
    for name, token in zip(operators[::2], operators[1::2], strict=True):
        found[name] = (_SPACE_BEFORE, _OPENS, _token(token), _CLOSES, _SPACE_AFTER)
    found["NotEqual"] = (_SPACE_BEFORE, _OPENS, (Part.CHILD, "value", ""), _CLOSES, _SPACE_AFTER)
    for name, first, second in (("NotIn", "not", "in"), ("IsNot", "is", "not")):
        between = (Part.SPACE, "whitespace_between", "")
        found[name] = (_SPACE_BEFORE, _OPENS, _token(first), between, _token(second), _CLOSES, _SPACE_AFTER)
    for name, token in (_UNARY | _OPENING).items():
        found[name] = (_token(token), _SPACE_AFTER)
    for name, token in _CLOSING.items():
        found[name] = (_SPACE_BEFORE, _token(token))
    return found


_DESCRIBED = _described()
_UNPLACED = (*_OPENING, *_CLOSING, "Comma", "Dot", "Colon", "Semicolon", "AssignEqual")


def _of(names: Iterable[str]) -> dict[type, tuple[Step, ...]]:
    # Kinds that this version of libcst does not have are left out.
    return {getattr(cst, name): _DESCRIBED[name] for name in names if hasattr(cst, name)}


# Nobody asks where signs stand; they are passed over like white space.
SIGNS = _of(_UNPLACED)
LAYOUTS = _of(name for name in _DESCRIBED if name not in _UNPLACED)
_BEFORE, _BEHIND = ((Part.CHILD, "lpar", ""), _OPENS), (_CLOSES, (Part.CHILD, "rpar", ""))
# Those of expressions without the parentheses that most of them do not have.
BARE = {
    kind: steps[2:-2] for kind, steps in LAYOUTS.items() if steps[:2] == _BEFORE and steps[-2:] == _BEHIND
}
