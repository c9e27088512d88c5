"""Reason codes: why an account stands where it stands, and why not one stage higher."""

from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from dunning.core.arrays import Flags

# Every code that may stand in `reasons`, with what a clerk reads for it.
REASONS = {
    "adjudged": "има присъдени суми – те отиват за принудително изпълнение",
    "agreement_broken": "нарушено споразумение за разсрочване",
    "agreement_kept": "спазва споразумение за разсрочване",
    "bad_identifier": "грешен ЕГН, ЛНЧ или ЕИК",
    "below_minimum": "просроченото е под най-малката сума за етапа",
    "credit": "има надплатено",
    "expired": "има погасени по давност суми",
    "forecast_unequalised": "прогнозна сметка без изравнителна за сезона",
    "hold_application": "задържане: молба за разсрочване",
    "hold_complaint": "задържане: рекламация",
    "hold_deceased": "задържане: починал платец",
    "hold_dispute": "задържане: оспорена сума",
    "hold_insolvency": "задържане: несъстоятелност",
    "hold_life_support": "задържане: животоподдържаща апаратура",
    "hold_manual": "задържане по решение на служител",
    "hold_promise": "задържане: обещано плащане",
    "hold_vulnerable": "задържане: уязвим клиент",
    "in_court": "има сума по неприключено съдебно дело",
    "instalments_differ": "вноските не са равни на разсрочената сума",
    "limitation_near": "давността изтича скоро",
    "missing_identifier": "липсва ЕГН, ЛНЧ или ЕИК",
    "not_due": "има сума, чийто срок още не е изтекъл",
    "nothing_open": "няма неплатени суми",
    "overdue": "има просрочена сума",
    "refused_evidence": "ред за партидата е отказан при зареждането",
}

# Codes of `why_not`: the condition of the next stage that is not met.
WHY_NOT = {
    "nothing_overdue": "няма просрочена сума",
    "nothing_claimable": "няма сума, която може да се търси",
    "no_notice": "няма връчено съобщение от долния етап, което вече и още важи и обхваща сумата",
    "amount": "сумата е под прага",
    "days": "просрочието е по-кратко от срока",
}


def join_codes(flags: dict[str, Flags]) -> pa.Array:
    """Return per row the sorted codes whose flag is set, separated by a space; empty text for none.

    >>> join_codes({"b": np.array([True, False]), "a": np.array([True, False])}).to_pylist()
    ['a b', '']
    """
    names = sorted(flags)
    bits = sum((flags[name].astype(np.int64) << n for n, name in enumerate(names)), np.int64(0))
    different = pa.array(np.atleast_1d(bits)).dictionary_encode()
    texts = [" ".join(_set_names(mask, names)) for mask in different.dictionary.to_pylist()]
    return pa.array(texts, pa.string()).take(different.indices)


def _set_names(mask: int, names: list[str]) -> Iterator[str]:
    return (name for n, name in enumerate(names) if mask >> n & 1)
