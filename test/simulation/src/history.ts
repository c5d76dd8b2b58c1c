import type { StoreChange, StoredObject } from '@kube-authn/store'

/** Every change of a store, in order, and what there was at each revision. */
export interface History {
  readonly revision: number
  readonly changes: readonly StoreChange[]
  add(change: StoreChange): void
  /** The last change of a key up to a revision, if the object is there then. */
  at(key: string, revision: number): StoreChange | undefined
  /** All changes of a key. */
  of(key: string): readonly StoreChange[]
  /** The objects whose keys begin with a prefix, in the order of their keys. */
  state(prefix: string, revision: number): readonly StoreChange[]
  /** The changes after a revision of keys with a prefix. */
  after(revision: number, prefix: string): readonly StoreChange[]
}

/** An empty history. Each change must have the next revision. */
export function history(): History {
  const changes: StoreChange[] = []
  const byKey = new Map<string, StoreChange[]>()
  /** What there is now. */
  const live = new Map<string, StoreChange>()
  const at = (key: string, revision: number): StoreChange | undefined => {
    if (revision >= changes.length) return live.get(key)
    const last = byKey.get(key)?.findLast((change) => change.revision <= revision)
    return last?.type === 'deleted' ? undefined : last
  }
  return {
    get revision() {
      return changes.length
    },
    changes,
    add(change) {
      if (change.revision !== changes.length + 1) throw new RangeError('a revision is missing')
      changes.push(change)
      const ofKey = byKey.get(change.key)
      if (ofKey === undefined) byKey.set(change.key, [change])
      else ofKey.push(change)
      if (change.type === 'deleted') live.delete(change.key)
      else live.set(change.key, change)
    },
    at,
    of: (key) => byKey.get(key) ?? [],
    state(prefix, revision) {
      const found: StoreChange[] = []
      for (const key of (revision >= changes.length ? live : byKey).keys()) {
        const change = key.startsWith(prefix) ? at(key, revision) : undefined
        if (change !== undefined) found.push(change)
      }
      return found.toSorted((one, other) => (one.key < other.key ? -1 : 1))
    },
    after: (revision, prefix) => changes.slice(revision).filter(({ key }) => key.startsWith(prefix)),
  }
}

/** The object after a change. */
export function objectAfter({
  key,
  value,
  revision,
  createdRevision,
  expiresAtMs,
}: StoreChange): StoredObject {
  return { key, value, revision, createdRevision, ...(expiresAtMs !== undefined && { expiresAtMs }) }
}
