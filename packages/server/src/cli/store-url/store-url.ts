import { resolve } from 'node:path'
import { memoryObjectStore, type ObjectStore } from '@kube-authn/store'
import { etcdObjectStore, type EtcdObjectStoreOptions } from '@kube-authn/store/etcd'
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
import { readEtcdUrl } from './etcd-url.ts'
import { postgresUrlProblem, readPostgresUrl, shownPostgresUrl } from './postgres-url.ts'

/** A kind of store that `--store` can name. */
interface StoreScheme {
  /** How it is written, for messages. */
  readonly form: string
  /** Whether several processes can use it at the same time. */
  readonly isShared: boolean
  /** What is wrong with the value; `undefined` if nothing is. The message does not repeat the value, which may have a password. */
  problem(value: string): string | undefined
  /** Where the objects are, without passwords; `undefined` if in memory. */
  shown(value: string): string | undefined
  /** @throws {StoreError} if it cannot be opened. */
  open(value: string): Promise<ObjectStore>
  /** Absent if it ends with the process. */
  readonly lasting?: LastingScheme
}

/** What can be done with a store that lasts longer than a process, without opening it for a server. */
interface LastingScheme {
  /** Reads it, without changing an object. @throws {StoreError} if there is none, or it cannot be read. */
  read<T>(value: string, work: (snapshot: StoreSnapshot) => Promise<T>): Promise<T>
  /** @throws {StoreError} if it cannot be made or migrated. */
  migrate(value: string, isDryRun: boolean): Promise<Migration | undefined>
}

/** The versions of a schema. */
export interface Migration {
  /** 0 if there is no store yet. */
  readonly before: number
  readonly after: number
}

const memory: StoreScheme = {
  form: 'memory',
  isShared: false,
  problem: (value) => (value === 'memory' ? undefined : 'must be memory alone'),
  shown: () => undefined,
  open: () => Promise.resolve(memoryObjectStore()),
}

const sqlite: StoreScheme = {
  form: 'sqlite:FILE',
  isShared: false,
  problem: (value) => (fileOf(value) === '' ? 'must name a file after sqlite:' : undefined),
  shown: (value) => resolve(fileOf(value)),
  open: (value) => sqliteObjectStore({ file: fileOf(value) }),
  lasting: {
    read: (value, work) => readSqliteStore(fileOf(value), work),
    migrate: (value, isDryRun) => migrateSqliteStore(fileOf(value), isDryRun),
  },
}

const etcd: StoreScheme = {
  form: 'etcd://HOST:PORT',
  isShared: true,
  problem(value) {
    const read = readEtcdUrl(value)
    return 'problem' in read ? read.problem : undefined
  },
  shown(value) {
    const read = readEtcdUrl(value)
    return 'problem' in read ? undefined : read.shown
  },
  open: (value) => etcdObjectStore(etcdOptions(value)),
  lasting: {
    read: (value, work) => readEtcdStore(etcdOptions(value), work),
    // It has no schema.
    migrate: () => Promise.resolve(undefined),
  },
}

const postgres: StoreScheme = {
  form: 'postgres://USER@HOST:PORT/DATABASE',
  isShared: true,
  problem: postgresUrlProblem,
  shown: shownPostgresUrl,
  async open(value) {
    const { connectionString, listen } = readPostgresUrl(value)
    await migratePostgresStore({ connectionString })
    return postgresObjectStore({ connectionString, listen })
  },
  lasting: {
    read(value, work) {
      const { connectionString } = readPostgresUrl(value)
      return readPostgresStore({ connectionString }, work)
    },
    async migrate(value, isDryRun) {
      const { connectionString } = readPostgresUrl(value)
      const versions = await postgresStoreVersions({ connectionString })
      if (isDryRun) return versions
      await migratePostgresStore({ connectionString })
      return versions
    },
  },
}

function fileOf(value: string): string {
  return value.slice('sqlite:'.length)
}

function etcdOptions(value: string): EtcdObjectStoreOptions {
  const read = readEtcdUrl(value)
  if ('problem' in read) throw new TypeError(read.problem)
  return read.options
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
  return scheme === undefined ? `must be one of ${formsOf(() => true)}` : scheme.problem(value)
}

/** The same, if the store must last longer than the process. */
export function lastingStoreProblem(value: string): string | undefined {
  const scheme = schemeOf(value)
  const isLasting = (each: StoreScheme): boolean => each.lasting !== undefined
  return scheme === undefined || !isLasting(scheme)
    ? `must be one of ${formsOf(isLasting)}`
    : scheme.problem(value)
}

function formsOf(isMeant: (scheme: StoreScheme) => boolean): string {
  const schemes = [...new Set(SCHEMES.values())]
  return schemes
    .filter(isMeant)
    .map(({ form }) => form)
    .join(', ')
}

/** Whether several processes can use a store at the same time. */
export function isSharedStore(value: string): boolean {
  return schemeOf(value)?.isShared ?? false
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
  if (scheme === undefined) throw notAsked()
  return scheme.open(value)
}

/**
 * Reads all of a store that lasts, without changing an object.
 *
 * @throws {StoreError} if there is none, or it cannot be read.
 */
export function readStoreAt<T>(value: string, work: (snapshot: StoreSnapshot) => Promise<T>): Promise<T> {
  return lastingSchemeOf(value).read(value, work)
}

/**
 * Makes a store that lasts, or brings it to the version of this program.
 *
 * @param isDryRun only says what would be done.
 * @returns `undefined` for an engine without a schema.
 * @throws {StoreError} if it cannot be made or migrated.
 */
export function migrateStoreAt(value: string, isDryRun: boolean): Promise<Migration | undefined> {
  return lastingSchemeOf(value).migrate(value, isDryRun)
}

function lastingSchemeOf(value: string): LastingScheme {
  const lasting = schemeOf(value)?.lasting
  if (lasting === undefined) throw notAsked()
  return lasting
}

function notAsked(): TypeError {
  return new TypeError('the problems of the value were not asked for before')
}
