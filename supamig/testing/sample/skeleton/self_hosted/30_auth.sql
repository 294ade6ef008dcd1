-- One version on: GoTrue's migrations 20260121000000 and 20260219120000, and one column short of the cloud.

set role supabase_auth_admin;

alter table auth.oauth_clients add column token_endpoint_auth_method text not null
  check (token_endpoint_auth_method in ('client_secret_basic', 'client_secret_post', 'none'));

create table auth.custom_oauth_providers (
  id                      uuid default gen_random_uuid() not null,
  provider_type           text not null,
  identifier              text not null,
  name                    text not null,
  client_id               text not null,
  client_secret           text not null,
  acceptable_client_ids   text[] default '{}'::text[] not null,
  scopes                  text[] default '{}'::text[] not null,
  pkce_enabled            boolean default true not null,
  attribute_mapping       jsonb default '{}'::jsonb not null,
  authorization_params    jsonb default '{}'::jsonb not null,
  enabled                 boolean default true not null,
  email_optional          boolean default false not null,
  issuer                  text,
  discovery_url           text,
  skip_nonce_check        boolean default false not null,
  cached_discovery        jsonb,
  discovery_cached_at     timestamptz,
  authorization_url       text,
  token_url               text,
  userinfo_url            text,
  jwks_uri                text,
  created_at              timestamptz default now() not null,
  updated_at              timestamptz default now() not null,
  constraint custom_oauth_providers_authorization_url_https check (((authorization_url IS NULL) OR (authorization_url ~~ 'https://%'::text))),
  constraint custom_oauth_providers_authorization_url_length check (((authorization_url IS NULL) OR (char_length(authorization_url) <= 2048))),
  constraint custom_oauth_providers_client_id_length check (((char_length(client_id) >= 1) AND (char_length(client_id) <= 512))),
  constraint custom_oauth_providers_discovery_url_length check (((discovery_url IS NULL) OR (char_length(discovery_url) <= 2048))),
  constraint custom_oauth_providers_identifier_format check ((identifier ~ '^[a-z0-9][a-z0-9:-]{0,48}[a-z0-9]$'::text)),
  constraint custom_oauth_providers_identifier_key unique (identifier),
  constraint custom_oauth_providers_issuer_length check (((issuer IS NULL) OR ((char_length(issuer) >= 1) AND (char_length(issuer) <= 2048)))),
  constraint custom_oauth_providers_jwks_uri_https check (((jwks_uri IS NULL) OR (jwks_uri ~~ 'https://%'::text))),
  constraint custom_oauth_providers_jwks_uri_length check (((jwks_uri IS NULL) OR (char_length(jwks_uri) <= 2048))),
  constraint custom_oauth_providers_name_length check (((char_length(name) >= 1) AND (char_length(name) <= 100))),
  constraint custom_oauth_providers_oauth2_requires_endpoints check (((provider_type <> 'oauth2'::text) OR ((authorization_url IS NOT NULL) AND (token_url IS NOT NULL) AND (userinfo_url IS NOT NULL)))),
  constraint custom_oauth_providers_oidc_discovery_url_https check (((provider_type <> 'oidc'::text) OR (discovery_url IS NULL) OR (discovery_url ~~ 'https://%'::text))),
  constraint custom_oauth_providers_oidc_issuer_https check (((provider_type <> 'oidc'::text) OR (issuer IS NULL) OR (issuer ~~ 'https://%'::text))),
  constraint custom_oauth_providers_oidc_requires_issuer check (((provider_type <> 'oidc'::text) OR (issuer IS NOT NULL))),
  constraint custom_oauth_providers_pkey primary key (id),
  constraint custom_oauth_providers_provider_type_check check ((provider_type = ANY (ARRAY['oauth2'::text, 'oidc'::text]))),
  constraint custom_oauth_providers_token_url_https check (((token_url IS NULL) OR (token_url ~~ 'https://%'::text))),
  constraint custom_oauth_providers_token_url_length check (((token_url IS NULL) OR (char_length(token_url) <= 2048))),
  constraint custom_oauth_providers_userinfo_url_https check (((userinfo_url IS NULL) OR (userinfo_url ~~ 'https://%'::text))),
  constraint custom_oauth_providers_userinfo_url_length check (((userinfo_url IS NULL) OR (char_length(userinfo_url) <= 2048)))
);
create index custom_oauth_providers_created_at_idx on auth.custom_oauth_providers (created_at);
create index custom_oauth_providers_enabled_idx on auth.custom_oauth_providers (enabled);
create index custom_oauth_providers_identifier_idx on auth.custom_oauth_providers (identifier);
create index custom_oauth_providers_provider_type_idx on auth.custom_oauth_providers (provider_type);

-- What the cloud already has and this release does not: session scopes.
alter table auth.sessions drop column scopes;

insert into auth.schema_migrations (version) values ('20260121000000'), ('20260219120000');
delete from auth.schema_migrations where version = '20251111201300';

reset role;
