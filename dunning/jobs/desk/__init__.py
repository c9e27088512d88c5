"""What the pages ask of a night and what people do on them: plain values in and out, no HTML, no
language.
"""
