"""The Pulumi program: one self-hosted Supabase on a droplet, gated by supamig's own checks."""
