"""Whether a ledger is recent enough for actions."""

from datetime import date

from dunning.policy.rules import Loading


def is_stale(newest_paid_on: date | None, as_of: date, rule: Loading) -> bool:
    """Return whether the newest payment of a ledger is too old for actions.

    True if there is no payment.

    Args:
        newest_paid_on: of all payments dated up to `as_of`.

    Source: `policy/files/loading.toml`.
    """
    return newest_paid_on is None or (as_of - newest_paid_on).days > rule.payments_stale_days
