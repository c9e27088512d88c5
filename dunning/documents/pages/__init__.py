"""What people read on a screen or in a complaint file: HTML of the pages, stories, comparisons,
pictures.
"""
