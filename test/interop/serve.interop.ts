import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { folderOf } from '../../packages/server/test/command.ts'
import { type Served, startServeProcess } from '../../packages/server/test/served.ts'
import { PATIENCE_MS } from '../patience.ts'
import { COMPONENTS, has } from './components.ts'

interface Result {
  readonly stdout: string
  readonly stderr: string
  readonly exitCode: number
}

/** Runs kubectl as a user would who has pasted the printed line, with caches of its own. */
function kubectl({ announcement }: Served, args: readonly string[], input = ''): Promise<Result> {
  return new Promise((resolve) => {
    const child = execFile(
      COMPONENTS.kubectl.command,
      args,
      {
        env: { PATH: process.env['PATH'] ?? '', HOME: folderOf(), KUBECONFIG: announcement['kubeconfig'] },
        timeout: PATIENCE_MS,
      },
      (error, stdout, stderr) =>
        resolve({ stdout, stderr, exitCode: typeof error?.code === 'number' ? error.code : error ? -1 : 0 }),
    )
    child.stdin?.end(input)
  })
}

/** The arguments of another user than that of the kubeconfig: its client certificate would count before a token. */
function credential({ announcement, dataDir }: Served, token: string): readonly string[] {
  return [
    '--kubeconfig=/dev/null',
    `--server=${announcement['server']}`,
    `--certificate-authority=${join(dataDir, 'pki/ca.crt')}`,
    `--token=${token}`,
  ]
}

