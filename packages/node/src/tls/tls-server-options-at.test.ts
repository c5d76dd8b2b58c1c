import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect } from 'node:tls'
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
function served(): Promise<unknown> {
  const { port } = running().address() as AddressInfo
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', servername: 'localhost', ca: pki.caPem }, () => {
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
