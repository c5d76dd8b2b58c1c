import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { bootstrapSecrets } from '@kube-authn/core/bootstrap-token'
import type { Authenticator, ConfigurationError } from '@kube-authn/core'
import { isConfigurationError } from '@kube-authn/core/internal'
import {
  createAuthenticator,
  type CreateAuthenticatorOptions,
  type FrontProxyOptions,
} from '@kube-authn/node'
import type { Pki } from './credentials.ts'

/** A bundle, by the names of its certificates or literally. */
type RecordedBundle = readonly string[] | { readonly raw: string }

/** The files and flags of a server. Strings are latin1: one character per byte. */
export interface RecordedSetup {
  readonly clientCA?: RecordedBundle
  readonly requestHeader?: {
    readonly ca: RecordedBundle
    readonly allowedNames?: readonly string[]
    readonly usernameHeaders?: readonly string[]
    readonly uidHeaders?: readonly string[]
    readonly groupHeaders?: readonly string[]
    readonly extraHeaderPrefixes?: readonly string[]
  }
  readonly tokenFile?: string
  readonly anonymous?: boolean | object
  readonly authenticationConfig?: string
  readonly bootstrap?: boolean
  readonly secrets?: readonly RecordedSecret[]
  readonly audiences?: readonly string[]
}

interface RecordedSecret {
  readonly metadata: { readonly namespace: string; readonly name: string }
  readonly type?: string
  readonly data?: Readonly<Record<string, string>>
}

/** Runs `use` with the authenticator of a set-up, or with the reason why there is none. */
export async function* withAuthenticator<Result>(
  setup: RecordedSetup,
  pki: Pki,
  use: (authenticator: Authenticator | ConfigurationError) => AsyncIterable<Result>,
): AsyncGenerator<Result> {
  const folder = mkdtempSync(join(tmpdir(), 'live-authn-'))
  const put = (name: string, text: string): string => {
    const path = join(folder, name)
    writeFileSync(path, Buffer.from(text, 'latin1'))
    return path
  }
  const made = madeOrRefused(optionsOf(setup, pki, put))
  try {
    yield* use(made)
  } finally {
    if (!isConfigurationError(made)) made.close()
    rmSync(folder, { recursive: true })
  }
}

function madeOrRefused(
  options: CreateAuthenticatorOptions,
): ReturnType<typeof createAuthenticator> | ConfigurationError {
  try {
    return createAuthenticator(options)
  } catch (error) {
    if (!isConfigurationError(error)) throw error
    return error
  }
}

function optionsOf(
  setup: RecordedSetup,
  pki: Pki,
  put: (name: string, text: string) => string,
): CreateAuthenticatorOptions {
  const { clientCA, requestHeader, tokenFile, audiences, bootstrap = false, secrets = [] } = setup
  const configuration = configurationOf(setup)
  const bundle = (name: string, recorded: RecordedBundle): string =>
    put(name, 'raw' in recorded ? recorded.raw : pki.bundle(recorded))
  return {
    ...(clientCA && { clientCAFile: bundle('client-ca.crt', clientCA) }),
    ...(requestHeader && {
      requestHeader: frontProxyOf(requestHeader, bundle('proxy-ca.crt', requestHeader.ca)),
    }),
    ...(tokenFile !== undefined && { tokenFile: put('tokens.csv', tokenFile) }),
    ...(configuration === undefined
      ? { anonymous: (setup.anonymous ?? true) === true }
      : { authenticationConfig: put('authentication.yaml', configuration) }),
    ...(bootstrap && { bootstrapTokens: bootstrapSecrets(secrets.map(secretOf)) }),
    ...(audiences && { audiences }),
  }
}

/** Without allowed names any certificate of the CA is a proxy's, as in kube-apiserver. */
function frontProxyOf(
  { ca: _ca, allowedNames = [], usernameHeaders = [], ...names }: NonNullable<RecordedSetup['requestHeader']>,
  caFile: string,
): FrontProxyOptions {
  const allowed = allowedNames.length > 0 ? { allowedNames } : { allowAnyProxyName: true }
  return { ...names, ...allowed, usernameHeaders, caFile }
}

function configurationOf({ authenticationConfig, anonymous }: RecordedSetup): string | undefined {
  if (authenticationConfig !== undefined || typeof anonymous !== 'object') return authenticationConfig
  const header = { apiVersion: 'apiserver.config.k8s.io/v1', kind: 'AuthenticationConfiguration' }
  return Buffer.from(JSON.stringify({ ...header, jwt: [], anonymous })).toString('latin1')
}

function secretOf({
  metadata,
  type = 'Opaque',
  data = {},
}: RecordedSecret): Parameters<typeof bootstrapSecrets>[0] extends Iterable<infer Secret> | undefined
  ? Secret
  : never {
  const decoded = Object.entries(data).map(([name, value]) => [
    name,
    Buffer.from(value, 'base64').toString('utf8'),
  ])
  return { ...metadata, uid: 'u', type, data: Object.fromEntries(decoded) as Record<string, string> }
}
