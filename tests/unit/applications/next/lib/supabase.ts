import { createBrowserClient, createServerClient as make } from '@supabase/ssr'
import { cookies } from 'next/headers'

export const createClient = () =>
  createBrowserClient(process.env.NEXT_PUBLIC_SUPABASE_URL!, process.env.NEXT_PUBLIC_SUPABASE_ANON_KEY!)

export default async function serverClient() {
  const store = await cookies()
  return make(process.env.URL!, process.env.KEY!, { cookies: { getAll: () => store.getAll() } })
}
