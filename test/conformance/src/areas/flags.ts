import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { AuthenticationEvent } from '@kube-authn/core'
import { authenticateRequest } from '@kube-authn/core/adapter'
import { isConfigurationError } from '@kube-authn/core/internal'
import { bootstrapSecrets } from '@kube-authn/core/bootstrap-token'
import { serviceAccountObjects } from '@kube-authn/core/service-account'
import type { NodeAuthenticator } from '@kube-authn/node'
import { authenticatorFromFlags } from '@kube-authn/node/flags'
import { AUTHENTICATION_FLAGS, AUTHORIZATION_FLAGS } from '@kube-authn/node/internal'
import { fakeRequest } from '@kube-authn/testing'
import { type Certificates, pemOf } from '../certificates.ts'
import { DEVIATES_AS_DOCUMENTED, type Given, NotApplicable, type UnitRunner } from '../vector.ts'
import { reading } from '../reading.ts'

type Flags = Readonly<Record<string, unknown>>

const FLAG_NAMES = Object.keys({ ...AUTHENTICATION_FLAGS, ...AUTHORIZATION_FLAGS }).join(' ')

/** Area J: the command line of a kube-apiserver. */
export function flagRunners(certificates: Certificates): Readonly<Record<string, UnitRunner>> {
  const start = (given: Given): Promise<Started> => startWith(certificates, given)
  return {
    'flags.validate': reading(
      { given: 'flags feature_gates', expect: 'outcome text_contains warnings' },
      async ({ given, expect }) => {
        const { problems, warnings, authenticator } = await start(given)
        authenticator?.close()
        if (problems.length === 0) return { outcome: 'valid', warnings }
        if (expect.outcome === 'valid') {
          if (given.deviation === 'L.5' && isOnlyOf(problems, NO_NAME)) return DEVIATES_AS_DOCUMENTED
          if (isOnlyOf(problems, SHARED_CA)) {
            throw new NotApplicable('a CA of both users and proxies (docs/deviations.md, distinct CAs)')
          }
        }
        return { outcome: 'invalid', text_contains: problems.join('\n') }
      },
    ),

    'flags.defaults': reading({ given: '', expect: [FLAG_NAMES, {}] }, async () =>
      Object.fromEntries(
        Object.entries({ ...AUTHENTICATION_FLAGS, ...AUTHORIZATION_FLAGS }).map(([name, flag]) => [
          name,
          flag.default,
        ]),
      ),
    ),

    'flags.apply': reading(
      {
        given: 'flags feature_gates',
        expect: 'outcome text_contains api_audiences anonymous anonymous-auth warnings',
      },
      ({ given }) => applied(certificates, given),
    ),
  }
}

/** What these flags make of requests without a credential, and what they warn of. */
export function appliedFlags(flags: Flags): Promise<Readonly<Record<string, unknown>>> {
  return applied({}, { flags })
}

async function applied(certificates: Certificates, given: Given): Promise<Readonly<Record<string, unknown>>> {
  const { problems, warnings, authenticator } = await startWith(certificates, withKeyFile(given))
  if (authenticator === undefined) return { outcome: 'invalid', text_contains: problems.join('\n') }
  const outcome = await authenticateRequest(authenticator, { log: false })(fakeRequest())
  authenticator.close()
  const anonymous = !('failure' in outcome)
  return {
    api_audiences: authenticator.audiences ?? [],
    anonymous,
    'anonymous-auth': anonymous,
    warnings,
  }
}

const NO_NAME = /^--requestheader-allowed-names: must name the proxy/
const SHARED_CA = /overlapping certificates: give proxies a CA of their own/

function isOnlyOf(problems: readonly string[], kind: RegExp): boolean {
  return problems.every((problem) => kind.test(problem))
}

/** The result of a command line. */
interface Started {
  readonly problems: readonly string[]
  readonly warnings: number
  readonly authenticator?: NodeAuthenticator
}

async function startWith(certificates: Certificates, given: Given): Promise<Started> {
  const folder = mkdtempSync(join(tmpdir(), 'flags-'))
  const events: AuthenticationEvent[] = []
  try {
    const authenticator = await authenticatorFromFlags(argvOf(certificates, given, folder), {
      serviceAccountObjects: serviceAccountObjects(),
      bootstrapTokens: bootstrapSecrets(),
      observer: (event) => void events.push(event),
    })
    return { problems: [], warnings: warningsOf(events), authenticator }
  } catch (error) {
    if (!isConfigurationError(error)) throw error
    const problems = error.problems.map(({ path, message }) => `${path}: ${message}`)
    return { problems, warnings: warningsOf(events) }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function warningsOf(events: readonly AuthenticationEvent[]): number {
  return events.filter((event) => event.type === 'fileNotice' && event.notice.severity === 'warning').length
}

/** A key file for cases that are not about keys. */
function withKeyFile(given: Given): Given {
  const flags = given['flags'] as Flags
  const lacksKeys = 'service-account-issuer' in flags && !('service-account-key-file' in flags)
  return lacksKeys ? { ...given, flags: { ...flags, 'service-account-key-file': 'k' } } : given
}

function argvOf(certificates: Certificates, given: Given, folder: string): readonly string[] {
  const gates = Object.entries((given['feature_gates'] ?? {}) as Flags)
  // These cases are about authentication only, not about AlwaysAllow.
  const flags: Flags = { 'authorization-mode': 'RBAC', ...(given['flags'] as Flags) }
  return [
    ...gates.map(([gate, isOn]) => `--feature-gates=${gate}=${String(isOn)}`),
    ...Object.entries(flags).flatMap(([flag, values]) =>
      [values].flat().map((value, index) => {
        const content = contentFor(certificates, flag, String(value))
        if (content === undefined) return `--${flag}=${String(value)}`
        const path = join(folder, `${flag}-${index}`)
        writeFileSync(path, content)
        return `--${flag}=${path}`
      }),
    ),
  ]
}

/** The content of the file that a flag names, if any; files named by the case do not exist. */
function contentFor(certificates: Certificates, flag: string, value: string): string | undefined {
  if (value.startsWith('@')) return pemOf(certificates, [value])
  return value === '' ? undefined : FILES[flag]?.()
}

const KUBECONFIG = JSON.stringify({
  apiVersion: 'v1',
  kind: 'Config',
  clusters: [{ name: 'a', cluster: { server: 'https://webhook.example.com' } }],
  contexts: [{ name: 'c', context: { cluster: 'a', user: 'u' } }],
  users: [{ name: 'u', user: {} }],
  'current-context': 'c',
})

const FILES: Readonly<Record<string, (() => string) | undefined>> = {
  'authentication-config': () =>
    JSON.stringify({ apiVersion: 'apiserver.config.k8s.io/v1', kind: 'AuthenticationConfiguration' }),
  'authentication-token-webhook-config-file': () => KUBECONFIG,
  'basic-auth-file': () => 'password,jane,1\n',
  'service-account-key-file': () =>
    generateKeyPairSync('ec', { namedCurve: 'P-256' })
      .publicKey.export({ type: 'spki', format: 'pem' })
      .toString(),
  'token-auth-file': () => 'token,jane,1\n',
}
