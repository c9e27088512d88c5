"""Texts, notices and lists for people. Pure: values in, bytes or text out.

`words` has the Bulgarian and English word of each code. `messages` writes what is sent: SMS, e-mails
and letters of the lists, the e-mail of a monthly notice, the question before a release. `notice`
prints the monthly notice, and `signature` seals its PDF. `lists` writes the list files, and `pages`
what clerks see: HTML pages, the story of an account, comparisons.
"""
