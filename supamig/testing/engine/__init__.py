"""The real Pulumi engine in a test, with stand-ins for what it would start as plugins.

The engine and its CLI are the real ones.  Served inside the test's own process, to which the engine
attaches, are stand-ins for three programs: the host of Python programs, the Docker provider and the
DigitalOcean provider.  They answer the calls that the engine makes of the real ones; the providers
keep what they are told to make in memory, so a test can look at it.
"""
