/**
 * What `@kube-authn/login` uses besides `internal/shared`. It is no public entry: any release may change it.
 *
 * @module
 */
export { deadlineAfter } from '../internal/http/deadline.ts'
export type { HttpResponse } from '../internal/http/response.ts'
export { textOf } from '../internal/http/response-text.ts'
export { tell } from '../internal/tell.ts'
export type { ReadBody } from '../internal/api/body.ts'
export { aLog, nested, recordOf } from '../internal/options/index.ts'
export { urlProblems } from '../internal/options/url.ts'
export { messageOf } from '../internal/thrown.ts'
export { trimmed } from '../internal/trimmed.ts'
export { logFailure } from '../internal/log/log-failure.ts'
export {
  type ClientAuthenticationOptions,
  clientAuthenticationShape,
} from '../token/introspection/client-authentication.ts'
export { JWS_ALGORITHMS } from '../token/jwt/algorithms.ts'
export type { KeySet } from '../token/jwt/key-set.ts'
export { readJwt } from '../token/jwt/read-jwt.ts'
export { remoteKeySet } from '../token/jwt/remote-key-set.ts'
export { oidcWordsShape } from '../token/oidc/claim-words.ts'
export type { OidcWords } from '../token/oidc/oidc-words.ts'
export { verifyToken } from '../token/oidc/verify-token.ts'
