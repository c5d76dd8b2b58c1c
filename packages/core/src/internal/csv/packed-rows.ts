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

/** How many rows are packed into one string. */
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

const DIGEST_LENGTH = 32

type HasKey = (row: number, key: string) => boolean

/**
 * Rows by key. The table does not keep the keys: the caller compares them. So a million rows are not a million objects for the garbage
 * collector, and the maps grow one by one, so that no insertion takes long.
 */
export class RowTable {
  /** A map for each last byte of a hash. Its keys are the rest of the hash, or the next free number. */
  readonly #maps: readonly Map<number, number>[] = Array.from({ length: 256 }, () => new Map())
  readonly #hasKey: HasKey
  #seed: number | undefined

  constructor(hasKey: HasKey) {
    this.#hasKey = hasKey
  }

  /**
   * A number from 0 to below 2^32, always the same for a key: FNV-1a over UTF-16 code units, and the last steps of MurmurHash3, which spread
   * it over all bits. The seed keeps clients from choosing keys for which many rows are compared.
   */
  hashOf(key: string): number {
    // Created on first use: some runtimes have no randomness outside of requests.
    this.#seed ??= crypto.getRandomValues(new Uint32Array(1))[0] ?? 0
    let hash = this.#seed
    for (let index = 0; index < key.length; index++)
      hash = Math.imul(hash ^ key.charCodeAt(index), 0x01000193)
    hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
    hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
    return (hash ^ (hash >>> 16)) >>> 0
  }

  get(key: string): number | undefined {
    return this.#find(key).row
  }

  /** @returns the previous row. */
  set(key: string, row: number): number | undefined {
    const found = this.#find(key)
    found.map?.set(found.number, row)
    return found.row
  }

  /** The row of the key, or the number that is free for it. */
  #find(key: string): { map: Map<number, number> | undefined; number: number; row: number | undefined } {
    const hash = this.hashOf(key)
    const map = this.#maps[hash % 256]
    for (let number = hash >>> 8; ; number++) {
      const row = map?.get(number)
      if (row === undefined || this.#hasKey(row, key)) return { map, number, row }
    }
  }
}
