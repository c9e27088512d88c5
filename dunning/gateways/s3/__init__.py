"""An object store: places in it, transfers with checksums, folders published as a whole."""
