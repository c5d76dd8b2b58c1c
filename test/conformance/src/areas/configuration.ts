import { join } from 'node:path'
import { authenticatorChain, ConfigurationError, type TokenAuthenticator } from '@kube-authn/core'
import { authenticateRequest } from '@kube-authn/core/adapter'
import { type FieldError, resolveAnonymous } from '@kube-authn/core/internal'
import {
  type AuthenticationConfiguration,
  decodeAuthenticationConfiguration,
  parseAuthenticationConfiguration,
  validateAuthenticationConfiguration,
} from '@kube-authn/core/configuration'
import { authenticationConfigurationAt } from '@kube-authn/node'
import { createPki, fakeRequest } from '@kube-authn/testing'
import { inFolder } from './kubeconfig-client.ts'
import { NotApplicable, type UnitRunner, type VectorUser } from '../vector.ts'
import { reading } from '../reading.ts'

type Problem = Pick<FieldError, 'path' | 'detail'> & { readonly type: string }

/** A field that must be wrong, as vectors write it. */
interface ExpectedError {
  readonly path: string
  readonly type: string
  readonly detail?: string
  readonly detailContains?: string
}

const ERROR = 'path type detail detailContains value note'

/** Areas B-config-load, B-config-validate and B-anonymous. */
export const configurations: Readonly<Record<string, UnitRunner>> = {
  'B-config-load': reading(
    { given: 'file', expect: 'outcome message messageContains' },
    async ({ given, expect }) => {
      if (given['file'] === null) return missing()
      const file = given['file'] ?? ''
      const text = typeof file === 'string' ? file : JSON.stringify(file)
      const read =
        expect.outcome === 'decoded' ? decodeAuthenticationConfiguration : parseAuthenticationConfiguration
      try {
        read(text, 'file')
        return { outcome: expect.outcome === 'decoded' ? 'decoded' : 'valid' }
      } catch (error) {
        if (!(error instanceof ConfigurationError)) throw error
        return { outcome: 'invalid', message: error.message, messageContains: error.message }
      }
    },
  ),

  'B-config-validate': reading(
    {
      given: 'config disallowedIssuers featureGates',
      expect: ['outcome message messageContains', { errors: ERROR }],
    },
    async ({ given, expect }) => {
      const gates = Object.values((given['featureGates'] ?? {}) as Readonly<Record<string, boolean>>)
      if (gates.includes(false)) throw new NotApplicable('a feature gate that is off: there are none here')
      const configuration = decoded(await withCertificates(given['config'] as object))
      const { errors } = validateAuthenticationConfiguration(configuration, {
        disallowedIssuers: (given['disallowedIssuers'] ?? []) as readonly string[],
      })
      const message = errors.map((error) => `${error.path}: ${error.message}`).join(', ')
      return {
        ...outcomeOf(errors, expect['errors'] as readonly ExpectedError[]),
        message,
        messageContains: message,
      }
    },
  ),

  'B-anonymous': reading(
    {
      given: [
        'file',
        {
          flags: 'anonymous-auth',
          anonymous: ['enabled', { conditions: 'path' }],
          request: 'path query token',
        },
      ],
      expect: [
        'outcome httpStatus message messageContains',
        { errors: ERROR, user: 'name groups', anonymous: ['enabled', { conditions: 'path' }] },
      ],
    },
    async ({ given, expect }) => {
      const request = given['request'] as VectorRequest | undefined
      if (request !== undefined) return asked(given['anonymous'] as object, request)
      const flag = (given['flags'] as Readonly<Record<string, boolean>> | undefined)?.['anonymous-auth']
      const file = given['file'] as object | undefined
      const configuration = file === undefined ? undefined : decoded(file)
      const resolved = resolveAnonymous({
        ...(flag !== undefined && { anonymousAuth: flag }),
        ...(configuration?.anonymous !== undefined && { configuration: configuration.anonymous }),
      })
      const { errors } = validateAuthenticationConfiguration(configuration ?? { jwt: [] })
      const message = resolved.problems.map((problem) => problem.message).join(', ')
      // Those of the flag; the file has its own.
      const problems = resolved.problems
        .filter(({ path }) => !errors.some((error) => error.path === path))
        .map(({ path, message: detail }) => ({ path, type: 'Forbidden', detail }))
      const outcome = outcomeOf(
        [...errors, ...problems],
        (expect['errors'] ?? []) as readonly ExpectedError[],
      )
      return {
        ...outcome,
        ...(resolved.problems.length > 0 && { outcome: 'invalid' }),
        message,
        messageContains: message,
        anonymous: resolved.config,
      }
    },
  ),
}

