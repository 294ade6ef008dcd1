"""From the configuration of a cloud project to the settings of a deployment.

Pure: snapshots go in, settings and findings come out; nothing here asks or writes.
"""
