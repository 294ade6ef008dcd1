const { createClient } = require('@supabase/supabase-js')
const db = createClient('u', 'k')
db.from('before_the_error').select()
function ( {
db.from('after_the_error').select()
