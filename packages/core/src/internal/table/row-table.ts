import { PARTS, TablePart } from './table-part.ts'

/** Whether a row has this name. */
export type IsNamed = (row: number, name: string) => boolean

/**
 * Rows by name. The names themselves are not kept: the caller compares them.
 *
 * Names are no secrets, so no digest is needed, which takes several times as long. The seed keeps clients from choosing names for which many
 * rows are compared.
 */
export class NameTable {
  readonly #parts: (NamePart | undefined)[] = []
  readonly #isNamed: IsNamed
  #seed: number | undefined

  constructor(isNamed: IsNamed) {
    this.#isNamed = isNamed
  }

  /** A number from 0 to below 2^32, always the same for a name, that outsiders cannot compute. */
  hashOf(name: string): number {
    // Created on first use: some runtimes have no randomness outside of requests.
    return hashed((this.#seed ??= newSeed()), name)
  }

  /** @param hash that of the name. */
  get(name: string, hash: number): number | undefined {
    return this.#parts[hash % PARTS]?.find(name, restOf(hash))
  }

  /** @returns the previous row. */
  set(name: string, row: number): number | undefined {
    const hash = this.hashOf(name)
    return (this.#parts[hash % PARTS] ??= new NamePart(this.#isNamed)).put(name, restOf(hash), row)
  }
}

/** All names whose hashes have the same last byte. */
class NamePart extends TablePart {
  readonly #isNamed: IsNamed
  #hashes = new Uint32Array()

  constructor(isNamed: IsNamed) {
    super()
    this.#isNamed = isNamed
  }

  protected isAt(entry: number, name: string, hash: number, row: number): boolean {
    return this.#hashes[entry] === hash && this.#isNamed(row, name)
  }

  protected hashAt(entry: number): number {
    return this.#hashes[entry] ?? 0
  }

  protected store(entry: number, _name: string, hash: number): void {
    this.#hashes[entry] = hash
  }

  protected reserve(entries: number): void {
    const hashes = this.#hashes
    this.#hashes = new Uint32Array(entries)
    this.#hashes.set(hashes)
  }
}

/** The last byte is the same in the whole part. */
function restOf(hash: number): number {
  return hash >>> 8
}

function newSeed(): number {
  return crypto.getRandomValues(new Uint32Array(1))[0] ?? 0
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
