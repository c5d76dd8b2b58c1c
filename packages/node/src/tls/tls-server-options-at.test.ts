import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, request, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect, type TLSSocket } from 'node:tls'
import { ConfigurationError } from '@kube-authn/core'
import type { ReloadEvent } from '@kube-authn/core/internal'
import { createPki, type IssuedCredential, recordEvents } from '@kube-authn/testing'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type TlsServerFiles, tlsServerOptionsAt } from './tls-server-options-at.ts'

const pki = await createPki()
const first = await pki.issueServer({ hosts: ['localhost'], commonName: 'first' })
const second = await pki.issueServer({ hosts: ['localhost'], commonName: 'second' })

let folder: string
let certFile: string
let keyFile: string
let server: Server | undefined
let files: TlsServerFiles | undefined

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tls-server-options-'))
  certFile = join(folder, 'tls.crt')
  keyFile = join(folder, 'tls.key')
})
afterEach(() => {
  files?.close()
  server?.close()
  rmSync(folder, { recursive: true, force: true })
})

function write({ chainPem, privateKeyPem }: IssuedCredential): void {
  writeFileSync(certFile, chainPem)
  writeFileSync(keyFile, privateKeyPem)
}

function running(): Server {
  if (server === undefined) throw new Error('the server does not run')
  return server
}

/** The name in the certificate that a new connection sees. */
function served(servername = 'localhost'): Promise<unknown> {
  const { port } = running().address() as AddressInfo
  return new Promise((resolve, reject) => {
    const options = { port, host: '127.0.0.1', servername, ca: pki.caPem, rejectUnauthorized: false }
    const socket = connect(options, () => {
      resolve(socket.getPeerCertificate().subject.CN)
      socket.destroy()
    })
    socket.on('error', reject)
  })
}

async function listen(): Promise<readonly ReloadEvent[]> {
  const { observer, events } = recordEvents()
  write(first)
  files = tlsServerOptionsAt({ certFile, keyFile, settleSeconds: 0.02, observer, minVersion: 'TLSv1.3' })
  server = files.keepFresh(createServer(files.options, (_, response) => response.end()))
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve))
  return events as readonly ReloadEvent[]
}

describe('tlsServerOptionsAt', () => {
  it('serves what is in the files, and a new pair as soon as both are there', async () => {
    await listen()
    expect(files?.options).toMatchObject({ ca: [], requestCert: true, minVersion: 'TLSv1.3' })
    expect(await served()).toBe('first')
    write(second)
    await vi.waitFor(async () => expect(await served()).toBe('second'))
  })

  it('keeps the pair in force while the new certificate does not go with the key, and says so', async () => {
    const events = await listen()
    writeFileSync(certFile, second.chainPem)
    await vi.waitFor(() => expect(events).toHaveLength(1))
    expect(events[0]).toMatchObject({ source: certFile, outcome: 'failed' })
    expect(await served()).toBe('first')
    writeFileSync(keyFile, second.privateKeyPem)
    await vi.waitFor(() => expect(events).toHaveLength(2))
    expect(events[1]).toMatchObject({ source: keyFile, outcome: 'loaded' })
    expect(await served()).toBe('second')
  })

  it('keeps the pair in force when a file is emptied or is gone', async () => {
    const events = await listen()
    writeFileSync(certFile, '')
    rmSync(keyFile)
    await vi.waitFor(() => expect(events.filter(({ outcome }) => outcome === 'failed')).toHaveLength(2))
    expect(await served()).toBe('first')
    expect(JSON.stringify(events)).not.toContain('BEGIN')
  })

  it.each([
    ['there is no certificate', () => rmSync(certFile)],
    ['there is no key', () => rmSync(keyFile)],
  ])('does not start where %s', (_, spoil) => {
    write(first)
    spoil()
    expect(() => tlsServerOptionsAt({ certFile, keyFile })).toThrow('ENOENT')
  })

  it('does not start with a certificate and the key of another', () => {
    write(first)
    writeFileSync(keyFile, second.privateKeyPem)
    expect(() => tlsServerOptionsAt({ certFile, keyFile })).toThrow(ConfigurationError)
  })
})

