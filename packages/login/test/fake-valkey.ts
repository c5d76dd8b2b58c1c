import type { Clock } from '@kube-authn/core'
import { NAMES, READ, REMOVE, WRITE } from '../src/valkey/scripts.ts'
import { givenConnection, type ValkeyClient } from '../src/valkey/valkey-client.ts'
import { valkeyServer } from '../src/valkey/valkey-server.ts'
import { valkeySessionStore } from '../src/valkey/valkey-store.ts'
import type { SessionStore } from '../src/sessions/session-store.ts'

/** A Valkey in this process. */
export interface FakeValkey extends ValkeyClient {
  /** All records that have not ended, each with its key. */
  records(): readonly (readonly [key: string, value: string])[]
  /** The keys of all folders that have not ended. */
  folders(): readonly string[]
}

interface Stored {
  readonly value: string
  readonly endsAtMs: number
}

/** Does in JavaScript what the scripts of sessions do in Lua, by the time of a clock. The scripts themselves are tested with real servers, in `test/interop`. */
export function fakeValkey(clock: Pick<Clock, 'now'>): FakeValkey {
  const records = new Map<string, Stored>()
  const folders = new Map<string, Map<string, number>>()
  const live = <T>(all: ReadonlyMap<string, T>, endsAtMs: (each: T) => number) =>
    [...all].filter(([, each]) => endsAtMs(each) > clock.now())
  const namesIn = (folder: string): readonly string[] =>
    live(folders.get(folder) ?? new Map<string, number>(), (end) => end).map(([name]) => name)

  const scripts: Readonly<Record<string, (keys: readonly string[], given: readonly string[]) => unknown>> = {
    [READ.sha1]: ([record = '']) => stored(record) ?? null,
    [NAMES.sha1]: ([folder = '']) => namesIn(folder),
    [WRITE.sha1]([record = '', folder = ''], [name = '', known = '', revision = '', value = '', life = '']) {
      if (isAt(record, revision)) return undefined
      const there = stored(record)
      if (known === '' && there !== undefined) return 'objectExists'
      if (known !== '' && there === undefined) return 'objectNotFound'
      if (known !== '' && !isAt(record, known)) return 'revisionConflict'
      const endsAtMs = clock.now() + Number(life)
      const ends = folders.get(folder) ?? new Map<string, number>()
      folders.set(folder, ends.set(name, endsAtMs))
      records.set(record, { value: `${revision} ${value}`, endsAtMs })
      return undefined
    },
    [REMOVE.sha1]([record = '', folder = ''], [name = '', known = '']) {
      if (stored(record) === undefined) return 'objectNotFound'
      if (known !== '' && !isAt(record, known)) return 'revisionConflict'
      folders.get(folder)?.delete(name)
      records.delete(record)
      return undefined
    },
  }
  function stored(record: string): string | undefined {
    const found = records.get(record)
    return found !== undefined && found.endsAtMs > clock.now() ? found.value : undefined
  }
  function isAt(record: string, revision: string): boolean {
    return stored(record)?.startsWith(`${revision} `) === true
  }

  return {
    async evalSha(sha1, options) {
      const run = scripts[sha1]
      if (run === undefined) throw new Error('NOSCRIPT No matching script.')
      return [Math.floor(clock.now()), run(options.keys, options.arguments)]
    },
    // It knows all scripts but the one that is run at the start.
    eval: async () => [Math.floor(clock.now()), ''],
    records: () => live(records, ({ endsAtMs }) => endsAtMs).map(([key, { value }]) => [key, value] as const),
    folders: () => [...folders.keys()].filter((folder) => namesIn(folder).length > 0),
  }
}

/** The store of sessions over a client. */
export function storeOver(client: ValkeyClient): SessionStore {
  return valkeySessionStore(valkeyServer(givenConnection(client), 60_000))
}
