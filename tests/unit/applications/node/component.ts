import { SupabaseService } from './angular'

export class Component {
  constructor(private readonly backend: SupabaseService) {}
  async load() {
    return this.backend.storage.from('photos').list()
  }
}
