import { join } from 'node:path'
import { bearerToken, ConfigurationError, emptyContext, type TokenAuthenticator } from '@kube-authn/core'
import { exactHeaders, type FileNotice } from '@kube-authn/core/internal'
import { CredentialFileError, passwordFile } from '@kube-authn/core/password-file'
import { tokenFile } from '@kube-authn/core/token-file'
import { passwordFileAt, tokenFileAt } from '@kube-authn/node'
import { outcomeOf } from '../behaviour.ts'
import { requestOf } from '../requests.ts'
import { inFolder } from './kubeconfig-client.ts'
import {
  DEVIATES_AS_DOCUMENTED,
  type Given,
  type UnitRunner,
  type Vector,
  type VectorUser,
} from '../vector.ts'
import { ERROR, reading, USER } from '../reading.ts'

/** Area D: files of credentials. */
export const files: Readonly<Record<string, UnitRunner>> = {
  'token-file': reading(
    {
      given: 'csv csv_base64 token authorization_header_bytes_base64',
      expect: [
        'outcome text_contains warnings audiences entry_keys_base64',
        { user: USER, entries: ['', { '*': USER }], error: ERROR },
      ],
    },
    async (vector) => {
      const { given, expect } = vector
      const notices: FileNotice[] = []
      if (given['csv'] === null) return missing((path) => tokenFileAt(path).close())
      const loaded = load(vector, () =>
        tokenFile(contentOf(given), {
          observer: (event) => {
            if (event.type === 'fileNotice') notices.push(event.notice)
          },
        }),
      )
      if ('refused' in loaded) return loaded.refused
      const tokens = loaded.file
      const warnings = notices.filter((notice) => notice.severity === 'warning').length
      if (typeof given['authorization_header_bytes_base64'] === 'string') {
        return { ...(await authenticateBytes(tokens, given['authorization_header_bytes_base64'])), warnings }
      }
      if (typeof given['token'] === 'string') {
        const { token } = given
        return { ...(await outcomeOf(() => tokens.authenticateToken(token, emptyContext))), warnings }
      }
      return {
        outcome: 'loaded',
        warnings,
        entries: await entriesOf(tokens, Object.keys(expect['entries'] ?? {})),
        entry_keys_base64: await keysOf(tokens, (expect['entry_keys_base64'] ?? []) as readonly string[]),
      }
    },
  ),

  'password-file': reading(
    {
      given: 'csv csv_base64 username password load_warnings',
      expect: ['outcome text_contains warnings', { user: USER, error: ERROR }],
    },
    async (vector) => {
      const { given } = vector
      const notices: FileNotice[] = []
      if (given['csv'] === null) return missing((path) => passwordFileAt(path).close())
      const loaded = load(vector, () =>
        passwordFile(contentOf(given), {
          observer: (event) => {
            if (event.type === 'fileNotice') notices.push(event.notice)
          },
        }),
      )
      if ('refused' in loaded) return loaded.refused
      const warnings = notices.filter((notice) => notice.severity === 'warning').length
      if (given['load_warnings'] !== undefined && given['load_warnings'] !== warnings) {
        return { outcome: `loaded with ${warnings} warnings` }
      }
      if (typeof given['username'] !== 'string') return { outcome: 'loaded', warnings }
      const { username, password } = given
      return outcomeOf(() => loaded.file.authenticatePassword(username, String(password), emptyContext))
    },
  ),
}

function contentOf(given: Given): Uint8Array {
  const { csv, csv_base64: base64 } = given
  return typeof base64 === 'string' ? Buffer.from(base64, 'base64') : Buffer.from(String(csv), 'utf8')
}

/** A file that does not exist. */
function missing(read: (path: string) => void): Readonly<Record<string, unknown>> {
  try {
    inFolder((folder) => read(join(folder, 'missing')))
    return { outcome: 'loaded' }
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error
    return { outcome: 'load-error', text_contains: error.message }
  }
}

/** Deviations L.2 and L.3: what Kubernetes loads, with an empty user name or password, is refused here. */
function load<T>(
  { given }: Vector,
  make: () => T,
): { readonly file: T } | { readonly refused: Readonly<Record<string, unknown>> } {
  const isRefusedOnPurpose = given.deviation === 'L.2' || given.deviation === 'L.3'
  try {
    const file = make()
    return isRefusedOnPurpose ? { refused: { outcome: 'loaded against the deviation' } } : { file }
  } catch (error) {
    if (!(error instanceof CredentialFileError)) throw error
    return {
      refused: isRefusedOnPurpose
        ? DEVIATES_AS_DOCUMENTED
        : { outcome: 'load-error', text_contains: error.message },
    }
  }
}

async function authenticateBytes(
  tokens: TokenAuthenticator,
  base64: string,
): Promise<Record<string, unknown>> {
  const value = Buffer.from(base64, 'base64').toString('latin1')
  const request = { ...requestOf({}), headers: exactHeaders(['Authorization', value]) }
  return outcomeOf(() => bearerToken(tokens).authenticate(request, emptyContext))
}

async function entriesOf(
  tokens: TokenAuthenticator,
  keys: readonly string[],
): Promise<Record<string, unknown>> {
  const entries: Record<string, VectorUser> = {}
  for (const key of keys) {
    const { user } = await outcomeOf(() => tokens.authenticateToken(key, emptyContext))
    if (user !== undefined) entries[key] = user as VectorUser
  }
  return entries
}

async function keysOf(tokens: TokenAuthenticator, keys: readonly string[]): Promise<readonly string[]> {
  const known: string[] = []
  for (const key of keys) {
    const bearer = Buffer.concat([Buffer.from('Bearer '), Buffer.from(key, 'base64')]).toString('base64')
    const { outcome } = await authenticateBytes(tokens, bearer)
    if (outcome === 'authenticated') known.push(key)
  }
  return known
}
