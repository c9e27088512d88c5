"""A refused contact ends the older addresses of its channel: something came after them, and nobody
knows what.
"""

import pytest

from dunning.core.words import CHANNELS
from dunning.gateways.snapshots.snapshot_store import SnapshotStore
from dunning.ledger.load import load_ledger
from tests.ledger.extracts import Extract, Limits, read

MARCH, MAY = "2026-03-01 10:00:00", "2026-05-01 10:00:00"


def contacts(*refused: dict[str, str]) -> Extract:
    """Return A with two numbers and an e-mail, and B with a number of the same day, and these
    broken rows.
    """
    extract = (
        Extract()
        .add("contacts", payer_code="A", address="1")
        .add("contacts", payer_code="A", address="2", registered_at=MAY)
    )
    extract.add("contacts", payer_code="A", channel="email", address="e").add(
        "contacts", payer_code="B", address="3"
    )
    for cells in refused:
        extract.add(
            "contacts", **{"payer_code": "A", "registered_at": MARCH, "source": "x"} | cells
        )
    return extract


def ended(snapshot) -> dict[str, str]:
    """Return since when each address is out, `never used` where it is out from its first moment."""
    rows = read(snapshot, "contacts", "address", "registered_at", "revoked_at")
    return {
        address: "never used" if end <= start else str(end)
        for address, start, end in rows
        if end < 2**62
    }


MARCH_10 = "1772359200"


@pytest.mark.parametrize(
    ("cells", "out"),
    [
        ({"address": ""}, {"1": MARCH_10}),
        ({"revoked_at": "x"}, {"1": MARCH_10}),
        ({"address": "", "channel": "email"}, {"e": MARCH_10}),
        ({"address": "", "registered_at": MAY}, {"1": "1777629600", "2": "never used"}),
        ({"registered_at": "x"}, {"1": "never used", "2": "never used"}),
        ({"channel": "x"}, {"1": MARCH_10, "e": MARCH_10}),
        ({"payer_code": "Z"}, {}),
    ],
)
def test_what_a_refused_contact_ends(tmp_path, cells, out):
    assert out == ended(contacts(cells).load(tmp_path))


def test_the_first_refused_row_ends_an_address(tmp_path):
    extract = contacts({"address": ""}, {"address": "", "registered_at": "2026-04-01 10:00:00"})
    assert {"1": MARCH_10} == ended(extract.load(tmp_path))


def test_a_ragged_contact_ends_all_channels_of_whom_it_names(tmp_path):
    folder = contacts().write(tmp_path / "ledger")
    with (folder / "contacts.csv").open("a", encoding="utf-8") as file:
        file.write("B;sms;0888\n")
    assert {"3": "never used"} == ended(
        load_ledger(folder, SnapshotStore(tmp_path), quarantine_limits=Limits())
    )


def test_no_refused_contact_ends_nothing(tmp_path):
    assert {} == ended(contacts().load(tmp_path))
    assert len(CHANNELS) == 3
