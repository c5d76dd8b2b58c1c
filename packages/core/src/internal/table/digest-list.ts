/** A list of digests of 32 characters, packed into few strings to relieve the garbage collector. */
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

  /** The digest at an index; `''` if out of range. */
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
