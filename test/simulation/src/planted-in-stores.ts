import type { ObjectStore, StoreEvent } from '@kube-authn/store'
import type { Planted } from './planted.ts'
import type { Owner } from './timeline.ts'

/** Whether it is the turn of a fault that does not always happen: once in so many calls of a process. */
type IsTurn = (every: number) => boolean

function newTurns(): IsTurn {
  let calls = 0
  return (every) => ++calls % every === 0
}

function isOutage(thrown: unknown): boolean {
  return thrown instanceof Error && 'code' in thrown && thrown.code === 'storeUnavailable'
}

/** A store with other methods. */
function spoiled(change: (store: ObjectStore, owner: Owner, isTurn: IsTurn) => Partial<ObjectStore>) {
  return (store: ObjectStore, owner: Owner): ObjectStore => ({
    ...store,
    ...change(store, owner, newTurns()),
  })
}

/** A store whose watches tell something else. */
function retold(tell: (event: StoreEvent, isTurn: IsTurn) => readonly StoreEvent[]) {
  return spoiled((store, _owner, isTurn) => ({
    async *watch(...given) {
      for await (const event of store.watch(...given)) yield* tell(event, isTurn)
    },
  }))
}

/** Mistakes of an engine. */
export const plantedInStores: readonly Planted[] = [
  {
    name: 'forgets an acknowledged write',
    violates: ['acknowledged', 'oneWinner'],
    spoil: spoiled((store, _owner, isTurn) => ({
      async update(key, value, revision, ...rest) {
        if (!isTurn(20)) return store.update(key, value, revision, ...rest)
        return { key, value, revision: await store.revision(), createdRevision: revision }
      },
    })),
  },
  {
    name: 'updates whatever version there is',
    violates: ['oneWinner'],
    spoil: spoiled((store) => ({
      async update(key, value, revision, ...rest) {
        const found = await store.get(key)
        return store.update(key, value, found?.revision ?? revision, ...rest)
      },
    })),
  },
  {
    name: 'deletes whatever version there is',
    violates: ['unasked'],
    spoil: spoiled((store) => ({ delete: (key) => store.delete(key) })),
  },
  {
    name: 'reads what there was before',
    violates: ['reads', 'errors', 'acknowledged'],
    spoil: spoiled((store, _owner, isTurn) => {
      const before = new Map<string, ReturnType<ObjectStore['get']>>()
      return {
        get(key) {
          const old = before.get(key)
          const found = store.get(key)
          before.set(key, found)
          return old !== undefined && isTurn(20) ? old : found
        },
      }
    }),
  },
  {
    name: 'leaves an object out of a list',
    violates: ['reads', 'revokedIsRefused', 'revokedStays', 'endedStays'],
    spoil: spoiled((store, _owner, isTurn) => ({
      async list(...given) {
        const page = await store.list(...given)
        return isTurn(5) ? { ...page, objects: page.objects.slice(1) } : page
      },
    })),
  },
  {
    name: 'takes an outage for an absence',
    // A creation takes back its object when the namespace is not there.
    violates: ['errors', 'unasked', 'acknowledged'],
    spoil: spoiled((store) => ({ get: (key) => store.get(key).catch(() => undefined) })),
  },
  {
    name: 'repeats a creation whose answer was lost',
    violates: ['acknowledged', 'unasked', 'errors'],
    spoil: spoiled((store) => ({
      create: (...given) =>
        store.create(...given).catch((thrown: unknown) => {
          if (!isOutage(thrown)) throw thrown
          return store.create(...given)
        }),
    })),
  },
  {
    name: 'does not tell a change',
    violates: ['watches', 'revokedIsRefused', 'errors'],
    spoil: retold((event, isTurn) => (event.type !== 'progress' && isTurn(30) ? [] : [event])),
  },
  {
    name: 'tells a change twice',
    violates: ['watches'],
    spoil: retold((event, isTurn) => (event.type !== 'progress' && isTurn(30) ? [event, event] : [event])),
  },
  {
    name: 'tells that it is further than it is',
    violates: ['watches', 'revokedIsRefused', 'outagesEnd'],
    spoil: retold((event) => [
      event.type === 'progress' ? { ...event, revision: event.revision + 1 } : event,
    ]),
  },
  {
    name: 'ends objects by the clock of a replica',
    violates: ['unasked'],
    spoil: spoiled((store, owner) => ({
      create(key, value, { expiresAtMs, ...rest } = {}) {
        if (expiresAtMs === undefined) return store.create(key, value, rest)
        return store.create(key, value, { ...rest, ttlMs: Math.max(1, expiresAtMs - owner.wallMs()) })
      },
    })),
  },
  {
    name: 'stays away after an outage',
    violates: ['outagesEnd'],
    spoil: spoiled((store) => {
      let lost: Promise<never> | undefined
      return {
        revision: () =>
          lost ??
          store.revision().catch((thrown: unknown) => {
            lost ??= Promise.reject(thrown)
            return lost
          }),
      }
    }),
  },
  {
    name: 'acknowledges a deletion that it does not make',
    violates: ['acknowledged', 'endedStays'],
    spoil: spoiled((store, _owner, isTurn) => ({
      async delete(key, ...rest) {
        const found = isTurn(20) ? await store.get(key) : undefined
        return found === undefined ? store.delete(key, ...rest) : { ...found, type: 'deleted' }
      },
    })),
  },
  {
    name: 'acknowledges an update when there was no answer',
    violates: ['acknowledged'],
    spoil: spoiled((store) => ({
      update: (key, value, revision, ...rest) =>
        store.update(key, value, revision, ...rest).catch((thrown: unknown) => {
          if (!isOutage(thrown)) throw thrown
          return { key, value, revision: revision + 1, createdRevision: revision }
        }),
    })),
  },
  {
    name: 'creates over what is there',
    violates: ['unasked', 'oneWinner'],
    spoil: spoiled((store) => ({
      create: (key, value, ...rest) =>
        store.create(key, value, ...rest).catch(async (thrown: unknown) => {
          const found = isOutage(thrown) ? undefined : await store.get(key)
          if (found === undefined) throw thrown
          return store.update(key, value, found.revision, ...rest)
        }),
    })),
  },
  {
    name: 'does not tell the first change of a watch',
    violates: ['watches', 'copies', 'revokedIsRefused', 'errors'],
    spoil: spoiled((store) => ({
      async *watch(...given) {
        let isFirst = true
        for await (const event of store.watch(...given)) {
          if (event.type === 'progress' || !isFirst) yield event
          else isFirst = false
        }
      },
    })),
  },
  {
    name: 'ends a watch without a word',
    violates: ['watches'],
    spoil: spoiled((store, _owner, isTurn) => ({
      async *watch(...given) {
        for await (const event of store.watch(...given)) {
          if (isTurn(500)) return
          yield event
        }
      },
    })),
  },
  {
    name: 'tells an update as a creation',
    violates: ['watches'],
    spoil: retold((event) => [event.type === 'updated' ? { ...event, type: 'created' } : event]),
  },
  {
    name: 'answers with the revision before',
    violates: ['acknowledged', 'errors', 'copies'],
    spoil: spoiled((store) => ({
      async update(...given) {
        const written = await store.update(...given)
        return { ...written, revision: written.revision - 1 }
      },
    })),
  },
  {
    name: 'lists the last objects first',
    violates: ['reads'],
    spoil: spoiled((store) => ({
      async list(...given) {
        const page = await store.list(...given)
        return { ...page, objects: page.objects.toReversed() }
      },
    })),
  },
]
