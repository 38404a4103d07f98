"""The REST v2 face: the contract is enforced, then the operation is done."""

from __future__ import annotations

from callr_migrate.findings import Evidence
from callr_migrate.twin.account import Account
from callr_migrate.twin.contract import Contract, ContractError
from callr_migrate.twin.exchange import Exchange
from callr_migrate.twin.refusal import RefusedError, Why
from callr_migrate.twin.rest_answers import OPERATIONS, Answer, Call
from callr_migrate.twin.words import Words

_STATUS = {
    Why.MISSING: (400, "bad-request"),
    Why.VALUE: (400, "bad-request"),
    Why.NOT_FOUND: (404, "not-found"),
    Why.FORBIDDEN: (403, "forbidden"),
    Why.ROUTING: (400, "routing-error"),
    Why.NOT_ASSIGNABLE: (400, "bad-request"),
}


def error(status: int, code: str, message: str) -> Answer:
    """What an error answers."""
    return Answer(status, {"code": code, "message": message})


class RestFace:
    """REST v2 over one account."""

    def __init__(self, account: Account, words: Words, contract: Contract) -> None:
        self.account = account
        self.words = words
        self.contract = contract

    def answer(
        self,
        exchange: Exchange,
        verb: str,
        path: str,
        query: list[tuple[str, str]],
        body: bytes,
        content_type: str,
    ) -> Answer:
        """Do one request; `path` is below the base, still percent-encoded."""
        try:
            match = self.contract.match(verb, path)
            values, data, used = self.contract.check(match, query, body, content_type)
        except ContractError as refusal:
            exchange.error = refusal.message
            return error(refusal.status, refusal.code, refusal.message)
        operation = match.operation
        exchange.used += used
        exchange.unproven += [fact.text for fact in used if fact.evidence is Evidence.UNKNOWN]
        if operation.shape not in OPERATIONS:
            exchange.unproven.append(f"the twin does not do {operation.name}: nothing was changed")
            self.account.act(operation.name, path=match.values, query=values, body=data)
            return Answer(200, {})
        names, do = OPERATIONS[operation.shape]
        # The vendor's document may call them otherwise.
        held = dict(zip(names, match.values.values(), strict=True))
        try:
            answer = do(Call(self.account, self.words, held, values, data))
        except RefusedError as refusal:
            exchange.error = refusal.message
            status, code = _STATUS[refusal.why]
            return error(status, code, f"{refusal.what}: {refusal.message}")
        if answer.body is not None:
            fact = self.contract.answer_used(operation)
            exchange.used.append(fact)
            if fact.evidence is Evidence.UNKNOWN:
                exchange.unproven.append(f"what {operation.name} answers")
            wrong = self.contract.wrong_answer(operation, answer.status, answer.body)
            if wrong is not None:
                exchange.unproven.append(f"the twin's answer is not the document's: {wrong}")
        return answer
