import serverClient from '@/lib/supabase'
import { listPosts, removePost } from '../lib'

export default async function Page() {
  const supabase = await serverClient()
  const { data: { user } } = await supabase.auth.getUser()
  const { data } = await supabase
    .from('profiles')
    // the name only
    .select('name')
    .eq('id', user?.id)
    .single()
  await listPosts(supabase)
  await removePost({ client: supabase, id: 1 })
  return <main onClick={async () => { await supabase.rpc('count_views', { page: 1 }) }}>{data?.name}</main>
}
