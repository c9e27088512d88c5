"""What held when: dated policy files and frozen, typed views of them."""
