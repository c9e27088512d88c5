"""Attribute invoices and payments to accounts, and refuse rows that need a refused row.

`register` has premises, payers and tenancies (`tenancy_periods`); `references` finds the rows that
others name; `bucket_attribution` and `attribution` decide, after `reversals` and
`payments_without_premise`. `incomplete_accounts` and `dead_channels` find the accounts that
refused rows could concern.
"""
