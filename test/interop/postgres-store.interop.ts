import {
  migratePostgresStore,
  postgresObjectStore,
} from '../../packages/store/src/postgres/postgres-object-store.ts'
import { afterAll, beforeAll, describe } from 'vitest'
import { storeContract } from '../../packages/store/test/store-contract.ts'
import { has } from './components.ts'
import { type RunningPostgres, startPostgres } from './postgres.ts'
import { makeScratch } from './scratch.ts'

describe.runIf(has('postgres', 'setpriv'))('a store in PostgreSQL', () => {
  const scratch = makeScratch()
  let server: RunningPostgres
  let count = 0
  beforeAll(async () => {
    server = await startPostgres(scratch)
  })
  afterAll(async () => {
    await server.close()
    scratch.remove()
  })

  storeContract(
    async (options) => {
      const where = { connectionString: server.url, schema: `contract_${count++}` }
      await migratePostgresStore(where)
      const reopen = () => postgresObjectStore({ ...where, ...options })
      return { store: await reopen(), reopen }
    },
    { isDurable: true },
  )
})
