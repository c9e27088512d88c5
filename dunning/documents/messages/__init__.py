"""Texts to be sent: reminders, warnings, e-mails of notices, and the question before a release."""
