"""Queries and actions of the pages: plain values in and out, no HTML, no language."""
