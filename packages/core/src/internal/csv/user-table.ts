import type { Authentication } from '../../authenticator/authenticator.ts'
import { userInfo } from '../../authenticator/user.ts'

/**
 * Many users, most of them never looked up: packed as text until they are, and the same object from then on. A row takes about a
 * third of what the object does.
 */
export class UserTable {
  readonly #blocks: Block[] = []
  #pending = newBlock()
  #parts: string[] = []
  #length = 0

  /** @returns the number of the row. */
  add(username: string, uid: string, groups: readonly string[]): number {
    const row = this.#pending.groups.length
    this.#parts.push(username, uid)
    this.#pending.ends[2 * row] = this.#length + username.length
    this.#length += username.length + uid.length
    this.#pending.ends[2 * row + 1] = this.#length
    this.#pending.groups.push(groups)
    const number = this.#blocks.length * BLOCK_ROWS + row
    if (row === BLOCK_ROWS - 1) this.#close()
    return number
  }

  /** To be called before the first question, when no more rows come. */
  close(): void {
    if (this.#parts.length > 0) this.#close()
  }

  at(number: number): Authentication | undefined {
    const block = this.#blocks[Math.floor(number / BLOCK_ROWS)]
    const row = number % BLOCK_ROWS
    const groups = block?.groups[row]
    if (block === undefined || groups === undefined) return undefined
    return (block.made[row] ??= made(block, row, groups))
  }

  #close(): void {
    this.#blocks.push({ ...this.#pending, text: this.#parts.join('') })
    this.#pending = newBlock()
    this.#parts = []
    this.#length = 0
  }
}

const BLOCK_ROWS = 128

interface Block {
  /** Name and uid of each row, one behind the other. */
  readonly text: string
  /** Where each of them ends. */
  readonly ends: Uint32Array
  readonly groups: (readonly string[])[]
  readonly made: (Authentication | undefined)[]
}

function newBlock(): Block {
  return { text: '', ends: new Uint32Array(2 * BLOCK_ROWS), groups: [], made: [] }
}

function made({ text, ends }: Block, row: number, groups: readonly string[]): Authentication {
  const start = row === 0 ? 0 : ends[2 * row - 1]
  const middle = ends[2 * row]
  const username = text.slice(start, middle)
  return { user: userInfo({ username, uid: text.slice(middle, ends[2 * row + 1]), groups }) }
}
