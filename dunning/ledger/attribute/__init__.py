"""Whose is an invoice without a payer, whose is a payment, and which rows cannot stand without
another.

`register` has premises, payers and tenancies (`tenancy_periods`); `references` resolves names;
`bucket_attribution` and `attribution` decide, `reversals` and `payments_without_premise` first.
`incomplete_accounts` and `dead_channels` follow refused rows to the people they could concern.
"""
