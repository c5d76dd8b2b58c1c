import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { messageOf } from '@kube-authn/core/internal'
import type { KeySource } from '@kube-authn/core/service-account'
import { type SigningKey, signingKeyFromPem, type TokenSigner } from '@kube-authn/issuer'
import { externalSignerAt, verificationKeysAt } from '@kube-authn/node'
import { Failure } from '../failure.ts'
import { codeOf } from '../terminal/new-file.ts'
import type { SigningKeyFiles } from './material/own-signing-key.ts'
import type { ServiceAccountSettings } from './settings.ts'

/** The keys of service account tokens. */
export interface ServiceAccountKeys {
  /** What signs requested tokens: a key, or a signer outside. */
  readonly signing: { readonly signingKey: SigningKey } | { readonly signer: TokenSigner }
  /** Signs tokens in secrets; absent if a signer outside has all keys. */
  readonly secretsKey?: SigningKey
  /** The published keys. */
  readonly keys: KeySource
  /** The files with the keys that verify tokens; empty if a signer outside has all keys. */
  readonly keyFiles: readonly string[]
  close(): void
}

/**
 * Loads the keys that the flags name, and the own one for what they leave open. Whatever signs here is accepted here, too.
 *
 * @throws {Failure} if a file cannot be used, under its flag.
 */
export async function serviceAccountKeys(
  settings: ServiceAccountSettings,
  own: SigningKeyFiles,
): Promise<ServiceAccountKeys> {
  const { signingKeyFile, privateKeyFile, signingEndpoint, keyFiles: given } = settings
  if (signingEndpoint !== undefined) return keysOfSigner(signingEndpoint)
  const keyFiles = [
    ...new Set([
      ...given,
      signingKeyFile ?? own.publicKeyFile,
      ...(privateKeyFile === undefined ? [] : [privateKeyFile]),
    ]),
  ]
  const [signingKey, privateKey] = await Promise.all([
    readSigningKey('--service-account-signing-key-file', signingKeyFile ?? own.keyFile),
    privateKeyFile === undefined
      ? undefined
      : readSigningKey('--service-account-private-key-file', privateKeyFile),
  ])
  const keys = await under('--service-account-key-file', () => verificationKeysAt(keyFiles))
  return {
    signing: { signingKey },
    secretsKey: privateKey ?? signingKey,
    keys: keys.current,
    keyFiles,
    close: () => keys.close(),
  }
}

async function keysOfSigner(endpoint: string): Promise<ServiceAccountKeys> {
  const signer = await under('--service-account-signing-endpoint', () => externalSignerAt(endpoint))
  return { signing: { signer }, keys: signer.keys, keyFiles: [], close: () => signer.close() }
}

function readSigningKey(flag: string, path: string): Promise<SigningKey> {
  return under(flag, () => signingKeyFromPem(readFileSync(path, 'utf8')), path)
}

/** Names the flag, and the file if it cannot be read. */
async function under<T>(flag: string, work: () => Promise<T>, path?: string): Promise<T> {
  try {
    return await work()
  } catch (error) {
    const code = codeOf(error)
    const reason =
      /^E[A-Z]+$/.test(code) && path !== undefined
        ? `${resolve(path)}: cannot be read (${code})`
        : messageOf(error, 'cannot be used')
    throw new Failure(`${flag}: ${reason}`, { cause: error })
  }
}
