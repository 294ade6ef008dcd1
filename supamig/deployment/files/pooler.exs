# Runs at every start, before the pooler serves: makes the tenant where there is none.
# An existing tenant stays as it is: after a change of the password or of the pool's size, delete
# its row in `_supabase._supavisor.tenants` and start again.

{:ok, _} = Application.ensure_all_started(:supavisor)

env = &System.get_env/1
number = fn name -> name |> System.get_env() |> String.to_integer() end

{:ok, version} =
  case Supavisor.Repo.query!("select version()") do
    %{rows: [[text]]} -> Supavisor.Helpers.parse_pg_version(text)
    _ -> nil
  end

tenant = %{
  "external_id" => env.("POOLER_TENANT_ID"),
  "db_host" => env.("POSTGRES_HOST") || "db",
  "db_port" => number.("POSTGRES_PORT"),
  "db_database" => env.("POSTGRES_DB"),
  "require_user" => false,
  "auth_query" => "SELECT * FROM pgbouncer.get_auth($1)",
  "default_max_clients" => number.("POOLER_MAX_CLIENT_CONN"),
  "default_pool_size" => number.("POOLER_DEFAULT_POOL_SIZE"),
  "default_parameter_status" => %{"server_version" => version},
  "users" => [
    %{
      "db_user" => "pgbouncer",
      "db_password" => env.("POSTGRES_PASSWORD"),
      "mode_type" => env.("POOLER_POOL_MODE"),
      "pool_size" => number.("POOLER_DEFAULT_POOL_SIZE"),
      "is_manager" => true
    }
  ]
}

unless Supavisor.Tenants.get_tenant_by_external_id(tenant["external_id"]) do
  {:ok, _} = Supavisor.Tenants.create_tenant(tenant)
end
