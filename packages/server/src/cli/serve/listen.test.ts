import { X509Certificate } from 'node:crypto'
import { connect } from 'node:net'
import type { Server } from 'node:tls'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createPki, recordEvents } from '@kube-authn/testing'
import { expect, it, onTestFinished, vi } from 'vitest'
import { folderOf } from '../../../test/command.ts'
import { httpsServer, listenSecurely } from './listen.ts'
import { serverLog } from './running.ts'

it('connections that cannot be accepted are logged, and do not end the process', async () => {
  const { chainPem, privateKeyPem } = await (await createPki()).issueServer({ hosts: ['127.0.0.1'] })
  const [certFile, keyFile] = ['tls.crt', 'tls.key'].map((name) => join(folderOf(), name)) as [string, string]
  writeFileSync(certFile, chainPem)
  writeFileSync(keyFile, privateKeyPem, { mode: 0o600 })
  const attached: Server[] = []
  const { close } = await listenSecurely({
    address: { host: '127.0.0.1', port: 0 },
    files: { certFile, keyFile },
    tls: { minVersion: 'TLSv1.2' },
    observer: () => {},
    log: serverLog(process),
    serverOf(options) {
      const server = httpsServer(options)
      attached.push(server)
      return server
    },
  })
  onTestFinished(close)
  const lines: unknown[] = []
  const stderr = vi.spyOn(process.stderr, 'write').mockImplementation((line) => lines.push(line) > 0)
  onTestFinished(() => stderr.mockRestore())
  for (let failures = 0; failures < 2; failures++) {
    attached[0]!.emit('error', Object.assign(new Error('accept ENOBUFS'), { code: 'ENOBUFS' }))
  }
  const line = expect.stringMatching(/error a connection could not be accepted \(ENOBUFS\)\n$/)
  expect(lines).toEqual([line, line])
})

it('an observer is told of the certificate, a new one, and connections without a handshake', async () => {
  const pki = await createPki()
  const [certFile, keyFile] = ['tls.crt', 'tls.key'].map((name) => join(folderOf(), name)) as [string, string]
  const write = async (): Promise<string> => {
    const { chainPem, privateKeyPem } = await pki.issueServer({ hosts: ['127.0.0.1'] })
    writeFileSync(certFile, chainPem)
    writeFileSync(keyFile, privateKeyPem, { mode: 0o600 })
    return new X509Certificate(chainPem).validTo
  }
  const first = await write()
  const { observer, events } = recordEvents()
  const { port, close } = await listenSecurely({
    address: { host: '127.0.0.1', port: 0 },
    files: { certFile, keyFile },
    tls: { minVersion: 'TLSv1.2' },
    observer,
    log: () => {},
    serverOf: httpsServer,
  })
  onTestFinished(close)
  const of = (type: string): unknown[] => events.filter((event) => event.type === type)
  expect(of('servingCertificate')).toEqual([{ type: 'servingCertificate', notAfterMs: Date.parse(first) }])
  const socket = connect(port, '127.0.0.1', () => socket.end('no handshake\r\n\r\n'))
  socket.on('error', () => {})
  await vi.waitFor(() => expect(of('tlsHandshakeError')).toEqual([{ type: 'tlsHandshakeError' }]))
  await write()
  await vi.waitFor(() => expect(of('servingCertificate')).toHaveLength(2))
})
