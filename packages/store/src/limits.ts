import type { Lifetime } from './object-store.ts'
import { StoreError } from './store-error.ts'

/** The maximum length of a value, in bytes of UTF-8. */
export const MAX_VALUE_BYTES = 1_048_576
/** The maximum length of a key, in bytes of UTF-8. */
export const MAX_KEY_BYTES = 1024

/** Requires that every engine can hold this key. @throws {StoreError} `invalidObject` */
export function checkKey(key: string): void {
  if (typeof key !== 'string' || key === '') throw invalid('the key must be a string that is not empty')
  checkCharacters(key, 'key')
  if (isLonger(key, MAX_KEY_BYTES)) throw invalid(`the key has more than ${MAX_KEY_BYTES} bytes`)
}

/** Requires that every engine can hold this value. @throws {StoreError} `invalidObject`, `objectTooLarge` */
export function checkValue(value: string): void {
  if (typeof value !== 'string') throw invalid('the value must be a string')
  if (isLonger(value, MAX_VALUE_BYTES)) {
    throw new StoreError('objectTooLarge', `the value has more than ${MAX_VALUE_BYTES} bytes`)
  }
  checkCharacters(value, 'value')
}

/** Requires that an object can live so long. @throws {RangeError} */
export function checkLifetime({ ttlMs, expiresAtMs }: Lifetime): void {
  if (ttlMs !== undefined && !(ttlMs > 0 && ttlMs <= Number.MAX_SAFE_INTEGER)) {
    throw new RangeError('ttlMs must be above 0')
  }
  if (expiresAtMs === undefined) return
  if (ttlMs !== undefined) throw new RangeError('ttlMs and expiresAtMs cannot be combined')
  if (!(Math.abs(expiresAtMs) <= Number.MAX_SAFE_INTEGER)) {
    throw new RangeError('expiresAtMs must be a time in milliseconds')
  }
}

/** Strings in PostgreSQL cannot have U+0000; an unpaired surrogate has no UTF-8. JSON has neither. */
function checkCharacters(text: string, what: string): void {
  if (text.includes('\0') || !text.isWellFormed()) {
    throw invalid(`the ${what} has a character that cannot be stored: U+0000 or an unpaired surrogate`)
  }
}

/** A UTF-16 code unit has 1 to 3 bytes in UTF-8. */
function isLonger(text: string, bytes: number): boolean {
  if (text.length > bytes) return true
  return text.length * 3 > bytes && UTF8.encode(text).length > bytes
}

const UTF8 = new TextEncoder()

function invalid(message: string): StoreError {
  return new StoreError('invalidObject', message)
}
