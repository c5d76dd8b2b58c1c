import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createPki } from '@kube-authn/testing'
import { afterAll, describe, expect, it } from 'vitest'

const scratch = mkdtempSync(join(tmpdir(), 'tls-peer-chain-'))
afterAll(() => rmSync(scratch, { recursive: true, force: true }))

function runSuite(env: NodeJS.ProcessEnv = {}): readonly string[] {
  const suite = fileURLToPath(new URL('tls-peer-chain.mjs', import.meta.url))
  const { stdout, stderr } = spawnSync(process.execPath, [suite], {
    encoding: 'utf8',
    env: { ...process.env, ...env },
    timeout: 280_000,
  })
  return `${stdout}${stderr}`.trim().split('\n')
}

describe('the certificates of TLS peers', () => {
  it('are what was presented, on this version of Node', () => {
    const lines = runSuite()
    expect(lines.filter((line) => line.startsWith('FAILED'))).toEqual([])
    expect(lines.at(-1)).toMatch(/^\d{2} passed, 0 failed$/)
  })

  it('are never trusted by the TLS context, even with an authority of the environment', async () => {
    const pki = await createPki()
    const path = join(scratch, 'ca.pem')
    writeFileSync(path, pki.caPem)
    const server = await pki.issueServer({ hosts: ['localhost'] })
    const client = await (
      await pki.issueIntermediate({ commonName: 'sub' })
    ).issueClient({ commonName: 'jane' })
    const script = `
      import tls from 'node:tls'
      import { tlsServerOptions } from '@kube-authn/node'
      const server = tls.createServer(tlsServerOptions(${JSON.stringify({ cert: server.chainPem, key: server.privateKeyPem })}), (socket) => {
        console.log(socket.authorized, socket.getPeerCertificate(true).issuerCertificate?.subject.CN)
        process.exit()
      })
      server.listen(0, '127.0.0.1', () => {
        const { port } = server.address()
        tls.connect({ port, host: '127.0.0.1', servername: 'localhost', ${JSON.stringify({ cert: client.chainPem, key: client.privateKeyPem }).slice(1, -1)} })
      })`
    const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
      cwd: fileURLToPath(new URL('.', import.meta.url)),
      encoding: 'utf8',
      env: { ...process.env, NODE_EXTRA_CA_CERTS: path },
    })
    expect([stdout, stderr]).toEqual(['false sub\n', ''])
  })
})
