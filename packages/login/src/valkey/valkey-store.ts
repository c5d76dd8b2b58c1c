import { sha256Hex } from '@kube-authn/core/internal'
import type { SessionRecord, SessionStore } from '../sessions/session-store.ts'
import { NAMES, READ, REMOVE, type Script, WRITE } from './scripts.ts'
import type { ValkeyServer } from './valkey-server.ts'

/** A change that the state of the record does not allow. */
class RefusedChange extends Error {
  /** One that `SessionStore` names. */
  readonly code: string

  constructor(code: string) {
    super(code)
    this.code = code
  }
}

/** Where a record is: a string with a time to live, beside the sorted set of its folder, or of a part of it, which has the ends of records by their names. */
interface Place {
  readonly folder: string
  readonly name: string
}

/** Folders of one session, user or `sid` are small, and have one place. Others are spread over a cluster in this many parts. */
const PARTS = 256
const SMALL_FOLDER = /^(.*\/)([\da-f]{64})\/$/

/**
 * A store of sessions in Valkey or Redis. What is between `{` and `}` in a key decides the node of a cluster that has it: a digest or a part of one, so that no name of
 * a user can choose. A record and its folder are at one node, and change together.
 */
export function valkeySessionStore({ run, now }: ValkeyServer): SessionStore {
  const recordAt = async (key: string): Promise<SessionRecord | undefined> => {
    const { folder, name } = placeOf(key)
    const stored = await run(READ, [folder + name])
    if (stored === null) return undefined
    if (typeof stored !== 'string') throw new TypeError('a record must be a string')
    const [, revision, value] = /^(\d+) (.*)$/s.exec(stored) ?? []
    // One that was damaged is there, and at no revision.
    return { key, value: value ?? stored, revision: revision === undefined ? -1 : Number(revision) }
  }

  const change = async (script: Script, key: string, parameters: readonly string[]): Promise<void> => {
    const { folder, name } = placeOf(key)
    const refusal = await run(script, [folder + name, folder], [name, ...parameters])
    if (typeof refusal === 'string') throw new RefusedChange(refusal)
  }

  const write = async (key: string, value: string, known: string, ttlMs: number): Promise<SessionRecord> => {
    const revision = newRevision()
    await change(WRITE, key, [known, String(revision), value, String(Math.max(1, Math.ceil(ttlMs)))])
    return { key, value, revision }
  }

  /** The names of records in a part of a folder, in order. */
  const namesIn = async (folder: string): Promise<readonly string[]> => {
    const names = await run(NAMES, [folder])
    if (!Array.isArray(names)) throw new TypeError('a folder must have names')
    return names.map(String).toSorted()
  }

  /** The names that follow this one in all parts of a folder: more than the limit, if there are more. */
  const namesAfter = async (parts: readonly string[], last: Place | undefined, limit: number) => {
    const found: (readonly string[])[] = []
    let count = 0
    let next = last === undefined ? 0 : parts.indexOf(last.folder)
    for (let atOnce = 1; next < parts.length && count <= limit; atOnce = Math.min(64, 2 * atOnce)) {
      const [first = [], ...others] = await Promise.all(parts.slice(next, next + atOnce).map(namesIn))
      const isBegun = last !== undefined && parts[next] === last.folder
      const names = [isBegun ? first.filter((name) => name > last.name) : first, ...others].flat()
      found.push(names)
      count += names.length
      next += atOnce
    }
    return found.flat()
  }

  return {
    get: recordAt,
    create: (key, value, { ttlMs }) => write(key, value, '', ttlMs),
    update: (key, value, revision, { ttlMs }) => write(key, value, String(revision), ttlMs),
    delete: (key, precondition) => change(REMOVE, key, [String(precondition?.revision ?? '')]),

    async list(prefix, { limit, continue: last }) {
      const names = await namesAfter(
        partsOf(prefix),
        last === undefined ? undefined : placeOf(prefix + last),
        limit,
      )
      const page = names.slice(0, limit)
      const records = await Promise.all(page.map((name) => recordAt(prefix + name)))
      const end = names.length > limit ? page.at(-1) : undefined
      return {
        objects: records.filter((record) => record !== undefined),
        ...(end !== undefined && { continue: end }),
      }
    },

    now,
  }
}

function placeOf(key: string): Place {
  const end = key.lastIndexOf('/') + 1
  const name = key.slice(end)
  return { name, folder: partOf(key.slice(0, end), () => sha256Hex(name).slice(0, 2)) }
}

function partsOf(folder: string): readonly string[] {
  if (SMALL_FOLDER.test(folder)) return [partOf(folder, () => '')]
  return Array.from({ length: PARTS }, (_, part) => partOf(folder, () => part.toString(16).padStart(2, '0')))
}

/** The key of a folder, or of its part that has this number. */
function partOf(folder: string, number: () => string): string {
  const [, above, digest] = SMALL_FOLDER.exec(folder) ?? []
  return digest === undefined ? `${folder}{${number()}}/` : `${above}{${digest}}/`
}

/** A random one: no record has that of another, even if it was deleted meanwhile. */
function newRevision(): number {
  const [high = 0, low = 0] = crypto.getRandomValues(new Uint32Array(2))
  return (high % 2 ** 21) * 2 ** 32 + low
}
