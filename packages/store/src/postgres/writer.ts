import type { DeletePrecondition, StoreChange } from '../object-store.ts'
import { failureOfWrite, isRefusal, refusal, StoreError, type FailedWriteOutcome } from '../store-error.ts'
import { type Deferred, deferred } from '../local/deferred.ts'
import type { StoreState } from '../revisions.ts'
import type { Database, PostgresStoreOptions, Row } from './database.ts'
import { PostgresFailure } from './failure.ts'
import { quotedIdentifier } from './schema.ts'
import { changeIn, dueIn, type NextExpiry, numberIn, stringIn } from './rows.ts'

/** A change that is asked for. */
export interface Operation extends DeletePrecondition {
  readonly type: StoreChange['type']
  readonly key: string
  readonly value?: string
  readonly ttlMs?: number
}

export interface Written extends StoreState, NextExpiry {
  /** In order, without a gap: also of objects that expired. The last one is that of `revision`. */
  readonly changes: readonly StoreChange[]
  /** The characters of all remembered changes. */
  readonly historyLength: number
}

/** Writes one group after the other. */
export interface Writer {
  write(operation: Operation): Promise<StoreChange>
  /** Deletes what has expired. @returns how many objects that were. */
  expire(): Promise<number>
  /** Resolves when what was asked for has ended. */
  idle(): Promise<void>
}

export interface WriterOptions extends Pick<PostgresStoreOptions, 'schema' | 'now' | 'waitMs'> {
  readonly database: Pick<Database, 'query'>
  /** Called before the promises of the group resolve. */
  readonly onWritten: (written: Written) => void
  /** Called after each group. The next one waits for it. */
  readonly between: () => Promise<void>
}

const UNANSWERED = 'the function that writes in PostgreSQL is not that of kube-authn'
const GROUP = 256
/** A group ends when its values have this many characters together. */
const GROUP_LENGTH = 4_194_304
/** How many expired objects one statement deletes. */
const EXPIRED = 500

interface Waiting {
  readonly operation: Operation
  readonly promise: Deferred<StoreChange>
}

/** While a group is written, what is asked for meanwhile gathers for the next one: they share a round trip and a wait for the disk. */
export function writer({ database, schema, now, waitMs, onWritten, between }: WriterOptions): Writer {
  const sql = `SELECT * FROM ${quotedIdentifier(schema)}.write($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`
  let waiting: Waiting[] = []
  let running: Promise<void> | undefined

  const call = async (operations: readonly Operation[]): Promise<readonly Row[]> => {
    const column = (of: (operation: Operation) => unknown): readonly unknown[] =>
      operations.map((operation) => of(operation) ?? null)
    return database.query(sql, [
      column(({ type }) => type),
      column(({ key }) => key),
      column(({ value }) => value),
      column(({ revision }) => comparable(revision)),
      column(({ createdRevision }) => comparable(createdRevision)),
      column(({ ttlMs }) => ttlMs),
      column(({ fence }) => fence?.key),
      column(({ fence }) => comparable(fence?.createdRevision)),
      now(),
      EXPIRED,
      waitMs,
    ])
  }

  const writeGroup = async (group: readonly Waiting[]): Promise<void> => {
    try {
      const operations = group.map(({ operation }) => operation)
      const rows = await call(operations)
      const answers = rows
        .filter((row) => typeof row['o_position'] === 'number' && row['o_position'] > 0)
        .map((row) => outcomeOf(row, operations))
      onWritten(writtenOf(rows, operations))
      for (const [index, { promise }] of group.entries()) {
        const answer = answers[index]
        if (answer === undefined) promise.reject(new StoreError('storeCorrupted', UNANSWERED))
        else if (answer instanceof StoreError) promise.reject(answer)
        else promise.resolve(answer)
      }
    } catch (thrown) {
      for (const { promise } of group) promise.reject(failureOfWrite(thrown, outcomeOfFailure(thrown)))
      // What waited meanwhile has waited long enough.
      for (const { promise } of waiting.splice(0)) promise.reject(failureOfWrite(thrown, 'notWritten'))
    }
  }

  const run = async (): Promise<void> => {
    // What is asked for in the same turn is of the first group.
    await Promise.resolve()
    while (waiting.length > 0) {
      const size = sizeOfGroup(waiting)
      const group = waiting.slice(0, size)
      waiting = waiting.slice(size)
      await writeGroup(group)
      await between()
    }
    running = undefined
  }

  return {
    write(operation) {
      const promise = deferred<StoreChange>()
      waiting.push({ operation, promise })
      running ??= run()
      return promise.promise
    },
    async expire() {
      let count = 0
      for (let isMore = true; isMore;) {
        const written = writtenOf(await call([]), [])
        onWritten(written)
        count += written.changes.length
        isMore = written.changes.length === EXPIRED
      }
      return count
    },
    idle: async () => running,
  }
}

/** No revision is below 0, so that what is none never matches. */
function comparable(revision: number | undefined): number | undefined {
  return revision === undefined || Number.isSafeInteger(revision) ? revision : -1
}

function sizeOfGroup(waiting: readonly Waiting[]): number {
  let length = 0
  for (const [index, { operation }] of waiting.entries()) {
    if (index === GROUP || length >= GROUP_LENGTH) return index
    length += operation.value?.length ?? 0
  }
  return waiting.length
}

/** What there was no connection for was not sent. What PostgreSQL refuses by its SQLSTATE was rolled back, unless the server stops: it may do so after it has committed. */
const NOT_WRITTEN =
  /^(?:ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|57P03|(?!08|40003|57P|58|XX|E)[\dA-Z]{5})$/

function outcomeOfFailure(thrown: unknown): FailedWriteOutcome {
  const state = thrown instanceof PostgresFailure ? thrown.state : undefined
  return state !== undefined && NOT_WRITTEN.test(state) ? 'notWritten' : 'unknown'
}

function outcomeOf(row: Row, operations: readonly Operation[]): StoreChange | StoreError {
  const { o_outcome: type, o_key: key, o_revision: revision, o_created: created } = row
  if (isRefusal(type)) return refusal(type)
  const { o_expires: expires, o_previous: previous } = row
  const value = operations[numberIn(row, 'o_position') - 1]?.value ?? row['o_value']
  return changeIn({ type, key, value, revision, created, expires, previous })
}

function writtenOf(rows: readonly Row[], operations: readonly Operation[]): Written {
  const state: unknown = JSON.parse(stringIn(rows.at(-1) ?? {}, 'o_value'))
  const read = (typeof state === 'object' && state !== null ? { ...state } : {}) satisfies Row
  return {
    changes: rows.slice(0, -1).flatMap((row) => {
      const outcome = outcomeOf(row, operations)
      return outcome instanceof StoreError ? [] : [outcome]
    }),
    revision: numberIn(read, 'revision'),
    compactedRevision: numberIn(read, 'compacted'),
    historyLength: numberIn(read, 'length'),
    ...dueIn(read),
  }
}
