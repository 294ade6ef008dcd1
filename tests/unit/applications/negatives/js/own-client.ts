// mentions supabase in a comment only
export function createClient() {
  return { from: (name: string) => ({ select: () => name }) }
}
