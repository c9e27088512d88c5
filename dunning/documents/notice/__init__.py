"""The monthly notice as PDF: one layout, two renderers (a fast one and a plain one).

From a table of notices (`decisions.monthly.notices.NOTICES`) to PDF; `printing` is the entry point.

Texts: `content` makes what is printed, with `wording` (the department's sentences), `bill_rows`,
`figures` (sums and days) and `wrapping` (lines). Place: `layout` has the positions, `flow` the page
breaks. Drawing: `template_renderer` (fast) fills the byte `templates` of blocks and
`canvas_renderer` (plain) draws with ReportLab's canvas through `drawing`; both use `fonts`, `codes`
(QR and barcode), and `run_constants` and `constant_parts`, which are made once a run. `pdf_file`
writes what the fast one draws.
"""
