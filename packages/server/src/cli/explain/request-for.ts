import { X509Certificate } from 'node:crypto'
import { exactHeaders, messageOf } from '@kube-authn/core/internal'
import type { AuthenticationRequest } from '@kube-authn/core'
import { clientCertificatesIn } from '@kube-authn/node/internal'
import { Failure, orFail } from '../failure.ts'
import { askSecret, readSecret, readText, refuseRepeatedStdin } from '../terminal/input.ts'
import { note, type Terminal } from '../terminal/terminal.ts'

export interface ExplainOptions {
  readonly token?: string
  readonly tokenFile?: string
  readonly username?: string
  readonly passwordFile?: string
  readonly certificate?: string
  readonly method: string
  readonly path: string
  readonly header: readonly string[]
  readonly secrets?: string
  readonly wait: string
  readonly output: 'text' | 'json'
}

export interface DescribedRequest {
  readonly request: AuthenticationRequest
  /** Its bearer token, if it is described as one. */
  readonly token: string | undefined
}

/** The request that the options describe. @throws {Failure} if an option or a file cannot be used. */
export async function requestFor(terminal: Terminal, options: ExplainOptions): Promise<DescribedRequest> {
  const { method, path, certificate, tokenFile, passwordFile, secrets } = options
  const headerFiles = options.header.map((each) => each.replace(/^@/, ''))
  refuseRepeatedStdin([tokenFile, passwordFile, certificate, secrets, ...headerFiles])
  if (!/^[!#$%&'*+.^_`|~\w-]+$/.test(method)) throw new Failure('--method: must be a method of HTTP')
  if (!/^\/[^\s#\p{Cc}]*$/u.test(path)) throw new Failure('--path: must start with / and have no space or #')
  const token = await tokenIn(terminal, options)
  const password = await basicCredentials(terminal, options)
  if (token !== undefined && password !== undefined) {
    throw new Failure('a request has either a token or a password: leave out --username or the token')
  }
  const given = (await Promise.all(options.header.map((each) => headersIn(terminal, each)))).flat()
  const authorization = token === undefined ? password : `Bearer ${token}`
  const own: readonly Header[] = authorization === undefined ? [] : [['authorization', authorization]]
  const headers = [...own, ...given]
  const chain = certificate === undefined ? [] : await certificatesAt(terminal, certificate)
  const [pathOnly = '', ...query] = path.split('?')
  const bearer = headers.find(([name]) => name.toLowerCase() === 'authorization')?.[1]
  return {
    token: token ?? /^Bearer (\S+)$/i.exec(bearer ?? '')?.[1],
    request: {
      method,
      path: pathOnly,
      query: query.join('?'),
      headers: exactHeaders(headers.flat(), (value) => value),
      peerCertificates: () => chain,
      requestsCertificate: () => true,
    },
  }
}

async function tokenIn(
  terminal: Terminal,
  { token, tokenFile }: ExplainOptions,
): Promise<string | undefined> {
  if (token !== undefined && tokenFile !== undefined) {
    throw new Failure('--token and --token-file: give only one of them')
  }
  if (token !== undefined) {
    note(
      terminal,
      'warning: --token can be seen in the list of processes and in the history of the shell: use --token-file',
    )
    return token
  }
  return tokenFile === undefined ? undefined : readSecret(terminal, tokenFile, 'token')
}

/** The value of the header for a username and its password. */
async function basicCredentials(
  terminal: Terminal,
  { username, passwordFile }: ExplainOptions,
): Promise<string | undefined> {
  if (username === undefined) {
    if (passwordFile !== undefined) throw new Failure('--password-file: name the user with --username')
    return undefined
  }
  if (username.includes(':')) throw new Failure('--username: a username of a Basic header has no colon')
  if (passwordFile === undefined && !terminal.stdin.isTTY) {
    throw new Failure('--username: name the password with --password-file, or - for standard input')
  }
  const password =
    passwordFile === undefined
      ? await askSecret(terminal, `Password of ${username}: `)
      : await readSecret(terminal, passwordFile, 'password')
  return `Basic ${Buffer.from(`${username}:${password}`, 'utf8').toString('base64')}`
}

type Header = readonly [name: string, value: string]

async function headersIn(terminal: Terminal, given: string): Promise<readonly Header[]> {
  if (!given.startsWith('@')) {
    const header = parseHeader(given, 'the header')
    if (/^(?:proxy-)?authorization$|^cookie$|token/i.test(header[0])) {
      note(
        terminal,
        `warning: the header ${header[0]} can be seen in the list of processes: use --header @file`,
      )
    }
    return [header]
  }
  const lines = (await readText(terminal, given.slice(1))).split(/\r?\n/)
  return lines.flatMap((line, index) => (line === '' ? [] : [parseHeader(line, `line ${index + 1}`)]))
}

/** The value may be a secret, and is never shown. */
function parseHeader(line: string, where: string): Header {
  const [, name, value] = /^([!#$%&'*+.^_`|~\w-]+):[ \t]*(.*?)[ \t]*$/.exec(line) ?? []
  if (name === undefined || value === undefined || /[\0\r\n]/.test(value)) {
    throw new Failure(`--header: ${where} must have the form "Name: value"`)
  }
  return [name, value]
}

async function certificatesAt(terminal: Terminal, path: string): Promise<readonly Uint8Array[]> {
  const text = await readText(terminal, path)
  return orFail(
    () => clientCertificatesIn(text).map((pem) => new Uint8Array(new X509Certificate(pem).raw)),
    (error) => `--certificate: ${path}: ${messageOf(error, 'cannot be read')}`,
  )
}
