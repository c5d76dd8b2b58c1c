import type { Clock } from '../../internal/clock.ts'
import { isEqualInConstantTime } from '../../internal/constant-time.ts'

/** Caches the last correct password of a user, as a keyed digest. */
export interface RightPassword {
  /** Whether this is the cached password and its entry has not expired. */
  isRight(digest: string): boolean
  /**
   * Whether this may be a password that was correct within the last hour from the same peer. Only a hint: use it for scheduling alone.
   *
   * @param peer a digest of the address.
   */
  isFamiliar(digest: string, peer: string): boolean
  remember(digest: string, peer: string): void
}

const FAMILIAR_MS = 3_600_000
/** Two bytes of a digest rarely match by chance, and are useless for guessing the password. */
const HINT_LENGTH = 2
/** Enough for the machines of a user. */
const MAX_PEERS = 8

/**
 * Under load, preference reveals to the client that its password may be correct. To keep this from being faster than regular checks, a peer
 * loses its preference after this many misses per minute.
 */
const MAX_MISSES = 32
const MISSES_MS = 60_000

/** @param ttlMs how long a correct password is cached. */
export function rightPassword(clock: Clock, ttlMs: number): RightPassword {
  let known: { readonly digest: string; readonly untilMs: number } | undefined
  let hint = ''
  const peers = new Map<string, Peer>()

  return {
    isRight(digest) {
      if (known !== undefined && known.untilMs <= clock.now()) known = undefined
      return known !== undefined && isEqualInConstantTime(digest, known.digest)
    },
    isFamiliar(digest, peer) {
      const found = peers.get(peer)
      const now = clock.now()
      if (found === undefined || found.untilMs <= now) return false
      if (found.missesUntilMs <= now) {
        found.misses = 0
        found.missesUntilMs = now + MISSES_MS
      }
      if (digest.startsWith(hint)) return found.misses < MAX_MISSES
      found.misses++
      return false
    },
    remember(digest, peer) {
      const now = clock.now()
      if (ttlMs > 0) known = { digest, untilMs: now + ttlMs }
      hint = digest.slice(0, HINT_LENGTH)
      const { misses, missesUntilMs } = peers.get(peer) ?? { misses: 0, missesUntilMs: now + MISSES_MS }
      peers.delete(peer)
      peers.set(peer, { untilMs: now + FAMILIAR_MS, misses, missesUntilMs })
      const [oldest] = peers.keys()
      if (peers.size > MAX_PEERS && oldest !== undefined) peers.delete(oldest)
    },
  }
}

interface Peer {
  readonly untilMs: number
  misses: number
  missesUntilMs: number
}
