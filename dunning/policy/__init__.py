"""Policy values by date: dated rule files, and frozen, typed views of them."""
