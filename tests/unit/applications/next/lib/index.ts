export { createClient as browser } from './supabase'
export * from './queries'
