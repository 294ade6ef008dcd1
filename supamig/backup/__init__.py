"""Backups of a deployment's database: taken, listed, tried on a scratch database, restored.

A backup is a directory named by its time, ``20261125T020000Z``.  It is written under another name
and renamed when all of it is there and was read back, so that a directory of that form is whole.
"""
