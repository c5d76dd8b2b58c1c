/**
 * Numbers by keyed digests of 32 characters, one per byte. Unlike in a `Map`, a million entries are not a million objects for the garbage
 * collector, and it grows in small parts, so that no insertion takes long.
 */
export class DigestTable {
  readonly #parts: (Part | undefined)[] = []

  get(digest: string): number | undefined {
    return this.#parts[digest.charCodeAt(0)]?.get(digest)
  }

  /** @returns the previous number. */
  set(digest: string, value: number): number | undefined {
    return (this.#parts[digest.charCodeAt(0)] ??= new Part()).set(digest, value)
  }
}

const DIGEST_LENGTH = 32
const MIN_ROWS = 2

/** All digests with the same first byte: open addressing, with twice as many slots as rows. */
class Part {
  #count = 0
  #digests = new Uint8Array(MIN_ROWS * DIGEST_LENGTH)
  #values = new Uint32Array(MIN_ROWS)
  /** The index of a row plus one, or 0 if empty. */
  #slots = new Uint32Array(2 * MIN_ROWS)

  get(digest: string): number | undefined {
    const row = this.#slots[this.#slotOf(digest)] ?? 0
    return row === 0 ? undefined : this.#values[row - 1]
  }

  set(digest: string, value: number): number | undefined {
    if (this.#count === this.#values.length) this.#grow()
    const slot = this.#slotOf(digest)
    const row = this.#slots[slot] ?? 0
    if (row > 0) {
      const before = this.#values[row - 1]
      this.#values[row - 1] = value
      return before
    }
    const start = this.#count * DIGEST_LENGTH
    for (let index = 0; index < DIGEST_LENGTH; index++)
      this.#digests[start + index] = digest.charCodeAt(index)
    this.#values[this.#count++] = value
    this.#slots[slot] = this.#count
    return undefined
  }

  /** The slot of the digest, or the empty one for it. Digests are random, so their bytes serve as a hash. */
  #slotOf(digest: string): number {
    const slots = this.#slots
    const hash = digest.charCodeAt(1) | (digest.charCodeAt(2) << 8) | (digest.charCodeAt(3) << 16)
    let slot = hash % slots.length
    for (let row = slots[slot] ?? 0; row > 0; row = slots[slot] ?? 0) {
      if (this.#isAt(row - 1, digest)) break
      slot = (slot + 1) % slots.length
    }
    return slot
  }

  #isAt(row: number, digest: string): boolean {
    const digests = this.#digests
    const start = row * DIGEST_LENGTH
    for (let index = 0; index < DIGEST_LENGTH; index++) {
      if (digests[start + index] !== digest.charCodeAt(index)) return false
    }
    return true
  }

  #grow(): void {
    const [digests, values, slots] = [this.#digests, this.#values, new Uint32Array(2 * this.#slots.length)]
    this.#digests = new Uint8Array(2 * digests.length)
    this.#digests.set(digests)
    this.#values = new Uint32Array(2 * values.length)
    this.#values.set(values)
    for (let row = 0; row < this.#count; row++) {
      const start = row * DIGEST_LENGTH
      const [low, middle, high] = [digests[start + 1] ?? 0, digests[start + 2] ?? 0, digests[start + 3] ?? 0]
      let slot = (low | (middle << 8) | (high << 16)) % slots.length
      while ((slots[slot] ?? 0) > 0) slot = (slot + 1) % slots.length
      slots[slot] = row + 1
    }
    this.#slots = slots
  }
}
