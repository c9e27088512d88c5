"""The monthly notices of a stored date: from the due services to the published files.

`due` chooses the services with notices due; `begin`, `gather`, `plan`, `render`, `publish` and
`report` make those of one service, `monthly` all of it in one call; `preview` shows those of one
premise.
"""
