"""The services in front of a database, as checks use them: HTTP clients, users to throw away, pace.

A check of the Auth server is made with :func:`auth_checker`, one of any other endpoint with
:func:`endpoint_validator`; both are given a :class:`ServiceContext`.
"""

from __future__ import annotations

from supamig.services.client import Answer, NoAnswer, ServiceClient
from supamig.services.context import (
    AuthChecker,
    ServiceContext,
    auth_checker,
    endpoint_validator,
)
from supamig.services.sessions import SignedIn
from supamig.services.users import CheckUser

__all__ = [
    "Answer",
    "AuthChecker",
    "CheckUser",
    "NoAnswer",
    "ServiceClient",
    "ServiceContext",
    "SignedIn",
    "auth_checker",
    "endpoint_validator",
]
