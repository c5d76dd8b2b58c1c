import type { Awaitable } from '../../internal/awaitable.ts'
import type { Clock } from '../../internal/clock.ts'
import type { Context } from '../../authenticator/context.ts'
import { addressKey } from '../../internal/fair-limit/address-key.ts'
import type { FairLimit } from '../../internal/fair-limit/fair-limit.ts'
import { isEqualInConstantTime } from '../../internal/compare.ts'
import { type CheckInWorker, NoWorkersError } from '../workers/password-workers.ts'
import type { PasswordHash } from './password-hash.ts'

/** The username that a client claims, with its context. */
export interface Claim {
  readonly username: string
  /** Whether the verifier belongs to this user. Any other takes the same time, but its result is ignored. */
  readonly isKnown: boolean
  readonly context: Context
}

/** Verifies the password of the claimed user. */
export type PasswordVerifier = (password: string, claim: Claim) => Awaitable<boolean>

/** Options of {@link hashedPassword}, shared by all entries of a file. */
export interface HashedPasswordOptions {
  readonly digest: (text: string) => string
  readonly clock: Clock
  readonly ttlMs: number
  readonly limit: FairLimit
}

/**
 * Compares with a password hash. Hashes are slow by design, so the last correct password is cached for a while, as a keyed digest, and only
 * a few hashes are computed at once, in a fair order.
 *
 * The cache applies only to its user: for an unknown name, the same password takes as long as a wrong one.
 */
export function hashedPassword(
  matches: (password: string) => Promise<boolean>,
  { digest, clock, ttlMs, limit }: HashedPasswordOptions,
): PasswordVerifier {
  const right = new RightPassword(clock, ttlMs)
  return (password, { username, isKnown, context }) => {
    const key = digest(password)
    if (right.isRight(key) && isKnown) return true
    const name = digest(`name ${username}`)
    const { remoteAddress } = context
    const peer = remoteAddress === undefined ? '' : digest(`address ${addressKey(remoteAddress)}`)
    const check = async (): Promise<boolean> => {
      // Another check may have confirmed the password while this one waited.
      if (right.isRight(key) && isKnown) return true
      const isRight = (await matches(password)) && isKnown
      if (isRight) right.remember(key, peer)
      return isRight
    }
    // Limits the share of each name and each address.
    const keys = peer === '' ? [name] : [name, peer]
    return limit(check, { keys, isFamiliar: isKnown && right.isFamiliar(key, peer) }, context.signal)
  }
}

const FAMILIAR_MS = 3_600_000
/** Two bytes of a digest rarely match by chance, and are useless for guessing the password. */
const HINT_LENGTH = 2
/** Enough for the machines of a user. */
const MAX_PEERS = 8

/** Under load, preference reveals to the client that its password may be correct. To keep this from being faster than regular checks, a peer loses its preference after this many misses per minute. */
const MAX_MISSES = 32
const MISSES_MS = 60_000

/** Caches the last correct password of a user, as a keyed digest. */
export class RightPassword {
  readonly #clock: Clock
  readonly #ttlMs: number
  #known: { readonly digest: string; readonly untilMs: number } | undefined
  #hint = ''
  readonly #peers = new Map<string, Peer>()

  /** @param ttlMs how long a correct password is cached. */
  constructor(clock: Clock, ttlMs: number) {
    this.#clock = clock
    this.#ttlMs = ttlMs
  }

  /** Whether this is the cached password and its entry has not expired. */
  isRight(digest: string): boolean {
    if (this.#known !== undefined && this.#known.untilMs <= this.#clock.now()) this.#known = undefined
    return this.#known !== undefined && isEqualInConstantTime(digest, this.#known.digest)
  }

  /**
   * Whether this may be a password that was correct within the last hour from the same peer. Only a hint: use it for scheduling alone.
   *
   * @param peer a digest of the address.
   */
  isFamiliar(digest: string, peer: string): boolean {
    const found = this.#peers.get(peer)
    const now = this.#clock.now()
    if (found === undefined || found.untilMs <= now) return false
    if (found.missesUntilMs <= now) {
      found.misses = 0
      found.missesUntilMs = now + MISSES_MS
    }
    if (digest.startsWith(this.#hint)) return found.misses < MAX_MISSES
    found.misses++
    return false
  }

  remember(digest: string, peer: string): void {
    const now = this.#clock.now()
    if (this.#ttlMs > 0) this.#known = { digest, untilMs: now + this.#ttlMs }
    this.#hint = digest.slice(0, HINT_LENGTH)
    const { misses, missesUntilMs } = this.#peers.get(peer) ?? { misses: 0, missesUntilMs: now + MISSES_MS }
    this.#peers.delete(peer)
    this.#peers.set(peer, { untilMs: now + FAMILIAR_MS, misses, missesUntilMs })
    const [oldest] = this.#peers.keys()
    if (this.#peers.size > MAX_PEERS && oldest !== undefined) this.#peers.delete(oldest)
  }
}

interface Peer {
  readonly untilMs: number
  misses: number
  missesUntilMs: number
}

/** Compares a password with a hash, which is also passed as in the file. */
export type CheckHash = (hash: PasswordHash, text: string, password: string) => Promise<boolean>

/**
 * Compares passwords with hashes, in worker threads if the comparison would block this thread. If no worker can be started, as in a bundle,
 * it runs in this thread, in slices.
 *
 * @param workers the workers; `undefined` if the runtime has no threads.
 * @param onNoWorkers called once if the runtime has threads but no worker can be started.
 */
export function checkHashes(
  workers: () => CheckInWorker | undefined,
  onNoWorkers: (error: NoWorkersError) => void,
): CheckHash {
  let hasNoWorkers = false
  return async (hash, text, password) => {
    const checkInWorker = hash.blocksThread && !hasNoWorkers ? workers() : undefined
    if (checkInWorker === undefined) return hash.matches(password)
    try {
      return await checkInWorker(text, password)
    } catch (error) {
      if (!(error instanceof NoWorkersError)) throw error
      if (!hasNoWorkers) onNoWorkers(error)
      hasNoWorkers = true
      return hash.matches(password)
    }
  }
}
