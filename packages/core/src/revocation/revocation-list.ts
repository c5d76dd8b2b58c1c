import { CREDENTIAL_ID_KEY } from '../authenticator/extra-keys.ts'
import { tell } from '../internal/tell.ts'
import { type Clock, systemClock } from '../internal/clock.ts'
import {
  aClock,
  aNonEmptyString,
  atLeast,
  checkOptions,
  type OptionsShape,
  refuseProblems,
} from '../internal/options/index.ts'
import {
  requireRevocation,
  type Revocation,
  type Subject,
  subjectsOf,
  subjectsOfCredential,
  tokenDigestsOf,
} from './revocation.ts'
import type { Revocations, UsedCredential } from './revocations.ts'

/** Options of {@link revocationList}. */
export interface RevocationListOptions {
  /**
   * How far the clocks of issuers may be ahead: with `issuedBeforeMs`, credentials of as much time after it are revoked too, and those that were issued in the future. Until then,
   * a new login of the user is refused. Default 10.
   */
  readonly clockSkewSeconds?: number
  /** Default: the runtime's clock. */
  readonly clock?: Clock
}

const shape: OptionsShape<RevocationListOptions> = { clockSkewSeconds: atLeast(0), clock: aClock }

/** Revocations in memory. */
export interface RevocationList extends Revocations {
  isRevoked(this: void, credential: UsedCredential): boolean
  watch(this: void, credential: UsedCredential, onRevoked: () => void): () => void
  /**
   * Adds a revocation, or replaces the one with this name. Open connections that it concerns end.
   *
   * @throws {ConfigurationError} if it is invalid; the message shows no value of it.
   */
  set(this: void, name: string, revocation: Revocation): void
  /** Takes a revocation back. Returns whether there was one. */
  delete(this: void, name: string): boolean
  /** The number of revocations, with those that have ended recently. */
  readonly size: number
}

/** A revocation of the list. */
interface Entry {
  readonly subject: Subject
  readonly issuedBeforeMs: number | undefined
  readonly expiresAtMs: number
}

/** A credential that is in use. */
interface Watcher {
  readonly credential: UsedCredential
  end(): void
}

/**
 * A list of revocations in memory, for `unlessRevoked` and the option `revocations`. It decides at once, whatever its size; only if it has digests of
 * tokens, the digest of a request's token is computed. Revocations that have ended are forgotten.
 *
 * It knows nothing of other processes. `revocations({ store })` of `@kube-authn/server` is one for several replicas.
 *
 * @throws {ConfigurationError} if an option is invalid.
 * @example
 * const revoked = revocationList()
 * revoked.set('jane-logged-out', { user: 'jane', issuedBeforeMs: Date.now(), expiresAtMs: Date.now() + 3_600_000 })
 */
export function revocationList(options: RevocationListOptions = {}): RevocationList {
  checkOptions(shape, options)
  const { clock = systemClock, clockSkewSeconds = 10 } = options
  const clockSkewMs = clockSkewSeconds * 1000
  const named = new Map<string, Entry>()
  const entries = new BySubject<Entry>()
  const watchers = new BySubject<Watcher>()
  let sweepAt = FIRST_SWEEP

  const remove = (name: string): boolean => {
    const entry = named.get(name)
    if (entry === undefined) return false
    entries.delete(entry.subject, entry)
    return named.delete(name)
  }

  /** Whenever the list has doubled: as much work as it took to add that many. */
  const sweep = (): void => {
    const nowMs = clock.now()
    for (const [name, { expiresAtMs }] of named) if (expiresAtMs <= nowMs) remove(name)
    sweepAt = Math.max(FIRST_SWEEP, 2 * named.size)
  }

  const { concerns, isRevoked } = matcher(entries, clock, clockSkewMs)

  return {
    isRevoked,

    watch(credential, onRevoked) {
      const subjects = subjectsOfCredential(credential)
      const stop = (): void => {
        for (const subject of subjects) watchers.delete(subject, watcher)
      }
      const watcher: Watcher = {
        credential,
        end() {
          stop()
          tell(onRevoked, undefined)
        },
      }
      for (const subject of subjects) watchers.add(subject, watcher)
      if (isRevoked(credential)) watcher.end()
      return stop
    },

    set(name, revocation) {
      refuseProblems(aNonEmptyString(name, 'name'))
      requireRevocation(revocation)
      const { issuedBeforeMs, expiresAtMs = Infinity } = revocation
      const before = issuedBeforeMs === undefined ? undefined : issuedBeforeMs + clockSkewMs
      remove(name)
      for (const subject of subjectsOf(revocation)) {
        const entry = { subject, issuedBeforeMs: before, expiresAtMs }
        named.set(name, entry)
        entries.add(subject, entry)
        for (const watcher of watchers.all(subject)) {
          if (concerns(entry, watcher.credential)) watcher.end()
        }
      }
      if (named.size >= sweepAt) sweep()
    },

    delete: remove,

    get size() {
      return named.size
    },
  }
}

