import { ConfigurationError, type ConfigurationProblem } from '../../authenticator/errors.ts'
import { readBundle } from './bundle.ts'
import { BUNDLE_KEYS, LIST_KEYS, type RequestHeaderConfig, type RequestHeaderConfigData } from './config.ts'

/**
 * Reads the `data` of the ConfigMap `extension-apiserver-authentication`: all or nothing. A missing or empty list is empty; unknown keys
 * are ignored.
 *
 * Deviation: header names are trimmed, and blank or invalid names are refused; Kubernetes accepts them, and they never match
 * (`docs/deviations.md`, request header names).
 *
 * Source: apiserver `pkg/server/options/authentication_dynamic_request_header.go`,
 * `pkg/authentication/request/headerrequest/requestheader_controller.go`.
 *
 * @throws {ConfigurationError} with every problem found: a list that is not a JSON array of strings, a bundle that is not PEM.
 * @example
 * parseRequestHeaderConfig({ 'requestheader-username-headers': '["X-Remote-User"]' }).usernameHeaders // ['X-Remote-User']
 */
export function parseRequestHeaderConfig(data: RequestHeaderConfigData): RequestHeaderConfig {
  const problems: ConfigurationProblem[] = []
  const names = (key: string): readonly string[] => {
    const entries = readList(key, valueOf(data, key), problems).map((name) => name.trim())
    for (const [index, name] of entries.entries()) {
      if (!isToken(name)) problems.push({ path: `${key}[${index}]`, message: 'must be the name of a header' })
    }
    return Object.freeze(entries)
  }
  const bundle = (key: string): string | undefined => {
    const pem = valueOf(data, key)
    if (pem === '') return undefined
    const { problem } = readBundle(pem)
    if (problem !== undefined) problems.push({ path: key, message: problem })
    return pem
  }

  const requestHeaderClientCA = bundle(BUNDLE_KEYS.requestHeaderClientCA)
  const clientCA = bundle(BUNDLE_KEYS.clientCA)
  const allowed = LIST_KEYS.allowedNames
  const config: RequestHeaderConfig = {
    usernameHeaders: names(LIST_KEYS.usernameHeaders),
    uidHeaders: names(LIST_KEYS.uidHeaders),
    groupHeaders: names(LIST_KEYS.groupHeaders),
    extraHeaderPrefixes: names(LIST_KEYS.extraHeaderPrefixes),
    allowedNames: Object.freeze(readList(allowed, valueOf(data, allowed), problems)),
    ...(requestHeaderClientCA !== undefined && { requestHeaderClientCA }),
    ...(clientCA !== undefined && { clientCA }),
  }
  if (problems.length > 0) throw new ConfigurationError(problems)
  return Object.freeze(config)
}

/** Own properties only: `data` may be an ordinary object with a prototype. */
function valueOf(data: RequestHeaderConfigData, key: string): string {
  return Object.hasOwn(data, key) ? (data[key] ?? '') : ''
}

function readList(path: string, json: string, problems: ConfigurationProblem[]): readonly string[] {
  if (json === '') return []
  const list = parseJson(json)
  // Go writes and reads an empty list as `null`.
  if (list === null) return []
  if (Array.isArray(list) && list.every((entry) => typeof entry === 'string')) return list
  problems.push({ path, message: 'must be a JSON array of strings' })
  return []
}

function parseJson(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    return undefined
  }
}

/** RFC 9110 section 5.6.2. */
function isToken(name: string): boolean {
  return /^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/.test(name)
}
