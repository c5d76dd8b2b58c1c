import { nodeBuiltin } from '../node-builtin.ts'

/** The members of `node:crypto` that are used. Deno and Bun have them too. */
interface NodeCrypto {
  hash(algorithm: 'sha256', data: string | Uint8Array, encoding: 'latin1' | 'hex'): string
  createHmac(
    algorithm: 'sha256',
    key: Uint8Array,
  ): { update(data: Uint8Array): { digest(encoding: 'latin1'): string } }
}

let loaded: NodeCrypto | undefined

/** Loaded on first use: it takes Node some milliseconds, which would delay the start. */
function load(): NodeCrypto {
  loaded = nodeBuiltin('node:crypto') as NodeCrypto | undefined
  if (loaded === undefined) throw new Error('this runtime claims to be Node and has no node:crypto')
  return loaded
}

/** SHA-256 of bytes, or of a string in UTF-8: 32 characters, one per byte. */
export function sha256(message: string | Uint8Array): string {
  return (loaded ?? load()).hash('sha256', message, 'latin1')
}

/** SHA-256 of a string in UTF-8, in lower-case hexadecimal. */
export function sha256Hex(message: string): string {
  return (loaded ?? load()).hash('sha256', message, 'hex')
}

/** HMAC-SHA-256 (RFC 2104): 32 characters, one per byte. */
export function hmacSha256(key: Uint8Array, message: Uint8Array): string {
  return (loaded ?? load()).createHmac('sha256', key).update(message).digest('latin1')
}
