import { Injectable } from '@angular/core'
import { createClient, SupabaseClient } from '@supabase/supabase-js'

@Injectable()
export class SupabaseService {
  private readonly client: SupabaseClient
  constructor() {
    this.client = createClient('http://localhost:8000', 'sb_publishable_0123456789abcdefghij')
  }
  get storage() {
    return this.client.storage
  }
}
