import type { Server } from 'node:tls'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createPki } from '@kube-authn/testing'
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
