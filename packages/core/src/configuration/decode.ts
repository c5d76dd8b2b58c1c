import type { AnonymousConfig } from '../anonymous/config.ts'
import { ConfigurationError, isConfigurationError } from '../errors.ts'
import { errorList } from '../field/errors.ts'
import { fieldPath } from '../field/path.ts'
import { type ObjectReader, readObject } from '../field/reader.ts'
import { quoted } from '../quote.ts'
import type { YamlLimits } from '../yaml/limits.ts'
import { yamlDocument } from '../yaml/yaml-documents.ts'
import type { AuthenticationConfiguration } from './config.ts'
import type {
  ClaimMappings,
  Issuer,
  JwtAuthenticator,
  PrefixedClaimOrExpression,
} from '../oidc/configuration/config.ts'

const GROUP = 'apiserver.config.k8s.io'
const API_VERSIONS = new Set(['v1', 'v1beta1', 'v1alpha1'].map((version) => `${GROUP}/${version}`))
const KIND = 'AuthenticationConfiguration'

/**
 * Reads an `AuthenticationConfiguration` from YAML or JSON, strictly: unknown fields, repeated fields and wrong types are errors.
 * Whether what it says makes sense is for `validateAuthenticationConfiguration`.
 *
 * Source: kubernetes `pkg/kubeapiserver/options/authentication.go` (`loadAuthenticationConfigFromData`).
 *
 * Deviation: a second document is an error (`docs/deviations.md`, authentication configuration; YAML of configurations).
 *
 * @param source what the text is called in errors, usually a path.
 * @throws {ConfigurationError} with everything that is wrong.
 * @example
 * const configuration = decodeAuthenticationConfiguration(text, 'authentication.yaml')
 */
export function decodeAuthenticationConfiguration(
  text: string,
  source = 'authentication configuration',
  limits: YamlLimits = {},
): AuthenticationConfiguration {
  const value = strictly(() => yamlDocument(text, source, limits))
  if (value === undefined) throw problem(source, 'empty config data')
  // A password may be in the wrong place.
  const errors = errorList({ hideValues: true })
  const reader = readObject(value, fieldPath(), errors)
  if (reader === undefined) throw problem(source, 'must be an object')
  requireKind(reader, source)
  const configuration = readConfiguration(reader)
  if (errors.errors.length > 0) {
    throw new ConfigurationError(
      errors.errors.map(({ type, field, message }) => ({
        path: `${source}: ${field}`,
        message: type === 'Unknown' ? `strict decoding error: unknown field ${quoted(field)}` : message,
      })),
    )
  }
  return configuration
}

/** A field that is there twice is told as one that is unknown is, but for its name: the parser shows nothing of the text. */
function strictly<T>(read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (!isConfigurationError(error)) throw error
    throw new ConfigurationError(
      error.problems.map(({ path, message }) => {
        const isRepeated = message.startsWith('Map keys must be unique')
        return { path, message: isRepeated ? `strict decoding error: ${message}` : message }
      }),
    )
  }
}

function requireKind(reader: ObjectReader, source: string): void {
  const apiVersion = reader.string('apiVersion')
  const kind = reader.string('kind')
  if (kind === '') throw problem(source, "Object 'Kind' is missing")
  if (apiVersion === '') throw problem(source, "Object 'apiVersion' is missing")
  if (kind !== KIND || !API_VERSIONS.has(apiVersion)) {
    throw problem(
      source,
      `no kind ${quoted(kind)} is registered for version ${quoted(apiVersion)}: must be an ${KIND} of ${[...API_VERSIONS].join(', ')}`,
    )
  }
}

function readConfiguration(reader: ObjectReader): AuthenticationConfiguration {
  const anonymous = reader.object('anonymous')
  const configuration = {
    jwt: reader.objects('jwt').map(readJwt),
    ...(anonymous !== undefined && { anonymous: readAnonymous(anonymous) }),
  }
  reader.end()
  return configuration
}

function readAnonymous(reader: ObjectReader): AnonymousConfig {
  const conditions = reader.objects('conditions').map((condition) => {
    const path = condition.string('path')
    condition.end()
    return { path }
  })
  const anonymous = { enabled: reader.boolean('enabled'), ...(conditions.length > 0 && { conditions }) }
  reader.end()
  return anonymous
}

function readJwt(reader: ObjectReader): JwtAuthenticator {
  const jwt = {
    issuer: readIssuer(reader.object('issuer')),
    claimValidationRules: reader.objects('claimValidationRules').map((rule) => {
      const { expression, message } = readRule(rule)
      const read = { claim: rule.string('claim'), requiredValue: rule.string('requiredValue') }
      rule.end()
      return { ...read, expression, message }
    }),
    claimMappings: readMappings(reader.object('claimMappings')),
    userValidationRules: reader.objects('userValidationRules').map((rule) => {
      const read = readRule(rule)
      rule.end()
      return read
    }),
  }
  reader.end()
  return jwt
}

function readIssuer(reader: ObjectReader | undefined): Issuer {
  const issuer = {
    url: reader?.string('url') ?? '',
    discoveryURL: reader?.string('discoveryURL') ?? '',
    certificateAuthority: reader?.string('certificateAuthority') ?? '',
    audiences: reader?.strings('audiences') ?? [],
    audienceMatchPolicy: reader?.string('audienceMatchPolicy') ?? '',
    egressSelectorType: reader?.string('egressSelectorType') ?? '',
  }
  reader?.end()
  return issuer
}

function readRule(reader: ObjectReader): { readonly expression: string; readonly message: string } {
  return { expression: reader.string('expression'), message: reader.string('message') }
}

function readMappings(reader: ObjectReader | undefined): ClaimMappings {
  const uid = reader?.object('uid')
  const mappings = {
    username: readPrefixed(reader?.object('username')),
    groups: readPrefixed(reader?.object('groups')),
    uid: { claim: uid?.string('claim') ?? '', expression: uid?.string('expression') ?? '' },
    extra: (reader?.objects('extra') ?? []).map((extra) => {
      const read = { key: extra.string('key'), valueExpression: extra.string('valueExpression') }
      extra.end()
      return read
    }),
  }
  uid?.end()
  reader?.end()
  return mappings
}

function readPrefixed(reader: ObjectReader | undefined): PrefixedClaimOrExpression {
  const prefix = reader?.has('prefix') === true ? reader.string('prefix') : undefined
  const read = { claim: reader?.string('claim') ?? '', expression: reader?.string('expression') ?? '' }
  reader?.end()
  return { ...read, ...(prefix !== undefined && { prefix }) }
}

function problem(path: string, message: string): ConfigurationError {
  return new ConfigurationError([{ path, message }])
}
