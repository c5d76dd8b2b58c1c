import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type handleUnaryCall, Metadata, Server, ServerCredentials, status } from '@grpc/grpc-js'

/*
 * An external signer of `externaljwt/v1` by `@grpc/grpc-js`, as a vendor of one would write it. Its messages are written by another hand
 * than the one that reads them.
 */

/** A field: a number is a varint, a text or bytes are length-delimited. */
type Field = readonly [number: number, value: number | bigint | string | Uint8Array]

/** A message of Protocol Buffers. */
export function message(...fields: readonly Field[]): Buffer {
  return Buffer.concat(
    fields.flatMap(([number, value]) => {
      if (typeof value === 'number' || typeof value === 'bigint') {
        return [varint(number << 3), varint(BigInt.asUintN(64, BigInt(value)))]
      }
      const content = Buffer.from(value)
      return [varint((number << 3) | 2), varint(content.length), content]
    }),
  )
}

function varint(value: number | bigint): Buffer {
  const bytes: number[] = []
  for (let rest = BigInt(value); ; rest >>= 7n) {
    if (rest < 0x80n) return Buffer.from([...bytes, Number(rest)])
    bytes.push(Number(rest & 0x7fn) | 0x80)
  }
}

/** A key of the signer, as the message Key. */
export function keyMessage(keyId: string, publicKey: KeyObject, isExcluded = false): Buffer {
  const der = publicKey.export({ type: 'spki', format: 'der' })
  return message([1, keyId], [2, der], ...(isExcluded ? ([[3, 1]] as const) : []))
}

const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' })
export const signerKey: Buffer = keyMessage('signer-1', pair.publicKey)
export const signerPublicKey: KeyObject = pair.publicKey

/** What it answers to each method: a message, or an error. May be changed while it runs. */
export interface SignerAnswers {
  sign: (claims: string) => Buffer | Error | undefined
  keys: () => Buffer | Error | undefined
  metadata: () => Buffer | Error | undefined
}

/** A signature of the signer over claims, with this header. */
export function signedMessage(
  claims: string,
  header: object = { alg: 'ES256', kid: 'signer-1', typ: 'JWT' },
): Buffer {
  const first = Buffer.from(JSON.stringify(header)).toString('base64url')
  const signature = sign('sha256', Buffer.from(`${first}.${claims}`), {
    key: pair.privateKey,
    dsaEncoding: 'ieee-p1363',
  })
  return message([1, first], [2, signature.toString('base64url')])
}

/** Keys, with a hint and a time. */
export function keysMessage(keys: readonly Buffer[], hintSeconds: number | bigint = 60): Buffer {
  return message(...keys.map((key) => [1, key] as const), [2, message([1, 1_900_000_000])], [3, hintSeconds])
}

let sockets = 0
let folder: string | undefined

/** Where a signer may listen. */
export function socketPath(): string {
  folder ??= temporaryFolder()
  return join(folder, `${++sockets}.sock`)
}

function temporaryFolder(): string {
  const path = mkdtempSync(join(tmpdir(), 'signer-'))
  process.once('exit', () => rmSync(path, { recursive: true, force: true }))
  return path
}

/** Starts a signer at a socket. */
export async function signerServer(endpoint: string, given: Partial<SignerAnswers> = {}) {
  const answers: SignerAnswers = {
    sign: signedMessage,
    keys: () => keysMessage([signerKey]),
    metadata: () => message([1, 86_400]),
    ...given,
  }
  const calls: string[] = []
  const cancelled: string[] = []
  const handler =
    (name: keyof SignerAnswers): handleUnaryCall<Buffer, Buffer> =>
    (call, callback) => {
      calls.push(name)
      call.on('cancelled', () => void cancelled.push(name))
      const answer = answers[name](claimsOf(call.request))
      if (answer instanceof Error) {
        callback({ code: status.UNKNOWN, details: answer.message, metadata: new Metadata() })
      } else if (answer !== undefined) callback(null, answer)
    }
  const server = new Server()
  const method = (name: string) => ({
    path: `/v1.ExternalJWTSigner/${name}`,
    requestStream: false,
    responseStream: false,
    requestSerialize: (value: Buffer) => value,
    requestDeserialize: (value: Buffer) => value,
    responseSerialize: (value: Buffer) => value,
    responseDeserialize: (value: Buffer) => value,
  })
  server.addService(
    { Sign: method('Sign'), FetchKeys: method('FetchKeys'), Metadata: method('Metadata') },
    { Sign: handler('sign'), FetchKeys: handler('keys'), Metadata: handler('metadata') },
  )
  const path = endpoint.startsWith('@') ? `\0${endpoint.slice(1)}` : endpoint
  await new Promise<void>((resolve, reject) => {
    server.bindAsync(`unix:${path}`, ServerCredentials.createInsecure(), (error) =>
      error === null ? resolve() : reject(error),
    )
  })
  return { answers, calls, cancelled, close: () => server.forceShutdown() }
}

/** What is behind the tag and the length. */
function claimsOf(request: Buffer): string {
  if (request.length === 0) return ''
  if (request[0] !== 0x0a) throw new Error('the request has no claims')
  let at = 1
  while ((request[at] ?? 0) > 0x7f) at++
  return request.subarray(at + 1).toString()
}
