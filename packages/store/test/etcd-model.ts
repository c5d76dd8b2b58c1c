import type { EtcdFetch } from '../src/etcd/etcd-client.ts'

/*
 * An etcd in memory, behind its JSON gateway: what the store asks of it, and nothing else.
 *
 * Source: etcd `api/etcdserverpb/rpc.proto`, `server/storage/mvcc`, `server/etcdserver/apply`. Integers of 64 bits are strings in JSON, and what is zero is left out.
 */

export interface EtcdModel {
  readonly fetch: EtcdFetch
  /** The next transaction with a write is done, and its answer is lost. */
  loseAnswer(): void
  /** The next transaction with a write does not come before the one after it: it is on its way for long. */
  delayWrite(): void
  /** Deletes everything, as another client of the cluster may. */
  clear(): void
  /** Ends all watches, as an etcd that restarts does. */
  endWatches(): void
  /** All keys that are there now. */
  keys(): readonly string[]
  /** What happened so far, as requests: the path, and for transactions whether the comparison held. */
  readonly log: readonly string[]
}

type Fields = Readonly<Record<string, unknown>>

/** A key with its value at one revision; a deletion has version 0. */
interface Version {
  readonly key: string
  readonly value: string
  readonly create: number
  readonly mod: number
  readonly version: number
  readonly lease: string
}

interface Watch {
  readonly key: string
  readonly end: string | undefined
  readonly withPrevious: boolean
  readonly send: (message: object) => void
  readonly close: () => void
}

interface Change {
  readonly current: Version
  readonly previous: Version | undefined
}

class Refusal extends Error {
  readonly code: number
  constructor(code: number, message: string) {
    super(message)
    this.code = code
  }
}

const OUT_OF_RANGE = 11
const INVALID = 3
const NOT_FOUND = 5
/** Of a transaction: the default of `--max-txn-ops`. */
const MAX_OPERATIONS = 128

