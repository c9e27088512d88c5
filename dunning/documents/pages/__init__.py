"""Texts for screen and complaint file: HTML pages, stories, comparisons, charts."""
