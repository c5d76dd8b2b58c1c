import { spawn } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'
import { get as getSecurely } from 'node:https'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { createPki } from '@kube-authn/testing'
import { afterAll, describe, expect, it, onTestFinished, vi } from 'vitest'
import { COMMAND, folderOf } from '../../packages/server/test/command.ts'
import { startServeProcess } from '../../packages/server/test/served.ts'
import { has } from './components.ts'
import { startEtcd } from './etcd.ts'
import { freePort } from './ports.ts'
import { makeScratch } from './scratch.ts'

const REVOCATIONS = '/apis/authentication.kube-authn.dev/v1/credentialrevocations'

async function textOf(response: IncomingMessage): Promise<string> {
  let text = ''
  for await (const part of response.setEncoding('utf8')) text += String(part)
  return text
}

describe.runIf(has('etcd'))('kube-authn proxy with the store of a server', () => {
  const scratch = makeScratch()
  afterAll(() => scratch.remove())

  it('refuses what was revoked at the server, ends its watch, and is not ready without the store', async () => {
    const etcd = await startEtcd(scratch, 'etcd')
    onTestFinished(() => etcd.close())
    const store = `--store=etcd+http://127.0.0.1:${etcd.port}`
    const [janes, joes, admins] = Array.from({ length: 3 }, () => randomBytes(16).toString('hex'))
    const pki = await createPki()
    const { chainPem, privateKeyPem } = await pki.issueServer({ hosts: ['127.0.0.1'] })
    const files = folderOf({
      'tokens.csv': `${janes},jane,1\n${joes},joe,2\n${admins},admin,3,system:masters\n`,
      'own.token': `${admins}\n`,
      'tls.crt': chainPem,
      'tls.key': privateKeyPem,
    })
    const tokens = `--token-auth-file=${join(files, 'tokens.csv')}`
    const served = await startServeProcess([store, tokens])
    const healthPort = await freePort()
    const child = spawn(
      process.execPath,
      [
        COMMAND,
        'proxy',
        `--upstream=${served.server}`,
        `--upstream-ca-file=${join(served.dataDir, 'pki/ca.crt')}`,
        `--upstream-token-file=${join(files, 'own.token')}`,
        `--tls-cert-file=${join(files, 'tls.crt')}`,
        `--tls-private-key-file=${join(files, 'tls.key')}`,
        '--secure-port=0',
        `--healthz-port=${healthPort}`,
        '--output=json',
        tokens,
        store,
      ],
      { env: { PATH: process.env['PATH'] ?? '' }, stdio: ['ignore', 'pipe', 'inherit'] },
    )
    onTestFinished(() => void child.kill('SIGKILL'))
    const [line] = (await once(createInterface(child.stdout), 'line')) as [string]
    const { server } = JSON.parse(line) as { readonly server: string }
    const ask = async (path: string, token = ''): Promise<IncomingMessage> => {
      const headers = { authorization: `Bearer ${token}` }
      const sent = getSecurely(`${server}${path}`, { ca: pki.caPem, headers, agent: false })
      return ((await once(sent, 'response')) as [IncomingMessage])[0]
    }
    const ready = async (): Promise<string> => {
      const sent = get({ host: '127.0.0.1', port: healthPort, path: '/readyz?verbose', agent: false })
      return textOf(((await once(sent, 'response')) as [IncomingMessage])[0])
    }
    expect(await ready()).toMatch(
      /^\[\+\]ping ok\n\[\+\]store ok\n\[\+\]copies ok\n[^]*readyz check passed\n$/,
    )

    const role = {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRoleBinding',
      metadata: { name: 'viewers' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'view' },
      subjects: ['jane', 'joe'].map((name) => ({
        apiGroup: 'rbac.authorization.k8s.io',
        kind: 'User',
        name,
      })),
    }
    const bindings = '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings'
    expect((await served.admin(bindings, { method: 'POST', body: role })).status).toBe(201)
    const watch = '/api/v1/namespaces/default/configmaps?watch=1'
    const [janesWatch, joesWatch] = [await ask(watch, janes), await ask(watch, joes)]
    expect([janesWatch.statusCode, joesWatch.statusCode]).toEqual([200, 200])
    joesWatch.resume()
    const ended = textOf(janesWatch)
    const revocation = {
      apiVersion: 'authentication.kube-authn.dev/v1',
      kind: 'CredentialRevocation',
      metadata: { generateName: 'taken-' },
      spec: {
        tokenSHA256: createHash('sha256').update(String(janes)).digest('hex'),
        expirationTime: '2100-01-01T00:00:00Z',
      },
    }
    expect((await served.admin(REVOCATIONS, { method: 'POST', body: revocation })).status).toBe(201)
    await ended
    expect(janesWatch.complete).toBe(true)
    expect((await ask('/api', janes)).statusCode).toBe(401)
    expect((await ask('/api', joes)).statusCode).toBe(200)
    expect(joesWatch.closed).toBe(false)

    await etcd.close()
    await vi.waitFor(async () => expect(await ready()).toContain('[-]store failed'))
  })
})
