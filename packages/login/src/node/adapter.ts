import type { ServerResponse } from 'node:http'
import { refuseProblems, withMethods } from '@kube-authn/core/internal'
import type { WebLogin } from '../web-login.ts'

const isLogin = withMethods('a login, of webLogin(...)', 'before', 'refuse', 'handle')

/** @throws {ConfigurationError} if it is not a login. */
export function checkLogin(login: WebLogin): void {
  refuseProblems(isLogin(login, 'login'))
}

/** The used part of a response of Node, also of HTTP/2. */
export type CookieResponse = Pick<
  ServerResponse,
  'appendHeader' | 'getHeader' | 'removeHeader' | 'setHeader' | 'headersSent' | 'writeHead'
>

/**
 * Sets cookies in a response that an app will write. They stay if the app or its framework sets cookies of its own instead, or removes all headers, as Koa does before it answers
 * an error: a session whose renewal the browser does not hear of would be lost. No cache keeps the response, since it would give the session to others; `no-store` takes the
 * place of what the app says.
 */
export function keepCookies(res: CookieResponse, setCookies: readonly string[]): void {
  if (setCookies.length === 0) return
  for (const line of setCookies) res.appendHeader('Set-Cookie', line)
  res.setHeader('Cache-Control', 'no-store')
  const writeHead = res.writeHead.bind(res)
  Object.assign(res, {
    writeHead(...given: unknown[]): unknown {
      if (res.headersSent) return Reflect.apply(writeHead, undefined, given)
      const last = given.at(-1)
      const isGiven = typeof last === 'object' && last !== null
      // They take the place of headers that were set before, so they are set, and not handed on.
      if (isGiven) setAll(res, last)
      const there = new Set([res.getHeader('Set-Cookie') ?? []].flat().map(String))
      for (const line of setCookies) if (!there.has(line)) res.appendHeader('Set-Cookie', line)
      res.setHeader('Cache-Control', 'no-store')
      return Reflect.apply(writeHead, undefined, isGiven ? given.slice(0, -1) : given)
    },
  })
}

/** What `writeHead` got: an object, or a list of names and values in turn. */
function setAll(res: CookieResponse, headers: object): void {
  const pairs = Array.isArray(headers) ? headerPairs(headers) : Object.entries(headers)
  for (const [name] of pairs) res.removeHeader(name)
  for (const [name, value] of pairs) {
    const values: readonly unknown[] = Array.isArray(value) ? value : [value]
    for (const each of values) res.appendHeader(name, String(each))
  }
}

function headerPairs(list: readonly unknown[]): readonly (readonly [string, unknown])[] {
  return list.flatMap((name, index) => (index % 2 === 0 ? [[String(name), list[index + 1]] as const] : []))
}
