import type { AnonymousConfig } from '../../request/anonymous/config.ts'
import type { ObjectReader } from '../../internal/field/reader.ts'
import { aString, optionProblems, refuseProblems } from '../../internal/options/index.ts'
import { type YamlLimits, yamlLimitsShape } from '../../internal/yaml/yaml-documents.ts'
import { readConfigurationDocument } from './document.ts'
import type {
  ClaimMappings,
  Issuer,
  JwtAuthenticator,
  PrefixedClaimOrExpression,
} from '../oidc/configuration/config.ts'

/**
 * `apiserver.config.k8s.io` `AuthenticationConfiguration`, for `--authentication-config`. All versions have the same fields, without
 * defaults: absent strings and lists are empty.
 *
 * Source: KEP-3331; apiserver `pkg/apis/apiserver/types.go`.
 */
export interface AuthenticationConfiguration {
  readonly jwt: readonly JwtAuthenticator[]
  /** Absent: `--anonymous-auth` decides. */
  readonly anonymous?: AnonymousConfig
}

/**
 * Decodes an `AuthenticationConfiguration` from YAML or JSON, strictly: unknown fields, duplicate fields and wrong types are errors. The
 * values are checked by `validateAuthenticationConfiguration`.
 *
 * Source: kubernetes `pkg/kubeapiserver/options/authentication.go` (`loadAuthenticationConfigFromData`).
 *
 * Deviation: a second document is an error (`docs/deviations.md`, authentication configuration; YAML of configurations).
 *
 * @param source the name of the document in errors, usually a path.
 * @throws {ConfigurationError} with all problems.
 * @example
 * const configuration = decodeAuthenticationConfiguration(text, 'authentication.yaml')
 */
export function decodeAuthenticationConfiguration(
  text: string,
  source = 'authentication configuration',
  limits: YamlLimits = {},
): AuthenticationConfiguration {
  refuseProblems(aString(text, 'text'), optionProblems(yamlLimitsShape, limits))
  return readConfigurationDocument(
    { text, source, kind: 'AuthenticationConfiguration', emptyMessage: 'empty config data', limits },
    readConfiguration,
  )
}

function readConfiguration(reader: ObjectReader): AuthenticationConfiguration {
  const anonymous = reader.object('anonymous')
  return {
    jwt: reader.objects('jwt').map(readJwt),
    ...(anonymous !== undefined && { anonymous: readAnonymous(anonymous) }),
  }
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
