import { memoryObjectStore } from '@kube-authn/store'
import { fixedClock } from '@kube-authn/testing'
import { describe } from 'vitest'
import { sessionStoreContract } from '../../test/session-store-contract.ts'

describe('an object store, as a store of sessions', () => {
  const clock = fixedClock()
  const store = memoryObjectStore({ clock })
  sessionStoreContract(
    () => store,
    async (milliseconds) => clock.advance(milliseconds),
  )
})
