"""Texts that are sent: subject and body of reminders, warnings, notices' e-mails, and the release's
question.
"""
