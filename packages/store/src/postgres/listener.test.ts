import { fixedClock } from '@kube-authn/testing'
import { describe, expect, it, vi } from 'vitest'
import type { Database, PostgresClient } from './database.ts'
import { listen } from './listener.ts'

type Event = 'notification' | 'error' | 'end'
type Call = (message?: unknown) => void

interface FakeConnection extends PostgresClient {
  emit(event: Event, message?: unknown): void
  readonly isReleased: boolean
}

/** Connections that are made one after the other. `runs` says what becomes of each statement. */
function connectionsOf(run: (connection: FakeConnection, text: string) => Promise<void>): {
  readonly database: Pick<Database, 'client' | 'run'>
  readonly made: FakeConnection[]
} {
  const made: FakeConnection[] = []
  const connect = (): FakeConnection => {
    const listeners: { readonly event: Event; readonly call: Call }[] = []
    let isReleased = false
    return {
      query: () => Promise.resolve({ rows: [] }),
      on: (event, call) => listeners.push({ event, call }),
      release: () => void (isReleased = true),
      emit: (event, message) => {
        for (const each of listeners) if (each.event === event) each.call(message)
      },
      get isReleased() {
        return isReleased
      },
    }
  }
  return {
    made,
    database: {
      client() {
        const connection = connect()
        made.push(connection)
        return Promise.resolve(connection)
      },
      run: (client, text) => run(made.find((each) => each === client) ?? connect(), text),
    },
  }
}

describe('the listener of a database', () => {
  it('makes one other connection for one that is lost while it begins to listen', async () => {
    const clock = fixedClock()
    let isFirst = true
    const { database, made } = connectionsOf((connection) => {
      if (!isFirst) return Promise.resolve()
      isFirst = false
      // As the driver does: first the event, and then the statement fails.
      connection.emit('error')
      connection.emit('end')
      return Promise.reject(new Error('the connection ended'))
    })
    let woken = 0
    const end = listen({ database, schema: 'kube_authn', clock }, () => void woken++)
    for (let round = 0; round < 20; round++) await clock.advanceAsync(1000)
    expect([made.length, woken]).toEqual([2, 1])
    end()
    expect(made.map(({ isReleased }) => isReleased)).toEqual([true, true])
  })
})

describe('what a notification says of keys', () => {
  it.each([
    [
      'how they begin',
      { channel: 'a', payload: '["/sessions/","/registry/"]' },
      ['/sessions/', '/registry/'],
    ],
    ['nothing, as of an older release', { payload: '17' }, undefined],
    ['nothing', { payload: '' }, undefined],
    ['nothing that can be read', { payload: '["/a",1]' }, undefined],
    ['nothing without a payload', undefined, undefined],
  ])('is %s', async (_, message, heads) => {
    const { database, made } = connectionsOf(() => Promise.resolve())
    const woken: unknown[] = []
    const end = listen({ database, schema: 'kube_authn', clock: fixedClock() }, (each) => woken.push(each))
    await vi.waitFor(() => expect(woken).toEqual([undefined]))
    made[0]?.emit('notification', message)
    expect(woken).toEqual([undefined, heads])
    end()
  })
})
