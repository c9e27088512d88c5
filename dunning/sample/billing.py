"""Invoices, their lines and payments as rows of the extract."""

import numpy as np
import pyarrow as pa

from dunning.core.arrays import Ints
from dunning.sample.accounts import NAMINGS, SampleAccounts
from dunning.sample.bills import KINDS, Bills
from dunning.sample.columns import days, decimals, money, only, pick, words
from dunning.sample.dice import Dice
from dunning.sample.numbers import digits, scramble
from dunning.sample.payments import CHANNELS, SamplePayments

# Lines of a bill: label, unit, price in 1/100,000, percent of the sum without VAT. The last of
# these takes the rest; VAT, where a bill shows it apart, is a fifth of them all.
_VAT = ("ДДС 20 %", "", 0, 0)
_LINES = {
    0: (
        ("Топлинна енергия за отопление на имот", "кВтч", 7_512, 62),
        ("Топлинна енергия за подгряване на вода", "кВтч", 7_512, 24),
        ("Топлинна енергия, отдадена от сградната инсталация", "кВтч", 7_512, 14),
    ),
    1: (
        ("Дневна енергия", "кВтч", 14_876, 61),
        ("Нощна енергия", "кВтч", 8_732, 18),
        ("Мрежови услуги", "кВтч", 4_215, 21),
        _VAT,
    ),
}


def invoice_numbers(dice: Dice, keys: Ints) -> pa.Array:
    """Return an invoice number of ten digits for each bill's key."""
    return _numbers(keys, 10, dice.salt("invoice numbers"))


def payment_numbers(dice: Dice, keys: Ints) -> pa.Array:
    """Return a payment number of eleven digits for each payment's key.

    No invoice number has that length.
    """
    return _numbers(keys, 11, dice.salt("payment numbers"))


def _numbers(keys: Ints, width: int, salt: int) -> pa.Array:
    return pick(
        digits(scramble(np.maximum(keys, 0), width, salt), width),
        np.where(keys < 0, -1, np.arange(len(keys))),
    )


def invoices(dice: Dice, accounts: SampleAccounts, bills: Bills) -> pa.Table:
    """Grain: one invoice or credit note.

    Some invoices of premises with a single payer have no payer code.
    """
    leaves_out = _may_leave_out(dice, accounts)
    return pa.table(
        {
            "invoice_no": invoice_numbers(dice, bills.key),
            "premise_no": pick(accounts.premise_no, bills.account),
            "payer_code": pick(
                accounts.payer_code, np.where(leaves_out[bills.account], -1, bills.account)
            ),
            "kind": words(KINDS, bills.kind),
            "period_from": days(bills.period_from),
            "period_to": days(bills.period_to),
            "issued_on": days(bills.issued_on),
            "due_on": days(bills.due_on),
            "amount": money(bills.minor),
            "currency": words(("EUR", "BGN"), bills.is_bgn.astype(np.int64)),
            "refers_to": invoice_numbers(dice, bills.refers_to),
        }
    )


def _may_leave_out(dice: Dice, accounts: SampleAccounts) -> np.ndarray:
    alone = ~accounts.does("moved_out", "moved_in", "owner", "part_owner", "new")
    return alone & dice.chance(100, "no payer", accounts.number)


def payments(dice: Dice, accounts: SampleAccounts, bills: Bills, paid: SamplePayments) -> pa.Table:
    """Grain: one payment or reversal, with the identifiers that its payer wrote on it."""
    naming = accounts.naming[paid.account]
    whole, payer, premise, invoice = (
        naming == NAMINGS.index(word) for word in ("all", "payer", "premise", "invoice")
    )
    is_plan = paid.bill < 0
    key = (
        np.where(is_plan, -1, bills.key[np.maximum(paid.bill, 0)])
        if len(bills)
        else np.full(len(paid), -1)
    )
    names_bill = (whole | invoice) & ~is_plan
    return pa.table(
        {
            "payment_no": payment_numbers(dice, paid.key),
            "premise_no": pick(accounts.premise_no, np.where(payer | invoice, -1, paid.account)),
            "payer_code": pick(accounts.payer_code, np.where(premise | invoice, -1, paid.account)),
            "invoice_no": invoice_numbers(dice, np.where(names_bill, key, -1)),
            "paid_on": days(paid.paid_on),
            "amount": money(paid.minor),
            "currency": words(("EUR", "BGN"), paid.is_bgn.astype(np.int64)),
            "channel": words(CHANNELS, dice.below(len(CHANNELS), "pays by", paid.key)),
            "reverses": payment_numbers(dice, paid.reverses),
        }
    )


def invoice_lines(dice: Dice, accounts: SampleAccounts, bills: Bills) -> pa.Table:
    """Grain: one line of the newest monthly bill of each account; the lines add up to the bill."""
    newest = np.flatnonzero((bills.key % 100 == 0) & (bills.minor > 0))
    tables = [_lines(dice, accounts, bills, newest, service) for service in _LINES]
    return pa.concat_tables(tables)


def _lines(
    dice: Dice, accounts: SampleAccounts, bills: Bills, rows: Ints, service: int
) -> pa.Table:
    labels = _LINES[service]
    rows = rows[accounts.service[bills.account[rows]] == service]
    minor = bills.minor[rows]
    # VAT of 20 % is a sixth of the gross sum, rounded half-up.
    vat = (minor + 3) // 6 if labels[-1] is _VAT else np.zeros_like(minor)
    amounts = np.stack([(minor - vat) * line[3] // 100 for line in labels], axis=1)
    # The last line without VAT takes the rest, so that the lines add up to the bill to the cent.
    amounts[:, sum(line is not _VAT for line in labels) - 1] += minor - vat - amounts.sum(axis=1)
    if labels[-1] is _VAT:
        amounts[:, -1] = vat
    many = np.tile(np.arange(len(labels)), len(rows))
    price = np.array([line[2] for line in labels])[many]
    amount, is_priced = amounts.reshape(-1), price > 0
    quantity = (amount * 1_000_000 + price // 2) // np.maximum(price, 1)
    return pa.table(
        {
            "invoice_no": invoice_numbers(dice, np.repeat(bills.key[rows], len(labels))),
            "seq": pa.array(many + 1).cast(pa.string()),
            "label": words(tuple(line[0] for line in labels), many),
            "unit": only(words(tuple(line[1] for line in labels), many), is_priced),
            "quantity": only(decimals(quantity, 3), is_priced),
            "unit_price": only(decimals(price, 5), is_priced),
            "amount": money(amount),
        }
    )
