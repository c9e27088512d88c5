"""The balance of a whole run: totals of the loaded rows against those of the decisions."""

from collections import Counter
from typing import Any

from dunning.core.errors import DunningError
from dunning.decisions.account.assessment import check_books


def join_books(shards: list[dict[str, Any]]) -> dict[str, int]:
    """Return the books of all shards together; refuse them if a side differs by a cent."""
    books: Counter[str] = Counter()
    for shard in shards:
        books.update(shard["books"])
    if shards:
        check_books(books)
    return dict(sorted(books.items()))


def join_stages(shards: list[dict[str, Any]]) -> dict[str, int]:
    """Return the number of accounts per stage of all shards."""
    stages: Counter[str] = Counter()
    for shard in shards:
        stages.update(shard["stages"])
    return dict(stages)


def check_totals(books: dict[str, int], classified: dict[str, int]) -> None:
    """Refuse a classification whose open sum or credit differs from the books by a cent.

    Args:
        books: see `join_books`.
        classified: sums over all accounts of `open_cents` and `credit_cents`.
    """
    for line, column in (("EUR.open", "open_cents"), ("EUR.credit", "credit_cents")):
        if books.get(line, 0) != classified[column]:
            raise DunningError(
                f"The books do not balance: {column} of all accounts is {classified[column]} cents, the books say "
                f"{books.get(line, 0)}. Nothing was published; report this with the ledger's fingerprint."
            )