const NO_VALUES: readonly string[] = []
const FIRST_SWEEP = 1024

function matcher(entries: BySubject<Entry>, clock: Clock, clockSkewMs: number) {
  /** What is not known to be later is not later, and a time that is yet to come says nothing. `Infinity` is no time. */
  const isLater = (issuedAtMs: number, beforeMs: number): boolean =>
    issuedAtMs >= beforeMs && (issuedAtMs === Infinity || issuedAtMs <= clock.now() + clockSkewMs)

  /** Whether this entry, which is of a subject of the credential, revokes it. */
  const concerns = ({ issuedBeforeMs, expiresAtMs }: Entry, { issuedAtMs = NaN }: UsedCredential): boolean =>
    (issuedBeforeMs === undefined || !isLater(issuedAtMs, issuedBeforeMs)) && expiresAtMs > clock.now()

  const anyConcerns = (some: Entry | Set<Entry> | undefined, credential: UsedCredential): boolean => {
    if (some === undefined) return false
    if (!(some instanceof Set)) return concerns(some, credential)
    for (const entry of some) if (concerns(entry, credential)) return true
    return false
  }

  const isRevoked = (credential: UsedCredential): boolean => {
    const { username, extra } = credential.user
    if (anyConcerns(entries.user.get(username), credential)) return true
    if (entries.credentialId.size > 0) {
      for (const id of extra[CREDENTIAL_ID_KEY] ?? NO_VALUES) {
        if (anyConcerns(entries.credentialId.get(id), credential)) return true
      }
      const { certificateId } = credential
      if (certificateId !== undefined && anyConcerns(entries.credentialId.get(certificateId), credential))
        return true
    }
    if (entries.attribute.size > 0) {
      for (const [key, byValue] of entries.attribute) {
        for (const value of extra[key] ?? NO_VALUES) {
          if (anyConcerns(byValue.get(value), credential)) return true
        }
      }
    }
    // Last, since the digests are computed for it.
    if (entries.tokenSha256.size === 0) return false
    return tokenDigestsOf(credential).some((digest) =>
      anyConcerns(entries.tokenSha256.get(digest), credential),
    )
  }

  return { concerns, isRevoked }
}

/** As a rule there is one thing for a subject: a set for each would take more memory than all the rest. */
type OneOrMore<T extends object> = T | Set<T>

/** Things by what a revocation is found by: any number for a subject. */
class BySubject<T extends object> {
  readonly user: Map<string, OneOrMore<T>> = new Map()
  readonly credentialId: Map<string, OneOrMore<T>> = new Map()
  readonly tokenSha256: Map<string, OneOrMore<T>> = new Map()
  /** By key and value. */
  readonly attribute: Map<string, Map<string, OneOrMore<T>>> = new Map()

  /** Those of a subject, in a list of their own. */
  all(subject: Subject): readonly T[] {
    const known = this.#mapOf(subject)?.get(subject.value)
    if (known === undefined) return []
    return known instanceof Set ? Array.from(known) : [known]
  }

  add(subject: Subject, thing: T): void {
    const map = this.#mapOf(subject) ?? new Map<string, OneOrMore<T>>()
    if (subject.kind === 'attribute') this.attribute.set(subject.key, map)
    const known = map.get(subject.value)
    if (known === undefined) map.set(subject.value, thing)
    else if (known instanceof Set) known.add(thing)
    else map.set(subject.value, new Set([known, thing]))
  }

  delete(subject: Subject, thing: T): void {
    const map = this.#mapOf(subject)
    const known = map?.get(subject.value)
    if (known instanceof Set) known.delete(thing)
    if (known === thing || (known instanceof Set && known.size === 0)) map?.delete(subject.value)
    if (subject.kind === 'attribute' && map?.size === 0) this.attribute.delete(subject.key)
  }

  #mapOf(subject: Subject): Map<string, OneOrMore<T>> | undefined {
    return subject.kind === 'attribute' ? this.attribute.get(subject.key) : this[subject.kind]
  }
}
