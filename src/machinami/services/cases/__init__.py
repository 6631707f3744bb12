"""Which town had the same problem, what did it do, who paid, and what went wrong? For the officer who looks for a way.

The library ships with the service as data (library/*.toml) and becomes entities, so that it can be searched, read by
programs and shared with neighbours; a town adds cases of its own.
"""
