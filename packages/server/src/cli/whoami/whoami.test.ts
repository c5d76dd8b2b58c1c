import { once } from 'node:events'
import { createServer } from 'node:https'
import { createPki } from '@kube-authn/testing'
import { describe, expect, it, onTestFinished } from 'vitest'
import { folderOf, run } from '../../../test/command.ts'

const jane = {
  username: 'jane\u001b[31m',
  uid: '1',
  groups: ['dev', 'system:authenticated'],
  extra: { 'example.com/scopes': ['a', 'b'], __proto__: [] },
}

/** A server that answers one kind of request, and the folder of a client with a kubeconfig. */
async function client(
  user: string,
  answer: { readonly status: number; readonly body: unknown },
): Promise<string> {
  const pki = await createPki()
  const { chainPem, privateKeyPem } = await pki.issueServer({ hosts: ['127.0.0.1'] })
  const server = createServer({ cert: chainPem, key: privateKeyPem }, (request, response) => {
    const isReview =
      request.method === 'POST' && request.url === '/base/apis/authentication.k8s.io/v1/selfsubjectreviews'
    const isKnown = request.headers.authorization === 'Bearer c2VjcmV0'
    response.writeHead(isReview ? (isKnown ? answer.status : 401) : 404, {
      'content-type': 'application/json',
    })
    response.end(typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body))
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      {
        name: 'a',
        cluster: { server: `https://127.0.0.1:${port}/base/`, 'certificate-authority': 'ca.crt' },
      },
    ],
    users: [{ name: 'u', user: JSON.parse(user) as unknown }],
    contexts: [{ name: 'c', context: { cluster: 'a', user: 'u' } }],
    'current-context': 'c',
  }
  return folderOf({ config: JSON.stringify(config), 'ca.crt': pki.caPem })
}

const review = { status: 201, body: { kind: 'SelfSubjectReview', status: { userInfo: jane } } }
const args = ['whoami', '--kubeconfig', 'config']

const plugin = (script: string, more: object = {}): string =>
  JSON.stringify({
    exec: {
      apiVersion: 'client.authentication.k8s.io/v1',
      command: 'node',
      args: ['-e', script],
      env: [{ name: 'TOKEN', value: 'c2VjcmV0' }],
      interactiveMode: 'IfAvailable',
      installHint: 'install node',
      ...more,
    },
  })
const print = (credential: string): string => `console.log(JSON.stringify(${credential}))`
const good = `{ kind: 'ExecCredential', apiVersion: JSON.parse(process.env.KUBERNETES_EXEC_INFO).apiVersion, status: { token: process.env.TOKEN } }`

describe('kube-authn whoami', () => {
  it('prints the user that the server knows, for people and for programs', async () => {
    const cwd = await client('{"token":"c2VjcmV0"}', review)
    expect(await run(args, { cwd })).toEqual({
      stdout:
        'user    jane\\u{1b}[31m\nuid     1\ngroups  dev, system:authenticated\nextra   example.com/scopes: a, b\n',
      stderr: '',
      exitCode: 0,
    })
    const { stdout } = await run([...args, '-o', 'json'], { cwd })
    expect(JSON.parse(stdout)).toMatchObject({ username: jane.username, groups: jane.groups })
  })

  it('runs the plug-in of a user', async () => {
    const cwd = await client(plugin(print(good)), review)
    expect((await run(args, { cwd })).stdout).toMatch(/^user {4}jane/)
  })

  it('says that the credentials are not accepted', async () => {
    const cwd = await client('{"token":"d3Jvbmc"}', review)
    expect(await run(args, { cwd })).toEqual({
      stdout: '',
      stderr: 'error: the server does not accept the credentials (401)\n',
      exitCode: 1,
    })
  })

  it.each([
    ['an old server', '{"token":"c2VjcmV0"}', { status: 404, body: {} }, /older than Kubernetes 1\.28/],
    ['a server that fails', '{"token":"c2VjcmV0"}', { status: 500, body: {} }, /answers with 500/],
    ['another answer', '{"token":"c2VjcmV0"}', { status: 201, body: '<html>' }, /not a SelfSubjectReview/],
    [
      'a huge answer',
      '{"token":"c2VjcmV0"}',
      { status: 201, body: `"${'x'.repeat(2_000_000)}"` },
      /not a SelfSubjectReview|cannot be reached/,
    ],
    [
      'a plug-in that fails',
      plugin('process.exit(3)'),
      review,
      /getting credentials: exec: executable node failed with exit code 3/,
    ],
    [
      'a missing plug-in',
      plugin('', { command: './nope' }),
      review,
      /exec: executable \S+\/nope not found: install node/,
    ],
    [
      'a plug-in that prints something else',
      plugin('console.log("c2VjcmV0")'),
      review,
      /decoding stdout: kind: must be ExecCredential/,
    ],
    [
      'a plug-in of another version',
      plugin(print(good.replace(/JSON.*apiVersion/, '"x"'))),
      review,
      /decoding stdout: apiVersion: must be client\.authentication\.k8s\.io\/v1 or/,
    ],
    [
      'a plug-in without a token',
      plugin(print(good.replace(/token: [\w.]+/, 'token: ""'))),
      review,
      /exec plugin didn't return a token or cert\/key pair/,
    ],
    [
      'a plug-in that prints for ever',
      plugin('setInterval(() => process.stdout.write("x".repeat(65536)), 1)'),
      review,
      /exec: executable node: it printed more than 1048576 bytes/,
    ],
    [
      'a plug-in that needs a terminal',
      plugin('', { interactiveMode: 'Always' }),
      review,
      /exec plugin cannot support interactive mode: standard input is not a terminal/,
    ],
    ['an old provider', '{"auth-provider":{"name":"gcp"}}', review, /no Auth Provider found for name "gcp"/],
  ])('refuses %s in a line', async (_, user, answer, expected) => {
    const { stdout, stderr, exitCode } = await run(args, { cwd: await client(user, answer) })
    expect(stderr).toMatch(expected)
    expect({ stdout, exitCode, lines: stderr.split('\n').length }).toEqual({
      stdout: '',
      exitCode: 2,
      lines: 2,
    })
    expect(stderr).not.toContain('c2VjcmV0')
  })

  it('says that a server cannot be reached, or is another one', async () => {
    const cwd = await client('{"token":"c2VjcmV0"}', review)
    const other = await createPki()
    const config = (server: string, ca: string): string =>
      JSON.stringify({
        clusters: [
          { name: '', cluster: { server, 'certificate-authority-data': Buffer.from(ca).toString('base64') } },
        ],
        users: [{ name: '', user: { token: 'c2VjcmV0' } }],
      })
    const { stderr } = await run(['whoami', '--kubeconfig=config'], {
      cwd: folderOf({ config: config('https://127.0.0.1:3', other.caPem) }),
    })
    expect(stderr).toBe('error: https://127.0.0.1:3: cannot be reached (ECONNREFUSED)\n')
    expect((await run([...args, '--context=nope'], { cwd })).stderr).toMatch(
      /^error: config: .*context was not found/,
    )
    expect((await run(['whoami'], { cwd, env: { HOME: cwd } })).stderr).toMatch(
      /\.kube\/config: no such file/,
    )
  })
})
