import { setTimeout as pause } from 'node:timers/promises'
import type { StoredList, StoredObject } from '@kube-authn/store'
import type { Asked, Operation, Outcome, Refusal, SeenList, SeenObject } from './operation.ts'
import type { Random } from '../../simulation/src/random.ts'
import type { Answer, Replica } from './replica.ts'

/** Records operations and lists in the order of their beginnings and ends. */
export interface Recorder {
  readonly operations: Operation[]
  readonly lists: SeenList[]
  /** The count of beginnings and ends so far. */
  now(): number
  /** The answers that were neither a result nor a refusal, by code. */
  readonly failures: Map<string, number>
}

/** Makes one. */
export function recorder(): Recorder {
  let count = 0
  return { operations: [], lists: [], failures: new Map(), now: () => ++count }
}

/** Options of {@link runClient}. */
export interface ClientOptions {
  readonly name: string
  readonly replica: Replica
  readonly random: Random
  readonly record: Recorder
  readonly signal: AbortSignal
  /** The keys in use now, all below one prefix. */
  readonly keys: () => { readonly prefix: string; readonly all: readonly string[] }
}

/** One operation after the other, on keys that other clients use too, until the signal aborts. */
export async function runClient(options: ClientOptions): Promise<void> {
  const { name, random, signal, keys, replica, record } = options
  /** What this client last saw of a key: it may have changed since. */
  const seen = new Map<string, SeenObject | undefined>()
  for (let index = 0; !signal.aborted; index++) {
    const { prefix, all } = keys()
    const key = random.pick(all)
    const value = `${name}-${index}`
    if (random.chance(0.1)) await listAll(replica, record, prefix)
    else {
      const asked = random.chance(0.4)
        ? { type: 'get' as const, key }
        : changeOf(key, value, seen.get(key), random)
      const outcome = await ask(replica, record, asked)
      if (outcome.type === 'ok') seen.set(key, outcome.object)
      else if (outcome.type === 'refused' && outcome.code === 'objectNotFound') seen.delete(key)
      else seen.set(key, undefined)
      if (outcome.type !== 'ok') {
        const again = await ask(replica, record, { type: 'get', key })
        if (again.type === 'ok') seen.set(key, again.object)
      }
      if (outcome.type === 'unknown') await pause(20)
    }
    await pause(random.below(12))
  }
}

/** A change that may succeed if the object is still as it was seen. */
function changeOf(key: string, value: string, object: SeenObject | undefined, random: Random): Asked {
  if (object === undefined || random.chance(0.05)) return { type: 'create', key, value }
  const { revision } = object
  return random.chance(0.2) ? { type: 'delete', key, revision } : { type: 'update', key, value, revision }
}

/** Does an operation and records it. */
export async function ask(replica: Replica, record: Recorder, asked: Asked): Promise<Outcome> {
  const begin = record.now()
  const answer = await callOf(replica, asked)
  const outcome = outcomeOf(asked, answer)
  if (outcome.type === 'unknown') {
    const code = answer.type === 'error' ? answer.code : 'lost'
    record.failures.set(code, (record.failures.get(code) ?? 0) + 1)
  }
  // A read without an answer says nothing.
  if (asked.type !== 'get' || outcome.type === 'ok')
    record.operations.push({ asked, outcome, begin, end: record.now() })
  return outcome
}

function callOf(replica: Replica, asked: Asked): Promise<Answer> {
  switch (asked.type) {
    case 'get':
      return replica.call('get', asked.key)
    case 'create':
      return replica.call('create', asked.key, asked.value)
    case 'update':
      return replica.call('update', asked.key, asked.value, asked.revision)
    case 'delete':
      return replica.call('delete', asked.key, { revision: asked.revision })
  }
}

const REFUSALS: readonly string[] = [
  'objectExists',
  'objectNotFound',
  'revisionConflict',
] satisfies readonly Refusal[]

function outcomeOf(asked: Asked, answer: Answer): Outcome {
  if (answer.type === 'lost') return { type: 'unknown' }
  if (answer.type === 'error')
    return isRefusal(answer.code) ? { type: 'refused', code: answer.code } : { type: 'unknown' }
  const { value } = answer
  if (value === undefined) return { type: 'ok', object: undefined, revision: 0 }
  if (isList(value)) throw new TypeError('a list was answered')
  const object = asked.type === 'delete' ? undefined : seenObject(value)
  return { type: 'ok', object, revision: value.revision }
}

function isRefusal(code: string): code is Refusal {
  return REFUSALS.includes(code)
}

/** Lists the objects below a prefix, and records it. */
export async function listAll(replica: Replica, record: Recorder, prefix: string): Promise<void> {
  const begin = record.now()
  const answer = await replica.call('list', prefix)
  if (answer.type !== 'value' || answer.value === undefined || !isList(answer.value)) return
  const { objects, revision } = answer.value
  const seen = objects.map((object) => ({ key: object.key, ...seenObject(object) }))
  record.lists.push({ prefix, objects: seen, revision, begin, end: record.now() })
}

function isList(value: StoredObject | StoredList): value is StoredList {
  return 'objects' in value
}

function seenObject({ value, revision, createdRevision }: StoredObject): SeenObject {
  return { value, revision, createdRevision }
}
