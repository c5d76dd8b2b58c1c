import { ConfigurationError } from '@kube-authn/core'
import { createPki } from '@kube-authn/testing'
import { describe, expect, it } from 'vitest'
import { type ClientKubeconfig, parseClientKubeconfig } from './client-kubeconfig.ts'

const V1 = 'client.authentication.k8s.io/v1'
const V1BETA1 = 'client.authentication.k8s.io/v1beta1'
const exec = { apiVersion: V1, command: 'plugin', interactiveMode: 'Never' }
const config = { 'idp-issuer-url': 'https://issuer.example.com', 'client-id': 'cid' }
const provider = { name: 'oidc', config }

function parse(user: object, cluster: object = {}): ClientKubeconfig {
  const text = JSON.stringify({
    clusters: [{ name: 'c', cluster: { server: 'https://server.example.com', ...cluster } }],
    users: [{ name: '__proto__', user }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: '__proto__' } }],
    'current-context': 'x',
  })
  return parseClientKubeconfig(text, { folder: '/home/jane' })
}

function problemsOf(user: object): readonly string[] {
  try {
    parse(user)
    return []
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error
    return error.problems.map(
      ({ path, message }) => `${path.replace('kubeconfig: users[0].user', '')}: ${message}`,
    )
  }
}

describe('parseClientKubeconfig', () => {
  it('reads a plug-in, and what its cluster has for it', () => {
    const extensions = [
      { name: 'other', extension: 1 },
      { name: 'client.authentication.k8s.io/exec', extension: { audience: 'snorlax' } },
    ]
    const { user, exec: read } = parse(
      {
        exec: {
          ...exec,
          args: ['a'],
          env: [{ name: 'A', value: 'b' }],
          installHint: 'hint',
          provideClusterInfo: true,
        },
      },
      { extensions, 'disable-compression': true },
    )
    expect(user).toBe('__proto__')
    expect(read).toEqual({
      ...exec,
      args: ['a'],
      env: [{ name: 'A', value: 'b' }],
      installHint: 'hint',
      provideClusterInfo: true,
      disableCompression: true,
      config: { audience: 'snorlax' },
    })
  })

  it.each([
    ['plugin', 'plugin'],
    ['./bin/plugin', '/home/jane/bin/plugin'],
    ['../plugin', '/home/plugin'],
    ['/bin/plugin', '/bin/plugin'],
  ])('takes the command %s for %s', (command, expected) => {
    expect(parse({ exec: { ...exec, command } }).exec?.command).toBe(expected)
  })

  it.each([
    ['no extensions', undefined],
    ['null', null],
    ['an object', { name: 'client.authentication.k8s.io/exec', extension: 1 }],
    ['other things', [null, 'x', { name: 'client.authentication.k8s.io/exec' }]],
  ])('has nothing for it in %s', (_, extensions) => {
    expect(parse({ exec }, { extensions }).exec?.config).toBeUndefined()
  })

  it('reads a provider', async () => {
    const { caPem } = await createPki()
    const data = Buffer.from(caPem).toString('base64')
    const more = {
      'client-secret': 's',
      'id-token': 'i',
      'refresh-token': 'r',
      'extra-scopes': 'groups',
      __proto__: undefined,
      'idp-certificate-authority': '/nowhere',
      'idp-certificate-authority-data': `${data.slice(0, 64)}\n${data.slice(64)}`,
    }
    expect(parse({ 'auth-provider': { ...provider, config: { ...config, ...more } } }).provider).toEqual({
      issuerUrl: 'https://issuer.example.com',
      clientId: 'cid',
      clientSecret: 's',
      idToken: 'i',
      refreshToken: 'r',
      ca: caPem,
    })
    expect(parse({ 'auth-provider': provider }).provider).toEqual({
      issuerUrl: 'https://issuer.example.com',
      clientId: 'cid',
      clientSecret: '',
      idToken: '',
      refreshToken: '',
    })
  })

  it.each([
    ['a token', { token: 't' }, 'exec', 'auth-provider'],
    ['a password', { username: 'u', password: 'p' }, 'exec', 'auth-provider'],
    ['nothing else', {}, undefined, undefined],
  ])('leaves out what is not used beside %s', (_, user, withPlugin, withProvider) => {
    const plugged = parse({ ...user, exec })
    expect([plugged.unused, plugged.exec === undefined]).toEqual([withPlugin, withPlugin !== undefined])
    const provided = parse({ ...user, 'auth-provider': provider })
    expect([provided.unused, provided.provider === undefined]).toEqual([
      withProvider,
      withProvider !== undefined,
    ])
  })

  it('uses a client certificate instead of a plug-in, and beside a provider', async () => {
    const { chainPem, privateKeyPem } = await (await createPki()).issueClient({})
    const pair = {
      'client-certificate-data': Buffer.from(chainPem).toString('base64'),
      'client-key-data': Buffer.from(privateKeyPem).toString('base64'),
    }
    expect(parse({ ...pair, exec })).toMatchObject({ unused: 'exec' })
    const both = parse({ ...pair, 'auth-provider': provider })
    expect(both.provider?.clientId).toBe('cid')
    expect(both.endpoint.cert).toBe(chainPem)
  })

  it.each([
    [
      'no command',
      { exec: { ...exec, command: '' } },
      '.exec.command: Required value: command must be specified',
    ],
    [
      'no version',
      { exec: { ...exec, apiVersion: '' } },
      '.exec.apiVersion: Required value: apiVersion must be specified',
    ],
    [
      'an old version',
      { exec: { ...exec, apiVersion: 'client.authentication.k8s.io/v1alpha1' } },
      /^\.exec\.apiVersion: Unsupported value/,
    ],
    [
      'no mode',
      { exec: { ...exec, interactiveMode: '' } },
      '.exec.interactiveMode: Required value: interactiveMode must be specified',
    ],
    [
      'another mode',
      { exec: { ...exec, interactiveMode: 'never' } },
      /^\.exec\.interactiveMode: Unsupported value/,
    ],
    [
      'a variable without a name',
      { exec: { ...exec, env: [{ value: 'hunter2' }] } },
      /^\.exec\.env\[0\]\.name: Required/,
    ],
    ['an unknown field', { exec: { ...exec, comand: 'x' } }, '.exec.comand: Unknown field'],
    ['a plug-in that is none', { exec: 'hunter2' }, /^\.exec: Invalid value: must be an object$/],
    [
      'both',
      { exec, 'auth-provider': provider },
      '.auth-provider: Forbidden: authProvider cannot be provided in combination with an exec plugin',
    ],
    [
      'another provider',
      { 'auth-provider': { name: 'gcp' } },
      /^\.auth-provider\.name: Forbidden: no Auth Provider found for name "gcp"/,
    ],
    ['a provider without a name', { 'auth-provider': {} }, /no Auth Provider found for name ""/],
    [
      'no issuer',
      { 'auth-provider': { name: 'oidc', config: { 'client-id': 'c' } } },
      '.auth-provider.config[idp-issuer-url]: Required value: Must provide idp-issuer-url',
    ],
    [
      'no client',
      { 'auth-provider': { name: 'oidc', config: { 'idp-issuer-url': 'https://i' } } },
      '.auth-provider.config[client-id]: Required value: Must provide client-id',
    ],
    [
      'CAs that are no base64',
      {
        'auth-provider': {
          ...provider,
          config: { ...config, 'idp-certificate-authority-data': '%%%hunter2' },
        },
      },
      '.auth-provider.config[idp-certificate-authority-data]: Invalid value: illegal base64 data',
    ],
    [
      'a number',
      { 'auth-provider': { ...provider, config: { ...config, 'id-token': 5 } } },
      /^\.auth-provider\.config\[id-token\]: Invalid value: must be a string$/,
    ],
    ['another person', { as: 'jane' }, /impersonation is not supported/],
  ])('refuses %s', (_, user, expected) => {
    const problems = problemsOf(user)
    expect(problems).toHaveLength(1)
    expect(problems[0]).toMatch(expected)
    expect(problems[0]).not.toContain('hunter2')
  })

  it('asks for no mode in v1beta1', () => {
    expect(
      parse({ exec: { ...exec, apiVersion: V1BETA1, interactiveMode: undefined } }).exec?.interactiveMode,
    ).toBe('')
  })
})
