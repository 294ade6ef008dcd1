"""Stands in for GoTrue 2.196: users, sessions, links, second factors, on the schema `auth`.

These variables have an effect, without `GOTRUE_`: `JWT_*`, `SITE_URL`, `URI_ALLOW_LIST`,
`API_EXTERNAL_URL`, `DATABASE_URL`, `DISABLE_SIGNUP`, `EXTERNAL_{EMAIL,ANONYMOUS_USERS}_*`,
`MAILER_{AUTOCONFIRM,OTP_*,URLPATHS_*,SUBJECTS_*,TEMPLATES_*,SECURE_EMAIL_CHANGE_ENABLED}`,
`SMTP_*`, `PASSWORD_{MIN_LENGTH,REQUIRED_CHARACTERS}`, `SECURITY_REFRESH_TOKEN_*`,
`SECURITY_CAPTCHA_ENABLED`,
`SECURITY_UPDATE_PASSWORD_REQUIRE_REAUTHENTICATION`, `SESSIONS_*`, `MFA_*` for TOTP, `RATE_LIMIT_*`
and `HOOK_{CUSTOM_ACCESS_TOKEN,PASSWORD_VERIFICATION_ATTEMPT,BEFORE_USER_CREATED}_*`.  All others
are read, checked and shown by `/settings`, and do nothing.

Left out: sign-in by a provider, SAML, SMS, passkeys, PKCE, the OAuth server, and the audit log.
"""
