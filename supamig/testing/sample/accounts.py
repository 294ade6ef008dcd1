"""The six accounts of the sample project, for tests that sign in.

Their bcrypt hashes stand in ``rows/10_auth.sql``.  Nobody outside a test ever had these passwords.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

#: Plain passwords by e-mail address: long, not ASCII, with quotes, and 70 of bcrypt's 72 bytes.
PASSWORDS: Mapping[str, str] = MappingProxyType(
    {
        "ada@example.com": "correct horse battery staple",
        "grace@example.com": "Gr4ce!Hopper#1906",
        "софья@example.com": "пароль-с-юникодом-✓",  # noqa: RUF001 - Cyrillic on purpose
        "o'brien@example.com": 'it\'s "quoted" \\ and spaced ',
        "katherine@example.com": "0123456789" * 7,
        "mary@example.com": "geheim",
    }
)

#: The secret of Ada's second factor, as her authenticator app has it.
TOTP_SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"  # noqa: S105 - data of a test

#: The password of the application's own login role.
APP_READER_PASSWORD = "reader-of-the-sample"  # noqa: S105 - data of a test
