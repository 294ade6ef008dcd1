"""The images of release self-hosted/v0.8.2, the one table to change for another release.

A tag can be moved by whoever owns it.  With a digest beside it the same bytes run everywhere:
`docker buildx imagetools inspect IMAGE` prints one; `DeploymentSettings.digests` takes them.
"""

from __future__ import annotations

from supamig.deployment.model import Image

RELEASE = "self-hosted/v0.8.2"

IMAGES = {
    "db": Image("supabase/postgres", "17.6.1.136"),
    "auth": Image("supabase/gotrue", "v2.196.0"),
    "rest": Image("postgrest/postgrest", "v14.17"),
    "realtime": Image("supabase/realtime", "v2.134.10"),
    "storage": Image("supabase/storage-api", "v1.74.0"),
    "imgproxy": Image("darthsim/imgproxy", "v3.31.4"),
    "meta": Image("supabase/postgres-meta", "v0.99.0"),
    "functions": Image("supabase/edge-runtime", "v1.76.2"),
    "studio": Image("supabase/studio", "2026.09.07-sha-7996410"),
    "supavisor": Image("supabase/supavisor", "2.9.12"),
    "envoy": Image("envoyproxy/envoy", "v1.39.1"),
    "kong": Image("kong/kong", "3.9.3"),
    "analytics": Image("supabase/logflare", "1.50.10"),
    "vector": Image("timberio/vector", "0.53.0-alpine"),
    # upstream follows `caddy:2`, which is another program every few weeks
    "caddy": Image("caddy", "2.11.7-alpine"),
    # no service: it copies backups to a bucket
    "rclone": Image("rclone/rclone", "1.75.1"),
}

#: MiB that a container may use.  Upstream sets none, and one service then takes the database down
#: with it; together the eleven core services stay under 8 GiB, the machine that Supabase advises.
MEMORY_MIB = {
    "db": 2560,
    "auth": 256,
    "rest": 512,
    "realtime": 640,
    "storage": 512,
    "imgproxy": 512,
    "meta": 384,
    "functions": 768,
    "studio": 768,
    "supavisor": 640,
    "api-gw": 384,
    "analytics": 1024,
    "vector": 256,
    "caddy": 192,
    "mail-pages": 64,
}
