"""Section 2 of the contract row by row, for small extracts without bad cells: the oracle of the
columnar door.
"""

from collections import defaultdict
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal

from tests.ledger.extracts import Cells

Pair = tuple[str, str]
Reasons = dict[tuple[str, str], set[str]]
EURO, LAST_LEV = "2026-01-01", "2026-02-01"


class PlainExtract:
    """Decides about every row of premises, payers, tenancies, invoices and payments.

    Attributes:
        reasons: of each refused row, by table and key (of a tenancy: its place in the file).
        owner: account of each invoice and payment that is taken in, by table and key.
        accounts: all pairs.
    """

    def __init__(self, rows: dict[str, list[Cells]]) -> None:
        self.rows, self.is_lev_time = rows, False
        self._decide()
        if any(
            row["currency"] == "BGN"
            for name in ("invoices", "payments")
            for row in self._standing(name)
        ):
            self.is_lev_time = True
            self._decide()

    def _decide(self) -> None:
        self.reasons: Reasons = defaultdict(set)
        self.owner: dict[tuple[str, str], Pair] = {}
        self.premises = {row["premise_no"] for row in self.rows["premises"]}
        self.payers = {row["payer_code"] for row in self.rows["payers"]}
        for i, row in enumerate(self.rows["tenancies"]):
            self._check_parties("tenancies", str(i), row)
            if row.get("valid_until") and row["valid_until"] <= row["valid_from"]:
                self.reasons["tenancies", str(i)].add("bad_value")
        self.tenancies = [
            row
            for i, row in enumerate(self.rows["tenancies"])
            if not self.reasons.get(("tenancies", str(i)))
        ]
        for row in self.rows["invoices"]:
            self._decide_invoice(row)
        self.accounts = {(row["premise_no"], row["payer_code"]) for row in self.tenancies}
        self.accounts |= set(self.owner.values())
        for row in self.rows["payments"]:
            self._check_payment(row)
        self.accounts |= {
            (row["premise_no"], row["payer_code"])
            for row in self._standing("payments")
            if row.get("premise_no") and row.get("payer_code") and not row.get("reverses")
        }
        self._decide_payments()

    def concerned(self) -> set[Pair]:
        """Return the accounts that refused rows name by any of their numbers, or could belong
        to.
        """
        found: set[Pair] = set()
        for (name, key), reasons in self.reasons.items():
            if reasons:
                found |= self._named_by(name, self._row(name, key))
        return found

    def _row(self, name: str, key: str) -> Cells:
        if name == "tenancies":
            return self.rows[name][int(key)]
        column = {"invoices": "invoice_no", "payments": "payment_no"}[name]
        return next(row for row in self.rows[name] if row[column] == key)

    def _named_by(self, name: str, row: Cells) -> set[Pair]:
        premise = row.get("premise_no", "") if row.get("premise_no") in self.premises else ""
        payer = row.get("payer_code", "") if row.get("payer_code") in self.payers else ""
        named = {("invoices", row.get("invoice_no", "")), ("payments", row.get("reverses", ""))}
        found = {self.owner[one] for one in named if name == "payments" and one in self.owner}
        if premise and payer and ((premise, payer) in self.accounts or name == "tenancies"):
            return found | ({(premise, payer)} & self.accounts)
        return found | {pair for pair in self.accounts if pair[0] == premise or pair[1] == payer}

    def _standing(self, name: str) -> list[Cells]:
        key = {"invoices": "invoice_no", "payments": "payment_no"}[name]
        return [row for row in self.rows[name] if not self.reasons.get((name, row[key]))]

    def _check_parties(self, name: str, key: str, row: Cells) -> None:
        premise, payer = row.get("premise_no", ""), row.get("payer_code", "")
        if (premise and premise not in self.premises) or (payer and payer not in self.payers):
            self.reasons[name, key].add("missing_reference")

    def _check_currency(self, key: tuple[str, str], row: Cells, day: str, last: str) -> None:
        if row["currency"] == "BGN" and day >= last:
            self.reasons[key].add("bgn_after_changeover")
        if row["currency"] == "EUR" and day < EURO and self.is_lev_time:
            self.reasons[key].add("eur_before_changeover")

    def _single_payer(self, premise: str, first: str, last: str) -> str:
        days = [date.fromisoformat(first)]
        while days[-1] < date.fromisoformat(last):
            days.append(days[-1] + timedelta(1))
        found = set()
        for payer in self.payers:
            mine = [
                (row["valid_from"], row.get("valid_until") or "9")
                for row in self.tenancies
                if (row["premise_no"], row["payer_code"]) == (premise, payer)
            ]
            if all(any(first <= str(day) < until for first, until in mine) for day in days):
                found.add(payer)
        return found.pop() if len(found) == 1 else ""

    def _decide_invoice(self, row: Cells) -> None:
        key = ("invoices", row["invoice_no"])
        self._check_parties(*key, row)
        self._check_currency(key, row, row["issued_on"], EURO)
        if (row["kind"] == "credit_note") == (Decimal(row["amount"]) > 0) and Decimal(
            row["amount"]
        ) != 0:
            self.reasons[key].add("wrong_sign")
        payer = row.get("payer_code", "")
        if not payer and "missing_reference" not in self.reasons[key]:
            first, last = row.get("period_from", ""), row.get("period_to", "")
            first, last = (first, last) if first and last else (row["issued_on"], row["issued_on"])
            payer = self._single_payer(row["premise_no"], first, last)
            if not payer:
                self.reasons[key].add("no_single_payer")
        if not self.reasons[key]:
            self.owner[key] = (row["premise_no"], payer)

    def _check_payment(self, row: Cells) -> None:
        key = ("payments", row["payment_no"])
        self._check_parties(*key, row)
        self._check_currency(key, row, row["paid_on"], LAST_LEV)
        if Decimal(row["amount"]) < 0 and not row.get("reverses"):
            self.reasons[key].add("wrong_sign")

    def _account_of(self, row: Cells) -> Pair | None:
        premise, payer = row.get("premise_no", ""), row.get("payer_code", "")
        if premise and payer:
            return (premise, payer)
        of_invoice = self.owner.get(("invoices", row.get("invoice_no", "")))
        if of_invoice and premise in ("", of_invoice[0]) and payer in ("", of_invoice[1]):
            return of_invoice
        if payer:
            mine = [pair for pair in self.accounts if pair[1] == payer]
            return mine[0] if len(mine) == 1 else None
        tenant = self._single_payer(premise, row["paid_on"], row["paid_on"]) if premise else ""
        return (premise, tenant) if tenant else None

    def _decide_payments(self) -> None:
        found: dict[str, Pair | None] = {}
        for row in self.rows["payments"]:
            key = ("payments", row["payment_no"])
            if "missing_reference" in self.reasons[key]:
                continue
            found[row["payment_no"]] = self._account_of(row)
            is_bare = (
                row.get("reverses") and not row.get("premise_no") and not row.get("payer_code")
            )
            if not found[row["payment_no"]] and not is_bare:
                self.reasons[key].add("unmatched_payment")
        by_number = {row["payment_no"]: row for row in self.rows["payments"]}
        good = {
            row["payment_no"]: found[row["payment_no"]]
            for row in self._standing("payments")
            if not row.get("reverses")
        }
        taken: set[str] = set()
        for row in sorted(
            self.rows["payments"], key=lambda row: (row["paid_on"], row["payment_no"])
        ):
            key, target = ("payments", row["payment_no"]), row.get("reverses", "")
            if not target or self.reasons[key] & {"missing_reference", "unmatched_payment"}:
                continue
            account = found[row["payment_no"]] or good.get(target)
            if (
                not good.get(target)
                or account != good[target]
                or not _is_opposite(row, by_number[target])
            ):
                self.reasons[key].add("bad_reversal")
            elif not self.reasons[key]:
                if target in taken:
                    self.reasons[key].add("bad_reversal")
                taken.add(target)
            found[row["payment_no"]] = account
        for row in self._standing("payments"):
            account = found[row["payment_no"]]
            assert account is not None
            self.owner["payments", row["payment_no"]] = account


def _is_opposite(row: Cells, target: Cells) -> bool:
    paid = Decimal(target["amount"])
    if target["currency"] == "BGN" and row["currency"] == "EUR" and row["paid_on"] >= EURO:
        paid = (paid / Decimal("1.95583")).quantize(Decimal("0.01"), ROUND_HALF_UP)
    elif target["currency"] != row["currency"]:
        return False
    return Decimal(row["amount"]) == -paid
