import { exportedLines, type ExportedObject } from '../src/cli/store/file/format.ts'
import type { ObjectStore, StoredObject } from '@kube-authn/store'
import type { FoundObject, StoreSnapshot } from '@kube-authn/store/internal'

/** A snapshot of these objects, in parts of two. */
export function snapshotOf(
  objects: readonly FoundObject[],
  more: Partial<StoreSnapshot> = {},
): StoreSnapshot {
  const withPrefix = (prefix: string): readonly FoundObject[] =>
    objects.filter(({ key }) => key.startsWith(prefix))
  return {
    engine: 'memory',
    revision: objects.length,
    compactedRevision: 0,
    count: (prefix) => Promise.resolve(withPrefix(prefix).length),
    async *objects(prefix) {
      const all = withPrefix(prefix)
      for (let index = 0; index < all.length; index += 2) yield all.slice(index, index + 2)
    },
    historyProblems: () => Promise.resolve([]),
    ...more,
  }
}

/** A snapshot of a store that is open, such as one in memory. */
export async function snapshotOfStore(store: ObjectStore): Promise<StoreSnapshot> {
  const { objects, revision } = await store.list('')
  return snapshotOf(objects, { revision })
}

/** The whole export of a snapshot. */
export async function exportOfSnapshot(snapshot: StoreSnapshot, prefix = ''): Promise<string> {
  let text = ''
  const count = await snapshot.count(prefix)
  for await (const part of exportedLines(snapshot, { prefix, count })) text += part
  return text
}

/** The whole export of these objects, which are in order. */
export function exportOf(objects: readonly ExportedObject[]): Promise<string> {
  const stored = objects.map((object, index): StoredObject => ({
    ...object,
    revision: index + 1,
    createdRevision: index + 1,
  }))
  return exportOfSnapshot(snapshotOf(stored))
}

/** What comes from a file, in chunks of this size. */
export async function* chunksOf(
  content: Uint8Array | string,
  size = 65_536,
): AsyncGenerator<Uint8Array, void> {
  const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content
  for (let start = 0; start < bytes.length; start += size) yield bytes.subarray(start, start + size)
}
