import { createCipheriv, createDecipheriv, createHash, createHmac } from 'node:crypto'

/** Everything here is TLS_AES_128_GCM_SHA256: RFC 8446, section 7.1. */
const HASH = 'sha256'
const CIPHER = 'aes-128-gcm'
const TAG_LENGTH = 16

export const APPLICATION_DATA = 23

export interface Record {
  readonly type: number
  readonly content: Buffer
}

/** Protects the records of one direction. */
export interface TrafficKeys {
  /** A complete record. */
  seal(type: number, content: Uint8Array): Buffer
  /** The content of a record, with the header of the outer one. */
  open(header: Uint8Array, body: Buffer): Record
}

export function extract(salt: Uint8Array, input: Uint8Array): Buffer {
  return createHmac(HASH, salt).update(input).digest()
}

export function digestOf(transcript: Uint8Array): Buffer {
  return createHash(HASH).update(transcript).digest()
}

export function deriveSecret(secret: Uint8Array, label: string, transcript: Uint8Array): Buffer {
  return expandLabel(secret, label, digestOf(transcript), 32)
}

export function expandLabel(secret: Uint8Array, label: string, context: Uint8Array, length: number): Buffer {
  const name = Buffer.from(`tls13 ${label}`)
  const info = [Buffer.from([length >> 8, length & 0xff, name.length]), name]
  const whole = Buffer.concat([...info, Buffer.from([context.length]), context, Buffer.from([1])])
  return extract(secret, whole).subarray(0, length)
}

export function trafficKeys(secret: Uint8Array): TrafficKeys {
  const key = expandLabel(secret, 'key', Buffer.alloc(0), 16)
  const iv = expandLabel(secret, 'iv', Buffer.alloc(0), 12)
  let sequence = 0
  const nonce = (): Buffer => {
    const number = Buffer.alloc(iv.length)
    number.writeUInt32BE(sequence++, iv.length - 4)
    return Buffer.from(iv.map((byte, index) => byte ^ (number[index] ?? 0)))
  }
  return {
    seal(type, content) {
      const header = Buffer.from([APPLICATION_DATA, 3, 3, 0, 0])
      header.writeUInt16BE(content.length + 1 + TAG_LENGTH, 3)
      const cipher = createCipheriv(CIPHER, key, nonce()).setAAD(header)
      const sealed = [cipher.update(content), cipher.update(Buffer.from([type])), cipher.final()]
      return Buffer.concat([header, ...sealed, cipher.getAuthTag()])
    },
    open(header, body) {
      const decipher = createDecipheriv(CIPHER, key, nonce()).setAAD(header)
      decipher.setAuthTag(body.subarray(-TAG_LENGTH))
      const opened = Buffer.concat([decipher.update(body.subarray(0, -TAG_LENGTH)), decipher.final()])
      // Zero padding may follow the type.
      const end = opened.findLastIndex((byte) => byte !== 0)
      return { type: opened[end] ?? 0, content: opened.subarray(0, end) }
    },
  }
}
