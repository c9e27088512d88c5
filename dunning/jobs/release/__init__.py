"""The release of lists: the question, the last look, the release itself, and the recall."""
