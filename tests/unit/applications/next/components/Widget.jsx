import { useSupabaseClient, useUser } from '@supabase/auth-helpers-react'

export const Widget = ({ kind }) => {
  const client = useSupabaseClient()
  const user = useUser()
  const save = async (row) => {
    const { error } = await client.from(kind).upsert(row)
    if (!error) await client.functions.invoke('notify', { body: row })
  }
  return <button onClick={save}>{user.email}</button>
}
