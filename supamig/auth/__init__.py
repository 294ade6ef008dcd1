"""Built-in checks of the Auth server, one kind of thing a file, all of the cutover.

Nothing here makes a user by accident: no magic link, no code to an unknown address, no sign-up that
sends a mail.  What needs a user makes one to throw away, if that is allowed.
"""
