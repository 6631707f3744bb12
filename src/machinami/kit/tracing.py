"""To which trace does what happens now belong? (W3C Trace Context)"""

from contextvars import ContextVar

TRACE: ContextVar[str] = ContextVar("trace", default="")
"""The trace of the request that is being answered, as 32 hexadecimal digits; empty where none is made."""
