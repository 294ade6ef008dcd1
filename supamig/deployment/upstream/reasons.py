"""Where this deployment departs from upstream's, and why: nothing is left out in silence."""

from __future__ import annotations

#: Variables of a service that are never set.
ABSENT = {
    ("api-gw", "JWT_ISSUER"): "newer than v0.8.2",
    ("api-gw", "SUPABASE_PUBLIC_URL"): "written into envoy.yaml, which is made from the settings",
    ("api-gw", "KONG_SSL_CERT"): "certificates are Caddy's work; Kong makes its own for 8443",
    ("api-gw", "KONG_SSL_CERT_KEY"): "certificates are Caddy's work; Kong makes its own for 8443",
    ("auth", "GOTRUE_EXTERNAL_SKIP_NONCE_CHECK"): "a choice for each provider, not for all",
    ("analytics", "GOOGLE_PROJECT_ID"): "logs are kept in Postgres, not in BigQuery",
    ("analytics", "GOOGLE_PROJECT_NUMBER"): "logs are kept in Postgres, not in BigQuery",
}

#: Variables that upstream sets always, and this deployment where their setting is given.
CONDITIONAL = {
    ("studio", "OPENAI_API_KEY"): "only with `studio.assistant`; upstream's is a placeholder",
    ("auth", "GOTRUE_URI_ALLOW_LIST"): "only with `auth.redirect_urls`",
    **{
        ("auth", f"GOTRUE_SMTP_{part}"): "only with `auth.smtp`; upstream's server does not exist"
        for part in ("ADMIN_EMAIL", "HOST", "PORT", "USER", "PASS", "SENDER_NAME")
    },
}

#: Variables of another value: by service, variable and variant.
_NO_MINIO = "Spaces, or another object store, in place of a MinIO beside the deployment"
OTHER_VALUE = {
    **{
        ("storage", name, "s3"): _NO_MINIO
        for name in (
            "GLOBAL_S3_ENDPOINT",
            "GLOBAL_S3_PROTOCOL",
            "GLOBAL_S3_FORCE_PATH_STYLE",
            "AWS_ACCESS_KEY_ID",
            "AWS_SECRET_ACCESS_KEY",
        )
    },
    ("functions", "SUPABASE_JWKS", "core"): "the public keys alone: every function can read it",
}

#: Variables that upstream does not name.
ADDED = {
    ("auth", "GOTRUE_MAILER_TEMPLATES_RECOVERY"): "pages of mail are served beside auth",
    ("auth", "GOTRUE_EXTERNAL_FIGMA_EMAIL_OPTIONAL"): "a choice for each provider",
    ("auth", "GOTRUE_EXTERNAL_FIGMA_ENABLED"): "every provider can be chosen",
    ("auth", "GOTRUE_EXTERNAL_FIGMA_CLIENT_ID"): "every provider can be chosen",
    ("auth", "GOTRUE_EXTERNAL_FIGMA_SECRET"): "every provider can be chosen",
    ("auth", "GOTRUE_EXTERNAL_FIGMA_REDIRECT_URI"): "every provider can be chosen",
    ("rest", "PGRST_DB_POOL"): "the project's own pool can be carried over",
    ("realtime", "TENANT_MAX_EVENTS_PER_SECOND"): "the project's limits can be carried over",
    ("storage", "TUS_ALLOW_S3_TAGS"): "Spaces refuses tags on objects",
    ("auth", "GOTRUE_EXTERNAL_GOOGLE_SKIP_NONCE_CHECK"): "a choice for each provider",
    ("auth", "GOTRUE_EXTERNAL_AZURE_URL"): "Azure's tenant is a part of its URL",
}

#: Keys of the `.env` file that are not in ours.
_IN_COMPOSE_FILE = "a port of the host is a setting, written where it is published"
UNUSED_KEYS = {
    "COMPOSE_FILE": "one compose file is rendered; there is nothing to lay over it",
    "API_GW_HTTP_PORT": _IN_COMPOSE_FILE,
    "KONG_HTTP_PORT": _IN_COMPOSE_FILE,
    "KONG_HTTPS_PORT": _IN_COMPOSE_FILE,
    "POOLER_PROXY_PORT_TRANSACTION": _IN_COMPOSE_FILE,
    "DOCKER_SOCKET_LOCATION": "the setting `docker_socket`, written where it is mounted",
    "MINIO_ROOT_USER": _NO_MINIO,
    "MINIO_ROOT_PASSWORD": _NO_MINIO,
    "GOOGLE_PROJECT_ID": "logs are kept in Postgres, not in BigQuery",
    "GOOGLE_PROJECT_NUMBER": "logs are kept in Postgres, not in BigQuery",
    "CERTBOT_EMAIL": "for nginx; Caddy needs none",
}

#: Keys of another default.
OTHER_DEFAULT = {
    "POOLER_TENANT_ID": "upstream's asks to be replaced",
    "ENABLE_PHONE_SIGNUP": "upstream lets anybody in with a number that nobody proves",
    "ENABLE_PHONE_AUTOCONFIRM": "upstream lets anybody in with a number that nobody proves",
}

#: Services that are not run.
_OBJECT_STORES = ("minio", "minio-createbucket", "rustfs", "rustfs-createbucket")
UNUSED_SERVICES = dict.fromkeys(_OBJECT_STORES, _NO_MINIO)

#: What differs in a service besides its environment: by service and column.
OTHER_SHAPE = {
    ("api-gw", "entrypoint"): "starts the image's own entrypoint, so that Envoy is not root",
    ("functions", "command"): "the idle time-out is newer than v0.8.2",
    ("meta", "healthcheck"): "upstream has none, and nothing could wait for it",
    ("caddy", "healthcheck"): "upstream has none, and nothing could wait for it",
    ("caddy", "image"): "`caddy:2` is another program every few weeks",
    ("caddy", "command"): "said in words; the password goes to the hash through a pipe",
    ("vector", "command"): "a list in place of a line",
    ("supavisor", "ports"): "ports of the host are settings",
    ("caddy", "ports"): "ports of the host are settings",
}
