"""Lists of one night: reminders, disconnections, court cases, and withheld rows with reasons.

The steps in order: `reminders`, `disconnections` and `court` propose; `contact_points`, `letters`
and `channel_choice` give channel and address of a message; then `missing_protections`,
`one_message`, `volume_limits` and `circuit_breaker` withhold, all by `withheld`. `dropped_rows`
explains, at a release, why a row is no longer listed; `actions` are what is recorded of rows that
leave.
"""
