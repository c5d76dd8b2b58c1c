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
  UserValidationRule,
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
    jwt: reader.parts('jwt', readJwt),
    ...(anonymous !== undefined && { anonymous: readAnonymous(anonymous) }),
  }
}

function readAnonymous(reader: ObjectReader): AnonymousConfig {
  const conditions = reader.parts('conditions', (condition) => ({ path: condition.string('path') }))
  const anonymous = { enabled: reader.boolean('enabled'), ...(conditions.length > 0 && { conditions }) }
  reader.end()
  return anonymous
}

function readJwt(reader: ObjectReader): JwtAuthenticator {
  return {
    issuer: reader.part('issuer', readIssuer),
    claimValidationRules: reader.parts('claimValidationRules', (rule) => ({
      ...readRule(rule),
      claim: rule.string('claim'),
      requiredValue: rule.string('requiredValue'),
    })),
    claimMappings: reader.part('claimMappings', readMappings),
    userValidationRules: reader.parts('userValidationRules', readRule),
  }
}

function readIssuer(reader: ObjectReader): Issuer {
  return {
    url: reader.string('url'),
    discoveryURL: reader.string('discoveryURL'),
    certificateAuthority: reader.string('certificateAuthority'),
    audiences: reader.strings('audiences'),
    audienceMatchPolicy: reader.string('audienceMatchPolicy'),
    egressSelectorType: reader.string('egressSelectorType'),
  }
}

function readRule(reader: ObjectReader): UserValidationRule {
  return { expression: reader.string('expression'), message: reader.string('message') }
}

function readMappings(reader: ObjectReader): ClaimMappings {
  const uid = reader.object('uid')
  const mappings = {
    username: reader.part('username', readPrefixed),
    groups: reader.part('groups', readPrefixed),
    uid: { claim: uid?.string('claim') ?? '', expression: uid?.string('expression') ?? '' },
    extra: reader.parts('extra', (extra) => ({
      key: extra.string('key'),
      valueExpression: extra.string('valueExpression'),
    })),
  }
  uid?.end()
  return mappings
}

function readPrefixed(reader: ObjectReader): PrefixedClaimOrExpression {
  const prefix = reader.has('prefix') ? reader.string('prefix') : undefined
  return {
    claim: reader.string('claim'),
    expression: reader.string('expression'),
    ...(prefix !== undefined && { prefix }),
  }
}
