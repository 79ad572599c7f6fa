"""The riskstrat service: scoring and explaining over HTTP, and the review pages."""

__all__ = ["LOOPBACK"]

LOOPBACK = "127.0.0.1"
"""The only address until sign-in exists: not even names or ::1, which a computer may map anew."""
