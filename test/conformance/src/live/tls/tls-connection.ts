import { createPublicKey, diffieHellman, generateKeyPairSync } from 'node:crypto'
import { connect } from 'node:net'
import { Duplex } from 'node:stream'
import {
  certificateMessage,
  certificateVerify,
  type ClientCredential,
  clientHello,
  type HandshakeMessage,
  message,
  shareIn,
  takeMessages,
} from './handshake-messages.ts'
import {
  APPLICATION_DATA,
  deriveSecret,
  digestOf,
  expandLabel,
  extract,
  type TrafficKeys,
  trafficKeys,
} from './traffic-keys.ts'

const ALERT = 21
const HANDSHAKE = 22
const NOTHING = Buffer.alloc(0)
const ZEROS = Buffer.alloc(32)
/** An X25519 key as SubjectPublicKeyInfo, but for the key. */
const SPKI = Buffer.from('302a300506032b656e032100', 'hex')
const LONGEST_RECORD = 16_000
/** Of every connection: nothing here is secret. */
const { publicKey, privateKey } = generateKeyPairSync('x25519')
const SHARE = publicKey.export({ type: 'spki', format: 'der' }).subarray(-32)

export interface TlsConnectionOptions {
  readonly protocol: 'http/1.1' | 'h2'
  readonly credential?: ClientCredential
}

/**
 * A TLS 1.3 connection whose client presents exactly the given certificates, valid or not, which no library does. The server is not verified. A
 * refused handshake is an `error`.
 */
export function tlsConnection(port: number, { protocol, credential }: TlsConnectionOptions): Duplex {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true })
  const hello = clientHello(SHARE, protocol)
  let transcript = hello
  let received: Buffer = NOTHING
  let messages: Buffer = NOTHING
  let handshakeSecret: Buffer = NOTHING
  let clientSecret: Buffer = NOTHING
  /** Of the CertificateRequest. */
  let context: Buffer | undefined
  let reading: TrafficKeys | undefined
  let writing: TrafficKeys | undefined
  let ready: ((error?: Error) => void) | undefined

  const stream = new Duplex({
    construct(callback) {
      ready = callback
    },
    write(chunk: Buffer, _encoding, callback) {
      socket.write(sealed(APPLICATION_DATA, chunk), () => {
        callback()
      })
    },
    read() {},
    destroy(error, callback) {
      socket.destroy()
      callback(error)
    },
  })
  socket.on('connect', () => {
    const header = Buffer.from([HANDSHAKE, 3, 1, hello.length >> 8, hello.length & 0xff])
    socket.write(Buffer.concat([header, hello]))
  })
  socket.on('error', end).on('close', () => {
    end()
  })
  socket.on('data', (bytes) => {
    received = Buffer.concat([received, bytes])
    try {
      while (received.length >= 5 && received.length >= 5 + received.readUInt16BE(3)) takeRecord()
    } catch (error) {
      end(error instanceof Error ? error : new Error('the server broke the protocol'))
    }
  })
  return stream

  function end(error?: Error): void {
    if (ready === undefined) {
      if (error === undefined) stream.push(null)
      stream.destroy(error)
    } else ready(error ?? new Error('the connection was closed in the handshake'))
    ready = undefined
    socket.destroy()
  }

  function takeRecord(): void {
    const length = received.readUInt16BE(3)
    const [header, body] = [received.subarray(0, 5), received.subarray(5, 5 + length)]
    received = received.subarray(5 + length)
    const isSealed = header[0] === APPLICATION_DATA && reading !== undefined
    const { type, content } = isSealed ? reading!.open(header, body) : { type: header[0], content: body }
    if (type === ALERT) end(content[1] === 0 ? undefined : new Error(`alert ${content[1]}`))
    if (type === APPLICATION_DATA) stream.push(Buffer.from(content))
    if (type === HANDSHAKE) {
      const taken = takeMessages(Buffer.concat([messages, content]))
      messages = taken.rest
      // After the handshake only tickets follow.
      for (const each of taken.messages) if (ready !== undefined) takeMessage(each)
    }
  }

  function takeMessage({ type, body, whole }: HandshakeMessage): void {
    transcript = Buffer.concat([transcript, whole])
    if (type === 2) agree(shareIn(body))
    if (type === 13) context = body.subarray(1, 1 + (body[0] ?? 0))
    if (type === 20) finish()
  }

  function agree(share: Buffer): void {
    const server = createPublicKey({ key: Buffer.concat([SPKI, share]), format: 'der', type: 'spki' })
    const shared = diffieHellman({ privateKey, publicKey: server })
    const early = deriveSecret(extract(ZEROS, ZEROS), 'derived', NOTHING)
    handshakeSecret = extract(early, shared)
    clientSecret = deriveSecret(handshakeSecret, 'c hs traffic', transcript)
    reading = trafficKeys(deriveSecret(handshakeSecret, 's hs traffic', transcript))
    writing = trafficKeys(clientSecret)
  }

  function finish(): void {
    const main = extract(deriveSecret(handshakeSecret, 'derived', NOTHING), ZEROS)
    const ofClient = trafficKeys(deriveSecret(main, 'c ap traffic', transcript))
    reading = trafficKeys(deriveSecret(main, 's ap traffic', transcript))
    const say = (said: Buffer): void => {
      transcript = Buffer.concat([transcript, said])
      socket.write(sealed(HANDSHAKE, said))
    }
    if (context !== undefined) {
      say(certificateMessage(context, credential?.chain ?? []))
      if (credential !== undefined) say(certificateVerify(credential, transcript))
    }
    const finished = expandLabel(clientSecret, 'finished', NOTHING, 32)
    say(message(20, extract(finished, digestOf(transcript))))
    writing = ofClient
    ready?.()
    ready = undefined
  }

  function sealed(type: number, content: Buffer): Buffer {
    const records: Buffer[] = []
    for (let at = 0; at < content.length; at += LONGEST_RECORD) {
      records.push(writing?.seal(type, content.subarray(at, at + LONGEST_RECORD)) ?? NOTHING)
    }
    return Buffer.concat(records)
  }
}
