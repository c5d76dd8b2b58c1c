import { resolve } from 'node:path'
import type { ObjectStore } from '../../store/object-store.ts'
import { readEtcdUrl } from './etcd-url.ts'
import { postgresUrlProblem, readPostgresUrl, shownPostgresUrl } from './postgres-url.ts'

/** A kind of store that `--store` can name. */
interface StoreScheme {
  /** How it is written, for messages. */
  readonly form: string
  /** What is wrong with the value; `undefined` if nothing is. The message does not repeat the value, which may have a password. */
  problem(value: string): string | undefined
  /** Where the objects are, without passwords; `undefined` if in memory. */
  shown(value: string): string | undefined
  /** @throws {StoreError} if it cannot be opened. */
  open(value: string): Promise<ObjectStore>
}

const memory: StoreScheme = {
  form: 'memory',
  problem: (value) => (value === 'memory' ? undefined : 'must be memory alone'),
  shown: () => undefined,
  async open() {
    const { memoryObjectStore } = await import('../../store/memory/memory-object-store.ts')
    return memoryObjectStore()
  },
}

const sqlite: StoreScheme = {
  form: 'sqlite:FILE',
  problem: (value) => (fileOf(value) === '' ? 'must name a file after sqlite:' : undefined),
  shown: (value) => resolve(fileOf(value)),
  async open(value) {
    const { sqliteObjectStore } = await import('../../store/sqlite/sqlite-object-store.ts')
    return sqliteObjectStore({ file: fileOf(value) })
  },
}

const etcd: StoreScheme = {
  form: 'etcd://HOST:PORT',
  problem(value) {
    const read = readEtcdUrl(value)
    return 'problem' in read ? read.problem : undefined
  },
  shown(value) {
    const read = readEtcdUrl(value)
    return 'problem' in read ? undefined : read.shown
  },
  async open(value) {
    const read = readEtcdUrl(value)
    if ('problem' in read) throw new TypeError(read.problem)
    const { etcdObjectStore } = await import('../../store/etcd/etcd-object-store.ts')
    return etcdObjectStore(read.options)
  },
}

function fileOf(value: string): string {
  return value.slice('sqlite:'.length)
}

const postgres: StoreScheme = {
  form: 'postgres://USER@HOST:PORT/DATABASE',
  problem: postgresUrlProblem,
  shown: shownPostgresUrl,
  async open(value) {
    const { connectionString, listen } = readPostgresUrl(value)
    const { migratePostgresStore, postgresObjectStore } =
      await import('../../store/postgres/postgres-object-store.ts')
    await migratePostgresStore({ connectionString })
    return postgresObjectStore({ connectionString, listen })
  },
}

/** By what is before the first colon. */
const SCHEMES: ReadonlyMap<string, StoreScheme> = new Map([
  ['memory', memory],
  ['sqlite', sqlite],
  ['etcd', etcd],
  ['etcd+http', etcd],
  ['postgres', postgres],
  ['postgresql', postgres],
])

function schemeOf(value: string): StoreScheme | undefined {
  return SCHEMES.get(value.split(':', 1)[0] ?? '')
}

/** What is wrong with a value of `--store`; `undefined` if nothing is. The value is not repeated. */
export function storeProblem(value: string): string | undefined {
  const scheme = schemeOf(value)
  if (scheme !== undefined) return scheme.problem(value)
  const forms = new Set(Array.from(SCHEMES.values(), ({ form }) => form))
  return `must be one of ${[...forms].join(', ')}`
}

/** Where the objects of a store are, without passwords; `undefined` if in memory. */
export function shownStore(value: string): string | undefined {
  return schemeOf(value)?.shown(value)
}

/**
 * Opens the store that a value of `--store` names.
 *
 * @throws {StoreError} if it cannot be opened.
 */
export function openStoreAt(value: string): Promise<ObjectStore> {
  const scheme = schemeOf(value)
  if (scheme === undefined) throw new TypeError('storeProblem was not asked before')
  return scheme.open(value)
}
