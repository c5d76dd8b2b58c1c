import { randomUUID } from 'node:crypto'
import { rmSync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Command } from 'commander'
import type { Clock } from '@kube-authn/core'
import { withoutControls } from '@kube-authn/internal/printable'
import { isStoreError, type ObjectStore } from '@kube-authn/store'
import { storeClock } from '@kube-authn/store/internal'
import { codeOf, Failure, failWith, storeFailureOf } from '../failure.ts'
import { requireLastingStore } from '../store-url/store-url.ts'
import { STDIN } from '../terminal/input.ts'
import { type Terminal, write } from '../terminal/terminal.ts'
import type { ExportedObject, ExportHeader } from './file/format.ts'
import { readExport } from './file/read-export.ts'

const AFTER = `
The whole file is checked before anything is written. From standard input it is first kept in a temporary file, which
has no name and is for its owner only. The store must be empty, unless you say what becomes of objects that exist; what
is in the store and not in the file stays. If an import ends in the middle, go on with --skip-existing.

Values stay as they are, with the uid and the time of creation of objects; those whose time is over are left out. The
resource versions are those of the new store, so that clients have to list again.

Examples:
  kube-authn store import --store sqlite:store.db backup.ndjson
  age -d backup.ndjson.age | kube-authn store import --store etcd://etcd-1:2379 -
  kube-authn store import --store postgres://auth@localhost/auth --skip-existing backup.ndjson

Exit codes:
  0  imported
  2  not imported, or only in part: the message says which`

export function declareStoreImport(command: Command, terminal: Terminal): void {
  command
    .summary('write the objects of an export into a store')
    .description('Writes the objects of an export into a store.')
    .argument('<file>', 'the export; - for standard input')
    .option('--overwrite', 'replace objects that exist and differ')
    .option('--skip-existing', 'leave objects that exist as they are')
    .addHelpText('after', AFTER)
    .action((file: string, options: StoreImportOptions) => importStore(file, options, terminal))
}

interface StoreImportOptions {
  readonly store: string
  readonly overwrite?: boolean
  readonly skipExisting?: boolean
}

/** Writes the objects of an export into a store. If only a part was written, the message of the failure says so. */
async function importStore(file: string, options: StoreImportOptions, terminal: Terminal): Promise<void> {
  const target = requireLastingStore(options.store)
  const onExisting = onExistingOf(options)
  const input = await openRereadable(terminal, file)
  try {
    const header = await checkedHeader(input)
    const store = await target.open()
    try {
      if (onExisting === 'refuse') await requireEmpty(store)
      const { objects } = await readExport(input.name, input.read())
      await write(terminal, `${summary(await writeAll(store, objects, header, onExisting), header)}\n`)
    } finally {
      await store.close()
    }
  } finally {
    await input.close()
  }
}

function onExistingOf({ overwrite = false, skipExisting = false }: StoreImportOptions): OnExisting {
  if (overwrite && skipExisting) throw new Failure('--overwrite: cannot be set together with --skip-existing')
  return overwrite ? 'overwrite' : skipExisting ? 'skip' : 'refuse'
}

async function checkedHeader(input: RereadableFile): Promise<ExportHeader> {
  const { header, objects } = await readExport(input.name, input.readFirst())
  const iterator = objects[Symbol.asyncIterator]()
  while ((await iterator.next()).done !== true);
  return header
}

async function requireEmpty(store: ObjectStore): Promise<void> {
  const { objects } = await store.list('', { limit: 1 })
  if (objects.length === 0) return
  throw new Failure(
    'the store is not empty: use --skip-existing to add to it, or --overwrite to replace what is there',
  )
}

async function writeAll(
  store: ObjectStore,
  objects: AsyncIterable<ExportedObject>,
  { count }: ExportHeader,
  onExisting: OnExisting,
): Promise<ImportCounts> {
  const counts = { written: 0, expired: 0, existing: 0 }
  try {
    await writeObjects(store, objects, onExisting, storeClock(store), counts)
    return counts
  } catch (error) {
    const why = error instanceof Failure ? error.message : (storeFailureOf(error) ?? 'an unexpected error')
    throw new Failure(
      `the import has stopped after ${counts.written} of ${count} objects: ${why}. What was written stays; go on with ${onExisting === 'overwrite' ? '--overwrite' : '--skip-existing'}`,
      { cause: error },
    )
  }
}

function summary({ written, expired, existing }: ImportCounts, { revision }: ExportHeader): string {
  return [
    `imported ${written} objects of revision ${revision}`,
    ...(existing > 0 ? [`${existing} existed and stayed`] : []),
    ...(expired > 0 ? [`${expired} had expired and were left out`] : []),
  ].join('; ')
}

/** What becomes of an object that exists. */
export type OnExisting = 'refuse' | 'skip' | 'overwrite'

/** What was done with objects: created or replaced, left out as their time is over, or left as they are. */
export type ImportCounts = Record<'written' | 'expired' | 'existing', number>

/** How many objects are written at a time: enough that they share the waits for the disk. */
const MOST_AT_A_TIME = 64
/** And how many characters of values. */
const MOST_LENGTH = 8_388_608
/** How often an object is tried that another process changes all the time. */
const TRIES = 10

