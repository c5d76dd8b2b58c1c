import { crc32 } from 'node:zlib'

/**
 * The CRC-32 of a key and its value. SQLite checks its log and the structure of its pages, but not the bytes of values: with this, a value that the disk
 * changed is an error, and not another value.
 */
export function checksumOf(key: string, value: string): number {
  return crc32(value, crc32(`${key}\0`))
}
