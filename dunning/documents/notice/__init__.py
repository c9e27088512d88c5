"""The monthly notice on paper and as a file: one layout, drawn fast where it can be and plainly
where it cannot.

From a table of notices (`decisions.notices.NOTICES`) to PDF: `content` says what is printed, as
text; `layout` says where; `flow` spreads it over pages; `fast` and `plain` are two ways to draw the
same pages, byte templates and ReportLab's canvas; `pdf_file` writes what `fast` draws. `printing`
is the way in.
"""
