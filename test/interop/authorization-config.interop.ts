import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { authentication, authorization, impersonation } from '@kube-authn/express'
import {
  createAuthenticator,
  createAuthorizer,
  createFetch,
  type HttpFetch,
  type NodeAuthorizer,
} from '@kube-authn/node'
import { type CertificateAuthority, createPki } from '@kube-authn/testing'
import express from 'express'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { documented } from './documented.ts'
import { makeScratch, type Scratch } from './scratch.ts'

const ROLES = ['alice', 'bob']
  .map(
    (name) => `apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: ${name}, labels: {example.com/part-of: shop}}
rules:
- {apiGroups: [''], resources: [pods], verbs: [get, create]}
- {nonResourceURLs: [/version], verbs: [get]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: ${name}}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: ${name}}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: ${name}}]
`,
  )
  .join('---\n')

/** The reviews that the webhook received. */
interface Review {
  readonly apiVersion: string
  readonly spec: { readonly user: string; readonly resourceAttributes?: { readonly verb: string } }
}

describe('a file of --authorization-config', () => {
  let scratch: Scratch
  let pki: CertificateAuthority
  let fetch: HttpFetch
  let origin: string
  let file: string
  let authorizer: NodeAuthorizer
  let answer: (review: Review) => object
  const asked: Review[] = []
  const open: (() => unknown)[] = []

  const listening = async (server: ReturnType<typeof createServer>): Promise<string> => {
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
    open.push(() => {
      server.close()
      server.closeAllConnections()
    })
    return `https://127.0.0.1:${(server.address() as AddressInfo).port}`
  }

  /** The file of the page, with the kubeconfig of this webhook. */
  const text = (changes: Readonly<Record<string, string>> = {}): string =>
    documented(
      'By a file of kube-apiserver',
      'yaml',
      { '/etc/my-app/quota.kubeconfig': scratch.path('quota.kubeconfig'), ...changes },
      'authorization.md',
    )

  beforeAll(async () => {
    scratch = makeScratch()
    open.push(scratch.remove)
    pki = await createPki()
    const { chainPem: cert, privateKeyPem: key } = await pki.issueServer({ hosts: ['127.0.0.1'] })
    const webhook = await listening(
      createServer({ cert, key }, (request, response) => {
        let body = ''
        request.on('data', (part) => (body += String(part)))
        request.on('end', () => {
          const review = JSON.parse(body) as Review
          asked.push(review)
          response.setHeader('content-type', 'application/json')
          response.end(JSON.stringify({ ...review, status: answer(review) }))
        })
      }),
    )
    scratch.write('ca.crt', pki.caPem)
    scratch.write('tokens.csv', 'alice-token,alice,1\nbob-token,bob,2\nroot-token,root,3,system:masters\n')
    scratch.write('roles/roles.yaml', ROLES)
    scratch.write(
      'quota.kubeconfig',
      `apiVersion: v1
kind: Config
clusters: [{name: quota, cluster: {server: "${webhook}/quota", certificate-authority: ca.crt}}]
users: [{name: app, user: {token: app-token}}]
contexts: [{name: quota, context: {cluster: quota, user: app}}]
current-context: quota
`,
    )
    file = scratch.write('authorization.yaml', text())
    authorizer = createAuthorizer({ authorizationConfig: file, rbac: scratch.path('roles') })
    const authenticator = createAuthenticator({ tokenFile: scratch.path('tokens.csv') })
    open.push(authorizer.close, authenticator.close)
    const app = express()
    app.use(authentication(authenticator), impersonation(authorizer), authorization(authorizer))
    app.use((_req, res) => void res.send('served'))
    origin = await listening(createServer({ cert, key }, app))
    fetch = createFetch({ ca: pki.caPem })
    open.push(fetch.close)
  })
  afterAll(async () => {
    for (const close of open.splice(0).toReversed()) await close()
  })

  const statusOf = async (method: string, path: string, name: string): Promise<number> =>
    (await fetch(`${origin}${path}`, { method, headers: { authorization: `Bearer ${name}-token` } })).status

  const PODS = '/api/v1/namespaces/shop/pods'

  it.each<[string, string, string, object, number, readonly string[]]>([
    ['POST', PODS, 'alice', { allowed: false }, 200, ['alice create']],
    [
      'POST',
      PODS,
      'alice',
      { allowed: false, denied: true, reason: 'no quota is left' },
      403,
      ['alice create'],
    ],
    ['POST', '/api/v1/namespaces/shop/secrets', 'bob', { allowed: true }, 200, ['bob create']],
    ['GET', `${PODS}/web`, 'alice', { allowed: false, denied: true }, 200, []],
    ['GET', '/version', 'bob', { allowed: false, denied: true }, 200, []],
    ['GET', '/other', 'bob', { allowed: true }, 403, []],
    ['POST', PODS, 'root', { allowed: false, denied: true }, 200, []],
  ])('unchanged, decides about %s %s by %s where the webhook says %j: %i', async (...given) => {
    const [method, path, name, status, expected, questions] = given
    asked.length = 0
    answer = () => status
    expect(await statusOf(method, path, name)).toBe(expected)
    expect(asked.map(({ spec }) => `${spec.user} ${spec.resourceAttributes?.verb ?? ''}`)).toEqual(questions)
  })

  it('remembers a yes, and nothing else, as the file says', async () => {
    answer = () => ({ allowed: true })
    asked.length = 0
    const path = '/api/v1/namespaces/shop/configmaps'
    for (let round = 0; round < 2; round++) expect(await statusOf('POST', path, 'bob')).toBe(200)
    expect(asked).toHaveLength(1)
    answer = () => ({ allowed: false })
    asked.length = 0
    for (let round = 0; round < 2; round++) expect(await statusOf('PUT', `${path}/a`, 'bob')).toBe(403)
    expect(asked).toHaveLength(2)
  })

  it('counts in its next version, and keeps the last one that can be used', async () => {
    answer = () => ({ allowed: false, denied: true })
    expect(await statusOf('POST', PODS, 'bob')).toBe(403)
    scratch.write('authorization.yaml', text({ "in ['create', 'update']": "in ['delete']" }))
    await vi.waitFor(async () => expect(await statusOf('POST', PODS, 'bob')).toBe(200))

    scratch.write(
      'authorization.yaml',
      text({ 'type: RBAC': 'type: AlwaysAllow', 'name: rbac': 'name: alwaysallow' }),
    )
    scratch.write('roles/roles.yaml', ROLES.replaceAll('name: bob}]', 'name: eve}]'))
    // Roles added later take effect; a version without RBAC does not.
    await vi.waitFor(async () => expect(await statusOf('GET', `${PODS}/web`, 'bob')).toBe(403))
    expect(await statusOf('GET', `${PODS}/web`, 'alice')).toBe(200)
  })
})
