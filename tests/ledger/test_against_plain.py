"""The columnar door says of random small extracts what the plain oracle says, row by row."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.ledger.extracts import Extract, flagged, read
from tests.oracle.door.extracts import PlainExtract

days = st.sampled_from(
    ["2025-12-30", "2025-12-31", "2026-01-01", "2026-01-02", "2026-01-31", "2026-02-01"]
)
nothing = st.just("")
premise, payer = (
    st.sampled_from(["1", "2", "3", "9"]),
    st.sampled_from(["A", "B", "B", "C", "C", "Z"]),
)
invoice, payment = (
    st.sampled_from([f"I{i}" for i in range(5)]),
    st.sampled_from([f"P{i}" for i in range(8)]),
)
amounts = st.sampled_from(["0", "5.11", "10", "10", "5.11", "-5.11"])
good_premise = st.sampled_from(["1", "2", "3"])
levs = st.sampled_from(["EUR", "BGN"])


def often(strategy):
    return st.one_of(nothing, strategy)


@st.composite
def payments(draw):
    cells = {"premise_no": draw(often(good_premise)), "payer_code": draw(often(payer))}
    cells |= {"invoice_no": draw(often(invoice)), "paid_on": draw(days)}
    return cells | {"amount": draw(amounts), "currency": draw(levs)}


@st.composite
def reversals(draw, known):
    """One that names what need not be there, or one that takes an earlier row back, almost or
    wholly.
    """
    if not known or draw(st.integers(0, 3)) == 0:
        return draw(payments()) | {"reverses": draw(payment)}
    target = draw(st.sampled_from(known))
    names = {"premise_no": "", "payer_code": "", "invoice_no": ""} if draw(st.booleans()) else {}
    cells = {key: cell for key, cell in target.items() if key != "payment_no"} | names
    cells |= {
        "reverses": target["payment_no"],
        "paid_on": draw(days),
        "amount": f"-{target['amount'].lstrip('-')}",
    }
    if target["currency"] == "BGN" and draw(st.booleans()):
        cells |= {"currency": "EUR", "amount": draw(st.sampled_from(["-5.11", "-2.61"]))}
    return cells


@st.composite
def extracts(draw):
    extract = Extract()
    extract.add("payers", payer_code="C")
    for where, who, day in draw(st.lists(st.tuples(premise, payer, days), max_size=4, unique=True)):
        extract.add(
            "tenancies",
            premise_no=where,
            payer_code=who,
            valid_from=day,
            valid_until=draw(often(days)),
        )
    is_euro_only = draw(st.booleans())
    money = {"currency": "EUR"} if is_euro_only else {}
    for number in range(draw(st.integers(0, 4))):
        issued_on = draw(days)
        cells = {"premise_no": draw(good_premise), "payer_code": draw(often(payer))}
        cells |= {
            "kind": draw(st.sampled_from(["bill", "bill", "credit_note"])),
            "amount": draw(amounts),
        }
        cells |= {"period_from": draw(often(days)), "period_to": ""}
        if cells["period_from"]:
            cells["period_to"] = draw(
                often(days.filter(lambda day, first=cells["period_from"]: day >= first))
            )
        may_be_lev = issued_on < "2026-01-01" or draw(st.integers(0, 5)) == 0
        lev = {"currency": draw(levs) if may_be_lev else "EUR"}
        cells |= {"issued_on": issued_on, "due_on": "2026-03-01"} | lev | money
        extract.add("invoices", invoice_no=f"I{number}", **cells)
    for number in range(draw(st.integers(0, 7))):
        cells = (
            draw(reversals(extract.rows["payments"])) if draw(st.booleans()) else draw(payments())
        )
        extract.add("payments", payment_no=f"P{number}", **(cells | money))
    return extract


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(extract=extracts())
def test_reasons_owners_and_accounts(tmp_path_factory, extract):
    plain = PlainExtract(extract.rows)
    snapshot = extract.load(tmp_path_factory.mktemp("plain"))
    found = {
        (
            row["table"],
            str(row["line"] - 2) if row["table"] == "tenancies" else row["row"].split(";")[0],
        ): set(row["reasons"].split())
        for row in snapshot.quarantine().to_pylist()
    }
    assert {key: reasons for key, reasons in plain.reasons.items() if reasons} == found
    assert sorted(plain.accounts) == read(snapshot, "accounts", "premise_no", "payer_code")
    assert sorted(f"{a}{b}" for a, b in plain.concerned()) == flagged(snapshot)
    owners = {
        number: account
        for table in ("items", "payments", "reversals")
        for account, number in read(
            snapshot, table, "account", "invoice_no" if table == "items" else "payment_no"
        )
    }
    assert {number: f"{a}{b}" for (_, number), (a, b) in plain.owner.items()} == owners
