import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { rootCertificates } from 'node:tls'
import {
  authenticatedGroup,
  type Authenticator,
  bearerToken,
  type Clock,
  type UserInfo,
} from '@kube-authn/core'
import { fetchRequest } from '@kube-authn/core/adapter'
import { isAuthenticationError, isConfigurationError } from '@kube-authn/core/internal'
import { oidc, oidcFlagOptions, type OidcFlags } from '@kube-authn/core/oidc'
import { authenticatorFromFlags } from '@kube-authn/node/flags'
import { type Difference, differencesOf } from '../difference.ts'
import { type Explanation, type LiveArea, liveArea } from '../live-area.ts'

interface Header {
  readonly header: { readonly jwks: string }
}

interface RecordedFlags {
  readonly id: string
  readonly flags: readonly string[]
  /** Why the server does not start. */
  readonly start?: string
  readonly authorization?: string
  /** In seconds. */
  readonly now?: number
  readonly real?: { readonly user?: UserInfo; readonly status?: number }
}

const FLAGS = 'tokens/records/flags.ndjson'

const explanations: readonly Explanation<RecordedFlags>[] = [
  {
    row: 'white space in headers',
    explains: ({ at, there, here }, { authorization = '' }) =>
      at === 'outcome' &&
      String(there).startsWith('user ') &&
      here === '401' &&
      authorization.endsWith('\u{a0}'),
  },
]

/** Requests to servers with `--oidc-*` flags. Requests to servers with a configuration file are omitted, since the file was not recorded. */
export const oidcFlags: LiveArea = liveArea<RecordedFlags>({
  name: 'live-oidc-flags',
  files: [FLAGS],
  explanations,
  async *compare(recordings) {
    const [first, ...all] = recordings.lines(FLAGS) as readonly [Header, ...RecordedFlags[]]
    const made = new Map<string, (now: number) => Authenticator>()
    for (const asked of all.filter(({ flags }) => flags.every((flag) => flag.startsWith('--oidc-')))) {
      const { id, flags, start, authorization = '', now = 0, real = {} } = asked
      if (start !== undefined) {
        const here = await refusalOf(flags)
        const differences = here === undefined ? [{ at: 'start', there: start, here }] : []
        yield { id, asked, differences }
        continue
      }
      const name = flags.join(' ')
      const at = made.get(name) ?? authenticatorOf(flags, first.header.jwks)
      made.set(name, at)
      yield { id, asked, differences: outcomeDifferences(real, await userOf(at(now), authorization)) }
    }
  },
})

function outcomeDifferences(
  { user: there }: NonNullable<RecordedFlags['real']>,
  here: UserInfo | undefined,
): readonly Difference[] {
  const shown = (user: UserInfo | undefined): string => (user === undefined ? '401' : `user ${user.username}`)
  if ((there === undefined) !== (here === undefined)) {
    return [{ at: 'outcome', there: shown(there), here: shown(here) }]
  }
  return differencesOf(there, here, 'user')
}

async function userOf(authenticator: Authenticator, authorization: string): Promise<UserInfo | undefined> {
  const headers = new Headers({ authorization })
  const request = fetchRequest({ method: 'POST', url: 'https://server.example/', headers })
  try {
    return (await authenticator.authenticate(request, {}))?.user
  } catch (error) {
    if (!isAuthenticationError(error)) throw error
    return undefined
  }
}

/** The authenticator of flags, at a time. */
function authenticatorOf(flags: readonly string[], jwks: string): (now: number) => Authenticator {
  const options = oidcFlagOptions(flagsOf(flags))
  if (options === undefined) throw new Error(`${flags.join(' ')} are no flags of an issuer`)
  let milliseconds = 0
  const clock: Clock = {
    now: () => milliseconds,
    after(wait, callback) {
      const timer = setImmediate(() => {
        milliseconds += wait
        callback()
      })
      return () => {
        clearImmediate(timer)
      }
    },
  }
  const keys = 'https://keys.invalid/jwks'
  const fetch = (address: string | URL): Promise<Response> => {
    // The issuer of the recordings has this name, even if configured with a trailing slash.
    const issuer = String(address).replace('/.well-known/openid-configuration', '')
    const content = String(address) === keys ? jwks : JSON.stringify({ issuer, jwks_uri: keys })
    const headers = { 'content-type': 'application/json', 'cache-control': 'max-age=86400' }
    return Promise.resolve(new Response(content, { headers }))
  }
  const tokens = oidc({ ...options, fetch, clock, discoverAtOnce: false })
  const authenticator = authenticatedGroup(bearerToken(tokens))
  return (now) => {
    milliseconds = now * 1000
    return authenticator
  }
}

function flagsOf(flags: readonly string[]): OidcFlags {
  const values = (name: string): readonly string[] =>
    flags.filter((flag) => flag.startsWith(`--oidc-${name}=`)).map((flag) => flag.slice(name.length + 8))
  return {
    issuerUrl: values('issuer-url')[0],
    clientId: values('client-id')[0],
    usernameClaim: values('username-claim')[0],
    usernamePrefix: values('username-prefix')[0],
    groupsClaim: values('groups-claim')[0],
    groupsPrefix: values('groups-prefix')[0],
    requiredClaims: values('required-claim'),
    signingAlgorithms: values('signing-algs').flatMap((list) => list.split(',')),
  }
}

/** Why a server with these flags and service accounts does not start. */
async function refusalOf(flags: readonly string[]): Promise<string | undefined> {
  const folder = mkdtempSync(join(tmpdir(), 'live-flags-'))
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  writeFileSync(join(folder, 'ca.crt'), rootCertificates[0] ?? '')
  writeFileSync(join(folder, 'sa.pub'), publicKey.export({ type: 'spki', format: 'pem' }))
  try {
    const authenticator = await authenticatorFromFlags([
      ...flags.map((flag) => flag.replace('=/pki/', `=${folder}/`)),
      '--service-account-issuer=https://kubernetes.default.svc',
      `--service-account-key-file=${join(folder, 'sa.pub')}`,
    ])
    authenticator.close()
    return undefined
  } catch (error) {
    if (!isConfigurationError(error)) throw error
    return error.message
  } finally {
    rmSync(folder, { recursive: true })
  }
}
