"""The codes and what each means. A code never changes its meaning."""

from __future__ import annotations

from callr_migrate.records import dataclass

# What concerns all of a project is told at one place of it.
ONCE_A_PROJECT = frozenset({"CLR607"})


@dataclass(frozen=True)
class Code:
    """One code: `name` for people, `summary` in a line, `explanation` for `explain`.

    `level` is `error` for what no longer works once the legacy API is switched off, else `warning`.
    """

    code: str
    name: str
    summary: str
    explanation: str
    level: str = "error"


_ALL = (
    Code(
        "CLR001",
        "unused-ignore",
        "A comment that is to suppress a finding, and suppresses none.",
        "The comment, or one code in it, suppresses nothing: what it was for is gone, the code is another one, it "
        "stands on another line, or it is misspelled. A comment is for the findings that start or end on its line; "
        "`ignore-file` stands on a line of its own. A `noqa` without codes is never reported, since other tools heed it "
        "too. `ignore[CLR001]` keeps a comment that is of no use now.",
    ),
    Code(
        "CLR101",
        "mapped-call",
        "A legacy call with one counterpart in the new API.",
        "The call performs a request of the API that is switched off. The new API has one request that does the same; "
        "the finding shows it. The fix is safe only if every fact it leans on is documented or verified, and unsafe "
        "if one is inferred or in conflict. It is manual if an argument has no known place, the answer is used in a "
        "way that cannot be followed, or the client cannot be changed; the reason says which.",
    ),
    Code(
        "CLR102",
        "alternatives",
        "A legacy call with several counterparts.",
        "The new API has several requests for this method. The finding lists them; which one fits depends on what "
        "your program has at hand.",
    ),
    Code(
        "CLR103",
        "no-counterpart",
        "A legacy call without a counterpart.",
        "Nothing in the new API is known to do what this call did. The finding says why, and what to do instead. No "
        "fix is made.",
    ),
    Code(
        "CLR104",
        "unknown-method",
        "A call of a method that the legacy API is not known to have.",
        "The name is spelled wrong, or the method is one that no source documents. The nearest known name is given.",
    ),
    Code(
        "CLR105",
        "dynamic-method",
        "A legacy call whose method name is not known before the program runs.",
        "The method name is computed, or comes from outside of the project. The finding says where it was lost; look "
        "up which methods the call can reach and migrate each. A call whose method is what the callers of a function of "
        "your own name is told as this wrapper, once; each call of the wrapper is a finding of its own, with its method.",
    ),
    Code(
        "CLR106",
        "wrong-arity",
        "A legacy call with a number of arguments that its method does not take.",
        "The legacy server refuses the call, so it cannot be mapped. Mend or remove it. Where the parameters themselves "
        "are inferred, the finding says so: look them up before you believe it.",
    ),
    Code(
        "CLR107",
        "named-parameters",
        "A legacy call that gives its parameters by name.",
        "The legacy server takes parameters by position only, as a list; a dict is refused. Mend or remove the call.",
    ),
    Code(
        "CLR201",
        "answer-field",
        "A field of a legacy answer with another place in the new one.",
        "The answer of a legacy call is read here. In the new API the field has another name or another place.",
    ),
    Code(
        "CLR202",
        "identifier",
        "An identifier of a legacy answer that is compared, looked at or handed on.",
        "The new API writes the same identifiers in lower case. Code that looks at the letters gets the legacy ones "
        "(`x.upper()`), and literals that identifiers are compared with are lowered. What a program has stored is in "
        "capitals: such a comparison keeps its call, and where an identifier goes on, into a database for instance, the "
        "old and the new ones do not match. Lower the stored ones once; the first finding says how.",
    ),
    Code(
        "CLR301",
        "enum-constant",
        "A legacy constant that is spelled otherwise in the new API.",
        "A value of a legacy answer is compared with a constant. The new API spells its constants otherwise, so the "
        "comparison would silently be false.",
    ),
    Code(
        "CLR401",
        "answer-date",
        "A date of a legacy answer that is read as a text.",
        "The legacy API writes a time as `2027-01-31 10:00:00`, the new one in RFC 3339, with or without fractions of a "
        "second; both are UTC. Where a date is parsed, sliced, split, ordered or held against another one, the fix "
        "makes the value what it was: `fromisoformat(x[:19])` is the naive time that `strptime` gave, from either form "
        'and on every Python; `x[:19].replace("T", " ")` is the legacy text. Where the text goes on to something that is '
        "not followed, the call stays as it is.",
    ),
    Code(
        "CLR402",
        "null-date",
        "A check for the legacy API's sign of no date.",
        "The legacy API may write a date of zeros where there is none; it is a text like any other, and true. "
        "What the new API gives there is not documented; null is likely. Find out, or handle both, and then ask for "
        "the date's absence as the new API tells it. A handler that catches ValueError alone is for such a date, too: "
        "null raises TypeError.",
    ),
    Code(
        "CLR501",
        "retired-app",
        "A kind of app that the new API does not have.",
        "The app's package was retired together with the legacy API. The finding says what replaces it, and names the "
        "calls that hang on the app: those that are given what its creation answered, in any module, and so on from "
        "call to call. Theirs name the app in turn, and none of them is rewritten alone. Migrate them together. "
        "`callr-migrate fix --scaffold DIR` writes a scenario for the new API to begin with, `DIR/<app>.actions.yaml`: "
        "what the legacy calls give in literals is carried over, everything else stands there as a comment with its "
        "place in the source. No credential gets in. A file that somebody changed since is left as it is (exit code 2).",
    ),
    Code(
        "CLR601",
        "legacy-client",
        "A legacy client is made here.",
        "The client of the legacy API is constructed here. When all of its calls can be rewritten, a client of the "
        "new API takes its place; otherwise the new client stands beside it, and the program runs with both. Test "
        "your credentials with the new API once.",
    ),
    Code(
        "CLR602",
        "legacy-exception",
        "An exception of the legacy client is caught here.",
        "The new client raises other exceptions. A handler that catches the legacy ones must catch these, or an "
        "outage is no longer handled. So must what names them elsewhere: `suppress`, `isinstance`, a tuple of several. "
        "What a handler shows of an error becomes the text of the answer, since the text of the new errors names the "
        "address, and with it the recipient's number; this holds for `except Exception` too. A comparison with the code "
        "of a failed connection becomes one of the kind of error; other codes, and what takes a message apart, have no "
        "counterpart. Code that raises the legacy exceptions itself keeps the legacy library.",
    ),
    Code(
        "CLR603",
        "client-setting",
        "A setting of the legacy client.",
        "The legacy client is changed after it was made. The new client takes its settings where it is made.",
    ),
    Code(
        "CLR604",
        "literal-password",
        "A password that stands in the source.",
        "The legacy client, or a legacy request, is given its password as a literal. Read it from an environment "
        "variable or a store for secrets, and change it: it is in the history of the repository for good. The new "
        "client takes the same variable. No report shows the password; only `fix --diff` shows your own lines as "
        "they are.",
        level="warning",
    ),
    Code(
        "CLR605",
        "test-double",
        "Something is put in place of the legacy client, mostly for a test.",
        "A test that replaces the legacy client (`patch`, `monkeypatch.setattr`, a class of its own that answers in its "
        "place) does nothing to the new one: what it tests would send real requests, and what it says of them is about "
        "calls that are no longer made. The finding says how the new client is replaced. Calls of a client that may "
        "also be such a class stay as they are.",
        level="warning",
    ),
    Code(
        "CLR606",
        "amount",
        "A sum of money in a legacy answer.",
        "The two APIs write sums in other units and types: a decimal in EUR became a text in cents, for instance, which is "
        "a hundredfold error if the field is only renamed. The finding tells what is known of both sides. No conversion is "
        "made: compare a few sums of your own first, and keep them as decimals, not floats.",
    ),
    Code(
        "CLR607",
        "numbers-in-logs",
        "Phone numbers stand in the addresses of requests now.",
        "The legacy API took everything in the body of a request. The new one takes the recipient's number in the "
        "address, and addresses are written to logs: by the new client, by proxies and gateways, by tools that watch a "
        "program, and in the text of its errors. Told once a project, at the first such call. Look at what your logs "
        "keep, and for how long.",
        level="warning",
    ),
    Code(
        "CLR701",
        "legacy-package",
        "A legacy library is required here.",
        "A file of requirements names the legacy client. The fixes of the code put the new client beside it, pinned in "
        "the same style, and take the legacy one away together with the last code that needs it. A library that only "
        "the legacy client needed goes with it. By hand where the requirement is pinned by hash, or written in an "
        "unusual way.",
    ),
    Code(
        "CLR702",
        "locked-package",
        "A lock file holds a legacy library.",
        "Lock files are made by tools and never changed here. Run the command that the finding names once the "
        "requirements are changed.",
    ),
    Code(
        "CLR703",
        "legacy-address",
        "A setting holds an address of the legacy API.",
        "The setting is named, its value is not shown. The new API has another address, and other requests: the code "
        "that uses the setting has to change with it.",
    ),
    Code(
        "CLR704",
        "credential",
        "A setting is named like a credential of the legacy API.",
        "Told as long as the project has legacy code. The value is never shown. Whether the credentials are good for "
        "the new API is to be tried once.",
    ),
    Code(
        "CLR801",
        "webhook-event",
        "The name of a legacy webhook event.",
        "The new API sends other events in another envelope. The finding names the counterpart, and what changes in its "
        "payload. Subscriptions are made by hand, in the portal; the code that receives them has to change with them.",
        level="warning",
    ),
    Code(
        "CLR802",
        "webhook-field",
        "A field of a legacy webhook with another place in the new one.",
        "The body of a legacy webhook is read here. The new one has the field under another name, in another form, or not "
        "at all. Told only where it is known whose webhook it is: its type is compared with the names of the events.",
        level="warning",
    ),
    Code(
        "CLR803",
        "webhook-id",
        "An identifier of a legacy webhook in a program that also has those of REST answers.",
        "Legacy webhooks go on to write identifiers in capitals as long as they are subscribed; the answers of the new API "
        "have them in lower case. Code that brings the two together finds nothing. Lower the webhook's where it comes in.",
        level="warning",
    ),
    Code(
        "CLR901",
        "unparsable",
        "A file that does not parse.",
        "The file is no Python 3 (or is too deeply nested for the parser), so calls cannot be told from text. The "
        "lines where legacy code seems to stand are listed, and each call that the text shows has a finding of its own, "
        "without a fix. What to do first is told. The file is never changed.",
    ),
    Code(
        "CLR902",
        "too-large",
        "A file that is too large to be analysed.",
        "The file was searched for legacy code as text only. The lines where it seems to stand are listed, and each call "
        "that the text shows has a finding of its own, without a fix.",
    ),
)

CODES: dict[str, Code] = {code.code: code for code in _ALL}
