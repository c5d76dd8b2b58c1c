import { type Clock, ConfigurationError, type Observer } from '@kube-authn/core'
import { type VerificationKey, verificationKeyFromDer } from '@kube-authn/core/jwt'
import {
  above,
  aClock,
  aFunction,
  type Check,
  must,
  optionProblems,
  type OptionsShape,
  refuseProblems,
} from '@kube-authn/core/options'
import {
  type FetchedKeys,
  fetchedKeys,
  type FetchedKeySet,
  type TokenSigner,
} from '@kube-authn/core/token-signer'
import { grpcClient, type GrpcClient } from './grpc-client.ts'
import {
  type EncodedPublicKey,
  readFetchKeysResponse,
  readMetadataResponse,
  readSignResponse,
  signRequest,
} from './messages.ts'

/** Options of {@link externalSignerAt}. */
export interface ExternalSignerAtOptions {
  /** How long one fetch of the keys may take, the first one too. Default 60. */
  readonly keysTimeoutSeconds?: number
  /** Told of every call (`externalSignerCall`), and of the keys (`externalSigner`). */
  readonly observer?: Observer
  /** Default: the runtime's clock. */
  readonly clock?: Clock
}

const shape: OptionsShape<ExternalSignerAtOptions> = {
  keysTimeoutSeconds: above(0, 3600),
  observer: aFunction,
  clock: aClock,
}

/** An external signer: it signs tokens, and has the keys that they are verified with. */
export interface ExternalSigner extends TokenSigner {
  readonly keys: FetchedKeys
  /** The longest life that it gives to a token. */
  readonly maxExpirationSeconds: number
  /** Ends the connection, and with it the refresh of the keys. */
  close(): void
}

/** The check of where a signer listens, with the text of kube-apiserver behind the name of the option. */
export const anEndpoint: Check = must(
  'must be a valid location on the filesystem or be prefixed with @ to name a socket in the abstract namespace',
  (value) => typeof value === 'string' && /^(?:\/[^\s\0]+|@[\w.-]+)$/.test(value),
)

const SERVICE = '/v1.ExternalJWTSigner'
/** As in kube-apiserver. */
const METADATA_TIMEOUT_SECONDS = 10
/** Who wants a token waits for less; the signer hears of the end in any case. */
const SIGN_TIMEOUT_SECONDS = 60

/**
 * A signer of service account tokens that listens on a Unix socket, by the gRPC service `externaljwt/v1`
 * (`--service-account-signing-endpoint`). It needs the package `@grpc/grpc-js`. Its keys are fetched again when the signer says so, and when a token
 * names one that is not known.
 *
 * Source: kubernetes `pkg/serviceaccount/externaljwt/plugin`, `pkg/controlplane/apiserver/options/options.go`; KEP-740.
 *
 * @param endpoint the path of the socket, or `@name` in the abstract namespace of Linux.
 * @throws {ConfigurationError} when an option cannot work, or the signer allows less than 600 seconds; an error with a `grpcCode` when it
 *   cannot be asked, and one without when its keys cannot be used; all as rejections.
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
      fetch: ({ signal }) => keysOf(client, keysTimeoutSeconds, signal),
      // A call ends by itself before that, and says better what went wrong.
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
  return {
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
    close() {
      keys.close()
      client.close()
    },
  }
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
