from .db import supabase as store
