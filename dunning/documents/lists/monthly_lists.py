"""The lists that go with the monthly notices: whose page is whose, which file goes to which
address.
"""

from dunning.documents.lists.columns import count, day, text, word
from dunning.documents.lists.list_files import WITHHELD, ListFile

INDEX = ListFile(
    "print/index",
    "Страници за печат",
    (
        text("file", "Файл", 28),
        count("page_from", "От страница"),
        count("page_to", "До страница"),
        word("kind", "Вид"),
        text("reference", "Номер на съобщението", 42),
        text("premise_no", "Абонатен №"),
        text("payer_code", "Код на платец"),
        text("district", "Район"),
        text("route", "Маршрут", 10),
    ),
)
EMAIL = ListFile(
    "email",
    "Имейли",
    (
        text("reference", "Номер на съобщението", 42),
        text("address", "Адресат", 36),
        text("subject", "Тема", 40),
        text("text", "Текст", 80),
        text("file", "Файл", 48),
        text("sha256", "SHA-256 на файла", 64),
        day("send_until", "Да се изпрати до"),
    ),
)
NOT_SENT = ListFile("withheld", "Задържани съобщения", WITHHELD.columns)
