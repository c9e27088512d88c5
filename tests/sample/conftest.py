"""One sample for all tests that only look at it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from dunning.sample import SampleReceipt, write_sample


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SampleReceipt]:
    """A sample of 3,000 accounts as plain CSV."""
    yield write_sample(tmp_path_factory.mktemp("sample") / "ledger", 3000, 11)


@pytest.fixture
def folder(sample: SampleReceipt) -> Path:
    """Where that sample lies."""
    return sample.folder
