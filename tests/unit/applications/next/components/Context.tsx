import { useContext } from 'react'
import { SupabaseContext } from 'somewhere'

export function List() {
  const { supabase } = useContext(SupabaseContext)
  return supabase.from('inferred_rows').select()
}
