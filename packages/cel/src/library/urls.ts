import { fn, type Library, method } from '../check/declarations.ts'
import { structType } from '../check/types.ts'
import { fail } from '../evaluate/failure.ts'
import type { Meter } from '../evaluate/evaluation.ts'
import { mapOf } from '../values/map.ts'
import { Opaque } from '../values/value.ts'
import { traversal } from './costs.ts'
import { UrlProblem } from '@kube-authn/internal/go-url'
import { checkRequestUri, type GoUrl, queryParameters, readUrl } from './go-url.ts'

const TYPE = structType('kubernetes.URL')

class Url extends Opaque {
  readonly type = TYPE
  readonly identity: string
  readonly parts: GoUrl

  constructor(parts: GoUrl) {
    super()
    this.identity = JSON.stringify(parts)
    this.parts = parts
  }
}

/**
 * `url`, `isURL` and the methods of URLs.
 *
 * Source: apiserver `pkg/cel/library/urls.go`.
 */
export function urls(meter: Meter): Library {
  const partsOf = ({ parts: { host } }: Url): ReturnType<typeof hostParts> => {
    meter.spend(host.length / 10)
    return hostParts(host)
  }
  return {
    types: [TYPE],
    functions: [
      fn(
        'url(string): kubernetes.URL',
        (text: string) => {
          // A character that must be escaped takes long.
          meter.spend(text.length * 4)
          let url: GoUrl | undefined
          const problem = problemOf(() => {
            url = readUrl(text)
          })
          if (url !== undefined) return new Url(url)
          // Deviation: the URL is not repeated, since it may come from a claim (`docs/deviations.md`, CEL errors).
          return fail(`URL parse error during conversion from string: ${problem ?? ''}`)
        },
        traversal,
      ),
      fn('isURL(string): bool', (text: string) => {
        meter.spend(text.length / 16)
        return requestUriProblem(text) === undefined
      }),
      method('kubernetes.URL.getScheme(): string', ({ parts }: Url) => parts.scheme),
      method('kubernetes.URL.getHost(): string', ({ parts }: Url) => parts.host),
      method('kubernetes.URL.getHostname(): string', (url: Url) => partsOf(url).hostname),
      method('kubernetes.URL.getPort(): string', (url: Url) => partsOf(url).port),
      method('kubernetes.URL.getEscapedPath(): string', ({ parts }: Url) => parts.escapedPath),
      method('kubernetes.URL.getQuery(): map(string, list(string))', ({ parts: { query = '' } }: Url) => {
        meter.spend(query.length * 3)
        return mapOf(queryParameters(query))
      }),
    ],
  }
}

/** The reason why a string is neither an absolute URL nor an absolute path; `undefined` if it is one. */
export function requestUriProblem(text: string): string | undefined {
  return problemOf(() => {
    checkRequestUri(text)
  })
}

function problemOf(read: () => void): string | undefined {
  try {
    read()
    return undefined
  } catch (error) {
    if (error instanceof UrlProblem) return error.message
    throw error
  }
}

/** The host without brackets, and the port without its colon. */
function hostParts(host: string): { readonly hostname: string; readonly port: string } {
  const [, name = host, port = ''] = /^(.*):(\d*)$/s.exec(host) ?? []
  const [, address = name] = /^\[(.*)\]$/s.exec(name) ?? []
  return { hostname: address, port }
}
