from supabase import create_client
name = "café"
create_client("u", "k").table("latin").select("*")
