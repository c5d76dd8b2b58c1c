import { ConfigurationError } from '@kube-authn/core'
import type { KeySource } from '@kube-authn/core/service-account'
import type { SigningKey, TokenSigner } from '@kube-authn/issuer'
import { verificationKeysAt } from '@kube-authn/node'
import { externalSignerAt } from '@kube-authn/node/external-signer'
import { type ParsedFlags, problemsOf, signingKeyAt } from '@kube-authn/node/internal'
import type { SigningKeyFiles } from './material/own-material.ts'

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
 * @throws {ConfigurationError} if a file cannot be used, under its flag.
 */
export async function serviceAccountKeys(
  flags: ParsedFlags,
  own: SigningKeyFiles,
): Promise<ServiceAccountKeys> {
  const signingEndpoint = flags.optional('service-account-signing-endpoint')
  const signingKeyFile = flags.optional(SIGNING)
  if (signingEndpoint !== undefined) return keysOfSigner(signingEndpoint)
  const keyFiles = verificationKeyFiles(flags, own)
  const [signingKey, privateKey] = await Promise.all([
    readSigningKey(SIGNING, signingKeyFile ?? own.keyFile),
    ...ofSecrets(flags).map((path) => readSigningKey(OF_SECRETS, path)),
  ])
  const keys = await readKeys(keyFiles)
  return {
    signing: { signingKey },
    secretsKey: privateKey ?? signingKey,
    keys: keys.current,
    keyFiles,
    close: () => keys.close(),
  }
}

async function keysOfSigner(endpoint: string): Promise<ServiceAccountKeys> {
  const signer = await externalSignerAt(endpoint).catch(unusable('service-account-signing-endpoint'))
  return { signing: { signer }, keys: signer.keys, keyFiles: [], close: () => signer.close() }
}

const VERIFYING = 'service-account-key-file'
const SIGNING = 'service-account-signing-key-file'
const OF_SECRETS = 'service-account-private-key-file'

function ofSecrets(flags: ParsedFlags): readonly string[] {
  const path = flags.optional(OF_SECRETS)
  return path === undefined ? [] : [path]
}

/** The files with the keys that verify tokens; none if a signer outside has them. */
export function verificationKeyFiles(
  flags: ParsedFlags,
  own: Pick<SigningKeyFiles, 'publicKeyFile'>,
): readonly string[] {
  if (flags.optional('service-account-signing-endpoint') !== undefined) return []
  const ofSigning = flags.optional(SIGNING) ?? own.publicKeyFile
  return [...new Set([...flags.list(VERIFYING), ofSigning, ...ofSecrets(flags)])]
}

/** What reads the files that the flags name, one by one. Each rejects as {@link serviceAccountKeys} does. */
export function keyFileChecks(flags: ParsedFlags): readonly (() => Promise<unknown>)[] {
  const signing = [SIGNING, OF_SECRETS].flatMap((flag) => {
    const path = flags.optional(flag)
    return path === undefined ? [] : [() => readSigningKey(flag, path)]
  })
  return [...signing, ...flags.list(VERIFYING).map((path) => async () => (await readKeys([path])).close())]
}

function readSigningKey(flag: string, path: string): Promise<SigningKey> {
  return signingKeyAt(path).catch(unusable(flag))
}

function readKeys(paths: readonly string[]): ReturnType<typeof verificationKeysAt> {
  return verificationKeysAt(paths).catch(unusable(VERIFYING))
}

function unusable(flag: string): (error: unknown) => never {
  return (error) => {
    throw new ConfigurationError(problemsOf(`--${flag}`, error, ': '), { cause: error })
  }
}