/** A file that does not exist. */
function missing(): Readonly<Record<string, unknown>> {
  try {
    inFolder((folder) => authenticationConfigurationAt(join(folder, 'missing')).close())
    return { outcome: 'valid' }
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error
    return { outcome: 'invalid', message: error.message, messageContains: error.message }
  }
}

function decoded(config: object): AuthenticationConfiguration {
  const typed = { apiVersion: 'apiserver.config.k8s.io/v1', kind: 'AuthenticationConfiguration', ...config }
  return decodeAuthenticationConfiguration(JSON.stringify(typed))
}

/** Returns the expected `errors` if the actual ones are equal in any order; otherwise the actual ones. */
function outcomeOf(
  errors: readonly Problem[],
  expected: readonly ExpectedError[] = [],
): Readonly<Record<string, unknown>> {
  const left = [...errors]
  const isExpected = expected.every((each) => {
    const found = left.findIndex((error) => matches(error, each))
    if (found !== -1) left.splice(found, 1)
    return found !== -1
  })
  return {
    outcome: errors.length === 0 ? 'valid' : 'invalid',
    errors: isExpected && left.length === 0 ? expected : errors,
  }
}

function matches(error: Problem, { path, type, detail, detailContains }: ExpectedError): boolean {
  return (
    error.path === path &&
    error.type === type &&
    (detail === undefined || error.detail === detail) &&
    (detailContains === undefined || error.detail.includes(detailContains))
  )
}

async function asked(
  config: object,
  { path, query, token }: VectorRequest,
): Promise<Readonly<Record<string, unknown>>> {
  const { anonymous: section } = decoded({ anonymous: config })
  // A token that nobody knows ends the chain before anonymous requests are considered.
  const tokens: TokenAuthenticator = { name: 'nobodys', authenticateToken: () => undefined }
  const authenticator = authenticatorChain({
    tokens: [tokens],
    ...(section !== undefined && { anonymous: section }),
  })
  const url = query === undefined ? path : `${path}?${query}`
  const headers = token === undefined ? [] : [['Authorization', `Bearer ${token}`] as const]
  const request = fakeRequest({ url, headers })
  const outcome = await authenticateRequest(authenticator, { log: false })(request)
  if ('failure' in outcome) {
    return {
      outcome: token === undefined ? 'no_opinion' : 'error',
      httpStatus: outcome.failure.status,
    }
  }
  const { username, groups } = outcome.authentication.user
  const user: VectorUser = { name: username, groups }
  return { outcome: 'authenticated', httpStatus: 200, user }
}

interface VectorRequest {
  readonly path: string
  readonly query?: string
  readonly token?: string
}

/** The configuration with certificates in the place of `@pem:` references. */
async function withCertificates(config: object): Promise<object> {
  const text = JSON.stringify(config)
  if (!text.includes('@pem:')) return config
  const { caPem } = await createPki()
  const key = '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n'
  const resolved = text
    .replaceAll('"@pem:self-signed-ca"', JSON.stringify(caPem))
    .replaceAll('"@pem:private-key-only"', JSON.stringify(key))
  return JSON.parse(resolved) as object
}
