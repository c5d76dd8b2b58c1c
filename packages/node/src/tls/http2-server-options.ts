import type { Http2ServerRequest } from 'node:http2'
import { COMPLETE_FIELDS } from '@kube-authn/core/incoming-message'
import { ConfigurationError, type ConfigurationProblem } from '@kube-authn/core'
import { type Check, recordOf } from '@kube-authn/core/options'
import { nodeHttp2 } from '../builtins.ts'

/** Options of {@link http2ServerOptions}, and whatever else a server of `node:http2` takes. */
export interface Http2ServerOptions {
  /**
   * States that no peer of this server sends an HTTP/2 field that Node leaves out unseen, as one with a blank at an end of its value, and that
   * whatever stands between refuses such fields. Then impersonation, the front proxy and anonymous requests are let through over HTTP/2
   * also on Node before 22.17, and on 23 and 24 before 24.2. Default `false`.
   */
  readonly cleanHttp2Fields?: boolean
  /** What requests are made of. The result has a class that extends it. Default: Node's own. */
  readonly Http2ServerRequest?: typeof Http2ServerRequest
  readonly strictFieldWhitespaceValidation?: false
}

/** What {@link http2ServerOptions} adds. */
export interface VisibleHttp2Fields {
  readonly strictFieldWhitespaceValidation: false
  readonly Http2ServerRequest: typeof Http2ServerRequest
}

/**
 * The options of an `http2` server on which an authenticator can tell that a header is not there.
 *
 * By RFC 9113 a field with white space at an end of its value makes a request malformed. nghttp2 leaves out the field and keeps the
 * request, and Node does not report it: with `impersonate-user: "jane "` a deputy would act as itself. Here such fields arrive, as they do at
 * kube-apiserver, where Node can do that: from 22.17, 24.2 and 25 on. The requests say so, and without it impersonation, front proxies and
 * anonymous requests are refused over HTTP/2.
 *
 * A field with a control character or with an invalid name is left out by every version. A deputy whose users can choose such values must use
 * HTTP/1.1, or refuse them itself.
 *
 * @param options all of them are handed on.
 * @throws {ConfigurationError} when the options are not an object, `cleanHttp2Fields` is no boolean, or `strictFieldWhitespaceValidation` is not `false`.
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
      options.Http2ServerRequest ?? nodeHttp2().Http2ServerRequest,
      options.cleanHttp2Fields === true || canShowBlanks(),
    ),
  }
}

/** What is handed on to Node may have any names. */
const anObject: Check = recordOf(() => [])

/** What is wrong with the options: not every caller is type-checked, and a string from an environment variable is no yes. */
export function problemsOfHttp2(options: Http2ServerOptions): readonly ConfigurationProblem[] {
  const malformed = anObject(options, 'options')
  if (malformed.length > 0) return malformed
  const isClean: unknown = options.cleanHttp2Fields
  const isStrict: unknown = options.strictFieldWhitespaceValidation
  const problems = []
  if (isClean !== undefined && typeof isClean !== 'boolean') {
    problems.push({ path: 'cleanHttp2Fields', message: 'must be a boolean' })
  }
  if (isStrict !== undefined && isStrict !== false) {
    const message = 'is always false here: a field with a blank at an end would be lost unseen'
    problems.push({ path: 'strictFieldWhitespaceValidation', message })
  }
  return problems
}

/** The class travels with the options, whatever else is done to them, and says of each request what server it came to. */
function requestClass(base: typeof Http2ServerRequest, isComplete: boolean): typeof Http2ServerRequest {
  return class extends base {
    readonly [COMPLETE_FIELDS] = isComplete
  }
}

/** Whether this runtime knows the option. What other runtimes do with such fields is not known. */
function canShowBlanks(): boolean {
  if ('Bun' in globalThis || 'Deno' in globalThis) return false
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  return major > 24 || (major === 24 && minor >= 2) || (major === 22 && minor >= 17)
}
