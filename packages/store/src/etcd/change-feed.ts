import { systemClock } from '@kube-authn/core/internal'
import { StoreError } from '../store-error.ts'
import { after } from './within.ts'
import { changeOfEvent, type FedChange } from './change-of-event.ts'
import type { EtcdClient } from './etcd-client.ts'
import { EtcdFailure } from './etcd-failure.ts'
import { watchReply } from './etcd-replies.ts'
import type { StoreNames } from './write-transaction.ts'

/** One watch of etcd, for all watches of the store. */
export interface ChangeFeed {
  /** Every change up to this revision was handed out. */
  readonly revision: () => number
  /** Resolves when the changes up to a revision were handed out, or when the signal aborts. */
  reached(revision: number, signal: AbortSignal): Promise<void>
  /** The watch is there. */
  readonly isOpen: () => boolean
  /** Begins another watch: this one does not deliver. */
  renew(): void
  stop(): void
}

export interface ChangeFeedOptions {
  readonly client: EtcdClient
  readonly names: StoreNames
  /** Changes after this revision are wanted. */
  readonly since: number
  readonly onChanges: (changes: readonly FedChange[]) => void
  /** The feed cannot go on from where it was, and has stopped. */
  readonly onLost: (error: StoreError) => void
}

const FIRST_DELAY_MS = 50
const LONGEST_DELAY_MS = 500

/** It goes on where it was after the watch was interrupted. */
export function changeFeed({ client, names, since, onChanges, onLost }: ChangeFeedOptions): ChangeFeed {
  let revision = since
  const stopping = new AbortController()
  let isOpen = false
  let current = new AbortController()
  let waiting: { readonly revision: number; readonly resolve: () => void }[] = []

  const handOut = (fed: readonly FedChange[]): void => {
    const fresh = fed.filter(({ change }) => change.revision > revision)
    if (fresh.length === 0) return
    revision = fresh.at(-1)?.change.revision ?? revision
    onChanges(fresh)
    const reached = waiting.filter((each) => each.revision <= revision)
    if (reached.length === 0) return
    waiting = waiting.filter((each) => each.revision > revision)
    for (const { resolve } of reached) resolve()
  }

  const follow = async (): Promise<void> => {
    for await (const fed of watchedChanges(client, names, revision, current.signal)) {
      isOpen = true
      handOut(fed)
    }
  }

  const run = async (): Promise<void> => {
    let delayMs = FIRST_DELAY_MS
    while (!stopping.signal.aborted) {
      try {
        await follow()
      } catch (thrown) {
        if (thrown instanceof StoreError) {
          stop()
          onLost(thrown)
          return
        }
      }
      delayMs = isOpen ? FIRST_DELAY_MS : Math.min(2 * delayMs, LONGEST_DELAY_MS)
      isOpen = false
      if (current.signal.aborted) current = new AbortController()
      else await after(systemClock, delayMs)
    }
  }

  const stop = (): void => {
    stopping.abort()
    current.abort()
    for (const { resolve } of waiting.splice(0)) resolve()
  }

  void run()
  return {
    revision: () => revision,
    reached(wanted, signal) {
      if (revision >= wanted || signal.aborted || stopping.signal.aborted) return Promise.resolve()
      return new Promise((resolve) => {
        const entry = { revision: wanted, resolve: () => finish() }
        const finish = (): void => {
          waiting = waiting.filter((each) => each !== entry)
          signal.removeEventListener('abort', finish)
          resolve()
        }
        signal.addEventListener('abort', finish, { once: true })
        waiting.push(entry)
      })
    },
    isOpen: () => isOpen,
    renew: () => current.abort(),
    stop,
  }
}

/**
 * The changes of all objects after a revision, and then those to come. The first message is empty.
 *
 * @throws {StoreError} `revisionCompacted`, `storeCorrupted`
 * @throws {EtcdFailure} if the watch ends.
 */
export async function* watchedChanges(
  client: EtcdClient,
  names: StoreNames,
  since: number,
  signal: AbortSignal,
): AsyncGenerator<readonly FedChange[], void> {
  const request = {
    ...names.keys.objects(''),
    // Not one more: etcd lets a watch begin at the revision of its compaction, but has forgotten deletions of it.
    start_revision: String(names.base + since),
    prev_kv: true,
    fragment: true,
  }
  for await (const message of client.watch(request, signal)) {
    const { events, canceled } = watchReply(message)
    if (canceled !== undefined) throw cancellation(canceled, names)
    yield events
      .filter(({ current }) => current.modRevision > names.base + since)
      .map((event) => changeOfEvent(names, event))
  }
}

function cancellation(
  { reason, compactRevision }: { readonly reason: string; readonly compactRevision: number | undefined },
  { base }: StoreNames,
): Error {
  if (compactRevision === undefined) {
    return new EtcdFailure('unknown', `etcd ended the watch: ${reason.slice(0, 200)}`)
  }
  return new StoreError(
    'revisionCompacted',
    `changes were forgotten, up to revision ${compactRevision - base}`,
  )
}
