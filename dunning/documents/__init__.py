"""Texts and lists for people. Pure: values in, bytes out."""
