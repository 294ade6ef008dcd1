import { createClient } from './own-client'
import type { SupabaseClient } from '@supabase/supabase-js'

// const supabase = createClient(); supabase.from('commented').select()
const text = "supabase.from('in_a_string').select()"
const template = `supabase.from('in_a_template').select()`
const fake = { from: (t: string) => ({ select: () => t }), auth: { getUser: () => null } }

export function shadowed() {
  const supabase = fake
  supabase.from('fake').select()
  return supabase.auth.getUser()
}

const mine = createClient()
mine.from('own_client').select()
Array.from('abc')
Buffer.from('abc')
const auth = { signOut() {} }
auth.signOut()
export type Rows = SupabaseClient['from']
