import { aBoolean } from '@kube-authn/core/adapter'
import { type Check, COMPLETE_FIELDS, must, recordOf } from '@kube-authn/core/internal'
import { ConfigurationError, type ConfigurationProblem } from '@kube-authn/core'
import { Http2ServerRequest } from 'node:http2'

/** Options of {@link http2ServerOptions}, and any other option of a `node:http2` server. */
export interface Http2ServerOptions {
  /**
   * Asserts that no peer sends an HTTP/2 field that Node drops silently, such as one with leading or trailing white space, and that every
   * intermediary refuses such fields. Then impersonation, the front proxy and anonymous requests also work over HTTP/2 on Node before 22.17, and on
   * 23 and 24 before 24.2. Default `false`.
   */
  readonly cleanHttp2Fields?: boolean
  /** The request class, which the result extends. Default: Node's own. */
  readonly Http2ServerRequest?: typeof Http2ServerRequest
  /** Node's own option; no value but `false`, which {@link http2ServerOptions} sets, keeps fields with surrounding whitespace. */
  readonly strictFieldWhitespaceValidation?: false
}

/** What {@link http2ServerOptions} adds. */
export interface VisibleHttp2Fields {
  readonly strictFieldWhitespaceValidation: false
  readonly Http2ServerRequest: typeof Http2ServerRequest
}

/**
 * Options of an `http2` server that let an authenticator rely on the absence of a header.
 *
 * By RFC 9113 a field with leading or trailing white space in its value makes a request malformed. nghttp2 drops the field and keeps the request, and
 * Node does not report it: with `impersonate-user: "jane "` a deputy would act as itself. With these options such fields arrive, as at
 * kube-apiserver, if Node supports that: from 22.17, 24.2 and 25 on. The requests are marked; unmarked requests over HTTP/2 are refused for
 * impersonation, front proxies and anonymous access.
 *
 * Every version drops fields with a control character or an invalid name. A deputy whose users can choose such values must use HTTP/1.1 or refuse
 * them itself.
 *
 * @param options all of them are passed on.
 * @throws {ConfigurationError} if the options are not an object, `cleanHttp2Fields` is not a boolean, or `strictFieldWhitespaceValidation` is not
 *   `false`.
 * @example
 * const server = http2.createServer(http2ServerOptions(), app.callback())
 */
export function http2ServerOptions<Options extends Http2ServerOptions>(
  options?: Options,
): Options & VisibleHttp2Fields
export function http2ServerOptions(
  options: Http2ServerOptions = {},
): Http2ServerOptions & VisibleHttp2Fields {
  const problems = problemsOfHttp2(options)
  if (problems.length > 0) throw new ConfigurationError(problems)
  return {
    ...options,
    strictFieldWhitespaceValidation: false,
    Http2ServerRequest: requestClass(
      options.Http2ServerRequest ?? Http2ServerRequest,
      options.cleanHttp2Fields === true || keepsHttp2Fields(),
    ),
  }
}

/** Options that are passed on to Node may have any names. */
const anObject: Check = recordOf(() => [])

const CHECKS = {
  cleanHttp2Fields: aBoolean,
  strictFieldWhitespaceValidation: must(
    'is always false here: otherwise fields with leading or trailing white space would be dropped silently',
    (value) => value === false,
  ),
}

/** Problems of the options: JavaScript callers may pass anything, and a string from an environment variable does not count as `true`. */
export function problemsOfHttp2(options: Http2ServerOptions): readonly ConfigurationProblem[] {
  const malformed = anObject(options, 'options')
  if (malformed.length > 0) return malformed
  return Object.entries(CHECKS).flatMap(([path, check]) => {
    const value: unknown = Reflect.get(options, path)
    return value === undefined ? [] : check(value, path)
  })
}

/** Marks each request with its kind of server. A class is part of the options, so it survives copying them. */
function requestClass(base: typeof Http2ServerRequest, isComplete: boolean): typeof Http2ServerRequest {
  return class extends base {
    readonly [COMPLETE_FIELDS] = isComplete
  }
}

/** Whether servers of {@link http2ServerOptions} get fields with white space in this runtime. How runtimes other than Node treat such fields is unknown. */
export function keepsHttp2Fields(): boolean {
  if ('Bun' in globalThis || 'Deno' in globalThis) return false
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  return major > 24 || (major === 24 && minor >= 2) || (major === 22 && minor >= 17)
}
