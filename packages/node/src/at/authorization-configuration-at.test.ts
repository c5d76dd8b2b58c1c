import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  attributesOf,
  decide,
  type Decision,
  decodeAuthorizationConfiguration,
} from '@kube-authn/core/authorization'
import {
  type CertificateAuthority,
  createPki,
  fakeUser,
  fixedClock,
  type IssuedCredential,
  recordEvents,
} from '@kube-authn/testing'
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { problemsOf } from '../../test/problems-of.ts'
import { httpsServer } from '../../test/servers.ts'
import { authorizationConfigurationAt } from '../index.ts'
import type { AuthorizationConfigurationAtOptions } from './authorization-configuration-at.ts'
import { endpointOfWebhook } from '../webhook/webhooks-at.ts'
import { kubeConfigFileProblem } from '../kubeconfig/kubeconfig.ts'

let pki: CertificateAuthority
let local: IssuedCredential
let folder: string
const open: { close(): void }[] = []

beforeAll(async () => {
  pki = await createPki()
  local = await pki.issueServer({ hosts: ['127.0.0.1'] })
})
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'authorization-configuration-'))
})
afterEach(() => {
  for (const each of open.splice(0)) each.close()
  rmSync(folder, { recursive: true, force: true })
  vi.unstubAllEnvs()
})

const write = (name: string, content: unknown): string => {
  const path = join(folder, name)
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content))
  return path
}

const configuration = (...authorizers: readonly object[]): object => ({
  apiVersion: 'apiserver.config.k8s.io/v1',
  kind: 'AuthorizationConfiguration',
  authorizers,
})

const hook = (name: string, kubeConfigFile: string, changes: object = {}): object => ({
  type: 'Webhook',
  name,
  webhook: {
    timeout: '5s',
    subjectAccessReviewVersion: 'v1',
    failurePolicy: 'Deny',
    connectionInfo: { type: 'KubeConfigFile', kubeConfigFile },
    ...changes,
  },
})

