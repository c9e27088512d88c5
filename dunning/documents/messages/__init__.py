"""Texts to be sent, and the question before a list is released.

`texts` fills the templates of SMS, e-mails and letters for all messages of a list; `sms` counts the
parts that an SMS takes, and `transliteration` writes it in Latin letters. `notice_mail` is the
e-mail around a monthly notice. `release_question` asks whether a list may be released.
"""
