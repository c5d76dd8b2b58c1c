import type { Authentication } from '../../authenticator/authenticator.ts'
import { userInfo } from '../../authenticator/user.ts'

/**
 * A table for many users, most of which are never looked up. A row is packed as a string until its first lookup, and is the same object from
 * then on. A packed row takes about a third of the memory of the object.
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

  /** To be called after the last `add` and before the first lookup. */
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

  /** Whether the user of a row has this name. Also before {@link close}. */
  isNamed(number: number, username: string): boolean {
    const block = this.#blocks[Math.floor(number / BLOCK_ROWS)]
    const row = number % BLOCK_ROWS
    if (block === undefined) return this.#parts[2 * row] === username
    if (row >= block.groups.length) return false
    const known = block.made[row]
    if (known !== undefined) return known.user.username === username
    const start = row === 0 ? 0 : (block.ends[2 * row - 1] ?? 0)
    return block.ends[2 * row] === start + username.length && block.text.startsWith(username, start)
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
  /** The names and uids of all rows, concatenated. */
  readonly text: string
  /** The end of each name and uid. */
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
  const user = userInfo({ username, uid: text.slice(middle, ends[2 * row + 1]), groups })
  return Object.freeze({ user })
}
