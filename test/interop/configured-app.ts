import { renameSync } from 'node:fs'
import type { AuthenticationError } from '@kube-authn/core'
import { createAuthenticator, type CreateAuthenticatorOptions, createFetch } from '@kube-authn/node'
import { type CertificateAuthority, recordEvents } from '@kube-authn/testing'
import { vi } from 'vitest'
import { httpsApp, type Known } from './https-app.ts'
import { makeScratch } from './scratch.ts'

/** The user that the app returns, or the status of its refusal. */
export type Answer = Pick<Known, 'username' | 'groups'> | number

/** An app with a file of `--authentication-config`. */
export interface ConfiguredApp {
  ask(token: string): Promise<Answer>
  /** The last reason of a refusal, from its observer. */
  lastError(): AuthenticationError | undefined
  /** Replaces the file, and waits for the app's event about it. */
  configure(
    text: string,
  ): Promise<{ readonly outcome: 'loaded' | 'failed'; readonly message: string | undefined }>
  /** The issuers whose tokens it cannot verify yet, and why. */
  health(): readonly string[]
  close(): Promise<void>
}

/** Further options of the app. */
export interface ConfiguredAppOptions extends Pick<CreateAuthenticatorOptions, 'tokenCache'> {
  readonly pki: CertificateAuthority
  /** The status of an outage. Default 401. */
  readonly unavailableStatus?: 401 | 503
}

/** Starts one over TLS, without waiting for the issuers in the file. */
export async function configuredApp(
  text: string,
  { pki, unavailableStatus = 401, ...options }: ConfiguredAppOptions,
): Promise<ConfiguredApp> {
  const scratch = makeScratch()
  const path = scratch.write('authentication.yaml', text)
  const { observer, ofType } = recordEvents()
  const reloads = () => ofType('reload').filter(({ outcome }) => outcome !== 'initial')
  const authenticator = createAuthenticator({
    authenticationConfig: { path, settleSeconds: 0.02, updateTimeoutSeconds: 1 },
    observer,
    ...options,
  })
  const { chainPem, privateKeyPem } = await pki.issueServer({ hosts: ['127.0.0.1'] })
  const middleware = { observer, unavailableStatus }
  const app = await httpsApp({ cert: chainPem, key: privateKeyPem }, authenticator, middleware)
  const fetch = createFetch({ ca: pki.caPem })
  return {
    async ask(token) {
      const headers = { authorization: `Bearer ${token}` }
      const response = await fetch(`https://127.0.0.1:${app.port}/`, { headers })
      const body = await response.text()
      if (response.status !== 200) return response.status
      const { username, groups } = JSON.parse(body) as Known
      return { username, groups }
    },
    lastError: () => ofType('request').at(-1)?.error,
    async configure(next) {
      const before = reloads().length
      renameSync(scratch.write('next.yaml', next), path)
      const event = await vi.waitUntil(() => reloads()[before])
      return { outcome: event.error === undefined ? 'loaded' : 'failed', message: event.error?.message }
    },
    health: () => authenticator.health(),
    async close() {
      fetch.close()
      await app.close()
      authenticator.close()
      scratch.remove()
    },
  }
}
