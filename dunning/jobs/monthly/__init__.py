"""The monthly notices of a stored date: from the due services to the published files.

`due` chooses the services with notices due. `begin`, `gather`, `plan`, `render`, `publish` and
`report` make those of one service, `month` all of it in one call; `runs` is what they hand on.
`shown` knows which documents were new before, `units` are what is rendered together, `seal` signs,
`write` makes the lists and the manifest. `preview` shows the notices of one premise.
"""
