"""Faults on purpose: processes, servers and disks that end in the middle of a night, and bits that
turn over.
"""
