import { memberOf } from '@kube-authn/core/internal'
import { StoreError } from '../store-error.ts'

/**
 * What a failure of a call to etcd means for what was asked.
 *
 * - `refused`: etcd has answered, and nothing has changed.
 * - `unreached`: nothing was sent; another member may be asked.
 * - `unknown`: it may have been done, or may still be.
 */
export type EtcdOutcome = 'refused' | 'unreached' | 'unknown'

/** Why etcd refused something, as far as the store acts on it. */
export type EtcdReason = 'compacted' | 'future' | 'token' | 'space' | 'other'

/** A call to etcd failed. The message contains no key and no value. */
export class EtcdFailure extends Error {
  override readonly name = 'EtcdFailure'
  readonly outcome: EtcdOutcome
  readonly reason: EtcdReason

  constructor(outcome: EtcdOutcome, message: string, cause?: unknown, reason: EtcdReason = 'other') {
    super(message, cause === undefined ? {} : { cause })
    this.outcome = outcome
    this.reason = reason
  }
}

/** Codes of gRPC. Source: grpc `doc/statuscodes.md`. */
const RESOURCE_EXHAUSTED = 8
const NOT_REACHED: ReadonlySet<unknown> = new Set([
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'UND_ERR_CONNECT_TIMEOUT',
])
/** Node found the certificate of the server wrong, so that nothing was sent. */
const REFUSED_CERTIFICATE = /^(?:CERT_|ERR_TLS_CERT|UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO|KUBE_AUTHN_MISSING_SAN)/
/** gRPC codes with which etcd may have written nevertheless: cancelled, unknown, deadline exceeded, aborted, internal, unavailable, data loss. */
const UNCERTAIN: ReadonlySet<unknown> = new Set([1, 2, 4, 10, 13, 14, 15])

/** The failure that an answer of the gateway means, which is not 200. Source: etcd `api/v3rpc/rpctypes/error.go`. */
export function refusal(status: number, reply: unknown): EtcdFailure {
  const code = memberOf(reply, 'code')
  const message = memberOf(reply, 'message')
  if (typeof message !== 'string') {
    return new EtcdFailure('unknown', `the answer of etcd has the status ${status}`)
  }
  const outcome = UNCERTAIN.has(code) ? 'unknown' : 'refused'
  return new EtcdFailure(outcome, shortened(message), undefined, reasonOf(code, message))
}

function reasonOf(code: unknown, message: string): EtcdReason {
  if (message.endsWith('required revision has been compacted')) return 'compacted'
  if (message.endsWith('required revision is a future revision')) return 'future'
  if (message.endsWith('database space exceeded')) return 'space'
  const isToken = message.includes('invalid auth token') || message.includes('revision of auth store is old')
  return isToken && code !== RESOURCE_EXHAUSTED ? 'token' : 'other'
}

/** The failure that an error of `fetch` means. */
export function unanswered(thrown: unknown, where: string): EtcdFailure {
  if (thrown instanceof EtcdFailure) return thrown
  const causes = causesOf(thrown)
  const codes = causes.map((each) => memberOf(each, 'code'))
  const isUnreached = codes.some(
    (code) => NOT_REACHED.has(code) || (typeof code === 'string' && REFUSED_CERTIFICATE.test(code)),
  )
  const last = causes.at(-1)
  const why = last instanceof Error ? last.message : 'no answer'
  return new EtcdFailure(isUnreached ? 'unreached' : 'unknown', `${where}: ${shortened(why)}`, thrown)
}

function causesOf(thrown: unknown): readonly unknown[] {
  const causes: unknown[] = []
  for (let each = thrown; each !== undefined && each !== null && causes.length < MOST_CAUSES;) {
    causes.push(each)
    const errors = memberOf(each, 'errors')
    each = memberOf(each, 'cause') ?? (Array.isArray(errors) ? (errors as readonly unknown[])[0] : undefined)
  }
  return causes
}

const MOST_CAUSES = 8
const LONGEST_MESSAGE = 200

function shortened(message: string): string {
  return message.length > LONGEST_MESSAGE ? `${message.slice(0, LONGEST_MESSAGE)}…` : message
}

/** What a failure of a call means to who uses the store. */
export function storeFailure(thrown: unknown): unknown {
  if (!(thrown instanceof EtcdFailure)) return thrown
  switch (thrown.reason) {
    case 'compacted':
      return new StoreError('revisionCompacted', 'changes since that revision were forgotten', thrown)
    case 'future':
      return new StoreError('revisionUnknown', 'etcd has not reached that revision', thrown)
    default:
      return new StoreError('storeUnavailable', `etcd cannot be used: ${thrown.message}`, thrown)
  }
}