/** A webhook that allows one user, and the kubeconfig that names it. */
async function webhook(username: string) {
  const asked: {
    readonly spec: { readonly user: string }
    readonly apiVersion: string
    readonly url: string
  }[] = []
  const { url } = await httpsServer(local, (request: IncomingMessage, response: ServerResponse) => {
    let text = ''
    request.on('data', (part: Buffer) => (text += part.toString()))
    request.on('end', () => {
      const review = JSON.parse(text) as (typeof asked)[number]
      asked.push({ ...review, url: request.url ?? '' })
      const status = { allowed: review.spec.user === username, reason: `by ${username}'s webhook` }
      response.end(JSON.stringify({ status }))
    })
  })
  const cluster = { server: `${url}/authorize`, 'certificate-authority-data': btoa(pki.caPem) }
  const kubeconfig = write(`${username}.kubeconfig`, {
    clusters: [{ name: 'c', cluster }],
    users: [{ name: 'u', user: { token: 'secret-token' } }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'x',
  })
  return { asked, kubeconfig, url }
}

function start(path: string, options: AuthorizationConfigurationAtOptions = {}) {
  const clock = fixedClock()
  const { observer, ofType } = recordEvents()
  const authorizer = authorizationConfigurationAt(path, { clock, observer, ...options })
  open.push(authorizer)
  const ask = async (username: string, namespace = 'shop'): Promise<Decision> =>
    decide(
      authorizer,
      attributesOf(fakeUser({ username, groups: [] }), { verb: 'get', resource: 'pods', namespace }),
      {},
    )
  const verdictOf = async (username: string, namespace?: string): Promise<string> =>
    (await ask(username, namespace)).verdict
  /** Waits for the next reload. */
  const reloaded = async (count: number): Promise<void> =>
    vi.waitFor(() => {
      clock.advance(60_000)
      expect(ofType('authorizationConfigReload')).toHaveLength(count)
    })
  return { authorizer, clock, ask, verdictOf, ofType, reloaded }
}

describe('a file of --authorization-config', () => {
  it('asks webhooks over HTTPS, in order and where their conditions match', async () => {
    const [jane, joe] = [await webhook('jane'), await webhook('joe')]
    const inShop = { expression: "request.resourceAttributes.namespace == 'shop'" }
    const conditions = { matchConditions: [inShop], matchConditionSubjectAccessReviewVersion: 'v1' }
    const old = { subjectAccessReviewVersion: 'v1beta1' }
    const { ask, verdictOf } = start(
      write(
        'authorization.yaml',
        configuration(hook('first', jane.kubeconfig, conditions), hook('second', joe.kubeconfig, old)),
      ),
    )
    expect(await ask('jane')).toEqual({ verdict: 'allow', reason: "by jane's webhook" })
    expect(await verdictOf('jane', 'other')).toBe('noOpinion')
    expect(await verdictOf('joe')).toBe('allow')
    expect(jane.asked.map(({ spec, apiVersion, url }) => [spec.user, apiVersion, url])).toEqual([
      ['jane', 'authorization.k8s.io/v1', '/authorize'],
      ['joe', 'authorization.k8s.io/v1', '/authorize'],
    ])
    expect(joe.asked.map(({ spec, apiVersion }) => [spec.user, apiVersion])).toEqual([
      ['jane', 'authorization.k8s.io/v1beta1'],
      ['joe', 'authorization.k8s.io/v1beta1'],
    ])
  })

  it.each([
    [{}, 300, 30],
    [{ authorizedTTL: '1m', unauthorizedTTL: '5s' }, 60, 5],
    [{ cacheAuthorizedRequests: false }, 0, 30],
    [{ authorizedTTL: '1m', cacheUnauthorizedRequests: false }, 60, 0],
  ])('keeps answers as it says: %j', async (changes, allowedSeconds, deniedSeconds) => {
    const { asked, kubeconfig } = await webhook('jane')
    const { verdictOf, clock } = start(write('f', configuration(hook('hook', kubeconfig, changes))))
    for (const [username, seconds] of [
      ['jane', allowedSeconds],
      ['joe', deniedSeconds],
    ] as const) {
      asked.length = 0
      await verdictOf(username)
      if (seconds > 0) {
        clock.advance(seconds * 1000 - 1)
        await verdictOf(username)
        expect(asked).toHaveLength(1)
        clock.advance(1)
      }
      await verdictOf(username)
      expect(asked).toHaveLength(2)
    }
  })

  it.each([
    ['Deny', 'deny'],
    ['NoOpinion', 'noOpinion'],
  ])('decides %s where a webhook is out of reach', async (failurePolicy, verdict) => {
    const { url } = await webhook('jane')
    const elsewhere = write('elsewhere', {
      clusters: [
        {
          name: 'c',
          cluster: { server: url, 'certificate-authority-data': btoa((await createPki()).caPem) },
        },
      ],
      users: [{ name: 'u', user: { token: 'secret-token' } }],
      contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
      'current-context': 'x',
    })
    const { ask } = start(write('f', configuration(hook('hook', elsewhere, { failurePolicy }))))
    const decision = await ask('jane')
    expect(decision).toMatchObject({ verdict })
    expect(decision.error?.message).not.toContain('secret-token')
  })

  it('is followed: what is right counts, and what is wrong does not', async () => {
    const [jane, joe] = [await webhook('jane'), await webhook('joe')]
    const path = write('authorization.yaml', configuration(hook('hook', jane.kubeconfig)))
    const { verdictOf, ofType, reloaded } = start(path)
    expect([await verdictOf('jane'), await verdictOf('joe')]).toEqual(['allow', 'noOpinion'])

    renameSync(write('next', configuration(hook('hook', joe.kubeconfig))), path)
    await reloaded(2)
    expect([await verdictOf('jane'), await verdictOf('joe')]).toEqual(['noOpinion', 'allow'])

    write('authorization.yaml', configuration(hook('hook', join(folder, 'gone'))))
    await reloaded(3)
    expect([await verdictOf('jane'), await verdictOf('joe')]).toEqual(['noOpinion', 'allow'])

    rmSync(path)
    await reloaded(4)
    expect(ofType('authorizationConfigReload').map(({ outcome }) => outcome)).toEqual([
      'initial',
      'loaded',
      'failed',
      'failed',
    ])
    expect(ofType('authorizationConfigReload')[2]?.error?.message).toContain(
      `error loading file: stat ${join(folder, 'gone')}: no such file or directory`,
    )
    expect(ofType('reload').map(({ outcome }) => outcome)).toEqual(['loaded', 'failed', 'failed'])
    expect(await verdictOf('joe')).toBe('allow')
  })

  it('is read once where that is asked for, and nothing is left behind when it is closed', async () => {
    const { kubeconfig } = await webhook('jane')
    const path = write('authorization.yaml', configuration(hook('hook', kubeconfig)))
    const { authorizer, clock, verdictOf } = start(path, { reload: false })
    write('authorization.yaml', configuration({ type: 'AlwaysAllow', name: 'alwaysallow' }))
    clock.advance(600_000)
    expect(await verdictOf('joe')).toBe('noOpinion')
    authorizer.close()
    expect(clock.pending).toBe(0)
  })

  it.each<[string, () => string, RegExp]>([
    ['no file', () => join(folder, 'nope'), /^path: .*nope: no such file or directory/],
    ['a folder', () => folder, /^path: /],
    ['what is too long', () => write('f', '#'.repeat(1_048_577)), /larger|1048576|bytes/],
    ['an empty file', () => write('f', ''), /at least one authorization mode must be defined/],
    [
      'a kubeconfig without a server',
      () => write('f', configuration(hook('hook', write('k', '{"current-context":"x"}')))),
      /^authorizers\[0\]: .*k: /,
    ],
  ])('%s is refused', async (_, path, said) => {
    const problems = await problemsOf(() => start(path()))
    expect(problems.join('\n')).toMatch(said)
    expect(problems.join('\n')).not.toContain('secret-token')
  })

  it('asks the cluster of a pod only in a pod', async () => {
    const inCluster = { connectionInfo: { type: 'InClusterConfig' } }
    const path = write('f', configuration(hook('cluster', '', inCluster)))
    vi.stubEnv('KUBERNETES_SERVICE_HOST', '')
    vi.stubEnv('KUBERNETES_SERVICE_PORT', '')
    expect(await problemsOf(() => start(path))).toEqual([
      expect.stringMatching(/^authorizers\[0\]: environment: unable to load in-cluster configuration/),
    ])
  })
})

describe('the endpoint of a webhook', () => {
  const decoded = (text: string) => decodeAuthorizationConfiguration(text).authorizers[0]?.webhook

  it.each(['v1', 'v1beta1'])('in a cluster is its API of reviews, in %s', (subjectAccessReviewVersion) => {
    const changes = { connectionInfo: { type: 'InClusterConfig' }, subjectAccessReviewVersion }
    const inCluster = decoded(JSON.stringify(configuration(hook('cluster', '', changes))))
    expect(inCluster && endpointOfWebhook(inCluster, () => ({ server: 'https://10.0.0.1:443' }))).toEqual({
      server: `https://10.0.0.1/apis/authorization.k8s.io/${subjectAccessReviewVersion}/subjectaccessreviews`,
    })
  })
})

describe('the path of a kubeconfig', () => {
  it.each<[string, () => string, string | undefined]>([
    ['a file', () => write('k', ''), undefined],
    [
      'a link to one, as Kubernetes mounts secrets',
      () => {
        symlinkSync(write('target', ''), join(folder, 'link'))
        return join(folder, 'link')
      },
      undefined,
    ],
    ['a relative path', () => 'kubeconfig', 'must be an absolute path'],
    ['a folder', () => (mkdirSync(join(folder, 'd')), join(folder, 'd')), 'must be a regular file'],
    [
      'nothing',
      () => join(folder, 'gone'),
      'error loading file: stat FOLDER/gone: no such file or directory',
    ],
  ])('%s', (_, path, expected) => {
    expect(kubeConfigFileProblem(path())?.replace(folder, 'FOLDER')).toBe(expected)
  })
})
