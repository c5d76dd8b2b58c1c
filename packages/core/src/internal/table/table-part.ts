/** How many parts a table has. A table grows in parts, so that no insertion takes long. */
export const PARTS = 256

const MIN_ROWS = 2

/**
 * A part of a table: numbers by keys, which a subclass stores. Open addressing with twice as many slots as rows: unlike in a `Map`, a million
 * entries are not a million objects for the garbage collector.
 */
export abstract class TablePart {
  #count = 0
  #values = new Uint32Array()
  /** The index of a row plus one, or 0 if empty. */
  #slots = new Uint32Array(1)

  /** Whether a row has this key. `value` is its number. */
  protected abstract isAt(row: number, key: string, hash: number, value: number): boolean
  /** The hash of the key of a row. */
  protected abstract hashAt(row: number): number
  /** Stores the key of a row. */
  protected abstract store(row: number, key: string, hash: number): void
  /** Makes room for the keys of so many rows. */
  protected abstract reserve(rows: number): void

  find(key: string, hash: number): number | undefined {
    const row = this.#slots[this.#slotOf(key, hash)] ?? 0
    return row === 0 ? undefined : this.#values[row - 1]
  }

  /** @returns the previous number. */
  put(key: string, hash: number, value: number): number | undefined {
    if (this.#count === this.#values.length) this.#grow()
    const slot = this.#slotOf(key, hash)
    const row = this.#slots[slot] ?? 0
    if (row > 0) {
      const before = this.#values[row - 1]
      this.#values[row - 1] = value
      return before
    }
    this.store(this.#count, key, hash)
    this.#values[this.#count++] = value
    this.#slots[slot] = this.#count
    return undefined
  }

  /** The slot of the key, or the empty one for it. */
  #slotOf(key: string, hash: number): number {
    const slots = this.#slots
    let slot = hash % slots.length
    for (let row = slots[slot] ?? 0; row > 0; row = slots[slot] ?? 0) {
      if (this.isAt(row - 1, key, hash, this.#values[row - 1] ?? 0)) break
      slot = (slot + 1) % slots.length
    }
    return slot
  }

  #grow(): void {
    const values = this.#values
    const capacity = Math.max(MIN_ROWS, 2 * this.#count)
    const slots = new Uint32Array(2 * capacity)
    this.reserve(capacity)
    this.#values = new Uint32Array(capacity)
    this.#values.set(values)
    for (let row = 0; row < this.#count; row++) {
      let slot = this.hashAt(row) % slots.length
      while ((slots[slot] ?? 0) > 0) slot = (slot + 1) % slots.length
      slots[slot] = row + 1
    }
    this.#slots = slots
  }
}
