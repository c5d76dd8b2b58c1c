import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { messageOf } from '@kube-authn/core/internal'
import type { KeySource } from '@kube-authn/core/service-account'
import { type SigningKey, signingKeyFromPem, type TokenSigner } from '@kube-authn/issuer'
import { verificationKeysAt } from '@kube-authn/node'
import { externalSignerAt } from '@kube-authn/node/external-signer'
import type { ParsedFlags } from '@kube-authn/node/internal'
import { codeOf, failWith } from '../failure.ts'
import type { SigningKeyFiles } from './material/own-material.ts'

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
  flags: ParsedFlags,
  own: SigningKeyFiles,
): Promise<ServiceAccountKeys> {
  const signingEndpoint = flags.optional('service-account-signing-endpoint')
  const signingKeyFile = flags.optional('service-account-signing-key-file')
  const privateKeyFile = flags.optional('service-account-private-key-file')
  const given = flags.list('service-account-key-file')
  if (signingEndpoint !== undefined) return keysOfSigner(signingEndpoint)
  const ofSecrets = privateKeyFile === undefined ? [] : [privateKeyFile]
  const keyFiles = [...new Set([...given, signingKeyFile ?? own.publicKeyFile, ...ofSecrets])]
  const [signingKey, privateKey] = await Promise.all([
    readSigningKey('--service-account-signing-key-file', signingKeyFile ?? own.keyFile),
    ...ofSecrets.map((path) => readSigningKey('--service-account-private-key-file', path)),
  ])
  const keys = await verificationKeysAt(keyFiles).catch(unusable('--service-account-key-file'))
  return {
    signing: { signingKey },
    secretsKey: privateKey ?? signingKey,
    keys: keys.current,
    keyFiles,
    close: () => keys.close(),
  }
}

async function keysOfSigner(endpoint: string): Promise<ServiceAccountKeys> {
  const signer = await externalSignerAt(endpoint).catch(unusable('--service-account-signing-endpoint'))
  return { signing: { signer }, keys: signer.keys, keyFiles: [], close: () => signer.close() }
}

async function readSigningKey(flag: string, path: string): Promise<SigningKey> {
  const pem = await readFile(path, 'utf8').catch(
    failWith((error) => `${flag}: ${resolve(path)}: cannot be read (${codeOf(error)})`),
  )
  return signingKeyFromPem(pem).catch(unusable(flag))
}

function unusable(flag: string): (error: unknown) => never {
  return failWith((error) => `${flag}: ${messageOf(error, 'cannot be used')}`)
}
