import type { Environment } from '@marcbachmann/cel-js'
import type { Budget } from '../budget.ts'
import { CelEvaluationError } from '../cel.ts'
import { registrar } from '../engine.ts'
import { Opaque } from '../values/opaque.ts'
import { checkRequestUri, type GoUrl, queryParameters, readUrl, UrlProblem } from './go-url.ts'

const TYPE = 'kubernetes.URL'

class Url extends Opaque {
  readonly identity: string
  readonly parts: GoUrl

  constructor(parts: GoUrl) {
    super()
    this.identity = JSON.stringify(parts)
    this.parts = parts
  }
}

/**
 * Registers `url`, `isURL` and the methods of URLs.
 *
 * Source: apiserver `pkg/cel/library/urls.go`.
 */
export function registerUrls(environment: Environment, budget: Budget): void {
  const register = registrar(environment)
  environment.registerType(TYPE, Url)
  register(`url(string): ${TYPE}`, (text: string) => {
    budget.spend(text.length)
    let url: GoUrl | undefined
    const problem = problemOf(() => {
      url = readUrl(text)
    })
    if (url !== undefined) return new Url(url)
    // Do not repeat the URL: it may come from a claim.
    throw new CelEvaluationError(`URL parse error during conversion from string: ${problem ?? ''}`)
  })
  register('isURL(string): bool', (text: string) => requestUriProblem(text) === undefined)
  register(`${TYPE}.getScheme(): string`, ({ parts }: Url) => parts.scheme)
  register(`${TYPE}.getHost(): string`, ({ parts }: Url) => parts.host)
  const partsOf = ({ parts: { host } }: Url): ReturnType<typeof hostParts> => {
    budget.spend(host.length / 10)
    return hostParts(host)
  }
  register(`${TYPE}.getHostname(): string`, (url: Url) => partsOf(url).hostname)
  register(`${TYPE}.getPort(): string`, (url: Url) => partsOf(url).port)
  register(`${TYPE}.getEscapedPath(): string`, ({ parts }: Url) => parts.escapedPath)
  register(`${TYPE}.getQuery(): map<string, list<string>>`, ({ parts: { query = '' } }: Url) => {
    budget.spend(query.length)
    return queryParameters(query)
  })
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
