import { isStatusError } from '@kube-authn/core/internal'
import type { KubeObject } from '@kube-authn/server/internal'
import type { StoreChange } from '@kube-authn/store'
import type { World } from './world.ts'

/** A write that a client asked for. Every object that is written says by whom, as `op`. */
export interface Write {
  readonly id: string
  readonly verb: 'create' | 'update' | 'patch' | 'delete'
  /** Of an object whose name the server makes it is only the beginning, with a slash at its end. */
  readonly key: string
  readonly beganAt: number
  /** The version and the object that it is meant for; any, if there is none. */
  readonly revision?: number | undefined
  readonly uid?: string | undefined
  /** When an object that is created ends by itself. */
  readonly endsMs?: number | undefined
}

/** A refusal: what a client was told is wrong with its request. */
export interface Refusal {
  readonly status: number
  readonly reason: string
}

/** Whether what a refusal says was so at some moment of its request. */
export type Truth = (refusal: Refusal) => boolean

/** What a client was told; `undefined` if it is that the server cannot do it now. */
export function refusalOf(error: unknown): Refusal | undefined {
  if (!isStatusError(error)) return { status: 0, reason: String(error) }
  return error.status === 503 ? undefined : { status: error.status, reason: error.body.reason ?? '' }
}

/** Below this prefix are the namespaces. */
export const NAMESPACES = '/registry/namespaces/'
/** How wrong the time of the store may be in a replica. */
const CLOCK_MS = 1000
/** What a request that was refused can be told. */
export function truthOf(world: World, write: Omit<Write, 'id'>): Truth {
  const { seen, time } = world
  const { key, verb, revision, uid, beganAt, endsMs = Infinity } = write
  const some = (holds: (at: number) => boolean): boolean => {
    for (let at = beganAt; at <= seen.revision; at++) if (holds(at)) return true
    return false
  }
  const ends = (at: number): boolean => isNamespaceEnding(seen, key, at)
  const differs = (at: number): boolean => {
    const found = seen.at(key, at)
    return (
      found !== undefined &&
      (revision !== undefined || uid !== undefined) &&
      !(
        (revision ?? found.revision) === found.revision &&
        (uid ?? metadataOf(found).uid) === metadataOf(found).uid
      )
    )
  }
  /** What is over is not there, even if it cannot be deleted yet. */
  const isAbsent = (at: number): boolean =>
    (seen.at(key, at)?.expiresAtMs ?? Infinity) <= time.nowMs || seen.at(key, at) === undefined
  return ({ status, reason }) => {
    const isCreation = verb === 'create'
    if (status === 404) return some((at) => (isCreation ? ends(at) : isAbsent(at)))
    if (status === 403) return isCreation && some(ends)
    // What is over already, by the time of a replica, revokes nothing.
    if (status === 422) return endsMs <= time.nowMs + CLOCK_MS
    if (status !== 409) return false
    if (reason === 'AlreadyExists') return isCreation && some((at) => seen.at(key, at) !== undefined)
    return some(differs)
  }
}

/** Whether an object is in a namespace that is being deleted, or is not there. */
export function isNamespaceEnding(seen: World['seen'], key: string, revision: number): boolean {
  const name = /^\/registry\/(?:configmaps|serviceaccounts)\/([^/]+)\//.exec(key)?.[1]
  if (name === undefined) return false
  const namespace = seen.at(NAMESPACES + name, revision)
  return namespace === undefined || metadataOf(namespace).deletionTimestamp !== undefined
}

/** The object that a change wrote or deleted. */
export function objectIn({ value, revision }: Pick<StoreChange, 'value' | 'revision'>): KubeObject {
  const object = JSON.parse(value) as KubeObject
  return { ...object, metadata: { ...object.metadata, resourceVersion: String(revision) } }
}

/** Its metadata. */
export function metadataOf(change: StoreChange): KubeObject['metadata'] {
  return objectIn(change).metadata
}

/** Which write an object is of. */
export function markOf(change: StoreChange): string {
  const { data, spec, metadata } = JSON.parse(change.value) as {
    readonly data?: { readonly op?: string }
    readonly spec?: { readonly reason?: string }
    readonly metadata: { readonly annotations?: { readonly op?: string } }
  }
  return data?.op ?? spec?.reason ?? metadata.annotations?.op ?? ''
}
