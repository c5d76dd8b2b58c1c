import type { ExternalSigner, ExternalSignerAtOptions } from './external-signer.ts'
import { above, aFunction, type OptionsShape } from '@kube-authn/core/adapter'
import { aClock, type Check, must, optionProblems, refuseProblems } from '@kube-authn/core/internal'

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
  // Most servers have no external signer.
  const { connectedSigner } = await import('./connected-signer.ts')
  return connectedSigner(endpoint, options)
}
