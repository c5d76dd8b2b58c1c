import { expect, it } from 'vitest'
import { memoryObjectStore } from '@kube-authn/store'
import { fixedClock } from '../../../core/test/fakes.ts'
import { contentOf } from '../../test/sessions.ts'
import { storedSessions } from './stored-sessions.ts'

it('a login that another one finds half done can be ended by the name of its user', async () => {
  const clock = fixedClock(Date.UTC(2030, 0, 1))
  const store = memoryObjectStore({ clock })
  const options = { clock, maxSessionsPerUser: 1 }
  const others = storedSessions({ store, ...options })
  await others.begin(contentOf('jane'))
  let isHeld = true
  const sessions = storedSessions({
    store: {
      ...store,
      async create(key, value, lifetime) {
        // The index is written, and the session is not: two others log in.
        if (isHeld && key.includes('/session/')) {
          isHeld = false
          await others.begin(contentOf('jane'))
          await others.begin(contentOf('jane'))
        }
        return store.create(key, value, lifetime)
      },
    },
    ...options,
    maxSessionsPerUser: 5,
  })
  await sessions.begin(contentOf('jane'))
  expect(isHeld).toBe(false)
  await others.endWhere({ username: 'jane' })
  const { objects } = await store.list('/sessions/session/')
  expect(objects).toEqual([])
})
