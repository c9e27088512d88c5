"""A refusal of a page's request, with a key for its text in the reader's language."""

from dunning.core.errors import DunningError


class RefusedError(DunningError):
    """A refusal with the key of its text.

    The message itself is for operators.

    reason: key of a text of the page. values: what the text fills in; plain values and days,
    nothing about people.
    """

    def __init__(self, message: str, reason: str, **values: object) -> None:
        super().__init__(message)
        self.reason, self.values = reason, values