describe.runIf(has('kubectl'))('kubectl, with the printed kubeconfig of kube-authn serve', () => {
  it('goes through the printed lines', async () => {
    const served = await startServeProcess()
    expect((await kubectl(served, ['auth', 'whoami'])).stdout).toMatch(/^Groups +\[system:masters /m)
    expect(await kubectl(served, ['create', 'serviceaccount', 'jenkins'])).toEqual({
      stdout: 'serviceaccount/jenkins created\n',
      stderr: '',
      exitCode: 0,
    })
    const { stdout: token } = await kubectl(served, ['create', 'token', 'jenkins'])
    const listed = await kubectl(served, ['get', 'serviceaccounts,secrets'])
    expect(listed.stdout).toMatch(/^serviceaccount\/jenkins +/m)

    const jenkins = credential(served, token.trim())
    expect((await kubectl(served, [...jenkins, 'auth', 'whoami'])).stdout).toMatch(
      /^Username +system:serviceaccount:default:jenkins$/m,
    )
    expect(await kubectl(served, [...jenkins, 'get', 'secrets'])).toMatchObject({
      stderr:
        'Error from server (Forbidden): secrets is forbidden: User "system:serviceaccount:default:jenkins" cannot list resource "secrets" in API group "" in the namespace "default"\n',
      exitCode: 1,
    })
    // Its user is cached for a while, which does not help it.
    await kubectl(served, ['delete', 'serviceaccount', 'jenkins'])
    expect((await kubectl(served, [...jenkins, 'auth', 'whoami'])).stderr).toContain('Unauthorized')
  })

  it('gives a user of the token file a role, which counts at once', async () => {
    const folder = folderOf({ 'tokens.csv': 'secret,jane,1,"developers"\n' })
    const served = await startServeProcess([`--token-auth-file=${join(folder, 'tokens.csv')}`])
    const jane = credential(served, 'secret')
    expect(await kubectl(served, [...jane, 'get', 'nodes'])).toMatchObject({
      stderr:
        'Error from server (Forbidden): nodes is forbidden: User "jane" cannot list resource "nodes" in API group "" at the cluster scope\n',
    })
    await kubectl(served, ['create', 'clusterrole', 'nodes', '--verb=get,list', '--resource=nodes'])
    await kubectl(served, [
      'create',
      'clusterrolebinding',
      'nodes',
      '--clusterrole=nodes',
      '--group=developers',
    ])
    expect(await kubectl(served, [...jane, 'get', 'nodes'])).toEqual({
      stdout: '',
      stderr: 'No resources found\n',
      exitCode: 0,
    })
    expect(await kubectl(served, [...jane, 'auth', 'can-i', 'delete', 'nodes'])).toMatchObject({
      stdout: 'no\n',
    })
    const asSuperman = [...jane, '--as=superman', 'get', 'nodes']
    expect(await kubectl(served, asSuperman)).toMatchObject({
      stderr: expect.stringContaining('Error from server (Forbidden): '),
      exitCode: 1,
    })
    const impersonate = ['--verb=impersonate', '--resource=users', '--resource-name=superman']
    await kubectl(served, ['create', 'clusterrole', 'deputies', ...impersonate])
    await kubectl(served, [
      'create',
      'clusterrolebinding',
      'deputies',
      '--clusterrole=deputies',
      '--user=jane',
    ])
    expect((await kubectl(served, asSuperman)).stderr).toContain(
      'User "superman" cannot list resource "nodes"',
    )
  })

  it('writes a token into a secret that asks for one, and cleans up bootstrap tokens if told to', async () => {
    const served = await startServeProcess(['--controllers=*,tokencleaner', '--enable-bootstrap-token-auth'])
    await kubectl(served, ['create', 'serviceaccount', 'jenkins'])
    const secret = {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'jenkins', annotations: { 'kubernetes.io/service-account.name': 'jenkins' } },
      type: 'kubernetes.io/service-account-token',
    }
    await kubectl(served, ['create', '--validate=false', '-f', '-'], JSON.stringify(secret))
    const read = async (field: string): Promise<string> => {
      const path = `jsonpath={.data.${field}}`
      await kubectl(served, ['wait', 'secret/jenkins', `--for=${path}`, '--timeout=30s'])
      const { stdout } = await kubectl(served, ['get', 'secret', 'jenkins', '-o', path])
      return Buffer.from(stdout, 'base64').toString()
    }
    expect(await read(String.raw`ca\.crt`)).toBe(readFileSync(join(served.dataDir, 'pki/ca.crt'), 'utf8'))
    const token = await read('token')
    expect((await kubectl(served, [...credential(served, token), 'auth', 'whoami'])).stdout).toContain(
      'system:serviceaccount:default:jenkins',
    )
    const expired = {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'bootstrap-token-abcdef', namespace: 'kube-system' },
      type: 'bootstrap.kubernetes.io/token',
      stringData: {
        'token-id': 'abcdef',
        'token-secret': '0123456789abcdef',
        'usage-bootstrap-authentication': 'true',
        expiration: '2020-01-01T00:00:00Z',
      },
    }
    await kubectl(served, ['create', '--validate=false', '-f', '-'], JSON.stringify(expired))
    expect(
      await kubectl(served, [
        'wait',
        '--namespace=kube-system',
        'secret/bootstrap-token-abcdef',
        '--for=delete',
        '--timeout=30s',
      ]),
    ).toMatchObject({ exitCode: 0 })
  })

  it('finds its objects again after a restart', async () => {
    const first = await startServeProcess()
    await kubectl(first, ['create', 'configmap', 'kept', '--from-literal=a=b'])
    await first.stop('SIGKILL')
    const second = await startServeProcess([`--data-dir=${first.dataDir}`])
    expect((await kubectl(second, ['get', 'configmap', 'kept', '-o', 'jsonpath={.data.a}'])).stdout).toBe('b')
  })

  it('gives every service account a secret, as 1.6 did, with the feature gate', async () => {
    const served = await startServeProcess([
      '--feature-gates=LegacyServiceAccountTokenNoAutoGeneration=false',
    ])
    await kubectl(served, ['create', 'serviceaccount', 'jenkins'])
    const path = 'jsonpath={.secrets[0].name}'
    await kubectl(served, ['wait', 'serviceaccount/jenkins', `--for=${path}`, '--timeout=30s'])
    const { stdout } = await kubectl(served, ['get', 'serviceaccount', 'jenkins', '-o', path])
    expect(stdout).toMatch(/^jenkins-token-/)
  })
})
