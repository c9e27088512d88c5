"""What a night proposes: reminders, disconnections, court cases, and rows withheld with their
reason.

The way through: `reminders`, `disconnections` and `court` propose; `contact_points`, `letters` and
`channel_choice` say where a message reaches a payer; then `missing_protections`, `one_message`,
`volume_limits` and `circuit_breaker` withhold, all by `withheld`. `dropped_rows` is the last look at a release.
"""
