/** Digests of 32 characters by number, packed: a million of them are no million objects for the garbage collector. */
export class DigestList {
  readonly #blocks: string[] = []
  #pending: string[] = []
  #length = 0

  get length(): number {
    return this.#length
  }

  add(digest: string): void {
    this.#length++
    if (this.#pending.push(digest) === BLOCK_ROWS) {
      this.#blocks.push(this.#pending.join(''))
      this.#pending = []
    }
  }

  /** `''` when there are not so many. */
  at(index: number): string {
    const block = this.#blocks[Math.floor(index / BLOCK_ROWS)]
    const row = index % BLOCK_ROWS
    return block === undefined
      ? (this.#pending[index - this.#blocks.length * BLOCK_ROWS] ?? '')
      : block.slice(row * DIGEST_LENGTH, (row + 1) * DIGEST_LENGTH)
  }
}

const BLOCK_ROWS = 128
const DIGEST_LENGTH = 32
