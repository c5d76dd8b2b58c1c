import { resolve } from 'node:path'
import { memoryObjectStore, type ObjectStore } from '@kube-authn/store'
import { etcdObjectStore } from '@kube-authn/store/etcd'
import type { StoreSnapshot } from '@kube-authn/store/internal'
import {
  migrateSqliteStore,
  postgresStoreVersions,
  readEtcdStore,
  readPostgresStore,
  readSqliteStore,
} from '@kube-authn/store/internal/node'
import { migratePostgresStore, postgresObjectStore } from '@kube-authn/store/postgres'
import { sqliteObjectStore } from '@kube-authn/store/sqlite'
import { Failure } from '../failure.ts'
import { readEtcdUrl } from './etcd-url.ts'
import { readPostgresUrl } from './postgres-url.ts'

/** A store that `--store` names. */
export interface NamedStore {
  /** Where the objects are, without passwords; `undefined` if in memory. */
  readonly shown: string | undefined
  /** Whether several processes can use it at the same time. */
  readonly isShared: boolean
  /** @throws {StoreError} if it cannot be opened. */
  open(): Promise<ObjectStore>
}

/** A store that lasts longer than a process. It can be used without opening it for a server. */
export interface LastingStore extends NamedStore {
  readonly shown: string
  /** Reads it, without changing an object. @throws {StoreError} if there is none, or it cannot be read. */
  read<T>(work: (snapshot: StoreSnapshot) => Promise<T>): Promise<T>
  /**
   * Makes it, or brings it to the version of this program.
   *
   * @param isDryRun only says what would be done.
   * @returns `undefined` for an engine without a schema.
   * @throws {StoreError} if it cannot be made or migrated.
   */
  migrate(isDryRun: boolean): Promise<Migration | undefined>
}

/** The versions of a schema. */
export interface Migration {
  /** 0 if there is no store yet. */
  readonly before: number
  readonly after: number
}

/** What is wrong with a value of `--store`. The value is not repeated, since it may have a password. */
interface Problem {
  readonly problem: string
}

const LASTING_FORMS = 'sqlite:FILE, etcd://HOST:PORT, postgres://USER@HOST:PORT/DATABASE'

const MEMORY: NamedStore = {
  shown: undefined,
  isShared: false,
  open: () => Promise.resolve(memoryObjectStore()),
}

/** The store that a value of `--store` names, or what is wrong with the value. */
export function namedStore(value: string): NamedStore | Problem {
  if (value === 'memory') return MEMORY
  if (value.startsWith('memory:')) return { problem: 'must be memory alone' }
  return lastingStore(value) ?? { problem: `must be one of memory, ${LASTING_FORMS}` }
}

/** The store that a value of `--store` names. @throws {Failure} if it names none. */
export function requireStore(value: string): NamedStore {
  return required(namedStore(value))
}

/** The store that a value of `--store` names, which must last longer than the process. @throws {Failure} if it names none. */
export function requireLastingStore(value: string): LastingStore {
  return required(lastingStore(value) ?? { problem: `must be one of ${LASTING_FORMS}` })
}

function required<T extends object>(store: T | Problem): T {
  if ('problem' in store) throw new Failure(`--store: ${store.problem}`)
  return store
}

/** `undefined` if the value begins as no such store does. */
function lastingStore(value: string): LastingStore | Problem | undefined {
  switch (value.split(':', 1)[0]) {
    case 'sqlite':
      return sqliteStore(value.slice('sqlite:'.length))
    case 'etcd':
    case 'etcd+http':
      return etcdStore(value)
    case 'postgres':
    case 'postgresql':
      return postgresStore(value)
    default:
      return undefined
  }
}

function sqliteStore(file: string): LastingStore | Problem {
  if (file === '') return { problem: 'must name a file after sqlite:' }
  return {
    shown: resolve(file),
    isShared: false,
    open: () => sqliteObjectStore({ file }),
    read: (work) => readSqliteStore(file, work),
    migrate: (isDryRun) => migrateSqliteStore(file, isDryRun),
  }
}

function etcdStore(value: string): LastingStore | Problem {
  const url = readEtcdUrl(value)
  if ('problem' in url) return url
  const { options, shown } = url
  return {
    shown,
    isShared: true,
    open: () => etcdObjectStore(options),
    read: (work) => readEtcdStore(options, work),
    // It has no schema.
    migrate: () => Promise.resolve(undefined),
  }
}

function postgresStore(value: string): LastingStore | Problem {
  const url = readPostgresUrl(value)
  if ('problem' in url) return url
  const { connectionString, listen, shown } = url
  return {
    shown,
    isShared: true,
    async open() {
      await migratePostgresStore({ connectionString })
      return postgresObjectStore({ connectionString, listen })
    },
    read: (work) => readPostgresStore({ connectionString }, work),
    async migrate(isDryRun) {
      const versions = await postgresStoreVersions({ connectionString })
      if (!isDryRun) await migratePostgresStore({ connectionString })
      return versions
    },
  }
}
