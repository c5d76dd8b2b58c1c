import { once } from 'node:events'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { createPki, type IssuedCredential } from '@kube-authn/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { has } from '../components.ts'
import { type Cloud, cloudOf, type Keystone, keystoneIn } from '../keystone.ts'
import { makeScratch, type Scratch } from '../scratch.ts'
import { type Cluster, clientOf, startCluster } from './cluster.ts'
import { kubectlOf } from './releases.ts'

const REVIEW = '{"kind":"SelfSubjectReview","apiVersion":"authentication.k8s.io/v1"}'

/** Asks with curl who one is, and returns the user or the code of a refusal. */
async function whoami(scratch: Scratch, { origin, caFile }: Cluster, options: string): Promise<unknown> {
  const answer = await scratch.shell(
    `curl --disable --silent --show-error --noproxy '*' --cacert ${caFile} ${options} \
      --header 'Content-Type: application/json' --data '${REVIEW}' ${origin}/apis/authentication.k8s.io/v1/selfsubjectreviews`,
  )
  const { status, code } = JSON.parse(answer) as {
    readonly status?: { readonly userInfo?: object }
    readonly code?: number
  }
  return status?.userInfo ?? code
}

/** A service that knows one token, and requires the certificate of the server that asks. */
async function tokenService(server: IssuedCredential, ca: string): Promise<Server> {
  const service = createServer(
    { cert: server.chainPem, key: server.privateKeyPem, ca, requestCert: true, rejectUnauthorized: true },
    (request, response) => {
      let body = ''
      request.on('data', (data) => (body += String(data)))
      request.on('end', () => {
        const { apiVersion, spec } = JSON.parse(body) as { apiVersion: string; spec: { token: string } }
        const user = {
          username: 'janedoe@example.com',
          uid: '42',
          groups: ['developers', 'qa'],
          extra: { extrafield1: ['a', 'b'] },
        }
        const status = spec.token === 'BEARERTOKEN' ? { authenticated: true, user } : { authenticated: false }
        response.setHeader('content-type', 'application/json')
        response.end(JSON.stringify({ apiVersion, kind: 'TokenReview', status }))
      })
    },
  )
  await once(service.listen(0, '127.0.0.1'), 'listening')
  return service
}

