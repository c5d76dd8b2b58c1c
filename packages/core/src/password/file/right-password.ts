import type { Clock } from '../../internal/clock.ts'
import { isEqualInConstantTime } from './constant-time.ts'

/** Remembers the last password of a user that was right, as a keyed digest. */
export interface RightPassword {
  /** Whether it is this one, and was checked so lately that it need not be checked again. */
  isRight(digest: string): boolean
  /**
   * Whether it may be this one, and was right within the last hour for the same peer: a hint, on which nothing but its turn may depend.
   *
   * @param peer a digest of its address.
   */
  isFamiliar(digest: string, peer: string): boolean
  remember(digest: string, peer: string): void
}

const FAMILIAR_MS = 3_600_000
/** Two bytes of a digest: rarely met by chance, and of no use to find out the password. */
const HINT_LENGTH = 2
/** A user has a few machines. */
const MAX_PEERS = 8

/**
 * What is preferred tells its sender something, where others are refused: that the password may be right. A peer finds out as much by
 * having passwords checked, at the pace at which they are. So it may be wrong only so often in a minute before nothing of it is preferred.
 */
const MAX_MISSES = 32
const MISSES_MS = 60_000

/** @param rememberMs how long it need not be checked again. */
export function rightPassword(clock: Clock, rememberMs: number): RightPassword {
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
      if (rememberMs > 0) known = { digest, untilMs: now + rememberMs }
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