export function etcdModel(): EtcdModel {
  let revision = 1
  let compacted = 0
  /** Numbers of 64 bits, which JavaScript's do not hold. */
  let lastLease = 2n ** 62n
  const leases = new Set<string>()
  let isAnswerLost = false
  let isWriteDelayed = false
  const versions = new Map<string, Version[]>()
  /** All keys of {@link versions}, in the order of their bytes. */
  const known: string[] = []
  let history: (readonly Change[])[] = []
  const watches = new Set<Watch>()
  const log: string[] = []

  const header = (): object => ({ revision: String(revision) })

  const at = (key: string, wanted = revision): Version | undefined => {
    const found = versions.get(key)?.findLast(({ mod }) => mod <= wanted)
    return found?.version === 0 ? undefined : found
  }

  const inRange = (request: Fields): readonly string[] => {
    const key = bytes(request['key'])
    if (request['range_end'] === undefined) return versions.has(key) ? [key] : []
    return known.slice(indexOf(known, key), indexOf(known, bytes(request['range_end'])))
  }

  const range = (request: Fields): object => {
    const wanted = integer(request['revision']) || revision
    if (wanted < compacted)
      throw new Refusal(OUT_OF_RANGE, 'etcdserver: mvcc: required revision has been compacted')
    if (wanted > revision)
      throw new Refusal(OUT_OF_RANGE, 'etcdserver: mvcc: required revision is a future revision')
    const all = inRange(request).flatMap((key) => at(key, wanted) ?? [])
    const limit = integer(request['limit']) || all.length
    const isKeysOnly = request['keys_only'] === true
    return {
      header: header(),
      ...(all.length > 0 && {
        kvs: all.slice(0, limit).map((each) => shown(each, isKeysOnly)),
        count: String(all.length),
      }),
      ...(all.length > limit && { more: true }),
    }
  }

  const write = (next: Version, changes: Change[]): void => {
    const previous = at(next.key)
    const earlier = versions.get(next.key)
    if (earlier === undefined) {
      known.splice(indexOf(known, next.key), 0, next.key)
      versions.set(next.key, [next])
    } else earlier.push(next)
    changes.push({ current: next, previous })
  }

  const put = (request: Fields, changes: Change[], mod: number): object => {
    const key = bytes(request['key'])
    const lease = text(request['lease'])
    if (lease !== '' && !leases.has(lease))
      throw new Refusal(NOT_FOUND, 'etcdserver: requested lease not found')
    const before = at(key)
    const version = (before?.version ?? 0) + 1
    write({ key, value: text(request['value']), create: before?.create ?? mod, mod, version, lease }, changes)
    return { response_put: { header: header() } }
  }

  const deleteRange = (request: Fields, changes: Change[], mod: number): object => {
    const gone = inRange(request).flatMap((key) => at(key) ?? [])
    for (const { key } of gone) write({ key, value: '', create: 0, mod, version: 0, lease: '' }, changes)
    return {
      response_delete_range: {
        header: header(),
        ...(gone.length > 0 && { deleted: String(gone.length) }),
        ...(gone.length > 0 && request['prev_kv'] === true && { prev_kvs: gone.map((each) => shown(each)) }),
      },
    }
  }

  const holds = (comparison: Fields): boolean => {
    const found = at(bytes(comparison['key']))
    const { target } = comparison
    const [is, wanted] =
      target === 'VERSION'
        ? [found?.version ?? 0, integer(comparison['version'])]
        : target === 'CREATE'
          ? [found?.create ?? 0, integer(comparison['create_revision'])]
          : target === 'MOD'
            ? [found?.mod ?? 0, integer(comparison['mod_revision'])]
            : refuse(`compare ${String(target)}`)
    switch (comparison['result'] ?? 'EQUAL') {
      case 'EQUAL':
        return is === wanted
      case 'NOT_EQUAL':
        return is !== wanted
      default:
        return refuse(`compare ${String(comparison['result'])}`)
    }
  }

  const transaction = (request: Fields): object => {
    const isDone = list(request['compare']).every(holds)
    const operations = list(request[isDone ? 'success' : 'failure'])
    if (operations.length > MAX_OPERATIONS)
      throw new Refusal(INVALID, 'etcdserver: too many operations in txn request')
    const written = operations.flatMap((each) => {
      if (each['request_put'] !== undefined) return [bytes(fields(each['request_put'])['key'])]
      const deletion = each['request_delete_range']
      return deletion === undefined || fields(deletion)['range_end'] !== undefined
        ? []
        : [bytes(fields(deletion)['key'])]
    })
    if (new Set(written).size < written.length)
      throw new Refusal(INVALID, 'etcdserver: duplicate key given in txn request')
    const changes: Change[] = []
    const before = revision
    // Operations see those before them; a transaction that changes nothing has no revision.
    const responses = operations.map((each) => {
      const mod = before + 1
      const response =
        each['request_put'] !== undefined
          ? put(fields(each['request_put']), changes, mod)
          : each['request_delete_range'] !== undefined
            ? deleteRange(fields(each['request_delete_range']), changes, mod)
            : { response_range: range(fields(each['request_range'])) }
      if (changes.length > 0) revision = mod
      return response
    })
    if (changes.length > 0) {
      history.push(changes)
      for (const each of watches) tell(each, changes)
    }
    log.push(isDone ? 'kv/txn done' : 'kv/txn refused')
    return { header: header(), ...(isDone && { succeeded: true }), responses }
  }

  const compact = (wanted: number): object => {
    if (wanted <= compacted)
      throw new Refusal(OUT_OF_RANGE, 'etcdserver: mvcc: required revision has been compacted')
    if (wanted > revision)
      throw new Refusal(OUT_OF_RANGE, 'etcdserver: mvcc: required revision is a future revision')
    compacted = wanted
    // A watch may begin at the revision of the compaction.
    history = history.filter((changes) => modOf(changes) >= wanted)
    for (const [key, all] of versions) {
      const last = all.findLastIndex(({ mod }) => mod <= wanted)
      if (last > 0) versions.set(key, all.slice(last))
    }
    return { header: header() }
  }

  const tell = ({ key, end, withPrevious, send }: Watch, changes: readonly Change[]): void => {
    const events = changes
      .filter(({ current }) =>
        end === undefined ? current.key === key : current.key >= key && current.key < end,
      )
      .map(({ current, previous }) => ({
        ...(current.version === 0 && { type: 'DELETE' }),
        kv: shown(current),
        // A value that was compacted is not told of.
        ...(withPrevious &&
          previous !== undefined &&
          modOf(changes) > compacted && { prev_kv: shown(previous) }),
      }))
    if (events.length > 0) send({ result: { header: header(), events } })
  }

  const watch = (request: Fields, signal: AbortSignal): Response => {
    const stream = new ReadableStream<Uint8Array>({
      start(controller) {
        const send = (message: object): void =>
          controller.enqueue(new TextEncoder().encode(`${JSON.stringify(message)}\n`))
        const since = integer(request['start_revision']) || revision + 1
        const started: Watch = {
          key: bytes(request['key']),
          end: request['range_end'] === undefined ? undefined : bytes(request['range_end']),
          withPrevious: request['prev_kv'] === true,
          send,
          close: () => {
            if (watches.delete(started)) controller.close()
          },
        }
        send({ result: { header: header(), created: true } })
        if (since < compacted) {
          send({ result: { header: header(), canceled: true, compact_revision: String(compacted) } })
          controller.close()
          return
        }
        for (const changes of history) if (modOf(changes) >= since) tell(started, changes)
        watches.add(started)
        signal.addEventListener('abort', () => {
          if (watches.delete(started)) controller.error(signal.reason)
        })
      },
    })
    return new Response(stream)
  }

  const answer = (path: string, request: Fields): object => {
    switch (path) {
      case 'kv/range':
        return range(request)
      case 'kv/txn':
        return transaction(request)
      case 'kv/compaction':
        return compact(integer(request['revision']))
      case 'lease/grant':
        leases.add(String(++lastLease))
        return { header: header(), ID: String(lastLease), TTL: request['TTL'] }
      default:
        return refuse(path)
    }
  }

  let delayed: Fields | undefined
  return {
    log,
    keys: () => known.filter((key) => at(key) !== undefined),
    loseAnswer: () => void (isAnswerLost = true),
    delayWrite: () => void (isWriteDelayed = true),
    clear() {
      transaction({ success: [{ request_delete_range: { key: 'AA==', range_end: '/w==' } }] })
    },
    endWatches() {
      for (const { close } of watches) close()
    },
    async fetch(url, { body, signal }) {
      await Promise.resolve()
      signal.throwIfAborted()
      const path = new URL(url).pathname.slice('/v3/'.length)
      const request = fields(JSON.parse(body))
      if (path === 'watch') return watch(fields(request['create_request']), signal)
      const isWrite = path === 'kv/txn' && isOfObject(request)
      if (isWrite && isWriteDelayed) {
        isWriteDelayed = false
        delayed = request
        throw new TypeError('fetch failed')
      }
      try {
        const given = answer(path, request)
        if (path === 'lease/grant' || delayed === undefined) {
          // Nothing is on its way.
        } else {
          const late = delayed
          delayed = undefined
          transaction(late)
        }
        if (isWrite && isAnswerLost) {
          isAnswerLost = false
          throw new TypeError('fetch failed')
        }
        return Response.json(given)
      } catch (thrown) {
        if (!(thrown instanceof Refusal)) throw thrown
        return Response.json({ code: thrown.code, message: thrown.message }, { status: 400 })
      }
    },
  }
}

