import type { Awaitable } from '../../internal/awaitable.ts'
import type { Clock } from '../../internal/clock.ts'
import { type AuthenticationError, isAuthenticationError } from '../../authenticator/errors.ts'
import { RecentMap } from '../../internal/recent-map/recent-map.ts'
import {
  type Certificate,
  type CertificateChain,
  type CertificateError,
  type CertificatePool,
  verifyCertificateChain,
} from '../../internal/x509/index.ts'
import { isCertificateError } from '../../internal/x509/errors.ts'
import { chainDigest, type PresentedChain, readPresentedChain } from './presented-chain.ts'

/** What a {@link chainVerifier} does with what it finds out. */
export interface ChainVerifierOptions<T> {
  readonly clock: Clock
  readonly keyUsages: readonly string[]
  /** What a valid chain means. May throw an {@link AuthenticationError}. */
  readonly accept: (chain: CertificateChain) => T
  /** What is said of a leaf that has no valid chain. */
  readonly refuse: (leaf: Certificate, error: CertificateError) => AuthenticationError
}

/**
 * Verifies what a client presented against what is trusted now.
 *
 * @param onLeaf told until when the leaf is valid, before anything is known about it.
 * @throws {AuthenticationError} as soon as it is clear, which may be at once.
 */
export type ChainVerifier<T> = (
  presented: readonly Uint8Array[],
  pool: CertificatePool,
  onLeaf?: (notAfterMs: number) => void,
) => Awaitable<T>

/** Of each kind. Those that were accepted cannot be pushed out by those that were not. */
const MAX_VERDICTS = 4096
/** So that errors do not tell of a time long gone. */
const MAX_REFUSAL_AGE_MS = 60_000

/**
 * Verifies chains and remembers the verdicts, for they come again with every request of a connection. A verdict holds for one
 * pool, and only while no certificate that it rests on begins or ends to be valid. Who asks while the same chain is being
 * verified waits for that.
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
      // What a connection presented is one list that cannot change, the same for all of its requests.
      if (Object.isFrozen(presented)) ofConnections.set(presented, known)
      onLeaf?.(known.leafNotAfterMs)
      return answer(known)
    }
    let verification = underWay.get(key)
    if (verification === undefined) {
      const chain = readPresentedChain(presented)
      verification = { leafNotAfterMs: chain.leaf.notAfterMs, verdict: decide(chain, pool, nowMs, options) }
      underWay.set(key, verification)
      // Those of this pool, whichever counts by then.
      const ofPool = verdicts
      void verification.verdict.then(
        (verdict) => {
          underWay.delete(key)
          ofPool.remember(key, verdict)
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
  /** Found without a digest. A verdict leads to no certificate, so that what is kept here goes with its connection. */
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

  remember(key: string, verdict: Verdict<T>): void {
    this.#accepted.delete(key)
    const verdicts = 'error' in verdict ? this.#refused : this.#accepted
    verdicts.set(key, verdict)
  }
}

/** What came out, and the time in which it would come out again. Holds no certificate. */
type Verdict<T> = Window & { readonly leafNotAfterMs: number } & (
    | { readonly value: T }
    | { readonly error: AuthenticationError }
  )

/** Both ends belong to it. */
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
    if (!isCertificateError(error)) throw error
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

/** The time around now in which the same of these certificates are valid. */
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
