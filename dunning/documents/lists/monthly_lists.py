"""The lists of the monthly notices: print index, e-mails to send, and notices not sent."""

from dunning.documents.lists.columns import count, day, text, word
from dunning.documents.lists.list_files import WITHHELD, ListFile

INDEX = ListFile(
    "print/index",
    (
        text("file", 28),
        count("page_from"),
        count("page_to"),
        word("kind"),
        text("reference", 42),
        text("premise_no"),
        text("payer_code"),
        text("district"),
        text("route", 10),
    ),
)
EMAIL = ListFile(
    "email",
    (
        text("reference", 42),
        text("address", 36),
        text("subject", 40),
        text("text", 80),
        text("file", 48),
        text("sha256", 64),
        day("send_until"),
    ),
)
NOT_SENT = ListFile("withheld", WITHHELD.columns)