/** Writes objects, several at a time, and counts them. @throws what the first one has thrown that failed, once no other is being written. */
export async function writeObjects(
  store: ObjectStore,
  objects: AsyncIterable<ExportedObject>,
  onExisting: OnExisting,
  clock: Clock,
  counts: ImportCounts,
): Promise<void> {
  const running = new Set<Promise<void>>()
  let length = 0
  let failure: { readonly error: unknown } | undefined

  const isFull = (): boolean => running.size >= MOST_AT_A_TIME || length >= MOST_LENGTH
  const begin = (object: ExportedObject): void => {
    length += object.value.length
    const work = putObject(store, object, onExisting, clock)
      .then(
        (outcome) => void counts[outcome]++,
        (error: unknown) => void (failure ??= { error }),
      )
      .finally(() => {
        length -= object.value.length
        running.delete(work)
      })
    running.add(work)
  }
  try {
    for await (const object of objects) {
      while (isFull()) await Promise.race(running)
      if (failure !== undefined) break
      begin(object)
    }
  } finally {
    await Promise.all(running)
  }
  if (failure !== undefined) throw failure.error
}

async function putObject(
  store: ObjectStore,
  { key, value, expiresAtMs }: ExportedObject,
  onExisting: OnExisting,
  clock: Clock,
): Promise<keyof ImportCounts> {
  for (let tries = 0; tries < TRIES; tries++) {
    if (expiresAtMs !== undefined && expiresAtMs <= clock.now()) return 'expired'
    const lifetime = expiresAtMs === undefined ? {} : { expiresAtMs }
    try {
      const existing = onExisting === 'overwrite' ? await store.get(key) : undefined
      if (existing === undefined) await store.create(key, value, lifetime)
      else if (existing.value === value && existing.expiresAtMs === expiresAtMs) return 'existing'
      else await store.update(key, value, existing.revision, lifetime)
      return 'written'
    } catch (error) {
      if (isStoreError(error, 'objectExists') && onExisting === 'skip') return 'existing'
      const isRaced = isStoreError(error, 'objectExists', 'objectNotFound', 'revisionConflict')
      if (!isRaced) throw error
      if (onExisting === 'refuse') break
    }
  }
  throw new Failure(`another process writes into the store: ${withoutControls(key)} has changed meanwhile`)
}

/** A file that can be read twice. */
interface RereadableFile {
  /** As messages name it. */
  readonly name: string
  /** The first time. What comes from a pipe is kept meanwhile. */
  readFirst(): AsyncIterable<Uint8Array>
  /** Once more, from the beginning. */
  read(): AsyncIterable<Uint8Array>
  close(): Promise<void>
}

/**
 * Opens a file, or standard input for `-`. What cannot be read twice, such as a pipe, is kept in a temporary file for its owner only, which has no name.
 *
 * @throws {Failure} if it cannot be read.
 */
async function openRereadable({ stdin }: Terminal, path: string): Promise<RereadableFile> {
  const name = path === STDIN ? 'standard input' : path
  if (path === STDIN) return spooled(name, stdin, () => Promise.resolve())
  const file = await open(path, 'r').catch(unread(name))
  const status = await file.stat()
  if (status.isFile()) {
    const read = (): AsyncIterable<Uint8Array> => readAll(name, file)
    return { name, readFirst: read, read, close: () => file.close() }
  }
  if (status.isDirectory()) {
    await file.close()
    throw new Failure(`${name}: is a folder`)
  }
  return spooled(name, file.createReadStream({ autoClose: false }), () => file.close())
}

async function spooled(
  name: string,
  source: AsyncIterable<Uint8Array>,
  closeSource: () => Promise<void>,
): Promise<RereadableFile> {
  const spool = await temporaryFile()
  return {
    name,
    async *readFirst() {
      try {
        for await (const chunk of source) {
          await spool.appendFile(chunk).catch(unspooled)
          yield chunk
        }
      } catch (error) {
        unread(name)(error)
      }
    },
    read: () => readAll(name, spool),
    async close() {
      await spool.close()
      await closeSource()
    },
  }
}

/** It loses its name at once, so that it is gone when the process ends, however that is. */
async function temporaryFile(): Promise<FileHandle> {
  const path = join(tmpdir(), `kube-authn-import-${randomUUID()}`)
  try {
    return await open(path, 'wx+', 0o600).catch(unspooled)
  } finally {
    rmSync(path, { force: true })
  }
}

const CHUNK = 262_144

async function* readAll(name: string, file: FileHandle): AsyncGenerator<Uint8Array, void> {
  for (let position = 0; ;) {
    const { bytesRead, buffer } = await file
      .read(new Uint8Array(CHUNK), 0, CHUNK, position)
      .catch(unread(name))
    if (bytesRead === 0) return
    position += bytesRead
    yield buffer.subarray(0, bytesRead)
  }
}

function unread(name: string): (error: unknown) => never {
  return failWith((error) => `${name}: cannot be read (${codeOf(error)})`)
}

const unspooled = failWith(
  (error) => `${tmpdir()}: cannot keep what is imported (${codeOf(error)}); set TMPDIR to another folder`,
)
