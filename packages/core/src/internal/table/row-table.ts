/** Whether a row has this key. */
export type HasKey = (row: number, key: string) => boolean

/**
 * Rows by key. The table does not keep the keys: the caller compares them. Unlike with a `Map`, a million rows are not a million objects for
 * the garbage collector (`docs/decisions/rows-of-files.md`), and the table grows in parts, so that no insertion takes long.
 *
 * The seed keeps clients from choosing keys for which many rows are compared.
 */
export class RowTable {
  readonly #parts: (Part | undefined)[] = []
  readonly #hasKey: HasKey
  #seed: number | undefined

  constructor(hasKey: HasKey) {
    this.#hasKey = hasKey
  }

  /** A number from 0 to below 2^32, always the same for a key, that outsiders cannot compute. */
  hashOf(key: string): number {
    // Created on first use: some runtimes have no randomness outside of requests.
    this.#seed ??= crypto.getRandomValues(new Uint32Array(1))[0] ?? 0
    return hashed(this.#seed, key)
  }

  get(key: string): number | undefined {
    const hash = this.hashOf(key)
    return this.#parts[hash % PARTS]?.get(key, hash)
  }

  /** @returns the previous row. */
  set(key: string, row: number): number | undefined {
    const hash = this.hashOf(key)
    return (this.#parts[hash % PARTS] ??= new Part(this.#hasKey)).set(key, hash, row)
  }
}

const PARTS = 256
const MIN_ROWS = 2

/** All keys whose hashes have the same last byte: open addressing with twice as many slots as rows. */
class Part {
  readonly #hasKey: HasKey
  #count = 0
  #rows = new Uint32Array()
  #hashes = new Uint32Array()
  /** An index of `#rows` plus one, or 0 if empty. */
  #slots = new Uint32Array(1)

  constructor(hasKey: HasKey) {
    this.#hasKey = hasKey
  }

  get(key: string, hash: number): number | undefined {
    const entry = this.#slots[this.#slotOf(key, hash)] ?? 0
    return entry === 0 ? undefined : this.#rows[entry - 1]
  }

  set(key: string, hash: number, row: number): number | undefined {
    if (this.#count === this.#rows.length) this.#grow()
    const slot = this.#slotOf(key, hash)
    const entry = this.#slots[slot] ?? 0
    if (entry > 0) {
      const before = this.#rows[entry - 1]
      this.#rows[entry - 1] = row
      return before
    }
    this.#hashes[this.#count] = hash
    this.#rows[this.#count++] = row
    this.#slots[slot] = this.#count
    return undefined
  }

  /** The slot of the key, or the empty one for it. */
  #slotOf(key: string, hash: number): number {
    const slots = this.#slots
    let slot = firstSlot(hash, slots)
    for (let entry = slots[slot] ?? 0; entry > 0; entry = slots[slot] ?? 0) {
      if (this.#hashes[entry - 1] === hash && this.#hasKey(this.#rows[entry - 1] ?? 0, key)) break
      slot = (slot + 1) % slots.length
    }
    return slot
  }

  #grow(): void {
    const capacity = Math.max(MIN_ROWS, 2 * this.#count)
    this.#rows = grown(this.#rows, capacity)
    this.#hashes = grown(this.#hashes, capacity)
    const slots = new Uint32Array(2 * capacity)
    for (let entry = 1; entry <= this.#count; entry++) {
      let slot = firstSlot(this.#hashes[entry - 1] ?? 0, slots)
      while ((slots[slot] ?? 0) > 0) slot = (slot + 1) % slots.length
      slots[slot] = entry
    }
    this.#slots = slots
  }
}

/** The last byte of the hash is the same in the whole part. */
function firstSlot(hash: number, slots: Uint32Array): number {
  return (hash >>> 8) % slots.length
}

function grown(values: Uint32Array, length: number): Uint32Array<ArrayBuffer> {
  const longer = new Uint32Array(length)
  longer.set(values)
  return longer
}

/** FNV-1a over UTF-16 code units, and the last steps of MurmurHash3, which spread it over all bits. */
function hashed(seed: number, text: string): number {
  let hash = seed
  for (let index = 0; index < text.length; index++)
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}
