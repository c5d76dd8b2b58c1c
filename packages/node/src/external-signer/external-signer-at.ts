import type { Clock, Observer } from '@kube-authn/core'
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
import type { FetchedKeys, TokenSigner } from '@kube-authn/core/token-signer'

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
  // Most servers have no external signer.
  const { connectedSigner } = await import('./connected-signer.ts')
  return connectedSigner(endpoint, options)
}
