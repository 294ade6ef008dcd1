"""The key that signs SAML requests, in the one form that auth reads and starts with."""

from __future__ import annotations

import base64
import binascii

_SMALLEST = 2048
_EXPONENT = 0x10001


def is_readable(text: str) -> bool:
    """Tell whether a text is base64 of an RSA key in PKCS#1, large enough."""
    # cryptography is slow to import, and few deployments have SAML
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.serialization import (
        Encoding,
        NoEncryption,
        PrivateFormat,
        load_der_private_key,
    )

    try:
        content = base64.b64decode(text, validate=True)
        key = load_der_private_key(content, password=None)
    except (binascii.Error, ValueError, TypeError):
        return False
    if not isinstance(key, RSAPrivateKey) or key.key_size < _SMALLEST:
        return False
    # the library takes PKCS#8 too, which auth does not
    written = key.private_bytes(Encoding.DER, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    return written == content and key.public_key().public_numbers().e == _EXPONENT
