import type { Awaitable } from '../../internal/awaitable.ts'
import type { Clock } from '../../internal/clock.ts'
import { type AuthenticationError, isAuthenticationError } from '../../authenticator/errors.ts'
import { entriesOf, RecentMap } from '../../internal/recent-map.ts'
import {
  type Certificate,
  type CertificateChain,
  type CertificatePool,
  verifyCertificateChain,
  CertificateError,
} from '@kube-authn/x509'
import { chainDigest, type PresentedChain, readPresentedChain } from './presented-chain.ts'

/** Options of {@link chainVerifier}. */
export interface ChainVerifierOptions<T> {
  readonly clock: Clock
  readonly keyUsages: readonly string[]
  /** The result for a valid chain. May throw an {@link AuthenticationError}. */
  readonly accept: (chain: CertificateChain) => T
  /** The error for a leaf without a valid chain. */
  readonly refuse: (leaf: Certificate, error: CertificateError) => AuthenticationError
}

/**
 * Verifies the certificates that a client presented against the current pool.
 *
 * @param onLeaf called with the end of the validity of the leaf, before the verdict.
 * @throws {AuthenticationError} synchronously if the verdict is already known.
 */
export type ChainVerifier<T> = (
  presented: readonly Uint8Array[],
  pool: CertificatePool,
  onLeaf?: (notAfterMs: number) => void,
) => Awaitable<T>

/** Accepted and refused chains are limited separately, so that refused ones cannot evict accepted ones. */
const MAX_VERDICTS = 4096
/** Limits how outdated the time in an error message can be. */
const MAX_REFUSAL_AGE_MS = 60_000

/**
 * Verifies chains and caches the verdicts, since chains recur with every request of a connection. A verdict holds for one pool, and only
 * until a certificate it depends on becomes valid or expires. Concurrent verifications of the same chain are shared.
 */
export function chainVerifier<T>(options: ChainVerifierOptions<T>): ChainVerifier<T> {
  let verdicts: Verdicts<T> | undefined

  return function verifyPresented(presented, pool, onLeaf) {
    if (verdicts?.pool !== pool) verdicts = new Verdicts<T>(pool)
    const { ofConnections, underWay } = verdicts
    const nowMs = options.clock.now()
    const last = ofConnections.get(presented)
    if (last !== undefined && holdsAt(last, nowMs)) {
      onLeaf?.(last.leafNotAfterMs)
      return answer(last)
    }
    const key = chainDigest(presented)
    const known = verdicts.get(key)
    if (known !== undefined && holdsAt(known, nowMs)) {
      // A frozen list belongs to one connection and is the same for all of its requests.
      if (Object.isFrozen(presented)) ofConnections.set(presented, known)
      onLeaf?.(known.leafNotAfterMs)
      return answer(known)
    }
    let verification = underWay.get(key)
    if (verification === undefined) {
      const chain = readPresentedChain(presented)
      verification = { leafNotAfterMs: chain.leaf.notAfterMs, verdict: decide(chain, pool, nowMs, options) }
      underWay.set(key, verification)
      // The verdicts of this pool, even if another one is current by then.
      const ofPool = verdicts
      const length = presented.reduce((sum, der) => sum + der.length, 0)
      void verification.verdict.then(
        (verdict) => {
          underWay.delete(key)
          ofPool.remember(key, verdict, length)
        },
        () => underWay.delete(key),
      )
    }
    onLeaf?.(verification.leafNotAfterMs)
    return verification.verdict.then(answer)
  }
}

/** The verdicts under one pool. */
class Verdicts<T> {
  readonly pool: CertificatePool
  /** Looked up without a digest. Verdicts do not refer to certificates, so entries are collected with their connection. */
  readonly ofConnections = new WeakMap<readonly Uint8Array[], Verdict<T>>()
  readonly underWay = new Map<
    string,
    { readonly leafNotAfterMs: number; readonly verdict: Promise<Verdict<T>> }
  >()
  readonly #accepted = new RecentMap<Verdict<T>>(MAX_VERDICTS)
  readonly #refused = new RecentMap<Verdict<T>>(MAX_VERDICTS)

  constructor(pool: CertificatePool) {
    this.pool = pool
  }

  get(key: string): Verdict<T> | undefined {
    return this.#accepted.get(key) ?? this.#refused.get(key)
  }

  /** @param length how many bytes the chain has: its user may have a name and groups of as many. */
  remember(key: string, verdict: Verdict<T>, length: number): void {
    this.#accepted.delete(key)
    const verdicts = 'error' in verdict ? this.#refused : this.#accepted
    verdicts.set(key, verdict, entriesOf(length))
  }
}

/** A result and the period in which it stays the same. Holds no certificate. */
type Verdict<T> = Window & { readonly leafNotAfterMs: number } & (
    | { readonly value: T }
    | { readonly error: AuthenticationError }
  )

/** Includes both ends. */
interface Window {
  readonly fromMs: number
  readonly untilMs: number
}

function holdsAt({ fromMs, untilMs }: Window, nowMs: number): boolean {
  return fromMs <= nowMs && nowMs <= untilMs
}

function answer<T>(verdict: Verdict<T>): T {
  if ('error' in verdict) throw verdict.error
  return verdict.value
}

async function decide<T>(
  { leaf, intermediates }: PresentedChain,
  roots: CertificatePool,
  nowMs: number,
  { keyUsages, accept, refuse }: ChainVerifierOptions<T>,
): Promise<Verdict<T>> {
  const leafNotAfterMs = leaf.notAfterMs
  try {
    const chain = await verifyCertificateChain({ leaf, intermediates, roots, nowMs, keyUsages })
    const window = { leafNotAfterMs, ...sameState(chain, nowMs) }
    return judged(window, () => accept(chain))
  } catch (error) {
    if (!(error instanceof CertificateError)) throw error
    const { untilMs } = sameState([leaf, ...intermediates.certificates, ...roots.certificates], nowMs)
    const window = { fromMs: nowMs, untilMs: Math.min(untilMs, nowMs + MAX_REFUSAL_AGE_MS) }
    return { leafNotAfterMs, ...window, error: refuse(leaf, error) }
  }
}

function judged<T>(window: Window & { readonly leafNotAfterMs: number }, accept: () => T): Verdict<T> {
  try {
    return { ...window, value: accept() }
  } catch (error) {
    if (!isAuthenticationError(error)) throw error
    return { ...window, error }
  }
}

/** The period around now in which the set of valid certificates does not change. */
function sameState(certificates: readonly Certificate[], nowMs: number): Window {
  let fromMs = -Infinity
  let untilMs = Infinity
  for (const { notBeforeMs, notAfterMs } of certificates) {
    if (nowMs < notBeforeMs) {
      untilMs = Math.min(untilMs, notBeforeMs - 1)
    } else if (nowMs <= notAfterMs) {
      fromMs = Math.max(fromMs, notBeforeMs)
      untilMs = Math.min(untilMs, notAfterMs)
    } else {
      fromMs = Math.max(fromMs, notAfterMs + 1)
    }
  }
  return { fromMs, untilMs }
}
