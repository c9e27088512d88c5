"""An object store: places in it, transfers with checksums, and folders published whole or not at
all.
"""
