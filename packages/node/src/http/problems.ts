import type { KeyObject } from 'node:crypto'
import type { ConfigurationProblem } from '@kube-authn/core'
import { messageOf, urlProblems } from '@kube-authn/core/internal'
import { isToken, readToken } from './credential.ts'
import type { Credential, Endpoint, Transport } from './endpoint.ts'
import {
  authoritiesIn,
  clientCertificatesIn,
  isKeyOf,
  NO_PAIR,
  privateKeyIn,
  readPem,
  combinationProblems,
  type TransportPem,
  transportPems,
} from './pem.ts'

/** Allows plain HTTP. */
export interface InsecureOptions {
  /** Also allow `http` servers; they never get credentials. Default `false`. */
  readonly allowInsecureHttp?: boolean
}

/** Every problem of an endpoint, including its files. Contains no secrets. */
export function endpointProblems(
  endpoint: Endpoint,
  options: InsecureOptions,
): readonly ConfigurationProblem[] {
  return [
    ...serverProblems(endpoint.server, options),
    ...transportProblems(endpoint),
    ...(endpoint.credential === undefined ? [] : credentialProblems(endpoint.credential)),
  ]
}

export function transportProblems(transport: Transport): readonly ConfigurationProblem[] {
  const { proxyUrl, insecureSkipTlsVerify = false } = transport
  const { ca, cert, key } = transportPems(transport)
  return [
    ...combinationProblems(transport),
    ...(ca === undefined
      ? []
      : failureOf(ca.option, 'unable to load root certificates', () => authoritiesIn(readPem(ca.source)))),
    ...(insecureSkipTlsVerify && ca !== undefined
      ? found('insecureSkipTlsVerify', 'root certificates and insecureSkipTlsVerify are mutually exclusive')
      : []),
    ...(cert === undefined || key === undefined ? [] : pairProblems(cert, key)),
    ...(proxyUrl === undefined ? [] : found('proxyUrl', proxyProblem(proxyUrl))),
  ]
}

function pairProblems(cert: TransportPem, key: TransportPem): readonly ConfigurationProblem[] {
  const certificates = (): readonly string[] => clientCertificatesIn(readPem(cert.source))
  const privateKey = (): KeyObject => privateKeyIn(readPem(key.source))
  const problems = [
    ...failureOf(cert.option, 'unable to load the client certificate', certificates),
    ...failureOf(key.option, 'unable to load the client key', privateKey),
  ]
  if (problems.length > 0) return problems
  return isKeyOf(certificates(), privateKey()) ? [] : found(key.option, NO_PAIR)
}

/** Source: client-go `tools/clientcmd/validation.go`, `rest/config.go`. */
function credentialProblems(credential: Credential): readonly ConfigurationProblem[] {
  switch (credential.type) {
    case 'token':
      return isToken(credential.token) ? [] : found('credential.token', NO_TOKEN)
    case 'tokenFile': {
      const { token, path } = credential
      if (token !== undefined) return isToken(token) ? [] : found('credential.token', NO_TOKEN)
      return failureOf('credential.path', 'unable to read the token', () => readToken(path))
    }
    case 'basic':
      // RFC 7617, section 2: the first colon ends the user name.
      return /[^ -~\u00a0-\uffff]/.test(credential.username + credential.password) ||
        credential.username.includes(':')
        ? found(
            'credential.username',
            'a user name must not contain a colon, and neither may contain control characters',
          )
        : []
  }
}

const NO_TOKEN = 'it contains characters that are not allowed in a token'

function serverProblems(
  server: string,
  { allowInsecureHttp }: InsecureOptions,
): readonly ConfigurationProblem[] {
  const problems = urlProblems(server, 'server', allowInsecureHttp)
  if (problems.length > 0) return problems
  return found('server', new URL(server).hash === '' ? undefined : 'must not have a fragment')
}

function proxyProblem(proxyUrl: string): string | undefined {
  const url = URL.canParse(proxyUrl) ? new URL(proxyUrl) : undefined
  if (/^socks\w*:$/.test(url?.protocol ?? '')) return 'must be an http or https URL: SOCKS is not supported'
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:') return 'must be an http or https URL'
  try {
    decodeURIComponent(url.username)
    decodeURIComponent(url.password)
    return undefined
  } catch {
    return 'must have credentials in percent-encoded UTF-8'
  }
}

function failureOf(path: string, what: string, work: () => unknown): readonly ConfigurationProblem[] {
  try {
    work()
    return []
  } catch (error) {
    return found(path, `${what}: ${messageOf(error, 'cannot be used')}`)
  }
}

function found(path: string, message: string | undefined): readonly ConfigurationProblem[] {
  return message === undefined ? [] : [{ path, message }]
}
