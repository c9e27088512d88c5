"""The monthly notice as PDF: one layout, two renderers (a fast one and a plain one).

From a table of notices (`decisions.monthly.notices.NOTICES`) to PDF: `content` makes the printed
texts; `layout` has their positions; `flow` makes page breaks; `template_renderer` (fast) and
`canvas_renderer` (plain) draw the same pages, with byte templates and ReportLab's canvas;
`pdf_file` writes what the fast one draws. `printing` is the entry point.
"""
