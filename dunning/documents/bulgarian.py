"""The words of the closed lists as a Bulgarian clerk says them: for workbooks. CSV files keep the
contract's words.
"""

from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc

from dunning.core.money import format_count

WORDS: Mapping[str, str] = {
    # lists
    "reminders": "съобщения",
    "disconnections": "прекъсване",
    "court": "съд",
    "account": "от партидата",
    # stages and parts
    "current": "без просрочие",
    "overdue": "просрочено",
    "final_warning": "последно предупреждение",
    "court_bound": "за съд",
    "ready": "готов",
    "person": "за преглед",
    # channels
    "sms": "SMS",
    "email": "имейл",
    "post": "писмо",
    # services
    "heat": "топлоенергия",
    "electricity": "електроенергия",
    # kinds of invoices
    "bill": "сметка",
    "forecast": "прогнозна сметка",
    "equalisation": "изравнителна сметка",
    "share_fee": "дялово разпределение",
    "fee": "такса",
    "interest_note": "лихвен лист",
    "adjudged": "присъдена главница",
    "adjudged_interest": "присъдена лихва",
    "court_costs": "съдебни разноски",
    "payout": "върната сума",
    # why a case needs a person
    "above_order_ceiling": "над прага за заповед",
    "bad_identifier": "грешен ЕГН/ЛНЧ/ЕИК",
    "deceased": "починал клиент",
    "insolvency": "несъстоятелност",
    "limitation_near_unwarned": "скорошна давност без връчено предупреждение",
    "missing_identifier": "липсва ЕГН/ЛНЧ/ЕИК",
    "no_address": "няма адрес",
    "no_tenancy": "няма период на ползване",
    # why a row is withheld
    "refused_evidence": "отказан ред от данните засяга партидата",
    "expired_only": "само суми с изтекла давност",
    "below_channel_minimum": "под минималната сума за канала",
    "life_support": "животоподдържаща апаратура",
    "vulnerable": "уязвим клиент",
    "kept_agreement": "спазвано споразумение",
    "ramp": "над дневната мярка за района; ще излезе в следващите дни",
    "acted": "вече е предадено и се изпълнява",
    "on_list": "партидата е в друг списък; не получава друго съобщение",
    "struck": "задържане по решение на служител",
    "hold_complaint": "задържане: рекламация",
    "hold_dispute": "задържане: оспорена сума",
    "hold_deceased": "задържане: починал платец",
    "paid": "платено междувременно",
    "shielded": "защитено междувременно",
    "amount_fell": "сумата е намаляла междувременно",
    "over_capacity": "над седмичния капацитет; остава за следваща седмица",
    "gone": "партидата я няма в новите данни",
    "not_disconnectable": "обектът вече не може да се прекъсва",
    "warning_not_served": "няма връчено предупреждение, което вече и още важи",
    "below_threshold": "останалото е под прага",
    "too_recent": "просрочието вече е по-кратко от срока",
    "invoice_gone": "фактура от списъка я няма в новите данни",
    "window_over": "срокът за прекъсване е изтекъл преди излизането",
    "same_premise": "друга партида на същия имот е в списъка",
    "no_lawful_day": "няма допустим ден",
    "holds_missing": "липсва таблицата със задържания",
    "holds_shrank": "таблицата със задържания е намаляла",
    "agreements_missing": "липсва таблицата със споразумения",
    "agreements_shrank": "таблицата със споразумения е намаляла",
    "agreement_items_missing": "липсва таблицата с разсрочените фактури",
    "agreement_items_shrank": "таблицата с разсрочените фактури е намаляла",
    "instalments_missing": "липсва таблицата с вноските",
    "instalments_shrank": "таблицата с вноските е намаляла",
    "court_cases_missing": "липсва таблицата със съдебни дела",
    "court_cases_shrank": "таблицата със съдебни дела е намаляла",
    "court_case_items_missing": "липсва таблицата с фактурите по дела",
    "court_case_items_shrank": "таблицата с фактурите по дела е намаляла",
    "premises.vulnerable_missing": "липсва колоната за уязвими клиенти при имотите",
    "premises.vulnerable_shrank": "имотите с уязвими клиенти са намалели",
    "premises.life_support_missing": "липсва колоната за животоподдържаща апаратура при имотите",
    "premises.life_support_shrank": "имотите с животоподдържаща апаратура са намалели",
    "payers.vulnerable_missing": "липсва колоната за уязвими клиенти при платците",
    "payers.vulnerable_shrank": "уязвимите платци са намалели",
    "payers.life_support_missing": "липсва колоната за животоподдържаща апаратура при платците",
    "payers.life_support_shrank": "платците с животоподдържаща апаратура са намалели",
    "tenancies.valid_until_missing": "липсва колоната за край на периодите на ползване",
    "tenancies.valid_until_shrank": "приключилите периоди на ползване са намалели",
    "contacts.revoked_at_missing": "липсват оттеглянията на контакти",
    "contacts.revoked_at_shrank": "оттеглените контакти са намалели",
    "agreements.signed_on_missing": "липсва колоната за подписване на споразуменията",
    "agreements.signed_on_shrank": "подписаните споразумения са намалели",
    # lists and what they withheld; where an account stands, and why on no list
    "reminders/sms": "SMS",
    "reminders/email": "имейли",
    "reminders/post": "писма",
    "withheld/reminders": "задържани съобщения",
    "withheld/disconnections": "задържани прекъсвания",
    "withheld/court": "задържани съдебни дела",
    "listed": "в списъка",
    "not_overdue": "няма за какво",
    "sent_lately": "вече е съобщено наскоро",
    "no_warned_debt": "няма достатъчен дълг с връчено предупреждение",
    "not_court_bound": "етапът е по-нисък",
    "court_items": "фактури по делата",
    "withheld": "задържани редове",
    "quarantine": "отказани редове",
    "stage_changed": "етапът се е променил междувременно",
    "field": "на място",
    # how a run goes on
    "running": "върви",
    "closing": "приключва",
    "closed": "приключена",
    "written": "само написана",
    "failed": "спряла",
    # how old a debt is
    "not_due": "с ненастъпил срок",
    "0-30": "до 30 дни",
    "31-60": "31–60 дни",
    "61-90": "61–90 дни",
    "91-180": "91–180 дни",
    "181-365": "181–365 дни",
    "over_365": "над една година",
    "near_limitation": "с наближаваща давност",
    # why a row of the ledger is refused
    "bad_value": "недопустима стойност",
    "missing_value": "липсва стойност",
    "ragged_row": "грешен брой клетки",
    "bad_date": "недопустима дата",
    "due_before_issued": "срокът е преди издаването",
    "duplicate_key": "различни редове с един ключ",
    "missing_reference": "сочи към липсващ ред",
    "wrong_sign": "грешен знак",
    "bgn_after_changeover": "левове след въвеждането на еврото",
    "eur_before_changeover": "евро преди въвеждането му",
    "bad_reversal": "недопустимо сторно",
    "no_single_payer": "няма един платец",
    "unmatched_payment": "плащане без партида",
}
# One word of the contract, two meanings.
MEANINGS: Mapping[str, Mapping[str, str]] = {
    "": {},
    "payer": {"person": "физическо лице", "company": "юридическо лице"},
    "message": {"overdue": "напомняне"},
    "protect": {
        "complaint": "рекламация",
        "dispute": "оспорена сума",
        "deceased": "починал платец",
        "manual": "решение на служител",
    },
    "change": {"moved": "променена", "new": "нова", "gone": "изчезнала"},
    "way": {"limitation_near": "за съд (изтичаща давност)"},
    "table": {
        "premises": "имоти",
        "payers": "платци",
        "tenancies": "периоди на ползване",
        "invoices": "фактури",
        "payments": "плащания",
        "invoice_lines": "редове на фактури",
        "contacts": "контакти",
        "agreements": "споразумения",
        "agreement_items": "разсрочени фактури",
        "instalments": "вноски",
        "holds": "задържания",
        "notices": "съобщения",
        "court_cases": "съдебни дела",
        "court_case_items": "фактури по дела",
    },
}


