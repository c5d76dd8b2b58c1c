import { PARTS, TablePart } from './table-part.ts'

/** Numbers by keyed digests of 32 characters, one per byte. */
export class DigestTable {
  readonly #parts: (DigestPart | undefined)[] = []

  get(digest: string): number | undefined {
    return this.#parts[digest.charCodeAt(0) % PARTS]?.get(digest)
  }

  /** @returns the previous number. */
  set(digest: string, value: number): number | undefined {
    return (this.#parts[digest.charCodeAt(0) % PARTS] ??= new DigestPart()).set(digest, value)
  }
}

const DIGEST_LENGTH = 32

/** All digests with the same first byte. */
class DigestPart extends TablePart {
  #digests = new Uint8Array()

  get(digest: string): number | undefined {
    return this.find(digest, hashOf(digest))
  }

  set(digest: string, value: number): number | undefined {
    return this.put(digest, hashOf(digest), value)
  }

  protected isAt(row: number, digest: string): boolean {
    const digests = this.#digests
    const start = row * DIGEST_LENGTH
    for (let index = 0; index < DIGEST_LENGTH; index++) {
      if (digests[start + index] !== digest.charCodeAt(index)) return false
    }
    return true
  }

  protected hashAt(row: number): number {
    const digests = this.#digests
    const start = row * DIGEST_LENGTH
    return (digests[start + 1] ?? 0) | ((digests[start + 2] ?? 0) << 8) | ((digests[start + 3] ?? 0) << 16)
  }

  protected store(row: number, digest: string): void {
    const start = row * DIGEST_LENGTH
    for (let index = 0; index < DIGEST_LENGTH; index++)
      this.#digests[start + index] = digest.charCodeAt(index)
  }

  protected reserve(rows: number): void {
    const digests = this.#digests
    this.#digests = new Uint8Array(rows * DIGEST_LENGTH)
    this.#digests.set(digests)
  }
}

/** Digests are random, so their bytes serve as a hash. */
function hashOf(digest: string): number {
  return digest.charCodeAt(1) | (digest.charCodeAt(2) << 8) | (digest.charCodeAt(3) << 16)
}
