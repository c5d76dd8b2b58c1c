import type { HttpAnswer } from '@kube-authn/core/adapter'
import { objectAnswer } from '@kube-authn/api/internal'
import type { KubeObject } from '../registry/kube-object.ts'
import { listedObject, type ListedObject } from '../registry/list-objects.ts'
import { turns } from '@kube-authn/store/internal'

export interface ListContent {
  /** Everything but the objects. */
  readonly head: object
  /** The name of the member with the objects. */
  readonly member: 'items' | 'rows'
  readonly objects: readonly ListedObject[]
  /** The JSON of one object in it. */
  readonly shown: (object: KubeObject) => object
}

/** How many objects are made JSON before the event loop goes on. */
const PER_PIECE = 500
/** The same in characters, for large objects: that of one object may be more. */
const PIECE_LENGTH = 262_144

/**
 * Answers with a list. A long one is a stream, made in pieces of which each is a turn of the event loop, at the pace of the client: other requests are answered
 * meanwhile, and the whole JSON is never in memory.
 *
 * Source: KEP-5116, which streams lists in kube-apiserver.
 */
export function listAnswer({ head, member, objects, shown }: ListContent): HttpAnswer | Response {
  const show = (listed: ListedObject): object => shown(listedObject(listed))
  if (isShort(objects)) return objectAnswer(200, { ...head, [member]: objects.map(show) })
  const pieces = piecesOf(`${JSON.stringify(head).slice(0, -1)},"${member}":[`, objects, show)
  const steps = turns(1)
  const body = new ReadableStream<Uint8Array>({
    pull: (controller) =>
      new Promise((resolve, reject) => {
        steps.run(() => {
          try {
            const { done = false, value } = pieces.next()
            if (done) controller.close()
            else controller.enqueue(UTF8.encode(value))
            resolve()
          } catch (error) {
            reject(error)
          }
        })
      }),
  })
  return new Response(body, {
    headers: { 'content-type': 'application/json', 'cache-control': 'no-cache, private' },
  })
}

/** An object in a list of its kind, which says for all of them what they are: clients must not rely on the kind of an item. */
export function listItem({ kind: _kind, apiVersion: _version, ...fields }: KubeObject): object {
  return fields
}

function isShort(objects: readonly ListedObject[]): boolean {
  if (objects.length > PER_PIECE) return false
  return objects.reduce((length, { stored }) => length + stored.value.length, 0) <= PIECE_LENGTH
}

/** @throws {StoreError} if one of them is not an object: the answer ends incomplete then. */
function* piecesOf(
  start: string,
  objects: readonly ListedObject[],
  show: (listed: ListedObject) => object,
): Generator<string, undefined> {
  let piece = start
  let count = 0
  for (const [index, listed] of objects.entries()) {
    piece += `${index === 0 ? '' : ','}${JSON.stringify(show(listed))}`
    count++
    if (count === PER_PIECE || piece.length >= PIECE_LENGTH) {
      yield piece
      piece = ''
      count = 0
    }
  }
  yield `${piece}]}`
}

const UTF8 = new TextEncoder()
