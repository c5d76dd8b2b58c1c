import type { Authorizer } from '@kube-authn/core/authorization'
import { appParts } from '@kube-authn-test/conformance/live/http/app-parts'
import type { Framework } from '@kube-authn-test/conformance/live/http/framework-apps'
import type { HttpAnswer } from '@kube-authn-test/conformance/live/http/http-client'
import { proxied, type RecordedRequest } from '@kube-authn-test/conformance/live/http/recorded-request'
import { runningApp, type RunningApp } from '@kube-authn-test/conformance/live/http/running-app'
import type { Sides } from './sides.ts'

/** Asks both sides as a front proxy does. */
export interface FrontProxy {
  askThere(request: RecordedRequest): Promise<HttpAnswer>
  askHere(framework: Framework, authorizer: Authorizer, request: RecordedRequest): Promise<HttpAnswer>
  close(): Promise<void>
}

/** Our apps have one authorizer each, and are made for it. */
export function frontProxyOf({ reference }: Pick<Sides, 'reference'>): FrontProxy {
  const apps = new Map<Authorizer, Map<Framework, Promise<RunningApp>>>()
  const close = async (): Promise<void> => {
    for (const made of apps.values()) for (const app of made.values()) await (await app).close()
    apps.clear()
  }
  return {
    close,
    askThere(request) {
      const { method, target, headers, body = '' } = proxied(request)
      return reference.ask({
        cert: 'proxy-good',
        method,
        target: latin1(target),
        headers: headers.map(([name, value]) => [name, latin1(value)]),
        body: latin1(String(body)),
      })
    },
    async askHere(framework, authorizer, request) {
      const made = apps.get(authorizer) ?? new Map<Framework, Promise<RunningApp>>()
      apps.set(authorizer, made)
      const app = made.get(framework) ?? runningApp(framework, appParts(authorizer))
      made.set(framework, app)
      return (await app).ask(proxied(request))
    },
  }
}

/** A character for each byte of the UTF-8. */
function latin1(text: string): string {
  return Buffer.from(text).toString('latin1')
}
