import { X509Certificate } from 'node:crypto'
import { defined, exactHeaders } from '@kube-authn/core/internal'
import type { AuthenticationRequest, RequestHeaders } from '@kube-authn/core'
import type { OfferedUser, PreparedRequest } from './options.ts'
import type { Question } from './question.ts'

export async function explainedRequest(
  { credential, method, path, actingAs }: Question,
  current: AuthenticationRequest,
  prepared: readonly PreparedRequest[],
): Promise<AuthenticationRequest> {
  const target = { method, ...splitTarget(path) }
  if (credential.kind === 'current') return sameCaller(current, target, actingAs)
  const chosen =
    credential.kind === 'prepared' ? prepared.find(({ name }) => name === credential.name) : undefined
  const headers = {
    ...(credential.kind === 'token' && { authorization: `Bearer ${credential.token}` }),
    ...(credential.kind === 'password' && {
      authorization: `Basic ${Buffer.from(`${credential.username}:${credential.password}`).toString('base64')}`,
    }),
    ...(await headersOf(chosen)),
  }
  const certificates = chosen?.cert === undefined ? [] : derOf(chosen.cert)
  const raw = [...Object.entries(headers), ...headersToActAs(actingAs)].flat()
  return {
    ...target,
    headers: exactHeaders(raw, (value) => value),
    httpVersionMajor: 1,
    remoteAddress: () => current.remoteAddress?.(),
    peerCertificates: () => certificates,
    requestsCertificate: () => true,
  }
}

type Target = Pick<AuthenticationRequest, 'method' | 'path' | 'query'>

async function headersOf(
  prepared: PreparedRequest | undefined,
): Promise<Readonly<Record<string, string>> | undefined> {
  const { requestHeaders } = prepared ?? {}
  return typeof requestHeaders === 'function' ? requestHeaders() : requestHeaders
}

/** The certificates of PEM, as DER. @throws {Error} if one cannot be read. */
export function derOf(pem: string): readonly Uint8Array[] {
  const found = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []
  return found.map((each) => new X509Certificate(each).raw)
}

function sameCaller(
  current: AuthenticationRequest,
  target: Target,
  actingAs: Required<OfferedUser> | undefined,
): AuthenticationRequest {
  if (current.refusal !== undefined) return current
  const { headers, httpVersionMajor } = current
  return {
    ...target,
    headers: actingAs === undefined ? headers : withUser(headers, headersToActAs(actingAs)),
    ...defined({ httpVersionMajor }),
    remoteAddress: () => current.remoteAddress?.(),
    ...(current.peerCertificates !== undefined && {
      peerCertificates: () => current.peerCertificates?.() ?? [],
    }),
    requestsCertificate: () => current.requestsCertificate?.(),
    tlsClientAuth: () => current.tlsClientAuth?.(),
  }
}

type Field = readonly [name: string, value: string]

function headersToActAs(user: Required<OfferedUser> | undefined): readonly Field[] {
  if (user === undefined) return []
  const { username, groups } = user
  return [['impersonate-user', username], ...groups.map((group): Field => ['impersonate-group', group])]
}

const isImpersonation = (name: string): boolean => name.startsWith('impersonate-')

/** Headers with other impersonation headers. */
function withUser(headers: RequestHeaders, added: readonly Field[]): RequestHeaders {
  const own = (): readonly Field[] => [
    ...[...headers.entries()].filter(([name]) => !isImpersonation(name)),
    ...added,
  ]
  const all = (name: string): readonly string[] =>
    isImpersonation(name)
      ? added.filter(([each]) => each === name).map(([, value]) => value)
      : headers.all(name)
  return {
    exact: headers.exact,
    ...defined({ complete: headers.complete }),
    first: (name) => (isImpersonation(name) ? all(name)[0] : headers.first(name)),
    all,
    entries: own,
    hasPrefix: (prefix) => own().some(([name]) => name.startsWith(prefix)),
  }
}

function splitTarget(target: string): Pick<Target, 'path' | 'query'> {
  const [withoutFragment = ''] = target.split('#', 1)
  const mark = withoutFragment.indexOf('?')
  if (mark === -1) return { path: withoutFragment, query: '' }
  return { path: withoutFragment.slice(0, mark), query: withoutFragment.slice(mark + 1) }
}
