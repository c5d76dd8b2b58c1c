import { ConfigurationError } from '@kube-authn/core'
import { type VerificationKey, verificationKeyFromDer } from '@kube-authn/core/service-account'
import { fetchedKeys } from '@kube-authn/issuer'
import type { FetchedKeys, FetchedKeySet } from '@kube-authn/issuer/internal'
import type { ExternalSigner, ExternalSignerAtOptions } from './external-signer.ts'
import { grpcClient, type GrpcClient } from './grpc-client.ts'
import {
  type EncodedPublicKey,
  readFetchKeysResponse,
  readMetadataResponse,
  readSignResponse,
  signRequest,
} from './messages.ts'
import { closeable, type Closeable } from '../options/closeable.ts'

const SERVICE = '/v1.ExternalJWTSigner'
/** As in kube-apiserver. */
const METADATA_TIMEOUT_SECONDS = 10
/** Callers wait less; the signer receives the cancellation in any case. */
const SIGN_TIMEOUT_SECONDS = 60

/** Connects to the signer at a socket and fetches its keys and metadata. This module is loaded only if an external signer is used. */
export async function connectedSigner(
  endpoint: string,
  options: ExternalSignerAtOptions,
): Promise<ExternalSigner> {
  const { keysTimeoutSeconds = 60, observer, clock } = options
  const client = await grpcClient(endpoint, observer)
  let keys: FetchedKeys | undefined
  try {
    keys = await fetchedKeys({
      fetchKeys: ({ signal }) => keysOf(client, keysTimeoutSeconds, signal),
      // The call itself times out before that, with a better error.
      timeoutSeconds: keysTimeoutSeconds + 1,
      ...(observer !== undefined && { observer }),
      ...(clock !== undefined && { clock }),
    })
    return signerOf(client, keys, await maxExpirationOf(client))
  } catch (error) {
    keys?.close()
    client.close()
    throw error
  }
}

function signerOf(client: GrpcClient, keys: FetchedKeys, maxExpirationSeconds: number): ExternalSigner {
  const signer = {
    keys,
    maxExpirationSeconds,
    sign: ({ payload, signal }) =>
      client.call({
        method: `${SERVICE}/Sign`,
        request: signRequest(payload),
        read: readSignResponse,
        timeoutSeconds: SIGN_TIMEOUT_SECONDS,
        signal,
      }),
  } satisfies Omit<ExternalSigner, keyof Closeable>
  return closeable(signer, () => {
    keys.close()
    client.close()
  })
}

async function keysOf(
  client: GrpcClient,
  timeoutSeconds: number,
  signal: AbortSignal,
): Promise<FetchedKeySet> {
  const response = await client.call({
    method: `${SERVICE}/FetchKeys`,
    request: Buffer.alloc(0),
    read: readFetchKeysResponse,
    timeoutSeconds,
    signal,
  })
  const { keys, dataTimeMs, refreshHintSeconds } = response
  return {
    keys: await Promise.all(keys.map(publicKeyOf)),
    dataTimeMs,
    refreshAfterSeconds: refreshHintSeconds,
  }
}

async function publicKeyOf({
  keyId,
  der,
  excludedFromDiscovery,
}: EncodedPublicKey): Promise<VerificationKey> {
  if (keyId === '') throw new Error('found invalid public key id ""')
  if (der.length === 0) throw new Error('found empty public key')
  const key = await verificationKeyFromDer(der, keyId)
  return excludedFromDiscovery ? Object.freeze({ ...key, excludedFromDiscovery }) : key
}

const MIN_EXPIRATION_SECONDS = 600

async function maxExpirationOf(client: GrpcClient): Promise<number> {
  const seconds = await client.call({
    method: `${SERVICE}/Metadata`,
    request: Buffer.alloc(0),
    read: readMetadataResponse,
    timeoutSeconds: METADATA_TIMEOUT_SECONDS,
  })
  if (seconds >= MIN_EXPIRATION_SECONDS) return seconds
  const message = `max token life supported by external-jwt-signer (${seconds}s) is less than acceptable (min ${MIN_EXPIRATION_SECONDS}s)`
  throw new ConfigurationError([{ path: 'endpoint', message }])
}
