import type { Awaitable } from '../../internal/awaitable.ts'
import { unavailable } from '../../authenticator/errors.ts'
import { BUSY_SECONDS } from '../../internal/retry-after.ts'

/** A proof that a request used, as `usedProofs` remembers it. */
export interface UsedProof {
  /** A digest of the proof and its key. */
  readonly id: string
  /** The thumbprint of its key. */
  readonly thumbprint: string
  /** After this time it is refused as too old, and need not be remembered. In milliseconds since the epoch. */
  readonly expiresAtMs: number
}

/** Remembers which proofs were used, so that each counts once. */
export interface UsedProofs {
  /**
   * Records a proof. Of several calls with the same `id`, at the same time too, only one returns `true`.
   *
   * @throws {AuthenticationError} `unavailable` if it cannot be recorded: the request is refused then.
   */
  use(proof: UsedProof): Awaitable<boolean>
}

/** How many proofs of one key are remembered, as a share of all: so one client cannot keep the others out. */
const SHARE = 4

/**
 * Remembers proofs in this process, until they expire: about as many as there are requests in the time that a proof is accepted. Beyond `maxProofs` requests are refused as `unavailable`,
 * since a proof that was forgotten could be used again. So are proofs of a time that the clock has passed already, and was set back to.
 *
 * Source: RFC 9449 section 11.1.
 */
export class ProofsInMemory implements UsedProofs {
  readonly #maxProofs: number
  readonly #windowMs: number
  readonly #now: () => number
  /** By the time when their proofs expire, in windows. A proof has at most two windows left. */
  readonly #windows = new Map<number, Window>()
  /** All proofs of earlier windows are forgotten. */
  #current = -Infinity

  constructor(maxProofs: number, windowMs: number, now: () => number) {
    this.#maxProofs = maxProofs
    this.#windowMs = windowMs
    this.#now = now
  }

  use({ id, thumbprint, expiresAtMs }: UsedProof): boolean {
    const end = Math.floor(expiresAtMs / this.#windowMs)
    this.#current = Math.max(this.#current, Math.floor(this.#now() / this.#windowMs))
    for (const each of this.#windows.keys()) if (each < this.#current) this.#windows.delete(each)
    if (end < this.#current) {
      throw unavailable(
        'dpop: the clock was set back, and which proofs of this time were used is forgotten',
        {
          retryAfterSeconds: BUSY_SECONDS,
        },
      )
    }
    const windows = [...this.#windows.values()]
    if (windows.some(({ ids }) => ids.has(id))) return false
    const all = sum(windows.map(({ ids }) => ids.size))
    const ofKey = sum(windows.map(({ counts }) => counts.get(thumbprint) ?? 0))
    if (all >= this.#maxProofs || ofKey >= Math.ceil(this.#maxProofs / SHARE)) {
      throw unavailable('dpop: too many proofs were used in a short time', {
        retryAfterSeconds: BUSY_SECONDS,
      })
    }
    let window = this.#windows.get(end)
    if (window === undefined) {
      window = { ids: new Set(), counts: new Map() }
      this.#windows.set(end, window)
    }
    window.ids.add(id)
    window.counts.set(thumbprint, (window.counts.get(thumbprint) ?? 0) + 1)
    return true
  }
}

interface Window {
  readonly ids: Set<string>
  /** How many of them each key has. */
  readonly counts: Map<string, number>
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0)
}
