import { turns } from '@kube-authn/store/internal'
import type { ObjectStore, StoredObject } from '@kube-authn/store'
import type { ObjectEvent } from './seen-changes.ts'
import type { Selects } from './selectors.ts'
import { tooLargeVersion } from './status-errors.ts'
import { fromStored } from './stored-objects.ts'

/** What a watch begins with. */
export interface InitialEventsQuery {
  readonly store: ObjectStore
  readonly prefix: string
  /** `undefined` if every object is selected. */
  readonly selects: Selects | undefined
  /** Ends it early. */
  readonly signal: AbortSignal | undefined
  /** The objects must not be of an older version. */
  readonly leastVersion: number | undefined
}

/** Objects have up to 1 MiB, so the first page must not have many; later ones have as many as their size allows. */
const FIRST_PAGE = 64
const LARGEST_PAGE = 500
const PAGE_LENGTH = 1_048_576

/**
 * Every object that there is, as an event, in the order of the keys and all of one revision. They are read in pages, at the pace of the client, and each page is a turn of
 * the event loop.
 *
 * Source: KEP-3157; apiserver `pkg/storage/cacher/cacher.go`, `pkg/storage/cacher/watch_cache_interval.go`.
 *
 * @returns the revision that they are of.
 * @throws {StatusError} 504 if the store has not reached `leastVersion`.
 * @throws {StoreError} `revisionCompacted` if the client was so slow that the revision was forgotten.
 */
export async function* initialEvents({
  store,
  prefix,
  selects = () => true,
  signal,
  leastVersion = 0,
}: InitialEventsQuery): AsyncGenerator<ObjectEvent, number, undefined> {
  const steps = turns(1)
  let size = FIRST_PAGE
  let page = await store.list(prefix, { limit: size })
  const { revision } = page
  if (leastVersion > revision) throw tooLargeVersion(`${leastVersion}, current: ${revision}`)
  for (;;) {
    for (const stored of page.objects) {
      if (signal?.aborted === true) return revision
      const object = fromStored(stored, stored.revision)
      if (selects(object)) yield { type: 'ADDED', object }
    }
    if (page.continue === undefined || signal?.aborted === true) return revision
    await new Promise<void>((resolve) => steps.run(resolve))
    size = nextSize(size, page.objects)
    page = await store.list(prefix, { limit: size, continue: page.continue })
  }
}

function nextSize(size: number, objects: readonly StoredObject[]): number {
  const length = objects.reduce((sum, { value }) => sum + value.length, 0)
  return length > PAGE_LENGTH ? Math.max(1, size >> 1) : Math.min(LARGEST_PAGE, 2 * size)
}
