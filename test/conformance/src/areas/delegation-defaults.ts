import type { RequestListener } from 'node:http'
import { createServer } from 'node:https'
import { authenticateRequest } from '@kube-authn/core/adapter'
import { explain, type UserInfo } from '@kube-authn/core'
import {
  delegatedAuthentication,
  type DelegatedAuthentication,
  type DelegatedAuthenticationOptions,
} from '@kube-authn/node'
import { createPki, fakeRequest, fixedClock } from '@kube-authn/testing'
import { inFolder, serving, writeFiles } from './kubeconfig-client.ts'

/** The observable defaults of an extension API server that only knows its cluster. */
export async function delegationDefaults(): Promise<Readonly<Record<string, unknown>>> {
  const pki = await createPki()
  const { chainPem: cert, privateKeyPem: key } = await pki.issueServer({ hosts: ['127.0.0.1'] })
  const urls: string[] = []
  return serving(createServer({ cert, key }), 'https', clusterThatKnows(urls), async (server) => {
    const clock = fixedClock(Date.now())
    const kubeconfig = { server, ca: pki.caPem }
    const begin = async (options: DelegatedAuthenticationOptions = {}): Promise<DelegatedAuthentication> =>
      delegatedAuthentication({ kubeconfig, clock, ...options })
    const delegated = await begin()
    const { steps } = await explain(delegated.authenticator, fakeRequest())
    const names = await headerNames(begin)
    urls.length = 0
    const ttl = await ttlSeconds(delegated, clock, urls)
    delegated.close()
    const { pathname, searchParams } = new URL(urls[0] ?? '', server)
    return {
      ...names,
      cache_ttl_s: ttl,
      request_timeout_s: Number(searchParams.get('timeout')?.replace(/s$/, '')),
      order: steps[0]?.steps.map(({ authenticator }) => NAMES[authenticator] ?? authenticator),
      review_path: pathname,
    }
  })
}

const NAMES: Readonly<Record<string, string>> = {
  requestHeader: 'request_header',
  clientCertificate: 'x509',
  bearerToken: 'bearer',
  webSocketProtocol: 'websocket',
}

/** A cluster that accepts every token and has no ConfigMap. */
function clusterThatKnows(urls: string[]): RequestListener {
  return (request, response) => {
    urls.push(request.url ?? '')
    request.resume()
    if (request.method === 'GET') response.writeHead(404).end()
    else response.writeHead(201).end('{"status":{"authenticated":true,"user":{"username":"u"}}}')
  }
}

/** The default headers if only the CA of the proxy is set. */
async function headerNames(
  begin: (options: DelegatedAuthenticationOptions) => Promise<DelegatedAuthentication>,
): Promise<Readonly<Record<string, readonly string[]>>> {
  const proxies = await createPki()
  const proxy = await proxies.issueClient({ commonName: 'front-proxy' })
  const { authenticator, close } = await inFolder((folder) => {
    const [caFile = ''] = writeFiles(folder, { 'proxies.crt': proxies.caPem })
    return begin({ requestHeader: { caFile, allowedNames: ['front-proxy'] }, skipLookup: true })
  })
  const headers = [
    ['X-Remote-User', 'u'],
    ['X-Remote-Uid', 'i'],
    ['X-Remote-Group', 'g'],
    ['X-Remote-Extra-K', 'v'],
  ] as const
  const request = fakeRequest({ headers, peerCertificates: proxy.chainDer })
  const outcome = await authenticateRequest(authenticator, { log: false })(request)
  close()
  const user: Partial<UserInfo> = 'failure' in outcome ? {} : outcome.authentication.user
  return {
    username_headers: user.username === 'u' ? ['x-remote-user'] : [],
    uid_headers: user.uid === 'i' ? ['x-remote-uid'] : [],
    group_headers: user.groups?.includes('g') === true ? ['x-remote-group'] : [],
    extra_prefixes: user.extra?.['k']?.[0] === 'v' ? ['x-remote-extra-'] : [],
  }
}

/** After how many seconds a token is reviewed again. */
async function ttlSeconds(
  { authenticator }: DelegatedAuthentication,
  clock: ReturnType<typeof fixedClock>,
  urls: readonly string[],
): Promise<number> {
  const ask = async (): Promise<unknown> =>
    authenticator.authenticate(fakeRequest({ headers: [['Authorization', 'Bearer t']] }), {})
  await ask()
  const asked = urls.length
  for (let seconds = 1; seconds < 600; seconds++) {
    clock.advance(1000)
    await ask()
    if (urls.length > asked) return seconds
  }
  return Infinity
}
