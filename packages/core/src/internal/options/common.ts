import { KUBERNETES_VERSIONS } from '@kube-authn/internal/kubernetes-version'
import { aString, type Check, hasMethod, must, neverUnset, nonEmptyListOf, oneOf } from './check.ts'

export { aClock } from './check.ts'

/** A release of Kubernetes whose answers are given. */
export const aKubernetesVersion: Check = oneOf(...KUBERNETES_VERSIONS)

/** The audiences that credentials must be valid for. An empty list would allow none, and must not be mistaken for no restriction. */
export const someAudiences: Check = neverUnset(nonEmptyListOf(aString, '; leave it out for no restriction'))

/** An origin as browsers send it. A URL may have `*` in its host, which means nothing here. */
export const anOrigin: Check = must(
  'must be an origin as browsers send it, such as https://app.example.com',
  isOrigin,
)

/** Whether a value is an origin as browsers send it. */
export function isOrigin(value: unknown): value is string {
  return (
    typeof value === 'string' &&
    URL.canParse(value) &&
    new URL(value).origin === value &&
    !value.includes('*')
  )
}

/** The name of a header: an HTTP token (RFC 9110 section 5.1). */
export const aHeaderName: Check = must(
  'must be the name of a header',
  (value) => typeof value === 'string' && /^[\w!#$%&'*+.^`|~-]+$/.test(value),
)

/** An iterable object: a list, a `Set`, the values of a `Map`. */
export const anIterable: Check = must(
  'must be a list',
  (value) => typeof value === 'object' && value !== null && Symbol.iterator in value,
)

const LOG_METHODS: readonly string[] = ['debug', 'info', 'warn', 'error']

/** Where log lines go. Most loggers are classes or functions, so only their methods count. */
export const aLog: Check = must(
  'must be a logger with the methods debug, info, warn and error, such as console, a function, or false',
  (value) =>
    value === false || typeof value === 'function' || LOG_METHODS.every((method) => hasMethod(value, method)),
)