/** A write of the store leaves its identifier in the state of the store first. */
function isOfObject(request: Fields): boolean {
  const [first] = list(request['success'])
  return first?.['request_put'] !== undefined && text(fields(first['request_put'])['value']) !== ''
}

function modOf([first]: readonly Change[]): number {
  return first?.current.mod ?? 0
}

/** Where a key is, or would be. */
function indexOf(keys: readonly string[], key: string): number {
  let [low, high] = [0, keys.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((keys[middle] ?? '') < key) low = middle + 1
    else high = middle
  }
  return low
}

function shown({ key, value, create, mod, version, lease }: Version, isKeysOnly = false): object {
  return {
    key: Buffer.from(key, 'latin1').toString('base64'),
    mod_revision: String(mod),
    ...(version > 0 && { create_revision: String(create), version: String(version) }),
    ...(value !== '' && !isKeysOnly && { value }),
    ...(lease !== '' && { lease }),
  }
}

/** One character for each byte. */
function bytes(base64: unknown): string {
  return Buffer.from(text(base64), 'base64').toString('latin1')
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

function integer(value: unknown): number {
  return Number(value ?? 0)
}

function fields(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? { ...value } : refuse(JSON.stringify(value))
}

function list(value: unknown): readonly Fields[] {
  return Array.isArray(value) ? value.map(fields) : []
}

function refuse(what: string): never {
  throw new Error(`the model of etcd does not know ${what}`)
}
