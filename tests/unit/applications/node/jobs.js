const { db } = require('./client')
const store = require('./client')
const { Pool } = require('pg')

class Jobs {
  #pool = new Pool()
  constructor(client) {
    this.client = client
  }
  async run() {
    await this.client.from('jobs').update({ done: true }).match({ id: 1 })
    return this.#pool.query('select 1')
  }
  listen() {
    return store.db.from('jobs').on('INSERT', console.log).subscribe()
  }
  session() {
    return db.auth.session()
  }
}

const jobs = new Jobs(db)
exports.start = () => jobs.run()
exports.names = ['a', 'b'].map((name) => db.storage.createBucket(name))
