'use client'
import { useEffect, useMemo, useState } from 'react'
import { browser } from '@/lib'

export function useRoom(room: string) {
  const [db] = useState(() => browser())
  const same = useMemo(() => browser(), [])
  useEffect(() => {
    const channel = db
      .channel(`room:${room}`)
      .on('postgres_changes', { event: '*', schema: 'public', table: 'messages' }, () => {})
      .subscribe()
    return () => { same.removeChannel(channel) }
  }, [db])
  const { auth, storage } = db
  return { out: () => auth.signOut(), url: storage.from('avatars').getPublicUrl('a.png') }
}
