"""The door under fire: damaged rows, files, mappings and manifests, each with an outcome that is
known beforehand.

`python -m tests.fuzz --cases N --seed S` runs more of it by hand and prints the same table.
"""
