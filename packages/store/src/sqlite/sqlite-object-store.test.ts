import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe } from 'vitest'
import { storeContract } from '../../test/store-contract.ts'
import { sqliteObjectStore } from './sqlite-object-store.ts'

const folder = mkdtempSync(join(tmpdir(), 'kube-authn-store-'))
afterAll(() => rmSync(folder, { recursive: true }))
let count = 0

describe('a store in SQLite', () => {
  storeContract(
    async (options) => {
      const file = join(folder, `${count++}.db`)
      const reopen = () => sqliteObjectStore({ file, ...options })
      return { store: await reopen(), reopen }
    },
    { isDurable: true },
  )
})
