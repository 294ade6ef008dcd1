"""Switching applications: the values of their `.env` files, their restart, health, the way back.

``values`` and ``databases`` know what becomes what, ``changes`` what that means for each file,
``record`` what is on disk, ``commands`` and ``health`` the world outside, ``carrying`` the order of
it all, and ``writes`` what the target took since.
"""
