export async function listPosts(db: any) {
  return db.from('posts').select('*').order('id')
}
export const removePost = async ({ client, id }) => client.from('posts').delete().eq('id', id)
