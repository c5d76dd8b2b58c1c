import { type KeyObject, randomBytes, sign, type SigningOptions } from 'node:crypto'
import { digestOf } from './traffic-keys.ts'

/** How a handshake is signed: the number of the scheme, the hash, and how RSA pads. */
export type SignatureScheme = readonly [
  code: number,
  hash: string | null,
  options?: Pick<SigningOptions, 'padding' | 'saltLength'>,
]

/** The client's certificates and keys. */
export interface ClientCredential {
  /** Certificates in DER, or any other bytes. */
  readonly chain: readonly Uint8Array[]
  readonly key: KeyObject
  /** A scheme other than that of the key. */
  readonly scheme?: SignatureScheme
}

export interface HandshakeMessage {
  readonly type: number
  readonly body: Buffer
  readonly whole: Buffer
}

const X25519 = 0x001d
const AES_128_GCM_SHA256 = 0x1301
const SIGNATURES = [0x0403, 0x0503, 0x0603, 0x0807, 0x0804, 0x0805, 0x0806, 0x0401]
const KEY_SHARE = 51

export function message(type: number, body: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from([type]), number(3, body.length), body])
}

/** The complete messages; an incomplete rest stays. */
export function takeMessages(bytes: Buffer): {
  readonly messages: readonly HandshakeMessage[]
  readonly rest: Buffer
} {
  const messages: HandshakeMessage[] = []
  let rest = bytes
  while (rest.length >= 4 && rest.length >= 4 + rest.readUIntBE(1, 3)) {
    const whole = rest.subarray(0, 4 + rest.readUIntBE(1, 3))
    messages.push({ type: whole[0] ?? 0, body: whole.subarray(4), whole })
    rest = rest.subarray(whole.length)
  }
  return { messages, rest }
}

/** RFC 8446, section 4.1.2: TLS 1.3 only, one cipher, one group. */
export function clientHello(share: Uint8Array, protocol: string): Buffer {
  const extension = (type: number, content: Uint8Array): Buffer =>
    Buffer.concat([number(2, type), list(2, content)])
  const extensions = [
    extension(0, list(2, Buffer.concat([Buffer.from([0]), list(2, Buffer.from('localhost'))]))),
    extension(10, list(2, number(2, X25519))),
    extension(13, list(2, Buffer.concat(SIGNATURES.map((code) => number(2, code))))),
    extension(43, list(1, number(2, 0x0304))),
    extension(KEY_SHARE, list(2, Buffer.concat([number(2, X25519), list(2, share)]))),
    extension(16, list(2, list(1, Buffer.from(protocol)))),
  ]
  const hello = [number(2, 0x0303), randomBytes(32), list(1, randomBytes(32))]
  const offers = [list(2, number(2, AES_128_GCM_SHA256)), list(1, Buffer.from([0]))]
  return message(1, Buffer.concat([...hello, ...offers, list(2, Buffer.concat(extensions))]))
}

/** The key of the server in its hello. */
export function shareIn(serverHello: Buffer): Buffer {
  let at = 2 + 32
  at += 1 + (serverHello[at] ?? 0)
  if (serverHello.readUInt16BE(at) !== AES_128_GCM_SHA256) throw new Error('the server chose another cipher')
  for (at += 2 + 1 + 2; at < serverHello.length; at += 4 + serverHello.readUInt16BE(at + 2)) {
    const end = at + 4 + serverHello.readUInt16BE(at + 2)
    if (serverHello.readUInt16BE(at) === KEY_SHARE) return serverHello.subarray(at + 8, end)
  }
  throw new Error('the server has no key share')
}

/** RFC 8446, section 4.4.2. */
export function certificateMessage(context: Uint8Array, chain: readonly Uint8Array[]): Buffer {
  const entries = chain.map((der) => Buffer.concat([list(3, der), number(2, 0)]))
  return message(11, Buffer.concat([list(1, context), list(3, Buffer.concat(entries))]))
}

/** RFC 8446, section 4.4.3. */
export function certificateVerify({ key, scheme }: ClientCredential, transcript: Uint8Array): Buffer {
  const [code, hash, options] = scheme ?? schemeOf(key)
  const text = Buffer.from('TLS 1.3, client CertificateVerify\0')
  const signed = Buffer.concat([Buffer.alloc(64, 0x20), text, digestOf(transcript)])
  const signature = sign(hash, signed, { key, ...options })
  return message(15, Buffer.concat([number(2, code), list(2, signature)]))
}

const PSS = { padding: 6, saltLength: 32 }
const SCHEMES: Readonly<Record<string, SignatureScheme>> = {
  prime256v1: [0x0403, 'sha256'],
  secp384r1: [0x0503, 'sha384'],
  secp521r1: [0x0603, 'sha512'],
  rsa: [0x0804, 'sha256', PSS],
  'rsa-pss': [0x0809, 'sha256', PSS],
  ed25519: [0x0807, null],
  ed448: [0x0808, null],
  dsa: [0x0202, 'sha256'],
}

/** Curves unknown to TLS use the name of another. */
function schemeOf({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): SignatureScheme {
  const scheme = SCHEMES[asymmetricKeyDetails?.namedCurve ?? asymmetricKeyType ?? '']
  return scheme ?? [0x0403, 'sha256']
}

function number(size: number, value: number): Buffer {
  const bytes = Buffer.alloc(size)
  bytes.writeUIntBE(value, 0, size)
  return bytes
}

/** Bytes with a length prefix of `size` bytes. */
function list(size: number, content: Uint8Array): Buffer {
  return Buffer.concat([number(size, content.length), content])
}
