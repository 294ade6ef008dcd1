import * as sdk from '@supabase/supabase-js'
import type { Database } from './types'

const clients = {
  main: sdk.createClient<Database>(process.env.URL!, process.env.KEY!),
  other: null as sdk.SupabaseClient | null,
}
export const handler = async (req, { supabase: given }: { supabase: sdk.SupabaseClient }) => {
  clients.main.from(`orders`).insert([{ id: 1 }]).then(({ error }) => error)
  const { data } = await clients['main'].schema('shop').from('orders').select(`
    id, lines(*)
  `)
  given?.rpc('close_day')
  let query = clients.main.from('orders').select('*')
  if (req.query.id) query = query.eq('id', req.query.id)
  await query
  await req.locals.supabase.auth.getSession()
  return clients.main.storage.from('docs').download('a', { transform: { width: 10 } })
}
interface Deps { db: Alias; log: Console }
type Alias = sdk.SupabaseClient<Database>
type Shape = { nested: { store: Alias } }
export function use({ db }: Deps, shape: Shape, all: Shape['nested']) {
  db.from('by_interface').select()
  shape.nested.store.from('by_alias').select()
}
