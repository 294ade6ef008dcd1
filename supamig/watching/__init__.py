"""The day after the switch: probes that look at the target again and again, and who is told.

A probe sees one thing.  What it finds is a trouble with a name of its own, which begins once and
ends once, however many rounds lie between.
"""
