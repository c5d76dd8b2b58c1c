import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { StoredList, StoredObject } from '@kube-authn/store'
import type { SeenChange } from './operation.ts'

/** What came of a call. `lost`: the process ended first. */
export type Answer =
  | { readonly type: 'value'; readonly value: StoredObject | StoredList | undefined }
  | { readonly type: 'error'; readonly code: string; readonly message: string }
  | { readonly type: 'lost' }

/** A store in a process of its own. */
export interface Replica {
  readonly name: string
  call(method: 'get' | 'list' | 'create' | 'update' | 'delete', ...args: readonly unknown[]): Promise<Answer>
  /** What its watch has told so far, also before it was killed. */
  readonly changes: readonly SeenChange[]
  /** Why its watch could not go on: none should. */
  readonly failures: readonly string[]
  signal(signal: 'SIGSTOP' | 'SIGCONT'): void
  /** Ends it as a loss of power would. */
  kill(): Promise<void>
  /** Starts it again; its watch goes on after the last change. */
  start(): Promise<void>
}

/** Where the store of a replica is. */
export interface StorePlace {
  readonly engine: 'postgres' | 'etcd' | 'sqlite'
  readonly url: string
  /** The schema, or the prefix of keys. */
  readonly store: string
}

const SCRIPT = fileURLToPath(new URL('replica.mjs', import.meta.url))

type Received =
  | { readonly isOpen: true }
  | { readonly id: number; readonly value?: StoredObject | StoredList }
  | { readonly id: number; readonly code: string; readonly message: string }
  | { readonly change: SeenChange }
  | { readonly failure: string }

/** Starts one. */
export async function startReplica(name: string, { engine, url, store }: StorePlace): Promise<Replica> {
  const changes: SeenChange[] = []
  const failures: string[] = []
  const waiting = new Map<number, (answer: Answer) => void>()
  let last = 0
  let child: ChildProcess | undefined

  const receive = (message: Received): void => {
    if ('change' in message) changes.push(seenChange(message.change))
    else if ('failure' in message) failures.push(message.failure)
    else if ('id' in message) {
      const resolve = waiting.get(message.id)
      waiting.delete(message.id)
      if ('code' in message) resolve?.({ type: 'error', code: message.code, message: message.message })
      else resolve?.({ type: 'value', value: message.value })
    }
  }

  const start = async (): Promise<void> => {
    const started = fork(SCRIPT, [engine, url, store])
    child = started
    started.on('message', receive)
    started.once('exit', () => {
      for (const resolve of waiting.values()) resolve({ type: 'lost' })
      waiting.clear()
    })
    await once(started, 'message')
    started.send({ since: changes.at(-1)?.revision ?? 0 })
  }

  await start()
  return {
    name,
    changes,
    failures,
    start,
    call(method, ...args) {
      const running = child
      if (running === undefined || !running.connected) return Promise.resolve({ type: 'lost' })
      const id = ++last
      return new Promise((resolve) => {
        waiting.set(id, resolve)
        running.send({ id, method, args })
      })
    },
    signal: (signal) => void child?.kill(signal),
    async kill() {
      const running = child
      child = undefined
      if (running === undefined) return
      const ended = once(running, 'exit')
      running.kill('SIGKILL')
      await ended
    },
  }
}

function seenChange({ type, key, value, revision, createdRevision, previous }: SeenChange): SeenChange {
  return { type, key, value, revision, createdRevision, previous }
}
