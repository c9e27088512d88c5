"""Write policy values in one form, so that equal values have equal hashes."""

import hashlib
import json
from datetime import date
from decimal import Decimal
from typing import Any


def canonical_json(values: Any) -> bytes:
    """Return values as JSON with sorted keys.

    Dates are ISO, decimals have no trailing zeros, tuples are lists.

    >>> from decimal import Decimal
    >>> canonical_json({"b": Decimal("10.00"), "a": (date(2026, 1, 1),)})
    b'{"a":["2026-01-01"],"b":"10"}'
    """
    return json.dumps(
        _plain(values), ensure_ascii=False, sort_keys=True, separators=(",", ":")
    ).encode()


def hash_values(values: Any) -> str:
    """Return the SHA-256 of the canonical JSON of values."""
    return hashlib.sha256(canonical_json(values)).hexdigest()


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(entry) for entry in value]
    if isinstance(value, Decimal):
        # 10.00 and 10 are one value; "f" avoids the 1E+1 that `normalize` makes of both.
        return format(value.normalize(), "f")
    if isinstance(value, date):
        return value.isoformat()
    return value