describe.runIf(has('curl'))('users that others know', () => {
  let scratch: Scratch
  let cluster: Cluster
  let service: Server
  let keystone: Keystone | undefined
  let cloud: Cloud | undefined

  beforeAll(async () => {
    scratch = makeScratch()
    const pki = await createPki({ commonName: 'services' })
    const proxies = await createPki({ commonName: 'proxies' })
    const ofService = await pki.issueServer({ hosts: ['127.0.0.1'] })
    service = await tokenService(ofService, pki.caPem)
    const plugin = await pki.issueClient({ commonName: 'api-server' })
    const proxy = await proxies.issueClient({ commonName: 'front-proxy' })
    scratch.write('ca.pem', pki.caPem)
    scratch.write('cert.pem', plugin.chainPem)
    scratch.write('key.pem', plugin.privateKeyPem)
    scratch.write('proxy.pem', proxy.chainPem)
    scratch.write('proxy-key.pem', proxy.privateKeyPem)
    const { port } = service.address() as AddressInfo
    // The name of the user is spelled as the document spells that of the user, not as it misspells it in the context.
    const webhook = `
clusters:
  - name: name-of-remote-authn-service
    cluster:
      certificate-authority: ${scratch.path('ca.pem')}
      server: https://127.0.0.1:${port}/authenticate
users:
  - name: name-of-api-server
    user:
      client-certificate: ${scratch.path('cert.pem')}
      client-key: ${scratch.path('key.pem')}
current-context: webhook
contexts:
- context:
    cluster: name-of-remote-authn-service
    user: name-of-api-server
  name: webhook
`
    const flags = [
      `--authentication-token-webhook-config-file=${scratch.write('webhook.yaml', webhook)}`,
      `--requestheader-client-ca-file=${scratch.write('proxies.crt', proxies.caPem)}`,
      '--requestheader-allowed-names=front-proxy',
      '--requestheader-username-headers=X-Remote-User',
      '--requestheader-group-headers=X-Remote-Group',
      '--requestheader-extra-headers-prefix=X-Remote-Extra-',
      '--anonymous-auth=true',
    ]
    if (has('keystone', 'sqlite')) {
      keystone = await keystoneIn(scratch)
      const files = {
        cert: scratch.write('keystone.crt', ofService.chainPem),
        key: scratch.write('keystone.key', ofService.privateKeyPem),
      }
      await keystone.start(files)
      cloud = await cloudOf(keystone.url, scratch.path('ca.pem'))
      await cloud.create('user', { name: 'jane', domain_id: 'default', password: 'correct horse' })
      flags.push(
        `--experimental-keystone-url=${keystone.url}/v3`,
        `--experimental-keystone-ca-file=${scratch.path('ca.pem')}`,
      )
    }
    cluster = await startCluster(scratch, 'data', flags)
  })
  afterAll(async () => {
    await cluster.stop()
    service.close()
    service.closeAllConnections()
    cloud?.close()
    await keystone?.stop()
    scratch.remove()
  })

  it('a webhook is asked about a token', async () => {
    expect(await whoami(scratch, cluster, `--header 'Authorization: Bearer BEARERTOKEN'`)).toEqual({
      username: 'janedoe@example.com',
      uid: '42',
      groups: ['developers', 'qa', 'system:authenticated'],
      extra: { extrafield1: ['a', 'b'] },
    })
    expect(await whoami(scratch, cluster, `--header 'Authorization: Bearer another'`)).toBe(401)
  })

  it('an authenticating proxy names the user, and has to prove that it is one', async () => {
    const headers =
      `--header 'X-Remote-User: fido' --header 'X-Remote-Group: dogs' --header 'X-Remote-Group: dachshunds' ` +
      `--header 'X-Remote-Extra-Scopes: openid' --header 'X-Remote-Extra-Scopes: profile'`
    expect(await whoami(scratch, cluster, `--cert proxy.pem --key proxy-key.pem ${headers}`)).toEqual({
      username: 'fido',
      groups: ['dogs', 'dachshunds', 'system:authenticated'],
      extra: { scopes: ['openid', 'profile'] },
    })
    // Anonymous, and no user may then create this review.
    expect(await whoami(scratch, cluster, headers)).toBe(403)
    expect(await whoami(scratch, cluster, `--cert cert.pem --key key.pem ${headers}`)).toBe(401)
  })

  it('Keystone checks a password', async () => {
    if (cloud === undefined) return
    expect(await whoami(scratch, cluster, `--user 'jane:correct horse'`)).toMatchObject({ username: 'jane' })
    expect(await whoami(scratch, cluster, `--user 'jane:wrong'`)).toBe(401)
  })

  it('no credential is anonymous, a wrong one is not', async () => {
    const admin = clientOf(scratch, cluster, await kubectlOf('1.32'))
    const nodes = (options: string): Promise<string> =>
      scratch.shell(
        `curl --disable --silent --noproxy '*' --cacert ${cluster.caFile} ${options} --output /dev/null --write-out '%{http_code}' ${cluster.origin}/api/v1/nodes`,
      )
    expect(await nodes('')).toBe('403')
    expect(await nodes(`--header 'Authorization: Bearer invalid'`)).toBe('401')
    // Explicit authorization is needed, and enough.
    await admin.done('create clusterrole nodes --verb=list --resource=nodes')
    await admin.done('create clusterrolebinding strangers --clusterrole=nodes --user=system:anonymous')
    expect(await nodes('')).toBe('200')
    await admin.done('delete clusterrolebinding strangers')
    await admin.done('create clusterrolebinding strangers --clusterrole=nodes --group=system:unauthenticated')
    expect(await nodes('')).toBe('200')
    expect(await nodes(`--header 'Authorization: Bearer invalid'`)).toBe('401')
  })
})
