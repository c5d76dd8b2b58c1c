import { writeFileSync } from 'node:fs'
import { createServer, request, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { createPki } from '@kube-authn/testing'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { bearer, recipe } from './recipe.ts'

const pki = await createPki()
const users = await createPki({ commonName: 'users of the cluster' })
const certificate = await pki.issueServer({ hosts: ['localhost', '127.0.0.1'] })
const jane = await users.issueClient({ commonName: 'jane' })
const stranger = await pki.issueClient({ commonName: 'jane' })

interface Review {
  readonly kind: string
  readonly spec: {
    readonly token?: string
    readonly user?: string
    readonly resourceAttributes?: Readonly<Record<string, string>>
  }
}

let isDown = false
const questions: Review['spec'][] = []

const NAMES = new Map([
  ['prometheus-token', 'system:serviceaccount:monitoring:prometheus'],
  ['shop-token', 'system:serviceaccount:shop:cart'],
])
const ALLOWED = new Set(['system:serviceaccount:monitoring:prometheus', 'jane'])

function statusOf({ kind, spec: { token = '', user = '' } }: Review): object {
  if (kind !== 'TokenReview') return { allowed: ALLOWED.has(user) }
  const username = NAMES.get(token)
  return username === undefined ? { authenticated: false } : { authenticated: true, user: { username } }
}

/** A stand-in for the API server: its ConfigMap, TokenReviews and SubjectAccessReviews. */
const cluster = createServer({ cert: certificate.chainPem, key: certificate.privateKeyPem }, (req, res) => {
  let text = ''
  req.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
  req.on('end', () => {
    if (isDown) return void res.writeHead(503).end()
    if (req.method === 'GET') {
      const data = { 'client-ca-file': users.caPem }
      return void res.end(JSON.stringify({ kind: 'ConfigMap', data }))
    }
    const review = JSON.parse(text) as Review
    questions.push(review.spec)
    res.writeHead(201).end(JSON.stringify({ ...review, status: statusOf(review) }))
  })
})
await new Promise<void>((resolve) => cluster.listen(0, '127.0.0.1', resolve))
const clusterUrl = `https://127.0.0.1:${(cluster.address() as AddressInfo).port}`

const { load, folder } = recipe('from-kube-rbac-proxy', {
  files: { 'tls.crt': certificate.chainPem, 'tls.key': certificate.privateKeyPem },
  replace: { 'delegatedAuthentication()': "delegatedAuthentication({ kubeconfig: 'kubeconfig' })" },
})
writeFileSync(
  `${folder}/kubeconfig`,
  JSON.stringify({
    clusters: [
      {
        name: '',
        cluster: { server: clusterUrl, 'certificate-authority-data': btoa(pki.caPem) },
      },
    ],
    users: [{ name: '', user: { token: 'own-token' } }],
  }),
)
const { server } = await load<{ server: Server }>('after.ts')
beforeAll(() => new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve)))
afterAll(() => {
  for (const each of [server, cluster]) {
    each.close()
    each.closeAllConnections()
  }
})

interface Answer {
  readonly status: number
  readonly text: string
}

function ask(path: string, headers: Record<string, string> = {}, client?: typeof jane): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const { port } = server.address() as AddressInfo
    const identity = client && { cert: client.chainPem, key: client.privateKeyPem }
    const options = { host: '127.0.0.1', port, path, headers, ca: pki.caPem, agent: false as const }
    const call = request({ ...options, ...identity }, (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => (text += chunk))
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }))
    })
    call.on('error', reject)
    call.end()
  })
}

it('asks the cluster who it is, and whether they may', async () => {
  const { status, text } = await ask('/metrics', bearer('prometheus-token'))
  expect({ status, text }).toEqual({
    status: 200,
    text: '# for system:serviceaccount:monitoring:prometheus\n',
  })
  expect(questions.at(-1)).toMatchObject({
    user: 'system:serviceaccount:monitoring:prometheus',
    resourceAttributes: {
      verb: 'get',
      namespace: 'shop',
      resource: 'services',
      subresource: 'proxy',
      name: 'my-app',
    },
  })
})

it('takes certificates of the cluster, and no others', async () => {
  expect((await ask('/metrics', {}, jane)).text).toBe('# for jane\n')
  expect((await ask('/metrics', {}, stranger)).status).toBe(401)
})

it('ignores paths that are mounted before', async () => {
  await expect(ask('/healthz')).resolves.toEqual({ status: 200, text: 'ok' })
})

it('refuses unknown tokens, and users without the role', async () => {
  expect((await ask('/metrics')).status).toBe(401)
  expect((await ask('/metrics', bearer('guess'))).status).toBe(401)
  const { status, text } = await ask('/metrics', bearer('shop-token'))
  expect(status).toBe(403)
  expect((JSON.parse(text) as { message: string }).message).toContain(
    'User "system:serviceaccount:shop:cart" cannot get resource "services/proxy" in API group "" in the namespace "shop"',
  )
})

it('refuses everything new while the cluster is down', async () => {
  isDown = true
  expect((await ask('/metrics', bearer('another-token'))).status).toBe(401)
  isDown = false
})
