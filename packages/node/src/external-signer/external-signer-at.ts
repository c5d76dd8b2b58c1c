import { type Clock, type Observer, ConfigurationError } from '@kube-authn/core'
import { type TokenSigner, fetchedKeys } from '@kube-authn/issuer'
import type { FetchedKeys, FetchedKeySet } from '@kube-authn/issuer/internal'
import { type Closeable, closeable } from '../options/closeable.ts'
import { above, aFunction, type OptionsShape } from '@kube-authn/core/adapter'
import { aClock, type Check, must, optionProblems, refuseProblems, defined } from '@kube-authn/core/internal'
import { type VerificationKey, verificationKeyFromDer } from '@kube-authn/core/service-account'
import { grpcClient, type GrpcClient } from './grpc-client.ts'
import {
  type EncodedPublicKey,
  readFetchKeysResponse,
  readMetadataResponse,
  readSignResponse,
  signRequest,
} from './messages.ts'

/** An external signer: it signs tokens and provides the keys that verify them. */
export interface ExternalSigner extends TokenSigner, Closeable {
  readonly keys: FetchedKeys
  /** The longest lifetime of a token that it signs. */
  readonly maxExpirationSeconds: number
}

/** Options of {@link externalSignerAt}. */
export interface ExternalSignerAtOptions {
  /** The timeout of fetching the keys, also at the start. Default 60. */
  readonly keysTimeoutSeconds?: number
  /** Receives an event for every call (`externalSignerCall`) and for the keys (`externalSigner`). */
  readonly observer?: Observer
  /** Default: the runtime's clock. */
  readonly clock?: Clock
}

const shape: OptionsShape<ExternalSignerAtOptions> = {
  keysTimeoutSeconds: above(0, 3600),
  observer: aFunction,
  clock: aClock,
}

/** The check of a signer's endpoint, with the message of kube-apiserver. */
export const anEndpoint: Check = must(
  'must be a valid location on the filesystem or be prefixed with @ to name a socket in the abstract namespace',
  (value) => typeof value === 'string' && /^(?:\/[^\s\0]+|@[\w.-]+)$/.test(value),
)

/**
 * A signer of service account tokens on a Unix socket, with the gRPC service `externaljwt/v1` (`--service-account-signing-endpoint`). It needs the
 * package `@grpc/grpc-js`. Its keys are refreshed at the interval that the signer returns, and when a token has an unknown key id.
 *
 * Source: kubernetes `pkg/serviceaccount/externaljwt/plugin`, `pkg/controlplane/apiserver/options/options.go`; KEP-740.
 *
 * @param endpoint the path of the socket, or `@name` in the abstract namespace of Linux.
 * @throws {ConfigurationError} if an option is invalid, or the signer allows less than 600 seconds; an error with a `grpcCode` if a call fails, and
 *   one without if its keys cannot be used; all as rejections.
 * @example
 * const signer = await externalSignerAt('/run/signer.sock')
 * const { issue } = tokenIssuer({ issuer, signer, objects })
 * const authenticator = createAuthenticator({ serviceAccounts: { issuers: [issuer], keys: signer.keys, objects } })
 */
export async function externalSignerAt(
  endpoint: string,
  options: ExternalSignerAtOptions = {},
): Promise<ExternalSigner> {
  refuseProblems(anEndpoint(endpoint, 'endpoint'), optionProblems(shape, options))
  const { keysTimeoutSeconds = 60, observer, clock } = options
  const client = await grpcClient(endpoint, observer)
  let keys: FetchedKeys | undefined
  try {
    keys = await fetchedKeys({
      fetchKeys: ({ signal }) => keysOf(client, keysTimeoutSeconds, signal),
      // The call itself times out before that, with a better error.
      timeoutSeconds: keysTimeoutSeconds + 1,
      ...defined({ observer, clock }),
    })
    return signerOf(client, keys, await maxExpirationOf(client))
  } catch (error) {
    keys?.close()
    client.close()
    throw error
  }
}

const SERVICE = '/v1.ExternalJWTSigner'
/** As in kube-apiserver. */
const METADATA_TIMEOUT_SECONDS = 10
/** Callers wait less; the signer receives the cancellation in any case. */
const SIGN_TIMEOUT_SECONDS = 60

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