describe('certificates for names', () => {
  const named = (name: string): { certFile: string; keyFile: string } => ({
    certFile: join(folder, `${name}.crt`),
    keyFile: join(folder, `${name}.key`),
  })
  const issued = (name: string, commonName: string): Promise<IssuedCredential> =>
    pki.issueServer({ hosts: [`${name}.example.com`], commonName })

  function writePair(name: string, { chainPem, privateKeyPem }: IssuedCredential): void {
    writeFileSync(named(name).certFile, chainPem)
    writeFileSync(named(name).keyFile, privateKeyPem)
  }

  async function listening(): Promise<readonly ReloadEvent[]> {
    write(first)
    writePair('a', await issued('a', 'A 1'))
    writePair('b', await issued('b', 'B 1'))
    const { observer, events } = recordEvents()
    const sniCertificates = [named('a'), { ...named('b'), names: ['*.b.example.com', 'b2.example.com'] }]
    files = tlsServerOptionsAt({ certFile, keyFile, sniCertificates, settleSeconds: 0.02, observer })
    server = files.keepFresh(
      createServer(files.options, (received, response) => {
        response.end((received.socket as TLSSocket).getPeerCertificate().subject?.CN)
      }),
    )
    await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve))
    return events as readonly ReloadEvent[]
  }

  const NAMES = ['localhost', 'a.example.com', 'x.b.example.com', 'b2.example.com', 'b.example.com', '']

  async function all(): Promise<readonly unknown[]> {
    return Promise.all(NAMES.map((name) => served(name)))
  }

  it('are served to clients that want these names, and each is reloaded for itself', async () => {
    const events = await listening()
    expect(await all()).toEqual(['first', 'A 1', 'B 1', 'B 1', 'B 1', 'first'])
    const next = await issued('b', 'B 2')
    // The other pair does not match meanwhile.
    writeFileSync(named('a').keyFile, next.privateKeyPem)
    await vi.waitFor(() => expect(events.some(({ outcome }) => outcome === 'failed')).toBe(true))
    writePair('b', next)
    await vi.waitFor(async () => expect(await served('b2.example.com')).toBe('B 2'))
    write(second)
    await vi.waitFor(async () => expect(await served()).toBe('second'))
    expect(await all()).toEqual(['second', 'A 1', 'B 2', 'B 2', 'B 2', 'second'])
    writePair('a', await issued('a2', 'A 2'))
    await vi.waitFor(async () => expect(await served('a2.example.com')).toBe('A 2'))
    expect(await served('a.example.com')).toBe('second')
    expect(JSON.stringify(events)).not.toContain('BEGIN')
  })

  it.each(NAMES)('ask for the certificate of a client, as the default one does: %j', async (servername) => {
    await listening()
    const { chainPem: cert, privateKeyPem: key } = await pki.issueClient({ commonName: 'jane' })
    const { port } = running().address() as AddressInfo
    const seen = await new Promise((resolve, reject) => {
      const options = { port, host: '127.0.0.1', servername, rejectUnauthorized: false, cert, key }
      request({ ...options, agent: false }, (response) => {
        response.setEncoding('utf8').on('data', resolve)
      })
        .on('error', reject)
        .end()
    })
    expect(seen).toBe('jane')
  })

  it.each<[string, object, string, string?]>([
    ['of a key of another', { certFile: 'b.crt' }, 'sniCertificates[1].certFile', 'matches the key'],
    ['of a file that is not there', { keyFile: 'no.key' }, 'sniCertificates[1].keyFile', 'ENOENT'],
    ['of a file that is none', { certFile: 'a.key' }, 'sniCertificates[1].certFile'],
    ['for an IP address', { names: ['a', '127.0.0.1'] }, 'sniCertificates[1].names[1]'],
    ['for an empty name', { names: [''] }, 'sniCertificates[1].names[0]'],
    ['with an unknown option', { name: 'x' }, 'sniCertificates[1].name'],
  ])('are refused %s', async (_, changed, path, message = '') => {
    write(first)
    writePair('a', await issued('a', 'A 1'))
    writePair('b', await issued('b', 'B 1'))
    const inFolder = Object.fromEntries(
      Object.entries(changed).map(([name, value]) => [
        name,
        typeof value === 'string' && value.includes('.') ? join(folder, value) : value,
      ]),
    )
    const sniCertificates = [named('b'), { ...named('a'), ...inFolder }]
    let thrown: unknown
    try {
      tlsServerOptionsAt({ certFile, keyFile, sniCertificates })
    } catch (error) {
      thrown = error
    }
    if (!(thrown instanceof ConfigurationError)) throw new TypeError('it was not refused')
    expect(thrown.problems).toMatchObject([{ path, message: expect.stringContaining(message) }])
  })

  it('are not given with a callback of the app', () => {
    write(first)
    const options = { certFile, keyFile, sniCertificates: [{ certFile, keyFile }], SNICallback: () => {} }
    expect(() => tlsServerOptionsAt(options)).toThrow('SNICallback: must not be given with sniCertificates')
  })
})

it.each([
  { limit: null, after: 0 },
  { limit: 50, after: 50 },
  { limit: 0, after: 0 },
])('a server with maxHeadersCount $limit has $after afterwards', ({ limit, after }) => {
  write(first)
  files = tlsServerOptionsAt({ certFile, keyFile, reload: false })
  server = createServer(files.options)
  server.maxHeadersCount = limit
  expect(files.keepFresh(server).maxHeadersCount).toBe(after)
})