# One of it, two of it, and a count of it that ends so, as it stands behind a number.
COUNTED: Mapping[str, tuple[str, str]] = {
    "row": ("ред", "реда"),
    "day": ("ден", "дни"),
    "invoice": ("фактура", "фактури"),
    "account": ("партида", "партиди"),
    "message": ("съобщение", "съобщения"),
    "case": ("дело", "дела"),
    "night": ("нощ", "нощи"),
    "payment": ("плащане", "плащания"),
    "premise": ("имот", "имота"),
    "letter": ("писмо", "писма"),
    "disconnection": ("прекъсване", "прекъсвания"),
    "list": ("списък", "списъка"),
    "notice": ("съобщение", "съобщения"),
    "snapshot": ("зареждане", "зареждания"),
    "file": ("файл", "файла"),
    "sign": ("знак", "знака"),
    "change": ("промяна", "промени"),
    "page": ("страница", "страници"),
    "item": ("фактура", "фактури"),
}


def count(number: int, what: str) -> str:
    """Return a number with its word of COUNTED, which after it has only two forms: 1 and all others.

    >>> [count(n, "row") for n in (0, 1, 2, 11, 21, 12345)]
    ['0 реда', '1 ред', '2 реда', '11 реда', '21 реда', '12\\xa0345 реда']
    """
    one, several = COUNTED[what]
    return f"{format_count(number)} {one if number == 1 else several}"


def translate(values: pa.Array, meaning: str = "") -> pa.Array:
    """Return words, or several words separated by a space, in Bulgarian; unknown ones as they
    are.
    """
    return say(values, {**WORDS, **MEANINGS[meaning]})


def say(values: pa.Array, words: Mapping[str, str]) -> pa.Array:
    """Return codes, or several codes separated by a space, as what they say; unknown ones as they
    are.

    >>> say(pa.array(["a b", None, "c"]), {"a": "едно", "b": "две"}).to_pylist()
    ['едно; две', None, 'c']
    """
    encoded = values.dictionary_encode()
    texts = encoded.dictionary.to_pylist()
    written = [
        None if cell is None else "; ".join(words.get(code, code) for code in cell.split())
        for cell in texts
    ]
    return pa.array(written, pa.string()).take(pc.cast(encoded.indices, pa.int32()))
