const { createClient } = require('@supabase/supabase-js')
const KEY = 'eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJzdXBhYmFzZSIsInJlZiI6ImFiY2RlZmdoaWprbG1ub3BxcnN0Iiwicm9sZSI6InNlcnZpY2Vfcm9sZSIsImlhdCI6MTYwMDAwMDAwMCwiZXhwIjoyMDAwMDAwMDAwfQ.c2lnbmF0dXJlLW9mLW5vYm9keS1hdC1hbGw'
const db = createClient('https://abcdefghijklmnopqrst.supabase.co', KEY)

module.exports = { db, admin: db.auth.api }
